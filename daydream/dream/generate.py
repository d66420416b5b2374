"""`dream.generate`: each kind is asked for variants of procedures that it has not seen in this wording.

A kind goes through the procedures, those first that it was never asked about and among these the most valuable,
until its share of the night's dreams is made. What was visited is recorded, dreams or none.
"""

import math
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from daydream import clock
from daydream.config.model import Config
from daydream.contracts.context import Context
from daydream.contracts.dream import Candidate, Kind, Policy, Procedure
from daydream.contracts.step import Step
from daydream.dream.acceptance import Checker, Kept, dream_of
from daydream.dream.ensemble import VERSION, Ensemble, Work, kinds_of, opened
from daydream.dream.ensemble_strategy import STRATEGIES
from daydream.dream.kinds import KINDS
from daydream.dream.learning.allocation import Learned, learned
from daydream.dream.learning.answers import taken_over, waiting
from daydream.dream.selection import Focus, Key
from daydream.dream.tonight import Tonight
from daydream.records.outcome import Done, More, Outcome, Row, Skipped
from daydream.records.section import SectionData, SubStepResult
from daydream.store import dream_rows
from daydream.store.dream_rows import Visit, dream_row, record_row
from daydream.store.dreams import DreamStore
from daydream.store.json_text import json_text

_PART = 150
_ASKED = 8
_LARGEST_PART = 0.4
_FIRST_TURN = 0.4
_MODELS = "models:"
_ANSWERS = "answers"
_LEARNING = ("cross_project_synthesis",)
_REJECTIONS = ("does_not_compile", "no_op", "duplicate", "signature", "watches")
_COLUMNS = (
    "constraint_relaxation",
    "cross_project_synthesis",
    "parameter_exploration",
    "conditional_variant",
)


def make(config: Config) -> Step:
    """Bind the step to the numbers of dreams per night and per procedure, and to whoever may be asked.

    Raises:
        UsageError: the focus is no regular expression.
    """
    if config.dream.focus:
        Focus(config.dream.focus)
    return Generate(config, KINDS)


