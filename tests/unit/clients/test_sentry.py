"""The Sentry client against a real HTTP server: what it asks, what it survives, what it says."""

import datetime as dt
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import stamina

from daydream.clients.asking import ATTEMPTS, Unanswered, attended
from daydream.clients.sentry import (
    Access,
    Page,
    SentryBroken,
    SentrySilent,
    issue,
    issues,
    latest_event,
    releases,
)
from daydream.config.model import SentryOptions
from daydream.errors import Stopped
from tests.fakes.sentry_server import TOKEN, FakeSentry, Reply, entry, event, frame, serving


@pytest.fixture(autouse=True)
def _no_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=ATTEMPTS, cap=True):
        yield


def options(sentry: FakeSentry | None = None, **fields: Any) -> SentryOptions:
    url = sentry.url if sentry else "https://sentry.example"
    return SentryOptions(**{"base_url": url, "organization": "acme", "timeout": 10.0, **fields})


def access(asked: SentryOptions, token: str = TOKEN) -> Access:
    return Access(asked, token, lambda: None)


def ask(
    asked: SentryOptions, *, token: str = TOKEN, project: str | None = None, cursor: str | None = None
) -> Page:
    return issues(access(asked, token), project, 24, cursor)


def refusal(asked: SentryOptions, **given: Any) -> str:
    with pytest.raises(SentrySilent) as caught:
        ask(asked, **given)
    return str(caught.value)


def test_asks_for_a_day_of_unresolved_issues_with_the_token_and_get_only() -> None:
    with serving(issues={"web": [entry(1)]}) as sentry:
        page = ask(options(sentry), project="web")
    assert [issue.shortId for issue in page.issues] == ["WEB-1"]
    [(method, path, headers)] = sentry.requests
    assert (method, path.partition("?")[0]) == ("GET", "/api/0/organizations/acme/issues/")
    assert headers["Authorization"] == f"Bearer {TOKEN}"
    assert sentry.queries == [
        {
            "query": "is:unresolved project:web",
            "statsPeriod": "24h",
            "groupStatsPeriod": "24h",
            "sort": "freq",
            "limit": "100",
        }
    ]


def test_follows_the_link_header_until_it_says_that_no_results_follow() -> None:
    with serving(issues={"web": [entry(n) for n in range(5)]}, page_size=2) as sentry:
        cursor, ids = None, []
        for _ in range(3):
            page = ask(options(sentry), cursor=cursor)
            ids += [issue.id for issue in page.issues]
            cursor = page.cursor
    assert ids == ["1000", "1001", "1002", "1003", "1004"]
    assert cursor is None
    assert [query.get("cursor") for query in sentry.queries] == [None, "0:2:0", "0:4:0"]


def test_survives_null_everywhere_and_counts_entries_without_an_id() -> None:
    bare = dict.fromkeys(entry(1), None) | {"id": "7"}
    odd = entry(2, count=-1, userCount=True, firstSeen="yesterday", metadata=[], project="web", title={})
    odd |= {"stats": 3, "statusDetails": "none", "lifetime": "long", "firstSeen": "yesterday"}
    with serving(issues={"web": [bare, odd, {"title": "no id"}, "text", None, {"id": ""}]}) as sentry:
        page = ask(options(sentry))
    assert [issue.id for issue in page.issues] == ["7", "1002"]
    assert page.unreadable == 4
    empty, strange = page.issues
    assert (empty.title, empty.count, empty.firstSeen, empty.metadata.type) == (None, None, None, None)
    assert (strange.count, strange.userCount, strange.first, strange.title) == (None, None, None, None)
    assert (strange.recent, strange.total, strange.statusDetails.inCommit) == (None, None, None)


def test_reads_a_count_that_is_a_string_or_a_number() -> None:
    with serving(issues={"web": [entry(1, count="12"), entry(2, count=13)]}) as sentry:
        assert [issue.count for issue in ask(options(sentry)).issues] == [12, 13]


@pytest.mark.parametrize("broken", [500, 502, 503])
def test_tries_again_after_an_error_of_the_server(broken: int) -> None:
    with serving(issues={"web": [entry(1)]}, script=[Reply(broken)]) as sentry:
        assert len(ask(options(sentry)).issues) == 1
    assert len(sentry.requests) == 2


def test_gives_up_on_a_server_that_stays_broken() -> None:
    with (
        serving(script=[Reply(500)] * 9) as sentry,
        pytest.raises(SentryBroken, match="answered 500 3 times"),
    ):
        ask(options(sentry))
    assert len(sentry.requests) == ATTEMPTS


