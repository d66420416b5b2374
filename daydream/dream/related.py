"""Whom a procedure may learn from: those of the repository and of further repositories that resemble it.

Sources are read once, when somebody first asks: a night on which nothing is left to dream does not pay for them.
"""

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

import msgspec

from daydream.analysis.roles import is_test
from daydream.analysis.similarity import Index, Match
from daydream.analysis.source import PARSER, VERSION, NotParsed, decode, digest, is_generated, parse
from daydream.contracts.cache import Cache
from daydream.contracts.context import Context
from daydream.contracts.dream import Procedure
from daydream.dream.catalogue import procedure_of
from daydream.dream.reading import NotRead, read
from daydream.records.repository import SourceFile

MOST = 96
THRESHOLD = 0.05
MOST_FILES = 5_000
_FEWEST_LINES = 3
_REMEMBERED = f"relatives {PARSER} {VERSION} 1"
_NOT_OURS = frozenset(
    ["node_modules", "site-packages", "venv", "env", "build", "dist", "vendor", "_vendor", "third_party"]
)


class Relatives:
    """The procedures that others may learn from, indexed on first use.

    `catalogued` are tonight's, without their sources. `notes` are sentences about what could not be
    looked at, complete once somebody asked.
    """

    def __init__(
        self, ctx: Context, catalogued: Callable[[], Sequence[Procedure]], further: Sequence[Path] = ()
    ) -> None:
        self.notes: list[str] = []
        self._ctx = ctx
        self._catalogued = catalogued
        self._further = further
        self._index: Index | None = None

    def of(self, procedure: Procedure, most: int = MOST, threshold: float = THRESHOLD) -> list[Match]:
        """Return the relatives of a procedure with its source, the nearest first, each with its terms."""
        if self._index is None:
            self._index = self._built()
        return self._index.related(procedure, most, threshold)

    def _built(self) -> Index:
        index = Index()
        by_path: dict[str, list[Procedure]] = {}
        for each in self._catalogued():
            by_path.setdefault(each.path, []).append(each)
        for path in sorted(by_path):
            self._ctx.check()
            index.add(_with_sources(self._ctx.tree, path, by_path[path]))
        for root in self._further:
            index.add(self._outside(root))
        return index

    def _outside(self, root: Path) -> Iterator[Procedure]:
        """Yield the procedures of another repository, their paths written `<its name>:<path>`."""
        if not root.is_dir():
            self.notes.append(f"nothing was learnt from {root}: it is not a folder that can be read.")
            return
        paths = list(_python_files(root, self._ctx.check))
        if len(paths) > MOST_FILES:
            self.notes.append(
                f"of {root} only the first {MOST_FILES:,} of {len(paths):,} Python files were looked at."
            )
        unread = 0
        for path in paths[:MOST_FILES]:
            self._ctx.check()
            try:
                found = _described(root, path, self._ctx.cache)
            except (NotRead, NotParsed):
                unread += 1
                continue
            yield from found
        if unread:
            files = "1 file" if unread == 1 else f"{unread:,} files"
            self.notes.append(f"{files} of {root} could not be read as Python.")


def _with_sources(tree: Path, path: str, procedures: Sequence[Procedure]) -> list[Procedure]:
    """Add their sources to those procedures of a file that are as they were catalogued, and not too short to
    teach anything."""
    try:
        lines = decode(read(tree, path)).split("\n")
    except (NotRead, NotParsed):
        # The step that dreams about them says so.
        return []
    found = []
    for each in procedures:
        source = "\n".join(lines[each.first_line - 1 : each.last_line]) + "\n"
        if each.last_line - each.first_line + 1 >= _FEWEST_LINES and digest(source) == each.source_hash:
            found.append(replace(each, source=source))
    return found


def _python_files(root: Path, check: Callable[[], None]) -> Iterator[str]:
    """List the Python files below a folder, sorted; links, hidden folders, tests and what others wrote are left out."""
    for folder, folders, files in os.walk(root):
        check()
        folders[:] = sorted(each for each in folders if not each.startswith(".") and each not in _NOT_OURS)
        within = PurePosixPath(Path(folder).relative_to(root).as_posix())
        for name in sorted(files):
            path = str(within / name)
            if name.endswith(".py") and not is_test(path):
                yield path


def _described(root: Path, path: str, cache: Cache) -> list[Procedure]:
    data = read(root, path)
    if is_generated(data):
        return []
    key = hashlib.sha256(data).hexdigest()
    remembered = _decoded(cache.read(_REMEMBERED, [key]), key)
    if remembered is None:
        module = parse(data)
        file = SourceFile(path, key, len(data))
        remembered = [
            replace(procedure_of(file, each), source=module.source(each.first_line, each.last_line))
            for each in module.functions
            if each.last_line - each.first_line + 1 >= _FEWEST_LINES
        ]
        cache.write(_REMEMBERED, {key: msgspec.json.encode(remembered)})
    return [replace(each, path=f"{root.name}:{path}") for each in remembered]


def _decoded(values: Mapping[str, bytes], key: str) -> list[Procedure] | None:
    try:
        return msgspec.json.decode(values[key], type=list[Procedure]) if key in values else None
    except msgspec.MsgspecError:
        return None
