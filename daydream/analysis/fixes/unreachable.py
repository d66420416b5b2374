"""`legacy.unreachable`: taking out statements that control never reaches."""

import ast
import re
from collections import Counter
from collections.abc import Iterator, Sequence

from daydream.analysis.fixes import cuts
from daydream.analysis.fixes.drafting import by_file, nth
from daydream.analysis.fixes.flatten import flattened
from daydream.analysis.fixes.imports import without_what_became_unused
from daydream.analysis.fixes.page import Left, Page
from daydream.analysis.fixes.tree import Tree
from daydream.analysis.redaction import quoted
from daydream.contracts.context import Context
from daydream.contracts.fix import Draft
from daydream.records.night import Known

_SWITCHED = re.compile(
    r"disabl|temporar|for now|until|skip|switch|\boff\b|todo|fixme|xxx|hack|debug|deactivat|not yet",
    re.IGNORECASE,
)
_ENDS = (ast.Return, ast.Raise, ast.Continue, ast.Break)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


def fix(ctx: Context, findings: Sequence[Known]) -> Draft:
    """Take out unreachable statements."""
    return by_file(ctx, findings, _settle)


def _settle(tree: Tree, page: Page, known: Known) -> Page:
    text, number = nth(known.identity)
    seen: Counter[str] = Counter()
    for nodes in _dead(page):
        words = quoted(" ".join(page.line(cuts.first_row(nodes[0])).split()))
        seen[words] += 1
        if (words, seen[words]) == (text, number):
            after = _without(page, nodes)
            return without_what_became_unused(tree, page, page.with_text(after))
    msg = "it is no longer there, or what makes it unreachable is not plain"
    raise Left(msg)


def _dead(page: Page) -> Iterator[list[ast.stmt]]:
    """Every run of statements behind a return, raise, continue or break, and every ``if`` whose condition
    is the constant false, in the order of their lines."""
    found: list[list[ast.stmt]] = []
    for node in ast.walk(page.tree):
        for field in cuts.BODIES:
            held = getattr(node, field, None)
            body: list[ast.stmt] = held if isinstance(held, list) else []
            at = next((i for i, each in enumerate(body) if isinstance(each, _ENDS)), len(body))
            if body[at + 1 :]:
                found.append(body[at + 1 :])
        if isinstance(node, ast.If) and isinstance(node.test, ast.Constant) and not node.test.value:
            found.append([node])
    yield from sorted(found, key=lambda nodes: nodes[0].lineno)


def _without(page: Page, nodes: list[ast.stmt]) -> str:
    scope = _scope(page, nodes[0])
    inside = {each for node in nodes for each in ast.walk(node)}
    if isinstance(nodes[0], ast.If) and len(nodes) == 1 and isinstance(nodes[0].test, ast.Constant):
        inside -= {each for node in nodes[0].orelse for each in ast.walk(node)}
    _check_scope(scope, inside)
    first = nodes[0]
    if (
        isinstance(first, ast.If)
        and isinstance(first.test, ast.Constant)
        and not first.test.value
        and first.orelse
    ):
        if len(nodes) > 1:
            msg = "more than its branch would go"
            raise Left(msg)
        _check_remarks(page, range(first.lineno, first.orelse[0].lineno))
        return flattened(page, first, "orelse")
    rows = range(cuts.first_row(first), cuts.last_row(nodes[-1]) + 1)
    body = cuts.place_of(page, first).body
    at = next(i for i, each in enumerate(body) if each is first)
    if at == 0 or not isinstance(body[at - 1], _ENDS):
        _check_remarks(page, rows)
        return cuts.without(page, nodes)
    _check_meant(page, body[:at], nodes)
    return cuts.without(page, [*([body[at - 1]] if _is_idle(page, body[at - 1]) else []), *nodes])


