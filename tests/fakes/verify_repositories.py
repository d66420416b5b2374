"""Small repositories with tests and Pythons of their own, installed as people install them, without a network."""

import os
import sys
import venv
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from daydream.processes import Stop
from daydream.records.repository import Interpreter, SourceFile
from daydream.repository.verify import Trial
from daydream.repository.verify_command import Command

_RUNNERS = ("pytest", "_pytest", "pluggy", "iniconfig", "packaging", "pygments", "py")

MODULE = '''"""Adds."""
from __future__ import annotations

import os


def add(one, other):
    total = one + other
    return total


def unused(value):
    return value
'''
TEST = """from pkg.calc import add


def test_add():
    assert add(1, 2) == 3


def test_negative():
    assert add(1, -2) == -1
"""
FINDER = """import sys
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import spec_from_file_location

MAPPING = {mapping!r}


class _EditableFinder:
    @classmethod
    def find_spec(cls, fullname, path=None, target=None):
        if fullname in MAPPING:
            return spec_from_file_location(fullname, MAPPING[fullname] + "/__init__.py")
        return None


def install():
    sys.meta_path.{where}
"""


@dataclass(frozen=True)
class Repository:
    """A workbench's tree, the user's checkout that its environment has installed, and that environment."""

    tree: Path
    checkout: Path
    environment: Path
    folder: Path
    env: dict[str, str] = field(default_factory=dict)

    def read(self, path: str) -> str:
        """A file of the commit."""
        return (self.tree / path).read_text("utf-8")

    @property
    def site(self) -> Path:
        """Where its environment has its packages."""
        (place,) = self.environment.glob("lib/python*/site-packages")
        return place

    def trial(self, command: str = "pytest -q", *, seconds: float = 120.0, stop: Stop | None = None) -> Trial:
        """The trial of a night."""
        version = sys.version_info[:2]
        files = sorted(path for path in self.tree.rglob("*") if path.is_file())
        return Trial(
            tree=self.tree,
            folder=self.folder,
            commit="0" * 40,
            files=[SourceFile(path.relative_to(self.tree).as_posix(), "", 0) for path in files],
            interpreter=Interpreter(
                path=str(self.environment / "bin" / "python"), version=version, why="a test"
            ),
            command=Command(command),
            env={"PATH": os.defpath, **self.env},
            stop=stop or Stop(),
            deadline_s=seconds,
        )


def make(base: Path, files: Mapping[str, str]) -> Repository:
    """Write the commit twice, to the workbench and to the user's checkout, and make an environment with pytest."""
    made = Repository(base / "workbench", base / "user", base / "environment", base / "verify")
    for place in (made.tree, made.checkout):
        for path, content in files.items():
            target = place / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(content, "utf-8")
    venv.EnvBuilder(symlinks=True).create(made.environment)
    for name in _RUNNERS:
        spec = find_spec(name)
        assert spec is not None
        assert spec.origin is not None
        origin = Path(spec.origin)
        place = origin.parent if origin.name == "__init__.py" else origin
        (made.site / place.name).symlink_to(place)
        for described in place.parent.glob(f"{name}-*.dist-info"):
            (made.site / described.name).symlink_to(described)
    script = made.environment / "bin" / "pytest"
    python = made.environment / "bin" / "python"
    script.write_text(f"#!{python}\nimport sys\nfrom pytest import console_main\nsys.exit(console_main())\n")
    script.chmod(0o755)
    return made


def flat(base: Path, **more: str) -> Repository:
    """A package at the root, not installed."""
    return make(base, {"pkg/__init__.py": "", "pkg/calc.py": MODULE, "tests/test_calc.py": TEST, **more})


def src_layout(base: Path, **more: str) -> Repository:
    """A package below src, installed by a .pth file that names the user's checkout."""
    packaging = '[project]\nname = "pkg"\nversion = "1"\n'
    files = {"src/pkg/__init__.py": "", "src/pkg/calc.py": MODULE, "tests/test_calc.py": TEST}
    made = make(base, {"pyproject.toml": packaging, **files, **more})
    (made.site / "__editable__.pkg-1.pth").write_text(f"{made.checkout / 'src'}\n")
    return made


def finder_hook(base: Path, *, leads: bool = False) -> Repository:
    """The same, installed by an import hook as setuptools writes it; one that `leads` goes before all others."""
    made = src_layout(base)
    (made.site / "__editable__.pkg-1.pth").write_text("import __editable___pkg_finder as f; f.install()\n")
    mapping = {"pkg": str(made.checkout / "src" / "pkg")}
    where = "insert(0, _EditableFinder)" if leads else "append(_EditableFinder)"
    (made.site / "__editable___pkg_finder.py").write_text(FINDER.format(mapping=mapping, where=where))
    return made
