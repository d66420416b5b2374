"""A repository as it lies on the disk, to the byte, and how two looks at it differ."""

import hashlib
import os
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

OURS = (".git/daydream", ".daydream")
_QUESTIONS = {
    "status": ("status", "--porcelain=v2", "--branch", "--untracked-files=all", "--ignored"),
    "HEAD": ("rev-parse", "HEAD"),
    "branch": ("symbolic-ref", "-q", "HEAD"),
    "refs": ("for-each-ref",),
    "staged": ("ls-files", "--stage", "--debug"),
    "untracked": ("ls-files", "--others"),
    "worktrees": ("worktree", "list", "--porcelain"),
    "stash": ("stash", "list"),
    "config": ("config", "--local", "--list"),
}


@dataclass(frozen=True, slots=True)
class World:
    """git's answers by question, and every path outside our own folders: kind, mode, bytes, time, content."""

    answers: dict[str, bytes]
    paths: dict[str, tuple[object, ...]]

    def changes(self, later: "World") -> list[str]:
        """Name what differs in a later look, at most twenty things; nothing means identical."""
        said = [f"git {name}" for name in self.answers if self.answers[name] != later.answers[name]]
        names = sorted(self.paths.keys() | later.paths.keys())
        said += [name for name in names if self.paths.get(name) != later.paths.get(name)]
        return said[:20]


def look(root: Path, *, contents: bool = True) -> World:
    """Look at a repository without touching it; without `contents` files go by size and time alone."""
    answers = {}
    if (root / ".git").exists():
        answers = {name: _ask(root, *question) for name, question in _QUESTIONS.items()}
    return World(answers, dict(_walk(root, contents)))


def everything(root: Path) -> dict[str, tuple[object, ...]]:
    """Every path of a repository, our own folders and the times of folders included."""
    found = {".": (*_state(root, contents=True), root.lstat().st_mtime_ns)}
    for path in sorted(root.rglob("*")):
        found[path.relative_to(root).as_posix()] = (*_state(path, contents=True), path.lstat().st_mtime_ns)
    return found


def _ask(root: Path, *question: str) -> bytes:
    argv = ["git", "--no-optional-locks", "-C", str(root), *question]
    return subprocess.run(argv, capture_output=True, check=False).stdout


def _walk(root: Path, contents: bool) -> list[tuple[str, tuple[object, ...]]]:
    """Every path below the root; the times of folders are left out, as a folder of ours changes its parent's."""
    found: list[tuple[str, tuple[object, ...]]] = []
    for folder, folders, files in os.walk(root):
        here = Path(folder)
        kept = [name for name in folders if (here / name).relative_to(root).as_posix() not in OURS]
        folders[:] = kept
        for name in (*kept, *files):
            path = here / name
            found.append((path.relative_to(root).as_posix(), _state(path, contents)))
    return found


def _state(path: Path, contents: bool) -> tuple[object, ...]:
    facts = path.lstat()
    if stat.S_ISLNK(facts.st_mode):
        return ("link", str(path.readlink()), facts.st_mtime_ns)
    if stat.S_ISDIR(facts.st_mode):
        return ("folder", facts.st_mode)
    digest = hashlib.sha256(path.read_bytes()).hexdigest() if contents and stat.S_ISREG(facts.st_mode) else ""
    return ("file", facts.st_mode, facts.st_size, facts.st_mtime_ns, facts.st_ino, digest)
