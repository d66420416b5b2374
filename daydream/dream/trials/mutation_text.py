"""Edits of a text: characters dropped, put in, doubled, exchanged and replaced by others of their kind, numbers near."""

import random
import re
import string
from collections.abc import Callable

_LONGEST = 5_000
_LOOKED_AT = 50
_CHARACTERS = "aZ07 _-.,/é\n"
_KINDS = (string.digits, string.ascii_lowercase, string.ascii_uppercase)
_NUMBER = re.compile(r"\d{1,15}")


def edited_text(value: str, rng: random.Random) -> str:
    """A text changed a little."""
    return rng.choice(_EDITS)(value, rng.randint(0, len(value)), rng)


def spliced(text: str, other: str, rng: random.Random) -> str:
    """A text with a part of another put in."""
    first, last = sorted((rng.randint(0, len(other)), rng.randint(0, len(other))))
    place = rng.randint(0, len(text))
    return text[:place] + (other[first:last] or other) + text[place:]


def _character(value: str, rng: random.Random) -> str:
    return rng.choice(_CHARACTERS + value[:_LOOKED_AT] * 2)


def _put_in(value: str, place: int, rng: random.Random) -> str:
    return value[:place] + _character(value, rng) * rng.choice((1, 1, 1, 2, 3)) + value[place:]


def _replaced(value: str, place: int, rng: random.Random) -> str:
    return value[:place] + _character(value, rng) + value[place + 1 :]


def _of_its_kind(value: str, place: int, rng: random.Random) -> str:
    """A digit by a digit, a letter by a letter, another character by one that the text holds."""
    if place >= len(value):
        return _put_in(value, place, rng)
    kind = next((each for each in _KINDS if value[place] in each), value[:_LOOKED_AT])
    return value[:place] + rng.choice(kind) + value[place + 1 :]


def _exchanged(value: str, place: int, rng: random.Random) -> str:
    if place >= len(value):
        return value
    other = rng.randrange(len(value))
    letters = list(value)
    letters[place], letters[other] = letters[other], letters[place]
    return "".join(letters)


def _numbered(value: str, place: int, rng: random.Random) -> str:
    """A number in the text by one near, as wide as it was."""
    found = list(_NUMBER.finditer(value))
    if not found:
        return _of_its_kind(value, place, rng)
    match = rng.choice(found)
    number = int(match[0]) + rng.choice((-1, 1, -10, 10, -int(match[0]), rng.randint(0, 30)))
    return _with(value, match, abs(number))


def with_number(value: str, number: int, rng: random.Random) -> str:
    """A text with one of its numbers replaced, as wide as it was; put in where it has none."""
    found = list(_NUMBER.finditer(value))
    if found:
        return _with(value, rng.choice(found), number)
    place = rng.randint(0, len(value))
    return f"{value[:place]}{number}{value[place:]}"


def _with(value: str, match: re.Match[str], number: int) -> str:
    return value[: match.start()] + str(number).zfill(len(match[0])) + value[match.end() :]


def _doubled(value: str, _place: int, _rng: random.Random) -> str:
    return f"{value} {value}" if len(value) < _LONGEST else value


def _mirrored(value: str, _place: int, _rng: random.Random) -> str:
    return value + value[::-1] if len(value) < _LONGEST else value


_EDITS: tuple[Callable[[str, int, random.Random], str], ...] = (
    lambda value, place, _rng: value[:place] + value[place + 1 :],
    lambda value, place, _rng: value[:place] + value[place : place + 1] + value[place:],
    lambda value, place, _rng: value[:place],
    lambda value, place, _rng: value[:place] + value[place:][::-1],
    lambda value, _place, _rng: value.swapcase(),
    _put_in,
    _put_in,
    _replaced,
    _of_its_kind,
    _of_its_kind,
    _exchanged,
    _numbered,
    _doubled,
    _mirrored,
)
