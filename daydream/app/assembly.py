"""Putting a night together: context, applier, sink and runner from what was pinned."""

import contextlib
import datetime as dt
import os
from collections.abc import Container, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from daydream import clock
from daydream.contracts.context import Context
from daydream.errors import StateDamaged, StateNewer
from daydream.flow import facts
from daydream.flow.runner import Night, Runner
from daydream.records.change import Advance, Change, Delete, DropRef, Pack, SetRef
from daydream.records.finding import Examined, Finding
from daydream.records.head import Head
from daydream.records.journal import Started
from daydream.records.night import Known, NightFacts
from daydream.records.outcome import Row
from daydream.repository.checkout import renames
from daydream.repository.ground import Ground
from daydream.repository.places import Places
from daydream.steps.log_archive import permitted
from daydream.store import findings, suppressions
from daydream.store.applier import Applier
from daydream.store.cache import AnalysisCache
from daydream.store.checkpoint import Checkpoint
from daydream.store.dreams import DreamStore
from daydream.store.effects.base import Ground as EffectGround
from daydream.store.log_rows import LogStore
from daydream.store.rows import RowStore

if TYPE_CHECKING:
    from daydream.app.night import Start
    from daydream.config.model import Config

CACHE = "analysis.db"
STORES = (DreamStore, LogStore)


class Silent:
    """An observer that nobody looks at."""

    def state(self, name: str, index: int, total: int) -> None:
        """Ignore it."""

    def progress(self, item: str, k: int, n: int) -> None:
        """Ignore it."""

    def note(self, text: str) -> None:
        """Ignore it."""

    def budget(self, seconds_left: float | None) -> None:
        """Ignore it."""


class Everything:
    """The files of a night that was closed without looking: nothing is known to be gone."""

    def __contains__(self, path: object) -> bool:
        return True


class StoreSink:
    """The stores as the runner sees them: each row goes to the one that has its table."""

    def __init__(self, state: Path) -> None:
        self._stores: tuple[RowStore, ...] = tuple(kind.open(state / kind.schema.file) for kind in STORES)

    def commit(self, run: str, seq: int, rows: Sequence[Row]) -> None:
        """Store rows under (run, seq), all of them or, where a store refuses its own, none."""
        known = {table for store in self._stores for table in store.schema.accepts}
        if unknown := sorted({row.table for row in rows} - known):
            msg = f"no store has a table {', '.join(unknown)}"
            raise ValueError(msg)
        with contextlib.ExitStack() as undo:
            for store in self._stores:
                store.commit(run, seq, [row for row in rows if row.table in store.schema.accepts])
                undo.callback(store.rollback, run, seq - 1)
            undo.pop_all()

    def rollback(self, run: str, after_seq: int) -> None:
        """Delete the run's rows that no head counts; a store that is damaged does not keep those of the others."""
        with contextlib.ExitStack() as all_of_them:
            for store in self._stores:
                all_of_them.callback(store.rollback, run, after_seq)


def prune_stores(places: Places, head: Head) -> None:
    """Let the stores forget what is old; a finished night's own rows stay."""
    for kind in STORES:
        with (
            contextlib.suppress(StateDamaged, StateNewer),
            kind.open(places.state / kind.schema.file) as store,
        ):
            store.prune(clock.now(), run=head.run)


def started(checkpoint: Checkpoint) -> Started:
    """The run's first entry.

    Raises:
        StateDamaged: it is not there.
    """
    for _, entry in checkpoint.entries():
        if isinstance(entry, Started):
            return entry
        break
    msg = f"the journal of run {checkpoint.current.run} does not begin with its start"
    raise StateDamaged(msg)


