"""From what was read of Sentry to what a night says and remembers: findings, rows and lines of the section."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from daydream.analysis.errors.lifecycle import GONE_NIGHTS, Past, State, state
from daydream.analysis.errors.records import ErrorRecord, remembered
from daydream.analysis.errors.titles import is_of
from daydream.contracts.context import Context
from daydream.records.finding import Finding
from daydream.records.outcome import Row
from daydream.steps.sentry_code import Tree
from daydream.steps.sentry_findings import Told, finding, line, worth
from daydream.steps.sentry_listing import Listing, Memory
from daydream.steps.sentry_records import (
    Happened,
    Noted,
    bare_record,
    dated,
    happened,
    instant,
    previous,
)
from daydream.store.log_rows import Reading, row_of

if TYPE_CHECKING:
    from daydream.clients.sentry_payloads import Event

MOST_LINKED = 40
_LOGS = "maintain.log_review"
_Facts = dict[str, Any]


class Teller:
    """What one night tells of one source of issues; `known` is what earlier nights remember of it."""

    def __init__(self, ctx: Context, source: str, known: Memory) -> None:
        self._ctx, self.source, self.known = ctx, source, known
        self._tree: Tree | None = None
        self._logs = _in_logs(ctx)
        self._said = _said_in_logs(ctx)

    @property
    def tree(self) -> Tree:
        """The repository, looked at only once there is something to find in it."""
        if self._tree is None:
            self._tree = Tree(self._ctx)
        return self._tree

    def state(self, listing: Listing, issue: Noted) -> State | None:
        """Say what an issue is tonight."""
        now = listing.now if listing.now is not None else self._ctx.started_at.timestamp()
        hours = self.known.hours(self._ctx.started_at.timestamp())
        return state(
            self.known.issues.get(issue.id),
            first=issue.first,
            since=now - hours * 3600.0,
            watched=bool(self.known.readings),
            said=issue.substatus,
        )

    def event(self, listing: Listing, issue: Noted, event: "Event | None") -> tuple[_Facts, Finding, Row]:
        """Tell of an issue whose latest event was asked for."""
        self._ctx.check()
        told = self._told(
            listing, issue, happened(event, issue, self.source, self.tree.locate) if event else None
        )
        return {"issues": [line(told)]}, finding(told, self._subject(issue)), self._row(told)

    def rest(
        self, listing: Listing, issues: Sequence[Noted]
    ) -> tuple[_Facts, tuple[Finding, ...], tuple[Row, ...]]:
        """Tell of the issues that nothing more was asked about, and of those that stayed away for good."""
        order = ranked(listing, self)
        near = {issue.id for issue in order[:MOST_LINKED]}
        told = [self._told(listing, issue, None, linked=issue.id in near) for issue in issues]
        rows = [self._row(each) for each in told]
        facts: _Facts = {"issues": [line(each) for each in told]}
        if listing.whole:
            resolved, more = self._away(listing)
            facts["resolved"] = resolved
            facts["away"] = {
                key: entries[0]
                for key, past in sorted(self.known.issues.items())
                if key not in listing.issues
                and len(entries := self._entries(remembered(past.last), past.last.message)) == 1
            }
            rows += [*more, self._reading(listing)]
        return facts, tuple(finding(each, self._subject(each.issue)) for each in told), tuple(rows)

    def gone(self, identity: str, now: Noted | None) -> tuple[_Facts, tuple[Row, ...]]:
        """Tell what became of an issue that is no longer listed; None: nobody knows."""
        past = self.known.issues[identity]
        if now is None or now.status != "resolved":
            return {"looked": [identity]}, ()
        record = remembered(past.last)
        by = f"release {now.in_release}" if now.in_release else "Sentry says so"
        return self._resolved(identity, record, now.label, by, now.in_commit)

    def _away(self, listing: Listing) -> tuple[list[_Facts], list[Row]]:
        """Find the issues that this night is the last of `GONE_NIGHTS` to miss."""
        lines: list[_Facts] = []
        rows: list[Row] = []
        for key, past in sorted(self.known.issues.items()):
            if (
                key in listing.issues
                or past.resolved
                or past.missed + 1 < GONE_NIGHTS
                or key in listing.resolved
            ):
                continue
            by = f"not seen for {GONE_NIGHTS} nights"
            facts, more = self._resolved(key, remembered(past.last), "", by, None)
            lines += facts["resolved"]
            rows += more
        return lines, rows

    def _resolved(
        self, identity: str, record: ErrorRecord, label: str, by: str, commit: str | None
    ) -> tuple[_Facts, tuple[Row, ...]]:
        found = self.tree.mended(record, commit)
        told: _Facts = {"id": identity, "label": label or f"issue {identity}", "kind": record.kind, "by": by}
        if found is not None:
            change, count = found
            sure = "" if count == 1 else f", the last of {count} that changed the function"
            told["commit"] = f"{change.id} by {change.author} ({change.subject}){sure}"
        return {"resolved": [told]}, (row_of(record.night("resolved")),)

    def _told(self, listing: Listing, issue: Noted, seen: Happened | None, *, linked: bool = True) -> Told:
        past = self.known.issues.get(issue.id)
        record = seen.record if seen else self._remembered(past, issue)
        release = seen.release if seen else None
        known = record if linked else msgspec.structs.replace(record, frames=())
        before = previous(listing.releases, record.release)
        link = self.tree.linked(known, release.commit if release else None, instant(issue.first), before)
        environment = seen.environment if seen else ""
        entries = self._entries(record, issue.title)
        one = entries[0] if len(entries) == 1 else ""
        logs = self._logs.get(one)
        logged = self._said[one]["origin"] if one in self._said else None
        return Told(issue, self.state(listing, issue), record, link, environment, logs, entries, logged or "")

    def _entries(self, record: ErrorRecord, title: str) -> list[str]:
        """By which identity the logs tell of the same thing: the error's, or those of the lines that say the same."""
        if record.frames:
            return [record.error]
        return [key for key, entry in self._said.items() if is_of(entry["text"], title)]

    def _remembered(self, past: Past | None, issue: Noted) -> ErrorRecord:
        """Return the record with the frames that an earlier night saw, or one without."""
        if past is None:
            return bare_record(issue, self.source)
        return dated(remembered(past.last), issue, None)

    def _row(self, told: Told) -> Row:
        return row_of(told.record.night(told.state or "ongoing"))

    def _reading(self, listing: Listing) -> Row:
        now = self._ctx.started_at.timestamp()
        until = listing.now if listing.now is not None else now
        undated = sum(1 for issue in listing.issues.values() if issue.first is None)
        return row_of(
            Reading(
                source=self.source,
                started_at=now,
                until=until,
                bytes=listing.bytes,
                records=len(listing.issues),
                undated=undated,
            )
        )

    def _subject(self, issue: Noted) -> str:
        name = self.source.removeprefix("sentry:")
        return self.source if name not in ("*", "export") else f"sentry:{issue.project or 'unknown'}"


def ranked(listing: Listing, teller: Teller) -> list[Noted]:
    """Order issues by how much somebody may gain from looking at them."""
    return sorted(
        listing.issues.values(),
        key=lambda issue: (
            -worth(issue, teller.state(listing, issue)),
            -(issue.recent or issue.total or 0),
            issue.id,
        ),
    )


def _said_in_logs(ctx: Context) -> Mapping[str, _Facts]:
    """Tonight's templates of the logs by their identity, as far as `log_review` told of them."""
    return {
        entry["id"]: entry
        for result in ctx.results(_LOGS)
        for part in result.parts
        for entry in part.get("told", ())
        if not entry["exception"]
    }


def _in_logs(ctx: Context) -> Mapping[str, Mapping[str, int]]:
    """Count tonight's errors and lines in the logs by their identity, as `log_review` left them in its facts."""
    found: dict[str, dict[str, int]] = {}
    for result in ctx.results(_LOGS):
        for part in result.parts:
            lines = {entry["id"]: entry["count"] for entry in part.get("told", ()) if not entry["exception"]}
            for key, count in {**lines, **part.get("errors", {})}.items():
                logs = found.setdefault(key, {})
                name = part.get("log", result.name)
                logs[name] = logs.get(name, 0) + count
    return found
