"""The record of an error: the same for a traceback in a log and for an issue of Sentry.

Two sightings are the same error if the exception's type and the functions of the repository it passed through are
the same. Line numbers, messages and the frames of libraries do not count, so an error keeps its identity while the
code around it moves.
"""

import hashlib
import re
from collections.abc import Callable, Iterable, Sequence

import msgspec

from daydream.analysis.logs.records import Trace
from daydream.analysis.redaction import quoted
from daydream.store.log_rows import ErrorFrame, ErrorNight

MOST_FRAMES = 60
_IDENTIFYING = 12
_OUTSIDE = 3
_KIND = re.compile(r"[^\w.]+")
_LIBRARY = re.compile(r"(^|/)(site-packages|dist-packages|python3(\.\d+)?)/|^<")

Locate = Callable[[str], str | None]


class StackFrame(msgspec.Struct, frozen=True, array_like=True):
    """One frame: its path below the repository's root (None: not a file of it), its function, its line (None:
    unknown), the text of that line (redacted, "" where unknown) and the path as it was reported.

    A frame is the repository's own where its path leads to a file of the tree. What a reporter thinks of that does
    not count: a log has no such opinion, and both have to come to the same.
    """

    path: str | None
    function: str
    line: int | None
    text: str = ""
    reported: str = ""


class ErrorRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One error in one source.

    `error` is its identity, 16 hex digits. `kind` is the exception's bare name, `message` is redacted; `frames` run
    from the outermost to the one that raised. `count` is how often it was seen in the period read, `first` and `last`
    are POSIX seconds; None is unknown. `link` leads to it, "" where nothing does.
    """

    source: str
    error: str
    kind: str
    message: str
    frames: tuple[StackFrame, ...] = ()
    count: int | None = None
    first: float | None = None
    last: float | None = None
    release: str | None = None
    link: str = ""

    @property
    def own(self) -> tuple[StackFrame, ...]:
        """The frames of the repository, outermost first."""
        return tuple(frame for frame in self.frames if frame.path is not None)

    def night(self, state: str) -> ErrorNight:
        """Return what this night remembers of it."""
        frames = tuple(
            ErrorFrame(each.path, each.function, each.line, each.path is not None) for each in self.frames
        )
        return ErrorNight(
            source=self.source,
            error=self.error,
            kind=self.kind,
            message=self.message,
            frames=frames,
            count=self.count,
            first=self.first,
            last=self.last,
            release=self.release,
            link=self.link or None,
            state=state,
        )


def identity(kind: str, frames: Sequence[StackFrame], otherwise: str = "") -> str:
    """Hash the exception's type and the repository's functions it passed through, innermost last.

    Each function counts once, so depth of recursion does not matter, and the innermost 12 are enough. Without a
    frame of the repository the innermost 3 of any kind count; without any frame `otherwise` does.
    """
    own = [frame for frame in frames if frame.path is not None]
    passed = dict.fromkeys(_step(frame) for frame in reversed(own or frames))
    parts = list(passed)[: _IDENTIFYING if own else _OUTSIDE] or [otherwise]
    text = "\x1f".join((bare(kind), *parts))
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:16]


def bare(kind: str) -> str:
    """Return an exception's name without its module, as it identifies an error: ``IntegrityError``."""
    return _KIND.sub("", kind.strip().partition(":")[0]).rpartition(".")[2][:100]


def is_library(reported: str) -> bool:
    """Tell a path of the standard library or an installed package."""
    return bool(_LIBRARY.search(reported.replace("\\", "/")))


def frame(locate: Locate, reported: str, function: str, line: int | None, text: str = "") -> StackFrame:
    """Make a frame of what was reported."""
    path = locate(reported) if reported and not is_library(reported) else None
    return StackFrame(path, quoted(function, 120), line, quoted(text, 200), quoted(reported, 160))


def of_trace(trace: Trace, locate: Locate, source: str) -> ErrorRecord:
    """Make the record of a traceback in a log; how often it was seen is added by who counted."""
    frames = tuple(frame(locate, each.path, each.function, each.line) for each in trace.frames)
    return record(source, trace.kind, trace.message, frames)


def record(
    source: str, kind: str, message: str, frames: Sequence[StackFrame], otherwise: str = ""
) -> ErrorRecord:
    """Make a record, with its identity; `otherwise` identifies an error without any frame."""
    kept = tuple(frames) if len(frames) <= MOST_FRAMES else (*frames[:10], *frames[10 - MOST_FRAMES :])
    return ErrorRecord(
        source=source,
        error=identity(kind, frames, otherwise),
        kind=quoted(bare(kind), 100),
        message=quoted(message, 300),
        frames=kept,
    )


def remembered(night: ErrorNight) -> ErrorRecord:
    """Make the record of what an earlier night knew."""
    frames = tuple(
        StackFrame(each.path, each.function, each.line, "", each.path or "") for each in night.frames
    )
    return ErrorRecord(
        source=night.source,
        error=night.error,
        kind=night.kind,
        message=night.message,
        frames=frames,
        count=night.count,
        first=night.first,
        last=night.last,
        release=night.release,
        link=night.link or "",
    )


def merged(records: Iterable[ErrorRecord]) -> list[tuple[ErrorRecord, ...]]:
    """Put the records of one error side by side, one for each source; errors by their identity, sources by name.

    Two records of one error in one source become one: their counts are added.
    """
    found: dict[str, dict[str, ErrorRecord]] = {}
    for each in records:
        sources = found.setdefault(each.error, {})
        old = sources.get(each.source)
        sources[each.source] = each if old is None else _added(old, each)
    return [tuple(sources[name] for name in sorted(sources)) for _, sources in sorted(found.items())]


def _added(old: ErrorRecord, new: ErrorRecord) -> ErrorRecord:
    latest = new if (new.last or 0.0) > (old.last or 0.0) else old
    known = [count for count in (old.count, new.count) if count is not None]
    return msgspec.structs.replace(
        latest,
        count=sum(known) if len(known) == 2 else None,
        first=min((when for when in (old.first, new.first) if when is not None), default=None),
        last=max((when for when in (old.last, new.last) if when is not None), default=None),
        link=latest.link or old.link or new.link,
    )


def _step(frame: StackFrame) -> str:
    """Name a frame as it identifies an error: its file and function, in the bare form that every reporter has."""
    place = frame.path or "/".join(frame.reported.replace("\\", "/").split("/")[-2:])
    return f"{place}\x1e{frame.function.rpartition('.')[2]}"
