"""The dream store: one SQLite file, insert-only tables keyed by run and sequence number.

Rows are committed before the night's head moves. What a killed run left beyond its head is deleted by
`rollback` when the night is taken up again. Nothing is updated in place: the present is a query.
"""

import contextlib
import datetime as dt
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

from daydream import clock
from daydream.errors import StateDamaged, StateNewer, StateUnreadable, TryAgain
from daydream.records.outcome import Row
from daydream.store.dream_schema import APPLICATION_ID, CATALOGUE_TABLES, MIGRATIONS, TABLES

# What a row of these names stands for: rows of an earlier run, copied under this run and number.
COPIES = {
    "procedures of a file": (
        "INSERT INTO procedures (run, seq, path, qualname, occurrence, source_hash, blob, first_line, last_line, "
        "signature, summary, complexity, side_effects, is_async, decorators, mention) "
        "SELECT ?, ?, path, qualname, occurrence, source_hash, blob, first_line, last_line, "
        "signature, summary, complexity, side_effects, is_async, decorators, mention "
        "FROM procedures WHERE run = ? AND path = ?"
    ),
    "tested names": (
        "INSERT INTO tested_names (run, seq, name, tests, paths) "
        "SELECT ?, ?, name, tests, paths FROM tested_names WHERE run = ?"
    ),
}
_BUSY_S = 10.0
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_DISK = {
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_AUTH,
}


@dataclass(frozen=True, slots=True)
class Pruned:
    """How many rows retention deleted."""

    catalogue_rows: int
    dreams: int


class DreamStore:
    """`dreams.db`, opened on first use.

    Read-only, a file that does not exist reads as an empty store and nothing is created. Every method
    raises StateDamaged (70), StateUnreadable (74), TryAgain (75) or StateNewer (78) with a sentence.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.path = path
        self.read_only = read_only
        self._open: sqlite3.Connection | None = None

    @classmethod
    def open(cls, path: Path, *, read_only: bool = False) -> Self:
        """Return the store at `path`; nothing is touched until the first use."""
        return cls(path, read_only=read_only)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file if it is open; the store can be used again afterwards."""
        if self._open is not None:
            self._open.close()
            self._open = None

    def commit(self, run: str, seq: int, rows: Sequence[Row]) -> None:
        """Add the rows of one sub-step in one durable transaction.

        Committing the same (run, seq) again replaces what the first commit added. No rows: nothing is
        touched.

        Raises:
            ValueError: a row names a table or column that does not exist.
        """
        if not rows:
            return
        with self._transaction() as connection:
            if connection.execute("SELECT 1 FROM commits WHERE run = ? AND seq = ?", (run, seq)).fetchone():
                _delete(connection, "run = ? AND seq = ?", (run, seq))
            connection.execute("INSERT INTO commits (run, seq) VALUES (?, ?)", (run, seq))
            for table, columns, values in _grouped(run, seq, rows):
                connection.executemany(COPIES.get(table) or _insert(connection, table, columns), values)

    def rollback(self, run: str, after_seq: int) -> None:
        """Delete what this run committed beyond `after_seq`, its head's sequence number."""
        if not self.path.exists():
            return
        beyond = "SELECT 1 FROM commits WHERE run = ? AND seq > ? LIMIT 1"
        if self.rows(beyond, (run, after_seq)):
            with self._transaction() as connection:
                _delete(connection, "run = ? AND seq > ?", (run, after_seq))

    def prune(self, now: dt.datetime, *, run: str, snapshots: int = 2, dream_days: int = 90) -> Pruned:
        """Keep the last `snapshots` complete catalogues and that of `run`, and dreams of `dream_days` days.

        What was visited stays known as long as the wording it was visited in is catalogued.
        """
        if not self.path.exists():
            return Pruned(0, 0)
        cutoff = clock.to_text(now - dt.timedelta(days=dream_days))
        with self._transaction() as connection:
            last = "SELECT run FROM snapshots WHERE complete = 1 ORDER BY number DESC LIMIT ?"
            kept = [row[0] for row in connection.execute(last, (snapshots,))] + [run]
            gone = sum(_delete_unlisted(connection, table, kept) for table in CATALOGUE_TABLES)
            old = (cutoff,)
            dreams = connection.execute("DELETE FROM dream_procedures WHERE generated_at < ?", old).rowcount
            for table in ("verdicts", "dream_events"):
                orphans = f"DELETE FROM {table} WHERE dream_id NOT IN (SELECT id FROM dream_procedures)"  # noqa: S608 -- names of our own tables
                connection.execute(orphans)
            connection.execute(
                "DELETE FROM generation_visits WHERE (path, qualname, occurrence, source_hash) NOT IN "
                "(SELECT path, qualname, occurrence, source_hash FROM procedures)"
            )
            connection.execute(
                "DELETE FROM commits WHERE run NOT IN (SELECT run FROM snapshots) AND run != ?", (run,)
            )
        return Pruned(gone, dreams)

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[sqlite3.Row]:
        """Run a query and return all its rows."""
        with self._told():
            return self._connection().execute(sql, parameters).fetchall()

    def problems(self) -> list[str]:
        """Check every page and index; return what SQLite has to say, nothing for a sound file."""
        said = [str(row[0]) for row in self.rows("PRAGMA integrity_check")]
        return [] if said == ["ok"] else said

    def _connection(self) -> sqlite3.Connection:
        if self._open is None:
            self._open = self._opened()
        return self._open

    def _opened(self) -> sqlite3.Connection:
        if self.read_only and not self.path.exists():
            return _migrated(_connect(":memory:"), 0)
        if not self.read_only:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        mode = "ro" if self.read_only else "rwc"
        if self.read_only and not self.path.with_name(f"{self.path.name}-wal").exists():
            mode = "ro&immutable=1"  # nobody writes, so reading leaves nothing beside the file either
        connection = _connect(f"file:{quote(str(self.path.absolute()))}?mode={mode}")
        with contextlib.ExitStack() as on_error:
            on_error.callback(connection.close)
            prepared = self._prepared(connection)
            on_error.pop_all()
        return prepared

    def _prepared(self, connection: sqlite3.Connection) -> sqlite3.Connection:
        """Check whose file it is and bring it to this version; a reader migrates a copy in memory."""
        version = self._version(connection)
        if self.read_only:
            if version == len(MIGRATIONS):
                return connection
            copy = _connect(":memory:")
            connection.backup(copy)
            connection.close()
            return _migrated(copy, version)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        return connection if version == len(MIGRATIONS) else _migrated(connection, version)

    def _version(self, connection: sqlite3.Connection) -> int:
        version = int(connection.execute("PRAGMA user_version").fetchone()[0])
        owner = int(connection.execute("PRAGMA application_id").fetchone()[0])
        tables = connection.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()[0]
        if tables and owner != APPLICATION_ID:
            msg = f"{self.path} is another program's database; move it away and start again"
            raise StateDamaged(msg)
        if version > len(MIGRATIONS):
            msg = (
                f"{self.path} has schema version {version} and this daydream knows {len(MIGRATIONS)}; "
                "install the newer daydream"
            )
            raise StateNewer(msg)
        return version if tables else 0

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._told():
            connection = self._connection()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        """Turn SQLite's errors about the file into sentences; what is a bug stays what it is."""
        try:
            yield
        except OSError as error:
            msg = f"{self.path} cannot be opened ({error.strerror}); check the disk and its permissions"
            raise StateUnreadable(msg) from error
        except sqlite3.DatabaseError as error:
            told = _told(self.path, error)
            if told is None:
                raise
            raise told from error


