"""Secrets and personal data out of text, before it reaches a finding, a fact, the state or a report.

Built for safety first: a harmless word that looks like a secret may be hidden, a secret may not pass.
"""

import ipaddress
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from daydream.analysis import redaction_traits as has
from daydream.analysis.redaction_names import without_named
from daydream.analysis.redaction_prose import without_spoken
from daydream.analysis.redaction_random import (
    NUMBER,
    without_accounts,
    without_cards,
    without_random,
    without_telephones,
    without_telephones_abroad,
)
from daydream.analysis.redaction_shapes import (
    SECRET,
    without_blocks,
    without_hooks,
    without_keys,
    without_served,
)

__all__ = ["ADDRESS", "EMAIL", "EVERYTHING", "LONGEST", "NUMBER", "SECRET", "Policy", "quoted", "redact"]

EMAIL = "[email]"
ADDRESS = "[ip]"
LONGEST = 65_536
# What hides one secret can bring a name and another's beginning together; two passes settle nearly every text.
_PASSES = 5


@dataclass(frozen=True, slots=True)
class Policy:
    """What is hidden beside secrets and numbers, which always are: e-mail addresses, IP addresses."""

    emails: bool = True
    addresses: bool = True


EVERYTHING = Policy()

_URL_USER = re.compile(r"(?<=://)(?:[^\s/?#\"'<>@:]{0,256}:[^\s\"'<>@]{0,512}|[^\s/?#\"'<>@]{1,512})@")
_URL_TAIL = re.compile(r"(?<=://\[secret\]@)[^\s\"'<>@]{0,256}@")
_URL_ENCODED = re.compile(r"(%3A%2F%2F)[^\s/?#\"'<>&]{1,512}?%40", re.IGNORECASE)
_EMAIL = re.compile(r"(?<![\w.%+-])[\w.%+-]{1,128}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_IPV6 = re.compile(
    r"(?<![\w:.])(?:[0-9A-Fa-f]{0,4}:){2,7}(?:(?:\d{1,3}\.){3}\d{1,3}|[0-9A-Fa-f]{1,4})?(?:%\w{1,16})?(?![\w:])"
)
_OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_IPV4 = re.compile(rf"(?<![\w.])(?:{_OCTET}\.){{3}}{_OCTET}(?![\w]|\.\d)")
_LINE_KILLERS = re.compile(
    "[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff\ufff9-\ufffb]+"
)
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]+")
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]{0,64}[ -/]{0,16}[@-~]|[@-Z\\-_])")


def redact(text: str, policy: Policy = EVERYTHING) -> str:
    """Replace keys, tokens, passwords, cookies, credentials in URLs, e-mail and IP addresses, payment
    card, bank account and telephone numbers and strings that look random by ``[secret]``, ``[email]``,
    ``[ip]`` and ``[number]``. Colour codes and invisible characters, which could split a secret, go.

    Applying it twice changes nothing more. Text beyond 65,536 characters is cut off, not passed on.
    """
    text = text[:LONGEST]
    if "\x1b" in text:
        text = _ESCAPES.sub("", text)
    if not text.isascii():
        text = _INVISIBLE.sub("", text)
    for _ in range(_PASSES):
        before, text = text, _once(text, policy)
        if text == before or SECRET not in text:
            break
    return text


def quoted(text: str, limit: int = 200, policy: Policy = EVERYTHING) -> str:
    """Make foreign text fit to be quoted: redacted, one line, no control, invisible or
    direction-changing characters, at most `limit` characters (the last an ellipsis if it was cut)."""
    return one_line(redact(_flat(text[:LONGEST]), policy), limit)


def one_line(text: str, limit: int = 200) -> str:
    """Make text that is redacted already fit to be quoted; nothing more is hidden."""
    text = " ".join(_flat(text[:LONGEST]).split())
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def _flat(text: str) -> str:
    if "\x1b" in text:
        text = _ESCAPES.sub("", text)
    return _LINE_KILLERS.sub(" ", _INVISIBLE.sub("", text))


def _once(text: str, policy: Policy) -> str:
    found = has.traits(text)
    for wanted, without in _STEPS:
        if found & wanted:
            before, text = text, without(text, found, policy)
            if text != before:
                found = has.traits(text)
    return text


def _without_credentials(text: str, _found: int, _policy: Policy) -> str:
    if "://" in text:
        text = _URL_TAIL.sub("", _URL_USER.sub(SECRET + "@", text))
    return _URL_ENCODED.sub(rf"\1{SECRET}%40", text) if "%40" in text else text


def _without_named(text: str, found: int, _policy: Policy) -> str:
    return without_named(
        text, told=bool(found & has.TOLD), signed=bool(found & has.SIGNED), weak=bool(found & has.WEAK)
    )


def _without_mail(text: str, _found: int, policy: Policy) -> str:
    return _EMAIL.sub(EMAIL, text) if policy.emails else text


def _without_addresses(text: str, _found: int, policy: Policy) -> str:
    if not policy.addresses:
        return text
    # An address has two colons in a row, or six of them and more; a time of day has neither.
    if "::" in text or text.count(":") >= 6:
        text = _IPV6.sub(_address, text)
    return _IPV4.sub(ADDRESS, text) if text.count(".") >= 3 else text


def _address(match: re.Match[str]) -> str:
    try:
        ipaddress.ip_address(match[0])
    except ValueError:
        return match[0]
    return ADDRESS if match[0] != "::" else match[0]


# What a word must have for a step to change anything, and the step; in this order.
_STEPS: Sequence[tuple[int, Callable[[str, int, Policy], str]]] = (
    (has.URL, _without_credentials),
    (has.BLOCK, lambda text, *_: without_blocks(text)),
    (has.NAMED, _without_named),
    (has.SPOKEN, lambda text, *_: without_spoken(text)),
    (has.KEY, lambda text, *_: without_keys(text)),
    (has.SERVED, lambda text, *_: without_served(text)),
    (has.HOOK, lambda text, *_: without_hooks(text)),
    (has.MAIL, _without_mail),
    (has.HOST, _without_addresses),
    (has.CARD, lambda text, *_: without_cards(text)),
    (has.ACCOUNT, lambda text, *_: without_accounts(text)),
    (has.ABROAD, lambda text, *_: without_telephones_abroad(text)),
    (has.HOME, lambda text, *_: without_telephones(text)),
    (has.RANDOM, lambda text, *_: without_random(text)),
)
