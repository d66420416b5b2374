"""Whole nights on repositories that nobody here wrote: what they leave alone, how long they take, what they print.

`python -m bench.repositories FOLDER` takes a folder of clones and unpacked sdists (each with its .git), works on
scratch copies, and prints a table. Five copies are made special: dirty, without git, with a syntax error, with a
50 MB log, with another Python. `--keep DIR` keeps the copies and the reports for bench.repositories_labels.
"""

import argparse
import datetime as dt
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.machine import heading, machine
from bench.repositories_cases import CASES, FIRST_ZONE, as_it_is, copy, git
from bench.repositories_page import measure
from bench.repositories_table import Row, table, tell
from bench.repositories_world import World, look

_STATE = re.compile(r"daydream: \d+/\d+ ([a-z_.]+)")
_SECOND = "Pacific/Kiritimati"


def main() -> None:
    """Do the nights of every repository and print the tables; exit 1 where something is wrong."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument(
        "--keep", type=Path, help="where copies and reports stay; a folder for temporary files otherwise"
    )
    parser.add_argument(
        "--python", default="python3.12", help="the Python of the copy with another interpreter"
    )
    parser.add_argument("--only", default="", help="names of rows, separated by commas")
    parser.add_argument("--last", type=int, default=30, help="the last night of each repository")
    args = parser.parse_args()
    heading("Whole nights on real repositories")
    with tempfile.TemporaryDirectory(prefix="daydream-bench-") as scratch:
        keep = (args.keep or Path(scratch)).resolve()
        rows = []
        for name, source, case in _rows(args.folder):
            if args.only and name not in args.only.split(","):
                continue
            rows.append(_nights(keep, name, source, case, args))
            tell(rows[-1])
    table(rows)
    print(f"\nat the end: {machine()}")
    sys.exit(any(row.wrong for row in rows))


def _rows(folder: Path) -> list[tuple[str, Path, str]]:
    """Every repository as it is, smallest first, then the special copies of them in turn, then their own outputs."""
    sources = sorted((p for p in folder.iterdir() if (p / ".git").exists()), key=_size)
    rows = [(source.name, source, "") for source in sources]
    for number, case in enumerate((*CASES, "own-outputs")):
        source = sources[number % len(sources)]
        rows.append((f"{source.name}+{case}", source, case))
    return rows


def _size(source: Path) -> int:
    return len(git(source, "ls-files").splitlines())


def _nights(keep: Path, name: str, source: Path, case: str, args: argparse.Namespace) -> Row:
    """Prepare a copy and do its nights."""
    home, root = keep / name / "home", keep / name / source.name
    shutil.rmtree(keep / name, ignore_errors=True)
    home.mkdir(parents=True)
    copy(source, root)
    row = Row(name, CASES.get(case, as_it_is)(root, args.python))
    env = _environment(home)
    _once(row, root, {**env, "DAYDREAM_NIGHT_ZONE": FIRST_ZONE})
    if case == "own-outputs":
        row.special = _commit_outputs(root)
    _once(row, root, {**env, "DAYDREAM_NIGHT_ZONE": _SECOND})
    _check_own(row, root)
    if args.last > 2:
        _later(row, root, env, args.last)
    row.said = _said(row, root)
    return row


def _said(row: Row, root: Path) -> str:
    """What the first page says was not examined, and which Python of the repository the night took."""
    lines = [line for page in row.pages[:1] for line in page.doc.summary if line.startswith("Examined: ")]
    row.files = int(lines[0].split()[1]) if lines else 0
    left_out = lines[0].partition("not examined: ")[2] if lines else "unknown"
    journal = next((_logs(root).parents[1] / "state/night/runs").glob("*/journal.jsonl"), None)
    found = json.loads(journal.read_text(encoding="utf-8").splitlines()[0]) if journal else {}
    python = found.get("entry", {}).get("examination", {}).get("interpreter")
    version = ".".join(map(str, python["version"])) if python else "none"
    return f"not examined: {left_out}; its Python: {version}"


def _environment(home: Path) -> dict[str, str]:
    """A home of its own: nothing of the user's configuration, cache or virtual environment is seen."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "TZ") if name in os.environ}
    folders = {f"XDG_{name}_HOME": str(home / name.lower()) for name in ("CACHE", "CONFIG", "DATA", "STATE")}
    return {
        **kept,
        "HOME": str(home),
        **folders,
        "PYENV_ROOT": os.environ.get("PYENV_ROOT", ""),
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def _once(row: Row, root: Path, env: dict[str, str]) -> None:
    """One night in a process of its own, with a look before and after."""
    before = look(root)
    begun = time.perf_counter()
    argv = [sys.executable, "-m", "daydream", "--root", str(root), "run"]
    night = subprocess.Popen(
        argv,
        env=env,
        cwd=Path(__file__).parents[1],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert night.stderr is not None
    assert night.stdout is not None
    entered: list[tuple[str, float]] = []
    said = []
    for line in night.stderr:
        said.append(line)
        if (state := _STATE.match(line)) is not None:
            entered.append((state[1], time.perf_counter()))
    printed = night.stdout.read().splitlines()
    code = night.wait()
    ended = time.perf_counter()
    ends = [at for _, at in entered[1:]] + [ended] * bool(entered)
    row.seconds.append(ended - begun)
    row.states.append(
        {
            "start-up": entered[0][1] - begun if entered else 0.0,
            **{name: end - at for (name, at), end in zip(entered, ends, strict=True)},
        }
    )
    _judge(row, before, look(root), code, "".join(said))
    if not printed or not Path(printed[-1]).is_file():
        row.wrong.append(f"night {len(row.seconds)} left no report")
        return
    report = Path(printed[-1])
    row.pages.append(measure(report.parent, report.stem.removeprefix("report_")))
    row.wrong += row.pages[-1].broken


def _judge(row: Row, before: World, after: World, code: int, said: str) -> None:
    number = len(row.seconds)
    changes = before.changes(after)
    if changes:
        row.wrong.append(f"night {number} changed {', '.join(changes)}")
    if code != 0:
        row.wrong.append(f"night {number} ended with exit {code}: {said[-300:]}")
    if "Traceback" in said:
        row.wrong.append(f"night {number} printed a traceback")


def _logs(root: Path) -> Path:
    base = root / ".git" / "daydream" if (root / ".git").exists() else root / ".daydream"
    return base / "logs" / "daydream"


def _commit_outputs(root: Path) -> str:
    """Put last night's report, twin, log and state into the tracked tree, where ours lie and elsewhere."""
    ours = root / ".git" / "daydream"
    for place in (root, root / "nightly", root / "docs" / "nights"):
        for part in ("logs", "state"):
            shutil.copytree(ours / part, place / part, dirs_exist_ok=True)
    git(root, "add", "-f", "logs", "state", "nightly", "docs/nights")
    git(root, "commit", "-q", "--no-verify", "-m", "Keep what the night wrote")
    return "last night's logs/ and state/ committed in three places"


def _check_own(row: Row, root: Path) -> None:
    """No finding of the second night may lie in what the first one wrote."""
    memory = _logs(root).parents[1] / "state" / "night" / "findings"
    latest = max(memory.glob("*.jsonl"), key=lambda path: path.stat().st_mtime_ns)
    for line in latest.read_text(encoding="utf-8").splitlines():
        subject = str(json.loads(line).get("subject", ""))
        path = subject.removeprefix("log:")
        if re.match(r"(logs/daydream|state/|nightly/|docs/nights/|\.git/|\.daydream/)", path):
            row.wrong.append(f"found in our own output: {subject}")


def _later(row: Row, root: Path, env: dict[str, str], last: int) -> None:
    """Nights 3 to `last`, a day apart, with a small commit before each."""
    begin = dt.date.fromisoformat(row.pages[-1].date) + dt.timedelta(days=1)
    argv = [
        sys.executable,
        "-m",
        "bench.repositories_nights",
        str(root),
        "--begin",
        begin.isoformat(),
        "--last",
        str(last),
    ]
    done = subprocess.run(
        argv, env=env, cwd=Path(__file__).parents[1], capture_output=True, text=True, check=False
    )
    row.later = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode != 0 or len(row.later) != last - 2:
        row.wrong.append(f"the later nights ended after {len(row.later)}: {done.stderr[-400:]}")
    for night in row.later:
        for what in ("broken", "changes"):
            if night[what]:
                row.wrong.append(f"night {night['night']} {what}: {night[what]}")
        if night["exit"] != 0:
            row.wrong.append(f"night {night['night']} ended with exit {night['exit']}")


if __name__ == "__main__":
    main()
