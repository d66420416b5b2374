"""`log_review`: the application's logs of the last 24 hours; recurring errors, exceptions, level spikes."""

import contextlib
import hashlib
import os
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from daydream.analysis.logs.heads import ERROR, WARNING
from daydream.analysis.logs.issues import LEVEL_NAMES, RECURRING, Locate, Tally
from daydream.analysis.logs.scan import PART_BYTES, Scan, Window
from daydream.analysis.logs.sources import (
    MOST_MEMBERS,
    Found,
    Pin,
    Unreadable,
    discover,
    find_pinned,
    members,
    named,
)
from daydream.analysis.logs.times import Clock
from daydream.analysis.redaction import quoted
from daydream.config.model import Config, LogOptions
from daydream.contracts.context import Context
from daydream.contracts.step import Step
from daydream.records.finding import Examined
from daydream.records.outcome import Done, Facts, More, Outcome, Skipped
from daydream.records.section import SectionData, SubStepResult
from daydream.steps.log_findings import RULES, exception, level_spike, recurring, top

KEY, TITLE = "log_review", "Log Analysis"
WINDOW_S = 86_400.0
NOTHING = "no log files found: name them under [logs] sources in daydream.toml"
ROTATED = "it was rotated or cut while it was read; tomorrow's night reads it again"
_MOST_FINDINGS = 100
_LONGEST_NAME = 150
_LOG, _PATTERN, _NONE, _LIMIT = "log:", "pattern:", "none", "search"
_LIBRARIES = {"site-packages", "dist-packages"}


class _Cursor(msgspec.Struct, frozen=True, array_like=True):
    """Where a log's reading stands: how many parts of which bytes are done."""

    parts: int
    pins: tuple[Pin, ...]


@dataclass(slots=True)
class _Reading:
    """A scan in progress, kept between the parts; rebuilt from its cursor when it is not at hand."""

    cursor: str
    scan: Scan
    pins: tuple[Pin, ...]


class LogReview:
    """Reads each log with its rotations as one sub-step, in parts of `part_bytes`."""

    def __init__(self, options: LogOptions, part_bytes: int = PART_BYTES) -> None:
        self._options, self._part_bytes = options, part_bytes
        self._reading: _Reading | None = None
        self._found: Found | None = None

    def plan(self, ctx: Context) -> Sequence[str]:
        """One sub-step for each log, and one for each configured pattern that matches nothing."""
        found = self._found = self._search(ctx)
        names = [_name(log, ctx.root) for log in found.logs]
        names += [f"{_PATTERN}{i}" for i in self._empty_patterns(ctx)]
        if not found.complete:
            names.append(_LIMIT)
        return names or [_NONE]

    def run(self, ctx: Context, sub_step: str, cursor: str | None) -> Outcome:
        """Read the next part of a log; its findings come with the last."""
        if sub_step == _NONE:
            return Skipped(reason=NOTHING)
        if sub_step == _LIMIT:
            return Skipped(
                reason="the search for logs ended after 20,000 folders or files: name them under [logs] sources"
            )
        if sub_step.startswith(_PATTERN):
            pattern = quoted(self._options.sources[int(sub_step.removeprefix(_PATTERN))], 100)
            return Skipped(reason=f"[logs] sources: nothing matches {pattern}; correct or remove it")
        if self._found is None:
            self._found = self._search(ctx)
        logs = self._found.logs
        log = next((log for log in logs if _name(log, ctx.root) == sub_step), None)
        if log is None:
            return Skipped(reason=f"{sub_step.removeprefix(_LOG)} is gone; nothing to do if that was meant")
        subject = _shown(log, ctx.root)
        try:
            return self._part(ctx, subject, logs[log], cursor)
        except (Unreadable, FileNotFoundError) as error:
            return Skipped(reason=f"{subject} cannot be read ({error}): make it readable or leave it out")

    def section(self, results: Sequence[SubStepResult]) -> SectionData:
        """Add up the logs that were read to their end."""
        ends = [r.parts[-1] for r in results if r.kind == "done" and r.parts]
        notes = [note for facts in ends for note in facts["notes"]]
        notes += [r.reason if r.reason.endswith(".") else f"{r.reason}." for r in results if r.kind != "done"]
        if not ends:
            return SectionData(key=KEY, title=TITLE, facts={"sources": 0}, notes=tuple(notes))
        counted = ("entries", "recurring", "anomalies", "exceptions", "warnings", "bytes")
        facts: Facts = {name: sum(end[name] for end in ends) for name in counted}
        facts["sources"] = len(ends)
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

    def _part(self, ctx: Context, subject: str, paths: Sequence[Path], cursor: str | None) -> Outcome:
        reading = self._resume(ctx, paths, cursor)
        if reading is None:
            return Skipped(reason=f"{subject}: {ROTATED}")
        scan = reading.scan
        with contextlib.ExitStack() as trouble:
            trouble.callback(scan.close)
            finished = scan.advance(ctx.check)
            trouble.pop_all()
        if not finished:
            text = msgspec.json.encode(_Cursor(scan.parts, reading.pins)).decode()
            self._reading = _Reading(text, scan, reading.pins)
            return More(cursor=text, facts={"log": subject, "bytes": scan.bytes})
        scan.close()
        if find_pinned(reading.pins, paths) is None:
            return Skipped(reason=f"{subject}: {ROTATED}")
        return _outcome(subject, scan)

    def _resume(self, ctx: Context, paths: Sequence[Path], cursor: str | None) -> _Reading | None:
        """Return the reading that stands at `cursor`, from memory or by reading the same bytes again."""
        kept, self._reading = self._reading, None
        if kept is not None and cursor is not None and kept.cursor == cursor:
            return kept
        if kept is not None:
            kept.scan.close()
        notes: list[str] = []
        parts = 0
        if cursor is None:
            pinned = members(paths)
            if len(pinned) > MOST_MEMBERS:
                notes.append(f"Of {len(pinned)} rotations only the newest {MOST_MEMBERS} were read.")
                pinned = pinned[-MOST_MEMBERS:]
        else:
            stand = msgspec.json.decode(cursor, type=_Cursor)
            again = find_pinned(stand.pins, paths)
            if again is None:
                return None
            pinned, parts = list(zip(stand.pins, again, strict=True)), stand.parts
        scan = _scan(ctx, pinned, self._part_bytes)
        scan.notes += notes
        while scan.parts < parts:
            if scan.advance(ctx.check):
                return None
        return _Reading(cursor or "", scan, tuple(pin for pin, _ in pinned))


