"""What a night has come to, as the report sees it: read from the journal, rendered by `report`."""

from typing import Literal

import msgspec

from daydream.records.finding import Severity
from daydream.records.repository import Examination
from daydream.records.section import SectionData

Standing = Literal["new", "worse", "still", "gone", "not_looked_at"]


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """A finding with its history.

    `id` is the fingerprint of the night that first saw it and never changes, also when its file is
    renamed. `standing` compares with the last night that looked: not_looked_at is carried over, and
    nothing is gone unless its rule and version looked at its subject tonight. Nights are dates.
    """

    id: str
    rule: str
    rule_version: int
    severity: Severity
    subject: str
    identity: str
    message: str
    evidence: str = ""
    action: str = ""
    line: int | None = None
    worth: float = 0.5
    magnitude: float | None = None
    first_night: str
    last_night: str
    standing: Standing
    suppressed_until: str | None = None
    suppress_reason: str | None = None


class StepLine(msgspec.Struct, frozen=True, kw_only=True):
    """How one state of the night ended. `partial`: some of its sub-steps did not fit, were skipped or
    failed, and `reason` says so in a sentence."""

    key: str
    group: Literal["dream", "maintain", "propose"]
    title: str
    status: Literal["done", "partial", "skipped", "failed", "not_run"]
    reason: str = ""


class EffectLine(msgspec.Struct, frozen=True, kw_only=True):
    """One change that was executed, or that could not be: done, conflict, failed, unknown."""

    id: str
    kind: str
    path: str
    status: str
    detail: str = ""


class NightFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the report is rendered from.

    `duration_s` (active seconds over all processes) and `resumed` (how often the night was taken up
    again) are telemetry: they appear in the report's `Duration` and `Resumed` lines only.
    `closed` is None for an ordinary end, else why the night was abandoned.
    """

    date: str
    number: int
    run: str
    repository: str
    mode: str
    first_night: bool
    started_at: str
    examination: Examination
    steps: tuple[StepLine, ...]
    sections: tuple[SectionData, ...]
    findings: tuple[Known, ...]
    effects: tuple[EffectLine, ...] = ()
    cut: tuple[str, ...] = ()
    quarantined: tuple[str, ...] = ()
    duration_s: float | None = None
    resumed: int = 0
    closed: str | None = None
