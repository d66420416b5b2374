"""What single tasks say: claims, priorities, exemptions, todo.txt, front matter."""

import datetime as dt
from typing import Any

import pytest

from daydream.analysis import expiry, task_sources, task_todo_txt, tasks
from daydream.analysis.task_claims import Claim, claims, named
from daydream.analysis.task_priority import exempt, priority

TODAY = dt.date(2026, 11, 21)


def said(text: str) -> list[tuple[str, str]]:
    return [(claim.kind, claim.value) for claim in claims(text)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("TODO: remove `old_api`", [("removal", "old_api")]),
        ("TODO(ann): please delete the legacy old_handler() helper.", [("removal", "old_handler")]),
        ("FIXME rename OldName to NewName", [("removal", "OldName")]),
        (
            "drop `a.b.old_call`, `c/d.py` and `pkg/`",
            [("removal", "a.b.old_call"), ("removal", "c/d.py"), ("removal", "pkg")],
        ),
        ("remove `x` and `old_api`", [("mention", "old_api")]),
        ("TODO: once `compat_x` has been removed, simplify", [("removal", "compat_x")]),
        ("remove handlers", []),
        ("remove support for old things", []),
        ("TODO: removed_thing is slow", []),
        ("Add `docs/x.md`.", [("addition", "docs/x.md")]),
        ("add `FooBar` to `bazaar`", [("mention", "FooBar"), ("mention", "bazaar")]),
        ("(B) delete `x/old.py` +shop @home due:2026-01-01", [("removal", "x/old.py")]),
        ("use `for` or `self` or `--flag` or `a b`", []),
    ],
)
def test_reads_what_can_be_checked(text: str, found: list[tuple[str, str]]) -> None:
    assert said(text) == found


@pytest.mark.parametrize(
    ("text", "issues"),
    [
        ("TODO(#12): x", {"#12": True}),
        ("TODO #12: x", {"#12": True}),
        ("write the parser (#9)", {"#9": True}),
        ("Fix #7", {"#7": True}),
        ("remove once GH-44 is fixed", {"#44": True}),
        ("wait for https://github.com/o/n/pull/7 first", {"o/n#7": True}),
        ("XXX hack to fix issue #2013", {"#2013": False}),
        ("works after the change (refs #12)", {"#12": False}),
        ("see #12 and o/n#13", {"#12": False, "o/n#13": False}),
        ("colour #123456789, a#1, &#160; page.html#12, #0", {}),
    ],
)
def test_tells_what_a_task_waits_for_from_what_it_points_to(text: str, issues: dict[str, bool]) -> None:
    assert {c.value: c.awaited for c in claims(text) if c.kind == "issue"} == issues


def test_reads_names_and_paths_of_prose() -> None:
    line = (
        "see `shop.pay_all()`, [cart](../shop/cart.py#top), [web](https://x.y/z.py), `a b` and ``more_here``"
    )
    assert list(named(line)) == [
        Claim("mention", "shop.pay_all"),
        Claim("mention", "more_here"),
        Claim("mention", "../shop/cart.py", path=True),
    ]


def test_reading_claims_stays_quick_on_long_text() -> None:
    for piece in ("remove `a_b`, ", "once the the the ", "a_b and ", "`" * 3, "add `x` and "):
        assert len(claims((piece * 200)[: tasks.LONGEST])) <= 12


@pytest.mark.parametrize(
    ("text", "word", "given", "total", "terms"),
    [
        ("plain", "TODO", {}, 0.0, "priority 0 = 0; not measured: age, mentions, errors"),
        (
            "plain",
            "FIXME",
            {"age_days": 730, "mentions": 9},
            8.0,
            "marker +3 (FIXME) age +2 (730 days) mentions +3 (9)",
        ),
        ("P0 leak", "", {"age_days": 0, "mentions": 0}, 8.0, "stated +8 (P0)"),
        ("(B) x", "", {"deadline": TODAY}, 16.0, "stated +4 ((B)) due +12 (2026-11-21)"),
        ("x", "", {"deadline": TODAY + dt.timedelta(days=400)}, 2.0, "due +2"),
        ("blocked: security", "", {}, -2.0, "severe +3 (security) blocked -5"),
        ("would be nice", "HACK", {}, -1.0, "marker +1 (HACK) someday -2"),
        ("x", "", {"errors": 7}, 3.0, "errors +3 (7)"),
    ],
)
def test_a_priority_is_the_sum_of_the_terms_it_shows(
    text: str, word: str, given: dict[str, Any], total: float, terms: str
) -> None:
    asked: dict[str, Any] = {"age_days": None, "mentions": None, "deadline": None, **given}
    found = priority(text, word, today=TODAY, **asked)
    assert found.total == total
    assert terms in str(found)


