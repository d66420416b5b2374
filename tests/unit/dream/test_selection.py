"""Selection: worth first, each in its turn, a focus, and profiles of every sort and state."""

import cProfile
import datetime as dt
import json
import random
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from daydream.contracts.dream import Procedure
from daydream.dream.selection import Focus, Key, Signals, hot_from, order, value_of
from daydream.errors import UsageError
from tests.fakes.dream_procedure import procedures

TODAY = dt.date(2026, 11, 21)
QUIET = Signals(TODAY)
SOURCE = """
def simple(x):
    return x

def branchy(x):
    if x:
        return 1 if x > 1 else 2
    for y in x:
        while y:
            y -= 1
    return 3

class Client:
    def fetch(self, url):
        return url
"""
SIMPLE, BRANCHY, FETCH = procedures(SOURCE, "src/pkg/a.py")
ALL = [SIMPLE, BRANCHY, FETCH]


def names(keys: list[Key]) -> list[str]:
    return [name for _, name, _ in keys]


def ordered(
    found: list[Procedure], signals: Signals = QUIET, visits: Mapping[Key, int] | None = None, seed: int = 1
) -> list[str]:
    return names(order(found, signals, visits or {}, None, random.Random(seed)))


def test_what_is_complex_tested_recent_or_hot_comes_first() -> None:
    plain = [replace(each, complexity=1) for each in ALL]
    assert ordered(ALL)[0] == "branchy"
    assert (
        ordered([replace(plain[0], tests=0), replace(plain[1], tests=0), replace(plain[2], tests=2)])[0]
        == "Client.fetch"
    )
    dated = [
        replace(plain[0], last_change="2026-11-20"),
        *(replace(each, last_change="2020-01-01") for each in plain[1:]),
    ]
    assert ordered(dated)[0] == "simple"
    assert ordered(ALL, Signals(TODAY, {FETCH.key: 0.6}))[0] == "Client.fetch"


def test_those_not_yet_visited_come_before_whatever_is_worth_more() -> None:
    assert ordered(ALL, visits={BRANCHY.key: 1})[-1] == "branchy"
    assert ordered(ALL, visits={BRANCHY.key: 1, SIMPLE.key: 2, FETCH.key: 2})[0] == "branchy"


def test_every_procedure_gets_its_turn() -> None:
    visits: dict[Key, int] = {}
    for _ in ALL:
        first = order(ALL, QUIET, visits, None, random.Random(4))[0]
        visits[first] = visits.get(first, 0) + 1
    assert visits == {each.key: 1 for each in ALL}


def test_equals_are_in_an_order_that_follows_from_the_seed() -> None:
    alike = [replace(SIMPLE, qualname=f"f{number}") for number in range(30)]
    assert ordered(alike, seed=1) == ordered(list(reversed(alike)), seed=1)
    assert ordered(alike, seed=1) != ordered(alike, seed=2)


def test_what_is_not_known_is_not_counted() -> None:
    value = value_of(SIMPLE, QUIET)
    assert value.terms == {"hot": None, "complex": 0.0, "tested": None, "recent": None}
    assert value.total == 0.0
    known = value_of(replace(BRANCHY, tests=1, last_change="2026-08-23"), Signals(TODAY, {}))
    assert known.terms == {"hot": 0.0, "complex": pytest.approx(0.598, abs=0.1), "tested": 1.0, "recent": 0.5}
    assert 0 < known.total < 1


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("src/pkg/a.py", ["simple", "branchy", "Client.fetch"]),
        ("src/pkg", ["simple", "branchy", "Client.fetch"]),
        ("src/pkg/", ["simple", "branchy", "Client.fetch"]),
        ("*.py", ["simple", "branchy", "Client.fetch"]),
        ("fetch", ["Client.fetch"]),
        ("Client.*", ["Client.fetch"]),
        ("src/pkg/a.py:s*", ["simple"]),
        ("/anch|mple$/", ["simple", "branchy"]),
        ("other", []),
    ],
)
def test_a_focus_leaves_the_others_out(written: str, expected: list[str]) -> None:
    assert sorted(names(order(ALL, QUIET, {}, Focus(written), random.Random(1)))) == sorted(expected)


def test_a_focus_that_is_no_expression_says_so() -> None:
    with pytest.raises(UsageError, match="without the slashes it is a glob"):
        Focus("/(/")


