"""What an access log says of a request: from a line's text, or from the fields of a record."""

import re
from collections.abc import Mapping
from typing import Any

import msgspec

ID = "{id}"
_KEPT = 4_096
_LONGEST = 200
_MOST_PARTS = 12

_TAIL = re.compile(r"[#;]")
_NUMBER = re.compile(r"(?<=/)\d+(?=/|\Z)")
_REQUEST = re.compile(
    r'"([A-Z]{3,16}) ([^\s"]{1,8000})(?: HTTP/[\d.]{1,5})?" (\d{3})(?: (\d{1,15}|-)(?=\s|$))?'
)
_ODD_REQUEST = re.compile(r'"()()(?:[^"\\]|\\.){0,8000}" (\d{3})(?: (\d{1,15}|-)(?=\s|$))?')
_TARGET = re.compile(r"([A-Z]{3,16}) (\S+)(?: HTTP/[\d.]+)?\Z")
_CLIENT = re.compile(r"(?:^|\s)(\[[\da-fA-F:.]+\]|[\w.:-]+):\d{1,5} - \Z")
_NAMED_TIME = re.compile(
    r"(?:^|[\s\"|,;])(?:rt|request_time|req_time|duration|elapsed|took)[=:]\s?\"?(\d{1,9}(?:\.\d{1,9})?)\s?(ms|us|µs|s)?\b"
)
_BARE_TIME = re.compile(r"\"?(\d{1,6}\.\d{1,6})\"?(?:\s|\Z)")
_UNIT_TIME = re.compile(r"(?:^|\s)\(?(\d{1,9}(?:\.\d{1,9})?)\s?(ms|us|µs|s)\)?\Z")
_UNITS = {"ms": 1e-3, "us": 1e-6, "µs": 1e-6, "s": 1.0, "": 1.0}

_ALL_ID = re.compile(
    r"\d+|[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}"
    r"|(?=.*[a-z])(?=.*[A-Z])(?=.*\d)[\w.~-]{16,}"
    r"|(?=[a-fA-F]*\d)[0-9a-fA-F]{8,}|(?=[A-Za-z]*\d)(?=\d*[A-Za-z])[A-Za-z0-9]{16,}|.*[@=%].*|.{81,}"
)
_PART_ID = re.compile(r"(?<![A-Za-z0-9])(?:\d{4}-\d\d-\d\d|\d{3,}|(?=[a-f]*\d)[0-9a-f]{8,})(?![A-Za-z0-9])")
_routes: dict[str, str] = {}


class Access(msgspec.Struct, frozen=True, gc=False):
    """One request. `route`: the path without query, numbers and keys in it as ``{id}``; `size`: bytes sent;
    `seconds`: how long it took; `client`: an address, not redacted. None: not said, or in a unit that nobody
    can tell."""

    method: str | None
    route: str | None
    status: int
    size: int | None = None
    seconds: float | None = None
    client: str | None = None


def route_of(target: str) -> str:
    """Return the route of a request's target: ``/orders/17?page=2`` gives ``/orders/{id}``."""
    path = _NUMBER.sub(ID, target.partition("?")[0])
    found = _routes.get(path)
    if found is None:
        if len(_routes) >= _KEPT:
            _routes.clear()
        found = _routes[path] = _route(path)
    return found


def _route(path: str) -> str:
    path = _TAIL.split(path, maxsplit=1)[0]
    if "://" in path:
        path = "/" + path.partition("://")[2].partition("/")[2]
    parts = [part if part.isalpha() and len(part) < 81 else _masked(part) for part in path.split("/")]
    if len(parts) > _MOST_PARTS:
        parts = [*parts[:_MOST_PARTS], "…"]
    return "/".join(parts)[:_LONGEST] or "/"


def _masked(part: str) -> str:
    return part if not part or part == ID else ID if _ALL_ID.fullmatch(part) else _PART_ID.sub(ID, part)


