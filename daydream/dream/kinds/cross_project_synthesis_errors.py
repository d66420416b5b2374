"""Errors: causes kept, catches narrowed, and failures told, where a relative does so."""

import ast
import re
from collections.abc import Collection, Iterator

from daydream.contracts.dream import Procedure
from daydream.dream.kinds.conditional_variant_signature import dotted
from daydream.dream.kinds.conditional_variant_text import Edit, Text
from daydream.dream.kinds.cross_project_synthesis_lesson import Gap, Lesson, Rule, handlers, lesson

_BROAD = ("Exception", "BaseException")
_LOGGER = re.compile(r"(?i)(.*\.)?_*log(ger|ging)?_*")
_LEVELS = frozenset(["debug", "info", "warning", "error", "exception", "critical"])
_EXPECTED = frozenset(
    [
        "KeyError",
        "IndexError",
        "AttributeError",
        "StopIteration",
        "StopAsyncIteration",
        "ImportError",
        "ModuleNotFoundError",
        "KeyboardInterrupt",
        "CancelledError",
        "GeneratorExit",
        "FileNotFoundError",
        "FileExistsError",
        "LookupError",
        "DoesNotExist",
        "UnicodeDecodeError",
    ]
)
_TOO_COMMON = frozenset(
    [
        "append",
        "get",
        "format",
        "join",
        "items",
        "keys",
        "values",
        "strip",
        "split",
        "len",
        "str",
        "print",
        "super",
        "isinstance",
        "info",
        "debug",
        "warning",
        "error",
        "add",
        "list",
        "dict",
        "set",
        "getattr",
        "run",
        "type",
    ]
)


def _types(handler: ast.ExceptHandler) -> list[str]:
    if handler.type is None:
        return []
    parts = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return [dotted(each) for each in parts]


def _raised(handler: ast.ExceptHandler) -> Iterator[ast.Raise]:
    for each in handler.body:
        for inner in [each, *(each.body if isinstance(each, ast.If) else [])]:
            if isinstance(inner, ast.Raise) and inner.exc is not None:
                yield inner


def _caused(text: Text) -> Iterator[Lesson]:
    for _, handler in handlers(text):
        for each in _raised(handler):
            if isinstance(each.cause, ast.Name) and each.cause.id == handler.name:
                yield lesson(text, "raise-from", each)


def _causeless(text: Text, procedure: Procedure, taught: Collection[str]) -> Iterator[Gap]:
    del procedure, taught
    for _, handler in handlers(text):
        for each in _raised(handler):
            if each.cause is None and not (isinstance(each.exc, ast.Name) and each.exc.id == handler.name):
                yield _cause_gap(text, handler, each)


def _cause_gap(text: Text, handler: ast.ExceptHandler, raised: ast.Raise) -> Gap:
    def fill(found: Lesson) -> list[Edit] | None:
        del found
        name = handler.name or text.free("error", "cause", "exc")
        if name is None or handler.type is None:
            return None
        end = text.end(raised)
        edits = [Edit(end, end, f" from {name}")]
        if handler.name is None:
            at = text.end(handler.type)
            edits.append(Edit(at, at, f" as {name}"))
        return edits

    raises = raised.exc.func if isinstance(raised.exc, ast.Call) else raised.exc
    shown = dotted(raises) if raises is not None else ""
    return Gap(
        "raise-from",
        "raise_from",
        f"{shown} names its cause",
        f"where {shown} comes from is of no interest",
        fill,
    )


def _called(body: list[ast.stmt]) -> list[str]:
    names = [
        dotted(each.func) for statement in body for each in ast.walk(statement) if isinstance(each, ast.Call)
    ]
    short = [name.removeprefix("self.") for name in names]
    return [name for name in dict.fromkeys(short) if name and name.rpartition(".")[2] not in _TOO_COMMON]


