"""Calls that a docstring writes outside `>>>` lines: `add(1, 2) == 3`, `For a = 1 and b = 2 ...`, `Input: 3`."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator

from daydream.analysis.source import NotParsed, tree_of
from daydream.dream.trials.inputs_target import Target

_MOST = 40
_LONGEST = 4_000
_CLOSING = {"(": ")", "[": "]", "{": "}"}
_ELSE = r"\s*(?:=|:|is|are)\s*"


def calls_in_prose(text: str, target: Target) -> list[ast.Expr]:
    """The calls of a procedure that a text mentions, as statements; whether their arguments can be read is not said."""
    found = [*_written(text, target), *_named(text, target)]
    return found[:_MOST]


def _written(text: str, target: Target) -> Iterator[ast.Expr]:
    name = target.owner.rpartition(".")[2] if target.name == "__init__" else target.name
    for match in re.finditer(rf"(?<![\w.]){re.escape(name)}\s*\(", text):
        source = _leading(text[match.start() : match.start() + _LONGEST], past_name=True)
        made = _call(source) if source else None
        if made is not None:
            yield made


def _named(text: str, target: Target) -> Iterator[ast.Expr]:
    """Values given by the names of the parameters; those that come together make a call. A single parameter may also be called
    the input."""
    if target.receiver != "none" or not target.parameters:
        return
    wanted = [each.name for each in target.parameters if each.must]
    if not wanted:
        return
    columns = [_values(text, rf"(?<![\w.]){re.escape(each)}{_ELSE}") for each in wanted]
    if len(wanted) == 1:
        columns[0] += _values(text, r"(?i:\binputs?)\s*[:=]\s*")
    for row in zip(*columns, strict=False):
        made = _call(f"{target.name}({', '.join(row)})")
        if made is not None:
            yield made


def _values(text: str, lead: str) -> list[str]:
    """The literals that follow a pattern."""
    found = [_leading(text[match.end() : match.end() + _LONGEST]) for match in re.finditer(lead, text)]
    return [each for each in found if each and _is_literal(each)]


def _is_literal(source: str) -> bool:
    try:
        ast.literal_eval(source)
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return False
    return True


def _call(source: str) -> ast.Expr | None:
    try:
        body = tree_of(source).body
    except NotParsed:
        return None
    one = body[0] if len(body) == 1 else None
    return one if isinstance(one, ast.Expr) and isinstance(one.value, ast.Call) else None


def _leading(text: str, *, past_name: bool = False) -> str:
    """The first literal of a text, or, past a name, the name with its brackets; "" where neither is there."""
    open_brackets: list[str] = []
    taken: list[tokenize.TokenInfo] = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type in (tokenize.NL, tokenize.NEWLINE) and not open_brackets:
                break
            taken.append(token)
            if token.string in _CLOSING and token.type == tokenize.OP:
                open_brackets.append(_CLOSING[token.string])
            elif open_brackets and token.string == open_brackets[-1] and token.type == tokenize.OP:
                open_brackets.pop()
            if not open_brackets and not (past_name and len(taken) < 2) and token.string not in "+-":
                return _between(text, taken)
    except (tokenize.TokenError, IndentationError, SyntaxError):
        return ""
    return ""


def _between(text: str, taken: list[tokenize.TokenInfo]) -> str:
    """The source from the first token to the last."""
    lines = text.splitlines(keepends=True)
    row, column = taken[-1].end
    return "".join([*lines[: row - 1], lines[row - 1][:column]]) if row <= len(lines) else ""


__all__ = ["calls_in_prose"]
