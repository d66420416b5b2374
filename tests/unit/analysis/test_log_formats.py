"""Formats in which one log carries others, or a record lies over lines; and the rarer heads."""

import datetime as dt
import json
import struct
from pathlib import Path

import pytest

from daydream.analysis.logs.heads import CRITICAL, DEBUG, ERROR, INFO, UNKNOWN, WARNING
from daydream.analysis.logs.records import Reader, Record, severity_of, trace_of
from daydream.analysis.logs.sources import Lines
from daydream.analysis.logs.times import Clock

PRESENT = dt.datetime(2026, 11, 21, 2, 0, tzinfo=dt.UTC)
NOON = dt.datetime(2026, 11, 20, 12, 0, tzinfo=dt.UTC).timestamp()
TRACEBACK = (
    "Traceback (most recent call last):",
    '  File "/srv/app/db.py", line 3, in load',
    "    connect()",
    "app.Broken: bad",
)
CHAIN = (
    *TRACEBACK,
    "",
    "During handling of the above exception, another exception occurred:",
    "",
    "Traceback (most recent call last):",
    '  File "/srv/app/web.py", line 9, in get',
    "ValueError: worse",
)


def records(*lines: str) -> list[Record]:
    reader = Reader(Clock(dt.UTC, PRESENT))
    return reader.feed(lines) + reader.end()


def docker(line: str, stream: str = "stderr", second: int = 0) -> str:
    return json.dumps({"log": line, "stream": stream, "time": f"2026-11-20T12:00:{second:02}.123456789Z"})


def cri(line: str, stream: str = "stderr", tag: str = "F") -> str:
    return f"2026-11-20T12:00:00.123456789Z {stream} {tag} {line}"


def journal(message: object, **fields: str) -> str:
    stamp = str(int(NOON * 1e6) + 5)
    return json.dumps(
        {
            "__CURSOR": "s",
            "__REALTIME_TIMESTAMP": stamp,
            "MESSAGE": message,
            "SYSLOG_IDENTIFIER": "app",
            **fields,
        }
    )


def syslog(line: str, name: str = "app[12]") -> str:
    return f"Nov 20 12:00:00 host {name}: {line}"


def rsyslog(line: str) -> str:
    return f"2026-11-20T12:00:00.123456+00:00 host app[12]: {line}"


