"""Each suggestion comes with its numbers and its place; nothing is suggested where they do not suffice."""

import textwrap
from typing import Any

import pytest

from daydream.analysis.logs.callsites import Site
from daydream.analysis.logs.heads import CRITICAL, DEBUG, ERROR, INFO, UNKNOWN, WARNING
from daydream.analysis.logs.suggestions import KINDS, Line, Suggestion, retry_storm, suggestions
from daydream.analysis.logs.suggestions_source import Fault, of_fault, without_traceback

SITE = Site("app/db.py", 12, "connect", "log", ERROR, "failed <*>")
DAY = dict.fromkeys(range(100, 124), 3)


def line(text: str, **more: Any) -> Line:
    given: dict[str, Any] = {"level": ERROR, "count": 72, "hours": DAY, "site": SITE} | more
    return Line(text, **given)


def kinds(found: list[Suggestion]) -> list[str]:
    return [each.kind for each in found]


def source(text: str) -> Any:
    files = {"app/db.py": textwrap.dedent(text)}
    return files.get


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("OSError: [Errno 28] No space left on device: <path>", "disk_full"),
        ("could not extend file <path>: disk quota exceeded", "disk_full"),
        ("QueuePool limit of size <num> overflow <num> reached, connection timed out", "pool_exhausted"),
        ("FATAL: sorry, too many clients already", "pool_exhausted"),
        ("Out of memory: Killed process <num> (python)", "out_of_memory"),
        ("Worker (pid:<num>) was sent SIGKILL! Perhaps out of memory?", "out_of_memory"),
        ("OSError: [Errno 24] Too many open files: <path>", "too_many_files"),
        ("SSL: CERTIFICATE_VERIFY_FAILED certificate has expired", "certificate"),
        ("RequestTimeTooSkewed when calling PutObject", "clock_skew"),
        ("ImmatureSignatureError: The token is not yet valid (iat)", "clock_skew"),
        ("'utf-8' codec can't decode byte <hex> in position <num>", "encoding"),
    ],
)
@pytest.mark.parametrize("level", [UNKNOWN, WARNING, ERROR, CRITICAL])
def test_what_a_line_says_of_the_machine_names_its_remedy(text: str, kind: str, level: int) -> None:
    found = suggestions(line(text, level=level))
    assert kinds(found) == [kind]
    assert "72 times tonight in 24 hours" in found[0].text
    assert (found[0].path, found[0].line, found[0].verdict) == ("app/db.py", 12, "cause_only")


@pytest.mark.parametrize("level", [DEBUG, INFO])
def test_what_is_only_told_is_no_trouble(level: int) -> None:
    assert suggestions(line("checked: no space left on device would stop us", level=level)) == []


@pytest.mark.parametrize(
    "text",
    [
        "Connection pool created with <num> connections",
        "memory: <num> MB",
        "opened files: <num>",
        "decoded <num> bytes",
    ],
)
def test_ordinary_lines_suggest_nothing(text: str) -> None:
    assert suggestions(line(text, nights=[70] * 9, others={101: 1})) == []
    assert suggestions(line(text, nights=[70] * 9)) == []


def test_an_error_of_every_hour_that_nothing_ever_came_with_has_the_wrong_level() -> None:
    steady = line("cache not configured", nights=[70] * 8, others={})
    (found,) = suggestions(steady)
    assert found.kind == "level_too_high"
    assert "in 24 hours tonight, 72 times and on 8 nights before" in found.text
    assert suggestions(line("cache not configured", nights=[70] * 6, others={})) == []
    assert suggestions(line("cache not configured", nights=[70] * 4 + [0] + [70] * 6, others={})) == []
    assert suggestions(line("cache not configured", nights=[70] * 8, others={101: 1})) == []
    assert suggestions(line("cache not configured", nights=[70] * 8, others={}, level=WARNING)) == []
    burst = {**DAY, 105: 90}
    assert suggestions(line("cache not configured", nights=[70] * 8, others={}, hours=burst)) == []


def test_an_error_of_every_start_has_the_wrong_level() -> None:
    given: dict[str, Any] = {"hours": {101: 2, 110: 2}, "count": 4, "nights": [4] * 7, "others": {}}
    (found,) = suggestions(line("no .env file found", **given, starts=4))
    assert "at each of the 4 starts tonight" in found.text
    assert suggestions(line("no .env file found", **given, starts=None)) == []
    assert suggestions(line("no .env file found", **given, starts=9)) == []


