"""Taking statements and comments out of a file, and nothing else: whole lines, with the blank lines in order."""

import ast
import copy
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import NamedTuple

from daydream.analysis.fixes.page import Left, Page

BODIES = ("body", "orelse", "finalbody")
_BANNER = re.compile(
    r"#\s*([-=#*~_+.])\1{2}|^#{2,}|#\s*(region|endregion|%%|In\[|type:|mypy:|fmt:|isort|pylint|pragma|noqa|ruff:|flake8|"
    r"pyright|-\*-|!|vim?:|coding|copyright|licen[cs]e|spdx)",
    re.IGNORECASE,
)
_OF_SEVERAL = re.compile(
    r"#\s*(\w+\s){0,2}(functions|methods|helpers|classes|constants|fixtures|utilities|utils)\b", re.IGNORECASE
)


class Edit(NamedTuple):
    """Replace the text between two offsets."""

    start: int
    end: int
    text: str


class Place(NamedTuple):
    """Where a statement stands: the list that holds it, and whose list it is."""

    owner: ast.AST
    field: str
    body: list[ast.stmt]


def apply(text: str, edits: Iterable[Edit]) -> str:
    """Apply edits that do not overlap.

    Raises:
        Left: they overlap.
    """
    parts, done = [], 0
    for edit in sorted(set(edits)):
        if edit.start < done:
            msg = "two edits meet in the same place"
            raise Left(msg)
        parts += [text[done : edit.start], edit.text]
        done = edit.end
    return "".join([*parts, text[done:]])


