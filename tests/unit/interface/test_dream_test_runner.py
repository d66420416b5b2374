"""Trying dreams between nights: what is tried, what is stored, who goes first, and how it ends."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from daydream import DreamTestRunner
from daydream.analysis.source import digest
from daydream.app.assembly import Silent
from daydream.app.continuous import keep_testing, lines
from daydream.app.tryout import Tryout
from daydream.contracts.sandbox import SandboxRefused
from daydream.errors import TryAgain, UsageError
from daydream.store import heads
from daydream.store.dreams import DreamStore
from daydream.store.lock import RunLock
from tests.fakes.bubblewrap import why_not
from tests.fakes.waiting_dreams import BROKEN, SUM, WRONG, after_a_night, settle, statuses

LATE = f"{SUM}# late\n"


@dataclass
class Shop:
    """A repository, what its runner came to at first, and where it keeps that."""

    root: Path
    state: Path
    runner: DreamTestRunner
    empty_report: str
    first: dict[str, Any]
    edges: dict[str, Any]


@pytest.fixture(scope="module", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    place = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        settle(patch, place)
        yield place


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """One in which everything of tier 1 but a late dream was tried once."""
    if why := why_not():
        pytest.skip(why)
    root = tmp_path_factory.mktemp("shop") / "sums"
    dreams = {
        "sum": (SUM, 0.9),
        "wrong": (WRONG, 0.8),
        "broken": (BROKEN, 0.7),
        "late": (LATE, 0.6),
        "second": (f"{SUM}# second\n", 0.4),
    }
    state = after_a_night(root, dreams)
    runner = DreamTestRunner(root)
    empty = runner.generate_learning_report()
    edges = runner.test_edge_cases(digest("wrong"), 6)
    return Shop(root, state, runner, empty, runner.test_tier1_dreams(limit=3), edges)


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository in which one dream waits, and nobody ever tries it to its end."""
    root = tmp_path_factory.mktemp("quiet") / "sums"
    after_a_night(root, {"sum": (SUM, 0.9)})
    return root


def test_dreams_of_tier_1_are_tried_and_counted(shop: Shop) -> None:
    first = shop.first
    assert (first["tested_dreams"], first["dreams_passed"], first["dreams_failed"]) == (3, 1, 2)
    assert first["pass_rate"] == pytest.approx(1 / 3)
    assert (first["undecided"], first["not_tried"]) == (0, 0)


def test_the_most_viable_come_first_and_each_has_its_trial(shop: Shop) -> None:
    found = shop.first["results"]
    assert [each["dream_id"] for each in found] == [digest(name) for name in ("sum", "wrong", "broken")]
    assert [each["passed"] for each in found] == [True, False, False]
    outcomes = [each["trial"]["outcome"] for each in found]
    assert outcomes == ["behaviour_preserving", "behaviour_changing", "failing"]
    assert {each["trial"]["backend"] for each in found} == {"bubblewrap"}
    assert not any(each["trial"]["sampled"] for each in found)


def test_what_was_tried_is_stored_in_a_run_of_its_own(shop: Shop) -> None:
    with DreamStore.open(shop.state / "dreams.db", read_only=True) as store:
        runs = {
            row[0]
            for row in store.rows("SELECT DISTINCT run FROM trials WHERE dream_id = ?", (digest("sum"),))
        }
    (run,) = runs
    assert run.startswith("test-20")
    there = statuses(shop.state)
    assert {there[name] for name in ("sum", "wrong", "broken")} == {"tested"}


def test_a_dream_of_another_tier_is_left_alone(shop: Shop) -> None:
    assert statuses(shop.state)["second"] == "evaluated"
    with pytest.raises(
        UsageError, match=r"is of tier 2 and stands at evaluated; tried are judged dreams of tier 1"
    ):
        shop.runner.test_dream(digest("second"))


def test_no_fewer_inputs_are_used_than_in_a_night(shop: Shop) -> None:
    counts = shop.first["results"][0]["trial"]["counts"]
    assert shop.runner.tests_per_dream == 5
    assert sum(counts.values()) >= 10


