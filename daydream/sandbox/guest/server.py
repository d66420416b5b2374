"""Process 1 of a sandbox: forks a child for each call, keeps the time, and passes on what it must not read.

It holds nothing worth finding. A child is forked before its job is heard of; the job, its inputs and the answer go through one
buffer that no child inherits and that is wiped after each call.
"""

from __future__ import annotations

import _socket
import gc
import importlib
import json
import mmap
import os
import select
import signal
import sys
import time
from typing import Any

from . import calls, child, seccomp
from .caught import Caught
from .wire import LENGTH, REQUEST, packed

_GRACE_MS = 500
_HEAD_MOST = 2**20
_CHUNK = 2**16
_REHEARSALS = 20
"""After so many calls the interpreter has adapted the guest's own code, or each child would begin to do so, page by page."""


class _Gone(Exception):
    """The host has closed its end."""


class Server:
    """The loop of process 1 over two file descriptors: requests come in, facts and answers go out."""

    def __init__(self, source: int, sink: int) -> None:
        self.source = source
        self.sink = sink
        self.buffer = memoryview(b"")
        self.filter = seccomp.prepared()
        self.taps = calls.tapped()

    def start(self) -> None:
        """Read the configuration, prepare what every child inherits, and say so."""
        (size,) = LENGTH.unpack(self.exactly(LENGTH.size))
        if size > _HEAD_MOST:
            raise _Gone
        config = json.loads(self.exactly(size))
        held = mmap.mmap(-1, config["buffer"], flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        held.madvise(mmap.MADV_DONTFORK)
        self.buffer = memoryview(held)
        # Before the installed packages can be found: this process keeps the facts, and nothing of others may run in it.
        missing = [name for name in config["preload"] if not _imported(name)]
        sys.path[:0] = config["paths"]
        for _ in range(_REHEARSALS):
            _rehearse(self.taps)
        gc.collect()
        gc.freeze()
        version = list(sys.version_info[:3])
        text = json.dumps({"python": version, "missing": missing, "machine": os.uname().machine}).encode()
        self.send(LENGTH.pack(len(text)) + text, 0)

    def serve(self) -> None:
        """Answer requests, one at a time, for as long as the host lives. The child of the next one is there before it, but for
        the first: until it asks for something, the host has not put this process where memory is bounded."""
        trial = None
        while True:
            seq, tests, load_s, wall_s, most, job, inputs = REQUEST.unpack(self.exactly(REQUEST.size))
            if job + inputs > len(self.buffer):
                raise _Gone
            if trial is not None and tests:
                trial.drop()
            if trial is None or tests:
                trial = _Trial(self, seccomp.prepared(tests=True) if tests else self.filter)
            self.fill(job + inputs)
            facts = trial.run((load_s, wall_s), most, (job, inputs))
            facts["seq"] = seq
            self.send(packed(facts), facts["size"])
            self.wipe(max(job + inputs, facts["size"]))
            trial = _Trial(self, self.filter)

    def exactly(self, size: int) -> bytes:
        data = os.read(self.source, size)
        while len(data) < size:
            part = os.read(self.source, size - len(data))
            if not (data and part):
                raise _Gone
            data += part
        return data

    def fill(self, size: int) -> None:
        """What is only passed on goes into the buffer and nowhere else."""
        got = 0
        while got < size:
            more = os.readv(self.source, [self.buffer[got:size]])
            if not more:
                raise _Gone
            got += more

    def send(self, head: bytes, size: int) -> None:
        parts = [memoryview(head), self.buffer[:size]]
        while parts:
            sent = os.writev(self.sink, parts)
            while parts and sent >= len(parts[0]):
                sent -= len(parts.pop(0))
            if parts:
                parts[0] = parts[0][sent:]

    def wipe(self, size: int) -> None:
        self.buffer[:size] = bytes(size)


class _Trial:
    """One child from fork to reaping. Marks of the child: L it has loaded, R its inputs are built, D the calls are
    done (after R and D it waits while the clock is read), F no further than here; what follows D or F is the answer, unread."""

    def __init__(self, server: Server, code: bytes) -> None:
        self.server = server
        self.facts: dict[str, Any] = {"size": 0}
        self.until = 0.0
        ours, theirs = _socket.socketpair()
        self.pid = os.fork()
        if self.pid == 0:
            child.main(theirs.fileno(), code, server.taps)
        theirs.close()
        ours.setblocking(False)
        self.line = ours.detach()
        self.poll = select.poll()

    def drop(self) -> None:
        """End a child that was never asked anything."""
        os.close(self.line)
        self.reap()

    def run(self, seconds: tuple[float, float], most: int, sizes: tuple[int, int]) -> dict[str, Any]:
        """Give the child its job and its inputs, and tell what came of it."""
        began = time.monotonic()
        self.until = began + seconds[0]
        try:
            self.converse(seconds[1], sizes)
            if "breach" not in self.facts:
                self.collect(most + LENGTH.size + 1)
                self.settle()
        except TimeoutError:
            self.facts["timed_out"] = "calling" if "load_cpu_ns" in self.facts else "loading"
        except OSError:
            self.settle()
        self.facts["wall_ns"] = int((time.monotonic() - began) * 1e9)
        os.close(self.line)
        self.reap()
        return self.facts

    def converse(self, wall_s: float, sizes: tuple[int, int]) -> None:
        """Take the child through its marks; whatever does not keep to them is a breach."""
        clock = (
            ~self.pid << 3
        ) | 2  # the kernel's own clock of its processor time; linux/posix-timers_types.h
        facts, job, end = self.facts, sizes[0], sizes[0] + sizes[1]
        self.pass_on(LENGTH.pack(job), 0, job)
        if not self.mark(b"L"):
            return
        facts["load_cpu_ns"] = time.clock_gettime_ns(clock)
        self.until = time.monotonic() + wall_s
        self.pass_on(LENGTH.pack(end - job), job, end)
        if not self.mark(b"R"):
            return
        cpu, wall = time.clock_gettime_ns(clock), time.monotonic_ns()
        self.say(b"G")
        if self.mark(b"D"):
            facts["call_cpu_ns"] = time.clock_gettime_ns(clock) - cpu
            facts["call_wall_ns"] = time.monotonic_ns() - wall
            self.say(b"G")

    def wait(self, event: int) -> None:
        """Until the line can be read or written; past the deadline it is a TimeoutError."""
        left = self.until - time.monotonic()
        self.poll.register(self.line, event)
        if left <= 0 or not self.poll.poll(left * 1000):
            raise TimeoutError

    def mark(self, expected: bytes) -> bool:
        self.wait(select.POLLIN)
        said = os.read(self.line, 1)
        if said == expected:
            return True
        if said not in {b"F", b""}:
            self.facts["breach"] = True
        return False

    def say(self, data: bytes | memoryview) -> None:
        while data:
            try:
                data = data[os.write(self.line, data) :]
            except BlockingIOError:
                self.wait(select.POLLOUT)

    def pass_on(self, length: bytes, start: int, end: int) -> None:
        """One frame out of the buffer."""
        sent = os.writev(self.line, [length, self.server.buffer[start:end]]) - len(length)
        if sent < end - start:
            self.say(self.server.buffer[start + sent : end])

    def collect(self, most: int) -> None:
        """Everything up to the end, or one byte more than is allowed."""
        size = 0
        while size < most:
            self.wait(select.POLLIN)
            more = os.readv(self.line, [self.server.buffer[size : min(size + _CHUNK, most)]])
            if not more:
                break
            size += more
            self.facts["size"] = size

    def settle(self) -> None:
        """Give a child that has closed its line a moment to end by itself."""
        handle = os.pidfd_open(self.pid)
        ending = select.poll()
        ending.register(handle, select.POLLIN)
        ending.poll(min(max((self.until - time.monotonic()) * 1000, 0), _GRACE_MS))
        os.close(handle)

    def reap(self) -> None:
        """End whatever is left, and tell how the child ended. Where nobody is left to be killed, nobody survived it."""
        os.kill(self.pid, signal.SIGKILL)
        _, status, usage = os.wait4(self.pid, 0)
        self.facts["status"] = status
        self.facts["cpu_ns"] = int((usage.ru_utime + usage.ru_stime) * 1e9)
        self.facts["peak_kib"] = usage.ru_maxrss
        self.facts["survivors"] = _survivors() if os.getpid() == 1 else 0


def _survivors() -> int:
    """Kill all but this process, and count them: only for process 1, to whom all is what a child left."""
    try:
        os.kill(-1, signal.SIGKILL)
    except ProcessLookupError:
        return 0
    count = 0
    with Caught():  # ends with ChildProcessError: nobody is left
        while True:
            os.waitpid(-1, 0)
            count += 1
    return count


class _Mirror:
    """A line to nobody."""

    def __init__(self, taps: tuple[calls.Tap, calls.Tap]) -> None:
        self.taps = taps

    def inputs(self) -> Any:
        return json.loads('[[[1,["list",[2]]],[["b","c"]]]]')

    def pause(self, letter: bytes) -> None:
        """Nobody reads the clock."""


def _rehearse(taps: tuple[calls.Tap, calls.Tap]) -> None:
    """Call a function of ours as children will call those of others."""
    name = "_rehearsed"
    unit = {"module": name, "qualname": "f", "path": None, "variant": "def f(*a, **b):\n    return [a, b]\n"}
    json.dumps(calls.run(_Mirror(taps), {"unit": unit, "answers": True}))
    del sys.modules[name]


def _imported(name: str) -> bool:
    with Caught() as caught:
        importlib.import_module(name)
    return caught.error is None


def main() -> None:
    """Serve until the host is gone."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    seccomp.undumpable()
    server = Server(os.dup(0), os.dup(1))
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    try:
        server.start()
        os.dup2(nothing, 2)
        server.serve()
    except (_Gone, BrokenPipeError):
        os._exit(0)
