"""One child: gives up what it does not need, then loads, calls and answers. From the first line of `main` on it may lie."""

from __future__ import annotations

import json
import os
import resource
import socket
import struct
import sys
from typing import Any, NoReturn

from . import calls, harvest, loader, seccomp
from .caught import Caught
from .grammar import EncodingError

_LINE = 3
_ASIDE = 100
_LENGTH = struct.Struct(">I")
_FILE_BYTES = 2**20
_FILES = 64


class Line:
    """The child's one way out: a mark at a time, then one frame."""

    def __init__(self, descriptor: int) -> None:
        self.socket = socket.socket(fileno=descriptor)
        self.answering = False

    def mark(self, letter: bytes) -> None:
        self.socket.sendall(letter)

    def exactly(self, size: int) -> bytes:
        parts = bytearray()
        while len(parts) < size:
            part = self.socket.recv(size - len(parts))
            if not part:
                os._exit(1)
            parts += part
        return bytes(parts)

    def inputs(self) -> Any:
        """Say that everything is loaded, and hear what it is called with."""
        self.mark(b"L")
        (size,) = _LENGTH.unpack(self.exactly(_LENGTH.size))
        return json.loads(self.exactly(size))

    def pause(self, letter: bytes) -> None:
        """Mark a place and wait until the clock was read."""
        self.mark(letter)
        self.exactly(1)
        self.answering = letter == b"D"

    def answer(self, answer: dict[str, Any]) -> None:
        text = json.dumps(answer, ensure_ascii=True, separators=(",", ":")).encode("ascii")
        if not self.answering:
            self.mark(b"F")
        self.socket.sendall(_LENGTH.pack(len(text)))
        self.socket.sendall(text)


def main(descriptor: int, job: dict[str, Any], code: bytes) -> NoReturn:
    """Do one job and end, whatever comes of it."""
    with Caught():
        _detach(descriptor)
        line = Line(_LINE)
        _limit(job["limits"])
        _expendable()
        sys.path[:0] = job["paths"]
        seccomp.confine(code)
        line.answer(_done(line, job))
    os._exit(0)


def _done(line: Line, job: dict[str, Any]) -> dict[str, Any]:
    """The answer of a job, or why there is none."""
    with Caught() as caught:
        return {"call": calls.run, "harvest": harvest.run}[job["op"]](line, job)
    error = caught.error
    if isinstance(error, loader.Refused):
        return {"failure": [error.reason, error.detail]}
    if isinstance(error, EncodingError):
        return {"failure": ["too large", f"the answer cannot be sent: {error}"]}
    if isinstance(error, MemoryError):
        return {"failure": ["memory", "the memory ran out"]}
    return {"failure": ["no answer", f"{type(error).__name__} outside the call"[:500]]}


def _detach(descriptor: int) -> None:
    """Nothing stays open but the line."""
    os.dup2(descriptor, _ASIDE)
    os.closerange(_LINE, _ASIDE)
    os.dup2(_ASIDE, _LINE)
    os.closerange(_LINE + 1, 2**16)


def _limit(limits: dict[str, Any]) -> None:
    seconds = max(1, int(-(-limits["cpu_s"] // 1)))
    wanted = {
        resource.RLIMIT_AS: (limits["memory_bytes"], limits["memory_bytes"]),
        resource.RLIMIT_CPU: (seconds, seconds + 1),
        resource.RLIMIT_FSIZE: (limits["scratch_bytes"] or _FILE_BYTES,) * 2,
        resource.RLIMIT_NOFILE: (_FILES, _FILES),
        resource.RLIMIT_CORE: (0, 0),
        resource.RLIMIT_MEMLOCK: (0, 0),
        resource.RLIMIT_MSGQUEUE: (0, 0),
    }
    if limits["processes"]:
        wanted[resource.RLIMIT_NPROC] = (limits["processes"], limits["processes"])
    for number, pair in wanted.items():
        resource.setrlimit(number, pair)


def _expendable() -> None:
    """When memory runs out, this process goes first."""
    with Caught():  # only where the kernel lets us say so
        descriptor = os.open("/proc/self/oom_score_adj", os.O_WRONLY)
        os.write(descriptor, b"1000")
        os.close(descriptor)
