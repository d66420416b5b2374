"""What legacy_cleanup remembers of the texts of the tree, share by share; see `steps.memory`.

Where something could not be read, nothing is remembered.
"""

from collections.abc import Iterable, Iterator, Sequence
from zlib import crc32

import msgspec

from daydream.analysis import dead_code, unused_imports, words
from daydream.analysis.roles import is_test, is_test_data
from daydream.contracts.context import Context
from daydream.records.repository import SourceFile
from daydream.steps import legacy_tree
from daydream.steps.memory import code, digest, of_files

SHARES = 32
_FEW = 8
_STAR = b"import *"
_PARTS = msgspec.json.Decoder(set[str])
_ENTRIES = msgspec.json.Decoder(dict[str, bool])


def _shares(ctx: Context) -> Iterator[tuple[str | None, list[SourceFile]]]:
    """Cut the texts into shares that a file never leaves while it keeps its name, each with its key."""
    cut: list[list[SourceFile]] = [[] for _ in range(SHARES)]
    for file in legacy_tree.text_files(ctx):
        cut[crc32(file.path.encode("utf-8", "surrogateescape")) % SHARES].append(file)
    for files in cut:
        if files:
            yield of_files(files), files


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


def fragments(ctx: Context, reading: legacy_tree.Reading, wanted: Iterable[str]) -> set[str]:
    """Return those parts of names that some text of the tree composes names of; see `dead_code.fragments`."""
    kind, known_parts = f"fragments {code()}", set(wanted)
    shares = list(_shares(ctx))
    known = ctx.cache.read(kind, [key for key, _ in shares if key]) if code() else {}
    there: set[str] = set()
    for key, files in shares:
        found = _parts(known.get(key or ""))
        if found is None:
            read = legacy_tree.Reading(ctx)
            found = set().union(*(dead_code.fragments(content) for content, _ in _contents(read, files)))
            reading.complete = reading.complete and read.complete
            if key and code() and read.complete:
                ctx.cache.write(kind, {key: msgspec.json.encode(sorted(found))})
        there |= found & known_parts
    return there


def _parts(raw: bytes | None) -> set[str] | None:
    try:
        return None if raw is None else _PARTS.decode(raw)
    except ValueError:
        return None


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
    """Yield the texts; where few names are looked for, only those in which one of them stands, or that take
    everything from somewhere."""
    bound = sorted({entry.bound.encode() for entry in imports})
    for file in files:
        content = reading.content(file.path, legacy_tree.LARGEST_TEXT)
        if content is not None and (
            len(bound) > _FEW or _STAR in content or any(name in content for name in bound)
        ):
            yield file.path, content
