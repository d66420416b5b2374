"""How fast logs are read: generated lines of eight formats through `Lines` and `Reader`, in lines per second.

`python -m bench.logs_reading [--lines N] [--only NAME]`; each format in a process of its own, so that its peak
memory is its own.
"""

import argparse
import datetime as dt
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from bench.machine import heading, median

_START = dt.datetime(2026, 11, 20, 2, 0, tzinfo=dt.UTC)
_NAMES = ("app.web", "app.db", "app.jobs", "app.cache", "app.mail")
_SAID = (
    "order {} of customer {} stored in {} ms",
    "cache miss for key session-{} (size {}, waited {} ms)",
    "connection {} to db-{} lost after {} s, trying again",
    "job {} took {} ms on worker {}",
    "mail {} to customer {} queued as {}",
)
_TRACE = (
    "Traceback (most recent call last):",
    '  File "/srv/app/app/jobs.py", line 212, in run',
    "    self.step(job)",
    '  File "/srv/app/app/db.py", line 88, in fetch',
    "    raise Missing(key)",
    "app.errors.Missing: no row for key {}",
)


class _Sayings:
    """Messages, levels and instants of a made-up service, the same for the same seed."""

    def __init__(self) -> None:
        self.random = random.Random(4)

    def each(self, count: int) -> Iterator[tuple[dt.datetime, str, str, str]]:
        """Yield instant, level, logger and message."""
        for number in range(count):
            when = _START + dt.timedelta(seconds=number * 80_000 / count, microseconds=number * 7919 % 10**6)
            level = self.random.choices(("DEBUG", "INFO", "WARNING", "ERROR"), (20, 70, 7, 3))[0]
            values = (self.random.randrange(10**6), self.random.randrange(10**4), self.random.randrange(500))
            yield when, level, self.random.choice(_NAMES), self.random.choice(_SAID).format(*values)


def _python(when: dt.datetime, level: str, name: str, text: str) -> str:
    return f"{when:%Y-%m-%d %H:%M:%S},{when.microsecond // 1000:03} {level} {name} {text}"


def _dashes(when: dt.datetime, level: str, name: str, text: str) -> str:
    return f"{when:%Y-%m-%d %H:%M:%S},{when.microsecond // 1000:03} - {name} - {level} - {text}"


def _console(when: dt.datetime, level: str, name: str, text: str) -> str:
    return f"{when:%Y-%m-%dT%H:%M:%S.%fZ} [{level.lower():9}] {text} logger={name}"


def _json(when: dt.datetime, level: str, name: str, text: str) -> str:
    return json.dumps(
        {"event": text, "logger": name, "level": level.lower(), "timestamp": f"{when:%Y-%m-%dT%H:%M:%S.%fZ}"}
    )


def _syslog(when: dt.datetime, level: str, name: str, text: str) -> str:
    return f"{when:%b %e %H:%M:%S} web-1 {name}[4711]: {level.lower()}: {text}"


def _access(when: dt.datetime, level: str, name: str, text: str) -> str:
    number = text.split(" ")[1]
    status = 500 if level == "ERROR" else 200
    return (
        f"10.0.0.{len(text)} - - [{when:%d/%b/%Y:%H:%M:%S +0000}] "
        f'"GET /{name.rpartition(".")[2]}/{number}/items?page=2 HTTP/1.1" {status} {len(text) * 17} "-" "Mozilla/5.0 (X11; Linux x86_64)" 0.{when.microsecond // 1000:03}'
    )


def _docker(when: dt.datetime, level: str, name: str, text: str) -> str:
    line = _python(when, level, name, text)
    return json.dumps({"log": line + "\n", "stream": "stderr", "time": f"{when:%Y-%m-%dT%H:%M:%S.%f}000Z"})


def _cri(when: dt.datetime, level: str, name: str, text: str) -> str:
    return f"{when:%Y-%m-%dT%H:%M:%S.%f}000Z stdout F {level}:{name}:{text}"


