"""Time stamps of log lines as seconds since 1970 (UTC)."""

import datetime as dt
import re
from collections.abc import Iterable, Iterator
from typing import Any

_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
MONTHS = {name: number for number, name in enumerate(_NAMES, start=1)}
ISO = (
    r"(\d{4}[-/.]\d\d[-/.]\d\d[T ]\d\d:\d\d):(\d\d)(?:[.,]\d{1,9})?(?: ?(Z\b|UTC\b|GMT\b|[+-]\d\d:?\d\d\b))?"
)
_ISO = re.compile(ISO)
_FIELDS = ((0, 4), (5, 7), (8, 10), (11, 13), (14, 16))
_KEPT = 4096
_DAY_S = 86_400
_OLDEST_S = 5 * 366 * _DAY_S

_MONTH = rf"(?P<word>{'|'.join(_NAMES)})[a-z]{{0,6}}"
_HMS = r"(?P<h>\d{1,2})[:.](?P<m>\d\d)[:.](?P<s>\d\d)(?:[.,:]\d{1,9})?"
_ZONE = r"(?: ?(?P<zone>Z\b|UTC\b|GMT\b|[+-]\d\d:?\d\d\b))?"
_OTHERS = [
    re.compile(r"[\[(]?(?:\d+:[A-Z] )?" + shape + r"(?=[\s\]),:|;-]|\Z)")
    for shape in (
        rf"(?:\w{{3}},? )?(?P<d>\d{{1,2}})[-/ ]{_MONTH}[-/ ](?P<y>\d{{4}})[ :T]{_HMS}{_ZONE}",
        rf"(?:\w{{3}},? )?{_MONTH} {{1,2}}(?P<d>\d{{1,2}}) {_HMS}(?: [A-Z]{{3,4}})? (?P<y>\d{{4}})",
        rf"(?:\w{{3,9}},? )?{_MONTH} {{1,2}}(?P<d>\d{{1,2}}),? (?P<y>\d{{4}}),?(?: at)? {_HMS}(?: ?(?P<half>[AaPp])[Mm])?{_ZONE}",
        rf"(?P<y>\d{{4}})[-/.](?P<mo>\d\d)[-/.](?P<d>\d\d)[T _-]{_HMS}{_ZONE}",
        rf"(?P<y>\d{{4}})[-/.](?P<mo>\d\d)[-/.](?P<d>\d\d)[T ](?P<h>\d\d):(?P<m>\d\d){_ZONE}",
        rf"(?P<y>\d{{4}})(?P<mo>\d\d)(?P<d>\d\d)[T :_-]?(?P<h>\d\d):?(?P<m>\d\d):?(?P<s>\d\d)(?:[.,:]\d{{1,9}})?{_ZONE}",
        rf"(?P<d>\d{{1,2}})\.(?P<mo>\d{{1,2}})\.(?P<y>\d{{4}})[ T]{_HMS}",
        rf"(?P<a>\d{{1,2}})/(?P<b>\d{{1,2}})/(?P<y>\d{{4}})[ T,]{{1,2}}{_HMS}(?: ?(?P<half>[AaPp])[Mm])?",
        rf"(?P<yy>\d\d)/(?P<mo>\d\d)/(?P<d>\d\d) {_HMS}",
        r"(?P<yy>\d\d)(?P<mo>\d\d)(?P<d>\d\d) (?P<h>\d\d):?(?P<m>\d\d):?(?P<s>\d\d)",
        r"(?P<epoch>\d{10}(?:\.\d{1,9})?|\d{13}|\d{16}|\d{19})",
    )
]


