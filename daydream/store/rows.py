"""A store of rows: one SQLite file, insert-only tables keyed by run and sequence number.

Rows are committed before the night's head moves. What a killed run left beyond its head is deleted by
`rollback` when the night is taken up again. Nothing is updated in place: the present is a query.
"""

import contextlib
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Self
from urllib.parse import quote

from daydream.errors import StateDamaged, StateNewer, StateUnreadable, TryAgain
from daydream.records.outcome import Row

Migration = Callable[[], list[str]]

KEY = "run TEXT NOT NULL, seq INTEGER NOT NULL"
"""The first columns of every table."""

COMMITS = f"CREATE TABLE commits ({KEY}, PRIMARY KEY (run, seq)) WITHOUT ROWID"
"""The table of which sub-steps have rows; part of every store's first migration."""

_BUSY_S = 10.0
_REREAD = 5
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
class Schema:
    """What one store holds.

    `file` is its name in the state folder, `name` what it is called in sentences, `anew` what starting without it
    does. Migrations are only ever appended; each gives a list of statements, the first one's with `COMMITS`.
    Every table of `tables` begins with `KEY`.
    `copies`: what a row of these names stands for, namely rows of an earlier run, copied under this
    run and number by the statement.
    """

    file: str
    name: str
    anew: str
    application_id: int
    migrations: tuple[Migration, ...]
    tables: tuple[str, ...]
    copies: Mapping[str, str] = field(default_factory=dict)

    @property
    def accepts(self) -> frozenset[str]:
        """What a row may name as its table."""
        return frozenset((*self.tables, *self.copies))


class RowStore:
    """A store, opened on first use; each kind of it is a subclass that names its schema.

    Read-only, a file that does not exist reads as an empty store and nothing is created. Every method
    raises StateDamaged (70), StateUnreadable (74), TryAgain (75) or StateNewer (78) with a sentence.
    """

    schema: ClassVar[Schema]

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.path = path
        self.read_only = read_only
        self._open: sqlite3.Connection | None = None
        self._alone: tuple[int, ...] | None = None

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
                self._delete(connection, "run = ? AND seq = ?", (run, seq))
            connection.execute("INSERT INTO commits (run, seq) VALUES (?, ?)", (run, seq))
            for table, columns, values in _grouped(run, seq, rows):
                connection.executemany(self._statement(connection, table, columns), values)

    def rollback(self, run: str, after_seq: int) -> None:
        """Delete what this run committed beyond `after_seq`, its head's sequence number."""
        if not self.path.exists():
            return
        beyond = "SELECT 1 FROM commits WHERE run = ? AND seq > ? LIMIT 1"
        if self.rows(beyond, (run, after_seq)):
            with self._transaction() as connection:
                self._delete(connection, "run = ? AND seq > ?", (run, after_seq))

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[sqlite3.Row]:
        """Run a query and return all its rows."""
        for _ in range(_REREAD):
            try:
                found = self._rows(sql, parameters)
            except StateDamaged:
                if not self._moved():
                    raise
            else:
                if not self._moved():
                    return found
            self.close()
        return self._rows(sql, parameters)

    def _rows(self, sql: str, parameters: Sequence[Any]) -> list[sqlite3.Row]:
        with self._told():
            return self._connection().execute(sql, parameters).fetchall()

    def _moved(self) -> bool:
        """Whether somebody wrote into a file that is read as if nobody did: what was read of it then says nothing."""
        return self._alone is not None and self._alone != _stamp(self.path)

    def problems(self) -> list[str]:
        """Check every page and index; return what SQLite has to say, nothing for a sound file."""
        said = [str(row[0]) for row in self.rows("PRAGMA integrity_check")]
        return [] if said == ["ok"] else said

    def _delete(self, connection: sqlite3.Connection, where: str, parameters: Sequence[Any]) -> int:
        """Delete from every table; returns how many rows went, commits not counted."""
        gone = 0
        for table in (*self.schema.tables, "commits"):
            deleted = connection.execute(f"DELETE FROM {table} WHERE {where}", parameters).rowcount  # noqa: S608 -- names of our own tables
            gone += deleted if table != "commits" else 0
        return gone

    def _statement(self, connection: sqlite3.Connection, table: str, columns: tuple[str, ...]) -> str:
        copy = self.schema.copies.get(table)
        return copy or _insert(connection, self.schema, table, columns)

    def _connection(self) -> sqlite3.Connection:
        if self._open is None:
            self._open = self._opened()
        return self._open

    def _opened(self) -> sqlite3.Connection:
        self._alone = None
        if self.read_only and not self.path.exists():
            return migrated(_connect(":memory:"), self.schema)
        if not self.read_only:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        mode = "ro" if self.read_only else "rwc"
        stamp = _stamp(self.path)
        if self.read_only and not self.path.with_name(f"{self.path.name}-wal").exists():
            mode = "ro&immutable=1"  # nobody writes, so reading leaves nothing beside the file either
            self._alone = stamp
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
            if version == len(self.schema.migrations):
                return connection
            copy = _connect(":memory:")
            connection.backup(copy)
            connection.close()
            return migrated(copy, self.schema, version)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        if version == len(self.schema.migrations):
            return connection
        return migrated(connection, self.schema, version)

    def _version(self, connection: sqlite3.Connection) -> int:
        version = int(connection.execute("PRAGMA user_version").fetchone()[0])
        owner = int(connection.execute("PRAGMA application_id").fetchone()[0])
        tables = connection.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()[0]
        if tables and owner != self.schema.application_id:
            msg = f"{self.path} is another program's database; move it away and start again"
            raise StateDamaged(msg)
        newest = len(self.schema.migrations)
        if version > newest:
            msg = (
                f"{self.path} has schema version {version} and this daydream knows {newest}; "
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
            known = told(self.path, self.schema, error)
            if known is None:
                raise
            raise known from error


def _stamp(path: Path) -> tuple[int, ...]:
    """What changes about a file when it is written; nothing where it is gone."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return ()
    return found.st_ino, found.st_size, found.st_mtime_ns


def told(path: Path, schema: Schema, error: sqlite3.DatabaseError) -> Exception | None:
    """Return SQLite's error about a file as one of ours, in a sentence; None for what is a bug."""
    code = getattr(error, "sqlite_errorcode", None)
    primary = None if code is None else code & 0xFF
    if primary in _DAMAGED:
        return StateDamaged(f"{path} is damaged ({error}); move it away and start again to {schema.anew}")
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


def migrated(connection: sqlite3.Connection, schema: Schema, version: int = 0) -> sqlite3.Connection:
    """Apply the migrations after `version`, all in one transaction."""
    connection.execute("BEGIN IMMEDIATE")
    for migration in schema.migrations[version:]:
        for statement in migration():
            connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {schema.application_id}")
    connection.execute(f"PRAGMA user_version = {len(schema.migrations)}")
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


def _insert(connection: sqlite3.Connection, schema: Schema, table: str, columns: tuple[str, ...]) -> str:
    known = set()
    if table in schema.tables:
        known = {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}
    if not known or not known.issuperset(columns):
        msg = f"no such table or column in the {schema.name}: {table} ({', '.join(columns)})"
        raise ValueError(msg)
    names = ("run", "seq", *columns)
    return f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"  # noqa: S608 -- checked above
