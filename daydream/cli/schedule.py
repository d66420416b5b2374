"""`schedule print`: what makes a scheduler start a night each day."""

import argparse

from daydream.cli.options import DAILY_AT, Subparsers, add_command


def add_parser(subparsers: Subparsers) -> None:
    """Enter the command."""
    parser = add_command(subparsers, "schedule", "start a night each day", None)
    nested = parser.add_subparsers(metavar="print", title="commands", required=True)
    printed = add_command(nested, "print", "print what a scheduler needs; installs nothing", show)
    kind = printed.add_mutually_exclusive_group()
    for name, summary in (
        ("systemd", "a service and a timer for your own systemd (default)"),
        ("cron", "a line for your crontab"),
        ("launchd", "a property list for macOS"),
    ):
        kind.add_argument(
            f"--{name}", dest="kind", action="store_const", const=name, default="systemd", help=summary
        )
    printed.add_argument("--at", metavar="HH:MM", default=DAILY_AT, help=f"when (default {DAILY_AT})")


def show(args: argparse.Namespace) -> int:
    """Print the files, each below a line that says where it belongs."""
    import os

    from daydream import install
    from daydream.cli.options import clock_time, config_file, root
    from daydream.cli.output import emit
    from daydream.contracts.use_cases import RunResult
    from daydream.install.job import job

    made = job(root(args), config_file(args), clock_time(args.at), os.environ)
    files = install.render(args.kind, made)
    lines: list[str] = []
    for name, text in files.items():
        if len(files) > 1:
            lines.append(f"# ---- {name} ----")
        lines.append(text)
    return emit(RunResult(lines=tuple(lines), data={"kind": args.kind, "files": files}), args)
