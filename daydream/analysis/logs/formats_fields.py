"""Log lines of named fields: JSON of any shape, logfmt."""

import re
from typing import Any

import msgspec

from daydream.analysis.logs import access, docker_json, journald
from daydream.analysis.logs.heads import LEVELS, SYSLOG, UNKNOWN, Head, level_of
from daydream.analysis.logs.times import Clock

_LOGFMT = re.compile(r"(?:time|ts|timestamp|t|at|level|lvl|msg)=\S")
_PAIR = re.compile(r"([\w.@-]{1,40})=(?:\"((?:[^\"\\]|\\.)*)\"|(\S*))")
_TIME_KEYS = (
    *("timestamp", "@timestamp", "time", "ts", "asctime", "datetime", "date", "t", "@t", "created"),
    *("timeunixnano", "observedtimeunixnano", "eventtime", "timegenerated"),
)
_LEVEL_KEYS = (
    *("level", "levelname", "severity", "log.level", "lvl", "loglevel", "log_level", "severitytext"),
    *("severity_text", "@l", "levelno"),
)
_TEXT_KEYS = (
    *("message", "msg", "event", "short_message", "textpayload", "log", "text", "body", "@m", "@mt"),
    "errormessage",
)
_TRACE_KEYS = (
    *("exc_info", "exception", "exc_text", "stack_trace", "traceback", "stack", "error.stack_trace", "@x"),
    *("stackTrace", "stacktrace", "error", "err"),
)
_MOST_LINES = 400
_MOST_STACKS = 20
TRACEBACK = "Traceback (most recent call last):"
CAUSED = "The above exception was the direct cause of the following exception:"


def json(line: str, clock: Clock) -> Head | None:
    """A record as one JSON object: an application's, a container's, the journal's."""
    if line[0] != "{":
        return None
    try:
        fields = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
    if "__REALTIME_TIMESTAMP" in fields:
        return _journal(fields)
    if "log" in fields:
        contained = docker_json.unwrapped(fields, clock)
        if contained is not None:
            return contained
    return _record(fields, clock)


def logfmt(line: str, clock: Clock) -> Head | None:
    """`time=... level=... msg="..."` in any order."""
    if not _LOGFMT.match(line):
        return None
    fields = {key: quoted or plain for key, quoted, plain in _PAIR.findall(line)}
    if len(fields) < 2:
        return None
    head = _from_fields(fields, clock)
    if head is None and (request := access.from_fields(fields)) is not None:
        return Head(None, UNKNOWN, line, access=request)
    return head


def _journal(fields: dict[str, Any]) -> Head | None:
    when = journald.stamp(fields)
    if when is None:
        return None
    first, *more = journald.message(fields).split("\n")
    name, process = journald.sender(fields)
    said = journald.priority(fields)
    output = fields.get("_TRANSPORT") == "stdout"
    # What is printed to standard output has the service's priority, which tells nothing of the line.
    level = None if said is None or (output and said == 6) else SYSLOG[said]
    begin = f"{name}: " if name else ""
    return Head(when, level, first, more[:_MOST_LINES], None, f"{name}[{process}]", begin, output)


def _record(fields: dict[str, Any], clock: Clock) -> Head | None:
    inner = fields.get("record")
    if isinstance(inner, dict) and isinstance(inner.get("level"), dict):
        return _loguru(fields, inner, clock)
    head = _from_fields(fields, clock)
    if head is None or head.when is None or not head.text:
        lower = {key.lower(): value for key, value in fields.items()}
        head = (_from_fields(lower, clock) or head) if lower.keys() != fields.keys() else head
    if head is not None and ("status" in fields or "status_code" in fields or "DownstreamStatus" in fields):
        head.access = access.from_fields(fields)
        if not head.text and head.access is not None:
            head.text = f"{head.access.method} {head.access.route} {head.access.status}"
    return head


def _loguru(fields: dict[str, Any], inner: dict[str, Any], clock: Clock) -> Head | None:
    stamp = inner.get("time")
    level = inner["level"].get("name")
    when = stamp.get("timestamp") if isinstance(stamp, dict) else stamp
    head = _from_fields({"message": inner.get("message"), "time": when, "level": level}, clock)
    text = fields.get("text")
    if head is not None and inner.get("exception") and isinstance(text, str) and TRACEBACK in text:
        head.more = [TRACEBACK, *text.partition(TRACEBACK)[2].splitlines()[1:]][:_MOST_LINES]
    return head


def _from_fields(fields: dict[str, Any], clock: Clock) -> Head | None:
    """Read a record of named fields; None if it has neither a time nor a message."""
    when = None
    for key in _TIME_KEYS:
        if key in fields and (when := clock.value(fields[key])) is not None:
            break
    text = ""
    for key in _TEXT_KEYS:
        value = fields.get(key)
        if isinstance(value, str):
            text = value
            break
    if when is None and not text:
        return None
    first, *more = text.splitlines() or [""] if "\n" in text else (text,)
    return Head(when, _level(fields), first, _behind(fields, more))


def _level(fields: dict[str, Any]) -> int:
    for key in _LEVEL_KEYS:
        if key in fields:
            pino = "hostname" in fields and isinstance(fields.get("time"), int | float)
            level = level_of(fields[key], pino=pino)
            return UNKNOWN if level is None else level
    inner = fields.get("log")
    name = inner.get("level") if isinstance(inner, dict) else None
    return LEVELS.get(name.upper(), UNKNOWN) if isinstance(name, str) else UNKNOWN


def _behind(fields: dict[str, Any], more: list[str]) -> list[str]:
    """Add the lines of a traceback, in whichever field and form it comes."""
    for key in _TRACE_KEYS:
        value = fields.get(key)
        if not value or value is True:
            continue
        if isinstance(value, dict):
            value = next((value[k] for k in ("stack_trace", "stack", "stacktrace") if k in value), None)
        if isinstance(value, str) and ("\n" in value or key not in {"error", "err"}):
            more = [*more, *value.splitlines()]
        elif isinstance(value, list):
            more = [*more, *_stacks(value, fields)]
    return more[:_MOST_LINES]


def _stacks(items: list[Any], fields: dict[str, Any]) -> list[str]:
    """Write a traceback that comes as a list: of texts, or of structlog's dictionaries, the last raised first."""
    if all(isinstance(item, str) for item in items):
        said = f"{fields.get('errorType') or fields.get('errortype') or 'Error'}: "
        ended = f"{said}{fields.get('errorMessage') or fields.get('errormessage') or ''}"
        return [TRACEBACK, *(line for item in items for line in item.splitlines()), ended]
    lines: list[str] = []
    for stack in reversed(items[:_MOST_STACKS]):
        if not isinstance(stack, dict) or not isinstance(stack.get("frames"), list):
            continue
        lines += [CAUSED] if lines else []
        lines.append(TRACEBACK)
        frames = [frame for frame in stack["frames"] if isinstance(frame, dict)]
        lines += [f'  File "{f.get("filename")}", line {f.get("lineno")}, in {f.get("name")}' for f in frames]
        lines.append(f"{stack.get('exc_type')}: {stack.get('exc_value')}")
    return lines
