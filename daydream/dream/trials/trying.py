"""One dream's trial from its inputs to its verdict: planned, compared with the procedure, and timed where that makes sense."""

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from daydream.analysis.source import NotParsed, function_tree, tree_of
from daydream.config.model import TrialOptions
from daydream.contracts.context import Context
from daydream.contracts.dream import Dream, Procedure
from daydream.contracts.sandbox import Inputs, Limits, Sandbox, Unit
from daydream.dream.trials.comparison import EXACT, Different, Rules, compare
from daydream.dream.trials.differential import Behaviour, Option, Settings, differential, survey
from daydream.dream.trials.differential_types import Baseline, Differing
from daydream.dream.trials.effectiveness import Effect, Plan, effectiveness
from daydream.dream.trials.growth import SHARE, growth
from daydream.dream.trials.harvesting import OwnTests, harvested, own_tests
from daydream.dream.trials.inputs import inputs_for
from daydream.dream.trials.inputs_further import further, shared_out
from daydream.dream.trials.inputs_pool import pool_of
from daydream.dream.trials.inputs_target import target_of
from daydream.dream.trials.keeping import digest, names_of
from daydream.dream.trials.keeping import kept as kept_inputs
from daydream.dream.trials.laboratory import Laboratory
from daydream.dream.trials.timing_pool import drawn, maker
from daydream.dream.trials.timing_pool_dream import on_pool
from daydream.dream.trials.withholding import looks_secret
from daydream.sandbox.guest.grammar import PLAIN_INT
from daydream.store.measuring import measuring
from daydream.store.trial_rows import Effect as Effected

_EFFECTS: Mapping[str, Effected] = {
    "gained": "gained",
    "not shown": "not_shown",
    "slower": "slower",
    "not measured": "not_measured",
}
_SHOWN = 3
_WITHHELD = "(withheld: an input looks like a secret)"
_OF_DREAM = 20
_PATIENCE_S = 5.0
"""What one call may take of a night that has many to make; a procedure that takes longer is not decided."""


@dataclass(frozen=True, slots=True)
class Untried:
    """A procedure that no trial can call, and why."""

    why: str


@dataclass(frozen=True, slots=True)
class Found:
    """What a trial came to: the columns of its row, and small inputs on which the dream differed."""

    columns: Mapping[str, Any]
    differing: tuple[Inputs, ...] = ()


def tried(
    ctx: Context,
    laboratory: Laboratory,
    procedure: Procedure,
    dream: Dream,
    kept: Sequence[Inputs],
    floor: float | None,
    options: TrialOptions,
    seed: int,
) -> Found | Untried:
    """Try one dream; `kept` are inputs on which earlier dreams of the procedure differed, `floor` is what the machine
    cannot tell from nothing (None: not measured, and no cost is compared).

    Raises:
        SandboxRefused: the sandbox is gone and cannot be had again.
    """
    base, varied = laboratory.unit(procedure), laboratory.unit(procedure, dream)
    if base is None or varied is None:
        return Untried("its file has no import name")
    text = laboratory.index.sources.get(procedure.path)
    if text is None:
        return Untried("its file cannot be read as UTF-8")
    recorded, notes = harvested(ctx, laboratory, procedure, base)
    within = laboratory.limits
    settings = Settings(limits=replace(within, wall_s=min(within.wall_s, _PATIENCE_S)))
    planned, more = shared_out(options.inputs, settings.further_rounds)
    plan = inputs_for(procedure, text, recorded, laboratory.index, seed, planned)
    if plan.not_exercisable is not None:
        return Untried(plan.not_exercisable)
    target = target_of(procedure, text, laboratory.index)
    receiver = target is not None and target.is_handed_over
    constants = (
        *(pool_of(target).ints if target is not None else ()),
        *_numbers(dream.code, _source(procedure, text)),
    )
    surveyed = survey(
        laboratory.base_lane, base, plan.shown, kept=kept, held_out=plan.held_out,
        further=lambda seen: further(seen, more, seed, receiver=receiver, constants=constants),
        settings=settings, check=ctx.check,
    )  # fmt: skip
    behaviour = differential(
        surveyed, laboratory.base_lane, laboratory.dream_lane, varied,
        option=_option(dream, varied), settings=settings, check=ctx.check,
    )  # fmt: skip
    asked = _asked(ctx, procedure, options, within, surveyed)
    if behaviour.verdict != "behaviour_preserving" and not behaviour.only_mends:
        return _row(behaviour, None, {}, notes, asked, names_of(procedure))
    names = [each.name for each in target.parameters if each.way.startswith("pos")] if target else []
    rules = replace(EXACT, addresses=surveyed.addresses)
    timing = Plan(cpu_s=options.compare, seed=seed, limits=settings.limits, rules=rules)

    def timed() -> Effect | Behaviour | None:
        if floor is None:
            return None
        return _timed(laboratory, (base, varied), surveyed, floor, timing, ctx, names, receiver=receiver)

    own = own_tests(ctx, laboratory, procedure, varied)
    found = _judged(behaviour, own, timed, notes, asked, names_of(procedure))
    return _with_evidence(laboratory, procedure, surveyed, found)


