"""The place where an error was raised, as its source shows it: the statement, the function around it, and the
functions that it calls."""

import ast
import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeVar

from daydream.analysis.errors.frames import Place

Verdict = Literal["fix_clear", "cause_only", "needs_a_person"]
_Node = TypeVar("_Node", bound=ast.AST)
Function = ast.FunctionDef | ast.AsyncFunctionDef
_LONGEST = 70


@dataclass(frozen=True, slots=True)
class Advice:
    """What a rule has to say; `text` is "" where it has nothing."""

    verdict: Verdict = "needs_a_person"
    text: str = ""


@dataclass(frozen=True, slots=True)
class Code:
    """The failing line, and the rest of the repository: `read` gives an examined file's text of today, `locate` the
    file of a path's ending."""

    place: Place
    read: Callable[[str], str | None]
    locate: Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class Site:
    """A failing line within its parsed file; `nodes` are the expressions and statements that touch the line, and
    `function` the innermost one around it."""

    code: Code
    tree: ast.Module
    line: int
    nodes: tuple[ast.AST, ...]
    function: Function | None

    def of(self, kind: type[_Node]) -> list[_Node]:
        """The nodes of a kind on the line, in the order of the text."""
        found = [node for node in self.nodes if isinstance(node, kind)]
        return sorted(found, key=lambda node: (getattr(node, "lineno", 0), getattr(node, "col_offset", 0)))

    def calls(self, *names: str) -> list[ast.Call]:
        """The calls on the line whose last name is one of these; all calls without any."""
        return [call for call in self.of(ast.Call) if not names or called(call) in names]

    @property
    def body(self) -> ast.AST:
        """The function around the line, or the module."""
        return self.function or self.tree


def site_of(code: Code) -> Site | None:
    """Parse the failing file and find its line; None where it does not parse."""
    tree = _parsed(code.place.source)
    if tree is None:
        return None
    line = code.place.failing
    inside = [node for node in ast.walk(tree) if _covers(node, line)]
    functions = [node for node in inside if isinstance(node, Function)]
    function = max(functions, key=lambda node: node.lineno, default=None)
    blocks = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    nodes = tuple(node for node in inside if not isinstance(node, blocks) and _touches(node, line))
    return Site(code, tree, line, nodes, function)


@functools.lru_cache(maxsize=16)
def _parsed(source: str) -> ast.Module | None:
    """Parse a file, once for the errors that lie in it; None where it does not parse."""
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return None


def _covers(node: ast.AST, line: int) -> bool:
    start, end = getattr(node, "lineno", None), getattr(node, "end_lineno", None)
    return start is not None and end is not None and start <= line <= end


def _touches(node: ast.AST, line: int) -> bool:
    """A block touches the line with its head alone; anything else with each of its lines."""
    body = getattr(node, "body", None)
    if isinstance(body, list) and body and isinstance(body[0], ast.stmt):
        start = int(getattr(node, "lineno", 0))
        return start <= line < max(body[0].lineno, start + 1)
    return True


def shown(node: ast.AST) -> str:
    """Return an expression as it is quoted: at most 70 characters of normalised source."""
    text = ast.unparse(node)
    return f"`{text if len(text) <= _LONGEST else text[: _LONGEST - 1] + '…'}`"


def called(call: ast.Call) -> str:
    """Return the last name of what is called: ``loads`` of ``json.loads(...)``."""
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def dotted(node: ast.AST) -> str:
    """Return ``a.b.c`` of an attribute of names, "" of anything else."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


def assigned(site: Site, name: str) -> list[tuple[ast.expr, int]]:
    """Return what is assigned to a name before the failing line within its function, with the lines, the nearest first."""
    found = []
    for node in within(site.body):
        match node:
            case ast.Assign(targets=targets, value=value) if any(
                isinstance(target, ast.Name) and target.id == name for target in targets
            ):
                found.append((value, node.lineno))
            case ast.AnnAssign(target=ast.Name(id=bound), value=ast.expr() as value) if bound == name:
                found.append((value, node.lineno))
            case ast.NamedExpr(target=ast.Name(id=bound), value=value) if bound == name:
                found.append((value, node.lineno))
    before = [entry for entry in found if entry[1] <= site.line]
    return sorted(before, key=lambda entry: -entry[1])


def within(body: ast.AST) -> Iterator[ast.AST]:
    """Walk a function or module without entering the functions and classes inside it."""
    pending = list(ast.iter_child_nodes(body))
    while pending:
        node = pending.pop()
        yield node
        if not isinstance(node, Function | ast.ClassDef | ast.Lambda):
            pending.extend(ast.iter_child_nodes(node))


def definition(site: Site, call: ast.Call) -> tuple[Function, str] | None:
    """Find the function of the repository that is called: in the file itself, or where the file imports it from."""
    name = called(call)
    plain = isinstance(call.func, ast.Name) or dotted(call.func).startswith(("self.", "cls."))
    if plain and (here := _only(site.tree, name)) is not None:
        return here, site.code.place.path
    module = _imported(site.tree, call)
    path = site.code.locate(f"{module}.py") or site.code.locate(f"{module}/__init__.py") if module else None
    text = site.code.read(path) if path else None
    tree = _parsed(text) if text is not None else None
    there = _only(tree, name) if tree is not None else None
    return (there, path) if there is not None and path is not None else None


def _only(tree: ast.Module, name: str) -> Function | None:
    found = [node for node in ast.walk(tree) if isinstance(node, Function) and node.name == name]
    return found[0] if len(found) == 1 else None


def _imported(tree: ast.Module, call: ast.Call) -> str | None:
    """Return the path, without its ending, of the module that a called name was imported from."""
    owner = dotted(call.func).partition(".")[0]
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module is not None:
            for alias in node.names:
                if (alias.asname or alias.name) != owner:
                    continue
                base = node.module.replace(".", "/")
                return base if isinstance(call.func, ast.Name) else f"{base}/{alias.name}"
        if isinstance(node, ast.Import):
            for alias in node.names:
                if (alias.asname or alias.name) == dotted(call.func).rpartition(".")[0]:
                    return alias.name.replace(".", "/")
    return None
