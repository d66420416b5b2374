"""Rows of the dream store from what they stand for, and back: the only place that knows the columns."""

import dataclasses
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from daydream.contracts.dream import (
    DREAM_TYPES,
    MOVES,
    Dream,
    Outcome,
    Procedure,
    Status,
    Verdict,
    tier_of,
)
from daydream.records.outcome import Row
from daydream.store.dreams import DreamStore
from daydream.store.json_text import json_text

_CHUNK = 400
_PROCEDURES = """
SELECT p.*, h.last_change, s.mentions_known, t.tests, t.paths FROM procedures p
LEFT JOIN file_history h ON h.run = p.run AND h.path = p.path
LEFT JOIN snapshots s ON s.run = p.run
LEFT JOIN tested_names t ON t.run = p.run AND t.name = p.mention
"""
_UNFINISHED = """
SELECT p.path, p.qualname, p.occurrence, COALESCE(v.visits, 0)
FROM procedures p
LEFT JOIN (SELECT path, qualname, occurrence, source_hash, COUNT(*) AS visits,
                  MAX(CASE WHEN ? THEN proposed - skipped ELSE proposed END) AS proposed, SUM(stored) AS stored
           FROM generation_visits WHERE kind = ? AND kind_version = ? AND run != ?
           GROUP BY path, qualname, occurrence, source_hash) v
  ON v.path = p.path AND v.qualname = p.qualname AND v.occurrence = p.occurrence AND v.source_hash = p.source_hash
WHERE p.run = ? AND (v.path IS NULL OR v.stored < MIN(v.proposed, ?))
"""


@dataclasses.dataclass(frozen=True, slots=True)
class Snapshot:
    """A finished catalogue. `complete`: no examined file was left out for want of time or by a failure."""

    run: str
    commit: str | None
    files: int
    procedures: int
    complete: bool
    names_hash: str
    mentions_known: bool


@dataclasses.dataclass(frozen=True, slots=True)
class CataloguedFile:
    """One Python file of a catalogue: `status` is read, not_parsed, not_read or generated."""

    path: str
    blob: str
    status: str
    reason: str | None
    parser: str


@dataclasses.dataclass(frozen=True, slots=True)
class Visit:
    """One procedure that a kind was asked about: dreams it had for it, dreams kept, dreams that lessons kept away."""

    path: str
    qualname: str
    occurrence: int
    source_hash: str
    kind: str
    kind_version: int
    proposed: int
    stored: int
    skipped: int = 0


def record_row(table: str, record: Any) -> Row:
    """Return a row of a flat dataclass whose fields are the table's columns."""
    return Row(table, {each.name: getattr(record, each.name) for each in dataclasses.fields(record)})


def procedure_row(procedure: Procedure, mention: str) -> Row:
    """Return the row of a catalogued procedure; `mention` is the word to look for in tests."""
    return Row(
        "procedures",
        {
            "path": procedure.path,
            "qualname": procedure.qualname,
            "occurrence": procedure.occurrence,
            "source_hash": procedure.source_hash,
            "blob": procedure.blob,
            "first_line": procedure.first_line,
            "last_line": procedure.last_line,
            "signature": procedure.signature,
            "summary": procedure.summary,
            "complexity": procedure.complexity,
            "side_effects": procedure.side_effects,
            "is_async": int(procedure.is_async),
            "decorators": json_text(procedure.decorators),
            "mention": mention,
        },
    )


def copied_procedures(store: DreamStore, run: str, paths: Sequence[str]) -> tuple[list[Row], int]:
    """Return the rows that add the procedures of these files in the catalogue of `run` to another, and how many
    procedures they are; see `rows.Schema`."""
    counting = "SELECT COUNT(*) FROM procedures WHERE run = ? AND path IN ({})"
    count = sum(row[0] for row in _in_chunks(store, counting, (run,), paths))
    return [Row("procedures of a file", {"run": run, "path": path}) for path in paths], count


def copied_names(store: DreamStore, run: str) -> tuple[Row, int]:
    """Return the row that adds all tested names of the catalogue of `run` to another, and how many they are."""
    count = store.rows("SELECT COUNT(*) FROM tested_names WHERE run = ?", (run,))[0][0]
    return Row("tested names", {"run": run}), count


