"""Where the references of a reStructuredText page lead, as Sphinx and docutils would follow them."""

import posixpath
import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from daydream.analysis.doc_sites import Rules
from daydream.analysis.links import Verdict, World, resolve
from daydream.analysis.markdown import Document
from daydream.analysis.rst_source import Pointer, label

_STANDARD_LABELS = {"genindex", "modindex", "search", "py-modindex", "std-genindex"}
_SUFFIXES = (".rst", ".md", ".txt", ".ipynb", ".inc", ".myst")
_GENERATING = {
    *(
        "sphinx.ext.autosummary",
        "sphinx.ext.apidoc",
        "sphinxcontrib.apidoc",
        "autoapi.extension",
        "sphinx_gallery.gen_gallery",
    ),
    *(
        "nbsphinx",
        "breathe",
        "exhale",
        "sphinx_click",
        "sphinxcontrib.autoprogram",
        "?",
        "myst_nb",
        "autodoc2",
        "numpydoc",
    ),
    *("sphinx-apidoc", "sphinxcontrib.openapi", "jinja2", "sphinx_jinja", "sphinxcontrib_django"),
}
_MADE = re.compile(r"[<>{}|*$%]|\.\.\.|…")


@dataclass(frozen=True, slots=True)
class Project:
    """What the pages of a Sphinx project may refer to: its rules, every label of its pages, the pages that
    include others (target path to the folders that it is read from)."""

    rules: Rules
    labels: Container[str]
    readers: Mapping[str, Sequence[str]]


def resolve_pointer(pointer: Pointer, page: str, world: World, project: Project | None) -> Verdict:
    """Follow one pointer of `page`; without a Sphinx project only what docutils alone would follow."""
    target = pointer.target
    if pointer.kind == "image":
        target = target.partition("?")[0]
    if pointer.kind == "link":
        return _link(target, page, world)
    if not target or _MADE.search(target) or "://" in target:
        return Verdict("unknown")
    if pointer.kind == "ref":
        return _label(target, project)
    if pointer.kind in {"doc", "toctree"}:
        return Verdict("unknown") if project is None else _doc(pointer, page, world, project)
    if project is None and pointer.kind in {"download", "literalinclude"}:
        return Verdict("unknown")
    if target.startswith("/") and project is None:
        return Verdict("unknown")
    return _file(target, page, world, project)


def _link(target: str, page: str, world: World) -> Verdict:
    """A plain hyperlink: its anchor cannot be told from here, its file can."""
    path = target.partition("#")[0]
    if not path or "\n" in target or "|" in target or ("@" in path and "/" not in path):
        return Verdict("unknown")
    if not re.search(r"[./]", path):
        return Verdict("unknown")  # a name, of whatever kind
    verdict = resolve(target, page, Document(), world)
    return Verdict("ok", verdict.path) if verdict.state == "broken_anchor" else verdict


def _label(target: str, project: Project | None) -> Verdict:
    name = label(target)
    if project is None or ":" in name or name.startswith("sphx_glr") or {"?"} & project.rules.extensions:
        return Verdict("unknown")
    if name in _STANDARD_LABELS or name in project.labels:
        return Verdict("ok")
    if any("autosectionlabel" in word for word in project.rules.extensions):
        return Verdict("unknown")
    return Verdict("broken_anchor", target)


def _doc(pointer: Pointer, page: str, world: World, project: Project) -> Verdict:
    target = pointer.target
    if (pointer.kind == "toctree" and target in {"self", *_STANDARD_LABELS}) or ":" in target:
        return Verdict("unknown")
    if pointer.kind == "toctree" and pointer.glob and any(sign in target for sign in "*?["):
        return Verdict("unknown")
    seen_unknown = False
    for place in _documents(target, page, project):
        for form in _forms(place):
            kind = world.kind(form)
            seen_unknown |= kind == "unknown"
            if kind == "file":
                return Verdict("ok", form)
    landed = _landed(target, page, project)
    if seen_unknown or not project.rules.holds(page) or _is_made(landed, project, world):
        return Verdict("unknown")
    return Verdict("broken_link", landed, _moved(target, landed, page, world, project))


