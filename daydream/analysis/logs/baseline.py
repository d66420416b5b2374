"""What past nights were like: the shapes that judgement works on, and counts night by night.

Hours are whole hours since 1970 in UTC. A night is 24 hours that end where tonight's end; night 0 is the last
one, night 7 the same weekday a week ago. Only hours that were read count: one of those without a count is a real zero.
"""

import datetime as dt
import math
import statistics
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

NIGHT_H = 24
WEEK_H = 7 * NIGHT_H
LEAST_NIGHTS = 5
# One past night in seven may lack what always came: a former failure is no reason to be silent about the next.
ONE_IN = 7
_KNOWN_SHARE = 0.9
_FAR_OUT = 6.0
_MOST_OF, _LEAST_DENSE, _SHORT_S = 0.9, 10, 600.0
HOUR_S = 3600

Hours = Mapping[int, int]
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Series:
    """One template, or one group of exceptions (`trace`), of one log.

    `text` is redacted. `level` is the worst one; `hours` and `levels` count what is older than tonight's hours, `tonight`
    and `levels_tonight` the rest. `first`: when it was first seen, seconds since 1970. `origin`: the logging call as
    "path:line". `example`: one of tonight's records, redacted. `focus`: the parameter that most of tonight's records share and their share, 0..1.
    `edges`: tonight's first and last record; `times`: the first of tonight's, as many as were kept; both in seconds since 1970.
    """

    template: str
    text: str
    level: int
    hours: Hours
    tonight: Hours
    levels: Mapping[int, int] = field(default_factory=dict)
    levels_tonight: Mapping[int, int] = field(default_factory=dict)
    first: float | None = None
    origin: str | None = None
    trace: bool = False
    focus: tuple[str, float] | None = None
    example: str = ""
    edges: tuple[float, float] | None = None
    times: Sequence[float] = ()

    @property
    def count(self) -> int:
        """How many records tonight has."""
        return sum(self.tonight.values())

    def within(self, start: int, end: int) -> tuple[float, float] | None:
        """The first and the last instant of its records of the hours [start, end) of tonight; None: only the hours are
        known."""
        if self.edges is None:
            return None
        low, high = start * HOUR_S, end * HOUR_S
        there = [when for when in self.times if low <= when < high]
        if there and len(there) == self._counted(start, end):
            return there[0], there[-1]
        whole = sum(when < low for when in self.times) == sum(c for h, c in self.tonight.items() if h < start)
        first = self.edges[0] if self.edges[0] >= low else there[0] if there and whole else None
        last = self.edges[1] if low <= self.edges[1] < high else None
        return None if first is None or last is None else (first, last)

    def densest(self, start: int, end: int) -> tuple[int, float, float] | None:
        """How many records, nine tenths of those of these hours, came within less than half of the time they span, with the
        first and the last instant; None: they did not, it was ten minutes at most, or not each of them was timed."""
        there = [when for when in self.times if start * HOUR_S <= when < end * HOUR_S]
        size = math.ceil(_MOST_OF * len(there))
        if size < _LEAST_DENSE or len(there) != self._counted(start, end) or there[-1] - there[0] <= _SHORT_S:
            return None
        at = min(range(len(there) - size + 1), key=lambda i: (there[i + size - 1] - there[i], i))
        first, last = there[at], there[at + size - 1]
        return (size, first, last) if 2 * (last - first) < there[-1] - there[0] else None

    def _counted(self, start: int, end: int) -> int:
        return sum(count for hour, count in self.tonight.items() if start <= hour < end)


@dataclass(frozen=True, slots=True)
class Response:
    """How long the requests of one route took in one hour; seconds."""

    count: int
    p50: float
    p95: float


Responses = Mapping[str, Mapping[int, Response]]


