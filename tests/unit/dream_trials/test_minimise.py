"""Cases become small and stay what they were."""

from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from daydream.contracts.sandbox import Inputs
from daydream.dream.trials.minimise import Kept, shrink
from daydream.dream.trials.minimise_edits import simpler, weight
from daydream.sandbox.guest.encoding import check, decode, encode
from tests.fakes.sandbox import inputs


def values(sent: Inputs) -> tuple[list[Any], dict[str, Any]]:
    return [decode(each) for each in sent.given], {name: decode(each) for name, each in sent.named}


@pytest.mark.parametrize(
    ("big", "matters", "small"),
    [
        ([3, 1, 7, 9, 2], lambda x: 7 in x, [7]),
        ("some long text; here", lambda x: ";" in x, ";"),
        ({"a": [1, 2, 3], "b": 5}, lambda x: "b" in x, {"b": 0}),
        (123456, lambda x: x > 100, 101),
        (-50, lambda x: x < 0, -1),
        (2**70, lambda x: x > 5, 6),
        ([[1, [2, 3]], [4]], lambda x: len(x) > 1, [[], []]),
        (b"abcXdef", lambda x: b"X" in x, b"X"),
        ((1.5, [9, 9]), lambda x: x[0] != 0, (1.0, [])),
        ({5, 6, 7}, lambda x: len(x) > 1, None),
    ],
)
def test_what_does_not_matter_goes(big: Any, matters: Any, small: Any) -> None:
    found = shrink(inputs(big), lambda each: bool(matters(values(each)[0][0])), 500)
    (left,) = values(found.inputs)[0]
    assert matters(left)
    assert type(left) is type(big)
    assert left == small if small is not None else len(left) == 2


def test_number_and_names_of_arguments_stay() -> None:
    found = shrink(inputs([1, 2], "abc", key={"a": 1}), lambda _each: True, 500)
    assert values(found.inputs) == ([[], ""], {"key": {}})


def test_calls_are_bounded_and_counted() -> None:
    calls: list[Inputs] = []

    def still(each: Inputs) -> bool:
        calls.append(each)
        return len(calls) % 3 == 0

    found = shrink(inputs(list(range(50)), "x" * 40), still, 20)
    assert found.calls == len(calls) == 20
    assert found.edits == 6
    assert len({repr(each) for each in calls}) == 20, "nothing is asked twice"


def test_the_same_case_always_shrinks_to_the_same_one() -> None:
    def still(each: Inputs) -> bool:
        return len(values(each)[0][0]) >= 3

    many = [shrink(inputs(list("abcdef"), {"k": 1}), still, 300) for _ in range(2)]
    assert many[0] == many[1]


def test_a_case_that_cannot_shrink_is_left_as_it_is() -> None:
    sent = inputs([4, 2], 3)
    found = shrink(sent, lambda _each: False, 300)
    assert found.inputs == sent
    assert found.edits == 0


simple = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=4) | st.binary(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3) | st.tuples(inner, inner)
    ),
    max_leaves=6,
)  # fmt: skip


@given(simple)
def test_every_edit_is_well_formed_of_the_same_type_and_another_tree(given_value: Any) -> None:
    tree = encode(given_value)
    for each in simpler(tree):
        check(each)
        assert each != tree
        if type(given_value) is not float:
            assert type(decode(each)) is type(given_value)


@given(simple)
@example(float("inf"))
@example(2**70)
def test_shrinking_ends_by_itself(given_value: Any) -> None:
    found = shrink(inputs(given_value), lambda _each: True, 10_000)
    assert found.calls < 10_000
    assert weight(found.inputs.given[0]) <= weight(encode(given_value))


def test_a_kept_case_survives_storage() -> None:
    sent = inputs([1.5, {"a"}], key=2)
    kept = Kept(
        path="a.py", qualname="f", occurrence=1, given=sent.given, named=sent.named, where="returned", dream_id="d"
    )  # fmt: skip
    again = msgspec.json.decode(msgspec.json.encode(kept), type=Kept)
    assert again == kept
    assert again.inputs == sent
