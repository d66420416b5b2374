"""`findings`: what is known, and one of them in full."""

import argparse

from daydream.cli.options import Subparsers, add_command


def add_parser(subparsers: Subparsers) -> None:
    """Enter the command."""
    parser = add_command(subparsers, "findings", "what is known", run)
    parser.add_argument(
        "--new", action="store_true", help="only what the latest night saw for the first time"
    )
    nested = parser.add_subparsers(metavar="[show ID]", title="commands")
    one = add_command(nested, "show", "one finding in full, and why its rule is trusted", show)
    one.add_argument(
        "id", metavar="ID", help="the finding's id, or as many of its first digits as are needed"
    )


def run(args: argparse.Namespace) -> int:
    """List the findings; reads only, takes no lock."""
    from daydream import app
    from daydream.cli.options import config_file, root
    from daydream.cli.output import emit

    return emit(app.findings(root(args), config_file(args), args.new), args)


def show(args: argparse.Namespace) -> int:
    """Show one finding; reads only, takes no lock."""
    from daydream import app
    from daydream.cli.options import config_file, root
    from daydream.cli.output import emit

    return emit(app.show_finding(root(args), config_file(args), args.id), args)
