"""What trials come to in numbers: geometric means, areas under the curve, calibration, differences of rates, with intervals."""

import math
import random
from collections.abc import Callable, Sequence
from typing import NamedTuple

RESAMPLES = 4_000
Judged = tuple[float, bool]


class Interval(NamedTuple):
    """A value and where 95 % of its resamples lie."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} ({self.low:.3f} to {self.high:.3f})"


def geometric_mean(ratios: Sequence[float]) -> Interval | None:
    """The geometric mean with its bootstrap interval; None of nothing."""
    logs = [math.log(each) for each in ratios]
    if not logs:
        return None
    return _bootstrap(logs, lambda drawn: math.exp(math.fsum(drawn) / len(drawn)))


def auc(judged: Sequence[Judged]) -> float | None:
    """The chance that one that passed has the higher viability than one that did not, ties counting half (Hanley and McNeil,
    1982); None where one of both is missing."""
    ordered = sorted(judged)
    ranks = 0.0
    at = 0
    while at < len(ordered):
        end = at
        while end < len(ordered) and ordered[end][0] == ordered[at][0]:
            end += 1
        ranks += sum(passed for _, passed in ordered[at:end]) * (at + end + 1) / 2
        at = end
    good = sum(passed for _, passed in judged)
    bad = len(judged) - good
    return (ranks - good * (good + 1) / 2) / (good * bad) if good and bad else None


def auc_interval(judged: Sequence[Judged], groups: Sequence[object]) -> Interval | None:
    """The area with an interval from resampling whole groups (dreams of one function stand or fall together)."""
    value = auc(judged)
    if value is None:
        return None
    by_group: dict[object, list[Judged]] = {}
    for group, each in zip(groups, judged, strict=True):
        by_group.setdefault(group, []).append(each)
    members = list(by_group.values())
    rng = random.Random(1)
    values = []
    for _ in range(RESAMPLES // 4):
        drawn = [each for part in rng.choices(members, k=len(members)) for each in part]
        found = auc(drawn)
        if found is not None:
            values.append(found)
    return Interval(value, *_middle(values))


def rate_difference(one: Sequence[bool], other: Sequence[bool]) -> Interval | None:
    """The difference of two rates with Newcombe's interval (1998, method 10); None where one has no cases."""
    if not one or not other:
        return None
    p, q = sum(one) / len(one), sum(other) / len(other)
    (a, b), (c, d) = wilson(sum(one), len(one)), wilson(sum(other), len(other))
    return Interval(p - q, p - q - math.hypot(p - a, d - q), p - q + math.hypot(b - p, q - c))


def wilson(passed: int, total: int, z: float = 1.959964) -> tuple[float, float]:
    """Wilson's interval of a rate (1927)."""
    p, z2 = passed / total, z * z
    centre = (p + z2 / (2 * total)) / (1 + z2 / total)
    half = z / (1 + z2 / total) * math.sqrt(p * (1 - p) / total + z2 / (4 * total * total))
    return max(0.0, centre - half), min(1.0, centre + half)


def brier(judged: Sequence[Judged]) -> float:
    """The mean squared distance of viability and outcome (Brier, 1950)."""
    return math.fsum((score - passed) ** 2 for score, passed in judged) / len(judged)


def _bootstrap(values: Sequence[float], of: Callable[[Sequence[float]], float]) -> Interval:
    rng = random.Random(1)
    drawn = [of(rng.choices(values, k=len(values))) for _ in range(RESAMPLES)]
    return Interval(of(values), *_middle(drawn))


def _middle(values: Sequence[float]) -> tuple[float, float]:
    ordered = sorted(values)
    return ordered[int(0.025 * len(ordered))], ordered[min(len(ordered) - 1, int(0.975 * len(ordered)))]
