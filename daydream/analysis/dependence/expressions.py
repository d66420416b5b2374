"""What evaluating an expression reads, changes and may raise, and the type of what comes out."""

import ast
from collections.abc import Callable, Mapping

from daydream.analysis.dependence import calls, displays
from daydream.analysis.dependence.known import BUILTINS, FRESH_METHODS
from daydream.analysis.dependence.operators import compared, contained, operate
from daydream.analysis.dependence.scope import COMPREHENSIONS, Scope
from daydream.analysis.dependence.shapes import (
    BOOL,
    CONTAINERS,
    FLOAT,
    FUNCTION,
    INT,
    MUTABLE,
    NOTHING,
    NUMBERS,
    UNKNOWN,
    WHOLE,
    Shape,
    is_known,
    is_plain,
    join,
    of_constant,
    together,
)
from daydream.analysis.dependence.targets import write_name
from daydream.analysis.dependence.uses import ANYTHING, Uses

_MAKING = frozenset({"list", "dict", "set", "sorted", "tuple", "frozenset"})
_MAKING_METHODS = FRESH_METHODS | {"split", "rsplit", "splitlines"}


class Reader:
    """Reads expressions of one function.

    `shapes` are the types of its locals; `bound` the locals that surely have a value where it reads, None where
    nothing can be unbound (dead code).
    """

    def __init__(self, scope: Scope, shapes: Mapping[str, Shape], pure_names: frozenset[str]) -> None:
        self.scope = scope
        self.shapes = shapes
        self.pure_names = pure_names
        self.bound: set[str] | None = set(scope.parameters)
        self.inner: list[dict[str, Shape]] = []

    def read(self, node: ast.expr | None, uses: Uses) -> Shape:
        """Add what an expression does to `uses`; return its type."""
        if node is None:
            return UNKNOWN
        known = _READERS.get(type(node))
        if known is None:
            uses.barrier()
            return UNKNOWN
        return known(self, node, uses)

    def place(self, node: ast.expr, shape: Shape) -> str | None:
        """The place of the object that an expression yields: None for what nobody can change or nobody else knows."""
        if isinstance(node, ast.Name) and node.id in self.scope.owned and shape.name in MUTABLE:
            return f"{node.id}[]"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and shape.name == "view":
            return self.place(node.func.value, Shape("dict"))
        return None if is_plain(shape) or self._is_new(node, shape) else ANYTHING

    def _is_new(self, node: ast.expr, shape: Shape) -> bool:
        """Whether an expression makes an object that nobody else knows."""
        if isinstance(node, (*COMPREHENSIONS, ast.List, ast.Dict, ast.Set, ast.Constant)):
            return True
        if isinstance(node, ast.BinOp):
            return shape.name in MUTABLE
        if isinstance(node, ast.Subscript):
            return isinstance(node.slice, ast.Slice) and shape.name in CONTAINERS
        if not isinstance(node, ast.Call):
            return False
        if shape.name == "iter" or self.scope.called_builtin(node) in _MAKING:
            return True
        return isinstance(node.func, ast.Attribute) and node.func.attr in _MAKING_METHODS and is_known(shape)

    def look(self, node: ast.expr, shape: Shape, uses: Uses) -> None:
        """Read inside the object that an expression yields."""
        place = self.place(node, shape)
        if place is not None:
            uses.reads.add(place)

    def truth(self, node: ast.expr, shape: Shape, uses: Uses) -> None:
        """Test an object's truth."""
        self.look(node, shape, uses)
        if not is_known(shape):
            uses.reads.add(ANYTHING)
            if shape.name not in ("method", "nothing"):
                uses.fails.add("*")

    def iterate(self, node: ast.expr, shape: Shape, uses: Uses) -> Shape:
        """Go through an object; return the type of its elements."""
        self.look(node, shape, uses)
        if shape.name in CONTAINERS or shape.name == "nothing":
            return shape.elements
        if shape.name == "iter" and isinstance(node, ast.Call):
            return shape.elements
        uses.reads.add(ANYTHING)
        uses.touches.add(ANYTHING)
        uses.fails.add("*")
        return shape.elements if shape.name == "iter" else UNKNOWN

    def deeply(self, node: ast.expr, shape: Shape, uses: Uses) -> None:
        """Read an object with all that is in it, as printing and comparing do."""
        self.look(node, shape, uses)
        inner = [each for each in (shape.of, shape.to) if each is not None]
        if not is_plain(shape) and not (inner and all(is_plain(each) for each in inner)):
            uses.reads.add(ANYTHING)

    def target(self, node: ast.expr, shape: Shape) -> dict[str, Shape]:
        """The types that names get when a value of this type is assigned to a target."""
        if isinstance(node, ast.Name):
            return {node.id: shape}
        if isinstance(node, ast.Starred):
            return self.target(node.value, Shape("list", shape))
        if not isinstance(node, ast.Tuple | ast.List):
            return {}
        parts = [shape.elements] * len(node.elts)
        if shape.name == "pair" and len(parts) == 2:
            parts = [shape.of or UNKNOWN, shape.to or UNKNOWN]
        found: dict[str, Shape] = {}
        for each, part in zip(node.elts, parts, strict=True):
            found |= self.target(each, part)
        return found


