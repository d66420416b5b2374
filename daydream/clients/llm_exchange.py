"""One exchange with a model: found again, or booked, sent, kept and settled, in this order."""

import random
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from daydream.analysis.redaction import quoted
from daydream.clients.llm_cassette import Exchange, Recorder, Store, digest_of, without_key
from daydream.clients.llm_gate import Gate
from daydream.clients.llm_ledger import Ledger, Reserved, Settled, Source
from daydream.clients.llm_limits import Endpoint, Member, Price, Spent, completions_url, nanos, tokens_in
from daydream.clients.llm_payloads import (
    Completion,
    Scope,
    Trouble,
    completion_of,
    error_of,
    trouble_of,
)
from daydream.clients.llm_prices import Prices

if TYPE_CHECKING:
    from daydream.clients.llm_http import Answer

ATTEMPTS = 3
LONGEST_WAIT_S = 30.0
_POLL_S = 0.05
_SLACK_S = 15.0
# The server gave up waiting for a model that may have worked, so the request may be billed.
_MAYBE_SERVED = frozenset({408, 504, 524})


class Failed(Exception):
    """There is no answer; `outcome` counts it, `scope` says whom it concerns."""

    def __init__(
        self,
        outcome: str,
        sentence: str,
        scope: Scope = "question",
        *,
        retry: bool = False,
        wait: float | None = None,
    ) -> None:
        super().__init__(sentence)
        self.outcome, self.scope, self.retry, self.wait = outcome, scope, retry, wait


@dataclass(frozen=True, slots=True)
class Sent:
    """A completion and what it cost in billionths (None: unknown), whether it was just sent or found again."""

    completion: Completion
    cost: int | None


@dataclass(frozen=True, slots=True)
class _Ticket:
    """A booked request: its number in the ledger, what may be asked of it, what it may cost at most."""

    number: int
    member: Member
    digest: str
    price: Price
    most: int


