"""What is printed for a scheduler is what that scheduler reads, whatever the paths are."""

import datetime as dt
import os
import plistlib
import re
import shutil
import subprocess
import sys
import zoneinfo
from pathlib import Path

import pytest

from daydream import install
from daydream.cli.main import main
from daydream.errors import UsageError
from daydream.install import systemd
from daydream.install.job import Job, job

AWKWARD = "we ird%n $HOME 'q' \"dq\" back\\slash é &<x>;#"
NAMES = ["plain", AWKWARD, "ends in backslash\\", "-dash", "[x]* ?", "100%"]

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None,
    reason="systemd-analyze is not installed; it is the judge of unit files",
)


def make(root: Path, at: str = "02:00", **more: object) -> Job:
    settings: dict[str, object] = {"python": sys.executable, "environment": {"PATH": "/usr/bin:/bin"}, **more}
    return Job(root=root, at=dt.time.fromisoformat(at), **settings)  # type: ignore[arg-type]


def folder(base: Path, name: str) -> Path:
    made = base / name
    made.mkdir()
    return made


def verify(files: dict[str, str], place: Path) -> str:
    for name, text in files.items():
        (place / name).write_text(text, encoding="utf-8")
    command = ["systemd-analyze", "verify", *(str(place / name) for name in files)]
    left = subprocess.run(command, capture_output=True, text=True, check=False)
    return f"{left.returncode}{left.stdout}{left.stderr}"


def systemd_words(value: str) -> list[str]:
    """Read an ``ExecStart=`` value back as systemd does: quotes, C escapes, specifiers, variables."""
    words = re.findall(r'"((?:[^"\\]|\\.)*)"|(\S+)', value)
    plain = [re.sub(r"\\(.)", r"\1", quoted) if quoted else bare for quoted, bare in words]
    assert not any(re.search(r"%(?!%)", re.sub("%%", "", word)) for word in plain)
    return [word.replace("%%", "%").replace("$$", "$") for word in plain]


def setting(text: str, name: str) -> list[str]:
    return re.findall(rf"^{name}=(.*)$", text, re.MULTILINE)


@needs_systemd
@pytest.mark.parametrize("name", NAMES)
def test_systemd_finds_nothing_wrong_with_the_units(tmp_path: Path, name: str) -> None:
    root = folder(tmp_path, name)
    made = make(root, writable=(root,), environment={"PATH": f"/usr/bin:{root}"}, zone="Europe/Berlin")
    assert verify(install.render("systemd", made), folder(tmp_path, "units")) == "0"


@needs_systemd
@pytest.mark.parametrize("name", ["plain", "a b%n", AWKWARD])
def test_systemd_finds_the_interpreter_wherever_it_is(tmp_path: Path, name: str) -> None:
    place = folder(tmp_path, name)
    (place / "python").symlink_to(sys.executable)
    made = make(tmp_path, python=str(place / "python"))
    assert verify(install.render("systemd", made), folder(tmp_path, "units")) == "0"


@needs_systemd
def test_systemd_would_have_said_so(tmp_path: Path) -> None:
    made = make(tmp_path, python=str(tmp_path / "no" / "python"))
    assert "not executable" in verify(install.render("systemd", made), folder(tmp_path, "units"))


@pytest.mark.parametrize("name", NAMES)
def test_the_service_runs_the_command_for_exactly_this_root(tmp_path: Path, name: str) -> None:
    made = make(tmp_path / name, extra=("--config", str(tmp_path / name / "c.toml")))
    text = install.render("systemd", made)[f"{made.name}.service"]
    assert systemd_words(setting(text, "ExecStart")[0]) == made.argv()
    assert made.argv()[1:4] == ["-P", "-m", "daydream"]
    assert made.argv()[-2:] == ["run", "--if-due"]


def test_an_interpreter_that_systemd_would_refuse_is_started_through_env(tmp_path: Path) -> None:
    assert systemd.command(["/a b/python", "x"]) == '"/a b/python" x'
    assert systemd.command(['/a"b/python', "x"]) == '/usr/bin/env "/a\\"b/python" x'


def test_the_service_is_fenced_in_and_knows_our_exit_codes() -> None:
    made = make(Path("/srv/x"), python="/opt/python", writable=(Path("/srv/x/.git"), Path("/srv/a b")))
    text = install.render("systemd", made)[f"{made.name}.service"]
    assert setting(text, "ReadWritePaths") == ["/srv/x/.git", '"/srv/a b"']
    assert setting(text, "ProtectSystem") == ["strict"]
    assert (
        setting(text, "NoNewPrivileges")
        == setting(text, "PrivateTmp")
        == setting(text, "PrivateUsers")
        == ["true"]
    )
    assert setting(text, "CacheDirectory") == ["daydream"]
    assert setting(text, "SuccessExitStatus") == ["75"]
    assert setting(text, "RestartPreventExitStatus") == ["2 70 75 78"]
    assert "# This folder must exist before the first start: /srv/a b" in text


