"""What commands print: lines for people, or one JSON document; never control characters from elsewhere."""

import argparse
import errno
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from daydream.errors import StateUnreadable, TryAgain

if TYPE_CHECKING:
    from daydream.contracts.use_cases import RunResult

_STDOUT, _STDERR = 1, 2
# Texts from files, logs and servers end up in lines; an escape sequence in them must not reach the terminal.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def printable(text: str) -> str:
    """Write control characters as ``\\x1b`` and keep everything else, line breaks and tabs included."""
    return _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


def emit(result: "RunResult", args: argparse.Namespace, *, asked: bool = True) -> int:
    """Print a result and return its exit code.

    `asked` says that the lines are what the person asked for; others are left out with `-q` when all
    is well.
    """
    if args.as_json:
        import json

        # ASCII, so that no encoding of the terminal can break the document.
        text = json.dumps(dict(result.data), indent=2)
    elif args.quiet and not asked and result.exit_code == 0:
        return 0
    else:
        text = printable("\n".join(result.lines))
    return flushed(result.exit_code, text)


def complain(message: str, *, as_json: bool = False, exit_code: int) -> None:
    """Say on standard error what went wrong; with `--json` as a document on standard output too."""
    try:
        print(f"daydream: {printable(message)}", file=sys.stderr, flush=True)
    except OSError:
        silence(_STDERR)
    if as_json:
        import json

        try:
            print(json.dumps({"error": message, "exit_code": exit_code}, indent=2), flush=True)
        except OSError:
            silence(_STDOUT)


def flushed(exit_code: int, text: str = "") -> int:
    """Print the text and what is still held back, and return the exit code.

    Raises:
        TryAgain, StateUnreadable: standard output goes to a disk that is full or refuses.
    """
    try:
        if text:
            print(text)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader has gone, which says nothing about the work: its exit code stands.
        silence(_STDOUT)
    except OSError as error:
        silence(_STDOUT)
        kind = TryAgain if error.errno in (errno.ENOSPC, errno.EDQUOT) else StateUnreadable
        msg = f"standard output cannot be written: {error.strerror}; what was done stands, send the answer elsewhere"
        raise kind(msg) from error
    try:
        sys.stderr.flush()
    except OSError:
        silence(_STDERR)
    return exit_code


def open_missing() -> None:
    """Lead standard streams that were closed to nowhere, before a file of ours takes their numbers."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115 -- stays open


def silence(stream: int) -> None:
    """Send the rest of a stream to nowhere, so that the interpreter's last flush does not complain."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream)
    os.close(nowhere)
