"""What a plan of calls is, and which of them are held out."""

import hashlib
from dataclasses import dataclass
from typing import Literal

from daydream.contracts.sandbox import Inputs
from daydream.sandbox.guest.grammar import dumps

Origin = Literal["harvested", "docstring", "call site", "typed", "inferred", "edge", "mutated", "violating"]
ONE_BYTES = 2**18
"""The most that one call's arguments may weigh as JSON."""
ALL_BYTES = 2**22
HELD_OUT = 4
"""One of so many is held out."""


@dataclass(frozen=True, slots=True)
class Planned:
    """One call to make, and where its arguments come from. What is held out is never shown to whoever makes dreams,
    and counts for the verdict alone."""

    inputs: Inputs
    origin: Origin
    held_out: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """The calls to make, all distinct; or, with none, a clause that says why the procedure cannot be exercised."""

    inputs: tuple[Planned, ...] = ()
    not_exercisable: str | None = None

    @property
    def shown(self) -> tuple[Inputs, ...]:
        """What may be shown to whoever makes dreams."""
        return tuple(each.inputs for each in self.inputs if not each.held_out)

    @property
    def held_out(self) -> tuple[Inputs, ...]:
        """What only the verdict uses."""
        return tuple(each.inputs for each in self.inputs if each.held_out)


def as_json(inputs: Inputs) -> bytes:
    """A call's arguments in one form.

    Raises:
        EncodingError: they weigh too much.
    """
    return dumps([list(inputs.given), [list(each) for each in inputs.named]], ONE_BYTES)


def held(planned: list[Planned], seed: int) -> tuple[Planned, ...]:
    """Hold a part out. Whether a call is held out depends on itself and the seed alone, so that what was shown once
    is not held out another night; where none would be, the first in the order of the draw is."""
    ranks = [int.from_bytes(hashlib.sha256(f"{seed}".encode() + as_json(each.inputs)).digest()[:4], "big") for each in planned]  # fmt: skip
    chosen = {number for number, rank in enumerate(ranks) if rank % HELD_OUT == 0}
    if not chosen and len(planned) >= HELD_OUT:
        chosen = {ranks.index(min(ranks))}
    return tuple(Planned(each.inputs, each.origin, number in chosen) for number, each in enumerate(planned))
