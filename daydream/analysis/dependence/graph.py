"""Which statements of a function depend on which, and what may therefore change places."""

import ast
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from daydream.analysis.dependence.expressions import Reader
from daydream.analysis.dependence.inference import infer
from daydream.analysis.dependence.scope import Definition, Scope, scope_of
from daydream.analysis.dependence.shapes import Shape, is_plain
from daydream.analysis.dependence.statements import Statement, Walker
from daydream.analysis.dependence.uses import ANYTHING, Uses
from daydream.contracts.dream import SideEffects

EdgeKind = Literal["RAW", "WAR", "WAW", "control", "effect"]


@dataclass(frozen=True, slots=True)
class Edge:
    """Why one statement stays on its side of another: `RAW` the later reads what the earlier writes, `WAR` it writes what the
    earlier reads, `WAW` both write it, `control` one decides whether the other runs or is seen, `effect` the order of
    what they do to the world, or of how they fail, can be told. `name` says through what."""

    kind: EdgeKind
    name: str
    source: int
    target: int


@dataclass(frozen=True, slots=True)
class Ruling:
    """Whether something is legal, and the edges that forbid it."""

    edges: tuple[Edge, ...] = ()

    def __bool__(self) -> bool:
        """Legal where nothing forbids it."""
        return not self.edges

    @property
    def reason(self) -> str:
        """The first edge in words, "" where it is legal."""
        return f"{self.edges[0].kind} {self.edges[0].name}" if self.edges else ""


