"""Addresses asked over real HTTP: three states, politely, and never inside one's own network."""

import socket
import threading
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from daydream.clients.links import AGENT, Answer, Asker
from daydream.errors import OutOfBudget


class Server(ThreadingHTTPServer):
    """Answers what its table says and remembers what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[tuple[str, str, str, str]] = []
        self.answers: dict[str, tuple[int, dict[str, str]]] = {}
        self.only_get: set[str] = set()

    @property
    def place(self) -> str:
        """Its host and port."""
        return f"127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    """One answer."""

    server: Server

    def _answer(self) -> None:
        headers = self.headers
        self.server.asked.append(
            (self.command, self.path, headers.get("User-Agent", ""), headers.get("Cookie", ""))
        )
        status, more = self.server.answers.get(self.path, (200, {}))
        if self.command == "HEAD" and self.path in self.server.only_get:
            status = 405
        self.send_response(status)
        for name, value in more.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_HEAD = do_GET = _answer  # noqa: N815 -- the library's names

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as found:
        thread = threading.Thread(target=found.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield found
        found.shutdown()
        thread.join()


def nothing() -> None:
    """Nobody stops."""


def asker(server: Server) -> Asker:
    return Asker(nothing, allowed=[server.place], delay_s=0.0, timeout_s=5.0)


@pytest.mark.parametrize(
    ("status", "state"),
    [
        *((200, "ok"), (204, "ok"), (404, "gone"), (410, "gone")),
        *(
            (401, "unknown"),
            (403, "unknown"),
            (429, "unknown"),
            (500, "unknown"),
            (503, "unknown"),
            (304, "unknown"),
        ),
    ],
)
def test_each_status_is_one_of_three_states(server: Server, status: int, state: str) -> None:
    server.answers["/x"] = (status, {})
    assert asker(server).ask(f"http://{server.place}/x").state == state


def test_it_asks_with_head_first_and_gets_only_where_head_says_no(server: Server) -> None:
    server.only_get.add("/get")
    asking = asker(server)
    states = [asking.ask(f"http://{server.place}/{name}").state for name in ("head", "get")]
    assert states == ["ok", "ok"]
    assert [asked[:2] for asked in server.asked] == [("HEAD", "/head"), ("HEAD", "/get"), ("GET", "/get")]


def test_it_says_who_it_is_and_carries_no_cookies(server: Server) -> None:
    server.answers["/a"] = (302, {"Location": "/b", "Set-Cookie": "x=1"})
    asker(server).ask(f"http://{server.place}/a#part")
    assert {asked[2] for asked in server.asked} == {AGENT}
    assert {asked[3] for asked in server.asked} == {""}


def test_a_lasting_redirect_is_followed_and_told(server: Server) -> None:
    server.answers["/old"] = (301, {"Location": "/new"})
    server.answers["/now"] = (302, {"Location": "/new"})
    asking = asker(server)
    assert asking.ask(f"http://{server.place}/old") == Answer("ok", "", f"http://{server.place}/new")
    assert asking.ask(f"http://{server.place}/now") == Answer("ok")


def test_a_redirect_to_what_is_gone_is_gone(server: Server) -> None:
    server.answers.update({"/a": (301, {"Location": "/b"}), "/b": (404, {})})
    assert asker(server).ask(f"http://{server.place}/a").state == "gone"


@pytest.mark.parametrize(
    "location",
    [
        "file:///etc/passwd",
        "ftp://x.test/",
        "http://127.0.0.1:1/",
        "http://169.254.169.254/latest",
        "http://[::1]/",
    ],
)
def test_a_redirect_to_another_scheme_or_into_a_private_network_is_not_followed(
    server: Server, location: str
) -> None:
    server.answers["/a"] = (302, {"Location": location})
    assert asker(server).ask(f"http://{server.place}/a").state == "unknown"
    assert {asked[1] for asked in server.asked} == {"/a"}


def test_a_circle_of_redirects_ends(server: Server) -> None:
    server.answers["/a"] = (302, {"Location": "/a"})
    answer = asker(server).ask(f"http://{server.place}/a")
    assert (answer.state, "redirects" in answer.why) == ("unknown", True)


@pytest.mark.parametrize(
    "place",
    [
        "127.0.0.1",
        "10.0.0.1",
        "192.168.1.1",
        "169.254.1.1",
        "0.0.0.0",
        "::1",
        "fe80::1",
        "::ffff:10.0.0.1",
        "224.0.0.1",
    ],
)
def test_a_name_that_leads_into_a_private_network_is_refused(server: Server, place: str) -> None:
    def look_up(_host: str, _port: int) -> Sequence[str]:
        return [place]

    answer = Asker(nothing, delay_s=0.0, look_up=look_up).ask("http://docs.somewhere.org/")
    assert (answer.state, "private" in answer.why) == ("unknown", True)


@pytest.mark.parametrize(
    "address",
    [
        "http://user:secret@x.org/",
        "ftp://x.org/",
        "http://x.org:22/",
        "http://",
        "http://[",
        "not an address",
        "http://\0/",
    ],
)
def test_what_is_no_plain_web_address_is_not_asked(address: str) -> None:
    def look_up(_host: str, _port: int) -> Sequence[str]:
        raise AssertionError

    assert Asker(nothing, delay_s=0.0, look_up=look_up).ask(address).state == "unknown"


@pytest.mark.parametrize(("code", "state"), [(socket.EAI_NONAME, "gone"), (socket.EAI_AGAIN, "unknown")])
def test_a_host_that_does_not_exist_is_gone_and_one_that_cannot_be_looked_up_is_not(
    code: int, state: str
) -> None:
    def look_up(_host: str, _port: int) -> Sequence[str]:
        raise socket.gaierror(code, "no")

    assert Asker(nothing, delay_s=0.0, look_up=look_up).ask("https://gone.somewhere.org/x").state == state


def test_nobody_listening_is_unknown() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{free.getsockname()[1]}"
        answer = Asker(nothing, allowed=[place], delay_s=0.0).ask(f"http://{place}/")
    assert answer.state == "unknown"


def test_a_server_that_never_answers_is_unknown_after_the_time_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        place = f"127.0.0.1:{silent.getsockname()[1]}"
        answer = Asker(nothing, allowed=[place], delay_s=0.0, timeout_s=0.1).ask(f"http://{place}/")
    assert answer == Answer("unknown", "no answer in time")


def test_a_stop_is_heeded_while_it_waits() -> None:
    def stop() -> None:
        raise OutOfBudget("stop")

    with socket.create_server(("127.0.0.1", 0)) as silent:
        place = f"127.0.0.1:{silent.getsockname()[1]}"
        asking = Asker(stop, allowed=[place], delay_s=0.0, timeout_s=0.2)
        with pytest.raises(OutOfBudget):
            asking.ask(f"http://{place}/")
