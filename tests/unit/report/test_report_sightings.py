"""One error in the logs and in Sentry is one finding on the page, and two in the memory."""

from collections.abc import Sequence
from typing import Any

import pytest

from daydream.records.night import Known, NightFacts
from daydream.records.section import SectionData
from daydream.report.compose import compose
from daydream.report.sightings import linked, once
from tests.fakes.report_facts import facts, known

ERROR = "e" * 16


def logged(number: int = 1, **changes: Any) -> Known:
    given = {
        "rule": "log.exception",
        "subject": "app.log",
        "identity": ERROR,
        "message": "KeyError in total (shop/cart.py:7) 12 times",
        "evidence": "KeyError: coupon",
        "line": None,
        "worth": 0.8,
        "severity": "medium",
    }
    return known(number, **{**given, **changes})


def tracked(number: int = 2, **changes: Any) -> Known:
    given = {
        "rule": "sentry.issue",
        "subject": "sentry:web",
        "identity": "1001",
        "message": "WEB-1 KeyError: coupon",
        "evidence": "ongoing",
        "line": None,
        "worth": 0.6,
        "severity": "high",
    }
    return known(number, **{**given, **changes})


def night(found: Sequence[Known], errors: dict[str, str] | None = None, **changes: Any) -> NightFacts:
    section = {} if errors is None else {"errors": errors, "linked": {}}
    made = facts(found, **changes)
    sections = [each for each in made.sections if each.key != "sentry_query"]
    return facts(
        found, sections=(*sections, SectionData(key="sentry_query", title="Sentry", facts=section)), **changes
    )


def test_an_error_seen_twice_is_one_finding_with_both_evidences_and_the_stronger_worth() -> None:
    doc = compose(
        night(
            [logged(), logged(3, rule="log.new_error", identity=f"trace {ERROR}"), tracked()], {"1001": ERROR}
        )
    )
    assert (doc.counts.new, doc.new.total, len(doc.needs)) == (1, 1, 1)
    [item] = doc.new.items
    assert (item.rule, item.worth, item.severity) == ("sentry.issue", 0.8, "high")
    shown, _ = once([logged(), tracked()], night([], {"1001": ERROR}).sections)
    assert shown[0].evidence == "ongoing | app.log: KeyError in total (shop/cart.py:7) 12 times"


def test_another_error_and_a_line_of_the_log_stay_what_they_are() -> None:
    line = logged(3, rule="log.recurring_error", identity="a" * 16)
    other = logged(4, identity="f" * 16)
    shown, kept = once([line, other, tracked()], night([], {"1001": ERROR}).sections)
    assert shown == kept == (line, other, tracked())


def test_the_memory_keeps_both_so_that_a_night_without_sentry_knows_the_error() -> None:
    first = night([logged(), tracked()], {"1001": ERROR})
    _, kept = once(first.findings, first.sections)
    assert [(each.rule, each.standing, each.worth < 0.5) for each in kept] == [
        ("log.exception", "new", True),
        ("sentry.issue", "new", False),
    ]
    assert kept[0].evidence == f"KeyError: coupon | the same error as {tracked().id}"
    silent = [logged(standing="still"), tracked(standing="not_looked_at")]
    doc = compose(night(silent))
    assert (doc.counts.still, doc.counts.not_looked_at, doc.needs) == (1, 1, ())


@pytest.mark.parametrize(
    ("log", "sentry", "one"),
    [
        ("still", "gone", ("log.exception", "still")),
        ("gone", "still", ("sentry.issue", "still")),
        ("gone", "gone", ("sentry.issue", "gone")),
        ("not_looked_at", "gone", ("log.exception", "not_looked_at")),
        ("new", "still", ("sentry.issue", "new")),
        ("worse", "still", ("sentry.issue", "worse")),
        ("still", "new", ("sentry.issue", "new")),
    ],
)
def test_an_error_is_gone_only_where_both_no_longer_have_it(
    log: Any, sentry: Any, one: tuple[str, str]
) -> None:
    shown, kept = once([logged(standing=log), tracked(standing=sentry)], night([], {"1001": ERROR}).sections)
    assert [(each.rule, each.standing) for each in shown] == [one]
    assert len(kept) == 2


def test_what_was_known_quietly_in_the_log_does_not_make_an_issue_news() -> None:
    shown, _ = once(
        [logged(standing="new", worth=0.3), tracked(standing="still")], night([], {"1001": ERROR}).sections
    )
    assert [each.standing for each in shown] == ["still"]


def test_who_silenced_one_sighting_hears_of_none_and_the_first_night_is_that_of_either() -> None:
    silent = logged(standing="still", suppress_reason="known", first_night="2026-11-01")
    shown, _ = once([silent, tracked()], night([], {"1001": ERROR}).sections)
    assert [(each.suppress_reason, each.first_night) for each in shown] == [("known", "2026-11-01")]


def test_two_issues_of_one_error_are_told_each() -> None:
    other = tracked(5, identity="1002", message="WEB-2 KeyError: coupon")
    shown, _ = once([logged(), tracked(), other], night([], {"1001": ERROR, "1002": ERROR}).sections)
    assert [each.identity for each in shown] == ["1001", "1002"]


def test_the_twin_names_the_issue_beside_the_line_and_says_where_nobody_asked() -> None:
    told = SectionData(key="log_review", title="Logs", facts={"told": [{"id": ERROR}, {"id": "a" * 16}]})
    issue = {"label": "WEB-1", "state": "new", "link": ""}
    asked = SectionData(key="sentry_query", title="Sentry", facts={"linked": {ERROR: [issue]}})
    assert [entry["sentry"] for entry in linked([told, asked])[0].facts["told"]] == [[issue], []]
    unasked = SectionData(key="sentry_query", title="Sentry", facts={"new": None})
    assert [entry["sentry"] for entry in linked([told, unasked])[0].facts["told"]] == [None, None]
