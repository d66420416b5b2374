"""How costs grow, beside each other: what is said, and when nothing is."""

from collections.abc import Callable
from typing import Any

import pytest

from daydream.contracts.sandbox import Inputs, Limits
from daydream.dream.trials.effectiveness_types import Plan
from daydream.dream.trials.growth import Growth, growth, words
from daydream.dream.trials.scaling import Scaling, size_of
from tests.fakes.sandbox import BASE, FakeSandbox, Machine, dream, inputs

PLAN = Plan(cpu_s=2.0, resamples=200)
SQUARE, LINE = (lambda n: 1e-5 + 2e-9 * n**2), (lambda n: 1e-5 + 1e-7 * n)


def lane(base: Callable[[int], float], other: Callable[[int], float]) -> FakeSandbox:
    return FakeSandbox(
        functions={"base": lambda numbers, **_: len(numbers), "d": lambda numbers, **_: len(numbers)},
        costs={
            "base": lambda given: base(size_of(given) or 0),
            "d": lambda given: other(size_of(given) or 0),
        },
        machine=Machine(jitter=0.02, start_s=0.0005),
    )


def grows(box: FakeSandbox, *given: Inputs, plan: Plan = PLAN, **more: Any) -> Growth | None:
    said: dict[str, Any] = {"receiver": False, "names": ["numbers"], **more}
    return growth(box, (BASE, dream("d")), given, plan=plan, limits=Limits(), **said)


def test_a_clearly_lower_exponent_is_said_with_both_intervals() -> None:
    found = grows(lane(SQUARE, LINE), inputs([1, 2, 3]))
    assert found is not None
    assert found.is_lower
    told = found.told()
    assert (told["argument"], told["lower"]) == ("numbers", True)
    said = words(told)
    assert said.startswith("cost by the size of numbers: to the power ")
    assert f"{found.dream.exponent:.2f} ({found.dream.low:.2f} to " in said
    assert f"the procedure's {found.base.exponent:.2f}" in said


def test_where_only_one_of_them_grows_the_other_is_not_measured() -> None:
    found = grows(lane(SQUARE, lambda _size: 1e-5), inputs([1, 2, 3]))
    assert found is not None
    assert not found.is_lower
    assert "to the power not measured (the cost hardly grows" in words(found.told())
    assert f"the procedure's {found.base.exponent:.2f}" in words(found.told())


def test_the_same_growth_is_told_and_is_no_lower() -> None:
    found = grows(lane(LINE, LINE), inputs([1, 2, 3]))
    assert found is not None
    assert found.base.exponent == pytest.approx(1, abs=0.15)
    assert not found.is_lower
    assert grows(lane(LINE, SQUARE), inputs([1])) is not None


def test_where_no_argument_has_a_size_nothing_is_looked_at() -> None:
    box = lane(SQUARE, LINE)
    assert grows(box, inputs(3, None), inputs([])) is None
    assert box.calls == 0


def test_a_receiver_never_grows() -> None:
    assert grows(lane(SQUARE, LINE), inputs([1, 2, 3]), receiver=True) is None


def test_a_dream_that_answers_otherwise_on_larger_inputs_has_no_exponent() -> None:
    box = lane(SQUARE, LINE)
    box.functions = {"base": len, "d": lambda numbers: min(len(numbers), 100)}
    found = grows(box, inputs([1, 2, 3]))
    assert found is not None
    assert not found.is_lower
    assert "they answer otherwise on an input of size 256" in words(found.told())
    assert found.base.differing is not None
    assert size_of(found.base.differing) == 256
    assert "differing" not in found.told()["base"]


def test_a_procedure_that_raises_on_larger_inputs_has_no_exponent() -> None:
    def few(numbers: list[int]) -> int:
        if len(numbers) > 100:
            raise ValueError
        return len(numbers)

    box = lane(SQUARE, LINE)
    box.functions = {"base": few, "d": few}
    found = grows(box, inputs([1, 2, 3]))
    assert found is not None
    assert "it raises on an input of size 256" in words(found.told())


def test_what_it_takes_is_bounded() -> None:
    found = grows(lane(lambda n: 1e-3 * n, lambda n: 1e-3 * n), inputs([1, 2], "abc"), plan=PLAN)
    assert found is not None
    assert found.base.exponent is None
    assert found.base.cpu_s < PLAN.cpu_s
    assert "not measured" in words(found.told())


def test_a_second_argument_is_looked_at_where_the_first_says_nothing() -> None:
    box = lane(SQUARE, LINE)
    box.functions = {"base": lambda _word, numbers: len(numbers), "d": lambda _word, numbers: len(numbers)}

    def of_second(cost: Callable[[int], float]) -> Callable[[Inputs], float]:
        return lambda given: cost(len(given.given[1][1]))

    box.costs = {"base": of_second(SQUARE), "d": of_second(LINE)}
    found = grows(box, inputs("abc", [1, 2, 3]), names=["word", "numbers"])
    assert found is not None
    assert found.argument == "numbers"
    assert found.is_lower


@pytest.mark.parametrize(("high", "lower"), [(1.9, False), (1.85, True), (None, False)])
def test_lower_is_more_than_a_hair(high: float | None, lower: bool) -> None:
    base = Scaling(exponent=2.0, low=1.88, high=2.1, sizes=(64, 256, 1024))
    other = Scaling(exponent=1.8, low=1.7, high=high, sizes=(64, 256, 1024))
    assert Growth("a", base, other).is_lower is lower
    near = Scaling(exponent=1.95, low=1.9, high=1.87)
    assert not Growth("a", base, near).is_lower
