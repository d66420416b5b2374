"""A store of rows of its own schema: what every store does, whatever it holds."""

import dataclasses
import sqlite3
from pathlib import Path

import pytest

from daydream.errors import StateDamaged, StateNewer, StateUnreadable, TryAgain
from daydream.records.outcome import Row
from daydream.store.dreams import DreamStore
from daydream.store.log_rows import LogStore
from daydream.store.rows import COMMITS, KEY, RowStore, Schema, migrated, told


def first() -> list[str]:
    return [COMMITS, f"CREATE TABLE shells ({KEY}, name TEXT NOT NULL)"]


def second() -> list[str]:
    return ["ALTER TABLE shells ADD COLUMN colour TEXT NOT NULL DEFAULT 'white'"]


COPY = "INSERT INTO shells (run, seq, name) SELECT ?, ?, name FROM shells WHERE run = ?"
BEACH = Schema(
    file="beach.db",
    name="beach",
    anew="walk again",
    application_id=7,
    migrations=(first,),
    tables=("shells",),
    copies={"shells of a run": COPY},
)


class Beach(RowStore):
    schema = BEACH


class LaterBeach(RowStore):
    schema = dataclasses.replace(BEACH, migrations=(first, second))


def shell(name: str) -> Row:
    return Row("shells", {"name": name})


def names(store: RowStore) -> list[str]:
    return [row[0] for row in store.rows("SELECT name FROM shells ORDER BY rowid")]


def test_a_store_keeps_copies_and_takes_back_rows_of_its_own_schema(tmp_path: Path) -> None:
    with Beach.open(tmp_path / "beach.db") as store:
        store.commit("r1", 1, [shell("cone"), shell("whelk")])
        store.commit("r2", 1, [shell("conch"), Row("shells of a run", {"run": "r1"})])
        assert names(store) == ["cone", "whelk", "conch", "cone", "whelk"]
        store.rollback("r2", 0)
        assert names(store) == ["cone", "whelk"]
        assert store.problems() == []
        with pytest.raises(ValueError, match="no such table or column in the beach: sand"):
            store.commit("r2", 2, [Row("sand", {"name": "x"})])


def test_one_kind_of_store_refuses_the_file_of_another(tmp_path: Path) -> None:
    with Beach.open(tmp_path / "x.db") as store:
        store.commit("r1", 1, [shell("cone")])
    for other in (DreamStore, LogStore):
        with other.open(tmp_path / "x.db") as store, pytest.raises(StateDamaged, match="another program"):
            store.rows("SELECT 1")
    assert len({kind.schema.application_id for kind in (Beach, DreamStore, LogStore)}) == 3


def test_an_older_file_is_migrated_by_a_writer_and_read_by_a_reader_as_if_it_were(tmp_path: Path) -> None:
    path = tmp_path / "beach.db"
    with Beach.open(path) as store:
        store.commit("r1", 1, [shell("cone")])
    before = path.read_bytes()
    with LaterBeach.open(path, read_only=True) as reader:
        assert reader.rows("SELECT colour FROM shells")[0][0] == "white"
    assert path.read_bytes() == before
    with LaterBeach.open(path) as writer:
        writer.commit("r1", 2, [Row("shells", {"name": "conch", "colour": "red"})])
        assert [tuple(row) for row in writer.rows("SELECT name, colour FROM shells ORDER BY rowid")] == [
            ("cone", "white"),
            ("conch", "red"),
        ]
    with Beach.open(path) as store, pytest.raises(StateNewer, match=r"schema version 2 .* knows 1"):
        store.rows("SELECT 1")


def test_migrations_after_the_files_version_run_once_and_in_order() -> None:
    def more() -> list[str]:
        return ["CREATE TABLE second (y)", "INSERT INTO second SELECT x + 1 FROM first"]

    old = sqlite3.connect(":memory:", isolation_level=None)
    one = dataclasses.replace(BEACH, migrations=(lambda: ["CREATE TABLE first (x)"],))
    migrated(old, one)
    old.execute("INSERT INTO first VALUES (7)")
    migrated(old, dataclasses.replace(BEACH, migrations=(lambda: ["not run again"], more)), 1)
    assert old.execute("SELECT y FROM second").fetchall() == [(8,)]
    assert old.execute("PRAGMA user_version").fetchone() == (2,)
    old.close()


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (sqlite3.SQLITE_FULL, TryAgain),
        (sqlite3.SQLITE_BUSY, TryAgain),
        (sqlite3.SQLITE_IOERR_FSYNC, StateUnreadable),
        (sqlite3.SQLITE_CORRUPT_INDEX, StateDamaged),
        (sqlite3.SQLITE_CONSTRAINT, None),
    ],
)
def test_errors_of_the_file_become_sentences_and_bugs_stay_bugs(
    tmp_path: Path, code: int, expected: type[Exception] | None
) -> None:
    error = sqlite3.DatabaseError("words")
    error.sqlite_errorcode = code
    known = told(tmp_path / "beach.db", BEACH, error)
    assert (type(known) if known else None) is expected
    if expected is StateDamaged:
        assert str(known).endswith("start again to walk again")
