"""Durable file primitives: what they return from has reached the disk.

The protocol is write, fsync, rename, fsync of the folder; a failed fsync is never repeated, since
the kernel may have dropped the dirty pages ("Can Applications Recover from fsync Failures?",
Rebello et al., USENIX ATC 2020).
"""

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path

from daydream.errors import StateUnreadable, TryAgain

FULL = (errno.ENOSPC, errno.EDQUOT)
_NO_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.EMLINK, errno.EXDEV)


@contextlib.contextmanager
def reported(path: Path, act: str) -> Iterator[None]:
    """Turn an OSError of the body into a sentence that names the file.

    Raises:
        TryAgain: no space is left.
        StateUnreadable: any other refusal of the disk.
    """
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            msg = f"no space left on the disk while {act} {path}; free some and start again: nothing is lost"
            raise TryAgain(msg) from error
        reason = error.strerror or str(error)
        msg = f"cannot go on: {act} {path} failed: {reason}"
        raise StateUnreadable(msg) from error


def write_all(handle: int, data: bytes) -> None:
    """Write every byte, however short the writes are."""
    view = memoryview(data)
    while view:
        view = view[os.write(handle, view) :]


def sync_folder(folder: Path | str) -> None:
    """Make the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def make_folder(folder: Path, mode: int = 0o700) -> None:
    """Create a folder and its parents, each name durable; `mode` is less what the umask takes away."""
    if folder.is_dir():
        return
    make_folder(folder.parent, mode)
    folder.mkdir(mode=mode, exist_ok=True)
    sync_folder(folder.parent)


def link(source: Path, target: Path) -> None:
    """Give a file a second name, never over another file's; where there are no such links, rename it."""
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError as error:
        if error.errno not in _NO_LINKS or os.path.lexists(target):
            raise
        source.rename(target)
    sync_folder(target.parent)


def replace(path: Path, data: bytes, mode: int | None = None) -> None:
    """Replace a file's content atomically and durably; readers see the old or the new, never a mix.

    Without a mode the file is for its owner alone.
    """
    folder, name = os.path.split(path)  # as text: this is called after every sub-step
    temporary = f"{folder}/.{name}.daydream.tmp"
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    try:
        if mode is not None:
            os.fchmod(handle, mode)
        write_all(handle, data)
        os.fsync(handle)
    finally:
        os.close(handle)
    os.replace(temporary, path)  # noqa: PTH105 -- the system call is the commit point
    sync_folder(folder)


def write_at(path: Path, offset: int, data: bytes) -> None:
    """Make `data` the bytes of the file from `offset` to its new end; what was there before is cut."""
    created = not path.exists()
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        os.ftruncate(handle, offset)
        os.lseek(handle, offset, os.SEEK_SET)
        write_all(handle, data)
        os.fdatasync(handle)
    finally:
        os.close(handle)
    if created:
        sync_folder(path.parent)
