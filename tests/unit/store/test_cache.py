"""The analysis cache as a file: what bounds it, and that no state of the disk is more than a slow night."""

import os
import sqlite3
import threading
from pathlib import Path

import pytest

from daydream.store.cache import KEPT_NIGHTS, LIMIT_BYTES, AnalysisCache

NIGHT = 739_000


def cache(folder: Path, night: int = NIGHT, limit: int = LIMIT_BYTES) -> AnalysisCache:
    return AnalysisCache(folder / "analysis.db", night, limit=limit)


def filled(folder: Path) -> Path:
    held = cache(folder)
    held.write("words 1", {f"k{n}": os.urandom(500) for n in range(200)})
    held.close()
    return folder / "analysis.db"


def in_all(path: Path) -> int:
    return sum(p.stat().st_size for p in path.parent.glob("analysis.db*"))


def test_what_one_night_writes_the_next_one_reads(tmp_path: Path) -> None:
    first = cache(tmp_path)
    first.write("k", {"a": b"1", "large": b"x" * 100_000})
    first.close()
    assert cache(tmp_path, NIGHT + 1).read("k", ["a", "large", "b"]) == {"a": b"1", "large": b"x" * 100_000}


def test_nothing_is_created_before_the_first_use(tmp_path: Path) -> None:
    cache(tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_only_its_user_may_look_into_a_folder_that_it_makes(tmp_path: Path) -> None:
    cache(tmp_path / "new").write("k", {"a": b"1"})
    assert (tmp_path / "new").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"not a database" * 1000),
        lambda path: path.write_bytes(path.read_bytes()[:5000]),
        lambda path: path.write_bytes(path.read_bytes()[:4096] + bytes(len(path.read_bytes()) - 4096)),
    ],
    ids=["empty", "foreign", "cut", "zeroed"],
)
def test_a_damaged_file_is_begun_anew(tmp_path: Path, damage: object) -> None:
    path = filled(tmp_path)
    damage(path)  # type: ignore[operator]
    again = cache(tmp_path)
    for number in range(200):
        again.read("words 1", [f"k{number}"])
    again.write("words 1", {"k0": b"new"})
    assert again.read("words 1", ["k0"]) == {"k0": b"new"}
    again.close()
    assert cache(tmp_path).read("words 1", ["k0"]) == {"k0": b"new"}


def test_a_flipped_byte_is_never_believed(tmp_path: Path) -> None:
    held = cache(tmp_path)
    values = {f"k{n}": bytes([n]) * 700 for n in range(60)}
    held.write("words 1", values)
    held.close()
    path = tmp_path / "analysis.db"
    whole = path.read_bytes()
    for place in range(whole.index(bytes([7]) * 700), len(whole), 997):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        again = cache(tmp_path)
        found = again.read("words 1", sorted(values))
        again.close()
        assert all(values[key] == value for key, value in found.items())
        if not path.exists():
            path.write_bytes(whole)


def test_a_database_of_another_program_or_version_is_begun_anew(tmp_path: Path) -> None:
    path = filled(tmp_path)
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    again = cache(tmp_path)
    assert again.read("words 1", ["k1"]) == {}
    again.write("words 1", {"k1": b"1"})
    assert again.read("words 1", ["k1"]) == {"k1": b"1"}


def test_a_link_in_its_place_goes_and_what_it_points_to_stays(tmp_path: Path) -> None:
    precious = filled(tmp_path / "elsewhere")
    before = precious.read_bytes()
    (tmp_path / "analysis.db").symlink_to(precious)
    held = cache(tmp_path)
    assert held.read("words 1", ["k1"]) == {}
    held.write("words 1", {"k1": b"1"})
    held.close()
    assert precious.read_bytes() == before
    assert not (tmp_path / "analysis.db").is_symlink()


@pytest.mark.parametrize("obstacle", ["folder in its place", "file for a folder"])
def test_where_the_disk_refuses_it_remembers_nothing(tmp_path: Path, obstacle: str) -> None:
    folder = tmp_path / "cache"
    if obstacle == "file for a folder":
        folder.write_text("")
    else:
        (folder / "analysis.db" / "full").mkdir(parents=True)
    held = cache(folder)
    held.write("k", {"a": b"1"})
    assert held.read("k", ["a"]) == {}


def test_a_file_that_vanishes_under_it_is_no_trouble(tmp_path: Path) -> None:
    path = filled(tmp_path)
    held = cache(tmp_path)
    assert held.read("words 1", ["k1"])
    path.unlink()
    held.write("words 1", {"k1": b"1"})
    held.read("words 1", ["k1", "k2"])
    held.close()
    assert cache(tmp_path).read("words 1", ["k3"]) == {}


def test_it_never_outgrows_its_limit_and_keeps_what_was_used_last(tmp_path: Path) -> None:
    limit = 2 * 2**20
    for night in range(20):
        held = cache(tmp_path, NIGHT + night, limit)
        held.write("k", {f"{night} {n}": os.urandom(4000) for n in range(100)})
        held.close()
        assert in_all(tmp_path / "analysis.db") <= limit + 65 * 4096
    last = cache(tmp_path, NIGHT + 20, limit)
    assert len(last.read("k", [f"19 {n}" for n in range(100)])) == 100
    assert last.read("k", [f"0 {n}" for n in range(100)]) == {}


def test_a_value_larger_than_the_limit_is_not_kept_and_drives_nothing_out(tmp_path: Path) -> None:
    held = cache(tmp_path, limit=2**20)
    held.write("k", {"a": b"1"})
    held.write("k", {"b": os.urandom(2**20)})
    assert held.read("k", ["a", "b"]) == {"a": b"1"}


def test_what_no_night_uses_for_long_goes_and_what_is_used_stays(tmp_path: Path) -> None:
    first = cache(tmp_path)
    first.write("k", {"used": b"1", "unused": b"2"})
    first.write("old tool", {"a": b"3"})
    first.close()
    for night in range(5, 2 * KEPT_NIGHTS, 5):
        held = cache(tmp_path, NIGHT + night)
        held.read("k", ["used"])
        held.write("other", {"b": b"4"})
        held.close()
    last = cache(tmp_path, NIGHT + 2 * KEPT_NIGHTS)
    assert last.read("k", ["used", "unused"]) == {"used": b"1"}
    assert last.read("old tool", ["a"]) == {}


def test_readers_are_not_in_the_way_of_the_writer(tmp_path: Path) -> None:
    path = filled(tmp_path)
    reader = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    reader.execute("BEGIN")
    assert reader.execute("SELECT COUNT(*) FROM entries").fetchone() == (200,)
    held = cache(tmp_path)
    held.write("words 1", {"fresh": b"1"})
    assert held.read("words 1", ["fresh"]) == {"fresh": b"1"}
    assert reader.execute("SELECT COUNT(*) FROM entries").fetchone() == (200,)
    reader.close()


def test_another_thread_may_look_while_one_writes(tmp_path: Path) -> None:
    filled(tmp_path)
    found: list[int] = []

    def look() -> None:
        mine = cache(tmp_path)
        found.extend(len(mine.read("words 1", [f"k{n}" for n in range(200)])) for _ in range(20))
        mine.close()

    thread = threading.Thread(target=look)
    thread.start()
    held = cache(tmp_path)
    for number in range(20):
        held.write("more", {f"{number}": os.urandom(1000)})
    thread.join()
    held.close()
    assert found == [200] * 20
