"""Suggestions by rule: what in the program, or around it, would make a line of a log go away or say more.

Every suggestion carries the numbers that it rests on, and there is none where they do not suffice. Texts of a
log are data: of them only redacted pieces are quoted.
"""

import re
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from daydream.analysis.logs.callsites import Site
from daydream.analysis.logs.heads import CRITICAL, ERROR, INFO, UNKNOWN, WARNING
from daydream.analysis.redaction import SECRET, quoted
from daydream.records.finding import Severity

Verdict = Literal["fix_clear", "cause_only", "needs_a_person"]


@dataclass(frozen=True, slots=True)
class Weight:
    """How bad a kind of trouble is, and the chance (0..1) that a person acts on being told."""

    severity: Severity
    worth: float


KINDS: Mapping[str, Weight] = {
    "secret_printed": Weight("high", 0.9),
    "disk_full": Weight("high", 0.9),
    "pool_exhausted": Weight("high", 0.8),
    "out_of_memory": Weight("high", 0.8),
    "too_many_files": Weight("high", 0.8),
    "certificate": Weight("high", 0.8),
    "swallowed": Weight("medium", 0.6),
    "no_time_out": Weight("medium", 0.7),
    "retry_storm": Weight("medium", 0.7),
    "missing_index": Weight("medium", 0.6),
    "clock_skew": Weight("medium", 0.6),
    "encoding": Weight("medium", 0.6),
    "level_too_low": Weight("medium", 0.6),
    "level_too_high": Weight("low", 0.5),
    "without_traceback": Weight("low", 0.5),
    "deprecated": Weight("low", 0.5),
    "noisy": Weight("low", 0.5),
}


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Something to do: its kind (a key of `KINDS`), a sentence with its numbers, where (None: not in the
    repository), and whether the mending is plain, only the cause is, or a person has to look."""

    kind: str
    text: str
    path: str | None
    line: int | None
    verdict: Verdict

    @property
    def weight(self) -> Weight:
        """Its severity and worth."""
        return KINDS[self.kind]


@dataclass(frozen=True, slots=True)
class Line:
    """A template as this night and those before it saw it.

    `count`, `hours` (whole hours since 1970) and `level` are tonight's, `examples` are redacted. `nights` are its
    counts on the nights before, the oldest first, 0 where the log was read and it was not in it. `share` is its part
    (0..1) of the log's lines on each night, tonight last. `starts` is how often the program started tonight,
    `others` are the errors of the log beside it, by hour; both None where nobody counted.
    """

    text: str
    level: int
    count: int
    hours: Mapping[int, int]
    examples: Sequence[str] = ()
    nights: Sequence[int] = ()
    share: Sequence[float] = ()
    starts: int | None = None
    others: Mapping[int, int] | None = None
    site: Site | None = None


Rule = Callable[[Line], Suggestion | None]
_NIGHTS, _HOURS, _STARTS = 7, 20, 3
_STEADY = 4.0
_NOISY = 0.5
_STORM, _STORM_S = 5, 60.0
_SLOW, _SLOW_MS = 10, 200.0
_DEPRECATED = 10

# kind, what the line says, what to do about it
_SAYINGS: Sequence[tuple[str, re.Pattern[str], str]] = (
    (
        "disk_full",
        re.compile(
            r"no space left on device|\bENOSPC\b|errno 28\b|disk (?:is )?full|could not extend file|disk quota exceeded",
            re.IGNORECASE,
        ),
        "make room on the disk, or rotate what fills it",
    ),
    (
        "pool_exhausted",
        re.compile(
            r"queuepool limit|pool (?:is )?(?:exhausted|full)|pool exhausted|too many (?:clients|connections)|\bPoolTimeout\b"
            r"|remaining connection slots|timed? ?out waiting for (?:a )?(?:free )?connection|connection is not available, request timed out",
            re.IGNORECASE,
        ),
        "look for connections that are not given back, or enlarge the pool up to what the server allows",
    ),
    (
        "out_of_memory",
        re.compile(
            r"out of memory|oom-?kill|cannot allocate memory|\bENOMEM\b|java heap space|worker \S{1,80} was sent sigkill",
            re.IGNORECASE,
        ),
        "find what holds the memory, or give the process more of it",
    ),
    (
        "too_many_files",
        re.compile(r"too many open files|\bEMFILE\b|\bENFILE\b|errno 24\b", re.IGNORECASE),
        "look for files and sockets that are not closed, or raise the limit (ulimit -n, LimitNOFILE=)",
    ),
    (
        "certificate",
        re.compile(r"certificate (?:has |is )?expired|certificate is not yet valid", re.IGNORECASE),
        "renew the certificate, or set the clock right",
    ),
    (
        "clock_skew",
        re.compile(
            r"clock skew|RequestTimeTooSkewed|clock (?:is|appears|may be) (?:\S{1,20} )?(?:behind|ahead|wrong|not synchroni[sz]ed)"
            r"|token used (?:too early|before issued)|ImmatureSignature|time (?:has been|was) (?:moved|changed) backwards?|clock (?:moved|went) backwards?",
            re.IGNORECASE,
        ),
        "synchronise the machine's clock (chrony, systemd-timesyncd)",
    ),
    (
        "encoding",
        re.compile(
            r"unicode(?:decode|encode)error|codec can't (?:de|en)code|incorrect string value|invalid byte sequence|malformed utf-?8",
            re.IGNORECASE,
        ),
        "name the encoding where the text is read or written, and say what happens to bytes that are not in it",
    ),
)
_DEPRECATION = re.compile(
    r"\b(?:Pending)?DeprecationWarning\b|\bFutureWarning\b|\bRemovedIn\w{1,40}Warning\b|\b(?:is|are|was) deprecated\b",
    re.IGNORECASE,
)
_ANNOUNCED = re.compile(
    r"(?:pass(?:word|wd|phrase)?|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credentials?|authorization|bearer|cookie)"
    rf"[\"']?\s{{0,3}}(?:[=:]|is\b|,)?\s{{0,3}}(?:bearer |basic )?[\"']?{re.escape(SECRET)}|://{re.escape(SECRET)}@",
    re.IGNORECASE,
)
_QUERY = re.compile(r"\b(?:FROM|UPDATE|INTO)\s+[\"`]?([A-Za-z_][\w.]{0,60})", re.IGNORECASE)
_WHERE = re.compile(
    r"\bWHERE\s+(?:[\"`]?\w{1,60}[\"`]?\.)?[\"`]?([A-Za-z_]\w{0,60})[\"`]?\s*(?:=|IN\b|LIKE\b|<|>|IS\b)",
    re.IGNORECASE,
)
_TOOK = re.compile(
    r"(?:duration|took|query_time|elapsed|slow)\D{0,12}(\d{1,9}(?:\.\d{1,6})?)\s?(ms|s|sec|seconds)\b",
    re.IGNORECASE,
)
_SCAN = re.compile(r"\bCOLLSCAN\b|\bfull table scan\b|\bSeq Scan\b|no_index_used", re.IGNORECASE)
_COLLECTION = re.compile(r"\b(?:command|query|find|ns:)\s+[\w-]{1,60}\.([\w-]{1,60})")
_ATTEMPT = re.compile(r"\b(?:attempt|retry|retrying|retries|tr(?:y|ies))\b\D{0,12}(\d{1,4})", re.IGNORECASE)


def suggestions(line: Line) -> list[Suggestion]:
    """What the rules have to say to a line, the worst first."""
    found = [said for rule in RULES for said in [rule(line)] if said is not None]
    return sorted(found, key=lambda each: (-each.weight.worth, each.kind))


def retry_storm(lines: Sequence[tuple[float, str]], site: Site | None = None) -> Suggestion | None:
    """The same message at least 5 times within 60 s while its attempt counts up; `lines` are (seconds since 1970,
    text) of one template, in order."""
    best: tuple[int, float] = (0, 0.0)
    run: list[tuple[float, int]] = []
    for when, text in lines:
        match = _ATTEMPT.search(text)
        number = int(match[1]) if match is not None else None
        if number is None or not run or number != run[-1][1] + 1:
            run = []
        if number is not None:
            run.append((when, number))
            run = [each for each in run if when - each[0] <= _STORM_S]
            best = max(best, (len(run), run[0][0] - when), key=lambda each: each[0])
    if best[0] < _STORM:
        return None
    text = f"{best[0]} attempts within {-best[1]:.0f} s: wait longer after each (exponential back-off with jitter), and give up after a few"
    return _at(site, "retry_storm", text, "cause_only")


def _saying(line: Line) -> Suggestion | None:
    texts = (line.text, *line.examples)
    for kind, pattern, advice in _SAYINGS:
        match = next((found for text in texts if (found := pattern.search(text)) is not None), None)
        if match is not None and line.level in (UNKNOWN, WARNING, ERROR, CRITICAL):
            said = f'{_times(line)} tonight{_hours(line)}: "{quoted(match[0], 60)}": {advice}'
            return _at(line.site, kind, said, "cause_only")
    return None


def _secret(line: Line) -> Suggestion | None:
    shown = sum(_ANNOUNCED.search(text) is not None for text in line.examples)
    if shown == 0 and _ANNOUNCED.search(line.text) is None:
        return None
    where = f"{line.site.path}:{line.site.line}" if line.site is not None else "a line of this log"
    what = "writes a secret into the log" if line.site is not None else "shows a secret"
    said = f'{where} {what}, {_times(line)} tonight ("{quoted(line.text, 60)}"): leave it out, and change the secret'
    return _at(line.site, "secret_printed", said, "fix_clear" if line.site is not None else "needs_a_person")


def _level_too_high(line: Line) -> Suggestion | None:
    """An error that belongs to every day, and that no other error ever came with."""
    if line.level < ERROR or line.others is None or any(line.others.get(hour, 0) for hour in line.hours):
        return None
    days = _in_a_row(line.nights)
    if days < _NIGHTS:
        return None
    if line.starts is not None and line.starts >= _STARTS and line.count == line.starts:
        how = f"at each of the {line.starts} starts tonight"
    elif len(line.hours) >= _HOURS and max(line.hours.values()) <= _STEADY * statistics.median(
        line.hours.values()
    ):
        how = f"in {len(line.hours)} hours tonight, {_times(line)}"
    else:
        return None
    said = f"logged as error {how} and on {days} nights before, and no other error came with it: mend its cause, or log it as warning"
    return _at(line.site, "level_too_high", said, "cause_only")


def _missing_index(line: Line) -> Suggestion | None:
    texts = (*line.examples, line.text)
    scan = any(_SCAN.search(text) for text in texts)
    times = [
        float(m[1]) * (1 if m[2].lower() == "ms" else 1000)
        for text in line.examples
        for m in [_TOOK.search(text)]
        if m
    ]
    table = next(
        (m[1] for text in texts for m in [_QUERY.search(text) or _COLLECTION.search(text)] if m), None
    )
    if table is None or line.count < _SLOW or not (scan or times):
        return None
    median = statistics.median(times) if times else None
    if not scan and (median is None or median < _SLOW_MS):
        return None
    column = next((m[1] for text in texts for m in [_WHERE.search(text)] if m), None)
    on = f"{table} ({column})" if column else table
    took = f", {median:,.0f} ms in the median of {len(times)} examples" if median is not None else ""
    said = f"slow query of {quoted(table, 60)}, {_times(line)} tonight{took}: see EXPLAIN whether an index on {quoted(on, 130)} is missing"
    return _at(line.site, "missing_index", said, "cause_only" if scan else "needs_a_person")


def _deprecated(line: Line) -> Suggestion | None:
    if line.count < _DEPRECATED or _DEPRECATION.search(line.text) is None:
        return None
    days = _in_a_row(line.nights)
    if days == 0:
        return None
    said = f'{_times(line)} tonight and on {days} {"night" if days == 1 else "nights"} before: "{quoted(line.text, 80)}": move on before it is removed'
    return _at(line.site, "deprecated", said, "cause_only")


def _noisy(line: Line) -> Suggestion | None:
    """More than half of all lines on each of seven nights, and nothing that anybody has to know."""
    last = line.share[-_NIGHTS:]
    if line.level in (UNKNOWN, WARNING, ERROR, CRITICAL) or len(last) < _NIGHTS or min(last) <= _NOISY:
        return None
    if max(last) >= 1:
        return None  # a log of nothing else is what it is for
    name = "info" if line.level == INFO else "debug"
    said = f"{statistics.mean(last):.0%} of the log's lines on {len(last)} nights are this one, as {name}: log it less often, or at a lower level"
    return _at(line.site, "noisy", said, "fix_clear" if line.site is not None else "needs_a_person")


RULES: Sequence[Rule] = (_secret, _saying, _missing_index, _level_too_high, _deprecated, _noisy)


def _at(site: Site | None, kind: str, text: str, verdict: Verdict) -> Suggestion:
    return Suggestion(kind, text, site.path if site else None, site.line if site else None, verdict)


def _in_a_row(nights: Sequence[int]) -> int:
    """How many nights before this one had it, without a gap."""
    return next((index for index, count in enumerate(reversed(nights)) if count == 0), len(nights))


def _times(line: Line) -> str:
    return "once" if line.count == 1 else f"{line.count:,} times"


def _hours(line: Line) -> str:
    return f" in {len(line.hours)} hours" if len(line.hours) > 1 else ""
