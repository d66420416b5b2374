"""`dream.trial`: dreams of tier 1 are run, each beside its procedure on the same inputs, and their cost is compared.

First a sandbox proves itself and the machine's noise is measured; then one dream at a time, the most viable first, and a
few of tier 2 by lot, which shows whether judges can tell. Without a sandbox nothing is run.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from daydream import clock
from daydream.config.model import Config
from daydream.contracts.context import Context
from daydream.contracts.dream import Dream, Procedure, Status
from daydream.contracts.step import Step
from daydream.dream.learning.allocation import Learned, learned
from daydream.dream.trials.telling import SANDBOX, section
from daydream.records.outcome import Done, Outcome, Row, Skipped
from daydream.records.section import SectionData, SubStepResult
from daydream.store import dream_rows, trial_rows
from daydream.store.dream_rows import Tried, move_row
from daydream.store.dreams import DreamStore
from daydream.store.measuring import measuring
from daydream.store.trial_rows import Trial, TrialRun

if TYPE_CHECKING:
    from daydream.contracts.sandbox import Inputs
    from daydream.dream.trials.laboratory import Laboratory
    from daydream.dream.trials.trying import Found, Untried

STATE = "dream.trial"
_PREFIX = "trial-"
_ACROSS = "across"


def make(config: Config) -> Step:
    """Bind the step to what a trial may take."""
    return TrialStep(config)


class TrialStep:
    """See the module."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._opened: tuple[str, Laboratory] | None = None

    def plan(self, ctx: Context) -> Sequence[str]:
        """The sandbox, then a sub-step for each dream that is tried tonight; nothing where none waits."""
        with DreamStore.open(ctx.state / "dreams.db", read_only=True) as store:
            chosen = self._tonight(ctx, store)
        return sub_steps(chosen) if chosen else []

    def run(self, ctx: Context, sub_step: str, cursor: str | None) -> Outcome:
        """Try one dream."""
        from daydream.contracts.sandbox import SandboxRefused

        del cursor
        ctx.check()
        try:
            with DreamStore.open(ctx.state / "dreams.db", read_only=True) as store:
                if sub_step == SANDBOX:
                    return self._proved(ctx)
                ran = trial_rows.trial_run(store, ctx.run)
                if ran is None:
                    return Skipped(reason="there is no sandbox tonight")
                if sub_step == _ACROSS:
                    self.close()
                    return _across(ctx, store)
                return self._tried(ctx, store, ran, sub_step.removeprefix(_PREFIX))
        except SandboxRefused as error:
            return Skipped(reason=f"nothing was tried, because no sandbox can be had: {error}")

    def section(self, results: Sequence[SubStepResult]) -> SectionData:
        """Add up the trials."""
        return section(results)

    def open(self, ctx: Context) -> None:
        """Make the ground and start the sandbox, so that from now on nothing is read from the tree.

        Raises:
            SandboxRefused: none can be had.
        """
        self._laboratory(ctx)

    def _laboratory(self, ctx: Context) -> "Laboratory":
        from daydream.dream.trials.laboratory import Laboratory

        if self._opened is None or self._opened[0] != ctx.run:
            self.close()
            self._opened = (ctx.run, Laboratory(ctx, self._config.sandbox))
            self._opened[1].expect(self._awaited(ctx))
        return self._opened[1]

    def _awaited(self, ctx: Context) -> list[Procedure]:
        """The procedures whose dreams are tried tonight."""
        with DreamStore.open(ctx.state / "dreams.db", read_only=True) as store:
            chosen = dream_rows.dreams_by_id(store, self._tonight(ctx, store))
            found = {each.base: _procedure(ctx, store, each) for each in chosen}
        return [each for each in found.values() if each is not None]

    def _tonight(self, ctx: Context, store: DreamStore) -> list[str]:
        known = learned(ctx, store, wanted=self._config.dream.learn)
        options = self._config.trials
        return _chosen(store, ctx.run, options.per_night, options.sample_percent, known)

    def close(self) -> None:
        """End the sandboxes that are open."""
        if self._opened is not None:
            self._opened[1].close()
            self._opened = None

    def _proved(self, ctx: Context) -> Outcome:
        from daydream.dream.trials.effectiveness_types import Plan
        from daydream.dream.trials.noise import LEAST, Floor, noise_floor

        laboratory = self._laboratory(ctx)
        plan = Plan(cpu_s=self._config.trials.compare, seed=_seed(ctx.run))
        with measuring(laboratory.beside, ctx.check) as busy:
            floor = (
                noise_floor(laboratory.base_lane(0), plan=plan, check=ctx.check)
                if busy is None
                else Floor(ratio=LEAST, measured=False, reason=busy)
            )
        ran = TrialRun(
            laboratory.backend.key,
            laboratory.ground.tag,
            floor.ratio if floor.measured else None,
            clock.to_text(ctx.started_at),
        )
        facts = {
            "backend": ran.backend,
            "refused": list(laboratory.refused),
            "about": list(laboratory.about),
            "floor": {"ratio": ran.noise_floor, "low": floor.low, "high": floor.high, "reason": floor.reason},
        }
        return Done(facts=facts, rows=(trial_rows.trial_run_row(ran),))

    def _tried(self, ctx: Context, store: DreamStore, ran: TrialRun, dream_id: str) -> Outcome:
        from daydream.dream.trials.trying import tried

        dream = next((each for each in dream_rows.dreams_by_id(store, [dream_id])), None)
        if dream is None or dream.status not in ("evaluated", "pending_test"):
            return Skipped(reason="the dream is no longer there")
        procedure = _procedure(ctx, store, dream)
        if procedure is None:
            return Skipped(reason="its procedure reads differently by now")
        why = trial_rows.why_unexercised(store, dream)
        if why is not None:
            return Done(facts=_untried(dream, why))
        laboratory = self._laboratory(ctx)
        kept = [inputs_of(each) for each in trial_rows.counterexamples(store, dream.base)]
        ctx.progress(f"{dream.base_path}:{dream.base_qualname}", 1, 1)
        found = tried(
            ctx, laboratory, procedure, dream, kept, ran.noise_floor, self._config.trials, _seed(ctx.run)
        )
        return outcome_of(dream, found, ran, clock.to_text(ctx.started_at), _seed(ctx.run))


