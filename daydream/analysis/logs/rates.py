"""Counts outside of what they used to be: within an hour or a few (burst), over a night (rate), creeping (drift)."""

import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from daydream.analysis.logs.baseline import (
    LEAST_NIGHTS,
    NIGHT_H,
    ONE_IN,
    Grid,
    Hours,
    Series,
    Usual,
    span,
    usual,
)
from daydream.analysis.logs.heads import ERROR, WARNING
from daydream.analysis.logs.ranking import Flag, Severity
from daydream.analysis.redaction import one_line

_BURST_HOURS = (1, 2, 3)
_NEARLY_ALL = 0.8
_NIGHT_LAST = 3
_DRIFT_BY = 1.5
_DRIFT_EACH = 1.1
_DRIFT_Z = 5.5
_DRIFT_SPAN = 3.0
_DRIFT_LEAST = 60
_STEADY_LEAST = 200
_MOST_SCALED = 4.0
_JOB_MOST = 4


@dataclass(frozen=True, slots=True)
class Bar:
    """How far above the usual range a count must lie: `times` the highest night and `more` than that; for a few
    hours likewise; `deviations` above the median, at least."""

    times: float
    more: int
    burst_times: float
    burst_more: int
    worth: float
    severity: Severity
    deviations: float = 5.0


# An error more is worth more than a warning more; that people used a feature more often is worth knowing only where it is
# beyond what any busy day does.
_BARS = ((ERROR, Bar(1.6, 6, 3.0, 12, 0.75, "high")), (WARNING, Bar(1.8, 10, 3.0, 20, 0.65, "medium")))
_ORDINARY = Bar(8.0, 200, 10.0, 300, 0.55, "low")
_SAME_HOURS_TIMES, _SAME_HOURS_MORE = 6.0, 40


def bar_of(level: int) -> Bar:
    """What counts of a level must exceed."""
    return next((bar for least, bar in _BARS if level >= least), _ORDINARY)


@dataclass(frozen=True, slots=True)
class Excess:
    """A count above its usual range, and the hours [start, end) that it is about."""

    count: int
    usual: Usual
    start: int
    end: int


def steady(grid: Grid, series: Sequence[Series]) -> Mapping[int, int]:
    """Return how much was going on in each night: its records below warning; nothing where that is too
    little to compare nights by."""
    sums = grid.sums(*(hours for s in series if s.level < WARNING for hours in (s.hours, s.tonight)))
    return sums if sums and min(sums.values()) >= _STEADY_LEAST else {}


def scaled(
    sums: Mapping[int, int], steadies: Mapping[int, int], nights: Sequence[int], to: int
) -> list[float]:
    """Return some nights' counts as they would be if as much had been going on as in night `to`."""
    if not steadies:
        return [float(sums[n]) for n in nights]
    factors = (steadies[to] / steadies[n] for n in nights)
    return [
        sums[n] * min(_MOST_SCALED, max(1 / _MOST_SCALED, factor))
        for n, factor in zip(nights, factors, strict=True)
    ]


def _as_busy(grid: Grid, steadies: Mapping[int, int], night: int) -> Sequence[int]:
    """The past nights in which at least half and at most twice as much was going on, if they are enough: the counts of
    others say little when scaled."""
    if not steadies:
        return grid.nights
    near = [n for n in grid.nights if steadies[night] <= 2 * steadies[n] <= 4 * steadies[night]]
    return near if len(near) >= LEAST_NIGHTS else grid.nights


def over_night(
    grid: Grid, hours: Hours, tonight: Hours, steadies: Mapping[int, int], bar: Bar
) -> Excess | None:
    """Find the night of tonight's that lies above the range of past nights: of all, of those like it, and of all
    as they would be if as much had been going on."""
    sums = grid.sums(hours, tonight)
    night = max(grid.tonight, key=lambda n: (sums[n], -n))
    count = sums[night]
    if len(grid.nights) < LEAST_NIGHTS:
        return None
    known = usual([sums[n] for n in grid.nights])
    alike = grid.alike(night)
    level = usual([sums[n] for n in alike]) if len(alike) >= LEAST_NIGHTS else known
    expected = usual(scaled(sums, steadies, _as_busy(grid, steadies, night), night))
    weekly = max((sums[n] for n in grid.nights if (n - night) % 7 == 0), default=0)
    high = max(known.high, weekly)
    # Scaling widens a range by the noise of two counts, so that less than the whole distance is asked for there.
    least = max(bar.times * high, high + bar.more, (1 + bar.times) / 2 * expected.high)
    if count < least or min(level.deviations(count), expected.deviations(count)) < bar.deviations:
        return None
    there = [h for h in tonight if grid.number(h) == night]
    return Excess(count, known, min(there), max(there) + 1)


