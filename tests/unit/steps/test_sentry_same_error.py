"""One error, raised for real, seen by Python's logging and by Sentry's own SDK: the same record."""

import json
import logging
import types

import pytest
from sentry_sdk.utils import event_from_exception

from daydream.analysis.errors.frames import locator
from daydream.analysis.errors.records import merged, of_trace
from daydream.analysis.logs.records import Record, trace_of
from daydream.clients.sentry_payloads import event_of
from daydream.steps.sentry_records import Noted, happened

SOURCE = """
import json
import re


class Missing(Exception):
    pass


class Cart:
    def total(self, prices):
        return sum(price for price in [prices["coupon"]])


def plain():
    Cart().total({})


def nested():
    def inner():
        return (lambda d: d["x"])({})
    inner()


def chained():
    try:
        plain()
    except KeyError as error:
        raise Missing("no") from error


def during():
    try:
        plain()
    except KeyError:
        int("a")


def deep(n=0):
    return deep(n + 1)


def library():
    json.loads("{")


def callback():
    re.sub("a", lambda match: {}["x"], "a")


def listed():
    return [d["x"] for d in [{}]]
"""
PATHS = ("shop/cart.py", "shop/users.py")


@pytest.fixture(scope="module")
def cart(tmp_path_factory: pytest.TempPathFactory) -> types.ModuleType:
    path = tmp_path_factory.mktemp("app") / "shop" / "cart.py"
    path.parent.mkdir()
    path.write_text(SOURCE, encoding="utf-8")
    module = types.ModuleType("shop.cart")
    module.__file__ = str(path)
    exec(compile(SOURCE, str(path), "exec"), module.__dict__)
    return module


@pytest.mark.parametrize(
    "name", ["plain", "nested", "chained", "during", "deep", "library", "callback", "listed"]
)
def test_a_log_and_sentry_record_one_error_as_one(cart: types.ModuleType, name: str) -> None:
    with pytest.raises(Exception) as caught:  # noqa: PT011 -- of every kind
        getattr(cart, name)()
    error = caught.value
    raised = (type(error), error, error.__traceback__)
    text = logging.Formatter().formatException(raised)
    trace = trace_of(Record(None, 40, "failed", text.splitlines()))
    assert trace is not None
    logged = of_trace(trace, locator(PATHS), "log:app.log")
    sent, _ = event_from_exception(raised)
    event = event_of(json.loads(json.dumps(sent, default=str)))
    assert event is not None
    tracked = happened(event, Noted("7"), "sentry:web", locator(PATHS)).record
    assert (logged.error, logged.kind) == (tracked.error, tracked.kind)
    assert logged.own
    assert [each.function for each in logged.own[-2:]] == [each.function for each in tracked.own[-2:]]
    [[one, other]] = merged([logged, tracked])
    assert {one.source, other.source} == {"log:app.log", "sentry:web"}
