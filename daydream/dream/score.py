"""`dream.score`: how new each dream is, how far its transform reaches, what grew old, and how healthy it all is.

It says nothing in the report but how many dreams it looked at: the rest is for `dream health`.
"""

import datetime as dt
import itertools
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from daydream import clock
from daydream.analysis.source import NotParsed, decode, digest
from daydream.config.model import Config, DreamOptions
from daydream.contracts.context import Context
from daydream.contracts.dream import Dream, Procedure
from daydream.contracts.step import Step
from daydream.dream import health
from daydream.dream.novelty import novelty_score, project_of, structural_novelty
from daydream.dream.reading import NotRead, read
from daydream.records.outcome import Done, More, Outcome, Row
from daydream.records.section import SectionData, SubStepResult
from daydream.store import dream_metrics, dream_queries, dream_rows
from daydream.store.dream_rows import move_row
from daydream.store.dreams import DreamStore

_PART = 200
_GENERATION = "dream.generate"
_MOST_BYTES = 1_000_000


def make(config: Config) -> Step:
    """Bind the step to the weights of health and to how long a dream is kept."""
    return Score(config.dream)


class Score:
    """See the module."""

    def __init__(self, options: DreamOptions) -> None:
        self._options = options

    def plan(self, ctx: Context) -> Sequence[str]:
        """Three sub-steps, each of which reads what the one before left in the store."""
        del ctx
        return ("novelty", "standing", "health")

    def run(self, ctx: Context, sub_step: str, cursor: str | None) -> Outcome:
        """Do one of them; the cursor of the first is how many dreams it had to leave out so far."""
        ctx.check()
        with DreamStore.open(ctx.state / "dreams.db", read_only=True) as store:
            if sub_step == "novelty":
                return _novelty(ctx, store, int(cursor or 0))
            if sub_step == "standing":
                return _standing(ctx, store, self._options.retention_days)
            return _health(ctx, store, _weights(self._options))

    def section(self, results: Sequence[SubStepResult]) -> SectionData:
        """Add up the parts."""
        return section(results)


def _weights(options: DreamOptions) -> dict[str, int]:
    return {name: getattr(options, f"{name}_weight") for name in health.COMPONENTS}


def _novelty(ctx: Context, store: DreamStore, skipped: int) -> Outcome:
    """Compute the novelty of the next dreams that have none; a procedure that reads differently by now is left out."""
    dreams = dream_metrics.unscored(store, _PART, skipped)
    bases = _Bases(ctx, store, {dream.base_path for dream in dreams})
    rows: list[Row] = []
    left_out = 0
    for base, group in itertools.groupby(dreams, key=lambda dream: dream.base):
        codes = dream_metrics.codes_of_base(store, base)
        for dream in group:
            ctx.check()
            found = _of(dream, bases.source(dream), codes)
            left_out += found is None
            rows += [] if found is None else [_score_row(dream.id, found, clock.to_text(ctx.started_at))]
    facts = {"scored": len(rows), "not_scored": left_out}
    if len(dreams) < _PART:
        return Done(facts=facts, rows=tuple(rows))
    return More(cursor=str(skipped + left_out), facts=facts, rows=tuple(rows))


def _of(dream: Dream, source: str | None, codes: Sequence[tuple[str, str]]) -> float | None:
    if source is None:
        return None
    earlier = itertools.takewhile(lambda each: each[0] != dream.id, codes)
    try:
        return structural_novelty(dream.code, source, [code for _, code in earlier])
    except NotParsed:
        return None


def _score_row(dream_id: str, structural: float, at: str) -> Row:
    score = {"structural_novelty": structural, "behaviour_novelty": None}
    whole = novelty_score(structural, None)
    return Row("dream_scores", {"dream_id": dream_id, **score, "novelty_score": whole, "at": at})


class _Bases:
    """The procedures of some files in tonight's wording."""

    def __init__(self, ctx: Context, store: DreamStore, paths: Iterable[str]) -> None:
        self._tree = ctx.tree
        found = dream_rows.procedures(store, ctx.run, paths)
        self._procedures: dict[tuple[str, str, int], Procedure] = {each.key: each for each in found}
        self._read: tuple[str, list[str]] | None = None

    def source(self, dream: Dream) -> str | None:
        """Return the lines of a dream's procedure, None where they are not those that it varies."""
        procedure = self._procedures.get(dream.base)
        if procedure is None or procedure.source_hash != dream.base_source_hash:
            return None
        lines = self._lines(dream.base_path)[procedure.first_line - 1 : procedure.last_line]
        source = "\n".join(lines) + "\n"
        return source if digest(source) == dream.base_source_hash else None

    def _lines(self, path: str) -> list[str]:
        if self._read is None or self._read[0] != path:
            try:
                self._read = (path, decode(read(self._tree, path)).split("\n"))
            except (NotRead, NotParsed):
                self._read = (path, [])
        return self._read[1]


