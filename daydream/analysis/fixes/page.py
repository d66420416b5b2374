"""A Python file on the way to being edited: its text, its lines as Python counts them, its bytes again."""

import ast
import io
import os
import re
import stat
import tokenize
import warnings
from dataclasses import dataclass
from functools import cached_property

from daydream.analysis.source import NotParsed, is_generated, tree_of
from daydream.contracts.context import Context
from daydream.errors import DaydreamError

LARGEST = 1_000_000
BOM = b"\xef\xbb\xbf"
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")
_BLANK = re.compile(r"[ \t]*[\r\n]*\Z")


class Left(DaydreamError):
    """A finding that no machine settles; the message is the clause that says why."""


@dataclass(frozen=True)
class Page:
    """A file's text with its own line ends, without a byte order mark.

    Rows count from 1, as Python and ruff count them: a form feed ends no line. Offsets count characters.
    """

    path: str
    text: str
    encoding: str = "utf-8"
    bom: bool = False

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree.

        Raises:
            Left: our Python does not parse it.
        """
        try:
            return tree_of(self.text)
        except NotParsed as error:
            msg = f"the file does not parse ({error})"
            raise Left(msg) from error

    @cached_property
    def lines(self) -> list[str]:
        """The lines with their ends."""
        return _LINE.findall(self.text)

    @cached_property
    def starts(self) -> list[int]:
        """The offset at which each line begins, and at last the length of the text."""
        found = [0]
        for line in self.lines:
            found.append(found[-1] + len(line))
        return found

    @cached_property
    def parents(self) -> dict[ast.AST, ast.AST]:
        """Each node's parent."""
        return {child: node for node in ast.walk(self.tree) for child in ast.iter_child_nodes(node)}

    @cached_property
    def comments(self) -> dict[int, str]:
        """The text of every comment from its number sign on, by row.

        Raises:
            Left: the lines cannot be told apart as Python does.
        """
        rows = iter([*self.lines, ""])
        try:
            tokens = list(tokenize.generate_tokens(rows.__next__))
        except (tokenize.TokenError, SyntaxError) as error:
            msg = "its comments cannot be told from the rest"
            raise Left(msg) from error
        return {token.start[0]: token.string for token in tokens if token.type == tokenize.COMMENT}

    def line(self, row: int) -> str:
        """One line without its end; empty where there is none."""
        return self.lines[row - 1].rstrip("\r\n") if 0 < row <= len(self.lines) else ""

    def is_blank(self, row: int) -> bool:
        """Whether a line is there and holds nothing; a form feed is something."""
        return 0 < row <= len(self.lines) and _BLANK.match(self.lines[row - 1]) is not None

    def is_comment(self, row: int) -> bool:
        """Whether a line holds nothing but a comment."""
        return self.line(row).lstrip(" \t").startswith("#")

    def indent(self, row: int) -> str:
        """The white space before a line's first sign."""
        line = self.line(row)
        return line[: len(line) - len(line.lstrip(" \t\f"))]

    def end(self, row: int) -> str:
        """How a line ends; the first line's end where the last line has none."""
        for line in (self.lines[row - 1], self.lines[0]):
            bare = line.rstrip("\r\n")
            if bare != line:
                return line[len(bare) :]
        return "\n"

    def offset(self, row: int, column: int) -> int:
        """The offset of a row and a column in bytes of UTF-8, as `ast` counts."""
        line = self.lines[row - 1] if row <= len(self.lines) else ""
        return self.starts[row - 1] + len(line.encode()[:column].decode("utf-8", "ignore"))

    def span(self, node: ast.expr | ast.stmt | ast.alias) -> tuple[int, int]:
        """The offsets of a node's first sign and of the one behind its last, decorators aside."""
        start = self.offset(node.lineno, node.col_offset)
        return start, self.offset(node.end_lineno or 0, node.end_col_offset or 0)

    def with_text(self, text: str) -> "Page":
        """The same file with another text."""
        return Page(self.path, text, self.encoding, self.bom)

    def to_bytes(self) -> bytes:
        """The file's content."""
        return BOM * self.bom + self.text.encode(self.encoding)


def read(ctx: Context, path: str, most: int = LARGEST) -> bytes:
    """Read a regular file of the tree that no link leads to.

    Raises:
        Left: it is no such file, too large, or not readable.
    """
    full = ctx.tree / path
    if full.parent.resolve() != ctx.tree.resolve().joinpath(*full.parent.relative_to(ctx.tree).parts):
        msg = "a symbolic link leads to the file"
        raise Left(msg)
    try:
        if full.is_symlink():
            msg = "the file is a symbolic link"
            raise Left(msg)
        handle = os.open(full, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        msg = "the file cannot be read"
        raise Left(msg) from error
    with os.fdopen(handle, "rb") as file:
        state = os.fstat(file.fileno())
        if not stat.S_ISREG(state.st_mode):
            msg = "the file is no regular file"
            raise Left(msg)
        if state.st_size > most:
            msg = f"the file is larger than {most // 1_000_000} MB"
            raise Left(msg)
        return file.read()


def open_page(ctx: Context, path: str) -> Page:
    """Read a Python source for an edit.

    Raises:
        Left: it is not examined, cannot be read, was written by a program, does not parse, or would not
            come out byte for byte.
    """
    if path not in ctx.paths(".py"):
        msg = "the file is not an examined Python source"
        raise Left(msg)
    data = read(ctx, path)
    if is_generated(data):
        msg = "a program wrote the file"
        raise Left(msg)
    page = decode(path, data)
    page.tree  # noqa: B018 -- parses, or says why not
    return page


def decode(path: str, data: bytes) -> Page:
    """Decode a source as its coding line says.

    Raises:
        Left: its bytes are not text in that encoding, or would not come out as they are.
    """
    bom = data.startswith(BOM)
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        encoding = "utf-8" if bom else encoding
        page = Page(path, data[3 * bom :].decode(encoding), encoding, bom)
        same = page.to_bytes() == data
    except (SyntaxError, UnicodeError, LookupError) as error:
        msg = "its bytes are not text in the encoding that it declares"
        raise Left(msg) from error
    if not same or "".join(page.lines) != page.text:
        msg = "its bytes would not come out as they are"
        raise Left(msg)
    return page


def compiles(page: Page) -> bool:
    """Whether our Python compiles the text: more than parsing, it knows scopes."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(page.text, page.path, "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True
