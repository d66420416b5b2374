"""An exported JSON file as a source of issues and events, read where it lies and without asking anybody.

Loaded when a night really reads an export, so that starting up does not pay for pydantic.
"""

import datetime as dt
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from daydream.clients.sentry_payloads import Event, Issue, event_of, issue_of
from daydream.errors import DaydreamError

LARGEST = 64 * 2**20
MOST = 2_000


class ExportUnread(DaydreamError):
    """The export could not be read; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Exported:
    """Issues in the order of the file, the latest event of each issue that has one, by its id, and how many entries
    were neither, and how many were beyond the limit. `bytes` is the file's size."""

    issues: tuple[Issue, ...]
    events: dict[str, Event]
    unreadable: int
    beyond: int
    bytes: int


def read(path: Path, shown: str, check: Callable[[], None]) -> Exported:
    """Read a list of issues, a list of events, a table with both under `issues` and `events`, or one such per line.

    Events without their issue become one: counted, and dated by the first and last of them. `shown` names the file.

    Raises:
        ExportUnread: it is not there, too large, or none of that.
    """
    raw = _bytes(path, shown)
    entries = list(_entries(_parsed(raw, shown)))
    issues: dict[str, Issue] = {}
    events: dict[str, list[Event]] = {}
    unreadable = 0
    for number, entry in enumerate(entries[:MOST]):
        if number % 50 == 0:
            check()
        if _is_event(entry):
            event = event_of(entry)
            if event is not None and (event.group or event.id):
                events.setdefault(event.group or _alike(event), []).append(event)
                continue
        elif (issue := issue_of(entry)) is not None:
            issues.setdefault(issue.id, issue)
            continue
        unreadable += 1
    for group, found in events.items():
        if group not in issues and (made := _issue(group, found)) is not None:
            issues[group] = made
    latest = {group: max(found, key=_at) for group, found in events.items()}
    return Exported(tuple(issues.values()), latest, unreadable, max(0, len(entries) - MOST), len(raw))


def _bytes(path: Path, shown: str) -> bytes:
    try:
        if not path.is_file():
            raise ExportUnread(f"[sentry] export: there is no file {shown}; correct or unset it")
        with path.open("rb") as file:
            raw = file.read(LARGEST + 1)
    except OSError as error:
        msg = f"[sentry] export: {shown} cannot be read ({error.strerror}); make it readable or unset it"
        raise ExportUnread(msg) from None
    if len(raw) > LARGEST:
        raise ExportUnread(
            f"[sentry] export: {shown} is larger than {LARGEST >> 20} MB; export a shorter period"
        )
    if not raw.strip():
        raise ExportUnread(f"[sentry] export: {shown} is empty; export it again, or unset it")
    return raw


def _parsed(raw: bytes, shown: str) -> Any:
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        pass
    try:
        return [json.loads(line) for line in raw.splitlines() if line.strip()]
    except (ValueError, RecursionError):
        msg = f"[sentry] export: {shown} is no JSON; export issues or events as JSON, or unset it"
        raise ExportUnread(msg) from None


def _entries(payload: Any) -> Iterable[Any]:
    if isinstance(payload, list):
        for entry in payload:
            yield from _entries(entry) if isinstance(entry, list) else (entry,)
        return
    lists = [payload.get(key) for key in ("issues", "events")] if isinstance(payload, dict) else []
    if any(isinstance(each, list) for each in lists):
        for each in lists:
            yield from each if isinstance(each, list) else ()
        return
    yield payload


def _is_event(entry: Any) -> bool:
    if not isinstance(entry, dict):
        return False
    return any(key in entry for key in ("eventID", "event_id", "groupID", "group_id", "entries", "exception"))


def _alike(event: Event) -> str:
    """Name the issue of an event that names none: what was raised, and the innermost function."""
    raised = event.raised
    inner = raised.frames[-1] if raised and raised.frames else None
    parts = (
        raised.type if raised else event.title,
        inner.filename if inner else "",
        inner.function if inner else "",
    )
    text = "-".join(filter(None, parts)) or event.id or "event"
    return "".join(c if c.isascii() and c.isalnum() else "-" for c in text)[:64]


def _at(event: Event) -> tuple[dt.datetime, str]:
    return event.at or dt.datetime.min.replace(tzinfo=dt.UTC), event.id or ""


def _issue(group: str, events: list[Event]) -> Issue | None:
    """Make an issue of its events alone."""
    times = sorted(event.at for event in events if event.at is not None)
    latest = max(events, key=_at)
    raised = latest.raised
    return issue_of(
        {
            "id": group,
            "title": latest.title or (f"{raised.type}: {raised.value}" if raised else None),
            "level": latest.level,
            "metadata": {"type": raised.type, "value": raised.value} if raised else None,
            "count": len(events),
            "firstSeen": times[0].isoformat() if times else None,
            "lastSeen": times[-1].isoformat() if times else None,
        }
    )
