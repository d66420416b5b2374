"""Which rules a tree of pages is read by, and what they make of anchors and of links from the root."""

import pytest

from daydream.analysis.anchors import python_markdown
from daydream.analysis.doc_sites import detect, fronts, rules_of
from daydream.analysis.links import Verdict, World, resolve, sites
from daydream.analysis.markdown import parse


def world(files: dict[str, str]) -> World:
    named: dict[str, list[str]] = {}
    for path in files:
        named.setdefault(path.rpartition("/")[2].lower(), []).append(path)

    def kind(path: str) -> str:
        if path in files:
            return "file"
        return "folder" if any(name.startswith(f"{path}/") for name in files) else "absent"

    return World(
        kind,  # type: ignore[arg-type]
        lambda path: parse(files[path]) if path in files else None,
        named,
        sites(files),
        detect(files, files.get),
    )


def follow(files: dict[str, str], target: str, page: str = "docs/a.md") -> Verdict:
    return resolve(target, page, parse(files[page]), world(files))


def test_mkdocs_names_headings_as_python_markdown_does() -> None:
    names = list(python_markdown(["A & B", "a b", "Über uns", "!", "a b", "x_y - z"]))
    assert names == ["a-b", "a-b_1", "uber-uns", "_1", "a-b_2", "x_y-z"]


def test_in_a_plain_mkdocs_site_a_githubs_anchor_is_broken_and_the_right_one_is_named() -> None:
    files = {"mkdocs.yml": "site_name: x\n", "docs/a.md": "# A & B\n\n[x](#a--b)\n"}
    assert follow(files, "#a-b").state == "ok"
    assert follow(files, "#a--b") == Verdict("broken_anchor", "docs/a.md", "#a-b")


@pytest.mark.parametrize(
    "config",
    [
        "markdown_extensions:\n  - toc:\n      slugify: !!python/object/apply:pymdownx.slugs.slugify {}\n",
        "plugins: [search, somebodys-own]\n",
        "hooks: [x.py]\n",
        "- a list\n",
        "a: [broken\n",
    ],
)
def test_where_the_configuration_leaves_it_open_a_like_anchor_is_unknown(config: str) -> None:
    files = {"mkdocs.yml": config, "docs/a.md": "# A & B\n"}
    assert follow(files, "#a-b").state == "unknown"


def test_a_page_that_takes_in_other_text_has_anchors_that_nobody_knows() -> None:
    files = {"mkdocs.yml": "site_name: x\n", "docs/a.md": '# A\n\n--8<-- "b.md"\n'}
    assert follow(files, "#from-b").state == "unknown"


@pytest.mark.parametrize(
    ("target", "state"), [("/b.md", "ok"), ("/gone.md", "broken_link"), ("/gone/", "unknown")]
)
def test_links_from_the_root_count_where_mkdocs_says_that_they_are_of_its_pages(
    target: str, state: str
) -> None:
    config = "validation:\n  links:\n    absolute_links: relative_to_docs\n"
    files = {"mkdocs.yml": config, "docs/a.md": "# A\n", "docs/b.md": "# B\n"}
    assert follow(files, target).state == state
    assert follow({**files, "mkdocs.yml": "site_name: x\n"}, "/gone.md").state == "unknown"


def test_a_sphinx_tree_knows_its_root_and_its_extensions() -> None:
    files = {
        "docs/conf.py": "extensions = ['myst_parser', 'sphinx.ext.intersphinx']\n",
        "docs/index.md": "# I\n",
    }
    (rules,) = detect(files, files.get)
    assert (rules.kind, rules.source, rules.absolute) == ("sphinx", "docs", True)
    assert {"myst_parser", "sphinx.ext.intersphinx"} <= rules.extensions
    assert follow(files, "/gone.md", "docs/index.md").state == "broken_link"


def test_a_configuration_that_is_no_python_may_do_anything() -> None:
    files = {"docs/conf.py": "extensions = [\n", "docs/index.rst": ""}
    assert detect(files, files.get)[0].extensions == {"?"}


def test_the_innermost_site_rules_a_page() -> None:
    files = {
        "mkdocs.yml": "docs_dir: docs\n",
        "docs/api/conf.py": "",
        "docs/api/index.rst": "",
        "docs/a.md": "",
    }
    found = detect(files, files.get)
    assert [rules.source for rules in found] == ["docs/api", "docs"]
    deepest, outer, none = (rules_of(path, found) for path in ("docs/api/x.rst", "docs/x.md", "README.md"))
    assert (deepest and deepest.kind, outer and outer.kind, none) == ("sphinx", "mkdocs", None)


def test_a_site_outside_the_tree_is_no_site() -> None:
    assert detect({"mkdocs.yml": ""}, {"mkdocs.yml": "docs_dir: ../other\n"}.get) == ()


def test_a_page_that_api_documentation_names_as_its_front_page_is_known() -> None:
    texts = {
        "typedoc.json": '{"readme": "./client/README.md", "name": "x"}',
        "js/.jsdoc.json": '{"opts": {"readme": "docs/start.md"}}',
        "cpp/Doxyfile": "PROJECT_NAME = x\nUSE_MDFILE_AS_MAINPAGE = intro.md\n",
        "typedoc.root.json": '{"readme": "README.md"}',
        "package.json": '{"readme": "lib/README.md"}',
    }
    assert fronts(texts, texts.get) == {"client/README.md", "js/docs/start.md", "cpp/intro.md"}
