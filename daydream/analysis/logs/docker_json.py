"""What containers print, as Docker's json-file driver keeps it."""

from typing import Any

from daydream.analysis.logs.heads import Head
from daydream.analysis.logs.times import Clock

_SPLIT_FROM = 16 * 1024


def unwrapped(fields: dict[str, Any], clock: Clock) -> Head | None:
    """Read one entry, ``{"log": ..., "stream": ..., "time": ...}``: a line of a program's output, or, where it
    does not end with a newline, a part of one; None if the fields are something else's."""
    line, stream = fields.get("log"), fields.get("stream")
    if not isinstance(line, str) or "time" not in fields:
        return None
    if stream not in ("stdout", "stderr") and (stream is not None or len(fields) > 2):
        return None
    text = line.removesuffix("\n")
    part = stream is not None and text == line and len(line) >= _SPLIT_FROM
    return Head(clock.value(fields["time"]), None, text, stream=stream or "log", output=True, part=part)
