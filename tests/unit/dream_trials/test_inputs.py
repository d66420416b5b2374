"""Plans of inputs: what they hold, what they keep back, and what they say where there is nothing to hold."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from daydream.analysis.source import parse
from daydream.contracts.dream import Procedure
from daydream.contracts.sandbox import Inputs
from daydream.dream.catalogue import procedure_of
from daydream.dream.trials.inputs import ALL_BYTES, Plan, inputs_for
from daydream.dream.trials.inputs_index import Index
from daydream.dream.trials.inputs_target import target_of
from daydream.records.repository import SourceFile
from daydream.sandbox.guest.encoding import check, decode

HEAD = """
import asyncio, enum, socket, threading, typing
import collections.abc
import datetime as dt
from abc import ABC, abstractmethod
from collections import namedtuple
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import *
import attr
import numpy as np
import pydantic
import requests
raise SystemExit("never imported")

class Color(enum.Enum):
    RED = "r"
    BLUE = "b"

@dataclass
class Point:
    x: int
    y: float = 0.0
    tags: list[str] = field(default_factory=list)
    length: float = field(init=False)
    kind: typing.ClassVar[str] = "p"

@dataclass
class Named(Point):
    name: str = field(kw_only=True)

class Movie(TypedDict, total=False):
    title: Required[str]
    year: int

class Pair(NamedTuple):
    left: int
    right: str

Loose = namedtuple("Loose", "a b")

@attr.s
class Old:
    _size = attr.ib(type=int)
    name = attr.ib(default="x")

class User(pydantic.BaseModel):
    id: int
    mail: str = pydantic.Field(alias="email")
    age: int = 3

class Shape(ABC):
    @abstractmethod
    def area(self) -> float: ...

class Square(Shape):
    def __init__(self, side: float) -> None:
        if side < 0:
            raise ValueError(side)
        self.side = side
    def area(self) -> float:
        return self.side ** 2

class Reads(Protocol):
    def read(self, size: int) -> bytes: ...

class Calls(Protocol):
    def __call__(self, value: int) -> int: ...

class Node:
    def __init__(self, parent: "Node"):
        self.parent = parent

class Wired(requests.Session):
    pass

class Parsed:
    def __init__(self, wire: requests.Session): ...
    @classmethod
    def from_text(cls, text: str) -> "Parsed": ...

class Reply:
    def __init__(self):
        self.status: int = 0
        self.headers = {}
