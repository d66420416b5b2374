"""A child of its own: run vulture over a list of files and answer in JSON lines.

Runs on Python >= 3.9 with nothing but the standard library and vulture, so that the repository's own
interpreter can read the repository's own syntax. Started as `python -I -S vulture_child.py PARENT
FOLDER`: the parent's process id, and the folder that holds vulture.

Standard input: one JSON object, `{"root": folder, "files": [[path, is_test], ...], "modules": [name,
...]}`. Standard output: `{"unused": {...}}` for each name or piece of code nothing uses, `{"unread":
[path, why]}` for each file that could not be parsed, `{"imports": {...}}` for each import of one of
`modules`, `{"classes": {name: [base, ...]}}`, and at last `{"end": number of files read}`: without it the answer is not complete.
"""

import ast
import ctypes
import gc
import io
import json
import os
import pkgutil
import signal
import sys
import tokenize
import types
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

PR_SET_PDEATHSIG = 1
NESTING = 2000
SILENT = frozenset({"ctx", "op", "ops"})


class Seen(type(Path())):  # type: ignore[misc]
    """A path below the repository. vulture resolves paths to tell tests apart: where the repository
    lies must not decide that, and the disk need not be asked once per definition."""

    def resolve(self, strict: bool = False) -> "Seen":  # noqa: ARG002 -- pathlib's
        """Stay as it is: the path is already absolute, counted from the repository's root."""
        return self


def _die_with(parent: int) -> None:
    if not sys.platform.startswith("linux"):
        return
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it was gone before the request was made
        sys.exit(1)


def _load(folder: str) -> Any:
    sys.path.append(folder)
    for name in ("tomllib", "tomli"):  # vulture reads its own configuration with it; nobody asks it to
        sys.modules.setdefault(name, types.ModuleType(name))
    from vulture.core import Vulture

    return Vulture


def _names(nodes: "list[Any]") -> "list[str]":
    """Write decorators or bases as dotted names; what is no name becomes ``?``."""
    found = []
    for node in nodes:
        part = node.func if isinstance(node, ast.Call) else node
        part = part.value if isinstance(part, ast.Subscript) else part
        dotted: list[str] = []
        while isinstance(part, ast.Attribute):
            dotted.append(part.attr)
            part = part.value
        found.append(".".join([part.id, *reversed(dotted)]) if isinstance(part, ast.Name) else "?")
    return found


def _definitions(tree: ast.AST) -> "Iterator[tuple[Any, str, list[Any]]]":
    """Yield (statement, dotted prefix, enclosing statements) for every statement of a module."""
    waiting: list[tuple[Any, str, list[Any]]] = [(tree, "", [])]
    while waiting:
        node, prefix, around = waiting.pop()
        inner = prefix
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            inner = prefix + node.name + "."
        for field in ("body", "orelse", "finalbody", "handlers", "cases"):
            children = getattr(node, field, None)
            for child in children if isinstance(children, list) else ():
                if isinstance(child, ast.stmt):
                    yield child, inner, [*around, node]
                if hasattr(child, "body"):
                    waiting.append((child, inner, [*around, node]))


def _scope(around: "list[Any]") -> "tuple[str, Any]":
    """Say what a statement stands in: its kind and the class, if that is the nearest."""
    for node in reversed(around):
        if isinstance(node, ast.ClassDef):
            return "class", node
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            return "function", None
    return "module", None


def _surroundings(node: Any, prefix: str, around: "list[Any]") -> "dict[str, Any]":
    """Describe what a definition stands in, as far as it tells whether somebody else may call it."""
    scope, owner = _scope(around)
    own = isinstance(node, ast.ClassDef)
    return {
        "qualname": prefix + node.name,
        "scope": scope,
        "decorators": _names(node.decorator_list),
        "bases": _names(node.bases + [k.value for k in node.keywords]) if own else [],
        "owner_bases": _names(owner.bases + [k.value for k in owner.keywords]) if owner else [],
        "owner_decorators": _names(owner.decorator_list) if owner else [],
        "conditional": any(isinstance(n, (ast.If, ast.Try)) for n in around),
    }


def _imported(node: Any, around: "list[Any]", wanted: "set[str]") -> "Iterator[dict[str, Any]]":
    if isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
    elif isinstance(node, ast.ImportFrom) and node.level == 0:
        names = [node.module or ""]
    else:
        return
    guarded = any(isinstance(n, (ast.If, ast.Try)) for n in around)
    for name in names:
        if name.partition(".")[0] in wanted:
            yield {"module": name.partition(".")[0], "line": node.lineno, "guarded": guarded}


