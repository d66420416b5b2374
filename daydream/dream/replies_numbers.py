"""How a judge writes a score: decimals, percentages, fractions, "8 out of 10"; whatever is in doubt is none.

A score is 0 to 1. A number whose scale is not said (a bare 8), a range, a bound ("below 0.3"), one that hangs on a
condition and one outside its scale are no scores: a score that was not read can be asked for again, a wrong one
cannot be told from a right one.
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

_N = r"(?:[0-9]{1,6}(?:[.,][0-9]{1,17})?|[.][0-9]{1,17})"
_PERCENT = r"(?:%|per\s?cent\b|pct\b|prozent\b)"
_NUMBER = re.compile(
    rf"(?P<about>(?:~|≈|\b(?:about|around|roughly|approximately|approx\.|circa|ca\.|etwa|rund)\s)\s?)?"
    rf"(?<![\w.,/])(?<![0-9%][-+])(?P<sign>[-+]?)(?P<a>{_N})"
    rf"(?:\s?(?P<percent>{_PERCENT})|(?P<by>\s?/\s?|\s+(?:out\s+of|von|aus|of)\s+)(?P<b>{_N}))?",
    re.IGNORECASE,
)
# What may not follow: more of a number or of a word, a unit, a second end of a range, an arrow, a condition.
_BROKEN = re.compile(r"[\w%°€$]|[.,][0-9]|/\s?[0-9]|-[\w]")
_ARROW = re.compile(r"\s?(?:->|=>|→|⇒|-->)")
_RANGE = re.compile(
    rf"\s?(?:-|\.\.\.?|to\b|or\b|bis\b|oder\b|and\b(?=\s?{_N}\b))\s?[~+]?(?P<other>{_N})", re.IGNORECASE
)
_CONDITION = re.compile(
    r"\s?,?\s?\(?(?:only |but only )?(?:if|unless|assuming|provided|given|once|wenn|falls|sofern|vorausgesetzt)\b",
    re.IGNORECASE,
)
_REMARK = re.compile(r"\s*\([^0-9()]*\)$")
_SAID_SCALE = re.compile(
    r"(?:(?<![\w.])0(?:\.0)?\s?(?:-|to|bis|\.\.|,)\s?|/\s?|\bout of |\bof )(100|10|5|20|1)(?:\.0)?\b",
    re.IGNORECASE,
)
_SAID_PERCENT = re.compile(r"%|\bper ?cent(?:age)?\b|\bpct\b|\bprozent\b", re.IGNORECASE)
_OTHER_SCALE = re.compile(r"[0-9]\s?(?:-|to|bis|\.\.)\s?[0-9]")
_WHOLE = frozenset({5, 10, 20, 100})
_SLIP = "less than 1 of its scale is more likely a slip"
_ONE, _HUNDRED = Decimal(1), Decimal(100)


@dataclass(frozen=True, slots=True)
class Number:
    """A number that was read: `value` is the score, None with a `doubt` in words.

    `bare`: it was written without a scale. `whole`: and without a fraction, as a lonely 1 is. `large`: it is
    beyond 1 without a scale, so the reply counts on another one. `plain` says that it looks like a score by itself: a
    percentage, a fraction, or a decimal between 0 and 1.
    """

    start: int
    end: int
    value: float | None
    doubt: str = ""
    bare: bool = False
    whole: bool = False
    large: bool = False
    plain: bool = False


def numbers(text: str, start: int = 0, end: int | None = None) -> list[Number]:
    """Read every number in a part of `text`, those that are no scores included."""
    stop = len(text) if end is None else end
    return [_read(text, match) for match in _NUMBER.finditer(text, start, stop)]


def number_at(text: str, place: int, scale: Decimal | None = None) -> Number | None:
    """Read the number that begins at `place`; None: there is none.

    `scale` is what a bare number there is counted of (10 in a column "out of 10").
    """
    match = _NUMBER.match(text, place)
    return None if match is None else _read(text, match, scale)


def score_of(value: Any, scale: Decimal | None = None) -> Number | None:
    """Read a score from a JSON value: a number, or a text that is a number and nothing else. None: it is neither."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        text = repr(value)
        if not re.fullmatch(r"-?[0-9.]{1,30}", text):
            return _fraction_of_float(value)
        return _bare(Decimal(text), 0, len(text), scale, whole=isinstance(value, int))
    if not isinstance(value, str):
        return None
    text = _REMARK.sub("", value.strip()).strip("*_`[]() ")
    found = number_at(text, 0, scale)
    return found if found is not None and found.end == len(text) else None


