"""Inputs made from what the procedure answered."""

from collections.abc import Callable
from typing import Any

from daydream.contracts.sandbox import Answer, Failure, Inputs
from daydream.dream.trials.differential_types import Seen
from daydream.dream.trials.inputs_further import further, shared_out
from daydream.sandbox.guest.encoding import check, decode, encode, raised


def seen(function: Callable[..., Any], *calls: tuple[Any, ...]) -> list[Seen]:
    found = []
    for call in calls:
        inputs = Inputs(tuple(encode(each) for each in call))
        try:
            answer = Answer(returned=encode(function(*call)))
        except ValueError as error:
            answer = Answer(raised=raised(error))
        found.append(Seen(inputs, "given", answer))
    return found


def balanced(text: str) -> bool:
    depth = 0
    for each in text:
        if each not in "()":
            raise ValueError("only brackets")
        depth += 1 if each == "(" else -1
    return depth == 0


def test_further_inputs_are_new_distinct_well_formed_and_the_same_again() -> None:
    before = seen(balanced, ("()",), ("(",), ("abc",), ("hello",))
    made = further(before, 40, 3)
    assert len(made) == 40
    assert len({repr(each) for each in made}) == 40
    assert not {repr(each) for each in made} & {repr(each.inputs) for each in before}
    for each in made:
        check(each.given[0])
    assert made == further(before, 40, 3)
    assert made != further(before, 40, 4)


def test_what_the_procedure_returned_on_leads_to_more_of_it_than_what_it_refused() -> None:
    refused = [(f"word {number}",) for number in range(30)]
    made = further(seen(balanced, ("(())",), ("()(",), *refused), 100, 1)
    near = [each for each in made if not set(decode(each.given[0])) & set("word")]
    assert len(near) > 70


def test_a_rare_answer_counts_as_much_as_a_common_one() -> None:
    common = [([number],) for number in range(50)]
    made = further(seen(len, ([7] * 9,), *common), 100, 1)
    assert sum(len(decode(each.given[0])) > 4 for each in made) > 25


def test_arguments_of_two_calls_are_put_together_and_the_object_of_a_method_stays() -> None:
    before = seen(lambda one, two, three: (two, three), (0, "aaaa", 1000), (0, "zzzz", 5000))
    made = further(before, 200, 1, receiver=True)
    assert {each.given[0] for each in made} == {0}
    assert any(each.given[1:] in (("aaaa", 5000), ("zzzz", 1000)) for each in made)


def test_without_an_answer_there_is_nothing_further() -> None:
    failed = Seen(Inputs((1,)), "given", None, Failure("timeout", "it was still calling"))
    assert further([failed], 10, 1) == []
    assert further([], 10, 1) == []


def test_the_total_is_shared_out() -> None:
    for total in (10, 60, 200):
        planned, each = shared_out(total, 3)
        assert planned + 3 * each == total
        assert each >= 1
    assert shared_out(10, 0) == (10, 0)
