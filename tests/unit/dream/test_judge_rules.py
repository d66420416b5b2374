"""The judge who needs nobody: sensible about every kind, and not afraid of either end."""

from dataclasses import replace
from typing import Any

import pytest

from daydream.contracts.dream import DREAM_TYPES, Case, Dream, Procedure
from daydream.dream.judges.rules import RuleBased
from tests.fakes.judging import dream_of

PROCEDURE = Procedure(
    path="pkg/a.py",
    qualname="f",
    occurrence=1,
    source_hash="h",
    blob="b",
    first_line=1,
    last_line=9,
    signature="()",
    summary="",
    complexity=8,
    side_effects="pure",
    is_async=False,
    tests=1,
)
BASE = dream_of(PROCEDURE, 4)
LONG = "".join(f"+ line {number}\n" for number in range(40))


def dream(transform: str, **more: Any) -> Dream:
    return replace(
        BASE, dream_type=transform.partition(".")[0], transform_id=f"{transform}@1", details={}, **more
    )


def viability(which: Dream, procedure: Procedure | None = PROCEDURE, days: int | None = None) -> float:
    [verdict] = RuleBased().judge([Case(which, procedure, days)])
    return verdict.viability


def reasons(which: Dream, procedure: Procedure | None = PROCEDURE) -> str:
    [verdict] = RuleBased().judge([Case(which, procedure, None)])
    return "; ".join(verdict.reasons)


@pytest.mark.parametrize("kind", DREAM_TYPES)
def test_something_is_said_of_every_kind_even_of_a_transform_nobody_knows(kind: str) -> None:
    assert 0.3 <= viability(dream(f"{kind}.invented_tomorrow")) <= 0.9
    assert reasons(dream(f"{kind}.invented_tomorrow"))


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ("constraint_relaxation.lookup_once", "constraint_relaxation.work_later"),
        ("constraint_relaxation.guard_first", "constraint_relaxation.no_sorting"),
        ("constraint_relaxation.hoist_value", "constraint_relaxation.parallel"),
        ("constraint_relaxation.comprehension", "constraint_relaxation.lazy_elements"),
        ("cross_project_synthesis.enumerate", "cross_project_synthesis.suppress"),
        ("cross_project_synthesis.guard", "cross_project_synthesis.cached_property"),
        ("conditional_variant.empty_guard", "conditional_variant.lenient"),
        ("conditional_variant.retry", "conditional_variant.fallback"),
    ],
)
def test_what_keeps_results_and_saves_work_is_worth_more(better: str, worse: str) -> None:
    assert viability(dream(better)) > viability(dream(worse))


@pytest.mark.parametrize(
    ("safe", "changing"),
    [
        ("constraint_relaxation.hoist_method", "parameter_exploration.threshold"),
        ("conditional_variant.lenient", "cross_project_synthesis.guard"),
        ("cross_project_synthesis.enumerate", "cross_project_synthesis.default_lookup"),
        ("conditional_variant.invented_tomorrow", "parameter_exploration.invented_tomorrow"),
    ],
)
def test_what_answers_for_the_same_behaviour_passes_before_what_means_to_change_it(
    safe: str, changing: str
) -> None:
    assert viability(dream(safe)) > viability(dream(changing))


def test_an_argument_that_changes_no_result_is_told_from_one_that_does() -> None:
    unsaid = dream("parameter_exploration.unsaid")
    how, what = (replace(unsaid, details={"parameter": name}) for name in ("buffering", "strict"))
    assert viability(how) >= viability(what) + 0.15


def test_what_a_procedure_does_to_the_world_counts_where_it_matters() -> None:
    writes = replace(PROCEDURE, side_effects="writes")
    assert "written twice" in reasons(dream("conditional_variant.retry"), writes)
    assert "written twice" not in reasons(dream("conditional_variant.retry"))
    assert "may change between calls" in reasons(dream("conditional_variant.memo"), writes)
    assert (
        viability(dream("conditional_variant.memo"), writes)
        < viability(dream("conditional_variant.memo")) - 0.3
    )


def test_the_whole_range_is_used() -> None:
    best = viability(dream("constraint_relaxation.lookup_once"), replace(PROCEDURE, complexity=2), 3)
    bad = replace(PROCEDURE, side_effects="writes", tests=0, complexity=60)
    worst = viability(dream("conditional_variant.lenient", diff=LONG, model_used="m"), bad)
    assert best >= 0.95
    assert worst == 0.0
    assert viability(dream("conditional_variant.lenient", diff=LONG), None) == 0.0


def test_a_large_change_and_one_by_a_model_are_worth_less() -> None:
    small = dream("constraint_relaxation.lookup_once")
    assert viability(replace(small, diff=LONG)) < viability(small)
    assert viability(replace(small, model_used="m")) < viability(small)
    assert "was not measured" in reasons(replace(small, diff=""))


@pytest.mark.parametrize(
    ("details", "said"),
    [
        ({"from": 30, "to": 15}, "15 is near 30"),
        ({"from": 30, "to": 150}, "150 is far from 30"),
        ({"from": 3, "to": 1}, "a count of 1"),
        ({"from": True, "to": False}, "turns an option round"),
        ({"from": 30, "to": 20, "seen_in": "g"}, "g in the same file"),
        ({"from": 1e300, "to": 1e-300}, "far from"),
        ({"from": None, "to": "x"}, "another value"),
    ],
)
def test_values_are_judged_by_their_distance(details: dict[str, Any], said: str) -> None:
    assert said in reasons(replace(BASE, details=details))


def test_the_verdict_is_labelled_and_shows_its_sum() -> None:
    [verdict] = RuleBased().judge([Case(BASE, None, None)])
    assert (verdict.evaluator, verdict.evaluator_model, verdict.cost_usd) == ("rule-based", None, None)
    weights = [float(reason.split()[0]) for reason in verdict.reasons]
    assert verdict.viability == pytest.approx(max(0.0, 0.4 + sum(weights)))
