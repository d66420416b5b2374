"""`dream test`: try dreams between nights, once or again and again."""

import argparse

from daydream.cli.options import Subparsers, add_command
from daydream.errors import Stopped, UsageError

_EVERY_S = 300.0


def add_to(nested: Subparsers) -> None:
    """Enter the command."""
    parser = add_command(nested, "test", "try dreams of tier 1 that wait, between nights", run)
    parser.add_argument(
        "id", metavar="ID", nargs="?", help="only this one, by as many of its first digits as are needed"
    )
    parser.add_argument(
        "--limit", type=int, metavar="N", help="at most so many in a round (default: all that wait)"
    )
    parser.add_argument(
        "--every",
        type=float,
        metavar="SECONDS",
        help="stay, and try what waits each time (default 300 with --times)",
    )
    parser.add_argument(
        "--times", type=int, metavar="N", help="so many rounds (default with --every: until stopped)"
    )


def run(args: argparse.Namespace) -> int:
    """Try dreams; ends with code 75 where a signal or a night came first, and what was tried is kept."""
    from daydream.cli import progress
    from daydream.cli.options import config_file, root
    from daydream.cli.output import emit
    from daydream.contracts.results import RunResult

    _check(args)
    from daydream.app import continuous  # only now: a mistyped option needs none of it
    from daydream.app.tryout import Tryout
    from daydream.flow.signals import stopping

    with progress.shown(args) as shown:
        tryout = Tryout(root(args), config_file(args), observer=shown)
        if args.id is not None:
            with stopping(tryout.stop):
                found = tryout.one(args.id)
            return emit(RunResult(lines=tuple(continuous.one(found)), data=continuous.as_data(found)), args)
        again = args.every is not None or args.times is not None
        kept = continuous.keep_testing(
            tryout,
            interval_s=args.every or _EVERY_S,
            times=args.times if again else 1,
            limit=args.limit,
            waits=again,
        )
    data = {**continuous.summary(kept.tested), "iterations": kept.rounds, "stopped": kept.stopped}
    lines = continuous.lines(kept.tested)
    return emit(RunResult(exit_code=Stopped.exit_code * kept.stopped, lines=tuple(lines), data=data), args)


def _check(args: argparse.Namespace) -> None:
    if args.id is not None and (args.every is not None or args.times is not None or args.limit is not None):
        raise UsageError("one dream is tried once; leave out --every, --times and --limit")
    for flag, value in (("--limit", args.limit), ("--times", args.times), ("--every", args.every)):
        if value is not None and not value > 0:
            raise UsageError(f"{flag} {value:g}: give a number above 0")
