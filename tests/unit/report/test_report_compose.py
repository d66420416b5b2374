"""What the report says, as data."""

import msgspec
import pytest

from daydream.records.night import EffectLine, Known
from daydream.records.repository import Examination
from daydream.records.section import SectionData
from daydream.report.compose import area, compose, duration, encode
from daydream.report.document import ReportDoc
from daydream.report.rank import choose, printable
from tests.fakes.report_facts import facts, known, steps


def test_the_report_counts_itself_as_done_and_names_what_is_not() -> None:
    doc = compose(
        facts(steps=steps(sentry_query=("skipped", "no Sentry configured"), docs=("partial", "2 cut")))
    )
    assert doc.summary[0] == "Steps completed: 4/6"
    assert doc.incomplete == ("Sentry Review: skipped: no Sentry configured", "Documentation: in part: 2 cut")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "not measured"),
        (0.2, "0 s"),
        (59.6, "1 min 00 s"),
        (252.4, "4 min 12 s"),
        (3599.7, "1 h 00 min"),
        (7380, "2 h 03 min"),
    ],
)
def test_a_duration_is_written_for_people(seconds: float | None, text: str) -> None:
    assert duration(seconds) == text


def test_issues_found_are_those_of_tonight_without_suppressed_gone_and_carried_ones() -> None:
    doc = compose(
        facts(
            [
                known(1),
                known(2, standing="worse"),
                known(3, standing="still", worth=0.2),
                known(4, standing="gone"),
                known(5, standing="not_looked_at"),
                known(6, suppress_reason=""),
            ]
        )
    )
    assert "Issues found: 3 (1 new, 1 worse, 1 known before)" in doc.summary
    also = "Also: 1 too small or too uncertain to print, 1 gone, 1 not looked at tonight, 1 suppressed"
    assert also in doc.summary


def test_only_new_and_worse_findings_above_the_bar_need_somebody() -> None:
    quiet = [
        known(1, standing="still"),
        known(2, worth=0.49),
        known(3, suppress_reason="known"),
        known(4, standing="not_looked_at"),
    ]
    assert compose(facts(quiet)).quiet
    assert compose(facts(quiet)).needs == ()
    doc = compose(facts([*quiet, known(5, worth=0.5)]))
    assert [need.command for need in doc.needs] == ["daydream findings show 0000000000000005"]
    assert not doc.quiet


def test_findings_are_ranked_by_severity_worth_standing_and_place() -> None:
    found = [
        known(1, severity="low", worth=1.0),
        known(2, severity="high", worth=0.6),
        known(3, severity="high", worth=0.9, standing="worse"),
        known(4, severity="high", worth=0.9, subject="src/b.py"),
        known(5, severity="high", worth=0.9, subject="src/a.py"),
    ]
    assert [int(k.id, 16) for k in printable(found, "new", "worse")] == [5, 4, 3, 2, 1]


def test_one_rule_fills_at_most_half_a_list_and_one_file_three_of_its_lines() -> None:
    one_file = [known(n, subject="src/a.py") for n in range(50)]
    others = [known(n, severity="low", rule=f"docs.{n}") for n in range(50, 53)]
    chosen = choose(printable([*one_file, *others], "new"), 8, 4)
    assert [k.rule for k in chosen].count("legacy.unused_import") == 3
    spread = [known(n) for n in range(50)]
    doc = compose(facts([*spread, *others]))
    assert (doc.new.total, doc.new.shown, len(doc.new.items)) == (53, 7, 53)
    assert [i.rule for i in doc.new.items[:7]].count("legacy.unused_import") == 4


def test_the_things_that_need_somebody_are_seven_of_different_places() -> None:
    doc = compose(facts([known(n, rule=f"legacy.{n % 9}", subject=f"{n % 2}.py") for n in range(90)]))
    assert (len(doc.needs), doc.needs_total) == (7, 90)
    assert "Needs you: 7 things, the first three:" in doc.summary