class Generate:
    """See the module."""

    def __init__(self, config: Config, kinds: Sequence[Kind]) -> None:
        self._config = config
        strategy = STRATEGIES[config.dream.strategy]
        self._caps = strategy.within(config.dream.per_procedure, config.dream.per_night)
        self._ensemble: tuple[str, Ensemble | None, tuple[str, ...]] | None = None
        self._kinds = {kind.key: kind for kind in kinds if kind.key in strategy.kinds}
        self._order: tuple[tuple[str, str], list[Key]] | None = None
        self._catalogue: Tonight | None = None
        self._known: tuple[str, Learned | None] | None = None

    def plan(self, ctx: Context) -> Sequence[str]:
        """One sub-step for answers that no night has read, one for each kind, one for each that models dream of, then the
        record of them all; nothing where no dreams are wanted."""
        wanted = self._caps.per_night and self._caps.per_procedure
        if not wanted:
            return []
        answers = [_ANSWERS] if self._config.dream.learn and waiting(ctx) else []
        asked = [_MODELS + kind for kind in kinds_of(self._config, ctx)]
        return [*answers, *self._kinds, *asked, "record"]

    def run(self, ctx: Context, sub_step: str, cursor: str | None) -> Outcome:
        """Ask a kind about the next procedures; the cursor is how many it was asked about."""
        with DreamStore.open(ctx.state / "dreams.db", read_only=True) as store:
            if sub_step == _ANSWERS:
                return taken_over(ctx, store)
            if sub_step == "record":
                return _record(ctx, store, self._usage(ctx), self._config.dream.strategy)
            if dream_rows.snapshot(store, ctx.run) is None:
                return Skipped(reason="tonight's catalogue was not finished; the next night dreams again")
            if sub_step.startswith(_MODELS):
                return self._asked(ctx, store, sub_step, cursor or f"0:{self._share_of_models(ctx)}")
            return self._part(ctx, store, self._kinds[sub_step], int(cursor or 0))

    def section(self, results: Sequence[SubStepResult]) -> SectionData:
        """Add up the parts."""
        return section(results)

    def _part(self, ctx: Context, store: DreamStore, kind: Kind, start: int) -> Outcome:
        tonight = self._tonight(ctx, store)
        order = self._ordered(ctx, store, kind)
        made = dream_rows.count_dreams(store, ctx.run)
        left = self._share(kind, made, self._learned(ctx, store)) - made.get(kind.key, 0)
        batch = [tonight.known[key] for key in order[start : start + _PART]]
        part = self._new_part(ctx, store, kind, left)
        for number, procedure in enumerate(batch, start=1):
            ctx.check()
            ctx.progress(procedure.path, number, len(batch))
            if part.left > 0:
                part.visit(procedure)
        rows, facts = tuple(part.rows()), part.facts()
        after = start + _PART
        if part.left <= 0 or after >= len(order):
            return Done(facts=facts, rows=rows)
        return More(cursor=str(after), facts=facts, rows=rows)

    def _asked(self, ctx: Context, store: DreamStore, sub_step: str, cursor: str) -> Outcome:
        """Ask models about the next procedures; the cursor is how many were asked about, and how many dreams are left."""
        models, notes = self._models(ctx)
        if models is None:
            return Skipped(reason="; ".join(notes) or "no model may be asked")
        start, left = map(int, cursor.split(":"))
        kind = _Imagining(sub_step)
        tonight = self._tonight(ctx, store)
        order = self._ordered(ctx, store, kind)
        keys = [key for key in order[start : start + _ASKED] if models.may_send(key[0])]
        part = self._new_part(ctx, store, kind, left)
        spent = part.imagine(models, [tonight.known[key] for key in keys])
        after = start + _ASKED
        rows = tuple(part.rows())
        facts = {**part.facts(), "models": models.facts(), "notes": list(models.notes)}
        if spent or part.left <= 0 or after >= len(order):
            return Done(facts=facts, rows=rows)
        return More(cursor=f"{after}:{part.left}", facts=facts, rows=rows)

    def _new_part(self, ctx: Context, store: DreamStore, kind: Kind, left: int) -> "_Part":
        tonight, known = self._tonight(ctx, store), self._learned(ctx, store)
        return _Part(ctx, store, kind, tonight, known, _Room(self._caps.per_procedure, left))

    def _learned(self, ctx: Context, store: DreamStore) -> Learned | None:
        """What earlier nights taught this one; None: nothing, or it is not wanted."""
        if self._known is None or self._known[0] != ctx.run:
            self._known = (ctx.run, learned(ctx, store, wanted=self._config.dream.learn))
        return self._known[1]

    def _tonight(self, ctx: Context, store: DreamStore) -> Tonight:
        if self._catalogue is None or self._catalogue.run != ctx.run:
            self._catalogue = Tonight(ctx, self._config.dream, store)
        return self._catalogue

    def _models(self, ctx: Context) -> tuple[Ensemble | None, tuple[str, ...]]:
        if self._ensemble is None or self._ensemble[0] != ctx.run:
            self._ensemble = (ctx.run, *opened(self._config, ctx, self._caps.per_reply))
        return self._ensemble[1], self._ensemble[2]

    def _usage(self, ctx: Context) -> dict[str, Any]:
        """What models did tonight, by name; closes their ledger."""
        models = self._models(ctx)[0] if kinds_of(self._config, ctx) else None
        self._ensemble = None
        if models is None:
            return {}
        usage: dict[str, Any] = models.facts()["models"]
        models.close()
        return usage

    def _share_of_models(self, ctx: Context) -> int:
        """What models may add for one kind: as much as the kinds themselves share out."""
        return self._caps.per_night // (len(self._kinds) + len(kinds_of(self._config, ctx)))

    def _share(self, kind: Kind, made: Mapping[str, int], known: Learned | None) -> int:
        """Return this kind's part of the night's dreams: an even part of what the kinds before it left over, or as
        much as is learnt that it is worth, but never more than two fifths of the night, or its even part of the whole."""
        place = list(self._kinds).index(kind.key)
        left = self._caps.per_night - sum(made.get(each, 0) for each in list(self._kinds)[:place])
        if known is not None:
            return known.share(list(self._kinds)[place:], left, self._caps.per_night, len(self._kinds))
        part = math.ceil(left / (len(self._kinds) - place))
        even = math.ceil(self._caps.per_night / len(self._kinds))
        return min(part, max(even, int(self._caps.per_night * _LARGEST_PART)))

    def _ordered(self, ctx: Context, store: DreamStore, kind: Kind) -> list[Key]:
        """Order the procedures with something left to dream; the same for every part of a run."""
        which = (visit_name(kind), kind.version)
        if self._order is None or self._order[0] != (ctx.run, which[0]):
            known = self._learned(ctx, store)
            ordered = self._tonight(ctx, store).ordered(
                store, which, self._caps.per_procedure, kind.key, known
            )
            self._order = ((ctx.run, which[0]), ordered)
        return self._order[1]