def assemble(start: "Start", ground: Ground | None) -> Runner:
    """Wire a runner for the checkpoint's current run; without ground it can only write the report."""
    checkpoint, places, config = start.checkpoint, start.places, start.config
    head, began = checkpoint.current, started(checkpoint)
    observer = start.request.observer or Silent()
    present = frozenset(file.path for file in ground.files) if ground else Everything()
    effect_ground = EffectGround(
        places={"logs": places.logs, "state": places.state, "checkout": places.root},
        root=places.root,
        staged=checkpoint.run_folder / "staged",
        trash=checkpoint.run_folder / "trash",
        stop=start.stop,
    )
    night = Night(
        specs=start.specs,
        steps={spec.state: spec.make(config) for spec in start.specs},
        checkpoint=checkpoint,
        applier=Applier(
            checkpoint, effect_ground, lambda change: refusal(change, head.mode, config, places.root)
        ),
        sink=StoreSink(places.state),
        observer=observer,
        stop=start.stop,
        budget_s=start.budget_s if start.said_budget else head.budget_ms / 1000,
    )

    def tonight() -> NightFacts:
        return facts.assemble(
            checkpoint.current,
            runner.journal(),
            start.specs,
            section=runner.section,
            classify=lambda found, examined: _classified(start, present, began, found, examined),
            duration_s=runner.spent_ms / 1000,
        )

    context = Context(
        root=places.root,
        tree=ground.tree if ground else places.root,
        state=places.state,
        logs=places.logs,
        files=ground.files if ground else (),
        examination=began.examination,
        started_at=clock.from_text(head.started_at),
        zone=clock.zone(head.zone),
        date=head.night,
        run=head.run,
        mode=head.mode,
        first_night=began.first_night,
        stop=start.stop,
        env=os.environ,
        progress=observer.progress,
        night=tonight,
        scratch=places.cache / "verify",
        cache=AnalysisCache(places.cache / CACHE, dt.date.fromisoformat(head.night).toordinal()),
        results=lambda state: facts.results(runner.journal(), state),
        unexamined=ground.unexamined if ground else (),
    )
    runner = Runner(night, context, start.begun)
    return runner


def refusal(change: Change, mode: str, config: "Config", root: Path) -> str | None:
    """Why a change is not allowed in a night of this mode, or None.

    Daydream's own logs and state, and refs below its own name, are always its to write. The checkout
    is only changed in `apply`, or where a person named the folder; logs are packed only where a person
    named them, whatever the mode, and nothing else outside the checkout is touched.
    """
    archives = permitted(change, config.logs.archive, root)
    if isinstance(change, Pack) or (
        not isinstance(change, SetRef | DropRef | Advance) and change.place == "machine"
    ):
        return None if archives else "not named by logs.archive in your own configuration"
    if mode == "apply" or isinstance(change, SetRef | DropRef):
        return None
    if isinstance(change, Advance):
        return f"not allowed in {mode} mode"
    if change.place != "checkout":
        return None
    if archives or (isinstance(change, Delete) and Path(change.path).name in config.clean.artefacts):
        return None
    return f"not allowed in {mode} mode"


def _classified(
    start: "Start",
    present: Container[str],
    began: Started,
    found: Sequence[Finding],
    examined: Sequence[Examined],
) -> tuple[Known, ...]:
    folder = start.places.state / "night"
    name = began.previous_findings
    previous = findings.read(folder / "findings" / name) if name else None
    wishes, _ = suppressions.read_suppressions(folder / "inbox", began.inbox_bytes)
    commit = began.examination.commit
    moved = {}
    if began.previous_commit and commit and began.previous_commit != commit:
        moved = renames(start.places.root, began.previous_commit, commit, start.stop)
    return findings.classify(
        previous,
        found,
        examined,
        night=start.checkpoint.current.night,
        present_paths=present,
        renames=moved,
        suppressions=wishes,
    )


@contextlib.contextmanager
def telemetry(checkpoint: Checkpoint, runner: Runner) -> Iterator[None]:
    """Note when a process took the run up and how it left it; never part of the report, never synced."""
    path = checkpoint.run_folder / "telemetry.jsonl"
    _note(path, {"event": "start", "at": clock.to_text(clock.now()), "pid": os.getpid()})
    left = "interrupted"
    try:
        yield
        left = "finished"
    finally:
        head = checkpoint.current
        _note(
            path,
            {
                "event": left,
                "at": clock.to_text(clock.now()),
                "pid": os.getpid(),
                "position": head.position,
                "commits": head.gen,
                "spent_ms": runner.spent_ms,
                "states_ms": runner.states_ms,
            },
        )


def _note(path: Path, event: dict[str, object]) -> None:
    with path.open("ab") as handle:
        handle.write(msgspec.json.encode(event) + b"\n")
