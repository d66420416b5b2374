"""Conditions asked of encoded arguments without running anything: numbers, texts, plain containers, and what a comprehension
makes of them.
"""

import ast
import base64
import operator
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from daydream.contracts.sandbox import Encoded
from daydream.dream.trials.call_sites_literals import NotLiteral, Surroundings, tree_of_literal

_LARGEST = 10**15
_ITEMS = 5_000


class Undecided(Exception):
    """Only running it would tell."""


def _powered(base: Any, power: Any) -> Any:
    if 0 <= power < _POWER and abs(base) < _ITEMS:
        return base**power
    raise Undecided


_COMPARED: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge,
    ast.Is: operator.is_, ast.IsNot: operator.is_not, ast.In: lambda left, right: left in right, ast.NotIn: lambda left, right: left not in right,
}  # fmt: skip
_RECKONED: dict[type[ast.operator], Callable[[Any, Any], Any]] = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod, ast.Pow: _powered}  # fmt: skip
_METHODS = frozenset(("strip", "lower", "upper", "startswith", "endswith", "isdigit", "isalpha", "isalnum", "isidentifier", "isspace", "isnumeric", "isdecimal", "islower", "isupper", "isascii", "split", "count", "lstrip", "rstrip", "removeprefix", "removesuffix"))  # fmt: skip
_ITEMIZED: dict[str, Callable[[Any], Any]] = {"all": all, "any": any, "sum": sum, "min": min, "max": max, "sorted": sorted, "set": set, "list": list, "tuple": tuple, "len": len}  # fmt: skip
_STEPS = 20_000
_DIGITS = 300
_POWER = 5
_KINDS = {
    "builtins.int": ("int", "bool"), "builtins.float": ("float",), "builtins.str": ("str",), "builtins.bool": ("bool",), "builtins.bytes": ("bytes",),
    "builtins.bytearray": ("bytearray",), "builtins.list": ("list",), "builtins.tuple": ("tuple", "namedtuple"), "builtins.dict": ("dict", "ordereddict", "defaultdict", "counter"),
    "builtins.set": ("set",), "builtins.frozenset": ("frozenset",), "builtins.complex": ("complex",), "datetime.datetime": ("datetime",), "datetime.date": ("date", "datetime"),
    "decimal.Decimal": ("decimal",), "numbers.Number": ("int", "bool", "float", "complex"), "numbers.Integral": ("int", "bool"), "numbers.Real": ("int", "bool", "float"),
    "collections.abc.Mapping": ("dict", "ordereddict", "defaultdict", "counter"), "collections.abc.Sequence": ("list", "tuple", "str", "bytes", "range", "namedtuple"),
}  # fmt: skip
_OPEN = frozenset(("new", "object", "enum", "opaque", "array"))


class Sight:
    """What an expression can see: encoded arguments, the module around, names that a comprehension binds (as plain values),
    and how many more of its items are looked at."""

    def __init__(
        self,
        arguments: Mapping[str, Encoded],
        around: Surroundings,
        bound: Mapping[str, Any] | None = None,
        left: list[int] | None = None,
    ) -> None:
        self.arguments = arguments
        self.around = around
        self.bound = bound or {}
        self.left = left if left is not None else [_STEPS]

    def binding(self, target: ast.expr, value: Any) -> "Sight":
        """The same with one item bound to the name or names of a loop."""
        self.left[0] -= 1
        if self.left[0] < 0:
            raise Undecided
        if isinstance(target, ast.Name):
            return Sight(self.arguments, self.around, {**self.bound, target.id: value}, self.left)
        if not (
            isinstance(target, ast.Tuple)
            and isinstance(value, list | tuple)
            and len(value) == len(target.elts)
        ):
            raise Undecided
        sight = self
        for each, one in zip(target.elts, value, strict=True):
            sight = sight.binding(each, one)
        return sight


def comes_out(test: ast.expr, sight: Sight) -> bool | None:
    """Whether a condition holds, None where only running it would tell."""
    try:
        return bool(_value(test, sight))
    except (Undecided, NotLiteral, TypeError, ValueError, ArithmeticError, IndexError, KeyError, RecursionError):  # fmt: skip
        return None  # what fails here would fail there too, in a way that is not the guard's


def _value(node: ast.expr, sight: Sight) -> Any:
    """What an expression comes to.

    Raises:
        Undecided, NotLiteral: only running it would tell.
    """
    known = _VALUES.get(type(node))
    if known is None:
        raise Undecided
    return known(node, sight)


