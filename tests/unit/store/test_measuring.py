"""One measures at a time: the others wait, give up with a reason, or take over from the dead."""

import subprocess
import sys
from pathlib import Path

import pytest

from daydream.store.measuring import BUSY, measuring

HOLD = """
import sys
from pathlib import Path
from daydream.store.measuring import measuring
with measuring(Path(sys.argv[1]), lambda: None) as why:
    print(why, flush=True)
    sys.stdin.read()
"""


def nothing() -> None:
    """Nobody wants us to stop."""


def holder(folder: Path) -> "subprocess.Popen[str]":
    """Another process that holds the lock by the time this returns."""
    child = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "None\n"
    return child


def test_whoever_comes_second_gives_up_with_a_reason(tmp_path: Path) -> None:
    with holder(tmp_path) as other:
        with measuring(tmp_path, nothing, patience_s=0.0) as why:
            assert why == BUSY
        other.kill()
    with measuring(tmp_path, nothing, patience_s=0.0) as why:
        assert why is None, "the dead hold nothing"


def test_whoever_waits_looks_whether_to_stop(tmp_path: Path) -> None:
    class Enough(Exception):
        pass

    asked: list[int] = []

    def check() -> None:
        asked.append(1)
        if len(asked) > 3:
            raise Enough

    with holder(tmp_path) as other:
        with pytest.raises(Enough), measuring(tmp_path, check):
            pass
        other.kill()


def test_the_lock_is_handed_on_to_whoever_waits(tmp_path: Path) -> None:
    with holder(tmp_path) as other:
        waited: list[int] = []

        def check() -> None:
            waited.append(1)
            if len(waited) == 2:
                other.kill()
                other.wait()

        with measuring(tmp_path, check) as why:
            assert why is None
        assert len(waited) == 2


def test_it_is_free_again_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), measuring(tmp_path / "new", nothing):
        raise ZeroDivisionError
    with measuring(tmp_path / "new", nothing, patience_s=0.0) as why:
        assert why is None


def test_where_no_lock_can_be_had_the_reason_names_it(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with measuring(tmp_path / "file" / "below", nothing) as why:
        assert why is not None
        assert str(tmp_path / "file" / "below") in why
