"""`task_cleanup`: open, done, stale and pressing tasks, in lists, plans, comments and on GitHub."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from daydream.analysis import expiry, task_claims, task_sources
from daydream.analysis.blame import Written
from daydream.analysis.task_priority import exempt, priority
from daydream.analysis.task_sources import Read
from daydream.analysis.tasks import Item
from daydream.contracts.context import Context
from daydream.contracts.step import Step
from daydream.records.finding import Examined, Finding
from daydream.records.outcome import Done, More, Outcome
from daydream.records.section import SectionData, SubStepResult
from daydream.steps import task_evidence, task_findings, task_github, task_plans
from daydream.steps.task_history import History
from daydream.steps.task_section import AGED, COUNTED, MOST_BLAMED, section
from daydream.steps.task_tree import Tree, tree

if TYPE_CHECKING:
    from daydream.config.model import Config, TaskOptions

STATE = "maintain.task_cleanup"
PRESSING = 6.0
_BLAMED_AT_ONCE = 5


def make(config: "Config") -> Step:
    """Bind the options."""
    return TaskCleanup(config.tasks)


class TaskCleanup:
    """Batches of files, GitHub where it is configured, then evidence, plans and ages."""

    def __init__(self, options: "TaskOptions") -> None:
        self._options = options
        self._tree: Tree | None = None
        self._history: History | None = None

    def plan(self, ctx: Context) -> Sequence[str]:
        """Name one sub-step per batch of candidate files, and one for each question about all of them.

        Where there is no history, nothing is asked of it. Ages come last: they cost most and tell least.
        """
        batches = [f"files:{number}" for number in range(1, len(self._known(ctx).batches) + 1)]
        asked = [task_github.ISSUES, task_github.REFERENCED] if self._options.github else []
        return [*batches, *asked, *(("evidence", "plans") if ctx.examination.commit else ()), "ages"]

    def run(self, ctx: Context, sub_step: str, cursor: str | None) -> Outcome:
        """Read a batch, ask GitHub for a page, or git for what it knows."""
        known, history = self._known(ctx), self._history
        if sub_step == task_github.ISSUES:
            return task_github.issues(ctx, self._options, history, cursor)
        if sub_step == task_github.REFERENCED:
            return task_github.referenced(ctx, self._options, history, known.all())
        if sub_step == "ages":
            return _ages(known, history, int(cursor or 0), self._options.stale_days)
        if sub_step == "evidence":
            return _evidence(known, history)
        if sub_step == "plans":
            return task_plans.outdated(known, history) if history else Done()
        number = int(sub_step.partition(":")[2])
        return _files(known, number)

    def section(self, results: Sequence[SubStepResult]) -> SectionData:
        """Add up; what nobody measured is null."""
        return section(results)

    def _known(self, ctx: Context) -> Tree:
        """Find the files once a night; a resumed night finds them again."""
        if self._tree is None or self._tree.ctx is not ctx:
            self._tree = tree(ctx, self._options.files)
            commit = ctx.examination.commit
            self._history = History(ctx, commit) if commit else None
        return self._tree


def _files(known: Tree, number: int) -> Done:
    batch = known.batches[number - 1] if number <= len(known.batches) else []
    counts: Counter[str] = Counter()
    findings: list[Finding] = []
    read: list[str] = []
    for found in known.batch(batch):
        counts[found.state] += 1
        if found.state != "read":
            continue
        read.append(found.path)
        counts["lists"] += found.listed
        waiting = {id(item) for item in found.waiting()}
        for item in found.items:
            why = task_sources.due(found.path, item, known.now) if id(item) in waiting else None
            counts[_column(item, id(item) in waiting)] += 1
            counts["priorities"] += (item.urgent and id(item) in waiting) or why is not None
            if why is not None:
                findings.append(task_findings.expired(found.path, item, why))
    return Done(
        findings=tuple(findings),
        examined=(Examined(rules=task_findings.versions(task_findings.EXPIRED), subjects=tuple(read)),),
        facts={"expired": len(findings), **{key: counts[key] for key in COUNTED}},
    )


def _column(item: Item, waiting: bool) -> str:
    if item.kind == "comment":
        return "markers"
    return "closed" if item.done else "open" if waiting else "laid_down"


def _rank(found: Read, now: expiry.Present) -> tuple[bool, int, int, str]:
    """Lists first, then the files with most FIXME and HACK, then those with most tasks."""
    held = found.open_items(now)
    grave = sum(item.grave for item in held)
    return not found.listed, -grave, -len(held), found.path


def _held(known: Tree) -> list[Read]:
    """The files with something to date, in the order of their turn."""
    if known.held is None:
        held = [found for found in known.all() if found.items]
        held = [found for found in held if found.open_items(known.now) or found.ticked()]
        known.held = sorted(held, key=lambda found: _rank(found, known.now))
    return known.held


def _ages(known: Tree, history: History | None, start: int, stale_days: int) -> Outcome:
    """Date the tasks of a few files; the first part also names those that nobody will date tonight."""
    held = _held(known)
    chosen = held[:MOST_BLAMED]
    part = chosen[start : start + _BLAMED_AT_ONCE]
    facts: Counter[str] = Counter()
    findings: list[Finding] = []
    written = history.written(part) if history else {}
    facts["unblamed"] += sum(1 for found in part if history and found.path in history.unblamed)
    pressing = _Pressing(known)
    for found in part:
        known.ctx.check()
        findings += _aged(known, found, written.get(found.path, {}), stale_days, facts)
        findings += pressing.of(found, written.get(found.path, {}), stale_days)
    rules = [task_findings.STALE, task_findings.FINISHED, task_findings.PRIORITY]
    examined = [Examined(rules=task_findings.versions(*rules), subjects=tuple(found.path for found in part))]
    if not start:
        rest = held[MOST_BLAMED:]
        facts["unmeasured"] += sum(len(found.open_items(known.now)) for found in rest)
        for found in rest:
            findings += pressing.of(found, {}, stale_days)
        undated = task_findings.versions(task_findings.PRIORITY)
        examined.append(Examined(rules=undated, subjects=tuple(found.path for found in rest)))
        examined.append(Examined(rules=task_findings.versions(*rules), subjects=_without_tasks(known, held)))
    told: dict[str, Any] = {key: facts[key] for key in AGED}
    told["history"] = history is not None
    after = start + _BLAMED_AT_ONCE
    if after < len(chosen):
        return More(cursor=str(after), findings=tuple(findings), examined=tuple(examined), facts=told)
    return Done(findings=tuple(findings), examined=tuple(examined), facts=told)


def _without_tasks(known: Tree, held: Iterable[Read]) -> tuple[str, ...]:
    """The files that were read and hold nothing to date: they are looked at without asking git."""
    dated = {found.path for found in held}
    return tuple(found.path for found in known.all() if found.state == "read" and found.path not in dated)


def _touched(item: Item, lines: Mapping[int, Written]) -> Written | None:
    """Return the newest line of a task: its last activity; None where it is not known."""
    span = [lines.get(at) for at in range(item.line, max(item.line, item.last_line) + 1)]
    dated = [
        (line.when, at, line) for at, line in enumerate(span) if line is not None and line.when is not None
    ]
    return max(dated)[2] if len(dated) == len(span) else None


def _aged(
    known: Tree, found: Read, lines: Mapping[int, Written], stale_days: int, facts: Counter[str]
) -> list[Finding]:
    findings = []
    now = known.ctx.started_at
    for item in found.open_items(known.now):
        written = _touched(item, lines)
        facts["unmeasured" if written is None else "measured"] += 1
        if written is None or written.when is None or now - written.when <= dt.timedelta(days=stale_days):
            continue
        if exempt(item.text) or exempt(item.context if item.kind == "box" else ""):
            facts["exempt"] += 1
            continue
        age = now - written.when
        stage = 2 if age > dt.timedelta(days=2 * stale_days) else 1
        facts["stale"] += 1
        facts["closing"] += stage == 2
        findings.append(task_findings.stale(found.path, item, written, stage=stage, days=age.days))
    ticked = found.ticked()
    if found.listed and len(ticked) >= task_findings.ENOUGH_DONE:
        ages = [
            None if (at := lines.get(item.line)) is None or at.when is None else (now - at.when).days
            for item in ticked
        ]
        findings.append(task_findings.finished(found, ticked, ages))
    return findings


class _Pressing:
    """Priorities: what is said of a task, its age, and where else it is mentioned."""

    def __init__(self, known: Tree) -> None:
        self._known = known

    def of(self, found: Read, lines: Mapping[int, Written], stale_days: int) -> list[Finding]:
        """Return a finding for each task of the file whose priority is at least `PRESSING`."""
        findings = []
        today = dt.date.fromisoformat(self._known.ctx.date)
        for item in found.open_items(self._known.now):
            written = _touched(item, lines)
            age = (
                None
                if written is None or written.when is None
                else (self._known.ctx.started_at - written.when).days
            )
            due = expiry.deadline(item.text)
            rank = priority(
                item.text, item.word, age_days=age, mentions=self._said(item), deadline=due, today=today
            )
            if rank.total >= PRESSING:
                fresh = age is not None and age <= stale_days and found.listed
                findings.append(task_findings.priority(found.path, item, rank, fresh=fresh))
        return findings

    def _said(self, item: Item) -> int:
        """Count the documents and other tasks that mention its issues or names."""
        claims = {claim.value for claim in task_claims.claims(item.text)}
        if not claims:
            return 0
        if self._known.said is None:
            said = self._known.said = self._known.mentions()
            for other in (item for found in self._known.all() for item in found.items):
                for value in {claim.value for claim in task_claims.claims(other.text)}:
                    said[value] = said.get(value, 0) + 1
        return max(self._known.said.get(value, 1) for value in claims) - 1


def _evidence(known: Tree, history: History | None) -> Done:
    """Hold every open task that says something which can be checked against what is and what was."""
    if history is None:
        return Done(facts={"history": False})
    reads = [found for found in known.all() if found.state == "read"]
    tasks = task_evidence.candidates(reads)
    there = task_evidence.ground(history, tasks, reads)
    if there is None:
        return Done(facts={"history": True, "unknown": len(tasks)})
    settled = _settled(known.ctx)
    asked = [task for task in tasks if task_evidence.pressing(there, task)]
    written = history.written(list({task.read.path: task.read for task in asked}.values()))
    findings, unknown = [], set()
    for task in asked:
        known.ctx.check()
        lines = written[task.read.path]
        dated = task_evidence.dated(task, lines.get(task.item.line))
        if dated.written is None or dated.written.when is None:
            unknown.add(task.read.path)
            continue
        finding = task_evidence.proven(there, dated, settled)
        findings += [finding] if finding else []
    rules = task_findings.versions(task_findings.DONE, task_findings.MOOT)
    looked = tuple(found.path for found in reads if found.path not in unknown)
    facts = {
        "history": True,
        "checked": len(tasks),
        "proven": sum(finding.rule == task_findings.DONE for finding in findings),
        "moot": sum(finding.rule == task_findings.MOOT for finding in findings),
        "unknown": there.unknown + len(unknown),
    }
    return Done(findings=tuple(findings), examined=(Examined(rules=rules, subjects=looked),), facts=facts)


def _settled(ctx: Context) -> frozenset[str]:
    """The issues whose state GitHub told tonight: what commits say of them proves nothing more."""
    parts = [
        part
        for result in ctx.results(STATE)
        if result.name == task_github.REFERENCED
        for part in result.parts
    ]
    return frozenset(
        f"#{number}" for part in parts for key in ("open", "settled") for number in part.get(key, ())
    )
