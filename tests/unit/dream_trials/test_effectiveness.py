"""Gains are claimed with an interval or not at all. Clocks are simulated, every draw is seeded."""

import math
import random
import statistics
import weakref
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from daydream.contracts.sandbox import Batch, Facts, Failure, Inputs, Unit
from daydream.dream.trials.comparison import REORDERED
from daydream.dream.trials.effectiveness import Effect, Plan, across, effectiveness, memory
from daydream.dream.trials.effectiveness_blocks import Cost
from daydream.dream.trials.effectiveness_interval import (
    beyond,
    bootstrap,
    centre,
    quantile,
    student,
    tail,
)
from daydream.sandbox.guest.encoding import decode
from tests.fakes.sandbox import BASE, CostOf, FakeSandbox, Machine, dream

CALL_S = 70e-6
FLOOR = 1.01
HIDDEN = weakref.ref(Inputs)
NOISY = {"jitter": 0.03, "spikes": 0.08, "drift": 0.2, "bimodal": 0.15}


def make(repetition: int, count: int) -> Sequence[Inputs]:
    rng = random.Random(repetition)
    return [Inputs((rng.randrange(10**9),)) for _ in range(count)]


def costs(gain: float) -> dict[str, CostOf]:
    def of(one: float) -> CostOf:
        return lambda inputs: one * (1 + (inputs.given[0] % 7) / 20)

    return {"base": of(CALL_S), "d": of(CALL_S / gain)}


def measured(gain: float, *, seed: int = 0, plan: Plan | None = None, noise: dict[str, Any] | None = None, **more: Any) -> Effect:  # fmt: skip
    machine = Machine(seed=seed, **(noise or {}))
    lane = FakeSandbox(costs=costs(gain), machine=machine, answering=False, **more)
    plan = plan or Plan(seed=seed, most=60, resamples=400)
    return effectiveness(lane, BASE, dream("d"), make, floor=FLOOR, plan=plan)


# --- numbers ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("side", "freedom", "wanted"),
    [(0.025, 1, 12.706), (0.025, 10, 2.2281), (0.005, 5, 4.0321), (0.0005, 30, 3.6460), (0.05, 200, 1.6525)],
)
def test_students_quantiles_are_those_of_the_tables(side: float, freedom: int, wanted: float) -> None:
    assert quantile(side, freedom) == pytest.approx(wanted, rel=1e-4)
    assert tail(quantile(side, freedom), freedom) == pytest.approx(side, rel=1e-6)
    assert tail(-1.0, freedom) == pytest.approx(1 - tail(1.0, freedom))
    assert tail(0.0, freedom) == pytest.approx(0.5)


def test_a_trimmed_mean_does_not_hear_one_voice() -> None:
    calm = [1.0, 1.1, 0.9, 1.0, 1.05, 0.95, 1.0, 1.02, 0.98, 1.0]
    loud = [*calm[:-1], 1000.0]
    assert centre(loud).mean == pytest.approx(centre(calm).mean, abs=0.02)
    assert centre([2.0, 4.0]).mean == 3.0
    assert centre([2.0, 4.0]).error == pytest.approx(1.0)


@pytest.mark.parametrize("heavy", [False, True])
def test_the_bootstrap_covers_what_it_says(heavy: bool) -> None:
    rng = random.Random(5)

    def draw() -> float:
        value = rng.gauss(0, 1)
        return value * (8 if heavy and rng.random() < 0.1 else 1)

    covered = sum(
        1
        for _ in range(200)
        if (found := bootstrap([draw() for _ in range(24)], 0.05, rng, 200)).low <= 0 <= found.high
    )
    assert covered / 200 >= 0.86, "0.90 is said, three standard errors below are 0.84"
    if not heavy:
        assert covered / 200 <= 0.98


