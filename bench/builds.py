"""The user's build does not notice a night: wheel and sdist hold the same files before and after.

`python -m bench.builds` makes projects of setuptools (flat and src), hatchling and flit in scratch, with git, and builds
each in a process of its own (`python -m build --no-isolation`, so setuptools, hatchling and flit-core must be installed
beside build; an absent one is named and fails). setuptools is also built with a plug-in that lists files as git-aware
plug-ins do, once by `git ls-files` and once by everything that lies in the tree.
"""

import argparse
import importlib.util
import os
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from bench.machine import heading, here
from bench.repositories_cases import git
from bench.repositories_world import look

_SETUPTOOLS = """[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"

[project]
name = "shop"
version = "1.0"
"""
_HATCHLING = """[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "shop"
version = "1.0"
"""
_FLIT = """[build-system]
requires = ["flit_core"]
build-backend = "flit_core.buildapi"

[project]
name = "shop"
version = "1.0"
description = "A shop"
"""
# Lists everything below the root that is not git's own, as generous plug-ins and MANIFEST.in files do.
_PLUGIN = """import os
import subprocess


def files(dirname=""):
    here = dirname or "."
    listed = subprocess.run(["git", "-C", here, "ls-files", "-z", "{how}"], capture_output=True, check=True)
    return [os.path.join(dirname, name) for name in listed.stdout.decode().split(chr(0)) if name]
"""
_PROJECTS = {
    "setuptools flat": (_SETUPTOOLS, "shop"),
    "setuptools flat, packages found by setuptools": (_SETUPTOOLS, "shop"),
    "setuptools flat, files listed by git": (_SETUPTOOLS, "shop"),
    "setuptools flat, untracked files too": (_SETUPTOOLS, "shop"),
    "setuptools flat, MANIFEST.in takes all": (_SETUPTOOLS, "shop"),
    "setuptools src": (_SETUPTOOLS, "src/shop"),
    "hatchling": (_HATCHLING, "shop"),
    "hatchling src": (_HATCHLING, "src/shop"),
    "flit": (_FLIT, "shop"),
    "hatchling without git": (_HATCHLING, "shop"),
    "setuptools flat without git": (_SETUPTOOLS, "shop"),
    "setuptools flat without git, MANIFEST.in takes all": (_SETUPTOOLS, "shop"),
    "flit without git": (_FLIT, "shop"),
}


def main() -> None:
    """Build, do a night, build again, compare; exit 1 where a list differs."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    heading("Builds before and after a night")
    missing = [
        n for n in ("build", "setuptools", "hatchling", "flit_core") if importlib.util.find_spec(n) is None
    ]
    if missing:
        sys.exit(f"not installed: {', '.join(missing)}; pip install build setuptools hatchling flit-core")
    print("| project | wheel files | sdist files | wheel same | sdist same | checkout identical |")
    print("|---|---|---|---|---|---|")
    wrong = 0
    for name in _PROJECTS:
        with tempfile.TemporaryDirectory(prefix="daydream-builds-") as scratch:
            wrong += _one(name, Path(scratch))
    sys.exit(bool(wrong))


def _one(name: str, scratch: Path) -> bool:
    """Try one project; return whether a list differs or the checkout does."""
    root = _make(name, scratch / "project")
    before = _build(root, scratch / "before")
    first = look(root)
    _night(root, scratch)
    changes = first.changes(look(root))
    after = _build(root, scratch / "after")
    same = [before[kind] == after[kind] for kind in ("wheel", "sdist")]
    words = ["yes" if one else "no" for one in same]
    identical = "yes" if not changes else ", ".join(changes)
    print(f"| {name} | {len(before['wheel'])} | {len(before['sdist'])} | {' | '.join(words)} | {identical} |")
    for kind in ("wheel", "sdist"):
        differing = sorted(before[kind] ^ after[kind])
        for path in differing[:3]:
            print(f"  - {kind}: {path} only {'before' if path in before[kind] else 'after'}")
        if len(differing) > 3:
            print(f"  - {kind}: and {len(differing) - 3} more")
    return not all(same) or bool(changes)


def _make(name: str, root: Path) -> Path:
    """Write a project and, unless its name says otherwise, commit it."""
    settings, package = _PROJECTS[name]
    for path, text in _files(name, settings, package):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    if "without git" not in name:
        git(root.parent, "init", "-q", "-b", "main", str(root))
        git(root, "add", "-A")
        git(root, "commit", "-q", "--no-verify", "-m", "A shop")
    return root


def _files(name: str, settings: str, package: str) -> Iterator[tuple[str, str]]:
    yield f"{package}/__init__.py", '"""A shop."""\n'
    yield f"{package}/prices.py", "import os\n\n\ndef total(values):\n    return sum(values)\n"
    yield f"{package}/prices.json", "{}\n"
    yield "README.md", "# Shop\n\n[gone](gone.md)\n"
    yield "tests/test_prices.py", "def test_nothing():\n    pass\n"
    if "found by setuptools" in name:
        yield "pyproject.toml", settings + '\n[tool.setuptools.packages.find]\nexclude = ["tests*"]\n'
    elif "listed by git" in name or "untracked files too" in name:
        how = "-c" if "listed by git" in name else "-co"
        yield "pyproject.toml", settings
        yield "listing/finder.py", _PLUGIN.format(how=how)
        yield "listing/finder-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: finder\nVersion: 1.0\n"
        yield (
            "listing/finder-1.0.dist-info/entry_points.txt",
            "[setuptools.file_finders]\ngit = finder:files\n",
        )
        yield "setup.cfg", "[options]\npackages = shop\ninclude_package_data = True\n"
    else:
        yield "pyproject.toml", settings + _packages(settings, package)
    if "MANIFEST" in name:
        yield "MANIFEST.in", "graft .\n"


def _packages(settings: str, package: str) -> str:
    """setuptools refuses to guess where several folders lie in the root; the others need nothing."""
    if settings is _SETUPTOOLS and "/" not in package:
        return '\n[tool.setuptools]\npackages = ["shop"]\n'
    return ""


def _build(root: Path, out: Path) -> dict[str, set[str]]:
    """Build from a copy of the whole checkout, .git and all, so that one build's leavings are not in the next."""
    copy = out / root.name
    subprocess.run(["cp", "-a", f"{root}/.", str(_made(copy))], check=True)
    env = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(copy / "listing")}
    argv = [
        sys.executable,
        "-m",
        "build",
        "--no-isolation",
        "--sdist",
        "--wheel",
        "--outdir",
        str(out),
        str(copy),
    ]
    done = subprocess.run(argv, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    wheel, sdist = next(out.glob("*.whl")), next(out.glob("*.tar.gz"))
    with zipfile.ZipFile(wheel) as packed, tarfile.open(sdist) as taken:
        return {"wheel": set(packed.namelist()), "sdist": set(taken.getnames())}


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder


def _night(root: Path, scratch: Path) -> None:
    home = scratch / "home"
    folders = {f"XDG_{name}_HOME": str(home / name.lower()) for name in ("CACHE", "CONFIG", "DATA", "STATE")}
    env = {"PATH": os.environ["PATH"], "HOME": str(home), **folders}
    argv = [sys.executable, "-m", "daydream", "--root", str(root), "-q", "run"]
    done = subprocess.run(argv, env=env, cwd=here(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    ours = root / (".git/daydream" if (root / ".git").exists() else ".daydream")
    assert (ours / "state").is_dir(), "the night left no state where it should"


if __name__ == "__main__":
    main()
