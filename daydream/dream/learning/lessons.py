"""Rules that turn patterns of failure into lessons: what happens so often, with certainty, that generation should mind it.

Each rule is a line of the table below. A pattern is a share with an interval by its own counts, never by what is pooled.
"""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from daydream.dream.learning.evidence import PASSED, PERSON, UNDECIDED, Evidence, nights_between, why
from daydream.dream.learning.posterior import share_interval
from daydream.store.learning_rows import Condition, Effect, Lesson

LEAST = 5
LEAST_ANSWERS = 3
LASTS_NIGHTS = 21
GAIN = "gain"
Bounds = tuple[tuple[float, Effect], ...]
# By category: from which lower bound of its share on a lesson is drawn, and which; the first that fits.
RULES: Mapping[str, Bounds] = {
    "syntax": ((0.5, "skip"),),
    "runtime": ((0.5, "skip"), (0.3, "one")),
    "dependency": ((0.5, "skip"),),
    "type": ((0.6, "skip"), (0.3, "one")),
    "logic": ((0.6, "skip"), (0.3, "one")),
    "validation": ((0.6, "skip"), (0.3, "one")),
    "timeout": ((0.5, "skip"), (0.2, "last")),
    "resource": ((0.5, "skip"), (0.2, "last")),
    "wrong": ((0.4, "skip"),),
    "risky": ((0.4, "skip"),),
    "not-worth-it": ((0.4, "one"),),
    "style": ((0.4, "one"),),
    UNDECIDED: ((0.6, "last"),),
    GAIN: ((0.25, "prefer"),),
}
_SEVERITY: Mapping[Effect, int] = {"skip": 3, "one": 2, "last": 1, "prefer": 0}


@dataclass(slots=True)
class _Pattern:
    """Counts at one condition without its category: raw, by category, and weighed by age."""

    tried: int = 0
    tried_now: float = 0.0
    last: str = ""
    by: Counter[str] = field(default_factory=Counter)
    by_now: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    example: dict[str, tuple[str, str]] = field(default_factory=dict)

    def count(self, category: str | None, weight: float, at: str, example: tuple[str, str]) -> None:
        """Add one that went the way of a category, or none."""
        self.tried += 1
        self.tried_now += weight
        self.last = max(self.last, at[:10])
        if category is not None:
            self.by[category] += 1
            self.by_now[category] += weight
            self.example[category] = example


_Where = tuple[str, str, str, str]
_Patterns = dict[_Where, _Pattern]


def derived(known: Evidence, at: str) -> list[Lesson]:
    """Return what the evidence teaches on its date, as new lessons; `at` is the instant of the night.

    A lesson on one module is left out where the same holds of the operator everywhere.
    """
    found: dict[Condition, Lesson] = {}
    for patterns, least in (
        (_failures(known), LEAST),
        (_places(known), LEAST),
        (_gains(known), LEAST),
        (_answers(known), LEAST_ANSWERS),
    ):
        for where, pattern in patterns.items():
            for lesson in _of(where, pattern, least, known.date, at):
                found[lesson.condition] = lesson
    return [each for each in found.values() if not _follows(each, found)]


def changes(before: Iterable[Lesson], now: Iterable[Lesson], known: Evidence, at: str) -> list[Lesson]:
    """Return the rows that take the lessons in force `before` to those of `now`: new ones, those with newer evidence or
    another effect, and the end of those that no longer hold."""
    old, new = {each.condition: each for each in before}, {each.condition: each for each in now}
    rows = []
    for condition, lesson in new.items():
        former = old.get(condition)
        if former is None:
            rows.append(lesson)
        elif (former.effect, former.counted, former.decided) != (
            lesson.effect,
            lesson.counted,
            lesson.decided,
        ):
            rows.append(replace(lesson, since=former.since, standing="renewed"))
    gone = [each for condition, each in old.items() if condition not in new]
    rows += [replace(each, standing="ended", expires=max(each.since, known.date), at=at) for each in gone]
    return rows


def _of(where: _Where, pattern: _Pattern, least: int, date: str, at: str) -> Iterator[Lesson]:
    if pattern.tried < least or nights_between(pattern.last, date) >= LASTS_NIGHTS:
        return
    for category, counted in sorted(pattern.by.items()):
        low, high = share_interval(pattern.by_now[category], pattern.tried_now)
        effect = next((effect for bound, effect in RULES.get(category, ()) if low >= bound), None)
        if effect is None:
            continue
        dream, reason = pattern.example[category]
        kind, model, operator, module = where
        yield Lesson(
            kind=kind,
            model=model,
            operator=operator,
            module=module,
            category=category,
            effect=effect,
            standing="new",
            counted=counted,
            decided=pattern.tried,
            low=round(low, 4),
            high=round(high, 4),
            example=dream,
            reason=reason,
            since=date,
            expires=_later(pattern.last, LASTS_NIGHTS),
            at=at,
        )


