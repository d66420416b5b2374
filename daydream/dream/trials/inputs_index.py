"""Where the names of a repository lead, read from its source on demand; nothing is imported.

Files are parsed when something asks for them and a bounded number is kept. What does not parse is not there.
"""

import ast
import builtins
import re
import sys
import typing
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from daydream.analysis.source import Definition, NotParsed, tree_of
from daydream.repository.verify_roots import imports_of

Kept = TypeVar("Kept")
_KEPT = 400
_HOPS = 12
_LARGEST = 2**20
_OF_THEIR_OWN = frozenset(("pydantic", "pydantic_settings", "sqlmodel", "msgspec", "attr", "attrs", "typing_extensions", "numpy"))  # fmt: skip
"""Packages whose classes are known by their names, and made in a way that their source does not show."""
_BUILTINS = frozenset(dir(builtins))
_TYPING = frozenset(typing.__all__)


class Place(NamedTuple):
    """A definition: the module that holds it and its qualified name there."""

    scope: "Scope"
    qualname: str

    @property
    def dotted(self) -> str:
        """The name by which it can be imported."""
        return f"{self.scope.module}.{self.qualname}"

    @property
    def node(self) -> ast.ClassDef | Definition | ast.expr | None:
        """Its class, function, or the expression that the name is assigned."""
        kept = self.scope
        return (
            kept.classes.get(self.qualname)
            or kept.functions.get(self.qualname)
            or kept.assigned.get(self.qualname)
        )


@dataclass(slots=True, eq=False)
class Scope:
    """One module: its classes and functions by qualified name, what its top level assigns, and its imports
    (local name to dotted name; "*" names modules whose names are all imported)."""

    module: str
    path: str
    tree: ast.Module
    imports: dict[str, str] = field(default_factory=dict)
    stars: list[str] = field(default_factory=list)
    classes: dict[str, ast.ClassDef] = field(default_factory=dict)
    functions: dict[str, Definition] = field(default_factory=dict)
    assigned: dict[str, ast.expr] = field(default_factory=dict)
    memory: dict[tuple[Any, ...], Any] = field(default_factory=dict)

    def kept(self, key: tuple[Any, ...], make: Callable[[], Kept]) -> Kept:
        """What was found out once about something of this module; `key` must say all that it depends on."""
        if key not in self.memory:
            self.memory[key] = make()
        found: Kept = self.memory[key]
        return found

    def dotted(self, node: ast.AST | None) -> str | None:
        """The dotted name that a name or attribute stands for here, None for any other expression."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return None
        return ".".join([self._first(node.id), *reversed(parts)])

    def _first(self, name: str) -> str:
        if name in self.classes or name in self.functions or name in self.assigned:
            return f"{self.module}.{name}"
        found = self.imports.get(name)
        if found is not None:
            return found
        if name in _TYPING and "typing" in self.stars:
            return f"typing.{name}"
        # With a star import a builtin name is still nearly always the builtin.
        return f"builtins.{name}" if name in _BUILTINS else f"{self.module}.{name}"


def scope_of(module: str, path: str, tree: ast.Module) -> Scope:
    """Read the names of one module."""
    scope = Scope(module, path, tree)
    package = module if path.endswith("__init__.py") else module.rpartition(".")[0]
    for node in _top(tree.body):
        _bind(scope, node, package)
    return scope


def _top(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements of the top level, those under `if`, `try` and `with` included."""
    for node in body:
        yield node
        if isinstance(node, ast.If | ast.Try | ast.With):
            inner = [*node.body, *getattr(node, "orelse", []), *getattr(node, "finalbody", [])]
            inner += [each for handler in getattr(node, "handlers", []) for each in handler.body]
            yield from _top(inner)


def _bind(scope: Scope, node: ast.stmt, package: str) -> None:
    match node:
        case ast.Import(names=names):
            for each in names:
                scope.imports.setdefault(
                    each.asname or each.name.partition(".")[0],
                    each.name if each.asname else each.name.partition(".")[0],
                )
        case ast.ImportFrom(names=names):
            source = absolute(node, package)
            for each in names:
                if each.name == "*":
                    scope.stars.append(source)
                else:
                    scope.imports.setdefault(each.asname or each.name, f"{source}.{each.name}")
        case ast.ClassDef() | ast.FunctionDef() | ast.AsyncFunctionDef():
            _define(scope, node, "")
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            scope.assigned.setdefault(name, value)
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
            scope.assigned.setdefault(name, value)
        case _ if type(node).__name__ == "TypeAlias":  # a statement that Python 3.11 does not know
            scope.assigned.setdefault(getattr(node, "name").id, getattr(node, "value"))  # noqa: B009