@pytest.mark.parametrize(
    ("line", "when", "level", "text"),
    [
        ("[2026-11-20 12:00:00,123: ERROR/MainProcess] Task x", NOON, ERROR, "Task x"),
        ("[E 2026-11-20 12:00:00.123 app:12] it broke", NOON, ERROR, "app:12: it broke"),
        ("[W 261120 12:00:00 web:1728] it broke", NOON, WARNING, "web:1728: it broke"),
        ("11-20 12:00:00.123  123  456 E Tag: it broke", NOON, ERROR, "Tag: it broke"),
        ("20-Nov-2026 12:00:00.123 SEVERE [main] it broke", NOON, ERROR, "[main] it broke"),
        ("Fri, 20 Nov 2026 12:00:00 GMT ERROR it broke", NOON, ERROR, "it broke"),
        ("Fri Nov 20 12:00:00 2026 ERROR it broke", NOON, ERROR, "it broke"),
        ("Nov 20, 2026 12:00:00 PM ERROR it broke", NOON, ERROR, "it broke"),
        ("20.11.2026 12:00:00 ERROR it broke", NOON, ERROR, "it broke"),
        ("11/20/2026 12:00:00 PM ERROR it broke", NOON, ERROR, "it broke"),
        ("20/11/2026 12:00:00 ERROR it broke", NOON, ERROR, "it broke"),
        ("26/11/20 12:00:00 ERROR it broke", NOON, ERROR, "it broke"),
        ("261120 120000 12 ERROR it broke", NOON, ERROR, "it broke"),
        ("20261120T120000Z ERROR it broke", NOON, ERROR, "it broke"),
        ("2026-11-20 12:00 ERROR it broke", NOON, ERROR, "it broke"),
        ("2026-11-20-12.00.00.675872 ERROR it broke", NOON, ERROR, "it broke"),
        (f"{NOON:.3f} ERROR it broke", NOON, ERROR, "it broke"),
        (f"[{NOON * 1000:.0f}] ERROR it broke", NOON, ERROR, "it broke"),
        ("1234:M 20 Nov 2026 12:00:00.123 # it broke", NOON, UNKNOWN, "# it broke"),
        ("[20/Nov/2026 12:00:00] ERROR [app.views:12] it broke", NOON, ERROR, "[app.views:12] it broke"),
        ("<11>2026-11-20T12:00:00Z host app: it broke", NOON, ERROR, "app: it broke"),
        ("[Fri Nov 20 12:00:00.1 2026] it broke", NOON, UNKNOWN, "it broke"),
        ("12:00:00,123 ERROR it broke", None, ERROR, "it broke"),
        ("app.db - CRITICAL - it broke", None, CRITICAL, "it broke"),
        ("[app.db] ERROR: it broke", None, ERROR, "it broke"),
        ("2026-11-20 12:00:00.123 UTC [12] ERROR:  it broke", NOON, ERROR, "it broke"),
        ("2026/11/20 12:00:00 [emerg] 1#1: it broke", NOON, CRITICAL, "1#1: it broke"),
        (
            "[Fri Nov 20 12:00:00.123456 2026] [proxy:warn] [pid 1:tid 2] [client 1.2.3.4:5] it",
            NOON,
            WARNING,
            "it",
        ),
        ('at=error code=H12 method=GET path="/x" status=503 service=30000ms', None, UNKNOWN, None),
        (
            f'{{"time":{{}},"severityText":"ERROR","body":"it broke","timeUnixNano":"{NOON * 1e9:.0f}"}}',
            NOON,
            ERROR,
            "it broke",
        ),
        ('{"@t":"2026-11-20T12:00:00.1Z","@l":"Warning","@mt":"it broke"}', NOON, WARNING, "it broke"),
        (
            '{"Timestamp":"2026-11-20T12:00:00Z","Level":"Fatal","Message":"it broke"}',
            NOON,
            CRITICAL,
            "it broke",
        ),
        (
            '{"@timestamp":"2026-11-20T12:00:00Z","log":{"level":"error"},"message":"it broke"}',
            NOON,
            ERROR,
            "it broke",
        ),
        (
            f'{{"version":"1.1","short_message":"it broke","timestamp":{NOON},"level":3}}',
            NOON,
            ERROR,
            "it broke",
        ),
        (
            f'{{"record":{{"level":{{"name":"ERROR"}},"message":"it broke","time":{{"timestamp":{NOON}}}}}}}',
            NOON,
            ERROR,
            "it broke",
        ),
    ],
)
def test_a_rarer_head_gives_instant_level_and_message(
    line: str, when: float | None, level: int, text: str | None
) -> None:
    (record,) = records(line)
    assert record.when == (pytest.approx(when, abs=1) if when is not None else None)
    assert record.level == level
    assert text is None or record.text == text


@pytest.mark.parametrize(
    "wrap", [docker, cri, syslog, rsyslog, journal, lambda x: journal(x, _TRANSPORT="stdout")]
)
def test_what_a_program_wrote_line_by_line_is_put_together(wrap: object) -> None:
    assert callable(wrap)
    newline = "\n" if wrap is docker else ""
    lines = [wrap(line + newline) for line in ("2026-11-20 12:00:00,5 ERROR it broke", *TRACEBACK)]
    first, last = records(*lines, wrap(f"2026-11-20 12:00:00,5 INFO fine{newline}"))
    trace = trace_of(first)
    assert trace is not None
    assert (trace.kind, trace.frames[0].function, trace.message) == ("app.Broken", "load", "bad")
    assert first.when == pytest.approx(NOON, abs=1)
    assert (first.level, first.text[-8:]) == (ERROR, "it broke")
    assert (last.level, last.text[-4:], last.more) == (INFO, "fine", [])


@pytest.mark.parametrize(
    "wrap", [docker, cri, syslog, journal, lambda x: journal(x, _TRANSPORT="stdout"), str]
)
def test_a_crash_that_nobody_logged_is_one_record_with_its_cause(wrap: object) -> None:
    assert callable(wrap)
    newline = "\n" if wrap is docker else ""
    before, crash, after = records(*(wrap(line + newline) for line in ("hello", *CHAIN, "and on")))
    trace = trace_of(crash)
    assert trace is not None
    assert (trace.kind, [cause.kind for cause in trace.causes]) == ("ValueError", ["app.Broken"])
    assert severity_of(crash, trace) == ERROR
    assert (before.more, after.more, after.text[-6:]) == ([], [], "and on")