def burst(grid: Grid, hours: Hours, tonight: Hours, bar: Bar) -> Excess | None:
    """Find the hour, or two or three in a row, with far more than any so many hours of past nights; or, by a higher bar,
    than the same hours of the day ever had."""
    if len(grid.nights) < LEAST_NIGHTS or sum(tonight.values()) < bar.burst_more:
        return None
    found: list[Excess] = []
    for width in _BURST_HOURS:
        starts = _starts(tonight, width, bar.burst_more)
        if not starts:
            continue
        before = _windows(grid, hours, width)
        start, count = max(starts.items(), key=lambda one: (one[1], -one[0]))
        most = _nightly_most(grid, before, range(NIGHT_H))
        ever = usual(list(most.values()))
        least = max(bar.burst_times * max(ever.high, _weekly(grid, most, start)), ever.high + bar.burst_more)
        if count >= least:
            found.append(Excess(count, ever, start, start + width))
        elif bar is not _ORDINARY:
            found += _at_odd_hours(grid, before, starts, width)
    # The shortest that holds nearly all of it says best when it was.
    most_of_it = _NEARLY_ALL * max((one.count for one in found), default=0)
    return next((one for one in found if one.count >= most_of_it), None)


def _weekly(grid: Grid, most: Mapping[int, int], start: int) -> int:
    """The largest count on the same weekday of past weeks: what comes once a week is no burst."""
    return max((count for n, count in most.items() if (n - grid.number(start)) % 7 == 0), default=0)


def _starts(counts: Hours, width: int, least: int) -> dict[int, int]:
    """The sums of so many hours in a row that reach a number, by their first hour."""
    sums = {h - i: 0 for h in counts for i in range(width)}
    for start in sums:
        sums[start] = sum(counts.get(start + i, 0) for i in range(width))
    return {start: count for start, count in sums.items() if count >= least and start in counts}


def _windows(grid: Grid, hours: Hours, width: int) -> dict[int, int]:
    starts = {h - i for h in hours for i in range(width)}
    last = grid.hours[0] - width
    return {start: sum(hours.get(start + i, 0) for i in range(width)) for start in starts if start <= last}


def _at_odd_hours(grid: Grid, before: Hours, starts: Mapping[int, int], width: int) -> list[Excess]:
    """Find what would be ordinary at noon and is not at four in the morning; the one furthest from usual."""
    found = []
    for start, count in sorted(starts.items()):
        if count < _SAME_HOURS_MORE:
            continue
        slot = grid.slot(start)
        most = _nightly_most(grid, before, range(slot - width, slot + 2))
        then = usual(list(most.values()))
        high = max(then.high, _weekly(grid, most, start))
        if count >= max(_SAME_HOURS_TIMES * high, high + _SAME_HOURS_MORE):
            found.append(Excess(count, then, start, start + width))
    return sorted(found, key=lambda one: one.usual.high - one.count)[:1]


def _nightly_most(grid: Grid, windows: Hours, slots: range) -> dict[int, int]:
    """Return each past night's largest count of those that begin in some hours of the day."""
    most = dict.fromkeys(grid.nights, 0)
    wanted = {slot % NIGHT_H for slot in slots}
    last = grid.end - 1
    for start, count in windows.items():
        number, slot = divmod(last - start, NIGHT_H)
        if count > most.get(number, count) and slot in wanted:
            most[number] = count
    return most


@dataclass(frozen=True, slots=True)
class Drift:
    """The median of the last three nights against the median of those before, at equal business."""

    last: float
    before: float
    counts: tuple[int, ...]
    nights: int


def drift(grid: Grid, series: Series, steadies: Mapping[int, int], since: int | None = None) -> Drift | None:
    """Find what grew for days: each of the last three nights above the weeks before and none three times another (that
    is a burst), their median at least 1.5 times and 5.5 deviations above, tonight above all of them. `since`: the hour since which it is known to have
    grown; then half of that is enough, and nights since then are not compared with."""
    last = range(_NIGHT_LAST)
    if any(n not in grid.nights and n not in grid.tonight for n in last) or series.level < WARNING:
        return None
    sums = grid.sums(series.hours, series.tonight)
    begun = None if since is None else grid.number(since) + _NIGHT_LAST
    before = [n for n in grid.nights if n >= max(_NIGHT_LAST, begun or 0)]
    if not steadies:
        alike = [n for n in before if grid.weekend(n) == grid.weekend(0)]
        last_alike = all(grid.weekend(n) == grid.weekend(0) for n in last)
        before = alike if last_alike else before
    if len(before) < LEAST_NIGHTS or sum(sums[n] for n in last) < _DRIFT_LEAST:
        return None
    base = scaled(sums, steadies, before, 0)
    recent = scaled(sums, steadies, last, 0)
    known = usual(base, least_share=0.1)
    if known.middle <= 0:
        return None
    now = statistics.median(recent)
    spread = known.spread / len(recent) ** 0.5
    eased = begun is not None
    grown = (
        now >= known.middle * (_DRIFT_BY + 1) / 2
        if eased
        else (
            now >= _DRIFT_BY * known.middle
            and min(recent) >= max(_DRIFT_EACH * known.middle, max(recent) / _DRIFT_SPAN)
            and recent[0] > known.high
            and now - known.middle >= _DRIFT_Z * spread
        )
    )
    return Drift(now, known.middle, tuple(sums[n] for n in reversed(last)), len(before)) if grown else None


