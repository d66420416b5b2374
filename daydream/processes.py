"""Child processes: niced, in their own process group, bounded in time and output, killed on a stop."""

import contextlib
import os
import select
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from daydream.errors import OutOfBudget, Stopped

GRACE_S = 1.0
_POLL_S = 0.1
_NICENESS = 10
_STOPPED = "stopped by a signal; the same command continues where it was"


@dataclass(slots=True)
class Stop:
    """A stop request that long work looks at; `check` raises once the grace is over.

    `deadline` is a monotonic instant after which work is out of budget, or None.
    """

    requested_at: float | None = None
    deadline: float | None = None
    children: set[int] = field(default_factory=set)
    shields: int = 0
    overdue: bool = False
    ended: bool = False

    def request(self) -> None:
        """Ask for a stop; the second request ends the grace at once."""
        self.requested_at = -GRACE_S if self.requested_at is not None else time.monotonic()

    @property
    def requested(self) -> bool:
        """Whether a stop was asked for, grace or not."""
        return self.requested_at is not None

    @contextlib.contextmanager
    def shield(self) -> Iterator[None]:
        """Hold off `interrupt` until the body is through: a commit is never torn by a signal.

        Raises:
            Stopped: `interrupt` came meanwhile.
        """
        self.shields += 1
        try:
            yield
        finally:
            self.shields -= 1
        if self.overdue and not self.shields:
            self.ended = True
            raise Stopped(_STOPPED)

    def interrupt(self) -> None:
        """End work that did not look at `check` in time; called from a signal handler.

        Raises:
            Stopped: at once, or when the last shield is lowered.
        """
        if self.ended:
            return
        self.overdue = True
        if self.shields:
            return
        self.ended = True
        for child in self.children:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(child, signal.SIGKILL)
        raise Stopped(_STOPPED)

    def remaining(self) -> float | None:
        """Seconds until the deadline; None without one."""
        return None if self.deadline is None else self.deadline - time.monotonic()

    def check(self) -> None:
        """Give long work its place to stop; silent below a shield.

        Raises:
            Stopped: a stop was requested and its grace is over.
            OutOfBudget: the deadline has passed.
        """
        if self.shields:
            return
        moment = time.monotonic()
        if self.requested_at is not None and moment - self.requested_at >= GRACE_S:
            self.ended = True
            raise Stopped(_STOPPED)
        if self.deadline is not None and moment >= self.deadline:
            msg = "out of budget"
            raise OutOfBudget(msg)


@dataclass(frozen=True, slots=True)
class Completed:
    """What a child left: its exit code (negative: the signal that ended it) and its output in bytes."""

    returncode: int
    stdout: bytes
    stderr: bytes
    timed_out: bool = False

    @property
    def last_words(self) -> str:
        """The last non-empty line of standard error, for a message to a person."""
        lines = [line for line in self.stderr.decode("utf-8", "replace").splitlines() if line.strip()]
        return lines[-1].strip() if lines else ""


def run(
    argv: Sequence[str],
    *,
    cwd: Path,
    stop: Stop,
    env: Mapping[str, str] | None = None,
    stdin: bytes = b"",
    timeout_s: float = 600.0,
    nice: bool = True,
) -> Completed:
    """Run a child to its end and return what it left; a non-zero exit is a result, not an error.

    `env` replaces the environment as a whole (None: inherited). Output is spooled to unlinked
    files, so that its size does not matter to memory until it is read.

    Raises:
        FileNotFoundError, PermissionError: the program cannot be started.
        Stopped, OutOfBudget: as `Stop.check`; the child's whole group is dead by then.
    """
    with tempfile.TemporaryFile() as inp, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        inp.write(stdin)
        inp.seek(0)
        child: subprocess.Popen[bytes] | None = None
        try:
            with stop.shield():  # a child that nobody knows of could not be ended
                child = subprocess.Popen(
                    list(argv), cwd=cwd, env=env, stdin=inp, stdout=out, stderr=err, process_group=0
                )
                stop.children.add(child.pid)
            if nice:
                with contextlib.suppress(OSError):
                    os.setpriority(os.PRIO_PGRP, child.pid, _NICENESS)
            timed_out = _wait(child, stop, timeout_s)
        finally:
            if child is not None:
                _kill_group(child)
                stop.children.discard(child.pid)
        out.seek(0)
        err.seek(0)
        return Completed(child.returncode, out.read(), err.read(), timed_out)


def _wait(child: subprocess.Popen[bytes], stop: Stop, timeout_s: float) -> bool:
    """Wait for the child's end, looking at the stop now and then; tell whether it ran out of time."""
    until = time.monotonic() + timeout_s
    handle = os.pidfd_open(child.pid) if hasattr(os, "pidfd_open") else None
    try:
        while True:
            if handle is not None:
                select.select([handle], [], [], _POLL_S)
            if child.poll() is not None:
                return False
            stop.check()
            if time.monotonic() >= until:
                return True
            if handle is None:
                time.sleep(_POLL_S / 4)
    finally:
        if handle is not None:
            os.close(handle)


def _kill_group(child: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()
