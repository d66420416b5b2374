"""State of an object: what another method of the same class asks about an attribute, or locks before it writes it."""

import ast
import re
from collections.abc import Collection, Iterator

from daydream.contracts.dream import Procedure
from daydream.dream.kinds.conditional_variant_text import Edit, Text
from daydream.dream.kinds.cross_project_synthesis_guards import (
    cut,
    is_guard,
    refuses_what_is_there,
    restepped,
    returns_like,
)
from daydream.dream.kinds.cross_project_synthesis_lesson import Gap, Lesson, Rule, lesson

_LEADING = 4
_LOCK = re.compile(r"_*(\w*_)?(lock|mutex|rlock|cond|condition)")


def _attribute(node: ast.AST) -> str:
    """Return the name of an attribute of `self`."""
    own = isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self"
    return node.attr if own and isinstance(node, ast.Attribute) else ""


def _attributes(tree: ast.AST, context: type[ast.expr_context] | None = None) -> set[str]:
    found = {
        _attribute(each)
        for each in ast.walk(tree)
        if isinstance(each, ast.Attribute) and (context is None or isinstance(each.ctx, context))
    }
    return found - {""}


def _asked(text: Text) -> Iterator[Lesson]:
    for statement in text.body[:_LEADING]:
        test = statement.test if isinstance(statement, ast.If | ast.Assert) else None
        if (
            test is None
            or not is_guard(statement)
            or not text.movable(statement)
            or refuses_what_is_there(statement)
        ):
            continue
        if isinstance(statement, ast.If) and isinstance(statement.body[0], ast.Assign):
            continue
        names = {each.id for each in ast.walk(statement) if isinstance(each, ast.Name)} - {"self"}
        asked = _attributes(test)
        called = any(isinstance(each, ast.Call | ast.NamedExpr | ast.Await) for each in ast.walk(test))
        if len(asked) == 1 and not called and not names & text.bound:
            found = lesson(text, f"state:{asked.pop()}", statement, cut(text, statement))
            yield Lesson(found.key, found.shown, found.line, found.value, frozenset(names))


def _not_asked(text: Text, procedure: Procedure, taught: Collection[str]) -> Iterator[Gap]:
    if (
        procedure.qualname.rpartition(".")[2] in ("__init__", "__new__", "__del__", "__repr__")
        or "." not in procedure.qualname
    ):
        return
    known = sorted(key.partition(":")[2] for key in taught if key.startswith("state:"))
    if known:
        read = _attributes(text.node, ast.Load) - _attributes(text.node, ast.Store)
        known = [each for each in known if each in read]
    asked = {name for each in text.nodes for name in _conditions(each)} if known else set()
    for name in known:
        if name not in asked:
            yield _state_gap(text, name)


def _conditions(node: ast.AST) -> set[str]:
    if isinstance(node, ast.If | ast.IfExp | ast.Assert | ast.While):
        return _attributes(node.test)
    return _attributes(node) if isinstance(node, ast.BoolOp | ast.Compare) else set()


def _state_gap(text: Text, name: str) -> Gap:
    def fill(found: Lesson) -> list[Edit] | None:
        guard = ast.parse(found.value).body[0]
        done = guard.body[0] if isinstance(guard, ast.If) else None
        if isinstance(done, ast.Return) and not returns_like(text, done.value):
            return None
        return [text.before(text.body[0], *restepped(text, found.value))]

    better, assumption = f"self.{name} is checked first", f"self.{name} is always fit to work with"
    return Gap(f"state:{name}", "state_guard", better, assumption, fill, same_class=True)


def _locked(text: Text) -> Iterator[Lesson]:
    for each in text.nodes:
        item = each.items[0].context_expr if isinstance(each, ast.With) else None
        if item is None or not _LOCK.fullmatch(_attribute(item)):
            continue
        for name in sorted({name for part in each.body for name in _attributes(part, ast.Store)}):  # type: ignore[attr-defined]
            yield lesson(text, f"locked:{name}", item, text.segment(item))


def _unlocked(text: Text, procedure: Procedure, taught: Collection[str]) -> Iterator[Gap]:
    if procedure.qualname.rpartition(".")[2] in ("__init__", "__new__", "__del__") or procedure.is_async:
        return
    known = sorted(key.partition(":")[2] for key in taught if key.startswith("locked:"))
    written = [name for name in known if name in _attributes(text.node, ast.Store)]
    if not written or any(isinstance(each, ast.With | ast.Yield) for each in text.nodes):
        return
    first, last = text.body[0], text.body[-1]
    if not text.movable(first, last):
        return

    def fill(found: Lesson) -> list[Edit] | None:
        return [text.before(first, f"with {found.value}:"), *text.indented(first, last)]

    for name in written:
        better, assumption = (
            f"self.{name} is written under a lock",
            f"nobody else writes self.{name} meanwhile",
        )
        yield Gap(f"locked:{name}", "lock", better, assumption, fill, same_class=True)


STATE = (Rule(_asked, _not_asked), Rule(_locked, _unlocked))
