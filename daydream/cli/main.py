"""The parser, the exit codes and the one error boundary."""

import argparse
import errno
import os
import re
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from daydream import __version__
from daydream.cli import (
    config,
    doctor,
    dream,
    findings,
    fsck,
    init,
    peek,
    proposals,
    report,
    run,
    runs,
    schedule,
    show,
    status,
    suppress,
    undo,
)
from daydream.cli.options import Parser, add_globals
from daydream.cli.output import complain, flushed, open_missing
from daydream.errors import DaydreamError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

COMMANDS = {
    "run": run,
    "peek": peek,
    "status": status,
    "report": report,
    "runs": runs,
    "show": show,
    "findings": findings,
    "suppress": suppress,
    "proposals": proposals,
    "undo": undo,
    "dream": dream,
    "init": init,
    "doctor": doctor,
    "config": config,
    "schedule": schedule,
    "fsck": fsck,
}

UNEXPECTED = 3
_IO_ERROR = 74
_TRY_AGAIN = 75
_INTERRUPTED = 130
_FULL = {errno.ENOSPC, errno.EDQUOT}
_REFUSED = {errno.EIO, errno.EROFS, errno.EACCES, errno.EPERM}
_TAKES_VALUE = ("--root", "--config")
_GLOBAL = re.compile(r"--(root|config)=.*|--json|--verbose|--quiet|-[vq]+", re.DOTALL)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; nothing is raised."""
    open_missing()
    words = list(sys.argv[1:] if argv is None else argv)
    args = argparse.Namespace(as_json="--json" in words, command=None)
    return guarded(lambda: flushed(guarded(lambda: _start(words, args), args)), args)


def build_parser() -> argparse.ArgumentParser:
    """Build the whole parser, every command included."""
    parser = Parser(
        prog="daydream",
        description="The night shift of a Python repository. Without a command: run.",
        epilog="Exit codes: 0 done, 1 a step failed, 2 usage or configuration, 3 unexpected, 70 state "
        "damaged, 74 I/O error, 75 try again, 78 state is newer.",
    )
    parser.add_argument("--version", action="version", version=f"daydream {__version__}")
    add_globals(parser, top=True)
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands", required=True)
    for command in COMMANDS.values():
        command.add_parser(subparsers)
    return parser


def with_command(words: Sequence[str]) -> list[str]:
    """Put `run` where no command was said: after the global options.

    Raises:
        UsageError: the first word that should be a command is none.
    """
    place = 0
    while place < len(words):
        if words[place] in _TAKES_VALUE:
            place += 2
        elif _GLOBAL.fullmatch(words[place]):
            place += 1
        else:
            break
    if place > len(words):
        raise UsageError(f"{words[-1]} needs a value; see `daydream --help`")
    word = words[place] if place < len(words) else ""
    if word in COMMANDS or word in ("-h", "--help", "--version"):
        return list(words)
    if word and not word.startswith("-"):
        raise UsageError(_unknown_command(word))
    return [*words[:place], "run", *words[place:]]


def guarded(command: Callable[[], int], args: argparse.Namespace) -> int:
    """Run a command inside the error boundary: every failure becomes a sentence and an exit code."""
    try:
        return command()
    except SystemExit as end:  # argparse has printed help or version
        return end.code if isinstance(end.code, int) else 0
    except KeyboardInterrupt:
        return _failed("interrupted; the same command continues where it was", _INTERRUPTED, args)
    except DaydreamError as error:
        return _failed(str(error), error.exit_code, args)
    except OSError as error:
        known = _disk_trouble(error)
        return _failed(*known, args) if known else _unexpected(error, args)
    except Exception as error:  # noqa: BLE001 -- the boundary: nothing may end as a traceback on the terminal
        return _unexpected(error, args)


def unsupported(platform: str) -> str | None:
    """Say why daydream does not run on a platform (as `sys.platform` names it), or None."""
    if platform in ("win32", "cygwin"):
        return "Windows is not supported; run daydream on Linux or macOS, or inside WSL"
    return None


def _start(words: list[str], args: argparse.Namespace) -> int:
    reason = unsupported(sys.platform)
    if reason is not None:
        raise UsageError(reason)
    # A file name that is no valid text must not end a command while it prints.
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="backslashreplace")
    build_parser().parse_args(with_command(words), namespace=args)
    call: Callable[[argparse.Namespace], int] = args.call
    return call(args)


def _failed(message: str, exit_code: int, args: argparse.Namespace) -> int:
    complain(message, as_json=args.as_json, exit_code=exit_code)
    return exit_code


def _disk_trouble(error: OSError) -> tuple[str, int] | None:
    place = f" ({os.fsdecode(error.filename)})" if isinstance(error.filename, str | bytes) else ""
    if error.errno in _FULL:
        return f"the disk is full{place}; free some space, then start the same command again", _TRY_AGAIN
    if error.errno in _REFUSED:
        return (
            f"the disk refused{place}: {error.strerror}; mend that, then start the same command again",
            _IO_ERROR,
        )
    return None


def _unexpected(error: Exception, args: argparse.Namespace) -> int:
    from daydream.cli import crash

    written = crash.write(error, _crash_folder(args))
    where = f"the traceback is in {written}" if written else "the traceback could not be written anywhere"
    exit_code = _failed(
        f"unexpected {type(error).__name__}; this is a bug in daydream, and {where}", UNEXPECTED, args
    )
    dsn = os.environ.get(crash.DSN_VARIABLE)
    problem = crash.send(error, dsn) if dsn else None
    if problem:
        complain(problem, exit_code=UNEXPECTED)
    return exit_code


def _crash_folder(args: argparse.Namespace) -> "Path | None":
    """The logs folder for a night; the other commands write nothing into the repository, not even now."""
    if args.command != "run":
        return None
    from daydream.cli import logs
    from daydream.cli.options import config_file, root

    try:
        return logs.folder(root(args), config_file(args), os.environ)
    except (DaydreamError, OSError, ValueError, RuntimeError):
        return None


def _unknown_command(word: str) -> str:
    import difflib

    near = difflib.get_close_matches(word, COMMANDS, 1)
    hint = f"did you mean `{near[0]}`?" if near else "`daydream --help` lists them all"
    return f'unknown command "{word}"; {hint}'
