"""`task_cleanup`: open, done and stale tasks, in lists and in comments."""

import datetime as dt
import errno
import os
import re
import stat
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from daydream.analysis import blame, expiry, tasks
from daydream.analysis.redaction import quoted
from daydream.contracts.context import Context
from daydream.contracts.step import Step
from daydream.git import attempt
from daydream.records.finding import Examined, Finding
from daydream.records.outcome import Done, More, Outcome
from daydream.records.repository import SourceFile
from daydream.records.section import SectionData, SubStepResult

if TYPE_CHECKING:
    from daydream.config.model import Config, TaskOptions

EXPIRED, STALE, FINISHED = "task.expired", "task.stale", "task.done_not_archived"
VERSIONS = {EXPIRED: 1, STALE: 1, FINISHED: 1}
MOST_BLAMED = 60
LARGEST = 2**20
_BATCH_FILES, _BATCH_BYTES = 250, 8 * 2**20
_BLAMED_AT_ONCE = 3
_IGNORED_COMMITS = ".git-blame-ignore-revs"
_SETTLED_DAYS = 14
_ENOUGH_DONE = 3
_STATING = re.compile(r"(?:src/)?[^/]+/(?:__init__|_version|__version__|version|__about__)\.py")
_MOST_STATING = 20
_METADATA = ("pyproject.toml", "setup.cfg", "setup.py")
_COPIED = frozenset({"vendor", "_vendor", "vendored", "third_party", "extern", "externals", "node_modules"})
_MOST_LINES = 400


@dataclass(frozen=True, slots=True)
class _Read:
    """What one file came to; `state` is read, large, gone, link, binary or odd (does not tokenize)."""

    path: str
    listed: bool
    state: str
    items: tuple[tasks.Item, ...] = ()

    def open_items(self, now: expiry.Present) -> list[tasks.Item]:
        """The items whose age says something: not done, and not yet told by a condition of their own."""
        return [item for item in self.items if not item.done and _due(self.path, item, now) is None]


def make(config: "Config") -> Step:
    """Bind the options."""
    return TaskCleanup(config.tasks)


