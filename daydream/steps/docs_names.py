"""Names in the documentation that the code once defined and nowhere says any more."""

import re
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, field

from daydream.analysis.symbols import (
    Mention,
    is_foreign,
    mentions_in_rst,
    speaks_of_the_past,
    tells_history,
    words_of,
)
from daydream.contracts.context import Context
from daydream.git import GitError, attempt, git
from daydream.records.finding import Examined, Finding
from daydream.records.outcome import Done
from daydream.steps.docs_tree import Shelf

STALE_NAME = "docs.stale_name"
_DAY = 86_400
_DEFINITION = r"^[[:space:]]*(async[[:space:]]+)?(def|class)[[:space:]]+[A-Za-z_][A-Za-z0-9_]*"
_ASIDE = re.compile(
    r"(?:^|/)(?:tests?|testing|docs?|docs_src|examples?|bench\w*|scripts?|tools?|ci|\.\w+)/|(?:^|/)(?:test_|conftest)"
)
_PROSE = ("*.md", "*.markdown", "*.mdx", "*.rst", "*.txt", "*.po", "*.pot")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """An earlier commit and where it defined what: name to path."""

    commit: str
    day: str
    defined: dict[str, str]


@dataclass(frozen=True, slots=True)
class Past:
    """What the code once defined and defines now; `said` keeps what was looked up of today's words."""

    commit: str
    snapshots: tuple[Snapshot, ...]
    now: Container[str]
    modules: Container[str]
    said: dict[str, bool] = field(default_factory=dict)


def past(ctx: Context) -> Past | str:
    """Read the definitions of at most two earlier commits; a sentence where there is no history to read."""
    commit = ctx.examination.commit
    if commit is None:
        return "names need the repository's history, and there is no git here"
    if ctx.examination.shallow:
        return "names need history and this clone is shallow; `git fetch --unshallow` completes it"
    earlier = tuple(Snapshot(rev, day, _definitions(ctx, rev)) for rev, day in _earlier(ctx, commit))
    if not earlier:
        return "the history is shorter than 30 days, so there is no earlier state to compare names with"
    modules = {part.removesuffix(".py") for path in ctx.paths(".py") for part in path.split("/")}
    return Past(commit, earlier, _definitions(ctx, commit).keys(), modules)


def stale_names(ctx: Context, shelf: Shelf, then: Past, batch: Sequence[str], whole: bool) -> Done:
    """Compare the names in code spans of these pages with what was defined then and is said now."""
    mentions: dict[str, list[Mention]] = {}
    for path in batch:
        ctx.check()
        found = _mentions(shelf, path)
        if found is not None:
            mentions[path] = [mention for mention in found if not is_foreign(mention.text, then.modules)]
    words = {word for found in mentions.values() for mention in found for word in mention.words}
    once = {word for word in words if any(word in snapshot.defined for snapshot in then.snapshots)}
    gone = _unsaid(ctx, then, {word for word in once if word not in then.now})
    findings = tuple(_findings(mentions, gone, then.snapshots))
    everything = whole and len(mentions) == len(batch)
    return Done(
        findings=findings,
        examined=(Examined(rules={STALE_NAME: 1}, subjects=tuple(mentions), everything=everything),),
        facts={"names": sum(len(found) for found in mentions.values()), "stale_names": len(findings)},
    )


def _mentions(shelf: Shelf, path: str) -> list[Mention] | None:
    """The names that a page claims to exist today; None where it cannot be read."""
    if path.lower().endswith(".rst"):
        text = shelf.text(path)
        return None if text is None else [] if tells_history(path) else list(mentions_in_rst(text))
    document = shelf.document(path)
    if document is None:
        return None
    if tells_history(path):
        return []
    described = {word for heading in document.headings for word in re.findall(r"\w+", heading)}
    found = []
    for span in document.spans:
        words = tuple(word for word in words_of(span.text) if word not in described)
        if words and not speaks_of_the_past(f"{span.block} {span.headings}"):
            found.append(Mention(span.text, words, span.line))
    return found


