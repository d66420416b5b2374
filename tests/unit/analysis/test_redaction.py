"""Planted secrets never pass; ordinary text stays readable; no input is slow by design."""

import random
import string

import pytest

from daydream.analysis.redaction import quoted, redact

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