def _with_evidence(laboratory: Laboratory, procedure: Procedure, surveyed: Baseline, found: Found) -> Found:
    """Add to what a person may want to have what it was tried on and in."""
    if found.columns.get("effect") != "gained" and not found.columns["evidence"].get("mended"):
        return found
    known = found.columns["evidence"]
    inputs = {**known["inputs"], **kept_inputs(procedure, surveyed.seen)}
    evidence = {**known, "inputs": inputs, "environment": laboratory.environment()}
    return replace(found, columns={**found.columns, "evidence": evidence})


def _asked(
    ctx: Context, procedure: Procedure, options: TrialOptions, within: Limits, surveyed: Baseline
) -> dict[str, Any]:
    """What a replay needs, and a hash by which it knows that it is about the same inputs."""
    return {
        "commit": ctx.examination.commit,
        "test_paths": [*procedure.test_paths],
        "options": {
            "inputs": options.inputs,
            "compare": options.compare,
            "memory": within.memory_bytes,
            "timeout": within.wall_s,
        },
        "inputs": {"count": len(surveyed.seen), "digest": digest([each.inputs for each in surveyed.seen])},
    }


def _judged(
    behaviour: Behaviour,
    own: OwnTests,
    timed: Callable[[], Effect | Behaviour | None],
    notes: Sequence[str],
    asked: Mapping[str, Any],
    names: Sequence[str],
) -> Found:
    """What becomes of a dream that does the same on all inputs, or differs only where its procedure raises: its
    repository's own tests have a say, then, where it does the same, its cost."""
    preserving = behaviour.verdict == "behaviour_preserving"
    if own.broken is not None:
        told = {"outcome": "failing", "category": "logic", "reason": own.broken} if preserving else {}
        return _row(behaviour, None, told, notes, asked, names)
    notes = [*notes, *own.notes]
    asked = {**asked, "own_tests": own.passed, "mended": [*own.mended]}
    effect = timed() if preserving else None
    if isinstance(effect, Behaviour):
        return _row(effect, None, {}, notes, {**asked, "mended": []}, names)
    if effect is not None and effect.differing is not None:
        told = {"outcome": "behaviour_changing", "category": "logic", "reason": effect.reason}
        return _row(behaviour, None, told, notes, {**asked, "mended": []}, names, (effect.differing,))
    return _row(behaviour, effect, {}, notes, asked, names)


def _timed(
    laboratory: Laboratory,
    units: tuple[Unit, Unit],
    surveyed: Baseline,
    floor: float,
    plan: Plan,
    ctx: Context,
    names: Sequence[str],
    *,
    receiver: bool,
) -> Effect | Behaviour:
    """Compare costs on inputs that the procedure returned on, changed a little; where the dream is not dearer, also how they
    grow with the size of an input. What is returned is a behaviour where on one of them the dream does something else."""
    returned = [each for each in surveyed.answered if each.answer is not None and each.answer.has_returned]
    normal = [each for each in returned if not builds(each.inputs, receiver=receiver)] or returned
    base = laboratory.base_lane(0)
    pool = drawn(
        base, units[0], normal, seed=plan.seed, limits=laboratory.limits, receiver=receiver, check=ctx.check
    )
    if pool.why_few is not None:
        return Effect(floor=floor, verdict="not measured", reason=pool.why_few)
    behaviour = on_pool(
        pool, units, laboratory.base_lane, laboratory.dream_lane, laboratory.limits, ctx.check, plan.rules
    )
    if behaviour.verdict == "undecided":
        return Effect(floor=floor, verdict="not measured", reason=behaviour.reason)
    if behaviour.verdict != "behaviour_preserving":
        return behaviour
    lane: Sandbox = laboratory.dream_lane(0)
    timed = [each.inputs for each in pool.seen]
    with measuring(laboratory.beside, ctx.check) as busy:
        if busy is not None:
            return Effect(floor=floor, verdict="not measured", reason=busy)
        found = effectiveness(lane, *units, maker(timed, plan.seed), floor=floor, plan=plan, check=ctx.check)
        if found.verdict not in ("gained", "not shown"):
            return found
        grows = growth(
            lane,
            units,
            [each.inputs for each in normal],
            plan=replace(plan, cpu_s=plan.cpu_s * SHARE),
            limits=laboratory.limits,
            receiver=receiver,
            names=names,
            check=ctx.check,
        )
        if grows is None:
            return found
        where = differs_at(lane, units, grows.base.differing, plan.rules)
    if where is not None:
        why = f"it answers otherwise (at {where}) on a larger input"
        return Effect(floor=floor, verdict="not measured", reason=why, differing=grows.base.differing)
    return replace(found, growth=grows.told())


