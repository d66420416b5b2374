"""The text of a procedure beside its tree: places, rows, edits that leave layout and comments alone."""

import ast
import builtins
import functools
import keyword
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from daydream.analysis.dependence import Graph, analyse
from daydream.analysis.source import Definition

SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_WIDE = 88


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """Text in the place of a range; rows count from 0, columns in bytes. An empty range is an insertion."""

    first: tuple[int, int]
    last: tuple[int, int]
    text: str


@dataclass(frozen=True, slots=True)
class Relaxation:
    """A legal rewrite: what it is called, the assumption that it does without, why nothing else changes, its edits.

    `promise` (0..1) orders the rewrites of one procedure.
    """

    transform: str
    name: str
    assumption: str
    reasoning: str
    description: str
    edits: tuple[Edit, ...]
    promise: float
    details: Mapping[str, Any] = field(default_factory=dict)
    version: int = 1


class Body:
    """One procedure: its lines, its tree, what stands in what, and what depends on what."""

    def __init__(self, source: str, node: Definition, added: int, pure_names: Collection[str]) -> None:
        self.node = node
        self.pure_names = frozenset(pure_names)
        self.rows = [row.encode("utf-8", "surrogatepass") for row in source.split("\n")]
        self._added = added

    @functools.cached_property
    def graph(self) -> Graph:
        """What depends on what."""
        return analyse(self.node, pure_names=self.pure_names)

    @functools.cached_property
    def parents(self) -> dict[ast.AST, ast.AST]:
        """What each node stands in."""
        return self.graph.scope.parents

    @functools.cached_property
    def nodes(self) -> list[ast.AST]:
        """Every node of the function itself: nested functions and classes are named, not entered."""
        found: list[ast.AST] = []
        stack: list[ast.AST] = list(reversed(self.node.body))
        while stack:
            each = stack.pop()
            found.append(each)
            if not isinstance(each, SCOPES):
                stack.extend(reversed(list(ast.iter_child_nodes(each))))
        return found

    @functools.cached_property
    def names(self) -> set[str]:
        """Every name that is said anywhere in the function."""
        named = {each.id for each in ast.walk(self.node) if isinstance(each, ast.Name)}
        named |= {each.arg for each in ast.walk(self.node) if isinstance(each, ast.arg)}
        return named | self.graph.scope.local | self.graph.scope.outer | set(vars(builtins))

    def start(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        """Where a node starts."""
        return node.lineno - 1 - self._added, node.col_offset

    def end(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        """Where a node ends."""
        return (node.end_lineno or node.lineno) - 1 - self._added, node.end_col_offset or node.col_offset

    def between(self, first: tuple[int, int], last: tuple[int, int]) -> str:
        """The text of a range."""
        if first[0] == last[0]:
            return self.rows[first[0]][first[1] : last[1]].decode("utf-8", "surrogatepass")
        parts = [
            self.rows[first[0]][first[1] :],
            *self.rows[first[0] + 1 : last[0]],
            self.rows[last[0]][: last[1]],
        ]
        return b"\n".join(parts).decode("utf-8", "surrogatepass")

    def text(self, node: ast.expr | ast.stmt) -> str:
        """The text of a node."""
        return self.between(self.start(node), self.end(node))

    def placed(self, node: ast.expr) -> bool:
        """Whether the place of an expression is that of its text; within f-strings older Pythons do not know it."""
        if not any(isinstance(each, ast.JoinedStr) for each in self.graph.scope.ancestors(node)):
            return True
        try:
            found = ast.parse(self.text(node), mode="eval").body
        except (SyntaxError, ValueError, IndexError):
            return False
        return ast.dump(found) == ast.dump(node)

    def indent(self, node: ast.stmt) -> str:
        """The white space before a statement."""
        row = self.rows[self.start(node)[0]]
        return row[: len(row) - len(row.lstrip())].decode()

    def alone(self, node: ast.stmt) -> bool:
        """Whether a statement has its rows to itself, but for a comment after it (an `elif` has not)."""
        first, last = self.start(node), self.end(node)
        if isinstance(node, ast.If) and self.rows[first[0]][first[1] :].startswith(b"elif"):
            return False
        after = self.rows[last[0]][last[1] :].strip()
        return not self.rows[first[0]][: first[1]].strip() and (not after or after.startswith(b"#"))

    def bare(self, *nodes: ast.stmt) -> bool:
        """Whether statements have their rows to themselves, and there is no comment or text with `#` in them."""
        return all(
            self.alone(each)
            and b"#" not in b"\n".join(self.rows[self.start(each)[0] : self.end(each)[0] + 1])
            for each in nodes
        )

    def commented(self, node: ast.stmt) -> int:
        """The first row of a statement with the comments directly above it."""
        row, column = self.start(node)
        while row > 0 and self.rows[row - 1].strip().startswith(b"#") and self._column(row - 1) == column:
            row -= 1
        return row

    def _column(self, row: int) -> int:
        return len(self.rows[row]) - len(self.rows[row].lstrip())

    def removed(self, node: ast.stmt) -> Edit:
        """Take out the rows of a statement."""
        return self.without_rows(self.start(node)[0], self.end(node)[0])

    def without_rows(self, first: int, last: int) -> Edit:
        """Take out rows, and the blank one below them where one above stays."""
        blank = first > 0 and not self.rows[first - 1].strip()
        if blank and last + 2 < len(self.rows) and not self.rows[last + 1].strip():
            last += 1
        return Edit((first, 0), (last + 1, 0), "")

    def replaced(self, node: ast.expr | ast.stmt, text: str) -> Edit:
        """Write something else in the place of a node."""
        return Edit(self.start(node), self.end(node), text)

    def line_before(self, node: ast.stmt, text: str) -> Edit:
        """Put a line directly before a statement, as deep as it is."""
        at = (self.start(node)[0], 0)
        return Edit(at, at, f"{self.indent(node)}{text}\n")

    def edited(self, edits: Iterable[Edit]) -> str:
        """Apply edits that do not overlap."""
        rows = list(self.rows)
        for each in sorted(edits, reverse=True):
            (first, start), (last, end) = each.first, each.last
            after = rows[last][end:] if last < len(rows) else b""
            new = rows[first][:start] + each.text.encode("utf-8", "surrogatepass") + after
            rows[first : last + 1] = new.split(b"\n")
        return b"\n".join(rows).decode("utf-8", "surrogatepass")

    def free_name(self, wanted: str) -> str:
        """A name that the function does not use, as near to the wanted one as possible."""
        cleaned = (
            "".join(each if each.isalnum() and each.isascii() else "_" for each in wanted).strip("_").lower()
        )
        usable = cleaned.isidentifier() and not keyword.iskeyword(cleaned) and len(cleaned) < 30
        name = cleaned if usable else "known"
        number = 2
        free = name
        while free in self.names:
            free = f"{name}_{number}"
            number += 1
        return free

    def blocks(self) -> Iterator[Sequence[ast.stmt]]:
        """Every list of statements of the function itself."""
        for block in self.graph.blocks:
            yield [self.graph.statements[each].node for each in block]

    def statement(self, node: ast.AST) -> ast.stmt:
        """The innermost statement that a node stands in."""
        while not isinstance(node, ast.stmt):
            node = self.parents[node]
        return node

    def in_try(self, node: ast.AST) -> bool:
        """Whether a node stands in a `try` or `with`."""
        kinds = (ast.Try, ast.TryStar, ast.With, ast.AsyncWith)
        return any(isinstance(each, kinds) for each in self.graph.scope.ancestors(node))

    def in_loop(self, node: ast.AST) -> bool:
        """Whether a node stands in a loop."""
        kinds = (ast.For, ast.While, ast.AsyncFor)
        return any(isinstance(each, kinds) for each in self.graph.scope.ancestors(node))

    def outside_comprehensions(self, node: ast.AST) -> bool:
        """Whether a node stands in no comprehension, whose names are its own."""
        for each in self.graph.scope.ancestors(node):
            if isinstance(each, COMPREHENSIONS):
                return False
            if isinstance(each, ast.stmt):
                return True
        return True

    def private(self, name: str) -> bool:
        """Whether a name is a local that nobody else sees."""
        scope = self.graph.scope
        return name in scope.local and name not in scope.shared and name not in scope.outer

    def loads(self, name: str) -> list[ast.Name]:
        """Where a name is read."""
        return self.graph.scope.loads.get(name, [])

    def laid_out(self, head: str, parts: Sequence[str], tail: str, indent: str) -> str:
        """Write an expression in brackets on one line, or on several where it is too long."""
        flat = f"{head}{' '.join(parts)}{tail}"
        if len(indent) + len(flat) <= _WIDE and "\n" not in flat:
            return flat
        inner = "".join(f"\n{indent}    {part}" for part in parts)
        return f"{head}{inner}\n{indent}{tail}"


def within(nodes: Iterable[ast.AST], roots: Sequence[ast.AST]) -> bool:
    """Whether all nodes stand in one of the roots."""
    inside = {id(each) for root in roots for each in ast.walk(root)}
    return all(id(each) in inside for each in nodes)


def mentions(root: ast.AST, name: str) -> bool:
    """Whether a name stands anywhere below a node."""
    return any(isinstance(each, ast.Name) and each.id == name for each in ast.walk(root))


def cost(node: ast.AST) -> int:
    """A rough weight of evaluating something: calls and loops count most."""
    total = 0
    for each in ast.walk(node):
        if isinstance(each, ast.Call):
            total += 5
        elif isinstance(each, (*COMPREHENSIONS, ast.For, ast.While)):
            total += 20
        elif isinstance(each, ast.List | ast.Dict | ast.Set | ast.JoinedStr | ast.FunctionDef | ast.Lambda):
            total += 3
        elif isinstance(each, ast.BinOp | ast.Compare | ast.Attribute | ast.Subscript):
            total += 1
    return total
