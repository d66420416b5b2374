"""The place of `sentry_query` in the report: every issue counted once, the few most worth a look listed."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from daydream.records.section import SectionData, SubStepResult
from daydream.steps.sentry_findings import FREQUENCIES, VERDICTS

KEY, TITLE = "sentry_query", "Sentry Review"
LISTED = 7
_COUNTS = ("new", "recurring", "suggested_fixes", "read", "undated", "regressed", "resolved")
_SEVERITIES = ("high", "medium", "low")


def section(results: Sequence[SubStepResult], most_pages: int) -> SectionData:
    """Add up the parts; null where nobody looked."""
    parts = [part for result in results for part in result.parts]
    notes = sorted({result.reason for result in results if result.reason})
    if not parts:
        return SectionData(key=KEY, title=TITLE, facts=dict.fromkeys(_COUNTS), notes=tuple(notes))
    issues: dict[str, Mapping[str, Any]] = {}
    for part in parts:
        for line in part.get("issues", ()):
            issues.setdefault(line["id"], line)
    resolved = {line["id"]: line for part in parts for line in part.get("resolved", ())}
    facts = _facts(list(issues.values()), list(resolved.values()))
    listed = {entry[0] for part in parts for entry in part.get("page", ())}
    facts["read"] = len(issues.keys() | listed)
    facts["unseen"] = len(listed - issues.keys())
    facts["errors"] = {key: line["entries"][0] for key, line in issues.items() if len(line["entries"]) == 1}
    facts["errors"] |= {key: entry for part in parts for key, entry in part.get("away", {}).items()}
    facts["linked"] = _linked(list(issues.values()))
    return SectionData(key=KEY, title=TITLE, facts=facts, notes=(*notes, *_remarks(parts, facts, most_pages)))


def _facts(issues: Sequence[Mapping[str, Any]], resolved: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    states = Counter(line["state"] for line in issues)
    kinds = Counter((line["severity"], line["frequency"]) for line in issues)
    verdicts = Counter(line["verdict"] for line in issues)
    ranked = sorted(issues, key=lambda line: (-line["worth"], -(line["recent"] or 0), line["id"]))
    return {
        "new": states["new"],
        "recurring": states["ongoing"] + states["regressed"],
        "regressed": states["regressed"],
        "resolved": len(resolved),
        "undated": states[None],
        "suggested_fixes": sum(1 for line in issues if line["advised"]),
        "in_logs": sum(1 for line in issues if line["logs"]),
        "categories": {
            severity: {name: kinds[severity, name] for name in (*FREQUENCIES, "unknown")}
            for severity in _SEVERITIES
        },
        "verdicts": {verdict: verdicts[verdict] for verdict in VERDICTS},
        "top": [_shown(line) for line in ranked[:LISTED] if line["worth"] >= 0.5],
        "settled": [dict(line) for line in sorted(resolved, key=lambda line: str(line["id"]))[:LISTED]],
    }


def _linked(issues: Sequence[Mapping[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """The issues by what the logs say of the same thing."""
    found: dict[str, list[dict[str, Any]]] = {}
    for line in sorted(issues, key=lambda line: (-line["worth"], line["id"])):
        for entry in line["entries"]:
            told = {name: line[name] for name in ("label", "state", "link")}
            found.setdefault(entry, []).append(told)
    return found


def _shown(line: Mapping[str, Any]) -> dict[str, Any]:
    return {**line, "verdict": VERDICTS[line["verdict"]]}


def _remarks(parts: Sequence[Mapping[str, Any]], facts: Mapping[str, Any], most_pages: int) -> list[str]:
    """Say what the counts leave out."""
    notes = []
    if cut := sum(1 for part in parts if part.get("cut")):
        notes.append(
            f"Sentry has more issues than the {most_pages} most frequent pages, or the requests of [sentry] budget, "
            f"let us read ({cut} list cut short)."
        )
    if unreadable := sum(part.get("unreadable", 0) for part in parts):
        notes.append(f"{unreadable} entries of Sentry's answer had no id and were not counted.")
    if facts["undated"]:
        notes.append(
            f"{facts['undated']} issues carry no date of first sight: neither new nor recurring was measured."
        )
    if facts["unseen"]:
        notes.append(
            f"{facts['unseen']} issues were listed and not looked at before the night's time was over."
        )
    notes += sorted({note for part in parts for note in part.get("notes", ())})
    return notes
