"""What a file marks deprecated, what it names in its place, and who calls it."""

import ast

import pytest

from daydream.analysis.deprecated_calls import Deprecated, calls, marked, replacement

SHOP = """
import warnings
from warnings import deprecated

def old_price(x):
    \"\"\"Return it.\"\"\"
    warnings.warn("old_price is deprecated, use `new_price` instead", DeprecationWarning, stacklevel=2)
    return new_price(x)

def sometimes(x):
    if x is None:
        warnings.warn("pass something", DeprecationWarning)

@deprecated("Use Desk.lend()")
def hand_out(x):
    return x

class Desk:
    def give(self):
        warnings.warn(f"{self} is old; call lend_out() instead", category=RemovedInShop3Warning)

    @property
    def colour(self):
        warnings.warn("use tint", DeprecationWarning)

class OldDesk:
    def __init__(self):
        warnings.warn("OldDesk is replaced by Desk", PendingDeprecationWarning)
"""


def test_only_what_always_warns_is_marked() -> None:
    told = [(one.qualname, one.replacement) for one in marked("shop.py", ast.parse(SHOP))]
    assert told == [
        ("old_price", "new_price"),
        ("hand_out", "Desk.lend"),
        ("Desk.give", "lend_out"),
        ("OldDesk", "Desk"),
    ]


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("use the new method `get_x` instead", "get_x"),
        ("in favour of get_x.", "get_x"),
        ("Use :func:`pkg.get_x`", "pkg.get_x"),
        ("old is deprecated; use old with an argument", ""),
        ("this will be removed soon", ""),
        ("please use another way", ""),
        ("use keyword arguments", ""),
    ],
)
def test_a_replacement_is_a_name_and_no_word_of_a_sentence(said: str, name: str) -> None:
    assert replacement(said, "old") == name


PRICE = Deprecated("pkg/shop.py", "old_price", 5, "new_price")
GIVE = Deprecated("pkg/shop.py", "Desk.give", 20, "lend_out")


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("from pkg.shop import old_price as p\np(1)\n", [2]),
        ("from pkg import shop\nshop.old_price(1)\n", [2]),
        ("import pkg.shop\npkg.shop.old_price(1)\n", [2]),
        ("def old_price(x):\n    return x\nold_price(1)\n", []),
        ("from pkg.other import old_price\nold_price(1)\n", []),
        ("desk.give()\nother.given()\n", [1]),
        ("class D(Desk):\n    def give(self):\n        super().give()\n", []),
    ],
)
def test_a_call_counts_only_where_it_is_sure_to_reach_the_deprecated(text: str, lines: list[int]) -> None:
    found = calls("pkg/user.py", ast.parse(text), [PRICE, GIVE])
    assert [call.line for _, call in found] == lines


def test_what_is_deprecated_itself_may_call_what_is() -> None:
    text = "def old_price(x):\n    return old_price(x - 1)\ndef f():\n    return old_price(1)\n"
    assert [call.qualname for _, call in calls("pkg/shop.py", ast.parse(text), [PRICE])] == ["f"]


def test_a_call_with_warnings_silenced_is_told_apart() -> None:
    text = "from pkg.shop import old_price\nwith warnings.catch_warnings():\n    old_price(1)\nold_price(2)\n"
    assert sorted((call.line, call.quiet) for _, call in calls("u.py", ast.parse(text), [PRICE])) == [
        (3, True),
        (4, False),
    ]
