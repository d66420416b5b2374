"""Archiving: what may be packed, what is left and why, and that nothing but what a person named is ever touched."""

import glob
import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from daydream.config.model import LogOptions
from daydream.processes import Stop
from daydream.records.change import Append, Change, Delete, Edit, Move, Pack, Place
from daydream.records.effect import Effect
from daydream.steps.log_archive import Where, archive_changes, candidates, matches, permitted
from daydream.store.applier import subject
from daydream.store.effects import EFFECTS
from daydream.store.effects.base import Ground, Standing
from daydream.store.log_rows import Position

NOW, DAY = 1_790_000_000.0, 86_400.0
GLOBS = ("logs/*.log*",)


@dataclass
class Shop:
    """A checkout with logs, a state folder, and a machine of its own around it."""

    base: Path
    unread: set[str] = field(default_factory=set)

    @property
    def root(self) -> Path:
        return self.base / "shop"

    @property
    def where(self) -> Where:
        return Where(self.root, self.base / "state", self.base / "machine")

    def write(self, name: str, days_ago: float = 3, text: str = "") -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text or f"records of {name}\n" * 50)
        os.utime(path, (NOW - days_ago * DAY,) * 2)
        return path

    def look(
        self, globs: tuple[str, ...] = GLOBS, where: Where | None = None, **options: int
    ) -> tuple[list[Change], list[str]]:
        paths = candidates(globs, self.root, (), lambda: None)
        positions = [self.position(path) for path in paths if path.name not in self.unread]
        most = {name: options.pop(name) for name in ("most_files", "most_bytes") if name in options}
        changes, notes = archive_changes(
            paths,
            positions,
            LogOptions(archive=globs, **options),
            NOW,
            where=where or self.where,
            check=lambda: None,
            **most,
        )
        assert all(permitted(change, globs, self.root) for change in changes)
        return list(changes), list(notes)

    def position(self, path: Path) -> Position:
        about = path.stat()
        return Position(about.st_dev, about.st_ino, about.st_size, 0, about.st_size)

    def do(self, changes: list[Change]) -> None:
        places: dict[Place, Path] = {"checkout": self.root}
        ground = Ground(places, self.root, self.base / "staged", self.base / "state/trash", Stop())
        for number, change in enumerate(changes):
            path, place = subject(change)
            kind = type(change).__name__.lower()
            blank = Effect(id=str(number), kind=kind, place=place, path=path)
            effect = EFFECTS[kind].stage(change, blank, ground)
            assert effect.problem is None
            EFFECTS[kind].act(effect, ground)
            assert EFFECTS[kind].standing(effect, ground) is Standing.DONE


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    made = Shop(tmp_path.resolve())
    for name in ("state", "machine/etc/logrotate.d", "machine/var/lib/logrotate", "machine/proc"):
        (made.base / name).mkdir(parents=True)
    made.write("logs/app.log", 0)
    return made


def packed(changes: list[Change]) -> list[str]:
    return [change.path for change in changes if isinstance(change, Pack)]


def test_rotations_that_were_read_and_rest_are_packed_the_oldest_first(shop: Shop) -> None:
    shop.write("logs/app.log.1", 2)
    old = shop.write("logs/app.log.2", 5)
    changes, notes = shop.look()
    assert changes[0] == Pack(
        place="checkout",
        path="logs/app.log.2",
        target="logs/app.log.2.gz",
        sha256=hashlib.sha256(old.read_bytes()).hexdigest(),
        size=old.stat().st_size,
    )
    assert packed(changes) == ["logs/app.log.2", "logs/app.log.1"]
    assert notes == []


def test_nothing_is_named_so_nothing_is_packed(shop: Shop) -> None:
    shop.write("logs/app.log.1")
    assert shop.look(()) == ([], [])


def test_the_live_log_and_what_was_written_to_lately_are_passed_over(shop: Shop) -> None:
    shop.write("logs/quiet.log", 90)
    shop.write("logs/app.log.1", 0.9)
    shop.write("logs/app.log.2", 1.1)
    shop.write("logs/app.log.3", -4)
    (shop.root / "logs/app.log.4").touch()
    os.utime(shop.root / "logs/app.log.4", (0, 0))
    changes, notes = shop.look()
    assert packed(changes) == ["logs/app.log.2"]
    assert packed(shop.look(archive_after_days=2)[0]) == []
    assert notes == []


