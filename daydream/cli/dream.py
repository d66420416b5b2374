"""`dream`: what was dreamt, what was thought of it, how healthy that is; and a night of dreams alone."""

import argparse

from daydream.cli import dream_ingest, dream_test
from daydream.cli.options import Subparsers, add_command
from daydream.cli.run import FOCUS, STRATEGIES
from daydream.errors import UsageError

STATUSES = ("pending_evaluation", "evaluated", "pending_test", "tested", "archived")
_STATES = "catalogue,generate,judge,trial,tighten,score,dreams"


def add_parser(subparsers: Subparsers) -> None:
    """Enter the command and its own."""
    parser = add_command(subparsers, "dream", "what was dreamt about your own procedures", None)
    nested = parser.add_subparsers(metavar="COMMAND", title="commands", required=True)
    listed = add_command(nested, "journal", "what was dreamt, the newest first", journal)
    listed.add_argument("--limit", type=int, default=20, metavar="N", help="at most so many (default 20)")
    listed.add_argument("--tier", type=int, choices=(1, 2, 3), help="1 viable, 2 speculative, 3 archive")
    listed.add_argument(
        "--since", metavar="DATE", help="only what was dreamt from this date on (YYYY-MM-DD, UTC)"
    )
    listed.add_argument("--status", choices=STATUSES, help="only dreams that stand there")
    listed.add_argument("--type", metavar="TYPE", help="only of this type, such as conditional_variant")
    one = add_command(nested, "show", "one in full: its difference, verdicts and history", show)
    one.add_argument("id", metavar="ID", help="its id, or as many of its first digits as are needed")
    yes = add_command(
        nested, "apply", "put a proposed dream on the current branch, which must be clean", apply
    )
    again = add_command(
        nested, "replay", "try one again in the sandbox, on its own commit; keeps nothing", replay
    )
    for command in (yes, again):
        command.add_argument(
            "id", metavar="ID", help="its id or its proposal's, or the first digits of either"
        )
    add_command(nested, "stats", "how many dreams there are, by status, tier and type", stats)
    add_command(nested, "health", "how healthy the dreams are, why, and where that is going", health)
    tried = add_command(nested, "trials", "what was tried in the sandbox, the newest first", trials)
    tried.add_argument("--limit", type=int, default=20, metavar="N", help="at most so many (default 20)")
    add_command(nested, "failures", "what dreams failed of, the most frequent first", failures)
    add_command(
        nested, "patterns", "what trials taught, and how often each transform passed and gained", patterns
    )
    add_command(
        nested, "learning", "how what was learnt changes what is dreamt, and what you can do", learning
    )
    dream_test.add_to(nested)
    dream_ingest.add_to(nested)
    night = add_command(nested, "run", "dream now: a night without its other steps", run)
    night.add_argument("--strategy", choices=STRATEGIES, help="how much is dreamt of each procedure")
    night.add_argument("--focus", metavar="GLOB", help=FOCUS)
    night.add_argument("--budget", metavar="TIME", help="end within this time, such as 90s, 10m or 2h")


def journal(args: argparse.Namespace) -> int:
    """List dreams; reads only, takes no lock."""
    from daydream.app import dreams
    from daydream.cli.options import config_file, root
    from daydream.cli.output import emit

    found = dreams.journal(
        root(args),
        config_file(args),
        limit=args.limit,
        tier=args.tier,
        since=None if args.since is None else _date(args.since),
        status=args.status,
        kind=args.type,
    )
    return emit(found, args)


def show(args: argparse.Namespace) -> int:
    """Show one dream; reads only, takes no lock."""
    from daydream.app import dreams
    from daydream.cli.options import config_file, root
    from daydream.cli.output import emit

    return emit(dreams.show(root(args), config_file(args), args.id), args)


def apply(args: argparse.Namespace) -> int:
    """Put the change of a proposed dream on the current branch, under the night's lock."""
    from daydream.app import applying
    from daydream.cli.options import config_file, root
    from daydream.cli.output import emit

    return emit(applying.apply(root(args), config_file(args), args.id), args)


def replay(args: argparse.Namespace) -> int:
    """Try a dream again; reads only, takes no lock."""
    from daydream.app import replaying
    from daydream.cli.options import config_file, root
    from daydream.cli.output import emit

    return emit(replaying.replay(root(args), config_file(args), args.id), args)


def stats(args: argparse.Namespace) -> int:
    """Count dreams; reads only, takes no lock."""
    from daydream.app import dreams
    from daydream.cli.options import config_file, root
    from daydream.cli.output import emit

    return emit(dreams.stats(root(args), config_file(args)), args)


def health(args: argparse.Namespace) -> int:
    """Say how healthy the dreams are; reads only, takes no lock."""
    from daydream.app import dreams
    from daydream.cli.options import config_file, root
    from daydream.cli.output import emit

    return emit(dreams.health(root(args), config_file(args)), args)


def trials(args: argparse.Namespace) -> int:
    """List trials; reads only, takes no lock."""
    from daydream.app import trials as tried
    from daydream.cli.options import config_file, root
    from daydream.cli.output import emit

    return emit(tried.trials(root(args), config_file(args), limit=args.limit), args)


def failures(args: argparse.Namespace) -> int:
    """Count failures of trials; reads only, takes no lock."""
    from daydream.app import trials as tried
    from daydream.cli.options import config_file, root
    from daydream.cli.output import emit

    return emit(tried.failures(root(args), config_file(args)), args)


def patterns(args: argparse.Namespace) -> int:
    """Say how transforms fare; reads only, takes no lock."""
    from daydream.app import trials as tried
    from daydream.cli.options import config_file, root
    from daydream.cli.output import emit

    return emit(tried.patterns(root(args), config_file(args)), args)


def learning(args: argparse.Namespace) -> int:
    """Report what was learnt; reads only, takes no lock."""
    from daydream.app import learning as learnt
    from daydream.cli.options import config_file, root
    from daydream.cli.output import emit

    return emit(learnt.learning(root(args), config_file(args)), args)


def run(args: argparse.Namespace) -> int:
    """Run a night of which only the dream half is wanted; it never counts as the night of its date."""
    from daydream.cli import run as night

    rest = {"mode": None, "skip": None, "if_due": False, "fresh": False, "no_dreams": False}
    return night.run(argparse.Namespace(**vars(args), **rest, only=_STATES, every_night=False, at=None))


def _date(text: str) -> str:
    """Return a date as dreams are dated.

    Raises:
        UsageError: it is none.
    """
    import datetime as dt

    try:
        return dt.date.fromisoformat(text).isoformat()
    except ValueError as error:
        raise UsageError(f'--since "{text}" is not a date; write it as YYYY-MM-DD') from error
