"""The search for edits that hold together: few questions, and every claim was asked."""

import itertools
from collections.abc import Callable, Sequence

import pytest

from daydream.records.proposal import Evidence, Verdict
from daydream.repository.verify_search import (
    Found,
    Search,
    answer,
    bisect,
    found,
    from_text,
    question,
    start,
    to_text,
)


def search(groups: int, verdict: Callable[[frozenset[int]], Verdict]) -> tuple[Found, list[frozenset[int]]]:
    """Run a search through its text at every step, as nights do that are killed after each."""
    state, asked = start(groups), []
    while (now := question(state)) is not None:
        asked.append(frozenset(now))
        text = to_text(answer(state, verdict(frozenset(now))))
        assert len(text) <= 800
        state = from_text(text)
    return found(state), asked


def breaking(*sets: Sequence[int]) -> Callable[[frozenset[int]], Verdict]:
    """Whatever holds one of these sets is broken."""
    return lambda groups: "broken" if any(groups >= set(one) for one in sets) else "verified"


def test_without_groups_nothing_is_asked() -> None:
    assert search(0, breaking()) == (Found((), (), (), ()), [])


def test_the_union_comes_first_and_is_enough_when_it_holds() -> None:
    result, asked = search(7, breaking())
    assert result.together == tuple(range(7))
    assert asked == [frozenset(range(7))]


@pytest.mark.parametrize("bad", range(8))
def test_one_bad_group_of_eight_is_found_and_the_rest_kept(bad: int) -> None:
    result, asked = search(8, breaking([bad]))
    assert result == Found(tuple(one for one in range(8) if one != bad), (), (bad,), ())
    assert len(asked) <= 8


def test_nothing_is_asked_twice_and_every_claim_was_asked() -> None:
    for groups in range(1, 7):
        for size in (1, 2, 3):
            for guilty in itertools.combinations(range(groups), min(size, groups)):
                result, asked = search(groups, breaking(guilty))
                assert len(asked) == len(set(asked))
                assert not result.together or frozenset(result.together) in asked
                for one in (*result.apart, *result.broken):
                    assert frozenset({one}) in asked
                everything = (*result.together, *result.apart, *result.broken, *result.unverified)
                assert sorted(everything) == list(range(groups))
                assert len(asked) <= 3 * groups


def test_two_groups_that_are_good_alone_and_broken_together_are_told_apart() -> None:
    result, _ = search(4, breaking([1, 2]))
    assert result == Found((0, 1, 3), (2,), (), ())


def test_when_every_group_is_broken_nothing_is_kept() -> None:
    result, _ = search(3, breaking([0], [1], [2]))
    assert result == Found((), (), (0, 1, 2), ())


def test_what_cannot_be_judged_is_neither_kept_nor_called_broken() -> None:
    result, _ = search(4, lambda groups: "unverified" if 3 in groups else "verified")
    assert result == Found((0, 1, 2), (), (), (3,))


def test_a_judge_is_given_the_groups_themselves() -> None:
    seen: list[list[str]] = []

    def judge(groups: Sequence[str]) -> Evidence:
        seen.append(list(groups))
        return Evidence(verdict="broken" if "bad" in groups else "verified", command="pytest")

    assert bisect(["good", "bad"], judge) == Found((0,), (), (1,), ())
    assert seen[0] == ["good", "bad"]


def test_an_answer_that_nobody_asked_for_is_refused() -> None:
    with pytest.raises(ValueError, match="over"):
        answer(Search(), "verified")


@pytest.mark.parametrize("text", ["", "{}", "[]", "[[0],[[1]],0,[],[]]", "[[],[],0,[],[[0,9]]]", "3"])
def test_a_text_that_is_no_search_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        from_text(text)
