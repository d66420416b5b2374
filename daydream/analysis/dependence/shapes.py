"""What is known of a value from the source alone: its built-in type and that of its elements, or nothing.

Annotations of built-in types are believed, as type checkers do; everything else has to follow from a literal or from
a built-in function of known values.
"""

import ast
from collections.abc import Mapping
from dataclasses import dataclass

_DEEPEST = 3
_NAMES = {"List": "list", "Dict": "dict", "Set": "set", "FrozenSet": "frozenset", "Tuple": "tuple"}


@dataclass(frozen=True, slots=True)
class Shape:
    """A type: `of` is that of its elements (of a dict its keys, of a pair its first), `to` that of a dict's values or
    a pair's second. `?` is unknown, `nothing` no value at all, `plain` some immutable built-in value, `builtin` some
    built-in value or container."""

    name: str
    of: "Shape | None" = None
    to: "Shape | None" = None

    @property
    def elements(self) -> "Shape":
        """The type of what comes out when it is iterated."""
        if self.name == "nothing":
            return self
        if self.name in ("str", "range"):
            return STR if self.name == "str" else INT
        if self.name == "bytes":
            return INT
        if self.name == "pair":
            return join(self.of or UNKNOWN, self.to or UNKNOWN)
        return self.of or UNKNOWN


UNKNOWN = Shape("?")
NOTHING = Shape("nothing")
NONE = Shape("none")
BOOL = Shape("bool")
INT = Shape("int")
FLOAT = Shape("float")
STR = Shape("str")
BYTES = Shape("bytes")
RANGE = Shape("range")
FUNCTION = Shape("function")
PLAIN = Shape("plain")
BUILTIN = Shape("builtin")

_ATOMS = {
    each.name: each for each in (NONE, BOOL, INT, FLOAT, STR, BYTES, RANGE, FUNCTION, PLAIN, BUILTIN, NOTHING)
}
_OF_CONSTANTS: Mapping[type, Shape] = {
    bool: BOOL,
    int: INT,
    float: FLOAT,
    str: STR,
    bytes: BYTES,
    type(None): NONE,
    type(...): PLAIN,
    complex: PLAIN,
}
MUTABLE = frozenset({"list", "dict", "set"})
CONTAINERS = MUTABLE | {"tuple", "frozenset", "pair", "str", "bytes", "range", "view"}
WHOLE = frozenset({"bool", "int"})
NUMBERS = WHOLE | {"float"}


def of_constant(value: object) -> Shape:
    """Return the type of a literal."""
    return _OF_CONSTANTS.get(type(value), UNKNOWN)


def join(one: Shape, other: Shape) -> Shape:
    """Return the type that a value has that is of either type."""
    if other in (one, NOTHING):
        return one
    if one == NOTHING:
        return other
    if one.name == other.name:
        return Shape(one.name, _joined(one.of, other.of), _joined(one.to, other.to))
    if one.name in NUMBERS and other.name in NUMBERS:
        return FLOAT if "float" in (one.name, other.name) else INT
    if is_plain(one) and is_plain(other):
        return PLAIN
    return BUILTIN if is_known(one) and is_known(other) else UNKNOWN


def _joined(one: Shape | None, other: Shape | None) -> Shape | None:
    return None if one is None and other is None else join(one or UNKNOWN, other or UNKNOWN)


def is_known(shape: Shape) -> bool:
    """Whether it is a value of a built-in type whose truth can be told without running anything else."""
    return shape.name in CONTAINERS or shape.name in _ATOMS


def is_plain(shape: Shape) -> bool:
    """Whether it is immutable all through, hashable, and compares, hashes and prints without running anything else."""
    if shape.name in ("tuple", "frozenset", "pair"):
        return is_plain(shape.of or UNKNOWN) and (shape.to is None or is_plain(shape.to))
    return shape.name in _ATOMS and shape.name != "builtin"


def prints(shape: Shape) -> bool:
    """Whether comparing for equality and printing it runs no code but that of built-in types."""
    if shape.name in MUTABLE:
        return prints(shape.of or UNKNOWN) and (shape.to is None or prints(shape.to))
    return is_plain(shape)


def orders(one: Shape, other: Shape) -> bool:
    """Whether `<` between them always has an answer."""
    both = {one.name, other.name}
    return both <= NUMBERS or both in ({"str"}, {"bytes"}) or "nothing" in both


def shallow(shape: Shape, depth: int = _DEEPEST) -> Shape:
    """Cut a type that is nested more than a few levels, so that inference ends; what is in a container that is in
    another is not followed, so nothing is known of it."""
    if depth == 0 and (shape.of or shape.to):
        return UNKNOWN
    if depth < _DEEPEST and shape.name in MUTABLE:
        return loosened(shape)
    of = shallow(shape.of, depth - 1) if shape.of else None
    return Shape(shape.name, of, shallow(shape.to, depth - 1) if shape.to else None)


def loosened(shape: Shape) -> Shape:
    """Forget what is in a container."""
    return Shape(shape.name, UNKNOWN, UNKNOWN if shape.to else None) if shape.name in MUTABLE else shape


def of_annotation(node: ast.expr | None) -> Shape:
    """Return the type that an annotation names, where it is one of built-in types."""
    if isinstance(node, ast.Constant):
        return NONE if node.value is None else _quoted(node.value)
    if isinstance(node, ast.Name):
        return _named(node.id)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return join(of_annotation(node.left), of_annotation(node.right))
    if isinstance(node, ast.Subscript):
        return _parametrised(node)
    return UNKNOWN


def _quoted(value: object) -> Shape:
    try:
        return of_annotation(ast.parse(value, mode="eval").body) if isinstance(value, str) else UNKNOWN
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return UNKNOWN


def _named(name: str) -> Shape:
    name = _NAMES.get(name, name)
    if name in ("int", "float", "bool", "str", "bytes", "range"):
        return _ATOMS[name]
    if name in ("list", "set", "frozenset", "tuple"):
        return Shape(name, UNKNOWN)
    return Shape("dict", UNKNOWN, UNKNOWN) if name == "dict" else UNKNOWN


def _parametrised(node: ast.Subscript) -> Shape:
    head = node.value.attr if isinstance(node.value, ast.Attribute) else getattr(node.value, "id", "")
    inner = list(node.slice.elts) if isinstance(node.slice, ast.Tuple) else [node.slice]
    if head == "Optional":
        return join(of_annotation(inner[0]), NONE)
    if head == "Union":
        return _together([of_annotation(each) for each in inner])
    outer = _named(head)
    if outer.name == "dict" and len(inner) == 2:
        return Shape("dict", of_annotation(inner[0]), of_annotation(inner[1]))
    if outer.name == "tuple":
        return _tuple(inner)
    if outer.name in ("list", "set", "frozenset") and len(inner) == 1:
        return Shape(outer.name, of_annotation(inner[0]))
    return UNKNOWN


def _tuple(inner: list[ast.expr]) -> Shape:
    endless = len(inner) == 2 and isinstance(inner[1], ast.Constant) and inner[1].value is ...
    shapes = [of_annotation(each) for each in (inner[:1] if endless else inner)]
    if len(shapes) == 2:
        return Shape("pair", shapes[0], shapes[1])
    return Shape("tuple", _together(shapes) if shapes else UNKNOWN)


def _together(shapes: list[Shape]) -> Shape:
    found = NOTHING
    for each in shapes:
        found = join(found, each)
    return found


def together(shapes: list[Shape]) -> Shape:
    """Join any number of types; `nothing` of none."""
    return _together(shapes)
