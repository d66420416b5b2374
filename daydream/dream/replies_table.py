"""Tables in a reply: Markdown, and lines separated by tabs, semicolons or commas, with a heading."""

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from daydream.dream.replies_json import Said, tier_of_value
from daydream.dream.replies_numbers import Number, scale_of, score_of
from daydream.dream.replies_text import shortened

_WHO = re.compile(r"^(?:dream(?:[ _]?(?:id|name))?|id|name|variant|traum)$", re.IGNORECASE)
_SCORES = (
    re.compile(r"^(?:viability(?:[ _]score)?|tragfähigkeit)\b", re.IGNORECASE),
    re.compile(r"^(?:overall |final )?(?:score|rating|bewertung|punktzahl)\b", re.IGNORECASE),
    re.compile(r"^confidence\b", re.IGNORECASE),
)
_TIER = re.compile(r"^(?:tier|stufe)\b", re.IGNORECASE)
_REASON = re.compile(
    r"^(?:reason(?:s|ing)?|rationale|why|comments?|justification|explanation|notes?|begründung)\b",
    re.IGNORECASE,
)
_RULE = re.compile(r"[\s|:+=-]*-[\s|:+=-]*")
_MARKUP = "*_`\"'“”[]<> \t"
Row = list[str]


def tables(text: str, known: Mapping[str, str]) -> tuple[list[Said], str]:
    """Read every table with a heading; return what they say and the text without them."""
    said: list[Said] = []
    rest: list[str] = []
    lines = text.split("\n")
    place = 0
    while place < len(lines):
        sign = _sign(lines[place])
        columns = _columns(_cells(lines[place], sign)) if sign else None
        if columns is None:
            rest.append(lines[place])
            place += 1
            continue
        place += 1
        while place < len(lines) and sign in lines[place]:
            if not _RULE.fullmatch(lines[place]):
                said += _row(_cells(lines[place], sign), columns, known)
            place += 1
    return said, "\n".join(rest)


class _Columns:
    """Where a table keeps what."""

    def __init__(self, who: Sequence[int], score: int, scale: Decimal | None, tier: int | None, reason: int | None, width: int) -> None:  # fmt: skip
        self.who, self.score, self.scale = who, score, scale
        self.tier, self.reason, self.width = tier, reason, width


def _sign(line: str) -> str:
    """Return what separates the cells of a line that may be a heading; "": nothing does."""
    if len(line) > 2000:
        return ""
    return next((sign for sign in ("|", "\t", ";", ",") if line.count(sign) >= 1), "")


def _cells(line: str, sign: str) -> Row:
    if sign == "|":
        inner = re.sub(r"^\s*\||\|\s*$", "", line)
        return [cell.replace("\\|", "|").strip() for cell in re.split(r"(?<!\\)\|", inner)]
    return [cell.strip() for cell in next(csv.reader([line], delimiter=sign, skipinitialspace=True), [])]


def _columns(heading: Row) -> _Columns | None:
    words = [cell.strip(_MARKUP) for cell in heading]
    who = [index for index, word in enumerate(words) if _WHO.match(word)]
    if not who or len(words) < 2:
        return None
    for pattern in _SCORES:
        found = [index for index, word in enumerate(words) if pattern.match(word)]
        if len(found) == 1:
            tier = next((index for index, word in enumerate(words) if _TIER.match(word)), None)
            reason = next((index for index, word in enumerate(words) if _REASON.match(word)), None)
            return _Columns(who, found[0], scale_of(words[found[0]]), tier, reason, len(words))
        if found:
            return None
    return None


def _row(cells: Row, columns: _Columns, known: Mapping[str, str]) -> Iterator[Said]:
    names = [cells[index].strip(_MARKUP) for index in columns.who if index < len(cells)]
    names = [re.sub(r"(?i)^dream[ _]+", "", name) if name not in known else name for name in names]
    meant = {known[name] for name in names if name in known}
    if not names or len(meant) > 1:
        return
    who = meant.pop() if meant else names[0]
    if len(cells) != columns.width:
        yield who, Number(0, 0, None, "its row does not fit its table"), None, ""
        return
    number = score_of(cells[columns.score], columns.scale) or Number(0, 0, None, "its score is no number")
    tier = None if columns.tier is None else tier_of_value(cells[columns.tier])
    yield who, number, tier, "" if columns.reason is None else shortened(cells[columns.reason])
