"""Findings at the base commit, held against what the later commit shows."""

import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.upkeep_history_fate import History, import_used, read_history
from bench.upkeep_history_git import Repository
from bench.upkeep_history_links import leads_there
from bench.upkeep_history_night import Reported, night
from bench.upkeep_history_source import Unit, is_test
from bench.upkeep_history_truth import Row, read_truth

BAR = 0.5
CLASSES = {
    "legacy.dead_code": "dead code",
    "legacy.only_tests": "used by tests alone",
    "legacy.unused_import": "unused imports",
    "legacy.commented_code": "commented-out code",
    "docs.broken_link": "broken links",
}
_WHY = {
    "unreferenced": "dead code",
    "tests": "used by tests alone",
    "unused": "unused imports",
    "code": "commented-out code",
    "broken": "broken links",
}
_KINDS = dict(zip(CLASSES, ("symbol", "symbol", "import", "comment", "link"), strict=True))


@dataclass(frozen=True, slots=True)
class Judged:
    """A finding with what became of its subject: removed, removed with users (something said its name at the base, so
    that it was hardly dead), file removed, still there, in use, or not placed.

    `why` tells where it is or was in use. `worth` is the finding's own.
    """

    where: str
    name: str
    worth: float
    fate: str
    why: str = ""
    unit: Unit | None = None


@dataclass(slots=True)
class Score:
    """One class of one repository: its findings, judged, and for each row of truth whether one of them has it
    (None: none has; else its worth)."""

    repository: str
    name: str
    judged: list[Judged] = field(default_factory=list)
    truth: list[tuple[Row, float | None]] = field(default_factory=list)


@dataclass(slots=True)
class Scored:
    """A repository: a score for each class, the findings that history does not judge by rule, and what is missing."""

    repository: str
    scores: list[Score]
    other: dict[str, int]
    incomplete: tuple[str, ...]


def score(repository: Repository, git_dir: Path) -> Scored:
    """Do a night on the base commit and judge what it found."""
    rows = read_truth(repository)
    with tempfile.TemporaryDirectory(prefix="daydream-bench-") as scratch:
        reported = night(git_dir, repository.base, Path(scratch))
    return compare(repository.name, reported, read_history(repository, git_dir), rows)


def compare(name: str, reported: Reported, history: History, rows: Sequence[Row]) -> Scored:
    """Judge each finding and look for each row."""
    scores = {title: Score(name, title) for title in CLASSES.values()}
    other: dict[str, int] = {}
    for finding in reported.findings:
        title = CLASSES.get(finding["rule"])
        if title is None:
            other[finding["rule"]] = other.get(finding["rule"], 0) + 1
        else:
            scores[title].judged.append(judge(history, finding))
    for row in rows:
        found = scores[_WHY[row["why"]]]
        worths = [one.worth for one in found.judged if one.unit is not None and _covers(one.unit, row)]
        found.truth.append((row, max(worths, default=None)))
    return Scored(name, list(scores.values()), dict(sorted(other.items())), reported.incomplete)


def judge(history: History, finding: dict[str, Any]) -> Judged:
    """Find what a finding is about at the base, and see what became of it."""
    unit = _subject(history, finding)
    where = f"{finding['subject']}:{finding['line']}"
    if unit is None:
        return Judged(where, finding["identity"], finding["worth"], "not placed")
    tests_aside = finding["rule"] == "legacy.only_tests"
    fate, why = _fate(history, unit, tests_aside=tests_aside)
    if fate == "removed" and (users := _users(history, unit, tests_aside=tests_aside)):
        fate, why = "removed with users", users
    return Judged(where, unit.name, finding["worth"], fate, why, unit)


def _users(history: History, unit: Unit, *, tests_aside: bool) -> str:
    """What may have used at the base a thing that was removed later: it was not dead then."""
    if unit.kind == "import":
        used = import_used(history.base, unit)
        return "its file, or one that takes it from there, said the name at the base" if used else ""
    if unit.kind != "symbol":
        return ""
    others = history.base.elsewhere(unit.word, {unit.path: history.base.spans(unit.path, unit.name)})
    others = [path for path in others if not tests_aside or not is_test(path)]
    return f"{others[0]} said it at the base, and {len(others) - 1} more files" if others else ""


def _subject(history: History, finding: dict[str, Any]) -> Unit | None:
    """By path, and by name and line; what is no function, class or method is a bare word at its line."""
    path, line, kind = finding["subject"], finding["line"], _KINDS[finding["rule"]]
    words = set(re.findall(r"[\w.]+", finding["identity"]))
    units = [u for u in _units(history, kind, path) if line is None or u.first <= line <= u.last]
    if kind == "comment":
        return units[0] if units else _stretch(history, path, line)
    if kind == "link":
        named = [u for u in units if finding["identity"].startswith(u.name)]
        target = finding["identity"].rpartition("~")[0]
        unknown = Unit("target", path, target, line or 1, line or 1, "other") if target else None
        return max(named, key=lambda u: len(u.name), default=unknown)
    named = [u for u in units if words & {u.name, *u.lines}]
    if kind == "symbol":
        named = named or [u for u in units if line is not None and line <= u.header]
    if named:
        return max(named, key=lambda u: (u.first, u.name))
    return _bare_word(history, kind, path, line, words)


