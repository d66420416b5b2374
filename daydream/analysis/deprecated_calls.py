"""What a repository itself marks deprecated, and who still calls it there."""

import ast
import re
from collections import Counter
from collections.abc import Iterator, Sequence

import msgspec

_USE = re.compile(
    r"(?:\buse|\bin favou?r of|\breplaced (?:by|with)|\bsuperseded by|\bswitch to|\bcall|\bprefer|\bmoved to|\brenamed to)\s+"
    r"(?:the\s+)?(?:new\s+)?(?:method\s+|function\s+|class\s+)?(?::\w+:)?[`'\":~]*([A-Za-z_][\w.]*\w)(?=[\s`'\"(,;.]|$)",
    re.IGNORECASE,
)
_MARKS = re.compile(r"Deprecat|RemovedIn")
_NO_NAMES = frozenset(
    [
        "a",
        "an",
        "the",
        "it",
        "this",
        "that",
        "its",
        "instead",
        "of",
        "with",
        "to",
        "another",
        "newer",
        "other",
        "your",
        "their",
        "our",
    ]
)
_Function = ast.FunctionDef | ast.AsyncFunctionDef


class Deprecated(msgspec.Struct, frozen=True):
    """A definition that warns whoever calls it: its dotted name, its line, and what to use in its place."""

    path: str
    qualname: str
    line: int
    replacement: str

    @property
    def name(self) -> str:
        """The word by which it is called."""
        return self.qualname.rpartition(".")[2]

    @property
    def is_method(self) -> bool:
        """Whether it is called on an object."""
        return "." in self.qualname


class Call(msgspec.Struct, frozen=True):
    """A call: where it stands, the dotted name of what it stands in, and whether warnings are silenced there."""

    qualname: str
    line: int
    quiet: bool = False


def marked(path: str, tree: ast.Module) -> list[Deprecated]:
    """Return the functions, methods and classes at the top of a file that warn of their own deprecation,
    whatever they are called with, or bear a decorator that does."""
    found: list[Deprecated] = []
    for node in tree.body:
        if isinstance(node, _Function):
            found += _own(path, node, node.name)
        elif isinstance(node, ast.ClassDef):
            found += _of_class(path, node)
    return found


def _of_class(path: str, node: ast.ClassDef) -> Iterator[Deprecated]:
    said = _by_decorator(node)
    if said is not None:
        yield Deprecated(path, node.name, node.lineno, replacement(said, node.name))
        return
    for method in node.body:
        if not isinstance(method, _Function):
            continue
        if method.name == "__init__" and not node.bases and not _is_open(node):
            for one in _own(path, method, node.name):
                yield msgspec.structs.replace(one, line=node.lineno)
        elif not method.name.startswith("__") and not _is_attribute(method):
            yield from _own(path, method, f"{node.name}.{method.name}")


def _is_open(node: ast.ClassDef) -> bool:
    """Whether a warning in ``__init__`` may be meant for those who extend the class alone."""
    return bool(node.keywords)


