"""Whether an answer has the type that was expected: by annotation text, by a type, or by the fields of a mapping."""

import ast
import functools
import inspect
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from daydream.app.interface.values import children
from daydream.contracts.sandbox import Encoded
from daydream.errors import UsageError

_TAGS: dict[str, frozenset[str]] = {
    "int": frozenset(("int", "bool")),
    "float": frozenset(("float", "int", "bool")),
    "complex": frozenset(("complex", "float", "int", "bool")),
    "str": frozenset(("str",)),
    "bool": frozenset(("bool",)),
    "None": frozenset(("None",)),
    "NoneType": frozenset(("None",)),
    "list": frozenset(("list",)),
    "tuple": frozenset(("tuple", "namedtuple")),
    "set": frozenset(("set",)),
    "frozenset": frozenset(("frozenset",)),
    "dict": frozenset(("dict", "ordereddict", "defaultdict", "counter")),
    "bytes": frozenset(("bytes",)),
    "bytearray": frozenset(("bytearray",)),
    "Decimal": frozenset(("decimal",)),
    "Fraction": frozenset(("fraction",)),
    "date": frozenset(("date", "datetime")),
    "datetime": frozenset(("datetime",)),
    "time": frozenset(("time",)),
    "timedelta": frozenset(("timedelta",)),
    "UUID": frozenset(("uuid",)),
    "Path": frozenset(("path",)),
    "range": frozenset(("range",)),
    "deque": frozenset(("deque",)),
    "Callable": frozenset(("function",)),
    "Iterator": frozenset(("iterator",)),
}
_SEQUENCES = _TAGS["list"] | _TAGS["tuple"] | frozenset(("deque", "range"))
_ITEMS = _SEQUENCES | _TAGS["set"] | _TAGS["frozenset"] | _TAGS["Iterator"]
_TAGS |= dict.fromkeys(("Sequence", "MutableSequence"), _SEQUENCES | frozenset(("str", "bytes")))
_TAGS |= dict.fromkeys(
    ("Iterable", "Collection", "Container"), _ITEMS | _TAGS["dict"] | frozenset(("str", "bytes"))
)
_TAGS |= dict.fromkeys(("Mapping", "MutableMapping", "Dict"), _TAGS["dict"])
_TAGS |= {
    "List": _TAGS["list"],
    "Tuple": _TAGS["tuple"],
    "Set": _TAGS["set"],
    "FrozenSet": _TAGS["frozenset"],
}
_TAGS |= {
    "AbstractSet": _TAGS["set"] | _TAGS["frozenset"],
    "Generator": _TAGS["Iterator"],
    "number": _TAGS["float"],
}
_ANYTHING = frozenset(("Any", "object"))
_NUMBERED = frozenset(
    [
        "list",
        "dict",
        "ordereddict",
        "defaultdict",
        "counter",
        "set",
        "deque",
        "bytearray",
        "array",
        "file",
        "object",
        "iterator",
    ]
)
_NAMED = {"enum": 2, "namedtuple": 2, "object": 2, "opaque": 2, "new": 2}
_JSON = "None | bool | int | float | str | list[json] | dict[str, json]"

Expected = ast.expr | Mapping[str, Any]


def expectation(said: Any) -> Expected | None:
    """Read what is expected: annotation text such as ``list[int]`` or ``json``, a type, or a mapping of fields to these.

    Raises:
        UsageError: it is none of them.
    """
    if said is None:
        return None
    if isinstance(said, Mapping):
        return {str(name): expectation(each) for name, each in said.items()}
    text = said if isinstance(said, str) else inspect.formatannotation(said)
    try:
        return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        msg = f"expected_output_type {text[:80]!r} is no type; write it as an annotation, such as 'list[int]'"
        raise UsageError(msg) from error


def unlike(tree: Encoded, expected: Expected | None) -> str | None:
    """Why a value is not of the type that is expected, as a clause; None where it is."""
    if expected is None:
        return None
    return _Comparing(tree).value(tree, expected, "the answer")


