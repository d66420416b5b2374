"""The logging calls of one Python file: loggers of every kind, warnings, prints into a file, raised messages."""

import ast
import re
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from daydream.analysis.logs.callsites_text import HOLE, Names, braces, percent, texts
from daydream.analysis.logs.heads import CRITICAL, DEBUG, ERROR, INFO, UNKNOWN, WARNING
from daydream.analysis.source import Definition, NotParsed, decode, tree_of

LOG, WARN, PRINT, RAISE = "log", "warning", "print", "raise"
_METHODS = (
    dict.fromkeys(("debug", "trace"), DEBUG)
    | dict.fromkeys(("info", "notice", "success", "msg"), INFO)
    | dict.fromkeys(("warning", "warn"), WARNING)
    | dict.fromkeys(("error", "exception", "err", "failure"), ERROR)
    | dict.fromkeys(("critical", "fatal", "alert", "emergency"), CRITICAL)
    | {"log": UNKNOWN}
)
_ASYNC = re.compile(r"^a(debug|info|warning|error|exception|critical|log)$")
_NUMBERS = {10: DEBUG, 20: INFO, 25: INFO, 30: WARNING, 40: ERROR, 50: CRITICAL}
_MAKERS = {
    "getLogger",
    "get_logger",
    "get_task_logger",
    "getChild",
    "LoggerAdapter",
    "wrap_logger",
    "bind",
    "opt",
    "patch",
}
_LOGGER = re.compile(r"(?:^|_)(?:log|logs|logging)\d?_?$|logger_?$|^log(?:ger)?_", re.IGNORECASE)
_CALLS = re.compile(
    rb"\.(?:a?(?:debug|info|warning|warn|error|exception|critical|fatal|log)|trace|notice|success|msg|err|failure|alert|emergency)\s*\("
    rb"|\bwarn\s*\(|\bprint\s*\(|\braise\b"
)
_QUIET = {"exc_info", "stack_info", "stacklevel", "extra", "system", "isError", "exc"}


class RawSite(msgspec.Struct, frozen=True, array_like=True):
    """A call that writes a text: its line, function, kind, level (0: not said), the name of its logger or of
    the exception ("" where it is not a literal), its text with `HOLE` for values."""

    line: int
    function: str
    kind: str
    level: int
    name: str
    text: str


def read(data: bytes) -> list[RawSite]:
    """Find the calls of a file, in order; none in what is not Python."""
    if _CALLS.search(data) is None:
        return []
    try:
        tree = tree_of(decode(data))
        return sorted(set(_File(tree).sites()), key=lambda site: (site.line, site.text, site.kind))
    except (NotParsed, RecursionError):
        return []


class _Scope:
    """The names of a function or module, and of what is around it; looked up only when one is asked for."""

    def __init__(self, body: Sequence[ast.AST], unknown: set[str], outer: Names | None) -> None:
        self._body, self._unknown, self._outer = body, unknown, outer
        self._own: dict[str, list[ast.expr]] | None = None

    def get(self, name: str, /) -> list[ast.expr] | None:
        if self._own is None:
            self._own = _assigned(self._body, self._unknown)
        if name in self._own:
            return self._own[name]
        return self._outer.get(name) if self._outer is not None else None


class _File:
    """One module while it is read: what its names were given, which of them are loggers."""

    def __init__(self, tree: ast.Module) -> None:
        self._tree = tree
        self._loggers: dict[str, str] = {}
        self._constants = _Scope(tree.body, set(), None)
        stack: list[ast.AST] = list(tree.body)
        while stack:
            node = stack.pop()
            stack.extend(each for each in _children(node) if not isinstance(each, ast.expr))
            if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Call):
                self._note_logger(node)
            elif isinstance(node, ast.ImportFrom):
                self._note_imported(node)

    def sites(self) -> Iterator[RawSite]:
        yield from self._within(self._tree.body, "<module>", self._constants)

    def _within(self, body: Sequence[ast.AST], function: str, names: Names) -> Iterator[RawSite]:
        """Walk statements; a function knows its own names beside its module's."""
        stack: list[ast.AST] = list(reversed(body))
        while stack:
            node = stack.pop()
            if isinstance(node, Definition):
                inner = node.name if function == "<module>" else f"{function}.{node.name}"
                yield from self._within(node.body, inner, _Scope(node.body, _parameters(node), names))
                continue
            if isinstance(node, ast.ClassDef):
                inner = node.name if function == "<module>" else f"{function}.{node.name}"
                yield from self._within(node.body, inner, names)
                continue
            if isinstance(node, ast.Call):
                yield from self._call(node, function, names)
            elif isinstance(node, ast.Raise):
                yield from _raised(node, function, names)
            stack.extend(_children(node))

    def _call(self, node: ast.Call, function: str, names: Names) -> Iterator[RawSite]:
        called = node.func
        name = _last(called)
        if name == "print":
            directed = any(word.arg == "file" for word in node.keywords)
            written = [text for arg in node.args for text in texts(arg, names)[:1]] if directed else []
            if written:
                yield RawSite(node.lineno, function, PRINT, UNKNOWN, "", " ".join(written))
        elif name == "warn" and node.args and _receiver(called) in ("", "warnings"):
            for text in texts(node.args[0], names):
                yield RawSite(node.lineno, function, WARN, WARNING, "py.warnings", text)
        elif isinstance(called, ast.Attribute) and (logger := self._logger(called.value)) is not None:
            yield from _logged(node, logger, function, names)

    def _logger(self, node: ast.expr) -> str | None:
        """Return the literal name of the logger that an expression is, "" where it has none, None for no logger."""
        if isinstance(node, ast.Call):
            made = _maker(node)
            if (
                made is None
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in ("bind", "opt", "new", "unbind")
            ):
                return self._logger(node.func.value)
            return made
        name = _last(node)
        if name in self._loggers:
            return self._loggers[name]
        if name and _LOGGER.search(name) is not None:
            return "root" if name == "logging" else ""
        return None

    def _note_logger(self, node: ast.Assign | ast.AnnAssign) -> None:
        made = _maker(node.value) if isinstance(node.value, ast.Call) else None
        if made is None:
            return
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            if name := _last(target):
                self._loggers[name] = made

    def _note_imported(self, node: ast.ImportFrom) -> None:
        if node.module in ("loguru", "twisted.python", "twisted.logger", "logging"):
            for alias in node.names:
                if alias.name in ("logger", "log"):
                    self._loggers[alias.asname or alias.name] = ""


