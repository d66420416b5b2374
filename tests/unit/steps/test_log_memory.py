"""`log_review` from night to night: every record once, what is usual is learned, what stands out is said."""

import dataclasses
import datetime as dt
import itertools
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from daydream.config.model import Config, LogOptions
from daydream.contracts.context import Context
from daydream.processes import Stop
from daydream.records.finding import Finding
from daydream.records.outcome import Done, Failed, More, Outcome, Skipped
from daydream.records.repository import Examination, SourceFile
from daydream.steps.log_review import LogReview
from daydream.store.log_rows import LogStore, Reading, row_of

FIRST = dt.datetime(2026, 11, 2, 2, 0, tzinfo=dt.UTC)
CODE = "import logging\n\nlog = logging.getLogger(__name__)\n\n\ndef pay(order):\n    log.error('payment of order %s was refused', order)\n"


@dataclasses.dataclass
class Nights:
    """A folder with a log, and nights at 02:00 UTC that remember."""

    root: Path
    part_bytes: int = 1 << 20

    def context(self, day: int, run: str) -> Context:
        return Context(
            root=self.root,
            tree=self.root,
            state=self.root / ".state",
            logs=self.root / ".state" / "logs",
            files=[SourceFile("shop.py", "", len(CODE))],
            examination=Examination(commit=None, branch=None),
            started_at=FIRST + dt.timedelta(days=day),
            zone=dt.UTC,
            date=f"{FIRST + dt.timedelta(days=day):%Y-%m-%d}",
            run=run,
            mode="report",
            first_night=False,
            stop=Stop(),
            env={},
            progress=lambda *_: None,
            night=lambda: pytest.fail("not needed"),
        )

    def night(self, day: int, *, again: bool = False, commit: bool = True) -> Done:
        """Do the night of a day; `again` takes each part up in a process that knows nothing."""
        run = f"{FIRST + dt.timedelta(days=day):%Y-%m-%d}.1"
        ctx = self.context(day, run)
        step = LogReview(LogOptions(), self.part_bytes)
        name = step.plan(ctx)[0]
        outcome: Outcome = step.run(ctx, name, None)
        with LogStore.open(ctx.state / "logs.db") as store:
            for seq in itertools.count(1):
                if not isinstance(outcome, More):
                    break
                store.commit(run, seq, outcome.rows)
                if again:
                    step = LogReview(LogOptions(), self.part_bytes)
                outcome = step.run(ctx, name, outcome.cursor)
            assert isinstance(outcome, Done), outcome
            if commit:
                store.commit(run, seq, outcome.rows)
            else:
                store.rollback(run, 0)
        return outcome

    def write(self, day: int, lines: Iterable[tuple[float, str]]) -> None:
        """Append what was logged in the 24 hours before a day's night: hours before it, and text."""
        end = FIRST + dt.timedelta(days=day)
        with (self.root / "app.log").open("a") as handle:
            for hours, text in lines:
                handle.write(f"{end - dt.timedelta(hours=hours):%Y-%m-%d %H:%M:%S},000 {text}\n")


@pytest.fixture
def nights(tmp_path: Path) -> Nights:
    (tmp_path / "shop.py").write_text(CODE)
    return Nights(tmp_path)


def ordinary() -> list[tuple[float, str]]:
    return [(24 - n * 0.5, f"INFO request {n} was served") for n in range(47)]


def printed(outcome: Done, rule: str = "log.") -> list[Finding]:
    return [one for one in outcome.findings if one.worth >= 0.5 and one.rule.startswith(rule)]


def test_every_record_is_read_once_also_after_a_rotation(nights: Nights) -> None:
    nights.write(0, ordinary())
    assert nights.night(0).facts["entries"] == 47
    nights.write(1, ordinary())
    (nights.root / "app.log").rename(nights.root / "app.log.1")
    nights.write(1, [(0.2, "INFO request 99 was served")])
    second = nights.night(1)
    assert (second.facts["entries"], second.facts["bytes"] < 5000) == (48, True)
    third = nights.night(2)
    assert (third.facts["entries"], third.facts["files"]) == (0, 0)


