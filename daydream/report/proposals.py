"""What the report says of proposals: those of tonight need an answer, older ones are counted."""

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any

from daydream.records.night import NightFacts
from daydream.records.section import SectionData
from daydream.report.document import Need
from daydream.report.escape import clean

KEY, DREAMS = "upkeep", "dreams"
OLD_DAYS = 30
SHOWN, MOST_NEEDS = 3, 3


def section(facts: NightFacts) -> SectionData | None:
    """The section, or None where no proposals are made and none wait."""
    made = _made(facts)
    if not made:
        return None
    waiting: Sequence[dict[str, Any]] = made.get("proposals", ())
    old = [p for p in waiting if _age(p, facts.date) > OLD_DAYS]
    verified = [p for p in waiting if p["status"] == "open"]
    fresh = [p for p in verified if p not in old]
    data = {
        "applied": _applied(facts),
        "date": facts.date,
        "verified": verified,
        "patches": sum(1 for p in waiting if p["status"] == "unverified"),
        "closed": len(made.get("closed", {})),
        "shown": fresh[:SHOWN],
        "more": max(0, len(fresh) - SHOWN),
        "old": len(old),
        "old_days": OLD_DAYS,
        "why": made.get("why", ""),
        "frozen": bool(made.get("frozen")),
        "silenced": made.get("silenced", []),
    }
    said = waiting or data["closed"] or data["why"] or data["frozen"]
    return SectionData(key=KEY, title="Proposals", facts=data) if said else None


def needs(facts: NightFacts) -> Iterator[Need]:
    """What was verified tonight, each with the command that shows it."""
    fresh = [
        p
        for p in _made(facts).get("proposals", ())
        if p["status"] == "open" and p["first_night"] == facts.date
    ]
    if _applied(facts):
        return  # they are on the branch already
    for proposal in fresh[:MOST_NEEDS]:
        what = f"{proposal['title']}: a change that is verified, and waits for your answer"
        command = f"daydream proposals show {proposal['id']}"
        yield Need(what=clean(what), where="", action="", command=command)


def offered(facts: NightFacts) -> Sequence[dict[str, Any]]:
    """The dreams that wait for an answer after tonight."""
    waiting: Sequence[dict[str, Any]] = _made(facts, DREAMS).get("proposals", ())
    return waiting


def closed(facts: NightFacts) -> int:
    """How many proposed dreams are over since tonight, without an answer."""
    return len(_made(facts, DREAMS).get("closed", {}))


def with_command(gain: dict[str, Any], waiting: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Add to what is told of a dream the command that takes it, where it is proposed."""
    same = next((p for p in waiting if p["dream"] == gain["dream"]), None)
    return gain if same is None else {**gain, "command": _apply(same)}


def dream_needs(facts: NightFacts) -> Iterator[Need]:
    """The dreams that are proposed since tonight, each with the command that takes it."""
    for proposal in [p for p in offered(facts) if p["first_night"] == facts.date][:MOST_NEEDS]:
        how = "in the sandbox only" if proposal.get("isolated", True) else "not isolated"
        what = f"{proposal['title']}: a dream that was tried {how}, and waits for your answer"
        yield Need(what=clean(what), where="", action="", command=_apply(proposal))


def _apply(proposal: dict[str, Any]) -> str:
    return f"daydream dream apply {proposal['id']}"


def _applied(facts: NightFacts) -> bool:
    """Whether the checkout was moved forward to what is verified."""
    return any(effect.kind == "advance" and effect.status == "done" for effect in facts.effects)


def _made(facts: NightFacts, key: str = KEY) -> dict[str, Any]:
    return next((section.facts for section in facts.sections if section.key == key), {})


def _age(proposal: dict[str, Any], date: str) -> int:
    return (dt.date.fromisoformat(date) - dt.date.fromisoformat(proposal["first_night"])).days
