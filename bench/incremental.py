"""What a night costs by what changed since the last one, and that it finds what a night without a memory finds.

`python -m bench.incremental REPOSITORY`: in a copy of it, with a home of its own, a cold night, a second night
without changes, a night after one file changed, and a cold night on that changed tree. Times are of the whole
process as a user waits for it and, beside them, the processor time of it and all its children, which a busy
machine does not stretch. Says whether the findings are the same, and exits with 1 where they are not.
No dream is tried, which is verification; `--no-dreams` leaves the dreams out, which are new every night; `--rounds` repeats the second night.
"""

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from bench.machine import heading, median

SHARE, CONSTANT_S = 0.05, 0.5
_CHANGE = "\n\nimport json\n\n\ndef _added_by_the_benchmark(value):\n    spare = value\n    return 1\n    print(value)\n"
_WHO = ("-c", "user.name=bench", "-c", "user.email=bench@example.invalid", "-c", "commit.gpgSign=false")


class Cost(NamedTuple):
    """Seconds that somebody waits, and seconds of processor time."""

    wall_s: float
    cpu_s: float


class Bench:
    """A copy of a repository with a home of its own."""

    def __init__(self, folder: Path, repository: Path, *, dreams: bool) -> None:
        self.root = folder / repository.name
        self._home = folder / "home"
        self._home.mkdir()
        self._words = () if dreams else ("--no-dreams",)
        shutil.copytree(repository, self.root, symlinks=True)
        self.forget()

    def git(self, *argv: str) -> str:
        """Run git in the copy."""
        command = ["git", *_WHO, *argv]
        return subprocess.run(command, cwd=self.root, check=True, capture_output=True, text=True).stdout

    def forget(self) -> None:
        """Take away all that daydream knows of the copy."""
        for place in (self.root / ".git" / "daydream", self._home):
            shutil.rmtree(place, ignore_errors=True)
        self._home.mkdir(exist_ok=True)

    def night(self) -> Cost:
        """Do a whole night, and wait for it."""
        env = {"PATH": os.environ["PATH"], "HOME": str(self._home), "PYTHONPATH": str(Path.cwd())}
        env["DAYDREAM_TRIALS_PER_NIGHT"] = "0"
        argv = [sys.executable, "-m", "daydream", "--root", str(self.root), "-q", "run"]
        begun, before = time.perf_counter(), _children_s()
        subprocess.run(
            [*argv, "--budget", "60m", *self._words], env=env, check=True, stdout=subprocess.DEVNULL
        )
        return Cost(time.perf_counter() - begun, _children_s() - before)

    def findings(self) -> list[dict[str, object]]:
        """Return what the last night found: everything but since when it is known."""
        folder = self.root / ".git" / "daydream" / "state" / "night" / "findings"
        newest = max(folder.glob("*.jsonl"), key=lambda path: path.stat().st_mtime_ns)
        rows = [json.loads(line) for line in newest.read_text().splitlines()]
        kept = ("id", "rule", "subject", "identity", "message", "line", "worth", "severity", "evidence")
        found = [{key: row.get(key) for key in kept} for row in rows if "rule" in row and "id" in row]
        return sorted(found, key=lambda row: (str(row["id"]), str(row["line"])))

    def change(self) -> str:
        """Add dead code to one source file in the middle of the tree, and commit it."""
        sources = [path for path in self.git("ls-files", "*.py").splitlines() if "test" not in path]
        chosen = sorted(sources)[len(sources) // 2]
        with (self.root / chosen).open("a", encoding="utf-8") as file:
            file.write(_CHANGE)
        self.git("commit", "-q", "--no-verify", "-am", "a change")
        return chosen


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _vulture_s(root: Path) -> Cost:
    """Time vulture itself on the same tree."""
    begun, before = time.perf_counter(), _children_s()
    subprocess.run([sys.executable, "-m", "vulture", str(root)], check=False, capture_output=True)
    return Cost(time.perf_counter() - begun, _children_s() - before)


def _line(name: str, cost: Cost, cold: Cost) -> str:
    shares = f"{cost.wall_s / cold.wall_s:6.1%} of the cold night, {cost.cpu_s / cold.cpu_s:6.1%} by processor time"
    return f"{name:>32}: {cost.wall_s:6.2f} s, processor {cost.cpu_s:6.2f} s; {shares}"


def main() -> int:
    """Measure and print; the exit code is 1 where findings differ."""
    parser = argparse.ArgumentParser()
    parser.add_argument("repository", type=Path)
    parser.add_argument("--no-dreams", action="store_true")
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    heading("What a night costs by what changed")
    with tempfile.TemporaryDirectory(prefix="daydream-bench-") as name:
        bench = Bench(Path(name), args.repository.resolve(), dreams=not args.no_dreams)
        cold, first = bench.night(), bench.findings()
        again = [bench.night() for _ in range(args.rounds)]
        quiet = Cost(median([c.wall_s for c in again]), median([c.cpu_s for c in again]))
        quiet_found = bench.findings()
        chosen = bench.change()
        changed, warm_found = bench.night(), bench.findings()
        vulture = _vulture_s(bench.root)
        bench.forget()
        cold_again, cold_found = bench.night(), bench.findings()
    print(_line("cold night", cold, cold))
    print(_line(f"unchanged, median of {args.rounds}", quiet, cold))
    print(_line("one file changed", changed, cold))
    print(_line("cold night on the changed tree", cold_again, cold))
    for what, cost, reference in (
        ("wall", quiet.wall_s, cold.wall_s),
        ("processor", quiet.cpu_s, cold.cpu_s),
    ):
        most = SHARE * reference + CONSTANT_S
        print(
            f"unchanged night, {what}: {cost:.2f} s of at most {most:.2f} s: {'ok' if cost <= most else 'TOO MUCH'}"
        )
    print(f"vulture alone: {vulture.wall_s:.2f} s, processor {vulture.cpu_s:.2f} s")
    print(f"cold night / vulture alone, processor: {cold_again.cpu_s / vulture.cpu_s:.2f}")
    same, same_cold = first == quiet_found, warm_found == cold_found
    print(f"findings: {len(first)} cold, the same without changes: {same}")
    print(f"findings after a change to {chosen}: {len(warm_found)}, the same as a cold night's: {same_cold}")
    return int(not (same and same_cold))


if __name__ == "__main__":
    sys.exit(main())
