"""Labelled series of hourly counts: what logs ordinarily do, and faults among it; drawn from a seed."""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from random import Random

DAYS, EACH = 28, 12
_FIRST = 20_454 * 24  # epoch hour of midnight UTC on Thursday 1 January 2026
_INFO, _WARNING, _ERROR = 20, 30, 40
_OFFICE = (0.1, 0.07, 0.05, 0.05, 0.06, 0.12, 0.3, 0.5, 0.8, 1.0, 1.1, 1.1, 1.0, 1.05, 1.1, 1.05, 1.0, 0.95, 0.8, 0.65, 0.55, 0.45, 0.3, 0.18)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Series:
    """One template's hours: counts above zero by epoch hour, what was read, the level of its lines, the truth."""

    kind: str
    name: str
    history: Mapping[int, int]
    tonight: Mapping[int, int]
    covered: tuple[int, ...]
    level: int
    is_fault: bool


@dataclass(slots=True)
class _Draft:
    """A series in the making: counts by hour from the first to the last; None where nobody read."""

    counts: list[int | None]
    level: int = _INFO

    @property
    def night(self) -> range:
        """The positions of the last 24 hours."""
        return range(len(self.counts) - 24, len(self.counts))

    def scale(self, rng: Random, positions: range, factor: float) -> None:
        """Thin out or multiply counts."""
        for i in positions:
            self.counts[i] = _poisson(rng, (self.counts[i] or 0) * factor)

    def add(self, rng: Random, number: int, hours: int, low: int = 1, high: int = 22) -> None:
        """Put a burst of so many lines into a few hours of the night."""
        start = self.night.start + rng.randint(low, high - hours)
        for _ in range(number):
            i = start + rng.randrange(hours)
            self.counts[i] = (self.counts[i] or 0) + 1

    def silence(self, start: int, end: int) -> None:
        """Empty hours of the night."""
        for i in range(self.night.start + start, self.night.start + end):
            self.counts[i] = 0


Make = Callable[[Random], _Draft]


def _empty(level: int = _INFO) -> _Draft:
    return _Draft(list[int | None]([0] * 24 * (DAYS + 1)), level)


def series(seed: int) -> Iterator[Series]:
    """Yield the series of a seed: `EACH` of every kind."""
    for key, (make, fault) in KINDS.items():
        for number in range(EACH):
            rng = Random(f"fault {seed} {key} {number}")
            draft = make(rng)
            first = _FIRST + 2  # nights are at 02:00
            hours = {first + i: count for i, count in enumerate(draft.counts) if count is not None}
            border = first + draft.night.start
            past = {hour: count for hour, count in hours.items() if hour < border and count}
            now = {hour: count for hour, count in hours.items() if hour >= border and count}
            yield Series(key, f"{seed}-{number}", past, now, tuple(sorted(hours)), draft.level, fault)


def _poisson(rng: Random, expected: float) -> int:
    if expected > 50:
        return max(0, round(rng.gauss(expected, math.sqrt(expected))))
    bound, product, count = math.exp(-expected), rng.random(), 0
    while product > bound:
        product *= rng.random()
        count += 1
    return count


def _rhythm(
    rng: Random, a_day: float, *, days: int = DAYS, noise: float = 0.15, weekend: float = 0.4
) -> _Draft:
    """Office hours and weekends, with noise by day and by hour; a night's 24 hours after `days` days."""
    counts: list[int | None] = []
    for day in range(days + 1):
        loud = rng.lognormvariate(0, noise)
        for offset in range(24):
            hour = (2 + offset) % 24
            weekday = (3 + day + (offset >= 22)) % 7
            share = _OFFICE[hour] / sum(_OFFICE) * (weekend if weekday >= 5 else 1.0)
            counts.append(_poisson(rng, a_day * share * loud * rng.lognormvariate(0, noise)))
    return _Draft(counts)


def _flat(rng: Random, a_day: float, *, days: int = DAYS, noise: float = 0.1) -> _Draft:
    hours = range(24 * (days + 1))
    counts: list[int | None] = [_poisson(rng, a_day / 24 * rng.lognormvariate(0, noise)) for _ in hours]
    return _Draft(counts)


def _beat(rng: Random) -> _Draft:
    an_hour = rng.choice((4, 6, 12, 60))
    return _Draft(list[int | None]([an_hour] * 24 * (DAYS + 1)))


def _at(rng: Random, every: int, number: int, *, tonight: bool = True) -> _Draft:
    """Lines at one hour of every so many days, the last time tonight."""
    hour = rng.randrange(24)
    draft = _empty()
    for day in range(DAYS, -1, -every):
        draft.counts[24 * day + hour] = number
    if not tonight:
        draft.silence(0, 24)
    return draft


def _office(rng: Random) -> _Draft:
    return _rhythm(rng, rng.choice((20, 80, 400, 2000)))


def _noisy(rng: Random) -> _Draft:
    return _rhythm(rng, rng.choice((30, 200)), noise=0.45)


def _steady(rng: Random) -> _Draft:
    return _flat(rng, rng.choice((3, 30, 300)))


def _clustered_errors(rng: Random) -> _Draft:
    """Errors that come in small clusters every other day."""
    draft = _empty(_ERROR)
    for day in range(DAYS + 1):
        for _ in range(_poisson(rng, 0.8)):
            draft.counts[24 * day + rng.randrange(24)] = rng.randint(1, 6)
    return draft


def _seldom(rng: Random) -> _Draft:
    draft = _flat(rng, 1 / 6)
    draft.level = rng.choice((_INFO, _WARNING))
    draft.counts[rng.randrange(24 * 7)] = 1
    return draft


def _weekly_job(rng: Random) -> _Draft:
    return _at(rng, 7, rng.choice((1, 12, 150)))


