"""What stands out tonight against past nights: pure functions from counts to flags."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Literal

from daydream.analysis.logs import latency, rates, silence
from daydream.analysis.logs.baseline import (
    LEAST_NIGHTS,
    Grid,
    Hours,
    Night,
    Past,
    Series,
    recent,
    span,
    usual,
)
from daydream.analysis.logs.heads import CRITICAL, DEBUG, ERROR, INFO, UNKNOWN, WARNING
from daydream.analysis.logs.ranking import BAR, PRINTED, RECOVERED, Flag, ranked
from daydream.analysis.logs.rates import Bar, evidence, named

KINDS = (
    *("new_error", "new_lines", "burst", "rate", "repeat", "drift", "error_share", "level_change"),
    *("silence", "missing", "latency", "status_share", RECOVERED),
)
# Shorter than a week, so that what comes weekly is new once.
_NEWS_H = 6 * 24
_NEW_WARNINGS = 10
_NEW_LINES = 3
_USUALLY_NEW = 0.5
_USUALLY_LEAST = 5
_LEAST_WORDS = 4
_CHANGED_LEAST = 3
_CHANGED_SHARE = 0.5
_CHANGED_PAST = 0.25
_LASTING = ("new_error", "level_change", "drift")
# At three a night on average, a night without one is one of twenty by chance.
_EXPECTED = 3
# Many kinds together are steadier than each, so that less of a rise is telling.
_SHARES = Bar(1.5, 15, 0, 0, 0.8, "high", 4.0)
_LEVELS = {
    UNKNOWN: "no level",
    DEBUG: "debug",
    INFO: "info",
    WARNING: "warning",
    ERROR: "error",
    CRITICAL: "critical",
}


def _never_mind() -> None:
    """Who asks for a judgement alone need not be able to stop it."""


def judge(
    night: Night, past: Past, most: int = PRINTED, check: Callable[[], None] = _never_mind
) -> list[Flag]:
    """Return everything that stands out in one log, the gravest first; what has a worth of at least 0.5, at most `most`, is
    to be printed. With fewer than five past nights nothing is said: then everything would be new. `check` is called
    between series and may raise."""
    if not night.hours:
        return []
    night, past = recent(night, past)
    grid = Grid(night, past.covered)
    if len(grid.nights) < LEAST_NIGHTS:
        return []
    found = list(_raised(grid, night, past, check))
    return ranked([*found, *_recovered(grid, night, past, found)], most)


def compared_with(night: Night, past: Past) -> int:
    """How many past nights there are to compare with; `judge` says nothing below `LEAST_NIGHTS`."""
    if not night.hours:
        return 0
    night, past = recent(night, past)
    return len(Grid(night, past.covered).nights)


def judge_series(history: Hours, tonight: Hours, covered: Sequence[int], level: int = ERROR) -> Flag | None:
    """Judge counts alone: the gravest flag that would be printed, or None. The last 24 of the covered hours that lie within a
    day are tonight's."""
    hours = [hour for hour in covered if hour > covered[-1] - 24]
    one = Series(
        "0" * 16,
        "series",
        level,
        history,
        tonight,
        {level: sum(history.values())},
        {level: sum(tonight.values())},
    )
    flags = judge(Night("series", hours, 0, (one,)), Past([h for h in covered if h <= covered[-1] - 24]))
    return next((flag for flag in flags if flag.worth >= BAR), None)


def _raised(grid: Grid, night: Night, past: Past, check: Callable[[], None]) -> Iterator[Flag]:
    every = (*night.series, *night.traces)
    steadies = rates.steady(grid, night.series)
    news = [s for s in every if s.tonight and (_is_new(grid, s) or ("new_error", s.template) in past.flagged)]
    yield from _news(grid, news, every, past.flagged)
    told = {s.template for s in news}
    alone = 0.0
    for series in every:
        check()
        if series.template in told or not series.tonight:
            continue
        changed = _level_change(grid, series, known=("level_change", series.template) in past.flagged)
        if changed is not None:
            yield changed
        since = past.flagged.get(("drift", series.template))
        louder = list(rates.flags(grid, series, steadies, since))
        yield from louder
        if changed is not None or any(flag.kind == "burst" for flag in louder):
            told.add(series.template)
        alone = max([alone, *(flag.magnitude for flag in louder if flag.kind == "rate")])
    share = _error_share(grid, [s for s in every if s.level >= ERROR and s.template not in told], steadies)
    if share is not None and alone < share.magnitude / 2:
        yield share
    totals = _total(every, past.statuses, "hours"), _total(every, night.statuses, "tonight")
    yield from silence.flags(grid, night.series, totals, night.source, past.flagged, check)
    yield from latency.flags(
        grid, night.source, (past.responses, past.statuses), (night.responses, night.statuses)
    )


