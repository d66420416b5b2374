"""One log with its rotations, read from pinned bytes in parts; the same parts whenever it is read again."""

import itertools
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from daydream.analysis.logs import tally_stand
from daydream.analysis.logs.records import Reader, ReaderStand, stamp_of
from daydream.analysis.logs.sources import Lines, Pin, Position, Unreadable, binary, find_pinned, opened
from daydream.analysis.logs.tally import Tally
from daydream.analysis.logs.tally_stand import TallyStand, whole
from daydream.analysis.logs.times import Clock
from daydream.analysis.logs.unpack import HEAD, LinesStand
from daydream.analysis.redaction import quoted

PART_BYTES = 8 * 2**20
_GROWTH = 32
LEARN_BYTES = 64 * 2**20
_SLACK_S = 3 * 3600.0
_JUMP_S = 2 * 3600.0
_PROBE = 16_384
_PROBES = 32
_LARGE = 4 * 2**20
_MOST_BYTES = 2**30
_UNPACKS_TO = 10
_SKEW_S = 300.0
_ROTATED = "it was rotated or cut before it could be read; tomorrow's night reads it"


@dataclass(frozen=True, slots=True)
class Window:
    """What counts as last night's: from `start` to `end`, seconds since 1970."""

    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Beginning:
    """Where a file is begun that was never read: the byte, about how many bytes before the window that makes, and
    what is to be said of it."""

    offset: int
    older: int = 0
    note: str = ""


Piece = tuple[Pin, Path, int]


class ScanStand(msgspec.Struct, frozen=True, array_like=True):
    """A reading between two parts: how many of its files were begun, what it counted, and where it is in the file that is
    being read."""

    begun: int
    parts: int
    bytes: int
    read: int
    notes: list[str]
    ends: list[Position]
    lines: LinesStand | None
    reader: ReaderStand | None
    undated: bool
    tally: TallyStand