def outcome_of(dream: Dream, found: "Found | Untried", ran: TrialRun, at: str, seed: int) -> Done:
    """Return the rows and facts that a trial leaves; `at` is the instant of its night, `seed` what its inputs grew from."""
    from daydream.dream.trials.trying import Untried

    if isinstance(found, Untried):
        return Done(facts=_untried(dream, found.why), rows=(trial_rows.unexercised_row(dream, found.why),))
    trial = Trial(
        dream_id=dream.id,
        at=at,
        sampled=dream.tier != 1,
        backend=ran.backend,
        ground=ran.ground,
        seed=seed,
        noise_floor=ran.noise_floor,
        **found.columns,
    )
    rows = [trial_rows.trial_row(trial), *_moves(dream, trial, at)]
    rows += [trial_rows.counterexample_row(dream, _plain(each), at) for each in found.differing]
    return Done(facts=_facts(dream, trial), rows=tuple(rows))


def _untried(dream: Dream, why: str) -> dict[str, Any]:
    return {"unexercised": why, "procedure": f"{dream.base_path}:{dream.base_qualname}"}


def sub_steps(dreams: Sequence[str]) -> list[str]:
    """What trying these dreams takes, in order."""
    return [SANDBOX, *(f"{_PREFIX}{each}" for each in dreams), _ACROSS]


def _across(ctx: Context, store: DreamStore) -> Outcome:
    """Withdraw the gains that so many comparisons show by chance, and note of the others that they stand."""
    from daydream.dream.trials.effectiveness import Effect, across

    timed = [
        each
        for each in trial_rows.trials(store, run=ctx.run)
        if each.effect in ("gained", "not_shown", "slower")
    ]
    verdicts: Mapping[str, Any] = {"gained": "gained", "not_shown": "not shown", "slower": "slower"}
    effects = [
        Effect(
            floor=each.noise_floor or 1.0,
            verdict=verdicts[each.effect or ""],
            reason="",
            p=each.evidence.get("effect", {}).get("p"),
        )
        for each in timed
    ]
    gains = [pair for pair in zip(timed, across(effects), strict=True) if pair[0].effect == "gained"]
    withdrawn = [
        replace(trial, effect="not_shown", evidence={**trial.evidence, "withdrawn": effect.reason})
        for trial, effect in gains
        if effect.verdict != "gained"
    ]
    stand = [
        replace(trial, evidence={**trial.evidence, "weighed": len(timed)})
        for trial, effect in gains
        if effect.verdict == "gained"
    ]
    facts = {"withdrawn": [each.dream_id for each in withdrawn]}
    return Done(facts=facts, rows=tuple(trial_rows.trial_row(each) for each in (*withdrawn, *stand)))