class Clock:
    """Reads the stamps of one file.

    A stamp without a zone is local time in `zone`; of two instants that it may mean when clocks are set back it
    is the first, and one that clocks skip is read with the offset before. One without a year is the latest
    instant that is not more than a day after `present`.
    """

    def __init__(self, zone: dt.tzinfo, present: dt.datetime) -> None:
        self._zone = zone
        self._present = present.astimezone(dt.UTC)
        self._latest = self._present.timestamp() + _DAY_S
        self._minutes: dict[tuple[str, str | None], float | None] = {}
        self._others: dict[str, float | None] = {}
        self._shapes = list(_OTHERS)

    def at(self, modified: float) -> "Clock":
        """Return the clock for a file last modified then, if that is earlier than this clock's present."""
        try:
            when = dt.datetime.fromtimestamp(modified, dt.UTC)
        except (ValueError, OverflowError, OSError):
            return Clock(self._zone, self._present)
        return Clock(self._zone, min(when, self._present))

    def iso(self, minute: str, second: str, zone: str | None) -> float | None:
        """Read ``2026-11-20 12:00`` (any of ``-/.`` and ``T``), seconds and ``Z``, ``+hh:mm`` or None;
        None where there is no such instant."""
        key = (minute, zone)
        start = self._minutes.get(key, -1.0)
        if start == -1.0:
            if len(self._minutes) >= _KEPT:
                self._minutes.clear()
            start = self._minutes[key] = self._minute(minute, zone)
        return None if start is None else start + int(second)

    def text(self, text: str) -> float | None:
        """Read a stamp that stands alone; None if it is none."""
        match = _ISO.match(text)
        if match is not None:
            return self.iso(match[1], match[2], match[3])
        found = self.leading(text)
        return found[0] if found is not None else None

    def leading(self, line: str) -> tuple[float | None, int] | None:
        """Read the stamp, of whatever shape but ISO 8601's usual ones, at the beginning of a line: its instant
        (None if there is no such) and where it ends; None if there is none."""
        if line[0] not in "[(0123456789" and line[:3] not in _STARTS:
            return None
        for index, shape in enumerate(self._shapes):
            match = shape.match(line)
            if match is None:
                continue
            if index:
                self._shapes.insert(0, self._shapes.pop(index))
            when = self._other(match)
            if when is None and match.re is _OTHERS[-1]:
                return None
            return when, match.end()
        return None

    def yearless(self, month: int, day: str, time: str) -> float | None:
        """Read a stamp such as ``Nov 20 12:00:00``; `time` is ``hh:mm:ss``."""
        key = f"{month} {day} {time[:5]}"
        if key not in self._others:
            self._room()
            year = self._present.year
            texts = (f"{y:04}-{month:02}-{int(day):02} {time[:5]}" for y in (year + 1, year, year - 1))
            self._others[key] = self._last_of(self._minute(text, None) for text in texts)
        minute = self._others[key]
        return None if minute is None else minute + int(time[6:8])

    def value(self, value: Any) -> float | None:
        """Read the time field of a JSON record: text, or seconds, milli-, micro- or nanoseconds."""
        if isinstance(value, str):
            plain = value.replace(".", "", 1)
            if plain.isascii() and plain.isdigit():
                return self.value(float(value))
            return self.text(value) if value else None
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None
        for limit, unit in ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3)):
            if value >= limit:
                seconds = value / unit
                return float(seconds) if seconds < 1e11 else None
        return float(value) if value > 1e8 else None

    def _other(self, match: re.Match[str]) -> float | None:
        key = match[0]
        if key not in self._others:
            self._room()
            # Where the order of day and month is not told, the latest instant that is past is meant.
            self._others[key] = self._last_of(self._candidates(match.groupdict()))
        return self._others[key]

    def _room(self) -> None:
        if len(self._others) >= _KEPT:
            self._others.clear()

    def _last_of(self, instants: Iterable[float | None]) -> float | None:
        """Return the latest instant of the past; of those in the future, if all are, the first."""
        known = sorted(when for when in instants if when is not None)
        past = [when for when in known if when <= self._latest]
        return past[-1] if past else known[0] if known else None

    def _candidates(self, found: dict[str, str | None]) -> Iterator[float | None]:
        if epoch := found.get("epoch"):
            when = self.value(float(epoch))
            yield when if when is not None and self._latest - _OLDEST_S <= when <= self._latest else None
            return
        year = int(found.get("y") or f"20{found.get('yy')}")
        hour = int(found["h"] or 0)
        if half := found.get("half"):
            hour = hour % 12 + 12 * (half in "pP")
        time = f"{hour:02}:{found['m']}"
        months = [
            (str(MONTHS[found["word"] or ""]) if found.get("word") else found.get("mo"), found.get("d"))
        ]
        if found.get("a"):
            months = [(found["a"], found["b"]), (found["b"], found["a"])]
        for month, day in months:
            start = self._minute(
                f"{year:04}-{int(month or 0):02}-{int(day or 0):02} {time}", found.get("zone")
            )
            yield None if start is None else start + int(found.get("s") or 0)

    def _minute(self, text: str, zone: str | None) -> float | None:
        try:
            year, month, day, hour, minute = (int(text[a:b]) for a, b in _FIELDS)
            zone_of = _offset(zone) if zone else self._zone
            return dt.datetime(year, month, day, hour, minute, tzinfo=zone_of).timestamp()
        except (ValueError, OverflowError):
            return None


_STARTS = {*_NAMES, "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"}


def _offset(text: str) -> dt.tzinfo:
    if text[0] not in "+-":
        return dt.UTC
    digits = text[1:].replace(":", "")
    delta = dt.timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return dt.timezone(-delta if text[0] == "-" else delta)
