"""What a function does with one of its parameters: which of its methods it calls, what it compares it with, asks it
for and hands it to."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from daydream.analysis.source import Definition
from daydream.dream.trials.call_sites_literals import NotLiteral, Surroundings, tree_of_literal

_ARITHMETIC = (ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Pow, ast.Mod, ast.LShift, ast.RShift)
_ORDERED = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)


@dataclass(slots=True)
class Uses:
    """`handed` names what it is given to as first argument; `elements` are the names that a loop over it binds, as
    written (one for `for a in x`, two for `for a, b in x`), `inner` the attributes of its items; `compared` are encoded
    literals. `passed` says which callable takes it as which argument, `spread` which takes it as `**`."""

    methods: set[str] = field(default_factory=set)
    attributes: set[str] = field(default_factory=set)
    keys: dict[str, None] = field(default_factory=dict)
    compared: list[Any] = field(default_factory=list)
    members: list[Any] = field(default_factory=list)
    classes: list[ast.expr] = field(default_factory=list)
    handed: set[str] = field(default_factory=set)
    elements: list[tuple[str, ...]] = field(default_factory=list)
    inner: set[str] = field(default_factory=set)
    passed: list[tuple[ast.expr, int | str]] = field(default_factory=list)
    spread: list[ast.expr] = field(default_factory=list)
    is_called: bool = False
    is_indexed: bool = False
    is_iterated: bool = False
    is_number: bool = False
    is_text: bool = False
    may_be_none: bool = False


def uses_of(node: Definition, name: str, around: Surroundings) -> Uses:
    """Read the body for one name; what nested functions do with it counts too."""
    uses = Uses()
    for each in _body(node):
        _note(each, name, uses, around)
    return uses


def _body(node: Definition) -> Iterator[ast.AST]:
    for statement in node.body:
        yield from ast.walk(statement)


def _is(node: ast.AST | None, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _note(node: ast.AST, name: str, uses: Uses, around: Surroundings) -> None:
    match node:
        case ast.Call():
            _called(node, name, uses, around)
        case ast.Attribute(value=value, attr=attr):
            if _is(value, name):
                uses.attributes.add(attr)
            elif isinstance(value, ast.Subscript) and _is(value.value, name):
                uses.inner.add(attr)
        case ast.Subscript():
            _subscripted(node, name, uses, around)
        case ast.Compare():
            _compared(node, name, uses, around)
        case ast.BinOp() | ast.UnaryOp() | ast.AugAssign():
            _reckoned(node, name, uses)
        case ast.For(target=target, iter=over) | ast.comprehension(target=target, iter=over):
            _looped(target, over, name, uses)
        case ast.Starred(value=value) if _is(value, name):
            uses.is_iterated = True


def _called(node: ast.Call, name: str, uses: Uses, around: Surroundings) -> None:
    if _is(node.func, name):
        uses.is_called = True
    if isinstance(node.func, ast.Attribute) and _is(node.func.value, name):
        uses.methods.add(node.func.attr)
        if node.func.attr in ("get", "pop", "setdefault") and node.args:
            _asked(node.args[0], uses, indexed=False)
    dotted = around.scope.dotted(node.func) or ""
    called = dotted.removeprefix("builtins.")
    if called == "isinstance" and len(node.args) == 2 and _is(node.args[0], name):
        kinds = node.args[1]
        uses.classes += kinds.elts if isinstance(kinds, ast.Tuple) else [kinds]
    else:
        _handed(node, called, name, uses)
    if (
        isinstance(node.func, ast.Attribute)
        and node.func.attr == "join"
        and node.args
        and _is(node.args[0], name)
    ):
        uses.handed.add("str.join")


def _handed(node: ast.Call, called: str, name: str, uses: Uses) -> None:
    for number, each in enumerate(node.args):
        if _is(each, name):
            if called in ("max", "min") and len(node.args) > 1:
                uses.is_number = True
            else:
                uses.handed.add(called if not number else f"{called}/{number + 1}")
            uses.passed.append((node.func, number))
    for keyword in node.keywords:
        if _is(keyword.value, name):
            if keyword.arg is None:
                uses.spread.append(node.func)
            else:
                uses.passed.append((node.func, keyword.arg))


def _subscripted(node: ast.Subscript, name: str, uses: Uses, around: Surroundings) -> None:
    if _is(node.value, name):
        _asked(node.slice, uses)
    elif _is(node.slice, name):
        _looked_up(node.value, uses, around)


def _looked_up(table: ast.expr, uses: Uses, around: Surroundings) -> None:
    """In a dictionary that is written out: its keys are what it may be."""
    try:
        tree = tree_of_literal(table, around)
    except NotLiteral:
        return
    if type(tree) is list and tree[0] == "dict":
        uses.compared += [pair[0] for pair in tree[1]]


def _asked(key: ast.expr, uses: Uses, *, indexed: bool = True) -> None:
    if isinstance(key, ast.Constant) and isinstance(key.value, str):
        uses.keys[key.value] = None
    elif indexed and not isinstance(key, ast.JoinedStr):
        uses.is_indexed = True


def _compared(node: ast.Compare, name: str, uses: Uses, around: Surroundings) -> None:
    asked = node.left
    if isinstance(asked, ast.Call) and getattr(asked.func, "id", "") == "type":
        if len(asked.args) == 1 and _is(asked.args[0], name):
            kinds = node.comparators[0]
            uses.classes += kinds.elts if isinstance(kinds, ast.Tuple | ast.List | ast.Set) else [kinds]
        return
    sides = [node.left, *node.comparators]
    for left, op, right in zip(sides, node.ops, sides[1:], strict=False):
        if not (_is(left, name) or _is(right, name)):
            continue
        other = right if _is(left, name) else left
        try:
            tree = tree_of_literal(other, around)
        except NotLiteral:
            uses.is_number |= isinstance(op, _ORDERED) and isinstance(other, ast.BinOp)
            continue
        if isinstance(op, ast.Is | ast.IsNot):
            uses.may_be_none |= tree is None
        elif isinstance(op, ast.In | ast.NotIn):
            if _is(left, name):
                uses.compared += tree[1] if type(tree) is list and tree[0] in ("list", "tuple", "set", "frozenset") else []  # fmt: skip
            else:
                uses.members.append(tree)
        elif tree is None:
            uses.may_be_none = True
        else:
            uses.compared.append(tree)


def _reckoned(node: ast.BinOp | ast.UnaryOp | ast.AugAssign, name: str, uses: Uses) -> None:
    if isinstance(node, ast.UnaryOp):
        uses.is_number |= _is(node.operand, name) and isinstance(node.op, ast.USub | ast.Invert)
        return
    if isinstance(node, ast.AugAssign):
        uses.is_number |= _is(node.target, name) and isinstance(node.op, _ARITHMETIC)
        return
    if not (_is(node.left, name) or _is(node.right, name)):
        return
    other = node.right if _is(node.left, name) else node.left
    value = other.value if isinstance(other, ast.Constant) else None
    if isinstance(other, ast.JoinedStr) or isinstance(value, str):
        uses.is_text |= isinstance(node.op, ast.Add)
    elif isinstance(value, int | float) or isinstance(node.op, _ARITHMETIC):
        uses.is_number = True


def _looped(target: ast.expr, over: ast.expr, name: str, uses: Uses) -> None:
    if isinstance(over, ast.Call) and getattr(over.func, "id", "") in ("enumerate", "sorted", "reversed") and over.args and _is(over.args[0], name):  # fmt: skip
        if getattr(over.func, "id", "") == "enumerate" and isinstance(target, ast.Tuple) and len(target.elts) == 2:  # fmt: skip
            target = target.elts[1]
        over = over.args[0]
    if not _is(over, name):
        return
    uses.is_iterated = True
    names = target.elts if isinstance(target, ast.Tuple) else [target]
    found = tuple(each.id for each in names if isinstance(each, ast.Name))
    if len(found) == len(names):
        uses.elements.append(found)
