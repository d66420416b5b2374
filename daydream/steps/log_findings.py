"""What `log_review` says: its rules, and issues, flags and spikes worded as findings."""

import datetime as dt
from collections.abc import Mapping

from daydream.analysis.errors.records import ErrorRecord, StackFrame
from daydream.analysis.logs.callsites import Site
from daydream.analysis.logs.heads import CRITICAL, ERROR
from daydream.analysis.logs.ranking import Flag
from daydream.analysis.logs.suggestions import Suggestion
from daydream.analysis.logs.tally import LEVEL_NAMES, Counted, Spike, utc
from daydream.analysis.redaction import one_line
from daydream.records.finding import Finding, Severity

RECURRING = 3
OWN = {"log.recurring_error": 2, "log.exception": 2, "log.level_spike": 2, "log.suggestion": 1}
JUDGED = {
    **dict.fromkeys(
        ("log.new_error", "log.burst", "log.rate", "log.repeat", "log.drift", "log.error_share"), 1
    ),
    **dict.fromkeys(("log.level_change", "log.silence", "log.missing", "log.latency", "log.status_share"), 1),
}
RULES = {**OWN, **JUDGED}
_DO: Mapping[str, str] = {
    "new_error": "Find out what brought it",
    "burst": "Look at what happened in those hours",
    "rate": "Look at what changed since the last night",
    "repeat": "Find out why it ran so often",
    "drift": "Look at what has been growing since, before it becomes an outage",
    "error_share": "Look at what changed since the last night",
    "level_change": "Find out why it is worse than it used to be",
    "silence": "See whether what writes it still runs",
    "missing": "See whether the job still runs",
    "latency": "Look at what the route waits for",
    "status_share": "Look at the requests that fail",
}
_OF_ERRORS = ("new_error", "burst", "rate", "drift")
_STANDALONE = 0.8
_UNPRINTED = 0.4
# What usually ends a client's visit or the process itself, not a fault of the program.
_ORDINARY_ENDS = {
    *("KeyboardInterrupt", "SystemExit", "CancelledError", "BrokenPipeError", "ConnectionResetError"),
    *("ClientDisconnected", "ClientDisconnect", "GeneratorExit"),
}


def _when(one: Counted, zone: dt.tzinfo) -> str:
    """From when to when, in the night's zone, which the section names once."""
    if one.span is None:
        return ""
    said = between(*(dt.datetime.fromtimestamp(edge, zone) for edge in one.span))
    return f", {said}"


def between(first: dt.datetime, last: dt.datetime) -> str:
    """Say from when to when, to the minute; the second date only if it is another."""
    if f"{first:%Y-%m-%d %H:%M}" == f"{last:%Y-%m-%d %H:%M}":
        return f"on {first:%Y-%m-%d} at {first:%H:%M}"
    day = "" if first.date() == last.date() else f"{last:%Y-%m-%d} "
    return f"on {first:%Y-%m-%d} between {first:%H:%M} and {day}{last:%H:%M}"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count:,} times"


def _severity(level: int) -> Severity:
    return "high" if level >= CRITICAL else "medium" if level >= ERROR else "low"


def flagged(
    subject: str, flag: Flag, advice: Suggestion | None, site: Site | None, record: ErrorRecord | None
) -> Finding:
    """Make a finding of what stands out against past nights; `site` is the call that logs it, `record` the exception that it is."""
    rule = f"log.{flag.kind}"
    return Finding(
        rule=rule,
        rule_version=RULES[rule],
        severity=flag.severity,
        subject=subject,
        identity=flag.identity,
        message=flag.message,
        evidence=flag.evidence,
        worth=flag.worth,
        action=_said(advice) if advice is not None else _do(flag, site, record),
        magnitude=flag.magnitude,
    )


def _do(flag: Flag, site: Site | None, record: ErrorRecord | None) -> str:
    """Say what to do, with the line of the repository to begin at."""
    if record is not None and record.own and flag.kind in _OF_ERRORS:
        return f"Mend or handle the {record.kind} raised at {_place(record)}"
    return f"{_DO[flag.kind]} ({site.path}:{site.line} logs it)" if site is not None else _DO[flag.kind]


