"""Edits of encoded arguments that keep every type: numbers near, items dropped, doubled and swapped, keys and texts changed."""

import base64
import copy
import random
from collections.abc import Callable, Sequence
from typing import Any

from daydream.contracts.sandbox import Encoded, Inputs
from daydream.dream.trials.call_sites_literals import scalar
from daydream.dream.trials.mutation_text import edited_text, spliced, with_number
from daydream.sandbox.guest.grammar import GRAMMAR, PLAIN_INT

_ITEMS = 5_000
_LOOKED_AT = 200
_EXCHANGED = 0.12
_OF_CODE = 0.12
_REUSED = 0.35
_OFFERED = ("identity", "str", "len", "bool", "constant:none", "constant:0", "constant:text", "first")
Site = tuple[list[Any], int]


def mutated(
    inputs: Inputs, rng: random.Random, *, receiver: bool = False, constants: Sequence[int] = ()
) -> Inputs | None:
    """The same call with one to four edits somewhere in its arguments, None where nothing can be edited.

    `receiver`: the first argument is the object of a method and stays. Values that refer to one another stay, for
    an edit would change what the references lead to. `constants` are numbers of the code, which some edits put in.
    """
    first = inputs.given[:1] if receiver else ()
    given = copy.deepcopy(list(inputs.given[len(first) :]))
    named = copy.deepcopy([list(each) for each in inputs.named])
    values: list[Any] = [["list", given], ["dict", named]]
    found: list[Site] = []
    for number in range(len(given)):
        _sites(given, number, found)
    for pair in named:
        _sites(pair, 1, found)
    if not found or _refers(values):
        return None
    if rng.random() < _EXCHANGED:
        for _ in range(rng.choice((1, 1, 2, 4))):
            _exchange(rng.choice(found), found, rng)
        return Inputs((*first, *given), tuple((name, tree) for name, tree in named))
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        holder, number = rng.choice(found)
        holder[number] = _changed(holder[number], found, rng, constants)
    return Inputs((*first, *given), tuple((name, tree) for name, tree in named))


def _changed(tree: Encoded, found: list[Site], rng: random.Random, constants: Sequence[int]) -> Encoded:
    how = rng.random()
    if constants and how < _OF_CODE:
        number = rng.choice(constants) + rng.choice((-1, 0, 0, 1))
        if type(tree) is int:
            return scalar(number)
        if type(tree) is str:
            return with_number(tree, abs(number), rng)
    made = _taken_over(tree, found, rng) if how < _REUSED else None
    return edited(tree, rng) if made is None else made


def _exchange(site: Site, found: list[Site], rng: random.Random) -> None:
    """Let two values of one type change places, wherever they stand: what all of them are together stays."""
    holder, number = site
    tree = holder[number]
    if type(tree) is list:
        return  # one may hold the other
    others = [(one, at) for one, at in found[:_LOOKED_AT] if type(one[at]) is type(tree) and one[at] != tree]
    if others:
        other, at = rng.choice(others)
        holder[number], other[at] = other[at], tree


def _taken_over(tree: Encoded, found: list[Site], rng: random.Random) -> Encoded:
    """Another value of the call of the same type, or one beside it: what arguments have in common, a procedure often asks.
    None where there is none."""
    kind = _shape(tree)
    others = [holder[number] for holder, number in found[:_LOOKED_AT]]
    alike = [each for each in others if each is not tree and _shape(each) == kind and each != tree]
    if not alike or type(tree) is bool:
        return None
    chosen = copy.deepcopy(rng.choice(alike))
    if type(chosen) is int and rng.random() < 0.3:
        return chosen + rng.choice((-1, 1))
    if type(chosen) is str and type(tree) is str and rng.random() < 0.5:
        return spliced(tree, chosen, rng)
    return chosen


def related(one: Encoded, other: Encoded) -> bool:
    """Whether two arguments are of one type that has more than two values and can be changed."""
    if type(one) is list:
        return type(other) is list and one[0] == other[0] and one[0] in _EDITED
    return type(one) is type(other) and type(one) in (int, str)


def relative(tree: Encoded, rng: random.Random) -> Encoded:
    """The same, a part of it, or it changed a little."""
    how = rng.randint(0, 3)
    made = copy.deepcopy(tree)
    if how == 0:
        return made
    if how == 1 and type(made) is str:
        first, last = sorted((rng.randint(0, len(made)), rng.randint(0, len(made))))
        return made[first:last]
    if how == 1 and type(made) is list and made[0] in ("list", "set", "frozenset", "deque"):
        first, last = sorted((rng.randint(0, len(made[1])), rng.randint(0, len(made[1]))))
        return [made[0], made[1][first:last], *made[2:]]
    for _ in range(rng.randint(1, 3)):
        made = edited(made, rng)
    return made


def _refers(tree: Any) -> bool:
    if type(tree) is not list:
        return False
    return (bool(tree) and tree[0] == "ref" and len(tree) == 2) or any(_refers(each) for each in tree)


def _sites(holder: list[Any], number: int, found: list[Site]) -> None:
    """Collect where an edit may be made: in a tree and in what it holds, never in a name."""
    tree = holder[number]
    if type(tree) is not list:
        if tree is not None:
            found.append((holder, number))
        return
    if tree[:3] == ["new", "pkgutil", "resolve_name"] or len(found) > _ITEMS:
        return
    if tree[0] in _EDITED:
        found.append((holder, number))
    if tree[0] != "array":
        for held, part in zip(tree[1:], GRAMMAR.get(tree[0], ()), strict=False):
            _inside(held, part, found)


