"""Bridges to Pythons that are left behind: conditions that only ever go one way, imports that are tried in vain,
modules that hold nothing but names for several Pythons."""

import ast
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet

import msgspec

from daydream.analysis import deprecated_code
from daydream.analysis.python_floor import Version
from daydream.analysis.python_versions import decided
from daydream.analysis.standard_library import ADDED, GONE, RENAMED, is_there

_PYTHON_2 = re.compile(r"_?(is_?)?(PY|PYTHON)_?2(_ONLY)?", re.IGNORECASE)
_PYTHON_3 = re.compile(r"_?(is_?)?(PY|PYTHON)_?3(_ONLY)?", re.IGNORECASE)
_COMPAT = re.compile(
    r"(^|/)_?(six|py(thon)?_?(2|3|23|3k)|(py|python)?_?[23]{0,2}_?compat(ibility)?(_?(py|python)?_?[23]{1,2})?)"
    r"(\.py|/__init__\.py)$"
)
_SKIPS = frozenset({"skipif", "skipIf", "skipUnless"})
_FLIPPED: Mapping[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.Gt,
    ast.LtE: ast.GtE,
    ast.Gt: ast.Lt,
    ast.GtE: ast.LtE,
    ast.Eq: ast.Eq,
    ast.NotEq: ast.NotEq,
}
STANDARD = frozenset((*ADDED, *RENAMED, *GONE))
_ERRORS = frozenset({"ImportError", "ModuleNotFoundError"})


class Gate(msgspec.Struct, frozen=True):
    """A decision that is always taken the same way: `kind` is condition, constant, skip, unless or try."""

    kind: str
    line: int
    text: str
    outcome: bool


class Shim(msgspec.Struct, frozen=True):
    """A module that holds nothing but names for several Pythons, and the names."""

    names: tuple[str, ...]


class Decider:
    """Decides conditions for every Python from `floor` on. `fixed` are names of the file that never change."""

    def __init__(self, floor: Version, tree: ast.Module) -> None:
        self.floor = floor
        self.fixed: dict[str, bool] = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and floor >= (3, 0):
                self._imported(node)
        for node in tree.body:
            if (
                isinstance(node, ast.Assign)
                and len(node.targets) == 1
                and isinstance(node.targets[0], ast.Name)
            ):
                outcome = self.outcome(node.value)
                if outcome is not None and _speaks_of_version(node.value):
                    self.fixed[node.targets[0].id] = outcome

    def _imported(self, node: ast.ImportFrom) -> None:
        if not re.search(r"six$|compat|py[23]", node.module or "", re.IGNORECASE):
            return
        for alias in node.names:
            for form, value in ((_PYTHON_2, False), (_PYTHON_3, True)):
                if form.fullmatch(alias.name):
                    self.fixed[alias.asname or alias.name] = value

    def outcome(self, test: ast.expr) -> bool | None:
        """Return what a condition always comes to; None where that is not certain."""
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            inner = self.outcome(test.operand)
            return None if inner is None else not inner
        if isinstance(test, ast.BoolOp):
            parts = [self.outcome(value) for value in test.values]
            strong = isinstance(test.op, ast.Or)
            if strong in parts:
                return strong
            return None if None in parts else not strong
        if isinstance(test, ast.Name):
            return self.fixed.get(test.id)
        if isinstance(test, ast.Attribute) and isinstance(test.value, ast.Name) and test.value.id == "six":
            known = {"PY2": False, "PY3": True}
            return known.get(test.attr) if self.floor >= (3, 0) else None
        return self._compared(test) if isinstance(test, ast.Compare) and len(test.ops) == 1 else None

    def _compared(self, test: ast.Compare) -> bool | None:
        left, way, right = test.left, type(test.ops[0]), test.comparators[0]
        if not _speaks_of_version(left):
            if way not in _FLIPPED or not _speaks_of_version(right):
                return None
            left, way, right = right, _FLIPPED[way], left
        if isinstance(left, ast.Attribute) and left.attr == "major":
            left = ast.Subscript(value=left.value, slice=ast.Constant(0), ctx=ast.Load())
        if way in (ast.Eq, ast.NotEq):
            return self._equal(left, right, way is ast.Eq)
        if isinstance(left, ast.Attribute) and left.attr == "hexversion":
            return self._hex(way, right)
        return decided(ast.Compare(left=left, ops=[way()], comparators=[right]), self.floor)

    def _equal(self, left: ast.expr, right: ast.expr, alike: bool) -> bool | None:
        first = (
            isinstance(left, ast.Subscript) and isinstance(left.slice, ast.Constant) and left.slice.value == 0
        )
        if not (first and isinstance(right, ast.Constant) and right.value in (2, 3) and self.floor >= (3, 0)):
            return None
        return (right.value == 3) is alike

    def _hex(self, way: type[ast.cmpop], right: ast.expr) -> bool | None:
        if (
            way not in (ast.Lt, ast.GtE)
            or not isinstance(right, ast.Constant)
            or not isinstance(right.value, int)
        ):
            return None
        lowest = (self.floor[0] << 24) | (self.floor[1] << 16)
        return (way is ast.GtE) if right.value <= lowest else None


