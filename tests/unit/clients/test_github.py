"""The GitHub client against a server with state: paging, limits, and one sentence for each failure."""

import json
import threading
from collections.abc import Iterator

import httpx
import pytest
import stamina

from daydream.clients import asking, github
from daydream.config.model import TaskOptions
from daydream.errors import DaydreamError, Stopped
from daydream.processes import Stop
from tests.fakes.github_server import TOKEN, FakeGitHub, Reply, entry, serving


@pytest.fixture(autouse=True)
def _no_waiting() -> Iterator[None]:
    stamina.set_testing(True, attempts=asking.ATTEMPTS, cap=True)
    yield
    stamina.set_testing(False)


@pytest.fixture
def server() -> Iterator[FakeGitHub]:
    with serving(entries=[entry(n) for n in range(1, 6)]) as held:
        yield held


def options(server: FakeGitHub, **changes: str) -> TaskOptions:
    return TaskOptions.model_validate({"github": "acme/shop", "github_url": server.url, **changes})


def page(server: FakeGitHub, cursor: str | None = None, token: str = TOKEN, **changes: str) -> github.Page:
    return github.open_issues(options(server, **changes), token, Stop().check, cursor)


def test_reads_every_page_and_leaves_pull_requests_out(server: FakeGitHub) -> None:
    server.page_size = 2
    server.entries[1] = entry(2, pull_request={"merged_at": None})
    server.entries.append({"title": "no number"})
    seen, cursor = [], None
    while True:
        found = page(server, cursor)
        seen.append(([issue.number for issue in found.issues], found.pull_requests, found.unreadable))
        cursor = found.cursor
        if cursor is None:
            break
    assert seen == [([1], 1, 0), ([3, 4], 0, 0), ([5], 0, 1)]
    assert {method for method, _, _ in server.requests} == {"GET"}
    assert all("state=open" in path and "per_page=100" in path for path in server.paths)


def test_the_next_address_is_never_followed_only_its_number(server: FakeGitHub) -> None:
    link = '<https://elsewhere.example/steal?page=2>; rel="next"'
    server.script = [Reply(200, {"Link": link}, b"[]"), Reply(200, {"Link": '<http://[>; rel="next"'}, b"[]")]
    assert page(server).cursor == "page=2"
    assert page(server).cursor is None
    assert page(server, "page=2; rm").issues
    assert "page=2" not in server.paths[-1].replace("per_page", "")


def test_reads_what_matters_and_survives_other_shapes(server: FakeGitHub) -> None:
    odd = {"labels": "x", "assignees": None, "milestone": 3, "updated_at": "soon", "title": 5, "state": None}
    entries = [entry(7, **odd), entry(8, milestone={"title": "2.0"}, assignees=[{"login": "ann"}])]
    server.script = [Reply(200, {}, json.dumps(entries).encode())]
    first, second = page(server).issues
    assert (first.title, first.labels, first.milestone, first.updated_at) == (None, (), None, None)
    assert (second.milestone, second.assignees, second.labels) == ("2.0", ("ann",), ("bug",))


def test_one_issue_may_be_missing(server: FakeGitHub) -> None:
    server.entries.append(
        entry(9, state="closed", closed_at="2026-02-01T00:00:00Z", state_reason="completed")
    )
    found = github.issue(options(server), TOKEN, Stop().check, 9)
    assert found is not None
    assert (found.state, found.closed_at and found.closed_at.year) == ("closed", 2026)
    assert github.issue(options(server), TOKEN, Stop().check, 404) is None
    server.script = [Reply(301, {"Location": "/elsewhere"})]
    assert github.issue(options(server), TOKEN, Stop().check, 1) is None


def test_public_issues_need_no_token_and_none_is_sent(server: FakeGitHub) -> None:
    assert len(page(server, token="").issues) == 5
    assert "Authorization" not in server.requests[0][2]
    page(server)
    assert server.requests[1][2]["Authorization"] == f"Bearer {TOKEN}"


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (Reply(401), "does not accept the token in DAYDREAM_GITHUB_TOKEN"),
        (Reply(403), "does not let us read the issues of acme/shop"),
        (Reply(404), "knows no repository acme/shop"),
        (Reply(410), "issues are switched off for acme/shop"),
        (Reply(301, {"Location": "/repositories/1/issues"}), "acme/shop has moved"),
        (Reply(418), "answered 418"),
        (Reply(200, {}, b"<html>"), "not JSON"),
        (Reply(200, {}, b'{"message": "hi"}'), "not a list of issues"),
        (Reply(200, {}, b"[" * 100_000), "not JSON"),
        (Reply(200, {"Content-Encoding": "gzip"}, b"no gzip"), "does not answer as a web server should"),
        (Reply(403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "4102444800"}), "asks to wait"),
        (Reply(429, {"Retry-After": "3600"}), "asks to wait 3600 s"),
    ],
)
def test_each_refusal_is_one_sentence_and_asked_once(server: FakeGitHub, reply: Reply, words: str) -> None:
    server.script = [reply]
    with pytest.raises(github.GitHubSilent, match=words) as caught:
        page(server)
    assert len(server.requests) == 1
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize(
    ("reply", "kind", "words"),
    [
        (Reply(502), github.GitHubBroken, "answered 502 3 times"),
        (Reply(403, {"Retry-After": "0"}), github.GitHubSilent, "asked too often"),
        (Reply(429), github.GitHubSilent, "asked too often"),
    ],
)
def test_passing_trouble_is_retried_and_then_said(
    server: FakeGitHub, reply: Reply, kind: type[DaydreamError], words: str
) -> None:
    server.script = [reply, reply]
    assert len(page(server).issues) == 5
    server.script = [reply] * asking.ATTEMPTS
    with pytest.raises(kind, match=words):
        page(server)


def test_a_private_repository_without_a_token_says_what_to_export(server: FakeGitHub) -> None:
    server.private = True
    with pytest.raises(github.GitHubSilent, match="export DAYDREAM_GITHUB_TOKEN"):
        page(server, token="")


@pytest.mark.parametrize(
    "url", ["http://example.org", "ftp://x", "https://u:p@x", "https://", "https://x?y", "http://["]
)
def test_a_token_goes_over_tls_or_to_this_machine_only(server: FakeGitHub, url: str) -> None:
    with pytest.raises(github.GitHubSilent, match=r"\[tasks\] github_url must"):
        page(server, github_url=url)
    assert server.requests == []


def test_a_token_that_cannot_be_one_is_not_sent(server: FakeGitHub) -> None:
    with pytest.raises(github.GitHubSilent, match="export it again"):
        page(server, token="a b")
    assert server.requests == []


def test_a_server_that_is_not_there_is_one_sentence(server: FakeGitHub) -> None:
    with pytest.raises(github.GitHubSilent, match=r"no connection to 127\.0\.0\.1"):
        page(server, github_url="http://127.0.0.1:9")


def test_a_stop_ends_the_wait(server: FakeGitHub) -> None:
    held = threading.Event()
    server.script = [Reply(200, {}, b"[]", hold=held)]
    stop = Stop()
    stop.request()
    stop.request()
    with pytest.raises(Stopped):
        github.open_issues(options(server), TOKEN, stop.check, None)
    held.set()


def test_nothing_but_a_question_leaves_the_client() -> None:
    with pytest.raises(AssertionError, match="POST"):
        asking.only_get(httpx.Request("POST", "https://api.github.com"))
