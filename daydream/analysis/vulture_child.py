"""A child of its own: run vulture over a list of files and answer in JSON lines, one for each file.

Runs on Python >= 3.9 with nothing but the standard library and vulture, so that the repository's own
interpreter can read the repository's own syntax. Started as `python -I -S vulture_child.py PARENT
FOLDER`: the parent's process id, and the folder that holds vulture.

Standard input: one JSON object, `{"root": folder, "files": [path, ...], "modules": [name, ...],
"whitelists": whether vulture's own lists of names are wanted, "workers": how many processes may share the work}`.

Standard output: `{"file": {...}}` for each file, in the order asked, `{"whitelist": {...}}` for each
list, and at last `{"end": number of files}`: without it the answer is not complete. What is said of a
file follows from its content, its name and nothing else, so that it can be remembered: which names it
uses and imports, what it defines and does not use itself, and which bases its classes have. Which of
that is used nowhere is for the caller to find out, who has all files together. Private definitions that
only call themselves or one another do not count as used by their file.
"""

import ast
import ctypes
import gc
import io
import json
import os
import re
import signal
import sys
import tempfile
import tokenize
import types
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

PR_SET_PDEATHSIG = 1
NESTING = 2000
WHITELIST = "_whitelist.py"
DEFINED = (
    *("defined_attrs", "defined_classes", "defined_funcs", "defined_imports"),
    *("defined_methods", "defined_props", "defined_vars", "unreachable_code"),
)
SURROUNDED = frozenset({"class", "function", "method", "property", "unreachable_code"})
SILENT = frozenset({"ctx", "op", "ops"})
PRIVATE = frozenset({"function", "method", "class"})


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


def _private_value(node: Any) -> "list[dict[str, Any]]":
    """Describe the binding of a private name at the top of a module, which vulture leaves out."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    name = targets[0].id if len(targets) == 1 and isinstance(targets[0], ast.Name) else ""
    if node.value is None or not name.strip("_") or not name.startswith("_") or name.endswith("__"):
        return []
    where = {"first": node.lineno, "last": node.end_lineno}
    return [{**where, "kind": "variable", "name": name, "message": "", "confidence": 60}]


class Notes:
    """Laid over vulture's class: notes what surrounds each definition and who imports the `wanted` modules."""

    visit: Any

    def __init__(self, wanted: "set[str]") -> None:
        self.wanted = wanted
        self.surroundings: dict[int, dict[str, Any]] = {}
        self.extents: dict[str, list[tuple[int, int]]] = {}
        self.values: list[dict[str, Any]] = []
        self.again: dict[str, tuple[int, list[str]]] = {}
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
                self.surroundings[line] = told = _surroundings(child, prefix, around)
                self.extents.setdefault(child.name, []).append((line, int(child.end_lineno or line)))
                if isinstance(child, ast.ClassDef):
                    self.classes.setdefault(child.name, set()).update(told["bases"])
            else:
                if isinstance(child, ast.ImportFrom) and child.level == 0:
                    for alias in child.names:
                        self.origins.setdefault(alias.name, set()).add(str(child.module).partition(".")[0])
                self.wanted_imports += _imported(child, around, self.wanted)
                if len(around) == 1 and isinstance(child, (ast.Assign, ast.AnnAssign)):
                    self.values += _private_value(child)

    def _log(self, *args: Any, force: bool = False, **_where: Any) -> None:
        if force:
            self.refused = " ".join(str(a) for a in args)


def reader(vulture: Any) -> Any:
    """Make the class of a vulture that takes notes; an instance, made of the wanted modules, is for one file."""
    return type("Reader", (Notes, vulture), {})


def _text(path: Path) -> str:
    raw = path.read_bytes()
    encoding, _ = tokenize.detect_encoding(io.BytesIO(raw).readline)
    return raw.decode(encoding)


def scan(vulture: Any, text: str, name: Path) -> "tuple[str, bool]":
    """Let vulture read one text; returns why it could not, or an empty text, and whether that is sure to be
    so again: where it was the machine that had not enough, it is not."""
    sure = True
    for attempt in (text, text.replace("# type:", "# typ_:")):  # a wrong type comment is still a comment
        vulture.refused = ""
        try:
            vulture.scan(attempt, filename=name)
        except (RecursionError, MemoryError) as error:
            vulture.refused = "nested too deeply"
            vulture.reachability.reset()
            sure = isinstance(error, RecursionError)
        if not vulture.refused or attempt.find("# type:") < 0:
            break
    return str(vulture.refused), sure


def _circles(extents: "dict[str, list[tuple[int, int]]]", text: str) -> "dict[str, tuple[int, list[str]]]":
    """Return the private names of a file that stand nowhere but in their own definitions and in those of
    other such names: how often beside the one that defines it, and in whose definitions but its own.

    Whether these are used is for the caller to find out, who has all files together.
    """
    waiting = {
        name: places[0]
        for name, places in extents.items()
        if len(places) == 1 and name.startswith("_") and not name.endswith("__")
    }
    lines: dict[str, list[int]] = {name: [] for name in waiting}
    for number, line in enumerate(text.split("\n") if waiting else (), 1):
        for word in re.findall(r"\w+", line) if "_" in line else ():
            if word in lines:
                lines[word].append(number)
    found: dict[str, tuple[int, list[str]]] = {}
    while True:
        for name, places in lines.items():
            holders = [_holder(waiting, name, line) for line in places] if name in waiting else [""]
            if "" in holders:
                waiting.pop(name, None)
                found.pop(name, None)
            else:
                found[name] = (len(places) - 1, sorted(set(holders) - {name}))
        if all(name in waiting for _, holders in found.values() for name in holders):
            return {name: told for name, told in found.items() if told[0]}


