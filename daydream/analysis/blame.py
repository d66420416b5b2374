"""Ages of lines: what to ask `git blame`, and how to read its answer."""

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_ENTRY = re.compile(rb"^([0-9a-f]{40,64}) \d+ (\d+)(?: \d+)?$")

_MOVED = "-C20"  # this many letters make a moved line; git's own 40 are more than most TODOs have


@dataclass(frozen=True, slots=True)
class Written:
    """When a line was written (author's date, UTC), by which commit, and under which path of that commit.

    `when` is None where it is not known: in a shallow repository history ends at a boundary, and a line found
    there is at least that old.
    """

    when: dt.datetime | None
    commit: str
    path: str


def arguments(commit: str, path: str, lines: Iterable[int], ignored: str | None = None) -> Sequence[str]:
    """Build the arguments of one blame of `path` at `commit`, for these lines (from 1) only.

    A line that was moved, within its file or from another file of the same commit, keeps its age. `ignored` is a
    file of commits to look through (mass reformatting), as git's own option takes it.
    """
    ranges = [part for line in sorted(set(lines)) for part in ("-L", f"{line},{line}")]
    through = ("--ignore-revs-file", ignored) if ignored else ()
    return ("blame", "--line-porcelain", "-s", "-M", _MOVED, *through, *ranges, commit, "--", path)


def lines(answer: bytes, *, shallow: bool) -> dict[int, Written]:
    """Read git's answer: what is known about each line."""
    found: dict[int, Written] = {}
    when: dt.datetime | None = None
    line, boundary, commit, path = 0, False, "", ""
    for row in answer.split(b"\n"):
        if row.startswith(b"\t"):
            found[line] = Written(None if boundary and shallow else when, commit, path)
            when, boundary = None, False
        elif match := _ENTRY.match(row):
            commit, line = match[1].decode(), int(match[2])
        elif row.startswith(b"author-time "):
            when = _instant(row.removeprefix(b"author-time "))
        elif row.startswith(b"filename "):
            path = row.removeprefix(b"filename ").decode("utf-8", "replace")
        elif row == b"boundary":
            boundary = True
    return found


def _instant(seconds: bytes) -> dt.datetime | None:
    try:
        return dt.datetime.fromtimestamp(int(seconds), dt.UTC)
    except (ValueError, OverflowError, OSError):
        return None
