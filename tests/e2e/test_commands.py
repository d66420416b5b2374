"""Every command as a first-time user types it, and mistypes it, in places and terminals of every sort."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import FILES, Place
from tests.fakes import checkouts

NEVER = "no night was ever started here"
READERS = (
    ("status",),
    ("report",),
    ("runs",),
    ("findings",),
    ("fsck",),
    ("config", "show"),
)


def _started(
    place: Place,
    *words: str | bytes,
    shell: str | None = None,
    cwd: Path | None = None,
    env: dict[str, str | None] | None = None,
) -> subprocess.CompletedProcess[bytes]:
    """Run it as `Place.daydream` does, in bytes; `shell` is what bash appends, such as ``| head -1``."""
    argv: Sequence[str | bytes] = [sys.executable, "-m", "daydream", *words]
    if shell is not None:
        argv = ["bash", "-c", f'"$@" {shell}; exit ${{PIPESTATUS[0]}}', "bash", *argv]
    merged = {name: value for name, value in {**place.env, **(env or {})}.items() if value is not None}
    return subprocess.run(
        argv, env=merged, cwd=cwd or place.root, capture_output=True, timeout=120, check=False
    )


def _sentence(done: subprocess.CompletedProcess[bytes]) -> str:
    """The one sentence on standard error."""
    text = done.stderr.decode("utf-8")
    assert text.startswith("daydream: "), text
    assert text.count("\n") == 1, text
    assert "bug in daydream" not in text
    return text.removeprefix("daydream: ").strip()


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A repository after its first night; tests only read it."""
    base = tmp_path_factory.mktemp("finished")
    (base / "home").mkdir()
    checkouts.make(base / "small", FILES)
    place = Place(base / "small", base / "home")
    assert place.daydream("run").returncode == 0
    return place


WRONG: list[tuple[tuple[str | bytes, ...], str]] = [
    (("rnu",), 'unknown command "rnu"; did you mean `run`?'),
    ((b"\xff",), "unknown command"),
    (("--root",), "--root needs a value"),
    (("--config",), "--config needs a value"),
    (("--root", "", "status"), "--root is empty"),
    (("--config", "", "status"), "--config is empty"),
    (("--root", "~nobody-of-that-name", "status"), "names the home of a user who is not known here"),
    (("--root", "README.md", "peek"), "--root README.md is not a folder"),
    (("--root", b"gone-\xff", "run"), "does not exist"),
    (("--config", "gone.toml", "status"), "does not exist; name an existing file with --config"),
    (("--config", b"gone-\xff.toml", "run"), "does not exist; name an existing file with --config"),
    (("--config", ".", "run"), "is not a file"),
    (("run", "extra"), "unrecognized arguments: extra"),
    (("run", "--only", ""), "--only names no step"),
    (("run", "--skip", " , "), "--skip names no step"),
    (("run", "--only", "nothing"), "there is no step 'nothing'; the steps are"),
    (("run", "--only", b"\xff"), "there is no step"),
    (("run", "--mode", "destroy"), "invalid choice: 'destroy'"),
    (("run", "--budget", "soon"), 'expected a duration above 0 such as "90s"'),
    (("run", "--budget", "0"), 'expected a duration above 0 such as "90s"'),
    (("run", "--at", "10:00"), "--at says when with --every-night"),
    (("run", "--every-night", "--at", "25:00"), "is not a time of day"),
    (("report", "--date", "yesterday"), "is not a date; write it as YYYY-MM-DD"),
    (("report", "--date", "2026-02-30"), "is not a date; write it as YYYY-MM-DD"),
    (("report",), NEVER),
    (("runs",), NEVER),
    (("show",), "arguments are required: RUN"),
    (("show", "2026-01-01.1"), NEVER),
    (("findings",), NEVER),
    (("findings", "show"), "arguments are required: ID"),
    (("findings", "show", "ab"), NEVER),
    (("suppress",), "arguments are required: ID"),
    (("suppress", "ab"), NEVER),
    (("suppress", "ab", "--days", "many"), '--days "many" is not a number of days'),
    (("suppress", "ab", "--days", "-1"), "--days -1 is less than one day"),
    (("suppress", "ab", "--days", "99999"), "--days 99999 is more than 36500 days"),
    (("undo",), "arguments are required: ID"),
    (("undo", "ab"), NEVER),
    (("fsck",), NEVER),
    (("config",), "arguments are required: show"),
    (("schedule",), "arguments are required: print"),
    (("schedule", "print", "--cron", "--systemd"), "not allowed with argument"),
    (("schedule", "print", "--at", "noon"), "is not a time of day"),
]


