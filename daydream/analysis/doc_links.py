"""Every link of the documentation followed: one world for all pages, and what of a batch is broken."""

import posixpath
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from daydream.analysis import doc_sites
from daydream.analysis.doc_history import Removal, earlier, removals, renamed_heading, successor
from daydream.analysis.doc_memory import recall, remember
from daydream.analysis.doc_sites import Rules
from daydream.analysis.doc_tree import MARKDOWN, RST, Shelf, pages
from daydream.analysis.links import SITE_FILES, Verdict, World, resolve, sites, there
from daydream.analysis.markdown import Document
from daydream.analysis.rst_links import Project, readers, resolve_pointer, rewritten
from daydream.analysis.rst_source import Pointer, RstPage
from daydream.contracts.context import Context
from daydream.git import attempt
from daydream.records.repository import SourceFile

_LABELLED = 600
_DISTINCT = 8
_AT_ONCE = 200
_SCRIPTS = (
    "*.py",
    "*.sh",
    "*.js",
    "*.mjs",
    "*.ts",
    "*.build",
    "*.mk",
    "*.cmake",
    "*Makefile",
    "*.toml",
    "*.yml",
    "*.yaml",
)

# A program serves these under addresses of its own, where no file is.
_TEMPLATES = re.compile(r"(^|/)templates/")
_COMPONENT = re.compile(r"^(import|export)\s.+\sfrom\s+[\"']", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Broken:
    """A link that leads nowhere: of which page, how it is written, and what history says of its target.

    `kind` is link, image, html or what reStructuredText calls it. `landed` is the path that is missing (for an
    anchor the page that lacks it). `better` is the target that is surely meant, as it would be written.
    """

    path: str
    target: str
    line: int
    kind: str
    verdict: Verdict
    landed: str
    better: str = ""
    removal: Removal | None = None
    heading: str = ""

    @property
    def anchor(self) -> bool:
        """Whether the page is there and only its anchor is not."""
        return self.verdict.state == "broken_anchor"


@dataclass(slots=True)
class Survey:
    """What following the links of a batch came to."""

    read: list[str] = field(default_factory=list)
    states: Counter[str] = field(default_factory=Counter)
    broken: list[Broken] = field(default_factory=list)
    external: list[tuple[str, int, str]] = field(default_factory=list)


class Library:
    """The pages of one night and everything that following their links needs; built again at any time."""

    def __init__(self, ctx: Context, exclude: Sequence[str] = ()) -> None:
        self.shelf = Shelf(ctx.tree, ctx.files, ctx.cache)
        paths = ctx.paths()
        self._paths = paths
        built_by = sorted({*paths, *self._configurations(paths)})
        self.rules = doc_sites.detect(built_by, self.shelf.text)
        self.pages = self._pages(ctx, exclude)
        named: dict[str, list[str]] = {}
        for path in paths:
            named.setdefault(posixpath.basename(path).lower(), []).append(path)
        fronts = doc_sites.fronts(paths, self.shelf.text)
        self.world = World(self.shelf.kind, self.shelf.document, named, sites(built_by), self.rules, fronts)
        self._projects: dict[str, Project] = {}
        self._earlier: list[str] | None = None
        self._searched: set[str] = set()
        self.unsure = 0  # how often an answer followed from more than the commit

    def _configurations(self, paths: Sequence[str]) -> Iterator[str]:
        """Configurations of site generators that stand above the examined pages and are not examined themselves:
        many a conf.py says of itself that a program wrote it."""
        folders = {""}
        for path in paths:
            if path.lower().endswith((*MARKDOWN, *RST)):
                parts = path.split("/")
                folders.update("/".join(parts[:count]) for count in range(1, len(parts)))
        for folder in sorted(folders):
            for name in SITE_FILES:
                place = posixpath.join(folder, name)
                if self.shelf.kind(place) == "file":
                    yield place

    def _pages(self, ctx: Context, exclude: Sequence[str]) -> list[SourceFile]:
        """Markdown and reStructuredText, and the text files of a Sphinx project that says it writes in them."""
        chosen = pages(ctx.files, exclude, (*MARKDOWN, *RST))
        texts = [rules for rules in self.rules if rules.kind == "sphinx" and ".txt" in rules.extensions]
        if texts:
            more = pages(ctx.files, exclude, (".txt",))
            held = [file for file in more if any(rules.source and rules.holds(file.path) for rules in texts)]
            chosen = sorted({*chosen, *held}, key=lambda file: file.path)
        return chosen

    def survey(self, ctx: Context, batch: Sequence[str]) -> Survey:
        """Follow every link of these pages."""
        found = Survey()
        self.shelf.warm(batch)
        for path in batch:
            ctx.check()
            page = self.shelf.readable(path)
            if page is None:
                continue
            found.read.append(path)
            if isinstance(page, Document):
                self._markdown(ctx, path, page, found)
            else:
                self._rst(ctx, path, page, found)
        self._ask_git(ctx, found)
        return found

    def _markdown(self, ctx: Context, path: str, page: Document, found: Survey) -> None:
        project = self._project(ctx, path)
        myst = project is not None and any("myst" in word for word in project.rules.extensions)
        for role in page.roles if myst else ():
            pointer = Pointer(role.kind, role.target, role.line, role.glob)
            verdict = self._pointed(ctx, pointer, path, page, project)
            self._note(found, path, (role.target, role.line, role.kind), verdict)
        for link in page.links:
            verdict = resolve(link.target, path, page, self.world)
            broken = verdict.state in {"broken_link", "broken_anchor"}
            if broken and (link.elsewhere or _TEMPLATES.search(path) or self._is_mdx(path, link.target)):
                verdict = Verdict("unknown")
            if verdict.state == "external":
                found.external.append((path, link.line, link.target))
            kind = "image" if link.image else "html" if link.html else "link"
            self._note(found, path, (link.target, link.line, kind), verdict)

    def _is_mdx(self, path: str, target: str) -> bool:
        """Whether the page, or the one it leads to, imports components: then it is no Markdown that we read."""
        there = target.partition("#")[0]
        leads = posixpath.normpath(posixpath.join(posixpath.dirname(path), there)) if there else path
        texts = (self.shelf.text(one) or "" for one in dict.fromkeys((path, leads)))
        return any(_COMPONENT.search(text) for text in texts)

    def _rst(self, ctx: Context, path: str, page: RstPage, found: Survey) -> None:
        project = self._project(ctx, path)
        for pointer in page.pointers:
            verdict = self._pointed(ctx, pointer, path, page, project)
            if verdict.state == "external":
                found.external.append((path, pointer.line, pointer.target))
            self._note(found, path, (pointer.target, pointer.line, pointer.kind), verdict)

    def _pointed(
        self, ctx: Context, pointer: Pointer, path: str, page: RstPage | Document, project: Project | None
    ) -> Verdict:
        verdict = resolve_pointer(pointer, path, self.world, project)
        if verdict.state == "broken_link" and project is None and self._is_included(ctx, path):
            return Verdict("unknown")  # what it is relative to is for the page to say that takes it in
        made = isinstance(page, RstPage) and page.made
        if verdict.state in {"broken_anchor", "broken_link"} and made and pointer.kind != "link":
            return Verdict("unknown")  # a template writes parts of the page
        if verdict.state != "broken_anchor":
            return verdict
        foreign = self._foreign(project) and not self._once_defined(ctx, pointer.target)
        return Verdict("unknown") if foreign or self._said_elsewhere(ctx, pointer.target) else verdict

    def _note(self, found: Survey, path: str, written: tuple[str, int, str], verdict: Verdict) -> None:
        found.states[verdict.state] += 1
        if verdict.state not in {"broken_link", "broken_anchor"}:
            return
        target, line, kind = written
        landed = verdict.path
        if (
            verdict.state == "broken_link"
            and kind in {"link", "image", "html"}
            and not path.lower().endswith(RST)
        ) or (verdict.state == "broken_link" and kind == "link"):
            landed = posixpath.normpath(posixpath.join(posixpath.dirname(path), verdict.path))
        found.broken.append(Broken(path, target, line, kind, verdict, landed, verdict.better))

    def _project(self, ctx: Context, path: str) -> Project | None:
        """The Sphinx project that a page belongs to; its labels are gathered from all pages of the repository."""
        rules = next((rules for rules in self.rules if rules.kind == "sphinx" and rules.holds(path)), None)
        if rules is None:
            return None
        if rules.source not in self._projects:
            self._projects[rules.source] = self._read_project(ctx, rules)
        return self._projects[rules.source]

    def _read_project(self, ctx: Context, rules: Rules) -> Project:
        labels: set[str] = set()
        includes: list[tuple[str, str]] = []
        pages_ = [path for path in self._paths if path.lower().endswith((*RST, *MARKDOWN))]
        pages_ += [
            path for path in self._paths if path.lower().endswith((".txt", ".inc")) and rules.holds(path)
        ]
        for number, path in enumerate(pages_):
            if number % _AT_ONCE == 0:
                self.shelf.warm(pages_[number : number + _AT_ONCE])
            ctx.check()
            page = self.shelf.readable(path)
            if isinstance(page, Document):
                labels |= {name.lower() for name in page.written}
                includes += [
                    (path, posixpath.normpath(posixpath.join(posixpath.dirname(path), role.target)))
                    for role in page.roles
                    if role.kind == "include"
                ]
            elif page is not None:
                labels |= page.labels
                includes += [
                    (path, posixpath.normpath(posixpath.join(posixpath.dirname(path), pointer.target)))
                    for pointer in page.pointers
                    if pointer.kind == "include"
                ]
        return Project(rules, frozenset(labels), readers(includes))

    def _is_included(self, ctx: Context, path: str) -> bool:
        """Whether some page takes in a file of this name; yes where git could not search."""
        name = re.sub(r"([.^$*+?(){}|\[\]\\])", r"\\\1", posixpath.basename(path))
        wanted = ("-E", "-e", rf"^[[:space:]]*\.\. include::.*[/[:space:]]{name}[[:space:]]*$")
        commit = ctx.examination.commit
        return commit is None or self._search(ctx, commit, wanted, tuple(f"*{ending}" for ending in RST))

    def _foreign(self, project: Project | None) -> bool:
        """Whether labels of other projects are valid here, so that one that is missing may be theirs."""
        return project is not None and any("intersphinx" in word for word in project.rules.extensions)

    def _said_elsewhere(self, ctx: Context, name: str) -> bool:
        """Whether anything but a page says the label: a docstring, a template, an extension that adds it."""
        commit = ctx.examination.commit
        if commit is None or self._defines(ctx, commit, name):
            return True
        pages_ = tuple(f":(exclude)*{ending}" for ending in (*RST, *MARKDOWN, ".txt", ".po", ".pot"))
        return self._search(ctx, commit, ("-w", "-F", "-e", name), (".", *pages_))

    def _once_defined(self, ctx: Context, name: str) -> bool:
        """Whether an earlier commit of this very repository defined the label."""
        commit = ctx.examination.commit
        if commit is None or ctx.examination.shallow:
            return False
        if self._earlier is None:
            self._earlier = [rev for rev, _ in earlier(ctx, commit)]
        return any(self._defines(ctx, rev, name) for rev in self._earlier)

    def _defines(self, ctx: Context, commit: str, name: str) -> bool:
        """Whether a commit defines the label anywhere."""
        wanted = ("-i", "-F", "-e", f"_{name}:", "-e", f"_`{name}`:", "-e", f"({name})=")
        return self._search(ctx, commit, wanted, ())

    def _search(self, ctx: Context, commit: str, wanted: tuple[str, ...], places: tuple[str, ...]) -> bool:
        """Whether a commit says it; yes where git could not search, or was asked too often tonight."""
        key = sha256("\0".join((commit, *wanted, "", *places)).encode("utf-8", "surrogateescape")).hexdigest()
        known = recall(ctx.cache, "docs.label/1", key, bool)
        if known is None:
            known = key not in self._searched and len(self._searched) >= _LABELLED
            self.unsure += known
            if not known:
                argv = ("grep", "-I", "-q", *wanted, commit, "--", *places)
                known = attempt(ctx.root, *argv, stop=ctx.stop).returncode != 1
                remember(ctx.cache, "docs.label/1", key, known)
            self._searched.add(key)
        return known

    def _ask_git(self, ctx: Context, found: Survey) -> None:
        """Take out what git ignores (something generates it), and ask history about what has no better target."""
        ignored = _ignored(ctx, found.broken)
        self.unsure += any(not item.anchor for item in found.broken)  # the checkout says what git ignores
        kept = [item for item in found.broken if item.anchor or item.landed not in ignored]
        found.states["ignored"] = len(found.broken) - len(kept)
        gone = removals(ctx, {item.landed for item in kept if not item.anchor})
        sure = [item for item in kept if item.anchor or not self._may_be_made(ctx, item, gone)]
        found.states["ignored"] += len(kept) - len(sure)
        found.broken = [self._with_history(ctx, item, gone) for item in sure]

    def _may_be_made(self, ctx: Context, item: Broken, gone: dict[str, Removal]) -> bool:
        """Whether a missing file may be another project's, or be written when the pages are built."""
        project = self._project(ctx, item.path)
        if project is not None and not item.better and item.landed not in gone:
            written = item.kind == "link" and not item.landed.endswith((*RST, *MARKDOWN, ".py"))
            if written or (item.kind == "doc" and self._foreign(project)):
                return True
        name = posixpath.basename(item.landed)
        stem = posixpath.splitext(name)[0]
        if (
            (item.better and item.kind != "include")
            or "/" not in item.landed
            or ctx.examination.commit is None
        ):
            return False
        said = [name] if "." in name else []
        for part in {stem, stem.partition("_")[0]}:
            if len(part) >= _DISTINCT and re.search(r"[-_]", part):
                said += [f"'{part}'", f'"{part}"']
        wanted = tuple(word for part in sorted(said) for word in ("-e", part))
        return bool(wanted) and self._search(ctx, ctx.examination.commit, ("-F", *wanted), _SCRIPTS)

    def _with_history(self, ctx: Context, item: Broken, gone: dict[str, Removal]) -> Broken:
        ctx.check()
        better, removal, heading = item.better, None, ""
        if item.anchor and not better and item.kind != "ref":
            better, heading = self._renamed(ctx, item)
        elif not item.anchor and item.landed in gone:
            follow = successor(ctx, item.landed, self._paths)
            removal = follow[0] if follow else gone[item.landed]
            if follow and follow[1]:
                better = self._written(ctx, item, follow[1]) or better
        return Broken(
            item.path, item.target, item.line, item.kind, item.verdict, item.landed, better, removal, heading
        )

    def _renamed(self, ctx: Context, item: Broken) -> tuple[str, str]:
        target = self.shelf.document(item.landed)
        anchor = item.target.partition("#")[2]
        was = renamed_heading(ctx, item.landed, anchor, target) if target is not None else None
        if was is None or target is None:
            return "", ""
        if not was[1]:
            return "", was[0]
        for better in anchors_of(was[1], target):
            address = there(better, item.landed, item.path)
            if (
                resolve(address, item.path, self.shelf.document(item.path) or Document(), self.world).state
                == "ok"
            ):
                return address, was[0]
        return "", was[0]

    def _written(self, ctx: Context, item: Broken, place: str) -> str:
        """The address of `place` in the way in which the link was written; "" where it would not lead there."""
        if item.path.lower().endswith(MARKDOWN) and item.kind in {"link", "image", "html"}:
            path, mark, tail = item.target.partition("#")
            if "?" in path or path.startswith("/"):
                return ""
            better = posixpath.relpath(place, posixpath.dirname(item.path) or ".") + mark + tail
            own = self.shelf.document(item.path) or Document()
            return better if resolve(better, item.path, own, self.world) == Verdict("ok", place) else ""
        better = rewritten(item.target, place, item.path, self._project(ctx, item.path))
        kinds = {"image": "image", "html": "link"}
        pointer = Pointer(kinds.get(item.kind, item.kind), better, item.line)  # type: ignore[arg-type]
        verdict = resolve_pointer(pointer, item.path, self.world, self._project(ctx, item.path))
        return better if verdict == Verdict("ok", place) else ""


def anchors_of(heading: str, document: Document) -> Iterator[str]:
    """The names that this heading of a page may have, GitHub's first."""
    from daydream.analysis.anchors import github, python_markdown

    for names in (github(document.headings), python_markdown(document.headings)):
        yield from (name for title, name in zip(document.headings, names, strict=True) if title == heading)


def _ignored(ctx: Context, broken: Sequence[Broken]) -> set[str]:
    """The missing targets that git ignores: something generates them where they are needed."""
    pages_of = {item.landed: item.kind in {"doc", "toctree"} for item in broken if not item.anchor}
    asked = {
        f"{path}{ending}": path
        for path, page in sorted(pages_of.items())
        for ending in ("", *((*RST, *MARKDOWN) if page else ()))
        if not path.startswith("..") and "\0" not in path
    }
    wanted = sorted(asked)
    if not wanted or ctx.examination.commit is None:
        return set()
    listed = "\0".join(wanted).encode("utf-8", "surrogateescape")
    argv = ("check-ignore", "--no-index", "-z", "--stdin")
    left = attempt(ctx.root, *argv, stop=ctx.stop, stdin=listed, settings=("core.excludesFile=/dev/null",))
    return {asked[item.decode("utf-8", "surrogateescape")] for item in left.stdout.split(b"\0") if item}
