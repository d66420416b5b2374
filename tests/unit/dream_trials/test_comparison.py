"""Equality of answers as somebody outside sees it."""

import functools
import io
import math
import operator
from collections import Counter, OrderedDict, deque
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daydream.contracts.sandbox import Answer, Written
from daydream.dream.trials.comparison import (
    REORDERED,
    Compared,
    Different,
    Rules,
    Same,
    Undecided,
    compare,
    message_class,
)
from daydream.dream.trials.comparison_show import shown
from daydream.sandbox.guest.encoding import encode, raised


class Point:
    def __init__(self, x: Any) -> None:
        self.x = x


FILE = io.TextIOWrapper(io.BytesIO())
"""It has no encoding."""


class Liar:
    """Equal to everything, by its own word."""

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = None  # type: ignore[assignment]


def value(base: Any, dream: Any, rules: Rules | None = None) -> Compared:
    return compare(Answer(returned=encode(base)), Answer(returned=encode(dream)), rules or Rules())


def error(base: BaseException, dream: BaseException) -> Compared:
    return compare(Answer(raised=raised(base)), Answer(raised=raised(dream)))


VALUES: list[Any] = [
    0,
    1,
    True,
    False,
    None,
    "",
    "1",
    b"1",
    bytearray(b"1"),
    1.0,
    float("nan"),
    float("inf"),
    2**80,
    (1,),
    [1],
    {1},
    frozenset([1]),
    {1: 2},
    OrderedDict([(1, 2)]),
    Counter([1]),
    deque([1]),
    Decimal(1),
    range(1),
    1 + 0j,
    Point(1),
    ...,
]


def test_every_value_is_the_same_as_itself_and_different_from_every_other() -> None:
    for at, one in enumerate(VALUES):
        for other_at, other in enumerate(VALUES):
            assert isinstance(value(one, other), Same if at == other_at else Different), (one, other)


simple = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=3), inner, max_size=3)
        | st.tuples(inner, inner)
    ),
    max_leaves=8,
)


@given(simple, simple)
def test_it_agrees_with_what_is_written_of_the_values(one: Any, two: Any) -> None:
    written = repr(one).replace("-0.0", "0.0") == repr(two).replace("-0.0", "0.0")
    assert isinstance(value(one, two), Same) == written


def test_nan_equals_nan_and_the_sign_of_zero_counts_only_where_it_is_said() -> None:
    assert isinstance(value([math.nan], [math.nan]), Same)
    assert isinstance(value(-0.0, 0.0), Same)
    assert isinstance(value(-0.0, 0.0, Rules(signed_zero=True)), Different)
    assert isinstance(value(math.nan, 1.0, REORDERED), Different)


def test_floats_may_differ_a_little_only_by_rule_and_integers_never() -> None:
    assert isinstance(value(0.1 + 0.2, 0.3), Different)
    assert isinstance(value([0.1 + 0.2], [0.3], REORDERED), Same)
    assert isinstance(value(complex(0.1 + 0.2, 1), complex(0.3, 1), REORDERED), Same)
    assert isinstance(value(1.0, 1.001, REORDERED), Different)
    assert isinstance(value(10**12, 10**12 + 1, REORDERED), Different)
    assert isinstance(value(3.0, 3, REORDERED), Different)


def test_floats_inside_sets_are_paired_off_by_rule() -> None:
    assert isinstance(value({0.1 + 0.2, 5.0}, {0.3, 5.0}, REORDERED), Same)
    assert isinstance(value({0.1 + 0.2, 5.0}, {0.3, 5.0}), Different)
    assert isinstance(value({0.1, 5.0}, {0.3, 5.0}, REORDERED), Different)


def test_float_arrays_follow_the_same_rules() -> None:
    import base64
    import struct

    def array(*values: float) -> list[Any]:
        data = struct.pack(f"<{len(values)}d", *values)
        return ["array", "<f8", [len(values)], base64.b64encode(data).decode()]

    def arrays(one: list[Any], two: list[Any], rules: Rules) -> Compared:
        return compare(Answer(returned=one), Answer(returned=two), rules)

    assert isinstance(arrays(array(0.1 + 0.2, math.nan), array(0.3, math.nan), REORDERED), Same)
    assert isinstance(arrays(array(0.1 + 0.2), array(0.3), Rules()), Different)
    assert isinstance(arrays(array(0.0), array(-0.0), Rules()), Same)
    assert isinstance(arrays(array(0.0), array(-0.0), Rules(signed_zero=True)), Different)
    assert isinstance(arrays(array(1.0), ["array", "<f8", [1], "no base64!"], REORDERED), Different)
    assert isinstance(arrays(array(1.0, 2.0), array(1.0), REORDERED), Different)