def _units(history: History, kind: str, path: str) -> Sequence[Unit]:
    if kind == "link":
        return history.base.links.get(path, ())
    source = history.base.sources.get(path)
    if source is None:
        return ()
    return {"symbol": source.symbols, "import": source.imports, "comment": source.blocks}[kind]


def _stretch(history: History, path: str, line: int | None) -> Unit | None:
    """The comment lines from a line on, where they are no block of their own."""
    text = history.base.tree.texts.get(path)
    if text is None or line is None:
        return None
    found = []
    for one in re.split(r"\r\n|\r|\n", text)[line - 1 :]:
        if not one.strip().startswith("#"):
            break
        found.append(one.strip().lstrip("#").strip())
    bare = tuple(filter(None, found))
    return Unit("comment", path, bare[0][:80], line, line + len(found) - 1, "part", 0, bare) if bare else None


def _bare_word(history: History, kind: str, path: str, line: int | None, words: set[str]) -> Unit | None:
    text = history.base.tree.texts.get(path)
    if text is None or line is None or kind == "import":
        return None
    there = set(re.findall(r"\w+", re.split(r"\r\n|\r|\n", text)[line - 1]))
    names = sorted({word.rpartition(".")[2] for word in words} & there, key=len)
    return Unit("name", path, names[-1], line, line, "name") if names else None


def _fate(history: History, unit: Unit, *, tests_aside: bool) -> tuple[str, str]:
    if unit.kind == "symbol":
        fate, own = history.symbol(unit), history.own_later(unit)
        if fate in {"kept", "moved"}:
            return _said(history, unit, own, tests_aside=tests_aside)
    elif unit.kind == "target":
        return _target_fate(history, unit)
    elif unit.kind == "name":
        return _name_fate(history, unit, tests_aside=tests_aside)
    elif unit.kind == "import":
        fate = history.imported(unit)
        if fate in {"kept", "replaced"}:
            return _import_fate(history, unit)
    elif unit.kind == "comment":
        fate = history.block(unit)
        if fate == "revived":
            return "in use", "its lines are code again"
    else:
        fate = history.link(unit)
        if fate == "kept" and leads_there(history.base.tree, unit.path, unit.name):
            return "in use", "its target was there at the base"
    known = {"removed": "removed", "repaired": "removed", "file removed": "file removed"}
    return known.get(fate, "still there"), "" if fate in known else fate


def _said(
    history: History, unit: Unit, own: dict[str, list[tuple[int, int]]], *, tests_aside: bool
) -> tuple[str, str]:
    """Whether any tracked text says the word outside its own definition at the later commit."""
    others = history.later.elsewhere(unit.word, own)
    if tests_aside:
        others = [path for path in others if not is_test(path)]
    if not others:
        return "still there", ""
    before = {unit.path: history.base.spans(unit.path, unit.name) or [(unit.first, unit.last)]}
    known = [
        path for path in history.base.elsewhere(unit.word, before) if not tests_aside or not is_test(path)
    ]
    line = next(history.later.places(unit.word, others[0], own.get(others[0], [])))
    when = "at the base too" if known else "not at the base"
    return "in use", f"{others[0]}:{line} says it, and {len(others) - 1} more files; {when}"


def _target_fate(history: History, unit: Unit) -> tuple[str, str]:
    """A target of anything but a relative Markdown link: removed when its file no longer says it."""
    path = history.after.get(unit.path)
    if path is None:
        return "file removed", ""
    if unit.name in history.later.tree.texts.get(path, ""):
        return "still there", "no relative Markdown link"
    return "removed", ""


def _name_fate(history: History, unit: Unit, *, tests_aside: bool) -> tuple[str, str]:
    """A variable or attribute: removed when its file no longer says the word, in use when that file says it in more
    than one line, or another does."""
    path = history.after.get(unit.path)
    if path is None:
        return "file removed", ""
    if path not in history.later.tree.texts or path not in history.later.tree.words.get(unit.word, ()):
        return "removed", ""
    first = next(history.later.places(unit.word, path, ()))
    return _said(history, unit, {path: [(first, first)]}, tests_aside=tests_aside)


def _import_fate(history: History, unit: Unit) -> tuple[str, str]:
    path = history.after[unit.path]
    now = next(one for one in history.later.sources[path].imports if one.name == unit.name)
    if not import_used(history.later, now):
        return "still there", ""
    when = "at the base too" if import_used(history.base, unit) else "not at the base"
    return "in use", f"{path} or one that takes it from there uses the name; {when}"


def _covers(unit: Unit, row: Row) -> bool:
    """Whether a finding's subject is the removed thing or holds it."""
    first, last = row["lines"]
    if unit.path != row["path"] or unit.first > last or unit.last < first:
        return False
    if unit.kind == "symbol":
        return f"{row['name']}.".startswith(f"{unit.name}.")
    return unit.kind == "comment" or bool(unit.name == row["name"])
