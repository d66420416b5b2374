"""What Sentry sends, as far as we read it: every field but an issue's id may be missing, null or of another shape.

Loaded when a night really reads an answer or an export, so that starting up does not pay for pydantic.
"""

import datetime as dt
import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError

from daydream.clients.asking import read_instant

MOST_FRAMES = 250
_COMMIT = re.compile(r"(?:^|[@+\-_.])([0-9a-f]{40}|[0-9a-f]{7,12})$")


def _text(value: Any) -> str | None:
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else None


def _whole(value: Any) -> int | None:
    """Read a count, which Sentry writes as a string; None for anything that is not one."""
    text = _text(value)
    return int(text) if text is not None and re.fullmatch(r"[0-9]{1,18}", text) else None


def _table(value: Any) -> Any:
    return value if isinstance(value, dict) else {}


def _flag(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


Text = Annotated[str | None, BeforeValidator(_text)]
Count = Annotated[int | None, BeforeValidator(_whole)]
Flag = Annotated[bool | None, BeforeValidator(_flag)]
Instant = Annotated[dt.datetime | None, BeforeValidator(read_instant)]


class _Payload(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Metadata(_Payload):
    """What Sentry extracted from the newest event; null wherever it extracted nothing."""

    type: Text = None
    value: Text = None
    filename: Text = None
    function: Text = None


class Project(_Payload):
    """The project an issue belongs to."""

    id: Text = None
    slug: Text = None


class Seen(_Payload):
    """How often and when an issue was seen over its whole life."""

    count: Count = None
    userCount: Count = None  # noqa: N815 -- Sentry's own name
    firstSeen: Instant = None  # noqa: N815 -- Sentry's own name
    lastSeen: Instant = None  # noqa: N815 -- Sentry's own name


def _lifetime(value: Any) -> Any:
    return value if isinstance(value, dict) else None


def _commit(value: Any) -> str | None:
    """Read a commit, which is a text or, from older servers, a table with an id."""
    text = _text(value.get("id")) if isinstance(value, dict) else _text(value)
    return text if text and re.fullmatch(r"[0-9a-f]{7,64}", text) else None


class StatusDetails(_Payload):
    """By what an issue was resolved."""

    inRelease: Text = None  # noqa: N815 -- Sentry's own name
    inNextRelease: Flag = None  # noqa: N815 -- Sentry's own name
    inCommit: Annotated[str | None, BeforeValidator(_commit)] = None  # noqa: N815 -- Sentry's own name


class Issue(_Payload):
    """One issue; a field that is missing, null or of another shape is None (unknown).

    In a list over a period `count`, `userCount`, `firstSeen` and `lastSeen` speak of that period alone, and `lifetime`
    of the whole; where there is no `lifetime` they speak of the whole.
    """

    id: Annotated[str, BeforeValidator(_text), Field(pattern=r"^[\x21-\x7e]{1,64}$")]
    shortId: Text = None  # noqa: N815 -- Sentry's own name
    title: Text = None
    culprit: Text = None
    permalink: Text = None
    level: Text = None
    status: Text = None
    substatus: Text = None
    priority: Text = None
    count: Count = None
    userCount: Count = None  # noqa: N815 -- Sentry's own name
    firstSeen: Instant = None  # noqa: N815 -- Sentry's own name
    lastSeen: Instant = None  # noqa: N815 -- Sentry's own name
    isUnhandled: Flag = None  # noqa: N815 -- Sentry's own name
    lifetime: Annotated[Seen | None, BeforeValidator(_lifetime)] = None
    stats: Annotated[dict[str, Any], BeforeValidator(_table)] = {}
    statusDetails: Annotated[StatusDetails, BeforeValidator(_table)] = StatusDetails()  # noqa: N815 -- Sentry's own name
    metadata: Annotated[Metadata, BeforeValidator(_table)] = Metadata()
    project: Annotated[Project, BeforeValidator(_table)] = Project()

    @property
    def first(self) -> dt.datetime | None:
        """When it was first seen at all."""
        return self.lifetime.firstSeen if self.lifetime else self.firstSeen

    @property
    def total(self) -> int | None:
        """How many events it has had in its whole life."""
        return self.lifetime.count if self.lifetime else self.count

    @property
    def users(self) -> int | None:
        """How many users it has reached in its whole life."""
        return self.lifetime.userCount if self.lifetime else self.userCount

    @property
    def recent(self) -> int | None:
        """How many events it had in the period asked for, or in 24 hours; None where neither is said."""
        if self.lifetime is not None:
            return self.count
        series = self.stats.get("24h")
        if not isinstance(series, list) or not series:
            return None
        counts = [
            _whole(point[1]) if isinstance(point, list) and len(point) == 2 else None for point in series
        ]
        return None if None in counts else sum(count for count in counts if count is not None)


class Frame(_Payload):
    """One stack frame, as the API or an exported event writes it."""

    filename: Text = None
    absPath: Text = None  # noqa: N815 -- Sentry's own name
    module: Text = None
    function: Text = None
    lineNo: Count = None  # noqa: N815 -- Sentry's own name
    inApp: Flag = None  # noqa: N815 -- Sentry's own name
    source: Text = None


class Raised(_Payload):
    """The exception that an event ended with, its frames outermost first."""

    type: Text = None
    value: Text = None
    frames: tuple[Frame, ...] = ()


class Release(_Payload):
    """A release, and the commit it was made of where Sentry knows one."""

    version: Text = None
    commit: Annotated[str | None, BeforeValidator(_commit)] = None
    dateCreated: Instant = None  # noqa: N815 -- Sentry's own name
    dateReleased: Instant = None  # noqa: N815 -- Sentry's own name

    @property
    def at(self) -> dt.datetime | None:
        """When it went out, or was made known to Sentry."""
        return self.dateReleased or self.dateCreated


class Event(_Payload):
    """One event: what was raised, in which release and environment."""

    id: Text = None
    group: Text = None
    title: Text = None
    level: Text = None
    at: Instant = None
    raised: Raised | None = None
    release: Release | None = None
    environment: Text = None


def issue_of(entry: Any) -> Issue | None:
    """Read one issue; None: it has no usable id."""
    try:
        return TypeAdapter(Issue).validate_python(entry)
    except ValidationError:
        return None


def release_of(value: Any) -> Release | None:
    """Read a release from its table, or from its bare version; None where it has no version."""
    table = value if isinstance(value, dict) else {"version": value}
    version = _text(table.get("version"))
    if not version:
        return None
    named = _COMMIT.search(version)
    commit = _commit(table.get("lastCommit")) or _commit(table.get("ref")) or (named[1] if named else None)
    return Release.model_validate({**table, "version": version, "commit": commit})


def event_of(entry: Any) -> Event | None:
    """Read one event of the API or of an export; None where it is no table."""
    if not isinstance(entry, dict):
        return None
    tags = _tags(entry.get("tags"))
    return Event.model_validate(
        {
            "id": entry.get("eventID") or entry.get("event_id") or entry.get("id"),
            "group": entry.get("groupID") or entry.get("group_id"),
            "title": entry.get("title"),
            "level": entry.get("level") or tags.get("level"),
            "at": _when(entry),
            "raised": _raised(entry),
            "release": release_of(entry.get("release")) or release_of(tags.get("release")),
            "environment": entry.get("environment") or tags.get("environment"),
        }
    )


def _when(entry: Mapping[str, Any]) -> Any:
    seconds = entry.get("timestamp")
    if isinstance(seconds, int | float) and not isinstance(seconds, bool) and 0 <= seconds < 1e11:
        return dt.datetime.fromtimestamp(seconds, dt.UTC).isoformat()
    return entry.get("dateCreated") or entry.get("datetime") or seconds


def _tags(value: Any) -> dict[str, str]:
    """Read tags as the API writes them (tables) or as an export does (pairs)."""
    found: dict[str, str] = {}
    for tag in value if isinstance(value, list) else []:
        key, text = (tag.get("key"), tag.get("value")) if isinstance(tag, dict) else _pair(tag)
        if isinstance(key, str) and isinstance(text, str):
            found.setdefault(key, text)
    return found


def _pair(value: Any) -> tuple[Any, Any]:
    return (value[0], value[1]) if isinstance(value, list | tuple) and len(value) == 2 else (None, None)


def _raised(entry: Mapping[str, Any]) -> dict[str, Any] | None:
    """Find the exception that was raised last; chained ones come oldest first."""
    entries = entry.get("entries")
    data = [
        each.get("data")
        for each in (entries if isinstance(entries, list) else [])
        if isinstance(each, dict) and each.get("type") == "exception"
    ]
    for table in (*data, entry.get("exception")):
        values = table.get("values") if isinstance(table, dict) else table
        known = [value for value in (values if isinstance(values, list) else []) if isinstance(value, dict)]
        if known:
            return {**known[-1], "frames": _frames(known[-1].get("stacktrace"))}
    return None


def _frames(stack: Any) -> list[dict[str, Any]]:
    frames = stack.get("frames") if isinstance(stack, dict) else None
    known = [frame for frame in (frames if isinstance(frames, list) else []) if isinstance(frame, dict)]
    return [
        {
            "filename": frame.get("filename"),
            "absPath": frame.get("absPath") or frame.get("abs_path"),
            "module": frame.get("module"),
            "function": frame.get("function"),
            "lineNo": frame.get("lineNo", frame.get("lineno")),
            "inApp": frame.get("inApp", frame.get("in_app")),
            "source": _source(frame),
        }
        for frame in known[-MOST_FRAMES:]
    ]


def _source(frame: Mapping[str, Any]) -> Any:
    """Find the text of the failing line: exported as it is, or among the numbered lines around it."""
    line = frame.get("lineNo")
    context = frame.get("context")
    for entry in context if isinstance(context, list) else []:
        number, text = _pair(entry)
        if number == line and line is not None:
            return text
    return frame.get("context_line")
