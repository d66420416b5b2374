"""A second start while a night runs, and SIGTERM to committed exit, in the middle of every state.

`python -m bench.stops REPOSITORY`: a scratch copy is made; needs git.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import msgspec

from bench.machine import heading, median

_DAYDREAM = [sys.executable, "-m", "daydream"]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("repository", type=Path)
    parser.add_argument("--stops", type=int, default=12)
    args = parser.parse_args()
    heading("Second start and SIGTERM")
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch) / "repository"
        shutil.copytree(args.repository, root, symlinks=True)
        shutil.rmtree(root / ".git/daydream", ignore_errors=True)
        env = {**os.environ, "XDG_CACHE_HOME": f"{scratch}/cache", "XDG_CONFIG_HOME": f"{scratch}/config"}
        run = [*_DAYDREAM, "--root", str(root), "-q", "run", "--budget", "30m"]
        seconds, seconds_stop, where = [], [], []
        for number in range(args.stops):
            night = subprocess.Popen(run, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(1.2 + 0.35 * number)
            if night.poll() is not None:
                print(f"the night ended by itself before stop {number + 1}")
                break
            begun = time.perf_counter()
            second = subprocess.run(run, env=env, capture_output=True, check=False)
            seconds.append(time.perf_counter() - begun)
            assert second.returncode == 75, second
            position = _position(root)
            begun = time.perf_counter()
            night.send_signal(signal.SIGTERM)
            code = night.wait()
            seconds_stop.append(time.perf_counter() - begun)
            where.append(position)
            assert code == 75, code
        print(
            f"second start: exit 75, median {median(seconds) * 1e3:.0f} ms, worst {max(seconds) * 1e3:.0f} ms"
        )
        worst = max(zip(seconds_stop, where, strict=True))
        print(
            f"SIGTERM to exit 75: median {median(seconds_stop):.2f} s, worst {worst[0]:.2f} s (in {worst[1]})"
        )
        print(f"stopped in: {', '.join(sorted(set(where)))}")
        done = subprocess.run(run, env=env, capture_output=True, check=False)
        print(f"the same command then ends with exit {done.returncode}")


def _position(root: Path) -> str:
    head = root / ".git/daydream/state/night/state.json"
    if not head.exists():
        return "preparing"
    data = head.read_bytes()
    return str(msgspec.json.decode(data)["state"]["position"])


if __name__ == "__main__":
    main()
