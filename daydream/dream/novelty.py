"""How new a dream is: how much of what it does to its procedure was neither there nor dreamt before.

A function becomes a bag of pq-grams, small overlapping pieces of its tree (Augsten, Böhlen, Gamper: Approximate matching
of hierarchical data using pq-grams, VLDB 2005; p = 2, q = 3), statement by statement, and of pairs of statements that
follow one another. What two functions have in common is measured one-sidedly, as containment (Broder: On the
resemblance and containment of documents, SEQUENCES 1997), and only around what was changed, so that a change is not
the less new for standing in a long function. Layout, comments and the docstring do not count.
"""

import ast
import difflib
import functools
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from daydream.analysis.source import Definition, NotParsed, function_tree

Bag = Counter[tuple[object, ...]]
_Q = 3
_NONE = "*"
_HIDDEN = (ast.expr_context,)
_BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")
_SHELVES = frozenset({"src", "lib", "libs", "packages", "projects", "apps", "services", "python"})


@dataclass(frozen=True, slots=True)
class _Unit:
    """A statement without those inside it: how deep it stands, what it says, and its pieces."""

    depth: int
    text: str
    bag: Bag


def structural_novelty(code: str, base: str, earlier: Iterable[str]) -> float:
    """Return 1 - the largest similarity of a dream's change to its procedure and to the earlier dreams of it, 0..1.

    The similarity to one of them is the share of the pieces around the change that it has too. Earlier dreams that
    do not parse are left out.

    Raises:
        NotParsed: the dream or its procedure is not one function.
    """
    units = _units(code)
    former = _units(base)
    changed = _changed(units, former)
    size = changed.total()
    if not size:
        return 0.0
    shared = [_common(changed, _whole(former))]
    for each in earlier:
        try:
            shared.append(_common(changed, _whole(_units(each))))
        except NotParsed:
            continue
    return round(1 - max(shared) / size, 4)


def novelty_score(structural: float, behaviour: float | None) -> float:
    """Return the novelty that is stored: the mean of both, or the structural one alone where no trial has seen how
    the dream behaves."""
    return structural if behaviour is None else (structural + behaviour) / 2


def project_of(path: str) -> str:
    """Return the project that a file belongs to: its topmost package, below folders such as ``src`` that only hold
    packages; ``.`` for a file that stands at the root."""
    folders = [part for part in PurePosixPath(path).parts[:-1] if part not in _SHELVES]
    return folders[0] if folders else "."


def _changed(units: Sequence[_Unit], former: Sequence[_Unit]) -> Bag:
    """The pieces of the statements that differ from the procedure's, and of one on either side of them."""
    matcher = difflib.SequenceMatcher(
        None, [each.text for each in former], [each.text for each in units], autojunk=False
    )
    near: set[int] = set()
    for kind, _, _, start, end in matcher.get_opcodes():
        if kind != "equal":
            # The function's first line is nobody's neighbour: it says the same in every dream.
            near.update(range(min(start, max(1, start - 1)), min(len(units), end + 1)))
    # Where every statement is as it was, what changed is how they lie inside one another: all of it counts.
    return _gathered(units, near or set(range(len(units))))


def _whole(units: Sequence[_Unit]) -> Bag:
    return _gathered(units, set(range(len(units))))


def _gathered(units: Sequence[_Unit], which: set[int]) -> Bag:
    bag: Bag = Counter()
    for place in sorted(which):
        bag.update(units[place].bag)
        if place:
            before, unit = units[place - 1], units[place]
            bag["then", before.text, unit.text, unit.depth - before.depth] += 1
    return bag


def _common(bag: Bag, other: Bag) -> int:
    return sum(min(count, other[piece]) for piece, count in bag.items() if piece in other)


@functools.lru_cache(maxsize=256)
def _units(code: str) -> Sequence[_Unit]:
    """The units of a function; its dreams are compared with one another again and again, night after night."""
    node, _ = function_tree(code)
    body = node.body[1:] if ast.get_docstring(node, clean=False) is not None else node.body
    units = [_unit(node, 0)]
    stack: list[tuple[ast.AST, int]] = [(each, 1) for each in reversed(body)]
    while stack:
        each, depth = stack.pop()
        units.append(_unit(each, depth))
        stack.extend((inner, depth + 1) for inner in reversed(list(_inside(each))))
    return units


def _inside(node: ast.AST) -> Iterator[ast.AST]:
    """The statements, handlers and cases directly inside a statement."""
    if isinstance(node, ast.stmt | ast.excepthandler | ast.match_case):
        for name in _BLOCKS:
            block = getattr(node, name, [])
            yield from block if isinstance(block, list) else ()


def _unit(node: ast.AST, depth: int) -> _Unit:
    bag: Bag = Counter()
    words: list[str] = []
    stack: list[tuple[ast.AST, str]] = [(node, _NONE)]
    while stack:
        each, parent = stack.pop()
        label = _label(each)
        words.append(label)
        children = list(_children(each))
        bag.update(_pieces(parent, label, [_label(child) for child in children]))
        stack.extend((child, label) for child in reversed(children))
    return _Unit(depth, " ".join(words), bag)


def _pieces(parent: str, label: str, children: list[str]) -> Iterator[tuple[object, ...]]:
    if not children:
        yield (parent, label, *[_NONE] * _Q)
        return
    row = [_NONE] * (_Q - 1) + children + [_NONE] * (_Q - 1)
    for start in range(len(row) - _Q + 1):
        yield (parent, label, *row[start : start + _Q])


def _children(node: ast.AST) -> Iterator[ast.AST]:
    inside = {id(each) for each in _inside(node)}
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, _HIDDEN) and id(child) not in inside:
            yield child


def _label(node: ast.AST) -> str:
    """What a node says by itself: its kind, and the names and values that are no nodes."""
    name = node.__class__.__name__
    if isinstance(node, Definition | ast.ClassDef):
        return f"{name} {node.name}"
    said = [
        repr(value) for field, value in ast.iter_fields(node) if field != "type_comment" and _plain(value)
    ]
    return " ".join([name, *said])


def _plain(value: object) -> bool:
    return not isinstance(value, ast.AST | list | type(None)) or (
        isinstance(value, list) and bool(value) and all(isinstance(each, str) for each in value)
    )