def _unsaid(ctx: Context, then: Past, suspects: set[str]) -> set[str]:
    """Those of the words that no tracked file other than prose says."""
    prose = tuple(f":(exclude){pattern}" for pattern in _PROSE)
    asked = suspects - then.said.keys()
    then.said.update(dict.fromkeys(asked, False))
    for place in (
        ("*.py",),
        (".", ":(exclude)*.py", *prose),
    ):  # code first: the rest is asked for rare words only
        left = sorted(word for word in asked if not then.said[word])
        if left:
            then.said.update(dict.fromkeys(_said(ctx, then.commit, left, place), True))
    return {word for word in suspects if not then.said[word]}


def _said(ctx: Context, commit: str, words: Sequence[str], place: Sequence[str]) -> set[str]:
    argv = ("grep", "-I", "-o", "-h", "-w", "-F", "-f", "-", commit, "--", *place)
    return set(_grep(ctx, argv, "\n".join(words).encode()).split())


def _grep(ctx: Context, argv: Sequence[str], stdin: bytes = b"") -> str:
    """Search a commit. The workbench has no history, so the repository itself is asked; 1 means nothing found."""
    left = attempt(ctx.root, *argv, stop=ctx.stop, stdin=stdin)
    if left.returncode > 1 or left.returncode < 0:
        raise GitError(argv, left)
    return left.stdout.decode("utf-8", "replace")


def _earlier(ctx: Context, commit: str) -> Iterator[tuple[str, str]]:
    """The commits that stood one and four years before the examined one; for a young repository the
    one that stood 90 or 30 days before."""
    now = int(git(ctx.root, "show", "-s", "--format=%ct", commit, stop=ctx.stop))
    taken: list[str] = []
    for days in (365, 1461, 90, 30):
        if taken and days < 365:
            return
        argv = ("log", "-1", "--first-parent", "--format=%H %cs", f"--before={now - days * _DAY}", commit)
        left = git(ctx.root, *argv, stop=ctx.stop).decode().split()
        if left and left[0] not in taken:
            taken.append(left[0])
            yield left[0], left[1]


def _definitions(ctx: Context, rev: str) -> dict[str, str]:
    """The functions, methods and classes of the package's files at a commit: name to the first path."""
    argv = ("grep", "-I", "-o", "-E", "--full-name", "-z", "-e", _DEFINITION, rev, "--", "*.py")
    found: dict[str, str] = {}
    for line in _grep(ctx, argv).splitlines():
        ctx.check()
        where, _, definition = line.partition("\0")
        path = where.partition(":")[2]
        if definition and not _ASIDE.search(path):
            found.setdefault(definition.split()[-1], path)
    return found


def _findings(
    mentions: dict[str, list[Mention]], gone: set[str], snapshots: Sequence[Snapshot]
) -> Iterator[Finding]:
    for path in sorted(mentions):
        said: dict[str, list[Mention]] = {}
        for mention in mentions[path]:
            for word in mention.words:
                if word in gone:
                    said.setdefault(word, []).append(mention)
                    break
        for word, where in sorted(said.items()):
            yield _finding(path, word, where, next(s for s in snapshots if word in s.defined))


def _finding(path: str, word: str, where: Sequence[Mention], then: Snapshot) -> Finding:
    first = where[0]
    shown = first.text if len(first.text) <= 80 else f"{first.text[:79]}…"
    return Finding(
        rule=STALE_NAME,
        rule_version=1,
        severity="medium",
        subject=path,
        identity=word,
        message=f"`{shown}` is named here, but the code no longer knows {word}",
        evidence=f"{then.defined[word]} defined it on {then.day} ({then.commit[:8]})",
        line=first.line,
        worth=0.65,
        action="name what took its place, or drop the passage",
        magnitude=float(len(where)),
    )
