"""What a dream is called after it ran beside its procedure."""

import functools
import io
import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from daydream.contracts.sandbox import Batch, Facts, Failure, Inputs, Limits, Observation, Unit
from daydream.dream.trials.comparison import REORDERED
from daydream.dream.trials.differential import Baseline, Behaviour, Option, Settings, differential, survey
from daydream.dream.trials.differential_types import Seen
from daydream.sandbox.guest.encoding import decode
from tests.fakes.sandbox import BASE, FakeSandbox, NoAnswer, dream, inputs, opener

GIVEN = [inputs(list(range(n))) for n in range(12)]
FILE = io.TextIOWrapper(io.BytesIO())
TIMEOUT = Failure("timeout", "it was still calling after 30 s")
LOST = Failure("lost", "the sandbox failed twice")


def total(numbers: list[int]) -> int:
    return sum(numbers)


def tried(
    base: Callable[..., Any],
    other: Callable[..., Any],
    given: list[Inputs] | None = None,
    *,
    settings: Settings | None = None,
    option: Option | None = None,
    **more: Any,
) -> Behaviour:
    opened = opener({"base": base, "d": other})
    baseline = survey(opened, BASE, GIVEN if given is None else given, settings=settings, **more)
    return differential(baseline, opened, opened, dream("d"), option=option, settings=settings)


def test_a_dream_that_does_the_same_preserves_behaviour() -> None:
    found = tried(total, lambda numbers: sum(reversed(numbers)))
    assert found.verdict == "behaviour_preserving"
    assert (found.counts.asked, found.counts.same, found.counts.normal) == (12, 12, 12)
    assert found.counts.in_sequence == 24
    assert found.category is None


def test_a_dream_that_does_something_else_changes_it_and_the_case_is_small() -> None:
    found = tried(total, lambda numbers: sum(numbers) - (5 in numbers))
    assert found.verdict == "behaviour_changing"
    assert found.category == "logic"
    assert found.counts.differing == 3, "nothing is asked after the third"
    assert [decode(each.inputs.given[0]) for each in found.differing] == [[5], [5], [5]]
    assert all(each.shrunk for each in found.differing)
    assert (found.differing[0].where, found.differing[0].base, found.differing[0].dream) == (
        "returned",
        "5",
        "4",
    )
    assert not found.only_mends


def test_another_type_is_a_matter_of_validation() -> None:
    assert tried(total, lambda numbers: float(sum(numbers))).category == "validation"


@pytest.mark.parametrize(
    ("raising", "verdict", "category"),
    [
        (NameError("x"), "failing", "runtime"),
        (TypeError("x"), "failing", "type"),
        (AssertionError("x"), "failing", "logic"),
        (RecursionError("x"), "failing", "resource"),
        (ValueError("x"), "behaviour_changing", "runtime"),
    ],
)
def test_an_error_where_the_procedure_returns(raising: Exception, verdict: str, category: str) -> None:
    def raises_late(numbers: list[int]) -> int:
        if len(numbers) > 9:
            raise raising
        return sum(numbers)

    found = tried(total, raises_late)
    assert (found.verdict, found.category) == (verdict, category)


def test_a_dream_that_never_returns_is_failing_whatever_it_raises() -> None:
    def never(numbers: list[int]) -> int:
        raise ValueError(numbers)

    assert tried(total, never).verdict == "failing"


def test_a_missing_answer_is_a_failure_with_its_category() -> None:
    def hangs(numbers: list[int]) -> int:
        if len(numbers) == 7:
            raise NoAnswer(TIMEOUT)
        return sum(numbers)

    found = tried(total, hangs)
    assert (found.verdict, found.category) == ("failing", "timeout")
    assert "still calling" in found.reason
    assert found.counts.asked == 8, "who has waited once does not wait again"
    assert not found.differing[0].shrunk


def test_a_dream_is_not_waited_for_much_longer_than_its_procedure_takes() -> None:
    asked: list[float] = []

    class Watched(FakeSandbox):
        def batch(
            self, unit: Unit, inputs: Sequence[Inputs], *, answers: bool = False, limits: Limits | None = None
        ) -> Batch:
            if unit.variant:
                asked.append(limits.wall_s if limits else 0.0)
            return super().batch(unit, inputs, answers=answers, limits=limits)

    def opened(seed: int) -> Watched:
        return Watched({"base": total, "d": total}, costs={"base": lambda _x: 0.1}, hash_seed=seed)

    settings = Settings(limits=Limits(wall_s=30))
    baseline = survey(opened, BASE, GIVEN, settings=settings)
    differential(baseline, opened, opened, dream("d"), settings=settings)
    together, in_sequence = asked
    assert together == pytest.approx(5 + 20 * 1.203)
    assert in_sequence == 30


