"""Run a command as a child that cannot hang, flood the disk or leave anybody behind.

    python -I -S guard.py BYTES SECONDS PROGRAM [ARGUMENT...]

One line of JSON goes to standard output, then the last BYTES of what the command said. Whatever the
command started is killed when it ends, takes longer than SECONDS, or loses the process that asked for
it; on Linux also what left its process group.
"""

from __future__ import annotations

import json
import os
import resource
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

_POLL_S = 0.2
_DRAIN_S = 0.5
_CHUNK = 65536
_SUBREAPER = 36
_MOST_ROUNDS = 50


def adopt_orphans() -> None:
    """Become the parent of whatever the command's processes leave behind, so that it can be found."""
    try:
        import ctypes

        ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)
    except (ImportError, OSError, AttributeError):
        return


def descendants(of: int) -> list[int]:
    """Every living process below `of`; empty where the system does not list processes in /proc."""
    children: dict[int, list[int]] = {}
    for place in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = place.read_bytes().rpartition(b")")[2].split()
        except OSError:
            continue
        if fields[0] != b"Z":
            children.setdefault(int(fields[1]), []).append(int(place.parent.name))
    found: list[int] = []
    ahead = [of]
    while ahead:
        below = children.get(ahead.pop(), [])
        found += below
        ahead += below
    return found


def kill_all() -> None:
    """Kill every process below this one, until none is left."""
    for _ in range(_MOST_ROUNDS):
        left = descendants(os.getpid())
        if not left:
            break
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except OSError:
                continue
        time.sleep(0.01)
    bury()


def bury() -> None:
    """Take leave of the dead, so that none of them stays in the system's table."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except OSError:
        return


def watch(child: subprocess.Popen[bytes], limit: int, seconds: float) -> tuple[bytes, bool]:
    """Read what the child says to its end; return the last `limit` bytes, and whether it took too long."""
    stream = child.stdout
    parent = os.getppid()
    until = time.monotonic() + seconds
    tail = bytearray()
    ended: float | None = None
    while stream is not None:
        readable, _, _ = select.select([stream], [], [], _POLL_S)
        if readable:
            chunk = os.read(stream.fileno(), _CHUNK)
            if not chunk:
                break
            tail += chunk
            del tail[:-limit]
        moment = time.monotonic()
        if child.poll() is not None:
            # Something it left behind may hold the pipe open for ever.
            ended = moment if ended is None else ended
            if not readable or moment - ended > _DRAIN_S:
                break
        if moment >= until or os.getppid() != parent:
            return bytes(tail), True
    while child.poll() is None:
        if time.monotonic() >= until or os.getppid() != parent:
            return bytes(tail), True
        time.sleep(_POLL_S / 10)
    return bytes(tail), False


def main(argv: list[str]) -> None:
    """Run the command, then say how it ended."""
    limit, seconds, command = int(argv[0]), float(argv[1]), argv[2:]
    adopt_orphans()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    started = time.monotonic()
    tail, late, code, error = b"", False, None, None
    try:
        child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
    except OSError as refused:
        error = refused.strerror or str(refused)
    else:
        tail, late = watch(child, limit, seconds)
        kill_all()
        code = None if late else child.wait()
    said = {"exit": code, "late": late, "error": error, "seconds": round(time.monotonic() - started, 3)}
    sys.stdout.buffer.write(json.dumps(said).encode() + b"\n" + tail)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
