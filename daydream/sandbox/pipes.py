"""A child process as a transport: its standard input and output, each read and write with a deadline."""

import os
import select
import subprocess
import time
from collections.abc import Callable

from daydream.sandbox.cgroup import Group
from daydream.sandbox.frames import Lost, ready

_WORDS_MOST = 2000
_CHUNK = 2**18
_END_S = 2.0


class Piped:
    """A started program that speaks frames. Its standard error is kept for the case that it does not start."""

    def __init__(
        self, process: "subprocess.Popen[bytes]", group: Group | None, check: Callable[[], None]
    ) -> None:
        if process.stdin is None or process.stdout is None or process.stderr is None:
            raise Lost("it was started without pipes")
        self.process = process
        self.group = group
        self.check = check
        self.into = process.stdin.fileno()
        self.outof = process.stdout.fileno()
        self.errors = process.stderr.fileno()
        self.said = bytearray()
        for each in (self.into, self.outof, self.errors):
            os.set_blocking(each, False)

    def send(self, data: bytes, deadline: float) -> None:
        view = memoryview(data)
        while view:
            try:
                view = view[os.write(self.into, view) :]
            except BlockingIOError:
                ready(self.into, deadline, self.check, writing=True)
            except OSError:
                raise Lost("it has gone") from None

    def receive(self, size: int, deadline: float) -> bytes:
        while len(self.said) < size:
            ready(self.outof, deadline, self.check)
            part = os.read(self.outof, _CHUNK)
            if not part:
                raise Lost("it has gone")
            self.said += part
        got = bytes(self.said[:size])
        del self.said[:size]
        return got

    def oom_kills(self) -> int | None:
        return self.group.kills() if self.group else None

    def last_words(self) -> str:
        try:
            words = os.read(self.errors, _WORDS_MOST)
        except OSError:
            return ""
        return " ".join(words.decode("utf-8", "replace").split())

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self._drained()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()
        if self.group:
            self.group.remove()

    def _drained(self) -> None:
        """Wait until whoever was inside has let go of the line: what our kill set off goes on for a moment."""
        deadline = time.monotonic() + _END_S
        while select.select([self.outof], [], [], max(deadline - time.monotonic(), 0.0))[0]:
            if not os.read(self.outof, _CHUNK):
                return