@dataclass(frozen=True, slots=True)
class Past:
    """What earlier nights counted: the hours that were read, and what cannot be added up from the series.

    `responses` are by route and hour, `statuses` by the first digit of the status and hour. `flagged` are the flags
    of the last night that were printed when they were raised, by (kind, identity), each with the hour of that.
    """

    covered: Sequence[int]
    responses: Responses = field(default_factory=dict)
    statuses: Mapping[int, Hours] = field(default_factory=dict)
    flagged: Mapping[tuple[str, str], int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Night:
    """What tonight counted of one log. `hours` are those that were read, in order; `offset` is the local time's distance
    from UTC in seconds, `zone` its name. `series` and `traces` are every one that tonight or a past night saw; requests of an access log
    are in none of them, they are counted in `responses` (by route) and `statuses`."""

    source: str
    hours: Sequence[int]
    offset: int
    series: Sequence[Series]
    traces: Sequence[Series] = ()
    responses: Responses = field(default_factory=dict)
    statuses: Mapping[int, Hours] = field(default_factory=dict)
    zone: str = "local time"


def recent(night: Night, past: Past) -> tuple[Night, Past]:
    """Return both with what is more than a week old moved from tonight to the past: after a long rest of daydream's own
    the last week is news, what lies before it is what there is to compare with."""
    start = night.hours[-1] + 1 - WEEK_H
    if night.hours[0] >= start:
        return night, past
    later = replace(
        night,
        hours=[hour for hour in night.hours if hour >= start],
        series=[_moved(one, start) for one in night.series],
        traces=[_moved(one, start) for one in night.traces],
        responses={route: _split(hours, start)[1] for route, hours in night.responses.items()},
        statuses={digit: _split(hours, start)[1] for digit, hours in night.statuses.items()},
    )
    routes = {route: _split(hours, start)[0] for route, hours in night.responses.items()}
    digits = {digit: _split(hours, start)[0] for digit, hours in night.statuses.items()}
    earlier = replace(
        past,
        covered=sorted({*past.covered, *(hour for hour in night.hours if hour < start)}),
        responses={
            r: {**past.responses.get(r, {}), **routes.get(r, {})} for r in sorted({*past.responses, *routes})
        },
        statuses={
            d: Counter(past.statuses.get(d, {})) + Counter(digits.get(d, {}))
            for d in sorted({*past.statuses, *digits})
        },
    )
    return later, earlier


def _moved(series: Series, start: int) -> Series:
    earlier, later = _split(series.tonight, start)
    return replace(series, hours=Counter(series.hours) + Counter(earlier), tonight=later)


def _split(hours: Mapping[int, _T], start: int) -> tuple[dict[int, _T], dict[int, _T]]:
    earlier = {hour: one for hour, one in hours.items() if hour < start}
    return earlier, {hour: one for hour, one in hours.items() if hour >= start}


@dataclass(frozen=True, slots=True)
class Usual:
    """What nights used to count: the range without what is far out of it, the median, a robust deviation, how many."""

    low: float
    high: float
    middle: float
    spread: float
    nights: int

    def deviations(self, count: float) -> float:
        """How many standard deviations above the median a count is: Poisson, and what nights differ by besides."""
        return (count - self.middle) / math.sqrt(max(1.0, self.middle, self.spread * self.spread))


def usual(counts: Collection[float], *, least_share: float = 0.2) -> Usual:
    """Sum up some nights' counts; at least one.

    The deviation is 1.4826 x median absolute deviation, at least the root of the median (Poisson) and `least_share`
    of it: no service is as even as a few even nights make it look. One night in seven may lie further
    than six deviations above the median (earlier incidents) and then do not widen the range.
    """
    middle = statistics.median(counts)
    spread = 1.4826 * statistics.median(abs(count - middle) for count in counts)
    spread = max(spread, middle**0.5, least_share * middle, 1.0)
    kept = [count for count in counts if count <= middle + _FAR_OUT * spread]
    if len(counts) - len(kept) > len(counts) // ONE_IN:
        kept = list(counts)
    return Usual(min(kept), max(kept), middle, spread, len(counts))


def span(low: float, high: float) -> str:
    """Write a range of counts."""
    return f"{int(low):,} to {int(high):,}" if int(low) != int(high) else f"{int(high):,}"


class Grid:
    """Tonight's hours and the past ones, night by night.

    `tonight` are the numbers of the nights that tonight reaches over (one, or more after days without a night);
    `nights` the past ones that were read for at least nine tenths of the hours that were read tonight.
    """

    def __init__(self, night: Night, covered: Iterable[int]) -> None:
        self.read = frozenset(night.hours)
        self.hours = sorted(self.read)
        self.covered = frozenset(covered) - self.read
        self.end = self.hours[-1] + 1
        self.offset = night.offset
        self.zone = night.zone
        whole = max(1, (self.end - self.hours[0]) // NIGHT_H)
        self.tonight = tuple(range(whole))
        self.slots = frozenset(self.slot(hour) for hour in self.hours if self.number(hour) < whole)
        there: dict[int, int] = {}
        for hour in self.covered:
            if self.slot(hour) in self.slots:
                there[self.number(hour)] = there.get(self.number(hour), 0) + 1
        least = _KNOWN_SHARE * len(self.slots)
        self.nights = tuple(sorted(n for n, count in there.items() if n >= whole and count >= least))
        counted = {*self.tonight, *self.nights}
        self._night_of = {
            hour: n
            for hour in (*self.covered, *self.read)
            if (n := self.number(hour)) in counted and self.slot(hour) in self.slots
        }

    def number(self, hour: int) -> int:
        """The night that an hour belongs to."""
        return (self.end - 1 - hour) // NIGHT_H

    def slot(self, hour: int) -> int:
        """Which hour of its night it is, counted from the end."""
        return (self.end - 1 - hour) % NIGHT_H

    def weekend(self, night: int) -> bool:
        """Whether most of a night's hours lie on a Saturday or Sunday, local time."""
        return self.local(self.end - NIGHT_H * night - NIGHT_H // 2).weekday() >= 5

    def local(self, hour: int) -> dt.datetime:
        """The local time at which an hour begins, by tonight's distance from UTC."""
        return self.at(hour * HOUR_S)

    def at(self, seconds: float) -> dt.datetime:
        """The local time of an instant, likewise."""
        return dt.datetime.fromtimestamp(seconds + self.offset, dt.UTC)

    def sums(self, *counts: Hours) -> dict[int, int]:
        """Return counts by night, of tonight's and the past nights that were read, zeros included; only the hours of
        the day that were read tonight are added up."""
        found, night_of = dict.fromkeys((*self.tonight, *self.nights), 0), self._night_of
        for hours in counts:
            for hour, count in hours.items():
                number = night_of.get(hour)
                if number is not None:
                    found[number] += count
        return found

    def alike(self, night: int = 0) -> tuple[int, ...]:
        """The past nights that are, as that one, of a working day or of a weekend."""
        return tuple(n for n in self.nights if self.weekend(n) == self.weekend(night))

    def same(self, hours: Sequence[int], night: int) -> list[int]:
        """The hours of the day `night` nights earlier; only those that were read."""
        return [h - NIGHT_H * night for h in hours if h - NIGHT_H * night in self.covered]

    def said(self, start: int, end: int, series: Series | None = None) -> str:
        """Say from when to when, local time; `end` is not part of it. To the minute where the records of a `series` are
        what it is about and were timed."""
        known = None if series is None else series.within(start, end)
        first, last = self.span(start, end, known)
        if last - first >= dt.timedelta(hours=NIGHT_H):
            return f"in {end - start} h"
        far = first.date() != self.local(self.end - 1).date()
        if known is not None and f"{first:%H:%M}" == f"{last:%H:%M}":
            return f"on {first:%A} at {first:%H:%M}" if far else f"at {first:%H:%M}"
        core = None if series is None or known is None else series.densest(start, end)
        most = (
            f" ({core[0]:,} of them between {self.at(core[1]):%H:%M} and {self.at(core[2]):%H:%M})"
            if core
            else ""
        )
        return f"between {f'{first:%A} ' if far else ''}{first:%H:%M} and {last:%H:%M}{most}"

    def span(
        self, start: int, end: int, known: tuple[float, float] | None
    ) -> tuple[dt.datetime, dt.datetime]:
        """The local times of what is `known` to the second, else of the hours [start, end)."""
        return (self.at(known[0]), self.at(known[1])) if known else (self.local(start), self.local(end))
