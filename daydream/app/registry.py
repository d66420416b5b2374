"""The night's states, in order: the dream half, the steps that look, the proposals, and the report."""

import hashlib
from collections.abc import Sequence

from daydream.contracts.step import StepSpec
from daydream.dream import PHASES
from daydream.errors import UsageError
from daydream.propose import PROPOSE
from daydream.steps import STEPS

NIGHT: tuple[StepSpec, ...] = (*PHASES, *STEPS[:-1], *PROPOSE, STEPS[-1])


def plan_digest(specs: Sequence[StepSpec]) -> str:
    """A hash of which states a night has and in which order."""
    return hashlib.sha256("\n".join(spec.state for spec in specs).encode()).hexdigest()[:16]


def check_names(names: Sequence[str], flag: str, specs: Sequence[StepSpec]) -> None:
    """Refuse names that are no step of the night.

    Raises:
        UsageError: one of them is unknown.
    """
    known = [spec.key for spec in specs if spec.state != specs[-1].state]
    for name in names:
        if name not in known:
            msg = f"{flag}: there is no step {name!r}; the steps are {', '.join(known)}"
            raise UsageError(msg)
