"""`sentry_query` from the plan to the section, against a real HTTP server."""

import datetime as dt
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest
import stamina

from daydream.config.model import Config, SentryOptions
from daydream.contracts.context import Context
from daydream.contracts.step import Step
from daydream.processes import Stop
from daydream.records.finding import Examined, Finding
from daydream.records.outcome import Done, Failed, More, Outcome, Skipped
from daydream.records.repository import Examination
from daydream.records.section import SubStepResult
from daydream.steps import sentry_query
from tests.fakes.sentry_server import TOKEN, FakeSentry, Reply, entry, serving

STARTED = dt.datetime(2026, 11, 21, 2, 0, tzinfo=dt.UTC)
RECENT = "2026-11-20T09:00:00Z"


@pytest.fixture(autouse=True)
def _no_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=3, cap=True):
        yield


def context(env: Mapping[str, str] | None = None) -> Context:
    here = Path("/nonexistent")
    return Context(
        root=here,
        tree=here,
        state=here,
        logs=here,
        files=(),
        examination=Examination(commit=None, branch=None),
        started_at=STARTED,
        zone=dt.UTC,
        date="2026-11-21",
        run="r",
        mode="report",
        first_night=False,
        stop=Stop(),
        env={"DAYDREAM_SENTRY_TOKEN": TOKEN} if env is None else env,
        progress=lambda *_: None,
        night=lambda: pytest.fail("not needed"),
    )


def step(sentry: FakeSentry | None = None, **fields: Any) -> Step:
    url = sentry.url if sentry else "https://sentry.example"
    return sentry_query.make(
        Config(sentry=SentryOptions(**{"base_url": url, "organization": "acme", **fields}))
    )


def night(duty: Step, ctx: Context | None = None) -> list[tuple[str, list[Outcome]]]:
    """Run every sub-step to its end, as the runner does, through the journal's format."""
    ctx = ctx or context()
    ended = []
    for name in duty.plan(ctx):
        cursor, outcomes = None, []
        while True:
            outcome = msgspec.json.decode(msgspec.json.encode(duty.run(ctx, name, cursor)), type=Outcome)
            outcomes.append(outcome)
            if not isinstance(outcome, More):
                break
            cursor = outcome.cursor
        ended.append((name, outcomes))
    return ended


def results(ended: list[tuple[str, list[Outcome]]]) -> list[SubStepResult]:
    kinds = {Done: "done", Skipped: "skipped", Failed: "failed"}
    return [
        SubStepResult(
            name=name,
            kind=kinds[type(outcomes[-1])],
            parts=tuple(o.facts for o in outcomes if isinstance(o, Done | More)),
            reason=getattr(outcomes[-1], "reason", getattr(outcomes[-1], "error", "")),
        )
        for name, outcomes in ended
    ]


def findings(ended: list[tuple[str, list[Outcome]]]) -> list[Finding]:
    return [f for _, outcomes in ended for o in outcomes if isinstance(o, Done | More) for f in o.findings]


def examined(ended: list[tuple[str, list[Outcome]]]) -> list[Examined]:
    return [e for _, outcomes in ended for o in outcomes if isinstance(o, Done | More) for e in o.examined]


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
    organization: str | None, env: dict[str, str], missing: str
) -> None:
    with serving() as sentry:
        duty = step(sentry, organization=organization)
        [(_, [outcome])] = ended = night(duty, context(env))
        assert sentry.requests == []
    assert outcome == Skipped(reason=f"no Sentry configured: {missing}")
    section = duty.section(results(ended))
    assert section.facts["new"] is None
    assert section.facts["suggested_fixes"] is None
    assert section.notes == (f"no Sentry configured: {missing}",)


def test_tells_new_issues_from_recurring_ones_over_several_pages() -> None:
    entries = [entry(1), entry(2, firstSeen=RECENT), entry(3, title="Odd: x", metadata=None)]
    with serving(issues={"web": entries}, page_size=2) as sentry:
        duty = step(sentry)
        ended = night(duty)
        assert len(sentry.requests) == 2
    section = duty.section(results(ended))
    assert (section.key, section.title, section.notes) == ("sentry_query", "Sentry Review", ())
    assert section.facts == {"new": 1, "recurring": 2, "suggested_fixes": 2, "undated": 0, "read": 3}
    assert examined(ended) == [Examined(rules={"sentry.issue": 1}, everything=True)]


