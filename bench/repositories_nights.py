"""Later nights of one repository in one process: a small change a day, the clock moved on by replacing it.

`python -m bench.repositories_nights ROOT --begin 2026-01-03 --first 3 --last 30` prints a JSON line per night.
The repository is a scratch copy and is committed to.
"""

import argparse
import datetime as dt
import json
import time
from pathlib import Path

import daydream
from bench.repositories_cases import git, tracked
from bench.repositories_page import measure
from bench.repositories_world import look
from daydream import app, clock
from daydream.contracts.use_cases import RunRequest

_LEFT = """

def _left_over_{n}(values):
    total = 0
    for value in values:
        total += value * {n}
    return total
"""


def main() -> None:
    """Do the nights."""
    parser = argparse.ArgumentParser()
    parser.add_argument("root", type=Path)
    parser.add_argument("--begin", type=dt.date.fromisoformat, required=True, help="the first night's date")
    parser.add_argument("--first", type=int, default=3)
    parser.add_argument("--last", type=int, default=30)
    args = parser.parse_args()
    root = args.root.resolve()
    assert daydream.__doc__
    for number in range(args.first, args.last + 1):
        _move_to(args.begin + dt.timedelta(days=number - args.first))
        _change(root, number)
        print(json.dumps(_night(root, number, whole=number == args.last)), flush=True)


def _move_to(date: dt.date) -> None:
    """Let the present be 02:00 UTC of a date, and go on from there."""
    begun = time.monotonic()
    instant = dt.datetime.combine(date, dt.time(2), tzinfo=dt.UTC)
    clock.now = lambda: instant + dt.timedelta(seconds=time.monotonic() - begun)


def _change(root: Path, number: int) -> None:
    """Leave an unused function in one file and take last night's away, so that something is new and something gone."""
    files = [
        name
        for name in tracked(root, ".py")
        if (root / name).is_file() and (root / name).stat().st_size > 500
    ]
    touched = []
    for name in files:
        text = (root / name).read_bytes()
        if (at := text.find(b"\n\ndef _left_over_")) >= 0:
            (root / name).write_bytes(text[:at])
            touched.append(name)
    name = files[number * 7 % len(files)]
    with (root / name).open("a", encoding="utf-8") as handle:
        handle.write(_LEFT.format(n=number))
    touched.append(name)
    if (root / ".git").exists():
        git(root, "commit", "-q", "--no-verify", "-m", f"Day {number}", "--", *touched)


def _night(root: Path, number: int, *, whole: bool) -> dict[str, object]:
    before = look(root, contents=whole)
    begun = time.perf_counter()
    result = app.run(RunRequest(root=root, overrides={"night.zone": "UTC"}))
    seconds = time.perf_counter() - begun
    changes = before.changes(look(root, contents=whole))
    assert result.report is not None
    page = measure(result.report.parent, str(result.data["run"])[:10])
    return {
        "night": number,
        "date": page.date,
        "exit": result.exit_code,
        "seconds": round(seconds, 2),
        "found": page.found,
        "over_bar": page.over_bar,
        "printed": page.printed,
        "lines": page.lines,
        "screen": page.screen,
        "quiet": page.doc.quiet,
        "new": page.doc.new.total,
        "gone": page.doc.gone.total,
        "broken": page.broken,
        "changes": changes,
    }


if __name__ == "__main__":
    main()
