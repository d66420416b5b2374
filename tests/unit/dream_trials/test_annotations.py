"""Annotations are read as what they say, however they are written, and nothing is evaluated."""

import ast

import pytest

from daydream.dream.trials.annotations import (
    ANY,
    BOOL,
    BYTES,
    FLOAT,
    INT,
    NONE,
    STR,
    Hint,
    Reader,
    union,
    with_keys,
)
from daydream.dream.trials.call_sites_literals import NotLiteral, Surroundings, tree_of_literal
from daydream.dream.trials.inputs_index import Index, Scope

PREAMBLE = """
import collections.abc as cabc
import datetime
import datetime as dt
import typing
import typing as t
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import *
from typing import Any, Callable, Dict, List, Literal, NewType, Optional, TypeVar, Union, Annotated, Type, Tuple, Sequence
import numpy as np
import somewhere
from pkg.shapes import Shape as S, Names
from pkg import reexported

class Color(Enum):
    RED = 1
    BLUE = 2

class Outer:
    class Inner: ...

T = TypeVar("T", bound="Color")
K = TypeVar("K", int, str)
UserId = NewType("UserId", int)
Json = Union[str, "List[Json]"]
Alias = Optional[List[int]]
Loop = "Loop"
bytes = bytes
"""
OTHER = "import typing\nclass Shape:\n    pass\nNames = typing.List[str]\n"


def reader() -> tuple[Reader, Scope]:
    sources = {
        "mod.py": PREAMBLE,
        "pkg/shapes.py": OTHER,
        "pkg/__init__.py": "from .inner import *\nfrom pkg.shapes import Shape as reexported\n",
        "pkg/inner.py": "",
    }
    index = Index(sources)

    def literal(node: ast.expr, scope: Scope) -> list[object] | None:
        try:
            return [tree_of_literal(node, Surroundings(scope, index))]
        except NotLiteral:
            return None

    scope = index.scope_at("mod.py")
    assert scope is not None
    return Reader(index, literal), scope


def read(text: str, owner: str = "") -> Hint:
    made, scope = reader()
    return made.read(ast.parse(text, mode="eval").body, scope, owner)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("int", INT),
        ("None", NONE),
        ("Any", ANY),
        ("object", ANY),
        ("'int'", INT),
        ("Optional[str]", union(STR, NONE)),
        ("t.Optional['str']", union(STR, NONE)),
        ("int | None", union(INT, NONE)),
        ("Union[int, str, int]", union(INT, STR)),
        ("'int | list[str]'", union(INT, Hint("list", (STR,)))),
        ("List[int]", Hint("list", (INT,))),
        ("list", Hint("list")),
        ("Dict[str, list[float]]", Hint("dict", (STR, Hint("list", (FLOAT,))))),
        ("cabc.Mapping[str, bool]", Hint("dict", (STR, BOOL))),
        ("tuple[int, str]", Hint("tuple", (INT, STR))),
        ("Tuple[int, ...]", Hint("variadic", (INT,))),
        ("tuple[()]", Hint("tuple")),
        ("tuple", Hint("variadic")),
        ("Sequence[bytes]", Hint("sequence", (BYTES,))),
        ("bytes", BYTES),
        ("cabc.Iterator[int]", Hint("iterator", (INT,))),
        ("typing.FrozenSet[str]", Hint("frozenset", (STR,))),
        ("Callable[[int, str], bool]", Hint("callable", (BOOL,))),
        ("Callable[..., Any]", Hint("callable", (ANY,))),
        ("Annotated[int, 'metres']", INT),
        ("Literal['a', -1, None, True]", Hint("literal", values=("a", -1, None, True))),
        ("Literal[Color.RED]", Hint("literal", values=(["enum", "mod", "Color", "RED"],))),
        ("Color", Hint("class", name="mod.Color")),
        ("S", Hint("class", name="pkg.shapes.Shape")),
        ("reexported", Hint("class", name="pkg.shapes.Shape")),
        ("Names", Hint("list", (STR,))),
        ("UserId", INT),
        ("Alias", union(Hint("list", (INT,)), NONE)),
        ("T", Hint("var", (Hint("class", name="mod.Color"),), "mod.T")),
        ("K", Hint("var", (INT, STR), "mod.K")),
        ("Type[Color]", Hint("type", (Hint("class", name="mod.Color"),))),
        ("Path", Hint("path")),
        ("Decimal", Hint("decimal")),
        ("dt.datetime", Hint("datetime")),
        ("datetime.date", Hint("date")),
        ("np.ndarray", Hint("array")),
        ("typing.IO[bytes]", Hint("bytefile")),
        ("somewhere.Thing", Hint("foreign", name="somewhere.Thing")),
        ("ValueError", Hint("standard", name="builtins.ValueError")),
        ("NoSuchName", Hint("unknown", name="mod.NoSuchName")),
        ("3 + 4", Hint("unknown")),
        ("'no annotation at ('", Hint("unknown")),
        ("Optional[somewhere.Thing]", union(Hint("foreign", name="somewhere.Thing"), NONE)),
    ],
)
def test_an_annotation_says_what_it_says(text: str, hint: Hint) -> None:
    assert read(text) == hint


def test_self_is_the_class_around_it() -> None:
    assert read("typing.Self", "Color") == Hint("class", name="mod.Color")


def test_a_class_inside_the_class_is_found() -> None:
    assert read("Inner", "Outer") == Hint("class", name="mod.Outer.Inner")


def test_a_type_that_contains_itself_ends() -> None:
    assert read("Json").kind == "union"
    assert read("Loop").kind == "unknown"


def test_a_very_deep_annotation_ends() -> None:
    assert read("list[" * 40 + "int" + "]" * 40).kind == "list"


def test_keys_reach_the_dictionaries_only() -> None:
    keyed = with_keys(union(Hint("dict"), INT), ("a",))
    assert keyed == union(Hint("dict", keys=("a",)), INT)
