"""Rows of the dream store from which generation learns, and what it learnt: trials as evidence, people's answers, lessons."""

import dataclasses
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Literal, TypeVar

from daydream.records.outcome import Row
from daydream.store.dream_rows import dreams_by_id, record_row
from daydream.store.dreams import DreamStore

T = TypeVar("T")
Answered = Literal["accepted", "rejected"]
Effect = Literal["prefer", "one", "last", "skip"]
Standing = Literal["new", "renewed", "ended"]
Condition = tuple[str, str, str, str, str]

# Of a trial that was corrected the last row counts; a call that the sandbox lost is nobody's evidence.
_SEEN = """
SELECT t.dream_id, d.dream_type AS kind, COALESCE(d.model_requested, d.model_used, '') AS model,
       d.transform_id AS operator, d.base_path AS path, d.base_qualname AS qualname,
       t.outcome, t.category, t.effect, t.reason, t.sampled, t.at
FROM trials t JOIN dreamt d ON d.id = t.dream_id
WHERE t.number = (SELECT MAX(number) FROM trials WHERE dream_id = t.dream_id) AND t.run <> ?
  AND COALESCE(json_extract(t.counts, '$.lost'), 0) = 0
ORDER BY t.number
"""
_CLOSED = """
SELECT u.base_path AS path, u.base_qualname AS qualname, u.reason, r.at
FROM unexercised u JOIN trial_runs r ON r.run = u.run WHERE u.run <> ?
ORDER BY r.at, u.base_path, u.base_qualname, u.base_occurrence
"""
_ANSWERS = """
SELECT a.dream_id, d.dream_type AS kind, COALESCE(d.model_requested, d.model_used, '') AS model,
       d.transform_id AS operator, d.base_path AS path, d.base_qualname AS qualname,
       a.answer, a.reason, a.answered
FROM answers a JOIN dreamt d ON d.id = a.dream_id
WHERE a.number = (SELECT MAX(number) FROM answers WHERE dream_id = a.dream_id) ORDER BY a.number
"""
_VIABLE = """
SELECT dream_type, COALESCE(model_requested, model_used, ''), transform_id, base_path,
       SUM(tier = 1), COUNT(*), MAX(evaluated_at)
FROM dream_procedures WHERE tier IS NOT NULL AND run <> ?
GROUP BY dream_type, COALESCE(model_requested, model_used, ''), transform_id, base_path, run
ORDER BY run, dream_type, transform_id, base_path
"""
_LESSONS = """
SELECT * FROM lessons l WHERE run <> ? AND number = (SELECT MAX(number) FROM lessons
    WHERE kind = l.kind AND model = l.model AND operator = l.operator AND module = l.module
      AND category = l.category AND run <> ?)
ORDER BY number
"""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A trial as evidence: what was tried, and what came of it. `model` is "" where no model dreamt it; `at` is an
    instant."""

    dream_id: str
    kind: str
    model: str
    operator: str
    path: str
    qualname: str
    outcome: str
    category: str | None
    effect: str | None
    reason: str
    sampled: bool
    at: str


@dataclasses.dataclass(frozen=True, slots=True)
class Closed:
    """A procedure that no trial can call, and why."""

    path: str
    qualname: str
    reason: str
    at: str


@dataclasses.dataclass(frozen=True, slots=True)
class Judged:
    """How many dreams that one run made of a module with an operator were judged, and how many of these are of tier 1, and so
    may be tried."""

    kind: str
    model: str
    operator: str
    path: str
    viable: int
    judged: int
    at: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a person said to the proposal that a dream became; `reason` begins with one of `records.proposal.REASONS`
    where it was rejected, `answered` is a date."""

    dream_id: str
    kind: str
    model: str
    operator: str
    path: str
    qualname: str
    answer: Answered
    reason: str
    answered: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """What trials taught about a condition, and what it does to generation.

    The condition is `kind`, `model`, `operator` (a transform), `module` and `category`; an empty text stands for any.
    `module` is a path, or `path::Class`. `counted` of `decided` trials went that way, a share between `low` and `high` (90 %).
    `example` is the id of the last such dream, `reason` what was said of it. `since` and `expires` are dates; `standing` is
    what this row did: a lesson of which the last row says ``ended`` is over.
    """

    kind: str
    model: str
    operator: str
    module: str
    category: str
    effect: Effect
    standing: Standing
    counted: int
    decided: int
    low: float
    high: float
    example: str
    reason: str
    since: str
    expires: str
    at: str

    @property
    def condition(self) -> Condition:
        """What it is about."""
        return (self.kind, self.model, self.operator, self.module, self.category)


