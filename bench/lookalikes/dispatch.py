"""Alive because somebody builds its name at run time: one look-alike a section."""

# ruff: noqa: A002, ARG001, ARG002, ARG005, E402, ERA001, F811, N802, PLC0206, PLE0704
# mypy: ignore-errors

# lookalike: ast-visitor
import ast


class CountsCalls(ast.NodeVisitor):
    calls = 0

    def visit_Call(self, node):
        self.calls += 1
        self.generic_visit(node)

    def visit_AsyncFunctionDef(self, node):
        self.generic_visit(node)


def count(source):
    counter = CountsCalls()
    counter.visit(ast.parse(source))
    return counter.calls


print(count("f()"))

# lookalike: cmd-do
import cmd


class Console(cmd.Cmd):
    prompt = "desk> "
    intro = "Type help."

    def do_lend(self, arg):
        """Lend a book."""
        print(arg)

    def complete_lend(self, text, line, begin, end):
        return [text]

    def emptyline(self):
        return None


Console().cmdloop()

# lookalike: http-do-get
from http.server import BaseHTTPRequestHandler, HTTPServer


class Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.send_response(204)
        self.end_headers()

    def log_message(self, format, *args):
        return


HTTPServer(("127.0.0.1", 0), Answers)


# lookalike: getattr-prefix
class Commands:
    def run(self, line):
        name, _, rest = line.partition(" ")
        return getattr(self, f"cmd_{name}")(rest)

    def cmd_drop(self, rest):
        return rest

    def cmd_undo(self, rest):
        return rest[::-1]


Commands().run(input())


# lookalike: getattr-event
class Player:
    def turn(self, status):
        react = getattr(self, "on_" + status["state"], None)
        if react:
            react(status)

    def on_pause(self, status):
        self.since = status["at"]

    def on_stop(self, status):
        self.since = None


Player().turn({"state": input()})

# lookalike: argparse-func
import argparse


def fill_the_database(args):
    print(args.folder)


def main():
    parser = argparse.ArgumentParser()
    fill = parser.add_subparsers().add_parser("fill")
    fill.add_argument("folder")
    fill.set_defaults(func=fill_the_database)
    args = parser.parse_args()
    args.func(args)


if __name__ == "__main__":
    main()

# lookalike: module-getattr
import warnings


def __getattr__(name):
    if name == "FeedSlot":
        warnings.warn("FeedSlot is gone", stacklevel=2)
        return object
    raise AttributeError(name)


# lookalike: module-dir
_later = {"filters", "draw"}


def __dir__():
    return sorted(_later)


def __getattr__(name):
    raise AttributeError(name)


# lookalike: ctypes-fields
import ctypes


class Blob(ctypes.Structure):
    _pack_ = 1
    _fields_ = [("length", ctypes.c_uint32), ("data", ctypes.c_void_p)]


def unprotect(dll, text):
    blob = Blob(len(text), text)
    return dll.Unprotect(ctypes.byref(blob))


# lookalike: logging-filter
import logging


class ShortNames(logging.Filter):
    def filter(self, record):
        record.name = record.name.rpartition(".")[2]
        return True


logging.getLogger().addFilter(ShortNames())

# lookalike: logging-handler
import logging


class IntoTheBook(logging.StreamHandler):
    terminator = "\n--\n"

    def emit(self, record):
        self.stream.write(self.format(record))

    def handleError(self, record):
        raise


logging.getLogger().addHandler(IntoTheBook())

# lookalike: json-default
import json
from decimal import Decimal


class ExactEncoder(json.JSONEncoder):
    def default(self, o):
        return str(o) if isinstance(o, Decimal) else super().default(o)


print(json.dumps([Decimal(1)], cls=ExactEncoder))


# lookalike: context-manager-exit
class Borrowed:
    def __enter__(self):
        return self

    def __exit__(self, exc_type, exc_value, traceback):
        print("given back")


with Borrowed():
    pass

# lookalike: thread-run
import threading


class Feeder(threading.Thread):
    daemon = True

    def run(self):
        print("fed")


Feeder().start()

# lookalike: signal-function
import signal


def warn_and_go_on(signum, frame):
    print("still here")


signal.signal(signal.SIGHUP, warn_and_go_on)

# lookalike: singledispatch
from functools import singledispatch


@singledispatch
def weigh(thing):
    return 0


@weigh.register
def _(thing: str):
    return len(thing)


@weigh.register(list)
def weigh_each(thing):
    return sum(map(weigh, thing))


print(weigh(["a"]))

# lookalike: atexit-register
import atexit


@atexit.register
def put_out_the_lights():
    print("dark")


# lookalike: class-body-names
import operator

_SIGNS = {"add": "+", "sub": "-"}


class Writer:
    for _word in _SIGNS:
        locals()[f"write_{_word}"] = lambda self, node, _word=_word: _SIGNS[_word]
    del _word

    def write(self, node):
        return getattr(self, "write_" + node.kind)(node)

    def write_name(self, node):
        return operator.attrgetter("id")(node)


Writer().write(object())