def test_what_the_procedure_does_not_manage_either_when_it_is_asked_again_is_the_machines_fault() -> None:
    calls = itertools.count()

    def tired(numbers: list[int]) -> int:
        if next(calls) >= 24:
            raise NoAnswer(TIMEOUT)
        return sum(numbers)

    def hangs(numbers: list[int]) -> int:
        raise NoAnswer(TIMEOUT)

    found = tried(tired, hangs)
    assert found.verdict == "undecided"
    assert (found.counts.lost, found.counts.differing) == (12, 0)


def test_a_slow_procedure_is_not_called_in_sequence_for_long() -> None:
    def opened(seed: int) -> FakeSandbox:
        slow = {"base": lambda _x: 2.0}
        return FakeSandbox({"base": total, "d": total}, costs=slow, hash_seed=seed)

    baseline = survey(opened, BASE, GIVEN)
    found = differential(baseline, opened, opened, dream("d"))
    assert found.counts.in_sequence == 2


def test_a_dream_that_does_not_load_is_asked_once() -> None:
    lanes: list[FakeSandbox] = []

    def opened(seed: int) -> FakeSandbox:
        failures = {"d": Failure("syntax", "line 3: invalid syntax")}
        lanes.append(FakeSandbox({"base": total, "d": total}, failures=failures, hash_seed=seed))
        return lanes[-1]

    baseline = survey(opened, BASE, GIVEN)
    found = differential(baseline, opened, opened, dream("d"))
    assert (found.verdict, found.category, found.counts.asked) == ("failing", "syntax", 1)
    assert found.reason == "line 3: invalid syntax"
    assert all(lane.closed for lane in lanes)


def test_where_the_procedure_itself_has_no_answer_nothing_is_held_against_the_dream() -> None:
    def slow(numbers: list[int]) -> int:
        if len(numbers) in (3, 4):
            raise NoAnswer(TIMEOUT)
        return sum(numbers)

    found = tried(slow, lambda numbers: -1 if len(numbers) in (3, 4) else sum(numbers))
    assert found.verdict == "behaviour_preserving"
    assert (found.counts.base_failed, found.counts.asked) == (2, 10)


def test_a_procedure_that_is_too_slow_is_not_asked_for_ever() -> None:
    calls = itertools.count()

    def slow(_numbers: list[int]) -> int:
        next(calls)
        raise NoAnswer(TIMEOUT)

    found = tried(slow, total)
    assert next(calls) == 1 + 3, "once for all of them together, then one by one"
    assert (found.verdict, found.counts.base_failed) == ("undecided", 3)


def test_what_the_sandbox_lost_is_nobodys_fault() -> None:
    def lost(numbers: list[int]) -> int:
        if len(numbers) % 2:
            raise NoAnswer(LOST)
        return sum(numbers)

    found = tried(total, lost)
    assert found.verdict == "behaviour_preserving"
    assert (found.counts.lost, found.counts.same) == (6, 6)
    assert found.notes, "it says what was not compared in one process"
    assert tried(total, lost, GIVEN[:6]).verdict == "undecided"


def test_a_dream_is_not_preserving_because_both_raise() -> None:
    def raises(numbers: list[int]) -> int:
        raise TypeError(numbers)

    found = tried(raises, raises)
    assert found.verdict == "undecided"
    assert found.counts.same == 12
    assert found.counts.normal == 0


def test_what_cannot_be_compared_is_undecided() -> None:
    found = tried(lambda _numbers: FILE, lambda _numbers: FILE)
    assert found.verdict == "undecided"
    assert found.counts.undecided == 12
    assert "no encoding" in found.reason


