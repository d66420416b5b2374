"""Wrong variants of a function: one small edit of its body each, drawn by lot so that the operators take turns."""

import ast
import copy
import random
from collections.abc import Callable, Iterator
from typing import Any

from bench.trials_wrong_tasks import Task, written
from daydream.analysis.source import Definition

MOST = 12
SEED = 6
_COMPARED: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.Gt, ast.GtE), ast.LtE: (ast.Lt, ast.GtE), ast.Gt: (ast.GtE, ast.Lt), ast.GtE: (ast.Gt, ast.LtE),
    ast.Eq: (ast.NotEq, ast.GtE, ast.LtE), ast.NotEq: (ast.Eq, ast.Lt), ast.In: (ast.NotIn,), ast.NotIn: (ast.In,), ast.Is: (ast.IsNot,), ast.IsNot: (ast.Is,),
}  # fmt: skip
_RECKONED: dict[type[ast.operator], tuple[type[ast.operator], ...]] = {
    ast.Add: (ast.Sub,), ast.Sub: (ast.Add,), ast.Mult: (ast.Add, ast.FloorDiv), ast.Div: (ast.FloorDiv, ast.Mult), ast.FloorDiv: (ast.Div, ast.Mult),
    ast.Mod: (ast.FloorDiv, ast.Add), ast.Pow: (ast.Mult,), ast.BitXor: (ast.BitOr,), ast.BitAnd: (ast.BitOr,), ast.BitOr: (ast.BitAnd,),
    ast.LShift: (ast.RShift,), ast.RShift: (ast.LShift,),
}  # fmt: skip
Edit = Callable[[], None]
Found = Iterator[tuple[str, Edit]]


def mutants(task: Task) -> list[tuple[str, str]]:
    """Up to twelve distinct variants, as operator and text; none reads like the reference."""
    reference = written(task, task.node())
    count = sum(1 for _ in _edits(_body(task.node(), task.head)))
    by_operator: dict[str, list[str]] = {}
    seen = {reference}
    for number in range(count):
        node = task.node()
        operator, edit = next(each for at, each in enumerate(_edits(_body(node, task.head))) if at == number)
        edit()
        text = written(task, node)
        if text not in seen and _compiles(text):
            seen.add(text)
            by_operator.setdefault(operator, []).append(text)
    return _drawn(by_operator, random.Random(f"{SEED} {task.id}"))


def _drawn(by_operator: dict[str, list[str]], rng: random.Random) -> list[tuple[str, str]]:
    for texts in by_operator.values():
        rng.shuffle(texts)
    order = sorted(by_operator)
    rng.shuffle(order)
    found: list[tuple[str, str]] = []
    while len(found) < MOST and any(by_operator.values()):
        for operator in order:
            if by_operator[operator] and len(found) < MOST:
                found.append((operator, by_operator[operator].pop()))
    return found


def _compiles(text: str) -> bool:
    try:
        compile(text, "variant", "exec")
    except (SyntaxError, ValueError):
        return False
    return True


def _body(node: Definition, head: int) -> list[ast.stmt]:
    return node.body[head:]


def _edits(body: list[ast.stmt]) -> Found:
    """All edits of a tree, in a fixed order; each changes the tree in place."""
    for statement in body:
        for each in ast.walk(statement):
            yield from _of_node(each)
            yield from _dropped(each)
    yield from _dropped(ast.Module(body, []))


def _of_node(node: ast.AST) -> Found:
    of_kind = _EDITED.get(type(node))
    if of_kind is not None:
        yield from of_kind(node)


def _reckoned(node: ast.BinOp | ast.AugAssign) -> Found:
    for other in _RECKONED.get(type(node.op), ()):
        yield "arithmetic", _set(node, "op", other())
    unequal = (ast.Sub, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow)
    if isinstance(node, ast.BinOp) and type(node.op) in unequal:
        yield "swapped operands", _swap(node)


def _joined(node: ast.BoolOp) -> Found:
    yield "and/or", _set(node, "op", ast.Or() if isinstance(node.op, ast.And) else ast.And())
    rest = node.values[1:] if len(node.values) > 2 else [node.values[0]] * 2
    yield "dropped condition", _set(node, "values", rest)


def _signed(node: ast.UnaryOp) -> Found:
    if isinstance(node.op, ast.USub):
        yield "dropped sign", _set(node, "op", ast.UAdd())
    elif isinstance(node.op, ast.Not):
        yield "dropped sign", _set(node, "operand", _not(node.operand))


def _tested(node: ast.If | ast.While | ast.IfExp) -> Found:
    yield "negated condition", _set(node, "test", _not(node.test))


