"""Resume: from exec to the first new sub-step, with 10 and with 100,000 sub-steps done, interleaved.

The night is killed in the middle of a state by SIGKILL, as a crash would; each start is a new process
that loads the real program, takes the lock, loads the state and begins the next sub-step.
`python -m bench.resume [--rounds N]`
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.commit import night
from bench.machine import heading, median, percentile

_START = """
import os, sys, time
begun = float(sys.argv[2])
from pathlib import Path
from daydream.app import entry, night as real  # what a real start loads before its first sub-step
from daydream.store.checkpoint import Checkpoint
from daydream.store.lock import RunLock
from tests.fakes.night import ScriptedStep, SmallNight
def first(ctx, name, cursor):
    print(time.time() - begun, name, flush=True)
    os.kill(os.getpid(), 9)
small = SmallNight(Path(sys.argv[1]), {"docs": ScriptedStep(script=first)})
with RunLock(small.night_folder) as lock:
    checkpoint = Checkpoint(small.night_folder, lock)
    checkpoint.load()
    checkpoint.commit(resumed=checkpoint.current.resumed + 1)
    small.runner(checkpoint).run()
"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=15)
    args = parser.parse_args()
    heading("Resume")
    times: dict[int, list[float]] = {10: [], 100_000: []}
    with tempfile.TemporaryDirectory() as scratch:
        for done in times:
            checkpoint = night(Path(scratch) / str(done), done)
            checkpoint.lock.release()
        for _ in range(args.rounds):
            for done, values in times.items():
                place = Path(scratch) / "now"
                shutil.copytree(Path(scratch) / str(done), place)
                os.sync()
                command = [sys.executable, "-c", _START, str(place), str(time.time())]
                left = subprocess.run(command, capture_output=True, text=True, check=False)
                assert left.returncode == -9, left.stderr
                seconds, name = left.stdout.split(maxsplit=1)
                assert name.strip() == f"file {done:06d}.py", name
                values.append(float(seconds))
                shutil.rmtree(place)
    for done, values in times.items():
        print(
            f"{done:>7} done: median {median(values) * 1e3:.0f} ms, p90 {percentile(values, 0.9) * 1e3:.0f} ms"
        )
    print(f"ratio of medians: {median(times[100_000]) / median(times[10]):.2f}")


if __name__ == "__main__":
    main()
