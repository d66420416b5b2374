"""Edits that settle tasks: every other byte stays, and the result leaves nothing to do."""

import tokenize
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path

import msgspec
import pytest

from daydream.analysis.fixes_tasks import TASK_FIXES
from daydream.analysis.task_archive import archived, carried
from daydream.contracts.context import Context
from daydream.contracts.fix import Draft
from daydream.records.finding import Finding
from daydream.records.night import Known
from tests.fakes.task_night import OLD, RECENT, Night, Repository, context

MIDDLE = "2026-06-01T12:00:00Z"


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    root = tmp_path / "shop"
    root.mkdir()
    return Repository(root)


def known(findings: Sequence[Finding]) -> list[Known]:
    return [
        Known(
            id=f.fingerprint,
            first_night="2026-11-21",
            last_night="2026-11-21",
            standing="new",
            **{key: getattr(f, key) for key in msgspec.structs.asdict(f)},
        )
        for f in findings
    ]


def drafted(ctx: Context, rule: str) -> Draft:
    found = known(Night(ctx).of(rule))
    first = TASK_FIXES[rule](ctx, found)
    assert first == TASK_FIXES[rule](ctx, found)
    assert {*first.fixed, *first.left} == {each.id for each in found}
    return first


def settled(repository: Repository, files: Mapping[str, bytes | None], rule: str) -> None:
    """Apply an edit and see that the rule has nothing left to say or to do about these files."""
    for path, content in files.items():
        target = repository.root / path
        target.unlink(missing_ok=True)
        if content is not None:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
    again = context(repository.root, repository.commit({}, RECENT))
    found = known(Night(again).of(rule))
    assert [each.subject for each in found if each.subject in files] == []


LIST = """\
# Tasks

Intro.

- [x] first, with text
  that goes on
  - [x] nested
- [ ] open
  - [x] nested and done
- [x] 2026-03-01 dated
- [x] parent
  - [ ] open child

- [x] last

Tail.
"""


def test_what_is_done_goes_to_its_own_section_with_date_order_and_text(repository: Repository) -> None:
    ctx = context(repository.root, repository.commit({"TODO.md": LIST}))
    draft = drafted(ctx, "task.done_not_archived")
    assert draft.files["TODO.md"] == (
        b"# Tasks\n\nIntro.\n\n"
        b"- [ ] open\n  - [x] nested and done\n- [x] parent\n  - [ ] open child\n\nTail.\n\n"
        b"## Done\n\n"
        b"- [x] first, with text (2026-01-10)\n  that goes on\n  - [x] nested\n- [x] 2026-03-01 dated\n"
        b"- [x] last (2026-01-10)\n"
    )
    settled(repository, draft.files, "task.done_not_archived")


def test_windows_line_ends_a_mark_and_an_existing_section_stay(repository: Repository) -> None:
    text = "\ufeff# A\r\n- [x] 2026-01-01 a\r\n- [ ] b\r\n- [x] 2026-01-02 c\r\n- [x] 2026-01-03 d\r\n# Done\r\n- [x] z\r\n\r\n# Notes\r\nn\r\n"
    ctx = context(repository.root, repository.commit({"TODO.md": text}))
    draft = drafted(ctx, "task.done_not_archived")
    assert (draft.files["TODO.md"] or b"").decode() == (
        "\ufeff# A\r\n- [ ] b\r\n# Done\r\n- [x] z\r\n- [x] 2026-01-01 a\r\n- [x] 2026-01-02 c\r\n"
        "- [x] 2026-01-03 d\r\n\r\n# Notes\r\nn\r\n"
    )


def test_an_archive_file_beside_the_list_is_carried_on_under_the_sections_names(
    repository: Repository,
) -> None:
    text = "# T\n## One\n1. [x] 2026-01-01 a\n2. [ ] b\n3. [x] 2026-01-02 c\n## Two\n- [x] 2026-01-03 d\n"
    files = {"TODO.md": text, "DONE.md": "# Done\n- [x] old"}
    draft = drafted(context(repository.root, repository.commit(files)), "task.done_not_archived")
    assert draft.files == {
        "TODO.md": b"# T\n## One\n2. [ ] b\n## Two\n",
        "DONE.md": (
            b"# Done\n- [x] old\n\n## One\n\n1. [x] 2026-01-01 a\n3. [x] 2026-01-02 c\n\n## Two\n\n- [x] 2026-01-03 d\n"
        ),
    }
    settled(repository, draft.files, "task.done_not_archived")


