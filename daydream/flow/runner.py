"""The runner: does the work of each state, sub-step by sub-step, and commits after every one."""

import contextlib
import random
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from msgspec.structs import replace

from daydream import clock
from daydream.contracts.context import Context
from daydream.contracts.step import Step, StepSpec
from daydream.contracts.use_cases import Observer
from daydream.errors import DaydreamError, OutOfBudget, StateDamaged, StateNewer, Stopped
from daydream.flow import budget
from daydream.flow.facts import Trace, trace
from daydream.flow.machine import Position
from daydream.flow.recording import MAX_ATTEMPTS, Recorder, RowSink, boot_id, ended, intent, poisonous
from daydream.processes import Stop
from daydream.records.head import Head, StateCount
from daydream.records.journal import Cut, Ended, Entered, Finished, Planned, Reopened, StateClosed
from daydream.records.outcome import Failed, More, Outcome
from daydream.records.section import SectionData, SubStepResult
from daydream.store.applier import Applier
from daydream.store.checkpoint import Checkpoint

T = TypeVar("T")

SUB_STEP_LIMIT_S = 900.0
_BACK_OFF_S = 0.2
_NAME_LIMIT = 256
_NOTHING = ("",)


@dataclass(frozen=True, slots=True)
class Night:
    """Everything the runner works with."""

    specs: Sequence[StepSpec]
    steps: dict[str, Step]
    checkpoint: Checkpoint
    applier: Applier
    sink: RowSink
    observer: Observer
    stop: Stop
    budget_s: float

    @property
    def states(self) -> list[str]:
        """The order of the night."""
        return [spec.state for spec in self.specs]


