"""Thirty nights on a repository that nobody touches but once: how soon nothing is left to dream, and what a night costs then.

`python -m bench.dreams_nights REPOSITORY [--nights 30] [--change 20]`: in a clone of it, with a home of its own, a night
for each day, a process each as a scheduler starts it; only its clock is set to the day. Before night 20 one dream is taken over into
the source and committed: of its procedure there must be new dreams, of nothing else. A night is *quiet* once
nothing was dreamt. What dreams take on quiet nights may be 5 % of the first and half a second, and they say one line
about dreams; beside it, what the whole night costs. `--nights 2` on a large repository tells what the second costs there.
"""

import argparse
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from bench.machine import heading, median
from daydream.store.dreams import DreamStore

SHARE, CONSTANT_S = 0.05, 0.5
_STATES = ("catalogue", "generate", "judge", "score")
_WHO = ("-c", "user.name=bench", "-c", "user.email=bench@example.invalid", "-c", "commit.gpgSign=false")
_NIGHT = """
import datetime as dt, sys, time
from daydream import clock
began, day = time.monotonic(), dt.datetime(2026, 12, 1, 2, tzinfo=dt.UTC) + dt.timedelta(days=int(sys.argv[2]))
clock.now = lambda: day + dt.timedelta(seconds=time.monotonic() - began)
from daydream.cli.main import main
sys.exit(main(["--root", sys.argv[1], "-q", "run", "--budget", "60m"]))
"""


class Cost(NamedTuple):
    """One night: seconds waited for and of the processor, milliseconds of each state of dreams, and what it dreamt."""

    wall_s: float
    cpu_s: float
    states_ms: dict[str, int]
    dreams: int
    about: int

    @property
    def dreams_s(self) -> float:
        """Seconds that the states of dreams took."""
        return sum(self.states_ms.values()) / 1000


class _Event(msgspec.Struct):
    states_ms: dict[str, int] = msgspec.field(default_factory=dict)


