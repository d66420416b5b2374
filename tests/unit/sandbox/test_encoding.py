"""Values there and back: exact, bounded, and never an error of another kind."""

import abc
import array
import collections
import datetime as dt
import decimal
import enum
import fractions
import functools
import io
import json
import math
import operator
import pathlib
import queue
import random
import re
import threading
import types
import typing
import urllib.parse
import uuid
import weakref
import zoneinfo
from dataclasses import dataclass
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daydream.sandbox.guest.decoding import resolve
from daydream.sandbox.guest.encoding import EncodingError, check, decode, dumps, encode, loads, raised


class Colour(enum.Enum):
    RED = 1


class Flags(enum.Flag):
    A = 1
    B = 2


class Point(NamedTuple):
    x: int
    y: list[int]


@dataclass
class Pair:
    left: Any
    right: Any = None

    def grown(self) -> Any:
        return self.left


@dataclass(frozen=True, slots=True)
class Slotted:
    one: int
    two: str


class Sly(int):
    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 1


HERE = {each.__name__: each for each in (Colour, Flags, Point, Pair, Slotted)}


def find(module: str, qualname: str) -> Any:
    return HERE[qualname] if qualname in HERE else resolve(module, qualname)


def there_and_back(value: Any) -> Any:
    return decode(loads(dumps(encode(value))), find)


SCALARS = (
    st.none() | st.booleans() | st.integers() | st.integers(min_value=2**52, max_value=2**300)
    | st.floats(allow_nan=False) | st.text(st.characters()) | st.binary() | st.decimals(allow_nan=False)
    | st.fractions() | st.dates() | st.times() | st.datetimes() | st.timedeltas() | st.uuids()
    | st.complex_numbers(allow_nan=False)
)  # fmt: skip
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner)
        | st.lists(inner).map(tuple)
        | st.lists(inner).map(collections.deque)
        | st.dictionaries(st.text() | st.integers() | st.tuples(st.integers()), inner)
        | st.sets(st.integers() | st.text())
        | st.frozensets(st.binary())
    ),
    max_leaves=12,
)


@given(VALUES)
@settings(max_examples=150, deadline=None)
def test_a_value_comes_back_equal_and_of_the_same_types(value: Any) -> None:
    tree = encode(value)
    back = there_and_back(value)
    assert back == value
    assert type(back) is type(value)
    assert encode(back) == tree


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6) | st.sampled_from(["list", "dict", "int", "ref"]),
    lambda inner: st.lists(inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(JSON)
@settings(max_examples=200, deadline=None)
def test_any_tree_is_decoded_or_refused_with_the_one_error(tree: Any) -> None:
    try:
        value = decode(tree, find)
    except EncodingError:
        return
    assert decode(encode(value), find) == value


@given(st.binary(max_size=200) | JSON.map(lambda tree: json.dumps(tree).encode()))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_read_or_refused_with_the_one_error(text: bytes) -> None:
    try:
        tree = loads(text)
    except EncodingError:
        return
    check(tree)
    assert loads(dumps(tree)) == tree


@pytest.mark.parametrize(
    "value",
    [
        -0.0, math.inf, -math.inf, 2**53, 2**53 - 1, -(2**70), True, ..., range(3, 9, 2), range(2**70),
        slice(None, "a"), decimal.Decimal("NaN"), 1 - 2j, "\ud800", b"\0", bytearray(b"a"),
        Colour.RED, Flags.A, Flags.A | Flags.B, Point(1, [2]), Slotted(1, "b"), Pair([1], {"a": Pair(1)}),
        collections.OrderedDict([("b", 1), ("a", 2)]), collections.Counter("aab"),
        collections.deque([1, 2], 5), pathlib.PurePosixPath("/a/b"), pathlib.PureWindowsPath("c:/x"),
        dt.datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=zoneinfo.ZoneInfo("Europe/Paris")),
        dt.datetime(2026, 1, 1, tzinfo=dt.UTC), dt.time(1, 2, tzinfo=dt.timezone(dt.timedelta(hours=2))),
        dt.timezone(dt.timedelta(minutes=90)), zoneinfo.ZoneInfo("Asia/Tokyo"), uuid.UUID(int=3),
        fractions.Fraction(1, 3), re.compile("a+", re.IGNORECASE), re.compile(b"x"),
    ],
    ids=repr,
)  # fmt: skip
def test_each_kind_of_value_comes_back(value: Any) -> None:
    back = there_and_back(value)
    assert type(back) is type(value)
    assert repr(back) == repr(value)