def test_done_lines_of_a_todo_txt_go_to_done_txt(repository: Repository) -> None:
    files = {
        "todo.txt": "x 2026-01-02 a\n(A) b +p\nx 2026-01-03 c\nx 2026-01-04 d\n",
        "done.txt": "x 2025-01-01 z",
    }
    draft = drafted(context(repository.root, repository.commit(files)), "task.done_not_archived")
    assert draft.files == {
        "todo.txt": b"(A) b +p\n",
        "done.txt": b"x 2025-01-01 z\nx 2026-01-02 a\nx 2026-01-03 c\nx 2026-01-04 d\n",
    }
    settled(repository, draft.files, "task.done_not_archived")


def test_a_finished_plan_moves_to_the_archive_folder_unless_something_names_it(
    repository: Repository,
) -> None:
    plan = "# P\n- [x] a\n- [x] b\n- [x] c\n"
    files = {
        "docs/plans/one.md": plan,
        "docs/plans/two.md": plan,
        "docs/plans/archive/z.md": "# Z\n",
        "README.md": "see two.md\n",
    }
    draft = drafted(context(repository.root, repository.commit(files)), "task.done_not_archived")
    assert draft.files == {"docs/plans/one.md": None, "docs/plans/archive/one.md": plan.encode()}
    assert list(draft.left.values()) == ["README.md names it"]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"- [x] a\n- [x] b\n- [ ] \xff\n- [x] c\n", "its file is not UTF-8"),
        (b"- [x] a\n- [x] b\x0c\n- [x] c\n- [ ] d\n", "line breaks"),
        (b"- g\n  - [x] a\n  - [x] b\n  - [x] c\n- [ ] d\n", "stays with it"),
    ],
)
def test_a_list_that_cannot_be_edited_is_left_with_the_reason(
    repository: Repository, content: bytes, why: str
) -> None:
    draft = drafted(
        context(repository.root, repository.commit({"TODO.md": content})), "task.done_not_archived"
    )
    assert draft.files == {}
    [reason] = draft.left.values()
    assert why in reason


def test_moving_is_idempotent_and_loses_no_line() -> None:
    new = archived(LIST, {}) or ""
    assert sorted(filter(None, [*LIST.splitlines(), "## Done"])) == sorted(filter(None, new.splitlines()))
    assert archived(new, {}) is None
    assert carried(new, "", {}) is None
    fenced = "```\n- [x] example\n```\n- [ ] open\n"
    assert archived(fenced, {}) is None


CODE = """\
import os

# TODO: remove old_charge


def pay(x):
    \"\"\"Pay.\"\"\"
    # TODO: remove old_charge from here,
    #       it does nothing
    y = x  # TODO: remove old_charge
    # A note on rounding.
    # TODO: remove old_charge in rounding
    z = y  # type: ignore  # TODO: remove old_charge
    return z
"""


def test_a_comment_that_is_nothing_but_a_settled_task_is_taken_out(repository: Repository) -> None:
    repository.commit({"a.py": "def old_charge(): pass\n", "b.py": CODE})
    ctx = context(repository.root, repository.commit({"a.py": "x = 1\n"}, MIDDLE))
    draft = drafted(ctx, "task.done")
    assert (draft.files["b.py"] or b"").decode() == (
        'import os\n\n\ndef pay(x):\n    """Pay."""\n    y = x\n    # A note on rounding.\n'
        "    # TODO: remove old_charge in rounding\n    z = y  # type: ignore  # TODO: remove old_charge\n    return z\n"
    )
    assert sorted(draft.left.values()) == [
        "the comment goes on above the task",
        "the comment says something before the task",
    ]
    assert len(draft.fixed) == 3


@pytest.mark.parametrize(
    "source",
    [
        "\ufeff# TODO: remove old_charge\nx = 1\n",
        "x = 'ä'  # TODO: remove old_charge\r\ny = 2\r\n",
        "if x:\n\tpass\n\t# TODO: remove old_charge\n",
        'x = """\n# TODO: other\n"""  # TODO: remove old_charge\n',
        "# TODO: remove old_charge",
    ],
)
def test_taking_a_comment_out_changes_no_token_of_the_code(repository: Repository, source: str) -> None:
    repository.commit({"a.py": "def old_charge(): pass\n", "b.py": source})
    ctx = context(repository.root, repository.commit({"a.py": "x = 1\n"}, MIDDLE))
    new = drafted(ctx, "task.done").files["b.py"]
    assert new is not None
    assert b"old_charge" not in new
    assert [(t.type, t.string) for t in _code(new)] == [(t.type, t.string) for t in _code(source.encode())]
    assert new.startswith(b"\xef\xbb\xbf") == source.startswith("\ufeff")
    assert (b"\r\n" in new) == ("\r\n" in source)


def _code(source: bytes) -> list[tokenize.TokenInfo]:
    skipped = (tokenize.COMMENT, tokenize.NL)
    return [t for t in tokenize.tokenize(BytesIO(source).readline) if t.type not in skipped]