@dataclass(frozen=True, slots=True)
class _Room:
    """How many dreams may still be made: of one procedure, and by this kind tonight."""

    per_procedure: int
    left: int


@dataclass(frozen=True, slots=True)
class _Imagining:
    """A type of dream as models dream it: visited under a name of its own, stored under the type."""

    name: str
    version: int = VERSION

    @property
    def key(self) -> str:
        return self.name.removeprefix(_MODELS)

    def propose(
        self,
        procedure: Procedure,  # noqa: ARG002 -- the contract's
        related: Sequence[Procedure],  # noqa: ARG002 -- the contract's
        policy: Policy,  # noqa: ARG002 -- the contract's
        rng: random.Random,  # noqa: ARG002 -- the contract's
    ) -> Sequence[Candidate]:
        """Nothing: models are asked about many procedures at once, see `_Part.imagine`."""
        return ()


@dataclass(slots=True)
class _Found:
    """What may become dreams of one procedure: at most `most` of them, `kept` so far."""

    base: Procedure
    accepted: Sequence[Kept]
    most: int
    visited: bool
    skipped: int = 0
    kept: int = 0


class _Part:
    """The rows and counts of one part while it is made."""

    def __init__(
        self,
        ctx: Context,
        store: DreamStore,
        kind: Kind,
        tonight: Tonight,
        known: Learned | None,
        room: _Room,
    ) -> None:
        self.left = room.left
        self._found: list[_Found] = []
        self._ctx, self._store, self._kind, self._tonight = ctx, store, kind, tonight
        self._known = known
        self._learns = kind.key in _LEARNING
        self._per_procedure = room.per_procedure
        self._at = clock.to_text(ctx.started_at)
        self._counts: Counter[str] = Counter()

    def visit(self, procedure: Procedure) -> None:
        """Ask the kind about one procedure and keep what passes and still fits."""
        self._counts["visits"] += 1
        base, near = self._tonight.with_source(procedure)
        if base is None:
            self._counts["not_read"] += 1
            return
        around = {each.key for each in near}
        related = [*near, *(each for each in self._alike(base) if each.key not in around)]
        rng = random.Random(f"{self._ctx.run} {self._kind.key} {base.key}")  # noqa: S311 -- reproducible on purpose
        candidates = self._kind.propose(base, related, Policy(self._per_procedure), rng)
        known = dream_rows.variant_hashes(self._store, base) if candidates else set()
        accepted = self._checked(base, candidates, known)
        self._keep(base, accepted, self._room(base), visited=True)

    def imagine(self, models: Ensemble, batch: Sequence[Procedure]) -> bool:
        """Ask models about these procedures and keep what passes; say whether asking on is of no use tonight."""
        self._counts["visits"] += len(batch)
        filled = [self._tonight.with_source(procedure) for procedure in batch]
        self._counts["not_read"] += sum(base is None for base, _ in filled)
        work = [Work(base, self._alike(base) or near) for base, near in filled if base is not None]
        if self._learns:
            from daydream.dream.ensemble_match import matched

            work = matched(models, work, self._ctx.check)
        results = models.imagine(self._kind.key, work, self._ctx.check)
        for each, result in zip(work, results, strict=True):
            known = dream_rows.variant_hashes(self._store, each.procedure)
            accepted = self._checked(each.procedure, result.candidates, known)
            self._keep(each.procedure, accepted, self._room(each.procedure), visited=result.asked)
        return any(result.spent for result in results)

    def _alike(self, base: Procedure) -> list[Procedure]:
        """Those that resemble a procedure; nobody where the kind does not learn from others."""
        return self._tonight.alike(base) if self._learns else []

    def _room(self, base: Procedure) -> int:
        """How many more dreams of this kind a procedure may have, and the night."""
        there = dream_rows.count_of_kind(self._store, base, self._kind.key)
        return max(0, min(self.left, self._per_procedure - there))

    def _checked(self, base: Procedure, candidates: Sequence[Candidate], known: set[str]) -> list[Kept]:
        if not candidates:
            return []
        checker = Checker(base, known)
        for candidate in candidates:
            self._ctx.check()
            checker.offer(candidate)
        self._counts.update(checker.rejected)
        return checker.kept

    def _keep(self, base: Procedure, accepted: Sequence[Kept], most: int, *, visited: bool) -> None:
        """Keep some of these now; what more there may be of this procedure waits until the others had their turn."""
        skipped = 0
        if self._known is not None:
            arranged = self._known.arranged(self._kind.key, base.key, accepted)
            accepted, skipped = arranged.kept, arranged.skipped
            self._counts["skipped"] += skipped
        found = _Found(base, accepted, most, visited, skipped)
        found.kept = min(most, len(accepted), math.ceil(self._per_procedure * _FIRST_TURN))
        self.left -= found.kept
        self._found.append(found)

    def rows(self) -> list[Row]:
        """Return the dreams and the record of the visits; what room is left goes to those with more to offer."""
        for each in self._found:
            more = max(0, min(self.left, each.most - each.kept, len(each.accepted) - each.kept))
            each.kept += more
            self.left -= more
        rows: list[Row] = []
        for each in self._found:
            base, kept = each.base, each.accepted[: each.kept]
            self._counts["dreams"] += len(kept)
            rows += [dream_row(dream_of(base, self._kind, *candidate, self._at)) for candidate in kept]
            if each.visited:
                which = (*base.key, base.source_hash, visit_name(self._kind), self._kind.version)
                visit = Visit(*which, len(each.accepted) + each.skipped, len(kept), each.skipped)
                rows.append(record_row("generation_visits", visit))
        return rows

    def facts(self) -> dict[str, Any]:
        """Return what this part counted."""
        names = ("visits", "dreams", "not_read", *_REJECTIONS)
        counts = {name: self._counts[name] for name in names}
        counts |= {} if self._known is None else {"skipped": self._counts["skipped"]}
        return {"kind": self._kind.key, **counts, "about": list(self._tonight.notes)}


