"""A log's files are read in parts, whatever they are: huge, damaged, without stamps, replaced, growing."""

import bz2
import datetime as dt
import gzip
import itertools
import json
import os
import zoneinfo
from pathlib import Path
from typing import Any

import pytest

from daydream.analysis.logs.positions import after, plan
from daydream.analysis.logs.records import Record
from daydream.analysis.logs.scan import Beginning, Scan, Window, beginning, window_offset
from daydream.analysis.logs.sources import Unreadable, members
from daydream.analysis.logs.tally import Tally
from daydream.analysis.logs.times import Clock

NIGHT = dt.datetime(2026, 11, 21, 2, 0, tzinfo=dt.UTC)
END = NIGHT.timestamp()
WINDOW = Window(END - 86_400, END)
BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")


class Taken(Tally):
    """A tally that also keeps the records."""

    def __init__(self) -> None:
        super().__init__(WINDOW.start, WINDOW.end, lambda _: None)
        self.records: list[Record] = []
        self.dated = 0

    def add(self, record: Record, *, undated: bool, present: float) -> None:
        self.records.append(record)
        self.dated += not undated
        super().add(record, undated=undated, present=present)


def line(hours_ago: float, text: str) -> str:
    return f"{NIGHT - dt.timedelta(hours=hours_ago):%Y-%m-%d %H:%M:%S} {text}\n"


def write(path: Path, text: str | bytes, hours_ago: float = 0.5) -> Path:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    os.utime(path, (END - hours_ago * 3600,) * 2)
    return path


def scan(*paths: Path, rows: Any = None, part: int = 2**22, zone: dt.tzinfo = dt.UTC) -> tuple[Scan, Taken]:
    clock, tally = Clock(zone, NIGHT), Taken()
    found = plan(paths, rows, WINDOW, clock)
    one = Scan(found.pieces, WINDOW, clock, tally, part)
    one.notes += found.notes
    while not one.advance(lambda: None):
        pass
    return one, tally


def texts(tally: Taken) -> list[str]:
    return [record.text for record in tally.records]


def test_every_byte_is_counted_and_every_record_taken(tmp_path: Path) -> None:
    old = write(tmp_path / "app.log.1", line(5, "INFO a") + line(4, "INFO b"), 4)
    log = write(tmp_path / "app.log", line(3, "INFO c"))
    one, tally = scan(log, old, part=1)
    assert texts(tally) == ["a", "b", "c"]
    assert (one.bytes, one.read) == (old.stat().st_size + log.stat().st_size, 2)
    assert [end.offset for end in one.ends] == [old.stat().st_size, log.stat().st_size]
    assert one.notes == []


def test_what_is_read_later_is_dated_by_what_came_before(tmp_path: Path) -> None:
    log = write(tmp_path / "app.log", line(2, "ERROR it broke"))
    one, _ = scan(log)
    rows = after(one, None, [log])
    with log.open("a") as handle:
        handle.write("  and its rest\nERROR:root:more\n")
    os.utime(log, (END - 600,) * 2)
    _, tally = scan(log, rows=rows)
    assert [(r.when, r.text) for r in tally.records] == [
        (END - 7200, "  and its rest"),
        (END - 7200, "root:more"),
    ]


def test_the_parts_are_the_same_however_small(tmp_path: Path) -> None:
    text = "".join(line(20 - n / 1000, f"ERROR number {n}\n  more") for n in range(9000))
    log = write(tmp_path / "app.log", text)
    packed = write(tmp_path / "app.log.1.bz2", bz2.compress(text.encode()), 3)
    whole, small = scan(log, packed, part=2**30), scan(log, packed, part=1)
    assert whole[1].records == small[1].records
    assert whole[0].ends == small[0].ends
    assert len(whole[1].records) == 18_000


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("app.log", b"\x7fELF\0\0\1\2\3" * 100, "binary"),
        ("app.log.gz", b"no archive at all", "Not a gzipped file"),
        ("app.log.xz", b"no archive at all", "Input format not supported"),
    ],
)
def test_what_is_no_text_is_told(tmp_path: Path, name: str, content: bytes, reason: str) -> None:
    one, tally = scan(write(tmp_path / name, content))
    assert len(one.notes) == 1
    assert one.notes[0].startswith(f"{name} was not read: {reason}")
    assert (one.read, one.ends, tally.records) == (0, [], [])


def test_an_empty_archive_and_an_empty_log_are_nothing(tmp_path: Path) -> None:
    packed, log = write(tmp_path / "app.log.1.gz", gzip.compress(b"")), write(tmp_path / "app.log", b"")
    one, tally = scan(log, packed)
    assert (one.notes, tally.records, one.read) == ([], [], 2)


