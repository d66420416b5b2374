"""peek: a first look that writes nothing to the repository, the state or the cache."""

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from daydream import clock
from daydream.app.assembly import Silent
from daydream.app.registry import NIGHT
from daydream.config.load import load
from daydream.config.model import Config
from daydream.contracts.cache import Forgetful
from daydream.contracts.context import Context
from daydream.contracts.step import Step, StepSpec
from daydream.contracts.use_cases import Observer, RunResult
from daydream.errors import DaydreamError, OutOfBudget, Stopped
from daydream.flow import budget
from daydream.flow.signals import stopping
from daydream.processes import Stop
from daydream.records.finding import Finding
from daydream.records.night import NightFacts
from daydream.records.outcome import Done, Failed, More, Skipped
from daydream.report.rank import choose, printable
from daydream.repository import places as where
from daydream.repository.ground import Ground, peek_ground
from daydream.store.findings import classify

LIMIT_S = 55.0
SHOWN = 5
_LOOKS = (
    "docs",
    "task_cleanup",
    "log_review",
    "legacy_cleanup",
)  # the dearest last: it gets what the others leave


def peek(
    root: Path, config_file: Path | None, overrides: Mapping[str, object], observer: Observer | None
) -> RunResult:
    """Look for at most 55 seconds and name the five findings most worth acting on.

    Raises:
        DaydreamError: the repository cannot be read.
    """
    stop = Stop()
    with (
        stopping(stop),
        tempfile.TemporaryDirectory(prefix="daydream-peek-", ignore_cleanup_errors=True) as scratch,
    ):
        places = where.locate(
            root, state=f"{scratch}/state", logs=f"{scratch}/logs", cache=f"{scratch}/cache", stop=stop
        )
        config = _offline(load(places.root, config_file, overrides, os.environ).config)
        begun = clock.monotonic()
        stop.deadline = begun + LIMIT_S
        with peek_ground(places, config, stop) as ground:
            context = _context(places, ground, stop, observer or Silent(), Path(scratch))
            found, notes = _look(context, config, observer or Silent(), begun)
        stop.deadline = None
    return _told(found, notes, ground)


def _offline(config: Config) -> Config:
    """A first look asks nobody, whatever a night may ask."""
    tasks = config.tasks.model_copy(update={"github": None})
    docs = config.docs.model_copy(update={"external": False})
    models = config.models.model_copy(update={"enabled": False})
    return config.model_copy(update={"tasks": tasks, "docs": docs, "models": models})


def _context(places: where.Places, ground: Ground, stop: Stop, observer: Observer, scratch: Path) -> Context:
    now = clock.now()

    def nothing() -> NightFacts:
        msg = "a peek has no report"
        raise LookupError(msg)

    return Context(
        root=places.root,
        tree=ground.tree,
        state=scratch / "state",
        logs=scratch / "logs",
        files=ground.files,
        unexamined=ground.unexamined,
        examination=ground.examination,
        started_at=now,
        zone=clock.zone("local"),
        date=clock.local_date(now, clock.zone("local")).isoformat(),
        run="peek",
        mode="report",
        first_night=True,
        stop=stop,
        env=os.environ,
        progress=observer.progress,
        night=nothing,
        cache=Forgetful(),
    )


def _look(
    context: Context, config: Config, observer: Observer, begun: float
) -> tuple[list[Finding], list[str]]:
    found: list[Finding] = []
    notes: list[str] = []
    specs = sorted((s for s in NIGHT if s.key in _LOOKS), key=lambda s: _LOOKS.index(s.key))
    states = [*(s.state for s in specs), "end"]
    shares = {s.state: s.share for s in specs}
    for number, spec in enumerate(specs, start=1):
        observer.state(spec.state, number, len(specs))
        now = clock.monotonic()
        left = LIMIT_S - (now - begun)
        context.stop.deadline = budget.deadline(
            now, left_s=left, state=spec.state, states=states, shares=shares
        )
        try:
            found.extend(_findings(spec.make(config), context, notes, spec))
        except OutOfBudget:
            notes.append(f"{spec.title}: not everything was looked at in {LIMIT_S:.0f} s")
    return found, notes


def _findings(step: Step, context: Context, notes: list[str], spec: StepSpec) -> Iterator[Finding]:
    """Yield what a step finds, sub-step by sub-step, so that what was found before a cut counts."""
    names: Sequence[str] = step.plan(context)
    for k, name in enumerate(names, start=1):
        context.progress(name, k, len(names))
        cursor: str | None = None
        while True:
            try:
                outcome = step.run(context, name, cursor)
            except (OutOfBudget, Stopped):
                raise
            except DaydreamError as error:
                outcome = Failed(error=str(error))
            if isinstance(outcome, Skipped | Failed):
                notes.append(
                    f"{spec.title}: {outcome.reason if isinstance(outcome, Skipped) else outcome.error}"
                )
                break
            yield from outcome.findings
            if isinstance(outcome, Done):
                break
            assert isinstance(outcome, More)  # noqa: S101 -- the four outcomes are handled above
            cursor = outcome.cursor


def _told(found: Sequence[Finding], notes: Sequence[str], ground: Ground) -> RunResult:
    known = classify(
        None,
        found,
        (),
        night="peek",
        present_paths=frozenset(file.path for file in ground.files),
        renames={},
        suppressions=(),
    )
    best = choose(printable(known, "new"), SHOWN, per_rule=2)
    examination = ground.examination
    lines = [f"{len(ground.files)} files looked at; found: {len(found)}, most worth acting on:"]
    for number, item in enumerate(best, start=1):
        place = f"{item.subject}:{item.line}" if item.line else item.subject
        lines.append(f"{number}. {place}: {item.message}")
        if item.action:
            lines.append(f"   do: {item.action}")
    if not best:
        lines = [
            f"{len(ground.files)} files looked at; found: {len(found)}, none of them worth your time now"
        ]
    lines += [f"note: {note}" for note in dict.fromkeys((*examination.notes, *notes))]
    lines.append("nothing was written; `daydream run` does a whole night")
    data = {
        "files": len(ground.files),
        "found": len(found),
        "findings": [msgspec.to_builtins(item) for item in best],
        "notes": list(notes),
    }
    return RunResult(lines=tuple(lines), data=data)
