"""Outcomes: what a sub-step came to."""

from typing import Any

import msgspec

from daydream.records.change import Change
from daydream.records.finding import Examined, Finding

Facts = dict[str, Any]


class Row(msgspec.Struct, frozen=True):
    """One row for a table of the dream store; run and seq are added by whoever commits it."""

    table: str
    values: dict[str, Any]


class Done(msgspec.Struct, frozen=True, kw_only=True, tag="done"):
    """The sub-step is finished. `facts` are counted numbers and short texts, JSON only.

    `rows` go to the dream store in the same commit and are not kept in the journal.
    """

    findings: tuple[Finding, ...] = ()
    examined: tuple[Examined, ...] = ()
    facts: Facts = {}
    changes: tuple[Change, ...] = ()
    rows: tuple[Row, ...] = ()


class More(msgspec.Struct, frozen=True, kw_only=True, tag="more"):
    """A part of a long sub-step is finished; call again with `cursor` (at most 1,000 characters)."""

    cursor: str
    findings: tuple[Finding, ...] = ()
    examined: tuple[Examined, ...] = ()
    facts: Facts = {}
    changes: tuple[Change, ...] = ()
    rows: tuple[Row, ...] = ()


class Skipped(msgspec.Struct, frozen=True, kw_only=True, tag="skipped"):
    """The sub-step could not look, and says why and what would let it."""

    reason: str


class Failed(msgspec.Struct, frozen=True, kw_only=True, tag="failed"):
    """The sub-step went wrong; `detail` may hold a traceback (it stays in the journal)."""

    error: str
    detail: str = ""


Outcome = Done | More | Skipped | Failed
