"""Tracebacks as Python, Java and JavaScript print them are understood: the last raised, its causes, a group's leaves."""

import traceback
from collections.abc import Callable

import pytest

from daydream.analysis.logs.records import Record, Trace, trace_of


def lower() -> None:
    raise KeyError("lower")


def chained() -> None:
    try:
        lower()
    except KeyError:
        raise ValueError("while handling")  # noqa: B904 -- the implicit chain is what is tested


def caused() -> None:
    try:
        chained()
    except ValueError as error:
        raise RuntimeError("top: of all") from error


def group() -> None:
    errors: list[Exception] = []
    for function in (lower, caused):
        try:
            function()
        except Exception as error:  # noqa: BLE001 -- whatever it is goes into the group
            errors.append(error)
    raise ExceptionGroup(
        "many", [*errors, OSError("bare leaf"), ExceptionGroup("inner", [TypeError("deep")])]
    )


def group_after_error() -> None:
    try:
        lower()
    except KeyError as error:
        raise ExceptionGroup("late", [OSError("leaf")]) from error


def error_after_group() -> None:
    try:
        group()
    except ExceptionGroup as error:
        raise RuntimeError("in the end") from error


def printed(function: Callable[[], None], text: str = "it failed") -> Record:
    """A record as logging writes it."""
    with pytest.raises(Exception) as caught:  # noqa: PT011 -- whichever it is
        function()
    lines = "".join(traceback.format_exception(caught.value)).splitlines()
    return Record(None, 0, text, [line for line in lines if line])


def read(record: Record) -> Trace:
    trace = trace_of(record)
    assert trace is not None
    return trace


def test_the_exception_raised_last_comes_with_its_causes_nearest_first() -> None:
    trace = read(printed(caused))
    assert (trace.kind, trace.message, trace.frames[-1].function) == ("RuntimeError", "top: of all", "caused")
    assert [(cause.kind, cause.message) for cause in trace.causes] == [
        ("ValueError", "while handling"),
        ("KeyError", "'lower'"),
    ]
    assert trace.causes[1].frames[-1].function == "lower"
    assert trace.causes[0].causes == ()


def test_a_group_comes_with_its_first_leaves() -> None:
    trace = read(printed(group))
    assert (trace.kind, trace.frames[-1].function) == ("ExceptionGroup", "group")
    assert trace.message.startswith("many (4 sub-exceptions)")
    assert [leaf.kind for leaf in trace.leaves] == ["KeyError", "RuntimeError", "OSError", "TypeError"]
    assert trace.leaves[0].frames[-1].function == "lower"
    assert trace.leaves[2] == Trace("OSError", "bare leaf", ())


def test_a_group_may_have_a_cause_and_be_one() -> None:
    late = read(printed(group_after_error))
    assert (late.kind, [c.kind for c in late.causes], [x.kind for x in late.leaves]) == (
        "ExceptionGroup",
        ["KeyError"],
        ["OSError"],
    )
    end = read(printed(error_after_group))
    assert (end.kind, [cause.kind for cause in end.causes], end.leaves) == (
        "RuntimeError",
        ["ExceptionGroup"],
        (),
    )
    assert [leaf.kind for leaf in end.causes[0].leaves][:2] == ["KeyError", "RuntimeError"]


def test_two_tracebacks_in_one_record_are_no_chain() -> None:
    record = printed(chained)
    record.more += printed(lower).more
    trace = read(record)
    assert (trace.kind, trace.causes) == ("KeyError", ())


def test_a_traceback_that_breaks_off_leaves_the_one_before() -> None:
    record = printed(lower)
    record.more += ["Traceback (most recent call last):", '  File "x.py", line 1, in f']
    assert read(record).kind == "KeyError"


@pytest.mark.parametrize("before", ["failed: ", ""])
def test_a_traceback_may_begin_in_the_message(before: str) -> None:
    record = printed(lower)
    first, *rest = record.more
    assert read(Record(None, 0, before + first, rest)).frames[-1].function == "lower"


def test_an_indented_traceback_is_read() -> None:
    record = printed(caused)
    record.more = [f"      {line}" for line in record.more]
    assert [c.kind for c in read(record).causes] == ["ValueError", "KeyError"]


def test_a_syntax_error_has_its_file() -> None:
    trace = read(printed(lambda: exec(compile("f(", "x/y.py", "exec"))))
    assert (trace.kind, trace.frames[-1].path, trace.frames[-1].line) == ("SyntaxError", "x/y.py", 1)


JAVA = """java.lang.IllegalStateException: order 7: no customer
\tat com.shop.Orders.load(Orders.java:42)
\tat com.shop.Main.main(Main.java:7)
Caused by: java.io.IOException: disk
\tat com.shop.Disk.read(Disk.java:3)
\t... 2 more
Caused by: java.lang.NullPointerException
\tat com.shop.Disk.seek(Disk.java:9)"""


@pytest.mark.parametrize("text", ["it failed", "", "Failed"])
def test_a_java_stack_is_read_outermost_first_with_its_causes(text: str) -> None:
    lines = JAVA.split("\n")
    trace = read(Record(None, 0, text, lines) if text else Record(None, 0, lines[0], lines[1:]))
    assert (trace.kind, trace.message) == ("java.lang.IllegalStateException", "order 7: no customer")
    assert [(f.path, f.line, f.function) for f in trace.frames] == [
        ("Main.java", 7, "com.shop.Main.main"),
        ("Orders.java", 42, "com.shop.Orders.load"),
    ]
    assert [cause.kind for cause in trace.causes] == ["java.io.IOException", "java.lang.NullPointerException"]


def test_a_javascript_stack_is_read() -> None:
    lines = [
        "    at load (/srv/app/db.js:10:5)",
        "    at async /srv/app/web.js:3:1",
        "    at node:internal/main:1:1",
    ]
    trace = read(Record(None, 0, "request failed TypeError: x is not a function", lines))
    assert (trace.kind, trace.message) == ("TypeError", "x is not a function")
    assert [(f.path, f.line, f.function) for f in trace.frames][-1] == ("/srv/app/db.js", 10, "load")


@pytest.mark.parametrize(
    ("text", "more"),
    [
        ("x", []),
        ("Traceback (most recent call last):", []),
        ("x", ["  at home (see below)", "  more"]),
        ("x", ["Traceback (most recent call last):", "ValueError: no frames"]),
        ("x", ["    at nowhere (a.js:1:1)"]),
    ],
)
def test_what_is_no_traceback_is_none(text: str, more: list[str]) -> None:
    assert trace_of(Record(None, 0, text, more)) is None
