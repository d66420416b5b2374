"""From an issue to the line that failed: stack, release, last change, owner, advice, and what was done about it."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import stamina

from daydream.records.outcome import Done
from daydream.report import render, resources
from tests.fakes.sentry_night import Ended, World, commit, labels
from tests.fakes.sentry_server import FakeSentry, entry, event, frame, serving

CART = '''"""The cart."""

from shop.users import find_user


def total(prices, key):
    return prices["coupon"] + prices[key]


def greet(number):
    user = find_user(number)
    return user.name.title()
'''
USERS = '''"""Users."""

ALL = {}


def find_user(number):
    if number in ALL:
        return ALL[number]
    return None
'''
LIBRARY = "/usr/lib/python3.11/json/decoder.py"


@pytest.fixture(autouse=True)
def _no_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=3, cap=True):
        yield


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("template") / "shop"
    commit(
        root,
        {
            "shop/cart.py": CART.replace("prices[key]\n", "1\n"),
            "shop/users.py": USERS,
            "shop/__init__.py": "",
            ".github/CODEOWNERS": "* @acme/all\n/shop/ @acme/web  # the shop\nshop/users.py\n",
        },
        "The shop",
        "2026-05-01T00:00:00Z",
    )
    return root


@pytest.fixture
def world(tmp_path: Path, template: Path) -> World:
    shutil.copytree(template, tmp_path / "shop")
    return World(tmp_path / "shop", tmp_path / "state")


@pytest.fixture
def sentry() -> Iterator[FakeSentry]:
    with serving(issues={"web": [entry(1, firstSeen="2026-11-20T09:00:00Z")]}) as held:
        yield held


def stack(line: int = 7, text: str = '    return prices["coupon"] + prices[key]') -> list[dict[str, object]]:
    return [
        frame("/venv/lib/python3.11/site-packages/shop/wsgi.py", "handle", 3, in_app=True),
        frame("/srv/app/shop/cart.py", "total", line, text),
        frame(LIBRARY, "decode", 3, in_app=False),
    ]


def test_an_issue_becomes_a_finding_at_its_line_with_suspect_owner_and_advice(
    world: World, sentry: FakeSentry
) -> None:
    made = commit(world.root, {"shop/cart.py": CART}, "Faster totals", "2026-11-15T00:00:00Z")
    sentry.events["1001"] = event(1, stack(), value="'coupon'", release={"version": f"web@{made}"})
    sentry.releases = [
        {"version": f"web@{made}", "dateCreated": "2026-11-16T00:00:00Z"},
        {"version": "web@older", "dateCreated": "2026-11-10T00:00:00Z"},
    ]
    ended = world.night(sentry)
    [found] = ended.findings
    assert found.message == "WEB-1 KeyError: 'k1' at shop/cart.py:7 (499 events, 3 users)"
    assert f"suspect {made[:12]} by Ann, 2026-11-15 (Faster totals)" in found.evidence
    assert "owner @acme/web" in found.evidence
    assert "production" in found.evidence
    assert found.action == (
        """shop/cart.py:7: `prices['coupon']` is read without asking whether the key is there: """
        "use .get(), or check it where the data comes in (WEB-1, fix clear)"
    )
    [line] = ended.section.facts["top"]
    assert (line["where"], line["verdict"], line["owners"]) == ("shop/cart.py:7", "fix clear", "@acme/web")
    [row] = world.rows()
    assert (row.source, row.kind, row.state, row.release) == ("sentry:*", "KeyError", "new", f"web@{made}")
    assert [(f.path, f.function, f.in_app) for f in row.frames] == [
        (None, "handle", False),
        ("shop/cart.py", "total", True),
        (None, "decode", False),
    ]
    assert "hunter2secret" not in str(ended) + str(world.rows())


def test_a_change_long_before_the_first_sight_is_no_suspect(world: World, sentry: FakeSentry) -> None:
    commit(world.root, {"shop/cart.py": CART}, "Old totals", "2026-06-15T00:00:00Z")
    sentry.events["1001"] = event(1, stack())
    [found] = world.night(sentry).findings
    assert "last changed by" in found.evidence
    assert "suspect" not in found.evidence


def test_a_change_before_the_release_before_is_no_suspect(world: World, sentry: FakeSentry) -> None:
    commit(world.root, {"shop/cart.py": CART}, "Totals", "2026-11-15T00:00:00Z")
    sentry.events["1001"] = event(1, stack(), release={"version": "web@2"})
    sentry.releases = [
        {"version": "web@2", "dateCreated": "2026-11-19T00:00:00Z"},
        {"version": "web@1", "dateCreated": "2026-11-18T00:00:00Z"},
    ]
    [found] = world.night(sentry).findings
    assert "last changed by" in found.evidence


def test_the_line_of_a_release_is_shown_where_it_stands_today(world: World, sentry: FakeSentry) -> None:
    made = commit(world.root, {"shop/cart.py": CART}, "Totals", "2026-11-15T00:00:00Z")
    commit(world.root, {"shop/cart.py": "# A remark.\n\n" + CART}, "A remark", "2026-11-20T00:00:00Z")
    sentry.events["1001"] = event(1, stack(text=""), release={"version": "web@9", "lastCommit": {"id": made}})
    [found] = world.night(sentry).findings
    assert " at shop/cart.py:9 (" in found.message
    assert f"suspect {made[:12]}" in found.evidence


def test_a_line_that_was_changed_since_is_shown_as_of_its_release(world: World, sentry: FakeSentry) -> None:
    made = commit(world.root, {"shop/cart.py": CART}, "Totals", "2026-11-15T00:00:00Z")
    changed = CART.replace('["coupon"]', '.get("coupon", 0)')
    commit(world.root, {"shop/cart.py": changed}, "Mend totals", "2026-11-20T00:00:00Z")
    sentry.events["1001"] = event(1, stack(), release={"version": made})
    [found] = world.night(sentry).findings
    assert f" at shop/cart.py:7 as of {made[:12]} (" in found.message


def test_a_stack_of_nobody_here_links_to_nothing(world: World, sentry: FakeSentry) -> None:
    sentry.events["1001"] = event(1, [frame("/srv/app/other/cart.py", "add", 3, "x = 1")])
    [found] = world.night(sentry).findings
    assert found.message == "WEB-1 KeyError: 'k1' (499 events, 3 users)"
    assert found.action == ("use .get() or validate the keys where the data comes in (WEB-1, needs a person)")


def test_advice_names_the_function_that_returns_none(world: World, sentry: FakeSentry) -> None:
    commit(world.root, {"shop/cart.py": CART}, "Totals", "2026-11-15T00:00:00Z")
    frames = [frame("/srv/app/shop/cart.py", "greet", 12, "    return user.name.title()")]
    value = "'NoneType' object has no attribute 'name'"
    sentry.events["1001"] = event(1, frames, kind="AttributeError", value=value)
    [found] = world.night(sentry).findings
    assert found.action == (
        "shop/cart.py:12: `user` can be None here: `find_user` (shop/users.py:6) returns None at line 9; "
        "handle that before this line (WEB-1, fix clear)"
    )


def test_an_issue_that_sentry_calls_resolved_names_the_commit(world: World, sentry: FakeSentry) -> None:
    made = commit(world.root, {"shop/cart.py": CART}, "Totals", "2026-11-15T00:00:00Z")
    sentry.events["1001"] = event(1, stack(), release={"version": made})
    world.night(sentry)
    mended = commit(
        world.root,
        {"shop/cart.py": CART.replace('["coupon"]', '.get("coupon", 0)')},
        "Mend totals",
        "2026-11-21T12:00:00Z",
    )
    sentry.resolve(1, inRelease="web@10")
    ended = world.night(sentry)
    [told] = ended.section.facts["settled"]
    assert (told["label"], told["by"]) == ("WEB-1", "release web@10")
    assert told["commit"] == f"{mended[:12]} by Ann (Mend totals)"
    assert [row.state for row in world.rows()] == ["new", "resolved"]
    assert isinstance(ended.last, Done)
    again = world.night(sentry)
    assert again.section.facts["resolved"] == 0
    assert len(sentry.paths) == 6
    sentry.change(1, status="unresolved", substatus=None)
    back = world.night(sentry)
    assert labels(back.section.facts["top"]) == ["WEB-1"]
    assert back.section.facts["regressed"] == 1
    assert world.rows()[-1].state == "regressed"


def test_the_commit_that_sentry_names_is_believed(world: World, sentry: FakeSentry) -> None:
    made = commit(world.root, {"shop/cart.py": CART}, "Totals", "2026-11-15T00:00:00Z")
    sentry.events["1001"] = event(1, stack(), release={"version": made})
    world.night(sentry)
    sentry.resolve(1, inCommit=made)
    [told] = world.night(sentry).section.facts["settled"]
    assert told["commit"] == f"{made[:12]} by Ann (Totals)"


def test_an_issue_that_stays_away_for_three_nights_is_settled(world: World, sentry: FakeSentry) -> None:
    commit(world.root, {"shop/cart.py": CART}, "Totals", "2026-11-15T00:00:00Z")
    sentry.events["1001"] = event(1, stack())
    world.night(sentry)
    sentry.change(1, status="ignored")
    quiet = [world.night(sentry).section.facts["resolved"] for _ in range(4)]
    assert quiet == [0, 0, 1, 0]
    assert [row.state for row in world.rows()] == ["new", "resolved"]


def test_a_night_in_pieces_comes_to_the_same(world: World, sentry: FakeSentry) -> None:
    commit(world.root, {"shop/cart.py": CART}, "Totals", "2026-11-15T00:00:00Z")
    sentry.issues["web"] += [entry(number) for number in range(2, 6)]
    sentry.page_size = 2
    sentry.events = {str(1000 + n): event(n, stack()) for n in range(1, 4)}
    whole = world.night(sentry)
    asked = list(sentry.paths)
    sentry.requests.clear()
    other = World(world.root, world.state.with_name("other"))
    pieces = other.night(sentry, forgetful=True)
    assert (pieces.outcomes, pieces.section) == (whole.outcomes, whole.section)
    assert sentry.paths == asked
    assert other.rows() == world.rows()


def test_the_same_error_in_the_logs_is_counted_beside(world: World, sentry: FakeSentry) -> None:
    commit(world.root, {"shop/cart.py": CART}, "Totals", "2026-11-15T00:00:00Z")
    sentry.events["1001"] = event(1, stack())
    world.night(sentry)
    world.logs = {"log": "logs/app.log", "errors": {world.rows()[0].error: 12}}
    ended = world.night(sentry)
    assert "12 times in logs/app.log" in ended.findings[0].message
    assert ended.section.facts["in_logs"] == 1
    error = world.rows()[0].error
    assert ended.section.facts["errors"] == {"1001": error}
    issue = {
        "label": "WEB-1",
        "state": "ongoing",
        "link": "https://sentry.example/organizations/acme/issues/1001/",
    }
    assert ended.section.facts["linked"] == {error: [issue]}


def test_the_error_of_an_issue_that_is_no_longer_listed_is_named_still(
    world: World, sentry: FakeSentry
) -> None:
    commit(world.root, {"shop/cart.py": CART}, "Totals", "2026-11-15T00:00:00Z")
    sentry.events["1001"] = event(1, stack())
    world.night(sentry)
    sentry.issues = {"web": []}
    ended = world.night(sentry)
    assert ended.section.facts["errors"] == {"1001": world.rows()[0].error}


def test_a_logged_message_without_a_stack_is_linked_to_the_line_of_the_log(
    world: World, sentry: FakeSentry
) -> None:
    sentry.issues = {"web": [entry(1, title="payment of order 7713 was refused", metadata=None)]}
    told = {"id": "a" * 16, "text": "payment of order <num> was refused", "exception": False}
    told |= {"count": 9, "origin": "shop/cart.py:15"}
    other = {**told, "id": "b" * 16, "text": "payment of order <num> was late"}
    world.logs = {"log": "logs/app.log", "errors": {}, "told": [told, other]}
    ended = world.night(sentry)
    assert list(ended.section.facts["linked"]) == ["a" * 16]
    assert ended.section.facts["errors"] == {"1001": "a" * 16}
    [found] = ended.findings
    assert "9 times in logs/app.log" in found.message
    assert found.action == "triage WEB-1 in Sentry (shop/cart.py:15 logs it)"


def test_an_issue_whose_stack_is_known_is_not_asked_for_again(world: World, sentry: FakeSentry) -> None:
    commit(world.root, {"shop/cart.py": CART}, "Totals", "2026-11-15T00:00:00Z")
    sentry.events["1001"] = event(1, stack())
    first = world.night(sentry)
    sentry.requests.clear()
    second = world.night(sentry)
    assert sentry.paths == ["/issues/"]
    assert second.findings[0].message == first.findings[0].message
    assert second.findings[0].identity == first.findings[0].identity
    sentry.change(1, substatus="escalating")
    world.night(sentry)
    assert "/issues/1001/events/latest/" in sentry.paths


def page(ended: Ended) -> list[str]:
    environment = render._environment(resources.text)
    text = environment.get_template("sections/sentry_query.md.j2").render(section=ended.section)
    return [line for line in text.splitlines() if line.strip()]


def test_the_section_lists_the_few_most_worth_a_look(world: World, sentry: FakeSentry) -> None:
    made = commit(world.root, {"shop/cart.py": CART}, "Totals", "2026-11-15T00:00:00Z")
    sentry.events["1001"] = event(1, stack(), value="'coupon'")
    sentry.issues["web"] += [entry(n, firstSeen="2026-11-20T09:00:00Z") for n in range(2, 10)]
    sentry.issues["web"].append(entry(10, level="info", count="1"))
    lines = page(world.night(sentry))
    assert lines[:4] == [
        "- 9 new, 1 recurring, 10 suggested fixes",
        "- Unresolved issues with events since the last night: 10",
        "- Severity and frequency: high: 9 constant; low: 1 single",
        "- Verdicts: 1 fix clear, 0 cause only, 9 need a person",
    ]
    assert len(lines) == 4 + 7
    assert lines[4].startswith(
        f"- WEB-1 `shop/cart.py:7`: new, fix clear; suspect {made[:12]} by Ann, 2026-11-15 (Totals); owner "
    )
    assert lines[4].endswith("issues/1001/`")


def test_the_section_names_what_was_settled_and_says_when_nobody_looked(
    world: World, sentry: FakeSentry
) -> None:
    commit(world.root, {"shop/cart.py": CART}, "Totals", "2026-11-15T00:00:00Z")
    sentry.events["1001"] = event(1, stack())
    world.night(sentry)
    sentry.resolve(1)
    assert page(world.night(sentry)) == [
        "- 0 new, 0 recurring, 0 suggested fixes",
        "- Unresolved issues with events since the last night: 0",
        "- Resolved: 1: WEB-1 (Sentry says so)",
    ]
    assert page(world.night(sentry, env={})) == ["- not measured"]
