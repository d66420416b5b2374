"""A server on 127.0.0.1 that speaks as OpenAI's does, and misbehaves in every way that such servers are known for."""

import gzip
import http.server
import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

KEY = "sk-or-v1-fake0key0of0the0tests0and0nothing0else"


@dataclass
class Say:
    """An answer: `payload` as JSON unless `body` is given; the rest says how it goes wrong.

    `hold` keeps it back until the event is set; `reset` cuts the connection after the head, `drop` before it;
    `drip` sends the body byte by byte, waiting for the event between two.
    """

    payload: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    hold: threading.Event | None = None
    reset: bool = False
    drop: bool = False
    drip: threading.Event | None = None

    def content(self) -> bytes:
        return json.dumps(self.payload).encode() if self.body is None else self.body


def completion(content: Any, **changes: Any) -> dict[str, Any]:
    """A completion that says `content`; keys of `changes` replace those of the choice, the message or the whole."""
    message: dict[str, Any] = {"role": "assistant", "content": content}
    choice: dict[str, Any] = {"index": 0, "finish_reason": "stop", "message": message}
    whole: dict[str, Any] = {
        "id": "gen-1",
        "object": "chat.completion",
        "model": "real/model-2026",
        "choices": [choice],
        "usage": {"prompt_tokens": 100, "completion_tokens": 50, "total_tokens": 150, "cost": 0.001},
    }
    for key, value in changes.items():
        if key in ("reasoning_content", "reasoning", "refusal"):
            message[key] = value
        elif key in ("finish_reason", "error_in_choice"):
            choice["error" if key == "error_in_choice" else key] = value
        else:
            whole[key] = value
    return whole


def failure(status: int, kind: str | None = None, message: str = "no", **more: Any) -> Say:
    """An error as OpenRouter words it."""
    headers = more.pop("headers", {})
    http_status = more.pop("http_status", status)
    metadata = {"error_type": kind} if kind else {}
    return Say(
        {"error": {"code": status, "message": message, "metadata": metadata, **more}}, http_status, headers
    )


@dataclass
class FakeModels:
    """`script` holds the next answers in order of arrival; then `answers` gives one for each request's body.

    `requests` are the bodies of conversations in order of arrival, `heads` their headers; `busiest` is how many were
    under way at once. `models` is what `GET /models` says; `listed` counts who asked for it.
    """

    answers: Callable[[dict[str, Any]], Say] = lambda _: Say(completion("{}"))
    script: list[Say] = field(default_factory=list)
    models: Any = field(default_factory=lambda: {"data": []})
    requests: list[dict[str, Any]] = field(default_factory=list)
    heads: list[dict[str, str]] = field(default_factory=list)
    listed: int = 0
    busiest: int = 0
    under_way: int = 0
    arrived: threading.Condition = field(default_factory=threading.Condition)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def wait_for(self, number: int) -> bool:
        """Wait until so many conversations arrived."""
        with self.arrived:
            return self.arrived.wait_for(lambda: len(self.requests) >= number, timeout=20)

    def reply(self, body: dict[str, Any], headers: dict[str, str]) -> Say:
        with self.arrived:
            self.requests.append(body)
            self.heads.append(headers)
            self.under_way += 1
            self.busiest = max(self.busiest, self.under_way)
            say = self.script.pop(0) if self.script else None
            self.arrived.notify_all()
        return say or self.answers(body)


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    fake: FakeModels

    def do_GET(self) -> None:
        self.fake.listed += 1
        self._send(Say(self.fake.models))

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", "0"))
        body = json.loads(self.rfile.read(length))
        say = self.fake.reply(body, dict(self.headers.items()))
        try:
            self._send(say)
        finally:
            with self.fake.arrived:
                self.fake.under_way -= 1

    def _send(self, say: Say) -> None:
        if say.hold:
            say.hold.wait(20)
        self.close_connection = True
        if say.drop:
            self._cut()
            return
        content = say.content()
        try:
            self.send_response(say.status)
            for name, value in {"Content-Type": "application/json", **say.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Connection", "close")
            self.end_headers()
            if say.reset:
                self.wfile.write(content[: len(content) // 2])
                self.wfile.flush()
                self._cut()
            elif say.drip:
                self._drip(content, say.drip)
            else:
                self.wfile.write(content)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def _drip(self, content: bytes, ended: threading.Event) -> None:
        for place in range(len(content)):
            self.wfile.write(content[place : place + 1])
            self.wfile.flush()
            if ended.wait(0.02):
                return

    def _cut(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.rfile.close()
        self.wfile = _Nowhere()  # type: ignore[assignment]

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 -- the name it overrides
        """Say nothing."""


class _Nowhere:
    closed = True

    def flush(self) -> None: ...

    def close(self) -> None: ...


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    # A suite kills clients in the middle of their requests; what remains of those connections is of no interest.
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients may vanish."""


@contextmanager
def serving(**given: Any) -> Iterator[FakeModels]:
    """Serve a `FakeModels` made of `given` for the length of a block."""
    fake = FakeModels(**given)
    handler = type("Handler", (_Handler,), {"fake": fake})
    server = _Server(("127.0.0.1", 0), handler)
    fake.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def zipped(payload: Any) -> bytes:
    """A body that is compressed although nobody asked for it."""
    return gzip.compress(json.dumps(payload).encode())
