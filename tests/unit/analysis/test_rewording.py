"""A function in another wording: what else is in the file stays, byte for byte."""

import ast
from pathlib import Path

import pytest

from daydream.analysis.fixes.page import Left, open_page
from daydream.analysis.fixes.rewording import find, reworded
from daydream.analysis.fixes.tree import Tree
from tests.fakes.dream_night import context, write

PLAIN = '''"""A module."""
import os


def keep(value):
    return os.path.join("a", value)


def total(numbers):
    """Add them up."""
    # The caller may pass anything.
    result = 0
    for number in numbers:  # in order
        # None is nothing.
        if number is None:
            continue
        result += number
    return result


def last(value):
    return value
'''
LOOP = PLAIN[PLAIN.index("def total") : PLAIN.index("\n\ndef last")]


def after(tmp_path: Path, content: str | bytes, name: str, code: str, occurrence: int = 1) -> bytes:
    write(tmp_path, {"pkg/mod.py": content})
    tree = Tree(context(tmp_path, tmp_path / "state"))
    page = open_page(tree.ctx, "pkg/mod.py")
    return reworded(tree, page, find(page, name, occurrence), code).to_bytes()


def test_an_edited_line_is_the_only_one_that_changes(tmp_path: Path) -> None:
    code = LOOP.replace("result += number", "result = result + number")
    assert after(tmp_path, PLAIN, "total", code).decode() == PLAIN.replace(
        "result += number", "result = result + number"
    )


def test_comments_that_a_wording_dropped_stay_where_it_kept_the_code(tmp_path: Path) -> None:
    code = ast.unparse(ast.parse(LOOP)).replace("result += number", "result = number + result") + "\n"
    assert "#" not in code
    assert after(tmp_path, PLAIN, "total", code).decode() == PLAIN.replace(
        "result += number", "result = number + result"
    )


def test_line_ends_tabs_and_a_byte_order_mark_stay(tmp_path: Path) -> None:
    text = (
        "class A:\r\n\tdef f(self, a):\r\n\t\tb = a\r\n\t\tc = 'é'  # sign\r\n\t\treturn b\r\n\r\n\tx = 1\r\n"
    )
    code = "\tdef f(self, a):\n\t\tb = a + 0\n\t\tc = 'é'  # sign\n\t\treturn b\n"
    expected = b"\xef\xbb\xbf" + text.replace("b = a\r", "b = a + 0\r").encode()
    assert after(tmp_path, b"\xef\xbb\xbf" + text.encode(), "A.f", code) == expected


def test_another_encoding_stays(tmp_path: Path) -> None:
    text = "# -*- coding: latin-1 -*-\ndef f(a):\n    return a + 'é'\n"
    found = after(tmp_path, text.encode("latin-1"), "f", "def f(a):\n    return 'é' + a\n")
    assert found == text.replace("a + 'é'", "'é' + a").encode("latin-1")


def test_a_file_without_a_last_line_end_has_none_afterwards(tmp_path: Path) -> None:
    assert after(tmp_path, "def f(a):\n    return a", "f", "def f(a):\n    b = a\n    return b\n") == (
        b"def f(a):\n    b = a\n    return b"
    )


def test_a_form_feed_is_no_line(tmp_path: Path) -> None:
    text = "x = 1\n\x0c\ndef f(a):\n    return a + 1\n\x0c\ndef g():\n    return 2\n"
    assert after(tmp_path, text, "f", "def f(a):\n    return 1 + a\n").decode() == text.replace(
        "a + 1", "1 + a"
    )


SEVERAL = """import functools


def f(a):
    return a


@functools.cache
def f(a):
    def inner(b):
        # as it is
        return b
    return inner(a)


async def g(a):
    async with a as b:
        return await b


class A:
    class B:
        @staticmethod
        def f(a):
            return a
"""


@pytest.mark.parametrize(
    ("name", "occurrence", "old", "new"),
    [
        ("f", 2, "    return inner(a)", "    return inner(b=a)"),
        ("f.<locals>.inner", 1, "        return b\n    return", "        return b + 0\n    return"),
        ("g", 1, "        return await b", "        c = await b\n        return c"),
        ("A.B.f", 1, "            return a", "            return [a][0]"),
    ],
)
def test_the_function_that_is_meant_changes(
    tmp_path: Path, name: str, occurrence: int, old: str, new: str
) -> None:
    expected = SEVERAL.replace(old, new)
    assert SEVERAL.count(old) == 1
    write(tmp_path, {"wanted.py": expected})
    page = open_page(context(tmp_path, tmp_path / "state"), "wanted.py")
    function = find(page, name, occurrence)
    code = "".join(page.lines[function.first_line - 1 : function.last_line])
    assert after(tmp_path, SEVERAL, name, code, occurrence).decode() == expected


def test_a_file_that_is_laid_out_by_a_formatter_still_is(tmp_path: Path) -> None:
    files = {"pyproject.toml": "[tool.ruff]\nline-length = 60\n"}
    write(tmp_path, dict(files))
    text = 'def f(words):\n    found = []\n    for word in words:\n        found.append(word)\n    return ", ".join(found)\n'
    code = (
        'def f(words):\n    return ", ".join([word for word in words if word is not None or word is None])\n'
    )
    found = after(tmp_path, text, "f", code).decode()
    assert max(map(len, found.splitlines())) <= 60
    assert ast.dump(ast.parse(found)) == ast.dump(ast.parse(code))


@pytest.mark.parametrize(
    ("name", "code", "why"),
    [
        ("gone", "def gone():\n    return 1\n", "the procedure is gone"),
        ("keep", "x = 1\n", "its wording is not one function"),
        ("keep", "def keep(value):\n    return value\n", "something else would break or be unused"),
        ("total", "def total(numbers):\n    return summed(numbers)\n", "something else would break"),
    ],
)
def test_what_cannot_be_made_is_said(tmp_path: Path, name: str, code: str, why: str) -> None:
    with pytest.raises(Left, match=why):
        after(tmp_path, PLAIN, name, code)


def test_the_same_wording_is_nothing_to_do(tmp_path: Path) -> None:
    with pytest.raises(Left, match="nothing to do"):
        after(tmp_path, PLAIN, "total", LOOP)
