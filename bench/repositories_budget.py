"""A night that cannot fit: `python -m bench.repositories_budget REPOSITORY [--budget 20] [--modules 4000]`.

A scratch copy is made slow on purpose with generated modules. One whole night without a limit shows what it would take;
then, in a fresh copy, first and second night with the budget: wall time, what the report says did not fit, and whether
the second night takes that first.
"""

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.machine import heading, here
from bench.repositories_cases import copy, git
from bench.repositories_page import measure
from daydream.records.head import Segment
from daydream.store import heads, segments
from daydream.store.runs import cut_names, known

_SHARE = 1.05
_SEED = 7


def main() -> None:
    """Measure; exit 1 where a night was longer than its budget or forgot what did not fit."""
    parser = argparse.ArgumentParser()
    parser.add_argument("repository", type=Path)
    parser.add_argument("--budget", type=int, default=20)
    parser.add_argument("--modules", type=int, default=4000)
    args = parser.parse_args()
    heading("A night that cannot fit")
    wrong = []
    with tempfile.TemporaryDirectory(prefix="daydream-bench-") as scratch:
        slow = Path(scratch) / "slow"
        copy(args.repository, slow)
        print(f"{_slow_down(slow, args.modules):.0f} MB of generated Python in {args.modules} modules\n")
        whole = Path(scratch) / "whole"
        shutil.copytree(slow, whole, symlinks=True)
        seconds, _ = _night(whole, Path(scratch) / "home-1", "Etc/GMT+12", "60m")
        print(
            f"without a limit: {seconds:.1f} s = {seconds / args.budget:.1f} x the budget of {args.budget} s"
        )
        shutil.rmtree(whole)
        if seconds < 3 * args.budget:
            wrong.append("the repository is not slow enough; ask for more --modules")
        for number, zone in enumerate(("Etc/GMT+12", "Pacific/Kiritimati"), start=1):
            seconds, report = _night(slow, Path(scratch) / "home-2", zone, f"{args.budget}s")
            within = seconds <= args.budget * _SHARE
            print(f"\nnight {number}: {seconds:.2f} s, {seconds / args.budget:.3f} of the budget")
            page = measure(report.parent, report.stem.removeprefix("report_"))
            print("".join(f"    {line}\n" for line in page.doc.trouble), end="")
            print(f"    page: {page.lines} lines, first screen {page.screen}; caps {page.broken or 'kept'}")
            wrong += [] if within else [f"night {number} took {seconds:.2f} s"]
            wrong += page.broken
            if not any("come first" in line or "comes first" in line for line in page.doc.trouble):
                wrong.append(f"night {number} does not say what did not fit")
        wrong += _order(slow)
    print("\n" + ("\n".join(wrong) or "within the budget; what did not fit came first"))
    sys.exit(bool(wrong))


def _slow_down(root: Path, modules: int) -> float:
    """Commit generated modules with many functions each; return megabytes."""
    rng = random.Random(_SEED)
    folder = root / "warehouse"
    size = 0
    for number in range(modules):
        module = folder / f"part{number // 200:03}" / f"store_{number:05}.py"
        module.parent.mkdir(parents=True, exist_ok=True)
        size += module.write_text(_module(rng, number), encoding="utf-8")
    git(root, "add", "-f", "warehouse")
    git(root, "commit", "-q", "--no-verify", "-m", "Grow a warehouse")
    return size / 2**20


def _module(rng: random.Random, number: int) -> str:
    lines = ['"""Generated for a benchmark: shelves and what lies on them."""', "", "import collections", ""]
    for one in range(40):
        name = f"shelf_{number}_{one}"
        lines += [
            "",
            f"def {name}(values, limit={rng.randrange(100)}, factor={rng.random():.3f}):",
            f'    """Add up what lies on shelf {one}."""',
            "    total = collections.Counter()",
            "    for key, value in enumerate(values):",
            f"        if value > limit and key % {rng.randrange(2, 9)}:",
            f"            total[key] += value * factor + {rng.randrange(1000)}",
            "        elif value < -limit:",
            f"            total[key] -= min(value, {rng.randrange(50)})",
            "    return total",
            "",
        ]
    return "\n".join(lines) + "\n"


def _night(root: Path, home: Path, zone: str, budget: str) -> tuple[float, Path]:
    home.mkdir(exist_ok=True)
    env = {"PATH": os.environ["PATH"], "HOME": str(home), "DAYDREAM_NIGHT_ZONE": zone}
    argv = [sys.executable, "-m", "daydream", "--root", str(root), "-q", "run", "--budget", budget]
    begun = time.perf_counter()
    done = subprocess.run(argv, env=env, cwd=here(), capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - begun
    assert done.returncode == 0, done.stderr
    reports = (root / ".git/daydream/logs/daydream").glob("report_*.md")
    return seconds, max(reports, key=lambda path: path.stat().st_mtime_ns)


def _order(root: Path) -> list[str]:
    """Whether each state of the second night began with what the first one had to leave out."""
    folder = root / ".git/daydream/state/night"
    (first_run, first), (second_run, second) = known(folder)
    assert first is not None
    assert second is not None
    print(f"\n{first_run} left to {second_run}:")
    wrong = []
    plan = heads.run_folder(folder, second.run) / "plan.jsonl"
    planned = [name for name, _ in segments.names(plan, second.segments.get("plan", Segment()), 0)]
    still = cut_names(folder, second)
    for state, names in cut_names(folder, first).items():
        kept = [name for name in names if name in planned]
        at = planned.index(kept[0]) if kept else -1
        ahead = bool(kept) and planned[at : at + len(kept)] == kept
        done = len(set(kept) - set(still.get(state, ())))
        print(
            f"    {state}: {len(names)} sub-steps ({', '.join(names[:3])}...): "
            f"{'first' if ahead else 'NOT first'} in the second night's plan, {done} of them done then"
        )
        if not ahead:
            wrong.append(f"{state}: {names[0]} does not come first")
    return wrong


if __name__ == "__main__":
    main()
