"""What the command line accepts, and what it asks the use cases for."""

import argparse
import datetime as dt
import os
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from daydream.cli import config as config_command
from daydream.cli import run as run_command
from daydream.cli.main import COMMANDS, build_parser, main, unsupported, with_command
from daydream.cli.options import clock_time, config_file, names, root
from daydream.cli.report import day
from daydream.config.model import Mode
from daydream.errors import UsageError

HEAVY = ("pydantic", "jinja2", "httpx", "docker", "sentry_sdk", "asyncio")


def parsed(*words: str) -> argparse.Namespace:
    return build_parser().parse_args(with_command(words))


@pytest.mark.parametrize(
    ("words", "completed"),
    [
        ([], ["run"]),
        (["--root", "run"], ["--root", "run", "run"]),
        (["--root=x", "-vq", "--json"], ["--root=x", "-vq", "--json", "run"]),
        (["--mode", "report"], ["run", "--mode", "report"]),
        (["--root", "x", "--if-due"], ["--root", "x", "run", "--if-due"]),
        (["--help"], ["--help"]),
        (["-q", "status"], ["-q", "status"]),
        (["status", "-q"], ["status", "-q"]),
    ],
)
def test_without_a_command_it_is_run(words: list[str], completed: list[str]) -> None:
    assert with_command(words) == completed


def test_an_unknown_command_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(UsageError, match='unknown command "stauts"; did you mean `status`'):
        with_command(["--root", "x", "stauts"])
    with pytest.raises(UsageError, match="--help"):
        with_command(["zzzzzz"])


@pytest.mark.parametrize("command", ["status", "config show", "findings show 1a", "schedule print"])
def test_global_options_stand_before_or_after_the_command(command: str) -> None:
    options = ["--root", "r", "--config", "c", "--json", "-v", "-q"]
    for words in ([*options, *command.split()], [*command.split(), *options]):
        args = parsed(*words)
        assert (args.root, args.config_file, args.as_json, args.verbose, args.quiet) == (
            "r",
            "c",
            True,
            True,
            True,
        )


def test_global_options_have_defaults() -> None:
    args = parsed("status")
    assert (args.root, args.config_file, args.as_json, args.verbose, args.quiet) == (
        ".",
        None,
        False,
        False,
        False,
    )


def test_options_are_not_abbreviated() -> None:
    with pytest.raises(UsageError, match="--fres"):
        parsed("run", "--fres")


@pytest.mark.parametrize(
    "words", [["config"], ["schedule"], ["show"], ["suppress"], ["findings", "show"], ["run", "--mode", "x"]]
)
def test_what_is_missing_or_wrong_is_usage(words: list[str]) -> None:
    with pytest.raises(UsageError, match="--help"):
        parsed(*words)


def test_modes_are_those_of_the_model() -> None:
    assert get_args(Mode) == run_command.MODES


def test_a_run_is_asked_for_as_it_was_typed(tmp_path: Path) -> None:
    args = parsed(
        "--root",
        str(tmp_path),
        "run",
        "--mode",
        "apply",
        "--only",
        "docs, log_review",
        "--skip",
        "x",
        "--fresh",
        "--budget",
        "5m",
        "--no-dreams",
    )
    wanted = run_command.request(args, None)
    assert wanted.root == tmp_path.resolve()
    assert (wanted.only, wanted.skip) == (("docs", "log_review"), ("x",))
    assert (wanted.fresh, wanted.if_due, wanted.dreams) == (True, False, False)
    assert wanted.overrides == {
        "night.mode": "apply",
        "night.budget": "5m",
        "night.budget_terminal": "5m",
        "night.dreams": False,
    }


def test_a_plain_run_overrides_nothing(tmp_path: Path) -> None:
    wanted = run_command.request(parsed("--root", str(tmp_path)), None)
    assert (wanted.overrides, wanted.only, wanted.skip, wanted.dreams, wanted.if_due) == (
        {},
        (),
        (),
        True,
        False,
    )


def test_at_needs_every_night(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--root", str(tmp_path), "run", "--at", "03:00"]) == 2
    assert "--every-night" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "time"), [("02:00", dt.time(2)), ("2:05", dt.time(2, 5)), ("23:59", dt.time(23, 59))]
)
def test_a_time_of_day_is_read(text: str, time: dt.time) -> None:
    assert clock_time(text) == time


