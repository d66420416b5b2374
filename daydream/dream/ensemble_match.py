"""Whom a procedure can learn from, chosen by a model out of those that resemble it."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from daydream.clients.llm import NotAnswered, Question, Unfit
from daydream.clients.llm_payloads import objects
from daydream.contracts.dream import Procedure
from daydream.dream.ensemble import MOST_RELATED, Ensemble, Work
from daydream.dream.ensemble_prompts import MOST_SOURCE, hidden
from daydream.report.prompts import rendered

MOST_CANDIDATES = 12
_SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["matches"],
    "properties": {
        "matches": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["id", "why"],
                "properties": {"id": {"type": "string"}, "why": {"type": "string"}},
            },
        }
    },
}


def matched(ensemble: Ensemble, work: Sequence[Work], check: Callable[[], None]) -> list[Work]:
    """Let a model narrow the related procedures of each down to those that it can learn from, at most four out of twelve.

    Where nobody is configured to match, nobody answers, or four are left anyway, the nearest stay as they were.
    """
    asked: dict[int, tuple[dict[str, Procedure], Question[list[str]]]] = {}
    for place, each in enumerate(work if ensemble.can("match") else ()):
        found = _question(ensemble, each)
        if found is not None:
            asked[place] = found
    replies = ensemble.ask([question for _, question in asked.values()], check)
    narrowed = list(work)
    for (place, (candidates, _)), reply in zip(asked.items(), replies, strict=True):
        if not isinstance(reply, NotAnswered):
            chosen = [candidates[name] for name in dict.fromkeys(reply.value) if name in candidates]
            narrowed[place] = replace(work[place], related=chosen[:MOST_RELATED])
    return narrowed


def _question(ensemble: Ensemble, work: Work) -> "tuple[dict[str, Procedure], Question[list[str]]] | None":
    base = work.procedure
    if not ensemble.may_send(base.path) or not base.source or len(base.source) > MOST_SOURCE:
        return None
    usable = [each for each in work.related if ensemble.may_show(each)][:MOST_CANDIDATES]
    if len(usable) <= MOST_RELATED:
        return None
    candidates = {f"c{number}": each for number, each in enumerate(usable, start=1)}
    texts = {name: hidden(each.source or "").text for name, each in candidates.items()}
    source = hidden(base.source).text
    values = {"source": source, "candidates": list(texts.items()), "most": MOST_RELATED}
    prompt = rendered("match.j2", [source, *texts.values()], values)
    return candidates, Question("match", prompt.system, prompt.user, "matches", _SCHEMA, _ids)


def _ids(text: str) -> list[str]:
    """Read the ids of a reply, the most instructive first."""
    for value in objects(text):
        listed = value.get("matches") if isinstance(value, dict) else None
        if isinstance(listed, list):
            named = [each.get("id") for each in listed if isinstance(each, dict)]
            return [each for each in named if isinstance(each, str)]
    msg = 'it holds no JSON object with a list "matches"'
    raise Unfit(msg)
