"""Access logs: a route that answers far more slowly than it used to, a share of answers that fail."""

import math
import statistics
from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from daydream.analysis.logs.baseline import LEAST_NIGHTS, NIGHT_H, Grid, Hours, Response
from daydream.analysis.logs.ranking import Flag
from daydream.analysis.logs.rates import when
from daydream.analysis.redaction import one_line

# A 95th percentile of ten requests is little more than their slowest one.
_LEAST_REQUESTS = {"p50": 5, "p95": 20}
_LEAST_RUN = {"p50": 30, "p95": 100}
_LENGTHS = (2, 3, 5, 8)
_SLOWER = {"p50": math.log(1.6), "p95": math.log(2.0)}
_BEYOND = math.log(1.3)
_MANY = 20
_FREQUENT = 0.02
_ANY = "{*}"
_SHARE_LENGTHS = (1, 3, 6, 24)
_FAILED_LEAST = 10
_SHARE_TIMES = 3.0
_SHARE_MORE = 0.02
_SHARE_REQUESTS = 50


def general(counts: Mapping[str, int], known: Iterable[str] = ()) -> dict[str, str]:
    """Return the general route of each route: where a path goes on in more than 20 ways (or did so in the `known` general
    routes of past nights), those with less than 2 percent of the requests, or less than 20, are one: ``/products/{*}``.

    What no pattern sees in one route, a name or an article number, shows in how many siblings it has; without this each
    would have a latency of its own and none enough requests to judge it.
    """
    named = {
        tuple(parts[: i + 1]) for route in known for parts in (route.split("/"),) for i in range(len(parts))
    }
    paths = {route: route.split("/") for route in sorted(counts)}
    for position in range(1, max(map(len, paths.values()), default=0)):
        siblings: defaultdict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
        for route, parts in paths.items():
            if len(parts) > position:
                siblings[tuple(parts[:position])][parts[position]] += counts[route]
        for parts in paths.values():
            if len(parts) > position:
                parts[position] = _kept(tuple(parts[:position]), parts[position], siblings, named)
    return {route: "/".join(parts) for route, parts in paths.items()}


def _kept(
    before: tuple[str, ...],
    part: str,
    siblings: Mapping[tuple[str, ...], Counter[str]],
    named: Container[tuple[str, ...]],
) -> str:
    """A path's part, or ``{*}`` where it is one of many and neither frequent nor known."""
    ways = siblings[before]
    if (*before, part) in named or (len(ways) <= _MANY and (*before, _ANY) not in named):
        return part
    return part if ways[part] >= max(_MANY, _FREQUENT * ways.total()) else _ANY


@dataclass(frozen=True, slots=True)
class Shift:
    """Hours [start, end) in which a route was slower: seconds then, and the range of past nights."""

    which: str
    took: float
    usual: float
    high: float
    count: int
    start: int
    end: int
    ratio: float


def slower(grid: Grid, past: Mapping[int, Response], tonight: Mapping[int, Response]) -> Shift | None:
    """Compare a route's median, and its 95th percentile, with what they used to be.

    Both are taken as logarithms, hours weighted by their requests. Of each night the slowest two, three, five and eight hours
    in a row with at least 30 requests (p95: 100) are compared; tonight's must be 1.6 times (p95: twice) the route's usual and
    1.3 times the slowest of any past night.
    """
    found = []
    for which, least in _SLOWER.items():
        usual = _middle([getattr(r, which) for r in past.values() if r.count >= _LEAST_REQUESTS[which]])
        if usual is None:
            continue
        before, now = _logs(past, which, usual), _logs(tonight, which, usual)
        for length in _LENGTHS:
            worst = _worst(now, grid.hours, length, _LEAST_RUN[which])
            if worst is None or worst[0] < least:
                continue
            nights = [
                one[0]
                for n in grid.nights
                if (one := _worst(before, _of(grid, n), length, _LEAST_RUN[which])) is not None
            ]
            if len(nights) < LEAST_NIGHTS or worst[0] < max(nights) + _BEYOND:
                continue
            by, count, start, end = worst
            high = usual * math.exp(max(nights))
            found.append(Shift(which, usual * math.exp(by), usual, high, count, start, end, by - max(nights)))
    return max(found, key=lambda s: (s.ratio, s.end - s.start)) if found else None


def _middle(values: Sequence[float]) -> float | None:
    known = [value for value in values if value > 0]
    return statistics.median(known) if known else None


def _logs(hours: Mapping[int, Response], which: str, usual: float) -> dict[int, tuple[int, float]]:
    return {
        hour: (r.count, math.log(getattr(r, which) / usual))
        for hour, r in hours.items()
        if r.count >= _LEAST_REQUESTS[which] and getattr(r, which) > 0
    }


def _of(grid: Grid, night: int) -> range:
    end = grid.end - NIGHT_H * night
    return range(end - NIGHT_H, end)


