"""Secrets and personal data out of text, before it reaches a finding, a fact, the state or a report.

Built for safety first: a harmless word that looks like a secret may be hidden, a secret may not pass.
Every pattern runs in time linear in the text: none can be re-entered inside a run it has refused.
"""

import ipaddress
import itertools
import re

SECRET = "[secret]"  # noqa: S105 -- the placeholder, not a secret
EMAIL = "[email]"
ADDRESS = "[ip]"
LONGEST = 65_536

_PRIVATE_KEY = re.compile(
    r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY.*?(?:-----END [A-Z ]{0,40}KEY-----|\Z)", re.DOTALL
)
_URL_USER = re.compile(r"(?<=://)(?:[^\s/?#\"'<>@:]{0,256}:[^\s\"'<>@]{0,512}|[^\s/?#\"'<>@]{1,512})@")
_URL_TAIL = re.compile(r"(?<=://\[secret\]@)[^\s\"'<>]{0,256}@")
_PREFIXED = re.compile(
    r"""(?<![A-Za-z0-9])(?:
      (?:AKIA|ASIA|ABIA|ACCA|AROA|AIDA)[0-9A-Z]{12,}
    | gh[pousr]_[A-Za-z0-9]{16,} | github_pat_\w{16,} | gl(?:pat|cbt|ptt|dt|rt)-[\w-]{12,}
    | xox[a-z]-[\w-]{8,} | xapp-[\w-]{8,}
    | sntry[su]_[\w+/=-]{8,} | sk-[\w-]{16,} | (?:sk|rk|pk|whsec)_(?:live_|test_)?[A-Za-z0-9]{10,}
    | SG\.[\w-]{8,}\.[\w-]{8,} | AIza[\w-]{30,} | ya29\.[\w-]{10,} | GOCSPX-[\w-]{10,}
    | eyJ[\w-]{6,}\.[\w-]{4,}(?:\.[\w-]*)?
    | npm_[A-Za-z0-9]{20,} | pypi-[\w-]{16,} | hf_[A-Za-z0-9]{16,} | dop_v1_[a-f0-9]{16,}
    | shp(?:at|ca|pa|ss)_[a-fA-F0-9]{16,} | key-[a-f0-9]{32}
    )""",
    re.VERBOSE,
)
_PREFIXES = (
    *(
        "AKIA",
        "ASIA",
        "ABIA",
        "ACCA",
        "AROA",
        "AIDA",
        "AIza",
        "eyJ",
        "SG.",
        "ya29.",
        "GOCSPX-",
        "xapp-",
        "key-",
    ),
    *("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "glcbt-", "glptt-", "gldt-", "glrt-"),
    *("xox", "sntry", "sk-", "sk_", "rk_", "pk_", "whsec_", "npm_", "pypi-", "hf_", "dop_v1_", "shp"),
)
_CHAT_BOT = re.compile(r"(?<![A-Za-z0-9])\d{8,10}:[A-Za-z0-9_-]{33,}")
_WEBHOOK = re.compile(
    r"((?:hooks\.slack\.com/(?:services|workflows)|discord(?:app)?\.com/api/webhooks)/)[^\s\"'<>]+",
    re.IGNORECASE,
)
_SCHEME = re.compile(r"\b(bearer)\s+(?!\[)[A-Za-z0-9._~+/=-]{6,}", re.IGNORECASE)
_BASIC = re.compile(r"\b((?i:basic))\s+(?=[a-z+/]{0,40}[0-9A-Z=])[A-Za-z0-9+/]{8,}={0,2}")
_HEADER = re.compile(
    r"((?<![A-Za-z])(?:proxy-)?authorization[\"']?\s{0,4}[:=]\s{0,4})"
    r"(?!\[secret\])(?:\"[^\"\n]*\"?|'[^'\n]*'?|(?:[A-Za-z]{2,16}\s+(?=\S))?[^\s,;\"')}\]]+)",
    re.IGNORECASE,
)
_COOKIE = re.compile(
    r"((?<![A-Za-z])(?:set-)?cookies?[\"']?\s{0,4}[:=]\s{0,4})(?:\"[^\"\n]*\"?|'[^'\n]*'?|[^\"'\n]+)",
    re.IGNORECASE,
)
_NAMES = (
    r"pass(?:word|wd|phrase|code)s?|(?<![a-z])pwd|secrets?|token(?!s|iz|is)|api[_-]?keys?|access[_-]?keys?"
    r"|(?:account|private|signing|encryption|shared|master|auth)[_-]?keys?|credentials?|session[_-]?(?:id|key)"
    r"|csrf|x-[a-z-]{0,20}key|dsn|otp"
)
_VALUE = r"(?:\"(?:[^\"\\\n]|\\.)*\"?|'(?:[^'\\\n]|\\.)*'?|[^\s,;&)}\]\"']+)"
_NAMED = re.compile(
    rf"((?:{_NAMES})[\w-]{{0,30}}\\?[\"']?\s{{0,4}}(?:=>|=(?!>)|:)\s{{0,4}}\\?)(?!\[secret\]){_VALUE}",
    re.IGNORECASE,
)
_QUERY = re.compile(r"([?&](?:sig|signature|auth|code|state|key|jwt|sid)=)[^\s&#\"'<>]+", re.IGNORECASE)
_SAID = re.compile(
    rf"((?:{_NAMES})\s{{1,4}}(?:(?:is|was)\s{{1,4}}(?=\S)|(?=[\"'])))(?!\[secret\]|not\b|required\b){_VALUE}",
    re.IGNORECASE,
)
_OPTION = re.compile(
    rf"(--[\w-]{{0,30}}(?:{_NAMES})[\w-]{{0,30}}\s{{1,4}})(?!-|\[secret\]){_VALUE}", re.IGNORECASE
)
_NAMED_HINT = re.compile(r"pass|pwd|secret|token|key|cred|session|csrf|dsn|otp", re.IGNORECASE)
_EMAIL = re.compile(r"(?<![\w.%+-])[\w.%+-]{1,128}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_IPV6 = re.compile(
    r"(?<![\w:.])(?:[0-9A-Fa-f]{0,4}:){2,7}(?:(?:\d{1,3}\.){3}\d{1,3}|[0-9A-Fa-f]{1,4})?(?:%\w{1,16})?(?![\w:])"
)
_IPV4 = re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w]|\.\d)")
_LONG = re.compile(r"(?<![A-Za-z0-9+/_=-])[A-Za-z0-9+/_=-]{20,}")
_PIECE = re.compile(r"[A-Za-z0-9+]{16,}")
_HEX = re.compile(r"[0-9a-f]{32,}|[0-9A-F]{32,}")
_KEY_SIZED = re.compile(r"(?=[^/]+[/+])[A-Za-z0-9+/]{40}")
_DIGIT = re.compile(r"\d")
# Shares of neighbours that differ in kind, chosen on 528,000 lines of public Python source: 65 strings
# refused, nearly all of them hashes, while 93 to 100 % of random keys of 20 to 43 characters are caught.
_PLAIN_CHANGES, _KEY_CHANGES, _MIXED_CHANGES, _ONE_DIGIT_CHANGES = 0.26, 0.32, 0.38, 0.42
_LINE_KILLERS = re.compile(
    "[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff\ufff9-\ufffb]+"
)
_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]+")
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[@-Z\\-_])")