def profiled(tmp_path: Path) -> tuple[Path, list[Procedure]]:
    source = "def busy(n):\n    return sum(sorted(range(n), reverse=True))\n\ndef idle():\n    return 1\n"
    module = tmp_path / "checkout/pkg/work.py"
    module.parent.mkdir(parents=True)
    module.write_text(source)
    space: dict[str, Any] = {}
    exec(compile(source, str(module), "exec"), space)
    profile = cProfile.Profile()
    profile.runcall(space["busy"], 50_000)
    profile.runcall(space["idle"])
    dump = tmp_path / "night.prof"
    profile.dump_stats(dump)
    return dump, procedures(source, "pkg/work.py")


def test_a_dump_of_cprofile_gives_a_procedure_the_time_of_what_it_called_elsewhere(tmp_path: Path) -> None:
    dump, found = profiled(tmp_path)
    hot = hot_from(dump, found)
    assert hot[found[0].key] > 0.5
    assert sum(hot.values()) <= 1.000001
    assert hot.get(found[1].key, 0.0) < hot[found[0].key]


def speedscope(profiles: list[dict[str, Any]]) -> str:
    frames = [
        {"name": "simple", "file": "/home/me/x/pkg/a.py", "line": 2},
        {"name": "dumps", "file": "/usr/lib/python3.11/json/__init__.py", "line": 230},
        {"name": "Client.fetch", "file": "src/pkg/a.py", "line": 14},
        {"name": "<native>"},
    ]
    return json.dumps({"shared": {"frames": frames}, "profiles": profiles})


def test_samples_belong_to_the_innermost_procedure(tmp_path: Path) -> None:
    sampled = {"type": "sampled", "samples": [[0, 1], [0, 2, 1], [1], [0, 3]], "weights": [1, 4, 2, 1]}
    (tmp_path / "s.json").write_text(speedscope([sampled]))
    assert hot_from(tmp_path / "s.json", ALL) == {SIMPLE.key: 0.25, FETCH.key: 0.5}


def test_events_count_from_one_to_the_next(tmp_path: Path) -> None:
    events = [
        {"type": "O", "frame": 0, "at": 1},
        {"type": "O", "frame": 2, "at": 2},
        {"type": "C", "frame": 2, "at": 5},
        {"type": "C", "frame": 0, "at": 9},
    ]
    evented = {"type": "evented", "startValue": 0, "endValue": 10, "events": events}
    (tmp_path / "s.json").write_text(speedscope([evented]))
    hot = hot_from(tmp_path / "s.json", ALL)
    assert hot == {SIMPLE.key: pytest.approx(5 / 9), FETCH.key: pytest.approx(3 / 9)}


def test_the_nearest_of_one_name_is_meant(tmp_path: Path) -> None:
    twins = procedures(
        "class A:\n    def go(self):\n        pass\n\nclass B:\n    def go(self):\n        pass\n", "m.py"
    )
    frames = [{"name": "go", "file": "/x/m.py", "line": 6}]
    sampled = {"type": "sampled", "samples": [[0]], "weights": [1]}
    (tmp_path / "s.json").write_text(json.dumps({"shared": {"frames": frames}, "profiles": [sampled]}))
    assert names(list(hot_from(tmp_path / "s.json", twins))) == ["B.go"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>not found</html>",
        b"{}",
        b"[1, 2]",
        b'{"profiles": null, "shared": null}',
        b'{"shared": {"frames": [{"name": "f"}]}, "profiles": [{"type": "sampled", "samples": [[7]], "weights": [1]}]}',
        b'{"shared": {"frames": []}, "profiles": [{"type": "sampled", "samples": [[]], "weights": [NaN]}]}',
        b"[" * 100_000,
        b"\x7b\x00\x00\xff\xff",
        b"\xfb\xe3\x00",
        b"\x80\x04pickle",
        bytes(range(256)),
    ],
)
def test_what_is_no_profile_is_told_in_one_sentence(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "p").write_bytes(content)
    with pytest.raises(UsageError, match="record it again"):
        hot_from(tmp_path / "p", ALL)


def test_half_a_dump_is_told_and_so_is_one_that_is_not_there(tmp_path: Path) -> None:
    dump, found = profiled(tmp_path)
    dump.write_bytes(dump.read_bytes()[:-20])
    with pytest.raises(UsageError, match="damaged or incomplete"):
        hot_from(dump, found)
    with pytest.raises(UsageError, match="No such file"):
        hot_from(tmp_path / "gone", found)
