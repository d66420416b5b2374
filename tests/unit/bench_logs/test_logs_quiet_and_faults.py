"""Replaying real logs loses nothing; the labelled series and the session split are what they say."""

import datetime as dt
import gzip
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from bench.logs_faults import Judge, load, report
from bench.logs_faults_series import EACH, KINDS, series
from bench.logs_hdfs import Rules, measure, read
from bench.logs_incidents_score import Named
from bench.logs_quiet import a_week, quiet_mornings
from bench.logs_quiet_replay import Replay


def site(folder: Path) -> Path:
    folder.mkdir()
    access = '1.2.3.4 - - [{:02}/Aug/2024:{:02}:15:00 +0200] "GET / HTTP/1.1" 200 5\n'
    stray = '1.2.3.4 - - [01/Aug/2017:10:15:00 +0200] "GET / HTTP/1.1" 200 5\n'
    (folder / "access.log").write_text("".join(access.format(4, hour) for hour in (1, 3, 9)))
    packed = stray + "".join(access.format(3, hour) for hour in (5, 6))
    (folder / "access.log.2.gz").write_bytes(gzip.compress(packed.encode()))
    (folder / "error.log").write_text(
        "[Sun Aug 04 08:00:00.123456 2024] [core:error] broken\n  at line two\n"
        "2024/08/04 23:59:00 [warn] odd\n"
        "Aug  4 23:59:30 box kernel: yearless\n"
    )
    return folder


def test_a_replay_tells_every_line_on_its_day_and_leaves_out_what_strayed(tmp_path: Path) -> None:
    replay = Replay(site(tmp_path / "site"), 2024)
    assert (replay.zone_name, replay.days, replay.lines, replay.left_out) == ("+02:00", 2, 8, 1)
    assert replay.night(0) == dt.datetime(2024, 8, 4, 0, 0, tzinfo=dt.UTC)
    logs = tmp_path / "logs"
    replay.write_day(logs, 0)
    assert (logs / "access.log").read_text().count("\n") == 3
    replay.write_day(logs, 1)
    assert (logs / "access.log").read_text().count("\n") == 5
    assert (logs / "error.log").read_text().splitlines()[1] == "  at line two"
    assert (logs / "error.log").read_text().count("\n") == 4


def test_a_folder_without_any_time_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("no time at all\n")
    with pytest.raises(ValueError, match="no line has a time stamp"):
        Replay(tmp_path, 2024)


def test_flags_are_counted_by_week_and_by_morning() -> None:
    flag = Named("log.new", "logs/app.log", "x")
    flags = {7: [flag], 8: [], **{day: [] for day in range(9, 21)}}
    assert a_week(flags) == 0.5
    assert quiet_mornings(flags) == "Action Required has no log entry on 13 of 14 mornings"
    assert a_week({}) == 0.0


def test_a_seed_gives_more_than_two_hundred_labelled_series_and_the_same_again() -> None:
    every = list(series(5))
    assert len(every) == EACH * len(KINDS) > 200
    assert every == list(series(5))
    assert {one.kind for one in every if one.is_fault} == {key for key, (_, fault) in KINDS.items() if fault}
    for one in every:
        assert list(one.covered) == sorted(set(one.covered))
        assert set(one.history) | set(one.tonight) <= set(one.covered)
        assert all(count > 0 for count in (*one.history.values(), *one.tonight.values()))
        assert max(one.history, default=0) < min(one.tonight, default=10**9)
    lengths = Counter(len(one.covered) for one in every)
    assert lengths[24 * 29] > 200
    unread = [one for one in every if one.kind == "hours_nobody_read"]
    assert {len(one.covered) for one in unread} == {24 * 29 - 10}


def _loud(
    history: Mapping[int, int], tonight: Mapping[int, int], covered: Sequence[int], level: int
) -> object | None:
    return (len(history), len(tonight), len(covered), level)


def _mute(
    history: Mapping[int, int], tonight: Mapping[int, int], covered: Sequence[int], level: int
) -> object | None:
    return None


def test_a_judge_that_flags_all_has_full_recall_and_one_that_flags_nothing_has_no_precision() -> None:
    every = list(series(5))
    judges: tuple[Judge, Judge] = (_loud, _mute)
    loud, mute = (
        [judge(one.history, one.tonight, one.covered, one.level) is not None for one in every]
        for judge in judges
    )
    assert report(every, loud)[-1] == "300 series, 120 faults: precision 0.400, recall 1.000"
    assert (
        report(every, mute)[-1] == "300 series, 120 faults: precision not measured (no flags), recall 0.000"
    )
    assert report(every, [one.is_fault for one in every])[-1].endswith("precision 1.000, recall 1.000")
    named: object = load("bench.logs_faults:report")
    assert named is report


class Unseen:
    """Rules that know only which numbers they saw."""

    def learn(self, sequences: Sequence[tuple[int, ...]]) -> Any:
        return {number for sequence in sequences for number in sequence}

    def odd(self, model: Any, sequence: tuple[int, ...]) -> str | None:
        return "new number" if set(sequence) - model else None


def test_sessions_are_read_split_by_fifths_and_counted(tmp_path: Path) -> None:
    (tmp_path / "normal").write_text("1 2 3 \n" * 50)
    (tmp_path / "odd").write_text("1 2 \n1 9 \n\n7\n8 8\n")
    rules: Rules = Unseen()
    assert measure(rules, read(tmp_path / "normal"), read(tmp_path / "odd"), 1) == (0.75, 0, 10)


def test_a_replay_leaves_out_a_last_day_that_is_not_told_to_its_end(tmp_path: Path) -> None:
    site = tmp_path / "site"
    site.mkdir()
    stamps = [f"2024-06-0{1 + hour // 24} {hour % 24:02}:30:00" for hour in range(24 * 3 + 10)]
    (site / "app.log").write_text("".join(f"{stamp} INFO alive\n" for stamp in stamps))
    assert Replay(site, 2024).days == 3
    (site / "app.log").write_text("".join(f"{stamp} INFO alive\n" for stamp in stamps[: 24 * 3]))
    assert Replay(site, 2024).days == 3
