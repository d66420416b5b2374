"""Calls that differ in the size of one argument only, for measuring how time grows with it."""

import base64
import copy
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from daydream.contracts.sandbox import Encoded, Inputs
from daydream.dream.trials.mutation import edited
from daydream.sandbox.guest.grammar import BYTES, ITEMS, TEXT, EncodingError, dumps

SIZES = (16, 32, 64, 128, 256, 512, 1024)
_SEQUENCES = ("list", "tuple", "deque", "iterator")
_KEYED = ("set", "frozenset", "dict", "ordereddict", "defaultdict", "counter")
_TRIES = 20
_STEP = 1_000


@dataclass(frozen=True, slots=True)
class Family:
    """Calls that grow in one argument: `argument` is its position or name, `members` pair a size with a call."""

    argument: int | str
    members: tuple[tuple[int, Inputs], ...]


def families(inputs: Inputs, seed: int, sizes: Sequence[int] = SIZES, *, receiver: bool = False) -> list[Family]:  # fmt: skip
    """A family for each argument that has a size; sizes that the encoding has no room for are left out.

    `receiver`: the first argument is the object of a method and is left alone. The items of the call that is given,
    repeated and changed a little, fill the larger ones, so an argument that is empty has no family.
    """
    first = int(receiver)
    places: list[int | str] = [*range(first, len(inputs.given)), *(name for name, _ in inputs.named)]
    found: list[Family] = []
    for place in places:
        members = [(size, made) for size in sizes if (made := grown(inputs, place, size, seed)) is not None]
        if members:
            found.append(Family(place, tuple(members)))
    return found


def grown(inputs: Inputs, argument: int | str, size: int, seed: int) -> Inputs | None:
    """The call with one argument of exactly that size, None where it has none or there is no room."""
    rng = random.Random(f"{seed} {argument} {size}")  # noqa: S311 - inputs that can be made again
    given = list(inputs.given)
    named = list(inputs.named)
    if isinstance(argument, int):
        made = _grown(given[argument], size, rng)
        given[argument] = made
    else:
        made = _grown(dict(named)[argument], size, rng)
        named = [(name, made if name == argument else tree) for name, tree in named]
    if made is None:
        return None
    try:
        dumps(made, BYTES)
    except EncodingError:
        return None
    return Inputs(tuple(given), tuple(named))


def _grown(tree: Encoded, size: int, rng: random.Random) -> Encoded | None:
    if type(tree) is str:
        return _text(tree, size, rng) if tree and size < TEXT else None
    if type(tree) is not list or size > ITEMS // 4:
        return None
    if tree[0] in ("bytes", "bytearray"):
        data = base64.b64decode(tree[1])
        return [tree[0], base64.b64encode(_filled(data, size)).decode("ascii")] if data else None
    if tree[0] in _SEQUENCES and tree[1] and tree[2:] != [size]:
        return [tree[0], _sequence(tree[1], size, rng), *tree[2:]]
    if tree[0] in _KEYED and tree[1]:
        return _keyed(tree, size, rng)
    return None


def _text(text: str, size: int, rng: random.Random) -> str:
    """The text again and again; a part of the repetitions is changed so that they are not all alike."""
    made = ""
    while len(made) < size:
        made += text if rng.random() < 0.7 else str(edited(text, rng)) or text
    return made[:size]


def _filled(data: bytes, size: int) -> bytes:
    return (data * (size // len(data) + 1))[:size]


def _sequence(items: list[Any], size: int, rng: random.Random) -> list[Any]:
    """The items first, then changed copies of them."""
    made = copy.deepcopy(items[:size])
    while len(made) < size:
        made.append(_varied(items[len(made) % len(items)], len(made), rng))
    return made


def _varied(tree: Encoded, number: int, rng: random.Random) -> Encoded:
    """A copy that differs, as a rule: repeated values would let a cache or a set hide what size costs."""
    if type(tree) is int:
        return (tree + number * 7 + rng.randint(0, 6)) % (10 * _STEP)
    return edited(copy.deepcopy(tree), rng)


def _keyed(tree: Any, size: int, rng: random.Random) -> Encoded | None:
    pairs = tree[0] not in ("set", "frozenset")
    made: list[Any] = []
    seen: set[str] = set()
    for number in range(size * _TRIES):
        if len(made) == size:
            return [tree[0], made, *tree[2:]]
        source = tree[1][number % len(tree[1])]
        key = source[0] if pairs else source
        if number >= len(tree[1]):
            key = _fresh(key, number, rng)
        mark = repr(key)
        if mark not in seen:
            seen.add(mark)
            made.append([key, copy.deepcopy(source[1])] if pairs else key)
    return [tree[0], made, *tree[2:]] if len(made) == size else None


def _fresh(key: Encoded, number: int, rng: random.Random) -> Encoded:
    if type(key) is str:
        return f"{key}{number}"
    if type(key) is int:
        return key + number
    if type(key) is list and key[0] == "tuple" and key[1]:
        return ["tuple", [_fresh(key[1][0], number, rng), *key[1][1:]]]
    return edited(copy.deepcopy(key), rng)