def _speaks_of_version(node: ast.expr) -> bool:
    return any(
        isinstance(part, ast.Attribute)
        and part.attr in {"version_info", "hexversion"}
        and isinstance(part.value, ast.Name)
        and part.value.id == "sys"
        for part in ast.walk(node)
    )


_DECIDING = (ast.If, ast.IfExp, ast.Assign, ast.Call, ast.Try)


def gates(tree: ast.Module, floor: Version, own: AbstractSet[str], *, linted: bool) -> list[Gate]:
    """Return the decisions of a file that are always taken the same way, but checks that only refuse a Python.

    `own` are the names of the repository's modules, which may stand for a standard one; `linted`: ruff says
    plain checks in ``if`` itself.
    """
    decider = Decider(floor, tree)
    found: list[Gate] = []
    for node in ast.walk(tree):
        if isinstance(node, _DECIDING):
            found += _of_node(node, decider, own, linted=linted)
    return sorted(found, key=lambda gate: (gate.line, gate.kind, gate.text))


def _of_node(node: ast.AST, decider: Decider, own: AbstractSet[str], *, linted: bool) -> Iterator[Gate]:
    if isinstance(node, ast.If | ast.IfExp):
        outcome = decider.outcome(node.test)
        said = linted and isinstance(node, ast.If) and _is_plain(node.test)
        if outcome is not None and not said and not _only_refuses(node):
            yield Gate("condition", node.lineno, ast.unparse(node.test), outcome)
    elif isinstance(node, ast.Assign) and _speaks_of_version(node.value):
        outcome = decider.outcome(node.value)
        if outcome is not None:
            yield Gate("constant", node.lineno, ast.unparse(node), outcome)
    elif isinstance(node, ast.Call) and node.args and _last(node.func) in _SKIPS:
        outcome = decider.outcome(node.args[0])
        if outcome is not None:
            kind = "unless" if _last(node.func) == "skipUnless" else "skip"
            yield Gate(kind, node.lineno, ast.unparse(node.args[0]), outcome)
    elif isinstance(node, ast.Try):
        outcome = tried(node, decider.floor, own)
        if outcome is not None:
            yield Gate("try", node.lineno, ast.unparse(node.body[0]), outcome)


