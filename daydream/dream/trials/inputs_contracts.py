"""What a procedure demands of its arguments: the asserts and raises at its beginning, asked of encoded arguments.

Only conditions that numbers, texts and plain containers decide are answered; every other one is undecided, and so
nothing is kept back or called a violation for it.
"""

import ast
import base64
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from daydream.contracts.sandbox import Encoded, Inputs
from daydream.dream.trials.call_sites_literals import NotLiteral, Surroundings, tree_of_literal
from daydream.dream.trials.inputs_target import Target

_LARGEST = 10**15
_ITEMS = 5_000
_COMPARED: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge,
    ast.Is: operator.is_, ast.IsNot: operator.is_not, ast.In: lambda left, right: left in right, ast.NotIn: lambda left, right: left not in right,
}  # fmt: skip
_RECKONED: dict[type[ast.operator], Callable[[Any, Any], Any]] = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod}  # fmt: skip
_METHODS = frozenset(("strip", "lower", "upper", "startswith", "endswith", "isdigit", "isalpha", "isalnum", "isidentifier", "isspace"))  # fmt: skip
_KINDS = {
    "builtins.int": ("int", "bool"), "builtins.float": ("float",), "builtins.str": ("str",), "builtins.bool": ("bool",), "builtins.bytes": ("bytes",),
    "builtins.bytearray": ("bytearray",), "builtins.list": ("list",), "builtins.tuple": ("tuple", "namedtuple"), "builtins.dict": ("dict", "ordereddict", "defaultdict", "counter"),
    "builtins.set": ("set",), "builtins.frozenset": ("frozenset",), "builtins.complex": ("complex",), "datetime.datetime": ("datetime",), "datetime.date": ("date", "datetime"),
    "decimal.Decimal": ("decimal",), "numbers.Number": ("int", "bool", "float", "complex"), "numbers.Integral": ("int", "bool"), "numbers.Real": ("int", "bool", "float"),
    "collections.abc.Mapping": ("dict", "ordereddict", "defaultdict", "counter"), "collections.abc.Sequence": ("list", "tuple", "str", "bytes", "range", "namedtuple"),
}  # fmt: skip
_OPEN = frozenset(("new", "object", "enum", "opaque", "array"))


class Undecided(Exception):
    """Only running it would tell."""


@dataclass(frozen=True, slots=True)
class Guard:
    """A condition at the beginning; the arguments violate the contract where it comes out as `refused`."""

    test: ast.expr
    refused: bool


def guards(target: Target) -> list[Guard]:
    """The leading asserts and raises, as far as the names in them are still the arguments."""
    found: list[Guard] = []
    changed: set[str] = set()
    for statement in target.node.body:
        names = {each.id for each in ast.walk(statement) if isinstance(each, ast.Name)}
        if isinstance(statement, ast.Assert) and not names & changed:
            found.append(Guard(statement.test, refused=False))
        elif isinstance(statement, ast.If):
            refusing = isinstance(statement.body[-1], ast.Raise)
            if refusing and not {each.id for each in ast.walk(statement.test) if isinstance(each, ast.Name)} & changed:  # fmt: skip
                found.append(Guard(statement.test, refused=True))
        elif not isinstance(statement, ast.Expr | ast.Assign | ast.AnnAssign | ast.Import | ast.ImportFrom):
            break
        changed |= {each.id for each in ast.walk(statement) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)}  # fmt: skip
    return found


def violates(target: Target, demands: list[Guard], inputs: Inputs) -> bool:
    """Whether arguments are certain to be refused at the beginning."""
    if not demands:
        return False
    arguments = bound(target, inputs)
    around = Surroundings(target.scope, target.index)
    return any(_comes_out(each.test, arguments, around) is each.refused for each in demands)


def bound(target: Target, inputs: Inputs) -> dict[str, Encoded]:
    """The arguments by the parameter that takes them, defaults included where they can be read; no variadic ones."""
    around = Surroundings(target.scope, target.index)
    found: dict[str, Encoded] = {}
    given = inputs.given[int(target.is_handed_over) :]
    places = [each.name for each in target.parameters if each.way in ("positional only", "positional")]
    found.update(zip(places, given, strict=False))
    found.update(inputs.named)
    for each in target.parameters:
        if each.default is not None and each.name not in found:
            try:
                found[each.name] = tree_of_literal(each.default, around)
            except NotLiteral:
                continue
    return found