def redact(text: str) -> str:
    """Replace keys, tokens, passwords, cookies, credentials in URLs, e-mail and IP addresses and
    strings that look random by ``[secret]``, ``[email]`` and ``[ip]``.

    Applying it twice changes nothing more. Text beyond 65,536 characters is cut off, not passed on.
    """
    text = text[:LONGEST]
    if "://" in text:
        text = _URL_TAIL.sub("", _URL_USER.sub(SECRET + "@", text))
    if "-----BEGIN" in text:
        text = _PRIVATE_KEY.sub(SECRET, text)
    text = _named(text)
    if any(prefix in text for prefix in _PREFIXES):
        text = _PREFIXED.sub(SECRET, text)
    if "@" in text:
        text = _EMAIL.sub(EMAIL, text)
    if ":" in text:
        text = _IPV6.sub(_address, _CHAT_BOT.sub(SECRET, text))
    if text.count(".") >= 3:
        text = _IPV4.sub(_address, text)
    return _LONG.sub(_random, text)


def quoted(text: str, limit: int = 200) -> str:
    """Make foreign text fit to be quoted: redacted, one line, no control, invisible or
    direction-changing characters, at most `limit` characters (the last an ellipsis if it was cut)."""
    text = text[:LONGEST]
    if "\x1b" in text:
        text = _ESCAPES.sub("", text)
    text = _LINE_KILLERS.sub(" ", _INVISIBLE.sub("", text))
    text = " ".join(redact(text).split())
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def _named(text: str) -> str:
    """Hide what a name announces: headers, cookies, ``password=...`` and its kin."""
    low = text.lower()
    if "authorization" in low:
        text = _HEADER.sub(_keep_quotes, text)
    if "cookie" in low:
        text = _COOKIE.sub(_keep_quotes, text)
    if "bearer" in low or "basic" in low:
        text = _BASIC.sub(rf"\1 {SECRET}", _SCHEME.sub(rf"\1 {SECRET}", text))
    if _NAMED_HINT.search(low):
        text = _OPTION.sub(rf"\1{SECRET}", text)
        text = _NAMED.sub(_keep_quotes, text)
        text = _SAID.sub(_keep_quotes, text)
    if "hooks" in low:
        text = _WEBHOOK.sub(rf"\1{SECRET}", text)
    return _QUERY.sub(rf"\1{SECRET}", text) if "=" in text else text


def _keep_quotes(match: re.Match[str]) -> str:
    value = match[0][len(match[1]) :]
    quote = value[0] if value[0] in "\"'" else ""
    return f"{match[1]}{quote}{SECRET}{quote}"


def _address(match: re.Match[str]) -> str:
    try:
        ipaddress.ip_address(match[0])
    except ValueError:
        return match[0]
    return ADDRESS if match[0] != "::" else match[0]


def _random(match: re.Match[str]) -> str:
    token = match[0]
    if any(_looks_random(piece) for piece in _PIECE.findall(token)):
        return SECRET
    if (
        _KEY_SIZED.fullmatch(token)
        and _changes(token.replace("/", "")) >= _KEY_CHANGES
        and _DIGIT.search(token)
    ):
        return SECRET
    return token


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