def _is_attribute(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any("property" in ast.unparse(one) or ".setter" in ast.unparse(one) for one in node.decorator_list)


def _own(path: str, node: ast.FunctionDef | ast.AsyncFunctionDef, qualname: str) -> Iterator[Deprecated]:
    said = _by_decorator(node)
    for statement in node.body if said is None else ():
        call = statement.value if isinstance(statement, ast.Expr) else None
        if isinstance(call, ast.Call) and ast.unparse(call.func) in {"warnings.warn", "warn"}:
            kinds = [*call.args[1:2], *(k.value for k in call.keywords if k.arg == "category")]
            if any(_MARKS.search(ast.unparse(kind)) for kind in kinds):
                said = _text(call.args[0]) if call.args else ""
    if said is not None:
        yield Deprecated(path, qualname, node.lineno, replacement(said, qualname.rpartition(".")[2]))


def _by_decorator(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> str | None:
    """Return what a decorator says that marks a definition deprecated; None without one."""
    for one in node.decorator_list:
        call = one if isinstance(one, ast.Call) else None
        name = ast.unparse(call.func if call else one).rpartition(".")[2]
        if name == "deprecated":
            given = [*call.args, *(k.value for k in call.keywords)] if call else []
            return " ".join(_text(value) for value in given)
    return None


def _text(node: ast.expr) -> str:
    """Return the literal parts of a text, with `` {} `` for what is computed."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part) if isinstance(part, ast.Constant) else " {} " for part in node.values)
    if isinstance(node, ast.BinOp):
        return _text(node.left) + (_text(node.right) if isinstance(node.op, ast.Add) else "")
    return ""


def replacement(said: str, name: str) -> str:
    """Return the name that a message tells to use instead; empty if it names none, or only `name` itself."""
    for found in _USE.findall(said):
        if found.rpartition(".")[2] != name and found.lower() not in _NO_NAMES and not found.isdigit():
            plain = re.fullmatch(r"[a-z]+", found) and not re.search(
                rf"[`'\":~.]{found}|{found}(\(|[`'\"])", said
            )
            if not plain:
                return str(found)
    return ""


def definitions(texts: Sequence[bytes]) -> Counter[str]:
    """Count how often each name is defined in some texts, as a function, a class or an attribute of one."""
    found: Counter[str] = Counter()
    for text in texts:
        found.update(word.decode() for word in _DEFINED.findall(text))
    return found


_DEFINED = re.compile(rb"^[ \t]*(?:async[ \t]+)?(?:def|class)[ \t]+([A-Za-z0-9_]+)", re.MULTILINE)


def calls(path: str, tree: ast.Module, wanted: Sequence[Deprecated]) -> list[tuple[Deprecated, Call]]:
    """Return the calls of a file to some of the `wanted`, but those from within what is deprecated itself.

    A function must be this file's own or imported from the module that defines it; of a method the caller
    has seen to it that no other definition bears its name.
    """
    functions = {one: _ways(path, tree, one) for one in wanted if not one.is_method}
    methods = {one.name: one for one in wanted if one.is_method}
    found = []
    for qualname, node, quiet in _calls(tree):
        inside = any(one.path == path and _is_within(qualname, one.qualname) for one in wanted)
        target = ast.unparse(node.func) if isinstance(node.func, ast.Name | ast.Attribute) else ""
        call = Call(qualname, node.lineno, quiet)
        found += [(one, call) for one, ways in functions.items() if target in ways and not inside]
        method = methods.get(node.func.attr) if isinstance(node.func, ast.Attribute) else None
        if method is not None and not inside and not target.startswith("super()"):
            found.append((method, call))
    return found


def _is_within(qualname: str, holder: str) -> bool:
    return qualname == holder or qualname.startswith(f"{holder}.")


def _ways(path: str, tree: ast.Module, one: Deprecated) -> set[str]:
    """The expressions by which a file calls a function of a module."""
    stem = one.path.removesuffix(".py").removesuffix("/__init__").rpartition("/")[2]
    ways = {one.name} if one.path == path else set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            last = (node.module or "").rpartition(".")[2]
            for alias in node.names:
                if alias.name == one.name and last == stem:
                    ways.add(alias.asname or alias.name)
                elif alias.name == stem:
                    ways.add(f"{alias.asname or stem}.{one.name}")
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.rpartition(".")[2] == stem and "." in alias.name:
                    ways.add(f"{alias.asname or alias.name}.{one.name}")
    return ways


def _calls(tree: ast.Module) -> Iterator[tuple[str, ast.Call, bool]]:
    """Yield every call with the dotted name of the definition it stands in, and whether warnings are caught there."""
    waiting: list[tuple[ast.AST, str, bool]] = [(tree, "", False)]
    while waiting:
        node, around, quiet = waiting.pop()
        if isinstance(node, ast.Call):
            yield around, node, quiet
        if isinstance(node, ast.With):
            quiet = quiet or any("warn" in ast.unparse(item.context_expr).lower() for item in node.items)
        for child in ast.iter_child_nodes(node):
            inner = around
            if isinstance(child, _Function | ast.ClassDef):
                inner = f"{around}.{child.name}" if around else child.name
            waiting.append((child, inner, quiet))
