"""By whose rules a tree of pages is read: what a site generator's configuration says, as far as it can be known."""

import ast
import posixpath
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

_MKDOCS = re.compile(r"(?:mkdocs|properdocs)\.ya?ml\Z")
_PLAIN_PLUGINS = {
    *(
        "search",
        "mkdocstrings",
        "autorefs",
        "minify",
        "git-revision-date-localized",
        "git-revision-date",
        "redirects",
    ),
    *(
        "privacy",
        "tags",
        "social",
        "offline",
        "typeset",
        "optimize",
        "meta",
        "git-authors",
        "git-committers",
        "glightbox",
    ),
    *(
        "literate-nav",
        "section-index",
        "awesome-pages",
        "same-dir",
        "exclude",
        "table-reader",
        "mermaid2",
        "click-reference",
    ),
}
_FRONT = re.compile(
    r"""(?:^|[\s{,"'])(?:readme["']?\s*[:=]\s*["']|USE_MDFILE_AS_MAINPAGE\s*=\s*"?)(?P<path>[^"'\s]+)""",
    re.MULTILINE,
)
_FRONT_FILES = re.compile(
    r"(?:\.?typedoc|\.?jsdoc|\.?esdoc)[\w.-]*\.(?:jsonc?|[cm]?js)\Z|Doxyfile[\w.-]*\Z|[\w.-]+\.doxy\Z"
)
_NAMING = re.compile(r"slugify|separator|anchorlink_class|permalink_title.*slug|toc_depth:\s*0")


@dataclass(frozen=True, slots=True)
class Rules:
    """What is known of one site.

    `source` is the folder of its pages. `anchors` says by which rule headings get their names, None where the
    configuration leaves it open; `absolute` that ``/x`` means `source`/x. `extensions` are the words of a Sphinx
    configuration.
    """

    kind: Literal["mkdocs", "sphinx"]
    source: str
    anchors: Literal["python-markdown"] | None = None
    absolute: bool = False
    extensions: frozenset[str] = field(default_factory=frozenset)

    def holds(self, path: str) -> bool:
        """Whether a path lies among the site's pages."""
        return not self.source or path.startswith(f"{self.source}/")


def detect(paths: Iterable[str], text: Callable[[str], str | None]) -> tuple[Rules, ...]:
    """Read the configurations of MkDocs and Sphinx among the examined paths; deepest source first."""
    found: dict[str, Rules] = {}
    known = set(paths)
    for path in sorted(known):
        folder, name = posixpath.split(path)
        if _MKDOCS.match(name):
            rules = _mkdocs(folder, text(path))
        elif name == "conf.py" and (_has_pages(folder, known) or {"doc", "docs"} & set(folder.split("/"))):
            rules = _sphinx(folder, text(path))
        else:
            continue
        if rules is not None:
            found.setdefault(rules.source, rules)
    return tuple(sorted(found.values(), key=lambda rules: (-len(rules.source), rules.source)))


def fronts(paths: Iterable[str], text: Callable[[str], str | None]) -> frozenset[str]:
    """The pages that the configuration of an API documentation (TypeDoc, JSDoc, ESDoc, Doxygen) names as its front page,
    so that it is read where that is published. One at the root of the repository is read there first."""
    found: set[str] = set()
    for path in paths:
        folder, name = posixpath.split(path)
        if _FRONT_FILES.match(name):
            named = (match["path"] for match in _FRONT.finditer(text(path) or ""))
            found.update(posixpath.normpath(posixpath.join(folder, place)) for place in named)
    return frozenset(place for place in found if "/" in place and not place.startswith(("..", "/")))


def rules_of(path: str, sites: Iterable[Rules]) -> Rules | None:
    """The rules of the innermost site that holds a page."""
    return next((rules for rules in sites if rules.holds(path)), None)


def _has_pages(folder: str, known: set[str]) -> bool:
    return any(posixpath.join(folder, f"index{end}") in known for end in (".rst", ".md", ".txt"))


def _mkdocs(folder: str, text: str | None) -> Rules | None:
    settings = _yaml(text or "")
    if settings is None:
        return None
    where = settings.get("docs_dir") or "docs"
    source = posixpath.normpath(posixpath.join(folder, str(where)))
    if source.startswith((".", "/")):
        return None
    plugins = {str(_name(item)) for item in _items(settings.get("plugins", ["search"]))}
    open_to_others = bool(plugins - _PLAIN_PLUGINS) or bool(settings.get("hooks")) or "INHERIT" in settings
    named = _NAMING.search(text or "")
    validation = settings.get("validation")
    links = validation.get("links", validation) if isinstance(validation, Mapping) else {}
    relative = isinstance(links, Mapping) and links.get("absolute_links") == "relative_to_docs"
    return Rules(
        "mkdocs",
        "" if source == "." else source,
        anchors=None if named or open_to_others else "python-markdown",
        absolute=relative,
    )


def _items(value: object) -> Iterable[Any]:
    return value if isinstance(value, list | tuple) else list(value) if isinstance(value, Mapping) else ()


def _name(item: object) -> object:
    name = next(iter(item), "") if isinstance(item, Mapping) else item
    return str(name).rpartition("/")[2]


def _yaml(text: str) -> dict[str, Any] | None:
    """The settings; tags of Python objects, which MkDocs allows, are read as nothing. None where it is no mapping."""
    import yaml

    class Loader(yaml.SafeLoader):
        """Never builds an object that a tag names."""

    Loader.add_multi_constructor("", lambda _loader, _suffix, _node: None)
    try:
        read = yaml.load(text, Loader=Loader)  # noqa: S506 -- a SafeLoader, of which every foreign tag reads as None
    except (yaml.YAMLError, RecursionError, ValueError):
        return None
    return read if isinstance(read, dict) else None


def _sphinx(folder: str, text: str | None) -> Rules | None:
    try:
        tree = ast.parse(text or "")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return Rules("sphinx", folder, extensions=frozenset({"?"}))
    words = {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    known = frozenset(word for word in words | names if len(word) < 80 and "\n" not in word)
    return Rules("sphinx", folder, absolute=True, extensions=known)
