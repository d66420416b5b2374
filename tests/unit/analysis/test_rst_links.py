"""References of reStructuredText followed as Sphinx follows them; what cannot be told is unknown."""

import pytest

from daydream.analysis.doc_sites import Rules
from daydream.analysis.links import Kind, World, sites
from daydream.analysis.rst_links import Project, readers, resolve_pointer, rewritten
from daydream.analysis.rst_source import Pointer

FILES = {
    "docs/conf.py",
    "docs/index.rst",
    "docs/guide/a.rst",
    "docs/guide/b.md",
    "docs/img/x.png",
    "pkg/m.py",
}


def kind(path: str) -> Kind:
    if path in {"", "."} or any(name.startswith(f"{path}/") for name in FILES):
        return "folder"
    return "unknown" if path.startswith("..") else "file" if path in FILES else "absent"


NAMED: dict[str, list[str]] = {}
for name in sorted(FILES):
    NAMED.setdefault(name.rpartition("/")[2], []).append(name)
WORLD = World(kind, lambda _path: None, NAMED, sites(FILES))


def project(*extensions: str, including: dict[str, tuple[str, ...]] | None = None) -> Project:
    rules = Rules("sphinx", "docs", absolute=True, extensions=frozenset(extensions))
    return Project(rules, frozenset({"known"}), including or {})


def state(how: str, target: str, page: str = "docs/guide/a.rst", where: Project | None = None) -> str:
    pointer = Pointer(how, target, 1)  # type: ignore[arg-type]
    return resolve_pointer(pointer, page, WORLD, where or project()).state


@pytest.mark.parametrize(
    ("how", "target"),
    [
        ("doc", "b"),
        ("doc", "/guide/b"),
        ("doc", "../index"),
        ("toctree", "b"),
        ("toctree", "b.md"),
        ("image", "../img/x.png"),
        ("image", "/img/x.png"),
        ("image", "../img/x.png?raw=true"),
        ("literalinclude", "../../pkg/m.py"),
        ("ref", "Known"),
        ("ref", "genindex"),
        ("link", "b.md#any"),
    ],
)
def test_what_is_there_is_ok(how: str, target: str) -> None:
    assert state(how, target) == "ok"


@pytest.mark.parametrize(
    ("how", "target"),
    [
        ("doc", "gone"),
        ("doc", "/b"),
        ("toctree", "gone"),
        ("image", "x.png"),
        ("include", "gone.inc"),
        ("link", "gone.rst"),
        ("literalinclude", "../../pkg/n.py"),
    ],
)
def test_what_is_not_there_is_broken(how: str, target: str) -> None:
    assert state(how, target) == "broken_link"


def test_a_label_that_no_page_has_is_broken() -> None:
    assert state("ref", "gone") == "broken_anchor"


@pytest.mark.parametrize(
    ("how", "target", "extensions"),
    [
        ("doc", "python:library", ()),
        ("toctree", "self", ()),
        ("image", "x.*", ()),
        ("image", "https://x.test/a.png", ()),
        ("include", "<isonum.txt>", ()),
        ("ref", "python:x", ()),
        ("ref", "sphx_glr_x", ()),
        ("ref", "gone", ("sphinx.ext.autosectionlabel",)),
        ("toctree", "generated/x", ("sphinx.ext.autosummary",)),
        ("doc", "anything", ("?",)),
        ("doc", "../../../out", ()),
        ("link", "a name", ()),
    ],
)
def test_what_a_build_may_add_or_another_project_may_have_is_unknown(
    how: str, target: str, extensions: tuple[str, ...]
) -> None:
    assert state(how, target, where=project(*extensions)) == "unknown"


def test_without_sphinx_its_roles_mean_nothing() -> None:
    pointers = [Pointer("doc", "x", 1), Pointer("ref", "x", 1), Pointer("toctree", "x", 1)]
    assert {resolve_pointer(pointer, "README.rst", WORLD, None).state for pointer in pointers} == {"unknown"}


def test_an_included_page_is_read_from_where_it_is_included() -> None:
    including = readers([("docs/guide/a.rst", "shared/part.rst"), ("docs/index.rst", "docs/guide/a.rst")])
    assert including["shared/part.rst"] == ("docs", "docs/guide")
    where = project(including=including)
    assert state("doc", "b", "shared/part.rst", where) == "ok"


def test_pages_that_include_each_other_are_no_endless_loop() -> None:
    assert readers([("a.rst", "b.rst"), ("b.rst", "a.rst")])["a.rst"] == ("",)


@pytest.mark.parametrize(
    ("target", "page", "expected"),
    [
        ("b", "docs/index.rst", "guide/b"),
        ("/b", "docs/index.rst", "/guide/b"),
        ("b.md", "docs/guide/a.rst", "b.md"),
    ],
)
def test_a_better_target_is_written_as_the_old_one_was(target: str, page: str, expected: str) -> None:
    assert rewritten(target, "docs/guide/b.md", page, project()) == expected


def test_the_only_page_of_a_name_is_the_better_target() -> None:
    pointer = Pointer("doc", "b", 1)
    assert resolve_pointer(pointer, "docs/index.rst", WORLD, project()).better == "guide/b"


def test_pages_in_a_folder_that_the_configuration_of_a_generating_extension_names_are_made() -> None:
    made = project("sphinxcontrib.apidoc", "guide")
    assert state("toctree", "guide/pkg", "docs/index.rst", made) == "unknown"
    assert state("toctree", "guide/pkg", "docs/index.rst", project("guide")) == "broken_link"
    assert state("toctree", "guide/pkg", "docs/index.rst", project("sphinxcontrib.apidoc")) == "broken_link"