def test_a_second_run_of_a_date_counts_nothing_again_and_knows_the_day_all_the_same(nights: Nights) -> None:
    nights.write(0, [*ordinary(), *[(1.0, "ERROR payment of order 7 was refused")] * 5])
    nights.night(0)
    ctx = nights.context(0, "2026-11-02.2")
    step = LogReview(LogOptions())
    outcome = step.run(ctx, step.plan(ctx)[0], None)
    assert isinstance(outcome, Done)
    assert (outcome.facts["entries"], outcome.facts["errors"]) == (0, {})


def test_a_new_error_is_said_with_the_line_that_logs_it_and_what_is_usual_is_not(nights: Nights) -> None:
    usual = [(h + 0.5, "ERROR cache miss of shard 3") for h in range(0, 24, 6)]
    for day in range(6):
        nights.write(day, [*ordinary(), *usual])
        nights.night(day)
    nights.write(6, [*ordinary(), *usual])
    assert printed(nights.night(6)) == []
    nights.write(
        7,
        [*ordinary(), *usual, *[(3 + n / 60, f"ERROR payment of order {n} was refused") for n in range(12)]],
    )
    (finding,) = printed(nights.night(7))
    assert (finding.rule, finding.magnitude) == ("log.new_error", 12.0)
    assert "payment of order" in finding.message
    assert "shop.py:7" in finding.evidence
    assert finding.action == "Find out what brought it (shop.py:7 logs it)"
    assert "12 times between Sunday 22:49 and 23:00;" in finding.message
    assert finding.evidence.startswith("2026-11-08 22:49 to 23:00, UTC")


def test_the_first_night_learns_from_what_is_older_and_judges_at_once(nights: Nights) -> None:
    for day in range(8):
        nights.write(day, ordinary())
    nights.write(
        8, [*ordinary(), *[(3 + n / 60, f"ERROR payment of order {n} was refused") for n in range(12)]]
    )
    outcome = nights.night(8)
    assert (outcome.facts["judged"], outcome.facts["entries"]) == (True, 59)
    assert [one.rule for one in printed(outcome)] == ["log.new_error"]


def test_a_log_that_falls_silent_is_said_though_there_is_nothing_to_read(nights: Nights) -> None:
    for day in range(8):
        nights.write(day, ordinary())
        nights.night(day)
    (finding,) = printed(nights.night(8))
    assert finding.rule == "log.silence"


def test_an_interruption_after_any_part_changes_nothing(nights: Nights) -> None:
    nights.part_bytes = 300
    for day in range(7):
        nights.write(day, ordinary())
        nights.night(day)
    nights.write(7, [*ordinary(), *[(2.0, "ERROR payment of order 1 was refused")] * 3])
    assert nights.night(7, commit=False) == nights.night(7, again=True, commit=False)


def test_nothing_unredacted_reaches_a_row_or_a_finding(nights: Nights) -> None:
    nights.write(0, [(1.0, "ERROR login of ann@example.org from 10.1.2.3 with password=hunter2 failed")] * 4)
    said = str(nights.night(0))
    assert not [secret for secret in ("ann@example.org", "10.1.2.3", "hunter2") if secret in said]


def test_addresses_stay_readable_where_a_person_wants_them(tmp_path: Path) -> None:
    shown = Nights(tmp_path)
    (tmp_path / "shop.py").write_text(CODE)
    shown.write(0, [(1.0, "ERROR no route to 10.1.2.3")] * 4)
    ctx = shown.context(0, "r")
    options: Any = Config(logs=LogOptions(redact_addresses=False)).logs
    step = LogReview(options)
    outcome = step.run(ctx, step.plan(ctx)[0], None)
    assert "10.1.2.3" in str(outcome)


TRACEBACK = """ERROR no total
Traceback (most recent call last):
  File "/srv/shop.py", line 7, in pay
    log.error('payment of order %s was refused', order)
KeyError: 'order'"""


def test_a_new_exception_is_told_with_the_place_to_mend(nights: Nights) -> None:
    for day in range(7):
        nights.write(day, ordinary())
        nights.night(day)
    nights.write(7, [*ordinary(), *[(3 + n / 60, TRACEBACK) for n in range(4)]])
    (finding,) = printed(nights.night(7))
    assert finding.rule == "log.new_error"
    assert finding.action == "Mend or handle the KeyError raised at shop.py:7"


