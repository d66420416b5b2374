"""How the cost of a procedure grows with the size of its input: an exponent with an interval."""

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from daydream.contracts.sandbox import Inputs, Limits, Sandbox, Unit
from daydream.dream.trials.effectiveness_interval import bootstrap
from daydream.dream.trials.effectiveness_types import Plan

Grow = Callable[[int, int], Inputs | None]
"""(size, repetition) -> a fresh input of that size, or None where there is none."""
SIZES = (1, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384)
_SEQUENCES = frozenset(
    ["list", "tuple", "set", "frozenset", "deque", "dict", "ordereddict", "defaultdict", "counter"]
)
_CLEAR = 3.0
_LEAST_SIZES = 3
_LEAST_REPETITIONS = 6
_REPETITIONS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaling:
    """Cost ~ size ** `exponent`, over `sizes` (those at which the work stands out from the call itself). None: not
    measured, and `reason` says why."""

    exponent: float | None = None
    low: float | None = None
    high: float | None = None
    sizes: tuple[int, ...] = ()
    repetitions: int = 0
    cpu_s: float = 0.0
    reason: str = ""


def size_of(inputs: Inputs) -> int | None:
    """Items, characters or bytes of the largest argument; None where no argument has a size."""
    sizes = [_size(tree) for tree in (*inputs.given, *(tree for _, tree in inputs.named))]
    return max((each for each in sizes if each is not None), default=None)


def _size(tree: Any) -> int | None:
    if type(tree) is str:
        return len(tree)
    if type(tree) is not list:
        return None
    if tree[0] in _SEQUENCES:
        return len(tree[1])
    if tree[0] in ("bytes", "bytearray", "file", "array"):
        return len(tree[-1]) * 3 // 4
    return None


def scaling(
    lane: Sandbox,
    units: Sequence[Unit],
    grow: Grow,
    *,
    sizes: Sequence[int] = SIZES,
    plan: Plan | None = None,
    check: Callable[[], None] = lambda: None,
) -> list[Scaling]:
    """Time each unit on the same fresh inputs of growing size, in one lane and in an order drawn by lot.

    Sizes stop at the first for which there is no answer, or no room for twelve repetitions in the plan's processor time, which
    is for all units together. The cost at the smallest size stands for what a call costs beside the work.
    """
    plan = plan or Plan()
    run = _Run(lane, tuple(units), grow, plan.limits, check)
    rng = random.Random(plan.seed)  # noqa: S311 - an order, not a secret
    usable = run.usable(sizes, plan.cpu_s)
    if len(usable) < _LEAST_SIZES:
        why = run.trouble or f"there are inputs of {len(usable)} sizes, {_LEAST_SIZES} are wanted"
        return [Scaling(reason=why, cpu_s=run.spent_s)] * len(units)
    costs: list[list[dict[int, float]]] = [[] for _ in units]
    for repetition in range(1, _REPETITIONS + 1):
        one_s = run.spent_s / repetition
        if run.spent_s + one_s > plan.cpu_s:
            break
        round_ = run.round(usable, repetition, rng)
        if round_ is None:
            break
        for at, each in enumerate(round_):
            costs[at].append(each)
    return [_fitted(each, usable, run, plan) for each in costs]


class _Run:
    def __init__(
        self,
        lane: Sandbox,
        units: tuple[Unit, ...],
        grow: Grow,
        limits: Limits | None,
        check: Callable[[], None],
    ) -> None:
        self.lane = lane
        self.units = units
        self.grow = grow
        self.limits = limits
        self.check = check
        self.spent_s = 0.0
        self.trouble = ""

    def usable(self, sizes: Sequence[int], room_s: float) -> tuple[int, ...]:
        """Sizes that can be made, to which every unit has an answer, and for which there is room."""
        good: list[int] = []
        projected_s = 0.0
        for size in sorted(sizes):
            began = self.spent_s
            if self.grow(size, 0) is None:
                if good:
                    break
                continue
            if any(self.one(at, size, 0) is None for at in range(len(self.units))):
                break
            projected_s += _REPETITIONS * (self.spent_s - began)
            if projected_s > room_s:
                self.trouble = f"an input of size {size} takes too long to be timed {_REPETITIONS} times"
                break
            good.append(size)
        return tuple(good)

    def one(self, at: int, size: int, repetition: int) -> float | None:
        """Processor seconds of one call."""
        self.check()
        inputs = self.grow(size, repetition)
        if inputs is None:
            return None
        done = self.lane.batch(self.units[at], [inputs], limits=self.limits)
        self.spent_s += done.facts.cpu_s or 0.0
        if done.failure is not None:
            self.trouble = f"there is no answer to an input of size {size}: {done.failure.detail}"
            return None
        return done.facts.call_cpu_s

    def round(
        self, sizes: Sequence[int], repetition: int, rng: random.Random
    ) -> list[dict[int, float]] | None:
        """Every unit at every size, once."""
        order = [(at, size) for at in range(len(self.units)) for size in sizes]
        rng.shuffle(order)
        found: list[dict[int, float]] = [{} for _ in self.units]
        for at, size in order:
            cost = self.one(at, size, repetition)
            if cost is None:
                return None
            found[at][size] = cost
        return found


def _fitted(costs: list[dict[int, float]], sizes: tuple[int, ...], run: _Run, plan: Plan) -> Scaling:
    if len(costs) < _LEAST_REPETITIONS:
        why = run.trouble or f"{len(costs)} repetitions were possible, {_LEAST_REPETITIONS} are wanted"
        return Scaling(reason=why, cpu_s=run.spent_s, repetitions=len(costs))
    call_s = min(cost[sizes[0]] for cost in costs)
    clear = tuple(size for size in sizes if min(cost[size] for cost in costs) >= _CLEAR * call_s)
    if len(clear) < _LEAST_SIZES:
        why = "the cost hardly grows with the size: no exponent stands out from the cost of a call"
        return Scaling(reason=why, cpu_s=run.spent_s, repetitions=len(costs), sizes=clear)
    slopes = [
        _slope([(math.log(size), math.log(max(cost[size] - call_s, 1e-9))) for size in clear])
        for cost in costs
    ]
    found = bootstrap(slopes, plan.side, random.Random(plan.seed), plan.resamples)  # noqa: S311 - resamples, not secrets
    return Scaling(
        exponent=found.middle,
        low=found.low,
        high=found.high,
        sizes=clear,
        repetitions=len(costs),
        cpu_s=run.spent_s,
        reason=f"over sizes {clear[0]} to {clear[-1]}",
    )


def _slope(points: Sequence[tuple[float, float]]) -> float:
    """Least squares."""
    middle_x = sum(x for x, _ in points) / len(points)
    middle_y = sum(y for _, y in points) / len(points)
    return sum((x - middle_x) * (y - middle_y) for x, y in points) / sum(
        (x - middle_x) ** 2 for x, _ in points
    )
