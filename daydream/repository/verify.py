"""Verification: whether an edit leaves the tests' outcome as it was, and whether they could have told.

A `Trial` is made once a night. What it runs is the repository's own code, with the rights of the user: a
temporary HOME and a short environment keep secrets out of its sight, and are no sandbox.
"""

import contextlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from daydream.processes import Stop
from daydream.records.proposal import Evidence, ModuleProof, Ran
from daydream.records.repository import Interpreter, SourceFile
from daydream.repository import verify_memory
from daydream.repository.verify_command import Command, confirmed, unavailable
from daydream.repository.verify_judgement import Edit, Judgement, edits_of
from daydream.repository.verify_memory import Memory
from daydream.repository.verify_outcomes import Sample, flaky, ran, unusable
from daydream.repository.verify_runs import Observed
from daydream.repository.verify_search import Found, Search, bisect
from daydream.repository.verify_tests import Tests, make_ready, tear_down
from daydream.repository.workbench import refusal

__all__ = ["Baseline", "Command", "Found", "Search", "Trial", "bisect", "confirmed"]

_RUNS = 2
_RUNS_WHEN_FLAKY = 3
_MOST_NAMED = 10
_REMEMBERED = "remembered"


@dataclass(frozen=True, slots=True)
class Baseline:
    """How the tests come out without any change.

    `ran` counts the first run; `flaky` are tests that did not come out the same every time; `seconds` is
    what the longest run took; `remembered` says that nothing had to be run tonight.
    """

    ran: Ran
    flaky: tuple[str, ...]
    seconds: float
    remembered: bool
    samples: tuple[Sample, ...]


@dataclass(kw_only=True)
class Trial:
    """The tests of one night's commit. Nothing is made or run before the first question.

    `tree` is the workbench at `commit` and is only read; `folder` lies in the user's cache and is ours
    alone. `env` is what the environment of the tests is chosen from. `deadline_s` is how many seconds
    all runs together may take, counted from the making of the trial.
    """

    tree: Path
    folder: Path
    commit: str
    files: Sequence[SourceFile]
    interpreter: Interpreter | None
    command: Command
    env: Mapping[str, str]
    stop: Stop
    deadline_s: float

    def __post_init__(self) -> None:
        """Start the clock."""
        self._until = time.monotonic() + self.deadline_s
        self._ready: Tests | None = None
        self._memory = Memory()
        self._baseline: Baseline | str | None = None

    def baseline(self) -> Baseline | str:
        """How the tests come out without a change; else why nothing can be verified, in a sentence.

        Raises:
            DaydreamError: the disk refuses.
            Stopped, OutOfBudget: as `Stop.check`.
        """
        if self._baseline is None:
            try:
                self._baseline = self._measured()
            except OSError as error:
                raise refusal(error) from error
        return self._baseline

    def judge(self, files: Mapping[str, bytes | None]) -> Evidence:
        """Try an edit: path to whole new content, None to remove the file.

        Raises: as `baseline`.
        """
        baseline = self.baseline()
        if isinstance(baseline, str):
            return self._nothing(baseline)
        try:
            edits = edits_of(self.tree, files)
            if isinstance(edits, str):
                return self._nothing(edits)
            tests = self._tests()
            return self._nothing(tests) if isinstance(tests, str) else self._judged(tests, baseline, edits)
        except OSError as error:
            raise refusal(error) from error

    def close(self) -> None:
        """Remove everything but what is remembered for the next night."""
        with contextlib.suppress(OSError):  # the next trial removes what is left
            tear_down(self.folder)
        self._ready = None

    def _judged(self, tests: Tests, baseline: Baseline, edits: Sequence[Edit]) -> Evidence:
        judgement = Judgement(
            tests=tests,
            command=self.command.text,
            samples=baseline.samples,
            base=baseline.ran,
            flaky=baseline.flaky,
            proofs=self._memory.proofs,
            remember=self._remember,
        )
        return judgement.of(edits)

    def _nothing(self, reason: str) -> Evidence:
        return Evidence(verdict="unverified", command=self.command.text, reason=reason)

    def _tests(self) -> Tests | str:
        """Slot and environment, made once; a sentence where that is not possible."""
        if self._ready is not None:
            return self._ready
        missing = unavailable(self.command, self.interpreter)
        if missing is not None or self.interpreter is None:
            return missing or "the repository has no Python of its own"
        tear_down(self.folder)
        made = make_ready(
            tree=self.tree,
            folder=self.folder,
            files=self.files,
            interpreter=self.interpreter,
            command=self.command,
            env=self.env,
            until=self._until,
            stop=self.stop,
        )
        if not isinstance(made, str):
            self._ready = made
        return made

    def _measured(self) -> Baseline | str:
        made = self._tests()
        if isinstance(made, str):
            return made
        self._memory = verify_memory.read(self._notes, made.key)
        remembered = True
        while len(self._memory.samples) < _wanted(self._memory.samples):
            remembered = False
            problem = self._sampled(made)
            if problem is not None:
                return problem
        samples = self._memory.samples
        named = tuple(test[:200] for test in sorted(flaky(samples))[:_MOST_NAMED])
        seconds = max(sample.seconds for sample in samples)
        return Baseline(ran(samples[0].exit_code, samples[0].outcomes), named, seconds, remembered, samples)

    def _sampled(self, tests: Tests) -> str | None:
        """Run once more without a change and remember it; or say why that leads nowhere."""
        before = self._memory.samples
        if before and tests.left_s() < _RUNS * before[-1].seconds:
            return _too_slow(before[-1].seconds, tests.left_s())
        started = tests.left_s()
        seen = tests.run({})
        problem = _no_sample(seen, started)
        if problem is not None:
            return problem
        assert seen.exit_code is not None  # noqa: S101 -- `_no_sample` says so
        sample = Sample(
            exit_code=seen.exit_code,
            outcomes=None if seen.outcomes is None else dict(seen.outcomes),
            seconds=seen.seconds,
            tail=seen.tail,
        )
        problem = unusable([*before, sample])
        if problem is None:
            self._keep(Memory(samples=(*before, sample), proofs=self._memory.proofs))
        return problem

    def _remember(self, name: str, proof: ModuleProof) -> None:
        self._keep(Memory(samples=self._memory.samples, proofs={**self._memory.proofs, name: proof}))

    def _keep(self, memory: Memory) -> None:
        self._memory = memory
        if self._ready is not None:
            verify_memory.write(self._notes, self._ready.key, memory)

    @property
    def _notes(self) -> Path:
        return self.folder / _REMEMBERED


def _wanted(samples: Sequence[Sample]) -> int:
    return _RUNS_WHEN_FLAKY if flaky(samples) else _RUNS


def _no_sample(seen: Observed, given_s: float) -> str | None:
    """Why a run without a change says nothing."""
    if seen.refused is not None:
        return f"the command cannot be started ({seen.refused}); see verify.command"
    if seen.exit_code is None:
        return (
            f"the tests had not ended after {_span(given_s)}, so no change can be verified; "
            "raise verify.budget, or confirm a quicker command"
        )
    return None


def _too_slow(seconds: float, left_s: float) -> str:
    return (
        f"the tests take {_span(seconds)} and {_span(max(left_s, 0))} of verify.budget are left, too little to verify "
        "a change tonight; raise verify.budget, or confirm a quicker command"
    )


def _span(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 120 else f"{seconds:.0f} s"
