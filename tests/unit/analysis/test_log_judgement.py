"""What stands out tonight: the kinds of flags, what is no reason for one, and which are printed."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daydream.analysis.logs.baseline import Grid, Hours, Night, Past, Response, Series, usual
from daydream.analysis.logs.judgement import compared_with, judge, judge_series
from daydream.analysis.logs.latency import general
from daydream.analysis.logs.ranking import BAR, Flag, Severity, printed, ranked

DAY = 24
MONDAY = 20_458 * DAY  # Monday, 5 January 2026, 00:00 UTC
INFO, WARNING, ERROR = 20, 30, 40


def hours_of(day: int) -> range:
    """The 24 hours before 02:00 of a day after the first Monday."""
    return range(MONDAY + DAY * (day - 1) + 2, MONDAY + DAY * day + 2)


def past_of(days: int) -> list[int]:
    return [hour for day in range(days) for hour in hours_of(day)]


def each(days: int, counts: Hours) -> dict[int, int]:
    """The same counts by hour of the day (UTC) on every past day."""
    return {
        hour: counts[hour % DAY] for day in range(days) for hour in hours_of(day) if counts.get(hour % DAY)
    }


def at(day: int, counts: Hours) -> dict[int, int]:
    return {hour: counts[hour % DAY] for hour in hours_of(day) if counts.get(hour % DAY)}


def a_series(
    hours: Hours,
    tonight: Hours,
    *,
    level: int = WARNING,
    text: str = "disk <*> is slow",
    template: str = "a" * 16,
    **more: Any,
) -> Series:
    levels = {level: sum(hours.values())} if hours else {}
    defaults = {"levels": levels, "levels_tonight": {level: sum(tonight.values())} if tonight else {}}
    return Series(template, text, level, hours, tonight, **{**defaults, **more})


def judged(
    *series: Series,
    days: int = 14,
    hours: Sequence[int] | None = None,
    past: Sequence[int] | None = None,
    flagged: Mapping[tuple[str, str], int] | None = None,
    traces: Sequence[Series] = (),
) -> list[Flag]:
    """Judge the series as of a day, with all days before it behind them."""
    covered = past_of(days) if past is None else past
    there = hours_of(days) if hours is None else hours
    return judge(Night("logs/app.log", there, 0, series, traces), Past(covered, flagged=flagged or {}))


def only(flags: Iterable[Flag], kind: str) -> Flag:
    [flag] = [flag for flag in flags if flag.kind == kind]
    return flag


EVERY_HOUR = dict.fromkeys(range(DAY), 12)
SOME = {9: 2, 12: 3, 15: 1}


def timed(series: Series, *minutes: float) -> Series:
    """The same with tonight's records at these minutes after the beginning of its first hour."""
    low = min(series.tonight) * 3600
    times = [low + 60.0 * minute for minute in minutes]
    return replace(series, edges=(times[0], times[-1]), times=times)


class TestWindows:
    def test_a_burst_is_told_to_the_minute_and_where_most_of_it_was(self) -> None:
        series = a_series(each(14, SOME), at(14, {13: 40}), level=ERROR)
        flag = only(judged(timed(series, *(5 + n / 4 for n in range(38)), 55, 58)), "burst")
        assert (
            "40 times between Sunday 13:05 and 13:58 (36 of them between 13:05 and 13:13); usually"
            in flag.message
        )
        assert flag.evidence == "2026-01-18 13:05 to 13:58, local time"

    def test_of_more_records_than_were_timed_the_first_and_the_last_tell(self) -> None:
        series = a_series(each(14, SOME), at(14, {13: 400}), level=ERROR)
        low = min(series.tonight) * 3600
        known = replace(
            series, edges=(low + 300.0, low + 2400.0), times=[low + 300.0 + n for n in range(200)]
        )
        assert "400 times between Sunday 13:05 and 13:40" in only(judged(known), "burst").message

    def test_an_hour_of_which_the_end_is_not_known_is_told_as_an_hour(self) -> None:
        series = a_series(each(14, SOME), at(14, {13: 400, 20: 1}), level=ERROR)
        low = min(series.tonight) * 3600
        known = replace(
            series, edges=(low + 300.0, low + 7.5 * 3600), times=[low + 300.0 + n for n in range(200)]
        )
        assert "400 times between Sunday 13:00 and 14:00" in only(judged(known), "burst").message

    def test_something_new_is_told_to_the_minute(self) -> None:
        series = a_series({}, at(14, {13: 2}), level=ERROR)
        assert (
            "2 times between Sunday 13:05 and 13:41"
            in only(judged(timed(series, 5, 41)), "new_error").message
        )
        once = a_series({}, at(14, {1: 1}), level=ERROR)
        assert "once at 01:07; never" in only(judged(timed(once, 7)), "new_error").message
        yesterday = a_series({}, at(14, {13: 1}), level=ERROR)
        assert "once on Sunday at 13:07; never" in only(judged(timed(yesterday, 7)), "new_error").message

    def test_the_evidence_names_the_zone_of_the_night(self) -> None:
        series = a_series({}, at(14, {13: 2}), level=ERROR)
        night = Night("app.log", list(hours_of(14)), 3600, [series], zone="Europe/Berlin")
        (flag,) = judge(night, Past(past_of(14)))
        assert flag.evidence == "2026-01-18 14:00 to 15:00, Europe/Berlin"


