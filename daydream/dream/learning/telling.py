"""What was learnt, in words: lessons, how each operator fares, and what a person may do about it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from daydream.dream.learning.evidence import PASSED, UNDECIDED, Evidence, beliefs, evidence
from daydream.dream.learning.lessons import GAIN
from daydream.dream.learning.posterior import share_interval
from daydream.records.section import SectionData, SubStepResult
from daydream.store import learning_rows
from daydream.store.dreams import DreamStore
from daydream.store.learning_rows import Effect, Lesson

EFFECTS: Mapping[Effect, str] = {
    "skip": "left out, but for a probe",
    "one": "at most one of a procedure, after others",
    "last": "after others",
    "prefer": "before others",
}
_ADVICE: Mapping[str, str] = {
    "dependency": "modules that are missing in the sandbox: let interpreter.path name an environment that has them",
    "timeout": "calls that did not end: raise sandbox.timeout if the procedure itself takes that long",
    "resource": "calls that ran out of memory: raise sandbox.memory_mb if the procedure itself takes that much",
}
_NO_IMPORT = "its file has no import name"


@dataclass(frozen=True, slots=True)
class Fared:
    """How one operator fared: trials that were decided and those of them that passed, comparisons of cost and those of them
    that gained, by count; the belief about passing with its 90 % interval; its share of the last two nights' dreams, None
    where no such night is known."""

    kind: str
    model: str
    operator: str
    tried: int
    passed: int
    compared: int
    gained: int
    belief: float
    low: float
    high: float
    before: float | None
    last: float | None


def fared(store: DreamStore, known: Evidence) -> list[Fared]:
    """Return how each operator fared that was tried, the most promising first."""
    passing = beliefs(known).passing
    runs = learning_rows.generated(store)
    found = []
    for kind, model, operator in sorted({(each.kind, each.model, each.operator) for each in known.seen}):
        seen = [e for e in known.seen if (e.kind, e.model, e.operator) == (kind, model, operator)]
        decided = [each for each in seen if each.outcome != UNDECIDED]
        compared = [each for each in seen if each.effect in ("gained", "not_shown", "slower")]
        _, belief = passing.at((kind, model, operator), 3)
        low, high = belief.interval
        shares = [_share(counts, operator) for _, counts in runs]
        found.append(
            Fared(
                kind,
                model,
                operator,
                tried=len(decided),
                passed=sum(each.outcome == PASSED for each in decided),
                compared=len(compared),
                gained=sum(each.effect == "gained" for each in compared),
                belief=round(belief.mean, 4),
                low=round(low, 4),
                high=round(high, 4),
                before=shares[1] if len(shares) > 1 else None,
                last=shares[0] if shares else None,
            )
        )
    return sorted(found, key=lambda each: (-each.belief, each.operator))


def report(store: DreamStore, date: str) -> dict[str, Any]:
    """Return all that was learnt by a date (ISO) as data: lessons in force, operators, judges, and suggestions."""
    known = evidence(store, date)
    return {
        "lessons": [asdict(each) for each in learning_rows.in_force(store, date)],
        "operators": [asdict(each) for each in fared(store, known)],
        "tiers": _tiers(known),
        "answers": len(known.answers),
        "suggestions": list(suggestions(known)),
    }


def condition(lesson: Lesson) -> str:
    """Say what a lesson is about."""
    what = lesson.operator or "procedures"
    by = f" by {lesson.model}" if lesson.model else ""
    where = f" in {lesson.module}" if lesson.module else ""
    return f"{what}{by}{where}"


def happened(lesson: Lesson) -> str:
    """Say what happened how often, with its interval."""
    counts = f"{lesson.counted} of {lesson.decided}"
    between = f"{lesson.low:.0%} to {lesson.high:.0%}"
    if lesson.category == UNDECIDED:
        return f"{counts} trials decide nothing ({between})"
    if lesson.category == GAIN:
        return f"{counts} are cheaper ({between})"
    return f"{counts} fail of {lesson.category} ({between})"


def suggestions(known: Evidence) -> Iterator[str]:
    """Say what a person can do so that more is decided, each with its count."""
    for category, advice in _ADVICE.items():
        count = sum(each.category == category and each.outcome != UNDECIDED for each in known.seen)
        if count:
            yield f"{count} failed of {category}, {advice}"
    nowhere = sum(each.reason == _NO_IMPORT for each in known.closed)
    if nowhere:
        yield f"{nowhere} procedures lie in files without an import name: nothing can be tried there"
    undecided = [each for each in known.seen if each.outcome == UNDECIDED]
    if undecided and 2 * len(undecided) > len(known.seen):
        yield (
            f"{len(undecided)} of {len(known.seen)} trials decided nothing, mostly because of what their procedures take "
            "or return: dream.focus can name folders of plain functions"
        )


def _tiers(known: Evidence) -> dict[str, dict[str, Any]]:
    """How dreams fared that the judge thought viable, and those of tier 2 that were drawn by lot."""
    found = {}
    for name, sampled in (("tier 1", False), ("by lot", True)):
        decided = [e for e in known.seen if e.sampled is sampled and e.outcome != UNDECIDED]
        passed = sum(each.outcome == PASSED for each in decided)
        low, high = share_interval(passed, len(decided))
        interval = [round(low, 4), round(high, 4)] if decided else None
        found[name] = {"decided": len(decided), "passed": passed, "interval": interval}
    return found


def _share(counts: Mapping[str, int], operator: str) -> float:
    total = sum(counts.values())
    return round(counts.get(operator, 0) / total, 4) if total else 0.0


def section(results: Sequence[SubStepResult]) -> SectionData:
    """Say what changed: lessons learnt and lessons over."""
    parts = [part for result in results for part in result.parts]
    facts: dict[str, Any] = {
        name: [each for part in parts for each in part.get(name, ())] for name in ("new", "ended")
    }
    facts["lessons"] = sum(part.get("lessons", 0) for part in parts)
    notes = tuple(f"{each.name} was {each.kind}: {each.reason}" for each in results if each.kind != "done")
    return SectionData(key="tighten", title="Learning", facts=facts, notes=notes)
