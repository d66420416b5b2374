"""Outcomes of the same call: what a relative does where it fails, or where it has nothing to give."""

import ast
import textwrap
from collections.abc import Collection, Iterator

from daydream.contracts.dream import Procedure
from daydream.dream.kinds.conditional_variant_signature import dotted
from daydream.dream.kinds.conditional_variant_text import Edit, Text
from daydream.dream.kinds.cross_project_synthesis_guards import (
    asked_about,
    asks_itself,
    is_guard,
    opened,
    refuses_what_is_there,
    restepped,
    returns_like,
)
from daydream.dream.kinds.cross_project_synthesis_lesson import Gap, Lesson, Rule, handlers, lesson, pairs

_COMMON = frozenset(
    [
        "append",
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
        "repr",
        "isinstance",
        "info",
        "debug",
        "warning",
        "error",
        "exception",
        "add",
        "list",
        "dict",
        "set",
        "getattr",
        "type",
        "bool",
        "tuple",
        "sorted",
        "cast",
        "update",
        "extend",
        "lower",
        "upper",
        "replace",
        "startswith",
        "hasattr",
    ]
)


def _callee(call: ast.Call) -> str:
    """Name whom a call goes to, without `self`; nothing where that says too little."""
    name = dotted(call.func).removeprefix("self.")
    return (
        ""
        if name.rpartition(".")[2] in _COMMON or (isinstance(call.func, ast.Attribute) and not name)
        else name
    )


def _result(statement: ast.stmt) -> ast.Call | None:
    """Return the call whose result a statement binds, returns or drops."""
    value = statement.value if isinstance(statement, ast.Assign | ast.Expr | ast.Return) else None
    value = value.value if isinstance(value, ast.Await) else value
    return value if isinstance(value, ast.Call) else None


def _answered(text: Text) -> Iterator[Lesson]:
    """See handlers of one thing to do, around one or two statements."""
    for tried, handler in handlers(text):
        done = handler.body[0]
        if handler.type is None or len(handler.body) != 1 or len(tried.body) > 2 or len(tried.handlers) != 1:
            continue
        if any(
            isinstance(each, ast.Name) and each.id in ("Exception", "BaseException")
            for each in ast.walk(handler.type)
        ):
            continue
        if not isinstance(done, ast.Return | ast.Pass | ast.Raise) or not text.movable(done):
            continue
        if isinstance(done, ast.Raise) and done.exc is None:
            continue
        first, last = text.start(handler)[0], text.end(done)[0]
        value = textwrap.dedent("\n".join(text.lines[first : last + 1]))
        names = {each.id for each in ast.walk(handler) if isinstance(each, ast.Name)} - {handler.name or ""}
        if names & text.bound or "#" in value:
            continue
        call = _result(tried.body[0])
        if call is not None and _callee(call):
            found = lesson(text, f"answered:{_callee(call)}", tried.body[0], value, [handler])
            shown = " ".join(value.split())[:70]
            yield Lesson(found.key, shown, text.start(handler)[0], value, frozenset(names))


def _unanswered(text: Text, procedure: Procedure, taught: Collection[str]) -> Iterator[Gap]:
    del procedure
    tried = {
        id(inner)
        for each in text.nodes
        if isinstance(each, ast.Try)
        for part in each.body
        for inner in ast.walk(part)
    }
    for statement, _ in pairs(text):
        call = _result(statement)
        key = f"answered:{_callee(call)}" if call is not None else ""
        if call is not None and key in taught and id(statement) not in tried and text.movable(statement):
            yield _answer_gap(text, statement, key)


def _answer_gap(text: Text, statement: ast.stmt, key: str) -> Gap:
    callee = key.partition(":")[2]

    def fill(found: Lesson) -> list[Edit] | None:
        handler = ast.parse(f"try:\n    pass\n{found.value}").body[0]
        done = handler.handlers[0].body[0] if isinstance(handler, ast.Try) else None
        if isinstance(done, ast.Pass) and not isinstance(statement, ast.Expr):
            return None
        if isinstance(done, ast.Return) and not returns_like(text, done.value):
            return None
        tail = text.after(statement, *restepped(text, found.value))
        return [text.before(statement, "try:"), *text.indented(statement), tail]

    return Gap(
        key,
        "handled_failure",
        f"what {callee}() raises is answered",
        f"{callee}() does not fail here",
        fill,
        same_class=callee.startswith("self."),
    )


def _checked(text: Text) -> Iterator[Lesson]:
    """See what is asked about a result right after it was got."""
    for first, second in pairs(text):
        if not isinstance(first, ast.Assign) or not isinstance(second, ast.If):
            continue
        call = _result(first)
        target = first.targets[0] if len(first.targets) == 1 else None
        if call is None or not _callee(call) or not isinstance(target, ast.Name):
            continue
        if not is_guard(second) or isinstance(second.body[0], ast.Assign) or refuses_what_is_there(second):
            continue
        names = {each.id for each in ast.walk(second) if isinstance(each, ast.Name)}
        if target.id not in names or (names - {target.id}) & text.bound or not asks_itself(second.test):
            continue
        if text.movable(second):
            found = lesson(text, f"checked:{_callee(call)}", second)
            value = opened(text, second, target.id)
            yield Lesson(found.key, found.shown, found.line, value, frozenset(names - {target.id}))


def _unchecked(text: Text, procedure: Procedure, taught: Collection[str]) -> Iterator[Gap]:
    del procedure
    asked = asked_about(text)
    for statement, following in pairs(text):
        call = _result(statement)
        key = f"checked:{_callee(call)}" if call is not None else ""
        target = (
            statement.targets[0]
            if isinstance(statement, ast.Assign) and len(statement.targets) == 1
            else None
        )
        if key not in taught or following is None or not isinstance(target, ast.Name) or target.id in asked:
            continue
        if text.alone(statement):
            yield _check_gap(text, statement, target.id, key)


def _check_gap(text: Text, statement: ast.stmt, name: str, key: str) -> Gap:
    callee = key.partition(":")[2]

    def fill(found: Lesson) -> list[Edit] | None:
        written = found.value.format(name)
        guard = ast.parse(written).body[0]
        done = guard.body[0] if isinstance(guard, ast.If) else None
        if isinstance(done, ast.Return) and not returns_like(text, done.value):
            return None
        return [text.after(statement, *restepped(text, written))]

    return Gap(
        key,
        "checked_result",
        f"what {callee}() gives is checked",
        f"{callee}() always has something to give",
        fill,
        same_class=callee.startswith("self."),
    )


OUTCOMES = (Rule(_answered, _unanswered), Rule(_checked, _unchecked))
