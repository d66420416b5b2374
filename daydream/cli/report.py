"""`report`: what a night found."""

import argparse

from daydream.cli.options import Subparsers, add_command
from daydream.errors import UsageError


def add_parser(subparsers: Subparsers) -> None:
    """Enter the command."""
    parser = add_command(subparsers, "report", "print the latest report", run)
    parser.add_argument("--date", metavar="D", help="of this date (YYYY-MM-DD) instead of the latest")
    parser.add_argument("--path", action="store_true", help="print where the report is instead")


def run(args: argparse.Namespace) -> int:
    """Print a report or its path; reads only, takes no lock."""
    from daydream import app
    from daydream.cli.options import config_file, root
    from daydream.cli.output import emit

    date = None if args.date is None else day(args.date)
    return emit(app.report(root(args), config_file(args), date, args.path), args)


def day(text: str) -> str:
    """Return a date as a report's name writes it.

    Raises:
        UsageError: it is not a date.
    """
    import datetime as dt

    try:
        date = dt.date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f'--date "{text}" is not a date; write it as YYYY-MM-DD') from error
    return date.isoformat()
