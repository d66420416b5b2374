"""`log_review`: what the application's logs say since the last night, beside what they used to say."""

import contextlib
import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

from daydream.analysis.errors.frames import locator
from daydream.analysis.logs.callsites import Index, build
from daydream.analysis.logs.history import TRACE, recall
from daydream.analysis.logs.scan import PART_BYTES
from daydream.analysis.logs.sources import Found, Unreadable, discover, find_pinned, named
from daydream.analysis.logs.tally import LEVEL_NAMES
from daydream.analysis.redaction import Policy, quoted
from daydream.config.model import Config, LogOptions
from daydream.contracts.context import Context
from daydream.contracts.step import Step
from daydream.errors import StateDamaged, StateNewer
from daydream.records.outcome import Done, Facts, Failed, More, Outcome, Skipped
from daydream.records.section import SectionData, SubStepResult
from daydream.steps import advice_logs
from daydream.steps.advice import advised
from daydream.steps.log_archive import Where, archive_changes, candidates
from daydream.steps.log_outcome import outcome
from daydream.steps.log_reading import Reading, Tools, begin
from daydream.steps.log_told import joined
from daydream.store.log_rows import LogStore
from daydream.store.log_schema import SCHEMA

KEY, TITLE = "log_review", "Log Analysis"
NOTHING = "no log files found: name them under [logs] sources in daydream.toml"
ROTATED = "it was rotated or cut while it was read; tomorrow's night reads it again"
_LONGEST_NAME = 150
_RECOVERED = 3
_LOG, _PATTERN, _NONE, _LIMIT, _ARCHIVE, _GONE = "log:", "pattern:", "none", "search", "archive", "gone:"
_LONGEST_SUB_STEP = 200
_LATELY_S = 2 * 86_400.0
_ELSEWHERE = "sentry:"