def lesson_row(lesson: Lesson) -> Row:
    """Return the row of a lesson.

    Raises:
        ValueError: its interval is none, it counts more than were decided, or it ends before it began.
    """
    if not 0 <= lesson.low <= lesson.high <= 1 or not 0 <= lesson.counted <= lesson.decided:
        msg = f"a lesson needs counts and an interval that can be, not {lesson}"
        raise ValueError(msg)
    if lesson.expires < lesson.since:
        msg = f"a lesson of {lesson.since} cannot end on {lesson.expires}"
        raise ValueError(msg)
    return record_row("lessons", lesson)


def answer_row(dream_id: str, answer: Answered, reason: str, answered: str, at: str) -> Row:
    """Return the row of a person's answer; `answered` is its date, `at` the instant of the night that read it."""
    values = {"dream_id": dream_id, "answer": answer, "reason": reason, "answered": answered, "at": at}
    return Row("answers", values)


def seen(store: DreamStore, *, without: str = "") -> list[Seen]:
    """Return all trials of runs other than `without`, in order."""
    return [_record(Seen, row, {"sampled": bool(row["sampled"])}) for row in store.rows(_SEEN, (without,))]


def closed(store: DreamStore, *, without: str = "") -> list[Closed]:
    """Return the procedures that runs other than `without` could not call, in order."""
    return [_record(Closed, row) for row in store.rows(_CLOSED, (without,))]


def answers(store: DreamStore) -> list[Answer]:
    """Return the last answer to each dream, in order."""
    return [_record(Answer, row) for row in store.rows(_ANSWERS)]


def judged(store: DreamStore, *, without: str = "") -> list[Judged]:
    """Return how the dreams of runs other than `without` were judged."""
    return [Judged(*row) for row in store.rows(_VIABLE, (without,))]


def known_dreams(store: DreamStore, ids: Sequence[str]) -> set[str]:
    """Return those of the ids that are dreams."""
    return {each.id for each in dreams_by_id(store, ids)}


def lessons(store: DreamStore, *, without: str = "") -> list[Lesson]:
    """Return the last word on each condition by runs other than `without`, in order; some are ``ended``."""
    return [_record(Lesson, row) for row in store.rows(_LESSONS, (without, without))]


def in_force(store: DreamStore, date: str, *, without: str = "") -> list[Lesson]:
    """Return the lessons that hold on a date."""
    return [
        each
        for each in lessons(store, without=without)
        if each.standing != "ended" and each.since <= date < each.expires
    ]


def generated(store: DreamStore, limit: int = 2) -> list[tuple[str, Mapping[str, int]]]:
    """Return of the last runs that dreamt how many dreams each operator gave, the last run first."""
    runs = store.rows(
        "SELECT run FROM dream_generation_runs WHERE total_dreams_generated > 0 ORDER BY timestamp DESC, run DESC LIMIT ?",
        (limit,),
    )
    sql = (
        "SELECT transform_id, COUNT(*) FROM dreamt WHERE run = ? GROUP BY transform_id ORDER BY transform_id"
    )
    return [(row[0], {each[0]: each[1] for each in store.rows(sql, (row[0],))}) for row in runs]


def _record(record: type[T], row: sqlite3.Row, other: Mapping[str, object] | None = None) -> T:
    names = [each.name for each in dataclasses.fields(record)]  # type: ignore[arg-type]
    return record(**{**{name: row[name] for name in names}, **(other or {})})
