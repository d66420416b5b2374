"""One function of a file in another wording, with as little else changed as can be.

A wording replaces whole lines. Lines that it leaves as they are keep their own ends; of statements that it leaves as they are
comments and layout are kept, even where whoever wrote it dropped them. What comes out is the file with that function replaced, by its tree.
"""

import ast
import difflib
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from daydream.analysis.fixes.drafting import checked
from daydream.analysis.fixes.page import Left, Page
from daydream.analysis.fixes.tree import Tree
from daydream.analysis.source import Definition, Function, NotParsed, function_tree, parse

if TYPE_CHECKING:
    import libcst as cst

GONE = "the procedure is gone"
_NEWLINE = re.compile(r"\r\n?")


def find(page: Page, qualname: str, occurrence: int) -> Function:
    """Find a function by its name and which of that name it is, counted from 1.

    Raises:
        Left: it is not there.
    """
    try:
        module = parse(page.to_bytes())
    except NotParsed as error:
        msg = f"the file does not parse ({error})"
        raise Left(msg) from error
    for each in module.functions:
        if (each.qualname, each.occurrence) == (qualname, occurrence):
            return each
    raise Left(GONE)


def reworded(tree: Tree, page: Page, function: Function, code: str) -> Page:
    """Put `code`, the whole lines of one function, in the place of `function`, in the style of its project.

    Raises:
        Left: it is not one function, something else would change, or the project's own linter would object.
    """
    by_lines = _by_lines(page, function, code)
    wanted = _expected(page, function, code)
    texts = [text for text in (by_lines, _by_statements(page, by_lines, function)) if text is not None]
    best = min((page.with_text(text) for text in texts), key=lambda each: _burden(page, each, wanted))
    after = checked(tree, page, best)
    if ast.dump(after.tree) != wanted:
        msg = "more than the procedure would change"
        raise Left(msg)
    return after


def _by_lines(page: Page, function: Function, code: str) -> str:
    """Replace line by line: what is equal keeps its end, what is new ends like the function's first line."""
    old = page.lines[function.first_line - 1 : function.last_line]
    bare = [line.rstrip("\r\n") for line in old]
    new = _NEWLINE.sub("\n", code).removesuffix("\n").split("\n")
    end = page.end(function.first_line)
    lines: list[str] = []
    for tag, a, b, c, d in difflib.SequenceMatcher(None, bare, new, autojunk=False).get_opcodes():
        lines += old[a:b] if tag == "equal" else [line + end for line in new[c:d]]
    last = lines[-1].rstrip("\r\n")
    lines = [line if line != line.rstrip("\r\n") else line + end for line in lines[:-1]]
    lines.append(last + old[-1][len(old[-1].rstrip("\r\n")) :])
    return "".join([*page.lines[: function.first_line - 1], *lines, *page.lines[function.last_line :]])


def _expected(page: Page, function: Function, code: str) -> str:
    """The tree of the file with the function replaced, and nothing else.

    Raises:
        Left: the wording is not one function.
    """
    try:
        node, _ = function_tree(code)
    except NotParsed as error:
        msg = f"its wording is not one function ({error})"
        raise Left(msg) from error
    whole = _Replace(function.node.lineno, function.node.col_offset, node).visit(_fresh(page))
    return ast.dump(whole)


def _fresh(page: Page) -> ast.Module:
    return page.with_text(page.text).tree


class _Replace(ast.NodeTransformer):
    """Replaces the function that begins at a place."""

    def __init__(self, line: int, column: int, node: Definition) -> None:
        self._place, self._node = (line, column), node

    def _visited(self, node: Definition) -> Any:
        return self._node if (node.lineno, node.col_offset) == self._place else self.generic_visit(node)

    visit_FunctionDef = _visited  # noqa: N815 -- the names that `ast` calls
    visit_AsyncFunctionDef = _visited  # noqa: N815


