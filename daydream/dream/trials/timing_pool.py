"""Inputs to time a procedure with: fresh ones that it was seen to return on quickly, before a clock depends on it.

An edit that nobody tried may make a procedure wait for the network, be ended by the kernel or never end; among the hundreds of
calls of a batch one of these is enough to have no figure.
"""

import itertools
import random
import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from daydream.contracts.sandbox import Answer, Inputs, Limits, Sandbox, Unit
from daydream.dream.trials.differential_types import Seen
from daydream.dream.trials.effectiveness_blocks import AIM_S, Maker, text_of
from daydream.dream.trials.mutation import mutated

LEAST = 12
"""Fewer tell more of themselves than of the procedure."""
TOGETHER_MOST = 40
_MOST = 1024
_ENOUGH = 64
_BATCHES = 2.5
"""So many times what one batch takes, so that no two batches are alike."""
_HURRY_S = 0.25
_USUAL = 4.0
_ROOM_S = 4.0
_PARTS = 4
_FIRST = _LOST = 5
_IN_VAIN = 4
_OUTLYING = 4.0
"""So many times what others take is not quick: a few such calls would be all that a batch is about."""


@dataclass(slots=True)
class Drawn:
    """What was found: `seen` are calls on which the procedure returned quickly, all different, of so many `made`."""

    seen: list[Seen] = field(default_factory=list)
    made: int = 0
    wall_s: float = 0.0
    wanted: int = _ENOUGH
    together: int = _FIRST
    calls_s: list[float] = field(default_factory=list)

    def is_outlying(self, call_s: float) -> bool:
        """Whether calls that take so much of the processor are dear beside the others that were kept."""
        return bool(self.calls_s) and call_s > _OUTLYING * statistics.median(self.calls_s)

    @property
    def why_few(self) -> str | None:
        """Why they cannot be timed with; None where they can."""
        if len(self.seen) >= LEAST:
            return None
        return (
            f"of {self.made} different inputs made for it the procedure returned quickly on {len(self.seen)}, "
            f"{LEAST} are wanted"
        )


def drawn(
    lane: Sandbox,
    unit: Unit,
    normal: Sequence[Seen],
    *,
    seed: int,
    limits: Limits,
    receiver: bool = False,
    check: Callable[[], None] = lambda: None,
) -> Drawn:
    """Call a procedure as it is on changed copies of the calls in `normal`, on which it returned; a few hundred, or fewer
    where a batch of the timing needs fewer, in some four seconds at most.

    Many share a process; what does not end well is parted and made again, and the last few in which something goes wrong are
    left out, with whatever it is.
    """
    found = Drawn()
    usual_s = sorted(each.wall_s for each in normal)[len(normal) // 2] if normal else 0.0
    fresh = _fresh([each.inputs for each in normal], seed, receiver=receiver)
    parts: list[list[Inputs]] = []
    while len(found.seen) < found.wanted and found.wall_s < _ROOM_S:
        check()
        if not parts:
            part = list(itertools.islice(fresh, found.together))
            found.made += len(part)
            parts = [part] if part else []
        if not parts:
            break
        part = parts.pop(0)
        most = _HURRY_S + _USUAL * usual_s * len(part)
        parts[:0] = _called(lane, unit, part, replace(limits, wall_s=min(limits.wall_s, most)), found)
    quick = [not found.is_outlying(each) for each in found.calls_s]
    found.seen = [each for each, kept in zip(found.seen, quick, strict=True) if kept]
    return found


def _called(
    lane: Sandbox, unit: Unit, part: list[Inputs], limits: Limits, found: Drawn
) -> list[list[Inputs]]:
    """Keep what returned, and return the parts to be called again."""
    first = [each.inputs for each in found.seen[:1]]  # the first call of a process is not in its time
    done = lane.batch(unit, [*first, *part], answers=True, limits=limits)
    found.wall_s += done.facts.wall_s or 0.0
    said = (done.answers or done.singly)[len(first) :]
    call_s = (done.facts.call_cpu_s or 0.0) / len(part)
    if len(said) != len(part) or found.is_outlying(call_s):
        found.together = max(1, min(found.together, len(part)) // _PARTS)
        size = -(-len(part) // _PARTS)
        return [part[at : at + size] for at in range(0, len(part), size)] if len(part) > _LOST else []
    share_s = (done.facts.wall_s or 0.0) / len(part)
    for inputs, answer in zip(part, said, strict=True):
        if isinstance(answer, Answer) and answer.has_returned:
            found.seen.append(Seen(inputs, "further", answer, None, share_s))
            found.calls_s.append(call_s)
    found.together = min(2 * found.together, TOGETHER_MOST)
    found.wanted = max(_ENOUGH, min(_MOST, round(_BATCHES * AIM_S / max(call_s, 1e-9))))
    return []


def _fresh(normal: Sequence[Inputs], seed: int, *, receiver: bool) -> Iterator[Inputs]:
    """Changed copies, no two alike, until no new ones come; then those that they were made from, which may have nothing to change."""
    rng = random.Random(f"{seed} timed")  # noqa: S311 - inputs that can be made again
    known: set[bytes] = set()
    in_vain = 0
    while normal and in_vain < _IN_VAIN * len(normal) + _ENOUGH:
        for each in normal:
            made = mutated(each, rng, receiver=receiver)
            text = text_of(made) if made is not None else b""
            if made is None or text in known:
                in_vain += 1
                continue
            known.add(text)
            in_vain = 0
            yield made
    yield from (each for each in normal if text_of(each) not in known)


def maker(pool: Sequence[Inputs], seed: int) -> Maker:
    """What gives each repetition a sample of its own, at most half of the pool, no input twice."""
    most = max(1, len(pool) // 2)

    def make(repetition: int, count: int) -> Sequence[Inputs]:
        rng = random.Random(f"{seed} {repetition}")  # noqa: S311 - a sample, not a secret
        return rng.sample(pool, min(count, most))

    return make
