"""Tasks in lists and comments, the conditions they name, and the ages of their lines."""

import datetime as dt

import pytest

from daydream.analysis import blame, expiry, tasks

TODAY = dt.date(2026, 11, 21)

LIST = """\
# Plan
- [ ] first
- [x] second
* [X] third
## Later
1. [ ] fourth
   - [ ] nested   under it
2) [ ] fifth
- [] no box
- [ ]no box either
- [link](x)
> - [ ] quoted
```md
- [ ] an example
```
~~~
```
- [x] still an example
~~~
- [ ] after
"""


def test_reads_boxes_of_every_form_under_their_headings() -> None:
    assert [(i.text, i.done, i.context, i.line) for i in tasks.boxes(LIST)] == [
        ("first", False, "Plan", 2),
        ("second", True, "Plan", 3),
        ("third", True, "Plan", 4),
        ("fourth", False, "Later", 6),
        ("nested under it", False, "Later", 7),
        ("fifth", False, "Later", 8),
        ("quoted", False, "Later", 12),
        ("after", False, "Later", 20),
    ]


def test_a_box_keeps_its_identity_when_it_moves_and_when_it_is_ticked() -> None:
    before = {i.text: i.identity for i in tasks.boxes(LIST)}
    moved = tasks.boxes(
        "intro\n\n" + LIST.replace("- [ ] first\n", "").replace("- [x] s", "- [ ] first\n- [x] s")
    )
    assert {i.text: i.identity for i in moved} == before
    assert len(set(before.values())) == len(before)


def test_equal_boxes_are_told_apart_by_occurrence() -> None:
    twins = tasks.boxes("- [ ] again\n- [ ] again\n")
    assert len({i.identity for i in twins}) == 2


PYTHON = b'''\
"""TODO: this is prose in a string."""
# TODO: at the top
text = "# TODO: not a comment"


class Shop:
    # FIXME(ann) two lines
    # of text
    #
    # and not this one

    async def pay(self):
        total = 1  # XXX trailing
        # it fails.  HACK: in the middle
        # TODO one
        # TODO two
        def inner(): pass
        return total

    # see the clean_XXX() methods, or the field XXX if you must
    x = 1  # type: ignore # TODO: typed


def other():
    pass  # not a TODO really
'''


def test_reads_python_comments_with_their_definition() -> None:
    found = tasks.python_comments(PYTHON)
    assert found is not None
    assert [(i.line, i.word, i.text, i.context) for i in found] == [
        (2, "TODO", "TODO: at the top", ""),
        (7, "FIXME", "FIXME(ann) two lines of text", "Shop"),
        (13, "XXX", "XXX trailing", "Shop.pay"),
        (14, "HACK", "HACK: in the middle", "Shop.pay"),
        (15, "TODO", "TODO one", "Shop.pay"),
        (16, "TODO", "TODO two", "Shop.pay"),
        (21, "TODO", "TODO: typed", "Shop"),
    ]


def test_a_comment_keeps_its_identity_across_line_moves() -> None:
    before = tasks.python_comments(PYTHON) or []
    after = (
        tasks.python_comments(b"import os\n\n\n" + PYTHON.replace(b"    x = 1", b"    y = 2\n    x = 1"))
        or []
    )
    assert [i.identity for i in before] == [i.identity for i in after]
    assert [i.line for i in before] != [i.line for i in after]


@pytest.mark.parametrize(
    "source",
    [
        b"# TODO: x\nx = (\n",
        b"# TODO: x\n\xff\xfe = 1\n",
        b"# -*- coding: nonsense -*-\n# TODO: x\n",
        b"# TODO\nif x:\n  a\n b\n",
    ],
)
def test_a_file_that_does_not_tokenize_gives_none(source: bytes) -> None:
    assert tasks.python_comments(source) is None


def test_a_python_file_that_speaks_of_tasks_only_in_strings_has_none() -> None:
    assert tasks.python_comments(b'x = "TODO: # no"\n(\n') == []


@pytest.mark.parametrize(
    ("path", "prefix"),
    [
        ("a.py", "#"),
        ("tests/test_a.py", "#"),
        ("web/app.tsx", "//"),
        ("Makefile", "#"),
        ("db/schema.sql", "--"),
        ("page.html", "<!--"),
        (".github/workflows/ci.yml", "#"),
        ("README.md", None),
        ("docs/todo.rst", None),
        ("tests/data/x.yml", None),
        ("tests/fixtures/bad.py", None),
        ("data", None),
        ("py", None),
    ],
)
def test_comments_are_looked_for_in_code_only(path: str, prefix: str | None) -> None:
    assert tasks.comment_prefix(path) == prefix


