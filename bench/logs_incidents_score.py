"""Which incidents a detector named, on their day or late, and what it cried about for nothing."""

import functools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.logs_incidents_kinds import Incident
from bench.logs_world import LEARNING

_ENDED = re.compile(r"(?i)recover|\bgone\b|no longer|not seen|has stopped|have stopped|\bended\b|subsided")


@dataclass(frozen=True, slots=True)
class Named:
    """A finding that would be printed: worth >= 0.5, and ``new``, ``worse`` or ``gone`` that night."""

    rule: str
    subject: str
    message: str
    evidence: str = ""
    standing: str = "new"

    @property
    def text(self) -> str:
        """What a pattern may match."""
        return "\n".join((self.subject, self.message, self.evidence))


@dataclass(frozen=True, slots=True)
class Score:
    """What a month came to. `false_alarms` are (night, finding) after the learning week that belong to no incident;
    `too_early` are findings told as gone while the incident went on. `nights` are those that count."""

    on_day: tuple[Incident, ...]
    late: tuple[Incident, ...]
    missed: tuple[Incident, ...]
    false_alarms: tuple[tuple[int, Named], ...]
    too_early: tuple[tuple[int, Named], ...]
    nights: int

    @property
    def alarms_a_week(self) -> float:
        """False alarms per seven nights."""
        return 7 * len(self.false_alarms) / self.nights if self.nights else 0.0


def score(nights: Mapping[int, Sequence[Named]], incidents: Sequence[Incident]) -> Score:
    """Compare what each night printed with what went wrong."""
    on_day: list[Incident] = []
    late: list[Incident] = []
    missed: list[Incident] = []
    for one in incidents:
        first = min(
            (n for n, found in nights.items() if any(_names(one, n, named) for named in found)), default=None
        )
        (missed if first is None else on_day if first <= one.day else late).append(one)
    counted = {night: found for night, found in nights.items() if night >= LEARNING}
    cried = [
        (night, named)
        for night, found in sorted(counted.items())
        for named in found
        if named.standing != "gone" and not any(_explains(one, night, named) for one in incidents)
    ]
    early = [
        (night, named)
        for night, found in sorted(counted.items())
        for named in found
        if named.standing == "gone" and any(_goes_on(one, night, named) for one in incidents)
    ]
    return Score(tuple(on_day), tuple(late), tuple(missed), tuple(cried), tuple(early), len(counted))


def _names(one: Incident, night: int, named: Named) -> bool:
    """Tell whether a finding of a night names an incident."""
    if not one.first <= night <= one.until or not _matches(one.pattern, named.text):
        return False
    if one.gone:
        return night > one.active and (named.standing == "gone" or bool(_ENDED.search(named.message)))
    return named.standing != "gone"


def _explains(one: Incident, night: int, named: Named) -> bool:
    """Tell whether an incident is the reason for a finding."""
    if not one.first <= night <= one.until:
        return False
    return _matches(one.pattern, named.text) or (
        bool(one.also) and one.source in named.text and _matches(one.also, named.text)
    )


def _goes_on(one: Incident, night: int, named: Named) -> bool:
    """Tell whether a finding is said to be gone on a night that saw the incident: its own rule's word that it is
    over, while its lines were there, all but those of a last day that the night saw end."""
    return one.first <= night < one.active and _matches(one.pattern, named.text)


@functools.cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(f"(?is){pattern}")


def _matches(pattern: str, text: str) -> bool:
    return bool(_compiled(pattern).search(text))
