"""`legacy.unreachable`: taking out statements that control never reaches."""

import ast
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
        return flattened(page, first, "orelse")
    return cuts.without(page, nodes)


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
