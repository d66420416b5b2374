"""Which files are logs, which belong together, and that pinned bytes stay the same bytes."""

import bz2
import gzip
import importlib
import lzma
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from daydream.analysis.logs.sources import (
    Lines,
    Unreadable,
    binary,
    discover,
    family_of,
    find_pinned,
    members,
    named,
    opened,
)


def nothing() -> None:
    """Stand for a look at the stop."""


def write(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"2026-11-20 12:00:00 INFO {name}\n")


def found(root: Path, own: tuple[Path, ...] = (), tracked: set[str] | None = None) -> list[str]:
    logs = discover(root, own, tracked or set(), nothing).logs
    return [str(path.relative_to(root)) for paths in logs.values() for path in paths]


@pytest.mark.parametrize(
    ("name", "log"),
    [
        ("app.log", "app.log"),
        ("app.log.1", "app.log"),
        ("app.log.12.gz", "app.log"),
        ("app.log.2026-11-19", "app.log"),
        ("app.log-20261119.xz", "app.log"),
        ("app.log.2026-11-19_13", "app.log"),
        ("app-2026-11-19.log", "app-*.log"),
        ("2026-11-19.log", "*.log"),
        ("syslog.1", "syslog"),
        ("v2.log", "v2.log"),
    ],
)
def test_a_rotation_belongs_to_its_log(name: str, log: str) -> None:
    assert family_of(Path("/x") / name) == Path("/x") / log


def test_logs_are_found_where_applications_put_them(tmp_path: Path) -> None:
    names = ["app.log", "log/web.out", "logs/a.jsonl", "srv/debug.log.1", "var/log/app.log", "var/log/syslog"]
    write(tmp_path, *names)
    assert sorted(found(tmp_path)) == sorted(names)


def test_what_is_no_application_log_is_not_found(tmp_path: Path) -> None:
    write(
        tmp_path,
        *(
            "tests/data/a.log",
            "docs/a.log",
            "x/fixtures/a.log",
            ".tox/a.log",
            ".git/a.log",
            "node_modules/m/a.log",
        ),
        *("env1/pyvenv.cfg", "env1/lib/a.log", "build/a.log", "npm-debug.log", "config.log", "thesis.tex"),
        *("thesis.log", "src/log/__init__.py", "src/logs.py", "CHANGELOG.md", "out/cache/a.log"),
        *("daydream.log", "logs/daydream/report.json", "logs/daydream/daydream.log.1", "logs/notes.txt"),
    )
    own = (tmp_path / "logs" / "daydream",)
    assert found(tmp_path, own, {"logs/notes.txt"}) == []


def test_any_name_is_looked_at(tmp_path: Path) -> None:
    write(tmp_path, "..5", "...1.gz", "App.LOG.2", "logs/Messages.3", "logs/x.TXT", "logs/.1")
    assert sorted(found(tmp_path)) == ["App.LOG.2", "logs/Messages.3", "logs/x.TXT"]