def test_interleaved_programs_keep_their_own_lines() -> None:
    lines = [docker("hello\n", "stdout")]
    for line in TRACEBACK:
        lines += [
            docker(line + "\n"),
            docker("tick\n", "stdout"),
            docker("2026-11-20 12:00:00 INFO x\n", "stdout"),
        ]
    found = records(*lines)
    (crash,) = [record for record in found if trace_of(record)]
    assert crash.more == list(TRACEBACK[1:])
    assert sum(record.text.endswith("x") for record in found) == 4
    two = [syslog(line, name) for line in TRACEBACK for name in ("a[1]", "b[2]")]
    assert [r.text[:4] for r in records(*two) if trace_of(r)] == ["a[1]", "b[2]"]


def test_a_newline_that_syslog_wrote_in_its_way_is_one() -> None:
    (record,) = records(syslog("#012".join(["ERROR it broke", *TRACEBACK])))
    trace = trace_of(record)
    assert trace is not None
    assert (record.text, record.level, trace.kind) == ("app[12]: ERROR it broke", ERROR, "app.Broken")


def test_many_programs_are_bounded_and_none_is_lost() -> None:
    lines = [syslog(f"message {n}", f"cron[{n}]") for n in range(2000)]
    assert sorted(r.text for r in records(*lines)) == sorted(f"cron[{n}]: message {n}" for n in range(2000))


def test_parts_of_a_containers_line_are_joined() -> None:
    long = "2026-11-20 12:00:00 ERROR " + "x" * 20_000
    for lines in (
        [docker(long[:16384]), docker(long[16384:] + "\n")],
        [cri(long[:8000], tag="P"), cri(long[8000:16000], tag="P"), cri(long[16000:])],
        [docker(long[:16384]), docker("between\n", "stdout"), docker(long[16384:] + "\n")],
    ):
        (record,) = [record for record in records(*lines) if record.level == ERROR]
        assert record.text == "x" * 20_000


def test_a_container_s_part_without_an_end_is_kept() -> None:
    (record,) = records(cri("ERROR it broke", tag="P"))
    assert "it broke" in record.text


def test_a_containers_stamp_counts_and_its_json_is_read() -> None:
    inner = json.dumps({"level": "error", "msg": "it broke", "time": "2026-11-20T15:00:00"})
    (record,) = records(docker(inner + "\n", second=7))
    assert (record.when, record.level, record.text) == (NOON + 7, ERROR, "it broke")


def test_a_journal_entry_says_who_and_how_bad() -> None:
    kernel, plain, deeper, odd, missing = records(
        journal("it broke", PRIORITY="3", _PID="1"),
        journal("INFO it is fine", PRIORITY="6", _PID="2", _TRANSPORT="stdout"),
        journal("2026-11-20 12:00:00 WARNING careful", PRIORITY="6", _PID="3"),
        journal(list(b"caf\xe9"), PRIORITY="4", _PID="4"),
        journal(None, PRIORITY="5", _PID="5"),
    )
    assert (kernel.level, kernel.text) == (ERROR, "app: it broke")
    assert kernel.when == pytest.approx(NOON, abs=0.001)
    assert (plain.level, plain.text) == (INFO, "app: it is fine")
    assert (deeper.level, deeper.text) == (WARNING, "app: careful")
    assert (odd.level, odd.text) == (WARNING, "app: caf\ufffd")
    assert (missing.level, missing.text) == (INFO, "app:")


def export(message: bytes, second: int, **fields: bytes) -> bytes:
    stamp = int((NOON + second) * 1e6)
    entry = b"__CURSOR=s=%d;i=1\n__REALTIME_TIMESTAMP=%d\nPRIORITY=3\nSYSLOG_IDENTIFIER=app\n" % (
        second,
        stamp,
    )
    for name, value in {"MESSAGE": message, **fields}.items():
        if b"\n" in value or b"\0" in value:
            entry += name.encode() + b"\n" + struct.pack("<Q", len(value)) + value + b"\n"
        else:
            entry += name.encode() + b"=" + value + b"\n"
    return entry + b"\n"


def lines_of(path: Path, size: int | None = None, start: int = 0) -> tuple[list[str], Lines]:
    lines = Lines(path, path.stat().st_size if size is None else size, start)
    found: list[str] = []
    while (portion := lines.portion()) is not None:
        found += portion
    lines.close()
    return found, lines