def repeated(grid: Grid, series: Series) -> Excess | None:
    """Find what came a few times each night, always as often, and tonight more than ten times so."""
    if len(grid.nights) < LEAST_NIGHTS or series.level >= ERROR:
        return None
    sums = grid.sums(series.hours, series.tonight)
    past = sorted(sums[n] for n in grid.nights)[len(grid.nights) // ONE_IN :]
    count = max(sums[n] for n in grid.tonight)
    if not 0 < min(past) <= max(past) <= min(_JOB_MOST, 2 * min(past)) or count < 10 * max(past):
        return None
    return Excess(count, usual(past), min(series.tonight), max(series.tonight) + 1)


def flags(grid: Grid, series: Series, steadies: Mapping[int, int], since: int | None) -> Iterator[Flag]:
    """Yield what stands out about how often something known came."""
    bar = bar_of(series.level)
    again = repeated(grid, series)
    if again is not None:
        yield _flag("repeat", grid, series, again, bar_of(WARNING))
        return
    sudden = burst(grid, series.hours, series.tonight, bar)
    more = over_night(grid, series.hours, series.tonight, steadies, bar)
    if sudden is not None:
        yield _flag("burst", grid, series, sudden, bar)
    elif more is not None:
        yield _flag("rate", grid, series, more, bar)
    crept = drift(grid, series, steadies, since) if sudden is None else None
    if crept is not None:
        yield _crept(grid, series, crept, even=bool(steadies))


def _flag(kind: str, grid: Grid, series: Series, excess: Excess, bar: Bar) -> Flag:
    nights = excess.usual.nights
    low, high = int(excess.usual.low), int(excess.usual.high)
    if kind == "burst":
        length = excess.end - excess.start
        when = grid.said(excess.start, excess.end, series)
        hours = "one hour" if length == 1 else f"{length} hours"
        said = f"{excess.count:,} times {when}; usually at most {high:,} in {hours} of a night, over the last {nights} nights"
    else:
        said = f"{excess.count:,} times in 24 h; usually {span(low, high)} a night, over the last {nights} nights"
    return Flag(
        kind=kind,
        template=series.template,
        identity=series.template,
        severity=bar.severity,
        worth=bar.worth,
        message=f"{named(series)}: {said}{focus(series)}",
        evidence=evidence(grid, series, excess.start, excess.end),
        magnitude=float(excess.count),
        numbers={"tonight": excess.count, "low": low, "high": high, "nights": nights},
        text=series.text,
        level=series.level,
        hours={h: c for h, c in series.tonight.items() if excess.start <= h < excess.end},
    )


def _crept(grid: Grid, series: Series, found: Drift, *, even: bool) -> Flag:
    counts = ", ".join(f"{count:,}" for count in found.counts)
    measured = ", measured against how much else was logged" if even else ""
    return Flag(
        kind="drift",
        template=series.template,
        identity=series.template,
        severity="medium",
        worth=0.6,
        message=(
            f"{named(series)}: {counts} times in the last three nights, {found.last / found.before:.1f} times as often as usual "
            f"in the {found.nights} nights before{measured}"
        ),
        evidence=evidence(grid, series, grid.hours[0], grid.end),
        magnitude=float(found.counts[-1]),
        numbers={
            "tonight": found.counts[-1],
            "last": found.last,
            "before": found.before,
            "nights": found.nights,
        },
        text=series.text,
        level=series.level,
        hours=series.tonight,
    )


def named(series: Series) -> str:
    """How a sentence names a series."""
    return f"`{one_line(series.text, 120)}`"


def focus(series: Series) -> str:
    """Say which value most of tonight's records share."""
    if series.focus is None:
        return ""
    value, share = series.focus
    return f"; {share:.0%} of them with {one_line(value, 60)}"


def when(grid: Grid, start: int, end: int, series: Series | None = None) -> str:
    """Say from when to when with dates and the zone; `end` is not part of it; `series` as in `Grid.said`."""
    first, last = grid.span(start, end, None if series is None else series.within(start, end))
    day = "" if last.date() == first.date() else f"{last:%Y-%m-%d} "
    return f"{first:%Y-%m-%d %H:%M} to {day}{last:%H:%M}, {grid.zone}"


def evidence(grid: Grid, series: Series, start: int, end: int) -> str:
    """Say when, where, and show an example."""
    where = f"; logged at {one_line(series.origin, 200)}" if series.origin else ""
    example = f"; such as: {one_line(series.example, 200)}" if series.example else ""
    return f"{when(grid, start, end, series)}{where}{example}"
