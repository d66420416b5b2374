"""Running a test file of the repository: what came of each test, and with what the watched procedures were called."""

from __future__ import annotations

import doctest
import importlib
import io
import os
import runpy
import sys
import threading
import types
import unittest
from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import loader
from .calls import Line
from .caught import Caught
from .encoding import encode
from .grammar import dumps

_CALL_BYTES = 2**14
_ALL_BYTES = 2**19
_SEEN_MOST = 20_000
_TESTS_MOST = 5_000
_DETAIL = 300
_GOES_ON = 0x20 | 0x80 | 0x200  # generators and coroutines are called anew whenever they go on
Outcomes = list[list[str]]


def run(line: Line, job: dict[str, Any]) -> dict[str, Any]:
    """Run one file under the watch and answer for it."""
    asked = job["job"]
    finder = loader.install(asked["unit"]) if asked["unit"] is not None else None
    line.inputs()
    os.chdir(loader.REPOSITORY)
    sys.path.insert(0, str(Path(loader.REPOSITORY, asked["path"]).parent))
    watch = Watch(asked["watched"], asked["most"])
    line.pause(b"R")
    with Caught() as caught, watch:
        outcomes = _KINDS[asked["kind"]](asked["path"])
    line.pause(b"D")
    if caught.error is not None:
        if isinstance(caught.error, (loader.Refused, MemoryError)):
            raise caught.error
        outcomes = [[asked["path"], "error", _words(caught.error)]]
    if finder is not None and not finder.was_asked:
        raise loader.Refused("unreachable", f"nothing in it imports {asked['unit']['module']}")
    return {"outcomes": outcomes[:_TESTS_MOST], "recorded": watch.recorded, "seen": watch.seen}


class Watch:
    """Notes the arguments of watched procedures as they are called, each distinct set of them once."""

    def __init__(self, watched: list[dict[str, Any]], most: int) -> None:
        self.most = most
        self.recorded: list[list[Any]] = [[] for _ in watched]
        self.seen = [0 for _ in watched]
        self.known: list[set[bytes]] = [set() for _ in watched]
        self.places: dict[tuple[str, str], list[tuple[int, int, int]]] = {}
        for index, unit in enumerate(watched):
            place = (f"{loader.REPOSITORY}/{unit['path']}", unit["qualname"].rpartition(".")[2])
            self.places.setdefault(place, []).append((unit["first_line"], unit["last_line"], index))
        self.codes: dict[types.CodeType, int | None] = {}
        self.going: dict[int, types.FrameType] = {}
        self.bytes = 0
        self.busy = False

    def __enter__(self) -> None:
        if self.seen:
            threading.setprofile(self.event)
            sys.setprofile(self.event)

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)
        threading.setprofile(None)

    def event(self, frame: types.FrameType, what: str, _given: Any) -> None:
        if what != "call" or self.busy:
            return
        code = frame.f_code
        if code not in self.codes:
            self.codes[code] = self.which(code)
        index = self.codes[code]
        if index is not None:
            self.busy = True
            with Caught():  # what cannot be encoded was seen and is not recorded
                self.note(index, frame)
            self.busy = False

    def which(self, code: types.CodeType) -> int | None:
        """The watched procedure that a code object belongs to."""
        path = os.path.normpath(str(Path(loader.REPOSITORY, code.co_filename)))
        for first, last, index in self.places.get((path, code.co_name), ()):
            if first <= code.co_firstlineno <= last:
                return index
        return None

    def note(self, index: int, frame: types.FrameType) -> None:
        code = frame.f_code
        names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        held = frame.f_locals
        if code.co_flags & _GOES_ON:
            if id(frame) in self.going:
                return
            self.going[id(frame)] = frame  # kept, so that its id stays its own
        self.seen[index] += 1
        if len(self.recorded[index]) >= self.most or self.bytes > _ALL_BYTES or self.seen[index] > _SEEN_MOST:
            return
        given = [held[name] for name in names[: code.co_argcount]]
        named = {name: held[name] for name in names[code.co_argcount :]}
        rest = _parameters(code)[len(names) :]
        if code.co_flags & 0x04:
            given += held[rest[0]]
        if code.co_flags & 0x08:
            named.update(held[rest[-1]])
        self.keep(
            index, [[encode(each) for each in given], [[name, encode(each)] for name, each in named.items()]]
        )

    def keep(self, index: int, trees: list[Any]) -> None:
        text = dumps(trees, _CALL_BYTES)
        if text in self.known[index] or b'["opaque"' in text or b'["closure"' in text:
            return
        self.known[index].add(text)
        self.bytes += len(text)
        self.recorded[index].append(trees)


