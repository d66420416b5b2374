"""The report without templates, for the night on which rendering itself fails."""

from collections.abc import Iterator

from daydream.records.night import NightFacts
from daydream.report.compose import compose
from daydream.report.document import Listing, Need, Part, ReportDoc
from daydream.report.escape import clean, code, escape


def plain(facts: NightFacts, why: str = "") -> str:
    """Write the same counts, findings and needs as the full report; `why` says what failed."""
    doc = compose(facts)
    lines = [f"# Daydream Report - {doc.date}", "", "## Summary", ""]
    lines += [f"- {escape(line)}" for line in doc.summary]
    lines += [f"- {escape(line)}" for line in doc.incomplete]
    if why:
        lines.append(f"- This is the plain form of the report: {escape(clean(why, 300))}")
    for title, listing in (("New", doc.new), ("Worse", doc.worse), ("Gone", doc.gone)):
        lines += _listing(title, listing)
    for part in doc.parts:
        lines += ["", f"## {part.title}", "", *_part(part)]
    lines += [*_trouble(doc), "", "## Action Required", ""]
    lines += [_need(number, need) for number, need in enumerate(doc.needs, start=1)]
    return "\n".join(lines if doc.needs else [*lines, "Nothing needs you."]) + "\n"


def _listing(title: str, listing: Listing) -> Iterator[str]:
    if not listing.shown:
        return
    yield from ("", f"## {title}", "")
    for item in listing.items[: listing.shown]:
        yield f"- {code(item.where)} {escape(item.message)} ({item.severity}) {code(item.id)}"
    if listing.total > listing.shown:
        yield f"- and {listing.total - listing.shown} more: `daydream findings`"


def _part(part: Part) -> Iterator[str]:
    """A line of counts as they are named in the data, then the notes."""
    new = f"; new: {part.new}" if part.new else ""
    reason = f" ({escape(part.reason)})" if part.reason else ""
    yield f"- {part.status}{reason}. Still open: {part.still_open}{new}."
    if part.data is None:
        return
    counts = {k: v for k, v in part.data.facts.items() if v is None or isinstance(v, int | float)}
    words = (
        f"{escape(name.replace('_', ' '))}: {'not measured' if value is None else value}"
        for name, value in list(counts.items())[:8]
    )
    if counts:
        yield f"- {', '.join(words)}"
    yield from (f"- {escape(note)}" for note in part.data.notes[:3])


def _trouble(doc: ReportDoc) -> Iterator[str]:
    if doc.trouble:
        yield from ("", "## Skipped and Failed", "")
        yield from (f"- {escape(line)}" for line in doc.trouble[:8])


def _need(number: int, need: Need) -> str:
    place = f"{code(need.where)} " if need.where else ""
    action = f" - {escape(need.action)}" if need.action else ""
    others = f" {escape(need.others)}" if need.others else ""
    return f"{number}. {place}{escape(need.what)}{action} {code(need.command)}{others}"
