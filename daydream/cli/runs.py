"""`runs`: the nights that are known."""

import argparse

from daydream.cli.options import Subparsers, add_command


def add_parser(subparsers: Subparsers) -> None:
    """Enter the command."""
    add_command(subparsers, "runs", "the nights that are known, latest first", run)


def run(args: argparse.Namespace) -> int:
    """List the nights; reads only, takes no lock."""
    from daydream import app
    from daydream.cli.options import config_file, root
    from daydream.cli.output import emit

    return emit(app.runs(root(args), config_file(args)), args)
