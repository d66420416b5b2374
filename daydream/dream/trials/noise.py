"""What this machine cannot tell from nothing tonight: identical code compared with itself."""

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from daydream.contracts.sandbox import Inputs, Sandbox, Unit
from daydream.dream.trials.effectiveness import sample
from daydream.dream.trials.effectiveness_blocks import Block, Maker, Timing, Unmeasurable
from daydream.dream.trials.effectiveness_interval import Interval, bootstrap
from daydream.dream.trials.effectiveness_types import Plan

LEAST = 1.01
"""Layout and alignment alone move code by so much. Source: Mytkowicz et al., ASPLOS 2009."""
_SIDE = 0.025
_REFERENCE = """def reference(number):
    words = [f"w{(number * step) % 41}" for step in range(60)]
    counted = {}
    for word in words:
        counted[word] = counted.get(word, 0) + len(word)
    total = 0
    for step in range(200):
        total += number * step % 97
    return total + len(sorted(counted.items()))
"""
REFERENCE = Unit(module="daydream_reference", qualname="reference", variant=_REFERENCE)
"""Work of mixed sorts, in a module of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor:
    """A ratio below which a gain is not claimed, with what identical code seemed to differ by; `measured` is False where
    there was no figure, and then nothing can be claimed."""

    ratio: float
    low: float | None = None
    high: float | None = None
    repetitions: int = 0
    cpu_s: float = 0.0
    measured: bool = True
    reason: str = ""


def reference_inputs(repetition: int, count: int) -> Sequence[Inputs]:
    """Inputs of the reference work."""
    rng = random.Random(f"reference:{repetition}")  # noqa: S311 - data, not secrets
    return [Inputs((rng.randrange(10**9),)) for _ in range(count)]


def noise_floor(
    lane: Sandbox,
    unit: Unit = REFERENCE,
    make: Maker = reference_inputs,
    *,
    plan: Plan | None = None,
    check: Callable[[], None] = lambda: None,
) -> Floor:
    """Time one and the same code as base and as dream; the floor is the farther end of its 95 % interval,
    at least 1 %."""
    plan = plan or Plan()
    timing = Timing(lane, (unit, unit), make, plan)
    blocks: list[Block] = []
    try:
        sample(timing, plan, blocks, check, lambda _share, _before: False)
    except Unmeasurable as error:
        return Floor(ratio=LEAST, cpu_s=timing.spent_s, measured=False, reason=error.why)
    found = _interval(blocks, plan)
    return Floor(
        ratio=max(LEAST, math.exp(max(abs(found.low), abs(found.high)))),
        low=math.exp(found.low),
        high=math.exp(found.high),
        repetitions=len(blocks),
        cpu_s=timing.spent_s,
        reason=f"identical code seemed to differ by {math.exp(found.low):.4f} to {math.exp(found.high):.4f}",
    )


def _interval(blocks: Sequence[Block], plan: Plan) -> Interval:
    logs = [math.log(each.base.call_s / each.dream.call_s) for each in blocks]
    rng = random.Random(plan.seed)  # noqa: S311 - resamples, not secrets
    return bootstrap(logs, _SIDE, rng, plan.resamples)
