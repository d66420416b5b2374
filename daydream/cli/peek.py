"""`peek`: a first look that writes nothing."""

import argparse

from daydream.cli.options import Subparsers, add_command


def add_parser(subparsers: Subparsers) -> None:
    """Enter the command."""
    add_command(subparsers, "peek", "a first look in at most a minute that writes nothing", run)


def run(args: argparse.Namespace) -> int:
    """Show the findings most worth acting on; no log, no state, no report."""
    from daydream import app
    from daydream.cli import progress
    from daydream.cli.options import config_file, root
    from daydream.cli.output import emit

    with progress.shown(args) as shown:
        result = app.peek(root(args), config_file(args), {}, shown)
    return emit(result, args)
