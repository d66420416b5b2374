"""What the records of one log add up to: counts by level, issues that recur, hours that stand out."""

import datetime as dt
import statistics
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from daydream.analysis.logs.heads import CRITICAL, DEBUG, ERROR, INFO, UNKNOWN, WARNING
from daydream.analysis.logs.records import Frame, Record, Trace, severity_of, trace_of
from daydream.analysis.logs.templates import Miner
from daydream.analysis.redaction import quoted, redact

LEVEL_NAMES = {
    UNKNOWN: "unknown",
    DEBUG: "debug",
    INFO: "info",
    WARNING: "warning",
    ERROR: "error",
    CRITICAL: "critical",
}
RECURRING = 3
_HOUR_S = 3600
_MOST_TRACES = 500
_LONGEST = 1_000
_BASELINE_HOURS = 6
_SPIKE_LEAST = 10
_SPIKE_Z = 6.0

Locate = Callable[[str], str | None]


@dataclass(slots=True)
class Issue:
    """One kind of trouble: what identifies it (redacted), its worst level, how often, when, an example.

    `frame` and `source` (a path below the repository's root, None outside it) are an exception's.
    """

    identity: str
    level: int
    count: int = 0
    first: float | None = None
    last: float | None = None
    example: str = ""
    hours: Counter[int] = field(default_factory=Counter)
    kind: str = ""
    frame: Frame | None = None
    source: str | None = None

    def merge(self, other: "Issue") -> None:
        """Take in another issue of the same identity."""
        self.level = max(self.level, other.level)
        self.count += other.count
        self.first = _least(self.first, other.first)
        self.last = _most(self.last, other.last)
        self.hours += other.hours


@dataclass(frozen=True, slots=True)
class Spike:
    """Consecutive UTC hours [start, end) with far more errors than the log's other hours."""

    start: float
    end: float
    count: int
    usual: float
    main: Issue | None


