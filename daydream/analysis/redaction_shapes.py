"""Secrets that show by their own shape: the prefixes that services give their keys, and a few structures.

The kinds are those that the public rule sets of secret scanners (gitleaks, detect-secrets) list, taken more
loosely: a scanner wants the whole key, a log may hold a part of it. Nothing behind an unbounded repeat can
fail in any pattern, so none is slow on any input.
"""

import re

SECRET = "[secret]"  # noqa: S105 -- the placeholder, not a secret

# kind -> words of which one is always in it; the key, matched with case, where no letter or digit stands before
KEYS = {
    "1password account": ("A3-", r"A3-[A-Z0-9]{6}-[A-Z0-9-]{20,}"),
    "1password service account": ("ops_", r"ops_[\w+/=-]{20,}"),
    "adobe": ("p8e-", r"p8e-[A-Za-z0-9]{16,}"),
    "age": ("AGE-SECRET", r"AGE-SECRET-KEY-[A-Z0-9]{20,}"),
    "alibaba": ("LTAI", r"LTAI[A-Za-z0-9]{12,}"),
    "anthropic, openai and others": ("sk-", r"sk-[\w-]{16,}"),
    "artifactory": ("AKCp cmVmd", r"(?:AKCp|cmVmd)[A-Za-z0-9]{20,}"),
    "authress": (
        ".acc",
        r"(?:sc|ext|scauth|authress)_[A-Za-z0-9]{5,30}\.[A-Za-z0-9]{4,6}\.acc[_-][\w+/=.-]{10,}",
    ),
    "aws": (
        "AKIA ASIA ABIA ACCA AROA AIDA A3T",
        r"(?:AKIA|ASIA|ABIA|ACCA|AROA|AIDA|A3T[A-Z0-9])[0-9A-Z]{12,}",
    ),
    "aws bedrock": ("ABSK bedrock-api-key-", r"(?:ABSK|bedrock-api-key-)[\w+/=-]{20,}"),
    "azure ad": ("0Q~ 1Q~ 2Q~ 3Q~ 4Q~ 5Q~ 6Q~ 7Q~ 8Q~ 9Q~", r"[\w.~-]{3}\dQ~[\w.~-]{20,}"),
    "bitbucket": ("ATBB", r"ATBB[A-Za-z0-9]{16,}"),
    "atlassian": ("ATATT3", r"ATATT3[\w=-]{16,}"),
    "buildkite": ("bkua_", r"bkua_[a-f0-9]{16,}"),
    "clickhouse": ("4b1d", r"4b1d[A-Za-z0-9]{38}"),
    "clojars": ("CLOJARS_", r"CLOJARS_[a-z0-9]{20,}"),
    "cloudflare": ("v1.0-", r"v1\.0-[a-f0-9]{24}-[a-f0-9]{16,}"),
    "contentful": ("CFPAT-", r"CFPAT-[\w-]{16,}"),
    "databricks": ("dapi", r"dapi[a-f0-9]{16,}"),
    "datadog, new relic": (
        "NRAK- NRJS- NRII- NRRA- NRSP- ddp_ dda_",
        r"(?:NRAK|NRJS|NRII|NRRA|NRSP)-[\w-]{12,}|dd(?:p|a)_[A-Za-z0-9]{16,}",
    ),
    "defined networking": ("dnkey-", r"dnkey-[\w=-]{16,}"),
    "digitalocean": ("doo_v1_ dop_v1_ dor_v1_", r"do[opr]_v1_[a-f0-9]{16,}"),
    "docker hub": ("dckr_", r"dckr_(?:pat|oat)_[\w-]{16,}"),
    "doppler": ("dp.", r"dp\.(?:pt|st|ct|sa|scim|audit)\.[\w.-]{16,}"),
    "duffel": ("duffel_", r"duffel_(?:test|live)_[\w=-]{16,}"),
    "dynatrace": ("dt0", r"dt0[a-z]\d\d\.[A-Z0-9a-z]{24}\.[A-Za-z0-9]{16,}"),
    "easypost": ("EZAK EZTK", r"EZ[AT]K[A-Za-z0-9]{20,}"),
    "facebook": ("EAA", r"EAA[A-Za-z0-9][A-Za-z0-9]{30,}"),
    "figma": ("figd_ figo_ figu_", r"fig[dou]_[\w-]{16,}"),
    "flutterwave": ("FLW", r"FLW(?:SECK|PUBK)(?:_TEST)?-[A-Za-z0-9-]{10,}"),
    "fly.io": ("fo1_ fm1 fm2_", r"(?:fo1|fm1[ar]|fm2)_[\w+/=-]{20,}"),
    "frame.io": ("fio-u-", r"fio-u-[\w=-]{16,}"),
    "github": ("ghp_ gho_ ghu_ ghs_ ghr_ github_pat_", r"gh[pousr]_[A-Za-z0-9]{16,}|github_pat_\w{16,}"),
    "gitlab": (
        "glpat- glcbt- glptt- gldt- glrt- glft- glffct- glimt- glagent- gloas- glsoat- glwt- GR1348941",
        r"gl(?:pat|cbt|ptt|dt|rt|ft|ffct|imt|agent|oas|soat|wt)-[\w.-]{12,}|GR1348941[\w-]{12,}",
    ),
    "google": (
        "AIza ya29. GOCSPX- 1//0",
        r"AIza[\w-]{30,}|ya29\.[\w-]{10,}|GOCSPX-[\w-]{10,}|1//0[\w-]{20,}",
    ),
    "grafana": ("glc_ glsa_", r"gl(?:c|sa)_[\w+/=]{20,}"),
    "terraform cloud": (".atlasv1.", r"[A-Za-z0-9]{14}\.atlasv1\.[\w=-]{20,}"),
    "heroku": ("HRKU-", r"HRKU-[\w-]{16,}"),
    "hugging face": ("hf_ api_org_", r"(?:hf|api_org)_[A-Za-z0-9]{16,}"),
    "infracost": ("ico-", r"ico-[A-Za-z0-9]{20,}"),
    "intra42": ("s-s4t2", r"s-s4t2(?:ud|af)-[a-f0-9]{16,}"),
    "json web token": ("eyJ", r"eyJ[\w-]{6,}(?:\.[\w-]{0,8192}){0,4}"),
    "json web token, encoded again": ("ZXlK", r"ZXlK[\w+/=-]{16,}"),
    "langsmith": ("lsv2_", r"lsv2_(?:pt|sk)_[\w-]{16,}"),
    "linear": ("lin_", r"lin_(?:api|oauth)_[A-Za-z0-9]{16,}"),
    "mailchimp": ("-us", r"[a-f0-9]{32}-us\d{1,2}"),
    "mailgun": ("key-", r"(?:pub)?key-[a-f0-9]{16,}"),
    "mapbox": ("pk. sk.", r"[ps]k\.[\w-]{20,}(?:\.[\w-]{0,200})?"),
    "maxmind": ("_mmk", r"[A-Za-z0-9]{6}_[A-Za-z0-9]{29}_mmk"),
    "netlify": ("nfp_ nfc_ nfo_ nfu_", r"nf[pcou]_[A-Za-z0-9]{16,}"),
    "notion": ("ntn_ secret_", r"ntn_[A-Za-z0-9]{20,}|secret_[A-Za-z0-9]{30,}"),
    "npm": ("npm_", r"npm_[A-Za-z0-9]{20,}"),
    "octopus deploy": ("API-", r"API-[A-Z0-9]{24,}"),
    "openshift": ("sha256~", r"sha256~[\w-]{20,}"),
    "perplexity": ("pplx-", r"pplx-[A-Za-z0-9]{20,}"),
    "groq, replicate, xai": ("gsk_ gsk- r8_ r8- xai- xai_", r"(?:gsk|r8|xai)[_-][A-Za-z0-9]{20,}"),
    "plaid": ("access- public-", r"(?:access|public)-(?:sandbox|development|production)-[a-f0-9-]{16,}"),
    "planetscale": ("pscale_", r"pscale_(?:tkn|oauth|pw)_[\w=.-]{16,}"),
    "postman": ("PMAK-", r"PMAK-[A-Fa-f0-9-]{20,}"),
    "prefect": ("pnu_ pnb_", r"pn[ub]_[A-Za-z0-9]{20,}"),
    "pulumi": ("pul-", r"pul-[a-f0-9]{20,}"),
    "pypi": ("pypi-", r"pypi-[\w-]{16,}"),
    "readme": ("rdme_", r"rdme_[a-z0-9]{20,}"),
    "rubygems": ("rubygems_", r"rubygems_[a-f0-9]{16,}"),
    "scalingo": ("-us tk-us-", r"tk-us-[\w-]{20,}"),
    "sendgrid": ("SG.", r"SG\.[\w-]{8,200}\.[\w-]{8,}"),
    "sendinblue": ("xkeysib- xsmtpsib-", r"xkeysib-[\w-]{16,}|xsmtpsib-[\w-]{16,}"),
    "sentry": ("sntry", r"sntry[su]_[\w+/=-]{8,}"),
    "settlemint": ("sm_aat_ sm_pat_ sm_sat_", r"sm_[aps]at_[A-Za-z0-9]{12,}"),
    "shippo": ("shippo_", r"shippo_(?:live|test)_[A-Fa-f0-9]{16,}"),
    "shopify": ("shpat_ shpca_ shppa_ shpss_ shptka_", r"shp(?:at|ca|pa|ss|tka)_[a-fA-F0-9]{16,}"),
    "slack": ("xox xapp-", r"xox[a-z](?:\.xox[a-z])?-[\w-]{8,}|xapp-[\w-]{8,}"),
    "sonar": ("squ_ sqp_ sqa_", r"sq[upa]_[a-f0-9]{20,}"),
    "sourcegraph": ("sgp_", r"sgp_[\w-]{16,}"),
    "square": ("sq0", r"sq0[a-z]{3}-[\w-]{16,}"),
    "stripe and its like": (
        "sk_ rk_ pk_ whsec_",
        r"(?:sk|rk|pk|whsec)_(?:live_|test_|prod_)?[A-Za-z0-9]{10,}",
    ),
    "supabase": ("sbp_ sbs_ sb_", r"sb[ps]_[A-Za-z0-9]{20,}|sb_(?:secret|publishable)_[\w-]{16,}"),
    "tailscale": ("tskey-", r"tskey-[\w-]{12,}"),
    "typeform": ("tfp_", r"tfp_[\w=.-]{20,}"),
    "vault": ("hvs. hvb. hvr.", r"hv[sbr]\.[\w-]{16,}"),
    "vercel": ("vck_ vcp_ vca_", r"vc[kpa]_[A-Za-z0-9]{20,}"),
    "yandex": ("t1. AQVN", r"t1\.[\w-]{4,300}={0,2}\.[\w-]{40,}|AQVN[\w-]{30,}"),
    "password hash": (
        "$2a$ $2b$ $2x$ $2y$ $5$ $6$ $1$ $apr1$ $y$ $argon2 $pbkdf2 $scrypt",
        r"\$(?:2[abxy]|5|6|1|apr1|y|argon2id?|pbkdf2[\w-]{0,20}|scrypt)\$[\w./+=,$-]{16,}",
    ),
    "password hash, of Django or LDAP": (
        "pbkdf2_sha {SHA {SSHA",
        r"pbkdf2_sha\d{1,3}\$[\w./+=$-]{16,}|\{S?SHA\d{0,3}\}[\w+/=]{20,}",
    ),
}
# Those that show no word of their own, only a structure, and are at least so long.
STRUCTURES = {
    "airtable": r"pat[A-Za-z0-9]{14}\.[a-f0-9]{16,}",
    "discord bot": r"[MNO][A-Za-z\d_-]{23,25}\.[\w-]{6}\.[\w-]{20,}",
    "dropbox": r"sl\.[\w=-]{30,}",
    "facebook application": r"\d{15,16}(?:\||%7[Cc])[\w-]{20,}",
    "harness": r"(?:pat|sat)\.[\w-]{22}\.[A-Za-z0-9.]{20,}",
    "telegram": r"\d{8,10}:[\w-]{33,}",
    "twilio": r"(?:SK|AC)[0-9a-f]{32}",
    "yandex, for object storage": r"YC[\w-]{38}",
    "vault, before its prefixes": r"s\.[A-Za-z0-9]{24}(?![A-Za-z0-9])",
}
_SHORTEST_STRUCTURE, _SHORTEST_BODY = 26, 60
# A letter that belongs to an escape (``\n``, ``%3D``) is not the beginning of another word.
_START = r"(?:(?<![A-Za-z0-9])|(?<=%[0-9A-Fa-f]{2})|(?<=\\[nrtbf])|(?<=\\u00[0-9a-f]{2}))"
_SIGNS = tuple(sorted({word for words, _ in KEYS.values() for word in words.split()}))
# Those with which no key begins; before any other there is the beginning of a word, or an escape.
INNER = (".acc", ".atlasv1.", *(sign for sign in _SIGNS if sign.endswith("Q~")))
_PLAINER = str.maketrans("123456789", "000000000")
_PLAIN_SIGNS = tuple(sorted({sign.translate(_PLAINER) for sign in _SIGNS}))
_PLAIN_INNER = tuple(sorted({sign.translate(_PLAINER) for sign in INNER}))


