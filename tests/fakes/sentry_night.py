"""Nights of `sentry_query` by themselves: as the runner does it, with the journal's format, rows and memory."""

import datetime as dt
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pytest

from daydream.config.model import Config, SentryOptions
from daydream.contracts.context import Context
from daydream.processes import Stop
from daydream.records.finding import Examined, Finding
from daydream.records.outcome import Done, Failed, More, Outcome, Skipped
from daydream.records.repository import Examination, SourceFile
from daydream.records.section import SectionData, SubStepResult
from daydream.steps import sentry_query
from daydream.store.log_rows import ErrorNight, LogStore
from daydream.store.log_schema import SCHEMA
from tests.fakes.sentry_server import TOKEN, FakeSentry

STARTED = dt.datetime(2026, 11, 21, 2, 0, tzinfo=dt.UTC)
_KINDS = {Done: "done", Skipped: "skipped", Failed: "failed"}


@dataclass
class Ended:
    """What one night came to: the outcomes of each sub-step in order, and its section."""

    outcomes: dict[str, list[Outcome]]
    section: SectionData

    @property
    def every(self) -> list[Done | More]:
        return [o for found in self.outcomes.values() for o in found if isinstance(o, Done | More)]

    @property
    def findings(self) -> list[Finding]:
        return [finding for outcome in self.every for finding in outcome.findings]

    @property
    def examined(self) -> list[Examined]:
        return [each for outcome in self.every for each in outcome.examined]

    @property
    def last(self) -> Outcome:
        [found] = self.outcomes.values()
        return found[-1]


@dataclass
class World:
    """A checkout, the state of its nights, and how Sentry is configured."""

    root: Path
    state: Path
    options: dict[str, Any] = field(default_factory=dict)
    logs: dict[str, Any] = field(default_factory=dict)
    number: int = 0
    skewed: bool = False

    def context(self, results: Mapping[str, list[Outcome]], env: Mapping[str, str] | None = None) -> Context:
        listed = git(self.root, "ls-files").split() if (self.root / ".git").exists() else []
        commit = git(self.root, "rev-parse", "HEAD").strip() if listed else None

        started = STARTED + dt.timedelta(days=self.number)

        def known(state: str) -> Sequence[SubStepResult]:
            if state == "maintain.log_review":
                return (
                    (SubStepResult(name="log:app.log", kind="done", parts=(self.logs,)),) if self.logs else ()
                )
            return recorded(results) if state == sentry_query.STATE else ()

        return Context(
            root=self.root,
            tree=self.root,
            state=self.state,
            logs=self.state,
            files=tuple(SourceFile(path, "b", 1) for path in sorted(listed)),
            examination=Examination(commit=commit, branch="main", git=commit is not None),
            started_at=started,
            zone=dt.UTC,
            date="2026-11-21",
            run=f"{started.date().isoformat()}.1",
            mode="report",
            first_night=False,
            stop=Stop(),
            env={"DAYDREAM_SENTRY_TOKEN": TOKEN} if env is None else env,
            progress=lambda *_: None,
            night=lambda: pytest.fail("not needed"),
            results=known,
        )

    def config(self, sentry: FakeSentry | None, **options: Any) -> Config:
        url = sentry.url if sentry else "https://sentry.example"
        return Config(
            sentry=SentryOptions(**{"base_url": url, "organization": "acme", **self.options, **options})
        )

    @staticmethod
    def result(parts: tuple[dict[str, Any], ...]) -> SubStepResult:
        """A sub-step that was cut after these parts."""
        return SubStepResult(name="issues:*", kind="skipped", parts=parts)

    def night(
        self,
        sentry: FakeSentry | None,
        *,
        forgetful: bool = False,
        env: Mapping[str, str] | None = None,
        **options: Any,
    ) -> Ended:
        """Run every sub-step to its end and keep its rows; `forgetful`: each part in a process of its own."""
        done: dict[str, list[Outcome]] = {}
        duty = sentry_query.make(self.config(sentry, **options))
        context = self.context(done, env)
        if sentry is not None and not self.skewed:
            sentry.now = context.started_at
        seq = 0
        for name in duty.plan(context):
            done[name] = []
            cursor: str | None = None
            while True:
                if forgetful:
                    duty = sentry_query.make(self.config(sentry, **options))
                outcome = duty.run(context, name, cursor)
                seq += 1
                if isinstance(outcome, Done | More):
                    with LogStore.open(self.state / SCHEMA.file) as store:
                        store.commit(context.run, seq, outcome.rows)
                    outcome = replace_rows(outcome)
                kept = msgspec.json.decode(msgspec.json.encode(outcome), type=Outcome)
                done[name].append(kept)
                if not isinstance(kept, More):
                    break
                cursor = kept.cursor
        self.number += 1
        return Ended(done, duty.section(recorded(done)))

    def rows(self) -> list[ErrorNight]:
        """What the nights so far remember of errors."""
        with LogStore.open(self.state / SCHEMA.file, read_only=True) as store:
            return store.errors(since=0.0, without_run="")


def replace_rows(outcome: Done | More) -> Done | More:
    """Take the rows out, as the journal does not keep them."""
    return msgspec.structs.replace(outcome, rows=())


def recorded(outcomes: Mapping[str, list[Outcome]]) -> Sequence[SubStepResult]:
    """A state's sub-steps as its step sees them, the one in progress included."""
    return [
        SubStepResult(
            name=name,
            kind=_KINDS.get(type(found[-1]), "skipped") if found else "skipped",
            parts=tuple(o.facts for o in found if isinstance(o, Done | More)),
            reason=getattr(found[-1], "reason", getattr(found[-1], "error", "")) if found else "",
        )
        for name, found in outcomes.items()
    ]


def git(root: Path, *argv: str, when: str = "2026-11-01T00:00:00Z") -> str:
    """Run git as a person would."""
    env = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(root),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "Ann",
        "GIT_AUTHOR_EMAIL": "ann@example.org",
        "GIT_COMMITTER_NAME": "Ann",
        "GIT_COMMITTER_EMAIL": "ann@example.org",
        "GIT_AUTHOR_DATE": when,
        "GIT_COMMITTER_DATE": when,
    }
    done = subprocess.run(["git", *argv], cwd=root, env=env, capture_output=True, text=True, check=True)
    return done.stdout


def commit(root: Path, files: Mapping[str, str], message: str, when: str) -> str:
    """Commit files and return the commit's id."""
    if not (root / ".git").exists():
        root.mkdir(parents=True, exist_ok=True)
        git(root, "init", "-q", "-b", "main")
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", message, when=when)
    return git(root, "rev-parse", "HEAD").strip()


def labels(lines: Iterable[Mapping[str, Any]]) -> list[str]:
    """The labels of a section's lines."""
    return [str(line["label"]) for line in lines]


__all__ = ["STARTED", "Ended", "World", "commit", "git", "labels"]