def _logged(node: ast.Call, logger: str, function: str, names: Names) -> Iterator[RawSite]:
    method = _last(node.func)
    asynchronous = _ASYNC.match(method)
    method = asynchronous[1] if asynchronous is not None else method
    if method not in _METHODS:
        return
    level = _METHODS[method]
    args = list(node.args)
    if method == "log" and args:
        level = _level(args.pop(0))
    elif method in ("err", "failure") and len(args) > 1 and not texts(args[0], names)[0].strip(HOLE):
        args.pop(0)
    told = next(
        (word.value for word in node.keywords if word.arg in ("msg", "message", "event", "format")), None
    )
    message = args[0] if args else told
    if message is None:
        return
    words = [word for word in node.keywords if word.arg not in _QUIET and word.value is not message]
    for text in texts(message, names):
        shown = _filled(text, bool(args[1:]), bool(words))
        if shown.strip(HOLE + " "):
            yield RawSite(node.lineno, function, LOG, level, logger, shown)


def _filled(text: str, args: bool, words: bool) -> str:
    """Put the values in: %-style with arguments, braces as loguru has them, names behind as structlog does."""
    if args:
        filled = percent(text)
        return filled if filled != text else braces(text)
    if words:
        filled = braces(text)
        filled = filled if filled != text else percent(text)
        return filled if filled != text else f"{text} {HOLE}"
    return text


def _raised(node: ast.Raise, function: str, names: Names) -> Iterator[RawSite]:
    made = node.exc
    if not isinstance(made, ast.Call) or not made.args:
        return
    kind = _last(made.func)
    for text in texts(made.args[0], names) if kind else ():
        if text.strip(HOLE + " "):
            yield RawSite(node.lineno, function, RAISE, UNKNOWN, kind, text)


def _level(node: ast.expr) -> int:
    if isinstance(node, ast.Constant):
        if isinstance(node.value, str):
            return _METHODS.get(node.value.lower(), UNKNOWN)
        return _NUMBERS.get(node.value, UNKNOWN) if isinstance(node.value, int) else UNKNOWN
    return _METHODS.get(_last(node).lower(), UNKNOWN)


def _maker(node: ast.Call) -> str | None:
    """Return the name given to a call that makes a logger, "" where it gives none, None for another call."""
    name = _last(node.func)
    if name not in _MAKERS or (
        name in ("bind", "opt", "patch") and _LOGGER.search(_receiver(node.func)) is None
    ):
        return None
    given = node.args[0] if node.args else None
    return given.value if isinstance(given, ast.Constant) and isinstance(given.value, str) else ""


def _children(node: ast.AST) -> list[ast.AST]:
    """As `ast.iter_child_nodes`, without the leaves that hold no call and no name."""
    found: list[ast.AST] = []
    for value in node.__dict__.values():
        if type(value) is list:
            found += [each for each in value if isinstance(each, ast.AST)]
        elif isinstance(value, ast.AST) and not isinstance(value, ast.Constant | ast.expr_context):
            found.append(value)
    return found


def _last(node: Any) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _receiver(node: ast.expr) -> str:
    return _last(node.value) if isinstance(node, ast.Attribute) else ""


def _parameters(node: Definition) -> set[str]:
    args = node.args
    given = [*args.posonlyargs, *args.args, *args.kwonlyargs, *filter(None, (args.vararg, args.kwarg))]
    return {each.arg for each in given}


def _assigned(body: Sequence[ast.AST], unknown: set[str]) -> dict[str, list[ast.expr]]:
    """Return what each name below these statements is given, where that is always an expression of its own;
    nothing for `unknown` names and those bound in another way."""
    values: dict[str, list[ast.expr]] = {}
    bad = set(unknown)
    stack = list(body)
    while stack:
        node = stack.pop()
        if isinstance(node, Definition | ast.ClassDef | ast.Lambda):
            continue
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if all(isinstance(target, ast.Name) for target in targets):
                for target in targets:
                    values.setdefault(_last(target), []).append(node.value)
                stack.append(node.value)
                continue
        if isinstance(node, ast.AugAssign):
            bad.add(_last(node.target))
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            bad.add(node.id)
        stack.extend(_children(node))
    return {name: given for name, given in values.items() if name not in bad and len(given) <= 4} | {
        name: [] for name in bad
    }
