"""The analysis cache: one SQLite file in the user's cache folder, worth nothing but time.

Losing it costs one slower night, so nothing here waits for the disk (no fsync), nothing here fails a
night, and nothing is believed that does not bear the checksum of its kind, key and value. One process
writes, the one that holds the lock of the night; others may read meanwhile.
"""

import contextlib
import sqlite3
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

APPLICATION_ID = 0x44415943
SCHEMA = 1
LIMIT_BYTES = 256 * 2**20
KEPT_NIGHTS = 30
_PAGE = 4096
_TOUCHED_AFTER = 3
_CHUNK = 500
_WORTH_PACKING = 16 * 1024
_BUSY_S = 2.0
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_DELETE_OLDEST = (
    "DELETE FROM entries WHERE rowid IN "
    "(SELECT rowid FROM entries ORDER BY used, rowid LIMIT (SELECT COUNT(*) / 8 + 1 FROM entries))"
)
_TABLES = (
    "CREATE TABLE kinds (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)",
    """CREATE TABLE entries (kind INTEGER NOT NULL, key TEXT NOT NULL, used INTEGER NOT NULL,
        checksum INTEGER NOT NULL, packed INTEGER NOT NULL, value BLOB NOT NULL, UNIQUE (kind, key))""",
    "CREATE INDEX entries_by_use ON entries (used)",
)


class _Damaged(Exception):
    """What the file holds is not what was written."""