def test_order_counts_in_lists_and_dictionaries_and_not_in_sets() -> None:
    assert isinstance(value([1, 2], [2, 1]), Different)
    assert isinstance(value({"a", "b", "c"}, {"c", "b", "a"}), Same)
    assert isinstance(value({"a": 1, "b": 2}, {"b": 2, "a": 1}), Different)
    assert isinstance(value({"a": 1, "b": 2}, {"b": 2, "a": 1}, Rules(any_key_order=True)), Same)
    assert isinstance(value({"a": 1, "b": 2}, {"b": 1, "a": 2}, Rules(any_key_order=True)), Different)
    assert isinstance(value([1, 2, 2], [2, 1, 2], Rules(any_order=True)), Same)
    assert isinstance(value([1, 2, 2], [2, 1, 1], Rules(any_order=True)), Different)
    assert isinstance(value([[1, 2]], [[2, 1]], Rules(any_order=True)), Different)


def test_one_container_twice_is_not_two_equal_containers() -> None:
    row = [0]
    assert isinstance(value([row, row], [row, row]), Same)
    assert isinstance(value([row, row], [row, [0]]), Different)
    assert isinstance(value([row, [0]], [row, row]), Different)


def test_cyclic_values_are_compared_to_their_end() -> None:
    def ring(last: int) -> list[Any]:
        made: list[Any] = [1, {"x": last}]
        made.append(made)
        return made

    assert isinstance(value(ring(2), ring(2)), Same)
    assert isinstance(value(ring(2), ring(3)), Different)


def test_shared_containers_are_followed_where_keys_are_in_another_order() -> None:
    one, two = [1], [1]
    found = value({"a": one, "b": one}, {"b": two, "a": two}, Rules(any_key_order=True))
    assert isinstance(found, Same)
    assert isinstance(value({"a": one, "b": one}, {"b": [1], "a": [1]}, Rules(any_key_order=True)), Different)


def test_iterators_are_compared_by_what_they_yield() -> None:
    assert isinstance(value((each for each in [1, 2]), iter([1, 2])), Same)
    assert isinstance(value((each for each in [1, 2]), map(int, [1, 3])), Different)
    assert isinstance(value(iter([1]), [1]), Different)


def test_objects_are_compared_by_class_and_attributes_never_by_their_own_word() -> None:
    assert isinstance(value(Point([1]), Point([1])), Same)
    found = value(Point([1]), Point([2]))
    assert isinstance(found, Different)
    assert (found.where, found.base, found.dream) == ("returned.x[0]", "1", "2")
    assert isinstance(value(Liar(), 7), Different)
    assert isinstance(value(Liar(), Point(1)), Different)


def test_what_has_no_encoding_is_never_equal() -> None:
    found = value([1, FILE], [1, FILE])
    assert isinstance(found, Undecided)
    assert found.where == "returned[1]"
    assert isinstance(value({frozenset([FILE])}, {frozenset([FILE])}), Undecided)


def test_functions_are_the_same_by_name_and_by_code_and_otherwise_nobody_knows() -> None:
    def plus(held: list[int]) -> Any:
        return lambda number: held[0] + number

    alike: list[Any] = [print, Point, math, [].append, functools.partial(print, 1), plus([1])]
    for same in alike:
        assert isinstance(value([same], [same]), Same), same
    assert isinstance(value(plus([1]), plus([1])), Same)
    assert isinstance(value(plus([1]), plus([2])), Different)
    assert isinstance(value(str.upper, str.lower), Different)
    assert isinstance(value([1].append, [2].append), Different)
    assert isinstance(value(math, operator), Different)
    assert isinstance(value(print, 1), Different)
    for one, other in ((lambda: 1, lambda: 2), (print, lambda: 1), (print, functools.partial(print))):
        assert isinstance(value(one, other), Undecided)
        assert isinstance(value({one}, {other}), Undecided)


def test_a_copy_of_what_was_passed_is_not_the_thing_itself() -> None:
    after = encode(([[1]], {}))
    itself = Answer(returned=encode([1]), after=after, shared=((0, 1),))
    copied = Answer(returned=encode([1]), after=after)
    found = compare(itself, copied)
    assert isinstance(found, Different)
    assert (found.where, found.aspect) == ("the returned value", "arguments")
    assert isinstance(compare(itself, itself), Same)


def test_a_difference_decides_although_something_cannot_be_compared() -> None:
    assert isinstance(value([lambda: 1, 1], [lambda: 1, 2]), Different)
    ours = Answer(returned=encode(FILE), after=encode(([1], {})))
    theirs = Answer(returned=encode(FILE), after=encode(([2], {})))
    assert isinstance(compare(ours, theirs), Different)


def test_where_the_room_ran_out_is_no_difference_of_wording() -> None:
    deep = "maximum recursion depth exceeded"
    assert isinstance(error(RecursionError(deep), RecursionError(f"{deep} in comparison")), Same)
    assert isinstance(error(RecursionError(deep), ValueError(deep)), Different)


def test_errors_are_compared_by_class_and_wording() -> None:
    assert isinstance(error(ValueError("no 'a' at 3"), ValueError("no 'b' at 47")), Same)
    assert isinstance(error(ValueError("no 'a' at 3"), ValueError("not 'a' at 3")), Different)
    assert isinstance(error(ValueError("x"), TypeError("x")), Different)
    deep = "maximum recursion depth exceeded"
    assert isinstance(error(RecursionError(deep), RecursionError(f"{deep} in comparison")), Same)
    assert isinstance(error(RecursionError(deep), ValueError(deep)), Different)
    assert isinstance(
        compare(Answer(returned=None), Answer(raised=raised(ValueError("x")))),
        Different,
    )
    assert isinstance(compare(Answer(raised=raised(ValueError("x"))), Answer(returned=None)), Different)


