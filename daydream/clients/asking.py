"""What every client shares: work that a stop can leave behind, and how long a server asks to wait."""

import datetime as dt
import email.utils
import ipaddress
import re
import threading
import time
from collections.abc import Callable, Mapping
from typing import TypeVar

_T = TypeVar("_T")
_POLL_S = 0.05


class Unanswered(Exception):
    """The work had not ended when its time was over."""


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


def loopback(host: str) -> bool:
    """Tell whether a host name or address is this very machine."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"
