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
_MEANT = re.compile(
    r"#.*\b(used?|uses|using|need(s|ed)?|require[sd]?|re-?exports?|re-?exported|side[- ]effects?|registers?|keep|kept|"
    r"for (backward|back|compat|type|typing|mypy|doctest|eval|tests?)\w*|backwards?|compat\w*|public|api|available|"
    r"imported (by|for|from|here|so)|do not remove|don't remove)\b",
    re.IGNORECASE,
)
_PYTHON_2 = re.compile(
    r"(import|from)\s+(cStringIO|StringIO|urllib2|urlparse|ConfigParser|Queue|cPickle|httplib|commands|__builtin__|"
    r"HTMLParser|Tkinter|tkMessageBox|cookielib|Cookie|SocketServer|BaseHTTPServer|SimpleHTTPServer|xmlrpclib|sets|"
    r"exceptions|htmlentitydefs|robotparser|copy_reg|anydbm|dummy_thread|thread|UserDict|md5|sha|popen2)\b(?!\.)"
)
_TYPE_COMMENT = re.compile(r"#\s*type:(?!\s*ignore)(.*)")
_QUOTED = re.compile(r"""(['"])([A-Za-z_][\w.:\[\], -]*)\1""")
_LOOKED_UP = re.compile(r"\b(getattr|globals|locals|vars|eval|exec|import_module|__import__)\b")


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


def is_meant(line: str) -> bool:
    """Whether a comment behind an import says what it is for."""
    return bool(_MEANT.search(line))


def is_python_2(lines: Iterable[str]) -> bool:
    """Whether a file imports, without trying, a module that only Python 2 had: it cannot start at all."""
    return any(_PYTHON_2.match(line) for line in lines)


def is_spoken_of(entry: Import, lines: Iterable[str]) -> bool:
    """Whether the file says the name where ruff does not look for it: in a comment on types, or as a string
    that something may look up. A whole module of a common name is looked up only by what looks up."""
    text = "\n".join(lines)
    word = re.compile(rf"(?<![\w-]){re.escape(entry.bound)}(?![\w-])")
    if any(word.search(part) for part in _TYPE_COMMENT.findall(text)):
        return True
    if "." not in entry.target and not _LOOKED_UP.search(text):
        return False
    return any(word.search(part) for _, part in _QUOTED.findall(text) if " " not in part)


def used_elsewhere(imports: Iterable[Import], texts: Iterable[tuple[str, bytes]]) -> set[Import]:
    """Return those imports whose name another text takes from the module that imports it.

    Seen are ``from module import name``, ``from module import *``, which takes them all, and
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
            if b"*" in content:
                starred = _starred(content, module)
                used.update(
                    e
                    for found in wanted[module].values()
                    for e in found
                    if e.path != path and _is_one(e, starred)
                )
            names = {n: e for n, e in wanted[module].items() if n in words}
            for name in _taken(content, module, names) if names else ():
                used.update(entry for entry in names[name] if entry.path != path)
    return used


def _starred(content: bytes, module: bytes) -> set[str]:
    """Return the dotted paths, as they are written, of modules of this name that a text takes everything from."""
    sources = (
        source for source, listed in _FROM_IMPORT.findall(content) if listed.lstrip(b"( ").startswith(b"*")
    )
    return {s.decode("ascii", "replace").lstrip(".") for s in sources if s.rpartition(b".")[2] == module}


def _is_one(entry: Import, dotted: Iterable[str]) -> bool:
    """Whether the importing module is one that these dotted paths may lead to."""
    stem = entry.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    return any(f".{stem}".endswith(f".{one}") for one in dotted)


def _taken(content: bytes, module: bytes, names: Mapping[bytes, object]) -> set[bytes]:
    """Return those of the names that a text takes from the module."""
    found: set[bytes] = set()
    prefixes = {module}
    for source, listed in _FROM_IMPORT.findall(content):
        if source.rpartition(b".")[2] == module:
            found |= names.keys() & set(split(listed))
        alias = re.search(rb"\b" + re.escape(module) + rb"\s+as\s+(\w+)", listed)
        if alias:
            prefixes.add(alias[1])
    prefixes.update(re.findall(rb"import\s+[\w.]*\b" + re.escape(module) + rb"\s+as\s+(\w+)", content))
    for prefix in prefixes:
        dotted = re.compile(rb"\b" + re.escape(prefix) + rb"\s*\.\s*(\w+)")
        found.update(name for name in dotted.findall(content) if name in names)
    return found
