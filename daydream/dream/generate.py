"""`dream.generate`: each kind is asked for variants of procedures that it has not seen in this wording.

A kind goes through the procedures in an order drawn from the run's name, those that tests mention first,
until its share of the night's dreams is made. What was visited is recorded, dreams or none.
"""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from daydream import clock
from daydream.analysis.source import Module, NotParsed, digest, parse
from daydream.config.model import Config, DreamOptions
from daydream.contracts.context import Context
from daydream.contracts.dream import Candidate, Kind, Policy, Procedure
from daydream.contracts.step import Step
from daydream.dream.acceptance import Checker, Kept, dream_of
from daydream.dream.kinds import KINDS
from daydream.dream.reading import NotRead, read
from daydream.records.outcome import Done, More, Outcome, Row, Skipped
from daydream.records.section import SectionData, SubStepResult
from daydream.store import dream_rows
from daydream.store.dream_rows import Visit, dream_row, json_text, record_row
from daydream.store.dreams import DreamStore

_PART = 150
_RELATED = 20
_REJECTIONS = ("does_not_compile", "no_op", "duplicate", "signature")
_COLUMNS = (
    "constraint_relaxation",
    "cross_project_synthesis",
    "parameter_exploration",
    "conditional_variant",
)


def make(config: Config) -> Step:
    """Bind the step to the numbers of dreams per night and per procedure."""
    return Generate(config.dream, KINDS)


class Generate:
    """See the module."""

    def __init__(self, options: DreamOptions, kinds: Sequence[Kind]) -> None:
        self._options = options
        self._kinds = {kind.key: kind for kind in kinds}
        self._order: tuple[tuple[str, str], list[tuple[str, str, int]]] | None = None

    def plan(self, ctx: Context) -> Sequence[str]:
        """One sub-step for each kind, then the record of them all; nothing where no dreams are wanted."""
        del ctx
        wanted = self._options.per_night and self._options.per_procedure
        return [*self._kinds, "record"] if wanted else []

    def run(self, ctx: Context, sub_step: str, cursor: str | None) -> Outcome:
        """Ask a kind about the next procedures; the cursor is how many it was asked about."""
        with DreamStore.open(ctx.state / "dreams.db", read_only=True) as store:
            if sub_step == "record":
                return _record(ctx, store)
            if dream_rows.snapshot(store, ctx.run) is None:
                return Skipped(reason="tonight's catalogue was not finished; the next night dreams again")
            return self._part(ctx, store, self._kinds[sub_step], int(cursor or 0))

    def section(self, results: Sequence[SubStepResult]) -> SectionData:
        """Add up the parts."""
        return section(results)

    def _part(self, ctx: Context, store: DreamStore, kind: Kind, start: int) -> Outcome:
        order = self._ordered(ctx, store, kind)
        left = self._share(kind) - dream_rows.count_dreams(store, ctx.run).get(kind.key, 0)
        keys = order[start : start + _PART]
        found = dream_rows.procedures(store, ctx.run, {path for path, _, _ in keys})
        known = {each.key: each for each in found}
        batch = [known[key] for key in keys]
        part = _Part(ctx, store, kind, found, _Room(self._options.per_procedure, left))
        for number, procedure in enumerate(batch, start=1):
            ctx.check()
            ctx.progress(procedure.path, number, len(batch))
            if part.left > 0:
                part.visit(procedure)
        rows, facts = tuple(part.rows), part.facts()
        after = start + _PART
        if part.left <= 0 or after >= len(order):
            return Done(facts=facts, rows=rows)
        return More(cursor=str(after), facts=facts, rows=rows)

    def _share(self, kind: Kind) -> int:
        """Return this kind's part of the night's dreams; the first kinds get what does not divide."""
        place = list(self._kinds).index(kind.key)
        whole, rest = divmod(self._options.per_night, len(self._kinds))
        return whole + int(place < rest)

    def _ordered(self, ctx: Context, store: DreamStore, kind: Kind) -> list[tuple[str, str, int]]:
        """Order the procedures with something left to dream; the same for every part of a run."""
        if self._order is None or self._order[0] != (ctx.run, kind.key):
            ctx.check()
            # Whole files at a time, so that each is parsed about once a night.
            paths = dream_rows.catalogued_paths(store, ctx.run)
            random.Random(f"{ctx.run} {kind.key}").shuffle(paths)  # noqa: S311 -- reproducible on purpose
            places = {path: place for place, path in enumerate(paths)}
            per_procedure = self._options.per_procedure
            found = dream_rows.unfinished(store, ctx.run, (kind.key, kind.version), per_procedure)
            ordered = [key for _, _, key in sorted((rank, places[key[0]], key) for key, rank in found)]
            self._order = ((ctx.run, kind.key), ordered)
        return self._order[1]


@dataclass(frozen=True, slots=True)
class _Room:
    """How many dreams may still be made: of one procedure, and by this kind tonight."""

    per_procedure: int
    left: int


