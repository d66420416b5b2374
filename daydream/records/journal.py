"""Journal entries: everything that happened in a night, in order; the head is a fold over them."""

import msgspec

from daydream.records.finding import Examined, Finding
from daydream.records.head import Segment
from daydream.records.outcome import Facts
from daydream.records.repository import Examination


class Started(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="started"):
    """The run was accepted. Pins what it reads from the nights before: the findings snapshot (a file
    name), how much of the suppressions' inbox counts, and the sub-steps that come first."""

    examination: Examination
    repository: str
    states: tuple[str, ...]
    first_night: bool
    previous_findings: str | None
    previous_commit: str | None
    inbox_bytes: int
    first: dict[str, tuple[str, ...]] = {}


class Entered(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="entered"):
    """The machine moved to this state."""

    state: str
    closing: str | None = None


class Planned(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="planned"):
    """A state's sub-steps were named: `count` names from byte `at` of the plan segment."""

    state: str
    count: int
    at: int
    plan: Segment


class Progressed(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="progressed"):
    """A part of a long sub-step was finished. `effects` is the segment after its changes were staged."""

    state: str
    name: str
    part: int
    cursor: str
    findings: tuple[Finding, ...] = ()
    examined: tuple[Examined, ...] = ()
    facts: Facts = {}
    changes: int = 0
    effects: Segment | None = None


class Ended(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="ended"):
    """A sub-step ended: done, skipped or failed. `next_at` is the byte of the next name in the plan."""

    state: str
    name: str
    kind: str
    part: int
    next_at: int
    findings: tuple[Finding, ...] = ()
    examined: tuple[Examined, ...] = ()
    facts: Facts = {}
    reason: str = ""
    detail: str = ""
    quarantined: bool = False
    changes: int = 0
    effects: Segment | None = None


class Cut(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="cut"):
    """The rest of a state's plan, from byte `at` on, did not fit into the budget."""

    state: str
    count: int
    at: int


class EffectEnded(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="effect"):
    """The applier is through with a change: done, conflict or failed."""

    id: str
    kind: str
    path: str
    status: str
    next_at: int
    detail: str = ""
    reversible: bool = False


class StateClosed(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="closed"):
    """Nothing is left to do in this state."""

    state: str
    skipped: str = ""


class Reopened(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="reopened"):
    """A finished night is taken up again for the states that failed, and for its report."""

    states: tuple[str, ...]


class Noted(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="noted"):
    """Something about the run itself that its reader must know, as a sentence."""

    text: str


class Finished(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="finished"):
    """The run is over: done, abandoned or halted."""

    how: str


Entry = (
    Started
    | Entered
    | Planned
    | Progressed
    | Ended
    | Cut
    | EffectEnded
    | StateClosed
    | Reopened
    | Noted
    | Finished
)


class Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line of a journal segment: its sequence number, the crc32 of the entry's bytes, the entry."""

    seq: int
    crc: str
    entry: msgspec.Raw