def test_a_secret_in_the_log_names_its_call_and_never_the_secret() -> None:
    (found,) = suggestions(
        line(
            "login of <*> with password=[secret]",
            examples=["login of bob with password=[secret]"],
            level=INFO,
        )
    )
    assert (found.kind, found.path, found.line, found.verdict) == (
        "secret_printed",
        "app/db.py",
        12,
        "fix_clear",
    )
    assert found.text.startswith("app/db.py:12 writes a secret into the log, 72 times tonight")
    (other,) = suggestions(line("x", examples=["dial postgres://[secret]@db/x"], site=None))
    assert (other.path, other.verdict) == (None, "needs_a_person")


@pytest.mark.parametrize(
    "text", ["built [secret] in <num> s", "layer sha [secret]", "passwords are [secret]ly kept"]
)
def test_a_hash_that_was_hidden_is_no_printed_secret(text: str) -> None:
    assert suggestions(line(text, examples=[text], level=INFO)) == []


def test_a_slow_query_names_table_and_column() -> None:
    text = "duration: <num> ms statement: SELECT * FROM orders WHERE customer_id = <num>"
    slow = [
        f"duration: {ms}.5 ms statement: SELECT * FROM orders WHERE customer_id = 7"
        for ms in (400, 900, 1200)
    ]
    (found,) = suggestions(line(text, examples=slow, level=WARNING))
    assert found.kind == "missing_index"
    assert "orders (customer_id)" in found.text
    assert "900 ms in the median of 3 examples" in found.text
    assert found.verdict == "needs_a_person"
    quick = [f"duration: {ms} ms statement: SELECT * FROM orders WHERE customer_id = 7" for ms in (1, 2, 3)]
    assert suggestions(line(text, examples=quick, level=WARNING)) == []
    assert suggestions(line(text, examples=slow, level=WARNING, count=9)) == []


def test_a_scan_that_the_database_itself_reports_is_a_cause() -> None:
    text = "Slow query: command shop.orders planSummary: COLLSCAN keysExamined:<num>"
    (found,) = suggestions(line(text, level=INFO))
    assert (found.kind, found.verdict) == ("missing_index", "cause_only")
    assert "slow query of orders" in found.text


def test_a_deprecation_counts_when_it_is_repeated_over_nights() -> None:
    text = "<path>:<num>: DeprecationWarning: utcnow() is deprecated"
    (found,) = suggestions(line(text, level=WARNING, nights=[0, 5, 6]))
    assert found.kind == "deprecated"
    assert "72 times tonight and on 2 nights before" in found.text
    assert suggestions(line(text, level=WARNING, nights=[5, 0])) == []
    assert suggestions(line(text, level=WARNING, nights=[5, 6], count=9)) == []


def test_a_line_that_is_most_of_the_log_for_a_week_is_noise() -> None:
    (found,) = suggestions(line("tick", level=INFO, share=[0.1, *[0.8] * 7]))
    assert found.kind == "noisy"
    assert found.text.startswith("80% of the log's lines on 7 nights")
    assert suggestions(line("tick", level=INFO, share=[0.8] * 6)) == []
    assert suggestions(line("tick", level=INFO, share=[*[0.8] * 6, 0.5])) == []
    assert suggestions(line("tick", level=ERROR, share=[0.8] * 7)) == []
    assert suggestions(line("tick", level=INFO, share=[1.0] * 7)) == []


def test_attempts_that_count_up_within_seconds_are_a_storm() -> None:
    storm = [(100.0 + i, f"connect failed, attempt {i + 1} of 9") for i in range(8)]
    found = retry_storm(storm, SITE)
    assert found is not None
    assert found.text.startswith("8 attempts within 7 s")
    assert retry_storm(storm[:4]) is None
    assert retry_storm([(100.0 + 60 * i, f"attempt {i + 1}") for i in range(8)]) is None
    assert retry_storm([(100.0 + i, "attempt 1") for i in range(8)]) is None
    assert retry_storm([(100.0 + i, "connect failed") for i in range(8)]) is None


BROAD = """
    import logging

    def load():
        try:
            return fetch()
        except Exception as error:
            logger.error("failed %s", error)
            return None
"""


def test_a_swallowed_exception_names_its_handler() -> None:
    fault = Fault("ValueError", 34, ERROR, [("app/db.py", 6)], begins_here=True)
    (found,) = of_fault(fault, source(BROAD))
    assert (found.kind, found.path, found.line, found.verdict) == ("swallowed", "app/db.py", 7, "cause_only")
    assert (
        "except Exception at app/db.py:7 only logs what line 6 raised (ValueError, 34 times tonight)"
        in found.text
    )