def differs_at(
    lane: Sandbox, units: tuple[Unit, Unit], inputs: Inputs | None, rules: Rules = EXACT
) -> str | None:
    """Where the answers to an input differ, None where they do not by the rules."""
    if inputs is None:
        return None
    base, dream = (lane.call(unit, inputs).answer for unit in units)
    found = compare(base, dream, rules) if base is not None and dream is not None else None
    return found.where if isinstance(found, Different) else None


def _source(procedure: Procedure, text: str) -> str:
    """A procedure's lines."""
    return "\n".join(text.split("\n")[procedure.first_line - 1 : procedure.last_line])


def _numbers(code: str, source: str) -> list[int]:
    """The integers that a dream's code has and its procedure's has not: where they stand, it may begin to do something else."""
    return sorted(_written(code) - _written(source))[:_OF_DREAM]


def _written(code: str) -> set[int]:
    try:
        node, _ = function_tree(code)
    except NotParsed:
        return set()
    values = [each.value for each in ast.walk(node) if isinstance(each, ast.Constant)]
    return {each for each in values if type(each) is int and abs(each) < PLAIN_INT}


def builds(inputs: Inputs, *, receiver: bool) -> bool:
    """Whether an argument other than the receiver is an object that is built from others, which an edit may make impossible."""

    def any_new(tree: Any) -> bool:
        if not isinstance(tree, list):
            return False
        return (len(tree) == 5 and tree[0] == "new") or any(map(any_new, tree))

    return any_new([*inputs.given[int(receiver) :]]) or any(any_new(value) for _, value in inputs.named)


def _option(dream: Dream, unit: Unit) -> Option | None:
    """The parameter that a dream adds, with a value other than its default; None where it adds none of a plain kind."""
    name = dream.details.get("parameter")
    if dream.dream_type != "conditional_variant" or not isinstance(name, str) or unit.variant is None:
        return None
    import textwrap

    try:
        tree = tree_of(textwrap.dedent(unit.variant))
    except NotParsed:
        return None
    for node in tree.body[:1]:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            pairs = zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
            default = next((value for each, value in pairs if each.arg == name), None)
            value = default.value if isinstance(default, ast.Constant) else None
            if isinstance(value, int):
                return Option(name, (not value) if isinstance(value, bool) else value + 1)
    return None


def told_of(case: Differing, *, is_kept: bool) -> dict[str, Any]:
    """What is stored of a differing case; of one whose inputs are not kept neither the answers, which may hold them."""
    if not is_kept:
        return {"where": case.where, "base": _WITHHELD, "dream": _WITHHELD, "inputs": None}
    return {"where": case.where, "base": case.base, "dream": case.dream, "inputs": asdict(case.inputs)}


def _row(
    behaviour: Behaviour,
    effect: Effect | None,
    told: Mapping[str, Any],
    notes: Sequence[str],
    asked: Mapping[str, Any],
    names: Sequence[str],
    more: tuple[Inputs, ...] = (),
) -> Found:
    shown = behaviour.differing[:_SHOWN]
    given = [*(each.inputs for each in shown), *more]
    kept = [each for each in given if not looks_secret(each, names)]
    if len(kept) < len(given):
        notes = [*notes, f"{len(given) - len(kept)} differing inputs look like secrets and are not kept"]
    evidence: dict[str, Any] = {
        **asked,
        "notes": [*notes, *behaviour.notes],
        "withheld": len(given) - len(kept),
        "differing": [told_of(each, is_kept=each.inputs in kept) for each in shown],
    }
    columns: dict[str, Any] = {
        "outcome": behaviour.verdict,
        "category": behaviour.category,
        "reason": behaviour.reason,
        "counts": asdict(behaviour.counts),
        "evidence": evidence,
        **told,
    }
    if effect is not None:
        columns |= {
            "effect": _EFFECTS[effect.verdict],
            "effectiveness": effect.ratio,
            "effect_low": effect.low,
            "effect_high": effect.high,
            "cpu_s": effect.cpu_s,
        }
        evidence["effect"] = {
            "reason": effect.reason,
            "repetitions": effect.repetitions,
            "p": effect.p,
            "per_call_s": effect.per_call_s,
            "memory": asdict(effect.memory) if effect.memory is not None else None,
        }
        if effect.growth is not None:
            evidence["scaling"] = dict(effect.growth)
    return Found(columns, tuple(kept))
