"""What a person sees while a run works: a live line on a terminal, plain lines anywhere else."""

import argparse
import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TextIO

from daydream.cli.output import printable

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

    from daydream.contracts.use_cases import Observer

_ITEM_EVERY_S = 10.0


def span(seconds: float) -> str:
    """Write a span of time as ``45 s``, ``12 min`` or ``1 h 05 min``; less than nothing is ``0 s``."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min"


class Silent:
    """Shows nothing."""

    def state(self, name: str, index: int, total: int) -> None:
        """See `Observer`."""

    def progress(self, item: str, k: int, n: int) -> None:
        """See `Observer`."""

    def note(self, text: str) -> None:
        """See `Observer`."""

    def budget(self, seconds_left: float | None) -> None:
        """See `Observer`."""


class Plain:
    """One line per state and note, and an item now and then; every item when `every_item`."""

    def __init__(self, out: TextIO, clock: Callable[[], float], *, every_item: bool = False) -> None:
        self._out = out
        self._clock = clock
        self._every_item = every_item
        self._said_at = clock()
        self._left: float | None = None

    def state(self, name: str, index: int, total: int) -> None:
        """See `Observer`."""
        left = "" if self._left is None else f", {span(self._left)} of the budget left"
        self._say(f"{index}/{total} {name}{left}")

    def progress(self, item: str, k: int, n: int) -> None:
        """See `Observer`."""
        if self._every_item or self._clock() - self._said_at >= _ITEM_EVERY_S:
            self._say(f"  {k} of {n}: {item}")

    def note(self, text: str) -> None:
        """See `Observer`."""
        self._say(text)

    def budget(self, seconds_left: float | None) -> None:
        """See `Observer`."""
        self._left = seconds_left

    def _say(self, text: str) -> None:
        self._said_at = self._clock()
        # A night goes on when nobody can read its progress any more.
        with contextlib.suppress(OSError):
            print(f"daydream: {printable(text)}", file=self._out, flush=True)


class Live:
    """A bar on the terminal: state, item k of n, elapsed time, budget left."""

    def __init__(self, drawn: "Progress") -> None:
        self._bar = drawn
        self._task = drawn.add_task("starting", total=None, item="", left="")

    def state(self, name: str, index: int, total: int) -> None:
        """See `Observer`."""
        self._bar.update(self._task, description=f"{index}/{total} {name}", item="", completed=0, total=None)

    def progress(self, item: str, k: int, n: int) -> None:
        """See `Observer`."""
        self._bar.update(self._task, item=printable(item), completed=k, total=n)

    def note(self, text: str) -> None:
        """See `Observer`."""
        self._bar.console.print(f"daydream: {printable(text)}", markup=False, highlight=False)

    def budget(self, seconds_left: float | None) -> None:
        """See `Observer`."""
        left = "" if seconds_left is None else f"{span(seconds_left)} left"
        self._bar.update(self._task, left=left)


class Logged:
    """Passes everything on, and writes states and notes to the log."""

    def __init__(self, shown: "Observer", log: Callable[[str, str], None]) -> None:
        self._shown = shown
        self._log = log

    def state(self, name: str, index: int, total: int) -> None:
        """See `Observer`."""
        self._log("%s", f"state {name} ({index}/{total})")
        self._shown.state(name, index, total)

    def progress(self, item: str, k: int, n: int) -> None:
        """See `Observer`."""
        self._shown.progress(item, k, n)

    def note(self, text: str) -> None:
        """See `Observer`."""
        self._log("%s", printable(text).replace("\n", " "))
        self._shown.note(text)

    def budget(self, seconds_left: float | None) -> None:
        """See `Observer`."""
        self._shown.budget(seconds_left)


@contextlib.contextmanager
def shown(args: argparse.Namespace) -> Iterator["Observer"]:
    """Choose how progress is shown, on standard error, while the body runs."""
    if args.quiet:
        yield Silent()
    elif sys.stderr.isatty():
        from rich.console import Console

        with bar(Console(stderr=True)) as drawn:
            yield Live(drawn)
    else:
        yield Plain(sys.stderr, time.monotonic, every_item=args.verbose)


def bar(console: "Console") -> "Progress":
    """Build the bar: state, count, item, elapsed time, budget left."""
    from rich.progress import MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        MofNCompleteColumn(),
        TextColumn("{task.fields[item]}", markup=False),
        TimeElapsedColumn(),
        TextColumn("{task.fields[left]}", markup=False),
    )
    return Progress(*columns, console=console, transient=True, redirect_stdout=False)