def test_not_a_number_is_one_value() -> None:
    assert encode(math.nan) == encode(-math.nan) == ["float", "nan"]
    assert math.isnan(there_and_back(math.nan))


def test_a_default_dictionary_keeps_a_common_factory() -> None:
    assert there_and_back(collections.defaultdict(list, {1: [2]}))["new"] == []
    assert there_and_back(collections.defaultdict(lambda: 7, {1: 2})).default_factory is None


def test_what_is_shared_stays_shared_and_what_is_cyclic_ends() -> None:
    shared: list[Any] = [1]
    shared.append(shared)
    back = there_and_back({"a": shared, "b": shared, "c": Pair(shared)})
    assert back["a"] is back["b"] is back["c"].left is back["a"][1]
    one: list[Any] = [[]]
    assert encode([one[0], one[0]]) == ["list", [["list", []], ["ref", 1]]]
    constant = (1, 2)
    assert encode([constant, constant]) == encode([(1, 2), tuple([1, 2])])  # noqa: C409 - two equal tuples


def test_sets_have_one_encoding_whatever_their_order() -> None:
    assert encode({8, 0, 16}) == encode({16, 8, 0})
    assert encode(frozenset({"a", ("b", 1)})) == encode(frozenset({("b", 1), "a"}))


def test_files_and_iterators_tell_what_they_hold() -> None:
    file = io.StringIO("a\r\nb")
    file.read()
    assert encode(file) == ["file", "StringIO", "YQ0KYg=="]
    assert there_and_back(io.StringIO("a\r\nb")).read() == "a\r\nb"
    assert there_and_back(io.BytesIO(b"\0")).read() == b"\0"
    assert encode(iter([1, 2])) == ["iterator", [1, 2], True]
    assert encode(each for each in range(10**9))[2] is False

    def broken() -> Any:
        yield 1
        raise SystemExit("no")

    assert encode(broken()) == ["iterator", [1, ["raised", "builtins", "SystemExit", "no"]], True]


class Text(str):
    __slots__ = ()


class Several(list[Any]):
    pass


class Keyed(dict[Any, Any]):
    def items(self) -> Any:
        raise SystemExit

    __iter__ = __len__ = keys = items


T = typing.TypeVar("T")


class Generic(abc.ABC, typing.Generic[T]):
    def __init__(self, one: Any) -> None:
        self.one = one


class Under:
    __slots__ = ("one",)


class Over(Under):
    __slots__ = ("one",)


def test_only_exact_types_stand_for_themselves() -> None:
    assert encode(Sly(7)) == ["object", __name__, "Sly", [["<int>", 7]]]
    assert encode(Text("a")) == ["held", __name__, "Text", "a"]
    assert encode(Several([1])) == ["object", __name__, "Several", [["<list>", ["tuple", [1]]]]]
    held = threading.Lock()
    held.acquire()
    for value in (
        held,
        io.TextIOWrapper(io.BytesIO()),
        object(),
        NotImplemented,
        type("Numbers", (array.array,), {})("i"),
        type("Chance", (random.Random,), {})(),
        type("Weak", (weakref.ref,), {})(Pair(1)),
        type("Own", (threading.local,), {})(),
    ):
        assert encode(value)[0] == "opaque", value


def test_what_a_class_adds_no_room_to_hides_nothing() -> None:
    assert encode(Generic(1)) == ["object", __name__, "Generic", [["one", 1]]]
    assert there_and_back(Generic(1)).one == 1
    waiting: queue.Queue[int] = queue.Queue()
    waiting.put(2)
    assert there_and_back(waiting).get() == 2
    space = types.SimpleNamespace(one=[1])
    assert there_and_back(space) == space
    module = types.ModuleType("made")
    module.__dict__["one"] = 1
    assert ["one", 1] in encode(module)[3]


