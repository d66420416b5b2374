"""Real git repositories for tests, and a way to see whether anything in one changed."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

_ENV = {
    "GIT_AUTHOR_NAME": "A Person",
    "GIT_AUTHOR_EMAIL": "person@example.org",
    "GIT_COMMITTER_NAME": "A Person",
    "GIT_COMMITTER_EMAIL": "person@example.org",
    "GIT_AUTHOR_DATE": "2026-01-02T03:04:05Z",
    "GIT_COMMITTER_DATE": "2026-01-02T03:04:05Z",
    "GIT_CONFIG_NOSYSTEM": "1",
}


@dataclass(frozen=True, slots=True)
class Checkout:
    """A git checkout that a test works on as its user would."""

    root: Path

    def git(self, *argv: str, stdin: bytes = b"", env: dict[str, str] | None = None) -> str:
        """Run git as the user does, with the user's settings; `env` is added to the environment."""
        env = {**os.environ, **_ENV, **(env or {})}
        done = subprocess.run(
            ["git", *argv], cwd=self.root, env=env, input=stdin, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr.decode("utf-8", "replace")
        return os.fsdecode(done.stdout).strip()

    def write(self, path: str, content: str | bytes = "x\n") -> Path:
        """Write a file below the root."""
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.encode() if isinstance(content, str) else content)
        return target

    def commit(self, message: str = "a change") -> str:
        """Commit everything in the checkout and return the commit's id."""
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")


def make(root: Path, files: dict[str, str | bytes] | None = None, *init: str) -> Checkout:
    """Start a repository; with `files`, commit them."""
    root.mkdir(parents=True, exist_ok=True)
    checkout = Checkout(root)
    checkout.git("init", "-q", "-b", "main", *init)
    for path, content in (files or {}).items():
        checkout.write(path, content)
    if files is not None:
        checkout.commit("first")
    return checkout


def everything(folder: Path) -> dict[str, tuple[int, int, int, bytes]]:
    """Every path below a folder with its mode, inode, time of change and content."""
    found = {}
    for base, folders, files in os.walk(folder):
        for name in (".", *folders, *files):
            path = Path(base) / name
            seen = path.lstat()
            if path.is_symlink():
                content = os.fsencode(path.readlink())
            else:
                content = path.read_bytes() if path.is_file() else b""
            key = os.path.normpath(path.relative_to(folder))
            found[key] = (seen.st_mode, seen.st_ino, seen.st_mtime_ns, content)
    return found