def _deployed_info(rng: Random) -> _Draft:
    """An INFO line that a deploy of tonight's afternoon brought."""
    draft = _empty()
    for i in range(draft.night.start + 12, draft.night.stop):
        draft.counts[i] = _poisson(rng, 6)
    return draft


def _busy_day(rng: Random) -> _Draft:
    draft = _rhythm(rng, rng.choice((100, 600)))
    draft.scale(rng, draft.night, 1.6)
    return draft


def _quiet_day(rng: Random) -> _Draft:
    """A holiday on a working day."""
    draft = _rhythm(rng, rng.choice((60, 300)))
    draft.scale(rng, draft.night, 0.45)
    return draft


def _unread(rng: Random) -> _Draft:
    """Ten hours of tonight that nobody read."""
    draft = _beat(rng) if rng.random() < 0.5 else _rhythm(rng, 300)
    start = draft.night.start + rng.randint(2, 10)
    draft.counts[start : start + 10] = [None] * 10
    return draft


def _missed_nights(rng: Random) -> _Draft:
    """A history with five days that nobody read."""
    draft = _rhythm(rng, 200)
    day = rng.randint(5, 20)
    draft.counts[24 * day : 24 * (day + 5)] = [None] * 120
    return draft


def _after_a_burst(rng: Random) -> _Draft:
    """An ordinary night some days after an extraordinary one."""
    draft = _rhythm(rng, 60)
    draft.level = _WARNING
    day = DAYS - rng.randint(2, 6)
    for i in range(24 * day + 8, 24 * day + 11):
        draft.counts[i] = rng.randint(100, 300)
    return draft


def _growing(rng: Random) -> _Draft:
    """A shop that grows by one percent a day."""
    draft = _rhythm(rng, 200)
    for i, count in enumerate(draft.counts):
        draft.counts[i] = round((count or 0) * 1.01 ** (i / 24))
    return draft


def _young(rng: Random) -> _Draft:
    """Only eight days of history."""
    return _rhythm(rng, rng.choice((50, 500)), days=8)


def _burst(rng: Random) -> _Draft:
    draft = _rhythm(rng, rng.choice((5, 20, 60)))
    draft.level = rng.choice((_WARNING, _ERROR))
    draft.add(rng, rng.randint(50, 300), rng.randint(1, 3))
    return draft


def _small_error_burst(rng: Random) -> _Draft:
    """An error known from a few times a day, dozens of times within two hours."""
    draft = _flat(rng, rng.uniform(0.6, 3))
    draft.level = _ERROR
    draft.add(rng, rng.randint(25, 60), rng.randint(1, 2))
    return draft


def _burst_at_night(rng: Random) -> _Draft:
    """As many lines at four in the morning as usual at noon."""
    draft = _rhythm(rng, 400)
    draft.level = _WARNING
    draft.add(rng, rng.randint(60, 120), 2, low=1, high=4)
    return draft


def _silent_beat(rng: Random) -> _Draft:
    draft = _beat(rng)
    draft.silence(rng.randint(2, 8), rng.randint(15, 24))
    return draft


def _silent_traffic(rng: Random) -> _Draft:
    draft = _rhythm(rng, rng.choice((300, 2000)), noise=0.12, weekend=0.7)
    draft.silence(rng.randint(5, 8), rng.randint(15, 22))
    return draft


def _new_error(rng: Random) -> _Draft:
    draft = _empty(_ERROR)
    draft.add(rng, rng.randint(1, 30), 8)
    return draft


def _drift(rng: Random) -> _Draft:
    """Twice as often after five days, tonight the last of them."""
    draft = _rhythm(rng, rng.choice((100, 300)), noise=0.1, weekend=0.8)
    draft.level = _WARNING
    for day in range(5):
        start = 24 * (DAYS - 4 + day)
        draft.scale(rng, range(start, start + 24), 2.0 ** ((day + 1) / 5))
    return draft


def _tripled(rng: Random) -> _Draft:
    draft = _rhythm(rng, rng.choice((20, 60, 200)), weekend=0.7)
    draft.level = _ERROR
    draft.scale(rng, draft.night, 3.0)
    return draft


def _daily_job_missing(rng: Random) -> _Draft:
    return _at(rng, 1, rng.choice((1, 2, 10)), tonight=False)


def _daily_job_repeated(rng: Random) -> _Draft:
    draft = _at(rng, 1, rng.choice((1, 2)))
    draft.add(rng, 49, 15)
    return draft


KINDS: dict[str, tuple[Make, bool]] = {
    "office_hours": (_office, False),
    "noisy_office_hours": (_noisy, False),
    "steady": (_steady, False),
    "heartbeat": (_beat, False),
    "clustered_errors": (_clustered_errors, False),
    "seldom": (_seldom, False),
    "weekly_job": (_weekly_job, False),
    "info_of_a_deploy": (_deployed_info, False),
    "busy_day": (_busy_day, False),
    "holiday": (_quiet_day, False),
    "hours_nobody_read": (_unread, False),
    "nights_nobody_did": (_missed_nights, False),
    "after_a_burst": (_after_a_burst, False),
    "slow_growth": (_growing, False),
    "eight_days_of_history": (_young, False),
    "burst": (_burst, True),
    "small_error_burst": (_small_error_burst, True),
    "burst_at_night": (_burst_at_night, True),
    "silent_heartbeat": (_silent_beat, True),
    "silent_traffic": (_silent_traffic, True),
    "new_error": (_new_error, True),
    "slow_drift": (_drift, True),
    "tripled_errors": (_tripled, True),
    "daily_job_missing": (_daily_job_missing, True),
    "daily_job_repeated": (_daily_job_repeated, True),
}
