"""One process of the crash test: one start of a night in a repository, at a fixed present.

`python -m bench.crash_night ROOT PRESENT CALLS [--plant NAME] [--if-due]`
"""

import argparse
import dataclasses
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bench import crash_repository
from daydream import clock
from daydream.app import night
from daydream.app.registry import NIGHT
from daydream.cli.main import guarded
from daydream.contracts.context import Context
from daydream.contracts.step import Step, StepSpec
from daydream.contracts.use_cases import RunRequest
from daydream.records.outcome import Done, More, Outcome
from daydream.records.section import SectionData, SubStepResult

if TYPE_CHECKING:
    from daydream.config.model import Config

KINDS = ("edit", "move", "delete", "append", "pack", "ref")
MARK = "/daydream-mark/"


class Marking:
    """An observer that leaves what it is told as refused system calls, where a trace shows them in order."""

    def state(self, name: str, index: int, total: int) -> None:
        """Mark a state."""
        del index, total
        _mark("state", name)

    def progress(self, item: str, k: int, n: int) -> None:
        """Mark a sub-step, or a change."""
        del k, n
        _mark("item", item)

    def note(self, text: str) -> None:
        """Print it: a healthy start has nothing to say."""
        print(text)

    def budget(self, seconds_left: float | None) -> None:
        """Ignore it."""


def _mark(what: str, text: str) -> None:
    os.access(f"{MARK}{what}/{text}", os.F_OK)


class Changing:
    """The step that changes things: every kind, each at least twice, one of them in parts."""

    def plan(self, ctx: Context) -> Sequence[str]:
        """One sub-step per kind; nothing on the first night, which only reports."""
        return () if ctx.first_night else KINDS

    def run(self, ctx: Context, sub_step: str, cursor: str | None) -> Outcome:
        """Return the changes of a kind."""
        del ctx
        changes = crash_repository.changes(sub_step, cursor)
        if sub_step == "append" and cursor is None:
            return More(cursor="more", changes=changes, facts={"changes": len(changes)})
        return Done(changes=changes, facts={"changes": len(changes)})

    def section(self, results: Sequence[SubStepResult]) -> SectionData:
        """Under a key of its own: the report has no template for it."""
        return SectionData(key="changing", title="Changing", facts={"ended": len(results)})


class Counted:
    """A step that notes every call outside the night's own folders."""

    def __init__(self, step: Step, state: str, calls: Path) -> None:
        self._step, self._state, self._calls = step, state, calls

    def plan(self, ctx: Context) -> Sequence[str]:
        """As the step."""
        return self._step.plan(ctx)

    def run(self, ctx: Context, sub_step: str, cursor: str | None) -> Outcome:
        """Note the call, then as the step."""
        with self._calls.open("a", encoding="utf-8") as handle:
            handle.write("\t".join((self._state, sub_step, cursor or "")) + "\n")
        return self._step.run(ctx, sub_step, cursor)

    def section(self, results: Sequence[SubStepResult]) -> SectionData:
        """As the step."""
        return self._step.section(results)


def specs(calls: Path) -> tuple[StepSpec, ...]:
    """The states of a night, with the changing one before the report; every call is counted."""
    changing = StepSpec("maintain", "effects", "Effects", lambda _config: Changing())
    return tuple(_counted(spec, calls) for spec in (*NIGHT[:-1], changing, NIGHT[-1]))


def _counted(spec: StepSpec, calls: Path) -> StepSpec:
    def make(config: "Config") -> Step:
        return Counted(spec.make(config), spec.state, calls)

    return dataclasses.replace(spec, make=make)


def main(argv: Sequence[str] | None = None) -> int:
    """Start a night and return its exit code."""
    parser = argparse.ArgumentParser()
    parser.add_argument("root", type=Path)
    parser.add_argument("present")
    parser.add_argument("calls", type=Path)
    parser.add_argument("--plant")
    parser.add_argument("--if-due", action="store_true")
    args = parser.parse_args(argv)
    present = clock.from_text(args.present)
    clock.now = lambda: present
    if args.plant:
        from bench.crash_plants import PLANTS

        PLANTS[args.plant].plant()

    def command() -> int:
        request = RunRequest(root=args.root, observer=Marking(), if_due=args.if_due)
        result = night.run(request, specs(args.calls))
        return result.exit_code

    marked: Callable[[], int] = command
    return guarded(marked, argparse.Namespace(as_json=False, command=None))


if __name__ == "__main__":
    sys.exit(main())
