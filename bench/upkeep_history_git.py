"""Two commits of a repository, read from a bare mirror with git alone; nothing is checked out."""

import re
import subprocess
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

LARGEST = 2_000_000
LIST = Path(__file__).parent / "history" / "repositories.toml"
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Repository:
    """One line of the fixed list: what it is called, where it comes from, and its two commits."""

    name: str
    url: str
    kind: str
    base: str
    later: str

    def mirror(self, folder: Path) -> Path | None:
        """Find its git directory below a folder of mirrors: OWNER+NAME/repo, OWNER+NAME, NAME or NAME.git."""
        owner, name = self.url.rsplit("/", 2)[1:]
        places = (f"{owner}+{name}/repo", f"{owner}+{name}", name, f"{name}.git", f"{name}/.git")
        for place in places:
            if all(self._has(folder / place, commit) for commit in (self.base, self.later)):
                return (folder / place).resolve()
        return None

    @staticmethod
    def _has(place: Path, commit: str) -> bool:
        argv = ["git", "--git-dir", str(place), "cat-file", "-e", f"{commit}^{{commit}}"]
        return place.is_dir() and subprocess.run(argv, capture_output=True, check=False).returncode == 0


def repositories(path: Path = LIST) -> list[Repository]:
    """The fixed list, in its own order."""
    rows = tomllib.loads(path.read_text(encoding="utf-8"))["repository"]
    return [Repository(**row) for row in rows]


@dataclass(frozen=True)
class Tree:
    """The regular files of one commit. `texts` holds those without NUL bytes of at most 2 MB, decoded with
    replacement; `raw` the Python sources as bytes, whose encoding Python finds out itself."""

    files: frozenset[str]
    texts: Mapping[str, str]
    raw: Mapping[str, bytes] = field(repr=False)

    @cached_property
    def folders(self) -> frozenset[str]:
        """Every folder with a file below it, and the root as the empty text."""
        return frozenset(
            "/".join(parts[:n]) for parts in (p.split("/") for p in self.files) for n in range(len(parts))
        )

    @cached_property
    def words(self) -> dict[str, set[str]]:
        """In which text files a word occurs; words are maximal runs of letters, digits and underscores."""
        found: dict[str, set[str]] = {}
        for path, text in self.texts.items():
            for word in set(_WORD.findall(text)):
                found.setdefault(word, set()).add(path)
        return found


def read_tree(git_dir: Path, commit: str) -> Tree:
    """Read one commit; exits with a sentence where the mirror lacks one of its files."""
    listed = _git(git_dir, "ls-tree", "-r", "-z", "-l", "--full-tree", commit).split(b"\0")
    blobs: dict[str, str] = {}
    files = set()
    for line in filter(None, listed):
        facts, _, name = line.partition(b"\t")
        mode, _, blob, size = facts.split()
        path = name.decode("utf-8", "surrogateescape")
        if mode in {b"100644", b"100755"}:
            files.add(path)
            if int(size) <= LARGEST:
                blobs[path] = blob.decode()
    texts, raw = {}, {}
    for path, content in _contents(git_dir, blobs):
        if b"\0" not in content:
            texts[path] = content.decode("utf-8", "replace")
            if path.endswith(".py"):
                raw[path] = content
    return Tree(frozenset(files), texts, raw)


def successors(git_dir: Path, base: str, later: str, tree: Tree) -> dict[str, str]:
    """Where each path of `base` is in `later`: at its own place or where git's rename detection puts it.

    `tree` is the later one. A path that is missing here was deleted.
    """
    options = ("diff", "-z", "--name-status", "--find-renames", "-l", "20000", "--diff-filter=R")
    words = _git(git_dir, *options, base, later).split(b"\0")
    named = [word.decode("utf-8", "surrogateescape") for word in words]
    found = {old: new for _, old, new in zip(named[::3], named[1::3], named[2::3], strict=False)}
    at_base = _git(git_dir, "ls-tree", "-r", "-z", "--name-only", "--full-tree", base).split(b"\0")
    for name in at_base:
        path = name.decode("utf-8", "surrogateescape")
        if path in tree.files:
            found[path] = path
    return found


def _contents(git_dir: Path, blobs: Mapping[str, str]) -> Iterable[tuple[str, bytes]]:
    asked = "\n".join(blobs.values()) + "\n"
    answer = _git(git_dir, "cat-file", "--batch", stdin=asked.encode())
    at = 0
    for path, blob in blobs.items():
        end = answer.index(b"\n", at)
        header = answer[at:end].split()
        if header[1] != b"blob":
            raise SystemExit(f"{git_dir} has no content for {path} ({blob}); fetch the whole repository")
        size = int(header[2])
        yield path, answer[end + 1 : end + 1 + size]
        at = end + size + 2


def _git(git_dir: Path, *args: str, stdin: bytes = b"") -> bytes:
    argv = ["git", "--git-dir", str(git_dir), *args]
    done = subprocess.run(argv, input=stdin, capture_output=True, check=False)
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip()
        raise SystemExit(f"git {args[0]} failed in {git_dir}: {said[-300:]}")
    return done.stdout
