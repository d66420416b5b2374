"""Who judges tonight: those whom a person's own configuration switched on, in its order, and why the others do not."""

import dataclasses
import hashlib
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from daydream.clients import claude
from daydream.clients.claude_reply import NoAnswer
from daydream.clients.claude_reply import Reply as Answer
from daydream.config.model import Config, JudgeOptions
from daydream.contracts.context import Context
from daydream.dream.judges.asked import Asked
from daydream.dream.judges.opinion import Ask, Reply, Seated

Model = Callable[[Context], Ask | None]
"""Opens the models of a night for one question at a time; None where no model is configured to judge."""

_REPLIES = "judge replies 1"
_UNDER_WAY = "judge questions 1"
_LEAST_S = 20.0
_SOURCE = "set judge.send_source = true to say that dreams, which quote source, may be sent"
_MONEY = "set judge.budget_cents to what a night's judging may cost"


@dataclass(slots=True)
class Purse:
    """A night's money for judging: `left` in US dollars, `booked` what this process took out of it."""

    left: float
    booked: float = 0.0

    def take(self, amount: float) -> None:
        """Book an amount."""
        self.left -= amount
        self.booked += amount


@dataclass(frozen=True, slots=True)
class Bench:
    """The judges of a night in order, and a sentence for each that is switched on and yet not asked."""

    judges: tuple[Seated, ...] = ()
    off: tuple[str, ...] = ()
    purse: Purse = field(default_factory=lambda: Purse(0.0))


def bench(config: Config, ctx: Context, spent_usd: float, model: Model | None) -> Bench:
    """Seat the judges that may be asked tonight; `spent_usd` is what was booked earlier this night. Asks nobody."""
    options = config.judge
    purse = Purse(options.budget_cents / 100 - spent_usd)
    judges: list[Seated] = []
    off: list[str] = []
    sendable = _sendable(config)
    for name in dict.fromkeys(options.order):
        asks, why = _ASKS[name](options, ctx, purse, model)
        if why:
            off.append(f"{name} is not asked: {why}")
        elif asks is not None:
            judges.append(Asked(name, asks, ctx.run, sendable, options.patterns))
    return Bench(tuple(judges), tuple(off), purse)


def _claude(options: JudgeOptions, ctx: Context, purse: Purse, model: Model | None) -> tuple[Ask | None, str]:
    del model
    if not options.claude:
        return None, ""
    if not options.send_source or not options.budget_cents:
        return None, _MONEY if options.send_source else _SOURCE
    program = claude.Program(
        name=options.claude_program,
        model=options.claude_model,
        bare=options.claude_bare,
        turns=options.claude_turns,
        timeout_s=options.timeout,
        passed=options.claude_env,
    )

    def most(_: str) -> float:
        # The program takes whole cents; less than one is no question.
        return max(1, math.floor(min(options.claude_call_cents, purse.left * 100) + 1e-6)) / 100

    def ask(prompt: str, schema: Mapping[str, Any]) -> Answer:
        limit = min(program.timeout_s, _time_left(ctx))
        timed = dataclasses.replace(program, timeout_s=limit)
        return claude.ask(timed, prompt, schema, most(prompt), ctx.env, ctx.child)

    return _paid("claude", ask, most, purse, ctx), ""


def _messages(
    options: JudgeOptions, ctx: Context, purse: Purse, model: Model | None
) -> tuple[Ask | None, str]:
    del model
    if not options.messages:
        return None, ""
    key = ctx.env.get(options.messages_key_env, "")
    prices = options.messages_input_cents, options.messages_output_cents
    missing = _missing(options, key)
    if missing or options.messages_model is None or prices[0] is None or prices[1] is None:
        return None, missing
    from daydream.clients import claude_messages

    api = claude_messages.Api(
        url=options.messages_url,
        model=options.messages_model,
        key=key,
        max_tokens=options.messages_max_tokens,
        price_in=prices[0] / 100e6,
        price_out=prices[1] / 100e6,
        timeout_s=options.timeout,
    )

    def ask(prompt: str, schema: Mapping[str, Any]) -> Answer:
        timed = dataclasses.replace(api, timeout_s=min(api.timeout_s, _time_left(ctx)))
        return claude_messages.ask(timed, prompt, schema, ctx.check)

    return _paid("messages", ask, lambda prompt: claude_messages.most_usd(api, prompt), purse, ctx), ""


