"""`legacy.deprecated`: ruff's own safe edits for one code in one file, and version checks that are decided."""

import ast
import re
from collections.abc import Sequence

from daydream.analysis import deprecated_code
from daydream.analysis.fixes import cuts, lint, version_checks
from daydream.analysis.fixes.drafting import by_file
from daydream.analysis.fixes.flatten import flattened
from daydream.analysis.fixes.imports import without_what_became_unused
from daydream.analysis.fixes.page import Left, Page
from daydream.analysis.fixes.tree import Tree
from daydream.contracts.context import Context
from daydream.contracts.fix import Draft
from daydream.records.night import Known

VERSION_BLOCK = "UP036"
ALIAS = "UP005"
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
    said = known.identity.partition("#")[0]
    code, heavy = said.rstrip("!"), said.endswith("!")
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
            version_checks.without_check(tree, after, flagged[-1].location.row)
            if code == VERSION_BLOCK
            else _offered(tree, after, flagged)
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


def _offered(tree: Tree, page: Page, flagged: Sequence[lint.Violation]) -> Page:
    """Apply every safe edit of ruff's that does not meet another."""
    if any(entry.fix is None or entry.fix.applicability != "safe" for entry in flagged):
        msg = "ruff has no edit for it that is safe everywhere"
        raise Left(msg)
    if len(flagged) == 1 and (collapsed := _without_guard(page, flagged[0])) is not None:
        return collapsed
    if flagged[0].code == ALIAS:
        _check_foreign(tree, page, flagged)
    edits: list[cuts.Edit] = []
    for entry in flagged:
        offered = lint.edits(page, entry.fix) if entry.fix is not None else []
        free = all(one.end <= edit.start or edit.end <= one.start for one in offered for edit in edits)
        if free or all(one in edits for one in offered):
            edits += [one for one in offered if one not in edits]
    return page.with_text(cuts.apply(page.text, edits))


def _check_foreign(tree: Tree, page: Page, flagged: Sequence[lint.Violation]) -> None:
    """See that the names which are renamed are not the repository's own.

    Raises:
        Left: some class of it defines one.
    """
    offers = [entry.fix for entry in flagged if entry.fix is not None]
    old = {page.text[e.start : e.end].rpartition(".")[2] for offer in offers for e in lint.edits(page, offer)}
    names = "|".join(re.escape(name) for name in sorted(old) if name.isidentifier())
    own = re.compile(rf"\bdef[ \t]+({names})\b|(?<![\w.])({names})[ \t]*=[^=]".encode(), re.ASCII)
    if not names or any(own.search(content) for _, content in tree.texts(".py")):
        msg = "the repository defines that name itself"
        raise Left(msg)


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
            version_checks.check_remarks(page, node, node.body)
            return page.with_text(flattened(page, node, "body"))
    return None