def _total(
    every: Iterable[Series], statuses: Mapping[int, Hours], which: Literal["hours", "tonight"]
) -> Hours:
    total: Counter[int] = Counter()
    for hours in (*(getattr(one, which) for one in every), *statuses.values()):
        total.update(hours)
    return total


def _is_new(grid: Grid, series: Series) -> bool:
    """Whether it was first seen within the last six days; what was new on Monday and still comes on Thursday is still news."""
    first = _first(series)
    return first is not None and first >= max(grid.hours[0] - _NEWS_H, min(grid.covered) + 24 * LEAST_NIGHTS)


def _first(series: Series) -> int | None:
    seen = [*series.hours, *series.tonight]
    if series.first is not None:
        seen.append(int(series.first // 3600))
    return min(seen, default=None)


def _news(
    grid: Grid, news: Sequence[Series], every: Sequence[Series], flagged: Mapping[tuple[str, str], int]
) -> Iterator[Flag]:
    variants = _variants(s for s in every if s.hours and not _is_new(grid, s))
    wont = _usual_news(grid, every)
    for series in news:
        if series.level >= WARNING:
            similar = not _variants((series,)).isdisjoint(variants)
            back = bool(series.hours) and ("new_error", series.template) not in flagged
            yield _new_error(grid, series, wont, similar=similar, back=back)
    lines = [s for s in news if s.level < WARNING and not s.hours]
    if len(lines) >= _NEW_LINES:
        start = min(min(s.tonight) for s in lines)
        yield Flag(
            kind="new_lines",
            template="",
            identity="lines",
            severity="low",
            worth=0.2,
            message=f"{len(lines)} lines came for the first time, the first at {grid.local(start):%H:%M}: a deploy, or a first use",
            evidence="; ".join(named(s) for s in lines[:5]),
            magnitude=float(len(lines)),
            numbers={"tonight": len(lines)},
        )


def _usual_news(grid: Grid, every: Iterable[Series]) -> int:
    """Return how often, at most, something new at error or worse came on its first night, if half of the past nights, and
    at least five, brought such: then another one alone is nothing to wake anyone for. Else 0."""
    born: dict[int, int] = {}
    settled = max(grid.nights) - LEAST_NIGHTS
    for series in every:
        if series.level < ERROR or not series.hours:
            continue
        first = grid.number(min(series.hours))
        if first < settled and first in grid.nights:
            count = sum(c for h, c in series.hours.items() if grid.number(h) == first)
            born[first] = max(born.get(first, 0), count)
    there = [n for n in grid.nights if n < settled]
    return (
        int(usual(list(born.values())).high)
        if len(born) >= max(_USUALLY_LEAST, _USUALLY_NEW * len(there))
        else 0
    )


def _variants(series: Iterable[Series]) -> set[tuple[str, ...]]:
    """Return texts of at least four words with each of their words left out in turn: two that have one in common differ in
    a single word, which is most likely a value."""
    found: set[tuple[str, ...]] = set()
    for one in series:
        words = one.text.split()
        if one.level >= WARNING and not one.trace and len(words) >= _LEAST_WORDS:
            found.update((*words[:i], "", *words[i + 1 :]) for i in range(len(words)))
    return found


def _new_error(grid: Grid, series: Series, usually: int, *, similar: bool, back: bool) -> Flag:
    """Tell of something new; `usually`: how often new things come anyway; `similar`: to one that is known; `back`: it was
    told some nights ago and then did not come."""
    count = series.count
    if series.level >= ERROR:
        worth = 0.85 if series.trace else 0.8
        often = max(grid.sums(series.hours).values()) if back else 3 * usually
        worth = 0.4 if count <= often or (similar and count < _NEW_WARNINGS) else worth
    else:
        worth = 0.6 if count >= _NEW_WARNINGS and not similar and count > 3 * usually else 0.3
    start, end = min(series.tonight), max(series.tonight) + 1
    first = _first(series)
    nights = 1 if first is None else grid.number(first) + 1
    times = "once" if count == 1 else f"{count:,} times"
    what = "exception" if series.trace else _LEVELS.get(series.level, "error")
    begun = f"New {what}" if nights == 1 else f"New {what} since {grid.local(first or start):%Y-%m-%d}:"
    before = f"never in the {len(grid.nights)} nights before" if nights == 1 else "never before that"
    return Flag(
        kind="new_error",
        template=series.template,
        identity=series.template,
        severity="high" if series.level >= ERROR else "medium",
        worth=worth,
        message=f"{begun} {named(series)}: {times} {grid.said(start, end, series)}; {before}",
        evidence=evidence(grid, series, start, end),
        magnitude=float(count),
        numbers={"tonight": count, "nights": len(grid.nights), "since": nights},
        text=series.text,
        level=series.level,
        hours=series.tonight,
    )


def _level_change(grid: Grid, series: Series, *, known: bool) -> Flag | None:
    """What was logged below and is now logged at warning or above: most of tonight's, and hardly any before unless it is
    `known` since then."""
    now, before = sum(series.levels_tonight.values()), sum(series.levels.values())
    if not now or before < _CHANGED_LEAST:
        return None
    for level in sorted(series.levels_tonight, reverse=True):
        if level < WARNING:
            return None
        raised = _from(series.levels_tonight, level)
        earlier = _from(series.levels, level)
        if raised >= max(_CHANGED_LEAST, _CHANGED_SHARE * now) and (
            known or earlier <= _CHANGED_PAST * before
        ):
            usually = max(series.levels, key=lambda one: (series.levels[one], one))
            start, end = min(series.tonight), max(series.tonight) + 1
            return Flag(
                kind="level_change",
                template=series.template,
                identity=series.template,
                severity="medium",
                worth=0.65,
                message=(
                    f"{named(series)} is logged as {_LEVELS.get(level, level)} now: {raised:,} of {now:,} times tonight; "
                    f"usually as {_LEVELS.get(usually, usually)}, {before - earlier:,} of {before:,} times before"
                ),
                evidence=evidence(grid, series, start, end),
                magnitude=float(raised),
                numbers={"tonight": raised, "of": now, "before": earlier, "of_before": before},
                text=series.text,
                level=level,
                hours=series.tonight,
            )
    return None


def _from(levels: Mapping[int, int], least: int) -> int:
    return sum(count for level, count in levels.items() if level >= least)


def _error_share(grid: Grid, errors: Sequence[Series], steadies: Mapping[int, int]) -> Flag | None:
    """Add up the known errors of which none stands out by itself: what no single template shows. In past nights each
    counts with what was usual for it, so that a former burst hides nothing."""
    hours: Counter[int] = Counter()
    tonight: Counter[int] = Counter()
    for one in errors:
        sums = grid.sums(one.hours)
        most_often = usual([sums[n] for n in grid.nights]).high
        tonight.update(one.tonight)
        hours.update({h: c for h, c in one.hours.items() if sums.get(grid.number(h), 0) <= most_often})
    excess = rates.over_night(grid, hours, tonight, steadies, _SHARES)
    if excess is None:
        return None
    low, high = int(excess.usual.low), int(excess.usual.high)
    most = sorted(errors, key=lambda one: (-one.count, one.template))[:3]
    return Flag(
        kind="error_share",
        template="",
        identity="errors",
        severity="high",
        worth=_SHARES.worth,
        message=(
            f"{excess.count:,} errors in 24 h of kinds that are known; usually {span(low, high)} a night, "
            f"over the last {excess.usual.nights} nights"
        ),
        evidence=f"{rates.when(grid, excess.start, excess.end)}; most: "
        + "; ".join(f"{named(one)} {one.count:,} times" for one in most),
        magnitude=float(excess.count),
        numbers={"tonight": excess.count, "low": low, "high": high, "nights": excess.usual.nights},
        level=ERROR,
        hours={h: c for h, c in tonight.items() if excess.start <= h < excess.end},
    )


def _recovered(grid: Grid, night: Night, past: Past, found: Sequence[Flag]) -> Iterator[Flag]:
    """What was flagged last night, goes on for days by its kind, and is back to normal."""
    raised = {flag.key for flag in found}
    series = {s.template: s for s in (*night.series, *night.traces)}
    for (kind, identity), since in sorted(past.flagged.items()):
        if (kind, identity) in raised or len(grid.slots) < 24:
            continue
        one = series.get(identity)
        if kind in _LASTING and one is not None and _over(grid, one, kind, since):
            yield _gone(grid, one, kind, since)


def _over(grid: Grid, series: Series, kind: str, since: int) -> bool:
    if kind != "new_error":
        return True
    there = [hour for hour in series.hours if hour >= since]
    nights = {grid.number(hour) for hour in there}
    often = sum(series.hours[hour] for hour in there) >= _EXPECTED * grid.number(since)
    return not series.count and len(nights) > 1 and often


def _gone(grid: Grid, series: Series, kind: str, since: int) -> Flag:
    first = grid.local(since)
    said = {
        "new_error": f"did not come in the last 24 h; it was new on {first:%Y-%m-%d}",
        "level_change": f"is no longer logged at a higher level, as it was since {first:%Y-%m-%d}",
        "drift": f"is back in its usual range, above which it was since {first:%Y-%m-%d}",
    }[kind]
    before = sum(count for hour, count in series.hours.items() if hour >= since)
    return Flag(
        kind=RECOVERED,
        template=series.template,
        identity=f"{kind} {series.template}",
        severity="low",
        worth=0.5,
        message=f"Recovered: {named(series)} {said}, {before:,} times until then",
        evidence=evidence(grid, series, since, grid.end),
        numbers={"tonight": series.count, "before": before},
        text=series.text,
        level=series.level,
    )


__all__ = [
    "KINDS",
    "LEAST_NIGHTS",
    "Flag",
    "Night",
    "Past",
    "Series",
    "compared_with",
    "judge",
    "judge_series",
]
