"""The types that a docstring gives its parameters, in the styles of Google, NumPy and Sphinx."""

import ast
import re

from daydream.dream.trials.annotations import NONE, UNKNOWN, Hint, Reader, union
from daydream.dream.trials.inputs_target import Target

_WORDS = {
    "string": "str", "strings": "str", "text": "str", "unicode": "str", "integer": "int", "integers": "int", "ints": "int", "boolean": "bool", "number": "float", "numeric": "float", "scalar": "float",
    "floats": "float", "callable": "callable", "function": "callable", "dictionary": "dict", "mapping": "dict", "dicts": "dict", "sequence": "list", "iterable": "list",
    "lists": "list", "array": "list", "tuples": "tuple", "obj": "object", "datetime": "'datetime.datetime'", "none": "None", "path": "str", "str-like": "str", "file-like": "'io.StringIO'",
}  # fmt: skip
_OF = re.compile(
    r"(?P<outer>list|lists|set|sequence|iterable|tuple|array)s?\s+of\s+(?P<inner>[\w.\-]+)", re.IGNORECASE
)
_STANDARD = {
    "datetime.datetime": "datetime",
    "datetime.date": "date",
    "io.StringIO": "textfile",
    "np.ndarray": "array",
    "numpy.ndarray": "array",
    "ndarray": "array",
    "array_like": "array",
    "array-like": "array",
    "pathlib.Path": "path",
    "Path": "path",
    "Decimal": "decimal",
    "callable": "callable",
}


def type_in_docstring(target: Target, name: str, reader: Reader) -> Hint:
    """The type of a parameter as the docstring, or for `__init__` that of the class, writes it."""
    holders: list[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef] = [target.node]
    if target.receiver == "blank":
        holders.append(target.scope.classes[target.owner])
    for each in holders:
        text = ast.get_docstring(each) or ""
        written = _written(text[:20_000], name)
        if written:
            return _read(written, target, reader)
    return UNKNOWN


def _written(text: str, name: str) -> str:
    word = re.escape(name)
    patterns = (
        rf"^[ \t]*:type\s+\**{word}\s*:\s*(?P<type>.+)$",
        rf"^[ \t]*:param\s+(?P<type>[^:\n]+?)\s+\**{word}\s*:",
        rf"^[ \t]*\**{word}\s*\((?P<type>[^)\n]+(?:\([^)\n]*\))?[^)\n]*)\)\s*:",
        rf"^[ \t]*\**{word}\s+:\s*(?P<type>\S.*)$",
    )
    for pattern in patterns:
        match = re.search(pattern, text, re.MULTILINE)
        if match:
            return match["type"].strip()
    return ""


def _read(written: str, target: Target, reader: Reader) -> Hint:
    """`int or None`, `list of str, optional`, `{'a', 'b'}`, `:class:`Path``, `Optional[int]`."""
    written = re.sub(r":\w+:|[`~!]", "", written)
    written = re.sub(
        r",?\s*(?:optional|default(?:s to)?[:= ].*|keyword.only|required)\s*$",
        "",
        written,
        flags=re.IGNORECASE,
    ).strip(" ,.")
    if re.fullmatch(r"\{[^{}]+\}", written):
        written = f"Literal[{written[1:-1]}]"
        return _parsed(written.replace("Literal", "typing.Literal"), target, reader)
    return union(*(_one(each, target, reader) for each in re.split(r"\s+or\s+|\s*\|\s*|\s*/\s*", written)))


def _one(text: str, target: Target, reader: Reader) -> Hint:
    text = text.strip()
    match = _OF.match(text)
    if match:
        return Hint("list" if match["outer"].lower() not in ("set", "tuple") else {"set": "set", "tuple": "variadic"}[match["outer"].lower()], (_one(match["inner"], target, reader),))  # fmt: skip
    if text in _STANDARD:
        return Hint(_STANDARD[text])
    bare = _WORDS.get(text.lower(), text).strip("'")
    if bare in _STANDARD:
        return Hint(_STANDARD[bare])
    return NONE if bare == "None" else _parsed(bare, target, reader)


def _parsed(text: str, target: Target, reader: Reader) -> Hint:
    if not re.fullmatch(r"[\w.\[\], |'\"\-]+", text):
        return UNKNOWN
    if text.startswith("typing.Literal"):
        return reader.literals(text.partition("[")[2].rpartition("]")[0], target.scope)
    return reader.read(ast.Constant(text), target.scope, target.owner)
