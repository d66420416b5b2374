"""What the repository's own tests say of a dream: who breaks one, and who mends one, each time and not by chance."""

import dataclasses
from pathlib import Path
from typing import Any, cast

import pytest

from daydream.contracts.sandbox import Facts, Failure, Harvest, Job, Reason, Unit
from daydream.dream.trials.harvesting import OwnTests, own_tests
from daydream.dream.trials.laboratory import Laboratory
from tests.fakes.dream_night import context
from tests.unit.dream_trials.test_keeping import procedure

DREAM = Unit(module="pkg.a", qualname="f", path="pkg/a.py", variant="def f(): ...\n")
P, F, E = "passed", "failed", "error"


class Runs:
    """A laboratory whose runs of one test file are written down: those of the procedure, and those of the dream."""

    def __init__(self, base: list[Any], dream: list[Any]) -> None:
        self.left = {False: base, True: dream}
        self.ran = False

    def harvest(self, job: Job, _wall_s: float, *, fresh: bool = False) -> Harvest:
        assert fresh == (job.unit is None and self.ran), "a second run without the dream has to be one"
        self.ran = self.ran or job.unit is None
        outcomes = self.left[job.unit is not None].pop(0)
        if isinstance(outcomes, str):
            failure = Failure(cast(Reason, outcomes), "it ended so")
            return Harvest(failure=failure, facts=Facts(backend="none"))
        numbered = [each if isinstance(each, tuple) else (n, each) for n, each in enumerate(outcomes)]
        said = tuple((f"test_{n}", outcome, "") for n, outcome in numbered)
        return Harvest(outcomes=said, facts=Facts(backend="none"))


def judged(tmp_path: Path, base: list[Any], dream: list[Any]) -> OwnTests:
    runs = Runs(base, dream)
    tested = dataclasses.replace(procedure(), test_paths=("tests/test_a.py",))
    found = own_tests(context(tmp_path, tmp_path), cast(Laboratory, runs), tested, DREAM)
    assert runs.left == {False: [], True: []}
    return found


@pytest.mark.parametrize(
    ("base", "dream", "passed", "mended", "broken"),
    [
        ([[P, P]], [[P, P]], 2, (), False),
        ([[P, F], [P, F]], [[P, P], [P, P]], 1, ("test_1",), False),
        ([[F], [E]], [[P], [P]], 0, ("test_0",), False),
        ([[P, F], [P, P]], [[P, P], [P, P]][:1], 1, (), False),
        ([[P, F], [P, F]], [[P, P], [P, F]], 1, (), False),
        ([[P, F], [P, F]], [[F, P], [F, P]], 0, (), True),
        ([[P, P], [P, F]], [[P, F]], 1, (), False),
        ([[P, P], [P, P]], [[P, F], [P, P]], 1, (), False),
        ([[P, P], [P, P]], [[P, P, (1, E)], [P, P, (1, E)]], 0, (), True),
        ([[P, P]], ["lost"], 0, (), False),
        ([[P, P]], ["unreachable"], 0, (), False),
        ([[P, P], [P, P]], ["timeout", "timeout"], 0, (), True),
        ([[F]], [[F]], 0, (), False),
        (["timeout"], [], 0, (), False),
    ],
    ids=[
        "nothing changes",
        "one is mended",
        "the only one is mended",
        "it failed once without it",
        "it passed once with it",
        "one is mended and one broken",
        "one that fails now and then without it",
        "one that fails now and then with it",
        "one passes and fails at its end",
        "the sandbox loses it",
        "nothing imports the dream",
        "it never ends with the dream",
        "what fails goes on failing",
        "the file cannot be run",
    ],
)
def test_tests_that_change(
    tmp_path: Path, base: list[Any], dream: list[Any], passed: int, mended: tuple[str, ...], broken: bool
) -> None:
    found = judged(tmp_path, base, dream)
    assert (found.passed, found.mended, found.broken is not None) == (passed, mended, broken)


def test_what_was_mended_is_noted(tmp_path: Path) -> None:
    found = judged(tmp_path, [[P, F], [P, F]], [[P, P], [P, P]])
    assert found.notes == (
        "1 of the repository's own tests pass with it",
        "1 that fail without it pass with it: test_1",
    )
