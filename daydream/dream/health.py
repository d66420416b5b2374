"""Whether the dream half is healthy: four components between 0 and 1, their weighted sum, and where it is going.

What was not measured is None and has no weight; the others then share its own, and `missing` says why.
"""

import datetime as dt
import itertools
import statistics as middle
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from daydream import clock
from daydream.store.dream_metrics import GenerationRun, Metrics
from daydream.store.dream_queries import Statistics

HEALTHY_ABOVE = 0.6
WINDOW_DAYS = 30
RECENT_DAYS = 7
COMPONENTS = ("novelty", "quality", "leverage", "efficiency")
_ENOUGH_HIGH = 10
_ENOUGH_WIDE = 0.25
_QUICK_S = 30.0
_SLOW_S = 3600.0
_LEAST_EFFICIENCY = 0.1
_LEAST_POINTS = 3
_STEADY = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What a night counted: the store; the projects of its catalogue; the seconds that generation took on nights of
    the last week, None where none was timed; and what the nights of that week generated."""

    statistics: Statistics
    projects: int
    seconds: float | None
    runs: Sequence[GenerationRun]


@dataclass(frozen=True, slots=True)
class Trend:
    """The health of the last 30 days: `slope` a day (Sen: Estimates of the regression coefficient based on Kendall's tau,
    1968), over the `n` nights that measured the same components as the last; `left_out` counts the others.

    `slope` and the three values are None with fewer than three nights.
    """

    direction: str
    n: int
    left_out: int
    slope: float | None = None
    average: float | None = None
    least: float | None = None
    most: float | None = None


def novelty(average: float | None, high: int) -> float | None:
    """Return 0.7 average novelty + 0.3 for ten highly novel dreams, in proportion below; None without an average."""
    if average is None:
        return None
    return 0.7 * min(average, 1.0) + 0.3 * min(high / _ENOUGH_HIGH, 1.0)


def quality(average: float | None, by_tier: Mapping[int, int], success: float | None) -> float | None:
    """Return 0.5 average viability + 0.3 (0.5 t1 + 0.3 t2 + 0.1 t3) / all + 0.2 success of tried tier 1 dreams.

    Its maximum is 0.85, as the second part never exceeds 0.15. Without trials the first two parts carry the whole, and
    the maximum is 0.8125. Where no dream has any viability it is 0. None where no dream was judged.
    """
    judged = sum(by_tier.values())
    if average is None or not judged:
        return None
    if average == 0:
        return 0.0
    spread = sum(worth * by_tier.get(tier, 0) for tier, worth in ((1, 0.5), (2, 0.3), (3, 0.1))) / judged
    known = 0.5 * min(average, 1.0) + 0.3 * spread
    return known / 0.8 if success is None else known + 0.2 * success


def leverage(rate: float | None) -> float | None:
    """Return the share of tier 1 dreams whose transform serves two projects, of the 25 % that are enough."""
    return None if rate is None else min(rate / _ENOUGH_WIDE, 1.0)


def efficiency(seconds: float | None) -> float | None:
    """Return 1 for a generation of at most 30 s, then 30 s / its time but at least 0.1; 0 from an hour on, which is a
    night's whole default budget."""
    if seconds is None:
        return None
    if seconds >= _SLOW_S:
        return 0.0
    return 1.0 if seconds <= _QUICK_S else max(_QUICK_S / seconds, _LEAST_EFFICIENCY)


def measure(counted: Measured, weights: Mapping[str, int], run: str, at: dt.datetime) -> Metrics:
    """Return a night's metrics. The health is None where less than half of the weight was measured."""
    known = counted.statistics
    rate, no_rate = _adoption(known, counted.projects)
    values = {
        "novelty": novelty(known.average_novelty, known.high_novelty),
        "quality": quality(known.average_viability, known.by_tier, known.tier_1_success_rate),
        "leverage": leverage(rate),
        "efficiency": efficiency(counted.seconds),
    }
    shares = _shares(values, weights)
    health = sum(shares[name] * (values[name] or 0.0) for name in shares) if shares else None
    weighted = {
        name: _rounded(shares[name] * (values[name] or 0.0) if name in shares else None)
        for name in COMPONENTS
    }
    return Metrics(
        run=run,
        timestamp=clock.to_text(at),
        average_viability_score=_rounded(known.average_viability),
        tier1_count=known.by_tier.get(1, 0),
        tier2_count=known.by_tier.get(2, 0),
        tier3_count=known.by_tier.get(3, 0),
        tier1_test_success_rate=_rounded(known.tier_1_success_rate),
        tier1_test_count=known.tested_tier_1,
        average_novelty_score=_rounded(known.average_novelty),
        high_novelty_count=known.high_novelty,
        cross_project_adoption_rate=_rounded(rate),
        dreams_adopted_count=known.adopted,
        dreams_count=known.total,
        average_generation_time_seconds=counted.seconds,
        api_requests_per_dream=_requests(counted.runs),
        **{name: _rounded(value) for name, value in values.items()},
        novelty_score_weighted=weighted["novelty"],
        quality_evolution_weighted=weighted["quality"],
        cross_project_leverage_weighted=weighted["leverage"],
        efficiency_weighted=weighted["efficiency"],
        compound_health_score=_rounded(health),
        status=_status(known.total, health),
        weights=dict(weights),
        missing=_missing(known, values, no_rate),
    )