class AnalysisCache:
    """The cache at `path`, opened on first use.

    `night` is the number of tonight's date; an entry read or written tonight counts as used then. The
    file never grows past `limit` bytes: what was used longest ago goes first, and whatever no night
    used for 30 days. A damaged file, or one of another schema, is begun anew; where the disk refuses
    altogether, it remembers nothing.
    """

    def __init__(self, path: Path, night: int, *, limit: int = LIMIT_BYTES) -> None:
        self.path = path
        self._night = night
        self._limit = limit
        self._open: sqlite3.Connection | None = None
        self._off = False
        self._begun_anew = False
        self._swept = False

    def close(self) -> None:
        """Close the file; the next use opens it again."""
        if self._open is not None:
            with contextlib.suppress(sqlite3.Error):
                self._open.close()
            self._open = None

    def read(self, kind: str, keys: Sequence[str]) -> dict[str, bytes]:
        """Return the remembered values of those keys that are known; see `contracts.cache.Cache`."""
        found: dict[str, bytes] = {}
        stale: list[int] = []
        if self._off:
            return found
        with self._forgiving():
            connection = self._connection()
            known = connection.execute("SELECT id FROM kinds WHERE name = ?", (kind,)).fetchone()
            for part in _parts(keys) if known else ():
                marks = ", ".join("?" * len(part))
                rows = connection.execute(
                    f"SELECT rowid, key, used, checksum, packed, value FROM entries WHERE kind = ? AND key IN ({marks})",  # noqa: S608 -- marks only
                    (known[0], *part),
                )
                for number, key, used, checksum, packed, value in rows:
                    found[key] = _checked(kind, key, value, checksum, packed)
                    if used <= self._night - _TOUCHED_AFTER:
                        stale.append(number)
        if stale and not self._off:
            with self._forgiving():
                self._touch(stale)
        return found

    def write(self, kind: str, values: Mapping[str, bytes]) -> None:
        """Remember values by key, in one transaction; see `contracts.cache.Cache`."""
        coming = sum(len(value) for value in values.values())
        if self._off or not values or coming > self._limit // 2:
            return
        with self._forgiving():
            connection = self._connection()
            self._make_room(connection, coming)
            with _transaction(connection):
                connection.execute("INSERT OR IGNORE INTO kinds (name) VALUES (?)", (kind,))
                (number,) = connection.execute("SELECT id FROM kinds WHERE name = ?", (kind,)).fetchone()
                connection.executemany(
                    "INSERT OR REPLACE INTO entries (kind, key, used, checksum, packed, value) VALUES (?, ?, ?, ?, ?, ?)",
                    (self._row(number, kind, key, values[key]) for key in sorted(values)),
                )

    def _row(self, number: int, kind: str, key: str, value: bytes) -> tuple[object, ...]:
        packed = len(value) >= _WORTH_PACKING
        stored = zlib.compress(value, 1) if packed else value
        return number, key, self._night, _checksum(kind, key, stored), int(packed), stored

    def _touch(self, numbers: Sequence[int]) -> None:
        """Note that entries were used; every third night is often enough to tell old from young."""
        connection = self._connection()
        with _transaction(connection):
            connection.executemany(
                "UPDATE entries SET used = ? WHERE rowid = ?", ((self._night, number) for number in numbers)
            )

    def _make_room(self, connection: sqlite3.Connection, coming: int) -> None:
        """Forget what no night used for long, once a process; then the oldest, until `coming` bytes fit."""
        if not self._swept:
            self._swept = True
            with _transaction(connection):
                connection.execute("DELETE FROM entries WHERE used < ?", (self._night - KEPT_NIGHTS,))
                connection.execute("DELETE FROM kinds WHERE id NOT IN (SELECT kind FROM entries)")
        while self._size(connection) + coming > self._limit:
            with _transaction(connection):
                if not connection.execute(_DELETE_OLDEST).rowcount:
                    return

    @staticmethod
    def _size(connection: sqlite3.Connection) -> int:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        free = connection.execute("PRAGMA freelist_count").fetchone()[0]
        return int(pages - free) * _PAGE

    @contextlib.contextmanager
    def _forgiving(self) -> Iterator[None]:
        """Let no trouble with the file out: damage begins it anew, once; what remains switches it off."""
        try:
            yield
        except _Damaged:
            self._begin_anew()
        except sqlite3.DatabaseError as error:
            code = getattr(error, "sqlite_errorcode", None)
            if code is not None and code & 0xFF in _DAMAGED:
                self._begin_anew()
            else:
                self._switch_off()
        except (OSError, zlib.error):
            self._switch_off()

    def _begin_anew(self) -> None:
        self.close()
        if self._begun_anew:
            self._switch_off()
            return
        self._begun_anew = True
        try:
            _remove(self.path)
        except OSError:
            self._switch_off()

    def _switch_off(self) -> None:
        self.close()
        self._off = True

    def _connection(self) -> sqlite3.Connection:
        if self._open is None:
            self._open = self._opened()
        return self._open

    def _opened(self) -> sqlite3.Connection:
        if self.path.is_symlink() or (self.path.exists() and not self.path.is_file()):
            raise _Damaged
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        connection = sqlite3.connect(self.path, timeout=_BUSY_S, isolation_level=None)
        with contextlib.ExitStack() as on_error:
            on_error.callback(connection.close)
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            owner = connection.execute("PRAGMA application_id").fetchone()[0]
            tables = connection.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()[0]
            if tables and (owner, version) != (APPLICATION_ID, SCHEMA):
                raise _Damaged
            connection.execute("PRAGMA synchronous = OFF")
            if not tables:
                connection.execute(f"PRAGMA page_size = {_PAGE}")
                connection.execute("PRAGMA journal_mode = WAL")
                _lay_out(connection)
            connection.execute(f"PRAGMA max_page_count = {self._limit // _PAGE + 64}")
            on_error.pop_all()
        return connection


def _lay_out(connection: sqlite3.Connection) -> None:
    with _transaction(connection):
        for statement in _TABLES:
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {SCHEMA}")


@contextlib.contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _parts(keys: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(keys), _CHUNK):
        yield keys[start : start + _CHUNK]


def _checksum(kind: str, key: str, stored: bytes) -> int:
    head = f"{kind}\0{key}\0".encode("utf-8", "surrogateescape")
    return zlib.crc32(stored, zlib.crc32(head))


def _checked(kind: str, key: str, stored: object, checksum: object, packed: object) -> bytes:
    if not isinstance(stored, bytes) or _checksum(kind, key, stored) != checksum:
        raise _Damaged
    return zlib.decompress(stored) if packed else stored


def _remove(path: Path) -> None:
    """Remove the file with what SQLite keeps beside it; a link goes, what it points to stays."""
    for name in (path.name, f"{path.name}-wal", f"{path.name}-shm", f"{path.name}-journal"):
        path.with_name(name).unlink(missing_ok=True)
