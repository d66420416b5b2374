"""The night's rows: each to the store of its table, all of a sub-step or none, also when one file is damaged."""

from pathlib import Path

import pytest

from daydream.app.assembly import StoreSink, prune_stores
from daydream.app.checks import fsck
from daydream.errors import StateDamaged
from daydream.processes import Stop
from daydream.records.head import Head
from daydream.records.outcome import Row
from daydream.repository.places import locate
from daydream.store.dreams import DreamStore
from daydream.store.log_rows import ErrorNight, LogStore, row_of
from daydream.store.rows import RowStore

ERROR = row_of(ErrorNight(source="log:a", error="e", kind="ValueError"))
FILE = Row("file_history", {"path": "a.py", "last_change": "2026-01-01"})


def counts(state: Path) -> tuple[int, int]:
    def count(kind: type[RowStore], table: str) -> int:
        with kind.open(state / kind.schema.file, read_only=True) as store:
            return len(store.rows(f"SELECT 1 FROM {table}"))

    return count(DreamStore, "file_history"), count(LogStore, "log_errors")


def test_rows_go_to_the_store_that_has_their_table(tmp_path: Path) -> None:
    sink = StoreSink(tmp_path)
    sink.commit("r", 1, [ERROR])
    assert [path.name for path in tmp_path.glob("*.db")] == ["logs.db"]
    sink.commit("r", 2, [FILE, ERROR])
    assert counts(tmp_path) == (1, 2)
    sink.rollback("r", 1)
    assert counts(tmp_path) == (0, 1)


def test_a_row_of_no_known_table_is_refused_before_any_is_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no store has a table nonsense"):
        StoreSink(tmp_path).commit("r", 1, [FILE, Row("nonsense", {})])
    assert list(tmp_path.iterdir()) == []


def test_where_one_store_refuses_its_rows_the_other_keeps_none(tmp_path: Path) -> None:
    (tmp_path / "logs.db").write_bytes(b"no database" * 100)
    with pytest.raises(StateDamaged, match=r"logs\.db is damaged"):
        StoreSink(tmp_path).commit("r", 1, [FILE, ERROR])
    with DreamStore.open(tmp_path / "dreams.db", read_only=True) as store:
        assert store.rows("SELECT 1 FROM file_history") == []


def test_a_damaged_store_does_not_keep_what_another_has_to_take_back(tmp_path: Path) -> None:
    StoreSink(tmp_path).commit("r", 2, [ERROR])
    (tmp_path / "dreams.db").write_bytes(b"no database" * 100)
    with pytest.raises(StateDamaged, match=r"dreams\.db is damaged"):
        StoreSink(tmp_path).rollback("r", 1)
    with LogStore.open(tmp_path / "logs.db", read_only=True) as store:
        assert store.errors(since=0.0, without_run="") == []


def test_a_finished_night_prunes_every_store_and_a_damaged_one_keeps_no_other_from_it(tmp_path: Path) -> None:
    places = locate(tmp_path, state=None, logs=None, cache=None, stop=Stop())
    nights = [f"2020-01-{day:02}.1" for day in range(1, 31)]
    for run in nights:
        StoreSink(places.state).commit(run, 1, [ERROR])
    (places.state / "dreams.db").write_bytes(b"no database" * 100)
    prune_stores(places, head("2020-01-30.1"))
    with LogStore.open(places.state / "logs.db", read_only=True) as store:
        assert [each.run for each in store.errors(since=0.0, without_run="")] == nights[2:]


def test_fsck_checks_every_store(tmp_path: Path) -> None:
    places = locate(tmp_path, state=None, logs=None, cache=None, stop=Stop())
    (places.state / "night/runs").mkdir(parents=True)
    StoreSink(places.state).commit("r", 1, [FILE, ERROR])
    sound = fsck(tmp_path, None).lines
    for path in places.state.glob("logs.db*"):
        path.unlink()
    (places.state / "logs.db").write_bytes(b"no database" * 100)
    checked = fsck(tmp_path, None)
    assert checked.exit_code == 70
    for name in ("dreams.db", "logs.db"):
        assert f"sound: {places.state / name}" in sound
    assert any(line.startswith(f"damaged: {places.state / 'logs.db'}: ") for line in checked.lines)


def head(run: str) -> Head:
    return Head(
        run=run,
        night=run[:10],
        number=1,
        started_at="2020-01-30T02:00:00Z",
        zone="UTC",
        mode="report",
        asked_mode="report",
        partial=False,
        satisfied="",
        config_digest="",
        plan_digest="",
        position="done",
    )
