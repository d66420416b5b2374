"""What each statement of a function does, nested ones included in those that hold them."""

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from daydream.analysis.dependence.expressions import Reader
from daydream.analysis.dependence.shapes import UNKNOWN
from daydream.analysis.dependence.targets import as_load, augment, store, unpacks, write_name
from daydream.analysis.dependence.uses import ANYTHING, Uses

_CATCHING_ALL = frozenset({"Exception", "BaseException"})


@dataclass(slots=True)
class Statement:
    """A statement: `block` says in which list of statements it stands, `position` where; `guarded` that it stands in the
    body of a `try`; `bound` are the locals that surely have a value before it (None: it is never reached)."""

    index: int
    node: ast.stmt
    block: int
    position: int
    parent: int | None
    guarded: bool
    bound: frozenset[str] | None
    uses: Uses


class Walker:
    """Walks a body in order, and keeps which names are bound on the way."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.scope = reader.scope
        self.statements: list[Statement] = []
        self.blocks: list[list[int]] = []
        self._guarded = 0

    def block(self, body: Sequence[ast.stmt], parent: int | None) -> Uses:
        """Read the statements of a block; return what they do together."""
        uses = Uses()
        if not body:
            return uses
        number = len(self.blocks)
        self.blocks.append([])
        for position, node in enumerate(body):
            bound = None if self.reader.bound is None else frozenset(self.reader.bound)
            made = Statement(
                len(self.statements), node, number, position, parent, self._guarded > 0, bound, Uses()
            )
            self.statements.append(made)
            self.blocks[number].append(made.index)
            _STATEMENTS.get(type(node), _unknown)(self, node, made)
            uses.add(made.uses)
        return uses

    def bind(self, *names: str) -> None:
        """Note that names have a value from here on."""
        if self.reader.bound is not None:
            self.reader.bound |= set(names)

    def unbind(self, *names: str) -> None:
        """Note that names may have no value from here on."""
        if self.reader.bound is not None:
            self.reader.bound -= set(names)

    def branches(self, bodies: Sequence[Sequence[ast.stmt]], made: Statement, *, more: bool = False) -> None:
        """Read bodies of which one runs; with `more`, perhaps none of them."""
        start = self.reader.bound
        ends: list[set[str] | None] = [start] if more else []
        for body in bodies:
            self.reader.bound = None if start is None else set(start)
            made.uses.add(self.block(body, made.index))
            ends.append(self.reader.bound)
        reached = [end for end in ends if end is not None]
        self.reader.bound = set.intersection(*reached) if reached else None

    def guarded(self, body: Sequence[ast.stmt], made: Statement) -> Uses:
        """Read the body of a `try`."""
        self._guarded += 1
        uses = self.block(body, made.index)
        self._guarded -= 1
        return uses

    def stop(self) -> None:
        """Note that nothing after this is reached."""
        self.reader.bound = None


def _unknown(walker: Walker, node: ast.stmt, made: Statement) -> None:
    """Read a statement that runs code of its own: whatever names stand in it are read."""
    made.uses.barrier()
    for each in ast.walk(node):
        if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Load):
            made.uses.reads |= {each.id, f"{each.id}[]"}
        elif isinstance(each, ast.Name):
            write_name(walker.scope, each.id, made.uses)
    for name in _bound_names(node):
        write_name(walker.scope, name, made.uses)
        walker.bind(name)


def _bound_names(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.Import | ast.ImportFrom):
        return [(each.asname or each.name).split(".")[0] for each in node.names]
    return [node.name] if isinstance(node, ast.ClassDef) else []


def _expression(walker: Walker, node: ast.Expr, made: Statement) -> None:
    walker.reader.read(node.value, made.uses)


def _nothing(walker: Walker, node: ast.stmt, made: Statement) -> None:
    del walker, node, made


def _declare(walker: Walker, node: ast.Global | ast.Nonlocal, made: Statement) -> None:
    del walker
    made.uses.writes |= set(node.names)


def _assign(walker: Walker, node: ast.Assign, made: Statement) -> None:
    shape = walker.reader.read(node.value, made.uses)
    for target in node.targets:
        store(walker, target, node.value, shape, made.uses)


def _augmented(walker: Walker, node: ast.AugAssign, made: Statement) -> None:
    augment(walker, node, made.uses)


def _annotated(walker: Walker, node: ast.AnnAssign, made: Statement) -> None:
    # Annotations of locals are not evaluated.
    if node.value is not None:
        shape = walker.reader.read(node.value, made.uses)
        store(walker, node.target, node.value, shape, made.uses)


def _if(walker: Walker, node: ast.If, made: Statement) -> None:
    reader = walker.reader
    reader.truth(node.test, reader.read(node.test, made.uses), made.uses)
    walker.branches([node.body, node.orelse], made)


def _for(walker: Walker, node: ast.For, made: Statement) -> None:
    reader, uses = walker.reader, made.uses
    shape = reader.read(node.iter, uses)
    inner = reader.iterate(node.iter, shape, uses)
    walker.unbind(*_removed(node))
    before = reader.bound
    reader.bound = None if before is None else set(before)
    if isinstance(node.target, ast.Name) or not unpacks(node.target, inner):
        store(walker, node.target, None, inner, uses)
        if not isinstance(node.target, ast.Name):
            uses.fails.add("*")
    else:
        for name in (each.id for each in ast.walk(node.target) if isinstance(each, ast.Name)):
            store(walker, ast.Name(name, ast.Store()), None, UNKNOWN, uses)
    _loop(walker, node, made, before)
    # Some containers refuse to be gone through while they change.
    if shape.name != "list" and reader.place(node.iter, shape) in uses.changes:
        uses.fails.add("*")


def _loop(walker: Walker, node: ast.For | ast.While, made: Statement, before: set[str] | None) -> None:
    body = walker.block(node.body, made.index)
    body.leaves -= {"break", "continue"}
    made.uses.add(body)
    walker.reader.bound = None if before is None else set(before)
    made.uses.add(walker.block(node.orelse, made.index))
    walker.reader.bound = before


def _while(walker: Walker, node: ast.While, made: Statement) -> None:
    reader, uses = walker.reader, made.uses
    walker.unbind(*_removed(node))
    reader.truth(node.test, reader.read(node.test, uses), uses)
    uses.fails.add("endless")
    before = reader.bound
    reader.bound = None if before is None else set(before)
    _loop(walker, node, made, before)


def _removed(node: ast.AST) -> set[str]:
    """The names that a piece may leave without a value."""
    named = {each.name for each in ast.walk(node) if isinstance(each, ast.ExceptHandler) and each.name}
    deleted = (
        each.id for each in ast.walk(node) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Del)
    )
    return named | set(deleted)


def _return(walker: Walker, node: ast.Return, made: Statement) -> None:
    if node.value is not None:
        # Whoever gets the object sees what is in it.
        shape = walker.reader.read(node.value, made.uses)
        walker.reader.deeply(node.value, shape, made.uses)
        names = {each.id for each in ast.walk(node.value) if isinstance(each, ast.Name)}
        made.uses.reads |= {f"{name}[]" for name in names & walker.scope.owned}
    made.uses.leaves.add("return")
    walker.stop()


def _raise(walker: Walker, node: ast.Raise, made: Statement) -> None:
    for each in (node.exc, node.cause):
        walker.reader.read(each, made.uses) if each is not None else None
    made.uses.fails.add("*")
    made.uses.leaves.add("raise")
    walker.stop()


def _jump(walker: Walker, node: ast.Break | ast.Continue, made: Statement) -> None:
    made.uses.leaves.add("break" if isinstance(node, ast.Break) else "continue")
    walker.stop()


def _assert(walker: Walker, node: ast.Assert, made: Statement) -> None:
    walker.reader.truth(node.test, walker.reader.read(node.test, made.uses), made.uses)
    walker.reader.read(node.msg, made.uses) if node.msg is not None else None
    made.uses.fails.add("*")


def _delete(walker: Walker, node: ast.Delete, made: Statement) -> None:
    for target in node.targets:
        if isinstance(target, ast.Name):
            made.uses.deletes.add(target.id)
            write_name(walker.scope, target.id, made.uses)
            if walker.reader.bound is not None and target.id not in walker.reader.bound:
                made.uses.fails.add(f"NameError:{target.id}")
            walker.unbind(target.id)
        elif isinstance(target, ast.Subscript):
            shape = walker.reader.read(target.value, made.uses)
            place = walker.reader.place(target.value, shape) or ANYTHING
            walker.reader.read(as_load(target), made.uses)
            made.uses.deletes.add(place)
        else:
            made.uses.barrier()


def _define(walker: Walker, node: ast.FunctionDef | ast.AsyncFunctionDef, made: Statement) -> None:
    for each in (*node.args.defaults, *node.args.kw_defaults):
        walker.reader.read(each, made.uses) if each is not None else None
    if node.decorator_list or any(True for _ in _annotations(node)):
        made.uses.barrier()
    write_name(walker.scope, node.name, made.uses)
    walker.bind(node.name)


def _annotations(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[ast.expr]:
    spec = node.args
    arguments = [*spec.posonlyargs, *spec.args, *spec.kwonlyargs, spec.vararg, spec.kwarg]
    return (
        each for each in (*(one.annotation for one in arguments if one), node.returns) if each is not None
    )


def _with(walker: Walker, node: ast.With | ast.AsyncWith, made: Statement) -> None:
    made.uses.barrier()
    if isinstance(node, ast.AsyncWith):
        made.uses.leaves.add("yield")
    for item in node.items:
        walker.reader.read(item.context_expr, made.uses)
        if item.optional_vars is not None:
            store(walker, item.optional_vars, None, UNKNOWN, made.uses)
    start = walker.reader.bound
    walker.reader.bound = None if start is None else set(start)
    # What it guards may be left half done if the manager swallows exceptions.
    made.uses.add(walker.guarded(node.body, made))
    walker.unbind(*_removed(node))
    walker.reader.bound = None if start is None else set(start) - _removed(node)


def _async_for(walker: Walker, node: ast.AsyncFor, made: Statement) -> None:
    made.uses.barrier()
    made.uses.leaves.add("yield")
    walker.reader.read(node.iter, made.uses)
    walker.unbind(*_removed(node))
    before = walker.reader.bound
    walker.reader.bound = None if before is None else set(before)
    store(walker, node.target, None, UNKNOWN, made.uses)
    body = walker.block(node.body, made.index)
    body.leaves -= {"break", "continue"}
    made.uses.add(body)
    walker.reader.bound = None if before is None else set(before)
    made.uses.add(walker.block(node.orelse, made.index))
    walker.reader.bound = before


def _try(walker: Walker, node: ast.Try, made: Statement) -> None:
    reader = walker.reader
    start = None if reader.bound is None else set(reader.bound) - _removed(node)
    body = walker.guarded(node.body, made)
    if any(_catches_all(each) for each in node.handlers):
        body.fails.clear()
        body.leaves.discard("raise")
    made.uses.add(body)
    made.uses.add(walker.guarded(node.orelse, made))
    ends = [reader.bound]
    for handler in node.handlers:
        reader.bound = None if start is None else set(start)
        _handler(walker, handler, made)
        ends.append(reader.bound)
    reached = [end for end in ends if end is not None]
    finished = set.intersection(*reached) if reached else None
    reader.bound = None if start is None else set(start)
    made.uses.add(walker.block(node.finalbody, made.index))
    reader.bound = None if finished is None or reader.bound is None else finished | reader.bound


def _catches_all(handler: ast.ExceptHandler) -> bool:
    return handler.type is None or (isinstance(handler.type, ast.Name) and handler.type.id in _CATCHING_ALL)


def _handler(walker: Walker, handler: ast.ExceptHandler, made: Statement) -> None:
    if handler.type is not None:
        walker.reader.read(handler.type, made.uses)
    if handler.name:
        write_name(walker.scope, handler.name, made.uses)
        made.uses.deletes.add(handler.name)
        walker.bind(handler.name)
    made.uses.add(walker.guarded(handler.body, made))
    if handler.name:
        walker.unbind(handler.name)


def _match(walker: Walker, node: ast.Match, made: Statement) -> None:
    walker.reader.read(node.subject, made.uses)
    made.uses.barrier()
    for each in ast.walk(node):
        if isinstance(each, ast.MatchAs | ast.MatchStar) and each.name:
            write_name(walker.scope, each.name, made.uses)
        elif isinstance(each, ast.MatchMapping) and each.rest:
            write_name(walker.scope, each.rest, made.uses)
        elif isinstance(each, ast.match_case) and each.guard is not None:
            walker.reader.read(each.guard, made.uses)
    walker.branches([each.body for each in node.cases], made, more=True)


_STATEMENTS: Mapping[type, Callable[..., None]] = {
    ast.Expr: _expression,
    ast.Pass: _nothing,
    ast.Global: _declare,
    ast.Nonlocal: _declare,
    ast.Assign: _assign,
    ast.AnnAssign: _annotated,
    ast.AugAssign: _augmented,
    ast.If: _if,
    ast.For: _for,
    ast.AsyncFor: _async_for,
    ast.While: _while,
    ast.Return: _return,
    ast.Raise: _raise,
    ast.Break: _jump,
    ast.Continue: _jump,
    ast.Assert: _assert,
    ast.Delete: _delete,
    ast.FunctionDef: _define,
    ast.AsyncFunctionDef: _define,
    ast.With: _with,
    ast.AsyncWith: _with,
    ast.Try: _try,
    ast.TryStar: _try,
    ast.Match: _match,
}