def test_a_journal_export_is_read_with_its_binary_fields(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    trace = "\n".join(["it broke", *TRACEBACK]).encode()
    path.write_bytes(
        export(b"plain", 0)
        + export(trace, 1, COREDUMP=b"\0\n\n__CURSOR=x\n\n" * 9)
        + b"".join(export(b"padding " * 9, 2) for _ in range(4000))
        + export(b"last", 3)
    )
    found, lines = lines_of(path)
    first, second, *_, last = records(*found)
    assert len(found) == 4003
    assert (first.level, first.text, first.when) == (ERROR, "app: plain", NOON)
    trouble = trace_of(second)
    assert trouble is not None
    assert (second.text, trouble.kind) == ("app: it broke", "app.Broken")
    assert (last.text, lines.offset) == ("app: last", path.stat().st_size)


def test_a_journal_entry_that_is_not_whole_waits(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    whole, half = export(b"one", 0), export(b"two\n\n\nthree", 1)
    for cut in range(1, len(half)):
        path.write_bytes(whole + half[:cut])
        found, lines = lines_of(path)
        assert (len(found), lines.offset) == (1, len(whole))
    path.write_bytes(whole + half)
    assert [record.text for record in records(*lines_of(path, start=len(whole))[0])] == ["app: two"]


def test_an_entry_of_the_journal_that_is_too_large_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.write_bytes(export(b"one", 0) + export(b"\0" + b"x" * 3_000_000, 1) + export(b"three", 2))
    found, lines = lines_of(path)
    assert [record.text for record in records(*found)] == ["app: one", "app: three"]
    assert lines.cut == 1


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_with_its_mark_is_read_in_any_portions(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "app.log"
    # A letter whose code holds a newline's byte in the second place, beside real newlines.
    text = "\ufeff" + "".join(f"2026-11-20 12:00:00 ERROR \u0a0a\u0a00 größer {n}\n" for n in range(20_000))
    path.write_bytes(text.encode(encoding))
    found, lines = lines_of(path)
    got = [record.text for record in records(*found)]
    assert got == [f"\u0a0a\u0a00 größer {n}" for n in range(20_000)]
    half = len(text[: text.index("\n") + 1].encode(encoding))
    assert len(lines_of(path, start=half)[0]) == 19_999
    assert lines.offset == path.stat().st_size


def test_json_laid_out_over_lines_is_one_record() -> None:
    laid = json.dumps(
        {"time": "2026-11-20T12:00:00Z", "level": "error", "msg": "it broke", "a": {"b": [1]}}, indent=2
    )
    found = records(*laid.split("\n"), *laid.replace("broke", "broke again").split("\n"))
    assert [(r.when, r.level, r.text, r.more) for r in found] == [
        (NOON, ERROR, "it broke", []),
        (NOON, ERROR, "it broke again", []),
    ]


def test_json_behind_a_message_belongs_to_it() -> None:
    (record,) = records("2026-11-20 12:00:00 ERROR sent", "{", '  "level": "info",', '  "msg": "x"', "}")
    assert (record.text, record.more[0], record.more[-1]) == ("sent", "{", "}")


@pytest.mark.parametrize("rest", [["not json", "at all"], ["}"], ['  "a": 1'] * 1000, []])
def test_what_only_begins_like_json_is_kept_as_it_is(rest: list[str]) -> None:
    found = records("{", *rest, "2026-11-20 12:00:00 INFO fine")
    assert found[0].text == "{"
    assert found[-1].text == "fine"


def test_rubbish_behind_json_that_is_laid_out_belongs_to_it() -> None:
    laid = ["{", '  "msg": "it broke"', "}"]
    (record,) = records(*laid, "{", "rubbish")
    assert (record.text, record.more) == ("it broke", ["{", "rubbish"])


def test_a_java_crash_without_any_head_is_one_record() -> None:
    lines = ["java.lang.X: bad", "\tat a.B.c(B.java:1)", "Caused by: java.io.Y: disk", "\tat a.D.e(D.java:2)"]
    before, crash = records("hello", *lines)
    trace = trace_of(crash)
    assert trace is not None
    assert (before.text, trace.kind, trace.causes[0].kind) == ("hello", "java.lang.X", "java.io.Y")


@pytest.mark.parametrize(
    "fields",
    [
        {"exception": "\n".join(TRACEBACK)},
        {"exception": [{"exc_type": "app.Broken", "exc_value": "bad", "frames": [{"filename": "/srv/app/db.py", "lineno": 3, "name": "load"}]}]},
        {"errorType": "app.Broken", "errorMessage": "bad", "stackTrace": ['  File "/srv/app/db.py", line 3, in load\n    x()\n']},
        {"error": {"type": "app.Broken", "stack_trace": "\n".join(TRACEBACK)}},
        {"record": {"level": {"name": "ERROR"}, "message": "m", "exception": {"type": "x"}}, "text": "m\n" + "\n".join(TRACEBACK)},
        {"message": "\n".join(["m", *TRACEBACK])},
    ],
)  # fmt: skip
def test_a_traceback_in_a_field_of_any_form_is_found(fields: dict[str, object]) -> None:
    (record,) = records(json.dumps({"time": NOON, "level": "ERROR", "message": "m", **fields}))
    trace = trace_of(record)
    assert trace is not None
    assert (trace.kind, trace.message, trace.frames[-1].line) == ("app.Broken", "bad", 3)


def test_structlogs_list_of_exceptions_is_a_chain() -> None:
    stacks = [
        {"exc_type": "Late", "exc_value": "b", "frames": [{"filename": "b.py", "lineno": 2, "name": "g"}]},
        {"exc_type": "Early", "exc_value": "a", "frames": [{"filename": "a.py", "lineno": 1, "name": "f"}]},
        "odd",
    ]
    (record,) = records(json.dumps({"timestamp": "2026-11-20T12:00:00Z", "event": "x", "exception": stacks}))
    trace = trace_of(record)
    assert trace is not None
    assert (trace.kind, [cause.kind for cause in trace.causes]) == ("Late", ["Early"])


@pytest.mark.parametrize(
    "line",
    [
        '{"log": 5, "stream": "stdout", "time": "x"}',
        '{"log": "x", "stream": [], "time": 5}',
        '{"log": "x", "stream": null, "time": 5, "more": {}}',
        '{"__REALTIME_TIMESTAMP": "5", "MESSAGE": ["a", "b"], "PRIORITY": [], "SYSLOG_IDENTIFIER": ["x"]}',
        "level=info",
        '{"log": null, "stream": null, "time": null}',
        '{"__REALTIME_TIMESTAMP": {}, "MESSAGE": 5}',
        '{"__REALTIME_TIMESTAMP": "x", "MESSAGE": []}',
        '{"msg": "x", "exception": [[[]]], "level": {}, "status": {}, "request": 5}',
        '{"record": {"level": {"name": 5}, "message": 5, "time": []}}',
        '{"time": 1e308, "msg": "x"}',
        '{"time": -5, "msg": {"a": 1}}',
        '{"log": "x", "stream": 5, "time": "2026-11-20T12:00:00Z"}',
        "2026-11-20T12:00:00Z stdout",
        "2026-11-20T12:00:00Z stdout F",
        "<999>1 - - - - - -",
        "<9>",
        "Nov 20 12:00:00 ",
        "99/99/9999 99:99:99 x",
        "9999999999 x",
        "[",
        "(",
        "[[[[[[[[[[[[",
    ],
)
def test_odd_lines_break_nothing(line: str) -> None:
    assert len(records(line, line)) <= 2
    assert len(records(docker(line + "\n"), cri(line), journal(line))) <= 3


@pytest.mark.parametrize(
    "repeated", ["a", "a.", '\\"', "ERROR", "[", " ", "1 ", '"GET /', "a=", "| ", "  at a ("]
)
def test_a_hostile_line_takes_no_longer_than_others(repeated: str) -> None:
    long = (repeated * 65_536)[:65_536]
    heads = ("", "2026-11-20 12:00:00 ", '1.2.3.4 - - [20/Nov/2026:12:00:00 +0000] "', "INFO " + '"a" HTTP/ ')
    for begin in heads:
        found = records(
            begin + long, "Traceback (most recent call last):", '  File "a", line 1', long, f"  {long}"
        )
        assert 1 <= len(found) <= 4
        assert all(severity_of(record, trace_of(record)) in {UNKNOWN, INFO, ERROR} for record in found)


def test_debug_and_trace_are_levels_too() -> None:
    assert [r.level for r in records("TRACE: x", "DEBUG: y", "FINEST: z")] == [DEBUG, DEBUG, DEBUG]
