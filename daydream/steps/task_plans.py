"""Plans held against the tree: what they name that was changed, moved or removed since they were last touched."""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from daydream.analysis import task_claims, task_sources
from daydream.analysis.task_claims import Claim
from daydream.analysis.task_sources import Read
from daydream.contracts.context import Context
from daydream.records.finding import Examined, Finding
from daydream.records.outcome import Done
from daydream.steps import task_findings as findings
from daydream.steps.task_history import MOST_HITS, History
from daydream.steps.task_tree import Tree

MOST_PLANS = 40
_MOST_NAMED = 60
_FENCE = re.compile(r"^\s*(?:`{3,}|~{3,})")
_TICKED = re.compile(r"^\s*(?:[-*+]|\d{1,9}[.)])\s+\[[xX]\]")
_PLANNED = re.compile(
    r"\b(?:remov\w+|delet\w+|drop\w*|renam\w+|mov(?:e|ed|es|ing)\b|replac\w+|retire\w*|migrat\w+|split\w*|extract\w*|"
    r"creat\w+|add(?:s|ed|ing)?\b|introduc\w+|new\b|convert\w*|rewrit\w+|obsolete|deprecat\w+|no longer)|->|→|=>|~~",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Plan:
    """A plan, the commit that last touched it, and what it names as being there."""

    read: Read
    commit: str
    when: dt.datetime
    named: tuple[Claim, ...]


def outdated(tree: Tree, history: History) -> Done:
    """Compare every living plan with what became of the things it names."""
    ctx = tree.ctx
    living = [read for read in tree.all() if read.listed and _lives(read)]
    chosen = living[:MOST_PLANS]
    last = _last_commits(history, [read.path for read in chosen])
    found: list[Finding] = []
    unknown = {read.path for read in living[MOST_PLANS:]}
    now, plans = history.paths() if chosen else None, []
    for read in chosen:
        ctx.check()
        plan = _plan(ctx, read, last)
        if plan is None or now is None:
            unknown.add(read.path)
        else:
            plans.append(plan)
    here = _standing(history, tree, plans)
    for plan in plans:
        ctx.check()
        finding = _judged(history, plan, now or frozenset(), here)
        found += [finding] if finding else []
    looked = tuple(r.path for r in tree.all() if r.listed and r.state == "read" and r.path not in unknown)
    examined = Examined(rules=findings.versions(findings.OUTDATED), subjects=looked)
    facts = {"plans": len(living), "plans_outdated": len(found), "plans_unknown": len(unknown)}
    return Done(findings=tuple(found), examined=(examined,), facts=facts)


def _standing(history: History, tree: Tree, plans: Sequence[_Plan]) -> set[str]:
    """The names that stand somewhere else than in task lists; all of them where git could not answer."""
    words = {claim.word for plan in plans for claim in plan.named if not claim.path}
    hits = history.where(words)
    if hits is None:
        return words
    return {
        word
        for word, found in hits.items()
        if len(found) >= MOST_HITS or any(hit.path not in tree.lists for hit in found)
    }


def _lives(read: Read) -> bool:
    """A plan that somebody still works by: it says so, or something in it is ticked and something is not."""
    if read.front is not None:
        return read.front.alive and not read.front.finished
    return bool(read.waiting())


def _last_commits(history: History, paths: Sequence[str]) -> dict[str, tuple[str, dt.datetime]]:
    """Return the last commit of each path; a path that git does not answer for is missing."""
    if not paths:
        return {}
    literal = [f":(literal){path}" for path in paths]
    left = history.git("log", "--format=%x01%H %ct", "--name-only", "-z", history.commit, "--", *literal)
    found: dict[str, tuple[str, dt.datetime]] = {}
    if left.returncode != 0:
        return found
    for entry in left.stdout.decode("utf-8", "surrogateescape").split("\x01"):
        head, _, names = entry.replace("\n", "\0").partition("\0")
        commit, _, at = head.partition(" ")
        for name in names.split("\0") if at.isdigit() else ():
            found.setdefault(name, (commit, dt.datetime.fromtimestamp(int(at), dt.UTC)))
    return found


def _plan(ctx: Context, read: Read, last: Mapping[str, tuple[str, dt.datetime]]) -> _Plan | None:
    data = task_sources.data_of(ctx.tree, read.path)
    if isinstance(data, str) or read.path not in last:
        return None
    named = {claim.value: claim for claim in _named(data.decode("utf-8", "replace"))}
    return _Plan(read, *last[read.path], tuple(list(named.values())[:_MOST_NAMED]))


def _named(text: str) -> list[Claim]:
    """What a plan names as being there: not in code, not in what is ticked, not where it plans to change it."""
    found: list[Claim] = []
    fenced = False
    for line in text.splitlines():
        if _FENCE.match(line):
            fenced = not fenced
        elif not fenced and not _TICKED.match(line) and not _PLANNED.search(line):
            found += task_claims.named(line)
    return found


def _judged(history: History, plan: _Plan, now: frozenset[str], here: set[str]) -> Finding | None:
    folder = plan.read.path.rpartition("/")[0]
    lost = [c for c in plan.named if c.path and not _places(c.value, folder) & now]
    names = [c for c in plan.named if not c.path and c.word not in here]
    if not lost and not names:
        return None
    then = history.paths(plan.commit) or frozenset()
    defined = history.where([c.word for c in names], plan.commit) or {}
    places = ((claim, sorted(_places(claim.value, folder) & then)) for claim in lost)
    gone = [f"{claim.value} {_fate(history, plan, found[0])}" for claim, found in places if found]
    for claim in names:
        makes = re.compile(rf"\b(?:def|class)\s+{re.escape(claim.word)}\b")
        at = next((hit for hit in defined.get(claim.word, ()) if makes.search(hit.text)), None)
        if at:
            gone.append(f"{claim.value}, defined in {at.path} then, is gone")
    if not gone:
        return None
    worked = any(item.done for item in plan.read.items)
    worth = 0.6 if plan.read.front or worked else 0.35
    return findings.outdated(
        plan.read.path, gone, _changed(history, plan, folder, now), plan.when.date(), plan.read.front, worth
    )


def _places(value: str, folder: str) -> set[str]:
    """Where a path may point: from the root, or from the plan's own folder."""
    parts: list[str] = []
    for part in f"{folder}/{value}".split("/"):
        if part == ".." and parts:
            parts.pop()
        elif part not in ("", ".", ".."):
            parts.append(part)
    return {value, "/".join(parts)}


def _fate(history: History, plan: _Plan, path: str) -> str:
    """Say what became of a file: moved where, or removed by which commit."""
    argv = ("--diff-filter=RD", "-M", "--name-status", "-z", plan.commit, history.commit)
    fields = history.git("diff", *argv).stdout.decode("utf-8", "replace").split("\0")
    for at, field in enumerate(fields):
        if field.startswith("R") and fields[at + 1 : at + 2] == [path]:
            return f"is now {fields[at + 2]}"
    left = history.git(
        "log", "-1", "--format=%h", "--diff-filter=D", history.commit, "--", f":(literal){path}"
    )
    by = left.stdout.decode("utf-8", "replace").strip()
    return f"was removed in {by}" if by else "is gone"


def _changed(history: History, plan: _Plan, folder: str, now: frozenset[str]) -> int:
    """Count the files it names that are there and were changed since."""
    there = sorted({place for c in plan.named if c.path for place in _places(c.value, folder) & now})
    if not there:
        return 0
    literal = [f":(literal){path}" for path in there]
    left = history.git("diff", "--name-only", "-z", plan.commit, history.commit, "--", *literal)
    return left.stdout.count(b"\0")
