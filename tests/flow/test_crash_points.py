"""kill -9 at a seeded few of the system calls that bench/crash.py tries all of, and bugs that it must see."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bench import crash, crash_plants
from bench.crash_kill import Judge, golden
from bench.crash_night import KINDS
from bench.crash_repository import FIRST
from bench.crash_world import World, opened

SEED, POINTS, FIRST_POINTS = 20261121, 12, 2

pytestmark = pytest.mark.skipif(crash.why_not() is not None, reason=str(crash.why_not()))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with opened(tmp_path_factory.mktemp("crash") / "world") as built:
        yield built


@pytest.fixture(scope="module")
def judge(world: World) -> Judge:
    return Judge(world, golden(world))


def test_a_night_killed_anywhere_ends_like_an_undisturbed_one(judge: Judge) -> None:
    points = crash.sample(judge.golden.points, POINTS, SEED)
    outcomes = [judge.killed(point) for point in points]

    assert [(str(outcome.point), outcome.wrong) for outcome in outcomes if outcome.wrong] == []
    assert {outcome.point.kind for outcome in outcomes if outcome.hit} >= set(KINDS)


def test_nothing_is_committed_or_renamed_before_it_is_on_the_disk(judge: Judge) -> None:
    assert judge.golden.points
    assert judge.golden.out_of_order == ()


@pytest.mark.parametrize("plant", ["no-file-fsync", "ref-dated-now"])
def test_a_planted_bug_is_seen(world: World, plant: str) -> None:
    seen = next((seen for _, seen in crash_plants.tried(world, plant) if seen), "")

    assert seen


def test_a_first_start_killed_before_its_first_commit_is_begun_again(world: World) -> None:
    first = Judge(world, golden(world, scene=FIRST))
    before = [p for p in first.golden.points if p.stage == "start" and Path(p.path).name == "journal.jsonl"]
    outcomes = [first.killed(point) for point in before[-FIRST_POINTS:]]

    assert [outcome.wrong for outcome in outcomes] == [()] * FIRST_POINTS
