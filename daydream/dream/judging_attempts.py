"""How often a dream was asked about in vain, and when it is its turn again: after 1, 2, 4, 8 ... days."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from daydream import clock
from daydream.analysis.redaction import quoted
from daydream.records.outcome import Row
from daydream.store.dream_rows import event_row
from daydream.store.dreams import DreamStore

EVENT = "unjudged"
_LONGEST_DAYS = 32


@dataclass(frozen=True, slots=True)
class Attempts:
    """The attempts of the past by dream: how many, and the instant of the last."""

    counted: Mapping[str, tuple[int, str]] = field(default_factory=dict)

    def count(self, dream_id: str) -> int:
        """Return how often a dream was asked about in vain."""
        return self.counted.get(dream_id, (0, ""))[0]

    def due(self, dream_id: str, now: dt.datetime) -> bool:
        """Tell whether a dream may be asked about in the night that began at `now`."""
        count, last = self.counted.get(dream_id, (0, ""))
        if not count:
            return True
        days = min(2 ** (count - 1), _LONGEST_DAYS)
        return now.date() >= clock.from_text(last).date() + dt.timedelta(days=days)


def attempts(store: DreamStore) -> Attempts:
    """Read the attempts of the past."""
    found = store.rows(
        "SELECT dream_id, COUNT(*), MAX(at) FROM dream_events WHERE event = ? GROUP BY dream_id", (EVENT,)
    )
    return Attempts({row[0]: (row[1], row[2]) for row in found})


def attempt_rows(why: Mapping[str, str], at: str) -> list[Row]:
    """Return the rows of dreams that were asked about in vain, with why."""
    return [event_row(dream_id, EVENT, quoted(reason, 300), at) for dream_id, reason in sorted(why.items())]
