"""Time stamps of log lines as seconds since 1970 (UTC)."""

import datetime as dt
import re
from typing import Any

_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
MONTHS = {name: number for number, name in enumerate(_NAMES, start=1)}
ISO = r"(\d{4}[-/.]\d\d[-/.]\d\d[T ]\d\d:\d\d):(\d\d)(?:[.,]\d{1,9})?(?: ?(Z\b|UTC\b|[+-]\d\d:?\d\d\b))?"
_ISO = re.compile(ISO)
_FIELDS = ((0, 4), (5, 7), (8, 10), (11, 13), (14, 16))
_KEPT = 4096
_DAY_S = 86_400


class Clock:
    """Reads the stamps of one night.

    A stamp without a zone is local time in `zone`; one without a year is taken as the latest
    instant that is not more than a day after `present`.
    """

    def __init__(self, zone: dt.tzinfo, present: dt.datetime) -> None:
        self._zone = zone
        self._present = present.astimezone(dt.UTC)
        self._minutes: dict[tuple[str, str | None], float | None] = {}

    def iso(self, minute: str, second: str, zone: str | None) -> float | None:
        """Read ``2026-11-20 12:00`` (any of ``-/.`` and ``T``), seconds and ``Z``, ``+hh:mm`` or None;
        None where there is no such instant."""
        key = (minute, zone)
        if key not in self._minutes:
            if len(self._minutes) >= _KEPT:
                self._minutes.clear()
            self._minutes[key] = self._minute(minute, zone)
        start = self._minutes[key]
        return None if start is None else start + int(second)

    def text(self, text: str) -> float | None:
        """Read an ISO 8601 stamp that stands alone; None if it is none."""
        match = _ISO.match(text)
        return self.iso(match[1], match[2], match[3]) if match else None

    def yearless(self, month: int, day: str, time: str) -> float | None:
        """Read a stamp such as ``Nov 20 12:00:00``; `time` is ``hh:mm:ss``."""
        year = self._present.year
        for candidate in (year + 1, year, year - 1):
            when = self.iso(f"{candidate:04}-{month:02}-{int(day):02} {time[:5]}", time[6:8], None)
            if when is not None and when <= self._present.timestamp() + _DAY_S:
                return when
        return None

    def value(self, value: Any) -> float | None:
        """Read the time field of a JSON record: ISO text, or seconds, milli-, micro- or nanoseconds."""
        if isinstance(value, str):
            return self.text(value) if not value.replace(".", "", 1).isdigit() else self.value(float(value))
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None
        for limit, unit in ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3)):
            if value >= limit:
                return float(value / unit)
        return float(value) if value > 1e8 else None

    def _minute(self, text: str, zone: str | None) -> float | None:
        try:
            year, month, day, hour, minute = (int(text[a:b]) for a, b in _FIELDS)
            zone_of = _offset(zone) if zone else self._zone
            return dt.datetime(year, month, day, hour, minute, tzinfo=zone_of).timestamp()
        except (ValueError, OverflowError):
            return None


def _offset(text: str) -> dt.tzinfo:
    if text[0] not in "+-":
        return dt.UTC
    digits = text[1:].replace(":", "")
    delta = dt.timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return dt.timezone(-delta if text[0] == "-" else delta)