@pytest.mark.parametrize(
    "text", ["ask @ann", "(milestone 3)", "the epic", "Roadmap", "on hold", "waiting for legal"]
)
def test_some_words_exempt(text: str) -> None:
    assert exempt(text)


@pytest.mark.parametrize(
    "text", ["use @property.setter", "mail a@b.org", "plain", "@lru_cache() here", "epicentre"]
)
def test_others_do_not(text: str) -> None:
    assert exempt(text) == ""


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("pay by 2026-12-01", "2026-12-01"),
        ("pay due:2026-12-02", "2026-12-02"),
        ("Deadline: 2026-12-03", "2026-12-03"),
        ("due 2026-13-41", None),
        ("seen 2026-12-01", None),
    ],
)
def test_reads_a_deadline(text: str, day: str | None) -> None:
    assert expiry.deadline(text) == (dt.date.fromisoformat(day) if day else None)


TODO_TXT = (
    "x 2026-01-02 2026-01-01 pay rent +home\n(A) 2026-01-03 call @ann\n\nplain +home\nx done\nxylophone\n"
)


def test_reads_a_todo_txt() -> None:
    assert task_todo_txt.is_todo_txt("notes/todo.txt", TODO_TXT)
    found = task_todo_txt.items(TODO_TXT)
    assert [(i.text, i.done, i.line, i.context) for i in found] == [
        ("pay rent +home", True, 1, "home"),
        ("(A) call @ann", False, 2, ""),
        ("plain +home", False, 4, "home"),
        ("done", True, 5, ""),
        ("xylophone", False, 6, ""),
    ]
    before = {i.text: i.identity for i in found}
    ticked = task_todo_txt.items(TODO_TXT.replace("plain", "x 2026-02-01 plain"))
    assert {i.text: i.identity for i in ticked} == before


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("todo.txt", "Things to do:\n- call\n"),
        ("todo.txt", "Just a sentence.\nAnother one.\n"),
        ("notes.txt", TODO_TXT),
        ("TODO.txt", "# Heading\n(A) x\n"),
    ],
)
def test_prose_is_no_todo_txt(path: str, text: str) -> None:
    assert not task_todo_txt.is_todo_txt(path, text)


@pytest.mark.parametrize(
    ("line", "new"),
    [
        ("(A) 2026-01-03 call @ann", "x 2026-11-21 2026-01-03 call @ann"),
        ("call", "x 2026-11-21 call"),
    ],
)
def test_a_line_is_finished_as_the_format_says(line: str, new: str) -> None:
    assert task_todo_txt.finished(line, "2026-11-21") == new
    assert task_todo_txt.items(new)[0].done


@pytest.mark.parametrize(
    ("text", "status", "updated", "alive", "finished"),
    [
        (
            '---\nstatus: "In Progress"\nupdated: 2026-01-02\n---\n# P\n',
            "In Progress",
            "2026-01-02",
            True,
            False,
        ),
        ("---\r\ntitle: x\r\nstatus: done\r\n---\r\n", "done", None, False, True),
        ("---\nstatus: superseded by x\n---\n", "superseded by x", None, False, True),
        ("---\nstatus: purple\n---\n", "purple", None, False, False),
    ],
)
def test_reads_a_plans_front_matter(
    text: str, status: str, updated: str | None, alive: bool, finished: bool
) -> None:
    front = task_sources.front(text)
    assert front is not None
    assert (front.status, front.updated, front.alive, front.finished) == (status, updated, alive, finished)


@pytest.mark.parametrize(
    "text", ["# P\nstatus: done\n", "---\ntitle: x\n---\nstatus: done\n", "---\nstatus: done\n", ""]
)
def test_a_status_elsewhere_is_none(text: str) -> None:
    assert task_sources.front(text) is None


def test_done_headings_and_archive_names() -> None:
    text = "# A\n- [x] a\n## \u2705 Done\n- [x] b\n### Old\n- [ ] c\n# Completed tasks\n- [x] d\n# Done deals\n- [x] e\n"
    assert [item.archived for item in tasks.boxes(text)] == [False, True, True, True, False]
    assert [
        tasks.is_archive(path) for path in ("DONE.md", "docs/plans/archive/a.md", "TODO.md", "done/x.md")
    ] == [
        True,
        True,
        False,
        True,
    ]
