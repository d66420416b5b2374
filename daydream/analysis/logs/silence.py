"""What always logs and did not: a line that never rested so long, a whole log, a job that came each night."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from daydream.analysis.logs.baseline import LEAST_NIGHTS, NIGHT_H, ONE_IN, Grid, Hours, Series, span
from daydream.analysis.logs.heads import WARNING
from daydream.analysis.logs.ranking import WHOLE_LOG, Flag
from daydream.analysis.logs.rates import evidence, named, when

_LEAST_REGULAR = 10
_LEAST_ELSE = 30
_REGULAR_SHARE = 0.9
_REGULAR_WITHIN = 0.5
_REST_TIMES = 3
_JOB_HOURS = 2
_ALIKE_WORDS = 0.5


@dataclass(frozen=True, slots=True)
class Rest:
    """Hours [start, end) without a record; what the same hours of past nights had."""

    start: int
    end: int
    low: int
    high: int
    nights: int


def longest_rest(
    grid: Grid, hours: Hours, tonight: Hours, *, regular: bool, since: int | None = None
) -> Rest | None:
    """Find tonight's longest rest if it is no ordinary one: it lasts three times as long as any before, and in those
    hours past nights had records, at least 10 (30 of what is not `regular`). `since`: the hour since which it is
    known to be silent; nights since then are not compared with."""
    run = _run(grid.hours, tonight)
    if run is None or len(grid.nights) < LEAST_NIGHTS:
        return None
    start, end = run
    length = end - start
    past = [grid.same(range(start, end), n) for n in _before(grid, grid.nights, since)]
    counts = sorted(sum(hours.get(hour, 0) for hour in there) for there in past if len(there) == length)
    counts = counts[len(counts) // ONE_IN :]
    least = _LEAST_REGULAR if regular else _LEAST_ELSE
    if len(counts) < LEAST_NIGHTS or counts[0] < least:
        return None
    if length < _REST_TIMES * max(1, _rest_before(grid, hours, since)):
        return None
    return Rest(start, end, counts[0], counts[-1], len(counts))


def _run(hours: Sequence[int], counts: Hours) -> tuple[int, int] | None:
    """The longest run of hours that were read and hold nothing."""
    best: tuple[int, int] | None = None
    start: int | None = None
    before: int | None = None
    for hour in hours:
        if counts.get(hour, 0) or (before is not None and hour != before + 1):
            start = None
        if not counts.get(hour, 0):
            start = hour if start is None else start
            if best is None or hour + 1 - start > best[1] - best[0]:
                best = start, hour + 1
        before = hour
    return best


def _before(grid: Grid, nights: Sequence[int], since: int | None) -> list[int]:
    return [n for n in nights if since is None or n > grid.number(since)]


def _rest_before(grid: Grid, hours: Hours, since: int | None) -> int:
    """The longest rest of most past nights: of nine tenths of them, so that an earlier silence hides none."""
    rests = []
    for number in _before(grid, grid.nights, since):
        end = grid.end - NIGHT_H * number
        there = [h for h in range(end - NIGHT_H, end) if h in grid.covered]
        run = _run(there, hours)
        rests.append(0 if run is None else run[1] - run[0])
    return sorted(rests)[(len(rests) * 9 - 1) // 10]


def is_regular(grid: Grid, hours: Hours) -> bool:
    """Whether nine tenths of the hours that were read have about as many: half more or less than the median."""
    counts = sorted(hours.get(hour, 0) for hour in grid.covered)
    if not counts or not (middle := counts[len(counts) // 2]):
        return False
    near = sum(abs(count - middle) <= max(1, _REGULAR_WITHIN * middle) and count > 0 for count in counts)
    return near >= _REGULAR_SHARE * len(counts)


@dataclass(frozen=True, slots=True)
class Due:
    """Hours [start, end) in which something was due, and on how many of so many nights it came."""

    start: int
    end: int
    came: int
    nights: int


def missing_job(grid: Grid, series: Series, since: int | None = None) -> Due | None:
    """Find what came in the same two hours of nearly each night (or each working day, each weekend) and did not come
    tonight though these hours were read. `since`: as for `longest_rest`."""
    if series.count:
        return None
    for nights in (_before(grid, grid.nights, since), _before(grid, grid.alike(), since)):
        came = [n for n in nights if _came(grid, series, n)]
        if len(came) >= max(LEAST_NIGHTS, len(nights) - len(nights) // ONE_IN):
            break
    else:
        return None
    slots = sorted({grid.slot(h) for h in series.hours if grid.number(h) in set(nights)}, reverse=True)
    if slots[0] - slots[-1] > _JOB_HOURS:
        return None
    start, end = grid.end - 1 - slots[0], grid.end - slots[-1]
    known = all(hour in grid.read or hour in grid.covered for hour in range(start - 1, end))
    if not known or series.hours.get(start - 1):
        return None
    return Due(start, end, len(came), len(nights))


def _came(grid: Grid, series: Series, night: int) -> bool:
    end = grid.end - NIGHT_H * night
    return any(series.hours.get(hour) for hour in range(end - NIGHT_H, end))


def flags(
    grid: Grid,
    series: Sequence[Series],
    totals: tuple[Hours, Hours],
    name: str,
    flagged: Mapping[tuple[str, str], int],
    check: Callable[[], None],
) -> Iterator[Flag]:
    """Yield what is silent: the log, or lines below warning, of which no other took the place tonight. `flagged`:
    those of the last night."""
    log_since = flagged.get(("silence", WHOLE_LOG))
    whole = longest_rest(grid, *totals, regular=is_regular(grid, totals[0]), since=log_since)
    if whole is not None:
        yield _whole(grid, whole, name)
    young = [s for s in series if s.tonight and not s.hours]
    for one in series:
        check()
        if one.level >= WARNING:
            continue
        due = missing_job(grid, one, flagged.get(("missing", one.template)))
        if due is not None and not _replaced(one, young, due.start):
            yield _missing(grid, one, due)
            continue
        regular = is_regular(grid, one.hours)
        known = flagged.get(("silence", one.template))
        rest = longest_rest(grid, one.hours, one.tonight, regular=regular, since=known)
        if rest is not None and not _replaced(one, young, rest.start):
            yield _silent(grid, one, rest, regular=regular)


def _replaced(series: Series, young: Sequence[Series], hour: int) -> bool:
    """Whether a line that shares half of the words began about when this one stopped: its text was changed."""
    words = set(series.text.split())
    for other in young:
        theirs = set(other.text.split())
        near = min(other.tonight) <= hour + 2
        if near and len(words & theirs) >= _ALIKE_WORDS * len(words | theirs):
            return True
    return False


def _whole(grid: Grid, rest: Rest, name: str) -> Flag:
    still = " and nothing since" if rest.end == grid.end else ""
    return Flag(
        kind="silence",
        template="",
        identity=WHOLE_LOG,
        severity="high",
        worth=0.85,
        message=(
            f"Nothing was logged to {name} {grid.said(rest.start, rest.end)}{still}: {rest.end - rest.start} hours; "
            f"usually {span(rest.low, rest.high)} records, in the same hours of the last {rest.nights} nights"
        ),
        evidence=when(grid, rest.start, rest.end),
        magnitude=float(rest.end - rest.start),
        numbers={"tonight": 0, "low": rest.low, "high": rest.high, "nights": rest.nights},
    )


def _silent(grid: Grid, series: Series, rest: Rest, *, regular: bool) -> Flag:
    return Flag(
        kind="silence",
        template=series.template,
        identity=series.template,
        severity="medium" if regular else "low",
        worth=0.7 if regular else 0.55,
        message=(
            f"{named(series)} was silent for {rest.end - rest.start} hours {grid.said(rest.start, rest.end)}; "
            f"usually {span(rest.low, rest.high)} records, in the same hours of the last {rest.nights} nights"
        ),
        evidence=evidence(grid, series, rest.start, rest.end),
        magnitude=float(rest.end - rest.start),
        numbers={"tonight": 0, "low": rest.low, "high": rest.high, "nights": rest.nights},
        text=series.text,
        level=series.level,
        hours=dict.fromkeys(range(rest.start, rest.end), 1),
    )


def _missing(grid: Grid, series: Series, due: Due) -> Flag:
    return Flag(
        kind="missing",
        template=series.template,
        identity=series.template,
        severity="medium",
        worth=0.7,
        message=(
            f"{named(series)} did not come; usually it comes {grid.said(due.start, due.end)}, "
            f"on {due.came} of the last {due.nights} nights like this one"
        ),
        evidence=evidence(grid, series, due.start, due.end),
        magnitude=1.0,
        numbers={"tonight": 0, "came": due.came, "nights": due.nights},
        text=series.text,
        level=series.level,
        hours=dict.fromkeys(range(due.start, due.end), 1),
    )