def test_links_are_not_followed_out_and_one_file_counts_once(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    write(outside, "o.log", "deep/p.log")
    write(root, "logs/app.log")
    (root / "logs" / "o.log").symlink_to(outside / "o.log")
    (root / "deep").symlink_to(outside / "deep")
    (root / "loop").symlink_to(root)
    (root / "logs" / "current.log").symlink_to("app.log")
    os.link(root / "logs" / "app.log", root / "logs" / "twin.log")
    (root / "dangling.log").symlink_to("nowhere")
    assert found(root) == ["logs/app.log"]


def test_a_named_glob_finds_relative_and_absolute_files_but_never_our_own(tmp_path: Path) -> None:
    write(tmp_path, "deep/er/x.txt", "deep/y.txt", "deep/own/z.txt", "deep/daydream.log")
    own = (tmp_path / "deep" / "own",)
    names = [tmp_path / "deep" / "er" / "x.txt", tmp_path / "deep" / "y.txt"]
    assert list(named("deep/**", tmp_path, own, nothing).logs) == names
    assert list(named(f"{tmp_path}/deep/**/*.txt", Path("/"), own, nothing).logs) == names


def test_a_pinned_file_is_found_again_after_it_grew_and_was_renamed(tmp_path: Path) -> None:
    write(tmp_path, "app.log")
    log = tmp_path / "app.log"
    ((pin, _),) = members([log])
    with log.open("a") as handle:
        handle.write("more\n")
    log.rename(tmp_path / "app.log.1")
    write(tmp_path, "app.log")
    assert find_pinned([pin], [log]) == [tmp_path / "app.log.1"]


@pytest.mark.parametrize("happened", ["truncated", "rewritten", "removed"])
def test_other_bytes_are_not_taken_for_the_pinned_ones(tmp_path: Path, happened: str) -> None:
    log = tmp_path / "app.log"
    log.write_bytes(b"first line\n" * 9)
    ((pin, _),) = members([log])
    with log.open("r+b") as handle:
        handle.truncate(11) if happened == "truncated" else handle.write(b"X")
    if happened == "removed":
        log.unlink()
    assert find_pinned([pin], [log]) is None


def test_a_packed_copy_of_a_file_that_is_there_is_left_out(tmp_path: Path) -> None:
    write(tmp_path, "app.log", "app.log.1")
    (tmp_path / "app.log.1.gz").write_bytes(gzip.compress(b"x\n"))
    paths = sorted(tmp_path.iterdir())
    assert {path.name for _, path in members(paths)} == {"app.log", "app.log.1"}


@pytest.mark.parametrize("kind", ["folder", "dangling", "pipe"])
def test_what_is_no_file_is_refused_without_waiting(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "app.log"
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("nowhere")
    with pytest.raises(Unreadable):
        opened(path)


def lines_of(path: Path, size: int | None = None) -> tuple[list[str], Lines]:
    lines = Lines(path, path.stat().st_size if size is None else size)
    result: list[str] = []
    while (portion := lines.portion()) is not None:
        result += portion
    lines.close()
    return result, lines


def test_only_the_pinned_bytes_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(b"one\ntwo\nthree\n")
    assert lines_of(path, 8)[0] == ["one", "two"]


def test_an_endless_line_is_cut_and_the_next_one_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(b"one\n" + b"x" * 3_000_000 + b"\ntwo\n" + b"y" * 10)
    read, lines = lines_of(path)
    assert [line[:3] for line in read] == ["one", "xxx", "two", "yyy"]
    assert len(read[1]) <= 400_000
    assert lines.cut == 1


def test_encodings_may_change_from_line_to_line(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_bytes("grün\n".encode("latin-1") + "grün\n".encode() + "größe ".encode() + b"\xff\n")
    assert lines_of(path)[0] == ["grün", "grün", "größe \ufffd"]


@pytest.mark.parametrize("packed", [True, False])
def test_a_damaged_archive_gives_what_was_whole(tmp_path: Path, packed: bool) -> None:
    path = tmp_path / "a.log.gz"
    whole = gzip.compress(os.urandom(200_000).hex("\n", 40).encode())
    path.write_bytes(whole[: len(whole) // 2] if packed else b"plain text, no archive")
    read, lines = lines_of(path)
    assert (len(read) > 100) is packed
    assert lines.damage


@pytest.mark.parametrize("ending", ["gz", "bz2", "xz"])
def test_nothing_but_rubbish_in_an_archive_is_damage(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"a.log.{ending}"
    path.write_bytes(b"plain text, no archive\n" * 9)
    read, lines = lines_of(path)
    assert (read, bool(lines.damage)) == ([], True)


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_a_packed_file_goes_on_at_an_unpacked_byte(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    endings = {gzip.compress: "gz", bz2.compress: "bz2", lzma.compress: "xz"}
    path = tmp_path / f"a.log.{endings[pack]}"
    text = [f"line {number} {'x' * (number % 90)}\n" for number in range(30_000)]
    path.write_bytes(pack("".join(text).encode()))
    size = sum(map(len, text))
    for count in (0, 1, 50, 29_999, 30_000):
        start = sum(map(len, text[:count]))
        lines = Lines(path, path.stat().st_size, start)
        read = [line for portion in iter(lines.portion, None) for line in portion]
        assert [f"{line}\n" for line in read] == text[count:]
        assert (lines.offset, lines.taken) == (size, size - start)
        lines.close()
    lines = Lines(path, path.stat().st_size, size + 99)
    assert [line for portion in iter(lines.portion, None) for line in portion] == []
    assert lines.offset == size + 99


def test_zstd_is_read_and_damage_is_told(tmp_path: Path) -> None:
    name = "compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd"
    zstd: Any = importlib.import_module(name)
    path = tmp_path / "a.log.zst"
    path.write_bytes(b"plain text, no archive\n" * 9)
    assert lines_of(path)[1].damage
    whole = zstd.compress(os.urandom(200_000).hex("\n", 40).encode())
    path.write_bytes(whole)
    assert len(lines_of(path)[0]) == 5000
    path.write_bytes(whole[: len(whole) // 2])
    read, lines = lines_of(path)
    assert 100 < len(read) < 5000
    assert lines.damage


@pytest.mark.parametrize("name", ["a.log", "a.log.gz"])
@pytest.mark.parametrize(("begin", "first"), [(6, "two"), (4, "two"), (0, "one")])
def test_the_rest_of_a_line_that_was_taken_before_is_left_out(
    tmp_path: Path, name: str, begin: int, first: str
) -> None:
    path = tmp_path / name
    text = b"one on\ntwo\n"
    path.write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
    lines = Lines(path, 99, begin)
    assert (lines.portion() or [""])[0].split(" ")[0] == first
    assert lines.cut == 0
    lines.close()


def test_a_hole_at_the_beginning_is_passed_by_at_once(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    with path.open("wb") as handle:
        handle.seek(5 * 2**30)
        handle.write(b"\n2026-11-20 12:00:00 INFO one\ntwo\n")
    read, lines = lines_of(path)
    assert [line.lstrip("\0") for line in read][-2:] == ["2026-11-20 12:00:00 INFO one", "two"]
    assert lines.offset == path.stat().st_size
    with path.open("wb") as handle:
        handle.truncate(5 * 2**30)
    assert lines_of(path)[0] == []


def test_what_unpacks_to_more_than_4_gib_is_cut_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "a.log.gz"
    block = gzip.compress(b"\0" * 2**20)
    path.write_bytes(block)
    lines = Lines(path, 2**30)
    lines._left = 2**19
    assert [line for portion in iter(lines.portion, None) for line in portion] != [""]
    assert lines.damage == "it unpacks to more than 4 GiB, the rest was left"
    lines.close()


@pytest.mark.parametrize(
    ("sample", "verdict"),
    [
        (b"", False),
        (b"2026 text\n\t\x1b[31m", False),
        (b"\0\0\0\0after a cut\n", False),
        (b"\x7fELF\0\0", True),
        ("text".encode("utf-16"), False),
        (b"__CURSOR=x\nMESSAGE\n\0\0", False),
        (bytes(range(32)) * 4, True),
    ],
)
def test_a_binary_file_is_recognised(sample: bytes, verdict: bool) -> None:
    assert (binary(sample) is not None) is verdict
