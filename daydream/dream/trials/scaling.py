"""How the cost of a procedure grows with the size of its input: an exponent with an interval."""

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from daydream.contracts.sandbox import Inputs, Sandbox, Unit
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
_WAITED = frozenset(["timeout", "cpu", "memory"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaling:
    """Cost ~ size ** `exponent`, over `sizes` (those at which the work stands out from the call itself). None: not
    measured, and `reason` says why. `differing` is an input to which the units gave answers of another digest, if one turned up."""

    exponent: float | None = None
    low: float | None = None
    high: float | None = None
    sizes: tuple[int, ...] = ()
    repetitions: int = 0
    cpu_s: float = 0.0
    reason: str = ""
    differing: Inputs | None = None


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
    """Time each unit on the same inputs of growing size, in one lane and in an order drawn by lot.

    Sizes stop at the first on which the first unit does not return, on which another answers otherwise than it, or for which
    there is no room for twelve repetitions in the plan's processor time, which is for all units together. The cost at the
    smallest size stands for what a call costs beside the work.
    """
    plan = plan or Plan()
    run = _Run(lane, tuple(units), grow, plan, check)
    usable = run.usable(sizes, plan.cpu_s)
    if len(usable) < _LEAST_SIZES:
        why = run.trouble or f"there are inputs of {len(usable)} sizes, {_LEAST_SIZES} are wanted"
        return [Scaling(reason=why, cpu_s=run.spent_s, differing=run.differing)] * len(units)
    costs: list[list[dict[int, float]]] = [[] for _ in units]
    round_s = 0.0
    for repetition in range(1, _REPETITIONS + 1):
        began = run.spent_s
        round_ = run.round(usable, repetition) if began + round_s <= plan.cpu_s else None
        if round_ is None:
            break
        round_s = run.spent_s - began
        for at, each in enumerate(round_):
            costs[at].append(each)
    return [replace(_fitted(each, usable, run, plan), differing=run.differing) for each in costs]


class _Run:
    def __init__(
        self,
        lane: Sandbox,
        units: tuple[Unit, ...],
        grow: Grow,
        plan: Plan,
        check: Callable[[], None],
    ) -> None:
        self.lane = lane
        self.units = units
        self.grow = grow
        self.limits = plan.limits
        self.rng = random.Random(plan.seed)  # noqa: S311 - an order, not a secret
        self.check = check
        self.spent_s = 0.0
        self.called_s = 0.0
        self.trouble = ""
        self.differing: Inputs | None = None
        self.good: dict[int, list[int]] = {}

    def usable(self, sizes: Sequence[int], room_s: float) -> tuple[int, ...]:
        """Sizes that can be made, to which every unit has the same answer, and for which there is room."""
        good: list[int] = []
        costs_s: list[float] = []
        for size in sorted(sizes):
            if self.grow(size, 0) is None:
                if good:
                    break
                continue
            # At least as steep as the last step: what is tried in vain is taken from the repetitions.
            next_s = costs_s[-1] ** 2 / costs_s[-2] if len(costs_s) > 1 and costs_s[-2] else 0.0
            if self.crowded(size, [*costs_s, next_s], room_s) or not self.returns(size):
                break
            began = self.spent_s
            if self.all(size, 0) is None:
                break
            costs_s.append(self.spent_s - began)
            if self.crowded(size, costs_s, room_s):
                break
            good.append(size)
        return tuple(good)

    def crowded(self, size: int, costs_s: Sequence[float], room_s: float) -> bool:
        """Whether there is no room for all repetitions of sizes that cost so much."""
        if self.spent_s + _REPETITIONS * sum(costs_s) <= room_s:
            return False
        what = f"an input of size {size} takes too long"
        if self.called_s < self.spent_s / 2:
            what = f"its module takes too long to load for an input of size {size}"
        self.trouble = f"{what} to be timed {_REPETITIONS} times"
        return True

    def returns(self, size: int) -> bool:
        """Find inputs on which the first unit returns, for the repetitions to take in turn: how long it takes to raise is no
        cost of the work. Where one of them ends all, they are called one by one."""
        asked = range(_REPETITIONS // 2)
        made = [each for each in (self.grow(size, number) for number in asked) if each is not None]
        together = self.lane.batch(self.units[0], made, answers=True, limits=self.limits)
        self.spent_s += together.facts.cpu_s or 0.0
        self.called_s += together.facts.call_cpu_s or 0.0
        if together.failure is None:
            said = [(each.has_returned, "it raises") for each in together.answers]
        else:
            said = []
            for each in made:
                said.append(self.alone(each))
                if not said[-1][0] and len(said) == 1 and together.failure.reason in _WAITED:
                    break
        self.good[size] = [number for number, (kept, _) in enumerate(said) if kept]
        if not self.good[size]:
            self.trouble = f"{said[0][1]} on an input of size {size}" if said else ""
        return bool(self.good[size])

    def alone(self, inputs: Inputs) -> tuple[bool, str]:
        """Whether the first unit returns on one input, and what it does if not."""
        self.check()
        done = self.lane.batch(self.units[0], [inputs], answers=True, limits=self.limits)
        self.spent_s += done.facts.cpu_s or 0.0
        self.called_s += done.facts.call_cpu_s or 0.0
        if done.failure is not None:
            return done.failure.reason == "too large", f"it has no answer ({done.failure.detail})"
        return all(each.has_returned for each in done.answers), "it raises"

    def one(self, at: int, size: int, repetition: int) -> tuple[float, str] | None:
        """Processor seconds of one call, and the digest of its answer."""
        self.check()
        good = self.good[size]
        inputs = self.grow(size, good[repetition % len(good)])
        if inputs is None:
            return None
        done = self.lane.batch(self.units[at], [inputs], limits=self.limits)
        self.spent_s += done.facts.cpu_s or 0.0
        if done.failure is not None:
            self.trouble = f"there is no answer to an input of size {size}: {done.failure.detail}"
            return None
        cost = done.facts.call_cpu_s
        self.called_s += cost or 0.0
        return None if cost is None else (cost, done.digests[0])

    def all(self, size: int, repetition: int) -> list[float] | None:
        """Every unit once, in an order drawn by lot; None where one has no answer or another one."""
        order = list(range(len(self.units)))
        self.rng.shuffle(order)
        done = {at: self.one(at, size, repetition) for at in order}
        found = [done[at] for at in range(len(self.units))]
        known = [each for each in found if each is not None]
        if len(known) < len(found):
            return None
        if len({digest for _, digest in known}) > 1:
            self.trouble = f"they answer otherwise on an input of size {size}"
            self.differing = self.grow(size, repetition)
            return None
        return [cost for cost, _ in known]

    def round(self, sizes: Sequence[int], repetition: int) -> list[dict[int, float]] | None:
        """Every unit at every size, once."""
        found: list[dict[int, float]] = [{} for _ in self.units]
        for size in self.rng.sample(sizes, len(sizes)):
            costs = self.all(size, repetition)
            if costs is None:
                return None
            for at, cost in enumerate(costs):
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
