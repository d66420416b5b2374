"""The memory of logs: `logs.db`, what each night read and counted, one row per thing and night.

Times are seconds since 1970 in UTC, hours are whole hours since 1970. What is unknown is None.
A reader leaves out the rows of the night that asks, so that a night that is taken up again sees what it saw before.
"""

import datetime as dt
import sqlite3
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from daydream.records.outcome import Row
from daydream.store.log_schema import SCHEMA, TABLES
from daydream.store.rows import RowStore
from daydream.store.runs import order

KEPT_RUNS = 28
_READING_DAYS = 400
_DAY_S = 86_400.0


class Position(msgspec.Struct, frozen=True, array_like=True):
    """How far a file was read: device, inode, the byte after the last line that was taken, the crc32 of the first
    min(4096, offset) bytes, the size then, and the crc32 of the last min(4096, offset) bytes before the offset.
    In a packed file offset and crcs are of what is unpacked, the size is the packed file's."""

    device: int
    inode: int
    offset: int
    crc: int
    size: int
    tail: int | None = None


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What one night read of a source that no night had read before. `started_at` is the night's present,
    `until` the time up to which its records are counted; `undated` and `future` are records without a time
    of their own, and with one that had not come."""

    source: str
    started_at: float
    until: float
    bytes: int
    records: int
    undated: int = 0
    future: int = 0
    positions: tuple[Position, ...] = ()
    run: str = ""


class TemplateNight(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What one night counted of a template. `hours` and `levels` count its records; `examples` are redacted;
    `origin` is the logging call as "path:line"."""

    source: str
    template: str
    text: str
    level: int
    count: int
    first: float | None = None
    last: float | None = None
    hours: dict[int, int] = {}
    levels: dict[int, int] = {}
    examples: tuple[str, ...] = ()
    origin: str | None = None
    run: str = ""


class ErrorFrame(msgspec.Struct, frozen=True, array_like=True):
    """A stack frame: its file in the repository, None for anybody else's."""

    path: str | None
    function: str
    line: int | None = None
    in_app: bool = False


class ErrorNight(msgspec.Struct, frozen=True, kw_only=True):
    """What one night knew of an error, from a log's traceback or from Sentry; `message` is redacted.
    One night may have several of the same `error`, where the source itself holds it as several."""

    source: str
    error: str
    kind: str
    message: str = ""
    frames: tuple[ErrorFrame, ...] = ()
    count: int | None = None
    first: float | None = None
    last: float | None = None
    release: str | None = None
    link: str | None = None
    state: str | None = None
    run: str = ""


class LatencyHour(msgspec.Struct, frozen=True, kw_only=True):
    """How long a route's requests took in one hour: `p50` and `p95` in seconds, `histogram` counts requests
    by the number of their bucket."""

    source: str
    route: str
    hour: int
    count: int
    p50: float
    p95: float
    histogram: dict[int, int] = {}
    run: str = ""


class StatusHour(msgspec.Struct, frozen=True, kw_only=True):
    """How many answers of an access log had a status of this first digit in one hour."""

    source: str
    digit: int
    hour: int
    count: int
    run: str = ""


class FlagNight(msgspec.Struct, frozen=True, kw_only=True):
    """Something that stood out on a night and was printed when it first did; `since` is the hour of that."""

    source: str
    kind: str
    identity: str
    since: int
    magnitude: float
    run: str = ""


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """How the reading of a source stands after so many parts, packed; what a night that is killed goes on from."""

    source: str
    part: int
    state: bytes
    run: str = ""


Record = Part | Reading | TemplateNight | ErrorNight | LatencyHour | StatusHour | FlagNight
_TABLE_OF: dict[type, str] = dict(
    zip((Reading, TemplateNight, ErrorNight, LatencyHour, StatusHour, FlagNight, Part), TABLES, strict=True)
)
_encode = msgspec.json.Encoder().encode
_positions = msgspec.json.Decoder(tuple[Position, ...]).decode
_counts = msgspec.json.Decoder(dict[int, int]).decode
_texts = msgspec.json.Decoder(tuple[str, ...]).decode
_frames = msgspec.json.Decoder(tuple[ErrorFrame, ...]).decode