@pytest.mark.parametrize(
    "headers",
    [
        {"Retry-After": "0"},
        {"Retry-After": "Thu, 01 Jan 1970 00:00:00 GMT"},
        {"X-Sentry-Rate-Limit-Reset": "1"},
        {},
    ],
)
def test_asks_again_when_told_to_slow_down(headers: dict[str, str]) -> None:
    with serving(issues={"web": [entry(1)]}, script=[Reply(429, headers)]) as sentry:
        assert len(ask(options(sentry)).issues) == 1
    assert len(sentry.requests) == 2


@pytest.mark.parametrize("headers", [{"Retry-After": "3600"}, {"X-Sentry-Rate-Limit-Reset": "99999999999"}])
def test_does_not_wait_longer_than_its_cap(headers: dict[str, str]) -> None:
    with serving(script=[Reply(429, headers)]) as sentry:
        assert "longer than a night waits" in refusal(options(sentry))
    assert len(sentry.requests) == 1


def test_is_silent_when_it_is_asked_too_often_for_good() -> None:
    with serving(script=[Reply(429)] * 9) as sentry:
        assert "asked too often" in refusal(options(sentry))
    assert len(sentry.requests) == ATTEMPTS


@pytest.mark.parametrize(
    ("reply", "sentence"),
    [
        (Reply(403), "event:read and project:read"),
        (Reply(418), "answered 418"),
        (Reply(400), "answered 400"),
        (
            Reply(200, {"Content-Type": "text/html; charset=utf-8"}, b"<html>Log in</html>"),
            "text/html that is not JSON",
        ),
        (Reply(200, {"Content-Type": "\tstrange \u00e9"}, b"\xff\xfe"), "something that is not JSON"),
        (Reply(200, {}, b"[" * 100_000), "not JSON"),
        (Reply(200, {}, b'{"detail": "hello"}'), "not a list of issues"),
    ],
)
def test_says_in_one_sentence_why_it_could_not_look(reply: Reply, sentence: str) -> None:
    with serving(script=[reply]) as sentry:
        said = refusal(options(sentry))
    assert sentence in said
    assert "\n" not in said
    assert len(sentry.requests) == 1


def test_names_the_variable_of_a_refused_token_and_never_the_token() -> None:
    with serving() as sentry:
        said = refusal(options(sentry), token="sntrys_wrong")
    assert "DAYDREAM_SENTRY_TOKEN" in said
    assert "sntrys_wrong" not in said


def test_numbers_of_a_period_and_of_a_life_are_told_apart() -> None:
    listed = entry(1, count="12", userCount=3, firstSeen="2026-01-02T00:00:00Z") | {"count": "5"}
    bare = {"id": "2", "count": "12", "firstSeen": "2026-01-02T00:00:00Z", "stats": {"24h": [[1, 2], [2, 3]]}}
    odd = {"id": "3", "stats": {"24h": [[1, 2], [2]]}}
    with serving(issues={"web": [listed, bare, odd]}) as sentry:
        first, second, third = ask(options(sentry)).issues
    assert (first.recent, first.total, first.users) == (5, 12, 3)
    assert first.first is not None
    assert first.first.month == 1
    assert (second.recent, second.total, second.first) == (5, 12, first.first)
    assert (third.recent, third.total) == (None, None)


def test_reads_the_latest_event_with_the_frames_of_what_was_raised_last() -> None:
    frames = [frame("/srv/app/shop/cart.py", "add", 14, "    total = prices[key]")]
    held = {"1001": event(1, frames, release={"version": "web@1.2", "lastCommit": {"id": "a" * 40}})}
    held["1001"]["entries"][1]["data"]["values"].insert(0, {"type": "Cause", "stacktrace": None})
    with serving(issues={"web": [entry(1)]}, events=held) as sentry:
        found = latest_event(access(options(sentry)), "1001")
        assert latest_event(access(options(sentry)), "1002") is None
        assert sentry.paths == ["/issues/1001/events/latest/", "/issues/1002/events/latest/"]
    assert found is not None
    assert found.raised is not None
    assert (found.raised.type, found.environment) == ("KeyError", "production")
    [read] = found.raised.frames
    assert (read.absPath, read.lineNo, read.source) == (
        "/srv/app/shop/cart.py",
        14,
        "    total = prices[key]",
    )
    assert found.release is not None
    assert (found.release.version, found.release.commit) == ("web@1.2", "a" * 40)


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"entries": None, "tags": None, "release": None, "exception": None},
        {"entries": [None, {"type": "exception"}, {"type": "exception", "data": {"values": None}}]},
        {
            "entries": [{"type": "exception", "data": {"values": [None, 3]}}],
            "tags": [None, {"key": 1}, ["a"]],
        },
        {"entries": [{"type": "exception", "data": {"values": [{"stacktrace": {"frames": [None, {}]}}]}}]},
        {"exception": {"values": [{"type": None, "value": 3, "stacktrace": {"frames": "x"}}]}},
        {"release": {"version": None}, "timestamp": 1e300, "dateCreated": 3},
    ],
)
def test_an_event_may_be_null_everywhere(payload: dict[str, Any]) -> None:
    with serving(events={"1001": payload}) as sentry:
        found = latest_event(access(options(sentry)), "1001")
    assert found is not None
    assert found.release is None
    assert found.raised is None or found.raised.type is None


