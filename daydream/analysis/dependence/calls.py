"""What a call does: by a table for built-in functions and methods of known values, unknown for everything else."""

import ast
import re
import warnings
from typing import TYPE_CHECKING

from daydream.analysis.dependence.known import (
    ANY,
    BUILTINS,
    LAZY,
    MUTATORS,
    PURE_DOTTED,
    READING_DOTTED,
)
from daydream.analysis.dependence.methods import method
from daydream.analysis.dependence.shapes import CONTAINERS, NONE, UNKNOWN, Shape, is_known, is_plain
from daydream.analysis.dependence.uses import ANYTHING, WORLD, Uses

if TYPE_CHECKING:
    from daydream.analysis.dependence.expressions import Reader

_ITERATING = frozenset(
    {
        "sum",
        "any",
        "all",
        "min",
        "max",
        "sorted",
        "list",
        "tuple",
        "set",
        "frozenset",
        "dict",
        "enumerate",
        "zip",
    }
)
_DEEP = frozenset(
    {"str", "repr", "min", "max", "sorted", "set", "frozenset", "hash", "dict", "any", "all", "sum"}
)
_MATH_MODULES = ("math", "cmath")
_LONGEST_PATTERN = 200


def called(reader: "Reader", node: ast.Call, uses: Uses) -> Shape:
    """Read a call; return the type of its result."""
    name = dotted(node.func)
    uses.calls.append(name or "?")
    plain_args = not any(isinstance(each, ast.Starred) for each in node.args)
    head = name.partition(".")[0]
    scope = reader.scope
    if head and head not in scope.local and head not in scope.outer and not _of_comprehension(reader, head):
        if name in BUILTINS and plain_args:
            return _builtin(reader, node, name, uses)
        known = _global(reader, node, name, uses)
        if known is not None:
            return known
    if isinstance(node.func, ast.Attribute) and plain_args:
        return _method(reader, node, node.func, uses)
    return _barrier(reader, node, uses)


def dotted(node: ast.expr) -> str:
    """Write a name with its attributes, "" where it is anything else."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


def _of_comprehension(reader: "Reader", name: str) -> bool:
    return any(name in names for names in reader.inner)


def _arguments(reader: "Reader", node: ast.Call, uses: Uses) -> list[Shape]:
    shapes = [reader.read(each, uses) for each in node.args]
    for each in node.keywords:
        reader.read(each.value, uses)
    return shapes


def _barrier(reader: "Reader", node: ast.Call, uses: Uses) -> Shape:
    reader.read(node.func, uses)
    _arguments(reader, node, uses)
    uses.barrier()
    return UNKNOWN


def _builtin(reader: "Reader", node: ast.Call, name: str, uses: Uses) -> Shape:
    shapes = _arguments(reader, node, uses)
    keywords = {each.arg for each in node.keywords}
    hidden = "key" in keywords or (keywords and name in LAZY) or None in keywords
    # A function is handed over, or what is handed over is not seen.
    if hidden and not _harmless_key(node):
        uses.barrier()
        return UNKNOWN
    shape, failure = BUILTINS[name](shapes, node.args)
    if keywords - {"reverse"} and name != "sorted":
        shape, failure = (shape if name not in ("dict", "min", "max", "sum") else UNKNOWN), ANY
    if "key" in keywords:
        failure = ANY
    for each, arg in zip(node.args, shapes, strict=True):
        # Of several arguments the extreme is one of them; of one it is in there.
        _given(reader, each, arg, name if len(shapes) == 1 or name not in ("min", "max") else "divmod", uses)
    if failure:
        uses.fails.add(failure)
    return shape


def _given(reader: "Reader", node: ast.expr, shape: Shape, name: str, uses: Uses) -> None:
    """Note what a builtin does with an argument."""
    if name in ("isinstance", "type", "id", "callable"):
        return
    if (
        name in _ITERATING
        and shape.name not in CONTAINERS
        and not (shape.name == "iter" and isinstance(node, ast.Call))
    ):
        if not is_known(shape):
            uses.reads.add(ANYTHING)
            uses.touches.add(ANYTHING)
        return
    if name in _DEEP:
        reader.deeply(node, shape, uses)
    else:
        reader.look(node, shape, uses)
    if not is_known(shape) and shape.name != "iter":
        uses.reads.add(ANYTHING)


def _harmless_key(node: ast.Call) -> bool:
    """Whether the only function that is handed over is a builtin that keeps and changes nothing."""
    return all(
        each.arg != "key"
        or (isinstance(each.value, ast.Name) and each.value.id in ("len", "str", "repr", "abs", "int"))
        for each in node.keywords
        if each.arg is not None
    ) and all(each.arg is not None for each in node.keywords)


def _global(reader: "Reader", node: ast.Call, name: str, uses: Uses) -> Shape | None:
    head, _, rest = name.partition(".")
    pure = name in PURE_DOTTED or (head in _MATH_MODULES and bool(rest))
    if not pure and name not in READING_DOTTED and name not in reader.pure_names:
        return None
    shapes = _arguments(reader, node, uses)
    if name == "re.compile" and _compiles(node):
        return UNKNOWN
    uses.fails.add(ANY)
    for each, shape in zip(node.args, shapes, strict=True):
        reader.look(each, shape, uses)
        if not is_plain(shape):
            uses.reads.add(ANYTHING)
        if not is_known(shape) and head != "math":
            uses.touches |= (
                {ANYTHING} if name in reader.pure_names or name.startswith("statistics") else set()
            )
    if name in READING_DOTTED:
        uses.reads.add(WORLD)
    if name in reader.pure_names:
        uses.reads |= {ANYTHING}
    return UNKNOWN


def _compiles(node: ast.Call) -> bool:
    """Whether a call of `re.compile` has one literal pattern, and it is a good one."""
    pattern = node.args[0] if len(node.args) == 1 and not node.keywords else None
    if (
        not isinstance(pattern, ast.Constant)
        or not isinstance(pattern.value, str)
        or len(pattern.value) > _LONGEST_PATTERN
    ):
        return False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            re.compile(pattern.value)
    except (re.error, OverflowError, RecursionError):
        return False
    return True


def _method(reader: "Reader", node: ast.Call, function: ast.Attribute, uses: Uses) -> Shape:
    receiver = reader.read(function.value, uses)
    shapes = _arguments(reader, node, uses)
    result = method(receiver, function.attr, shapes, node.args) if not node.keywords else None
    if result is None:
        uses.barrier()
        return UNKNOWN
    reader.look(function.value, receiver, uses)
    for each, shape in zip(node.args, shapes, strict=True):
        reader.look(each, shape, uses)
        if function.attr in ("extend", "update", "union", "join", "difference", "intersection"):
            _given(reader, each, shape, "list", uses)
    if function.attr in MUTATORS and receiver.name in ("list", "dict", "set"):
        place = reader.place(function.value, receiver)
        if place is not None:
            uses.writes.add(place)
    shape, failure = result
    if failure:
        uses.fails.add(failure)
        if failure == ANY:
            uses.reads.add(ANYTHING)
    return NONE if function.attr in ("append", "extend", "add") else shape
