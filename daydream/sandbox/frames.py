"""The host's end of the line to process 1: frames with a length, a sequence number, and a deadline for each."""

import json
import select
import socket
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from daydream.contracts.sandbox import Limits
from daydream.sandbox.guest.wire import LENGTH, REPLY, REQUEST, unpacked

HEAD_MOST = 2**16
_POLL_S = 0.1


class Lost(Exception):
    """The sandbox no longer answers as it should."""


class Transport(Protocol):
    """A started sandbox as bytes in and bytes out. `deadline` is a monotonic instant; past it, or at the end of the
    stream, `Lost` is raised."""

    def send(self, data: bytes, deadline: float) -> None: ...

    def receive(self, size: int, deadline: float) -> bytes: ...

    def oom_kills(self) -> int | None:
        """How many processes inside were ended for want of memory; None where nobody counts."""
        ...

    def last_words(self) -> str:
        """What the sandbox said before it died, for a message to a person."""
        ...

    def close(self) -> None: ...


def ready(
    line: int | socket.socket, deadline: float, check: Callable[[], None], *, writing: bool = False
) -> None:
    """Wait until a line can be read or written, looking now and then whether to stop.

    Raises:
        Lost: it cannot by the deadline.
    """
    asked = ([], [line]) if writing else ([line], [])
    while not any(select.select(*asked, [], max(min(deadline - time.monotonic(), _POLL_S), 0.0))):
        if time.monotonic() >= deadline:
            raise Lost("it does not listen" if writing else "it does not answer in time")
        check()


def greet(line: Transport, deadline: float, config: Mapping[str, Any]) -> dict[str, Any]:
    """Tell a started process 1 what it is to be, and hear that it stands.

    Raises:
        Lost: it does not say so.
    """
    text = json.dumps(config).encode()
    line.send(LENGTH.pack(len(text)) + text, deadline)
    (size,) = LENGTH.unpack(line.receive(LENGTH.size, deadline))
    if size > HEAD_MOST:
        raise Lost("a greeting that is too long")
    try:
        hello = json.loads(line.receive(size, deadline))
    except (ValueError, RecursionError):
        raise Lost("a greeting that is not JSON") from None
    if type(hello) is not dict:
        raise Lost("a greeting of another shape")
    return hello


def send(
    line: Transport,
    deadline: float,
    sequence: int,
    limits: Limits,
    parts: tuple[bytes, bytes],
    *,
    tests: bool = False,
) -> None:
    """Send one request: what process 1 has to know, and the job and its inputs, which it only passes on. `tests` are
    allowed to ask for what they do not get."""
    job, inputs = parts
    sizes = len(job), len(inputs)
    head = REQUEST.pack(sequence, tests, limits.load_s, limits.wall_s, limits.output_bytes, *sizes)
    line.send(b"".join((head, job, inputs)), deadline)


def receive(line: Transport, deadline: float, sequence: int, most: int) -> tuple[dict[str, Any], bytes]:
    """Receive one reply: the facts of process 1, and the child's bytes, unread.

    Raises:
        Lost: it is late, malformed or another one's.
    """
    try:
        facts = unpacked(line.receive(REPLY, deadline))
    except ValueError as error:
        raise Lost(str(error)) from None
    if facts["size"] > most:
        raise Lost("a reply that is too long")
    blob = line.receive(facts["size"], deadline)
    if facts["seq"] != sequence:
        raise Lost("a reply to another question")
    return facts, blob


def only_frame(blob: bytes) -> bytes | None:
    """The content of a child's answer if that is exactly one frame."""
    if len(blob) < LENGTH.size:
        return None
    (size,) = LENGTH.unpack(blob[: LENGTH.size])
    return blob[LENGTH.size :] if size == len(blob) - LENGTH.size else None
