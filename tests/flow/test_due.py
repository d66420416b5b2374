"""Which night comes next: one per local date, none skipped, none doubled, nothing dropped in silence."""

import datetime as dt
import zoneinfo

import pytest
import time_machine
from msgspec.structs import replace

from daydream import clock
from daydream.errors import UsageError
from daydream.flow.due import Abandon, Begin, NotDue, Reopen, Resume, Wish, decide, satisfied_before
from daydream.records.head import Head, StateCount

ZONES = (
    "UTC",
    "Europe/Berlin",
    "Europe/London",
    "America/New_York",
    "America/Sao_Paulo",
    "America/Havana",
    "America/Santiago",
    "America/St_Johns",
    "Africa/Cairo",
    "Asia/Beirut",
    "Australia/Lord_Howe",
    "Pacific/Auckland",
)
TIMES = (dt.time(2), dt.time(0, 30), dt.time(23, 30))


def _head(night: str, **fields: object) -> Head:
    head = Head(
        run=f"{night}.1",
        night=night,
        number=1,
        started_at=f"{night}T02:00:00Z",
        zone="UTC",
        mode="report",
        config_digest="c",
        plan_digest="p",
        position="done",
        closed="done",
    )
    return replace(head, **fields)


def _decide(
    head: Head | None, wish: Wish | None = None, now: str = "2026-03-02T02:00:00Z", **fields: object
) -> object:
    return decide(
        head,
        wish or Wish(),
        now=clock.from_text(now),
        zone=dt.UTC,
        digest=str(fields.get("digest", "c")),
        plan=str(fields.get("plan", "p")),
        max_age_s=172800.0,
        numbers=fields.get("numbers", []),  # type: ignore[arg-type]
    )


@pytest.mark.parametrize("at", TIMES, ids=str)
@pytest.mark.parametrize("name", ZONES)
def test_a_daily_timer_does_one_night_per_local_date_over_two_years(name: str, at: dt.time) -> None:
    zone = zoneinfo.ZoneInfo(name)
    head: Head | None = None
    nights: list[str] = []
    begin = dt.datetime(2025, 12, 31, 12, tzinfo=dt.UTC)
    instant = clock.next_start(begin, at, zone)
    first = clock.local_date(instant, zone)
    with time_machine.travel(instant, tick=False) as traveller:
        while len(nights) < 731:
            traveller.move_to(instant)
            wish = Wish(if_due=True)
            for _ in range(2):  # a timer that fires twice changes nothing
                what = decide(
                    head, wish, now=clock.now(), zone=zone, digest="c", plan="p", max_age_s=1.0, numbers=()
                )
                if isinstance(what, Begin):
                    nights.append(what.night)
                    head = _head(what.night, satisfied=satisfied_before(head, what.night))
            instant = clock.next_start(clock.now(), at, zone)

    expected = [(first + dt.timedelta(days=n)).isoformat() for n in range(731)]
    assert nights == expected


def test_a_time_that_the_zone_skips_fires_after_the_gap_and_one_that_comes_twice_fires_first() -> None:
    berlin = zoneinfo.ZoneInfo("Europe/Berlin")

    assert clock.start_on(dt.date(2026, 3, 29), dt.time(2, 30), berlin) == clock.from_text(
        "2026-03-29T01:00:00Z"
    )
    assert clock.start_on(dt.date(2026, 10, 25), dt.time(2, 30), berlin) == clock.from_text(
        "2026-10-25T00:30:00Z"
    )


def test_a_date_that_the_zone_skips_has_no_start() -> None:
    assert clock.start_on(dt.date(2011, 12, 30), dt.time(2), zoneinfo.ZoneInfo("Pacific/Apia")) is None


def test_the_first_start_begins_and_a_plain_second_one_makes_run_two() -> None:
    assert _decide(None) == Begin("2026-03-02", 1)
    assert _decide(_head("2026-03-02"), numbers=[1]) == Begin("2026-03-02", 2)


def test_if_due_answers_when_the_night_is_done_also_when_the_clock_went_back() -> None:
    due = Wish(if_due=True)

    assert _decide(_head("2026-03-02"), due) == NotDue("2026-03-02")
    assert _decide(_head("2026-03-03"), due) == NotDue("2026-03-03")
    assert _decide(_head("2026-03-01"), due) == Begin("2026-03-02", 1)


def test_one_start_with_a_clock_years_ahead_costs_no_later_night() -> None:
    assert _decide(_head("2036-03-01"), Wish(if_due=True)) == Begin("2026-03-02", 1)
    assert satisfied_before(_head("2036-03-01"), "2026-03-02") == ""


@pytest.mark.parametrize("fields", [{"partial": True}, {"closed": "abandoned"}])
def test_partial_and_abandoned_nights_do_not_satisfy_due_ness(fields: dict[str, object]) -> None:
    assert _decide(_head("2026-03-02", **fields), Wish(if_due=True), numbers=[1]) == Begin("2026-03-02", 2)


def test_a_partial_night_after_a_whole_one_leaves_the_date_satisfied() -> None:
    head = _head("2026-03-02", partial=True, satisfied="2026-03-02")

    assert _decide(head, Wish(if_due=True)) == NotDue("2026-03-02")


def test_a_night_with_a_failed_step_is_taken_up_again_on_its_date_only() -> None:
    failed = {"maintain.docs": StateCount(planned=1, ended=1, failed=1)}

    assert _decide(_head("2026-03-02", states=failed)) == Reopen()
    assert _decide(_head("2026-03-02", states=failed), Wish(if_due=True)) == Reopen()
    assert _decide(_head("2026-03-01", states=failed)) == Begin("2026-03-02", 1)
    assert _decide(_head("2026-03-02", states=failed), Wish(fresh=True), numbers=[1]) == Begin(
        "2026-03-02", 2
    )


def test_an_unfinished_night_is_finished_first_under_its_own_date() -> None:
    head = _head("2026-03-01", closed=None, started_at="2026-03-01T23:59:00Z")

    assert _decide(head) == Resume()
    assert _decide(head, Wish(if_due=True)) == Resume()


@pytest.mark.parametrize(
    "wish", [Wish(only=("docs",)), Wish(mode="apply"), Wish(dreams=False), Wish(skip=("docs",))]
)
def test_an_unfinished_night_is_not_continued_with_other_flags(wish: Wish) -> None:
    head = _head("2026-03-02", closed=None)

    with pytest.raises(UsageError, match=r"unfinished: `daydream run"):
        _decide(head, wish)


def test_a_scheduled_start_continues_a_night_that_a_person_began_with_other_flags() -> None:
    head = _head("2026-03-02", closed=None, only=("docs",))

    assert _decide(head, Wish(if_due=True)) == Resume()


@pytest.mark.parametrize(
    ("fields", "wish", "reason"),
    [
        ({"now": "2026-03-09T02:00:00Z"}, Wish(), "older than night.max_age"),
        ({"digest": "other"}, Wish(), "configuration was changed"),
        ({"plan": "other"}, Wish(), "other steps"),
        ({}, Wish(fresh=True), "--fresh"),
    ],
)
def test_a_night_that_cannot_go_on_is_closed_with_its_reason(
    fields: dict[str, str], wish: Wish, reason: str
) -> None:
    what = _decide(_head("2026-03-02", closed=None), wish, **fields)

    assert isinstance(what, Abandon)
    assert reason in what.reason
