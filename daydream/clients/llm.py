"""Models over any endpoint that speaks as OpenAI's does: asked within a budget, booked before, believed never.

Every answer is kept durably before anybody uses it, so that no question is paid twice. Loaded when a person's
configuration opened the gate; httpx when a model is really asked.
"""

import concurrent.futures
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Generic, TypeVar

from daydream.clients.llm_cassette import Recorder, Store, read_cassette
from daydream.clients.llm_exchange import Failed, Line, Sent
from daydream.clients.llm_gate import Gate
from daydream.clients.llm_ledger import Ledger
from daydream.clients.llm_limits import Member, Role, readable, tokens_in
from daydream.clients.llm_payloads import Completion
from daydream.errors import DaydreamError

_T = TypeVar("_T")
_POLL_S = 0.05
_MODES = ("native", "json_object", "prompt")
_GIVEN_UP_AFTER = 4
_REPEATED = 6000
_REPAIR = (
    "That reply could not be used: {why}. Reply again with the same content as one JSON object of the form that was "
    "asked for, and nothing else: no prose, no fence."
)
# What says nothing about the model's health: the next question may fare better.
_OF_THE_QUESTION = frozenset({"refused", "too_large", "money", "requests", "time", "stopped", "not_recorded"})


class Unfit(Exception):
    """A reply is not what was asked for; the message is told to the model, so it quotes nothing."""


class NotAnswered(DaydreamError):
    """No model answered a question; `reasons` holds each member's outcome and sentence."""

    def __init__(self, reasons: Sequence[tuple[str, str]]) -> None:
        super().__init__(
            "; ".join(dict.fromkeys(sentence for _, sentence in reasons)) or "no model is configured"
        )
        self.reasons = tuple(reasons)

    @property
    def spent(self) -> bool:
        """Whether a budget was the last word, so that asking on tonight is of no use."""
        return bool(self.reasons) and all(
            o in ("money", "requests", "time", "stopped") for o, _ in self.reasons
        )


@dataclass(frozen=True, slots=True)
class Question(Generic[_T]):
    """What is asked: instructions, a prompt, the JSON schema of the reply, and how a reply's text is read.

    `read` raises Unfit where the text is not what was asked for.
    """

    role: Role
    system: str
    user: str
    name: str
    schema: Mapping[str, Any]
    read: Callable[[str], _T]


@dataclass(frozen=True, slots=True)
class Reply(Generic[_T]):
    """What was answered, by whom (`model`, by the server's word; `asked` is what was asked for), and for how much.

    Tokens and cost (in the endpoint's money) are sums over the requests that led to it; None is unknown.
    `before` holds what went wrong with members asked earlier.
    """

    value: _T
    model: str
    asked: str
    requests: int
    prompt_tokens: int | None
    completion_tokens: int | None
    cost: float | None
    repaired: bool
    before: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Places:
    """Where a client keeps what it must not lose, and what it replays or records."""

    folder: Path
    night: str
    replay: Path | None = None
    record: Path | None = None


@dataclass(slots=True)
class _Turns:
    """The requests that one member's answer took."""

    role: Role
    cancelled: threading.Event
    sent: list[Sent] = field(default_factory=list)


