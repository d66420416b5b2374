"""Lines of a log file into records: what belongs together, when it was, how bad it is."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from daydream.analysis.logs.heads import ERROR, FORMATS, INFO, UNKNOWN, Head, read_head, read_level
from daydream.analysis.logs.times import Clock

LONGEST_LINE = 65_536
_MOST_LINES = 400
_ESCAPE = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_TRACEBACK = "Traceback (most recent call last):"
_FRAME = re.compile(r'[\s|+]*File "([^"]{1,1000})", line (\d{1,9})(?:, in (.{1,200}))?')
_RAISED = re.compile(r"[ |]*((?:[A-Za-z_]\w*\.)*[A-Za-z_]\w*)(?::\s(.*))?$")


@dataclass(slots=True)
class Record:
    """One entry of a log: its instant (None: no stamp in the file so far), its level (0: not said), the
    message, and the lines behind it (a traceback, say), at most 400."""

    when: float | None
    level: int
    text: str
    more: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Frame:
    """One line of a traceback: a path as the log has it, a line number, a function."""

    path: str
    line: int
    function: str


@dataclass(frozen=True, slots=True)
class Trace:
    """The last traceback of a record: the exception's name, its message, its frames, outermost first."""

    kind: str
    message: str
    frames: tuple[Frame, ...]


class Reader:
    """Turns lines, in portions of any size, into records; `end` gives the last one."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._open: Record | None = None
        self._when: float | None = None
        self._structured = False
        self._formats = list(FORMATS)

    def feed(self, lines: Iterable[str]) -> list[Record]:
        """Take the next lines, return the records that they completed."""
        done: list[Record] = []
        for line in lines:
            head = self._head(line)
            if head is None:
                self._go_on(line, done)
                continue
            if self._open is not None:
                done.append(self._open)
            if head.when is not None:
                self._when = head.when
            self._structured = True
            self._open = _record(self._when, head)
        return done

    def end(self) -> list[Record]:
        """Return what is still open."""
        left, self._open = self._open, None
        return [left] if left is not None else []

    def _head(self, line: str) -> Head | None:
        if not line or line[0] in " \t\r":
            return None
        return read_head(_clean(line), self._clock, self._formats)

    def _go_on(self, line: str, done: list[Record]) -> None:
        """Add a line to the open record, or begin a plain one in a file that has shown no heads."""
        line = _clean(line).rstrip()
        if not line:
            return
        if self._open is not None and (self._structured or _belongs(line, self._open)):
            self._open.more.append(line)
            if len(self._open.more) > _MOST_LINES:
                del self._open.more[_MOST_LINES // 2]
            return
        if self._open is not None:
            done.append(self._open)
        self._open = Record(self._when, UNKNOWN, line)


def stamp_of(line: str, clock: Clock) -> float | None:
    """Return the instant at the head of a line, None where there is none."""
    head = read_head(_clean(line), clock) if line and line[0] not in " \t\r" else None
    return head.when if head is not None else None


def trace_of(record: Record) -> Trace | None:
    """Return the last traceback in a record; None where there is none, or none that ends."""
    lines = record.more
    if record.text.startswith(_TRACEBACK):
        lines = [record.text, *lines]
    starts = [index for index, line in enumerate(lines) if line.lstrip(" |+").startswith(_TRACEBACK)]
    if not starts:
        return None
    frames: list[Frame] = []
    for line in lines[starts[-1] + 1 :]:
        frame = _FRAME.match(line)
        if frame is not None:
            frames.append(Frame(frame[1], int(frame[2]), frame[3] or "<module>"))
            continue
        raised = _RAISED.match(line) if not line.lstrip("| ").startswith(("^", "~")) else None
        if raised is not None and frames and not line.lstrip("|").startswith("   "):
            return Trace(raised[1], raised[2] or "", tuple(frames))
    return None


def severity_of(record: Record, trace: Trace | None) -> int:
    """Return the record's level; a traceback under no level or under INFO is an error nobody logged."""
    return ERROR if trace is not None and record.level in (UNKNOWN, INFO) else record.level


def _record(when: float | None, head: Head) -> Record:
    level, text = (head.level, head.text) if head.level is not None else read_level(head.text)
    return Record(when, level, text, head.more)


def _clean(line: str) -> str:
    if len(line) > LONGEST_LINE:
        line = line[:LONGEST_LINE]
    return (_ESCAPE.sub("", line) if "\x1b" in line else line).rstrip("\r").lstrip("\0") or " "


def _belongs(line: str, record: Record) -> bool:
    """Tell whether an unrecognised line goes on with a plain record: indented, or within a traceback."""
    if line[0] in " \t":
        return True
    return record.text.startswith(_TRACEBACK) and (not record.more or record.more[-1][0] in " \t")
