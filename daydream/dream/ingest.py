"""Evaluations from outside: texts that a hook or a person put into the inbox, taken over by the next night.

The inbox is a file for each day (UTC) below the state folder, one JSON line for each text, only ever appended to. Only
dreams that wait for their verdict take one over; what else the texts judge is counted and told.
"""

import datetime as dt
import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from daydream.contracts.dream import Dream, Verdict
from daydream.contracts.results import RunResult
from daydream.dream.judges.asked import verdict
from daydream.dream.replies import Evaluation, parse
from daydream.errors import UsageError
from daydream.store import dream_rows
from daydream.store.dreams import DreamStore
from daydream.store.durable import make_folder, reported, sync_folder, write_all

INBOX = "night/inbox"
PREFIX = "dream-replies-"
LARGEST_TEXT = 200_000
LARGEST_INPUT = 800_000
LARGEST_FILE = 4_000_000
PERSON, SESSION = "ingested", "session"
_NAME = re.compile(rf"{PREFIX}([0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}})\.jsonl")
_LARGEST_INBOX = 16_000_000


class Text(NamedTuple):
    """A text from the inbox, and who judges in it: a person's own words or a session's."""

    text: str
    evaluator: str


@dataclass(frozen=True, slots=True)
class Inbox:
    """What the inbox holds: its texts in order, how many lines are none, and the files by name."""

    texts: tuple[Text, ...] = ()
    unreadable: int = 0
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Folded:
    """What came of the inbox: verdicts on dreams that waited, how many pairs of dream and text did not become one
    because of doubt, how many dreams were judged there that do not wait, and how many tiers contradicted."""

    verdicts: tuple[Verdict, ...] = ()
    doubtful: int = 0
    strangers: int = 0
    contradictions: int = 0


def text_of(raw: bytes) -> Text:
    """Return the text of what came on standard input: a Stop hook's payload names the assistant's last message,
    anything else is the text itself.

    Raises:
        UsageError: it is empty, too large, or a payload of something else.
    """
    if len(raw) > 4 * LARGEST_TEXT:
        raise UsageError(f"the text is larger than {4 * LARGEST_TEXT:,} bytes; pass on the evaluations alone")
    text = raw.decode("utf-8", "replace").lstrip("\ufeff")
    payload = _payload(text)
    if payload is not None:
        said = payload.get("last_assistant_message")
        if not isinstance(said, str) or not said.strip():
            event = payload.get("hook_event_name")
            raise UsageError(
                f"the hook's payload ({event!s:.40}) holds no last_assistant_message; only a Stop hook's does"
            )
        return Text(said[:LARGEST_TEXT], SESSION)
    if not text.strip():
        raise UsageError("standard input is empty; pipe in a text with evaluations, or a Stop hook's payload")
    return Text(text[:LARGEST_TEXT], PERSON)


def keep(state: Path, said: Text, now: dt.datetime) -> Path:
    """Add a text to the inbox, durable when this returns.

    Raises:
        UsageError: today's inbox is full.
        TryAgain, StateUnreadable: the disk.
    """
    path = state / INBOX / f"{PREFIX}{now.astimezone(dt.UTC):%Y-%m-%d}.jsonl"
    line = json.dumps({"text": said.text, "evaluator": said.evaluator}).encode() + b"\n"
    with reported(path, "writing"):
        make_folder(path.parent)
        created = not path.exists()
        handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            size = os.fstat(handle).st_size
            if size + len(line) > LARGEST_FILE:
                raise UsageError("today's inbox is full; the next night empties it")
            torn = size > 0 and os.pread(handle, 1, size - 1) != b"\n"
            write_all(handle, (b"\n" if torn else b"") + line)
            os.fsync(handle)
        finally:
            os.close(handle)
        if created:
            sync_folder(path.parent)
    return path


