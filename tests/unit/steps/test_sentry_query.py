"""`sentry_query` from the plan to the section, against a real HTTP server."""

import datetime as dt
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import stamina

from daydream.records.finding import Examined, Finding
from daydream.records.outcome import Done, Failed, More, Skipped
from daydream.steps import sentry_query
from tests.fakes.sentry_night import STARTED, Ended, World
from tests.fakes.sentry_server import TOKEN, FakeSentry, Reply, entry, event, frame, serving

RECENT = "2026-11-20T09:00:00Z"
RULES = {"sentry.issue": 2}


@pytest.fixture(autouse=True)
def _no_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=3, cap=True):
        yield


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "root", tmp_path / "state")


@pytest.fixture
def sentry() -> Iterator[FakeSentry]:
    with serving() as held:
        yield held


def asked(world: World, sentry: FakeSentry, *entries: Any, **options: Any) -> Ended:
    """A night over these issues of one project."""
    sentry.issues = {"web": list(entries)}
    return world.night(sentry, **options)


@pytest.mark.parametrize(
    ("organization", "env", "missing"),
    [
        (None, {}, "set [sentry] organization in your user configuration and export DAYDREAM_SENTRY_TOKEN"),
        (None, {"DAYDREAM_SENTRY_TOKEN": TOKEN}, "set [sentry] organization in your user configuration"),
        ("acme", {}, "export DAYDREAM_SENTRY_TOKEN"),
        ("acme", {"DAYDREAM_SENTRY_TOKEN": "  "}, "export DAYDREAM_SENTRY_TOKEN"),
    ],
)
def test_asks_nothing_until_a_person_configured_it(
    world: World, sentry: FakeSentry, organization: str | None, env: dict[str, str], missing: str
) -> None:
    ended = world.night(sentry, organization=organization, env=env)
    assert sentry.requests == []
    assert ended.last == Skipped(reason=f"no Sentry configured: {missing}")
    assert ended.section.facts["new"] is None
    assert ended.section.facts["suggested_fixes"] is None
    assert ended.section.notes == (f"no Sentry configured: {missing}",)


def test_tells_new_issues_from_recurring_ones_over_several_pages(world: World, sentry: FakeSentry) -> None:
    sentry.page_size = 2
    ended = asked(
        world, sentry, entry(1), entry(2, firstSeen=RECENT), entry(3, title="Odd: x", metadata=None)
    )
    facts = ended.section.facts
    assert [query.get("cursor") for query in sentry.queries] == [None, "0:2:0"]
    assert (ended.section.key, ended.section.title, ended.section.notes) == (
        "sentry_query",
        "Sentry Review",
        (),
    )
    assert (facts["new"], facts["recurring"], facts["suggested_fixes"]) == (1, 2, 2)
    assert (facts["read"], facts["undated"], facts["resolved"]) == (3, 0, 0)
    assert ended.examined == [Examined(rules=RULES, everything=True)]


def test_a_finding_carries_what_a_person_needs_to_act(world: World, sentry: FakeSentry) -> None:
    [found] = asked(world, sentry, entry(2, firstSeen=RECENT, level="fatal")).findings
    assert found == Finding(
        rule="sentry.issue",
        rule_version=2,
        severity="high",
        subject="sentry:web",
        identity="1002",
        message="WEB-2 KeyError: 'k2' (498 events, 3 users)",
        evidence="new | shop.cart in add | https://sentry.example/organizations/acme/issues/1002/",
        worth=0.8,
        action="use .get() or validate the keys where the data comes in (WEB-2, needs a person)",
        magnitude=498.0,
    )


def test_an_issue_that_was_new_keeps_its_identity_when_it_goes_on(world: World, sentry: FakeSentry) -> None:
    [first] = asked(world, sentry, entry(1, firstSeen=RECENT)).findings
    [second] = asked(world, sentry, entry(1, firstSeen=RECENT)).findings
    assert first.fingerprint == second.fingerprint
    assert (first.evidence[:4], second.evidence[:8]) == ("new ", "ongoing ")