def test_a_random_procedure_is_not_compared_with_anything() -> None:
    numbers = itertools.count()
    found = tried(lambda _x: next(numbers) * 7919 % 1009, total)
    assert found.verdict == "undecided"
    assert "does not do the same twice" in found.reason
    assert found.counts.asked == 0


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        (lambda seed, _count: ["b", "a"] if seed else ["a", "b"], "order of a set or on a hash"),
        (lambda seed, _count: f"it lies at 0x7f00{seed}1230", "memory address"),
        (lambda _seed, count: 1_790_000_000.5 + next(count), "reads the clock"),
        (lambda _seed, count: next(count), "clock, on chance or on something outside"),
    ],
)
def test_the_reason_for_another_answer_is_named(answer: Callable[..., Any], cause: str) -> None:
    count = itertools.count()

    def opened(seed: int) -> FakeSandbox:
        return FakeSandbox({"base": lambda _x: answer(seed, count)}, hash_seed=seed)

    assert cause in str(survey(opened, BASE, GIVEN).unusable)


def in_lanes(base: Callable[..., Any], other: Callable[..., Any]) -> Behaviour:
    """Compare procedures whose first argument is what differs from sandbox to sandbox."""

    def opened(seed: int) -> FakeSandbox:
        lane = next(lanes)
        units = {"base": functools.partial(base, lane), "d": functools.partial(other, lane)}
        return FakeSandbox(units, hash_seed=seed)

    lanes = itertools.count()
    return differential(survey(opened, BASE, GIVEN), opened, opened, dream("d"))


def test_where_objects_lie_tells_nothing_if_it_differs_for_the_procedure_itself() -> None:
    def named(lane: int, numbers: list[int]) -> list[str]:
        first, second = (f"<x at 0x7f00{lane}1{digit}30>" for digit in "23")
        return [first, second, first, str(len(numbers))]

    def once(lane: int, numbers: list[int]) -> list[str]:
        first, second, _, size = named(lane, numbers)
        return [first, second, second, size]

    def other(lane: int, numbers: list[int]) -> list[str]:
        return [each.replace("<x", "<y") for each in named(lane, numbers)]

    assert in_lanes(named, named).verdict == "behaviour_preserving"
    assert in_lanes(named, once).verdict == "behaviour_changing"
    assert in_lanes(named, other).verdict == "behaviour_changing"

    def steady(_lane: int, _numbers: list[int]) -> str:
        return "<x at 0x7f001234>"

    assert in_lanes(steady, lambda lane, _numbers: f"<x at 0x7f00{lane}235>").verdict == "behaviour_changing"


def test_an_input_whose_answer_depends_on_a_hash_is_left_out() -> None:
    def opened(seed: int) -> FakeSandbox:
        def base(numbers: list[int]) -> Any:
            return ["b", "a"] if seed and len(numbers) == 3 else [len(numbers)]

        return FakeSandbox({"base": base, "d": base}, hash_seed=seed)

    found = differential(survey(opened, BASE, GIVEN), opened, opened, dream("d"))
    assert (found.verdict, found.counts.asked) == ("behaviour_preserving", 11)
    assert found.notes == (
        "1 inputs were left out: the procedure's answer depends on the order of a set or on a hash",
    )


def test_a_procedure_that_changes_its_mind_later_is_not_held_against_the_dream() -> None:
    calls = itertools.count()
    found = tried(lambda x: total(x) + (next(calls) >= 24), lambda x: total(x) + (len(x) == 4))
    assert found.verdict == "undecided"
    assert "not do the same twice" in found.reason


def test_held_out_inputs_decide_last_and_kept_cases_first() -> None:
    asked: list[int] = []

    def other(numbers: list[int]) -> int:
        asked.append(len(numbers))
        return sum(numbers) + (len(numbers) == 20)

    found = tried(total, other, held_out=[inputs([1] * 20)], kept=[inputs([1] * 30)])
    assert asked[:14] == [30, *range(12), 20]
    assert found.verdict == "behaviour_changing"
    assert found.differing[0].origin == "held out"
    assert found.counts.held_out == 1


def test_what_one_call_leaves_for_the_next_is_seen() -> None:
    seen: dict[int, int] = {}

    def remembers(numbers: list[int]) -> int:
        key = len(numbers)
        seen[key] = seen.get(key, 0) + 1
        return sum(numbers) + (seen[key] > 2)

    found = tried(total, remembers)
    assert found.verdict == "behaviour_changing"
    assert found.differing[0].origin == "in sequence"


