"""What was seen of external links over the nights: three states, and how long a bad one has lasted."""

import msgspec

SCHEMA = 1


class Seen(msgspec.Struct, frozen=True, omit_defaults=True):
    """One address: the last night that asked and what it saw; how many nights running it was gone, and since when.

    A night that could not tell changes neither: it opens nothing and closes nothing.
    """

    night: str
    state: str
    why: str = ""
    gone: int = 0
    since: str = ""
    before: tuple[int, str] = (0, "")
    moved: str = ""


class History(msgspec.Struct, frozen=True):
    """Every address that the documentation has, by address."""

    schema: int = SCHEMA
    links: dict[str, Seen] = {}


def read(content: bytes | None) -> History | None:
    """Read the kept history; an empty one without any; None where it cannot be understood."""
    if content is None:
        return History()
    try:
        found = msgspec.json.decode(content, type=History)
    except (msgspec.DecodeError, RecursionError):
        return None
    return found if found.schema == SCHEMA else None


def is_newer(content: bytes) -> bool:
    """Whether a history that cannot be read was written by a later version, and so is not ours to replace."""
    try:
        raw = msgspec.json.decode(content)
    except (msgspec.DecodeError, RecursionError):
        return False
    schema = raw.get("schema") if isinstance(raw, dict) else None
    return isinstance(schema, int) and schema > SCHEMA


def write(history: History) -> bytes:
    """The history as bytes, the same for the same history."""
    return msgspec.json.format(msgspec.json.encode(history, order="deterministic"), indent=1) + b"\n"


def after(seen: Seen | None, night: str, state: str, why: str, moved: str = "") -> Seen:
    """What is known of an address after it was asked in a night; asked twice in one night, the later answer counts."""
    if seen is None:
        gone, since = 0, ""
    elif seen.night == night:
        gone, since = seen.before
    else:
        gone, since = seen.gone, seen.since
    before = (gone, since)
    if state == "gone":
        gone, since = gone + 1, since or night
    elif state == "ok":
        gone, since = 0, ""
    return Seen(night, state, why, gone, since, before, moved)
