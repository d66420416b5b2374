"""Beside other tools: what each finds of planted dead code and unused names, what it says of live code, how much it says.

`python -m bench.upkeep_peers SOURCE_REPO... [--seeds N]` plants in copies of the sources (seeds of the tuning half only), and lets
daydream, vulture, ruff and autoflake look at each as a person would start them, at the tree alone. A finding of any of
them counts for a plant by its path and its name or lines, by the same rule for all. autoflake is installed into a scratch
environment and is only ever run as a child. deadcode is left out: its licence (AGPL) is none that this project runs on.
Time is processor time of the whole process and its children, which a busy machine does not stretch.
"""

import argparse
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.machine import heading, here
from bench.repositories_cases import git
from bench.upkeep_plants import plant
from bench.upkeep_plants_truth import Plant, Truth
from bench.upkeep_truth import BAR, Finding, concerns, seeds

KINDS = (
    "unused-import",
    "unused-variable",
    "dead-function",
    "dead-class",
    "dead-method",
    "dead-attribute",
    "only-tests",
)
_OURS = ("legacy.unused_import", "legacy.unused_variable", "legacy.dead_code", "legacy.only_tests")
_NAMES_ONLY = ("unused-import", "unused-variable")
_VULTURE = re.compile(r"^(?P<path>.+?):(?P<line>\d+): (?P<text>.+) \((?P<confidence>\d+)% confidence\)$")
_HUNK = re.compile(r"^@@ -(\d+)")


@dataclass(frozen=True)
class Tool:
    """A tool as a column: how it is started, how what it prints is read, and the kinds of plant that it looks for.

    `reads` takes the tree and what was printed; exit codes above `worst` are failures.
    """

    name: str
    argv: tuple[str, ...]
    reads: Callable[[Path, str], list[Finding]]
    kinds: tuple[str, ...] = KINDS
    worst: int = 1


@dataclass
class Column:
    """What one tool showed over all plantings; `missing` says why it showed nothing."""

    kinds: tuple[str, ...]
    planted: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    alive: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    beside: int = 0
    seconds: float = 0.0
    missed: list[str] = field(default_factory=list)
    wrongly: list[str] = field(default_factory=list)
    missing: str = ""


