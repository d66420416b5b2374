"""Code as people and models write it, made into a module with one function to call."""

import ast
import builtins
import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from daydream.analysis.source import Definition, NotParsed, tree_of
from daydream.contracts.sandbox import Category
from daydream.dream.trials.inputs_target import Parameter, parameters

WRAPPED = "dream"
"""The name of a function that is put around a bare body."""
_FENCE = re.compile(r"\A\s*(```|~~~)[^\n]*\n(.*?)\n?\1\s*\Z", re.DOTALL)
_BUILTINS = frozenset(dir(builtins))


class Unfit(Exception):
    """Why a dream cannot even be called: the category, and a clause."""

    def __init__(self, category: Category, why: str) -> None:
        super().__init__(why)
        self.category = category
        self.why = why


@dataclass(frozen=True, slots=True)
class Written:
    """A module's source, and the function in it that is meant."""

    source: str
    node: Definition

    @property
    def name(self) -> str:
        """What the function is called."""
        return self.node.name

    @property
    def parameters(self) -> list[Parameter]:
        """Its parameters in order."""
        return parameters(self.node)


def written(code: str, given: Sequence[str] | None = None) -> Written:
    """Find the function of some code: the last one at its top level, whatever its indentation, with or without a Markdown fence. Code
    without a function that returns something, or is an expression, becomes one: its parameters are `given`, else
    the names that it uses and does not make.

    Raises:
        Unfit: it is no Python, or there is nothing to call.
    """
    source, tree = _parsed(code)
    functions = [node for node in tree.body if isinstance(node, Definition)]
    if functions:
        return _again(tree) if source.startswith("if 1:\n") else Written(source, functions[-1])
    if not _answers(tree):
        what = (
            "a class and no function"
            if any(isinstance(n, ast.ClassDef) for n in tree.body)
            else "no function"
        )
        raise Unfit("validation", f"the code has {what}, and nothing that it would return")
    names = _wanted(tree) if given is None else [name for name in given if name.isidentifier()]
    _, around = _parsed(f"def {WRAPPED}({', '.join(names)}):\n    pass\n")
    (node,) = around.body
    assert isinstance(node, Definition)  # noqa: S101 -- it was written here
    node.body = tree.body
    last = node.body[-1]
    if isinstance(last, ast.Expr):
        node.body[-1] = ast.copy_location(ast.Return(last.value), last)
    return _again(around)


def _again(tree: ast.Module) -> Written:
    """What a tree with a function at its end is as text; what its strings hold stays as it is."""
    source = ast.unparse(ast.fix_missing_locations(tree)) + "\n"
    node = [each for each in tree_of(source).body if isinstance(each, Definition)][-1]
    return Written(source, node)


def _parsed(code: str) -> tuple[str, ast.Module]:
    text = code.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    fenced = _FENCE.match(text)
    text = fenced[2] if fenced else text
    first, _, rest = text.strip("\n").partition("\n")
    # A function that was cut out of a class may have lost the indentation of its first line alone.
    wordings = (text, f"if 1:\n{text}", f"{first.strip()}\n{textwrap.dedent(rest)}")
    problem = ""
    for each in wordings:
        try:
            tree = tree_of(each)
        except NotParsed as error:
            problem = problem or f"{error}"
        except UnicodeEncodeError:
            raise Unfit("syntax", "it is no text") from None
        else:
            return each, _outdented(tree) if each.startswith("if 1:\n") else tree
    raise Unfit("syntax", problem)


def _outdented(tree: ast.Module) -> ast.Module:
    """What stands in the `if` that was put around indented code, and what follows it."""
    around = tree.body[0]
    inside = around.body if isinstance(around, ast.If) else []
    return ast.Module([*inside, *tree.body[1:]], [])


def _answers(tree: ast.Module) -> bool:
    """Whether a body without a function ends in something."""
    if not tree.body:
        return False
    return isinstance(tree.body[-1], ast.Expr) or any(isinstance(node, ast.Return) for node in ast.walk(tree))


def _wanted(tree: ast.Module) -> list[str]:
    """The names that a body uses before it makes them, in order."""
    reader = _Names()
    reader.visit(tree)
    return reader.wanted


class _Names(ast.NodeVisitor):
    """Reads names in the order in which they come to be: what is assigned before what it is assigned to."""

    def __init__(self) -> None:
        self.made: set[str] = set(_BUILTINS)
        self.wanted: list[str] = []

    def visit(self, node: ast.AST) -> None:
        for each in getattr(
            node, "generators", ()
        ):  # what a comprehension goes over comes before what it makes
            super().visit(each)
        super().visit(node)

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load) and node.id not in self.made and node.id not in self.wanted:
            self.wanted.append(node.id)
        elif not isinstance(node.ctx, ast.Load):
            self.made.add(node.id)

    def visit_Assign(self, node: ast.Assign) -> None:
        self.visit(node.value)
        for each in node.targets:
            self.visit(each)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Name):
            self.visit_Name(ast.Name(node.target.id, ast.Load()))
        self.generic_visit(node)

    def visit_For(self, node: ast.For) -> None:
        for each in (node.iter, node.target, *node.body, *node.orelse):
            self.visit(each)

    def visit_comprehension(self, node: ast.comprehension) -> None:
        for each in (node.iter, node.target, *node.ifs):
            self.visit(each)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self.made.update(each.arg for each in ast.walk(node.args) if isinstance(each, ast.arg))
        self.generic_visit(node)

    def visit_Import(self, node: ast.Import) -> None:
        self.made.update((each.asname or each.name).partition(".")[0] for each in node.names)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        self.made.update(each.asname or each.name for each in node.names)

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        self.made.update([node.name] if node.name else [])
        self.generic_visit(node)