def test_an_interval_of_equal_values_is_a_point_and_of_few_values_is_wide() -> None:
    rng = random.Random(0)
    found = bootstrap([0.5] * 10, 0.01, rng, 100)
    assert (found.low, found.high) == (0.5, 0.5)
    assert beyond([0.5] * 10, 0.4) == 0.0
    assert beyond([0.5] * 10, 0.6) == 1.0
    few, many = [student([0.0, 1.0] * each, 0.01) for each in (3, 30)]
    assert few.high - few.low > 3 * (many.high - many.low)


# --- claims -------------------------------------------------------------------------------------------------------


def test_a_clear_gain_is_found_and_its_interval_holds_it() -> None:
    found = measured(1.25, noise=NOISY)
    assert found.verdict == "gained"
    assert found.low is not None
    assert found.high is not None
    assert FLOOR < found.low < 1.25 < found.high
    assert found.p is not None
    assert found.p < 0.01
    assert found.per_call_s is not None
    assert found.per_call_s[0] / found.per_call_s[1] == pytest.approx(1.25, rel=0.1)
    assert 0 < found.cpu_s <= 5.0


def test_a_loss_is_found_too() -> None:
    assert measured(0.8, noise=NOISY).verdict == "slower"


def test_identical_code_is_never_called_faster_and_a_small_gain_is_found() -> None:
    claims = Counter(measured(1.0, seed=seed, noise=NOISY).verdict for seed in range(20))
    assert claims["gained"] == 0
    assert claims["not shown"] == 20
    claims = Counter(measured(1.1, seed=seed, noise=NOISY).verdict for seed in range(8))
    assert claims["gained"] >= 7


def test_it_stops_when_it_is_decided() -> None:
    quiet = {"jitter": 0.005}
    assert measured(2.0, noise=quiet).repetitions == 15
    assert measured(1.0, noise=quiet).repetitions == 15
    assert measured(1.03, noise=NOISY).repetitions > 15


def test_the_same_seeds_give_the_same_figures() -> None:
    assert measured(1.1, noise=NOISY) == measured(1.1, noise=NOISY)


def test_base_and_dream_take_turns_in_an_order_drawn_by_lot() -> None:
    order: list[str] = []

    class Watched(FakeSandbox):
        def batch(self, unit: Any, inputs: Any, **more: Any) -> Any:
            order.append(unit.variant or "base")
            return super().batch(unit, inputs, **more)

    lane = Watched(costs=costs(1.0), machine=Machine(jitter=0.02), answering=False)
    effectiveness(lane, BASE, dream("d"), make, floor=FLOOR, plan=Plan(most=40, resamples=100, looks=(1.0,)))
    pairs = list(zip(order[-80::2], order[-79::2], strict=True))
    assert all(set(each) == {"base", "d"} for each in pairs)
    assert 8 <= sum(each[0] == "d" for each in pairs) <= 32


def test_every_repetition_has_inputs_of_its_own_and_both_get_the_same() -> None:
    asked: list[tuple[str, tuple[Any, ...]]] = []

    class Watched(FakeSandbox):
        def batch(self, unit: Any, inputs: Any, **more: Any) -> Any:
            asked.append((unit.variant or "base", tuple(each.given[0] for each in inputs)))
            return super().batch(unit, inputs, **more)

    lane = Watched(costs=costs(1.0), machine=Machine(jitter=0.02), answering=False)
    effectiveness(lane, BASE, dream("d"), make, floor=FLOOR, plan=Plan(most=10, resamples=100, looks=(1.0,)))
    base = [given for name, given in asked[-20:] if name == "base"]
    assert sorted(base) == sorted(given for name, given in asked[-20:] if name == "d")
    assert len(set(base)) == 10


def test_what_a_start_costs_cancels() -> None:
    found = measured(1.5, noise={"jitter": 0.005, "start_s": 0.05})
    assert found.verdict == "gained"
    assert found.ratio == pytest.approx(1.5, rel=0.02)


# --- no figure ----------------------------------------------------------------------------------------------------


def reason(found: Effect) -> str:
    assert found.verdict == "not measured"
    assert (found.ratio, found.low, found.high, found.p) == (None, None, None, None)
    return found.reason


