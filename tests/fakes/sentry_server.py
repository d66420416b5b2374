"""A Sentry with state on 127.0.0.1: the issues list with paging, and the ways in which it goes wrong."""

import http.server
import json
import threading
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

TOKEN = "sntrys_fake-token-of-the-tests"


@dataclass
class Reply:
    """An answer that replaces the next good one."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b"{}"
    hold: threading.Event | None = None


@dataclass
class FakeSentry:
    """What the server holds, what it will say next, and what it was asked.

    `issues` maps project slugs to entries, most frequent first; `page_size` cuts the list.
    """

    issues: dict[str, list[Any]] = field(default_factory=dict)
    organization: str = "acme"
    page_size: int = 100
    script: list[Reply] = field(default_factory=list)
    requests: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    url: str = ""

    @property
    def queries(self) -> list[dict[str, str]]:
        """The parameters of every request, in order."""
        return [
            dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(path).query)) for _, path, _ in self.requests
        ]

    def answer(self, path: str, headers: dict[str, str]) -> Reply:
        """Answer as Sentry does."""
        if self.script:
            return self.script.pop(0)
        parts = urllib.parse.urlsplit(path)
        if headers.get("Authorization") != f"Bearer {TOKEN}":
            return Reply(401, body=b'{"detail": "Invalid token"}')
        if parts.path != f"/api/0/organizations/{self.organization}/issues/":
            return Reply(404, body=b'{"detail": "The requested resource does not exist"}')
        query = dict(urllib.parse.parse_qsl(parts.query))
        projects = [
            word.removeprefix("project:") for word in query["query"].split() if word.startswith("project:")
        ]
        if unknown := [name for name in projects if name not in self.issues]:
            return Reply(400, body=json.dumps({"detail": f"Invalid query. Unknown {unknown}"}).encode())
        return self._page([e for name in projects or sorted(self.issues) for e in self.issues[name]], query)

    def _page(self, entries: list[Any], query: dict[str, str]) -> Reply:
        size = min(self.page_size, int(query.get("limit", "100")))
        start = int(query.get("cursor", "0:0:0").split(":")[1])
        after = start + size
        more = "true" if after < len(entries) else "false"
        link = (
            f'<{self.url}/?&cursor=0:{max(0, start - size)}:1>; rel="previous"; '
            f'results="{"true" if start else "false"}"; cursor="0:{max(0, start - size)}:1", '
            f'<{self.url}/?&cursor=0:{after}:0>; rel="next"; results="{more}"; cursor="0:{after}:0"'
        )
        return Reply(200, {"Link": link}, json.dumps(entries[start:after]).encode())


def _handler(sentry: FakeSentry) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def _serve(self) -> None:
            headers = dict(self.headers.items())
            sentry.requests.append((self.command, self.path, headers))
            reply = sentry.answer(self.path, headers)
            if reply.hold is not None:
                reply.hold.wait(30)
            try:
                self.send_response(reply.status)
                for name, value in {"Content-Type": "application/json", **reply.headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(reply.body)))
                self.end_headers()
                self.wfile.write(reply.body)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True

        do_GET = do_POST = do_PUT = do_DELETE = _serve  # noqa: N815 -- the base's names

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 -- the base's name
            """Keep the tests' output quiet."""

    return Handler


@contextmanager
def serving(**state: Any) -> Iterator[FakeSentry]:
    """Serve a `FakeSentry` for the length of a block."""
    sentry = FakeSentry(**state)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _handler(sentry)) as server:
        server.daemon_threads = True
        sentry.url = f"http://127.0.0.1:{server.server_address[1]}"
        loop = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.01), daemon=True)
        loop.start()
        try:
            yield sentry
        finally:
            server.shutdown()
            loop.join()


def entry(number: int, **fields: Any) -> dict[str, Any]:
    """Build one issue as the API sends it."""
    return {
        "id": str(1000 + number),
        "shortId": f"WEB-{number}",
        "title": f"KeyError: 'k{number}'",
        "culprit": "shop.cart in add",
        "permalink": f"https://sentry.example/organizations/acme/issues/{1000 + number}/",
        "level": "error",
        "status": "unresolved",
        "substatus": "ongoing",
        "priority": "high",
        "count": str(500 - number),
        "userCount": 3,
        "firstSeen": "2026-11-01T08:00:00.000000Z",
        "lastSeen": "2026-11-21T01:00:00.000000Z",
        "metadata": {"type": "KeyError", "value": f"'k{number}'", "filename": "shop/cart.py"},
        "project": {"id": "7", "slug": "web", "name": "Web"},
        "a_field_from_the_future": [1, 2],
        **fields,
    }
