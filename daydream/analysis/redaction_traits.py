"""What of a word gives away that a pattern may fit a text: most lines of a log have nothing of it and need none.

Every trait is coarser than the patterns that ask for it: what has none of them would be left as it is by all of them.
No pattern of redaction fits without something in one word, between two spaces, that is told here.
"""

import functools
import re
from collections.abc import Callable, Sequence

from daydream.analysis.redaction_names import QUERY, SIGNS, TELLING_WORDS, TELLS, WEAK_HINTS, is_announced
from daydream.analysis.redaction_random import may_be_random
from daydream.analysis.redaction_shapes import BLOCKS, HOOKS, may_be_served, may_hold_key

URL, BLOCK, TOLD, SIGNED, WEAK, KEY, SERVED, HOOK = (1 << place for place in range(8))
MAIL, COLONS, DOTS, CARD, ACCOUNT, ABROAD, HOME, RANDOM, SPOKEN = (1 << place for place in range(8, 17))
NAMED = TOLD | SIGNED | WEAK
HOST = COLONS | DOTS

_KEPT_WORD, _KEPT_TEXT = 256, 512
_KEPT = 16_384
_SHORTEST_KEY, _SHORTEST_RANDOM = 13, 20
# Words are looked at with every digit as 0: a log's numbers are many and say the same.
_PLAINER = str.maketrans("123456789", "000000000")
_HINTS = tuple(dict.fromkeys((*TELLING_WORDS, *WEAK_HINTS, *SIGNS)))
_SPOKEN = ("pass", "pwd", "pin", "phrase", "code")
_SERVED = re.compile(r"(?:\A|[=:>])[\"']{0,4}(?=[A-Za-z_=-]{0,40}\d)[\w=-]{15}")
# Of a card that is written with spaces its second group is such a word.
_CARD = re.compile(r"\d{8}|\d{4}-\d{4}|\A\d{4,6}\Z")
_ACCOUNT = re.compile(r"[A-Z]{2}\d{2}")
_ABROAD = re.compile(r"(?<![\w+.-])(?:\+|00)\d")
_HOME = re.compile(r"\(\d{3}\)|\d{3}[-.]\d{4}|\d-\d\d-\d{4}")


def traits(text: str) -> int:
    """Return the traits of all of a text's words, without those that the text as a whole rules out."""
    plain = text.translate(_PLAINER)
    return _of_text(plain) if len(plain) <= _KEPT_TEXT else _of_text.__wrapped__(plain)


@functools.lru_cache(maxsize=_KEPT // 2)
def _of_text(plain: str) -> int:
    found = 0
    for word in plain.split():
        found |= _of(word) if len(word) <= _KEPT_WORD else _of.__wrapped__(word)
    for trait, possible in _NARROWER if found else ():
        if found & trait and not possible(plain):
            found ^= trait
    return found


@functools.lru_cache(maxsize=_KEPT)
def _of(word: str) -> int:
    """Tell a word's traits; a log says the same words again and again, and its longest once."""
    found = _of_digits(word) if "00" in word or "+0" in word else 0
    if not word.isalnum():
        found |= _of_signs(word)
    low = word.lower()
    if any(map(low.__contains__, _HINTS)):
        found |= SPOKEN if any(map(low.__contains__, _SPOKEN)) else 0
        found |= TOLD if TELLS.search(low) is not None else 0
        found |= WEAK if any(map(low.__contains__, WEAK_HINTS)) else 0
        found |= SIGNED if any(map(low.__contains__, SIGNS)) else 0
    return found | _of_long(word) if len(word) >= _SHORTEST_KEY else found


def _of_long(word: str) -> int:
    """Tell what a word may be that is long enough for a key."""
    found = KEY if may_hold_key(word) else 0
    found |= SERVED if _SERVED.search(word) is not None else 0
    found |= HOOK if any(map(word.__contains__, HOOKS)) else 0
    return found | (RANDOM if len(word) >= _SHORTEST_RANDOM and may_be_random(word) else 0)


def _of_signs(word: str) -> int:
    """Tell what signs in a word give away."""
    found = DOTS if ".0" in word and word.count(".") >= 3 else 0
    colons = word.count(":")
    found |= COLONS if colons >= 2 else 0
    found |= BLOCK if any(map(word.__contains__, BLOCKS)) else 0
    found |= URL if "%00" in word else 0
    if "@" in word:
        found |= MAIL | (URL if "://" in word else 0) | (SIGNED if colons else 0)
    found |= SIGNED if word[0] == "-" else 0
    return found | (SIGNED if ("?" in word or "&" in word) and QUERY.search(word) is not None else 0)


def _of_digits(word: str) -> int:
    """Tell what its digits give away."""
    found = CARD if _CARD.search(word) is not None else 0
    found |= ACCOUNT if _ACCOUNT.search(word) is not None else 0
    found |= ABROAD if _ABROAD.search(word) is not None else 0
    return found | (HOME if _HOME.search(word) is not None else 0)


_SENTENCE = re.compile(
    r"(?:pass[ _-]?(?:word|phrase|code)|passwd|pwd|phrase|\bpin|code)\s{0,4}(?:[(\w]|->|→)"
)
_GROUPS = re.compile(r"\d{4}[ -]?\d{4,6}[ -]?\d{4}")
_DIALLED = re.compile(r"(?:\+|00\d{1,3}[ -])[\d ().-]{6,24}\d")
# What a trait is worth nothing without, looked for in a text with every digit as 0.
_NARROWER: Sequence[tuple[int, Callable[[str], bool]]] = (
    (SPOKEN, lambda plain: _SENTENCE.search(plain.lower()) is not None),
    (TOLD, lambda plain: is_announced(plain.lower())),
    (SERVED, may_be_served),
    (CARD, lambda plain: _GROUPS.search(plain) is not None),
    (ABROAD, lambda plain: _DIALLED.search(plain) is not None),
)
