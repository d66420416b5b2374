"""The head as a fold over the journal: one pure function, used to go on and to recover alike."""

from msgspec.structs import replace

from daydream.records.head import EffectQueue, Head, StateCount
from daydream.records.journal import (
    Cut,
    EffectEnded,
    Ended,
    Entered,
    Entry,
    Finished,
    Planned,
    Progressed,
    Reopened,
    StateClosed,
)


def fold(head: Head, entry: Entry) -> Head:
    """Return the head after one more journal entry."""
    head = replace(head, seq=head.seq + 1)
    match entry:
        case Entered():
            closing = entry.closing or head.closing
            return replace(head, position=entry.state, closing=closing, cursor=None, part=0, attempt=None)
        case Planned():
            segments = {**head.segments, "plan": entry.plan}
            counted = _count(head, entry.state, planned=entry.count)
            return replace(counted, segments=segments, plan_at=entry.at, cursor=None, part=0)
        case Progressed():
            counted = _queue(_add(head, entry.state, findings=len(entry.findings)), entry)
            return replace(counted, cursor=entry.cursor, part=entry.part + 1)
        case Ended():
            return _ended(head, entry)
        case Cut():
            untried = entry.count if head.states[entry.state].retry else 0
            counted = _add(_count(head, entry.state, cut=entry.count), entry.state, failed=untried)
            return replace(counted, cursor=None, part=0, attempt=None)
        case EffectEnded():
            queue = replace(head.effects, ended=head.effects.ended + 1, at=entry.next_at, attempt=1)
            failed = head.effects_failed + (entry.status == "failed")
            return replace(head, effects=queue, effects_failed=failed)
        case StateClosed():
            return replace(_count(head, entry.state, closed=True), attempt=None, cursor=None, part=0)
        case Reopened():
            fresh = {name: _again(head.states.get(name, StateCount())) for name in entry.states}
            states = {**head.states, **fresh}
            return replace(
                head, states=states, closed=None, reopened=head.reopened + 1, budget_from_ms=head.spent_ms
            )
        case Finished():
            return replace(head, closed=entry.how, attempt=None)
        case _:
            return head


def _again(count: StateCount) -> StateCount:
    """A state that is tried again; what is quarantined in it stays failed."""
    return StateCount(failed=count.quarantined, quarantined=count.quarantined, retry=True)


def _ended(head: Head, entry: Ended) -> Head:
    counted = _add(
        head,
        entry.state,
        ended=1,
        skipped=int(entry.kind == "skipped"),
        failed=int(entry.kind == "failed"),
        quarantined=int(entry.quarantined),
        findings=len(entry.findings),
    )
    return replace(_queue(counted, entry), cursor=None, part=0, plan_at=entry.next_at)


def _queue(head: Head, entry: Ended | Progressed) -> Head:
    """Queue the changes that came with an entry; the queue is empty whenever a sub-step runs."""
    if entry.effects is None or not entry.changes:
        return head
    at = head.segments["effects"].length if "effects" in head.segments else 0
    segments = {**head.segments, "effects": entry.effects}
    return replace(head, segments=segments, effects=EffectQueue(total=entry.changes, at=at, attempt=1))


def _count(head: Head, state: str, **values: int | bool) -> Head:
    count = replace(head.states.get(state, StateCount()), **values)
    return replace(head, states={**head.states, state: count})


def _add(head: Head, state: str, **steps: int) -> Head:
    count = head.states.get(state, StateCount())
    return _count(head, state, **{name: getattr(count, name) + step for name, step in steps.items()})