def test_where_every_log_has_a_date_the_newest_is_the_live_one(shop: Shop) -> None:
    for day in (18, 19, 20):
        shop.write(f"logs/web-2026-09-{day}.log", 30 - day)
    shop.write("logs/web-2026-09-25.log.gz", 2)
    changes, _ = shop.look()
    assert packed(changes) == ["logs/web-2026-09-18.log", "logs/web-2026-09-19.log"]


def _hard_link(path: Path) -> None:
    path.with_name("another name").hardlink_to(path)


def _link(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))
    path.symlink_to("elsewhere")


def _rotated_by_config(path: Path) -> None:
    config = path.parents[2] / "machine/etc/logrotate.d/shop"
    config.write_text(f'# our shop\nweekly\n{path.parent}/*.log "/srv/other log" {{\n  rotate 4\n}}\n')


def _rotated_by_status(path: Path) -> None:
    status = path.parents[2] / "machine/var/lib/logrotate/status"
    status.write_text(f'logrotate state -- version 2\n"{path.parent}/app.log" 2026-9-20-6:25:1\n')


def _opened_by_a_program(path: Path) -> None:
    process = path.parents[2] / "machine/proc/77"
    for name in ("fd", "fdinfo"):
        (process / name).mkdir(parents=True)
    (process / "fd/4").symlink_to(path)
    (process / "fdinfo/4").write_text("pos:\t0\nflags:\t0102001\n")


def _name_taken(path: Path) -> None:
    path.with_name("app.log.1.gz").touch()
    path.with_name("app.log.1-20260918_141320.gz").touch()


def _too_long(path: Path) -> None:
    os.utime(path.rename(path.with_name(f"app.log{'g' * 200}.1")), (NOW - 3 * DAY,) * 2)
    path.with_name(f"app.log{'g' * 200}").touch()


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (_hard_link, "they are links, lie behind one, or have several names"),
        (_link, "they are links, lie behind one, or have several names"),
        (_rotated_by_config, "logrotate rotates them"),
        (_rotated_by_status, "logrotate rotates them"),
        (_opened_by_a_program, "a program has them open for writing"),
        (_name_taken, "the names of their archives are taken"),
        (_too_long, "their names are not UTF-8, or too long"),
    ],
)
def test_what_somebody_else_has_a_use_for_is_left_with_its_reason(
    shop: Shop, spoil: Callable[[Path], None], why: str
) -> None:
    spoil(shop.write("logs/app.log.1"))
    changes, notes = shop.look()
    assert changes == []
    assert len(notes) == 1
    assert notes[0].startswith("Not archived: logs/app.log")
    assert why in notes[0]


def test_a_file_that_is_only_read_by_a_program_is_packed(shop: Shop) -> None:
    _opened_by_a_program(shop.write("logs/app.log.1"))
    (shop.base / "machine/proc/77/fdinfo/4").write_text("pos:\t0\nflags:\t0100000\n")
    assert packed(shop.look()[0]) == ["logs/app.log.1"]


def test_logrotate_s_other_logs_keep_nobody_from_packing(shop: Shop) -> None:
    path = shop.write("logs/app.log.1")
    config = shop.base / "machine/etc/logrotate.d/shop"
    config.write_text(
        f"#{path.parent}/*.log\n/var/log/syslog\n{{\n  postrotate\n    /bin/true\n  endscript\n}}\n"
    )
    assert packed(shop.look()[0]) == ["logs/app.log.1"]


