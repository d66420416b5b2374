"""The shop whose logs the benchmarks read: the same seed gives the same bytes, and no line is lost or told twice."""

import gzip
import itertools
from collections import Counter
from pathlib import Path

import pytest

from bench.logs_world import LEARNING, Effect, World
from bench.logs_world_files import FORMATS, KEPT
from bench.logs_world_source import sources
from bench.logs_world_templates import APP, WORKER, Template

SEEDS = (4, 2017)
LITTLE = 0.15


def written(seed: int, folder: Path, days: int = 3) -> dict[str, bytes]:
    world = World(seed, rate=LITTLE)
    for day in range(days):
        world.write_day(folder, day)
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def everything(folder: Path, log: str) -> list[str]:
    """All lines of a log and its rotations."""
    lines: list[str] = []
    for path in folder.iterdir():
        if path.name.startswith(log):
            data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
            lines += data.decode().splitlines()
    return lines


@pytest.mark.parametrize("seed", SEEDS)
def test_a_seed_gives_the_same_bytes_again(seed: int, tmp_path: Path) -> None:
    first, again = written(seed, tmp_path / "one"), written(seed, tmp_path / "two")
    assert first == again
    assert first != written(seed + 1, tmp_path / "three")


@pytest.mark.parametrize("seed", SEEDS)
def test_rotation_loses_and_repeats_no_line(seed: int, tmp_path: Path) -> None:
    world = World(seed, rate=LITTLE)
    written(seed, tmp_path, KEPT - 1)
    for source in world.sources:
        said = [record for day in range(KEPT - 1) for record in world.records(day) if record.source == source]
        texts = [FORMATS[world.formats[source]](record, world.zone) for record in said]
        assert Counter(everything(tmp_path, source)) == Counter("".join(texts).splitlines())


@pytest.mark.parametrize("seed", SEEDS)
def test_a_log_is_rotated_every_day_and_only_a_week_is_kept(seed: int, tmp_path: Path) -> None:
    written(seed, tmp_path, KEPT + 3)
    packed = [f"app.log.{number}.gz" for number in range(2, KEPT + 1)]
    assert sorted(p.name for p in tmp_path.glob("app.log*")) == sorted(["app.log", "app.log.1", *packed])


def test_renaming_keeps_the_file_and_copying_keeps_the_name(tmp_path: Path) -> None:
    world = World(2017, rate=LITTLE)
    assert world.copying == {WORKER}
    world.write_day(tmp_path, 0)
    renamed, copied = (tmp_path / APP).stat().st_ino, (tmp_path / WORKER).stat().st_ino
    world.write_day(tmp_path, 1)
    assert (tmp_path / "app.log.1").stat().st_ino == renamed
    assert (tmp_path / WORKER).stat().st_ino == copied


@pytest.mark.parametrize("seed", SEEDS)
def test_records_lie_in_their_day_in_order_and_follow_the_working_hours(seed: int) -> None:
    world = World(seed)
    for day in range(3):
        records = world.records(day)
        start, end = world.night(day - 1).timestamp(), world.night(day).timestamp()
        assert all(start <= record.when < end for record in records)
        assert all(a.when <= b.when for a, b in itertools.pairwise(records))
        assert 1_000 < len(records) < 12_000
    workday = next(d for d in range(1, 8) if world.weekday(d) < 5)
    hours = Counter(
        int((r.when - world.at(workday, 2)) // 3600) + 2 for r in world.records(workday) if r.source == APP
    )
    assert hours[11] > 3 * hours[4]


def test_seldom_errors_are_seen_in_the_week_of_learning() -> None:
    world = World(1)
    seldom = [t for t in world.templates if t.level == "ERROR" and t.amount < 4]
    seen = {record.logger + record.level for day in range(LEARNING) for record in world.records(day)}
    assert {t.logger + t.level for t in seldom} <= seen


def test_worlds_differ_in_what_they_say_but_every_line_has_its_call_in_the_sources() -> None:
    world = World(4)
    assert {t.text for t in world.templates} != {t.text for t in World(5).templates}
    assert 80 <= len(world.templates) <= 130
    files = sources(world)
    for text in files.values():
        compile(text, "module", "exec")
    calls = "\n".join(files.values())
    assert sum(calls.count(f"log.{name}(") for name in ("info", "warning", "error", "exception")) == len(
        world.templates
    )


def test_effects_change_what_they_name_and_nothing_else() -> None:
    plain = World(1)
    start, end = plain.at(3, 9), plain.at(3, 15)
    extra = Template("extra", APP, "ERROR", "shop.extra", "something {hex} fell over")
    beat = plain.by_key["beat0"]
    changed = World(
        1, effects=[Effect("add", "", start, end, 12, extra), Effect("mute", beat.key, start, end)]
    )
    before, after = set(plain.records(3)), set(changed.records(3))
    silent = before - after
    assert silent
    assert {(r.logger, start <= r.when < end) for r in silent} == {(beat.logger, True)}
    added = after - before
    assert 12 <= len(added) <= 16
    assert all(start <= r.when < end and "fell over" in r.text for r in added)
    assert plain.records(4) == changed.records(4)
