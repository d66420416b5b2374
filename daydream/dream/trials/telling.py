"""What a night of trials says of itself."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from daydream.contracts.sandbox import NOT_ISOLATED
from daydream.records.section import SectionData, SubStepResult

MOST_SHOWN = 3
SANDBOX = "sandbox"
_OUTCOMES = ("behaviour_preserving", "behaviour_changing", "failing", "undecided")


def section(results: Sequence[SubStepResult]) -> SectionData:
    """Add up the trials: by outcome and category, gains with their intervals, what could not be called and why."""
    parts = [part for result in results for part in result.parts]
    trials = [part for part in parts if "outcome" in part]
    floors = [part["floor"] for part in parts if "floor" in part]
    untried = Counter(part["unexercised"] for part in parts if "unexercised" in part)
    corrected = {name for part in parts for name in part.get("withdrawn", ())}
    across = any("withdrawn" in part for part in parts)
    gains = [each for each in trials if each["effect"] == "gained" and each["dream"] not in corrected]
    gains.sort(key=lambda each: (-each["low"], each["dream"]))
    mends = [each for each in trials if each.get("mended")]
    told = [*mends, *(each for each in gains if across and each not in mends)]
    facts: dict[str, Any] = {
        "tried": len(trials),
        "outcomes": {name: sum(each["outcome"] == name for each in trials) for name in _OUTCOMES},
        "categories": dict(sorted(Counter(e["category"] for e in trials if e["category"]).items())),
        "gained": len(gains) if across or not gains else None,
        "mended": len(mends),
        "gains": told[:MOST_SHOWN],
        "withdrawn": len(corrected),
        "backend": next((part["backend"] for part in parts if "backend" in part), None),
        "noise_floor": floors[0]["ratio"] if floors else None,
        "unexercised": sum(untried.values()),
        "unexercised_why": dict(untried.most_common(5)),
        "tier_1": _rate(trials, 1),
        "tier_2": _rate(trials, 2),
    }
    return SectionData(key="trial", title="Trials", facts=facts, notes=tuple(_notes(results, parts, facts)))


def _rate(trials: Sequence[dict[str, Any]], tier: int) -> dict[str, int]:
    decided = [each for each in trials if each["tier"] == tier and each["outcome"] != "undecided"]
    return {"decided": len(decided), "passed": sum(e["outcome"] == "behaviour_preserving" for e in decided)}


def _notes(
    results: Sequence[SubStepResult], parts: Sequence[dict[str, Any]], facts: dict[str, Any]
) -> Iterator[str]:
    instead = "Another sandbox was used"
    if facts["backend"] == NOT_ISOLATED:
        yield "Dreams ran not isolated, as plain processes of this machine, which sandbox.allow_unisolated allows where no sandbox can be had."
        instead = "No sandbox was used"
    for why in dict.fromkeys(why for part in parts for why in part.get("refused", ())):
        yield _ended(f"{instead}, because {why}")
    for why in dict.fromkeys(why for part in parts for why in part.get("about", ())):
        yield _ended(f"{why[0].upper()}{why[1:]}")
    unproved = [each for each in results if each.name == SANDBOX and each.kind != "done"]
    told = unproved or [each for each in results if each.kind != "done" and each.reason]
    for kind, reason in dict.fromkeys((each.kind, each.reason) for each in told):
        few = sum((each.kind, each.reason) == (kind, reason) for each in results)
        parts_of = "All" if unproved else "A part" if few == 1 else f"{few} parts"
        yield _ended(f"{parts_of} of the trials {'was' if parts_of == 'A part' else 'were'} {kind}: {reason}")
    floors = [part["floor"] for part in parts if "floor" in part]
    if floors and floors[0]["ratio"] is None:
        yield f"No cost was compared, because the machine's noise could not be measured: {floors[0]['reason']}."
    if facts["gained"] is None:
        yield "What was gained is not told, because the night ended before all comparisons were weighed together."


def _ended(sentence: str) -> str:
    return f"{sentence.rstrip('.')}."
