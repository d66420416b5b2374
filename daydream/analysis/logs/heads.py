"""The head of a log line: its stamp, its level and the message behind them, in the formats we know."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from daydream.analysis.logs.times import ISO, MONTHS, Clock

UNKNOWN, DEBUG, INFO, WARNING, ERROR, CRITICAL = 0, 10, 20, 30, 40, 50
_NAMES = {
    **dict.fromkeys(("TRACE", "DEBUG", "FINE", "VERBOSE"), DEBUG),
    **dict.fromkeys(("INFO", "INFORMATION", "NOTICE", "SUCCESS"), INFO),
    **dict.fromkeys(("WARN", "WARNING"), WARNING),
    **dict.fromkeys(("ERR", "ERROR", "SEVERE"), ERROR),
    **dict.fromkeys(("CRIT", "CRITICAL", "FATAL", "ALERT", "EMERG", "EMERGENCY", "PANIC"), CRITICAL),
}
_SYSLOG = (CRITICAL, CRITICAL, CRITICAL, ERROR, WARNING, INFO, INFO, DEBUG)
_GLOG = {"I": INFO, "W": WARNING, "E": ERROR, "F": CRITICAL}
_ANY = "|".join(sorted(_NAMES, key=len, reverse=True))
_MONTH = "|".join(MONTHS)
_HMS = r"(\d\d:\d\d:\d\d)"

_ISO_FIRST = re.compile(rf"[\[(]?{ISO}")
_LEVEL_ISO = re.compile(rf"[\[(]?({_ANY})[\])]?[\s:|,-]{{1,8}}[\[(]?{ISO}[\s\])|:,-]*")
_SYSLOG_NEW = re.compile(rf"<(\d{{1,3}})>1 (?:-|{ISO}) \S+ (\S+) \S+ \S+ (?:-|(?:\[[^\]]{{0,2000}}\])+) ?")
_SYSLOG_OLD = re.compile(
    rf"(?:<(\d{{1,3}})>)?({_MONTH}) {{1,2}}(\d{{1,2}}) {_HMS}(?:[.,]\d+)? (?:\S+ )?(?=\S)"
)
_APACHE = re.compile(rf"\[\w{{3}} ({_MONTH}) (\d\d) {_HMS}(?:\.\d+)? (\d{{4}})\] ")
_APACHE_LEVEL = re.compile(r"\[(?:\w+:)?(\w+)\] (?:\[pid [^\]]*\] )?(?:\[client [^\]]*\] )?")
_ACCESS = re.compile(rf"[^\[\n]{{0,160}}\[(\d\d)/({_MONTH})/(\d{{4}})[: ]{_HMS}(?: ([+-]\d{{4}}))?\]\s*")
_GLOG_HEAD = re.compile(rf"([IWEF])(\d\d)(\d\d) {_HMS}\.\d+ +\d+ ([^\]\s]{{1,200}})\] ")
_BARE = re.compile(rf"(?:\[({_ANY})\]|({_ANY})(?=[:|\s]))[:|]?\s*")
_LOGFMT = re.compile(r"(?:time|ts|timestamp|t|level|lvl|msg)=\S")
_PAIR = re.compile(r"([\w.@-]{1,40})=(?:\"((?:[^\"\\]|\\.)*)\"|(\S*))")
_LEVEL_FIELD = re.compile(
    rf"\s*(?:\S+\s+){{0,4}}?[\[(<|\"]*(?:({_ANY})(?=[\s\])>|:/\",]|$)|((?i:{_ANY}))(?=\s*\]|:\s))[\])>|:\",\s-]*"
)
_DECORATION = re.compile(r"[\s\])|:,>-]*")

_TIME_KEYS = ("timestamp", "@timestamp", "time", "ts", "asctime", "datetime", "date", "t", "created")
_LEVEL_KEYS = ("level", "levelname", "severity", "log.level", "lvl", "loglevel", "log_level")
_TEXT_KEYS = ("message", "msg", "event", "short_message", "textPayload", "log", "text", "body")
_TRACE_KEYS = ("exc_info", "exception", "exc_text", "stack_trace", "traceback", "stack", "error.stack_trace")


@dataclass(slots=True)
class Head:
    """What begins a record: its instant or None, its level (None: `read_level` may find it at the start
    of the text; 0: the format has none), the message, and lines that came with it."""

    when: float | None
    level: int | None
    text: str
    more: list[str] = field(default_factory=list)


def read_head(line: str, clock: Clock, order: list["Format"] | None = None) -> Head | None:
    """Return the head of a line, None where it begins no record in a known format.

    `order` (a caller's own copy of `FORMATS`) is rearranged so that the format found is tried first.
    """
    formats = order if order is not None else FORMATS
    for index, read in enumerate(formats):
        head = read(line, clock)
        if head is not None:
            if order is not None and index and read not in _LOOSE:
                order.insert(0, order.pop(index))
            return head
    return None


def read_level(text: str) -> tuple[int, str]:
    """Split what follows a stamp into level and message; 0 where none of the first five fields is a level."""
    match = _LEVEL_FIELD.match(text)
    if match is None:
        return UNKNOWN, _DECORATION.sub("", text, count=1)
    return _NAMES[(match[1] or match[2]).upper()], text[match.end() :]


def _iso(line: str, clock: Clock) -> Head | None:
    match = _ISO_FIRST.match(line)
    return Head(clock.iso(match[1], match[2], match[3]), None, line[match.end() :]) if match else None


def _level_iso(line: str, clock: Clock) -> Head | None:
    match = _LEVEL_ISO.match(line)
    if match is None:
        return None
    return Head(clock.iso(match[2], match[3], match[4]), _NAMES[match[1]], line[match.end() :])


def _syslog_new(line: str, clock: Clock) -> Head | None:
    match = _SYSLOG_NEW.match(line)
    if match is None:
        return None
    when = clock.iso(match[2], match[3], match[4]) if match[2] else None
    text = line[match.end() :].removeprefix("\ufeff")
    return Head(when, _SYSLOG[int(match[1]) & 7], text if match[5] == "-" else f"{match[5]}: {text}")


def _syslog_old(line: str, clock: Clock) -> Head | None:
    match = _SYSLOG_OLD.match(line)
    if match is None:
        return None
    when = clock.yearless(MONTHS[match[2]], match[3], match[4])
    text = line[match.end() :]
    if match[1]:
        return Head(when, _SYSLOG[int(match[1]) & 7], text)
    return Head(when, read_level(text)[0], text)


def _apache(line: str, clock: Clock) -> Head | None:
    match = _APACHE.match(line)
    if match is None:
        return None
    when = clock.iso(f"{match[4]}-{MONTHS[match[1]]:02}-{match[2]} {match[3][:5]}", match[3][6:], None)
    text = line[match.end() :]
    level = _APACHE_LEVEL.match(text)
    if level is None:
        return Head(when, None, text)
    return Head(when, _NAMES.get(level[1].upper(), UNKNOWN), text[level.end() :])


def _glog(line: str, clock: Clock) -> Head | None:
    match = _GLOG_HEAD.match(line)
    if match is None or not 1 <= int(match[2]) <= 12:
        return None
    when = clock.yearless(int(match[2]), match[3], match[4])
    return Head(when, _GLOG[match[1]], f"{match[5]}: {line[match.end() :]}")


def _access(line: str, clock: Clock) -> Head | None:
    match = _ACCESS.match(line)
    if match is None:
        return None
    minute = f"{match[3]}-{MONTHS[match[2]]:02}-{match[1]} {match[4][:5]}"
    return Head(clock.iso(minute, match[4][6:], match[5]), UNKNOWN, line[match.end() :])


def _bare(line: str, clock: Clock) -> Head | None:  # noqa: ARG001 -- one shape for every format
    match = _BARE.match(line)
    return Head(None, _NAMES[match[1] or match[2]], line[match.end() :]) if match else None


def _logfmt(line: str, clock: Clock) -> Head | None:
    if not _LOGFMT.match(line):
        return None
    fields = {key: quoted or plain for key, quoted, plain in _PAIR.findall(line)}
    return _from_fields(fields, clock) if len(fields) > 1 else None


def _json(line: str, clock: Clock) -> Head | None:
    if line[0] != "{":
        return None
    try:
        fields = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
    inner = fields.get("record")
    if isinstance(inner, dict) and isinstance(inner.get("level"), dict):
        stamp = inner.get("time")
        fields = {
            **inner,
            "level": inner["level"].get("name"),
            "time": stamp.get("timestamp") if isinstance(stamp, dict) else stamp,
        }
    return _from_fields(fields, clock)


def _from_fields(fields: dict[str, Any], clock: Clock) -> Head | None:
    """Read a record of named fields; None if it has neither a time nor a message."""
    stamps = (clock.value(fields[key]) for key in _TIME_KEYS if key in fields)
    when = next((stamp for stamp in stamps if stamp is not None), None)
    text = next((fields[key] for key in _TEXT_KEYS if isinstance(fields.get(key), str)), "")
    if when is None and not text:
        return None
    level = next((_level(fields[key], fields) for key in _LEVEL_KEYS if key in fields), None)
    first, *more = text.splitlines() or [""]
    if level is None and "log" in fields:
        inner = read_head(first, clock) if first and not first.startswith("{") else None
        if inner is not None:
            level, first = (inner.level, inner.text) if inner.level is not None else read_level(inner.text)
    for key in _TRACE_KEYS:
        value = fields.get(key)
        more += value.splitlines() if isinstance(value, str) else []
    return Head(when, UNKNOWN if level is None else level, first, more[:400])


def _level(value: Any, fields: dict[str, Any]) -> int | None:
    """Read a level by name or number: syslog's 0..7, Python's 10..50, or pino's (info is 30)."""
    if isinstance(value, str):
        return _NAMES.get(value.upper())
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    if 0 <= value <= 7:
        return _SYSLOG[value]
    if "hostname" in fields and isinstance(fields.get("time"), int | float):
        value -= 10
    return max(1, min(int(value) // 10, 5)) * 10


Format = Callable[[str, Clock], Head | None]
_LOOSE: tuple[Format, ...] = (_access, _logfmt, _bare)
FORMATS: list[Format] = [_iso, _json, _syslog_old, _level_iso, _syslog_new, _apache, _glog, *_LOOSE]
