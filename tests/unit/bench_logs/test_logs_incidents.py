"""The incidents are in the files on their day, and the score counts what it should."""

import functools
import os
import re
import subprocess
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path

import pytest

from bench.logs_incidents import SEEDS_HELD, SEEDS_TUNE, listing, table, totals
from bench.logs_incidents_draw import NIGHTS, draw
from bench.logs_incidents_kinds import KINDS, Incident
from bench.logs_incidents_night import Nights
from bench.logs_incidents_score import Named, score
from bench.logs_world import LEARNING, Effect, World
from bench.logs_world_files import Record
from bench.logs_world_source import sources
from bench.logs_world_templates import ACCESS, Template

SEED = 59
_BY_WORDS = ("latency_shift", "failing_share", "log_silence", "error_shift")


@pytest.fixture(scope="module")
def month() -> tuple[World, World, tuple[Incident, ...]]:
    """A world with incidents, the same one without, the incidents."""
    world, incidents = draw(SEED)
    return world, World(SEED, NIGHTS), incidents


@functools.cache
def said(world: World, night: int) -> list[Record]:
    return world.records(night)


def matching(world: World, incident: Incident, night: int) -> int:
    """How many records a pattern finds; for errors as such, how many there are."""
    if incident.kind == "error_shift":
        return sum(r.source == incident.source and r.level == "ERROR" for r in said(world, night))
    text = re.compile(f"(?is){incident.pattern}")
    records = [r for r in said(world, night) if r.source == incident.source]
    return sum(bool(text.search("\n".join((r.text, *r.more)))) for r in records)


def test_the_seeds_for_tuning_and_the_held_out_ones_share_none() -> None:
    assert len({*SEEDS_TUNE, *SEEDS_HELD}) == 10


@pytest.mark.parametrize("seed", [*SEEDS_TUNE, *SEEDS_HELD])
def test_every_seed_has_one_incident_of_each_kind_after_the_learning_week(seed: int) -> None:
    _, incidents = draw(seed)
    assert Counter(one.kind for one in incidents) == Counter(kind.key for kind in KINDS)
    assert len(incidents) == 20
    assert all(LEARNING <= one.first <= one.day < NIGHTS and one.active <= one.until for one in incidents)
    alone = {one.first for one in incidents if one.kind in _BY_WORDS}
    assert all(one.first not in alone for one in incidents if one.kind not in _BY_WORDS)
    assert draw(seed)[1] == incidents


def test_what_an_incident_adds_takes_away_or_shifts_is_there_on_its_first_night(
    month: tuple[World, World, tuple[Incident, ...]],
) -> None:
    world, plain, incidents = month
    more = {
        "new_error": 3,
        "new_traceback": 1,
        "exception_burst": 20,
        "warning_burst": 100,
        "retry_storm": 200,
    }
    more |= {"auth_failures": 70, "job_repeated": 90, "disk_full": 8, "memory_rising": 80, "bad_deploy": 5}
    more |= {"recovery": 8, "upstream_timeouts": 35, "error_shift": 20}
    told = {one.kind: matching(world, one, one.first) - matching(plain, one, one.first) for one in incidents}
    assert {kind: told[kind] for kind, least in more.items() if told[kind] < least} == {}
    assert told["heartbeat_silence"] < -20
    assert told["job_missing"] in (-2, -3)
    by_kind = {one.kind: one for one in incidents}
    drift = by_kind["slow_drift"]
    assert matching(world, drift, drift.day) > 1.5 * matching(plain, drift, drift.day)
    assert matching(world, by_kind["recovery"], by_kind["recovery"].day) == 0
    assert matching(plain, by_kind["level_change"], by_kind["level_change"].first) > 0


def test_the_shifts_of_levels_latency_status_and_whole_logs_are_in_the_records(
    month: tuple[World, World, tuple[Incident, ...]],
) -> None:
    world, plain, incidents = month
    by_kind = {one.kind: one for one in incidents}
    level, silence = by_kind["level_change"], by_kind["log_silence"]
    pattern = re.compile(f"(?is){level.pattern}")
    levels = Counter(r.level for r in said(world, level.first) if pattern.search(r.text))
    assert levels["ERROR"] > 0
    assert {r.level for r in said(plain, level.first) if pattern.search(r.text)} == {"INFO"}
    left = sum(r.source == silence.source for r in said(world, silence.first))
    assert left < 0.6 * sum(r.source == silence.source for r in said(plain, silence.first))
    failing = by_kind["failing_share"].first
    assert _share(world, failing, _failed) > 2 * _share(plain, failing, _failed)
    slow = by_kind["latency_shift"]
    route = slow.what.split("{")[0].split("?")[0].split(" ")[0]
    assert _took(world, slow.first, route) > 1.3 * _took(plain, slow.first, route)


def _failed(record: Record) -> bool:
    return re.search(r'" 5\d\d ', record.text) is not None


def _share(world: World, night: int, chosen: Callable[[Record], bool]) -> float:
    records = [r for r in said(world, night) if r.source == ACCESS]
    return sum(map(chosen, records)) / len(records)


def _took(world: World, night: int, route: str) -> float:
    times = [
        float(r.text.split()[-1]) for r in said(world, night) if r.source == ACCESS and f" {route}" in r.text
    ]
    return sum(times) / len(times)


