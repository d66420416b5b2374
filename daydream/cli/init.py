"""`init`: set a repository up."""

import argparse

from daydream.cli.options import Subparsers, add_command


def add_parser(subparsers: Subparsers) -> None:
    """Enter the command."""
    parser = add_command(subparsers, "init", "look at what is here and show a configuration for it", run)
    parser.add_argument("--write", action="store_true", help="write what was shown")
    parser.add_argument(
        "--tests", metavar="CMD", help="confirm the command that changes are tried with, and nothing else"
    )


def run(args: argparse.Namespace) -> int:
    """Show what would be written; write it only with `--write`."""
    from daydream import app
    from daydream.cli.options import config_file, root
    from daydream.cli.output import emit

    return emit(app.init(root(args), config_file(args), args.write, args.tests), args)
