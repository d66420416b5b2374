"""An encoded value as a few words for a person: bounded, in one line, without secrets."""

import base64
import binascii
from collections.abc import Callable
from typing import Any

from daydream.analysis.redaction import quoted

_ENOUGH = 2_000
_DEEP = 12
_SHOWN = 160


def shown(tree: Any, limit: int = _SHOWN) -> str:
    """Write a tree much as Python would write its value; at most `limit` characters, redacted before they are cut."""
    writer = _Writer()
    writer.value(tree, 0)
    return quoted("".join(writer.parts), limit)


def shown_text(text: str, limit: int = _SHOWN) -> str:
    """Write foreign text as a literal, bounded and redacted in the same way."""
    return quoted(repr(text[:_ENOUGH]), limit)


class _Writer:
    """Writes until there is enough; what follows is left out."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.left = _ENOUGH

    def put(self, text: str) -> None:
        self.parts.append(text[: max(self.left, 0)])
        self.left -= len(text)

    def value(self, tree: Any, depth: int) -> None:
        if depth > _DEEP:
            self.put("…")
        elif type(tree) is not list:
            self.put(repr(tree[:_ENOUGH] if type(tree) is str else tree))
        else:
            _WRITERS.get(tree[0], _plain)(self, tree, depth)

    def many(self, trees: list[Any], depth: int, opening: str, closing: str) -> None:
        self.put(opening)
        for index, each in enumerate(trees):
            if self.left <= 0:
                return
            self.put(", " if index else "")
            self.value(each, depth + 1)
        self.put(closing)

    def pairs(self, pairs: list[Any], depth: int, opening: str, closing: str) -> None:
        self.put(opening)
        for index, (key, value) in enumerate(pairs):
            if self.left <= 0:
                return
            self.put(", " if index else "")
            self.value(key, depth + 1)
            self.put(": ")
            self.value(value, depth + 1)
        self.put(closing)

    def named(self, pairs: list[Any], depth: int, opening: str) -> None:
        self.put(opening)
        for index, (name, value) in enumerate(pairs):
            if self.left <= 0:
                return
            self.put(f"{', ' if index else ''}{name}=")
            self.value(value, depth + 1)
        self.put(")")


_Write = Callable[[_Writer, list[Any], int], None]


def _plain(writer: _Writer, tree: list[Any], _depth: int) -> None:
    parts = ", ".join(repr(each[:_ENOUGH] if type(each) is str else each) for each in tree[1:])
    writer.put(f"{tree[0]}({parts})")


def _between(opening: str, closing: str) -> _Write:
    return lambda writer, tree, depth: writer.many(tree[1], depth, opening, closing)


def _keyed(opening: str, closing: str) -> _Write:
    return lambda writer, tree, depth: writer.pairs(tree[1], depth, opening, closing)


def _number(writer: _Writer, tree: list[Any], _depth: int) -> None:
    try:
        writer.put(repr(float.fromhex(tree[1])) if tree[0] == "float" else tree[1])
    except (ValueError, OverflowError):
        writer.put(tree[1])


def _bytes(writer: _Writer, tree: list[Any], _depth: int) -> None:
    try:
        data = repr(base64.b64decode(tree[1][: _ENOUGH * 4]))
    except (ValueError, binascii.Error):
        data = repr(tree[1][:_ENOUGH])
    writer.put(data if tree[0] == "bytes" else f"{tree[0]}({data})")


def _object(writer: _Writer, tree: list[Any], depth: int) -> None:
    writer.named(tree[3], depth, f"{tree[2]}(")


def _new(writer: _Writer, tree: list[Any], depth: int) -> None:
    writer.many(tree[3], depth, f"{tree[2]}(", ", " if tree[3] and tree[4] else "")
    writer.named(tree[4], depth, "")


def _iterator(writer: _Writer, tree: list[Any], depth: int) -> None:
    writer.many(tree[1], depth, "iterator of [", "]" if tree[2] else ", …]")


_WRITERS: dict[str, _Write] = {
    "float": _number,
    "int": _number,
    "bytes": _bytes,
    "bytearray": _bytes,
    "list": _between("[", "]"),
    "tuple": _between("(", ")"),
    "set": _between("set(", ")"),
    "frozenset": _between("frozenset(", ")"),
    "deque": _between("deque([", "])"),
    "dict": _keyed("{", "}"),
    "ordereddict": _keyed("OrderedDict({", "})"),
    "counter": _keyed("Counter({", "})"),
    "defaultdict": _keyed("defaultdict({", "})"),
    "namedtuple": lambda writer, tree, depth: writer.many(tree[3], depth, f"{tree[2]}(", ")"),
    "object": _object,
    "held": lambda writer, tree, depth: writer.many(tree[3:], depth, f"{tree[2]}(", ")"),
    "new": _new,
    "iterator": _iterator,
    "raised": lambda writer, tree, _depth: writer.put(f"{tree[2]}({tree[3]!r})"),
    "enum": lambda writer, tree, _depth: writer.put(f"{tree[2]}.{tree[3]}"),
    "opaque": lambda writer, tree, _depth: writer.put(f"<{tree[1]}.{tree[2]}>"),
    "global": lambda writer, tree, _depth: writer.put(f"{tree[1]}.{tree[2]}"),
    "module": lambda writer, tree, _depth: writer.put(f"<module {tree[1]}>"),
    "closure": lambda writer, tree, _depth: writer.put(f"<{tree[1]}.{tree[2]}>"),
    "function": lambda writer, tree, _depth: writer.put(f"<{tree[1]}>"),
    "ref": lambda writer, tree, _depth: writer.put(f"<the container number {tree[1]} again>"),
}
