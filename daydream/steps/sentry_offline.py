"""An exported JSON file in place of a Sentry that can be asked: the same findings, rows and counts."""

from typing import Any

import msgspec

from daydream.analysis.redaction import quoted
from daydream.contracts.context import Context
from daydream.records.finding import Examined, Finding
from daydream.records.outcome import Done, Outcome, Row, Skipped
from daydream.steps.sentry_findings import RULES
from daydream.steps.sentry_listing import Listing, memory
from daydream.steps.sentry_records import noted
from daydream.steps.sentry_telling import Teller

SOURCE = "sentry:export"
_OLD_S = 2 * 86_400.0


def read_export(ctx: Context, configured: str, *, claim: bool) -> Outcome:
    """Read the export and tell of its unresolved issues; `claim`: it is the only source there is."""
    from daydream.clients.sentry_export import ExportUnread, read

    shown = quoted(configured, 150)
    try:
        found = read(ctx.root / configured, shown, ctx.check)
    except ExportUnread as why:
        return Skipped(reason=str(why))
    every = [noted(issue) for issue in found.issues]
    open_ones = [issue for issue in every if issue.status in ("unresolved", None)]
    listing = Listing()
    page = {
        "page": msgspec.to_builtins(open_ones),
        "unreadable": found.unreadable,
        "bytes": found.bytes,
        "now": None,
        "cut": found.beyond > 0,
    }
    listing.add(page)
    teller = Teller(ctx, SOURCE, memory(ctx, SOURCE))
    lines: list[Any] = []
    resolved: list[Any] = []
    findings: list[Finding] = []
    rows: list[Row] = []
    for issue in every:
        if issue.status == "resolved" and issue.id in teller.known.issues:
            facts, more = teller.gone(issue.id, issue)
            resolved += facts["resolved"]
            rows += more
    listing.add({"resolved": resolved})
    with_events = [issue for issue in listing.issues.values() if issue.id in found.events]
    for issue in with_events:
        facts, finding, row = teller.event(listing, issue, found.events[issue.id])
        lines += facts["issues"]
        findings.append(finding)
        rows.append(row)
    rest = [issue for issue in listing.issues.values() if issue.id not in found.events]
    facts, more_findings, more_rows = teller.rest(listing, rest)
    newest = max((issue.last for issue in every if issue.last is not None), default=None)
    notes = []
    if newest is not None and ctx.started_at.timestamp() - newest > _OLD_S:
        days = (ctx.started_at.timestamp() - newest) / 86_400
        notes.append(f"The newest event of the export {shown} is {days:.0f} days old: export it again.")
    facts = {
        **page,
        "issues": [*lines, *facts["issues"]],
        "resolved": [*resolved, *facts.get("resolved", ())],
        "away": facts.get("away", {}),
        "notes": notes,
    }
    examined = (_examined(listing, claim=claim),) if listing.whole else ()
    return Done(
        findings=(*findings, *more_findings), facts=facts, rows=(*rows, *more_rows), examined=examined
    )


def _examined(listing: Listing, *, claim: bool) -> Examined:
    if claim:
        return Examined(rules=RULES, everything=True)
    projects = sorted({f"sentry:{issue.project or 'unknown'}" for issue in listing.issues.values()})
    return Examined(rules=RULES, subjects=tuple(projects))