"""


def procedure(text: str, qualname: str, path: str = "mod.py") -> Procedure:
    found = [each for each in parse(text.encode()).functions if each.qualname == qualname]
    return procedure_of(SourceFile(path, "", len(text)), found[0])


def planned(
    body: str,
    qualname: str = "f",
    *,
    harvested: Sequence[Inputs] = (),
    seed: int = 1,
    most: int = 40,
    packages: Sequence[str] = (),
    **files: str,
) -> Plan:
    text = HEAD + body
    index = Index({"mod.py": text, **{f"{name}.py": each for name, each in files.items()}}, packages=packages)
    return inputs_for(procedure(text, qualname), text, harvested, index, seed, most)


def arguments(plan: Plan, place: int = 0) -> list[Any]:
    assert plan.not_exercisable is None
    return [each.inputs.given[place] for each in plan.inputs]


def tags(plan: Plan, place: int = 0) -> set[str]:
    return {each[0] if type(each) is list else type(each).__name__ for each in arguments(plan, place)}


# --- the plan -----------------------------------------------------------------------------------------------------


def test_a_plan_is_the_same_for_a_seed_and_another_for_another() -> None:
    body = "def f(a: list[int], b: str = 'x', *c: float, d: bool = False, **e: int): return a"
    assert planned(body) == planned(body)
    assert planned(body) != planned(body, seed=2)


def test_inputs_are_distinct_well_formed_and_not_more_than_asked_for() -> None:
    for most in (5, 17, 60):
        plan = planned("def f(a: dict[str, list[float]], b: bytes | None = None): ...", most=most)
        texts = {json.dumps([each.inputs.given, each.inputs.named]) for each in plan.inputs}
        assert len(texts) == len(plan.inputs) == most
        for each in plan.inputs:
            for tree in (*each.inputs.given, *(tree for _, tree in each.inputs.named)):
                check(tree)


def test_harvested_inputs_come_first_and_leave_room_for_others() -> None:
    harvested = [Inputs((number,)) for number in range(100)]
    plan = planned("def f(a: int): ...", harvested=harvested, most=20)
    assert [each.inputs for each in plan.inputs[:8]] == harvested[:8]
    assert {"harvested", "typed", "edge", "mutated"} <= {each.origin for each in plan.inputs}


def test_harvested_inputs_fill_what_nothing_else_can() -> None:
    harvested = [Inputs((["object", "mod", "X", [["a", number]]],)) for number in range(30)]
    plan = planned("def f(a: requests.Session): ...", harvested=harvested, most=20)
    assert len(plan.inputs) == 20
    assert {each.origin for each in plan.inputs} <= {"harvested", "mutated"}


def test_malformed_or_huge_harvested_inputs_are_left_out() -> None:
    harvested = [Inputs((["nonsense"],)), Inputs((1.5,)), Inputs(("x" * 300_000,)), Inputs((4,))]
    plan = planned("def f(a: int): ...", harvested=harvested)
    assert [each.inputs for each in plan.inputs if each.origin == "harvested"] == [Inputs((4,))]


def test_the_plan_as_a_whole_has_a_bound() -> None:
    harvested = [Inputs((f"{number}" + "x" * 130_000,)) for number in range(100)]
    plan = planned("def f(a: str): ...", harvested=harvested, most=100)
    assert sum(len(json.dumps(each.inputs.given)) for each in plan.inputs) <= ALL_BYTES


def test_a_part_is_held_out_and_what_is_shown_never_is_for_the_same_seed() -> None:
    body = "def f(a: int): ..."
    plan = planned(body, most=60)
    assert 5 <= len(plan.held_out) <= 30
    assert not [each for each in plan.held_out if each in plan.shown]
    more = planned(body, most=60, harvested=[Inputs((10**6 + number,)) for number in range(20)])
    both = {repr(each.inputs): each.held_out for each in plan.inputs}
    assert all(both.get(repr(each.inputs), each.held_out) == each.held_out for each in more.inputs)


def test_a_small_plan_holds_one_out_too() -> None:
    assert all(len(planned("def f(a: int): ...", most=4, seed=seed).held_out) >= 1 for seed in range(20))


def test_origins_say_where_inputs_come_from() -> None:
    body = 'def f(a: int):\n    """\n    >>> f(41)\n    42\n    """\n    return a + 1\n'
    plan = planned(body, test_mod="from mod import f\ndef test():\n    assert f(7000) == 7001\n")
    found = {repr(each.inputs.given[0]): each.origin for each in plan.inputs}
    assert (found["41"], found["7000"]) == ("docstring", "call site")


# --- types --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("annotation", "allowed"),
    [
        ("int", {"int"}),
        ("bool | None", {"bool", "NoneType"}),
        ("Optional[str]", {"str", "NoneType"}),
        ("list[int]", {"list"}),
        ("Iterator[int]", {"iterator"}),
        ("frozenset[str]", {"frozenset"}),
        ("dict[str, int]", {"dict"}),
        ("bytes", {"bytes"}),
        ("complex", {"complex"}),
        ("Decimal", {"decimal"}),
        ("Fraction", {"fraction"}),
        ("Path", {"path"}),
        ("dt.datetime", {"datetime"}),
        ("dt.timedelta", {"timedelta"}),
        ("Color", {"enum"}),
        ("Pair", {"namedtuple"}),
        ("Loose", {"namedtuple"}),
        ("Movie", {"dict"}),
        ("Point", {"new"}),
        ("Named", {"new"}),
        ("Old", {"new"}),
        ("User", {"new"}),
        ("Shape", {"new"}),
        ("Calls", {"function"}),
        ("Callable[[int], bool]", {"function"}),
        ("type[Point]", {"new"}),
        ("Parsed", {"new"}),
        ("Literal['a', 'b']", {"str"}),
        ("TextIO", {"file"}),
        ("Exception", {"new"}),
    ],
)
def test_an_annotated_argument_gets_values_of_its_type(annotation: str, allowed: set[str]) -> None:
    assert tags(planned(f"def f(a: {annotation}, b: int): ...")) <= allowed


def test_objects_are_made_from_their_fields() -> None:
    def given(annotation: str) -> list[dict[str, Any]]:
        return [dict(each[4]) for each in arguments(planned(f"def f(a: {annotation}, b: int): ..."))]

    points = given("Point")
    assert all(set(each) <= {"x", "y", "tags"} and type(each["x"]) is int for each in points)
    assert any("y" in each for each in points)
    assert any("y" not in each for each in points)
    assert all({"x", "name"} <= set(each) for each in given("Named"))
    assert all("size" in each for each in given("Old"))
    assert all({"id", "email"} <= set(each) for each in given("User"))


def test_a_typed_dictionary_has_what_it_must_have() -> None:
    plan = planned("def f(a: Movie, b: int): ...")
    drawn = [each.inputs.given[0][1] for each in plan.inputs if each.origin != "mutated"]
    keys = [{key for key, _ in pairs} for pairs in drawn]
    assert all("title" in each and each <= {"title", "year"} for each in keys)
    assert {len(each) for each in keys} == {1, 2}


def test_an_abstract_class_is_completed_and_its_constructor_s_contract_kept() -> None:
    plan = planned("def f(a: Shape, b: int): ...")
    sides = [each.inputs.given[0][3][0] for each in plan.inputs if each.origin != "mutated"]
    values = [float.fromhex(each[1]) if type(each) is list else each for each in sides]
    assert all(value >= 0 for value in values)


def test_another_way_to_make_an_object_is_found() -> None:
    assert {each[2] for each in arguments(planned("def f(a: Parsed, b: int): ..."))} == {"Parsed.from_text"}


def test_objects_are_made_as_the_repository_s_code_makes_them_too() -> None:
    body = "class Code:\n    def __init__(self, text: str): ...\n    def f(self): return self.text\n"
    plan = planned(body, "Code.f", test_mod="from mod import Code\nCode('AB-12-XY')\nCode('CD-34-ZW')\n")
    texts = [each[3][0] for each in arguments(plan)]
    assert {"AB-12-XY", "CD-34-ZW"} <= set(texts)
    assert len(set(texts)) > 5


def test_an_object_without_arguments_is_given_other_states() -> None:
    found = arguments(planned("def f(a: Reply): return a.status > 399"))
    states = {dict(each[3])["status"] for each in found if each[0] == "object"}
    assert len(states) > 5
    assert 400 in states


def test_a_type_variable_stands_for_one_type_in_a_call() -> None:
    plan = planned("T = TypeVar('T', int, str)\ndef f(a: T, b: T): ...", most=60)
    kinds = {
        (type(each.inputs.given[0]), type(each.inputs.given[1]))
        for each in plan.inputs
        if each.origin == "typed"
    }
    assert kinds == {(int, int), (str, str)}


def test_arrays_need_numpy_there() -> None:
    body = "def f(a: np.ndarray): ..."
    assert tags(planned(body, packages=["numpy"])) == {"array"}
    assert (
        planned(body).not_exercisable == "argument `a`: it takes an array, and numpy is not installed there"
    )


def test_methods_are_called_on_objects_and_class_methods_without_one() -> None:
    body = """