def main() -> None:
    """Plant, let each tool look, print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("sources", type=Path, nargs="+", help="git clones; they are copied")
    parser.add_argument("--seeds", type=int, default=2, help="how many plantings of each source")
    args = parser.parse_args()
    heading("Planted dead code and unused names beside other tools, the tune half")
    columns: dict[str, Column] = {}
    lines = 0
    with tempfile.TemporaryDirectory(prefix="daydream-bench-") as scratch:
        tools, missing = every_tool(Path(scratch))
        for source in args.sources:
            for seed in seeds(args.seeds, "tune"):
                target = Path(scratch) / f"{source.name}-{seed}"
                truth = plant(source.resolve(), target, seed)
                lines += python_lines(target)
                look(target, truth, tools, columns)
    for name, reason in missing.items():
        columns[name] = Column(_NAMES_ONLY, missing=reason)
    print_tables(columns, lines)


def every_tool(scratch: Path, *, installing: bool = True) -> tuple[list[Tool], dict[str, str]]:
    """The tools that can be run, and of the others why not."""
    ruff = str(Path(sys.executable).with_name("ruff"))
    vulture = (sys.executable, "-m", "vulture", ".", "--min-confidence")
    ours = (sys.executable, "-m", "daydream", "--root", ".", "-q", "run", "--no-dreams", "--mode", "report")
    tools = [
        Tool("daydream", (*ours, "--only", "legacy_cleanup"), of_daydream, worst=0),
        Tool("vulture 60", (*vulture, "60"), of_vulture, worst=3),
        Tool("vulture 100", (*vulture, "100"), of_vulture, worst=3),
        Tool("ruff F401, F841", (ruff, *_RUFF), of_ruff, _NAMES_ONLY),
    ]
    if not installing:
        return tools, {"autoflake": "was not installed"}
    try:
        tools.append(Tool("autoflake", (str(_autoflake(scratch)), *_AUTOFLAKE), of_autoflake, _NAMES_ONLY))
    except subprocess.CalledProcessError as error:
        said = (error.stderr or b"").decode("utf-8", "replace").strip().splitlines()
        return tools, {"autoflake": f"could not be installed: {said[-1] if said else error}"}
    return tools, {}


_RUFF = ("check", "--isolated", "--no-cache", "--select", "F401,F841", "--output-format", "json", ".")
_AUTOFLAKE = (
    "--recursive",
    "--jobs=1",  # with more, what its children print into a pipe gets lost
    "--remove-all-unused-imports",
    "--remove-unused-variables",
    "--ignore-init-module-imports",
    ".",
)


def _autoflake(scratch: Path) -> Path:
    place = scratch / "autoflake-environment"
    subprocess.run([sys.executable, "-m", "venv", str(place)], check=True, capture_output=True)
    argv = [
        str(place / "bin/python"),
        "-m",
        "pip",
        "-q",
        "--disable-pip-version-check",
        "install",
        "autoflake",
    ]
    subprocess.run(argv, check=True, capture_output=True)
    return place / "bin/autoflake"


def look(target: Path, truth: Truth, tools: Iterable[Tool], columns: dict[str, Column]) -> None:
    """Let each tool look at one planting, and count; daydream is a column for all and one for what it would print."""
    for tool in tools:
        before = _children_s()
        said = run(tool, target)
        seconds = _children_s() - before
        findings = tool.reads(target, said)
        if tool.name == "daydream":
            printed = [one for one in findings if one.worth >= BAR]
            count(columns.setdefault("daydream, printed", Column(tool.kinds)), truth, printed, seconds)
            count(columns.setdefault("daydream, all", Column(tool.kinds)), truth, findings, seconds)
        else:
            count(columns.setdefault(tool.name, Column(tool.kinds)), truth, findings, seconds)


def run(tool: Tool, target: Path) -> str:
    """What a tool prints about a tree.

    Raises:
        CalledProcessError: it failed.
    """
    home = target.with_name(f"{target.name}-home")
    home.mkdir(exist_ok=True)
    env = {"PATH": os.environ["PATH"], "HOME": str(home), "PYTHONPATH": str(here()), "LANG": "C.UTF-8"}
    env["PYTHONDONTWRITEBYTECODE"] = "1"
    done = subprocess.run(
        tool.argv, cwd=target, env=env, capture_output=True, text=True, check=False, errors="replace"
    )
    if not 0 <= done.returncode <= tool.worst:
        raise subprocess.CalledProcessError(done.returncode, tool.argv, done.stdout, done.stderr)
    return done.stdout


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def of_daydream(target: Path, _: str) -> list[Finding]:
    """What the night knows now of dead code and unused names; its print bar is not applied."""
    asking = Tool(
        "findings",
        (sys.executable, "-m", "daydream", "--root", ".", "--json", "findings"),
        of_daydream,
        worst=0,
    )
    listed = json.loads(run(asking, target))["findings"]
    return [
        Finding(
            one["id"],
            one["rule"],
            one["subject"],
            " ".join(str(one.get(name) or "") for name in ("identity", "message", "evidence")),
            one["line"],
            one["worth"],
        )
        for one in listed
        if one["standing"] != "gone" and one["rule"] in _OURS
    ]


def of_vulture(_: Path, said: str) -> list[Finding]:
    """vulture's lines."""
    found = [match for line in said.splitlines() if (match := _VULTURE.match(line))]
    return [_finding(one["path"], int(one["line"]), one["text"]) for one in found]


def of_ruff(target: Path, said: str) -> list[Finding]:
    """ruff's JSON; a file that it cannot parse is none of our rules."""
    listed = [one for one in json.loads(said) if one["code"] in ("F401", "F841")]
    top = target.resolve()
    return [
        _finding(str(Path(one["filename"]).relative_to(top)), one["location"]["row"], one["message"])
        for one in listed
    ]


def of_autoflake(_: Path, said: str) -> list[Finding]:
    """The lines that autoflake would take out or change: one finding for each run of them, about the words that go."""
    found: list[Finding] = []
    path, line = "", 0
    out: list[tuple[int, str]] = []
    new: list[str] = []

    def close() -> None:
        words = Counter(re.findall(r"\w+", "\n".join(text for _, text in out)))
        words -= Counter(re.findall(r"\w+", "\n".join(new)))
        if out:
            found.append(_finding(path, out[0][0], " ".join(words)))
        out.clear()
        new.clear()

    for text in said.splitlines():
        if text.startswith("--- original/"):
            close()
            path = text.removeprefix("--- original/").strip()
        elif match := _HUNK.match(text):
            close()
            line = int(match[1])
        elif text.startswith("-"):
            if new or (out and _is_whole(text)):
                close()
            out.append((line, text[1:]))
            line += 1
        elif text.startswith("+") and not text.startswith("+++"):
            new.append(text[1:])
        elif text.startswith(" "):
            close()
            line += 1
    close()
    return found


