"""Conditions asked of encoded arguments."""

import ast
from typing import Any

import pytest

from daydream.dream.trials.call_sites_literals import Surroundings
from daydream.dream.trials.inputs_conditions import Sight, comes_out
from daydream.dream.trials.inputs_index import Index
from daydream.sandbox.guest.encoding import encode

INDEX = Index({"m.py": "LIMIT = 3\nclass Own: pass\n"})


def around() -> Surroundings:
    scope = INDEX.scope_at("m.py")
    assert scope is not None
    return Surroundings(scope, INDEX)


def asked(condition: str, **values: Any) -> bool | None:
    arguments = {name: encode(value) for name, value in values.items()}
    return comes_out(ast.parse(condition, mode="eval").body, Sight(arguments, around()))


@pytest.mark.parametrize(
    "condition",
    [
        "all(isinstance(v, int) for v in x)",
        "all([type(v) == int for v in x])",
        "type(x) in (list, tuple)",
        "type(x) is list and len(x) == 3",
        "any(v > 2 for v in x)",
        "x[-1] == 3 and x[:2] == [1, 2] and tuple(x) == (1, 2, 3)",
        "{v for v in x} == set(range(1, 2 ** 2)) and {1, 2, 3} == set(x)",
        "sum(x) == 6 and max(x) - min(x) == 2",
        "len(set(x)) == len(x)",
        "sorted(x) == list(x)",
        "all(v in range(1, 4) for v in x)",
        "all(map(lambda v: v > 0, x))",
        "all(one <= two for one, two in [(1, 2), (2, 2)])",
        "x.count(1) == 1",
        "len(x) == LIMIT",
        "str(x[0]) == '1' and int('2') == x[1]",
    ],
)
def test_what_plain_values_decide_is_decided(condition: str) -> None:
    assert asked(condition, x=[1, 2, 3]) is True
    assert asked(f"not ({condition})", x=[1, 2, 3]) is False


def test_texts_are_taken_apart() -> None:
    assert asked("x == '' or all(word in ['one', 'two'] for word in x.split(' '))", x="one two") is True
    assert asked("all(word in ['one', 'two'] for word in x.split(' '))", x="one ten") is False
    assert asked("x == x.lower() and x.isalpha()", x="abc") is True


def test_a_bool_is_no_int_to_who_asks_for_the_exact_type() -> None:
    assert asked("type(x) == int", x=True) is False
    assert asked("isinstance(x, int)", x=True) is True


@pytest.mark.parametrize(
    "condition",
    [
        "check(x)",
        "x.unknown()",
        "all(check(v) for v in x)",
        "x[7] == 1",
        "2 ** (10 ** 6) > 1",
        "sum(range(x[0] * 10 ** 9)) > 0",
        "[v for v in range(10 ** 9)]",
        "len(range(99999999999999999999)) > 3",
        "type(x) == Own",
        "isinstance(x, undefined)",
        "(lambda: 1)()",
        "{v: 1 for v in x} == {}",
        "any(len(a) for a in x for b in x)",
    ],
)
def test_what_only_running_would_tell_is_left_open(condition: str) -> None:
    assert asked(condition, x=[1, 2, 3]) is None


def test_one_item_may_settle_what_another_leaves_open() -> None:
    assert asked("all(v > 1 and check(v) for v in x)", x=[1, 2]) is False
    assert asked("any(v > 1 or check(v) for v in x)", x=[1, 2]) is True
