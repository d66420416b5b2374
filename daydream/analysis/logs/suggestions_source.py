"""Suggestions that the source shows: errors logged without their traceback, exceptions swallowed, calls without a
time-out. Each needs the log's numbers and the code at the very line; a file that does not parse gives none."""

import ast
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from daydream.analysis.logs.callsites import Site
from daydream.analysis.logs.heads import DEBUG, ERROR, INFO
from daydream.analysis.logs.suggestions import Suggestion
from daydream.analysis.redaction import quoted
from daydream.analysis.source import Definition, NotParsed, tree_of

_Node = TypeVar("_Node", ast.Try, ast.ExceptHandler)
Source = Callable[[str], str | None]
_BROAD = {"Exception", "BaseException"}
_LOGS = {"debug", "info", "warning", "warn", "error", "exception", "critical", "log", "msg", "print"}
_WAITS = {
    "get",
    "post",
    "put",
    "patch",
    "delete",
    "head",
    "options",
    "request",
    "urlopen",
    "create_connection",
}
# Where each of them lives; what a name was bound to is looked up, a method of anything else is not known.
_MODULES = {
    "requests": _WAITS - {"urlopen", "create_connection"},
    "urllib.request": {"urlopen"},
    "socket": {"create_connection"},
}
_NETWORK = (
    "timeout",
    "timedout",
    "connection",
    "urlerror",
    "remotedisconnected",
    "socket",
    "ssl",
    "chunkedencoding",
)
# What ends a visit or the process itself is no fault, at whatever level it is logged.
_ORDINARY = {
    "KeyboardInterrupt",
    "SystemExit",
    "CancelledError",
    "GeneratorExit",
    "BrokenPipeError",
    "ConnectionResetError",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """An exception as the log shows it: its bare name, how often tonight, the level of the record it came in (0: not
    said), its frames in the repository as (path, line), the outermost first, whether the outermost of all frames is
    among them, and the call that logged it."""

    kind: str
    count: int
    level: int
    frames: Sequence[tuple[str, int]]
    begins_here: bool
    site: Site | None = None


def of_fault(fault: Fault, source: Source) -> list[Suggestion]:
    """What the source says to an exception: swallowed where it was caught, no time-out where it failed, a level that
    hides it. `source` gives an examined file's text, None where it cannot be read."""
    found = [_swallowed(fault, source), _no_time_out(fault, source), _level_too_low(fault)]
    return [each for each in found if each is not None]


def without_traceback(site: Site, count: int, source: Source) -> Suggestion | None:
    """An error logged inside `except` by a call that leaves the traceback out, and not raised again."""
    tree = _tree(site.path, source)
    if tree is None or site.level != ERROR or count < 1:
        return None
    handler = _innermost(tree, ast.ExceptHandler, site.line)
    call = next(
        (node for node in _calls(tree) if node.lineno == site.line and _last(node.func) in ("error", "err")),
        None,
    )
    if handler is None or call is None or _last(call.func) != "error" or _given(call, "exc_info"):
        return None
    # A caught name that goes into the message, or an exception expected by its name, is a decision; and raised again
    # it is logged with its traceback by whoever catches it next.
    if not _is_broad(handler) or any(isinstance(node, ast.Raise) for node in ast.walk(handler)):
        return None
    times = "once" if count == 1 else f"{count:,} times"
    said = f"logged {times} tonight without the traceback of the exception it caught: use .exception() or exc_info=True"
    return Suggestion("without_traceback", said, site.path, site.line, "fix_clear")


def _swallowed(fault: Fault, source: Source) -> Suggestion | None:
    """A traceback that begins where a broad handler caught it, which then only logs, or does nothing."""
    if not fault.frames or not fault.begins_here or fault.kind in _ORDINARY:
        return None
    path, line = fault.frames[0]
    tree = _tree(path, source)
    tried = _innermost(tree, ast.Try, line) if tree is not None else None
    if tried is None or not tried.body[0].lineno <= line <= (tried.body[-1].end_lineno or 0):
        return None
    handler = next((each for each in tried.handlers if _is_broad(each)), None)
    if handler is None or not all(_does_nothing(each) for each in handler.body):
        return None
    what = ast.unparse(handler.type) if handler.type is not None else ""
    times = "once" if fault.count == 1 else f"{fault.count:,} times"
    does = (
        "only logs"
        if any(isinstance(each, ast.Expr) and isinstance(each.value, ast.Call) for each in handler.body)
        else "drops"
    )
    said = (
        f"except{' ' + quoted(what, 40) if what else ''} at {path}:{handler.lineno} {does} what line {line} raised ({quoted(fault.kind, 60)}, "
        f"{times} tonight): catch what is expected, let the rest rise"
    )
    return Suggestion("swallowed", said, path, handler.lineno, "cause_only")


def _no_time_out(fault: Fault, source: Source) -> Suggestion | None:
    """A call over the network on the failing line that may wait for ever."""
    if not fault.frames or not any(word in fault.kind.lower() for word in _NETWORK):
        return None
    path, line = fault.frames[-1]
    tree = _tree(path, source)
    if tree is None:
        return None
    modules = _imported(tree)
    for call in _calls(tree):
        if not call.lineno <= line <= (call.end_lineno or call.lineno) or _given(call, "timeout"):
            continue
        name = _last(call.func)
        module = _module(call.func, modules)
        known = _MODULES.get(module, set())
        unpacked = any(word.arg is None for word in call.keywords) or any(
            isinstance(arg, ast.Starred) for arg in call.args
        )
        positional = {"urlopen": 3, "create_connection": 2}.get(name, 99)
        if name in known and not unpacked and len(call.args) < positional:
            times = "once" if fault.count == 1 else f"{fault.count:,} times"
            said = f"{module}.{name}() at {path}:{call.lineno} has no time-out and failed {times} tonight ({quoted(fault.kind, 60)}): give it timeout="
            return Suggestion("no_time_out", said, path, call.lineno, "fix_clear")
    return None


def _level_too_low(fault: Fault) -> Suggestion | None:
    if fault.level not in (DEBUG, INFO) or fault.kind in _ORDINARY or fault.site is None:
        return None
    name = "info" if fault.level == INFO else "debug"
    times = "once" if fault.count == 1 else f"{fault.count:,} times"
    said = f"{quoted(fault.kind, 60)} with its traceback is logged as {name}, {times} tonight: log it as error, or without the traceback if it is expected"
    return Suggestion("level_too_low", said, fault.site.path, fault.site.line, "cause_only")


def _tree(path: str, source: Source) -> ast.Module | None:
    text = source(path)
    try:
        return tree_of(text) if text is not None else None
    except (NotParsed, RecursionError):
        return None


def _calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def _innermost(tree: ast.AST, kind: type[_Node], line: int) -> _Node | None:
    """The innermost such statement around a line; none if a function of its own lies between."""
    around = [
        node
        for node in ast.walk(tree)
        if isinstance(node, kind | Definition) and node.lineno <= line <= (node.end_lineno or 0)
    ]
    last = max(around, key=lambda node: node.lineno, default=None)
    return last if isinstance(last, kind) else None


def _is_broad(handler: ast.ExceptHandler) -> bool:
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return handler.type is None or any(_last(kind) in _BROAD for kind in kinds if kind is not None)


def _does_nothing(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Pass | ast.Continue):
        return True
    if isinstance(statement, ast.Return):
        return statement.value is None or isinstance(statement.value, ast.Constant)
    if not isinstance(statement, ast.Expr):
        return False
    value = statement.value
    return isinstance(value, ast.Constant) or (isinstance(value, ast.Call) and _last(value.func) in _LOGS)


def _given(call: ast.Call, name: str) -> bool:
    """Whether an argument is given, and not as False."""
    return any(
        word.arg == name and not (isinstance(word.value, ast.Constant) and word.value.value is False)
        for word in call.keywords
    )


def _imported(tree: ast.Module) -> dict[str, str]:
    """What the names of a file stand for: modules, and functions taken from them."""
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                names[alias.asname or alias.name] = alias.name
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                names[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return names


def _module(called: ast.expr, names: dict[str, str]) -> str:
    """The module that a call's function is of, "" where that is not known."""
    text = ast.unparse(called)
    if isinstance(called, ast.Name):
        return names.get(text, "").rpartition(".")[0]
    head = text.rpartition(".")[0]
    return names.get(head, "")


def _last(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