def scale_of(words: str) -> Decimal | None:
    """Return what a heading says that a bare number is counted of: 1, 10, 100; 0 where it says something else."""
    plain = words.replace("_", " ")
    said = _SAID_SCALE.search(plain)
    if said:
        return Decimal(said[1])
    if _SAID_PERCENT.search(plain):
        return _HUNDRED
    return Decimal(0) if _OTHER_SCALE.search(plain) else None


def _read(text: str, match: re.Match[str], scale: Decimal | None = None) -> Number:
    start, end = match.span()
    doubt = _tail_doubt(text, end, match)
    if match["sign"] == "-":
        doubt = "it is negative"
    first = _decimal(match["a"])
    if first is None:
        doubt = doubt or "its comma may mean two things"
    if doubt or first is None:
        return Number(start, end, None, doubt, plain=bool(match["percent"] or match["b"]))
    if match["percent"]:
        return _percentage(first, start, end)
    if match["b"]:
        return _part(first, match, start, end)
    return _bare(first, start, end, scale, whole=match["a"].isdigit())


def _tail_doubt(text: str, end: int, match: re.Match[str]) -> str:
    if _BROKEN.match(text, end):
        return "it goes on as something else"
    if _ARROW.match(text, end):
        return "it is taken back"
    if _CONDITION.match(text, end):
        return "it hangs on a condition"
    other = _RANGE.match(text, end)
    if other and _ends_a_range(other, match):
        return "it is a range"
    return ""


def _ends_a_range(other: re.Match[str], match: re.Match[str]) -> bool:
    """A second number on the same scale ends a range; "0.8 - 2 tests fail" does not."""
    value = _decimal(other["other"])
    if value is None or match["percent"] or match["b"]:
        return True
    first = _decimal(match["a"])
    return first is None or first > 1 or value <= 1 or (value < 2 and value != value.to_integral_value())


def _percentage(first: Decimal, start: int, end: int) -> Number:
    if first > _HUNDRED:
        return Number(start, end, None, "it is more than 100 %", plain=True)
    if first <= 1 and first != first.to_integral_value():
        return Number(start, end, None, _SLIP, plain=True)
    return Number(start, end, float(first / _HUNDRED), plain=True)


def _part(first: Decimal, match: re.Match[str], start: int, end: int) -> Number:
    whole = _decimal(match["b"])
    loose = match["by"].strip().lower() == "of"
    if whole is None or whole == 0 or first > whole or (loose and whole not in _WHOLE):
        return Number(start, end, None, "it is no part of a whole", plain=True)
    if 0 < first < 1 < whole:
        return Number(start, end, None, _SLIP, plain=True)
    return Number(start, end, float(first / whole), plain=True)


def _bare(first: Decimal, start: int, end: int, scale: Decimal | None, *, whole: bool) -> Number:
    if scale == 0:
        return Number(start, end, None, "its scale does not begin at 0", bare=True, whole=whole)
    if scale is not None and scale != 1:
        if not 0 <= first <= scale:
            return Number(start, end, None, "it is outside its scale")
        if 0 < first < 1:
            return Number(start, end, None, _SLIP)
        return Number(start, end, float(first / scale))
    if not 0 <= first <= _ONE:
        return Number(start, end, None, "its scale is not said", bare=True, whole=whole, large=first > 1)
    lonely = whole and scale is None
    return Number(start, end, float(first), bare=True, whole=lonely, plain=not whole)


def _fraction_of_float(value: float) -> Number:
    """Read what is written with an exponent, or is no number at all."""
    if 0 <= value <= 1:
        return Number(0, 0, float(value), bare=True)
    return Number(0, 0, None, "its scale is not said", bare=True, large=value > 1)


def _decimal(text: str) -> Decimal | None:
    """Read a number with a point, or with a comma where that can only be a decimal one."""
    whole, comma, part = text.partition(",")
    if comma and (len(whole) > 3 or len(part) == 3):
        # 1,000 is a thousand to one reader and one to the other; 0,125 can only be an eighth.
        return Decimal(f"{whole}.{part}") if whole == "0" else None
    return Decimal(text.replace(",", "."))
