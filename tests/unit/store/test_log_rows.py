"""The memory of logs: what nights remember comes back as it was, without the night that asks."""

import datetime as dt
from pathlib import Path

import pytest

from daydream.errors import StateDamaged
from daydream.store.log_rows import (
    ErrorFrame,
    ErrorNight,
    LatencyHour,
    LogStore,
    Position,
    Reading,
    Record,
    TemplateNight,
    row_of,
)
from daydream.store.log_schema import MIGRATIONS, TABLES

NOON = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC).timestamp()
DAY, HOUR = 86_400.0, int(NOON // 3600)
SOURCE = "log:logs/app.log"


def run_of(days_ago: int, number: int = 1) -> str:
    return f"{dt.datetime.fromtimestamp(NOON - days_ago * DAY, dt.UTC).date()}.{number}"


def reading(started_at: float = NOON, source: str = SOURCE) -> Reading:
    return Reading(
        source=source,
        started_at=started_at,
        until=started_at - 1,
        bytes=300,
        records=7,
        undated=2,
        future=1,
        positions=(Position(1, 2, 300, 4, 500), Position(1, 3, 0, 0, 0)),
    )


def template(name: str, text: str = "served <*>", source: str = SOURCE, count: int = 3) -> TemplateNight:
    return TemplateNight(
        source=source,
        template=name,
        text=text,
        level=40,
        count=count,
        first=NOON - 60.5,
        last=NOON,
        hours={HOUR: count - 1, HOUR - 10: 1},
        levels={40: count},
        examples=("served 1", 'served "ünïcode"'),
        origin="shop/web.py:12",
    )


def error(name: str = "e" * 16, source: str = "sentry:acme/web") -> ErrorNight:
    frames = (ErrorFrame("shop/cart.py", "total", 7, True), ErrorFrame(None, "run"))
    return ErrorNight(source=source, error=name, kind="ValueError", frames=frames, count=None, state="new")


def latency(hour: int, route: str = "GET /") -> LatencyHour:
    return LatencyHour(
        source=SOURCE, route=route, hour=hour, count=2, p50=0.1, p95=0.5, histogram={-3: 1, 2: 1}
    )


def keep(path: Path, nights: dict[str, list[Record]]) -> None:
    with LogStore.open(path) as store:
        for run, records in nights.items():
            store.commit(run, 5, [row_of(each) for each in records])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "logs.db"


def test_a_state_without_a_memory_is_an_empty_history_and_stays_without(path: Path) -> None:
    with LogStore.open(path, read_only=True) as store:
        assert store.readings(SOURCE, before_run="r") == []
        assert store.templates(SOURCE, since=0.0, without_run="r") == []
        assert store.known_templates(SOURCE, without_run="r") == []
        assert store.errors(since=0.0, without_run="r") == []
        assert store.latencies(SOURCE, since=0.0, without_run="r") == []
    with LogStore.open(path) as store:
        assert store.prune(dt.datetime.now(dt.UTC), run="r") == 0
    assert not path.parent.exists()


def test_every_record_comes_back_as_it_was_with_its_run(path: Path) -> None:
    records: list[Record] = [reading(), template("a"), error(), latency(HOUR)]
    keep(path, {"r1": records})
    with LogStore.open(path, read_only=True) as store:
        back: list[Record] = [
            *store.readings(SOURCE, before_run="r2"),
            *store.templates(SOURCE, since=0.0, without_run="r2"),
            *store.errors(since=0.0, without_run="r2"),
            *store.latencies(SOURCE, since=0.0, without_run="r2"),
        ]
    assert {each.run for each in back} == {"r1"}
    assert [row_of(each) for each in back] == [row_of(each) for each in records]
    assert [type(each) for each in back] == [type(each) for each in records]


def test_what_is_unknown_stays_unknown(path: Path) -> None:
    least = TemplateNight(source=SOURCE, template="a", text="x", level=0, count=1)
    keep(path, {"r1": [least, error()]})
    with LogStore.open(path, read_only=True) as store:
        (known,) = store.templates(SOURCE, since=0.0, without_run="")
        (seen,) = store.errors(since=0.0, without_run="")
    assert (known.first, known.last, known.origin) == (None, None, None)
    assert (seen.count, seen.first, seen.last, seen.release, seen.link) == (None,) * 5
    assert seen.frames[1] == ErrorFrame(None, "run", None, False)


def test_the_same_counts_give_the_same_row_in_whatever_order_they_were_made() -> None:
    one, other = {5: 1, 40: 2, 300: 3}, {300: 3, 5: 1, 40: 2}
    rows = [
        row_of(TemplateNight(source="s", template="t", text="x", level=0, count=6, hours=hours))
        for hours in (one, other)
    ]
    assert rows[0] == rows[1]
    assert rows[0].values["hours"] == '{"5":1,"40":2,"300":3}'


def test_the_asking_night_does_not_see_its_own_rows(path: Path) -> None:
    night: list[Record] = [reading(), template("a"), error(), latency(HOUR)]
    keep(path, {run_of(1): night, run_of(0): night})
    with LogStore.open(path, read_only=True) as store:
        assert [each.run for each in store.readings(SOURCE, before_run=run_of(0))] == [run_of(1)]
        for found in (
            store.templates(SOURCE, since=0.0, without_run=run_of(0)),
            store.errors(since=0.0, without_run=run_of(0)),
            store.latencies(SOURCE, since=0.0, without_run=run_of(0)),
        ):
            assert [each.run for each in found] == [run_of(1)]


def test_the_newest_reading_comes_first_even_when_its_clock_was_behind(path: Path) -> None:
    keep(path, {"2030-01-01.1": [reading(NOON + 900 * DAY)], run_of(1, 2): [reading(), reading(source="x")]})
    with LogStore.open(path, read_only=True) as store:
        assert [r.run for r in store.readings(SOURCE, before_run=run_of(0))] == [run_of(1, 2), "2030-01-01.1"]


def test_templates_come_night_by_night_and_runs_of_a_date_by_their_number(path: Path) -> None:
    keep(path, {run_of(1, 10): [template("b"), template("a")], run_of(1, 2): [template("b")]})
    with LogStore.open(path, read_only=True) as store:
        found = store.templates(SOURCE, since=0.0, without_run="")
        assert [(each.run, each.template) for each in found] == [
            (run_of(1, 2), "b"),
            (run_of(1, 10), "a"),
            (run_of(1, 10), "b"),
        ]
        assert list(store.each_template(SOURCE, since=0.0, without_run="")) == found
        assert store.templates("log:other", since=0.0, without_run="") == []


def test_nights_before_the_asked_instant_are_left_out(path: Path) -> None:
    night: list[Record] = [template("a"), error()]
    keep(path, {run_of(days): [*night, latency(HOUR - 24 * days)] for days in (9, 5, 3, 1)})
    with LogStore.open(path, read_only=True) as store:
        since = NOON - 4 * DAY
        expected = [run_of(5), run_of(3), run_of(1)]  # the date of a night may be a day behind UTC
        assert [each.run for each in store.templates(SOURCE, since=since, without_run="")] == expected
        assert [each.run for each in store.errors(since=since, without_run="")] == expected
        latencies = store.latencies(SOURCE, since=since, without_run="")
        assert [each.run for each in latencies] == [run_of(3), run_of(1)]


def test_known_templates_have_their_latest_text_in_the_order_of_their_first_night(path: Path) -> None:
    keep(path, {run_of(3): [template("z", "old")], run_of(2): [template("a"), template("z", "new")]})
    with LogStore.open(path, read_only=True) as store:
        known = store.known_templates(SOURCE, without_run=run_of(0))
        assert known == [("z", "new"), ("a", "served <*>")]
        assert store.known_templates(SOURCE, without_run=run_of(2)) == [("z", "old")]


def test_pruning_forgets_old_nights_but_keeps_the_last_twenty_eight_of_them(path: Path) -> None:
    keep(path, {run_of(60 - n): [template("a"), error()] for n in range(30)})
    with LogStore.open(path) as store:
        assert store.prune(dt.datetime.fromtimestamp(NOON, dt.UTC), run=run_of(0)) == 4
        kept = [each.run for each in store.errors(since=0.0, without_run="")]
        assert kept == [run_of(60 - n) for n in range(2, 30)]
        assert len(store.rows("SELECT 1 FROM commits")) == 28


def test_pruning_leaves_what_is_young_and_the_runs_own_rows(path: Path) -> None:
    keep(path, {run_of(n % 20, n // 20 + 1): [error()] for n in range(60)})
    keep(path, {"2020-01-01.1": [error()]})
    with LogStore.open(path) as store:
        assert store.prune(dt.datetime.fromtimestamp(NOON, dt.UTC), run="2020-01-01.1") == 0
        assert store.prune(dt.datetime.fromtimestamp(NOON, dt.UTC), run=run_of(0)) == 1
        assert len(store.errors(since=0.0, without_run="")) == 60


def test_a_clock_that_ran_ahead_for_one_night_does_not_cost_the_memory(path: Path) -> None:
    keep(path, {run_of(20 - n): [reading(), template("a")] for n in range(20)})
    with LogStore.open(path) as store:
        ahead = dt.datetime(2031, 1, 1, tzinfo=dt.UTC)
        assert store.prune(ahead, run="2031-01-01.1") == 0


def test_the_last_reading_of_a_source_outlives_its_nights_for_a_year(path: Path) -> None:
    quiet = reading(source="log:quiet")
    keep(path, {run_of(500): [reading(source="log:gone")], run_of(91): [quiet], run_of(90): [quiet, error()]})
    keep(path, {run_of(30 - n): [reading()] for n in range(28)})
    with LogStore.open(path) as store:
        assert store.prune(dt.datetime.fromtimestamp(NOON, dt.UTC), run=run_of(0)) == 3
        assert [r.run for r in store.readings("log:quiet", before_run="")] == [run_of(90)]
        assert store.readings("log:gone", before_run="") == []
        later = dt.datetime.fromtimestamp(NOON + 320 * DAY, dt.UTC)
        assert store.prune(later, run=run_of(0)) == 1
        assert store.readings("log:quiet", before_run="") == []


def test_a_killed_nights_rows_beyond_its_head_are_deleted(path: Path) -> None:
    with LogStore.open(path) as store:
        store.commit("r", 1, [row_of(template("a"))])
        store.commit("r", 2, [row_of(template("b")), row_of(reading())])
        store.rollback("r", 1)
        assert [each.template for each in store.templates(SOURCE, since=0.0, without_run="")] == ["a"]
        assert store.readings(SOURCE, before_run="") == []
        store.commit("r", 2, [row_of(template("b"))])


def test_a_damaged_memory_says_what_to_do(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"no database" * 100)
    with (
        LogStore.open(path, read_only=True) as store,
        pytest.raises(StateDamaged, match="to begin its memory anew"),
    ):
        store.readings(SOURCE, before_run="")


def test_every_table_of_the_schema_is_made_and_counted(path: Path) -> None:
    with LogStore.open(path) as store:
        tables = {row[0] for row in store.rows("SELECT name FROM sqlite_master WHERE type = 'table'")}
        assert tables == {*TABLES, "commits"}
        assert store.rows("PRAGMA user_version")[0][0] == len(MIGRATIONS)
        assert store.problems() == []