def _worst(
    logs: Mapping[int, tuple[int, float]], hours: Sequence[int], length: int, least: int
) -> tuple[float, int, int, int] | None:
    """The slowest run of so many hours with requests: by how much, how many requests, from when to when."""
    known = [hour for hour in hours if hour in logs]
    best: tuple[float, int, int, int] | None = None
    for i in range(len(known) - length + 1):
        run = known[i : i + length]
        count = sum(logs[hour][0] for hour in run)
        if count < least or run[-1] - run[0] > 2 * length:
            continue
        mean = sum(logs[hour][0] * logs[hour][1] for hour in run) / count
        if best is None or mean > best[0]:
            best = mean, count, run[0], run[-1] + 1
    return best


@dataclass(frozen=True, slots=True)
class Failing:
    """Hours [start, end) of which a larger share of answers failed, and the highest share of past nights."""

    share: float
    failed: int
    count: int
    high: float
    start: int
    end: int


def failing(grid: Grid, past: tuple[Hours, Hours], tonight: tuple[Hours, Hours]) -> Failing | None:
    """Compare the share of failed answers with past nights; each pair is (failed, all).

    The worst hour, three, six hours and the whole night: at least 10 failed, three times the share of the worst such hours of
    any past night and two percent more.
    """
    found = []
    for length in _SHARE_LENGTHS:
        worst = _most_failing(tonight, grid.hours, length)
        if worst is None or worst.failed < _FAILED_LEAST:
            continue
        nights = [
            one.share for n in grid.nights if (one := _most_failing(past, _of(grid, n), length)) is not None
        ]
        if len(nights) < LEAST_NIGHTS:
            continue
        high = sorted(nights)[(len(nights) * 9 - 1) // 10]
        if worst.share >= max(_SHARE_TIMES * high, high + _SHARE_MORE):
            found.append(Failing(worst.share, worst.failed, worst.count, high, worst.start, worst.end))
    return max(found, key=lambda f: (f.failed, f.share)) if found else None


def _most_failing(counts: tuple[Hours, Hours], hours: Sequence[int], length: int) -> Failing | None:
    failed, every = counts
    best: Failing | None = None
    for i in range(max(1, len(hours) - length + 1)):
        run = hours[i : i + length]
        count = sum(every.get(hour, 0) for hour in run)
        if count < _SHARE_REQUESTS:
            continue
        bad = sum(failed.get(hour, 0) for hour in run)
        if best is None or bad / count > best.share:
            best = Failing(bad / count, bad, count, 0.0, run[0], run[-1] + 1)
    return best


def flags(
    grid: Grid,
    name: str,
    past: tuple[Mapping[str, Mapping[int, Response]], Mapping[int, Hours]],
    tonight: tuple[Mapping[str, Mapping[int, Response]], Mapping[int, Hours]],
) -> Iterator[Flag]:
    """Yield what stands out in an access log: (responses, statuses) of the past and of tonight."""
    for route, hours in sorted(tonight[0].items()):
        shift = slower(grid, past[0].get(route, {}), hours)
        if shift is not None:
            yield _slow(grid, route, shift)
    share = failing(grid, _five(past[1]), _five(tonight[1]))
    if share is not None:
        yield _fails(grid, name, share)


def _five(statuses: Mapping[int, Hours]) -> tuple[Hours, Hours]:
    every: dict[int, int] = {}
    for hours in statuses.values():
        for hour, count in hours.items():
            every[hour] = every.get(hour, 0) + count
    return statuses.get(5, {}), every


def _slow(grid: Grid, route: str, shift: Shift) -> Flag:
    which = "the median response" if shift.which == "p50" else "the p95 response time"
    return Flag(
        kind="latency",
        template="",
        identity=route,
        severity="medium",
        worth=0.7,
        message=(
            f"{one_line(route, 120)}: {which} took {_time(shift.took)} {grid.said(shift.start, shift.end)} "
            f"({shift.count:,} requests); usually {_time(shift.usual)}, at most {_time(shift.high)} in so many hours of any of the "
            f"last {len(grid.nights)} nights"
        ),
        evidence=when(grid, shift.start, shift.end),
        magnitude=round(shift.took / shift.usual, 2),
        numbers={"tonight": shift.took, "usual": shift.usual, "high": shift.high, "requests": shift.count},
        text=route,
    )


def _time(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


def _fails(grid: Grid, name: str, share: Failing) -> Flag:
    return Flag(
        kind="status_share",
        template="",
        identity="5xx",
        severity="high",
        worth=0.8,
        message=(
            f"{name}: {share.share:.1%} of the answers were 5xx {grid.said(share.start, share.end)} ({share.failed:,} of "
            f"{share.count:,}); usually at most {share.high:.1%} in so many hours of the last {len(grid.nights)} nights"
        ),
        evidence=when(grid, share.start, share.end),
        magnitude=float(share.failed),
        numbers={"tonight": share.share, "high": share.high, "failed": share.failed, "requests": share.count},
    )
