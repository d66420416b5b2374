"""Kills inside the git children: git dies at one of its own mutating calls, and the night with it.

A stand-in for git, first on PATH, counts the calls of git; it traces every one, or kills one of them.
"""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench import crash_trace as trace
from bench.crash_trace import Point
from bench.crash_world import Broken, Left, World

_STAND_IN = """#!/bin/sh
here='{folder}'
n=$(($(cat "$here/count") + 1))
echo "$n" > "$here/count"
if [ -e "$here/record" ]; then
  exec {strace} -o "$here/$n.log" '{git}' "$@"
elif [ "$n" = "$(cat "$here/target")" ]; then
  strace -qq -o /dev/null -e "$(cat "$here/inject")" '{git}' "$@"
  kill -9 $PPID
else
  exec '{git}' "$@"
fi
"""


@dataclass(frozen=True, slots=True)
class ChildPoint(Point):
    """A place to kill a git child at: `child` says which call of git it is."""

    child: int = 0


class Children:
    """The stand-in for git in a world; no other world sees it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.folder = world.base / "git"
        self.folder.mkdir(exist_ok=True)
        git = shutil.which("git")
        if git is None:
            msg = "git is not installed"
            raise Broken(msg)
        strace = " ".join(("strace", *(f"'{word}'" for word in trace.options(trace.MUTATING))))
        stand_in = self.folder / "bin" / "git"
        stand_in.parent.mkdir(exist_ok=True)
        text = _STAND_IN.format(folder=self.folder, git=git, strace=strace)
        stand_in.write_text(text, encoding="utf-8")
        stand_in.chmod(0o755)

    def points(self, plant: str | None = None) -> tuple[ChildPoint, ...]:
        """Trace the git children of an undisturbed night."""
        self._set(record=True)
        self.world.take()
        left = self.world.start(plant=plant, first_on_path=self.folder / "bin")
        if left != Left(0, ""):
            msg = f"the night with git traced ended with {left.exit_code}: {left.said}"
            raise Broken(msg)
        logs = sorted(self.folder.glob("*.log"), key=lambda log: int(log.stem))
        return tuple(point for log in logs for point in self._of(log))

    def _of(self, log: Path) -> Iterator[ChildPoint]:
        work = f"{self.world.work}/"
        for call in trace.calls(log):
            if call.mutates and any(path.startswith(work) for path in call.paths):
                path = call.paths[-1].removeprefix(work)
                kind = "workbench" if path.startswith("cache/") else "ref"
                stage = "act" if "/refs/" in path else "intent"
                yield ChildPoint(call.name, call.ordinal, kind, stage, path, int(log.stem))

    def killed(self, point: ChildPoint, plant: str | None = None) -> Left:
        """Start the night and kill that git, and the night at the same time."""
        self._set(record=False)
        (self.folder / "target").write_text(f"{point.child}\n", encoding="ascii")
        inject = f"inject={point.name}:signal=SIGKILL:when={point.ordinal}"
        (self.folder / "inject").write_text(inject, encoding="ascii")
        return self.world.start(plant=plant, first_on_path=self.folder / "bin")

    def _set(self, *, record: bool) -> None:
        for log in self.folder.glob("*.log"):
            log.unlink()
        (self.folder / "count").write_text("0\n", encoding="ascii")
        (self.folder / "target").write_text("none\n", encoding="ascii")
        (self.folder / "record").unlink(missing_ok=True)
        if record:
            (self.folder / "record").touch()
