"""Tasks of the repository that are about an error, or about the line that logs one."""

import builtins
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from daydream.analysis.redaction import quoted
from daydream.analysis.source import NotParsed, parse
from daydream.analysis.task_sources import read
from daydream.analysis.tasks import Item

MOST = 3
_NEAR = 3
_PLAIN = 6
_LIST = re.compile(r"(?:todos?|tasks?|roadmap|backlog|fixme)\b", re.IGNORECASE)
_WORD = re.compile(r"[A-Za-z_]\w{2,}")

Source = Callable[[str], bytes | None]


@dataclass(frozen=True, slots=True)
class Spot:
    """A line of the repository that an error passed through or that logs: its path, number and function's bare name
    ("" at module level), and the exception's name, "" where it is none."""

    path: str
    line: int
    function: str
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Task:
    """An open task: where it stands, and its text, redacted."""

    path: str
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class _Comments:
    """The open tasks in a file's comments, and the lines of its functions as (first, last)."""

    items: Sequence[Item]
    functions: Sequence[tuple[int, int]]


class Tasks:
    """The tasks of a tree, each file read once. `source` gives an examined file's bytes, None where there are none to be
    had; `paths` are the examined files, of which task lists are known by their names."""

    def __init__(self, source: Source, paths: Iterable[str]) -> None:
        self._source = source
        self._lists = [path for path in sorted(paths) if _is_list(path)]
        self._comments: dict[str, _Comments] = {}
        self._listed: list[tuple[str, Item, frozenset[str]]] | None = None

    def about(self, spots: Sequence[Spot]) -> list[Task]:
        """Return the tasks about any of these spots, those in the code first, at most three.

        A comment is about a spot if it stands in the same function (outside of functions: within three lines), or names the
        exception in the same file. An entry of a list is if it names the exception (not one of Python's own) or the function,
        unless that is a word as in any text, or the file's path with either of them or with that line.
        """
        found = [(spot.path, item) for spot in spots for item in self._near(spot)]
        found += [(path, item) for spot in spots for path, item in self._named(spot)]
        told = {(path, item.line): Task(path, item.line, quoted(item.text, 120)) for path, item in found}
        return list(told.values())[:MOST]

    def _near(self, spot: Spot) -> Iterator[Item]:
        if spot.path not in self._comments:
            self._comments[spot.path] = self._read(spot.path)
        known = self._comments[spot.path]
        first, last = _around(known.functions, spot.line)
        for item in known.items:
            if first <= item.line <= last or (spot.kind and spot.kind in _WORD.findall(item.text)):
                yield item

    def _named(self, spot: Spot) -> Iterator[tuple[str, Item]]:
        if self._listed is None:
            self._listed = [
                (path, item, frozenset(_WORD.findall(item.text)))
                for path in self._lists
                for item in _open(path, self._source(path), listed=True)
            ]
        names = {name for name in (spot.kind, spot.function) if _telling(name)}
        for path, item, words in self._listed:
            there = re.search(rf"(?<![\w/.-]){re.escape(spot.path)}(?![\w/-])(?::(\d+))?", item.text)
            line = there is not None and there[1] is not None and abs(int(there[1]) - spot.line) <= _NEAR
            beside = frozenset(_WORD.findall(item.text.replace(there[0], " "))) if there else frozenset()
            if names & words or line or {spot.kind, spot.function} & beside:
                yield path, item

    def _read(self, path: str) -> _Comments:
        data = self._source(path)
        items = _open(path, data, listed=False)
        if not items or data is None:
            return _Comments((), ())
        try:
            functions = [(each.first_line, each.last_line) for each in parse(data).functions]
        except NotParsed:
            functions = []
        return _Comments(items, functions)


def _open(path: str, data: bytes | None, *, listed: bool) -> list[Item]:
    return read(path, data, listed=listed).waiting() if data is not None else []


def _around(functions: Iterable[tuple[int, int]], line: int) -> tuple[int, int]:
    """The lines of the innermost function around a line, else those near it."""
    there = [(first, last) for first, last in functions if first <= line <= last]
    return min(there, key=lambda span: span[1] - span[0], default=(line - _NEAR, line + _NEAR))


def _is_list(path: str) -> bool:
    name = path.rpartition("/")[2]
    return bool(_LIST.match(name)) and name.lower().endswith((".md", ".txt", ".rst"))


def _telling(name: str) -> bool:
    """Whether a name in a text means this thing: not Python's own, and no ordinary word."""
    if not name or hasattr(builtins, name):
        return False
    return "_" in name.strip("_") or any(c.isupper() for c in name[1:]) or len(name) > 2 * _PLAIN