class TestCounts:
    def test_a_burst_is_told_with_its_hours_and_what_is_usual(self) -> None:
        flag = only(judged(a_series(each(14, SOME), at(14, {**SOME, 13: 300}))), "burst")
        assert flag.message == (
            "`disk <*> is slow`: 300 times between Sunday 13:00 and 14:00; usually at most 3 in one hour of a night, "
            "over the last 14 nights"
        )
        assert flag.evidence == "2026-01-18 13:00 to 14:00, local time"
        assert flag.worth >= BAR

    def test_local_time_is_told(self) -> None:
        night = Night("a", hours_of(14), 2 * 3600, [a_series(each(14, SOME), at(14, {13: 300}))])
        flag = only(judge(night, Past(past_of(14))), "burst")
        assert "between Sunday 15:00 and 16:00" in flag.message

    def test_more_in_a_night_than_ever_is_a_rate(self) -> None:
        flag = only(
            judged(a_series(each(14, SOME), at(14, dict.fromkeys(range(8, 20), 3)), level=ERROR)), "rate"
        )
        assert "36 times in 24 h; usually 6 a night, over the last 14 nights" in flag.message
        assert flag.severity == "high"

    @pytest.mark.parametrize("level", [INFO, 0])
    def test_that_something_ordinary_happened_three_times_as_often_is_no_reason(self, level: int) -> None:
        counts = dict.fromkeys(range(8, 20), 5)
        tripled = {hour: 3 * count for hour, count in counts.items()}
        assert judged(a_series(each(14, counts), at(14, tripled), level=level)) == []

    def test_a_busy_day_explains_more_warnings(self) -> None:
        def flags(factor: float) -> list[Flag]:
            info = a_series(
                each(14, dict.fromkeys(range(DAY), 40)),
                at(14, dict.fromkeys(range(DAY), int(40 * factor))),
                level=INFO,
                template="b" * 16,
                text="order <*> placed",
            )
            counts = dict.fromkeys(range(DAY), 2)
            return judged(a_series(each(14, counts), at(14, dict.fromkeys(range(DAY), 5))), info)

        assert [flag.kind for flag in flags(1.0)] == ["rate"]
        assert flags(3.0) == []

    def test_one_error_that_makes_up_most_of_the_rise_is_told_by_itself(self) -> None:
        quiet = a_series(each(14, {9: 1}), at(14, {9: 1}), level=ERROR, template="b" * 16, text="other")
        loud = a_series(each(14, SOME), at(14, dict.fromkeys(range(8, 20), 3)), level=ERROR)
        assert [flag.kind for flag in judged(loud, quiet)] == ["rate"]

    def test_days_without_a_night_are_judged_one_by_one(self) -> None:
        hours = [hour for day in (12, 13, 14) for hour in hours_of(day)]
        counts = {**{h: SOME[h % DAY] for h in hours if h % DAY in SOME}}
        counts.update({h: 4 for h in hours_of(13) if 8 <= h % DAY < 20})
        series = a_series(each(12, SOME), counts, level=ERROR)
        flag = only(judged(series, hours=hours, past=past_of(12)), "rate")
        assert "48 times in 24 h" in flag.message
        assert flag.evidence.startswith("2026-01-17 08:00 to 20:00")

    def test_a_weekly_job_is_compared_with_its_weekday(self) -> None:
        weekly = {hour: 150 for day in (0, 7) for hour in hours_of(day) if hour % DAY == 5}
        assert judged(a_series(weekly, at(14, {5: 150}))) == []

    def test_an_earlier_burst_does_not_hide_another(self) -> None:
        hours = {**each(14, SOME), **at(10, {14: 400})}
        assert only(judged(a_series(hours, at(14, {**SOME, 13: 200}))), "burst").magnitude == 200

    def test_what_is_ordinary_at_noon_is_a_burst_at_four(self) -> None:
        noon = {**dict.fromkeys(range(9, 18), 60), **dict.fromkeys((*range(9), *range(18, DAY)), 1)}
        flag = only(judged(a_series(each(14, noon), at(14, {**noon, 4: 70}))), "burst")
        assert "between Sunday 04:00 and 05:00" in flag.message

    def test_a_job_that_ran_fifty_times_is_a_repeat_though_it_is_no_error(self) -> None:
        flag = only(judged(a_series(each(14, {4: 1}), at(14, {4: 25, 9: 25}), level=INFO)), "repeat")
        assert "50 times in 24 h; usually 1 a night" in flag.message

    def test_growth_over_days_is_a_drift_and_goes_on_being_one(self) -> None:
        def hours(last: tuple[int, int, int]) -> dict[int, int]:
            counts = {h: 4 for day in range(14) for h in hours_of(day)}
            for day, factor in zip((11, 12, 13), last, strict=True):
                counts.update(dict.fromkeys(hours_of(day), factor))
            return counts

        flag = only(judged(a_series(hours((5, 6, 7)), at(14, dict.fromkeys(range(DAY), 8)))), "drift")
        assert "144, 168, 192 times in the last three nights, 1.8 times as often as usual" in flag.message
        less = a_series(hours((8, 6, 5)), at(14, dict.fromkeys(range(DAY), 5)))
        assert judged(less) == []
        since = {("drift", less.template): hours_of(9)[0]}
        assert [flag.kind for flag in judged(less, flagged=since)] == ["drift"]

    def test_one_percent_more_each_day_is_no_drift(self) -> None:
        counts = {hour: round(10 * 1.01**day) for day in range(28) for hour in hours_of(day)}
        assert judged(a_series(counts, at(28, dict.fromkeys(range(DAY), 13))), days=28) == []

    def test_errors_that_are_each_a_little_more_stand_out_together(self) -> None:
        each_a_few = {9: 1, 12: 2, 15: 1}
        more = {9: 4, 12: 5, 15: 3}
        series = [
            a_series(each(14, each_a_few), at(14, more), level=ERROR, template=f"{i:016x}", text=f"error {i}")
            for i in range(8)
        ]
        flags = judged(*series)
        shown = printed(flags)
        assert [flag.kind for flag in shown] == ["error_share"]
        assert "96 errors in 24 h of kinds that are known; usually 32 a night" in shown[0].message

    def test_which_value_most_records_share_is_told(self) -> None:
        series = a_series(each(14, SOME), at(14, {13: 300}), focus=("ledger", 0.87))
        assert only(judged(series), "burst").message.endswith("; 87% of them with ledger")


