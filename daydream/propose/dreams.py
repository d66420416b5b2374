"""`propose.dreams`: dreams that were tried, do the same and gained, as changes that a person takes with one command.

They were verified in the sandbox only: they have refs of their own and are never on the branch of the proposals, nor applied by a night.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from daydream.contracts.context import Context
from daydream.contracts.step import Step
from daydream.propose.groups import package_of, silenced
from daydream.records.change import Change, Commit, Delete, DropRef, Edit
from daydream.records.outcome import Done, Outcome
from daydream.records.proposal import DREAM, Proposal, Sandboxed
from daydream.records.section import SectionData, SubStepResult
from daydream.store.dream_rows import dreams_by_id
from daydream.store.dreams import DreamStore
from daydream.store.proposals import OPEN, of_dreams, read_all
from daydream.store.suppressions import by_id, read_suppressions
from daydream.store.trial_rows import worth_a_change

if TYPE_CHECKING:
    from daydream.config.model import Config
    from daydream.propose.dream_choosing import Choice, Found, Offer

OFFER = "offer"
_OWN_BRANCH = "daydream/proposals"


def make(config: "Config") -> Step:
    """Bind the options."""
    return Dreams(config)


class Dreams:
    """Offer the best dreams, make those that wait anew on another commit, close what no longer stands."""

    def __init__(self, config: "Config") -> None:
        self._caps = config.proposals

    def plan(self, ctx: Context) -> Sequence[str]:
        """Nothing in report mode, without a commit to build on, while the branch of the proposals is checked out, or where
        nothing waits and nothing is new."""
        if ctx.mode == "report" or ctx.examination.commit is None or ctx.examination.branch == _OWN_BRANCH:
            return ()
        known = of_dreams(read_all(ctx.state))
        over = {p.trial.wording for p in known.values() if p.trial and p.status in ("accepted", "rejected")}
        fresh = any((*d.base, d.base_source_hash) not in over for _, d in _found(ctx))
        return (OFFER,) if fresh or any(p.status in OPEN for p in known.values()) or _left(ctx, known) else ()

    def run(self, ctx: Context, sub_step: str, cursor: str | None) -> Outcome:
        """Choose, and return refs, evidence and records as changes."""
        from daydream.propose import dream_choosing

        del sub_step, cursor
        before = read_all(ctx.state)
        caps = self._caps
        choice = dream_choosing.choose(
            ctx,
            _found(ctx),
            _kept(ctx, before),
            _suppressed(ctx),
            before,
            most=caps.dreams_per_night,
            most_open=caps.open,
        )
        return _published(ctx, of_dreams(before), choice)

    def section(self, results: Sequence[SubStepResult]) -> SectionData:
        """What waits for an answer, what was closed, what was left and why."""
        facts: dict[str, Any] = {}
        for result in results:
            facts |= result.parts[-1] if result.parts else {}
        return SectionData(key="dreams", title="Dreams as proposals", facts=facts)


def _found(ctx: Context) -> "Found":
    with DreamStore.open(ctx.state / DreamStore.schema.file, read_only=True) as store:
        return worth_a_change(store)


def _kept(ctx: Context, proposals: Mapping[str, Proposal]) -> frozenset[str]:
    ids = [one for proposal in of_dreams(proposals).values() for one in proposal.findings]
    with DreamStore.open(ctx.state / DreamStore.schema.file, read_only=True) as store:
        return frozenset(dream.id for dream in dreams_by_id(store, ids))


def _suppressed(ctx: Context) -> frozenset[str]:
    wishes = by_id(read_suppressions(ctx.state / "night" / "inbox")[0])
    return frozenset(
        one for one, wish in wishes.items() if wish.until is None or ctx.date <= wish.until.isoformat()
    )


def _left(ctx: Context, known: Mapping[str, Proposal]) -> bool:
    """Whether a proposal that was answered still has its ref."""
    from daydream.propose.publishing import refs

    return bool(known) and any(one in known and known[one].status not in OPEN for one in refs(ctx))


def _published(ctx: Context, before: Mapping[str, Proposal], choice: "Choice") -> Outcome:
    """Set the refs, write evidence and records; drop what is over."""
    from daydream.propose import publishing

    there = publishing.refs(ctx)
    after = dict(before)
    for identifier, reason in choice.closed.items():
        after[identifier] = replace(after[identifier], status="closed", reason=reason, ref=None)
    changes: list[Change] = []
    ids = sorted(offer.id for offer in choice.made)
    for offer in choice.made:
        proposal = _proposal(ctx, offer, tuple(one for one in ids if one != offer.id))
        known = offer.known
        if (
            known is not None
            and replace(proposal, last_night=known.last_night) == known
            and offer.id in there
        ):
            continue
        after[offer.id] = proposal
        if (
            known is None
            or (known.base, known.digest) != (proposal.base, proposal.digest)
            or offer.id not in there
        ):
            changes += _made(ctx, offer, proposal)
    over = [one for one in sorted(after) if after[one].status not in OPEN]
    changes += [DropRef(ref=publishing.REFS + one, expect=there[one]) for one in over if one in there]
    changes += _forgotten(ctx, (one for one in over if after[one].status == "closed"))
    changes += publishing.records(before, after)
    waiting = sorted((p for p in after.values() if p.status in OPEN), key=lambda p: (p.first_night, p.id))
    facts = {
        "proposals": [_line(proposal) for proposal in waiting],
        "closed": {p.id: p.reason for p in after.values() if publishing.closed_tonight(p, before)},
        "waiting": choice.waiting,
        "left": dict(sorted(choice.left.items())),
        "silenced": sorted(package for _, package in silenced(after.values())),
    }
    return Done(facts=facts, changes=tuple(changes))


def _made(ctx: Context, offer: "Offer", proposal: Proposal) -> Iterator[Change]:
    """The commit of a dream, and the evidence for it."""
    from daydream.propose import dream_evidence, dream_words, publishing

    assert proposal.trial is not None  # noqa: S101 -- `_proposal` fills it
    text = dream_words.message(offer.id, offer.dream, proposal.trial)
    commit = Commit(files=dict(offer.draft.files), message=text)
    yield publishing.set_ref(ctx, publishing.REFS + offer.id, [commit])
    content = dream_evidence.pack(offer.id, offer.base, offer.dream, offer.trial)
    yield Edit(place="state", path=dream_evidence.path_of(offer.id), content=content, expect="any")


def _forgotten(ctx: Context, closed: Iterator[str]) -> Iterator[Delete]:
    """Remove the evidence of what is closed; that of an answer stays with the answer."""
    from daydream.propose.dream_evidence import path_of

    yield from (
        Delete(place="state", path=path_of(one)) for one in closed if (ctx.state / path_of(one)).is_file()
    )


def _proposal(ctx: Context, offer: "Offer", together: tuple[str, ...]) -> Proposal:
    from daydream.analysis.fixes.diff import unified
    from daydream.propose.choosing import digest
    from daydream.propose.dream_words import title
    from daydream.propose.publishing import REFS

    trial = _sandboxed(ctx, offer)
    return Proposal(
        id=offer.id,
        rule=DREAM,
        package=package_of(trial.path),
        title=title(trial),
        status="open",
        base=str(ctx.examination.commit),
        ref=REFS + offer.id,
        paths=(trial.path,),
        patch=unified(ctx.tree, offer.draft).encode("utf-8", "surrogateescape"),
        digest=digest(offer.draft),
        findings=(trial.dream,),
        first_night=offer.known.first_night if offer.known else ctx.date,
        last_night=ctx.date,
        together=together,
        trial=trial,
    )


def _sandboxed(ctx: Context, offer: "Offer") -> Sandboxed:
    trial, dream = offer.trial, offer.dream
    gained = trial.effect == "gained"
    effect = trial.evidence.get("effect", {}) if gained else {}
    call = effect.get("per_call_s")
    return Sandboxed(
        dream=dream.id,
        name=_name(ctx, dream.base_path, dream.base_qualname),
        path=dream.base_path,
        qualname=dream.base_qualname,
        occurrence=dream.base_occurrence,
        source_hash=dream.base_source_hash,
        commit=trial.evidence.get("commit") or "",
        at=trial.at,
        backend=trial.backend or "",
        inputs=trial.counts.get("asked", 0),
        same=trial.counts.get("same", 0),
        held_out=trial.counts.get("held_out", 0),
        own_tests=trial.evidence.get("own_tests", 0),
        mended=tuple(trial.evidence.get("mended", ())),
        ratio=trial.effectiveness if gained else None,
        low=trial.effect_low if gained else None,
        high=trial.effect_high if gained else None,
        floor=trial.noise_floor if gained else None,
        repetitions=effect.get("repetitions", 0),
        call_s=(call[0], call[1]) if call else None,
    )


def _name(ctx: Context, path: str, qualname: str) -> str:
    """The procedure as it would be imported; by its path where it cannot be."""
    from daydream.repository.verify_roots import import_roots, imports_of

    names = imports_of(path, import_roots(ctx.tree, [file.path for file in ctx.files]))
    return f"{names[0]}.{qualname}" if names else f"{path}:{qualname}"


def _line(proposal: Proposal) -> dict[str, Any]:
    """What the report says of one."""
    return {
        "id": proposal.id,
        "dream": proposal.findings[0],
        "title": proposal.title,
        "status": proposal.status,
        "first_night": proposal.first_night,
        "isolated": proposal.trial is not None and proposal.trial.isolated,
    }