class Client:
    """Asks the members of a gate. One for a night; close it at the end."""

    def __init__(self, gate: Gate, places: Places, backoff_s: float = 0.5) -> None:
        """Open the ledger and the store of answers.

        Raises:
            LedgerDamaged, StateUnreadable, TryAgain, ConfigError: see there.
        """
        self._gate = gate
        cassette = read_cassette(places.replay) if places.replay else None
        recorder = Recorder(places.record) if places.record else None
        store = Store(places.folder / "answers")
        store.prune(time.time())
        endpoints = {m.endpoint.name: m.endpoint for members in gate.members.values() for m in members}
        self._line = Line(gate, store, cassette, recorder, backoff_s)
        self.ledger = Ledger(
            places.folder / f"{places.night}.journal",
            gate.limits,
            lambda entry: self._line.recovered(entry, endpoints.get(entry.endpoint)),
        )
        self._line.ledger = self.ledger
        self._modes: dict[str, int] = {}
        self._missed: Counter[str] = Counter()
        self._lock = threading.Lock()

    def close(self) -> None:
        """Let go of the ledger."""
        self.ledger.close()

    @property
    def reused(self) -> int:
        """How many answers came from the store or a cassette instead of a server."""
        return self._line.reused

    def members(self, role: Role) -> tuple[Member, ...]:
        """Who is asked in a role, in order."""
        return tuple(self._gate.members.get(role, ()))

    def ask_all(
        self, questions: Sequence[Question[_T]], check: Callable[[], None]
    ) -> list[Reply[_T] | NotAnswered]:
        """Ask all of them, so many at once as is configured; replies in the order of the questions.

        `check` is called about twenty times a second; what it raises leaves the requests under way behind: they are
        booked, and their answers kept if they come while the process lives.
        """
        cancelled = threading.Event()
        self.ledger.began()
        pool = concurrent.futures.ThreadPoolExecutor(self._gate.concurrency, "model")
        try:
            futures = [pool.submit(self._one, question, cancelled) for question in questions]
            left = set(futures)
            while left:
                check()
                _, left = concurrent.futures.wait(left, timeout=_POLL_S)
            return [future.result() for future in futures]
        finally:
            cancelled.set()
            pool.shutdown(wait=True, cancel_futures=True)
            self.ledger.ended()

    def _one(self, question: Question[_T], cancelled: threading.Event) -> Reply[_T] | NotAnswered:
        """Ask the members in order until one answers."""
        reasons: list[tuple[str, str]] = []
        for member in self.members(question.role):
            try:
                reply = self._of(member, question, _Turns(question.role, cancelled))
            except Failed as trouble:
                reasons.append((trouble.outcome, f"{member.name}: {trouble}"))
                self._note(member, trouble)
                continue
            self._missed[member.name] = 0
            return replace(reply, before=tuple(reasons))
        return NotAnswered(reasons)

    def _note(self, member: Member, trouble: Failed) -> None:
        """Give up a model, or an endpoint that cannot be reached, that failed several times running."""
        if trouble.scope in ("endpoint", "model"):
            self.ledger.stop(
                member.endpoint.name, str(trouble), None if trouble.scope == "endpoint" else member.model
            )
        if trouble.outcome in _OF_THE_QUESTION:
            return
        with self._lock:
            self._missed[member.name] += 1
            many = self._missed[member.name] >= _GIVEN_UP_AFTER
        if many:
            model = None if trouble.outcome == "no_connection" else member.model
            why = f"{trouble}; it is not asked any more tonight after {_GIVEN_UP_AFTER} failures running"
            self.ledger.stop(member.endpoint.name, why, model)

    def _of(self, member: Member, question: Question[_T], turns: _Turns) -> Reply[_T]:
        """Ask one member, and once more where its reply is not what was asked for.

        Raises:
            Failed: why it has no answer.
        """
        messages = [
            {"role": "system", "content": question.system},
            {"role": "user", "content": question.user},
        ]
        first = self._complete(member, messages, question, turns)
        try:
            return self._reply(member, question.read(first.text), turns, repaired=False)
        except Unfit as unfit:
            why = "it is cut off; be shorter" if first.cut else str(unfit)
        messages += [
            {"role": "assistant", "content": first.text[:_REPEATED]},
            {"role": "user", "content": _REPAIR.format(why=why)},
        ]
        second = self._complete(member, messages, question, turns)
        try:
            return self._reply(member, question.read(second.text), turns, repaired=True)
        except Unfit as unfit:
            raise Failed("unusable", f"its reply is not what was asked for, twice: {unfit}") from None

    def _complete(
        self, member: Member, messages: Sequence[Mapping[str, str]], question: Question[Any], turns: _Turns
    ) -> Completion:
        """Get one completion that says something, by the strictest form of structured output that is taken.

        Raises:
            Failed: why not.
        """
        size = tokens_in(messages) + member.endpoint.max_tokens
        if size > member.endpoint.context:
            msg = f"about {size} tokens are more than its context of {member.endpoint.context}, so nothing was sent"
            raise Failed("too_large", msg)
        bodies = [_body(member, messages, question, mode) for mode in _MODES]
        # What was answered before a kill may have been asked for in a form that is only learned again below.
        known = (mode for mode, body in enumerate(bodies) if self._line.kept(member, body, 0))
        first = next(known, self._mode(member))
        for mode, body in list(enumerate(bodies))[first:]:
            try:
                return self._said(member, body, turns)
            except Failed as trouble:
                if trouble.scope != "shape" or mode == len(_MODES) - 1:
                    raise
                self._modes[member.name] = mode + 1
        raise AssertionError  # pragma: no cover -- the last mode returns or raises

    def _mode(self, member: Member) -> int:
        return self._modes.get(member.name, _MODES.index(member.endpoint.structured))

    def _said(self, member: Member, body: Mapping[str, Any], turns: _Turns) -> Completion:
        """Send a conversation, and once more where the answer is empty.

        Raises:
            Failed: why there is nothing.
        """
        for number in (0, 1):
            sent = self._line.send(member, body, number, turns.role, turns.cancelled)
            turns.sent.append(sent)
            if sent.completion.refusal:
                raise Failed("refused", "the model refused")
            if sent.completion.text:
                return sent.completion
        raise Failed("empty", "its answer was empty, twice")

    def _reply(self, member: Member, value: _T, turns: _Turns, *, repaired: bool) -> Reply[_T]:
        named = turns.sent[-1].completion.model
        costs = [sent.cost for sent in turns.sent]
        return Reply(
            value=value,
            model=named or f"{member.model} (as asked for; the answer names none)",
            asked=member.name,
            requests=len(turns.sent),
            prompt_tokens=_sum([sent.completion.prompt_tokens for sent in turns.sent]),
            completion_tokens=_sum([sent.completion.completion_tokens for sent in turns.sent]),
            cost=readable(_sum(costs)),
            repaired=repaired,
        )


def _body(
    member: Member, messages: Sequence[Mapping[str, str]], question: Question[Any], mode: str
) -> dict[str, Any]:
    endpoint = member.endpoint
    body: dict[str, Any] = {
        **endpoint.extra,
        "model": member.model,
        "messages": [dict(message) for message in messages],
        endpoint.limit_field: endpoint.max_tokens,
    }
    if endpoint.temperature is not None:
        body["temperature"] = endpoint.temperature
    if mode == "native":
        schema = {"name": question.name, "strict": True, "schema": question.schema}
        body["response_format"] = {"type": "json_schema", "json_schema": schema}
    elif mode == "json_object":
        body["response_format"] = {"type": "json_object"}
    return body


def _sum(values: Sequence[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if len(known) == len(values) else None
