"""How fast log templates are mined: ours beside drain3-improved at equal settings, on hard lines, in child processes.

`python -m bench.logs_speed FOLDER [--lines N] [--rounds N]`: the folder `data` of logparser (research use; not part of
the project). The lines are made by `bench.logs_hard` and read one by one; memory is the child's peak. Drain masks with the
same kinds of patterns through its own masker. Time includes the reading and, with ours, grouping what waits at the end.
Speeds are compared by CPU time (one thread each), so that others on the machine do not decide.
"""

import argparse
import datetime as dt
import itertools
import json
import subprocess
import sys
import tempfile
import time
import zlib
from pathlib import Path
from typing import Any

from bench.logs_hard import write
from bench.machine import heading, median

_PATTERNS = [
    (r"[A-Za-z][A-Za-z0-9+.-]{0,20}://[^\s\"'<>)\]]+", "url"),
    (r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+", "email"),
    (r"(?<![A-Za-z0-9])[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}(?![A-Za-z0-9])", "uuid"),
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?", "time"),
    (r"(?<![\w<>.])(?:/[^\s/\"'<>(),;:=\[\]{}|?]+){2,}/?", "path"),
    (
        r"(?<![A-Za-z0-9])(?:0[xX][0-9a-fA-F]+|(?=[a-fA-F]*\d)(?=\d*[a-fA-F])[0-9a-fA-F]{7,})(?![A-Za-z0-9])",
        "hex",
    ),
    (r"(?<![A-Za-z0-9])[-+]?\d+(?:[.,:/-]\d+)*(?![A-Za-z])|\d+", "num"),
]
MOST = 20_000
_BEGIN = dt.datetime(2026, 11, 20, 2, tzinfo=dt.UTC)


def drain(similarity: float) -> Any:
    """Return a drain3 miner with its own masking."""
    from drain3 import TemplateMiner
    from drain3.masking import MaskingInstruction
    from drain3.template_miner_config import TemplateMinerConfig

    config = TemplateMinerConfig()
    config.drain_sim_th, config.drain_depth = similarity, 5
    config.masking_instructions = [MaskingInstruction(pattern, name) for pattern, name in _PATTERNS]
    config.profiling_enabled = False
    return TemplateMiner(config=config)


def child(who: str, path: Path) -> dict[str, Any]:
    """Mine a file's lines; return counts, seconds, the peak of memory in MB and the size of the state."""
    from daydream.analysis.logs.templates import Miner

    ours = Miner(MOST)
    theirs = drain(float(who)) if who != "ours" else None
    add = ours.add if theirs is None else theirs.add_log_message
    lines = 0
    begun, used = time.perf_counter(), time.process_time()
    with path.open(encoding="utf-8") as file:
        for line in file:
            add(line)
            lines += 1
    found = len(ours) if theirs is None else len(theirs.drain.clusters)
    seconds, busy = time.perf_counter() - begun, time.process_time() - used
    peak = _peak()
    state = ours.state() if theirs is None else []
    stored = json.dumps(state).encode()
    return {
        "lines": lines,
        "seconds": seconds,
        "busy": busy,
        "peak": peak,
        "templates": found,
        "overflow": ours.overflow,
        "state": len(stored),
        "compressed": len(zlib.compress(stored, 9)),
    }


def through(path: Path) -> dict[str, Any]:
    """Read a log of hard lines as a night does: lines, records, redaction, mining, counting."""
    from daydream.analysis.logs.scan import Scan, Window
    from daydream.analysis.logs.sources import members
    from daydream.analysis.logs.tally import Tally
    from daydream.analysis.logs.times import Clock

    begun, used = time.perf_counter(), time.process_time()
    end = _BEGIN + dt.timedelta(days=1)
    window = Window(_BEGIN.timestamp(), end.timestamp())
    tally = Tally(window.start, window.end, lambda _: None)
    scan = Scan(members([path]), window, Clock(dt.UTC, end), tally)
    while not scan.advance(lambda: None):
        scan.stand(str)
    found = len(tally.templates())
    seconds, busy = time.perf_counter() - begun, time.process_time() - used
    return {"lines": tally.seen, "seconds": seconds, "busy": busy, "peak": _peak(), "templates": found}


def stamped(lines: Path, log: Path, count: int) -> None:
    """Give lines stamps and levels, spread over a day."""
    levels = itertools.cycle(("INFO", "WARNING", "INFO", "ERROR"))
    with lines.open(encoding="utf-8") as source, log.open("w", encoding="utf-8") as target:
        for number, line in enumerate(source):
            when = _BEGIN + dt.timedelta(seconds=number * 80_000 / count)
            target.write(f"{when:%Y-%m-%d %H:%M:%S},{number % 1000:03} {next(levels)} {line}")


def _peak() -> float:
    """Return this process's peak memory in MB; getrusage would count the parent's too, from before the exec."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def main() -> None:
    """Measure and print; with `--child`, be one child."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--child")
    args = parser.parse_args()
    if args.child:
        found = through(args.folder) if args.child == "through" else child(args.child, args.folder)
        print(json.dumps(found))
        return
    heading("Log templates: speed")
    with tempfile.TemporaryDirectory() as name:
        small, large = Path(name, "small"), Path(name, "large")
        write(args.folder, args.lines // 10, small)
        write(args.folder, args.lines, large)
        log = Path(name, "app.log")
        stamped(large, log, args.lines)
        whole = [_run("through", log) for _ in range(args.rounds)]
        plan = [("ours", large), ("ours", small), ("0.5", large), ("0.4", large)]
        runs: dict[tuple[str, Path], list[dict[str, Any]]] = {one: [] for one in plan}
        for round_number in range(args.rounds):
            for who, path in plan:
                if who in ("ours", "0.5") or round_number == 0:
                    runs[who, path].append(_run(who, path))
    _print(runs)
    rates = [run["lines"] / run["busy"] for run in whole]
    print(
        f"- from the file to the counts, redaction included: {median(rates):,.0f} lines/s on one core "
        f"({', '.join(f'{rate:,.0f}' for rate in rates)}), {max(run['peak'] for run in whole):.0f} MB"
    )


def _run(who: str, path: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "bench.logs_speed", str(path), "--child", who]
    found: dict[str, Any] = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    return found


def _print(runs: dict[tuple[str, Path], list[dict[str, Any]]]) -> None:
    print(
        "| | lines | lines/s (median) | all | peak MB | templates | overflow |\n|---|---|---|---|---|---|---|"
    )
    speeds = {}
    for (who, path), found in runs.items():
        rates = [run["lines"] / run["busy"] for run in found]
        clock = median([run["lines"] / run["seconds"] for run in found])
        speeds[who, path.name] = median(rates)
        name = "ours" if who == "ours" else f"drain3-improved, similarity {who}, depth 5"
        print(
            f"| {name} | {found[0]['lines']:,} | {median(rates):,.0f} | "
            f"{', '.join(f'{rate:,.0f}' for rate in rates)} | {clock:,.0f} | {max(run['peak'] for run in found):.0f} | "
            f"{found[0]['templates']:,} | {found[0]['overflow']:,} |"
        )
    large = next(found[0] for (who, path), found in runs.items() if who == "ours" and path.name == "large")
    for who in ("0.5", "0.4"):
        print(f"- {speeds['ours', 'large'] / speeds[who, 'large']:.1f}x drain3-improved at similarity {who}")
    small = next(found[0] for (who, path), found in runs.items() if who == "ours" and path.name == "small")
    times = [median([run["busy"] for run in found]) for (who, _), found in runs.items() if who == "ours"]
    print(
        f"- 10x the lines: {times[0] / times[1]:.1f}x the time, {large['peak'] / small['peak']:.2f}x the memory"
    )
    print(
        f"- state: {large['templates']:,} templates, {large['state']:,} bytes, {large['compressed']:,} compressed"
    )


if __name__ == "__main__":
    main()
