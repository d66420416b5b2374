"""`report`: the night's page, its JSON twin and the findings' memory, as changes for the applier."""

import datetime as dt
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from daydream.contracts.context import Context
from daydream.contracts.step import Step
from daydream.records.change import Change, Delete, Edit, Move
from daydream.records.night import NightFacts
from daydream.records.outcome import Done, Outcome
from daydream.records.section import SectionData, SubStepResult
from daydream.report import compose, resources, sightings
from daydream.report.plain import plain
from daydream.report.render import RenderFailed, Source, markdown
from daydream.store import findings

if TYPE_CHECKING:
    from daydream.config.model import Config

SNAPSHOTS = "night/findings"
KEPT_SNAPSHOTS = 7
MOST_DELETED = 50
_LARGEST_TWIN = 16 * 2**20
_REPORT = re.compile(r"report_([0-9]{4}-[0-9]{2}-[0-9]{2})(?:\.[0-9]+)?\.(?:md|json)")


class _Twin(msgspec.Struct, frozen=True):
    """What of an earlier report says whose it is."""

    run: str
    number: int


def make(config: "Config") -> Step:
    """Bind the options."""
    return ReportStep(config.report.keep_days)


class ReportStep:
    """One sub-step: what the night came to is read once and written whole."""

    def __init__(self, keep_days: int, source: Source = resources.text) -> None:
        self._keep_days = keep_days
        self._source = source

    def plan(self, ctx: Context) -> Sequence[str]:  # noqa: ARG002 -- the contract's signature
        """Name the one sub-step."""
        return ["write"]

    def run(self, ctx: Context, sub_step: str, cursor: str | None) -> Outcome:  # noqa: ARG002 -- likewise
        """Compose and render; in plain text where the templates fail."""
        facts = ctx.night()
        doc = compose.compose(facts)
        why = ""
        try:
            page = markdown(doc, self._source)
        except RenderFailed as error:
            why = str(error)
            page = plain(facts, why)
        name = f"report_{facts.date}"
        content = page.encode()
        _, remembered = sightings.once(facts.findings, facts.sections)
        snapshot = findings.Snapshot(
            run=facts.run, night=facts.date, commit=facts.examination.commit, findings=remembered
        )
        changes: list[Change] = [
            Edit(place="state", path=f"{SNAPSHOTS}/{facts.run}.jsonl", content=findings.encode(snapshot)),
            *_aside(ctx.logs, facts, name),
            Edit(place="logs", path=f"{name}.md", content=content),
            Edit(place="logs", path=f"{name}.json", content=compose.encode(doc)),
            Edit(place="logs", path="latest.md", content=content),
            *_outdated_reports(ctx.logs, dt.date.fromisoformat(facts.date), self._keep_days),
            *_outdated_snapshots(ctx.state / SNAPSHOTS, facts.run),
        ]
        return Done(
            facts={"lines": page.count("\n"), "new": doc.new.total, "needs": doc.needs_total, "plain": why},
            changes=tuple(changes),
        )

    def section(self, results: Sequence[SubStepResult]) -> SectionData:
        """Say only what went wrong: the page is its own section."""
        facts = results[-1].parts[-1] if results and results[-1].parts else {}
        notes = tuple(result.reason for result in results if result.reason)
        return SectionData(key="report", title="Report", facts=dict(facts), notes=notes)


def _aside(logs: Path, facts: NightFacts, name: str) -> Iterator[Change]:
    """Move the report of an earlier run of this date to its own number; never over another one."""
    if facts.number <= 1 or not _is_file(logs / f"{name}.md"):
        return
    number = facts.number - 1
    twin = _twin(logs / f"{name}.json")
    if twin is not None:
        if twin.run == facts.run:
            return
        number = twin.number if 1 <= twin.number < facts.number else number
    for ending in ("md", "json"):
        target = f"{name}.{number}.{ending}"
        if _is_file(logs / f"{name}.{ending}") and not os.path.lexists(logs / target):
            yield Move(place="logs", path=f"{name}.{ending}", target=target)


def _is_file(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def _twin(path: Path) -> _Twin | None:
    """Read whose report this is; None where nothing readable says so."""
    if not _is_file(path):
        return None
    try:
        if path.stat().st_size > _LARGEST_TWIN:
            return None
        return msgspec.json.decode(path.read_bytes(), type=_Twin)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None


def _outdated_reports(logs: Path, night: dt.date, keep_days: int) -> Iterator[Change]:
    """Delete reports whose own date is more than `keep_days` ago, oldest first, some each night."""
    if not logs.is_dir():
        return
    last = (night - dt.timedelta(days=keep_days)).isoformat()
    with os.scandir(logs) as entries:
        dated = sorted(
            (match[1], entry.name)
            for entry in entries
            if (match := _REPORT.fullmatch(entry.name))
            and _is_date(match[1])
            and entry.is_file(follow_symlinks=False)
        )
    for _, name in [found for found in dated if found[0] < last][:MOST_DELETED]:
        yield Delete(place="logs", path=name)


def _is_date(text: str) -> bool:
    try:
        dt.date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _outdated_snapshots(folder: Path, run: str) -> Iterator[Change]:
    """Keep the last seven snapshots, tonight's among them."""
    before = [p for p in findings.snapshots(folder) if findings.order(p.stem) < findings.order(run)]
    for path in before[: max(0, len(before) - (KEPT_SNAPSHOTS - 1))][:MOST_DELETED]:
        yield Delete(place="state", path=f"{SNAPSHOTS}/{path.name}")
