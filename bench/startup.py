"""Start-up: `--help` and `status` beside `python -c pass`, interleaved; and what they load.

`python -m bench.startup REPOSITORY` with a repository in which a night was done.
"""

import argparse
import json
import subprocess
import sys
import time

from bench.machine import heading, median

HEAVY = ("pydantic", "jinja2", "httpx", "docker", "sentry_sdk", "asyncio")
_LOADED = """
import io, json, sys, contextlib
sys.argv[1:] = json.loads(sys.argv[1])
from daydream.__main__ import main
with contextlib.redirect_stdout(io.StringIO()):
    try: main()
    except SystemExit: pass
print(json.dumps(sorted(sys.modules)))
"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("repository")
    parser.add_argument("--rounds", type=int, default=31)
    args = parser.parse_args()
    heading("Start-up")
    words = {"--help": ["--help"], "status": ["--root", args.repository, "status"]}
    commands = {"python -c pass": [sys.executable, "-c", "pass"]}
    commands |= {name: [sys.executable, "-m", "daydream", *argv] for name, argv in words.items()}
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(args.rounds):
        for name, command in commands.items():
            begun = time.perf_counter()
            subprocess.run(command, capture_output=True, check=True)
            times[name].append(time.perf_counter() - begun)
    base = median(times["python -c pass"])
    for name, values in times.items():
        print(f"{name:>15}: median {median(values) * 1e3:5.1f} ms, {median(values) / base:.2f}x")
    for name, argv in words.items():
        command = [sys.executable, "-c", _LOADED, json.dumps(argv)]
        modules = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
        heavy = [module for module in HEAVY if module in modules]
        print(f"{name:>15}: {len(modules)} modules, of the heavy six: {', '.join(heavy) or 'none'}")


if __name__ == "__main__":
    main()
