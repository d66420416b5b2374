"""A git folder of our own that borrows the objects of the user's repository and shares nothing else.

A private index inside the user's git folder would not do: with the user's settings git may write a
shared index next to it, leave out what a sparse checkout hides, convert line ends and run filters.
Here none of those settings apply, so that files come out byte for byte as they were committed.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from daydream.errors import DaydreamError
from daydream.git import attempt, git
from daydream.processes import Completed, Stop

_ATTRIBUTES = "* -text -ident !eol !crlf !working-tree-encoding\n"
_CONFIG = """[core]
\trepositoryformatversion = {version}
\tbare = false
\tautocrlf = false
\tsafecrlf = false
\tignorecase = false
\tsymlinks = true
\tfileMode = true
\tsplitIndex = false
\tuntrackedCache = false
\tattributesFile = /dev/null
\texcludesFile = /dev/null
[checkout]
\tworkers = 0
"""
_TIMEOUT_S = 3600.0


@dataclass(frozen=True, slots=True)
class Entry:
    """One path of a commit. `size` is None where the repository does not have the content."""

    mode: str
    blob: str
    size: int | None
    path: bytes


@dataclass(frozen=True, slots=True)
class Borrowed:
    """A git folder with its own index, and the tree that belongs to it; both absolute."""

    git_dir: Path
    tree: Path

    @property
    def environment(self) -> dict[str, str]:
        """What makes git use this folder and no configuration but its own."""
        return {
            "GIT_DIR": str(self.git_dir),
            "GIT_WORK_TREE": str(self.tree),
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_CONFIG_NOSYSTEM": "1",
        }

    def git(self, *argv: str, stop: Stop, stdin: bytes = b"") -> bytes:
        """Run git here; raises GitError as `daydream.git.git`."""
        return git(self.tree, *argv, stop=stop, env=self.environment, stdin=stdin, timeout_s=_TIMEOUT_S)

    def attempt(self, *argv: str, stop: Stop, stdin: bytes = b"") -> Completed:
        """Run git here, whatever its exit code."""
        return attempt(self.tree, *argv, stop=stop, env=self.environment, stdin=stdin, timeout_s=_TIMEOUT_S)


def borrow(git_dir: Path, tree: Path, *, root: Path, common_dir: Path, stop: Stop) -> Borrowed:
    """Write (again) the git folder `git_dir` for `tree`; an index already there is kept.

    `root` and `common_dir` are of the repository whose objects are borrowed.

    Raises:
        OSError: the folders cannot be written.
    """
    kind = git(root, "rev-parse", "--show-object-format", stop=stop).decode().strip()
    for folder in (git_dir / "objects" / "info", git_dir / "refs", git_dir / "info", tree):
        folder.mkdir(parents=True, exist_ok=True)
    config = _CONFIG.format(version=0 if kind == "sha1" else 1)
    if kind != "sha1":
        config += f"[extensions]\n\tobjectFormat = {kind}\n"
    (git_dir / "config").write_text(config, encoding="utf-8")
    (git_dir / "HEAD").write_text("ref: refs/heads/none\n", encoding="utf-8")
    (git_dir / "info" / "attributes").write_text(_ATTRIBUTES, encoding="utf-8")
    (git_dir / "objects" / "info" / "alternates").write_bytes(_quoted(common_dir / "objects") + b"\n")
    # Only a killed night leaves a lock here: whoever runs this holds the lock of the night.
    (git_dir / "index.lock").unlink(missing_ok=True)
    return Borrowed(git_dir, tree)


def _quoted(path: Path) -> bytes:
    """A path as git's alternates file wants it where it holds odd bytes."""
    raw = os.fsencode(path)
    return b'"' + raw.replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n") + b'"'


def entries(borrowed: Borrowed, commit: str, stop: Stop) -> tuple[Entry, ...]:
    """List every path of a commit, in git's order.

    Raises:
        DaydreamError: the commit, or one of its folders, is not in the repository.
    """
    left = borrowed.attempt("ls-tree", "-r", "-z", "-l", "--full-tree", commit, stop=stop)
    if left.returncode != 0:
        msg = (
            f"commit {commit[:12]} cannot be read whole ({left.last_words}); if the repository is damaged, "
            "git fsck says where, and git fetch may bring back what is missing"
        )
        raise DaydreamError(msg)
    return tuple(_entry(line) for line in left.stdout.split(b"\0") if line)


def _entry(line: bytes) -> Entry:
    head, _, path = line.partition(b"\t")
    mode, _kind, blob, size = head.split()
    # git writes "BAD" for content it does not have and "-" for a submodule.
    known = int(size) if size.isdigit() else None
    return Entry(mode.decode(), blob.decode(), known, path)


def attributes(
    borrowed: Borrowed, paths: Sequence[bytes], names: Sequence[str], stop: Stop
) -> dict[bytes, dict[str, str]]:
    """Read gitattributes as committed (from the index): path to name to value, unspecified ones left out."""
    if not paths:
        return {}
    asked = b"\0".join(paths) + b"\0"
    output = borrowed.git("check-attr", "--cached", "-z", "--stdin", *names, stop=stop, stdin=asked)
    fields = output.split(b"\0")
    found: dict[bytes, dict[str, str]] = {}
    for at in range(0, len(fields) - 1, 3):
        if fields[at + 2] != b"unspecified":
            value = fields[at + 2].decode("utf-8", "replace")
            found.setdefault(fields[at], {})[fields[at + 1].decode()] = value
    return found
