"""What is said of a dream's cost."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from daydream.contracts.sandbox import Inputs, Limits
from daydream.dream.trials.comparison import EXACT, Rules

Gain = Literal["gained", "not shown", "slower", "not measured"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How long and how strictly a comparison is made.

    `cpu_s` of the processor at most, all children together. `side` is the chance of a false claim on each side of 1, over
    all `looks` (shares of the repetitions planned) at which it may end. Fewer than `least` repetitions say nothing.
    Timed answers are compared by `rules`; `limits` are those of a batch.
    """

    cpu_s: float = 5.0
    side: float = 0.01
    looks: tuple[float, ...] = (0.25, 0.4, 0.6, 0.8, 1.0)
    least: int = 6
    most: int = 300
    resamples: int = 2_000
    seed: int = 0
    rules: Rules = EXACT
    limits: Limits | None = None


@dataclass(frozen=True, slots=True)
class Memory:
    """Peak resident memory of a batch in bytes, the interpreter's own share included: medians, and base / dream with its
    interval."""

    base_bytes: int
    dream_bytes: int
    ratio: float
    low: float
    high: float
    verdict: Gain


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """Baseline cost / dream cost in processor time: above 1 the dream is cheaper. None is "not measured".

    The interval holds with an error of at most `Plan.side` on each side, however early it ended. `p` is the chance to see so
    much of a dream that is at `floor` or below, for `across`. `per_call_s` is what one call costs: the procedure's, the dream's.
    `differing` is an input on which they turned out to answer otherwise. `growth` is what is known of both over the size of an
    input, as `daydream.dream.trials.growth` tells it; None where nobody looked.
    """

    ratio: float | None = None
    low: float | None = None
    high: float | None = None
    repetitions: int = 0
    cpu_s: float = 0.0
    floor: float
    verdict: Gain
    reason: str
    p: float | None = None
    per_call_s: tuple[float, float] | None = None
    memory: Memory | None = None
    differing: Inputs | None = None
    growth: Mapping[str, Any] | None = None
