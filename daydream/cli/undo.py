"""`undo`: take back one change."""

import argparse

from daydream.cli.options import Subparsers, add_command


def add_parser(subparsers: Subparsers) -> None:
    """Enter the command."""
    parser = add_command(subparsers, "undo", "take back one change that a night made", run)
    parser.add_argument("id", metavar="ID", help="the change's id, as the report and `show` print it")


def run(args: argparse.Namespace) -> int:
    """Take a change back under the night's lock; what was edited since is left alone."""
    from daydream import app
    from daydream.cli.options import config_file, root
    from daydream.cli.output import emit

    return emit(app.undo(root(args), config_file(args), args.id), args)
