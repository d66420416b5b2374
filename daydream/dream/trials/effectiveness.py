"""Whether a dream that preserves behaviour is cheaper, and by how much: an interval, or a reason for none.

Repetitions are paired, so that a machine that slows down slows both. They stop as soon as the question is decided; the error
allowed to each look is spent beforehand (Lan and DeMets, Biometrika 70(3), 1983), so that looking often claims nothing more.
"""

import math
import random
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from daydream.contracts.sandbox import Sandbox, Unit
from daydream.dream.trials.effectiveness_blocks import Block, Cost, Maker, Timing, Unmeasurable
from daydream.dream.trials.effectiveness_interval import Interval, beyond, bootstrap, student
from daydream.dream.trials.effectiveness_types import Effect, Gain, Memory, Plan

__all__ = ["Effect", "Memory", "Plan", "across", "effectiveness"]

_FUTILE_SIDE = 0.02
_WAITS = 10.0
"""Wall seconds for each of the processor's, from which on its processor time is not what it costs."""
_HIDDEN = 0.5
_LOST_MOST = 0.25
_MEMORY_FLOOR = 1.02
_LARGEST = 50.0
"""The farthest from 0 that the logarithm of a ratio may lie; what is farther is no measurement."""


def effectiveness(
    lane: Sandbox,
    base: Unit,
    dream: Unit,
    make: Maker,
    *,
    floor: float,
    plan: Plan | None = None,
    check: Callable[[], None] = lambda: None,
) -> Effect:
    """Compare the cost of a dream with its procedure's. `floor` (above 1) is what this machine cannot tell from nothing."""
    plan = plan or Plan()
    timing = Timing(lane, (base, dream), make, plan)
    state = _State(plan, math.log(floor))
    try:
        sample(timing, plan, state.blocks, check, state.decided)
        found = state.effect(floor)
    except Unmeasurable as error:
        found = Effect(floor=floor, verdict="not measured", reason=error.why, differing=error.differing)
    return replace(found, cpu_s=timing.spent_s)


def sample(
    timing: Timing,
    plan: Plan,
    blocks: list[Block],
    check: Callable[[], None],
    decided: Callable[[float, float], bool],
) -> None:
    """Fill `blocks` until a look decides or the plan is used up; `decided` is asked with the share of the plan used now
    and at the look before.

    Raises:
        Unmeasurable: there cannot be a figure.
    """
    timing.pilot()
    looks: dict[int, float] = {}
    before = 0.0
    at = 0
    while True:
        check()
        began = timing.spent_s
        block = timing.block(at)
        at += 1
        if block is not None:
            blocks.append(block)
            looks = looks or planned(plan, timing.spent_s - began, plan.cpu_s - began)
        elif at - len(blocks) > max(2, _LOST_MOST * at):
            raise Unmeasurable(
                f"the clock is too coarse: {at - len(blocks)} of {at} repetitions told nothing"
            )
        share = looks.get(len(blocks), 0.0)
        if timing.spent_s >= plan.cpu_s:  # repetitions became dearer than the first one
            share = 1.0
            if len(blocks) < plan.least:
                raise Unmeasurable(
                    f"{plan.cpu_s:g} s of processor time were enough for {len(blocks)} repetitions only"
                )
        if share > before:
            if decided(share, before) or share >= 1:
                return
            before = share


def planned(plan: Plan, block_s: float, left_s: float) -> dict[int, float]:
    """The number of repetitions at each look, with the share of the plan that it is.

    Raises:
        Unmeasurable: there is no time for the least number.
    """
    most = min(plan.most, int(left_s / max(block_s, 1e-9)))
    if most < plan.least:
        why = (
            f"{plan.least} repetitions of {block_s:.2g} s do not fit into {plan.cpu_s:g} s of processor time"
        )
        raise Unmeasurable(why)
    counts = sorted({max(plan.least, math.ceil(share * most)) for share in plan.looks} | {most})
    return {count: count / most for count in counts}


def _call_s(cost: Cost) -> float:
    return cost.call_s


def _wall_s(cost: Cost) -> float:
    return cost.wall_s


