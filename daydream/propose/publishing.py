"""Publishing: refs, the branch and the records of what stood the test, as changes for the applier."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from daydream.analysis.fixes.diff import unified
from daydream.contracts.context import Context
from daydream.contracts.fix import Draft
from daydream.git import attempt, git
from daydream.propose.choosing import BROKEN, digest
from daydream.propose.groups import Group, silenced, title
from daydream.propose.message import counts, message
from daydream.records.change import Change, Commit, DropRef, Edit, SetRef
from daydream.records.outcome import Done, Outcome
from daydream.records.proposal import Evidence, Proposal, Status
from daydream.store.effects.ref import BRANCH
from daydream.store.proposals import OPEN, encode, of_findings, path_of, read_all

REFS = "refs/daydream/"
WHO = "daydream@localhost"
_MOST_ON_BRANCH = 200


def publish(
    ctx: Context,
    drafts: Sequence[tuple[Group, Draft]],
    chosen: Mapping[str, Any],
    tried: Mapping[str, Any],
    how: str,
) -> Outcome:
    """Write the records, set the refs of what is verified, drop those of what is over, rebuild the branch.

    What a person answered since it was chosen is left out; then the others were not tried without it, and
    the branch waits for the next night.
    """
    before = of_findings(read_all(ctx.state))
    answered = {p.id for p in before.values() if p.status in ("accepted", "rejected")}
    drafts = [(group, draft) for group, draft in drafts if group.id not in answered]
    whole = not answered.intersection(tried.get("together", ()))
    after = dict(before)
    for identifier, reason in chosen.get("closed", {}).items():
        after[identifier] = replace(after[identifier], status="closed", reason=reason)
    changes: list[Change] = []
    if not chosen.get("nothing_new", True):
        for group, draft in drafts:
            after[group.id] = replace(_proposal(ctx, group, draft, tried), tried=how)
    together = tried.get("together", ()) if whole else ()
    stack = [(g, d) for g, d in drafts if g.id in together and after[g.id].status == "open"]
    frozen = is_frozen(ctx, before)
    made = [_commit(g, d, after[g.id], len(stack) - 1) for g, d in stack]
    own = {group.id: commit for (group, _), commit in zip(stack, made, strict=True)}
    own |= {g.id: _commit(g, d, after[g.id], 0) for g, d in drafts if g.id in tried.get("apart", ())}
    for identifier, commit in sorted(own.items()):
        changes.append(set_ref(ctx, REFS + identifier, [commit]))
        after[identifier] = replace(after[identifier], ref=REFS + identifier)
    changes += _branch(ctx, made, after, frozen=frozen)
    changes += [
        DropRef(ref=REFS + one, expect=commit)
        for one, commit in refs(ctx).items()
        if one in after and after[one].status not in OPEN
    ]
    changes += records(before, after)
    facts = {
        "proposals": [_line(p) for p in sorted(after.values(), key=_order) if p.status in OPEN],
        "closed": {p.id: p.reason for p in after.values() if closed_tonight(p, before)},
        "branch": bool(made) and not frozen,
        "frozen": frozen,
        "silenced": sorted(f"{rule} in {package}" for rule, package in silenced(after.values())),
    }
    return Done(facts=facts, changes=tuple(changes))


def _branch(
    ctx: Context, made: Sequence[Commit], after: Mapping[str, Proposal], *, frozen: bool
) -> Iterator[Change]:
    """Rebuild the branch, or remove it when nothing waits any more; a person's branch is left alone."""
    tip = _value(ctx, BRANCH)
    if frozen or (tip is None and not made):
        return
    if made:
        yield set_ref(ctx, BRANCH, made, expect=tip)
    elif not any(p.status in OPEN and p.ref for p in after.values()):
        yield DropRef(ref=BRANCH, expect=tip)


