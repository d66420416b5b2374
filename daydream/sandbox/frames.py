"""The host's end of the line to process 1: frames with a length, a sequence number, and a deadline for each."""

import json
import select
import socket
import struct
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

_LENGTH = struct.Struct(">I")
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


def send(line: Transport, deadline: float, head: Mapping[str, Any], payload: bytes | None = None) -> None:
    """Send one request: its head, and what process 1 only passes on."""
    text = json.dumps(head).encode()
    parts = _LENGTH.pack(len(text)) + text
    if payload is not None:
        parts += _LENGTH.pack(len(payload)) + payload
    line.send(parts, deadline)


def receive(line: Transport, deadline: float, sequence: int, most: int) -> tuple[dict[str, Any], bytes]:
    """Receive one reply: the facts of process 1, and the child's bytes, unread.

    Raises:
        Lost: it is late, malformed or another one's.
    """
    (size,) = _LENGTH.unpack(line.receive(_LENGTH.size, deadline))
    if size > HEAD_MOST:
        raise Lost("a head of the reply that is too long")
    try:
        facts = json.loads(line.receive(size, deadline))
    except (ValueError, RecursionError):
        raise Lost("a head of the reply that is not JSON") from None
    (size,) = _LENGTH.unpack(line.receive(_LENGTH.size, deadline))
    if size > most:
        raise Lost("a reply that is too long")
    blob = line.receive(size, deadline)
    if type(facts) is not dict or facts.get("seq") != sequence:
        raise Lost("a reply to another question")
    return facts, blob


def only_frame(blob: bytes) -> bytes | None:
    """The content of a child's answer if that is exactly one frame."""
    if len(blob) < _LENGTH.size:
        return None
    (size,) = _LENGTH.unpack(blob[: _LENGTH.size])
    return blob[_LENGTH.size :] if size == len(blob) - _LENGTH.size else None
