"""`legacy.removed_module`: the few imports of removed modules whose replacement is the same function."""

import ast
from collections.abc import Sequence
from typing import NamedTuple

from daydream.analysis.fixes import cuts, imports
from daydream.analysis.fixes.cuts import Edit
from daydream.analysis.fixes.drafting import by_file
from daydream.analysis.fixes.imports import Statement
from daydream.analysis.fixes.page import Left, Page
from daydream.analysis.fixes.tree import Tree
from daydream.analysis.unused_imports import Import, used_elsewhere
from daydream.contracts.context import Context
from daydream.contracts.fix import Draft
from daydream.records.night import Known


class Successor(NamedTuple):
    """Where a function of a removed module lives on, as the very same function."""

    function: str
    module: str


SUCCESSORS = {
    "pipes": Successor("quote", "shlex"),  # pipes imported it from there
    "imp": Successor("reload", "importlib"),  # imp called it
}


def fix(ctx: Context, findings: Sequence[Known]) -> Draft:
    """Import from the successor of a removed module."""
    return by_file(ctx, findings, _settle)


def _settle(tree: Tree, page: Page, known: Known) -> Page:
    old = known.identity
    successor = SUCCESSORS.get(old)
    if successor is None:
        msg = f"`{old}` has no successor that a machine could put in its place"
        raise Left(msg)
    used = [node for node in ast.walk(page.tree) if isinstance(node, Statement) and _imports(node, old)]
    if len(used) != 1:
        msg = "it is no longer there" if not used else "it is imported more than once"
        raise Left(msg)
    if used_elsewhere([Import(page.path, old, old)], tree.texts()):
        msg = "another file takes it from here"
        raise Left(msg)
    statement = used[0]
    if any(isinstance(each, ast.If | ast.Try) for each in cuts.around(page, statement)):
        msg = "the import depends on a condition"
        raise Left(msg)
    edits = _of_from(page, statement, successor) if isinstance(statement, ast.ImportFrom) else []
    if isinstance(statement, ast.Import):
        edits = _of_module(page, statement, old, successor)
    return page.with_text(cuts.apply(page.text, edits))


def _imports(node: Statement, old: str) -> bool:
    if isinstance(node, ast.ImportFrom):
        return node.level == 0 and node.module == old
    return any(alias.name.partition(".")[0] == old for alias in node.names)


def _of_from(page: Page, statement: ast.ImportFrom, successor: Successor) -> list[Edit]:
    if any(alias.name != successor.function for alias in statement.names):
        msg = f"more than `{successor.function}` is taken from it"
        raise Left(msg)
    start = page.span(statement)[0]
    at = page.text.index(statement.module or "", start + len("from"))
    return [Edit(at, at + len(statement.module or ""), successor.module)]


def _of_module(page: Page, statement: ast.Import, old: str, successor: Successor) -> list[Edit]:
    nodes = list(ast.walk(page.tree))
    names = [node for node in nodes if isinstance(node, ast.Name) and node.id == old]
    alias = next(each for each in statement.names if each.name.partition(".")[0] == old)
    uses = [page.parents[node] for node in names]
    only = all(isinstance(use, ast.Attribute) and use.attr == successor.function for use in uses)
    if alias.asname or alias.name != old or not only:
        msg = f"more than `{successor.function}` is taken from it"
        raise Left(msg)
    bound = {node.id for node in nodes if isinstance(node, ast.Name)}
    bound.update(node.arg for node in nodes if isinstance(node, ast.arg))
    bound.update(
        imports.bound_name(each, node) for node in nodes if isinstance(node, Statement) for each in node.names
    )
    if successor.module in bound:
        msg = f"the file has a `{successor.module}` already"
        raise Left(msg)
    texts = (node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str))
    if any(f"{old}." in text for text in texts):
        msg = "a string names it"
        raise Left(msg)
    spans = [page.span(alias), *(page.span(node) for node in names)]
    return [Edit(start, end, successor.module) for start, end in spans]
