"""Lines of a log file into records: what belongs together, when it was, how bad it is."""

import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import msgspec
from msgspec.structs import replace

from daydream.analysis.logs import formats_fields
from daydream.analysis.logs.access import Access, accessed
from daydream.analysis.logs.formats_table import Order, read_head
from daydream.analysis.logs.heads import ERROR, INFO, UNKNOWN, Head, read_level
from daydream.analysis.logs.times import Clock
from daydream.analysis.logs.traces import CHAINED, GROUP, TRACEBACK, Frame, Trace, trace_of

__all__ = ["Access", "Frame", "Reader", "Record", "Trace", "severity_of", "stamp_of", "trace_of"]

LONGEST_LINE = 65_536
_MOST_LINES = 400
_MOST_STREAMS = 256
_ESCAPE = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
# How rsyslog writes a newline within a message.
_NEWLINE = "#012"
_MAYBE_HEAD = frozenset("0123456789[({")


class Record(msgspec.Struct, gc=False):
    """One entry of a log: its instant (None: no stamp in the file so far), its level (0: not said), the
    message, the lines behind it (a traceback, say), at most 400, and the request it tells of, if it does."""

    when: float | None
    level: int
    text: str
    more: list[str] = []
    access: Access | None = None


class StreamStand(msgspec.Struct, frozen=True, array_like=True):
    """What one program wrote, as it stands: the record it is at, with nothing in it that has to be hidden."""

    open: Record | None
    level: int
    structured: bool
    laid_out: bool


class ReaderStand(msgspec.Struct, frozen=True, array_like=True):
    """A reader between two portions: the last instant, what the log itself wrote, and each program in it by a digest of
    its name."""

    when: float | None
    main: StreamStand
    streams: dict[str, StreamStand]


@dataclass(slots=True)
class _Stream:
    """What one program wrote into a log: the record it is at, and what is not yet one."""

    open: Record | None = None
    level: int = UNKNOWN
    structured: bool = False
    partial: str = ""
    pretty: list[str] | None = None
    laid_out: bool = False
    formats: Order = field(default_factory=dict)


