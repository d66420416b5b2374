"""What people and nights ask the dream store: every dream with its story, by any of its sides, and the counts.

All of it reads the view `dream_procedures`, in which the present of a dream follows from its rows.
"""

import dataclasses
import sqlite3
from collections.abc import Sequence
from typing import Any

import msgspec

from daydream.contracts.dream import Dream, Status, Tier, dream_type
from daydream.store.dream_rows import dream_of_row
from daydream.store.dreams import DreamStore

HIGH_NOVELTY = 0.7
CROSS_PROJECT = 2
_NEWEST = "generated_at DESC, id"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class KeptDream:
    """A dream and what became of it; None is what nobody judged, tried or measured.

    `reasons` are the latest judge's, whoever that was. `novelty` is 0..1. `matches` counts the projects in which the
    same transform gave a dream. `effectiveness` is baseline cost / dream cost. `changed_at` is its last change of state.
    `holds_up`: it was judged, and neither its tier nor a trial speaks against it.
    """

    dream: Dream
    base_procedure_id: str
    reasons: tuple[str, ...]
    evaluator: str | None
    evaluator_model: str | None
    said_tier: Tier | None
    evaluated_at: str | None
    novelty: float | None
    matches: int | None
    test_outcome: str | None
    test_error: str | None
    test_timestamp: str | None
    effectiveness: float | None
    archived_at: str | None
    archived_reason: str | None
    adopted_at: str | None
    changed_at: str
    holds_up: bool


@dataclasses.dataclass(frozen=True, slots=True)
class Judged:
    """One verdict; `said_tier` is what the judge said where the viability contradicts it."""

    viability: float
    tier: Tier
    said_tier: Tier | None
    reasons: tuple[str, ...]
    evaluator: str
    evaluator_model: str | None
    cost_usd: float | None
    evaluated_at: str


@dataclasses.dataclass(frozen=True, slots=True)
class Happened:
    """One line of a dream's history: when, what (``dreamt``, ``judged``, ``pending_test``, ``tested``,
    ``archived``, ``restored``, ``adopted``), and the words that go with it."""

    at: str
    what: str
    words: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """The store in numbers; averages are over judged dreams, and over those that hold up for the novelty. None: there is
    nothing to average."""

    total: int
    by_status: dict[str, int]
    by_tier: dict[int, int]
    by_type: dict[str, int]
    average_viability: float | None
    average_novelty: float | None
    tested_tier_1: int
    tier_1_success_rate: float | None
    high_novelty: int
    cross_project_viable: int
    adopted: int


def get_dream(store: DreamStore, dream_id: str) -> KeptDream | None:
    """Return one dream by its whole id."""
    return next(iter(_kept(store, "id = ?", (dream_id,), "id", 1)), None)


def beginning_with(store: DreamStore, start: str, limit: int = 10) -> list[KeptDream]:
    """Return the dreams whose id begins so, by id."""
    return _kept(store, "substr(id, 1, ?) = ?", (len(start), start), "id", limit)


def pending_evaluation(store: DreamStore, limit: int = 100) -> list[KeptDream]:
    """Return dreams that nobody judged, the newest first."""
    return _kept(store, "status = 'pending_evaluation'", (), _NEWEST, limit)


def by_status(store: DreamStore, status: Status, limit: int = -1) -> list[KeptDream]:
    """Return the dreams of a status, the last judged first."""
    return _kept(store, "status = ?", (status,), "evaluated_at DESC, generated_at DESC, id", limit)


def by_tier(store: DreamStore, tier: Tier, limit: int = -1) -> list[KeptDream]:
    """Return the dreams of a tier, whatever their status, the most viable first."""
    return _kept(store, "tier = ?", (tier,), "viability_score DESC, id", limit)


def by_type(store: DreamStore, kind: str, limit: int = -1) -> list[KeptDream]:
    """Return the dreams of a type, named in full or in short, the newest first.

    Raises:
        ValueError: there is no such type.
    """
    return _kept(store, "dream_type = ?", (dream_type(kind),), _NEWEST, limit)


def by_base_procedure(store: DreamStore, path: str, qualname: str, limit: int = -1) -> list[KeptDream]:
    """Return the dreams of a procedure in any of its wordings, the newest first."""
    return _kept(store, "base_path = ? AND base_qualname = ?", (path, qualname), _NEWEST, limit)


def high_novelty(store: DreamStore, least: float = HIGH_NOVELTY, limit: int = 50) -> list[KeptDream]:
    """Return the dreams that hold up and are at least so novel, the most novel first."""
    return _kept(store, "holds_up AND novelty_score >= ?", (least,), "novelty_score DESC, id", limit)


def cross_project_viable(store: DreamStore, least: int = CROSS_PROJECT, limit: int = 50) -> list[KeptDream]:
    """Return tier 1 dreams whose transform gave a dream in at least so many projects, the widest first."""
    order = "cross_project_matches DESC, viability_score DESC, id"
    return _kept(store, "tier = 1 AND cross_project_matches >= ?", (least,), order, limit)


