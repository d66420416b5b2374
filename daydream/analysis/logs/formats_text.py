"""Log lines of text: a stamp in one of the usual shapes, a level, a message."""

import re

from daydream.analysis.logs.access import accessed
from daydream.analysis.logs.heads import ANY_LEVEL, LETTERS, LEVELS, SYSLOG, UNKNOWN, Head, read_level
from daydream.analysis.logs.times import ISO, MONTHS, Clock

_MONTH = "|".join(MONTHS)
_HMS = r"(\d\d:\d\d:\d\d)"
_DAY = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"

_ISO_FIRST = re.compile(rf"[\[(]?{ISO}")
_CRI = re.compile(r" (stdout|stderr) ([FP])(?:$| )")
_LEVEL_ISO = re.compile(rf"[\[(]?({ANY_LEVEL})[\])]?[\s:|,-]{{1,8}}[\[(]?{ISO}[\s\])|:,-]*")
_LETTER_ISO = re.compile(rf"\[([DIWEC]) (?:{ISO}|(\d\d)(\d\d)(\d\d) {_HMS})[^\]\s]* ([^\]]{{1,200}})\]\s*")
_SYSLOG_NEW = re.compile(
    rf"<(\d{{1,3}})>1 (?:-|{ISO}) \S+ (\S+) (\S+) \S+ (?:-|(?:\[[^\]]{{0,2000}}\])+)(?: |$)"
)
_SYSLOG_OLD = re.compile(
    rf"(?:<(\d{{1,3}})>)?(?:({_MONTH}) {{1,2}}(\d{{1,2}}) {_HMS}(?:[.,]\d+)? |(?<=>){ISO} )(?:(?!\S+: )\S+ )?(?=\S)"
)
_SYSLOG_ISO = re.compile(r" (\S+) ([\w./@()-]{1,100}\[\d{1,10}\]: ?)")
_SENDER = re.compile(r"([\w./@()-]{1,100})(?:\[(\d{1,10})\])?: ?")
_APACHE = re.compile(rf"\[\w{{3}} ({_MONTH}) (\d\d) {_HMS}(?:\.\d+)? (\d{{4}})\] ")
_APACHE_LEVEL = re.compile(r"\[(?:\w+:)?(\w+)\] (?:\[pid [^\]]*\] )?(?:\[client [^\]]*\] )?")
_ACCESS = re.compile(rf"\[(\d\d)/({_MONTH})/(\d{{4}})[: ]{_HMS}(?:[.,]\d+)?(?: ([+-]\d{{4}}))?\]\s*")
_BEFORE_ACCESS = 160
_GLOG = re.compile(rf"([IWEF])(\d\d)(\d\d) {_HMS}\.\d+ +\d+ ([^\]\s]{{1,200}})\] ")
_LOGCAT = re.compile(rf"(\d\d)-(\d\d) {_HMS}\.\d+ +\d+ +\d+ ([VDIWEF]) ")
_BARE = re.compile(rf"(?:\[({ANY_LEVEL})\]|({ANY_LEVEL})(?=[:|\s]))[:|]?\s*")
_NAMED = re.compile(
    rf"(?:[\w.-]{{1,80}}(?: - |: | \| |:)|\[[\w.-]{{1,80}}\](?: - |: | \| |:| ))\[?({ANY_LEVEL})\]?(?: - |: | \| |:)\s*"
)
_TIME_ONLY = re.compile(r"\[?(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:[.,]\d{1,9})?(?=[\s\]|])\]?")


def iso(line: str, clock: Clock) -> Head | None:
    """ISO 8601 first, as most formats of Python's logging, structlog, nginx' error log, databases; a
    container's line (`<stamp> stdout F text`) and rsyslog's (`<stamp> host name[pid]: text`) too."""
    match = _ISO_FIRST.match(line)
    if match is None:
        return None
    end = match.end()
    when = clock.iso(match[1], match[2], match[3])
    if line[end : end + 4] == " std" and (container := _CRI.match(line, end)):
        text = line[container.end() :]
        return Head(when, None, text, stream=container[1], output=True, part=container[2] == "P")
    if match[3] and (sent := _SYSLOG_ISO.match(line, end)) and sent[1].upper() not in LEVELS:
        return Head(when, None, line[sent.end() :], stream=sent[2], begin=sent[2])
    return Head(when, None, line[end:])


def level_iso(line: str, clock: Clock) -> Head | None:
    """`ERROR 2026-11-20 12:00:00,123 message`."""
    match = _LEVEL_ISO.match(line)
    if match is None:
        return None
    return Head(clock.iso(match[2], match[3], match[4]), LEVELS[match[1]], line[match.end() :])