def test_what_is_mistyped_before_the_first_night_is_one_sentence_and_leaves_nothing(small: Place) -> None:
    before = checkouts.everything(small.root)
    for words, said in WRONG:
        done = _started(small, "--json", *words)
        assert done.returncode == 2, words
        sentence = _sentence(done)
        assert said in sentence, words
        document = json.loads(done.stdout)
        assert document["exit_code"] == 2, words
        assert said in document["error"], words
    left = {path for path in checkouts.everything(small.root) if path not in before}
    assert not {path for path in left if not path.startswith(".git/daydream")}, left
    assert not {path for path in left if path.endswith("state.json")}, left
    assert not list(small.home.iterdir())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("show", "../.."), "there is no readable run '../..'; `daydream runs` lists them"),
        (("show", ""), "there is no readable run"),
        (("show", b"\xff\x1b[31m"), "there is no readable run"),
        (("findings", "show", "zz"), "no finding has the id 'zz'; `daydream findings` lists them"),
        (("findings", "show", ""), "no finding has the id"),
        (("suppress", "zz"), "no finding has the id 'zz'"),
        (("undo", ""), "no effect has the id"),
        (("undo", "zz"), "no effect has the id 'zz'"),
        (("report", "--date", "2020-01-01"), "there is no report 2020-01-01"),
    ],
)
def test_what_is_not_there_after_a_night_is_one_sentence(
    finished: Place, words: tuple[str | bytes, ...], said: str
) -> None:
    done = _started(finished, *words)

    assert done.returncode == 2
    assert said in _sentence(done)
    assert b"\x1b" not in done.stderr


def _documents(place: Place, commands: Sequence[tuple[str, ...]]) -> Iterator[dict[str, Any]]:
    for words in commands:
        done = _started(place, *words, "--json")
        assert done.returncode == 0, (words, done.stderr)
        document = json.loads(done.stdout)
        assert isinstance(document, dict), words
        yield document


def test_every_reader_answers_with_one_document(finished: Place) -> None:
    run = str(finished.data("runs")["runs"][0]["run"])
    finding = str(finished.data("findings")["findings"][0]["id"])
    more = (("show", run), ("findings", "show", finding), ("findings", "--new"), ("schedule", "print"))

    assert all(_documents(finished, (*READERS, *more, ("doctor",), ("init",))))


@pytest.mark.parametrize(
    "env",
    [
        {"HOME": None},
        {"COLUMNS": "40"},
        {"COLUMNS": "no number"},
        {"LANG": "C", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"LANG": "no_SUCH.locale", "TERM": "dumb"},
    ],
    ids=lambda env: next(iter(env)) if isinstance(env, dict) else None,
)
def test_readers_work_in_a_poor_environment(finished: Place, env: dict[str, str | None]) -> None:
    for words in (*READERS, ("--help",), ("run", "--if-due")):
        done = _started(finished, *words, env=env)
        assert done.returncode == 0, (words, done.stderr)
        assert done.stdout, words
        assert not done.stderr, words


