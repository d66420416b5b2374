"""Where a relative link leads: ok, broken, or unknown, under every rule by which the page may be read."""

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from urllib.parse import unquote

from daydream.analysis.anchors import loose, python_markdown
from daydream.analysis.markdown import Document

if TYPE_CHECKING:
    from daydream.analysis.doc_sites import Rules

State = Literal["ok", "broken_link", "broken_anchor", "unknown", "external"]
Kind = Literal["file", "folder", "absent", "unknown"]

_EXTERNAL = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]+:|//")
_PLACEHOLDER = re.compile(r"\{[^}]*\}?|<|>|\$\w|\$\{|%\(|\.\.\.|…|\*|\|")
_SAMPLE = re.compile(
    r"(?:url|link|path|href|src|todo|target|uri|file|image|here|example)s?\Z|path/to/|some/path",
    re.IGNORECASE,
)
_REFERENCE = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+\Z|[\w.-]+:[\w.:-]+\Z")
_KNOWN_ENDING = re.compile(
    r"\.(?:mdx?|markdown|rst|txt|pyi?|ipynb|html?|png|jpe?g|gif|svg|webp|ico|json|ya?ml|toml|cfg|ini|csv|pdf|zip|gz|sh"
    r"|[jt]sx?|s?css|[ch]|cpp|rs|go|java|cs|xml|mp4|qmd|adoc|rb|lua|sql|lock|env|in)\Z"
)
_SHOUTED = re.compile(r"[A-Z]+(?:_[A-Z]+)+\Z")
_FORGE = {
    *("blob", "tree", "raw", "issues", "pull", "pulls", "wiki", "releases", "actions", "commit"),
    *("commits", "compare", "discussions", "projects", "security", "milestones", "labels", "graphs"),
}
_PAGES = (".md", ".mdx", ".rst", ".ipynb", ".txt", ".markdown", ".qmd", ".html", ".adoc")
_COMMON_NAMES = {"readme.md", "index.md", "index.rst", "index.html", "__init__.py", "conftest.py"}
_STATIC = ("static", "public", "docs", "assets")
_INDEX = ("index", "README", "readme", "_index")
_MADE = re.compile(r"L\d|:~:|user-content-|(?:top|readme)\Z|#|fn|__|_|\?|/|!")
_MADE_BY_SITES = re.compile(
    r"llms(?:-[\w-]+)?\.txt\Z|robots\.txt\Z|objects\.inv\Z|searchindex\.js\Z|sitemap\.txt\Z"
)
_LANGUAGE = re.compile(r"[a-z]{2}(?:[-_][A-Za-z]{2,4})?\Z")
_MKDOCS = re.compile(r"(?:mkdocs|properdocs)[\w.-]*\.ya?ml\Z")
SITE_FILES = {
    *("conf.py", "mkdocs.yml", "mkdocs.yaml", "properdocs.yml"),
    *("zensical.toml", "docusaurus.config.js", "docusaurus.config.ts"),
    *("docusaurus.config.mjs", "hugo.toml", "hugo.yaml", "_config.yml", "_config.yaml", "book.toml"),
    *(
        "antora.yml",
        "mint.json",
        "docs.json",
        "fern.config.json",
        "_quarto.yml",
        "_toc.yml",
        "myst.yml",
        "docfx.json",
    ),
    *("astro.config.mjs", "astro.config.ts", "gatsby-config.js", "next.config.js", "next.config.mjs"),
    *("next.config.ts", ".eleventy.js", "eleventy.config.js", "pelicanconf.py", "_sidebar.md"),
    *("nuxt.config.ts", "svelte.config.js", "sidebars.js", "hotdoc.json", "sitemap.txt"),
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a link: its state, the file it leads to, and a better target if there is exactly one."""

    state: State
    path: str = ""
    better: str = ""


@dataclass(frozen=True, slots=True)
class World:
    """What links may lead to.

    `kind` says what stands at a path; `document` parses a Markdown file of the tree, or None; `named`
    are the examined paths by their file name in lower case; `sites` are the folders that a site generator builds from,
    `rules` what is known of those whose configuration could be read, deepest first; `fronts` are pages that are published elsewhere.
    """

    kind: Callable[[str], Kind]
    document: Callable[[str], Document | None]
    named: dict[str, list[str]]
    sites: tuple[str, ...]
    rules: "tuple[Rules, ...]" = ()
    fronts: frozenset[str] = frozenset()

    def rules_of(self, path: str) -> "Rules | None":
        """What is known of the innermost site that holds a page."""
        return next((rules for rules in self.rules if rules.holds(path)), None)

    def site(self, path: str) -> str | None:
        """The folder of the site generator that may build this page; None where the page is read as it is."""
        if "/" not in path or path.startswith(".github/"):
            return None
        pages = (path, *_original(path))
        within = [root for root in self.sites if not root or any(p.startswith(f"{root}/") for p in pages)]
        return max(within, key=len) if within else None


def sites(paths: Iterable[str]) -> tuple[str, ...]:
    """Find the folders with a site generator's configuration ("" is the root)."""
    known = set(paths)
    found = set()
    for path in known:
        folder, name = posixpath.split(path)
        beside = posixpath.join(folder, "index")
        sphinx = name == "conf.py" and any(beside + end in known for end in (".rst", ".md", ".txt"))
        if (name in SITE_FILES and name != "conf.py") or sphinx or _MKDOCS.match(name):
            found.add(folder)
        elif name == "conf.py" and {"doc", "docs"} & set(folder.split("/")):
            found.update((folder, "docs", "doc"))  # built from elsewhere, but surely these
        elif "/.vitepress/config" in f"/{path}":
            found.add(posixpath.dirname(folder))
    return tuple(sorted(found))


def resolve(target: str, page: str, own: Document, world: World) -> Verdict:
    """Follow the link `target` of the Markdown file `page`, whose document is `own`."""
    if _EXTERNAL.match(target):
        return Verdict("external")
    decoded = unquote(target)
    if not decoded or _PLACEHOLDER.search(decoded) or _SAMPLE.match(decoded) or _SHOUTED.match(decoded):
        return Verdict("unknown")
    whole, _, fragment = decoded.partition("#")
    path = whole.partition("?")[0].replace("\\", "/")
    site = world.site(page)
    if not path:
        verdict = _anchor(fragment, page, page, own, world) if fragment else Verdict("unknown")
        return Verdict("unknown") if verdict.state != "ok" and _names_objects(site, world) else verdict
    return _path(path, decoded[len(path) :], page, world, site)


def _names_objects(site: str | None, world: World) -> bool:
    """Whether ``#name`` may name anything of the whole project, as MyST and Sphinx have it."""
    files = () if site is None else ("conf.py", "myst.yml", "_toc.yml")
    return any(world.kind(posixpath.join(site or "", name)) == "file" for name in files)


def _path(path: str, tail: str, page: str, world: World, site: str | None) -> Verdict:
    fragment = tail.partition("#")[2]
    seen_unknown = False
    root = _root(path, page, world)
    rooted = () if root is None else (posixpath.normpath(posixpath.join(root, path.lstrip("/"))),)
    for candidate in (*rooted, *_candidates(path, page, site)):
        kind = world.kind(candidate)
        seen_unknown |= kind == "unknown"
        if kind == "file":
            document = world.document(candidate) if fragment else None
            return (
                _anchor(fragment, candidate, page, document, world) if document else Verdict("ok", candidate)
            )
        if kind == "folder":
            return Verdict("ok", candidate)
    landed = posixpath.normpath(posixpath.join(posixpath.dirname(page), path))
    if landed in world.named.get(posixpath.basename(landed).lower(), ()):
        return Verdict("ok", landed)  # examined, though it is not on disk just now
    if (
        path.startswith("/")
        and rooted
        and _KNOWN_ENDING.search(path)
        and not path.endswith((".html", ".htm"))
    ):
        return Verdict(
            "unknown" if seen_unknown else "broken_link",
            posixpath.relpath(rooted[0], posixpath.dirname(page) or "."),
        )
    if seen_unknown or path.startswith("/") or page in world.fronts or _may_be_made(path, page, world, site):
        return Verdict("unknown")
    return Verdict("broken_link", path, _moved(path, tail, page, world))


def _root(path: str, page: str, world: World) -> str | None:
    """The folder that a path from the root begins at, where the site's configuration says so."""
    rules = world.rules_of(page) if path.startswith("/") else None
    return rules.source if rules is not None and rules.absolute else None


def _candidates(path: str, page: str, site: str | None) -> Iterator[str]:
    """Where the target may lie, the likeliest first; "" would be the root, None-like paths are left out."""
    home = posixpath.dirname(page)
    plain = path.lstrip("/")
    yield posixpath.normpath(posixpath.join("" if path.startswith("/") else home, plain))
    if site is None:
        return
    above = list(_above(home, site))
    bases = dict.fromkeys([home, posixpath.splitext(page)[0], posixpath.dirname(home), *above])
    places = [(base, form) for base in bases for form in (plain, *_forms(plain))]
    places += [(posixpath.join(base, name), plain) for base in above for name in _STATIC]
    for candidate in dict.fromkeys(
        posixpath.normpath(f"{base}/{form}" if base else form) for base, form in places
    ):
        if candidate.startswith("../"):
            continue  # out of the repository, from a folder that the page does not lie in
        yield candidate
        yield from _original(candidate)


def _above(folder: str, site: str) -> Iterator[str]:
    """The folders from the site's root down to `folder`."""
    parts = folder.split("/") if folder else []
    depth = len(site.split("/")) if site else 0
    for count in range(depth, len(parts) + 1):
        yield "/".join(parts[:count])


def _forms(path: str) -> Iterator[str]:
    """The sources a site may build this address from."""
    stem, ending = posixpath.splitext(path.rstrip("/"))
    stem = stem if ending in {".html", ".htm", ".md"} else path.rstrip("/")
    yield from (stem + suffix for suffix in _PAGES)
    yield from (posixpath.join(stem, name + suffix) for name in _INDEX for suffix in _PAGES[:4])


def _original(path: str) -> Iterator[str]:
    """The same path in the English tree, for pages of a translation that fall back to it."""
    parts = path.split("/")
    for place, part in enumerate(parts[:-1]):
        if _LANGUAGE.match(part) and part != "en":
            yield "/".join([*parts[:place], "en", *parts[place + 1 :]])


def _may_be_made(path: str, page: str, world: World, site: str | None) -> bool:
    """Whether the target may exist where the page is read although nothing in the tree says so."""
    landed = posixpath.normpath(posixpath.join(posixpath.dirname(page), path))
    parts = page.split("/")
    first = next((part for part in path.split("/") if part not in {"..", ".", ""}), "")
    if landed.startswith("..") or first in _FORGE:
        return True
    if "wiki" in parts or any(
        part.startswith("_") or part in {"includes", "snippets", "partials"} for part in parts
    ):
        return True
    ending = posixpath.splitext(path.rstrip("/"))[1]
    reference = _REFERENCE.match(path) and not _KNOWN_ENDING.search(path)
    if site is not None and (
        reference or "favicon" in path
    ):  # a name that the site knows, or its theme's icon
        return True
    if site is not None and (
        _written_by_site(landed, world) or _MADE_BY_SITES.match(posixpath.basename(landed))
    ):
        return True
    if site is not None and (
        not ending or ending in {".html", ".htm", ".xml", ".json"} or path.endswith("/")
    ):
        return True
    return not ending and any(world.kind(landed + suffix) == "file" for suffix in _PAGES)


def _written_by_site(landed: str, world: World) -> bool:
    """Whether a site may write this beside a page's own address: ``page.html.md`` of ``page.rst``."""
    stem, ending = posixpath.splitext(landed)
    stem, html = posixpath.splitext(stem)
    return (ending, html) == (".md", ".html") and any(world.kind(stem + end) == "file" for end in _PAGES)


def _moved(path: str, tail: str, page: str, world: World) -> str:
    """The relative link to what was surely meant, or nothing: the same path from the root, the same path
    in another spelling of its letters, or the only file of that name."""
    start = posixpath.dirname(page) or "."
    landed = posixpath.normpath(posixpath.join(posixpath.dirname(page), path))
    from_root = posixpath.normpath(path)
    if start != "." and not path.startswith(".") and world.kind(from_root) in {"file", "folder"}:
        return posixpath.relpath(from_root, start) + tail
    name = posixpath.basename(path)
    alike = world.named.get(name.lower(), ())
    places = [place for place in alike if place.lower() == landed.lower()]
    if not places and name.lower() not in _COMMON_NAMES and "." in name:
        places = [place for place in alike if posixpath.basename(place) == name and place != page]
    return posixpath.relpath(places[0], start) + tail if len(places) == 1 else ""


def _anchor(fragment: str, path: str, page: str, document: Document, world: World) -> Verdict:
    site = world.site(page)
    if (
        fragment
        and not _MADE.match(fragment)
        and (names := _names_by_rule(path, page, document, world)) is not None
    ):
        if fragment in names:
            return Verdict("ok", path)
        alike = sorted({name for name in names if loose(name) == loose(fragment)})
        return Verdict("broken_anchor", path, there(alike[0], path, page) if len(alike) == 1 else "")
    if (
        not fragment
        or _MADE.match(fragment)
        or fragment.lower() in document.anchors
        or fragment in document.anchors
    ):
        return Verdict("ok", path)
    same = loose(fragment)
    if path == page and not document.headings:
        return Verdict("unknown", path)  # a piece of some larger page
    if site is not None and (document.inserts or same in document.loose):
        return Verdict("unknown", path)
    alike = [name for name in sorted(document.anchors) if loose(name) == same]
    return Verdict("broken_anchor", path, there(alike[0], path, page) if len(alike) == 1 and same else "")


def _names_by_rule(path: str, page: str, document: Document, world: World) -> set[str] | None:
    """Every anchor of a page, where the site's configuration says how they are made; None where it does not."""
    rules = world.rules_of(path)
    if rules is None or rules.anchors is None or rules != world.rules_of(page) or document.inserts:
        return None
    if any(":" in heading for heading in document.headings if re.search(r":\w+:", heading)):
        return None  # an emoji, of which each extension makes something else
    return {*python_markdown(document.headings), *document.written}


def there(anchor: str, path: str, page: str) -> str:
    """Write the address of an anchor of the file `path` as the page `page` would."""
    link = "" if path == page else posixpath.relpath(path, posixpath.dirname(page) or ".")
    return f"{link}#{anchor}"
