"""What can be asked of the dream store, and the file of an earlier version."""

import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from daydream.contracts.dream import TYPE_ALIASES
from daydream.records.outcome import Row
from daydream.store import dream_metrics, dream_queries, dream_rows, learning_rows, trial_rows
from daydream.store.dream_queries import KeptDream
from daydream.store.dream_rows import Tried, dream_row
from daydream.store.dream_schema import DREAM_TABLES, MIGRATIONS
from daydream.store.dreams import DreamStore
from tests.fakes.kept_dreams import Book, a_dream, judged, novelty, reach

GOLDEN = Path(__file__).parents[2] / "golden"
FORMAT = Path(__file__).parents[3] / "docs/state-format.md"
CLASSIC = {
    "dream_procedures": (
        "id base_procedure_id base_procedure_name dream_type code model_used reasoning generated_description status "
        "tier viability_score claude_reasoning test_outcome test_error test_timestamp novelty_score "
        "cross_project_matches effectiveness_metric generated_at evaluated_at created_by"
    ),
    "dream_generation_runs": (
        "id strategy timestamp total_dreams_generated constraint_relaxation_count cross_project_synthesis_count "
        "parameter_exploration_count conditional_variant_count duration_seconds model_usage"
    ),
    "dream_metrics": (
        "id timestamp average_viability_score tier1_count tier2_count tier3_count tier1_test_success_rate "
        "tier1_test_count average_novelty_score high_novelty_count cross_project_adoption_rate dreams_adopted_count "
        "average_generation_time_seconds api_requests_per_dream novelty_score_weighted quality_evolution_weighted "
        "cross_project_leverage_weighted efficiency_weighted compound_health_score"
    ),
}


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    book = Book(tmp_path)
    with book.store:
        yield book


def ids(found: list[KeptDream]) -> list[str]:
    return [each.dream.id for each in found]


def day(number: int) -> str:
    return f"2026-11-{number:02}T02:00:00Z"


@pytest.mark.parametrize("table", sorted(CLASSIC))
def test_a_person_who_opens_the_file_finds_the_classic_names(book: Book, table: str) -> None:
    columns = {row[1] for row in book.store.rows(f"PRAGMA table_info({table})")}
    assert set(CLASSIC[table].split()) <= columns


@pytest.mark.parametrize(
    "table", sorted({"dream_procedures", *DREAM_TABLES} - {"dreamt", "generation_visits"})
)
def test_every_column_is_specified_and_no_other(book: Book, table: str) -> None:
    rows = re.findall(rf"^\| `{table}`.*?\|.*?\|(.*)\|$", FORMAT.read_text("utf-8"), re.MULTILINE)
    said = {word for row in rows for word in re.findall(r"`(\w+)`", row)}
    columns = {row[1] for row in book.store.rows(f"PRAGMA table_info({table})")}
    assert said - {
        "path",
        "pending_test",
        "unjudged",
        "behaviour_preserving",
        "behaviour_changing",
        "failing",
        "undecided",
        "gained",
        "not_shown",
        "slower",
        "not_measured",
        "tested",
        "archived",
        "restored",
        "retired",
        "adopted",
    } == columns - {"run", "seq"}


def test_one_dream_is_found_by_its_id_with_its_whole_story(book: Book) -> None:
    models = {"model_used": "maker/real-name-2", "model_requested": "maker/name", "cost_usd": 0.002}
    book.add(dream_row(a_dream("a", base_occurrence=2, parent_dream_id="p", details={"from": 1}, **models)))
    book.add(judged("a", 0.4))
    book.add(
        judged("a", 0.9, "claude", evaluator_model="claude-real", said_tier=2, cost_usd=0.1),
        novelty("a", 0.3),
    )
    book.move("a", "pending_test")
    assert (found := dream_queries.get_dream(book.store, "a")) is not None
    assert (found.test_outcome, found.test_timestamp) == ("pending", None)
    book.move("a", "tested", Tried("failure", "it hangs", 1.25))
    assert (found := dream_queries.get_dream(book.store, "a")) is not None
    assert found.dream == a_dream(
        "a",
        base_occurrence=2,
        parent_dream_id="p",
        details={"from": 1},
        **models,
        status="tested",
        viability=0.9,
        tier=1,
    )
    assert found.base_procedure_id == "pkg/a.py::f#2"
    assert (found.evaluator, found.evaluator_model, found.said_tier) == ("claude", "claude-real", 2)
    assert found.reasons == ("claude thinks so",)
    assert (found.novelty, found.matches, found.effectiveness) == (0.3, None, 1.25)
    assert (found.test_outcome, found.test_error) == ("failure", "it hangs")
    assert not found.holds_up
    assert [each.cost_usd for each in dream_queries.verdicts(book.store, "a")] == [None, 0.1]
    assert [each.what for each in dream_queries.history(book.store, "a")] == [
        "dreamt",
        "judged",
        "judged",
        "pending_test",
        "tested",
    ]
    assert dream_queries.history(book.store, "a")[-1].words == "wanted (failure: it hangs)"


