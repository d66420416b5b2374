"""`run`: a night."""

import argparse
import os
import sys
from typing import TYPE_CHECKING

from daydream.cli.options import DAILY_AT, Subparsers, add_command
from daydream.errors import UsageError

if TYPE_CHECKING:
    from daydream.contracts.use_cases import Observer, RunRequest

MODES = ("report", "propose", "apply")
STRATEGIES = ("light", "balanced", "deep")
FOCUS = "dream only of what it covers: a path or name with *, or /a regular expression/"


def add_parser(subparsers: Subparsers) -> None:
    """Enter the command."""
    parser = add_command(subparsers, "run", "a night, or the rest of an unfinished one", run)
    parser.add_argument(
        "--mode", choices=MODES, help="report finds; propose also tries changes; apply also makes them"
    )
    parser.add_argument("--strategy", choices=STRATEGIES, help="how much is dreamt of each procedure")
    parser.add_argument("--focus", metavar="GLOB", help=FOCUS)
    parser.add_argument("--only", metavar="A,B", help="only these steps")
    parser.add_argument("--skip", metavar="A,B", help="all steps but these")
    parser.add_argument("--if-due", action="store_true", help="end at once if today's night is done")
    parser.add_argument("--fresh", action="store_true", help="close an unfinished night and begin a new one")
    parser.add_argument("--no-dreams", action="store_true", help="only maintain")
    parser.add_argument("--budget", metavar="TIME", help="end within this time, such as 90s, 10m or 2h")
    parser.add_argument("--every-night", action="store_true", help="stay, and run a night each day")
    parser.add_argument("--at", metavar="HH:MM", help=f"with --every-night: when (default {DAILY_AT})")


def run(args: argparse.Namespace) -> int:
    """Run a night, with its log and its progress."""
    from daydream import app
    from daydream.cli.options import clock_time, config_file, names, root

    if args.at and not args.every_night:
        raise UsageError("--at says when with --every-night; without it a night starts now")
    for flag, text in (("--only", args.only), ("--skip", args.skip)):
        if text is not None and not names(text):
            raise UsageError(f"{flag} names no step; leave it out to run them all")
    at = clock_time(args.at or DAILY_AT)
    if not args.every_night:
        app.refuse_while_running(root(args), config_file(args))
    from daydream.cli import logs, progress  # only now: a second start is turned away without them
    from daydream.cli.output import emit

    place = logs.folder(root(args), config_file(args), os.environ)
    with logs.kept_in(place, verbose=args.verbose) as log, progress.shown(args) as shown:
        wanted = request(args, progress.Logged(shown, log.info))
        if args.every_night:
            return app.run_every_night(wanted, at)
        result = app.run(wanted)
        log.info("a run in %s ended with exit code %d", wanted.root, result.exit_code)
    return emit(result, args, asked=False)


def request(args: argparse.Namespace, observer: "Observer | None") -> "RunRequest":
    """Turn the command line into what the use case is asked for."""
    from daydream.cli.options import config_file, names, root
    from daydream.contracts.use_cases import RunRequest

    return RunRequest(
        root=root(args),
        config_file=config_file(args),
        overrides=overrides(args),
        only=names(args.only),
        skip=names(args.skip),
        if_due=args.if_due,
        fresh=args.fresh,
        dreams=not args.no_dreams,
        terminal=sys.stderr.isatty() or sys.stdout.isatty(),
        observer=observer,
    )


def overrides(args: argparse.Namespace) -> dict[str, object]:
    """Collect what flags say about options, by dotted key."""
    said: dict[str, object] = {}
    if args.mode:
        said["night.mode"] = args.mode
    if args.strategy:
        said["dream.strategy"] = args.strategy
    if args.focus:
        said["dream.focus"] = args.focus
    if args.budget:
        # A budget that was typed holds whether or not a person is watching.
        said["night.budget"] = said["night.budget_terminal"] = args.budget
    if args.no_dreams:
        said["night.dreams"] = False
    return said