class TestNews:
    def test_a_new_error_is_told_the_first_time(self) -> None:
        flag = only(judged(a_series({}, at(14, {13: 1}), level=ERROR, origin="shop/a.py:17")), "new_error")
        assert (
            flag.message
            == "New error `disk <*> is slow`: once between Sunday 13:00 and 14:00; never in the 14 nights before"
        )
        assert flag.evidence.endswith("logged at shop/a.py:17")
        assert flag.worth >= BAR

    def test_it_stays_news_while_it_comes_so_that_nothing_takes_it_for_gone(self) -> None:
        hours = {**at(12, {13: 4}), **at(13, {13: 4})}
        series = a_series(hours, at(14, {13: 1}), level=ERROR)
        flagged = {("new_error", series.template): hours_of(12)[0]}
        [flag] = printed(judged(series, flagged=flagged))
        assert flag.message.startswith("New error since 2026-01-16: `disk <*> is slow`: once")
        old = at(3, {13: 4}) | at(13, {13: 4})
        series = a_series(old, at(14, {13: 4}), level=ERROR)
        assert judged(series) == []
        since = {("new_error", series.template): hours_of(3)[0]}
        assert [flag.kind for flag in judged(series, flagged=since)] == ["new_error"]

    def test_one_that_comes_back_is_not_told_again_unless_it_is_worse(self) -> None:
        def flags(count: int) -> list[Flag]:
            return judged(a_series(at(11, {13: 4}), at(14, {13: count}), level=ERROR))

        assert printed(flags(4)) == []
        assert [flag.kind for flag in printed(flags(5))] == ["new_error"]

    def test_a_new_exception_is_one(self) -> None:
        flags = judged(
            traces=[a_series({}, at(14, {13: 1}), level=ERROR, trace=True, text="KeyError in f (a.py)")]
        )
        assert only(flags, "new_error").message.startswith("New exception `KeyError in f (a.py)`")

    @pytest.mark.parametrize(("count", "shown"), [(1, False), (9, False), (10, True)])
    def test_a_new_warning_is_printed_when_it_comes_often(self, count: int, shown: bool) -> None:
        flags = judged(a_series({}, at(14, {13: count})))
        assert bool(printed(flags)) is shown

    def test_new_lines_of_a_deploy_are_one_entry_below_the_bar(self) -> None:
        series = [
            a_series({}, at(14, {13: 5}), level=INFO, template=f"{i:016x}", text=f"step {i}")
            for i in range(4)
        ]
        flags = judged(*series)
        assert [flag.kind for flag in flags] == ["new_lines"]
        assert "4 lines came for the first time, the first at 13:00" in flags[0].message
        assert printed(flags) == []

    def test_a_text_that_differs_from_a_known_one_in_a_word_is_hardly_new(self) -> None:
        known = a_series(each(14, SOME), {}, text="label for parcel <*> refused by redvan", template="b" * 16)
        new = a_series({}, at(14, {13: 2}), level=ERROR, text="label for parcel <*> refused by swiftbox")
        other = a_series({}, at(14, {13: 2}), level=ERROR, text="label printer on floor <*> is burning")
        assert printed(judged(known, new)) == []
        assert printed(judged(known, other))

    def test_where_every_night_brings_a_new_error_another_one_is_not_printed(self) -> None:
        before = [
            a_series(at(day, {13: 2}), {}, level=ERROR, template=f"{day:016x}", text=f"odd request x{day}")
            for day in range(14)
        ]
        new = a_series({}, at(14, {13: 3}), level=ERROR)
        many = a_series({}, at(14, {13: 60}), level=ERROR)
        assert printed(judged(*before, new)) == []
        assert [flag.kind for flag in printed(judged(*before, many))] == ["new_error"]

    def test_a_line_that_became_an_error_is_told(self) -> None:
        series = a_series(
            each(14, EVERY_HOUR),
            at(14, EVERY_HOUR),
            level=ERROR,
            levels={INFO: 4032},
            levels_tonight={INFO: 100, ERROR: 188},
        )
        flag = only(judged(series), "level_change")
        assert (
            "is logged as error now: 188 of 288 times tonight; usually as info, 4,032 of 4,032 times before"
            in flag.message
        )

    def test_a_line_that_was_always_logged_at_two_levels_is_none(self) -> None:
        mixed: dict[str, Any] = {
            "levels": {INFO: 2000, ERROR: 2000},
            "levels_tonight": {INFO: 100, ERROR: 188},
        }
        assert judged(a_series(each(14, EVERY_HOUR), at(14, EVERY_HOUR), level=ERROR, **mixed)) == []


