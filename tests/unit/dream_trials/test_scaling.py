"""The exponent of growth."""

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from daydream.contracts.sandbox import Batch, Failure, Inputs, Unit
from daydream.dream.trials.effectiveness_types import Plan
from daydream.dream.trials.scaling import scaling, size_of
from tests.fakes.sandbox import BASE, FakeSandbox, Machine, NoAnswer, dream, inputs

PLAN = Plan(resamples=200)


def grow(size: int, repetition: int) -> Inputs | None:
    rng = random.Random(repetition)
    return Inputs((["list", [rng.randrange(9) for _ in range(size)]],)) if size <= 2048 else None


def lane(**costs: Callable[[int], float]) -> FakeSandbox:
    def of(cost: Callable[[int], float]) -> Callable[[Inputs], float]:
        return lambda given: cost(size_of(given) or 0)

    return FakeSandbox(
        costs={name: of(cost) for name, cost in costs.items()},
        machine=Machine(jitter=0.02, spikes=0.05),
        answering=False,
    )


@pytest.mark.parametrize("exponent", [1.0, 2.0])
def test_the_exponent_lies_in_its_interval(exponent: float) -> None:
    (found,) = scaling(lane(base=lambda n: 2e-5 + 1e-7 * n**exponent), [BASE], grow, plan=PLAN)
    assert found.exponent is not None
    assert found.low is not None
    assert found.high is not None
    assert found.low < found.high < found.low + 0.2
    assert found.exponent == pytest.approx(exponent, abs=0.1)
    assert found.repetitions == 12


def test_two_units_are_timed_on_the_same_inputs_and_told_apart() -> None:
    box = lane(base=lambda n: 1e-8 * n**2, d=lambda n: 1e-6 * n)
    base, other = scaling(box, [BASE, dream("d")], grow, plan=PLAN)
    assert base.low is not None
    assert other.high is not None
    assert base.low > other.high
    assert base.cpu_s == other.cpu_s > 0


def test_a_cost_that_does_not_grow_has_no_exponent() -> None:
    (found,) = scaling(lane(base=lambda _n: 1e-4), [BASE], grow, plan=PLAN)
    assert found.exponent is None
    assert "hardly grows" in found.reason


def test_too_few_sizes_too_little_time_and_failures_are_named() -> None:
    (found,) = scaling(lane(base=lambda n: 1e-6 * n), [BASE], grow, sizes=(1024, 2048, 4096), plan=PLAN)
    assert "2 sizes" in found.reason
    (found,) = scaling(lane(base=lambda n: 1e-2 * n), [BASE], grow, plan=PLAN)
    assert found.reason.startswith("an input of size")
    assert "too long to be timed 12 times" in found.reason
    slow = Machine(start_s=0.05)
    box = FakeSandbox(costs={"base": lambda _: 1e-5}, machine=slow, answering=False)
    (found,) = scaling(box, [BASE], grow, plan=Plan(resamples=200, cpu_s=1.0))
    assert found.reason.startswith("its module takes too long to load for an input of size")
    box = FakeSandbox(failures={"base": Failure("memory", "the memory ran out")})
    (found,) = scaling(box, [BASE], grow, plan=PLAN)
    assert "the memory ran out" in found.reason
    assert found.exponent is None


@pytest.mark.parametrize(
    ("given", "size"),
    [
        (inputs(3, None), None),
        (inputs("abc", [1] * 9), 9),
        (inputs(key={"a": 1, "b": 2}), 2),
        (inputs(b"123456"), 6),
        (inputs((1, 2), {4}), 2),
    ],
)
def test_the_size_of_inputs_is_that_of_the_largest_argument(given: Inputs, size: Any) -> None:
    assert size_of(given) == size


def test_what_goes_wrong_between_repetitions_is_named() -> None:
    class Ending(FakeSandbox):
        def batch(self, unit: Unit, inputs: Sequence[Inputs], **more: Any) -> Batch:
            done = super().batch(unit, inputs, **more)
            gone = Failure("crash", "signal 9 ended it")
            return replace(done, failure=gone, digests=()) if self.calls > 90 else done

    box = Ending(costs={"base": lambda given: 1e-6 * (size_of(given) or 0)}, answering=False)
    (found,) = scaling(box, [BASE], grow, plan=PLAN)
    assert found.exponent is None
    assert 0 < found.repetitions < 6
    assert "signal 9" in found.reason

    def late(size: int, repetition: int) -> Inputs | None:
        return grow(size, repetition) if size >= 64 else None

    (found,) = scaling(lane(base=lambda n: 1e-6 * n), [BASE], late, plan=PLAN)
    assert found.exponent is not None
    assert min(found.sizes) > 64, "the smallest stands for the call itself"


def test_an_input_that_ends_everything_costs_only_itself() -> None:
    def procedure(numbers: list[int]) -> int:
        if numbers[0] == bad:
            raise NoAnswer(Failure("forbidden", "it made a system call"))
        if numbers[0] == raising:
            raise ValueError
        return len(numbers)

    bad, raising = (random.Random(number).randrange(9) for number in (1, 2))
    box = lane(base=lambda n: 1e-5 + 1e-7 * n)
    box.answering, box.functions = True, {"base": procedure}
    (found,) = scaling(box, [BASE], grow, plan=PLAN)
    assert found.exponent == pytest.approx(1, abs=0.1)
    assert found.repetitions == 12
