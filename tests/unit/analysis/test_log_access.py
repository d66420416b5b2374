"""Requests are read out of access logs, from text and from fields."""

import datetime as dt
import json

import pytest

from daydream.analysis.logs.access import Access, from_fields, route_of
from daydream.analysis.logs.heads import ERROR, INFO, UNKNOWN
from daydream.analysis.logs.records import Reader, Record
from daydream.analysis.logs.times import Clock

NOON = dt.datetime(2026, 11, 20, 12, 0, tzinfo=dt.UTC).timestamp()
STAMP = "[20/Nov/2026:12:00:00 +0000]"


def read(line: str) -> Record:
    reader = Reader(Clock(dt.UTC, dt.datetime(2026, 11, 21, 2, 0, tzinfo=dt.UTC)))
    (record,) = reader.feed([line]) + reader.end()
    return record


GET = '"GET /orders/17?page=2 HTTP/1.1"'
ROUTE = "/orders/{id}"


@pytest.mark.parametrize(
    ("line", "access"),
    [
        (f"1.2.3.4 - - {STAMP} {GET} 200 2326", Access("GET", ROUTE, 200, 2326, None, "1.2.3.4")),
        (f'1.2.3.4 - bob {STAMP} {GET} 500 - "-" "curl"', Access("GET", ROUTE, 500, None, None, "1.2.3.4")),
        (
            f'1.2.3.4 - - {STAMP} {GET} 200 9 "http://a/b" "M (X; y)" 0.125',
            Access("GET", ROUTE, 200, 9, 0.125, "1.2.3.4"),
        ),
        (
            f'1.2.3.4 - - {STAMP} {GET} 200 9 "-" "M" "5.6.7.8" rt=0.250 uct="0.1"',
            Access("GET", ROUTE, 200, 9, 0.25, "1.2.3.4"),
        ),
        (f'1.2.3.4 - - {STAMP} {GET} 200 9 "-" "M" 12ms', Access("GET", ROUTE, 200, 9, 0.012, "1.2.3.4")),
        (f'1.2.3.4 - - {STAMP} {GET} 200 9 "-" "M" 48123', Access("GET", ROUTE, 200, 9, None, "1.2.3.4")),
        (f"a.org:443 1.2.3.4 - - {STAMP} {GET} 200 9", Access("GET", ROUTE, 200, 9, None, "1.2.3.4")),
        (f"::1 - - {STAMP} {GET} 200 9", Access("GET", ROUTE, 200, 9, None, "::1")),
        (f'[::1] - - {STAMP} {GET} 200 9 "-" "M"', Access("GET", ROUTE, 200, 9, None, "[::1]")),
        (f'127.0.0.1 {STAMP} {GET} 200 9 "-" "aiohttp"', Access("GET", ROUTE, 200, 9, None, "127.0.0.1")),
        ('[20/Nov/2026 12:00:00] "POST /x/ HTTP/1.1" 302 0', Access("POST", "/x/", 302, 0, None, None)),
        (
            '127.0.0.1 - - [20/Nov/2026 12:00:00] "GET / HTTP/1.1" 200 -',
            Access("GET", "/", 200, None, None, "127.0.0.1"),
        ),
        (f'1.2.3.4 - - {STAMP} "\\x16\\x03\\x01" 400 157', Access(None, None, 400, 157, None, "1.2.3.4")),
        (f'1.2.3.4 - - {STAMP} "-" 408 0 "-" "-"', Access(None, None, 408, 0, None, "1.2.3.4")),
        (f'- - - {STAMP} "GET http://a.org/b/12/c HTTP/1.0" 200 0', Access("GET", "/b/{id}/c", 200, 0)),
    ],
)
def test_an_access_log_line_is_a_request(line: str, access: Access) -> None:
    record = read(line)
    assert record.access == access
    assert (record.when, record.level) == (NOON, UNKNOWN)


@pytest.mark.parametrize(
    ("line", "level"),
    [
        (f"INFO:     1.2.3.4:51234 - {GET} 404 Not Found", INFO),
        (f"2026-11-20 12:00:00,5 INFO uvicorn.access 1.2.3.4:51234 - {GET} 404", INFO),
        (f"2026-11-20 12:00:00,5 - uvicorn.access - INFO - 1.2.3.4:51234 - {GET} 404 Not Found", INFO),
    ],
)
def test_uvicorns_lines_are_requests_under_any_format(line: str, level: int) -> None:
    record = read(line)
    assert record.access == Access("GET", ROUTE, 404, None, None, "1.2.3.4")
    assert record.level == level


def test_an_access_line_within_a_container_is_a_request() -> None:
    line = f"1.2.3.4 - - {STAMP} {GET} 200 9\n"
    record = read(json.dumps({"log": line, "stream": "stdout", "time": "2026-11-20T12:00:01Z"}))
    assert record.access == Access("GET", ROUTE, 200, 9, None, "1.2.3.4")
    assert record.when == NOON + 1


