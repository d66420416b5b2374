"""Whether an address on the web still answers: asked politely, without cookies, and never inside one's own network.

Loaded when a night really asks, so that starting up does not pay for httpx.
"""

import ipaddress
import re
import socket
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urljoin

import httpx

from daydream import __version__
from daydream.clients.asking import Unanswered, attended

State = Literal["ok", "gone", "unknown"]
AGENT = f"daydream/{__version__} (link check; asks each address at most once a night)"
TIMEOUT_S = 10.0
MOST_REDIRECTS = 5
DELAY_S = 1.0
_POLL_S = 0.05
_GONE = {404, 410}
_NO_HEAD = {400, 403, 404, 405, 406, 410, 429, 500, 501, 503}
_HOST = re.compile(r"[A-Za-z0-9_.:\[\]-]+")
Resolve = Callable[[str, int], Sequence[str]]


@dataclass(frozen=True, slots=True)
class Answer:
    """What asking for one address came to.

    `ok` and `gone` (404, 410, or a host name that does not exist) are known; anything else is `unknown`: refused,
    too many questions, a server in trouble, no answer in time. `why` says what was seen, `moved` where a permanent
    redirect led.
    """

    state: State
    why: str = ""
    moved: str = ""


class Refused(Exception):
    """The address is none that may be asked; the message says why."""


def resolve(host: str, port: int) -> Sequence[str]:
    """Ask the system for a host's addresses.

    Raises:
        socket.gaierror: there are none, or nobody could tell.
    """
    return sorted({str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)})


class Asker:
    """Asks one address after the other; `allowed` are ``host:port`` pairs of this machine that may be asked (tests)."""

    def __init__(
        self,
        check: Callable[[], None],
        *,
        allowed: Iterable[str] = (),
        delay_s: float = DELAY_S,
        timeout_s: float = TIMEOUT_S,
        look_up: Resolve = resolve,
    ) -> None:
        self._check = check
        self._allowed = frozenset(allowed)
        self._delay_s = delay_s
        self._timeout_s = timeout_s
        self._look_up = look_up
        self._next: dict[str, float] = {}

    def ask(self, address: str) -> Answer:
        """Ask for one address, `DELAY_S` after the last question to the same host; never raises but for `check`."""
        try:
            url = httpx.URL(address)
        except (httpx.InvalidURL, ValueError, UnicodeError):
            return Answer("unknown", "no address that can be asked")
        self._wait(url.host)
        limit = (MOST_REDIRECTS + 2) * 4 * self._timeout_s
        try:
            return attended(lambda: self._asked(url), self._check, limit)
        except Unanswered:
            return Answer("unknown", "no whole answer in time")

    def _wait(self, host: str) -> None:
        until = self._next.get(host, 0.0)
        while (left := until - time.monotonic()) > 0:
            self._check()
            time.sleep(min(left, _POLL_S))
        self._next[host] = time.monotonic() + self._delay_s

    def _asked(self, url: httpx.URL) -> Answer:
        try:
            answer = self._followed("HEAD", url)
            if isinstance(answer, int) and answer in _NO_HEAD:
                answer = self._followed("GET", url)
        except Refused as why:
            return Answer("unknown", str(why))
        except socket.gaierror as error:
            return _no_host(url.host, error)
        except httpx.TimeoutException:
            return Answer("unknown", "no answer in time")
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            return Answer("unknown", f"no connection ({type(error).__name__})")
        return answer if isinstance(answer, Answer) else _judged(answer)

    def _followed(self, method: str, url: httpx.URL) -> int | Answer:
        """The status at the end of the redirects; an Answer where they lead elsewhere than to an answer."""
        permanent = ""
        lasting = True
        for _ in range(MOST_REDIRECTS + 1):
            status, location = self._once(method, url)
            if not location:
                return status if status != 200 or not permanent else Answer("ok", "", permanent)
            url = httpx.URL(urljoin(str(url), location))
            lasting = lasting and status in {301, 308}
            permanent = str(url) if lasting else ""
        return Answer("unknown", f"more than {MOST_REDIRECTS} redirects")

    def _once(self, method: str, url: httpx.URL) -> tuple[int, str]:
        """One request to an address that was looked up and found to be public; its body is not read."""
        port = url.port or (443 if url.scheme == "https" else 80)
        place = self._public(url, port)
        headers = {"User-Agent": AGENT, "Accept": "*/*", "Host": url.netloc.decode("ascii")}
        target = url.copy_with(host=place, fragment=None)
        extensions = {"sni_hostname": url.raw_host.decode("ascii")}
        with (
            httpx.Client(timeout=self._timeout_s, follow_redirects=False, trust_env=False) as client,
            client.stream(method, target, headers=headers, extensions=extensions) as answer,
        ):
            location = answer.headers.get("Location", "") if answer.is_redirect else ""
            return answer.status_code, location

    def _public(self, url: httpx.URL, port: int) -> str:
        """The address to connect to: what is checked is what is asked, so that no name can change between.

        Raises:
            Refused: another scheme, a user name in the address, a port that is not the web's, or an address
                of this machine or a private network.
        """
        host = url.raw_host.decode("ascii")
        if url.scheme not in {"http", "https"} or not _HOST.fullmatch(host) or url.userinfo:
            msg = "not a plain web address"
            raise Refused(msg)
        if f"{host}:{port}" in self._allowed:
            return host
        if port not in {80, 443, 8080, 8443}:
            msg = f"port {port} is not asked"
            raise Refused(msg)
        places = self._look_up(host.strip("[]"), port)
        if not places or not all(_is_public(place) for place in places):
            msg = "it leads into a private network"
            raise Refused(msg)
        return places[0]


def _is_public(place: str) -> bool:
    try:
        address = ipaddress.ip_address(place.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_global and not address.is_multicast


def _no_host(host: str, error: socket.gaierror) -> Answer:
    """A name that does not exist is gone; one that could not be looked up just now is unknown."""
    absent = {
        code
        for code in (getattr(socket, name, None) for name in ("EAI_NONAME", "EAI_NODATA"))
        if code is not None
    }
    if error.errno in absent and re.fullmatch(r"[\w.-]+\.[\w-]+", host):
        return Answer("gone", "its host name does not exist")
    return Answer("unknown", "its host name could not be looked up")


def _judged(status: int) -> Answer:
    if 200 <= status < 300:
        return Answer("ok")
    return Answer("gone" if status in _GONE else "unknown", f"answers {status}")
