"""Which dreams are worth a person's time tonight, what became of those that wait for an answer, and the edits themselves."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from daydream.analysis.fixes import rewording
from daydream.analysis.fixes.page import Left, Page, open_page
from daydream.analysis.fixes.tree import Tree
from daydream.analysis.source import Function
from daydream.contracts.context import Context
from daydream.contracts.dream import Dream
from daydream.contracts.fix import Draft
from daydream.propose.groups import identify, package_of, silenced
from daydream.records.proposal import DREAM, Proposal
from daydream.store.proposals import OPEN, of_dreams, of_findings
from daydream.store.trial_rows import Trial

LEAST = 1.05
"""The lower end of a gain's interval from which on it is worth a review: what is shown and smaller stays a row."""
REWORDED = "its procedure reads differently by now"
WITHDRAWN = "what its trial showed does not stand"
FORGOTTEN = "the dream was deleted, as all are of which nothing was heard for long"
SUPPRESSED = "it was suppressed"
SILENT = "three dreams were rejected in this folder"
SMALL = "the gain is too small for a review"
Found = Sequence[tuple[Trial, Dream]]


@dataclass(frozen=True, slots=True)
class Offer:
    """A dream as an edit of the examined commit; `base` is the procedure as it stands there."""

    id: str
    trial: Trial
    dream: Dream
    draft: Draft
    base: str
    known: Proposal | None = None


@dataclass(slots=True)
class Choice:
    """`made` are all that wait for an answer after tonight; `closed` says by id why a proposal is over; `waiting` counts
    dreams for later nights; `left` counts those that cannot be proposed, by reason."""

    made: list[Offer] = field(default_factory=list)
    closed: dict[str, str] = field(default_factory=dict)
    waiting: int = 0
    left: dict[str, int] = field(default_factory=dict)


def wording(dream: Dream) -> tuple[str, str, int, str]:
    """Which procedure, in which wording."""
    return (*dream.base, dream.base_source_hash)


def in_the_way(proposals: Mapping[str, Proposal]) -> list[Proposal]:
    """The proposals that wait for an answer and can be had, in whose files no other dream is proposed."""
    return [p for p in proposals.values() if p.status in OPEN and p.status != "unverified"]


def choose(
    ctx: Context,
    found: Found,
    kept: frozenset[str],
    suppressed: Collection[str],
    proposals: Mapping[str, Proposal],
    *,
    most: int,
    most_open: int,
) -> Choice:
    """Make what is open already once more, then the best dream of each procedure, `most` of them; `kept` are the ids of
    proposed dreams that are still in the store, `suppressed` those that a person does not want to see tonight.

    A file that an open proposal edits is left to it: each has to be right without the others. A mere patch stands in nobody's way.
    """
    choice = Choice()
    tree = Tree(ctx)
    known = of_dreams(proposals)
    quiet = {package for _, package in silenced(known.values())}
    taken = {path for proposal in in_the_way(of_findings(proposals)) for path in proposal.paths}
    gone = [p for p in known.values() if p.status in OPEN and kept.isdisjoint(p.findings)]
    choice.closed.update({p.id: FORGOTTEN for p in gone})
    silent = [p for p in known.values() if p.status in OPEN and not set(suppressed).isdisjoint(p.findings)]
    choice.closed.update({p.id: SUPPRESSED for p in silent})
    pairs = {dream.id: (trial, dream) for trial, dream in found}
    _again(tree, choice, pairs, [p for p in known.values() if p.id not in choice.closed], quiet)
    taken.update(path for offer in choice.made for path in offer.draft.files)
    over = {p.trial.wording for p in known.values() if p.trial and p.status in ("accepted", "rejected")}
    over |= {wording(offer.dream) for offer in choice.made}
    room = min(most, max(0, most_open - len(choice.made)))
    for trial, dream in found:
        ctx.check()
        if wording(dream) in over or package_of(dream.base_path) in quiet or dream.id in suppressed:
            continue
        if not trial.evidence.get("mended") and (trial.effect_low or 0) < LEAST:
            _count(choice, SMALL)
            continue
        if isinstance(_placed(tree, dream), str):
            continue
        if room == 0 or dream.base_path in taken:
            over.add(wording(dream))
            choice.waiting += 1
            continue
        offer = made(tree, trial, dream)
        if isinstance(offer, str):
            _count(choice, offer)
            continue
        over.add(wording(dream))
        taken.update(offer.draft.files)
        choice.made.append(offer)
        room -= 1
    return choice


def _again(
    tree: Tree,
    choice: Choice,
    found: Mapping[str, tuple[Trial, Dream]],
    known: Iterable[Proposal],
    quiet: Collection[str],
) -> None:
    """Make each open one for tonight's commit, or say why it is over."""
    waiting = [proposal for proposal in known if proposal.status in OPEN]
    for proposal in sorted(waiting, key=lambda p: (p.first_night, p.id)):
        tree.ctx.check()
        pair = found.get(proposal.findings[0]) if proposal.findings else None
        if pair is None or proposal.package in quiet:
            choice.closed[proposal.id] = WITHDRAWN if pair is None else SILENT
            continue
        offer = made(tree, *pair, known=proposal)
        if isinstance(offer, Offer):
            choice.made.append(offer)
        else:
            choice.closed[proposal.id] = offer


def made(tree: Tree, trial: Trial, dream: Dream, known: Proposal | None = None) -> Offer | str:
    """Put a dream in the place of its procedure, or say in a clause why that cannot be done."""
    place = _placed(tree, dream)
    if isinstance(place, str):
        return place
    page, function = place
    try:
        after = rewording.reworded(tree, page, function, dream.code)
    except Left as reason:
        return f"it cannot be made: {reason}"
    except RecursionError:
        return "it cannot be made: its expressions are nested too deeply"
    identifier = identify(DREAM, package_of(dream.base_path), [dream.id])
    draft = Draft({dream.base_path: after.to_bytes()}, (dream.id,))
    return Offer(
        identifier, trial, dream, draft, _source(page, function.first_line, function.last_line), known
    )


def _placed(tree: Tree, dream: Dream) -> tuple[Page, Function] | str:
    """Find a dream's procedure in the wording that was tried, or say in a clause why it is not to be had."""
    try:
        page = open_page(tree.ctx, dream.base_path)
        function = rewording.find(page, dream.base_qualname, dream.base_occurrence)
    except Left as reason:
        return REWORDED if str(reason) == rewording.GONE else f"it cannot be made: {reason}"
    return (page, function) if function.source_hash == dream.base_source_hash else REWORDED


def _source(page: Page, first: int, last: int) -> str:
    return "".join(line.rstrip("\r\n") + "\n" for line in page.lines[first - 1 : last])


def _count(choice: Choice, reason: str) -> None:
    choice.left[reason] = choice.left.get(reason, 0) + 1
