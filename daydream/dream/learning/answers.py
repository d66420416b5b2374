"""What people said to the proposals that dreams became, taken over into the dream store before anything is dreamt."""

from pathlib import Path
from typing import cast

from daydream import clock
from daydream.contracts.context import Context
from daydream.errors import DaydreamError
from daydream.records.outcome import Done, Outcome, Skipped
from daydream.store import learning_rows
from daydream.store.dreams import DreamStore
from daydream.store.learning_rows import Answered, answer_row
from daydream.store.proposals import read_all

RULE = "dream"
_SAID = ("accepted", "rejected")
Said = tuple[str, Answered, str, str]


def said(state: Path) -> list[Said]:
    """Return the answers to proposals that a dream became: the dream, the answer, its reason and its date.

    Raises:
        StateDamaged: a proposal cannot be read.
    """
    return [
        (each.findings[0], cast(Answered, each.status), each.reason, each.answered)
        for each in read_all(state).values()
        if each.rule == RULE and len(each.findings) == 1 and each.status in _SAID and each.answered
    ]


def unread(store: DreamStore, state: Path) -> list[Said]:
    """Return the answers that no night has taken over, by dream; those to dreams that are gone say nothing."""
    answered = sorted(said(state))
    if not answered:
        return []
    known = {
        each.dream_id: (each.answer, each.reason, each.answered) for each in learning_rows.answers(store)
    }
    there = learning_rows.known_dreams(store, [each[0] for each in answered])
    return [each for each in answered if each[0] in there and known.get(each[0]) != each[1:]]


def waiting(ctx: Context) -> bool:
    """Whether there are answers that no night has read, or proposals that cannot be read, which a sub-step will say."""
    try:
        with DreamStore.open(ctx.state / DreamStore.schema.file, read_only=True) as store:
            return bool(unread(store, ctx.state))
    except DaydreamError:
        return True


def taken_over(ctx: Context, store: DreamStore) -> Outcome:
    """Make rows of people's answers, so that whatever comes in later changes nothing in this night."""
    try:
        answered = unread(store, ctx.state)
    except DaydreamError as error:
        return Skipped(reason=str(error))
    rows = [answer_row(*each, clock.to_text(ctx.started_at)) for each in answered]
    return Done(facts={"answers": len(rows)}, rows=tuple(rows))
