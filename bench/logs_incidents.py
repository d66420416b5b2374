"""Twenty incidents in four weeks of a shop's logs: which of them the nights name on their day, and what they cry for nothing.

`python -m bench.logs_incidents --seeds tune|held [--list] [--seed N]`. Every seed is another shop with other
incidents on other days; a real night follows each day, the first seven only learn. The seeds for tuning and the
held-out ones were fixed before any detector was written; nothing about a detector is known here.
"""

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from bench.logs_incidents_draw import NIGHTS, draw
from bench.logs_incidents_kinds import KINDS, Incident
from bench.logs_incidents_night import Nights
from bench.logs_incidents_score import Score, score
from bench.logs_world_source import sources
from bench.machine import heading

SEEDS_TUNE = (11, 23, 37, 41, 59)
SEEDS_HELD = (1009, 2017, 3023, 4051, 5077)


def main() -> None:
    """Do the nights of some seeds and print what was named."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", choices=("tune", "held"), default="tune")
    parser.add_argument("--seed", type=int, action="append", help="only this seed; may be given again")
    parser.add_argument("--list", action="store_true", help="name every incident and every false alarm")
    args = parser.parse_args()
    seeds = tuple(args.seed or (SEEDS_TUNE if args.seeds == "tune" else SEEDS_HELD))
    heading(f"Incidents, seeds {', '.join(map(str, seeds))}")
    scores = {}
    for seed in seeds:
        begun = time.monotonic()
        scores[seed] = run(seed)
        print(f"seed {seed}: {NIGHTS} nights in {time.monotonic() - begun:.0f} s", file=sys.stderr)
    for line in (*table(list(scores.values())), "", *totals(scores)):
        print(line)
    if args.list:
        for seed, one in scores.items():
            print("", *listing(seed, one), sep="\n")


def run(seed: int) -> Score:
    """Do the nights of a seed in a folder of their own, and score them."""
    world, incidents = draw(seed)
    with tempfile.TemporaryDirectory(prefix="daydream-bench-") as scratch:
        nights = Nights(Path(scratch), world, sources(world))
        return score({day: nights.night(day) for day in range(NIGHTS)}, incidents)


def table(scores: Sequence[Score]) -> list[str]:
    """A row per kind: how many were named on their day, late, or missed."""
    lines = ["| incident | on its day | late | missed |", "|---|---|---|---|"]
    counted = [Counter(one.kind for s in scores for one in part(s)) for part in (_on_day, _late, _missed)]
    lines += [
        f"| {kind.key.replace('_', ' ')} | " + " | ".join(str(count[kind.key]) for count in counted) + " |"
        for kind in KINDS
    ]
    return [*lines, "| all | " + " | ".join(str(count.total()) for count in counted) + " |"]


def _on_day(one: Score) -> tuple[Incident, ...]:
    return one.on_day


def _late(one: Score) -> tuple[Incident, ...]:
    return one.late


def _missed(one: Score) -> tuple[Incident, ...]:
    return one.missed


def totals(scores: dict[int, Score]) -> list[str]:
    """A line per seed."""
    return [
        f"seed {seed}: {len(s.on_day)} of {len(s.on_day) + len(s.late) + len(s.missed)} on their day, "
        f"{len(s.late)} late; {len(s.false_alarms)} false alarms, {s.alarms_a_week:.1f} a week; "
        f"{len(s.too_early)} told as gone too early"
        for seed, s in scores.items()
    ]


def listing(seed: int, one: Score) -> list[str]:
    """Every incident with what became of it, every false alarm."""
    fates = {i.id: fate for fate in ("on_day", "late", "missed") for i in getattr(one, fate)}
    every = sorted((*one.on_day, *one.late, *one.missed), key=lambda i: (i.day, i.kind))
    lines = [f"seed {seed}"]
    lines += [f"  {fates[i.id]:7} night {i.day:2} {i.kind} in {i.source}: {i.what}" for i in every]
    lines += [f"  alarm   night {n:2} {a.rule} {a.subject}: {a.message[:160]}" for n, a in one.false_alarms]
    return lines + [
        f"  early   night {n:2} {a.rule} {a.subject}: {a.message[:160]}" for n, a in one.too_early
    ]


if __name__ == "__main__":
    main()