def journal(
    store: DreamStore,
    *,
    limit: int,
    tier: Tier | None = None,
    since: str | None = None,
    status: Status | None = None,
    kind: str | None = None,
) -> list[KeptDream]:
    """Return dreams of which all that is given holds, the newest first; `since` is an instant.

    Raises:
        ValueError: there is no such type.
    """
    wanted = {
        "tier = ?": tier,
        "generated_at >= ?": since,
        "status = ?": status,
        "dream_type = ?": dream_type(kind) if kind else None,
    }
    said = {condition: value for condition, value in wanted.items() if value is not None}
    return _kept(store, " AND ".join(said) or "1", tuple(said.values()), _NEWEST, limit)


def history(store: DreamStore, dream_id: str) -> list[Happened]:
    """Return what happened to a dream, in order."""
    found = store.rows(
        "SELECT generated_at AS at, 0 AS part, 0 AS number, 'dreamt' AS what, created_by AS words FROM dreamt WHERE id = ? "
        "UNION ALL SELECT evaluated_at, 1, number, 'judged', evaluator || ': ' || viability || ', tier ' || tier "
        "FROM verdicts WHERE dream_id = ? "
        "UNION ALL SELECT at, 2, number, CASE event WHEN 'retired' THEN 'archived' ELSE event END, "
        "reason || COALESCE(' (' || outcome || COALESCE(': ' || error, '') || ')', '') "
        "FROM dream_events WHERE dream_id = ? ORDER BY at, part, number",
        (dream_id,) * 3,
    )
    return [Happened(row["at"], row["what"], row["words"]) for row in found]


def verdicts(store: DreamStore, dream_id: str) -> list[Judged]:
    """Return what judges thought of a dream, in order; the last one counts."""
    found = store.rows("SELECT * FROM verdicts WHERE dream_id = ? ORDER BY number", (dream_id,))
    names = [each.name for each in dataclasses.fields(Judged) if each.name != "reasons"]
    return [Judged(**{name: row[name] for name in names}, reasons=_texts(row["reasons"])) for row in found]


def statistics(store: DreamStore) -> Statistics:
    """Count the store."""
    groups = store.rows(
        "SELECT status, tier, dream_type, COUNT(*) AS total, COUNT(adopted_at) AS adopted, "
        "COUNT(viability_score) AS judged, TOTAL(viability_score) AS viability, "
        "COUNT(CASE WHEN holds_up THEN novelty_score END) AS measured, "
        "TOTAL(CASE WHEN holds_up THEN novelty_score END) AS novelty, "
        "COUNT(CASE WHEN holds_up AND novelty_score >= ? THEN 1 END) AS high, "
        "COUNT(CASE WHEN tier = 1 AND cross_project_matches >= ? THEN 1 END) AS wide, "
        "COUNT(CASE WHEN tier = 1 AND test_outcome IN ('success', 'failure') THEN 1 END) AS tested, "
        "COUNT(CASE WHEN tier = 1 AND test_outcome = 'success' THEN 1 END) AS passed "
        "FROM dream_procedures GROUP BY status, tier, dream_type",
        (HIGH_NOVELTY, CROSS_PROJECT),
    )

    def summed(name: str) -> Any:
        return sum(row[name] for row in groups)

    return Statistics(
        total=summed("total"),
        by_status=_counted(groups, "status"),
        by_tier=_counted(groups, "tier"),
        by_type=_counted(groups, "dream_type"),
        average_viability=_ratio(summed("viability"), summed("judged")),
        average_novelty=_ratio(summed("novelty"), summed("measured")),
        tested_tier_1=summed("tested"),
        tier_1_success_rate=_ratio(summed("passed"), summed("tested")),
        high_novelty=summed("high"),
        cross_project_viable=summed("wide"),
        adopted=summed("adopted"),
    )


def _kept(store: DreamStore, where: str, values: Sequence[Any], order: str, limit: int) -> list[KeptDream]:
    sql = f"SELECT * FROM dream_procedures WHERE {where} ORDER BY {order} LIMIT ?"  # noqa: S608 -- constants of this module
    return [_kept_dream(row) for row in store.rows(sql, (*values, limit))]


def _kept_dream(row: sqlite3.Row) -> KeptDream:
    names = (
        *("base_procedure_id", "evaluator", "evaluator_model", "said_tier", "evaluated_at"),
        *("test_outcome", "test_error", "test_timestamp"),
        *("archived_at", "archived_reason", "adopted_at", "changed_at"),
    )
    return KeptDream(
        dream=dream_of_row(row),
        reasons=_texts(row["claude_reasoning"]),
        novelty=row["novelty_score"],
        matches=row["cross_project_matches"],
        effectiveness=row["effectiveness_metric"],
        holds_up=bool(row["holds_up"]),
        **{name: row[name] for name in names},
    )


def _texts(value: str | None) -> tuple[str, ...]:
    return msgspec.json.decode(value, type=tuple[str, ...]) if value else ()


def _counted(groups: Sequence[sqlite3.Row], column: str) -> dict[Any, int]:
    counts: dict[Any, int] = {}
    for row in groups:
        if row[column] is not None:
            counts[row[column]] = counts.get(row[column], 0) + int(row["total"])
    return dict(sorted(counts.items()))


def _ratio(part: float, whole: int) -> float | None:
    return part / whole if whole else None
