"""What nights read of a log that is written to, rotated, cut and packed is every line, once."""

import bz2
import datetime as dt
import gzip
import json
import lzma
import os
import random
import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daydream.analysis.logs.positions import Plan, after, plan
from daydream.analysis.logs.records import Record
from daydream.analysis.logs.scan import Scan, Window
from daydream.analysis.logs.sources import MOST_MEMBERS, Unreadable, family_of, find_pinned
from daydream.analysis.logs.tally import Tally
from daydream.analysis.logs.times import Clock

START = dt.datetime(2026, 11, 20, 2, 0, tzinfo=dt.UTC)
DAY = 86_400.0
PACKERS: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
}


class Seen:
    """Takes records as a tally does, and keeps the numbers of the lines in them."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.entries = 0

    def add(self, record: Record, *, undated: bool, present: float) -> None:
        self.records.append(record)
        self.entries += 1

    @property
    def numbers(self) -> list[int]:
        text = "\n".join(line for record in self.records for line in (record.text, *record.more))
        return [int(number) for number in re.findall(r"<(\d+)>", text)]


class Follower:
    """Reads a log on several nights, as the step does."""

    def __init__(self, log: Path) -> None:
        self.log = log
        self.rows: list[Any] | None = None
        self.before: float | None = None
        self.seen: Counter[int] = Counter()

    def paths(self) -> list[Path]:
        family = family_of(self.log)
        return sorted(path for path in self.log.parent.iterdir() if family_of(path) == family)

    def plan(self, now: float, learn: int = 2**26) -> Plan:
        start = now - DAY if self.before is None else min(now - DAY, self.before)
        clock = Clock(dt.UTC, dt.datetime.fromtimestamp(now, dt.UTC))
        return plan(self.paths(), self.rows, Window(start, now), clock, learn)

    def scan(self, now: float, pieces: list[Any], part: int) -> Scan:
        clock = Clock(dt.UTC, dt.datetime.fromtimestamp(now, dt.UTC))
        return Scan(pieces, Window(now - DAY, now), clock, cast(Tally, Seen()), part)

    def night(self, now: float, *, part: int = 2**22, killed: Callable[[], None] | None = None) -> list[int]:
        """Read what is new; `killed`: the process dies after a part, that happens, another goes on."""
        paths = self.paths()
        if not paths:
            return []
        pieces = self.plan(now).pieces
        scan = self.scan(now, pieces, part)
        if killed is not None and not scan.advance(lambda: None):
            scan.close()
            killed()
            pins = [pin for pin, _, _ in pieces]
            again = find_pinned(pins, paths)
            assert again is not None
            scan = self.scan(
                now, [(pin, path, pin.start) for pin, path in zip(pins, again, strict=True)], part
            )
        while not scan.advance(lambda: None):
            pass
        numbers = cast(Seen, scan.tally).numbers
        self.seen.update(numbers)
        self.rows, self.before = after(scan, self.rows, paths), now
        return numbers


class Writer:
    """An application that writes numbered lines, and whatever rotates its log."""

    def __init__(self, folder: Path) -> None:
        self.log = folder / "app.log"
        self.now = START.timestamp()
        self.written = 0
        self.half = ""
        self.handle = self.log.open("ab", buffering=0)
        self.touched: list[Path] = []

    def lines(self, count: int, size: int = 30) -> None:
        self.complete()
        for _ in range(count):
            self.put(self.line(size) + "\n")

    def line(self, size: int = 30) -> str:
        self.written += 1
        stamp = dt.datetime.fromtimestamp(self.now, dt.UTC)
        padding = random.Random(self.written).randbytes(size // 2).hex()
        return f"{stamp:%Y-%m-%d %H:%M:%S} INFO <{self.written}> {padding}"

    def begin_line(self) -> None:
        self.complete()
        line = self.line()
        self.put(line[:-10])
        self.half = line[-10:] + "\n"

    def complete(self) -> None:
        if self.half:
            self.put(self.half)
            self.half = ""

    def put(self, text: str) -> None:
        self.handle.write(text.encode())
        self.stamp(Path(f"/proc/self/fd/{self.handle.fileno()}"))

    def stamp(self, path: Path) -> None:
        os.utime(path, (self.now, self.now))

    def reopen(self) -> None:
        self.complete()
        self.handle.close()
        self.handle = self.log.open("ab", buffering=0)
        self.stamp(self.log)

    def shift(self) -> None:
        numbered = [path for path in self.log.parent.iterdir() if re.match(r"app\.log\.\d", path.name)]
        for path in sorted(numbered, key=lambda path: int(path.name.split(".")[2]), reverse=True):
            parts = path.name.split(".")
            parts[2] = str(int(parts[2]) + 1)
            path.rename(path.with_name(".".join(parts)))

    def rename(self) -> None:
        """Rotate; the application goes on in the renamed file until it reopens its log."""
        self.reopen()
        self.shift()
        self.log.rename(self.log.with_name("app.log.1"))

    def date(self) -> None:
        self.reopen()
        stamp = dt.datetime.fromtimestamp(self.now, dt.UTC)
        name = self.log.with_name(f"app.log-{stamp:%Y%m%d-%H%M%S}")
        if not name.exists():
            self.log.rename(name)
            self.reopen()

    def copy_and_cut(self) -> None:
        self.complete()
        self.reopen()
        self.shift()
        shutil.copy(self.log, self.log.with_name("app.log.1"))
        self.stamp(self.log.with_name("app.log.1"))
        os.truncate(self.log, 0)
        self.stamp(self.log)

    def pack(self, ending: str) -> None:
        """Pack the rotations, as gzip does: the same time, another inode."""
        self.reopen()
        for path in sorted(self.log.parent.iterdir()):
            if path != self.log and path.suffix not in PACKERS:
                about = path.stat()
                packed = path.with_name(path.name + ending)
                packed.write_bytes(PACKERS[ending](path.read_bytes()))
                os.utime(packed, (about.st_mtime, about.st_mtime))
                path.unlink()


ACTS = st.one_of(
    st.tuples(st.just("lines"), st.integers(1, 40)),
    st.tuples(st.just("long"), st.integers(1, 3)),
    st.tuples(st.just("half"), st.just(0)),
    st.tuples(st.just("rename"), st.just(0)),
    st.tuples(st.just("reopen"), st.just(0)),
    st.tuples(st.just("date"), st.just(0)),
    st.tuples(st.just("copy"), st.just(0)),
    st.tuples(st.just("pack"), st.sampled_from(sorted(PACKERS))),
    st.tuples(st.just("wait"), st.sampled_from([1.0, 100.0, 301.0, 20_000.0, 90_000.0])),
    st.tuples(st.just("night"), st.sampled_from([2**22, 100])),
    st.tuples(st.just("killed"), st.just(100)),
)


def act(writer: Writer, follower: Follower, what: str, how: Any) -> None:
    """Let one thing happen."""
    simple: dict[str, Callable[[], Any]] = {
        "half": writer.begin_line,
        "rename": writer.rename,
        "reopen": writer.reopen,
        "date": writer.date,
        "copy": writer.copy_and_cut,
        "lines": lambda: writer.lines(how),
        "long": lambda: writer.lines(how, 5000),
        "pack": lambda: writer.pack(how),
        "night": lambda: follower.night(writer.now, part=how),
        "killed": lambda: follower.night(writer.now, part=how, killed=lambda: writer.lines(3)),
    }
    writer.now += how if what == "wait" else 1.0
    if what in simple:
        simple[what]()


@settings(max_examples=150, deadline=None)
@given(st.lists(ACTS, max_size=25))
def test_whatever_happens_to_a_log_every_line_is_read_once(acts: list[tuple[str, Any]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        writer = Writer(Path(folder))
        follower = Follower(writer.log)
        for what, how in acts:
            act(writer, follower, what, how)
        writer.now += 600
        follower.night(writer.now)
        writer.handle.close()
        assert follower.seen == Counter(range(1, writer.written + 1))


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[Writer]:
    writer = Writer(tmp_path)
    yield writer
    writer.handle.close()


@pytest.fixture
def follower(writer: Writer) -> Follower:
    """One who has read three lines of the log."""
    follower = Follower(writer.log)
    writer.lines(3)
    assert follower.night(writer.now) == [1, 2, 3]
    writer.now += 3600
    return follower


def test_a_log_that_grew_goes_on_where_it_ended(writer: Writer, follower: Follower) -> None:
    writer.lines(2)
    ((pin, path, offset),) = follower.plan(writer.now).pieces
    assert (path, offset, pin.start) == (writer.log, follower.rows and follower.rows[0][2], offset)
    assert follower.night(writer.now) == [4, 5]


def test_a_log_with_nothing_new_is_not_opened_and_its_row_is_kept(writer: Writer, follower: Follower) -> None:
    before = follower.rows
    assert follower.plan(writer.now) == Plan([], [])
    assert follower.night(writer.now) == []
    assert follower.rows == before


def test_a_renamed_log_goes_on_under_its_new_name(writer: Writer, follower: Follower) -> None:
    writer.rename()
    writer.lines(2)
    writer.reopen()
    writer.lines(1)
    assert follower.night(writer.now) == [4, 5, 6]


def test_a_renamed_log_is_found_where_only_the_log_itself_is_named(
    writer: Writer, follower: Follower
) -> None:
    writer.lines(1)
    writer.rename()
    writer.reopen()
    writer.lines(1)
    window = Window(writer.now - DAY, writer.now)
    found = plan([writer.log], follower.rows, window, Clock(dt.UTC, START))
    assert [path.name for _, path, _ in found.pieces] == ["app.log.1", "app.log"]
    (writer.log.parent / "app.log.9").write_text("2026-11-20 02:00:00 INFO not ours\n")
    assert plan([writer.log], follower.rows, window, Clock(dt.UTC, START)).pieces == found.pieces


@pytest.mark.parametrize("ending", sorted(PACKERS))
def test_a_packed_rotation_goes_on_at_the_unpacked_byte(
    writer: Writer, follower: Follower, ending: str
) -> None:
    writer.lines(1500)
    follower.night(writer.now)
    writer.lines(2)
    size = writer.log.stat().st_size
    writer.rename()
    writer.pack(ending)
    assert follower.night(writer.now) == [1504, 1505]
    assert follower.plan(writer.now).pieces == []
    assert size in [row[2] for row in follower.rows or []]


def test_a_copied_and_cut_log_is_new_and_its_copy_goes_on(writer: Writer, follower: Follower) -> None:
    writer.lines(1)
    writer.copy_and_cut()
    writer.lines(9)
    assert follower.night(writer.now) == list(range(4, 14))


def test_a_log_that_was_overwritten_is_read_from_its_beginning_and_the_gap_is_told(
    writer: Writer, follower: Follower
) -> None:
    writer.log.write_bytes(b"")
    writer.lines(5)
    (note,) = follower.plan(writer.now).notes
    assert "was overwritten" in note
    assert follower.night(writer.now) == [4, 5, 6, 7, 8]
    assert follower.plan(writer.now).notes == []


def test_other_bytes_under_the_same_beginning_are_another_file(writer: Writer) -> None:
    follower = Follower(writer.log)
    banner = "starting up\n" * 1000
    writer.put(banner)
    writer.lines(10)
    follower.night(writer.now)
    writer.log.write_bytes(banner.encode())
    writer.lines(20)
    assert follower.night(writer.now) == list(range(11, 31))


def test_an_inode_that_another_file_has_now_is_a_new_file(writer: Writer, follower: Follower) -> None:
    assert follower.rows is not None
    other = writer.log.with_name("app.log.1")
    other.write_text("2026-11-20 02:00:00 INFO <77> another\n" * 9)
    about = other.stat()
    follower.rows.insert(0, [about.st_dev, about.st_ino, 90, 12345, 90, 12345])
    assert follower.night(writer.now) == [77] * 9


def test_a_line_without_end_waits_while_the_log_is_written_to(writer: Writer, follower: Follower) -> None:
    writer.lines(1)
    writer.begin_line()
    assert follower.night(writer.now) == [4]
    writer.now += 299
    assert follower.plan(writer.now).pieces == []
    writer.now += 2
    assert follower.night(writer.now) == [5]
    writer.complete()
    writer.lines(1)
    assert follower.night(writer.now) == [6]


def test_an_endless_line_is_taken_in_part_once(writer: Writer, follower: Follower) -> None:
    writer.put(writer.line(300_000))
    assert follower.night(writer.now) == [4]
    writer.put("y" * 100_000 + "\n")
    writer.lines(1)
    assert follower.night(writer.now) == [5]


def test_a_log_that_grows_while_it_is_read_ends_where_it_was_pinned(
    writer: Writer, follower: Follower
) -> None:
    writer.lines(2)
    pieces = follower.plan(writer.now).pieces
    writer.lines(2)
    scan = follower.scan(writer.now, pieces, 2**22)
    assert scan.advance(lambda: None)
    assert cast(Seen, scan.tally).numbers == [4, 5]


def test_a_half_packed_rotation_is_read_as_far_as_it_is_whole_and_goes_on(writer: Writer) -> None:
    follower = Follower(writer.log)
    writer.lines(3000, 50)
    writer.rename()
    writer.reopen()
    plain = writer.log.with_name("app.log.1")
    whole = gzip.compress(plain.read_bytes())
    packed = writer.log.with_name("app.log.1.gz")
    packed.write_bytes(whole[: len(whole) // 2])
    writer.stamp(packed)
    plain.unlink()
    first = follower.night(writer.now)
    assert first == list(range(1, len(first) + 1))
    assert 100 < len(first) < 3000
    assert follower.plan(writer.now).pieces == []
    with packed.open("ab") as handle:
        handle.write(whole[len(whole) // 2 :])
    writer.stamp(packed)
    assert follower.night(writer.now) == list(range(len(first) + 1, 3001))


def test_on_the_first_night_older_records_are_read_up_to_a_bound(writer: Writer) -> None:
    for day in range(6):
        writer.lines(200, 1000)
        writer.date()
        writer.now = START.timestamp() + (day + 1) * DAY
    writer.now -= 60
    writer.pack(".gz")
    writer.lines(200, 1000)

    def first(learn: int) -> int:
        return len(Follower(writer.log).plan(writer.now, learn).pieces)

    assert first(2**26) == 7
    assert 2 < first(3_000_000) < first(5_000_000) < 7
    # The rotation of the night before is in the window, whatever may be learned.
    assert first(0) == 2


def test_of_a_large_log_only_what_may_be_learned_is_read_before_the_window(writer: Writer) -> None:
    for _ in range(60):
        writer.lines(100, 1000)
        writer.now += 2 * 3600
    size = writer.log.stat().st_size

    def begun(learn: int) -> int:
        ((_, _, offset),) = Follower(writer.log).plan(writer.now, learn).pieces
        return offset

    assert size > 6_000_000
    assert size * 0.6 < begun(0) < size * 0.8
    assert begun(0) - begun(1_000_000) == pytest.approx(1_000_000, abs=2)
    assert begun(2**26) == 0
    follower = Follower(writer.log)
    pieces = follower.plan(writer.now, 1_000_000).pieces
    scan = follower.scan(writer.now, pieces, 2**26)
    assert scan.advance(lambda: None)
    numbers = cast(Seen, scan.tally).numbers
    assert numbers == list(range(numbers[0], 6001))


def test_of_many_rotations_the_newest_are_read_and_the_others_are_told(writer: Writer) -> None:
    for _ in range(MOST_MEMBERS + 4):
        writer.lines(1)
        writer.now += 60
        writer.date()
    found = Follower(writer.log).plan(writer.now)
    assert len(found.pieces) == MOST_MEMBERS
    assert found.pieces[-1][1] == writer.log
    assert found.notes == [f"Of {MOST_MEMBERS + 5} rotations only the newest {MOST_MEMBERS} were read."]


def test_what_cannot_be_read_is_told_and_keeps_its_row(writer: Writer, follower: Follower) -> None:
    writer.lines(1)
    writer.rename()
    writer.reopen()
    follower.night(writer.now)
    rows = follower.rows
    (writer.log.parent / "app.log.7").symlink_to("nowhere")
    os.mkfifo(writer.log.parent / "app.log.8")
    (writer.log.parent / "app.log.9").mkdir()
    notes = sorted(follower.plan(writer.now).notes)
    assert [note.split(" (")[0] for note in notes] == [f"app.log.{n} cannot be read" for n in (7, 8, 9)]
    assert "not an ordinary file" in notes[1]
    assert follower.night(writer.now) == []
    assert follower.rows == rows


@pytest.mark.parametrize("kind", ["gone", "pipe", "folder"])
def test_where_nothing_can_be_read_that_is_the_reason(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "app.log"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    with pytest.raises(Unreadable):
        plan([path], None, Window(0, 1), Clock(dt.UTC, START))


def test_rows_survive_json(writer: Writer, follower: Follower) -> None:
    follower.rows = json.loads(json.dumps(follower.rows))
    writer.lines(1)
    assert follower.night(writer.now) == [4]
    (row,) = follower.rows or []
    assert all(isinstance(value, int) for value in row)
    writer.lines(1)
    follower.rows = [row[:5]]
    assert follower.night(writer.now) == [5]


def test_a_row_without_the_last_bytes_still_tells_that_a_log_was_cut(writer: Writer) -> None:
    follower = Follower(writer.log)
    writer.lines(300)
    follower.night(writer.now)
    follower.rows = [row[:5] for row in follower.rows or []]
    os.truncate(writer.log, 9000)
    ((_, _, offset),) = follower.plan(writer.now).pieces
    assert offset == 0


def test_of_two_rows_with_one_beginning_the_further_counts(writer: Writer) -> None:
    follower = Follower(writer.log)
    writer.lines(200)
    follower.night(writer.now)
    early = follower.rows or []
    writer.lines(100)
    follower.night(writer.now)
    late = follower.rows or []
    follower.rows = [[1, 2, *early[0][2:]], [1, 3, *late[0][2:]], [1, 4, *early[0][2:]]]
    writer.lines(1)
    assert follower.night(writer.now) == [301]


def test_a_packed_copy_beside_its_rotation_is_left_out(writer: Writer, follower: Follower) -> None:
    writer.lines(1)
    writer.rename()
    writer.reopen()
    plain = writer.log.with_name("app.log.1")
    plain.with_name("app.log.1.gz").write_bytes(gzip.compress(plain.read_bytes()))
    assert follower.night(writer.now) == [4]
    plain.unlink()
    assert follower.night(writer.now) == []


def test_an_old_archive_that_appears_later_is_not_read(writer: Writer, follower: Follower) -> None:
    old = writer.log.with_name("app.log.9.gz")
    old.write_bytes(gzip.compress(b"2026-11-01 02:00:00 INFO <99> x\n"))
    os.utime(old, (writer.now - 20 * DAY,) * 2)
    assert follower.plan(writer.now).pieces == []
    follower.rows = None
    assert len(follower.plan(writer.now).pieces) == 2


def test_a_restart_in_the_middle_reads_the_same_parts(writer: Writer) -> None:
    follower = Follower(writer.log)
    writer.lines(400, 2000)
    seen = [follower.night(writer.now, part=300_000)]
    for part in (1, 300_000):
        again = Follower(writer.log)
        seen.append(again.night(writer.now, part=part, killed=writer.rename))
        writer.log.with_name("app.log.1").rename(writer.log)
    assert seen[0] == seen[1] == seen[2] == list(range(1, 401))


@pytest.mark.parametrize("in_place", [False, True])
def test_a_log_cut_at_its_beginning_is_read_on_from_where_it_was(tmp_path: Path, in_place: bool) -> None:
    writer, reader = Writer(tmp_path), Follower(tmp_path / "app.log")
    writer.lines(400)
    assert reader.night(writer.now) == list(range(1, 401))
    kept = b"".join(writer.log.read_bytes().splitlines(keepends=True)[-100:])
    if in_place:
        writer.log.write_bytes(kept)
    else:
        (tmp_path / "rest").write_bytes(kept)
        (tmp_path / "rest").rename(writer.log)
    writer.handle.close()
    writer.handle = writer.log.open("ab", buffering=0)
    writer.now += DAY
    writer.lines(30)
    assert reader.night(writer.now) == list(range(401, 431))
    writer.now += DAY
    writer.lines(5)
    assert reader.night(writer.now) == list(range(431, 436))
    writer.handle.close()


def test_another_log_under_the_old_name_is_read_from_its_beginning(tmp_path: Path) -> None:
    writer, reader = Writer(tmp_path), Follower(tmp_path / "app.log")
    writer.lines(400)
    reader.night(writer.now)
    writer.log.write_bytes(b"")
    writer.now += DAY
    writer.lines(300)
    assert reader.night(writer.now) == list(range(401, 701))
    writer.handle.close()
