"""A night of `task_cleanup` alone, on a real repository whose commits have chosen dates."""

import dataclasses
import datetime as dt
import hashlib
import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec
import pytest

from daydream.config.model import Config, TaskOptions
from daydream.contracts.cache import Cache, Forgetful
from daydream.contracts.context import Context
from daydream.contracts.step import Step
from daydream.processes import Stop
from daydream.records.finding import Finding
from daydream.records.outcome import Done, More, Outcome, Skipped
from daydream.records.repository import Examination, SourceFile
from daydream.records.section import SectionData, SubStepResult
from daydream.steps import task_cleanup

STARTED = dt.datetime(2026, 11, 21, 2, 0, tzinfo=dt.UTC)
OLD, RECENT = "2026-01-10T12:00:00Z", "2026-11-18T12:00:00Z"


class Repository:
    """A real repository whose commits have chosen dates."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.git("init", "-q", "-b", "main")

    def git(self, *argv: str, date: str = OLD) -> str:
        given = {"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date, "GIT_CONFIG_GLOBAL": os.devnull}
        names = {
            f"GIT_{who}_{what}": "x@example.org"
            for who in ("AUTHOR", "COMMITTER")
            for what in ("NAME", "EMAIL")
        }
        left = subprocess.run(
            ["git", *argv],
            cwd=self.root,
            env={**os.environ, **given, **names},
            capture_output=True,
            text=True,
            check=True,
        )
        return left.stdout.strip()

    def commit(
        self, files: Mapping[str, str | bytes], date: str = OLD, message: str = "x", gone: Sequence[str] = ()
    ) -> str:
        for path in gone:
            (self.root / path).unlink()
        for path, content in files.items():
            target = self.root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content.encode() if isinstance(content, str) else content)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message, date=date)
        return self.git("rev-parse", "HEAD")


class Memory:
    """A cache that forgets nothing, and counts what it was asked in vain."""

    def __init__(self) -> None:
        self.held: dict[tuple[str, str], bytes] = {}
        self.missed: list[str] = []

    def read(self, kind: str, keys: Sequence[str]) -> dict[str, bytes]:
        self.missed += [f"{kind} {key}" for key in keys if (kind, key) not in self.held]
        return {key: self.held[kind, key] for key in keys if (kind, key) in self.held}

    def write(self, kind: str, values: Mapping[str, bytes]) -> None:
        self.held |= {(kind, key): value for key, value in values.items()}


def context(
    root: Path,
    commit: str | None,
    *,
    shallow: bool = False,
    stop: Stop | None = None,
    cache: Cache | None = None,
    env: Mapping[str, str] | None = None,
    results: Callable[[str], Sequence[SubStepResult]] = lambda _: (),
) -> Context:
    """Build a night's context on a checkout; a file's blob is its content's digest."""
    names = sorted(
        p.relative_to(root).as_posix() for p in root.rglob("*") if not p.is_dir() or p.is_symlink()
    )
    names = [name for name in names if not name.startswith(".git/")]
    return Context(
        root=root,
        tree=root,
        state=root,
        logs=root,
        files=tuple(SourceFile(name, _blob(root / name), (root / name).lstat().st_size) for name in names),
        examination=Examination(commit=commit, branch="main", shallow=shallow),
        started_at=STARTED,
        zone=dt.UTC,
        date="2026-11-21",
        run="r",
        mode="report",
        first_night=False,
        stop=stop or Stop(),
        env=env or {},
        progress=lambda *_: None,
        night=lambda: pytest.fail("not needed"),
        cache=cache or Forgetful(),
        results=results,
    )


def _blob(path: Path) -> str:
    data = str(path.readlink()).encode() if path.is_symlink() else path.read_bytes()
    return hashlib.sha256(data).hexdigest()


class Night:
    """One pass over all sub-steps, each by `makes` of its own if asked, through the journal's format."""

    def __init__(self, ctx: Context, *, fresh: bool = False, options: TaskOptions | None = None) -> None:
        def make() -> Step:
            return task_cleanup.make(Config(tasks=options or TaskOptions()))

        step = make()
        results: list[SubStepResult] = []
        ctx = dataclasses.replace(ctx, results=lambda _: tuple(results))
        self.outcomes: list[Done | More] = []
        self.plan = list(step.plan(ctx))
        for name in self.plan:
            parts, cursor = [], None
            while True:
                given = (make() if fresh else step).run(ctx, name, cursor)
                outcome = msgspec.json.decode(msgspec.json.encode(given), type=Outcome)
                if not isinstance(outcome, Done | More):
                    break
                self.outcomes.append(outcome)
                parts.append(outcome.facts)
                if isinstance(outcome, Done):
                    break
                cursor = outcome.cursor
            kind = type(outcome).__name__.lower()
            reason = outcome.reason if isinstance(outcome, Skipped) else ""
            results.append(SubStepResult(name=name, kind=kind, parts=tuple(parts), reason=reason))
        self.section: SectionData = step.section(results)

    @property
    def findings(self) -> list[Finding]:
        return [finding for outcome in self.outcomes for finding in outcome.findings]

    def of(self, rule: str) -> list[Finding]:
        return [finding for finding in self.findings if finding.rule == rule]

    def subjects(self, rule: str) -> set[str]:
        return {s for o in self.outcomes for e in o.examined if rule in e.rules for s in e.subjects}