def _told(path: Path, error: sqlite3.DatabaseError) -> Exception | None:
    code = getattr(error, "sqlite_errorcode", None)
    primary = None if code is None else code & 0xFF
    if primary in _DAMAGED:
        return StateDamaged(f"{path} is damaged ({error}); move it away and start again to dream anew")
    if primary == sqlite3.SQLITE_FULL:
        return TryAgain(f"there is no space left to write {path}; free some and start again")
    if primary in _BUSY:
        return TryAgain(f"{path} is in use by another program; start again later")
    if primary in _DISK:
        return StateUnreadable(
            f"{path} cannot be read or written ({error}); check the disk and its permissions"
        )
    return None


def _connect(name: str) -> sqlite3.Connection:
    connection = sqlite3.connect(name, uri=name.startswith("file:"), timeout=_BUSY_S, isolation_level=None)
    connection.row_factory = sqlite3.Row
    return connection


def _migrated(
    connection: sqlite3.Connection,
    version: int,
    migrations: Sequence[Callable[[], list[str]]] = MIGRATIONS,
) -> sqlite3.Connection:
    """Apply the migrations after `version`, all in one transaction."""
    connection.execute("BEGIN IMMEDIATE")
    for migration in migrations[version:]:
        for statement in migration():
            connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {len(migrations)}")
    connection.execute("COMMIT")
    return connection


Grouped = tuple[str, tuple[str, ...], list[tuple[Any, ...]]]


def _grouped(run: str, seq: int, rows: Sequence[Row]) -> list[Grouped]:
    """Put rows of the same shape together, tables in the order of their first row."""
    groups: dict[tuple[str, tuple[str, ...]], list[tuple[Any, ...]]] = {}
    for row in rows:
        values = (run, seq, *row.values.values())
        groups.setdefault((row.table, tuple(row.values)), []).append(values)
    return [(table, columns, values) for (table, columns), values in groups.items()]


def _insert(connection: sqlite3.Connection, table: str, columns: tuple[str, ...]) -> str:
    known = (
        {row[1] for row in connection.execute(f"PRAGMA table_info({table})")} if table in TABLES else set()
    )
    if not known or not known.issuperset(columns):
        msg = f"no such table or column in the dream store: {table} ({', '.join(columns)})"
        raise ValueError(msg)
    names = ("run", "seq", *columns)
    return f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"  # noqa: S608 -- checked above


def _delete(connection: sqlite3.Connection, where: str, parameters: Sequence[Any]) -> None:
    for table in (*TABLES, "commits"):
        connection.execute(f"DELETE FROM {table} WHERE {where}", parameters)  # noqa: S608 -- names of our own tables


def _delete_unlisted(connection: sqlite3.Connection, table: str, runs: Sequence[str]) -> int:
    marks = ", ".join("?" * len(runs))
    return connection.execute(f"DELETE FROM {table} WHERE run NOT IN ({marks})", runs).rowcount  # noqa: S608 -- names of our own tables
