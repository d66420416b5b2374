"""Variants of a function that do the same: rewrites that keep its meaning, none of them one that daydream makes."""

import ast
import copy
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

from bench.trials_wrong_tasks import Task, written
from daydream.analysis.source import Definition

_RULES = "PERF,C4,FURB,SIM,RET,PLR,UP,E,F,B,RUF,PIE"


def rewrites(task: Task) -> list[tuple[str, str]]:
    """Distinct rewrites, as name and text; whether they are equal is for the oracle to say."""
    seen = {written(task, task.node())}
    found: list[tuple[str, str]] = []
    for name, rewrite in REWRITES.items():
        node = task.node()
        head, body = node.body[: task.head], node.body[task.head :]
        made = rewrite(node, body)
        if made is None:
            continue
        node.body = [*head, *made]
        text = written(task, node)
        if text not in seen:
            seen.add(text)
            found.append((name, text))
    linted = _linted(task)
    return [*found, ("ruff --fix --unsafe-fixes", linted)] if linted and linted not in seen else found


def _linted(task: Task) -> str | None:
    """What ruff makes of it; the contract stays as it is."""
    program = Path(sys.executable).with_name("ruff")
    ruff = str(program) if program.exists() else shutil.which("ruff")
    if ruff is None:
        raise SystemExit("ruff is not installed; it is one of the rewriters")
    node = task.node()
    head, node.body = node.body[: task.head], node.body[task.head :]
    command = [ruff, "check", "--isolated", "--preview", "--fix", "--unsafe-fixes", "--quiet", "--exit-zero", "--select", _RULES, "-"]  # fmt: skip
    done = subprocess.run(command, input=written(task, node), capture_output=True, text=True, check=True)
    try:
        made = [each for each in ast.parse(done.stdout).body if isinstance(each, Definition)]
    except SyntaxError:
        return None
    if len(made) != 1:
        return None
    made[0].body = [*head, *made[0].body]
    return written(task, made[0])


class _Renamed(ast.NodeTransformer):
    def __init__(self, names: dict[str, str]) -> None:
        self.names = names

    def visit_Name(self, node: ast.Name) -> ast.Name:
        node.id = self.names.get(node.id, node.id)
        return node

    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.arg = self.names.get(node.arg, node.arg)
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        node.name = self.names.get(node.name, node.name)
        self.generic_visit(node)
        return node


def _renamed(node: Definition, body: list[ast.stmt]) -> list[ast.stmt] | None:
    taken = {each.arg for each in ast.walk(node.args) if isinstance(each, ast.arg)}
    names: dict[str, str] = {}
    for statement in body:
        for each in ast.walk(statement):
            if isinstance(each, ast.Global | ast.Nonlocal | ast.Import | ast.ImportFrom | ast.ClassDef):
                return None
            if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store) and each.id not in taken:
                names.setdefault(each.id, f"renamed_{len(names)}")
    return [_Renamed(names).visit(each) for each in body] if names else None


def _inverted(_node: Definition, body: list[ast.stmt]) -> list[ast.stmt] | None:
    """`if a: x else: y` with its sides exchanged; of `if a: return x` followed by more, the more becomes the else."""
    done = False
    for statement in [ast.Module(body, []), *body]:
        for each in list(ast.walk(statement)):
            if isinstance(each, ast.If) and each.orelse:
                each.test, each.body, each.orelse = ast.UnaryOp(ast.Not(), each.test), each.orelse, each.body
                done = True
                break
        if done:
            return body
    for at, each in enumerate(body[:-1]):
        if isinstance(each, ast.If) and isinstance(each.body[-1], ast.Return):
            return [*body[:at], ast.If(ast.UnaryOp(ast.Not(), each.test), body[at + 1 :], each.body)]
    return None


class _AsWhile(ast.NodeTransformer):
    def __init__(self) -> None:
        self.count = 0

    def visit_For(self, node: ast.For) -> ast.AST | list[ast.stmt]:
        self.generic_visit(node)
        if node.orelse:
            return node
        name = f"steps_{self.count}"
        self.count += 1
        take = ast.Assign(
            [node.target], ast.Call(ast.Name("next", ast.Load()), [ast.Name(name, ast.Load())], [])
        )
        stop = ast.ExceptHandler(ast.Name("StopIteration", ast.Load()), None, [ast.Break()])
        start = ast.Assign(
            [ast.Name(name, ast.Store())], ast.Call(ast.Name("iter", ast.Load()), [node.iter], [])
        )
        return [start, ast.While(ast.Constant(True), [ast.Try([take], [stop], [], []), *node.body], [])]


def _as_while(_node: Definition, body: list[ast.stmt]) -> list[ast.stmt] | None:
    change = _AsWhile()
    made = [change.visit(each) for each in body]
    flat = [one for each in made for one in (each if isinstance(each, list) else [each])]
    return flat if change.count else None


