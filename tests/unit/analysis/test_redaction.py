"""Planted secrets never pass; ordinary text stays readable; no input is slow by design."""

import base64
import importlib
import json
import random
import re
import string
import urllib.parse
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daydream.analysis import (
    redaction,
    redaction_names,
    redaction_prose,
    redaction_random,
    redaction_shapes,
    redaction_traits,
)
from daydream.analysis.redaction import LONGEST, Policy, quoted, redact

PLANTED = [
    ("key AKIAIOSFODNN7EXAMPLE used", "AKIAIOSFODNN7EXAMPLE"),
    ("aws wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "bPxRfiCYEXAMPLEKEY"),
    ("push with ghp_16C7e42F292c6912E7710c838347Ae178B4a", "ghp_16C7"),
    ("token github_pat_11ABCDEFG0abcdefghijkl_xyz", "11ABCDEFG0"),
    ("slack xoxb-123456789012-abcdefghijkl", "abcdefghijkl"),
    ("POST https://hooks.slack.com/services/T000/B000/XXXXyyyy", "XXXXyyyy"),
    ("dsn https://0123456789abcdef0123456789abcdef@o12.ingest.sentry.io/42", "0123456789abcdef"),
    ("jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U", "dozjgNryP4"),
    ("Authorization: Bearer abc.def-ghi_123", "abc.def"),
    ("headers={'Authorization': 'Basic dXNlcjpwYXNz'}", "dXNlcjpwYXNz"),
    ("sent bearer mF_9.B5f-4.1JqM", "mF_9.B5f"),
    ("password=hunter2", "hunter2"),
    ("login failed, password: hunter2 for bob", "hunter2"),
    ("{'password': 'hunter2 and more', 'user': 'bob'}", "hunter2"),
    ('{"db_password": "hunter2\\"x", "user": "bob"}', "hunter2"),
    (r"{\"password\":\"hunter2\"}", "hunter2"),
    ("PGPASSWORD=hunter2 psql", "hunter2"),
    ("the password is hunter2", "hunter2"),
    ("run --api-key hunter2 now", "hunter2"),
    ("GET /cb?token=hunter2&state=hunter3", "hunter"),
    ("client_secret => hunter2", "hunter2"),
    ("Cookie: sid=hunter2; theme=dark", "hunter2"),
    ('"set-cookie": "sid=hunter2; HttpOnly"', "hunter2"),
    ("sessionid=hunter2", "hunter2"),
    ("connect postgres://app:hunter2@db:5432/x", "hunter2"),
    ("connect amqp://app:hu@nt/er2@mq", "er2"),
    ("redis://:hunter2@cache:6379/0", "hunter2"),
    ("mail to bob.smith+tag@mail.example.co.uk bounced", "bob.smith"),
    ("from 203.0.113.77:8080", "203.0.113.77"),
    ("from 2001:db8::ff00:42:8329 and fe80::1%eth0", "ff00"),
    ("mapped ::ffff:203.0.113.77 here", "203.0"),
    ("sum 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "9f86d081"),
    ("x -----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY----- y", "MIIEow"),
    ("bot 123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw_", "AAHdqTcv"),
    ("AccountKey=abc123==;EndpointSuffix=core", "abc123"),
]


@pytest.mark.parametrize(("text", "secret"), PLANTED, ids=[secret for _, secret in PLANTED])
def test_a_planted_secret_does_not_pass(text: str, secret: str) -> None:
    assert secret not in redact(text)
    assert secret not in quoted(text)


@pytest.mark.parametrize(("text", "_secret"), PLANTED)
def test_redacting_twice_changes_nothing_more(text: str, _secret: str) -> None:
    assert redact(redact(text)) == redact(text)


@pytest.mark.parametrize(
    "text",
    [
        "at 12:00:00 std::vector<int> a 1.2.3 -> 4",
        "/usr/lib/python3.11/site-packages/HttpRequestHandlerV2Factory.py",
        "test_2026_11_20_case_12_with_a_long_name",
        "order 4fe2e2a1-8b7e-4a90-9f3a-01d1a2b3c4d5 failed after 12 s",
        "max_tokens=512 tokens: 12",
        "basic authentication failed, no cookies, passwords not required",
        "ThisIsARatherLongCamelCaseIdentifierForTests",
        "12345678901234567890123",
        "========================================",
        "daydream.analysis.redaction.redact",
        "::",
    ],
)
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert redact(text) == text


def test_what_stands_around_a_secret_stays_readable() -> None:
    assert redact("db postgres://app:pw@db:5432/x failed") == "db postgres://[secret]@db:5432/x failed"
    assert redact("{'password': 'x', 'user': 'bob'}") == "{'password': '[secret]', 'user': 'bob'}"
    assert redact("from 10.0.0.1:80 by a@b.example") == "from [ip]:80 by [email]"


@pytest.mark.parametrize(("length", "least"), [(20, 0.9), (24, 0.95), (32, 0.98), (43, 0.98)])
def test_random_keys_are_recognised_without_a_name(length: int, least: float) -> None:
    dice = random.Random(20261121)
    keys = ["".join(dice.choices(string.ascii_letters + string.digits, k=length)) for _ in range(1000)]
    assert sum(key not in redact(f"value {key} seen") for key in keys) >= least * len(keys)


@pytest.mark.parametrize(
    "unit", ["a", "a.a@", "0:", "1.1.", "://a:", "eyJ", "key=", "--password ", "'", "x-"]
)
def test_hostile_repetition_ends(unit: str) -> None:
    assert len(redact(unit * (200_000 // len(unit)))) <= 200_000


def test_a_quotation_is_one_bounded_line_without_tricks() -> None:
    text = "a\r\nb\x1b[31mred\x1b[0m\x00c\u202ed\u200be\udcff" + "x " * 300
    shown = quoted(text)
    assert shown.startswith("a bred cde x x")
    assert 190 < len(shown) <= 200
    assert shown.endswith("…")
    assert shown.isprintable()
    shown.encode("utf-8")


def test_a_secret_at_the_cut_is_hidden_before_the_cut() -> None:
    assert "hunter" not in quoted("x" * 180 + " password=hunter2hunter2hunter2")


def test_an_invisible_character_does_not_split_a_secret() -> None:
    assert "hunter2" not in quoted("pass\u200bword=hunter2")


# One of each kind: letters in <> say from which characters how many are drawn.
KINDS = {
    "1password account": "A3-<U6>-<U11>-<U5>-<U5>-<U5>",
    "1password service": "ops_eyJ<b250>",
    "adobe": "p8e-<A32>",
    "age": "AGE-SECRET-KEY-1<U58>",
    "airtable": "pat<A14>.<h64>",
    "alibaba": "LTAI<A20>",
    "anthropic": "sk-ant-api03-<w93>AA",
    "openai": "sk-<A20>T3BlbkFJ<A20>",
    "openai project": "sk-proj-<w74>T3BlbkFJ<w74>",
    "artifactory": "AKCp<A69>",
    "artifactory reference": "cmVmd<A59>",
    "authress": "sc_<A10>.<A5>.acc_<A12>.<b30>",
    "aws access": "AKIA<U16>",
    "aws temporary": "ASIA<U16>",
    "aws bedrock": "ABSK<b109>",
    "azure ad": "<A3>8Q~<w34>",
    "bitbucket": "ATBB<A32>",
    "atlassian": "ATATT3<w180>",
    "clickhouse": "4b1d<A38>",
    "clojars": "CLOJARS_<h60>",
    "cloudflare origin": "v1.0-<h24>-<h146>",
    "contentful": "CFPAT-<w43>",
    "databricks": "dapi<h32>",
    "new relic": "NRAK-<U27>",
    "defined networking": "dnkey-<w26>-<w52>",
    "digitalocean": "dop_v1_<h64>",
    "docker hub": "dckr_pat_<w27>",
    "doppler": "dp.pt.<A43>",
    "discord bot": "M<A23>.<A6>.<w27>",
    "dropbox": "sl.<w135>",
    "duffel": "duffel_live_<w43>",
    "dynatrace": "dt0c01.<U24>.<U64>",
    "easypost": "EZAK<A54>",
    "facebook": "EAAC<A100>",
    "facebook application": "<d16>|<w27>",
    "figma": "figd_<w40>",
    "flutterwave": "FLWSECK_TEST-<h32>-X",
    "fly.io": "fo1_<w43>",
    "frame.io": "fio-u-<w64>",
    "github": "ghp_<A36>",
    "github server": "ghs_<A36>",
    "github fine-grained": "github_pat_<A22>_<A59>",
    "gitlab": "glpat-<w20>",
    "gitlab runner": "glrt-<w20>",
    "google api": "AIza<w35>",
    "google oauth": "ya29.<w60>",
    "google client": "GOCSPX-<w28>",
    "grafana": "glsa_<A32>_<h8>",
    "harness": "pat.<A22>.<h24>.<A20>",
    "terraform": "<A14>.atlasv1.<w64>",
    "heroku": "HRKU-AA<w58>",
    "hugging face": "hf_<A34>",
    "infracost": "ico-<A32>",
    "json web token": "eyJ<A30>.eyJ<A60>.<w43>",
    "linear": "lin_api_<A40>",
    "mailchimp": "<h32>-us12",
    "mailgun": "key-<h32>",
    "mapbox": "pk.<A60>.<A22>",
    "maxmind": "<A6>_<A29>_mmk",
    "netlify": "nfp_<A36>",
    "notion": "ntn_<d11><A35>",
    "npm": "npm_<A36>",
    "octopus deploy": "API-<U26>",
    "openshift": "sha256~<w43>",
    "perplexity": "pplx-<A48>",
    "groq": "gsk_<A52>",
    "plaid": "access-sandbox-<h8>-<h4>-<h4>-<h4>-<h12>",
    "planetscale": "pscale_tkn_<w43>",
    "postman": "PMAK-<h24>-<h34>",
    "prefect": "pnu_<A36>",
    "pulumi": "pul-<h40>",
    "pypi": "pypi-AgEIcHlwaS5vcmc<w70>",
    "readme": "rdme_<h70>",
    "rubygems": "rubygems_<h48>",
    "sendgrid": "SG.<w22>.<w43>",
    "sendinblue": "xkeysib-<h64>-<A16>",
    "sentry": "sntryu_<h64>",
    "shippo": "shippo_live_<h40>",
    "shopify": "shpat_<h32>",
    "slack bot": "xoxb-<d12>-<d12>-<A24>",
    "slack app": "xapp-1-<U11>-<d13>-<h64>",
    "sonar": "sqp_<h40>",
    "sourcegraph": "sgp_<h40>",
    "square": "sq0atp-<w22>",
    "stripe": "sk_live_<A24>",
    "stripe restricted": "rk_test_<A24>",
    "supabase": "sbp_<h40>",
    "tailscale": "tskey-auth-<A12>-<A32>",
    "telegram": "<d9>:AA<w33>",
    "twilio": "SK<h32>",
    "typeform": "tfp_<w59>",
    "vault": "hvs.<w95>",
    "vault before": "s.<A24>",
    "yandex": "t1.<w30>.<w86>",
    "password hash": "$2b$12$<A53>",
    "password hash of django": "pbkdf2_sha256$260000$<A22>$<A43>=",
    "hexadecimal": "<h64>",
    "hexadecimal, short": "<h32>",
}
# What only its name tells.
NAMED = {
    "password": "<A8>",
    "db_password": "<w10>!",
    "passwd": "<A6>",
    "DB_PASS": "<A6>",
    "pwd": "<d6>",
    "passphrase": "<A12>",
    "secret": "<A9>",
    "client_secret": "<w24>",
    "aws_secret_access_key": "<b40>",
    "token": "<A7>",
    "refresh_token": "<w24>",
    "api_key": "<h20>",
    "apiKey": "<A20>",
    "api-key": "<A10>",
    "access_key": "<A20>",
    "AccountKey": "<b86>==",
    "SharedAccessKey": "<b43>=",
    "private_key": "<A20>",
    "encryption_key": "<A16>",
    "signing_key": "<A16>",
    "credentials": "<A9>",
    "session_id": "<A9>",
    "sessionid": "<A32>",
    "csrf_token": "<A16>",
    "x-api-key": "<A12>",
    "X-Auth-Token": "<A12>",
    "sentry_dsn": "<A12>",
    "otp": "<d6>",
    "jwt": "<A12>",
    "connection_string": "<A12>",
    "cvv": "<d3>7",
    "seed_phrase": "<A14>",
    "license_key": "<U25>",
    "consumer_key": "<A25>",
    "heroku": "1<h30>",
    "okta": "00<w40>",
    "authorization": "<A12>",
    "cookie": "sid=<A12>",
}
ALPHABETS = {
    "A": string.ascii_letters + string.digits,
    "U": string.ascii_uppercase + string.digits,
    "h": "0123456789abcdef",
    "d": string.digits,
    "w": string.ascii_letters + string.digits + "_-",
    "b": string.ascii_letters + string.digits + "+/",
}
# A secret alone (a name only where the place has one anyway), by the places where logs have them.
BARE: dict[str, Callable[[str], str]] = {
    "prose": lambda s: f"refused {s} at 12:00",
    "path of a URL": lambda s: f"GET https://api.example.com/v1/{s}/items HTTP/1.1",
    "query": lambda s: f"GET /callback?x={s}&page=2 200",
    "encoded query": lambda s: f"GET /callback?next=%2Fa%3Fx%3D{s}%26page%3D2 200",
    "json": lambda s: json.dumps({"event": "call", "value": s, "n": 3}),
    "json in json": lambda s: json.dumps({"body": json.dumps({"v": s})}),
    "repr": lambda s: f"KeyError: {s!r}",
    "repr of bytes": lambda s: f"ValueError: bad value {s.encode()!r}",
    "frame": lambda s: f'  File "/srv/app.py", line 3, in call\n    call({s!r}, 3)\nValueError: no',
    "assignment": lambda s: f"x={s}",
    "new line, escaped": lambda s: f"body 'first\\n{s}\\nlast'",
    "in brackets": lambda s: f"user=bob ({s})",
    "bearer": lambda s: f"> Authorization: Bearer {s}",
    "end of a list": lambda s: f"['a', 'b', '{s}']",
    "colours": lambda s: f"value \x1b[31m{s}\x1b[0m",
}
WITH_NAME: dict[str, Callable[[str, str], str]] = {
    "key=value": lambda n, s: f"connect host=db {n}={s} port=3",
    "key=value, quoted": lambda n, s: f'connect host=db {n}="{s}" port=3',
    "header": lambda n, s: f"> {n}: {s}",
    "json": lambda n, s: json.dumps({"user": "bob", n: s, "n": 3}),
    "json in json": lambda n, s: json.dumps({"body": json.dumps({n: s})}),
    "json, a list": lambda n, s: json.dumps({n: [s]}),
    "repr of a dict": lambda n, s: f"TypeError: got { ({n: s})!r}",
    "repr of bytes": lambda n, s: f"got { ({n.encode(): s.encode()})!r}",
    "headers as pairs": lambda n, s: f"headers [({n!r}, {s!r}), ('a', 'b')]",
    "headers as pairs of bytes": lambda n, s: f"headers [({n.encode()!r}, {s.encode()!r})]",
    "call": lambda n, s: f"Connection(host='db', {n}={s!r})",
    "query": lambda n, s: f"GET /x?a=1&{n}={urllib.parse.quote(s, safe='')}&page=2",
    "encoded": lambda n, s: f"GET /x?next=%2Fa%3F{n}%3D{s}",
    "yaml over lines": lambda n, s: f"config:\n  {n}:\n    {s}\n  other: 1",
    "toml over lines": lambda n, s: f'[db]\n{n} = """{s}"""\nother = 1',
    "xml": lambda n, s: f"<db><{n}>{s}</{n}></db>",
    "option": lambda n, s: f"run --{n} {s} --verbose",
    "environment": lambda n, s: f"env PATH=/bin {n.upper().replace('-', '_')}={s} ./run",
    "name and value": lambda n, s: json.dumps({"name": n, "value": s}),
    "frame": lambda n, s: f'  File "/srv/app.py", line 3, in call\n    call({n}={s!r})\nValueError',
}


def drawn(shape: str, dice: random.Random) -> str:
    return re.sub(r"<(\w)(\d+)>", lambda m: "".join(dice.choices(ALPHABETS[m[1]], k=int(m[2]))), shape)


def passed(secret: str, shown: str) -> bool:
    """Whether a part of a secret that is worth something is still there."""
    plain = urllib.parse.unquote(shown)
    core = secret
    return any(core[i : i + 8] in plain for i in range(max(1, len(core) - 7)))


@pytest.mark.parametrize("place", BARE)
def test_every_kind_of_key_is_hidden_wherever_it_stands(place: str) -> None:
    dice = random.Random(f"bare {place}")
    secrets = [(kind, drawn(shape, dice)) for kind, shape in KINDS.items() for _ in range(2)]
    texts = [(kind, secret, redact(BARE[place](secret))) for kind, secret in secrets]
    assert [(kind, text) for kind, secret, text in texts if secret in text] == []
    # The words that tell a kind may stay, what makes it worth something may not.
    assert [(kind, text) for kind, secret, text in texts if secret[-12:] in text] == []
    assert [kind for kind, secret in secrets[::2] if secret[-12:] in quoted(BARE[place](secret), 4000)] == []


@pytest.mark.parametrize("place", WITH_NAME)
def test_what_a_name_announces_is_hidden_in_every_spelling(place: str) -> None:
    dice = random.Random(f"named {place}")
    # A service's name alone tells a key only directly before it.
    short = (
        {"heroku", "okta"}
        if place not in ("key=value", "key=value, quoted", "header", "json", "query")
        else set()
    )
    secrets = [(n, drawn(shape, dice)) for n, shape in NAMED.items() if n not in short for _ in range(2)]
    texts = [(name, secret, redact(WITH_NAME[place](name, secret))) for name, secret in secrets]
    assert [(name, text) for name, secret, text in texts if passed(secret, text)] == []
    lines = [(name, secret, quoted(WITH_NAME[place](name, secret), 4000)) for name, secret in secrets[::2]]
    assert [(name, text) for name, secret, text in lines if passed(secret, text)] == []


def test_there_are_enough_kinds_of_secrets_and_places_to_mean_something() -> None:
    assert len(KINDS) + len(NAMED) >= 120
    assert len(BARE) + len(WITH_NAME) >= 30
    assert len(redaction_shapes.KEYS) + len(redaction_shapes.STRUCTURES) >= 80


def test_every_kind_of_the_table_has_a_planted_key_that_it_alone_recognises() -> None:
    dice = random.Random(7)
    keys = [drawn(shape, dice) for shape in KINDS.values()]
    patterns = {
        kind: pattern for kind, (_, pattern) in redaction_shapes.KEYS.items()
    } | redaction_shapes.STRUCTURES
    unproven = [kind for kind, pattern in patterns.items() if not any(re.match(pattern, key) for key in keys)]
    assert len(unproven) <= 15, unproven


def test_the_words_that_lead_to_a_kind_are_in_its_keys() -> None:
    dice = random.Random(8)
    for kind, (words, pattern) in redaction_shapes.KEYS.items():
        for key in (drawn(shape, dice) for shape in KINDS.values()):
            if re.fullmatch(pattern, key):
                assert any(word in key for word in words.split()), kind
    assert min(len(word) for words, _ in redaction_shapes.KEYS.values() for word in words.split()) >= 3


PEM = "".join(random.Random(3).choices(ALPHABETS["b"], k=1600))


@pytest.mark.parametrize(
    "kind", ["RSA PRIVATE KEY", "PRIVATE KEY", "OPENSSH PRIVATE KEY", "PGP PRIVATE KEY BLOCK"]
)
@pytest.mark.parametrize("newline", ["\n", "\\n", "\r\n", " "])
def test_a_private_key_is_hidden_over_all_its_lines(kind: str, newline: str) -> None:
    lines = [PEM[i : i + 64] for i in range(0, len(PEM), 64)]
    text = newline.join([f"loaded '-----BEGIN {kind}-----", *lines, f"-----END {kind}-----' from disk"])
    assert redact(text) == "loaded '[secret]' from disk"
    assert redact(text[:700]) == "loaded '[secret]"


def test_a_private_keys_lines_are_hidden_one_by_one_too() -> None:
    lines = [PEM[i : i + 64] for i in range(0, len(PEM) - 64, 64)]
    assert [line for line in lines if redact(line) != "[secret]"] == []


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("connect postgresql+psycopg2://app:hunter2@db/x", "hunter2"),
        ("connect mongodb+srv://app:hunter2@cluster0.example.net/?retryWrites=true", "hunter2"),
        ("connect amqps://app:hunter2@mq:5671/%2F", "hunter2"),
        ("Server=db;Database=x;User Id=app;Password=hun;ter2;Encrypt=True", "ter2"),
        ("DefaultEndpointsProtocol=https;AccountName=a;AccountKey=aGVsbG8=;EndpointSuffix=core", "aGVsbG8"),
        ("Endpoint=sb://x.example.net/;SharedAccessKeyName=Root;SharedAccessKey=aGVsbG8=", "aGVsbG8"),
        ("https://a.blob.example.net/c?sv=2022-11-02&se=2026-01-01&sr=b&sp=r&sig=aGVs%2FbG8%3D", "aGVs"),
        ("jdbc:oracle:thin:scott/tiger99@//db:1521/x", "tiger99"),
        ("jdbc:mysql://db/x?user=app&password=hunter2", "hunter2"),
        ("curl -u bob:hunter2 https://x.example", "hunter2"),
        ("mysqldump -u root -phunter2 shop", "hunter2"),
        ("sshpass -p hunter2 ssh host", "hunter2"),
        ("next=postgres%3A%2F%2Fapp%3Ahunter2%40db", "hunter2"),
        ("<RequestsCookieJar[<Cookie sid=hunter2 for .example.com/>]>", "hunter2"),
        ("cookies={'sid': 'hunter2', 'b': 'c'}", "hunter2"),
        ("password=<SecretStr('hunter2')>", "hunter2"),
        ("passwords=['hunter1', 'hunter2']", "hunter2"),
        ('<add key="Password" value="hunter2" />', "hunter2"),
        ("Authorization: Digest username=bob, response=hunter2, uri=/", "hunter2"),
        ("basic " + base64.b64encode(b"bob:hunter2").decode(), "Ym9iOmh"),
        ("pass\u00adword=hunter2", "hunter2"),
        ("password hunter2 rejected", "hunter2"),
        ("bad apikey hunter2", "hunter2"),
        ("Password for bob: hunter2", "hunter2"),
        ("password of user bob is hunter2", "hunter2"),
        ("the secret was: hunter2", "hunter2"),
        ("auth=('bob', 'hunter2')", "hunter2"),
        ("HTTPBasicAuth('bob','hunter2')", "hunter2"),
        ("dial app:hunter2@db:5432", "hunter2"),
        ("CREATE USER bob IDENTIFIED BY 'hunter2'", "hunter2"),
        ("secret: !!binary |\n  aHVudGVyMjI=", "aHVudGVyMjI"),
    ],
)
def test_a_connections_secret_does_not_pass(text: str, secret: str) -> None:
    assert secret not in redact(text)


@pytest.mark.parametrize(
    "text",
    [
        "card 4111 1111 1111 1111 refused",
        "card 4111-1111-1111-1111 refused",
        "pan=5555555555554444",
        "amex 378282246310005",
        "iban DE89 3704 0044 0532 0130 00",
        "iban GB82WEST12345698765432",
        "call +49 30 901820-123",
        "call (555) 123-4567 now",
        "sms to +14155552671",
        "ssn 078-05-1120",
    ],
)
def test_numbers_of_people_and_accounts_are_hidden(text: str) -> None:
    assert "[number]" in redact(text)
    assert not re.search(r"\d{4}", redact(text))


@pytest.mark.parametrize(
    "text",
    [
        "at 2026-11-21 18:30:01,123 and 20261121 183001",
        "in 1763743801123456789 ns, 1763743801123 ms",
        "order 4111111111111112 done",
        "offset +0100, +12 items, 1 000 000 bytes",
        "commit 9fceb02d0ae598e95dc970b74767f19372d61af8 is on main",
        "image registry/app@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 pulled",
        "token_count=512 password_policy=strict token_type=bearer",
        "password=None token=null",
        "primary_key=id, cache_key=user:12, footprint=12",
        "Traceback in /usr/lib/python3.11/asyncio/base_events.py",
    ],
)
def test_numbers_and_names_that_tell_nothing_stay(text: str) -> None:
    assert redact(text) == text


def test_a_digest_that_nothing_calls_harmless_is_hidden_and_its_path_stays_legible() -> None:
    assert redact("GET /v2/54fadb412c4e40cdbaed9335e4c35a9e/servers") == "GET /v2/[secret]/servers"
    assert "9fceb02d" not in redact("key 9fceb02d0ae598e95dc970b74767f19372d61af8")


def test_addresses_stay_where_the_policy_lets_them() -> None:
    text = "bob@example.com from 203.0.113.7 with password=hunter2"
    assert redact(text, Policy(emails=False)) == "bob@example.com from [ip] with password=[secret]"
    assert redact(text, Policy(addresses=False)) == "[email] from 203.0.113.7 with password=[secret]"
    assert quoted(text, 200, Policy(emails=False, addresses=False)).startswith(
        "bob@example.com from 203.0.113.7 "
    )
    assert redact(text) == "[email] from [ip] with password=[secret]"


# How `re` itself reads a pattern: the standard library has no public name for it.
regex_parser: Any = importlib.import_module("re._parser")


def _patterns() -> dict[str, re.Pattern[str]]:
    modules = (
        redaction,
        redaction_names,
        redaction_prose,
        redaction_random,
        redaction_shapes,
        redaction_traits,
    )
    found = {f"{m.__name__}.{n}": v for m in modules for n, v in vars(m).items() if isinstance(v, re.Pattern)}
    assert len(found) >= 30
    return found


def _slow(parts: Any, rest_is_empty: bool) -> list[str]:
    """Repeats without a bound behind which something can fail: each may be walked again and again."""
    found: list[str] = []
    items = list(parts)
    for index, (kind, value) in enumerate(items):
        rest = regex_parser.SubPattern(parts.state, items[index + 1 :])
        consuming = [item for item in rest if str(item[0]) not in ("ASSERT", "ASSERT_NOT")]
        easy = rest_is_empty and regex_parser.SubPattern(parts.state, consuming).getwidth()[0] == 0
        easy = easy and len(consuming) == len(rest)
        name = str(kind)
        if name in ("MAX_REPEAT", "MIN_REPEAT"):
            if value[1] > LONGEST and not easy:
                found.append(f"{kind} before {rest}")
            found += _slow(value[2], easy)
        elif name == "SUBPATTERN":
            found += _slow(value[3], easy)
        elif name == "BRANCH":
            found += [slow for branch in value[1] for slow in _slow(branch, easy)]
        elif name in ("ASSERT", "ASSERT_NOT"):
            found += _slow(value[1], False)
    return found


@pytest.mark.parametrize("name", sorted(_patterns()))
def test_nothing_behind_an_unbounded_repeat_can_fail(name: str) -> None:
    pattern = _patterns()[name]
    assert _slow(regex_parser.parse(pattern.pattern, pattern.flags), True) == []


@pytest.mark.parametrize("bad", [r"a*b", r"(a+)+b", r"(?:a|b*)*c", r"x(?=a*b)", r"(?:a*){2,9}b"])
def test_the_check_for_slow_patterns_finds_them(bad: str) -> None:
    assert _slow(regex_parser.parse(bad, 0), True) != []


PIECES = [
    *"abAB01 =:@/.'\\\"-_+%\n[]{}()<>,;&?|",
    "password",
    "token",
    "Cookie",
    "://",
    "authorization",
    " is ",
    "--",
]


@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
def test_redacting_any_text_twice_changes_nothing_more(text: str) -> None:
    once = redact(text)
    assert redact(once) == once


def _every_step(text: str) -> str:
    for _, without in redaction._STEPS:
        text = without(text, -1, redaction.EVERYTHING)
    return text


@settings(max_examples=1500, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
def test_looking_at_words_first_misses_nothing_that_looking_everywhere_finds(text: str) -> None:
    assert redaction._once(text, redaction.EVERYTHING) == _every_step(text)


@pytest.mark.parametrize(
    "text",
    [
        "the password is {}",
        "password {} was rejected",
        "Password {} rejected for bob",
        "new password {} set for bob",
        "invalid password {} for user bob",
        "logged in with password {}",
        "using the old password {} for bob",
        "password changed from {} to {}",
        "password of bob was set to {}",
        "passwd -> {}",
    ],
)
@pytest.mark.parametrize("word", ["swordfish", "Mackerel!", "hunter2"])
def test_a_password_in_a_sentence_is_hidden_without_any_sign_before_it(text: str, word: str) -> None:
    said = redact(text.replace("{}", word))
    assert word not in said
    assert said == text.replace("{}", "[secret]")


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("the pin 4711 was wrong", "4711"),
        ("pin code 4711 entered", "4711"),
        ("password 123456 rejected", "123456"),
        ("the passphrase is zebra table moon stone", "moon"),
        ("wrong password (fish47)", "fish47"),
    ],
)
def test_digits_and_phrases_in_sentences_are_hidden(text: str, secret: str) -> None:
    assert secret not in redact(text)


@pytest.mark.parametrize(
    "text",
    [
        "password is required",
        "password is being reset",
        "password was reset by admin",
        "password reset for bob was requested",
        "password is hashed with bcrypt",
        "Failed password for invalid user bob from there port 22",
        "password authentication failed for user bob",
        "password check failed; user unknown",
        "password for user bob changed",
        "password change is required for bob",
        "using password authentication with a key",
        "with password and name",
        "password expired for bob",
        "the passphrase is required for this key to open",
        "password changed to comply with the policy",
        "access token was refreshed, the secret was rotated",
        "mapping 1234 pins, code 1234",
    ],
)
def test_what_is_said_of_a_password_stays(text: str) -> None:
    assert redact(text) == text
