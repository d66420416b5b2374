"""What git knows about tasks: who wrote a line when, where a name stood at a commit, what commits say they close."""

import contextlib
import datetime as dt
import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

import msgspec

from daydream.analysis import blame
from daydream.analysis.blame import Written
from daydream.analysis.task_sources import Read
from daydream.contracts.context import Context
from daydream.git import attempt
from daydream.processes import Completed

IGNORED_COMMITS = ".git-blame-ignore-revs"
MOST_LINES = 400
MOST_HITS = 50
_BLAME, _GREP, _LOG = "task.blame/1", "task.grep/1", "task.log/1"
_GIT_S = 60.0
_T = TypeVar("_T")
_Asked = tuple[str, str, Sequence[str]]


class Hit(msgspec.Struct, frozen=True, array_like=True):
    """A line at which a name stands."""

    path: str
    line: int
    text: str


class Commit(msgspec.Struct, frozen=True, array_like=True):
    """A commit's id, its instant (POSIX seconds) and its message."""

    id: str
    at: int
    message: str

    @property
    def when(self) -> dt.datetime:
        """When it was committed (UTC)."""
        return dt.datetime.fromtimestamp(self.at, dt.UTC)


class _Blamed(msgspec.Struct, frozen=True):
    """A remembered blame: true as of `commit`, and of any later one between which the path was not touched."""

    commit: str
    lines: dict[int, tuple[int | None, str, str]]


