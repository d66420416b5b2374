"""Editing the text of one function by its tree: spans, whole statements, and a new parameter with its documentation.

Positions are (line, column) from 0, columns in characters; what is not edited stays as it was written.
"""

import ast
import functools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from daydream.analysis.source import Definition, NotParsed, function_tree, normal_form, own_nodes, signature

Point = tuple[int, int]
_BLOCKED = (
    *(ast.If, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.Try, ast.TryStar),
    *(ast.ExceptHandler, ast.match_case),
)
_GOOGLE = re.compile(r"\s*(?:Args|Arguments|Parameters|Keyword Args):\s*")
_SPHINX = re.compile(r"\s*:param\b")
_NUMPY = re.compile(r"\s*Parameters\s*")
_RULE = re.compile(r"\s*-{3,}\s*")
_AFTER_COMMA = re.compile(r"\s*,\s*(?:#.*)?")
_BEFORE_COMMENT = re.compile(r"\s*(?:#.*)?")


@dataclass(frozen=True, slots=True)
class Edit:
    """Text that takes the place of a span; an insertion where both ends are the same."""

    start: Point
    end: Point
    text: str


@dataclass(frozen=True, slots=True)
class Option:
    """A keyword-only parameter with a default: `annotation` is written where the function is annotated."""

    name: str
    annotation: str
    default: str
    meaning: str


