"""GitHub's issues, read only: a client that can GET and nothing else.

Loaded when a night really asks GitHub, so that starting up pays for neither httpx nor pydantic.
"""

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import parse_qsl

import httpx
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError

from daydream.clients import asking
from daydream.clients.asking import read_instant
from daydream.errors import DaydreamError

if TYPE_CHECKING:
    from daydream.config.model import TaskOptions

TIMEOUT_S = 20.0
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


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _words(key: str) -> Callable[[Any], tuple[str, ...]]:
    def read(value: Any) -> tuple[str, ...]:
        entries = value if isinstance(value, list) else []
        named = [entry.get(key) if isinstance(entry, dict) else entry for entry in entries]
        return tuple(name for name in named if isinstance(name, str))

    return read


Text = Annotated[str | None, BeforeValidator(_text)]
Instant = Annotated[dt.datetime | None, BeforeValidator(read_instant)]


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
    payload = asking.decoded(_service(options, token), answer, body)
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
    if answer.status_code != 200:
        return None
    return _readable(asking.decoded(_service(options, token), answer, body))


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
    base = asking.base_url(options.github_url, "[tasks] github_url", "https://api.github.com", GitHubSilent)
    repository = options.github or ""
    if not _REPOSITORY.fullmatch(repository):
        raise GitHubSilent('[tasks] github must look like "owner/name"')
    if token and not re.fullmatch(r"[\x21-\x7e]+", token):
        raise GitHubSilent(
            f"{options.github_token_env} holds spaces or characters that no GitHub token has; export it again"
        )
    url = asking.below(base, f"/repos/{repository}/{what}", params)
    headers = {**_HEADERS, **({"Authorization": f"Bearer {token}"} if token else {})}
    return asking.ask(
        _service(options, token),
        url,
        headers,
        lambda answer: _refusal(answer, options, token),
        check,
        missing,
    )


def _service(options: "TaskOptions", token: str) -> asking.Service:
    return asking.Service(
        name="GitHub",
        silent=GitHubSilent,
        broken=GitHubBroken,
        check=_CHECK_URL,
        late="it is asked again next time",
        reset="X-RateLimit-Reset",
        timeout_s=TIMEOUT_S,
        more="" if token else f"; with a token in {options.github_token_env} it answers more often",
    )


def _refusal(answer: httpx.Response, options: "TaskOptions", token: str) -> str | None:
    """Say what a status means; None: it is asked too often."""
    status, host = answer.status_code, answer.url.host
    name, repository = options.github_token_env, options.github
    if status == 403 and (
        answer.headers.get("X-RateLimit-Remaining") == "0" or "Retry-After" in answer.headers
    ):
        return None
    if answer.is_redirect:
        return f"{host} says that {repository} has moved; set [tasks] github to its new name"
    if status == 401:
        return f"{host} does not accept the token in {name}; make a new one that may read issues"
    if status == 403:
        return f"{host} does not let us read the issues of {repository}; give the token in {name} read access to issues"
    if status == 404:
        hint = f"the token in {name}" if token else f"whether it is private (then export {name})"
        return f"{host} knows no repository {repository}; check [tasks] github and {hint}"
    if status == 410:
        return f"issues are switched off for {repository}; unset [tasks] github"
    return f"{host} answered {status}; {_CHECK_URL} and github"


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
