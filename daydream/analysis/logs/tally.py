"""What the records of one log add up to: every template, every error and every route by the hour."""

import datetime as dt
import math
import statistics
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from daydream.analysis.errors.records import ErrorRecord, of_trace
from daydream.analysis.logs.heads import CRITICAL, DEBUG, ERROR, INFO, UNKNOWN, WARNING
from daydream.analysis.logs.records import Access, Record, severity_of, trace_of
from daydream.analysis.logs.suggestions import Suggestion, retry_storm
from daydream.analysis.logs.templates import Miner
from daydream.analysis.redaction import EVERYTHING, Policy, one_line, quoted, redact

HOUR_S = 3600
LEVEL_NAMES = {
    UNKNOWN: "unknown",
    DEBUG: "debug",
    INFO: "info",
    WARNING: "warning",
    ERROR: "error",
    CRITICAL: "critical",
}
_MOST_ERRORS = 500
_MOST_ROUTES = 2_000
_STEP = math.log(1.05)
_EXAMPLES = 3
_STORM = 200
_LONGEST = 1_000
_BASELINE_HOURS = 6
_SPIKE_LEAST = 10
_SPIKE_Z = 6.0

Locate = Callable[[str], str | None]


@dataclass(slots=True)
class Counted:
    """How often something was logged, when and at which levels; hours are whole hours since 1970. `tonight` counts what
    lies in the window, `span` from when to when. `examples` are redacted; `timed` are the first instants and texts of tonight, for storms."""

    count: int = 0
    tonight: int = 0
    first: float | None = None
    last: float | None = None
    span: tuple[float, float] | None = None
    hours: Counter[int] = field(default_factory=Counter)
    levels: Counter[int] = field(default_factory=Counter)
    levels_tonight: Counter[int] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)
    timed: list[tuple[float, str]] = field(default_factory=list)

    @property
    def level(self) -> int:
        """The worst level of tonight, else of all."""
        return max(self.levels_tonight or self.levels, default=UNKNOWN)

    def note(self, when: float | None, level: int, text: str, *, within: bool) -> None:
        """Count one record; `text` is redacted."""
        self.count += 1
        self.levels[level] += 1
        if within:
            self.tonight += 1
            self.levels_tonight[level] += 1
        if when is not None:
            self.first = when if self.first is None else min(self.first, when)
            self.last = when if self.last is None else max(self.last, when)
            self.hours[int(when // HOUR_S)] += 1
        if within and when is not None:
            low, high = self.span or (when, when)
            self.span = (min(low, when), max(high, when))
        if within and len(self.examples) < _EXAMPLES and text not in self.examples:
            self.examples.append(text)
        if within and when is not None and level >= WARNING and len(self.timed) < _STORM:
            self.timed.append((when, text))

    def merge(self, other: "Counted") -> None:
        """Take in what was counted of the same thing."""
        self.count += other.count
        self.tonight += other.tonight
        self.first = min((t for t in (self.first, other.first) if t is not None), default=None)
        self.last = max((t for t in (self.last, other.last) if t is not None), default=None)
        spans = [one for one in (self.span, other.span) if one is not None]
        self.span = (min(s[0] for s in spans), max(s[1] for s in spans)) if spans else None
        self.hours += other.hours
        self.levels += other.levels
        self.levels_tonight += other.levels_tonight
        self.examples = list(dict.fromkeys([*self.examples, *other.examples]))[:_EXAMPLES]
        self.timed = sorted([*self.timed, *other.timed])[:_STORM]


@dataclass(frozen=True, slots=True)
class Spike:
    """Consecutive UTC hours [start, end) with far more errors than the log's other hours; `main`: the text and the counts of
    what makes up half of them."""

    start: float
    end: float
    count: int
    usual: float
    main: tuple[str, Counted] | None


class Tally:
    """Counts the records of one log. Those from `start` on (seconds) are tonight's, what was written after `end`, while the
    night ran, among them (`later`): its bytes are read and not read again. Older ones count by the hour, to compare with. `locate` maps the path of a stack frame to a path below the repository's root; `known` are
    the identities and texts of earlier nights' templates. The same records give the same tally."""

    def __init__(
        self,
        start: float,
        end: float,
        locate: Locate,
        known: Iterable[tuple[str, str]] = (),
        policy: Policy = EVERYTHING,
    ) -> None:
        self._start, self._end, self._locate, self._policy = start, end, locate, policy
        self.miner = Miner(known=known)
        self.mined: dict[int, Counted] = {}
        self._templates: dict[str, tuple[str, Counted]] | None = None
        self.errors: dict[str, tuple[ErrorRecord, Counted]] = {}
        self.routes: set[str] = set()
        self.times: defaultdict[tuple[str, int], Counter[int]] = defaultdict(Counter)
        self.statuses: defaultdict[int, Counter[int]] = defaultdict(Counter)
        self.hours: Counter[int] = Counter()
        self.bad: Counter[int] = Counter()
        self.levels: Counter[int] = Counter()
        self.older = self.undated = self.later = self.future = self.overflow = 0

    @property
    def entries(self) -> int:
        """How many records lie in the window."""
        return self.levels.total()

    @property
    def seen(self) -> int:
        """How many records were counted, the older ones among them."""
        return self.entries + self.older

    def add(self, record: Record, *, undated: bool, present: float) -> None:
        """Count a record; `undated`: its file has no stamps and counts as a whole; a stamp after
        `present` is one from the future."""
        within = True
        if record.when is None:
            if not undated:
                self.undated += 1
                return
        elif record.when > max(present, self._end):
            self.future += 1
            return
        else:
            within = record.when >= self._start
            self.later += record.when > self._end
            self.hours[int(record.when // HOUR_S)] += 1
        trace = trace_of(record) if record.more else None
        level = severity_of(record, trace)
        if record.when is not None and level >= ERROR:
            self.bad[int(record.when // HOUR_S)] += 1
        self.older += not within
        if within:
            self.levels[level] += 1
        if record.access is not None:
            self._request(record.access, record.when, within=within)
        elif trace is not None and level >= WARNING:
            self._error(of_trace(trace, self._locate, ""), record, level, within=within)
        else:
            self._line(record, level, within=within)

    def templates(self) -> dict[str, tuple[str, Counted]]:
        """Return text and counts of every template by its identity: 16 hex digits that stay from night to night.
        To be asked for when everything was added."""
        if self._templates is not None:
            return self._templates
        found: dict[str, tuple[str, Counted]] = {}
        for number, counted in sorted(self.mined.items()):
            identity = self.miner.identity(number)
            if identity in found:
                found[identity][1].merge(counted)
            else:
                found[identity] = (self.miner.template(number), counted)
        self._templates = dict(sorted(found.items()))
        return self._templates

    def spikes(self) -> list[Spike] | None:
        """Return the hours that stand out; None where fewer than six hours have records to compare with.

        An hour stands out if its errors are >= 10 and >= 6 robust standard deviations above the median
        of the other hours: 1.4826 x median absolute deviation, at least the square root of the median (Poisson), at least 1.
        """
        first = int(self._start // HOUR_S)
        hours = sorted(hour for hour in self.hours if hour >= first)
        if len(hours) < _BASELINE_HOURS:
            return None
        high: list[tuple[int, float]] = []
        for hour in hours:
            rest = [self.bad[other] for other in hours if other != hour]
            usual = statistics.median(rest)
            spread = 1.4826 * statistics.median(abs(count - usual) for count in rest)
            if self.bad[hour] >= max(_SPIKE_LEAST, usual + _SPIKE_Z * max(spread, usual**0.5, 1.0)):
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
        total = sum(self.bad[hour] for hour in hours)
        what = [(text, one) for text, one in self.templates().values() if one.level >= ERROR]
        what += [(record.kind, one) for record, one in self.errors.values() if one.level >= ERROR]
        main = max(what, key=lambda each: sum(each[1].hours[h] for h in hours), default=None)
        if main is not None and sum(main[1].hours[h] for h in hours) * 2 < total:
            main = None
        return Spike(float(hours[0] * HOUR_S), float((hours[-1] + 1) * HOUR_S), total, usual, main)

    def _line(self, record: Record, level: int, *, within: bool) -> None:
        text = redact(record.text[:_LONGEST], self._policy)
        number = self.miner.add(text)
        if number == 0:
            self.overflow += within
            return
        counted = self.mined.get(number)
        if counted is None:
            counted = self.mined[number] = Counted()
        shown = one_line(text) if within and len(counted.examples) < _EXAMPLES else text
        counted.note(record.when, level, shown, within=within)

    def _error(self, found: ErrorRecord, record: Record, level: int, *, within: bool) -> None:
        if found.error not in self.errors:
            if len(self.errors) >= _MOST_ERRORS:
                self.overflow += within
                return
            self.errors[found.error] = (found, Counted())
        text = quoted(f"{found.kind}: {found.message}" if found.message else record.text, 200, self._policy)
        self.errors[found.error][1].note(record.when, level, text, within=within)

    def _request(self, access: Access, when: float | None, *, within: bool) -> None:
        if when is None:
            return
        hour = int(when // HOUR_S)
        self.statuses[access.status // 100][hour] += 1
        if access.seconds is None or access.route is None:
            return
        key = (quoted(f"{access.method or '-'} {access.route}", 200, self._policy), hour)
        if key[0] not in self.routes:
            if len(self.routes) >= _MOST_ROUTES:
                self.overflow += within
                return
            self.routes.add(key[0])
        self.times[key][bucket(access.seconds)] += 1


def bucket(seconds: float) -> int:
    """Return the number of the bucket of a duration; each is 5 % wider than the one before."""
    return round(math.log(max(seconds, 1e-6)) / _STEP)


def quantile(histogram: Mapping[int, int], share: float) -> float:
    """Return the duration, in seconds and within 5 %, below which a share (0..1) of what was counted lies."""
    wanted, seen = share * sum(histogram.values()), 0
    for number in sorted(histogram):
        seen += histogram[number]
        if seen >= wanted:
            return round(math.exp(number * _STEP), 6)
    raise ValueError(histogram)


def utc(seconds: float) -> dt.datetime:
    """Return the instant of so many seconds since 1970."""
    return dt.datetime.fromtimestamp(seconds, dt.UTC)


def storms(templates: Mapping[str, tuple[str, Counted]]) -> dict[str, Suggestion]:
    """Return what looks like a retry storm, by template."""
    found = {key: retry_storm(counted.timed, None) for key, (_, counted) in templates.items()}
    return {key: suggestion for key, suggestion in found.items() if suggestion is not None}