def test_what_is_not_there_is_not_found(book: Book) -> None:
    assert dream_queries.get_dream(book.store, "a") is None
    assert dream_queries.history(book.store, "a") == []
    assert dream_metrics.latest_metrics(book.store) is None
    assert dream_queries.statistics(book.store).average_viability is None


def test_ids_are_found_by_their_beginning_and_nothing_in_it_is_a_pattern(book: Book) -> None:
    for dream_id in ("ab1", "ab2", "b%"):
        book.dream(dream_id)
    assert ids(dream_queries.beginning_with(book.store, "ab")) == ["ab1", "ab2"]
    assert ids(dream_queries.beginning_with(book.store, "%")) == []


def test_pending_dreams_come_newest_first_and_at_most_100(book: Book) -> None:
    book.add(*(dream_row(a_dream(f"{n:03}", generated_at=day(1 + n % 28))) for n in range(120)))
    found = dream_queries.pending_evaluation(book.store)
    assert len(found) == 100
    dates = [each.dream.generated_at for each in found]
    assert dates == sorted(dates, reverse=True)
    assert dates[0] == day(28)
    assert len(dream_queries.pending_evaluation(book.store, limit=7)) == 7


def test_dreams_are_found_by_each_of_their_sides(book: Book) -> None:
    book.dream("a", "evaluated", generated_at=day(1))
    book.dream("b", "tested", generated_at=day(2), base_qualname="g")
    book.dream("c", "archived", tier=2, generated_at=day(3), dream_type="conditional_variant")
    book.dream("d", "archived", tier=3, generated_at=day(4))
    book.dream("e", generated_at=day(5))
    store = book.store
    assert ids(dream_queries.by_status(store, "evaluated")) == ["a"]
    assert ids(dream_queries.by_status(store, "archived")) == ["d", "c"]
    assert ids(dream_queries.by_tier(store, 1)) == ["a", "b"]
    assert ids(dream_queries.by_tier(store, 3)) == ["d"]
    assert ids(dream_queries.by_type(store, "conditional")) == ["c"]
    assert ids(dream_queries.by_base_procedure(store, "pkg/a.py", "g")) == ["b"]
    assert ids(dream_queries.by_base_procedure(store, "pkg/a.py", "f", limit=2)) == ["e", "d"]
    assert ids(dream_queries.journal(store, limit=2)) == ["e", "d"]
    assert ids(dream_queries.journal(store, limit=9, since="2026-11-04")) == ["e", "d"]
    assert ids(dream_queries.journal(store, limit=9, tier=1, status="tested", kind="parameter")) == ["b"]


def test_by_tier_the_most_viable_comes_first(book: Book) -> None:
    for dream_id, viability in (("a", 0.6), ("b", 1.0), ("c", 0.7)):
        book.add(dream_row(a_dream(dream_id)))
        book.add(judged(dream_id, viability))
    assert ids(dream_queries.by_tier(book.store, 1)) == ["b", "c", "a"]


@pytest.mark.parametrize(("alias", "name"), sorted(TYPE_ALIASES.items()))
def test_types_have_their_short_names(book: Book, alias: str, name: str) -> None:
    book.dream("a", dream_type=name)
    assert (
        ids(dream_queries.by_type(book.store, alias)) == ids(dream_queries.by_type(book.store, name)) == ["a"]
    )


def test_an_unknown_type_is_refused(book: Book) -> None:
    with pytest.raises(ValueError, match="there is no dream type 'nightmare'"):
        dream_queries.by_type(book.store, "nightmare")


def test_high_novelty_is_from_0_7_on_and_only_of_dreams_that_hold_up(book: Book) -> None:
    for dream_id, value in (("a", 0.69), ("b", 0.7), ("c", 0.9)):
        book.dream(dream_id, "evaluated")
        book.add(novelty(dream_id, value))
    book.dream("pending", variant_hash="p")
    book.dream("bad", "archived", tier=3)
    book.dream("failed", "pending_test")
    book.move("failed", "tested", Tried("failure", "no"))
    book.dream("aged", "archived")
    book.add(*(novelty(each, 1.0) for each in ("pending", "bad", "failed", "aged")))
    assert ids(dream_queries.high_novelty(book.store)) == ["aged", "c", "b"]
    assert ids(dream_queries.high_novelty(book.store, least=0.5, limit=4)) == ["aged", "c", "b", "a"]