def _failures(known: Evidence) -> _Patterns:
    """By operator, and by operator and module; of modules alone only what they lack, which no operator is to blame for."""
    found: _Patterns = defaultdict(_Pattern)
    for trial in known.seen:
        if trial.outcome == UNDECIDED:
            continue
        category = None if trial.outcome == PASSED else trial.category
        said = known.weight(trial.at), trial.at, (trial.dream_id, trial.reason)
        for module in ("", trial.path):
            found[trial.kind, trial.model, trial.operator, module].count(category, *said)
        found["", "", "", trial.path].count("dependency" if category == "dependency" else None, *said)
    return found


def _places(known: Evidence) -> _Patterns:
    """Modules and classes of which trials decide nothing."""
    found: _Patterns = defaultdict(_Pattern)
    said: list[tuple[str, str, str | None, str, tuple[str, str]]] = [
        (t.path, t.qualname, UNDECIDED if t.outcome == UNDECIDED else None, t.at, (t.dream_id, t.reason))
        for t in known.seen
    ]
    said += [(c.path, c.qualname, UNDECIDED, c.at, ("", c.reason)) for c in known.closed]
    for path, qualname, category, at, example in said:
        for module in dict.fromkeys((path, place(path, qualname))):
            found["", "", "", module].count(category, known.weight(at), at, example)
    return found


def _gains(known: Evidence) -> _Patterns:
    found: _Patterns = defaultdict(_Pattern)
    for trial in known.seen:
        if trial.effect in ("gained", "not_shown", "slower"):
            category = GAIN if trial.effect == "gained" else None
            for module in ("", trial.path):
                found[trial.kind, trial.model, trial.operator, module].count(
                    category, known.weight(trial.at), trial.at, (trial.dream_id, trial.reason)
                )
    return found


def _answers(known: Evidence) -> _Patterns:
    found: _Patterns = defaultdict(_Pattern)
    for answer in known.answers:
        category = why(answer) or None if answer.answer == "rejected" else None
        weight = PERSON * known.weight(answer.answered)
        for module in ("", answer.path):
            found[answer.kind, answer.model, answer.operator, module].count(
                category, weight, answer.answered, (answer.dream_id, answer.reason)
            )
    return found


def place(path: str, qualname: str) -> str:
    """A module, or the class in it that a procedure is a method of."""
    owner = qualname.rpartition(".")[0]
    return f"{path}::{owner}" if owner else path


def _follows(lesson: Lesson, found: Mapping[Condition, Lesson]) -> bool:
    """Whether a broader lesson of the same category already says at least as much."""
    kind, model, operator, module, category = lesson.condition
    broader: Sequence[Condition] = ()
    if operator and module:
        broader = ((kind, model, operator, "", category),)
    elif "::" in module:
        broader = (("", "", "", module.partition("::")[0], category),)
    return any(
        each in found and _SEVERITY[found[each].effect] >= _SEVERITY[lesson.effect] for each in broader
    )


class Lessons:
    """The lessons of a night, asked about one candidate or procedure."""

    def __init__(self, lessons: Iterable[Lesson]) -> None:
        self._effects: dict[_Where, set[Effect]] = defaultdict(set)
        for each in lessons:
            self._effects[each.kind, each.model, each.operator, each.module].add(each.effect)

    def skips(self, kind: str) -> bool:
        """Whether some of what a kind offers is left out."""
        return any(
            where[0] in ("", kind) and effects & {"skip", "one"} for where, effects in self._effects.items()
        )

    def on(self, kind: str, model: str, operator: str, path: str) -> set[Effect]:
        """What happens to an operator's candidate for a procedure of a module."""
        asked: Callable[[_Where], set[Effect]] = lambda where: self._effects.get(where, set())  # noqa: E731
        return (
            asked((kind, model, operator, ""))
            | asked((kind, model, operator, path))
            | (asked(("", "", "", path)) & {"skip"})
        )

    def puts_off(self, path: str, qualname: str) -> bool:
        """Whether a procedure comes after the others."""
        return any(
            "last" in self._effects.get(("", "", "", module), ()) for module in (path, place(path, qualname))
        )


def _later(date: str, nights: int) -> str:
    return (dt.date.fromisoformat(date) + dt.timedelta(days=nights)).isoformat()
