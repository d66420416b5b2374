"""Messages that differ only in what varies share a template; the adapter is bounded and repeatable."""

import random

import pytest

from daydream.analysis.logs.templates import Miner, mask


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("took 12.5ms for user 42 at 0xdeadbeef", "took <num>ms for user <num> at <hex>"),
        ("ids 1, 2, 3 done", "ids <num> done"),
        ("job 4fe2e2a1-8b7e-4a90-9f3a-01d1a2b3c4d5 lost", "job <uuid> lost"),
        ("GET https://x.example/a?b=1 failed", "GET <url> failed"),
        ("bad value 'two words' here", "bad value <text> here"),
        ("don't, can't, won't", "don't, can't, won't"),
        ("due 2026-11-20T12:00:00Z", "due <time>"),
        ("python3 utf8 sha256", "python3 utf8 sha256"),
        ("commit a1b2c3d4e5 is bad", "commit <hex> is bad"),
        ("no table 'users'", "no table 'users'"),
    ],
)
def test_what_varies_by_nature_is_masked(text: str, masked: str) -> None:
    assert mask(text) == masked


def test_messages_of_one_shape_share_a_template() -> None:
    miner = Miner()
    ids = {
        miner.add(f"connection to {name} refused after {n} ms") for n, name in enumerate(["db", "mq", "kv"])
    }
    other = miner.add("payment failed")
    assert len(ids) == 1
    assert miner.template(ids.pop()) == "connection to <*> refused after <num> ms"
    assert miner.templates()[other] == "payment failed"


def test_the_same_messages_give_the_same_ids_and_templates() -> None:
    dice = random.Random(3)
    texts = [
        f"{dice.choice('abcdef')} failed {dice.choice('uvwxyz')} of {dice.randrange(99)}" for _ in range(2000)
    ]
    one, two = Miner(), Miner()
    assert [one.add(t) for t in texts] == [two.add(t) for t in texts]
    assert one.templates() == two.templates()


def test_beyond_its_room_new_shapes_are_counted_and_known_ones_still_placed() -> None:
    miner = Miner(most=2)
    first = miner.add("alpha beta gamma")
    miner.add("one two")
    assert [miner.add(" ".join("x" * n)) for n in (4, 5, 6)] == [0, 0, 0]
    assert miner.add("alpha beta gamma") == first
    assert (len(miner), miner.overflow) == (2, 3)


@pytest.mark.parametrize("text", ["", " ", "<*>", "x" * 100_000, "\udcff", "1 " * 5000])
def test_odd_messages_have_a_template(text: str) -> None:
    miner = Miner()
    assert miner.template(miner.add(text)) is not None
    assert miner.add(text) == 1
