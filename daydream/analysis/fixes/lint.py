"""What ruff says of a text that is on no disk, and the edits that it offers."""

import re
from collections import Counter
from importlib import import_module
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
        target = ("--target-version", f"py{floor[0]}{floor[1]}") if floor and floor >= LOWEST_TARGET else ()
        options = ("--isolated", "--select", ",".join(asked), *target)
        tree.answers[key] = _answer(tree, page, options)
    said = tree.answers[key]
    if said is None:
        msg = "ruff, which would find it again, does not read the file"
        raise Left(msg)
    return [entry for entry in _ordered(said) if (entry.code or "").startswith(select)]


def ask_as(tree: Tree, page: Page, options: tuple[str, ...]) -> list[Violation] | None:
    """Lint a text with these options, and with the repository's own configuration where they do not say
    otherwise; None where ruff does not answer."""
    key = (page.path, page.text, options, None)
    if key not in tree.answers:
        tree.answers[key] = _answer(tree, page, options)
    said = tree.answers[key]
    return None if said is None else _ordered(said)


def _ordered(said: list[dict[str, Any]]) -> list[Violation]:
    found = msgspec.convert(said, list[Violation])
    return sorted(found, key=lambda v: (v.location.row, v.location.column, v.message))


def ruff(tree: Tree, page: Page, command: str, options: tuple[str, ...]) -> bytes | None:
    """What ruff writes about a text that it is given; None where it fails. It runs nothing of the repository."""
    try:
        program: str = import_module("ruff").find_ruff_bin()
        argv = [program, command, "--no-cache", *options, "--stdin-filename", page.path, "-"]
        left = tree.ctx.child(argv, stdin=page.text.encode(), timeout_s=60.0)
    except (ImportError, OSError):
        return None
    return left.stdout if left.returncode == 0 else None


def _answer(tree: Tree, page: Page, options: tuple[str, ...]) -> list[dict[str, Any]] | None:
    """What ruff says; None where it does not answer, or does not parse the text."""
    written = ruff(tree, page, "check", ("--exit-zero", "--output-format", "json", *options))
    try:
        found: list[dict[str, Any]] = msgspec.json.decode(written or b"", type=list[dict[str, Any]])
    except msgspec.DecodeError:
        return None
    return None if any(entry.get("code") in _UNPARSED for entry in found) else found


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
