"""Secrets that a name announces: ``password=...``, headers, cookies, options, parameters of a URL.

Nothing behind an unbounded repeat can fail in any pattern, so none is slow on any input.
"""

import re
from collections.abc import Callable, Sequence

from daydream.analysis.redaction_shapes import SECRET

# No letter before, but for those of an escaped character.
_WORD = r"(?:(?<![a-z])|(?<=%[0-9a-f]{2}))"
_KEY = r"[ _-]?keys?"
_NAMES = (
    rf"pass(?:[ _-]?(?:word|phrase)|wd|code|wort)s?|{_WORD}(?:pass|pw|pin|psk|otp|totp|sid(?=\W{{1,12}}\w{{6}})|cvv|cvc|ssn|jwt|creds)(?![a-z_-])"
    r"|(?-i:(?<=[a-z])Pass(?![a-z]))|pwd|(?!(?<=\[)secret\])secrets?|token(?!s|iz|is)|credentials?|csrf|xsrf|dsn|mnemonic"
    rf"|(?:api|access|account|private|signing|encryption|decryption|shared|master|auth|client|consumer|app|application|licen[sc]e|ssh"
    rf"|deploy|storage|subscription|host|admin|integration|ingest|hmac|crypto|service[ _-]?account){_KEY}"
    r"|x-[a-z-]{0,20}key|session[ _-]?(?:id|key)|seed[ _-]?phrase|(?:recovery|backup|verification|security)[ _-]?(?:code|phrase|answer)"
    r"|conn(?:ection)?[ _-]?str(?:ing)?"
)
# Quantities and kinds of a secret are none: token_count, password_policy.
_HARMLESS = r"(?![_-]?(?:count|len(?:gth)?|size|type|ttl|expir\w{0,4}|polic(?:y|ies)|version|limit|budget|usage)(?![a-z]))"
_NOTHING = r"(?!\[secret\]|(?:None|null|nil|undefined|True|False)(?!\w)|\*{1,64}(?![\w*]))"
_DOUBLE, _SINGLE = r"\"(?:[^\"\\\n]|\\.)*\"?", r"'(?:[^'\\\n]|\\.)*'?"
_TRIPLE = r"\"\"\"(?:[^\"]|\"(?!\"\"))*(?:\"\"\")?"
_BRACKETED = rf"[\w.<]{{0,40}}[\[(](?:{_DOUBLE}|{_SINGLE}|[^\])\"'\n])*[\])]?"
_QUOTED = rf"[bBrRuUfF]{{0,2}}(?:{_DOUBLE}|{_SINGLE})"
# A delimiter inside a bare value belongs to it unless what follows it is something else: an end, a space, a name.
_BARE = r"(?:[^\s,;&)}\]\"'<]|[,;&)}\]](?![\s,;&)}\]\"'<]|\Z|\\|[\w .-]{1,30}[=:])|[\"'](?=\w)|<(?!/|\Z|\s))"
_VALUE = rf"(?:{_TRIPLE}|{_BRACKETED}|{_QUOTED}|{_BARE}{_BARE}*)"
_OF = r"(?:\s(?:for|of)\s(?:user\s)?[\w.@-]{1,60}?)?(?:\s(?:is|was)(?=\s?:))?"
_NAMED = re.compile(
    rf"((?:{_NAMES}){_HARMLESS}[\w-]{{0,30}}{_OF}\\{{0,3}}[\"']?\]?\s{{0,4}}(?>=>|:=|==?(?!>)|:|%3[dDaA]|,(?<=[\"'],))"
    rf"\s{{0,16}}+(?:!!\w{{1,12}}\s{{1,8}})?+(?:[|>][+-]?\s{{1,16}}+)?\\{{0,3}}+){_NOTHING}{_VALUE}",
    re.IGNORECASE,
)
_PAIRED = re.compile(
    rf"((?:{_NAMES}|auth(?:orization|-token))[\w-]{{0,30}}\\{{0,3}}[\"']\s{{0,4}},?\s{{0,4}}\\{{0,3}}[\"']?(?:value|val)\\{{0,3}}[\"']?\s{{0,4}}[=:]\s{{0,4}}\\{{0,3}})"
    rf"{_NOTHING}{_VALUE}",
    re.IGNORECASE,
)
_ELEMENT = re.compile(
    rf"(<[\w:.-]{{0,40}}(?:{_NAMES}|authorization|cookie)[\w:.-]{{0,30}}>)(?!\[secret\])[^<\n]+",
    re.IGNORECASE,
)
_SAID_OF_ONE = r"(?:(?:in)?(?:valid|correct)|not|too|required|needed|missing|empty|blank|wrong|expired|weak|changed|being|(?:re)?set|never|stored|hashed|encrypted|rotated|refreshed|revoked|renewed|negotiated|mounted|updated|created|generated|about|the|an?|also|now|still|already)(?![^\s.,;:!?)])"
# Right behind the name without any sign: only what has letters and digits, as no word has.
_KEYISH = r"(?=[^\s\d]{0,40}\d)(?=[^\sA-Za-z]{0,40}[A-Za-z])(?=[^\s()\[\]]{6})"
_SAID = re.compile(
    rf"((?:{_NAMES})\s{{1,4}}(?:(?:(?:for|of)\s(?:user\s)?[\w.@-]{{1,60}}\s)?(?:is|was)\s{{1,4}}(?=\S)|(?=[\"'])|{_KEYISH}))(?!\[secret\]|{_SAID_OF_ONE}){_VALUE}",
    re.IGNORECASE,
)
_OPTION = re.compile(
    rf"((?<![\w-])--?[\w-]{{0,30}}(?:{_NAMES}|authorization|cookie)[\w-]{{0,30}}\s{{1,4}}+)(?!-|=|\[secret\]){_VALUE}",
    re.IGNORECASE,
)
_USER_OPTION = re.compile(r"(\s(?:-u|--user|--proxy-user)[ =]\s{0,3}[\"']?[^\s:\"']{1,100}:)[^\s\"'\[]+")
_TOOL = re.compile(
    r"(\b(?:mysql(?:dump|admin|import)?|sshpass)\b(?:[ \t][^\s|;]{1,60}){0,6}?[ \t]-p[ \t]?)(?![ \t\[-])\S+"
)
_PAIR = re.compile(
    r"((?<![\w-])auth\s?=\s?\(|(?:Basic|Digest|Proxy)Auth\(|\bIDENTIFIED BY(?=\s))([^,()\n]{1,100},|(?<=BY))(\s?)(?!\s?\[secret\])[^()\n;]{1,200}",
    re.IGNORECASE,
)
_USER_HOST = re.compile(
    r"(?<![\w/.:@%+-])[\w.-]{1,64}:(?!/)(?=[^\s:@/]{0,64}[\d!#$%^&*+=?])[^\s:@/\"'<>\[\]]{3,64}@(?=[\w.-]{1,64}(?::\d|/))"
)
_JDBC = re.compile(r"(jdbc:oracle:\w{1,8}:[^\s/@\"']{1,64}/)[^\s@\"'\[]+", re.IGNORECASE)
_SETTERS = ("=", ":", '"', "'", ">", "%3", " -", " is", " was", ",", "bearer", "basic", "\tis", "\twas")
WEAK_HINTS = ("key", "auth", "sig", "nonce", "salt", "hmac", "bearer", "code", "licen")
_TELLING = (
    rf"(?:pass|pw|secret|token|key|cred|session[ _-]?id|[cx]srf|dsn|authorization|cookie|mnem|phrase|conn(?:ection)?[ _-]?str"
    rf"|{_WORD}(?:sid|t?otp|pin|psk|cv[vc]|ssn|jwt)(?![a-z])|(?:ry|up|ion|ity)[ _-]?(?:code|answer))"
)
# What is in one word of each such name, letters first, then exactly.
TELLING_WORDS = (
    *(
        "pass",
        "pw",
        "secret",
        "token",
        "key",
        "cred",
        "session",
        "srf",
        "dsn",
        "authorization",
        "cookie",
        "mnem",
    ),
    *("phrase", "conn", "code", "answer", "sid", "otp", "pin", "psk", "cvv", "cvc", "ssn", "jwt"),
)
TELLS = re.compile(rf"{'|'.join(TELLING_WORDS[:16])}|{_WORD}(?:sid|t?otp|pin|psk|cv[vc]|ssn|jwt)(?![a-z])")
# A name with something behind it that sets a value: most lines that hold a name do not.
_ANNOUNCED = re.compile(
    rf"{_TELLING}(?:[\w\s.@-]{{0,80}}+[=:\"'>,\\\]%]|\w{{0,8}}\s{{1,4}}{_KEYISH})|-[\w-]{{0,40}}{_TELLING}"
)
_ASSERTED = re.compile(rf"{_TELLING}[\w\s.@-]{{0,80}}(?<=\s)(?:is|was)\s")
_DASHED = re.compile(rf"(?<![\w-])-[\w-]{{0,40}}{_TELLING}")
_LONG_VALUE = re.compile(r"(?:[=:]|%3[dD])[\s\\\"']{0,8}[\w+/=-]{16}")
# A name that is only sometimes a secret's: its value must look like one.
_WEAK = re.compile(
    r"((?:key|auth|signature|sig|nonce|salt|hmac|bearer|code|license|licence)\\{0,3}[\"']?\s{0,4}(?>=>|:=|=|:|%3[dD])\s{0,4}\\{0,3}[\"']?)"
    r"(?=[A-Za-z+/_=-]{0,60}\d)(?=[\d+/_=-]{0,60}[A-Za-z])[\w+/=-]{16,}",
    re.IGNORECASE,
)
QUERY = re.compile(
    r"([?&](?:sig|signature|auth|code|state|key|jwt|sid|hash|hmac|ticket|samlresponse|assertion|nonce|x-(?:amz|goog)-\w{1,20})=)[^\s&#\"'<>]+",
    re.IGNORECASE,
)
_SCHEME = re.compile(r"\b(bearer)\s{1,8}(?!\[)[A-Za-z0-9._~+/=-]{6,}", re.IGNORECASE)
_BASIC = re.compile(r"\b((?i:basic))\s{1,8}(?=[a-z+/]{0,40}[0-9A-Z=])[A-Za-z0-9+/]{8,}={0,2}")
_OPENED = r"\\{0,3}[\"']?\]?\s{0,4}(?:[:=]|%3[dDaA]|,(?<=[\"'],))\s{0,16}+(?:[\[(](?!secret\])\s?)?+\\{0,3}+(?:[bu](?=[\"']))?"
_HEADER = re.compile(
    rf"({_WORD}(?:proxy-|x-)?auth(?:orization|-token){_OPENED})(?!\[secret\])(?:{_TRIPLE}|\"[^\"\n]*\"?|'[^'\n]*'?"
    r"|(?:[A-Za-z][\w-]{1,30}\s{1,4}(?=\S))?[^\s,;\"')}\]]+(?:,\s?\w{1,30}=\"?[^\s,\"]{1,300}\"?){0,12})",
    re.IGNORECASE,
)
_COOKIE = re.compile(
    rf"({_WORD}(?:set-)?cookies?{_OPENED})(?!\[secret\])(?:{_TRIPLE}|\{{[^}}\n]*\}}?|\"[^\"\n]*\"?|'[^'\n]*'?|[^\"'\n]+)",
    re.IGNORECASE,
)
_JAR = re.compile(r"(<Cookie [^=\s>]{1,100}=)[^\s>]+")