def first_row(node: ast.stmt) -> int:
    """The first row of a statement, decorators included."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(each.lineno for each in decorators)])


def last_row(node: ast.stmt) -> int:
    """The last row of a statement."""
    return node.end_lineno or node.lineno


def place_of(page: Page, node: ast.stmt) -> Place:
    """Find the list of statements that holds one.

    Raises:
        Left: it stands in none of the usual ones.
    """
    owner = page.parents[node]
    for field in BODIES:
        body = getattr(owner, field, None)
        if isinstance(body, list) and any(each is node for each in body):
            return Place(owner, field, body)
    msg = "it stands where a statement cannot be taken out"
    raise Left(msg)


def around(page: Page, node: ast.AST) -> Iterator[ast.AST]:
    """What a node stands in, from the nearest out."""
    while node in page.parents:
        node = page.parents[node]
        yield node


def stands_alone(page: Page, node: ast.stmt) -> bool:
    """Whether a statement has its lines for itself, but for a comment behind it."""
    start, end = page.span(node)
    before = page.text[page.starts[node.lineno - 1] : start]
    behind = page.text[end : page.starts[last_row(node)]]
    return not before.strip(" \t\f") and re.fullmatch(r"[ \t\f]*(#[^\r\n]*)?[\r\n]*", behind) is not None


def comment_above(page: Page, row: int) -> int:
    """The first row of the comment directly above a row that belongs to what begins there; else the row.

    A banner, a region, what speaks of several things, or an instruction to a tool belongs to a section and stays, as
    does a comment at the very top of the file.
    """
    first = row
    while first > 1 and page.is_comment(first - 1) and page.indent(first - 1) == page.indent(row):
        first -= 1
    remarks = [page.line(n).strip() for n in range(first, row)]
    if first == 1 or any(_BANNER.search(t) or _OF_SEVERAL.match(t) for t in remarks):
        return row
    return first


def rows_of(page: Page, node: ast.stmt, *, comments: bool = True) -> range:
    """The rows of a statement, with the comment that belongs to it.

    Raises:
        Left: it shares a line with something else.
    """
    if not stands_alone(page, node):
        msg = "it shares a line with another statement"
        raise Left(msg)
    first = first_row(node)
    return range(comment_above(page, first) if comments else first, last_row(node) + 1)


def without_rows(page: Page, rows: Collection[int]) -> list[Edit]:
    """Take out whole rows; of the blank lines around, as many stay as the place asks for."""
    edits = []
    for first, last in _runs(page, sorted(rows)):
        before, after = first, last
        while page.is_blank(before - 1):
            before -= 1
        while page.is_blank(after + 1):
            after += 1
        above, below = first - before, after - last
        indent = len(page.indent(first))
        opens = before == 1 or len(page.indent(before - 1)) < indent
        closes = after >= len(page.lines) or len(page.indent(after + 1)) < indent
        if closes and after < len(page.lines):
            keep_above = False
        elif closes or opens:
            keep_above = opens
        else:
            keep_above = above >= below
        start, end = (first, after) if keep_above else (before, last)
        edits.append(Edit(page.starts[start - 1], page.starts[end], ""))
    return edits


def _runs(page: Page, rows: Sequence[int]) -> list[tuple[int, int]]:
    """Put rows together that have nothing but blank lines between them."""
    runs: list[tuple[int, int]] = []
    for row in rows:
        if runs and all(page.is_blank(n) for n in range(runs[-1][1] + 1, row)):
            runs[-1] = (runs[-1][0], row)
        else:
            runs.append((row, row))
    return runs


def without(page: Page, nodes: Collection[ast.stmt], *, comments: bool = True) -> str:
    """Return the text without these statements; a body left empty gets a ``pass``, an empty
    ``if TYPE_CHECKING:`` goes as a whole.

    Raises:
        Left: one shares its lines, or what comes out is not exactly the rest.
    """
    gone, emptied = _settled(page, list(nodes))
    rows: set[int] = set()
    edits: list[Edit] = []
    for node in sorted(gone, key=lambda n: n.lineno):
        found = rows_of(page, node, comments=comments)
        if node in emptied:
            row = first_row(node)
            edits.append(
                Edit(
                    page.starts[row - 1],
                    page.starts[found[-1]],
                    f"{page.indent(row)}pass{page.end(found[-1])}",
                )
            )
            rows.update(range(found[0], row))
        else:
            rows.update(found)
    text = apply(page.text, [*edits, *without_rows(page, rows)])
    if ast.dump(page.with_text(text).tree) != ast.dump(_pruned(page, gone, emptied)):
        msg = "what would come out is not exactly the rest"
        raise Left(msg)
    return text


def _settled(page: Page, nodes: list[ast.stmt]) -> tuple[list[ast.stmt], set[ast.stmt]]:
    """Widen to the blocks that become empty and mean nothing; return what goes, and those whose place
    takes a ``pass``."""
    gone = list(nodes)
    emptied: set[ast.stmt] = set()
    for node in nodes:
        place = place_of(page, node)
        if isinstance(place.owner, ast.Module) or not all(each in gone for each in place.body):
            continue
        owner = place.owner
        if isinstance(owner, ast.If) and _means_nothing(page, owner, place.body):
            if owner not in gone:
                gone.append(owner)
        else:
            emptied.add(place.body[0])
    inside = {child for node in gone for child in ast.walk(node) if child is not node}
    return [node for node in dict.fromkeys(gone) if node not in inside], emptied - inside


def _means_nothing(page: Page, owner: ast.If, body: Sequence[ast.stmt]) -> bool:
    """Whether an empty block may go: ``if TYPE_CHECKING:`` without comments that belong to none of its statements."""
    if owner.orelse or not is_type_checking(owner.test):
        return False
    theirs = {row for each in body for row in rows_of(page, each)}
    rows = range(owner.lineno + 1, last_row(owner) + 1)
    return not any(page.is_comment(row) and row not in theirs for row in rows)


def is_type_checking(test: ast.expr) -> bool:
    """Whether a condition is ``TYPE_CHECKING``."""
    return (isinstance(test, ast.Name) and test.id == "TYPE_CHECKING") or (
        isinstance(test, ast.Attribute) and test.attr == "TYPE_CHECKING"
    )


def _pruned(page: Page, gone: Sequence[ast.stmt], emptied: Collection[ast.stmt]) -> ast.Module:
    """The file's tree without these statements."""
    marks = {id(node): node in emptied for node in gone}
    memo: dict[int, object] = {}
    tree = copy.deepcopy(page.tree, memo)
    copies = {id(memo[key]): fills for key, fills in marks.items() if key in memo}
    for owner in ast.walk(tree):
        for field in BODIES:
            body = getattr(owner, field, None)
            if isinstance(body, list) and any(id(each) in copies for each in body):
                fills = any(copies.get(id(each), False) for each in body)
                kept = [each for each in body if id(each) not in copies]
                setattr(owner, field, kept or ([ast.Pass()] if fills else []))
    return tree
