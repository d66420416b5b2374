"""JSON in a reply: bare, fenced, in the middle of prose, cut off; and what of it says something about a dream."""

import ast
import json
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from daydream.dream.replies_numbers import Number, scale_of, score_of

_IDS = ("dream_id", "dreamid", "id", "dream", "dream_name", "name", "procedure_id")
_SCORES = ("viability", "viability_score", "viabilityscore", "score", "rating", "confidence")
_TIERS = ("tier", "tier_number", "tiernumber", "category")
_REASONS = (
    "reasoning",
    "reason",
    "reasons",
    "rationale",
    "explanation",
    "justification",
    "feedback",
    "comment",
    "why",
)
_BATCHES = ("batch", "nonce")
_VALUES = ("value", "score", "viability")
_WHOLES = ("max", "out_of", "scale", "maximum", "max_score", "outof")
_TIER_WORDS = {"viable": 1, "speculative": 2, "archive": 3, "archived": 3}
_TIER = re.compile(r"(?:tier|stufe|t)?[\s:#_-]*([0-9]{1,3})\b(?![.,][0-9])|([a-z]+)", re.IGNORECASE)
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]]', re.DOTALL)
_BARE_SCORE = re.compile(
    r'("(?:[^"\\\n]|\\.)*")|(?<=[:\s,\[])(\.[0-9]+|[0-9]+(?:\.[0-9]+)?\s?(?:%|/\s?[0-9]+(?:\.[0-9]+)?))(?=\s*[,}\]\n])'
)
_TRAILING = re.compile(r'("(?:[^"\\\n]|\\.)*")|,(?=\s*[}\]])')
_COMMENT = re.compile(r'("(?:[^"\\\n]|\\.)*")|//[^\n]*|/\*.*?\*/', re.DOTALL)
_DEEPEST = 60
_MOST_READ = 4_000_000
_ONE_VALUE = 400_000
_SCALES = frozenset({1, 5, 10, 20, 100})
_NO_NUMBER = Number(0, 0, None, "its score is no number")
Said = tuple[str, Number | None, int | None, str]


class Repeated(ValueError):
    """A key stands twice in one object, with different values."""


def values(text: str) -> Iterator[tuple[int, int, Any]]:
    """Find the JSON values in a text: start, end, value; the outermost that parse, in order.

    Of a value that is cut off or broken, the whole objects inside it. Small slips are forgiven: a comma too
    many, comments, single quotes, a bare .85 or 85% or 8/10.
    """
    place, read = 0, 0
    while read < _MOST_READ and (start := _opening(text, place)) is not None:
        end = _closing(text, start)
        read += (end or min(len(text), start + _ONE_VALUE)) - start
        found = None if end is None else _loaded(text[start:end])
        if end is None or found is None:
            place = start + 1
            continue
        yield start, end, found[0]
        place = end


def statements(value: Any, known: Mapping[str, str]) -> Iterator[Said]:
    """Walk through a JSON value and yield what it says of dreams: who, score, tier, reason.

    `known` maps what a dream may be called to its id, for objects keyed by dreams.
    """
    yield from _walk(value, known, 0)


def batches(value: Any) -> set[str]:
    """Return the names of the batches that a value says it answers."""
    parts = value if isinstance(value, list) else [value]
    return {str(part[key]) for part in parts if isinstance(part, dict) for key in _BATCHES if key in part}