def test_a_finding_carries_what_a_person_needs_to_act() -> None:
    with serving(issues={"web": [entry(2, firstSeen=RECENT, level="fatal")]}) as sentry:
        [found] = findings(night(step(sentry)))
    assert found == Finding(
        rule="sentry.issue",
        rule_version=1,
        severity="high",
        subject="sentry:web",
        identity="1002",
        message="WEB-2 KeyError: 'k2' (498 events, 3 users)",
        evidence="new shop.cart in add https://sentry.example/organizations/acme/issues/1002/",
        worth=0.8,
        action="use .get() or validate the keys where the data comes in (WEB-2)",
        magnitude=498.0,
    )


def test_an_issue_keeps_its_identity_when_it_turns_from_new_to_recurring() -> None:
    with serving(issues={"web": [entry(1, firstSeen=RECENT)]}) as sentry:
        [first] = findings(night(step(sentry)))
        sentry.issues["web"] = [entry(1, firstSeen="2026-11-01T00:00:00Z")]
        [second] = findings(night(step(sentry)))
    assert first.fingerprint == second.fingerprint
    assert (first.evidence[:4], second.evidence[:10]) == ("new ", "recurring ")


@pytest.mark.parametrize(
    ("fields", "worth"),
    [
        ({"firstSeen": RECENT}, 0.8),
        ({"level": "fatal"}, 0.8),
        ({"substatus": "regressed", "count": "1"}, 0.8),
        ({"count": "100", "userCount": None}, 0.6),
        ({"count": None, "userCount": 10}, 0.6),
        ({"count": "99", "userCount": 9}, 0.4),
        ({"count": None, "userCount": None}, 0.4),
        ({"level": "warning", "firstSeen": RECENT}, 0.4),
        ({"level": "info", "firstSeen": RECENT}, 0.2),
    ],
)
def test_only_what_is_new_worse_frequent_or_wide_is_worth_printing(
    fields: dict[str, Any], worth: float
) -> None:
    with serving(issues={"web": [entry(1, **fields)]}) as sentry:
        [found] = findings(night(step(sentry)))
    assert found.worth == worth


def test_unknown_numbers_stay_unknown() -> None:
    bare = dict.fromkeys(entry(1)) | {"id": "7"}
    with serving(issues={"web": [bare]}) as sentry:
        duty = step(sentry)
        ended = night(duty)
    [found] = findings(ended)
    assert found.magnitude is None
    assert found.message == "7 no title (events not known, users not known)"
    assert (found.subject, found.severity, found.evidence) == ("sentry:unknown", "medium", "undated")
    section = duty.section(results(ended))
    assert (section.facts["new"], section.facts["recurring"], section.facts["undated"]) == (0, 0, 1)
    assert "no date of first sight" in section.notes[0]


def test_substatus_dates_an_issue_without_a_first_sight() -> None:
    entries = [
        entry(1, firstSeen=None, substatus="new"),
        entry(2, firstSeen=None, substatus="escalating"),
    ]
    with serving(issues={"web": entries}) as sentry:
        duty = step(sentry)
        section = duty.section(results(night(duty)))
    assert (section.facts["new"], section.facts["recurring"]) == (1, 1)


def test_each_project_is_a_sub_step_and_claims_only_itself() -> None:
    with serving(issues={"web": [entry(1)], "api": [entry(2)]}) as sentry:
        duty = step(sentry, projects=("web", "wbe", "api", "web"))
        assert duty.plan(context()) == ["issues:api", "issues:wbe", "issues:web"]
        ended = night(duty)
    assert [type(outcomes[-1]) for _, outcomes in ended] == [Done, Skipped, Done]
    assert [(e.subjects, e.everything) for e in examined(ended)] == [
        (("sentry:api",), False),
        (("sentry:web",), False),
    ]
    section = duty.section(results(ended))
    assert section.facts["recurring"] == 2
    assert "'wbe'" in section.notes[0]