@pytest.mark.parametrize("root", ["/tmp/x", "/var/tmp/x"])
def test_a_repository_in_a_temporary_folder_is_not_hidden_from_its_night(root: str) -> None:
    made = make(Path(root), python="/opt/python")
    assert setting(install.render("systemd", made)[f"{made.name}.service"], "PrivateTmp") == []


def test_the_timer_starts_twice_and_makes_up_for_what_it_missed() -> None:
    made = make(Path("/srv/x"), "03:15")
    text = install.render("systemd", made)[f"{made.name}.timer"]
    assert setting(text, "OnCalendar") == ["*-*-* 03:15:00", "*-*-* 05:15:00"]
    assert setting(text, "Persistent") == ["true"]
    assert setting(text, "RandomizedDelaySec") == ["600"]
    zoned = install.render("systemd", make(Path("/srv/x"), zone="Asia/Tokyo"))[f"{made.name}.timer"]
    assert setting(zoned, "OnCalendar") == ["*-*-* 02:00:00 Asia/Tokyo", "*-*-* 04:00:00 Asia/Tokyo"]


@pytest.mark.parametrize("minute", range(0, 1440, 7))
def test_no_start_leaves_its_date(minute: int) -> None:
    made = make(Path("/srv/x"), f"{minute // 60:02}:{minute % 60:02}")
    assert made.times[0] == made.at
    assert list(made.times) == sorted(made.times)
    last = dt.datetime.combine(dt.date(2026, 1, 1), made.times[-1]) + dt.timedelta(seconds=made.delay_s)
    assert last.date() == dt.date(2026, 1, 1)


def test_the_last_minutes_of_a_date_have_no_spread() -> None:
    assert make(Path("/srv/x"), "23:59").delay_s == 0
    assert make(Path("/srv/x"), "21:49").times == (dt.time(21, 49), dt.time(23, 49))
    assert make(Path("/srv/x"), "21:50").times == (dt.time(21, 50),)


@needs_systemd
@pytest.mark.parametrize(
    ("zone", "forward"),
    [
        ("Europe/Berlin", dt.date(2026, 3, 29)),
        ("America/New_York", dt.date(2026, 3, 8)),
        ("Antarctica/Troll", dt.date(2026, 3, 29)),
        ("Australia/Lord_Howe", dt.date(2026, 10, 4)),
        ("Asia/Kolkata", dt.date(2026, 3, 29)),
    ],
)
@pytest.mark.parametrize("at", ["01:00", "02:00", "02:30"])
def test_systemd_starts_on_every_date_when_clocks_are_put_forward(
    zone: str, forward: dt.date, at: str
) -> None:
    made = make(Path("/srv/x"), at, zone=zone)
    dates: set[dt.date] = set()
    base = f"--base-time={forward - dt.timedelta(days=4)} 00:00:00 UTC"
    for line in setting(install.render("systemd", made)[f"{made.name}.timer"], "OnCalendar"):
        command = ["systemd-analyze", "calendar", base, "--iterations=8", line]
        said = subprocess.run(
            command, env={**os.environ, "TZ": "UTC"}, capture_output=True, text=True, check=True
        ).stdout
        instants = re.findall(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) UTC", said)
        dates |= {
            dt.datetime.fromisoformat(instant)
            .replace(tzinfo=dt.UTC)
            .astimezone(zoneinfo.ZoneInfo(zone))
            .date()
            for instant in instants
        }
    assert {forward + dt.timedelta(days=day) for day in range(-2, 3)} <= dates


def test_without_the_second_start_a_date_would_be_missed() -> None:
    berlin = zoneinfo.ZoneInfo("Europe/Berlin")
    skipped = dt.datetime(2026, 3, 29, 2, 0, tzinfo=berlin)
    later = dt.datetime.combine(skipped.date(), make(Path("/srv/x")).times[1], tzinfo=berlin)
    assert skipped.astimezone(dt.UTC).astimezone(berlin).hour == 3
    assert later.astimezone(dt.UTC).astimezone(berlin).time() == later.time()


@pytest.mark.parametrize("name", NAMES)
def test_cron_hands_the_shell_the_command_for_exactly_this_root(tmp_path: Path, name: str) -> None:
    root = folder(tmp_path, name)
    python = root / "python"
    python.write_text('#!/bin/sh\nprintf "%s\\n" "$PATH" "$0" "$@"\n')
    python.chmod(0o755)
    made = make(root, "02:05", python=str(python), environment={"PATH": f"/usr/bin:/bin:{root}"})
    lines = [
        line for line in install.render("cron", made)["crontab"].splitlines() if not line.startswith("#")
    ]
    assert len(lines) == 1
    minute, hours, day, month, weekday, command = lines[0].split(" ", 5)
    assert (minute, hours, day, month, weekday) == ("5", "2,4", "*", "*", "*")
    assert not re.search(r"(?<!\\)%", command)
    left = subprocess.run(
        ["/bin/sh", "-c", command.replace(r"\%", "%")], env={}, capture_output=True, text=True, check=True
    )
    assert left.stdout.splitlines() == [made.environment["PATH"], *made.argv("-q")]