class Box:
    def __init__(self, size: int): ...
    def grow(self, by: int): ...
    @classmethod
    def of(cls, text: str): ...
    @staticmethod
    def least(a: int): ...
    @property
    def half(self): return self.size / 2
"""
    assert all(each[:3] == ["new", "mod", "Box"] for each in arguments(planned(body, "Box.grow")))
    assert tags(planned(body, "Box.of")) == {"str"}
    assert tags(planned(body, "Box.least")) == {"int"}
    assert {len(each.inputs.given) for each in planned(body, "Box.half").inputs} == {1}
    assert all(each[2] == "Box.__new__" for each in arguments(planned(body, "Box.__init__")))


@pytest.mark.parametrize(
    "signature",
    ["a: int, /, b: str, *, c: bool", "a: int, *rest: str", "a: int = 1, *, b: int, **more: str", "*, a: int", "a: int, /, b: int = 2, *c: int, d: int = 3"],
)  # fmt: skip
@pytest.mark.parametrize("lead", ["", "async "])
def test_every_call_fits_its_signature(signature: str, lead: str) -> None:
    text = f"{lead}def f({signature}): ...\n"
    index = Index({"mod.py": text})
    target = target_of(procedure(text, "f"), text, index)
    assert target is not None
    plan = inputs_for(procedure(text, "f"), text, (), index, 1, 30)
    assert len(plan.inputs) >= 20
    assert all(target.fits(each.inputs.given, each.inputs.named) for each in plan.inputs)
    if "=" in signature:
        assert len({(len(each.inputs.given), len(each.inputs.named)) for each in plan.inputs}) > 1


# --- what nobody annotated ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ("def f(qq): return qq.strip().split(',')", "str"),
        ("def f(qq): return qq.items()", "dict"),
        ("def f(qq):\n    qq.append(1)", "list"),
        ("def f(qq): return qq * 2 - 1", "int"),
        ("def f(qq=0.5): return qq", "float"),
        ("def f(qq): return qq(1)", "function"),
        ("def f(qq): return [each + 1 for each in qq]", "list"),
        ('def f(qq):\n    """Do.\n\n    :param str qq: it\n    """', "str"),
        ('def f(qq):\n    """Do.\n\n    Args:\n        qq (list of int): it\n    """', "list"),
        (
            'def f(qq):\n    """Do.\n\n    Parameters\n    ----------\n    qq : int, optional\n        it\n    """',
            "int",
        ),
        ("def f(qq):\n    if isinstance(qq, dict): return 1", "dict"),
        ("def f(qq): return g(qq)\ndef g(other: bytes): ...", "bytes"),
        ("def f(verbose): ...", "bool"),
        ("def f(qq): return qq.red + qq.green", "new"),
    ],
)
def test_what_is_done_with_an_argument_tells_its_type(body: str, wanted: str) -> None:
    plan = planned(body)
    found = [each.inputs.given[0] if each.inputs.given else each.inputs.named[0][1] for each in plan.inputs if each.inputs.given or each.inputs.named]  # fmt: skip
    kinds = [each[0] if type(each) is list else type(each).__name__ for each in found]
    assert kinds.count(wanted) * 2 >= len(kinds) > 1
    assert {each.origin for each in plan.inputs} <= {"inferred", "edge", "mutated"}


def test_other_functions_say_what_an_argument_of_that_name_is() -> None:
    plan = planned("def f(colour): return colour", other="from mod import Color\ndef g(colour: Color): ...\n")
    assert tags(plan) == {"enum"}


def test_keys_that_are_asked_for_are_given() -> None:
    plan = planned("def f(row): return row['name'], row.get('size')", most=40)
    keys = [key for each in arguments(plan) for key, _ in each[1]]
    assert {"name", "size"} <= {key for key in keys if isinstance(key, str)}


def test_keywords_go_where_they_are_handed_on_to() -> None:
    plan = planned(
        "def g(a: int, *, depth: int = 1, wide: bool = False): ...\ndef f(a: int, **more): return g(a, **more)"
    )
    names = {name for each in plan.inputs for name, _ in each.inputs.named}
    assert names - {"a"} == {"depth", "wide"}


def test_an_argument_that_nothing_speaks_for_is_said() -> None:
    assert planned("def f(qqq): return qqq").not_exercisable == "argument `qqq`: nothing says what it takes"


def test_mutations_of_what_was_seen_serve_where_nothing_speaks() -> None:
    plan = planned("def f(qqq): return qqq", harvested=[Inputs((["list", [1, 2, 3]],))], most=10)
    assert len(plan.inputs) == 10
    assert tags(plan) == {"list"}


# --- contracts and edges ------------------------------------------------------------------------------------------


def test_contracts_are_kept_but_for_a_few_and_those_are_marked() -> None:
    body = "def f(a: int, b: str):\n    assert isinstance(b, str) and b\n    if not 0 < a <= 10:\n        raise ValueError(a)\n    return b * a\n"
    plan = planned(body, most=40)
    broken = [each for each in plan.inputs if not (0 < each.inputs.given[0] <= 10 and each.inputs.given[1])]
    assert len(plan.inputs) == 40
    assert 1 <= len(broken) <= 4
    assert {each.origin for each in broken} == {"violating"}
    assert all(each in broken for each in plan.inputs if each.origin == "violating")


def test_what_a_contract_refuses_is_changed_until_it_does_not() -> None:
    body = """