@dataclass
class Text:
    """The source of one function with its tree; `nodes` are those of its own body, in the order of the text.

    Raises:
        NotParsed: it is not one function.
    """

    source: str
    node: Definition = field(init=False)
    nodes: list[ast.AST] = field(init=False)
    lines: list[str] = field(init=False)
    _added: int = field(init=False)

    def __post_init__(self) -> None:
        self.node, self._added = function_tree(self.source)
        self.nodes = list(own_nodes(self.node))
        self.lines = self.source.split("\n")

    @property
    def body(self) -> list[ast.stmt]:
        """The statements after the docstring."""
        return self.node.body[self.has_docstring :]

    @property
    def has_docstring(self) -> bool:
        """Whether the first statement is a docstring."""
        return ast.get_docstring(self.node, clean=False) is not None

    @functools.cached_property
    def unit(self) -> str:
        """One step of indentation, as the function's own body has it."""
        return self.indent(self.node.body[0])[len(self.indent(self.node)) :] or "    "

    @functools.cached_property
    def names(self) -> set[str]:
        """Every name that the function uses, binds or is given."""
        found = {each.id for each in ast.walk(self.node) if isinstance(each, ast.Name)}
        given = {each.arg for each in ast.walk(self.node) if isinstance(each, ast.arg)}
        inner = {each.name for each in self.nodes if isinstance(each, Definition | ast.ClassDef)}
        caught = {each.name for each in self.nodes if isinstance(each, ast.ExceptHandler) and each.name}
        imported = {
            (each.asname or each.name).partition(".")[0]
            for node in self.nodes
            if isinstance(node, ast.Import | ast.ImportFrom)
            for each in node.names
        }
        return found | given | inner | caught | imported | {self.node.name}

    @functools.cached_property
    def bound(self) -> set[str]:
        """The names that the function is given or binds itself."""
        given = {each.arg for each in ast.walk(self.node.args) if isinstance(each, ast.arg)}
        return given | {
            each.id
            for each in self.nodes
            if isinstance(each, ast.Name) and not isinstance(each.ctx, ast.Load)
        }

    @functools.cached_property
    def calls(self) -> list[ast.Call]:
        """The calls of the function's own body."""
        return [each for each in self.nodes if isinstance(each, ast.Call)]

    @functools.cached_property
    def tries(self) -> list[ast.Try]:
        """The `try` statements of the function's own body."""
        return [each for each in self.nodes if isinstance(each, ast.Try)]

    @property
    def annotated(self) -> bool:
        """Whether the signature holds an annotation."""
        spec = self.node.args
        given = [*spec.posonlyargs, *spec.args, *spec.kwonlyargs]
        return self.node.returns is not None or any(each.annotation is not None for each in given)

    def free(self, *wanted: str) -> str | None:
        """Return the first of these names that the function does not use."""
        names = self.names
        return next((name for name in wanted if name not in names), None)

    def start(self, node: ast.stmt | ast.expr | ast.arg | ast.ExceptHandler) -> Point:
        """Where a node begins."""
        return self._point(node.lineno, node.col_offset)

    def end(self, node: ast.stmt | ast.expr | ast.arg) -> Point:
        """Where a node ends."""
        return self._point(node.end_lineno or node.lineno, node.end_col_offset or node.col_offset)

    def _point(self, line: int, column: int) -> Point:
        text = self.lines[line - 1 - self._added]
        if not text.isascii():
            column = len(text.encode()[:column].decode())
        return line - 1 - self._added, column

    def segment(self, node: ast.stmt | ast.expr) -> str:
        """Return the text of a node."""
        (first, begin), (last, end) = self.start(node), self.end(node)
        if first == last:
            return self.lines[first][begin:end]
        return "\n".join([self.lines[first][begin:], *self.lines[first + 1 : last], self.lines[last][:end]])

    def indent(self, node: ast.stmt) -> str:
        """Return the white space before a statement's line."""
        line = self.lines[self.start(node)[0]]
        return line[: len(line) - len(line.lstrip())]

    def alone(self, first: ast.stmt, last: ast.stmt | None = None) -> bool:
        """Tell whether the lines of a statement (or of a run of them) hold nothing else but comments."""
        row, column = self.start(first)
        end_row, end = self.end(last or first)
        before, after = self.lines[row][:column], self.lines[end_row][end:].strip()
        return not before.strip() and (not after or after.startswith("#"))

    def movable(self, first: ast.stmt, last: ast.stmt | None = None) -> bool:
        """Tell whether whole lines may be indented without changing a string that spans them."""
        if not self.alone(first, last):
            return False
        text = "\n".join(self.lines[self.start(first)[0] : self.end(last or first)[0] + 1])
        return '"""' not in text and "'''" not in text and "\\\n" not in text

    def indented(self, first: ast.stmt, last: ast.stmt | None = None) -> Iterator[Edit]:
        """Indent the lines of a run of statements by one step."""
        for row in range(self.start(first)[0], self.end(last or first)[0] + 1):
            if self.lines[row].strip():
                yield Edit((row, 0), (row, 0), self.unit)

    def before(self, node: ast.stmt, *lines: str) -> Edit:
        """Put whole lines before a statement, indented like it."""
        row = self.start(node)[0]
        return Edit((row, 0), (row, 0), _block(self.indent(node), lines))

    def after(self, node: ast.stmt, *lines: str) -> Edit:
        """Put whole lines after a statement, indented like it."""
        row = self.end(node)[0] + 1
        return Edit((row, 0), (row, 0), _block(self.indent(node), lines))

    def inserted(self, at: Point, text: str) -> Edit:
        """Put text at a place."""
        return Edit(at, at, text)

    def replaced(self, node: ast.stmt | ast.expr, text: str) -> Edit:
        """Put text in the place of a node."""
        return Edit(self.start(node), self.end(node), text)

    def edited(self, edits: Sequence[Edit]) -> str | None:
        """Apply edits that do not overlap; None where they do, or where the result is not one function."""
        starts = [0]
        for line in self.lines:
            starts.append(starts[-1] + len(line) + 1)
        spans = [(starts[e.start[0]] + e.start[1], starts[e.end[0]] + e.end[1], e.text) for e in edits]
        parts, at = [], 0
        for begin, end, text in sorted(spans, key=lambda span: span[:2]):
            if begin < at:
                return None
            parts += [self.source[at:begin], text]
            at = end
        code = "".join([*parts, self.source[at:]])
        try:
            function_tree(code)
        except NotParsed:
            return None
        return code

    def blocks(self) -> Iterator[list[ast.stmt]]:
        """Yield the lists of statements of the function's own body."""
        yield from self._blocks

    @functools.cached_property
    def _blocks(self) -> list[list[ast.stmt]]:
        found = [self.node.body]
        for each in self.nodes:
            if isinstance(each, _BLOCKED):
                for name in ("body", "orelse", "finalbody"):
                    block = getattr(each, name, None)
                    if isinstance(block, list) and block:
                        found.append(block)
        return found


def comparable(text: Text) -> bool:
    """Tell whether a function can be compared with its variants: its expressions are not nested too deeply."""
    try:
        normal_form(text.node)
    except NotParsed:
        return False
    return not signature(text.node).startswith("(...)")


def parsed(source: str | None) -> Text | None:
    """Return the text of a function; None where there is none, or it does not parse."""
    if source is None:
        return None
    try:
        return Text(source)
    except NotParsed:
        return None


def _block(indent: str, lines: Sequence[str]) -> str:
    return "".join(f"{indent}{line}\n" for line in lines)


