"""Intervals for a handful of heavy-tailed numbers: a trimmed mean, its studentised bootstrap, and Student's tails.

The mean without the outer fifths with its winsorised error: Tukey and McLaughlin, Sankhya A 25(3), 1963; that a studentised bootstrap of
it has the coverage that it says under heavy tails: Wilcox, Introduction to Robust Estimation, chapter 4. Plain Python.
"""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

_TRIMMED = 0.2
_STEPS = 200
_TINY = 1e-300


@dataclass(frozen=True, slots=True)
class Centre:
    """A trimmed mean, its standard error and its degrees of freedom."""

    mean: float
    error: float
    freedom: int


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate between two bounds."""

    middle: float
    low: float
    high: float


def centre(values: Sequence[float]) -> Centre:
    """The mean of the inner three fifths of at least two values."""
    ordered = sorted(values)
    size = len(ordered)
    cut = int(_TRIMMED * size)
    inner = ordered[cut : size - cut]
    kept = len(inner)
    total = sum(inner)
    mean = total / kept
    # Winsorised: what was cut counts as the outermost that was kept.
    middle = (total + cut * (inner[0] + inner[-1])) / size
    squares = sum([(each - middle) ** 2 for each in inner])
    squares += cut * ((inner[0] - middle) ** 2 + (inner[-1] - middle) ** 2)
    error = math.sqrt(squares / (size - 1) / size) / (kept / size)
    return Centre(mean, error, kept - 1)


def student(values: Sequence[float], side: float) -> Interval:
    """Student's interval of the trimmed mean, with an error of `side` (0..0.5) on each side."""
    found = centre(values)
    reach = quantile(side, found.freedom) * found.error
    return Interval(found.mean, found.mean - reach, found.mean + reach)


def bootstrap(values: Sequence[float], side: float, rng: random.Random, resamples: int) -> Interval:
    """The symmetric studentised bootstrap interval of the trimmed mean, never narrower than Student's."""
    found = centre(values)
    size = len(values)
    reached = []
    for _ in range(resamples):
        again = centre(rng.choices(values, k=size))
        off = abs(again.mean - found.mean)
        reached.append(off / again.error if again.error else (math.inf if off else 0.0))
    reached.sort()
    # The share of resamples beyond it is at most both sides together.
    at = min(math.ceil((1 - 2 * side) * (resamples + 1)) - 1, resamples - 1)
    steps = max(reached[at], quantile(side, found.freedom))
    reach = steps * found.error if found.error else 0.0
    return Interval(found.mean, found.mean - reach, found.mean + reach)


def beyond(values: Sequence[float], bound: float) -> float:
    """The probability of a trimmed mean so far above `bound` if the truth is no higher (one-sided, Student)."""
    found = centre(values)
    if not found.error:
        return 0.0 if found.mean > bound else 1.0
    return tail((found.mean - bound) / found.error, found.freedom)


def tail(value: float, freedom: int) -> float:
    """The probability that Student's t with so many degrees of freedom is above `value`."""
    if value < 0:
        return 1 - tail(-value, freedom)
    return beta_below(freedom / (freedom + value * value), freedom / 2, 0.5) / 2


def quantile(side: float, freedom: int) -> float:
    """The value above which Student's t lies with probability `side`, which is below one half."""
    low, high = 0.0, 1.0
    while tail(high, freedom) > side:
        low, high = high, 2 * high
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if high - low < 1e-10 * high:
            break
        low, high = (middle, high) if tail(middle, freedom) > side else (low, middle)
    return high


def beta_below(share: float, first: float, second: float) -> float:
    """The regularised incomplete beta function, by its continued fraction (Lentz's method)."""
    if share <= 0 or share >= 1:
        return 0.0 if share <= 0 else 1.0
    if share > (first + 1) / (first + second + 2):
        return 1 - beta_below(1 - share, second, first)
    front = math.exp(
        math.lgamma(first + second)
        - math.lgamma(first)
        - math.lgamma(second)
        + first * math.log(share)
        + second * math.log1p(-share)
    )
    return front * _fraction(share, first, second) / first


def _fraction(share: float, first: float, second: float) -> float:
    above, below = 1.0, 1 / _clear(1 - (first + second) * share / (first + 1))
    result = below
    for step in range(1, _STEPS):
        even = step * (second - step) * share / ((first + 2 * step - 1) * (first + 2 * step))
        odd = (
            -(first + step) * (first + second + step) * share / ((first + 2 * step) * (first + 2 * step + 1))
        )
        for part in (even, odd):
            below = 1 / _clear(1 + part * below)
            above = _clear(1 + part / above)
            result *= above * below
        if abs(above * below - 1) < 1e-14:
            break
    return result


def _clear(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