class Line:
    """The way to the servers. `ledger` is set before anything is sent."""

    ledger: Ledger

    def __init__(
        self,
        gate: Gate,
        store: Store,
        cassette: Mapping[str, Exchange] | None,
        recorder: Recorder | None,
        backoff_s: float,
    ) -> None:
        self.reused = 0
        self._store, self._cassette, self._recorder = store, cassette, recorder
        self._backoff_s = backoff_s
        self._room = threading.Semaphore(gate.concurrency)
        self._lock = threading.Lock()
        self._not_before: dict[str, float] = {}
        self._prices = Prices()

    def send(
        self, member: Member, body: Mapping[str, Any], number: int, role: str, cancelled: threading.Event
    ) -> Sent:
        """Return the answer to a conversation: the one that is kept, or a new one after at most three attempts.

        Raises:
            Failed: there is none.
        """
        if found := self.kept(member, body, number):
            with self._lock:
                self.reused += 1
            return found
        if self._cassette is not None:
            raise Failed("not_recorded", "the cassette holds no answer to this question")
        digest = digest_of(completions_url(member.endpoint), body, number)
        for attempt in range(1, ATTEMPTS + 1):
            self._wait(member.endpoint, cancelled)
            try:
                return self._attempt(member, body, digest, role, cancelled)
            except Failed as trouble:
                wait = self._pause(member.endpoint, trouble, attempt)
                if wait is None:
                    raise
            _rest(wait, cancelled)
        raise AssertionError  # pragma: no cover -- the last attempt returns or raises

    def kept(self, member: Member, body: Mapping[str, Any], number: int) -> Sent | None:
        """Return the answer to a conversation that is kept, or None."""
        digest = digest_of(completions_url(member.endpoint), body, number)
        kept = self._cassette.get(digest) if self._cassette is not None else self._store.get(digest)
        found = completion_of(_payload(kept.body)) if kept else None
        if kept is None or found is None:
            return None
        if self._recorder is not None:
            self._recorder.add(kept)
        cost = _cost(found, self._prices.known(member))[0]
        return Sent(found, 0 if cost is None and member.endpoint.free else cost)

    def recovered(self, entry: Reserved, endpoint: Endpoint | None) -> Settled | None:
        """Say what the kept answer to a booked request says of its price; None: there is no such answer."""
        kept = self._store.get(entry.digest)
        found = completion_of(_payload(kept.body)) if kept else None
        if found is None:
            return None
        price = self._prices.known(Member(endpoint, entry.model)) if endpoint else None
        return _settled(entry.id, found, price, entry.most, free=bool(endpoint and endpoint.free))

    def _pause(self, endpoint: Endpoint, trouble: Failed, attempt: int) -> float | None:
        """Return how long to wait before the next attempt; None: there is to be none."""
        if trouble.wait is not None and trouble.retry:
            with self._lock:
                until = time.monotonic() + trouble.wait
                self._not_before[endpoint.name] = max(until, self._not_before.get(endpoint.name, 0.0))
        if not trouble.retry or attempt == ATTEMPTS or (trouble.wait or 0.0) > LONGEST_WAIT_S:
            return None
        if trouble.wait is not None:
            return trouble.wait
        return self._backoff_s * float(2 ** (attempt - 1)) * random.uniform(1.0, 1.5)  # noqa: S311 -- spreads load

    def _wait(self, endpoint: Endpoint, cancelled: threading.Event) -> None:
        """Wait as long as a server asked everybody to.

        Raises:
            Failed: it asked for longer than anybody waits.
        """
        left = self._not_before.get(endpoint.name, 0.0) - time.monotonic()
        if left > LONGEST_WAIT_S:
            raise Failed(
                "rate_limited", f"it asks to wait {left:.0f} s more, longer than a night waits for it"
            )
        _rest(left, cancelled)

    def _attempt(
        self, member: Member, body: Mapping[str, Any], digest: str, role: str, cancelled: threading.Event
    ) -> Sent:
        """Book a request, then send it beside us; whoever stops waiting leaves it to settle itself.

        Raises:
            Failed: there is no answer, or no budget for one.
        """
        from daydream.clients import asking

        while not self._room.acquire(timeout=_POLL_S):
            _still(cancelled)
        handed_over = False
        try:
            _still(cancelled)
            ticket = self._booked(member, body, digest, role)
            limit = member.endpoint.timeout_s + _SLACK_S
            handed_over = True
            return asking.attended(lambda: self._exchanged(ticket, body), lambda: _still(cancelled), limit)
        except asking.Unanswered:
            raise Failed("timeout", "no whole answer came in time; raise the endpoint's timeout") from None
        finally:
            if not handed_over:
                self._room.release()

    def _booked(self, member: Member, body: Mapping[str, Any], digest: str, role: str) -> _Ticket:
        endpoint = member.endpoint
        try:
            price = self._prices.of(member, self.ledger)
            most = price.of(tokens_in(body["messages"]), endpoint.max_tokens)
            number = self.ledger.reserve(digest, endpoint.name, member.model, role, most)
        except Spent as spent:
            raise Failed(spent.what, str(spent)) from None
        return _Ticket(number, member, digest, price, most)

    def _exchanged(self, ticket: _Ticket, body: Mapping[str, Any]) -> Sent:
        """Send, keep, settle; gives its place back at the end."""
        from daydream.clients import llm_http

        try:
            answer = llm_http.post(ticket.member.endpoint, body)
        except llm_http.NoAnswer as none:
            source: Source = "maximum" if none.served and ticket.most else "nothing"
            booked = ticket.most if none.served else 0
            self.ledger.settle(Settled(ticket.number, none.outcome, booked, source, None if booked else 0))
            raise Failed(none.outcome, str(none), retry=none.retry) from None
        else:
            return self._answered(ticket, answer)
        finally:
            self._room.release()

    def _answered(self, ticket: _Ticket, answer: "Answer") -> Sent:
        found = completion_of(answer.payload)
        if answer.status != 200 or found is None or error_of(answer.payload):
            trouble = self._trouble(ticket.member, answer)
            self.ledger.settle(_failed(ticket, trouble, answer.status))
            raise Failed(
                trouble.outcome, trouble.sentence, trouble.scope, retry=trouble.retry, wait=trouble.wait
            )
        endpoint = ticket.member.endpoint
        text = without_key(answer.text, endpoint.key)
        exchange = Exchange(ticket.digest, endpoint.name, ticket.member.model, text)
        self._store.put(exchange)
        settled = _settled(ticket.number, found, ticket.price, ticket.most, free=endpoint.free)
        self.ledger.settle(settled)
        if self._recorder is not None:
            self._recorder.add(exchange)
        if endpoint.free and found.cost:
            why = f"{endpoint.name} billed {found.cost:g} although it is configured as free; no more is asked of it tonight"
            self.ledger.stop(endpoint.name, why)
        return Sent(found, settled.cost)

    def _trouble(self, member: Member, answer: "Answer") -> Trouble:
        from daydream.clients import llm_http

        host = llm_http.host_of(member.endpoint)
        if answer.location is not None:
            return Trouble(
                "redirected",
                f"{host} redirects; the key and the source stay here: check base_url",
                "endpoint",
            )
        if answer.payload is None and answer.status == 200:
            return Trouble(
                "unusable", f"{host} answered with something that is not JSON; check base_url", "question"
            )
        if answer.status == 200 and not error_of(answer.payload):
            return Trouble(
                "unusable", f"{host} answered with JSON that is no completion; check base_url", "question"
            )
        found = trouble_of(answer.status, answer.payload, host, answer.wait)
        shown = without_key(found.sentence, member.endpoint.key)
        return Trouble(found.outcome, quoted(shown, 300), found.scope, found.retry, found.wait, found.cost)


def _settled(number: int, found: Completion, price: Price | None, most: int, *, free: bool) -> Settled:
    cost, source = _cost(found, price)
    if free and cost is None:
        cost, source = 0, "free"
    return Settled(
        id=number,
        outcome="answered",
        booked=most if cost is None else cost,
        source=source,
        cost=cost,
        model=found.model,
        prompt_tokens=found.prompt_tokens,
        completion_tokens=found.completion_tokens,
    )


def _cost(found: Completion, price: Price | None) -> tuple[int | None, Source]:
    """What an answer cost: as billed, else by its tokens, else unknown."""
    if found.cost is not None:
        return nanos(found.cost), "billed"
    if price is None or found.prompt_tokens is None or found.completion_tokens is None:
        return None, "unknown"
    return price.of(found.prompt_tokens, found.completion_tokens), "computed"


def _failed(ticket: _Ticket, trouble: Trouble, status: int) -> Settled:
    """A status other than 200 is given before a model begins; what came after that may be billed."""
    if trouble.cost is not None:
        amount = nanos(trouble.cost)
        return Settled(ticket.number, trouble.outcome, amount, "billed", amount)
    if (status == 200 or status in _MAYBE_SERVED) and ticket.most:
        return Settled(ticket.number, trouble.outcome, ticket.most, "maximum")
    return Settled(ticket.number, trouble.outcome, 0, "nothing", 0)


def _payload(text: str) -> Any:
    import json

    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


class Abandoned(Exception):
    """Whoever asked is gone."""


def _still(cancelled: threading.Event) -> None:
    if cancelled.is_set():
        raise Abandoned


def _rest(seconds: float, cancelled: threading.Event) -> None:
    if seconds > 0 and cancelled.wait(seconds):
        raise Abandoned