def _filtered(node: ast.comprehension) -> Found:
    if node.ifs:
        yield "negated condition", _set(node, "ifs", [_not(node.ifs[0]), *node.ifs[1:]])
        yield "dropped condition", _set(node, "ifs", node.ifs[1:])


def _compared(node: ast.Compare) -> Found:
    for at, op in enumerate(node.ops):
        for other in _COMPARED.get(type(op), ()):
            yield "comparison", _set(node, "ops", [*node.ops[:at], other(), *node.ops[at + 1 :]])


def _constant(node: ast.Constant) -> Found:
    value = node.value
    if isinstance(value, bool):
        yield "boolean", _set(node, "value", not value)
    elif isinstance(value, int):
        yield "off by one", _set(node, "value", value + 1)
        yield "off by one", _set(node, "value", value - 1)
    elif isinstance(value, float):
        yield "constant", _set(node, "value", value + 1.0)
        yield "constant", _set(node, "value", value * 2 if value else 0.5)
    elif isinstance(value, str):
        yield "constant", _set(node, "value", f"{value}x" if value else "x")
        if value:
            yield "constant", _set(node, "value", value[:-1])


def _called(node: ast.Call) -> Found:
    args = node.args
    name = getattr(node.func, "id", getattr(node.func, "attr", ""))
    if len(args) >= 2:
        yield "swapped arguments", _set(node, "args", [args[1], args[0], *args[2:]])
        yield "dropped argument", _set(node, "args", args[:-1])
    if name == "range":
        last = args[0] if len(args) == 1 else args[1]
        for op in (ast.Add(), ast.Sub()):
            moved = ast.BinOp(copy.deepcopy(last), op, ast.Constant(1))
            yield "range", _set(node, "args", [moved] if len(args) == 1 else [args[0], moved, *args[2:]])
    others = {"min": "max", "max": "min", "all": "any", "any": "all", "lower": "upper", "upper": "lower", "isupper": "islower", "islower": "isupper", "append": "extend", "floor": "ceil", "ceil": "floor", "sorted": "list"}  # fmt: skip
    if name in others:
        field = "id" if isinstance(node.func, ast.Name) else "attr"
        yield "other function", _set(node.func, field, others[name])
    if node.keywords:
        yield "dropped keyword", _set(node, "keywords", node.keywords[1:])


def _sliced(node: ast.Slice) -> Found:
    for field in ("lower", "upper", "step"):
        bound = getattr(node, field)
        if bound is not None:
            yield "slice", _set(node, field, None)
            if field != "step":
                yield "slice", _set(node, field, ast.BinOp(copy.deepcopy(bound), ast.Add(), ast.Constant(1)))


def _returned(node: ast.Return) -> Found:
    value = node.value
    if value is None:
        return
    yield "return", _set(node, "value", ast.Constant(None))
    if isinstance(value, ast.Tuple) and len(value.elts) > 1:
        yield "return", _set(value, "elts", [*value.elts[1:], value.elts[0]])
    if isinstance(value, ast.Compare | ast.BoolOp):
        yield "return", _set(node, "value", _not(value))


def _dropped(node: ast.AST) -> Found:
    """Statements left out, and jumps exchanged."""
    for field in ("body", "orelse"):
        statements = getattr(node, field, None)
        if not isinstance(statements, list):
            continue
        for at, each in enumerate(statements):
            if isinstance(
                each, ast.Expr | ast.Assign | ast.AugAssign | ast.If | ast.For | ast.While | ast.Return
            ):
                yield "dropped statement", _put(statements, at, ast.Pass())
            elif isinstance(each, ast.Break | ast.Continue):
                yield (
                    "jump",
                    _put(statements, at, ast.Continue() if isinstance(each, ast.Break) else ast.Break()),
                )


def _set(node: ast.AST, field: str, value: object) -> Edit:
    return lambda: setattr(node, field, value)


def _swap(node: ast.BinOp) -> Edit:
    def edit() -> None:
        node.left, node.right = node.right, node.left

    return edit


def _put(statements: list[ast.stmt], at: int, statement: ast.stmt) -> Edit:
    return lambda: statements.__setitem__(at, statement)


def _not(test: ast.expr) -> ast.expr:
    return ast.UnaryOp(ast.Not(), copy.deepcopy(test))


_EDITED: dict[type[ast.AST], Callable[[Any], Found]] = {
    ast.Compare: _compared,
    ast.BinOp: _reckoned,
    ast.AugAssign: _reckoned,
    ast.BoolOp: _joined,
    ast.UnaryOp: _signed,
    ast.Constant: _constant,
    ast.If: _tested,
    ast.While: _tested,
    ast.IfExp: _tested,
    ast.comprehension: _filtered,
    ast.Call: _called,
    ast.Slice: _sliced,
    ast.Return: _returned,
}