def _is_whole(text: str) -> bool:
    """Whether a line that goes is a statement of its own and not the rest of the one before."""
    return re.match(r"-\s*(import|from)\s|-\s*\w+\s*=", text) is not None


def _finding(path: str, line: int, text: str) -> Finding:
    path = path.removeprefix("./")
    return Finding(f"{path}:{line}:{text}", "legacy.", path, text, line, 1.0)


def count(column: Column, truth: Truth, findings: Sequence[Finding], seconds: float) -> None:
    """Add one planting to a tool's column; what concerns no plant, of whatever kind, is beside them."""
    column.seconds += seconds
    about: set[str] = set()
    for one in truth.plants:
        its = [finding for finding in findings if concerns(one, finding)]
        about.update(finding.id for finding in its)
        if one.kind in column.kinds:
            _enter(
                column,
                one,
                f"{truth.source} seed {truth.seed}: {one.id} ({one.path}:{one.first_line})",
                bool(its),
            )
    column.beside += sum(finding.id not in about for finding in findings)


def _enter(column: Column, one: Plant, place: str, found: bool) -> None:
    (column.alive if one.alive else column.planted)[one.kind] += 1
    if one.alive and found:
        column.wrong[one.kind] += 1
        column.wrongly.append(place)
    elif found:
        column.found[one.kind] += 1
    elif not one.alive:
        column.missed.append(place)


def python_lines(target: Path) -> int:
    """How many lines of Python are tracked."""
    paths = [target / name for name in git(target, "ls-files", "-z", "*.py").split("\0") if name]
    return sum(path.read_bytes().count(b"\n") for path in paths if path.is_file() and not path.is_symlink())


def print_tables(columns: Mapping[str, Column], lines: int) -> None:
    """Found and wrongly found by class, then one line a tool, then what was wrongly found."""
    print(f"{lines} lines of Python in all\n\n| found of planted | " + " | ".join(columns) + " |")
    print("|---" * (len(columns) + 1) + "|")
    for kind in KINDS:
        cells = [_cell(one, one.found, one.planted, kind) for one in columns.values()]
        print(f"| {kind} | " + " | ".join(cells) + " |")
    print("\n| wrong on live ones | " + " | ".join(columns) + " |\n" + "|---" * (len(columns) + 1) + "|")
    for kind in (kind for kind in KINDS if any(one.alive[kind] for one in columns.values())):
        cells = [_cell(one, one.wrong, one.alive, kind) for one in columns.values()]
        print(f"| {kind} | " + " | ".join(cells) + " |")
    unit = columns["vulture 60"].seconds if "vulture 60" in columns else 0.0
    print(
        "\n| tool | found | wrong on live ones | beside the plants, per 1,000 lines | processor time, vulture = 1 |"
    )
    print("|---|---|---|---|---|")
    for name, one in columns.items():
        if one.missing:
            print(f"| {name} | {one.missing} | | | |")
            continue
        found, wrong = (
            f"{a.total()} of {b.total()}" for a, b in ((one.found, one.planted), (one.wrong, one.alive))
        )
        ratio = f"{one.seconds / unit:.2f} ({one.seconds:.1f} s)" if unit else "not measured"
        rate = f"{one.beside} = {1000 * one.beside / lines:.2f}" if lines else "not measured"
        print(f"| {name} | {found} = {_share(one)} | {wrong} | {rate} | {ratio} |")
    for name in ("daydream, printed", "daydream, all"):
        for title, places in (("wrong", columns[name].wrongly), ("missed", columns[name].missed)):
            print(f"\n{name}, {title} ({len(places)}):" + "".join(f"\n- {place}" for place in places))


def _cell(column: Column, part: Counter[str], whole: Counter[str], kind: str) -> str:
    if column.missing or kind not in column.kinds:
        return "not its task" if not column.missing else "not measured"
    return f"{part[kind]} of {whole[kind]}"


def _share(column: Column) -> str:
    planted = column.planted.total()
    return f"{column.found.total() / planted:.2f}" if planted else "not measured"


if __name__ == "__main__":
    main()
