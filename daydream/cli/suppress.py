"""`suppress`: silence one finding."""

import argparse

from daydream.cli.options import Subparsers, add_command
from daydream.errors import UsageError

MOST_DAYS = 36500


def add_parser(subparsers: Subparsers) -> None:
    """Enter the command."""
    parser = add_command(subparsers, "suppress", "silence one finding from the next night on", run)
    parser.add_argument("id", metavar="ID", help="the finding's id")
    parser.add_argument("--days", metavar="N", help="for so many days (default: for good)")
    parser.add_argument("--reason", metavar="R", help="why; kept with the finding")


def run(args: argparse.Namespace) -> int:
    """Note the wish for the next night; takes no lock."""
    from daydream import app
    from daydream.cli.options import config_file, root
    from daydream.cli.output import emit

    days = None if args.days is None else whole_days(args.days)
    # What a terminal sent that is no text would not fit into the inbox.
    reason = None if args.reason is None else args.reason.encode("utf-8", "backslashreplace").decode()
    return emit(app.suppress(root(args), config_file(args), args.id, days, reason), args)


def whole_days(text: str) -> int:
    """Read a number of days.

    Raises:
        UsageError: it is none, or the calendar ends before them.
    """
    number = text.removeprefix("-")
    if not (number.isascii() and number.isdigit() and len(number) <= len(str(MOST_DAYS))):
        raise UsageError(f'--days "{text}" is not a number of days, such as 30')
    days = int(text)
    if not 1 <= days <= MOST_DAYS:
        what = "less than one day" if days < 1 else f"more than {MOST_DAYS} days"
        raise UsageError(f"--days {text} is {what}; leave it out to silence the finding for good")
    return days