def f(words, sizes):
    assert type(words) == list and all(isinstance(word, str) for word in words)
    assert type(sizes) == list and all(type(size) == int and size >= 0 for size in sizes)
    assert len(words) == len(sizes) + 1
    assert len(set(sizes)) == len(sizes) >= 2
    return dict(zip(words, sizes))
"""
    plan = planned(body, most=60)
    kept = [[decode(one) for one in each.inputs.given] for each in plan.inputs if each.origin != "violating"]
    assert len(kept) > 30
    assert all(len(words) == len(sizes) + 1 and len({*sizes}) == len(sizes) >= 2 for words, sizes in kept)
    assert sum(each.origin == "violating" for each in plan.inputs) <= 6


def test_what_an_error_says_is_not_taken_for_a_value_of_the_procedure() -> None:
    body = """
def f(word: str):
    assert word, "quite unlikely"
    if word == "x-ray":
        raise ValueError("never drawn")
    return word
"""
    drawn = arguments(planned(body, most=80))
    assert "x-ray" in drawn
    assert not any("unlikely" in each or "never" in each for each in drawn)


def test_items_are_of_what_a_loop_checks_them_for_and_looks_them_up_in() -> None:
    body = """
def f(tokens):
    rank = {"+": 1, "*": 2}
    found = 0
    for token in tokens:
        if type(token) is int:
            found += token
        else:
            found += rank[token]
    return found
