"""A night over a real repository, as the docs step and its fixes see one, with a cache that remembers."""

import datetime as dt
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from daydream.config.model import Config, DocsOptions
from daydream.contracts.cache import Cache, Forgetful
from daydream.contracts.context import Context
from daydream.processes import Stop
from daydream.records.finding import Finding
from daydream.records.night import Known, NightFacts
from daydream.records.outcome import Done
from daydream.records.repository import Examination, SourceFile
from daydream.steps.docs import make

NOW = dt.datetime(2026, 3, 1, 2, 0, tzinfo=dt.UTC)
LONG_AGO = "2024-01-01T00:00:00Z"
LATELY = "2026-02-01T00:00:00Z"


class Remembering:
    """A cache in memory that counts what it was asked and told."""

    def __init__(self) -> None:
        self.held: dict[tuple[str, str], bytes] = {}
        self.written = 0

    def read(self, kind: str, keys: Sequence[str]) -> dict[str, bytes]:
        """The known ones."""
        return {key: self.held[kind, key] for key in keys if (kind, key) in self.held}

    def write(self, kind: str, values: Mapping[str, bytes]) -> None:
        """Keep them."""
        self.written += len(values)
        self.held.update({(kind, key): value for key, value in values.items()})


def git(tree: Path, *argv: str, date: str = LATELY) -> str:
    """Run git as a person would."""
    env = {
        **os.environ,
        "GIT_COMMITTER_DATE": date,
        "GIT_AUTHOR_DATE": date,
        "GIT_CONFIG_GLOBAL": "/dev/null",
    }
    who = ("-c", "user.name=n", "-c", "user.email=e@x.test", "-c", "core.autocrlf=false")
    return subprocess.run(
        ["git", *who, *argv], cwd=tree, env=env, check=True, capture_output=True, text=True
    ).stdout.strip()


def commit(tree: Path, files: Mapping[str, str | bytes | None], date: str = LATELY) -> None:
    """Write (None: remove) files and commit everything."""
    if not (tree / ".git").exists():
        git(tree, "init", "-q")
    for name, text in files.items():
        path = tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if text is None:
            path.unlink()
            if not any(path.parent.iterdir()):
                path.parent.rmdir()  # a checkout has no empty folders
        else:
            path.write_bytes(text if isinstance(text, bytes) else text.encode())
    git(tree, "add", "-A")
    git(tree, "commit", "-qm", "change", "--allow-empty", date=date)


def no_night() -> NightFacts:
    """Nobody asks."""
    raise AssertionError


def context(
    tree: Path, *, cache: Cache | None = None, state: Path | None = None, date: str = "2026-03-01"
) -> Context:
    """The night's world: the tree is its own workbench."""
    files = []
    for entry in git(tree, "ls-files", "-s", "-z").split("\0"):
        head, _, path = entry.partition("\t")
        if path and (tree / path).exists():
            files.append(SourceFile(path, head.split()[1], (tree / path).stat().st_size))
    return Context(
        root=tree,
        tree=tree,
        state=state or tree,
        logs=tree,
        files=files,
        examination=Examination(commit=git(tree, "rev-parse", "HEAD"), branch="main", files=len(files)),
        started_at=NOW,
        zone=dt.UTC,
        date=date,
        run="r1",
        mode="report",
        first_night=False,
        stop=Stop(),
        env={},
        progress=lambda _text, _done, _all: None,
        night=no_night,
        cache=cache or Forgetful(),
    )


def found(ctx: Context, options: DocsOptions | None = None) -> list[Finding]:
    """Every finding of a night."""
    step = make(Config(docs=options or DocsOptions()))
    outcomes = [step.run(ctx, name, None) for name in step.plan(ctx)]
    return [finding for outcome in outcomes if isinstance(outcome, Done) for finding in outcome.findings]


def known(finding: Finding) -> Known:
    """The finding as a fix is given it."""
    return Known(
        id=finding.fingerprint,
        rule=finding.rule,
        rule_version=finding.rule_version,
        severity=finding.severity,
        subject=finding.subject,
        identity=finding.identity,
        message=finding.message,
        line=finding.line,
        worth=finding.worth,
        first_night="2026-03-01",
        last_night="2026-03-01",
        standing="new",
    )
