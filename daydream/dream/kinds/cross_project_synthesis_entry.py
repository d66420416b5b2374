"""What relatives do first: methods of the same class make sure of something, others put an argument in form."""

import ast
import re
from collections.abc import Collection, Iterator

from daydream.contracts.dream import Procedure
from daydream.dream.kinds.conditional_variant_signature import dotted
from daydream.dream.kinds.conditional_variant_text import Text
from daydream.dream.kinds.cross_project_synthesis_lesson import Gap, Lesson, Rule, always, lesson

_LEADING = 4
_MAKES_SURE = re.compile(r"_*(check|ensure|require|assert|verify|maybe|ready|raise_if|fail_if|guard)(_\w+)?")
# Names that say nothing about what form is meant.
_ANYTHING = frozenset(
    ["value", "values", "item", "items", "data", "name", "names", "other", "result", "obj", "object", "key"]
)
_NOT_HERE = (
    "__init__",
    "__new__",
    "__del__",
    "__repr__",
    "__str__",
    "__eq__",
    "__hash__",
    "__enter__",
    "__exit__",
)


def _own_call(statement: ast.stmt) -> str:
    """Name the method of `self` that a statement calls with nothing, to make sure of something."""
    call = statement.value if isinstance(statement, ast.Expr) else None
    if not isinstance(call, ast.Call) or call.args or call.keywords:
        return ""
    on, _, called = dotted(call.func).rpartition(".")
    return called if on == "self" and _MAKES_SURE.fullmatch(called) else ""


def _sure(text: Text) -> Iterator[Lesson]:
    for statement in text.body[:_LEADING]:
        called = _own_call(statement)
        if called and len(text.body) > 1:
            yield lesson(text, f"sure:{called}", statement, text.segment(statement))


def _unsure(text: Text, procedure: Procedure, taught: Collection[str]) -> Iterator[Gap]:
    own, _, name = procedure.qualname.rpartition(".")
    known = sorted(key.partition(":")[2] for key in taught if key.startswith("sure:"))
    if not known or not own or name in _NOT_HERE or _MAKES_SURE.fullmatch(name) or "self" not in text.bound:
        return
    used = {each.attr for each in text.nodes if isinstance(each, ast.Attribute)}
    touches = any(isinstance(each, ast.Name) and each.id == "self" for each in text.nodes)
    for called in known:
        if called not in used and touches:
            # Written out: the lesson says no more than the call itself.
            edit = text.before(text.body[0], f"self.{called}()")
            better, assumption = (
                f"self.{called}() is called first",
                f"self.{called}() would find nothing here",
            )
            yield Gap(f"sure:{called}", "sure_first", better, assumption, always([edit]), same_class=True)


def _form(text: Text, statement: ast.stmt) -> tuple[str, ast.Call] | None:
    """Return the argument that a statement puts in form, and the call that does it with nothing but the argument."""
    match statement:
        case ast.Assign(
            targets=[ast.Name(id=name)], value=ast.Call(args=[ast.Name(id=given)], keywords=[]) as call
        ) if name == given and isinstance(call.func, ast.Name | ast.Attribute) and dotted(call.func):
            given_names = {each.arg for each in ast.walk(text.node.args) if isinstance(each, ast.arg)}
            root = dotted(call.func).partition(".")[0]
            return (name, call) if name in given_names and root not in text.bound else None
        case _:
            return None


def _formed(text: Text) -> Iterator[Lesson]:
    for statement in text.body[:_LEADING]:
        found = _form(text, statement)
        if found is not None:
            name, call = found
            yield lesson(text, f"form:{name}", statement, text.segment(statement), [call.func])


def _formless(text: Text, procedure: Procedure, taught: Collection[str]) -> Iterator[Gap]:
    del procedure
    spec = text.node.args
    given = {each.arg for each in (*spec.posonlyargs, *spec.args, *spec.kwonlyargs)}
    used = {each.id for each in text.nodes if isinstance(each, ast.Name)}
    rebound = {
        each.id for each in text.nodes if isinstance(each, ast.Name) and not isinstance(each.ctx, ast.Load)
    }
    for key in sorted(each for each in taught if each.startswith("form:")):
        name = key.partition(":")[2]
        if name in given & used and name not in rebound | _ANYTHING | _told_apart(text):
            first = text.body[0]
            yield Gap(
                key,
                "form",
                f"{name} is put in form first",
                f"{name} always comes in the form that is needed",
                lambda found, first=first: [text.before(first, found.value)],  # type: ignore[misc]
            )


def _told_apart(text: Text) -> set[str]:
    """Names whose form the procedure itself asks about, or needs as it is: it would find another one there."""
    found: set[str] = set()
    for each in text.nodes:
        match each:
            case ast.Call(
                func=ast.Name(id="isinstance" | "type" | "len" | "hasattr"), args=[ast.Name(id=name), *_]
            ):
                found.add(name)
            case ast.Subscript(value=ast.Name(id=name)):
                found.add(name)
            case _:
                pass
    return found


ENTRY = (Rule(_sure, _unsure), Rule(_formed, _formless))