def tier_of_value(value: Any) -> int | None:
    """Read a tier from a JSON value or a table's cell: 1, "tier 2", "T3", "viable"; None where it is none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, float | int):
        return int(value) if value == int(value) and abs(value) < 1000 else None
    match = _TIER.match(value.strip().strip("*_`")) if isinstance(value, str) else None
    if match is None:
        return None
    return int(match[1]) if match[1] else _TIER_WORDS.get(match[2].lower())


def _opening(text: str, place: int) -> int | None:
    found = [at for at in (text.find("{", place), text.find("[", place)) if at >= 0]
    return min(found) if found else None


def _closing(text: str, start: int) -> int | None:
    """Return the place behind the bracket that closes the one at `start`; None: it is left open."""
    depth = 0
    for token in _TOKEN.finditer(text, start, start + _ONE_VALUE):
        if token[0] in "{[":
            depth += 1
        elif token[0] in "}]":
            depth -= 1
            if depth == 0:
                return token.end()
        if depth > _DEEPEST:
            return None
    return None


def _loaded(text: str) -> tuple[Any] | None:
    for form in (text, _mended(text)):
        try:
            return (json.loads(form, object_pairs_hook=_once, parse_constant=str, strict=False),)
        except Repeated:
            return None
        except (ValueError, RecursionError):
            continue
    if "'" not in text or len(text) > 100_000:
        return None
    try:
        return (ast.literal_eval(text),)
    except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
        return None


def _mended(text: str) -> str:
    text = _COMMENT.sub(lambda match: match[1] or "", text)
    text = _TRAILING.sub(lambda match: match[1] or "", text)
    return _BARE_SCORE.sub(lambda match: match[1] or f'"{match[2]}"', text)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Build an object; a key that says two things makes all of it unreadable."""
    made: dict[str, Any] = {}
    for key, value in pairs:
        if key in made and made[key] != value:
            raise Repeated(key)
        made[key] = value
    return made


def _walk(value: Any, known: Mapping[str, str], depth: int) -> Iterator[Said]:
    if depth > _DEEPEST:
        return
    if isinstance(value, list | tuple):
        for each in value:
            yield from _walk(each, known, depth + 1)
        return
    if not isinstance(value, dict):
        return
    own = _statement(value, known)
    if own is not None:
        yield own
        return
    for key, each in value.items():
        if isinstance(key, str) and key.strip() in known:
            yield from _keyed(key.strip(), each, known, depth)
        else:
            yield from _walk(each, known, depth + 1)


def _keyed(name: str, value: Any, known: Mapping[str, str], depth: int) -> Iterator[Said]:
    if isinstance(value, dict):
        fields = _fields(value)
        if _first(fields, _IDS) is None or _statement(value, known) is None:
            yield name, *_said(fields)
            return
        yield from _walk(value, known, depth + 1)
        return
    number = score_of(value)
    if number is not None:
        yield name, number, None, ""


def _statement(value: Mapping[Any, Any], known: Mapping[str, str]) -> Said | None:
    """What an object says of one dream; None: it does not name just one, or has nothing to say of it."""
    fields = _fields(value)
    names = [str(fields[key]).strip() for key in _IDS if isinstance(fields.get(key), str | int)]
    meant = {known[name] for name in names if name in known}
    if not names or len(meant) > 1:
        return None
    number, tier, reason = _said(fields)
    if number is None and tier is None:
        return None
    return (meant.pop() if meant else names[0]), number, tier, reason


def _said(fields: Mapping[str, Any]) -> tuple[Number | None, int | None, str]:
    return _score(fields), tier_of_value(_first(fields, _TIERS)), _reason(_first(fields, _REASONS))


def _score(fields: Mapping[str, Any]) -> Number | None:
    for wanted in _SCORES:
        for key, value in fields.items():
            if key != wanted and not (key.startswith(wanted + "_") and scale_of(key) is not None):
                continue
            inner = _fields(value) if isinstance(value, dict) else {}
            scale = scale_of(key) or _whole(inner or fields)
            return score_of(_first(inner, _VALUES) if inner else value, scale) or _NO_NUMBER
    return None


def _whole(fields: Mapping[str, Any]) -> Decimal | None:
    """Return what an object says its score is counted of; 0: of something else."""
    said = _first(fields, _WHOLES)
    if isinstance(said, int | float) and not isinstance(said, bool):
        return Decimal(repr(said)) if said in _SCALES else Decimal(0)
    return scale_of(said) if isinstance(said, str) else None


def _fields(value: Mapping[Any, Any]) -> dict[str, Any]:
    return {
        re.sub(r"[\s-]+", "_", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", key).strip().lower()): each
        for key, each in value.items()
        if isinstance(key, str)
    }


def _first(fields: Mapping[str, Any], keys: tuple[str, ...]) -> Any:
    return next((fields[key] for key in keys if fields.get(key) is not None), None)


def _reason(value: Any) -> str:
    if isinstance(value, list):
        return "; ".join(each for each in value if isinstance(each, str))
    return value if isinstance(value, str) else ""
