"""The inbox of suppressions: anyone appends, the night reads up to the byte it pinned at its start."""

import datetime as dt
import logging
import os
from collections.abc import Iterable
from pathlib import Path

import msgspec

from daydream.store.durable import make_folder, reported, sync_folder, write_all

FILE = "suppress.jsonl"
LONGEST_REASON = 500
_log = logging.getLogger(__name__)


class Suppression(msgspec.Struct, frozen=True, kw_only=True):
    """A person's wish not to see a finding: up to and including the night `until`, or for good (None).

    Of several for one `id` the last in the inbox counts, so an `until` in the past takes it back.
    `at` is the instant of the wish as text.
    """

    id: str
    until: dt.date | None = None
    reason: str = ""
    at: str = ""


def append_suppression(folder: Path, suppression: Suppression) -> None:
    """Add one line to the inbox in `folder`, durable when this returns.

    Raises:
        TryAgain: no space is left.
        StateUnreadable: the disk refused.
    """
    wish = msgspec.structs.replace(suppression, reason=suppression.reason[:LONGEST_REASON])
    path = folder / FILE
    with reported(path, "writing"):
        make_folder(folder)
        created = not path.exists()
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        handle = os.open(path, flags, 0o600)
        try:
            write_all(handle, _gap(handle) + msgspec.json.encode(wish) + b"\n")
            os.fsync(handle)
        finally:
            os.close(handle)
        if created:
            sync_folder(folder)


def _gap(handle: int) -> bytes:
    """Return what separates the next line from a last one that was torn by a crash."""
    size = os.fstat(handle).st_size
    return b"" if size == 0 or os.pread(handle, 1, size - 1) == b"\n" else b"\n"


def read_suppressions(folder: Path, upto: int | None = None) -> tuple[list[Suppression], int]:
    """Read the inbox in `folder` up to byte `upto` (None: all of it); no inbox is an empty one.

    Returns the suppressions in order and how many bytes of whole lines that was: pinned by a night
    and given back as `upto`, it yields the same list again. A torn last line is not counted, and
    lines that cannot be read are left out; both are logged.

    Raises:
        StateUnreadable: the disk refused.
    """
    path = folder / FILE
    if not path.exists():
        return [], 0
    with reported(path, "reading"):
        data = path.read_bytes()[:upto]
    whole = data.rfind(b"\n") + 1
    if whole < len(data):
        _log.warning("%s ends in a torn line of %d bytes; it is ignored", path, len(data) - whole)
    if upto is not None and whole < upto:
        _log.warning("%s has %d of the %d bytes that this night began with", path, whole, upto)
    found = []
    for number, line in enumerate(data[:whole].split(b"\n")[:-1], start=1):
        try:
            found.append(msgspec.json.decode(line, type=Suppression))
        except (msgspec.DecodeError, UnicodeDecodeError):
            _log.warning("%s line %d is not a suppression; it is ignored", path, number)
    return found, whole


def by_id(suppressions: Iterable[Suppression]) -> dict[str, Suppression]:
    """Index by finding; the last one counts."""
    return {suppression.id: suppression for suppression in suppressions}
