"""`daydream dream test` as its user starts it: once, one dream, again and again, and stopped."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from daydream.analysis.source import digest
from daydream.store.lock import RunLock
from tests.fakes.bubblewrap import why_not
from tests.fakes.waiting_dreams import SUM, after_a_night, environment, settle, statuses

STOPPED = 75


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A repository in which two dreams wait."""
    folder = tmp_path_factory.mktemp("shop")
    with pytest.MonkeyPatch.context() as patch:
        settle(patch, folder)
        after_a_night(folder / "sums", {"sum": (SUM, 0.9), "late": (f"{SUM}# late\n", 0.7)})
        yield folder / "sums"


def start(root: Path, *words: str) -> "subprocess.Popen[str]":
    argv = [sys.executable, "-m", "daydream", "--root", str(root), "dream", "test", *words]
    pipe = subprocess.PIPE
    return subprocess.Popen(argv, env=environment(), cwd="/", stdout=pipe, stderr=pipe, text=True)


def ended(root: Path, *words: str) -> tuple[int, str, str]:
    child = start(root, *words)
    out, err = child.communicate(timeout=120)
    assert "Traceback" not in err, err
    return child.returncode, out, err


def said(root: Path, *words: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(ended(root, *words, "--json")[1])
    return found


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--every", "0"], "--every 0: give a number above 0"),
        (["--times", "-1"], "--times -1: give a number above 0"),
        (["--limit", "0"], "--limit 0: give a number above 0"),
        (["abc", "--every", "5"], "one dream is tried once"),
        (["abc"], "no dream has the id 'abc'"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_sentence(shop: Path, words: list[str], says: str) -> None:
    code, out, err = ended(shop, *words)
    assert (code, out) == (2, "")
    assert says in err


def test_a_night_that_works_goes_first(shop: Path) -> None:
    with RunLock(shop / ".git/daydream/state/night"):
        code, _, err = ended(shop)
    assert code == STOPPED
    assert "another daydream is working on this repository" in err


def test_dreams_that_wait_are_tried_and_kept_and_a_stop_ends_the_waiting(shop: Path) -> None:
    if why := why_not():
        pytest.skip(why)
    one = said(shop, digest("sum")[:8])
    assert (one["dream_id"], one["passed"]) == (digest("sum"), True)
    child = start(shop, "--every", "3600")
    assert child.stderr is not None
    waits = next(line for line in child.stderr if "the next round begins in 3600 s" in line)
    assert "1 dream tried so far" in waits
    child.send_signal(signal.SIGTERM)
    out, err = child.communicate(timeout=30)
    assert "Traceback" not in err
    assert child.returncode == STOPPED
    assert out.startswith(f"{digest('late')}\n  trial of ")
    assert "it does the same" in out
    assert statuses(shop / ".git/daydream/state") == {"sum": "tested", "late": "tested"}
    code, out, _ = ended(shop, "--times", "2", "--every", "0.01")
    assert (code, out) == (0, "no dream of tier 1 waits for a trial\n")