def _constant(reader: Reader, node: ast.Constant, uses: Uses) -> Shape:
    del reader, uses
    return of_constant(node.value)


def _name(reader: Reader, node: ast.Name, uses: Uses) -> Shape:
    for names in reversed(reader.inner):
        if node.id in names:
            return names[node.id]
    scope = reader.scope
    if node.id in scope.local or node.id in scope.outer:
        uses.reads.add(node.id)
        if node.id in scope.shared or node.id in scope.outer:
            uses.reads.add(ANYTHING)
        # A name that something else may bind or delete is not known to be bound.
        if node.id in scope.outer or (reader.bound is not None and node.id not in reader.bound):
            uses.fails.add(f"NameError:{node.id}")
        return reader.shapes.get(node.id, UNKNOWN) if node.id not in scope.outer else UNKNOWN
    if node.id in BUILTINS:
        return FUNCTION
    # Names in capitals are constants and classes by convention.
    if not node.id[:1].isupper():
        uses.reads.add(ANYTHING)
    return UNKNOWN


def _attribute(reader: Reader, node: ast.Attribute, uses: Uses) -> Shape:
    shape = reader.read(node.value, uses)
    if shape.name in CONTAINERS and hasattr(_TYPES.get(shape.name, object), node.attr):
        return Shape("method")
    uses.reads.add(ANYTHING)
    uses.fails.add("*")
    return UNKNOWN


_TYPES = {
    "list": list,
    "dict": dict,
    "set": set,
    "str": str,
    "tuple": tuple,
    "bytes": bytes,
    "frozenset": frozenset,
}


def _subscript(reader: Reader, node: ast.Subscript, uses: Uses) -> Shape:
    shape = reader.read(node.value, uses)
    reader.look(node.value, shape, uses)
    if isinstance(node.slice, ast.Slice):
        return _sliced(reader, node.slice, shape, uses)
    key = reader.read(node.slice, uses)
    if shape.name == "dict":
        uses.fails.add("KeyError" if is_plain(key) else "*")
        return shape.to or UNKNOWN
    if shape.name in ("list", "str", "tuple", "bytes", "pair", "range") and key.name in WHOLE:
        if shape.name == "pair" and isinstance(node.slice, ast.Constant) and node.slice.value in (0, 1):
            return (shape.of if node.slice.value == 0 else shape.to) or UNKNOWN
        uses.fails.add(f"IndexError:{'tuple' if shape.name == 'pair' else shape.name}")
        return shape.elements
    if NOTHING not in (shape, key):
        uses.reads.add(ANYTHING)
        uses.touches.add(ANYTHING)
        uses.fails.add("*")
    return UNKNOWN if shape != NOTHING else NOTHING


def _sliced(reader: Reader, node: ast.Slice, shape: Shape, uses: Uses) -> Shape:
    bounds = [each for each in (node.lower, node.upper, node.step) if each is not None]
    whole = all(reader.read(each, uses).name in (*WHOLE, "none", "nothing") for each in bounds)
    step = node.step is None or (isinstance(node.step, ast.Constant) and bool(node.step.value))
    backwards = isinstance(node.step, ast.UnaryOp) and isinstance(node.step.operand, ast.Constant)
    if shape.name not in ("list", "str", "tuple", "bytes", "pair", "range"):
        uses.reads.add(ANYTHING)
        uses.fails.add("*")
        return shape if shape == NOTHING else UNKNOWN
    if not whole or not (step or backwards):
        uses.fails.add("*")
    return Shape("tuple", shape.elements) if shape.name == "pair" else shape


