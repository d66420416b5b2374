"""`legacy.deprecated`: ruff's own safe edits for one code in one file, and version checks that are decided."""

import ast
import posixpath
from collections.abc import Sequence

from daydream.analysis import deprecated_code
from daydream.analysis.fixes import cuts, lint
from daydream.analysis.fixes.drafting import by_file
from daydream.analysis.fixes.flatten import flattened
from daydream.analysis.fixes.imports import without_what_became_unused
from daydream.analysis.fixes.page import Left, Page
from daydream.analysis.fixes.tree import Tree
from daydream.analysis.fixes.versions import decided
from daydream.contracts.context import Context
from daydream.contracts.fix import Draft
from daydream.records.night import Known

VERSION_BLOCK = "UP036"
_ROUNDS = 20
_ALIKE = frozenset({"W605"})
_WHY_NOT = {
    "DTZ003": "a time with a zone compares and prints differently from one without",
    "DTZ004": "a time with a zone compares and prints differently from one without",
}


def fix(ctx: Context, findings: Sequence[Known]) -> Draft:
    """Put the present form in the place of deprecated ones."""
    return by_file(ctx, findings, _settle)


def _settle(tree: Tree, page: Page, known: Known) -> Page:
    code, heavy = known.identity.rstrip("!"), known.identity.endswith("!")
    if not code.isalnum() or code in _WHY_NOT:
        raise Left(_WHY_NOT.get(code, "no mechanical replacement is known"))
    if code.startswith("UP") and tree.floor is None:
        msg = "the repository does not say which Python is its lowest"
        raise Left(msg)
    after = page
    for _ in range(_ROUNDS):
        flagged = _flagged(tree, after, code, heavy=heavy)
        if not flagged:
            break
        following = (
            _without_block(tree, after, flagged) if code == VERSION_BLOCK else _offered(after, flagged)
        )
        if following.text == after.text:
            msg = "an edit of ruff's changes nothing"
            raise Left(msg)
        after = following
    else:
        msg = "ruff's edits do not come to an end"
        raise Left(msg)
    if after is page:
        msg = "it is no longer there"
        raise Left(msg)
    if code in _ALIKE and ast.dump(after.tree) != ast.dump(page.tree):
        msg = "the edit would change what the program says"
        raise Left(msg)
    return without_what_became_unused(tree, page, after)


def _flagged(tree: Tree, page: Page, code: str, *, heavy: bool) -> list[lint.Violation]:
    """The places of one code in the file that the finding speaks of: those with a reason, or those without."""
    found = []
    for entry in lint.ask(tree, page, code, tree.floor):
        use = deprecated_code.Use(
            page.path, code, entry.location.row, entry.message, page.line(entry.location.row)
        )
        if entry.code == code and bool(deprecated_code.patterns([use])[0].why) == heavy:
            found.append(entry)
    return found


def _offered(page: Page, flagged: Sequence[lint.Violation]) -> Page:
    """Apply every safe edit of ruff's that does not meet another."""
    if any(entry.fix is None or entry.fix.applicability != "safe" for entry in flagged):
        msg = "ruff has no edit for it that is safe everywhere"
        raise Left(msg)
    if len(flagged) == 1 and (collapsed := _without_guard(page, flagged[0])) is not None:
        return collapsed
    edits: list[cuts.Edit] = []
    for entry in flagged:
        offered = lint.edits(page, entry.fix) if entry.fix is not None else []
        free = all(one.end <= edit.start or edit.end <= one.start for one in offered for edit in edits)
        if free or all(one in edits for one in offered):
            edits += [one for one in offered if one not in edits]
    return page.with_text(cuts.apply(page.text, edits))


def _without_guard(page: Page, entry: lint.Violation) -> Page | None:
    """Put the import that always succeeds in the place of a ``try`` whose handler holds the old one.

    Raises:
        Left: it stands in a handler of another kind.
    """
    for node in ast.walk(page.tree):
        if not isinstance(node, ast.Try):
            continue
        handlers = node.handlers
        for handler in handlers:
            if not handler.lineno <= entry.location.row <= (handler.end_lineno or 0):
                continue
            new, old = node.body[0], handler.body[0]
            alike = (
                len(node.body) == len(handler.body) == len(handlers) == 1
                and not (node.orelse or node.finalbody)
                and isinstance(new, ast.ImportFrom)
                and isinstance(old, ast.ImportFrom)
                and (new.module, old.module) == ("collections.abc", "collections")
                and {ast.dump(n) for n in old.names} == {ast.dump(n) for n in new.names}
            )
            if not alike:
                msg = "it is what is done where the present form is missing"
                raise Left(msg)
            return page.with_text(flattened(page, node, "body"))
    return None


def _without_block(tree: Tree, page: Page, flagged: Sequence[lint.Violation]) -> Page:
    """Put the branch that every supported Python takes in the place of the last version check."""
    if posixpath.basename(page.path) == "setup.py":
        msg = "setup.py says to older Pythons why they are refused"
        raise Left(msg)
    row = flagged[-1].location.row
    node = next((n for n in ast.walk(page.tree) if isinstance(n, ast.If) and n.lineno == row), None)
    if node is None or tree.floor is None:
        msg = "the version check is no plain if"
        raise Left(msg)
    owner = page.parents[node]
    if (
        isinstance(owner, ast.If)
        and owner.orelse == [node]
        and page.text[page.span(node)[0] :].startswith("elif")
    ):
        msg = "the version check is one of several branches"
        raise Left(msg)
    outcome = decided(node.test, tree.floor)
    if outcome is None:
        msg = "which branch every supported Python takes is not certain"
        raise Left(msg)
    if not outcome and not node.orelse:
        return page.with_text(cuts.without(page, [node]))
    if outcome and node.orelse:
        _check_else(node)
    return page.with_text(flattened(page, node, "body" if outcome else "orelse"))


def _check_else(node: ast.If) -> None:
    if any(isinstance(each, ast.Global | ast.Nonlocal) for other in node.orelse for each in ast.walk(other)):
        msg = "the branch that goes declares the scope of a name"
        raise Left(msg)
    if any(isinstance(each, ast.Yield | ast.YieldFrom) for other in node.orelse for each in ast.walk(other)):
        msg = "the branch that goes makes the function a generator"
        raise Left(msg)