class TaskCleanup:
    """Batches of files, read once each; then the ages of what they hold, a few files at a time."""

    def __init__(self, options: "TaskOptions") -> None:
        self._options = options
        self._read: dict[str, _Read] = {}
        self._run = ""

    def plan(self, ctx: Context) -> Sequence[str]:
        """Name one sub-step per batch of candidate files, and one for all ages."""
        return [*(f"files:{number}" for number in range(1, len(self._batches(ctx)) + 1)), "ages"]

    def run(self, ctx: Context, sub_step: str, cursor: str | None) -> Outcome:
        """Read a batch, or ask git for the next few files' ages."""
        kind, _, number = sub_step.partition(":")
        if kind == "ages":
            return self._ages(ctx, int(cursor or 0))
        batches = self._batches(ctx)
        return self._files(ctx, batches[int(number) - 1] if int(number) <= len(batches) else [])

    def section(self, results: Sequence[SubStepResult]) -> SectionData:
        """Add up; what nobody measured is null."""
        return section(results)

    def _lists(self, ctx: Context) -> set[str]:
        """The task lists among the examined files: whatever matches the configured patterns and is no code."""
        from pathspec import GitIgnoreSpec

        spec = GitIgnoreSpec.from_lines(self._options.files)
        return {p for p in spec.match_files(f.path for f in ctx.files) if tasks.comment_prefix(p) is None}

    def _batches(self, ctx: Context) -> list[list[SourceFile]]:
        lists = self._lists(ctx)
        groups: list[list[SourceFile]] = []
        size = 0
        for file in sorted(ctx.files, key=lambda f: f.path):
            if file.path not in lists and tasks.comment_prefix(file.path) is None:
                continue
            if not groups or len(groups[-1]) >= _BATCH_FILES or size + file.size > _BATCH_BYTES:
                groups.append([])
                size = 0
            groups[-1].append(file)
            size += file.size
        return groups

    def _file(self, ctx: Context, path: str, listed: bool) -> _Read:
        """Read a file once a night; a resumed night reads it again."""
        if self._run != ctx.run:
            self._run, self._read = ctx.run, {}
        if path not in self._read:
            self._read[path] = _load(ctx, path, listed)
        return self._read[path]

    def _files(self, ctx: Context, batch: Sequence[SourceFile]) -> Outcome:
        lists, now = self._lists(ctx), _present(ctx)
        counts: Counter[str] = Counter()
        findings: list[Finding] = []
        read: list[str] = []
        for file in batch:
            ctx.check()
            found = self._file(ctx, file.path, file.path in lists)
            counts[found.state] += 1
            if found.state != "read":
                continue
            read.append(file.path)
            counts["lists"] += found.listed
            for item in found.items:
                why = _due(file.path, item, now)
                counts[_column(item)] += 1
                counts["priorities"] += item.urgent or why is not None
                if why is not None:
                    findings.append(_expired(file.path, item, why))
        return Done(
            findings=tuple(findings),
            examined=(Examined(rules={EXPIRED: VERSIONS[EXPIRED]}, subjects=tuple(read)),),
            facts={"expired": len(findings), **{key: counts[key] for key in _COUNTED}},
        )

    def _ages(self, ctx: Context, start: int) -> Outcome:
        now = _present(ctx)
        held = [found for found in self._all(ctx) if found.open_items(now) or (found.listed and found.items)]
        held.sort(key=lambda found: _rank(found, now))
        chosen = held[:MOST_BLAMED]
        facts: Counter[str] = Counter()
        findings: list[Finding] = []
        part = chosen[start : start + _BLAMED_AT_ONCE]
        for found in part:
            ctx.check()
            dates = _dates(ctx, found, facts)
            findings += _aged(found, dates, ctx.started_at, self._options.stale_days, now, facts)
        if not start:
            facts["unmeasured"] += sum(len(found.open_items(now)) for found in held[MOST_BLAMED:])
        rules = {rule: VERSIONS[rule] for rule in (STALE, FINISHED)}
        quiet = () if start else self._without_tasks(ctx, {found.path for found in held})
        examined = (Examined(rules=rules, subjects=(*quiet, *(found.path for found in part))),)
        told: dict[str, Any] = {key: facts[key] for key in _AGED}
        told["history"] = ctx.examination.commit is not None
        after = start + _BLAMED_AT_ONCE
        if after < len(chosen):
            return More(cursor=str(after), findings=tuple(findings), examined=examined, facts=told)
        return Done(findings=tuple(findings), examined=examined, facts=told)

    def _without_tasks(self, ctx: Context, held: set[str]) -> tuple[str, ...]:
        """The files that were read and hold nothing to date: they are looked at without asking git."""
        return tuple(f.path for f in self._all(ctx) if f.state == "read" and f.path not in held)

    def _all(self, ctx: Context) -> list[_Read]:
        lists = self._lists(ctx)
        found = []
        for batch in self._batches(ctx):
            ctx.check()
            found += [self._file(ctx, file.path, file.path in lists) for file in batch]
        return found


_COUNTED = ("read", "large", "gone", "binary", "odd", "lists", "open", "closed", "markers", "priorities")
_AGED = ("measured", "stale", "unmeasured", "unblamed")


def _due(path: str, item: tasks.Item, now: expiry.Present) -> str | None:
    """Say why an open task's own condition has come; code copied from elsewhere speaks of other versions."""
    copied = not _COPIED.isdisjoint(path.split("/"))
    return None if item.done or copied else expiry.expired(item.text, now)


def _column(item: tasks.Item) -> str:
    return "markers" if item.kind == "comment" else "closed" if item.done else "open"


def _rank(found: _Read, now: expiry.Present) -> tuple[bool, int, int, str]:
    """Lists first, then the files with most FIXME and HACK, then those with most tasks."""
    held = found.open_items(now)
    grave = sum(item.word in ("FIXME", "HACK") for item in held)
    return not found.listed, -grave, -len(held), found.path


