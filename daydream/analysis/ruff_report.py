"""ruff as a program: how it is asked, and its JSON answer as records."""

import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from daydream.analysis.python_floor import Version

ALWAYS = ("F401", "F811", "F841", "ERA001", "W605", "DTZ003", "DTZ004")
LOWEST_TARGET: Version = (3, 7)

_UNREADABLE = re.compile(rb"^warning: Failed to (?:lint|read|parse) (.+?): (.*)$", re.MULTILINE)
_NEWER_SYNTAX = "(syntax was "


@dataclass(frozen=True, slots=True)
class Place:
    """A row, counted from 1."""

    row: int


@dataclass(frozen=True, slots=True)
class Violation:
    """One entry of ruff's answer; `code` is None or ``invalid-syntax`` where it could not parse."""

    code: str | None
    filename: str
    message: str
    location: Place
    end_location: Place


@dataclass(frozen=True, slots=True)
class Report:
    """What ruff said: violations by path below the root, and the files that it could not read."""

    violations: tuple[tuple[str, Violation], ...]
    unread: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What ruff says of one file; it follows from the content, the path, and the packages around it."""

    unread: bool
    violations: tuple[Violation, ...]


def version() -> str | None:
    """Return the version of the ruff that is installed beside daydream; None without one."""
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as installed

    try:
        return installed("ruff")
    except PackageNotFoundError:
        return None


def argv(files: Sequence[str], floor: Version | None) -> list[str]:
    """Return the command that lints `files`; deprecated syntax only where the lowest Python is known.

    The interpreter starts with -P: the folder in which ruff runs may hold a ruff.py.
    """
    judged = floor is not None and floor >= LOWEST_TARGET
    select = ",".join((*ALWAYS, "UP") if judged else ALWAYS)
    target = ["--target-version", f"py{floor[0]}{floor[1]}"] if floor is not None and judged else []
    options = ["--isolated", "--no-cache", "--exit-zero", "--output-format", "json", "--select", select]
    return [sys.executable, "-P", "-m", "ruff", "check", *options, *target, "--", *files]


def read(stdout: bytes, stderr: bytes, root: Path) -> Report:
    """Read ruff's answer.

    Raises:
        ValueError: it is not the JSON of a ruff that we know.
    """
    from pydantic import TypeAdapter

    entries = TypeAdapter(list[Violation]).validate_json(stdout)
    unread = {match[1].decode("utf-8", "replace") for match in _UNREADABLE.finditer(stderr)}
    kept = []
    for entry in entries:
        path = PurePosixPath(entry.filename)
        below = path.relative_to(root).as_posix() if path.is_relative_to(root) else entry.filename
        if entry.code in {None, "invalid-syntax", "E902", "E999"}:
            if _NEWER_SYNTAX not in entry.message:
                unread.add(below)
        else:
            kept.append((below, entry))
    violations = tuple((below, entry) for below, entry in kept if below not in unread)
    return Report(violations, tuple(sorted(unread)))


def by_file(report: Report, files: Sequence[str]) -> dict[str, Answer]:
    """Cut a report into one answer for each of the files that were asked about."""
    found: dict[str, list[Violation]] = {path: [] for path in files}
    for path, violation in report.violations:
        if path in found:
            found[path].append(violation)
    unread = set(report.unread)
    return {path: Answer(path in unread, tuple(rows)) for path, rows in found.items()}


def joined(answers: Mapping[str, Answer]) -> Report:
    """Put answers of single files together, in the order of their paths."""
    paths = sorted(answers)
    violations = tuple((path, violation) for path in paths for violation in answers[path].violations)
    return Report(violations, tuple(path for path in paths if answers[path].unread))