def test_a_box_that_evidence_proves_done_is_ticked(repository: Repository) -> None:
    repository.commit(
        {
            "TODO.md": "* [ ] delete `x/old.py`\r\n* [ ] more\r\n",
            "x/old.py": "",
            "todo.txt": "(B) 2026-01-01 delete `x/old.py` +p\n",
        }
    )
    ctx = context(repository.root, repository.commit({}, MIDDLE, gone=["x/old.py"]))
    draft = drafted(ctx, "task.done")
    assert draft.files == {
        "TODO.md": b"* [x] delete `x/old.py`\r\n* [ ] more\r\n",
        "todo.txt": b"x 2026-11-21 2026-01-01 delete `x/old.py` +p\n",
    }
    settled(repository, draft.files, "task.done")


def test_a_list_whose_done_boxes_are_mostly_nested_stays(repository: Repository) -> None:
    text = "- [x] 2026-01-01 a\n- [ ] open\n  - [x] b\n  - [x] c\n  - [x] d\n"
    draft = drafted(context(repository.root, repository.commit({"TODO.md": text})), "task.done_not_archived")
    assert (dict(draft.files), len(draft.left)) == ({}, 1)


def test_two_lists_do_not_go_to_one_archive_in_one_edit(repository: Repository) -> None:
    text = "- [x] 2026-01-01 a\n- [x] 2026-01-01 b\n- [x] 2026-01-01 c\n- [ ] d\n"
    files: dict[str, str | bytes] = {
        "TODO.md": text,
        "TODO-web.md": text,
        "done.md": "",
        "a/TODO.md": text,
        "a/DONE.md": b"\xff",
    }
    draft = drafted(context(repository.root, repository.commit(files)), "task.done_not_archived")
    assert sorted(draft.files) == ["TODO-web.md", "done.md"]
    assert draft.files["done.md"] == b"- [x] 2026-01-01 a\n- [x] 2026-01-01 b\n- [x] 2026-01-01 c\n"
    assert sorted(draft.left.values()) == [
        "a/DONE.md cannot be read as text",
        "another list goes to the same archive tonight",
    ]


PLAN = "---\nstatus: {}\n---\n- [x] a\n- [x] b\n- [x] c [x](../x.md)\n{}"


def test_plans_stay_where_moving_them_could_break_something(repository: Repository) -> None:
    files = {
        "docs/plans/open.md": PLAN.format("active", "- [ ] d\n"),
        "docs/plans/links.md": PLAN.format("done", ""),
        "docs/plans/twice.md": PLAN.format("done", "").replace("../", ""),
        "docs/plans/done/twice.md": "",
        "plans/alone.md": PLAN.format("done", ""),
    }
    draft = drafted(context(repository.root, repository.commit(files)), "task.done_not_archived")
    assert draft.files == {}
    assert sorted(draft.left.values()) == [
        "a finished plan has no archive folder beside it to go to",
        "a plan keeps what is done among what is open",
        "docs/plans/done/twice.md is there already",
        "it has links that begin at its own place",
    ]


def test_comments_of_other_languages_and_odd_files_are_left(repository: Repository) -> None:
    task = "{} TODO: remove old_charge\n"
    repository.commit(
        {
            "a.py": "def old_charge(): pass\n",
            "b.js": task.format("//"),
            "c.py": b"# -*- coding: latin-1 -*-\nx = '\xe4'\n\n# TODO: remove old_charge\n",
            "d.py": task.format("#") + "# and more\n" * 9,
            "e.py": "x = 1  # TODO: remove old_charge\n       # and more\n",
        }
    )
    ctx = context(repository.root, repository.commit({"a.py": "x = 1\n"}, MIDDLE))
    draft = drafted(ctx, "task.done")
    assert sorted(draft.left.values()) == [
        "its file is not UTF-8",
        "only comments of Python are taken out",
        "the comment goes on below the code",
        "the comment is longer than what was read of it",
    ]
    assert draft.files == {}


def test_a_finding_of_yesterday_is_left_alone(repository: Repository) -> None:
    ctx = context(repository.root, repository.commit({"b.py": "# TODO: remove old_charge\n"}, OLD))
    gone = known(
        [Finding(rule="task.done", rule_version=1, severity="low", subject="b.py", identity="x", message="m")]
    )
    draft = TASK_FIXES["task.done"](ctx, gone)
    assert (dict(draft.files), list(draft.left)) == ({}, [gone[0].id])
    missing = [msgspec.structs.replace(gone[0], subject="c.py")]
    assert TASK_FIXES["task.done"](ctx, missing).left == {gone[0].id: "its file is gone"}
    assert TASK_FIXES["task.done_not_archived"](ctx, missing).left == {gone[0].id: "its file is gone"}
