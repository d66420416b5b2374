"""Where the reading of a log goes on from night to night, so that every record is read once.

A file is known by its device and inode, and by what it begins with: a renamed one is found under its new name, a
copied or packed one by its first bytes, one that was cut or whose inode another file has now by other bytes, and one
that was cut at its beginning by the last bytes that were read of it.
"""

import os
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from daydream.analysis.logs.scan import LEARN_BYTES, Piece, Scan, Window, beginning
from daydream.analysis.logs.sources import MOST_MEMBERS, Pin, Position, family_of, rotations, turn_of
from daydream.analysis.logs.times import Clock
from daydream.analysis.logs.unpack import HEAD, PACKED, Lines, Unreadable, opened
from daydream.analysis.redaction import quoted

STILL_WRITTEN_S = 300.0
_LAST_LINE = 65_536
_SEARCHED = 16 * 2**20


@dataclass(frozen=True, slots=True)
class Plan:
    """What of a log is to be read, oldest first: each file pinned, its path now, the byte to begin at (the
    pin's `start`); and what is to be said of it. A file in which nothing is new is not among the pieces."""

    pieces: list[Piece]
    notes: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _File:
    """A file of a log as it is now; `row`: how far it was read, `same` if under this very inode."""

    path: Path
    key: tuple[int, int]
    modified: float
    size: int
    head: bytes
    raw: bytes
    packed: bool
    own: bool
    row: Position | None = None
    same: bool = False


def plan(
    paths: Sequence[Path],
    last: Sequence[Any] | None,
    window: Window,
    clock: Clock,
    learn: int = LEARN_BYTES,
) -> Plan:
    """Decide where to go on in each file of a log.

    `last`: the rows that `after` gave on the last night that read it, None on the first. What lies before the
    window is read on the first night only, at most `learn` bytes of it, the newest. A last line without an end
    is left for the next night if its file was written to within five minutes before the window's end.

    Raises:
        Unreadable: none of the files can be read.
    """
    rows = msgspec.convert(last or [], list[Position])
    files, notes = _files(paths)
    _match(files, rows)
    found = [file.row for file in files] + _without_beginning(files, rows)
    if rows and rows[-1] not in found:
        notes.append(
            "The file that was written to last is gone or was overwritten: what it got after the last reading is lost."
        )
    known = [(file, file.row.offset) for file in files if file.row is not None and not _done(file, file.row)]
    fresh = _fresh(
        [file for file in files if file.row is None and file.own], window, clock, 0 if rows else learn
    )
    room = max(0, MOST_MEMBERS - len(known))
    if len(fresh) > room:
        notes.append(f"Of {len(fresh)} rotations only the newest {room} were read.")
        fresh = fresh[len(fresh) - room :]
    notes += [note for _, _, note in fresh if note]
    chosen = [*known, *((file, start) for file, start, _ in fresh)]
    pieces = [piece for file, start in chosen if (piece := _piece(file, start, window.end)) is not None]
    order = {file.key: index for index, file in enumerate(files)}
    return Plan(sorted(pieces, key=lambda piece: order[piece[0].device, piece[0].inode]), notes)


def after(scan: Scan, last: Sequence[Any] | None, paths: Sequence[Path]) -> list[list[int | None]]:
    """Return the rows to keep for the next night: of what was read tonight, and of every other file of the
    log that was read before and is still there, the one that is written to last."""
    read = {(end.device, end.inode) for end in scan.ends}
    there: dict[tuple[int, int], tuple[bool, float]] = {}
    for path in {*paths, *rotations(paths)}:
        try:
            about = path.stat()
        except OSError:
            continue
        there[about.st_dev, about.st_ino] = (path == family_of(path), about.st_mtime)
    rows = msgspec.convert(last or [], list[Position])
    kept = [row for row in rows if (row.device, row.inode) in there.keys() - read]
    ends = sorted((*kept, *scan.ends), key=lambda row: there.get((row.device, row.inode), (False, 0.0)))
    return [list(msgspec.structs.astuple(row)) for row in ends]


def _files(paths: Sequence[Path]) -> tuple[list[_File], list[str]]:
    """Look at the files of a log and at what lies beside them under its name, oldest first."""
    own, files, notes = set(paths), dict[tuple[int, int], _File](), list[str]()
    names = {path for path in {*paths, *rotations(paths)} if os.path.lexists(path)}
    for path in sorted(names, key=lambda path: (path not in own, path.is_symlink(), str(path))):
        if PACKED.search(path.name) and path.with_name(PACKED.sub("", path.name)) in names:
            continue
        try:
            file = _file(path, own=path in own)
        except Unreadable as error:
            if path in own:
                notes.append(
                    f"{quoted(path.name, 100)} cannot be read ({error}): make it readable or leave it out."
                )
            continue
        files.setdefault(file.key, file)
    if not files:
        raise Unreadable(
            notes[0].partition(" (")[2].partition("):")[0] if notes else "No such file or directory"
        )
    return sorted(files.values(), key=lambda file: (file.modified, turn_of(file.path))), notes


