"""Nights that try their dreams: really, in a sandbox, killed in the middle, and without one."""

import shutil
import signal
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
DREAMS = ("run", "--only", "catalogue,generate,judge,trial,score")
TRIALS = {
    "DAYDREAM_TRIALS_PER_NIGHT": "3",
    "DAYDREAM_TRIALS_COMPARE": "1",
    "DAYDREAM_TRIALS_INPUTS": "12",
    "DAYDREAM_SANDBOX_ORDER": "bubblewrap",
}


@pytest.fixture
def sums(tmp_path: Path) -> Place:
    """A repository with two functions that are dreamt of."""
    if why := why_not():
        pytest.skip(why)
    checkouts.make(tmp_path / "sums", {"sums.py": SOURCE})
    return Place(tmp_path / "sums", tmp_path / "home", dict(TRIALS))


def test_a_night_tries_its_dreams_and_says_how_they_behaved(sums: Place) -> None:
    assert sums.daydream(*DREAMS).returncode == 0
    trials = sums.data("dream", "trials")["trials"]
    assert trials
    assert {each["outcome"] for each in trials} <= {
        "behaviour_preserving",
        "behaviour_changing",
        "failing",
        "undecided",
    }
    assert {each["backend"] for each in trials} == {"bubblewrap"}
    assert f"tried: {len(trials)} (" in sums.report()
    assert sums.daydream("dream", "trials").stdout
    assert sums.daydream("dream", "failures").returncode == 0
    assert sums.daydream("dream", "patterns").returncode == 0
    assert not (sums.root / "__pycache__").exists()


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
