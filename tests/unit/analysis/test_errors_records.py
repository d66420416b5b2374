"""The record of an error: one identity wherever it was seen, and where its frames lie today."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daydream.analysis.errors.frames import locator, moved, place
from daydream.analysis.errors.records import (
    StackFrame,
    bare,
    frame,
    identity,
    is_library,
    merged,
    of_trace,
    record,
    remembered,
)
from daydream.analysis.logs.records import Frame, Trace

PATHS = ("shop/cart.py", "shop/users.py", "shop/util/io.py", "tools/util/io.py", "manage.py")
locate = locator(PATHS)


def trace(*frames: tuple[str, int, str], kind: str = "KeyError") -> Trace:
    return Trace(kind, "'coupon'", tuple(Frame(*each) for each in frames))


def test_a_log_and_a_tracker_come_to_the_same_identity() -> None:
    logged = of_trace(
        trace(
            ("/usr/lib/python3.11/site-packages/django/core.py", 9, "inner"),
            ("/srv/app/shop/cart.py", 14, "total"),
            kind="app.errors.Missing",
        ),
        locate,
        "log:app.log",
    )
    frames = [
        frame(locate, "/venv/lib/python3.12/site-packages/django/core.py", "inner", 11),
        frame(locate, "C:\\app\\shop\\cart.py", "Cart.total", 20),
        frame(locate, "<frozen importlib._bootstrap>", "run", 1),
    ]
    tracked = record("sentry:web", "Missing", "'other'", frames)
    assert logged.error == tracked.error
    assert len(logged.error) == 16
    assert [each.function for each in tracked.own] == ["Cart.total"]


@pytest.mark.parametrize(
    "other",
    [
        trace(("/srv/app/shop/users.py", 14, "total")),
        trace(("/srv/app/shop/cart.py", 14, "other")),
        trace(("/srv/app/shop/cart.py", 14, "total"), kind="IndexError"),
        trace(("/srv/app/shop/users.py", 1, "f"), ("/srv/app/shop/cart.py", 14, "total")),
    ],
)
def test_another_type_place_or_way_is_another_error(other: Trace) -> None:
    one = of_trace(trace(("/srv/app/shop/cart.py", 14, "total")), locate, "log:a")
    assert one.error != of_trace(other, locate, "log:a").error


@given(st.lists(st.integers(1, 10_000), min_size=2, max_size=2), st.integers(1, 900))
def test_lines_messages_and_depth_do_not_count(lines: list[int], depth: int) -> None:
    shallow = trace(("/srv/shop/cart.py", lines[0], "walk"), ("/srv/shop/users.py", 3, "end"))
    deep = trace(*[("/srv/shop/cart.py", lines[1], "walk")] * depth, ("/other/shop/users.py", 5, "end"))
    one, other = (of_trace(each, locate, "log:a") for each in (shallow, deep))
    assert one.error == other.error
    assert len(other.frames) <= 60


def test_without_frames_of_the_repository_the_innermost_of_others_count() -> None:
    far = [frame(locate, f"/lib/python3.11/{name}.py", name, 1) for name in "abcdef"]
    assert identity("E", far) == identity("E", far[2:])
    assert identity("E", far) != identity("E", far[:4])
    assert identity("E", [], "issue 1") != identity("E", [], "issue 2")


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("django.db.utils.IntegrityError", "IntegrityError"),
        ("KeyError: 'x'", "KeyError"),
        ("", ""),
        ("a b\nc", "abc"),
    ],
)
def test_an_exceptions_name_stands_alone(kind: str, name: str) -> None:
    assert bare(kind) == name


@pytest.mark.parametrize(
    ("path", "library"),
    [
        ("/usr/lib/python3.11/json/decoder.py", True),
        ("/venv/lib/python3/dist-packages/x.py", True),
        ("C:\\venv\\Lib\\site-packages\\x.py", True),
        ("<string>", True),
        ("/srv/app/shop/cart.py", False),
        ("python3_tools/x.py", False),
    ],
)
def test_libraries_are_known_by_their_place(path: str, library: bool) -> None:
    assert is_library(path) == library


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/srv/app/shop/cart.py", "shop/cart.py"),
        ("shop/cart.py", "shop/cart.py"),
        ("/srv/util/io.py", None),
        ("/srv/app/shop/util/io.py", "shop/util/io.py"),
        ("/srv/manage.py", "manage.py"),
        ("/srv/cart.py", None),
        ("/x/site-packages/shop/cart.py", None),
        ("", None),
        ("/", None),
    ],
)
def test_a_path_maps_to_the_one_file_that_ends_like_it(path: str, found: str | None) -> None:
    assert locate(path) == found


def test_records_of_one_error_stand_side_by_side_and_add_up() -> None:
    base = record("log:a", "KeyError", "'x'", [frame(locate, "shop/cart.py", "f", 1)])
    import msgspec

    first = msgspec.structs.replace(base, count=3, first=10.0, last=20.0)
    second = msgspec.structs.replace(base, count=4, first=5.0, last=30.0, message="newer")
    tracked = msgspec.structs.replace(base, source="sentry:web", count=None, link="https://s/issues/1/")
    other = record("log:a", "IndexError", "", [])
    [one, two] = sorted(merged([tracked, first, other, second]), key=len, reverse=True)
    assert [(r.source, r.count) for r in one] == [("log:a", 7), ("sentry:web", None)]
    assert (one[0].first, one[0].last, one[0].message) == (5.0, 30.0, "newer")
    assert two == (other,)


def test_what_a_night_remembers_makes_the_same_record_again() -> None:
    made = record("sentry:web", "KeyError", "'x'", [frame(locate, "/srv/shop/cart.py", "f", 7)])
    back = remembered(made.night("new"))
    assert (back.error, back.kind, back.source) == (made.error, made.kind, made.source)
    assert identity(back.kind, back.frames) == made.error
    assert made.night("new").state == "new"


def test_secrets_in_frames_and_messages_are_hidden() -> None:
    secret = "password=hunter2secret"
    made = record("log:a", "E", secret, [frame(locate, "/srv/shop/cart.py", "f", 1, f"login({secret})")])
    assert "hunter2secret" not in str(made)


NOW = "import os\n\n\ndef f(d):\n    return d['x']\n"


def at(line: int, text: str = "", path: str | None = "shop/cart.py") -> StackFrame:
    return StackFrame(path, "f", line, text, "/srv/shop/cart.py")


def test_a_line_is_found_where_it_stands_today() -> None:
    then = "def f(d):\n    return d['x']\n"
    found = place(at(2), NOW, then)
    assert found is not None
    assert (found.line, found.then, found.text, found.failing) == (5, 2, "return d['x']", 5)


def test_a_changed_line_is_known_as_it_was() -> None:
    then = "def f(d):\n    return d['y']\n"
    found = place(at(2), NOW, then)
    assert found is not None
    assert (found.line, found.then, found.source, found.failing) == (None, 2, then, 2)


def test_without_its_release_a_line_counts_only_if_its_text_agrees() -> None:
    assert place(at(5), NOW, None) == place(at(5, "return d['x']"), NOW, None)
    found = place(at(2, "return d['x']"), NOW, None)
    assert found is not None
    assert found.line == 5
    assert place(at(2, "gone()"), NOW, None) is None
    assert place(at(99), NOW, None) is None
    assert place(at(0), NOW, None) is None
    assert place(at(5, path=None), NOW, None) is None
    assert place(at(2, "x = 1"), "x = 1\n\nx = 1\n", None) is None


def test_a_release_whose_text_disagrees_is_not_believed() -> None:
    found = place(at(2, "return d['x']"), NOW, "a\nb\n")
    assert found is not None
    assert (found.line, found.then) == (5, 5)


@given(
    st.lists(st.sampled_from("abc"), max_size=12), st.lists(st.sampled_from("abc"), max_size=12), st.data()
)
def test_a_moved_line_is_the_same_line(old: list[str], new: list[str], data: st.DataObject) -> None:
    if not old:
        return
    line = data.draw(st.integers(1, len(old)))
    found = moved(old, new, line)
    assert found is None or new[found - 1] == old[line - 1]
    assert moved(old, old, line) == line
    assert moved(old, ["z", *old], line) == line + 1
