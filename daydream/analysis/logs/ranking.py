"""Flags, and which of them are worth a person's minute: one cause is said once, the gravest first, five at most."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

Severity = Literal["high", "medium", "low"]

PRINTED = 5
RECOVERED = "recovered"
BAR = 0.5
_BELOW = 0.45
_MERGED = 0.3
_ALIKE = 0.9
_HOURS = 3
_MANY, _AS_OFTEN = 30, 0.75
WHOLE_LOG = "log"
_PAIRED = ("missing", "repeat")
_SEVERITY = {"high": 0, "medium": 1, "low": 2}


@dataclass(frozen=True, slots=True)
class Flag:
    """Something that stands out tonight.

    `identity` is the same for the same thing on every night; `worth` estimates the chance that a person acts on it (from
    0.5 it is printed). `message` is a sentence with the numbers; `evidence` says when and where. `hours` are the counts
    that made it stand out.
    """

    kind: str
    template: str
    severity: Severity
    worth: float
    message: str
    evidence: str = ""
    identity: str = ""
    magnitude: float = 0.0
    numbers: Mapping[str, float] = field(default_factory=dict)
    text: str = ""
    level: int = 0
    hours: Mapping[int, int] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, str]:
        """What makes it the same flag on another night."""
        return self.kind, self.identity


def ranked(flags: Iterable[Flag], most: int = PRINTED) -> list[Flag]:
    """Merge what has one cause and keep at most `most` above the bar; the others stay, below it, so that
    what is true tonight is never taken for gone."""
    ordered = sorted(flags, key=_order)
    leaders: list[Flag] = []
    followers: list[Flag] = []
    for flag in ordered:
        if flag.worth < BAR:
            followers.append(flag)
            continue
        at = next((i for i, leader in enumerate(leaders) if _one_cause(leader, flag)), None)
        if at is None:
            leaders.append(flag)
        else:
            leaders[at] = _with(leaders[at], flag)
            followers.append(replace(flag, worth=_MERGED))
    raised = [flag for flag in leaders if flag.kind != RECOVERED]
    ended = [flag for flag in leaders if flag.kind == RECOVERED]
    return [*_capped(raised, most), *_capped(ended, most), *sorted(followers, key=_order)]


def _capped(flags: Sequence[Flag], most: int) -> list[Flag]:
    return [
        flag if i < most else replace(flag, worth=min(flag.worth, _BELOW)) for i, flag in enumerate(flags)
    ]


def _order(flag: Flag) -> tuple[bool, int, float, float, str, str]:
    """What is about a whole log leads what is about one of its lines when it is no louder."""
    about_all = flag.kind == "silence" and flag.identity == WHOLE_LOG
    return not about_all, _SEVERITY[flag.severity], -flag.worth, -flag.magnitude, flag.kind, flag.identity


def _one_cause(leader: Flag, flag: Flag) -> bool:
    if leader.kind == "silence" and leader.identity == WHOLE_LOG and flag.kind in ("silence", "missing"):
        return True
    if leader.template and leader.template == flag.template:
        return True
    if leader.kind == "error_share" and flag.kind == "rate" and flag.level >= leader.level:
        return True
    if leader.kind != flag.kind:
        return False
    if flag.kind == "missing" and leader.hours.keys() == flag.hours.keys():
        return True
    if flag.kind == "burst" and _at_once(leader.hours, flag.hours):
        return True
    return _together(leader.hours, flag.hours) or (flag.kind in _PAIRED and _one_job(leader.text, flag.text))


def _one_job(one: str, other: str) -> bool:
    """Whether two lines begin with the same two words: a job's first line and its last."""
    words = one.split()[:2]
    return len(words) == 2 and words == other.split()[:2]


def _at_once(one: Mapping[int, int], other: Mapping[int, int]) -> bool:
    """Whether two bursts came in the same hours and about as often as one another: what one request or one failure logs."""
    few, many = sorted((sum(one.values()), sum(other.values())))
    return one.keys() == other.keys() and few >= _MANY and few >= _AS_OFTEN * many


def _together(one: Mapping[int, int], other: Mapping[int, int]) -> bool:
    """Whether two counts rise and fall in the same hours: they begin and end together, and the cosine of the
    angle between them is at least 0.9. Fewer than three hours say nothing: all that happens once looks alike."""
    if (
        not one
        or not other
        or (min(one), max(one)) != (min(other), max(other))
        or min(len(one), len(other)) < _HOURS
    ):
        return False
    dot = sum(count * other.get(hour, 0) for hour, count in one.items())
    return dot >= _ALIKE * math.sqrt(_square(one) * _square(other))


def _square(counts: Mapping[int, int]) -> float:
    return float(sum(count * count for count in counts.values()))


def _with(leader: Flag, flag: Flag) -> Flag:
    if flag.template == leader.template or not flag.message:
        return leader
    return replace(
        leader,
        evidence=f"{leader.evidence}; also: {flag.message}" if leader.evidence else f"also: {flag.message}",
    )


def printed(flags: Sequence[Flag]) -> list[Flag]:
    """Those that reach the page."""
    return [flag for flag in flags if flag.worth >= BAR]
