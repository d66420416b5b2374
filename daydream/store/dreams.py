"""The dream store: `dreams.db`, what was catalogued, dreamt and judged."""

import datetime as dt
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from daydream import clock
from daydream.errors import StateDamaged
from daydream.records.outcome import Row
from daydream.store.dream_schema import CATALOGUE_TABLES, SCHEMA
from daydream.store.rows import RowStore


class RowsRefused(StateDamaged):
    """Rows contradict what is stored: a move that no dream can make, or something that is there already. Nothing of
    them was stored; the file is sound, but the sub-step that made them ends as one that met a damaged file."""


@dataclass(frozen=True, slots=True)
class Pruned:
    """How many rows retention deleted."""

    catalogue_rows: int
    dreams: int


class DreamStore(RowStore):
    """The rows of the dream half; what is persisted of catalogues and dreams."""

    schema = SCHEMA

    def commit(self, run: str, seq: int, rows: Sequence[Row]) -> None:
        """Add the rows of one sub-step; see `RowStore.commit`.

        Raises:
            RowsRefused: they contradict what is stored.
        """
        try:
            super().commit(run, seq, rows)
        except sqlite3.IntegrityError as error:
            msg = f"{self.path.name} refuses the rows of this sub-step, and none of them was stored: {error}"
            raise RowsRefused(msg) from error

    def prune(self, now: dt.datetime, *, run: str, snapshots: int = 2, dream_days: int = 90) -> Pruned:
        """Keep the last `snapshots` complete catalogues and that of `run`, and dreams until `dream_days` days after
        their last change of state; archiving is one.

        Of a deleted dream it stays known that it was dreamt, and what was visited stays known, as long as the wording
        is catalogued. Metrics and records of generation stay.
        """
        if not self.path.exists():
            return Pruned(0, 0)
        cutoff = clock.to_text(now - dt.timedelta(days=dream_days))
        with self._transaction() as connection:
            last = "SELECT run FROM snapshots WHERE complete = 1 ORDER BY number DESC LIMIT ?"
            kept = [row[0] for row in connection.execute(last, (snapshots,))] + [run]
            gone = sum(_delete_unlisted(connection, table, kept) for table in CATALOGUE_TABLES)
            dreams = _delete_dreams(connection, cutoff)
            _delete_unknown_wordings(connection)
            connection.execute(
                "DELETE FROM transform_reach WHERE number NOT IN "
                "(SELECT MAX(number) FROM transform_reach GROUP BY transform_id)"
            )
            connection.execute(
                "DELETE FROM lessons WHERE at < ? AND number NOT IN "
                "(SELECT MAX(number) FROM lessons GROUP BY kind, model, operator, module, category)",
                (cutoff,),
            )
            connection.execute("DELETE FROM lessons WHERE at < ? AND standing = 'ended'", (cutoff,))
            connection.execute(
                "DELETE FROM commits WHERE run NOT IN (SELECT run FROM snapshots) AND run != ?", (run,)
            )
        return Pruned(gone, dreams)


def _delete_dreams(connection: sqlite3.Connection, cutoff: str) -> int:
    """Delete dreams whose last change was before an instant, with all that was said of them."""
    old = "FROM dreamt WHERE id IN (SELECT id FROM dream_procedures WHERE changed_at < ?)"
    columns = "run, seq, base_path, base_qualname, base_occurrence, base_source_hash, variant_hash"
    connection.execute(f"INSERT OR IGNORE INTO forgotten ({columns}) SELECT {columns} {old}", (cutoff,))
    dreams = connection.execute(f"DELETE {old}", (cutoff,)).rowcount
    for table in ("verdicts", "dream_events", "dream_scores", "trials", "answers") if dreams else ():
        orphans = f"DELETE FROM {table} WHERE dream_id NOT IN (SELECT id FROM dreamt)"  # noqa: S608 -- names of our own tables
        connection.execute(orphans)
    return dreams


def _delete_unknown_wordings(connection: sqlite3.Connection) -> None:
    """Forget what was visited, dreamt and not exercised of wordings that no kept catalogue has, and the inputs on which
    dreams of vanished procedures differed."""
    for table, prefix in (("generation_visits", ""), ("forgotten", "base_"), ("unexercised", "base_")):
        wording = ", ".join(f"{prefix}{name}" for name in ("path", "qualname", "occurrence", "source_hash"))
        connection.execute(
            f"DELETE FROM {table} WHERE ({wording}) NOT IN "  # noqa: S608 -- our own names
            "(SELECT path, qualname, occurrence, source_hash FROM procedures)"
        )
    connection.execute(
        "DELETE FROM counterexamples WHERE (base_path, base_qualname, base_occurrence) NOT IN "
        "(SELECT path, qualname, occurrence FROM procedures)"
    )


def _delete_unlisted(connection: sqlite3.Connection, table: str, runs: Sequence[str]) -> int:
    marks = ", ".join("?" * len(runs))
    return connection.execute(f"DELETE FROM {table} WHERE run NOT IN ({marks})", runs).rowcount  # noqa: S608 -- names of our own tables
