"""A small night of scripted steps on a real checkpoint, for tests of the core."""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from daydream.contracts.context import Context
from daydream.contracts.step import StepSpec
from daydream.flow.recording import boot_id
from daydream.flow.runner import Night, Runner
from daydream.processes import Stop
from daydream.records.change import Change
from daydream.records.head import Head
from daydream.records.journal import Entered, Started
from daydream.records.night import NightFacts
from daydream.records.outcome import Done, Outcome, Row
from daydream.records.repository import Examination
from daydream.records.section import SectionData, SubStepResult
from daydream.store.applier import Applier
from daydream.store.checkpoint import Checkpoint
from daydream.store.effects.base import Ground
from daydream.store.lock import RunLock

Script = Callable[[Context, str, str | None], Outcome]


@dataclass
class ScriptedStep:
    """A step whose plan and outcomes are given; `calls` counts what really ran."""

    names: Sequence[str] = ("one",)
    script: Script = lambda _ctx, _name, _cursor: Done()
    calls: list[tuple[str, str | None]] = field(default_factory=list)

    def plan(self, ctx: Context) -> Sequence[str]:
        return list(self.names)

    def run(self, ctx: Context, sub_step: str, cursor: str | None) -> Outcome:
        self.calls.append((sub_step, cursor))
        return self.script(ctx, sub_step, cursor)

    def section(self, results: Sequence[SubStepResult]) -> SectionData:
        return SectionData(key="scripted", title="Scripted", facts={"ended": len(results)})


class RowList:
    """A sink that keeps rows in memory, keyed as the contract says."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, int], Sequence[Row]] = {}
        self.rolled_back: list[int] = []

    def commit(self, run: str, seq: int, rows: Sequence[Row]) -> None:
        self.rows[run, seq] = rows

    def rollback(self, run: str, after_seq: int) -> None:
        self.rolled_back.append(after_seq)
        self.rows = {key: rows for key, rows in self.rows.items() if key[0] != run or key[1] <= after_seq}


class Watcher:
    """An observer that remembers what it was told."""

    def __init__(self) -> None:
        self.states: list[str] = []
        self.notes: list[str] = []

    def state(self, name: str, index: int, total: int) -> None:
        self.states.append(name)

    def progress(self, item: str, k: int, n: int) -> None:
        pass

    def note(self, text: str) -> None:
        self.notes.append(text)

    def budget(self, seconds_left: float | None) -> None:
        pass


def spec(key: str, *, needs: tuple[str, ...] = (), halt: bool = False, share: float = 1.0) -> StepSpec:
    """A spec whose step is given elsewhere."""
    return StepSpec(
        "maintain",
        key,
        key.capitalize(),
        lambda _config: ScriptedStep(),
        share=share,
        on_failure="halt" if halt else "continue",
        needs=needs,
    )


class SmallNight:
    """A night in a folder: every call of `go` is one process's worth of work."""

    def __init__(
        self,
        folder: Path,
        steps: dict[str, ScriptedStep],
        *,
        specs: Sequence[StepSpec] | None = None,
        budget_s: float = 3600.0,
        mode: str = "apply",
        only: tuple[str, ...] = (),
    ) -> None:
        self.folder = folder
        self.steps = {**steps, "report": steps.get("report", ScriptedStep(names=("write",)))}
        self.specs = [*(specs or [spec(key) for key in steps if key != "report"]), spec("report")]
        self.budget_s = budget_s
        self.mode = mode
        self.only = only
        self.sink = RowList()
        self.watcher = Watcher()
        self.stop = Stop()
        for name in ("checkout", "logs", "state"):
            (folder / name).mkdir(parents=True, exist_ok=True)

    @property
    def night_folder(self) -> Path:
        return self.folder / "state" / "night"

    def begin(self, checkpoint: Checkpoint) -> None:
        states = tuple(s.state for s in self.specs)
        head = Head(
            run="2026-03-01.1",
            night="2026-03-01",
            number=1,
            started_at="2026-03-01T02:00:00Z",
            zone="UTC",
            mode=self.mode,
            only=self.only,
            config_digest="c",
            plan_digest="p",
            position=states[0],
            boot=boot_id(),
        )
        began = Started(
            examination=Examination(commit=None, branch=None),
            repository="small",
            states=states,
            first_night=False,
            previous_findings=None,
            previous_commit=None,
            inbox_bytes=0,
        )
        checkpoint.begin(head, began, Entered(state=states[0]))

    def runner(
        self, checkpoint: Checkpoint, refuse: Callable[[Change], str | None] = lambda _c: None
    ) -> Runner:
        ground = Ground(
            places={name: self.folder / name for name in ("checkout", "logs", "state")},
            root=self.folder / "checkout",
            staged=checkpoint.run_folder / "staged",
            trash=checkpoint.run_folder / "trash",
            stop=self.stop,
        )
        night = Night(
            specs=self.specs,
            steps={s.state: self.steps[s.key] for s in self.specs},
            checkpoint=checkpoint,
            applier=Applier(checkpoint, ground, refuse),
            sink=self.sink,
            observer=self.watcher,
            stop=self.stop,
            budget_s=self.budget_s,
        )
        return Runner(night, self.context())

    def context(self) -> Context:
        def nothing() -> NightFacts:
            raise AssertionError

        return Context(
            root=self.folder / "checkout",
            tree=self.folder / "checkout",
            state=self.folder / "state",
            logs=self.folder / "logs",
            files=(),
            examination=Examination(commit=None, branch=None),
            started_at=dt.datetime(2026, 3, 1, 2, tzinfo=dt.UTC),
            zone=dt.UTC,
            date="2026-03-01",
            run="2026-03-01.1",
            mode=self.mode,
            first_night=False,
            stop=self.stop,
            env={},
            progress=self.watcher.progress,
            night=nothing,
        )

    def go(self, *, reopen: bool = False) -> Head:
        """Take the lock, begin or take up the night, and run it to where it ends."""
        self.stop = Stop()
        with RunLock(self.night_folder) as lock:
            checkpoint = Checkpoint(self.night_folder, lock)
            resumed = checkpoint.load() is not None
            if not resumed:
                self.begin(checkpoint)
            runner = self.runner(checkpoint)
            if reopen:
                runner.reopen()
            return runner.run(resumed=resumed)