def _define(scope: Scope, node: ast.stmt, prefix: str) -> None:
    if isinstance(node, Definition):
        scope.functions[f"{prefix}{node.name}"] = node
    elif isinstance(node, ast.ClassDef):
        scope.classes[f"{prefix}{node.name}"] = node
        for each in _top(node.body):
            _define(scope, each, f"{prefix}{node.name}.")


def absolute(node: ast.ImportFrom, package: str) -> str:
    """The module that a `from` import names; `package` is the one that it stands in."""
    if not node.level:
        return node.module or ""
    parts = package.split(".")
    above = parts[: len(parts) - node.level + 1]
    return ".".join([*above, *([node.module] if node.module else [])])


def module_name(path: str, roots: Sequence[str]) -> str | None:
    """The import name of a file, None where it has none."""
    names = imports_of(path, roots)
    return names[0] if names else None


class Index:
    """The repository's Python files by path, as text. `roots` are the folders that imports start from, `packages`
    the import names that its interpreter can load besides the standard library, `installed` the folders that these lie in:
    what the repository imports from there is read too, when something asks for it."""

    def __init__(
        self,
        sources: Mapping[str, str],
        roots: Sequence[str] = ("",),
        packages: Collection[str] = (),
        installed: Sequence[Path] = (),
    ) -> None:
        self.sources = sources
        self.roots = tuple(roots)
        self.packages = frozenset(packages)
        self.memory: dict[str, object] = {}
        self._installed = tuple(installed)
        self._paths: dict[str, str] = {}
        for path in sources:
            for name in imports_of(path, self.roots) if path.endswith(".py") else ():
                self._paths.setdefault(name, path)
        self._scopes: OrderedDict[str, Scope | None] = OrderedDict()

    def scope_at(self, path: str) -> Scope | None:
        """The names of one file, None where it is not known or does not parse."""
        if path in self._scopes:
            self._scopes.move_to_end(path)
            return self._scopes[path]
        scope = None
        text = self.sources.get(path)
        if text is not None:
            try:
                scope = scope_of(module_name(path, self.roots) or "", path, tree_of(text))
            except NotParsed:
                scope = None
        self._scopes[path] = scope
        if len(self._scopes) > _KEPT:
            self._scopes.popitem(last=False)
        return scope

    def find(self, dotted: str) -> Place | None:
        """The definition that a dotted name leads to, through re-exports; None outside the repository."""
        for _ in range(_HOPS):
            scope, rest = self._module(dotted)
            if scope is None or not rest:
                return None
            place = Place(scope, rest)
            if place.node is not None:
                return place
            first, _, after = rest.partition(".")
            onward = scope.imports.get(first) or self._starred(scope, first)
            if onward is None or onward == dotted:
                return None
            dotted = f"{onward}.{after}" if after else onward
        return None

    def _module(self, dotted: str) -> tuple[Scope | None, str]:
        parts = dotted.split(".")
        for size in range(len(parts), 0, -1):
            path = self._paths.get(".".join(parts[:size]))
            if path is not None:
                return self.scope_at(path), ".".join(parts[size:])
        if not self._installed or parts[0] in _OF_THEIR_OWN or parts[0] in sys.stdlib_module_names:
            return None, ""
        for size in range(len(parts), 0, -1):
            scope = self._package(".".join(parts[:size]))
            if scope is not None:
                return scope, ".".join(parts[size:])
        return None, ""

    def _package(self, module: str) -> Scope | None:
        """The names of a module that is installed, None where there is none in Python of a size to be read."""
        key = f"installed {module}"
        if key not in self._scopes:
            self._scopes[key] = self._read_installed(module)
            if len(self._scopes) > _KEPT:
                self._scopes.popitem(last=False)
        return self._scopes[key]

    def _read_installed(self, module: str) -> Scope | None:
        inside = module.replace(".", "/")
        for folder in self._installed:
            for path in (folder / inside / "__init__.py", folder / f"{inside}.py"):
                try:
                    if path.stat().st_size <= _LARGEST:
                        return scope_of(module, path.as_posix(), tree_of(path.read_bytes().decode("utf-8")))
                except (OSError, UnicodeDecodeError, NotParsed):
                    continue
        return None

    def _starred(self, scope: Scope, name: str) -> str | None:
        for each in scope.stars:
            inner, rest = self._module(each)
            if inner is not None and not rest and Place(inner, name).node is not None:
                return f"{each}.{name}"
        return None

    def matching(self, word: str, pattern: str, most: int) -> list[str]:
        """Paths of the files whose text holds a pattern that a word is part of, in order of the path, at most `most`."""
        wanted = re.compile(pattern)
        found: list[str] = []
        for path in sorted(self.sources):
            if len(found) >= most:
                break
            text = self.sources[path]
            if word in text and path.endswith(".py") and wanted.search(text):
                found.append(path)
        return found
