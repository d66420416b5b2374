"""An exported JSON file in place of a Sentry that can be asked."""

import json
from pathlib import Path
from typing import Any

import pytest

from daydream.clients import sentry_export
from daydream.records.finding import Examined
from daydream.records.outcome import Done, Skipped
from tests.fakes.sentry_night import Ended, World, commit
from tests.fakes.sentry_server import entry, event, frame, serving

CART = "def total(prices):\n    return prices['coupon']\n"


@pytest.fixture
def world(tmp_path: Path) -> World:
    commit(tmp_path / "shop", {"shop/cart.py": CART}, "The shop", "2026-11-15T00:00:00Z")
    return World(tmp_path / "shop", tmp_path / "state", {"organization": None, "export": "sentry.json"})


def exported(world: World, payload: Any) -> Ended:
    text = payload if isinstance(payload, str) else json.dumps(payload)
    (world.root / "sentry.json").write_text(text, encoding="utf-8")
    return world.night(None, env={})


def stack() -> list[dict[str, Any]]:
    return [frame("/srv/app/shop/cart.py", "total", 2, "    return prices['coupon']")]


def raw(number: int, group: str | None = "77") -> dict[str, Any]:
    """An event as the download of one event has it."""
    frames = [{"abs_path": "/srv/app/shop/cart.py", "function": "total", "lineno": 2, "in_app": True}]
    return {
        "event_id": f"{number:032x}",
        "groupID": group,
        "level": "error",
        "timestamp": 1795200000.0 + number,
        "release": "web@1.2",
        "tags": [["environment", "live"], ["release", "web@1.2"]],
        "exception": {
            "values": [{"type": "KeyError", "value": "'coupon'", "stacktrace": {"frames": frames}}]
        },
    }


def test_issues_and_events_of_a_file_become_the_same_findings(world: World) -> None:
    payload = {"issues": [entry(1), entry(2)], "events": [event(1, stack(), value="'coupon'")]}
    ended = exported(world, payload)
    assert [found.identity for found in ended.findings] == ["1001", "1002"]
    assert ended.findings[0].message == "WEB-1 KeyError: 'k1' at shop/cart.py:2 (499 events, 3 users)"
    assert "fix clear" in ended.findings[0].action
    assert ended.examined == [Examined(rules={"sentry.issue": 2}, everything=True)]
    assert ended.section.facts["read"] == 2
    assert ended.section.notes == ()
    assert [row.source for row in world.rows()] == ["sentry:export"] * 2
    with serving(issues={"web": [entry(1)]}, events={"1001": event(1, stack())}) as sentry:
        live = World(world.root, world.state / "live").night(sentry)
    assert live.findings[0].message == ended.findings[0].message
    assert live.section.facts["top"][0]["error"] == ended.section.facts["top"][0]["error"]


@pytest.mark.parametrize("lines", [False, True])
def test_events_alone_are_counted_by_their_issue(world: World, lines: bool) -> None:
    events = [raw(1), raw(2), raw(3, None), raw(4, None)]
    payload: Any = "\n".join(map(json.dumps, events)) if lines else events
    ended = exported(world, payload)
    assert [(found.identity, found.magnitude) for found in ended.findings] == [
        ("77", 2.0),
        ("KeyError-total", 2.0),
    ]
    assert all("live | release web@1.2" in found.evidence for found in ended.findings)


def test_what_an_export_calls_resolved_settles_what_was_known(world: World) -> None:
    exported(world, [entry(1), entry(2)])
    ended = exported(world, [entry(1, status="resolved"), entry(2), entry(3, status="resolved")])
    assert [found.identity for found in ended.findings] == ["1002"]
    assert [line["id"] for line in ended.section.facts["settled"]] == ["1001"]
    assert [row.state for row in world.rows()][-2:] == ["resolved", "ongoing"]


def test_an_old_export_says_so(world: World) -> None:
    ended = exported(world, [entry(1, lastSeen="2026-11-10T00:00:00Z")])
    assert "11 days old" in ended.section.notes[0]


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        ("", "is empty"),
        ("{", "is no JSON"),
        ("<html>", "is no JSON"),
        ("[" * 100_000, "is no JSON"),
        ("\0\1\2", "is no JSON"),
    ],
)
def test_what_is_no_export_is_one_sentence(world: World, payload: str, words: str) -> None:
    ended = exported(world, payload)
    assert isinstance(ended.last, Skipped)
    assert words in ended.last.reason
    assert "\n" not in ended.last.reason


@pytest.mark.parametrize(
    ("payload", "unreadable"),
    [
        ([None, 3, "x", {}, {"id": None}, {"event_id": None}], 6),
        ({"issues": None}, 1),
        ([], 0),
        (None, 1),
        (3, 1),
    ],
)
def test_entries_that_are_neither_are_counted_and_prove_nothing(
    world: World, payload: Any, unreadable: int
) -> None:
    ended = exported(world, payload)
    assert isinstance(ended.last, Done)
    assert ended.section.facts["read"] == 0
    assert bool(ended.examined) == (unreadable == 0)
    assert not unreadable or f"{unreadable} entries" in ended.section.notes[0]


def test_a_file_that_is_not_there_or_no_file_is_said(world: World) -> None:
    for name in ("sentry.json", "shop", "/dev/null/x"):
        ended = world.night(None, env={}, export=name)
        assert isinstance(ended.last, Skipped)
        assert "correct or unset it" in ended.last.reason


def test_a_file_that_is_too_large_is_said(world: World) -> None:
    with (world.root / "sentry.json").open("wb") as file:
        file.truncate(sentry_export.LARGEST + 1)
    ended = world.night(None, env={})
    assert isinstance(ended.last, Skipped)
    assert "larger than 64 MB" in ended.last.reason


def test_more_than_the_most_is_said_and_proves_nothing(world: World) -> None:
    ended = exported(world, [{"id": str(number)} for number in range(sentry_export.MOST + 5)])
    assert ended.section.facts["read"] == sentry_export.MOST
    assert ended.examined == []
    assert "cut short" in ended.section.notes[0]


def test_an_export_beside_a_server_claims_only_its_own_projects(world: World) -> None:
    (world.root / "sentry.json").write_text(json.dumps([entry(1)]), encoding="utf-8")
    with serving(issues={"api": [entry(2, project={"slug": "api"})]}) as sentry:
        ended = world.night(sentry, organization="acme")
    assert list(ended.outcomes) == ["export", "issues:*"]
    assert [(e.subjects, e.everything) for e in ended.examined] == [
        (("sentry:web",), False),
        (("sentry:*",), False),
    ]
