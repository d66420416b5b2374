"""`proposals`: changes that wait for an answer."""

import argparse
import sys

from daydream.cli.options import Subparsers, add_command
from daydream.errors import UsageError


def add_parser(subparsers: Subparsers) -> None:
    """Enter the command and its own."""
    parser = add_command(subparsers, "proposals", "changes that wait for your answer", run)
    nested = parser.add_subparsers(metavar="[show|accept|reject ID]", title="commands")
    one = add_command(nested, "show", "one in full: why it is believed, and its difference", show)
    one.add_argument("--patch", action="store_true", help="the difference alone, for `git apply`")
    yes = add_command(nested, "accept", "put one on the current branch, which must be clean", accept)
    no = add_command(nested, "reject", "say no; it is not offered again", reject)
    for command in (one, yes, no):
        command.add_argument("id", metavar="ID", help="its id, or as many of its first digits as are needed")
    no.add_argument("--reason", metavar="R", help="wrong, not-worth-it, style or risky; more behind a colon")


def run(args: argparse.Namespace) -> int:
    """List them; reads only, takes no lock."""
    from daydream import app
    from daydream.cli.options import config_file, root
    from daydream.cli.output import emit

    return emit(app.list_proposals(root(args), config_file(args)), args)


def show(args: argparse.Namespace) -> int:
    """Show one; reads only, takes no lock."""
    from daydream import app
    from daydream.cli.options import config_file, root
    from daydream.cli.output import emit

    if args.patch and not args.as_json:
        # Bytes, because a patch may hold any: line ends, form feeds, other encodings.
        sys.stdout.buffer.write(app.patch_of(root(args), config_file(args), args.id))
        return 0
    return emit(app.show_proposal(root(args), config_file(args), args.id), args)


def accept(args: argparse.Namespace) -> int:
    """Put one on the current branch, under the night's lock."""
    from daydream import app
    from daydream.cli.options import config_file, root
    from daydream.cli.output import emit

    return emit(app.accept(root(args), config_file(args), args.id), args)


def reject(args: argparse.Namespace) -> int:
    """Note a no for the next night; takes no lock."""
    from daydream import app
    from daydream.cli.options import config_file, root
    from daydream.cli.output import emit

    if not args.reason:
        raise UsageError("reject needs --reason: wrong, not-worth-it, style or risky")
    reason = args.reason.encode("utf-8", "backslashreplace").decode()
    return emit(app.reject(root(args), config_file(args), args.id, reason), args)
