"""`dream ingest`: evaluations from standard input, for the next night to take over."""

import argparse
import sys

from daydream.cli.options import Subparsers, add_command


def add_to(nested: Subparsers) -> None:
    """Enter the command among those of `dream`."""
    add_command(nested, "ingest", "take over evaluations of dreams from standard input", run)


def run(args: argparse.Namespace) -> int:
    """Keep the evaluations of dreams that wait; takes no lock, judges nothing itself.

    Raises:
        UsageError: nothing in the text can be taken over, or no night was ever started there.
        ConfigError: the configuration is not valid.
    """
    import os

    from daydream import clock
    from daydream.app.views import places_of
    from daydream.cli.options import config_file, root
    from daydream.cli.output import emit
    from daydream.config.load import load
    from daydream.dream import ingest

    places = places_of(root(args), config_file(args))
    patterns = load(places.root, config_file(args), {}, os.environ).config.judge.patterns
    said = ingest.text_of(sys.stdin.buffer.read(ingest.LARGEST_INPUT + 1))
    return emit(ingest.noted(places.state, said, clock.now(), patterns), args)
