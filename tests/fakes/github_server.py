"""A GitHub with state on 127.0.0.1: a repository's issues with paging, and the ways in which it goes wrong."""

import http.server
import json
import threading
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

TOKEN = "github_pat_fake-token-of-the-tests"


@dataclass
class Reply:
    """An answer that replaces the next good one."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b"{}"
    hold: threading.Event | None = None


@dataclass
class FakeGitHub:
    """What the server holds, what it will say next, and what it was asked.

    `entries` are issues and pull requests of every state; `page_size` cuts the list. `private` asks for the token.
    """

    entries: list[Any] = field(default_factory=list)
    repository: str = "acme/shop"
    page_size: int = 100
    private: bool = False
    script: list[Reply] = field(default_factory=list)
    requests: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    url: str = ""

    @property
    def paths(self) -> list[str]:
        """The path and query of every request, in order."""
        return [path for _, path, _ in self.requests]

    def answer(self, path: str, headers: dict[str, str]) -> Reply:
        """Answer as GitHub does."""
        if self.script:
            return self.script.pop(0)
        parts = urllib.parse.urlsplit(path)
        given = headers.get("Authorization")
        if given not in (None, f"Bearer {TOKEN}"):
            return Reply(401, body=b'{"message": "Bad credentials"}')
        here = f"/repos/{self.repository}/issues"
        if not parts.path.startswith(here) or (self.private and given is None):
            return Reply(404, body=b'{"message": "Not Found"}')
        if parts.path == here:
            return self._page(dict(urllib.parse.parse_qsl(parts.query)))
        number = int(parts.path.rpartition("/")[2])
        for each in self.entries:
            if isinstance(each, dict) and each.get("number") == number:
                return Reply(200, body=json.dumps(each).encode())
        return Reply(404, body=b'{"message": "Not Found"}')

    def _page(self, query: dict[str, str]) -> Reply:
        entries = [
            e for e in self.entries if not isinstance(e, dict) or e.get("state", "open") == query["state"]
        ]
        size = min(self.page_size, int(query.get("per_page", "30")))
        page = int(query.get("page", "1"))
        headers = {"X-RateLimit-Remaining": "57"}
        if page * size < len(entries):
            rest = urllib.parse.urlencode({**query, "page": page + 1})
            headers["Link"] = (
                f'<{self.url}/repositories/7/issues?{rest}>; rel="next", <{self.url}/x?page=9>; rel="last"'
            )
        return Reply(200, headers, json.dumps(entries[(page - 1) * size : page * size]).encode())


def _handler(github: FakeGitHub) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def _serve(self) -> None:
            headers = dict(self.headers.items())
            github.requests.append((self.command, self.path, headers))
            reply = github.answer(self.path, headers)
            if reply.hold is not None:
                reply.hold.wait(30)
            try:
                self.send_response(reply.status)
                for name, value in {
                    "Content-Type": "application/json; charset=utf-8",
                    **reply.headers,
                }.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(reply.body)))
                self.end_headers()
                self.wfile.write(reply.body)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815 -- the base's names

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 -- the base's name
            """Keep the tests' output quiet."""

    return Handler


@contextmanager
def serving(**state: Any) -> Iterator[FakeGitHub]:
    """Serve a `FakeGitHub` for the length of a block."""
    github = FakeGitHub(**state)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _handler(github)) as server:
        server.daemon_threads = True
        github.url = f"http://127.0.0.1:{server.server_address[1]}"
        loop = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.01), daemon=True)
        loop.start()
        try:
            yield github
        finally:
            server.shutdown()
            loop.join()


def entry(number: int, **fields: Any) -> dict[str, Any]:
    """Build one issue as the API sends it."""
    return {
        "id": 9000 + number,
        "number": number,
        "title": f"Issue number {number}",
        "state": "open",
        "state_reason": None,
        "created_at": "2025-01-10T08:00:00Z",
        "updated_at": "2026-11-20T08:00:00Z",
        "closed_at": None,
        "labels": [{"id": 1, "name": "bug"}],
        "assignees": [],
        "milestone": None,
        "comments": 2,
        "user": {"login": "ann"},
        "body": "text that nobody reads",
        "a_field_from_the_future": [1, 2],
        **fields,
    }
