"""Trials in the store: what waits for one, what came of it, what is learnt from it."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest

from daydream.store import trial_rows
from daydream.store.dreams import DreamStore
from daydream.store.trial_rows import Trial, TrialRun
from tests.fakes.kept_dreams import Book, a_dream, judged

AT = "2026-11-21T02:00:00Z"


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    book = Book(tmp_path)
    with book.store:
        yield book


def test_what_was_tried_comes_back_as_it_was(book: Book) -> None:
    book.dream("a")
    trial = Trial(
        dream_id="a",
        outcome="behaviour_preserving",
        reason="the same on 40 inputs",
        at=AT,
        effect="gained",
        effectiveness=1.2,
        effect_low=1.1,
        effect_high=1.3,
        noise_floor=0.02,
        cpu_s=1.5,
        sampled=True,
        backend="bubblewrap",
        ground="0123",
        seed=7,
        counts={"asked": 40},
        evidence={"command": "daydream dream replay a"},
    )
    run = TrialRun("bubblewrap", "0123", None, AT)
    book.add(trial_rows.trial_row(trial), trial_rows.trial_run_row(run))
    assert trial_rows.trials(book.store) == [trial]
    assert trial_rows.trials(book.store, run="nobody's") == []
    assert trial_rows.trial_run(book.store, "nobody's") is None


@pytest.mark.parametrize(
    "wrong",
    [
        {
            "outcome": "failing",
            "effect": "gained",
            "effectiveness": 1.2,
            "effect_low": 1.1,
            "effect_high": 1.3,
        },
        {"outcome": "behaviour_preserving", "effect": "gained"},
        {"outcome": "behaviour_preserving", "effect": "not_shown", "effectiveness": 1.2},
        {"outcome": "behaviour_preserving", "effectiveness": 1.2, "effect_low": 1.3, "effect_high": 1.4},
    ],
)
def test_a_gain_without_its_interval_is_no_row(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="a"):
        trial_rows.trial_row(Trial(dream_id="a", reason="r", at=AT, **wrong))  # type: ignore[arg-type]


def test_the_most_viable_wait_first_until_they_were_tried_or_cannot_be_called(book: Book) -> None:
    for name, viability in (("a", 0.7), ("b", 0.9), ("c", 0.8), ("d", 0.4), ("e", 0.95)):
        book.dream(name, variant_hash=name, base_qualname=f"f_{name}")
        book.add(judged(name, viability))
    assert [each.id for each in trial_rows.waiting(book.store, 1)] == ["e", "b", "c", "a"]
    assert [each.id for each in trial_rows.waiting(book.store, 2)] == ["d"]
    by_id = {each.id: each for each in trial_rows.waiting(book.store, 1)}
    tried = Trial(dream_id="b", outcome="undecided", reason="it reads the clock", at=AT)
    book.add(trial_rows.trial_row(tried), trial_rows.unexercised_row(by_id["e"], "it takes a lock"))
    assert [each.id for each in trial_rows.waiting(book.store, 1)] == ["c", "a"]


def test_inputs_on_which_a_dream_differed_are_kept_once_for_its_procedure(book: Book) -> None:
    book.dream("a")
    dream = a_dream("a")
    book.add(
        trial_rows.counterexample_row(dream, [["list", []]], AT),
        trial_rows.counterexample_row(dream, [1], AT),
        trial_rows.counterexample_row(dream, [["list", []]], AT),
    )
    assert trial_rows.counterexamples(book.store, dream.base) == [[["list", []]], [1]]
    assert trial_rows.counterexamples(book.store, ("x", "y", 1)) == []


def test_inputs_that_have_no_utf_8_are_kept_too(book: Book) -> None:
    book.dream("a")
    dream = a_dream("a")
    book.add(trial_rows.counterexample_row(dream, ["\ud800", "é"], AT))
    assert trial_rows.counterexamples(book.store, dream.base) == [["\ud800", "é"]]


def test_failures_and_passes_are_counted_by_transform(book: Book) -> None:
    outcomes = {
        "a": ("failing", "type"),
        "b": ("failing", "type"),
        "c": ("behaviour_changing", "logic"),
        "d": ("behaviour_preserving", None),
        "e": ("undecided", None),
    }
    for name, (outcome, category) in outcomes.items():
        book.dream(name, variant_hash=name, transform_id="t@1")
        trial = Trial(dream_id=name, outcome=outcome, category=category, reason=f"why {name}", at=AT)  # type: ignore[arg-type]
        book.add(trial_rows.trial_row(trial))
    assert trial_rows.failures(book.store) == [
        ("type", "t@1", 2, "b", "why b"),
        ("logic", "t@1", 1, "c", "why c"),
    ]
    assert trial_rows.by_transform(book.store) == [("parameter_exploration", "t@1", 4, 1, 0)]


def test_a_gain_that_was_withdrawn_is_counted_once_and_as_none(book: Book) -> None:
    book.dream("a", transform_id="t@1")
    gained = Trial(
        dream_id="a",
        outcome="behaviour_preserving",
        reason="the same",
        at=AT,
        effect="gained",
        effectiveness=1.2,
        effect_low=1.1,
        effect_high=1.3,
    )
    book.add(trial_rows.trial_row(gained))
    withdrawn = dataclasses.replace(gained, effect="not_shown")
    book.add(trial_rows.trial_row(withdrawn))
    assert trial_rows.trials(book.store) == [withdrawn]
    assert trial_rows.by_transform(book.store) == [("parameter_exploration", "t@1", 1, 1, 0)]


def test_an_empty_store_has_no_trials(tmp_path: Path) -> None:
    with DreamStore.open(tmp_path / "none.db", read_only=True) as store:
        assert trial_rows.trials(store) == []
        assert trial_rows.failures(store) == []