def test_equal_things_share_a_line_and_no_file_fills_the_list() -> None:
    rules = [f"log.{name}" for name in ("burst", "rate", "drift", "missing", "silence", "repeat", "latency")]
    one_log = [known(n, rule=rule, subject="app.log", severity="high") for n, rule in enumerate(rules)]
    others = [known(n, rule="docs.link", severity="low", subject=f"docs/{n}.md") for n in range(20, 29)]
    doc = compose(facts([*one_log, *others]))
    where = [need.where.partition(":")[0] for need in doc.needs]
    assert where.count("app.log") == 4
    assert [need.more for need in doc.needs] == [0, 0, 0, 0, 0, 0, 6]
    assert doc.needs[-1].others == "and 6 more of these: `daydream findings`"
    assert doc.untold == 3


def test_where_there_is_room_three_of_one_rule_in_one_place_are_named() -> None:
    doc = compose(facts([known(n, rule="sentry.issue", subject="sentry:web") for n in range(5)]))
    assert [need.more for need in doc.needs] == [0, 0, 2]
    assert (doc.needs_total, doc.untold) == (5, 0)


def test_the_twin_holds_two_hundred_of_a_list_and_counts_the_rest() -> None:
    doc = compose(facts([known(n) for n in range(500)]))
    assert (doc.new.total, len(doc.new.items)) == (500, 200)


def test_failed_steps_conflicts_and_quarantined_items_come_before_findings() -> None:
    doc = compose(
        facts(
            [known(1)],
            steps=steps(docs=("failed", "the disk refused")),
            effects=(
                EffectLine(id="1", kind="edit", path="a.md", status="conflict"),
                EffectLine(id="2", kind="edit", path="b.md", status="conflict"),
                EffectLine(id="3", kind="move", path="c.md", status="unknown"),
                EffectLine(id="4", kind="move", path="d.md", status="done"),
            ),
            quarantined=("maintain.docs/links:3",),
        )
    )
    assert [(need.where, need.what) for need in doc.needs] == [
        ("", "Documentation failed: the disk refused"),
        ("a.md", "was left alone (1 more)"),
        ("c.md", "may or may not have been changed: look at it"),
        ("maintain.docs/links:3", "ended the process three times and was left out"),
        ("src/pkg/module_1.py:2", "`name_1` is imported and never used"),
    ]
    assert "Mode: report; 1 change made (`daydream show 2026-11-21.1`)" in doc.summary
    assert doc.trouble[0] == "Documentation: failed: the disk refused"


def test_many_failures_do_not_hide_each_other() -> None:
    failed = dict.fromkeys(("legacy_cleanup", "log_review", "task_cleanup", "docs"), ("failed", "why"))
    doc = compose(facts(steps=steps(**failed)))
    assert [need.what for need in doc.needs] == [
        "Legacy Code Cleanup failed: why",
        "Log Analysis failed: why",
        "Failed too: Task Management, Documentation",
    ]
    assert doc.trouble == ("Legacy Code Cleanup, Log Analysis, Task Management, Documentation: failed: why",)


def test_what_did_not_fit_is_counted_once_by_step() -> None:
    reason = "out of budget: 4 sub-steps come first next night"
    doc = compose(
        facts(
            steps=steps(docs=("partial", reason)),
            cut=("4 of Documentation", "1 of Log Analysis", "12 of Verdicts", "A sentence of its own."),
        )
    )
    assert doc.trouble == (
        f"Documentation: in part: {reason}",
        "Log Analysis: 1 sub-step did not fit and comes first tomorrow",
        "Verdicts: 12 sub-steps did not fit and come first tomorrow",
        "A sentence of its own.",
    )


def test_a_closed_night_says_so_first() -> None:
    doc = compose(facts(closed="older than 2 days"))
    assert doc.needs[0].what == "The night was closed: older than 2 days"
    assert "Closed early: older than 2 days" in doc.summary


