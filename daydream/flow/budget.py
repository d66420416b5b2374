"""The night's budget: shared out over the states that are still to come; what one leaves, the next may use."""

from collections.abc import Mapping, Sequence

_RESERVE = 0.04


def deadline(
    now: float, *, left_s: float, state: str, states: Sequence[str], shares: Mapping[str, float]
) -> float | None:
    """Return the monotonic instant at which `state` must be through.

    `left_s` are the seconds that the night still has, `states` the whole order. The last state (the
    report) has no deadline; a part of the budget is kept back for it.
    """
    rest = list(states[states.index(state) : -1])
    if not rest:
        return None
    total = sum(shares[name] for name in rest)
    usable = max(0.0, left_s * (1 - _RESERVE))
    return now + usable * shares[state] / total
