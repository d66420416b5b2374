"""The dream store: durable, insert-only, and clear about files that it cannot use."""

import datetime as dt
import sqlite3
from pathlib import Path

import pytest

from daydream.errors import StateDamaged, StateNewer, StateUnreadable
from daydream.records.outcome import Row
from daydream.store import dream_rows
from daydream.store.dream_rows import event_row
from daydream.store.dream_schema import MIGRATIONS, TABLES
from daydream.store.dreams import DreamStore, RowsRefused

NOW = dt.datetime(2026, 11, 21, 2, tzinfo=dt.UTC)
OLD = "2026-01-01T02:00:00Z"


def dream(dream_id: str, at: str = "2026-11-20T02:00:00Z", variant: str = "") -> Row:
    texts = dict.fromkeys(
        ("name", "code", "diff", "transform_id", "reasoning", "generated_description", "assumption"), "text"
    )
    base = {"base_path": "a.py", "base_qualname": "f", "base_occurrence": 1, "base_source_hash": "h"}
    rest = {"dream_type": "parameter_exploration", "details": "{}", "variant_hash": variant or dream_id}
    made = {"model_used": None, "created_by": "test", "generated_at": at}
    return Row("dreamt", {"id": dream_id, **base, **texts, **rest, **made})


def verdict(dream_id: str, viability: float, tier: int, at: str = "2026-11-20T02:00:00Z") -> Row:
    values = {"viability": viability, "tier": tier, "reasons": '["x"]', "evaluator": "rule-based"}
    return Row("verdicts", {"dream_id": dream_id, **values, "evaluated_at": at})


def ids(store: DreamStore, status: str | None = None) -> list[str]:
    return [each.id for each in dream_rows.dreams(store, status=status)]


def snapshot(complete: int = 1) -> Row:
    counts = {"commit_id": None, "files": 1, "procedures": 0, "complete": complete, "mentions_known": 1}
    return Row("snapshots", {**counts, "names_hash": "n", "finished_at": "2026-11-20T02:00:00Z"})


def history(path: str) -> Row:
    return Row("file_history", {"path": path, "last_change": "2026-01-01"})


def test_nothing_is_touched_before_the_first_use(tmp_path: Path) -> None:
    with DreamStore.open(tmp_path / "dreams.db") as store:
        store.commit("r", 1, [])
        store.rollback("r", 0)
        store.prune(NOW, run="r")
    assert list(tmp_path.iterdir()) == []


def test_reading_a_store_that_does_not_exist_finds_nothing_and_creates_nothing(tmp_path: Path) -> None:
    with DreamStore.open(tmp_path / "dreams.db", read_only=True) as store:
        assert ids(store) == []
        assert dream_rows.last_snapshot(store) is None
    assert list(tmp_path.iterdir()) == []


def test_committed_rows_are_seen_by_a_reader_while_the_writer_is_open(tmp_path: Path) -> None:
    path = tmp_path / "state" / "dreams.db"
    with DreamStore.open(path) as writer, DreamStore.open(path, read_only=True) as reader:
        writer.commit("r", 1, [dream("a")])
        assert ids(reader) == ["a"]
        writer.commit("r", 2, [dream("b")])
        assert ids(reader) == ["a", "b"]


def test_the_file_is_in_wal_mode_and_every_commit_is_synced(tmp_path: Path) -> None:
    with DreamStore.open(tmp_path / "dreams.db") as store:
        store.commit("r", 1, [dream("a")])
        assert store.rows("PRAGMA journal_mode")[0][0] == "wal"
        assert store.rows("PRAGMA synchronous")[0][0] == 2
        assert store.problems() == []


def test_committing_the_same_number_again_replaces_what_it_added(tmp_path: Path) -> None:
    with DreamStore.open(tmp_path / "dreams.db") as store:
        store.commit("r", 1, [dream("a"), verdict("a", 0.5, 2)])
        store.commit("r", 1, [dream("a"), dream("b")])
        assert ids(store) == ["a", "b"]
        assert ids(store, "pending_evaluation") == ["a", "b"]


def test_a_commit_that_fails_leaves_nothing_of_itself(tmp_path: Path) -> None:
    with DreamStore.open(tmp_path / "dreams.db") as store:
        store.commit("r", 1, [dream("a")])
        with pytest.raises(RowsRefused, match="none of them was stored"):
            store.commit("r", 2, [dream("b"), dream("c", variant="a")])
        assert ids(store) == ["a"]
        store.commit("r", 2, [dream("b")])
        assert ids(store) == ["a", "b"]


