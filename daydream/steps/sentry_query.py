"""`sentry_query`: what Sentry saw in the last 24 hours, asked with GET and nothing else."""

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from daydream.analysis.redaction import redact
from daydream.contracts.context import Context
from daydream.contracts.step import Step
from daydream.records.finding import Examined, Finding, Severity
from daydream.records.outcome import Done, Failed, More, Outcome, Skipped
from daydream.records.section import SectionData, SubStepResult

if TYPE_CHECKING:
    from daydream.clients.sentry import Issue, Page
    from daydream.config.model import Config, SentryOptions

RULE = "sentry.issue"
RULES = {RULE: 1}
MOST_PAGES = 10
NEW_FOR = dt.timedelta(hours=24)
LONGEST_TEXT = 200
_PREFIX = "issues:"
_SEVERITY: dict[str | None, Severity] = {
    "fatal": "high",
    "error": "high",
    "warning": "medium",
    "info": "low",
    "debug": "low",
    "sample": "low",
}
_FREQUENT = 100
_WIDE = 10

SUGGESTIONS: Mapping[str, str] = {
    "AttributeError": "guard against None, or against the type that lacks the attribute",
    "BrokenPipeError": "treat a client that hangs up as the end of the request, not as an error",
    "ConnectionError": "retry with back-off and a time-out, and say which service was out of reach",
    "ConnectionRefusedError": "check that the service is up and its address is right; retry with back-off",
    "ConnectionResetError": "retry with back-off; the other side closed the connection",
    "DeadlockDetected": "take the locks in one order, or retry the transaction",
    "DoesNotExist": "answer 404 (or handle the missing row) where the object is looked up",
    "FileNotFoundError": "check the path at start-up, or handle the missing file",
    "ImportError": "check that the deployed environment has the package and version the code imports",
    "IndexError": "check the length before indexing",
    "IntegrityError": "validate before saving, or turn the conflict into an answer to the user",
    "JSONDecodeError": "check status and content type before parsing, and handle an answer that is not JSON",
    "KeyError": "use .get() or validate the keys where the data comes in",
    "MemoryError": "process in chunks instead of loading everything at once",
    "ModuleNotFoundError": "add the package to the deployed dependencies",
    "MultipleObjectsReturned": "add a uniqueness constraint, or pick one row explicitly",
    "NotImplementedError": "implement the branch, or refuse the request earlier",
    "OperationalError": "check the database's availability, connection limits and time-outs",
    "PermissionError": "check owner and mode of the path the process uses",
    "ReadTimeout": "set a time-out that fits the service, and retry idempotent calls",
    "RecursionError": "bound the recursion, or look for a cycle in the data",
    "TimeoutError": "set a time-out that fits the service, and retry idempotent calls",
    "UnboundLocalError": "assign the variable on every path",
    "UnicodeDecodeError": "name the encoding when reading, and decide what happens to undecodable bytes",
    "UnicodeEncodeError": "name the encoding when writing",
    "ZeroDivisionError": "handle the zero before dividing",
}


def make(config: "Config") -> Step:
    """Bind the options."""
    return SentryQuery(config.sentry)


class SentryQuery:
    """One sub-step per configured project, or one for all; each page is a part."""

    def __init__(self, options: "SentryOptions") -> None:
        self._options = options

    def plan(self, ctx: Context) -> Sequence[str]:  # noqa: ARG002 -- the contract's signature
        """Name one sub-step per project."""
        return [f"{_PREFIX}{name[:100]}" for name in sorted(set(self._options.projects))] or [f"{_PREFIX}*"]

    def run(self, ctx: Context, sub_step: str, cursor: str | None) -> Outcome:
        """Ask for one page; without a configured organisation and a token nothing is asked at all."""
        token = ctx.env.get(self._options.token_env, "").strip()
        if reason := self._unconfigured(token):
            return Skipped(reason=reason)
        from daydream.clients.sentry import SentryBroken, SentrySilent, issues

        name = sub_step.removeprefix(_PREFIX)
        number, _, place = (cursor or "1 ").partition(" ")
        try:
            page = issues(self._options, token, ctx.check, None if name == "*" else name, place or None)
        except SentrySilent as why:
            return Skipped(reason=str(why))
        except SentryBroken as why:
            return Failed(error=str(why))
        return _outcome(page, int(number), name, ctx.started_at)

    def _unconfigured(self, token: str) -> str | None:
        if self._options.organization and token:
            return None
        name = self._options.token_env
        missing = {
            (False, False): f"set [sentry] organization in your user configuration and export {name}",
            (False, True): "set [sentry] organization in your user configuration",
            (True, False): f"export {name}",
        }[bool(self._options.organization), bool(token)]
        return f"no Sentry configured: {missing}"

    def section(self, results: Sequence[SubStepResult]) -> SectionData:
        """Count each issue once, also where two pages or projects named it; null where nobody looked."""
        parts = [part for result in results for part in result.parts]
        notes = sorted({result.reason for result in results if result.reason})
        if not parts:
            counts = dict.fromkeys(("new", "recurring", "suggested_fixes", "read", "undated"))
            return SectionData(key="sentry_query", title="Sentry Review", facts=counts, notes=tuple(notes))
        seen = {kind: _union(parts, kind) for kind in ("new", "recurring", "undated", "suggested")}
        facts = {
            "new": len(seen["new"]),
            "recurring": len(seen["recurring"] - seen["new"]),
            "suggested_fixes": len(seen["suggested"]),
            "undated": len(seen["undated"]),
            "read": len(seen["new"] | seen["recurring"] | seen["undated"]),
        }
        return SectionData(
            key="sentry_query", title="Sentry Review", facts=facts, notes=(*notes, *_remarks(parts, facts))
        )


