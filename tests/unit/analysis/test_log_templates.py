"""Messages that differ only in what varies share a template; the miner is bounded, repeatable and remembers."""

import random

import pytest

from daydream.analysis.logs.templates import Miner, Settings
from daydream.analysis.logs.templates_grouping import common, groups

NAMES = ("ann", "bob", "carl", "dora", "emil", "fritz", "gerd", "hugo")
LOG = [
    text
    for n, name in enumerate(NAMES)
    for text in (
        f"user {name} logged in from 10.0.0.{n}",
        f"user {name} logged out after {n} s",
        f'open tag="{name}", size={n}',
        f"job {name}.{n} is late: code={n * 7}",
        "worker started",
        "worker stopped",
    )
]


def mined(texts: list[str], known: list[tuple[str, str]] | None = None) -> Miner:
    miner = Miner(known=known or [])
    for text in texts:
        miner.add(text)
    return miner


def last(identity: str, moved: dict[str, str]) -> str:
    while identity in moved:
        identity = moved[identity]
    return identity


def test_messages_of_one_shape_share_a_template() -> None:
    miner = Miner()
    numbers = [miner.add(text) for text in LOG]
    assert [miner.template(number) for number in numbers[:6]] == [
        "user <*> logged in from <num>",
        "user <*> logged out after <duration>",
        'open tag="<*>", size=<num>',
        "job <*> is late: code=<num>",
        "worker started",
        "worker stopped",
    ]
    assert len(miner) == 6
    assert len({miner.identity(number) for number in numbers}) == 6


def test_few_different_words_are_kept_apart_and_many_are_a_variable() -> None:
    few = mined([f"pump is {state}" for state in ("on", "off", "broken", "lost", "new")])
    assert len(few) == 5
    many = mined([f"pump is {state}" for state in ("on", "off", "broken", "lost", "new", "old")])
    assert [text for _, text in many.state()] == ["pump is <*>"]
    strict = Miner(settings=Settings(words=2))
    assert strict.identity(strict.add("pump is on")) == strict.identity(strict.add("pump is off"))


def test_long_parameters_do_not_outnumber_the_fixed_words() -> None:
    dice = random.Random(2)
    texts = [
        f"failed call of {' '.join(''.join(dice.choices('klmnop', k=9)) for _ in range(5))}" for _ in range(9)
    ]
    assert [text for _, text in mined(texts).state()] == ["failed call of <*> <*> <*> <*> <*>"]


def test_the_same_messages_give_the_same_numbers_templates_and_identities() -> None:
    dice = random.Random(3)
    texts = [
        f"{dice.choice('abcdef')} failed {dice.choice('uvwxyz')} of {dice.randrange(99)}" for _ in range(2000)
    ]
    one, two = Miner(), Miner()
    assert [one.add(text) for text in texts] == [two.add(text) for text in texts]
    assert one.state() == two.state()


def test_the_order_of_the_messages_does_not_matter() -> None:
    expected = sorted(mined(LOG).state())
    for seed in range(5):
        assert sorted(mined(random.Random(seed).sample(LOG, len(LOG))).state()) == expected


