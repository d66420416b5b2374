"""Judging by models of a person's configuration, over a real server: who is asked, what failures cost, who decides then."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from daydream.config.model import Config, JudgeOptions, ModelOptions
from daydream.contracts.context import Context
from daydream.dream import judge
from daydream.dream.judges.model import models
from tests.fakes.judging import Remembering, dreamt, verdicts
from tests.fakes.llm_server import FakeModels, Say, completion, failure, serving


def config(fake: FakeModels, *, budget: float = 1.0, send: bool = True, **fields: Any) -> Config:
    endpoint = {"base_url": fake.url, "send_source": send, "budget": budget, "prices": {"m": [1, 2]}}
    roles = fields.pop("roles", {"judge": ("here/m",)})
    return Config(
        models=ModelOptions(endpoints={"here": endpoint}, **roles), judge=JudgeOptions(batch=8, **fields)
    )


def night(tmp_path: Path) -> Context:
    ctx = dreamt(tmp_path, 20)
    return replace(ctx, env={})


def verdict_on(body: dict[str, Any]) -> Say:
    """Answer every id that is asked about."""
    prompt = body["messages"][1]["content"]
    mark = re.findall(r"line <<(\w+)", prompt)[0]
    ids = re.findall(rf"<<{mark} dream (\w+)", prompt)
    listed = [{"id": each, "viability": 0.7, "tier": 1, "reasoning": "it holds"} for each in ids]
    return Say(completion(json.dumps({"batch": mark, "evaluations": listed})))


def test_a_configured_model_judges_in_batches_and_is_named(tmp_path: Path) -> None:
    ctx = night(tmp_path)
    with serving(answers=verdict_on) as fake:
        section = Remembering(ctx).run(judge.make(config(fake)))
    assert (section.facts["by"], section.facts["questions"]) == ({"model": 20}, 3)
    assert len(fake.requests) == 3
    assert {each["evaluator_model"] for each in verdicts(ctx)} == {"real/model-2026"}
    assert all(each["cost_usd"] > 0 for each in verdicts(ctx))


def test_the_same_questions_are_not_paid_for_twice(tmp_path: Path) -> None:
    ctx = night(tmp_path)
    with serving(answers=lambda _: Say(completion("0.7, it holds"))) as fake:
        ask = models(config(fake))(ctx)
        assert ask is not None
        first, again = ask("judge this", {"type": "object"}), ask("judge this", {"type": "object"})
    assert first.text == again.text
    assert len(fake.requests) == 1


def test_nobody_is_asked_without_leave_to_send_or_without_a_role(tmp_path: Path) -> None:
    ctx = night(tmp_path)
    with serving(answers=verdict_on) as fake:
        for settings in (config(fake, send=False), config(fake, budget=0.0), config(fake, roles={})):
            assert models(settings)(ctx) is None
        section = Remembering(ctx).run(judge.make(config(fake, send=False)))
    assert section.facts["by"] == {"rule-based": 20}
    assert fake.requests == []


def test_a_model_that_has_no_credit_is_left_and_dreams_wait(tmp_path: Path) -> None:
    ctx = night(tmp_path)
    with serving(answers=lambda _: failure(402)) as fake:
        section = Remembering(ctx).run(judge.make(config(fake)))
    assert section.facts["by"] == {}
    assert verdicts(ctx) == []
    assert any("model did not judge" in note for note in section.notes)
    assert len(fake.requests) == 1, "an endpoint without credit is not asked again tonight"


def test_what_a_model_cannot_hold_goes_to_the_rules_after_some_nights(tmp_path: Path) -> None:
    ctx = night(tmp_path)
    with serving(answers=verdict_on) as fake:
        settings = config(fake, attempts=1)
        endpoint = settings.models.endpoints["here"].model_copy(update={"context": 512})
        small = settings.model_copy(
            update={"models": settings.models.model_copy(update={"endpoints": {"here": endpoint}})}
        )
        first = Remembering(ctx).run(judge.make(small))
        second = Remembering(ctx, seq=2000).run(judge.make(small))
    assert fake.requests == []
    assert (first.facts["by"], second.facts["by"]) == ({}, {"rule-based": 20})


def test_an_empty_reply_is_no_verdict(tmp_path: Path) -> None:
    ctx = night(tmp_path)
    with serving(answers=lambda _: Say(completion("   "))) as fake:
        section = Remembering(ctx).run(judge.make(config(fake, calls=1)))
    assert section.facts["by"] == {}
    assert fake.requests
