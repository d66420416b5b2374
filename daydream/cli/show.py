"""`show`: one night in full."""

import argparse

from daydream.cli.options import Subparsers, add_command


def add_parser(subparsers: Subparsers) -> None:
    """Enter the command."""
    parser = add_command(subparsers, "show", "one night in full", run)
    parser.add_argument("run", metavar="RUN", help="its id, as `runs` prints it")


def run(args: argparse.Namespace) -> int:
    """Show a night; reads only, takes no lock."""
    from daydream import app
    from daydream.cli.options import config_file, root
    from daydream.cli.output import emit

    return emit(app.show(root(args), config_file(args), args.run), args)