def with_options(text: Text, *options: Option) -> list[Edit] | None:
    """Add keyword-only parameters and their documentation; None where the signature has no room for them."""
    spec = text.node.args
    if spec.kwarg is not None or (spec.posonlyargs and not spec.args and not spec.kwonlyargs):
        return None
    written = [] if spec.kwonlyargs or spec.vararg else ["*"]
    written += [f"{each.name}: {each.annotation} = {each.default}" for each in options if text.annotated]
    written += [f"{each.name}={each.default}" for each in options if not text.annotated]
    edit = _signature_edit(text, written)
    return None if edit is None else [edit, *_documented(text, options)]


def _signature_edit(text: Text, written: list[str]) -> Edit | None:
    spec = text.node.args
    given: list[ast.arg | ast.expr] = [*spec.posonlyargs, *spec.args, *spec.kwonlyargs, *spec.defaults]
    given += [each for each in (spec.vararg, *spec.kw_defaults) if each is not None]
    if not given:
        return _first_parameter(text, written)
    row, column = max(text.end(each) for each in given)
    arguments = [*spec.args, *spec.kwonlyargs, *([spec.vararg] if spec.vararg else [])]
    last = max((text.start(each) for each in arguments), default=(0, 0))
    before, after = text.lines[last[0]][: last[1]], text.lines[row][column:]
    if not before.strip().strip("*"):
        indent = before[: len(before) - len(before.lstrip())]
        if _AFTER_COMMA.fullmatch(after):
            return Edit((row + 1, 0), (row + 1, 0), "".join(f"{indent}{each},\n" for each in written))
        if _BEFORE_COMMENT.fullmatch(after):
            lines = "\n".join(f"{indent}{each}," for each in written)
            return Edit((row, column), (row, len(text.lines[row])), f",{after}\n{lines}")
    return Edit((row, column), (row, column), "".join(f", {each}" for each in written))


def _first_parameter(text: Text, written: list[str]) -> Edit | None:
    row, column = text.start(text.node)
    opening = text.lines[row].find("(", column)
    if opening < 0 or getattr(text.node, "type_params", None):
        return None
    return Edit((row, opening + 1), (row, opening + 1), ", ".join(written))


def _documented(text: Text, options: Sequence[Option]) -> list[Edit]:
    """Describe parameters where the docstring describes others, in its way."""
    if not text.has_docstring:
        return []
    first, last = text.start(text.node.body[0])[0], text.end(text.node.body[0])[0]
    for row in range(first, last):
        line = text.lines[row]
        if _GOOGLE.fullmatch(line):
            return _google(text, options, row, last)
        if _NUMPY.fullmatch(line) and _RULE.fullmatch(text.lines[row + 1]):
            return _numpy(text, options, row, last)
    fields = [row for row in range(first, last) if _SPHINX.match(text.lines[row])]
    return _sphinx(text, options, fields[-1], last) if fields else []


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip())


def _google(text: Text, options: Sequence[Option], head: int, last: int) -> list[Edit]:
    row = _past(text, head + 1, last, _depth(text.lines[head]))
    if row == head + 1:
        return []
    indent = text.lines[head + 1][: _depth(text.lines[head + 1])]
    return [_lines_at(row, [f"{indent}{each.name}: {each.meaning}" for each in options])]


def _sphinx(text: Text, options: Sequence[Option], head: int, last: int) -> list[Edit]:
    row = _past(text, head + 1, last, _depth(text.lines[head]))
    indent = text.lines[head][: _depth(text.lines[head])]
    return [_lines_at(row, [f"{indent}:param {each.name}: {each.meaning}" for each in options])]


def _numpy(text: Text, options: Sequence[Option], head: int, last: int) -> list[Edit]:
    row = head + 2
    while row < last and text.lines[row].strip():
        row += 1
    if row == head + 2:
        return []
    indent = text.lines[head][: _depth(text.lines[head])]
    lines = []
    for each in options:
        lines += [f"{indent}{each.name} : {each.annotation.strip(chr(34))}", f"{indent}    {each.meaning}"]
    return [_lines_at(row, lines)]


def _past(text: Text, row: int, last: int, depth: int) -> int:
    """Return the first line that is blank or no deeper; at most `last`, which closes the docstring."""
    while row < last and text.lines[row].strip() and _depth(text.lines[row]) > depth:
        row += 1
    return row


def _lines_at(row: int, lines: Sequence[str]) -> Edit:
    return Edit((row, 0), (row, 0), "".join(f"{line}\n" for line in lines))
