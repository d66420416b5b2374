"""Which tasks of a repository are about an error, or about the line that logs one."""

from collections.abc import Mapping

import pytest

from daydream.analysis.errors.tasks import Spot, Task, Tasks
from daydream.analysis.errors.titles import is_of

CODE = b"""# TODO: one module for all shops
import logging


def pay(order):
    # TODO: retry with back-off
    logging.error("payment of order %s was refused", order)


def refund(order):
    # FIXME: RefundError when the order is empty
    raise RefundError(order)
"""
LIST = b"""# Tasks
- [ ] payments are refused too often, see shop/pay.py:7
- [ ] mend total_of_cart for coupons
- [x] shop/pay.py: log the order
- [ ] handle RefundError and ValueError
- [ ] pay the bill
- [ ] shop/pay.py: more tests
- [ ] shop/pay.py: pay twice
"""


def tasks(files: Mapping[str, bytes]) -> Tasks:
    return Tasks(files.get, files)


def lines(found: list[Task]) -> list[tuple[str, int]]:
    return [(task.path, task.line) for task in found]


def test_a_comment_in_the_same_function_is_about_the_line() -> None:
    found = tasks({"shop/pay.py": CODE}).about([Spot("shop/pay.py", 7, "pay")])
    assert found == [Task("shop/pay.py", 6, "TODO: retry with back-off")]


def test_a_comment_that_names_the_exception_is_about_it_wherever_it_stands_in_the_file() -> None:
    found = tasks({"shop/pay.py": CODE}).about([Spot("shop/pay.py", 5, "pay", "RefundError")])
    assert lines(found) == [("shop/pay.py", 6), ("shop/pay.py", 11)]


def test_a_list_names_the_path_the_exception_or_the_function_and_what_is_done_is_no_task() -> None:
    known = tasks({"TODO.md": LIST, "NOTES.md": LIST})
    assert lines(known.about([Spot("shop/pay.py", 7, "pay", "ValueError")])) == [
        ("TODO.md", 2),
        ("TODO.md", 8),
    ]
    assert lines(known.about([Spot("a.py", 1, "total_of_cart")])) == [("TODO.md", 3)]
    assert lines(known.about([Spot("a.py", 1, "f", "RefundError")])) == [("TODO.md", 5)]
    assert known.about([Spot("old/shop/pay.py", 1, "f")]) == []


@pytest.mark.parametrize("data", [b"\xff\xfe\x00TODO", b"def f(:\n    # TODO: x\n", b"", b"# TODO\x00: x"])
def test_what_cannot_be_read_as_source_has_no_tasks_or_those_near(data: bytes) -> None:
    found = tasks({"a.py": data, "TODO.md": data}).about([Spot("a.py", 9, "f")])
    assert found == []


def test_at_most_three_are_told_and_none_twice() -> None:
    many = b"def f():\n" + b"    # TODO: x\n\n" * 9 + b"    pass\n"
    spot = Spot("a.py", 4, "f")
    assert len(tasks({"a.py": many}).about([spot, spot])) == 3


@pytest.mark.parametrize(
    ("template", "title", "same"),
    [
        ("payment of order <num> was refused", "payment of order 7713 was refused", True),
        ("payment of order <*> was refused", "payment of order abc was refused", True),
        ("payment of order <num> was refused", "payment of order 7713 was accepted", False),
        ("payment of order <num> was refused", "payment of order 7713 was ref...", True),
        ("payment of order <num> was refused", "payment of...", False),
        ("<*> <num>", "order 7", False),
        ("disk full", "disk full", True),
        ("disk full", "disk full again", False),
    ],
)
def test_an_issue_is_of_a_template_word_for_word_values_aside(template: str, title: str, same: bool) -> None:
    assert is_of(template, title) is same
