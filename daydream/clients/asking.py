"""What every client of a service shares: a question that can only GET, patient, bounded, and explained when it fails."""

import datetime as dt
import email.utils
import functools
import ipaddress
import json
import re
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx

from daydream.errors import DaydreamError

_T = TypeVar("_T")
_POLL_S = 0.05
ATTEMPTS = 3
LONGEST_WAIT_S = 30.0
LARGEST_ANSWER = 16 * 2**20


class Unanswered(Exception):
    """The work had not ended when its time was over."""


class _Passing(Exception):
    """An answer that may be better next time; `wait` is what the server asked for, in seconds."""

    def __init__(self, final: DaydreamError, wait: float | None = None) -> None:
        super().__init__(str(final))
        self.final = final
        self.wait = wait


@dataclass(frozen=True, slots=True)
class Service:
    """How a service is asked, and how its failures are worded.

    `silent` is raised where it could not be asked or did not let us look, `broken` where it failed itself.
    `check` says in the imperative what to look at in the configuration, `late` what to do about a slow answer.
    `reset` is the header with the instant from which it answers again; `more` is added where it is asked too often.
    """

    name: str
    silent: type[DaydreamError]
    broken: type[DaydreamError]
    check: str
    late: str
    reset: str
    timeout_s: float
    more: str = ""


def ask(
    service: Service,
    url: httpx.URL,
    headers: Mapping[str, str],
    refuse: Callable[[httpx.Response], str | None],
    check: Callable[[], None],
    answers: tuple[int, ...] = (),
) -> tuple[httpx.Response, bytes]:
    """GET `url` and return its answer and its body.

    Retries are few: what the server asks to wait is obeyed up to `LONGEST_WAIT_S`. No redirect is followed, so
    `headers` go to this host alone. `refuse` says why a status is none that can be worked with; None: the server
    asks to slow down. 200 and `answers` are not refused. `check` is called about twenty times a second while
    waiting; what it raises ends the wait at once.

    Raises:
        `service.silent`, `service.broken`: with one sentence.
    """
    limit = ATTEMPTS * (2 * service.timeout_s + LONGEST_WAIT_S)
    question = _Question(service, url, dict(headers), refuse, (200, *answers))
    try:
        return attended(question.patiently, check, limit)
    except Unanswered:
        msg = f"{service.name} kept the connection open for {limit:.0f} s without a whole answer"
        raise service.silent(msg) from None


def base_url(text: str, key: str, example: str, silent: type[DaydreamError]) -> httpx.URL:
    """Read the address of a service; a token is sent over TLS only, or to this very machine."""
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL:
        url = httpx.URL("")
    if url.userinfo or url.query or url.fragment or not url.host or url.scheme not in ("http", "https"):
        raise silent(f'{key} must look like "{example}"')
    if url.scheme != "https" and not loopback(url.host):
        raise silent(f"{key} must begin with https://, because a token may be sent to it")
    return url


def below(base: httpx.URL, path: str, params: Mapping[str, str]) -> httpx.URL:
    """Return the address of `path`, which is percent-encoded where it has to be, below a service's own."""
    url = base.copy_with(raw_path=base.raw_path.rstrip(b"/") + path.encode("ascii"))
    return url.copy_merge_params(params) if params else url


def decoded(service: Service, answer: httpx.Response, body: bytes) -> Any:
    """Read an answer as JSON.

    Raises:
        `service.silent`: it is something else.
    """
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        kind = answer.headers.get("Content-Type", "").partition(";")[0].strip()
        shown = kind if re.fullmatch(r"[\w.+/\-]{3,60}", kind) else "something"
        msg = f"{answer.url.host} answered with {shown} that is not JSON; {service.check}"
        raise service.silent(msg) from None


def only_get(request: httpx.Request) -> None:
    """Nothing but a question leaves a client, whoever changes it later."""
    if request.method != "GET":
        raise AssertionError(request.method)


