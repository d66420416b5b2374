"""What a night of judging says of itself."""

from collections.abc import Iterator, Sequence
from typing import Any

from daydream.records.section import SectionData, SubStepResult

Part = dict[str, Any]


def section(results: Sequence[SubStepResult]) -> SectionData:
    """Add up the batches: dreams judged, by tier and by whom, questions and their price (None where it is not known),
    dreams that wait on, and who could not be asked."""
    parts: list[Part] = [part for result in results for part in result.parts]
    by = _added(parts, "by")
    labels = {who: label for part in parts for who, label in part.get("labels", {}).items()}
    asked = [part for part in parts if part.get("questions")]
    facts = {
        "judged": sum(part["judged"] for part in parts),
        "tiers": {tier: sum(part["tiers"][tier] for part in parts) for tier in ("1", "2", "3")},
        "evaluator": ", ".join(sorted(by)) or None,
        "labelled": ", ".join(f"{who} ({labels[who]})" if who in labels else who for who in sorted(by))
        or None,
        "by": by,
        "questions": sum(part.get("questions", 0) for part in parts),
        "models": sorted({model for part in parts for model in part.get("models", ())}),
        "cost_usd": _cost(asked),
        "cost_sources": sorted({source for part in asked for source in part.get("cost_sources", ())}),
        "left": sum(len(part.get("left", ())) for part in parts),
        "contradictions": sum(part.get("contradictions", 0) for part in parts),
        "strangers": sum(part.get("strangers", 0) for part in parts),
    }
    notes = [f"{each.name} was {each.kind}: {each.reason}" for each in results if each.kind != "done"]
    return SectionData(key="judge", title="Verdicts", facts=facts, notes=(*notes, *_notes(parts, facts)))


def _notes(parts: Sequence[Part], facts: Part) -> Iterator[str]:
    for off in dict.fromkeys(why for part in parts for why in part.get("off", ())):
        yield _ended(off)
    for name, why in dict.fromkeys(pair for part in parts for pair in part.get("failed", {}).items()):
        yield f"{name} did not judge: {_ended(why)}"
    if facts["left"]:
        dreams = "1 dream waits" if facts["left"] == 1 else f"{facts['left']:,} dreams wait"
        whys = sorted(_added(parts, "left_why").items(), key=lambda pair: (-pair[1], pair[0]))
        yield f"{dreams} for a verdict until another night asks again; most often because {_ended(whys[0][0])}"
    if facts["contradictions"]:
        yield f"Tiers that contradicted their score, which counts: {facts['contradictions']:,}."
    if any(part.get("texts") for part in parts):
        yield from _about_inbox(parts)


def _about_inbox(parts: Sequence[Part]) -> Iterator[str]:
    sums = {
        name: sum(part.get(name, 0) for part in parts if "texts" in part)
        for name in ("strangers", "doubtful", "unreadable")
    }
    if sums["strangers"]:
        yield f"Evaluations in the inbox of dreams that do not wait for one, left alone: {sums['strangers']:,}."
    if sums["doubtful"]:
        yield f"Evaluations in the inbox that cannot be read beyond doubt, left alone: {sums['doubtful']:,}."
    if sums["unreadable"]:
        yield f"Lines or files of the inbox that cannot be read: {sums['unreadable']:,}."


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith((".", "?", "!")) else f"{sentence}."


def _added(parts: Sequence[Part], name: str) -> dict[str, int]:
    total: dict[str, int] = {}
    for part in parts:
        for key, count in part.get(name, {}).items():
            total[key] = total.get(key, 0) + count
    return dict(sorted(total.items()))


def _cost(asked: Sequence[Part]) -> float | None:
    """Add up the prices; None where nobody was asked, or where one is not known."""
    costs = [part.get("cost_usd") for part in asked]
    return None if not costs or None in costs else round(sum(cost for cost in costs if cost is not None), 6)
