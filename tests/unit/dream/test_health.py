"""Health: the documented formulas, what is missing, and a planted history that moves it for the right reasons."""

import dataclasses
import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from daydream import clock
from daydream.dream import health
from daydream.dream.health import Measured, measure, trend
from daydream.store.dream_metrics import GenerationRun, Metrics
from daydream.store.dream_queries import Statistics

NOW = dt.datetime(2026, 11, 21, 2, tzinfo=dt.UTC)
WEIGHTS = {"novelty": 60, "quality": 15, "leverage": 15, "efficiency": 10}
GOOD = Statistics(
    total=20,
    by_status={"evaluated": 20},
    by_tier={1: 20},
    by_type={"parameter_exploration": 20},
    average_viability=1.0,
    average_novelty=1.0,
    tested_tier_1=5,
    tier_1_success_rate=1.0,
    high_novelty=10,
    cross_project_viable=5,
    adopted=1,
)


def night(
    statistics: Mapping[str, Any] | None = None,
    *,
    projects: int = 2,
    seconds: float | None = 10.0,
    runs: Sequence[GenerationRun] = (),
    at: dt.datetime = NOW,
    weights: Mapping[str, int] = WEIGHTS,
) -> Metrics:
    counts = dataclasses.replace(GOOD, **(statistics or {}))
    return measure(
        Measured(statistics=counts, projects=projects, seconds=seconds, runs=runs), weights, "run", at
    )


def test_every_component_reaches_its_documented_maximum() -> None:
    best = night()
    assert (best.novelty, best.quality, best.leverage, best.efficiency) == (1.0, 0.85, 1.0, 1.0)
    assert best.compound_health_score == pytest.approx(0.6 + 0.15 * 0.85 + 0.15 + 0.1, abs=1e-4)
    assert best.status == "healthy"
    assert best.missing == {}


def test_every_component_reaches_0() -> None:
    nothing = {"average_novelty": 0.0, "high_novelty": 0, "average_viability": 0.0, "by_tier": {1: 1, 3: 19}}
    worst = night({**nothing, "tier_1_success_rate": 0.0, "cross_project_viable": 0}, seconds=3600.0)
    assert (worst.novelty, worst.quality, worst.leverage, worst.efficiency) == (0.0, 0.0, 0.0, 0.0)
    assert worst.compound_health_score == 0
    assert worst.status == "needs_improvement"


@pytest.mark.parametrize(
    ("average", "high", "value"),
    [(0.5, 5, 0.5), (1.0, 0, 0.7), (0.0, 30, 0.3), (0.2, 1, 0.17), (None, 0, None)],
)
def test_novelty(average: float | None, high: int, value: float | None) -> None:
    assert health.novelty(average, high) == (None if value is None else pytest.approx(value))


@pytest.mark.parametrize(
    ("average", "tiers", "success", "value"),
    [
        (0.6, {1: 2, 2: 1, 3: 1}, 0.5, 0.3 + 0.3 * (0.5 * 2 + 0.3 + 0.1) / 4 + 0.1),
        (0.6, {1: 2, 2: 1, 3: 1}, None, (0.3 + 0.3 * (0.5 * 2 + 0.3 + 0.1) / 4) / 0.8),
        (1.0, {1: 1}, None, 0.8125),
        (0.2, {3: 3}, 0.0, 0.13),
        (0.0, {3: 3}, None, 0.0),
        (None, {}, None, None),
    ],
)
def test_quality(
    average: float | None, tiers: dict[int, int], success: float | None, value: float | None
) -> None:
    assert health.quality(average, tiers, success) == (None if value is None else pytest.approx(value))


@pytest.mark.parametrize(("rate", "value"), [(0.0, 0.0), (0.1, 0.4), (0.25, 1.0), (1.0, 1.0), (None, None)])
def test_leverage(rate: float | None, value: float | None) -> None:
    assert health.leverage(rate) == value


