"""Names: how often they occur, which imports are used elsewhere, which definitions are dead, and their worth."""

import ast

import msgspec
import pytest

from daydream.analysis.dead_code import (
    Candidate,
    Judge,
    fragments,
    is_composed,
    is_dead,
    may_be_composed,
    parts_of,
    read,
    unreachable_worth,
    watched,
)
from daydream.analysis.deprecated_code import Use, is_guard, patterns, requires_setuptools
from daydream.analysis.roles import is_illustration, is_public, is_test, is_test_data
from daydream.analysis.unused_imports import Import, is_meant, is_python_2, is_spoken_of, used_elsewhere
from daydream.analysis.unused_imports import read as read_import
from daydream.analysis.words import Tally, add_up, census, pieces, unpack


def candidate(name: str, **known: object) -> Candidate:
    values = {
        "path": "pkg/a.py",
        "kind": "function",
        "qualname": name,
        "first": 1,
        "last": 3,
        "only_tests": False,
        **known,
    }
    return msgspec.convert({"name": name, "message": "", "confidence": 60, **values}, Candidate)


def test_words_are_counted_apart_in_code_and_tests() -> None:
    shares = [census([(b"foo(bar); foo", False)]), census([("föo foo".encode(), True)])]
    counts = add_up(shares, {"foo", "none"})
    assert (counts["foo"].elsewhere, counts["foo"].in_tests, counts["none"].total) == (2, 1, 0)


def test_a_count_of_words_survives_being_packed() -> None:
    shared = census([("a b a föo 12_x".encode(), False), (b"b", True), (b"", True)])
    assert unpack(shared.pack()) == shared
    assert unpack(census([]).pack()) == census([])
    for torn in (b"", shared.pack()[:12], b"\xff" * 40):
        with pytest.raises(ValueError):  # noqa: PT011 -- whatever the words, it is refused
            unpack(torn)


def test_the_pieces_of_a_composed_name_are_words_that_a_format_leaves() -> None:
    assert set(pieces("visit_name")) == {"visit_", "_name", "s_name"}
    assert list(pieces("_x")) == []


IMPORT = Import("pkg/models.py", "Thing", "pkg.things.Thing")


@pytest.mark.parametrize(
    ("text", "used"),
    [
        (b"from pkg.models import Thing", True),
        (b"from .models import (\n    Other,\n    Thing,\n)", True),
        (b"from pkg.models import *\nThing()", True),
        (b"from .models import *\n", True),
        (b">>> from pkg.models import  (*)\n", True),
        (b"from other.models import *\n", False),
        (b"from pkg.models import Other\nfrom x import *\n", False),
        (b"import pkg.models as m\nm.Thing()", True),
        (b"from pkg import models as m\nm.Thing()", True),
        (b"patch('pkg.models.Thing')", True),
        (b"from pkg.things import Thing\nfrom pkg.models import Other", False),
        (b"Thing = 1", False),
        (b"", False),
    ],
)
def test_an_import_that_another_module_takes_from_here_is_used(text: bytes, used: bool) -> None:
    assert bool(used_elsewhere([IMPORT], [("pkg/other.py", text)])) is used


def test_a_module_does_not_use_its_own_import_for_others() -> None:
    assert used_elsewhere([IMPORT], [("pkg/models.py", b"from pkg.models import Thing")]) == set()


@pytest.mark.parametrize(
    ("path", "line", "message", "bound"),
    [
        ("a.py", "import os.path", "`os.path` imported but unused", "os"),
        ("a.py", "from x import y as z", "`x.y as z` imported but unused", "z"),
        ("a.py", "from x import y", "`x.y` imported but unused", "y"),
        ("p/__init__.py", "from x import y", "`x.y` imported but unused; consider removing", None),
        ("a.py", "    import x", "`x` imported but unused; consider using `importlib.util.find_spec`", None),
    ],
)
def test_the_name_that_an_import_binds_is_read(path: str, line: str, message: str, bound: str | None) -> None:
    entry = read_import(path, line, message)
    assert (entry.bound if entry else None) == bound


