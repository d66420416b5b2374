"""`dream.judge`: every dream that nobody has judged gets a verdict from rules, labelled as such."""

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from daydream import clock
from daydream.config.model import Config
from daydream.contracts.context import Context
from daydream.contracts.dream import Case, Dream, Judge, Procedure, Verdict, tier_of
from daydream.contracts.step import Step
from daydream.records.outcome import Done, Outcome
from daydream.records.section import SectionData, SubStepResult
from daydream.store import dream_rows
from daydream.store.dream_rows import verdict_row
from daydream.store.dreams import DreamStore

_BATCH = 100
_PENDING = "pending_evaluation"
_RECENT_DAYS = 90
_SIMPLE = 5
_COMPLEX = 20
_NEAR = 2.5
_START = 0.45
_EFFECTS = {
    "pure": (0.15, "it is pure as far as its source shows, so a trial can compare results"),
    "reads": (0.05, "it reads state but was not seen to change any"),
    "writes": (-0.15, "it changes state outside itself, which a trial must fake"),
    "unknown": (-0.05, "what its calls do is not known"),
}


def make(config: Config) -> Step:
    """Bind the step; it has no options."""
    del config
    return JudgeStep(JUDGES[0])


@dataclass(frozen=True, slots=True)
class RuleBased:
    """Adds up signals that can be read from the source; it has run nothing and asked nobody."""

    evaluator: str = "rule-based"

    def judge(self, batch: Sequence[Case]) -> Sequence[Verdict]:
        """Judge every case by the same rules."""
        return [self._verdict(case) for case in batch]

    def _verdict(self, case: Case) -> Verdict:
        signals = [*_about_change(case.dream), *_about_procedure(case.procedure), *_about_age(case)]
        viability = round(min(1.0, max(0.0, _START + sum(weight for weight, _ in signals))), 2)
        reasons = tuple(f"{weight:+.2f} {why}" for weight, why in signals)
        return Verdict(case.dream.id, viability, tier_of(viability), reasons, self.evaluator)


JUDGES: tuple[Judge, ...] = (RuleBased(),)
Signal = tuple[float, str]


def _about_change(dream: Dream) -> list[Signal]:
    old, new = dream.details.get("from"), dream.details.get("to")
    signals: list[Signal] = []
    if isinstance(old, bool) or isinstance(new, bool):
        signals.append((-0.10, "it turns an option round, which callers may rely on"))
    elif isinstance(old, int | float) and isinstance(new, int | float) and old > 0 and new > 0:
        signals += _about_distance(old, new)
    if dream.details.get("seen_in"):
        signals.append((0.15, f"{dream.details['seen_in']} in the same file uses this value"))
    if ".default@" in dream.transform_id:
        signals.append((-0.10, "it changes a default, which every caller without that argument notices"))
    return signals


def _about_distance(old: float, new: float) -> list[Signal]:
    factor = math.exp(abs(math.log(new / old)))
    near = (0.10, f"{new!r} is near {old!r}") if factor <= _NEAR else (-0.10, f"{new!r} is far from {old!r}")
    if isinstance(old, int) and new == 1:
        return [near, (-0.10, "a count of 1 is the edge of its range")]
    return [near]


def _about_procedure(procedure: Procedure | None) -> list[Signal]:
    if procedure is None:
        return [(-0.30, "its procedure is not in the latest catalogue")]
    signals: list[Signal] = [_EFFECTS[procedure.side_effects]]
    if procedure.tests is None:
        signals.append((0.0, "whether tests mention it was not measured"))
    elif procedure.tests:
        files = "1 test file mentions" if procedure.tests == 1 else f"{procedure.tests} test files mention"
        signals.append((0.10, f"{files} its name"))
    else:
        signals.append((-0.10, "no test file mentions its name"))
    if procedure.complexity > _COMPLEX:
        signals.append((-0.10, f"it is complex ({procedure.complexity} ways through)"))
    elif procedure.complexity <= _SIMPLE:
        signals.append((0.05, f"it is simple ({procedure.complexity} ways through)"))
    return signals


def _about_age(case: Case) -> list[Signal]:
    days = case.changed_days_ago
    if days is None:
        return [(0.0, "when its file last changed is not known")]
    if days <= _RECENT_DAYS:
        return [(0.05, f"its file changed {days} days ago, so somebody works on it")]
    return []


class JudgeStep:
    """See the module."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge

    def plan(self, ctx: Context) -> Sequence[str]:
        """As many batches as there are pending dreams for; none where nothing is pending."""
        with DreamStore.open(ctx.state / "dreams.db", read_only=True) as store:
            pending = dream_rows.count_by_status(store).get(_PENDING, 0)
        return [f"batch-{number + 1:04}" for number in range(math.ceil(pending / _BATCH))]

    def run(self, ctx: Context, sub_step: str, cursor: str | None) -> Outcome:
        """Judge the next pending dreams; those of earlier batches are not pending any more."""
        del sub_step, cursor
        ctx.check()
        with DreamStore.open(ctx.state / "dreams.db", read_only=True) as store:
            cases = _cases(ctx, store, dream_rows.dreams(store, status=_PENDING, limit=_BATCH))
        verdicts = self._judge.judge(cases)
        at = clock.to_text(ctx.started_at)
        tiers = {str(tier): sum(each.tier == tier for each in verdicts) for tier in (1, 2, 3)}
        facts = {"judged": len(verdicts), "tiers": tiers, "evaluator": self._judge.evaluator}
        return Done(facts=facts, rows=tuple(verdict_row(each, at) for each in verdicts))

    def section(self, results: Sequence[SubStepResult]) -> SectionData:
        """Add up the batches."""
        return section(results)


def _cases(ctx: Context, store: DreamStore, pending: Sequence[Dream]) -> list[Case]:
    latest = dream_rows.snapshot(store, ctx.run) or dream_rows.last_snapshot(store)
    found = dream_rows.procedures(store, latest.run, {dream.base_path for dream in pending}) if latest else []
    known = {each.key: each for each in found}
    return [_case(ctx, dream, known.get(dream.base)) for dream in pending]


def _case(ctx: Context, dream: Dream, procedure: Procedure | None) -> Case:
    if procedure is None or procedure.source_hash != dream.base_source_hash:
        return Case(dream, None, None)
    if procedure.last_change is None:
        return Case(dream, procedure, None)
    changed = dt.date.fromisoformat(procedure.last_change)
    return Case(dream, procedure, max(0, (ctx.started_at.date() - changed).days))


def section(results: Sequence[SubStepResult]) -> SectionData:
    """Add up the batches: dreams judged, by tier, and by whom (None where nobody judged)."""
    parts: list[dict[str, Any]] = [part for result in results for part in result.parts]
    evaluators = sorted({part["evaluator"] for part in parts})
    facts = {
        "judged": sum(part["judged"] for part in parts),
        "tiers": {tier: sum(part["tiers"][tier] for part in parts) for tier in ("1", "2", "3")},
        "evaluator": ", ".join(evaluators) or None,
    }
    notes = tuple(f"{each.name} was {each.kind}: {each.reason}" for each in results if each.kind != "done")
    return SectionData(key="judge", title="Verdicts", facts=facts, notes=notes)
