"""The run's lock: one per state folder, held from start to end, never unlinked, free when its holder dies."""

from pathlib import Path
from typing import Self

from filelock import FileLock, Timeout

from daydream.errors import TryAgain
from daydream.store.durable import make_folder, reported
from daydream.store.held import BUSY


class RunLock:
    """An exclusive lock of the operating system on `<folder>/lock`."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "lock"
        self._lock: FileLock | None = None

    def acquire(self) -> None:
        """Take the lock at once or not at all.

        Raises:
            TryAgain: another daydream holds it.
            StateUnreadable: the folder cannot be written, or its file system knows no locks.
        """
        with reported(self.path.parent, "creating"):
            make_folder(self.path.parent)
        lock = FileLock(
            str(self.path), timeout=0, mode=0o600, fallback_to_soft=False, preserve_lock_file=True
        )
        with reported(self.path, "locking"):
            try:
                lock.acquire()
            except Timeout as error:
                raise TryAgain(BUSY) from error
        self._lock = lock

    @property
    def held(self) -> bool:
        """Whether this process holds the lock."""
        return self._lock is not None and self._lock.is_locked

    def release(self) -> None:
        """Give the lock back."""
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(self, *_: object) -> None:
        self.release()
