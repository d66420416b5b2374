"""What `task_cleanup` says of its night: a pure function of the recorded results."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from daydream.records.section import SectionData, SubStepResult
from daydream.steps.task_github import COUNTED as ISSUES_COUNTED

COUNTED = (
    *(
        "read",
        "large",
        "gone",
        "binary",
        "odd",
        "lists",
        "open",
        "closed",
        "laid_down",
        "markers",
        "priorities",
    ),
)
AGED = ("measured", "stale", "closing", "exempt", "unmeasured", "unblamed")
MOST_BLAMED = 60
_EVIDENCE = ("checked", "proven", "moot", "unknown")
_PLANS = ("plans", "plans_outdated", "plans_unknown")


def section(results: Sequence[SubStepResult]) -> SectionData:
    """Add up the sub-steps; what nobody measured is null."""
    batches = _parts(results, "files:")
    aged, evidence, plans = (_parts(results, name) for name in ("ages", "evidence", "plans"))
    looked = bool(batches) or any(result.name == "ages" and result.kind == "done" for result in results)
    total, ages = _total(batches, ("expired", *COUNTED)), _total(aged, AGED)
    dated = bool(aged) and bool(ages["measured"] or not ages["unmeasured"])
    facts: dict[str, Any] = {
        "closed": total["closed"],
        "priorities": total["priorities"],
        "open": total["open"],
        "done": total["closed"],
        "markers": total["markers"],
        "expired": total["expired"],
        "lists": total["lists"],
        "files": total["read"],
    }
    facts = {key: value if looked else None for key, value in facts.items()}
    for key in ("stale", "closing", "exempt"):
        facts[key] = ages[key] if dated else None
    facts["unmeasured"] = ages["unmeasured"] if aged else None
    checked = [part for part in evidence if "checked" in part]
    facts |= {key: _total(checked, _EVIDENCE)[key] if checked else None for key in ("proven", "moot")}
    facts |= {key: _total(plans, _PLANS)[key] if plans else None for key in ("plans", "plans_outdated")}
    facts |= _github(results)
    reasons = sorted({result.reason for result in results if result.reason})
    notes = [*reasons, *_notes(total, ages, all(part.get("history", True) for part in aged))]
    notes += _unknown(_total(evidence, _EVIDENCE), _total(plans, _PLANS), _parts(results, "github:"))
    return SectionData(key="task_cleanup", title="Task Management", facts=facts, notes=tuple(notes))


def _parts(results: Iterable[SubStepResult], prefix: str) -> list[Mapping[str, Any]]:
    return [part for result in results if result.name.startswith(prefix) for part in result.parts]


def _github(results: Sequence[SubStepResult]) -> dict[str, Any]:
    """Count GitHub's issues; null where it is configured and did not answer, nothing where it is not."""
    asked = [result for result in results if result.name.startswith("github:")]
    if not asked:
        return {}
    pages, referenced = _parts(asked, "github:issues"), _parts(asked, "github:referenced")
    facts: dict[str, Any] = dict(_total(pages, ISSUES_COUNTED)) if pages else dict.fromkeys(ISSUES_COUNTED)
    facts.pop("unreadable")
    facts["closed_issues"] = _total(referenced, ("closed_issues",))["closed_issues"] if referenced else None
    return facts


def _total(parts: Iterable[Mapping[str, Any]], keys: Iterable[str]) -> dict[str, int]:
    rows = list(parts)
    return {key: sum(row.get(key, 0) for row in rows) for key in keys}


def _notes(total: Mapping[str, int], ages: Mapping[str, int], history: bool) -> list[str]:
    notes = []
    unread = {
        "large": "over 1 MB",
        "gone": "unreadable",
        "binary": "binary",
        "odd": "not tokenizable as Python",
    }
    if said := ", ".join(f"{total[key]} {word}" for key, word in unread.items() if total[key]):
        notes.append(f"Files not searched for tasks: {said}.")
    if ages["unmeasured"] and not history:
        notes.append(
            f"The ages of {ages['unmeasured']} open tasks are not measured: there is no git history."
        )
    elif ages["unmeasured"]:
        notes.append(
            f"The ages of {ages['unmeasured']} open tasks are not measured: "
            f"beyond the {MOST_BLAMED} files asked per night, or older than the history at hand."
        )
    if ages["unblamed"]:
        notes.append(f"git blame failed for {ages['unblamed']} files.")
    return notes


def _unknown(
    evidence: Mapping[str, int], plans: Mapping[str, int], github: Sequence[Mapping[str, Any]]
) -> list[str]:
    """Say what the counts of the later questions leave out."""
    notes = []
    if evidence["unknown"]:
        notes.append(
            f"For {evidence['unknown']} tasks nobody could tell whether they are done: git did not say when they were written."
        )
    if plans["plans_unknown"]:
        notes.append(f"{plans['plans_unknown']} plans were not compared with the tree.")
    if any(part.get("cut") for part in github):
        notes.append("GitHub has more open issues than the 10 oldest pages that were read.")
    if unreadable := sum(part.get("unreadable", 0) for part in github):
        notes.append(f"{unreadable} entries of GitHub's answer had no number and were not counted.")
    if unasked := sum(part.get("unasked", 0) for part in github):
        notes.append(f"{unasked} issues that tasks wait for were not asked for tonight.")
    return notes