@pytest.mark.parametrize(
    ("text", "begins", "kind"),
    [
        (BROAD, False, "ValueError"),
        (BROAD, True, "KeyboardInterrupt"),
        (BROAD.replace("except Exception", "except ValueError"), True, "ValueError"),
        (BROAD.replace("return None", "raise"), True, "ValueError"),
        (BROAD.replace("return None", "return recover()"), True, "ValueError"),
        ("def load(:\n", True, "ValueError"),
    ],
)
def test_an_exception_that_is_expected_handled_or_raised_again_is_not_swallowed(
    text: str, begins: bool, kind: str
) -> None:
    assert of_fault(Fault(kind, 34, ERROR, [("app/db.py", 6)], begins), source(text)) == []


def test_an_error_logged_without_its_traceback_says_how_to_add_it() -> None:
    site = Site("app/db.py", 8, "load", "log", ERROR, "failed <*>")
    found = without_traceback(site, 34, source(BROAD))
    assert found is not None
    assert (found.kind, found.line, found.verdict) == ("without_traceback", 8, "fix_clear")
    assert "34 times tonight" in found.text


@pytest.mark.parametrize(
    "text",
    [
        BROAD.replace("error)\n", "error, exc_info=True)\n"),
        BROAD.replace("logger.error", "logger.exception"),
        BROAD.replace("return None", "raise"),
        BROAD.replace("except Exception", "except KeyError"),
        BROAD.replace("        except Exception as error:\n", "        finally:\n"),
        "not python (",
    ],
)
def test_an_error_with_its_traceback_or_expected_needs_none(text: str) -> None:
    site = Site("app/db.py", 8, "load", "log", ERROR, "failed <*>")
    assert without_traceback(site, 34, source(text)) is None


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("import requests\nrequests.get(url)\n", "requests.get() at app/db.py:2"),
        ("from requests import post\npost(url, json={})\n", "requests.post() at app/db.py:2"),
        ("import urllib.request\nurllib.request.urlopen(url)\n", "urllib.request.urlopen() at app/db.py:2"),
        (
            "from urllib.request import urlopen\nurlopen(url, b'')\n",
            "urllib.request.urlopen() at app/db.py:2",
        ),
    ],
)
def test_a_call_without_a_time_out_on_the_failing_line_is_named(text: str, shown: str) -> None:
    (found,) = of_fault(Fault("ConnectionError", 5, ERROR, [("app/db.py", 2)], False), source(text))
    assert (found.kind, found.verdict) == ("no_time_out", "fix_clear")
    assert shown in found.text
    assert "5 times tonight" in found.text


@pytest.mark.parametrize(
    "text",
    [
        "import requests\nrequests.get(url, timeout=3)\n",
        "import requests\nrequests.get(url, **options)\n",
        "import httpx\nhttpx.get(url)\n",
        "import urllib.request\nurllib.request.urlopen(url, None, 3)\n",
        "cache = {}\ncache.get(url)\n",
        "import requests\nprint(url)\n",
    ],
)
def test_a_call_that_ends_by_itself_is_not_named(text: str) -> None:
    assert of_fault(Fault("ConnectionError", 5, ERROR, [("app/db.py", 2)], False), source(text)) == []
    assert of_fault(Fault("ConnectionError", 5, ERROR, [("gone.py", 2)], False), source(text)) == []


def test_a_traceback_under_info_is_logged_too_low() -> None:
    (found,) = of_fault(Fault("ValueError", 12, INFO, [], False, SITE), source(""))
    assert (found.kind, found.line) == ("level_too_low", 12)
    assert "ValueError with its traceback is logged as info, 12 times tonight" in found.text
    assert of_fault(Fault("ValueError", 12, WARNING, [], False, SITE), source("")) == []
    assert of_fault(Fault("CancelledError", 12, INFO, [], False, SITE), source("")) == []


def test_what_a_stranger_wrote_is_quoted_on_one_line_and_redacted() -> None:
    (found,) = of_fault(Fault("Value\nError" + "x" * 300, 12, INFO, [], False, SITE), source(""))
    assert "\n" not in found.text
    assert len(found.text) < 300


def test_the_worst_comes_first_and_every_kind_has_its_weight() -> None:
    text = "no space left on device, password=[secret]"
    found = suggestions(line(text, nights=[70] * 8, others={}))
    assert kinds(found) == ["disk_full", "secret_printed", "level_too_high"]
    assert all(0 < weight.worth < 1 for weight in KINDS.values())
    assert found[0].weight == KINDS["disk_full"]