def _standing(ctx: Context, store: DreamStore, days: int) -> Outcome:
    """Count the projects that each transform reaches, and archive dreams of which nothing was heard for so long."""
    at = clock.to_text(ctx.started_at)
    known = dream_metrics.reaches(store)
    counts = {
        name: len(set(map(project_of, paths))) for name, paths in dream_metrics.transforms(store).items()
    }
    reached = [
        Row("transform_reach", {"transform_id": name, "projects": projects, "at": at})
        for name, projects in sorted(counts.items())
        if known.get(name) != projects
    ]
    cutoff = clock.to_text(ctx.started_at - dt.timedelta(days=days))
    unheard = "1 day" if days == 1 else f"{days} days"
    old = [
        move_row(dream, "archived", f"nothing happened to it for {unheard}", at)
        for dream in dream_metrics.unchanged_since(store, cutoff)
    ]
    return Done(facts={"retired": len(old)}, rows=(*reached, *old))


def _health(ctx: Context, store: DreamStore, weights: Mapping[str, int]) -> Outcome:
    week_ago = ctx.started_at - dt.timedelta(days=health.RECENT_DAYS)
    counted = health.Measured(
        statistics=dream_queries.statistics(store),
        projects=len(set(map(project_of, dream_rows.catalogued_paths(store, ctx.run)))),
        seconds=generation_seconds(ctx.state / "night" / "runs", week_ago, ctx.started_at),
        runs=dream_metrics.generation_runs(store, since=clock.to_text(week_ago)),
    )
    measured = health.measure(counted, weights, ctx.run, ctx.started_at)
    return Done(rows=(dream_metrics.metrics_row(measured),))


def generation_seconds(runs: Path, since: dt.datetime, until: dt.datetime) -> float | None:
    """Return how long generation took on average, by the telemetry of runs begun between two instants.

    How long tonight's took is known only once the night is over. A run whose generation was interrupted is left out.
    """
    taken = []
    for path in sorted(runs.glob("*/telemetry.jsonl")):
        events = _events(path)
        begun, seconds = _begun(events), _generation(events)
        if seconds is not None and begun is not None and since <= begun < until:
            taken.append(seconds)
    return round(sum(taken) / len(taken), 3) if taken else None


class _Event(msgspec.Struct):
    """What a run's telemetry says of one process that began or ended."""

    event: str
    at: str
    position: str = ""
    states_ms: dict[str, int] = msgspec.field(default_factory=dict)


def _generation(events: Sequence[_Event]) -> float | None:
    """The seconds of a run's generation, None unless one process did the whole of it."""
    running = False
    for event in events:
        if event.event == "start" and running:
            return None
        running = event.event == "start"
        if _GENERATION in event.states_ms:
            return event.states_ms[_GENERATION] / 1000
        if event.position == _GENERATION:
            return None
    return None


def _events(path: Path) -> list[_Event]:
    """The events of a run; none where the file is not as it was written, which may happen: it is never synced."""
    try:
        lines = path.read_bytes().splitlines() if path.stat().st_size <= _MOST_BYTES else []
        return [msgspec.json.decode(line, type=_Event) for line in lines]
    except (OSError, msgspec.DecodeError):
        return []


def _begun(events: Sequence[_Event]) -> dt.datetime | None:
    try:
        return clock.from_text(events[0].at) if events else None
    except ValueError:
        return None


def section(results: Sequence[SubStepResult]) -> SectionData:
    """Add up the parts: dreams whose novelty was computed or could not be, and those archived for their age."""
    parts: list[dict[str, Any]] = [part for result in results for part in result.parts]
    facts = {name: sum(part.get(name, 0) for part in parts) for name in ("scored", "not_scored", "retired")}
    notes = tuple(f"{each.name} was {each.kind}: {each.reason}" for each in results if each.kind != "done")
    return SectionData(key="score", title="Health", facts=facts, notes=notes)