@pytest.mark.parametrize(
    ("seconds", "value"),
    [(0.0, 1.0), (30.0, 1.0), (60.0, 0.5), (300.0, 0.1), (3599.0, 0.1), (3600.0, 0.0), (None, None)],
)
def test_efficiency(seconds: float | None, value: float | None) -> None:
    assert health.efficiency(seconds) == value


def test_the_weighted_parts_add_up_to_the_health() -> None:
    found = night({"average_novelty": 0.3, "high_novelty": 2, "average_viability": 0.5}, seconds=90.0)
    parts = (
        found.novelty_score_weighted,
        found.quality_evolution_weighted,
        found.cross_project_leverage_weighted,
        found.efficiency_weighted,
    )
    assert sum(part or 0 for part in parts) == pytest.approx(found.compound_health_score, abs=3e-4)


def test_what_is_missing_is_null_said_and_its_weight_is_shared() -> None:
    found = night({"tier_1_success_rate": None, "tested_tier_1": 0}, projects=1, seconds=None)
    assert (found.leverage, found.efficiency) == (None, None)
    assert (found.cross_project_leverage_weighted, found.efficiency_weighted) == (None, None)
    assert found.novelty_score_weighted == pytest.approx(0.8)
    assert found.quality_evolution_weighted == pytest.approx(0.8125 * 0.2, abs=1e-4)
    assert set(found.missing) == {"leverage", "efficiency", "trials"}
    assert "only one project" in found.missing["leverage"]


def test_without_tier_1_leverage_is_missing_and_not_0() -> None:
    found = night({"by_tier": {2: 3}, "cross_project_viable": 0})
    assert found.leverage is None
    assert found.missing["leverage"] == "no dream is of tier 1"


def test_a_small_part_of_the_weight_is_no_health() -> None:
    found = night({"average_novelty": None, "average_viability": None, "by_tier": {}})
    assert (found.efficiency, found.compound_health_score) == (1.0, None)
    assert found.status == "insufficient_data"


def test_without_dreams_there_is_no_data() -> None:
    empty: dict[str, Any] = {"total": 0, "average_novelty": None, "average_viability": None, "by_tier": {}}
    found = night(empty, seconds=None)
    assert (found.status, found.compound_health_score, found.api_requests_per_dream) == (
        "no_data",
        None,
        None,
    )


def test_healthy_is_above_0_6_and_not_at_it() -> None:
    just: dict[str, Any] = {
        "average_novelty": 0.6,
        "high_novelty": 6,
        "average_viability": None,
        "by_tier": {},
    }
    assert night(just, seconds=None).compound_health_score == pytest.approx(0.6)
    assert night(just, seconds=None).status == "needs_improvement"
    assert night({**just, "average_novelty": 0.61}, seconds=None).status == "healthy"


def test_weights_are_configuration() -> None:
    only_quality = {"novelty": 0, "quality": 3, "leverage": 0, "efficiency": 0}
    assert night(weights=only_quality).compound_health_score == 0.85
    assert night(weights=dict.fromkeys(WEIGHTS, 0)).compound_health_score is None
    assert night(weights=only_quality).novelty == 1.0


def a_run(total: int, usage: dict[str, Any]) -> GenerationRun:
    at = clock.to_text(NOW)
    return GenerationRun(
        run="r",
        strategy=None,
        timestamp=at,
        total=total,
        by_type={},
        duration_seconds=None,
        model_usage=usage,
    )


@pytest.mark.parametrize(
    ("runs", "value"),
    [
        ([a_run(10, {"m": {"requests": 3}, "n": {"requests": 2}}), a_run(10, {})], 0.25),
        ([a_run(10, {})], 0.0),
        ([a_run(0, {"m": {"requests": 3}})], None),
        ([a_run(10, {"m": {}})], None),
        ([a_run(10, {"m": 3})], None),
    ],
)
def test_requests_per_dream_are_counted_or_not_known(runs: list[GenerationRun], value: float | None) -> None:
    assert night(runs=runs).api_requests_per_dream == value