def _comes_out(test: ast.expr, arguments: Mapping[str, Encoded], around: Surroundings) -> bool | None:
    try:
        return bool(_value(test, arguments, around))
    except (Undecided, NotLiteral, TypeError, ValueError, ArithmeticError, IndexError, KeyError, RecursionError):  # fmt: skip
        return None  # what fails here would fail there too, in a way that is not the guard's


def _value(node: ast.expr, arguments: Mapping[str, Encoded], around: Surroundings) -> Any:
    match node:
        case ast.Constant(value=value):
            return value
        case ast.Name(id=name) if name in arguments:
            return plain(arguments[name])
        case ast.Name() | ast.Attribute():
            return plain(tree_of_literal(node, around))
        case ast.BoolOp():
            return _both(node, arguments, around)
        case ast.UnaryOp(op=ast.Not() | ast.USub() as op, operand=operand):
            held = _value(operand, arguments, around)
            return not held if isinstance(op, ast.Not) else -held
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _RECKONED:
            return _small(_RECKONED[type(op)](*(_small(_value(each, arguments, around)) for each in (left, right))))  # fmt: skip
        case ast.Compare():
            return _chain(node, arguments, around)
        case ast.Tuple(elts=items) | ast.List(elts=items) | ast.Set(elts=items):
            return tuple(_value(each, arguments, around) for each in items)
        case ast.Call():
            return _call(node, arguments, around)
    raise Undecided


def _small(value: Any) -> Any:
    """Reckoning is for numbers of a size that reckons at once."""
    if isinstance(value, int | float) and abs(value) < _LARGEST:
        return value
    raise Undecided


def _both(node: ast.BoolOp, arguments: Mapping[str, Encoded], around: Surroundings) -> bool:
    """`and`, `or` with three values: one side may settle it though another is undecided."""
    settles = isinstance(node.op, ast.Or)
    sides = [_comes_out(each, arguments, around) for each in node.values]
    if settles in sides:
        return settles
    if None in sides:
        raise Undecided
    return not settles


def _chain(node: ast.Compare, arguments: Mapping[str, Encoded], around: Surroundings) -> bool:
    if _is_type_call(node.left):
        raise Undecided
    values = [_value(each, arguments, around) for each in (node.left, *node.comparators)]
    pairs = zip(values, node.ops, values[1:], strict=False)
    return all(_COMPARED[type(op)](left, right) for left, op, right in pairs)


def _is_type_call(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and getattr(node.func, "id", "") == "type"


def _call(node: ast.Call, arguments: Mapping[str, Encoded], around: Surroundings) -> Any:
    if node.keywords:
        raise Undecided
    if isinstance(node.func, ast.Attribute) and node.func.attr in _METHODS:
        held = _value(node.func.value, arguments, around)
        if isinstance(held, str):
            return getattr(held, node.func.attr)(*(_value(each, arguments, around) for each in node.args))
        raise Undecided
    called = around.scope.dotted(node.func)
    if called == "builtins.len" and len(node.args) == 1:
        return len(_value(node.args[0], arguments, around))
    if called == "builtins.abs" and len(node.args) == 1:
        return abs(_small(_value(node.args[0], arguments, around)))
    if called == "builtins.isinstance" and len(node.args) == 2:
        return _is_instance(node, arguments, around)
    raise Undecided


def _is_instance(node: ast.Call, arguments: Mapping[str, Encoded], around: Surroundings) -> bool:
    asked = node.args[0]
    if not isinstance(asked, ast.Name) or asked.id not in arguments:
        raise Undecided
    kind = kind_of(arguments[asked.id])
    if kind in _OPEN:
        raise Undecided
    kinds = node.args[1].elts if isinstance(node.args[1], ast.Tuple) else [node.args[1]]
    names = [around.scope.dotted(each) or "" for each in kinds]
    if any(kind in _KINDS.get(name, ()) for name in names):
        return True
    # A class of the repository: a plain value is none of its objects.
    if all(name in _KINDS or around.index.find(name) is not None for name in names):
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
