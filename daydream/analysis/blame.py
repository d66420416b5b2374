"""Ages of lines: what to ask `git blame`, and how to read its answer."""

import datetime as dt
import re
from collections.abc import Iterable, Sequence

_ENTRY = re.compile(rb"^[0-9a-f]{40,64} \d+ (\d+)(?: \d+)?$")


def arguments(commit: str, path: str, lines: Iterable[int], ignored: str | None = None) -> Sequence[str]:
    """Build the arguments of one blame of `path` at `commit`, for these lines (from 1) only.

    `ignored` is a file of commits to look through (mass reformatting), as git's own option takes it.
    """
    ranges = [part for line in sorted(set(lines)) for part in ("-L", f"{line},{line}")]
    through = ("--ignore-revs-file", ignored) if ignored else ()
    return ("blame", "--line-porcelain", "-s", *through, *ranges, commit, "--", path)


def dates(answer: bytes, *, shallow: bool) -> dict[int, dt.datetime | None]:
    """Return when each line was written (author's date, UTC).

    None where it is not known: in a shallow repository history ends at a boundary, and a line found
    there is at least that old.
    """
    found: dict[int, dt.datetime | None] = {}
    when: dt.datetime | None = None
    line, boundary = 0, False
    for row in answer.split(b"\n"):
        if row.startswith(b"\t"):
            found[line] = None if boundary and shallow else when
            when, boundary = None, False
        elif match := _ENTRY.match(row):
            line = int(match[1])
        elif row.startswith(b"author-time "):
            when = _instant(row.removeprefix(b"author-time "))
        elif row == b"boundary":
            boundary = True
    return found


def _instant(seconds: bytes) -> dt.datetime | None:
    try:
        return dt.datetime.fromtimestamp(int(seconds), dt.UTC)
    except (ValueError, OverflowError, OSError):
        return None
