"""The measuring lock: two daydreams that time at once on one machine would measure each other.

It lies beside the caches of all repositories, for that folder is the same from a terminal, from cron and from a timer, which a
session's runtime folder is not, and nobody else writes there, as anybody does in a folder for temporary files. Its name says
which machine, since a home folder may be shared by several. The operating system frees it when its holder dies.
"""

import contextlib
import platform
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from filelock import FileLock, Timeout

BUSY = "another daydream is measuring"
PATIENCE_S = 120.0
"""How long one comparison waits; others hold the lock for a few seconds each."""
_POLL_S = 0.05


@contextlib.contextmanager
def measuring(
    folder: Path, check: Callable[[], None], patience_s: float = PATIENCE_S
) -> Iterator[str | None]:
    """Hold the lock in `folder` while the body runs, and yield None; or a clause that says why it is not held, and then nothing
    may be timed. `check` is called while it waits, and may raise."""
    machine = re.sub(r"[^A-Za-z0-9._-]+", "-", platform.node())[:60] or "machine"
    path = folder / f"measuring-{machine}.lock"
    lock = FileLock(str(path), timeout=0, mode=0o600, fallback_to_soft=False, preserve_lock_file=True)
    why = _why_not(lock, path, check, patience_s)
    try:
        yield why
    finally:
        lock.release()


def _why_not(lock: FileLock, path: Path, check: Callable[[], None], patience_s: float) -> str | None:
    until = time.monotonic() + patience_s
    while True:
        check()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            lock.acquire()
        except Timeout:
            if time.monotonic() >= until:
                return BUSY
            time.sleep(_POLL_S)
        except OSError as error:
            return f"{path} cannot be locked ({error.strerror or error})"
        else:
            return None