def test_a_half_written_archive_gives_what_is_whole_and_says_so(tmp_path: Path) -> None:
    text = "".join(line(20 - n / 5000, f"ERROR {os.urandom(20).hex()}") for n in range(20_000))
    whole = gzip.compress(text.encode())
    one, tally = scan(write(tmp_path / "app.log.1.gz", whole[: len(whole) // 2]))
    assert 1000 < len(tally.records) < 20_000
    assert all(len(record.text) == 40 for record in tally.records)
    (note,) = one.notes
    assert note.startswith("app.log.1.gz is damaged and was read in part: ")


def test_a_huge_sparse_log_is_read_at_its_end_only(tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    with log.open("wb") as handle:
        handle.seek(5 * 2**30)
        handle.write(b"\n" + line(1, "ERROR it broke").encode() * 3)
    os.utime(log, (END - 60,) * 2)
    one, tally = scan(log)
    assert texts(tally)[-3:] == ["it broke"] * 3
    assert one.ends[0].offset == log.stat().st_size
    assert scan(log, rows=after(one, None, [log]))[0].read == 0


def test_a_huge_log_without_stamps_is_read_from_a_byte_that_is_named(tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    with log.open("wb") as handle:
        handle.write(b"ERROR:root:first\n" * 999)
        handle.seek(200 * 2**20)
        handle.write(b"\nERROR:root:last\n")
    os.utime(log, (END - 600,) * 2)
    one, tally = scan(log)
    assert texts(tally)[-1] == "root:last"
    assert one.bytes <= 65 * 2**20
    assert any("is read from byte" in note for note in one.notes)
    assert any(note.endswith("on are counted.") for note in one.notes)


def test_an_endless_line_is_cut_and_counted(tmp_path: Path) -> None:
    log = write(tmp_path / "app.log", line(2, "INFO a") + "x" * 3_000_000 + "\n" + line(1, "INFO b"))
    one, tally = scan(log)
    assert texts(tally) == ["a", "b"]
    assert one.notes == ["app.log: 1 lines of more than 64 KiB were cut."]


def test_records_without_stamps_count_as_a_whole_and_it_is_told(tmp_path: Path) -> None:
    log = write(tmp_path / "app.log", "ERROR:root:one\nERROR:root:two\n")
    one, tally = scan(log)
    assert (tally.entries, tally.dated) == (2, 0)
    assert one.notes == ["app.log has no time stamps: all of its entries are counted."]
    rows = after(one, None, [log])
    with log.open("a") as handle:
        handle.write("ERROR:root:three\n")
    os.utime(log, (END - 600,) * 2)
    one, tally = scan(log, rows=rows)
    assert texts(tally) == ["root:three"]
    assert one.notes == ["app.log has no time stamps: all from byte 30 on are counted."]


def test_stamps_from_the_future_are_taken_and_told_apart(tmp_path: Path) -> None:
    log = write(tmp_path / "app.log", line(1, "ERROR a") + line(-900, "ERROR b") + line(0.9, "ERROR c"))
    _, tally = scan(log)
    assert texts(tally) == ["a", "b", "c"]
    assert (tally.entries, tally.future) == (2, 1)


def test_an_old_rotations_missing_years_are_those_of_its_time(tmp_path: Path) -> None:
    old = write(tmp_path / "syslog.1", "Dec 31 23:00:00 host app: x\n", hours_ago=24 * (324 + 365))
    _, tally = scan(old)
    assert [record.when for record in tally.records] == [
        dt.datetime(2024, 12, 31, 23, tzinfo=dt.UTC).timestamp()
    ]


def test_a_file_renamed_after_it_was_pinned_is_read_under_its_new_name(tmp_path: Path) -> None:
    log = write(tmp_path / "app.log", line(1, "INFO a"))
    clock, tally = Clock(dt.UTC, NIGHT), Taken()
    pieces = plan([log], None, WINDOW, clock).pieces
    log.rename(tmp_path / "app.log.1")
    write(log, line(1, "INFO another"))
    assert Scan(pieces, WINDOW, clock, tally).advance(lambda: None)
    assert texts(tally) == ["a"]


@pytest.mark.parametrize("happened", ["removed", "replaced"])
def test_a_file_that_is_gone_is_an_error_with_a_reason(tmp_path: Path, happened: str) -> None:
    log = write(tmp_path / "app.log", line(1, "INFO a"))
    clock = Clock(dt.UTC, NIGHT)
    pieces = plan([log], None, WINDOW, clock).pieces
    other = write(tmp_path / "other", line(1, "INFO b"))
    log.unlink()
    if happened == "replaced":
        other.rename(log)
    with pytest.raises(Unreadable, match="No such file" if happened == "removed" else "rotated or cut"):
        Scan(pieces, WINDOW, clock, Taken()).advance(lambda: None)


def test_a_file_that_is_cut_while_it_is_read_gives_what_was_there(tmp_path: Path) -> None:
    log = write(
        tmp_path / "app.log", "".join(line(20 - n / 5000, f"INFO {n} {'x' * 90}") for n in range(9000))
    )
    clock, tally = Clock(dt.UTC, NIGHT), Taken()
    one = Scan(plan([log], None, WINDOW, clock).pieces, WINDOW, clock, tally, 1)
    for _ in range(3):
        assert not one.advance(lambda: None)
    os.truncate(log, 0)
    while not one.advance(lambda: None):
        pass
    count = len(tally.records)
    assert 0 < count < 9000
    assert texts(tally) == [f"{n} {'x' * 90}" for n in range(count)]
    assert one.notes == ["app.log is damaged and was read in part: it was cut while it was read."]


def test_a_stop_is_looked_for_while_old_bytes_are_passed_by(tmp_path: Path) -> None:
    packed = write(tmp_path / "app.log.1.gz", gzip.compress(b"x" * 99 + b"\n" * 30_000_000, 1))
    (pin, path) = members([packed])[0]
    looks = []
    one = Scan([(pin, path, 30_000_000)], WINDOW, Clock(dt.UTC, NIGHT), Taken())
    while not one.advance(lambda: looks.append(1)):
        pass
    assert len(looks) > 50
    assert one.bytes <= 200


def test_closing_twice_is_harmless(tmp_path: Path) -> None:
    log = write(tmp_path / "app.log", line(1, "INFO a") * 9)
    clock = Clock(dt.UTC, NIGHT)
    one = Scan(plan([log], None, WINDOW, clock).pieces, WINDOW, clock, Taken(), 1)
    one.advance(lambda: None)
    one.close()
    one.close()


def begun(path: Path, window: Window = WINDOW, learn: int = 0, zone: dt.tzinfo = dt.UTC) -> Beginning | None:
    ((pin, _),) = members([path])
    return beginning(pin, path, window, Clock(zone, NIGHT), learn)


def test_a_file_that_was_never_read_is_begun_where_the_window_needs_it(tmp_path: Path) -> None:
    assert begun(write(tmp_path / "new.log", line(1, "INFO a"))) == Beginning(0)
    old = write(tmp_path / "old.log", line(90, "INFO a"), 90)
    assert begun(old) == Beginning(0, old.stat().st_size)
    assert begun(write(tmp_path / "bare.log", "ERROR:root:a\n", 90)) is None
    assert begun(write(tmp_path / "old.log.1.gz", gzip.compress(b"x\n"), 90)) is None
    packed = begun(write(tmp_path / "old.log.1.gz", gzip.compress(b"x\n"), 90), learn=10_000)
    assert packed is not None
    assert packed.offset == 0
    assert 0 < packed.older < 10_000
    assert begun(write(tmp_path / "new.log.1.gz", gzip.compress(b"x\n"), 1)) == Beginning(0)


def large(path: Path, hours: list[float]) -> Path:
    """A log of 12,000 lines of half a kilobyte whose ages run through these hours."""
    per = 12_000 // (len(hours) - 1)
    ages = [a + (b - a) * n / per for a, b in itertools.pairwise(hours) for n in range(per)]
    return write(path, "".join(line(age, "INFO " + "x" * 500) for age in ages))


def test_an_hour_that_comes_twice_is_no_disorder(tmp_path: Path) -> None:
    log = large(tmp_path / "app.log", [100, 50, 51, 1])
    found = begun(log)
    assert found is not None
    assert log.stat().st_size * 0.5 < found.offset < log.stat().st_size * 0.85
    wild = large(tmp_path / "wild.log", [100, 50, 70, 1])
    assert window_offset(wild, wild.stat().st_size, WINDOW.start, Clock(dt.UTC, NIGHT)) is None
    assert begun(wild) == Beginning(0)


def test_json_and_container_lines_are_searched_by_their_stamps_too(tmp_path: Path) -> None:
    stamps = [NIGHT - dt.timedelta(hours=100 - n / 100) for n in range(10_000)]
    rows = (json.dumps({"log": "x" * 500 + "\n", "stream": "stdout", "time": s.isoformat()}) for s in stamps)
    log = write(tmp_path / "app.log", "\n".join(rows) + "\n")
    found = begun(log)
    assert found is not None
    assert found.offset > log.stat().st_size * 0.6