def _proposal(ctx: Context, group: Group, draft: Draft, tried: Mapping[str, Any]) -> Proposal:
    data = tried.get("evidence_of", {}).get(group.id)
    evidence = None if data is None else msgspec.convert(data, Evidence)
    status: Status = "unverified"
    reason = tried.get("why", "") or (evidence.reason if evidence else "not enough time to try it")
    together = tuple(tried.get("together", ())) if group.id in tried.get("together", ()) else ()
    if together or group.id in tried.get("apart", ()):
        status, reason = "open", ""
    elif group.id in tried.get("broken", ()):
        status, reason = "closed", BROKEN
    known = group.known
    return Proposal(
        id=group.id,
        rule=group.rule,
        package=group.package,
        title=title(group.rule, group.package),
        status=status,
        base=str(ctx.examination.commit),
        paths=tuple(sorted(draft.files)),
        patch=unified(ctx.tree, draft).encode("utf-8", "surrogateescape"),
        together=tuple(one for one in together if one != group.id),
        digest=digest(draft),
        findings=draft.fixed,
        worth=group.worth,
        evidence=evidence,
        first_night=known.first_night if known else ctx.date,
        last_night=ctx.date,
        reason=reason,
    )


def _commit(group: Group, draft: Draft, proposal: Proposal, others: int) -> Commit:
    fixed = [f for f in group.findings if f.id in draft.fixed]
    assert proposal.evidence is not None  # noqa: S101 -- an open proposal was verified
    text = message(group.id, group.rule, group.package, fixed, proposal.evidence, others)
    return Commit(files=dict(draft.files), message=text)


def set_ref(ctx: Context, ref: str, commits: Sequence[Commit], expect: str | None = "any") -> SetRef:
    """Point a ref at these commits, one on top of the other, on the examined commit."""
    first, *others = commits
    return SetRef(
        ref=ref,
        parent=str(ctx.examination.commit),
        files=first.files,
        message=first.message,
        instant=ctx.started_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        then=tuple(others),
        expect=expect,
    )


def is_frozen(ctx: Context, known: Mapping[str, Proposal]) -> bool:
    """Whether the branch is somebody's work: it holds a commit that daydream did not make on a commit that
    it once built on, or proposals of another checkout of this repository."""
    tip = _value(ctx, BRANCH)
    if tip is None:
        return False
    shown = "--format=%H %ce %(trailers:key=Daydream-Id,valueonly,separator=%x2C)"
    rows = git(ctx.root, "log", "--first-parent", "-n", str(_MOST_ON_BRANCH), shown, tip, stop=ctx.stop)
    bases = {proposal.base for proposal in known.values()}
    for number, row in enumerate(rows.decode("utf-8", "replace").splitlines()):
        commit, who, identifier = (*row.split(" ", 2), "")[:3]
        if who != WHO:
            return number == 0 or commit not in bases
        if identifier.strip() not in known:
            return True
    return True


def refs(ctx: Context) -> dict[str, str]:
    """The proposals that have a ref, with its commit."""
    listed = git(ctx.root, "for-each-ref", "--format=%(refname) %(objectname)", REFS, stop=ctx.stop)
    rows = (line.split() for line in listed.decode().splitlines())
    return {name.removeprefix(REFS): commit for name, commit in rows}


def _value(ctx: Context, ref: str) -> str | None:
    left = attempt(ctx.root, "rev-parse", "--verify", "--quiet", ref, stop=ctx.stop)
    return left.stdout.decode().strip() or None if left.returncode == 0 else None


def records(before: Mapping[str, Proposal], after: Mapping[str, Proposal]) -> Iterator[Edit]:
    """Write the records that are other ones by now."""
    for identifier, proposal in sorted(after.items()):
        if before.get(identifier) != proposal:
            yield Edit(place="state", path=path_of(identifier), content=encode(proposal), expect="any")


def closed_tonight(proposal: Proposal, before: Mapping[str, Proposal]) -> bool:
    """Whether it waited for an answer until tonight."""
    was = before.get(proposal.id)
    return proposal.status == "closed" and was is not None and was.status in OPEN


def _order(proposal: Proposal) -> tuple[bool, float, str]:
    return (proposal.status != "open", -proposal.worth, proposal.id)


def _line(proposal: Proposal) -> dict[str, Any]:
    """What the report says of one proposal."""
    return {
        "id": proposal.id,
        "title": proposal.title,
        "status": proposal.status,
        "files": len(proposal.paths),
        "first_night": proposal.first_night,
        "tests": counts(proposal.evidence.candidate) if proposal.evidence else None,
        "reason": proposal.reason,
    }
