"""The journal of systemd: `journalctl -o export` into lines of `journalctl -o json`, and their fields."""

import struct
from typing import Any

import msgspec

START = b"__CURSOR="
_SIZE = struct.Struct("<Q")
_LARGEST = 2**20
_WANTED = (
    *(b"__REALTIME_TIMESTAMP", b"_SOURCE_REALTIME_TIMESTAMP", b"MESSAGE", b"PRIORITY"),
    *(b"SYSLOG_IDENTIFIER", b"_COMM", b"_PID", b"_TRANSPORT"),
)


def entries(buffer: bytes) -> tuple[list[str], int]:
    """Cut an export into its entries, each as one line of JSON with the fields that matter here; return
    them and how many bytes they took. Source: systemd, "Journal Export Formats"."""
    lines: list[str] = []
    used = at = 0
    fields: dict[bytes, bytes] = {}
    while (end := buffer.find(b"\n", at)) >= 0:
        line = buffer[at:end]
        if not line:
            if fields:
                lines.append(_json(fields))
                fields = {}
            used = at = end + 1
            continue
        name, equals, value = line.partition(b"=")
        at = end + 1
        if not equals:
            size = _SIZE.unpack_from(buffer, at)[0] if len(buffer) >= at + 8 else _LARGEST
            after = at + 8 + size
            if after >= len(buffer):
                break
            if buffer[after : after + 1] != b"\n":
                continue
            value, at = buffer[at + 8 : after], after + 1
        if name in _WANTED:
            fields[name] = value
    return lines, used


def _json(fields: dict[bytes, bytes]) -> str:
    text = {name.decode(): value.decode("utf-8", "replace") for name, value in fields.items()}
    return msgspec.json.encode(text).decode()


def stamp(fields: dict[str, Any]) -> float | None:
    """Return when a journal entry was written, seconds since 1970; None if these are no journal's fields."""
    text = fields.get("__REALTIME_TIMESTAMP")
    if not isinstance(text, str | int):
        return None
    try:
        return int(text) / 1e6
    except ValueError:
        return None


def message(fields: dict[str, Any]) -> str:
    """Return an entry's message, which the journal gives as a list of bytes where it is not UTF-8 (and as null
    where it is too long)."""
    value = fields.get("MESSAGE")
    if isinstance(value, list):
        if value and isinstance(value[0], str):
            return value[0]
        return bytes(byte for byte in value if isinstance(byte, int) and 0 <= byte < 256).decode(
            "utf-8", "replace"
        )
    return value if isinstance(value, str) else ""


def priority(fields: dict[str, Any]) -> int | None:
    """Return syslog's priority, 0..7; None where there is none."""
    text = fields.get("PRIORITY")
    return int(text) if isinstance(text, str) and len(text) == 1 and text in "01234567" else None


def sender(fields: dict[str, Any]) -> tuple[str, str]:
    """Return who wrote an entry: a name, and what tells the processes of that name apart."""
    name = fields.get("SYSLOG_IDENTIFIER") or fields.get("_COMM")
    return (name if isinstance(name, str) else ""), str(fields.get("_PID", ""))
