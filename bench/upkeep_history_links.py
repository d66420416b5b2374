"""Relative links of Markdown files, and whether their targets are in the tree."""

import posixpath
import re
from collections.abc import Iterator
from urllib.parse import unquote

from bench.upkeep_history_git import Tree
from bench.upkeep_history_source import Unit

_NOT_RELATIVE = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:|[/#?]|$")
_COMPOSED = re.compile(r"[{}<>$]|%7[Bb]|[A-Z_]{4,}/")
_PATH = re.compile(r"/|\.(md|rst|html?|ipynb|png|jpe?g|gif|svg|pdf|py|txt|toml|ya?ml|json|cfg|ini)$")
_ENDINGS = ("", ".md", ".rst", ".ipynb", ".html", "/index.md", "/README.md", "/index.rst")


def read_links(path: str, text: str) -> tuple[Unit, ...]:
    """Every relative link or image of a Markdown file; its lines are those of the paragraph it stands in."""
    return tuple(Unit("link", path, target, first, last, "plain") for target, first, last in _targets(text))


def leads_there(tree: Tree, path: str, target: str) -> bool:
    """Whether the very path that a link says is there, without any benefit of the doubt."""
    plain = unquote(re.split(r"[#?]", target)[0])
    place = posixpath.normpath(posixpath.join(posixpath.dirname(path), plain))
    return place in tree.files or place in tree.folders


def resolves(tree: Tree, path: str, target: str) -> bool | None:
    """Whether a link of the file `path` leads to a file or folder; None where it leaves the tree or is a name.

    The benefit of the doubt is given: the target may lack an ending, name the page that a source becomes, or count
    from the page's own folder (sites with a folder for each page) or from any folder above it (the site's root).
    """
    plain = unquote(re.split(r"[#?]", target)[0])
    stem = posixpath.splitext(path)[0]
    parts = path.split("/")[:-1]
    bases = [*("/".join(parts[:n]) for n in range(len(parts), -1, -1)), stem]
    places = [posixpath.normpath(posixpath.join(base, plain)) for base in bases]
    if any(_is_there(tree, place) for place in places):
        return True
    return None if places[0].startswith("..") or not _PATH.search(plain) else False


def _is_there(tree: Tree, place: str) -> bool:
    place = "" if place == "." else place
    sources = [re.sub(r"\.html?$", ending, place) for ending in (".md", ".rst", ".ipynb")]
    wanted = [place + ending for ending in _ENDINGS] + sources
    return any(one in tree.files or one in tree.folders for one in wanted)


def _targets(text: str) -> Iterator[tuple[str, int, int]]:
    from markdown_it import MarkdownIt

    for token in MarkdownIt("commonmark").enable("table").parse(text):
        first, last = token.map or (0, 0)
        for child in token.children or ():
            target = child.attrGet("href" if child.type == "link_open" else "src")
            if child.type in {"link_open", "image"} and isinstance(target, str) and _is_relative(target):
                yield target, first + 1, max(first + 1, last)


def _is_relative(target: str) -> bool:
    return not _NOT_RELATIVE.match(target) and not _COMPOSED.search(target)