def _narrow(text: Text) -> Iterator[Lesson]:
    for tried, handler in handlers(text):
        types = _types(handler)
        if not types or not all(types) or any(each in _BROAD for each in types) or handler.type is None:
            continue
        if len(tried.body) > 3:
            continue
        for name in _called(tried.body):
            found = lesson(text, f"narrow:{name}", handler.type, text.segment(handler.type), [handler.type])
            if not found.names & text.bound:
                yield Lesson(found.key, f"except {found.shown}", found.line, found.value, found.names)


def _wide(text: Text, procedure: Procedure, taught: Collection[str]) -> Iterator[Gap]:
    del procedure, taught
    for tried, handler in handlers(text):
        if handler.type is not None and _types(handler) not in [[each] for each in _BROAD]:
            continue
        for name in _called(tried.body) if len(tried.handlers) == 1 else []:
            yield _narrow_gap(text, handler, name)


def _narrow_gap(text: Text, handler: ast.ExceptHandler, name: str) -> Gap:
    def fill(found: Lesson) -> list[Edit] | None:
        if "\n" in found.value:
            return None
        if handler.type is not None:
            return [text.replaced(handler.type, found.value)]
        row, column = text.start(handler)
        after = (row, column + len("except"))
        return [Edit(after, after, f" {found.value}")]

    return Gap(
        f"narrow:{name}",
        "narrow_except",
        f"only what {name}() is known to raise is caught",
        "every exception means the same here",
        fill,
    )


def _logs(handler: ast.ExceptHandler) -> ast.Call | None:
    for statement in handler.body:
        call = statement.value if isinstance(statement, ast.Expr) else None
        if isinstance(call, ast.Call):
            on, _, level = dotted(call.func).rpartition(".")
            if level in _LEVELS and _LOGGER.fullmatch(on):
                return call
    return None


def _told(text: Text) -> Iterator[Lesson]:
    for _, handler in handlers(text):
        call = _logs(handler)
        if call is not None:
            written = dotted(call.func)
            found = lesson(text, "log-failure", call, written, [call.func])
            # `self.log` is that of another object, and everybody has `logging`.
            if not found.names & (text.bound | {"self", "cls"}):
                yield found
            yield lesson(text, "log-failure", call)


def _silent(text: Text, procedure: Procedure, taught: Collection[str]) -> Iterator[Gap]:
    del taught
    for _, handler in handlers(text):
        types = [each.rpartition(".")[2] for each in _types(handler)]
        speaks = any(isinstance(each, ast.Raise | ast.Call) for each in _below(handler.body))
        if (
            speaks
            or _named_in(handler)
            or any(each in _EXPECTED for each in types)
            or not text.movable(handler.body[0])
        ):
            continue
        yield _log_gap(text, handler, procedure.qualname.rpartition(".")[2])


def _named_in(handler: ast.ExceptHandler) -> bool:
    """Tell whether a handler goes on with the exception that it caught."""
    if handler.name is None:
        return False
    return any(isinstance(each, ast.Name) and each.id == handler.name for each in _below(handler.body))


def _below(body: list[ast.stmt]) -> Iterator[ast.AST]:
    for each in body:
        yield from ast.walk(each)


def _log_gap(text: Text, handler: ast.ExceptHandler, name: str) -> Gap:
    first = handler.body[0]

    def fill(found: Lesson) -> list[Edit] | None:
        told = f'"{name} goes on after an error", exc_info=True'
        lines = [f"{found.value}({told})"]
        if not found.value:
            lines = ["import logging", f"logging.getLogger(__name__).warning({told})"]
        if "logging" in text.bound:
            return None
        if isinstance(first, ast.Pass) and len(handler.body) == 1:
            return [text.replaced(first, f"\n{text.indent(first)}".join(lines))]
        return [text.before(first, *lines)]

    caught = " or ".join(_types(handler)) or "every error"
    return Gap(
        "log-failure",
        "log_failure",
        f"{caught} is logged before it is passed over",
        f"nobody wants to know of {caught} here",
        fill,
    )


ERRORS = (Rule(_caused, _causeless), Rule(_narrow, _wide), Rule(_told, _silent))
