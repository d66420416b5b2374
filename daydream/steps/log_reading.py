"""A log with its rotations read on from where the last night was, in parts, the same parts after an interruption."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from daydream.analysis.logs import positions
from daydream.analysis.logs.history import Memory
from daydream.analysis.logs.scan import Scan, Window
from daydream.analysis.logs.sources import Pin, find_pinned
from daydream.analysis.logs.tally import Locate, Tally
from daydream.analysis.logs.times import Clock
from daydream.analysis.redaction import Policy
from daydream.contracts.context import Context

DAY_S = 86_400.0
LONGEST_REST_S = 7 * DAY_S


class Cursor(msgspec.Struct, frozen=True, array_like=True):
    """Where a log's reading stands: how many parts of which bytes are done."""

    parts: int
    pins: tuple[Pin, ...]


@dataclass(slots=True)
class Reading:
    """A reading in progress, kept between the parts; rebuilt from its cursor when it is not at hand."""

    cursor: str
    scan: Scan
    pins: tuple[Pin, ...]
    memory: Memory
    window: Window
    paths: tuple[Path, ...]

    @property
    def text(self) -> str:
        """The cursor after the parts that are done."""
        return msgspec.json.encode(Cursor(self.scan.parts, self.pins)).decode()

    def positions(self) -> list[list[int | None]]:
        """What the next night goes on from; to be asked for when everything was read."""
        last = self.memory.last
        rows = [list(msgspec.structs.astuple(one)) for one in last.positions] if last else None
        return positions.after(self.scan, rows, self.paths)


def window_of(ctx: Context, memory: Memory) -> Window:
    """Tonight's window: the last 24 hours, or since the last night that read the log, at most a week."""
    end = ctx.started_at.timestamp()
    since = end - DAY_S if memory.last is None else min(end - DAY_S, memory.last.until)
    return Window(max(since, end - LONGEST_REST_S), end)


def begin(
    ctx: Context,
    memory: Memory,
    paths: Sequence[Path],
    cursor: str | None,
    known: Sequence[tuple[str, str]],
    tools: "Tools",
) -> Reading | None:
    """Return the reading that stands at `cursor` (None: at its beginning), by reading the same bytes again; None where
    they are gone.

    Raises:
        Unreadable: none of the files can be read.
    """
    window = window_of(ctx, memory)
    clock = Clock(ctx.zone, ctx.started_at)
    tally = Tally(window.start, window.end, tools.locate, known, tools.policy)
    notes: list[str] = []
    parts = 0
    if cursor is None:
        last = memory.last
        rows = [list(msgspec.structs.astuple(one)) for one in last.positions] if last else None
        plan = positions.plan(paths, rows, window, clock)
        pieces, notes = plan.pieces, plan.notes
    else:
        stand = msgspec.json.decode(cursor, type=Cursor)
        again = find_pinned(stand.pins, paths)
        if again is None:
            return None
        pieces = [(pin, path, pin.start) for pin, path in zip(stand.pins, again, strict=True)]
        parts = stand.parts
    scan = Scan(pieces, window, clock, tally, tools.part_bytes)
    scan.notes += notes
    while scan.parts < parts:
        if scan.advance(tools.check):
            return None
    pins = tuple(pin for pin, *_ in pieces)
    return Reading(cursor or "", scan, pins, memory, window, tuple(paths))


@dataclass(frozen=True, slots=True)
class Tools:
    """What every log of a night is read with."""

    locate: Locate
    policy: Policy
    part_bytes: int
    check: Callable[[], None]