class Clone:
    """A clone of a repository, and its nights."""

    def __init__(self, folder: Path, repository: Path) -> None:
        self.root = folder / repository.name
        self._home = folder / "home"
        self._home.mkdir()
        self._git(folder, "clone", "-q", "--no-hardlinks", str(repository), str(self.root))
        self._state = self.root / ".git" / "daydream" / "state"

    def _git(self, where: Path, *argv: str) -> None:
        subprocess.run(["git", *_WHO, *argv], cwd=where, check=True, capture_output=True)

    def night(self, number: int) -> Cost:
        """Do a whole night, and wait for it."""
        env = {
            "PATH": os.environ["PATH"],
            "HOME": str(self._home),
            "PYTHONPATH": str(Path.cwd()),
            "DAYDREAM_NIGHT_ZONE": "UTC",
        }
        begun, before = time.perf_counter(), _children_s()
        argv = [sys.executable, "-c", _NIGHT, str(self.root), str(number)]
        subprocess.run(argv, env=env, check=True, stdout=subprocess.DEVNULL)
        wall_s, cpu_s = time.perf_counter() - begun, _children_s() - before
        return Cost(wall_s, cpu_s, self._telemetry(), self.dreamt(), self._lines())

    def _telemetry(self) -> dict[str, int]:
        newest = max(
            (self._state / "night" / "runs").glob("*/telemetry.jsonl"), key=lambda p: p.stat().st_mtime_ns
        )
        spent: dict[str, int] = {}
        for line in newest.read_bytes().splitlines():
            spent |= msgspec.json.decode(line, type=_Event).states_ms
        return {name: spent.get(f"dream.{name}", 0) for name in _STATES}

    def _lines(self) -> int:
        """How many lines of the last report are about dreams."""
        reports = (self.root / ".git" / "daydream" / "logs" / "daydream").glob("report_*.md")
        text = max(reports, key=lambda path: path.name).read_text("utf-8")
        section = re.search(r"(?ms)^## Dreams\n(.*?)(?=^## |\Z)", text)
        return sum(bool(line.strip()) for line in section[1].splitlines()) if section else 0

    def dreamt(self) -> int:
        """How many dreams the last night made."""
        with DreamStore.open(self._state / "dreams.db", read_only=True) as store:
            sql = "SELECT total_dreams_generated FROM dream_generation_runs ORDER BY timestamp DESC, run DESC LIMIT 1"
            found = store.rows(sql)
        return int(found[0][0]) if found else 0

    def total(self) -> int:
        """How many dreams there were in all nights."""
        with DreamStore.open(self._state / "dreams.db", read_only=True) as store:
            return int(store.rows("SELECT SUM(total_dreams_generated) FROM dream_generation_runs")[0][0])

    def bases(self) -> set[tuple[str, str]]:
        """Which procedures the last night dreamt of."""
        with DreamStore.open(self._state / "dreams.db", read_only=True) as store:
            last = "(SELECT run FROM dream_generation_runs ORDER BY timestamp DESC, run DESC LIMIT 1)"
            return {
                (row[0], row[1])
                for row in store.rows(
                    f"SELECT DISTINCT base_path, base_qualname FROM dreamt WHERE run = {last}"
                )
            }

    def take_over(self) -> tuple[str, str]:
        """Change one procedure as one of its dreams says, and commit; return which. It is the one with most dreams,
        so that its new wording most likely has some too."""
        with DreamStore.open(self._state / "dreams.db", read_only=True) as store:
            sql = (
                "SELECT base_path, base_qualname, diff FROM dreamt ORDER BY COUNT(*) OVER "
                "(PARTITION BY base_path, base_qualname, base_occurrence) DESC, id LIMIT 1"
            )
            path, name, diff = store.rows(sql)[0]
        subprocess.run(["git", "apply", "-"], cwd=self.root, input=diff.encode(), check=True)
        self._git(self.root, "commit", "-q", "--no-verify", "-am", "one dream came true")
        return path, name


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> int:
    """Do the nights and print; the exit code is 1 where a limit is broken."""
    parser = argparse.ArgumentParser()
    parser.add_argument("repository", type=Path)
    parser.add_argument("--nights", type=int, default=30)
    parser.add_argument("--change", type=int, default=20)
    args = parser.parse_args()
    heading("Thirty nights of dreams")
    nights: list[Cost] = []
    wrong: list[str] = []
    with tempfile.TemporaryDirectory(prefix="daydream-bench-") as name:
        clone = Clone(Path(name), args.repository.resolve())
        for number in range(1, args.nights + 1):
            changed = clone.take_over() if number == args.change else None
            nights.append(clone.night(number))
            print(_line(number, nights[-1]), flush=True)
            if changed is not None:
                found = clone.bases()
                print(f"changed before night {number}: {changed}; dreamt of: {sorted(found)}")
                wrong += (
                    []
                    if found == {changed}
                    else ["after the change something else was dreamt of, or nothing"]
                )
        total = clone.total()
    return _told(nights, total, args.change, wrong)


def _line(number: int, cost: Cost) -> str:
    states = ", ".join(f"{name} {ms} ms" for name, ms in cost.states_ms.items())
    return (
        f"night {number:2}: {cost.wall_s:5.2f} s, processor {cost.cpu_s:5.2f} s; {cost.dreams} dreams ({states}); "
        f"{cost.about} lines about dreams"
    )


def _told(nights: Sequence[Cost], total: int, change: int, wrong: list[str]) -> int:
    last = max((n for n, each in enumerate(nights, start=1) if each.dreams and n != change), default=0)
    quiet = [each for n, each in enumerate(nights, start=1) if n > last and n != change]
    if not quiet:
        print(f"\n{total} dreams in {len(nights)} nights, and more are left")
        return int(bool(wrong))
    print(f"\n{total} dreams; from night {last + 1} on nothing is left to dream")
    first = nights[0]
    for what, cost, reference in (
        ("what dreams take", median([each.dreams_s for each in quiet]), first.dreams_s),
        ("the whole night", median([each.wall_s for each in quiet]), first.wall_s),
        ("its processor time", median([each.cpu_s for each in quiet]), first.cpu_s),
    ):
        print(f"{what}: {cost:.2f} s, median of {len(quiet)} quiet nights; first {reference:.2f} s")
    cost, most = median([each.dreams_s for each in quiet]), SHARE * first.dreams_s + CONSTANT_S
    if cost > most:
        wrong.append(f"dreams take {cost:.2f} s on a quiet night, more than {most:.2f} s")
    if any(each.about > 1 for each in quiet):
        wrong.append("a quiet night says more than one line about dreams")
    print("\n".join(wrong) or "nothing broke a limit")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
