"""The head of a log line: its stamp, its level and the message behind them; what every format gives."""

import re
from collections.abc import Callable
from typing import Any

import msgspec

from daydream.analysis.logs.access import Access
from daydream.analysis.logs.times import Clock

UNKNOWN, DEBUG, INFO, WARNING, ERROR, CRITICAL = 0, 10, 20, 30, 40, 50
LEVELS = {
    **dict.fromkeys(("TRACE", "DEBUG", "FINE", "FINER", "FINEST", "VERBOSE"), DEBUG),
    **dict.fromkeys(("INFO", "INFORMATION", "NOTICE", "SUCCESS"), INFO),
    **dict.fromkeys(("WARN", "WARNING"), WARNING),
    **dict.fromkeys(("ERR", "ERROR", "SEVERE"), ERROR),
    **dict.fromkeys(("CRIT", "CRITICAL", "FATAL", "ALERT", "EMERG", "EMERGENCY", "PANIC"), CRITICAL),
}
SYSLOG = (CRITICAL, CRITICAL, CRITICAL, ERROR, WARNING, INFO, INFO, DEBUG)
LETTERS = {"V": DEBUG, "D": DEBUG, "I": INFO, "W": WARNING, "E": ERROR, "C": CRITICAL, "F": CRITICAL}
ANY_LEVEL = "|".join(sorted(LEVELS, key=len, reverse=True))

_LEVEL_FIELD = re.compile(
    rf"\s*(?:\S+\s+){{0,4}}?[\[(<|\"]*(?:({ANY_LEVEL})(?=[\s\])>|:/\",]|$)|((?i:{ANY_LEVEL}))(?=\s*\]|:\s))"
    r"(?:/[\w.-]{1,60}(?=\]))?[\])>|:\",\s-]*"
)
_DECORATION = re.compile(r"[\s\])|:,>-]*")


class Head(msgspec.Struct, gc=False):
    """What begins a record: its instant or None, its level (None: `read_level` may find it at the start
    of the text; 0: the format has none), the message, and lines that came with it.

    `stream` is not None where a log carries what several programs wrote: which of them wrote this line. Then
    `begin` goes before the text of a record, `output` says that it is a line of a program's output, which may
    itself be a record's head or go on with a record, and `part` that the line goes on in the next entry.
    """

    when: float | None
    level: int | None
    text: str
    more: list[str] = []
    access: Access | None = None
    stream: str | None = None
    begin: str = ""
    output: bool = False
    part: bool = False


Format = Callable[[str, Clock], Head | None]


def read_level(text: str) -> tuple[int, str]:
    """Split what follows a stamp into level and message; 0 where none of the first five fields is a level."""
    match = _LEVEL_FIELD.match(text)
    if match is None:
        return UNKNOWN, _DECORATION.sub("", text, count=1)
    return LEVELS[(match[1] or match[2]).upper()], text[match.end() :]


def level_of(value: Any, *, pino: bool = False) -> int | None:
    """Read a level by name or number: syslog's 0..7, Python's 10..50, or `pino`'s (info is 30)."""
    if isinstance(value, str):
        return LEVELS.get(value.upper())
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    if 0 <= value <= 7:
        return SYSLOG[value]
    return max(1, min((value - 10 * pino) // 10, 5)) * 10