def test_what_tonights_reading_did_not_finish_is_left(shop: Shop) -> None:
    for number in range(1, 6):
        shop.write(f"logs/app.log.{number}")
        shop.unread.add(f"app.log.{number}")
    grown = shop.write("logs/other.log.1")
    shop.write("logs/other.log")
    before = shop.position(grown)
    shop.write("logs/other.log.1", text="records and more of them")
    paths = candidates(GLOBS, shop.root, (), lambda: None)
    options = LogOptions(archive=GLOBS)
    changes, notes = archive_changes(paths, [before], options, NOW, where=shop.where, check=lambda: None)
    assert changes == ()
    names = "logs/app.log.1, logs/app.log.2, logs/app.log.3 and 3 more"
    assert notes == (f"Not archived: {names}: tonight's reading did not come to their end.",)


def test_a_name_that_is_not_text_is_left_and_told_as_text(shop: Shop) -> None:
    shop.write(os.fsdecode(b"logs/b\xff.log"), text="x")
    shop.write(os.fsdecode(b"logs/b\xff.log.1"), text="x")
    changes, notes = shop.look()
    assert changes == []
    assert "not UTF-8" in notes[0]
    notes[0].encode("utf-8")


def test_files_behind_a_link_to_a_folder_are_left(shop: Shop) -> None:
    shop.write("deep/app.log")
    shop.write("deep/app.log.1")
    (shop.root / "linked").symlink_to("deep")
    changes, notes = shop.look(("linked/*.log.*",))
    assert changes == []
    assert notes == ["Not archived: linked/app.log.1: they are links, lie behind one, or have several names."]


def test_an_absolute_glob_outside_the_checkout_packs_in_its_place(shop: Shop) -> None:
    shop.write("../var/log/app.log", 0)
    path = shop.write("../var/log/app.log.1").resolve()
    for globs in ((f"{path.parent}/*.log.*",), ("../var/log/*.log.*",)):
        found, _ = shop.look(globs)
        assert [(c.place, c.path, c.target) for c in found if isinstance(c, Pack)] == [
            ("machine", str(path), f"{path}.gz")
        ]
    changes, _ = shop.look((f"{path.parent}/*.log.*",))
    shop.do(changes)
    assert sorted(each.name for each in path.parent.iterdir()) == ["app.log", "app.log.1.gz"]


def test_a_night_packs_no_more_than_it_has_time_for(shop: Shop) -> None:
    for number in range(1, 5):
        shop.write(f"logs/app.log.{number}", 2 + number, "x" * 600)
    changes, notes = shop.look(most_files=3)
    assert packed(changes) == ["logs/app.log.4", "logs/app.log.3", "logs/app.log.2"]
    assert notes == [
        "Not archived: logs/app.log.1: there is more than one night packs; they follow in the next nights."
    ]
    assert packed(shop.look(most_bytes=500)[0]) == ["logs/app.log.4"]
    assert packed(shop.look(most_bytes=1200)[0]) == ["logs/app.log.4", "logs/app.log.3"]


def test_rotations_that_move_on_get_archives_of_their_own(shop: Shop) -> None:
    for days in (9, 6, 3):
        shop.write("logs/app.log.1", days, f"night {days}\n" * 9)
        shop.do(shop.look()[0])
    names = sorted(path.name for path in (shop.root / "logs").iterdir())
    assert names == [
        "app.log",
        "app.log.1-20260915_141320.gz",
        "app.log.1-20260918_141320.gz",
        "app.log.1.gz",
    ]
    assert shop.look() == ([], [])


def test_archives_go_when_their_log_is_old_enough_and_others_never(shop: Shop) -> None:
    for days in (9, 40, 50):
        shop.write("logs/app.log.1", days, f"night {days}\n")
        shop.do(shop.look()[0])
    shop.write("logs/theirs.log.1.gz", 400)
    shop.write("logs/theirs.log.2.xz", 400)
    (shop.root / "logs/theirs.log.3.gz").symlink_to("app.log.1.gz")
    assert not any(isinstance(change, Delete) for change in shop.look()[0])
    changes, _ = shop.look(archive_keep_days=30)
    assert [change.path for change in changes if isinstance(change, Delete)] == [
        "logs/app.log.1-20260802_141320.gz",
        "logs/app.log.1-20260812_141320.gz",
    ]
    shop.do(changes)
    assert shop.look(archive_keep_days=30)[0] == []
    kept = sorted(path.name for path in (shop.root / "logs").glob("app.log.1*"))
    assert kept == ["app.log.1.gz"]