class Runner:
    """Takes a night from where its head stands to its end."""

    def __init__(self, night: Night, context: Context, begun: float | None = None) -> None:
        self._night = night
        self._context = context
        self._checkpoint = night.checkpoint
        self._recorder = Recorder(night.checkpoint, night.applier, night.sink)
        self._begun = clock.monotonic() if begun is None else begun
        self._spent_before = self._head.spent_ms
        self.states_ms: dict[str, int] = {}

    @property
    def _head(self) -> Head:
        return self._checkpoint.current

    @property
    def spent_ms(self) -> int:
        """Active milliseconds of the night, over all its processes."""
        return self._spent_before + round((clock.monotonic() - self._begun) * 1000)

    @property
    def left_s(self) -> float:
        """Seconds that the budget still holds; a retry has a budget of its own."""
        return self._night.budget_s - (self.spent_ms - self._head.budget_from_ms) / 1000

    def run(self, *, resumed: bool = False) -> Head:
        """Do what is left of the night and return its last head; `resumed`: another process began it.

        Raises:
            Stopped: a stop was requested; committed, the same command continues.
            TryAgain, StateUnreadable: the state cannot be written.
        """
        position = Position(self._night.states, self._head.position)
        try:
            if resumed:
                self._take_up()
            while self._head.closed is None:
                self._night.applier.drain(self._night.observer.progress)
                self._work(self._night.specs[self._night.states.index(position.state)])
                self._move(position)
        except DaydreamError:
            self._leave()
            raise
        return self._head

    def reopen(self) -> None:
        """Take a finished night up again: for the states that failed, those that waited for them, and its report."""
        head = self._head
        position = Position(self._night.states, head.position)
        position.trigger("reopen")
        failed = [name for name in self._night.states if head.states.get(name, StateCount()).failed]
        waited = [
            spec.state
            for spec in self._night.specs
            if set(spec.needs) & set(failed) and head.states.get(spec.state, StateCount()).planned is None
        ]
        states = tuple(dict.fromkeys([*failed, *waited, self._night.states[-1]]))
        self._commit(Reopened(states=states), Entered(state=position.state))

    def _take_up(self) -> None:
        """Note that a process took the night up: count a kill where it died, drop rows that no head counts."""
        head = self._head
        # The dream states say so themselves; the rest of the night needs no dreams.
        with contextlib.suppress(StateDamaged, StateNewer):
            self._night.sink.rollback(head.run, head.seq)
        killed = not head.clean and head.boot == boot_id()
        attempt, effects = head.attempt, head.effects
        if effects.ended < effects.total:
            effects = replace(effects, attempt=effects.attempt + killed)
        elif attempt is not None:
            attempt = replace(attempt, number=attempt.number + killed, kills=attempt.kills + killed)
        self._commit(attempt=attempt, effects=effects, resumed=head.resumed + 1, clean=False, boot=boot_id())

    def _leave(self) -> None:
        """Mark an orderly exit, so that it is not counted as a kill; where that cannot be written, it is one."""
        self._night.stop.shields += 1  # nothing may interrupt the last commit
        with contextlib.suppress(DaydreamError):
            self._commit(clean=True, spent_ms=self.spent_ms)

    def _move(self, position: Position) -> None:
        """Go to the next state, or to the report and the end when the night is closed early."""
        head, last = self._head, self._night.states[-1]
        halting = self._halting(head) if head.closing is None else None
        if position.state == last:
            position.trigger("halt" if head.closing and head.closing.startswith("halted") else "advance")
            how = "done" if head.closing is None else head.closing.split(":")[0]
            self._commit(Entered(state=position.state), Finished(how=how), spent_ms=self.spent_ms)
            return
        position.trigger("conclude" if halting or head.closing else "advance")
        self._commit(
            Entered(state=position.state, closing=halting),
            spent_ms=self.spent_ms,
            entered_at=clock.to_text(clock.now()),
        )

    def _halting(self, head: Head) -> str | None:
        for spec in self._night.specs:
            if spec.on_failure == "halt" and head.states.get(spec.state, StateCount()).failed:
                return f"halted: {spec.title} failed and nothing may follow it"
        return None

    def _work(self, spec: StepSpec) -> None:
        """Do what is left of one state."""
        count = self._head.states.get(spec.state, StateCount())
        if count.closed:
            return
        self._night.observer.state(
            spec.state, self._night.states.index(spec.state) + 1, len(self._night.states)
        )
        reason = self._unwanted(spec)
        if reason is not None:
            self._commit(StateClosed(state=spec.state, skipped=reason))
            return
        end = budget.deadline(
            clock.monotonic(),
            left_s=self.left_s,
            state=spec.state,
            states=self._night.states,
            shares={s.state: s.share for s in self._night.specs},
        )
        begun, skipped = clock.monotonic(), ""
        try:
            self._night.stop.deadline = end
            if count.planned is None:
                self._plan(spec)
            self._sub_steps(spec, end)
        except OutOfBudget:
            skipped = "out of budget before its sub-steps were named"
        finally:
            self._night.stop.deadline = None
        self.states_ms[spec.state] = round((clock.monotonic() - begun) * 1000)
        self._commit(StateClosed(state=spec.state, skipped=skipped), spent_ms=self.spent_ms)

    def _unwanted(self, spec: StepSpec) -> str | None:
        """Why a state is not worked on tonight, or None."""
        head = self._head
        if spec.state == self._night.states[-1]:
            return None
        if spec.group == "dream" and not head.dreams:
            return "dreams are switched off"
        if head.only and spec.key not in head.only:
            return "not asked for (--only)"
        if spec.key in head.skip:
            return "not asked for (--skip)"
        missing = [s for s in spec.needs if not self._succeeded(s)]
        return f"needs {missing[0]}, which did not end well" if missing else None

    def _succeeded(self, state: str) -> bool:
        count = self._head.states.get(state)
        return count is not None and count.closed and not count.failed and count.planned is not None

    def _plan(self, spec: StepSpec) -> None:
        """Name the state's sub-steps and commit them; on a retry, only those that failed."""
        if self._head.attempt is None or self._head.attempt.name != "plan":
            self._commit(attempt=intent("plan"))
        outcome: Sequence[str] | Failed | None = self._quarantined("plan")
        if outcome is None:
            outcome = self._tried(lambda: self._retried(spec) or self._named(spec), "plan")
        if isinstance(outcome, Failed):
            quarantined = poisonous(self._head.attempt)
            at, plan = self._checkpoint.write_plan([])
            failure = replace(ended(spec.state, "plan", 0, at, outcome), quarantined=quarantined)
            self._commit(Planned(state=spec.state, count=0, at=at, plan=plan), failure, attempt=None)
            return
        names = [] if outcome == _NOTHING else outcome
        with self._night.stop.shield():
            at, plan = self._checkpoint.write_plan(names)
            planned = Planned(state=spec.state, count=len(names), at=at, plan=plan)
            self._checkpoint.commit(planned, attempt=intent(names[0]) if names else None)

    def _retried(self, spec: StepSpec) -> Sequence[str] | None:
        """What a retry of the state does: the names that failed, `_NOTHING` where all of them are quarantined;
        None: the state is planned anew."""
        if not self._head.states.get(spec.state, StateCount()).retry or spec.state == self._night.states[-1]:
            return None
        journal = self.journal()
        if not journal.states.get(spec.state) or "plan" in journal.failed(spec.state):
            return None
        return journal.failed(spec.state) or _NOTHING

    def journal(self) -> Trace:
        """The run's journal so far, added up."""
        return trace(self._checkpoint.entries())

    def _named(self, spec: StepSpec) -> list[str]:
        """The step's plan, with what did not fit last night first."""
        names = list(dict.fromkeys(self._night.steps[spec.state].plan(self._context)))
        if any(len(name.encode()) > _NAME_LIMIT for name in names):
            msg = f"{spec.state} named a sub-step with more than {_NAME_LIMIT} bytes"
            raise ValueError(msg)
        started = self.journal().started
        first = started.first.get(spec.state, ()) if started and not spec.ordered else ()
        return sorted(names, key=lambda name: name not in first)

    def _sub_steps(self, spec: StepSpec, end: float | None) -> None:
        names = _with_next(self._checkpoint.names(self._head.plan_at))
        left = (self._head.states[spec.state].planned or 0) - self._head.states[spec.state].ended
        total = self._head.states[spec.state].planned or 0
        for number, (name, next_at, following) in zip(range(left), names, strict=False):
            self._night.observer.progress(name, total - left + number + 1, total)
            if end is not None:
                self._night.observer.budget(self.left_s)
            try:
                self._sub_step(spec, name, next_at, following if number + 1 < left else None, end)
            except OutOfBudget:
                self._commit(Cut(state=spec.state, count=left - number, at=self._head.plan_at))
                return

    def _sub_step(
        self, spec: StepSpec, name: str, next_at: int, following: str | None, end: float | None
    ) -> None:
        """Work on one sub-step until it ends, part by part."""
        if self._head.attempt is None or self._head.attempt.name != name:
            self._commit(attempt=intent(name))
        while True:
            outcome = self._quarantined(name) or self._one(spec, name, end)
            with self._night.stop.shield():
                self._recorder.record(
                    spec.state, name, next_at, outcome, following=following, spent_ms=self.spent_ms
                )
            self._night.applier.drain(self._night.observer.progress)
            if not isinstance(outcome, More):
                return

    def _quarantined(self, name: str) -> Failed | None:
        if not poisonous(self._head.attempt):
            return None
        return Failed(error=f"{name} ended the process {MAX_ATTEMPTS} times without progress; quarantined")

    def _one(self, spec: StepSpec, name: str, end: float | None) -> Outcome:
        stop = self._night.stop
        until = clock.monotonic() + SUB_STEP_LIMIT_S
        stop.deadline = until if end is None else min(end, until)
        stop.check()
        try:
            step, cursor = self._night.steps[spec.state], self._head.cursor
            return self._tried(lambda: step.run(self._context, name, cursor), name)
        except OutOfBudget:
            if end is None or clock.monotonic() < end:
                return Failed(error=f"{name} took longer than {SUB_STEP_LIMIT_S:.0f} s")
            raise

    def _tried(self, work: Callable[[], T], name: str) -> T | Failed:
        """Try work up to three times with back-off; what still fails is a result."""
        while True:
            try:
                return work()
            except (Stopped, OutOfBudget):
                raise
            except DaydreamError as error:
                return Failed(error=str(error))
            except (Exception, SystemExit) as error:  # noqa: BLE001 -- the night's one boundary: a step's bug is a result
                number = self._head.attempt.number if self._head.attempt else MAX_ATTEMPTS
                if number >= MAX_ATTEMPTS:
                    return Failed(error=f"{type(error).__name__}: {error}", detail=traceback.format_exc())
                self._commit(attempt=replace(self._head.attempt or intent(name), number=number + 1))
                self._wait(_back_off(self._head.run, name, number))

    def _wait(self, seconds: float) -> None:
        until = clock.monotonic() + seconds
        while (left := until - clock.monotonic()) > 0:
            self._night.stop.check()
            time.sleep(min(left, 0.1))

    def _commit(
        self, *happened: Entered | Finished | Planned | Ended | Cut | StateClosed | Reopened, **fields: object
    ) -> None:
        with self._night.stop.shield():
            self._checkpoint.commit(*happened, **fields)  # type: ignore[arg-type]

    def section(self, spec: StepSpec, results: Sequence[SubStepResult]) -> SectionData:
        """A step's section; one that fails to write it says so instead of taking the report with it."""
        written = self._tried(lambda: self._night.steps[spec.state].section(results), spec.state)
        if isinstance(written, Failed):
            note = f"The section could not be written: {written.error}"
            return SectionData(key=spec.key, title=spec.title, notes=(note,))
        return written


def _back_off(run: str, name: str, attempt: int) -> float:
    """Seconds to wait before the next attempt: exponential, with jitter that a resumed night repeats."""
    jitter = random.Random(f"{run}|{name}|{attempt}").uniform(0.5, 1.5)  # noqa: S311 -- no secret
    return float(_BACK_OFF_S * 2**attempt * jitter)


def _with_next(names: Iterator[tuple[str, int]]) -> Iterator[tuple[str, int, str | None]]:
    """Pair each planned name with the one after it."""
    current = next(names, None)
    while current is not None:
        following = next(names, None)
        yield (*current, following[0] if following else None)
        current = following