def test_cross_project_viable_is_tier_1_with_a_transform_in_two_projects(book: Book) -> None:
    for dream_id, tier, transform in (
        ("a", 1, "wide"),
        ("b", 2, "wide"),
        ("c", 1, "narrow"),
        ("d", 1, "unknown"),
    ):
        book.dream(dream_id, "evaluated", tier=tier, transform_id=transform)  # type: ignore[arg-type]
    book.add(reach("wide", 1), reach("narrow", 1))
    book.add(reach("wide", 3))
    assert ids(dream_queries.cross_project_viable(book.store)) == ["a"]
    assert ids(dream_queries.cross_project_viable(book.store, least=1)) == ["a", "c"]
    assert dream_queries.statistics(book.store).cross_project_viable == 1


def test_statistics_count_every_dream_that_was_judged_whatever_became_of_it(book: Book) -> None:
    book.dream("a", "evaluated")
    book.dream("b", "tested")
    book.dream("c", "pending_test")
    book.move("c", "tested", Tried("failure", "no"))
    book.dream("d", "archived", tier=3)
    book.dream("e")
    book.add(novelty("a", 0.2), novelty("b", 0.8), novelty("c", 1.0))
    book.happen("b", "adopted")
    book.move("b", "archived")
    counts = dream_queries.statistics(book.store)
    assert counts.total == 5
    assert counts.by_status == {"archived": 2, "evaluated": 1, "pending_evaluation": 1, "tested": 1}
    assert counts.by_tier == {1: 3, 3: 1}
    assert counts.by_type == {"parameter_exploration": 5}
    assert counts.average_viability == pytest.approx((0.8 * 3 + 0.1) / 4)
    assert counts.average_novelty == pytest.approx(0.5)
    assert (counts.tested_tier_1, counts.tier_1_success_rate) == (2, 0.5)
    assert (counts.high_novelty, counts.adopted) == (1, 1)
    assert dream_rows.count_by_status(book.store) == counts.by_status
    assert dream_rows.count_by_tier(book.store) == counts.by_tier


def a_run(at: str) -> Row:
    kinds = (
        "constraint_relaxation",
        "cross_project_synthesis",
        "parameter_exploration",
        "conditional_variant",
    )
    counts = {f"{kind}_count": number for number, kind in enumerate(kinds)}
    rest = {"total_dreams_generated": 6, "duration_seconds": None, "model_usage": '{"m":{"requests":3}}'}
    return Row("dream_generation_runs", {"strategy": "deep", "timestamp": at, **counts, **rest})


def test_generation_runs_come_last_first(tmp_path: Path) -> None:
    for number in (1, 2, 3):
        with (book := Book(tmp_path, f"r{number}")).store:
            book.add(a_run(day(number)))
    with DreamStore.open(tmp_path / "dreams.db", read_only=True) as store:
        found = dream_metrics.generation_runs(store, since=day(2))
    assert [each.run for each in found] == ["r3", "r2"]
    assert found[0].by_type["conditional_variant"] == 3
    assert found[0].model_usage == {"m": {"requests": 3}}


def test_deleted_dreams_are_not_dreamt_again_while_their_wording_is_catalogued(tmp_path: Path) -> None:
    import datetime as dt

    with (book := Book(tmp_path, "r1")).store:
        book.dream("kept", base_qualname="stays", generated_at="2026-01-01T00:00:00Z", variant_hash="v")
        book.dream("lost", base_qualname="goes", generated_at="2026-01-01T00:00:00Z")
        book.dream("young", base_qualname="stays")
        book.add(procedure("stays"))
        pruned = book.store.prune(dt.datetime(2026, 11, 21, tzinfo=dt.UTC), run="r1")
        assert pruned.dreams == 2
        assert [row[0] for row in book.store.rows("SELECT id FROM dreamt")] == ["young"]
        assert [row[0] for row in book.store.rows("SELECT base_qualname FROM forgotten")] == ["stays"]
        (stays,) = dream_rows.procedures(book.store, "r1")
        assert dream_rows.variant_hashes(book.store, stays) == {"v", "young"}


def procedure(name: str) -> Row:
    texts = {"source_hash": "h", "blob": "b", "signature": "()", "summary": "", "side_effects": "pure"}
    numbers = {"occurrence": 1, "first_line": 1, "last_line": 2, "complexity": 1, "is_async": 0}
    which = {"path": "pkg/a.py", "qualname": name}
    return Row("procedures", {**which, **texts, **numbers, "decorators": "[]", "mention": name})