def _keep_quotes(match: re.Match[str]) -> str:
    value = match[0][len(match[1]) :]
    quote = value[0] if value[0] in "\"'" else ""
    return f"{match[1]}{quote}{SECRET}{quote}"


# Words of which one is there where a pattern can fit, the pattern, what takes its place; in this order.
_SIGNED: Sequence[tuple[tuple[str, ...], re.Pattern[str], str | Callable[[re.Match[str]], str]]] = (
    (("auth",), _HEADER, _keep_quotes),
    (("cookie",), _COOKIE, _keep_quotes),
    (("<cookie ",), _JAR, rf"\1{SECRET}"),
    (("bearer",), _SCHEME, rf"\1 {SECRET}"),
    (("basic",), _BASIC, rf"\1 {SECRET}"),
)
_SIGNED_LAST: Sequence[tuple[tuple[str, ...], re.Pattern[str], str]] = (
    ((" -u", " --user", " --proxy-user"), _USER_OPTION, rf"\1{SECRET}"),
    (("mysql", "sshpass"), _TOOL, rf"\1{SECRET}"),
    (("auth", "identified"), _PAIR, rf"\1\2\3{SECRET}"),
    (("jdbc:",), _JDBC, rf"\1{SECRET}"),
    (("?", "&"), QUERY, rf"\1{SECRET}"),
)
# What is in one word of whatever these patterns fit, but for options and queries.
SIGNS = ("auth", "cookie", "bearer", "basic", "mysql", "sshpass", "identified", "jdbc:")