class _Part:
    """The rows and counts of one part while it is made; `found` are the procedures of all its files."""

    def __init__(
        self, ctx: Context, store: DreamStore, kind: Kind, found: Sequence[Procedure], room: _Room
    ) -> None:
        self.rows: list[Row] = []
        self.left = room.left
        self._ctx, self._store, self._kind = ctx, store, kind
        self._per_procedure = room.per_procedure
        self._at = clock.to_text(ctx.started_at)
        self._counts: Counter[str] = Counter()
        self._filled_files: dict[str, list[Procedure]] = {}
        self._catalogued: dict[str, list[Procedure]] = {}
        for each in sorted(found, key=lambda each: (each.path, each.first_line)):
            self._catalogued.setdefault(each.path, []).append(each)

    def visit(self, procedure: Procedure) -> None:
        """Ask the kind about one procedure and keep what passes and still fits."""
        self._counts["procedures"] += 1
        base, related = self._filled(procedure)
        if base is None:
            self._counts["not_read"] += 1
            return
        rng = random.Random(f"{self._ctx.run} {self._kind.key} {base.key}")  # noqa: S311 -- reproducible on purpose
        candidates = self._kind.propose(base, related, Policy(self._per_procedure), rng)
        known = dream_rows.variant_hashes(self._store, base) if candidates else set()
        accepted = self._checked(base, candidates, known)
        self._keep(base, accepted, max(0, min(self.left, self._per_procedure - len(known))))

    def _checked(self, base: Procedure, candidates: Sequence[Candidate], known: set[str]) -> list[Kept]:
        if not candidates:
            return []
        checker = Checker(base, known)
        for candidate in candidates:
            self._ctx.check()
            checker.offer(candidate)
        self._counts.update(checker.rejected)
        return checker.kept

    def _keep(self, base: Procedure, accepted: Sequence[Kept], most: int) -> None:
        kept = accepted[:most]
        self.left -= len(kept)
        self._counts["dreams"] += len(kept)
        self._counts["varied"] += bool(kept)
        for candidate, variant_hash in kept:
            self.rows.append(dream_row(dream_of(base, self._kind, candidate, variant_hash, self._at)))
        which = (*base.key, base.source_hash, self._kind.key, self._kind.version)
        self.rows.append(record_row("generation_visits", Visit(*which, len(accepted), len(kept))))

    def _filled(self, procedure: Procedure) -> tuple[Procedure | None, list[Procedure]]:
        """Add the source of a procedure, and those before and after it; None: not as catalogued."""
        around = self._with_source(procedure.path)
        for place, each in enumerate(around):
            if each.key == procedure.key:
                before = around[max(0, place - _RELATED // 2) : place]
                return each, [*before, *around[place + 1 : place + 1 + _RELATED // 2]]
        return None, []

    def _with_source(self, path: str) -> list[Procedure]:
        """Return the procedures of a file that read as they were catalogued, with their sources."""
        if path not in self._filled_files:
            try:
                module = parse(read(self._ctx.tree, path), describe=False)
            except (NotRead, NotParsed):
                module = Module((), (), {})
            self._filled_files[path] = [
                replace(each, source=source, constants=module.constants)
                for each in self._catalogued[path]
                if digest(source := module.source(each.first_line, each.last_line)) == each.source_hash
            ]
        return self._filled_files[path]

    def facts(self) -> dict[str, Any]:
        """Return what this part counted."""
        names = ("procedures", "varied", "dreams", "not_read", *_REJECTIONS)
        return {"kind": self._kind.key, **{name: self._counts[name] for name in names}}


def _record(ctx: Context, store: DreamStore) -> Outcome:
    """Write the run's line for statistics. How long it took is telemetry and not known here."""
    counts = dream_rows.count_dreams(store, ctx.run)
    values: dict[str, Any] = {
        "strategy": None,
        "timestamp": clock.to_text(ctx.started_at),
        "total_dreams_generated": sum(counts.values()),
        **{f"{kind}_count": counts.get(kind, 0) for kind in _COLUMNS},
        "duration_seconds": None,
        "model_usage": json_text({}),
    }
    kept = dream_rows.count_by_status(store)
    return Done(facts={"kept": sum(kept.values())}, rows=(Row("dream_generation_runs", values),))


def section(results: Sequence[SubStepResult]) -> SectionData:
    """Add up the parts: dreams by kind, procedures visited and varied, candidates rejected by reason."""
    parts = [part for result in results for part in result.parts if "kind" in part]
    facts: dict[str, Any] = {
        name: sum(part[name] for part in parts) for name in ("dreams", "procedures", "varied", "not_read")
    }
    facts["by_kind"] = {
        kind: sum(part["dreams"] for part in parts if part["kind"] == kind) for kind in _kinds(parts)
    }
    facts["rejected"] = {name: sum(part[name] for part in parts) for name in _REJECTIONS}
    kept = [part["kept"] for result in results for part in result.parts if "kept" in part]
    facts["kept"] = kept[0] if kept else None
    notes = [f"{each.name} was {each.kind}: {each.reason}" for each in results if each.kind != "done"]
    if facts["not_read"] == 1:
        notes.append("1 procedure could not be read again as it was catalogued.")
    elif facts["not_read"]:
        notes.append(f"{facts['not_read']:,} procedures could not be read again as they were catalogued.")
    return SectionData(key="generate", title="Dreams", facts=facts, notes=tuple(notes))


def _kinds(parts: Sequence[dict[str, Any]]) -> list[str]:
    return list(dict.fromkeys(part["kind"] for part in parts))