def test_a_dream_is_deleted_so_long_after_its_last_change_and_metrics_stay(tmp_path: Path) -> None:
    import datetime as dt

    now = dt.datetime(2026, 11, 21, tzinfo=dt.UTC)
    with (book := Book(tmp_path)).store:
        book.dream("a", generated_at="2026-01-01T00:00:00Z")
        book.add(judged("a", 0.7, at="2026-10-01T00:00:00Z"), a_run("2026-01-01T00:00:00Z"))
        assert book.store.prune(now, run="x").dreams == 0
        assert book.store.prune(now, run="x", dream_days=50).dreams == 1
        assert book.store.rows("SELECT * FROM verdicts") == []
        assert len(dream_metrics.generation_runs(book.store)) == 1


@pytest.fixture
def old(tmp_path: Path) -> Path:
    path = tmp_path / "dreams.db"
    connection = sqlite3.connect(path)
    connection.executescript((GOLDEN / "dreams-1.sql").read_text("utf-8"))
    connection.close()
    return path


@pytest.mark.parametrize("read_only", [True, False])
def test_a_file_of_version_1_stays_readable(old: Path, read_only: bool) -> None:
    before = old.read_bytes()
    with DreamStore.open(old, read_only=read_only) as store:
        found = {each.dream.name: each for each in dream_queries.by_tier(store, 1)}
        assert {name: each.dream.status for name, each in found.items()} == {
            "retries 3 -> 6": "archived",
            "retries 3 -> 2": "evaluated",
            "timeout 30 -> 15": "evaluated",
            "timeout 30 -> 60": "evaluated",
        }
        assert found["retries 3 -> 6"].archived_reason == "the procedure changed"
        assert found["retries 3 -> 2"].dream.details["to"] == 2
        assert found["retries 3 -> 2"].dream.cost_usd is None
        (run,) = dream_metrics.generation_runs(store)
        assert (run.run, run.total, run.by_type["parameter_exploration"]) == ("2026-11-21.1", 4, 4)
        assert store.rows("PRAGMA user_version")[0][0] == len(MIGRATIONS)
        assert store.problems() == []
    assert (old.read_bytes() == before) is read_only


def test_a_migrated_file_is_the_same_as_a_new_one(old: Path, tmp_path: Path) -> None:
    listed = "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name"
    with DreamStore.open(old) as migrated, DreamStore.open(tmp_path / "new" / "dreams.db") as new:
        assert [tuple(row) for row in migrated.rows(listed)] == [tuple(row) for row in new.rows(listed)]


def test_a_file_of_version_2_stays_readable(tmp_path: Path) -> None:
    path = tmp_path / "dreams.db"
    connection = sqlite3.connect(path)
    connection.executescript((GOLDEN / "dreams-2.sql").read_text("utf-8"))
    connection.close()
    with DreamStore.open(path) as store:
        (tested,) = dream_queries.by_status(store, "tested")
        assert (tested.dream.name, tested.test_outcome, tested.effectiveness) == (
            "retries 3 -> 2",
            "success",
            1.25,
        )
        assert store.rows("PRAGMA user_version")[0][0] == len(MIGRATIONS)
        assert store.problems() == []
    test_a_migrated_file_is_the_same_as_a_new_one(path, tmp_path)


def test_a_file_of_version_3_stays_readable(tmp_path: Path) -> None:
    path = tmp_path / "dreams.db"
    connection = sqlite3.connect(path)
    connection.executescript((GOLDEN / "dreams-3.sql").read_text("utf-8"))
    connection.close()
    with DreamStore.open(path) as store:
        tried = {each.dream_id: (each.outcome, each.effect) for each in trial_rows.trials(store)}
        assert tried == {
            "ab28841e6cfc441e": ("behaviour_preserving", "gained"),
            "992c889524d3bc20": ("behaviour_changing", None),
        }
        assert [each.reason for each in learning_rows.closed(store)] == ["an argument takes a lock"]
        assert [each.sampled for each in learning_rows.seen(store)] == [False, True]
        assert learning_rows.answers(store) == []
        assert learning_rows.lessons(store) == []
        assert store.rows("SELECT MAX(skipped) FROM generation_visits")[0][0] == 0
        assert store.problems() == []
    test_a_migrated_file_is_the_same_as_a_new_one(path, tmp_path)


def test_migrations_are_pure(old: Path) -> None:
    assert [migration() for migration in MIGRATIONS] == [migration() for migration in MIGRATIONS]
    with DreamStore.open(old) as store:
        store.commit("r", 1, [dream_row(a_dream("new")), judged("ab28841e6cfc441e", 0.2, "another judge")])
        assert {each.dream.status for each in dream_queries.by_tier(store, 3)} == {"archived"}
