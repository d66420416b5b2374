"""Nights that try their dreams: really, in a sandbox, killed in the middle, and without one."""

import shutil
import signal
import sqlite3
import time
from pathlib import Path

import pytest

from tests.e2e.conftest import Place
from tests.fakes import checkouts
from tests.fakes.bubblewrap import why_not

SOURCE = '''
def total(numbers: list[int], scale: int = 1) -> int:
    """Add them up."""
    if not isinstance(numbers, list):
        raise TypeError("numbers must be a list")
    result = 0
    for number in numbers:
        if number is None:
            continue
        result += number
    found = False
    for number in numbers:
        if number == 0:
            found = True
    return -result * scale if found else result


def longest(words: list[str], limit: int = 10) -> str:
    """The longest word of at most `limit` characters."""
    if limit < 0:
        raise ValueError("limit must not be negative")
    best = ""
    for word in sorted(words):
        if len(word) <= limit and len(word) > len(best):
            best = word
    return best
'''
DREAMS = ("run", "--only", "catalogue,generate,judge,trial,tighten,score")
TRIALS = {
    "DAYDREAM_TRIALS_PER_NIGHT": "3",
    "DAYDREAM_TRIALS_COMPARE": "1",
    "DAYDREAM_TRIALS_INPUTS": "12",
    "DAYDREAM_SANDBOX_ORDER": "bubblewrap",
}


def made(base: Path) -> Place:
    """A repository with two functions that are dreamt of."""
    if why := why_not():
        pytest.skip(why)
    checkouts.make(base / "sums", {"sums.py": SOURCE})
    (base / "home").mkdir(exist_ok=True)
    return Place(base / "sums", base / "home", dict(TRIALS))


@pytest.fixture
def sums(tmp_path: Path) -> Place:
    return made(tmp_path)


@pytest.fixture(scope="module")
def over(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """The same after a night."""
    place = made(tmp_path_factory.mktemp("over"))
    assert place.daydream(*DREAMS).returncode == 0
    return place


def test_a_night_tries_its_dreams_and_says_how_they_behaved(over: Place) -> None:
    trials = over.data("dream", "trials")["trials"]
    assert trials
    assert {each["outcome"] for each in trials} <= {
        "behaviour_preserving",
        "behaviour_changing",
        "failing",
        "undecided",
    }
    assert {each["backend"] for each in trials} == {"bubblewrap"}
    assert f"tried: {len(trials)} (" in over.report()
    assert over.daydream("dream", "trials").stdout
    assert over.daydream("dream", "failures").returncode == 0
    assert over.daydream("dream", "patterns").returncode == 0
    assert over.data("dream", "learning")["learning"]["operators"]
    assert not (over.root / "__pycache__").exists()


def test_a_trial_can_be_made_again_and_nothing_is_kept_of_it(over: Place) -> None:
    trials = over.data("dream", "trials")["trials"]
    trial = next(each for each in trials if each["outcome"] != "undecided" and each["effect"] != "gained")
    before = checkouts.everything(over.root)
    again = over.daydream("dream", "replay", trial["dream_id"])
    assert (again.returncode, again.stdout.splitlines()[-1].strip()) == (0, "the verdict stands")
    assert "the same " in again.stdout
    assert checkouts.everything(over.root) == before
    with sqlite3.connect(over.state.parent / "dreams.db") as store:
        store.execute(
            "UPDATE trials SET outcome = 'failing', effect = NULL WHERE dream_id = ?", (trial["dream_id"],)
        )
    again = over.daydream("dream", "replay", trial["dream_id"])
    assert (again.returncode, again.stdout.splitlines()[-1].strip()) == (1, "the verdict does not stand")


def test_a_night_that_is_killed_among_its_trials_goes_on_and_tries_none_twice(sums: Place) -> None:
    child = sums.start(*DREAMS)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not tried(sums):
        time.sleep(0.05)
    child.send_signal(signal.SIGKILL)
    child.communicate()
    assert tried(sums)
    assert sums.daydream(*DREAMS).returncode == 0
    ids = [
        each["dream_id"]
        for each in sums.data("dream", "trials")["trials"]
        if not each["evidence"].get("withdrawn")
    ]
    assert len(ids) == len(set(ids))


def tried(place: Place) -> bool:
    """Whether a trial was committed."""
    journals = place.state.glob("runs/*/journal.jsonl")
    return any('"name":"trial-' in path.read_text(errors="replace") for path in journals)


def test_without_a_sandbox_the_night_goes_on_and_says_what_to_do(sums: Place, tmp_path: Path) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("git", "sh", "ldd", "bash"):
        found = shutil.which(name)
        if found:
            (programs / name).symlink_to(found)
    sums.extra["PATH"] = str(programs)
    assert sums.daydream(*DREAMS).returncode == 0
    assert sums.data("dream", "trials")["trials"] == []
    page = sums.report()
    assert "bubblewrap is not installed" in page