class LogReview:
    """Reads each log with its rotations as one sub-step, in parts of `part_bytes`."""

    def __init__(self, options: LogOptions, part_bytes: int = PART_BYTES) -> None:
        self._options, self._part_bytes = options, part_bytes
        self._reading: Reading | None = None
        self._found: Found | None = None
        self._index: Index | None = None

    def plan(self, ctx: Context) -> Sequence[str]:
        """One sub-step for each log, and one for each configured pattern that matches nothing."""
        found = self._found = self._search(ctx)
        names = [_name(log, ctx.root) for log in found.logs]
        names += [f"{_PATTERN}{i}" for i in self._empty_patterns(ctx)]
        there = {_shown(log, ctx.root) for log in found.logs}
        names += [f"{_GONE}{source}"[:_LONGEST_SUB_STEP] for source in _lately(ctx) if source not in there]
        if not found.complete:
            names.append(_LIMIT)
        return [*(names or [_NONE]), *([_ARCHIVE] if self._options.archive else [])]

    def run(self, ctx: Context, sub_step: str, cursor: str | None) -> Outcome:
        """Read the next part of a log; its findings come with the last."""
        aside = self._aside(ctx, sub_step)
        if aside is not None:
            return aside
        if self._found is None:
            self._found = self._search(ctx)
        logs = self._found.logs
        log = next((log for log in logs if _name(log, ctx.root) == sub_step), None)
        if log is None:
            return Skipped(reason=f"{sub_step.removeprefix(_LOG)} is gone; nothing to do if that was meant")
        subject = _shown(log, ctx.root)
        try:
            with LogStore.open(ctx.state / SCHEMA.file, read_only=True) as store:
                return self._part(ctx, subject, logs[log], cursor, store)
        except (Unreadable, FileNotFoundError) as error:
            return Skipped(reason=f"{subject} cannot be read ({error}): make it readable or leave it out")
        except (StateDamaged, StateNewer) as error:
            return Failed(error=str(error))

    def _aside(self, ctx: Context, sub_step: str) -> Outcome | None:
        """What a sub-step that reads no log comes to; None for one that does."""
        if sub_step == _NONE:
            return Skipped(reason=NOTHING)
        if sub_step == _ARCHIVE:
            try:
                return self._archive(ctx)
            except (StateDamaged, StateNewer) as error:
                return Failed(error=str(error))
        if sub_step.startswith(_GONE):
            source = sub_step.removeprefix(_GONE)
            return Skipped(
                reason=f"{source} was read the last time and is gone; nothing to do if that was meant"
            )
        if sub_step == _LIMIT:
            return Skipped(
                reason="the search for logs ended after 20,000 folders or files: name them under [logs] sources"
            )
        if sub_step.startswith(_PATTERN):
            pattern = quoted(self._options.sources[int(sub_step.removeprefix(_PATTERN))], 100)
            return Skipped(reason=f"[logs] sources: nothing matches {pattern}; correct or remove it")
        return None

    def section(self, results: Sequence[SubStepResult]) -> SectionData:
        """Add up the logs that were read to their end."""
        last = [r.parts[-1] for r in results if r.kind == "done" and r.parts]
        ends = [facts for facts in last if "log" in facts]
        packed = [facts["packed"] for facts in last if "packed" in facts]
        notes = [r.reason if r.reason.endswith(".") else f"{r.reason}." for r in results if r.kind != "done"]
        notes += [note for facts in last for note in facts["notes"]]
        if not ends:
            return SectionData(key=KEY, title=TITLE, facts={"sources": 0}, notes=tuple(notes))
        counted = ("entries", "recurring", "anomalies", "exceptions", "warnings", "bytes", "templates")
        facts: Facts = {name: sum(end[name] for end in ends) for name in counted}
        facts["sources"] = len(ends)
        news = [end["new_templates"] for end in ends if end["new_templates"] is not None]
        facts["new_templates"] = sum(news) if news else None
        facts["judged"] = sum(end["judged"] for end in ends)
        facts["recovered"] = [said for end in ends for said in end["recovered"]][:_RECOVERED]
        facts |= joined(ends)
        facts["packed"] = packed[0] if packed else None
        facts["levels"] = {
            name: sum(end["levels"].get(name, 0) for end in ends) for name in LEVEL_NAMES.values()
        }
        return SectionData(key=KEY, title=TITLE, facts=facts, notes=tuple(notes))

    def _search(self, ctx: Context) -> Found:
        own = _own(ctx)
        if not self._options.sources:
            if not self._options.discover:
                return Found({})
            return discover(_real(ctx.root), own, set(ctx.paths()), ctx.check)
        logs: dict[Path, tuple[Path, ...]] = {}
        complete = True
        for pattern in self._options.sources:
            found = named(pattern, _real(ctx.root), own, ctx.check)
            complete = complete and found.complete
            for log, paths in found.logs.items():
                logs[log] = tuple(sorted({*logs.get(log, ()), *paths}))
        return Found(dict(sorted(logs.items())), complete)

    def _empty_patterns(self, ctx: Context) -> list[int]:
        own, root = _own(ctx), _real(ctx.root)
        return [i for i, p in enumerate(self._options.sources) if not named(p, root, own, ctx.check).logs]

    def _part(
        self, ctx: Context, subject: str, paths: Sequence[Path], cursor: str | None, store: LogStore
    ) -> Outcome:
        reading = self._resume(ctx, subject, paths, cursor, store)
        if reading is None:
            return Skipped(reason=f"{subject}: {ROTATED}")
        scan = reading.scan
        with contextlib.ExitStack() as trouble:
            trouble.callback(scan.close)
            finished = scan.advance(ctx.check)
            trouble.pop_all()
        if not finished:
            rows = reading.store(subject)
            self._reading = reading
            return More(cursor=reading.cursor, facts={"log": subject, "bytes": scan.bytes}, rows=rows)
        scan.close()
        if reading.pins and find_pinned(reading.pins, paths) is None:
            return Skipped(reason=f"{subject}: {ROTATED}")
        if not scan.read and (reading.pins or (reading.memory.last is None and scan.notes)):
            return Skipped(reason=" ".join(scan.notes) or f"{subject}: nothing in it could be read")
        return outcome(ctx, subject, reading, self._calls(ctx))

    def _resume(
        self, ctx: Context, subject: str, paths: Sequence[Path], cursor: str | None, store: LogStore
    ) -> Reading | None:
        """Return the reading that stands at `cursor`, from memory or as it was stored."""
        kept, self._reading = self._reading, None
        if kept is not None and cursor is not None and kept.cursor == cursor:
            return kept
        if kept is not None:
            kept.scan.close()
        memory = recall(store, subject, ctx.run, ctx.started_at.timestamp())
        known = [(key, text) for key, text in memory.texts.items() if not key.startswith(TRACE)]
        policy = Policy(emails=self._options.redact_emails, addresses=self._options.redact_addresses)
        tools = Tools(locator(ctx.paths(".py")), policy, self._part_bytes, ctx.check)
        stored = store.part(subject, ctx.run, int(cursor)) if cursor and cursor.isdecimal() else None
        return begin(ctx, memory, paths, stored, known, tools)

    def _calls(self, ctx: Context) -> Index:
        """The repository's logging calls; looked for when the first log was read."""
        if self._index is None:
            self._index = build(ctx.tree, ctx.files, ctx.cache, ctx.check)
        return self._index

    def _archive(self, ctx: Context) -> Outcome:
        """Pack what tonight's readings are through with, where a person named the folder."""
        globs, root = self._options.archive, _real(ctx.root)
        with LogStore.open(ctx.state / SCHEMA.file, read_only=True) as store:
            ends = store.positions(ctx.run)
        paths = candidates(globs, root, _own(ctx), ctx.check)
        where = Where(root, _real(ctx.state))
        changes, notes = archive_changes(
            paths, ends, self._options, ctx.started_at.timestamp(), where=where, check=ctx.check
        )
        return Done(changes=tuple(changes), facts={"packed": len(changes), "notes": list(notes)})