def _place(record: ErrorRecord) -> str:
    frame = (record.own or record.frames or (StackFrame(None, "", None),))[-1]
    return f"{frame.path or frame.reported}:{frame.line or 0}"


def _said(advice: Suggestion) -> str:
    where = f" ({advice.path}:{advice.line})" if advice.path is not None else ""
    return f"{advice.text}{where}"


def suggested(subject: str, key: str, text: str, advice: Suggestion, *, usual: bool) -> Finding:
    """Make a finding of a suggestion; only the plainest are worth a line of their own, and a secret alone of what is `usual`:
    known from past nights and, compared with them, nothing out of the way."""
    worth = advice.weight.worth
    if usual and advice.kind != "secret_printed":
        worth = min(worth, _UNPRINTED)
    return Finding(
        rule="log.suggestion",
        rule_version=RULES["log.suggestion"],
        severity=advice.weight.severity,
        subject=subject,
        identity=f"{advice.kind} {key}",
        message=advice.text,
        evidence=one_line(text, 200),
        worth=worth if worth >= _STANDALONE else min(worth, _UNPRINTED),
        action=f"Look at {advice.path}:{advice.line}" if advice.path is not None else "Look at what logs it",
    )


def recurring(subject: str, key: str, text: str, one: Counted, zone: dt.tzinfo, *, first: bool) -> Finding:
    """Make a finding of a template that recurs at error or worse; `first`: nobody knows yet what is usual here."""
    return Finding(
        rule="log.recurring_error",
        rule_version=RULES["log.recurring_error"],
        severity=_severity(one.level),
        subject=subject,
        identity=key,
        message=f"Logged {_times(one.tonight)} as {LEVEL_NAMES[one.level]}{_when(one, zone)}: {one_line(text, 120)}",
        evidence=one.examples[0] if one.examples else "",
        worth=_UNPRINTED if not first else 0.7 if one.tonight >= 10 else 0.6,
        action="Find out what causes these entries and mend it, or log them below error if they are expected",
        magnitude=float(one.tonight),
    )


def exception(subject: str, record: ErrorRecord, one: Counted, zone: dt.tzinfo, *, first: bool) -> Finding:
    """Make a finding of an exception from one place; `first` as above."""
    frame = (record.own or record.frames or (StackFrame(None, "", None),))[-1]
    place = _place(record)
    worth = _exception_worth(record, one)
    return Finding(
        rule="log.exception",
        rule_version=RULES["log.exception"],
        severity=_severity(one.level),
        subject=subject,
        identity=record.error,
        message=f"{record.kind} in {frame.function} ({place}) {_times(one.tonight)}{_when(one, zone)}",
        evidence=one.examples[0] if one.examples else "",
        worth=worth if first else min(worth, _UNPRINTED),
        action=f"Mend or handle the {record.kind} raised at {place}",
        magnitude=float(one.tonight),
    )


def _exception_worth(record: ErrorRecord, one: Counted) -> float:
    """Estimate: own code and repetition count for it; what was logged as a warning was handled."""
    if one.level < ERROR or record.kind in _ORDINARY_ENDS:
        return 0.3
    if record.own:
        return 0.8 if one.tonight >= RECURRING else 0.6
    return 0.55 if one.tonight >= RECURRING else 0.4


def level_spike(subject: str, spike: Spike, zone: dt.tzinfo) -> Finding:
    """Make a finding of an hour, or hours in a row, that stand out in one night alone."""
    start, end = (dt.datetime.fromtimestamp(edge, zone) for edge in (spike.start, spike.end))
    why = f"; mostly: {one_line(spike.main[0], 100)}" if spike.main is not None else ""
    told = spike.main is not None and spike.main[1].tonight >= RECURRING
    example = spike.main[1].examples[:1] if spike.main is not None else []
    return Finding(
        rule="log.level_spike",
        rule_version=RULES["log.level_spike"],
        severity="medium",
        subject=subject,
        identity=f"errors from {utc(spike.start):%Y-%m-%dT%HZ}",
        message=(
            f"{spike.count:,} errors {between(start, end)}; "
            f"usual in an hour of this log: {spike.usual:g}{why}"
        ),
        evidence=example[0] if example else "",
        worth=_UNPRINTED if told else 0.6,
        action=f"Look at what happened to the service at {start:%H:%M}",
        magnitude=float(spike.count),
    )
