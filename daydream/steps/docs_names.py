"""Names in the documentation that the code once knew and nowhere says any more: definitions, modules, commands,
options, variables, keys."""

import functools
import re
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from daydream.analysis import doc_claims, doc_past
from daydream.analysis.doc_claims import Claim
from daydream.analysis.doc_history import earlier
from daydream.analysis.doc_links import Library
from daydream.analysis.doc_memory import recall, remember
from daydream.analysis.doc_past import ASIDE, Offer
from daydream.analysis.markdown import Document
from daydream.analysis.rst_source import RstPage
from daydream.analysis.symbols import (
    Mention,
    is_foreign,
    mentions_in_rst,
    speaks_of_the_past,
    tells_history,
    words_of,
)
from daydream.contracts.context import Context
from daydream.git import GitError, attempt
from daydream.records.finding import Examined, Finding
from daydream.records.outcome import Done

STALE_NAME = "docs.stale_name"
STALE_USAGE = "docs.stale_usage"
VERSIONS = {STALE_NAME: 2, STALE_USAGE: 2}
_DEFINITION = r"^[[:space:]]*(async[[:space:]]+)?(def|class)[[:space:]]+[A-Za-z_][A-Za-z0-9_]*"
_PROSE = ("*.md", "*.markdown", "*.mdx", "*.rst", "*.txt", "*.po", "*.pot")
_METADATA = re.compile(r"(?:^|/)(?:pyproject\.toml|setup\.cfg|setup\.py)\Z")
_UNMEASURED = 0.45  # below what is printed: nobody has labelled what this rule says of real code
_KINDS = {
    "command": "command",
    "option": "option",
    "variable": "variable",
    "key": "configuration key",
    "module": "module",
}


@dataclass(frozen=True, slots=True)
class Snapshot:
    """An earlier commit: where it defined what (name to path); what it offered is read when a page needs it."""

    commit: str
    day: str
    defined: dict[str, str]


@dataclass(frozen=True, slots=True)
class Past:
    """What the code once defined and defines now; `said` keeps what was looked up of today's words."""

    commit: str
    snapshots: tuple[Snapshot, ...]
    now: Container[str]
    parts: Container[str]
    modules: frozenset[str]
    offer: Offer
    programs: frozenset[str]
    said: dict[str, bool] = field(default_factory=dict)
    once: dict[str, tuple[Offer, frozenset[str]]] = field(default_factory=dict)

    def offered(self, ctx: Context, rev: str) -> tuple[Offer, frozenset[str]]:
        """What an earlier commit offered, and its modules."""
        if rev not in self.once:
            self.once[rev] = (doc_past.offered_at(ctx, rev), doc_past.modules_at(ctx, rev))
        return self.once[rev]


def past(ctx: Context, library: Library) -> Past | str:
    """Read what at most two earlier commits defined; a sentence where there is no history to read."""
    commit = ctx.examination.commit
    if commit is None:
        return "names need the repository's history, and there is no git here"
    if ctx.examination.shallow:
        return "names need history and this clone is shallow; `git fetch --unshallow` completes it"
    before = earlier(ctx, commit)
    if not before:
        return "the history is shorter than 30 days, so there is no earlier state to compare names with"
    snapshots = tuple(Snapshot(rev, day, _definitions(ctx, rev)) for rev, day in before)
    sources = ctx.paths(".py")
    parts = {part.removesuffix(".py") for path in sources for part in path.split("/")}
    texts = {
        path: library.shelf.text(path) or ""
        for path in ctx.paths()
        if path.count("/") < 3 and _METADATA.search(path)
    }
    mains = [path for path in sources if path.endswith("/__main__.py") and not ASIDE.search(path)]
    return Past(
        commit,
        snapshots,
        _definitions(ctx, commit).keys(),
        parts,
        frozenset(doc_past.modules(sources)),
        doc_past.offered(ctx),
        doc_claims.programs(texts, mains),
    )