def _chosen(
    store: DreamStore, run: str, per_night: int, percent: int, known: Learned | None = None
) -> list[str]:
    """The dreams to try tonight: of tier 1 the most viable first, one procedure after the other, or those that promise
    most by what is `known`; beside them some of tier 2 by lot."""
    first = trial_rows.waiting(store, 1)
    turns: dict[tuple[str, str, int], int] = {}
    ranked = []
    for each in first:
        turns[each.base] = turns.get(each.base, 0) + 1
        ranked.append((turns[each.base], each))
    ordered = [each for _, each in sorted(ranked, key=lambda pair: pair[0])]
    second = trial_rows.waiting(store, 2)
    rng = random.Random(f"{run} tier 2")  # noqa: S311 -- a lot that can be drawn again
    few = min(len(second), per_night * percent // 100)
    drawn = [each.id for each in rng.sample(second, few)]
    most = per_night - len(drawn)
    best = ordered[:most] if known is None else known.tried_first(first, ordered, most)
    return [*(each.id for each in best), *drawn]


def _procedure(ctx: Context, store: DreamStore, dream: Dream) -> Procedure | None:
    latest = dream_rows.snapshot(store, ctx.run) or dream_rows.last_snapshot(store)
    found = dream_rows.procedures(store, latest.run, [dream.base_path]) if latest else []
    same = (each for each in found if each.key == dream.base and each.source_hash == dream.base_source_hash)
    return next(same, None)


def _moves(dream: Dream, trial: Trial, at: str) -> list[Row]:
    """The dream's moves: what could not be decided stays where it was."""
    if trial.outcome == "undecided":
        return []
    waits: Status = "pending_test"
    rows = [] if dream.status == waits else [move_row(dream, waits, "chosen for a trial", at)]
    passed = trial.outcome == "behaviour_preserving" or bool(trial.evidence.get("mended"))
    came_to = Tried("success" if passed else "failure", None if passed else trial.reason, trial.effectiveness)
    return [*rows, move_row(replace(dream, status=waits), "tested", trial.outcome, at, came_to)]


def _facts(dream: Dream, trial: Trial) -> dict[str, Any]:
    """What the section tells of a trial."""
    return {
        "dream": dream.id,
        "name": dream.name,
        "type": dream.dream_type,
        "procedure": f"{dream.base_path}:{dream.base_qualname}",
        "tier": dream.tier,
        "outcome": trial.outcome,
        "category": trial.category,
        "reason": trial.reason,
        "effect": trial.effect,
        "effectiveness": trial.effectiveness,
        "low": trial.effect_low,
        "high": trial.effect_high,
        "counts": dict(trial.counts),
        "growth": _growth(trial),
        "mended": len(trial.evidence.get("mended", ())),
    }


def _growth(trial: Trial) -> str | None:
    """What a gain says of larger inputs: something only where the dream's exponent is clearly lower."""
    told = trial.evidence.get("scaling")
    if told is None or not told["lower"]:
        return None
    from daydream.dream.trials.growth import words

    return words(told)


def inputs_of(tree: Mapping[str, Any]) -> "Inputs":
    """Return inputs as the store holds them."""
    from daydream.contracts.sandbox import Inputs

    return Inputs(tuple(tree["given"]), tuple((name, value) for name, value in tree["named"]))


def _plain(inputs: "Inputs") -> dict[str, Any]:
    return asdict(inputs)


def _seed(run: str) -> int:
    return random.Random(run).randrange(2**31)  # noqa: S311 -- the same for a run
