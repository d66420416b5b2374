"""Rows of what was learnt: which lessons hold, what a bad one is refused for, and what is forgotten."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from daydream.records.outcome import Row
from daydream.store import learning_rows
from daydream.store.dream_rows import Visit, record_row, unfinished
from daydream.store.learning_rows import Lesson, answer_row, lesson_row
from daydream.store.trial_rows import Trial, TrialRun, trial_row, trial_run_row
from tests.fakes.kept_dreams import AT, Book

LESSON = Lesson(
    kind="k",
    model="",
    operator="o@1",
    module="",
    category="logic",
    effect="skip",
    standing="new",
    counted=8,
    decided=8,
    low=0.8,
    high=1.0,
    example="a",
    reason="another value",
    since="2026-11-21",
    expires="2026-12-12",
    at="2026-11-21T02:00:00Z",
)


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    with (book := Book(tmp_path)).store:
        yield book


@pytest.mark.parametrize(
    ("date", "holds"), [("2026-11-20", 0), ("2026-11-21", 1), ("2026-12-11", 1), ("2026-12-12", 0)]
)
def test_a_lesson_holds_from_its_night_until_it_expires(book: Book, date: str, holds: int) -> None:
    book.add(lesson_row(LESSON))
    assert len(learning_rows.in_force(book.store, date)) == holds
    assert learning_rows.in_force(book.store, date, without=book.run) == []


def test_the_last_row_of_a_condition_counts(book: Book) -> None:
    other = replace(LESSON, module="pkg/a.py")
    book.add(lesson_row(LESSON), lesson_row(other))
    book.add(lesson_row(replace(LESSON, standing="ended")))
    assert learning_rows.in_force(book.store, "2026-11-22") == [other]
    book.add(lesson_row(replace(LESSON, counted=9, decided=9)))
    assert {each.decided for each in learning_rows.in_force(book.store, "2026-11-22")} == {8, 9}


@pytest.mark.parametrize(
    "wrong", [{"low": 1.1}, {"low": 0.9, "high": 0.8}, {"counted": 9}, {"expires": "2026-11-20"}]
)
def test_a_lesson_that_cannot_be_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="lesson"):
        lesson_row(replace(LESSON, **wrong))  # type: ignore[arg-type]


def test_lessons_that_are_over_are_forgotten_and_the_others_stay(book: Book) -> None:
    now = dt.datetime(2027, 6, 1, tzinfo=dt.UTC)
    over = replace(LESSON, module="pkg/b.py", standing="ended")
    book.add(lesson_row(LESSON), lesson_row(replace(LESSON, counted=7)), lesson_row(over))
    book.store.prune(now, run="x")
    assert [each.counted for each in learning_rows.lessons(book.store)] == [7]


def test_what_the_sandbox_lost_is_no_evidence(book: Book) -> None:
    for name in ("a", "b"):
        book.dream(name, "evaluated")
    book.add(trial_run_row(TrialRun("bubblewrap", "", None, AT)))
    said = {"outcome": "undecided", "reason": "so", "at": AT}
    book.add(trial_row(Trial(dream_id="a", counts={"lost": 3}, **said)))  # type: ignore[arg-type]
    book.add(trial_row(Trial(dream_id="b", counts={"lost": 0}, **said)))  # type: ignore[arg-type]
    assert [each.dream_id for each in learning_rows.seen(book.store)] == ["b"]
    assert learning_rows.seen(book.store, without=book.run) == []


def test_the_last_answer_counts_and_goes_with_its_dream(book: Book) -> None:
    book.dream("a", "evaluated")
    book.add(answer_row("a", "rejected", "style", "2026-11-20", AT))
    book.add(answer_row("a", "accepted", "", "2026-11-21", AT), answer_row("gone", "accepted", "", "x", AT))
    (found,) = learning_rows.answers(book.store)
    assert (found.answer, found.answered, found.operator) == (
        "accepted",
        "2026-11-21",
        "parameter_exploration.default@1",
    )
    assert learning_rows.known_dreams(book.store, ["a", "gone"]) == {"a"}
    assert [(each.viable, each.judged) for each in learning_rows.judged(book.store)] == [(1, 1)]


def procedure(name: str) -> Row:
    texts = {"source_hash": "h", "blob": "b", "signature": "()", "summary": "", "side_effects": "pure"}
    numbers = {"occurrence": 1, "first_line": 1, "last_line": 2, "complexity": 1, "is_async": 0}
    which = {"path": "pkg/a.py", "qualname": name}
    return Row("procedures", {**which, **texts, **numbers, "decorators": "[]", "mention": name})


def test_what_a_lesson_kept_away_waits_as_long_as_there_are_lessons(book: Book) -> None:
    visit = Visit("pkg/a.py", "f", 1, "h", "k", 1, proposed=3, stored=1, skipped=2)
    book.add(procedure("f"), record_row("generation_visits", visit))
    book.store.commit("later", 1, [procedure("f")])
    assert unfinished(book.store, "later", ("k", 1), 5, skipping=True) == []
    assert unfinished(book.store, "later", ("k", 1), 5) == [(("pkg/a.py", "f", 1), 1)]
