"""What host and process 1 tell one another, as bytes. Standard library only; the host imports it too."""

from __future__ import annotations

import struct
from typing import Any

LENGTH = struct.Struct(">I")
REQUEST = struct.Struct(">I?ddQII")
"""Sequence number, whether tests are run, seconds to load and to call, bytes of answer, and how long the job and its inputs
are, which follow."""
_FACTS = struct.Struct(">IB?QqqqqqqqI")
REPLY = _FACTS.size
"""How long the head of a reply is; `size` bytes of the child's follow."""
_FIELDS = (
    "seq", "timed_out", "breach", "size", "load_cpu_ns", "call_cpu_ns", "call_wall_ns", "wall_ns", "status", "cpu_ns",
    "peak_kib", "survivors",
)  # fmt: skip
_UNKNOWN = -1
_PHASES = (None, "loading", "calling")
_MAYBE = frozenset(("load_cpu_ns", "call_cpu_ns", "call_wall_ns"))


def packed(facts: dict[str, Any]) -> bytes:
    """The head of a reply; what is missing of the times was not measured."""
    told = {"timed_out": 0, "breach": False, "size": 0, **facts}
    told["timed_out"] = _PHASES.index(facts.get("timed_out"))
    return _FACTS.pack(*(told.get(name, _UNKNOWN) for name in _FIELDS))


def unpacked(data: bytes) -> dict[str, Any]:
    """The facts in the head of a reply.

    Raises:
        ValueError: it is none.
    """
    try:
        told = dict(zip(_FIELDS, _FACTS.unpack(data), strict=True))
        told["timed_out"] = _PHASES[told["timed_out"]]
    except (struct.error, IndexError):
        msg = "a head of a reply of another shape"
        raise ValueError(msg) from None
    return {name: value for name, value in told.items() if name not in _MAYBE or value != _UNKNOWN}