def test_a_container_that_is_handed_out_twice_is_not_two_equal_ones() -> None:
    @functools.cache
    def kept(size: int) -> list[int]:
        return list(range(size))

    def equal(numbers: list[int]) -> list[int]:
        return list(range(len(numbers)))

    found = tried(equal, lambda numbers: kept(len(numbers)))
    assert found.verdict == "behaviour_changing"
    assert (found.differing[0].origin, found.differing[0].where) == ("in sequence", "what it hands out")
    assert (
        tried(lambda numbers: kept(len(numbers)), lambda numbers: kept(len(numbers))).verdict
        == "behaviour_preserving"
    )
    assert tried(equal, lambda numbers: [*range(len(numbers))]).verdict == "behaviour_preserving"


def test_a_copy_of_the_argument_is_not_the_argument() -> None:
    found = tried(lambda numbers: numbers, list)
    assert (found.verdict, found.category) == ("behaviour_changing", "logic")
    assert "shares" in found.reason


def test_an_input_that_cannot_be_built_is_left_out_alone() -> None:
    class Partly(FakeSandbox):
        def batch(
            self, unit: Unit, inputs: Sequence[Inputs], *, answers: bool = False, limits: Limits | None = None
        ) -> Batch:
            done = super().batch(unit, inputs, answers=answers, limits=limits)
            wrong = Failure("inputs", "an argument cannot be built: ValueError")
            said = [
                wrong if each in GIVEN[3:5] else answer
                for each, answer in zip(inputs, done.answers, strict=True)
            ]
            return replace(done, answers=(), singly=tuple(said), failure=wrong) if wrong in said else done

    lane = Partly({"base": total, "d": total})
    baseline = survey(lambda _: lane, BASE, GIVEN)
    assert len(baseline.answered) == 10
    assert lane.calls == 12 + 10
    assert (
        differential(baseline, lambda _: lane, lambda _: lane, dream("d")).verdict == "behaviour_preserving"
    )


@pytest.mark.parametrize(
    ("failure", "verdict", "noted"),
    [
        (TIMEOUT, "behaviour_preserving", 1),
        (Failure("too large", "its answer is longer than 9 bytes"), "behaviour_preserving", 1),
        (Failure("crash", "signal 11 (SIGSEGV) ended it"), "failing", 0),
    ],
)
def test_what_many_calls_in_one_process_cannot_show_is_noted(
    failure: Failure, verdict: str, noted: int
) -> None:
    calls = itertools.count()

    def other(numbers: list[int]) -> int:
        if next(calls) >= 12:
            raise NoAnswer(failure)
        return sum(numbers)

    found = tried(total, other)
    assert (found.verdict, len(found.notes)) == (verdict, noted)
    assert failure.detail in (found.notes[0] if noted else found.reason)


def test_a_procedure_that_counts_its_calls_is_not_compared_in_sequence() -> None:
    calls = itertools.count()

    def counts(numbers: list[int]) -> int:
        return sum(numbers) + (next(calls) > 24)

    found = tried(counts, total)
    assert found.verdict == "undecided"
    assert "again and again" in found.reason


def test_a_lost_call_with_the_option_is_counted_and_no_failure() -> None:
    def other(numbers: list[int], *, fast: bool = False) -> int:
        if fast and numbers:
            raise NoAnswer(LOST)
        return sum(numbers)

    found = tried(total, other, option=Option("fast", True))
    assert found.verdict == "behaviour_preserving"
    assert (found.counts.lost, found.counts.with_option) == (11, 1)

    def hangs(numbers: list[int], *, fast: bool = False) -> int:
        if fast:
            raise NoAnswer(TIMEOUT)
        return sum(numbers)

    assert tried(total, hangs, option=Option("fast", True)).category == "timeout"


def test_floats_are_compared_by_the_rules_of_the_transform() -> None:
    given = [inputs([0.1 * n, 0.2, 0.3]) for n in range(1, 9)]

    def base(x: list[float]) -> float:
        return (x[0] + x[1]) + x[2]

    def other(x: list[float]) -> float:
        return x[0] + (x[1] + x[2])

    assert tried(base, other, given).verdict == "behaviour_changing"
    assert tried(base, other, given, settings=Settings(rules=REORDERED)).verdict == "behaviour_preserving"


