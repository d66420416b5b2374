"""Bound and never read, and it matters: one look-alike of variables a section."""

# ruff: noqa: ARG001, ARG005, B007, E402, ERA001, F841, PLW0603, RET504, RUF059
# mypy: ignore-errors


# lookalike: underscore-unpack
def second(calls):
    _, arguments, _rest = calls[0]
    return arguments


print(second([(1, 2, 3)]))


# lookalike: property-for-effect
def test_engine_starts(crawler):
    _ = crawler.engine


# lookalike: locals-reader
def fill(template, reader):
    greeting = f"Dear {reader}"
    closing = "The house"
    return template % locals()


print(fill("%(greeting)s / %(closing)s", "you"))


# lookalike: format-locals
def sql(table, limit):
    order = "id"
    direction = "desc"
    return "select * from {table} order by {order} {direction} limit {limit}".format(**locals())


print(sql("loans", 3))

# lookalike: keeps-alive
import weakref


class Scheme:
    pass


def install(registry):
    global _kept_scheme
    _kept_scheme = Scheme()
    registry.append(weakref.ref(_kept_scheme))


install([])

# lookalike: guard-object
import threading


def measure(lock):
    guard = lock.acquire_guard()
    total = sum(range(10))
    return total


print(measure(threading.local()))

# lookalike: with-as-unused
import tempfile


def probe(folder):
    with tempfile.TemporaryFile(dir=folder) as handle:
        return True


print(probe("."))

# lookalike: exception-name
import sys


def careful(action):
    try:
        return action()
    except ValueError as error:
        sys.last_value = sys.exc_info()[1]
        return None


print(careful(int))


# lookalike: loop-counter
def repeat(action, times):
    for attempt in range(times):
        action()


repeat(print, 2)


# lookalike: interface-parameters
def wsgi_app(environ, start_response):
    start_response("204 No Content", [])
    return []


from wsgiref.simple_server import make_server

make_server("127.0.0.1", 0, wsgi_app)


# lookalike: star-unpack
def first_and_last(row):
    first, *middle, last = row
    return first, last


print(first_and_last([1, 2, 3]))


# lookalike: nonlocal-write
def counter():
    count = 0

    def more():
        nonlocal count
        count += 1
        return count

    return more


print(counter()())


# lookalike: debugger-frame
def explain(frame):
    __traceback_hide__ = True
    __debuggerskip__ = True
    return frame.f_lineno


print(explain)

# lookalike: signature-forwarded
import functools


def route(path, *, methods=("GET",), name=None):
    def wrap(function):
        return functools.wraps(function)(lambda request, response=None: function(request))

    return wrap


print(route("/"))


# lookalike: finalizer
class Session:
    def __init__(self, connector):
        self._connector = connector

    def __del__(self, _warn=print):
        _warn("not closed", self._connector)


Session(None)