class History:
    """git's answers about the pinned commit; each is asked once, and remembered where it cannot change."""

    def __init__(self, ctx: Context, commit: str) -> None:
        self._ctx = ctx
        self.commit = commit
        self.unblamed: set[str] = set()
        self._written: dict[str, dict[int, Written]] = {}
        self._blobs = {file.path: file.blob for file in ctx.files}

    def written(self, reads: Sequence[Read]) -> dict[str, dict[int, Written]]:
        """Say for each path when, and by which commit, the lines of its items were written.

        A path that git could not be asked about is in `unblamed`, with an empty answer.
        """
        asked = [found for found in reads if found.path not in self._written]
        old = self._remembered(asked)
        fresh: dict[str, bytes] = {}
        for found in asked:
            self._ctx.check()
            lines = self._written[found.path] = old.get(found.path) or self._blame(found)
            if lines and not self._ctx.examination.shallow:
                fresh[self._key(found.path)] = self._encoded(lines)
        if fresh:
            self._ctx.cache.write(self._kind(), fresh)
        return {found.path: self._written[found.path] for found in reads}

    def _key(self, path: str) -> str:
        return f"{self._blobs.get(path, '')}:{path}"

    def _kind(self) -> str:
        return f"{_BLAME}:{self._blobs.get(IGNORED_COMMITS, '')}"

    def _encoded(self, lines: Mapping[int, Written]) -> bytes:
        rows = {
            at: (None if w.when is None else int(w.when.timestamp()), w.commit, w.path)
            for at, w in lines.items()
        }
        return msgspec.msgpack.encode(_Blamed(self.commit, rows))

    def _remembered(self, reads: Sequence[Read]) -> dict[str, dict[int, Written]]:
        """Take the blames that are still true: nothing between their commit and this one touched the path."""
        known = self._ctx.cache.read(self._kind(), [self._key(found.path) for found in reads])
        by_commit: dict[str, dict[str, _Blamed]] = {}
        for found in reads:
            try:
                old = msgspec.msgpack.decode(known.get(self._key(found.path), b""), type=_Blamed)
            except msgspec.MsgspecError:
                continue
            if set(_lines(found)) <= set(old.lines):
                by_commit.setdefault(old.commit, {})[found.path] = old
        still_true: dict[str, dict[int, Written]] = {}
        for then, group in sorted(by_commit.items()):
            touched = self._touched(then, sorted(group))
            for path, old in group.items():
                if path not in touched:
                    still_true[path] = {
                        at: Written(_instant(w), by, where) for at, (w, by, where) in old.lines.items()
                    }
        return still_true

    def _touched(self, then: str, paths: Sequence[str]) -> set[str]:
        if then == self.commit:
            return set()
        left = self._git("merge-base", "--is-ancestor", then, self.commit)
        if left.returncode == 0:
            shown = ("--full-history", "-m", "--format=", "--name-only", "-z")
            left = self._git("log", *shown, f"{then}..{self.commit}", "--", *map(_literal, paths))
        if left.returncode != 0:
            return set(paths)
        return set(left.stdout.decode("utf-8", "surrogateescape").replace("\n", "\0").split("\0"))

    def _blame(self, found: Read) -> dict[int, Written]:
        lines = _lines(found)
        known = IGNORED_COMMITS in self._blobs
        for ignored in (str(self._ctx.tree / IGNORED_COMMITS), None) if known else (None,):
            argv = blame.arguments(self.commit, found.path, lines, ignored)
            left = self._git(*argv, settings=("blame.ignoreRevsFile=",))
            if left.returncode == 0:
                return blame.lines(left.stdout, shallow=self._ctx.examination.shallow)
        self.unblamed.add(found.path)
        return {}

    def where(self, names: Iterable[str], commit: str = "") -> dict[str, list[Hit]] | None:
        """Say at which lines of a commit (default: the pinned one) these words stand; at most 50 each.

        Every file of the commit counts, examined or not. None: git could not answer.
        """
        at, wanted = commit or self.commit, sorted(set(names))
        if not wanted:
            return {}
        return self._kept((_GREP, at, wanted), dict[str, list[Hit]], lambda: self._grep(wanted, at))

    def _grep(self, names: Sequence[str], commit: str) -> dict[str, list[Hit]] | None:
        patterns = [part for name in names for part in ("-e", name)]
        left = self._git("grep", "-n", "-z", "-I", "-w", "-F", *patterns, commit)
        if left.returncode not in (0, 1) or (left.returncode == 1 and left.stderr.strip()):
            return None
        found: dict[str, list[Hit]] = {name: [] for name in names}
        word = re.compile(r"(?<!\w)(?:" + "|".join(map(re.escape, names)) + r")(?!\w)")
        for row in left.stdout.decode("utf-8", "replace").split("\n"):
            place, _, rest = row.partition("\0")
            number, _, text = rest.partition("\0")
            for name in sorted(set(word.findall(text))) if number.isdigit() else ():
                if len(found[name]) < MOST_HITS:
                    found[name].append(Hit(place.partition(":")[2], int(number), text.strip()[:200]))
        return found

    def paths(self, commit: str = "") -> frozenset[str] | None:
        """Return every path of a commit, folders included; None: git could not answer."""
        left = self._git("ls-tree", "-r", "-t", "-z", "--name-only", "--full-tree", commit or self.commit)
        if left.returncode != 0:
            return None
        return frozenset(left.stdout.decode("utf-8", "surrogateescape").split("\0"))

    def saying(self, phrases: Iterable[str]) -> list[Commit] | None:
        """Return the commits, newest first, whose message holds one of these phrases in any case."""
        wanted = sorted(set(phrases))
        if not wanted:
            return []
        return self._kept((_LOG, self.commit, wanted), list[Commit], lambda: self._log(wanted))

    def _log(self, phrases: Sequence[str]) -> list[Commit] | None:
        patterns = [f"--grep={phrase}" for phrase in phrases]
        left = self._git("log", "-F", "-i", "-z", "--format=%H %ct%n%B", *patterns, self.commit)
        if left.returncode != 0:
            return None
        found = []
        for entry in left.stdout.decode("utf-8", "replace").split("\0"):
            head, _, message = entry.partition("\n")
            if match := re.fullmatch(r"([0-9a-f]{40,64}) (\d{1,12})", head):
                found.append(Commit(match[1], int(match[2]), message[:4000]))
        return found

    def _kept(self, asked: _Asked, shape: type[_T], work: Callable[[], _T | None]) -> _T | None:
        """Answer from memory what was asked of that commit before: what a commit holds never changes."""
        kind, commit, wanted = asked
        shallow = "shallow" if self._ctx.examination.shallow else ""
        key = hashlib.sha256(
            "\0".join((commit, shallow, *wanted)).encode("utf-8", "surrogateescape")
        ).hexdigest()
        known = self._ctx.cache.read(kind, [key])
        if key in known:
            with contextlib.suppress(msgspec.MsgspecError):
                return msgspec.msgpack.decode(known[key], type=shape)
        answer = work()
        if answer is not None:
            self._ctx.cache.write(kind, {key: msgspec.msgpack.encode(answer)})
        return answer

    def git(self, *argv: str) -> Completed:
        """Ask git something else about the repository."""
        return self._git(*argv)

    def _git(self, *argv: str, settings: Sequence[str] = ()) -> Completed:
        return attempt(self._ctx.root, *argv, stop=self._ctx.stop, timeout_s=_GIT_S, settings=settings)


def _lines(found: Read) -> list[int]:
    """The lines of a file whose age matters: those of its items, ticked ones included."""
    spans = (range(item.line, max(item.line, item.last_line) + 1) for item in found.items)
    return sorted({line for span in spans for line in span})[:MOST_LINES]


def _instant(seconds: int | None) -> dt.datetime | None:
    return None if seconds is None else dt.datetime.fromtimestamp(seconds, dt.UTC)


def _literal(path: str) -> str:
    return f":(literal){path}"
