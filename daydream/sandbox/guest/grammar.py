"""What a well-formed encoding is, its limits, and its one form as bytes. Standard library only."""

from __future__ import annotations

import json
from typing import Any

BYTES = 2**20
"""The most that one encoded value may weigh as JSON."""
DEPTH = 60
ITEMS = 100_000
TEXT = 2**19
INT_BITS = 2**16
YIELDED = 200
"""How many items of an iterator are drawn."""
MESSAGE = 2_000
PLAIN_INT = 2**53


class EncodingError(ValueError):
    """A value or a tree that this encoding does not hold: unknown, malformed or too large."""


# Each tag's parts. value/values/pairs/attributes nest; a trailing "?" may be left out.
GRAMMAR: dict[str, tuple[str, ...]] = {
    "float": ("text",),
    "int": ("text",),
    "bytes": ("base64",),
    "bytearray": ("base64",),
    "list": ("values",),
    "tuple": ("values",),
    "dict": ("pairs",),
    "set": ("values",),
    "frozenset": ("values",),
    "complex": ("value", "value"),
    "decimal": ("text",),
    "fraction": ("text",),
    "date": ("text",),
    "time": ("text",),
    "datetime": ("text", "value?", "count?"),
    "timedelta": ("count", "count", "count"),
    "uuid": ("text",),
    "path": ("text", "text"),
    "range": ("value", "value", "value"),
    "slice": ("value", "value", "value"),
    "ellipsis": (),
    "deque": ("values", "value"),
    "defaultdict": ("pairs", "text?"),
    "ordereddict": ("pairs",),
    "counter": ("pairs",),
    "enum": ("text", "text", "text"),
    "namedtuple": ("text", "text", "values"),
    "array": ("text", "values", "base64"),
    "pattern": ("value", "count"),
    "zone": ("text",),
    "ref": ("count",),
    "new": ("text", "text", "values", "attributes"),
    "function": ("text",),
    "file": ("text", "base64"),
    "object": ("text", "text", "attributes"),
    "held": ("text", "text", "value"),
    "iterator": ("values", "flag"),
    "raised": ("text", "text", "text"),
    "global": ("text", "text"),
    "module": ("text",),
    "method": ("value", "value"),
    "partial": ("value", "values", "pairs"),
    "closure": ("text", "text", "text", "values", "values"),
    "opaque": ("text", "text"),
}


# --- JSON ---------------------------------------------------------------------------------------------------------


def dumps(tree: Any, most: int = BYTES) -> bytes:
    """Write a tree in its one canonical form."""
    try:
        text = json.dumps(tree, ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode("ascii")
    except (RecursionError, ValueError, TypeError, MemoryError) as error:
        raise EncodingError(f"cannot be written: {type(error).__name__}") from None
    if len(text) > most:
        raise EncodingError(f"{len(text)} bytes are more than {most}")
    return text


def _no_number(text: str) -> Any:
    raise EncodingError(f"a bare number {text[:20]}")


def loads(text: bytes, most: int = BYTES) -> Any:
    """Read a tree and check it. Bare floats and infinities are refused: they have a tag."""
    tree = read_json(text, most)
    check(tree)
    return tree


def read_json(text: bytes, most: int = BYTES) -> Any:
    """Read JSON of bounded size that holds no bare float; nothing is said of its shape."""
    if len(text) > most:
        raise EncodingError(f"{len(text)} bytes are more than {most}")
    try:
        return json.loads(text.decode("ascii"), parse_float=_no_number, parse_constant=_no_number)
    except EncodingError:
        raise
    except (RecursionError, ValueError, MemoryError) as error:
        raise EncodingError(f"is not JSON: {type(error).__name__}") from None


# --- well-formedness ----------------------------------------------------------------------------------------------


def check(tree: Any) -> None:
    """Refuse a tree that is not a well-formed encoding within the limits."""
    _Checker().value(tree, 0)


class _Checker:
    def __init__(self) -> None:
        self.items = 0

    def value(self, tree: Any, depth: int) -> None:
        self.items += 1
        if depth > DEPTH or self.items > ITEMS:
            raise EncodingError("too deep" if depth > DEPTH else "too many items")
        kind = type(tree)
        if tree is None or kind is bool:
            return
        if kind is str:
            self.text(tree, depth)
        elif kind is int:
            if abs(tree) >= PLAIN_INT:
                raise EncodingError("a large integer without its tag")
        elif kind is list:
            self.tagged(tree, depth)
        else:
            raise EncodingError(f"{kind.__name__} is no part of an encoding")

    def tagged(self, tree: list[Any], depth: int) -> None:
        parts = GRAMMAR.get(tree[0]) if tree and type(tree[0]) is str else None
        if parts is None:
            raise EncodingError("a list without a known tag")
        given = tree[1:]
        least = sum(not each.endswith("?") for each in parts)
        if not least <= len(given) <= len(parts):
            raise EncodingError(f"{tree[0]} has {len(given)} parts")
        for part, name in zip(given, parts, strict=False):
            getattr(self, name.rstrip("?"))(part, depth)

    def text(self, part: Any, _depth: int) -> None:
        if type(part) is not str or len(part) > TEXT:
            raise EncodingError("no text, or too long a text")

    def base64(self, part: Any, _depth: int) -> None:
        if type(part) is not str:
            raise EncodingError("no base64")

    def count(self, part: Any, _depth: int) -> None:
        if type(part) is not int or abs(part) >= PLAIN_INT:
            raise EncodingError("no number")

    def flag(self, part: Any, _depth: int) -> None:
        if type(part) is not bool:
            raise EncodingError("no flag")

    def values(self, part: Any, depth: int) -> None:
        if type(part) is not list:
            raise EncodingError("no list of values")
        for each in part:
            self.value(each, depth + 1)

    def pairs(self, part: Any, depth: int) -> None:
        if type(part) is not list:
            raise EncodingError("no list of pairs")
        for pair in part:
            if type(pair) is not list or len(pair) != 2:
                raise EncodingError("no pair")
            self.values(pair, depth)

    def attributes(self, part: Any, depth: int) -> None:
        self.pairs(part, depth)
        if any(type(pair[0]) is not str for pair in part):
            raise EncodingError("an attribute without a name")