def dream_row(dream: Dream) -> Row:
    """Return the row of a new dream; what is judged later is not part of it.

    Raises:
        ValueError: it has no id, no code or no base, its type is unknown, or its cost is negative.
    """
    if not (dream.id and dream.code and dream.base_path and dream.base_source_hash and dream.variant_hash):
        msg = f"a dream needs an id, its code and what it varies: {dream.id!r} of {dream.base_path!r}"
        raise ValueError(msg)
    if dream.dream_type not in DREAM_TYPES:
        msg = f"there is no dream type {dream.dream_type!r}"
        raise ValueError(msg)
    _check_cost(dream.cost_usd)
    values = dataclasses.asdict(dream)
    for later in ("status", "viability", "tier"):
        del values[later]
    return Row("dreamt", {**values, "details": json_text(dream.details)})


def verdict_row(verdict: Verdict, evaluated_at: str) -> Row:
    """Return the row of a verdict.

    Raises:
        ValueError: its viability is no number from 0 to 1, its tier does not follow from it, or it has no reason.
    """
    if not 0 <= verdict.viability <= 1:
        msg = f"a viability is a number from 0 to 1, not {verdict.viability!r}"
        raise ValueError(msg)
    if verdict.tier != tier_of(verdict.viability):
        msg = f"a viability of {verdict.viability} is not of tier {verdict.tier}"
        raise ValueError(msg)
    if not verdict.evaluator or not any(reason.strip() for reason in verdict.reasons):
        msg = f"the verdict on {verdict.dream_id} names no judge or no reason"
        raise ValueError(msg)
    _check_cost(verdict.cost_usd)
    values = dataclasses.asdict(verdict)
    return Row("verdicts", {**values, "reasons": json_text(verdict.reasons), "evaluated_at": evaluated_at})


def event_row(dream_id: str, event: str, reason: str, at: str) -> Row:
    """Return the row that archives a dream whose procedure moved on (``archived``), or takes that back
    (``restored``)."""
    return Row("dream_events", {"dream_id": dream_id, "event": event, "reason": reason, "at": at})


@dataclasses.dataclass(frozen=True, slots=True)
class Tried:
    """What a trial came to: its outcome with the error of a failure, and baseline cost / dream cost, None where it
    was not measured."""

    outcome: Outcome
    error: str | None = None
    effectiveness: float | None = None


def move_row(dream: Dream, to: Status, reason: str, at: str, tried: Tried | None = None) -> Row:
    """Return the row that takes a dream to another status: to ``pending_test``, with what it came to to
    ``tested``, or for good to ``archived``. What makes a dream ``evaluated`` is its verdict.

    Raises:
        ValueError: it cannot go there from where it is.
    """
    if to not in MOVES[dream.status] or to == "evaluated" or (tried is not None) != (to == "tested"):
        msg = f"dream {dream.id} cannot go from {dream.status} to {to}"
        raise ValueError(msg)
    event = "retired" if to == "archived" else to
    values = event_row(dream.id, event, reason, at).values
    return Row("dream_events", {**values, **dataclasses.asdict(tried)} if tried else values)


def _check_cost(cost: float | None) -> None:
    if cost is not None and not cost >= 0:
        msg = f"a cost is at least 0, not {cost!r}"
        raise ValueError(msg)


def snapshot(store: DreamStore, run: str) -> Snapshot | None:
    """Return the catalogue of this run, if it was finished."""
    found = store.rows("SELECT * FROM snapshots WHERE run = ?", (run,))
    return _snapshot(found[0]) if found else None


def last_snapshot(store: DreamStore, *, before: str | None = None) -> Snapshot | None:
    """Return the last complete catalogue, not that of the run `before`."""
    sql = "SELECT * FROM snapshots WHERE complete = 1 AND run != ? ORDER BY number DESC LIMIT 1"
    found = store.rows(sql, (before or "",))
    return _snapshot(found[0]) if found else None


def catalogued_files(store: DreamStore, run: str) -> dict[str, CataloguedFile]:
    """Return the files of a catalogue by path."""
    found = store.rows("SELECT path, blob, status, reason, parser FROM catalogue_files WHERE run = ?", (run,))
    return {row["path"]: CataloguedFile(*row) for row in found}


def file_history(store: DreamStore, run: str) -> dict[str, str]:
    """Return the ISO date of the last commit to each file, where it is known."""
    return {
        row[0]: row[1]
        for row in store.rows("SELECT path, last_change FROM file_history WHERE run = ?", (run,))
    }


