"""One repetition of a timing: the procedure and its dream on the same inputs, drawn anew, in one lane, in an order drawn by lot.

The clock is the kernel's, of the child's processor time, read by process 1 after a first call and when all calls are done. What
is left of a start in it (the marks themselves) is known from batches of one call and of two, and taken off both.
"""

import random
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from daydream.contracts.sandbox import Batch, Inputs, Sandbox, Unit
from daydream.dream.trials.comparison import Different, Undecided, compare
from daydream.dream.trials.effectiveness_types import Plan
from daydream.sandbox.guest.grammar import dumps

Maker = Callable[[int, int], Sequence[Inputs]]
"""(which repetition, how many) -> that many different inputs, other ones in each repetition, or as many as there are."""
AIM_S = 0.005
"""Processor seconds of the calls of one batch; longer ones are no steadier, and a batch less is a pair less."""
_PAIRS_WANTED = 40
_SHORTEST_S = AIM_S / 50
_CALLS_MOST = 4_000
_BYTES_MOST = 2**22
_ANY_SIZE = 2**30
_DISTINCT_LEAST = 0.5
_FEW = 16
_PILOT = 3
_STARTS = 3
_LOOKED_AT = 40
_RETURNING_LEAST = 0.5


class Unmeasurable(Exception):
    """Why there is no figure; with the input on which a timed call answered otherwise than the procedure, if that is why."""

    def __init__(self, why: str, differing: Inputs | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.differing = differing


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds for one call: `call_s` of processor time between the marks, `whole_s` of the child without its loading, for the
    call before the marks as well, `wall_s` on the wall between the marks; `peak_bytes` of the batch."""

    call_s: float
    whole_s: float
    wall_s: float
    peak_bytes: int | None


@dataclass(frozen=True, slots=True)
class Block:
    """One repetition."""

    base: Cost
    dream: Cost


class Timing:
    """Base and dream in one lane. `spent_s` is the processor time of all children so far; `are_all` says that no more inputs
    could be made than were asked for last."""

    def __init__(self, lane: Sandbox, units: tuple[Unit, Unit], make: Maker, plan: Plan) -> None:
        self.lane = lane
        self.units = units
        self.make = make
        self.plan = plan
        self.spent_s = 0.0
        self.with_answers = False
        self.count = 0
        self.are_all = False
        self.start_s = 0.0

    def pilot(self) -> None:
        """Find how many calls make a batch that a clock can tell something about, and what a start costs.

        Raises:
            Unmeasurable: there are not enough distinct inputs, or there is no answer.
        """
        count = _PILOT
        while True:
            inputs = self.fresh(-count, count)
            done = self.run(self.units[0], inputs)
            call_s, calls = _known(done.facts.call_cpu_s), len(inputs) - 1
            if call_s >= AIM_S / 4 or self.are_all or count >= _CALLS_MOST:
                break
            count = min(4 * count, _CALLS_MOST)
        whole_s = _known(done.facts.cpu_s) - (done.facts.load_cpu_s or 0.0)
        room_s = self.plan.cpu_s / (2 * _PAIRS_WANTED)
        wanted = min(AIM_S / max(call_s, 1e-9), room_s / max(whole_s, 1e-9)) * calls
        most = min(_CALLS_MOST, _BYTES_MOST * len(inputs) // sum(len(text_of(each)) for each in inputs))
        self.count = max(1, min(round(wanted), most))
        if calls < count:
            self.count = min(self.count, calls)
        no_more = self.are_all
        if self.count > 1:
            self.start_s = self.starting()
        batch_s = call_s / max(calls, 1) * self.count - self.start_s
        if no_more and batch_s < _SHORTEST_S:
            why = (
                f"the {self.count} different inputs of a batch take {max(batch_s, 0.0) * 1e6:.0f} µs together"
            )
            raise Unmeasurable(f"{why}, which no clock tells from a start")
        self.returning()

    def returning(self) -> None:
        """How long it takes to raise is no cost of the work: most inputs must be such that the procedure returns."""
        inputs = self.fresh(-2, min(self.count, _LOOKED_AT))[1:]
        done = self.lane.batch(self.units[0], inputs, answers=True, limits=self.plan.limits)
        self.spent_s += done.facts.cpu_s or 0.0
        if done.failure is not None and done.failure.reason == "too large" and len(inputs) > 1:
            inputs = inputs[:1]
            done = self.lane.batch(self.units[0], inputs, answers=True, limits=self.plan.limits)
            self.spent_s += done.facts.cpu_s or 0.0
        if done.failure is not None:
            raise Unmeasurable(
                f"the procedure as it is has no answer while it is timed: {done.failure.detail}"
            )
        returned = sum(each.has_returned for each in done.answers)
        if returned < _RETURNING_LEAST * len(inputs):
            raise Unmeasurable(
                f"it returns on {returned} of {len(inputs)} inputs that it would be timed with"
            )

    def starting(self) -> float:
        """What a batch costs beside its calls: what two batches of a call each cost more than one of both calls."""
        inputs = self.fresh(-1, 2)
        if len(inputs) < 3:
            return 0.0

        def cost(unit: Unit, *which: int) -> float:
            return _known(self.run(unit, [inputs[each] for each in (0, *which)]).facts.call_cpu_s)

        seen = [cost(unit, 1) + cost(unit, 2) - cost(unit, 1, 2) for unit in self.units * _STARTS]
        return max(statistics.median(seen), 0.0)

    def fresh(self, repetition: int, count: int) -> Sequence[Inputs]:
        """Inputs of a repetition, for one call before the marks and `count` between them, or fewer; no two are the same, for
        that would time a memory instead of the work."""
        inputs = self.make(repetition, count + 1)
        self.are_all = len(inputs) <= count
        if not inputs:
            raise Unmeasurable("there are no inputs to time it with")
        distinct = {text_of(each): each for each in inputs}
        if len(distinct) < len(inputs) < _FEW:
            inputs = self.make(repetition, _FEW)
            distinct = {text_of(each): each for each in inputs}
        if len(distinct) < max(2, _DISTINCT_LEAST * len(inputs)):
            raise Unmeasurable(f"only {len(distinct)} of {len(inputs)} inputs are different")
        if len(distinct) < len(inputs):
            distinct |= {text_of(each): each for each in self.make(repetition, 2 * len(inputs))}
        chosen = list(distinct.values())[: count + 1]
        # By lot, for the one before the marks must not be another sort of input than those between them.
        random.Random(f"{self.plan.seed}/{repetition}").shuffle(chosen)  # noqa: S311 - an order, not a secret
        return chosen

    def run(self, unit: Unit, inputs: Sequence[Inputs]) -> Batch:
        """One child; its processor time is counted whatever comes of it."""
        done = self.lane.batch(unit, inputs, answers=self.with_answers, limits=self.plan.limits)
        self.spent_s += done.facts.cpu_s or 0.0
        if done.failure is not None:
            whose = "the procedure as it is" if unit == self.units[0] else "the dream"
            raise Unmeasurable(f"{whose} has no answer while it is timed: {done.failure.detail}")
        return done

    def block(self, repetition: int) -> Block | None:
        """One repetition; None where the clock saw no more than a start.

        Raises:
            Unmeasurable: an answer is missing, or base and dream differ.
        """
        inputs = self.fresh(repetition, self.count)
        order = [0, 1]
        random.Random(f"{self.plan.seed}:{repetition}").shuffle(order)  # noqa: S311 - an order, not a secret
        done = {at: self.run(self.units[at], inputs) for at in order}
        self.verify(inputs, done[0], done[1])
        base, dream = (self.cost(done[at], len(inputs) - 1) for at in (0, 1))
        return Block(base, dream) if base and dream else None

    def cost(self, done: Batch, calls: int) -> Cost | None:
        """The cost of one of the calls of a batch; None where nothing is left beside what a start costs."""
        facts = done.facts
        call_s = _known(facts.call_cpu_s) - self.start_s
        whole_s = _known(facts.cpu_s) - (facts.load_cpu_s or 0.0)
        wall_s = _known(facts.call_wall_s)
        if call_s <= 0 or wall_s <= 0:
            return None
        return Cost(call_s / calls, whole_s / (calls + 1), wall_s / calls, facts.peak_bytes)

    def verify(self, inputs: Sequence[Inputs], base: Batch, dream: Batch) -> None:
        """Every timed answer of the dream is the procedure's."""
        if base.digests == dream.digests and not self.with_answers:
            return
        if not self.with_answers:  # they may still be the same by the rules
            self.with_answers = True
            base, dream = self.run(self.units[0], inputs), self.run(self.units[1], inputs)
        for each, ours, theirs in zip(inputs, base.answers, dream.answers, strict=True):
            found = compare(ours, theirs, self.plan.rules)
            if isinstance(found, Different):
                raise Unmeasurable(f"it answers otherwise while it is timed (at {found.where})", each)
            if isinstance(found, Undecided):
                raise Unmeasurable(f"its answers cannot be compared: {found.why}")


def text_of(inputs: Inputs) -> bytes:
    """A call as one text: two that are alike have the same."""
    return dumps([list(inputs.given), [list(pair) for pair in inputs.named]], _ANY_SIZE)


def _known(seconds: float | None) -> float:
    if seconds is None:
        raise Unmeasurable("the sandbox cannot tell how much processor time a call takes")
    return seconds