class Notes:
    """Laid over vulture's class: notes what surrounds each definition and who imports the `wanted` modules."""

    visit: Any

    def __init__(self, wanted: "set[str]") -> None:
        self.wanted = wanted
        self.surroundings: dict[tuple[str, int], dict[str, Any]] = {}
        self.wanted_imports: list[dict[str, Any]] = []
        self.classes: dict[str, set[str]] = {}
        self.origins: dict[str, set[str]] = {}
        self.refused = ""
        super().__init__()

    @property
    def filename(self) -> Path:
        """The file that is being read, counted from the repository's root."""
        return self._seen

    @filename.setter
    def filename(self, path: Path) -> None:
        self._seen = Seen(path)

    def generic_visit(self, node: Any) -> None:
        """Visit the children, but for contexts and operators: a third of all nodes, without names."""
        for field in node._fields:
            value = None if field in SILENT else getattr(node, field, None)
            for item in value if isinstance(value, list) else (value,):
                if isinstance(item, ast.AST):
                    self.visit(item)

    def visit_Module(self, node: ast.Module) -> None:  # noqa: N802 -- ast's naming
        """Walk the statements once more, from the top, where one sees what they stand in."""
        for child, prefix, around in _definitions(node):
            if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                line = min([child.lineno, *(d.lineno for d in child.decorator_list)])
                self.surroundings[str(self.filename), line] = told = _surroundings(child, prefix, around)
                if isinstance(child, ast.ClassDef):
                    self.classes.setdefault(child.name, set()).update(told["bases"])
            else:
                if isinstance(child, ast.ImportFrom) and child.level == 0:
                    for alias in child.names:
                        self.origins.setdefault(alias.name, set()).add(str(child.module).partition(".")[0])
                path = str(self.filename)[1:]
                self.wanted_imports += [
                    {**row, "path": path} for row in _imported(child, around, self.wanted)
                ]

    def _log(self, *args: Any, force: bool = False, **_where: Any) -> None:
        if force:
            self.refused = " ".join(str(a) for a in args)


def reader(vulture: Any, wanted: "set[str]") -> Any:
    """Make a vulture that takes notes."""
    return type("Reader", (Notes, vulture), {})(wanted)


def _own_classes(vulture: Any, files: "list[str]") -> "dict[str, list[str]]":
    """Return the bases of each class, but for names that some file imports from a foreign module: a
    base of that name may be the stranger."""
    own = {part for path in files for part in path[: -len(".py")].split("/")}
    return {
        name: sorted(bases)
        for name, bases in sorted(vulture.classes.items())
        if own.issuperset(vulture.origins.get(name, ()))
    }


def _text(path: Path) -> str:
    raw = path.read_bytes()
    encoding, _ = tokenize.detect_encoding(io.BytesIO(raw).readline)
    return raw.decode(encoding)


def scan(vulture: Any, text: str, name: Path) -> str:
    """Let vulture read one text; returns why it could not, or an empty text."""
    for attempt in (text, text.replace("# type:", "# typ_:")):  # a wrong type comment is still a comment
        vulture.refused = ""
        try:
            vulture.scan(attempt, filename=name)
        except (RecursionError, MemoryError):
            vulture.refused = "nested too deeply"
            vulture.reachability.reset()
        if not vulture.refused or attempt.find("# type:") < 0:
            break
    return str(vulture.refused)


def _used_so_far(vulture: Any) -> "set[str]":
    """Return the names used until now, with those that the imported standard modules call back."""
    for name in sorted({item.name for item in vulture.defined_imports}):
        try:
            known = pkgutil.get_data("vulture", "whitelists/" + name + "_whitelist.py")
        except OSError:
            continue
        if known is not None:
            vulture.scan(known.decode("utf-8"), filename=Path("whitelists") / (name + "_whitelist.py"))
    return set(vulture.used_names)


def _unused(vulture: Any, used_by_code: "set[str]", tests: "set[str]") -> "Iterator[dict[str, Any]]":
    """Yield what nothing uses, and what only tests use."""
    for item in vulture.get_unused_code(min_confidence=0):
        yield _row(vulture, item, only_tests=False)
    for kind in ("funcs", "methods", "props", "classes"):
        for item in getattr(vulture, "defined_" + kind):
            path = str(item.filename)[1:]
            if item.name in vulture.used_names and item.name not in used_by_code and path not in tests:
                yield _row(vulture, item, only_tests=True)


def _row(vulture: Any, item: Any, *, only_tests: bool) -> "dict[str, Any]":
    return {
        "path": str(item.filename)[1:],
        "first": item.first_lineno,
        "last": item.last_lineno,
        "kind": item.typ,
        "name": item.name,
        "message": item.message,
        "confidence": item.confidence,
        "only_tests": only_tests,
        **vulture.surroundings.get((str(item.filename), item.first_lineno), {}),
    }


def _say(**answer: Any) -> None:
    sys.stdout.write(json.dumps(answer, ensure_ascii=True) + "\n")


def main() -> None:
    """Read the request, scan code first and tests second, answer."""
    _die_with(int(sys.argv[1]))
    warnings.simplefilter("ignore")  # the examined files' own doubtful literals
    sys.setrecursionlimit(NESTING)
    gc.disable()  # trees are freed by counting; collecting costs a fifth of the time
    request = json.load(sys.stdin)
    vulture = reader(_load(sys.argv[2]), set(request["modules"]))
    tests = {path for path, is_test in request["files"] if is_test}
    used_by_code: set[str] | None = None
    count = 0
    for path, is_test in sorted(request["files"], key=lambda f: (f[1], f[0])):
        if is_test and used_by_code is None:
            used_by_code = _used_so_far(vulture)
        try:
            refused = scan(vulture, _text(Path(request["root"], path)), Path("/" + path))
        except (OSError, SyntaxError, UnicodeDecodeError, LookupError) as error:
            refused = str(error)
        if refused:
            _say(unread=[path, refused])
        else:
            count += 1
    used = _used_so_far(vulture)
    used_by_code = used if used_by_code is None else used_by_code
    for row in vulture.wanted_imports:
        _say(imports=row)
    _say(classes=_own_classes(vulture, [path for path, _ in request["files"]]))
    for row in _unused(vulture, used_by_code, tests):
        _say(unused=row)
    _say(end=count)


if __name__ == "__main__":
    main()
