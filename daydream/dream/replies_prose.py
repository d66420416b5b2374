"""Lists and prose: a reply cut into the parts that speak of one dream each."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from daydream.dream.replies_json import Said
from daydream.dream.replies_numbers import Number
from daydream.dream.replies_text import (
    SENTENCE,
    Names,
    Reference,
    Score,
    given_to,
    plain_given,
    reason_in,
    scores,
    speaks_first,
    taken_back,
    tier_in,
)

_PARAGRAPH = re.compile(r"\n[ \t]*\n+|\n[ \t]*(?:-{3,}|\*{3,}|_{3,})[ \t]*\n")
_HEADING = re.compile(r"^[ \t]{0,3}(#{1,6})[ \t]")
_TWO = Number(0, 0, None, "two scores are said of it")
_WHOSE = Number(0, 0, None, "which score is whose is not certain")
_BACK = Number(0, 0, None, "its score is taken back")


@dataclass(slots=True)
class _Open:
    """A dream that was named and whose score may follow in the next paragraphs."""

    who: str
    level: int
    parts: list[str] = field(default_factory=list)


def prose(text: str, names: Names) -> Iterator[Said]:
    """Yield what the words of a reply say of dreams: who, score, tier, reason."""
    waiting: _Open | None = None
    first = False  # whether scores stand before the names that they belong to
    for paragraph in _PARAGRAPH.split(text):
        references = names.references(paragraph)
        who = {each.who for each in references}
        if not who:
            if waiting is None:
                first = first or speaks_first(paragraph)
            elif _closes(paragraph, waiting):
                yield _carried(waiting, names, first)
                waiting = None
            else:
                waiting.parts.append(paragraph)
            continue
        if waiting is not None:
            yield _carried(waiting, names, first)
            waiting = None
        for said in _paragraph(paragraph, references, names):
            if len(who) == 1 and said[1] is None:
                heading = _HEADING.match(paragraph)
                waiting = _Open(said[0], len(heading[1]) if heading else 0, [paragraph])
            else:
                yield said
    if waiting is not None:
        yield _carried(waiting, names, first)


def _closes(paragraph: str, waiting: _Open) -> bool:
    """A heading that is not below the one that named the dream begins something else."""
    heading = _HEADING.match(paragraph)
    return heading is not None and (waiting.level == 0 or len(heading[1]) <= waiting.level)


def _carried(waiting: _Open, names: Names, first: bool) -> Said:
    who, number, tier, reason = _one("\n".join(waiting.parts), waiting.who, names)
    return who, (_WHOSE if first and number is not None else number), tier, reason


def _paragraph(text: str, references: Sequence[Reference], names: Names) -> Iterator[Said]:
    if len({each.who for each in references}) == 1:
        yield _one(text, references[0].who, names)
        return
    starts = _openings(text, references)
    if len(starts) < 2:
        yield from _sentences(text, names)
        return
    loose = speaks_first(text[: starts[0]]) if starts[0] else False
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        for who, number, tier, reason in _chunk(text[start:end], names):
            yield who, (_WHOSE if loose else number), tier, reason


def _openings(text: str, references: Sequence[Reference]) -> list[int]:
    """Return where the lines begin that open with the name of another dream than the line before."""
    starts: list[int] = []
    last = ""
    for each in references:
        line = text.rfind("\n", 0, each.start) + 1
        if each.opens and each.who != last:
            if not starts or line != starts[-1]:
                starts.append(line)
            last = each.who
    return starts


def _chunk(text: str, names: Names) -> Iterator[Said]:
    """Read a part that opens with a dream's name; others may be mentioned in it."""
    references = names.references(text)
    first = references[0]
    others = [each for each in references if each.who != first.who]
    if not others:
        yield _one(text, first.who, names)
        return
    if "\n" not in text.strip() and (pairs := _paired(text, references)) is not None:
        yield from pairs
        return
    yield _one(text[: others[0].start], first.who, names)


def _one(text: str, who: str, names: Names) -> Said:
    """Read a part in which one dream is named."""
    references = names.references(text)
    found = [*scores(text, references), *plain_given(text, references)]
    number = _agreed(text, found)
    return who, number, tier_in(text), reason_in(text, 0, len(text), references)


def _agreed(text: str, found: Sequence[Score]) -> Number | None:
    """Return the one number that is meant: of those with the best label, provided that they agree."""
    best = min((each.rank for each in found), default=0)
    group = [each.number for each in found if each.rank == best]
    if not group:
        return None
    if doubtful := [each for each in group if each.value is None]:
        return doubtful[0]
    if len({each.value for each in group}) > 1:
        return _TWO
    return _BACK if taken_back(text, group[-1].end) else group[0]


def _sentences(text: str, names: Names) -> Iterator[Said]:
    """Read prose that speaks of several dreams, sentence by sentence."""
    last: tuple[str, list[str]] | None = None
    for sentence in SENTENCE.split(text):
        references = names.references(sentence)
        who = {each.who for each in references}
        if not who:
            if last is not None:
                last[1].append(sentence)
            continue
        if len(who) == 1 and last is not None and last[0] in who:
            last[1].append(sentence)
            continue
        if last is not None:
            yield _one(" \n".join(last[1]), last[0], names)
        last = (references[0].who, [sentence]) if len(who) == 1 else None
        if len(who) > 1:
            pairs = _paired(sentence, references)
            unsure = _WHOSE if pairs is None and scores(sentence, references) else None
            yield from pairs if pairs is not None else ((each, unsure, None, "") for each in sorted(who))
    if last is not None:
        yield _one(" \n".join(last[1]), last[0], names)


def _paired(text: str, references: Sequence[Reference]) -> list[Said] | None:
    """Pair names and scores that take turns in one sentence; None: they do not."""
    places = [
        each for index, each in enumerate(references) if index == 0 or each.who != references[index - 1].who
    ]
    found = {each.number.start: each for each in (*plain_given(text, references), *scores(text, references))}
    turns = sorted(found.values(), key=lambda each: each.number.start)
    if len(turns) != len(places) or len({each.who for each in places}) != len(places):
        return None
    backward = [given_to(text, score, place) for score, place in zip(turns, places, strict=True)]
    if not all(backward):
        order = sorted([*((each.start, 0) for each in places), *((each.number.start, 1) for each in turns)])
        if any(backward) or [kind for _, kind in order] != [0, 1] * len(places):
            return None
        if any(given_to(text, score, place) for score in turns for place in places):
            return None
    ends = [*(each.start for each in places[1:]), len(text)]
    return [
        (place.who, score.number, tier_in(text[place.end : end]), reason_in(text, place.end, end, references))
        for place, score, end in zip(places, turns, ends, strict=True)
    ]
