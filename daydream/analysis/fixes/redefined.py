"""`legacy.redefined`: taking out the earlier of two definitions where the later one says the same."""

import ast
import re
from collections.abc import Sequence

from daydream.analysis.fixes import cuts, imports, lint
from daydream.analysis.fixes.drafting import by_file, nth
from daydream.analysis.fixes.page import Left, Page
from daydream.analysis.fixes.tree import Tree
from daydream.contracts.context import Context
from daydream.contracts.fix import Draft
from daydream.records.night import Known

_MESSAGE = re.compile(r"`([^`]+)` from line (\d+)")


def fix(ctx: Context, findings: Sequence[Known]) -> Draft:
    """Take out repeated definitions."""
    return by_file(ctx, findings, _settle)


def _settle(tree: Tree, page: Page, known: Known) -> Page:
    name, number = nth(known.identity)
    flagged = [match for entry in lint.ask(tree, page, "F811") if (match := _located(entry, name))]
    if number > len(flagged):
        msg = "it is no longer there, or no longer defined twice"
        raise Left(msg)
    row, earlier = flagged[number - 1]
    first, second = _statement(page, earlier, name), _statement(page, row, name)
    if cuts.place_of(page, first).body is not cuts.place_of(page, second).body:
        msg = "the two do not stand in the same block"
        raise Left(msg)
    if isinstance(first, imports.Statement) and isinstance(second, imports.Statement):
        return _of_imports(page, first, second, name)
    if ast.dump(first) != ast.dump(second):
        msg = "the two differ, and which one is meant is for a person to say"
        raise Left(msg)
    if getattr(first, "decorator_list", ()):
        msg = "a decorator may keep the earlier one"
        raise Left(msg)
    return page.with_text(cuts.without(page, [first]))


def _located(entry: lint.Violation, name: str) -> tuple[int, int] | None:
    match = _MESSAGE.search(entry.message)
    return (entry.location.row, int(match[2])) if match and match[1] == name else None


def _statement(page: Page, row: int, name: str) -> ast.stmt:
    """The innermost definition or import that begins at, or spans, a row and binds the name."""
    found: ast.stmt | None = None
    for node in ast.walk(page.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found = node if node.name == name and node.lineno == row else found
        elif isinstance(node, imports.Statement) and node.lineno <= row <= cuts.last_row(node):
            binds = any(imports.bound_name(alias, node) == name for alias in node.names)
            found = node if binds else found
    if found is None:
        msg = "one of the two is no definition and no import"
        raise Left(msg)
    return found


def _of_imports(page: Page, first: imports.Statement, second: imports.Statement, name: str) -> Page:
    """Take out the later of two imports of the same thing."""
    origin = getattr(first, "module", None), getattr(first, "level", None), type(first)
    if origin != (getattr(second, "module", None), getattr(second, "level", None), type(second)):
        msg = "the name is imported from two places, and which one is meant is for a person to say"
        raise Left(msg)
    one, other = _alias(first, name), _alias(second, name)
    if one is other or (one.name, one.asname) != (other.name, other.asname):
        msg = "the two imports differ"
        raise Left(msg)
    return page.with_text(imports.without_alias(page, second, other))


def _alias(statement: imports.Statement, name: str) -> ast.alias:
    return next(alias for alias in statement.names if imports.bound_name(alias, statement) == name)