def test_what_was_not_examined_is_counted_and_no_git_is_no_commit() -> None:
    doc = compose(facts())
    commit = "Examined: 812 files of commit `0123456789ab` on `main`"
    assert f"{commit}; not examined: 3 uncommitted, 4 generated, 120 vendored" in doc.summary
    bare = facts(
        examination=Examination(commit=None, branch=None, git=False, files=1, notes=("No git here.",))
    )
    assert "Examined: 1 file as they were, without git; not examined: nothing" in compose(bare).summary
    assert compose(bare).trouble == ("No git here.",)
    fresh = facts(examination=Examination(commit=None, branch="main"))
    assert "Examined: nothing, there is no commit yet; not examined: nothing" in compose(fresh).summary


def test_the_first_night_is_said_to_be_one() -> None:
    doc = compose(facts([known(n) for n in range(40)], first_night=True))
    assert "Mode: report, as on every first night in a repository" in doc.summary
    assert "Issues found: 40 (40 new, all of them on a first night)" in doc.summary
    assert doc.new.shown == 5


def test_sections_count_what_is_still_open_of_their_own_rules() -> None:
    doc = compose(
        facts(
            [
                known(1),
                known(2, standing="still"),
                known(3, standing="not_looked_at"),
                known(4, standing="gone"),
                known(5, standing="worse", rule="docs.link"),
                known(6, standing="still", rule="docs.link", suppress_reason="x"),
                known(7, standing="still", rule="unheard.of"),
            ]
        )
    )
    parts = {part.key: (part.still_open, part.new) for part in doc.parts}
    assert parts["legacy_cleanup"] == (2, 1)
    assert parts["docs"] == (1, 0)
    assert any("1 of rules without a section here" in line for line in doc.summary)


@pytest.mark.parametrize(
    ("rule", "step"),
    [
        ("legacy.x", "legacy_cleanup"),
        ("log.x", "log_review"),
        ("sentry.issue", "sentry_query"),
        ("tasks.stale", "task_cleanup"),
        ("docs.link", "docs"),
    ],
)
def test_a_rules_first_word_is_its_steps(rule: str, step: str) -> None:
    assert area(rule) == area(step)


def test_a_step_that_did_not_look_has_no_counts() -> None:
    doc = compose(facts(steps=steps(docs=("skipped", "why"))))
    assert {part.key: part.data is None for part in doc.parts}["docs"]
    assert doc.parts[0].data is not None


def test_the_same_facts_give_the_same_bytes_but_for_duration_and_resumed() -> None:
    found = [known(n, standing=("new", "still", "gone")[n % 3]) for n in range(30)]
    one = encode(compose(facts(found))).splitlines()
    assert one == encode(compose(facts(found[::-1]))).splitlines()
    two = encode(compose(facts(found, duration_s=9.0))).splitlines()
    assert len(one) == len(two)
    changed = [a for a, b in zip(one, two, strict=True) if a != b]
    assert [line.split(b":")[0].strip(b' "') for line in changed] == [b"Duration", b"duration_s"]


def test_the_twin_reads_back_and_holds_no_control_characters() -> None:
    hostile = known(1, message="a\x1b[31m\x00\nb", subject="x\udcff\n.py", action="\u202e")
    section = SectionData(key="docs", title="Docs\n", facts={"k\x00": ["\x1b[0mv"]}, notes=("n\n",))
    doc = compose(facts([hostile], sections=(section,)))
    data = encode(doc)
    assert msgspec.json.decode(data, type=ReportDoc) == doc
    assert data.decode().replace("\n", "").isprintable()


def test_five_thousand_findings_are_composed() -> None:
    found: list[Known] = [known(n, rule=f"legacy.{n % 30}", subject=f"{n % 700}.py") for n in range(5000)]
    doc = compose(facts(found, first_night=True))
    assert (doc.counts.new, doc.new.total, doc.new.shown) == (5000, 5000, 15)
