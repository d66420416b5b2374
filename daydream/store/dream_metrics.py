"""What the score of a night reads from the dream store and what it leaves there: measurements, and records of generation."""

import dataclasses
import sqlite3
from typing import Any

import msgspec

from daydream.contracts.dream import Dream
from daydream.records.outcome import Row
from daydream.store.dream_rows import dream_of_row
from daydream.store.dreams import DreamStore
from daydream.store.json_text import json_text


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class GenerationRun:
    """What one night generated. `duration_seconds` is None where it was not measured."""

    run: str
    strategy: str | None
    timestamp: str
    total: int
    by_type: dict[str, int]
    duration_seconds: float | None
    model_usage: dict[str, Any]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    """A night's measurement of the dream half; see docs/dreams.md for the formulas. None: not measured."""

    run: str
    timestamp: str
    average_viability_score: float | None
    tier1_count: int
    tier2_count: int
    tier3_count: int
    tier1_test_success_rate: float | None
    tier1_test_count: int
    average_novelty_score: float | None
    high_novelty_count: int
    cross_project_adoption_rate: float | None
    dreams_adopted_count: int
    dreams_count: int
    average_generation_time_seconds: float | None
    api_requests_per_dream: float | None
    novelty: float | None
    quality: float | None
    leverage: float | None
    efficiency: float | None
    novelty_score_weighted: float | None
    quality_evolution_weighted: float | None
    cross_project_leverage_weighted: float | None
    efficiency_weighted: float | None
    compound_health_score: float | None
    status: str
    weights: dict[str, int]
    missing: dict[str, str]


def generation_runs(store: DreamStore, *, since: str = "", limit: int = -1) -> list[GenerationRun]:
    """Return what nights since an instant generated, the last first."""
    sql = "SELECT * FROM dream_generation_runs WHERE timestamp >= ? ORDER BY timestamp DESC, run DESC LIMIT ?"
    return [_generation_run(row) for row in store.rows(sql, (since, limit))]


def metrics(store: DreamStore, *, since: str = "") -> list[Metrics]:
    """Return the measurements of nights since an instant, the oldest first."""
    sql = "SELECT * FROM dream_metrics WHERE timestamp >= ? ORDER BY timestamp, id"
    return [_metrics(row) for row in store.rows(sql, (since,))]


def latest_metrics(store: DreamStore) -> Metrics | None:
    """Return the last night's measurement."""
    found = store.rows("SELECT * FROM dream_metrics ORDER BY timestamp DESC, id DESC LIMIT 1")
    return _metrics(found[0]) if found else None


def metrics_row(measured: Metrics) -> Row:
    """Return the row of a measurement."""
    values = {
        each.name: getattr(measured, each.name) for each in dataclasses.fields(Metrics) if each.name != "run"
    }
    written = {"weights": json_text(measured.weights), "missing": json_text(measured.missing)}
    return Row("dream_metrics", {**values, **written})


def unscored(store: DreamStore, limit: int, offset: int) -> list[Dream]:
    """Return dreams that are not archived and whose novelty nobody computed, those of a procedure together."""
    sql = (
        "SELECT * FROM dream_procedures WHERE novelty_score IS NULL AND status <> 'archived' "
        "ORDER BY base_path, base_qualname, base_occurrence, generated_at, seq, id LIMIT ? OFFSET ?"
    )
    return [dream_of_row(row) for row in store.rows(sql, (limit, offset))]


def codes_of_base(store: DreamStore, base: tuple[str, str, int]) -> list[tuple[str, str]]:
    """Return the ids and codes of all dreams of a procedure in any of its wordings, in the order of dreaming."""
    sql = (
        "SELECT id, code FROM dreamt WHERE base_path = ? AND base_qualname = ? AND base_occurrence = ? "
        "ORDER BY generated_at, seq, id"
    )
    return [(row[0], row[1]) for row in store.rows(sql, base)]


def unchanged_since(store: DreamStore, instant: str) -> list[Dream]:
    """Return dreams that are not archived and whose state last changed at or before an instant."""
    sql = "SELECT * FROM dream_procedures WHERE status <> 'archived' AND changed_at <= ? ORDER BY id"
    return [dream_of_row(row) for row in store.rows(sql, (instant,))]


def transforms(store: DreamStore) -> dict[str, list[str]]:
    """Return by transform the paths of procedures that it gave a dream of."""
    found: dict[str, list[str]] = {}
    for row in store.rows(
        "SELECT DISTINCT transform_id, base_path FROM dreamt ORDER BY transform_id, base_path"
    ):
        found.setdefault(row[0], []).append(row[1])
    return found


def reaches(store: DreamStore) -> dict[str, int]:
    """Return the number of projects last recorded of each transform."""
    rows = store.rows("SELECT transform_id, projects FROM transform_reach ORDER BY number")
    return {row[0]: row[1] for row in rows}


def _generation_run(row: sqlite3.Row) -> GenerationRun:
    kinds = (name for name in row.keys() if name.endswith("_count"))  # noqa: SIM118 -- a row yields values
    return GenerationRun(
        run=row["run"],
        strategy=row["strategy"],
        timestamp=row["timestamp"],
        total=row["total_dreams_generated"],
        by_type={name.removesuffix("_count"): row[name] for name in kinds},
        duration_seconds=row["duration_seconds"],
        model_usage=msgspec.json.decode(row["model_usage"], type=dict[str, Any]),
    )


def _metrics(row: sqlite3.Row) -> Metrics:
    values = {each.name: row[each.name] for each in dataclasses.fields(Metrics)}
    weights = msgspec.json.decode(row["weights"], type=dict[str, int])
    missing = msgspec.json.decode(row["missing"], type=dict[str, str])
    return Metrics(**{**values, "weights": weights, "missing": missing})
