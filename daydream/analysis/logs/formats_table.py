"""The formats that are known, in the order in which they are tried, by what a line may begin with."""

from string import ascii_letters, ascii_uppercase, digits

from daydream.analysis.logs import formats_fields as fields
from daydream.analysis.logs import formats_text as text
from daydream.analysis.logs.heads import Format, Head
from daydream.analysis.logs.times import Clock

_OPEN = "[("
_ALL = ""
# In each row: a format, the characters that its lines begin with (none named: any).
_TABLE: tuple[tuple[Format, str], ...] = (
    (text.iso, digits + _OPEN),
    (fields.json, "{"),
    (text.syslog_old, "<" + ascii_uppercase),
    (text.level_iso, _OPEN + ascii_uppercase),
    (text.syslog_new, "<"),
    (text.apache_error, "["),
    (text.glog, "IWEF"),
    (text.logcat, digits),
    (text.letter_iso, "["),
)
_LOOSE: tuple[tuple[Format, str], ...] = (
    (text.access, _ALL),
    (fields.logfmt, ascii_letters),
    (text.dated, digits + _OPEN + ascii_uppercase),
    (text.time_only, digits + "["),
    (text.bare, "[" + ascii_uppercase),
    (text.named, ascii_letters + digits + "_.-["),
)
_FIXED = {read for read, _ in _LOOSE}
Order = dict[str, list[Format]]


def read_head(line: str, clock: Clock, order: Order | None = None) -> Head | None:
    """Return the head of a line, None where it begins no record in a known format.

    `order` (a caller's own, empty at first) comes to hold the formats by first character, those that were
    found in front.
    """
    first = line[0]
    known = order.get(first) if order is not None else None
    if known is None:
        known = [read for read, firsts in (*_TABLE, *_LOOSE) if firsts is _ALL or first in firsts]
        if order is not None and first.isascii():
            order[first] = known
    for index, read in enumerate(known):
        head = read(line, clock)
        if head is not None:
            if index and read not in _FIXED:
                known.insert(0, known.pop(index))
            return head
    return None