def _documents(target: str, page: str, project: Project) -> Iterator[str]:
    """Where a document may lie; one that climbs above the root of the project begins at the root again."""
    source = project.rules.source
    for base in _bases(target, page, project):
        yield posixpath.normpath(posixpath.join(base, target.lstrip("/")))
        below = posixpath.relpath(base or ".", source or ".")
        if not below.startswith(".."):
            climbed = posixpath.normpath(posixpath.join("/", below, target.lstrip("/")))[1:]
            yield posixpath.normpath(posixpath.join(source, climbed))


def _file(target: str, page: str, world: World, project: Project | None) -> Verdict:
    seen_unknown = False
    for base in _bases(target, page, project):
        form = posixpath.normpath(posixpath.join(base, target.lstrip("/")))
        kind = world.kind(form)
        seen_unknown |= kind == "unknown"
        if kind in {"file", "folder"}:
            return Verdict("ok", form)
    landed = _landed(target, page, project)
    if seen_unknown or landed.startswith("..") or _is_made(landed, project, world):
        return Verdict("unknown")
    return Verdict("broken_link", landed, _moved(target, landed, page, world, project))


def _bases(target: str, page: str, project: Project | None) -> Iterator[str]:
    """The folders that a target may be relative to: the page's, those of the pages that include it, the root."""
    if project is not None and target.startswith("/"):
        yield project.rules.source
        return
    yield posixpath.dirname(page)
    if project is not None:
        yield from project.readers.get(page, ())


def _forms(path: str) -> Iterator[str]:
    yield path
    yield from (path + suffix for suffix in _SUFFIXES)
    yield from (
        posixpath.splitext(path)[0] + suffix
        for suffix in _SUFFIXES
        if path.endswith((".html", ".rst", ".md"))
    )


def _landed(target: str, page: str, project: Project | None) -> str:
    root = project is not None and target.startswith("/")
    base = project.rules.source if project is not None and root else posixpath.dirname(page)
    return posixpath.normpath(posixpath.join(base, target.lstrip("/")))


def _is_made(landed: str, project: Project | None, world: World) -> bool:
    """Whether a build may put the target there: an extension that writes pages, into a folder that is not there."""
    if project is None:
        return False
    makers = project.rules.extensions & _GENERATING
    if not makers:
        return False
    folder = posixpath.dirname(landed)
    if posixpath.relpath(folder or ".", project.rules.source or ".") in project.rules.extensions:
        return True  # the configuration names the folder
    return "?" in makers or not folder or world.kind(folder) != "folder" or folder == project.rules.source


def _moved(target: str, landed: str, page: str, world: World, project: Project | None) -> str:
    """The target as it would have to be written, if exactly one file is surely meant."""
    name = posixpath.basename(landed)
    names = [name] if "." in name else [name + suffix for suffix in (".rst", ".md")]
    found = sorted({place for wanted in names for place in world.named.get(wanted.lower(), ())} - {page})
    exact = [place for place in found if posixpath.basename(place) in names]
    if project is not None:
        exact = [place for place in exact if project.rules.holds(place)]
    if len(exact) != 1 or posixpath.splitext(name)[0].lower() in {"index", "readme"}:
        return ""
    return rewritten(target, exact[0], page, project)


def rewritten(target: str, place: str, page: str, project: Project | None) -> str:
    """Write the address of the file `place` in the way in which `target` was written."""
    if target.startswith("/") and project is not None:
        there = "/" + posixpath.relpath(place, project.rules.source or ".")
    else:
        there = posixpath.relpath(place, posixpath.dirname(page) or ".")
    kept = posixpath.splitext(target)[1]
    return there if kept else posixpath.splitext(there)[0]


def readers(includes: Iterable[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    """Map each included path to the folders of the pages that include it, directly or through others."""
    by: dict[str, set[str]] = {}
    for page, included in includes:
        by.setdefault(included, set()).add(page)
    found = {}
    for path in by:
        seen: set[str] = set()
        todo = [path]
        while todo:
            for page in by.get(todo.pop(), ()):
                if page not in seen:
                    seen.add(page)
                    todo.append(page)
        found[path] = tuple(sorted({posixpath.dirname(page) for page in seen}))
    return found