def letter_iso(line: str, clock: Clock) -> Head | None:
    """`[E 2026-11-20 12:00:00.123 name:12] message`, as Tornado and Jupyter write."""
    match = _LETTER_ISO.match(line)
    if match is None:
        return None
    if match[2]:
        when = clock.iso(match[2], match[3], match[4])
    else:
        when = clock.iso(f"20{match[5]}-{match[6]}-{match[7]} {match[8][:5]}", match[8][6:], None)
    return Head(when, LETTERS[match[1]], f"{match[9]}: {line[match.end() :]}")


def syslog_new(line: str, clock: Clock) -> Head | None:
    """RFC 5424."""
    match = _SYSLOG_NEW.match(line)
    if match is None:
        return None
    when = clock.iso(match[2], match[3], match[4]) if match[2] else None
    text = line[match.end() :].removeprefix("\ufeff")
    name = "" if match[5] == "-" else match[5]
    level = SYSLOG[int(match[1]) & 7]
    return Head(when, level, text, stream=f"{name}[{match[6]}]", begin=f"{name}: " if name else "")


def syslog_old(line: str, clock: Clock) -> Head | None:
    """RFC 3164 with or without priority, and its successor with ISO stamps behind the priority."""
    match = _SYSLOG_OLD.match(line)
    if match is None:
        return None
    if match[2]:
        when = clock.yearless(MONTHS[match[2]], match[3], match[4])
    else:
        when = clock.iso(match[5], match[6], match[7])
    level = SYSLOG[int(match[1]) & 7] if match[1] else None
    sender = _SENDER.match(line, match.end())
    if sender is None:
        text = line[match.end() :]
        return Head(when, read_level(text)[0] if level is None else level, text)
    return Head(when, level, line[sender.end() :], stream=sender[0], begin=sender[0])


def apache_error(line: str, clock: Clock) -> Head | None:
    """`[Fri Nov 20 12:00:00 2026] [core:error] [pid 1] message`."""
    match = _APACHE.match(line)
    if match is None:
        return None
    when = clock.iso(f"{match[4]}-{MONTHS[match[1]]:02}-{match[2]} {match[3][:5]}", match[3][6:], None)
    text = line[match.end() :]
    level = _APACHE_LEVEL.match(text)
    if level is None:
        return Head(when, None, text)
    return Head(when, LEVELS.get(level[1].upper(), UNKNOWN), text[level.end() :])


def glog(line: str, clock: Clock) -> Head | None:
    """`E1120 12:00:00.123456  123 file.py:12] message`."""
    match = _GLOG.match(line)
    if match is None or not 1 <= int(match[2]) <= 12:
        return None
    when = clock.yearless(int(match[2]), match[3], match[4])
    return Head(when, LETTERS[match[1]], f"{match[5]}: {line[match.end() :]}")


def logcat(line: str, clock: Clock) -> Head | None:
    """`11-20 12:00:00.123  1234  1234 E Tag: message`."""
    match = _LOGCAT.match(line)
    if match is None or not 1 <= int(match[1]) <= 12:
        return None
    return Head(clock.yearless(int(match[1]), match[2], match[3]), LETTERS[match[4]], line[match.end() :])


def access(line: str, clock: Clock) -> Head | None:
    """An access log's `[20/Nov/2026:12:00:00 +0000]`, after the client or first."""
    at = line.find("[", 0, _BEFORE_ACCESS)
    while at >= 0 and line[at + 3 : at + 4] != "/":
        at = line.find("[", at + 1, _BEFORE_ACCESS)
    match = _ACCESS.match(line, at) if at >= 0 else None
    if match is None:
        return None
    minute = f"{match[3]}-{MONTHS[match[2]]:02}-{match[1]} {match[4][:5]}"
    when, text = clock.iso(minute, match[4][6:], match[5]), line[match.end() :]
    if not at and not text.startswith('"'):
        return Head(when, None, text)
    return Head(when, UNKNOWN, text, access=accessed(text, line[:at]))


def dated(line: str, clock: Clock) -> Head | None:
    """A date in words or another order, or seconds since 1970."""
    found = clock.leading(line)
    return Head(found[0], None, line[found[1] :]) if found is not None else None


def bare(line: str, clock: Clock) -> Head | None:  # noqa: ARG001 -- one shape for every format
    """`ERROR:name:message`, `[error] message`: a level first, no stamp."""
    match = _BARE.match(line)
    return Head(None, LEVELS[match[1] or match[2]], line[match.end() :]) if match else None


def named(line: str, clock: Clock) -> Head | None:  # noqa: ARG001 -- one shape for every format
    """`name - ERROR - message`: no stamp."""
    match = _NAMED.match(line)
    return Head(None, LEVELS[match[1]], line[match.end() :]) if match else None


def time_only(line: str, clock: Clock) -> Head | None:  # noqa: ARG001 -- one shape for every format
    """`12:00:00,123 ERROR message`: a stamp that names no day dates nothing."""
    match = _TIME_ONLY.match(line)
    return Head(None, None, line[match.end() :]) if match else None