def test_one_dream_can_be_named_by_its_first_digits(shop: Shop) -> None:
    found = shop.runner.test_dream(digest("late")[:9])
    assert (found["dream_id"], found["passed"], found["why"]) == (digest("late"), True, "")
    assert statuses(shop.state)["late"] == "tested"
    again = shop.runner.test_tier1_dreams()
    assert (again["tested_dreams"], again["pass_rate"], again["results"]) == (0, None, [])


def test_what_was_tried_is_told_and_not_tried_again(shop: Shop) -> None:
    found = shop.runner.test_dream(digest("wrong"))
    assert (found["passed"], found["why"]) == (False, "it was tried before")
    assert found["trial"] == shop.first["results"][1]["trial"]


@pytest.mark.parametrize("word", ["", "zz", "nothing at all"])
def test_a_dream_that_is_not_there_is_named(shop: Shop, word: str) -> None:
    with pytest.raises(UsageError, match="no dream has the id"):
        shop.runner.test_dream(word)


def test_edges_are_tried_alone_and_nothing_of_that_is_stored(shop: Shop) -> None:
    edges = shop.edges
    assert 1 <= len(edges["cases"]) <= 6
    assert edges["same"] + edges["different"] + edges["undecided"] == len(edges["cases"])
    assert edges["same"] >= 1, "nothing is left out of nothing"
    for case in edges["cases"]:
        assert case["inputs"]
        assert (case["same"] is False) == (case["base"] != case["dream"])
    assert shop.first["results"][1]["why"] == "", "it had not been tried before"


def test_the_learning_report_says_what_trials_have_taught(shop: Shop) -> None:
    text = shop.runner.generate_learning_report()
    assert "tried: " in text
    assert "trials of tier 1 that succeeded: " in text
    assert "runtime" in text
    assert "of 4 do the same" in text or "of 3 do the same" in text


def test_before_the_first_trial_the_report_says_so(shop: Shop) -> None:
    assert "tried: 0" in shop.empty_report
    assert "not measured" in shop.empty_report
    assert "nothing was tried here yet" in shop.empty_report


def test_a_night_that_works_goes_first(quiet: Path) -> None:
    with RunLock(quiet / ".git/daydream/state/night"), pytest.raises(TryAgain, match="another daydream"):
        DreamTestRunner(quiet).test_tier1_dreams()
    assert statuses(quiet / ".git/daydream/state") == {"sum": "evaluated"}


def test_only_one_tries_at_a_time(quiet: Path) -> None:
    with RunLock(quiet / ".git/daydream/state/test"), pytest.raises(TryAgain, match="another daydream"):
        DreamTestRunner(quiet).test_tier1_dreams()


def test_a_night_that_was_not_finished_goes_first(quiet: Path) -> None:
    folder = quiet / ".git/daydream/state/night"
    head = heads.read_head(folder)
    assert head is not None
    whole = (folder / "state.json").read_bytes()
    (folder / "state.json").write_bytes(heads.encode(_reopened(head)))
    try:
        with pytest.raises(TryAgain, match="not finished, and goes first; `daydream run` finishes it"):
            DreamTestRunner(quiet).test_tier1_dreams()
    finally:
        (folder / "state.json").write_bytes(whole)


def _reopened(head: Any) -> Any:
    import msgspec

    return msgspec.structs.replace(head, closed=None)


class Meddling(Silent):
    """Does something as soon as a dream is about to be tried."""

    def __init__(self, does: Any) -> None:
        self.does = does
        self.notes: list[str] = []

    def progress(self, item: str, k: int, n: int) -> None:
        self.does()

    def note(self, text: str) -> None:
        self.notes.append(text)