def test_cron_is_told_about_another_zone() -> None:
    text = install.render("cron", make(Path("/srv/x"), "23:30", zone="Asia/Tokyo"))["crontab"]
    assert "the configuration's is Asia/Tokyo" in text
    assert "\n30 23 * * * PATH=" in text


@pytest.mark.parametrize("name", NAMES)
def test_launchd_reads_back_what_was_meant(tmp_path: Path, name: str) -> None:
    made = make(tmp_path / name, environment={"PATH": f"/usr/bin:{tmp_path / name}"})
    files = install.render("launchd", made)
    read = plistlib.loads(files[f"{made.name}.plist"].encode("utf-8"))
    assert read["Label"] == made.name
    assert read["ProgramArguments"] == made.argv()
    assert read["EnvironmentVariables"] == made.environment
    assert read["StartCalendarInterval"] == [{"Hour": 2, "Minute": 0}, {"Hour": 4, "Minute": 0}]
    assert read["RunAtLoad"] is False


@pytest.mark.parametrize("kind", sorted(install.SCHEDULERS))
@pytest.mark.parametrize("name", ["line\nbreak", "bell\x07", "not-text-\udc80"])
def test_paths_that_no_file_can_hold_are_refused(kind: str, name: str) -> None:
    with pytest.raises(UsageError, match="rename that folder"):
        install.render(kind, make(Path("/srv") / name))


def test_two_repositories_never_share_a_name() -> None:
    one, other = make(Path("/a/My Repo!")), make(Path("/b/My Repo!"))
    assert one.name != other.name
    assert re.fullmatch(r"daydream-my-repo-[0-9a-f]{8}", one.name)
    assert re.fullmatch(r"daydream-root-[0-9a-f]{8}", make(Path("/")).name)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    root = folder(tmp_path, "repo")
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    return root


def env(home: Path, **more: str) -> dict[str, str]:
    return {"HOME": str(home), "PATH": os.environ["PATH"], **more}


def test_a_job_writes_to_the_git_folder_only(checkout: Path, tmp_path: Path) -> None:
    made = job(checkout, None, dt.time(2), env(tmp_path))
    assert made.writable == (checkout / ".git",)
    assert made.own_cache
    assert made.python == sys.executable
    assert made.zone is None
    git = shutil.which("git", path=made.environment["PATH"])
    assert git is not None


def test_a_job_may_write_to_the_checkout_where_the_night_may(checkout: Path, tmp_path: Path) -> None:
    applied = job(checkout, None, dt.time(2), env(tmp_path, DAYDREAM_NIGHT_MODE="apply"))
    assert applied.writable == (checkout,)
    logs, outside = folder(checkout, "logs"), folder(tmp_path, "srv")
    globs = f'["logs/*.log.*", "{outside}/app/../*.[0-9]", "missing/*", "{outside}/a.log.1"]'
    packing = job(checkout, None, dt.time(2), env(tmp_path, DAYDREAM_LOGS_ARCHIVE=globs))
    assert packing.writable == (checkout / ".git", logs, outside)
    plain = folder(tmp_path, "plain")
    assert job(plain, None, dt.time(2), env(tmp_path)).writable == (plain,)


def test_a_job_carries_the_persons_own_places(checkout: Path, tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text('[night]\nzone = "UTC"\nbudget = "2h"\n')
    cache = tmp_path / "cache"
    made = job(
        checkout, own, dt.time(2), env(tmp_path, XDG_CONFIG_HOME="/c", DAYDREAM_PATHS_CACHE=str(cache))
    )
    assert made.extra == ("--config", str(own))
    assert (made.zone, made.hard_stop_s) == ("UTC", 15000)
    assert made.environment["XDG_CONFIG_HOME"] == "/c"
    assert not made.own_cache
    assert cache in made.writable


def test_the_command_prints_the_files_and_writes_none(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(checkout.rglob("*"))
    assert main(["--root", str(checkout), "schedule", "print", "--launchd", "--at", "3:30"]) == 0
    read = plistlib.loads(capsys.readouterr().out.encode())
    assert read["StartCalendarInterval"][0] == {"Hour": 3, "Minute": 30}
    assert main(["--root", str(checkout), "schedule", "print"]) == 0
    said = capsys.readouterr().out
    assert said.count("# ---- daydream-repo-") == 2
    assert "OnCalendar=*-*-* 02:00:00" in said
    assert sorted(checkout.rglob("*")) == before