def noted(state: Path, said: Text, now: dt.datetime, patterns: Sequence[str] = ()) -> RunResult:
    """Keep a text whose evaluations can be taken over, and tell what it holds.

    Raises:
        UsageError: it holds none of a dream that waits.
        TryAgain, StateUnreadable, StateDamaged, StateNewer: the disk, the store.
    """
    with DreamStore.open(state / "dreams.db", read_only=True) as store:
        pending = dream_rows.dreams(store, status="pending_evaluation")
    folded = fold([said], pending, patterns, lambda: None)
    doubtful = f"{folded.doubtful} cannot be read beyond doubt" if folded.doubtful else ""
    strange = f"{folded.strangers} judge dreams that do not wait for it" if folded.strangers else ""
    others = ", ".join(part for part in (doubtful, strange) if part)
    if not folded.verdicts:
        why = others or f"no evaluation of one of the {len(pending):,} dreams that wait"
        raise UsageError(
            f"nothing was taken over: {why}; a line such as `Dream ID: viability 0.8, tier 1. Reason` is read"
        )
    keep(state, said, now)
    count = "1 evaluation is" if len(folded.verdicts) == 1 else f"{len(folded.verdicts):,} evaluations are"
    lines = [f"{count} kept for the next night" + (f"; {others}" if others else "")]
    found = [
        {"id": each.dream_id, "viability": each.viability, "tier": each.tier} for each in folded.verdicts
    ]
    data = {"evaluations": found, "doubtful": folded.doubtful, "strangers": folded.strangers}
    return RunResult(lines=tuple(lines), data=data)


def waiting(state: Path) -> bool:
    """Tell whether the inbox holds anything; a cheap look."""
    try:
        with os.scandir(state / INBOX) as entries:
            return any(_NAME.fullmatch(entry.name) for entry in entries)
    except OSError:
        return False


def read_inbox(state: Path, check: Callable[[], None]) -> Inbox:
    """Read the inbox, the oldest text first; what is no line of ours is counted, and a file that the disk refuses too."""
    texts: list[Text] = []
    unreadable = 0
    names: list[str] = []
    read = 0
    for path in sorted(
        path for path in (state / INBOX).glob(f"{PREFIX}*.jsonl") if _NAME.fullmatch(path.name)
    ):
        check()
        data = _content(path)
        if data is None or read + len(data) > _LARGEST_INBOX:
            unreadable += 1
            continue
        read += len(data)
        names.append(path.name)
        for line in data.split(b"\n"):
            found = _line(line)
            if found is not None:
                texts.append(found)
            elif line.strip():
                unreadable += 1
    return Inbox(tuple(texts), unreadable, tuple(names))


def settled(names: Sequence[str], started_at: dt.datetime) -> list[str]:
    """Return the files to which nobody adds any more: those of days before yesterday's."""
    before = (started_at.astimezone(dt.UTC).date() - dt.timedelta(days=1)).isoformat()
    return [name for name in names if (match := _NAME.fullmatch(name)) and match[1] < before]


def fold(
    texts: Sequence[Text], pending: Sequence[Dream], patterns: Sequence[str], check: Callable[[], None]
) -> Folded:
    """Read every text for dreams that wait; of several evaluations of one dream the last counts."""
    names = {dream.id: dream.name for dream in pending}
    found: dict[str, tuple[Evaluation, str]] = {}
    doubtful = strangers = 0
    for said in texts:
        check()
        parsed = parse(said.text, list(names), names, patterns)
        strangers += len(parsed.strangers)
        doubtful += sum(each.why != "it is not mentioned" for each in parsed.unparsed)
        found.update((each.id, (each, said.evaluator)) for each in parsed.evaluations)
    contradictions = sum(each.said_tier not in (None, each.tier) for each, _ in found.values())
    verdicts = tuple(verdict(each, who, None, None) for each, who in found.values())
    return Folded(verdicts, doubtful, strangers, contradictions)


def _payload(text: str) -> Mapping[str, Any] | None:
    if '"hook_event_name"' not in text:
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) and "hook_event_name" in value else None


def _content(path: Path) -> bytes | None:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        with os.fdopen(handle, "rb") as file:
            data = file.read(LARGEST_FILE + LARGEST_TEXT * 8)
    except OSError:
        return None
    return data


def _line(line: bytes) -> Text | None:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    text = value.get("text") if isinstance(value, dict) else None
    if not isinstance(text, str):
        return None
    return Text(text, SESSION if value.get("evaluator") == SESSION else PERSON)
