"""Checks of what a procedure is given, made a matter of how strict its caller wants it."""

import ast
import random
from collections.abc import Iterator

from daydream.contracts.dream import Candidate, Procedure
from daydream.dream.kinds.conditional_variant_signature import may_grow
from daydream.dream.kinds.conditional_variant_text import Edit, Option, Text, with_options


def lenient(text: Text, procedure: Procedure, rng: random.Random) -> Iterator[Candidate]:
    """Propose that the checks which only raise are left out where a caller says so."""
    del rng
    found = [each for each in text.nodes if isinstance(each, ast.If) and _checks(each)]
    outermost = {id(each) for each in text.body}
    alone = sum(id(each) in outermost for each in found) == len(text.body)
    if not found or alone or not may_grow(text, procedure):
        return
    name = text.free("strict", "with_checks")
    if name is None:
        return
    option = Option(name, "bool", "True", "Whether to refuse what the checks find wrong.")
    edits = with_options(text, option)
    if edits is None:
        return
    code = text.edited([*edits, *(edit for each in found for edit in _when(text, name, each.test))])
    if code is not None:
        checks = "its check" if len(found) == 1 else f"its {len(found)} checks"
        run = "only runs" if len(found) == 1 else "only run"
        yield Candidate(
            name=f"{name}=True makes {checks} optional",
            code=code,
            transform_id="conditional_variant.lenient@1",
            assumption="what is refused could not be worked with",
            reasoning=f"{checks} can do nothing but raise, and a caller may know that it can go on",
            description=f"{checks} {run} where the new keyword-only parameter {name} is true, as it is by default",
            details={"parameter": name, "default": True, "checks": len(found)},
            changes_default=True,
        )


def _when(text: Text, name: str, test: ast.expr) -> list[Edit]:
    """Ask for an option before a condition."""
    start, end = text.start(test), text.end(test)
    if isinstance(test, ast.BoolOp | ast.IfExp | ast.Lambda):
        return [Edit(start, start, f"{name} and ("), Edit(end, end, ")")]
    return [Edit(start, start, f"{name} and ")]


def _checks(statement: ast.If) -> bool:
    """Whether a statement does nothing but raise where a condition holds; it may write its message first."""
    *before, last = statement.body
    if statement.orelse or not all(_names_a_text(each) for each in before):
        return False
    binds = any(isinstance(each, ast.NamedExpr) for each in ast.walk(statement.test))
    return isinstance(last, ast.Raise) and last.exc is not None and not binds


def _names_a_text(statement: ast.stmt) -> bool:
    """Whether a statement gives a name the text that an error will have."""
    target = (
        statement.targets[0] if isinstance(statement, ast.Assign) and len(statement.targets) == 1 else None
    )
    return isinstance(target, ast.Name) and target.id in ("msg", "message", "error", "err", "reason", "text")
