"""The questions to an advisor: one request for several errors, its reply believed entry by entry or not at all.

What it says is kept by what it was asked, so that an error whose evidence did not change is not asked about again. Only
text comes of a reply, whatever it says.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from daydream.analysis.redaction import quoted
from daydream.clients.llm_gate import Gate, gate, recorded_to, replayed_from
from daydream.contracts.context import Context
from daydream.errors import ConfigError, StateUnreadable
from daydream.report.prompts import rendered
from daydream.steps.advice_evidence import Item, plain
from daydream.steps.memory import digest

if TYPE_CHECKING:
    from daydream.clients.llm import Client, NotAnswered, Question, Reply
    from daydream.config.model import Config

VERSION = 1
VERDICTS = ("fix_clear", "cause_only", "needs_a_person")
FOLDER = "models"
_KIND = f"advice/{VERSION}"
_LONGEST_NAME = 60
_Entries = list[dict[str, Any]]
# What asking again in the same words would not change.
_FOR_GOOD = {"refused", "unusable", "empty"}
_ENTRY = {
    "type": "object",
    "additionalProperties": False,
    "required": ["id", "suggestion", "verdict"],
    "properties": {
        "id": {"type": "string"},
        "suggestion": {"type": "string"},
        "verdict": {"type": "string", "enum": list(VERDICTS)},
    },
}
_SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["nonce", "advice"],
    "properties": {"nonce": {"type": "string"}, "advice": {"type": "array", "items": _ENTRY}},
}


class Advice(msgspec.Struct, frozen=True):
    """What a model said of an error; `text` is "" where it had nothing usable to say, `verdict` None where it gave none."""

    model: str = ""
    text: str = ""
    verdict: str | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of a request: advice by the name of its item, why there is none ("" where there is), whether asking
    on is of no use tonight, and what it took (None: unknown)."""

    advice: Mapping[str, Advice] = field(default_factory=dict)
    why: str = ""
    spent: bool = False
    usage: Mapping[str, Any] = field(default_factory=dict)


_DECODER = msgspec.json.Decoder(Advice)


def asks(config: "Config", ctx: Context) -> bool:
    """Whether somebody may be asked, or something is wrong that the night has to say. Asks nobody."""
    try:
        return bool(_gate(config, ctx).members.get("advise"))
    except ConfigError:
        return True


def known(config: "Config", ctx: Context, items: Sequence[Item]) -> dict[str, Advice]:
    """Return what the same models said to the same evidence on earlier nights, by the names of the items."""
    try:
        keys = {_key(_gate(config, ctx), item): item.name for item in items}
    except ConfigError:
        return {}
    found: dict[str, Advice] = {}
    for key, value in ctx.cache.read(_KIND, sorted(keys)).items():
        try:
            found[keys[key]] = _DECODER.decode(value)
        except msgspec.MsgspecError:
            continue
    return found


def ask(config: "Config", ctx: Context, items: Sequence[Item]) -> Answered:
    """Ask about some items in one request, and remember what was said; every failure is a sentence.

    Raises:
        TryAgain: the disk is full, or a stop or the end of the budget came while waiting.
    """
    from daydream.clients.llm import NotAnswered
    from daydream.clients.llm_ledger import LedgerDamaged

    try:
        allowed = _gate(config, ctx)
        if not allowed.members.get("advise"):
            return Answered(why="; ".join(allowed.off) or "no model may be asked", spent=True)
        client = _client(ctx, allowed)
    except (ConfigError, LedgerDamaged, StateUnreadable) as error:
        return Answered(why=quoted(str(error), 300), spent=True)
    try:
        [reply] = client.ask_all([_question(items)], ctx.check)
    except StateUnreadable as error:
        return Answered(why=quoted(str(error), 300), spent=True)
    finally:
        client.close()
    if isinstance(reply, NotAnswered):
        answered = _missed(items, reply)
    else:
        answered = Answered(_kept(items, reply), usage=_usage(reply))
    by_name = {item.name: item for item in items}
    said = {_key(allowed, by_name[name]): advice for name, advice in answered.advice.items()}
    ctx.cache.write(_KIND, {key: msgspec.json.encode(advice) for key, advice in said.items()})
    return answered


def _gate(config: "Config", ctx: Context) -> Gate:
    return gate(config.models, ctx.env, ctx.root, replay=replayed_from(ctx.env) is not None)


def _client(ctx: Context, allowed: Gate) -> "Client":
    from daydream.clients.llm import Client, Places

    places = Places(ctx.state / FOLDER, ctx.date, replayed_from(ctx.env), recorded_to(ctx.env))
    return Client(allowed, places)


def _key(allowed: Gate, item: Item) -> str:
    return digest(*(member.name for member in allowed.members.get("advise", ())), "\n", item.evidence)


def _question(items: Sequence[Item]) -> "Question[_Entries]":
    from daydream.clients.llm import Question

    told = [(_id(number), item.evidence) for number, item in enumerate(items)]
    texts = [text for _, text in told]
    prompt = rendered("advise_errors.j2", texts, {"items": told}, system="advise_system.j2")
    return Question("advise", prompt.system, prompt.user, "advice", _SCHEMA, _reader(prompt.nonce))


def _id(number: int) -> str:
    return f"e{number + 1}"


def _reader(nonce: str) -> Callable[[str], _Entries]:
    def read(text: str) -> _Entries:
        from daydream.clients.llm import Unfit
        from daydream.clients.llm_payloads import objects

        for value in objects(text):
            listed = value.get("advice") if isinstance(value, dict) and value.get("nonce") == nonce else None
            if isinstance(listed, list):
                return [entry for entry in listed if isinstance(entry, dict)]
        msg = 'it holds no JSON object with the nonce that was given and a list "advice"'
        raise Unfit(msg)

    return read


def _kept(items: Sequence[Item], reply: "Reply[_Entries]") -> dict[str, Advice]:
    """Keep what was said once of an item that was asked about; nothing else counts."""
    found: dict[str, Advice] = {}
    for number, item in enumerate(items):
        mine = [entry for entry in reply.value if entry.get("id") == _id(number)]
        found[item.name] = _advice(mine[0], reply.model) if len(mine) == 1 else Advice()
    return found


def _advice(entry: Mapping[str, Any], model: str) -> Advice:
    said, verdict = entry.get("suggestion"), entry.get("verdict")
    text = plain(said) if isinstance(said, str) else ""
    if not text:
        return Advice()
    return Advice(plain(model, _LONGEST_NAME), text, verdict if verdict in VERDICTS else None)


def _missed(items: Sequence[Item], reply: "NotAnswered") -> Answered:
    """A question that every model refused, or answered with nothing usable, is not paid for again."""
    outcomes = {outcome for outcome, _ in reply.reasons}
    settled = {item.name: Advice() for item in items} if outcomes and outcomes <= _FOR_GOOD else {}
    return Answered(settled, why=quoted(str(reply), 300), spent=reply.spent)


def _usage(reply: "Reply[_Entries]") -> dict[str, Any]:
    return {
        "requests": reply.requests,
        "prompt_tokens": reply.prompt_tokens,
        "completion_tokens": reply.completion_tokens,
        "cost": reply.cost,
    }
