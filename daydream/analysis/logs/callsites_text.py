"""The texts that a logging call can write: format strings of every style as literal pieces and holes."""

import ast
import re
import string
from typing import Protocol

HOLE = "\ue001"  # stands for a value; no source and no log uses it
_PERCENT = re.compile(
    r"%(?:\((?P<name>[^)]{0,200})\))?[#0\- +]{0,5}(?:\*|\d{1,5})?(?:\.(?:\*|\d{1,5}))?[hlL]?(?P<type>[a-zA-Z%])"
)
_TRANSLATORS = {
    "_",
    "gettext",
    "ugettext",
    "lazy_gettext",
    "gettext_lazy",
    "gettext_noop",
    "_lazy",
    "tr",
    "N_",
}
_SHAPERS = {"strip", "rstrip", "lstrip", "dedent", "cleandoc"}
_MOST_VARIANTS = 4
_LONGEST = 2000


class Names(Protocol):
    """What a name is given, as far as that is known."""

    def get(self, name: str, /) -> list[ast.expr] | None:
        """All expressions that it is given; empty or None where not all are known."""
        ...


def percent(text: str) -> str:
    """Put holes where %-formatting puts values."""
    return _PERCENT.sub(lambda match: "%" if match["type"] == "%" else HOLE, text)


def braces(text: str) -> str:
    """Put holes where `str.format` puts values; as it stands where it is no such format."""
    try:
        parts = [(literal, name) for literal, name, _, _ in string.Formatter().parse(text)]
    except ValueError:
        return text
    return "".join(literal + (HOLE if name is not None else "") for literal, name in parts)


def texts(node: ast.expr, names: Names, depth: int = 0) -> list[str]:
    """Return the texts that an expression can be, values as `HOLE`; at most 4, each at most 2,000 characters.

    `names` are the expressions that a name was given, if all are known. What is unknown is a hole.
    """
    found = _texts(node, names, depth) if depth < 8 else [HOLE]
    return [text[:_LONGEST] for text in found[:_MOST_VARIANTS]]


def _texts(node: ast.expr, names: Names, depth: int) -> list[str]:
    if isinstance(node, ast.Constant):
        return [node.value] if isinstance(node.value, str) else [HOLE]
    if isinstance(node, ast.JoinedStr):
        return _joined([_literal(part, names, depth) for part in node.values])
    if isinstance(node, ast.BinOp):
        return _operation(node, names, depth)
    if isinstance(node, ast.IfExp):
        return texts(node.body, names, depth + 1) + texts(node.orelse, names, depth + 1)
    if isinstance(node, ast.Name) and (given := names.get(node.id)):
        return [text for each in given for text in texts(each, names, depth + 1)]
    if isinstance(node, ast.Call):
        return _call(node, names, depth)
    return [HOLE]


def _literal(part: ast.expr, names: Names, depth: int) -> list[str]:
    """Of an f-string: its text, and of a value one that is known, unless it is shown in a form of its own."""
    if isinstance(part, ast.FormattedValue):
        plain = part.conversion == -1 and part.format_spec is None
        return texts(part.value, names, depth + 1) if plain and isinstance(part.value, ast.Name) else [HOLE]
    return texts(part, names, depth + 1)


def _joined(parts: list[list[str]]) -> list[str]:
    found = [""]
    for part in parts:
        found = [before + after for before in found for after in part][:_MOST_VARIANTS]
    return found


def _operation(node: ast.BinOp, names: Names, depth: int) -> list[str]:
    left = texts(node.left, names, depth + 1)
    if isinstance(node.op, ast.Add):
        return _joined([left, texts(node.right, names, depth + 1)])
    if isinstance(node.op, ast.Mod):
        return [percent(text) for text in left]
    return [HOLE]


def _call(node: ast.Call, names: Names, depth: int) -> list[str]:
    called = node.func
    name = (
        called.attr
        if isinstance(called, ast.Attribute)
        else called.id
        if isinstance(called, ast.Name)
        else ""
    )
    if name == "format" and isinstance(called, ast.Attribute):
        return [braces(text) for text in texts(called.value, names, depth + 1)]
    if name in _TRANSLATORS and len(node.args) == 1:
        return texts(node.args[0], names, depth + 1)
    if name in _SHAPERS:
        inner = node.args[0] if node.args else called.value if isinstance(called, ast.Attribute) else None
        return texts(inner, names, depth + 1) if inner is not None else [HOLE]
    return [HOLE]
