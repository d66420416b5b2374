"""Many calls of one procedure: a few share a process, because loading a module often costs more than all its calls."""

from collections.abc import Callable, Iterator, Sequence

from daydream.contracts.sandbox import Answer, Facts, Failure, Inputs, Limits, Observation, Sandbox, Unit

TOGETHER = 20
_WAITED = frozenset(["timeout", "cpu", "memory"])
"""Failures that cost too much to come across several times."""
Within = Callable[[int, int], Limits | None]
"""(first, how many) -> what these calls may take together."""


def observed(
    lane: Sandbox,
    unit: Unit,
    inputs: Sequence[Inputs],
    within: Within,
    check: Callable[[], None],
    together: int = TOGETHER,
) -> Iterator[tuple[Observation, float]]:
    """Yield what each call did, in order, with its share of the seconds on the wall; a part that has no answer as a whole
    is halved and made again, down to single calls.

    What a call leaves behind for those after it in the same process is the same for a procedure and its dream, or else
    a difference.
    """
    parts = [(start, min(together, len(inputs) - start)) for start in range(0, len(inputs), together)]
    while parts:
        check()
        first, count = parts.pop(0)
        limits = within(first, count)
        if count == 1:
            alone = lane.call(unit, inputs[first], limits)
            yield alone, alone.facts.wall_s or 0.0
            continue
        done = lane.batch(unit, inputs[first : first + count], answers=True, limits=limits)
        if done.failure is None and len(done.answers) == count:
            share = (done.facts.wall_s or 0.0) / count
            yield from (
                (Observation(answer=each, failure=None, facts=done.facts), share) for each in done.answers
            )
        elif len(done.singly) == count:
            share = (done.facts.wall_s or 0.0) / count
            yield from ((_one(each, done.facts), share) for each in done.singly)
        elif done.failure is not None and done.failure.reason in _WAITED:
            parts[:0] = [(each, 1) for each in range(first, first + count)]
        else:
            half = count // 2
            parts[:0] = [(first, half), (first + half, count - half)]


def _one(said: Answer | Failure, facts: Facts) -> Observation:
    if isinstance(said, Failure):
        return Observation(answer=None, failure=said, facts=facts)
    return Observation(answer=said, failure=None, facts=facts)


def handed_out(answer: Answer) -> str:
    """What a call does with things that an earlier call of the same process had as well, in words that follow a subject."""
    count = len(answer.linked)
    many = (
        f"{count} changeable things that earlier calls had"
        if count != 1
        else "a thing that an earlier call had"
    )
    return f"hands out {many}" if count else "hands out nothing that an earlier call had"
