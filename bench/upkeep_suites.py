"""Proposals on real repositories with tests: whether the whole suite comes out as before, and what refuses a breaking edit.

`python -m bench.upkeep_suites FOLDER [--only A,B] [--plant]`: each clone below FOLDER is copied, installed with its test
requirements into a new virtual environment beside the copy, and its test command confirmed as a person would. A night reports,
others propose, each after the person accepted all that was verified; where nothing is, removable defects are planted first
(`--plant`: everywhere). The suite runs twice as it is and once on every verified proposal's commit, in the copy itself, without
daydream. Verification is also handed all that the first night believed together with edits that each remove a function which the tests import. Exit 1 where a
test comes out differently, such an edit is believed, or nothing could be measured.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.machine import heading, here
from bench.repositories_cases import git
from bench.upkeep_plants import plant
from bench.upkeep_suites_breaking import Files, breaking_edits, sift
from daydream.records.proposal import Proposal
from daydream.store.proposals import read_all

REQUIREMENTS: Mapping[str, tuple[str, ...]] = {
    "attrs": ("pytest", "hypothesis", "pympler", "cloudpickle", "pytest-xdist[psutil]"),
    "click": ("pytest",),
    "flask": ("pytest<9", "asgiref", "greenlet", "python-dotenv"),
    "itsdangerous": ("pytest", "freezegun"),
    "jinja": ("pytest", "pytest-timeout", "trio"),
    "markupsafe": ("pytest",),
    "packaging": ("pytest", "hypothesis", "pretend", "tomli_w", "coverage[toml]"),
    "pluggy": ("pytest", "pytest-benchmark", "coverage"),
    "tomlkit": ("pytest", "pyyaml"),
    "werkzeug": (
        "pytest",
        "pytest-timeout",
        "cffi",
        "cryptography",
        "ephemeral-port-reserve",
        "watchdog",
    ),
}
"""What the tests of a repository need beside it; of one that is not here, pytest."""
TESTS = "python -m pytest -q"
_CAPS = {
    "DAYDREAM_PROPOSALS_PER_NIGHT": "60",
    "DAYDREAM_PROPOSALS_OPEN": "60",
    "DAYDREAM_NIGHT_BUDGET": "60m",
}
_LONGEST_S = 1200.0
_BREAKS = 2
_SEED = 0
_FACTS = {"failure": "failed", "error": "error", "skipped": "skipped"}


@dataclass(frozen=True)
class Copy:
    """A clone that may be changed, the Python that its tests run with, and a person's home; all below `base`."""

    base: Path
    root: Path
    python: Path

    @property
    def env(self) -> dict[str, str]:
        """Nothing of the machine's user but the programs."""
        home = self.base / "home"
        home.mkdir(exist_ok=True)
        programs = f"{self.python.parent}{os.pathsep}{os.environ['PATH']}"
        return {
            "PATH": programs,
            "HOME": str(home),
            "LANG": "C.UTF-8",
            "PYTHONDONTWRITEBYTECODE": "1",
            "TERM": "dumb",
        }

    def daydream(self, *words: str, zone: str = "Etc/GMT+12") -> float:
        """Start it as its user would; seconds.

        Raises:
            CalledProcessError: it ended with another code than 0.
        """
        begun = time.monotonic()
        own = {
            "DAYDREAM_INTERPRETER_PATH": str(self.python),
            "DAYDREAM_NIGHT_ZONE": zone,
            "PYTHONPATH": str(here()),
        }
        argv = [sys.executable, "-m", "daydream", "--root", str(self.root), *words]
        done = subprocess.run(
            argv, env=self.env | own | _CAPS, cwd=self.base, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise subprocess.CalledProcessError(done.returncode, argv[3:], done.stdout, done.stderr)
        return time.monotonic() - begun

    def proposals(self) -> list[Proposal]:
        """Everything that the nights came to, with the person's answers."""
        return [one for _, one in sorted(read_all(self.root / ".git/daydream/state").items())]


@dataclass(frozen=True, slots=True)
class Suite:
    """One run of all tests: each one's outcome by its id, the exit code, seconds."""

    outcomes: Mapping[str, str]
    exit_code: int
    seconds: float


@dataclass
class Row:
    """What one repository showed.

    `verified` are proposals as they were when they waited, `others` what the nights left behind beside them. `unlike`
    names tests that came out differently, by proposal; of the breaking edits `broken` were seen to
    break, the `believed` were not refused, and of the rest nothing could be said; `kept`
    counts how many of the `beside` good ones were verified all the same.
    """

    name: str
    planted: int = 0
    before: Suite | None = None
    flaky: frozenset[str] = frozenset()
    verified: list[Proposal] = field(default_factory=list)
    others: list[Proposal] = field(default_factory=list)
    unlike: dict[str, list[str]] = field(default_factory=dict)
    breaking: list[str] = field(default_factory=list)
    broken: int = 0
    believed: list[str] = field(default_factory=list)
    beside: int = 0
    kept: int = 0
    report_s: float = 0.0
    propose_s: float = 0.0

    @property
    def lines(self) -> tuple[int, int]:
        """Edited lines of code in verified proposals, and those of them that the tests executed."""
        pairs = [pair for one in self.verified if one.evidence for pair in one.evidence.lines.values()]
        return sum(edited for edited, _ in pairs), sum(ran for _, ran in pairs)


def main() -> None:
    """Measure and print; exit 1 where a proposal changed an outcome, a breaking edit was believed, or nothing was measured."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", default="")
    parser.add_argument("--plant", action="store_true", help="plant defects also where there are some")
    parser.add_argument("--nights", type=int, default=3, help="how many nights propose, at most")
    args = parser.parse_args()
    heading("The tests' outcome before and after every verified proposal")
    names = args.only.split(",") if args.only else sorted(p.name for p in args.folder.iterdir() if p.is_dir())
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="daydream-bench-") as scratch:
        for name in names:
            try:
                rows.extend(
                    repository(args.folder / name, Path(scratch) / name, args.nights, plants=args.plant)
                )
            except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
                said = error.stderr or error.stdout or b""
                text = said if isinstance(said, str) else said.decode("utf-8", "replace")
                print(f"{name} was not measured: {error.cmd[:6]} failed: {text.strip()[-300:]}", flush=True)
    print_table(rows)
    sys.exit(not rows or any(row.unlike or row.believed for row in rows))


def repository(source: Path, base: Path, nights: int, *, plants: bool) -> Iterator[Row]:
    """One repository as it is, and planted where nothing was verified or where asked for."""
    base.mkdir(parents=True)
    source = source.resolve()
    for seed in (None, _SEED):
        place = base / ("planted" if seed is not None else "as-it-is")
        root = place / source.name
        place.mkdir()
        removable = 0
        if seed is None:
            clone = ["git", "clone", "-q", "--no-hardlinks", "--single-branch", str(source), str(root)]
            subprocess.run(clone, check=True, capture_output=True)
        else:
            try:
                removable = sum(one.removable for one in plant(source, root, seed).plants)
            except SystemExit as error:
                print(f"{source.name} was not planted: {error}", flush=True)
                return
            git(root, "clean", "-fdq")  # empty folders of what is gone confuse the building of packages
        copy = Copy(place, root, environment(root, REQUIREMENTS.get(source.name, ("pytest",))))
        row = measure(copy, source.name + (", planted" if removable else ""), nights)
        row.planted = removable
        _tell(row)
        yield row
        if row.verified and not plants:
            break


def environment(root: Path, requirements: Sequence[str]) -> Path:
    """Make a virtual environment beside the copy, with the copy installed in editable mode; its Python."""
    place = root.with_name("environment")
    subprocess.run([sys.executable, "-m", "venv", str(place)], check=True, capture_output=True)
    python = place / "bin" / "python"
    argv = [
        str(python),
        "-m",
        "pip",
        "--disable-pip-version-check",
        "-q",
        "install",
        "-e",
        ".",
        *requirements,
    ]
    subprocess.run(argv, cwd=root, check=True, capture_output=True)
    return python


def measure(copy: Copy, name: str, nights: int) -> Row:
    """Confirm the tests, and spend a night that reports and nights that propose; a person accepts what was verified."""
    row = Row(name)
    for key, value in (("name", "bench"), ("email", "bench@example.invalid")):
        git(copy.root, "config", f"user.{key}", value)
    copy.daydream("init", "--tests", TESTS, "--write")
    row.report_s = copy.daydream("-q", "run", "--no-dreams", "--mode", "report")
    row.before = suite(copy, "HEAD")
    row.flaky = unlike(row.before, suite(copy, "HEAD"))
    for night in range(nights):
        seconds = copy.daydream("-q", "run", "--no-dreams", zone="Pacific/Kiritimati")
        known = {one.id for one in row.verified}
        found = [one for one in copy.proposals() if one.status == "open" and one.id not in known]
        if night == 0:
            row.propose_s = seconds
            try_breaking(copy, row, found)
        row.verified += found
        try_suites(copy, row, found, row.before if night == 0 else suite(copy, "HEAD"))
        if not found:
            break
        for one in found:
            accept(copy, one)
    known = {one.id for one in row.verified}
    row.others = [one for one in copy.proposals() if one.id not in known]
    return row


def accept(copy: Copy, one: Proposal) -> None:
    """Say yes as a person; where daydream says that it is to be tried again first, go on without it."""
    try:
        copy.daydream("proposals", "accept", one.id)
    except subprocess.CalledProcessError as error:
        print(f"  {one.id} was not accepted: {error.stderr.strip()}", flush=True)


def try_suites(copy: Copy, row: Row, proposals: Sequence[Proposal], before: Suite) -> None:
    """Run the suite on each proposal's own commit, and enter what came out differently."""
    for one in proposals:
        after = suite(copy, str(one.ref))
        other = unlike(before, after) - row.flaky
        if not after.outcomes:
            row.unlike[one.id] = ["no test came to an end"]
        elif other or (after.exit_code != before.exit_code and not row.flaky):
            row.unlike[one.id] = sorted(other) or [f"exit code {after.exit_code}"]


def suite(copy: Copy, commit: str) -> Suite:
    """Run all tests of a commit in the copy, where its environment looks for the package."""
    branch = git(copy.root, "symbolic-ref", "--short", "HEAD").strip()
    git(copy.root, "checkout", "-q", "--detach", commit)
    sheet = copy.base / "outcomes.xml"
    sheet.unlink(missing_ok=True)
    argv = [str(copy.python), "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={sheet}"]
    begun = time.monotonic()
    done = subprocess.run(
        [*argv, "-o", "junit_family=xunit1"],
        cwd=copy.root,
        env=copy.env,
        capture_output=True,
        check=False,
        timeout=_LONGEST_S,
    )
    seconds = time.monotonic() - begun
    git(copy.root, "clean", "-fdq")
    git(copy.root, "checkout", "-q", "--force", branch)
    return Suite(outcomes(sheet), done.returncode, seconds)


def outcomes(sheet: Path) -> dict[str, str]:
    """Each test's outcome in pytest's XML, by file, class and name; empty where it wrote none."""
    if not sheet.is_file():
        return {}
    found: dict[str, str] = {}
    for case in ET.parse(sheet).iter("testcase"):
        name = "::".join(case.get(part, "") for part in ("file", "classname", "name"))
        facts = [_FACTS[fact.tag] for fact in case if fact.tag in _FACTS] or ["passed"]
        found[name] = " ".join(filter(None, (found.get(name), *facts)))
    return found


def unlike(one: Suite, other: Suite) -> frozenset[str]:
    """The tests that did not come out the same, or are in one of the two only."""
    both = one.outcomes.keys() | other.outcomes.keys()
    return frozenset(name for name in both if one.outcomes.get(name) != other.outcomes.get(name))


def try_breaking(copy: Copy, row: Row, verified: Sequence[Proposal]) -> None:
    """Hand verification what it believed and, among it, edits that break; enter what it made of them."""
    tree = copy.base / "tree"
    git(copy.root, "checkout-index", "-a", f"--prefix={tree}/")
    paths = [path for path in git(copy.root, "ls-files", "-z").split("\0") if path]
    good: list[Files] = [{path: _content(copy.root, one, path) for path in one.paths} for one in verified]
    taken = {path for files in good for path in files}
    bad = list(breaking_edits(tree, [path for path in paths if path not in taken]))[:_BREAKS]
    if not bad:
        return
    groups: list[Files] = [*good, *({path: content} for path, _, content in bad)]
    found = sift(copy.base, tree, copy.python, copy.env, TESTS, groups)
    believed = (*found.together, *found.apart)
    row.breaking = [f"{path} without {name}" for path, name, _ in bad]
    row.broken = sum(number >= len(good) for number in found.broken)
    row.beside = len(good)
    row.kept = sum(number < len(good) for number in believed)
    row.believed = [row.breaking[number - len(good)] for number in believed if number >= len(good)]


def _content(root: Path, one: Proposal, path: str) -> bytes | None:
    argv = ["git", "-C", str(root), "show", f"{one.ref}:{path}"]
    done = subprocess.run(argv, capture_output=True, check=False)
    return done.stdout if done.returncode == 0 else None


def _tell(row: Row) -> None:
    """Print what a reader of the table may ask about."""
    rules = Counter(one.rule for one in row.verified)
    print(f"{row.name}: {row.planted} removable ones planted, verified {dict(sorted(rules.items()))}")
    for one in row.others:
        print(f"  {one.status} {one.id} {one.rule} {', '.join(one.paths)}: {one.reason}")
    for identifier, tests in row.unlike.items():
        print(f"  DIFFERENT with {identifier}: {', '.join(tests[:5])}")
    for edit in row.breaking:
        print(f"  {'BELIEVED' if edit in row.believed else 'not believed'}: {edit}")
    print(end="", flush=True)


def print_table(rows: Sequence[Row]) -> None:
    """One line a repository, and the sum."""
    print(
        "\n| repository | tests | fail before | differ by themselves | verified | unverified | closed | outcomes the same "
        "| edited lines that the tests ran | breaking edits seen to break | beside them still believed | report night | propose night | suite |"
    )
    print("|---" * 14 + "|")
    for row in rows:
        print(f"| {row.name} | " + " | ".join(_cells(row)) + " |")
    verified = sum(len(row.verified) for row in rows)
    edited, ran = (sum(row.lines[part] for row in rows) for part in (0, 1))
    unlike_ = sum(len(row.unlike) for row in rows)
    breaking, broken = sum(len(row.breaking) for row in rows), sum(row.broken for row in rows)
    believed = sum(len(row.believed) for row in rows)
    print(
        f"\n{len({row.name.partition(',')[0] for row in rows if row.verified})} repositories with verified proposals: "
        f"{verified - unlike_} of {verified} leave every test's outcome as it was; "
        f"{_share(ran, edited)} edited lines executed; {broken} of {breaking} breaking edits seen to break, {believed} believed"
    )


def _cells(row: Row) -> tuple[str, ...]:
    before = row.before or Suite({}, 0, 0.0)
    bad = sum(not fact.startswith(("passed", "skipped")) for fact in before.outcomes.values())
    unverified = sum(one.status == "unverified" for one in row.others)
    same = f"{len(row.verified) - len(row.unlike)} of {len(row.verified)}" if row.verified else "none to try"
    broken = f"{row.broken} of {len(row.breaking)}"
    numbers = (len(before.outcomes), bad, len(row.flaky), len(row.verified))
    others = (unverified, len(row.others) - unverified)
    return (
        *map(str, (*numbers, *others)),
        same,
        _share(row.lines[1], row.lines[0]),
        broken if row.breaking else "not measured",
        f"{row.kept} of {row.beside}" if row.breaking else "not measured",
        *(f"{seconds:.1f} s" for seconds in (row.report_s, row.propose_s, before.seconds)),
    )


def _share(part: int, whole: int) -> str:
    return f"{part} of {whole} = {100 * part / whole:.0f} %" if whole else "not measured"


if __name__ == "__main__":
    main()
