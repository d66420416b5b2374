"""Groups: one rule in one package, the same id every night, and what a person said is kept."""

from typing import Any

from daydream.propose.groups import MOST_FILES, group, silenced
from daydream.records.night import Known
from daydream.records.proposal import Proposal

RULE = "legacy.unused_import"


def known(identifier: str, subject: str = "pkg/a.py", **more: Any) -> Known:
    fields: dict[str, Any] = {
        "id": identifier,
        "rule": RULE,
        "rule_version": 1,
        "severity": "low",
        "subject": subject,
        "identity": identifier,
        "message": "m",
        "worth": 0.7,
        "first_night": "2026-01-01",
        "last_night": "2026-01-01",
        "standing": "still",
    }
    return Known(**(fields | more))


def proposal(identifier: str, *findings: str, **more: Any) -> Proposal:
    fields: dict[str, Any] = {
        "id": identifier,
        "rule": RULE,
        "package": "pkg",
        "title": "t",
        "status": "open",
        "base": "0",
        "findings": findings,
        "first_night": "2026-01-01",
        "last_night": "2026-01-01",
    }
    return Proposal(**(fields | more))


def ids(groups: Any) -> list[list[str]]:
    return [[finding.id for finding in one.findings] for one in groups]


def test_a_group_is_one_rule_in_one_folder_the_most_worthwhile_first() -> None:
    found = [
        known("1"),
        known("2", "pkg/b.py", worth=0.6),
        known("3", "other/c.py", worth=0.9),
        known("4", rule="legacy.dead_code"),
        known("5", "setup.py"),
    ]
    groups = group(found, {}, {RULE, "legacy.dead_code"})
    assert [(g.rule, g.package, len(g.findings)) for g in groups] == [
        (RULE, "other", 1),
        ("legacy.dead_code", "pkg", 1),
        (RULE, ".", 1),
        (RULE, "pkg", 2),
    ]
    assert [g.id for g in group(reversed(found), {}, {RULE, "legacy.dead_code"})] == [g.id for g in groups]


def test_what_is_uncertain_silent_gone_or_without_a_fix_is_no_change() -> None:
    found = [
        known("1", worth=0.49),
        known("2", suppressed_until="2027-01-01", suppress_reason="later"),
        known("3", standing="gone"),
        known("4", standing="not_looked_at"),
        known("5", rule="log.recurring_error"),
    ]
    assert group(found, {}, {RULE}) == []


def test_an_open_proposal_keeps_its_id_and_what_is_left_of_its_findings() -> None:
    mine = proposal("aaaa", "1", "2")
    groups = group([known("2"), known("3", standing="new")], {"aaaa": mine}, {RULE})
    assert (groups[0].id, groups[0].known) == ("aaaa", mine)
    assert ids(groups) == [["2"], ["3"]]


def test_what_a_person_answered_is_not_offered_again() -> None:
    answers = {
        "a": proposal("a", "1", status="rejected"),
        "b": proposal("b", "2", status="accepted"),
        "c": proposal("c", "3", status="closed"),
    }
    assert ids(group([known("1"), known("2"), known("3")], answers, {RULE})) == [["3"]]


def test_three_times_no_silence_a_rule_in_a_package_and_nowhere_else() -> None:
    noes = {str(n): proposal(str(n), f"gone{n}", status="rejected") for n in range(3)}
    assert silenced(noes.values()) == {(RULE, "pkg")}
    assert ids(group([known("1"), known("2", "other/a.py")], noes, {RULE})) == [["2"]]


def test_a_large_package_gives_several_groups() -> None:
    found = [known(f"{n:02}", f"pkg/m{n:02}.py") for n in range(MOST_FILES + 2)]
    groups = group(found, {}, {RULE})
    assert sorted(len(g.findings) for g in groups) == [2, MOST_FILES]