def test_what_a_built_in_class_holds_for_one_that_extends_it_is_read_with_its_own_means() -> None:
    assert encode(Keyed(a=1))[3] == [["<dict>", ["tuple", [["tuple", ["a", 1]]]]]]
    assert dict.items(there_and_back(Keyed(a=1))) == {"a": 1}.items()
    parsed = urllib.parse.urlsplit("https://a/b?c")
    assert there_and_back(parsed) == parsed
    assert type(there_and_back(parsed)) is type(parsed)
    assert there_and_back(Several([1])) == [1]
    assert there_and_back(Text("é")) == "é"
    itself = Several()
    itself.append(itself)
    assert encode(itself)[3] == [["<list>", ["tuple", [["ref", 0]]]]]
    again = there_and_back(itself)
    assert again[0] is again


def test_a_slot_that_another_hides_is_told_as_well() -> None:
    made = Over()
    Over.__dict__["one"].__set__(made, 1)
    Under.__dict__["one"].__set__(made, 2)
    assert encode(made)[3] == [["Under.one", 2], ["one", 1]]


def named(number: int = 1) -> int:
    return number


def test_a_class_that_goes_by_the_name_of_another_is_told_apart_from_it() -> None:
    plain = decode(["new", "fractions", "Fraction", [1, 2], []])
    alike = {"__module__": __name__, "__qualname__": "Point"}
    assert encode(type("Point", (), alike)())[2] == "Point (another one)"
    assert encode(type("Nobody", (), {**alike, "__qualname__": "Nobody"})())[2] == "Nobody"
    assert encode(Point(1, [2]))[1:3] == [__name__, "Point"]
    assert encode(plain) == ["fraction", "1/2"]
    other = type("ValueError", (Exception,), {"__module__": "builtins"})
    assert raised(other("x")) == ["raised", "builtins", "ValueError (another one)", "x"]
    assert raised(ValueError("x")) == ["raised", "builtins", "ValueError", "x"]


def test_functions_classes_and_modules_are_told_apart_by_name() -> None:
    for value in (
        len,
        str.lower,
        dict.fromkeys,
        Colour,
        Pair,
        named,
        json,
        json.loads,
        operator.add,
        Pair.grown,
    ):
        tree = encode(value)
        assert tree[0] in ("global", "module", "method"), tree
        assert decode(tree) == value
    assert encode(named) == ["global", __name__, "named"]
    assert encode(json) == ["module", "json"]
    assert encode([].append) == ["method", ["list", []], "append"]
    assert decode(encode("a,b".split))(",") == ["a", "b"]


def test_methods_and_partials_are_told_by_their_parts() -> None:
    bound = encode(Pair(1).grown)
    assert bound == ["method", encode(Pair(1)), ["global", __name__, "Pair.grown"]]
    assert encode(Pair(2).grown) != bound
    made = functools.partial(named, number=3)
    assert encode(made) == ["partial", encode(named), [], [["number", 3]]]
    assert decode(encode(made))() == 3


def adding(held: list[int], default: int) -> Any:
    def add(number: int, more: int = default) -> int:
        held.append(number)
        return sum(held) + more

    return add


def test_a_function_without_a_name_is_told_by_its_code_and_what_it_holds() -> None:
    first, again = encode(adding([1], 2)), encode(adding([1], 2))
    assert first == again
    assert first[:3] == ["closure", __name__, "adding.<locals>.add"]
    assert encode(adding([2], 2)) != first
    assert encode(adding([1], 3)) != first
    lines = "\n" * 9 + "def adding(held, default):\n return lambda number: 1"
    spaces: dict[str, Any] = {"__name__": __name__}
    exec(lines, spaces)
    moved: dict[str, Any] = {"__name__": __name__}
    exec(lines.lstrip(), moved)
    assert encode(spaces["adding"](1, 2)) == encode(moved["adding"](1, 2))
    exec(lines.replace("1", "2"), moved)
    assert encode(spaces["adding"](1, 2))[3] != encode(moved["adding"](1, 2))[3]
    with pytest.raises(EncodingError, match="cannot be built"):
        decode(first)


