"""Expressions that need nothing but themselves, as encoded trees: literals, calls of constructors on literals, members
of enumerations, and names that are bound once to such."""

import ast
import base64
import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from daydream.dream.trials.inputs_index import Index, Scope
from daydream.sandbox.guest.grammar import INT_BITS, PLAIN_INT, TEXT

_DEPTH = 25
_ITEMS = 2_000
_EMPTY = {"list": "list", "tuple": "tuple", "set": "set", "dict": "dict", "frozenset": "frozenset"}
_SIZED = {"builtins.list": "list", "builtins.tuple": "tuple", "builtins.set": "set", "builtins.frozenset": "frozenset"}  # fmt: skip
_TEXTUAL = {"decimal.Decimal": "decimal", "uuid.UUID": "uuid"}
_PATHS = {"pathlib.Path": "Path", "pathlib.PurePath": "PurePosixPath", "pathlib.PurePosixPath": "PurePosixPath", "pathlib.PureWindowsPath": "PureWindowsPath"}  # fmt: skip
_MOMENTS = {"datetime.date": date, "datetime.datetime": datetime, "datetime.time": time}
# Calling these does something, or needs what a sandbox has not.
_BUSY = frozenset(
    ("open", "os", "subprocess", "socket", "shutil", "tempfile", "threading", "multiprocessing", "asyncio", "unittest", "pytest", "urllib", "http", "time", "importlib", "exec", "eval", "input", "print")
)  # fmt: skip


class NotLiteral(Exception):
    """The expression needs something that only running it would give."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where an expression stands: its module, the repository, and what the names around it are bound to."""

    scope: Scope
    index: Index
    names: Mapping[str, ast.expr] = field(default_factory=dict)


def tree_of_literal(node: ast.expr, around: Surroundings, depth: int = 0) -> Any:
    """The encoded tree of an expression.

    Raises:
        NotLiteral: it is none, or too large.
    """
    if depth > _DEPTH:
        raise NotLiteral
    match node:
        case ast.Constant(value=value):
            return scalar(value)
        case ast.UnaryOp(
            op=ast.USub() | ast.UAdd() as sign, operand=ast.Constant(value=int() | float() as number)
        ):
            return scalar(-number if isinstance(sign, ast.USub) else number)
        case ast.List(elts=items) | ast.Tuple(elts=items) | ast.Set(elts=items):
            return [type(node).__name__.lower(), _many(items, around, depth)]
        case ast.Dict(keys=keys, values=values) if None not in keys and len(keys) <= _ITEMS:
            return ["dict", [_many([key, value], around, depth) for key, value in zip(keys, values, strict=True) if key]]  # fmt: skip
        case ast.BinOp(op=ast.Add() | ast.Sub() | ast.Mult() as op, left=left, right=right):
            return _folded(op, tree_of_literal(left, around, depth + 1), tree_of_literal(right, around, depth + 1))  # fmt: skip
        case ast.Name() | ast.Attribute():
            return _named(node, around, depth)
        case ast.Call():
            return _called(node, around, depth)
    raise NotLiteral