def test_a_dream_that_only_answers_where_the_procedure_raises_mends() -> None:
    def mean(numbers: list[int]) -> float:
        return sum(numbers) / len(numbers)

    found = tried(mean, lambda numbers: sum(numbers) / len(numbers) if numbers else 0.0)
    assert found.verdict == "behaviour_changing"
    assert found.only_mends
    assert found.counts.asked == 12, "a mended case does not end the comparison"
    found = tried(mean, lambda numbers: float(sum(numbers)))
    assert not found.only_mends


def test_an_option_is_compared_with_its_default_and_then_only_has_to_stand() -> None:
    def with_option(numbers: list[int], *, fast: bool = False) -> int:
        return -1 if fast else sum(numbers)

    option = Option("fast", True)
    found = tried(total, with_option, option=option)
    assert found.verdict == "behaviour_preserving"
    assert found.counts.with_option == 12

    def falls(numbers: list[int], *, fast: bool = False) -> int:
        return missing(numbers) if fast else sum(numbers)  # type: ignore[name-defined] # noqa: F821

    found = tried(total, falls, option=option)
    assert (found.verdict, found.differing[0].origin) == ("failing", "option")
    assert "NameError" in found.reason

    def refuses(numbers: list[int], *, fast: bool = False) -> int:
        if fast and not numbers:
            raise ValueError(numbers)
        return sum(numbers)

    assert tried(total, refuses, option=option).verdict == "behaviour_preserving"


def test_without_inputs_nothing_is_known() -> None:
    found = tried(total, total, [])
    assert (found.verdict, found.counts.asked) == ("undecided", 0)


def test_a_procedure_that_does_not_load_cannot_be_compared_with() -> None:
    def broken(_x: object) -> int:
        raise NoAnswer(Failure("import", "no module named x"))

    found = tried(broken, total)
    assert found.verdict == "undecided"
    assert found.reason == "the procedure as it is does not run: no module named x"


def test_a_stop_is_looked_for_before_each_call() -> None:
    class Stopped(Exception):
        pass

    def check() -> None:
        raise Stopped

    opened = opener({"base": total})
    with pytest.raises(Stopped):
        survey(opened, BASE, GIVEN, check=check)
    baseline = survey(opened, BASE, GIVEN)
    with pytest.raises(Stopped):
        differential(baseline, opened, opened, dream("d"), check=check)


def test_a_baseline_serves_many_dreams() -> None:
    opened = opener({"base": total, "good": sum, "bad": len})
    baseline: Baseline = survey(opened, BASE, GIVEN)
    verdicts = [differential(baseline, opened, opened, dream(each)).verdict for each in ("good", "bad")]
    assert verdicts == ["behaviour_preserving", "behaviour_changing"]


def test_further_inputs_are_made_from_the_answers_and_may_tell_a_dream_apart() -> None:
    rounds: list[int] = []

    def further(seen: Sequence[Seen]) -> list[Inputs]:
        rounds.append(len(seen))
        return [inputs(list(range(20 + len(rounds))))]

    found = tried(total, lambda numbers: min(sum(numbers), 200), further=further)
    assert rounds == [12, 13, 14, 15, 16]
    assert found.verdict == "behaviour_changing"
    assert {each.origin for each in found.differing} == {"further"}


def test_a_slow_procedure_is_asked_quickly_first_and_patiently_where_too_little_is_answered() -> None:
    waited: list[float] = []

    class Slow(FakeSandbox):
        def call(self, unit: Unit, inputs: Inputs, limits: Limits | None = None) -> Observation:
            waited.append(limits.wall_s if limits else 0.0)
            if waited[-1] < 5:
                failure = Failure("timeout", "it was still calling after 1 s")
                return Observation(answer=None, failure=failure, facts=Facts(backend="fake"))
            return super().call(unit, inputs, limits)

        def batch(
            self, unit: Unit, inputs: Sequence[Inputs], *, answers: bool = False, limits: Limits | None = None
        ) -> Batch:
            if limits is not None and limits.wall_s < 5:
                failure = Failure("timeout", "it was still calling after 1 s")
                return Batch(failure=failure, facts=Facts(backend="fake"))
            return super().batch(unit, inputs, answers=answers, limits=limits)

    settings = Settings(limits=Limits(wall_s=5.0))
    found = survey(lambda seed: Slow({"base": total}, hash_seed=seed), BASE, GIVEN, settings=settings)
    assert waited[:12] == [0.5] * 12
    assert waited[12:24] == [5.0] * 12
    assert len(found.answered) == 12