def _parameters(code: types.CodeType) -> tuple[str, ...]:
    count = code.co_argcount + code.co_kwonlyargcount
    return code.co_varnames[: count + bool(code.co_flags & 0x04) + bool(code.co_flags & 0x08)]


def _words(error: BaseException) -> str:
    with Caught():
        return f"{type(error).__name__}: {error}"[:_DETAIL]
    return "an error without a message"


def _pytest(path: str) -> Outcomes:
    with Caught() as caught:
        pytest = importlib.import_module("pytest")
    if caught.error is not None:
        raise loader.Refused(
            "import", f"pytest is not there for the repository's Python ({_words(caught.error)})"
        )
    outcomes: Outcomes = []

    class Told:
        """A plugin that listens."""

        def pytest_runtest_logreport(self, report: Any) -> None:
            if report.when == "call" or report.outcome != "passed":
                outcome = "error" if report.when != "call" and report.failed else report.outcome
                outcomes.append([report.nodeid, outcome, str(report.longrepr or "")[-_DETAIL:]])

        def pytest_collectreport(self, report: Any) -> None:
            if report.failed:
                outcomes.append([report.nodeid or path, "error", str(report.longrepr)[-_DETAIL:]])

    given = ["-q", "-p", "no:cacheprovider", "--capture=sys", "--rootdir", loader.REPOSITORY, path]
    code = pytest.main(given, plugins=[Told()])
    if int(code) in {3, 4} and not outcomes:
        raise loader.Refused("load", f"pytest ended with exit code {int(code)}")
    return outcomes


def _unittest(path: str) -> Outcomes:
    outcomes: Outcomes = []

    class Told(unittest.TestResult):
        """A result that listens."""

        def addSuccess(self, test: Any) -> None:  # noqa: N802 - unittest's name
            outcomes.append([test.id(), "passed", ""])

        def addFailure(self, test: Any, error: Any) -> None:  # noqa: N802 - unittest's name
            outcomes.append([test.id(), "failed", _words(error[1])])

        def addError(self, test: Any, error: Any) -> None:  # noqa: N802 - unittest's name
            outcomes.append([test.id(), "error", _words(error[1])])

        def addSkip(self, test: Any, reason: str) -> None:  # noqa: N802 - unittest's name
            outcomes.append([test.id(), "skipped", reason[:_DETAIL]])

    module = _module(path)
    unittest.defaultTestLoader.loadTestsFromModule(module).run(Told())
    return outcomes


def _doctest(path: str) -> Outcomes:
    outcomes: Outcomes = []
    runner = doctest.DocTestRunner(verbose=False)
    if path.endswith(".py"):
        tests = doctest.DocTestFinder().find(_module(path))
    else:
        text = Path(path).read_text(encoding="utf-8", errors="replace")
        tests = [doctest.DocTestParser().get_doctest(text, {}, path, path, 0)]
    for test in tests:
        if test.examples:
            said = io.StringIO()
            failed = runner.run(test, out=said.write).failed
            outcomes.append([test.name, "failed" if failed else "passed", said.getvalue()[-_DETAIL:]])
    return outcomes


def _script(path: str) -> Outcomes:
    with Caught() as caught:
        runpy.run_path(f"{loader.REPOSITORY}/{path}", run_name="__main__")
    fine = caught.error is None or (isinstance(caught.error, SystemExit) and not caught.error.code)
    return [[path, "passed" if fine else "failed", _words(caught.error) if caught.error and not fine else ""]]


def _module(path: str) -> types.ModuleType:
    """Import a file under the name that the first import root above it gives it."""
    full = f"{loader.REPOSITORY}/{path}"
    for root in sorted((each for each in sys.path if full.startswith(f"{each}/")), key=len):
        name = full[len(root) + 1 :].removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        with Caught() as caught:
            return importlib.import_module(name)
        if not isinstance(caught.error, ModuleNotFoundError):
            break
    else:
        raise loader.Refused("import", f"{path} lies in no import root")
    raise loader.Refused("load", _words(caught.error) if caught.error else path)


_KINDS: dict[str, Callable[[str], Outcomes]] = {
    "pytest": _pytest,
    "unittest": _unittest,
    "doctest": _doctest,
    "script": _script,
}