@dataclass(slots=True)
class _State:
    plan: Plan
    floor: float
    blocks: list[Block] = field(default_factory=list)
    share: float = 0.0
    before: float = 0.0
    known: tuple[int, Interval] | None = None

    def decided(self, share: float, before: float) -> bool:
        self.share, self.before = share, before
        logs = self.logs()
        found = student(logs, self.side)
        if found.low > self.floor or found.high < -self.floor:
            agreed = self.interval()  # dear, so it is asked only where Student's tails claim something
            return agreed.low > self.floor or agreed.high < -self.floor
        hope = student(logs, _FUTILE_SIDE).high
        return (
            -self.floor <= hope < self.floor
        )  # below that it leans to "slower", worth a few repetitions more

    @property
    def side(self) -> float:
        """The error that this look may make."""
        return self.plan.side * (self.share**2 - self.before**2)

    def logs(self, cost: Callable[[Cost], float] = _call_s) -> list[float]:
        return [math.log(cost(block.base) / cost(block.dream)) for block in self.blocks]

    def interval(self) -> Interval:
        if self.known is None or self.known[0] != len(self.blocks):
            rng = random.Random(f"{self.plan.seed}:{len(self.blocks)}")  # noqa: S311 - resamples, not secrets
            found = bootstrap(self.logs(), self.side, rng, self.plan.resamples)
            self.known = (len(self.blocks), found)
        return self.known[1]

    def effect(self, floor: float) -> Effect:
        waits = self.waits()
        if waits:
            raise Unmeasurable(waits)
        found = self.interval()
        if found.low > self.floor and self.moved() > 0:
            self.charge(self.moved())
            found = self.interval()
        if not _tells(found):
            raise Unmeasurable(f"{len(self.blocks)} repetitions differ too much to say anything")
        verdict, reason = self.verdict(found, floor)
        if verdict == "not measured":
            raise Unmeasurable(reason)
        return Effect(
            ratio=math.exp(found.middle),
            low=math.exp(found.low),
            high=math.exp(found.high),
            repetitions=len(self.blocks),
            floor=floor,
            verdict=verdict,
            reason=reason,
            p=min(1.0, beyond(self.logs(), self.floor) * self.plan.side / self.side),
            per_call_s=(self.median("base"), self.median("dream")),
            memory=memory([(each.base, each.dream) for each in self.blocks], self.plan),
        )

    def verdict(self, found: Interval, floor: float) -> tuple[Gain, str]:
        between = f"{math.exp(found.low):.3f} to {math.exp(found.high):.3f}"
        if found.low > self.floor:
            doubt = self.slower_on_the_wall()
            if doubt:
                return "not measured", doubt
            return "gained", f"the interval {between} lies above {floor:.3f}"
        if found.high < -self.floor:
            return "slower", f"the interval {between} lies below {1 / floor:.3f}"
        return "not shown", f"the interval {between} does not lie above {floor:.3f}"

    def median(self, which: str) -> float:
        costs: list[Cost] = [getattr(each, which) for each in self.blocks]
        return statistics.median(each.call_s for each in costs)

    def waits(self) -> str | None:
        """Processor time is not the cost of what waits, nor can it be told on a machine that hardly runs us."""
        for which, name in (("base", "the procedure"), ("dream", "the dream")):
            costs: list[Cost] = [getattr(each, which) for each in self.blocks]
            times = statistics.median(each.wall_s / each.call_s for each in costs)
            if times > _WAITS:
                return f"{name} takes {times:.0f} times as long on the wall as on the processor: it waits, or the machine is too busy"
        return None

    def moved(self) -> float:
        """Seconds of a call that a dream spends outside the marks, where only the whole child's clock sees them; 0 where nothing
        shows that it does.

        Raises:
            Unmeasurable: it is most of what it saves between them.
        """
        saved = [each.base.call_s - each.dream.call_s for each in self.blocks]
        moved = [
            one - (each.base.whole_s - each.dream.whole_s)
            for one, each in zip(saved, self.blocks, strict=True)
        ]
        if student(moved, self.plan.side).low <= 0:
            return 0.0
        middle = statistics.median(moved)
        if middle > _HIDDEN * statistics.median(saved):
            raise Unmeasurable("what it saves during the calls it spends before or after them")
        return middle

    def charge(self, moved_s: float) -> None:
        """Count what the dream spends outside the marks as a cost of its calls."""
        self.blocks = [
            replace(each, dream=replace(each.dream, call_s=each.dream.call_s + moved_s))
            for each in self.blocks
        ]
        self.known = None

    def slower_on_the_wall(self) -> str | None:
        wall = student(self.logs(_wall_s), self.plan.side)
        return "it is cheaper on the processor and slower on the wall" if wall.high < 0 else None


def memory(pairs: Sequence[tuple[Cost, Cost]], plan: Plan) -> Memory | None:
    """Compare peaks; None where nobody could see them, or where they differ too much from one repetition to the next."""
    known = [(a.peak_bytes, b.peak_bytes) for a, b in pairs if a.peak_bytes and b.peak_bytes]
    if len(known) < len(pairs):
        return None
    rng = random.Random(plan.seed)  # noqa: S311 - resamples, not secrets
    logs = [math.log(one / two) for one, two in known]
    found = bootstrap(logs, plan.side, rng, min(plan.resamples, 1_000))
    if not _tells(found):
        return None
    floor = math.log(_MEMORY_FLOOR)
    verdict: Gain = "gained" if found.low > floor else "slower" if found.high < -floor else "not shown"
    base, dream = (int(statistics.median(side)) for side in zip(*known, strict=True))
    return Memory(base, dream, math.exp(found.middle), math.exp(found.low), math.exp(found.high), verdict)


def _tells(found: Interval) -> bool:
    """Whether an interval of logarithms ends anywhere: few values that are almost all alike have none that does."""
    return max(abs(found.low), abs(found.high)) <= _LARGEST


def across(effects: Sequence[Effect], rate: float = 0.05) -> list[Effect]:
    """Keep the gains of a night that are more than its number of comparisons explains, the others are "not shown".

    Of the gains kept at most a share of `rate` is expected to be none. Source: Benjamini and Hochberg, JRSS B 57(1), 1995.
    """
    ordered = sorted(each.p for each in effects if each.p is not None)
    total = len(ordered)
    passing = [p for rank, p in enumerate(ordered, start=1) if p <= rate * rank / total]
    most = max(passing, default=-1.0)
    why = f"no more than chance among {total} comparisons explains"
    return [
        each
        if each.verdict != "gained" or (each.p is not None and each.p <= most)
        else replace(each, verdict="not shown", reason=why)
        for each in effects
    ]
