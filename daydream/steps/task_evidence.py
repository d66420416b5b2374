"""Evidence that an open task is done: what it wanted gone is gone, what it wanted is there, a commit closes it."""

import dataclasses
import datetime as dt
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from daydream.analysis import task_claims
from daydream.analysis.blame import Written
from daydream.analysis.roles import is_test
from daydream.analysis.task_claims import Claim
from daydream.analysis.task_sources import Read, is_copied
from daydream.analysis.tasks import Item
from daydream.records.finding import Finding
from daydream.steps import task_findings as findings
from daydream.steps.task_history import Commit, History, Hit

MOST_NAMES, MOST_COMMITS = 200, 60
_HISTORY_FILE = re.compile(
    r"(?:^|/)(?:changes?|changelog|history|news|releases?|release[-_]notes|whatsnew|newsfragments)(?:[._/-]|$)",
    re.IGNORECASE,
)
_CLOSES = r"\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?)\b:?\s+(?:(?:issue|bug|ticket)\s+)?"
_FEWEST_WORDS, _SHORTEST_TITLE = 3, 15


@dataclass(frozen=True, slots=True)
class Task:
    """An open task with what it says that can be checked, and who wrote it."""

    read: Read
    item: Item
    claims: tuple[Claim, ...]
    written: Written | None = None

    def of(self, *kinds: str) -> list[Claim]:
        """Its claims of these kinds."""
        return [claim for claim in self.claims if claim.kind in kinds]


@dataclass(slots=True)
class Ground:
    """What all tasks are held against: every path, where names stand, what commits say, which lines are tasks."""

    history: History
    paths: frozenset[str]
    names: Mapping[str, Sequence[Hit]]
    commits: Sequence[Commit]
    taken: Mapping[str, set[int]]
    asked: set[str] = field(default_factory=set)
    unknown: int = 0
    _then: dict[str, frozenset[str]] = field(default_factory=dict)

    def stands(self, claim: Claim) -> bool:
        """Whether a name or path is there now, outside of task texts and records of the past."""
        if claim.path:
            return claim.value in self.paths or any(path.endswith("/" + claim.value) for path in self.paths)
        hits = self.names.get(claim.word)
        return hits is None or any(self._counts(hit) for hit in hits)

    def _counts(self, hit: Hit) -> bool:
        return hit.line not in self.taken.get(hit.path, ()) and not _HISTORY_FILE.search(hit.path)

    def stood(self, claim: Claim, task: Task, *, defined: bool) -> str:
        """Where a name or path stood when the task was written; "" for nowhere, or not known."""
        commit = task.written.commit if task.written else ""
        if not self._may_ask(commit):
            return ""
        if claim.path:
            if commit not in self._then:
                self._then[commit] = self.history.paths(commit) or frozenset()
            return claim.value if claim.value in self._then[commit] else ""
        found = self.history.where([claim.word], commit) or {}
        own = task.item.text[:40].casefold()
        makes = re.compile(
            rf"\b(?:def|class|function|func|fn)\s+{re.escape(claim.word)}\b|^{re.escape(claim.word)}\s*[:=]"
        )
        for hit in found.get(claim.word, ()):
            said = " ".join(hit.text.split()).casefold()
            if (
                own[:25] in said
                or _HISTORY_FILE.search(hit.path)
                or hit.path.endswith((".md", ".rst", ".txt"))
            ):
                continue
            if makes.search(hit.text) or not defined:
                return f"{hit.path}:{hit.line}"
        return ""

    def _may_ask(self, commit: str) -> bool:
        """Ask about a bounded number of commits; the rest is counted as not known."""
        if commit and (commit in self.asked or len(self.asked) < MOST_COMMITS):
            self.asked.add(commit)
            return True
        self.unknown += 1
        return False


def candidates(reads: Iterable[Read]) -> list[Task]:
    """The open tasks that say something which can be checked, or whose title a commit may carry."""
    found = []
    for read in reads:
        if is_copied(read.path):
            continue
        for item in read.waiting():
            said = task_claims.claims(item.text)
            if said or title(item):
                found.append(Task(read, item, said))
    return found


def title(item: Item) -> str:
    """A list item's text as a commit would carry it; "" where it is too short to prove anything."""
    text = re.sub(r"^\([A-Z]\)\s+|[`*_]", "", item.text).rstrip(" .!").casefold()
    enough = item.kind != "comment" and len(text.split()) >= _FEWEST_WORDS and len(text) >= _SHORTEST_TITLE
    return text if enough else ""


