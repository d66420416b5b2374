"""What ruff says of a text that is on no disk, and the edits that it offers."""

import re
import sys
from collections import Counter
from typing import Any

import msgspec

from daydream.analysis.fixes.cuts import Edit
from daydream.analysis.fixes.page import Left, Page
from daydream.analysis.fixes.tree import Tree
from daydream.analysis.python_floor import Version
from daydream.analysis.ruff_report import LOWEST_TARGET

ALWAYS = ("F", "F401", "F811", "F841", "ERA001")
_UNPARSED = frozenset({None, "invalid-syntax", "E902", "E999"})
_UNUSED = re.compile(r"`([^`]+)` imported but unused")
_NUMBERS = re.compile(r"line \d+")


class Position(msgspec.Struct, frozen=True):
    """A row and a column in characters, both from 1."""

    row: int
    column: int


class Change(msgspec.Struct, frozen=True):
    """Replace what stands between two positions."""

    content: str
    location: Position
    end_location: Position


class Offer(msgspec.Struct, frozen=True):
    """ruff's own fix, and how sure it is of it: ``safe``, or less."""

    applicability: str
    edits: tuple[Change, ...]


class Violation(msgspec.Struct, frozen=True):
    """One entry of ruff's answer."""

    code: str | None
    message: str
    location: Position
    fix: Offer | None = None


def ask(tree: Tree, page: Page, select: str, floor: Version | None = None) -> list[Violation]:
    """Lint a text, without any configuration of the repository; the same text is linted once.

    Raises:
        Left: ruff does not answer, or does not parse it.
    """
    asked = ALWAYS if select in ALWAYS else (select,)
    key = (page.path, page.text, asked, floor)
    if key not in tree.answers:
        tree.answers[key] = _answer(tree, page, ",".join(asked), floor)
    said = tree.answers[key]
    if said is None:
        msg = "ruff, which would find it again, does not read the file"
        raise Left(msg)
    found = [
        entry for entry in msgspec.convert(said, list[Violation]) if (entry.code or "").startswith(select)
    ]
    return sorted(found, key=lambda v: (v.location.row, v.location.column, v.message))


def _answer(tree: Tree, page: Page, select: str, floor: Version | None) -> list[dict[str, Any]] | None:
    """What ruff says; None where it does not answer, or does not parse the text."""
    target = ["--target-version", f"py{floor[0]}{floor[1]}"] if floor and floor >= LOWEST_TARGET else []
    options = ["--isolated", "--no-cache", "--exit-zero", "--output-format", "json", "--select", select]
    argv = [
        sys.executable,
        "-P",
        "-m",
        "ruff",
        "check",
        *options,
        *target,
        "--stdin-filename",
        page.path,
        "-",
    ]
    try:
        left = tree.ctx.child(argv, stdin=page.text.encode(), timeout_s=60.0)
        found: list[dict[str, Any]] = msgspec.json.decode(left.stdout, type=list[dict[str, Any]])
    except (OSError, msgspec.DecodeError):
        return None
    refused = left.returncode != 0 or any(entry.get("code") in _UNPARSED for entry in found)
    return None if refused else found


def edits(page: Page, offer: Offer) -> list[Edit]:
    """Turn an offer into edits of the text."""
    return [Edit(_offset(page, c.location), _offset(page, c.end_location), c.content) for c in offer.edits]


def _offset(page: Page, at: Position) -> int:
    return page.starts[at.row - 1] + at.column - 1 if at.row <= len(page.lines) else len(page.text)


def new_errors(tree: Tree, before: Page, after: Page) -> list[str]:
    """What pyflakes' rules say of the new text and did not say of the old one, sorted."""
    old = Counter(map(_essence, ask(tree, before, "F")))
    new = Counter(map(_essence, ask(tree, after, "F")))
    return sorted((new - old).elements())


def bound_name(message: str) -> str:
    """The name that an import binds which ruff calls unused; empty for another message."""
    match = _UNUSED.search(message)
    return re.split(r" as |\.", match[1])[-1] if match else ""


def _essence(violation: Violation) -> str:
    if violation.code == "F401":
        return f"F401 `{bound_name(violation.message)}` is imported but unused"
    return f"{violation.code} {_NUMBERS.sub('line', violation.message)}"
