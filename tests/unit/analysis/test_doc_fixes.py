"""Links pointed to where their target went: the destination alone changes, and only where one target is surely meant."""

from pathlib import Path

import pytest

from daydream.analysis.fixes_docs import DOC_FIXES
from daydream.contracts.fix import Draft
from tests.fakes.docs_night import LATELY, LONG_AGO, commit, context, found, known


def drafted(tree: Path, rule: str = "docs.broken_link") -> tuple[Draft, list[str]]:
    ctx = context(tree)
    findings = [finding for finding in found(ctx) if finding.rule == rule]
    return DOC_FIXES[rule](ctx, [known(finding) for finding in findings]), [f.identity for f in findings]


def mended(tree: Path, page: str, text: str | bytes, rule: str = "docs.broken_link") -> bytes | None:
    commit(tree, {page: text})
    draft, findings = drafted(tree, rule)
    assert findings
    assert set(draft.fixed).isdisjoint(draft.left)
    return draft.files.get(page)


@pytest.fixture
def moved(tmp_path: Path) -> Path:
    """`old.md` was renamed to `docs/new name.md`, `lib/one.md` moved below `docs`."""
    text = "# Title\n\n" + "\n".join(f"A line of text number {n}." for n in range(20)) + "\n"
    commit(tmp_path, {"old.md": text, "lib/one.md": "# One\n"}, LONG_AGO)
    files = {"old.md": None, "docs/new name.md": text, "lib/one.md": None, "docs/one.md": "# One\n"}
    commit(tmp_path, files)
    return tmp_path


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("[a](lib/one.md)", "[a](docs/one.md)"),
        ("[a](lib/one.md#one 'title')", "[a](docs/one.md#one 'title')"),
        ('[a](<lib/one.md> "t")', '[a](<docs/one.md> "t")'),
        ("[a](./lib/one.md?x=1#y)", "[a](docs/one.md?x=1#y)"),
        ("[a][b]\n\n[b]: lib/one.md  'the title'", "[a][b]\n\n[b]: docs/one.md  'the title'"),
        ("<a href='lib/one.md' class=x>a</a>", "<a href='docs/one.md' class=x>a</a>"),
        ("[a](old.md)", "[a](docs/new%20name.md)"),
        ("[a](<old.md>)", "[a](<docs/new name.md>)"),
        (
            "[a](lib/one.md) `[a](lib/one.md)` [b](lib/one.md)",
            "[a](docs/one.md) `[a](lib/one.md)` [b](docs/one.md)",
        ),
        ("```md\n[a](lib/one.md)\n```\n[a](lib/one.md)", "```md\n[a](lib/one.md)\n```\n[a](docs/one.md)"),
        ("<!-- [a](lib/one.md) -->\n\n[a](lib/one.md)", "<!-- [a](lib/one.md) -->\n\n[a](docs/one.md)"),
        ("lib/one.md is at [lib/one.md](lib/one.md).", "lib/one.md is at [lib/one.md](docs/one.md)."),
    ],
)
def test_the_destination_alone_is_rewritten(moved: Path, before: str, after: str) -> None:
    assert mended(moved, "README.md", f"# R\n\n{before}\n\nend") == f"# R\n\n{after}\n\nend".encode()


def test_byte_order_mark_windows_line_ends_and_tabs_stay(moved: Path) -> None:
    text = b"\xef\xbb\xbf# R\r\n\r\n\t\r\n* [a](lib/one.md)  \r\n\f\r\n[b]\r\n\r\n[b]:\tlib/one.md"
    assert mended(moved, "README.md", text) == text.replace(b"lib/one.md", b"docs/one.md")


def test_a_link_that_no_single_file_is_meant_by_is_left_with_the_reason(moved: Path) -> None:
    commit(moved, {"a/x.md": "# X\n", "b/x.md": "# X\n", "README.md": "[x](gone/x.md) and [y](never.md)\n"})
    draft, findings = drafted(moved)
    assert (len(findings), draft.files, draft.fixed) == (2, {}, ())
    assert set(draft.left.values()) == {"no single target is surely meant"}


def test_a_finding_whose_link_is_gone_is_left(moved: Path) -> None:
    commit(moved, {"README.md": "[a](lib/one.md)\n"})
    findings = [known(finding) for finding in found(context(moved))]
    commit(moved, {"README.md": "nothing\n"})
    draft = DOC_FIXES["docs.broken_link"](context(moved), findings)
    assert (draft.files, set(draft.left.values())) == ({}, {"the link is gone or leads somewhere now"})


def test_applied_to_its_own_result_there_is_nothing_to_do(moved: Path) -> None:
    commit(moved, {"README.md": "[a](lib/one.md) [b](old.md#title)\n"})
    draft, _ = drafted(moved)
    findings = [known(finding) for finding in found(context(moved))]
    commit(moved, dict(draft.files))
    again = DOC_FIXES["docs.broken_link"](context(moved), findings)
    assert (again.files, again.fixed) == ({}, ())
    assert not [f for f in found(context(moved)) if f.rule.startswith("docs.broken")]


def test_a_heading_that_was_renamed_is_followed_by_its_history(tmp_path: Path) -> None:
    commit(tmp_path, {"a.md": "# A\n\n## Installing the tool\n\n## Other\n"}, LONG_AGO)
    commit(tmp_path, {"a.md": "# A\n\n## Installing the tools\n\n## Other\n"}, LATELY)
    page = mended(tmp_path, "README.md", "[x](a.md#installing-the-tool)\n", "docs.broken_anchor")
    assert page == b"[x](a.md#installing-the-tools)\n"


@pytest.mark.parametrize("now", ["## Something else\n", "## Installing the tools\n\n## Installing a tool\n"])
def test_a_heading_without_one_successor_is_left(tmp_path: Path, now: str) -> None:
    commit(tmp_path, {"a.md": "# A\n\n## Installing the tool\n"}, LONG_AGO)
    commit(tmp_path, {"a.md": f"# A\n\n{now}", "README.md": "[x](a.md#installing-the-tool)\n"})
    draft, findings = drafted(tmp_path, "docs.broken_anchor")
    assert (len(findings), draft.files) == (1, {})


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (":doc:`one` and ``one``", ":doc:`guide/one` and ``one``"),
        (":doc:`the one <one>`", ":doc:`the one <guide/one>`"),
        (".. toctree::\n\n   one", ".. toctree::\n\n   guide/one"),
        (".. include:: one.rst", ".. include:: guide/one.rst"),
        ("`x <one.rst>`_ and one.rst", "`x <guide/one.rst>`_ and one.rst"),
    ],
)
def test_restructuredtext_is_rewritten_as_exactly(tmp_path: Path, before: str, after: str) -> None:
    commit(tmp_path, {"docs/conf.py": "", "docs/index.rst": "I\n=\n", "docs/one.rst": "One\n===\n"}, LONG_AGO)
    commit(tmp_path, {"docs/one.rst": None, "docs/guide/one.rst": "One\n===\n"})
    text = f"I\n=\n\n{before}\n\nend :doc:`guide/one`\n"
    expected = f"I\n=\n\n{after}\n\nend :doc:`guide/one`\n"
    assert mended(tmp_path, "docs/index.rst", text) == expected.encode()