def stale_names(ctx: Context, library: Library, then: Past, batch: Sequence[str], whole: bool) -> Done:
    """Compare the names in these pages with what was known then and is said now."""
    mentions: dict[str, list[Mention]] = {}
    claimed: dict[str, list[Claim]] = {}
    library.shelf.warm(batch)
    for path in batch:
        ctx.check()
        found = _mentions(ctx, library, path)
        if found is not None:
            mentions[path] = [mention for mention in found if not is_foreign(mention.text, then.parts)]
            claimed[path] = _claims(ctx, library, path, then)
    words = {word for found in mentions.values() for mention in found for word in mention.words}
    once = {word for word in words if any(word in snapshot.defined for snapshot in then.snapshots)}
    gone = _unsaid(ctx, then, {word for word in once if word not in then.now})
    brought = functools.cache(functools.partial(_brought, then=then, library=library))
    gone = {word for word in gone if not any(brought(path) for path in _homes(word, then))}
    for path, found in mentions.items():
        mentions[path] = [
            one
            for one in found
            if gone.isdisjoint(one.words) or not any(brought(home) for home in doc_past.files(one.text))
        ]
    findings = [*_findings(mentions, gone, then.snapshots), *_usage(ctx, library, claimed, then)]
    named = {(f.subject, f.identity) for f in findings if f.rule == STALE_NAME}
    kept = tuple(
        f for f in findings if f.rule == STALE_NAME or (f.subject, f.identity.rpartition(".")[2]) not in named
    )
    everything = whole and len(mentions) == len(batch)
    return Done(
        findings=kept,
        examined=(Examined(rules=dict(VERSIONS), subjects=tuple(mentions), everything=everything),),
        facts={
            "names": sum(len(found) for found in mentions.values())
            + sum(len(found) for found in claimed.values()),
            "stale_names": len(kept),
        },
    )


def _homes(word: str, then: Past) -> Iterator[str]:
    """The files that defined a name once, and what they may have become."""
    for snapshot in then.snapshots:
        if path := snapshot.defined.get(word):
            stem = path.removesuffix("/__init__.py").removesuffix(".py")
            yield from (f"{stem}.py", f"{stem}/__init__.py")


def _brought(path: str, then: Past, library: Library) -> bool:
    """Whether a module of today has names that its repository does not spell, or lies in a submodule."""
    own = {name for name in then.modules if "." not in name}
    return library.shelf.kind(path) == "unknown" or doc_past.has_foreign_names(path, library.shelf.text, own)


def _mentions(ctx: Context, library: Library, path: str) -> list[Mention] | None:
    """The names that a page claims to exist today; None where it cannot be read."""
    page = library.shelf.readable(path)
    if page is None:
        return None
    if tells_history(path):
        return []
    blob = library.shelf.blob(path)
    known = recall(ctx.cache, "docs.mentions/1", blob, list[Mention]) if blob else None
    if known is None:
        known = list(_named(library, path, page))
        if blob:
            remember(ctx.cache, "docs.mentions/1", blob, known)
    return known


def _named(library: Library, path: str, page: Document | RstPage) -> Iterator[Mention]:
    if not isinstance(page, Document):
        yield from mentions_in_rst(library.shelf.text(path) or "")
        return
    described = {word for heading in page.headings for word in re.findall(r"\w+", heading)}
    for span in page.spans:
        words = tuple(word for word in words_of(span.text) if word not in described)
        if words and not speaks_of_the_past(f"{span.block} {span.headings}"):
            yield Mention(span.text, words, span.line)


def _claims(ctx: Context, library: Library, path: str, then: Past) -> list[Claim]:
    """What a page claims of the program; remembered by the page and by the names that are the program's."""
    page = library.shelf.readable(path)
    if page is None or tells_history(path):
        return []
    roots = {name for name in then.modules if "." not in name}
    own = "\0".join((*sorted(then.programs), "", *sorted(roots))).encode("utf-8", "surrogateescape")
    kind = f"docs.claims/2/{sha256(own).hexdigest()[:16]}"
    blob = library.shelf.blob(path)
    known = recall(ctx.cache, kind, blob, list[Claim]) if blob else None
    if known is None:
        tables = {*then.programs, *(program.replace("-", "_") for program in then.programs)}
        known = list(doc_claims.claims(page, then.programs, tables, roots))
        if blob:
            remember(ctx.cache, kind, blob, known)
    return known


def _usage(ctx: Context, library: Library, claimed: dict[str, list[Claim]], then: Past) -> Iterator[Finding]:
    """The claims that an earlier commit bears out and the examined one does not, and options that neither knows."""
    known: dict[tuple[str, str], Snapshot | None] = {}
    for claim in (claim for found in claimed.values() for claim in found):
        ctx.check()
        key = (claim.kind, claim.name)
        if key in known or _offers(then.offer, then.modules, claim) or _still_there(claim, then, library):
            continue
        snapshot = next((s for s in then.snapshots if _offers(*then.offered(ctx, s.commit), claim)), None)
        if snapshot is not None or (claim.kind == "option" and then.offer.options):
            known[key] = snapshot
    spoken = {(kind, name): _spoken(kind, name) for kind, name in known}
    unsaid = _unsaid(ctx, then, {word for words in spoken.values() for word in words})
    for path in sorted(claimed):
        told: dict[tuple[str, str], list[Claim]] = {}
        for claim in claimed[path]:
            key = (claim.kind, claim.name)
            if key in known and spoken[key] <= unsaid:
                told.setdefault(key, []).append(claim)
        yield from (_usage_finding(path, where, known[key], then) for key, where in sorted(told.items()))