def test_one_issue_says_by_what_it_was_resolved() -> None:
    with serving(issues={"web": [entry(1), entry(2)]}) as sentry:
        sentry.resolve(1, inCommit="b" * 40)
        sentry.resolve(2, inCommit={"id": "c" * 40, "repository": {}}, inRelease="1.3")
        first, second = (issue(access(options(sentry)), f"100{n}") for n in (1, 2))
        assert issue(access(options(sentry)), "../7") is None
        assert "%2F" in sentry.requests[-1][1]
    assert first is not None
    assert second is not None
    assert (first.status, first.statusDetails.inCommit) == ("resolved", "b" * 40)
    assert (second.statusDetails.inCommit, second.statusDetails.inRelease) == ("c" * 40, "1.3")


def test_releases_carry_their_commit_where_one_is_named() -> None:
    listed = [
        {"version": "web@1.3", "lastCommit": {"id": "d" * 40}, "dateReleased": "2026-11-20T00:00:00Z"},
        {"version": "e" * 40, "dateCreated": "2026-11-19T00:00:00Z"},
        {"version": "1.1", "ref": "main"},
        {"version": None},
        "1.0",
    ]
    with serving(releases=listed) as sentry:
        found = releases(access(options(sentry)), "7")
        assert "project=7" in sentry.requests[0][1]
        sentry.scripts["/releases/"] = [Reply(403)]
        assert releases(access(options(sentry)), None) is None
    assert found is not None
    assert [(each.version, each.commit) for each in found] == [
        ("web@1.3", "d" * 40),
        ("e" * 40, "e" * 40),
        ("1.1", None),
        ("1.0", None),
    ]


def test_an_environment_narrows_every_question() -> None:
    with serving(issues={"web": [entry(1)]}) as sentry:
        ask(options(sentry, environment="production"))
        issue(access(options(sentry, environment="production")), "1001")
    assert all("environment=production" in path for _, path, _ in sentry.requests)


def test_another_region_is_named_and_never_asked_with_the_token() -> None:
    with serving() as other:
        region = other.url.replace("127.0.0.1", "localhost")
        with serving(region=region, scripts={"/issues/": [Reply(404)]}) as sentry:
            said = refusal(options(sentry))
            assert f'set [sentry] region_url = "{region}"' in said
            assert other.requests == []
            sentry.scripts["/issues/"] = [Reply(404)]
            sentry.region = "javascript:alert(1)"
            assert "knows no organisation" in refusal(options(sentry))
    with serving(issues={"web": [entry(1)]}) as home:
        assert ask(options(base_url="https://sentry.example", region_url=home.url)).issues
        assert "region_url must begin" in refusal(options(home, region_url="http://us.sentry.example"))


@pytest.mark.parametrize("times", [1, ATTEMPTS])
def test_a_connection_that_is_reset_is_tried_again_and_then_said(times: int) -> None:
    with serving(issues={"web": [entry(1)]}, script=[Reply(200, reset=True)] * times) as sentry:
        if times < ATTEMPTS:
            assert len(ask(options(sentry)).issues) == 1
        else:
            assert "ended the connection 3 times" in refusal(options(sentry))
    assert len(sentry.requests) == min(times + 1, ATTEMPTS)


def test_the_servers_clock_is_told() -> None:
    now = dt.datetime(2031, 1, 2, 3, 4, 5, tzinfo=dt.UTC)
    with serving(now=now) as sentry:
        assert ask(options(sentry)).now == now


