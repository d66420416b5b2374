"""GitHub's side of `task_cleanup`: open issues, and the issues that tasks wait for. Only where it is configured."""

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from daydream.analysis.redaction import quoted
from daydream.analysis.task_claims import Claim
from daydream.analysis.task_priority import exempt, priority
from daydream.analysis.task_sources import Read
from daydream.contracts.context import Context
from daydream.records.finding import Examined, Finding
from daydream.records.outcome import Done, Failed, More, Outcome, Skipped
from daydream.steps import task_findings as findings
from daydream.steps.task_evidence import Task, candidates
from daydream.steps.task_history import Commit, History

if TYPE_CHECKING:
    from daydream.clients.github import Issue, Page
    from daydream.config.model import TaskOptions

ISSUES, REFERENCED = "github:issues", "github:referenced"
MOST_PAGES = 10
MOST_ASKED = 40
_CLOSES = r"\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?)\b:?\s+(?:(?:issue|bug|ticket)\s+)?#"
COUNTED = (
    "issues",
    "issues_stale",
    "issues_closing",
    "issues_exempt",
    "issues_done",
    "pull_requests",
    "unreadable",
)


def issues(ctx: Context, options: "TaskOptions", history: History | None, cursor: str | None) -> Outcome:
    """Read one page of the open issues."""
    from daydream.clients.github import GitHubBroken, GitHubSilent, open_issues

    number, _, place = (cursor or "1 ").partition(" ")
    try:
        page = open_issues(options, _token(ctx, options), ctx.check, place or None)
    except GitHubSilent as why:
        return Skipped(reason=str(why))
    except GitHubBroken as why:
        return Failed(error=str(why))
    return _outcome(ctx, options, history, page, int(number))


def _token(ctx: Context, options: "TaskOptions") -> str:
    return ctx.env.get(options.github_token_env, "").strip()


def _outcome(
    ctx: Context, options: "TaskOptions", history: History | None, page: "Page", number: int
) -> Outcome:
    facts: Counter[str] = Counter(
        issues=len(page.issues), pull_requests=page.pull_requests, unreadable=page.unreadable
    )
    commits = history.saying(f"#{issue.number}" for issue in page.issues) if history else None
    found = [f for issue in page.issues if (f := _judged(ctx, options, issue, commits or (), facts))]
    told: dict[str, Any] = {key: facts[key] for key in COUNTED}
    if page.cursor and number < MOST_PAGES:
        return More(cursor=f"{number + 1} {page.cursor}", findings=tuple(found), facts=told)
    told["cut"] = page.cursor is not None
    whole = not page.cursor and not page.unreadable
    rules = (findings.STALE_ISSUE,) if commits is None else (findings.STALE_ISSUE, findings.OPEN_ISSUE)
    examined = Examined(rules=findings.versions(*rules), subjects=(f"github:{options.github}",))
    return Done(findings=tuple(found), facts=told, examined=(examined,) if whole else ())


def _judged(
    ctx: Context, options: "TaskOptions", issue: "Issue", commits: Sequence[Commit], facts: Counter[str]
) -> Finding | None:
    """Say of an open issue that a commit closes it, or that it is stale; None: neither."""
    if why := _closed_by(issue, commits):
        facts["issues_done"] += 1
        return _finding(ctx, options, issue, findings.OPEN_ISSUE, f"is open, and {why}", 0.6)
    quiet = None if issue.updated_at is None else (ctx.started_at - issue.updated_at).days
    if quiet is None or quiet <= options.stale_days:
        return None
    if issue.milestone or issue.assignees or exempt(" ".join(issue.labels)):
        facts["issues_exempt"] += 1
        return None
    twice = quiet > 2 * options.stale_days
    facts["issues_stale"] += 1
    facts["issues_closing"] += twice
    said = f"last change {quiet} days ago" + (", closing proposed" if twice else "")
    return _finding(ctx, options, issue, findings.STALE_ISSUE, said, 0.35 if twice else 0.3)


def _closed_by(issue: "Issue", commits: Iterable[Commit]) -> str:
    """A commit on this branch made after the issue was opened says that it closes it; "" where it was opened again."""
    if issue.created_at is None or issue.state_reason == "reopened":
        return ""
    pattern = re.compile(rf"{_CLOSES}{issue.number}(?!\d)", re.IGNORECASE)
    for commit in commits:
        if commit.when > issue.created_at and pattern.search(commit.message):
            return f"commit {commit.id[:9]} of {commit.when.date().isoformat()} says that it closes it"
    return ""