class Reader:
    """Turns lines, in portions of any size, into records; `end` gives the last ones.

    `when`: the instant of the last record before these lines, where they go on in the middle of a log.
    """

    def __init__(self, clock: Clock, when: float | None = None) -> None:
        self._clock = clock
        self._when = when
        self._main = _Stream()
        self._streams: dict[str, _Stream] = {}
        # Of a reader that was taken up: programs that have not written since, by their digests.
        self._left: dict[str, _Stream] = {}

    def feed(self, lines: Iterable[str]) -> list[Record]:
        """Take the next lines, return the records that they completed."""
        done: list[Record] = []
        main, clock = self._main, self._clock
        for line in lines:
            if not line or line[0] in " \t\r":
                self._go_on(line, main, done)
                continue
            if len(line) > LONGEST_LINE or "\x1b" in line or line[0] == "\0" or line[-1] == "\r":
                line = _clean(line)  # noqa: PLW2901 -- the same line, cleaned
            head = read_head(line, clock, main.formats)
            if head is None:
                self._go_on(line, main, done)
            elif head.stream is None:
                self._begin(head, main, done)
            else:
                self._pass_on(head, done)
        return done

    def end(self) -> list[Record]:
        """Return what is still open."""
        done: list[Record] = []
        for stream in (*self._left.values(), *self._streams.values(), self._main):
            self._close(stream, done)
        self._left.clear()
        self._streams.clear()
        return done

    def stand(self, clean: Callable[[str], str]) -> ReaderStand | None:
        """Return how the reader stands; `clean` hides what may not be kept. None in the middle of what cannot be cleaned
        before it is whole: JSON that is laid out over lines, a line in several parts."""
        every = (self._main, *self._left.values(), *self._streams.values())
        if any(stream.pretty is not None or stream.partial for stream in every):
            return None
        streams = {**self._left, **{_digest(name): stream for name, stream in self._streams.items()}}
        stood = {name: _stood(stream, clean) for name, stream in streams.items()}
        return ReaderStand(self._when, _stood(self._main, clean), stood)

    @classmethod
    def taken_up(cls, clock: Clock, stand: ReaderStand) -> "Reader":
        """Return a reader that stands so."""
        reader = cls(clock, stand.when)
        reader._main = _taken_up(stand.main)
        reader._left = {name: _taken_up(one) for name, one in stand.streams.items()}
        return reader

    def _begin(self, head: Head, stream: _Stream, done: list[Record]) -> None:
        if stream.pretty is not None:
            self._give_up(stream, done)
        if stream.open is not None:
            done.append(stream.open)
        if head.when is not None:
            self._when = head.when
        level, text = (head.level, head.text) if head.level is not None else read_level(head.text)
        request = head.access
        if request is None and " HTTP/" in text:
            request = accessed(text)
        stream.structured = True
        stream.open = Record(self._when, level, text, head.more, request)

    def _pass_on(self, head: Head, done: list[Record]) -> None:
        """Take what one of several programs wrote: a line of its output, or a message by itself."""
        stream = self._streams.get(head.stream or "") or self._stream(head.stream or "", done)
        text = stream.partial + head.text if stream.partial else head.text
        if head.part:
            stream.partial = text[:LONGEST_LINE]
            return
        stream.partial = ""
        if head.when is not None:
            self._when = head.when
        stream.level = head.level or UNKNOWN
        text = _clean(text)
        inner = read_head(text, self._clock, stream.formats) if _may_begin(text, output=head.output) else None
        if inner is not None:
            if inner.level is None:
                inner.level, inner.text = read_level(inner.text)
            # The envelope's stamp is the later one by a moment, and it has a zone.
            begun = Head(
                head.when, inner.level or stream.level, head.begin + inner.text, inner.more + head.more
            )
            begun.access = inner.access
            self._begin(begun, stream, done)
        elif head.output or (stream.open is not None and _belongs(text, stream.open, said=True)):
            for line in (text, *head.more):
                self._go_on(line, stream, done)
        else:
            level = head.level if head.level is not None else read_level(text)[0]
            text, *more = text.split(_NEWLINE) if _NEWLINE in text else (text,)
            self._begin(Head(head.when, level, (head.begin + text).rstrip(), more + head.more), stream, done)

    def _stream(self, name: str, done: list[Record]) -> _Stream:
        left = self._left.pop(_digest(name), None) if self._left else None
        if len(self._left) + len(self._streams) >= _MOST_STREAMS:
            oldest = self._left or self._streams
            self._close(oldest.pop(next(iter(oldest))), done)
        stream = self._streams[name] = left or _Stream()
        return stream

    def _go_on(self, line: str, stream: _Stream, done: list[Record]) -> None:
        """Add a line to the open record, or begin a plain one in a file that has shown no heads."""
        line = _clean(line).rstrip()
        if not line or self._laid_out(line, stream, done):
            return
        if stream.open is not None and (stream.structured or _belongs(line, stream.open)):
            stream.open.more.append(line)
            if len(stream.open.more) > _MOST_LINES:
                del stream.open.more[_MOST_LINES // 2]
            return
        if stream.open is not None:
            done.append(stream.open)
        stream.open = Record(self._when, stream.level, line)

    def _laid_out(self, line: str, stream: _Stream, done: list[Record]) -> bool:
        """Collect a JSON object that is laid out over lines; say whether this line is taken care of."""
        if stream.pretty is None:
            if line != "{" or (stream.structured and not stream.laid_out):
                return False
            stream.pretty = [line]
            return True
        stream.pretty.append(line)
        if line in {"}", "},"}:
            text = "\n".join(stream.pretty).removesuffix(",")
            head = formats_fields.json(text, self._clock)
            if head is None or head.stream is not None:
                self._give_up(stream, done)
            else:
                stream.pretty, stream.laid_out = None, True
                self._begin(head, stream, done)
        elif len(stream.pretty) > _MOST_LINES:
            self._give_up(stream, done)
        return True

    def _give_up(self, stream: _Stream, done: list[Record]) -> None:
        """Take the lines that looked like JSON for what they are: plain lines."""
        first, *rest = stream.pretty or ["{"]
        stream.pretty = None
        if stream.open is None or not stream.structured:
            if stream.open is not None:
                done.append(stream.open)
            stream.open = Record(self._when, stream.level, first)
        else:
            rest = [first, *rest]
        stream.open.more += rest[: max(0, _MOST_LINES - len(stream.open.more))]

    def _close(self, stream: _Stream, done: list[Record]) -> None:
        if stream.pretty is not None:
            self._give_up(stream, done)
        if stream.partial:
            text, stream.partial = stream.partial, ""
            self._go_on(text, stream, done)
        if stream.open is not None:
            done.append(stream.open)
            stream.open = None


def _digest(name: str) -> str:
    return hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()[:16]


def _stood(stream: _Stream, clean: Callable[[str], str]) -> StreamStand:
    record = stream.open
    if record is not None:
        access = record.access
        if access is not None:
            route = None if access.route is None else clean(access.route)
            access = replace(access, route=route, client=None)
        record = Record(record.when, record.level, clean(record.text), list(map(clean, record.more)), access)
    return StreamStand(record, stream.level, stream.structured, stream.laid_out)


def _taken_up(stand: StreamStand) -> _Stream:
    return _Stream(stand.open, stand.level, stand.structured, laid_out=stand.laid_out)


def stamp_of(line: str, clock: Clock) -> float | None:
    """Return the instant at the head of a line, None where there is none."""
    head = read_head(_clean(line), clock) if line and line[0] not in " \t\r" else None
    return head.when if head is not None else None


def severity_of(record: Record, trace: Trace | None) -> int:
    """Return the record's level; a traceback under no level or under INFO is an error nobody logged."""
    return ERROR if trace is not None and record.level in (UNKNOWN, INFO) else record.level


def _may_begin(text: str, *, output: bool) -> bool:
    """Tell whether what a program wrote may have a head of its own; a message has it with a stamp only."""
    first = text[:1]
    return first in _MAYBE_HEAD if not output else first not in " \t"


def _clean(line: str) -> str:
    if len(line) > LONGEST_LINE:
        line = line[:LONGEST_LINE]
    return (_ESCAPE.sub("", line) if "\x1b" in line else line).rstrip("\r").lstrip("\0") or " "


def _belongs(line: str, record: Record, *, said: bool = False) -> bool:
    """Tell whether an unrecognised line goes on with a plain record: indented, or within a traceback; `said`: or
    is the traceback of an error that was told of in the line before."""
    last = record.more[-1] if record.more else record.text
    if line[0] in " \t":
        return not line.lstrip().startswith(GROUP) or last in CHAINED
    if line.startswith("Caused by: "):
        return True
    if said and not record.more and record.level >= ERROR and line.startswith(TRACEBACK):
        return True
    within = TRACEBACK in record.text or (record.more and TRACEBACK in record.more[0])
    return bool(within) and (line in CHAINED or last in CHAINED or last[0] in " \t" or TRACEBACK in last)
