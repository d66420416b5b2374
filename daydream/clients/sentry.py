"""Sentry's issues, read only: a client that can GET and nothing else.

Loaded when a night really asks Sentry, so that starting up pays for neither httpx nor pydantic.
"""

import datetime as dt
import json
import re
import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Protocol

import httpx
import stamina
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError

from daydream.clients.asking import Unanswered, asked_wait, attended, loopback
from daydream.errors import DaydreamError

ATTEMPTS = 3
LONGEST_WAIT_S = 30.0
LARGEST_ANSWER = 16 * 2**20
PER_PAGE = 100
_CURSOR = re.compile(r"[A-Za-z0-9:._\-]{1,200}")
_SLUG = re.compile(r"[A-Za-z0-9_\-]{1,100}")


class SentrySilent(DaydreamError):
    """Sentry could not be asked, or did not let us look; the message says what to do."""


class SentryBroken(DaydreamError):
    """Sentry answered, and the answer was a failure of its own."""


class _Passing(Exception):
    """An answer that may be better next time; `wait` is what the server asked for, in seconds."""

    def __init__(self, final: DaydreamError, wait: float | None = None) -> None:
        super().__init__(str(final))
        self.final = final
        self.wait = wait


class SentryOptions(Protocol):
    """What the client needs of the configuration; seconds for `timeout`."""

    @property
    def base_url(self) -> str: ...
    @property
    def organization(self) -> str | None: ...
    @property
    def token_env(self) -> str: ...
    @property
    def timeout(self) -> float: ...


def _text(value: Any) -> str | None:
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else None


def _whole(value: Any) -> int | None:
    """Read a count, which Sentry writes as a string; None for anything that is not one."""
    text = _text(value)
    return int(text) if text is not None and re.fullmatch(r"[0-9]{1,18}", text) else None


def _instant(value: Any) -> dt.datetime | None:
    try:
        read = dt.datetime.fromisoformat(value) if isinstance(value, str) else None
        return read if read is None or read.tzinfo else read.replace(tzinfo=dt.UTC)
    except ValueError:
        return None


def _table(value: Any) -> Any:
    return value if isinstance(value, dict) else {}


Text = Annotated[str | None, BeforeValidator(_text)]
Count = Annotated[int | None, BeforeValidator(_whole)]
Instant = Annotated[dt.datetime | None, BeforeValidator(_instant)]