def test_what_is_tried_while_a_night_starts_is_dropped(quiet: Path) -> None:
    if why := why_not():
        pytest.skip(why)
    head = quiet / ".git/daydream/state/night/state.json"
    whole = head.read_bytes()
    tryout = Tryout(quiet, observer=Meddling(lambda: head.write_bytes(whole + b"\n")))
    try:
        with pytest.raises(TryAgain, match="a night was started meanwhile and goes first"):
            list(tryout.run(tryout.waiting()))
    finally:
        head.write_bytes(whole)
    assert statuses(quiet / ".git/daydream/state") == {"sum": "evaluated"}


def test_without_a_sandbox_nothing_is_tried_and_it_says_what_to_do(quiet: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DAYDREAM_SANDBOX_ORDER", "docker")
        patch.setenv("DOCKER_HOST", "unix:///nowhere")
        with pytest.raises(SandboxRefused, match="no Docker engine answers"):
            DreamTestRunner(quiet).test_tier1_dreams()
    assert statuses(quiet / ".git/daydream/state") == {"sum": "evaluated"}


def test_where_no_night_ever_was_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no night was ever started"):
        DreamTestRunner(tmp_path).test_tier1_dreams()


@pytest.mark.parametrize("number", [0, -3])
def test_numbers_that_make_no_sense_are_refused(tmp_path: Path, number: int) -> None:
    with pytest.raises(UsageError, match="give at least one"):
        DreamTestRunner(tmp_path, tests_per_dream=number)
    with pytest.raises(UsageError, match="give a number of dreams from 1 on"):
        DreamTestRunner(tmp_path).test_tier1_dreams(limit=number)
    with pytest.raises(UsageError, match="give seconds above 0, and at least one round"):
        DreamTestRunner(tmp_path).run_continuous_testing(interval=5, max_iterations=number)
    with pytest.raises(UsageError, match="give seconds above 0, and at least one round"):
        DreamTestRunner(tmp_path).run_continuous_testing(interval=number)


def test_continuous_testing_ends_after_so_many_rounds(shop: Shop) -> None:
    shop.runner.test_dream(digest("late"))
    done = shop.runner.run_continuous_testing(interval=0.01, max_iterations=3)
    assert (done["iterations"], done["stopped"]) == (3, False)
    assert (done["tested_dreams"], done["pass_rate"]) == (0, None)


def test_a_night_is_waited_out_and_that_is_said_once(quiet: Path) -> None:
    lock = RunLock(quiet / ".git/daydream/state/night")
    lock.acquire()
    watching = Meddling(lambda: None)
    tryout = Tryout(quiet, observer=watching)
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 400:
            tryout.stop.request()

    kept = keep_testing(tryout, interval_s=0.001, sleep=sleep)
    lock.release()
    assert (kept.rounds, kept.stopped, kept.tested) == (0, True, [])
    (note,) = watching.notes
    assert note.startswith("another daydream is working on this repository")
    assert note.endswith("; waiting for it")


def test_a_stop_ends_the_waiting_at_once(shop: Shop) -> None:
    shop.runner.test_dream(digest("late"))
    watching = Meddling(lambda: None)
    tryout = Tryout(shop.root, observer=watching)
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        tryout.stop.request()

    kept = keep_testing(tryout, interval_s=3600, sleep=sleep)
    assert (kept.rounds, kept.stopped, len(slept)) == (1, True, 1)
    assert slept[0] <= 0.1
    assert watching.notes == ["0 dreams tried so far; the next round begins in 3600 s"]


def test_a_night_is_no_reason_to_wait_where_nobody_asked_for_it(quiet: Path) -> None:
    with RunLock(quiet / ".git/daydream/state/night"), pytest.raises(TryAgain):
        keep_testing(Tryout(quiet), times=1, waits=False)


def test_what_a_person_reads_says_how_each_ended(shop: Shop) -> None:
    tryout = Tryout(shop.root)
    tried = [replace(tryout.one(digest(name)), why="") for name in ("sum", "wrong")]
    text = list(lines(tried))
    assert text[0] == digest("sum")
    assert "it does the same" in text[1]
    assert text[-1] == "tried: 2 decided, 1 do the same (50%); undecided: 0, not tried: 0"
    assert list(lines([])) == ["no dream of tier 1 waits for a trial"]