def _name(node: ast.Name, sight: Sight) -> Any:
    if node.id in sight.bound:
        return sight.bound[node.id]
    return plain(
        sight.arguments[node.id] if node.id in sight.arguments else tree_of_literal(node, sight.around)
    )


def _unary(node: ast.UnaryOp, sight: Sight) -> Any:
    held = _value(node.operand, sight)
    if isinstance(node.op, ast.Not):
        return not held
    if isinstance(node.op, ast.USub):
        return -held
    raise Undecided


def _reckoned(node: ast.BinOp, sight: Sight) -> Any:
    if type(node.op) not in _RECKONED:
        raise Undecided
    return _small(
        _RECKONED[type(node.op)](*(_small(_value(each, sight)) for each in (node.left, node.right)))
    )


def _loop(node: ast.ListComp | ast.GeneratorExp | ast.SetComp, sight: Sight) -> list[Any]:
    return [_value(node.elt, one) for one in _looped(node.generators, sight)]


def _slice(key: ast.expr, sight: Sight) -> Any:
    if isinstance(key, ast.Slice):
        return slice(
            *(None if each is None else _value(each, sight) for each in (key.lower, key.upper, key.step))
        )
    return _value(key, sight)


def _looped(loops: list[ast.comprehension], sight: Sight) -> Iterator[Sight]:
    """What the items of a comprehension see."""
    if not loops:
        yield sight
        return
    for value in _value(loops[0].iter, sight):
        inner = sight.binding(loops[0].target, value)
        if all(_value(each, inner) for each in loops[0].ifs):
            yield from _looped(loops[1:], inner)


def _small(value: Any) -> Any:
    """Reckoning is for numbers of a size that reckons at once."""
    if isinstance(value, int | float) and abs(value) < _LARGEST:
        return value
    raise Undecided


def _both(node: ast.BoolOp, sight: Sight) -> bool:
    """`and`, `or` with three values: one side may settle it though another is undecided."""
    settles = isinstance(node.op, ast.Or)
    unsure = False
    for each in node.values:
        came = comes_out(each, sight)
        if came is settles:
            return settles
        unsure |= came is None
    if unsure:
        raise Undecided
    return not settles


def _chain(node: ast.Compare, sight: Sight) -> bool:
    if _is_type_call(node.left):
        return _is_of_type(node, sight)
    values = [_value(each, sight) for each in (node.left, *node.comparators)]
    pairs = zip(values, node.ops, values[1:], strict=False)
    return all(_COMPARED[type(op)](left, right) for left, op, right in pairs)


