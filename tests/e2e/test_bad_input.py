"""Repositories, disks and state that are not as they should be: one sentence, the right code, nothing lost."""

import datetime as dt
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import FILES, Place
from tests.fakes import checkouts

MIB = 1 << 20


def _sentence(done: subprocess.CompletedProcess[str]) -> str:
    """The last line on standard error; what stands above it is progress."""
    lines = done.stderr.splitlines()
    assert lines, done
    assert lines[-1].startswith("daydream: "), done.stderr
    assert "bug in daydream" not in done.stderr
    return lines[-1].removeprefix("daydream: ")


def _body(report: str) -> str:
    return "".join(
        line for line in report.splitlines(keepends=True) if not line.startswith(("- Duration", "- Resumed"))
    )


def _until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    until = time.monotonic() + seconds
    while not condition() and time.monotonic() < until:
        time.sleep(0.01)
    assert condition()


def _reached(state: Path, position: str) -> bool:
    try:
        return str(json.loads((state / "night/state.json").read_bytes())["state"]["position"]) >= position
    except OSError:
        return False


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Callable[..., Path]]:
    """Mount as mount(8) does and take it off again; skip where that is not allowed."""
    points: list[Path] = []

    def mount(name: str, *argv: str) -> Path:
        point = tmp_path / name
        point.mkdir(exist_ok=True)
        done = subprocess.run(["mount", *argv, str(point)], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            pytest.skip(f"mounting is not allowed here: {done.stderr.strip()}")
        points.append(point)
        return point

    if shutil.which("mount") is None:
        pytest.skip("there is no mount program here")
    yield mount
    for point in reversed(points):
        subprocess.run(["umount", "--lazy", str(point)], check=False)


# The repository


def test_before_the_first_commit_there_is_a_night_that_says_so(tmp_path: Path, small: Place) -> None:
    checkouts.make(tmp_path / "unborn")
    place = Place(tmp_path / "unborn", small.home)
    done = place.daydream("run")

    assert done.returncode == 0
    assert "Examined: nothing, there is no commit yet" in place.report()
    assert place.data("findings")["findings"] == []


@pytest.mark.parametrize("command", ["run", "peek", "init"])
def test_a_bare_repository_is_refused_and_left_alone(
    small: Place, checkout: checkouts.Checkout, command: str
) -> None:
    checkout.git("clone", "-q", "--bare", ".", "../bare")
    bare = Place(small.root.parent / "bare", small.home)
    before = checkouts.everything(bare.root)
    done = bare.daydream(command)

    assert done.returncode == 2
    assert _sentence(done).endswith("is a bare repository and has no files to examine; name a checkout of it")
    assert checkouts.everything(bare.root) == before


def test_a_shallow_clone_has_a_night_that_says_what_it_lacks(
    small: Place, checkout: checkouts.Checkout
) -> None:
    checkout.write("more.py", "more = 1\n")
    checkout.commit()
    checkout.git("clone", "-q", "--depth", "1", small.root.as_uri(), "../shallow")
    clone = Place(small.root.parent / "shallow", small.home)

    assert clone.daydream("run").returncode == 0
    assert "The clone is shallow" in clone.report()


def test_a_checkout_without_the_git_program_is_told_to_install_it(small: Place) -> None:
    (small.home / "bin").mkdir()
    small.extra["PATH"] = str(small.home / "bin")
    before = checkouts.everything(small.root)
    done = small.daydream("run")

    assert done.returncode != 0
    assert "git is not installed or not on PATH; install it and start again" in _sentence(done)
    assert checkouts.everything(small.root) == before


def _strange(checkout: checkouts.Checkout) -> None:
    """What a tree can hold that a reader may stumble over."""
    checkout.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", "./.", "nested")
    root = checkout.root
    (root / "loop").symlink_to("loop")
    (root / "ping").symlink_to("pong")
    (root / "pong").symlink_to("ping")
    (root / "up").symlink_to("..")
    (root / "secret.py").symlink_to("/etc/passwd")
    checkout.write("small/latin.py", b"# caf\xe9\nname = '\xe9'\n")
    checkout.write("small/broken.py", "def broken(:\n")
    checkout.write("small/nul.py", b"x = 1\0\n")
    checkout.write("small/empty.py", b"")
    checkout.write("small/deep.py", "x = " + "(" * 5000 + ")" * 5000 + "\n")
    checkout.write("empty.md", b"")
    checkout.write("latin.md", b"# caf\xe9 [x](gone.md)\n")
    checkout.write("TASKS", b"- [ ] caf\xe9\n")
    checkout.write("long.md", "[" * 100_000 + "\n" + "> " * 5000 + "deep\n")
    checkout.write(os.fsdecode(b"small/caf\xe9.py"), "import os\n")
    checkout.write("small/line\nbreak \x1b[31m.py", "import os\n")
    checkout.write("pyproject.toml", "[project\n")
    for number in range(2000):
        checkout.write(f"many/{number % 40}/f{number}.py", "")
    with checkout.write("huge.py").open("wb") as file:
        file.truncate(9 * MIB)
    checkout.commit()


def test_whatever_a_tree_holds_the_night_is_whole_and_counts_what_it_left_out(
    small: Place, checkout: checkouts.Checkout
) -> None:
    _strange(checkout)
    before = _seen(small)
    done = small.daydream("run")
    page = small.report()

    assert done.returncode == 0, (done.stderr, page)
    assert "1 submodule was not examined" in page
    assert "files could not be read as Python and were not examined." in page
    assert "pages could not be read (not UTF-8" in page
    assert "Files whose names cannot be shown or written everywhere, not examined: 2." in page
    assert "_orphan" in page
    assert "\x1b" not in page
    assert "root:" not in page
    assert _seen(small) == before
    assert small.daydream("fsck").returncode == 0


def _seen(place: Place) -> dict[str, tuple[int, int, int, bytes]]:
    return {
        path: row
        for path, row in checkouts.everything(place.root).items()
        if not path.startswith((".git/daydream", "huge.py")) and path not in (".", ".git")
    }


def test_strange_logs_are_read_as_far_as_they_can_be(small: Place) -> None:
    logs = small.root / "logs"
    logs.mkdir()
    recent = f"{dt.datetime.now(dt.UTC) - dt.timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}".encode()
    (logs / "one_line.log").write_bytes(recent + b" ERROR " + b"x" * (60 * MIB))
    (logs / "latin.log").write_bytes((recent + b" ERROR caf\xe9 \x1b[31m is closed\n") * 50)
    (logs / "empty.log").write_bytes(b"")
    (logs / "zeros.log").write_bytes(b"\0" * MIB)
    (logs / "packed.log.gz").write_bytes(b"this is not gzip")
    (logs / "loop.log").symlink_to("loop.log")
    (logs / "out.log").symlink_to("/etc/passwd")
    with (logs / "sparse.log").open("wb") as file:
        file.truncate(300 * MIB)
    os.mkfifo(logs / "pipe.log")
    done = small.daydream("run", "--only", "log_review")
    page = small.report()

    assert done.returncode == 0, page
    assert "is closed" in page
    assert "51 entries" in page
    assert "\x1b" not in page
    assert "root:" not in page
    assert len(page) < 100_000


def test_logs_and_caches_that_vanish_while_a_night_looks_do_not_end_it(
    small: Place, checkout: checkouts.Checkout
) -> None:
    checkout.write(".gitignore", "__pycache__/\nlogs/\n")
    checkout.commit()
    for number in range(200):
        checkout.write(f"logs/{number}.log", "2026-11-20T01:02:03Z ERROR disk is closed\n" * 100)
        checkout.write(f"small/p{number}/__pycache__/gone.cpython-311.pyc", b"x")
    night = small.start("run")
    _until(lambda: _reached(small.state.parent, "maintain.legacy_cleanup"))
    for number in range(0, 200, 2):
        shutil.rmtree(small.root / f"small/p{number}")
        (small.root / f"logs/{number}.log").unlink()
    _, err = night.communicate(timeout=120)

    assert night.returncode == 0, err
    assert "Traceback" not in err
    assert small.data("runs")["runs"][0]["failed"] is False


def test_a_file_of_the_workbench_that_vanishes_is_brought_back_by_the_next_night(small: Place) -> None:
    assert small.daydream("run").returncode == 0
    first = small.data("findings")["findings"]
    for path in (small.home / ".cache/daydream").rglob("core.py"):
        path.unlink()
    small.next_day()

    assert small.daydream("run").returncode == 0
    assert {f["id"] for f in small.data("findings")["findings"]} == {f["id"] for f in first}


# The disk


def test_on_a_small_full_disk_nothing_begins(small: Place, mounted: Callable[..., Path]) -> None:
    disk = mounted("disk", "-t", "tmpfs", "-o", "size=16m", "tmpfs")
    small.extra["DAYDREAM_PATHS_STATE"] = str(disk / "state")
    done = small.daydream("run")

    assert done.returncode == 75
    assert "MiB are free on the disk" in _sentence(done)
    assert not (disk / "state/night/state.json").exists()


def test_a_disk_that_fills_up_during_the_night_costs_nothing_but_time(
    small: Place, mounted: Callable[..., Path]
) -> None:
    twin = Place(small.root.parent / "twin/small", small.home)
    shutil.copytree(small.root, twin.root)
    twin.daydream("run")
    disk = mounted("disk", "-t", "tmpfs", "-o", "size=80m", "tmpfs")
    small.extra["DAYDREAM_PATHS_STATE"] = str(disk / "state")
    small.extra["DAYDREAM_PATHS_LOGS"] = str(disk / "logs")
    night = small.start("run")
    _until(lambda: _reached(disk / "state", "maintain.legacy_cleanup"))
    night.send_signal(signal.SIGSTOP)
    _fill(disk / "ballast")
    night.send_signal(signal.SIGCONT)
    _, err = night.communicate(timeout=60)

    assert night.returncode == 75, err
    assert "Traceback" not in err
    assert "free some and start again" in err
    again = small.daydream("run")
    assert again.returncode == 75
    assert "MiB are free on the disk" in _sentence(again)
    (disk / "ballast").unlink()
    assert small.daydream("run").returncode == 0
    assert small.daydream("fsck").returncode == 0
    assert _body((disk / "logs/latest.md").read_text()) == _body(twin.report())


def _fill(path: Path) -> None:
    piece = b"\0" * MIB
    with path.open("wb", buffering=0) as file:
        while piece:
            try:
                file.write(piece)
            except OSError:
                piece = piece[: len(piece) // 2]


def test_a_read_only_checkout_says_so_and_has_its_night_where_it_may_write(
    small: Place, mounted: Callable[..., Path]
) -> None:
    point = mounted("still", "--bind", str(small.root))
    subprocess.run(["mount", "-o", "remount,ro,bind", str(point)], check=True)
    place = Place(point, small.home)
    refused = place.daydream("run")

    assert refused.returncode == 74
    assert "Read-only file system" in _sentence(refused)
    assert place.daydream("doctor").returncode == 1
    assert place.daydream("peek").returncode == 0
    place.extra["DAYDREAM_PATHS_STATE"] = str(small.home / "state")
    place.extra["DAYDREAM_PATHS_LOGS"] = str(small.home / "logs")
    assert place.daydream("run").returncode == 0
    assert "_orphan" in (small.home / "logs/latest.md").read_text()


@pytest.mark.parametrize("name", ["STATE", "LOGS", "CACHE"])
def test_a_place_that_cannot_be_made_is_named(small: Place, name: str) -> None:
    small.extra[f"DAYDREAM_PATHS_{name}"] = "/proc/nothing/daydream"
    done = small.daydream("run")

    assert done.returncode == 74
    assert "/proc/nothing" in _sentence(done)


# The state


def _night_files(place: Place) -> dict[str, bytes]:
    """What must not be lost: everything of the night but the lock and what readers of SQLite leave."""
    everything = checkouts.everything(place.state)
    return {path: row[3] for path, row in everything.items() if row[3]}


def _both(data: bytes) -> Callable[[Place], None]:
    def damage(place: Place) -> None:
        for name in ("state.json", "state.prev.json"):
            (place.state / name).unlink()
            (place.state / name).write_bytes(data)

    return damage


def _no_heads(place: Place) -> None:
    for name in ("state.json", "state.prev.json"):
        (place.state / name).unlink()


def _folder(place: Place) -> None:
    _no_heads(place)
    (place.state / "state.json").mkdir()


def _loop(place: Place) -> None:
    _no_heads(place)
    (place.state / "state.json").symlink_to("state.json")


def _emptied(place: Place) -> None:
    for path in (place.state / "runs").rglob("*.jsonl"):
        path.write_bytes(b"")


def _memory(place: Place) -> None:
    for path in (place.state / "findings").iterdir():
        path.write_bytes(b"nonsense")


def _lock(place: Place) -> None:
    (place.state / "lock").unlink(missing_ok=True)
    (place.state / "lock").mkdir()


@pytest.mark.parametrize(
    ("damage", "code", "checked"),
    [
        (_both(b"\0" * 99), 70, 70),
        (_both(b""), 70, 70),
        (_both(b'{"written by": "somebody else"}'), 70, 70),
        (_both(b"\xff\xfe not json"), 70, 70),
        (_no_heads, 70, 70),
        (_folder, 74, 74),
        (_loop, 74, None),
        (_emptied, 70, 70),
        (_memory, 70, 70),
        (_lock, 74, 0),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_state_that_is_damaged_or_not_ours_stops_the_night_and_stays_as_it_is(
    finished: Place, damage: Callable[[Place], None], code: int, checked: int | None
) -> None:
    damage(finished)
    before = _night_files(finished)
    done = finished.daydream("run")

    assert done.returncode == code, done.stderr
    assert str(finished.state) in _sentence(done)
    assert _night_files(finished) == before
    if checked is not None:
        assert finished.daydream("fsck").returncode == checked
    assert finished.daydream("doctor").returncode in (0, 1)
    assert _night_files(finished) == before


def test_a_dream_store_that_is_not_ours_is_left_alone_and_costs_only_the_dreams(finished: Place) -> None:
    store, content = finished.state.parent / "dreams.db", b"not a database at all" * 1000
    for path in finished.state.parent.glob("dreams.db*"):
        path.unlink()
    store.write_bytes(content)
    done = finished.daydream("run")

    assert done.returncode == 1
    assert "dreams.db" in finished.report()
    assert "- Steps completed: 4/6" in finished.report()
    assert store.read_bytes() == content


def test_a_folder_in_the_place_of_the_dream_store_is_named(finished: Place) -> None:
    store = finished.state.parent / "dreams.db"
    for path in finished.state.parent.glob("dreams.db*"):
        path.unlink()
    store.mkdir()
    done = finished.daydream("run")

    assert done.returncode == 74
    assert str(store) in _sentence(done)
    assert store.is_dir()


def test_a_report_whose_twin_was_damaged_is_still_shown(finished: Place) -> None:
    for path in (finished.state.parents[1] / "logs/daydream").glob("*.json"):
        path.unlink()
        path.write_bytes(b"\xffnonsense")

    assert "# Daydream Report" in finished.daydream("report").stdout
    assert finished.data("report")["path"].endswith(".md")
    assert finished.daydream("run").returncode == 0


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository after its first night, to be copied."""
    base = tmp_path_factory.mktemp("once")
    (base / "home").mkdir()
    checkouts.make(base / "small", FILES)
    assert Place(base / "small", base / "home").daydream("run").returncode == 0
    return base


@pytest.fixture
def finished(once: Path, tmp_path: Path) -> Place:
    shutil.copytree(once / "small", tmp_path / "finished")
    return Place(tmp_path / "finished", tmp_path / "home")
