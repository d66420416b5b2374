"""Process 1 of a sandbox: forks a child for each call, keeps the time, and passes on what it must not read.

It holds nothing worth finding. Inputs and answers go through one buffer that is wiped after each call, so that the memory
which the next child inherits knows nothing of the one before; inputs arrive only after the fork.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import select
import signal
import socket
import struct
import sys
import time
from collections.abc import Callable
from typing import Any

from . import child, seccomp
from .caught import Caught

_LENGTH = struct.Struct(">I")
_GRACE_S = 0.5
_HEAD_MOST = 2**20
_CHUNK = 2**16


class _Gone(Exception):
    """The host has closed its end."""


class Server:
    """The loop of process 1 over two file descriptors: requests come in, facts and answers go out."""

    def __init__(self, source: int, sink: int) -> None:
        self.source = source
        self.sink = sink
        self.buffer = memoryview(bytearray(0))
        self.filter = seccomp.prepared()

    def start(self) -> None:
        """Read the configuration, prepare what every child inherits, and say so."""
        config = self.head()
        self.buffer = memoryview(bytearray(config["buffer"]))
        sys.path[:0] = config["paths"]
        missing = [name for name in config["preload"] if not _imported(name)]
        gc.collect()
        gc.freeze()
        version = list(sys.version_info[:3])
        self.reply({"seq": 0, "python": version, "missing": missing, "machine": os.uname().machine}, 0)

    def serve(self) -> None:
        """Answer requests, one at a time, for as long as the host lives."""
        while True:
            head = self.head()
            facts = _Trial(self, head).run()
            self.reply({**facts, "seq": head["seq"]}, facts["size"])

    def head(self) -> Any:
        """One short frame, which is ours."""
        (size,) = _LENGTH.unpack(self.exactly(_LENGTH.size))
        if size > _HEAD_MOST:
            raise _Gone
        return json.loads(self.exactly(size))

    def exactly(self, size: int) -> bytes:
        parts = bytearray()
        while len(parts) < size:
            part = os.read(self.source, size - len(parts))
            if not part:
                raise _Gone
            parts += part
        return bytes(parts)

    def payload(self) -> memoryview:
        """One frame that is only passed on: into the buffer, and nowhere else."""
        (size,) = _LENGTH.unpack(self.exactly(_LENGTH.size))
        if size > len(self.buffer):
            raise _Gone
        got = 0
        while got < size:
            more = os.readv(self.source, [self.buffer[got:size]])
            if not more:
                raise _Gone
            got += more
        return self.buffer[:size]

    def reply(self, head: dict[str, Any], size: int) -> None:
        text = json.dumps(head).encode()
        parts = [memoryview(_LENGTH.pack(len(text)) + text + _LENGTH.pack(size)), self.buffer[:size]]
        while parts:
            sent = os.writev(self.sink, parts)
            while parts and sent >= len(parts[0]):
                sent -= len(parts.pop(0))
            if parts:
                parts[0] = parts[0][sent:]
        self.wipe(0, size)

    def wipe(self, start: int, end: int) -> None:
        if end > start:
            self.buffer[start:end] = bytes(end - start)


class _Trial:
    """One child from fork to reaping. Marks of the child: L it has loaded, R its inputs are built, D the calls are
    done (after R and D it waits while the clock is read), F no further than here; what follows D or F is the answer, unread."""

    def __init__(self, server: Server, head: dict[str, Any]) -> None:
        self.server = server
        self.job = head
        self.facts: dict[str, Any] = {"timed_out": None, "breach": False, "size": 0}
        self.began = time.monotonic()
        self.until = self.began + head["limits"]["load_s"]

    def run(self) -> dict[str, Any]:
        ours, theirs = socket.socketpair()
        pid = os.fork()
        if pid == 0:
            child.main(theirs.fileno(), self.job, self.server.filter)
        theirs.close()
        sent = self.server.payload()
        size = len(sent)
        with ours:
            self.converse(ours, pid, sent)
            self.server.wipe(self.facts["size"], size)
        return {**self.facts, **self.reap(pid)}

    def converse(self, line: socket.socket, pid: int, sent: memoryview) -> None:
        """Take the child through its marks; whatever does not keep to them is a breach."""
        clock = _clock_of(pid)
        try:
            if self.mark(line, b"L"):
                self.facts["load_cpu_ns"] = clock()
                self.until = time.monotonic() + self.job["limits"]["wall_s"]
                self.send(line, _LENGTH.pack(len(sent)))
                self.send(line, sent)
                if self.mark(line, b"R"):
                    cpu, wall = clock(), time.monotonic_ns()
                    self.send(line, b"G")
                    if self.mark(line, b"D"):
                        self.facts["call_cpu_ns"] = clock() - cpu
                        self.facts["call_wall_ns"] = time.monotonic_ns() - wall
                        self.send(line, b"G")
            if not self.facts["breach"]:
                self.collect(line)
                self.settle(pid)
        except TimeoutError:
            self.facts["timed_out"] = "calling" if "load_cpu_ns" in self.facts else "loading"
        except OSError:
            self.settle(pid)
        self.facts["wall_ns"] = int((time.monotonic() - self.began) * 1e9)

    def wait(self, line: socket.socket) -> None:
        left = self.until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        line.settimeout(left)

    def mark(self, line: socket.socket, expected: bytes) -> bool:
        self.wait(line)
        said = line.recv(1)
        self.facts["breach"] |= said not in {expected, b"F", b""}
        return said == expected

    def send(self, line: socket.socket, data: bytes | memoryview) -> None:
        self.wait(line)
        line.sendall(data)

    def collect(self, line: socket.socket) -> None:
        """Everything up to the end, or one byte more than is allowed."""
        most = self.job["limits"]["output_bytes"] + _LENGTH.size + 1
        size = 0
        while size < most:
            self.wait(line)
            more = line.recv_into(self.server.buffer[size:most], min(_CHUNK, most - size))
            if not more:
                break
            size += more
            self.facts["size"] = size

    def settle(self, pid: int) -> None:
        """Give a child that has closed its line a moment to end by itself."""
        handle = os.pidfd_open(pid)
        try:
            left = min(max(self.until - time.monotonic(), 0.0), _GRACE_S)
            select.select([handle], [], [], left)
        finally:
            os.close(handle)

    def reap(self, pid: int) -> dict[str, Any]:
        """End whatever is left, and tell how the child ended."""
        _kill_all(pid)
        _, status, usage = os.wait4(pid, 0)
        survivors = 0
        with Caught():  # ends with ChildProcessError: nobody is left
            while True:
                os.waitpid(-1, 0)
                survivors += 1
        return {
            "status": status,
            "cpu_ns": int((usage.ru_utime + usage.ru_stime) * 1e9),
            "peak_kib": usage.ru_maxrss,
            "survivors": survivors,
        }


def _clock_of(pid: int) -> Callable[[], int]:
    """The kernel's own clock of a process's processor time, in nanoseconds. Source: linux/posix-timers_types.h."""
    number = (~pid << 3) | 2
    return lambda: time.clock_gettime_ns(number)


def _kill_all(child: int) -> None:
    """End whatever else is inside; where nothing is around us, the child alone."""
    try:
        os.kill(-1 if os.getpid() == 1 else child, signal.SIGKILL)
    except ProcessLookupError:
        return


def _imported(name: str) -> bool:
    with Caught() as caught:
        importlib.import_module(name)
    return caught.error is None


def main(kind: type[Server] = Server) -> None:
    """Serve until the host is gone."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    seccomp.undumpable()
    server = kind(os.dup(0), os.dup(1))
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    try:
        server.start()
        os.dup2(nothing, 2)
        server.serve()
    except (_Gone, BrokenPipeError):
        os._exit(0)
