"""Two encoded trees side by side: where they differ, and where nobody can tell.

Nothing is built from a tree and nothing of it is asked: a value whose class calls itself equal to everything is a tree like any other.
"""

import base64
import binascii
import math
import re
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from daydream.dream.trials.comparison_show import shown
from daydream.sandbox.guest.grammar import GRAMMAR, dumps

Aspect = Literal["value", "type", "raised", "arguments", "output"]
Path = tuple[str, ...]
_SETS = frozenset(["set", "frozenset"])
_SEQUENCES = frozenset(["list", "tuple", "deque", "iterator"])
_CALLED = frozenset(["global", "method", "partial", "closure", "function"])
_PLAIN_KEYED = frozenset(["dict", "defaultdict", "counter"])
_NUMBERED = frozenset(
    ["list", "dict", "set", "deque", "defaultdict", "ordereddict", "counter", "bytearray", "array", "object", "iterator", "file"]
)  # fmt: skip
_MASKED = re.compile(
    r"0x[0-9a-fA-F]+"
    r"|(?<!\w)'(?:[^'\\]|\\.)*'(?!\w)|\"(?:[^\"\\]|\\.)*\"|`[^`]*`"
    r"|(?<![A-Za-z_])[-+]?\d[\d_]*(?:\.\d+)?(?:[eE][-+]?\d+)?"
)
_ADDRESS = re.compile(r"(?<= at )0x[0-9a-f]{6,16}(?=[>;,:])")
_ARRAYS = {"<f2": "e", "<f4": "f", "<f8": "d"}
_MATCHED_MOST = 300
_WORDED_BY_CHANCE = frozenset(["RecursionError", "MemoryError"])
"""What these say depends on where the room ran out."""
_ANY_SIZE = 2**30


@dataclass(frozen=True, slots=True)
class Rules:
    """What two values may differ in and still be the same; by default in nothing but the sign of zero.

    `relative` and `absolute` are tolerances as of `math.isclose`, between two floats (and parts of complex numbers,
    elements of float arrays) only, for rewrites that reorder arithmetic. `signed_zero` tells -0.0 from 0.0. `any_order`
    compares the returned sequence as a bag, where its order is documented to mean nothing; `any_key_order` does
    so with the keys of every dictionary. With `addresses`, texts may name other objects' addresses where a default repr
    has one, if each has its counterpart.
    """

    relative: float = 0.0
    absolute: float = 0.0
    signed_zero: bool = False
    any_order: bool = False
    any_key_order: bool = False
    addresses: bool = False


EXACT = Rules()
REORDERED = Rules(relative=1e-9, absolute=1e-12)
"""For a rewrite that says it does the same arithmetic in another order."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A place at which two trees differ."""

    path: Path
    aspect: Aspect
    base: Any
    dream: Any


@dataclass(frozen=True, slots=True)
class Unseen:
    """A place at which both hold something that has no encoding."""

    path: Path
    why: str


def message_class(message: str) -> str:
    """The wording of an error without its numbers, addresses and quoted pieces."""
    return " ".join(_MASKED.sub("¤", message).split())


def gap(base: Any, dream: Any, rules: Rules = EXACT, path: Path = ()) -> Gap | Unseen | None:
    """The first place at which two trees differ; else the first that cannot be compared; else None."""
    text = dumps(base, _ANY_SIZE)
    if text == dumps(dream, _ANY_SIZE) and b'["opaque"' not in text:
        return None
    walk = _Walk(base, dream, rules)
    found = walk.pair(base, dream, path)
    return found or walk.unseen


class _Numbers:
    """Mutable containers of one tree by the number under which the encoding refers to them."""

    def __init__(self, tree: Any) -> None:
        self.nodes: list[Any] = []
        self.by_id: dict[int, int] = {}
        self.visit(tree)

    def visit(self, tree: Any) -> None:
        if type(tree) is not list:
            return
        tag = tree[0]
        if tag in _NUMBERED and not (tag == "object" and tree[1] == "numpy"):
            self.by_id[id(tree)] = len(self.nodes)
            self.nodes.append(tree)
        if tag in _SETS:  # its members are numbered each on its own
            return
        for each in children(tree):
            self.visit(each)

    def resolved(self, tree: Any) -> tuple[Any, int | None]:
        if type(tree) is list and tree[0] == "ref":
            number: int = tree[1]
            return (self.nodes[number], number) if 0 <= number < len(self.nodes) else (tree, None)
        return tree, self.by_id.get(id(tree))


def children(tree: list[Any]) -> Iterator[Any]:
    """The trees directly inside one, in order."""
    for part, name in zip(tree[1:], GRAMMAR[tree[0]], strict=False):
        kind = name.rstrip("?")
        if kind == "value":
            yield part
        elif kind == "values":
            yield from part
        elif kind == "pairs":
            for pair in part:
                yield from pair
        elif kind == "attributes":
            for pair in part:
                yield pair[1]


def holds_opaque(tree: Any) -> bool:
    """Whether anything in a tree may have no encoding that can be compared."""
    return type(tree) is list and (tree[0] in ("opaque", "closure") or any(map(holds_opaque, children(tree))))


