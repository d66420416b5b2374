"""`legacy.unused_variable`: taking out an assignment whose value costs and does nothing."""

import ast
import re
from collections import Counter
from collections.abc import Sequence

from daydream.analysis.fixes import cuts, lint
from daydream.analysis.fixes.drafting import by_file, nth
from daydream.analysis.fixes.effects import is_pure
from daydream.analysis.fixes.imports import without_what_became_unused
from daydream.analysis.fixes.page import Left, Page
from daydream.analysis.fixes.tree import Tree
from daydream.contracts.context import Context
from daydream.contracts.fix import Draft
from daydream.records.night import Known

_NAME = re.compile(r"`([^`]+)` is assigned to but never used")
_LOOKS_UP = frozenset({"locals", "vars", "eval", "exec", "dir", "globals"})


def fix(ctx: Context, findings: Sequence[Known]) -> Draft:
    """Take out unused variables."""
    return by_file(ctx, findings, _settle)


def _settle(tree: Tree, page: Page, known: Known) -> Page:
    name, number = nth(known.identity)
    flagged = [entry for entry in lint.ask(tree, page, "F841") if _named(entry) == name]
    if number > len(flagged):
        msg = "it is no longer there, or no longer unused"
        raise Left(msg)
    after = _taken_out(page, flagged[number - 1])
    for _ in range(20):
        fresh = _fresh(tree, page, after)
        if fresh is None:
            break
        after = _taken_out(after, fresh)
    return without_what_became_unused(tree, page, after)


def _named(entry: lint.Violation) -> str:
    match = _NAME.search(entry.message)
    return match[1] if match else ""


def _fresh(tree: Tree, before: Page, after: Page) -> lint.Violation | None:
    """The last variable that nothing uses since another was taken out."""
    new = lint.ask(tree, after, "F841")
    more = Counter(entry.message for entry in new) - Counter(
        e.message for e in lint.ask(tree, before, "F841")
    )
    return next((entry for entry in reversed(new) if more[entry.message]), None)


def _taken_out(page: Page, entry: lint.Violation) -> Page:
    at = page.starts[entry.location.row - 1] + entry.location.column - 1
    for node in ast.walk(page.tree):
        if isinstance(node, ast.ExceptHandler) and node.name == _named(entry) and node.type is not None:
            offered = lint.edits(page, entry.fix) if entry.fix is not None else []
            inside = page.span(node.type)[1] <= at < page.starts[node.lineno]
            if inside and entry.fix is not None and entry.fix.applicability == "safe":
                return page.with_text(cuts.apply(page.text, offered))
        if isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if len(targets) == 1 and isinstance(targets[0], ast.Name) and page.span(targets[0])[0] == at:
                return page.with_text(_without(page, node))
    msg = "it is not assigned alone, by itself"
    raise Left(msg)


def _without(page: Page, node: ast.Assign | ast.AnnAssign) -> str:
    if node.value is None or not is_pure(node.value):
        msg = "working out its value may have an effect, or keep something alive"
        raise Left(msg)
    if any(isinstance(each, ast.Name) and each.id in _LOOKS_UP for each in ast.walk(_function(page, node))):
        msg = "the function looks names up at run time"
        raise Left(msg)
    last = cuts.last_row(node)
    ends = (
        last >= len(page.lines)
        or page.is_blank(last + 1)
        or len(page.indent(last + 1)) < len(page.indent(last))
    )
    if page.is_comment(node.lineno - 1) and not ends:
        msg = "the comment above it may speak of more than it"
        raise Left(msg)
    return cuts.without(page, [node])


def _function(page: Page, node: ast.AST) -> ast.AST:
    while node in page.parents and not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        node = page.parents[node]
    return node
