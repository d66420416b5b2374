"""Whose name is whose in a function: parameters, locals, names that nested functions share, containers that one name owns."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

from daydream.analysis.dependence.known import CONSUMERS, FRESH_METHODS, LAZY, MUTATORS

Definition = ast.FunctionDef | ast.AsyncFunctionDef
Inner = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_SEES_ALL = frozenset({"locals", "vars", "dir", "eval", "exec", "_getframe", "currentframe"})
_FRESH = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.SetComp, ast.DictComp)
_SPLITS = frozenset({"split", "rsplit", "splitlines"})
_FRESH_CALLS = frozenset({"list", "dict", "set", "sorted"})
_READING_METHODS = FRESH_METHODS | {
    "get",
    "index",
    "count",
    "keys",
    "values",
    "items",
    "issubset",
    "issuperset",
}


@dataclass(slots=True)
class Scope:
    """The names of one function.

    `shared` are locals that a nested function, lambda or stored generator uses too; `outer` names declared global or
    nonlocal; `named` are locals bound otherwise than by an assignment (imports, definitions, patterns); `owned` locals whose containers were made here and are known under this name alone; `opaque` says what
    makes the rest worthless (a call that sees all locals), or None.
    """

    node: Definition
    parents: dict[ast.AST, ast.AST]
    parameters: set[str] = field(default_factory=set)
    local: set[str] = field(default_factory=set)
    shared: set[str] = field(default_factory=set)
    outer: set[str] = field(default_factory=set)
    named: set[str] = field(default_factory=set)
    owned: set[str] = field(default_factory=set)
    loads: dict[str, list[ast.Name]] = field(default_factory=dict)
    opaque: str | None = None

    def ancestors(self, node: ast.AST) -> Iterator[ast.AST]:
        """Yield what a node stands in, innermost first, up to the function."""
        while node in self.parents:
            node = self.parents[node]
            yield node

    def called_builtin(self, node: ast.AST) -> str:
        """The builtin that a call's bare name means here, "" where it is none or means something else."""
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id not in self.local:
            return node.func.id
        return ""


def scope_of(node: Definition) -> Scope:
    """Read the names of a function."""
    parents = {child: each for each in ast.walk(node) for child in ast.iter_child_nodes(each)}
    scope = Scope(node, parents)
    spec = node.args
    given = [*spec.posonlyargs, *spec.args, *spec.kwonlyargs, spec.vararg, spec.kwarg]
    scope.parameters = {each.arg for each in given if each is not None}
    scope.local |= scope.parameters
    inner: list[ast.AST] = []
    for each in _walk(node, inner):
        _note(scope, each)
    scope.local = (scope.local | scope.named) - scope.outer
    inner += [each for each in parents if is_stored_generator(scope, each)]
    scope.shared |= {name for each in inner for name in _mentioned(each)} & scope.local
    _own(scope, node)
    return scope


def _walk(node: Definition, inner: list[ast.AST]) -> Iterator[ast.AST]:
    """Walk a body; nested scopes are yielded and collected, not entered (their defaults and decorators are)."""
    stack: list[ast.AST] = list(reversed(node.body))
    while stack:
        each = stack.pop()
        yield each
        if isinstance(each, Inner):
            inner.append(each)
            stack.extend(reversed(_outside(each)))
        else:
            stack.extend(reversed(list(ast.iter_child_nodes(each))))


def _outside(node: ast.AST) -> list[ast.AST]:
    found: list[ast.AST] = [*getattr(node, "decorator_list", []), *getattr(node, "bases", [])]
    found += [each.value for each in getattr(node, "keywords", [])]
    if not isinstance(node, ast.ClassDef):
        spec: ast.arguments = getattr(node, "args")  # noqa: B009 (a type that has it is not told from the others here)
        found += [*spec.defaults, *(each for each in spec.kw_defaults if each is not None)]
    return found


def _note(scope: Scope, node: ast.AST) -> None:
    match node:
        case ast.Name(id=name, ctx=ast.Load()):
            scope.loads.setdefault(name, []).append(node)
        case ast.Name(id=name):
            if not _of_comprehension(scope, node):
                scope.local.add(name)
        case ast.Global(names=names) | ast.Nonlocal(names=names):
            scope.outer |= set(names)
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            scope.named.add(name)
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
            scope.named.add(name)
        case ast.MatchMapping(rest=str(name)):
            scope.named.add(name)
        case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
            scope.named |= {(each.asname or each.name).split(".")[0] for each in aliases}
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if name in _SEES_ALL:
            scope.opaque = f"{name}()"
        case _:
            pass


