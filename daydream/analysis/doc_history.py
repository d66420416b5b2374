"""What history says of a target that is gone: where its file went, and what its heading is called today."""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from daydream.analysis.anchors import github, loose, python_markdown, slug
from daydream.analysis.doc_memory import recall, remember
from daydream.analysis.doc_tree import MARKDOWN, PAGE_LIMIT
from daydream.analysis.markdown import Document, parse
from daydream.contracts.context import Context
from daydream.git import attempt, git

_DAY = 86_400
_KIND = "docs.removed/1"
_MOST = 60
_VERSIONS = 12
_ALIKE = 0.75


@dataclass(frozen=True, slots=True)
class Removal:
    """The commit that took a path away: its id, its day, and the path that git pairs it with ("": none)."""

    commit: str
    day: str
    target: str = ""


def earlier(ctx: Context, commit: str) -> list[tuple[str, str]]:
    """The commits, with their days, that stood a year, four years and a month before the examined one; none in a
    history shorter than that."""
    known = recall(ctx.cache, "docs.earlier/2", commit, list[tuple[str, str]])
    if known is not None:
        return known
    now = int(git(ctx.root, "show", "-s", "--format=%ct", commit, stop=ctx.stop))
    taken: list[tuple[str, str]] = []
    for days in (365, 1461, 30):
        argv = ("log", "-1", "--first-parent", "--format=%H %cs", f"--before={now - days * _DAY}", commit)
        left = git(ctx.root, *argv, stop=ctx.stop).decode().split()
        if left and left[0] not in {rev for rev, _ in taken}:
            taken.append((left[0], left[1]))
    remember(ctx.cache, "docs.earlier/2", commit, taken)
    return taken


def removals(ctx: Context, paths: Iterable[str]) -> dict[str, Removal]:
    """Find the commits that last removed or renamed these paths; what history never held is not in the answer."""
    commit = ctx.examination.commit
    wanted = sorted(
        {path for path in paths if path and not path.startswith((".", "/", ":")) and "\0" not in path}
    )[:_MOST]
    if not wanted or commit is None or ctx.examination.shallow:
        return {}
    key = f"{commit}.{sha256(chr(0).join(wanted).encode('utf-8', 'surrogateescape')).hexdigest()[:24]}"
    known = recall(ctx.cache, _KIND, key, dict[str, Removal])
    if known is None:
        known = _removals(ctx, commit, wanted)
        remember(ctx.cache, _KIND, key, known)
    return known


def _removals(ctx: Context, commit: str, wanted: Sequence[str]) -> dict[str, Removal]:
    argv = ("log", "--diff-filter=D", "--no-renames", "--name-only", "--format=%x00%H %cs", commit, "--")
    settings = ("core.literalPathspecs=true",)
    left = git(ctx.root, "--literal-pathspecs", *argv, *wanted, stop=ctx.stop, settings=settings)
    gone: dict[str, tuple[str, str]] = {}
    for part in left.decode("utf-8", "surrogateescape").split("\0")[1:]:
        head, *names = part.splitlines()
        for name in names:
            if name in wanted:
                gone.setdefault(name, (head.split()[0], head.split()[-1]))
    renamed = {where: _renames(ctx, where) for where in sorted({commit for commit, _ in gone.values()})}
    return {name: Removal(where, day, renamed[where].get(name, "")) for name, (where, day) in gone.items()}


def _renames(ctx: Context, commit: str) -> Mapping[str, str]:
    argv = ("diff-tree", "-r", "-M50%", "--diff-filter=R", "--name-status", "-z", "--no-commit-id", commit)
    parts = git(ctx.root, *argv, stop=ctx.stop).decode("utf-8", "surrogateescape").split("\0")
    return {parts[at + 1]: parts[at + 2] for at in range(0, len(parts) - 2, 3)}


def successor(ctx: Context, path: str, exists: Iterable[str]) -> tuple[Removal, str] | None:
    """Follow the renames of a path that is gone to a file that is there; the second part is "" where they end."""
    known = set(exists)
    seen = {path}
    first: Removal | None = None
    place = path
    for _ in range(5):
        removal = removals(ctx, [place]).get(place)
        if removal is None:
            break
        first = first or removal
        place = removal.target
        if place in known:
            return first, place
        if not place or place in seen:
            break
        seen.add(place)
    return None if first is None else (first, "")


def renamed_heading(ctx: Context, path: str, anchor: str, now: Document) -> tuple[str, str] | None:
    """The heading that an anchor meant in an earlier version of its page, and the one heading of today that took
    its place ("" where there is none that is surely it); None where no earlier version had it."""
    commit = ctx.examination.commit
    if commit is None or ctx.examination.shallow or not path.lower().endswith(MARKDOWN):
        return None
    key = f"{commit}.{sha256(f'{path}#{anchor}'.encode('utf-8', 'surrogateescape')).hexdigest()[:24]}"
    then = recall(ctx.cache, "docs.heading/1", key, tuple[str, tuple[str, ...]])
    if then is None:
        then = _earlier_with(ctx, commit, path, anchor)
        remember(ctx.cache, "docs.heading/1", key, then)
    title, others = then
    if not title:
        return None
    kept = set(others)
    fresh = [heading for heading in now.headings if heading not in kept and heading != title]
    alike = [heading for heading in dict.fromkeys(fresh) if _ratio(heading, title) >= _ALIKE]
    return title, alike[0] if len(alike) == 1 else ""


def _earlier_with(ctx: Context, commit: str, path: str, anchor: str) -> tuple[str, tuple[str, ...]]:
    """The heading that had this anchor in the last version that had it, and the others of that version; "" for none."""
    argv = (
        "log",
        f"-{_VERSIONS}",
        "--format=%H",
        f"-G{anchor_words(anchor)}",
        "-i",
        commit,
        "--",
        path,
    )
    left = attempt(ctx.root, "--literal-pathspecs", *argv, stop=ctx.stop)
    for rev in left.stdout.decode("ascii", "replace").split() if left.returncode == 0 else ():
        shown = attempt(ctx.root, "cat-file", "blob", f"{rev}~1:{path}", stop=ctx.stop)
        if shown.returncode == 0 and len(shown.stdout) <= PAGE_LIMIT:
            document = parse(shown.stdout.decode("utf-8", "replace").replace("\r\n", "\n"))
            for title, *names in zip(
                document.headings, github(document.headings), python_markdown(document.headings), strict=True
            ):
                if anchor in names or loose(title) == loose(anchor):
                    return title, tuple(heading for heading in document.headings if heading != title)
    return "", ()


def anchor_words(anchor: str) -> str:
    """A pattern for the headings that would get this anchor."""
    words = [word for word in slug(anchor).replace("_", "-").split("-") if word.isascii() and word.isalnum()]
    return "^#+ .*" + ".*".join(words[:8]) if words else "^#+ .*"


def _ratio(one: str, other: str) -> float:
    return difflib.SequenceMatcher(None, loose(one), loose(other), autojunk=False).ratio()
