"""Alive because pytest or unittest calls it: one look-alike a section."""

# ruff: noqa: ARG001, E402, ERA001, F401, F403, F811, PT009, PT022
# mypy: ignore-errors

# lookalike: pytest-fixture
import pytest


@pytest.fixture
def empty_shelf():
    return []


@pytest.fixture(name="desk", scope="module")
def _make_desk():
    yield {"open": True}


# lookalike: pytest-conftest-hook
def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: "slow" in item.keywords)


def pytest_addoption(parser):
    parser.addoption("--whole-library", action="store_true")


# lookalike: pytest-autouse
import pytest


@pytest.fixture(autouse=True)
def _no_post_leaves_the_house(monkeypatch):
    monkeypatch.delenv("DESK_SMTP", raising=False)


# lookalike: pytest-param-ids
import pytest


def short_name(value):
    return f"shelf-{value}"


@pytest.mark.parametrize("number", [1, 2], ids=short_name)
def test_shelf_has_a_number(number):
    assert number


# lookalike: pytest-plugin-list
pytest_plugins = ["pytest_plugin_list.fixtures_of_the_desk"]
collect_ignore = ["drafts.py"]
collect_ignore_glob = ["old_*.py"]

# lookalike: pytest-module-mark
import pytest

pytestmark = pytest.mark.filterwarnings("error")


def test_door_is_open():
    assert pytest


# lookalike: pytest-fixture-import
from desk.testing.fixtures import borrowed_book, reader_with_card
from desk.testing.servers import *


def test_loan_is_noted(borrowed_book, reader_with_card):
    assert borrowed_book.reader == reader_with_card


# lookalike: pytest-traceback-hide
def assert_on_shelf(shelf, barcode):
    __tracebackhide__ = True
    if barcode not in shelf:
        raise AssertionError(barcode)


def test_is_on_shelf():
    assert_on_shelf({"7"}, "7")


# lookalike: unittest-hooks
import unittest


class DeskTest(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.desk = {}

    @classmethod
    def setUpClass(cls):
        cls.doors = 2

    def tearDown(self):
        self.desk.clear()

    def test_opens(self):
        self.assertFalse(self.desk)


# lookalike: unittest-load-tests
import doctest

import desk.shelves


def load_tests(loader, tests, ignore):
    tests.addTests(doctest.DocTestSuite(desk.shelves))
    return tests


# lookalike: pytest-raises-binding
import pytest


def test_lost_book_is_an_error():
    with pytest.raises(KeyError) as _:
        {}["lost"]