def _inside(held: Any, part: str, found: list[Site]) -> None:
    if part == "values":
        for number in range(len(held)):
            _sites(held, number, found)
    elif part in ("pairs", "attributes"):
        for pair in held:
            _sites(pair, 1, found)


def edited(tree: Encoded, rng: random.Random) -> Encoded:
    """One tree changed a little, of the same type."""
    if type(tree) is bool:
        return not tree
    if type(tree) is int:
        return _number(tree, rng)
    if type(tree) is str:
        return edited_text(tree, rng)
    if type(tree) is list and tree[0] in _EDITED:
        return [tree[0], *_EDITED[tree[0]](tree, rng)]
    return tree


def _number(value: int, rng: random.Random) -> Encoded:
    made = rng.choice((value + 1, value - 1, value * 2, value // 2, -value, 0, value + rng.randint(-9, 9)))
    return made if -PLAIN_INT < made < PLAIN_INT else ["int", hex(made)]


def _blob(tree: Any, rng: random.Random) -> list[Any]:
    data = bytearray(base64.b64decode(tree[1]))
    place = rng.randint(0, len(data))
    how = rng.randint(0, 2)
    if how == 0 or not data:
        data[place:place] = bytes((rng.randint(0, 255),))
    elif how == 1:
        del data[place : place + 1]
    else:
        data[min(place, len(data) - 1)] = rng.randint(0, 255)
    return [base64.b64encode(data).decode("ascii")]


def _float(tree: Any, rng: random.Random) -> list[Any]:
    value = float(tree[1]) if tree[1] in ("nan", "inf", "-inf") else float.fromhex(tree[1])
    made = rng.choice((value + 1.0, value - 0.5, value * 1.5, -value, value / 3.0, 0.0, round(value, 1) if value == value and abs(value) < 1e300 else 1.0))  # noqa: PLR0124 - NaN  # fmt: skip
    return [scalar(made)[1]]


def _items(tree: Any, rng: random.Random) -> list[Any]:
    items = list(tree[1])
    rest = list(tree[2:])
    if not items:
        return [items, *rest]
    one, other = rng.randrange(len(items)), rng.randrange(len(items))
    how = rng.randint(0, 5)
    if how == 0:
        del items[one]
    elif how == 1 and len(items) < _ITEMS:
        items.insert(other, copy.deepcopy(items[one]))
    elif how == 2:
        items[one], items[other] = items[other], items[one]
    elif how == 3:
        items.reverse()
    elif how == 4:
        items[one] = edited(items[one], rng)
    else:
        items.append(edited(copy.deepcopy(items[one]), rng))
    return [items, *rest]


def _pairs(tree: Any, rng: random.Random) -> list[Any]:
    pairs = [list(each) for each in tree[1]]
    rest = list(tree[2:])
    if not pairs:
        return [pairs, *rest]
    one, other = rng.randrange(len(pairs)), rng.randrange(len(pairs))
    how = rng.randint(0, 4)
    if how == 0:
        del pairs[one]
    elif how == 1:
        pairs[one][0] = edited(pairs[one][0], rng)
    elif how == 2:
        pairs[one][1], pairs[other][1] = pairs[other][1], pairs[one][1]
    elif how == 3:
        pairs.append([edited(pairs[one][0], rng), copy.deepcopy(pairs[one][1])])
    else:
        pairs.reverse()
    return [pairs, *rest]


def _fixed(tree: Any, rng: random.Random) -> list[Any]:
    """A tuple keeps its length, since its places have meanings; two of a type may change places."""
    items = list(tree[1])
    if items:
        one, other = rng.randrange(len(items)), rng.randrange(len(items))
        if rng.random() < 0.5 and _tag(items[one]) == _tag(items[other]):
            items[one], items[other] = items[other], items[one]
        else:
            items[one] = edited(items[one], rng)
    return [items]


def _shape(tree: Any) -> Any:
    """The type, of a list with that of what comes first in it."""
    if type(tree) is list and tree[0] in ("list", "set", "frozenset", "deque"):
        return (tree[0], _shape(tree[1][0]) if tree[1] else None)
    return _tag(tree)


def _tag(tree: Any) -> Any:
    """What two values must have in common to be exchanged: the type, of a tuple the whole."""
    if type(tree) is not list:
        return type(tree)
    return tree if tree[0] == "tuple" else tree[0]


def _delta(tree: Any, rng: random.Random) -> list[Any]:
    return [tree[1] + rng.choice((-1, 0, 1)), rng.choice((0, tree[2], 3600)), tree[3]]


def _large(tree: Any, rng: random.Random) -> list[Any]:
    return [hex(int(tree[1], 16) + rng.choice((-1, 1)))]


_EDITED: dict[str, Callable[[Any, random.Random], list[Any]]] = {
    "float": _float,
    "int": _large,
    "bytes": _blob,
    "bytearray": _blob,
    "list": _items,
    "set": _items,
    "frozenset": _items,
    "deque": _items,
    "iterator": _items,
    "tuple": _fixed,
    "dict": _pairs,
    "ordereddict": _pairs,
    "defaultdict": _pairs,
    "timedelta": _delta,
    "function": lambda tree, rng: [rng.choice([each for each in _OFFERED if each != tree[1]])],
}
