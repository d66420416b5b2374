"""`dream.judge`: every dream that waits gets a verdict, from whom a person switched on or else from rules.

What came into the inbox is taken over first. Then batches go to the judges in their order; what one leaves out the
next is asked, and what is left waits for another night, longer each time, until rules decide. Where nothing waits,
nobody is asked.
"""

import datetime as dt
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from daydream import clock
from daydream.analysis.source import Module, NotParsed, digest, parse
from daydream.clients.claude_reply import NoAnswer
from daydream.config.model import Config
from daydream.contracts.context import Context
from daydream.contracts.dream import Case, Dream, Judge, Procedure, Verdict
from daydream.contracts.step import Step
from daydream.dream import ingest
from daydream.dream.judges.bench import Bench, Model, bench
from daydream.dream.judges.model import models
from daydream.dream.judges.opinion import Opinion, Seated
from daydream.dream.judges.record import Tried, records
from daydream.dream.judges.rules import RuleBased
from daydream.dream.judging_attempts import attempt_rows, attempts
from daydream.dream.judging_section import section
from daydream.dream.reading import NotRead, read
from daydream.dream.replies import compiled
from daydream.records.change import Change, Delete
from daydream.records.outcome import Done, Outcome, Row
from daydream.records.section import SectionData, SubStepResult
from daydream.store import dream_rows, trial_rows
from daydream.store.dream_rows import verdict_row
from daydream.store.dreams import DreamStore

STATE = "dream.judge"
_BY_RULES = 100
_INBOX = "inbox"
_RULES = "rules"
_PENDING = "pending_evaluation"
JUDGES: tuple[Judge, ...] = (RuleBased(),)


def make(config: Config, model: Model | None = None) -> Step:
    """Bind the step; `model` opens the models that judge for a night (None: those of the configuration).

    Raises:
        ConfigError: a pattern for reading replies is none.
    """
    compiled(config.judge.patterns)
    return JudgeStep(config, model or models(config))


@dataclass(slots=True)
class _Tonight:
    """What earlier batches of this night came to: who cannot be asked any more, what was left, what was spent."""

    down: dict[str, str] = field(default_factory=dict)
    left: set[str] = field(default_factory=set)
    spent_usd: float = 0.0
    questions: int = 0


