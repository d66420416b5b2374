"""A machine's real logs, told again: what stood in them at 02:00 of each day they cover."""

import datetime as dt
import functools
import gzip
import os
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

_MONTHS = {
    name: i
    for i, name in enumerate(
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"], 1
    )
}
_ACCESS = re.compile(rb"\[(\d\d)/(\w{3})/(\d{4}):(\d\d):(\d\d):(\d\d) ([+-]\d\d)(\d\d)\]")
_APACHE = re.compile(rb"\[\w{3} (\w{3}) (\d\d) (\d\d):(\d\d):(\d\d)(?:\.\d+)? (\d{4})\]")
_ISO = re.compile(rb"(\d{4})[-/](\d\d)[-/](\d\d)[ T](\d\d):(\d\d):(\d\d)")
_SYSLOG = re.compile(rb"(\w{3}) +(\d{1,2}) (\d\d):(\d\d):(\d\d) ")
_ROTATED = re.compile(r"(?:\.\d+)?(?:\.gz)?\Z")
_DAY_S = 86_400
_MISSING_S = 3 * 3600
_GAP = dt.timedelta(days=3)


class Replay:
    """The logs of a folder with their rotations. `zone_name` is the offset that most of their stamps carry, else UTC;
    stamps without an offset are read in it, stamps without a year in `year`. `lines` counts all records with a time, `left_out`
    those far from the days that are told and the days after which one of the logs
    that are written to on most days ends, more than three hours before a night; a line without a time belongs to the record before it."""

    def __init__(self, folder: Path, year: int) -> None:
        self._year = year
        raw: dict[str, list[bytes]] = {}
        for path in sorted(folder.iterdir(), key=lambda path: path.name):
            data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
            raw.setdefault(_ROTATED.sub("", path.name), []).extend(data.splitlines(keepends=True))
        offsets = Counter(
            m[7] + b":" + m[8] for lines in raw.values() for line in lines if (m := _ACCESS.search(line))
        )
        named = offsets.most_common(1)[0][0].decode() if offsets else "+00:00"
        self.zone_name = "UTC" if named in ("+00:00", "-00:00") else named
        self._zone = dt.datetime.strptime(named, "%z").tzinfo
        self._logs = {name: self._timed(lines) for name, lines in raw.items()}
        self._first, self.days = self._stretch()
        told = self._told_until()
        while self.days > 1 and told < self.night(self.days - 1).timestamp() - _MISSING_S:
            self.days -= 1
        start, end = self.night(-1).timestamp() - _DAY_S, self.night(self.days - 1).timestamp()
        kept = {name: [one for one in log if start <= one[0] < end] for name, log in self._logs.items()}
        self.lines = sum(map(len, kept.values()))
        self.left_out = sum(map(len, self._logs.values())) - self.lines
        self._logs = kept

    def _told_until(self) -> float:
        """When the first of the logs ends that have records on most of the days."""
        start, end = self.night(-1).timestamp() - _DAY_S, self.night(self.days - 1).timestamp()
        kept = [[when for when, _ in log if start <= when < end] for log in self._logs.values()]
        steady = [
            log
            for log in kept
            if len(log) >= 20 * self.days and 2 * len({int(when // _DAY_S) for when in log}) > self.days
        ]
        return min(log[-1] for log in steady) if steady else max(log[-1] for log in kept if log)

    def _stretch(self) -> tuple[dt.date, int]:
        """Find the days around the busiest one with no gap of more than three: what is far from them strayed in."""
        when = [when for log in self._logs.values() for when, _ in log]
        if not when:
            raise ValueError("no line has a time stamp")
        dates = Counter(dt.datetime.fromtimestamp(one, self._zone).date() for one in when)
        first = last = max(dates, key=lambda date: (dates[date], date))
        for date in sorted(dates):
            last = date if last < date <= last + _GAP else last
        for date in sorted(dates, reverse=True):
            first = date if first - _GAP <= date < first else first
        return first, (last - first).days + 1

    @property
    def told(self) -> Mapping[str, Sequence[tuple[float, bytes]]]:
        """Every log's records with their times, in order."""
        return self._logs

    @functools.lru_cache(maxsize=512)  # noqa: B019 -- a replay lives as long as its benchmark
    def night(self, day: int) -> dt.datetime:
        """02:00 of the day after the first covered day, and of the days after that."""
        date = self._first + dt.timedelta(days=day + 1)
        return dt.datetime.combine(date, dt.time(2), tzinfo=self._zone).astimezone(dt.UTC)

    def write_day(self, folder: Path, day: int) -> None:
        """Append what was logged between the night before and this one; all that is older on the first day."""
        folder.mkdir(parents=True, exist_ok=True)
        end = self.night(day).timestamp()
        start = self.night(day - 1).timestamp() if day else 0.0
        for name, log in self._logs.items():
            told = [line for when, line in log if start <= when < end]
            with (folder / name).open("ab") as handle:
                handle.writelines(told)
            if told:
                os.utime(folder / name, (end, end))

    def _timed(self, lines: list[bytes]) -> list[tuple[float, bytes]]:
        """Give every line its time and put records in order; what follows a line without a time stays with it."""
        records: list[tuple[float, bytes]] = []
        for line in lines:
            when = self._when(line)
            whole = line if line.endswith(b"\n") else line + b"\n"
            if when is not None:
                records.append((when, whole))
            elif records:
                records[-1] = (records[-1][0], records[-1][1] + whole)
        return sorted(records, key=lambda record: record[0])

    def _when(self, line: bytes) -> float | None:
        if m := _ACCESS.search(line[:400]):
            offset = dt.timezone(dt.timedelta(hours=int(m[7]), minutes=int(m[7][:1] + m[8])))
            return self._stamp((m[3], m[2], m[1], m[4], m[5], m[6]), offset)
        if m := _APACHE.match(line):
            return self._stamp((m[6], m[1], m[2], m[3], m[4], m[5]), self._zone)
        if m := _ISO.match(line):
            return self._stamp((m[1], m[2], m[3], m[4], m[5], m[6]), self._zone)
        if m := _SYSLOG.match(line):
            return self._stamp((str(self._year).encode(), m[1], m[2], m[3], m[4], m[5]), self._zone)
        return None

    def _stamp(self, fields: tuple[bytes, ...], zone: dt.tzinfo | None) -> float | None:
        year, month, *rest = (field.decode("ascii", "replace") for field in fields)
        number = int(month) if month.isdigit() else _MONTHS.get(month)
        if number is None:
            return None
        day, hour, minute, second = map(int, rest)
        try:
            return dt.datetime(int(year), number, day, hour, minute, min(second, 59), tzinfo=zone).timestamp()
        except ValueError:
            return None
