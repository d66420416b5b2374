"""A night of the dream half alone: the steps, and a runner that commits their rows and no more."""

import datetime as dt
import hashlib
from collections.abc import Sequence
from pathlib import Path

from daydream.config.model import Config
from daydream.contracts.context import Context
from daydream.contracts.dream import Kind
from daydream.contracts.step import Step
from daydream.dream import catalogue, generate, judge
from daydream.dream.kinds.parameter_exploration import ParameterExploration
from daydream.processes import Stop
from daydream.records.night import NightFacts
from daydream.records.outcome import Done, More, Outcome, Skipped
from daydream.records.repository import Examination, SourceFile
from daydream.records.section import SectionData, SubStepResult
from daydream.store.dreams import DreamStore

STARTED_AT = dt.datetime(2026, 11, 21, 2, tzinfo=dt.UTC)


def write(tree: Path, files: dict[str, str | bytes]) -> None:
    """Write files below `tree`."""
    for path, content in files.items():
        target = tree / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content if isinstance(content, bytes) else content.encode())


def context(
    tree: Path, state: Path, run: str = "run-1", commit: str | None = None, *, shallow: bool = False
) -> Context:
    """Return the context of a night on whatever lies in `tree`."""
    files = [
        SourceFile(
            path.relative_to(tree).as_posix(),
            hashlib.sha1(path.read_bytes()).hexdigest(),
            path.stat().st_size,
        )
        for path in sorted(tree.rglob("*"))
        if path.is_file() and ".git" not in path.parts
    ]

    def no_facts() -> NightFacts:
        raise AssertionError

    return Context(
        root=tree,
        tree=tree,
        state=state,
        logs=state,
        files=files,
        examination=Examination(commit=commit, branch=None, shallow=shallow, files=len(files)),
        started_at=STARTED_AT,
        zone=dt.UTC,
        date="2026-11-21",
        run=run,
        mode="report",
        first_night=False,
        stop=Stop(),
        env={},
        progress=lambda _item, _number, _of: None,
        night=no_facts,
    )


def store_of(ctx: Context) -> DreamStore:
    """Return the store that a night in this context writes."""
    return DreamStore.open(ctx.state / "dreams.db")


class Night:
    """Runs steps sub-step by sub-step, and commits."""

    def __init__(self, ctx: Context) -> None:
        self.ctx = ctx
        self.seq = 0

    def run(self, step: Step, *, leave_out: tuple[str, ...] = ()) -> SectionData:
        """Run a step to its end, without some of its sub-steps; return its section."""
        results = [self.sub_step(step, name) for name in step.plan(self.ctx) if name not in leave_out]
        return step.section(results)

    def sub_step(self, step: Step, name: str) -> SubStepResult:
        """Run one sub-step to its end."""
        parts = []
        outcome: Outcome = More(cursor="")
        cursor = None
        while isinstance(outcome, More):
            outcome = step.run(self.ctx, name, cursor)
            if isinstance(outcome, Done | More):
                self.seq += 1
                with store_of(self.ctx) as store:
                    store.commit(self.ctx.run, self.seq, outcome.rows)
                parts.append(outcome.facts)
            cursor = outcome.cursor if isinstance(outcome, More) else None
        reason = outcome.reason if isinstance(outcome, Skipped) else ""
        kind = "skipped" if isinstance(outcome, Skipped) else "done"
        return SubStepResult(name=name, kind=kind, parts=tuple(parts), reason=reason)


def whole_night(
    ctx: Context, config: Config | None = None, kinds: Sequence[Kind] = (ParameterExploration(),)
) -> dict[str, SectionData]:
    """Catalogue, generate by these kinds, and judge; return the three sections by key."""
    night = Night(ctx)
    settings = config or Config()
    steps = {
        "catalogue": catalogue.make(settings),
        "generate": generate.Generate(settings, kinds),
        "judge": judge.make(settings),
    }
    return {name: night.run(step) for name, step in steps.items()}