@dataclass(frozen=True, slots=True)
class _Question:
    """One request with everything needed to repeat it and to explain its failure."""

    service: Service
    url: httpx.URL
    headers: dict[str, str]
    refuse: Callable[[httpx.Response], str | None]
    answers: tuple[int, ...]

    def patiently(self) -> tuple[httpx.Response, bytes]:
        import stamina

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
        until = time.monotonic() + self.service.timeout_s
        host, silent = self.url.host, self.service.silent
        try:
            with (
                httpx.Client(
                    timeout=self.service.timeout_s,
                    follow_redirects=False,
                    trust_env=not loopback(host),
                    verify=_trusted(),
                    event_hooks={"request": [only_get]},
                ) as client,
                client.stream("GET", self.url, headers=self.headers) as answer,
            ):
                body = self._body(answer, until)
        except httpx.TimeoutException:
            msg = f"{host} did not answer within {self.service.timeout_s:g} s; {self.service.late}"
            raise silent(msg) from None
        except (httpx.ReadError, httpx.RemoteProtocolError) as error:
            raise self._cut(error) from None
        except (httpx.ProtocolError, httpx.DecodingError):
            msg = f"{host} does not answer as a web server should; {self.service.check}"
            raise silent(msg) from None
        except httpx.TransportError as error:
            raise self._no_connection(error) from None
        if answer.status_code not in self.answers:
            raise self._refused(answer)
        return answer, body

    def _body(self, answer: httpx.Response, until: float) -> bytes:
        """Read the body, bounded in time and size, whatever the server does."""
        body = bytearray()
        for chunk in answer.iter_bytes():
            body += chunk
            if len(body) > LARGEST_ANSWER:
                msg = f"{self.url.host} sent more than {LARGEST_ANSWER >> 20} MB for one answer"
                raise self.service.silent(msg)
            if time.monotonic() > until:
                msg = "too slow"
                raise httpx.ReadTimeout(msg)
        return bytes(body)

    def _cut(self, error: httpx.TransportError) -> Exception:
        """A connection that ended in the middle may hold next time; nonsense stays nonsense."""
        host, service = self.url.host, self.service
        ended = isinstance(error, httpx.ReadError) or re.search(r"disconnected|closed connection", str(error))
        if not ended or _untrusted(error):
            return service.silent(f"{host} does not answer as a web server should; {service.check}")
        msg = f"{host} ended the connection {ATTEMPTS} times before its answer was whole; it is asked again next time"
        return _Passing(service.silent(msg))

    def _no_connection(self, error: httpx.TransportError) -> DaydreamError:
        host, service = self.url.host, self.service
        if _untrusted(error):
            return service.silent(
                f"the certificate of {host} cannot be trusted; {service.check} or SSL_CERT_FILE"
            )
        return service.silent(f"no connection to {host}; look at the network, or {service.check}")

    def _refused(self, answer: httpx.Response) -> Exception:
        """Turn every answer but a good one into one sentence."""
        status, host, service = answer.status_code, self.url.host, self.service
        if status >= 500:
            msg = f"{host} answered {status} {ATTEMPTS} times; {service.name} itself is in trouble"
            return _Passing(service.broken(msg))
        why = None if status == 429 else self.refuse(answer)
        if why is not None:
            return service.silent(why)
        wait = asked_wait(answer.headers, service.reset)
        if wait is not None and wait > LONGEST_WAIT_S:
            return service.silent(
                f"{host} asks to wait {wait:.0f} s, longer than a night waits for it; it is asked again next time{service.more}"
            )
        msg = f"{host} answered {ATTEMPTS} times that it is asked too often; it is asked again next time{service.more}"
        return _Passing(service.silent(msg), wait)


@functools.cache
def _trusted() -> ssl.SSLContext:
    """The certificates that count, read once: reading them takes longer than most answers."""
    return httpx.create_ssl_context()


def _again(error: Exception) -> bool | float:
    """Say whether to retry, and after how many seconds when the server named them."""
    if not isinstance(error, _Passing):
        return False
    return True if error.wait is None else error.wait


def _untrusted(error: BaseException) -> bool:
    reason: BaseException | None = error
    while reason is not None:
        if isinstance(reason, ssl.SSLError):
            return True
        reason = reason.__cause__ or reason.__context__
    return False


def attended(work: Callable[[], _T], check: Callable[[], None], limit_s: float) -> _T:
    """Run `work` beside us and look at `check` meanwhile, because a socket waits longer than a stop may.

    When `check` raises or `limit_s` has passed, the work is left behind: it only reads, and its own
    time-outs end it.

    Raises:
        Unanswered: `limit_s` has passed; whatever `work` or `check` raise passes through.
    """
    left: list[_T] = []
    errors: list[BaseException] = []

    def body() -> None:
        try:
            left.append(work())
        except BaseException as error:  # noqa: BLE001 -- raised again where the work was asked for
            errors.append(error)

    until = time.monotonic() + limit_s
    thread = threading.Thread(target=body, name="asking", daemon=True)
    thread.start()
    while thread.is_alive():
        check()
        if time.monotonic() > until:
            raise Unanswered
        thread.join(_POLL_S)
    if errors:
        raise errors[0]
    return left[0]


def asked_wait(headers: Mapping[str, str], reset: str) -> float | None:
    """Return the seconds that an answer asks to wait, by Retry-After or by the header named `reset`, an
    instant in seconds of the server's clock; None where it names none that can be read."""
    after = headers.get("Retry-After", "")
    if re.fullmatch(r"[0-9]{1,9}(\.[0-9]+)?", after):
        return float(after)
    sent = http_date(headers.get("Date", ""))
    if (until := http_date(after)) and sent:
        return max(0.0, (until - sent).total_seconds())
    instant = headers.get(reset, "")
    if re.fullmatch(r"[0-9]{1,12}", instant) and sent:
        return max(0.0, int(instant) - sent.timestamp())
    return None


def http_date(text: str) -> dt.datetime | None:
    """Read the date of a header."""
    try:
        return email.utils.parsedate_to_datetime(text)
    except ValueError:
        return None


def read_instant(value: Any) -> dt.datetime | None:
    """Read an instant as services write it; without a zone it is UTC, and None is anything that is none."""
    try:
        read = dt.datetime.fromisoformat(value) if isinstance(value, str) else None
        return read if read is None or read.tzinfo else read.replace(tzinfo=dt.UTC)
    except ValueError:
        return None


def loopback(host: str) -> bool:
    """Tell whether a host name or address is this very machine."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"
