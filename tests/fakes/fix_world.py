"""A folder with files, findings about them, and what a fix makes of both."""

import datetime as dt
import os
from collections.abc import Mapping
from pathlib import Path

from daydream.analysis.fixes import FIXES
from daydream.contracts.context import Context
from daydream.contracts.fix import Draft
from daydream.processes import Stop
from daydream.records.finding import fingerprint
from daydream.records.night import Known, NightFacts
from daydream.records.repository import Examination, SourceFile


def no_night() -> NightFacts:
    msg = "a fix does not look at the night"
    raise AssertionError(msg)


def world(root: Path) -> Context:
    """A context whose workbench is the folder."""
    files = [
        SourceFile(path.relative_to(root).as_posix(), "", path.lstat().st_size)
        for path in sorted(root.rglob("*"))
        if path.is_symlink() or path.is_file()
    ]
    return Context(
        root=root,
        tree=root,
        state=root,
        logs=root,
        files=files,
        examination=Examination(commit="c", branch="main"),
        started_at=dt.datetime(2026, 11, 21, 2, tzinfo=dt.UTC),
        zone=dt.UTC,
        date="2026-11-21",
        run="r",
        mode="report",
        first_night=False,
        stop=Stop(),
        env=dict(os.environ),
        progress=lambda _item, _k, _n: None,
        night=no_night,
    )


def known(rule: str, identity: str, subject: str = "a.py") -> Known:
    """A finding as the night knows it."""
    return Known(
        id=fingerprint(rule, subject, identity),
        rule=rule,
        rule_version=1,
        severity="low",
        subject=subject,
        identity=identity,
        message="",
        first_night="2026-11-21",
        last_night="2026-11-21",
        standing="new",
    )


def write(root: Path, files: Mapping[str, str | bytes]) -> Path:
    for path, content in files.items():
        full = root / path
        full.parent.mkdir(parents=True, exist_ok=True)
        full.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


def draft(root: Path, findings: list[Known]) -> Draft:
    """Work out the draft of findings of one rule, and see that it speaks of each exactly once."""
    made = FIXES[findings[0].rule](world(root), findings)
    assert sorted([*made.fixed, *made.left]) == sorted(known.id for known in findings)
    return made


class Case:
    """One finding in one file `a.py`, with whatever stands beside it."""

    def __init__(self, root: Path, rule: str) -> None:
        self.root = root
        self.rule = rule

    def draft(
        self,
        identity: str,
        source: str | bytes,
        others: Mapping[str, str | bytes] | None = None,
        subject: str = "a.py",
    ) -> Draft:
        write(self.root, {subject: source, **(others or {})})
        return draft(self.root, [known(self.rule, identity, subject)])

    def fixed(
        self,
        identity: str,
        source: str,
        others: Mapping[str, str | bytes] | None = None,
        subject: str = "a.py",
    ) -> str:
        """The new text of the file; applied to it, the fix must find nothing to do."""
        made = self.draft(identity, source, others, subject)
        assert made.left == {}
        content = made.files[subject]
        assert content is not None
        write(self.root, {path: text for path, text in made.files.items() if text is not None})
        for path in (path for path, text in made.files.items() if text is None):
            (self.root / path).unlink()
        assert draft(self.root, [known(self.rule, identity, subject)]).files == {}
        return content.decode()

    def left(
        self,
        identity: str,
        source: str,
        others: Mapping[str, str | bytes] | None = None,
        subject: str = "a.py",
    ) -> str:
        """Why nothing is done."""
        made = self.draft(identity, source, others, subject)
        assert made.files == {}
        assert made.fixed == ()
        return next(iter(made.left.values()))
