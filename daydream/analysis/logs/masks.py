"""Messages into words of which what varies by its nature is masked: numbers, addresses, paths, times, sizes.

Everything after `collapse` depends on its result alone: messages that differ only in the digits of
their numbers are one message from there on.
"""

import re
from functools import lru_cache
from operator import eq

WILD = "<*>"
EMPTY = "(empty)"
PURE, WORD, NUMBERED, DOTTED, OTHER = range(5)
_LONGEST = 1_000
_MOST_WORDS = 128
_REMEMBERED = 16_384
_UNIT, _NAME = "\x02", "\x03"

_PLAINER = bytes.maketrans(b"123456789\x7f" + bytes(range(32)), b"000000000" + b" " * 33)
_TIME = "[mnuµ]?s|m?secs?|(?:milli|micro)?seconds?|min(?:ute)?s?|hours?|days?|weeks?"
_SIZE = "[kKMGT]?i?B|[bB]ytes?"
_DAYS = "Mon(?:day)?|Tue(?:sday)?|Wed(?:nesday)?|Thu(?:rsday)?|Fri(?:day)?|Sat(?:urday)?|Sun(?:day)?"
_MONTHS = (
    "Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sep(?:tember)?"
    "|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?"
)

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,20}://[^\s\"'<>)\]]+")
_EMAIL = re.compile(r"(?<![\w.+%-])[\w.+%-]+@[\w-]+(?:\.[\w-]+)+")
_UUID = re.compile(r"(?<![A-Za-z0-9])(?=[0a-fA-F-]{15})[0a-fA-F]+(?:-[0a-fA-F]+){4}(?![A-Za-z0-9])")
_IPV6 = re.compile(r"(?<![\w:])(?:[0a-fA-F]{0,8}:){2,7}[0a-fA-F]{0,8}(?![\w:])")
_HEX = re.compile(
    r"(?<![A-Za-z0-9])(?:0[xX][0a-fA-F]+|(?=[a-fA-F]*0)(?=0*[a-fA-F])[0a-fA-F]{4,}|[a-f]{8,}|[A-F]{8,})(?![A-Za-z0-9])"
)
_STAMP = re.compile(
    rf"(?<![\w.])(?:0-0-0T|0/(?:{_MONTHS})/0:|0-(?:{_MONTHS})-0)(?:0?(?::0)*(?:[.,]0)?(?:Z|[+-]0(?::0)?)?)(?![\w])"
)
_PATH = re.compile(r"(?<![\w<>.])(?:/[^\s/\"'<>(),;:=\[\]{}|?]+){2,}/?(?:\?[^\s\"'<>]*)?")
_DRIVE = re.compile(r"(?<![A-Za-z])[A-Za-z]:\\[^\s\"'<>|,;]*")
_NUMBER = re.compile(r"(?<![A-Za-z0-9])[-+]?0(?:[.,:/-]0)*(?:[eE][-+]?0)?(?![A-Za-z]|[.,:/-]0)|0(?:[.:]0)*")
_UNITS = re.compile(rf"(?:{_TIME}|{_SIZE})(?![A-Za-zµ])")
_GLUED = re.compile(rf"<num>(?:({_TIME})|{_SIZE})(?![A-Za-z0-9_=:/<])")
_QUANTITY = re.compile(rf"(?<!\S)([(\[]?)<?<num> {_UNIT}(?:({_TIME})|{_SIZE})(?![\w=:/])")
_NAMES = re.compile(rf"(?:{_DAYS}|{_MONTHS}),?")
_GLOSS = re.compile(r"<size> \(<size>\)")
_DATE = re.compile(
    rf"(?<!\S)(?:<num> )?{_NAME}(?=(?:\S+ ){{1,2}}<num>)[A-Z][a-z]+,?(?: (?:{_NAME}[A-Z][a-z]+,?|<num>,?(?!\S)|[A-Z]{{3,4}}(?= <num>)))+"
)
_RUN = re.compile(r"(?<!\S)([^\s<]*<\S*?)[,;]?(?: \1([,;]?))+(?!\S)")
_LETTERS = re.compile(r"[A-Za-zµ]+")
_HEAD = re.compile(r"[\"'(\[{]*[A-Za-z_](?:[\w.\-]*=(?=.)|[\w\-]*:(?=[^:/\\]))")
_MASK = re.compile(r"<(?:num|hex|uuid|path|url|email|ip|time|duration|size|\*)>|\[(?:secret|email|ip)\]")
_PLAIN = re.compile(r"[A-Za-z'-]+|[A-Z]{3,}<num>")
_EDGES = "\"'()[]{},:;.="


