"""Rows of the dream store about trials: what was tried, what came of it, and the inputs on which dreams differed."""

import dataclasses
import json
import sqlite3
from collections.abc import Mapping
from typing import Any, Literal

from daydream.contracts.dream import Dream
from daydream.records.outcome import Row
from daydream.store.dream_rows import dream_of_row, dreams_by_id, record_row
from daydream.store.dreams import DreamStore
from daydream.store.json_text import json_text

Behaved = Literal["behaviour_preserving", "behaviour_changing", "failing", "undecided"]
Effect = Literal["gained", "not_shown", "slower", "not_measured"]
Key = tuple[str, str, int]
_LAST = "t.number = (SELECT MAX(number) FROM trials WHERE dream_id = t.dream_id)"
"""A gain that was withdrawn has a second row, which is what counts."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A dream that was run on inputs.

    `outcome` says how it behaved beside its procedure, with the `category` of a failure (None: it has none) and the
    `reason` as a clause. `effect` is None where no cost was compared; `effectiveness` is baseline cost / dream cost with
    its interval, and `noise_floor` what the machine itself varies by, all None where not measured. `cpu_s` is what the
    comparison of costs took. `sampled`: not of tier 1, tried to keep judges honest. `counts` are numbers of inputs,
    `evidence` is JSON for whoever replays it.
    """

    dream_id: str
    outcome: Behaved
    reason: str
    at: str
    category: str | None = None
    effect: Effect | None = None
    effectiveness: float | None = None
    effect_low: float | None = None
    effect_high: float | None = None
    noise_floor: float | None = None
    cpu_s: float | None = None
    sampled: bool = False
    backend: str | None = None
    ground: str | None = None
    seed: int = 0
    counts: Mapping[str, int] = dataclasses.field(default_factory=dict)
    evidence: Mapping[str, Any] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, slots=True)
class TrialRun:
    """What a night tried in: the backend, the tag of its ground, and the noise floor of the machine (None: unknown)."""

    backend: str
    ground: str
    noise_floor: float | None
    at: str


def trial_row(trial: Trial) -> Row:
    """Return the row of a trial.

    Raises:
        ValueError: an effect without a preserved behaviour, a gain without its interval, or an interval that does not
            hold its value.
    """
    measured = (trial.effect_low, trial.effectiveness, trial.effect_high)
    if trial.effect is not None and trial.outcome != "behaviour_preserving":
        msg = f"the costs of {trial.dream_id} cannot be compared: it is {trial.outcome}"
        raise ValueError(msg)
    numbers = [each for each in measured if each is not None]
    if numbers and (len(numbers) < len(measured) or numbers != sorted(numbers)):
        msg = f"the effectiveness of {trial.dream_id} needs an interval that holds it, not {measured}"
        raise ValueError(msg)
    if trial.effect in ("gained", "slower") and not numbers:
        msg = f"the effect of {trial.dream_id} has no number"
        raise ValueError(msg)
    values = record_row("trials", trial).values
    texts = {"counts": json_text(trial.counts), "evidence": json_text(trial.evidence)}
    return Row("trials", {**values, **texts, "sampled": int(trial.sampled)})


def trial_run_row(run: TrialRun) -> Row:
    """Return the row of what a night tried in."""
    return record_row("trial_runs", run)


def counterexample_row(dream: Dream, inputs: Any, at: str) -> Row:
    """Return the row of inputs, as an encoded tree, on which a dream did not do what its procedure does."""
    return Row(
        "counterexamples", {**_base(dream), "dream_id": dream.id, "inputs": json_text(inputs), "at": at}
    )


def unexercised_row(dream: Dream, reason: str) -> Row:
    """Return the row of a procedure that no trial can call, with why."""
    return Row("unexercised", {**_base(dream), "reason": reason})


def why_unexercised(store: DreamStore, dream: Dream) -> str | None:
    """Return why no trial can call a dream's procedure in its wording, None where that is not known."""
    base = _base(dream)
    where = " AND ".join(f"{name} = ?" for name in base)
    found = store.rows(f"SELECT reason FROM unexercised WHERE {where} LIMIT 1", tuple(base.values()))  # noqa: S608 -- our own names
    return found[0][0] if found else None


def trials(store: DreamStore, *, run: str | None = None, limit: int = -1) -> list[Trial]:
    """Return trials, the newest first; only those of a run where given."""
    where = f"WHERE {_LAST} AND run = ?" if run is not None else f"WHERE {_LAST}"
    sql = f"SELECT * FROM trials t {where} ORDER BY number DESC LIMIT ?"  # noqa: S608 -- the condition is a constant
    return [_trial(row) for row in store.rows(sql, (*([run] if run is not None else []), limit))]


def last_trial(store: DreamStore, dream_id: str) -> Trial | None:
    """Return the last trial of a dream, if it was tried."""
    found = store.rows("SELECT * FROM trials WHERE dream_id = ? ORDER BY number DESC LIMIT 1", (dream_id,))
    return _trial(found[0]) if found else None


def worth_a_change(store: DreamStore) -> list[tuple[Trial, Dream]]:
    """Return what a person may want: dreams whose last trial shows a gain that was weighed among the comparisons of its
    night, or that a test of the repository passes which failed; those first, then the surest gain, then by id."""
    sql = (
        "SELECT t.* FROM trials t JOIN dreamt d ON d.id = t.dream_id "  # noqa: S608 -- the condition is a constant
        f"WHERE {_LAST} AND (t.effect = 'gained' OR t.evidence LIKE '%\"mended\":[\"%') ORDER BY t.dream_id"
    )
    found = [each for each in map(_trial, store.rows(sql)) if is_worth_a_change(each)]
    named = {each.id: each for each in dreams_by_id(store, [trial.dream_id for trial in found])}
    ordered = sorted(
        found, key=lambda each: (not each.evidence.get("mended"), -(each.effect_low or 0), each.dream_id)
    )
    return [(trial, named[trial.dream_id]) for trial in ordered]


