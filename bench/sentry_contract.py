"""Our requests to Sentry and our reading of its answers, against Sentry's published OpenAPI description.

`python -m bench.sentry_contract FOLDER [--prism PROGRAM]`: FOLDER holds `openapi-derefed.json` of the repository
getsentry/sentry-api-schema; PROGRAM is Prism's `prism` (npm: @stoplight/prism-cli), a server that answers by the
description and refuses what does not fit it. Without it only the description itself is compared. Needs git.
"""

import argparse
import contextlib
import http.client
import http.server
import json
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import stamina
from pydantic import BaseModel

from bench.machine import heading
from daydream.clients import sentry, sentry_payloads
from daydream.config.model import SentryOptions
from tests.fakes.sentry_night import World, commit
from tests.fakes.sentry_server import TOKEN, entry, event, frame, serving

_ORGANIZATION = "/api/0/organizations/{organization_id_or_slug}/"
_READ: dict[str, tuple[type[BaseModel], str | None]] = {
    "issues/": (sentry_payloads.Issue, "items"),
    "issues/{issue_id}/": (sentry_payloads.Issue, None),
    "releases/": (sentry_payloads.Release, "items"),
}
# Read from the tables around them, or from exports, and no fields of these answers.
_OURS = {("releases/", "commit"), ("issues/{issue_id}/", "lifetime")}
_DECLARED = (400, 401, 403, 404)


@dataclass
class Between:
    """A server between our client and Prism: it records what passes, and may ask for a certain answer."""

    port: int
    prefer: str | None = None
    passed: list[tuple[str, str, int, bytes]] = field(default_factory=list)
    url: str = ""

    def forward(self, method: str, path: str, headers: dict[str, str]) -> tuple[int, bytes]:
        """Pass a request on."""
        upstream = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        sent = {k: v for k, v in headers.items() if k.lower() not in ("host", "accept-encoding")}
        upstream.request(method, path, headers={**sent, **({"Prefer": self.prefer} if self.prefer else {})})
        answer = upstream.getresponse()
        body = answer.read()
        self.passed.append((method, path, answer.status, body))
        upstream.close()
        return answer.status, body


@contextlib.contextmanager
def between(port: int) -> Iterator[Between]:
    """Serve a `Between` for the length of a block."""
    passing = Between(port)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = passing.forward("GET", self.path, dict(self.headers.items()))
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 -- the base's name
            """Keep the output to what was measured."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        passing.url = f"http://127.0.0.1:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield passing
        server.shutdown()


@contextlib.contextmanager
def prism(program: Path, description: Path) -> Iterator[int]:
    """Run Prism on a free port of this machine."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    argv = [str(program), "mock", "--errors", "-h", "127.0.0.1", "-p", str(port), str(description)]
    with subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as child:
        try:
            until = time.monotonic() + 120
            while child.poll() is None and time.monotonic() < until:
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                    break
                time.sleep(0.2)
            else:
                sys.exit("Prism did not start")
            yield port
        finally:
            child.terminate()


def requests_of_nights() -> list[str]:
    """The paths that two nights ask for: a list, stacks, releases, then what became of an issue."""
    with tempfile.TemporaryDirectory() as scratch, serving(page_size=2) as fake:
        root = Path(scratch) / "shop"
        commit(root, {"shop/cart.py": "x = 1\n"}, "The shop", "2026-11-01T00:00:00Z")
        world = World(root, Path(scratch) / "state", {"environment": "production"})
        fake.issues = {"web": [entry(number) for number in range(1, 5)]}
        fake.events = {"1001": event(1, [frame("/srv/shop/cart.py", "f", 1)])}
        world.night(fake)
        fake.resolve(1, inRelease="1.2")
        world.night(fake)
        world.night(fake, projects=("web",))
        return sorted({path for _, path, _ in fake.requests})


def misfits(description: dict[str, Any], path: str) -> list[str]:
    """Say where a request does not fit the description."""
    parts = urllib.parse.urlsplit(path)
    operation = next(
        (
            item["get"]
            for template, item in description["paths"].items()
            if "get" in item and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), parts.path)
        ),
        None,
    )
    if operation is None:
        return [f"no such path: {parts.path}"]
    known = {each["name"]: each["schema"] for each in operation["parameters"] if each["in"] == "query"}
    wrong = []
    for name, value in urllib.parse.parse_qsl(parts.query):
        schema = known.get(name)
        if schema is None:
            wrong.append(f"{parts.path}: no parameter {name}")
            continue
        inner = schema.get("items", schema)
        if "enum" in inner and value not in map(str, inner["enum"]):
            wrong.append(f"{parts.path}: {name} is none of {inner['enum']}")
        if inner.get("type") == "integer" and not value.isdecimal():
            wrong.append(f"{parts.path}: {name} is no number")
    return wrong