def test_names_an_unknown_organisation_and_an_unknown_project() -> None:
    with serving(issues={"web": []}) as sentry:
        assert "'acne'" in refusal(options(sentry, organization="acne"))
        assert "'wbe'" in refusal(options(sentry), project="wbe")


def test_follows_no_redirect_with_the_token() -> None:
    with serving() as other, serving(script=[Reply(302, {"Location": other.url + "/x"})]) as sentry:
        said = refusal(options(sentry))
    assert "redirects to 127.0.0.1" in said
    assert other.requests == []


@pytest.mark.parametrize("location", ["", "http://[", "/elsewhere"])
def test_survives_a_redirect_to_nowhere(location: str) -> None:
    with serving(script=[Reply(301, {"Location": location})]) as sentry:
        assert "redirects to a" in refusal(options(sentry))


@pytest.mark.parametrize(
    "base",
    [
        "http://sentry.example",
        "https://user:secret@sentry.example",
        "ftp://sentry.example",
        "sentry.example",
        "",
        "http://[",
        "https://sentry.example:port",
    ],
)
def test_sends_the_token_over_tls_only(base: str) -> None:
    said = refusal(options(base_url=base))
    assert "https://" in said
    assert "secret" not in said


@pytest.mark.parametrize("name", ["localhost", "127.9.9.9", "[::1]"])
def test_plain_http_reaches_this_machine_only(name: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert "no connection" in refusal(options(base_url=f"http://{name}:{port}"))


@pytest.mark.parametrize(
    ("fields", "given", "sentence"),
    [
        ({"organization": "a/../b"}, {}, "organization must be the slug"),
        ({"organization": None}, {}, "organization must be the slug"),
        ({}, {"project": "web is:resolved"}, "projects must be project slugs"),
        ({}, {"token": "two words"}, "DAYDREAM_SENTRY_TOKEN holds"),
        ({}, {"token": "tok\nen"}, "DAYDREAM_SENTRY_TOKEN holds"),
    ],
)
def test_refuses_configuration_that_would_change_the_request(
    fields: dict[str, Any], given: dict[str, Any], sentence: str
) -> None:
    with serving() as sentry:
        assert sentence in refusal(options(sentry, **fields), **given)
    assert sentry.requests == []


def test_says_that_an_untrusted_certificate_is_not_trusted() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        answering = threading.Thread(target=_refuse_tls, args=(server,), daemon=True)
        answering.start()
        said = refusal(options(base_url=f"https://127.0.0.1:{server.getsockname()[1]}"))
        answering.join(10)
    assert "certificate" in said


def _refuse_tls(server: socket.socket) -> None:
    connection, _ = server.accept()
    with connection:
        connection.recv(4096)
        connection.sendall(b"\x15\x03\x03\x00\x02\x02\x30")  # a fatal alert: unknown_ca


def test_says_when_what_answers_is_no_web_server() -> None:
    with serving(script=[Reply(302, {"Location": "http://a:b/"})]) as sentry:
        assert "as a web server should" in refusal(options(sentry))


def test_a_slow_server_ends_in_a_time_out() -> None:
    hold = threading.Event()
    with serving(script=[Reply(200, hold=hold)]) as sentry:
        said = refusal(options(sentry, timeout=0.05))
        hold.set()
    assert "did not answer within 0.05 s" in said


def test_a_stop_ends_the_wait_at_once() -> None:
    hold = threading.Event()

    def check() -> None:
        if sentry.requests:
            raise Stopped

    with serving(script=[Reply(200, hold=hold)]) as sentry:
        with pytest.raises(Stopped):
            issues(Access(options(sentry), TOKEN, check), None, 24, None)
        hold.set()


def test_a_server_that_never_comes_to_an_end_is_left() -> None:
    hold = threading.Event()
    with pytest.raises(Unanswered):
        attended(hold.wait, lambda: None, 0.0)
    hold.set()


def test_gives_up_when_the_answer_is_larger_than_any_page() -> None:
    with serving(script=[Reply(200, {}, b" " * (17 * 2**20))]) as sentry:
        assert "more than 16 MB" in refusal(options(sentry))


def test_a_strange_cursor_is_not_followed() -> None:
    link = '<https://x/>; rel="next"; results="true"; cursor="0:1:0&query="'
    with serving(script=[Reply(200, {"Link": link}, b"[]")]) as sentry:
        page = ask(options(sentry))
    assert (page.issues, page.unreadable, page.cursor) == ((), 0, None)
