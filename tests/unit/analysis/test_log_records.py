"""Lines become records with the right instant, level, message and traceback."""

import datetime as dt
import zoneinfo

import pytest

from daydream.analysis.logs.heads import CRITICAL, DEBUG, ERROR, INFO, UNKNOWN, WARNING
from daydream.analysis.logs.records import Reader, Record, severity_of, stamp_of, trace_of
from daydream.analysis.logs.times import Clock

BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")
PRESENT = dt.datetime(2026, 11, 21, 2, 0, tzinfo=dt.UTC)
NOON = dt.datetime(2026, 11, 20, 12, 0, tzinfo=dt.UTC).timestamp()
HOUR = 3600


def read(text: str, zone: dt.tzinfo = dt.UTC, present: dt.datetime = PRESENT) -> list[Record]:
    reader = Reader(Clock(zone, present))
    return reader.feed(text.split("\n")) + reader.end()


@pytest.mark.parametrize(
    ("line", "when", "level", "text"),
    [
        ("2026-11-20 12:00:00,123 ERROR it broke", NOON, ERROR, "it broke"),
        ("2026-11-20 12:00:00,123 - app.x - ERROR - it broke", NOON, ERROR, "it broke"),
        ("2026-11-20T12:00:00.123456Z WARN it broke", NOON, WARNING, "it broke"),
        ("2026-11-20T12:00:00+05:30 [error    ] it broke", NOON - 5.5 * HOUR, ERROR, "it broke"),
        ("[2026-11-20 12:00:00 -0100] [12] [CRITICAL] it broke", NOON + HOUR, CRITICAL, "it broke"),
        ("2026-11-20 12:00:00.123 | DEBUG    | m:f:1 - it broke", NOON, DEBUG, "m:f:1 - it broke"),
        ("ERROR 2026-11-20 12:00:00,1 views it broke", NOON, ERROR, "views it broke"),
        ("2026/11/20 12:00:00 [error] 12#12: it broke", NOON, ERROR, "12#12: it broke"),
        ("ERROR:app.db:it broke", None, ERROR, "app.db:it broke"),
        ("INFO:     it broke", None, INFO, "it broke"),
        ("Nov 20 12:00:00 host app[12]: error: it broke", NOON, ERROR, "app[12]: error: it broke"),
        ("<11>Nov 20 12:00:00 host app: it broke", NOON, ERROR, "app: it broke"),
        ('<165>1 2026-11-20T12:00:00.003Z h app 1 ID [x y="z"] it broke', NOON, INFO, "app: it broke"),
        ("<34>1 2026-11-20T13:00:00+01:00 h app - - - it broke", NOON, CRITICAL, "app: it broke"),
        ("[Fri Nov 20 12:00:00.1 2026] [core:error] [pid 1] it broke", NOON, ERROR, "it broke"),
        ('1.2.3.4 - - [20/Nov/2026:12:00:00 +0000] "GET /" 500', NOON, UNKNOWN, '"GET /" 500'),
        ("E1120 12:00:00.123456  123 file.py:12] it broke", NOON, ERROR, "file.py:12: it broke"),
        ('time="2026-11-20T12:00:00Z" level=error msg="it broke"', NOON, ERROR, "it broke"),
        (
            '{"timestamp":"2026-11-20T12:00:00Z","level":"ERROR","message":"it broke"}',
            NOON,
            ERROR,
            "it broke",
        ),
        (
            '{"asctime":"2026-11-20 12:00:00,1","levelname":"WARNING","msg":"it broke"}',
            NOON,
            WARNING,
            "it broke",
        ),
        (
            '{"@timestamp":"2026-11-20T12:00:00Z","severity":"critical","event":"it broke"}',
            NOON,
            CRITICAL,
            "it broke",
        ),
        (f'{{"ts":{NOON},"level":"info","msg":"it broke"}}', NOON, INFO, "it broke"),
        (f'{{"time":{NOON * 1000:.0f},"level":50,"hostname":"h","msg":"it broke"}}', NOON, ERROR, "it broke"),
        ('{"log":"ERROR it broke\\n","time":"2026-11-20T12:00:00.5Z"}', NOON, ERROR, "it broke"),
    ],
)
def test_a_known_format_gives_instant_level_and_message(
    line: str, when: float | None, level: int, text: str
) -> None:
    (record,) = read(line)
    assert record.when == pytest.approx(when, abs=1) if when is not None else record.when is None
    assert (record.level, record.text) == (level, text)


def test_a_stamp_without_zone_is_local_time_of_the_night() -> None:
    assert read("2026-11-20 13:00:00 INFO x", BERLIN)[0].when == NOON
    assert read("2026-07-20 14:00:00 INFO x", BERLIN)[0].when == read("2026-07-20T12:00:00Z INFO x")[0].when


