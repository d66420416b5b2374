"""What every judge keeps to."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from daydream.clients import claude
from daydream.clients.claude_reply import NoAnswer, Reply
from daydream.contracts.dream import Case, Dream, Judge, Procedure, tier_of
from daydream.dream.judge import JUDGES
from daydream.dream.judges.asked import Asked
from daydream.dream.judges.opinion import Ask
from daydream.processes import Stop, run
from tests.fakes import claude_program

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
    id="d" * 16,
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
    Case(replace(DREAM, id="e" * 16, details={}), PROCEDURE, None),
    Case(replace(DREAM, id="f" * 16, details={"from": True, "to": False}), None, None),
    Case(
        replace(DREAM, id="1" * 16, details={"from": 5, "to": 1}),
        replace(PROCEDURE, tests=None, complexity=40),
        900,
    ),
    Case(replace(DREAM, id="2" * 16), replace(PROCEDURE, side_effects="writes", tests=0), 0),
    Case(
        replace(DREAM, id="3" * 16, details={"from": 0, "to": -3.5}),
        replace(PROCEDURE, side_effects="unknown"),
        1,
    ),
    Case(
        replace(DREAM, id="4" * 16, dream_type="constraint_relaxation", transform_id="constraint_relaxation.parallel@1"),
        PROCEDURE,
        1,
    ),
    Case(
        replace(DREAM, id="5" * 16, dream_type="cross_project_synthesis", transform_id="cross_project_synthesis.new@9"),
        PROCEDURE,
        1,
    ),
    Case(
        replace(DREAM, id="6" * 16, dream_type="conditional_variant", transform_id="conditional_variant.memo@1"),
        PROCEDURE,
        1,
    ),
]  # fmt: skip
Said = Callable[[list[str]], list[dict[str, Any]]]


def each_its_own(ids: list[str]) -> list[dict[str, Any]]:
    """An opinion that hangs on the dream alone."""
    scores = {each: (int(each[0], 16) % 11) / 10 for each in ids}
    return [
        {"id": each, "viability": score, "tier": tier_of(score), "reasoning": f"as {each} is"}
        for each, score in scores.items()
    ]


def answering(said: Said) -> Ask:
    """Somebody who answers with what `said` makes of the ids."""

    def ask(prompt: str, schema: Mapping[str, Any]) -> Reply:
        ids = schema["properties"]["evaluations"]["items"]["properties"]["id"]["enum"]
        mark = schema["properties"]["batch"]["enum"][0]
        assert all(each in prompt for each in ids)
        text = json.dumps({"batch": mark, "evaluations": said(ids)})
        return Reply(text=text, model="some/model", cost_usd=0.01, cost_source="billed")

    return ask


def in_prose(prompt: str, schema: Mapping[str, Any]) -> Reply:
    """Somebody who answers in sentences."""
    ids = schema["properties"]["evaluations"]["items"]["properties"]["id"]["enum"]
    lines = [
        f"Dream {each['id']}: viability {each['viability']:.0%}. {each['reasoning']}."
        for each in each_its_own(ids)
    ]
    return Reply(text="\n".join(lines))


@pytest.fixture
def by_program(tmp_path: Path) -> Asked:
    """Claude's program, as the fake speaks for it."""
    claude_program.install(tmp_path / "bin", "prose")

    def child(argv: Any, **more: Any) -> Any:
        return run(argv, stop=Stop(), **more)

    def ask(prompt: str, schema: Mapping[str, Any]) -> Reply:
        env = {"PATH": f"{tmp_path}/bin:/usr/bin:/bin"}
        return claude.ask(claude.Program(timeout_s=60), prompt, schema, 0.5, env, child)

    return Asked("claude", ask, "run-1")


@pytest.fixture(params=["rules", "a model", "a model in prose", "the program"])
def judge(request: pytest.FixtureRequest) -> Judge:
    """Every judge that there is."""
    if request.param == "the program":
        program: Asked = request.getfixturevalue("by_program")
        return program
    asked = {"a model": answering(each_its_own), "a model in prose": in_prose}
    return JUDGES[0] if request.param == "rules" else Asked("model", asked[request.param], "run-1")


def test_every_case_gets_exactly_one_verdict_in_order(judge: Judge) -> None:
    assert [each.dream_id for each in judge.judge(CASES)] == [case.dream.id for case in CASES]
    assert list(judge.judge([])) == []


def test_a_verdict_has_a_viability_its_tier_reasons_and_its_author(judge: Judge) -> None:
    for verdict in judge.judge(CASES):
        assert 0 <= verdict.viability <= 1
        assert verdict.tier == tier_of(verdict.viability)
        assert verdict.reasons
        assert all(reason.strip() for reason in verdict.reasons)
        assert verdict.evaluator == judge.evaluator


def test_an_opinion_does_not_depend_on_its_neighbours(judge: Judge) -> None:
    together = [(each.dream_id, each.viability, each.tier) for each in judge.judge(CASES[:3])]
    alone = [judge.judge([case])[0] for case in CASES[:3]]
    assert together == [(each.dream_id, each.viability, each.tier) for each in alone]


@pytest.mark.parametrize(
    "said",
    [
        lambda ids: each_its_own(ids)[1:],
        lambda ids: [*each_its_own(ids), {"id": ids[0], "viability": 0.99}],
        lambda ids: [{**each, "viability": 8} for each in each_its_own(ids)],
        lambda ids: [{**each, "id": "0" * 16} for each in each_its_own(ids)],
        lambda ids: [],
    ],
)
def test_a_judge_that_cannot_judge_every_case_says_so(said: Said) -> None:
    with pytest.raises(NoAnswer, match="left out"):
        Asked("model", answering(said), "run-1").judge(CASES)


def test_what_is_valid_of_a_partial_reply_is_an_opinion_all_the_same() -> None:
    opinion = Asked("model", answering(lambda ids: each_its_own(ids)[1:]), "run-1").opinion(CASES)
    assert [each.dream_id for each in opinion.verdicts] == [case.dream.id for case in CASES[1:]]
    assert list(opinion.missing) == [CASES[0].dream.id]
    assert (opinion.model, opinion.cost_usd, opinion.cost_source) == ("some/model", 0.01, "billed")
    assert sum(each.cost_usd or 0 for each in opinion.verdicts) == pytest.approx(0.01 * 8 / 9)


@pytest.mark.parametrize(
    ("viability", "tier"), [(0.0, 3), (0.29, 3), (0.3, 2), (0.59, 2), (0.6, 1), (1.0, 1)]
)
def test_the_tiers_begin_at_their_bounds(viability: float, tier: int) -> None:
    assert tier_of(viability) == tier