@pytest.mark.parametrize("row", [Row("sqlite_master", {"name": "x"}), Row("verdicts", {"nonsense": 1})])
def test_rows_for_unknown_tables_or_columns_are_refused(tmp_path: Path, row: Row) -> None:
    with DreamStore.open(tmp_path / "dreams.db") as store, pytest.raises(ValueError, match="no such table"):
        store.commit("r", 1, [row])


def test_rollback_deletes_what_one_run_added_beyond_its_head(tmp_path: Path) -> None:
    with DreamStore.open(tmp_path / "dreams.db") as store:
        store.commit("other", 9, [dream("a")])
        store.commit("r", 1, [dream("b")])
        store.commit("r", 2, [dream("c"), verdict("a", 0.2, 3)])
        store.rollback("r", 1)
        assert ids(store) == ["a", "b"]
        assert ids(store, "pending_evaluation") == ["a", "b"]
        store.commit("r", 2, [dream("c")])
        assert ids(store) == ["a", "b", "c"]


def test_the_status_of_a_dream_follows_from_its_rows(tmp_path: Path) -> None:
    with DreamStore.open(tmp_path / "dreams.db") as store:
        store.commit("r", 1, [dream(each) for each in "abcd"])
        store.commit("r", 2, [verdict("b", 0.7, 1), verdict("c", 0.1, 3)])
        store.commit("r", 3, [event_row("d", "archived", "gone", "2026-11-20T02:00:00Z")])
        assert ids(store, "pending_evaluation") == ["a"]
        assert ids(store, "evaluated") == ["b"]
        assert ids(store, "archived") == ["c", "d"]
        assert dream_rows.count_by_status(store) == {"archived": 2, "evaluated": 1, "pending_evaluation": 1}
        assert dream_rows.count_by_tier(store) == {1: 1, 3: 1}
        store.commit("r", 4, [event_row("d", "restored", "back", "2026-11-21T02:00:00Z")])
        assert ids(store, "pending_evaluation") == ["a", "d"]


def test_pruning_keeps_the_last_complete_catalogues_this_run_and_young_dreams(tmp_path: Path) -> None:
    with DreamStore.open(tmp_path / "dreams.db") as store:
        for number, run in enumerate(("r1", "r2", "r3", "r4")):
            store.commit(run, 1, [history(f"{number}.py"), snapshot(complete=int(run != "r3"))])
        store.commit("now", 1, [history("now.py")])
        store.commit("now", 2, [dream("old", OLD), verdict("old", 0.7, 1, OLD), dream("young")])
        pruned = store.prune(NOW, run="now", snapshots=2, dream_days=90)
        assert pruned.dreams == 1
        assert pruned.catalogue_rows == 4
        runs = [row[0] for row in store.rows("SELECT run FROM file_history ORDER BY run")]
        assert runs == ["now", "r2", "r4"]
        assert ids(store) == ["young"]
        assert store.rows("SELECT * FROM verdicts") == []
        store.rollback("now", 1)
        assert ids(store) == []


def test_a_damaged_file_is_reported_in_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "dreams.db"
    path.write_bytes(b"this is no database at all" * 100)
    for read_only in (False, True):
        with (
            DreamStore.open(path, read_only=read_only) as store,
            pytest.raises(StateDamaged, match="is damaged"),
        ):
            ids(store)
    assert path.read_bytes() == b"this is no database at all" * 100


def test_a_reader_sees_what_was_written_since_it_began(tmp_path: Path) -> None:
    path = tmp_path / "dreams.db"
    with DreamStore.open(path) as store:
        store.commit("r", 1, [dream("first")])
    with DreamStore.open(path, read_only=True) as reader:
        assert ids(reader) == ["first"]
        for number in range(2, 40):
            with DreamStore.open(path) as store:
                store.commit("r", number, [dream(f"more-{number:02}")])
        assert len(ids(reader)) == 39
        assert reader.problems() == []
    assert not path.with_name("dreams.db-wal").exists()


def test_another_programs_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "dreams.db"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE theirs (x)")
    other.close()
    before = path.read_bytes()
    with DreamStore.open(path) as store, pytest.raises(StateDamaged, match="another program"):
        store.commit("r", 1, [dream("a")])
    assert path.read_bytes() == before


def test_a_newer_schema_is_refused_and_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "dreams.db"
    with DreamStore.open(path) as store:
        store.commit("r", 1, [dream("a")])
        store.rows("PRAGMA user_version = 99")
    before = path.read_bytes()
    with DreamStore.open(path) as store, pytest.raises(StateNewer, match="schema version 99"):
        store.commit("r", 2, [dream("b")])
    assert path.read_bytes() == before


