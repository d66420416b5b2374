"""What is built holds what is needed, and works away from the checkout."""

import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TEMPLATES = ROOT / "templates"
ASK_TEMPLATES = """
from daydream.report import resources
print(resources.templates())
print(resources.text("sections/docs.md.j2"), end="")
"""
RENDER = """
import daydream
from daydream.records.night import NightFacts, StepLine
from daydream.records.repository import Examination
from daydream.records.section import SectionData
from daydream.report.compose import compose
from daydream.report.render import markdown

docs = SectionData(key="docs", title="Documentation", facts={"files": 3, "links": 41})
print(daydream.__file__)
print(markdown(compose(NightFacts(
    date="2026-03-01", number=1, run="2026-03-01.1", repository="r", mode="report", first_night=False,
    started_at="2026-03-01T02:00:00Z", examination=Examination(commit=None, branch=None), findings=(),
    steps=(StepLine(key="docs", group="maintain", title="Documentation", status="done"),), sections=(docs,),
))))
"""


def run(argv: Sequence[str | Path], cwd: Path, env: dict[str, str] | None = None) -> str:
    done = subprocess.run(argv, cwd=cwd, env=env, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def built(kind: str, out: Path) -> Path:
    """Build from the checkout with what is installed here; nothing is asked of the network."""
    build = [sys.executable, "-m", "build", f"--{kind}", "--no-isolation", "--outdir", str(out), str(ROOT)]
    run(build, out)
    (made,) = out.iterdir()
    return made


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built("wheel", tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("installed")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    run([*pip, "--no-deps", "--no-index", "--target", target, wheel], target)
    return target


def away(installed: Path, *argv: str) -> str:
    """Run the installed package far from the checkout, its dependencies taken from this environment."""
    code = f"import sys; sys.path.insert(0, {str(installed)!r}); "
    if argv[0] == "-c":
        return run([sys.executable, "-I", "-c", code + argv[1]], Path("/"))
    module = f"import runpy; sys.argv[1:] = {list(argv)!r}; runpy.run_module('daydream', run_name='__main__')"
    return run([sys.executable, "-I", "-c", code + module], Path("/"))


def files_below(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_the_wheel_holds_the_templates_as_they_are_here(wheel: Path) -> None:
    prefix = "daydream/_templates/"
    with zipfile.ZipFile(wheel) as archive:
        shipped = {
            n.removeprefix(prefix): archive.read(n) for n in archive.namelist() if n.startswith(prefix)
        }
    assert shipped == files_below(TEMPLATES)


def test_the_wheel_holds_the_whole_package_and_nothing_beside_it(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    here = {p.relative_to(ROOT).as_posix() for p in (ROOT / "daydream").rglob("*.py")}
    assert here <= names
    assert "daydream/py.typed" in names
    assert {name.partition("/")[0].partition("-")[0] for name in names} == {"daydream"}
    assert not [name for name in names if "__pycache__" in name]


def test_the_wheel_declares_its_program_and_its_licence(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        info = {name.rpartition("/")[2]: name for name in archive.namelist() if ".dist-info/" in name}
        assert b"daydream = daydream.__main__:main" in archive.read(info["entry_points.txt"])
    assert "LICENSE" in info


def test_the_installed_program_starts_away_from_the_checkout(installed: Path) -> None:
    assert "usage: daydream" in away(installed, "--help")


def test_the_installed_package_brings_its_own_templates(installed: Path) -> None:
    place, text = away(installed, "-c", ASK_TEMPLATES).split("\n", 1)
    assert place == str(installed / "daydream" / "_templates")
    assert text == (TEMPLATES / "sections" / "docs.md.j2").read_text("utf-8")


def test_the_installed_package_renders_a_report(installed: Path) -> None:
    module, page = away(installed, "-c", RENDER).split("\n", 1)
    assert Path(module).is_relative_to(installed)
    assert page.startswith("# Daydream Report - 2026-03-01\n")
    assert "3 files checked, 41 links verified" in page


def test_the_sdist_holds_what_is_needed_to_build_test_and_read(tmp_path: Path) -> None:
    with tarfile.open(built("sdist", tmp_path)) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    wanted = {"pyproject.toml", "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "Makefile"}
    wanted |= {".importlinter", "constraints.txt", "docs/state-format.md", "docs/night.mmd"}
    wanted |= {f"templates/{name}" for name in files_below(TEMPLATES)}
    wanted |= {path.relative_to(ROOT).as_posix() for path in (ROOT / "tests").rglob("test_*.py")}
    assert wanted <= names
    assert not [name for name in names if name.startswith(("state/", "logs/", ".venv/"))]
