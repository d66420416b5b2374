"""One log with its rotations, read from pinned bytes in parts; the same parts whenever it is read again."""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from daydream.analysis.logs.issues import Tally
from daydream.analysis.logs.records import Reader, stamp_of
from daydream.analysis.logs.sources import Lines, Pin, binary, opened
from daydream.analysis.logs.times import Clock
from daydream.analysis.redaction import quoted

PART_BYTES = 4 * 2**20
_SLACK_S = 3600.0
_PROBE = 16_384
_PROBES = 32
_LARGE = 4 * 2**20
_SKEW_S = 300.0


@dataclass(frozen=True, slots=True)
class Window:
    """What counts as last night's: from `start` to `end`, seconds since 1970."""

    start: float
    end: float


class Scan:
    """Reads a log's files one after the other into a tally, `part_bytes` at a time."""

    def __init__(
        self,
        files: Sequence[tuple[Pin, Path]],
        window: Window,
        clock: Clock,
        tally: Tally,
        part_bytes: int = PART_BYTES,
    ) -> None:
        self._part_bytes = part_bytes
        self._files = list(files)
        self._window, self._clock, self.tally = window, clock, tally
        self._lines: Lines | None = None
        self._reader = Reader(clock)
        self._undated = False
        self._present = 0.0
        self.parts = 0
        self.bytes = 0
        self.read = 0
        self.notes: list[str] = []

    def advance(self, check: Callable[[], None]) -> bool:
        """Read one part; return whether everything is read.

        Raises:
            Unreadable: a file is gone or cannot be read.
        """
        self.parts += 1
        before = self.bytes
        while self.bytes - before < self._part_bytes:
            check()
            if self._lines is None and not self._next_file():
                return True
            if self._lines is not None:
                self._portion(self._lines)
        return self._lines is None and not self._files

    def close(self) -> None:
        """Close the file that is being read."""
        if self._lines is not None:
            self._lines.close()
            self._lines = None

    def _next_file(self) -> bool:
        """Open the next file that may hold records of the window; False when there is none left."""
        if not self._files:
            return False
        pin, path = self._files.pop(0)
        lines = Lines(path, pin.size)
        sample = lines.sample()
        why = binary(sample) or lines.damage
        if why is not None:
            lines.close()
            self.notes.append(f"{lines.name} was not read: {why}.")
            return True
        self.read += 1
        modified = path.stat().st_mtime
        head = sample.decode("utf-8", "replace").split("\n")
        dated = self._any_stamp(head) or self._any_stamp(_tail(path, pin.size) if not lines.packed else [])
        if modified < self._window.start and (lines.packed or not dated):
            lines.close()
            return True
        self._lines, self._reader = lines, Reader(self._clock)
        self._present, self._undated = modified + _SKEW_S, not dated
        if not lines.packed and pin.size > _LARGE:
            lines.seek(window_offset(path, pin.size, self._window.start - _SLACK_S, self._clock))
        return True

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
        name = lines.name
        if self._undated and self.tally.entries:
            self.notes.append(f"{name} has no time stamps: all of its entries are counted.")
        if lines.cut:
            self.notes.append(f"{name}: {lines.cut} lines of more than 64 KiB were cut.")
        if lines.damage:
            self.notes.append(f"{name} is damaged and was read in part: {quoted(lines.damage, 120)}.")
        self.close()

    def _any_stamp(self, lines: Sequence[str]) -> bool:
        return any(stamp_of(line, self._clock) is not None for line in lines)


def window_offset(path: Path, size: int, start: float, clock: Clock) -> int:
    """Return a line's offset before which, as 32 stamps spread over the file show, all is older than
    `start`; 0 where they are missing or out of order, so that everything is read."""
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
        if len(found) < _PROBES or any(b[0] < a[0] for a, b in itertools.pairwise(found)):
            return 0
        low, high = 0, size
        while high - low > _PROBE * 4:
            middle = probe((low + high) // 2)
            if middle is None:
                break
            low, high = (middle[1], high) if middle[0] < start else (low, (low + high) // 2)
        return low


def _tail(path: Path, size: int) -> list[str]:
    with opened(path) as handle:
        handle.seek(max(0, size - _PROBE))
        return handle.read(min(_PROBE, size)).decode("utf-8", "replace").split("\n")[1:]