@pytest.mark.parametrize(
    ("one", "two", "alike"),
    [
        ("<x at 0x7f01ab>", "<x at 0x55>", True),
        ("took -1.5e3 s", "took 2 s", True),
        ("utf8 is not it", "utf16 is not it", False),
        ("can't do this and won't", "can't do that and won't", False),
        ('key "a b"', "key 'c'", True),
        ("a   b", "a b", True),
    ],
)
def test_a_wording_is_what_remains_without_numbers_addresses_and_quotes(
    one: str, two: str, alike: bool
) -> None:
    assert (message_class(one) == message_class(two)) is alike


def test_arguments_afterwards_and_what_was_written_count() -> None:
    ours = Answer(after=encode(([1, [2]], {"key": [3]})))
    found = compare(ours, Answer(after=encode(([1, [4]], {"key": [3]}))))
    assert found == Different("argument 2[0]", "arguments", "2", "4")
    found = compare(ours, Answer(after=encode(([1, [2]], {"key": [5]}))))
    assert isinstance(found, Different)
    assert found.where == "argument 'key'[0]"
    found = compare(Answer(), Answer(stdout=Written("a", 1, "ab")))
    assert found == Different("stdout", "output", "''", "'a'")
    found = compare(Answer(stderr=Written("a", 9, "x")), Answer(stderr=Written("a", 9, "y")))
    assert found == Different("stderr", "output", "9 bytes", "9 bytes with other contents")


def test_both_sides_are_shown_bounded_and_without_secrets() -> None:
    found = value(["x" * 5000, "password=hunter2secret"], [1])
    assert isinstance(found, Different)
    assert max(len(found.base), len(found.dream), len(found.where)) <= 160
    assert "hunter2secret" not in shown(encode(["password=hunter2secret"]))
    assert "\n" not in shown(encode("a\nb"))


def test_two_values_that_read_alike_are_told_apart_in_words() -> None:
    found = value("a" * 3000, "a" * 3000 + "b")
    assert isinstance(found, Different)
    found = value(["a" * 300, 1], ["a" * 300, 1, 2])
    assert isinstance(found, Different)
    assert found.base != found.dream


def test_every_tag_can_be_shown() -> None:
    for each in [*VALUES, {"k": [1, {2}]}, print, iter([1]), ValueError("x"), b"\x00"]:
        assert shown(encode(each))
    assert shown(["new", "m", "Box", [1], [["size", 2]]]) == "Box(1, size=2)"
    assert shown(["function", "identity"]) == "<identity>"
    assert shown(["bytes", "no base64"])
    assert shown(["float", "1e"])


def test_what_a_hostile_answer_may_hold_is_compared_and_shown_all_the_same() -> None:
    def trees(one: Any, two: Any, rules: Rules | None = None) -> Compared:
        return compare(Answer(returned=one), Answer(returned=two), rules or Rules())

    assert isinstance(trees(["float", "what"], ["float", "0x1p+0"], REORDERED), Different)
    assert isinstance(trees(["ref", 7], ["ref", 7]), Same)
    assert isinstance(trees(["ref", 7], ["ref", 8]), Different)
    assert isinstance(
        trees(["list", [["opaque", "m", "x"], ["ref", 9]]], ["list", [["opaque", "m", "x"], ["ref", 9]]]),
        Undecided,
    )
    deep: Any = 1
    for _ in range(50):
        deep = ["tuple", [deep]]
    assert "…" in shown(deep)
    assert len(shown(["list", [["list", ["x" * 300]] for _ in range(50)]])) <= 160
    assert len(shown(["dict", [["k" * 300, "v" * 300] for _ in range(50)]])) <= 160
    assert len(shown(["object", "m", "C", [["a" * 300, "v" * 900] for _ in range(9)]])) <= 160


def test_what_else_sets_objects_and_dictionaries_may_differ_in() -> None:
    assert isinstance(value(set(range(400)), set(range(400, 800))), Different)
    assert isinstance(value({1, 2}, {1}), Different)
    one, two = Point(1), Point(1)
    two.y = 3  # type: ignore[attr-defined]
    assert isinstance(value(one, two), Different)
    del two.x
    assert isinstance(value(one, two), Different)
    assert isinstance(value({"a": 1}, {"b": 1}, Rules(any_key_order=True)), Different)
    assert isinstance(value(1, 2, Rules(any_order=True)), Different)
    assert isinstance(value(iter(range(500)), iter(range(500))), Same), "as far as they were drawn"


def test_a_key_that_looks_like_a_secret_is_not_shown_where_its_value_differs() -> None:
    key = "ghp_" + "abcdefghij" * 3 + "012345"
    found = value({key: 1}, {key: 2})
    assert isinstance(found, Different)
    assert key not in found.where + found.base + found.dream
