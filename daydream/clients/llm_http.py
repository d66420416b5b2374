"""One request to an endpoint of models: bounded in time and size, never redirected, its failures told apart by whether
the request may have been served.

Loaded when a model is really asked.
"""

import functools
import json
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from daydream.clients import asking
from daydream.clients.llm_limits import Endpoint, completions_url

LARGEST_ANSWER = 4 * 2**20
_CONNECT_S = 10.0


class NoAnswer(Exception):
    """No whole answer came. `served`: it may have been worked on, and billed; `retry`: it may go better in a moment."""

    def __init__(self, outcome: str, sentence: str, *, served: bool, retry: bool) -> None:
        super().__init__(sentence)
        self.outcome, self.served, self.retry = outcome, served, retry


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, payload (None: not JSON), and the wait in seconds that the headers ask for."""

    status: int
    payload: Any
    text: str
    wait: float | None
    location: str | None = None


def post(endpoint: Endpoint, body: Mapping[str, Any]) -> Answer:
    """Send a conversation and return whatever came.

    Raises:
        NoAnswer: nothing whole came.
    """
    return _sent(endpoint, "POST", completions_url(endpoint), json.dumps(body).encode("utf-8"))


def models(endpoint: Endpoint) -> Answer:
    """Ask which models there are, and for what.

    Raises:
        NoAnswer: nothing whole came.
    """
    return _sent(endpoint, "GET", f"{endpoint.base_url}/models", b"")


def host_of(endpoint: Endpoint) -> str:
    """The host that is asked."""
    return httpx.URL(endpoint.base_url).host


def _sent(endpoint: Endpoint, method: str, address: str, content: bytes) -> Answer:
    url = httpx.URL(address)
    total, until = endpoint.timeout_s, time.monotonic() + endpoint.timeout_s
    headers = {
        "Accept": "application/json",
        "Accept-Encoding": "identity",
        "Content-Type": "application/json",
        "User-Agent": "daydream",
    }
    if endpoint.key:
        headers["Authorization"] = f"Bearer {endpoint.key}"
    try:
        with (
            httpx.Client(
                timeout=httpx.Timeout(total, connect=min(_CONNECT_S, total)),
                follow_redirects=False,
                trust_env=not asking.loopback(url.host),
                verify=_trusted(),
            ) as client,
            client.stream(method, url, headers=headers, content=content) as answer,
        ):
            data = _body(answer, url.host, until)
    except httpx.HTTPError as error:
        raise _explained(error, url.host, total) from None
    text = data.decode("utf-8", "replace")
    wait = asking.asked_wait(answer.headers, "")
    location = answer.headers.get("Location") if answer.is_redirect else None
    return Answer(answer.status_code, _json(text), text, wait, location)


def _body(answer: httpx.Response, host: str, until: float) -> bytes:
    body = bytearray()
    for chunk in answer.iter_bytes():
        body += chunk
        if len(body) > LARGEST_ANSWER:
            msg = f"{host} sent more than {LARGEST_ANSWER >> 20} MB for one answer"
            raise NoAnswer("unusable", msg, served=True, retry=False)
        if time.monotonic() > until:
            msg = "too slow"
            raise httpx.ReadTimeout(msg)
    return bytes(body)


def _explained(error: httpx.HTTPError, host: str, total: float) -> NoAnswer:
    """Say what happened, and whether the request may have reached a model."""
    if isinstance(error, httpx.ConnectTimeout | httpx.PoolTimeout):
        return NoAnswer("no_connection", f"no connection to {host} in time", served=False, retry=True)
    if isinstance(error, httpx.TimeoutException):
        msg = f"{host} did not answer within {total:g} s; raise the endpoint's timeout"
        return NoAnswer("timeout", msg, served=True, retry=False)
    if isinstance(error, httpx.ConnectError | httpx.UnsupportedProtocol | httpx.ProxyError):
        if _untrusted(error):
            msg = f"the certificate of {host} cannot be trusted; check base_url or SSL_CERT_FILE"
            return NoAnswer("no_connection", msg, served=False, retry=False)
        return NoAnswer("no_connection", f"no connection to {host}", served=False, retry=True)
    if isinstance(error, httpx.ReadError | httpx.WriteError | httpx.RemoteProtocolError):
        msg = f"{host} ended the connection before its answer was whole"
        return NoAnswer("cut", msg, served=True, retry=True)
    msg = f"{host} does not answer as a web server should; check base_url"
    return NoAnswer("unusable", msg, served=True, retry=False)


@functools.cache
def _trusted() -> ssl.SSLContext:
    """The certificates that count, read once: reading them takes longer than most answers."""
    return httpx.create_ssl_context()


def _untrusted(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return True
        error = error.__cause__ or error.__context__
    return False


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
