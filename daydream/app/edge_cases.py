"""A dream beside its procedure at the edges alone: empty, large, None, beside the constants of the code. Nothing is stored."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

from daydream.app.tryout import Tryout
from daydream.contracts.context import Context
from daydream.contracts.dream import Dream, Procedure
from daydream.contracts.sandbox import Inputs, Observation, Sandbox, Unit
from daydream.dream.trials.comparison import Different, Undecided, compare
from daydream.dream.trials.comparison_show import shown
from daydream.dream.trials.inputs import inputs_for
from daydream.dream.trials.laboratory import Laboratory
from daydream.errors import UsageError
from daydream.store import dream_rows

_OUTSIDE = ("edge", "violating")
_SEED = 0


def edge_cases(tryout: Tryout, beginning: str, most: int) -> list[dict[str, Any]]:
    """Call a dream and its procedure on at most `most` inputs at the edges: what was given, and whether they do the same (None: it
    cannot be told), with what each did where they do not.

    Raises:
        UsageError: there is no such dream, its procedure is not what it was, or cannot be called.
        TryAgain: a night works here.
        SandboxRefused: no sandbox can be had.
    """
    dream = tryout.dream(beginning)
    places = tryout.places()
    config = tryout.config(places)
    with tryout.store(places) as store:
        latest = dream_rows.last_snapshot(store)
        found = dream_rows.procedures(store, latest.run, [dream.base_path]) if latest else []
    wording = (*dream.base, dream.base_source_hash)
    procedure = next((each for each in found if (*each.key, each.source_hash) == wording), None)
    if procedure is None:
        msg = f"the procedure of {dream.id} reads differently by now, or is gone"
        raise UsageError(msg)
    with tryout.ground(places, config) as ctx:
        laboratory = Laboratory(ctx, config.sandbox)
    with closing(laboratory):
        return list(_compared(ctx, laboratory, procedure, dream, most))


def _compared(
    ctx: Context, laboratory: Laboratory, procedure: Procedure, dream: Dream, most: int
) -> Iterator[dict[str, Any]]:
    base, varied = laboratory.unit(procedure), laboratory.unit(procedure, dream)
    text = laboratory.index.sources.get(procedure.path)
    if base is None or varied is None or text is None:
        msg = "its procedure cannot be called: its file has no import name, or is not UTF-8"
        raise UsageError(msg)
    plan = inputs_for(procedure, text, (), laboratory.index, _SEED, max(4 * most, 40))
    if plan.not_exercisable is not None:
        msg = f"its procedure cannot be called: {plan.not_exercisable}"
        raise UsageError(msg)
    edges = [each.inputs for each in plan.inputs if each.origin in _OUTSIDE]
    for inputs in edges[:most]:
        ctx.check()
        yield _beside(laboratory.base_lane(0), laboratory.dream_lane(0), (base, varied), inputs)


def _beside(
    base_lane: Sandbox, dream_lane: Sandbox, units: tuple[Unit, Unit], inputs: Inputs
) -> dict[str, Any]:
    base, dream = base_lane.call(units[0], inputs), dream_lane.call(units[1], inputs)
    given = [shown(each) for each in inputs.given]
    told: dict[str, Any] = {
        "inputs": [*given, *(f"{name}={shown(each)}" for name, each in inputs.named)],
        "same": None,
        "base": _did(base),
        "dream": _did(dream),
        "why": "",
    }
    if base.answer is None or dream.answer is None:
        lost = [each.failure for each in (base, dream) if each.failure and each.failure.reason == "lost"]
        both = base.answer is None and dream.answer is None
        why = "neither answers" if both else "one of them has no answer"
        return {**told, "same": None if lost or both else False, "why": lost[0].detail if lost else why}
    found = compare(base.answer, dream.answer)
    if isinstance(found, Different):
        return {**told, "same": False, "why": f"at {found.where}: {found.dream} for {found.base}"}
    if isinstance(found, Undecided):
        return {**told, "why": f"at {found.where}: {found.why}"}
    return {**told, "same": True}


def _did(seen: Observation) -> str:
    if seen.answer is None:
        return seen.failure.detail if seen.failure is not None else "no answer"
    if seen.answer.raised is not None:
        return f"raises {seen.answer.raised[2]}"
    return shown(seen.answer.returned)