def _union(parts: Iterable[Mapping[str, Any]], kind: str) -> set[str]:
    return {identity for part in parts for identity in part.get(kind, ())}


def _remarks(parts: Sequence[Mapping[str, Any]], facts: Mapping[str, int]) -> list[str]:
    """Say what the counts leave out."""
    notes = []
    if cut := sum(1 for part in parts if part.get("cut")):
        notes.append(
            f"Sentry has more issues than the {MOST_PAGES} most frequent pages that were read ({cut} list cut short)."
        )
    if unreadable := sum(part.get("unreadable", 0) for part in parts):
        notes.append(f"{unreadable} entries of Sentry's answer had no id and were not counted.")
    if facts["undated"]:
        notes.append(
            f"{facts['undated']} issues carry no date of first sight: neither new nor recurring was measured."
        )
    return notes


def _outcome(page: "Page", number: int, name: str, now: dt.datetime) -> Outcome:
    """Turn a page into findings, and say whether the list was read to its end."""
    ages = {issue.id: age(issue, now) for issue in page.issues}
    findings = tuple({i.id: _finding(i, ages[i.id], name) for i in page.issues}.values())
    facts: dict[str, Any] = {
        kind: sorted(key for key, value in ages.items() if value == kind)
        for kind in ("new", "recurring", "undated")
    }
    facts["suggested"] = sorted({i.id for i in page.issues if suggestion(i)})
    facts["unreadable"] = page.unreadable
    if page.cursor and number < MOST_PAGES:
        return More(cursor=f"{number + 1} {page.cursor}", findings=findings, facts=facts)
    facts["cut"] = page.cursor is not None
    whole = page.cursor is None and not page.unreadable
    return Done(findings=findings, facts=facts, examined=(_examined(name),) if whole else ())


def _examined(name: str) -> Examined:
    """Claim a project only when its list was read to the end: then what is not in it is gone."""
    if name == "*":
        return Examined(rules=RULES, everything=True)
    return Examined(rules=RULES, subjects=(f"sentry:{name}",))


def age(issue: "Issue", now: dt.datetime) -> str:
    """Return new (first seen within 24 hours before `now`), recurring, or undated (not known)."""
    if issue.firstSeen is not None:
        return "new" if now - issue.firstSeen <= NEW_FOR else "recurring"
    return "new" if issue.substatus == "new" else "recurring" if issue.substatus else "undated"


def suggestion(issue: "Issue") -> str:
    """Return what usually settles this kind of exception, in the imperative; "" for other kinds."""
    named = issue.metadata.type or (issue.title or "").partition(":")[0]
    return SUGGESTIONS.get(named.strip().rpartition(".")[2], "")


def worth(issue: "Issue", age: str) -> float:
    """Estimate the chance that somebody acts, from level, novelty, frequency and reach."""
    if issue.level not in ("fatal", "error", None):
        return 0.4 if issue.level == "warning" else 0.2
    if issue.level == "fatal" or age == "new" or issue.substatus in ("regressed", "escalating"):
        return 0.8
    if (issue.count or 0) >= _FREQUENT or (issue.userCount or 0) >= _WIDE:
        return 0.6
    return 0.4


def _finding(issue: "Issue", age: str, name: str) -> Finding:
    project = name if name != "*" else clean(issue.project.slug or "") or "unknown"
    label = clean(issue.shortId or issue.id)
    counted = [
        "events not known" if issue.count is None else f"{issue.count} events",
        "users not known" if issue.userCount is None else f"{issue.userCount} users",
    ]
    title = clean(issue.title or issue.metadata.type or "no title")
    action = suggestion(issue)
    return Finding(
        rule=RULE,
        rule_version=RULES[RULE],
        severity=_SEVERITY.get(issue.level, "medium"),
        subject=f"sentry:{project}",
        identity=issue.id,
        message=f"{label} {title} ({', '.join(counted)})",
        evidence=" ".join(filter(None, (age, clean(issue.culprit or ""), _link(issue.permalink)))),
        worth=worth(issue, age),
        action=f"{action} ({label})" if action else f"triage {label} in Sentry",
        magnitude=None if issue.count is None else float(issue.count),
    )


def _link(text: str | None) -> str:
    """Pass an address on only when it is one, so that a report links to nothing else."""
    return text if text and re.fullmatch(r"https?://[\w.\-]+(:\d+)?/[\w./\-]{0,180}", text) else ""


def clean(text: str) -> str:
    """Make a stranger's text fit for one line: no secrets, no control characters, at most 200 long."""
    line = "".join(c if c.isprintable() else " " for c in text[: 10 * LONGEST_TEXT])
    line = " ".join(redact(line).split())
    return line if len(line) <= LONGEST_TEXT else line[: LONGEST_TEXT - 1] + "…"
