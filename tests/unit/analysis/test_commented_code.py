"""Commented-out code: whole blocks that parse, and neither prose nor examples."""

import textwrap

import pytest

from daydream.analysis.commented_code import blocks, is_code, is_entry_of_list


def lines_of(text: str) -> list[str]:
    return textwrap.dedent(text).strip("\n").splitlines()


def found(text: str, prose: int = 0) -> list[tuple[int, int, bool]]:
    """Flag every comment line after the first `prose` lines."""
    lines = lines_of(text)
    flagged = [n for n, line in enumerate(lines, 1) if n > prose and line.strip().startswith("#")]
    return [(b.first, b.last, b.whole) for b in blocks(lines, flagged)]


def test_adjacent_lines_are_one_block() -> None:
    assert found("x = 1\n# y = 2\n# if y:\n#     print(y)\nz = 3\n") == [(2, 4, True)]


def test_an_empty_line_between_code_paragraphs_does_not_split_the_block() -> None:
    assert found("# y = 2\n\n# print(y)\nz = 3\n") == [(1, 3, True)]


def test_an_indented_block_is_read_without_its_indentation() -> None:
    assert found("def f():\n    # if a:\n    #     b()\n    return 1\n") == [(2, 3, True)]


def test_a_block_announced_as_switched_off_is_whole() -> None:
    assert found("# TODO: broken since the new parser\n# a = parse(b)\n# use(a)\n", prose=1) == [(2, 3, True)]


def test_code_below_prose_is_a_block_that_is_not_whole() -> None:
    lines = ["# the order matters here", "# a = parse(b)", "# use(a)", "x = 1"]
    assert [(b.first, b.last, b.whole) for b in blocks(lines, [2, 3])] == [(2, 3, False)]


@pytest.mark.parametrize(
    "text",
    [
        "# For example\n# a = parse(b)\n# use(a)\n",
        "# this becomes\n# a = 1\n",
        "# the shape is:\n# a = 1\n",
        "# e.g.\n\n# a = parse(b)\n",
    ],
)
def test_an_example_is_not_dead_code(text: str) -> None:
    assert found(text, prose=1) == []


@pytest.mark.parametrize(
    "text", ["x = 1", "f(x)", "if a:\n    b()", "return x", "import os", "class A:\n    x = 1"]
)
def test_statements_are_code(text: str) -> None:
    assert is_code(text)


@pytest.mark.parametrize(
    "text",
    [
        "word",
        "one, two",
        "a < b",
        "name: value",
        "type: ignore",
        "noqa = 1",
        "pragma: no cover",
        "Lucene (the engine)",
        "TODO(someone)",
        "this is prose",
        "pass",
        "",
        "x = 1  # returns 2",
        "a\0b",
    ],
)
def test_prose_labels_and_remarks_are_not_code(text: str) -> None:
    assert not is_code(text)


def test_an_entry_left_out_of_a_list_of_like_statements_is_recognised() -> None:
    lines = lines_of("a = fields[0]\n# b = fields[1]\nc = fields[2]\n")
    other = lines_of("a = fields[0]\n# b = compute(1)\nc = fields[2]\n")
    assert is_entry_of_list(lines, blocks(lines, [2])[0])
    assert not is_entry_of_list(other, blocks(other, [2])[0])


def test_a_flag_beyond_the_end_is_ignored() -> None:
    assert blocks(["# x = 1"], [5]) == []


def test_separate_runs_of_code_between_prose_are_separate_blocks() -> None:
    lines = ["# a = parse(b)", "# now some words", "# use(a)"]
    assert [(b.first, b.last, b.whole) for b in blocks(lines, [1, 3])] == [(1, 1, False), (3, 3, False)]


def test_a_block_counts_its_lines_of_code() -> None:
    assert blocks(["# a = 1", "", "# b = 2"], [1, 3])[0].size == 2


@pytest.mark.parametrize("text", ["raise", "return", "x: int", "see: this"])
def test_a_bare_keyword_or_annotation_is_not_code(text: str) -> None:
    assert not is_code(text)