def test_a_list_cut_short_is_not_claimed_and_said() -> None:
    with serving(issues={"web": [entry(n) for n in range(12)]}, page_size=1) as sentry:
        duty = step(sentry)
        ended = night(duty)
        assert len(sentry.requests) == sentry_query.MOST_PAGES
    assert examined(ended) == []
    section = duty.section(results(ended))
    assert section.facts["read"] == 10
    assert "more issues than" in section.notes[0]


def test_entries_without_an_id_are_said_and_nothing_is_claimed_gone() -> None:
    with serving(issues={"web": [entry(1), {"title": "x"}]}) as sentry:
        duty = step(sentry)
        ended = night(duty)
    assert examined(ended) == []
    assert "1 entries" in duty.section(results(ended)).notes[0]


def test_an_issue_that_two_pages_name_counts_once() -> None:
    with serving(issues={"web": [entry(1), entry(2), entry(1)]}, page_size=2) as sentry:
        duty = step(sentry)
        section = duty.section(results(night(duty)))
    assert (section.facts["recurring"], section.facts["suggested_fixes"]) == (2, 2)


def test_what_was_read_before_a_failure_is_kept_and_the_failure_said() -> None:
    with serving(issues={"web": [entry(n) for n in range(3)]}, page_size=2) as sentry:
        duty = step(sentry)
        first = duty.run(context(), "issues:*", None)
        assert isinstance(first, More)
        sentry.script = [Reply(500)] * 3
        second = duty.run(context(), "issues:*", first.cursor)
    assert isinstance(second, Failed)
    section = duty.section(results([("issues:*", [first, second])]))
    assert section.facts["recurring"] == 2
    assert "answered 500" in section.notes[0]


def test_no_access_is_a_skip_with_its_reason() -> None:
    with serving() as sentry:
        [(_, [outcome])] = night(step(sentry), context({"DAYDREAM_SENTRY_TOKEN": "other"}))
    assert isinstance(outcome, Skipped)
    assert "does not accept the token" in outcome.reason


def test_a_strangers_text_becomes_one_short_line() -> None:
    title = "Boom:\n## Action Required\x1b[31m\u202e\ud800 " + "x" * 9000
    with serving(
        issues={"web": [entry(1, title=title, culprit="a\tb", permalink="javascript:alert(1)")]}
    ) as sentry:
        [found] = findings(night(step(sentry)))
    assert found.message.startswith("WEB-1 Boom: ## Action Required [31m x")
    assert len(found.message) < 260
    assert found.evidence == "recurring a b"


def test_secrets_in_titles_do_not_reach_the_report() -> None:
    secret = "postgres://shop:hunter2secret@db.internal/shop"
    with serving(issues={"web": [entry(1, title=f"OperationalError: {secret}", culprit=secret)]}) as sentry:
        [found] = findings(night(step(sentry)))
    assert "hunter2secret" not in f"{found.message} {found.evidence} {found.action}"


@pytest.mark.parametrize(
    ("fields", "suggested"),
    [
        ({"metadata": {"type": "django.db.utils.IntegrityError"}}, 1),
        ({"metadata": None, "title": "TimeoutError: too slow"}, 1),
        ({"metadata": None, "title": "something happened"}, 0),
        ({"metadata": {"type": "HouseRuleError"}}, 0),
    ],
)
def test_suggestions_come_from_the_table_of_exceptions(fields: dict[str, Any], suggested: int) -> None:
    with serving(issues={"web": [entry(1, **fields)]}) as sentry:
        duty = step(sentry)
        ended = night(duty)
    assert duty.section(results(ended)).facts["suggested_fixes"] == suggested
    assert (findings(ended)[0].action == "triage WEB-1 in Sentry") == (suggested == 0)


def test_the_same_answers_give_the_same_outcome() -> None:
    with serving(issues={"web": [entry(n) for n in range(5)]}, page_size=2) as sentry:
        assert night(step(sentry)) == night(step(sentry))


def test_loading_the_step_loads_neither_httpx_nor_the_models() -> None:
    code = "import sys, daydream.steps.sentry_query; sys.exit('httpx' in sys.modules or 'stamina' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