class _Comparing:
    """One comparison; containers are numbered as the encoding does, for what refers to them."""

    def __init__(self, tree: Encoded) -> None:
        self.met = list(_numbered(tree))
        self.open: set[tuple[int, int]] = set()
        self.as_json = False

    def value(self, tree: Encoded, expected: Expected, where: str) -> str | None:
        if type(tree) is list and tree[0] == "ref":
            tree = self.met[tree[1]] if 0 <= tree[1] < len(self.met) else tree
        here = (id(tree), id(expected))
        if type(tree) is list and here in self.open:
            # It holds itself, and is being looked at.
            return f"{where} holds itself, which JSON cannot" if self.as_json else None
        self.open.add(here)
        try:
            if isinstance(expected, Mapping):
                return self.fields(tree, expected, where)
            return self.annotated(tree, expected, where)
        finally:
            self.open.discard(here)

    def fields(self, tree: Encoded, expected: Mapping[str, Any], where: str) -> str | None:
        if _tag(tree) not in _TAGS["dict"]:
            return _wrong(tree, "dict", where)
        found = {key: value for key, value in tree[1] if type(key) is str}
        for name, each in expected.items():
            if name not in found:
                return f"{where} has no field {name!r}"
            why = None if each is None else self.value(found[name], each, f"field {name!r}")
            if why:
                return why
        return None

    def annotated(self, tree: Encoded, node: ast.expr, where: str) -> str | None:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            inner = expectation(node.value)
            return None if inner is None else self.value(tree, inner, where)
        if isinstance(node, ast.Subscript):
            return self.parameterised(tree, node, where)
        name = _name(node)
        if name == "json":
            self.as_json = True
            return self.any_of(tree, _json(), "JSON", where)
        if isinstance(node, ast.BinOp):
            return self.any_of(tree, _alternatives(node), ast.unparse(node), where)
        if name in _ANYTHING or _tag(tree) in _TAGS.get(name, ()) or _class(tree) == name:
            return None
        return _wrong(tree, ast.unparse(node), where)

    def any_of(self, tree: Encoded, nodes: Sequence[ast.expr], words: str, where: str) -> str | None:
        if any(self.value(tree, each, where) is None for each in nodes):
            return None
        return _wrong(tree, words, where)

    def parameterised(self, tree: Encoded, node: ast.Subscript, where: str) -> str | None:
        name = _name(node.value)
        inside = list(node.slice.elts) if isinstance(node.slice, ast.Tuple) else [node.slice]
        if name in ("Optional", "Union"):
            some = [*inside, ast.Constant(None)] if name == "Optional" else inside
            return self.any_of(tree, some, ast.unparse(node), where)
        if name in ("Annotated", "Final", "Required", "NotRequired"):
            return self.value(tree, inside[0], where)
        if name == "Literal":
            said = [each.value for each in inside if isinstance(each, ast.Constant)]
            fits = any(type(tree) is type(each) and tree == each for each in said)
            return None if fits else _wrong(tree, ast.unparse(node), where)
        return self.annotated(tree, node.value, where) or self.contents(tree, inside, name, where)

    def contents(self, tree: Encoded, inside: list[ast.expr], name: str, where: str) -> str | None:
        tag = _tag(tree)
        if tag in _TAGS["dict"]:
            pairs = [*inside, *inside][:2] if tag != "counter" else [inside[0], ast.Name("int", ast.Load())]
            parts = [(each, kind) for pair in tree[1] for each, kind in zip(pair, pairs, strict=True)]
        elif tag in _ITEMS and tag != "range":
            items = tree[3] if tag == "namedtuple" else tree[1]
            if name not in ("tuple", "Tuple") or _open_ended(inside):
                inside = inside[:1] * len(items)
            if len(items) != len(inside):
                return f"{where} is a tuple of {len(items)}, and {len(inside)} were expected"
            parts = list(zip(items, inside, strict=True))
        else:
            return None
        for number, (each, kind) in enumerate(parts):
            at = f"item {number // 2 if tag in _TAGS['dict'] else number} of {where}"
            if why := self.value(each, kind, at):
                return why
        return None


@functools.cache
def _json() -> list[ast.expr]:
    return _alternatives(ast.parse(_JSON, mode="eval").body)


def _open_ended(inside: Sequence[ast.expr]) -> bool:
    return len(inside) == 2 and isinstance(inside[1], ast.Constant) and inside[1].value is ...


def _alternatives(node: ast.expr) -> list[ast.expr]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return [*_alternatives(node.left), *_alternatives(node.right)]
    return [node]


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Constant) and node.value is None:
        return "None"
    return node.id if isinstance(node, ast.Name) else ""


def _tag(tree: Encoded) -> str:
    return str(tree[0]) if type(tree) is list else type(tree).__name__ if tree is not None else "None"


def _class(tree: Encoded) -> str | None:
    """The name of the class of what is no value of Python's own types."""
    if type(tree) is not list or tree[0] not in _NAMED:
        return None
    return str(tree[_NAMED[tree[0]]]).rpartition(".")[2]


def _wrong(tree: Encoded, wanted: str, where: str) -> str:
    tag = _class(tree) or _tag(tree)
    return f"{where} is {'None' if tag == 'None' else f'a value of type {tag}'}, and {wanted} was expected"


def _numbered(tree: Encoded) -> Iterator[Encoded]:
    if type(tree) is not list:
        return
    if tree[0] in _NUMBERED:
        yield tree
    if tree[0] not in ("set", "frozenset"):  # their members are numbered on their own
        for each in children(tree):
            yield from _numbered(each)
