"""How the costs of a procedure and of its dream grow with the size of one argument, beside each other."""

import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from daydream.contracts.sandbox import Inputs, Limits, Sandbox, Unit
from daydream.dream.trials.effectiveness_types import Plan
from daydream.dream.trials.inputs_sizes import families, grown
from daydream.dream.trials.scaling import Scaling, scaling

SIZES = (1, 64, 256, 1024, 4096, 16384)
SHARE = 0.4
"""Of the processor time of a comparison of costs, this comes on top."""
_LOWER_BY = 0.1
_ARGUMENTS = 2
_LOOKED_AT = 20
_KEPT = 64


@dataclass(frozen=True, slots=True)
class Growth:
    """The exponents of both over the size of `argument`, by its name; of both None where they could not be measured, with
    the reason."""

    argument: str
    base: Scaling
    dream: Scaling

    @property
    def is_lower(self) -> bool:
        """Whether the dream's exponent is clearly lower: the intervals lie apart, and not by a hair."""
        known = (self.base.exponent, self.base.low, self.dream.exponent, self.dream.high)
        base, low, dream, high = known
        if base is None or low is None or dream is None or high is None:
            return False
        return high < low and base - dream >= _LOWER_BY

    def told(self) -> dict[str, Any]:
        """JSON for the evidence of a trial."""
        words = {"argument": self.argument, "lower": self.is_lower, "cpu_s": self.base.cpu_s}
        return {**words, "base": _told(self.base), "dream": _told(self.dream)}


def _told(found: Scaling) -> dict[str, Any]:
    values = asdict(found)
    del values["cpu_s"], values["differing"]
    return {**values, "sizes": list(found.sizes)}


def words(told: dict[str, Any]) -> str:
    """A clause that says what a trial's evidence holds of growth."""
    base, dream = told["base"], told["dream"]
    if base["exponent"] is None and dream["exponent"] is None:
        return f"growth with size not measured: {base['reason']}"
    return f"cost by the size of {told['argument']}: to the power {_number(dream)}, the procedure's {_number(base)}"


def _number(found: dict[str, Any]) -> str:
    if found["exponent"] is None:
        return f"not measured ({found['reason']})"
    return f"{found['exponent']:.2f} ({found['low']:.2f} to {found['high']:.2f})"


def growth(
    lane: Sandbox,
    units: tuple[Unit, Unit],
    inputs: Sequence[Inputs],
    *,
    plan: Plan,
    limits: Limits,
    receiver: bool,
    names: Sequence[str] = (),
    check: Callable[[], None] = lambda: None,
) -> Growth | None:
    """Compare how costs grow, on calls like those of `inputs`; None where no argument has a size.

    `names` are those of the arguments by position, a `receiver` apart. At most two arguments are looked at, in `plan.cpu_s` of processor time together, but for a last call that may run into its
    limit, which is never longer than that.
    """
    found: Growth | None = None
    left_s = plan.cpu_s
    within = replace(limits, wall_s=min(limits.wall_s, plan.cpu_s), cpu_s=min(limits.cpu_s, plan.cpu_s))
    for argument, seed in _arguments(inputs, receiver=receiver):
        if left_s <= 0:
            break
        check()
        mine = replace(plan, cpu_s=left_s, limits=within)
        base, dream = scaling(
            lane, units, _grow(seed, argument, plan.seed), sizes=SIZES, plan=mine, check=check
        )
        found = Growth(_name(argument, names, int(receiver)), base, dream)
        if base.differing is not None or (base.exponent is not None and dream.exponent is not None):
            break
        left_s -= base.cpu_s
    return found


def _name(argument: int | str, names: Sequence[str], first: int) -> str:
    if isinstance(argument, str):
        return argument
    return names[argument - first] if argument - first < len(names) else f"argument {argument - first + 1}"


def _grow(seed: Inputs, argument: int | str, number: int) -> Callable[[int, int], Inputs | None]:
    @functools.lru_cache(_KEPT)  # both units get the same
    def grow(size: int, repetition: int) -> Inputs | None:
        return grown(seed, argument, size, number + repetition)

    return grow


def _arguments(inputs: Sequence[Inputs], *, receiver: bool) -> Iterator[tuple[int | str, Inputs]]:
    """Arguments that can grow, each with a call to begin from."""
    seen: set[int | str] = set()
    for each in inputs[:_LOOKED_AT]:
        for family in families(each, 0, SIZES[1:2], receiver=receiver):
            if family.argument not in seen and len(seen) < _ARGUMENTS:
                seen.add(family.argument)
                yield family.argument, each
