"""GitHub's issues, read only: a client that can GET and nothing else.

Loaded when a night really asks GitHub, so that starting up pays for neither httpx nor pydantic.
"""

import datetime as dt
import json
import re
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import parse_qsl

import httpx
import stamina
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError

from daydream.clients.asking import Unanswered, asked_wait, attended, loopback
from daydream.errors import DaydreamError

if TYPE_CHECKING:
    from daydream.config.model import TaskOptions

ATTEMPTS = 3
TIMEOUT_S = 20.0
LONGEST_WAIT_S = 30.0
LARGEST_ANSWER = 16 * 2**20
PER_PAGE = 100
_REPOSITORY = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9._-]{1,100}")
_HEADERS = {
    "Accept": "application/vnd.github+json",
    "X-GitHub-Api-Version": "2022-11-28",
    "User-Agent": "daydream",
}
_PLACE = re.compile(r"(?:page=[0-9]{1,6}|after=[A-Za-z0-9_=+/%:.-]{1,300})")


class GitHubSilent(DaydreamError):
    """GitHub could not be asked, or did not let us look; the message says what to do."""


class GitHubBroken(DaydreamError):
    """GitHub answered, and the answer was a failure of its own."""


class _Passing(Exception):
    """An answer that may be better next time; `wait` is what the server asked for, in seconds."""

    def __init__(self, final: DaydreamError, wait: float | None = None) -> None:
        super().__init__(str(final))
        self.final = final
        self.wait = wait


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _instant(value: Any) -> dt.datetime | None:
    try:
        read = dt.datetime.fromisoformat(value) if isinstance(value, str) else None
        return read if read is None or read.tzinfo else read.replace(tzinfo=dt.UTC)
    except ValueError:
        return None


def _words(key: str) -> Callable[[Any], tuple[str, ...]]:
    def read(value: Any) -> tuple[str, ...]:
        entries = value if isinstance(value, list) else []
        named = [entry.get(key) if isinstance(entry, dict) else entry for entry in entries]
        return tuple(name for name in named if isinstance(name, str))

    return read


Text = Annotated[str | None, BeforeValidator(_text)]
Instant = Annotated[dt.datetime | None, BeforeValidator(_instant)]


