"""git, hardened: no hooks, no filters, no network, no questions, no locks that a reader does not need."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from daydream.errors import DaydreamError, UsageError
from daydream.processes import Completed, Stop, run

_SETTINGS = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.quotePath=false",
    "core.untrackedCache=keep",
    "protocol.allow=never",
    "gc.auto=0",
    "maintenance.auto=false",
    "commit.gpgSign=false",
    "core.fsync=committed,reference",
    "advice.detachedHead=false",
)
_INHERITED = ("PATH", "HOME", "XDG_CONFIG_HOME", "LANG", "TMPDIR", "SYSTEMROOT")
_FORCED = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_PAGER": "cat",
    "GIT_ATTR_NOSYSTEM": "1",
    "LC_ALL": "C.UTF-8",
}


class GitError(DaydreamError):
    """git refused; the message carries its last words."""

    def __init__(self, argv: Sequence[str], left: Completed) -> None:
        self.returncode = left.returncode
        words = left.last_words or f"exit code {left.returncode}"
        super().__init__(f"git {argv[0]} failed: {words}")


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Build the environment of a git child: an allow-list, forced settings, then `extra`."""
    kept = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    return {**kept, **_FORCED, **(extra or {})}


def git(
    root: Path,
    *argv: str,
    stop: Stop,
    env: Mapping[str, str] | None = None,
    stdin: bytes = b"",
    settings: Sequence[str] = (),
    timeout_s: float = 300.0,
) -> bytes:
    """Run git in `root` and return its standard output.

    Raises:
        GitError: git ended with another code than 0 or took longer than `timeout_s`.
        UsageError: there is no git on this machine.
    """
    left = attempt(root, *argv, stop=stop, env=env, stdin=stdin, settings=settings, timeout_s=timeout_s)
    if left.returncode != 0:
        raise GitError(argv, left)
    return left.stdout


def attempt(
    root: Path,
    *argv: str,
    stop: Stop,
    env: Mapping[str, str] | None = None,
    stdin: bytes = b"",
    settings: Sequence[str] = (),
    timeout_s: float = 300.0,
) -> Completed:
    """Run git in `root` and return what it left, whatever its exit code.

    Raises:
        UsageError: there is no git on this machine.
    """
    options = [part for setting in (*_SETTINGS, *settings) for part in ("-c", setting)]
    try:
        return run(
            ["git", *options, *argv],
            cwd=root,
            env=environment(env),
            stdin=stdin,
            stop=stop,
            timeout_s=timeout_s,
            nice=False,
        )
    except FileNotFoundError as error:
        msg = "git is not installed or not on PATH; install it and start again"
        raise UsageError(msg) from error
