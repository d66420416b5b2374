"""Values at the edge of a type: empty, one item, large, None, odd text, NaN, beside the constants of the code."""

import base64
from collections.abc import Callable, Iterator
from typing import Any

from daydream.dream.trials.annotations import ANY, INT, Hint
from daydream.dream.trials.call_sites_literals import scalar
from daydream.dream.trials.inputs_draw import Drawer, distinct
from daydream.dream.trials.inputs_objects import CannotBuild
from daydream.dream.trials.inputs_pool import Pool

LARGE = 400
_OF_CODE = 4
_TEXTS = ("", " ", "é", "日本語", "😀", "\ud800", "\x00", "\t\n\r ", "İß", "a" * 3000, "ab " * LARGE, "-1", "None", "%s {0} $x", "../..")  # fmt: skip
_FLOATS = (0.0, -0.0, float("nan"), float("inf"), float("-inf"), 1e308, 5e-324, -1.0, 0.1 + 0.2)
_INTS = (0, 1, -1, 2**31 - 1, -(2**31), 2**63, 10**18)
_HASHED = frozenset(("set", "frozenset", "dict", "ordereddict", "defaultdict", "counter"))


def edges(drawer: Drawer, hint: Hint, name: str = "", depth: int = 0) -> Iterator[Any]:
    """Encoded values, the most telling first; none for a type without edges."""
    for option in hint.options:
        try:
            yield from _of_kind(drawer, option, name, depth)
        except CannotBuild:
            continue


def _of_kind(drawer: Drawer, hint: Hint, name: str, depth: int) -> Iterator[Any]:
    if hint.kind in _FIXED:
        yield from _FIXED[hint.kind]
    elif hint.kind == "literal":
        yield from hint.values
    elif hint.kind in _NUMBERED:
        yield from _NUMBERED[hint.kind](drawer.pool)
    elif hint.kind in ("bytes", "bytearray"):
        for data in (b"", *drawer.pool.blobs, b"\xff\xfe\x00", bytes(range(256)), b"ab" * LARGE):
            yield [hint.kind, base64.b64encode(data).decode("ascii")]
    elif hint.kind in _HELD:
        yield from _containers(drawer, hint, name, depth)


def _ints(pool: Pool) -> Iterator[Any]:
    yield from _INTS[:3]
    yield from (each + step for each in pool.ints for step in (-1, 0, 1))
    yield from (scalar(each) for each in _INTS[3:])


def _floats(pool: Pool) -> Iterator[Any]:
    yield from (scalar(each) for each in _FLOATS)
    yield from (scalar(each + step) for each in (*pool.floats, *pool.ints) for step in (0.0, 1e-9, -1e-9))


def _texts(pool: Pool) -> Iterator[Any]:
    yield ""
    yield from (each for each in pool.texts if each)
    yield from _TEXTS[1:]
    yield from (f"{each} {each}" for each in pool.texts if each)


def _containers(drawer: Drawer, hint: Hint, name: str, depth: int) -> Iterator[Any]:
    """Empty, one, equal, sorted, reversed, large, and the edges of the items."""
    part = hint.parts[0] if hint.parts else INT
    part = INT if part.kind in ("unknown", "any") else part
    yield _held(hint, [])
    if depth > 1:
        return
    if hint.kind in _HASHED:
        yield from _hashed(drawer, hint, name)
        return
    one = drawer.value(part, 1, name)
    yield _held(hint, [one])
    yield _held(hint, [one, one, one])
    for constant in _constants(
        drawer.pool, part
    ):  # nothing but a value that the code asks for, and beside others
        yield _held(hint, [constant] * 3)
        yield _held(hint, [one, constant])
    several = drawer.many(part, 0, name, 6)
    ordered = sorted(several, key=_rank)
    yield _held(hint, ordered)
    yield _held(hint, ordered[::-1])
    yield _held(hint, (several * LARGE)[:LARGE])
    for number, each in enumerate(edges(drawer, part, name, depth + 1)):
        if number >= 6:
            return
        yield _held(hint, [each])
        yield _held(hint, [*several[:2], each])


def _constants(pool: Pool, part: Hint) -> list[Any]:
    """Constants of the code that an item may be."""
    kinds = {each.kind for each in part.options}
    found: list[Any] = [*(pool.ints if "int" in kinds else ())]
    found += [scalar(each) for each in (pool.floats if "float" in kinds else ())]
    found += [each for each in (pool.texts if "str" in kinds else ()) if each]
    return found[:_OF_CODE]


def _hashed(drawer: Drawer, hint: Hint, name: str) -> Iterator[Any]:
    large = _grown(drawer, hint, name)
    if hint.kind in ("set", "frozenset"):
        yield _held(hint, large[:1])
        yield _held(hint, large)
        return
    pairs = drawer.pairs(Hint(hint.kind, hint.parts), 0, name)
    yield _held(hint, pairs[:1])
    for key in hint.keys:  # asked for, with None, and the others left out
        yield _held(hint, [[key, None]])
    valued = hint.parts[1] if len(hint.parts) > 1 else ANY
    if hint.kind != "counter":
        yield _held(hint, [[key, drawer.value(valued, 1, name)] for key in large])


def _grown(drawer: Drawer, hint: Hint, name: str) -> list[Any]:
    part = drawer.hashable(hint.parts[0] if hint.parts else Hint("str"))
    if part.kind == "int":
        return list(range(LARGE))
    if part.kind == "str":
        return [f"k{number}" for number in range(LARGE)]
    try:
        return distinct(drawer.many(part, 0, name, 60))
    except CannotBuild:
        return []


def _held(hint: Hint, items: list[Any]) -> Any:
    kind = {"sequence": "list", "iterable": "list", "variadic": "tuple"}.get(hint.kind, hint.kind)
    if kind == "iterator":
        return ["iterator", items, True]
    return [kind, items, None] if kind == "deque" else [kind, items]


def _rank(tree: Any) -> tuple[str, Any]:
    """An order of trees that is that of the values for numbers and texts."""
    if isinstance(tree, int):
        return ("0", float(tree))
    if isinstance(tree, str):
        return ("1", tree)
    if type(tree) is list and tree[0] == "float":
        return ("0", 0.0 if tree[1] == "nan" else float.fromhex(tree[1]))
    return ("2", repr(tree))


_FIXED: dict[str, tuple[Any, ...]] = {
    "none": (None,),
    "bool": (False, True),
    "any": (None, 0, "", ["list", []], ["dict", []], ["float", "nan"], "é", -1),
    "unknown": (None, 0, "", ["list", []], ["dict", []], ["float", "nan"], "é", -1),
    "callable": tuple(["function", each] for each in ("raise:ValueError", "constant:none", "identity", "raise:KeyError")),
    "datetime": tuple(["datetime", each] for each in ("0001-01-01T00:00:00", "9999-12-31T23:59:59.999999", "1970-01-01T00:00:00+00:00")),
    "date": tuple(["date", each] for each in ("0001-01-01", "9999-12-31", "1970-01-01")),
    "decimal": tuple(["decimal", each] for each in ("NaN", "Infinity", "-0", "1E-30")),
}  # fmt: skip
_NUMBERED: dict[str, Callable[[Pool], Iterator[Any]]] = {"int": _ints, "float": _floats, "str": _texts}
_HELD = _HASHED | {"list", "sequence", "iterable", "variadic", "iterator", "deque"}