@pytest.mark.parametrize(
    ("known", "others", "dead"),
    [
        ({}, {"lonely_thing": Tally(1, 0)}, True),
        ({}, {"lonely_thing": Tally(2, 0)}, False),
        ({}, {"lonely_thing": Tally(1, 1)}, False),
        ({"only_tests": True}, {"lonely_thing": Tally(1, 4)}, True),
        ({"again": 2}, {"lonely_thing": Tally(3, 0)}, True),
        ({"again": 1}, {"lonely_thing": Tally(3, 0)}, False),
    ],
)
def test_a_name_is_dead_when_nothing_else_can_name_it(
    known: dict[str, object], others: dict[str, Tally], dead: bool
) -> None:
    thing = candidate("lonely_thing", **known)
    counts = {word: Tally() for word in watched([thing])} | others
    assert is_dead(thing, counts) is dead


def test_a_private_method_is_not_dead_when_its_bare_name_is_around() -> None:
    method = candidate("_status", kind="method", scope="class", qualname="A._status")
    assert not is_dead(method, {"_status": Tally(1), "status": Tally(3)})
    assert is_dead(method, {"_status": Tally(1), "status": Tally()})


@pytest.mark.parametrize(
    ("name", "known", "printed"),
    [
        ("_x", {}, True),
        ("x", {}, False),
        ("x", {"path": "pkg/_internal.py"}, True),
        ("x", {"path": "scripts/x.py"}, True),
        ("_x", {"decorators": ("register",)}, False),
        ("_x", {"decorators": ("staticmethod",), "kind": "method", "scope": "class"}, True),
        ("_x", {"conditional": True}, False),
        ("_x", {"path": "docs/conf.py"}, False),
        ("_x", {"path": "app/migrations/0001.py"}, False),
        ("__getattr__", {}, False),
        ("_visit_thing", {}, False),
        ("_x", {"kind": "class", "bases": ("Model",)}, False),
        ("_x", {"kind": "class", "bases": ("Exception",)}, True),
        ("_x", {"kind": "method", "scope": "class", "owner_bases": ("Own",)}, True),
        ("_x", {"kind": "method", "scope": "class", "owner_bases": ("lib.Foreign",)}, False),
        ("_x", {"kind": "method", "scope": "class", "owner_bases": ("Same",)}, False),
        ("x", {"kind": "method", "scope": "class", "qualname": "_C.x"}, False),
        ("x", {"scope": "function", "qualname": "f.x"}, True),
        ("x", {"path": "tests/helpers.py"}, True),
        ("x", {"path": "tests/helpers.py", "scope": "function"}, False),
        ("test_x", {"path": "tests/spec.py"}, False),
    ],
)
def test_only_what_nobody_outside_can_reach_is_printed(
    name: str, known: dict[str, object], printed: bool
) -> None:
    judge = Judge({"Own": ("object",), "Same": ("lib.Same",)}, published=[""])
    assert ((judge.worth(candidate(name, **known)) or 0) >= 0.5) is printed


def test_a_public_function_of_an_application_may_go() -> None:
    assert (Judge({}, published=[]).worth(candidate("x")) or 0) >= 0.5


def test_a_line_that_is_not_ours_is_refused() -> None:
    with pytest.raises(ValueError, match="JSON"):
        read(b"Traceback (most recent call last)\n")


def test_an_answer_without_its_end_is_not_complete() -> None:
    assert not read(b'{"unread": ["a.py", "why"]}\n').complete
    assert read(b'{"end": 0}\n').complete


def test_a_yield_that_makes_a_generator_is_not_unreachable_code() -> None:
    code = candidate("return", kind="unreachable_code")
    assert unreachable_worth(code, "    yield") is None
    assert unreachable_worth(code, "if False:  # debug") == 0.4
    after = msgspec.structs.replace(code, message="unreachable code after 'return'")
    guard = msgspec.structs.replace(code, message="unreachable code after 'raise'")
    assert unreachable_worth(after, "    call()") == 0.8
    assert unreachable_worth(guard, "    call()") == 0.45


