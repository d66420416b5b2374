"""Real nights over a world: daydream's own door, a small repository, its state, cache and home in a scratch folder.

Time is set, never waited for. What a night printed is read from the snapshot of its findings.
"""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import time_machine

from bench.logs_incidents_score import Named
from bench.logs_world import World
from bench.logs_world_source import sources
from daydream import app
from daydream.contracts.use_cases import RunRequest
from daydream.report.rank import printable
from daydream.repository import places
from daydream.store import findings

_RULES = "log."


@dataclass(slots=True)
class Nights:
    """A repository whose `logs/` is written day by day, with a night after each day."""

    base: Path
    world: World
    root: Path = field(init=False)

    def __post_init__(self) -> None:
        """Make the repository: the sources that the world's lines come from, committed before its first day."""
        self.root = self.base / "shop"
        self.root.mkdir(parents=True)
        (self.base / "home").mkdir()
        for path, text in {**sources(self.world), ".gitignore": "logs/\n"}.items():
            (self.root / path).parent.mkdir(parents=True, exist_ok=True)
            (self.root / path).write_text(text)
        stamp = "2025-12-01T09:00:00+00:00"
        who = {"GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@shop.example", "GIT_AUTHOR_DATE": stamp}
        who |= {name.replace("AUTHOR", "COMMITTER"): value for name, value in who.items()}
        for words in (("init", "--quiet"), ("add", "."), ("commit", "--quiet", "-m", "feat: a shop")):
            subprocess.run(
                ["git", *words], cwd=self.root, env=self._env() | who, check=True, capture_output=True
            )

    def night(self, day: int) -> list[Named]:
        """Write a day and do the night after it; what its report would print of logs as new, worse or gone."""
        self.world.write_day(self.root / "logs", day)
        with self._surroundings(), time_machine.travel(self.world.night(day), tick=True):
            result = app.run(RunRequest(root=self.root, only=("log_review",), dreams=False))
            if result.exit_code:
                raise RuntimeError(f"night {day} ended with {result.exit_code}: {result.lines}")
            return self._printed()

    def _printed(self) -> list[Named]:
        place = places.find(self.root, state=None, logs=None)
        path = None if place is None else findings.latest(place.state / "night" / "findings")
        if path is None:
            raise RuntimeError(f"no findings of {self.root}")
        known = printable(findings.read(path).findings, "new", "worse", "gone")
        return [
            Named(k.rule, k.subject, k.message, k.evidence, k.standing)
            for k in known
            if k.rule.startswith(_RULES)
        ]

    def _env(self) -> dict[str, str]:
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("DAYDREAM_", "XDG_", "GIT_"))
        }
        own = {"HOME": str(self.base / "home"), "DAYDREAM_NIGHT_ZONE": self.world.zone_name}
        return kept | own | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}

    @contextlib.contextmanager
    def _surroundings(self) -> Iterator[None]:
        before = dict(os.environ)
        os.environ.clear()
        os.environ.update(self._env())
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)
