"""How often the repository's own test files are run for the arguments that they call procedures with."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from daydream.config.model import Config, SandboxOptions
from daydream.contracts.dream import Procedure
from daydream.contracts.sandbox import (
    Batch,
    Facts,
    Failure,
    Ground,
    Harvest,
    Inputs,
    Job,
    Limits,
    Observation,
    Unit,
)
from daydream.dream import catalogue
from daydream.dream.trials.laboratory import Laboratory
from daydream.store import dream_rows
from tests.fakes.dream_night import Night, context, store_of, write

FACTS = Facts(backend="watching")
SOURCE = "def one(x):\n    return x\n\n\ndef two(x):\n    return x\n"
TESTS = "from pkg.sums import one, two\n\n\ndef test_both():\n    assert one(1) == two(1)\n"


@dataclass
class Watching:
    """A backend and its only lane: notes the jobs, and answers with one call for each watched procedure, `size` wide."""

    size: int = 1
    loses: int = 0
    key: str = "bubblewrap"
    jobs: list[Job] = field(default_factory=list)

    def sweep(self) -> int:
        return 0

    def open(self, ground: Ground, limits: Limits) -> "Watching":
        return self

    def harvest(self, job: Job, limits: Limits | None = None) -> Harvest:
        self.jobs.append(job)
        if len(self.jobs) <= self.loses:
            return Harvest(failure=Failure("lost", "the lane broke"), facts=FACTS)
        names = [each.qualname for each in job.watched]
        return Harvest(
            recorded=tuple((Inputs((["str", name * self.size],)),) for name in names),
            seen=tuple(1 for _ in names),
            facts=FACTS,
        )

    def call(self, unit: Unit, inputs: Inputs, limits: Limits | None = None) -> Observation:
        raise AssertionError

    def batch(
        self, unit: Unit, inputs: Sequence[Inputs], *, answers: bool = False, limits: Limits | None = None
    ) -> Batch:
        raise AssertionError

    def close(self) -> None:
        """Nothing is open."""


def laboratory(tmp_path: Path, backend: Watching) -> tuple[Laboratory, list[Procedure]]:
    write(tmp_path / "tree", {"pkg/__init__.py": "", "pkg/sums.py": SOURCE, "tests/test_sums.py": TESTS})
    ctx = replace(context(tmp_path / "tree", tmp_path / "state"), scratch=tmp_path / "cache" / "verify")
    Night(ctx).run(catalogue.make(Config()))
    with store_of(ctx) as store:
        procedures = dream_rows.procedures(store, ctx.run)
    opened = Laboratory(ctx, SandboxOptions(order=("bubblewrap",)), {"bubblewrap": lambda: backend})
    return opened, procedures


def asked(opened: Laboratory, procedure: Procedure) -> Harvest:
    unit = opened.unit(procedure)
    assert unit is not None
    return opened.harvest(Job(kind="pytest", path=procedure.test_paths[0], watched=(unit,)), 5.0)


def test_one_run_of_a_test_file_collects_for_all_whose_turn_will_come(tmp_path: Path) -> None:
    backend = Watching()
    opened, procedures = laboratory(tmp_path, backend)
    opened.expect(procedures)
    found = [asked(opened, each) for each in (*procedures, *procedures)]
    assert len(backend.jobs) == 1
    assert [each.recorded for each in found] == [
        ((Inputs((["str", name],)),),) for name in ("one", "two")
    ] * 2


def test_what_nobody_expects_is_not_watched(tmp_path: Path) -> None:
    backend = Watching()
    opened, procedures = laboratory(tmp_path, backend)
    for each in (*procedures, *procedures):
        asked(opened, each)
    assert [[unit.qualname for unit in job.watched] for job in backend.jobs] == [["one"], ["two"]]


def test_procedures_that_take_one_anothers_room_are_watched_one_by_one(tmp_path: Path) -> None:
    backend = Watching(size=2**18)
    opened, procedures = laboratory(tmp_path, backend)
    opened.expect(procedures)
    found = [asked(opened, each) for each in procedures]
    assert [len(job.watched) for job in backend.jobs] == [2, 1, 1]
    assert [len(each.recorded) for each in found] == [1, 1]


def test_what_a_file_does_without_a_dream_is_remembered_until_it_is_asked_afresh(tmp_path: Path) -> None:
    backend = Watching()
    opened, procedures = laboratory(tmp_path, backend)
    plain = Job(kind="pytest", path=procedures[0].test_paths[0])
    with_dream = replace(plain, unit=opened.unit(procedures[0]))
    for job in (plain, with_dream, plain, with_dream):
        opened.harvest(job, 5.0)
    assert backend.jobs == [plain, with_dream, with_dream]
    opened.harvest(plain, 5.0, fresh=True)
    assert backend.jobs == [plain, with_dream, with_dream, plain]


def test_a_run_that_the_sandbox_lost_is_made_again(tmp_path: Path) -> None:
    backend = Watching(loses=2)
    opened, procedures = laboratory(tmp_path, backend)
    opened.expect(procedures)
    plain = Job(kind="pytest", path=procedures[0].test_paths[0])
    assert asked(opened, procedures[0]).failure
    assert opened.harvest(plain, 5.0).failure
    assert asked(opened, procedures[0]).recorded
    assert opened.harvest(plain, 5.0).failure is None
    assert len(backend.jobs) == 4
