"""One point of the crash test: kill a night there (or let the call fail), start it again plainly, compare."""

import errno
import os
import random
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import crash_trace as trace
from bench.crash_children import ChildPoint, Children
from bench.crash_night import KINDS
from bench.crash_repository import SECOND, Scene
from bench.crash_trace import Call, Order, Point, Reader
from bench.crash_world import KILLED, Broken, Left, World, committed_calls, differences, observed
from daydream.errors import DaydreamError
from daydream.records.head import Head
from daydream.records.journal import Entry, Finished

_STATES_WITH_FINDINGS = ("legacy_cleanup", "log_review", "sentry_query", "task_cleanup", "docs")
_TABLES = ("procedures", "dreamt", "verdicts")
_TOLD = (74, 75)


@dataclass(frozen=True, slots=True)
class Golden:
    """The undisturbed night: what it left, the points it passed, and what it committed too early."""

    scene: Scene
    left: dict[str, Any]
    points: tuple[Point, ...]
    out_of_order: tuple[str, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a point: `wrong` is empty where nothing differs; `hit` says whether the call came."""

    point: Point
    hit: bool
    wrong: tuple[str, ...]
    kept: Path | None = None


def golden(world: World, plant: str | None = None, scene: Scene = SECOND) -> Golden:
    """Run the night undisturbed, once plainly and once traced, and see that it is worth testing.

    Raises:
        Broken: it fails, leaves out what the test asks of it, or differs when it is only repeated.
    """
    world.scene = scene
    world.take()
    begun = time.perf_counter()
    _healthy(world.start(plant=plant))
    seconds = time.perf_counter() - begun
    first = observed(world)
    world.take()
    files = {str(path) for path in world.root.rglob("*")}
    _healthy(world.start(_tracer(world, (*trace.MUTATING, *trace.MARKING)), plant))
    left = observed(world)
    if found := differences(first, left):
        msg = "two undisturbed nights differ: " + "; ".join(found[:3])
        raise Broken(msg)
    calls = list(trace.calls(world.base / "log"))
    points = _points(world, left, calls)
    if plant is None and scene == SECOND:
        _worth_testing(world, left, points)
    return Golden(scene, left, points, tuple(Order(str(world.work), files).check(calls)), seconds)


def _finished(journal: Sequence[Entry]) -> bool:
    return any(isinstance(happened, Finished) for happened in journal)


def _healthy(left: Left) -> None:
    if left != Left(0, ""):
        msg = f"the undisturbed night ended with {left.exit_code}: {left.said}"
        raise Broken(msg)


def _points(world: World, left: dict[str, Any], calls: Sequence[Call]) -> tuple[Point, ...]:
    ids = {name: effect[0] for name, effect in left["effects"].items()}
    return tuple(Reader(str(world.work), ids).points(calls))


def _worth_testing(world: World, left: dict[str, Any], points: Sequence[Point]) -> None:
    """Assert that the night holds what the test promises."""
    head = world.head()
    missing = [f"no finding in {name}" for name in _STATES_WITH_FINDINGS if not _findings(head, name)]
    missing += [f"no row in {table}" for table in _TABLES if not left["dreams"].get(table)]
    kinds = [effect[0] for effect in left["effects"].values() if effect[2] == "done"]
    missing += [f"fewer than two done effects: {k}" for k in KINDS if kinds.count(k) < 2]
    missing += [f"no point for {k}" for k in KINDS if not any(p.kind == k for p in points)]
    if len(world.asked()) < 2:
        missing.append("Sentry was not asked for a second page")
    if not left["report"]["report_2026-11-21.md"] or "## Gone" not in left["report"]["report_2026-11-21.md"]:
        missing.append("the report, which finds nothing itself, shows nothing gone")
    if missing:
        msg = "the night is not worth testing: " + "; ".join(missing)
        raise Broken(msg)


def _findings(head: Head | None, name: str) -> int:
    count = head.states.get(f"maintain.{name}") if head else None
    return count.findings if count else 0


def _tracer(world: World, names: Sequence[str], *more: str) -> list[str]:
    return ["strace", *trace.options(names), *more, "-o", str(world.base / "log")]


@dataclass(frozen=True, slots=True)
class Judge:
    """Tries points in a world against its golden night."""

    world: World
    golden: Golden
    plant: str | None = None

    def killed(self, point: Point) -> Outcome:
        """Kill the night at the entry of a call; the plain start after it must end like the golden one."""
        self._begin()
        left = self._at(point, "signal=SIGKILL")
        return self._recovered(point, left)

    def killed_with_git(self, point: Point) -> Outcome:
        """Kill a git child at the entry of a call of its own, and the night with it; then as above."""
        if not isinstance(point, ChildPoint):
            raise TypeError(point)
        self._begin()
        return self._recovered(point, Children(self.world).killed(point, self.plant))

    def killed_twice(self, point: Point, seed: int) -> Outcome:
        """Kill it there, and its recovery once more at a random point of its own."""
        world = self.world
        self._begin()
        left = self._at(point, "signal=SIGKILL")
        if left.exit_code != KILLED:
            return Outcome(point, False, ())
        world.keep("killed")
        if _finished(world.journal()):
            return Outcome(point, False, ())  # a start after the end would begin another run
        traced = world.start(_tracer(world, (*trace.MUTATING, *trace.MARKING)), self.plant)
        if traced.exit_code != 0:
            return self._outcome(point, [f"the traced recovery ended with {traced.exit_code}: {traced.said}"])
        second = _points(world, self.golden.left, list(trace.calls(world.base / "log")))
        if not second:
            return Outcome(point, False, ())
        world.take("killed")
        again = random.Random(f"{seed} {point}").choice(second)
        return self._recovered(point, self._at(again, "signal=SIGKILL"))

    def failing(self, point: Point, error: str) -> Outcome:
        """Let the call fail once: the night says so in a sentence, or copes; then as after a kill.

        Where only the change of a user's file fails, the report says so (exit 1) and it stays undone.
        """
        self._begin()
        left = self._at(point, f"error={error}")
        if left.exit_code in _TOLD and left.said.count("\n") == 0:
            return self._recovered(point, left, killed=left.exit_code)
        found = []
        if left.exit_code == 1 and self._told(error):
            again = self.world.start()
            found += [] if again == Left(0, "") else [f"then it ended with {again.exit_code}: {again.said}"]
        elif left.exit_code == 0:
            found += differences(self.golden.left, observed(self.world))
        else:
            found.append(f"{error}: ended with {left.exit_code}: {left.said[-300:]}")
        return self._outcome(point, found)

    def _told(self, error: str) -> bool:
        """Whether a change is told as failed, for that reason, in the report too."""
        why = os.strerror(getattr(errno, error))
        now = observed(self.world)
        told = any(status == "failed" and why in detail for _, _, status, detail in now["effects"].values())
        return told and any(why in line for line in now["report"]["latest.md"])

    def _begin(self) -> None:
        self.world.scene = self.golden.scene
        self.world.take()

    def _at(self, point: Point, act: str) -> Left:
        inject = f"inject={point.name}:{act}:when={point.ordinal}"
        return self.world.start(_tracer(self.world, (point.name,), "-e", inject), self.plant)

    def _recovered(
        self, point: Point, left: Left, wrong: Sequence[str] = (), killed: int = KILLED
    ) -> Outcome:
        if left.exit_code != killed:
            return Outcome(point, False, (f"it was not killed but ended with {left.exit_code}: {left.said}",))
        try:
            return self._outcome(point, [*wrong, *self._again()])
        except DaydreamError as error:
            return self._outcome(point, [*wrong, f"the state cannot be read: {error}"])

    def _again(self) -> list[str]:
        """Start once more, plainly; return what is not as it should be."""
        world, found = self.world, list[str]()
        before = world.journal()
        world.forget()
        # A plain start after a finished night would begin another run of the date.
        again = world.start(plant=self.plant, if_due=_finished(before))
        if again != Left(0, ""):
            found.append(f"the plain start after it ended with {again.exit_code}: {again.said[-400:]}")
        committed = committed_calls(before)
        found += [f"repeated: {' '.join(call)}" for call in sorted(set(committed) & set(world.called()))]
        pages = {call[2].partition(" ")[2] for call in committed if call[0] == "maintain.sentry_query"}
        found += [f"Sentry was asked again for page {page!r}" for page in world.asked() if page in pages]
        if world.journal()[: len(before)] != before:
            found.append("the journal does not begin with what was committed before")
        return found + differences(self.golden.left, observed(world))

    def _outcome(self, point: Point, found: Sequence[str]) -> Outcome:
        if not found:
            return Outcome(point, True, ())
        name = f"failed-{point.name}-{point.ordinal}"
        shutil.rmtree(self.world.base / name, ignore_errors=True)
        self.world.keep(name)
        kept = self.world.base / name
        (kept / "differences.txt").write_text("\n".join((str(point), *found)) + "\n", encoding="utf-8")
        return Outcome(point, True, tuple(found), kept)
