"""What varies by its nature is masked, whatever its digits; nothing else is, and no text takes long."""

import random
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daydream.analysis.logs.masks import (
    DOTTED,
    EMPTY,
    NUMBERED,
    OTHER,
    PURE,
    WORD,
    cell,
    collapse,
    kind,
    mask,
    words,
)

UUID = "4fe2e2a1-8b7e-4a90-9f3a-01d1a2b3c4d5"
LINES = st.text(st.sampled_from("0123456789abfxTZ Jan,;:.=-+/<>()[]{}\"'@\\%µ\x02\x03\ud800\n"), max_size=60)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("user 42 at 0xdeadbeef, -1.5e-3 of 12,345", "user <num> at <hex>, <num> of <num>"),
        ("took 12.5ms of 3 s, 10 minutes left", "took <duration> of <duration> left"),
        ("read 10KB of 2 MB", "read <size> of <size>"),
        ("sent 1190 bytes (1.16 KB), lifetime <1 sec", "sent <size>, lifetime <duration>"),
        ("ids 1, 2, 3 done", "ids <num> done"),
        ("nodes an14 an15 an16 up", "nodes an<num> up"),
        (f"job {UUID} lost", "job <uuid> lost"),
        (f"job={UUID}: lost", "job=<uuid>: lost"),
        ("ec2-52-80-34-196.cn is up", "ec<num>-<num>.cn is up"),
        ("commit a1b2c3d4e5 and ffffffff", "commit <hex> and <hex>"),
        ("GET https://x.example/a?b=1 failed", "GET <url> failed"),
        ("from 10.0.0.1:80 to fe80::1", "from <num> to <ip>"),
        ("mail to ann.lee@mail.example failed", "mail to <email> failed"),
        ("open /var/log/app/x.log: no", "open <path>: no"),
        ("GET /api/v1/users/7?page=2 200", "GET <path> <num>"),
        (r"open C:\logs\x.txt", "open <path>"),
        ("due 2026-11-20T12:00:00Z", "due <time>"),
        ("due 2026-11-20 12:00:00,123", "due <num>"),
        ("at Sat Jun 18 02:08:10 2005", "at <time>"),
        ("on [20/Nov/2026:12:00:00 +0100]", "on [<time> <num>]"),
        ("the Sun May shine", "the Sun May shine"),
        ("in sec, no B, min. age", "in sec, no B, min. age"),
        ("python3 utf8 SOCKS5", "python<num> utf<num> SOCKS<num>"),
        ("don't, can't, won't", "don't, can't, won't"),
        ("no no no", "no no no"),
        ("at 12:30:01", "at <num>"),
        ("", EMPTY),
        (" \t\n", EMPTY),
    ],
)
def test_what_varies_by_nature_is_masked(text: str, masked: str) -> None:
    assert mask(text) == masked


@settings(deadline=None, database=None)
@given(LINES, st.randoms(use_true_random=False))
def test_messages_that_differ_in_digits_alone_are_masked_alike(text: str, dice: random.Random) -> None:
    other = "".join(dice.choice(string.digits) if "0" <= sign <= "9" else sign for sign in text)
    assert collapse(other) == collapse(text)
    assert b"00" not in collapse(text)


@settings(deadline=None, database=None)
@given(LINES)
def test_a_masked_text_is_words_without_white_space(text: str) -> None:
    found = words(collapse(text))
    assert found
    assert all(word and not word.isspace() and "\x02" not in word and "\x03" not in word for word in found)
    assert " ".join(found).split(" ") == found


def test_only_the_beginning_of_a_text_is_looked_at() -> None:
    assert mask("x" * 5000) == "x" * 1000
    assert len(words(collapse("a b " * 1000))) == 128


@pytest.mark.parametrize(
    ("word", "head", "value"),
    [
        ("uid=0", "uid=", "0"),
        ('tag="x"', "tag=", '"x"'),
        ("source.path=<path>", "source.path=", "<path>"),
        ("port:<num>", "port:", "<num>"),
        ("{id:<num>}", "{id:", "<num>}"),
        ("rhost=", "", "rhost="),
        ("CCFile::capture", "", "CCFile::capture"),
        ("db.example:<num>", "", "db.example:<num>"),
        ("plain", "", "plain"),
        ("<*>", "<*>", "<*>"),
        ("tag=<*>", "tag=", "<*>"),
    ],
)
def test_a_name_is_told_from_its_value(word: str, head: str, value: str) -> None:
    assert cell(word) == (head, value)


@pytest.mark.parametrize(
    ("expected", "found"),
    [
        (PURE, ["<num>", "(<num>)", "<num>:<hex>", "[ip]", "[secret],", '"<path>"']),
        (WORD, ["user", "don't", "(yes)", "re-run", "SOCKS<num>", "--", ""]),
        (NUMBERED, ["user<num>", "blk_<num>", "<num>th"]),
        (DOTTED, ["a.b", "x/y", "me@home"]),
        (OTHER, ["a_b", "x+", "f()x"]),
    ],
)
def test_words_are_told_apart_by_what_they_are_made_of(expected: int, found: list[str]) -> None:
    assert [kind(word) for word in found] == [expected] * len(found)
