"""Edits of Python modules, as verification sees them: which lines count, and where an error is planted."""

import ast
import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

PLANTED = b'raise RuntimeError("planted by daydream: do the tests see this module?")'
_LINES = re.compile(rb"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_MOST_PAIRS = 4_000_000


@dataclass(frozen=True, slots=True)
class EditedLines:
    """Edited lines that hold code, each with the lines (first, last) of the statement it belongs to.

    An interpreter reports a statement of several lines at some of them only; the line counts as executed
    when any of its statement is.
    """

    spans: Mapping[int, tuple[int, int]]

    def watched(self) -> list[int]:
        """Every line whose execution says something."""
        return sorted({line for first, last in self.spans.values() for line in range(first, last + 1)})

    def executed(self, seen: frozenset[int]) -> int:
        """How many of the edited lines ran, where `seen` are the lines that were reported."""
        return sum(
            1 for first, last in self.spans.values() if any(line in seen for line in range(first, last + 1))
        )


def lines_of(content: bytes) -> list[bytes]:
    """Split as Python does: a form feed ends no line."""
    return _LINES.findall(content)


def parse(content: bytes) -> ast.Module | None:
    """The module's tree; None where this Python cannot read it."""
    try:
        return ast.parse(content)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def planted(content: bytes) -> bytes | None:
    """The module with an error behind its docstring and its __future__ imports; None where it has no
    place for one, or cannot be parsed."""
    tree = parse(content)
    if tree is None:
        return None
    lines = lines_of(content)
    at = 0
    for number, node in enumerate(tree.body):
        if not (_is_future(node) or (number == 0 and _is_docstring(node))):
            break
        at = node.end_lineno or 0
    newline = b"\r\n" if lines and lines[0].endswith(b"\r\n") else b"\n"
    if at == 0 and content.startswith(b"\xef\xbb\xbf"):
        lines, head = lines_of(content[3:]), b"\xef\xbb\xbf"
    else:
        head = b""
    at = max(at, _cookie(lines))
    before = b"".join(lines[:at])
    if before and not before.endswith((b"\n", b"\r")):
        before += newline
    result = head + before + PLANTED + newline + b"".join(lines[at:])
    return result if _stands(result) else None


def edited_lines(old: bytes | None, new: bytes) -> EditedLines | None:
    """Lines of `new` that differ from `old` or border on what was removed; None where they cannot be told.

    Blank lines, comments and docstrings are no code and are not counted.
    """
    tree = parse(new)
    if tree is None:
        return None
    spans = dict(_spans(tree))
    after = lines_of(new)
    added = range(1, len(after) + 1)
    touched = set(added if old is None else _touched(lines_of(old), after, spans))
    return EditedLines({line: spans[line] for line in sorted(touched) if line in spans})


def _stands(content: bytes) -> bool:
    """Whether the planted error is a statement of the module's own, and not part of a string."""
    tree = parse(content)
    if tree is None:
        return False
    wanted = PLANTED.decode()
    return any(
        isinstance(node, ast.Raise) and ast.unparse(node) == ast.unparse(ast.parse(wanted))
        for node in tree.body
    )


def _cookie(lines: list[bytes]) -> int:
    """How many lines at the top must stay there: a declared encoding counts in the first two only."""
    for number, line in enumerate(lines[:2]):
        if re.match(rb"[ \t\f]*#.*?coding[:=]", line):
            return number + 1
    return 0


def _is_docstring(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _is_future(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and node.module == "__future__" and node.level == 0


def _spans(tree: ast.Module) -> Iterator[tuple[int, tuple[int, int]]]:
    """Each line of code with its statement: the header alone of one that has a body."""
    nodes = (
        node for node in ast.walk(tree) if isinstance(node, ast.stmt | ast.excepthandler | ast.match_case)
    )
    for node in nodes:
        if isinstance(node, ast.Global | ast.Nonlocal) or (
            isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        ):
            continue  # nothing of it runs
        body = getattr(node, "body", None)
        first = _first(node)
        last = (_first(body[0]) - 1) if body else int(getattr(node, "end_lineno", first) or first)
        for line in range(first, max(first, last) + 1):
            yield line, (first, max(first, last))


def _first(node: ast.AST) -> int:
    """The line on which a statement begins, with its decorators."""
    at = node.pattern.lineno if isinstance(node, ast.match_case) else int(getattr(node, "lineno", 1))
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([at, *(one.lineno for one in decorators)])


def _touched(old: list[bytes], new: list[bytes], code: Mapping[int, object]) -> Iterator[int]:
    """Changed and added lines, and the nearest lines of code around removed ones."""
    for first, behind in _hunks(old, new):
        if behind > first:
            yield from range(first + 1, behind + 1)
            continue
        yield from next(([line] for line in range(first, 0, -1) if line in code), [])
        yield from next(([line] for line in range(first + 1, len(new) + 1) if line in code), [])


def _hunks(old: list[bytes], new: list[bytes]) -> Iterator[tuple[int, int]]:
    """Ranges of `new`, counted from 0, that differ; an empty one where something was only removed."""
    head = 0
    while head < min(len(old), len(new)) and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    middle_old, middle_new = old[head : len(old) - tail], new[head : len(new) - tail]
    quick = len(middle_old) * len(middle_new) > _MOST_PAIRS
    matcher = difflib.SequenceMatcher(None, middle_old, middle_new, autojunk=quick)
    for tag, _, _, first, behind in matcher.get_opcodes():
        if tag != "equal":
            yield head + first, head + behind
