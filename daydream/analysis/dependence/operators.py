"""What the operators do with values of known types: the type of the result, and how they may fail."""

import ast
from typing import TYPE_CHECKING

from daydream.analysis.dependence.shapes import (
    BOOL,
    CONTAINERS,
    FLOAT,
    INT,
    NOTHING,
    NUMBERS,
    STR,
    UNKNOWN,
    WHOLE,
    Shape,
    is_known,
    is_plain,
    join,
    orders,
    prints,
)
from daydream.analysis.dependence.uses import ANYTHING, Uses

if TYPE_CHECKING:
    from daydream.analysis.dependence.expressions import Reader

_STEPS = (ast.Add, ast.Sub, ast.Mult)
_BITS = (ast.BitAnd, ast.BitOr, ast.BitXor)
_DIVISIONS = (ast.Div, ast.FloorDiv, ast.Mod)
_MOST_SHIFTED = 64


def operated(operator: ast.operator, shapes: tuple[Shape, Shape], right_node: ast.expr) -> tuple[Shape, str]:
    """Return the type of `left operator right` and how it may fail ("" never, "*" somehow)."""
    left, right = shapes
    if NOTHING in shapes:
        return NOTHING, ""
    if left.name in NUMBERS and right.name in NUMBERS:
        return _of_numbers(operator, shapes, right_node)
    if (
        isinstance(operator, ast.Add)
        and left.name == right.name
        and left.name in ("str", "bytes", "list", "tuple")
    ):
        return join(left, right), ""
    if isinstance(operator, ast.Add) and {left.name, right.name} <= {"pair", "tuple"}:
        return Shape("tuple", join(left.elements, right.elements)), ""
    if isinstance(operator, ast.Mult) and left.name in ("str", "list", "bytes") and right.name in WHOLE:
        return left, ""
    if isinstance(operator, ast.Mod) and left == STR:
        return STR, "*"
    both_sets = {left.name, right.name} <= {"set", "frozenset"}
    if both_sets and isinstance(operator, (*_BITS, ast.Sub)):
        return Shape(left.name, join(left.of or UNKNOWN, right.of or UNKNOWN)), ""
    if isinstance(operator, ast.BitOr) and left.name == right.name == "dict":
        return join(left, right), ""
    return UNKNOWN, "*"


def _of_numbers(
    operator: ast.operator, shapes: tuple[Shape, Shape], right_node: ast.expr
) -> tuple[Shape, str]:
    whole = all(each.name in WHOLE for each in shapes)
    value = right_node.value if isinstance(right_node, ast.Constant) else None
    if isinstance(operator, _STEPS):
        return (INT if whole else FLOAT), ""
    if isinstance(operator, _BITS) and whole:
        return (BOOL if all(each == BOOL for each in shapes) else INT), ""
    if isinstance(operator, _DIVISIONS):
        result = FLOAT if isinstance(operator, ast.Div) or not whole else INT
        kind = f"{type(operator).__name__}{'int' if whole else 'float'}"
        return result, "" if value else f"ZeroDivisionError:{kind}"
    if isinstance(operator, ast.Pow) and whole and isinstance(value, int) and 0 <= value < 10:
        return INT, ""
    shift = (
        isinstance(operator, ast.LShift | ast.RShift)
        and isinstance(value, int)
        and 0 <= value < _MOST_SHIFTED
    )
    return (INT, "") if shift and whole else (UNKNOWN, "*")


def compared(operator: ast.cmpop, left: Shape, right: Shape) -> bool:
    """Whether a comparison surely has an answer."""
    if isinstance(operator, ast.Eq | ast.NotEq):
        return prints(left) and prints(right)
    return orders(left, right) or ({left.name, right.name} <= {"set", "frozenset"})


def contained(item: Shape, container: Shape) -> bool:
    """Whether `item in container` surely has an answer."""
    if NOTHING in (item, container):
        return True
    if container.name == "str":
        return item.name == "str"
    if container.name in ("bytes", "range"):
        return item.name in WHOLE and container.name == "range"
    return container.name in CONTAINERS and is_plain(item) and prints(container.elements)


def operate(
    reader: "Reader", node: ast.BinOp | ast.AugAssign, shapes: tuple[Shape, Shape], uses: Uses
) -> Shape:
    """Apply an operator to operands that were read."""
    left = node.left if isinstance(node, ast.BinOp) else node.target
    right = node.right if isinstance(node, ast.BinOp) else node.value
    for each, shape in zip((left, right), shapes, strict=True):
        reader.look(each, shape, uses)
    result, failure = operated(node.op, shapes, right)
    if failure:
        uses.fails.add(failure)
    if not is_known(shapes[0]) or not is_known(shapes[1]):
        uses.reads.add(ANYTHING)
    return result
