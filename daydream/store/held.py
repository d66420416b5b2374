"""Whether a night is running, seen from outside and without a lock of our own."""

import os
from pathlib import Path

BUSY = "another daydream is working on this repository; `daydream status` shows how far it is"


def is_held(folder: Path) -> bool | None:
    """Tell from outside, without touching the lock, whether somebody holds it; None where the
    operating system does not say."""
    table = Path("/proc/locks")
    try:
        inode = (folder / "lock").stat()
        lines = table.read_text("ascii").splitlines()
    except FileNotFoundError:
        return None if not table.exists() else False
    except OSError:
        return None
    mark = f"{os.major(inode.st_dev):02x}:{os.minor(inode.st_dev):02x}:{inode.st_ino}"
    return any(mark in line.split() for line in lines)