def ground(history: History, tasks: Sequence[Task], reads: Iterable[Read]) -> Ground | None:
    """Ask git once about everything that the tasks name; None: git could not answer."""
    words = sorted(
        {
            claim.word
            for task in tasks
            for claim in task.of("removal", "addition", "mention")
            if not claim.path
        }
    )
    phrases = {
        claim.value for task in tasks for claim in task.of("issue") if claim.awaited and claim.value[0] == "#"
    }
    phrases |= {title(task.item) for task in tasks} - {""}
    names = history.where(words[:MOST_NAMES])
    about_paths = any(claim.path for task in tasks for claim in task.claims)
    paths = history.paths() if about_paths else frozenset()
    commits = history.saying(sorted(phrases)[:MOST_NAMES])
    if names is None or paths is None or commits is None:
        return None
    taken = {read.path: _lines(read.items) for read in reads if read.items}
    return Ground(history, paths, names, commits, taken, unknown=max(0, len(words) - MOST_NAMES))


def _lines(items: Iterable[Item]) -> set[int]:
    return {line for item in items for line in range(item.line, max(item.line, item.last_line) + 1)}


def pressing(there: Ground, task: Task) -> bool:
    """Whether it is worth asking when this task was written: something it names is not as it says."""
    for claim in task.of("removal", "mention"):
        if not there.stands(claim):
            return True
    if any(there.stands(claim) for claim in task.of("addition")):
        return True
    return any(_closing(there.commits, task))


def dated(task: Task, written: Written | None) -> Task:
    """Add who wrote the task's first line."""
    return dataclasses.replace(task, written=written)


def proven(there: Ground, task: Task, known_open: Collection[str]) -> Finding | None:
    """Return the finding for a task that evidence says is done or about nothing; None: it stays open.

    `known_open` are issues whose state is known from elsewhere, so that no commit message counts.
    """
    if task.written is None or task.written.when is None:
        return None
    path, item = task.read.path, task.item
    if why := _closed(there, task, known_open):
        return findings.done(path, item, why, 0.7)
    if why := _removed(there, task):
        return findings.done(path, item, why, 0.75)
    if why := _added(there, task):
        return findings.done(path, item, why, 0.6)
    if why := _moot(there, task):
        return findings.done(path, item, why, 0.4 if is_test(path) else 0.55, rule=findings.MOOT)
    return None


def _removed(there: Ground, task: Task) -> str:
    """All that it wants removed stood when it was written and stands nowhere now."""
    wanted = task.of("removal")
    if not wanted or any(there.stands(claim) for claim in wanted):
        return ""
    stood = [there.stood(claim, task, defined=False) for claim in wanted]
    return f"{_said(wanted)} stood at {stood[0]} when it was written and is gone" if all(stood) else ""


def _added(there: Ground, task: Task) -> str:
    """All that it wants added is there now and was not when it was written."""
    wanted = task.of("addition")
    if not wanted or not all(_defined(there, claim) for claim in wanted):
        return ""
    if any(there.stood(claim, task, defined=False) for claim in wanted):
        return ""
    commit = task.written.commit if task.written else ""
    return f"{_said(wanted)} is there and was not when it was written" if commit in there.asked else ""


def _defined(there: Ground, claim: Claim) -> bool:
    if claim.path:
        return claim.value in there.paths
    makes = re.compile(rf"\b(?:def|class)\s+{re.escape(claim.word)}\b")
    return any(makes.search(hit.text) for hit in there.names.get(claim.word, ()))


def _moot(there: Ground, task: Task) -> str:
    """Everything it names that was defined here when it was written is gone."""
    wanted = task.of("mention")
    if not wanted or any(there.stands(claim) for claim in wanted):
        return ""
    stood = [there.stood(claim, task, defined=True) for claim in wanted]
    return f"{_said(wanted)} was defined at {stood[0]} when it was written" if all(stood) else ""


def _closed(there: Ground, task: Task, known_open: Collection[str]) -> str:
    """A commit made after it was written says that it closes its issue, or carries its very title."""
    for commit, what in _closing(there.commits, task):
        later = (
            task.written and task.written.when and commit.when > task.written.when + dt.timedelta(minutes=1)
        )
        if what not in known_open and later and task.written and commit.id != task.written.commit:
            return f"commit {commit.id[:9]} of {commit.when.date().isoformat()} {_what(what)}"
    return ""


def _what(what: str) -> str:
    return f"closes {what}" if what.startswith("#") else "carries its title"


def _closing(commits: Sequence[Commit], task: Task) -> Iterator[tuple[Commit, str]]:
    """The commits that say they close one of the issues it is about, or that have its title as their subject."""
    for claim in task.of("issue"):
        if claim.awaited and claim.value[0] == "#":
            pattern = re.compile(_CLOSES + re.escape(claim.value) + r"(?!\d)", re.IGNORECASE)
            yield from ((commit, claim.value) for commit in commits if pattern.search(commit.message))
    if name := title(task.item):
        for commit in commits:
            subject = re.sub(
                r"^\w+(?:\([^()]*\))?!?:\s+|\s*\(#\d+\)$|[`*_]", "", commit.message.split("\n", 1)[0]
            )
            if subject.strip().rstrip(".!").casefold() == name:
                yield commit, "title"


def _said(wanted: Sequence[Claim]) -> str:
    return " and ".join(claim.value for claim in wanted)
