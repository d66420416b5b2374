"""What looks random, and numbers that name a person or an account: no name and no shape gives these away.

Built for safety first: a digest that nothing calls harmless is hidden like a key.
"""

import itertools
import re

from daydream.analysis.redaction_shapes import SECRET

NUMBER = "[number]"
_LONG = re.compile(r"(?<![A-Za-z0-9+/_=-])[A-Za-z0-9+/_=-]{20,}")
_PIECE = re.compile(r"[A-Za-z0-9+]{16,}")
_HEX = re.compile(r"[0-9a-f]{32,}|[0-9A-F]{32,}")
_KEY_SIZED = re.compile(r"(?=[^/]{1,40}[/+])[A-Za-z0-9+/]{40}")
_WORD = re.compile(r"[a-z]{0,12}(?:[_-][a-z]{1,12}){0,3}\d{0,3}")
_DIGIT = re.compile(r"\d")
# Git's own words before a whole commit id, and a container image's digest: public by their nature.
_HARMLESS = re.compile(
    r"(?:\b(?:commit|revision|parent|tree|blob|HEAD is now at|Merge|cherry picked from commit)[ :=]{1,2}(?:[0-9a-f]{40})"
    r"|[\w./:-]@sha256:[0-9a-f]{64}|--hash=sha256:[0-9a-f]{64})(?![\w+/=-])"
)
_MARK = "\ue000"
# Shares of neighbours that differ in kind, chosen on 528,000 lines of public Python source: 65 strings
# refused, nearly all of them hashes, while 93 to 100 % of random keys of 20 to 43 characters are caught.
_PLAIN_CHANGES, _KEY_CHANGES, _MIXED_CHANGES, _ONE_DIGIT_CHANGES = 0.26, 0.32, 0.38, 0.42

# What may not stand before is asked after the first character: a pattern that begins with one is found faster.
_CARD = re.compile(
    r"[2-6](?<![\w.+-]\d)(?<!\d[ ,:]\d)\d{3}[ -]?\d{4,6}[ -]?\d{4,5}[ -]?\d{0,4}(?:[ -]?\d{3})?(?![\w-]|[.,]\d)"
)
_IBAN = re.compile(
    r"[A-Z](?<![A-Za-z0-9][A-Z])[A-Z]\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?![A-Za-z0-9])"
)
_ABROAD = re.compile(r"[+0](?<![\w+.-][+0])(?:(?<=\+)|0(?=[1-9]\d{0,2}[ -]))[1-9][\d ().-]{6,21}\d(?![\w.])")
_AT_HOME = re.compile(
    r"[\d(](?<![\w.:/+-][\d(])(?<!\d [\d(])(?:(?<=\()\d{3}\) ?\d{3}[ .-]\d{4}"
    r"|(?<=\d)(?:\d\d-\d{3}-\d{4}|\d\d\.\d{3}\.\d{4}|\d\d-\d\d-\d{4}))(?![\w:/-]|\.\d)"
)


def without_random(text: str) -> str:
    """Hide strings that look random; a commit id behind git's own word for it stays."""
    kept = _HARMLESS.findall(text) if _MARK not in text else []
    for index, each in enumerate(kept):
        text = text.replace(each, f"{_MARK}{index}{_MARK}", 1)
    text = _LONG.sub(_random, text)
    for index, each in enumerate(kept):
        text = text.replace(f"{_MARK}{index}{_MARK}", each, 1)
    return text


def may_be_random(word: str) -> bool:
    """Tell whether a word would change."""
    return any(_random(match) != match[0] for match in _LONG.finditer(word))


def without_cards(text: str) -> str:
    """Hide payment card numbers whose check digit agrees."""
    return _CARD.sub(_card, text)


def without_accounts(text: str) -> str:
    """Hide bank account numbers whose check digits agree."""
    return _IBAN.sub(_bank, text)


def without_telephones_abroad(text: str) -> str:
    """Hide telephone numbers with a country's code."""
    return _ABROAD.sub(_telephone, text) if "+" in text or "00" in text else text


def without_telephones(text: str) -> str:
    """Hide telephone and social security numbers in their usual spellings."""
    return _AT_HOME.sub(NUMBER, text)


def _card(match: re.Match[str]) -> str:
    digits = [int(c) for c in match[0] if c.isdigit()]
    if not 13 <= len(digits) <= 19:
        return match[0]
    doubled = [sum(divmod(2 * d, 10)) if i % 2 else d for i, d in enumerate(reversed(digits))]
    return match[0] if sum(doubled) % 10 else NUMBER


def _bank(match: re.Match[str]) -> str:
    code = match[0].replace(" ", "")
    if not 15 <= len(code) <= 34:
        return match[0]
    value = int("".join(str(int(c, 36)) for c in code[4:] + code[:4]))
    return NUMBER if value % 97 == 1 else match[0]


def _telephone(match: re.Match[str]) -> str:
    digits = sum(c.isdigit() for c in match[0]) - 2 * match[0].startswith("00")
    plain = match[0][1:].isdigit()
    return NUMBER if (10 if plain else 8) <= digits <= 15 else match[0]


def _random(match: re.Match[str]) -> str:
    token = match[0]
    if any(_looks_random(piece) for piece in _PIECE.findall(token)):
        return _path(token) if token[0] == "/" else SECRET
    if (
        _KEY_SIZED.fullmatch(token)
        and _changes(token.replace("/", "")) >= _KEY_CHANGES
        and _DIGIT.search(token)
    ):
        return SECRET
    return token


def _path(token: str) -> str:
    """Of a path only what looks random, if the rest of it is words beyond doubt."""
    parts = token.split("/")
    shown = [part if _WORD.fullmatch(part) else SECRET for part in parts]
    return "/".join(shown) if sum(map(bool, parts)) > shown.count(SECRET) else SECRET


def _looks_random(piece: str) -> bool:
    """Tell a random string from a word: many changes between lower case, upper case and digits."""
    if _HEX.fullmatch(piece):
        return True
    digits = len(_DIGIT.findall(piece))
    if digits in (0, len(piece)):
        return False
    mixed = piece.lower() != piece and piece.upper() != piece
    if digits == 1:
        return mixed and _changes(piece) >= _ONE_DIGIT_CHANGES
    return _changes(piece) >= (_MIXED_CHANGES if mixed else _PLAIN_CHANGES)


def _changes(piece: str) -> float:
    """Return the share of neighbours of different kinds (0..1); about 0.6 in random base64."""
    kinds = [c.isdigit() + 2 * c.isupper() for c in piece]
    return sum(a != b for a, b in itertools.pairwise(kinds)) / (len(piece) - 1)
