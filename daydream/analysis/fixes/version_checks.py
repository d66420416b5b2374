"""Version checks that every supported Python answers alike: the branch that it takes, in the place of the check."""

import ast
import posixpath
import re
from collections.abc import Sequence

from daydream.analysis.fixes import cuts
from daydream.analysis.fixes.effects import last_name
from daydream.analysis.fixes.flatten import flattened
from daydream.analysis.fixes.page import Left, Page
from daydream.analysis.fixes.tree import Tree
from daydream.analysis.python_versions import decided

_SAYS = frozenset(
    {
        *(
            "print",
            "warn",
            "warning",
            "error",
            "critical",
            "fatal",
            "info",
            "debug",
            "log",
            "exception",
            "write",
        ),
        *("echo", "secho", "exit", "_exit", "quit", "abort", "fail", "die", "deprecated"),
    }
)
_QUIET = ast.Import | ast.ImportFrom | ast.Pass | ast.Return | ast.Assign | ast.Assert
_OF_VERSIONS = re.compile(
    r"\b\d\.\d|\bpy(thon)?[ -]?\d|\bpython\b|version|backport|compat|\bolder\b|\bnewer\b", re.IGNORECASE
)


def without_check(tree: Tree, page: Page, row: int) -> Page:
    """Put the branch that every supported Python takes in the place of the version check of a row.

    Raises:
        Left: which one that is is not certain, or the check is more than a choice.
    """
    node = _check_of(page, row)
    outcome = None if tree.floor is None else decided(node.test, tree.floor)
    if outcome is None:
        msg = "which branch every supported Python takes is not certain"
        raise Left(msg)
    gone, kept = (node.orelse, node.body) if outcome else (node.body, node.orelse)
    if _is_guard(gone):
        msg = "it guards against a Python that the program does not support, and says so"
        raise Left(msg)
    if not kept:
        check_remarks(page, node, [])
        return page.with_text(cuts.without(page, [node]))
    if outcome:
        _check_else(node)
    check_remarks(page, node, kept)
    return page.with_text(flattened(page, node, "body" if outcome else "orelse"))


def _check_of(page: Page, row: int) -> ast.If:
    if posixpath.basename(page.path) == "setup.py":
        msg = "setup.py says to older Pythons why they are refused"
        raise Left(msg)
    node = next((n for n in ast.walk(page.tree) if isinstance(n, ast.If) and n.lineno == row), None)
    if node is None:
        msg = "the version check is no plain if"
        raise Left(msg)
    owner = page.parents[node]
    alone = not (isinstance(owner, ast.If) and owner.orelse == [node])
    if not alone and page.text[page.span(node)[0] :].startswith("elif"):
        msg = "the version check is one of several branches"
        raise Left(msg)
    return node


def _is_guard(branch: Sequence[ast.stmt]) -> bool:
    """Whether a branch does nothing but refuse or complain."""
    says = [
        each
        for each in branch
        if isinstance(each, ast.Raise)
        or (
            isinstance(each, ast.Expr) and isinstance(each.value, ast.Call) and last_name(each.value) in _SAYS
        )
    ]
    others = (each for each in branch if each not in says)
    texts = ast.Constant | ast.Name
    return bool(says) and all(
        isinstance(each, _QUIET) or (isinstance(each, ast.Expr) and isinstance(each.value, texts))
        for each in others
    )


def check_remarks(page: Page, node: ast.If | ast.Try, kept: Sequence[ast.stmt]) -> None:
    """See that no comment which stays, in the branch that is kept or directly above, speaks of versions.

    Raises:
        Left: one does.
    """
    first, last = node.lineno, cuts.last_row(node)
    above = first
    while page.is_comment(above - 1):
        above -= 1
    rows = [*range(above, first + 1)]
    if kept:
        rows += range(
            cuts.first_row(kept[0]) if kept is not node.body else first, cuts.last_row(kept[-1]) + 1
        )
    else:
        rows = [row for row in rows if row not in cuts.rows_of(page, node)]
    if any(row <= last and _OF_VERSIONS.search(page.comments.get(row, "")) for row in rows):
        msg = "a comment that would stay speaks of the version"
        raise Left(msg)


def _check_else(node: ast.If) -> None:
    if any(isinstance(each, ast.Global | ast.Nonlocal) for other in node.orelse for each in ast.walk(other)):
        msg = "the branch that goes declares the scope of a name"
        raise Left(msg)
    if any(isinstance(each, ast.Yield | ast.YieldFrom) for other in node.orelse for each in ast.walk(other)):
        msg = "the branch that goes makes the function a generator"
        raise Left(msg)
