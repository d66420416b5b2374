"""`legacy.commented_code`: taking out a whole block of code that was switched off."""

import ast
import re
from collections import Counter
from collections.abc import Sequence
from hashlib import sha256

from daydream.analysis import commented_code, tasks
from daydream.analysis.fixes import cuts, lint
from daydream.analysis.fixes.drafting import by_file, nth
from daydream.analysis.fixes.page import Left, Page
from daydream.analysis.fixes.tree import Tree
from daydream.analysis.roles import is_illustration, is_settings
from daydream.contracts.context import Context
from daydream.contracts.fix import Draft
from daydream.records.night import Known

_REMINDER = re.compile(rf"\b({'|'.join(tasks.WORDS)})\b")
_REACH = 4


def fix(ctx: Context, findings: Sequence[Known]) -> Draft:
    """Take out blocks of commented-out code."""
    return by_file(ctx, findings, _settle)


def _settle(tree: Tree, page: Page, known: Known) -> Page:
    digest, number = nth(known.identity)
    lines = [line.rstrip("\r\n") for line in page.lines]
    flagged = [entry.location.row for entry in lint.ask(tree, page, "ERA001")]
    seen: Counter[str] = Counter()
    for block in commented_code.blocks(lines, flagged):
        own = sha256(" ".join(block.text.split()).encode("utf-8", "replace")).hexdigest()[:12]
        seen[own] += 1
        if (own, seen[own]) == (digest, number):
            return page.with_text(_without(page, lines, block))
    msg = "the block is no longer there, or no longer code"
    raise Left(msg)


def _without(page: Page, lines: Sequence[str], block: commented_code.Block) -> str:
    if not block.whole or _touches_comment(page, block):
        msg = "the block is part of a comment that holds more than code"
        raise Left(msg)
    if commented_code.is_entry_of_list(lines, block) or is_illustration(page.path) or is_settings(page.path):
        msg = "the block offers something that one may switch on"
        raise Left(msg)
    if any(
        _REMINDER.search(line) for line in lines[max(0, block.first - _REACH) : block.last] if "#" in line
    ):
        msg = "a reminder speaks of the block"
        raise Left(msg)
    rows = range(block.first, block.last + 1)
    if not all(page.is_comment(row) or page.is_blank(row) for row in rows):
        msg = "the block is not only comment"
        raise Left(msg)
    if any(_is_inside(node, block.first) for node in ast.walk(page.tree)):
        msg = "the block stands inside of an expression"
        raise Left(msg)
    text = cuts.apply(page.text, cuts.without_rows(page, rows))
    if ast.dump(page.with_text(text).tree) != ast.dump(page.tree):
        msg = "the block stands inside of a text"
        raise Left(msg)
    return text


def _is_inside(node: ast.AST, row: int) -> bool:
    return (
        isinstance(node, ast.stmt) and not hasattr(node, "body") and node.lineno < row <= cuts.last_row(node)
    )


def _touches_comment(page: Page, block: commented_code.Block) -> bool:
    """Whether a comment stands directly above or below, which may speak of the block."""
    column = page.indent(block.first)
    return any(
        page.is_comment(row) and page.indent(row) == column for row in (block.first - 1, block.last + 1)
    )