def _is_type_call(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and getattr(node.func, "id", "") == "type" and len(node.args) == 1


def _is_of_type(node: ast.Compare, sight: Sight) -> bool:
    """`type(x) == int`, `type(x) is str`, `type(x) in (int, float)`: the exact type."""
    asked = node.left.args[0] if isinstance(node.left, ast.Call) else node.left
    if len(node.ops) != 1:
        raise Undecided
    other = node.comparators[0]
    kinds = other.elts if isinstance(other, ast.Tuple | ast.List | ast.Set) else [other]
    names = [sight.around.scope.dotted(each) or "" for each in kinds]
    if not all(name in _KINDS for name in names):
        raise Undecided
    same = _kind_at(asked, sight) in [_KINDS[name][0] for name in names]
    return same is not isinstance(node.ops[0], ast.NotEq | ast.IsNot | ast.NotIn)


def _kind_at(asked: ast.expr, sight: Sight) -> str:
    """The tag of what an expression stands for."""
    if isinstance(asked, ast.Name) and asked.id not in sight.bound:
        if asked.id not in sight.arguments:
            raise Undecided
        kind = kind_of(sight.arguments[asked.id])
    else:
        value = _value(asked, sight)
        kind = "none" if value is None else type(value).__name__
    if kind in _OPEN:
        raise Undecided
    return kind


def _call(node: ast.Call, sight: Sight) -> Any:
    if node.keywords:
        raise Undecided
    if isinstance(node.func, ast.Attribute) and node.func.attr in _METHODS:
        held = _value(node.func.value, sight)
        if isinstance(held, str) or (isinstance(held, list | tuple) and node.func.attr == "count"):
            return getattr(held, node.func.attr)(*(_value(each, sight) for each in node.args))
        raise Undecided
    called = (sight.around.scope.dotted(node.func) or "").removeprefix("builtins.")
    if called == "isinstance" and len(node.args) == 2:
        return _is_instance(node, sight)
    if len(node.args) == 1:
        return _of_one(called, node.args[0], sight)
    if called == "map" and len(node.args) == 2 and isinstance(node.args[0], ast.Lambda):
        return _mapped(node.args[0], node.args[1], sight)
    if called == "range" and len(node.args) <= 3:
        return range(*(_small(_value(each, sight)) for each in node.args))
    raise Undecided


def _of_one(called: str, argument: ast.expr, sight: Sight) -> Any:
    if called in ("all", "any") and isinstance(argument, ast.GeneratorExp | ast.ListComp):
        return _quantified(called, argument, sight)
    if called in _ITEMIZED:
        return _ITEMIZED[called](_value(argument, sight))
    if called == "abs":
        return abs(_small(_value(argument, sight)))
    if called == "range":
        return range(_small(_value(argument, sight)))
    if called == "float" and isinstance(argument, ast.Constant):
        return float(argument.value)  # type: ignore[arg-type]
    value = _value(argument, sight)
    if called in ("str", "int") and type(value) in (int, str) and len(str(value)) < _DIGITS:
        return str(value) if called == "str" else int(value)
    raise Undecided


def _quantified(called: str, loop: ast.GeneratorExp | ast.ListComp, sight: Sight) -> bool:
    """`all`, `any` with three values, item by item."""
    settles = called == "any"
    unsure = False
    for one in _looped(loop.generators, sight):
        came = comes_out(loop.elt, one)
        if came is settles:
            return settles
        unsure |= came is None
    if unsure:
        raise Undecided
    return not settles


def _mapped(function: ast.Lambda, over: ast.expr, sight: Sight) -> list[Any]:
    names = function.args.args
    if len(names) != 1:
        raise Undecided
    target = ast.Name(names[0].arg, ast.Store())
    return [_value(function.body, sight.binding(target, each)) for each in _value(over, sight)]


def _is_instance(node: ast.Call, sight: Sight) -> bool:
    kind = _kind_at(node.args[0], sight)
    kinds = node.args[1].elts if isinstance(node.args[1], ast.Tuple) else [node.args[1]]
    names = [sight.around.scope.dotted(each) or "" for each in kinds]
    if any(kind in _KINDS.get(name, ()) for name in names):
        return True
    # A class of the repository: a plain value is none of its objects.
    if all(name in _KINDS or sight.around.index.find(name) is not None for name in names):
        return False
    raise Undecided


def kind_of(tree: Encoded) -> str:
    """The tag of a tree, the type's name for what stands for itself."""
    if tree is None:
        return "none"
    return tree[0] if type(tree) is list else type(tree).__name__


def plain(tree: Encoded) -> Any:
    """A number, text or plain container as a value.

    Raises:
        Undecided: it is something else, or large.
    """
    if type(tree) is not list:
        return tree
    if tree[0] == "float":
        return float(tree[1]) if tree[1] in ("nan", "inf", "-inf") else float.fromhex(tree[1])
    if tree[0] == "int":
        return int(tree[1], 16)
    if tree[0] == "bytes":
        return base64.b64decode(tree[1])
    if tree[0] in ("list", "tuple", "set", "frozenset", "dict") and len(tree[1]) <= _ITEMS:
        if tree[0] == "dict":
            return {plain(key): plain(value) for key, value in tree[1]}
        made = [plain(each) for each in tree[1]]
        return {"list": list, "tuple": tuple, "set": set, "frozenset": frozenset}[tree[0]](made)
    raise Undecided


_VALUES: dict[type[ast.AST], Callable[[Any, Sight], Any]] = {
    ast.Constant: lambda node, _sight: node.value,
    ast.Name: _name,
    ast.Attribute: lambda node, sight: plain(tree_of_literal(node, sight.around)),
    ast.BoolOp: _both,
    ast.UnaryOp: _unary,
    ast.BinOp: _reckoned,
    ast.Compare: _chain,
    ast.Tuple: lambda node, sight: tuple(_value(each, sight) for each in node.elts),
    ast.List: lambda node, sight: [_value(each, sight) for each in node.elts],
    ast.Set: lambda node, sight: {_value(each, sight) for each in node.elts},
    ast.Subscript: lambda node, sight: _value(node.value, sight)[_slice(node.slice, sight)],
    **dict.fromkeys((ast.ListComp, ast.GeneratorExp), _loop),
    ast.SetComp: lambda node, sight: set(_loop(node, sight)),
    ast.Call: _call,
}