def test_work_moved_outside_the_marks_is_no_gain() -> None:
    found = measured(1.0, noise={"jitter": 0.01}, hidden={"d": 0.4})
    assert "before or after" in reason(found)


def test_what_is_spent_outside_the_marks_is_a_cost() -> None:
    found = measured(2.0, noise={"jitter": 0.005}, hidden={"d": 0.3})
    assert found.verdict == "gained"
    assert found.ratio == pytest.approx(2.0, rel=0.05)
    assert found.per_call_s is not None
    assert found.per_call_s[0] / found.per_call_s[1] == pytest.approx(2.0, rel=0.05)
    none = measured(1.02, noise={"jitter": 0.002}, hidden={"d": 0.008})
    assert none.ratio == pytest.approx(1.02, rel=0.01)


def test_what_waits_is_not_measured_by_the_processor() -> None:
    assert "waits" in reason(measured(2.0, waiting={"base": 0.01, "d": 0.01}))


def test_cheaper_on_the_processor_and_slower_on_the_wall_is_no_gain() -> None:
    assert "slower on the wall" in reason(measured(1.5, noise={"jitter": 0.01}, waiting={"d": CALL_S}))


def test_too_dear_a_call_is_not_measured() -> None:
    lane = FakeSandbox(costs={"base": lambda _x: 1.0, "d": lambda _x: 1.0}, answering=False)
    found = effectiveness(lane, BASE, dream("d"), make, floor=FLOOR)
    assert "do not fit into 5 s" in reason(found)
    assert found.cpu_s < 12


def test_a_call_of_a_third_of_a_second_can_still_show_a_large_gain() -> None:
    lane = FakeSandbox(
        costs={"base": lambda _x: 0.25, "d": lambda _x: 0.05}, answering=False, machine=Machine(jitter=0.02)
    )
    assert effectiveness(lane, BASE, dream("d"), make, floor=FLOOR).verdict == "gained"


@pytest.mark.parametrize(("different", "why"), [(0, "no inputs"), (1, "only 1 of 16"), (3, "only 3 of 16")])
def test_repeated_inputs_would_time_a_memory(different: int, why: str) -> None:
    def few(_repetition: int, count: int) -> Sequence[Inputs]:
        return [Inputs((each % different,)) for each in range(count)] if different else []

    lane = FakeSandbox(costs=costs(1.0), answering=False)
    assert why in reason(effectiveness(lane, BASE, dream("d"), few, floor=FLOOR))


def test_what_remembers_its_answers_gains_nothing_by_inputs_that_come_twice() -> None:
    def often(repetition: int, count: int) -> Sequence[Inputs]:
        rng = random.Random(repetition)
        return [Inputs((rng.randrange(count),)) for _ in range(count)]

    asked: list[tuple[Any, ...]] = []

    class Watched(FakeSandbox):
        def batch(self, unit: Any, inputs: Any, **more: Any) -> Any:
            asked.append(tuple(each.given[0] for each in inputs))
            return super().batch(unit, inputs, **more)

    lane = Watched(costs=costs(1.0), machine=Machine(jitter=0.02), answering=False)
    effectiveness(lane, BASE, dream("d"), often, floor=FLOOR, plan=Plan(most=10, resamples=100))
    assert max(map(len, asked)) > 20
    assert all(len(set(each)) == len(each) for each in asked)


def test_peaks_of_which_nearly_all_are_alike_say_nothing() -> None:
    alike = Cost(call_s=1.0, whole_s=1.0, wall_s=1.0, peak_bytes=10**6)
    other = replace(alike, peak_bytes=10**6 + 4096)
    assert memory([(other, alike), (other, alike), *[(alike, alike)] * 4], Plan(seed=1)) is None
    found = memory([(alike, alike)] * 6, Plan(seed=1))
    assert found is not None
    assert found.verdict == "not shown"


def test_a_clock_without_grain_for_it_says_so() -> None:
    lane = FakeSandbox(costs=costs(1.0), machine=Machine(grain_s=1.0), answering=False)
    assert "too coarse" in reason(effectiveness(lane, BASE, dream("d"), make, floor=FLOOR))


