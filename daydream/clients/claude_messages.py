"""Claude as a judge, by the Messages API: one request for each question, bounded in time and money.

The form is that of https://docs.anthropic.com/en/api/messages; what a request cost is reckoned from the tokens that
the answer counts and from the prices that a person configured.
"""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from daydream.analysis.redaction import quoted
from daydream.clients.asking import (
    LARGEST_ANSWER,
    LONGEST_WAIT_S,
    Unanswered,
    asked_wait,
    attended,
    base_url,
    below,
    loopback,
)
from daydream.clients.claude_reply import NoAnswer, Reply
from daydream.errors import DaydreamError

_VERSION = "2023-06-01"
_REFUSED = {
    400: "the question is not one that it takes",
    401: "it does not know the key; look at judge.messages_key_env",
    402: "the account has no money left",
    403: "the key may not ask this",
    404: "it has no such model; look at judge.messages_model",
    413: "the question is too large; lower judge.batch",
}
_BUSY = {429: "it is asked too often", 500: "it is in trouble", 502: "it is in trouble", 503: "it is busy", 504: "it took too long", 529: "it is overloaded"}  # fmt: skip
_OF_THE_QUESTION = frozenset({400, 413})


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """How the Messages API is asked. Prices are US dollars for a token; `pauses` are the seconds before each further
    attempt where the server names none."""

    url: str
    model: str
    key: str = field(repr=False)
    max_tokens: int
    price_in: float
    price_out: float
    timeout_s: float = 300.0
    pauses: tuple[float, ...] = (2.0, 8.0)


class _Again(Exception):
    """An answer that may be better in a moment; `wait` is what the server asks for, in seconds."""

    def __init__(self, final: NoAnswer, wait: float | None) -> None:
        super().__init__(str(final))
        self.final, self.wait = final, wait


def most_usd(api: Api, prompt: str) -> float:
    """Return what a question can cost at most: no token is shorter than a byte."""
    return len(prompt.encode("utf-8", "replace")) * api.price_in + api.max_tokens * api.price_out


def ask(api: Api, prompt: str, schema: Mapping[str, Any], check: Callable[[], None]) -> Reply:
    """Ask one question; `check` is called about twenty times a second, what it raises ends the asking.

    Raises:
        NoAnswer: with one sentence, whatever went wrong.
    """
    body = {
        "model": api.model,
        "max_tokens": api.max_tokens,
        "messages": [{"role": "user", "content": prompt}],
        "output_config": {"format": {"type": "json_schema", "schema": schema}},
    }
    for pause in (*api.pauses, None):
        try:
            return _read(api, *attended(lambda: _post(api, body), check, 2 * api.timeout_s))
        except _Again as trouble:
            if pause is None:
                raise trouble.final from None
            _wait(pause if trouble.wait is None else trouble.wait, check)
        except Unanswered:
            raise NoAnswer(f"the Messages API did not answer within {2 * api.timeout_s:g} s") from None
    raise AssertionError  # pragma: no cover -- the last round returns or raises


def _post(api: Api, body: Mapping[str, Any]) -> tuple[httpx.Response, bytes]:
    url = _address(api)
    headers = {"x-api-key": api.key, "anthropic-version": _VERSION, "content-type": "application/json"}
    try:
        with (
            httpx.Client(
                timeout=api.timeout_s, follow_redirects=False, trust_env=not loopback(url.host)
            ) as client,
            client.stream("POST", url, headers=headers, content=json.dumps(body)) as answer,
        ):
            read = bytearray()
            for chunk in answer.iter_bytes():
                read += chunk
                if len(read) > LARGEST_ANSWER:
                    raise NoAnswer(f"{url.host} sent more than {LARGEST_ANSWER >> 20} MB for one answer")
            return answer, bytes(read)
    except httpx.TimeoutException:
        raise NoAnswer(f"{url.host} did not answer within {api.timeout_s:g} s; raise judge.timeout") from None
    except (httpx.ProtocolError, httpx.DecodingError, httpx.ReadError):
        raise NoAnswer(f"{url.host} ended the connection before its answer was whole") from None
    except httpx.TransportError:
        raise NoAnswer(f"no connection to {url.host}; look at the network, or judge.messages_url", lasting=True, sent=False) from None  # fmt: skip


def _address(api: Api) -> httpx.URL:
    try:
        return below(
            base_url(api.url, "judge.messages_url", "https://api.anthropic.com", DaydreamError),
            "/v1/messages",
            {},
        )
    except DaydreamError as error:
        raise NoAnswer(str(error), lasting=True, sent=False) from None


def _read(api: Api, answer: httpx.Response, body: bytes) -> Reply:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        value = None
    if answer.status_code != 200:
        raise _refused(answer, value)
    if (
        not isinstance(value, dict)
        or value.get("type") == "error"
        or not isinstance(value.get("content"), list)
    ):
        raise NoAnswer(
            f"{answer.url.host} did not answer as the Messages API does; look at judge.messages_url"
        )
    cost = _cost(api, value.get("usage"))
    if value.get("stop_reason") == "refusal":
        raise NoAnswer("the model refused to answer", cost_usd=cost)
    blocks = [
        block.get("text")
        for block in value["content"]
        if isinstance(block, dict) and block.get("type") == "text"
    ]
    text = "\n".join(block for block in blocks if isinstance(block, str))
    if not text.strip():
        raise NoAnswer("the Messages API answered with nothing", cost_usd=cost)
    model = value.get("model")
    return Reply(
        text=text,
        model=quoted(model, 100) if isinstance(model, str) else None,
        cost_usd=cost,
        cost_source="unknown" if cost is None else "estimate",
    )


def _refused(answer: httpx.Response, value: Any) -> Exception:
    status, host = answer.status_code, answer.url.host
    error = value.get("error") if isinstance(value, dict) else None
    words = error.get("message") if isinstance(error, dict) else None
    shown = f" ({quoted(words)})" if isinstance(words, str) and words else ""
    wait = asked_wait(answer.headers, "")
    if status == 429 and wait is None:
        # Only a spending limit is refused without saying when to come back.
        return NoAnswer(f"{host} answered 429 without a time to come back: a limit of the account is reached{shown}", lasting=True)  # fmt: skip
    if status in _BUSY:
        final = NoAnswer(f"{host} answered {status}: {_BUSY[status]}{shown}")
        return final if wait is not None and wait > LONGEST_WAIT_S else _Again(final, wait)
    why = _REFUSED.get(status, "look at judge.messages_url")
    return NoAnswer(f"{host} answered {status}: {why}{shown}", lasting=status not in _OF_THE_QUESTION)


def _cost(api: Api, usage: Any) -> float | None:
    """Reckon the price of an answer; None where it does not count its tokens."""
    if not isinstance(usage, dict):
        return None
    into, out = usage.get("input_tokens"), usage.get("output_tokens")
    if type(into) is not int or type(out) is not int or min(into, out) < 0:
        return None
    return into * api.price_in + out * api.price_out


def _wait(seconds: float, check: Callable[[], None]) -> None:
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        check()
        time.sleep(min(left, 0.05))