class JudgeStep:
    """See the module."""

    def __init__(self, config: Config, model: Model) -> None:
        self._config = config
        self._model = model
        self._rules = RuleBased()
        self._bench: tuple[str, Bench] | None = None

    def plan(self, ctx: Context) -> Sequence[str]:
        """The inbox, if it holds anything, then as many batches as there are pending dreams for; none where nothing
        is pending."""
        inbox = [_INBOX] if ingest.waiting(ctx.state) else []
        with DreamStore.open(ctx.state / "dreams.db", read_only=True) as store:
            pending = _pending(store)
            if not pending:
                return inbox
            due, by_rules = self._divided(ctx, store, pending, _Tonight())
        options = self._config.judge
        asked = math.ceil(min(len(due), options.calls * options.batch) / options.batch)
        names = [f"batch-{number + 1:04}" for number in range(asked)]
        last = _RULES if self._seated(ctx).judges else "batch"
        return [*inbox, *names, *(f"{last}-{n + 1:04}" for n in range(math.ceil(len(by_rules) / _BY_RULES)))]

    def run(self, ctx: Context, sub_step: str, cursor: str | None) -> Outcome:
        """Judge the next dreams that wait; those of earlier batches do not wait any more."""
        del cursor
        ctx.check()
        tonight = _tonight(ctx)
        with DreamStore.open(ctx.state / "dreams.db", read_only=True) as store:
            pending = _pending(store)
            if sub_step == _INBOX:
                return self._from_inbox(ctx, pending)
            due, by_rules = self._divided(ctx, store, pending, tonight)
            if sub_step.startswith(_RULES) or not self._seated(ctx).judges:
                opinion = self._rules.opinion(_cases(ctx, store, by_rules[:_BY_RULES]))
                labels = {"labels": _labels(store)}
                return _done(ctx, [(self._rules.evaluator, opinion)], labels, self._seated(ctx))
            labels = {"labels": _labels(store)}
            cases = _with_source(ctx, _cases(ctx, store, due[: self._config.judge.batch]))
            return self._asked(ctx, cases, tonight, labels)

    def section(self, results: Sequence[SubStepResult]) -> SectionData:
        """Add up the batches."""
        return section(results)

    def _seated(self, ctx: Context) -> Bench:
        if self._bench is None or self._bench[0] != ctx.run:
            seated = bench(self._config, ctx, _tonight(ctx).spent_usd, self._model)
            self._bench = (ctx.run, seated)
        return self._bench[1]

    def _divided(
        self, ctx: Context, store: DreamStore, pending: Sequence[Dream], tonight: _Tonight
    ) -> tuple[list[Dream], list[Dream]]:
        """Divide what waits into dreams to ask about now and dreams for rules; the others wait on."""
        judges = self._seated(ctx).judges
        if not judges:
            return [], list(pending)
        tried = attempts(store)
        due: list[Dream] = []
        by_rules: list[Dream] = []
        for dream in pending:
            case = Case(dream, None, None)
            if tried.count(dream.id) >= self._config.judge.attempts or not any(
                j.may_see(case) for j in judges
            ):
                by_rules.append(dream)
            elif dream.id not in tonight.left and tried.due(dream.id, ctx.started_at):
                due.append(dream)
        return due, by_rules

    def _asked(
        self, ctx: Context, cases: Sequence[Case], tonight: _Tonight, labels: Mapping[str, Any]
    ) -> Outcome:
        """Ask the judges in their order about what the ones before left out."""
        seated = self._seated(ctx)
        booked = seated.purse.booked
        opinions: list[tuple[str, Opinion]] = []
        failed: dict[str, str] = {}
        down: dict[str, str] = {}
        why: dict[str, str] = {}
        left = list(cases)
        for judge in seated.judges:
            shown = [case for case in left if judge.may_see(case)]
            if not shown or judge.evaluator in tonight.down:
                continue
            if tonight.questions + len(opinions) >= self._config.judge.calls:
                failed[judge.evaluator] = "tonight's judge.calls are used up"
                break
            ctx.progress(judge.evaluator, 1, 1)
            opinion, lasting = _opinion(judge, shown, failed, why)
            if lasting:
                down[judge.evaluator] = failed[judge.evaluator]
            if opinion is not None:
                opinions.append((judge.evaluator, opinion))
                judged = {each.dream_id for each in opinion.verdicts}
                why.update(opinion.missing)
                left = [case for case in left if case.dream.id not in judged]
        kept = {case.dream.id: why[case.dream.id] for case in left if case.dream.id in why}
        extra = {
            **labels,
            "failed": failed,
            "down": down,
            "left": [case.dream.id for case in left],
            "left_why": dict(Counter(why.get(case.dream.id, "nobody could be asked") for case in left)),
            "booked_usd": round(seated.purse.booked - booked, 6),
        }
        rows = attempt_rows(kept, clock.to_text(ctx.started_at))
        return _done(ctx, opinions, extra, seated, rows)

    def _from_inbox(self, ctx: Context, pending: Sequence[Dream]) -> Outcome:
        inbox = ingest.read_inbox(ctx.state, ctx.check)
        folded = ingest.fold(inbox.texts, pending, self._config.judge.patterns, ctx.check)
        extra = {
            "texts": len(inbox.texts),
            "unreadable": inbox.unreadable,
            "doubtful": folded.doubtful,
            "strangers": folded.strangers,
        }
        changes: tuple[Change, ...] = tuple(
            Delete(place="state", path=f"{ingest.INBOX}/{name}")
            for name in ingest.settled(inbox.files, ctx.started_at)
        )
        by_judge: dict[str, list[Verdict]] = {}
        for each in folded.verdicts:
            by_judge.setdefault(each.evaluator, []).append(each)
        opinions = [(who, Opinion(verdicts=tuple(verdicts))) for who, verdicts in by_judge.items()]
        return _done(ctx, opinions, extra, None, (), changes)