@pytest.mark.parametrize("shell", ["| head -1", "| true", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_reader_that_went_away_and_closed_streams_are_no_failure(finished: Place, shell: str) -> None:
    for words in (("report",), ("findings", "--json"), ("--help",), ("status",)):
        done = _started(finished, *words, shell=shell)
        assert done.returncode == 0, words
        assert not done.stderr, words


@pytest.mark.parametrize("shell", [">&-", "2>&-", "2>/dev/full", ">/dev/full 2>&1"])
def test_an_error_keeps_its_code_and_its_stream_whatever_is_closed(finished: Place, shell: str) -> None:
    done = _started(finished, "show", "zz", shell=shell)

    assert done.returncode == 2
    assert not done.stdout
    assert b"Traceback" not in done.stderr


def test_with_standard_error_closed_an_error_document_is_still_the_only_thing_on_standard_output(
    finished: Place,
) -> None:
    done = _started(finished, "show", "zz", "--json", shell="2>&-")

    assert json.loads(done.stdout)["exit_code"] == 2


def test_an_answer_that_no_disk_takes_is_said(finished: Place) -> None:
    done = _started(finished, "findings", shell=">/dev/full")

    assert done.returncode == 75
    assert _sentence(done).startswith("standard output cannot be written: No space left on device")


@pytest.mark.parametrize("shell", ["<&- >&- 2>&-", ">/dev/null 2>/dev/full"])
def test_a_night_needs_nobody_who_listens(small: Place, shell: str) -> None:
    done = _started(small, "run", "--only", "docs", shell=shell)

    assert done.returncode == 0
    assert "- Steps completed: 2/6" in small.report()
    assert small.daydream("fsck").returncode == 0


def test_a_reason_that_is_no_text_is_kept_readable(small: Place) -> None:
    small.daydream("run", "--only", "docs")
    finding = str(small.data("findings")["findings"][0]["id"])
    done = _started(small, "suppress", finding, "--reason", b"caf\xe9 \x1b[31m")

    assert done.returncode == 0
    inbox = (small.state / "inbox/suppress.jsonl").read_text(encoding="utf-8")
    assert "caf\\udce9" in json.loads(inbox)["reason"]


def test_an_unfinished_night_is_told_and_nothing_is_taken_for_finished(small: Place) -> None:
    night = small.start("run")
    _until_begun(small)
    night.kill()
    night.communicate()
    before = checkouts.everything(small.root)

    assert small.data("status")["status"] == "interrupted"
    assert "`daydream run` continues it" in small.daydream("status").stdout
    assert [row["closed"] for row in small.data("runs")["runs"]] == ["unfinished"]
    assert small.daydream("fsck").returncode == 0
    for words, said in (
        (("findings",), "no night has finished here yet"),
        (("findings", "show", "ab"), "no night has finished here yet"),
        (("suppress", "ab"), "no night has finished here yet"),
        (("report",), "there is no report yet"),
        (("undo", "ab"), "no effect has the id 'ab'"),
    ):
        done = _started(small, *words, "--json")
        assert done.returncode == 2, words
        assert said in _sentence(done), words
        assert said in json.loads(done.stdout)["error"], words
    assert _but_database(checkouts.everything(small.root)) == _but_database(before)


def _but_database(seen: dict[str, tuple[int, int, int, bytes]]) -> dict[str, bytes]:
    """Contents alone: SQLite's side files come and go, and opening the lock touches its folder."""
    return {path: row[3] for path, row in seen.items() if "dreams.db" not in path and row[3]}


def _until_begun(place: Place) -> None:
    import time

    until = time.monotonic() + 30
    while not (place.state / "state.json").exists() and time.monotonic() < until:
        time.sleep(0.01)
    assert (place.state / "state.json").exists()


def test_a_folder_that_is_no_repository_is_looked_at_all_the_same(small: Place) -> None:
    folder = small.home / "empty"
    folder.mkdir()

    assert json.loads(_started(small, "status", "--json", cwd=folder).stdout)["status"] == "never"
    assert _started(small, "init", cwd=folder).returncode == 0
    peek = _started(small, "peek", "-q", cwd=folder)
    assert peek.returncode == 0
    assert b"There is no git here" in peek.stdout
    assert not list(folder.iterdir())


def test_a_repository_whose_name_is_no_text_has_a_night(small: Place) -> None:
    strange = Path(os.fsdecode(os.fsencode(small.root.parent) + b"/caf\xe9 \n\x1b[31m"))
    small.root.rename(strange)
    done = _started(small, "run", "--only", "docs", "--json", cwd=strange)

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["closed"] == "done"
    page = _started(small, "report", cwd=strange)
    assert page.returncode == 0
    assert b"\x1b" not in page.stdout


BAD_CONFIGURATION = [
    ('[night]\nbugdet = "1h"\n', 'unknown key "night.bugdet"; did you mean "night.budget"?'),
    ("[night]\nmode = 3\n", '"night.mode" is 3, expected one of "report", "propose", "apply"'),
    ("night = 3\n", '"night" is a table'),
    ("night = [\n", "not valid TOML"),
    ('[paths]\nstate = "~someone/x"\n', 'only "~/" is expanded'),
    ('[paths]\nstate = "a\\u0000b"\n', "expected a path"),
    ('[docs]\nexclude = ["!"]\n', 'holds "!", which is no pattern in gitignore form'),
    ('[tasks]\nfiles = ["[z-a]"]\n', 'holds "[z-a]", which is no pattern in gitignore form'),
    ("[report]\nkeep_days = 999999999999\n", "expected at most 36500 days"),
    ('[interpreter]\npath = "/bin/false"\n', "does not answer as a Python does"),
]


@pytest.mark.parametrize(("text", "said"), BAD_CONFIGURATION)
def test_a_configuration_that_no_night_can_use_ends_every_start_with_its_sentence(
    small: Place, text: str, said: str
) -> None:
    small.configure(text)
    done = _started(small, "run", "--json")

    assert done.returncode == 2
    assert said in _sentence(done)
    assert said in json.loads(done.stdout)["error"]
    assert not (small.state / "state.json").exists()


def test_a_configuration_that_broke_under_an_unfinished_night_loses_nothing(small: Place) -> None:
    night = small.start("run")
    _until_begun(small)
    night.kill()
    night.communicate()
    small.configure("[night]\nmode = 3\n")
    before = _but_database(checkouts.everything(small.state))

    assert small.daydream("run").returncode == 2
    assert _but_database(checkouts.everything(small.state)) == before
    small.configure("")
    assert small.daydream("run").returncode == 0
    assert small.data("runs")["runs"][0]["closed"] == "done"


def test_names_of_folders_that_may_go_never_reach_what_is_tracked_or_outside(small: Place) -> None:
    small.configure(
        f'[clean]\nartefacts = ["/", ".", "..", ".git", "small", "../home", "{small.home}"]\n'
        '[night]\nmode = "apply"\n'
    )
    small.daydream("run")
    before = _seen(small)
    home = sorted(small.home.rglob("config.toml"))

    assert small.daydream("run").returncode == 0
    assert _seen(small) == before
    assert sorted(small.home.rglob("config.toml")) == home


def _seen(place: Place) -> dict[str, bytes]:
    everything = checkouts.everything(place.root)
    return {path: row[3] for path, row in everything.items() if not path.startswith(".git/daydream")}