def source_hashes(store: DreamStore, run: str) -> dict[tuple[str, str, int], str]:
    """Return the wording of every procedure of a catalogue, by which procedure it is."""
    found = store.rows("SELECT path, qualname, occurrence, source_hash FROM procedures WHERE run = ?", (run,))
    return {(row[0], row[1], row[2]): row[3] for row in found}


def mentioned_words(store: DreamStore, run: str) -> list[str]:
    """Return the words to look for in tests, sorted."""
    found = store.rows("SELECT DISTINCT mention FROM procedures WHERE run = ? ORDER BY mention", (run,))
    return [row[0] for row in found]


def test_mentions(store: DreamStore, run: str) -> dict[str, tuple[str, list[str]]]:
    """Return for each test file of a catalogue its blob and the words that it mentions."""
    found = store.rows("SELECT path, blob, names FROM test_mentions WHERE run = ? ORDER BY path", (run,))
    return {row[0]: (row[1], msgspec.json.decode(row[2], type=list[str])) for row in found}


def procedures(store: DreamStore, run: str, paths: Iterable[str] | None = None) -> list[Procedure]:
    """Return the procedures of a catalogue in the order of paths and names; of these files where given."""
    if paths is None:
        found = store.rows(f"{_PROCEDURES} WHERE p.run = ?", (run,))
    else:
        where = f"{_PROCEDURES} WHERE p.run = ? AND p.path IN ({{}})"
        found = _in_chunks(store, where, (run,), sorted(set(paths)))
    return sorted((_procedure(row) for row in found), key=lambda each: each.key)


def catalogued_paths(store: DreamStore, run: str) -> list[str]:
    """Return the files of a catalogue that hold procedures, sorted."""
    found = store.rows("SELECT DISTINCT path FROM procedures WHERE run = ?", (run,))
    return sorted(row[0] for row in found)


def unfinished(
    store: DreamStore, run: str, kind: tuple[str, int], per_procedure: int, *, skipping: bool = False
) -> list[tuple[tuple[str, str, int], int]]:
    """Return the procedures of which a kind (key and version) has something left to dream, each with how many earlier
    runs asked about it in this wording: none, or some that kept fewer dreams than it found and than are wanted; `skipping`:
    what a lesson kept from them is not wanted now either."""
    found = store.rows(_UNFINISHED, (skipping, *kind, run, run, per_procedure))
    return [((row[0], row[1], row[2]), row[3]) for row in found]


def variant_hashes(store: DreamStore, procedure: Procedure) -> set[str]:
    """Return the variants already dreamt of this wording of a procedure, those that were deleted since included."""
    where = "base_path = ? AND base_qualname = ? AND base_occurrence = ? AND base_source_hash = ?"
    which = (*procedure.key, procedure.source_hash)
    sql = " UNION ".join(
        f"SELECT variant_hash FROM {table} WHERE {where}"  # noqa: S608 -- our own names
        for table in ("dreamt", "forgotten")
    )
    return {row[0] for row in store.rows(sql, which * 2)}


def count_of_kind(store: DreamStore, procedure: Procedure, kind: str) -> int:
    """Return how many dreams of a type there are of this wording of a procedure."""
    where = "base_path = ? AND base_qualname = ? AND base_occurrence = ? AND base_source_hash = ? AND dream_type = ?"
    which = (*procedure.key, procedure.source_hash, kind)
    return int(store.rows(f"SELECT COUNT(*) FROM dreamt WHERE {where}", which)[0][0])  # noqa: S608 -- a constant


def dreams(store: DreamStore, *, status: str | None = None, limit: int = 1_000_000) -> list[Dream]:
    """Return dreams by id; only those of a status where given."""
    where = "WHERE status = ?" if status else ""
    sql = f"SELECT * FROM dream_procedures {where} ORDER BY id LIMIT ?"  # noqa: S608 -- the condition is a constant
    return [dream_of_row(row) for row in store.rows(sql, (*([status] if status else []), limit))]


def dreams_by_id(store: DreamStore, ids: Sequence[str]) -> list[Dream]:
    """Return dreams by their ids, those that there are."""
    sql = "SELECT * FROM dream_procedures WHERE id IN ({})"
    return [dream_of_row(row) for row in _in_chunks(store, sql, (), list(ids))]


