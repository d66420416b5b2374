"""What commands print: lines for people, or one JSON document; never control characters from elsewhere."""

import argparse
import os
import re
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from daydream.contracts.use_cases import RunResult

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
    try:
        if text:
            print(text)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader has gone, which says nothing about the work: its exit code stands.
        silence_stdout()
    return result.exit_code


def complain(message: str, *, as_json: bool = False, exit_code: int) -> None:
    """Say on standard error what went wrong; with `--json` as a document on standard output too."""
    print(f"daydream: {printable(message)}", file=sys.stderr, flush=True)
    if as_json:
        import json

        print(json.dumps({"error": message, "exit_code": exit_code}, indent=2), flush=True)


def silence_stdout() -> None:
    """Send the rest to nowhere, so that the interpreter's last flush does not complain."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