def test_a_failure_while_it_is_timed_is_no_figure() -> None:
    found = measured(1.0, failures={"d": Failure("memory", "the memory ran out")})
    assert "the dream has no answer while it is timed" in reason(found)
    found = measured(1.0, failures={"base": Failure("lost", "gone")})
    assert "the procedure as it is has no answer" in reason(found)


# --- answers while it is timed ------------------------------------------------------------------------------------


def answering(base: Callable[[int], Any], other: Callable[[int], Any], **more: Any) -> Effect:
    lane = FakeSandbox(
        functions={"base": base, "d": other},
        costs={"base": lambda _x: 0.002, "d": lambda _x: 0.001},
        machine=Machine(jitter=0.01),
    )
    plan = Plan(most=12, resamples=100, **more)
    return effectiveness(lane, BASE, dream("d"), make, floor=FLOOR, plan=plan)


def test_a_dream_that_answers_otherwise_while_it_is_timed_gains_nothing() -> None:
    found = answering(lambda x: x % 10, lambda x: 0 if x % 10 == 3 else x % 10)
    assert "answers otherwise" in reason(found)
    assert found.differing is not None
    assert decode(found.differing.given[0]) % 10 == 3


def test_answers_that_are_the_same_by_the_rules_are_the_same() -> None:
    found = answering(lambda x: x * 0.1, lambda x: x / 10, rules=REORDERED)
    assert found.verdict == "gained"
    assert "answers otherwise" in reason(answering(lambda x: x * 0.1, lambda x: x / 10))


def test_answers_that_cannot_be_compared_are_no_ground_for_a_gain() -> None:
    found = answering(lambda x: [HIDDEN, 0.1 * x], lambda x: [HIDDEN, x / 10], rules=REORDERED)
    assert "cannot be compared" in reason(found)


def test_few_inputs_are_enough_where_they_are_different() -> None:
    def ten(repetition: int, count: int) -> Sequence[Inputs]:
        return [Inputs((repetition * 100 + each,)) for each in range(min(count, 10))]

    lane = FakeSandbox(costs=costs(1.5), machine=Machine(jitter=0.01), answering=False)
    plan = Plan(most=12, resamples=100)
    assert effectiveness(lane, BASE, dream("d"), ten, floor=FLOOR, plan=plan).verdict == "gained"


def test_answers_too_large_for_one_reply_are_looked_at_alone() -> None:
    class Narrow(FakeSandbox):
        def batch(self, unit: Unit, inputs: Sequence[Inputs], **more: Any) -> Batch:
            done = super().batch(unit, inputs, **more)
            wide = more["answers"] and len(inputs) > 1
            return replace(done, answers=(), failure=Failure("too large", "9 bytes")) if wide else done

    lane = Narrow(costs=costs(1.5), machine=Machine(jitter=0.01), answering=False)
    plan = Plan(most=12, resamples=100)
    assert effectiveness(lane, BASE, dream("d"), make, floor=FLOOR, plan=plan).verdict == "gained"


def test_without_a_clock_there_is_no_figure() -> None:
    class Clockless(FakeSandbox):
        def batch(self, unit: Unit, inputs: Sequence[Inputs], **more: Any) -> Batch:
            done = super().batch(unit, inputs, **more)
            return replace(done, facts=replace(done.facts, call_cpu_s=None))

    lane = Clockless(costs=costs(1.5), answering=False)
    assert "cannot tell" in reason(effectiveness(lane, BASE, dream("d"), make, floor=FLOOR))


