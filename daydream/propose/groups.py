"""From findings to groups: one coherent change each, of one rule in one package, by the same id every night."""

import hashlib
import posixpath
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from daydream.records.night import Known
from daydream.records.proposal import Proposal
from daydream.report.rank import BAR, suppressed
from daydream.store.proposals import OPEN

MOST_FILES = 10
SILENCED_AFTER = 3
_TONIGHT = ("new", "worse", "still")
_TITLES = {
    "legacy.unused_import": "Remove unused imports",
    "legacy.unused_variable": "Remove unused variables",
    "legacy.redefined": "Remove definitions that are overwritten",
    "legacy.dead_code": "Remove code that nothing uses",
    "legacy.only_tests": "Remove code that only its own tests use",
    "legacy.commented_code": "Delete commented-out code",
    "legacy.deprecated": "Replace deprecated syntax",
    "legacy.unreachable": "Remove code that is never reached",
    "legacy.removed_module": "Replace modules that newer Pythons lack",
    "docs.broken_link": "Mend links to files that moved",
    "docs.broken_anchor": "Mend links to headings that were renamed",
    "task.done_not_archived": "Archive tasks that are done",
}


@dataclass(frozen=True, slots=True)
class Group:
    """Findings that one change shall settle. `known` is the proposal that already speaks of them."""

    id: str
    rule: str
    package: str
    findings: tuple[Known, ...]
    known: Proposal | None = None

    @property
    def worth(self) -> float:
        """How likely a person acts on the best of them."""
        return max(finding.worth for finding in self.findings)


def title(rule: str, package: str) -> str:
    """The first line of the change's message."""
    what = _TITLES.get(rule) or f"Settle what {rule} found"
    return f"{what} in {package}" if package != "." else what


def package_of(path: str) -> str:
    """The folder that a change belongs to; ``.`` is the root."""
    return posixpath.dirname(path) or "."


def group(
    findings: Iterable[Known], proposals: Mapping[str, Proposal], rules: Collection[str]
) -> list[Group]:
    """Put tonight's findings of these rules into groups, those of open proposals first, then the most worthwhile.

    Left out are findings below the print bar, suppressed ones, those of a proposal that a person rejected
    or accepted, and whole rules in a package where three proposals were rejected.
    """
    settled = {f for p in proposals.values() if p.status in ("rejected", "accepted") for f in p.findings}
    quiet = silenced(proposals.values())
    wanted = {
        finding.id: finding
        for finding in findings
        if finding.rule in rules
        and finding.standing in _TONIGHT
        and finding.worth >= BAR
        and not suppressed(finding)
        and finding.id not in settled
        and (finding.rule, package_of(finding.subject)) not in quiet
    }
    open_ones = sorted(
        (p for p in proposals.values() if p.status in OPEN), key=lambda p: (p.first_night, p.id)
    )
    groups = []
    for proposal in open_ones:
        mine = tuple(wanted.pop(one) for one in proposal.findings if one in wanted)
        if mine:
            groups.append(Group(proposal.id, proposal.rule, proposal.package, mine, proposal))
    return groups + sorted(_fresh(wanted.values()), key=lambda g: (-g.worth, g.rule, g.package))


def silenced(proposals: Iterable[Proposal]) -> set[tuple[str, str]]:
    """The rules that were rejected so often in a package that nothing of them is offered there any more."""
    counted = Counter((p.rule, p.package) for p in proposals if p.status == "rejected")
    return {place for place, number in counted.items() if number >= SILENCED_AFTER}


def _fresh(findings: Iterable[Known]) -> Iterable[Group]:
    places: dict[tuple[str, str], dict[str, list[Known]]] = {}
    for finding in sorted(findings, key=lambda f: (f.subject, f.line or 0, f.id)):
        place = places.setdefault((finding.rule, package_of(finding.subject)), {})
        place.setdefault(finding.subject, []).append(finding)
    for (rule, package), files in sorted(places.items()):
        subjects = sorted(files)
        for at in range(0, len(subjects), MOST_FILES):
            mine = tuple(f for subject in subjects[at : at + MOST_FILES] for f in files[subject])
            yield Group(identify(rule, package, [f.id for f in mine]), rule, package, mine)


def identify(rule: str, package: str, findings: Sequence[str]) -> str:
    """The id of a proposal: 12 hex digits that say what it settles."""
    text = "\x1f".join((rule, package, *sorted(findings)))
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:12]
