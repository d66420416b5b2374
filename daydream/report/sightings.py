"""One error that the logs and Sentry both saw is one finding, and what either says of it stands beside the other."""

from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from daydream.records.night import Known
from daydream.records.section import SectionData
from daydream.report.rank import BAR, printable, rank

LOGS, SENTRY = "log_review", "sentry_query"
_OPEN = ("new", "worse", "still")
_FOLDED = 0.3
_SEVERITY = {"high": 0, "medium": 1, "low": 2}
_ABOUT = "trace "


def once(
    findings: Sequence[Known], sections: Iterable[SectionData]
) -> tuple[tuple[Known, ...], tuple[Known, ...]]:
    """Return the findings with each error once, and the same with every sighting, for the memory.

    Sentry's finding stands for both while Sentry has the error, else the log's. It has the stronger worth and severity, both
    evidences, and is new or worse where one that would be printed is. The others stay in the memory as they are, below
    the print bar: on a night that cannot ask Sentry the log's finding is known, and each is gone when its own source no
    longer has it. Where Sentry was not asked nothing is put together.
    """
    errors = _errors(sections)
    if not errors:
        return tuple(findings), tuple(findings)
    groups: dict[str, list[Known]] = {}
    every = frozenset(errors.values())
    for known in findings:
        error = _error_of(known, errors, every)
        if error is not None:
            groups.setdefault(error, []).append(known)
    owners: dict[str, Known] = {}
    folded: dict[str, Known] = {}
    for group in groups.values():
        logged = [known for known in group if known.rule.startswith("log.")]
        tracked = [known for known in group if not known.rule.startswith("log.")]
        if logged and tracked:
            owner = _owner(tracked, logged)
            others = [known for known in (*logged, *_silent(tracked, owner)) if known is not owner]
            owners[owner.id] = _merged(owner, others)
            folded |= {known.id: _folded(known, owner) for known in others}
    shown = tuple(owners.get(known.id, known) for known in findings if known.id not in folded)
    return shown, tuple(owners.get(known.id) or folded.get(known.id) or known for known in findings)


def linked(sections: Sequence[SectionData]) -> tuple[SectionData, ...]:
    """Put Sentry's issues beside what the logs say of the same thing; None where Sentry was not asked."""
    issues = _facts(sections, SENTRY).get("linked")
    return tuple(_with_issues(each, issues) if each.key == LOGS else each for each in sections)


def _with_issues(section: SectionData, issues: Mapping[str, Any] | None) -> SectionData:
    if "told" not in section.facts:
        return section
    told = [
        {**entry, "sentry": None if issues is None else issues.get(entry["id"], [])}
        for entry in section.facts["told"]
    ]
    return replace(section, facts={**section.facts, "told": told})


def _facts(sections: Iterable[SectionData], key: str) -> Mapping[str, Any]:
    return next((section.facts for section in sections if section.key == key), {})


def _errors(sections: Iterable[SectionData]) -> Mapping[str, str]:
    """By which identity the logs tell of each issue that Sentry told of, or that it used to have."""
    return _facts(sections, SENTRY).get("errors") or {}


def _error_of(known: Known, errors: Mapping[str, str], every: Container[str]) -> str | None:
    """The error that a finding is about, if Sentry knows of it."""
    if known.rule == "sentry.issue":
        return errors.get(known.identity)
    error = known.identity.removeprefix(_ABOUT)
    return error if known.rule.startswith("log.") and error in every else None


def _owner(tracked: Sequence[Known], logged: Sequence[Known]) -> Known:
    """Sentry's finding unless only the log still has the error, or only there nobody could look."""
    ordered = [*sorted(tracked, key=rank), *sorted(logged, key=rank)]
    return min(ordered, key=_presence)


def _presence(known: Known) -> int:
    return 0 if known.standing in _OPEN else 1 if known.standing == "not_looked_at" else 2


def _silent(tracked: Sequence[Known], owner: Known) -> list[Known]:
    """Sentry's findings that another one stands for; issues that are as present are told each by itself."""
    return [known for known in tracked if _presence(known) > _presence(owner)]


def _merged(owner: Known, others: Sequence[Known]) -> Known:
    """Give a finding what the others have beyond it."""
    there = [known for known in others if known.standing in _OPEN]
    every = [owner, *there]
    news = printable(every, "worse") or printable(every, "new")
    silent = next((known for known in every if known.suppress_reason is not None), owner)
    return replace(
        owner,
        severity=min((known.severity for known in every), key=_SEVERITY.__getitem__),
        worth=max(known.worth for known in every),
        standing=news[0].standing if news else owner.standing,
        first_night=min(known.first_night for known in (owner, *others)),
        evidence=" | ".join(filter(None, (owner.evidence, *map(_said, there)))),
        suppressed_until=silent.suppressed_until,
        suppress_reason=silent.suppress_reason,
    )


def _said(known: Known) -> str:
    return f"{known.subject}: {known.message}"


def _folded(known: Known, owner: Known) -> Known:
    said = f"the same error as {owner.id}"
    evidence = f"{known.evidence} | {said}" if known.evidence else said
    return replace(known, worth=min(known.worth, _FOLDED, BAR), evidence=evidence)
