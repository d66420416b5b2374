"""Quiet logs: a month in which nothing happens, and real public logs replayed day by day.

`python -m bench.logs_quiet month [--seed N] [--list]`: a shop without incidents; on how many of the 30 mornings after
a week of learning Action Required has an entry about logs. `python -m bench.logs_quiet public FOLDER [--year Y]
[--list]`: every folder below FOLDER holds one machine's logs (``access.log``, ``access.log.1``, ...); they are written
again as they stood at 02:00 of each day, and what the nights after the first seven print is counted. Nothing of
the logs is part of this project.
"""

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench.logs_incidents_night import Nights, Story
from bench.logs_incidents_score import Named
from bench.logs_quiet_replay import Replay
from bench.logs_world import LEARNING, World
from bench.logs_world_source import sources
from bench.machine import heading

SEEDS = (71, 72, 73)
MORNINGS = 30
_PAGE = {"README.md": "# A machine\n"}


def main() -> None:
    """Do the nights and print what they cried about."""
    parser = argparse.ArgumentParser()
    kinds = parser.add_subparsers(required=True, dest="kind")
    month = kinds.add_parser("month")
    month.add_argument("--seed", type=int, action="append")
    public = kinds.add_parser("public")
    public.add_argument("folder", type=Path)
    public.add_argument("--year", type=int, default=2005, help="the year of stamps that have none")
    for one in (month, public):
        one.add_argument("--list", action="store_true", help="name every flag")
    args = parser.parse_args()
    heading("Quiet logs")
    if args.kind == "month":
        for seed in args.seed or SEEDS:
            world = World(seed, LEARNING + MORNINGS)
            flags = replayed(world, world.days, sources(world))
            print(f"seed {seed}: {quiet_mornings(flags)}")
            _list(flags, args.list)
        return
    print("| logs | days | lines | nights counted | flags | a week |\n|---|---|---|---|---|---|")
    for folder in sorted(path for path in args.folder.iterdir() if path.is_dir()):
        replay = Replay(folder, args.year)
        flags = replayed(replay, replay.days, _PAGE)
        cells = (folder.name, replay.days, replay.lines, len(flags), sum(map(len, flags.values())))
        print(f"| {' | '.join(map(str, cells))} | {a_week(flags):.1f} |", flush=True)
        _list(flags, args.list)


def replayed(story: Story, days: int, files: dict[str, str]) -> dict[int, list[Named]]:
    """Do a night after each day; what was new or worse in print, for the nights after the learning week."""
    with tempfile.TemporaryDirectory(prefix="daydream-bench-") as scratch:
        nights = Nights(Path(scratch), story, files)
        printed = {day: nights.night(day) for day in range(days)}
    return {
        day: [named for named in found if named.standing != "gone"]
        for day, found in printed.items()
        if day >= LEARNING
    }


def quiet_mornings(flags: dict[int, list[Named]]) -> str:
    """Say on how many mornings nothing about logs was asked of anyone."""
    quiet = sum(not found for found in flags.values())
    return f"Action Required has no log entry on {quiet} of {len(flags)} mornings"


def a_week(flags: dict[int, list[Named]]) -> float:
    """Flags per seven nights."""
    return 7 * sum(map(len, flags.values())) / len(flags) if flags else 0.0


def _list(flags: dict[int, Sequence[Named]] | dict[int, list[Named]], wanted: bool) -> None:
    for day, found in flags.items() if wanted else ():
        for named in found:
            print(f"  night {day:2} {named.rule} {named.subject}: {named.message[:160]}")


if __name__ == "__main__":
    main()