def sayings(incident: Incident) -> Named:
    """What a perfect detector would say of an incident: a text that its pattern and only its pattern matches."""
    words = {
        "failing_share": "5xx answers",
        "latency_shift": "p95 latency",
        "log_silence": "silent",
        "error_shift": "errors: 90, usual 30",
        "retry_storm": "retrying call",
        "auth_failures": "login failed for someone",
        "memory_rising": "memory use at 90",
        "upstream_timeouts": "timed out after 3 ms",
    }
    message = f"{incident.what} {words.get(incident.kind, '')}"
    standing = "gone" if incident.gone else "new"
    return Named(f"log.{incident.kind}", f"logs/{incident.source}", message, "", standing)


@pytest.mark.parametrize("seed", SEEDS_TUNE)
def test_a_perfect_detector_has_everything_on_its_day_and_no_false_alarm(seed: int) -> None:
    _, incidents = draw(seed)
    nights: dict[int, list[Named]] = defaultdict(list)
    for one in incidents:
        nights[one.day].append(sayings(one))
    found = score({night: nights[night] for night in range(NIGHTS)}, incidents)
    assert found.missed == ()
    assert found.late == ()
    assert len(found.on_day) == 20
    assert found.false_alarms == ()
    assert found.too_early == ()


def test_a_silent_detector_misses_everything_and_cries_nothing() -> None:
    _, incidents = draw(11)
    found = score({night: [] for night in range(NIGHTS)}, incidents)
    assert len(found.missed) == 20
    assert found.alarms_a_week == 0
    assert "| all | 0 | 0 | 20 |" in table([found])


def _one() -> Incident:
    return Incident(
        "new_error", "app.log", 10, 10, 11, 13, r"shelf\s+lost", "new error: shelf lost", r"errors"
    )


def test_a_known_error_that_is_told_without_what_is_usual_does_not_name_the_shift() -> None:
    _, incidents = draw(SEED)
    shift = next(one for one in incidents if one.kind == "error_shift")
    known = World(SEED, NIGHTS).by_key["error0"].text
    told = Named("log.error", "logs/app.log", f"Logged 8 times as error, between 9:00 and 12:00: {known}")
    assert score({shift.day: [told]}, [shift]).missed == (shift,)
    compared = Named("log.error", "logs/app.log", f"Logged 8 times, usually 2: {known}")
    assert score({shift.day: [compared]}, [shift]).on_day == (shift,)
    assert score({shift.day: [told]}, [shift]).false_alarms == ()


def test_a_finding_after_the_day_is_late_and_one_before_the_first_night_is_none() -> None:
    named = Named("log.new", "logs/app.log", "Shelf  lost 3 times")
    late = score({9: [], 10: [], 11: [named]}, [_one()])
    assert (len(late.late), late.false_alarms) == (1, ())
    early = score({9: [named], 10: [], 11: []}, [_one()])
    assert (len(early.missed), len(early.false_alarms)) == (1, 1)
    after = score({14: [named]}, [_one()])
    assert (len(after.missed), len(after.false_alarms)) == (1, 1)


def test_what_belongs_to_no_incident_is_a_false_alarm_from_the_end_of_learning_on() -> None:
    other = Named("log.new", "logs/app.log", "banner cache refreshed")
    found = score({LEARNING - 1: [other], LEARNING: [other], 10: [other]}, [_one()])
    assert [night for night, _ in found.false_alarms] == [LEARNING, 10]
    assert found.alarms_a_week == 7.0
    assert any("banner" in line for line in listing(1, found))
    assert "2 false alarms, 7.0 a week" in totals({1: found})[0]


def test_a_finding_about_the_log_as_a_whole_is_explained_by_an_incident_in_it_but_names_nothing() -> None:
    whole = Named("log.level_spike", "logs/app.log", "60 errors, usual 3")
    elsewhere = Named("log.level_spike", "logs/worker.log", "60 errors, usual 3")
    found = score({10: [whole, elsewhere]}, [_one()])
    assert len(found.missed) == 1
    assert found.false_alarms == ((10, elsewhere),)


def test_gone_names_only_what_ended_and_is_too_early_while_it_goes_on() -> None:
    gone = Named("log.new", "logs/app.log", "shelf lost", standing="gone")
    ended = Incident("recovery", "app.log", 10, 13, 12, 15, "shelf lost", "gone: shelf lost", gone=True)
    assert score({13: [gone]}, [ended]).on_day == (ended,)
    assert score({14: [gone]}, [ended]).late == (ended,)
    early = score({11: [gone]}, [ended])
    assert (early.missed, len(early.too_early), early.false_alarms) == ((ended,), 1, ())
    still = Named("log.new", "logs/app.log", "shelf lost has stopped: not seen tonight")
    assert score({13: [still]}, [ended]).on_day == (ended,)
    assert score({10: [gone]}, [_one()]).missed == (_one(),)


def test_a_real_night_after_each_day_tells_what_it_would_print(tmp_path: Path) -> None:
    plain = World(3023, rate=0.1)
    start, end = plain.at(1, 9), plain.at(1, 12)
    error = Template("fire", "app.log", "ERROR", "shop.fire", "kitchen {word} is on fire")
    world = World(3023, rate=0.1, effects=[Effect("add", "", start, end, 12, error)])
    nights = Nights(tmp_path, world, sources(world))
    before = dict(os.environ)
    first, second = nights.night(0), nights.night(1)
    assert dict(os.environ) == before
    assert not any("is on fire" in named.text for named in first)
    (fire,) = (named for named in second if "is on fire" in named.text)
    assert (fire.standing, fire.subject) == ("new", "logs/app.log")
    assert fire.rule.startswith("log.")
    status = subprocess.run(
        ["git", "status", "--porcelain"], cwd=nights.root, capture_output=True, check=True
    )
    assert status.stdout == b""
