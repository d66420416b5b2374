"""The other roles of models: who is related to whom, what a dream is worth, what to dream of next."""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from daydream.analysis.redaction import quoted
from daydream.clients.llm import NotAnswered, Question, Reply, Unfit
from daydream.clients.llm_payloads import objects
from daydream.contracts.dream import Case, Procedure, Verdict, tier_of
from daydream.dream.ensemble import Ensemble
from daydream.dream.ensemble_prompts import MOST_SOURCE, hidden, rendered

MOST_CANDIDATES = 12
MOST_CASES = 8
MOST_ADVICE = 5


@dataclass(frozen=True, slots=True)
class Match:
    """A procedure that another could learn from, and why a model thinks so."""

    procedure: Procedure
    why: str


@dataclass(frozen=True, slots=True)
class Advice:
    """A sentence of a model about a kind or rewrite; for a person to read, followed by nobody."""

    about: str
    advice: str
    model: str


def match(
    ensemble: Ensemble, procedure: Procedure, pool: Sequence[Procedure], most: int, check: Callable[[], None]
) -> list[Match]:
    """Let a model choose the procedures that `procedure` can learn from, out of at most twelve.

    Raises:
        NotAnswered: nobody answered.
    """
    if not ensemble.may_send(procedure.path) or len(procedure.source or "") > MOST_SOURCE:
        return []
    usable = [p for p in pool if p.source and len(p.source) <= MOST_SOURCE // 4 and ensemble.may_send(p.path)]
    chosen = {f"c{number}": each for number, each in enumerate(usable[:MOST_CANDIDATES], start=1)}
    if not chosen:
        return []
    texts = {name: hidden(each.source or "").text for name, each in chosen.items()}
    source = hidden(procedure.source or "").text
    prompt = rendered(
        "match.j2",
        [source, *texts.values()],
        {"source": source, "candidates": list(texts.items()), "most": most},
    )
    schema = _listed("matches", id="string", why="string")
    read = _reader("matches")
    reply = _asked(ensemble, Question("match", prompt.system, prompt.user, "matches", schema, read), check)
    found: dict[str, Match] = {}
    for entry in reply.value:
        name = entry.get("id")
        if isinstance(name, str) and name in chosen and name not in found:
            found[name] = Match(chosen[name], quoted(str(entry.get("why") or ""), 200))
    return list(found.values())[:most]


def judged(
    ensemble: Ensemble, cases: Sequence[Case], check: Callable[[], None]
) -> tuple[dict[str, Verdict], dict[str, str]]:
    """Ask models for verdicts, eight dreams at a time: verdicts by dream, and for every other dream why it has none.

    An id that was not asked about, or comes twice, counts for nothing; a viability that is no number from 0 to 1 too.
    """
    batches = [cases[start : start + MOST_CASES] for start in range(0, len(cases), MOST_CASES)]
    sendable = [[case for case in batch if ensemble.may_send(case.dream.base_path)] for batch in batches]
    replies = ensemble.ask([_judgement(batch) for batch in sendable if batch], check)
    verdicts: dict[str, Verdict] = {}
    missing = {
        case.dream.id: f"{case.dream.base_path} is excluded from what models see (models.exclude)"
        for case in cases
    }
    for batch, reply in zip((batch for batch in sendable if batch), replies, strict=True):
        if isinstance(reply, NotAnswered):
            missing.update((case.dream.id, quoted(str(reply), 300)) for case in batch)
            continue
        found = _verdicts(batch, reply)
        missing.update((case.dream.id, "the model's reply holds no usable verdict on it") for case in batch)
        verdicts.update(found)
    return verdicts, {name: why for name, why in missing.items() if name not in verdicts}


def advise(ensemble: Ensemble, counts: Mapping[str, Any], check: Callable[[], None]) -> list[Advice]:
    """Ask what the counts of past nights suggest.

    Raises:
        NotAnswered: nobody answered.
    """
    text = hidden(json.dumps(counts, indent=1, sort_keys=True, ensure_ascii=False)).text
    prompt = rendered("advise.j2", [text], {"counts": text, "most": MOST_ADVICE})
    schema = _listed("advice", about="string", advice="string")
    question = Question("advise", prompt.system, prompt.user, "advice", schema, _reader("advice"))
    reply = _asked(ensemble, question, check)
    said = [(entry.get("about"), entry.get("advice")) for entry in reply.value]
    usable = [(a, b) for a, b in said if isinstance(a, str) and isinstance(b, str) and b.strip()]
    return [Advice(quoted(a, 80), quoted(b, 300), reply.model) for a, b in usable[:MOST_ADVICE]]


def _judgement(batch: Sequence[Case]) -> Question[list[dict[str, Any]]]:
    texts = {_id(number): _case_text(case) for number, case in enumerate(batch, start=1)}
    prompt = rendered("judge.j2", list(texts.values()), {"cases": list(texts.items())})
    schema = _listed("verdicts", id="string", viability="number", reasons=["string"])
    return Question("judge", prompt.system, prompt.user, "verdicts", schema, _reader("verdicts"))


def _case_text(case: Case) -> str:
    """The function as it is, the change, and nothing that the dream says of itself."""
    source = case.procedure.source if case.procedure else None
    shown = f"The function today:\n{source}\n" if source else ""
    return hidden(f"{shown}The change:\n{case.dream.diff}").text


def _id(number: int) -> str:
    return f"v{number}"


def _verdicts(batch: Sequence[Case], reply: Reply[list[dict[str, Any]]]) -> dict[str, Verdict]:
    ids = {_id(number): case for number, case in enumerate(batch, start=1)}
    names = [entry.get("id") for entry in reply.value]
    found: dict[str, Verdict] = {}
    for entry in reply.value:
        name, viability = entry.get("id"), entry.get("viability")
        if not isinstance(name, str) or name not in ids or names.count(name) != 1:
            continue
        if isinstance(viability, bool) or not isinstance(viability, int | float):
            continue
        if not math.isfinite(viability) or not 0 <= viability <= 1:
            continue
        value = float(viability)
        listed = entry.get("reasons")
        said = listed if isinstance(listed, list) else [listed]
        reasons = tuple(text for each in said if isinstance(each, str) and (text := quoted(each, 300)))[:5]
        if reasons:
            dream = ids[name].dream.id
            found[dream] = Verdict(dream, value, tier_of(value), reasons, f"model:{reply.model}")
    return found


def _asked(
    ensemble: Ensemble, question: Question[list[dict[str, Any]]], check: Callable[[], None]
) -> Reply[list[dict[str, Any]]]:
    [reply] = ensemble.ask([question], check)
    if isinstance(reply, NotAnswered):
        raise reply
    return reply


def _reader(key: str) -> Callable[[str], list[dict[str, Any]]]:
    def read(text: str) -> list[dict[str, Any]]:
        for value in objects(text):
            listed = value.get(key) if isinstance(value, dict) else None
            if isinstance(listed, list):
                return [entry for entry in listed if isinstance(entry, dict)]
        msg = f'it holds no JSON object with a list "{key}"'
        raise Unfit(msg)

    return read


def _listed(key: str, **fields: Any) -> dict[str, Any]:
    """The schema of a list of objects under one key."""
    properties = {
        name: {"type": "array", "items": {"type": kind[0]}} if isinstance(kind, list) else {"type": kind}
        for name, kind in fields.items()
    }
    entry = {
        "type": "object",
        "additionalProperties": False,
        "required": list(fields),
        "properties": properties,
    }
    return {
        "type": "object",
        "additionalProperties": False,
        "required": [key],
        "properties": {key: {"type": "array", "items": entry}},
    }