def _burden(before: Page, after: Page, wanted: str) -> tuple[bool, bool, int]:
    """What a reader has to bear: another program than the one that is meant, longer lines, changed lines."""
    try:
        same = ast.dump(after.tree) == wanted
    except Left:
        same = False
    longest = max(map(len, before.lines), default=0)
    longer = any(len(line) > longest for line in after.lines)
    matcher = difflib.SequenceMatcher(None, before.lines, after.lines, autojunk=False)
    changed = sum((b - a) + (d - c) for tag, a, b, c, d in matcher.get_opcodes() if tag != "equal")
    return not same, longer, changed


def _by_statements(page: Page, after: str, function: Function) -> str | None:
    """Take each statement that both wordings have from the file, comments and layout included; None where the files
    cannot be read as such."""
    import libcst as cst

    try:
        old, new = cst.parse_module(page.text), cst.parse_module(after)
        number = _number(page, function)
        before, wording = list(_functions(old))[number], list(_functions(new))[number]
        body = _merged(before.body, wording.body)
        merged = wording.with_changes(
            body=body,
            leading_lines=before.leading_lines,
            lines_after_decorators=before.lines_after_decorators,
        )
        if _same(before.decorators, wording.decorators):
            merged = merged.with_changes(decorators=before.decorators)
        changed = old.deep_replace(before, merged)
        return changed.code if isinstance(changed, cst.Module) else None
    except (cst.ParserSyntaxError, IndexError, RecursionError, ValueError):
        return None


def _number(page: Page, function: Function) -> int:
    """Which definition of the file it is, in the order of the text."""
    nodes = [node for node in ast.walk(page.tree) if isinstance(node, Definition)]
    places = sorted((node.lineno, node.col_offset) for node in nodes)
    return places.index((function.node.lineno, function.node.col_offset))


def _functions(node: "cst.CSTNode") -> "Iterator[cst.FunctionDef]":
    """Every function of a tree, in the order of the text."""
    import libcst as cst

    stack: list[cst.CSTNode] = [node]
    while stack:
        each = stack.pop()
        if isinstance(each, cst.FunctionDef):
            yield each
        stack.extend(reversed(each.children))


def _merged(old: "cst.BaseSuite", new: "cst.BaseSuite") -> "cst.BaseSuite":
    """The new block with the old one's text for what is the same in both."""
    import libcst as cst

    if not (isinstance(old, cst.IndentedBlock) and isinstance(new, cst.IndentedBlock)):
        return new
    before, after = [_key(each) for each in old.body], [_key(each) for each in new.body]
    lines: list[Any] = []
    for tag, a, b, c, d in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            lines += old.body[a:b]
        elif tag == "replace" and b - a == d - c:
            lines += map(_entered, old.body[a:b], new.body[c:d])
        else:
            lines += new.body[c:d]
    return old.with_changes(body=lines)


def _entered(old: "cst.CSTNode", new: "cst.CSTNode") -> "cst.CSTNode":
    """A statement that became another of its kind: what lies in its block may still be the same."""
    import libcst as cst

    blocks = cst.If | cst.For | cst.While | cst.With | cst.FunctionDef
    if type(old) is type(new) and isinstance(old, blocks) and isinstance(new, blocks):
        return new.with_changes(body=_merged(old.body, new.body))
    return new


def _key(statement: "cst.CSTNode") -> str:
    """What a statement is, whatever its layout and comments."""
    import libcst as cst

    text = cst.Module([statement]).code  # type: ignore[list-item]
    try:
        return ast.dump(ast.parse(text))
    except (SyntaxError, ValueError):
        return text


def _same(old: "Sequence[cst.Decorator]", new: "Sequence[cst.Decorator]") -> bool:
    import libcst as cst

    def code(each: cst.Decorator) -> str:
        return cst.Module([]).code_for_node(each.decorator)

    return [code(each) for each in old] == [code(each) for each in new]