def _leading() -> str:
    """Return a pattern for the others, put together by their first letters."""
    groups: dict[str, list[str]] = {}
    for sign in _PLAIN_SIGNS:
        if sign not in _PLAIN_INNER:
            groups.setdefault(sign[0], []).append(re.escape(sign[1:]))
    alike = "|".join(f"{re.escape(first)}(?:{'|'.join(rests)})" for first, rests in sorted(groups.items()))
    return f"(?<![A-Za-z0-9])(?:{alike})"


_LEADING = re.compile(_leading())
_KEYS = re.compile(f"{_START}(?:{'|'.join(pattern for _, pattern in KEYS.values())})")
_STRUCTURES = re.compile(f"(?=[MNOpst\\dSAY]){_START}(?:{'|'.join(STRUCTURES.values())})")
_PLAIN_STRUCTURES = re.compile(_STRUCTURES.pattern.replace("%7", "%0"))
_SERVICES = (
    r"adafruit|adobe|airtable|algolia|alibaba|asana|atlassian|beamer|bitbucket|bittrex|cloudflare|codecov|cohere|coinbase"
    r"|confluence|confluent|contentful|datadog|discord|droneci|dropbox|etsy|facebook|fastly|finicity|finnhub|flickr|freshbooks"
    r"|gitter|gocardless|heroku|hubspot|intercom|jfrog|artifactory|jira|kraken|kucoin|launchdarkly|linkedin|lob|looker"
    r"|mailchimp|mailgun|mapbox|mattermost|meraki|messagebird|netlify|new[_-]?relic|nytimes|okta|pagerduty|plaid|rapidapi"
    r"|sendbird|sendgrid|sentry|snyk|softlayer|cloudant|sonar|squarespace|stripe|sumo|telegram|travis|twilio|twitch|twitter|typeform"
    r"|yandex|zendesk"
)
_NAMED_SERVICE = re.compile(_SERVICES)
_SET = re.compile(r"[=:>][\s\"']{0,4}[\w=-]{15}")
_SERVICE = re.compile(
    rf"((?:{_SERVICES})[\w. -]{{0,20}}[\"']?\s{{0,3}}(?:=>|:=|=|:)\s{{0,3}}[\"']?)(?=[A-Za-z_=-]{{0,40}}\d)[\w=-]{{15,}}",
    re.IGNORECASE,
)
_WEBHOOK = re.compile(
    r"((?:hooks\.slack(?:-gov)?\.com/(?:services|workflows|triggers)|discord(?:app)?\.com/api/webhooks|\.webhook\.office\.com/\w{1,20}"
    r"|hooks\.zapier\.com/hooks|chat\.googleapis\.com/v1/spaces|outlook\.office\.com/webhook|api\.telegram\.org/bot|maker\.ifttt\.com/trigger"
    r"|open\.feishu\.cn/open-apis/bot)/?)[^\s\"'<>]+",
    re.IGNORECASE,
)
HOOKS = ("hook", "Hook", "HOOK", "/bot", "chat.google", "ifttt")
BLOCKS = ("-----BEGIN", "PuTTY-", "Private-Lines")
_BEGIN = re.compile(r"-----BEGIN [A-Z0-9 _-]{0,60}PRIVATE KEY|PuTTY-User-Key-File-\d|Private-Lines: \d")
_END = re.compile(r"-----END [A-Z0-9 _-]{0,60}KEY(?: BLOCK)?-----|Private-MAC: \w{0,128}")
_BODY_LINE = re.compile(r"(?<![A-Za-z0-9+/=])[A-Za-z0-9+/]{60,76}={0,2}(?![A-Za-z0-9+/=])")
_DIGIT = re.compile(r"\d")