def scalar(value: Any) -> Any:
    """The tree of a constant.

    Raises:
        NotLiteral: it is too large, or of no type that has one.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str) and len(value) < TEXT // 4:
        return value
    if isinstance(value, int) and value.bit_length() < INT_BITS:
        return value if -PLAIN_INT < value < PLAIN_INT else ["int", hex(value)]
    if isinstance(value, float):
        return ["float", _hex(value)]
    if isinstance(value, bytes) and len(value) < TEXT // 4:
        return ["bytes", base64.b64encode(value).decode("ascii")]
    if isinstance(value, complex):
        return ["complex", scalar(value.real), scalar(value.imag)]
    if value is ...:
        return ["ellipsis"]
    raise NotLiteral


def _hex(value: float) -> str:
    if math.isnan(value):
        return "nan"
    return str(value) if math.isinf(value) else value.hex()


def _many(nodes: Sequence[ast.expr], around: Surroundings, depth: int) -> list[Any]:
    if len(nodes) > _ITEMS:
        raise NotLiteral
    made: list[Any] = []
    for each in nodes:
        if isinstance(each, ast.Starred):
            inner = tree_of_literal(each.value, around, depth + 1)
            if type(inner) is not list or inner[0] not in ("list", "tuple"):
                raise NotLiteral
            made += inner[1]
        else:
            made.append(tree_of_literal(each, around, depth + 1))
    return made


def _folded(op: ast.operator, left: Any, right: Any) -> Any:
    """`"a" * 100`, `[0] * 10`, `60 * 60`, `"a" + "b"`, `[1] + [2]`."""
    times, adds = isinstance(op, ast.Mult), isinstance(op, ast.Add)
    if type(left) is int and type(right) is int:
        return scalar(left * right if times else left + right if adds else left - right)
    if times and type(right) is int and 0 <= right <= _ITEMS:
        if type(left) is str:
            return scalar(left * right)
        if type(left) is list and left[0] in ("list", "tuple") and len(left[1]) * right <= _ITEMS:
            return [left[0], left[1] * right]
    if adds and type(left) is str and type(right) is str:
        return scalar(left + right)
    if adds and type(left) is list and type(right) is list and left[0] == right[0] and left[0] in ("list", "tuple"):  # fmt: skip
        return [left[0], left[1] + right[1]]
    raise NotLiteral


def _named(node: ast.Name | ast.Attribute, around: Surroundings, depth: int) -> Any:
    if isinstance(node, ast.Name) and node.id in around.names:
        inner = {name: value for name, value in around.names.items() if name != node.id}
        return tree_of_literal(
            around.names[node.id], Surroundings(around.scope, around.index, inner), depth + 1
        )
    dotted = around.scope.dotted(node)
    if dotted in ("math.inf", "math.nan", "math.pi", "math.e"):
        return scalar(getattr(math, dotted.partition(".")[2]))
    if dotted is None:
        raise NotLiteral
    place = around.index.find(dotted)
    if place is not None:
        if isinstance(place.node, ast.ClassDef):
            return class_value(place.scope.module, place.qualname)
        if isinstance(place.node, ast.expr) and place.node is not node:
            return tree_of_literal(place.node, Surroundings(place.scope, around.index), depth + 1)
        raise NotLiteral
    return _member(dotted, around) if "." in dotted else dotted


def _member(dotted: str, around: Surroundings) -> Any:
    holder, _, name = dotted.rpartition(".")
    if holder == "builtins":
        return class_value("builtins", name)
    place = around.index.find(holder)
    if place is None or not isinstance(place.node, ast.ClassDef):
        raise NotLiteral
    bases = [place.scope.dotted(base) or "" for base in place.node.bases]
    if any(base.startswith("enum.") for base in bases):
        return ["enum", place.scope.module, place.qualname, name]
    raise NotLiteral


def class_value(module: str, qualname: str) -> Any:
    """The tree of a class itself (not of an instance): looked up by its name where it runs."""
    return ["new", "pkgutil", "resolve_name", [f"{module}:{qualname}"], []]


def _called(node: ast.Call, around: Surroundings, depth: int) -> Any:
    dotted = around.scope.dotted(node.func)
    if dotted is None or any(each.arg is None for each in node.keywords):
        raise NotLiteral
    given = _many(node.args, around, depth)
    named = [[each.arg, tree_of_literal(each.value, around, depth + 1)] for each in node.keywords]
    if not named:
        known = _known(dotted, given)
        if known is not None:
            return known
    if dotted == "datetime.timedelta":
        return _timedelta(given, named)
    place = around.index.find(dotted)
    if place is not None and isinstance(place.node, ast.ClassDef):
        return ["new", place.scope.module, place.qualname, given, named]
    top, _, rest = dotted.partition(".")
    if place is not None or top not in sys.stdlib_module_names or top in _BUSY or rest in _BUSY:
        raise NotLiteral
    owner, _, name = dotted.rpartition(".")
    return ["new", owner, name, given, named]


def _known(dotted: str, given: list[Any]) -> Any | None:
    """Constructors whose values have a tag of their own."""
    if dotted in _SIZED and len(given) < 2:
        return _converted(_SIZED[dotted], given)
    if dotted == "builtins.dict" and not given:
        return ["dict", []]
    if dotted in _TEXTUAL and len(given) == 1 and type(given[0]) is str:
        return [_TEXTUAL[dotted], given[0]]
    if dotted in _PATHS and given and all(type(each) is str for each in given):
        return ["path", _PATHS[dotted], "/".join(given)]
    if dotted in _MOMENTS and all(type(each) is int for each in given):
        try:
            made = _MOMENTS[dotted](*given)
        except (TypeError, ValueError, OverflowError):
            raise NotLiteral from None
        return [type(made).__name__, made.isoformat()]
    return None


def _converted(kind: str, given: list[Any]) -> Any:
    if not given:
        return [kind, []]
    inner = given[0]
    if type(inner) is str:
        return [kind, list(inner)]
    if type(inner) is list and inner[0] in ("list", "tuple", "set", "frozenset"):
        return [kind, inner[1]]
    raise NotLiteral


def _timedelta(given: list[Any], named: list[Any]) -> Any:
    try:
        made = timedelta(*given, **dict(named))
    except (TypeError, OverflowError, ValueError):
        raise NotLiteral from None
    return ["timedelta", made.days, made.seconds, made.microseconds]