def row_of(record: Record) -> Row:
    """Return the row that keeps a record; its run is the one that commits it."""
    fields = (name for name in record.__struct_fields__ if name != "run")
    return Row(_TABLE_OF[type(record)], {name: _column(getattr(record, name)) for name in fields})


def _column(value: Any) -> Any:
    if isinstance(value, dict):
        return _encode(dict(sorted(value.items()))).decode()
    return _encode(value).decode() if isinstance(value, tuple) else value


_TEMPLATES = "SELECT * FROM log_templates WHERE source = ? AND run = ? ORDER BY template"
_TEXTS = "SELECT template, text FROM log_templates WHERE source = ? AND run = ? ORDER BY template"


class LogStore(RowStore):
    """What nights remember of logs and errors."""

    schema = SCHEMA

    def readings(self, source: str, *, before_run: str) -> list[Reading]:
        """Return what earlier nights read of a source, the newest first."""
        sql = "SELECT * FROM log_readings WHERE source = ? AND run != ? ORDER BY rowid DESC"
        return [Reading(**_values(row, positions=_positions)) for row in self.rows(sql, (source, before_run))]

    def part(self, source: str, run: str, part: int) -> bytes | None:
        """Return how a run's reading of a source stood after so many parts, the last time it came to that; None where
        nothing tells."""
        sql = (
            "SELECT state FROM log_parts WHERE source = ? AND run = ? AND part = ? ORDER BY seq DESC LIMIT 1"
        )
        found = self.rows(sql, (source, run, part))
        return bytes(found[0][0]) if found else None

    def sources(self, *, since: float, without_run: str) -> list[str]:
        """Return the sources that a night read since an instant."""
        sql = "SELECT DISTINCT source FROM log_readings WHERE until >= ? AND run != ? ORDER BY source"
        return [str(row[0]) for row in self.rows(sql, (since, without_run))]

    def positions(self, run: str) -> list[Position]:
        """Return how far a run has read every file of every source."""
        found = self.rows("SELECT positions FROM log_readings WHERE run = ? ORDER BY rowid", (run,))
        return [one for row in found for one in _positions(row[0])]

    def templates(self, source: str, *, since: float, without_run: str) -> list[TemplateNight]:
        """Return what the nights since an instant counted of a source's templates: night by night, the oldest
        first, each in the order of templates. Nights are whole: the first of them may reach back before the
        instant."""
        return list(self.each_template(source, since=since, without_run=without_run))

    def each_template(self, source: str, *, since: float, without_run: str) -> Iterator[TemplateNight]:
        """Yield what `templates` returns, for a history that should not be held as a whole."""
        with self._told():
            for run in self._runs(_first_run(since), without_run):
                yield from map(_template, self._connection().execute(_TEMPLATES, (source, run)))

    def known_templates(self, source: str, *, without_run: str) -> list[tuple[str, str]]:
        """Return every template that earlier nights saw in a source, with its latest text, in the order in
        which they were first seen."""
        known: dict[str, str] = {}
        for run in self._runs("", without_run):
            known.update(map(tuple, self.rows(_TEXTS, (source, run))))
        return list(known.items())

    def _runs(self, first: str, without: str) -> list[str]:
        """The runs that wrote rows, the oldest first."""
        sql = "SELECT DISTINCT run FROM commits WHERE run >= ? AND run != ?"
        return sorted((row[0] for row in self.rows(sql, (first, without))), key=order)

    def errors(self, *, since: float, without_run: str) -> list[ErrorNight]:
        """Return what the nights since an instant knew of errors, of all sources, the oldest night first."""
        sql = "SELECT * FROM log_errors WHERE run >= ? AND run != ? ORDER BY rowid"
        found = self.rows(sql, (_first_run(since), without_run))
        return [ErrorNight(**_values(row, frames=_frames)) for row in found]

    def latencies(self, source: str, *, since: float, without_run: str) -> list[LatencyHour]:
        """Return a source's latencies of the hours since an instant, route by route, hour by hour."""
        sql = "SELECT * FROM log_latencies WHERE source = ? AND hour >= ? AND run != ? ORDER BY route, hour, rowid"
        found = self.rows(sql, (source, int(since // 3600), without_run))
        return [LatencyHour(**_values(row, histogram=_counts)) for row in found]

    def statuses(self, source: str, *, since: float, without_run: str) -> list[StatusHour]:
        """Return how a source's requests were answered in the hours since an instant."""
        sql = "SELECT * FROM log_statuses WHERE source = ? AND hour >= ? AND run != ? ORDER BY digit, hour, rowid"
        found = self.rows(sql, (source, int(since // 3600), without_run))
        return [StatusHour(**_values(row)) for row in found]

    def flags(self, source: str, run: str) -> list[FlagNight]:
        """Return what stood out in a source on one night."""
        sql = "SELECT * FROM log_flags WHERE source = ? AND run = ? ORDER BY kind, identity"
        return [FlagNight(**_values(row)) for row in self.rows(sql, (source, run))]

    def prune(self, now: dt.datetime, *, run: str, days: int = 35) -> int:
        """Forget nights of more than `days` days ago but for the last 28, whenever they were, and `run`.

        The last reading of a source stays for 400 days, so that what comes back is not read twice. How readings stood on
        their way goes at once: a night that is over reads on from its end.
        Returns how many rows went.
        """
        if not self.path.exists():
            return 0
        with self._transaction() as connection:
            runs = {row[0] for row in connection.execute("SELECT run FROM commits")}
            recent = sorted(runs, key=order)[-KEPT_RUNS:]
            limit = _date(now.timestamp() - days * _DAY_S)
            old = [each for each in sorted(runs - {run, *recent}) if each < limit]
            for_good = _date(now.timestamp() - _READING_DAYS * _DAY_S)
            gone = connection.execute("DELETE FROM log_parts").rowcount
            return gone + sum(_forget(connection, each, keep_last_reading=each >= for_good) for each in old)


def _forget(connection: sqlite3.Connection, run: str, *, keep_last_reading: bool) -> int:
    gone = 0
    for table in TABLES:
        sql = f"DELETE FROM {table} WHERE run = ?"  # noqa: S608 -- names of our own tables
        if table == "log_readings" and keep_last_reading:
            sql += " AND rowid NOT IN (SELECT MAX(rowid) FROM log_readings GROUP BY source)"
        gone += connection.execute(sql, (run,)).rowcount
    left = "SELECT 1 FROM log_readings r WHERE r.run = commits.run"
    connection.execute(f"DELETE FROM commits WHERE run = ? AND NOT EXISTS ({left})", (run,))  # noqa: S608 -- a constant
    return gone


def _date(seconds: float) -> str:
    """The UTC date of an instant; below every name of a run of that date and of later ones."""
    return dt.datetime.fromtimestamp(seconds, dt.UTC).date().isoformat()


def _first_run(since: float) -> str:
    """What no run since an instant lies below: its date in the night's own zone may be a day behind UTC."""
    return _date(max(0.0, since - _DAY_S))


def _template(row: sqlite3.Row) -> TemplateNight:
    run, _, source, template, text, level, first, last, count, hours, levels, examples, origin = row
    return TemplateNight(
        source=source,
        template=template,
        text=text,
        level=level,
        count=count,
        first=first,
        last=last,
        hours=_counts(hours),
        levels=_counts(levels),
        examples=_texts(examples),
        origin=origin,
        run=run,
    )


def _values(row: sqlite3.Row, **decoded: Callable[[str], Any]) -> dict[str, Any]:
    """A row's columns by name, without seq; those that hold JSON are decoded."""
    values = {name: row[name] for name in row.keys() if name != "seq"}  # noqa: SIM118 -- a row iterates over values
    return {**values, **{name: decode(values[name]) for name, decode in decoded.items()}}