def _as_loop(_node: Definition, body: list[ast.stmt]) -> list[ast.stmt] | None:
    """The first list comprehension that is a statement's whole value, or the only argument of what it returns, as a loop."""
    for at, each in enumerate(body):
        if not isinstance(each, ast.Return | ast.Assign) or each.value is None:
            continue
        holder: ast.AST = each
        value = each.value
        if isinstance(value, ast.Call) and len(value.args) == 1 and isinstance(value.func, ast.Name):
            holder, value = value, value.args[0]
        if isinstance(value, ast.ListComp) and len(value.generators) == 1:
            one = value.generators[0]
            name = ast.Name("collected", ast.Load())
            add: ast.stmt = ast.Expr(ast.Call(ast.Attribute(name, "append", ast.Load()), [value.elt], []))
            for test in reversed(one.ifs):
                add = ast.If(test, [add], [])
            if isinstance(holder, ast.Call):
                holder.args = [name]
            else:
                each.value = name
            start = ast.Assign([ast.Name("collected", ast.Store())], ast.List([], ast.Load()))
            return [*body[:at], start, ast.For(one.target, one.iter, [add], []), *body[at:]]
    return None


class _DeMorgan(ast.NodeTransformer):
    def __init__(self) -> None:
        self.count = 0

    def visit_If(self, node: ast.If) -> ast.If:
        self.generic_visit(node)
        test = node.test
        if isinstance(test, ast.BoolOp):
            other = ast.Or() if isinstance(test.op, ast.And) else ast.And()
            sides: list[ast.expr] = [ast.UnaryOp(ast.Not(), each) for each in test.values]
            node.test = ast.UnaryOp(ast.Not(), ast.BoolOp(other, sides))
            self.count += 1
        return node


def _de_morgan(_node: Definition, body: list[ast.stmt]) -> list[ast.stmt] | None:
    change = _DeMorgan()
    made = [change.visit(each) for each in body]
    return made if change.count else None


def _dead(_node: Definition, body: list[ast.stmt]) -> list[ast.stmt] | None:
    unused = ast.Assign(
        [ast.Name("unused", ast.Store())], ast.List([ast.Constant(1), ast.Constant(2)], ast.Load())
    )
    return [unused, *body[:-1], copy.deepcopy(unused), body[-1]]


class _Turned(ast.NodeTransformer):
    """`a < b` as `b > a`."""

    other: ClassVar[dict[type[ast.cmpop], type[ast.cmpop]]] = {ast.Lt: ast.Gt, ast.Gt: ast.Lt, ast.LtE: ast.GtE, ast.GtE: ast.LtE, ast.Eq: ast.Eq, ast.NotEq: ast.NotEq}  # fmt: skip

    def __init__(self) -> None:
        self.count = 0

    def visit_Compare(self, node: ast.Compare) -> ast.Compare:
        self.generic_visit(node)
        if len(node.ops) == 1 and type(node.ops[0]) in self.other:
            self.count += 1
            return ast.Compare(node.comparators[0], [self.other[type(node.ops[0])]()], [node.left])
        return node


def _turned(_node: Definition, body: list[ast.stmt]) -> list[ast.stmt] | None:
    change = _Turned()
    made = [change.visit(each) for each in body]
    return made if change.count else None


class _Spelt(ast.NodeTransformer):
    """`x += y` as `x = x + y`, and a conditional expression that is returned as a statement."""

    def __init__(self) -> None:
        self.count = 0

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        if not isinstance(node.target, ast.Name):
            return node
        self.count += 1
        return ast.Assign([node.target], ast.BinOp(ast.Name(node.target.id, ast.Load()), node.op, node.value))

    def visit_Return(self, node: ast.Return) -> ast.AST:
        if not isinstance(node.value, ast.IfExp):
            return node
        self.count += 1
        return ast.If(node.value.test, [ast.Return(node.value.body)], [ast.Return(node.value.orelse)])


def _spelt(_node: Definition, body: list[ast.stmt]) -> list[ast.stmt] | None:
    change = _Spelt()
    made = [change.visit(each) for each in body]
    return made if change.count else None


def _through_name(_node: Definition, body: list[ast.stmt]) -> list[ast.stmt] | None:
    """What is returned at the end gets a name first, and the body stands in a block."""
    last = body[-1]
    if not isinstance(last, ast.Return) or last.value is None:
        return None
    bound = ast.Assign([ast.Name("outcome", ast.Store())], last.value)
    return [ast.If(ast.Constant(True), [*body[:-1], bound], []), ast.Return(ast.Name("outcome", ast.Load()))]


REWRITES: dict[str, Callable[[Definition, list[ast.stmt]], list[ast.stmt] | None]] = {
    "locals renamed": _renamed,
    "if/else inverted": _inverted,
    "for as while": _as_while,
    "comprehension as loop": _as_loop,
    "De Morgan": _de_morgan,
    "dead assignments": _dead,
    "comparisons turned round": _turned,
    "statements spelt out": _spelt,
    "result named": _through_name,
}
