"""The slot: a checkout of the commit in which its tests run, put right after every run.

It is made from the workbench by content and shares no object, ref or setting with the user's repository. A
git folder of ours, outside the slot, knows what belongs there. The slot has a git folder of its own as well,
with one commit of exactly what is tested, because many tests and build tools ask git; it is made anew for
every run.
"""

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from daydream.git import GitError, git
from daydream.processes import Stop
from daydream.repository.workbench import remove

_NEST = ("a", "b")
_NAME = "checkout"
_ATTRIBUTES = "* -text -ident !eol !crlf !filter !working-tree-encoding\n"
_CONFIG = """[core]
\trepositoryformatversion = 0
\tbare = false
\tautocrlf = false
\tsafecrlf = false
\tignorecase = false
\tsymlinks = true
\tfileMode = true
\tattributesFile = /dev/null
\texcludesFile = /dev/null
"""
_IDENTITY = {
    "GIT_AUTHOR_NAME": "daydream",
    "GIT_AUTHOR_EMAIL": "daydream@localhost",
    "GIT_AUTHOR_DATE": "2000-01-01T00:00:00Z",
    "GIT_COMMITTER_NAME": "daydream",
    "GIT_COMMITTER_EMAIL": "daydream@localhost",
    "GIT_COMMITTER_DATE": "2000-01-01T00:00:00Z",
}
# Everything here can be made again, so nothing waits for the disk.
_SETTINGS = ("core.fsync=none", "core.looseCompression=0", "core.compression=0")
_TIMEOUT_S = 3600.0


@dataclass(frozen=True, slots=True)
class Slot:
    """`path` is the checkout; `tree_id` names its content without any change."""

    folder: Path
    tree_id: str

    @property
    def path(self) -> Path:
        """Where the tests run: some folders deep, so that those which climb stay among ours."""
        return self.folder.joinpath("slot", *_NEST, _NAME)

    def put_right(self, stop: Stop) -> None:
        """Remove what a run left and mend what it changed; in doubt everything is written anew.

        Raises:
            OSError, GitError: the disk refuses.
        """
        if not self._is_ours():
            remove(self.folder / "slot")
            self.path.mkdir(parents=True)
        for place in self._around():
            remove(place)
        try:
            if self._mended(stop):
                return
        except GitError:
            pass  # e.g. a folder without rights, in which git can remove nothing
        remove(self.folder / "slot")
        self.path.mkdir(parents=True)
        self._git("checkout-index", "-a", "-f", "-u", "-q", stop=stop)

    def place(self, files: Mapping[str, bytes | None], stop: Stop) -> None:
        """Write an edit into a slot that was put right, and commit it there: path to content, None: gone.

        Raises:
            OSError, GitError: the disk refuses.
        """
        for path, content in sorted(files.items()):
            target = self.path / path
            mode = target.stat().st_mode & 0o777 if target.is_file() else 0o644
            target.unlink(missing_ok=True)
            if content is not None:
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content)
                target.chmod(mode)
        index = self.folder / "ours.git" / "edited-index"
        shutil.copyfile(self.folder / "ours.git" / "index", index)
        only = {"GIT_INDEX_FILE": str(index)}
        if files:
            names = b"".join(os.fsencode(path) + b"\0" for path in sorted(files))
            words = ("update-index", "--add", "--remove", "-z", "--stdin")
            self._git(*words, stop=stop, env=only, stdin=names)
        tree = self._git("write-tree", stop=stop, env=only).decode().strip()
        commit = self._git("commit-tree", tree, "-m", "What is tested", stop=stop, env=only).decode().strip()
        self._give_git(index, commit)

    def _is_ours(self) -> bool:
        places = [self.folder.joinpath("slot", *_NEST[:depth]) for depth in range(len(_NEST) + 1)]
        return all(place.is_dir() and not place.is_symlink() for place in [*places, self.path])

    def _around(self) -> list[Path]:
        """What lies beside the checkout, and its git folder."""
        inner = [*_NEST, _NAME]
        strangers = [
            place
            for depth, name in enumerate(inner)
            for place in self.folder.joinpath("slot", *inner[:depth]).iterdir()
            if place.name != name
        ]
        return [*strangers, self.path / ".git"]

    def _mended(self, stop: Stop) -> bool:
        self._git("clean", "-ffdxq", stop=stop)
        self._git("checkout-index", "-a", "-f", "-u", "-q", stop=stop)
        return not self._git("ls-files", "-m", "-d", "-o", "-z", stop=stop)

    def _give_git(self, index: Path, commit: str) -> None:
        own = self.path / ".git"
        for folder in ("objects/info", "refs/heads", "info"):
            (own / folder).mkdir(parents=True)
        objects = self.folder / "ours.git" / "objects"
        (own / "objects/info/alternates").write_bytes(os.fsencode(objects) + b"\n")
        (own / "HEAD").write_text("ref: refs/heads/main\n", "ascii")
        (own / "refs/heads/main").write_text(commit + "\n", "ascii")
        (own / "config").write_text(_CONFIG, "ascii")
        index.rename(own / "index")

    def _git(self, *argv: str, stop: Stop, stdin: bytes = b"", env: Mapping[str, str] | None = None) -> bytes:
        return _run_git(self.folder, self.path, *argv, stop=stop, stdin=stdin, env=env)


def make(folder: Path, tree: Path, stop: Stop) -> Slot:
    """Make the slot below `folder` from what lies in `tree`; what another night left there is replaced.

    Raises:
        OSError, GitError: the disk refuses.
    """
    for leftover in ("slot", "ours.git"):
        remove(folder / leftover)
    own = folder / "ours.git"
    for place in ("objects", "refs", "info"):
        (own / place).mkdir(parents=True)
    (own / "HEAD").write_text("ref: refs/heads/none\n", "ascii")
    (own / "config").write_text(_CONFIG, "ascii")
    (own / "info" / "attributes").write_text(_ATTRIBUTES, "ascii")
    _run_git(folder, tree, "add", "-A", "-f", ".", stop=stop)
    slot = Slot(folder, _run_git(folder, tree, "write-tree", stop=stop).decode().strip())
    slot.path.mkdir(parents=True)
    slot.put_right(stop)
    return slot


def discard(folder: Path) -> None:
    """Remove every slot below `folder`; raises OSError."""
    for leftover in ("slot", "ours.git"):
        remove(folder / leftover)


def _run_git(
    folder: Path,
    tree: Path,
    *argv: str,
    stop: Stop,
    stdin: bytes = b"",
    env: Mapping[str, str] | None = None,
) -> bytes:
    private = {
        "GIT_DIR": str(folder / "ours.git"),
        "GIT_WORK_TREE": str(tree),
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_CONFIG_NOSYSTEM": "1",
        **_IDENTITY,
        **(env or {}),
    }
    return git(tree, *argv, stop=stop, env=private, stdin=stdin, settings=_SETTINGS, timeout_s=_TIMEOUT_S)
