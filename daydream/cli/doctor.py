"""`doctor`: what works here."""

import argparse

from daydream.cli.options import Subparsers, add_command


def add_parser(subparsers: Subparsers) -> None:
    """Enter the command."""
    add_command(subparsers, "doctor", "what works here, and the one command that mends the rest", run)


def run(args: argparse.Namespace) -> int:
    """Say what works here."""
    from daydream import app
    from daydream.cli.options import config_file, root
    from daydream.cli.output import emit

    return emit(app.doctor(root(args), config_file(args)), args)
