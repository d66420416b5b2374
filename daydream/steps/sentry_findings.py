"""What `sentry_query` says of an issue: how bad, how often, what it is worth, and where to begin."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from daydream.analysis.errors.lifecycle import State
from daydream.analysis.errors.records import ErrorRecord
from daydream.analysis.redaction import quoted
from daydream.records.finding import Finding, Severity
from daydream.steps.sentry_code import Linked
from daydream.steps.sentry_records import Noted, shown_link

RULE = "sentry.issue"
RULES = {RULE: 2}
FREQUENCIES = {"constant": 100, "frequent": 10, "repeated": 2, "single": 0}
VERDICTS = {"fix_clear": "fix clear", "cause_only": "cause only", "needs_a_person": "needs a person"}
_SEVERITY: Mapping[str | None, Severity] = {
    "fatal": "high",
    "error": "high",
    "warning": "medium",
    "info": "low",
    "debug": "low",
    "sample": "low",
}
_FREQUENT = 100
_WIDE = 10
# What usually ends a client's visit or the process itself, not a fault of the program.
_ORDINARY_ENDS = {"KeyboardInterrupt", "SystemExit", "CancelledError", "BrokenPipeError", "GeneratorExit"}


@dataclass(frozen=True, slots=True)
class Told:
    """An issue with everything that is known of it; `logs` counts the same error in tonight's logs, by log; `entries` are
    the identities by which logs tell of it, `logged` the call that logs it ("": not known)."""

    issue: Noted
    state: State | None
    record: ErrorRecord
    linked: Linked
    environment: str = ""
    logs: Mapping[str, int] | None = None
    entries: Sequence[str] = ()
    logged: str = ""


def severity(issue: Noted) -> Severity:
    """Say how bad an issue is, by its level; one that Sentry gives a low priority is at most medium."""
    by_level = _SEVERITY.get(issue.level, "medium")
    return "medium" if by_level == "high" and issue.priority == "low" and issue.level != "fatal" else by_level


def frequency(issue: Noted) -> str:
    """Say how often an issue happened in the period: constant (from 100), frequent (10), repeated (2), single,
    or unknown."""
    if issue.recent is None:
        return "unknown"
    return next(name for name, least in FREQUENCIES.items() if (issue.recent or 0) >= least)


def worth(issue: Noted, state: State | None) -> float:
    """Estimate the chance that somebody acts, from level, novelty, frequency and reach."""
    if issue.level not in ("fatal", "error", None):
        return 0.4 if issue.level == "warning" else 0.2
    if issue.kind.rpartition(".")[2] in _ORDINARY_ENDS:
        return 0.3
    if issue.level == "fatal" or state in ("new", "regressed") or issue.substatus == "escalating":
        return 0.8
    count = issue.total if issue.recent is None else issue.recent
    if (count or 0) >= _FREQUENT or (issue.users or 0) >= _WIDE:
        return 0.6
    return 0.4


def finding(told: Told, subject: str) -> Finding:
    """Make a finding of an issue."""
    issue, linked = told.issue, told.linked
    where = f" at {linked.where}" if linked.where else ""
    return Finding(
        rule=RULE,
        rule_version=RULES[RULE],
        severity=severity(issue),
        subject=subject,
        identity=issue.id,
        message=quoted(f"{issue.label} {issue.title}{where} ({_counts(told)})", 300),
        evidence=" | ".join(filter(None, _evidence(told))),
        worth=worth(issue, told.state),
        action=_action(told),
        magnitude=None if issue.total is None else float(issue.total),
    )


def _counts(told: Told) -> str:
    issue = told.issue
    events = "events not known" if issue.total is None else f"{issue.total} events"
    if issue.recent is not None and issue.recent != issue.total:
        events = f"{issue.recent} events lately, {events.replace(' events', '')} in all"
    users = "users not known" if issue.users is None else f"{issue.users} users"
    logs = [f"{count} times in {name}" for name, count in sorted((told.logs or {}).items())]
    return ", ".join((events, users, *logs))


def _evidence(told: Told) -> Sequence[str]:
    issue, linked = told.issue, told.linked
    return (
        told.state or "undated",
        issue.substatus if issue.substatus == "escalating" else "",
        issue.culprit,
        told.environment,
        f"release {told.record.release}" if told.record.release else "",
        str(linked.suspect) if linked.suspect else "",
        f"owner {quoted(' '.join(linked.owners), 100)}" if linked.owners else "",
        shown_link(issue.link),
    )


def _action(told: Told) -> str:
    advice, label = told.linked.advice, told.issue.label
    if not advice.text:
        where = f" ({told.logged} logs it)" if told.logged else ""
        return f"triage {label} in Sentry{where}"
    where = f"{told.linked.where}: " if told.linked.where else ""
    return quoted(f"{where}{advice.text} ({label}, {VERDICTS[advice.verdict]})", 300)


def line(told: Told) -> dict[str, Any]:
    """Return what the section needs of an issue."""
    issue, linked = told.issue, told.linked
    return {
        "id": issue.id,
        "label": issue.label,
        "title": issue.title,
        "link": shown_link(issue.link),
        "state": told.state,
        "severity": severity(issue),
        "frequency": frequency(issue),
        "worth": worth(issue, told.state),
        "recent": issue.recent,
        "error": told.record.error,
        "entries": list(told.entries),
        "verdict": linked.advice.verdict,
        "advised": bool(linked.advice.text),
        "where": linked.where,
        "suspect": str(linked.suspect) if linked.suspect else "",
        "owners": quoted(" ".join(linked.owners), 100),
        "logs": dict(sorted((told.logs or {}).items())),
    }
