"""How far the reading of one project's issues has come: what its parts found, and what is left to ask.

Everything here follows from the facts of the parts that are committed and from what earlier nights remember, so a
night that is taken up again asks the same questions and none twice.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

from daydream.analysis.errors.lifecycle import Past, pasts
from daydream.contracts.context import Context
from daydream.steps.sentry_records import Noted, Released
from daydream.store.log_rows import LogStore, Reading
from daydream.store.log_schema import SCHEMA

MOST_EVENTS = 30
MOST_GONE = 20
HOURS, MOST_HOURS = 24, 336
_MEMORY_S = 35 * 86_400.0

Question = tuple[Literal["releases", "event", "gone"], str]


@dataclass(slots=True)
class Listing:
    """The issues of one project that were listed, by id in the list's order.

    `now` is the server's clock when the list began, where it cannot be that of the night (POSIX seconds). `broken` says why the list
    ended before its end, and whether that was a failure of the server's own.
    """

    issues: dict[str, Noted] = field(default_factory=dict)
    releases: tuple[Released, ...] = ()
    pages: int = 0
    unreadable: int = 0
    bytes: int = 0
    now: float | None = None
    cut: bool = False
    broken: tuple[str, bool] | None = None
    resolved: set[str] = field(default_factory=set)

    def add(self, facts: Mapping[str, Any]) -> None:
        """Take in the facts of a part."""
        if "page" in facts:
            noted = msgspec.convert(facts["page"], list[Noted])
            self.issues = {**{each.id: each for each in noted}, **self.issues}
            self.issues = dict(
                sorted(self.issues.items(), key=lambda item: (-(item[1].recent or 0), item[0]))
            )
            self.pages += 1
            self.unreadable += facts["unreadable"]
            self.bytes += facts["bytes"]
            self.now = facts["now"] if self.now is None else self.now
            self.cut = facts.get("cut", False)
        if "broken" in facts:
            self.broken = facts["broken"][0], facts["broken"][1]
        self.resolved.update(line["id"] for line in facts.get("resolved", ()))
        if "releases" in facts:
            self.releases = tuple(msgspec.convert(facts["releases"], list[Released]))

    @property
    def whole(self) -> bool:
        """Whether the list was read to its end, each entry of it."""
        return self.broken is None and not self.cut and not self.unreadable


@dataclass(frozen=True, slots=True)
class Memory:
    """What earlier nights remember of one source: its issues by id, and what they read of it, the newest first."""

    issues: Mapping[str, Past]
    readings: tuple[Reading, ...]

    def hours(self, now: float) -> int:
        """How many hours tonight has to look back: 24, or to the last night that read the whole list."""
        if not self.readings:
            return HOURS
        since = int(-(-(now - self.readings[0].started_at) // 3600))
        return max(HOURS, min(MOST_HOURS, since))


def memory(ctx: Context, source: str) -> Memory:
    """Read what earlier nights remember of a source."""
    with LogStore.open(ctx.state / SCHEMA.file, read_only=True) as store:
        since = ctx.started_at.timestamp() - _MEMORY_S
        rows = [row for row in store.errors(since=since, without_run=ctx.run) if row.source == source]
        readings = tuple(store.readings(source, before_run=ctx.run))
    known = pasts(rows, {source: readings})
    return Memory({key: past for (_, key), past in known.items()}, readings)


def questions(listing: Listing, known: Memory, ranked: list[Noted], budget: int) -> list[Question]:
    """Say what is left to ask once the list is read, the most worthwhile first.

    An issue whose frames an earlier night has seen is asked for again only when it came back or gets worse.
    """
    if listing.broken is not None:
        return []
    wanted = [issue.id for issue in ranked if not _known(issue, known)][:MOST_EVENTS]
    projects = {listing.issues[each].project_id for each in wanted}
    asked: list[Question] = []
    if wanted:
        asked.append(("releases", projects.pop() if len(projects) == 1 else ""))
    asked += [("event", each) for each in wanted]
    if listing.whole:
        gone = [
            (-(past.last.last or 0.0), key)
            for key, past in known.issues.items()
            if key not in listing.issues and not past.resolved
        ]
        asked += [("gone", key) for _, key in sorted(gone)[:MOST_GONE]]
    return asked[: max(0, budget - listing.pages)]


def _known(issue: Noted, known: Memory) -> bool:
    past = known.issues.get(issue.id)
    return past is not None and bool(past.last.frames) and issue.substatus not in ("regressed", "escalating")