def dreams_of_run(store: DreamStore, run: str) -> list[Dream]:
    """Return what one run dreamt, by id."""
    sql = "SELECT * FROM dream_procedures WHERE run = ? ORDER BY id"
    return [dream_of_row(row) for row in store.rows(sql, (run,))]


def count_dreams(store: DreamStore, run: str) -> dict[str, int]:
    """Count what one run dreamt, by type."""
    sql = "SELECT dream_type, COUNT(*) FROM dreamt WHERE run = ? GROUP BY dream_type ORDER BY dream_type"
    return {row[0]: row[1] for row in store.rows(sql, (run,))}


def count_varied(store: DreamStore, run: str) -> int:
    """Return of how many procedures this run dreamt."""
    distinct = "SELECT DISTINCT base_path, base_qualname, base_occurrence FROM dreamt WHERE run = ?"
    return int(store.rows(f"SELECT COUNT(*) FROM ({distinct})", (run,))[0][0])  # noqa: S608 -- a constant


def count_by_status(store: DreamStore) -> dict[str, int]:
    """Count all kept dreams by status."""
    return {
        row[0]: row[1]
        for row in store.rows("SELECT status, COUNT(*) FROM dream_procedures GROUP BY status ORDER BY status")
    }


def count_by_tier(store: DreamStore) -> dict[int, int]:
    """Count all judged dreams by tier, whatever became of them."""
    sql = "SELECT tier, COUNT(*) FROM dream_procedures WHERE tier IS NOT NULL GROUP BY tier ORDER BY tier"
    return {row[0]: row[1] for row in store.rows(sql)}


def bases(store: DreamStore) -> list[tuple[str, tuple[str, str, int], str, str | None]]:
    """Return of every dream its id, its procedure, the wording it varies, and ``archived`` where that is to be taken
    back once the procedure reads so again; without those that were archived for good."""
    sql = (
        "SELECT d.id, d.base_path, d.base_qualname, d.base_occurrence, d.base_source_hash, e.event FROM dreamt d "
        "LEFT JOIN dream_events e ON e.number = (SELECT MAX(number) FROM dream_events WHERE dream_id = d.id) "
        "WHERE e.event IS NOT 'retired' ORDER BY d.id"
    )
    return [(row[0], (row[1], row[2], row[3]), row[4], row[5]) for row in store.rows(sql)]


def _in_chunks(
    store: DreamStore, sql: str, first: tuple[Any, ...], values: Sequence[str]
) -> list[sqlite3.Row]:
    found: list[sqlite3.Row] = []
    for start in range(0, len(values), _CHUNK):
        part = values[start : start + _CHUNK]
        found += store.rows(sql.format(", ".join("?" * len(part))), (*first, *part))
    return found


def _snapshot(row: sqlite3.Row) -> Snapshot:
    return Snapshot(
        run=row["run"],
        commit=row["commit_id"],
        files=row["files"],
        procedures=row["procedures"],
        complete=bool(row["complete"]),
        names_hash=row["names_hash"],
        mentions_known=bool(row["mentions_known"]),
    )


def _procedure(row: sqlite3.Row) -> Procedure:
    # Where every test file was read, a name without a row is mentioned nowhere; else nobody knows.
    tests = (row["tests"] or 0) if row["mentions_known"] else None
    return Procedure(
        path=row["path"],
        qualname=row["qualname"],
        occurrence=row["occurrence"],
        source_hash=row["source_hash"],
        blob=row["blob"],
        first_line=row["first_line"],
        last_line=row["last_line"],
        signature=row["signature"],
        summary=row["summary"],
        complexity=row["complexity"],
        side_effects=row["side_effects"],
        is_async=bool(row["is_async"]),
        decorators=msgspec.json.decode(row["decorators"], type=tuple[str, ...]),
        tests=tests,
        test_paths=msgspec.json.decode(row["paths"], type=tuple[str, ...]) if row["paths"] and tests else (),
        last_change=row["last_change"],
    )


def dream_of_row(row: sqlite3.Row) -> Dream:
    """Return the dream of a row of the view `dream_procedures`."""
    names = [each.name for each in dataclasses.fields(Dream) if each.name not in ("viability", "details")]
    values = {name: row[name] for name in names}
    return Dream(
        **values, viability=row["viability_score"], details=msgspec.json.decode(row["details"], type=dict)
    )