def _offers(offer: Offer, modules: Container[str], claim: Claim) -> bool:
    if claim.kind == "command":
        return claim.name in offer.commands
    if claim.kind == "option":
        positive = re.sub(r"^--no-", "--", claim.name)
        return claim.name in offer.options or positive in offer.options
    if claim.kind == "variable":
        return claim.name in offer.variables
    if claim.kind == "key":
        return f"--{claim.name.replace('_', '-')}" in offer.options
    return claim.name in modules


def _spoken(kind: str, name: str) -> frozenset[str]:
    """What today's code would say if it still knew the thing, in each spelling; a plain word counts in quotes only."""
    bare = re.sub(r"^--(?:no-)?", "", name)
    if kind in {"module", "variable"}:
        return frozenset({name})
    if kind == "key" or re.search(r"[-_:]", bare):
        return frozenset({bare, bare.replace("-", "_"), bare.replace("_", "-")})
    literal = {f"--{bare}"} if kind == "option" else set()
    return frozenset({f'"{bare}"', f"'{bare}'", *literal})


def _still_there(claim: Claim, then: Past, library: Library) -> bool:
    """Whether a module of today brings the thing along under another form: a file for a command, a name for a module."""
    if claim.kind == "command":
        return claim.name.replace("-", "_") in then.parts
    if claim.kind != "module":
        return False
    parent, _, leaf = claim.name.rpartition(".")
    if parent not in then.modules:
        return not parent or parent.split(".")[0] not in then.modules
    texts = (library.shelf.text(path) for path in doc_past.files(claim.name))
    return any(text is not None and re.search(rf"\b{re.escape(leaf)}\b", text) for text in texts)


def _usage_finding(path: str, where: Sequence[Claim], snapshot: Snapshot | None, then: Past) -> Finding:
    first = where[0]
    no_longer, evidence = "does not know", "nothing in the repository but prose says it"
    if snapshot is not None:
        no_longer = "no longer knows"
        evidence = f"the code had it on {snapshot.day} ({snapshot.commit[:8]}), and nothing says it today"
    what = _KINDS[first.kind]
    shown = first.text if len(first.text) <= 80 else f"{first.text[:79]}…"
    near = _nearest(first, then)
    return Finding(
        rule=STALE_USAGE,
        rule_version=VERSIONS[STALE_USAGE],
        severity="medium",
        subject=path,
        identity=f"{first.kind} {first.name}",
        message=f"`{shown}` names the {what} {first.name}, which the code {no_longer}",
        evidence=evidence,
        line=first.line,
        worth=_UNMEASURED,
        action=f"is it {near} now?" if near else "name what took its place, or drop the passage",
        magnitude=float(len(where)),
    )


def _nearest(claim: Claim, then: Past) -> str:
    import difflib

    pools = {
        "command": then.offer.commands,
        "option": then.offer.options,
        "variable": then.offer.variables,
        "module": then.modules,
    }
    close = difflib.get_close_matches(claim.name, sorted(pools.get(claim.kind, ())), n=1, cutoff=0.8)
    return close[0] if close else ""


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
    """Those of the words that a commit says in these places; remembered by commit and question."""
    question = "\0".join((*place, "", *words)).encode("utf-8", "surrogateescape")
    key = f"{commit}.{sha256(question).hexdigest()[:24]}"
    known = recall(ctx.cache, "docs.said/1", key, list[str])
    if known is not None:
        return set(known)
    argv = ("grep", "-I", "-o", "-h", "-w", "-F", "-f", "-", commit, "--", *place)
    found = set(_grep(ctx, argv, "\n".join(words).encode("utf-8", "replace")).splitlines())
    remember(ctx.cache, "docs.said/1", key, sorted(found))
    return found


def _grep(ctx: Context, argv: Sequence[str], stdin: bytes = b"") -> str:
    """Search a commit. The workbench has no history, so the repository itself is asked; 1 means nothing found."""
    left = attempt(ctx.root, *argv, stop=ctx.stop, stdin=stdin)
    if left.returncode > 1 or left.returncode < 0:
        raise GitError(argv, left)
    return left.stdout.decode("utf-8", "replace")


def _definitions(ctx: Context, rev: str) -> dict[str, str]:
    """The functions, methods and classes of the package's files at a commit: name to the first path."""
    known = recall(ctx.cache, "docs.defined/2", rev, dict[str, str])
    if known is not None:
        return known
    argv = ("grep", "-I", "-o", "-E", "--full-name", "-z", "-e", _DEFINITION, rev, "--", "*.py")
    found: dict[str, str] = {}
    for line in _grep(ctx, argv).splitlines():
        ctx.check()
        where, _, definition = line.partition("\0")
        path = where.partition(":")[2]
        if definition and not ASIDE.search(path):
            found.setdefault(definition.split()[-1], path)
    remember(ctx.cache, "docs.defined/2", rev, found)
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
        rule_version=VERSIONS[STALE_NAME],
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
