"""What a night does with what earlier ones learnt: which candidates are kept, what each kind gets, who comes first.

It is fixed when the night begins: only rows of earlier runs, and answers that this run took over first, are read, and every
draw follows from the run's name. Where nothing is known, or `dream.learn` is false, there is no `Learned`, and nothing is
changed.
"""

import math
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from daydream.contracts.context import Context
from daydream.contracts.dream import Dream
from daydream.dream.acceptance import Kept
from daydream.dream.learning.evidence import Evidence, beliefs, evidence, place_chain
from daydream.dream.learning.lessons import Lessons
from daydream.store import learning_rows
from daydream.store.dreams import DreamStore
from daydream.store.learning_rows import Lesson

Key = tuple[str, str, int]
GAIN_WORTH = 4.0
"""A gain is worth so many dreams that merely do the same."""
FLOOR = 0.1
"""The share of procedures and trials that are chosen as if nothing had been learnt."""
LEAST_OF_EVEN = 0.4
"""A kind gets at least this part of an even share."""
MOST_OF_NIGHT = 0.4
_OPERATOR = 3


@dataclass(frozen=True, slots=True)
class Arranged:
    """The candidates of a procedure in the order in which they are kept, and of how many lessons keep the night away."""

    kept: list[Kept]
    skipped: int


def learned(ctx: Context, store: DreamStore, *, wanted: bool) -> "Learned | None":
    """Return what this night knows, None where that is nothing or is not wanted."""
    if not wanted:
        return None
    known = evidence(store, ctx.date, without=ctx.run)
    lessons = learning_rows.in_force(store, ctx.date, without=ctx.run)
    if not known and not lessons:
        return None
    return Learned(ctx.run, known, lessons)


class Learned:
    """See the module."""

    def __init__(self, run: str, known: Evidence, lessons: Sequence[Lesson]) -> None:
        self._run = run
        self._beliefs = beliefs(known)
        self._lessons = Lessons(lessons)

    def skips(self, kind: str) -> bool:
        """Whether lessons leave out some of what a kind offers."""
        return self._lessons.skips(kind)

    def place(self, key: Key, kind: str) -> tuple[bool, float]:
        """Say whether a procedure comes after the others, and by what its value is multiplied: how likely a trial of it
        decides anything. One in ten is treated as if nothing were known."""
        if self._by_lot(key, kind):
            return False, 1.0
        return self._lessons.puts_off(*key[:2]), self._deciding(*key[:2])

    def arranged(self, kind: str, key: Key, accepted: Sequence[Kept]) -> Arranged:
        """Order a procedure's candidates by what they promise, those that lessons speak against left out or last."""
        if self._by_lot(key, kind):
            return Arranged(list(accepted), 0)
        path = key[0]
        ranked: list[tuple[tuple[bool, bool, float], Kept]] = []
        taken: Counter[str] = Counter()
        for each in accepted:
            operator, model = each[0].transform_id, model_of(each[0].details)
            effects = self._lessons.on(kind, model, operator, path)
            if "skip" in effects or ("one" in effects and taken[operator]):
                continue
            taken[operator] += 1
            late = bool(effects & {"last", "one"})
            rank = (late, "prefer" not in effects, -self._hoped(kind, model, operator, path, by=f"{key}"))
            ranked.append((rank, each))
        ranked.sort(key=lambda pair: pair[0])
        return Arranged([each for _, each in ranked], len(accepted) - len(ranked))

    def share(self, kinds: Sequence[str], left: int, per_night: int, of: int) -> int:
        """Return how many of the `left` dreams the first of these kinds gets, before the others have their turn; `of` is
        how many kinds share the night."""
        worth = [self._hoped(kind) for kind in kinds]
        even = per_night / of
        least = int(even * LEAST_OF_EVEN)
        total = math.fsum(worth)
        # Where hardly anything is ever viable all draws may be 0.
        wanted = math.ceil(left * worth[0] / total if total else left / len(kinds))
        most = max(math.ceil(even), int(per_night * MOST_OF_NIGHT))
        spare = left - least * (len(kinds) - 1)
        return max(0, min(left, max(least, min(wanted, most, spare))))

    def tried_first(self, waiting: Sequence[Dream], today: Sequence[Dream], most: int) -> list[Dream]:
        """Choose `most` of the dreams that wait for a trial by what they promise; one in ten as `today` has them, the order
        without learning."""
        scores = {each.id: self._promise(each) for each in waiting}
        turns: Counter[Key] = Counter()
        ranked: list[tuple[float, str, Dream]] = []
        for each in sorted(waiting, key=lambda dream: (-scores[dream.id], dream.id)):
            turns[each.base] += 1
            ranked.append((-scores[each.id] / turns[each.base], each.id, each))
        best = [each for _, _, each in sorted(ranked, key=lambda rank: rank[:2])]
        chosen: dict[str, Dream] = {}
        every = round(1 / FLOOR)
        sources = {True: iter(today), False: iter(best)}
        while len(chosen) < min(most, len(best)):
            source = sources[len(chosen) % every == every - 1]
            found = next((each for each in source if each.id not in chosen), None)
            if found is not None:
                chosen[found.id] = found
        return list(chosen.values())

    def _promise(self, dream: Dream) -> float:
        model = dream.model_requested or dream.model_used or ""
        effects = self._lessons.on(dream.dream_type, model, dream.transform_id, dream.base_path)
        worth = self._worth(dream.dream_type, model, dream.transform_id, dream.base_path)
        skipped = 0.1 if "skip" in effects else 1.0
        likely = self._deciding(dream.base_path, dream.base_qualname)
        return skipped * (dream.viability or 0.0) * worth * likely

    def _deciding(self, path: str, qualname: str) -> float:
        return self._beliefs.deciding.drawn(place_chain(path, qualname), 0, f"{self._run} decides")

    def _hoped(self, *chain: str, by: str = "") -> float:
        """A draw of what a candidate is worth before it was judged: one that is not viable is not tried."""
        least = min(len(chain), _OPERATOR)
        viable = self._beliefs.viable.drawn(chain, least, f"{self._run} {by} viable")
        return viable * self._worth(*chain, by=by)

    def _worth(self, *chain: str, by: str = "") -> float:
        """A draw of what one dream is worth: passing, and so much more for gaining; one for each choice that is told by a
        name, else one for the night."""
        least = min(len(chain), _OPERATOR)
        passes = self._beliefs.passing.drawn(chain, least, f"{self._run} {by} passes")
        gains = self._beliefs.gaining.drawn(chain, least, f"{self._run} {by} gains")
        return passes * (1 + GAIN_WORTH * gains)

    def _by_lot(self, key: Key, kind: str) -> bool:
        """Whether a procedure is one of those that are asked about as if nothing were known."""
        rng = random.Random(f"{self._run} {kind} {key}")  # noqa: S311 -- reproducible on purpose
        return rng.random() < FLOOR


def model_of(details: Mapping[str, object]) -> str:
    """Who dreamt a candidate: the model that was asked, "" where it is an operator."""
    return str(details.get("asked") or details.get("model") or "")
