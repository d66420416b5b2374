"""Time: one source of the present, and the arithmetic of nights and local dates."""

import datetime as dt
import functools
import os
import re
import time
import zoneinfo

from daydream.errors import ConfigError

_ONE_DAY = dt.timedelta(days=1)


def now() -> dt.datetime:
    """Return the present instant in UTC."""
    return dt.datetime.now(dt.UTC)


def monotonic() -> float:
    """Return seconds on a clock that never goes back; only differences mean anything."""
    return time.monotonic()


def to_text(instant: dt.datetime) -> str:
    """Write an instant as ISO 8601 in UTC with whole seconds, e.g. ``2026-11-21T02:00:00Z``."""
    return instant.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def from_text(text: str) -> dt.datetime:
    """Read what `to_text` wrote.

    Raises:
        ValueError: the text is not an instant with a zone.
    """
    instant = dt.datetime.fromisoformat(text)
    if instant.tzinfo is None:
        msg = f"{text!r} has no time zone"
        raise ValueError(msg)
    return instant.astimezone(dt.UTC)


@functools.cache
def _zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())


def local_zone() -> str:
    """Name this machine's zone: TZ, else what /etc/localtime points to, else today's offset (``+02:00``)."""
    named = os.environ.get("TZ", "").lstrip(":")
    link = os.path.realpath("/etc/localtime").partition("/zoneinfo/")[2]
    for name in (named, link):
        if name and name in _zones():
            return name
    offset = dt.datetime.now().astimezone().strftime("%z")
    return f"{offset[:3]}:{offset[3:5]}"


def zone(name: str) -> dt.tzinfo:
    """Return the zone of an IANA name, of "local", or of a fixed offset such as ``+02:00``.

    Raises:
        ConfigError: no such zone is known on this machine.
    """
    name = local_zone() if name == "local" else name
    if name == "UTC":
        return dt.UTC
    if re.fullmatch(r"[+-]\d\d:\d\d", name):
        return dt.datetime.strptime(name, "%z").tzinfo or dt.UTC
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError) as error:
        msg = f'zone = "{name}" is not a known time zone; use an IANA name such as "Europe/Berlin"'
        raise ConfigError(msg) from error


def local_date(instant: dt.datetime, tz: dt.tzinfo) -> dt.date:
    """Return the calendar date of an instant in a zone: the date that names a night."""
    return instant.astimezone(tz).date()


def start_on(date: dt.date, at: dt.time, tz: dt.tzinfo) -> dt.datetime | None:
    """Return the instant (UTC) at which a timer for the local time `at` fires on `date`.

    A time that the zone skips (spring forward) fires at the first instant after the gap; one that
    happens twice fires the first time. A date that the zone skips altogether gives None.
    """
    wall = dt.datetime.combine(date, at, tzinfo=tz)
    instant = wall.astimezone(dt.UTC)
    if instant.astimezone(tz).replace(tzinfo=None) != wall.replace(tzinfo=None):
        before = wall.utcoffset() or dt.timedelta()
        after = wall.replace(fold=1).utcoffset() or dt.timedelta()
        gap = abs(after - before)
        instant = _end_of_gap(instant - gap - _ONE_DAY / 24, instant + gap, tz)
    return instant if local_date(instant, tz) == date else None


def _end_of_gap(low: dt.datetime, high: dt.datetime, tz: dt.tzinfo) -> dt.datetime:
    """Find the first instant at which the offset of `high` holds, to the second."""
    offset = high.astimezone(tz).utcoffset()
    while high - low > dt.timedelta(seconds=1):
        middle = low + (high - low) / 2
        if middle.astimezone(tz).utcoffset() == offset:
            high = middle
        else:
            low = middle
    return high.replace(microsecond=0)


def next_start(after: dt.datetime, at: dt.time, tz: dt.tzinfo) -> dt.datetime:
    """Return the first instant later than `after` at which a nightly timer fires."""
    date = local_date(after, tz) - _ONE_DAY
    while True:
        date += _ONE_DAY
        instant = start_on(date, at, tz)
        if instant is not None and instant > after:
            return instant