def test_patterns_that_break_are_worth_more_than_old_style() -> None:
    uses = [
        Use(
            "a.py",
            "UP035",
            3,
            "Import from `collections.abc` instead: `Mapping`",
            "from collections import Mapping",
        ),
        Use(
            "a.py",
            "UP035",
            1,
            "Import from `collections.abc` instead: `Mapping`",
            "from typing import Mapping",
        ),
        Use("a.py", "UP006", 9, "Use `list`", "x: List"),
        Use("a.py", "UP006", 5, "Use `list`", "y: List"),
    ]
    found = {(p.code, p.line): (p.count, p.worth >= 0.5) for p in patterns(uses)}
    assert found == {("UP035", 3): (1, True), ("UP035", 1): (1, False), ("UP006", 5): (2, False)}


@pytest.mark.parametrize(
    ("path", "roles"),
    [
        ("tests/a.py", "test"),
        ("pkg/tests/a.py", "test"),
        ("django/test/client.py", "public"),
        ("test/a.py", "test"),
        ("pkg/test_a.py", "test"),
        ("atest/testresources/a.py", "test"),
        ("contest/a.py", "public"),
        ("pkg/contest.py", "public"),
        ("pkg/testing.py", "public"),
        ("pkg/a_test.py", "test"),
        ("conftest.py", "test"),
        ("pkg/tests/helpers.py", "test"),
        ("tests/data/a.py", "test data"),
        ("docs/conf.py", "illustration"),
        ("pkg/demo.py", "illustration"),
        ("pkg/_a.py", ""),
        ("tools/a.py", ""),
        ("pkg/__init__.py", "public"),
    ],
)
def test_a_path_tells_what_a_file_is_for(path: str, roles: str) -> None:
    told = {"test": is_test(path), "test data": is_test_data(path), "illustration": is_illustration(path)}
    expected = {name: name in roles for name in told} | {"test": roles.startswith("test")}
    assert told | {"public": is_public(path)} == expected | {"public": roles == "public"}


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (b'getattr(self, f"visit_{kind}")', {"visit_"}),
        (b'getattr(self, kind + "_handler")', {"_handler"}),
        (b'"%s_handler" % kind', {"_handler"}),
        (b'"%(kind)s_handler"', {"_handler"}),
        (b"Every `do_*` method is a command.", {"do_"}),
        (b"self._handler = _handler", set()),
        (b"visit_ = 1", set()),
    ],
)
def test_a_name_is_composed_of_what_strings_and_patterns_hold(text: bytes, parts: set[str]) -> None:
    assert fragments(text) == parts


def test_a_beginning_or_a_whole_rest_composes_a_name_and_a_mere_end_may() -> None:
    assert is_composed(candidate("visit_old_name"), {"visit_"})
    assert is_composed(candidate("old_handler"), {"_handler"})
    assert not is_composed(candidate("find_old_handler"), {"_handler"})
    assert may_be_composed(candidate("find_old_handler"), {"_handler"})
    assert not may_be_composed(candidate("find_old_handler"), {"_old"})
    assert parts_of(["a_b_c"]) == {"a_", "_b_c", "a_b_", "_c"}


@pytest.mark.parametrize(
    ("name", "known", "printed"),
    [
        ("_LIMIT", {"kind": "variable", "qualname": ""}, True),
        ("LIMIT", {"kind": "variable", "qualname": ""}, False),
        ("_LIMIT", {"kind": "variable", "qualname": "", "path": "tests/a.py"}, False),
        ("_x", {"decorators": ("functools.lru_cache",)}, True),
        ("_x", {"decorators": ("contextlib.contextmanager",)}, True),
        ("load_tests", {"path": "tests/test_a.py"}, False),
        ("x", {"path": "sub/pkg/a.py"}, False),
        ("x", {"path": "sub/contrib/a.py"}, True),
        ("x", {"path": "other/a.py"}, True),
    ],
)
def test_what_a_folder_publishes_is_a_promise(name: str, known: dict[str, object], printed: bool) -> None:
    judge = Judge({}, published=["sub"], packages=["sub/pkg"])
    assert ((judge.worth(candidate(name, **known)) or 0) >= 0.5) is printed