def make(config: Config) -> Step:
    """Bind the step to its options."""
    return advised(LogReview(config.logs), config, advice_logs.STATE, advice_logs.items)


def _lately(ctx: Context) -> list[str]:
    """The logs that were read within the last two days; none where the memory cannot be read, which the reading says."""
    try:
        with LogStore.open(ctx.state / SCHEMA.file, read_only=True) as store:
            sources = store.sources(since=ctx.started_at.timestamp() - _LATELY_S, without_run=ctx.run)
            return [source for source in sources if not source.startswith(_ELSEWHERE)]
    except (StateDamaged, StateNewer):
        return []


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))


def _own(ctx: Context) -> tuple[Path, ...]:
    """Return what is daydream's and never an application's: its logs, its state, its workbench."""
    root = _real(ctx.root)
    places = (*map(_real, (ctx.logs, ctx.state, ctx.tree)), ctx.logs, ctx.state)
    return tuple(place for place in dict.fromkeys(places) if not root.is_relative_to(place))


def _shown(log: Path, root: Path) -> str:
    """Name a log in findings: relative to the root in POSIX form, absolute outside it."""
    base = _real(root)
    path = log.relative_to(base) if log.is_relative_to(base) else log
    return quoted(os.fsencode(path.as_posix()).decode("utf-8", "backslashreplace"), 400)


def _name(log: Path, root: Path) -> str:
    """Name a log's sub-step: its path, or as much of it as fits with a digest."""
    shown = _shown(log, root)
    if len(shown) <= _LONGEST_NAME and shown.isascii():
        return f"{_LOG}{shown}"
    digest = hashlib.sha256(os.fsencode(log)).hexdigest()[:16]
    return f"{_LOG}{shown[-_LONGEST_NAME:]}#{digest}"
