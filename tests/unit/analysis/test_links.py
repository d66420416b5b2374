"""Where links lead, under GitHub's rule and under those of site generators."""

import posixpath
from dataclasses import replace

import pytest

from daydream.analysis.links import Kind, Verdict, World, resolve, sites
from daydream.analysis.markdown import Document, parse

TREE = {
    "README.md": "# Top\n\n## Use it\n",
    "docs/guide.md": "# Guide\n\n## What's new?\n\n## Same\n\n## Same\n\n<a id='Here'></a>\n",
    "docs/unique.md": "# Unique\n",
    "docs/img/logo one.png": "",
    "src/tool.py": "",
    "src/deep/only.py": "",
    "docs/de/page.md": "# Seite\n",
}


def world(files: dict[str, str]) -> World:
    folders = {posixpath.dirname(path) for path in files} | {"docs", "src"}

    def kind(path: str) -> Kind:
        if path.startswith(".."):
            return "unknown"
        return "file" if path in files else "folder" if path in folders else "absent"

    def document(path: str) -> Document | None:
        return parse(files[path]) if path.endswith(".md") else None

    named: dict[str, list[str]] = {}
    for path in files:
        named.setdefault(posixpath.basename(path).lower(), []).append(path)
    return World(kind=kind, document=document, named=named, sites=sites(files))


def follow(target: str, page: str = "README.md", extra: dict[str, str] | None = None) -> Verdict:
    files = {**TREE, **(extra or {})}
    return resolve(target, page, parse(files[page]), world(files))


@pytest.mark.parametrize(
    "target",
    [
        *("docs/guide.md", "docs/guide.md#guide", "docs/guide.md#whats-new", "docs/guide.md#same-1", "docs"),
        *("docs/", "./docs/../src/tool.py#L10-L20", "docs/img/logo%20one.png", "docs/guide.md?plain=1#L3"),
        *("#use-it", "#Use-It", "docs/guide.md#Here", "/docs/guide.md", "#top"),
    ],
)
def test_a_link_that_leads_somewhere_is_ok(target: str) -> None:
    assert follow(target).state == "ok"


@pytest.mark.parametrize(
    "target", ["docs/gone.md", "DOCS/guide.md", "docs/Guide.md", "tool.py", "src/img.png"]
)
def test_a_target_that_is_not_there_is_broken_and_letters_case_counts(target: str) -> None:
    assert follow(target).state == "broken_link"


def test_a_way_through_the_parent_folder_is_followed_below_a_site_too() -> None:
    extra = {"docs/conf.py": "", "docs/index.rst": "", "docs/far/unique.md": "# Far\n"}
    found = follow("../docs/old.md", "docs/guide.md", extra)
    assert found.state == "broken_link"
    assert follow("../docs/guide.md", "docs/unique.md", extra).state == "ok"


@pytest.mark.parametrize("target", ["docs/guide.md#gone", "#gone", "docs/guide.md#same-2"])
def test_an_anchor_that_no_heading_has_is_broken(target: str) -> None:
    assert follow(target).state == "broken_anchor"


@pytest.mark.parametrize(
    "target",
    [
        *("", "/absolute/elsewhere", "{{ base }}/x.md", "{% url 'x' %}", "$HOME/x", "path/to/file.md", "url"),
        *("../../issues/3", "../wiki/Page", "issues/new", "BASE_URL", "docs/guide", "../../../outside.md"),
    ],
)
def test_what_cannot_be_decided_is_unknown(target: str) -> None:
    assert follow(target).state == "unknown"


@pytest.mark.parametrize(
    "target", ["https://x.test/a.md", "mailto:a@b.c", "//cdn.test/x.png", "data:image/png;base64,x"]
)
def test_links_to_elsewhere_are_not_looked_at(target: str) -> None:
    assert follow(target).state == "external"


@pytest.mark.parametrize(
    ("target", "page", "better"),
    [
        ("docs/old/unique.md#unique", "README.md", "docs/unique.md#unique"),
        ("only.py", "docs/guide.md", "../src/deep/only.py"),
        ("src/tool.py", "docs/guide.md", "../src/tool.py"),
        ("docs/Guide.md?plain=1", "README.md", "docs/guide.md?plain=1"),
        ("docs/guide.md#what-s-new", "README.md", "docs/guide.md#whats-new"),
        ("sub/README.md", "docs/guide.md", ""),
        ("nowhere.md", "README.md", ""),
    ],
)
def test_the_better_target_is_named_when_there_is_exactly_one(target: str, page: str, better: str) -> None:
    assert follow(target, page).better == better