class _Payload(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class PullRequest(_Payload):
    """What makes an entry of the issues a pull request."""

    merged_at: Instant = None


def _title(value: Any) -> str | None:
    return _text(value.get("title")) if isinstance(value, dict) else None


class Issue(_Payload):
    """One issue or pull request; a field that is missing, null or of another shape is None (unknown) or empty.

    `updated_at` is the last change of any kind, a bot's included; it is not human activity. `milestone` is a title.
    """

    number: Annotated[int, Field(ge=1, strict=True)]
    title: Text = None
    state: Text = None
    state_reason: Text = None
    created_at: Instant = None
    updated_at: Instant = None
    closed_at: Instant = None
    labels: Annotated[tuple[str, ...], BeforeValidator(_words("name"))] = ()
    assignees: Annotated[tuple[str, ...], BeforeValidator(_words("login"))] = ()
    milestone: Annotated[str | None, BeforeValidator(_title)] = None
    pull_request: Annotated[
        PullRequest | None, BeforeValidator(lambda value: value if isinstance(value, dict) else None)
    ] = None


@dataclass(frozen=True, slots=True)
class Page:
    """One page of open issues, pull requests left out and counted.

    `unreadable` counts entries without a usable number; `cursor` asks for the next page, None on the last.
    """

    issues: tuple[Issue, ...]
    pull_requests: int
    unreadable: int
    cursor: str | None


def open_issues(options: "TaskOptions", token: str, check: Callable[[], None], cursor: str | None) -> Page:
    """Ask for one page of the open issues, oldest first.

    `token` may be empty: public issues need none. `check` is called about twenty times a second while
    waiting; what it raises ends the wait at once.

    Raises:
        GitHubSilent: not configured well, no access, no connection, no answer in time, or not GitHub.
        GitHubBroken: an error of the server that remained after the retries.
    """
    params = {"state": "open", "sort": "created", "direction": "asc", "per_page": str(PER_PAGE)}
    params |= dict(parse_qsl(cursor)) if cursor and _PLACE.fullmatch(cursor) else {}
    answer, body = _asked(options, token, check, "issues", params, missing=())
    payload = _json(answer, body)
    if not isinstance(payload, list):
        raise GitHubSilent(f"{answer.url.host} answered with JSON that is not a list of issues; {_CHECK_URL}")
    read = [issue for entry in payload if (issue := _readable(entry))]
    issues = tuple(issue for issue in read if issue.pull_request is None)
    return Page(issues, len(read) - len(issues), len(payload) - len(read), _next(answer))


def issue(options: "TaskOptions", token: str, check: Callable[[], None], number: int) -> Issue | None:
    """Ask for one issue or pull request; None: there is none of this number that may be seen.

    Raises:
        GitHubSilent, GitHubBroken: as `open_issues`.
    """
    answer, body = _asked(options, token, check, f"issues/{number}", {}, missing=(301, 404, 410))
    return _readable(_json(answer, body)) if answer.status_code == 200 else None


_CHECK_URL = "check [tasks] github_url"


def _asked(
    options: "TaskOptions",
    token: str,
    check: Callable[[], None],
    what: str,
    params: dict[str, str],
    *,
    missing: tuple[int, ...],
) -> tuple[httpx.Response, bytes]:
    """Ask for something of the repository; the statuses in `missing` are answers, not failures."""
    base = _base(options.github_url)
    repository = options.github or ""
    if not _REPOSITORY.fullmatch(repository):
        raise GitHubSilent('[tasks] github must look like "owner/name"')
    if token and not re.fullmatch(r"[\x21-\x7e]+", token):
        raise GitHubSilent(
            f"{options.github_token_env} holds spaces or characters that no GitHub token has; export it again"
        )
    url = base.copy_with(raw_path=base.raw_path.rstrip(b"/") + f"/repos/{repository}/{what}".encode())
    asking = _Asking(url.copy_merge_params(params), token, options, missing)
    limit = ATTEMPTS * (2 * TIMEOUT_S + LONGEST_WAIT_S)
    try:
        return attended(asking.patiently, check, limit)
    except Unanswered:
        raise GitHubSilent(
            f"GitHub kept the connection open for {limit:.0f} s without a whole answer"
        ) from None


def _base(text: str) -> httpx.URL:
    """Read the base address; a token is sent over TLS only, or to this very machine."""
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL:
        url = httpx.URL("")
    if url.userinfo or url.query or url.fragment or not url.host or url.scheme not in ("http", "https"):
        raise GitHubSilent('[tasks] github_url must look like "https://api.github.com"')
    if url.scheme != "https" and not loopback(url.host):
        raise GitHubSilent("[tasks] github_url must begin with https://, because a token may be sent to it")
    return url


def _only_get(request: httpx.Request) -> None:
    """Nothing but a question leaves this client, whoever changes it later."""
    if request.method != "GET":
        raise AssertionError(request.method)


@dataclass(frozen=True, slots=True)
class _Asking:
    """One request with everything needed to repeat it and to explain its failure."""

    url: httpx.URL
    token: str
    options: "TaskOptions"
    missing: tuple[int, ...]

    def patiently(self) -> tuple[httpx.Response, bytes]:
        """Ask, with few retries; what the server asks to wait is obeyed up to `LONGEST_WAIT_S`."""
        try:
            for attempt in stamina.retry_context(
                on=_again, attempts=ATTEMPTS, timeout=None, wait_initial=0.5, wait_max=5.0, wait_jitter=0.5
            ):
                with attempt:
                    return self._once()
        except _Passing as trouble:
            raise trouble.final from None
        raise AssertionError  # pragma: no cover -- the context above returns or raises

    def _once(self) -> tuple[httpx.Response, bytes]:
        headers = {**_HEADERS, **({"Authorization": f"Bearer {self.token}"} if self.token else {})}
        until = time.monotonic() + TIMEOUT_S
        host = self.url.host
        try:
            with (
                httpx.Client(
                    timeout=TIMEOUT_S,
                    follow_redirects=False,
                    trust_env=not loopback(host),
                    event_hooks={"request": [_only_get]},
                ) as client,
                client.stream("GET", self.url, headers=headers) as answer,
            ):
                body = self._body(answer, until)
        except httpx.TimeoutException:
            raise GitHubSilent(
                f"{host} did not answer within {TIMEOUT_S:g} s; it is asked again next time"
            ) from None
        except (httpx.ProtocolError, httpx.DecodingError):
            raise GitHubSilent(f"{host} does not answer as a web server should; {_CHECK_URL}") from None
        except httpx.TransportError as error:
            raise _no_connection(host, error) from None
        self._refuse(answer)
        return answer, body

    def _body(self, answer: httpx.Response, until: float) -> bytes:
        """Read the body, bounded in time and size, whatever the server does."""
        body = bytearray()
        for chunk in answer.iter_bytes():
            body += chunk
            if len(body) > LARGEST_ANSWER:
                raise GitHubSilent(f"{self.url.host} sent more than {LARGEST_ANSWER >> 20} MB for one answer")
            if time.monotonic() > until:
                msg = "too slow"
                raise httpx.ReadTimeout(msg)
        return bytes(body)

    def _refuse(self, answer: httpx.Response) -> None:
        """Turn every answer but a good one into one sentence."""
        status, host = answer.status_code, self.url.host
        name, repository = self.options.github_token_env, self.options.github
        limited = answer.headers.get("X-RateLimit-Remaining") == "0" or "Retry-After" in answer.headers
        if status == 200 or status in self.missing:
            return
        if status == 429 or (status == 403 and limited):
            raise self._too_many(answer)
        if status >= 500:
            raise _Passing(
                GitHubBroken(f"{host} answered {status} {ATTEMPTS} times; GitHub itself is in trouble")
            )
        if answer.is_redirect:
            msg = f"{host} says that {repository} has moved; set [tasks] github to its new name"
        elif status == 401:
            msg = f"{host} does not accept the token in {name}; make a new one that may read issues"
        elif status == 403:
            msg = f"{host} does not let us read the issues of {repository}; give the token in {name} read access to issues"
        elif status == 404:
            hint = f"the token in {name}" if self.token else f"whether it is private (then export {name})"
            msg = f"{host} knows no repository {repository}; check [tasks] github and {hint}"
        elif status == 410:
            msg = f"issues are switched off for {repository}; unset [tasks] github"
        else:
            msg = f"{host} answered {status}; {_CHECK_URL} and github"
        raise GitHubSilent(msg)

    def _too_many(self, answer: httpx.Response) -> Exception:
        wait, host, name = (
            asked_wait(answer.headers, "X-RateLimit-Reset"),
            self.url.host,
            self.options.github_token_env,
        )
        more = "" if self.token else f"; with a token in {name} it answers more often"
        if wait is not None and wait > LONGEST_WAIT_S:
            return GitHubSilent(
                f"{host} asks to wait {wait:.0f} s, longer than a night waits for it; it is asked again next time{more}"
            )
        msg = (
            f"{host} answered {ATTEMPTS} times that it is asked too often; it is asked again next time{more}"
        )
        return _Passing(GitHubSilent(msg), wait)


def _again(error: Exception) -> bool | float:
    """Say whether to retry, and after how many seconds when the server named them."""
    if not isinstance(error, _Passing):
        return False
    return True if error.wait is None else error.wait


def _no_connection(host: str, error: httpx.TransportError) -> GitHubSilent:
    reason: BaseException | None = error
    while reason is not None:
        if isinstance(reason, ssl.SSLError):
            return GitHubSilent(f"the certificate of {host} cannot be trusted; {_CHECK_URL} or SSL_CERT_FILE")
        reason = reason.__cause__ or reason.__context__
    return GitHubSilent(f"no connection to {host}; check the network and [tasks] github_url")


def _json(answer: httpx.Response, body: bytes) -> Any:
    try:
        return json.loads(body) if answer.status_code == 200 else None
    except (ValueError, RecursionError):
        raise GitHubSilent(
            f"{answer.url.host} answered with something that is not JSON; {_CHECK_URL}"
        ) from None


def _readable(entry: Any) -> Issue | None:
    try:
        return TypeAdapter(Issue).validate_python(entry)
    except ValidationError:
        return None


def _next(answer: httpx.Response) -> str | None:
    """Return the place of the next page: its number or mark alone, never an address that a server names."""
    try:
        query = httpx.URL(answer.links.get("next", {}).get("url", "")).params
    except httpx.InvalidURL:
        return None
    for key in ("after", "page"):
        if key in query and _PLACE.fullmatch(place := str(httpx.QueryParams({key: query[key]}))):
            return place
    return None