def test_other_languages_count_comments_that_fill_their_line() -> None:
    text = 'x = "// TODO: no";  // TODO: not alone\n  /// FIXME: yes\n// TODO later\n//   and more\n'
    assert [(i.word, i.text) for i in tasks.other_comments(text, "//")] == [
        ("FIXME", "FIXME: yes"),
        ("TODO", "TODO later and more"),
    ]
    assert [i.text for i in tasks.other_comments("<!-- TODO: x -->\n", "<!--")] == ["TODO: x"]


@pytest.mark.parametrize(
    ("text", "urgent"),
    [("fix it P1", True), ("URGENT: pay", True), ("(A) call", True), ("up1 it", False), ("plain", False)],
)
def test_an_open_box_may_call_itself_urgent(text: str, urgent: bool) -> None:
    assert [i.urgent for i in tasks.boxes(f"- [ ] {text}\n- [x] {text}\n")] == [urgent, False]


def here(**changes: object) -> expiry.Present:
    metadata = """
        [project]
        name = "My_Shop"
        version = "2.4.1"
        requires-python = ">=3.10,<4"
        dependencies = ["NumPy>=1.26", "scipy[all] (>=1.14)", "boto3", "attrs>=20; x", "attrs>=22; y"]
        [project.optional-dependencies]
        gui = ["qt~=6.2"]
    """
    for old, new in changes.items():
        metadata = metadata.replace({"version": "2.4.1", "python": ">=3.10,<4"}[old], str(new))
    return expiry.present(metadata, "", [], TODAY)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("TODO: remove in 2.0", "the project is at 2.4.1"),
        ("TODO: remove this shim in version 2.4", "the project is at 2.4.1"),
        ("FIXME: drop the old path after v2.3", "the project is at 2.4.1"),
        ("TODO: remove this test in my-shop 2.0.0", "the project is at 2.4.1"),
        ("TODO(2.4): rename", "the project is at 2.4.1"),
        ("XXX Compat (remove 2.0)", "the project is at 2.4.1"),
        ("TODO In 2.2, delete this export.", "the project is at 2.4.1"),
        ("TODO: remove after 2026-11-01", "2026-11-01 has passed"),
        ("HACK: needed until 2025-02-28.", "2025-02-28 has passed"),
        ("TODO(2026-01-01): look again", "2026-01-01 has passed"),
        ("TODO: remove once we drop support for Python 3.9", "the project now needs Python 3.10"),
        ("TODO When we drop 3.9, use match", "the project now needs Python 3.10"),
        ("TODO: drop it when dropping support for PY39.", "the project now needs Python 3.10"),
        ('TODO: remove "no cover" when Python 3.9 is dropped.', "the project now needs Python 3.10"),
        ("TODO: use match once Python 3.10 is the minimum", "the project now needs Python 3.10"),
        ("TODO: move to typing when Python >= 3.10", "the project now needs Python 3.10"),
        ("TODO: when minimum numpy dependency is 1.25 use it", "the project now needs numpy 1.26"),
        ("TODO: remove call once SciPy >= 1.4 is required", "the project now needs scipy 1.14"),
        ("TODO: remove when dropping support for numpy < 1.26", "the project now needs numpy 1.26"),
        ("TODO: remove this once my-shop drops Python 3.9 support", "the project now needs Python 3.10"),
        ("TODO: remove when we no longer support Python 3.8", "the project now needs Python 3.10"),
        ("TODO: remove when qt 6.1 is no longer supported", "the project now needs qt 6.2"),
    ],
)
def test_a_condition_that_has_come_is_recognised(text: str, why: str) -> None:
    assert expiry.expired(text, here()) == why