def test_first_seen_within_the_period_is_not_first_seen_at_all(world: World, sentry: FakeSentry) -> None:
    listed = entry(1, firstSeen="2026-01-01T00:00:00Z") | {"firstSeen": RECENT}
    facts = asked(world, sentry, listed).section.facts
    assert (facts["new"], facts["recurring"]) == (0, 1)


def test_a_night_looks_back_to_the_last_one_that_read_the_list(world: World, sentry: FakeSentry) -> None:
    asked(world, sentry, entry(1))
    world.number += 2
    asked(world, sentry, entry(1))
    world.number += 90
    asked(world, sentry, entry(1))
    assert [query["statsPeriod"] for query in sentry.queries] == ["24h", "72h", "336h"]


@pytest.mark.parametrize(
    ("fields", "worth"),
    [
        ({"firstSeen": RECENT}, 0.8),
        ({"level": "fatal"}, 0.8),
        ({"substatus": "regressed", "count": "1"}, 0.8),
        ({"substatus": "escalating", "count": "1"}, 0.8),
        ({"count": "100", "userCount": None}, 0.6),
        ({"count": None, "userCount": 10}, 0.6),
        ({"count": "99", "userCount": 9}, 0.4),
        ({"count": None, "userCount": None}, 0.4),
        ({"level": "warning", "firstSeen": RECENT}, 0.4),
        ({"level": "info", "firstSeen": RECENT}, 0.2),
        ({"firstSeen": RECENT, "metadata": {"type": "KeyboardInterrupt"}}, 0.3),
    ],
)
def test_only_what_is_new_worse_frequent_or_wide_is_worth_printing(
    world: World, sentry: FakeSentry, fields: dict[str, Any], worth: float
) -> None:
    [found] = asked(world, sentry, entry(1, **fields)).findings
    assert found.worth == worth


def test_severity_and_frequency_sort_every_issue(world: World, sentry: FakeSentry) -> None:
    ended = asked(
        world,
        sentry,
        entry(1, level="fatal", count="100", priority="low"),
        entry(2, count="10", priority="low"),
        entry(3, level="warning", count="2"),
        entry(4, level="info", count="1"),
        entry(5, count=None),
    )
    categories = ended.section.facts["categories"]
    counted = {
        (severity, name): count
        for severity, kinds in categories.items()
        for name, count in kinds.items()
        if count
    }
    assert counted == {
        ("high", "constant"): 1,
        ("medium", "frequent"): 1,
        ("medium", "repeated"): 1,
        ("low", "single"): 1,
        ("high", "unknown"): 1,
    }


def test_unknown_numbers_stay_unknown(world: World, sentry: FakeSentry) -> None:
    ended = asked(world, sentry, dict.fromkeys(entry(1)) | {"id": "7"})
    [found] = ended.findings
    assert found.magnitude is None
    assert found.message == "7 no title (events not known, users not known)"
    assert (found.subject, found.severity, found.evidence) == ("sentry:unknown", "medium", "undated")
    facts = ended.section.facts
    assert (facts["new"], facts["recurring"], facts["undated"]) == (0, 0, 1)
    assert "no date of first sight" in ended.section.notes[0]


def test_substatus_dates_an_issue_without_a_first_sight(world: World, sentry: FakeSentry) -> None:
    entries = [entry(1, firstSeen=None, substatus="new"), entry(2, firstSeen=None, substatus="escalating")]
    facts = asked(world, sentry, *entries).section.facts
    assert (facts["new"], facts["recurring"]) == (1, 1)


def test_each_project_is_a_sub_step_and_claims_only_itself(world: World, sentry: FakeSentry) -> None:
    sentry.issues = {"web": [entry(1)], "api": [entry(2)]}
    ended = world.night(sentry, projects=("web", "wbe", "api", "web"))
    assert [(name, type(found[-1])) for name, found in ended.outcomes.items()] == [
        ("issues:api", Done),
        ("issues:wbe", Skipped),
        ("issues:web", Done),
    ]
    assert [(e.subjects, e.everything) for e in ended.examined] == [
        (("sentry:api",), False),
        (("sentry:web",), False),
    ]
    assert ended.section.facts["recurring"] == 2
    assert "'wbe'" in ended.section.notes[0]