def collapse(text: str) -> bytes:
    """Return the text's first 1,000 characters as UTF-8, every run of ASCII digits as one ``0``, control
    characters as spaces."""
    collapsed = text[:_LONGEST].encode("utf-8", "surrogatepass").translate(_PLAINER)
    while b"00" in collapsed:
        collapsed = collapsed.replace(b"0000", b"0").replace(b"00", b"0")
    return collapsed


def words(collapsed: bytes) -> list[str]:
    """Return a collapsed text's first 128 words, masked; never empty. Lists of alike values and dates are one
    word, a quantity and its unit too."""
    found = list(map(_word, collapsed.decode("utf-8", "replace").split(None, _MOST_WORDS)[:_MOST_WORDS]))
    line = " ".join(found)
    if _NAME in line:
        line = _DATE.sub("<time>", line).replace(_NAME, "")
        found = line.split(" ")
    if _UNIT in line:
        line = _GLOSS.sub("<size>", _QUANTITY.sub(_quantity, line)).replace(_UNIT, "")
        found = line.split(" ")
    if ">, " in line or any(map(eq, found, found[1:])):
        found = _RUN.sub(r"\1\2", line).split(" ")
    return found if line else [EMPTY]


def mask(text: str) -> str:
    """Return a message's masked words, joined by spaces."""
    return " ".join(words(collapse(text)))


@lru_cache(maxsize=_REMEMBERED)
def cell(word: str) -> tuple[str, str]:
    """Split ``name=value`` and ``name:value`` after the sign; other words have an empty name.

    A word that is wholly variable has a variable name too.
    """
    if word == WILD:
        return WILD, WILD
    match = _HEAD.match(word)
    return (match[0], word[match.end() :]) if match else ("", word)


@lru_cache(maxsize=_REMEMBERED)
def kind(word: str) -> int:
    """Tell masks alone (PURE), words of letters (WORD), words with masks in them (NUMBERED), names with
    dots, slashes or at signs (DOTTED) and the rest (OTHER)."""
    bare = word.strip(_EDGES) if not word.startswith("[") or not _MASK.match(word) else word
    if not bare:
        return WORD
    if _PLAIN.fullmatch(bare):
        return WORD
    if _MASK.search(bare):
        return NUMBERED if _LETTERS.search(_MASK.sub("", bare)) else PURE
    return DOTTED if any(sign in bare for sign in "./@\\") else OTHER


@lru_cache(maxsize=_REMEMBERED)
def _word(word: str) -> str:
    if "0" not in word:
        if _NAMES.fullmatch(word):
            return _NAME + word
        if _UNITS.match(word):
            return _UNIT + word
    if "://" in word:
        word = _URL.sub("<url>", word)
    if "@" in word:
        word = _EMAIL.sub("<email>", word)
    if "\\" in word:
        word = _DRIVE.sub("<path>", word)
    if "/" in word or "-" in word:
        word = _UUID.sub("<uuid>", _STAMP.sub("<time>", word))
        word = _PATH.sub("<path>", word)
    if word.count(":") > 1:
        word = _IPV6.sub(_address, word)
    return _GLUED.sub(_glued, _NUMBER.sub("<num>", _HEX.sub("<hex>", word)))


def _address(match: re.Match[str]) -> str:
    """Leave times of day alone: they have neither a letter nor a gap."""
    return "<ip>" if "::" in match[0] or _LETTERS.search(match[0]) else match[0]


def _glued(match: re.Match[str]) -> str:
    return "<duration>" if match[1] else "<size>"


def _quantity(match: re.Match[str]) -> str:
    return match[1] + ("<duration>" if match[2] else "<size>")
