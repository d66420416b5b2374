"""Stamps become instants: with and without zone, without year, as numbers, where clocks change."""

import datetime as dt
import zoneinfo

import pytest

from daydream.analysis.logs.records import Reader, Record, stamp_of
from daydream.analysis.logs.times import Clock

BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")
PRESENT = dt.datetime(2026, 11, 21, 2, 0, tzinfo=dt.UTC)
NOON = dt.datetime(2026, 11, 20, 12, 0, tzinfo=dt.UTC).timestamp()


def utc(*when: int) -> float:
    return dt.datetime(*when, tzinfo=dt.UTC).timestamp()  # type: ignore[arg-type,misc]


def clock(zone: dt.tzinfo = dt.UTC, present: dt.datetime = PRESENT) -> Clock:
    return Clock(zone, present)


def records(*lines: str, zone: dt.tzinfo = dt.UTC) -> list[Record]:
    reader = Reader(clock(zone))
    return reader.feed(lines) + reader.end()


@pytest.mark.parametrize(
    ("value", "when"),
    [
        (NOON, NOON),
        (int(NOON), NOON),
        (NOON * 1e3, NOON),
        (NOON * 1e6, NOON),
        (int(NOON) * 10**9, NOON),
        (str(int(NOON)), NOON),
        (f"{NOON:.6f}", NOON),
        (f"{NOON * 1e9:.0f}", NOON),
        ("2026-11-20T12:00:00Z", NOON),
        ("2026-11-20T12:00:00.123456789+00:00", NOON),
        ("2026-11-20 13:00:00 +0100", NOON),
        ("20/Nov/2026:12:00:00 +0000", NOON),
        ("Fri, 20 Nov 2026 12:00:00 GMT", NOON),
        ("2026-11-20T12:00Z", NOON),
        ("", None),
        ("soon", None),
        ("2026-13-40T12:00:00Z", None),
        (True, None),
        (None, None),
        ([], None),
        (12, None),
        (-5.0, None),
        (float("nan"), None),
        (float("inf"), None),
        (1e300, None),
        ("٣" * 10, None),
    ],
)
def test_the_time_of_a_field_is_read_in_any_unit(value: object, when: float | None) -> None:
    assert clock().value(value) == (pytest.approx(when, abs=0.01) if when is not None else None)


@pytest.mark.parametrize(
    ("stamp", "present", "when"),
    [
        ("Dec 31 23:59:59", (2027, 1, 1, 2), (2026, 12, 31, 23, 59, 59)),
        ("Jan  1 00:00:01", (2027, 1, 1, 2), (2027, 1, 1, 0, 0, 1)),
        ("Jan  1 00:30:00", (2026, 12, 31, 23), (2027, 1, 1, 0, 30)),
        ("Jan  3 00:30:00", (2026, 12, 31, 23), (2026, 1, 3, 0, 30)),
        ("Feb 29 12:00:00", (2028, 3, 1, 2), (2028, 2, 29, 12)),
        ("Nov 20 12:00:00", (2026, 11, 21, 2), (2026, 11, 20, 12)),
    ],
)
def test_a_missing_year_is_the_latest_that_is_not_in_the_future(
    stamp: str, present: tuple[int, ...], when: tuple[int, ...]
) -> None:
    night = dt.datetime(*present, tzinfo=dt.UTC)  # type: ignore[arg-type,misc]
    assert stamp_of(f"{stamp} host app: x", clock(present=night)) == utc(*when)


def test_a_leap_day_of_no_leap_year_is_of_the_last_one_or_none() -> None:
    assert stamp_of("Feb 29 12:00:00 host app: x", clock()) is None


def test_an_old_files_year_is_told_by_when_it_was_modified() -> None:
    old = clock().at(utc(2024, 12, 31, 23, 0))
    assert stamp_of("Dec 31 22:00:00 host app: x", old) == utc(2024, 12, 31, 22)
    assert stamp_of("Jan 20 22:00:00 host app: x", old) == utc(2024, 1, 20, 22)
    later = clock().at(utc(2030, 1, 1))
    assert stamp_of("Nov 20 12:00:00 host app: x", later) == NOON
    assert stamp_of("Nov 20 12:00:00 host app: x", clock().at(1e300)) == NOON


@pytest.mark.parametrize(
    ("stamp", "when"),
    [
        ("11/12/2026 12:00:00", (2026, 11, 12, 12)),
        ("05/11/2026 12:00:00", (2026, 11, 5, 12)),
        ("13/02/2026 12:00:00", (2026, 2, 13, 12)),
        ("02/13/2026 12:00:00 AM", (2026, 2, 13, 0)),
        ("11/12/2031 12:00:00", (2031, 11, 12, 12)),
    ],
)
def test_day_and_month_in_doubt_are_the_latest_past_day(stamp: str, when: tuple[int, ...]) -> None:
    assert stamp_of(f"{stamp} ERROR x", clock()) == utc(*when)


def test_a_number_that_is_no_time_of_these_years_dates_nothing() -> None:
    assert stamp_of("1000000001 apples", clock()) is None
    assert stamp_of("4000000000 pears", clock()) is None


def test_local_times_that_come_twice_or_never_are_read_the_same_way_each_time() -> None:
    # On 25 October 2026 Berlin's clocks go from 03:00 back to 02:00, on 29 March from 02:00 to 03:00.
    twice = "2026-10-25 02:30:00 INFO x"
    assert stamp_of(twice, clock(BERLIN)) == utc(2026, 10, 25, 0, 30)
    assert stamp_of("2026-10-25T02:30:00+01:00 INFO x", clock(BERLIN)) == utc(2026, 10, 25, 1, 30)
    assert stamp_of("2026-10-25 03:00:00 INFO x", clock(BERLIN)) == utc(2026, 10, 25, 2)
    never = "2026-03-29 02:30:00 INFO x"
    assert stamp_of(never, clock(BERLIN)) == stamp_of(never, clock(BERLIN)) == utc(2026, 3, 29, 1, 30)


def test_a_clock_that_jumps_loses_no_record_and_keeps_their_order() -> None:
    stamps = ["12:00:00", "12:00:05", "11:00:00", "11:00:01", "12:00:06"]
    found = records(*(f"2026-11-20 {stamp} INFO {n}" for n, stamp in enumerate(stamps)))
    assert [r.text for r in found] == ["0", "1", "2", "3", "4"]
    assert [r.when for r in found] == [NOON, NOON + 5, NOON - 3600, NOON - 3599, NOON + 6]


@pytest.mark.parametrize("second", ["60", "59"])
def test_a_leap_second_is_an_instant(second: str) -> None:
    assert stamp_of(f"2026-06-30T23:59:{second}Z x", clock()) == utc(2026, 6, 30, 23, 59) + int(second)


def test_what_is_remembered_is_bounded() -> None:
    one = clock()
    for number in range(4500):
        when = dt.datetime(2026, 1, 1, tzinfo=dt.UTC) + dt.timedelta(minutes=number)
        assert stamp_of(f"{when:%Y-%m-%d %H:%M:%S} x", one) == when.timestamp()
        assert stamp_of(f"{when:%d.%m.%Y %H:%M:%S} x", one) == when.timestamp()
        assert stamp_of(f"{when:%b %e %H:%M:%S} h x", one) == when.timestamp()
