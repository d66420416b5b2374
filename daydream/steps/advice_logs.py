"""What of a log an advisor may be asked about: the templates and exceptions whose findings are printed."""

from collections.abc import Mapping, Sequence
from typing import Any

from daydream.analysis.logs.callsites import Site
from daydream.analysis.logs.ranking import BAR
from daydream.analysis.logs.suggestions import Suggestion
from daydream.analysis.logs.tally import LEVEL_NAMES, Tally
from daydream.analysis.redaction import one_line
from daydream.contracts.context import Context
from daydream.records.finding import Finding
from daydream.records.section import SubStepResult
from daydream.steps.advice_evidence import MOST_FRAMES, Item, Repository, Spot, of_exception, of_line

STATE = "maintain.log_review"
MOST_OF_A_LOG = 8


def advisable(
    found: Sequence[Finding], tally: Tally, advice: Mapping[str, Suggestion], sites: Mapping[str, Site]
) -> list[dict[str, Any]]:
    """Return, for the facts of a log, what may be asked about: the weightiest first, all text redacted."""
    best: dict[str, Finding] = {}
    for each in found:
        key = each.identity.rpartition(" ")[2]
        if each.worth >= BAR and (key not in best or each.worth > best[key].worth):
            best[key] = each
    ordered = sorted(best.items(), key=lambda pair: (-pair[1].worth, pair[0]))
    told = [_told(key, each, tally, sites) for key, each in ordered]
    return [
        {
            **one,
            "about": one_line(each.evidence if each.rule == "log.suggestion" else each.message, 160),
            "rule": _rule(advice, key),
            "worth": each.worth,
            "magnitude": each.magnitude or 0.0,
        }
        for (key, each), one in zip(ordered, told, strict=True)
        if one is not None
    ][:MOST_OF_A_LOG]


def items(ctx: Context, results: Sequence[SubStepResult], repository: Repository) -> list[Item]:
    """Return what to ask about tonight's logs, the weightiest first."""
    parts = [part for result in results for part in result.parts]
    every = [(part["log"], one) for part in parts for one in part.get("advisable", ())]
    every.sort(key=lambda pair: (-pair[1]["worth"], -pair[1]["magnitude"], pair[0], pair[1]["item"]))
    made = []
    for log, one in every:
        ctx.check()
        made.append(Item(f"{log} {one['item']}", one["about"], one["rule"], _evidence(repository, one)))
    return made


def _told(key: str, found: Finding, tally: Tally, sites: Mapping[str, Site]) -> dict[str, Any] | None:
    """What an advisor needs of a finding's template or exception; None where it is about neither."""
    if key in tally.errors:
        record, _ = tally.errors[key]
        frames = [[each.path, each.function, each.line, each.reported] for each in record.frames]
        return {"item": key, "kind": record.kind, "frames": frames[-MOST_FRAMES:]}
    text, one = tally.templates().get(key, ("", None))
    if one is None or not one.tonight or found.rule in ("log.silence", "log.missing"):
        return None
    site = sites.get(key)
    where = [site.path, site.line] if site is not None else None
    return {"item": key, "text": one_line(text, 300), "level": LEVEL_NAMES[one.level], "where": where}


def _rule(advice: Mapping[str, Suggestion], key: str) -> str:
    said = advice.get(key) or advice.get(f"trace {key}")
    if said is None:
        return ""
    return one_line(f"{said.text} ({said.path}:{said.line})" if said.path is not None else said.text, 300)


def _evidence(repository: Repository, one: Mapping[str, Any]) -> str:
    if "kind" not in one:
        where = one["where"]
        return of_line(repository, one["level"], one["text"], Spot(*where) if where is not None else None)
    own = [frame for frame in one["frames"] if frame[0] is not None and frame[2] is not None]
    spot = Spot(own[-1][0], own[-1][2], own[-1][1]) if own else None
    return of_exception(repository, one["kind"], one["frames"], spot)
