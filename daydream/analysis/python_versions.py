"""Conditions on the version of Python, decided for every version from the lowest supported one up."""

import ast
import operator
from collections.abc import Callable, Mapping

from daydream.analysis.python_floor import Version

_LATER = (99, 99)
_WAYS: Mapping[type[ast.cmpop], Callable[[tuple[int, ...], tuple[int, ...]], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}


def decided(test: ast.expr, floor: Version) -> bool | None:
    """Return what a condition comes to on every Python from `floor` on; None where that is not certain.

    Understood are ``sys.version_info`` as a whole, its ``[0]`` and its ``[:2]``, compared with a constant.
    """
    if not (isinstance(test, ast.Compare) and len(test.ops) == 1 and type(test.ops[0]) in _WAYS):
        return None
    length = _length(test.left)
    bound = _constant(test.comparators[0])
    if length is None or bound is None or len(bound) > length:
        return None
    way = _WAYS[type(test.ops[0])]
    # ``version_info[:2] > (3, 8)`` is false on 3.8, ``version_info > (3, 8)`` is true there: micro is not known
    lowest = (*floor, 0)[:length]
    highest = (*_LATER, 99)[:length]
    outcomes = {way(lowest, bound), way(highest, bound)}
    return outcomes.pop() if len(outcomes) == 1 else None


def _length(node: ast.expr) -> int | None:
    """How many parts of the version are compared; 3 for the whole, whose rest no condition decides."""
    if isinstance(node, ast.Attribute):
        named = isinstance(node.value, ast.Name) and node.value.id == "sys" and node.attr == "version_info"
        return 3 if named else None
    if isinstance(node, ast.Subscript) and _length(node.value) == 3:
        part = node.slice
        if isinstance(part, ast.Constant) and part.value == 0 and isinstance(part.value, int):
            return 1
        if isinstance(part, ast.Slice) and part.lower is None and part.step is None:
            upper = part.upper.value if isinstance(part.upper, ast.Constant) else None
            return upper if isinstance(upper, int) and upper in {1, 2} else None
    return None


def _constant(node: ast.expr) -> tuple[int, ...] | None:
    parts = node.elts if isinstance(node, ast.Tuple) else [node]
    values = [each.value for each in parts if isinstance(each, ast.Constant)]
    if len(values) != len(parts) or not values or not all(type(value) is int for value in values):
        return None
    return tuple(value for value in values if isinstance(value, int))