class _Walk:
    """Goes through two trees in step. Containers that are met twice must be met twice on both sides."""

    def __init__(self, base: Any, dream: Any, rules: Rules) -> None:
        self.rules = rules
        self.base = _Numbers(base)
        self.dream = _Numbers(dream)
        self.there: dict[int, int] = {}
        self.back: dict[int, int] = {}
        self.unseen: Unseen | None = None
        self.places: dict[str, str] = {}
        self.placed: dict[str, str] = {}

    def pair(self, base: Any, dream: Any, path: Path) -> Gap | None:
        base, ours = self.base.resolved(base)
        dream, theirs = self.dream.resolved(dream)
        if _kind(base) != _kind(dream):
            if type(base) is list and type(dream) is list and {base[0], dream[0]} <= _CALLED:
                self.other_code(path)
                return None
            return Gap(path, "type", base, dream)
        if type(base) is not list:
            same = base == dream or (
                self.rules.addresses and type(base) is str and self.same_but_for_addresses(base, dream)
            )
            return None if same else Gap(path, "value", base, dream)
        if ours is not None and theirs is not None:
            if self.there.get(ours) == theirs:
                return None
            if ours in self.there or theirs in self.back:
                return Gap((*path, ".shared"), "value", base, dream)
            self.there[ours], self.back[theirs] = theirs, ours
        return _SPECIAL.get(base[0], _parts)(self, base, dream, path)

    def same_but_for_addresses(self, base: str, dream: str) -> bool:
        """Whether two texts differ in nothing but where objects lie, each in one place on either side."""
        if _ADDRESS.sub("", base) != _ADDRESS.sub("", dream):
            return False
        ours, theirs = _ADDRESS.findall(base), _ADDRESS.findall(dream)
        return len(ours) == len(theirs) and all(
            self.places.setdefault(one, two) == two and self.placed.setdefault(two, one) == one
            for one, two in zip(ours, theirs, strict=True)
        )

    def other_code(self, path: Path) -> None:
        self.unseen = self.unseen or Unseen(path, "two functions with other code cannot be compared")

    def many(self, base: list[Any], dream: list[Any], path: Path) -> Gap | None:
        for index, (ours, theirs) in enumerate(zip(base, dream, strict=False)):
            found = self.pair(ours, theirs, (*path, f"[{index}]"))
            if found:
                return found
        return None

    def keyed(self, base: list[Any], dream: list[Any], path: Path) -> Gap | None:
        for (key, ours), (other, theirs) in zip(base, dream, strict=False):
            at = (*path, f"[{_short(key)}]")
            found = self.pair(key, other, (*at, ".key")) or self.pair(ours, theirs, at)
            if found:
                return found
        return None

    def bag(self, base: list[Any], dream: list[Any], path: Path, whole: tuple[Any, Any]) -> Gap | None:
        """Members without an order: equal ones are paired off, what is left one by one."""
        left, right = _left_over(base, dream)
        for each in base:
            if self.unseen is None and holds_opaque(each):
                self.unseen = Unseen(path, "it holds a value that has no encoding")
        if len(left) != len(right) or len(left) > _MATCHED_MOST:
            return Gap(path, "value", *whole)
        for each in left:
            for other in right:
                found = gap(each, other, self.rules, path)
                if not isinstance(found, Gap):
                    self.unseen = self.unseen or found
                    right.remove(other)
                    break
            else:
                return Gap(path, "value", *whole)
        return None


def _kind(tree: Any) -> Any:
    """The exact type: the tag, and the class where the tag stands for many."""
    if type(tree) is not list:
        return type(tree)
    if tree[0] in ("object", "held", "enum", "namedtuple", "opaque", "raised", "new"):
        return tuple(tree[:3])
    return tree[0] if tree[0] not in ("path", "file", "array") else tuple(tree[:2])


def _short(key: Any) -> str:
    return shown(key, 60) if type(key) is not list else f"{key[0]}…"


def _left_over(base: list[Any], dream: list[Any]) -> tuple[list[Any], list[Any]]:
    counted: dict[bytes, list[Any]] = {}
    for each in dream:
        counted.setdefault(dumps(each, _ANY_SIZE), []).append(each)
    left = []
    for each in base:
        same = counted.get(dumps(each, _ANY_SIZE))
        if same:
            same.pop()
        else:
            left.append(each)
    return left, [each for group in counted.values() for each in group]


def _parts(walk: _Walk, base: list[Any], dream: list[Any], path: Path) -> Gap | None:
    """Any tag, part by part as the grammar names them."""
    if len(base) != len(dream):
        return Gap(path, "value", base, dream)
    for index, name in enumerate(GRAMMAR[base[0]][: len(base) - 1], start=1):
        found = _part(walk, name.rstrip("?"), (base, dream), index, path)
        if found:
            return found
    return None