def test_a_list_cut_short_is_not_claimed_and_said(world: World, sentry: FakeSentry) -> None:
    sentry.page_size = 1
    ended = asked(world, sentry, *[entry(n) for n in range(12)])
    assert len(sentry.queries) == sentry_query.MOST_PAGES
    assert ended.examined == []
    assert ended.section.facts["read"] == 10
    assert "more issues than" in ended.section.notes[0]


def test_a_night_asks_no_more_than_its_budget(world: World, sentry: FakeSentry) -> None:
    sentry.page_size = 2
    entries = [entry(n) for n in range(6)]
    ended = asked(world, sentry, *entries, budget=4)
    assert len(sentry.requests) == 4
    assert ended.section.facts["read"] == 6
    sentry.requests.clear()
    ended = asked(World(world.root, world.state / "other"), sentry, *entries, budget=2)
    assert len(sentry.requests) == 2
    assert ended.section.facts["read"] == 4
    assert ended.examined == []


def test_the_stacks_most_worth_it_are_asked_for_first(world: World, sentry: FakeSentry) -> None:
    entries = [entry(1), entry(2, level="warning"), entry(3, firstSeen=RECENT, count="1")]
    asked(world, sentry, *entries)
    assert sentry.paths == [
        "/issues/",
        "/releases/",
        "/issues/1003/events/latest/",
        "/issues/1001/events/latest/",
        "/issues/1002/events/latest/",
    ]


def test_entries_without_an_id_are_said_and_nothing_is_claimed_gone(world: World, sentry: FakeSentry) -> None:
    ended = asked(world, sentry, entry(1), {"title": "x"})
    assert ended.examined == []
    assert "1 entries" in ended.section.notes[0]


def test_an_issue_that_two_pages_name_counts_once(world: World, sentry: FakeSentry) -> None:
    sentry.page_size = 2
    ended = asked(world, sentry, entry(1), entry(2), entry(1))
    assert (ended.section.facts["recurring"], ended.section.facts["suggested_fixes"]) == (2, 2)
    assert len(ended.findings) == 2


@pytest.mark.parametrize(
    ("reply", "kind", "words"),
    [
        (Reply(500), Failed, "answered 500"),
        (Reply(429), Skipped, "asked too often"),
        (Reply(403), Skipped, "scopes"),
    ],
)
def test_what_was_read_before_a_failure_is_told_and_the_failure_said(
    world: World, sentry: FakeSentry, reply: Reply, kind: type, words: str
) -> None:
    sentry.page_size = 2
    sentry.scripts["/issues/"] = [
        Reply(200, sentry_link("0:2:0"), b'[{"id": "1", "firstSeen": "2026-11-20T09:00:00Z"}]'),
        *[reply] * 3,
    ]
    ended = world.night(sentry, forgetful=True)
    assert isinstance(ended.last, kind)
    assert [found.identity for found in ended.findings] == ["1"]
    assert ended.examined == []
    assert ended.section.facts["new"] == 1
    assert words in ended.section.notes[0]


def sentry_link(cursor: str) -> dict[str, str]:
    return {"Link": f'<https://x/>; rel="next"; results="true"; cursor="{cursor}"'}


@pytest.mark.parametrize("reply", [Reply(500), Reply(429), Reply(200, reset=True), Reply(200, {}, b"<html>")])
def test_trouble_while_asking_for_stacks_keeps_the_list(
    world: World, sentry: FakeSentry, reply: Reply
) -> None:
    sentry.scripts["/issues/1002/events/latest/"] = [reply] * 3
    sentry.events = {"1001": event(1, [frame("/srv/app/x.py", "f", 1)])}
    ended = asked(world, sentry, entry(1), entry(2), entry(3))
    assert isinstance(ended.last, Done)
    assert len(ended.findings) == 3
    assert ended.section.notes[0].startswith("2 issues were listed without their stack: 127.0.0.1 ")
    assert ended.examined


