"""One child: gives up what it does not need, then loads, calls and answers. From the first line of `main` on it may lie."""

from __future__ import annotations

import importlib
import json
import os
import resource
import sys
from typing import Any, NoReturn

from . import calls, loader, seccomp
from .caught import Caught
from .grammar import EncodingError
from .wire import LENGTH

_LINE = 3
_ASIDE = 100
_FILE_BYTES = 2**20
_FILES = 64


class Line:
    """The child's one way out: a mark at a time, then one frame."""

    def __init__(self, descriptor: int, taps: tuple[calls.Tap, calls.Tap]) -> None:
        self.descriptor = descriptor
        self.taps = taps
        self.answering = False

    def say(self, data: bytes) -> None:
        while data:
            data = data[os.write(self.descriptor, data) :]

    def exactly(self, size: int) -> bytes:
        data = os.read(self.descriptor, size)
        while len(data) < size:
            part = os.read(self.descriptor, size - len(data))
            if not part:
                os._exit(1)
            data += part
        return data

    def frame(self) -> Any:
        (size,) = LENGTH.unpack(self.exactly(LENGTH.size))
        return json.loads(self.exactly(size))

    def inputs(self) -> Any:
        """Say that everything is loaded, and hear what it is called with."""
        self.say(b"L")
        return self.frame()

    def pause(self, letter: bytes) -> None:
        """Mark a place and wait until the clock was read."""
        self.say(letter)
        self.exactly(1)
        self.answering = letter == b"D"

    def answer(self, answer: dict[str, Any]) -> None:
        text = json.dumps(answer, ensure_ascii=True, separators=(",", ":")).encode("ascii")
        mark = b"" if self.answering else b"F"
        self.say(mark + LENGTH.pack(len(text)) + text)


def main(descriptor: int, code: bytes, taps: tuple[calls.Tap, calls.Tap]) -> NoReturn:
    """Wait for one job, do it and end, whatever comes of it. All that is ours is given up before it is heard of."""
    with Caught():
        _detach(descriptor)
        seccomp.confine(code)
        line = Line(_LINE, taps)
        job = line.frame()
        _limit(job["limits"])
        sys.path[:0] = job["paths"]
        line.answer(_done(line, job))
    os._exit(0)


def _done(line: Line, job: dict[str, Any]) -> dict[str, Any]:
    """The answer of a job, or why there is none."""
    with Caught() as caught:
        if job["op"] == "call":
            return calls.run(line, job)
        done: dict[str, Any] = importlib.import_module(".harvest", __package__).run(line, job)
        return done
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