@pytest.mark.parametrize(
    "text",
    [
        "TODO: remove in 2.5",
        "TODO: remove after 2.4",
        "TODO: remove in Python 2.0",
        "TODO: remove in pytest 1.0",
        "TODO: remove in 1.x",
        "TODO: remove from `core-js@1.4`",
        "TODO: remove the workaround for a bug in 1.3",
        "TODO: remove this, deprecated in 1.0",
        "TODO: remove the table with 1.5 million rows in 2.0s",
        "TODO: support it in 1.0",
        "TODO: remove in 3.0.0: see #2811",
        "TODO: remove after 2026-11-21",
        "TODO: seen on 2020-01-01",
        "TODO: remove after 2026-13-41",
        "TODO: remove once we drop support for Python 3.10",
        "TODO: move to typing when Python >= 3.13",
        "TODO: remove when dropping support for PY312.",
        "TODO: remove when dropping support for numpy < 1.26.1",
        "TODO: remove once transformers < 4.56 is dropped",
        "TODO: remove once boto3 1.0 is dropped",
        "TODO: remove once we drop support for attrs 21",
        "TODO: should be that when pylibssh drops Python 2 support",
        "TODO: remove when boto no longer supports Python 3.8",
        "TODO: could be T.Union in python 3.8",
        "TODO: plain",
    ],
)
def test_what_has_not_come_or_cannot_be_told_is_left_alone(text: str) -> None:
    assert expiry.expired(text, here()) is None


def test_a_pre_release_has_not_reached_its_own_number() -> None:
    assert expiry.expired("TODO: remove in 3.0", here(version="3.0.0.dev1")) is None
    assert expiry.expired("TODO: remove in 3.0", here(version="3.0.0")) == "the project is at 3.0.0"
    assert expiry.expired("TODO: remove in 2.9", here(version="3.0.0rc1")) == "the project is at 3.0.0"


def test_a_number_that_reads_like_a_python_version_proves_nothing() -> None:
    assert expiry.expired("TODO: remove in 3.8", here(version="24.1")) is None


@pytest.mark.parametrize("metadata", ["", "not toml [", "project = 3", "[project]\nversion = 7.x\n"])
def test_unreadable_metadata_is_unknown(metadata: str) -> None:
    known = expiry.present(metadata, "", [], TODAY)
    assert (known.version, dict(known.floors)) == (None, {})
    assert expiry.expired("TODO: remove in 0.1", known) is None


def test_version_and_python_may_stand_elsewhere() -> None:
    known = expiry.present(
        "",
        "[options]\npython_requires = >=3.9\n",
        ['__version__ = "5.6.2"\n', 'VERSION: str = "5.6.2"\n'],
        TODAY,
    )
    assert (known.version, known.floors) == ((5, 6, 2), {"python": (3, 9)})
    assert expiry.present("", "", ['__version__ = "1.0"\n', '__version__ = "2.0"\n'], TODAY).version is None


def test_matching_stays_quick_on_long_text() -> None:
    for piece in ("remove ", "when drop python ", "in 3.0.", "remove in the v", "a" * 50 + " "):
        assert expiry.expired(("TODO " + piece * 200)[: tasks.LONGEST], here(version="0.1")) is None


ANSWER = b"""\
%s 7 3 1
author A. Body
author-time 1700000000
author-tz +0100
summary boundary
boundary
filename a.py
\t# TODO: author-time 5
%s 9 8
author-time 1800000000
filename a.py
\tboundary
""" % (b"a" * 40, b"b" * 40)


def test_reads_blame_by_line_and_is_not_fooled_by_content() -> None:
    first = blame.Written(dt.datetime(2023, 11, 14, 22, 13, 20, tzinfo=dt.UTC), "a" * 40, "a.py")
    second = blame.Written(dt.datetime(2027, 1, 15, 8, 0, tzinfo=dt.UTC), "b" * 40, "a.py")
    assert blame.lines(ANSWER, shallow=False) == {3: first, 8: second}
    assert blame.lines(ANSWER, shallow=True) == {3: blame.Written(None, "a" * 40, "a.py"), 8: second}
    assert blame.lines(b"", shallow=False) == {}
    assert blame.lines(ANSWER.replace(b"1800000000", b"9" * 30), shallow=False)[8].when is None


def test_asks_blame_for_the_needed_lines_only() -> None:
    assert blame.arguments("c0ffee", "-odd.py", [9, 3, 9]) == (
        *(
            "blame",
            "--line-porcelain",
            "-s",
            "-M",
            "-C20",
            "-L",
            "3,3",
            "-L",
            "9,9",
            "c0ffee",
            "--",
            "-odd.py",
        ),
    )
    assert "--ignore-revs-file" in blame.arguments("c0ffee", "a", [1], ".git-blame-ignore-revs")