def _part(walk: _Walk, kind: str, trees: tuple[Any, Any], index: int, path: Path) -> Gap | None:
    ours, theirs = trees[0][index], trees[1][index]
    if kind == "value":
        return walk.pair(ours, theirs, path)
    if kind not in ("values", "pairs", "attributes"):
        return None if _same(ours, theirs) else Gap(path, "value", *trees)
    if kind == "values":
        found = walk.many(ours, theirs, path)
    elif kind == "pairs":
        found = walk.keyed(ours, theirs, path)
    else:
        found = _attributes(walk, ours, theirs, path)
    return found or (None if len(ours) == len(theirs) else Gap((*path, ".length"), "value", *trees))


def _same(ours: Any, theirs: Any) -> bool:
    return type(ours) is type(theirs) and bool(ours == theirs)


def _attributes(walk: _Walk, base: list[Any], dream: list[Any], path: Path) -> Gap | None:
    for (name, ours), (other, theirs) in zip(base, dream, strict=False):
        if name != other:
            return Gap((*path, ".attributes"), "value", name, other)
        found = walk.pair(ours, theirs, (*path, f".{name}"))
        if found:
            return found
    return None


def _floats(walk: _Walk, base: list[Any], dream: list[Any], path: Path) -> Gap | None:
    return None if close(base[1], dream[1], walk.rules) else Gap(path, "value", base, dream)


def close(base: str, dream: str, rules: Rules) -> bool:
    """Whether two floats, as the encoding writes them, are the same by the rules."""
    if base == dream:
        return True
    try:
        ours, theirs = float.fromhex(base), float.fromhex(dream)
    except (ValueError, OverflowError):
        return False
    return _close(ours, theirs, rules)


def _close(ours: float, theirs: float, rules: Rules) -> bool:
    if math.isnan(ours) or math.isnan(theirs):
        return math.isnan(ours) and math.isnan(theirs)
    if ours == theirs:
        return not rules.signed_zero or math.copysign(1, ours) == math.copysign(1, theirs)
    if not (rules.relative or rules.absolute):
        return False
    return math.isclose(ours, theirs, rel_tol=rules.relative, abs_tol=rules.absolute)


def _arrays(walk: _Walk, base: list[Any], dream: list[Any], path: Path) -> Gap | None:
    if base[2] != dream[2]:
        return Gap((*path, ".shape"), "value", base, dream)
    if base[3] == dream[3]:
        return None
    code = _ARRAYS.get(base[1])
    if code:
        try:
            ours, theirs = (
                struct.iter_unpack("<" + code, base64.b64decode(each, validate=True))
                for each in (base[3], dream[3])
            )
            if all(_close(one, two, walk.rules) for (one,), (two,) in zip(ours, theirs, strict=True)):
                return None
        except (ValueError, binascii.Error, struct.error):
            return Gap(path, "value", base, dream)
    return Gap(path, "value", base, dream)


def _sets(walk: _Walk, base: list[Any], dream: list[Any], path: Path) -> Gap | None:
    return walk.bag(base[1], dream[1], path, (base, dream))


def _mapping(walk: _Walk, base: list[Any], dream: list[Any], path: Path) -> Gap | None:
    if not walk.rules.any_key_order:
        return _parts(walk, base, dream, path)
    theirs = {dumps(key, _ANY_SIZE): pair for pair in dream[1] for key in pair[:1]}
    ordered = [theirs.get(dumps(key, _ANY_SIZE)) for key, _ in base[1]]
    if None in ordered or len(base[1]) != len(dream[1]):
        return Gap((*path, ".keys"), "value", base, dream)
    return _parts(walk, base, [dream[0], ordered, *dream[2:]], path)


def _raised(_walk: _Walk, base: list[Any], dream: list[Any], path: Path) -> Gap | None:
    if base[2] in _WORDED_BY_CHANCE or message_class(base[3]) == message_class(dream[3]):
        return None
    return Gap(path, "raised", base, dream)


def _opaque(walk: _Walk, base: list[Any], _dream: list[Any], path: Path) -> Gap | None:
    walk.unseen = walk.unseen or Unseen(path, f"a {base[1]}.{base[2]} has no encoding"[:200])
    return None


def _closure(walk: _Walk, base: list[Any], dream: list[Any], path: Path) -> Gap | None:
    """The same code with the same values does the same; of other code nobody knows."""
    if base[3] == dream[3]:
        return _parts(walk, base, dream, path)
    walk.other_code(path)
    return None


_SPECIAL: dict[str, Callable[[_Walk, list[Any], list[Any], Path], Gap | None]] = {
    "float": _floats,
    "array": _arrays,
    "set": _sets,
    "frozenset": _sets,
    "dict": _mapping,
    "defaultdict": _mapping,
    "counter": _mapping,
    "raised": _raised,
    "opaque": _opaque,
    "closure": _closure,
}


def as_bags(base: Any, dream: Any, rules: Rules, path: Path) -> Gap | Unseen | None:
    """As `gap`, with the items of the outermost sequence in any order."""
    if not (type(base) is list and base[0] in _SEQUENCES and _kind(base) == _kind(dream)):
        return gap(base, dream, rules, path)
    walk = _Walk(None, None, rules)
    return walk.bag(base[1], dream[1], path, (base, dream)) or walk.unseen