def accessed(text: str, before: str = "") -> Access | None:
    """Read an access log's line from its request on, the first text in quotes; None if there is none. `before`: what stands before
    its stamp, the client in it."""
    at = text.find('"')
    if at < 0 or (at and "://" in text[:at]):
        return None
    match = _REQUEST.match(text, at) or _ODD_REQUEST.match(text, at)
    if match is None or not "100" <= match[3] <= "599":
        return None
    size = int(match[4]) if match[4] and match[4] != "-" else None
    method, route = (match[1], route_of(match[2])) if match[1] else (None, None)
    client = _client(before) if before else _sender(text[:at])
    rest = text[match.end() :]
    return Access(method, route, int(match[3]), size, _seconds(rest) if rest else None, client)


def _client(before: str) -> str | None:
    """`[host:port ]client identity user`, or the client alone."""
    words = before.split()
    word = words[-3] if len(words) >= 3 else words[0] if words else "-"
    return word if word != "-" else None


def _sender(before: str) -> str | None:
    match = _CLIENT.search(before)
    return match[1].strip("[]") if match else None


def _seconds(rest: str) -> float | None:
    """Find how long it took: a named field, a last number with a unit, or one with a decimal point, which
    servers write in seconds. A bare whole number may be anything."""
    if "=" in rest or ":" in rest:
        named = _NAMED_TIME.search(rest)
        if named:
            return float(named[1]) * _UNITS[named[2] or ""]
    last = rest.rpartition('" ')[2].strip()
    match = _BARE_TIME.match(last)
    if match:
        return float(match[1])
    match = _UNIT_TIME.search(last)
    return float(match[1]) * _UNITS[match[2]] if match else None


_STATUS = ("status", "status_code", "http_status", "response_status", "DownstreamStatus", "code")
_METHOD = ("method", "request_method", "http_method", "RequestMethod", "verb")
_PATH = ("path", "uri", "request_uri", "url", "request_path", "RequestPath", "route", "http_path")
_SIZE = ("bytes", "body_bytes_sent", "bytes_sent", "size", "response_size", "DownstreamContentSize")
_CLIENTS = ("remote_addr", "client_ip", "remote_ip", "client", "ip", "fwd", "ClientHost")
_TIMES = {
    **dict.fromkeys(("request_time", "duration_s", "duration_seconds", "response_time_s", "rt"), 1.0),
    **dict.fromkeys(("duration_ms", "elapsed_ms", "latency_ms", "response_time_ms", "took_ms"), 1e-3),
    **dict.fromkeys(("duration_us", "request_time_us"), 1e-6),
    **dict.fromkeys(("duration_ns", "Duration"), 1e-9),
}


def from_fields(fields: Mapping[str, Any]) -> Access | None:
    """Read a request from a record's named fields; None unless it has a method, a path and a status."""
    inner = fields.get("request")
    request = {**fields, **inner} if isinstance(inner, dict) else fields
    status = _whole(_first(fields, _STATUS))
    method, path = _first(request, _METHOD), _first(request, _PATH)
    if isinstance(inner, str) and (target := _TARGET.match(inner)):
        method, path = target[1], target[2]
    if status is None or not isinstance(method, str) or not isinstance(path, str) or not 100 <= status <= 599:
        return None
    client = _first(request, _CLIENTS)
    size = _whole(_first(fields, _SIZE))
    shown = client if isinstance(client, str) else None
    return Access(method.upper()[:16], route_of(path[:8000]), status, size, _duration(fields), shown)


def _duration(fields: Mapping[str, Any]) -> float | None:
    for name, unit in _TIMES.items():
        number = _number(fields.get(name))
        if number is not None:
            return number * unit
    # Caddy's seconds are a number with a decimal point; elsewhere a plain "duration" says no unit.
    value = fields.get("duration")
    if isinstance(value, float) and "request" in fields:
        return value
    match = _UNIT_TIME.search(_text(fields.get("service") or value))
    return float(match[1]) * _UNITS[match[2]] if match else None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _first(fields: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    return next((fields[name] for name in names if fields.get(name) is not None), None)


def _whole(value: Any) -> int | None:
    number = _number(value)
    return int(number) if number is not None and number == int(number) else None


def _number(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value) if 0 <= value < 1e15 else None
    return float(value) if isinstance(value, str) and re.fullmatch(r"\d{1,15}(?:\.\d{1,9})?", value) else None