def _uvicorn(when: dt.datetime, level: str, name: str, text: str) -> str:  # noqa: ARG001 -- it has no stamp
    status = "500 Internal Server Error" if level == "ERROR" else "200 OK"
    return f'INFO:     10.0.0.{len(text)}:51234 - "GET /{name}/{text.split(" ")[1]} HTTP/1.1" {status}'


def _journal(when: dt.datetime, level: str, name: str, text: str) -> str:
    stamp = str(int(when.timestamp() * 1e6))
    priority = "3" if level == "ERROR" else "6"
    fields = {"__REALTIME_TIMESTAMP": stamp, "PRIORITY": priority, "SYSLOG_IDENTIFIER": name, "_PID": "7"}
    return json.dumps({**fields, "MESSAGE": text, "_HOSTNAME": "web-1", "_TRANSPORT": "journal"})


def _traces(when: dt.datetime, level: str, name: str, text: str) -> str:
    head = _python(when, level, name, text)
    return head if level != "ERROR" else "\n".join((head, *_TRACE)).format(len(text))


FORMATS: dict[str, Callable[[dt.datetime, str, str, str], str]] = {
    "Python logging": _python,
    "Python logging, level third": _dashes,
    "with tracebacks (3 %)": _traces,
    "structlog console": _console,
    "JSON lines": _json,
    "syslog": _syslog,
    "access, combined": _access,
    "access, uvicorn": _uvicorn,
    "docker": _docker,
    "CRI": _cri,
    "journal, JSON": _journal,
}


def generate(path: Path, name: str, count: int) -> int:
    """Write that many records of a format, return the number of lines."""
    lines = 0
    with path.open("w") as handle:
        for when, level, logger, text in _Sayings().each(count):
            line = FORMATS[name](when, level, logger, text)
            lines += line.count("\n") + 1
            handle.write(line + "\n")
    return lines


def read(path: Path) -> tuple[int, float]:
    """Read a file; return how many records it has, and the seconds of this process's time."""
    from daydream.analysis.logs.records import Reader
    from daydream.analysis.logs.sources import Lines
    from daydream.analysis.logs.times import Clock

    begun = time.process_time()
    lines = Lines(path, path.stat().st_size)
    reader = Reader(Clock(dt.UTC, _START + dt.timedelta(days=1)))
    count = 0
    while (portion := lines.portion()) is not None:
        count += len(reader.feed(portion))
    count += len(reader.end())
    lines.close()
    return count, time.process_time() - begun


def _one(name: str, count: int, rounds: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "app.log"
        size = int(
            subprocess.run(_call("--generate", name, count, path), capture_output=True, check=True).stdout
        )
        results = [read(path) for _ in range(rounds)]
        spent = median([seconds for _, seconds in results])
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(
            f"{name:>28}: {size / spent:9,.0f} lines/s, {path.stat().st_size / spent / 2**20:5.1f} MiB/s, "
            f"{results[0][0]:,} records of {size:,} lines, peak {peak:.0f} MiB",
            flush=True,
        )


def _call(what: str, name: str, count: int, *rest: object) -> list[str]:
    words = [sys.executable, "-m", "bench.logs_reading", what, name, "--lines", str(count)]
    return [*words, *map(str, rest)]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--lines", type=int, default=300_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=FORMATS)
    parser.add_argument("--one", choices=FORMATS)
    parser.add_argument("--generate", choices=FORMATS)
    parser.add_argument("path", nargs="?", type=Path)
    args = parser.parse_args()
    if args.generate:
        print(generate(args.path, args.generate, args.lines))
    elif args.one:
        _one(args.one, args.lines, args.rounds)
    else:
        heading("Reading logs")
        for name in [args.only] if args.only else FORMATS:
            subprocess.run(_call("--one", name, args.lines, "--rounds", args.rounds), check=True)


if __name__ == "__main__":
    main()
