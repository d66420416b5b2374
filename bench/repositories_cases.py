"""Scratch copies of repositories, with what makes a checkout special planted in them."""

import datetime as dt
import random
import shutil
import subprocess
import zoneinfo
from collections.abc import Callable
from pathlib import Path

FIRST_ZONE = "Etc/GMT+12"
_LOG_BYTES = 50 * 2**20
_SEED = 20
_BROKEN = "def broken(:\n    return 1\n"
_NEWER = "type Pair[T] = tuple[T, T]\n\n\ndef first[T](pair: Pair[T]) -> T:\n    return pair[0]\n"
_OLDER = "def first(pair):\n    return pair[0]\n"


def git(root: Path, *argv: str) -> str:
    """Run git in a scratch copy, as nobody in particular."""
    who = ["-c", "user.name=bench", "-c", "user.email=bench@example.invalid", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", "-C", str(root), *who, *argv], capture_output=True, check=True)
    return done.stdout.decode()


def copy(source: Path, target: Path) -> None:
    """Copy a repository with its history, without anything that a night left in it."""
    shutil.copytree(source, target, symlinks=True)
    shutil.rmtree(target / ".git" / "daydream", ignore_errors=True)
    shutil.rmtree(target / ".daydream", ignore_errors=True)


def tracked(root: Path, ending: str) -> list[str]:
    """The tracked (without git: all) paths that end so, sorted; hidden folders aside."""
    if (root / ".git").exists():
        names = git(root, "ls-files", "-z").split("\0")
    else:
        names = [path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()]
    return sorted(name for name in names if name.endswith(ending) and not name.startswith("."))


def as_it_is(_root: Path, _python: str) -> str:
    """Nothing planted."""
    return ""


def dirty(root: Path, _python: str) -> str:
    """Leave work behind in every way: staged, unstaged, deleted, new and staged, untracked."""
    first, second, third, *_ = tracked(root, ".py")
    with (root / first).open("a", encoding="utf-8") as handle:
        handle.write("\n# staged\n")
    git(root, "add", first)
    with (root / first).open("a", encoding="utf-8") as handle:
        handle.write("# and changed again\n")
    with (root / second).open("a", encoding="utf-8") as handle:
        handle.write("\nimport nowhere_to_be_seen\n")
    (root / third).unlink()
    (root / "staged_new.py").write_text("def _unused_and_staged():\n    return 1\n", encoding="utf-8")
    git(root, "add", "staged_new.py")
    (root / "notes of mine.py").write_text("def _unused_and_untracked():\n    return 1\n", encoding="utf-8")
    (root / "TODO-mine.md").write_text("- [ ] [gone](gone.md)\n", encoding="utf-8")
    return "3 changed, 1 new and staged, 2 untracked"


def without_git(root: Path, _python: str) -> str:
    """Take the history away."""
    shutil.rmtree(root / ".git")
    return "no .git"


def syntax_error(root: Path, _python: str) -> str:
    """Commit one file that is no Python, one that is not UTF-8 and an empty one."""
    (root / "broken_module.py").write_text(_BROKEN, encoding="utf-8")
    (root / "not_utf8.py").write_bytes(b"name = '\xff\xfe'\n")
    (root / "empty_module.py").write_bytes(b"")
    git(root, "add", "-f", "broken_module.py", "not_utf8.py", "empty_module.py")
    git(root, "commit", "-q", "--no-verify", "-m", "Plant a syntax error")
    return "broken_module.py does not parse"


def big_log(root: Path, _python: str) -> str:
    """Write 50 MB of log whose last 24 hours hold recurring errors."""
    place = root / "logs"
    place.mkdir(exist_ok=True)
    rng = random.Random(_SEED)
    # Python's usual format has no zone; the first night is told to live in this one.
    now = dt.datetime.now(zoneinfo.ZoneInfo(FIRST_ZONE))
    lines = 460_000
    step = dt.timedelta(hours=48) / lines
    written = 0
    with (place / "application.log").open("w", encoding="utf-8") as handle:
        for number in range(lines):
            when = (now - step * (lines - number)).strftime("%Y-%m-%d %H:%M:%S,%f")[:-3]
            written += handle.write(f"{when} {_event(rng)}\n")
    assert written >= _LOG_BYTES, written
    return f"logs/application.log, {written / 2**20:.0f} MB"


def _event(rng: random.Random) -> str:
    chance = rng.random()
    if chance < 0.0005:
        return (
            f"ERROR shop.payment Payment {rng.randrange(10**8)} refused by gateway: "
            f"timeout after {rng.randrange(1000, 9999)} ms while waiting for a reply"
        )
    if chance < 0.0008:
        return (
            f"ERROR shop.mail Could not send mail to user {rng.randrange(10**6)}: connection refused by relay"
        )
    if chance < 0.01:
        return f"WARNING shop.stock Item {rng.randrange(10**5)} is low: {rng.randrange(9)} left in warehouse"
    return (
        f"INFO shop.web request {rng.getrandbits(64):016x} GET /item/{rng.randrange(10**6)} "
        f"answered 200 in {rng.randrange(1, 900)} ms for session {rng.getrandbits(48):012x}"
    )


def other_python(root: Path, python: str) -> str:
    """Make .venv with another Python and commit a module in that version's own syntax."""
    subprocess.run([python, "-m", "venv", "--without-pip", str(root / ".venv")], check=True)
    asked = subprocess.run(
        [python, "-c", "import sys; print(*sys.version_info[:2])"], capture_output=True, check=True
    )
    major, minor = map(int, asked.stdout.split())
    (root / "of_that_version.py").write_text(_NEWER if minor >= 12 else _OLDER, encoding="utf-8")
    git(root, "add", "-f", "of_that_version.py")
    git(root, "commit", "-q", "--no-verify", "-m", "Use what that Python can do")
    return f".venv of Python {major}.{minor}"


CASES: dict[str, Callable[[Path, str], str]] = {
    "dirty": dirty,
    "without-git": without_git,
    "syntax-error": syntax_error,
    "big-log": big_log,
    "other-python": other_python,
}
