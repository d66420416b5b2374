"""Which things that can be changed are one and the same: who changes one of them changes the other."""

from __future__ import annotations

import collections
import io
from typing import Any

from .caught import Caught
from .encoding import LAZY, Encoder

MOST = 1_000
"""How many are told of."""
_CHANGEABLE = frozenset(
    (list, dict, set, bytearray, collections.deque, collections.OrderedDict, collections.Counter, collections.defaultdict,
     io.StringIO, io.BytesIO)
)  # fmt: skip
_ARGUMENTS, _VALUE = 0, 1


class Aliases:
    """Knows the things of all calls of a process, by identity; they live as long as it does."""

    def __init__(self) -> None:
        self.met: dict[int, tuple[int, int, int]] = {}
        self.kept: list[Encoder] = []
        self.calls = 0

    def told(self, arguments: Encoder, value: Encoder | None) -> list[list[list[int]]]:
        """[shared, linked] of one call: what is in its value and in its arguments, as pairs of their numbers there; and
        what an earlier call had too, as [part, number, call, part, number], where part 0 is the arguments and 1 the value."""
        shared: list[list[int]] = []
        linked: list[list[int]] = []
        for part, encoder in ((_ARGUMENTS, arguments), (_VALUE, value)):
            if encoder is None:
                continue
            self.kept.append(encoder)
            for number, each in enumerate(encoder.kept):
                if not changeable(each):
                    continue
                call, other, there = self.met.setdefault(id(each), (self.calls, part, number))
                if call < self.calls:
                    linked.append([part, number, call, other, there])
                elif other != part:
                    shared.append([number, there])
        self.calls += 1
        return [shared[:MOST], linked[:MOST]]


def changeable(value: Any) -> bool:
    """Whether somebody who holds it can change it: containers, and objects that do not forbid it."""
    kind = type(value)
    if kind in _CHANGEABLE:
        return True
    with Caught():  # a metaclass may do anything when it is asked
        if kind.__module__ == "numpy":
            return kind.__name__ == "ndarray"
        own: Any = kind.__setattr__
        return own is object.__setattr__ and not issubclass(kind, LAZY)
    return False