def make(config: Config) -> Step:
    """Bind the step to its options."""
    return LogReview(config.logs)


def _scan(ctx: Context, pinned: Sequence[tuple[Pin, Path]], part_bytes: int) -> Scan:
    end = ctx.started_at.timestamp()
    window = Window(end - WINDOW_S, end)
    tally = Tally(window.start, window.end, _locator(ctx.paths(".py")))
    return Scan(pinned, window, Clock(ctx.zone, ctx.started_at), tally, part_bytes)


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


def _locator(paths: Collection[str]) -> Locate:
    """Map paths in stack frames to examined files by their longest common ending of at least two parts,
    or by the bare name of a file at the root that no other file shares.

    An ending that two files share maps to nothing, nor does a library's file.
    """
    endings: dict[str, str | None] = {}
    names = Counter(path.rpartition("/")[2] for path in paths)
    for path in sorted(paths):
        parts = path.split("/")
        for size in range(2, len(parts) + 1):
            ending = "/".join(parts[-size:])
            endings[ending] = None if ending in endings else path
        if len(parts) == 1 and names[path] == 1:
            endings[path] = path

    def locate(path: str) -> str | None:
        parts = path.replace("\\", "/").split("/")
        if any(part in _LIBRARIES or part.startswith("python3") for part in parts):
            return None
        sizes = range(min(len(parts), 40), 0, -1)
        ending = next((e for size in sizes if (e := "/".join(parts[-size:])) in endings), None)
        return endings[ending] if ending is not None else None

    return locate


def _outcome(subject: str, scan: Scan) -> Outcome:
    tally = scan.tally
    if not scan.read:
        return Skipped(reason=" ".join(scan.notes) or f"{subject}: nothing in it could be read")
    templates, traces, spikes = tally.recurring(), tally.exceptions(), tally.spikes()
    errors = [issue for issue in templates if issue.level >= ERROR and issue.count >= RECURRING]
    findings = [recurring(subject, issue) for issue in errors]
    findings += [exception(subject, issue) for issue in traces]
    rules = dict(RULES)
    notes = [f"{subject}: {note}" for note in scan.notes] + _notes(subject, tally)
    if len(findings) > _MOST_FINDINGS:
        notes.append(f"{subject}: of {len(findings)} issues only the first {_MOST_FINDINGS} are kept.")
        del findings[_MOST_FINDINGS:], rules["log.recurring_error"], rules["log.exception"]
    if spikes is None:
        del rules["log.level_spike"]
    findings += [level_spike(subject, spike) for spike in spikes or ()]
    bad = [issue for issue in traces if issue.level >= ERROR]
    facts: Facts = {
        "log": subject,
        "entries": tally.entries,
        "recurring": len(errors) + sum(issue.count >= RECURRING for issue in bad),
        "anomalies": len(spikes or ()),
        "exceptions": len(bad),
        "warnings": sum(i.level == WARNING and i.count >= RECURRING for i in templates),
        "levels": {LEVEL_NAMES[level]: count for level, count in sorted(tally.levels.items())},
        "bytes": scan.bytes,
        "files": scan.read,
        "top": [top(issue) for issue in templates[:20]],
        "notes": notes,
    }
    return Done(findings=tuple(findings), examined=(Examined(rules=rules, subjects=(subject,)),), facts=facts)


def _notes(subject: str, tally: Tally) -> list[str]:
    notes = []
    if tally.future:
        notes.append(
            f"{subject}: {tally.future} entries carry stamps from the future and are not counted: "
            "check the clock that wrote them, or zone under [night]."
        )
    if tally.undated:
        notes.append(f"{subject}: {tally.undated} entries before the first time stamp are not counted.")
    if tally.overflow:
        notes.append(
            f"{subject}: {tally.overflow} entries fit none of the first templates and are not grouped."
        )
    return notes