class Tally:
    """Counts the records of one log within the window [start, end] (seconds); `locate` maps the path of a
    stack frame to a path below the repository's root. The same records give the same tally."""

    def __init__(self, start: float, end: float, locate: Locate) -> None:
        self._start, self._end, self._locate = start, end, locate
        self._miner: Miner | None = None
        self._mined: dict[int, Issue] = {}
        self._traces: dict[str, Issue] = {}
        self._hours: Counter[int] = Counter()
        self._errors: Counter[int] = Counter()
        self.levels: Counter[int] = Counter()
        self.undated = 0
        self.older = 0
        self.later = 0
        self.future = 0
        self.overflow = 0

    @property
    def entries(self) -> int:
        """How many records lie in the window."""
        return self.levels.total()

    def add(self, record: Record, *, undated: bool, present: float) -> None:
        """Count a record; `undated`: its file has no stamps and counts as a whole; a stamp after
        `present` is one from the future."""
        if record.when is None:
            if not undated:
                self.undated += 1
                return
        elif not self._within(record.when, present):
            return
        trace = trace_of(record) if record.more else None
        level = severity_of(record, trace)
        self.levels[level] += 1
        hour = None if record.when is None else int(record.when // _HOUR_S)
        if hour is not None:
            self._hours[hour] += 1
            if level >= ERROR:
                self._errors[hour] += 1
        if trace is not None and level >= WARNING:
            self._note(self._trace(trace, record), record, level, hour)
        elif level >= WARNING:
            self._note(self._template(record), record, level, hour)

    def recurring(self) -> list[Issue]:
        """Return the issues without a traceback, merged where masks and redaction made them the same."""
        merged: dict[str, Issue] = {}
        for number, issue in sorted(self._mined.items()):
            assert self._miner is not None  # noqa: S101 -- for the type checker: mined by it
            identity = quoted(self._miner.template(number), 300)
            if identity not in merged:
                merged[identity] = replace(issue, identity=identity, hours=Counter())
                merged[identity].hours.update(issue.hours)
            else:
                merged[identity].merge(issue)
        return sorted(merged.values(), key=_order)

    def exceptions(self) -> list[Issue]:
        """Return the issues with a traceback: one for each exception type and place."""
        return sorted(self._traces.values(), key=_order)

    def spikes(self) -> list[Spike] | None:
        """Return the hours that stand out; None where fewer than six hours have records to compare with.

        An hour stands out if its errors are >= 10 and >= 6 robust standard deviations above the median
        of the other hours: 1.4826 x median absolute deviation, at least the square root of the median (Poisson), at least 1.
        """
        hours = sorted(self._hours)
        if len(hours) < _BASELINE_HOURS:
            return None
        high: list[tuple[int, float]] = []
        for hour in hours:
            rest = [self._errors[other] for other in hours if other != hour]
            usual = statistics.median(rest)
            spread = 1.4826 * statistics.median(abs(count - usual) for count in rest)
            if self._errors[hour] >= max(_SPIKE_LEAST, usual + _SPIKE_Z * max(spread, usual**0.5, 1.0)):
                high.append((hour, usual))
        return self._joined(high)

    def _joined(self, high: list[tuple[int, float]]) -> list[Spike]:
        runs: list[list[tuple[int, float]]] = []
        for hour, usual in high:
            if runs and runs[-1][-1][0] == hour - 1:
                runs[-1].append((hour, usual))
            else:
                runs.append([(hour, usual)])
        return [self._spike([hour for hour, _ in run], run[0][1]) for run in runs]

    def _spike(self, hours: list[int], usual: float) -> Spike:
        total = sum(self._errors[hour] for hour in hours)
        issues = [issue for issue in (*self.recurring(), *self.exceptions()) if issue.level >= ERROR]
        main = max(issues, key=lambda issue: sum(issue.hours[h] for h in hours), default=None)
        if main is not None and sum(main.hours[h] for h in hours) * 2 < total:
            main = None
        return Spike(float(hours[0] * _HOUR_S), float((hours[-1] + 1) * _HOUR_S), total, usual, main)

    def _within(self, when: float, present: float) -> bool:
        if when < self._start:
            self.older += 1
        elif when > max(present, self._end):
            self.future += 1
        elif when > self._end:
            self.later += 1
        else:
            return True
        return False

    def _template(self, record: Record) -> Issue | None:
        if self._miner is None:
            self._miner = Miner()
        number = self._miner.add(redact(record.text[:_LONGEST]))
        if number == 0:
            self.overflow += 1
            return None
        if number not in self._mined:
            self._mined[number] = Issue("", UNKNOWN)
        return self._mined[number]

    def _trace(self, trace: Trace, record: Record) -> Issue | None:
        own = [(frame, path) for frame in trace.frames if (path := self._locate(frame.path)) is not None]
        frame, source = own[-1] if own else (trace.frames[-1], None)
        place = source or "/".join(frame.path.replace("\\", "/").split("/")[-2:])
        identity = quoted(f"{trace.kind} in {frame.function} ({place})", 300)
        if identity not in self._traces:
            if len(self._traces) >= _MOST_TRACES:
                self.overflow += 1
                return None
            kind = quoted(trace.kind.rpartition(".")[2], 80)
            shown = Frame(quoted(place, 120), frame.line, quoted(frame.function, 80))
            example = quoted(f"{trace.kind}: {trace.message}" if trace.message else record.text)
            self._traces[identity] = Issue(
                identity, UNKNOWN, example=example, kind=kind, frame=shown, source=source
            )
        return self._traces[identity]

    def _note(self, issue: Issue | None, record: Record, level: int, hour: int | None) -> None:
        if issue is None:
            return
        issue.count += 1
        issue.level = max(issue.level, level)
        issue.first = _least(issue.first, record.when)
        issue.last = _most(issue.last, record.when)
        issue.example = issue.example or quoted(record.text)
        if hour is not None:
            issue.hours[hour] += 1


def utc(seconds: float) -> dt.datetime:
    """Return the instant of so many seconds since 1970."""
    return dt.datetime.fromtimestamp(seconds, dt.UTC)


def _order(issue: Issue) -> tuple[int, int, str]:
    return -issue.level, -issue.count, issue.identity


def _least(one: float | None, other: float | None) -> float | None:
    return other if one is None else one if other is None else min(one, other)


def _most(one: float | None, other: float | None) -> float | None:
    return other if one is None else one if other is None else max(one, other)
