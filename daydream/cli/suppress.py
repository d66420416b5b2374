"""`suppress`: silence one finding."""

import argparse

from daydream.cli.options import Subparsers, add_command
from daydream.errors import UsageError


def add_parser(subparsers: Subparsers) -> None:
    """Enter the command."""
    parser = add_command(subparsers, "suppress", "silence one finding from the next night on", run)
    parser.add_argument("id", metavar="ID", help="the finding's id")
    parser.add_argument("--days", metavar="N", type=int, help="for so many days (default: for good)")
    parser.add_argument("--reason", metavar="R", help="why; kept with the finding")


def run(args: argparse.Namespace) -> int:
    """Note the wish for the next night; takes no lock."""
    from daydream import app
    from daydream.cli.options import config_file, root
    from daydream.cli.output import emit

    if args.days is not None and args.days < 1:
        raise UsageError(
            f"--days {args.days} is less than one day; leave it out to silence the finding for good"
        )
    return emit(app.suppress(root(args), config_file(args), args.id, args.days, args.reason), args)
