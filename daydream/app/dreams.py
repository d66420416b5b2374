"""Looking at dreams: the journal, one of them in full, the counts, their health. Nothing here writes or locks."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from daydream import clock
from daydream.app import applying
from daydream.app.trials import trial_lines
from daydream.app.views import places_of
from daydream.contracts.dream import Status, Tier
from daydream.contracts.results import RunResult
from daydream.dream import health as healthy
from daydream.dream.judges.record import Tried, records
from daydream.errors import UsageError
from daydream.records.proposal import Proposal
from daydream.repository.places import Places
from daydream.store import dream_metrics, dream_queries, trial_rows
from daydream.store.dream_metrics import Metrics
from daydream.store.dream_queries import KeptDream
from daydream.store.dreams import DreamStore
from daydream.store.proposals import OPEN
from daydream.store.trial_rows import Trial

_NONE_YET = "no night has dreamt here yet, or all dreams are forgotten; `daydream dream run` dreams now"
_NOT_MEASURED = "not measured"
_MOST = 1_000_000


def journal(
    root: Path,
    config_file: Path | None,
    *,
    limit: int,
    tier: Tier | None = None,
    since: str | None = None,
    status: Status | None = None,
    kind: str | None = None,
) -> RunResult:
    """List dreams, the newest first; `since` is a date, counted in UTC.

    Raises:
        UsageError: no night was ever started there, the limit is below 1, or there is no such type of dream.
    """
    if limit < 1:
        msg = f"--limit {limit}: give a number of dreams from 1 on"
        raise UsageError(msg)
    with _store(root, config_file) as store:
        try:
            found = dream_queries.journal(
                store, limit=min(limit, _MOST), tier=tier, since=since, status=status, kind=kind
            )
        except ValueError as error:
            raise UsageError(str(error)) from error
        total = dream_queries.statistics(store).total
    lines = [_line(each) for each in found]
    if not found:
        lines = ["no dream is like that" if total else _NONE_YET]
    elif total > len(found):
        lines.append(f"{len(found):,} of {total:,} dreams")
    return RunResult(lines=tuple(lines), data={"total": total, "dreams": [_plain(each) for each in found]})


def show(root: Path, config_file: Path | None, dream_id: str) -> RunResult:
    """Show one dream: what it changes and takes for granted, what was thought of it, and what happened to it.

    Raises:
        UsageError: no dream, or more than one, has an id that begins so.
    """
    with _store(root, config_file) as store:
        start = dream_id.encode("utf-8", "replace").decode()  # a word of the command line need not be text
        found = dream_queries.beginning_with(store, start, 2) if start else []
        if len(found) != 1:
            trouble = "no dream has" if not found else "more than one dream begins with"
            msg = f"{trouble} the id {dream_id!r}; `daydream dream journal` lists them"
            raise UsageError(msg)
        (kept,) = found
        history = dream_queries.history(store, kept.dream.id)
        verdicts = dream_queries.verdicts(store, kept.dream.id)
        trial = trial_rows.last_trial(store, kept.dream.id)
    places = places_of(root, config_file)
    proposal = applying.proposal_of(places, kept.dream.id)
    data = {
        "dream": _plain(kept),
        "trial": dataclasses.asdict(trial) if trial else None,
        "proposal": {"id": proposal.id, "status": proposal.status} if proposal else None,
        "verdicts": [dataclasses.asdict(each) for each in verdicts],
        "history": [dataclasses.asdict(each) for each in history],
    }
    lines = [
        *_told(kept),
        *([f"  {line}" for line in trial_lines(trial)] if trial else []),
        _proposed(places, kept, trial, proposal),
        "  verdicts:" if verdicts else "  verdicts: none yet",
        *(line for each in verdicts for line in _verdict_lines(each)),
        "  history:",
        *(f"    {each.at}  {each.what}: {each.words}" for each in history),
        "",
        *kept.dream.diff.splitlines(),
    ]
    return RunResult(lines=tuple(lines), data=data)


def _proposed(places: Places, kept: KeptDream, trial: Trial | None, proposal: Proposal | None) -> str:
    """Whether it can be had, and by which command; or why not."""
    if proposal is None:
        return f"  not proposed: {applying.why_not(places, kept, trial)}"
    if proposal.status in OPEN:
        return f"  proposal {proposal.id} waits for your answer: daydream dream apply {proposal.id}"
    reason = f": {proposal.reason}" if proposal.reason else ""
    return f"  proposal {proposal.id} is {proposal.status}{reason}"


def stats(root: Path, config_file: Path | None) -> RunResult:
    """Count the dreams that are kept, and say what the last night generated."""
    with _store(root, config_file) as store:
        counts = dream_queries.statistics(store)
        last = next(iter(dream_metrics.generation_runs(store, limit=1)), None)
    data: dict[str, Any] = dataclasses.asdict(counts)
    # JSON has no keys but texts; what a reader gets is what is said here.
    data["by_tier"] = {str(tier): number for tier, number in counts.by_tier.items()}
    data["last_generation"] = dataclasses.asdict(last) if last else None
    if not counts.total and last is None:
        return RunResult(lines=(_NONE_YET,), data=data)
    tried = (
        f"{_share(counts.tier_1_success_rate)} of {counts.tested_tier_1}"
        if counts.tested_tier_1
        else "none tried"
    )
    lines = [
        f"dreams: {counts.total:,}",
        f"  by status: {_pairs(counts.by_status)}",
        f"  by tier: {_pairs(counts.by_tier)}",
        f"  by type: {_pairs(counts.by_type)}",
        f"  average viability: {_number(counts.average_viability)}",
        f"  average novelty of those that hold up: {_number(counts.average_novelty)}",
        f"  highly novel ({dream_queries.HIGH_NOVELTY:.2f} or more): {counts.high_novelty:,}",
        f"  tier 1 with a transform that serves {dream_queries.CROSS_PROJECT} projects: {counts.cross_project_viable:,}",
        f"  trials of tier 1 that succeeded: {tried}",
        f"  adopted: {counts.adopted:,}",
    ]
    if last is not None:
        models = ", ".join(sorted(last.model_usage)) or "none"
        lines.append(
            f"last generation: {last.timestamp}, {last.total:,} dreams ({_pairs(last.by_type)}); models: {models}"
        )
    return RunResult(lines=tuple(lines), data=data)


def health(root: Path, config_file: Path | None) -> RunResult:
    """Say how healthy the dreams were when the last night measured them, why, and where that is going."""
    with _store(root, config_file) as store:
        nights = dream_metrics.metrics(store)
        judges = records(Tried(*each) for each in trial_rows.judged(store))
    if not nights:
        line = "no night has measured the dreams yet; each night that dreams does"
        return RunResult(lines=(line,), data={"status": "no_data", "compound_score": None})
    last = nights[-1]
    going = healthy.trend(nights, clock.from_text(last.timestamp))
    data = {
        "status": last.status,
        "compound_score": last.compound_health_score,
        "components": {name: _component(last, name) for name in healthy.COMPONENTS},
        "missing": last.missing,
        "dream_counts": {
            "total": last.dreams_count,
            **{f"tier{tier}": getattr(last, f"tier{tier}_count") for tier in (1, 2, 3)},
            "high_novelty": last.high_novelty_count,
            "adopted": last.dreams_adopted_count,
        },
        "performance": {
            "average_viability": last.average_viability_score,
            "average_novelty": last.average_novelty_score,
            "tier1_test_success_rate": last.tier1_test_success_rate,
            "tier1_test_count": last.tier1_test_count,
            "cross_project_adoption_rate": last.cross_project_adoption_rate,
        },
        "efficiency": {
            "average_generation_time_seconds": last.average_generation_time_seconds,
            "api_requests_per_dream": last.api_requests_per_dream,
        },
        "trend": dataclasses.asdict(going),
        "judges": [dataclasses.asdict(each) for each in judges],
        "timestamp": last.timestamp,
    }
    lines = (*_health_lines(last, going), *(each.words for each in judges))
    return RunResult(lines=lines, data=data)


def _store(root: Path, config_file: Path | None) -> DreamStore:
    return DreamStore.open(places_of(root, config_file).state / DreamStore.schema.file, read_only=True)


def _plain(kept: KeptDream) -> dict[str, Any]:
    values = dataclasses.asdict(kept)
    return {**values.pop("dream"), **values}


def _line(kept: KeptDream) -> str:
    dream = kept.dream
    judged = "not judged    " if kept.dream.tier is None else f"tier {dream.tier}, {_number(dream.viability)}"
    return (
        f"{dream.id}  {dream.generated_at[:10]}  {dream.status:<18}  {judged}  "
        f"{kept.base_procedure_id}  {dream.name} ({dream.dream_type})"
    )


def _told(kept: KeptDream) -> Iterator[str]:
    dream = kept.dream
    yield f"{dream.id}  {dream.status}  {kept.base_procedure_id}  {dream.name}"
    yield f"  {dream.generated_description}"
    yield f"  type: {dream.dream_type}; transform: {dream.transform_id}; made by {dream.model_used or dream.created_by}"
    yield f"  takes no longer for granted: {dream.assumption}"
    yield f"  why: {dream.reasoning}"
    tier = (
        "nobody judged it yet"
        if dream.tier is None
        else f"tier {dream.tier}, viability {_number(dream.viability)}"
    )
    yield f"  {tier}; novelty {_number(kept.novelty)}; transform at work in {_counted(kept.matches, 'project')}"
    if kept.archived_reason:
        yield f"  archived {kept.archived_at}: {kept.archived_reason}"


def _verdict_lines(verdict: dream_queries.Judged) -> Iterator[str]:
    model = f" ({verdict.evaluator_model})" if verdict.evaluator_model else ""
    said = f"; said tier {verdict.said_tier}, the viability counts" if verdict.said_tier else ""
    yield f"    {verdict.evaluated_at}  {verdict.evaluator}{model}: {_number(verdict.viability)}, tier {verdict.tier}{said}"
    yield from (f"      {reason}" for reason in verdict.reasons)


_WEIGHTED = {
    "novelty": "novelty_score_weighted",
    "quality": "quality_evolution_weighted",
    "leverage": "cross_project_leverage_weighted",
    "efficiency": "efficiency_weighted",
}


def _component(last: Metrics, name: str) -> dict[str, Any]:
    return {
        "value": getattr(last, name),
        "weighted": getattr(last, _WEIGHTED[name]),
        "configured_weight": last.weights[name],
    }


def _health_lines(last: Metrics, going: healthy.Trend) -> Iterator[str]:
    words = last.status.replace("_", " ")
    yield (
        f"{words}: {_number(last.compound_health_score)} (healthy is above {healthy.HEALTHY_ABOVE:.2f}), "
        f"measured {last.timestamp}, {last.dreams_count:,} dreams"
    )
    because = {
        "novelty": f"average {_number(last.average_novelty_score)}, {last.high_novelty_count:,} highly novel",
        "quality": f"average viability {_number(last.average_viability_score)}; tiers 1, 2, 3: "
        f"{last.tier1_count:,}, {last.tier2_count:,}, {last.tier3_count:,}",
        "leverage": f"{_share(last.cross_project_adoption_rate)} of tier 1 with a transform that serves two projects",
        "efficiency": f"generation took {_number(last.average_generation_time_seconds)} s on average",
    }
    for name in healthy.COMPONENTS:
        value, weighted = getattr(last, name), getattr(last, _WEIGHTED[name])
        why = last.missing.get(name) or because[name]
        gives = "" if weighted is None else f", gives {weighted:.2f}"
        yield f"  {name:<10} {_number(value)} (weight {last.weights[name]}{gives}): {why}"
    unweighted = [name for name in healthy.COMPONENTS if name in last.missing]
    if unweighted:
        yield f"  {', '.join(unweighted)}: insufficient data; the others share the weight"
    if "trials" in last.missing:
        yield f"  {last.missing['trials']}"
    left = f"; {_counted(going.left_out, 'night')} measured differently left out" if going.left_out else ""
    if going.slope is None:
        yield f"trend: {going.direction}, {_counted(going.n, 'comparable night')} of the last {healthy.WINDOW_DAYS} days{left}"
    else:
        yield (
            f"trend: {going.direction}, {going.slope:+.4f} a day over {going.n} nights of the last "
            f"{healthy.WINDOW_DAYS} days ({_number(going.least)} to {_number(going.most)}){left}"
        )


def _number(value: float | None) -> str:
    return _NOT_MEASURED if value is None else f"{value:.2f}"


def _share(value: float | None) -> str:
    return _NOT_MEASURED if value is None else f"{value:.0%}"


def _counted(value: int | None, noun: str) -> str:
    if value is None:
        return f"an unknown number of {noun}s"
    return f"{value} {noun}{'' if value == 1 else 's'}"


def _pairs(counts: dict[Any, int]) -> str:
    return ", ".join(f"{name}: {number:,}" for name, number in counts.items()) or "none"
