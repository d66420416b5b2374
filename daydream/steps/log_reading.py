"""A log with its rotations read on from where the last night was, in parts.

After each part the reading is written down as it stands, with nothing in it that has to be hidden, and goes on from just
what was written: so a night that was killed goes on in the middle of a file, and ends like one that was not."""

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from daydream.analysis.logs import positions
from daydream.analysis.logs.history import Memory
from daydream.analysis.logs.scan import Scan, ScanStand, Window
from daydream.analysis.logs.sources import Pin, find_pinned
from daydream.analysis.logs.tally import Locate, Tally
from daydream.analysis.logs.tally_stand import whole
from daydream.analysis.logs.times import Clock
from daydream.analysis.redaction import Policy, redact
from daydream.contracts.context import Context
from daydream.records.outcome import Row
from daydream.store.log_rows import Part, row_of

DAY_S = 86_400.0
LONGEST_REST_S = 7 * DAY_S


class Stand(msgspec.Struct, frozen=True, array_like=True):
    """A reading between two parts: which bytes of which files it is of, and how it stands."""

    pins: tuple[Pin, ...]
    scan: ScanStand


_encode = msgspec.msgpack.Encoder().encode
_decoder = msgspec.msgpack.Decoder(Stand)


@dataclass(slots=True)
class Reading:
    """A reading in progress, kept between the parts; taken up from what was stored when it is not at hand.
    `cursor`: the number of the last part that was stored, "" for none."""

    cursor: str
    scan: Scan
    pins: tuple[Pin, ...]
    memory: Memory
    window: Window
    paths: tuple[Path, ...]
    tools: "Tools"

    def store(self, source: str) -> tuple[Row, ...]:
        """Return the row that the reading can be taken up from, and go on from just that; none where it is in the
        middle of what cannot be cut."""
        policy = self.tools.policy
        stood = self.scan.stand(lambda text: whole(redact(text, policy)))
        if stood is None:
            return ()
        state = _encode(Stand(self.pins, stood))
        self.scan.take_up(_decoder.decode(state).scan, self.tools.check)
        self.cursor = str(self.scan.parts)
        return (row_of(Part(source=source, part=self.scan.parts, state=zlib.compress(state, 1))),)

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
    stored: bytes | None,
    known: Sequence[tuple[str, str]],
    tools: "Tools",
) -> Reading | None:
    """Return the reading that stands as it was stored (None: at its beginning); None where its bytes are gone.

    Raises:
        Unreadable: none of the files can be read.
    """
    window = window_of(ctx, memory)
    clock = Clock(ctx.zone, ctx.started_at)
    stand = _read(stored)
    tally = Tally(window.start, window.end, tools.locate, known if stand is None else (), tools.policy)
    if stand is None:
        last = memory.last
        rows = [list(msgspec.structs.astuple(one)) for one in last.positions] if last else None
        plan = positions.plan(paths, rows, window, clock)
        scan = Scan(plan.pieces, window, clock, tally, tools.part_bytes)
        scan.notes += plan.notes
        return Reading("", scan, tuple(pin for pin, *_ in plan.pieces), memory, window, tuple(paths), tools)
    again = find_pinned(stand.pins, paths)
    if again is None:
        return None
    pieces = [(pin, path, pin.start) for pin, path in zip(stand.pins, again, strict=True)]
    scan = Scan(pieces, window, clock, tally, tools.part_bytes)
    scan.take_up(stand.scan, tools.check)
    return Reading(str(scan.parts), scan, stand.pins, memory, window, tuple(paths), tools)


def _read(stored: bytes | None) -> Stand | None:
    """Read what was stored; what another version of this program stored is read from the beginning."""
    try:
        return _decoder.decode(zlib.decompress(stored)) if stored is not None else None
    except (zlib.error, msgspec.DecodeError):
        return None


@dataclass(frozen=True, slots=True)
class Tools:
    """What every log of a night is read with."""

    locate: Locate
    policy: Policy
    part_bytes: int
    check: Callable[[], None]