MKDOCS = {"mkdocs.yml": "", "docs/other/index.md": "# Other\n", "docs/en/logo.png": "", "docs/en/only.md": ""}


@pytest.mark.parametrize(
    ("target", "state"),
    [
        *(
            ("../unique/", "ok"),
            ("unique.html", "ok"),
            ("other/", "ok"),
            ("../other/", "ok"),
            ("unique", "ok"),
        ),
        *(("unique.md#uni-que", "unknown"), ("generated/", "unknown"), ("api.html", "unknown")),
        *(
            ("pkg.mod.Class", "unknown"),
            ("img/favicon.ico", "unknown"),
            ("gone.md", "broken_link"),
            ("gone.png", "broken_link"),
            ("#none", "broken_anchor"),
        ),
    ],
)
def test_on_a_site_only_what_every_rule_finds_broken_is_broken(target: str, state: str) -> None:
    assert follow(target, "docs/guide.md", MKDOCS).state == state


def test_a_page_of_a_site_at_the_root_of_the_repository_follows_githubs_rule() -> None:
    assert follow("docs/unique.html", "README.md", MKDOCS).state == "broken_link"


def test_a_sphinx_page_may_name_anything_of_its_project_by_an_anchor() -> None:
    extra = {"docs/conf.py": "", "docs/index.md": "# Index\n"}
    assert follow("#Spawner.ip", "docs/guide.md", extra).state == "unknown"
    assert follow("unique.md#none", "docs/guide.md", extra).state == "broken_anchor"


def test_a_file_that_is_examined_is_there_even_where_the_disk_has_lost_it() -> None:
    known = world(TREE)
    lost = World(kind=lambda _path: "absent", document=known.document, named=known.named, sites=())
    assert resolve("docs/guide.md", "README.md", Document(), lost).state == "ok"


def test_a_translation_falls_back_to_the_english_page() -> None:
    assert follow("logo.png", "docs/de/page.md", MKDOCS).state == "ok"
    assert follow("logo.png", "docs/de/page.md").state == "broken_link"


def test_an_anchor_of_a_page_that_inserts_others_is_unknown_on_a_site() -> None:
    extra = {**MKDOCS, "docs/api.md": "# API\n\n::: pkg.mod\n"}
    assert follow("api.md#pkg.mod.func", "docs/guide.md", extra).state == "unknown"


def test_an_anchor_in_a_page_without_headings_is_unknown() -> None:
    assert follow("#elsewhere", "piece.md", {"piece.md": "[x](#elsewhere)\n"}).state == "unknown"


def test_sites_are_known_by_their_configuration_and_conf_py_only_beside_an_index() -> None:
    paths = [
        "mkdocs.yml",
        "site/docusaurus.config.ts",
        "pkg/conf.py",
        "doc/conf.py",
        "doc/index.rst",
        "w/.vitepress/config.ts",
    ]
    assert sites(paths) == ("", "doc", "site", "w")


@pytest.mark.parametrize(
    "target", ["llms.txt", "llms-full.txt", "objects.inv", "sitemap.txt", "guide.html.md"]
)
def test_what_only_the_built_site_has_is_unknown_there_and_broken_elsewhere(target: str) -> None:
    site = {"docs/conf.py": "", "docs/index.md": "# I\n"}
    assert follow(target, "docs/guide.md", site).state == "unknown"
    assert follow(f"docs/{target}", "README.md", site).state == "broken_link"


def test_a_text_file_of_another_name_is_broken_in_a_site_too() -> None:
    site = {"docs/conf.py": "", "docs/index.md": "# I\n"}
    assert follow("notes.txt", "docs/guide.md", site).state == "broken_link"
    assert follow("gone.html.md", "docs/guide.md", site).state == "broken_link"


def test_a_page_that_is_published_elsewhere_as_a_front_page_is_not_judged_by_its_place() -> None:
    files = {**TREE, "src/README.md": "# S\n"}
    plain = world(files)
    front = replace(plain, fronts=frozenset({"src/README.md"}))
    own = parse(files["src/README.md"])
    assert resolve("../index.html", "src/README.md", own, plain).state == "broken_link"
    assert resolve("../index.html", "src/README.md", own, front).state == "unknown"
