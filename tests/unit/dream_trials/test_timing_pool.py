"""The inputs that a procedure is timed with: tried before, all different, and a dream does the same on them."""

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from daydream.contracts.sandbox import Batch, Failure, Inputs, Limits, Unit
from daydream.dream.trials.differential_types import Seen
from daydream.dream.trials.effectiveness_blocks import text_of
from daydream.dream.trials.timing_pool import LEAST, Drawn, drawn, maker
from daydream.dream.trials.timing_pool_dream import on_pool
from tests.fakes.sandbox import BASE, FakeSandbox, NoAnswer, dream, inputs, opener

LIMITS = Limits()
UNITS = (BASE, dream("d"))
FORBIDDEN = Failure("forbidden", "it made a system call that no function of values makes")


def seen(*calls: Inputs) -> list[Seen]:
    return [Seen(each, "given", None, None, 0.001) for each in calls]


NORMAL = seen(*(inputs(f"word {number}", [number, 2, 3]) for number in range(10)))


def pool(function: Any, **more: Any) -> Drawn:
    lane = FakeSandbox({"base": function}, **more)
    return drawn(lane, BASE, NORMAL, seed=1, limits=LIMITS)


def test_the_inputs_are_all_different_and_as_many_as_two_batches_take() -> None:
    found = pool(lambda text, numbers: (text, numbers), costs={"base": lambda _: 2e-5})
    assert found.why_few is None
    assert len(found.seen) >= 2 * 0.005 / 2e-5
    assert len({text_of(each.inputs) for each in found.seen}) == len(found.seen)
    assert len(found.seen) <= found.made
    again = pool(lambda text, numbers: (text, numbers), costs={"base": lambda _: 2e-5})
    assert [each.inputs for each in again.seen] == [each.inputs for each in found.seen]


def test_inputs_on_which_the_procedure_has_no_answer_or_raises_are_left_out() -> None:
    def procedure(text: str, numbers: list[int]) -> str:
        if "w" not in text:
            raise NoAnswer(FORBIDDEN)
        return text[numbers.index(2)]

    found = pool(procedure)
    assert found.why_few is None
    assert len(found.seen) < found.made
    assert all(each.answer is not None and each.answer.has_returned for each in found.seen)
    assert all("w" in each.inputs.given[0] for each in found.seen)


def test_what_an_encoding_has_no_room_for_costs_only_itself() -> None:
    class Single(FakeSandbox):
        def batch(self, unit: Unit, inputs: Sequence[Inputs], **more: Any) -> Batch:
            done = super().batch(unit, inputs, **more)
            odd = Failure("too large", "9 bytes")
            said = tuple(odd if at % 2 else each for at, each in enumerate(done.answers))
            return replace(done, answers=(), singly=said, failure=odd) if len(said) > 1 else done

    lane = Single({"base": lambda text, numbers: (text, numbers)})
    found = drawn(lane, BASE, NORMAL, seed=1, limits=LIMITS)
    assert found.why_few is None
    assert found.made >= 2 * len(found.seen) - 1


def test_calls_that_are_dear_beside_the_others_are_left_out() -> None:
    def cost(given: Inputs) -> float:
        return 0.02 if "x" in given.given[0] else 1e-4

    calls = seen(*(inputs(("x" if number == 33 else "a") * 9, [number]) for number in range(60)))
    lane = FakeSandbox({"base": lambda text, numbers: (text, numbers)}, costs={"base": cost})
    found = drawn(lane, BASE, calls, seed=1, limits=LIMITS)
    assert found.why_few is None
    dear = sum(cost(each.inputs) > 0.01 for each in found.seen)
    assert dear == 0


def test_too_few_inputs_are_said_with_their_number() -> None:
    def never(text: str, numbers: list[int]) -> str:
        raise NoAnswer(FORBIDDEN)

    assert "returned quickly on 0, 12 are wanted" in str(pool(never).why_few)
    lane = FakeSandbox({"base": lambda flag: flag})
    began = time.monotonic()
    found = drawn(lane, BASE, seen(inputs(True), inputs(False)), seed=1, limits=LIMITS)
    assert "of 2 different inputs made for it" in str(found.why_few)
    assert "of 1 different" in str(drawn(lane, BASE, seen(inputs(None)), seed=1, limits=LIMITS).why_few)
    assert "of 0 different" in str(drawn(lane, BASE, [], seed=1, limits=LIMITS).why_few)
    assert time.monotonic() - began < 5


def test_calls_with_nothing_to_change_are_timed_as_they_are() -> None:
    calls = [inputs(None, **{name: None}) for name in "abcdefghijklmnop"]
    lane = FakeSandbox({"base": lambda nothing, **_: nothing})
    found = drawn(lane, BASE, seen(*calls), seed=1, limits=LIMITS)
    assert [each.inputs for each in found.seen] == calls


def test_each_repetition_gets_a_sample_of_its_own_without_repeats() -> None:
    many = [inputs(number) for number in range(40)]
    make = maker(many, seed=1)
    one, other = make(1, 10), make(2, 10)
    assert one != other
    assert one == maker(many, seed=1)(1, 10)
    assert len({text_of(each) for each in one}) == 10
    assert len(make(3, 4000)) == 20
    assert len(maker(many[:1], seed=1)(0, 5)) == 1


def compared(base: Any, other: Any) -> Any:
    opened = opener({"base": base, "d": other})
    found = drawn(opened(0), BASE, NORMAL, seed=1, limits=LIMITS)
    assert len(found.seen) >= LEAST
    return on_pool(found, UNITS, opened, opened, LIMITS, lambda: None)


def test_a_dream_that_does_the_same_on_the_pool_may_be_timed() -> None:
    def same(text: str, numbers: list[int]) -> object:
        return [text, numbers]

    assert compared(same, same).verdict == "behaviour_preserving"


def test_a_dream_that_differs_on_the_pool_is_told_as_one_that_differs() -> None:
    def base(text: str, numbers: list[int]) -> int:
        return len(text) + len(numbers)

    def wrong(text: str, numbers: list[int]) -> int:
        return len(text) + min(len(numbers), 3)

    def broken(text: str, numbers: list[int]) -> int:
        if len(numbers) > 3:
            raise NoAnswer(FORBIDDEN)
        return len(text) + len(numbers)

    assert compared(base, wrong).verdict == "behaviour_changing"
    assert compared(base, broken).verdict == "failing"


def test_a_procedure_that_depends_on_hashes_decides_nothing_on_the_pool() -> None:
    def opened(hash_seed: int) -> FakeSandbox:
        def base(text: str, numbers: list[int]) -> object:
            return text if len(numbers) < 4 else [text, hash_seed]

        def other(text: str, numbers: list[int]) -> object:
            return text if len(numbers) < 4 else [text]

        return FakeSandbox({"base": base, "d": other}, hash_seed=hash_seed)

    found = drawn(opened(0), BASE, NORMAL, seed=1, limits=LIMITS)
    behaviour = on_pool(found, UNITS, opened, opened, LIMITS, lambda: None)
    assert behaviour.verdict == "undecided"
    assert "does not do the same twice" in behaviour.reason