def test_what_others_are_sure_to_ask_for_by_its_name_is_not_mentioned() -> None:
    judge = Judge({}, published=[])
    assert judge.worth(candidate("urlpatterns", kind="variable", qualname="")) is None
    assert judge.worth(candidate("pytest_addoption", path="tests/conftest.py")) is None
    assert judge.worth(candidate("before_all", path="features/environment.py")) is None


def test_a_bare_return_switches_code_off_and_one_with_a_value_does_not() -> None:
    code = msgspec.structs.replace(
        candidate("return", kind="unreachable_code"), message="unreachable code after 'return'"
    )
    assert unreachable_worth(code, "    call()", "    return  # not now") == 0.45
    assert unreachable_worth(code, "    call()", "    return 1") == 0.8


@pytest.mark.parametrize(
    ("body", "guard"),
    [
        ("    raise SystemExit('Python 3.9 is required')", True),
        ("    print('too old')\n    sys.exit(1)", True),
        ("    log.error('too old')", True),
        ("    import tomli", False),
        ("    print('x')\n    work()", False),
    ],
)
def test_a_check_that_only_refuses_a_python_is_a_guard(body: str, guard: bool) -> None:
    tree = ast.parse(f"import sys\nif sys.version_info < (3, 9):\n{body}\n")
    assert is_guard(tree, 2) is guard
    use = Use("a.py", "UP036", 2, "outdated", "if x:", guard=guard)
    assert (patterns([use])[0].worth >= 0.5) is not guard


def test_version_checks_are_told_one_by_one_the_worthwhile_first() -> None:
    uses = [Use("a.py", "UP036", line, "outdated", "if x:", guard=line == 1) for line in (1, 5, 9)]
    assert [(p.line, p.count) for p in patterns(uses)] == [(5, 1), (9, 1), (1, 1)]


@pytest.mark.parametrize(
    ("path", "text", "required"),
    [
        ("pyproject.toml", '[project]\ndependencies = ["setuptools>=60"]\n', True),
        ("pyproject.toml", '[build-system]\nrequires = ["setuptools"]\n', False),
        ("pyproject.toml", '[project]\ndependencies = ["setuptools-scm"]\n', False),
        ("setup.cfg", "[options]\ninstall_requires =\n    altgraph\n    setuptools >= 42\n", True),
        ("setup.py", "setup(install_requires=['setuptools', 'x'])", True),
        ("setup.py", "from setuptools import setup\nsetup(install_requires=['x'])", False),
    ],
)
def test_setuptools_counts_only_as_a_requirement_at_run_time(path: str, text: str, required: bool) -> None:
    assert requires_setuptools(path, text) is required


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("import os  # needed by the doctest", True),
        ("from a import b  # used in code that is commented out", True),
        ("from a import b  # re-exported", True),
        ("import os  # the operating system", False),
        ("import os", False),
    ],
)
def test_a_comment_may_say_what_an_import_is_for(line: str, meant: bool) -> None:
    assert is_meant(line) is meant


def test_a_file_for_python_2_is_known_by_what_it_imports_without_trying() -> None:
    assert is_python_2(["import cStringIO, os"])
    assert not is_python_2(["try:", "    import cStringIO", "import queue"])


@pytest.mark.parametrize(
    ("target", "text", "spoken"),
    [
        ("cases.AllTests", "run(['unit.AllTests', 'x'])", True),
        ("cases.AllTests", "run('all tests of AllTests here')", False),
        ("typing.List", "x = []  # type: List[int]", True),
        ("typing.List", "x = []  # type: ignore[List]", False),
        ("json", "kind == 'json'", False),
        ("json", "getattr(here, 'json')", True),
    ],
)
def test_a_file_may_say_a_name_where_ruff_does_not_look(target: str, text: str, spoken: bool) -> None:
    entry = Import("a.py", target.rpartition(".")[2], target)
    assert is_spoken_of(entry, [text]) is spoken
