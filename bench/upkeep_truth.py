"""Held against a truth: how much of what was planted a night finds, and what it says of code that is alive.

`python -m bench.upkeep_truth SOURCE_REPO... [--seeds N] [--half tune|held-out]` plants in copies of the sources, runs a
whole night on each, does the same with the live look-alikes, and prints recall and precision by class. A finding counts
for a plant by its path and its name or lines, never by its words. Even plant seeds and one half of the look-alikes are for
tuning; the others are held out and looked at only when asked for by name.
"""

import argparse
import base64
import json
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench import upkeep_plants_lookalikes as lookalikes
from bench.machine import heading, here
from bench.upkeep_plants import plant
from bench.upkeep_plants_truth import Plant, Truth

BAR = 0.5
_DOCS = (
    "broken-link",
    "broken-anchor",
    "moved-link",
    "stale-name",
    "stale-command",
    "stale-option",
    "stale-variable",
    "stale-key",
    "broken-example",
)
_STEPS = {
    **dict.fromkeys(_DOCS, ("docs.",)),
    **dict.fromkeys(("done-task", "task-symbol-gone"), ("task.",)),
    "stale-plan": ("task.", "docs."),
    "expired-note": ("legacy.", "task."),
}
_BY_NAME = ("unused-", "dead-", "only-tests")
_BY_MODULE = ("compat-module", "half-migration", "stale-plan")
_NOT_JUST_OLD = ("done-task", "expired-note", "task-symbol-gone")
_NEAR = 6


@dataclass(frozen=True, slots=True)
class Finding:
    """What a night said: `text` is its identity, message and evidence."""

    id: str
    rule: str
    path: str
    text: str
    line: int | None
    worth: float


@dataclass(slots=True)
class Night:
    """One night's findings, and the ids of those that a proposal would settle; None where it has no proposals."""

    findings: list[Finding]
    proposed: set[str] | None


@dataclass(slots=True)
class Tally:
    """Plants of one class and what became of them; the second of two numbers is of findings above the print bar."""

    planted: int = 0
    found: int = 0
    over_bar: int = 0
    removable: int = 0
    proposed: int = 0
    alive: int = 0
    wrong: int = 0
    wrong_over_bar: int = 0
    wrong_proposed: int = 0
    missed: list[str] = field(default_factory=list)
    wrongly: list[str] = field(default_factory=list)


_MERGES = 5
_CAPS = {"DAYDREAM_PROPOSALS_PER_NIGHT": "200", "DAYDREAM_PROPOSALS_OPEN": "200"}


