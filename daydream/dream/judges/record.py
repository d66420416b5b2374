"""Whether a judge can tell: what it said of dreams beside what became of them in trials.

Kinds differ in how often their dreams pass, and whoever knows the kind alone knows that. A judge is worth more only if,
within a kind, what passes was given the higher viability. That is asked of all pairs of the same kind together (van Elteren's
stratified rank test, 1960), with ties counting half.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

ENOUGH = 30
_ONE_IN_TWENTY = 1.645


@dataclass(frozen=True, slots=True)
class Tried:
    """A dream that a judge had an opinion on and that a trial decided: `passed` if it does the same."""

    evaluator: str
    dream_type: str
    viability: float
    passed: bool


@dataclass(frozen=True, slots=True)
class Record:
    """How a judge did: trials decided, how many passed, and the share of pairs of one kind, of which one passed, that it had in
    the right order (None: no such pair). `beats`: that is more than chance explains (one in twenty); None with fewer than
    `ENOUGH` trials, or without a pair."""

    evaluator: str
    decided: int
    passed: int
    concordance: float | None
    beats: bool | None

    @property
    def label(self) -> str:
        """What has to be said wherever the judge is named, "" for nothing."""
        if self.beats is not False:
            return ""
        return f"no better than the base rate of its kinds in {self.decided} trials"

    @property
    def words(self) -> str:
        """A line about it."""
        head = f"{self.evaluator}: {self.passed} of {self.decided} dreams that were tried pass"
        if self.concordance is None or self.beats is None:
            return f"{head}; whether it beats the base rate of its kinds is not measured (it takes {ENOUGH} trials, some of which fail)"
        verdict = "which beats the base rate of its kinds" if self.beats else self.label
        return f"{head}; of two of the same kind it finds the one that passes {self.concordance:.0%} of the time, {verdict}"


def records(tried: Iterable[Tried]) -> list[Record]:
    """The record of each judge, by name."""
    by_judge: dict[str, list[Tried]] = {}
    for each in tried:
        by_judge.setdefault(each.evaluator, []).append(each)
    return [_record(name, found) for name, found in sorted(by_judge.items())]


def _record(evaluator: str, tried: Sequence[Tried]) -> Record:
    kinds: dict[str, list[Tried]] = {}
    for each in tried:
        kinds.setdefault(each.dream_type, []).append(each)
    right = pairs = variance = 0.0
    for found in kinds.values():
        ordered, all_pairs, spread = _ranked(found)
        right, pairs, variance = right + ordered, pairs + all_pairs, variance + spread
    passed = sum(each.passed for each in tried)
    concordance = right / pairs if pairs else None
    beats = None
    if concordance is not None and len(tried) >= ENOUGH:
        beats = variance > 0 and (right - pairs / 2) / math.sqrt(variance) > _ONE_IN_TWENTY
    return Record(evaluator, len(tried), passed, concordance, beats)


def _ranked(tried: Sequence[Tried]) -> tuple[float, float, float]:
    """Of one kind: the pairs in the right order, all pairs, and the variance of the first if order means nothing."""
    scores = sorted(each.viability for each in tried)
    total = len(tried)
    good = sum(each.passed for each in tried)
    right = ties = 0.0
    for score in set(scores):
        below = sum(not each.passed and each.viability < score for each in tried)
        equal = sum(not each.passed and each.viability == score for each in tried)
        right += sum(each.passed and each.viability == score for each in tried) * (below + equal / 2)
        same = scores.count(score)
        ties += same**3 - same
    pairs = float(good * (total - good))
    correction = ties / (total * (total - 1)) if total > 1 else 0.0
    return right, pairs, pairs / 12 * (total + 1 - correction)
