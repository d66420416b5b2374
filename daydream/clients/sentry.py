"""Sentry's issues, events and releases, read only: a client that can GET and nothing else.

Loaded when a night really asks Sentry, so that starting up pays for neither httpx nor pydantic.
"""

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote

import httpx

from daydream.clients import asking
from daydream.clients.asking import http_date
from daydream.clients.sentry_payloads import Event, Issue, Release, event_of, issue_of, release_of
from daydream.errors import DaydreamError

PER_PAGE = 100
RELEASES = 30
_CURSOR = re.compile(r"[A-Za-z0-9:._\-]{1,200}")
_SLUG = re.compile(r"[A-Za-z0-9_\-]{1,100}")
_PLACE = re.compile(r"https?://[A-Za-z0-9.\-]{1,200}(:[0-9]{1,5})?/?")
_CHECK = "check [sentry] base_url"


class SentrySilent(DaydreamError):
    """Sentry could not be asked, or did not let us look; the message says what to do."""


class SentryBroken(DaydreamError):
    """Sentry answered, and the answer was a failure of its own."""


class SentryOptions(Protocol):
    """What the client needs of the configuration; seconds for `timeout`."""

    @property
    def base_url(self) -> str: ...
    @property
    def region_url(self) -> str | None: ...
    @property
    def organization(self) -> str | None: ...
    @property
    def environment(self) -> str | None: ...
    @property
    def token_env(self) -> str: ...
    @property
    def timeout(self) -> float: ...


@dataclass(frozen=True, slots=True)
class Access:
    """Whom to ask, with what, and `check`, called about twenty times a second while waiting; what it raises
    ends the wait at once."""

    options: SentryOptions
    token: str
    check: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Page:
    """One page of issues, most frequent first.

    `unreadable` counts entries without a usable id; `cursor` asks for the next page, None on the last. `now` is the
    instant of the server's clock, None where it does not say; `bytes` counts what was sent.
    """

    issues: tuple[Issue, ...]
    unreadable: int
    cursor: str | None
    now: dt.datetime | None = None
    bytes: int = 0


def issues(access: Access, project: str | None, hours: int, cursor: str | None) -> Page:
    """Ask for one page of the unresolved issues with events in the last `hours`.

    `project` is a slug (None: all projects of the organisation).

    Raises:
        SentrySilent: not configured well, no access, no connection, no answer in time, or not Sentry.
        SentryBroken: an error of the server that remained after the retries.
    """
    if project is not None and not _SLUG.fullmatch(project):
        msg = "[sentry] projects must be project slugs, as they stand in your Sentry address"
        raise SentrySilent(msg)
    params = {
        "query": "is:unresolved" if project is None else f"is:unresolved project:{project}",
        "statsPeriod": f"{hours}h",
        "groupStatsPeriod": "24h",
        "sort": "freq",
        "limit": str(PER_PAGE),
    }
    if cursor:
        params["cursor"] = cursor
    statuses: list[int] = []
    try:
        answer, payload = _asked(access, "issues/", params, project=project, statuses=statuses)
    except SentrySilent:
        if statuses and statuses[-1] in (301, 302, 303, 307, 308, 404):
            _say_region(access)
        raise
    read = [issue for entry in _list(answer, payload, "issues") if (issue := issue_of(entry))]
    now = http_date(answer.headers.get("Date", ""))
    return Page(tuple(read), len(payload) - len(read), _next(answer), now, answer.num_bytes_downloaded)


def latest_event(access: Access, issue: str) -> Event | None:
    """Ask for the newest event of an issue; None: there is none that may be seen.

    Raises:
        SentrySilent, SentryBroken: as `issues`.
    """
    answer, payload = _asked(access, f"issues/{quote(issue, safe='')}/events/latest/", {}, missing=(404,))
    return event_of(payload) if answer.status_code == 200 else None


def issue(access: Access, identity: str) -> Issue | None:
    """Ask for one issue; None: it is gone, or there is none that may be seen.

    Raises:
        SentrySilent, SentryBroken: as `issues`.
    """
    path = f"issues/{quote(identity, safe='')}/"
    answer, payload = _asked(access, path, {"collapse": "stats"}, missing=(404,))
    return issue_of(payload) if answer.status_code == 200 else None


def releases(access: Access, project: str | None) -> tuple[Release, ...] | None:
    """Ask for the newest releases, newest first; None: this token may not read them.

    `project` is a project's numeric id (None: all projects of the organisation).

    Raises:
        SentrySilent, SentryBroken: as `issues`.
    """
    params = {"per_page": str(RELEASES), **({"project": project} if project else {})}
    answer, payload = _asked(access, "releases/", params, missing=(403, 404))
    if answer.status_code != 200:
        return None
    return tuple(release for entry in _list(answer, payload, "releases") if (release := release_of(entry)))


