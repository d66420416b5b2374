"""`fsck`: check the state on disk."""

import argparse

from daydream.cli.options import Subparsers, add_command


def add_parser(subparsers: Subparsers) -> None:
    """Enter the command."""
    add_command(subparsers, "fsck", "check the state on disk; repairs nothing", run)


def run(args: argparse.Namespace) -> int:
    """Check the state; reads only, takes no lock."""
    from daydream import app
    from daydream.cli.options import config_file, root
    from daydream.cli.output import emit

    return emit(app.fsck(root(args), config_file(args)), args)