"""
    items = [
        item for each in arguments(planned(body, most=60)) if type(each) is list for item in decode(each)
    ]
    assert sum(type(each) is int or each in ("+", "*") for each in items) > len(items) / 2
    assert {"+", "*"} <= {each for each in items if isinstance(each, str)}


def test_a_check_of_a_name_that_was_bound_anew_is_no_contract() -> None:
    body = "def f(a: int):\n    a = abs(a)\n    if a < 0:\n        raise ValueError\n"
    assert "violating" not in {each.origin for each in planned(body).inputs}


def test_edges_hold_the_boundaries_of_the_constants() -> None:
    found = [
        each for each in arguments(planned("def f(a: int): return a > 365", most=60)) if type(each) is int
    ]
    assert {364, 365, 366, 0, -1} <= set(found)


def test_edges_hold_odd_numbers_and_texts() -> None:
    floats = {each[1] for each in arguments(planned("def f(a: float): ...", most=60)) if type(each) is list}
    assert {"nan", "inf", "-inf", "-0x0.0p+0"} <= floats
    texts = set(arguments(planned("def f(a: str): ...", most=60)))
    assert {"", "\ud800", "日本語"} <= texts
    sizes = {len(each[1]) for each in arguments(planned("def f(a: list[int]): ...", most=60))}
    assert {0, 1} <= sizes
    assert max(sizes) >= 400


# --- what cannot be exercised -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "clause"),
    [
        ("def f(a: threading.Lock): ...", "argument `a`: it takes a thread or a lock (`threading.Lock`)"),
        ("def f(a: socket.socket): ...", "argument `a`: it takes a socket (`socket.socket`)"),
        ("def f(a: requests.Session): ...", "argument `a`: it takes a `requests.Session`, which is not of this repository"),
        ("def f(a: Wired): ...", "argument `a`: `Wired` extends `requests.Session`, which is not of this repository"),
        ("def f(a: Reads): ...", "argument `a`: `Reads` is a protocol, and what fulfils it is not known"),
        ("def f(a: Node): ...", "argument `a`: `Node` cannot be made: `Node` needs an object that needs another without end"),
        ("class C:\n    def __init__(self, a: socket.socket): ...\n    def f(self): ...", "`C` cannot be made: it takes a socket (`socket.socket`)"),
    ],
)  # fmt: skip
def test_what_cannot_be_exercised_says_why(body: str, clause: str) -> None:
    plan = planned(body, "C.f" if body.startswith("class") else "f")
    assert plan == Plan(not_exercisable=clause)


def test_an_optional_argument_that_cannot_be_given_is_left_out() -> None:
    plan = planned("def f(a: int, b: socket.socket | None = None, c: threading.Lock = LOCK): ...")
    assert plan.not_exercisable is None
    assert {name for each in plan.inputs for name, _ in each.inputs.named} <= {"b"}


def test_inner_functions_and_files_without_a_name_say_so() -> None:
    body = "def f():\n    def inner(a: int): ...\n"
    assert planned(body, "f.<locals>.inner").not_exercisable == "it is defined inside another function"
    text = "def f(a: int): ...\n"
    plan = inputs_for(procedure(text, "f", "my-script.py"), text, (), Index({"my-script.py": text}), 1, 5)
    assert plan.not_exercisable == "its file has no import name"


def test_source_that_changed_or_broke_says_so() -> None:
    text = "def f(a: int): ...\n"
    one = procedure(text, "f")
    assert (
        inputs_for(one, "x = 1\n", (), Index({"mod.py": text}), 1, 5).not_exercisable
        == "its file no longer holds it as catalogued"
    )
    broken = inputs_for(one, "def f(", (), Index({}), 1, 5).not_exercisable
    assert broken is not None
    assert broken.startswith("its file does not parse (")


def test_a_procedure_without_parameters_is_called_once() -> None:
    assert [each.inputs for each in planned("def f(): ...").inputs] == [Inputs()]


# --- installed packages -------------------------------------------------------------------------------------------


def of_installed(body: str, folder: Path) -> Plan:
    index = Index({"mod.py": body}, packages=["wire", "pydantic"], installed=[folder])
    return inputs_for(procedure(body, "f"), body, (), index, 1, 30)


def test_a_class_of_an_installed_package_is_made_as_its_source_says(tmp_path: Path) -> None:
    (tmp_path / "wire").mkdir()
    (tmp_path / "wire/__init__.py").write_text("from .core import Reply as Reply\n")
    (tmp_path / "wire/core.py").write_text(
        "class Reply:\n    def __init__(self, status: int, *, text: str = ''):\n        self.status = status\n"
    )
    body = "import wire\n\nclass Own(wire.Reply):\n    pass\n\ndef f(reply: wire.Reply, own: Own):\n    return reply.status\n"
    plan = of_installed(body, tmp_path)
    assert plan.not_exercisable is None
    assert {tuple(each[:3]) for each in arguments(plan)} == {("new", "wire.core", "Reply")}
    assert {tuple(each[:3]) for each in arguments(plan, 1)} == {("new", "mod", "Own")}
    assert all(type(each[3][0]) is int for each in arguments(plan))


@pytest.mark.parametrize("text", [b"class Reply(:\n", b"\xff\xfe", b"Reply = object\n" + b"#" * 2**20])
def test_an_installed_file_that_cannot_be_read_is_as_if_it_were_not_there(
    text: bytes, tmp_path: Path
) -> None:
    (tmp_path / "wire.py").write_bytes(text)
    plan = of_installed("import wire\n\ndef f(reply: wire.Reply):\n    return reply\n", tmp_path)
    assert (
        plan.not_exercisable == "argument `reply`: it takes a `wire.Reply`, which is not of this repository"
    )


def test_models_are_made_by_their_fields_although_their_package_is_installed(tmp_path: Path) -> None:
    (tmp_path / "pydantic.py").write_text("class BaseModel:\n    def __init__(self, **data): ...\n")
    body = "import pydantic\n\nclass User(pydantic.BaseModel):\n    id: int\n\ndef f(user: User):\n    return user.id\n"
    made = arguments(of_installed(body, tmp_path))
    assert all(each[4] and each[4][0][0] == "id" for each in made)