def _opinion(
    judge: Seated, shown: Sequence[Case], failed: dict[str, str], why: dict[str, str]
) -> tuple[Opinion | None, bool]:
    """Ask one judge; a failure is named and never ends the night. Also: whether it is of no use any more tonight."""
    try:
        return judge.opinion(shown), False
    except NoAnswer as error:
        failed[judge.evaluator] = str(error)
        if not error.lasting:
            why.update((case.dream.id, f"{judge.evaluator}: {error}") for case in shown)
        source = "unknown" if error.cost_usd is None else "estimate"
        spent = Opinion(verdicts=(), asked=True, cost_usd=error.cost_usd, cost_source=source)
        return (spent if error.sent else None), error.lasting


def _labels(store: DreamStore) -> dict[str, str]:
    """What trials so far make it necessary to say of judges, by name."""
    found = records(Tried(*each) for each in trial_rows.judged(store))
    return {each.evaluator: each.label for each in found if each.label}


def _pending(store: DreamStore) -> list[Dream]:
    """Return what waits for a verdict, the newest first."""
    found = dream_rows.dreams(store, status=_PENDING)
    return sorted(sorted(found, key=lambda each: each.id), key=lambda each: each.generated_at, reverse=True)


def _tonight(ctx: Context) -> _Tonight:
    found = _Tonight()
    for part in (part for result in ctx.results(STATE) for part in result.parts):
        found.down.update(part.get("down", {}))
        found.left.update(part.get("left", ()))
        found.spent_usd += part.get("booked_usd", 0.0)
        found.questions += part.get("questions", 0)
    return found


def _done(
    ctx: Context,
    opinions: Sequence[tuple[str, Opinion]],
    extra: Mapping[str, Any],
    seated: Bench | None,
    rows: Sequence[Row] = (),
    changes: tuple[Change, ...] = (),
) -> Outcome:
    verdicts = [each for _, opinion in opinions for each in opinion.verdicts]
    asked = [opinion for _, opinion in opinions if opinion.asked]
    costs = [opinion.cost_usd for opinion in asked]
    facts = {
        "judged": len(verdicts),
        "tiers": {str(tier): sum(each.tier == tier for each in verdicts) for tier in (1, 2, 3)},
        "by": dict(Counter(each.evaluator for each in verdicts)),
        "questions": len(asked),
        "models": sorted({opinion.model for opinion in asked if opinion.model}),
        "cost_usd": None if None in costs else round(sum(cost for cost in costs if cost is not None), 6),
        "cost_sources": sorted({opinion.cost_source for opinion in asked}),
        "contradictions": sum(each.said_tier is not None for each in verdicts),
        "strangers": sum(opinion.strangers for _, opinion in opinions),
        "off": list(seated.off) if seated is not None else [],
        **extra,
    }
    at = clock.to_text(ctx.started_at)
    return Done(facts=facts, rows=(*(verdict_row(each, at) for each in verdicts), *rows), changes=changes)


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


def _with_source(ctx: Context, cases: Sequence[Case]) -> list[Case]:
    """Add the source of the procedures, where it still reads as it was catalogued."""
    modules: dict[str, Module | None] = {}
    shown: list[Case] = []
    for case in cases:
        ctx.check()
        procedure = case.procedure
        if procedure is None:
            shown.append(case)
            continue
        if procedure.path not in modules:
            try:
                modules[procedure.path] = parse(read(ctx.tree, procedure.path), describe=False)
            except (NotRead, NotParsed):
                modules[procedure.path] = None
        module = modules[procedure.path]
        source = module.source(procedure.first_line, procedure.last_line) if module is not None else ""
        same = digest(source) == procedure.source_hash
        shown.append(replace(case, procedure=replace(procedure, source=source)) if same else case)
    return shown
