"""What every judge keeps to."""

from dataclasses import replace

import pytest

from daydream.contracts.dream import Case, Dream, Judge, Procedure, tier_of
from daydream.dream.judge import JUDGES

PER_JUDGE = pytest.mark.parametrize("judge", JUDGES, ids=lambda judge: judge.evaluator)
PROCEDURE = Procedure(
    path="a.py",
    qualname="f",
    occurrence=1,
    source_hash="h",
    blob="b",
    first_line=1,
    last_line=2,
    signature="()",
    summary="",
    complexity=1,
    side_effects="pure",
    is_async=False,
    tests=2,
)
DREAM = Dream(
    id="d",
    base_path="a.py",
    base_qualname="f",
    base_occurrence=1,
    base_source_hash="h",
    dream_type="parameter_exploration",
    name="n",
    code="c",
    diff="",
    transform_id="parameter_exploration.keyword@1",
    reasoning="r",
    generated_description="g",
    assumption="a",
    details={"parameter": "timeout", "from": 30, "to": 15},
    variant_hash="v",
    model_used=None,
    created_by="test",
    generated_at="2026-11-21T02:00:00Z",
)
CASES = [
    Case(DREAM, PROCEDURE, 10),
    Case(replace(DREAM, id="e", details={}), PROCEDURE, None),
    Case(replace(DREAM, id="f", details={"from": True, "to": False}), None, None),
    Case(
        replace(DREAM, id="g", details={"from": 5, "to": 1}),
        replace(PROCEDURE, tests=None, complexity=40),
        900,
    ),
    Case(replace(DREAM, id="h"), replace(PROCEDURE, side_effects="writes", tests=0), 0),
    Case(
        replace(DREAM, id="i", details={"from": 0, "to": -3.5}), replace(PROCEDURE, side_effects="unknown"), 1
    ),
]


@PER_JUDGE
def test_every_case_gets_exactly_one_verdict_in_order(judge: Judge) -> None:
    assert [each.dream_id for each in judge.judge(CASES)] == [case.dream.id for case in CASES]
    assert list(judge.judge([])) == []


@PER_JUDGE
def test_a_verdict_has_a_viability_its_tier_reasons_and_its_author(judge: Judge) -> None:
    for verdict in judge.judge(CASES):
        assert 0 <= verdict.viability <= 1
        assert verdict.tier == tier_of(verdict.viability)
        assert verdict.reasons
        assert all(reason.strip() for reason in verdict.reasons)
        assert verdict.evaluator == judge.evaluator


@PER_JUDGE
def test_an_opinion_does_not_depend_on_its_neighbours(judge: Judge) -> None:
    together = judge.judge(CASES)
    assert list(together) == [judge.judge([case])[0] for case in CASES]


@pytest.mark.parametrize(
    ("viability", "tier"), [(0.0, 3), (0.29, 3), (0.3, 2), (0.59, 2), (0.6, 1), (1.0, 1)]
)
def test_the_tiers_begin_at_their_bounds(viability: float, tier: int) -> None:
    assert tier_of(viability) == tier