@pytest.mark.parametrize("nights", [1, 2, 5, len(LOG)])
def test_identities_stay_from_night_to_night(nights: int) -> None:
    known: list[tuple[str, str]] = []
    moved: dict[str, str] = {}
    seen: dict[str, set[str]] = {}
    for night in range(nights):
        miner = Miner(known=known)
        for text in LOG[night * len(LOG) // nights : (night + 1) * len(LOG) // nights]:
            seen.setdefault(text.split()[0] + text.split()[-2][:3], set()).add(
                miner.identity(miner.add(text))
            )
        moved |= miner.merged()
        before, known = dict(known), miner.state()
        assert set(before) <= {identity for identity, _ in known} | set(miner.merged())
    assert sorted(text for _, text in known) == sorted(text for _, text in mined(LOG).state())
    final = dict(known)
    for identities in seen.values():
        assert {last(identity, moved) for identity in identities} <= set(final)


def test_a_template_that_becomes_more_general_keeps_its_identity() -> None:
    first = mined(["disk sda1 is full"])
    ((identity, text),) = first.state()
    assert (len(identity), text) == (16, "disk sda<num> is full")
    second = mined(["disk nvme0 is full"], first.state())
    assert second.state() == [(identity, "disk <*> is full")]
    third = mined(["disk xyz9 is full"], second.state())
    assert third.state() == second.state()
    assert third.merged() == {}


def test_old_rows_of_a_template_that_was_merged_do_not_bring_it_back() -> None:
    rows = [
        ("a" * 16, "disk sda<num> is full"),
        ("b" * 16, "disk <*> is full"),
        ("b" * 16, "disk vd<num> is full"),
    ]
    miner = Miner(known=rows)
    assert miner.identity(miner.add("disk sda7 is full")) == "b" * 16
    assert miner.state() == [("b" * 16, "disk <*> is full")]
    assert miner.merged() == {"a" * 16: "b" * 16}


def test_of_several_texts_of_one_identity_the_most_general_counts() -> None:
    miner = Miner(known=[("a" * 16, "alpha beta"), ("a" * 16, "gamma <*> delta")])
    assert miner.state() == [("a" * 16, "gamma <*> delta")]
    assert miner.identity(miner.add("alpha beta")) != "a" * 16


def test_no_new_template_takes_the_identity_of_another() -> None:
    ((identity, _),) = mined(["alpha beta"]).state()
    miner = mined(["alpha beta"], [(identity, "something else now")])
    assert len({one for one, _ in miner.state()}) == 2


def test_known_templates_that_become_one_are_named() -> None:
    rows = [(f"{n:016x}", f"pump is {state}") for n, state in enumerate(("on", "off", "hot", "cold", "new"))]
    miner = Miner(known=rows)
    miner.add("pump is gone")
    assert miner.state() == [(rows[0][0], "pump is <*>")]
    assert miner.merged() == {identity: rows[0][0] for identity, _ in rows[1:]}


def test_what_is_remembered_changes_no_grouping() -> None:
    dice = random.Random(4)
    texts = [
        f"{dice.choice('abc')} {''.join(dice.choices('kmnp', k=3))} {dice.choice('xyz')} {dice.randrange(9)}"
        for _ in range(6000)
    ]
    plain = mined(texts)
    forgetful = Miner()
    for text in texts:
        forgetful._seen.clear()
        forgetful.add(text)
    assert forgetful.state() == plain.state()
    assert [plain.template(plain.add(t)) for t in texts] == [
        forgetful.template(forgetful.add(t)) for t in texts
    ]


def test_beyond_its_room_new_shapes_are_counted_and_known_ones_still_placed() -> None:
    miner = Miner(most=2)
    first = miner.add("alpha beta gamma")
    miner.add("one two")
    assert [miner.add(" ".join("x" * n)) for n in (4, 5, 6)] == [0, 0, 0]
    assert miner.add("alpha beta gamma") == first
    assert (len(miner), miner.overflow) == (2, 3)


def test_known_templates_leave_room_for_new_ones() -> None:
    miner = Miner(most=8, known=[(f"{n:016x}", " ".join("abcdefghij"[: n + 1])) for n in range(10)])
    assert len(miner) == 6
    assert miner.add("something new") != 0


def test_it_never_holds_more_than_it_may() -> None:
    dice = random.Random(6)
    miner = Miner(most=50)
    for _ in range(5000):
        miner.add(" ".join("".join(dice.choices("abcdefgh", k=4)) for _ in range(dice.randrange(1, 9))))
        assert len(miner._words) + len(miner._waiting) <= 50
    assert miner.overflow > 0


@pytest.mark.parametrize(
    "text", ["", " ", "<*>", "<*> x=<*>", "x" * 100_000, "\udcff", "1 " * 5000, "=", "a=", "\x02 \x03", "\0"]
)
def test_odd_messages_have_a_template_and_survive_the_night(text: str) -> None:
    miner = Miner()
    number = miner.add(text)
    identity = miner.identity(number)
    assert miner.identity(miner.add(text)) == identity
    again = Miner(known=miner.state())
    assert again.identity(again.add(text)) == identity
    assert again.state() == miner.state()


def test_groups_depend_on_the_set_of_messages_alone() -> None:
    messages = sorted({tuple(text.split()[:5]) for text in LOG if len(text.split()) > 4})
    expected = {frozenset(messages[n] for n in group) for group in groups(messages, Settings())}
    mixed = random.Random(1).sample(messages, len(messages))
    assert {frozenset(mixed[n] for n in group) for group in groups(mixed, Settings())} == expected


@pytest.mark.parametrize(
    ("values", "shared"),
    [
        (["a", "a"], "a"),
        (["a", "b"], "<*>"),
        (["(a),", "(b),"], "(<*>),"),
        (['tag="x",', 'tag="y",'], 'tag="<*>",'),
        (["tag=<*>,", "tag=b,"], "tag=<*>,"),
        (["uid=1", "gid=1"], "<*>"),
        (["<*>", "uid=1"], "<*>"),
        (["<num>", "<hex>"], "<*>"),
        (["((", "("], "(<*>"),
    ],
)
def test_a_variable_word_keeps_the_name_and_the_marks_that_all_have(values: list[str], shared: str) -> None:
    assert common([[value] for value in values]) == [shared]