def test_a_storm_of_refusals_is_not_answered_by_more_questions(world: World, sentry: FakeSentry) -> None:
    sentry.scripts["/events/latest/"] = [Reply(429, {"Retry-After": "900"})] * 99
    ended = asked(world, sentry, *[entry(n) for n in range(20)])
    assert len(sentry.requests) == 3
    assert len(ended.findings) == 20
    assert "asks to wait 900 s" in ended.section.notes[0]


@pytest.mark.parametrize(
    ("hours", "said"),
    [(0, False), (-2, True), (30, False), (24 * 400, True)],
)
def test_ages_are_told_by_sentrys_own_clock(world: World, sentry: FakeSentry, hours: int, said: bool) -> None:
    world.skewed = True
    sentry.now = STARTED + dt.timedelta(hours=hours)
    seen = (sentry.now - dt.timedelta(hours=3)).isoformat()
    ended = asked(world, sentry, entry(1, firstSeen=seen))
    assert ended.section.facts["new"] == 1
    assert bool(ended.section.notes) == said
    assert not said or "Sentry's clock is" in ended.section.notes[0]


def test_no_access_is_a_skip_with_its_reason(world: World, sentry: FakeSentry) -> None:
    ended = world.night(sentry, env={"DAYDREAM_SENTRY_TOKEN": "other"})
    assert isinstance(ended.last, Skipped)
    assert "does not accept the token" in ended.last.reason


def test_an_empty_list_is_an_answer(world: World, sentry: FakeSentry) -> None:
    ended = asked(world, sentry)
    assert ended.section.facts["read"] == 0
    assert ended.examined == [Examined(rules=RULES, everything=True)]


def test_a_strangers_text_becomes_one_short_line(world: World, sentry: FakeSentry) -> None:
    title = "Boom:\n## Action Required\x1b[31m\u202e\ud800 " + "x" * 9000
    [found] = asked(
        world, sentry, entry(1, title=title, culprit="a\tb", permalink="javascript:alert(1)")
    ).findings
    assert found.message.startswith("WEB-1 Boom: ## Action Required x")
    assert len(found.message) <= 300
    assert found.evidence == "ongoing | a b"


def test_an_address_that_is_not_the_issues_own_is_not_passed_on(world: World, sentry: FakeSentry) -> None:
    [found] = asked(world, sentry, entry(1, permalink="https://evil.example/login")).findings
    assert "evil" not in str(found)
    [row] = world.rows()
    assert row.link == "issues/1001"


def test_secrets_in_titles_reach_neither_report_nor_memory(world: World, sentry: FakeSentry) -> None:
    secret = "postgres://shop:hunter2secret@db.internal/shop"
    texts = {"title": f"OperationalError: {secret}", "culprit": secret, "metadata": {"value": secret}}
    sentry.events["1001"] = event(1, [frame("/srv/x.py", secret, 1, secret)], value=secret)
    ended = asked(world, sentry, entry(1, **texts))
    assert "hunter2secret" not in str(ended) + str(world.rows())


def test_the_same_answers_give_the_same_outcome(world: World, sentry: FakeSentry) -> None:
    sentry.page_size = 2
    entries = [entry(n) for n in range(5)]
    first = asked(world, sentry, *entries)
    other = asked(World(world.root, world.state / "other"), sentry, *entries)
    assert (first.outcomes, first.section) == (other.outcomes, other.section)


def test_a_part_of_a_night_that_was_cut_is_counted_and_said(world: World, sentry: FakeSentry) -> None:
    ended = asked(world, sentry, entry(1), entry(2))
    duty = sentry_query.make(world.config(sentry))
    [outcomes] = ended.outcomes.values()
    parts = tuple(o.facts for o in outcomes[:1] if isinstance(o, More))
    section = duty.section([world.result(parts)])
    assert (section.facts["read"], section.facts["new"]) == (2, 0)
    assert section.notes == ("2 issues were listed and not looked at before the night's time was over.",)


def test_loading_the_step_loads_neither_httpx_nor_the_models() -> None:
    code = "import sys, daydream.steps.sentry_query as s; sys.exit(any(m in sys.modules for m in ('httpx', 'stamina', 'jinja2')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
