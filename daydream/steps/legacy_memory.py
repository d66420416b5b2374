"""What legacy_cleanup remembers from night to night, and by which keys.

A key is a digest of everything that the value follows from: contents, paths, options, the version of the
tool and the text of our own code. So nothing is ever out of date, and nothing needs to be thrown away.
Where a part of that is not known, or something could not be read, nothing is remembered.
"""

import functools
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from zlib import crc32

import msgspec

import daydream
from daydream.analysis import unused_imports, words
from daydream.analysis.roles import is_test, is_test_data
from daydream.contracts.context import Context
from daydream.records.outcome import Done, More
from daydream.records.repository import SourceFile
from daydream.steps import legacy_tree

SHARES = 32
_FEW = 8
_OUTCOME: msgspec.json.Decoder[Done | More] = msgspec.json.Decoder(Done | More)
_ENTRIES = msgspec.json.Decoder(dict[str, bool])


def digest(*parts: str | bytes) -> str:
    """Hash a sequence of texts; no two sequences share a digest."""
    sha = sha256()
    for part in parts:
        raw = part if isinstance(part, bytes) else part.encode("utf-8", "surrogateescape")
        sha.update(b"%d:" % len(raw))
        sha.update(raw)
    return sha.hexdigest()[:40]


@functools.cache
def code(folder: Path | None = None) -> str | None:
    """Hash every Python source below a folder, by default all of daydream's; None where it cannot be read."""
    top = folder or Path(daydream.__file__).parent
    try:
        found = sorted(top.rglob("*.py"))
        return digest(*(part for path in found for part in (str(path.relative_to(top)), path.read_bytes())))
    except OSError:
        return None


def tree(ctx: Context) -> str | None:
    """Hash the examined files, paths and contents; None where a content has no id."""
    return _of_files(ctx.files)


def _of_files(files: Iterable[SourceFile]) -> str | None:
    lines = []
    for file in files:
        if not file.blob:
            return None
        lines.append(f"{file.path}\0{file.blob}\0{file.size}")
    return digest("\n".join(lines))


class Memo:
    """The outcome of a part, remembered for the tree as a whole: a night without changes asks only here.

    `what` names the part; `known` is whatever it depends on beside the tree and our code, None where that
    is not known.
    """

    def __init__(self, ctx: Context, what: str, known: Sequence[str | None]) -> None:
        self._ctx = ctx
        self._kind = f"legacy {what}"
        parts = [tree(ctx), code(), *known]
        self._key = digest(*(p for p in parts if p is not None)) if None not in parts else None

    def recall(self) -> Done | More | None:
        """Return the outcome, if this very part was worked on before."""
        if self._key is None:
            return None
        raw = self._ctx.cache.read(self._kind, [self._key]).get(self._key)
        try:
            return None if raw is None else _OUTCOME.decode(raw)
        except ValueError:
            return None

    def keep(self, outcome: Done | More) -> None:
        """Remember an outcome that nothing but the tree led to."""
        if self._key is not None:
            self._ctx.cache.write(self._kind, {self._key: msgspec.json.encode(outcome)})


def _shares(ctx: Context) -> Iterator[tuple[str | None, list[SourceFile]]]:
    """Cut the texts into shares that a file never leaves while it keeps its name, each with its key."""
    cut: list[list[SourceFile]] = [[] for _ in range(SHARES)]
    for file in legacy_tree.text_files(ctx):
        cut[crc32(file.path.encode("utf-8", "surrogateescape")) % SHARES].append(file)
    for files in cut:
        if files:
            yield _of_files(files), files


def tally(ctx: Context, reading: legacy_tree.Reading, wanted: Iterable[str]) -> dict[str, words.Tally]:
    """Count words over every text of the tree; a share that is as it was is not read again."""
    kind = f"words {code()}"
    shares = list(_shares(ctx))
    known = ctx.cache.read(kind, [key for key, _ in shares if key]) if code() else {}
    counted = []
    for key, files in shares:
        found = _unpacked(known.get(key or ""))
        if found is None:
            read = legacy_tree.Reading(ctx)
            found = words.census(_contents(read, files))
            reading.complete = reading.complete and read.complete
            if key and code() and read.complete:
                ctx.cache.write(kind, {key: found.pack()})
        counted.append(found)
    return words.add_up(counted, set(wanted))


def _unpacked(packed: bytes | None) -> words.Census | None:
    try:
        return None if packed is None else words.unpack(packed)
    except ValueError:
        return None


def _contents(reading: legacy_tree.Reading, files: Iterable[SourceFile]) -> Iterator[tuple[bytes, bool]]:
    for file in files:
        content = reading.content(file.path, legacy_tree.LARGEST_TEXT)
        if content is not None:
            yield content, is_test(file.path) or is_test_data(file.path)


def taken_elsewhere(
    ctx: Context, reading: legacy_tree.Reading, imports: Sequence[unused_imports.Import]
) -> set[unused_imports.Import]:
    """Return those imports that another text takes from their module; see `unused_imports.used_elsewhere`.

    What each share of the texts takes is remembered import by import, so that a new one is all that is
    looked for in shares that are as they were.
    """
    if not imports:
        return set()
    kind = f"taken {code()}"
    names = {digest(entry.path, entry.bound, entry.target): entry for entry in imports}
    shares = list(_shares(ctx))
    known = ctx.cache.read(kind, [key for key, _ in shares if key]) if code() else {}
    taken: set[str] = set()
    for key, files in shares:
        answers = _entries(known.get(key or ""))
        asked = {name: entry for name, entry in names.items() if name not in answers}
        if asked:
            read = legacy_tree.Reading(ctx)
            found = unused_imports.used_elsewhere(asked.values(), _naming(read, files, asked.values()))
            reading.complete = reading.complete and read.complete
            answers |= {name: entry in found for name, entry in asked.items()}
            if key and code() and read.complete:
                # answers about imports that are no more go, or the value would grow for ever
                kept = {name: answers[name] for name in sorted(names)}
                ctx.cache.write(kind, {key: msgspec.json.encode(kept)})
        taken.update(name for name in names if answers[name])
    return {names[name] for name in taken}


def _entries(raw: bytes | None) -> dict[str, bool]:
    try:
        return {} if raw is None else _ENTRIES.decode(raw)
    except ValueError:
        return {}


def _naming(
    reading: legacy_tree.Reading, files: Iterable[SourceFile], imports: Iterable[unused_imports.Import]
) -> Iterator[tuple[str, bytes]]:
    """Yield the texts; where few names are looked for, only those in which one of them stands."""
    bound = sorted({entry.bound.encode() for entry in imports})
    for file in files:
        content = reading.content(file.path, legacy_tree.LARGEST_TEXT)
        if content is not None and (len(bound) > _FEW or any(name in content for name in bound)):
            yield file.path, content
