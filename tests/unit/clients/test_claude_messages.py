"""The Messages API as it is asked: one request, its price reckoned, and every refusal one sentence."""

import http.server
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from daydream.clients import claude_messages
from daydream.clients.claude_messages import Api
from daydream.clients.claude_reply import NoAnswer, Reply
from daydream.errors import Stopped

SCHEMA = {"type": "object"}
GOOD: dict[str, Any] = {
    "type": "message",
    "model": "claude-large-4-20260101",
    "content": [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": '{"evaluations": []}'}],
    "stop_reason": "end_turn",
    "usage": {"input_tokens": 1000, "output_tokens": 200},
}


class Server(http.server.ThreadingHTTPServer):
    """Answers from a list, the last one for ever: status, body, headers."""

    def __init__(self, *answers: tuple[int, Any, dict[str, str]]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers = list(answers)
        self.requests: list[tuple[str, dict[str, str], Any]] = []


class Handler(http.server.BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.requests.append((self.path, headers, json.loads(body)))
        answers = self.server.answers
        status, value, more = answers.pop(0) if len(answers) > 1 else answers[0]
        data = value if isinstance(value, bytes) else json.dumps(value).encode()
        self.send_response(status)
        for name, said in {"Content-Length": str(len(data)), **more}.items():
            self.send_header(name, said)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        """Stay silent."""


@pytest.fixture
def servers() -> Iterator[list[Server]]:
    started: list[Server] = []
    yield started
    for server in started:
        server.shutdown()
        server.server_close()


def serve(
    servers: list[Server], *answers: tuple[int, Any] | tuple[int, Any, dict[str, str]]
) -> tuple[Server, Api]:
    full = [answer if len(answer) == 3 else (*answer, {}) for answer in answers]
    server = Server(*full)
    servers.append(server)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    return server, api(f"http://127.0.0.1:{server.server_port}")


def api(url: str, pauses: tuple[float, ...] = (0.0, 0.0)) -> Api:
    return Api(url=url, model="claude-large-4", key="our-key", max_tokens=500, price_in=3e-6, price_out=15e-6, timeout_s=20, pauses=pauses)  # fmt: skip


def ask(where: Api) -> Reply:
    return claude_messages.ask(where, "Judge.", SCHEMA, lambda: None)


def refused(where: Api) -> NoAnswer:
    with pytest.raises(NoAnswer) as caught:
        ask(where)
    assert "our-key" not in str(caught.value)
    assert "\n" not in str(caught.value)
    return caught.value


def error(kind: str, message: str = "as documented") -> dict[str, Any]:
    return {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_1"}


def test_one_question_is_one_request_and_its_price_is_reckoned(servers: list[Server]) -> None:
    server, where = serve(servers, (200, GOOD))
    reply = ask(where)
    assert reply.text == '{"evaluations": []}'
    assert (reply.model, reply.cost_source) == ("claude-large-4-20260101", "estimate")
    assert reply.cost_usd == pytest.approx(1000 * 3e-6 + 200 * 15e-6)
    [(path, headers, body)] = server.requests
    assert path == "/v1/messages"
    assert (headers["x-api-key"], headers["anthropic-version"]) == ("our-key", "2023-06-01")
    assert body["output_config"] == {"format": {"type": "json_schema", "schema": SCHEMA}}
    assert (body["model"], body["max_tokens"], body["messages"][0]["content"]) == (
        "claude-large-4",
        500,
        "Judge.",
    )


def test_the_most_it_can_cost_counts_every_byte_as_a_token() -> None:
    assert claude_messages.most_usd(api("x"), "aä") == pytest.approx(3 * 3e-6 + 500 * 15e-6)


@pytest.mark.parametrize(
    ("status", "lasting", "said"),
    [
        (400, False, "not one that it takes"),
        (401, True, "judge.messages_key_env"),
        (402, True, "no money left"),
        (403, True, "may not ask"),
        (404, True, "judge.messages_model"),
        (413, False, "judge.batch"),
        (418, True, "judge.messages_url"),
        (307, True, "judge.messages_url"),
    ],
)
def test_a_refusal_is_final_and_says_what_to_do(
    servers: list[Server], status: int, lasting: bool, said: str
) -> None:
    server, where = serve(servers, (status, error("some_error", "for key sk-ant-api03-abcdefghijklmnop")))
    trouble = refused(where)
    assert said in str(trouble)
    assert "abcdefghijklmnop" not in str(trouble)
    assert trouble.lasting == lasting
    assert len(server.requests) == 1


def test_a_spending_limit_is_not_asked_again(servers: list[Server]) -> None:
    server, where = serve(servers, (429, error("rate_limit_error", "spend cap")))
    trouble = refused(where)
    assert trouble.lasting
    assert "a limit of the account" in str(trouble)
    assert len(server.requests) == 1


def test_whoever_says_when_to_come_back_is_obeyed(servers: list[Server]) -> None:
    server, where = serve(servers, (429, error("rate_limit_error"), {"Retry-After": "0"}), (200, GOOD))
    assert ask(where).model
    assert len(server.requests) == 2


def test_a_long_wait_is_left_to_another_night(servers: list[Server]) -> None:
    server, where = serve(servers, (429, error("rate_limit_error"), {"Retry-After": "3600"}))
    assert not refused(where).lasting
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [500, 503, 504, 529])
def test_trouble_over_there_is_asked_again_and_then_left(servers: list[Server], status: int) -> None:
    server, where = serve(servers, (status, error("overloaded_error")))
    trouble = refused(where)
    assert f"answered {status}" in str(trouble)
    assert not trouble.lasting
    assert len(server.requests) == 3


def test_trouble_that_passes_is_no_trouble(servers: list[Server]) -> None:
    server, where = serve(servers, (529, error("overloaded_error")), (200, GOOD))
    assert ask(where).text
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    "body",
    [
        b"<html>login</html>",
        b"",
        b"\xff\xfe",
        b"[" * 5000,
        {"type": "error", "error": {"type": "api_error"}},
        None,
        dict.fromkeys(GOOD),
        {**GOOD, "content": [None, {"type": "text", "text": None}]},
    ],
)
def test_an_answer_of_another_kind_is_no_answer(servers: list[Server], body: Any) -> None:
    _, where = serve(servers, (200, body))
    assert not refused(where).lasting


def test_a_refusing_model_is_paid_and_has_no_opinion(servers: list[Server]) -> None:
    _, where = serve(servers, (200, {**GOOD, "stop_reason": "refusal"}))
    assert refused(where).cost_usd == pytest.approx(0.006)


def test_a_reply_that_was_cut_off_is_a_reply(servers: list[Server]) -> None:
    _, where = serve(servers, (200, {**GOOD, "stop_reason": "max_tokens"}))
    assert ask(where).text


@pytest.mark.parametrize(
    "usage",
    [None, {}, {"input_tokens": -1, "output_tokens": 2}, {"input_tokens": True, "output_tokens": 1.5}],
)
def test_a_price_that_cannot_be_reckoned_is_unknown(servers: list[Server], usage: Any) -> None:
    _, where = serve(servers, (200, {**GOOD, "usage": usage}))
    reply = ask(where)
    assert (reply.cost_usd, reply.cost_source) == (None, "unknown")


def test_an_answer_without_end_is_cut_off(servers: list[Server]) -> None:
    _, where = serve(servers, (200, b" " * (17 << 20)))
    assert "16 MB" in str(refused(where))


def test_a_server_that_ends_in_the_middle_gave_no_answer(servers: list[Server]) -> None:
    _, where = serve(servers, (200, b"{", {"Content-Length": "100"}))
    assert "whole" in str(refused(where))


def test_nobody_there_and_nothing_was_sent() -> None:
    trouble = refused(api("http://127.0.0.1:1"))
    assert (trouble.lasting, trouble.sent) == (True, False)


@pytest.mark.parametrize("url", ["http://api.example.com", "ftp://x", "", "https://user:pw@x.example"])
def test_a_key_goes_to_nobody_over_an_open_line(url: str) -> None:
    trouble = refused(api(url))
    assert (trouble.lasting, trouble.sent) == (True, False)
    assert "judge.messages_url" in str(trouble)


def test_a_stop_ends_the_asking(servers: list[Server]) -> None:
    _, where = serve(servers, (529, error("overloaded_error")))

    def check() -> None:
        raise Stopped("enough")

    with pytest.raises(Stopped):
        claude_messages.ask(where, "Judge.", SCHEMA, check)


def test_the_key_is_in_no_representation() -> None:
    assert "our-key" not in repr(api("https://api.anthropic.com"))
