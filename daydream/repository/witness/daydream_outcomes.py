"""A pytest plugin that notes the outcome of every test as it happens.

Lines of JSON in the file ``outcomes-<pid>`` of the folder that DAYDREAM_WITNESS names. Where that folder
has a file ``expected``, the first failure of a test that is not listed there ends the session.
"""

from __future__ import annotations

import json
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

FOLDER = "DAYDREAM_WITNESS"
NOTING = "DAYDREAM_NOTING"
NAME = "daydream-outcomes-noted"


class Noting:
    """Notes the reports of one session."""

    def __init__(self, folder: str) -> None:
        self.path = os.path.join(folder, "outcomes-%d" % os.getpid())  # noqa: PTH118, UP031
        self.session: Any = None
        self.expected: set[str] | None = None
        try:
            with open(os.path.join(folder, "expected"), encoding="utf-8") as stream:  # noqa: PTH118, PTH123
                self.expected = set(json.load(stream))
        except (OSError, ValueError):
            self.expected = None

    def note(
        self, line: dict[str, Any], opened: Any = os.open, write: Any = os.write, close: Any = os.close
    ) -> None:
        """Append a line; a full disk must not change how the tests come out."""
        try:
            place = opened(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        except OSError:
            return
        try:
            write(place, json.dumps(line).encode("ascii") + b"\n")
        except OSError:
            return
        finally:
            close(place)

    def pytest_sessionstart(self, session: Any) -> None:
        """Keep the session, to be able to end it."""
        self.session = session

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Note what one phase of a test came to, if it says anything."""
        outcome = outcome_of(report)
        if outcome is not None:
            self.note({"test": report.nodeid, "outcome": outcome})
            self._end(report.nodeid, outcome)

    def pytest_collectreport(self, report: Any) -> None:
        """Note what could not be collected, or was skipped as a whole."""
        if report.outcome != "passed":
            outcome = "error" if report.outcome == "failed" else "skipped"
            self.note({"test": report.nodeid, "outcome": outcome})
            self._end(report.nodeid, outcome)

    def pytest_sessionfinish(self, session: Any, exitstatus: Any) -> None:
        """Note how the session ended."""
        self.note({"ended": int(exitstatus), "collected": int(getattr(session, "testscollected", 0))})

    def _end(self, test: str, outcome: str) -> None:
        bad = outcome in ("failed", "error", "xpassed")
        if bad and self.expected is not None and test not in self.expected and self.session is not None:
            self.session.shouldfail = "a test came out as it never did before"


def outcome_of(report: Any) -> str | None:
    """One word for a report; None for a phase that only went as it should."""
    expected = hasattr(report, "wasxfail")
    if report.outcome == "failed":
        return "failed" if report.when == "call" else "error"
    if report.outcome == "skipped":
        return "xfailed" if expected else "skipped"
    if report.outcome == "passed" and report.when == "call":
        return "xpassed" if expected else "passed"
    return None


def pytest_configure(config: Any) -> None:
    """Begin to note, once per command: not in workers, whose reports their controller gets too, and not
    in sessions that tests start."""
    folder = os.environ.get(FOLDER)
    if folder and NOTING not in os.environ and not hasattr(config, "workerinput"):
        os.environ[NOTING] = str(os.getpid())
        config.pluginmanager.register(Noting(folder), NAME)


def pytest_unconfigure(config: Any) -> None:
    """The next session of this process is noted again."""
    if config.pluginmanager.hasplugin(NAME):
        config.pluginmanager.unregister(name=NAME)
        os.environ.pop(NOTING, None)
