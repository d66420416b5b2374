"""Which messages and templates of equal length are one template.

After Brain (Yu et al., IEEE TSC 2023): in each message the largest set of words that occur equally often is
its fixed core; messages with one core belong together, and in their other columns few different values are
kept apart while many are a variable. Added here: how many are many depends on the kind of word, ``name=value``
is two columns, and templates of before take part, so that the grouping can go on where it ended.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, takewhile

from daydream.analysis.logs.masks import DOTTED, NUMBERED, OTHER, PURE, WILD, WORD, cell, kind

_OPENING, _CLOSING = "\"'([{", "\"')]},;:.!?|"


@dataclass(frozen=True, slots=True)
class Settings:
    """From how many different values on a column is a variable: of words of letters, of words with numbers,
    of dotted names, of others, and of the names in ``name=value``."""

    words: int = 6
    numbered: int = 2
    dotted: int = 3
    other: int = 5
    heads: int = 3


def groups(messages: Sequence[Sequence[str]], settings: Settings) -> list[list[int]]:
    """Return which messages (masked words, all of one length) belong together, by their places.

    Depends on the set of messages and not on their order.
    """
    rows = [tuple(chain.from_iterable(map(cell, message))) for message in messages]
    counts = Counter(chain.from_iterable(map(enumerate, rows)))
    cores: defaultdict[tuple[str | None, ...], list[int]] = defaultdict(list)
    for place, row in enumerate(rows):
        cores[_core(row, counts)].append(place)
    _reunite(cores, rows, counts, settings.words)
    found: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)
    for core, places in cores.items():
        columns = zip(*(rows[place] for place in places), strict=True)
        free = [
            column
            for column, (fixed, values) in enumerate(zip(core, columns, strict=True))
            if fixed is None and _varies(column, set(values), settings)
        ]
        for place in places:
            found[_demands(rows[place], free)].append(place)
    return sorted(found.values())


def common(messages: Sequence[Sequence[str]]) -> list[str]:
    """Return the template of messages that belong together: their common words, ``<*>`` where they differ,
    with the name and the quotes, brackets and commas that all have."""
    return [_shared(set(values)) for values in zip(*messages, strict=True)]


def _core(row: tuple[str, ...], counts: Counter[tuple[int, str]]) -> tuple[str | None, ...]:
    often = [counts[pair] if pair[1] else 0 for pair in enumerate(row)]
    fixed = [bool(word) and kind(word) != PURE for word in row]
    if not any(fixed):
        fixed = [bool(word) for word in row]
    sizes = Counter(count for count, is_fixed in zip(often, fixed, strict=True) if is_fixed)
    best = max(sizes.items(), key=lambda item: (item[1], item[0]))[0]
    return tuple(
        word if is_fixed and count == best else None
        for word, count, is_fixed in zip(row, often, fixed, strict=True)
    )


def _reunite(
    cores: dict[tuple[str | None, ...], list[int]],
    rows: Sequence[tuple[str, ...]],
    counts: Counter[tuple[int, str]],
    least: int,
) -> None:
    """Bring messages together whose core is theirs alone, if `least` of them have the same frequent words and
    these are half of their words, or three and a quarter: long parameters must not outnumber fixed words."""
    alike: defaultdict[tuple[str | None, ...], list[tuple[str | None, ...]]] = defaultdict(list)
    for core, places in cores.items():
        if len(places) == 1:
            row = rows[places[0]]
            frequent = tuple(w if w and counts[c, w] >= least else None for c, w in enumerate(row))
            fixed = {word for word in frequent if word and kind(word) != PURE}
            total = len({word for word in row if word and kind(word) != PURE})
            if 2 * len(fixed) >= total or (len(fixed) > 2 and 4 * len(fixed) >= total):
                alike[frequent].append(core)
    for frequent, alone in alike.items():
        if len(alone) >= least and frequent not in cores:
            cores[frequent] = [place for core in alone for place in cores.pop(core)]


def _varies(column: int, values: set[str], settings: Settings) -> bool:
    if len(values) == 1:
        return False
    if any(WILD in value for value in values):
        return True
    if column % 2 == 0:
        return len(values) >= settings.heads
    least = {
        PURE: 2,
        WORD: settings.words,
        NUMBERED: settings.numbered,
        DOTTED: settings.dotted,
        OTHER: settings.other,
    }
    return len(values) >= min(least[kind(value)] for value in values)


def _demands(row: tuple[str, ...], free: Iterable[int]) -> tuple[str, ...]:
    left = list(row)
    for column in free:
        left[column] = WILD
    return tuple(
        WILD if head == WILD else head + (WILD if WILD in value else value)
        for head, value in zip(left[::2], left[1::2], strict=True)
    )


def _shared(values: set[str]) -> str:
    if len(values) == 1:
        return next(iter(values))
    heads = {cell(value)[0] for value in values}
    head = heads.pop() if len(heads) == 1 else ""
    if head == WILD:
        head = ""
    tails = {value[len(head) :] for value in values}
    before = _lead(tails, _OPENING)
    after = _lead({tail[len(before) :][::-1] for tail in tails}, _CLOSING)[::-1]
    return head + before + WILD + after


def _lead(texts: set[str], signs: str) -> str:
    """Return the longest beginning that all texts have, of these signs alone."""
    low, high = min(texts), max(texts)
    pairs = takewhile(lambda pair: pair[0] == pair[1] and pair[0] in signs, zip(low, high, strict=False))
    return "".join(one for one, _ in pairs)