def without_keys(text: str) -> str:
    """Hide whatever has the shape of a service's key."""
    return _BODY_LINE.sub(_body, _STRUCTURES.sub(SECRET, _KEYS.sub(SECRET, text)))


def without_served(text: str) -> str:
    """Hide long values beside a service's name."""
    return _SERVICE.sub(rf"\1{SECRET}", text)


def may_be_served(text: str) -> bool:
    """Tell whether a text has a long value and a service's name."""
    return _SET.search(text) is not None and _NAMED_SERVICE.search(text.lower()) is not None


def without_hooks(text: str) -> str:
    """Hide what follows the address of a service that lets whoever knows the rest of it write."""
    return _WEBHOOK.sub(rf"\1{SECRET}", text)


def may_hold_key(word: str) -> bool:
    """Tell whether a word, with every digit as 0, has what each kind of key has in it."""
    if "\\" in word or "%" in word:
        if any(map(word.__contains__, _PLAIN_SIGNS)):
            return True
    elif _LEADING.search(word) is not None or any(map(word.__contains__, _PLAIN_INNER)):
        return True
    if len(word) >= _SHORTEST_STRUCTURE and _PLAIN_STRUCTURES.search(word) is not None:
        return True
    return len(word) >= _SHORTEST_BODY and _BODY_LINE.search(word) is not None


def without_blocks(text: str) -> str:
    """Hide private keys from their first line to their last, or to the text's end where that does not come."""
    parts = []
    at = 0
    while (begin := _BEGIN.search(text, at)) is not None:
        parts += [text[at : begin.start()], SECRET]
        end = _END.search(text, begin.end())
        at = end.end() if end is not None else len(text)
    return "".join([*parts, text[at:]])


def _body(match: re.Match[str]) -> str:
    """A line of a key's body: base64 of full length, with capitals, small letters and digits."""
    token = match[0]
    mixed = token.lower() != token and token.upper() != token and _DIGIT.search(token)
    # A path has its slashes among words, random base64 one in 32 characters.
    return SECRET if mixed and token.count("/") <= 5 else token
