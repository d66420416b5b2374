"""How likely something is, from few trials: Beta posteriors along chains from coarse to fine, each the prior of the next.

A node of a chain has the counts of all that is below it. Its prior is the mean of the node above, its own counts left out,
with the weight of a few trials: one that was never seen is believed to be like its kin and drawn widely, one that was seen often speaks for itself
(partial pooling; Gelman et al.: Bayesian Data Analysis, 3rd ed., 2013, chapter 5, with the weight fixed).
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from daydream.dream.trials.effectiveness_interval import beta_below

Node = tuple[str, ...]
SIDE = 0.05
_STEPS = 50


@dataclass(frozen=True, slots=True)
class Beta:
    """A belief about a share: as if of `good + bad` trials `good` had gone well."""

    good: float
    bad: float

    @property
    def mean(self) -> float:
        """The expected share."""
        return self.good / (self.good + self.bad)

    @property
    def interval(self) -> tuple[float, float]:
        """Where the share lies with 90 %."""
        return _quantile(self.good, self.bad, SIDE), _quantile(self.good, self.bad, 1 - SIDE)


_EVEN = Beta(1, 1)


class Pooled:
    """Counts in a tree, and beliefs from them; `strength` is how many trials the node above is worth at each depth, `prior`
    what is believed of the root before anything is counted."""

    def __init__(self, *strength: float, prior: Beta = _EVEN) -> None:
        self._strength = strength
        self._prior = prior
        self._counts: dict[Node, tuple[float, float]] = {}
        self._drawn: dict[tuple[str, Node], float] = {}

    def add(self, chain: Sequence[str], good: float, bad: float) -> None:
        """Count something at the fine end of a chain, which is as long as there are strengths."""
        self._drawn.clear()
        for depth in range(len(self._strength) + 1):
            node = tuple(chain[:depth])
            before = self._counts.get(node, (0.0, 0.0))
            self._counts[node] = (before[0] + good, before[1] + bad)

    def at(self, chain: Sequence[str], least: int = 0) -> tuple[Node, Beta]:
        """Return the finest node of a chain that something is known of, but one at least `least` deep, and the belief there.

        What a node hands down is made without what its child on the chain counted, so that nothing counts twice.
        """
        nodes: list[Node] = [()]
        for depth in range(1, min(len(chain), len(self._strength)) + 1):
            further = tuple(chain[:depth])
            if further not in self._counts and depth > least:
                break
            nodes.append(further)
        counts = [*(self._counts.get(node, (0.0, 0.0)) for node in nodes), (0.0, 0.0)]
        belief = self._prior
        for depth in range(len(nodes)):
            last = depth == len(nodes) - 1
            good, bad = (
                own - (0.0 if last else fine)
                for own, fine in zip(counts[depth], counts[depth + 1], strict=True)
            )
            worth = self._strength[depth - 1] if depth else 0.0
            prior = Beta(worth * belief.mean, worth * (1 - belief.mean)) if depth else belief
            belief = Beta(prior.good + max(0.0, good), prior.bad + max(0.0, bad))
        return nodes[-1], belief

    def drawn(self, chain: Sequence[str], least: int, seed: str) -> float:
        """Draw from the belief; the same for the same node and seed (Thompson: On the likelihood that one unknown
        probability exceeds another, Biometrika 1933)."""
        node, belief = self.at(chain, least)
        if (seed, node) not in self._drawn:
            rng = random.Random(f"{seed} {chr(31).join(node)}")  # noqa: S311 -- reproducible on purpose
            self._drawn[seed, node] = rng.betavariate(belief.good, belief.bad)
        return self._drawn[seed, node]


def share_interval(good: float, all_of: float) -> tuple[float, float]:
    """Where a share lies with 90 %, by its own counts alone (Jeffreys' interval; Brown, Cai, DasGupta: Interval
    estimation for a binomial proportion, 2001)."""
    return Beta(good + 0.5, max(0.0, all_of - good) + 0.5).interval


@lru_cache(maxsize=4096)
def _quantile(good: float, bad: float, below: float) -> float:
    low, high = 0.0, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if beta_below(middle, good, bad) < below else (low, middle)
    return (low + high) / 2