def _present(ctx: Context) -> expiry.Present:
    """What the project says of itself: its metadata, and where a package states its version."""
    stating = [file.path for file in ctx.files if _STATING.fullmatch(file.path)][:_MOST_STATING]
    known = {file.path for file in ctx.files} & set(_METADATA)
    project, *setup = (_text(ctx, path) if path in known else "" for path in _METADATA)
    modules = [_text(ctx, path) for path in stating]
    return expiry.present(project, "\n".join(setup), modules, dt.date.fromisoformat(ctx.date))


def _text(ctx: Context, path: str) -> str:
    data = _bytes(ctx, path)
    return data.decode("utf-8", "replace") if isinstance(data, bytes) else ""


def _bytes(ctx: Context, path: str) -> bytes | str:
    """Read an examined file, never through a link; or say why not (large, gone, link)."""
    try:
        handle = os.open(ctx.tree / path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        return "link" if error.errno == errno.ELOOP else "gone"
    with os.fdopen(handle, "rb") as file:
        about = os.fstat(file.fileno())
        if not stat.S_ISREG(about.st_mode):
            return "gone"
        if about.st_size > LARGEST:
            return "large"
        try:
            return file.read(LARGEST)
        except OSError:
            return "gone"


def _load(ctx: Context, path: str, listed: bool) -> _Read:
    data = _bytes(ctx, path)
    if isinstance(data, str):
        return _Read(path, listed, data)
    if not listed and not tasks.SUSPECT.search(data):
        return _Read(path, listed, "read")
    if path.endswith((".py", ".pyi")):
        items = tasks.python_comments(data)
        return _Read(path, listed, "odd") if items is None else _Read(path, listed, "read", tuple(items))
    if b"\0" in data:
        return _Read(path, listed, "binary")
    text = data.decode("utf-8-sig", "replace")
    found = tasks.boxes(text) if listed else tasks.other_comments(text, tasks.comment_prefix(path) or "#")
    return _Read(path, listed, "read", tuple(found))


def _dates(ctx: Context, found: _Read, facts: Counter[str]) -> Mapping[int, dt.datetime | None]:
    """Ask git when the file's tasks were written; an empty answer where there is no history to ask."""
    commit = ctx.examination.commit
    if commit is None:
        return {}
    lines = [item.line for item in found.items][:_MOST_LINES]
    known = any(file.path == _IGNORED_COMMITS for file in ctx.files)
    for ignored in (str(ctx.tree / _IGNORED_COMMITS), None) if known else (None,):
        argv = blame.arguments(commit, found.path, lines, ignored)
        left = attempt(ctx.root, *argv, stop=ctx.stop, timeout_s=60.0, settings=("blame.ignoreRevsFile=",))
        if left.returncode == 0:
            return blame.dates(left.stdout, shallow=ctx.examination.shallow)
    facts["unblamed"] += 1
    return {}


def _aged(
    found: _Read,
    dates: Mapping[int, dt.datetime | None],
    now: dt.datetime,
    stale_days: int,
    present: expiry.Present,
    facts: Counter[str],
) -> list[Finding]:
    findings = []
    for item in found.open_items(present):
        written = dates.get(item.line)
        facts["unmeasured" if written is None else "measured"] += 1
        if written is not None and now - written > dt.timedelta(days=stale_days):
            facts["stale"] += 1
            findings.append(_stale(found.path, item, written))
    ticked = [item for item in found.items if item.done]
    if found.listed and len(ticked) >= _ENOUGH_DONE:
        days = [None if (at := dates.get(item.line)) is None else (now - at).days for item in ticked]
        findings.append(_finished(found, len(ticked), days))
    return findings


def _expired(path: str, item: tasks.Item, why: str) -> Finding:
    return Finding(
        rule=EXPIRED,
        rule_version=VERSIONS[EXPIRED],
        severity="medium",
        subject=path,
        identity=quoted(item.identity, 500),
        message=f"a task names a condition that has come ({why}): {quoted(item.text, 160)}",
        evidence=quoted(item.context),
        line=item.line,
        worth=0.8,
        action="do what it says, or delete it",
    )


def _stale(path: str, item: tasks.Item, written: dt.datetime) -> Finding:
    return Finding(
        rule=STALE,
        rule_version=VERSIONS[STALE],
        severity="low",
        subject=path,
        identity=quoted(item.identity, 500),
        message=f"open since {written.date().isoformat()}: {quoted(item.text, 160)}",
        evidence=quoted(item.context),
        line=item.line,
        worth=0.4 if item.word in ("FIXME", "HACK") or item.urgent else 0.3,
        action="do it, or delete it",
    )


def _finished(found: _Read, ticked: int, days: Sequence[int | None]) -> Finding:
    """A list without an open box that nobody ticked lately is worth a word; any other is only counted."""
    finished = ticked == len(found.items)
    settled = finished and all(age is not None and age >= _SETTLED_DAYS for age in days)
    state = "none open" if finished else f"{len(found.items) - ticked} open"
    return Finding(
        rule=FINISHED,
        rule_version=VERSIONS[FINISHED],
        severity="low",
        subject=found.path,
        identity="ticked boxes",
        message=f"{ticked} boxes are ticked, {state}",
        worth=0.5 if settled else 0.2,
        action="archive the finished list" if finished else "move what is done out of the list",
        magnitude=float(ticked),
    )


def section(results: Sequence[SubStepResult]) -> SectionData:
    """Add up the batches and the ages; a pure function of the recorded results."""
    batches = [part for result in results if result.name.startswith("files:") for part in result.parts]
    aged = [part for result in results if result.name == "ages" for part in result.parts]
    looked = bool(batches) or any(result.name == "ages" and result.kind == "done" for result in results)
    total = _total(batches, ("expired", *_COUNTED))
    ages = _total(aged, _AGED)
    known = aged and (ages["measured"] or not ages["unmeasured"])
    facts: dict[str, Any] = {
        "closed": total["closed"],
        "priorities": total["priorities"],
        "open": total["open"],
        "done": total["closed"],
        "markers": total["markers"],
        "expired": total["expired"],
        "lists": total["lists"],
        "files": total["read"],
    }
    facts = {key: value if looked else None for key, value in facts.items()}
    facts["stale"] = ages["stale"] if known else None
    facts["unmeasured"] = ages["unmeasured"] if aged else None
    reasons = sorted({result.reason for result in results if result.reason})
    notes = (*reasons, *_notes(total, ages, all(part.get("history", True) for part in aged)))
    return SectionData(key="task_cleanup", title="Task Management", facts=facts, notes=notes)


def _total(parts: Iterable[Mapping[str, Any]], keys: Iterable[str]) -> dict[str, int]:
    rows = list(parts)
    return {key: sum(row.get(key, 0) for row in rows) for key in keys}


def _notes(total: Mapping[str, int], ages: Mapping[str, int], history: bool) -> list[str]:
    notes = []
    unread = {
        "large": "over 1 MB",
        "gone": "unreadable",
        "binary": "binary",
        "odd": "not tokenizable as Python",
    }
    if said := ", ".join(f"{total[key]} {word}" for key, word in unread.items() if total[key]):
        notes.append(f"Files not searched for tasks: {said}.")
    if ages["unmeasured"] and not history:
        notes.append(
            f"The ages of {ages['unmeasured']} open tasks are not measured: there is no git history."
        )
    elif ages["unmeasured"]:
        notes.append(
            f"The ages of {ages['unmeasured']} open tasks are not measured: "
            f"beyond the {MOST_BLAMED} files asked per night, or older than the history at hand."
        )
    if ages["unblamed"]:
        notes.append(f"git blame failed for {ages['unblamed']} files.")
    return notes