def test_what_hangs_on_a_function_is_bounded_and_what_stands_beside_it_is_told_all_the_same() -> None:
    large = [[number] for number in range(3000)]
    beside = [1]
    method = ["opaque", "builtins", "builtin_function_or_method"]
    assert encode([large.append, beside, beside]) == ["list", [method, ["list", [1]], ["ref", 1]]]
    many = [large.append] * 60
    assert encode(many) == ["list", [method] * 60]


def test_a_function_that_closes_over_itself_is_told_once() -> None:
    def itself(number: int) -> Any:
        return itself(number - 1) if number else 0

    tree = encode(itself)
    assert tree[4] == [[*tree[:4], [], []]]


def test_offered_functions_and_constructed_values() -> None:
    for name in ("identity", "len", "negate", "constant:0", "raise:ValueError"):
        assert encode(decode(["function", name])) == ["function", name]
    made = decode(["new", "daydream", "Pair", [1], [["right", ["list", [2]]]]], find)
    assert made == Pair(1, [2])
    assert decode(["new", "decimal", "Decimal", ["1.5"], []]) == decimal.Decimal("1.5")
    with pytest.raises(EncodingError, match="cannot be built: ValueError"):
        decode(["new", "builtins", "int", ["x"], []])
    with pytest.raises(EncodingError, match="cannot be built: SystemExit"):
        decode(["new", "sys", "exit", [], []])


def test_an_error_tells_its_class_and_message_even_where_that_is_broken() -> None:
    class Rude(Exception):
        def __str__(self) -> str:
            raise SystemExit

    assert raised(ValueError("why")) == ["raised", "builtins", "ValueError", "why"]
    assert raised(Rude())[3] == ""
    assert len(raised(ValueError("x" * 10**6))[3]) == 2000


def deep(levels: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (deep(1000), "too deep"),
        ([0] * 200_000, "too many items"),
        (1 << 10**6, "bits"),
        ("x" * 2**20, "characters"),
        (b"x" * 2**21, "bytes"),
        (fractions.Fraction(1, 1 << 10**5), "fraction"),
    ],
    ids=lambda each: each if isinstance(each, str) and len(each) < 20 else "value",
)
def test_too_large_a_value_is_refused(value: Any, why: str) -> None:
    with pytest.raises(EncodingError, match=why):
        encode(value)


@pytest.mark.parametrize(
    "text",
    [
        b"[" * 100_000, b"1e5", b"NaN", b"-Infinity", b"9" * 5000, b"{}", b'["list"]', b'["list", [1], 2]', b'["what", 1]',
        b"[]", b"[1]", b'["int", 5]', b'["dict", [[1]]]', b'["object", "a", "b", [[1, 2]]]', b'"\xff"', b"9007199254740993",
        b'["list", [' * 100 + b"]]" * 100, b"x" * (2**20 + 1),
    ],
    ids=range(18),
)  # fmt: skip
def test_malformed_bytes_are_refused(text: bytes) -> None:
    with pytest.raises(EncodingError):
        loads(text)


@pytest.mark.parametrize(
    "tree",
    [
        ["int", "zz"], ["bytes", "?"], ["ref", 0], ["ref", -1], ["dict", [[["list", []], 1]]], ["path", "Secret", "/"],
        ["function", "eval"], ["file", "FileIO", ""], ["date", "tomorrow"], ["opaque", "a", "b"], ["enum", "re", "Nope", "X"],
        ["zone", "../../etc/passwd"], ["pattern", "(", 0], ["array", "O", [1], "AAAA"], ["deque", [], "x"],
    ],
    ids=str,
)  # fmt: skip
def test_a_well_formed_tree_that_means_nothing_is_refused(tree: Any) -> None:
    with pytest.raises(EncodingError):
        decode(tree)