def visit_name(kind: Kind) -> str:
    """The name under which a procedure's visit by this kind is recorded."""
    return kind.name if isinstance(kind, _Imagining) else kind.key


def _record(ctx: Context, store: DreamStore, usage: Mapping[str, Any], strategy: str) -> Outcome:
    """Write the run's line for statistics. How long it took is telemetry and not known here."""
    counts = dream_rows.count_dreams(store, ctx.run)
    values: dict[str, Any] = {
        "strategy": strategy,
        "timestamp": clock.to_text(ctx.started_at),
        "total_dreams_generated": sum(counts.values()),
        **{f"{kind}_count": counts.get(kind, 0) for kind in _COLUMNS},
        "duration_seconds": None,
        "model_usage": json_text(usage),
    }
    kept = dream_rows.count_by_status(store)
    facts = {"kept": sum(kept.values()), "varied": dream_rows.count_varied(store, ctx.run)}
    return Done(facts=facts, rows=(Row("dream_generation_runs", values),))


def section(results: Sequence[SubStepResult]) -> SectionData:
    """Add up the parts: dreams by kind and of how many procedures, visits, candidates rejected by reason."""
    parts = [part for result in results for part in result.parts if "kind" in part]
    facts: dict[str, Any] = {
        name: sum(part[name] for part in parts) for name in ("dreams", "visits", "not_read")
    }
    facts["by_kind"] = {
        kind: sum(part["dreams"] for part in parts if part["kind"] == kind) for kind in _kinds(parts)
    }
    facts["skipped"] = sum(part.get("skipped", 0) for part in parts)
    facts["rejected"] = {name: sum(part.get(name, 0) for part in parts) for name in _REJECTIONS}
    recorded = next((part for result in results for part in result.parts if "kept" in part), None)
    facts |= {name: recorded[name] if recorded else None for name in ("kept", "varied")}
    notes = [f"{each.name} was {each.kind}: {each.reason}" for each in results if each.kind != "done"]
    notes += dict.fromkeys(note for part in parts for note in part["about"])
    if facts["not_read"] == 1:
        notes.append("1 procedure could not be read again as it was catalogued.")
    elif facts["not_read"]:
        notes.append(f"{facts['not_read']:,} procedures could not be read again as they were catalogued.")
    return SectionData(key="generate", title="Dreams", facts=facts, notes=tuple(notes))


def _kinds(parts: Sequence[dict[str, Any]]) -> list[str]:
    return list(dict.fromkeys(part["kind"] for part in parts))