@pytest.mark.parametrize(
    "text", ["", "2", "24:00", "02:60", "02:5", "-1:00", "02:00:00", "\u0660\u0662:\u0660\u0660", "aa:bb"]
)
def test_what_is_no_time_of_day_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="HH:MM"):
        clock_time(text)


def test_names_are_split_at_commas() -> None:
    assert names(" a,b ,,c") == ("a", "b", "c")
    assert names(None) == ()


@pytest.mark.parametrize("text", ["yesterday", "2026-02-30", "2026"])
def test_a_report_is_asked_for_by_date(text: str) -> None:
    assert day("2026-02-28") == "2026-02-28"
    with pytest.raises(UsageError, match="YYYY-MM-DD"):
        day(text)


def test_the_root_must_be_a_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="does not exist"):
        root(argparse.Namespace(root=str(tmp_path / "none")))
    with pytest.raises(UsageError, match="is not a folder"):
        root(argparse.Namespace(root=str(tmp_path / "file")))


def test_a_named_configuration_is_found_from_anywhere() -> None:
    assert config_file(argparse.Namespace(config_file="x.toml")) == Path.cwd() / "x.toml"
    assert config_file(argparse.Namespace(config_file=None)) is None


def test_a_finding_is_not_silenced_for_less_than_a_day(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--root", str(tmp_path), "suppress", "ab", "--days", "0"]) == 2
    assert "less than one day" in capsys.readouterr().err


def test_windows_is_refused_in_one_sentence() -> None:
    assert "Windows" in (unsupported("win32") or "")
    assert unsupported("linux") is None
    assert unsupported("darwin") is None


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    said = capsys.readouterr().out
    assert all(f"\n    {name} " in said for name in COMMANDS)


def test_help_loads_little() -> None:
    code = (
        "import sys; sys.argv = ['daydream', '--help']; from daydream.__main__ import main; code = main();"
        f"print(code, len(sys.modules), [name for name in {HEAVY} if name in sys.modules], file=sys.stderr)"
    )
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stderr.split()
    assert said[0] == "0"
    assert int(said[1]) <= 220
    assert said[2] == "[]"


def test_modules_of_the_working_folder_are_not_taken_for_libraries(tmp_path: Path) -> None:
    for name in ("argparse", "difflib", "json"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('the repository was imported')\n")
    left = subprocess.run(
        [sys.executable, "-m", "daydream", "--json", "stauts"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (left.returncode, left.stderr) == (
        2,
        'daydream: unknown command "stauts"; did you mean `status`?\n',
    )


def test_config_show_says_where_each_value_came_from(tmp_path: Path) -> None:
    (tmp_path / "daydream.toml").write_text("[tasks]\nstale_days = 7\n")
    env = {"HOME": str(tmp_path), "PATH": os.environ["PATH"], "DAYDREAM_NIGHT_BUDGET": "5m"}
    command = [sys.executable, "-m", "daydream", "--root", str(tmp_path), "config", "show"]
    lines = subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout.splitlines()
    assert "tasks.stale_days = 7  (daydream.toml)" in lines
    assert "night.budget = 300.0  (DAYDREAM_NIGHT_BUDGET)" in lines
    assert "sentry.organization = not set  (default)" in lines


def test_config_show_as_json_is_one_document(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import json

    from daydream.config.rights import RIGHTS

    assert main(["--root", str(tmp_path), "--config", os.devnull, "--json", "config", "show"]) == 2
    assert json.loads(capsys.readouterr().out)["exit_code"] == 2
    (tmp_path / "empty.toml").write_text("")
    args = parsed(
        "--root", str(tmp_path), "--config", str(tmp_path / "empty.toml"), "--json", "config", "show"
    )
    assert config_command.show(args) == 0
    document = json.loads(capsys.readouterr().out)
    assert set(document) == set(RIGHTS)
    assert document["docs.exclude"] == {"value": [], "origin": "default"}


@pytest.mark.parametrize("words", [("status",), ("--root", "/", "--config", "x.toml", "status")])
def test_a_folder_that_is_gone_while_one_is_in_it_is_said_in_one_sentence(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    line = f"cd {gone} && rmdir {gone} && exec {sys.executable} -m daydream {' '.join(words)}"
    env = {"HOME": str(tmp_path), "PATH": os.environ["PATH"], "PYTHONPATH": str(Path(__file__).parents[3])}
    done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, env=env, check=False)
    assert done.returncode == 2
    assert "the folder that you are in is gone" in done.stderr
    assert done.stderr.count("\n") == 1
