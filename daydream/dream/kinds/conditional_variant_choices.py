"""Other things that a caller may choose: an answer instead of an error, and whether a value is put right."""

import ast
import random
import re
from collections.abc import Iterator

from daydream.contracts.dream import Candidate, Procedure
from daydream.dream.kinds.conditional_variant_signature import dotted, may_grow
from daydream.dream.kinds.conditional_variant_text import Option, Text, with_options

# Errors about how a procedure was called, or of code that is not there, have no answer.
_NO_ANSWER = re.compile(
    r"(NotImplemented|Assertion|Type|Name|Import|Syntax|Recursion|Memory|Unbound\w*|ImproperlyConfigured)(Error)?"
    r"|StopIteration|StopAsyncIteration|SystemExit|KeyboardInterrupt|GeneratorExit|Exit|Abort"
)
_SAID = re.compile(r"[a-z][a-z0-9_]{3,30}")
_LEAVING = (
    ast.Return,
    ast.Raise,
    ast.Continue,
    ast.Break,
    ast.Yield,
    ast.YieldFrom,
    ast.Await,
    ast.NamedExpr,
)


def answers(text: Text, procedure: Procedure, rng: random.Random) -> Iterator[Candidate]:
    """Propose, one `raise` at a time, that a caller's value is returned instead."""
    found = [each for each in text.nodes if isinstance(each, ast.Raise) and _may_be_answered(text, each)]
    gives = any(
        isinstance(each, ast.Return) and each.value is not None and not _is_none(each.value)
        for each in text.nodes
    )
    yields = any(isinstance(each, ast.Yield | ast.YieldFrom) for each in text.nodes)
    if not found or not gives or yields or not may_grow(text, procedure):
        return
    name = text.free("fallback", "otherwise")
    if name is None:
        return
    unanswered = _unanswered(text)
    option = Option(name, "object", "...", "What to return instead of raising; without it, it raises.")
    for each in rng.sample(found, len(found)):
        signature = with_options(text, option)
        if signature is None:
            return
        if id(each) in unanswered:
            continue
        code = text.edited(
            [*signature, text.before(each, f"if {name} is not ...:", f"{text.unit}return {name}")]
        )
        if code is not None:
            yield _answer(code, _error(each), name)


def _may_be_answered(text: Text, node: ast.Raise) -> bool:
    error = _error(node)
    return bool(error) and not _NO_ANSWER.fullmatch(error.rpartition(".")[2]) and text.alone(node)


def _error(node: ast.Raise) -> str:
    raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
    name = dotted(raised) if isinstance(raised, ast.Name | ast.Attribute) else ""
    # What was caught, or made before, is passed on: it is not decided here.
    return name if name.rpartition(".")[2][:1].isupper() else ""


def _unanswered(text: Text) -> set[int]:
    """Return the ids of what stands where a `return` would do more than return, or cannot stand."""
    inside: list[ast.stmt | ast.excepthandler] = []
    for each in text.nodes:
        if isinstance(each, ast.Try | ast.TryStar):
            inside += each.finalbody
            inside += each.handlers if isinstance(each, ast.TryStar) else []
    return {id(node) for each in inside for node in ast.walk(each)}


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _answer(code: str, error: str, name: str) -> Candidate:
    return Candidate(
        name=f"{name} is returned where it raises {error}",
        code=code,
        transform_id="conditional_variant.answer@1",
        assumption=f"a caller can do nothing but catch {error}",
        reasoning=f"it gives a value otherwise, and a caller who knows what to go on with need not catch {error}",
        description=f"the new keyword-only parameter {name} is returned instead of raising {error}; without it, it raises as today",
        details={"parameter": name, "error": error},
        changes_default=True,
    )


def adjustments(text: Text, procedure: Procedure, rng: random.Random) -> Iterator[Candidate]:
    """Propose that a value which is only put right under a condition is left as it is where a caller says so."""
    found = [
        (each, target) for each in text.body if isinstance(each, ast.If) and (target := _adjusted(text, each))
    ]
    if not found or len(found) == len(text.body) or not may_grow(text, procedure):
        return
    for statement, target in rng.sample(found, len(found)):
        name = text.free(f"adjust_{target.strip('_')}")
        if name is None:
            continue
        option = Option(name, "bool", "True", f"Whether to adjust {target} where that is called for.")
        edits = with_options(text, option)
        if edits is None:
            return
        opened = text.start(statement.test)
        wrapped = isinstance(statement.test, ast.BoolOp | ast.IfExp | ast.Lambda)
        closed = text.end(statement.test)
        edits += [
            text.inserted(opened, f"{name} and {'(' if wrapped else ''}"),
            *([text.inserted(closed, ")")] if wrapped else []),
        ]
        code = text.edited(edits)
        if code is not None:
            yield _adjustment(code, target, name, text.segment(statement.test))


def _adjusted(text: Text, statement: ast.If) -> str:
    """Name what an `if` without an `else` gives another value, and nothing else; "" where it had none before, where it
    does more, or where the condition asks whether there is one."""
    if statement.orelse or any(isinstance(each, _LEAVING) for each in ast.walk(statement)):
        return ""
    targets = {
        ast.unparse(each.targets[0]) if isinstance(each, ast.Assign) and len(each.targets) == 1 else ""
        for each in statement.body
    }
    name = targets.pop() if len(targets) == 1 else ""
    if not name.isidentifier() or not _SAID.fullmatch(name.strip("_")):
        return ""
    given = {each.arg for each in ast.walk(text.node.args) if isinstance(each, ast.arg)}
    before = {
        target.id
        for each in text.body[: text.body.index(statement)]
        if isinstance(each, ast.Assign)
        for target in each.targets
        if isinstance(target, ast.Name)
    }
    return name if name in given | before and not _asks_for(statement.test, name) else ""


def _asks_for(test: ast.expr, name: str) -> bool:
    """Whether a condition asks if a name is None, empty, or not yet what it has to be."""
    for each in ast.walk(test):
        match each:
            case ast.Compare(left=ast.Name(id=asked), ops=[ast.Is() | ast.Eq(), *_]) if asked == name:
                return True
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                if any(isinstance(inner, ast.Name) and inner.id == name for inner in ast.walk(operand)):
                    return True
    return False


def _adjustment(code: str, target: str, name: str, test: str) -> Candidate:
    asked = " ".join(test.split())[:80]
    return Candidate(
        name=f"{name}=True makes it optional to adjust {target}",
        code=code,
        transform_id="conditional_variant.adjustment@1",
        assumption=f"every caller wants {target} adjusted where `{asked}`",
        reasoning=f"{target} has a value before, and `if {asked}` does nothing but give it another one",
        description=f"{target} is only adjusted where the new keyword-only parameter {name} is true, as it is by default",
        details={"parameter": name, "default": True, "adjusted": target},
        changes_default=True,
    )
