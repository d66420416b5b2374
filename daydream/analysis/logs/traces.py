"""Tracebacks out of the lines of a record: Python's with causes and groups, and stacks of `at` lines."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

TRACEBACK = "Traceback (most recent call last):"
GROUP = "+ Exception Group Traceback (most recent call last):"
CHAINED = (
    "The above exception was the direct cause of the following exception:",
    "During handling of the above exception, another exception occurred:",
)
_MOST_CAUSES = 8
_MOST_LEAVES = 5
_TOP = 2
# Of a longer line nothing beyond is looked at: what names an exception or a place is short.
_LONGEST = 2_000

_SIDE = re.compile(r"( *)([|+])(?: |(?=-)|\Z)")
_LEAF = re.compile(r"(?:-\+)?-{4,} (?:\d+|\.\.\.) -{4,}\Z")
_CLOSED = re.compile(r"-{20,}\Z")
_FRAME = re.compile(r'\s*File "([^"]{1,1000})", line (\d{1,9})(?:, in (.{1,200}))?')
_RAISED = re.compile(r"((?:[A-Za-z_]\w*\.)*[A-Za-z_]\w*)(?::\s?(.*))?\Z")
_AT = re.compile(r"\s+at (?:(?:async )?(.{1,200}?) ?\()?([^()\s]{1,500}?):(\d{1,9})(?::\d{1,9})?\)?\s*\Z")
_THROWN = re.compile(
    r"(?:Exception in thread \"[^\"]*\" |Uncaught )?((?:[A-Za-z_$][\w$]*\.)*[A-Z][\w$]*)(?:: (.*))?\Z"
)
_THROWN_WITHIN = re.compile(r"((?:[A-Za-z_$][\w$]*\.)*[A-Z][\w$]*(?:Exception|Error))(?:: (.*))?\Z")


@dataclass(frozen=True, slots=True)
class Frame:
    """One line of a traceback: a path as the log has it, a line number, a function."""

    path: str
    line: int
    function: str


@dataclass(frozen=True, slots=True)
class Trace:
    """A traceback: the exception's name, its message, its frames, outermost first.

    `causes` are the exceptions that led to it, the nearest first; `leaves` those in a group, at most five.
    """

    kind: str
    message: str
    frames: tuple[Frame, ...]
    causes: tuple["Trace", ...] = ()
    leaves: tuple["Trace", ...] = ()


class HasLines(Protocol):
    """A record: its text and the lines behind it."""

    text: str
    more: list[str]


def trace_of(record: HasLines) -> Trace | None:
    """Return the last traceback in a record, that is the exception raised last with its causes; None where
    there is none, or none that ends."""
    lines = [line[:_LONGEST] for line in record.more]
    _, begun, _ = record.text.partition(TRACEBACK)
    if begun:
        lines = [GROUP if record.text.lstrip().startswith(GROUP) else TRACEBACK, *lines]
    if any(TRACEBACK in line for line in lines):
        found = _Chain().read(lines)
        if found is not None:
            return found
    return _stack(record.text[:_LONGEST], lines) if any(_AT.match(line) for line in lines) else None


class _Chain:
    """Reads lines one by one: where an exception is complete it joins those of its depth."""

    def __init__(self) -> None:
        self._frames: list[Frame] | None = None
        self._last: Trace | None = None
        self._linked = False
        self._indent = 0

    def read(self, lines: Sequence[str]) -> Trace | None:
        """Return the last exception of the last chain at the top."""
        for line in lines:
            side = _SIDE.match(line)
            self._line(line[side.end() :] if side else line, len(side[1]) if side else 0)
        return self._last

    def _line(self, text: str, depth: int) -> None:
        if TRACEBACK in text:
            self._frames, self._indent = [], len(text) - len(text.lstrip())
        elif _LEAF.match(text):
            self._frames, self._indent = [], 0
        elif _CLOSED.match(text):
            self._frames = None
        elif text.strip() in CHAINED:
            self._link(depth)
        elif self._frames is not None:
            self._within(text[self._indent :], depth)

    def _link(self, depth: int) -> None:
        if depth <= _TOP:
            self._linked = True
        elif self._last is not None:
            # What came before was but the cause of the leaf that follows.
            self._last = replace(self._last, leaves=self._last.leaves[:-1])

    def _within(self, text: str, depth: int) -> None:
        frame = _FRAME.match(text)
        if frame is not None and self._frames is not None:
            self._frames.append(Frame(frame[1], int(frame[2]), frame[3] or "<module>"))
            return
        raised = _RAISED.match(text)
        if raised is None or not (self._frames or depth > _TOP):
            return
        trace = Trace(raised[1], raised[2] or "", tuple(self._frames or ()))
        self._frames = None
        if depth > _TOP:
            self._add_leaf(trace)
        else:
            self._add(trace)

    def _add(self, trace: Trace) -> None:
        if self._linked and self._last is not None:
            causes = (replace(self._last, causes=()), *self._last.causes)
            trace = replace(trace, causes=causes[:_MOST_CAUSES])
        self._last, self._linked = trace, False

    def _add_leaf(self, trace: Trace) -> None:
        if self._last is not None and len(self._last.leaves) < _MOST_LEAVES and not _is_group(trace):
            self._last = replace(self._last, leaves=(*self._last.leaves, trace))


def _is_group(trace: Trace) -> bool:
    return trace.message.endswith(("sub-exception)", "sub-exceptions)"))


def _stack(text: str, lines: Sequence[str]) -> Trace | None:
    """Read a stack of `at` lines, as Java and JavaScript write it: innermost first, causes behind."""
    found: list[Trace] = []
    said: re.Match[str] | None = _THROWN.match(text) or _THROWN_WITHIN.search(text)
    frames: list[Frame] = []
    for line in (*lines, ""):
        at = _AT.match(line)
        if at is not None:
            frames.append(Frame(at[2], int(at[3]), at[1] or "<module>"))
            continue
        if line.lstrip().startswith("... "):
            continue
        if said is not None and frames:
            found.append(Trace(said[1], said[2] or "", tuple(reversed(frames))))
        if frames or said is None or _THROWN.match(line):
            said = _THROWN.match(line.removeprefix("Caused by: "))
        frames = []
    if not found:
        return None
    return replace(found[0], causes=tuple(found[1 : 1 + _MOST_CAUSES]))