def _asked(
    access: Access,
    path: str,
    params: dict[str, str],
    *,
    missing: tuple[int, ...] = (),
    project: str | None = None,
    statuses: list[int] | None = None,
) -> tuple[httpx.Response, Any]:
    """Ask for something of the organisation; the statuses in `missing` are answers, not failures."""
    options = access.options
    key, text = ("base_url", options.base_url)
    if options.region_url is not None:
        key, text = ("region_url", options.region_url)
    base = asking.base_url(text, f"[sentry] {key}", "https://sentry.io", SentrySilent)
    organization = options.organization or ""
    if not _SLUG.fullmatch(organization):
        msg = "[sentry] organization must be the slug that stands in your Sentry address"
        raise SentrySilent(msg)
    if not re.fullmatch(r"[\x21-\x7e]+", access.token):
        msg = f"{options.token_env} holds spaces or characters that no Sentry token has; export it again"
        raise SentrySilent(msg)
    if options.environment:
        params = {**params, "environment": options.environment}
    headers = {
        "Authorization": f"Bearer {access.token}",
        "Accept": "application/json",
        "User-Agent": "daydream",
    }

    def refuse(answer: httpx.Response) -> str:
        if statuses is not None:
            statuses.append(answer.status_code)
        return _refusal(answer, options, project)

    service = _service(options)
    url = asking.below(base, f"/api/0/organizations/{organization}/{path}", params)
    answer, body = asking.ask(service, url, headers, refuse, access.check, missing)
    return answer, asking.decoded(service, answer, body) if answer.status_code == 200 else None


def _service(options: SentryOptions) -> asking.Service:
    return asking.Service(
        name="Sentry",
        silent=SentrySilent,
        broken=SentryBroken,
        check=_CHECK,
        late="raise [sentry] timeout or try later",
        reset="X-Sentry-Rate-Limit-Reset",
        timeout_s=options.timeout,
    )


def _refusal(answer: httpx.Response, options: SentryOptions, project: str | None) -> str:
    """Turn every answer but a good one into one sentence."""
    status, host, name = answer.status_code, answer.url.host, options.token_env
    if answer.is_redirect:
        target = _host_of(answer.headers.get("Location", ""))
        return (
            f"{host} redirects to {target}; the token stays here: set [sentry] base_url to the right address"
        )
    if status == 401:
        return f"{host} does not accept the token in {name}; make a new one with scope event:read"
    if status == 403:
        return (
            f"the token in {name} may not read these issues; give it the scopes event:read and project:read"
        )
    if status == 404:
        return f"{host} knows no organisation {options.organization!r} for this token; check [sentry] organization"
    if status == 400 and project:
        return f"{host} refused the query for project {project!r}; check [sentry] projects"
    return f"{host} answered {status}; {_CHECK} and organization"


def _say_region(access: Access) -> None:
    """Where the organisation lives in another region, say so: a token follows nobody's address but a person's.

    Raises:
        SentrySilent: it lives at another address, which a person may configure.
    """
    if access.options.region_url is not None:
        return
    try:
        answer, payload = _asked(access, "", {})
    except (SentrySilent, SentryBroken):
        return
    links = payload.get("links") if isinstance(payload, dict) else None
    region = links.get("regionUrl") if isinstance(links, dict) else None
    if isinstance(region, str) and _PLACE.fullmatch(region) and httpx.URL(region).host != answer.url.host:
        msg = f'this organisation lives at {region}; set [sentry] region_url = "{region}"'
        raise SentrySilent(msg) from None


def _list(answer: httpx.Response, payload: Any, what: str) -> list[Any]:
    if not isinstance(payload, list):
        msg = f"{answer.url.host} answered with JSON that is not a list of {what}; {_CHECK}"
        raise SentrySilent(msg)
    return payload


def _next(answer: httpx.Response) -> str | None:
    """Return the cursor of the next page; a last page names one too, and says that no results follow."""
    link = answer.links.get("next", {})
    cursor = link.get("cursor", "") if link.get("results") == "true" else ""
    return cursor if _CURSOR.fullmatch(cursor) else None


def _host_of(location: str) -> str:
    try:
        host = httpx.URL(location).host or "another path"
    except httpx.InvalidURL:
        host = ""
    return host if re.fullmatch(r"[A-Za-z0-9.: \-]{1,100}", host) else "an address that cannot be read"
