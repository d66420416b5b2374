"""Advice by the model that a person configured for it: a last sub-step of `log_review` and of `sentry_query`.

It adds text to their sections and nothing else: no finding, no change, no row, no count and no verdict of theirs is
touched by what a model says. Without `models.advise` in a person's own file the steps are as they are.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from daydream.contracts.cache import Forgetful
from daydream.contracts.context import Context
from daydream.contracts.step import Step
from daydream.errors import StateDamaged, StateNewer
from daydream.records.outcome import Done, Facts, Failed, More, Outcome, Skipped
from daydream.records.section import SectionData, SubStepResult
from daydream.steps.advice_asking import Advice, Answered, ask, asks, known
from daydream.steps.advice_evidence import Item, Repository, plain

if TYPE_CHECKING:
    from daydream.config.model import Config

SUB_STEP = "advice"
MOST_ITEMS = 8
PER_REQUEST = 4
_UNSEEN = "nothing was looked at, so no advice was asked for"
_USAGE = ("requests", "prompt_tokens", "completion_tokens")
_VERDICTS: Mapping[str | None, str] = {
    "fix_clear": "fix clear",
    "cause_only": "cause only",
    "needs_a_person": "needs a person",
}

Items = Callable[[Context, Sequence[SubStepResult], Repository], Sequence[Item]]


def advised(step: Step, config: "Config", state: str, items: Items) -> Step:
    """Let a step ask for advice on `items` of what it came to; `state` is where its results are kept."""
    models = config.models
    return Advised(step, config, state, items) if models.enabled and models.advise else step


class Advised:
    """A step with one more sub-step at its end: what it came to is asked about, a few items at a time."""

    def __init__(self, step: Step, config: "Config", state: str, items: Items) -> None:
        self._step, self._config, self._state, self._items = step, config, state, items

    def plan(self, ctx: Context) -> Sequence[str]:
        """The step's own sub-steps, then the advice. Where nothing can be remembered, as in a first look, the same
        questions would be paid for again and again: nobody is asked."""
        own = self._step.plan(ctx)
        wanted = not isinstance(ctx.cache, Forgetful) and asks(self._config, ctx)
        return [*own, SUB_STEP] if wanted else own

    def run(self, ctx: Context, sub_step: str, cursor: str | None) -> Outcome:
        """Do the step's own work, or ask the next question; the cursor names what is left to ask about."""
        if sub_step != SUB_STEP:
            return self._step.run(ctx, sub_step, cursor)
        results = _without(ctx.results(self._state))
        if not any(result.kind == "done" for result in results):
            # The state ends as it would without us: a step that looked at nothing is not done.
            failed = bool(results) and all(result.kind == "failed" for result in results)
            return Failed(error=_UNSEEN) if failed else Skipped(reason=_UNSEEN)
        try:
            repository = Repository(ctx, self._config.models.exclude)
            items = list(self._items(ctx, results, repository))[:MOST_ITEMS]
        except (StateDamaged, StateNewer) as error:
            return Failed(error=str(error))
        if cursor is None:
            return self._known(ctx, items)
        return self._asked(ctx, items, cursor.split())

    def section(self, results: Sequence[SubStepResult]) -> SectionData:
        """The step's own section, with the advice beside it."""
        data = self._step.section(_without(results))
        parts = [part for result in results if result.name == SUB_STEP for part in result.parts]
        if not parts:
            return data
        said = sorted((line for part in parts for line in part["advice"]), key=lambda line: line["rank"])
        notes = dict.fromkeys(note for part in parts for note in part["notes"])
        facts = {**data.facts, "advice": said, "advisor": _used(parts)}
        return replace(data, facts=facts, notes=(*data.notes, *notes))

    def _known(self, ctx: Context, items: Sequence[Item]) -> Outcome:
        """Begin with what was said on earlier nights; the rest is left to ask."""
        said = known(self._config, ctx, items)
        left = dict.fromkeys(item.name for item in items if item.name not in said)
        facts = _facts(items, Answered(said))
        return More(cursor=" ".join(left), facts=facts) if left else Done(facts=facts)

    def _asked(self, ctx: Context, items: Sequence[Item], names: Sequence[str]) -> Outcome:
        """Ask one question. What it is about stands in the cursor, so that a night that is taken up again asks the same,
        and finds the answer that it paid for."""
        now, left = names[:PER_REQUEST], names[PER_REQUEST:]
        wanted = {item.name: item for item in items if item.name in now}
        answered = ask(self._config, ctx, list(wanted.values()))
        facts = _facts(items, answered)
        return More(cursor=" ".join(left), facts=facts) if left and not answered.spent else Done(facts=facts)


def _without(results: Sequence[SubStepResult]) -> list[SubStepResult]:
    return [result for result in results if result.name != SUB_STEP]


def _facts(items: Sequence[Item], answered: Answered) -> Facts:
    lines = [
        _line(rank, item, answered.advice[item.name])
        for rank, item in enumerate(items)
        if item.name in answered.advice and answered.advice[item.name].text
    ]
    notes = [f"The advisor gave no answer: {answered.why}"] if answered.why else []
    return {"advice": lines, "usage": dict(answered.usage), "notes": notes}


def _line(rank: int, item: Item, said: Advice) -> dict[str, Any]:
    return {
        "rank": rank,
        "item": item.item,
        "about": item.about,
        "rule": item.rule,
        "model": plain(said.model, 60),
        "suggestion": plain(said.text),
        "verdict": _VERDICTS.get(said.verdict),
    }


def _used(parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Add up what tonight's answers took; None where one of them does not say."""
    every = [part["usage"] for part in parts if part["usage"]]
    return {name: _sum([each[name] for each in every]) for name in (*_USAGE, "cost")}


def _sum(values: Sequence[float | None]) -> float | None:
    counted = [value for value in values if value is not None]
    return sum(counted) if len(counted) == len(values) else None
