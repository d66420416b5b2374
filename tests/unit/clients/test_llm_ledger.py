"""What models cost, on disk: booked before it is sent, whole after any death, never guessed."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from daydream.clients.llm_cassette import Exchange, Store
from daydream.clients.llm_ledger import Ledger, LedgerDamaged, Reserved, Settled
from daydream.clients.llm_limits import Limits, Price, Spent, nanos, tokens_in
from tests.fakes.llm_server import FakeModels, Say, completion, serving

ROOT = Path(__file__).parents[3]
LIMITS = Limits({"here": 100}, requests=10, seconds=100.0)


def lost(_: Reserved) -> Settled | None:
    return None


@contextmanager
def ledger(folder: Path, limits: Limits = LIMITS) -> Iterator[Ledger]:
    made = Ledger(folder / "2026-11-21.journal", limits, lost)
    try:
        yield made
    finally:
        made.close()


def reserve(made: Ledger, most: int = 30, endpoint: str = "here") -> int:
    return made.reserve("d", endpoint, "m", "relax", most)


def test_what_is_booked_survives_and_what_was_in_flight_counts_at_its_maximum(tmp_path: Path) -> None:
    with ledger(tmp_path) as made:
        made.settle(Settled(reserve(made), "answered", 7, "billed", 7, "real"))
        reserve(made)
        assert made.booked("here") == 37
    with ledger(tmp_path) as made:
        assert (made.booked("here"), made.requests, made.failures) == (37, 2, 1)
        assert {n: (u.cost, u.booked) for n, u in made.usage().items()} == {"real": (7, 7), "m": (None, 30)}
        assert reserve(made) == 3


def test_a_request_that_the_budget_may_not_hold_is_refused_and_written_nowhere(tmp_path: Path) -> None:
    with ledger(tmp_path) as made:
        reserve(made, 70)
        size = (tmp_path / "2026-11-21.journal").stat().st_size
        with pytest.raises(Spent, match="left") as caught:
            reserve(made, 31)
        assert caught.value.what == "money"
        with pytest.raises(Spent):
            reserve(made, 1, "elsewhere")
        assert (tmp_path / "2026-11-21.journal").stat().st_size == size
        reserve(made, 30)
        reserve(made, 0)


def test_settling_twice_counts_once(tmp_path: Path) -> None:
    with ledger(tmp_path) as made:
        number = reserve(made)
        made.settle(Settled(number, "answered", 5, "billed", 5))
        made.settle(Settled(number, "timeout", 30, "maximum"))
        assert (made.booked("here"), made.failures) == (5, 0)


def test_who_was_stopped_stays_stopped_over_a_restart(tmp_path: Path) -> None:
    with ledger(tmp_path) as made:
        made.stop("here", "no such model", "m")
    with ledger(tmp_path) as made:
        assert made.why_stopped("here", "m") == "no such model"
        assert made.why_stopped("here", "other") is None
        with pytest.raises(Spent, match="no such model"):
            reserve(made)
        made.stop("here", "no money")
        made.stop("here", "no money")
        assert made.why_stopped("here", "other") == "no money"
        assert made.stops == ("no such model", "no money")


def test_time_counts_only_while_somebody_asks_and_over_restarts(tmp_path: Path) -> None:
    limits = Limits({}, 10, 0.05)
    with ledger(tmp_path, limits) as made:
        reserve(made, 0)
        made.began()
        threading.Event().wait(0.06)
        with pytest.raises(Spent, match=r"models\.time"):
            reserve(made, 0)
        made.settle(Settled(1, "answered", 0, "free", 0))
        made.ended()
    with ledger(tmp_path, limits) as made, pytest.raises(Spent, match=r"models\.time"):
        reserve(made, 0)


@pytest.mark.parametrize("cut", range(1, 60, 7))
def test_a_torn_last_line_was_never_written(tmp_path: Path, cut: int) -> None:
    with ledger(tmp_path) as made:
        reserve(made, 40)
        reserve(made, 50)
    path = tmp_path / "2026-11-21.journal"
    # The second reservation, the two settlements of its recovery are not there yet.
    whole = b"".join(path.read_bytes().splitlines(keepends=True)[:2])
    path.write_bytes(whole[:-cut])
    with ledger(tmp_path) as made:
        assert made.booked("here") == 40
        assert reserve(made, 60) == 2


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"\0" * 40 + data[40:],
        lambda data: data.replace(b'"most":40', b'"most":04'),
        lambda data: b"hello\n" + data,
        lambda data: data.splitlines(keepends=True)[-1],
        lambda data: b"\n" + data,
    ],
)
def test_a_damaged_journal_means_that_nothing_more_is_asked(tmp_path: Path, damage: object) -> None:
    with ledger(tmp_path) as made:
        made.settle(Settled(reserve(made, 40), "answered", 5, "billed", 5))
    path = tmp_path / "2026-11-21.journal"
    path.write_bytes(damage(path.read_bytes()))  # type: ignore[operator]
    before = path.read_bytes()
    with pytest.raises(LedgerDamaged, match="nothing more is asked tonight"):
        Ledger(path, LIMITS, lost)
    assert path.read_bytes() == before


def test_two_cannot_book_at_once(tmp_path: Path) -> None:
    with ledger(tmp_path), pytest.raises(LedgerDamaged, match="another process"):
        Ledger(tmp_path / "2026-11-21.journal", LIMITS, lost)


def test_a_closed_ledger_books_nothing(tmp_path: Path) -> None:
    with ledger(tmp_path) as made:
        number = reserve(made)
    made.settle(Settled(number, "answered", 1, "billed", 1))
    made.stop("here", "late")
    with pytest.raises(Spent):
        reserve(made)
    with ledger(tmp_path) as made:
        assert made.booked("here") == 30


def test_prices_are_exact_and_rounded_up() -> None:
    price = Price(prompt=nanos(0.1), completion=nanos(2.0), request=nanos(0.001))
    assert price.of(0, 0) == 1_000_000
    assert price.of(1, 0) == 1_000_100
    assert price.of(1_000_000, 1_000_000) == nanos(2.101)
    assert nanos(0.1) + nanos(0.2) == nanos(0.3)


def test_the_estimate_is_rather_too_high() -> None:
    assert tokens_in([{"content": "x = 1\n" * 100}]) >= 240
    assert tokens_in([{"content": "\u4f60\u597d" * 100}]) >= 600
    assert tokens_in([{"content": "\ud800"}]) >= 1


def test_the_store_reads_only_what_it_wrote(tmp_path: Path) -> None:
    store = Store(tmp_path / "answers")
    assert store.get("a" * 64) is None
    store.put(Exchange("a" * 64, "here", "m", "{}"))
    assert store.get("a" * 64) == Exchange("a" * 64, "here", "m", "{}")
    for content in (b"", b"\xff", b"[]", b'{"digest":"b","endpoint":"","model":"","body":""}'):
        (tmp_path / "answers" / ("b" * 64 + ".json")).write_bytes(content)
        assert store.get("b" * 64) is None


def test_the_store_forgets_its_own_old_answers_and_nothing_else(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.put(Exchange("a" * 64, "here", "m", "{}"))
    store.put(Exchange("b" * 64, "here", "m", "{}"))
    (tmp_path / "notes.json").write_text("mine")
    for name in ("a" * 64 + ".json", "notes.json"):
        os.utime(tmp_path / name, (1000, 1000))
    assert store.prune((tmp_path / ("b" * 64 + ".json")).stat().st_mtime + 60) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b" * 64 + ".json", "notes.json"]


CHILD = """
import sys
from pathlib import Path
from tests.fakes.llm_child import run
run(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
"""


def child(folder: Path, fake: FakeModels, number: int) -> "subprocess.Popen[bytes]":
    argv = [sys.executable, "-c", CHILD, str(folder), fake.url, str(number)]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "DAYDREAM_MODELS_KEY": "k"}
    return subprocess.Popen(argv, env=env, stdout=subprocess.PIPE)


def test_a_request_in_flight_at_kill_9_is_booked_at_its_maximum_and_no_stored_one_is_paid_again(
    tmp_path: Path,
) -> None:
    hold = threading.Event()

    def answers(body: dict[str, object]) -> Say:
        messages = body["messages"]
        assert isinstance(messages, list)
        held = messages[1]["content"] == "2" and not hold.is_set()
        return Say(completion('{"a": 3}'), hold=hold if held else None)

    with serving(answers=answers) as fake:
        first = child(tmp_path, fake, 3)
        assert fake.wait_for(3)
        first.send_signal(signal.SIGKILL)
        first.communicate()
        assert first.returncode == -signal.SIGKILL
        hold.set()
        second = child(tmp_path, fake, 3)
        said = json.loads(second.communicate()[0])
        asked = [body["messages"][1]["content"] for body in fake.requests]
    assert said["values"] == [3, 3, 3]
    assert asked == ["0", "1", "2", "2"]
    assert said["requests"] == 4
    assert said["outcomes"] == {"answered": 3, "interrupted": 1}
    # Three answers at what they cost, and the one that nobody saw at the most that it may have cost.
    assert said["booked"] == 3 * 1_000_000 + said["most"]


def test_an_answer_stored_but_not_yet_settled_at_the_kill_is_settled_from_the_store(tmp_path: Path) -> None:
    with serving(answers=lambda _: Say(completion('{"a": 3}'))) as fake:
        child(tmp_path, fake, 1).communicate()
        path = tmp_path / "2026-11-21.journal"
        path.write_bytes(path.read_bytes().splitlines(keepends=True)[0])
        said = json.loads(child(tmp_path, fake, 1).communicate()[0])
        assert len(fake.requests) == 1
    assert (said["values"], said["booked"], said["outcomes"]) == ([3], 1_000_000, {"answered": 1})
