"""Which changes are worth trying tonight, and what became of those that wait for an answer."""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from daydream.contracts.context import Context
from daydream.contracts.fix import Draft, Fix
from daydream.propose.groups import Group, group, identify
from daydream.records.night import Known
from daydream.records.proposal import Proposal
from daydream.report.rank import suppressed
from daydream.store.proposals import OPEN

GONE = "what it settles is gone"
SILENT = "what it settles was suppressed"
BROKEN = "the repository's tests come out differently with it"


@dataclass(slots=True)
class Choice:
    """`chosen` are the groups of tonight with their drafts; `closed` says by id why a proposal is over; `left`
    counts findings that no machine can settle, by reason; `waiting` counts groups that are, in whole or in part, for later nights;
    `untouched` are open proposals that nothing was learned about."""

    chosen: list[tuple[Group, Draft]] = field(default_factory=list)
    closed: dict[str, str] = field(default_factory=dict)
    left: dict[str, int] = field(default_factory=dict)
    waiting: int = 0
    untouched: tuple[str, ...] = ()


def choose(
    ctx: Context,
    findings: Sequence[Known],
    proposals: Mapping[str, Proposal],
    fixes: Mapping[str, Fix],
    *,
    per_night: int,
    most_open: int,
    others: Collection[str] = (),
) -> Choice:
    """Draft what is open already, then as many new groups as a person may be asked to look at.

    No two of them edit the same file, nor one of `others`, which wait for an answer already: each has to be right without the rest.
    """
    choice = Choice()
    groups = group(findings, proposals, fixes.keys())
    there = {g.id for g in groups if g.known is not None}
    unseen = {f.id for f in findings if f.standing == "not_looked_at"}
    waiting = [p for p in proposals.values() if p.status in OPEN and p.id not in there]
    choice.untouched = tuple(sorted(p.id for p in waiting if unseen.intersection(p.findings)))
    silent = {f.id for f in findings if suppressed(f)}
    over = [p for p in waiting if p.id not in choice.untouched]
    choice.closed.update({p.id: SILENT if silent.intersection(p.findings) else GONE for p in over})
    room = min(per_night, max(0, most_open - len(there) - len(choice.untouched)))
    taken = {*others, *(path for one in choice.untouched for path in proposals[one].paths)}
    for candidate in groups:
        ctx.check()
        if candidate.known is None and room == 0:
            choice.waiting += 1
            continue
        draft = fixes[candidate.rule](ctx, candidate.findings)
        if taken.intersection(draft.files):
            choice.waiting += 1
            candidate = _elsewhere(candidate, taken)  # noqa: PLW2901 -- the part of it that can go first
            draft = fixes[candidate.rule](ctx, candidate.findings) if candidate.findings else Draft()
            if not draft.files or taken.intersection(draft.files):
                continue
        _count(choice, draft)
        if not draft.files:
            if candidate.known is not None:
                choice.closed[candidate.id] = _why(draft)
        elif not _was_broken(candidate, draft, proposals):
            taken.update(draft.files)
            choice.chosen.append((candidate, draft))
            room -= candidate.known is None
    return choice


def _elsewhere(whole: Group, taken: Collection[str]) -> Group:
    """The part of a new group that lies in files which no other change of tonight edits; what a person has been
    shown already is not taken apart."""
    if whole.known is not None:
        return replace(whole, findings=())
    rest = tuple(finding for finding in whole.findings if finding.subject not in taken)
    return replace(
        whole, id=identify(whole.rule, whole.package, [finding.id for finding in rest]), findings=rest
    )


def draft_again(
    ctx: Context,
    chosen: Iterable[Mapping[str, object]],
    findings: Sequence[Known],
    proposals: Mapping[str, Proposal],
    fixes: Mapping[str, Fix],
) -> list[tuple[Group, Draft]]:
    """Work the chosen drafts out once more, from what the journal says was chosen; the same edits come out."""
    known = {finding.id: finding for finding in findings}
    result = []
    for one in chosen:
        identifier, rule, package, ids = (one[key] for key in ("id", "rule", "package", "findings"))
        mine = tuple(known[f] for f in ids if f in known)  # type: ignore[attr-defined]
        again = Group(str(identifier), str(rule), str(package), mine, proposals.get(str(identifier)))
        result.append((again, fixes[again.rule](ctx, mine)))
    return result


def _count(choice: Choice, draft: Draft) -> None:
    for reason in draft.left.values():
        choice.left[reason] = choice.left.get(reason, 0) + 1


def _why(draft: Draft) -> str:
    reasons = sorted(set(draft.left.values()))
    return f"it cannot be made any more: {reasons[0]}" if reasons else "it cannot be made any more"


def _was_broken(candidate: Group, draft: Draft, proposals: Mapping[str, Proposal]) -> bool:
    """Whether the tests have failed with exactly this edit before."""
    before = proposals.get(candidate.id)
    return before is not None and before.reason == BROKEN and before.digest == digest(draft)


def digest(draft: Draft) -> str:
    """A hash of an edit: 16 hex digits."""
    total = hashlib.sha256()
    for path, content in sorted(draft.files.items()):
        total.update(path.encode("utf-8", "surrogateescape") + b"\0")
        total.update(b"-" if content is None else hashlib.sha256(content).digest())
    return total.hexdigest()[:16]
