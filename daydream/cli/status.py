"""`status`: where the night stands."""

import argparse

from daydream.cli.options import Subparsers, add_command


def add_parser(subparsers: Subparsers) -> None:
    """Enter the command."""
    add_command(subparsers, "status", "where the night stands", run)


def run(args: argparse.Namespace) -> int:
    """Say where the night stands; reads only, takes no lock."""
    from daydream import app
    from daydream.cli.options import config_file, root
    from daydream.cli.output import emit

    return emit(app.status(root(args), config_file(args)), args)