def _holder(waiting: "dict[str, tuple[int, int]]", name: str, line: int) -> str:
    """Return whose definition a line stands in: the name's own, else the smallest; empty for none."""
    around = [(last - first, other) for other, (first, last) in waiting.items() if first <= line <= last]
    own = any(other == name for _, other in around)
    return name if own else min(around)[1] if around else ""


def told(vulture: Any) -> "dict[str, Any]":
    """Say what a vulture that read one file knows of it.

    What a file defines and uses itself is used, so it is left out. A name that is no identifier cannot be
    the name of a definition.
    """
    used = {name for name in vulture.used_names if name.isidentifier() and name not in vulture.again}
    defined: dict[tuple[str, int, str], dict[str, Any]] = {}
    for kind in DEFINED:
        for item in getattr(vulture, kind):
            if item.typ == "unreachable_code" or item.name not in used:
                defined.setdefault((item.typ, item.first_lineno, item.name), _row(vulture, item))
    return {
        "used": sorted(used),
        "imported": sorted({item.name for item in vulture.defined_imports}),
        "defined": [*defined.values(), *(row for row in vulture.values if row["name"] not in used)],
        "wanted": vulture.wanted_imports,
        "classes": {name: sorted(bases) for name, bases in sorted(vulture.classes.items())},
        "origins": {name: sorted(modules) for name, modules in sorted(vulture.origins.items())},
    }


def _row(vulture: Any, item: Any) -> "dict[str, Any]":
    told_again = vulture.again.get(item.name) if item.typ in PRIVATE else None
    plain = item.message == "unused " + item.typ + " '" + item.name + "'"
    return {
        "first": item.first_lineno,
        "last": item.last_lineno,
        "kind": item.typ,
        "name": item.name,
        "message": "" if plain else item.message,
        "confidence": item.confidence,
        **({"again": told_again[0], "within": told_again[1]} if told_again else {}),
        **(vulture.surroundings.get(item.first_lineno, {}) if item.typ in SURROUNDED else {}),
    }


def _of_file(make: Any, wanted: "set[str]", root: str, path: str) -> "dict[str, Any]":
    vulture, sure = make(wanted), True
    try:
        text = _text(Path(root, path))
        refused, sure = scan(vulture, text, Path("/" + path))
        vulture.again = _circles(vulture.extents, re.sub("\r\n?", "\n", text))
    except (SyntaxError, UnicodeDecodeError, LookupError) as error:
        refused = str(error)
    except OSError as error:
        refused, sure = str(error), False
    refused = refused.encode("utf-8", "backslashreplace").decode()
    answer = {"path": path, "refused": refused, "sure": sure, **told(vulture)}
    vars(vulture).clear()  # it holds itself, and nobody collects
    return answer


def _of_whitelist(make: Any, path: Path) -> "dict[str, Any]":
    """Say which names a list of vulture's uses: those that a standard module calls back, or that it imports."""
    vulture = make(set())
    scan(vulture, path.read_text(encoding="utf-8"), path)
    known = told(vulture)
    return {
        "module": path.name[: -len(WHITELIST)],
        "used": known["used"],
        "imported": known["imported"],
    }


def _line(**answer: Any) -> str:
    return json.dumps(answer, ensure_ascii=True) + "\n"


def _begin(part: "list[str]", line_of: Any) -> "tuple[int, Any]":
    """Let a process of its own read some files; returns its id and the file that it writes lines to."""
    out, parent = tempfile.TemporaryFile("w+"), os.getpid()  # noqa: SIM115 -- it is read when the worker has ended
    worker = os.fork()
    if not worker:
        _die_with(parent)
        out.writelines(line_of(path) for path in part)
        out.flush()
        os._exit(0)
    return worker, out


def _lines(begun: "tuple[int, Any]") -> "list[str]":
    """What a worker wrote; one that failed ends it all, so that no answer is half."""
    worker, out = begun
    if os.waitpid(worker, 0)[1]:
        sys.exit(1)
    out.seek(0)
    return list(out)


def main() -> None:
    """Read the request, scan one file after the other, answer."""
    _die_with(int(sys.argv[1]))
    warnings.simplefilter("ignore")  # the examined files' own doubtful literals
    sys.setrecursionlimit(NESTING)
    gc.disable()  # trees are freed by counting; collecting costs a fifth of the time
    request = json.load(sys.stdin)
    make, wanted = reader(_load(sys.argv[2])), set(request["modules"])
    root, files = request["root"], request["files"]

    def line_of(path: str) -> str:
        return _line(file=_of_file(make, wanted, root, path))

    workers = max(1, min(request.get("workers", 1), len(files)))
    begun = [_begin(files[number::workers], line_of) for number in range(1, workers)]
    told = [[line_of(path) for path in files[::workers]], *map(_lines, begun)]
    sys.stdout.writelines(told[number % workers][number // workers] for number in range(len(files)))
    if request["whitelists"]:
        for path in sorted(Path(sys.argv[2], "vulture", "whitelists").glob("*" + WHITELIST)):
            sys.stdout.write(_line(whitelist=_of_whitelist(make, path)))
    sys.stdout.write(_line(end=len(request["files"])))


if __name__ == "__main__":
    main()
