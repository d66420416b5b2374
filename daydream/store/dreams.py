"""The dream store: `dreams.db`, what was catalogued, dreamt and judged."""

import datetime as dt
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from daydream import clock
from daydream.store.dream_schema import CATALOGUE_TABLES, SCHEMA
from daydream.store.rows import RowStore


@dataclass(frozen=True, slots=True)
class Pruned:
    """How many rows retention deleted."""

    catalogue_rows: int
    dreams: int


class DreamStore(RowStore):
    """The rows of the dream half; what is persisted of catalogues and dreams."""

    schema = SCHEMA

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


def _delete_unlisted(connection: sqlite3.Connection, table: str, runs: Sequence[str]) -> int:
    marks = ", ".join("?" * len(runs))
    return connection.execute(f"DELETE FROM {table} WHERE run NOT IN ({marks})", runs).rowcount  # noqa: S608 -- names of our own tables