def is_worth_a_change(trial: Trial) -> bool:
    """Whether the trial alone, the last of its dream, shows something that stands."""
    mended = trial.outcome in ("behaviour_preserving", "behaviour_changing") and trial.evidence.get("mended")
    return bool(mended) or (trial.effect == "gained" and "weighed" in trial.evidence)


def trial_run(store: DreamStore, run: str) -> TrialRun | None:
    """Return what this run tried in, if it did."""
    found = store.rows("SELECT backend, ground, noise_floor, at FROM trial_runs WHERE run = ?", (run,))
    return TrialRun(*found[0]) if found else None


def waiting(store: DreamStore, tier: int) -> list[Dream]:
    """Return the judged dreams of a tier that were not tried in this wording of their procedure, the most viable first."""
    found = store.rows(
        "SELECT * FROM dream_procedures d WHERE status IN ('evaluated', 'pending_test') AND tier = ? "
        "AND NOT EXISTS (SELECT 1 FROM trials t WHERE t.dream_id = d.id) "
        "AND NOT EXISTS (SELECT 1 FROM unexercised u WHERE u.base_path = d.base_path "
        "AND u.base_qualname = d.base_qualname AND u.base_occurrence = d.base_occurrence "
        "AND u.base_source_hash = d.base_source_hash) ORDER BY viability_score DESC, id",
        (tier,),
    )
    return [dream_of_row(row) for row in found]


def counterexamples(store: DreamStore, key: Key, limit: int = 50) -> list[Any]:
    """Return the inputs on which dreams of a procedure differed, whatever its wording then, the newest first."""
    found = store.rows(
        "SELECT inputs FROM counterexamples WHERE base_path = ? AND base_qualname = ? AND base_occurrence = ? "
        "GROUP BY inputs ORDER BY MAX(number) DESC LIMIT ?",
        (*key, limit),
    )
    return [json.loads(row[0]) for row in found]


def counterexamples_before(store: DreamStore, dream: Dream, limit: int = 50) -> list[Any]:
    """Return the inputs as `counterexamples` gave them when this dream was tried."""
    found = store.rows(
        "SELECT c.inputs FROM counterexamples c JOIN trials t ON t.number = "
        "(SELECT MIN(number) FROM trials WHERE dream_id = ?) "
        "WHERE c.base_path = ? AND c.base_qualname = ? AND c.base_occurrence = ? "
        "AND (c.at < t.at OR (c.run = t.run AND c.seq < t.seq)) "
        "GROUP BY c.inputs ORDER BY MAX(c.number) DESC LIMIT ?",
        (dream.id, *dream.base, limit),
    )
    return [json.loads(row[0]) for row in found]


def failures(store: DreamStore) -> list[tuple[str, str, int, str, str]]:
    """Count failures by category and transform, the most frequent first: category, transform, how often, the dream that
    failed last, and why."""
    sql = (
        "SELECT t.category, d.transform_id, COUNT(*), t.dream_id, t.reason, MAX(t.number) FROM trials t "  # noqa: S608 -- a constant
        f"JOIN dreamt d ON d.id = t.dream_id WHERE {_LAST} AND t.category IS NOT NULL AND t.outcome <> 'undecided' "
        "GROUP BY t.category, d.transform_id ORDER BY COUNT(*) DESC, t.category, d.transform_id"
    )
    return [(row[0], row[1], row[2], row[3], row[4]) for row in store.rows(sql)]


def by_transform(store: DreamStore) -> list[tuple[str, str, int, int, int]]:
    """Count trials by kind and transform: how many were decided, how many of these passed, how many gained."""
    sql = (
        "SELECT d.dream_type, d.transform_id, COUNT(*), SUM(t.outcome = 'behaviour_preserving'), "  # noqa: S608 -- a constant
        "SUM(t.effect IS 'gained') FROM trials t JOIN dreamt d ON d.id = t.dream_id "
        f"WHERE {_LAST} AND t.outcome <> 'undecided' GROUP BY d.dream_type, d.transform_id ORDER BY d.dream_type, d.transform_id"
    )
    return [(row[0], row[1], row[2], row[3], row[4]) for row in store.rows(sql)]


def judged(store: DreamStore) -> list[tuple[str, str, float, bool]]:
    """Return every verdict on a dream that a trial decided: who judged, the dream's type, its viability, whether it passed."""
    sql = (
        "SELECT v.evaluator, d.dream_type, v.viability, t.outcome = 'behaviour_preserving' FROM trials t "  # noqa: S608 -- a constant
        "JOIN verdicts v ON v.dream_id = t.dream_id JOIN dreamt d ON d.id = t.dream_id "
        f"WHERE {_LAST} AND t.outcome <> 'undecided' ORDER BY v.number"
    )
    return [(row[0], row[1], row[2], bool(row[3])) for row in store.rows(sql)]


def _base(dream: Dream) -> dict[str, Any]:
    return {
        "base_path": dream.base_path,
        "base_qualname": dream.base_qualname,
        "base_occurrence": dream.base_occurrence,
        "base_source_hash": dream.base_source_hash,
    }


def _trial(row: sqlite3.Row) -> Trial:
    values = {each.name: row[each.name] for each in dataclasses.fields(Trial)}
    decoded = {name: json.loads(values[name]) for name in ("counts", "evidence")}
    return Trial(**{**values, **decoded, "sampled": bool(values["sampled"])})