class Scan:
    """Reads a log's files one after the other into a tally, `part_bytes` at a time, a little more as there is more.

    A file comes with the byte to begin at, or without: then what may lie in the window is read. `ends` has a
    position for each file that was read to its end.
    """

    def __init__(
        self,
        files: Sequence[tuple[Pin, Path] | Piece],
        window: Window,
        clock: Clock,
        tally: Tally,
        part_bytes: int = PART_BYTES,
    ) -> None:
        self._part_bytes = part_bytes
        self._every = list(files)
        self._files = self._every[:]
        self._begun = 0
        self._window, self._clock, self.tally = window, clock, tally
        self._lines: Lines | None = None
        self._reader = Reader(clock)
        self._pin = Pin(0, 0, 0, 0)
        self._undated = False
        self._present = 0.0
        self.parts = 0
        self.bytes = 0
        self.read = 0
        self.notes: list[str] = []
        self.ends: list[Position] = []

    def advance(self, check: Callable[[], None]) -> bool:
        """Read one part; return whether everything is read.

        Raises:
            Unreadable: a file is gone or cannot be read.
        """
        self.parts += 1
        before = self.bytes
        most = max(self._part_bytes, before // _GROWTH)
        while self.bytes - before < most:
            check()
            if self._lines is None and not self._next_file():
                return True
            if self._lines is not None:
                self._portion(self._lines)
        return self._lines is None and not self._files

    def stand(self, clean: Callable[[str], str]) -> "ScanStand | None":
        """Return how the reading stands between two parts; `clean` hides what may not be kept. None where it is in the middle of
        what cannot be cleaned before it is whole."""
        reader = self._reader.stand(clean) if self._lines is not None else None
        if self._lines is not None and reader is None:
            return None
        return ScanStand(
            self._begun,
            self.parts,
            self.bytes,
            self.read,
            list(map(whole, self.notes)),
            list(self.ends),
            self._lines.stand() if self._lines is not None else None,
            reader,
            self._undated,
            tally_stand.stand(self.tally),
        )

    def take_up(self, stand: "ScanStand", check: Callable[[], None]) -> None:
        """Go on from where a reading of the same files stood.

        Raises:
            Unreadable: a file is gone or cannot be read.
        """
        lines, self._lines = self._lines, None
        self._files = self._every[stand.begun :]
        self._begun, self.parts, self.bytes, self.read = stand.begun, stand.parts, stand.bytes, stand.read
        self.notes, self.ends, self._undated = list(stand.notes), list(stand.ends), stand.undated
        tally_stand.take_up(self.tally, stand.tally)
        if stand.lines is None or stand.reader is None:
            return
        self._pin, path, *_ = self._every[stand.begun - 1]
        if lines is None:
            lines = Lines.taken_up(path, self._pin.size, stand.lines, check)
        self._lines = lines
        self._present = stand.lines.modified + _SKEW_S
        self._reader = Reader.taken_up(self._clock.at(stand.lines.modified), stand.reader)

    def close(self) -> None:
        """Close the file that is being read."""
        if self._lines is not None:
            self._lines.close()
            self._lines = None

    def _next_file(self) -> bool:
        """Open the next file that may hold records of the window; False when there is none left."""
        if not self._files:
            return False
        pin, path, *given = self._files.pop(0)
        self._begun += 1
        start = given[0] if given else self._beginning(pin, path)
        if start is None:
            self.read += 1
            return True
        lines = self._open(pin, path, start)
        why = binary(lines.head) or (lines.damage if not lines.head else None)
        if why is not None:
            lines.close()
            self.notes.append(f"{lines.name} was not read: {why}.")
            return True
        self.read += 1
        clock = self._clock.at(lines.modified)
        self._undated = not dated(lines, path, pin.size, clock)
        self._lines, self._pin = lines, pin
        self._reader = Reader(clock, _last_stamp(lines.tail, clock))
        self._present = lines.modified + _SKEW_S
        return True

    def _beginning(self, pin: Pin, path: Path) -> int | None:
        found = beginning(pin, path, self._window, self._clock)
        if found is not None and found.note:
            self.notes.append(found.note)
        return None if found is None else found.offset

    def _open(self, pin: Pin, path: Path, start: int) -> Lines:
        """Open a pinned file, under another name if it was renamed since."""
        for _ in range(3):
            lines = Lines(path, pin.size, start)
            if lines.file == (pin.device, pin.inode):
                return lines
            lines.close()
            found = find_pinned([pin], [path])
            if found is None:
                break
            path = found[0]
        raise Unreadable(_ROTATED)

    def _portion(self, lines: Lines) -> None:
        """Read the next lines of the open file into the tally."""
        before = lines.taken
        portion = lines.portion()
        self.bytes += lines.taken - before
        records = self._reader.feed(portion) if portion is not None else self._reader.end()
        for record in records:
            self.tally.add(record, undated=self._undated, present=self._present)
        if portion is None:
            self._finish(lines)

    def _finish(self, lines: Lines) -> None:
        name, begun = lines.name, self._pin.start
        if self._undated and self.tally.entries:
            which = f"from byte {begun:,} on" if begun else "of its entries"
            self.notes.append(f"{name} has no time stamps: all {which} are counted.")
        if lines.cut:
            self.notes.append(f"{name}: {lines.cut} lines of more than 64 KiB were cut.")
        if lines.damage:
            self.notes.append(f"{name} is damaged and was read in part: {quoted(lines.damage, 120)}.")
        size = min(HEAD, lines.offset)
        tail = zlib.crc32(lines.tail[-size:]) if size and len(lines.tail) >= size else None
        head = zlib.crc32(lines.head[:size])
        pin = self._pin
        self.ends.append(Position(pin.device, pin.inode, lines.offset, head, pin.size, tail))
        self.close()


def dated(lines: Lines, path: Path, size: int, clock: Clock) -> bool:
    """Tell whether a file has time stamps, by its first 4 KiB and its last 16 KiB."""
    if any(stamp_of(line, clock) is not None for line in lines.sample()):
        return True
    if lines.packed:
        return False
    with opened(path) as handle:
        handle.seek(max(0, size - _PROBE))
        return _last_stamp(handle.read(min(_PROBE, size)), clock) is not None


def beginning(pin: Pin, path: Path, window: Window, clock: Clock, learn: int = 0) -> Beginning | None:
    """Find where to begin in a file that was never read: at most about `learn` bytes before the first record of
    the window; None where all of it is older.

    Raises:
        Unreadable: it cannot be read.
    """
    lines = Lines(path, pin.size)
    lines.close()
    clock, old = clock.at(lines.modified), lines.modified < window.start
    if lines.packed:
        older = pin.size * _UNPACKS_TO if old else 0
        return Beginning(0, older) if older <= learn else None
    if not dated(lines, path, pin.size, clock):
        start = max(0, pin.size - LEARN_BYTES)
        note = f"{lines.name} has no time stamps and is large: it is read from byte {start:,} on."
        return None if old else Beginning(start - start % 2, 0, note if start else "")
    if pin.size <= _LARGE:
        return Beginning(0, pin.size if old else 0)
    low = window_offset(path, pin.size, window.start - _SLACK_S, clock)
    if low is None:
        start = max(0, pin.size - _MOST_BYTES)
        note = f"{lines.name} is not in the order of time and large: it is read from byte {start:,} on."
        return Beginning(start - start % 2, 0, note if start else "")
    start = max(0, low - learn)
    return Beginning(start - start % 2 if start < low else low, low - start)


def window_offset(path: Path, size: int, start: float, clock: Clock) -> int | None:
    """Return a line's offset before which, as 32 stamps spread over the file show, all is older than
    `start`; None where they are missing or out of order by more than two hours."""
    with opened(path) as handle:

        def probe(offset: int) -> tuple[float, int] | None:
            handle.seek(offset)
            at = offset
            for number, line in enumerate(handle.read(min(_PROBE, size - offset)).split(b"\n")[:-1]):
                stamp = stamp_of(line.decode("utf-8", "replace"), clock) if number or not offset else None
                if stamp is not None:
                    return stamp, at
                at += len(line) + 1
            return None

        seen = [probe(size * index // _PROBES) for index in range(_PROBES)]
        found = [item for item in seen if item is not None]
        latest = itertools.accumulate((stamp for stamp, _ in found), max)
        if len(found) < _PROBES or any(s[0] < top - _JUMP_S for s, top in zip(found, latest, strict=True)):
            return None
        low, high = 0, size
        while high - low > _PROBE * 4:
            middle = probe((low + high) // 2)
            if middle is None:
                break
            low, high = (middle[1], high) if middle[0] < start else (low, (low + high) // 2)
        return low


def _last_stamp(tail: bytes, clock: Clock) -> float | None:
    """Return the last instant in the bytes before some line."""
    lines = tail.decode("utf-8", "replace").split("\n")
    for line in reversed(lines[1:] if len(tail) >= HEAD else lines):
        when = stamp_of(line, clock)
        if when is not None:
            return when
    return None