def _of_comprehension(scope: Scope, node: ast.AST) -> bool:
    """Whether a stored name belongs to a comprehension (a walrus inside one does not)."""
    for each in scope.ancestors(node):
        if isinstance(each, ast.NamedExpr):
            return False
        if isinstance(each, ast.comprehension):
            return True
        if isinstance(each, ast.stmt):
            return False
    return False


def _mentioned(node: ast.AST) -> set[str]:
    names = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
    return names | {name for each in ast.walk(node) if isinstance(each, ast.Nonlocal) for name in each.names}


def is_fresh(scope: Scope, node: ast.expr) -> bool:
    """Whether an expression makes a new list, dict or set each time (or splits something that may not be text)."""
    splits = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _SPLITS
    return isinstance(node, _FRESH) or scope.called_builtin(node) in _FRESH_CALLS or splits


def _own(scope: Scope, node: Definition) -> None:
    """Find the names that only ever hold new containers, and are used in no way that would make them known elsewhere."""
    stores: dict[str, list[ast.Name]] = {}
    for each in ast.walk(node):
        if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store):
            stores.setdefault(each.id, []).append(each)
    kwarg = {node.args.kwarg.arg} if node.args.kwarg else set()
    for name in (scope.local - scope.parameters - scope.shared - scope.named) | (kwarg - scope.shared):
        bound = stores.get(name, [])
        if not bound and name not in kwarg:
            continue
        held = all(_binds_fresh(scope, each) for each in bound)
        if held and all(_stays(scope, each) for each in scope.loads.get(name, [])):
            scope.owned.add(name)


def _binds_fresh(scope: Scope, name: ast.Name) -> bool:
    parent = scope.parents[name]
    if isinstance(parent, ast.Assign):
        return len(parent.targets) == 1 and parent.targets[0] is name and is_fresh(scope, parent.value)
    if isinstance(parent, ast.AnnAssign):
        return parent.value is None or is_fresh(scope, parent.value)
    return isinstance(parent, ast.AugAssign) and isinstance(parent.op, ast.Add | ast.BitOr)


def _stays(scope: Scope, name: ast.Name) -> bool:
    """Whether a use of a container lets nobody else keep it."""
    parent = scope.parents[name]
    match parent:
        case ast.Attribute(attr=attr):
            call = scope.parents[parent]
            return isinstance(call, ast.Call) and call.func is parent and _method_stays(scope, attr, call)
        case ast.Subscript(value=held):
            return held is name
        case ast.Tuple():
            return isinstance(scope.parents[parent], ast.Return)
        case ast.Return() | ast.Compare() | ast.Delete() | ast.FormattedValue():
            return True
        case _:
            return is_tested(scope, name) or _consumed(scope, name)


def is_tested(scope: Scope, node: ast.AST) -> bool:
    """Whether nothing but the truth of an expression matters where it stands."""
    for parent in scope.ancestors(node):
        if isinstance(parent, ast.BoolOp):
            node = parent
            continue
        if isinstance(parent, ast.If | ast.While | ast.IfExp | ast.Assert):
            return parent.test is node
        if isinstance(parent, ast.comprehension):
            return node in parent.ifs
        return isinstance(parent, ast.UnaryOp) and isinstance(parent.op, ast.Not)
    return False


def _method_stays(scope: Scope, attr: str, call: ast.Call) -> bool:
    if attr in ("keys", "values", "items"):
        return _consumed(scope, call) or isinstance(scope.parents[call], ast.Compare)
    return attr in MUTATORS or attr in _READING_METHODS


def _consumed(scope: Scope, node: ast.AST) -> bool:
    """Whether a value is used up where it stands: by a loop, a comprehension or a builtin that keeps nothing."""
    for _ in range(4):
        parent = scope.parents[node]
        if isinstance(parent, ast.For | ast.comprehension):
            inner = parent.iter is node
            return inner and not (
                isinstance(parent, ast.comprehension) and is_stored_generator(scope, scope.parents[parent])
            )
        if isinstance(parent, ast.IfExp):
            return parent.test is node
        if isinstance(parent, ast.Starred):
            return isinstance(scope.parents[parent], ast.List | ast.Set | ast.Tuple | ast.Call)
        name = scope.called_builtin(parent)
        if name in CONSUMERS or is_join(parent):
            return True
        if name not in LAZY:
            return False
        node = parent
    return False


def is_stored_generator(scope: Scope, node: ast.AST) -> bool:
    """Whether it is a generator expression that is not used up where it stands."""
    if not isinstance(node, ast.GeneratorExp):
        return False
    parent = scope.parents.get(node)
    if isinstance(parent, ast.For):
        return False
    return not is_join(parent) and scope.called_builtin(parent or node) not in CONSUMERS


def is_join(node: ast.AST | None) -> bool:
    """Whether it calls `join` of a literal text."""
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "join"
        and isinstance(node.func.value, ast.Constant)
    )
