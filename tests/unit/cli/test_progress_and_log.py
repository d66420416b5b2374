"""What is seen and kept while a run works."""

import argparse
import io
import logging
import os
import re
import time
from pathlib import Path

import pytest
from rich.console import Console

from daydream.cli import logs, progress


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("seconds", "text"), [(-3, "0 s"), (59.4, "59 s"), (60, "1 min"), (3599, "59 min"), (3900, "1 h 05 min")]
)
def test_spans_of_time_are_short(seconds: float, text: str) -> None:
    assert progress.span(seconds) == text


def test_plain_lines_name_states_and_now_and_then_an_item() -> None:
    out, clock = io.StringIO(), Clock()
    plain = progress.Plain(out, clock)
    plain.state("maintain.docs", 1, 6)
    plain.progress("first", 1, 3)
    clock.now = 10.0
    plain.progress("second", 2, 3)
    plain.progress("third", 3, 3)
    plain.budget(125)
    plain.state("maintain.report", 6, 6)
    plain.note("a \x1b[31mnote")
    assert out.getvalue().splitlines() == [
        "daydream: 1/6 maintain.docs",
        "daydream:   2 of 3: second",
        "daydream: 6/6 maintain.report, 2 min of the budget left",
        "daydream: a \\x1b[31mnote",
    ]


def test_every_item_is_said_when_more_is_asked_for() -> None:
    out = io.StringIO()
    plain = progress.Plain(out, Clock(), every_item=True)
    plain.progress("a", 1, 2)
    plain.progress("b", 2, 2)
    assert out.getvalue() == "daydream:   1 of 2: a\ndaydream:   2 of 2: b\n"


def test_a_night_goes_on_when_nobody_reads_its_progress() -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w", buffering=1) as out:
        plain = progress.Plain(out, Clock())
        plain.note("unread")
        os.dup2(os.open(os.devnull, os.O_WRONLY), write)


def test_a_terminal_shows_state_item_count_and_budget_without_markup() -> None:
    out = io.StringIO()
    bar = progress.bar(Console(file=out, width=100, force_terminal=True))
    live = progress.Live(bar)
    live.state("maintain.docs", 2, 6)
    live.budget(150)
    live.progress("[red]x\x1b", 4, 9)
    live.note("[bold]kept[/bold]")
    with bar:
        bar.refresh()
    shown = out.getvalue()
    assert re.search(
        r"2/6 maintain\.docs 4/9 \[red\]x\\x1b \S+ 2 min left", re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown)
    )
    assert "daydream: [bold]kept[/bold]" in shown


def test_quiet_shows_nothing_and_no_terminal_shows_plain_lines(capsys: pytest.CaptureFixture[str]) -> None:
    for quiet in (True, False):
        with progress.shown(argparse.Namespace(quiet=quiet, verbose=False)) as shown:
            shown.budget(None)
            shown.state("maintain.docs", 1, 6)
            shown.progress("x", 1, 1)
            shown.note("quiet" if quiet else "plain")
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "daydream: 1/6 maintain.docs\ndaydream: plain\n")


def test_states_and_notes_reach_the_log_in_one_line_each(tmp_path: Path) -> None:
    with logs.kept_in(tmp_path / "new" / "logs", verbose=False) as log:
        watched = progress.Logged(progress.Silent(), log.info)
        watched.budget(1)
        watched.state("maintain.docs", 1, 6)
        watched.progress("x", 1, 1)
        watched.note("two\nlines %s")
        logging.getLogger("daydream.store").debug("a detail")
    lines = (tmp_path / "new" / "logs" / "daydream.log").read_text(encoding="utf-8").splitlines()
    assert [re.sub(r"\d", "0", line.replace(str(os.getpid()), "PID")) for line in lines] == [
        "daydream 0000-00-00T00:00:00Z PID INFO state maintain.docs (0/0)",
        "daydream 0000-00-00T00:00:00Z PID INFO two lines %s",
    ]


def test_details_are_kept_when_more_is_asked_for(tmp_path: Path) -> None:
    with logs.kept_in(tmp_path, verbose=True):
        logging.getLogger("daydream.store").debug("a detail")
    assert "DEBUG a detail" in (tmp_path / "daydream.log").read_text(encoding="utf-8")


def test_nothing_is_created_before_the_first_line_and_nothing_stays_attached(tmp_path: Path) -> None:
    logger = logging.getLogger("daydream")
    before = (logger.level, logger.propagate, list(logger.handlers))
    with logs.kept_in(tmp_path / "logs", verbose=True):
        pass
    assert list(tmp_path.iterdir()) == []
    assert (logger.level, logger.propagate, list(logger.handlers)) == before


def test_the_log_is_renamed_at_midnight_and_seven_former_days_are_kept(tmp_path: Path) -> None:
    current = tmp_path / logs.FILE_NAME
    for day in range(1, 10):
        (tmp_path / f"{logs.FILE_NAME}.2026-01-0{day}").write_text("old\n")
    current.write_text("yesterday\n")
    yesterday = time.time() - 86400
    os.utime(current, (yesterday, yesterday))
    with logs.kept_in(tmp_path, verbose=False) as log:
        log.info("today")
    assert current.read_text().endswith("INFO today\n")
    assert "yesterday" not in current.read_text()
    former = sorted(path.name for path in tmp_path.iterdir() if path != current)
    assert len(former) == logs.KEPT_DAYS
    assert (tmp_path / former[-1]).read_text() == "yesterday\n"
    assert former[0].endswith("2026-01-04")


def test_a_log_that_cannot_be_kept_is_said_once_and_ends_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    with logs.kept_in(tmp_path / "file" / "logs", verbose=False) as log:
        log.info("one")
        log.info("two")
    said = capsys.readouterr().err
    assert said.startswith(f"daydream: no log is kept ({tmp_path}/file/logs/daydream.log): ")
    assert said.count("\n") == 1


def test_the_logs_folder_is_where_it_is_configured(tmp_path: Path) -> None:
    env = {"HOME": str(tmp_path), "DAYDREAM_PATHS_LOGS": "var/logs"}
    assert logs.folder(tmp_path, None, env) == tmp_path.resolve() / "var" / "logs"