@pytest.mark.parametrize(
    ("text", "told"), [("no space left on device", False), ("password={} was wrong", True)]
)
def test_what_past_nights_have_always_had_is_no_suggestion_of_its_own_but_for_a_secret(
    nights: Nights, text: str, told: bool
) -> None:
    secret = "hunter" + "2"
    outcomes = []
    for day in range(8):
        nights.write(day, [*ordinary(), *[(3.0 + n, f"WARNING {text.format(secret)}") for n in range(4)]])
        outcomes.append(nights.night(day))
    outcome = outcomes[-1]
    assert outcome.facts["judged"]
    assert bool(printed(outcome, "log.suggestion")) is told
    assert [one for one in outcome.findings if one.rule == "log.suggestion"]


def test_what_sentry_left_in_the_memory_is_no_log_that_is_gone(nights: Nights) -> None:
    nights.write(0, ordinary())
    nights.night(0)
    ctx = nights.context(1, "2026-11-03.1")
    tracked = Reading(
        source="sentry:*", started_at=ctx.started_at.timestamp() - 3600.0, until=0.0, bytes=1, records=0
    )
    with LogStore.open(ctx.state / "logs.db") as store:
        store.commit("2026-11-02.2", 1, [row_of(tracked)])
    assert LogReview(LogOptions()).plan(ctx) == ["log:app.log"]


def test_a_damaged_memory_is_said_in_a_sentence(nights: Nights) -> None:
    nights.write(0, ordinary())
    nights.night(0)
    (nights.root / ".state" / "logs.db").write_bytes(b"not a database at all" * 100)
    ctx = nights.context(1, "2026-11-03.1")
    step = LogReview(LogOptions())
    outcome = step.run(ctx, step.plan(ctx)[0], None)
    assert isinstance(outcome, Failed)
    assert "logs.db is damaged" in outcome.error


def test_what_was_written_while_a_night_ran_is_counted_by_it_and_not_again(nights: Nights) -> None:
    nights.write(0, ordinary())
    nights.write(0, [(-1.0, "INFO request 50 was served")])
    assert nights.night(0).facts["entries"] == 48
    assert nights.night(1).facts["entries"] == 0


def test_an_access_logs_past_is_remembered_from_the_first_night_on(nights: Nights) -> None:
    def requests(day: int, status: int, every: int) -> None:
        end = FIRST + dt.timedelta(days=day)
        with (nights.root / "app.log").open("a") as handle:
            for n in range(240):
                at = end - dt.timedelta(minutes=6 * (240 - n) - 1)
                code = status if n % every == 0 else 200
                handle.write(
                    f'10.0.0.1 - - [{at:%d/%b/%Y:%H:%M:%S} +0000] "GET /orders/{n} HTTP/1.1" {code} 512 "-" "x" 0.120\n'
                )

    for day in range(8):
        requests(day, 500, 500)
    assert nights.night(7).facts["judged"] is True
    requests(8, 502, 3)
    second = nights.night(8)
    assert second.facts["judged"] is True
    assert [one.rule for one in printed(second)] == ["log.status_share"]


def test_an_error_that_came_less_often_than_thrice_is_not_told_as_gone(nights: Nights) -> None:
    for day in range(3):
        nights.write(day, [*ordinary(), *[(2.0, "ERROR disk of shard 3 is slow")] * 4])
        nights.night(day)
    nights.write(3, [*ordinary(), (2.0, "ERROR disk of shard 3 is slow")])
    found = [one for one in nights.night(3).findings if one.rule == "log.recurring_error"]
    assert [(one.magnitude, one.worth < 0.5) for one in found] == [(1.0, True)]


def test_a_log_that_vanished_is_told(nights: Nights) -> None:
    nights.write(0, ordinary())
    nights.night(0)
    (nights.root / "app.log").rename(nights.root / "app.txt")
    ctx = nights.context(1, "2026-11-03.1")
    step = LogReview(LogOptions())
    (name,) = step.plan(ctx)
    outcome = step.run(ctx, name, None)
    assert isinstance(outcome, Skipped)
    assert outcome.reason.startswith("app.log was read the last time and is gone")