def test_a_file_that_cannot_be_opened_is_reported_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "dreams.db").mkdir()
    with (
        DreamStore.open(tmp_path / "dreams.db") as store,
        pytest.raises(StateUnreadable, match="cannot be read"),
    ):
        ids(store)
    (tmp_path / "file").write_text("")
    with (
        DreamStore.open(tmp_path / "file" / "dreams.db") as store,
        pytest.raises(StateUnreadable, match="cannot be opened"),
    ):
        store.commit("r", 1, [dream("a")])


def test_every_table_carries_run_and_seq(tmp_path: Path) -> None:
    with DreamStore.open(tmp_path / "dreams.db") as store:
        for table in (*TABLES, "commits"):
            columns = [row[1] for row in store.rows(f"PRAGMA table_info({table})")]
            assert {"run", "seq"} <= set(columns)
        tables = {row[0] for row in store.rows("SELECT name FROM sqlite_master WHERE type = 'table'")}
        assert tables - {"sqlite_sequence"} == {*TABLES, "commits"}
        assert store.rows("PRAGMA user_version")[0][0] == len(MIGRATIONS)


def test_a_reader_migrates_an_older_file_in_memory_only(tmp_path: Path) -> None:
    path = tmp_path / "dreams.db"
    path.touch()
    with DreamStore.open(path, read_only=True) as store:
        assert ids(store) == []
    assert path.read_bytes() == b""


def procedure(path: str, name: str) -> Row:
    texts = {"source_hash": "h", "blob": "b", "signature": "()", "summary": "", "side_effects": "pure"}
    numbers = {"occurrence": 1, "first_line": 1, "last_line": 2, "complexity": 1, "is_async": 0}
    return Row(
        "procedures",
        {"path": path, "qualname": name, **texts, **numbers, "decorators": "[]", "mention": name},
    )


def mentioned(name: str, tests: int) -> Row:
    return Row("tested_names", {"name": name, "tests": tests, "paths": '["t.py"]'})


def without_key(store: DreamStore, table: str, run: str) -> list[dict[str, object]]:
    rows = [dict(row) for row in store.rows(f"SELECT * FROM {table} WHERE run = ?", (run,))]
    return [{name: value for name, value in row.items() if name not in ("run", "seq")} for row in rows]


def test_a_catalogue_takes_over_rows_of_an_earlier_one(tmp_path: Path) -> None:
    with DreamStore.open(tmp_path / "dreams.db") as store:
        store.commit(
            "r1",
            1,
            [procedure("a.py", "f"), procedure("a.py", "g"), procedure("b.py", "f"), mentioned("f", 2)],
        )
        rows, count = dream_rows.copied_procedures(store, "r1", ["a.py"])
        assert count == 2
        name, names = dream_rows.copied_names(store, "r1")
        assert names == 1
        for _ in range(2):  # a commit that is repeated replaces what the first one added
            store.commit("r2", 3, [*rows, procedure("b.py", "f"), name])
            assert without_key(store, "procedures", "r2") == without_key(store, "procedures", "r1")
            assert without_key(store, "tested_names", "r2") == without_key(store, "tested_names", "r1")
        assert {row["seq"] for row in store.rows("SELECT seq FROM procedures WHERE run = 'r2'")} == {3}
        store.rollback("r2", 2)
        assert without_key(store, "procedures", "r2") == without_key(store, "tested_names", "r2") == []
        assert len(without_key(store, "procedures", "r1")) == 3


def visit(name: str, proposed: int, stored: int, source_hash: str = "h", version: int = 1) -> Row:
    which = dream_rows.Visit("a.py", name, 1, source_hash, "kind", version, proposed, stored)
    return dream_rows.record_row("generation_visits", which)


def test_what_is_left_to_dream_comes_with_its_visits(tmp_path: Path) -> None:
    names = (
        "done",
        "full",
        "left",
        "fewer_wanted",
        "reworded",
        "older_kind",
        "unvisited",
        "tonight",
    )
    with DreamStore.open(tmp_path / "dreams.db") as store:
        store.commit(
            "r1",
            1,
            [
                visit("done", 0, 0),
                visit("full", 3, 3),
                visit("left", 3, 1),
                visit("fewer_wanted", 9, 4),
                visit("reworded", 0, 0, source_hash="other"),
                visit("older_kind", 0, 0, version=0),
            ],
        )
        store.commit("r2", 1, [procedure("a.py", name) for name in names])
        store.commit("r2", 2, [visit("left", 1, 1), visit("tonight", 0, 0)])
        store.commit("r2", 3, [snapshot()])
        found = dream_rows.unfinished(store, "r2", ("kind", 1), 4)
        assert {key[1]: rank for key, rank in found} == {
            "left": 1,
            "reworded": 0,
            "older_kind": 0,
            "unvisited": 0,
            "tonight": 0,
        }
        assert dream_rows.catalogued_paths(store, "r2") == ["a.py"]
