"""A memory of logs of an earlier version stays readable, and becomes what a new one is."""

import sqlite3
from pathlib import Path

from daydream.store.log_rows import LogStore
from daydream.store.log_schema import MIGRATIONS, TABLES

GOLDEN = Path(__file__).parents[2] / "golden/logs-1.sql"
LISTED = "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name"


def test_a_file_of_version_1_becomes_what_a_new_one_is_and_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "logs.db"
    connection = sqlite3.connect(path)
    connection.executescript(GOLDEN.read_text("utf-8"))
    connection.close()
    with LogStore.open(path) as store, LogStore.open(tmp_path / "new" / "logs.db") as new:
        assert [tuple(row) for row in store.rows(LISTED)] == [tuple(row) for row in new.rows(LISTED)]
        assert store.rows("PRAGMA user_version")[0][0] == len(MIGRATIONS)
        counted = {table: store.rows(f"SELECT COUNT(*) FROM {table}")[0][0] for table in TABLES}
        assert counted == {**dict.fromkeys(TABLES, 1), "log_parts": 0}
        assert store.problems() == []
