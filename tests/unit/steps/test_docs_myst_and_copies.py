"""MyST pages followed as Sphinx follows them, sites whose configuration is not examined, pages made of one another,
and names that come from elsewhere."""

from dataclasses import replace
from pathlib import Path

import pytest

from daydream.contracts.context import Context
from daydream.records.finding import Finding
from tests.fakes.docs_night import LATELY, LONG_AGO, Remembering, commit, context, found

SITE = {
    "docs/conf.py": "extensions = ['myst_parser']\n",
    "docs/index.md": "# Index\n\n```{toctree}\nguide/one\n```\n",
    "docs/guide/one.md": "(known-label)=\n# One\n",
}
BROKEN = "```python\nx = {'a': 1 'b': 2}\n```\n"


def told(ctx: Context) -> list[tuple[str, str, str]]:
    return sorted((f.rule.removeprefix("docs."), f.subject, f.identity) for f in found(ctx))


PARTS = {
    "guide/src/all.rst": "Guide\n=====\n\n.. include:: Part/one.rst\n",
    "guide/src/Part/one.rst": "See `the picture <src/Part/gone.png>`__.\n",
}


def test_what_a_page_takes_in_is_relative_to_a_place_that_it_does_not_say(tmp_path: Path) -> None:
    commit(tmp_path, {**PARTS, "guide/src/Part/two.rst": "See `it <src/Part/gone.png>`__.\n"}, LONG_AGO)
    assert told(context(tmp_path)) == [("broken_link", "guide/src/Part/two.rst", "src/Part/gone.png~1")]


def test_a_file_to_take_in_that_a_script_names_may_be_made(tmp_path: Path) -> None:
    pages = {"doc/guide.rst": ".. include:: Install.rst\n", "Install.rst": "Install\n=======\n"}
    commit(tmp_path, pages, LONG_AGO)
    assert [rule for rule, *_ in told(context(tmp_path))] == ["broken_link"]
    commit(tmp_path, {"doc/build.py": "copy('Install.rst')\n"}, LATELY)
    assert told(context(tmp_path)) == []


@pytest.mark.parametrize(
    "text",
    [
        *(
            "{doc}`guide/one`",
            "{doc}`The one </guide/one>`",
            "{ref}`known-label`",
            "{ref}`See <Known-Label>`",
        ),
        *(
            "{ref}`genindex`",
            "`{doc}` is a role",
            "```{include} guide/one.md\n```",
            "{numref}`{placeholder}`",
        ),
        *("```{toctree}\n:caption: Pages\n\nThe one <guide/one>\nhttps://x.test\nself\n```",),
    ],
)
def test_a_myst_reference_that_leads_somewhere_is_ok(tmp_path: Path, text: str) -> None:
    commit(tmp_path, {**SITE, "docs/page.md": f"# P\n\n{text}\n"})
    assert told(context(tmp_path)) == []


@pytest.mark.parametrize(
    ("text", "rule", "identity"),
    [
        ("{doc}`guide/gone`", "broken_link", "guide/gone~1"),
        ("{ref}`gone-label`", "broken_anchor", "gone-label~1"),
        ("```{toctree}\nguide/gone\n```", "broken_link", "guide/gone~1"),
        ("```{literalinclude} gone.py\n```", "broken_link", "gone.py~1"),
    ],
)
def test_a_myst_reference_that_leads_nowhere_is_broken_in_a_myst_project_alone(
    tmp_path: Path, text: str, rule: str, identity: str
) -> None:
    commit(tmp_path, {**SITE, "docs/page.md": f"# P\n\n{text}\n"})
    assert told(context(tmp_path)) == [(rule, "docs/page.md", identity)]
    commit(tmp_path, {"docs/conf.py": "extensions = ['recommonmark']\n"})
    assert told(context(tmp_path)) == []


def test_a_link_marked_as_external_is_not_looked_for(tmp_path: Path) -> None:
    commit(tmp_path, {**SITE, "docs/page.md": "# P\n\n[a](made.md){.external} and [b](gone.md)\n"})
    assert told(context(tmp_path)) == [("broken_link", "docs/page.md", "gone.md~1")]


def test_a_site_is_read_by_its_rules_although_its_configuration_is_not_examined(tmp_path: Path) -> None:
    commit(tmp_path, {**SITE, "docs/page.md": "# P\n\n[](#Any.object) and {doc}`guide/gone`\n"})
    ctx = context(tmp_path)
    without = replace(ctx, files=[file for file in ctx.files if file.path != "docs/conf.py"])
    assert told(without) == told(ctx) == [("broken_link", "docs/page.md", "guide/gone~1")]


def example(tree: Path) -> list[Finding]:
    return [f for f in found(context(tree)) if f.rule == "docs.example_does_not_parse"]


def test_an_example_in_a_page_made_of_another_is_told_once_on_the_longer_one(tmp_path: Path) -> None:
    shared = "# Style\n\n" + "Some words.\n\n" * 10 + BROKEN + "\n" + "More words.\n\n" * 10
    commit(tmp_path, {"CONTRIBUTING.md": shared, "README.md": "# R\n\n" * 20 + shared + "The end.\n"})
    (finding,) = example(tmp_path)
    assert finding.subject == "README.md"
    assert finding.evidence.endswith("CONTRIBUTING.md repeats it")


def test_the_same_example_among_other_words_is_told_on_each_page(tmp_path: Path) -> None:
    commit(tmp_path, {"a.md": f"# A\n\nOne.\n\n{BROKEN}", "b.md": f"# B\n\nOther.\n\n{BROKEN}"})
    assert [finding.subject for finding in example(tmp_path)] == ["a.md", "b.md"]


@pytest.mark.parametrize(
    ("now", "stale"),
    [
        ({"pkg/query.py": "from outside.query import *\n"}, False),
        ({"pkg/query.py": "from .inner import *\n", "pkg/inner.py": "from outside import (*)\n"}, False),
        ({"pkg/query.py": "def __getattr__(name):\n    return load(name)\n"}, False),
        ({"pkg/query.py": None, "pkg/query/__init__.py": "from outside.query import *\n"}, False),
        ({"pkg/query.py": "from pkg.inner import *\n", "pkg/inner.py": "from pkg.query import *\n"}, True),
        ({"pkg/query.py": "from outside.query import kept\n"}, True),
        ({"pkg/query.py": "kept = 1\n"}, True),
    ],
)
def test_a_name_is_not_stale_where_its_module_takes_all_names_from_elsewhere(
    tmp_path: Path, now: dict[str, str | None], stale: bool
) -> None:
    commit(tmp_path, {"pkg/__init__.py": "", "pkg/query.py": "class BoostQuery:\n    pass\n"}, LONG_AGO)
    commit(tmp_path, {**now, "README.md": "# R\n\nUse `BoostQuery(x)` or `pkg.query.BoostQuery`.\n"}, LATELY)
    names = [("stale_name", "README.md", "BoostQuery")]
    assert told(context(tmp_path, cache=Remembering())) == (names if stale else [])


def test_a_name_that_moved_into_a_submodule_is_not_stale(tmp_path: Path) -> None:
    page = {"README.md": "# R\n\nUse `BoostQuery(x)`.\n"}
    commit(tmp_path, {"part/query.py": "class BoostQuery:\n    pass\n", **page}, LONG_AGO)
    commit(tmp_path, {"part/query.py": None}, LATELY)
    assert told(context(tmp_path)) == [("stale_name", "README.md", "BoostQuery")]
    (tmp_path / "part").mkdir()  # as a checkout shows a submodule
    assert told(context(tmp_path)) == []


def test_a_page_that_a_program_serves_has_addresses_of_its_own(tmp_path: Path) -> None:
    page = "# P\n\n[other](../other/) and ![image](IMG_URL/a.png)\n"
    commit(tmp_path, {"templates/docs/page.md": page, "app/templates/help.md": page, "docs/page.md": page})
    assert {subject for _, subject, _ in told(context(tmp_path))} == {"docs/page.md"}


def test_an_anchor_of_a_page_with_components_cannot_be_told(tmp_path: Path) -> None:
    mdx = 'import Box from "@site/src/Box"\n\n<details>\n```python\n\nx = 1\n```\n</details>\n\n### a.b\n'
    pages = {"docs/job.md": mdx, "docs/plain.md": "# Plain\n"}
    pages["docs/page.md"] = "# P\n\n[b](job.md#ab) [c](plain.md#gone)\n"
    commit(tmp_path, pages)
    assert [identity for _, _, identity in told(context(tmp_path))] == ["plain.md#gone~1"]