def _file(path: Path, *, own: bool) -> _File:
    lines = Lines(path, 2**62)
    lines.close()
    with opened(path) as handle:
        about = os.fstat(handle.fileno())
        raw = handle.read(min(HEAD, about.st_size))
    key = (about.st_dev, about.st_ino)
    return _File(path, key, about.st_mtime, about.st_size, lines.head, raw, lines.packed, own)


def _match(files: Sequence[_File], rows: Sequence[Position]) -> None:
    """Find each file's row: by inode if what was read is still what it begins with, else by that alone."""
    by_key = {(row.device, row.inode): row for row in rows}
    for file in files:
        row = by_key.get(file.key)
        if row is not None and row.offset and _holds(file, row):
            file.row, file.same = row, True
    left = [row for row in rows if row.offset and not any(file.row == row for file in files)]
    for file in files:
        if file.row is None:
            file.row = max(
                (row for row in left if _holds(file, row)), key=lambda row: row.offset, default=None
            )
        if file.row is None and file.key in by_key and not by_key[file.key].offset:
            file.row, file.same = by_key[file.key], True


def _without_beginning(files: Sequence[_File], rows: Sequence[Position]) -> list[Position]:
    """Find files that were cut at their beginning, in place or by a copy of their last lines under the old name: what was read
    last is still in them, elsewhere. Returns the rows that were found so."""
    left = [row for row in rows if row.tail is not None and not any(file.row == row for file in files)]
    found = []
    for file in files:
        if file.row is not None or file.packed or not file.own:
            continue
        # What was written to last is the last of the rows, and the likeliest to be cut.
        for row in reversed(left):
            end = _end_of(file, row)
            if end is not None:
                head = zlib.crc32(file.head[: min(HEAD, end)])
                file.row, file.same = Position(*file.key, end, head, file.size, row.tail), True
                left.remove(row)
                found.append(row)
                break
    return found


def _end_of(file: _File, row: Position) -> int | None:
    """Return where in a file the bytes end that were read last."""
    size = min(HEAD, row.offset)
    with opened(file.path) as handle:
        block = handle.read(min(file.size, row.offset, _SEARCHED))
    end = block.find(b"\n", size - 1) + 1
    while end:
        if zlib.crc32(block[end - size : end]) == row.tail:
            return end
        end = block.find(b"\n", end) + 1
    return None


def _holds(file: _File, row: Position) -> bool:
    """Tell whether a file begins with the bytes that a row tells of."""
    size = min(HEAD, row.offset)
    if len(file.head) < size or zlib.crc32(file.head[:size]) != row.crc:
        return False
    if file.packed:
        return True
    if file.size < row.offset:
        return False
    if row.tail is None:
        return True
    with opened(file.path) as handle:
        handle.seek(row.offset - size)
        return zlib.crc32(handle.read(size)) == row.tail


def _done(file: _File, row: Position) -> bool:
    """Tell whether nothing was added to a file since its row was made."""
    return file.same and file.size == (row.size if file.packed else row.offset)


def _fresh(files: Sequence[_File], window: Window, clock: Clock, learn: int) -> list[tuple[_File, int, str]]:
    """Find where to begin in files that were never read, the newest first for what is spent on older records."""
    result: list[tuple[_File, int, str]] = []
    for file in reversed(files):
        found = beginning(_pin(file, file.size, 0), file.path, window, clock, learn)
        if found is not None:
            learn = max(0, learn - found.older)
            result.append((file, found.offset, found.note))
    return result[::-1]


def _piece(file: _File, start: int, night: float) -> Piece | None:
    end = file.size
    if not file.packed and file.modified > night - STILL_WRITTEN_S:
        end = _whole(file, start)
    if end <= start and file.same and not file.packed:
        return None
    return _pin(file, end, start), file.path, start


def _pin(file: _File, size: int, start: int) -> Pin:
    return Pin(*file.key, size, zlib.crc32(file.raw[:size]), start)


def _whole(file: _File, start: int) -> int:
    """Return the end of the last complete line from `start` on; the file's end where a line is endless."""
    lines = Lines(file.path, file.size)
    lines.close()
    begin = max(start, file.size - _LAST_LINE)
    begin -= begin % 2
    with opened(file.path) as handle:
        handle.seek(begin)
        block = handle.read(file.size - begin)
    used = lines.complete(block)
    if used:
        return begin + used
    return file.size if begin > start else start
