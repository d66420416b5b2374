"""An oracle that trials know nothing of: the repository's whole test suite, with dreams that trials called preserving.

Every dream whose verdict is `behaviour_preserving` stands in the source in some round (one for each function at a time). A
test that passes without them, passes again, and fails with them, names a wrong accept: the dreams of that round are halved until
single ones are left. The suite, doctests included, runs in a scratch clone with the repository's own environment, where its authors run
it; where there are no test files, the doctests of the files that dreams change are all there is.
"""

import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from bench.trials_funnel_world import Key, Place
from daydream.analysis.roles import is_test
from daydream.contracts.dream import Dream, Procedure
from daydream.repository.verify_roots import import_roots

_LINE = re.compile(r"(?m)^(\S+::.*?) (PASSED|FAILED|ERROR)|^(FAILED|ERROR|PASSED) (\S+::.*?)(?: - .*)?$")
_SUITE_S = 900


class Checked(NamedTuple):
    """What the oracle said of a place: dreams that it saw, tests that pass without them, the dreams that it refutes each
    with a test, and why nothing could be asked ("" where it could)."""

    dreams: int
    tests: int
    wrong: tuple[tuple[str, str], ...]
    about: str = ""


def checked(place: Place) -> Checked:
    """Run the suite of a repository with its accepted dreams."""
    trials = place.trials()
    dreams = [
        each
        for each in place.dreams().values()
        if each.id in trials and trials[each.id].outcome == "behaviour_preserving"
    ]
    procedures = place.procedures()
    suite = _Suite(place, dreams)
    if not dreams:
        return Checked(0, 0, (), "no dream was accepted")
    steady = suite.passing({}) & suite.passing({})
    if not steady:
        return Checked(len(dreams), 0, (), "no test of its own passes here")
    wrong: list[tuple[str, str]] = []
    for group in _rounds(dreams):
        wrong += _refuted(suite, procedures, group, steady)
    return Checked(len(dreams), len(steady), tuple(wrong))


def _rounds(dreams: Sequence[Dream]) -> list[list[Dream]]:
    """Groups with at most one dream of each function."""
    turns: dict[Key, int] = {}
    groups: list[list[Dream]] = []
    for each in sorted(dreams, key=lambda dream: dream.id):
        turn = turns.get(each.base, 0)
        turns[each.base] = turn + 1
        if turn == len(groups):
            groups.append([])
        groups[turn].append(each)
    return groups


def _refuted(
    suite: "_Suite", procedures: Mapping[Key, Procedure], group: Sequence[Dream], steady: set[str]
) -> list[tuple[str, str]]:
    """The dreams of a group with which a test fails; halved until each stands alone."""
    lost = steady - suite.passing(suite.sources(procedures, group))
    if lost:
        lost -= suite.passing(suite.sources(procedures, group))
    if not lost:
        return []
    if len(group) == 1:
        return [(group[0].id, min(lost))]
    half = len(group) // 2
    found = [
        pair for part in (group[:half], group[half:]) for pair in _refuted(suite, procedures, part, steady)
    ]
    return found or [("+".join(each.id for each in group), min(lost))]


class _Suite:
    """The suite of a repository in a scratch clone of it."""

    def __init__(self, place: Place, dreams: Sequence[Dream]) -> None:
        self._place = place
        paths = [path.relative_to(place.tree).as_posix() for path in sorted(place.tree.rglob("*.py"))]
        self._roots = dict.fromkeys((*import_roots(place.tree, paths), ""))
        self._tested = any(is_test(path) for path in paths)
        self._changed = {each.base_path for each in dreams}
        self._clone = place.folder / "oracle"
        if not self._clone.is_dir():
            subprocess.run(
                ["git", "clone", "-q", "--no-hardlinks", str(place.tree), str(self._clone)], check=True
            )

    def sources(self, procedures: Mapping[Key, Procedure], dreams: Sequence[Dream]) -> dict[str, str]:
        """The files with these dreams in place."""
        files: dict[str, list[str]] = {}
        ordered = sorted(dreams, key=lambda dream: -procedures[dream.base].first_line)
        for dream in ordered:
            base = procedures[dream.base]
            lines = files.setdefault(base.path, (self._place.tree / base.path).read_text("utf-8").split("\n"))
            lines[base.first_line - 1 : base.last_line] = dream.code.removesuffix("\n").split("\n")
        return {path: "\n".join(lines) for path, lines in files.items()}

    def passing(self, sources: Mapping[str, str]) -> set[str]:
        """The tests that pass with these files."""
        subprocess.run(["git", "checkout", "-q", "--", "."], cwd=self._clone, check=True)
        for path, text in sources.items():
            (self._clone / path).write_text(text, "utf-8")
        python = self._place.python if self._place.python.exists() else Path(sys.executable)
        argv = [
            str(python),
            "-B",
            "-m",
            "pytest",
            "-p",
            "no:cacheprovider",
            "-o",
            "addopts=",
            "-q",
            "-rA",
            "--tb=no",
            "--doctest-modules",
            "--continue-on-collection-errors",
        ]
        argv += [] if self._tested else sorted(self._changed)
        roots = ":".join(str(self._clone / each) for each in self._roots)
        env = {
            "PATH": "/usr/bin:/bin",
            "HOME": str(self._place.folder),
            "PYTHONPATH": roots,
            "PYTHONHASHSEED": "0",
        }
        try:
            done = subprocess.run(
                argv, cwd=self._clone, env=env, capture_output=True, text=True, timeout=_SUITE_S, check=False
            )
        except subprocess.TimeoutExpired:
            return set()
        found = [match.groups() for match in _LINE.finditer(done.stdout)]
        return {name or other for name, one, outcome, other in found if (one or outcome) == "PASSED"}
