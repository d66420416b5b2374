"""What an advisor may see of an error: redacted, bounded, without counts, so that the same error is the same text on
every night; and what it said, made fit for a page."""

import contextlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from daydream.analysis.errors.frames import Place
from daydream.analysis.errors.site import Code, site_of
from daydream.analysis.redaction import LONGEST, quoted, redact
from daydream.contracts.context import Context
from daydream.report.escape import clean
from daydream.steps.memory import digest

MOST_FRAMES = 12
AROUND = 5
MOST_SAID = 400
_MOST_LINE = 120
_LINK = re.compile(r"(?:\b[a-z][a-z0-9+.-]{0,20}://|\bwww\.|\bmailto:)\S*", re.IGNORECASE)

Frame = Sequence[str | int | None]
"""A stack frame as facts hold it: the path below the root (None: somebody else's file), function, line, and the
path as it was reported ("" where that is not known)."""


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to ask about. `item` is its id in its section, `about` names it there, `rule` is what a rule suggests
    ("" for nothing); `evidence` is what an advisor gets to see of it."""

    item: str
    about: str
    rule: str
    evidence: str

    @property
    def name(self) -> str:
        """What makes it the same question: 16 hex digits of the evidence."""
        return digest(self.evidence)[:16]


@dataclass(frozen=True, slots=True)
class Spot:
    """A line of today's source: of a frame, which counts only inside the function that the frame names, or one that is
    known to be right (`function` is "")."""

    path: str
    line: int
    function: str = ""


class Repository:
    """Today's source, as far as it may be sent: examined files that no pattern of `models.exclude` matches."""

    def __init__(self, ctx: Context, exclude: Sequence[str]) -> None:
        from pathspec import GitIgnoreSpec

        self._tree = ctx.tree
        self._known = frozenset(ctx.paths())
        self._excluded = GitIgnoreSpec.from_lines(exclude)

    def may_send(self, path: str) -> bool:
        """Whether anything of this file may leave the machine."""
        return not self._excluded.match_file(path)

    def around(self, spot: Spot) -> str:
        """Return the few lines around one, redacted; "" where they may not be sent, or are not those that failed."""
        text = self._text(spot.path)
        if not text or not _inside(text, spot):
            return ""
        # A secret may span lines, so the file is redacted as a whole; where that joined lines, numbers would lie.
        lines = redact(text).split("\n")
        if len(lines) != text.count("\n") + 1 or not 1 <= spot.line <= len(lines):
            return ""
        first, last = max(1, spot.line - AROUND), min(len(lines), spot.line + AROUND)
        return "\n".join(
            f"{'>' if number == spot.line else ' '} {number:>5} | {lines[number - 1].rstrip()[:_MOST_LINE]}"
            for number in range(first, last + 1)
        )

    def _text(self, path: str) -> str:
        if path not in self._known or not self.may_send(path):
            return ""
        file = self._tree / path
        with contextlib.suppress(OSError, UnicodeDecodeError):
            if not file.is_symlink() and file.stat().st_size <= LONGEST:
                return file.read_bytes().decode("utf-8")
        return ""


def of_exception(repository: Repository, kind: str, frames: Sequence[Frame], spot: Spot | None) -> str:
    """Put an exception into the words of a prompt: its type, its innermost frames, the lines around the last of its own."""
    told = [f"exception: {quoted(kind, 100)}", "stack:"]
    told += [f"  {_frame(repository, frame)}" for frame in frames[-MOST_FRAMES:]]
    return "\n".join([*told, *_source(repository, spot)])


def of_line(repository: Repository, level: str, text: str, spot: Spot | None) -> str:
    """Put a template of a log into the words of a prompt, with the logging call where it is known."""
    told = [f"line of a log, level {level}: {quoted(text, 300)}"]
    if spot is not None and repository.may_send(spot.path):
        told.append(f"logged at: {quoted(spot.path, 160)}:{spot.line}")
    return "\n".join([*told, *_source(repository, spot)])


def plain(text: str, limit: int = MOST_SAID) -> str:
    """Make what a model said fit for a page: redacted, one line of visible characters, without code or an address to follow."""
    return clean(_LINK.sub("[link]", quoted(text, 4 * limit)).replace("`", "'"), limit)


def _frame(repository: Repository, frame: Frame) -> str:
    path, function, line, reported = frame
    if path is not None and not repository.may_send(str(path)):
        return "(a file that is not shown)"
    shown = str(path) if path is not None else "/".join(str(reported).split("/")[-2:]) or "(a library)"
    at = f":{line}" if line is not None else ""
    return f"{quoted(shown, 160)}{at} in {quoted(str(function), 100)}"


def _source(repository: Repository, spot: Spot | None) -> list[str]:
    lines = repository.around(spot) if spot is not None else ""
    return [f"source of {quoted(spot.path, 160)}:", lines] if spot is not None and lines else []


def _inside(text: str, spot: Spot) -> bool:
    """Whether the line lies in the function that a frame names: code moves between a release and today."""
    name = spot.function.rpartition(".")[2]
    if not name or (name.startswith("<") and name != "<module>"):
        return True
    site = site_of(Code(Place(spot.path, spot.line, "", spot.line, text), lambda _: None, lambda _: None))
    if site is None:
        return False
    return (site.function.name if site.function is not None else "<module>") == name