def test_an_archive_on_another_disk_than_the_trash_is_left_and_told(shop: Shop) -> None:
    shop.write("logs/app.log.1", 40)
    shop.do(shop.look()[0])
    elsewhere = Where(shop.root, Path("/proc"), shop.base / "machine")
    changes, notes = shop.look(where=elsewhere, archive_keep_days=30)
    assert changes == []
    assert notes == ["Not archived: logs/app.log.1.gz: the trash is on another disk; delete them yourself."]


def test_daydreams_own_logs_are_no_candidates(shop: Shop) -> None:
    own = shop.write("logs/daydream/x.log.1").parent
    shop.write("logs/daydream.log.1")
    shop.write("logs/app.log.1")
    found = candidates(("logs/**/*.log.*",), shop.root, (own,), lambda: None)
    assert [path.name for path in found] == ["app.log.1"]


PATTERNS = (
    *(
        "*",
        "**",
        "**/*",
        "*.log.*",
        "logs/*",
        "logs/*.log.[0-9]",
        "logs/**/*.log.*",
        "**/*.log.1",
        "logs/./a.log.?",
    ),
    *(
        ".*/*",
        "**/.hid/*",
        "logs/.*",
        "LOGS/*",
        "../*/logs/*",
        "logs/[!a]*",
        "lo*/sub/*",
        "logs/a.log.1",
        "logs/",
    ),
)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_glob_matches_what_the_shell_would_find(shop: Shop, pattern: str) -> None:
    names = (
        "a.log.1",
        "b.log.2",
        "c.log.10",
        ".hidden.log.1",
        "sub/d.log.1",
        "sub/.hid/e.log.1",
        "[x].log.1",
    )
    every = [shop.write(f"logs/{name}") for name in names] + [
        shop.write(".secret/f.log.1"),
        shop.write("g.log.1"),
    ]
    full = f"{glob.escape(str(shop.root))}/{pattern}"
    found = {Path(os.path.normpath(text)) for text in glob.glob(full, recursive=True)}  # noqa: PTH207 -- what it finds is the point
    assert {path for path in every if matches(path, pattern, shop.root)} == {p for p in every if p in found}


def _pack(path: str, place: Place = "checkout") -> Pack:
    return Pack(place=place, path=path, target=f"{path}.gz", sha256="0", size=1)


def test_only_packing_what_is_named_and_deleting_what_was_packed_is_permitted(shop: Shop) -> None:
    shop.write("logs/app.log.1")
    shop.do(shop.look()[0])
    shop.write("logs/theirs.log.1.gz")
    globs = ("logs/*.log.[0-9]", "/var/log/app/*.log.*")
    allowed: list[Change] = [
        _pack("logs/app.log.7"),
        _pack("/var/log/app/a.log.1", "machine"),
        Delete(place="checkout", path="logs/app.log.1.gz"),
    ]
    refused: list[Change] = [
        _pack("logs/app.log"),
        _pack("logs/app.log.1.gz"),
        _pack("logs/sub/app.log.1"),
        _pack("logs/../logs/app.log.1"),
        _pack("/var/log/a.log.1", "machine"),
        _pack("/var/log/app/../../../etc/a.log.1", "machine"),
        _pack("logs/app.log.1", "state"),
        Delete(place="checkout", path="logs/app.log.1"),
        Delete(place="checkout", path="logs/theirs.log.1.gz"),
        Delete(place="checkout", path="logs"),
        Delete(place="machine", path="/var/log/app/a.log.1"),
        Move(place="checkout", path="logs/app.log.1", target="logs/app.log.2"),
        Edit(place="checkout", path="logs/app.log.1", content=b""),
        Append(place="machine", path="/var/log/app/a.log.1", content=b"x"),
    ]
    assert [permitted(change, globs, shop.root) for change in allowed] == [True] * len(allowed)
    assert [change for change in refused if permitted(change, globs, shop.root)] == []
    assert not any(permitted(change, (), shop.root) for change in allowed)
