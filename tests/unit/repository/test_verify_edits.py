"""Where an error is planted, and which lines of an edit count."""

import pytest

from daydream.repository.verify_edits import PLANTED, edited_lines, planted


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"", b"P\n"),
        (b"import os\n", b"P\nimport os\n"),
        (b'"""Doc."""\n\nimport os\n', b'"""Doc."""\nP\n\nimport os\n'),
        (
            b'#!/usr/bin/python\n# a comment\n"""Doc\nof two lines."""\nfrom __future__ import annotations\nx = 1\n',
            b'#!/usr/bin/python\n# a comment\n"""Doc\nof two lines."""\nfrom __future__ import annotations\nP\nx = 1\n',
        ),
        (b"from __future__ import annotations", b"from __future__ import annotations\nP\n"),
        (b"import os\r\nx = 1\r\n", b"P\r\nimport os\r\nx = 1\r\n"),
        (b"\xef\xbb\xbfimport os\n", b"\xef\xbb\xbfP\nimport os\n"),
        (b"# -*- coding: latin-1 -*-\nx = '\xe4'\n", b"# -*- coding: latin-1 -*-\nP\nx = '\xe4'\n"),
        (b"\x0cimport os\n", b"P\n\x0cimport os\n"),
    ],
)
def test_the_error_stands_behind_docstring_and_future_imports(before: bytes, after: bytes) -> None:
    assert planted(before) == after.replace(b"P", PLANTED)


@pytest.mark.parametrize(
    "content", [b"def f(:\n", b"\0", b"x = 'open\n", b'"""Doc."""; x = (\n1)\n', b"\xff\xfe"]
)
def test_where_there_is_no_sure_place_none_is_made_up(content: bytes) -> None:
    assert planted(content) is None


def spans(old: bytes | None, new: bytes) -> dict[int, tuple[int, int]]:
    found = edited_lines(old, new)
    assert found is not None
    return dict(found.spans)


def test_a_changed_line_counts_with_the_whole_of_its_statement() -> None:
    old = b"x = call(\n    1,\n    2,\n)\n"
    assert spans(old, old.replace(b"2", b"3")) == {3: (1, 4)}


def test_a_removed_line_counts_by_the_code_around_it() -> None:
    old = b"import os\nimport re\n\n# a comment\nx = 1\n"
    assert set(spans(old, old.replace(b"import re\n", b""))) == {1, 4}


def test_comments_blank_lines_docstrings_and_declarations_are_no_code() -> None:
    new = b'"""Doc."""\n\n# a comment\ndef f():\n    """Doc."""\n    global x\n    x = 1\n'
    assert set(spans(None, new)) == {4, 7}


def test_of_a_statement_with_a_body_only_the_head_counts() -> None:
    new = b"@one\n@two(\n    3\n)\ndef f(\n    a,\n):\n    return a\n"
    assert spans(None, new) == {**dict.fromkeys(range(1, 8), (1, 7)), 8: (8, 8)}


def test_handlers_and_cases_count() -> None:
    new = b"try:\n    pass\nexcept ValueError:\n    pass\nmatch 1:\n    case 2:\n        pass\n"
    assert set(spans(None, new)) == {1, 2, 3, 4, 5, 6, 7}


def test_an_edit_of_a_big_file_is_counted() -> None:
    old = b"".join(b"x%d = %d\n" % (n, n) for n in range(5000))
    new = old.replace(b"x17 = 17\n", b"x17 = 18\n").replace(b"x4000 = 4000\n", b"")
    assert set(spans(old, new)) == {18, 4000, 4001}


def test_lines_that_ran_are_counted_by_statement() -> None:
    found = edited_lines(None, b"x = (\n    1\n)\ny = 2\n")
    assert found is not None
    assert found.watched() == [1, 2, 3, 4]
    assert found.executed(frozenset({2})) == 3


def test_what_cannot_be_parsed_is_not_counted() -> None:
    assert edited_lines(b"", b"def f(:\n") is None