def test_repetitions_that_become_dearer_end_with_the_budget() -> None:
    class Tiring(FakeSandbox):
        more = 1.05

        def facts(self, unit: Unit, inputs: Sequence[Inputs]) -> Facts:
            self.machine.start_s *= self.more
            return super().facts(unit, inputs)

    lane = Tiring(costs=costs(1.5), machine=Machine(jitter=0.01), answering=False)
    found = effectiveness(lane, BASE, dream("d"), make, floor=FLOOR, plan=Plan(resamples=100))
    assert found.verdict == "gained"
    assert 6 <= found.repetitions < 75, "the first look was planned for later"
    lane = Tiring(costs=costs(1.5), machine=Machine(jitter=0.01, start_s=0.002), answering=False)
    lane.more = 1.15
    found = effectiveness(lane, BASE, dream("d"), make, floor=FLOOR, plan=Plan(cpu_s=3.0, least=12))
    assert "were enough for" in reason(found)


def test_how_long_it_takes_to_raise_is_no_cost() -> None:
    def raises(number: int) -> int:
        if number % 10:
            raise ValueError(number)
        return number

    assert "inputs that it would be timed with" in reason(answering(raises, raises))


# --- memory, and a whole night ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("peak", "verdict"), [(60, "slower"), (30, "not shown"), (20, "gained")])
def test_peak_memory_is_compared_beside(peak: int, verdict: str) -> None:
    found = measured(1.0, noise={"jitter": 0.01}, peaks={"d": peak * 2**20})
    assert found.memory is not None
    assert found.memory.verdict == verdict
    assert found.memory.ratio == pytest.approx(30 / peak)
    assert (found.memory.base_bytes, found.memory.dream_bytes) == (30 * 2**20, peak * 2**20)


def test_an_interval_that_ends_nowhere_says_nothing_of_memory() -> None:
    peak = 30 * 2**20
    wide = [(Cost(1.0, 1.0, 1.0, peak * 9**number), Cost(1.0, 1.0, 1.0, peak)) for number in range(2)]
    assert memory(wide, Plan()) is None
    assert memory([(each, each) for each, _ in wide], Plan()) is not None


def test_memory_that_nobody_saw_is_not_compared() -> None:
    assert measured(1.0, noise={"jitter": 0.01}, peaks={"d": 0}).memory is None


def test_many_comparisons_a_night_need_more_to_show_one() -> None:
    gained = Effect(ratio=1.1, low=1.02, high=1.2, floor=FLOOR, verdict="gained", reason="", p=0.008)
    none = replace(gained, verdict="not shown", p=0.5)
    assert across([gained])[0] == gained
    assert across([gained] * 10) == [gained] * 10
    found = across([gained, *[none] * 99])
    assert found[0].verdict == "not shown"
    assert "100 comparisons" in found[0].reason
    assert found[1:] == [none] * 99
    unmeasured = Effect(floor=FLOOR, verdict="not measured", reason="x")
    assert across([unmeasured, gained]) == [unmeasured, gained]
    assert across([]) == []


def test_among_comparisons_of_nothing_a_night_claims_nothing() -> None:
    rng = random.Random(3)
    claims = 0
    for _ in range(200):
        night = [
            Effect(ratio=1.0, low=1.02, high=1.1, floor=FLOOR, verdict="gained", reason="", p=rng.random())
            for _ in range(20)
        ]
        claims += any(each.verdict == "gained" for each in across(night))
    assert claims / 200 <= 0.09


def test_intervals_hold_the_truth_however_early_they_end() -> None:
    found = [measured(1.05, seed=seed, noise=NOISY) for seed in range(25)]
    held = [each.low <= 1.05 <= each.high for each in found if each.low is not None and each.high is not None]
    assert len(held) == 25
    assert statistics.mean(held) >= 0.92
    assert all(math.isfinite(each.p or 0.0) for each in found)


def test_a_batch_too_short_for_any_clock_is_not_timed() -> None:
    def few(repetition: int, count: int) -> Sequence[Inputs]:
        return make(repetition, min(count, 12))

    lane = FakeSandbox(costs={"base": lambda _: 1e-6, "d": lambda _: 1e-6}, answering=False)
    found = effectiveness(lane, BASE, dream("d"), few, floor=FLOOR)
    assert "the 11 different inputs of a batch take 11 µs together" in reason(found)
    assert lane.calls < 100