class Graph:
    """The statements of a function, numbered from 0 in the order of the text, nested ones too.

    `blocks` are the lists of statements that follow one another. Legal means: whatever the arguments, the function
    returns or raises the same (the same type with the same wording) and leaves everything that it was given or can
    reach in the same state. See docs/design/dependence.md for what is taken for granted.
    """

    def __init__(self, node: Definition, pure_names: Collection[str] = ()) -> None:
        self.scope: Scope = scope_of(node)
        names = frozenset(pure_names)
        self.shapes = infer(self.scope, names)
        self._reader = Reader(self.scope, self.shapes, names)
        self._reader.bound = set(self.scope.parameters)
        walker = Walker(self._reader)
        self.uses = walker.block(node.body, None)
        self.statements: tuple[Statement, ...] = tuple(walker.statements)
        self.blocks = tuple(tuple(block) for block in walker.blocks)
        self._numbers = {id(each.node): each.index for each in self.statements}

    @property
    def effect(self) -> SideEffects:
        """The class of the whole function."""
        return "unknown" if self.scope.opaque else self.uses.effect

    def number(self, node: ast.stmt) -> int:
        """The number of a statement."""
        return self._numbers[id(node)]

    def reading(self, expression: ast.expr, at: int) -> tuple[Uses, Shape]:
        """What evaluating an expression does where statement `at` starts, and its type."""
        bound = self.statements[at].bound
        self._reader.bound = None if bound is None else set(bound)
        self._reader.inner.clear()
        uses = Uses()
        shape = self._reader.read(expression, uses)
        return uses, shape

    def may_swap(self, first: int, second: int) -> Ruling:
        """Whether two statements that follow each other in a block may change places.

        Raises:
            ValueError: they do not follow each other.
        """
        one, other = self.statements[first], self.statements[second]
        if one.block != other.block or other.position != one.position + 1:
            msg = f"statements {first} and {second} do not follow each other"
            raise ValueError(msg)
        return Ruling(tuple(self.edges(first, second)))

    def may_move(self, index: int, before: int) -> Ruling:
        """Whether a statement may stand directly before another one of its block, wherever it is now.

        Raises:
            ValueError: they are not in one block.
        """
        one, other = self.statements[index], self.statements[before]
        if one.block != other.block:
            msg = f"statements {index} and {before} are not in one block"
            raise ValueError(msg)
        block = self.blocks[one.block]
        if one.position >= other.position:
            passed = block[other.position : one.position]
            return Ruling(tuple(edge for each in passed for edge in self.edges(each, index)))
        passed = block[one.position + 1 : other.position]
        return Ruling(tuple(edge for each in passed for edge in self.edges(index, each)))

    def independent(self, indices: Sequence[int]) -> Ruling:
        """Whether statements of one block may run in any order."""
        ordered = sorted(indices)
        return Ruling(
            tuple(
                edge
                for number, one in enumerate(ordered)
                for other in ordered[number + 1 :]
                for edge in self.edges(one, other)
            )
        )

    def hoistable(self, statement: int, loop: int) -> Ruling:
        """Whether a statement directly in the body of a loop may stand directly before the loop, and run once.

        Raises:
            ValueError: it is not directly in the loop.
        """
        moved, around = self.statements[statement], self.statements[loop]
        if moved.parent != loop or not isinstance(around.node, ast.For | ast.While | ast.AsyncFor):
            msg = f"statement {statement} is not in the body of loop {loop}"
            raise ValueError(msg)
        uses = moved.uses
        edges = [*self._alone(moved, loop), *self._variant(uses, moved, around)]
        if moved.bound is None:
            edges.append(Edge("control", "it is never reached", loop, statement))
        written = uses.writes - {ANYTHING}
        later = [self.statements[each].node for each in self.blocks[moved.block][moved.position + 1 :]]
        edges += [
            Edge("control", name, loop, statement)
            for name in sorted(written)
            if not self._read_only_in(name.removesuffix("[]"), later)
        ]
        edges += self._new_each_time(moved, around)
        return Ruling(tuple(edges))

    def _new_each_time(self, moved: Statement, loop: Statement) -> Iterator[Edge]:
        """What a statement makes anew in each round is made once outside, which shows if anybody keeps or changes it."""
        node = moved.node
        value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
        if value is None:
            yield Edge("effect", "not an assignment", loop.index, moved.index)
            return
        _, shape = self.reading(value, moved.index)
        names = {each.removesuffix("[]") for each in moved.uses.writes}
        kept = names <= self.scope.owned and not {f"{name}[]" for name in names} & loop.uses.changes
        if not is_plain(shape) and not kept:
            yield Edge("effect", "a new object in every round", loop.index, moved.index)

    def invariant(self, expression: ast.expr, loop: int) -> Ruling:
        """Whether an expression in a loop may be evaluated once, before it, whether or not the loop runs at all."""
        around = self.statements[loop]
        uses, _ = self.reading(expression, loop)
        if around.bound is None:
            return Ruling((Edge("control", "it is never reached", loop, loop),))
        made = Statement(loop, around.node, around.block, around.position, loop, False, around.bound, uses)
        body = Uses()
        target = around.node.target if isinstance(around.node, ast.For) else None
        body.writes = (
            {each.id for each in ast.walk(target) if isinstance(each, ast.Name)} if target else set()
        )
        edges = [*self._alone(made, loop)]
        edges += [
            Edge("RAW", name, loop, loop) for name in sorted(uses.reads & (around.uses.changes | body.writes))
        ]
        edges += [Edge("effect", name, loop, loop) for name in sorted(uses.changes)]
        return Ruling(tuple(edges))

    def edges(self, first: int, second: int) -> Iterator[Edge]:
        """Yield what keeps a statement before a later one of its block."""
        one, other = self.statements[first], self.statements[second]
        if self.scope.opaque:
            yield Edge("effect", self.scope.opaque, first, second)
            return
        if first == 0 and _is_text(one.node):
            yield Edge("control", "the docstring", first, second)
        if other.bound is None:
            yield Edge("control", "it is never reached", first, second)
        for kind, name in _data(one.uses, other.uses):
            yield Edge(kind, name, first, second)
        for name in self._control(one, other):
            yield Edge("control", name, first, second)
        for name in _order(one.uses, other.uses):
            yield Edge("effect", name, first, second)

    def _alone(self, moved: Statement, loop: int) -> Iterator[Edge]:
        """What keeps a statement in its loop by itself: it acts, or it may not come to its end."""
        if self.scope.opaque:
            yield Edge("effect", self.scope.opaque, loop, moved.index)
        for name in sorted(moved.uses.visible):
            yield Edge("effect", name, loop, moved.index)
        for name in sorted(moved.uses.fails):
            yield Edge("control", _failure(name), loop, moved.index)
        for name in sorted(moved.uses.leaves):
            yield Edge("control", name, loop, moved.index)

    def _variant(self, uses: Uses, moved: Statement, loop: Statement) -> Iterator[Edge]:
        """What another round of the loop, or its head, has to do with a statement of its body."""
        rest = Uses()
        for each in self.blocks[moved.block]:
            if each != moved.index:
                rest.add(self.statements[each].uses)
        head = self._head(loop)
        rest.add(head)
        for name in sorted(uses.reads & (rest.changes | uses.changes)):
            yield Edge("RAW", name, loop.index, moved.index)
        for name in sorted(uses.changes & rest.changes):
            yield Edge("WAW", name, loop.index, moved.index)
        for name in sorted(uses.changes & head.reads):
            yield Edge("WAR", name, loop.index, moved.index)

    def _head(self, loop: Statement) -> Uses:
        node = loop.node
        uses = Uses()
        if isinstance(node, ast.For | ast.AsyncFor):
            uses, shape = self.reading(node.iter, loop.index)
            self._reader.iterate(node.iter, shape, uses)
            uses.writes |= {each.id for each in ast.walk(node.target) if isinstance(each, ast.Name)}
        elif isinstance(node, ast.While):
            uses, _ = self.reading(node.test, loop.index)
        return uses

    def _control(self, one: Statement, other: Statement) -> Iterator[str]:
        """How leaving or failing in one of them shows whether the other ran."""
        if one.uses.leaves and other.uses.leaves:
            yield "both may leave"
            return
        for leaving, passing in ((one, other), (other, one)):
            if leaving.uses.leaves:
                yield from self._seen_on_leaving(leaving, passing, max(one.position, other.position))
            elif leaving.uses.fails and leaving.guarded:
                yield from self._seen_elsewhere(passing, max(one.position, other.position))

    def _seen_on_leaving(self, leaving: Statement, passing: Statement, position: int) -> Iterator[str]:
        name = " or ".join(sorted(leaving.uses.leaves))
        if passing.uses.fails or passing.uses.visible:
            yield name
            return
        ends = leaving.uses.leaves <= {"return", "raise"} and not self._in_try(leaving)
        if not ends and any(True for _ in self._seen_elsewhere(passing, position)):
            yield name

    def _in_try(self, statement: Statement) -> bool:
        kinds = (ast.Try, ast.TryStar, ast.With, ast.AsyncWith)
        return any(isinstance(each, kinds) for each in self.scope.ancestors(statement.node))

    def _seen_elsewhere(self, passing: Statement, position: int) -> Iterator[str]:
        """The names written that something reads that is not later in the same block."""
        later = [self.statements[each].node for each in self.blocks[passing.block][position + 1 :]]
        for place in sorted(passing.uses.changes - {ANYTHING}):
            name = place.removesuffix("[]")
            if not self._read_only_in(name, later):
                yield name

    def _read_only_in(self, name: str, nodes: Iterable[ast.stmt]) -> bool:
        if name in self.scope.shared or name in self.scope.outer:
            return False
        inside = {
            id(each)
            for node in nodes
            for each in ast.walk(node)
            if isinstance(each, ast.Name) and each.id == name
        }
        return all(id(each) in inside for each in self.scope.loads.get(name, []))


def _data(one: Uses, other: Uses) -> Iterator[tuple[EdgeKind, str]]:
    pairs: tuple[tuple[EdgeKind, set[str]], ...] = (
        ("RAW", one.changes & other.reads),
        ("WAR", one.reads & other.changes),
        ("WAW", one.changes & other.changes),
    )
    for kind, names in pairs:
        for name in sorted(names):
            yield kind, name


def _order(one: Uses, other: Uses) -> Iterator[str]:
    """How the order of two pieces shows by how they fail."""
    if one.fails and other.fails:
        same = one.fails == other.fails and len(one.fails) == 1 and "*" not in one.fails
        if not same:
            yield "both may fail"
    elif (one.fails and other.visible) or (other.fails and one.visible):
        yield "one may fail, the other acts"


def _failure(name: str) -> str:
    return "it may fail" if name == "*" else f"it may fail ({name.partition(':')[0]})"


def _is_text(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )
