"""Which words of a document claim to be names of code."""

import pytest

from daydream.analysis.symbols import is_foreign, mentions_in_rst, speaks_of_the_past, tells_history, words_of


@pytest.mark.parametrize(
    ("span", "words"),
    [
        ("pkg.module.func", ("module", "func")),
        ("Client.send()", ("Client", "send")),
        ("func(a, b=1)", ("func",)),
        ("snake_case", ("snake_case",)),
        ("CamelCase", ("CamelCase",)),
        ("~pkg.Thing", ("Thing",)),
        ("word", ()),
        ("Word", ()),
        ("pip install x", ()),
        ("a + b_c", ()),
        ("setup.py", ()),
        ("__init__", ()),
        ("--some-flag", ()),
    ],
)
def test_only_spans_that_look_like_names_claim_to_be_one(span: str, words: tuple[str, ...]) -> None:
    assert words_of(span) == words


@pytest.mark.parametrize(
    "path",
    [
        "CHANGELOG.md",
        "docs/release-notes.md",
        "HISTORY.rst",
        "docs/migration.md",
        "news/12.md",
        "docs/rfcs/x.md",
    ],
)
def test_files_about_the_past_are_known_by_name(path: str) -> None:
    assert tells_history(path)


def test_ordinary_pages_are_not_about_the_past() -> None:
    pages = ("README.md", "docs/guide.md", "docs/api/client.rst", "docs/conv1d.md", "docs/exchange.md")
    assert [path for path in pages if tells_history(path)] == []


def test_a_passage_about_a_removal_speaks_of_the_past() -> None:
    assert speaks_of_the_past("`old_name` was renamed in 2.0")
    assert not speaks_of_the_past("Call `new_name` with a path")


def test_roles_and_literals_of_rst_are_mentions_unless_their_paragraph_speaks_of_the_past() -> None:
    text = "Use :func:`pkg.run_it` now.\n\n``a_name`` and *text*.\n\n.. deprecated:: 2.0\n   ``gone_name``\n"
    assert [(m.text, m.words, m.line) for m in mentions_in_rst(text)] == [
        ("pkg.run_it", ("run_it",), 1),
        ("a_name", ("a_name",), 3),
    ]


def test_a_dotted_name_of_another_package_is_foreign() -> None:
    assert is_foreign("chromadb.config.Settings", {"pkg"})
    assert not is_foreign("pkg.config.Settings(a.b)", {"pkg"})
    assert not is_foreign("client.send()", {"pkg"})
