"""Sequences: how often each template normally occurs in one."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.logs_sequences import learn, odd

_NORMAL = [(1, 2, 2, 3), (1, 2, 3), (2, 1, 3, 3)]


def test_what_was_learned_is_not_odd_in_any_order() -> None:
    model = learn(_NORMAL)
    for sequence in _NORMAL:
        shuffled = list(sequence)
        Random(1).shuffle(shuffled)
        assert odd(model, sequence) is None
        assert odd(model, shuffled) is None


def test_a_template_that_no_sequence_had_is_named() -> None:
    assert odd(learn(_NORMAL), (1, 2, 3, 9)) == "never seen in 3 sequences: 9"


def test_many_unseen_templates_are_counted_not_listed() -> None:
    assert odd(learn(_NORMAL), (9, 8, 7, 6, 5)) == "never seen in 3 sequences: 5, 6, 7 and 2 more"


@pytest.mark.parametrize(
    ("sequence", "reason"),
    [
        ((1, 2, 2, 2, 3), "2: 3 times; 1 to 2 in 3 sequences"),
        ((2, 3), "1: 0 times; 1 in 3 sequences"),
        ((), "1: 0 times; 1 in 3 sequences"),
    ],
)
def test_a_count_outside_of_the_range_is_given_with_the_range(sequence: tuple[int, ...], reason: str) -> None:
    assert odd(learn(_NORMAL), sequence) == reason


def test_a_template_that_some_sequences_lack_may_be_lacking_whichever_came_first() -> None:
    assert odd(learn([(1, 2), (1,)]), (1,)) is None
    assert odd(learn([(1,), (1, 2)]), (1,)) is None


def test_nothing_is_odd_before_anything_is_learned() -> None:
    assert odd(learn([]), (1, 2)) is None


@given(st.lists(st.lists(st.integers(0, 5), max_size=8), min_size=1, max_size=8))
def test_no_learned_sequence_is_ever_odd_and_the_order_of_learning_does_not_matter(
    sequences: list[list[int]],
) -> None:
    model = learn(sequences)
    assert all(odd(model, one) is None for one in sequences)
    assert learn(sequences[::-1]).ranges == model.ranges
