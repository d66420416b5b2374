"""The cost of a sub-step's commit, beside the raw protocol on the same bytes and, where installed, DBOS on SQLite.

Interleaved: each variant once per round. `python -m bench.commit [--rounds N] [--dbos PYTHON]`
"""

import argparse
import json
import os
import subprocess
import tempfile
import time
from pathlib import Path

from bench.machine import heading, median
from daydream.records.head import Attempt, Segment
from daydream.records.journal import Ended, Planned
from daydream.store.checkpoint import Checkpoint
from daydream.store.lock import RunLock
from tests.fakes.night import ScriptedStep, SmallNight

_DBOS = """
import json, os, sys, tempfile, time
os.environ["DBOS__LOGS"] = "off"
from dbos import DBOS
folder = tempfile.mkdtemp(dir=sys.argv[2])
DBOS(config={"name": "bench", "system_database_url": f"sqlite:///{folder}/db.sqlite", "log_level": "ERROR"})
@DBOS.step()
def step(n): return n
@DBOS.workflow()
def work(count):
    begun = time.perf_counter()
    for n in range(count): step(n)
    return (time.perf_counter() - begun) / count
DBOS.launch()
print(json.dumps(work(int(sys.argv[1]))))
DBOS.destroy()
"""


def raw(path: Path, data: bytes) -> None:
    """write + fsync + rename + fsync of the folder, by hand."""
    temporary = str(path) + ".tmp"
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.write(handle, data)
    os.fsync(handle)
    os.close(handle)
    os.replace(temporary, path)  # noqa: PTH105 -- the system call itself is measured
    folder = os.open(path.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


def at_size(checkpoint: Checkpoint, done: int) -> None:
    """Write a journal and a plan as `done` sub-steps leave them, in one commit each."""
    names = [f"file {n:06d}.py" for n in range(done + 1000)]
    at, plan = checkpoint.write_plan(names)
    checkpoint.commit(Planned(state="maintain.docs", count=len(names), at=at, plan=plan))
    line = len(names[0]) + 3  # quotes and newline
    entries = [ended(name, at + line * n) for n, name in enumerate(names[:done], start=1)]
    for start in range(0, len(entries), 5000):
        checkpoint.commit(*entries[start : start + 5000])


def ended(name: str, next_at: int) -> Ended:
    """A small record."""
    return Ended(state="maintain.docs", name=name, kind="done", part=0, next_at=next_at, facts={"n": 1})


def night(folder: Path, done: int) -> Checkpoint:
    """A checkpoint with `done` sub-steps behind it; its lock stays held."""
    small = SmallNight(folder, {"docs": ScriptedStep()})
    lock = RunLock(small.night_folder)
    lock.acquire()
    checkpoint = Checkpoint(small.night_folder, lock)
    small.begin(checkpoint)
    at_size(checkpoint, done)
    return checkpoint


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=400)
    parser.add_argument("--dbos", help="a Python that has dbos installed")
    parser.add_argument("--folder", default=None, help="where to write; default: the temporary folder")
    args = parser.parse_args()
    heading("Commit of a sub-step")
    with tempfile.TemporaryDirectory(dir=args.folder) as scratch:
        base = Path(scratch)
        counts = (10, 100_000)
        checkpoints = {done: night(base / str(done), done) for done in counts}
        times: dict[str, list[float]] = {"raw": [], **{f"commit {done}": [] for done in counts}}
        sizes: list[int] = []
        target = base / "raw.json"
        for round_number in range(args.rounds):
            data = (checkpoints[10].folder / "state.json").read_bytes()
            begun = time.perf_counter()
            raw(target, data)
            times["raw"].append(time.perf_counter() - begun)
            for done, checkpoint in checkpoints.items():
                name = f"file {done + round_number:06d}.py"
                begun = time.perf_counter()
                checkpoint.commit(ended(name, 0), attempt=Attempt(name=name))
                times[f"commit {done}"].append(time.perf_counter() - begun)
                sizes.append((checkpoint.folder / "state.json").stat().st_size)
        base_time = median(times["raw"])
        for name, values in times.items():
            print(f"{name:>15}: p50 {median(values) * 1e6:7.0f} us, {median(values) / base_time:.2f}x raw")
        growth = median(times["commit 100000"]) / median(times["commit 10"])
        print(f"p50 at 100,000 sub-steps / at 10: {growth:.2f}")
        print(f"largest state.json: {max(sizes)} bytes")
        segment: Segment = checkpoints[100_000].current.segments["journal"]
        print(f"journal: {segment.count} lines, {segment.length / 1e6:.1f} MB")
        if args.dbos:
            peer = subprocess.run(
                [args.dbos, "-c", _DBOS, "500", scratch], capture_output=True, text=True, check=False
            )
            if peer.returncode:
                print(f"DBOS: not measured: {peer.stderr.strip().splitlines()[-1]}")
            else:
                step = json.loads(peer.stdout.strip().splitlines()[-1])
                print(
                    f"DBOS on SQLite (for information): {step * 1e6:.0f} us a step, {step / base_time:.2f}x raw"
                )


if __name__ == "__main__":
    main()
