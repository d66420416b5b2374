"""What every command shares: the global options, and how a command enters the parser."""

import argparse
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from daydream.errors import UsageError

if TYPE_CHECKING:
    import datetime as dt
    from pathlib import Path

Subparsers = Any  # argparse keeps the type of its subparsers private
DAILY_AT = "02:00"
_HELP_COLUMN = 26


class Formatter(argparse.HelpFormatter):
    """Help at the terminal's width, without the import of shutil that argparse would make for it."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=_HELP_COLUMN, width=_columns())


class Parser(argparse.ArgumentParser):
    """A parser whose errors pass through the one error boundary."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(allow_abbrev=False, formatter_class=Formatter, **settings)

    def error(self, message: str) -> Any:
        """Raise instead of printing and exiting."""
        raise UsageError(f"{message}; see `{self.prog} --help`")


def add_globals(parser: argparse.ArgumentParser, *, top: bool) -> None:
    """Add the options that stand before or after the command.

    Below the top nothing has a default, so that what was said before the command is not overwritten.
    """

    def default(value: object) -> object:
        return value if top else argparse.SUPPRESS

    group = parser.add_argument_group("everywhere")
    group.add_argument("--root", metavar="DIR", default=default("."), help="the repository (default: here)")
    group.add_argument(
        "--config",
        metavar="FILE",
        dest="config_file",
        default=default(None),
        help="read this instead of your own configuration file",
    )
    group.add_argument(
        "--json",
        action="store_true",
        dest="as_json",
        default=default(value=False),
        help="print one JSON document",
    )
    group.add_argument("-v", "--verbose", action="store_true", default=default(value=False), help="say more")
    group.add_argument(
        "-q",
        "--quiet",
        action="store_true",
        default=default(value=False),
        help="say nothing that was not asked for",
    )


def add_command(
    subparsers: Subparsers, name: str, summary: str, run: Callable[[argparse.Namespace], int] | None
) -> argparse.ArgumentParser:
    """Enter a command; `run` is None for one that only groups others."""
    parser: argparse.ArgumentParser = subparsers.add_parser(name, help=summary, description=summary)
    add_globals(parser, top=False)
    if run is not None:
        parser.set_defaults(call=run)
    return parser


def root(args: argparse.Namespace) -> "Path":
    """Return the absolute folder of `--root`.

    Raises:
        UsageError: it is not a folder.
    """
    folder = _place(args.root, "--root")
    if not folder.is_dir():
        what = "is not a folder" if folder.exists() else "does not exist"
        raise UsageError(f"--root {args.root} {what}; name the folder of a repository")
    try:
        return folder.resolve()
    except OSError as error:
        msg = f"--root {args.root} cannot be found, because the folder that you are in is gone; go to another one"
        raise UsageError(msg) from error


def config_file(args: argparse.Namespace) -> "Path | None":
    """Return the absolute path of `--config`, if it was given.

    Raises:
        UsageError: it can be no file's name.
    """
    if args.config_file is None:
        return None
    try:
        return _place(args.config_file, "--config").absolute()
    except OSError as error:
        msg = f"--config {args.config_file} cannot be found, because the folder that you are in is gone; go to another one"
        raise UsageError(msg) from error


def _place(text: str, flag: str) -> "Path":
    from pathlib import Path

    if not text:
        # A script's variable that was not set must not mean the current folder.
        raise UsageError(
            f"{flag} is empty; name a {'folder' if flag == '--root' else 'file'} or leave it out"
        )
    try:
        return Path(text).expanduser()
    except RuntimeError as error:
        raise UsageError(f"{flag} {text} names the home of a user who is not known here") from error


def clock_time(text: str) -> "dt.time":
    """Read ``HH:MM``.

    Raises:
        UsageError: it is not a time of day.
    """
    import datetime as dt

    hours, colon, minutes = text.partition(":")
    digits = all(part.isascii() and part.isdigit() and len(part) <= 2 for part in (hours, minutes))
    if not colon or not digits or int(hours) > 23 or int(minutes) > 59 or len(minutes) != 2:
        raise UsageError(f'--at "{text}" is not a time of day; write it as HH:MM, such as {DAILY_AT}')
    return dt.time(int(hours), int(minutes))


def names(text: str | None) -> tuple[str, ...]:
    """Split ``A,B``; blanks around a name do not count."""
    return tuple(name.strip() for name in (text or "").split(",") if name.strip())


def _columns() -> int:
    try:
        width = int(os.environ.get("COLUMNS") or os.get_terminal_size().columns)
    except (OSError, ValueError):
        width = 80
    return max(40, min(width, 120)) - 2
