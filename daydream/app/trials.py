"""Looking at trials: what was tried, which failures come back, and how each transform fares. Nothing here writes or locks."""

import dataclasses
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from daydream import clock
from daydream.app.views import head_of, places_of
from daydream.contracts.results import RunResult
from daydream.contracts.sandbox import NOT_ISOLATED
from daydream.dream.learning.telling import EFFECTS, condition, happened
from daydream.dream.trials.growth import words as growth
from daydream.errors import UsageError
from daydream.store import learning_rows, trial_rows
from daydream.store.dream_rows import dreams_by_id
from daydream.store.dreams import DreamStore
from daydream.store.learning_rows import Lesson
from daydream.store.trial_rows import Trial

_NONE_YET = "nothing was tried here yet; a night tries dreams of tier 1 where a sandbox can be had"
_WORDS = {
    "behaviour_preserving": "does the same",
    "behaviour_changing": "does something else",
    "failing": "fails",
    "undecided": "cannot be decided",
}


def trials(root: Path, config_file: Path | None, *, limit: int) -> RunResult:
    """List trials, the newest first.

    Raises:
        UsageError: no night was ever started there, or the limit is below 1.
    """
    if limit < 1:
        msg = f"--limit {limit}: give a number of trials from 1 on"
        raise UsageError(msg)
    with _store(root, config_file) as store:
        found = trial_rows.trials(store, limit=limit)
        named = {each.id: each for each in dreams_by_id(store, [trial.dream_id for trial in found])}
    lines = [line for each in found for line in _lines(each, named)] or [_NONE_YET]
    return RunResult(lines=tuple(lines), data={"trials": [dataclasses.asdict(each) for each in found]})


def failures(root: Path, config_file: Path | None) -> RunResult:
    """Count what dreams failed of, the most frequent first, each with its last example."""
    with _store(root, config_file) as store:
        found = trial_rows.failures(store)
    data = [
        {"category": category, "transform": transform, "count": count, "example": dream, "reason": reason}
        for category, transform, count, dream, reason in found
    ]
    lines = [
        f"{each['count']:>4}  {each['category']:<10}  {each['transform']}: {each['reason']} ({each['example']})"
        for each in data
    ]
    none = "no dream that was tried differed from its procedure" if _any(root, config_file) else _NONE_YET
    return RunResult(lines=tuple(lines or [none]), data={"failures": data})


def patterns(root: Path, config_file: Path | None) -> RunResult:
    """List the lessons in force, then say of each transform how often it was tried, passed and gained."""
    with _store(root, config_file) as store:
        found = trial_rows.by_transform(store)
        lessons = learning_rows.in_force(store, today(root, config_file))
    data = [
        {"type": kind, "transform": transform, "decided": decided, "passed": passed, "gained": gained}
        for kind, transform, decided, passed, gained in found
    ]
    lines = [
        f"{each['transform']}: {each['passed']} of {each['decided']} do the same, {each['gained']} of them cheaper"
        for each in data
    ]
    told = [line for each in lessons for line in lesson_lines(each)]
    both = {"lessons": [dataclasses.asdict(each) for each in lessons], "patterns": data}
    return RunResult(lines=tuple([*told, *lines] or [_NONE_YET]), data=both)


def today(root: Path, config_file: Path | None) -> str:
    """The date where the nights of a repository are."""
    zone = head_of(places_of(root, config_file)).zone
    return clock.local_date(clock.now(), clock.zone(zone)).isoformat()


def lesson_lines(lesson: Lesson) -> Iterator[str]:
    """Write a lesson: its condition and effect, then its evidence and how long it holds."""
    yield f"{condition(lesson)}: {EFFECTS[lesson.effect]}, because {happened(lesson)}"
    example = f"such as {lesson.example}: {lesson.reason}" if lesson.example else lesson.reason
    yield f"  {example}; since {lesson.since}, until {lesson.expires} unless it goes on"


def _store(root: Path, config_file: Path | None) -> DreamStore:
    return DreamStore.open(places_of(root, config_file).state / DreamStore.schema.file, read_only=True)


def _any(root: Path, config_file: Path | None) -> bool:
    with _store(root, config_file) as store:
        return bool(trial_rows.trials(store, limit=1))


def _lines(trial: Trial, named: Mapping[str, Any]) -> Iterator[str]:
    dream = named.get(trial.dream_id)
    what = (
        f"{dream.base_path}:{dream.base_qualname}  {dream.name}"
        if dream
        else "a dream that was deleted since"
    )
    category = f" ({trial.category})" if trial.category else ""
    yield f"{trial.dream_id}  {trial.at[:10]}  {_WORDS[trial.outcome]}{category}  {what}"
    yield from (f"  {line}" for line in about(trial))


def trial_lines(trial: Trial) -> Iterator[str]:
    """What is told of a trial beside its dream."""
    category = f" ({trial.category})" if trial.category else ""
    counts = f"{trial.counts.get('same', 0)} of {trial.counts.get('asked', 0)} inputs the same"
    yield f"trial of {trial.at[:10]} in {trial.backend}: it {_WORDS[trial.outcome]}{category}, {counts}"
    yield from (f"  {line}" for line in about(trial))


def about(trial: Trial) -> Iterator[str]:
    """What a trial came to, in lines: why, what it costs, how that grows, and where it differs."""
    yield trial.reason
    if trial.backend == NOT_ISOLATED:
        yield f"{NOT_ISOLATED}: it ran as a plain process of this machine"
    if mended := trial.evidence.get("mended"):
        yield f"tests of the repository that fail without it and pass with it: {', '.join(mended[:3])}"
    if trial.effectiveness is not None:
        claim = (
            "cheaper"
            if trial.effect == "gained"
            else "dearer"
            if trial.effect == "slower"
            else "no gain shown"
        )
        yield (
            f"{claim}: {trial.effectiveness:.3f} times ({trial.effect_low:.3f} to {trial.effect_high:.3f}); "
            f"this machine cannot tell {trial.noise_floor:.3f} from nothing"
        )
        if "scaling" in trial.evidence:
            yield growth(trial.evidence["scaling"])
    elif trial.effect == "not_measured":
        yield f"cost not measured: {trial.evidence.get('effect', {}).get('reason', 'no reason is known')}"
    for case in trial.evidence.get("differing", ())[:1]:
        yield f"at {case['where']}: {case['dream']} for {case['base']}"
