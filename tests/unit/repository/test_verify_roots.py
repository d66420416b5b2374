"""Where packages begin, read from how people write it down."""

from pathlib import Path

import pytest

from daydream.repository.verify_roots import import_roots, imports_of


def roots(base: Path, files: dict[str, str]) -> tuple[str, ...]:
    for path, content in files.items():
        target = base / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content, "utf-8")
    return import_roots(base, sorted(files))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("pyproject.toml", '[tool.setuptools.package-dir]\n"" = "lib"\n'),
        ("pyproject.toml", '[tool.setuptools.package-dir]\npkg = "lib/pkg"\n'),
        ("pyproject.toml", '[tool.setuptools.packages.find]\nwhere = ["lib"]\n'),
        ("pyproject.toml", '[tool.hatch.build.targets.wheel]\npackages = ["lib/pkg"]\n'),
        ("pyproject.toml", '[tool.poetry]\npackages = [{ include = "pkg", from = "lib" }]\n'),
        ("pyproject.toml", '[tool.pdm.build]\npackage-dir = "lib"\n'),
        ("pyproject.toml", '[tool.uv.build-backend]\nmodule-root = "lib"\n'),
        ("pyproject.toml", '[tool.maturin]\npython-source = "lib"\n'),
        ("setup.cfg", "[options]\npackage_dir =\n    = lib\n"),
        ("setup.cfg", "[options.packages.find]\nwhere = lib\n"),
        (
            "setup.py",
            "from setuptools import *\nsetup(package_dir={'': 'lib'}, packages=find_packages('lib'))\n",
        ),
        ("setup.py", "import setuptools\nsetuptools.setup(packages=setuptools.find_packages(where='lib'))\n"),
    ],
)
def test_the_folder_that_packaging_names_is_the_root(tmp_path: Path, name: str, content: str) -> None:
    assert roots(tmp_path, {name: content, "lib/pkg/__init__.py": "", "tests/test_a.py": ""}) == ("lib",)


def test_a_src_folder_needs_no_naming_unless_it_is_a_package(tmp_path: Path) -> None:
    assert roots(tmp_path / "a", {"src/pkg/__init__.py": "", "setup.py": ""}) == ("src",)
    assert roots(tmp_path / "b", {"src/__init__.py": "", "src/pkg/__init__.py": ""}) == ("",)


def test_a_src_folder_that_would_hide_the_standard_library_is_no_root(tmp_path: Path) -> None:
    assert roots(tmp_path, {"src/math/__init__.py": "", "src/pkg/__init__.py": "", "setup.py": ""}) == ("",)


def test_without_any_packaging_it_is_the_top(tmp_path: Path) -> None:
    assert roots(tmp_path, {"pkg/__init__.py": "", "test_a.py": ""}) == ("",)


def test_projects_below_the_top_have_roots_of_their_own(tmp_path: Path) -> None:
    files = {
        "app/__init__.py": "",
        "libs/one/pyproject.toml": "",
        "libs/one/src/one/__init__.py": "",
        "libs/two/setup.py": "",
        "libs/two/two/__init__.py": "",
        "docs/pyproject.toml": "",
        "examples/three/setup.py": "",
        "examples/three/three/__init__.py": "",
    }
    assert roots(tmp_path, files) == ("", "libs/one/src", "libs/two")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("pyproject.toml", "tool = 3"),
        ("pyproject.toml", "[tool"),
        ("pyproject.toml", '[tool.setuptools]\npackage-dir = ["lib"]\n'),
        ("pyproject.toml", '[tool.setuptools.package-dir]\n"" = "../outside"\n'),
        ("pyproject.toml", '[tool.setuptools.package-dir]\n"" = "/"\n'),
        ("setup.cfg", "no section\n"),
        ("setup.py", "def f(:\n"),
        ("setup.py", "setup(package_dir=somewhere(), packages=find_packages(elsewhere))\n"),
    ],
)
def test_packaging_that_says_nothing_usable_is_passed_over(tmp_path: Path, name: str, content: str) -> None:
    assert roots(tmp_path, {name: content, "pkg/__init__.py": ""}) == ("",)


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("src/pkg/mod.py", ["pkg.mod", "src.pkg.mod"]),
        ("src/pkg/__init__.py", ["pkg", "src.pkg"]),
        ("tests/test_a.py", ["tests.test_a"]),
        ("my-scripts/run.py", []),
        ("__init__.py", []),
    ],
)
def test_a_module_is_known_by_the_names_it_can_be_imported_by(path: str, names: list[str]) -> None:
    assert imports_of(path, ("src",)) == names
