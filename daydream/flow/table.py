"""The night in one screen: its moves as data. The states come from the registries, in their order."""

import itertools
from collections.abc import Sequence
from typing import Any

ENDS = ("done", "halted")


def moves(states: Sequence[str]) -> list[dict[str, Any]]:
    """List the moves of a night with these states, the last of which is the report.

    advance   to the next state, at the end to done
    conclude  from anywhere to the report, when the night is closed early
    halt      from the report to halted, when a failure forbids going on
    reopen    from an end to the first state, when failed states are retried
    """
    chain, report = [*states, "done"], states[-1]
    return [
        *({"trigger": "advance", "source": a, "dest": b} for a, b in itertools.pairwise(chain)),
        {"trigger": "conclude", "source": list(states), "dest": report},
        {"trigger": "halt", "source": report, "dest": "halted"},
        {"trigger": "reopen", "source": list(ENDS), "dest": states[0]},
    ]
