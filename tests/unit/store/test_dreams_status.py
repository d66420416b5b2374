"""A dream goes only where it may go, whoever writes the rows."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daydream.contracts.dream import MOVES, Status, Verdict
from daydream.errors import StateDamaged
from daydream.records.outcome import Row
from daydream.store.dream_rows import Tried, dream_row, event_row, move_row, verdict_row
from daydream.store.dreams import RowsRefused
from tests.fakes.kept_dreams import AT, Book, a_dream, judged

STATUSES: tuple[Status, ...] = get_args(Status)
PAIRS = list(itertools.product(STATUSES, STATUSES))
LEGAL = {
    ("pending_evaluation", "evaluated"),
    ("evaluated", "pending_test"),
    ("pending_test", "tested"),
    *((status, "archived") for status in STATUSES if status != "archived"),
}


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    book = Book(tmp_path)
    with book.store:
        yield book


def test_the_table_of_moves_is_the_one_that_is_promised() -> None:
    assert {(before, after) for before, many in MOVES.items() for after in many} == LEGAL


@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_a_row_is_made_for_a_legal_move_alone(before: Status, after: Status) -> None:
    tried = Tried("failure", "it hangs") if after == "tested" else None
    dream = a_dream("a", status=before)
    if (before, after) in LEGAL and after != "evaluated":
        row = move_row(dream, after, "why", AT, tried)
        assert row.values["event"] == {"archived": "retired"}.get(after, after)
    else:
        with pytest.raises(ValueError, match="cannot go from"):
            move_row(dream, after, "why", AT, tried)


def test_a_test_has_an_outcome_and_nothing_else_has() -> None:
    with pytest.raises(ValueError, match="cannot go"):
        move_row(a_dream("a", status="pending_test"), "tested", "why", AT)
    with pytest.raises(ValueError, match="cannot go"):
        move_row(a_dream("a", status="evaluated"), "pending_test", "why", AT, Tried("success"))


@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_the_database_takes_legal_moves_alone(book: Book, before: Status, after: Status) -> None:
    book.dream("a", before)
    if after == "pending_evaluation":
        return
    row = judged("a", 0.9, "another judge") if after == "evaluated" else raw_event("a", after)
    second_opinion = (before, after) == ("evaluated", "evaluated")
    if (before, after) in LEGAL or second_opinion:
        book.add(row)
        assert book.status("a") == after
    else:
        with pytest.raises(RowsRefused):
            book.add(row)
        assert book.status("a") == before


def raw_event(dream_id: str, to: Status) -> Row:
    values = event_row(dream_id, "retired" if to == "archived" else to, "why", AT).values
    return Row("dream_events", {**values, "outcome": "success" if to == "tested" else None})


def test_refused_rows_leave_nothing_of_their_sub_step_and_read_as_a_sentence(book: Book) -> None:
    book.dream("a")
    with pytest.raises(
        StateDamaged, match=r"dreams\.db refuses the rows of this sub-step, and none"
    ) as refused:
        book.add(dream_row(a_dream("b")), event_row("a", "tested", "never tried", AT))
    assert "cannot go there" in str(refused.value)
    assert [row[0] for row in book.store.rows("SELECT id FROM dreamt")] == ["a"]


@pytest.mark.parametrize("event", ["evaluated", "pending_evaluation", "deleted", ""])
def test_unknown_events_are_refused(book: Book, event: str) -> None:
    book.dream("a")
    with pytest.raises(RowsRefused):
        book.happen("a", event)


@pytest.mark.parametrize("row", [judged("nobody", 0.5), event_row("nobody", "archived", "why", AT)])
def test_nothing_happens_to_a_dream_that_is_not_there(book: Book, row: Row) -> None:
    with pytest.raises(RowsRefused):
        book.add(row)


@pytest.mark.parametrize("status", STATUSES)
def test_what_was_archived_because_its_procedure_moved_comes_back_to_where_it_was(
    book: Book, status: Status
) -> None:
    book.dream("a", status, tier=3 if status == "archived" else 1)
    book.happen("a", "archived")
    assert book.status("a") == "archived"
    with pytest.raises(RowsRefused):
        book.happen("a", "archived")
    book.happen("a", "restored")
    assert book.status("a") == status
    with pytest.raises(RowsRefused):
        book.happen("a", "restored")


def test_what_was_archived_for_good_does_not_come_back(book: Book) -> None:
    book.dream("a", "evaluated")
    book.move("a", "archived")
    for event in ("restored", "archived", "retired", "adopted", "pending_test"):
        with pytest.raises(RowsRefused):
            book.happen("a", event)
    with pytest.raises(RowsRefused):
        book.add(judged("a", 0.9, "another judge"))


def test_a_second_opinion_takes_a_dream_out_of_tier_3_and_the_last_verdict_counts(book: Book) -> None:
    book.dream("a", "archived", tier=3)
    book.add(judged("a", 0.9, "another judge"))
    assert book.status("a") == "evaluated"
    with pytest.raises(RowsRefused):
        book.add(judged("a", 0.2, "another judge"))


def test_adopting_is_no_move_and_needs_a_dream_that_stands(book: Book) -> None:
    book.dream("a", "tested")
    book.happen("a", "adopted")
    assert book.status("a") == "tested"
    book.dream("b", variant_hash="b")
    with pytest.raises(RowsRefused):
        book.happen("b", "adopted")


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(wishes=st.lists(st.sampled_from([*STATUSES, "archive", "restore"]), max_size=8))
def test_any_row_of_wishes_leads_where_the_table_of_moves_leads(tmp_path: Path, wishes: list[str]) -> None:
    folder = tmp_path / str(len(list(tmp_path.iterdir())))
    book = Book(folder)
    with book.store:
        book.dream("a")
        stands: Status = "pending_evaluation"
        was: Status | None = None
        judges = itertools.count()
        for wish in wishes:
            before = stands
            if wish == "archive":
                legal, row = stands != "archived", event_row("a", "archived", "why", AT)
                was, stands = (stands, "archived") if legal else (was, stands)
            elif wish == "restore":
                legal, row = was is not None, event_row("a", "restored", "why", AT)
                stands, was = (was, None) if was is not None else (stands, was)
            elif wish == "evaluated":
                legal = stands in ("pending_evaluation", "evaluated")
                row = judged("a", 0.7, f"judge {next(judges)}")
                stands = "evaluated" if legal else stands
            else:
                legal = (stands, wish) in LEGAL
                row = raw_event("a", wish)  # type: ignore[arg-type]
                stands = wish if legal else stands  # type: ignore[assignment]
            if legal:
                book.add(row)
            else:
                with pytest.raises(RowsRefused):
                    book.add(row)
            assert book.status("a") == stands, (before, wish)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: dream_row(a_dream("")), "needs an id"),
        (lambda: dream_row(a_dream("a", code="")), "needs an id"),
        (lambda: dream_row(a_dream("a", dream_type="nightmare")), "no dream type 'nightmare'"),
        (lambda: dream_row(a_dream("a", cost_usd=-0.1)), "at least 0"),
        (lambda: dream_row(a_dream("a", cost_usd=float("nan"))), "at least 0"),
        (lambda: judged("a", 1.01), "from 0 to 1"),
        (lambda: judged("a", float("nan")), "from 0 to 1"),
        (lambda: judged("a", 0.5, cost_usd=-1.0), "at least 0"),
        (lambda: judged("a", 0.5, evaluator=""), "names no judge"),
        (lambda: verdict_row(Verdict("a", 0.5, 1, ("why",), "j"), AT), "not of tier 1"),
        (lambda: verdict_row(Verdict("a", 0.5, 2, (), "j"), AT), "no reason"),
        (lambda: verdict_row(Verdict("a", 0.5, 2, (" ",), "j"), AT), "no reason"),
    ],
)
def test_values_that_cannot_be_are_refused(make: Callable[[], Row], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        make()
