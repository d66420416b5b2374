"""Real nights over logs: daydream's own door, a small repository, its state, cache and home in a scratch folder.

Time is set, never waited for. What a night printed is read from the snapshot of its findings.
"""

import contextlib
import datetime as dt
import os
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import time_machine

from bench.logs_incidents_score import Named
from daydream import app
from daydream.contracts.use_cases import RunRequest
from daydream.report.rank import printable
from daydream.repository import places
from daydream.store import findings

_RULES = "log."


class Story(Protocol):
    """What is logged, day by day: the zone it happens in, the instants of the nights, and the files."""

    zone_name: str

    def night(self, day: int) -> dt.datetime:
        """The instant (UTC) of a night."""
        ...

    def write_day(self, folder: Path, day: int) -> None:
        """Bring the logs in a folder to where they are at a night; called for every day in order."""
        ...


@dataclass(slots=True)
class Nights:
    """A repository of some files whose `logs/` is written day by day, with a night after each day."""

    base: Path
    story: Story
    files: Mapping[str, str]
    root: Path = field(init=False)

    def __post_init__(self) -> None:
        """Make the repository: the files, committed before the first day."""
        self.root = self.base / "shop"
        self.root.mkdir(parents=True)
        (self.base / "home").mkdir()
        for path, text in {**self.files, ".gitignore": "logs/\n"}.items():
            (self.root / path).parent.mkdir(parents=True, exist_ok=True)
            (self.root / path).write_text(text)
        stamp = "2005-01-01T09:00:00+00:00"
        who = {"GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@shop.example", "GIT_AUTHOR_DATE": stamp}
        who |= {name.replace("AUTHOR", "COMMITTER"): value for name, value in who.items()}
        for words in (("init", "--quiet"), ("add", "."), ("commit", "--quiet", "-m", "feat: a shop")):
            subprocess.run(
                ["git", *words], cwd=self.root, env=self._env() | who, check=True, capture_output=True
            )

    def night(self, day: int) -> list[Named]:
        """Write a day and do the night after it; what its report would print of logs as new, worse or gone."""
        self.story.write_day(self.root / "logs", day)
        with self._surroundings(), time_machine.travel(self.story.night(day), tick=True):
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
        own = {"HOME": str(self.base / "home"), "DAYDREAM_NIGHT_ZONE": self.story.zone_name}
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
