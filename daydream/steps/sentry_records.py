"""What the night keeps of Sentry's answers: redacted, and the same whether it was asked or exported."""

import datetime as dt
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec

from daydream.analysis.errors.records import ErrorRecord, Locate, StackFrame, frame, is_library, record
from daydream.analysis.redaction import quoted

if TYPE_CHECKING:
    from daydream.clients.sentry_payloads import Event, Frame, Issue, Release

_LINK = re.compile(r"https?://[\w.\-]+(:\d+)?/[\w./\-]{0,180}")
# What is a package and its version, a version or a commit; in other eyes the first is an address, the last a key.
_VERSION = re.compile(
    r"(?:[A-Za-z0-9_.\-]{1,60}@)?(?:v?[0-9][0-9A-Za-z_.+\-]{0,60}|[0-9a-f]{7,64}(?:\+[0-9A-Za-z]{1,20})?)"
)


class Noted(msgspec.Struct, frozen=True, array_like=True):
    """An issue as a list had it. Texts are redacted, one line each, "" where unknown; instants are POSIX seconds;
    `recent` counts the events of the period, `total` and `users` those of its life; None is unknown."""

    id: str
    label: str = ""
    title: str = ""
    culprit: str = ""
    link: str = ""
    level: str | None = None
    status: str | None = None
    substatus: str | None = None
    priority: str | None = None
    kind: str = ""
    message: str = ""
    recent: int | None = None
    total: int | None = None
    users: int | None = None
    first: float | None = None
    last: float | None = None
    project: str = ""
    project_id: str = ""
    unhandled: bool | None = None
    in_commit: str | None = None
    in_release: str | None = None


class Released(msgspec.Struct, frozen=True, array_like=True):
    """A release: its version, the commit it was made of (None: Sentry does not know), and when (POSIX seconds)."""

    version: str
    commit: str | None = None
    at: float | None = None


class Happened(msgspec.Struct, frozen=True):
    """What an issue's latest event tells: its record, the release and the environment it happened in."""

    record: ErrorRecord
    release: Released | None = None
    environment: str = ""


def noted(issue: "Issue") -> Noted:
    """Keep an issue."""
    label = quoted(issue.shortId or issue.id, 60)
    return Noted(
        id=issue.id,
        label=label,
        title=quoted(issue.title or issue.metadata.type or "no title"),
        culprit=quoted(issue.culprit or "", 120),
        link=link_of(issue.permalink, issue.id),
        level=_word(issue.level),
        status=_word(issue.status),
        substatus=_word(issue.substatus),
        priority=_word(issue.priority),
        kind=quoted(issue.metadata.type or (issue.title or "").partition(":")[0], 100),
        message=quoted(issue.metadata.value or issue.title or "", 300),
        recent=issue.recent,
        total=issue.total,
        users=issue.users,
        first=_seconds(issue.first),
        last=_seconds(issue.lastSeen),
        project=quoted(issue.project.slug or "", 100),
        project_id=issue.project.id if (issue.project.id or "").isdecimal() else "",  # type: ignore[arg-type]  # decimal digits are no None
        unhandled=issue.isUnhandled,
        in_commit=issue.statusDetails.inCommit,
        in_release=quoted(issue.statusDetails.inRelease, 100) if issue.statusDetails.inRelease else None,
    )


def link_of(address: str | None, identity: str) -> str:
    """Return the address of an issue if it is one, so that a report links to nothing else; otherwise what stands
    in for it, ``issues/<id>``."""
    numbered = re.sub(r"[^\w\-]", "", identity)
    if address and _LINK.fullmatch(address) and re.search(rf"/issues/{re.escape(numbered)}/?$", address):
        return address
    return f"issues/{numbered}"


def shown_link(link: str) -> str:
    """Return a link that leads somewhere, or ""."""
    return link if link.startswith("http") else ""


def released(release: "Release | None") -> Released | None:
    """Keep a release."""
    if release is None or not release.version:
        return None
    version = release.version if _VERSION.fullmatch(release.version) else quoted(release.version, 100)
    return Released(version, release.commit, _seconds(release.at))


def happened(event: "Event", issue: Noted, source: str, locate: Locate) -> Happened:
    """Make the record of an issue's latest event."""
    raised = event.raised
    frames = tuple(_frame(each, locate) for each in raised.frames) if raised else ()
    kind = (raised.type if raised else None) or issue.kind
    message = (raised.value if raised else None) or issue.message
    made = record(source, kind, message, frames, otherwise=issue.id)
    release = released(event.release)
    return Happened(dated(made, issue, release), release, quoted(event.environment or "", 60))


def bare_record(issue: Noted, source: str) -> ErrorRecord:
    """Make the record of an issue whose frames nobody knows."""
    return dated(record(source, issue.kind, issue.message, (), otherwise=issue.id), issue, None)


def dated(made: ErrorRecord, issue: Noted, release: Released | None) -> ErrorRecord:
    """Add to a record how often and when the issue was seen, and where it is shown."""
    return msgspec.structs.replace(
        made,
        count=issue.recent,
        first=issue.first,
        last=issue.last,
        release=release.version if release else made.release,
        link=issue.link,
    )


def previous(releases: Iterable[Released], version: str | None) -> dt.datetime | None:
    """Return when the release before `version` was made; None where that is not known."""
    order = sorted((each for each in releases if each.at is not None), key=lambda each: each.at or 0.0)
    names = [each.version for each in order]
    index = names.index(version) if version in names else 0
    when = order[index - 1].at if index > 0 else None
    return instant(when)


def instant(seconds: float | None) -> dt.datetime | None:
    """Return the instant of POSIX seconds; None where there are none, or none that a date can hold."""
    try:
        return None if seconds is None else dt.datetime.fromtimestamp(seconds, dt.UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _frame(sent: "Frame", locate: Locate) -> StackFrame:
    """Map a frame by its full path, else by its path below the import root, else by its module."""
    module = (sent.module or "").replace(".", "/")
    names = [sent.absPath, sent.filename, f"{module}.py" if module else None]
    known = [name for name in names if name]
    if library := [name for name in known if is_library(name)]:
        known = library[:1]
    frames = [
        frame(locate, name, sent.function or "<module>", sent.lineNo, sent.source or "") for name in known
    ]
    if not frames:
        return frame(locate, "", sent.function or "<unknown>", sent.lineNo, sent.source or "")
    return next((each for each in frames if each.path is not None), frames[0])


def _word(text: str | None) -> str | None:
    return text if text is not None and re.fullmatch(r"[a-z_]{1,40}", text) else None


def _seconds(when: dt.datetime | None) -> float | None:
    try:
        return None if when is None else when.timestamp()
    except (ValueError, OverflowError):
        return None
