"""Which night comes next: a pure decision from the head, the request and today's date."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from daydream import clock
from daydream.errors import UsageError
from daydream.records.head import Head


@dataclass(frozen=True, slots=True)
class Wish:
    """What a start asks for. `mode` is None where nobody said it on this command line."""

    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    dreams: bool = True
    mode: str | None = None
    if_due: bool = False
    fresh: bool = False

    @property
    def partial(self) -> bool:
        """Whether the night would leave steps out."""
        return bool(self.only or self.skip)


@dataclass(frozen=True, slots=True)
class Resume:
    """Go on with the unfinished night."""


@dataclass(frozen=True, slots=True)
class Reopen:
    """Take the finished night up again for what failed in it."""


@dataclass(frozen=True, slots=True)
class Abandon:
    """Close the unfinished night with its report, for this reason."""

    reason: str


@dataclass(frozen=True, slots=True)
class Begin:
    """Begin this date's run of this number."""

    night: str
    number: int


@dataclass(frozen=True, slots=True)
class NotDue:
    """Nothing to do: tonight's night is done."""

    night: str


Decision = Resume | Reopen | Abandon | Begin | NotDue


def decide(
    head: Head | None,
    wish: Wish,
    *,
    now: dt.datetime,
    zone: dt.tzinfo,
    digest: str,
    plan: str,
    max_age_s: float,
    numbers: Sequence[int],
) -> Decision:
    """Decide what a start does.

    `digest` and `plan` are the configuration's and the order of states' digests now; `numbers` are the
    run numbers that exist for today's date.

    Raises:
        UsageError: an unfinished night waits that was asked for otherwise.
    """
    today = clock.local_date(now, zone).isoformat()
    if head is not None and head.closed is None:
        return _unfinished(head, wish, now, digest, plan, max_age_s)
    tomorrow = (clock.local_date(now, zone) + dt.timedelta(days=1)).isoformat()
    if head is not None and wish.if_due and today <= _satisfied(head) <= tomorrow:
        return NotDue(_satisfied(head))
    same_night = head is not None and head.night == today
    if head is not None and same_night and _retries(head, wish):
        return Reopen()
    return Begin(today, max(numbers, default=0) + 1)


def _satisfied(head: Head) -> str:
    """The last date that a whole, finished night stands for; empty before the first.

    A date far ahead comes from a clock that was wrong: it satisfies nothing (see `decide`).
    """
    whole = head.closed == "done" and not head.partial and not head.retriable
    return max(head.night if whole else "", head.satisfied)


def satisfied_before(head: Head | None, today: str) -> str:
    """What a new head remembers of the nights before it; what a wrong clock put far ahead is forgotten."""
    satisfied = _remembered(head)
    limit = dt.date.fromisoformat(today) + dt.timedelta(days=1)
    return satisfied if satisfied <= limit.isoformat() else ""


def settled_before(head: Head | None) -> bool:
    """Whether a whole night was finished here before: the next one is not a first night."""
    return head is not None and (head.settled or (head.closed == "done" and not head.partial))


def _remembered(head: Head | None) -> str:
    return (
        _satisfied(head) if head is not None and head.closed is not None else (head.satisfied if head else "")
    )


def _retries(head: Head, wish: Wish) -> bool:
    same = (wish.only, wish.skip, wish.dreams) == (head.only, head.skip, head.dreams)
    return head.closed == "done" and head.retriable and same and not wish.fresh


def _unfinished(
    head: Head, wish: Wish, now: dt.datetime, digest: str, plan: str, max_age_s: float
) -> Decision:
    if wish.fresh:
        return Abandon("abandoned: closed by --fresh")
    if (now - clock.from_text(head.started_at)).total_seconds() > max_age_s:
        return Abandon(f"abandoned: it was begun at {head.started_at} and is older than night.max_age")
    if plan != head.plan_digest:
        return Abandon("abandoned: this daydream has other steps than the one that began it")
    if digest != head.config_digest:
        return Abandon("abandoned: the configuration was changed since it began")
    begun_in = head.asked_mode or head.mode
    same_mode = wish.mode in (None, begun_in)
    scheduled = wish.if_due and not wish.partial
    if same_mode and (
        scheduled or (wish.only, wish.skip, wish.dreams) == (head.only, head.skip, head.dreams)
    ):
        return Resume()
    msg = (
        f"the night of {head.night} is unfinished: `{continued_by(head, wish)}` finishes it as it was begun, "
        "and --fresh closes it and begins anew"
    )
    raise UsageError(msg)


def continued_by(head: Head, wish: Wish) -> str:
    """The command line that continues a night; the mode is named only where it is what differs."""
    words = ["daydream run", *([f"--mode {head.asked_mode or head.mode}"] if wish.mode else [])]
    words += [f"--only {','.join(head.only)}"] if head.only else []
    words += [f"--skip {','.join(head.skip)}"] if head.skip else []
    words += [] if head.dreams else ["--no-dreams"]
    return " ".join(words)