def test_a_year_is_inferred_backwards_over_new_year() -> None:
    new_year = dt.datetime(2027, 1, 1, 2, 0, tzinfo=dt.UTC)
    (record,) = read("Dec 31 23:00:00 host app: x", present=new_year)
    assert record.when == dt.datetime(2026, 12, 31, 23, tzinfo=dt.UTC).timestamp()


def test_a_record_without_stamp_has_the_time_of_the_one_before() -> None:
    first, second = read("2026-11-20 12:00:00 INFO a\nERROR:root:b")
    assert first.when == second.when == NOON


def test_a_traceback_joins_the_record_before_it() -> None:
    first, second = read(
        "2026-11-20 12:00:00 ERROR a\n"
        "Traceback (most recent call last):\n"
        '  File "/srv/app/db.py", line 3, in load\n'
        "    x()\n"
        "    ^^^\n"
        "app.errors.Broken: bad: 3\n"
        "2026-11-20 12:00:01 INFO b"
    )
    trace = trace_of(first)
    assert trace is not None
    assert (trace.kind, trace.message) == ("app.errors.Broken", "bad: 3")
    assert [(f.path, f.line, f.function) for f in trace.frames] == [("/srv/app/db.py", 3, "load")]
    assert (second.text, second.more) == ("b", [])


def test_of_chained_exceptions_the_last_counts() -> None:
    (record,) = read(
        "ERROR:x:a\nTraceback (most recent call last):\n"
        '  File "a.py", line 1, in f\nKeyError: 1\n\n'
        "The above exception was the direct cause of the following exception:\n\n"
        "Traceback (most recent call last):\n"
        '  File "b.py", line 2, in g\nValueError\n'
    )
    trace = trace_of(record)
    assert trace is not None
    assert (trace.kind, trace.frames[-1].function) == ("ValueError", "g")


def test_a_traceback_in_a_json_field_is_found() -> None:
    (record,) = read(
        '{"level":"ERROR","message":"m","exc_info":"Traceback (most recent call last):\\n'
        '  File \\"a.py\\", line 1, in f\\nKeyError: 3"}'
    )
    trace = trace_of(record)
    assert trace is not None
    assert trace.kind == "KeyError"


def test_an_unlogged_traceback_counts_as_an_error() -> None:
    plain, crash, after = read(
        'hello\nTraceback (most recent call last):\n  File "x.py", line 1, in <module>\n'
        "    1/0\nZeroDivisionError: division by zero\nnext"
    )
    assert severity_of(crash, trace_of(crash)) == ERROR
    assert severity_of(plain, None) == severity_of(after, None) == UNKNOWN


@pytest.mark.parametrize(
    "text",
    ["Traceback (most recent call last):", "Traceback (most recent call last):\nValueError: no frames", "x"],
)
def test_a_traceback_that_does_not_end_is_none(text: str) -> None:
    (record,) = read(f"ERROR:x:a\n{text}")
    assert trace_of(record) is None


def test_the_portions_in_which_lines_arrive_do_not_matter() -> None:
    text = "\n".join(
        f"2026-11-20 12:00:{n:02} ERROR a {n}\n  more {n}\n" + '{"ts":"2026-11-20T12:00:00Z","msg":"j"}'
        for n in range(50)
    )
    lines = text.split("\n")
    reader = Reader(Clock(dt.UTC, PRESENT))
    portions = [record for line in lines for record in reader.feed([line])] + reader.end()
    assert portions == read(text)


def test_endless_continuation_is_bounded_and_keeps_both_ends() -> None:
    (record,) = read("ERROR:x:a\n" + "\n".join(f"  line {n}" for n in range(5000)))
    assert len(record.more) == 400
    assert (record.more[0], record.more[-1]) == ("  line 0", "  line 4999")


@pytest.mark.parametrize(
    "line",
    [
        "2026-02-30 12:00:00 ERROR x",
        '{"ts": 1e400, "msg": "x"}',
        "Feb 30 12:00:00 h x",
        "2026-11-20 25:00:00 x",
    ],
)
def test_an_impossible_stamp_is_no_stamp(line: str) -> None:
    assert stamp_of(line, Clock(dt.UTC, PRESENT)) is None


@pytest.mark.parametrize("line", ["", " ", "{", "{}", '{"a": {}}', "[]", "\0\0", "=" * 100, "{" * 70_000])
def test_odd_lines_are_no_heads(line: str) -> None:
    assert stamp_of(line, Clock(dt.UTC, PRESENT)) is None


def test_colours_and_nul_bytes_are_dropped() -> None:
    (record,) = read("\0\0\x1b[31m2026-11-20 12:00:00 ERROR\x1b[0m broke")
    assert (record.when, record.level, record.text) == (NOON, ERROR, "broke")
