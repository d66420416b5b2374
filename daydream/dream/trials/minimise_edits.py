"""Trees that are one edit simpler than another and of the same type."""

import base64
import binascii
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

from daydream.sandbox.guest.grammar import GRAMMAR

_HELD = frozenset(
    ["list", "set", "frozenset", "deque", "dict", "ordereddict", "defaultdict", "counter", "iterator"]
)
"""Tags whose first part may grow and shrink; a tuple's length is part of its type."""


def simpler(tree: Any) -> Iterator[Any]:
    """Yield simpler trees of the same type, bold edits first; what is simple already yields nothing."""
    if type(tree) is str:
        yield from _texts(tree)
    elif type(tree) is int:
        yield from _integers(tree)
    elif type(tree) is list:
        edit = _EDITS.get(tree[0])
        if edit:
            yield from edit(tree)
        yield from _inside(tree)


def weight(tree: Any) -> int:
    """About how much there is to read in a tree; one number is as much as another, however it is spelt."""
    if type(tree) is str:
        return len(tree)
    if type(tree) is list:
        if tree and tree[0] in ("float", "int"):
            return 2
        return 1 + sum(map(weight, tree))
    return 1


def _inside(tree: list[Any]) -> Iterator[Any]:
    """The same tree with one of the trees in it simpler."""
    for index, name in enumerate(GRAMMAR[tree[0]][: len(tree) - 1], start=1):
        kind = name.rstrip("?")
        part = tree[index]
        if kind == "value":
            yield from (_with(tree, index, smaller) for smaller in simpler(part))
        elif kind == "values":
            for at, each in enumerate(part):
                yield from (_with(tree, index, _with(part, at, smaller)) for smaller in simpler(each))
        elif kind in ("pairs", "attributes"):
            for at, pair in enumerate(part):
                yield from (_with(tree, index, _with(part, at, changed)) for changed in _pairs(pair, kind))


def _pairs(pair: list[Any], kind: str) -> Iterator[list[Any]]:
    yield from ([pair[0], smaller] for smaller in simpler(pair[1]))
    if kind == "pairs":
        yield from ([smaller, pair[1]] for smaller in simpler(pair[0]))


def _with(items: list[Any], at: int, item: Any) -> list[Any]:
    return [*items[:at], item, *items[at + 1 :]]


def pieces(items: Any) -> Iterator[Any]:
    """A list, text or bytes without some of it: without all, halves, quarters, down to single items."""
    size = len(items)
    if not size:
        return
    yield items[:0]
    count = 2
    while size > 1:
        bounds = sorted({size * part // count for part in range(count + 1)})
        for start, end in pairwise(bounds):
            yield items[:start] + items[end:]
        if count >= size:
            return
        count = min(2 * count, size)


def _texts(text: str) -> Iterator[str]:
    yield from pieces(text)
    for letter in ("a", "0", " "):
        plain = letter * len(text)
        if len(text) > 1 and text != plain and set(text) != {letter}:
            yield plain
    if len(text) == 1 and text not in "a0 ":
        yield "a"


def _integers(number: int) -> Iterator[int]:
    nearer = number - (1 if number > 0 else -1)
    for smaller in dict.fromkeys((0, 1, abs(number), _half(number), nearer)):
        if (abs(smaller), smaller < 0) < (abs(number), number < 0):
            yield smaller


def _half(number: int) -> int:
    return number // 2 if number > 0 else -(-number // 2)


def _large(tree: list[Any]) -> Iterator[Any]:
    try:
        number = int(tree[1], 16)
    except ValueError:
        return
    yield from (0, 1, 2**53 - 1)
    half = _half(number)
    yield ["int", hex(half)] if abs(half) >= 2**53 else half


def _floats(tree: list[Any]) -> Iterator[Any]:
    try:
        number = float.fromhex(tree[1])
    except (ValueError, OverflowError):
        return
    finite = abs(number) < 1e15
    wanted = [0.0, 1.0, *([float(int(number)), float(int(number) // 2)] if finite else [])]
    for smaller in dict.fromkeys(wanted):
        if not finite or (abs(smaller), smaller.hex()) < (abs(number), number.hex()):
            yield ["float", smaller.hex()]


def _containers(tree: list[Any]) -> Iterator[Any]:
    for piece in pieces(tree[1]):
        yield _with(tree, 1, piece)


def _bytes(tree: list[Any]) -> Iterator[Any]:
    try:
        data = base64.b64decode(tree[-1], validate=True)
    except (ValueError, binascii.Error):
        return
    for piece in pieces(data):
        yield [*tree[:-1], base64.b64encode(piece).decode("ascii")]


_EDITS: dict[str, Callable[[list[Any]], Iterator[Any]]] = {
    **dict.fromkeys(_HELD, _containers),
    "float": _floats,
    "int": _large,
    "bytes": _bytes,
    "bytearray": _bytes,
    "file": _bytes,
}
