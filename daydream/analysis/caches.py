"""Caches and orphan bytecode: which of the paths that git ignores they are, their size and last use."""

import os
import posixpath
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

FOLDERS = frozenset({"__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".pytype", ".pyre"})
NEVER = frozenset({".git", ".hg", ".svn", ".venv", "venv", "env", ".env", "node_modules", ".tox", ".nox"})
_BYTECODE = re.compile(r"^(?P<stem>.+?)\.(?:[a-z]+-?\d[\w.-]*\.)?py[co]$")


@dataclass(frozen=True, slots=True)
class Cache:
    """An untracked cache or orphan: path below the checkout, bytes, and the last use (POSIX seconds)."""

    path: str
    size: int
    used: float

    @property
    def name(self) -> str:
        """The folder's or file's own name."""
        return posixpath.basename(self.path)


def wanted(paths: Iterable[str], names: frozenset[str]) -> list[str]:
    """Return the ignored paths that carry one of the names, or hold bytecode; nothing below `NEVER`.

    `paths` end with a slash where git ignores a whole folder.
    """
    kept = []
    for path in sorted(paths):
        parts = path.rstrip("/").split("/")
        if NEVER.isdisjoint(parts) and (parts[-1] in names or path.endswith((".pyc", ".pyo"))):
            kept.append(path.rstrip("/"))
    return kept


def named(root: Path, names: frozenset[str], check: Callable[[], None]) -> list[str]:
    """Find folders with one of the names below `root`, without following links or entering `NEVER`."""
    found = []
    for folder, inner, _ in os.walk(root, followlinks=False):
        check()
        here = Path(folder)
        found += [
            (here / n).relative_to(root).as_posix()
            for n in inner
            if n in names and not (here / n).is_symlink()
        ]
        inner[:] = sorted(n for n in inner if n not in names and n not in NEVER)
    return sorted(found)


def measure(root: Path, paths: Iterable[str], before: float, check: Callable[[], None]) -> list[Cache]:
    """Measure the caches that nobody used since `before`, and the orphans that are as old.

    A ``__pycache__`` that is in use is looked into for bytecode whose source is gone.
    """
    found: list[Cache] = []
    for path in paths:
        check()
        target = root / path
        if target.is_symlink():
            continue
        if not target.is_dir():
            found += _orphans(root, [path], before)
            continue
        size, used = _weigh(target, check)
        if used < before:
            found.append(Cache(path, size, used))
        elif target.name == "__pycache__":
            below = (f"{path}/{name}" for name in _listed(target))
            found += _orphans(root, below, before)
    return found


def _listed(folder: Path) -> list[str]:
    try:
        return sorted(entry.name for entry in folder.iterdir())
    except OSError:
        return []


def _orphans(root: Path, paths: Iterable[str], before: float) -> Iterator[Cache]:
    for path in paths:
        folder, name = posixpath.split(path)
        match = _BYTECODE.match(name)
        beside = posixpath.dirname(folder) if posixpath.basename(folder) == "__pycache__" else folder
        if match is None or (root / beside / f"{match['stem']}.py").exists():
            continue
        try:
            state = (root / path).lstat()
        except OSError:
            continue
        if state.st_mtime < before:
            yield Cache(path, state.st_size, state.st_mtime)


def _weigh(folder: Path, check: Callable[[], None]) -> tuple[int, float]:
    """Add up a folder's bytes and find its last use; a folder that cannot be read is in use.

    Tools write into their caches whenever they run; bytecode is only read by who uses it.
    """
    size, used, is_read = 0, 0.0, folder.name == "__pycache__"
    waiting = [str(folder)]
    while waiting:
        check()
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    state = entry.stat(follow_symlinks=False)
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                        used = max(used, state.st_mtime)
                        continue
                    size += state.st_size
                    used = max(used, state.st_mtime, state.st_atime if is_read else 0.0)
        except OSError:
            return size, float("inf")
    return size, used or folder.lstat().st_mtime