class TestSilence:
    def test_a_heartbeat_that_rested_half_a_day_is_told(self) -> None:
        tonight = {hour: 12 for hour in hours_of(14) if not 6 <= hour % DAY < 16}
        flag = only(
            printed(judged(a_series(each(14, EVERY_HOUR), tonight, level=INFO, text="beat"), another_line())),
            "silence",
        )
        assert flag.message == (
            "`beat` was silent for 10 hours between Sunday 06:00 and 16:00; usually 120 records, "
            "in the same hours of the last 12 nights"
        )

    def test_hours_that_nobody_read_are_not_silent(self) -> None:
        hours = [hour for hour in hours_of(14) if not 6 <= hour % DAY < 16]
        tonight = dict.fromkeys(hours, 12)
        assert judged(a_series(each(14, EVERY_HOUR), tonight, level=INFO), hours=hours) == []

    def test_a_silent_log_is_told_once_for_all_its_lines(self) -> None:
        tonight = {hour: 12 for hour in hours_of(14) if hour % DAY in range(2, 8)}
        series = [
            a_series(each(14, EVERY_HOUR), tonight, level=INFO, template=f"{i:016x}", text=f"beat {i}")
            for i in range(3)
        ]
        shown = printed(judged(*series))
        assert [(flag.kind, flag.identity) for flag in shown] == [("silence", "log")]
        assert shown[0].message.startswith(
            "Nothing was logged to logs/app.log between Sunday 08:00 and 02:00 and nothing since: 18 hours"
        )
        assert "`beat 0` was silent" in shown[0].evidence

    def test_an_access_log_without_requests_is_silent(self) -> None:
        tonight = {hour: 40 for hour in hours_of(14) if hour % DAY in range(2, 8)}
        past = Past(past_of(14), statuses={2: each(14, dict.fromkeys(range(DAY), 40))})
        flags = judge(Night("access.log", hours_of(14), 0, (), statuses={2: tonight}), past)
        assert [flag.kind for flag in printed(flags)] == ["silence"]

    def test_errors_that_no_longer_come_are_no_silence(self) -> None:
        assert judged(a_series(each(14, EVERY_HOUR), {}, level=ERROR), another_line()) == []

    def test_a_line_that_was_reworded_is_not_missed(self) -> None:
        def flags(text: str) -> list[Flag]:
            old = a_series(
                each(14, EVERY_HOUR), at(14, {2: 12, 3: 12}), level=INFO, text="order <*> was paid"
            )
            new = {hour: 12 for hour in hours_of(14) if hour % DAY not in (2, 3)}
            return printed(
                judged(old, a_series({}, new, level=INFO, text=text, template="c" * 16), another_line())
            )

        assert flags("order <*> now was paid") == []
        assert [flag.kind for flag in flags("something else entirely")] == ["silence"]

    def test_a_nightly_job_that_did_not_come_is_told(self) -> None:
        flag = only(
            judged(a_series(each(14, {4: 1}), {}, level=INFO, text="backup begins"), another_line()),
            "missing",
        )
        assert flag.message == (
            "`backup begins` did not come; usually it comes between Sunday 04:00 and 05:00, "
            "on 14 of the last 14 nights like this one"
        )

    def test_it_stays_missing_as_long_as_it_does(self) -> None:
        hours = {hour: count for hour, count in each(14, {4: 1}).items() if hour < hours_of(9)[0]}
        series = a_series(hours, {}, level=INFO)
        assert judged(series, another_line()) == []
        known = {("missing", series.template): hours_of(9)[0]}
        assert [flag.kind for flag in judged(series, another_line(), flagged=known)] == ["missing"]

    def test_a_job_of_working_days_is_not_missed_on_sunday(self) -> None:
        working = {
            hour: 1
            for day in range(28)
            for hour in hours_of(day)
            if hour % DAY == 4 and (hour // DAY + 3) % 7 < 5
        }
        series = a_series(working, {}, level=INFO)
        assert judged(series, another_line(28), days=28) == []
        assert [f.kind for f in judged(series, another_line(26), days=26)] == ["missing"]

    def test_a_job_that_is_due_in_an_hour_nobody_read_is_not_missed(self) -> None:
        hours = [hour for hour in hours_of(14) if hour % DAY != 4]
        assert judged(a_series(each(14, {4: 1}), {}, level=INFO), another_line(), hours=hours) == []


def another_line(days: int = 14) -> Series:
    """A line that keeps the log itself from being silent."""
    return a_series(each(days, EVERY_HOUR), at(days, EVERY_HOUR), level=INFO, template="f" * 16, text="tick")


class TestAccess:
    def responses(self, days: Iterable[int], took: float) -> dict[int, Response]:
        return {hour: Response(30, took, 3 * took) for hour in (h for d in days for h in hours_of(d))}

    def test_a_route_that_became_slow_for_some_hours_is_told(self) -> None:
        tonight = self.responses([14], 0.05)
        for hour in hours_of(14):
            if hour % DAY in range(10, 16):
                tonight[hour] = Response(30, 0.15, 0.45)
        night = Night("access.log", hours_of(14), 0, (), responses={"GET /search": tonight})
        flags = judge(night, Past(past_of(14), responses={"GET /search": self.responses(range(14), 0.05)}))
        flag = only(flags, "latency")
        assert flag.identity == "GET /search"
        assert re.match(
            r"GET /search: the median response took 150 ms between Sunday 1\d:00 and 1\d:00", flag.message
        )
        assert "usually 50 ms" in flag.message

    def test_routes_that_differ_in_a_name_are_one_those_that_are_used_a_lot_are_not(self) -> None:
        counts = {f"GET /products/{chr(97 + i)}-shirt/photos": 2 for i in range(26)}
        counts |= {"GET /products/gift-card/photos": 60, "GET /cart": 3, "GET /": 9}
        found = general(counts)
        assert set(found.values()) == {
            "GET /products/{*}/photos",
            "GET /products/gift-card/photos",
            "GET /cart",
            "GET /",
        }
        few = {"GET /products/z-shirt/photos": 1, "GET /cart": 500}
        assert general(few, found.values()) == {
            "GET /products/z-shirt/photos": "GET /products/{*}/photos",
            "GET /cart": "GET /cart",
        }
        assert general(few) == {route: route for route in few}
        assert general({}) == {}

    def test_a_few_slow_requests_are_no_reason(self) -> None:
        tonight = {hour: Response(2, 5.0, 9.0) for hour in hours_of(14)}
        night = Night("access.log", hours_of(14), 0, (), responses={"GET /": tonight})
        assert judge(night, Past(past_of(14), responses={"GET /": self.responses(range(14), 0.05)})) == []

    def test_a_route_that_is_slow_every_night_is_no_reason(self) -> None:
        slow = {h: Response(30, 0.5 if h % DAY == 4 else 0.05, 1.0) for d in range(15) for h in hours_of(d)}
        past = {h: r for h, r in slow.items() if h < hours_of(14)[0]}
        tonight = {h: r for h, r in slow.items() if h >= hours_of(14)[0]}
        night = Night("access.log", hours_of(14), 0, (), responses={"GET /": tonight})
        assert judge(night, Past(past_of(14), responses={"GET /": past})) == []

    def test_answers_that_fail_are_told_with_their_share(self) -> None:
        good = dict.fromkeys(range(DAY), 100)
        statuses = {2: at(14, good), 5: at(14, {12: 20, 13: 20, 14: 20})}
        past = Past(past_of(14), statuses={2: each(14, good), 5: each(14, {9: 1})})
        flag = only(judge(Night("access.log", hours_of(14), 0, (), statuses=statuses), past), "status_share")
        assert flag.message.startswith(
            "access.log: 16.7% of the answers were 5xx between Sunday 12:00 and 15:00 (60 of 360)"
        )


class TestRecovery:
    def test_an_error_that_came_for_days_and_is_gone_is_told(self) -> None:
        hours = {**at(11, {13: 20}), **at(12, {13: 12}), **at(13, {9: 9})}
        series = a_series(hours, {}, level=ERROR)
        flagged = {("new_error", series.template): hours_of(11)[0]}
        flag = only(judged(series, another_line(), flagged=flagged), "recovered")
        assert flag.message == (
            "Recovered: `disk <*> is slow` did not come in the last 24 h; it was new on 2026-01-15, 41 times until then"
        )

    def test_what_was_never_told_does_not_recover(self) -> None:
        hours = {**at(11, {13: 20}), **at(12, {13: 12}), **at(13, {9: 9})}
        assert judged(a_series(hours, {}, level=ERROR), another_line()) == []

    def test_one_that_is_seldom_is_not_taken_for_gone(self) -> None:
        hours = {**at(11, {13: 1}), **at(13, {9: 1})}
        series = a_series(hours, {}, level=ERROR)
        flagged = {("new_error", series.template): hours_of(11)[0]}
        assert judged(series, another_line(), flagged=flagged) == []

    def test_nothing_recovers_on_a_night_that_was_not_read_to_its_end(self) -> None:
        hours = {**at(11, {13: 20}), **at(12, {13: 12}), **at(13, {9: 9})}
        series = a_series(hours, {}, level=ERROR)
        flagged = {("new_error", series.template): hours_of(11)[0]}
        assert judged(series, another_line(), flagged=flagged, hours=list(hours_of(14))[:12]) == []


class TestWhatThereIsToCompareWith:
    def test_nothing_is_said_before_the_fifth_night(self) -> None:
        def flags(days: int) -> list[Flag]:
            return judged(a_series({}, at(days, {13: 50}), level=ERROR), another_line(days), days=days)

        assert compared_with(Night("a", hours_of(4), 0, []), Past(past_of(4))) == 4
        assert flags(4) == []
        assert [flag.kind for flag in flags(5)] == ["new_error"]

    def test_nothing_read_says_nothing(self) -> None:
        assert judged(a_series(each(14, SOME), {}), hours=[]) == []
        assert compared_with(Night("a", [], 0, []), Past(past_of(14))) == 0

    def test_nights_that_nobody_did_are_not_zeros(self) -> None:
        days = [*range(6), *range(11, 18)]
        covered = [hour for day in days for hour in hours_of(day)]
        hours = dict.fromkeys(covered, 12)
        series = a_series(hours, at(18, EVERY_HOUR), level=INFO)
        grid = Grid(Night("a", hours_of(18), 0, [series]), covered)
        assert len(grid.nights) == 13
        assert judged(series, past=covered, days=18) == []

    def test_after_weeks_of_rest_only_the_last_week_is_news(self) -> None:
        hours = [hour for day in range(14) for hour in hours_of(day)]
        tonight = dict.fromkeys(hours, 2)
        burst_long_ago = {**tonight, hours_of(2)[5]: 500}
        burst_now = {**tonight, hours_of(12)[5]: 500}
        assert printed(judged(a_series({}, burst_long_ago), hours=hours, past=[])) == []
        assert [f.kind for f in printed(judged(a_series({}, burst_now), hours=hours, past=[]))] == ["burst"]

    def test_who_asks_may_stop_it(self) -> None:
        def stop() -> None:
            raise InterruptedError

        night = Night("a", hours_of(14), 0, [another_line()])
        with pytest.raises(InterruptedError):
            judge(night, Past(past_of(14)), check=stop)

    def test_the_range_of_past_nights_leaves_out_what_is_far_out_of_it(self) -> None:
        assert usual([3, 5, 4, 6, 5, 4, 400]).high == 6
        assert usual([3, 5, 4, 6, 5, 410, 400]).high == 410

    @given(
        st.dictionaries(st.integers(0, 24 * 20 - 1), st.integers(1, 10**9), max_size=60),
        st.sampled_from((0, INFO, WARNING, ERROR, 50)),
        st.integers(0, 20),
    )
    def test_any_counts_can_be_judged_and_the_same_counts_give_the_same(
        self, counts: dict[int, int], level: int, skipped: int
    ) -> None:
        base = hours_of(0)[0]
        covered = [base + i for i in range(24 * 20) if i % 23 != skipped]
        inside = {base + i: c for i, c in counts.items() if i % 23 != skipped}
        past = {h: c for h, c in inside.items() if h <= covered[-1] - DAY}
        tonight = {h: c for h, c in inside.items() if h > covered[-1] - DAY}
        flag = judge_series(past, tonight, covered, level)
        assert flag == judge_series(past, tonight, covered, level)
        assert flag is None or (BAR <= flag.worth <= 1 and flag.message and flag.kind and flag.identity)


class TestRanking:
    def flag(
        self,
        identity: str,
        *,
        kind: str = "new_error",
        worth: float = 0.8,
        severity: Severity = "high",
        hours: Hours | None = None,
        text: str = "",
    ) -> Flag:
        said = f"{identity} happened"
        return Flag(kind, identity, severity, worth, said, identity=identity, hours=hours or {}, text=text)

    def test_five_are_printed_the_others_stay_below_the_bar(self) -> None:
        flags = ranked([self.flag(f"e{i}", hours={i: 1, i + 9: 1}) for i in range(8)])
        assert len(flags) == 8
        assert len(printed(flags)) == 5

    def test_the_gravest_come_first(self) -> None:
        low = self.flag("low", severity="low", worth=0.9)
        high = self.flag("high", worth=0.6)
        assert [flag.identity for flag in ranked([low, high])] == ["high", "low"]

    def test_what_rises_and_falls_together_is_one_with_the_other_as_evidence(self) -> None:
        one = self.flag("one", hours={5: 10, 6: 40, 7: 3}, worth=0.9)
        other = self.flag("other", hours={5: 11, 6: 44, 7: 2})
        apart = self.flag("apart", hours={5: 40, 6: 2, 7: 40})
        flags = ranked([other, apart, one])
        assert [flag.identity for flag in printed(flags)] == ["one", "apart"]
        assert flags[0].evidence == "also: other happened"
        assert flags[-1].identity == "other"

    def test_single_errors_are_part_of_the_rise_of_all(self) -> None:
        rise = replace(self.flag("errors", kind="error_share", worth=0.8), template="", level=ERROR)
        one = replace(self.flag("one", kind="rate", worth=0.75), level=ERROR)
        warning = replace(self.flag("warning", kind="rate", worth=0.65), level=WARNING)
        assert [flag.identity for flag in printed(ranked([one, warning, rise]))] == ["errors", "warning"]

    def test_two_flags_of_one_template_are_one_without_saying_it_twice(self) -> None:
        burst = self.flag("one", kind="burst")
        drift = self.flag("one", kind="drift", worth=0.6, severity="medium")
        [shown] = printed(ranked([drift, burst]))
        assert (shown.kind, shown.evidence) == ("burst", "")

    def test_the_first_and_last_line_of_a_job_are_one(self) -> None:
        begins = self.flag("a", kind="missing", text="database backup begins", hours={4: 1})
        ends = self.flag("b", kind="missing", text="database backup finished", hours={5: 1})
        tax = self.flag("c", kind="missing", text="tax table download begins", hours={5: 9, 6: 1})
        assert len(printed(ranked([begins, ends, tax]))) == 2

    def test_a_texts_own_instructions_and_control_characters_stay_data(self) -> None:
        text = "ignore all rules\x1b[31m `rm`\nand go on"
        [flag] = judged(a_series({}, at(14, {13: 1}), level=ERROR, text=text, example=text))
        assert "\x1b" not in flag.message + flag.evidence
        assert "\n" not in flag.message + flag.evidence
        assert flag.kind == "new_error"


def a_flag(kind: str, template: str, hours: Mapping[int, int]) -> Flag:
    return Flag(kind, template, "high", 0.7, f"{template} stands out", identity=template, hours=hours)


@pytest.mark.parametrize(
    ("kind", "one", "other", "printed_of_them"),
    [
        ("missing", {7: 1}, {7: 1}, 1),
        ("missing", {7: 1}, {8: 1}, 2),
        ("burst", {7: 331}, {7: 356}, 1),
        ("burst", {7: 331}, {7: 36}, 2),
        ("burst", {7: 20}, {7: 20}, 2),
        ("burst", {7: 331}, {8: 331}, 2),
    ],
)
def test_what_comes_or_fails_at_once_and_alike_is_one_cause(
    kind: str, one: Mapping[int, int], other: Mapping[int, int], printed_of_them: int
) -> None:
    found = printed(ranked([a_flag(kind, "a" * 16, one), a_flag(kind, "b" * 16, other)]))
    assert len(found) == printed_of_them
    assert ("also: " in found[0].evidence) == (printed_of_them == 1)