def answer_of(description: dict[str, Any], path: str) -> dict[str, Any]:
    """The content of an operation's good answer."""
    content = description["paths"][_ORGANIZATION + path]["get"]["responses"]["200"]["content"]
    found: dict[str, Any] = content["application/json"]
    return found


def unknown_fields(description: dict[str, Any]) -> list[str]:
    """The fields that we read and the description does not have, table by table."""
    missing = []
    for path, (model, key) in _READ.items():
        schema = answer_of(description, path)["schema"]
        missing += _lacking(path, schema[key] if key else schema, model)
    return missing


def _lacking(path: str, schema: dict[str, Any], model: type[BaseModel]) -> list[str]:
    known: dict[str, Any] = {}
    for part in (schema, *schema.get("anyOf", ()), *schema.get("allOf", ()), *schema.get("oneOf", ())):
        known |= part.get("properties", {})
    missing = [
        f"{path} {name}" for name in model.model_fields if name not in known and (path, name) not in _OURS
    ]
    for name, each in model.model_fields.items():
        inner = each.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel) and known.get(name, {}).get("properties"):
            missing += _lacking(f"{path} {name}.", known[name], inner)
    return missing


def examples(description: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """The published examples of the answers that we read."""
    for path in (*_READ, "issues/{issue_id}/events/{event_id}/"):
        content = answer_of(description, path)
        given = content.get("examples", {"": {"value": content.get("example")}})
        for each in given.values():
            yield path, each["value"]


def reads(path: str, value: Any) -> str | None:
    """Read an example as the client does; say what is lost."""
    if path.startswith("issues/{issue_id}/events"):
        found = sentry_payloads.event_of(value)
        good = found is not None and found.raised is not None and found.raised.frames and found.at is not None
        return None if good else "no exception, frames or instant"
    make: Callable[[Any], Any] = (
        sentry_payloads.release_of if path.startswith("releases") else sentry_payloads.issue_of
    )
    for each in value if isinstance(value, list) else [value]:
        read = make(each)
        if read is None:
            return "cannot be read"
        lost = [
            name
            for name in type(read).model_fields
            if each.get(name) not in (None, {}, []) and getattr(read, name) in (None, {})
        ]
        if lost:
            return f"lost: {', '.join(lost)}"
    return None


def through_prism(program: Path, description: Path, paths: list[str]) -> list[str]:
    """Ask Prism what the nights asked, and the client's own questions with every declared status."""
    failed = []
    with prism(program, description) as port, between(port) as passing:
        for path in paths:
            status, body = passing.forward("GET", path, {"Authorization": f"Bearer {TOKEN}"})
            if status != 200:
                failed.append(f"{path}: {status} {body[:200]!r}")
        print(f"requests of three nights that Prism accepts: {len(paths) - len(failed)} of {len(paths)}")
        options = SentryOptions(base_url=passing.url, organization="acme", timeout=30.0)
        access = sentry.Access(options, TOKEN, lambda: None)
        page = sentry.issues(access, "web", 24, None)
        found = sentry.latest_event(access, "1")
        one = sentry.issue(access, "1")
        known = sentry.releases(access, "7")
        print(
            f"answers read: {len(page.issues)} issue of a list ({page.unreadable} unreadable), an event with "
            f"{len(found.raised.frames) if found and found.raised else 0} frames, one issue "
            f"({one.status if one else None}), {len(known or ())} release"
        )
        if not (page.issues and found and found.raised and found.raised.frames and one and known):
            failed.append("an answer of Prism could not be read")
        for status in _DECLARED:
            passing.prefer = f"code={status}"
            try:
                sentry.issues(access, "web", 24, None)
                failed.append(f"{status} was taken for an answer")
            except sentry.SentrySilent as why:
                print(f"  {status}: {why}")
    return failed


def main() -> int:
    """Compare and print; the exit code is 1 where something does not fit."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--prism", type=Path)
    args = parser.parse_args()
    heading("Sentry's published description")
    source = args.folder / "openapi-derefed.json"
    description = json.loads(source.read_text("utf-8"))
    with stamina.set_testing(True, attempts=3, cap=True):
        paths = requests_of_nights()
        wrong = [each for path in paths for each in misfits(description, path)]
        print(f"different requests of three nights: {len(paths)}; that do not fit: {len(wrong)}")
        lacking = unknown_fields(description)
        print(f"fields that are read and not described: {', '.join(lacking) or 'none'}")
        given = list(examples(description))
        lost = [f"{path}: {said}" for path, value in given if (said := reads(path, value))]
        print(f"published examples read without loss: {len(given) - len(lost)} of {len(given)}")
        failed = [*wrong, *lacking, *lost]
        if args.prism is not None:
            failed += through_prism(args.prism, source, paths)
        else:
            print("not measured without --prism: what a server that checks requests answers")
    for each in failed:
        print(f"FAILED {each}")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
