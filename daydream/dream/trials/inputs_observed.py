"""Types that arguments have: read from the encoded values that calls were seen to give."""

from collections.abc import Sequence
from typing import Any

from daydream.contracts.sandbox import Inputs
from daydream.dream.trials.annotations import BOOL, FLOAT, INT, NONE, STR, UNKNOWN, Hint, union
from daydream.dream.trials.inputs_contracts import bound
from daydream.dream.trials.inputs_target import Target

_DEEP = 5
_ITEMS = 200
_FIXED = 4
_HELD = frozenset(("list", "set", "frozenset", "deque", "iterator"))
_KEYED = frozenset(("dict", "ordereddict", "defaultdict", "counter"))
_SAME = frozenset(
    ("bytes", "bytearray", "complex", "decimal", "fraction", "date", "time", "datetime", "timedelta", "uuid", "path")
)  # fmt: skip


def seen_types(target: Target, observed: Sequence[Inputs]) -> dict[str, Hint]:
    """What each parameter was seen to be given, "unknown" parts included; nothing for those that never were."""
    values: dict[str, list[Any]] = {}
    for inputs in observed:
        for name, tree in bound(target, inputs, defaults=False).items():
            values.setdefault(name, []).append(tree)
    found = {name: of_values(trees) for name, trees in values.items()}
    return {name: hint for name, hint in found.items() if hint.kind not in ("unknown", "none")}


def of_values(trees: Sequence[Any], depth: int = 0) -> Hint:
    """The type that all these values have: a union where they differ."""
    if depth > _DEEP or not trees:
        return UNKNOWN
    groups: dict[str, list[Any]] = {}
    for each in trees[:_ITEMS]:
        groups.setdefault(_kind(each), []).append(each)
    return union(*(_of_group(kind, group, depth) for kind, group in groups.items()))


def _kind(tree: Any) -> str:
    if tree is None:
        return "none"
    return str(tree[0]) if type(tree) is list else type(tree).__name__


def _of_group(kind: str, trees: list[Any], depth: int) -> Hint:
    plain = {"none": NONE, "bool": BOOL, "int": INT, "str": STR, "float": FLOAT}.get(kind)
    if plain is not None:
        return plain
    if kind in _HELD:
        items = [item for tree in trees for item in tree[1]]
        return Hint(kind, (of_values(items, depth + 1),) if items else ())
    if kind == "tuple":
        return _of_tuples(trees, depth)
    if kind in _KEYED:
        pairs = [pair for tree in trees for pair in tree[1]]
        parts = tuple(of_values([pair[side] for pair in pairs], depth + 1) for side in (0, 1))
        return Hint(kind, parts if pairs else ())
    return Hint(kind) if kind in _SAME else UNKNOWN


def _of_tuples(trees: list[Any], depth: int) -> Hint:
    """Of one short length: each place has a type of its own."""
    lengths = {len(tree[1]) for tree in trees}
    if len(lengths) == 1 and max(lengths) <= _FIXED:
        columns = zip(*(tree[1] for tree in trees), strict=True)
        return Hint("tuple", tuple(of_values(column, depth + 1) for column in columns))
    return Hint("variadic", (of_values([item for tree in trees for item in tree[1]], depth + 1),))
