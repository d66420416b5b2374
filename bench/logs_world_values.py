"""Values for log templates: numbers, ids, names; varied in letters and digits, drawn from a given generator."""

import functools
import re
from collections.abc import Callable, Mapping
from random import Random

Value = Callable[[Random], str]
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_FIRST = (
    "ada",
    "bea",
    "carl",
    "dora",
    "emil",
    "finn",
    "gita",
    "hugo",
    "ines",
    "jan",
    "kim",
    "lena",
    "mo",
    "nina",
)
_LAST = ("adler", "braun", "costa", "dahl", "eder", "fuchs", "gross", "hahn", "ito", "jung", "klein", "lang")  # fmt: skip
UPSTREAMS = ("carrier-gateway", "ledger", "acquirer", "rates", "address-check", "image-store")
_PARAM = re.compile(r"\{(\w+)(!q)?\}")


def _word(rng: Random) -> str:
    return "".join(rng.choices(_LETTERS, k=rng.randint(3, 10)))


def _hex(rng: Random) -> str:
    return f"{rng.getrandbits(48):012x}"


def _uuid(rng: Random) -> str:
    text = f"{rng.getrandbits(128):032x}"
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"


def _user(rng: Random) -> str:
    return f"{rng.choice(_FIRST)}.{rng.choice(_LAST)}{rng.choice(('', '', rng.randint(1, 99)))}"


VALUES: Mapping[str, Value] = {
    "id": lambda rng: str(rng.randint(10_000, 9_999_999)),
    "n": lambda rng: str(int(rng.lognormvariate(3.0, 1.2)) + 1),
    "ms": lambda rng: str(int(rng.lognormvariate(4.5, 0.9)) + 1),
    "sec": lambda rng: f"{rng.lognormvariate(0.8, 0.8):.2f}",
    "pct": lambda rng: str(rng.randint(71, 98)),
    "money": lambda rng: f"{rng.lognormvariate(3.5, 0.8):.2f}",
    "hex": _hex,
    "uuid": _uuid,
    "word": _word,
    "user": _user,
    "email": lambda rng: f"{_user(rng)}@{_word(rng)}.example",
    "ip": lambda rng: (
        f"{rng.randint(11, 198)}.{rng.randint(0, 255)}.{rng.randint(0, 255)}.{rng.randint(1, 254)}"
    ),
    "sku": lambda rng: "".join(rng.choices(_LETTERS, k=3)).upper() + f"-{rng.randint(100, 99999)}",
    "host": lambda rng: f"{_word(rng)}-{rng.randint(1, 40)}.{rng.choice(('eu', 'us', 'ap'))}.example.net",
    "path": lambda rng: "/" + "/".join(_word(rng) for _ in range(rng.randint(2, 4))),
    "version": lambda rng: f"{rng.randint(2, 9)}.{rng.randint(0, 40)}.{rng.randint(0, 9)}",
    "carrier": lambda rng: rng.choice(("northpost", "redvan", "swiftbox", "parcelino")),
    "method": lambda rng: rng.choice(("card", "invoice", "transfer", "wallet")),
    "upstream": lambda rng: rng.choice(UPSTREAMS),
}


@functools.cache
def _parts(text: str) -> tuple[tuple[str, str, str], ...]:
    """Split a template into (static text before a value, the value's kind, its quote)."""
    parts, last = [], 0
    for match in _PARAM.finditer(text):
        parts.append((text[last : match.start()], match[1], "'" if match[2] else ""))
        last = match.end()
    return (*parts, (text[last:], "", ""))


def fill(text: str, rng: Random, fixed: Mapping[str, str] | None = None) -> str:
    """Put values where the template has places for them; `fixed` gives some kinds always the same value."""
    result = []
    for static, kind, quote in _parts(text):
        result.append(static)
        if kind:
            value = fixed[kind] if fixed and kind in fixed else VALUES[kind](rng)
            result.append(f"{quote}{value}{quote}")
    return "".join(result)


def statics(text: str) -> list[str]:
    """Return the fixed fragments of a template, trimmed, in order."""
    return [static.strip(" :,.()") for static, _, _ in _parts(text) if static.strip(" :,.()")]


def as_format(text: str) -> str:
    """Write a template as the format string of a logging call."""
    return _PARAM.sub(lambda match: "%r" if match[2] else "%s", text.replace("%", "%%"))
