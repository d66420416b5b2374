"""What one procedure can learn from another: a lesson that is seen there, and a gap here that it fills."""

import ast
import builtins
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass

from daydream.contracts.dream import Procedure
from daydream.dream.kinds.conditional_variant_text import Edit, Text

_BUILTINS = frozenset(vars(builtins))
_SHOWN = 70


@dataclass(frozen=True, slots=True)
class Lesson:
    """Something that a procedure does well. `key` says to what it applies, `shown` is how it is written there, `value`
    the text that is taken over, and `names` are the names which that text needs."""

    key: str
    shown: str
    line: int
    value: str = ""
    names: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Gap:
    """A place where a procedure does without: `fill` returns the edits that take a lesson over, None where it does not
    fit after all. `same_class`: only another method of the same class can teach it."""

    key: str
    transform: str
    better: str
    assumption: str
    fill: Callable[[Lesson], list[Edit] | None]
    same_class: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """One sort of lesson: how to see it in a procedure, and how to see where it lacks, given the keys of all that
    its relatives teach."""

    lessons: Callable[[Text], Iterable[Lesson]]
    gaps: Callable[[Text, Procedure, Collection[str]], Iterable[Gap]]


def always(edits: list[Edit]) -> Callable[[Lesson], list[Edit] | None]:
    """Fill a gap in the same way whoever teaches it."""
    return lambda _: edits


def lesson(
    text: Text, key: str, node: ast.stmt | ast.expr, value: str = "", taken: Iterable[ast.AST] = ()
) -> Lesson:
    """Return a lesson that is seen at a node; `taken` are the trees that `value` was written from."""
    names = {each.id for tree in taken for each in ast.walk(tree) if isinstance(each, ast.Name)}
    shown = " ".join(text.segment(node).split())
    shown = shown if len(shown) <= _SHOWN else f"{shown[: _SHOWN - 3]}..."
    return Lesson(key, shown, text.start(node)[0], value, frozenset(names))


def loads(text: Text) -> set[str]:
    """The names that a function reads and does not bind: those of its module, or builtins."""
    return {each.id for each in text.nodes if isinstance(each, ast.Name)} - text.bound


def in_scope(names: Iterable[str], text: Text, base: Procedure, relative: Procedure) -> bool:
    """Tell whether names of a relative mean the same in the base: builtins, and those of a module they share."""
    shared = base.path == relative.path and "<locals>" not in relative.qualname
    known = loads(text)
    return all(name not in text.bound and (name in _BUILTINS or shared or name in known) for name in names)


def handlers(text: Text) -> Iterator[tuple[ast.Try, ast.ExceptHandler]]:
    """Yield the exception handlers of a function."""
    for each in text.tries:
        for handler in each.handlers:
            yield each, handler


def calls(text: Text) -> Iterator[ast.Call]:
    """Yield the calls of a function."""
    return iter(text.calls)


def named(node: ast.AST, name: str) -> bool:
    """Tell whether a name occurs in a tree."""
    return any(isinstance(each, ast.Name) and each.id == name for each in ast.walk(node))


def commented(text: Text, first: ast.stmt, last: ast.stmt) -> bool:
    """Tell whether the lines of a run of statements may hold a comment, which a rewrite would lose."""
    return any("#" in line for line in text.lines[text.start(first)[0] : text.end(last)[0] + 1])


def over(text: Text, first: ast.stmt, last: ast.stmt, written: str) -> Edit | None:
    """Put one statement in the place of a run of them; None where their lines hold anything else."""
    if not text.alone(first, last) or commented(text, first, last):
        return None
    return Edit(text.start(first), text.end(last), written)


def pairs(text: Text) -> Iterator[tuple[ast.stmt, ast.stmt | None]]:
    """Yield every statement of the function with the one that follows it in its block."""
    for block in text.blocks():
        yield from zip(block, [*block[1:], None], strict=True)


def plain_effects(node: ast.AST) -> bool:
    """Tell whether an expression can be moved into a comprehension: it neither waits, yields nor binds."""
    return not any(
        isinstance(each, ast.Await | ast.Yield | ast.YieldFrom | ast.NamedExpr) for each in ast.walk(node)
    )