class _Payload(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Metadata(_Payload):
    """What Sentry extracted from the newest event; null wherever it extracted nothing."""

    type: Text = None
    value: Text = None
    filename: Text = None
    function: Text = None


class Project(_Payload):
    """The project an issue belongs to."""

    slug: Text = None


class Issue(_Payload):
    """One issue of the list; a field that is missing, null or of another shape is None (unknown)."""

    id: Annotated[str, BeforeValidator(_text), Field(pattern=r"^[\x21-\x7e]{1,64}$")]
    shortId: Text = None  # noqa: N815 -- Sentry's own name
    title: Text = None
    culprit: Text = None
    permalink: Text = None
    level: Text = None
    substatus: Text = None
    count: Count = None
    userCount: Count = None  # noqa: N815 -- Sentry's own name
    firstSeen: Instant = None  # noqa: N815 -- Sentry's own name
    lastSeen: Instant = None  # noqa: N815 -- Sentry's own name
    metadata: Annotated[Metadata, BeforeValidator(_table)] = Metadata()
    project: Annotated[Project, BeforeValidator(_table)] = Project()


@dataclass(frozen=True, slots=True)
class Page:
    """One page of issues, most frequent first.

    `unreadable` counts entries without a usable id; `cursor` asks for the next page, None on the last.
    """

    issues: tuple[Issue, ...]
    unreadable: int
    cursor: str | None


def issues(
    options: SentryOptions, token: str, check: Callable[[], None], project: str | None, cursor: str | None
) -> Page:
    """Ask for one page of the unresolved issues seen in the last 24 hours.

    `project` is a slug (None: all projects of the organisation). `check` is called about twenty times
    a second while waiting; what it raises ends the wait at once.

    Raises:
        SentrySilent: not configured well, no access, no connection, no answer in time, or not Sentry.
        SentryBroken: an error of the server that remained after the retries.
    """
    base = _base(options.base_url)
    organization = options.organization or ""
    if not _SLUG.fullmatch(organization):
        msg = "[sentry] organization must be the slug that stands in your Sentry address"
        raise SentrySilent(msg)
    if project is not None and not _SLUG.fullmatch(project):
        msg = "[sentry] projects must be project slugs, as they stand in your Sentry address"
        raise SentrySilent(msg)
    if not re.fullmatch(r"[\x21-\x7e]+", token):
        msg = f"{options.token_env} holds spaces or characters that no Sentry token has; export it again"
        raise SentrySilent(msg)
    query = "is:unresolved" if project is None else f"is:unresolved project:{project}"
    params = {"query": query, "statsPeriod": "24h", "sort": "freq", "limit": str(PER_PAGE)}
    if cursor:
        params["cursor"] = cursor
    url = base.copy_with(
        raw_path=base.raw_path.rstrip(b"/") + f"/api/0/organizations/{organization}/issues/".encode()
    )
    asking = _Asking(url.copy_merge_params(params), token, options, project)
    limit = ATTEMPTS * (2 * options.timeout + LONGEST_WAIT_S)
    try:
        return attended(asking.page, check, limit)
    except Unanswered:
        msg = f"Sentry kept the connection open for {limit:.0f} s without a whole answer"
        raise SentrySilent(msg) from None


def _base(text: str) -> httpx.URL:
    """Read the base address; the token is sent over TLS only, or to this very machine."""
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL:
        url = httpx.URL("")
    if url.userinfo or url.query or url.fragment or not url.host or url.scheme not in ("http", "https"):
        msg = '[sentry] base_url must look like "https://sentry.io"'
        raise SentrySilent(msg)
    if url.scheme != "https" and not loopback(url.host):
        msg = "[sentry] base_url must begin with https://, because a token is sent to it"
        raise SentrySilent(msg)
    return url


@dataclass(frozen=True, slots=True)
class _Asking:
    """One request with everything needed to repeat it and to explain its failure."""

    url: httpx.URL
    token: str
    options: SentryOptions
    project: str | None

    def page(self) -> Page:
        """Ask, patiently but not for long.

        Retries are few: what the server asks for in Retry-After is obeyed up to `LONGEST_WAIT_S`.
        """
        try:
            for attempt in stamina.retry_context(
                on=_again, attempts=ATTEMPTS, timeout=None, wait_initial=0.5, wait_max=5.0, wait_jitter=0.5
            ):
                with attempt:
                    return self._once()
        except _Passing as trouble:
            raise trouble.final from None
        raise AssertionError  # pragma: no cover -- the context above returns or raises

    def _once(self) -> Page:
        headers = {
            "Authorization": f"Bearer {self.token}",
            "Accept": "application/json",
            "User-Agent": "daydream",
        }
        until = time.monotonic() + self.options.timeout
        host = self.url.host
        try:
            with (
                httpx.Client(
                    timeout=self.options.timeout, follow_redirects=False, trust_env=not loopback(host)
                ) as client,
                client.stream("GET", self.url, headers=headers) as answer,
            ):
                body = self._body(answer, until)
        except httpx.TimeoutException:
            msg = f"{host} did not answer within {self.options.timeout:g} s; raise [sentry] timeout or try later"
            raise SentrySilent(msg) from None
        except httpx.ProtocolError:
            msg = f"{host} does not answer as a web server should; check [sentry] base_url"
            raise SentrySilent(msg) from None
        except httpx.TransportError as error:
            raise _no_connection(host, error) from None
        self._refuse(answer)
        return _page(answer, body)

    def _body(self, answer: httpx.Response, until: float) -> bytes:
        """Read the body, bounded in time and size, whatever the server does."""
        body = bytearray()
        for chunk in answer.iter_bytes():
            body += chunk
            if len(body) > LARGEST_ANSWER:
                msg = f"{self.url.host} sent more than {LARGEST_ANSWER >> 20} MB for one page of issues"
                raise SentrySilent(msg)
            if time.monotonic() > until:
                msg = "too slow"
                raise httpx.ReadTimeout(msg)
        return bytes(body)

    def _refuse(self, answer: httpx.Response) -> None:
        """Turn every answer but a good one into one sentence."""
        status, host, name = answer.status_code, self.url.host, self.options.token_env
        if status == 200:
            return
        if status == 429:
            raise self._too_many(answer)
        if status >= 500:
            raise _Passing(
                SentryBroken(f"{host} answered {status} {ATTEMPTS} times; Sentry itself is in trouble")
            )
        if answer.is_redirect:
            target = _host_of(answer.headers.get("Location", ""))
            msg = f"{host} redirects to {target}; the token stays here: set [sentry] base_url to the right address"
        elif status == 401:
            msg = f"{host} does not accept the token in {name}; make a new one with scope event:read"
        elif status == 403:
            msg = f"the token in {name} may not read these issues; give it the scopes event:read and project:read"
        elif status == 404:
            msg = f"{host} knows no organisation {self.options.organization!r} for this token; check [sentry] organization"
        elif status == 400 and self.project:
            msg = f"{host} refused the query for project {self.project!r}; check [sentry] projects"
        else:
            msg = f"{host} answered {status}; check [sentry] base_url and organization"
        raise SentrySilent(msg)

    def _too_many(self, answer: httpx.Response) -> Exception:
        wait = asked_wait(answer.headers, "X-Sentry-Rate-Limit-Reset")
        if wait is not None and wait > LONGEST_WAIT_S:
            msg = f"{self.url.host} asks to wait {wait:.0f} s, longer than a night waits for it; it is asked again next time"
            return SentrySilent(msg)
        msg = f"{self.url.host} answered {ATTEMPTS} times that it is asked too often; it is asked again next time"
        return _Passing(SentrySilent(msg), wait)


def _again(error: Exception) -> bool | float:
    """Say whether to retry, and after how many seconds when the server named them."""
    if not isinstance(error, _Passing):
        return False
    return True if error.wait is None else error.wait


def _no_connection(host: str, error: httpx.TransportError) -> SentrySilent:
    reason: BaseException | None = error
    while reason is not None:
        if isinstance(reason, ssl.SSLError):
            return SentrySilent(
                f"the certificate of {host} cannot be trusted; check [sentry] base_url or SSL_CERT_FILE"
            )
        reason = reason.__cause__ or reason.__context__
    return SentrySilent(f"no connection to {host}; check the network and [sentry] base_url")


def _host_of(location: str) -> str:
    try:
        host = httpx.URL(location).host or "another path"
    except httpx.InvalidURL:
        host = ""
    return host if re.fullmatch(r"[A-Za-z0-9.: \-]{1,100}", host) else "an address that cannot be read"


def _page(answer: httpx.Response, body: bytes) -> Page:
    host = answer.url.host
    try:
        payload = json.loads(body)
    except (ValueError, RecursionError):
        kind = answer.headers.get("Content-Type", "").partition(";")[0].strip()
        shown = kind if re.fullmatch(r"[\w.+/\-]{3,60}", kind) else "something"
        msg = (
            f"{host} answered with {shown} that is not JSON; [sentry] base_url does not lead to Sentry's API"
        )
        raise SentrySilent(msg) from None
    if not isinstance(payload, list):
        msg = f"{host} answered with JSON that is not a list of issues; check [sentry] base_url"
        raise SentrySilent(msg)
    read = tuple(_readable(payload))
    link = answer.links.get("next", {})
    cursor = link.get("cursor", "") if link.get("results") == "true" else ""
    return Page(read, len(payload) - len(read), cursor if _CURSOR.fullmatch(cursor) else None)


def _readable(payload: list[Any]) -> Iterator[Issue]:
    adapter = TypeAdapter(Issue)
    for entry in payload:
        try:
            yield adapter.validate_python(entry)
        except ValidationError:
            continue
