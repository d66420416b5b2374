"""Putting what a compound statement holds in its place: a branch of an ``if``, the body of a ``try``."""

import ast
import copy
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from daydream.analysis.fixes.page import Left, Page

if TYPE_CHECKING:
    import libcst as cst

Branch = Literal["body", "orelse"]


def flattened(page: Page, node: ast.If | ast.Try, branch: Branch) -> str:
    """Return the text with one branch in the place of the statement; indentation follows, texts in
    quotes stay as they are.

    Raises:
        Left: comments would be lost, or what comes out is not exactly that.
    """
    import libcst as cst
    from libcst.metadata import MetadataWrapper, PositionProvider

    try:
        wrapper = MetadataWrapper(cst.parse_module(page.text))
    except cst.ParserSyntaxError as error:
        msg = "libcst does not parse the file"
        raise Left(msg) from error
    module = wrapper.module
    if module.code != page.text:
        msg = "libcst would not give the rest back as it is"
        raise Left(msg)
    wanted = (node.lineno, len(page.line(node.lineno).encode()[: node.col_offset].decode("utf-8", "ignore")))
    positions = wrapper.resolve(PositionProvider)
    for each, position in positions.items():
        if isinstance(each, cst.If | cst.Try) and (position.start.line, position.start.column) == wanted:
            replaced = cst.ensure_type(module.deep_replace(each, _replacement(each, branch)), cst.Module)
            return _checked(page, node, branch, replaced.code)
    msg = "the statement is not where Python sees it"
    raise Left(msg)


def _replacement(node: "cst.If | cst.Try", branch: Branch) -> "cst.CSTNode":
    import libcst as cst

    if branch == "orelse":
        other = node.orelse
        if isinstance(other, cst.If):
            return other.with_changes(leading_lines=_joined(node.leading_lines, other.leading_lines))
        if other is None:
            return cst.RemoveFromParent()  # type: ignore[return-value]
        if any(line.comment for line in other.leading_lines):
            msg = "a comment would be lost"
            raise Left(msg)
        suite: cst.BaseSuite = other.body
    else:
        suite = node.body
    if not isinstance(suite, cst.IndentedBlock):
        msg = "the branch stands on the line of its condition"
        raise Left(msg)
    if suite.header.comment is not None or any(line.comment for line in suite.footer):
        msg = "a comment would be lost"
        raise Left(msg)
    first, *others = suite.body
    led = first.with_changes(leading_lines=_joined(node.leading_lines, first.leading_lines))  # type: ignore[attr-defined]
    return cst.FlattenSentinel([led, *others])  # type: ignore[return-value]


def _joined(above: "Sequence[cst.EmptyLine]", below: "Sequence[cst.EmptyLine]") -> "list[cst.EmptyLine]":
    """The comments above a statement and those above its branch, without an empty line between."""
    kept = list(below)
    while kept and kept[0].comment is None:
        kept.pop(0)
    return [*above, *kept]


def _checked(page: Page, node: ast.If | ast.Try, branch: Branch, text: str) -> str:
    memo: dict[int, object] = {}
    tree = copy.deepcopy(page.tree, memo)
    twin = memo[id(node)]
    for owner in ast.walk(tree):
        for field in ("body", "orelse", "finalbody"):
            body = getattr(owner, field, None)
            if isinstance(body, list) and any(each is twin for each in body):
                at = next(i for i, each in enumerate(body) if each is twin)
                body[at : at + 1] = getattr(twin, branch)
    if ast.dump(page.with_text(text).tree) != ast.dump(tree):
        msg = "what would come out is not exactly that branch"
        raise Left(msg)
    return text
