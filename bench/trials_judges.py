"""Whether viability says what trials say: area under the curve, calibration, and tier 1 against tier 2.

`python -m bench.trials_judges FOLDER ...`: folders with states of nights that tried dreams (`dreams.db` below them), such as the
`--work` folder of `python -m bench.trials_funnel`. Every dream that a trial decided counts; undecided ones are counted beside it.
`--again` asks the rules as they are now about the same dreams instead of taking the verdicts that are stored: for changing the rules, on
repositories that the published figures are not of. Intervals are from resampling whole functions, since dreams of one
function stand or fall together. The exit code is 1 where the area is below 0.70, or tier 1 passes no more often than tier 2.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from bench.machine import heading
from bench.trials_funnel_statistics import Interval, auc_interval, brier, rate_difference, wilson
from daydream.contracts.dream import Case
from daydream.dream.judges.record import Tried, records
from daydream.dream.judges.rules import RuleBased
from daydream.store import dream_rows, trial_rows
from daydream.store.dreams import DreamStore

GOAL = 0.70
DECILES = 10


class Judged(NamedTuple):
    """A dream that was judged and tried: who judged, where and of which function, kind and transform, viability and tier;
    whether it passed, and whether it gained."""

    evaluator: str
    place: str
    base: tuple[str, str, int]
    dream_type: str
    transform: str
    viability: float
    tier: int
    passed: bool
    gained: bool


def main() -> int:
    """Read, count and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--name", default="night", help="the state's folder: night, or ruff for the peer")
    args = parser.parse_args()
    heading("Judges beside trials")
    found: list[Judged] = []
    undecided = 0
    stores = [path for folder in args.folders for path in sorted(folder.rglob(f"{args.name}/dreams.db"))]
    for path in stores:
        with DreamStore.open(path, read_only=True) as store:
            judged = list(_judged(store, path.parents[1].name, again=args.again))
            undecided += sum(each.outcome == "undecided" for each in trial_rows.trials(store))
        found += judged
    print(
        f"{len(stores)} repositories: {', '.join(path.parents[1].name for path in stores)}; {undecided:,} trials undecided\n"
    )
    short = [
        _told(who, [each for each in found if each.evaluator == who])
        for who in sorted({each.evaluator for each in found})
    ]
    return int(any(short) or not short)


def _judged(store: DreamStore, place: str, *, again: bool) -> Iterator[Judged]:
    latest = dream_rows.last_snapshot(store)
    procedures = {each.key: each for each in dream_rows.procedures(store, latest.run)} if latest else {}
    trials = {each.dream_id: each for each in trial_rows.trials(store) if each.outcome != "undecided"}
    verdicts = store.rows("SELECT dream_id, evaluator, viability, tier FROM verdicts ORDER BY number")
    dreams = {each.id: each for each in dream_rows.dreams(store)}
    rules = RuleBased()
    for dream_id, evaluator, stored, of_tier in verdicts:
        if dream_id not in trials or dream_id not in dreams:
            continue
        dream, trial = dreams[dream_id], trials[dream_id]
        viability, tier = stored, of_tier
        if again and evaluator == rules.evaluator:
            [verdict] = rules.judge([Case(dream, procedures.get(dream.base), None)])
            viability, tier = verdict.viability, verdict.tier
        yield Judged(
            evaluator,
            place,
            dream.base,
            dream.dream_type,
            dream.transform_id.partition("@")[0],
            viability,
            tier,
            trial.outcome == "behaviour_preserving",
            trial.effect == "gained",
        )


def _told(who: str, judged: Sequence[Judged]) -> bool:
    """Print what there is to say of a judge; whether it is short of the goals."""
    passed = sum(each.passed for each in judged)
    area = _area(judged)
    print(f"### {who}: {len(judged):,} dreams decided, {passed:,} do the same ({passed / len(judged):.0%})\n")
    print(f"area under the curve, all kinds: {area}")
    print(
        f"of those that do the same, gaining: {auc_interval([(e.viability, e.gained) for e in judged if e.passed], [(e.place, e.base) for e in judged if e.passed])}"
    )
    _kinds(judged)
    _calibration(judged)
    difference = _tiers(judged)
    for each in records(Tried(who, one.dream_type, one.viability, one.passed) for one in judged):
        print(f"\nin the product: {each.words}")
    return area is None or area.value < GOAL or difference is None or difference.low <= 0


def _area(judged: Sequence[Judged]) -> Interval | None:
    return auc_interval(
        [(each.viability, each.passed) for each in judged], [(each.place, each.base) for each in judged]
    )


def _kinds(judged: Sequence[Judged]) -> None:
    print("\n| kind | dreams | do the same | area under the curve |\n|---|---|---|---|")
    for kind in sorted({each.dream_type for each in judged}):
        mine = [each for each in judged if each.dream_type == kind]
        print(f"| {kind} | {len(mine)} | {_rate(mine)} | {_area(mine) or 'not measured'} |")
    print("\n| transform | dreams | do the same | gained | mean viability |\n|---|---|---|---|---|")
    for transform, count in Counter(each.transform for each in judged).most_common():
        mine = [each for each in judged if each.transform == transform]
        mean = sum(each.viability for each in mine) / count
        print(
            f"| {transform} | {count} | {sum(e.passed for e in mine)} | {sum(e.gained for e in mine)} | {mean:.2f} |"
        )


def _calibration(judged: Sequence[Judged]) -> None:
    """Viability in tenths beside what passed, and the Brier score beside that of the base rate of each kind."""
    print("\n| viability | dreams | mean viability | do the same |\n|---|---|---|---|")
    for tenth in range(DECILES):
        mine = [each for each in judged if min(int(each.viability * DECILES), DECILES - 1) == tenth]
        if mine:
            mean = sum(each.viability for each in mine) / len(mine)
            print(
                f"| {tenth / DECILES:.1f} to {(tenth + 1) / DECILES:.1f} | {len(mine)} | {mean:.2f} | {_rate(mine)} |"
            )
    print(
        f"\nBrier score {brier([(each.viability, each.passed) for each in judged]):.3f}; of the base rate of each kind, left out "
        f"one at a time, {brier(list(_base_rates(judged))):.3f}"
    )


def _base_rates(judged: Sequence[Judged]) -> Iterator[tuple[float, bool]]:
    """What somebody would say who knows how often the other dreams of the kind pass."""
    totals = Counter(each.dream_type for each in judged)
    passed = Counter(each.dream_type for each in judged if each.passed)
    for each in judged:
        others = totals[each.dream_type] - 1
        yield ((passed[each.dream_type] - each.passed) / others if others else 0.5), each.passed


def _tiers(judged: Sequence[Judged]) -> Interval | None:
    first, second = ([each.passed for each in judged if each.tier == tier] for tier in (1, 2))
    difference = rate_difference(first, second)
    print(
        f"\ntier 1: {sum(first)} of {len(first)} do the same; tier 2: {sum(second)} of {len(second)}; difference {difference}"
    )
    return difference


def _rate(judged: Sequence[Judged]) -> str:
    passed = sum(each.passed for each in judged)
    low, high = wilson(passed, len(judged))
    return f"{passed / len(judged):.2f} ({low:.2f} to {high:.2f})"


if __name__ == "__main__":
    sys.exit(main())