def trend(nights: Sequence[Metrics], now: dt.datetime) -> Trend:
    """Return where the health of the 30 days before an instant is going; `nights` are the oldest first."""
    cutoff = clock.to_text(now - dt.timedelta(days=WINDOW_DAYS))
    scored = [each for each in nights if each.compound_health_score is not None and each.timestamp >= cutoff]
    alike = [each for each in scored if _basis(each) == _basis(scored[-1])]
    points = [(_days(each.timestamp), each.compound_health_score or 0.0) for each in alike]
    slopes = [
        (b - a) / (after - before)
        for (before, a), (after, b) in itertools.combinations(points, 2)
        if after > before
    ]
    left_out = len(scored) - len(alike)
    if len(points) < _LEAST_POINTS or not slopes:
        return Trend("insufficient data", len(points), left_out)
    slope = middle.median(slopes)
    values = [value for _, value in points]
    moved = slope * WINDOW_DAYS
    direction = "stable" if abs(moved) < _STEADY else "improving" if moved > 0 else "declining"
    average = round(sum(values) / len(values), 4)
    return Trend(direction, len(points), left_out, round(slope, 6), average, min(values), max(values))


def _adoption(known: Statistics, projects: int) -> tuple[float | None, str]:
    """The share of tier 1 dreams whose transform serves at least two projects, or why there is none."""
    first = known.by_tier.get(1, 0)
    if not first:
        return None, "no dream is of tier 1"
    if projects < 2:
        return None, "the catalogue holds only one project, so nothing can serve two"
    return known.cross_project_viable / first, ""


def _shares(values: Mapping[str, float | None], weights: Mapping[str, int]) -> dict[str, float]:
    """What each measured component counts for, 1 in all; empty where they have less than half of the weight."""
    measured = {name: weights[name] for name, value in values.items() if value is not None and weights[name]}
    total = sum(measured.values())
    if not total or 2 * total < sum(weights.values()):
        return {}
    return {name: weight / total for name, weight in measured.items()}


def _missing(known: Statistics, values: Mapping[str, float | None], no_rate: str) -> dict[str, str]:
    why = {
        "novelty": "no dream that was judged and holds up has a novelty",
        "quality": "no dream was judged",
        "leverage": no_rate,
        "efficiency": f"no generation of the last {RECENT_DAYS} days was timed",
    }
    missing = {name: why[name] for name in COMPONENTS if values[name] is None}
    if values["quality"] is not None and known.tier_1_success_rate is None:
        missing["trials"] = "no dream of tier 1 was tried; viability and tiers carry the whole quality"
    return missing


def _status(total: int, health: float | None) -> str:
    if not total:
        return "no_data"
    if health is None:
        return "insufficient_data"
    return "healthy" if health > HEALTHY_ABOVE else "needs_improvement"


def _requests(runs: Sequence[GenerationRun]) -> float | None:
    """Requests to models per dream; None where nothing was dreamt or a record does not say."""
    dreams = sum(run.total for run in runs)
    used = [each for run in runs for each in run.model_usage.values()]
    counts = [each.get("requests") if isinstance(each, dict) else None for each in used]
    if not dreams or not all(isinstance(count, int) for count in counts):
        return None
    return round(sum(count or 0 for count in counts) / dreams, 4)


def _basis(night: Metrics) -> tuple[object, ...]:
    """What makes two nights comparable: the same components, measured the same way and weighted alike."""
    return (*sorted(night.missing), *sorted(night.weights.items()))


def _days(timestamp: str) -> float:
    return clock.from_text(timestamp).timestamp() / 86400


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
