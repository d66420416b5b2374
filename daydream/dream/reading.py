"""Reading one examined file of the workbench, or saying in a few words why not."""

import os
import stat
from pathlib import Path

from daydream.errors import DaydreamError

MAX_BYTES = 2_000_000


class NotRead(DaydreamError):
    """The file cannot be examined; the message is a short reason."""


def read(tree: Path, path: str, *, limit: int = MAX_BYTES) -> bytes:
    """Return the content of a regular file of at most `limit` bytes; links are not followed.

    Raises:
        NotRead: it is gone, too large, no regular file, or the disk refuses it.
    """
    try:
        descriptor = os.open(tree / path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        msg = f"it cannot be opened ({error.strerror})"
        raise NotRead(msg) from error
    try:
        return _content(descriptor, limit)
    except OSError as error:
        msg = f"it cannot be read ({error.strerror})"
        raise NotRead(msg) from error
    finally:
        os.close(descriptor)


def _content(descriptor: int, limit: int) -> bytes:
    state = os.fstat(descriptor)
    if not stat.S_ISREG(state.st_mode):
        msg = "it is not a regular file"
        raise NotRead(msg)
    if state.st_size > limit:
        msg = f"it is larger than {limit:,} bytes"
        raise NotRead(msg)
    with os.fdopen(descriptor, "rb", closefd=False) as file:
        return file.read(limit)
