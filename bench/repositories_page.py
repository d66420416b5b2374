"""What a night left: its page measured against the caps that it promises, and what it found where."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from daydream.report.document import ReportDoc
from daydream.report.first_screen import first_screen

_NUMBERED = re.compile(r"\d+\. ")


@dataclass(frozen=True, slots=True)
class Page:
    """One night's page: counts of findings, lines printed, and every cap that it breaks."""

    date: str
    found: int
    over_bar: int
    printed: int
    lines: int
    screen: int
    broken: tuple[str, ...]
    doc: ReportDoc


def measure(logs: Path, date: str) -> Page:
    """Read the page and its twin of a date and hold them against the caps."""
    twin = (logs / f"report_{date}.json").read_bytes()
    doc = msgspec.json.decode(twin, type=ReportDoc)
    lines = (logs / f"report_{date}.md").read_text(encoding="utf-8").splitlines()
    screen = first_screen(doc).splitlines()
    listings = (doc.new, doc.worse, doc.gone)
    ids = {item.id for listing in listings for item in listing.items[: listing.shown]}
    return Page(
        date=date,
        found=doc.counts.found,
        over_bar=doc.new.total + doc.worse.total,
        printed=len(ids),
        lines=len(lines),
        screen=len(screen),
        broken=tuple(_broken(doc, lines, screen)),
        doc=doc,
    )


def _broken(doc: ReportDoc, lines: list[str], screen: list[str]) -> Iterator[str]:
    parts = _parts(lines)
    most_new = 15 if doc.first_night else 8
    counts = {
        "lines of the page": (len(lines), 120),
        "lines of a quiet page": (len(lines) if doc.quiet else 0, 29),
        "lines of the first screen": (len(screen), 25),
        "lines before the first list": (lines.index("## Summary") + 1 + len(parts["Summary"]), 25),
        "needs in the summary": (sum(bool(_NUMBERED.match(line)) for line in parts["Summary"]), 3),
        "new": (_bullets(parts.get("New", [])), most_new + 1),
        "worse": (_bullets(parts.get("Worse", [])), 5 + 1),
        "gone": (_bullets(parts.get("Gone", [])), 5 + 1),
        "dreams": (_bullets(parts.get("Dreams", [])), 3),
        "actions": (sum(bool(_NUMBERED.match(line)) for line in parts["Action Required"]), 7),
    }
    yield from (f"{name}: {count} > {most}" for name, (count, most) in counts.items() if count > most)
    shown = {"new": (doc.new, most_new), "worse": (doc.worse, 5), "gone": (doc.gone, 5)}
    yield from (
        f"shown {name}: {one.shown} > {most}" for name, (one, most) in shown.items() if one.shown > most
    )
    if len(doc.needs) > 7:
        yield f"needs: {len(doc.needs)} > 7"


def _parts(lines: list[str]) -> dict[str, list[str]]:
    parts: dict[str, list[str]] = {}
    name = ""
    for line in lines:
        if line.startswith("## "):
            name = line[3:]
        parts.setdefault(name, []).append(line)
    return {name: body[1:] for name, body in parts.items()}


def _bullets(lines: list[str]) -> int:
    return sum(line.startswith("- ") for line in lines)