def _check_meant(page: Page, reached: Sequence[ast.stmt], nodes: Sequence[ast.stmt]) -> None:
    """See that nobody put the jump there for a while, or meant what follows it to be reached.

    Raises:
        Left: somebody may have.
    """
    jump, others = reached[-1], reached[:-1]
    says = ast.dump(jump)
    if all(ast.dump(each) == says for each in nodes) and not others:
        _check_remarks(page, range(jump.lineno, _end_of_block(page, nodes[-1])))
        return
    if all(isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant) for each in others):
        msg = "the jump stands at the top of its block, as a switch that somebody set"
        raise Left(msg)
    if _SWITCHED.search(page.line(jump.lineno - 1)) and page.is_comment(jump.lineno - 1):
        msg = "a comment says why it is not reached"
        raise Left(msg)
    for node in nodes:
        for each in (node, *_own(node)):
            if isinstance(each, ast.Return | ast.Raise) and ast.dump(each) != says:
                msg = "it ends otherwise than what is reached: one of the two may be a mistake"
                raise Left(msg)
    _check_remarks(page, range(jump.lineno, _end_of_block(page, nodes[-1])))


def _end_of_block(page: Page, node: ast.stmt) -> int:
    """The row behind the comments that follow the last statement of a block and belong to it."""
    row = cuts.last_row(node) + 1
    depth = len(page.indent(node.lineno))
    while page.is_blank(row) or (page.is_comment(row) and len(page.indent(row)) >= depth):
        row += 1
    return row


def _check_remarks(page: Page, rows: range) -> None:
    """See that no comment speaks of what is not reached.

    Raises:
        Left: one does.
    """
    if any(row in page.comments for row in rows):
        msg = "a comment speaks of it"
        raise Left(msg)


def _is_idle(page: Page, jump: ast.stmt) -> bool:
    """Whether a bare ``return`` would end its function, or a ``continue`` the body of its loop, and say nothing.

    Raises:
        Left: it would, and a comment speaks of it.
    """
    if not (isinstance(jump, ast.Continue) or (isinstance(jump, ast.Return) and jump.value is None)):
        return False
    inner = page.parents[jump]
    while isinstance(inner, ast.If | ast.With) and inner in page.parents:
        if not isinstance(page.parents[inner], ast.stmt) or cuts.place_of(page, inner).body[-1] is not inner:
            return False
        inner = page.parents[inner]
    loops = ast.For | ast.AsyncFor | ast.While
    ends = isinstance(
        inner, loops if isinstance(jump, ast.Continue) else ast.FunctionDef | ast.AsyncFunctionDef
    )
    if ends and page.is_comment(jump.lineno - 1):
        msg = "a comment speaks of the jump before it, which would do nothing"
        raise Left(msg)
    return ends


def _scope(page: Page, node: ast.AST) -> ast.AST:
    while node in page.parents and not isinstance(node, _FUNCTIONS):
        node = page.parents[node]
    return node


def _check_scope(scope: ast.AST, inside: set[ast.AST]) -> None:
    """See that the function stays of its kind and its names in their scope.

    Raises:
        Left: what is never reached decides that all the same.
    """
    outside = [each for each in ast.walk(scope) if each not in inside]
    if any(isinstance(each, ast.Yield | ast.YieldFrom) for each in inside) and not any(
        isinstance(each, ast.Yield | ast.YieldFrom) for each in _own(scope) if each not in inside
    ):
        msg = "the yield that is never reached makes the function a generator"
        raise Left(msg)
    if any(isinstance(each, ast.Global | ast.Nonlocal) for each in inside):
        msg = "a declaration that is never reached decides the scope of a name"
        raise Left(msg)
    bound = _bound(inside)
    if bound & {each.id for each in outside if isinstance(each, ast.Name)} - _bound(outside):
        msg = "an assignment that is never reached decides the scope of a name"
        raise Left(msg)


def _own(scope: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a function, without those of the functions in it."""
    waiting = list(ast.iter_child_nodes(scope))
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, _FUNCTIONS):
            waiting += ast.iter_child_nodes(node)


def _bound(nodes: "set[ast.AST] | list[ast.AST]") -> set[str]:
    """The names that nodes bind."""
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            found.add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.alias):
            found.add(node.asname or node.name.partition(".")[0])
        elif isinstance(node, ast.ExceptHandler) and node.name:
            found.add(node.name)
        elif isinstance(node, ast.arg):
            found.add(node.arg)
    return found