def main() -> None:
    """Plant, spend the nights, print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("sources", type=Path, nargs="+", help="git clones; they are copied")
    parser.add_argument("--seeds", type=int, default=2, help="how many plantings of each source")
    parser.add_argument("--half", choices=("tune", "held-out"), default="tune")
    parser.add_argument("--only", choices=("plants", "lookalikes"), help="leave the other out")
    args = parser.parse_args()
    heading(f"Planted defects and live look-alikes, the {args.half} half")
    with tempfile.TemporaryDirectory(prefix="daydream-bench-") as scratch:
        if args.only != "lookalikes":
            _plants(Path(scratch), args.sources, seeds(args.seeds, args.half))
        if args.only != "plants":
            _lookalikes(Path(scratch), args.half)


def seeds(count: int, half: str) -> list[int]:
    """The plant seeds of a half: the even ones to tune on, the odd ones held out."""
    return [2 * number + (half == "held-out") for number in range(count)]


def spend_night(root: Path) -> Night:
    """A night that reports, what is known afterwards, and nights that propose, each after a person merged all of the last."""
    _daydream(root, "-q", "run", "--no-dreams", "--mode", "report", zone="Etc/GMT+12")
    listed = json.loads(_daydream(root, "--json", "findings"))["findings"]
    proposed: set[str] = set()
    for _ in range(_MERGES):
        _daydream(root, "-q", "run", "--no-dreams", "--mode", "propose")
        proposed |= _proposed(root) or set()
        if not _merge(root):
            break
    return Night([_finding(one) for one in listed if one["standing"] != "gone"], proposed)


def _merge(root: Path) -> int:
    """Apply what is offered as a patch and commit it, as a person would; how many there were."""
    offered = [
        json.loads(path.read_bytes())
        for path in sorted((root / ".git/daydream/state/proposals").glob("*.json"))
    ]
    patches = [base64.b64decode(one["patch"]) for one in offered if one["status"] == "unverified"]
    for patch in patches:
        subprocess.run(["git", "-C", str(root), "apply", "--index"], input=patch, check=True)
    if patches:
        who = ("-c", "user.name=bench", "-c", "user.email=bench@example.invalid")
        subprocess.run(
            ["git", "-C", str(root), *who, "commit", "-q", "-m", "Merge what was offered"], check=True
        )
    return len(patches)


def _finding(one: dict[str, Any]) -> Finding:
    text = " ".join(str(one.get(name) or "") for name in ("identity", "message", "evidence"))
    return Finding(one["id"], one["rule"], one["subject"], text, one["line"], one["worth"])


def _proposed(root: Path) -> set[str] | None:
    """Ids of the findings that proposals would settle; None where this version knows no proposals."""
    try:
        listed = json.loads(_daydream(root, "--json", "proposals"))
    except subprocess.CalledProcessError as error:
        if error.returncode == 2:
            return None
        raise
    return {str(name) for one in listed.get("proposals", ()) for name in one.get("findings", ())}


def _daydream(root: Path, *argv: str, zone: str = "Pacific/Kiritimati") -> str:
    """Run it with a home of its own, where nothing is configured but wide caps."""
    home = root.with_name(f"{root.name}-home")
    home.mkdir(exist_ok=True)
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "PYTHONDONTWRITEBYTECODE": "1",
        **_CAPS,
        "DAYDREAM_NIGHT_ZONE": zone,
    }
    call = [sys.executable, "-m", "daydream", "--root", str(root), *argv]
    done = subprocess.run(call, env=env, cwd=here(), capture_output=True, text=True, check=False)
    if done.returncode == 1 and "run" in argv:
        print(f"a step of the night on {root.name} failed; what it would have found counts as missed")
        return done.stdout
    if done.returncode:
        raise subprocess.CalledProcessError(done.returncode, call, done.stdout, done.stderr)
    return done.stdout


def concerns(one: Plant, finding: Finding) -> bool:
    """Whether a finding is about a plant: the step that could say it, its path, and its name or its lines.

    That something has been open for long says nothing of whether it is done, due or gone; a finding without a line is about all that is done in
    its file.
    """
    if finding.path != one.path or not finding.rule.startswith(_STEPS.get(one.kind, ("legacy.",))):
        return False
    named = bool(one.name) and bool(
        re.search(rf"(?<!\w){re.escape(one.name)}(?!\w)", finding.text, re.IGNORECASE)
    )
    if one.kind in _BY_MODULE:
        return named or finding.line == one.first_line
    if one.kind in _NOT_JUST_OLD and finding.rule == "task.stale":
        return False
    if finding.line is None:
        return named or (one.kind == "done-task" and not one.alive)
    within = one.first_line <= finding.line <= one.last_line
    if one.kind == "unused-import" and one.variant != "from-one-of-two" and within:
        return True
    if one.kind.startswith(_BY_NAME):
        return named and one.first_line - _NEAR <= finding.line <= one.last_line + _NEAR
    return within


def add_up(truth: Truth, night: Night, tallies: dict[str, Tally]) -> set[str]:
    """Count one planting; return the ids of the findings that are about a plant."""
    used: set[str] = set()
    for one in truth.plants:
        about = [finding for finding in night.findings if concerns(one, finding)]
        used.update(finding.id for finding in about)
        proposed = bool(night.proposed and any(finding.id in night.proposed for finding in about))
        over_bar = any(finding.worth >= BAR for finding in about)
        tally = tallies[one.kind]
        place = f"{truth.source} seed {truth.seed}: {one.id} ({one.path}:{one.first_line})"
        if one.alive:
            tally.alive += 1
            tally.wrong += bool(about)
            tally.wrong_over_bar += over_bar
            tally.wrong_proposed += proposed
            tally.wrongly += [f"{place}: {about[0].rule}"] if about else []
        else:
            tally.planted += 1
            tally.found += bool(about)
            tally.over_bar += over_bar
            tally.removable += one.removable
            tally.proposed += proposed and one.removable
            tally.wrong_proposed += proposed and not one.removable and one.kind.startswith(_BY_NAME)
            tally.missed += [] if about else [place]
    return used


def _plants(scratch: Path, sources: Sequence[Path], chosen: Iterable[int]) -> None:
    tallies: dict[str, Tally] = defaultdict(Tally)
    beside: Counter[str] = Counter()
    missing: dict[str, str] = {}
    proposals = True
    samples: list[str] = []
    for source in sources:
        bare = scratch / f"{source.name}-as-it-is"
        clone = ["git", "clone", "-q", "--no-hardlinks", "--single-branch", str(source), str(bare)]
        subprocess.run(clone, check=True, capture_output=True)
        before = {finding.id for finding in spend_night(bare).findings}
        for seed in chosen:
            target = scratch / f"{source.name}-{seed}"
            truth = plant(source.resolve(), target, seed)
            missing |= truth.not_planted
            night = spend_night(target)
            proposals &= night.proposed is not None
            used = add_up(truth, night, tallies)
            extra = [one for one in night.findings if one.id not in used and one.id not in before]
            beside.update(one.rule for one in extra)
            samples += [
                f"{source.name} seed {seed}: {one.rule} {one.path}:{one.line} {one.text[:90]}"
                for one in extra
            ]
    _print_plants(tallies, proposals)
    if missing:
        print("\nnot planted: " + "; ".join(f"{key}: {reason}" for key, reason in sorted(missing.items())))
    print("\nFindings that the planting brought and that concern no plant: " + (_counted(beside) or "none"))
    _print_list("", samples)


def _print_plants(tallies: dict[str, Tally], proposals: bool) -> None:
    print(
        "| class | planted | found | over the bar | recall | alive | wrongly found | over the bar | precision | proposed |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|")
    for kind, tally in sorted(tallies.items()):
        print(f"| {kind} {_cells(tally, proposals)}")
    whole = Tally()
    for tally in tallies.values():
        for name in (
            "planted",
            "found",
            "over_bar",
            "removable",
            "proposed",
            "alive",
            "wrong",
            "wrong_over_bar",
            "wrong_proposed",
        ):
            setattr(whole, name, getattr(whole, name) + getattr(tally, name))
    print(f"| all {_cells(whole, proposals)}")
    _print_list("Wrongly found", [one for tally in tallies.values() for one in tally.wrongly])
    _print_list("Missed", [one for tally in tallies.values() for one in tally.missed])


def _cells(tally: Tally, proposals: bool) -> str:
    proposed = (
        f"{tally.proposed} of {tally.removable}, wrongly {tally.wrong_proposed}"
        if proposals
        else "no proposals in this version"
    )
    cells = (
        tally.planted,
        tally.found,
        tally.over_bar,
        share(tally.found, tally.planted),
        tally.alive,
        tally.wrong,
        tally.wrong_over_bar,
        share(tally.found, tally.found + tally.wrong),
        proposed,
    )
    return "| " + " | ".join(map(str, cells)) + " |"


def share(part: int, whole: int) -> str:
    """A share with two digits, or that there is none."""
    return f"{part / whole:.2f}" if whole else "-"


def _lookalikes(scratch: Path, half: str) -> None:
    """Nights on the packed look-alikes: every finding about one of their names is wrong."""
    some = lookalikes.half(half, lookalikes.read_index())
    written = lookalikes.sections()
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    wrongly, elsewhere = [], []
    proposals = True
    for number, bundle in enumerate(lookalikes.bundles(some)):
        root = scratch / f"look-alikes-{number}"
        lookalikes.build(root, bundle)
        night = spend_night(root)
        proposals &= night.proposed is not None
        for one in bundle:
            there = [
                f
                for f in night.findings
                if f.path.startswith(one.path.split("/")[0] + "/") and f.rule.startswith("legacy.")
            ]
            about = [f for f in there if _about(one, written[one.id], f)]
            row = counts[one.looks]
            row["all"] += 1
            row["wrong"] += bool(about)
            row["bar"] += any(f.worth >= BAR for f in about)
            row["proposed"] += any(f.id in (night.proposed or ()) for f in about)
            wrongly += [
                f"{one.id}: {f.rule} {f.path}:{f.line} (worth {f.worth}) {f.text[:70]}" for f in about
            ]
            elsewhere += [
                f"{one.id}: {f.rule} {f.path}:{f.line} {f.text[:70]}" for f in there if f not in about
            ]
    print(
        "\n| look-alikes taken for | alive | wrongly found | over the bar | proposed |\n|---|---|---|---|---|"
    )
    for looks, row in sorted(counts.items()):
        proposed = row["proposed"] if proposals else "no proposals in this version"
        print(f"| {looks} | {row['all']} | {row['wrong']} | {row['bar']} | {proposed} |")
    _print_list("Wrongly found", wrongly)
    _print_list("Found in look-alikes, but not about what looks dead there", elsewhere)


def _about(one: lookalikes.LookAlike, section: str, finding: Finding) -> bool:
    if one.looks == "comment":
        lines = lookalikes.comment_lines(one, section)
        return finding.path == one.path and (finding.line in lines or "commented" in finding.rule)
    return any(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", finding.text) for name in one.names)


def _counted(some: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(some.items()))


def _print_list(title: str, lines: Sequence[str]) -> None:
    if title and lines:
        print(f"\n{title} ({len(lines)}):\n")
    for line in lines:
        print(f"- {line}")


if __name__ == "__main__":
    main()
