"""Children: bounded in time, ended as a group, interrupted by stops and budgets, never inside a shield."""

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from daydream.errors import DaydreamError, OutOfBudget, Stopped
from daydream.flow.signals import stopping
from daydream.git import GitError, attempt, git
from daydream.processes import GRACE_S, Stop, run

_SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


def test_a_child_leaves_its_code_and_its_output(tmp_path: Path) -> None:
    code = (
        "import sys; sys.stdout.write(sys.stdin.read() * 2); sys.stderr.write('a\\nlast\\n\\n'); sys.exit(3)"
    )
    left = run([sys.executable, "-c", code], cwd=tmp_path, stop=Stop(), stdin=b"xy")

    assert (left.returncode, left.stdout, left.last_words) == (3, b"xyxy", "last")
    assert not left.timed_out


def test_a_large_output_blocks_nobody(tmp_path: Path) -> None:
    left = run([sys.executable, "-c", "print('x' * 5_000_000)"], cwd=tmp_path, stop=Stop())

    assert len(left.stdout) == 5_000_001


def test_a_child_runs_at_low_priority_and_in_a_group_of_its_own(tmp_path: Path) -> None:
    code = "import os, time; time.sleep(0.2); print(os.nice(0), os.getpgid(0) == os.getpid())"
    left = run([sys.executable, "-c", code], cwd=tmp_path, stop=Stop())

    assert left.stdout.split() == [str(min(19, os.nice(0) + 10)).encode(), b"True"]


def test_a_child_that_takes_too_long_is_ended_with_its_own_children(tmp_path: Path) -> None:
    code = (
        "import subprocess, sys; c = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
        "print(c.pid, flush=True); c.wait()"
    )
    left = run([sys.executable, "-c", code], cwd=tmp_path, stop=Stop(), timeout_s=1.5)

    assert left.timed_out
    assert left.returncode == -signal.SIGKILL
    assert not _lives(int(left.stdout))


def _lives(pid: int) -> bool:
    for _ in range(100):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return False
        if state == "Z":
            return False
        time.sleep(0.02)
    return True


def test_a_stop_ends_a_child_once_the_grace_is_over(tmp_path: Path) -> None:
    stop = Stop()
    stop.request()
    begun = time.monotonic()
    with pytest.raises(Stopped):
        run(_SLEEP, cwd=tmp_path, stop=stop)

    assert time.monotonic() - begun >= GRACE_S * 0.9
    assert stop.children == set()


def test_a_second_request_ends_the_grace_at_once() -> None:
    stop = Stop()
    stop.request()
    stop.check()
    stop.request()
    with pytest.raises(Stopped):
        stop.check()


def test_a_deadline_is_the_end_of_the_budget(tmp_path: Path) -> None:
    with pytest.raises(OutOfBudget):
        run(_SLEEP, cwd=tmp_path, stop=Stop(deadline=time.monotonic() + 0.2))


def test_below_a_shield_nothing_stops_and_afterwards_it_does() -> None:
    stop = Stop()
    reached = False
    with pytest.raises(Stopped), stop.shield():
        stop.interrupt()
        stop.check()
        reached = True

    assert reached


def test_a_signal_interrupts_work_that_never_looks() -> None:
    stop = Stop()
    with pytest.raises(Stopped), stopping(stop):
        os.kill(os.getpid(), signal.SIGTERM)
        until = time.monotonic() + 30
        while time.monotonic() < until:
            pass

    assert stop.requested
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


def test_a_program_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        run(["no-such-program"], cwd=tmp_path, stop=Stop())


def test_git_says_in_its_own_words_what_it_refuses(tmp_path: Path) -> None:
    with pytest.raises(GitError, match=r"git rev-parse failed: fatal: not a git repository"):
        git(tmp_path, "rev-parse", "HEAD", stop=Stop())
    assert attempt(tmp_path, "rev-parse", "HEAD", stop=Stop()).returncode == 128


def test_a_machine_without_git_gets_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(DaydreamError, match="git is not installed"):
        git(tmp_path, "status", stop=Stop(), env={"PATH": str(tmp_path)})