def _last(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _is_plain(test: ast.expr) -> bool:
    """Whether ruff's own rule sees a check: a comparison of the version itself, its first part or a slice."""
    left = test.left if isinstance(test, ast.Compare) else None
    inner = left.value if isinstance(left, ast.Subscript) else left
    return isinstance(inner, ast.Attribute) and inner.attr == "version_info"


def _only_refuses(node: ast.If | ast.IfExp) -> bool:
    return isinstance(node, ast.If) and deprecated_code.is_guard(ast.Module([node], []), node.lineno)


def tried(node: ast.Try, floor: Version, own: AbstractSet[str]) -> bool | None:
    """Return whether imports that are tried always succeed (True) or never do (False); None where neither is
    sure, or where something else is caught."""
    caught = [_caught(handler) for handler in node.handlers]
    if (
        len(caught) != 1
        or not caught[0]
        or not _ERRORS.issuperset(caught[0])
        or node.finalbody
        or node.orelse
    ):
        return None
    named = [_imported_names(statement) for statement in node.body]
    names = [name for part in named for name in part]
    if not all(named) or any(name.partition(".")[0] in own for name in names):
        return None
    if all(is_there(name, floor) for name in names):
        return True
    return False if floor >= (3, 0) and names[0].partition(".")[0] in GONE else None


def _caught(handler: ast.ExceptHandler) -> list[str]:
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return [_last(kind) if kind is not None else "" for kind in kinds]


def _imported_names(statement: ast.stmt) -> list[str]:
    """Return the dotted names that an import asks for; empty for what is no import, or a relative one."""
    if isinstance(statement, ast.Import):
        return [alias.name for alias in statement.names]
    if isinstance(statement, ast.ImportFrom) and statement.level == 0:
        return [f"{statement.module}.{alias.name}" for alias in statement.names]
    return []


def shim(path: str, tree: ast.Module, floor: Version, own: AbstractSet[str]) -> Shim | None:
    """Read a module that bears the name of a compatibility module: what it holds if none of it is needed on
    any Python from `floor` on. A function of more than one statement is needed."""
    if not _COMPAT.search(path) or floor < (3, 0):
        return None
    decider, names = Decider(floor, tree), set[str]()
    decisions = 0
    waiting = list(tree.body)
    while waiting:
        statement = waiting.pop()
        branch = _live(statement, decider, own)
        if branch is not None:
            decisions += 1
            waiting += branch
            continue
        bound = _trivially_bound(statement)
        if bound is None:
            return None
        names.update(name for name in bound if not name.startswith("__"))
    kept = tuple(sorted(names - decider.fixed.keys()))
    return Shim(kept) if kept and (decisions or decider.fixed) else None


def _live(statement: ast.stmt, decider: Decider, own: AbstractSet[str]) -> Sequence[ast.stmt] | None:
    """Return the branch that is always taken; None for what is no decided condition."""
    if isinstance(statement, ast.If):
        outcome = decider.outcome(statement.test)
        return None if outcome is None else statement.body if outcome else statement.orelse
    if isinstance(statement, ast.Try):
        outcome = tried(statement, decider.floor, own)
        return None if outcome is None else statement.body if outcome else statement.handlers[0].body
    return None


def _trivially_bound(statement: ast.stmt) -> list[str] | None:
    """Return the names that a statement binds to something that is there anyway; None if it does more."""
    if isinstance(statement, ast.Import | ast.ImportFrom):
        module = statement.module or "" if isinstance(statement, ast.ImportFrom) else statement.names[0].name
        level = statement.level if isinstance(statement, ast.ImportFrom) else 0
        known = level == 0 and module.partition(".")[0] in sys.stdlib_module_names
        if module in {"__future__", "sys"}:
            return []
        return [alias.asname or alias.name.partition(".")[0] for alias in statement.names] if known else None
    if isinstance(statement, ast.Assign):
        plain = all(
            isinstance(
                n,
                (
                    ast.Name
                    | ast.Attribute
                    | ast.Tuple
                    | ast.List
                    | ast.Constant
                    | ast.expr_context
                    | ast.Compare,
                    ast.cmpop | ast.Subscript | ast.Slice,
                ),
            )
            for n in ast.walk(statement.value)
        )
        lambda_ = isinstance(statement.value, ast.Lambda)
        targets = [n.id for n in statement.targets if isinstance(n, ast.Name)]
        return targets if (plain or lambda_) and len(targets) == len(statement.targets) else None
    if isinstance(statement, ast.FunctionDef):
        body = [
            n for n in statement.body if not (isinstance(n, ast.Expr) and isinstance(n.value, ast.Constant))
        ]
        short = len(body) <= 1 and all(isinstance(n, ast.Return | ast.Pass) for n in body)
        return [statement.name] if short and not statement.decorator_list else None
    text = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    return [] if text or isinstance(statement, ast.Pass) else None