def _finding(
    ctx: Context, options: "TaskOptions", issue: "Issue", rule: str, said: str, worth: float
) -> Finding:
    age = None if issue.created_at is None else (ctx.started_at - issue.created_at).days
    text = f"{issue.title or ''} {' '.join(issue.labels)}"
    rank = priority(text, "", age_days=age, mentions=None, deadline=None, today=ctx.started_at.date())
    done = rule == findings.OPEN_ISSUE
    return Finding(
        rule=rule,
        rule_version=findings.VERSIONS[rule],
        severity="medium" if done else "low",
        subject=f"github:{options.github}",
        identity=str(issue.number),
        message=f"#{issue.number} {said}: {quoted(issue.title or 'no title', 160)}",
        evidence=str(rank),
        worth=worth,
        action=f"close #{issue.number}, or say what is left"
        if done
        else f"answer #{issue.number}, or close it",
    )


def referenced(
    ctx: Context, options: "TaskOptions", history: History | None, reads: Sequence[Read]
) -> Outcome:
    """Ask for the state of each issue that an open task is about or waits for; at most 40."""
    if history is None:
        return Skipped(
            reason="without git it is not known when tasks were written, so closed issues prove nothing"
        )
    waiting = [task for task in candidates(reads) if _awaited(task, options)]
    numbers = sorted({n for task in waiting for n in _awaited(task, options).values()})
    from daydream.clients.github import GitHubBroken, GitHubSilent, issue

    known: dict[int, Issue | None] = {}
    try:
        for number in numbers[:MOST_ASKED]:
            known[number] = issue(options, _token(ctx, options), ctx.check, number)
    except GitHubSilent as why:
        return Skipped(reason=str(why))
    except GitHubBroken as why:
        return Failed(error=str(why))
    found, unknown = _settled(history, waiting, options, known)
    facts = {
        "asked": len(known),
        "unasked": len(numbers) - len(known),
        "closed_issues": len(found),
        "open": sorted(n for n, entry in known.items() if entry and entry.state == "open"),
        "settled": sorted(n for n, entry in known.items() if entry and entry.state == "closed"),
    }
    looked = tuple(read.path for read in reads if read.state == "read" and read.path not in unknown)
    examined = Examined(rules=findings.versions(findings.CLOSED_ISSUE), subjects=looked)
    return Done(findings=tuple(found), facts=facts, examined=(examined,))


def _awaited(task: Task, options: "TaskOptions") -> dict[Claim, int]:
    """The issues of the configured repository that a task is about or waits for."""
    own = (options.github or "").casefold()
    found = {}
    for claim in task.of("issue"):
        repository, _, number = claim.value.partition("#")
        if claim.awaited and repository.casefold() in ("", own):
            found[claim] = int(number)
    return found


def _settled(
    history: History, waiting: Sequence[Task], options: "TaskOptions", known: "Mapping[int, Issue | None]"
) -> tuple[list[Finding], set[str]]:
    """Return the findings, and the paths about which something is not known."""
    found, unknown = [], set()
    for task in waiting:
        states = {claim: known.get(number) for claim, number in _awaited(task, options).items()}
        if any(entry is None or entry.state not in ("open", "closed") for entry in states.values()):
            unknown.add(task.read.path)
        elif all(entry and entry.state == "closed" for entry in states.values()):
            written = history.written([task.read])[task.read.path].get(task.item.line)
            if written is None or written.when is None:
                unknown.add(task.read.path)
                continue
            closed = [_closing(claim, entry, written.when) for claim, entry in states.items() if entry]
            if all(closed):
                found.append(
                    findings.done(
                        task.read.path, task.item, " and ".join(closed), 0.65, rule=findings.CLOSED_ISSUE
                    )
                )
    return found, unknown


def _closing(claim: Claim, entry: "Issue", written: dt.datetime) -> str:
    """Say when an issue was closed after the task was written; "" where that proves nothing about the task."""
    at = entry.closed_at
    if entry.pull_request is not None:
        at = None if claim.tag else entry.pull_request.merged_at
    if at is None or at <= written + dt.timedelta(minutes=1):
        return ""
    what = "merged" if entry.pull_request is not None else "closed"
    how = " as not planned" if entry.state_reason == "not_planned" else ""
    return f"{claim.value} was {what}{how} on {at.date().isoformat()}"