def history(*changes: Mapping[str, Any], **said: Any) -> list[Metrics]:
    """Nights one after another, the last of them tonight."""
    last = len(changes) - 1
    return [
        night(change, at=NOW - dt.timedelta(days=last - number), **said)
        for number, change in enumerate(changes)
    ]


PLANTS: dict[str, tuple[str, list[Mapping[str, Any]]]] = {
    "dreams become newer": ("improving", [{"average_novelty": n / 20} for n in range(10)]),
    "dreams repeat themselves": ("declining", [{"average_novelty": 1 - n / 20} for n in range(10)]),
    "judges like them less": ("declining", [{"average_viability": 1 - n / 10} for n in range(10)]),
    "trials begin to fail": ("declining", [{"tier_1_success_rate": 1 - n / 9} for n in range(10)]),
    "transforms serve more projects": ("improving", [{"cross_project_viable": n // 2} for n in range(10)]),
    "more of the same": ("stable", [{"total": 20 + n, "adopted": n} for n in range(10)]),
}


@pytest.mark.parametrize("name", sorted(PLANTS))
def test_a_planted_history_moves_health_for_its_own_reason(name: str) -> None:
    direction, changes = PLANTS[name]
    nights = history(*changes)
    assert trend(nights, NOW).direction == direction
    first, last = nights[0], nights[-1]
    moved = {part for part in health.COMPONENTS if getattr(first, part) != getattr(last, part)}
    reasons = {
        "dreams become newer": {"novelty"},
        "dreams repeat themselves": {"novelty"},
        "judges like them less": {"quality"},
        "trials begin to fail": {"quality"},
        "transforms serve more projects": {"leverage"},
        "more of the same": set(),
    }
    assert moved == reasons[name]


def test_slower_generation_moves_efficiency_alone() -> None:
    quick, slow = night(seconds=20.0), night(seconds=120.0)
    assert (quick.efficiency, slow.efficiency) == (1.0, 0.25)
    assert (quick.novelty, quick.quality, quick.leverage) == (slow.novelty, slow.quality, slow.leverage)


def test_the_slope_is_that_of_the_middle_and_one_odd_night_does_not_turn_it() -> None:
    steady = [{"average_novelty": 0.5 + n / 100} for n in range(12)]
    odd = [*steady[:-1], {"average_novelty": 0.0, "high_novelty": 0}]
    assert trend(history(*steady), NOW).slope == pytest.approx(0.6 * 0.7 / 100, abs=1e-5)
    assert trend(history(*odd), NOW).direction == "improving"


def test_fewer_than_three_nights_are_no_trend() -> None:
    found = trend(history({}, {"average_novelty": 0.1}), NOW)
    assert (found.direction, found.n, found.slope) == ("insufficient data", 2, None)
    assert trend([], NOW) == health.Trend("insufficient data", 0, 0)


def test_only_the_last_30_days_count() -> None:
    nights = history(*({"average_novelty": n / 50} for n in range(40)))
    found = trend(nights, NOW)
    assert found.n == 31
    assert found.least == nights[9].compound_health_score


def test_nights_that_measured_something_else_are_left_out_and_counted() -> None:
    untimed = [
        night({"average_novelty": 0.2}, seconds=None, at=NOW - dt.timedelta(days=9 - n)) for n in range(4)
    ]
    timed = [night({"average_novelty": 0.5}, at=NOW - dt.timedelta(days=3 - n)) for n in range(4)]
    found = trend([*untimed, *timed], NOW)
    assert (found.n, found.left_out, found.direction) == (4, 4, "stable")


def test_several_nights_at_one_instant_have_no_slope() -> None:
    assert trend([night(), night(), night()], NOW).direction == "insufficient data"
