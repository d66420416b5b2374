"""What assigning to a target does: names, items, attributes, and `+=`."""

import ast
from collections.abc import Sequence
from typing import TYPE_CHECKING

from daydream.analysis.dependence.operators import operate
from daydream.analysis.dependence.scope import Scope
from daydream.analysis.dependence.shapes import NOTHING, UNKNOWN, WHOLE, Shape, is_plain
from daydream.analysis.dependence.uses import ANYTHING, Uses

if TYPE_CHECKING:
    from daydream.analysis.dependence.statements import Walker


def unpacks(node: ast.expr, shape: Shape) -> bool:
    """Whether a value of this type surely fits a target."""
    if isinstance(node, ast.Tuple | ast.List):
        fits = shape.name == "pair" and len(node.elts) == 2
        return (
            fits and unpacks(node.elts[0], shape.of or UNKNOWN) and unpacks(node.elts[1], shape.to or UNKNOWN)
        )
    return isinstance(node, ast.Name)


def write_name(scope: Scope, name: str, uses: Uses) -> None:
    """Bind a name; one that others see is written for all of them."""
    uses.writes.add(name)
    if name in scope.shared or name in scope.outer:
        uses.writes.add(ANYTHING)


def store(walker: "Walker", target: ast.expr, value: ast.expr | None, shape: Shape, uses: Uses) -> None:
    """Assign a value of a type to a target."""
    if isinstance(target, ast.Name):
        write_name(walker.scope, target.id, uses)
        walker.bind(target.id)
    elif isinstance(target, ast.Starred):
        store(walker, target.value, None, Shape("list", UNKNOWN), uses)
    elif isinstance(target, ast.Tuple | ast.List):
        _unpack(walker, target, value, shape, uses)
    elif isinstance(target, ast.Subscript):
        _store_item(walker, target, shape, uses)
    else:
        if isinstance(target, ast.Attribute):
            walker.reader.read(target.value, uses)
        uses.reads.add(ANYTHING)
        uses.writes.add(ANYTHING)
        uses.fails.add("*")


def _unpack(
    walker: "Walker", target: ast.Tuple | ast.List, value: ast.expr | None, shape: Shape, uses: Uses
) -> None:
    parts: Sequence[ast.expr | None] = [None] * len(target.elts)
    fits = unpacks(target, shape)
    if isinstance(value, ast.Tuple) and len(value.elts) == len(target.elts):
        parts = value.elts
        fits = not any(isinstance(each, ast.Starred) for each in (*target.elts, *value.elts))
    if not fits:
        if value is not None:
            walker.reader.iterate(value, shape, uses)
        uses.fails.add("*")
    for each, part in zip(target.elts, parts, strict=True):
        store(walker, each, part, UNKNOWN, uses)


def _store_item(walker: "Walker", target: ast.Subscript, stored: Shape, uses: Uses) -> None:
    del stored
    reader = walker.reader
    shape = reader.read(target.value, uses)
    place = reader.place(target.value, shape)
    uses.writes.add(place or ANYTHING)
    if isinstance(target.slice, ast.Slice):
        reader.read(target.slice, uses) if shape.name != "list" else [
            reader.read(each, uses)
            for each in (target.slice.lower, target.slice.upper, target.slice.step)
            if each
        ]
        uses.fails.add("*")
        return
    key = reader.read(target.slice, uses)
    if shape.name == "list" and key.name in WHOLE:
        uses.fails.add("IndexError:assignment")
    elif shape.name != "dict" or not is_plain(key):
        uses.reads.add(ANYTHING)
        uses.fails.add("*")


def augment(walker: "Walker", node: ast.AugAssign, uses: Uses) -> None:
    """Read an augmented assignment: the target is read, operated on, perhaps changed in place, and stored."""
    reader = walker.reader
    read = as_load(node.target)
    before = reader.read(read, uses)
    value = reader.read(node.value, uses)
    if isinstance(node.target, ast.Name) and before.name == "list":
        reader.iterate(node.value, value, uses)
        uses.writes.add(reader.place(read, before) or ANYTHING)
    else:
        operate(reader, node, (before, value), uses)
        # An object of one's own may be changed in place.
        if not is_plain(before) and before != NOTHING:
            uses.writes.add(reader.place(read, before) or ANYTHING)
    store(walker, node.target, None, UNKNOWN, uses)


def as_load(target: ast.expr) -> ast.expr:
    """The expression that reads what a target writes."""
    if isinstance(target, ast.Name):
        return ast.Name(target.id, ast.Load())
    if isinstance(target, ast.Attribute):
        return ast.Attribute(target.value, target.attr, ast.Load())
    return (
        ast.Subscript(target.value, target.slice, ast.Load()) if isinstance(target, ast.Subscript) else target
    )
