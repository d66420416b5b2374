"""What a night may spend on models: money in whole billionths, so that sums are exact; requests; seconds.

Loads nothing heavy.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

NANOS = 1_000_000_000
PER_MESSAGE_TOKENS = 8
_CHARACTERS_PER_TOKEN = 2.5
Role = Literal["relax", "synthesize", "explore", "match", "judge", "advise"]
What = Literal["money", "requests", "time", "stopped"]


@dataclass(frozen=True, slots=True)
class Price:
    """What a model costs, in billionths of the endpoint's currency: for a million tokens in and out, and for
    one request."""

    prompt: int = 0
    completion: int = 0
    request: int = 0

    def of(self, prompt_tokens: int, completion_tokens: int) -> int:
        """Return the price of so many tokens, rounded up."""
        tokens = prompt_tokens * self.prompt + completion_tokens * self.completion
        return self.request + -(-tokens // 1_000_000)


def nanos(money: float) -> int:
    """Return money in billionths, rounded up."""
    return math.ceil(round(money * NANOS, 3))


@dataclass(frozen=True, slots=True)
class Limits:
    """The budgets of a night: money by endpoint in billionths, requests, seconds of asking."""

    money: Mapping[str, int]
    requests: int
    seconds: float


class Spent(Exception):
    """A budget does not allow one more request; `what` says which."""

    def __init__(self, what: What, sentence: str) -> None:
        super().__init__(sentence)
        self.what = what


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A place where models answer, as the gate let it through; the key is not shown."""

    name: str
    base_url: str
    key: str | None = field(repr=False)
    structured: Literal["native", "json_object", "prompt"]
    context: int
    max_tokens: int
    limit_field: str
    timeout_s: float
    free: bool
    prices: Mapping[str, Price]
    extra: Mapping[str, Any]
    temperature: float | None = None


@dataclass(frozen=True, slots=True)
class Member:
    """One model at one endpoint; `model` is what is asked for, not necessarily who answers."""

    endpoint: Endpoint
    model: str

    @property
    def name(self) -> str:
        """As it is configured."""
        return f"{self.endpoint.name}/{self.model}"


def completions_url(endpoint: Endpoint) -> str:
    """Where an endpoint takes conversations."""
    return f"{endpoint.base_url}/chat/completions"


def readable(amount: int | None) -> float | None:
    """Return billionths as money."""
    return None if amount is None else amount / NANOS


def tokens_in(messages: Sequence[Mapping[str, str]]) -> int:
    """Estimate the tokens of a conversation, rather too many than too few: code has three to four characters
    a token, other scripts up to a token for each byte."""
    texts = [message["content"] for message in messages]
    ascii_only = sum(sum(character < "\x80" for character in text) for text in texts)
    foreign = sum(len(text.encode("utf-8", "replace")) for text in texts) - ascii_only
    return math.ceil(ascii_only / _CHARACTERS_PER_TOKEN) + foreign + PER_MESSAGE_TOKENS * (len(texts) + 1)
