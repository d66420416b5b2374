"""What a night adds to the tools it runs: `legacy_cleanup` beside ruff and vulture by hand, interleaved; and
where the time of a whole night goes. `python -m bench.orchestration REPOSITORY [--rounds N]`
"""

import argparse
import dataclasses
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import msgspec

from bench.machine import heading, median
from daydream.config.model import Config
from daydream.processes import Stop
from daydream.repository import places as where
from daydream.repository.ground import prepare
from daydream.steps import legacy_cleanup
from tests.fakes.night import SmallNight

_SELECT = "F401,F841,F811,ERA001,UP,W605,DTZ003,DTZ004"


def by_hand(tree: Path, files: list[str]) -> float:
    """ruff and vulture as a person would call them, on the same files; seconds."""
    begun = time.perf_counter()
    for start in range(0, len(files), 3000):
        part = files[start : start + 3000]
        ruff = [sys.executable, "-m", "ruff", "check", "--isolated", "--no-cache", "--select", _SELECT]
        subprocess.run(
            [*ruff, "--output-format", "json", *part], cwd=tree, stdout=subprocess.DEVNULL, check=False
        )
    vulture = [sys.executable, "-m", "vulture", "--min-confidence", "60", *files]
    subprocess.run(vulture, cwd=tree, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return time.perf_counter() - begun


def ours(root: Path, scratch: Path) -> tuple[float, Path, list[str]]:
    """The step, planned and run on the same commit, without the night around it; seconds."""
    stop = Stop()
    places = where.locate(
        root,
        state=str(scratch / "state"),
        logs=str(scratch / "logs"),
        cache=str(scratch / "cache"),
        stop=stop,
    )
    ground = prepare(places, Config(), stop)
    small = SmallNight(scratch / "small", {})
    base = small.context()
    ctx = dataclasses.replace(
        base,
        root=places.root,
        tree=ground.tree,
        files=ground.files,
        examination=ground.examination,
        stop=stop,
    )
    begun = time.perf_counter()
    step = legacy_cleanup.make(Config())
    for name in step.plan(ctx):
        cursor = None
        while True:
            outcome = step.run(ctx, name, cursor)
            cursor = getattr(outcome, "cursor", None)
            if cursor is None:
                break
    seconds = time.perf_counter() - begun
    files = [f.path for f in ground.files if f.path.endswith(".py")]
    return seconds, ground.tree, files


def whole_night(root: Path, scratch: Path) -> dict[str, float]:
    """Seconds per state of a first night in a fresh copy."""
    copy = scratch / "copy"
    shutil.copytree(root, copy, symlinks=True, ignore=shutil.ignore_patterns("daydream.lock"))
    shutil.rmtree(copy / ".git/daydream", ignore_errors=True)
    env = {**os.environ, "XDG_CACHE_HOME": f"{scratch}/xdg", "XDG_CONFIG_HOME": f"{scratch}/xdg"}
    command = [sys.executable, "-m", "daydream", "--root", str(copy), "-q", "run", "--budget", "1h"]
    begun = time.perf_counter()
    subprocess.run(command, env=env, stdout=subprocess.DEVNULL, check=True)
    total = time.perf_counter() - begun
    (path,) = (copy / ".git/daydream/state/night/runs").glob("*/telemetry.jsonl")
    states: dict[str, float] = msgspec.json.decode(path.read_bytes().splitlines()[-1])["states_ms"]
    seconds = {name: ms / 1000 for name, ms in states.items()}
    return {**seconds, "start, checkout, commits": total - sum(seconds.values()), "whole night": total}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("repository", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    heading("Orchestration")
    hand, step = [], []
    files: list[str] = []
    with tempfile.TemporaryDirectory() as scratch:
        for _ in range(args.rounds):
            seconds, tree, files = ours(args.repository, Path(scratch))
            step.append(seconds)
            hand.append(by_hand(tree, files))
        print(f"{len(files)} Python files")
        print(f"by hand: median {median(hand):.2f} s; legacy_cleanup: median {median(step):.2f} s")
        bound = 1.1 * median(hand) + 0.5
        print(f"ratio {median(step) / median(hand):.2f}; bound 1.1x + 0.5 s = {bound:.2f} s\n")
        for name, seconds in whole_night(args.repository, Path(scratch)).items():
            print(f"{name:>26}: {seconds:6.2f} s")


if __name__ == "__main__":
    main()