def without_named(text: str, *, told: bool, signed: bool, weak: bool) -> str:
    """Hide what a name announces; names and everything around the values stay.

    `told`: `is_announced`; `signed`: one has one of `SIGNS` or looks like an option or a URL's query;
    `weak`: one has one of `WEAK_HINTS`.
    """
    low = text.lower()
    if not told and not any(map(low.__contains__, _SETTERS)):
        return text
    if told and ("value" in low or 'val"' in low or "val=" in low or "val'" in low):
        text = _PAIRED.sub(_keep_quotes, text)
    for signs, pattern, instead in _SIGNED if signed else ():
        if any(map(low.__contains__, signs)):
            text = pattern.sub(instead, text)
    if told:
        text = _announced(text, low)
    for signs, pattern, instead in _SIGNED_LAST if signed else ():
        if any(map(low.__contains__, signs)):
            text = pattern.sub(instead, text)
    if signed and "@" in low and ":" in low:
        text = _USER_HOST.sub(f"{SECRET}@", text)
    if weak and _LONG_VALUE.search(text) is not None:
        text = _WEAK.sub(rf"\1{SECRET}", text)
    return text


def is_announced(low: str) -> bool:
    """Tell whether a name has something behind it that sets a value; `low`: the text in small letters."""
    if _ANNOUNCED.search(low) is not None:
        return True
    return ("is" in low or "was" in low) and _ASSERTED.search(low) is not None


def _announced(text: str, low: str) -> str:
    if _DASHED.search(low) is not None:
        text = _OPTION.sub(rf"\1{SECRET}", text)
    if "<" in low:
        text = _ELEMENT.sub(rf"\1{SECRET}", text)
    text = _NAMED.sub(_keep_quotes, text)
    return _SAID.sub(_keep_quotes, text)
