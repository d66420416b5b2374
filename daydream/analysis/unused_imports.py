"""Which unused imports are used after all: by a module that takes the name from this one."""

import posixpath
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from daydream.analysis.words import split

_MESSAGE = re.compile(r"`([^`]+)` imported but unused")
_FROM = rb"from\s+([.\w]*)\s+import\s+(\([^)]*\)|(?:[^\n\\]|\\\r?\n)*)"
_FROM_IMPORT = re.compile(_FROM)
_ASKED_FOR = re.compile(rb"(?:get|has)attr\(\s*[\w.\[\]]+\s*,\s*['\"](\w+)['\"]")


@dataclass(frozen=True, slots=True)
class Import:
    """An import that its own file does not use: the name it binds and what it stands for."""

    path: str
    bound: str
    target: str

    @property
    def module(self) -> str:
        """The last part of the importing module's name: what others would write before the name."""
        folder, file = posixpath.split(self.path)
        stem = file.removesuffix(".py")
        return posixpath.basename(folder) if stem == "__init__" else stem


def read(path: str, line: str, message: str) -> Import | None:
    """Read ruff's message; None for what no person would remove: re-exports of a package, and tries
    whether a module is there."""
    match = _MESSAGE.search(message)
    if match is None or posixpath.basename(path) == "__init__.py" or "find_spec" in message:
        return None
    target, _, alias = match[1].partition(" as ")
    plain = line.lstrip().startswith("import ") and not alias
    bound = alias or (target.partition(".")[0] if plain else target.rpartition(".")[2])
    return Import(path, bound, target)


def used_elsewhere(imports: Iterable[Import], texts: Iterable[tuple[str, bytes]]) -> set[Import]:
    """Return those imports whose name another text takes from the module that imports it.

    Seen are ``from module import name``, ``from module import *`` where the name occurs, and
    ``module.name`` in code, strings (targets of mocks) and documents, also by an alias of the module,
    and ``getattr(anything, "name")``.
    """
    wanted: dict[bytes, dict[bytes, list[Import]]] = {}
    for entry in imports:
        wanted.setdefault(entry.module.encode(), {}).setdefault(entry.bound.encode(), []).append(entry)
    used: set[Import] = set()
    for path, content in texts if wanted else ():
        words = set(split(content))
        if b"getattr" in words or b"hasattr" in words:
            asked = set(_ASKED_FOR.findall(content))
            used.update(e for names in wanted.values() for n in names.keys() & asked for e in names[n])
        for module in wanted.keys() & words:
            names = {n: e for n, e in wanted[module].items() if n in words}
            for name in _taken(content, module, names) if names else ():
                used.update(entry for entry in names[name] if entry.path != path)
    return used


def _taken(content: bytes, module: bytes, names: Mapping[bytes, object]) -> set[bytes]:
    """Return those of the names that a text takes from the module."""
    found: set[bytes] = set()
    prefixes = {module}
    for source, listed in _FROM_IMPORT.findall(content):
        if source.rpartition(b".")[2] == module:
            taken = set(split(listed))
            found |= names.keys() if listed.strip().startswith(b"*") else names.keys() & taken
        alias = re.search(rb"\b" + re.escape(module) + rb"\s+as\s+(\w+)", listed)
        if alias:
            prefixes.add(alias[1])
    prefixes.update(re.findall(rb"import\s+[\w.]*\b" + re.escape(module) + rb"\s+as\s+(\w+)", content))
    for prefix in prefixes:
        dotted = re.compile(rb"\b" + re.escape(prefix) + rb"\s*\.\s*(\w+)")
        found.update(name for name in dotted.findall(content) if name in names)
    return found