@pytest.mark.parametrize(
    "line",
    [
        '2026/11/20 12:00:00 [error] 12#12: *5 upstream timed out, client: 1.2.3.4, request: "GET / HTTP/1.1", host: "a"',
        '2026-11-20 12:00:00 DEBUG urllib3 https://a.org:443 "GET /x HTTP/1.1" 200 17',
        '2026-11-20 12:00:00 INFO httpx HTTP Request: GET https://a.org/x "HTTP/1.1 200 OK"',
        '2026-11-20 12:00:00 INFO said "GET / HTTP/1.1" 999 times',
        f"1.2.3.4 - - {STAMP} nothing quoted HTTP/1.1",
    ],
)
def test_what_only_looks_like_a_request_is_none(line: str) -> None:
    assert read(line).access is None


def test_an_error_of_the_server_keeps_its_level() -> None:
    record = read("2026/11/20 12:00:00 [error] 12#12: *5 open() failed (2: No such file)")
    assert (record.level, record.access) == (ERROR, None)


@pytest.mark.parametrize(
    ("fields", "access"),
    [
        (
            {"request_method": "GET", "request_uri": "/orders/17?x", "status": "200", "request_time": "0.250", "body_bytes_sent": "12", "remote_addr": "1.2.3.4"},
            Access("GET", ROUTE, 200, 12, 0.25, "1.2.3.4"),
        ),
        (
            {"request": {"method": "GET", "uri": "/orders/17", "remote_ip": "1.2.3.4"}, "status": 200, "duration": 0.25, "size": 12},
            Access("GET", ROUTE, 200, 12, 0.25, "1.2.3.4"),
        ),
        (
            {"RequestMethod": "GET", "RequestPath": "/orders/17", "DownstreamStatus": 200, "Duration": 250_000_000, "ClientHost": "1.2.3.4"},
            Access("GET", ROUTE, 200, None, 0.25, "1.2.3.4"),
        ),
        ({"request": "GET /orders/17 HTTP/2.0", "status": 404}, Access("GET", ROUTE, 404)),
        ({"method": "get", "path": "/orders/17", "status_code": 200, "duration_ms": 250}, Access("GET", ROUTE, 200, None, 0.25)),
        ({"method": "GET", "path": "/orders/17", "status": "200", "service": "250ms"}, Access("GET", ROUTE, 200, None, 0.25)),
        ({"method": "GET", "path": "/", "status": 200, "duration": 7}, Access("GET", "/", 200)),
        ({"status": 200}, None),
        ({"method": "GET", "path": "/", "status": "open"}, None),
        ({"method": "GET", "path": 5, "status": 200}, None),
        ({"method": None, "path": None, "status": None, "request": []}, None),
        ({"method": "GET", "path": "/", "status": True}, None),
        ({"method": "GET", "path": "/", "status": 7}, None),
    ],
)  # fmt: skip
def test_named_fields_are_a_request_if_they_have_method_path_and_status(
    fields: dict[str, object], access: Access | None
) -> None:
    found = from_fields(fields)
    assert found == access
    record = read(json.dumps({"time": "2026-11-20T12:00:00Z", **fields}))
    assert record.access == access


@pytest.mark.parametrize(
    ("target", "route"),
    [
        ("/", "/"),
        ("*", "*"),
        ("/orders", "/orders"),
        ("/orders/", "/orders/"),
        ("/orders/1/items/22?x=/3", "/orders/{id}/items/{id}"),
        ("/u/9f8b3c1e-8a53-4a3e-9a57-3d8c9f1b2a44", "/u/{id}"),
        ("/static/app.3f2a9c1b.js", "/static/app.{id}.js"),
        ("/report-2026-11-20.pdf", "/report-{id}.pdf"),
        ("/api/v1/order-1234", "/api/v1/order-{id}"),
        ("/reset/aB3-xY9_kLmN0pQrStU", "/reset/{id}"),
        ("/mail/bob@example.com", "/mail/{id}"),
        ("/how-to-make-10-cakes-for-a-family", "/how-to-make-10-cakes-for-a-family"),
        ("/a#b", "/a"),
        ("/a;jsessionid=12", "/a"),
        ("https://a.org/b/1", "/b/{id}"),
        ("https://a.org", "/"),
        ("/" + "x" * 500, "/{id}"),
        ("/a" * 40, "/a" * 11 + "/…"),
        ("?", "/"),
    ],
)
def test_a_route_has_neither_query_nor_what_varies(target: str, route: str) -> None:
    assert route_of(target) == route
    assert route_of(target) == route


def test_routes_are_bounded_and_so_is_what_is_remembered() -> None:
    for number in range(10_000):
        assert route_of(f"/{'ab' * (number % 7)}x{number}y/1").endswith("/{id}")
    assert len(route_of("/".join(f"part{'z' * 70}" for _ in range(30)))) <= 200
