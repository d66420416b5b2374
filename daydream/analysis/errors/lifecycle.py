"""What becomes of an error over the nights: new, ongoing, resolved, regressed."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from daydream.store.log_rows import ErrorNight, Reading
from daydream.store.runs import order

State = Literal["new", "ongoing", "resolved", "regressed"]
GONE_NIGHTS = 3
_ISSUE = re.compile(r"issues/([\w\-]{1,64})/?$")


@dataclass(frozen=True, slots=True)
class Past:
    """What earlier nights knew of one error, or of one issue, in one source: the last row, when it was first seen
    (POSIX seconds), and how many nights have looked at the source since without seeing it."""

    last: ErrorNight
    first: float | None
    missed: int

    @property
    def resolved(self) -> bool:
        """Whether it counts as settled: said so, or not seen for `GONE_NIGHTS` nights that looked."""
        return self.last.state == "resolved" or self.missed >= GONE_NIGHTS


def pasts(
    rows: Iterable[ErrorNight], readings: Mapping[str, Sequence[Reading]]
) -> dict[tuple[str, str], Past]:
    """Add up earlier nights' rows, the oldest first; keyed by source and `key_of`.

    `readings` are those of each source, the newest first: a night that did not look at a source says nothing
    about its errors.
    """
    last: dict[tuple[str, str], ErrorNight] = {}
    first: dict[tuple[str, str], float | None] = {}
    for row in rows:
        key = row.source, key_of(row)
        last[key] = row
        known = [when for when in (first.get(key), row.first) if when is not None]
        first[key] = min(known, default=None)
    return {
        key: Past(row, first[key], _missed(row, readings.get(row.source, ()))) for key, row in last.items()
    }


def key_of(row: ErrorNight) -> str:
    """Return what a row is followed by: the issue it links to where its source numbers its issues, else the error."""
    numbered = _ISSUE.search(row.link or "") if row.source.startswith("sentry:") else None
    return numbered[1] if numbered else row.error


def state(
    past: Past | None, *, first: float | None, since: float, watched: bool, said: str | None = None
) -> State | None:
    """Say what an error that was seen tonight is; None where it cannot be told.

    `since` is where tonight's window begins; `watched` says that an earlier night looked at this source;
    `said` is the tracker's own word. An error is new if it was first seen in the window or, where no first sight is
    known, if earlier nights looked and did not see it.
    """
    if said == "regressed":
        return "regressed"
    if past is not None:
        return "regressed" if past.resolved else "ongoing"
    if first is not None:
        return "new" if first >= since else "ongoing"
    if said == "new":
        return "new"
    if said:
        return "ongoing"
    return "new" if watched else None


def _missed(row: ErrorNight, readings: Sequence[Reading]) -> int:
    """Count the nights after a row's that looked at its source."""
    return sum(1 for reading in readings if order(reading.run) > order(row.run))
