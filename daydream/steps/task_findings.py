"""The findings of `task_cleanup`, one function per rule."""

import datetime as dt
from collections.abc import Sequence

from daydream.analysis.blame import Written
from daydream.analysis.redaction import quoted
from daydream.analysis.task_priority import Priority
from daydream.analysis.task_sources import Front, Read
from daydream.analysis.tasks import Item
from daydream.records.finding import Finding

EXPIRED, STALE, FINISHED = "task.expired", "task.stale", "task.done_not_archived"
DONE, MOOT, OUTDATED, PRIORITY = "task.done", "task.moot", "task.outdated_plan", "task.priority"
CLOSED_ISSUE, OPEN_ISSUE, STALE_ISSUE = "task.issue_closed", "task.issue_done", "task.issue_stale"
VERSIONS = {
    EXPIRED: 1,
    STALE: 2,
    FINISHED: 2,
    DONE: 1,
    MOOT: 1,
    OUTDATED: 1,
    PRIORITY: 1,
    CLOSED_ISSUE: 1,
    OPEN_ISSUE: 1,
    STALE_ISSUE: 1,
}
SETTLED_DAYS = 14
ENOUGH_DONE = 3


def versions(*rules: str) -> dict[str, int]:
    """Return these rules with their versions, as `Examined` wants them."""
    return {rule: VERSIONS[rule] for rule in rules}


def expired(path: str, item: Item, why: str) -> Finding:
    """A task whose own condition has come."""
    return Finding(
        rule=EXPIRED,
        rule_version=VERSIONS[EXPIRED],
        severity="medium",
        subject=path,
        identity=quoted(item.identity, 500),
        message=f"a task names a condition that has come ({why}): {quoted(item.text, 160)}",
        evidence=quoted(item.context),
        line=item.line,
        worth=0.8,
        action="do what it says, or delete it",
    )


def stale(path: str, item: Item, written: Written, *, stage: int, days: int) -> Finding:
    """A task that nobody touched for long: stale in stage 1, after as many days again closing is proposed."""
    since = written.when.date().isoformat() if written.when else ""
    came = f", written in {quoted(written.path)}" if written.path not in ("", path) else ""
    return Finding(
        rule=STALE,
        rule_version=VERSIONS[STALE],
        severity="low",
        subject=path,
        identity=quoted(item.identity, 500),
        message=f"open since {since}: {quoted(item.text, 160)}",
        evidence="; ".join(
            filter(None, (quoted(item.context), f"untouched for {days} days{came}", _STAGES[stage]))
        ),
        line=item.line,
        worth=0.4 if item.grave or item.urgent else 0.3,
        action="do it, or close it" if stage > 1 else "do it, or say what it waits for",
    )


_STAGES = {1: "stale", 2: "closing proposed: twice as old as stale"}


def done(path: str, item: Item, why: str, worth: float, *, rule: str = DONE) -> Finding:
    """A task that evidence says is done (`task.done`, `task.issue_closed`), or about nothing any more (`task.moot`)."""
    verdict = "names only what is gone" if rule == MOOT else "is done by the evidence"
    return Finding(
        rule=rule,
        rule_version=VERSIONS[rule],
        severity="low" if rule == MOOT else "medium",
        subject=path,
        identity=quoted(item.identity, 500),
        message=f"an open task {verdict} ({quoted(why, 300)}): {quoted(item.text, 160)}",
        evidence=quoted(item.context),
        line=item.line,
        worth=worth,
        action="delete the comment" if item.kind == "comment" else "tick it off",
    )


def priority(path: str, item: Item, what: Priority, *, fresh: bool) -> Finding:
    """A pressing task; printed only where somebody said so lately, because age alone presses nobody."""
    return Finding(
        rule=PRIORITY,
        rule_version=VERSIONS[PRIORITY],
        severity="medium" if what.stated else "low",
        subject=path,
        identity=quoted(item.identity, 500),
        message=f"priority {what.total:g}: {quoted(item.text, 160)}",
        evidence=str(what),
        line=item.line,
        worth=0.5 if what.stated and fresh else 0.3,
        action="do it next, or lower what it says of itself",
    )


def finished(found: Read, ticked: Sequence[Item], ages: Sequence[int | None]) -> Finding:
    """A list without an open task that nobody ticked lately is worth a word; any other is only counted."""
    left = len(found.waiting())
    settled = not left and all(age is not None and age >= SETTLED_DAYS for age in ages)
    boxes = all(item.kind == "box" for item in ticked)
    state = "none open" if not left else f"{left} open"
    return Finding(
        rule=FINISHED,
        rule_version=VERSIONS[FINISHED],
        severity="low",
        subject=found.path,
        identity="ticked boxes",
        message=f"{len(ticked)} {'boxes are ticked' if boxes else 'tasks are done'}, {state}",
        worth=0.5 if settled else 0.2,
        action="archive the finished list" if not left else "move what is done out of the list",
        magnitude=float(len(ticked)),
    )


def outdated(
    path: str, gone: Sequence[str], changed: int, since: dt.date, front: Front | None, worth: float
) -> Finding:
    """A plan that names what is no longer there."""
    said = f", says {quoted(front.status, 40)!r}" if front else ""
    return Finding(
        rule=OUTDATED,
        rule_version=VERSIONS[OUTDATED],
        severity="low",
        subject=path,
        identity="plan",
        message=f"a plan last changed on {since.isoformat()}{said} names what is no longer there: {_several(gone)}",
        evidence=f"{changed} of the files it names changed since" if changed else "",
        worth=worth,
        action="bring the plan up to date, or mark it as done",
        magnitude=float(len(gone)),
    )


def _several(texts: Sequence[str]) -> str:
    rest = f" and {len(texts) - 4} more" if len(texts) > 4 else ""
    return "; ".join(quoted(text, 160) for text in texts[:4]) + rest
