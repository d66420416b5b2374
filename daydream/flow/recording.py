"""Recording what a sub-step came to: rows first, then staged changes, then the head that counts both."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import msgspec
from msgspec.structs import replace

from daydream.errors import StateDamaged, StateNewer
from daydream.records.head import Attempt
from daydream.records.journal import Ended, Progressed
from daydream.records.outcome import Done, Failed, More, Outcome, Row, Skipped
from daydream.store.applier import Applier
from daydream.store.checkpoint import Checkpoint

MAX_ATTEMPTS = 3
_CURSOR_LIMIT = 1500
_BOOT = Path("/proc/sys/kernel/random/boot_id")


class RowSink(Protocol):
    """Where rows of the dream store go, before the head that counts them is committed."""

    def commit(self, run: str, seq: int, rows: Sequence[Row]) -> None:
        """Store rows under (run, seq); the same call again changes nothing."""
        ...

    def rollback(self, run: str, after_seq: int) -> None:
        """Delete the run's rows that no head counts."""
        ...


@dataclass(frozen=True, slots=True)
class Recorder:
    """Commits outcomes; one commit each, whatever they carry."""

    checkpoint: Checkpoint
    applier: Applier
    sink: RowSink

    def record(
        self, state: str, name: str, next_at: int, outcome: Outcome, *, following: str | None, spent_ms: int
    ) -> None:
        """Commit an outcome of the sub-step; `following` is the name that is tried next."""
        head = self.checkpoint.current
        if isinstance(outcome, More) and len(msgspec.json.encode(outcome.cursor)) > _CURSOR_LIMIT:
            outcome = Failed(error=f"{name} returned a cursor of more than {_CURSOR_LIMIT} bytes")
        if isinstance(outcome, Done | More) and outcome.rows:
            try:
                self.sink.commit(head.run, head.seq + 1, outcome.rows)
            except (StateDamaged, StateNewer) as error:
                outcome = Failed(error=str(error))
        try:
            self._commit(state, name, next_at, outcome, following, spent_ms)
        except (UnicodeError, TypeError, ValueError) as error:
            # Nothing of the head was written: an outcome is encoded as a whole before the first byte of it is.
            self.sink.rollback(head.run, head.seq)
            failed = Failed(
                error=f"the outcome of {name} cannot be recorded: {type(error).__name__}: {error}"
            )
            self._commit(state, name, next_at, failed, following, spent_ms)

    def _commit(
        self, state: str, name: str, next_at: int, outcome: Outcome, following: str | None, spent_ms: int
    ) -> None:
        head = self.checkpoint.current
        changes = outcome.changes if isinstance(outcome, Done | More) else ()
        effects = self.applier.stage(state, name, head.part, changes)
        entry: Progressed | Ended
        upcoming: str | None = name
        if isinstance(outcome, More):
            entry = _progressed(state, name, head.part, outcome)
        else:
            entry = ended(state, name, head.part, next_at, outcome)
            entry, upcoming = replace(entry, quarantined=poisonous(head.attempt)), following
        entry = replace(entry, changes=len(changes), effects=effects)
        self.checkpoint.commit(entry, attempt=intent(upcoming) if upcoming else None, spent_ms=spent_ms)


def poisonous(attempt: Attempt | None) -> bool:
    """Whether what is tried has ended the process too often without progress."""
    return attempt is not None and attempt.kills >= MAX_ATTEMPTS


def boot_id() -> str:
    """What tells one boot of the machine from another; empty where the system does not say."""
    return _BOOT.read_text("ascii").strip() if _BOOT.exists() else ""


def intent(name: str) -> Attempt:
    """The first attempt at a sub-step, committed before its work begins."""
    return Attempt(name=name)


def _progressed(state: str, name: str, part: int, outcome: More) -> Progressed:
    return Progressed(
        state=state,
        name=name,
        part=part,
        cursor=outcome.cursor,
        findings=outcome.findings,
        examined=outcome.examined,
        facts=outcome.facts,
    )


def ended(state: str, name: str, part: int, next_at: int, outcome: Done | Skipped | Failed) -> Ended:
    """The journal entry of a sub-step that is over; changes are added by whoever stages them."""
    entry = Ended(state=state, name=name, kind="done", part=part, next_at=next_at)
    match outcome:
        case Skipped():
            return replace(entry, kind="skipped", reason=outcome.reason)
        case Failed():
            return replace(entry, kind="failed", reason=outcome.error, detail=outcome.detail)
        case Done():
            return replace(entry, findings=outcome.findings, examined=outcome.examined, facts=outcome.facts)
