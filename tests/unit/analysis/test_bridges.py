"""Decisions that never change, imports that are tried in vain, and modules that are nothing but bridges."""

import ast

import pytest

from daydream.analysis.bridges import Gate, gates, shim
from daydream.analysis.standard_library import ADDED, is_there

FLOOR = (3, 10)


def found(text: str, floor: tuple[int, int] = FLOOR, *, linted: bool = True) -> list[Gate]:
    return gates(ast.parse(text), floor, frozenset({"pkg", "tomllib"}), linted=linted)


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("if sys.version_info.major == 2: a()", False),
        ("if sys.version_info.major >= 3: a()", True),
        ("x = 1 if sys.version_info >= (3, 8) else 2", True),
        ("if (3, 9) <= sys.version_info: a()", True),
        ("if not sys.version_info < (3, 0): a()", True),
        ("if sys.version_info >= (3, 9) and sys.version_info[0] != 2: a()", True),
        ("if six.PY2: a()", False),
        ("from .compat import PY3\nif PY3: a()", True),
        ("if sys.hexversion >= 0x03080000: a()", True),
        ("NEW = sys.version_info >= (3, 9)", True),
        ("@pytest.mark.skipif(sys.version_info < (3, 9), reason='x')\ndef test(): a()", False),
        ("try:\n    import queue\nexcept ImportError:\n    import Queue as queue", True),
        ("try:\n    from urllib.parse import quote\nexcept ImportError:\n    from urllib import quote", True),
        ("try:\n    import cPickle as pickle\nexcept ImportError:\n    import pickle", False),
        ("try:\n    from zoneinfo import ZoneInfo\nexcept ModuleNotFoundError:\n    ZoneInfo = None", True),
    ],
)
def test_a_decision_that_never_changes_is_found(text: str, outcome: bool) -> None:
    assert [gate.outcome for gate in found(text)] == [outcome]


@pytest.mark.parametrize(
    "text",
    [
        "if sys.version_info >= (3, 8): a()",  # ruff says it
        "x = 1 if sys.version_info >= (3, 12) else 2",
        "if sys.version_info.major == 3 and sys.platform == 'win32': a()",
        "if PY2: a()",
        "from .shapes import PY2X\nif PY2X: a()",
        "if sys.hexversion >= 0x030d0000: a()",
        "if not sys.version_info.major >= 3:\n    raise SystemExit('too old')",
        "try:\n    import tomllib\nexcept ImportError:\n    import tomli as tomllib",
        "try:\n    from enum import StrEnum\nexcept ImportError:\n    StrEnum = None",
        "try:\n    import queue, ujson\nexcept ImportError:\n    a()",
        "try:\n    import queue\nexcept Exception:\n    a()",
        "try:\n    from .queue import q\nexcept ImportError:\n    a()",
        "try:\n    import queue\n    a()\nexcept ImportError:\n    b()",
    ],
)
def test_what_may_go_either_way_or_refuses_a_python_is_left_alone(text: str) -> None:
    assert found(text) == []


def test_plain_checks_are_said_where_ruff_cannot() -> None:
    text = "if sys.version_info >= (3, 3):\n    a()"
    assert [gate.outcome for gate in found(text, (3, 6), linted=False)] == [True]


def test_python_2_decides_nothing_about_python_3() -> None:
    assert (
        found(
            "if six.PY2: a()\nx = sys.version_info[0] == 2\ntry:\n    import queue\nexcept ImportError:\n    a()",
            (2, 7),
        )
        == []
    )


COMPAT = """
import sys
PY2 = sys.version_info[0] == 2
if PY2:
    text_type = unicode
else:
    text_type = str
try:
    from urllib.parse import quote
except ImportError:
    from urllib import quote
def items(d):
    return d.items()
"""


def test_a_module_of_names_that_are_there_anyway_is_a_mere_bridge() -> None:
    told = shim("pkg/_compat.py", ast.parse(COMPAT), FLOOR, frozenset({"pkg"}))
    assert told is not None
    assert told.names == ("items", "quote", "text_type")


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("pkg/shapes.py", COMPAT),
        ("pkg/compat.py", COMPAT + "def work(x):\n    y = x + 1\n    return y\n"),
        ("pkg/compat.py", COMPAT + "class Thing:\n    pass\n"),
        ("pkg/compat.py", COMPAT + "import numpy\n"),
        ("pkg/compat.py", "import sys\nif sys.version_info >= (3, 13):\n    x = str\nelse:\n    x = bytes\n"),
        ("pkg/compat.py", "text_type = str\n"),
    ],
)
def test_a_module_that_does_anything_is_none(path: str, text: str) -> None:
    assert shim(path, ast.parse(text), FLOOR, frozenset({"pkg"})) is None


def test_the_standard_library_is_known_as_it_is() -> None:
    import importlib
    import sys

    for name, version in ADDED.items():
        if name and version <= sys.version_info[:2]:
            head, _, last = name.rpartition(".")
            try:
                module = importlib.import_module(name)
            except ModuleNotFoundError:
                module = getattr(importlib.import_module(head), last)
            assert module is not None, name
    assert is_there("typing.Self", (3, 11))
    assert not is_there("typing.Self", (3, 10))
    assert not is_there("typing.Nothing", (3, 13))