def _missing(options: JudgeOptions, key: str) -> str:
    """Say the first thing that keeps the Messages API from being asked; "": nothing does."""
    if not options.send_source:
        return _SOURCE
    if not options.budget_cents:
        return _MONEY
    if options.messages_model is None:
        return "set judge.messages_model"
    if options.messages_input_cents is None or options.messages_output_cents is None:
        return (
            "set judge.messages_input_cents and judge.messages_output_cents, the prices of a million tokens"
        )
    return (
        ""
        if key.isascii() and key.isprintable() and key.strip()
        else f"{options.messages_key_env} holds no key"
    )


def _model(options: JudgeOptions, ctx: Context, purse: Purse, model: Model | None) -> tuple[Ask | None, str]:
    """A configured model has its own budget and its own way not to pay twice."""
    del options, purse
    return (model(ctx) if model is not None else None), ""


_ASKS: Mapping[str, Callable[[JudgeOptions, Context, Purse, Model | None], tuple[Ask | None, str]]] = {
    "claude": _claude,
    "messages": _messages,
    "model": _model,
}


def _paid(name: str, ask: Ask, most: Callable[[str], float], purse: Purse, ctx: Context) -> Ask:
    """Ask within the night's money. A reply is kept before it is used, so that the same night does not pay for it
    again; a question that was under way when its process died is booked at its maximum, and asked again."""

    def asks(prompt: str, schema: Mapping[str, Any]) -> Reply:
        key = hashlib.sha256(f"{name}\x1f{prompt}".encode("utf-8", "surrogatepass")).hexdigest()
        kept = ctx.cache.read(_REPLIES, [key]).get(key)
        if kept is not None:
            reply = Answer(**json.loads(kept))
            _book(purse, reply.cost_usd, most(prompt))
            return reply
        if ctx.cache.read(_UNDER_WAY, [key]).get(key) == b"1":
            purse.take(most(prompt))
        limit = most(prompt)
        if limit > purse.left + 1e-9:
            msg = f"{name} is not asked any more: what is left of tonight's judge.budget_cents does not cover another question"
            raise NoAnswer(msg, lasting=True, sent=False)
        ctx.cache.write(_UNDER_WAY, {key: b"1"})
        try:
            reply = ask(prompt, schema)  # type: ignore[assignment]
        except NoAnswer as error:
            if error.sent:
                _book(purse, error.cost_usd, limit)
            ctx.cache.write(_UNDER_WAY, {key: b"0"})
            raise
        ctx.cache.write(_REPLIES, {key: json.dumps(_plain(reply)).encode()})
        _book(purse, reply.cost_usd, limit)
        return reply

    return asks


def _time_left(ctx: Context) -> float:
    """Return the seconds that a question may still take tonight.

    Raises:
        NoAnswer: too few for an answer that is worth its price.
    """
    left = ctx.stop.remaining()
    if left is not None and left < _LEAST_S:
        msg = "too little of the night's time is left for another question"
        raise NoAnswer(msg, lasting=True, sent=False)
    return float("inf") if left is None else left - 1


def _book(purse: Purse, cost: float | None, most: float) -> None:
    """Book what was paid; what nobody knows at its maximum."""
    purse.take(most if cost is None else cost)


def _plain(reply: Reply) -> dict[str, Any]:
    return {name: getattr(reply, name) for name in ("text", "structured", "model", "cost_usd", "cost_source")}


def _sendable(config: Config) -> Callable[[str], bool]:
    """Whether source of a file may leave the machine; what models must not see, no judge is shown."""
    if not config.models.exclude:
        return lambda _: True
    from pathspec import GitIgnoreSpec

    excluded = GitIgnoreSpec.from_lines(config.models.exclude)
    return lambda path: not excluded.match_file(path)