def _binary(reader: Reader, node: ast.BinOp, uses: Uses) -> Shape:
    left, right = reader.read(node.left, uses), reader.read(node.right, uses)
    return operate(reader, node, (left, right), uses)


def _boolean(reader: Reader, node: ast.BoolOp, uses: Uses) -> Shape:
    shapes = []
    for number, each in enumerate(node.values):
        shapes.append(reader.read(each, uses))
        if number + 1 < len(node.values):
            reader.truth(each, shapes[-1], uses)
    return together(shapes)


def _unary(reader: Reader, node: ast.UnaryOp, uses: Uses) -> Shape:
    shape = reader.read(node.operand, uses)
    if isinstance(node.op, ast.Not):
        reader.truth(node.operand, shape, uses)
        return BOOL
    if shape.name in NUMBERS and not (isinstance(node.op, ast.Invert) and shape.name == "float"):
        return FLOAT if shape.name == "float" else INT
    if shape != NOTHING:
        reader.look(node.operand, shape, uses)
        uses.fails.add("*")
        uses.reads.add(ANYTHING)
    return shape if shape == NOTHING else UNKNOWN


def _compare(reader: Reader, node: ast.Compare, uses: Uses) -> Shape:
    left, left_shape = node.left, reader.read(node.left, uses)
    result = BOOL
    for operator, right in zip(node.ops, node.comparators, strict=True):
        shape = reader.read(right, uses)
        if not isinstance(operator, ast.Is | ast.IsNot):
            reader.deeply(left, left_shape, uses)
            reader.deeply(right, shape, uses)
            inside = isinstance(operator, ast.In | ast.NotIn)
            total = contained(left_shape, shape) if inside else compared(operator, left_shape, shape)
            if not total:
                uses.fails.add("*")
                uses.reads.add(ANYTHING)
                if inside and shape.name not in CONTAINERS:
                    uses.touches.add(ANYTHING)
                result = result if inside or len(node.ops) > 1 else UNKNOWN
        left, left_shape = right, shape
    return result


def _conditional(reader: Reader, node: ast.IfExp, uses: Uses) -> Shape:
    reader.truth(node.test, reader.read(node.test, uses), uses)
    return join(reader.read(node.body, uses), reader.read(node.orelse, uses))


def _lambda(reader: Reader, node: ast.Lambda, uses: Uses) -> Shape:
    for each in (*node.args.defaults, *node.args.kw_defaults):
        reader.read(each, uses) if each is not None else None
    return FUNCTION


def _walrus(reader: Reader, node: ast.NamedExpr, uses: Uses) -> Shape:
    shape = reader.read(node.value, uses)
    write_name(reader.scope, node.target.id, uses)
    return shape


def _suspension(reader: Reader, node: ast.Await | ast.Yield | ast.YieldFrom, uses: Uses) -> Shape:
    reader.read(node.value, uses)
    uses.barrier()
    uses.leaves.add("yield")
    return UNKNOWN


def _starred(reader: Reader, node: ast.Starred, uses: Uses) -> Shape:
    return reader.iterate(node.value, reader.read(node.value, uses), uses)


def _call(reader: Reader, node: ast.Call, uses: Uses) -> Shape:
    return calls.called(reader, node, uses)


_READERS: Mapping[type, Callable[..., Shape]] = {
    ast.Constant: _constant,
    ast.Name: _name,
    ast.Attribute: _attribute,
    ast.Subscript: _subscript,
    ast.BinOp: _binary,
    ast.BoolOp: _boolean,
    ast.UnaryOp: _unary,
    ast.Compare: _compare,
    ast.IfExp: _conditional,
    ast.Lambda: _lambda,
    ast.List: displays.display,
    ast.Tuple: displays.display,
    ast.Set: displays.display,
    ast.Dict: displays.dict_display,
    **dict.fromkeys(COMPREHENSIONS, displays.comprehension),
    ast.JoinedStr: displays.text,
    ast.NamedExpr: _walrus,
    ast.Await: _suspension,
    ast.Yield: _suspension,
    ast.YieldFrom: _suspension,
    ast.Starred: _starred,
    ast.Call: _call,
}
