"""The models of a person's configuration as a judge: their role is `judge`, their money and memory the ensemble's own."""

import math
from collections.abc import Mapping
from typing import Any

from daydream.clients.claude_reply import NoAnswer
from daydream.clients.claude_reply import Reply as Answer
from daydream.clients.llm_gate import gate, replayed_from
from daydream.config.model import Config
from daydream.contracts.context import Context
from daydream.dream.ensemble import opened
from daydream.dream.judges.bench import Model
from daydream.dream.judges.opinion import Ask, Reply

_SYSTEM = (
    "You judge speculative variants of functions of a Python program. Nobody runs what you write. Reply with one JSON "
    "object and nothing else."
)


def models(config: Config) -> Model:
    """Return whoever opens the models that judge: for a night, a way to ask them one question at a time, or None
    where none may be asked."""

    def opens(ctx: Context) -> Ask | None:
        found = gate(config.models, ctx.env, ctx.root, replay=bool(replayed_from(ctx.env)))
        if not found.members.get("judge"):
            return None

        def ask(prompt: str, schema: Mapping[str, Any]) -> Reply:
            return _asked(config, ctx, prompt, schema)

        return ask

    return opens


def _asked(config: Config, ctx: Context, prompt: str, schema: Mapping[str, Any]) -> Reply:
    """Ask one question; the ledger is open no longer than that.

    Raises:
        NoAnswer: no model answered.
    """
    from daydream.clients.llm import NotAnswered, Question, Unfit

    def read(text: str) -> str:
        if not text.strip():
            msg = "it is empty"
            raise Unfit(msg)
        return text

    ensemble, notes = opened(config, ctx)
    if ensemble is None:
        raise NoAnswer("; ".join(notes) or "no model may be asked", lasting=True, sent=False)
    try:
        [reply] = ensemble.ask([Question("judge", _SYSTEM, prompt, "evaluations", schema, read)], ctx.check)
    finally:
        ensemble.close()
    if isinstance(reply, NotAnswered):
        sent = any(outcome not in _UNSENT for outcome, _ in reply.reasons)
        raise NoAnswer(str(reply), lasting=reply.spent, sent=sent)
    cost = reply.cost if reply.cost is not None and math.isfinite(reply.cost) else None
    return Answer(
        text=reply.value,
        model=reply.model,
        cost_usd=cost,
        cost_source="unknown" if cost is None else "estimate",
    )


_UNSENT = frozenset({"money", "requests", "time", "stopped", "too_large", "not_recorded"})
