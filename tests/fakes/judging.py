"""A night of judging: dreams that wait, somebody to ask, and what the night remembers of its own batches."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from daydream import clock
from daydream.analysis.source import digest
from daydream.clients.claude_reply import NoAnswer, Reply
from daydream.config.model import Config
from daydream.contracts.context import Context
from daydream.contracts.dream import Dream, Procedure
from daydream.contracts.step import Step
from daydream.dream import catalogue
from daydream.records.outcome import Done, Outcome
from daydream.records.section import SectionData, SubStepResult
from daydream.store import dream_rows
from tests.fakes.dream_night import STARTED_AT, Night, context, store_of, write

FUNCTION = """
def fetch_{0}(url, timeout=30, *, use_cache=True):
    retries = 3  # tried and found good
    return url, timeout, retries, use_cache, open_{0}(url, max_size=1_000_000)
"""


def dreamt(tmp_path: Path, dreams: int = 20, **env: str) -> Context:
    """Return the context of a night in which so many dreams, five of each procedure, wait for a verdict."""
    tree, state = tmp_path / "tree", tmp_path / "state"
    write(tree, {f"pkg/m{number}.py": FUNCTION.format(number) for number in range(-(-dreams // 5))})
    ctx = replace(context(tree, state), env=env)
    Night(ctx).run(catalogue.make(Config()))
    with store_of(ctx) as store:
        found = dream_rows.procedures(store, ctx.run)
        wanted = [dream_of(each, number) for each in found for number in range(4, 9)][:dreams]
        store.commit(ctx.run, 500, [dream_rows.dream_row(each) for each in wanted])
    return ctx


def dream_of(procedure: Procedure, retries: int) -> Dream:
    """Return a dream of one of the procedures above: other retries."""
    old = "    retries = 3  # tried and found good"
    new = old.replace("3", str(retries))
    key = f"{procedure.path} {retries}"
    return Dream(
        id=digest(key),
        base_path=procedure.path,
        base_qualname=procedure.qualname,
        base_occurrence=procedure.occurrence,
        base_source_hash=procedure.source_hash,
        dream_type="parameter_exploration",
        name=f"retries = 3 -> {retries}",
        code=f"def {procedure.qualname}():\n{new}\n",
        diff=f"--- a/{procedure.path}\n+++ b/{procedure.path}\n@@ -3,1 +3,1 @@\n-{old}\n+{new}\n",
        transform_id="parameter_exploration.assigned@1",
        reasoning="somebody chose the value",
        generated_description=f"the assigned value retries is {retries} instead of 3",
        assumption="retries 3 is the right value here",
        details={"parameter": "retries", "from": 3, "to": retries},
        variant_hash=digest(key),
        model_used=None,
        created_by="parameter_exploration@1",
        generated_at=clock.to_text(STARTED_AT),
    )


class Remembering:
    """Runs one step's sub-steps as the runner does: rows committed, results told to the next sub-step."""

    def __init__(self, ctx: Context, seq: int = 1000) -> None:
        self.results: list[SubStepResult] = []
        self.outcomes: list[Outcome] = []
        self.ctx = replace(ctx, results=lambda _: tuple(self.results))
        self.seq = seq

    def run(self, step: Step) -> SectionData:
        """Run all of it; return its section."""
        for name in step.plan(self.ctx):
            self.sub_step(step, name)
        return step.section(self.results)

    def sub_step(self, step: Step, name: str) -> Done:
        """Run one sub-step and commit it."""
        outcome = step.run(self.ctx, name, None)
        assert isinstance(outcome, Done)
        self.seq += 1
        with store_of(self.ctx) as store:
            store.commit(self.ctx.run, self.seq, outcome.rows)
        facts = json.loads(json.dumps(outcome.facts))  # as the journal keeps them
        self.results.append(SubStepResult(name=name, kind="done", parts=(facts,)))
        self.outcomes.append(outcome)
        return outcome


def statuses(ctx: Context) -> dict[str, int]:
    """Count dreams by status."""
    with store_of(ctx) as store:
        return dream_rows.count_by_status(store)


def verdicts(ctx: Context) -> list[Mapping[str, Any]]:
    """Return all verdicts in the order of their dreams."""
    with store_of(ctx) as store:
        return [dict(row) for row in store.rows("SELECT * FROM verdicts ORDER BY dream_id, number")]


class Models:
    """A port to configured models that answers every question: with these scores, or as `says` decides."""

    def __init__(self, *, leaves_out: int = 0, fails: NoAnswer | None = None, score: float = 0.65) -> None:
        self.questions: list[list[str]] = []
        self.prompts: list[str] = []
        self._leaves_out, self._fails, self._score = leaves_out, fails, score

    def open(self, ctx: Context) -> "Models":
        """Open the models of a night."""
        del ctx
        return self

    def __call__(self, prompt: str, schema: Mapping[str, Any]) -> Reply:
        """Answer one question."""
        ids: Sequence[str] = schema["properties"]["evaluations"]["items"]["properties"]["id"]["enum"]
        mark = schema["properties"]["batch"]["enum"][0]
        self.questions.append(list(ids))
        self.prompts.append(prompt)
        if self._fails is not None:
            raise self._fails
        found = [
            {"id": each, "viability": self._score, "tier": 1, "reasoning": "it holds"}
            for each in ids[self._leaves_out :]
        ]
        text = json.dumps({"batch": mark, "evaluations": found})
        return Reply(text=text, model="some/model", cost_usd=0.002, cost_source="billed")
