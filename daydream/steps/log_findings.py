"""What `log_review` says: its rules, and issues and spikes worded as findings."""

from typing import Any

from daydream.analysis.logs.heads import CRITICAL, ERROR
from daydream.analysis.logs.issues import LEVEL_NAMES, RECURRING, Issue, Spike, utc
from daydream.analysis.redaction import quoted
from daydream.records.finding import Finding, Severity

RULES = {"log.recurring_error": 1, "log.exception": 1, "log.level_spike": 1}
# What usually ends a client's visit or the process itself, not a fault of the program.
_ORDINARY_ENDS = {
    *("KeyboardInterrupt", "SystemExit", "CancelledError", "BrokenPipeError", "ConnectionResetError"),
    *("ClientDisconnected", "ClientDisconnect", "GeneratorExit"),
}


def top(issue: Issue) -> dict[str, Any]:
    """Tell of a template in the facts of a log."""
    return {
        "template": issue.identity,
        "level": LEVEL_NAMES[issue.level],
        "count": issue.count,
        "first": _minute(issue.first),
        "last": _minute(issue.last),
    }


def _minute(seconds: float | None) -> str | None:
    return None if seconds is None else utc(seconds).strftime("%Y-%m-%d %H:%M UTC")


def _when(issue: Issue) -> str:
    first, last = _minute(issue.first), _minute(issue.last)
    if first is None or last is None:
        return ""
    return f", at {first}" if first == last else f", between {first} and {last}"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count:,} times"


def _severity(level: int) -> Severity:
    return "high" if level >= CRITICAL else "medium" if level >= ERROR else "low"


def recurring(subject: str, issue: Issue) -> Finding:
    """Make a finding of a template that recurs at error or worse."""
    return Finding(
        rule="log.recurring_error",
        rule_version=RULES["log.recurring_error"],
        severity=_severity(issue.level),
        subject=subject,
        identity=issue.identity,
        message=f"Logged {_times(issue.count)} as {LEVEL_NAMES[issue.level]}{_when(issue)}: {quoted(issue.identity, 120)}",
        evidence=issue.example,
        worth=0.7 if issue.count >= 10 else 0.6,
        action="Find out what causes these entries and mend it, or log them below error if they are expected",
        magnitude=float(issue.count),
    )


def exception(subject: str, issue: Issue) -> Finding:
    """Make a finding of an exception from one place."""
    frame = issue.frame
    place = f"{issue.source or (frame.path if frame else '')}:{frame.line if frame else 0}"
    function = frame.function if frame else ""
    return Finding(
        rule="log.exception",
        rule_version=RULES["log.exception"],
        severity=_severity(issue.level),
        subject=subject,
        identity=issue.identity,
        message=f"{issue.kind} in {function} ({place}) {_times(issue.count)}{_when(issue)}",
        evidence=issue.example,
        worth=_exception_worth(issue),
        action=f"Mend or handle the {issue.kind} raised at {place}",
        magnitude=float(issue.count),
    )


def _exception_worth(issue: Issue) -> float:
    """Estimate: own code and repetition count for it; what was logged as a warning was handled."""
    if issue.level < ERROR or issue.kind in _ORDINARY_ENDS:
        return 0.3
    if issue.source is not None:
        return 0.8 if issue.count >= RECURRING else 0.6
    return 0.55 if issue.count >= RECURRING else 0.4


def level_spike(subject: str, spike: Spike) -> Finding:
    """Make a finding of an hour, or hours in a row, that stand out."""
    start, end = utc(spike.start), utc(spike.end)
    why = f"; mostly: {quoted(spike.main.identity, 100)}" if spike.main is not None else ""
    told = spike.main is not None and (spike.main.frame is not None or spike.main.count >= RECURRING)
    return Finding(
        rule="log.level_spike",
        rule_version=RULES["log.level_spike"],
        severity="medium",
        subject=subject,
        identity=f"errors from {start:%Y-%m-%dT%HZ}",
        message=(
            f"{spike.count:,} errors between {start:%Y-%m-%d %H:%M} and {end:%H:%M} UTC; "
            f"usual in an hour of this log: {spike.usual:g}{why}"
        ),
        evidence=spike.main.example if spike.main is not None else "",
        worth=0.4 if told else 0.6,
        action=f"Look at what happened to the service at {start:%H:%M} UTC",
        magnitude=float(spike.count),
    )
