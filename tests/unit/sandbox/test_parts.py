"""The parts of the sandbox on their own: owners, the filter, control groups, what is made of what was seen."""

import contextlib
import os
import platform
import struct
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daydream.contracts.sandbox import (
    CATEGORIES,
    Facts,
    Failure,
    Job,
    Limits,
    SandboxRefused,
    Unit,
    raised_category,
)
from daydream.processes import Stop
from daydream.sandbox import cgroup, frames, harvests, observe, owner, rootfs
from daydream.sandbox.guest import seccomp, syscalls, wire
from daydream.sandbox.precompiled import precompile

LIMITS = Limits(wall_s=1, cpu_s=1, output_bytes=100)
SAID = {
    "seq": 1, "status": 0, "wall_ns": 10**7, "cpu_ns": 10**6, "peak_kib": 1000, "survivors": 0,
    "timed_out": None, "breach": False, "size": 10,
}  # fmt: skip


def test_an_owner_is_told_apart_from_whoever_gets_its_number() -> None:
    mine = owner.token()
    assert mine is not None
    assert not owner.is_gone(mine)
    pid, start, boot = mine.split("-")
    assert owner.is_gone(f"{pid}-{int(start) + 1}-{boot}")
    assert owner.is_gone(f"{pid}-{start}-00000000")
    for foreign in ("", "x", "unknown", "7", "a-b-c"):
        assert not owner.is_gone(foreign)


def test_the_dead_own_nothing() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        mark = owner.token(child.pid)
        assert mark is not None
        child.kill()
        while owner.token(child.pid) is not None:
            os.sched_yield()
        assert owner.is_gone(mark)


def decided(code: bytes, number: int, given: tuple[int, ...] = (), arch: int = 0xC000003E) -> int:
    """What a filter says of a system call: a small machine for the few instructions that it has."""
    data = struct.pack("<iIQ6Q", number, arch, 0, *(tuple(given) + (0,) * 6)[:6])
    steps = list(struct.iter_unpack("HBBI", code))
    held, place = 0, 0
    while True:
        what, yes, no, value = steps[place]
        if what == 0x20:
            held = struct.unpack_from("<I", data, value)[0]
        elif what == 0x06:
            return int(value)
        else:
            met = {0x15: held == value, 0x35: held >= value, 0x45: bool(held & value)}[what]
            place += yes if met else no
        place += 1


KILL, ALLOW, REFUSE, ABSENT = 0x80000000, 0x7FFF0000, 0x00050001, 0x00050000 | 38


@pytest.mark.parametrize("machine", sorted(syscalls.MACHINES))
def test_the_filter_decides_about_each_call_as_the_tables_say(machine: str) -> None:
    arch, column = syscalls.MACHINES[machine]
    code = seccomp.program(machine, 77)
    fatal, refused = (set(syscalls.numbers(t, column).values()) for t in (syscalls.FATAL, syscalls.REFUSED))
    judged = set(syscalls.numbers(syscalls.JUDGED, column).values())
    assert not fatal & refused
    for number in range(syscalls.FIRST_UNKNOWN):
        expected = KILL if number in fatal else REFUSE if number in refused else ALLOW
        if number not in judged:
            assert decided(code, number, arch=arch) == expected, number
    assert decided(code, 1000, arch=arch) == ABSENT
    assert decided(code, 0x40000000 + 1, arch=arch) == KILL
    assert decided(code, 1, arch=0x40000003) == KILL
    assert len(code) // 8 < 4096


@pytest.mark.parametrize(
    ("name", "given", "expected"),
    [
        ("clone", (0x00010900,), ALLOW), ("clone", (17,), KILL), ("clone", (0x40010900,), KILL), ("clone3", (), ABSENT),
        ("socket", (1,), ALLOW), ("socket", (2,), ALLOW), ("socket", (40,), REFUSE), ("socket", (16,), REFUSE),
        ("sendto", (3, 0, 1, 0, 0), ALLOW), ("sendto", (3, 0, 1, 0, 5), KILL), ("sendto", (3, 0, 1, 0, 1 << 40), KILL),
        ("kill", (77, 9), ALLOW), ("kill", (1, 9), KILL), ("kill", (2**64 - 1, 9), KILL), ("tgkill", (77,), ALLOW),
        ("tgkill", (1,), KILL), ("prlimit64", (0,), ALLOW), ("prlimit64", (1,), REFUSE), ("fcntl", (3, 1), ALLOW),
        ("fcntl", (3, 6), REFUSE),
    ],
)  # fmt: skip
def test_some_calls_are_decided_by_their_arguments(name: str, given: tuple[int, ...], expected: int) -> None:
    for machine, (arch, column) in syscalls.MACHINES.items():
        number = syscalls.numbers(syscalls.JUDGED, column)[name]
        assert decided(seccomp.program(machine, 77), number, given, arch) == expected


@pytest.mark.parametrize("machine", sorted(syscalls.MACHINES))
def test_suites_of_tests_are_refused_what_ends_a_trial_and_get_nothing_more(machine: str) -> None:
    arch, column = syscalls.MACHINES[machine]
    strict, lenient = seccomp.program(machine, 77), seccomp.program(machine, 77, tests=True)
    of_tests = set(syscalls.numbers(syscalls.OF_TESTS, column).values())
    judged = syscalls.numbers(syscalls.JUDGED, column)
    assert of_tests <= set(syscalls.numbers(syscalls.FATAL, column).values())
    for number in range(syscalls.FIRST_UNKNOWN):
        for told in ((), (77,), (1,), (0x00010900,), (0x40010900,)):
            before, after = (decided(code, number, told, arch) for code in (strict, lenient))
            changed = number in of_tests or (number in judged.values() and before == KILL)
            assert after == (REFUSE if changed else before), number
    assert len(lenient) // 8 < 4096


def test_a_machine_without_tables_has_no_filter() -> None:
    with pytest.raises(KeyError):
        seccomp.program("pdp11", 1)


def test_every_reason_has_a_category_and_only_the_sandbox_s_own_trouble_is_infrastructure() -> None:
    assert {each for each, category in CATEGORIES.items() if category == "infrastructure"} == {"lost"}
    assert set(CATEGORIES.values()) >= {
        "syntax",
        "runtime",
        "dependency",
        "resource",
        "timeout",
        "validation",
    }
    for name, category in (("TypeError", "type"), ("AssertionError", "logic"), ("KeyError", "runtime")):
        assert raised_category(["raised", "builtins", name, ""]) == category


@pytest.mark.parametrize(
    ("changes", "oom", "reason"),
    [
        ({}, 0, None),
        ({"timed_out": "calling"}, 0, "timeout"),
        ({"timed_out": "loading", "status": 9}, 0, "timeout"),
        ({"survivors": 2}, 0, "survivors"),
        ({"breach": True}, 0, "malformed"),
        ({"size": 105}, 0, "too large"),
        ({"status": 31}, 0, "forbidden"),
        ({"status": 24}, 0, "cpu"),
        ({"status": 9, "cpu_ns": 2 * 10**9, "wall_ns": 3 * 10**9}, 0, "cpu"),
        ({"status": 9}, 1, "memory"),
        ({"status": 9}, 0, "crash"),
        ({"status": 9}, None, "crash"),
        ({"status": 11}, 0, "crash"),
        ({"status": 64}, 0, "crash"),
        ({"status": 3 << 8}, 0, "no answer"),
        ({"size": 0}, 0, "no answer"),
    ],
)
def test_the_facts_alone_say_what_went_wrong(
    changes: dict[str, Any], oom: int | None, reason: str | None
) -> None:
    said = {**SAID, **changes}
    failure = observe.ended_badly(said, observe.facts_of(said, "test", 100, oom), LIMITS)
    assert (failure.reason if failure else None) == reason


@pytest.mark.parametrize(
    "changes", [{"wall_ns": 10**12}, {"cpu_ns": 10**12}, {"status": None}, {"peak_kib": "x"}], ids=str
)
def test_facts_that_cannot_be_are_not_believed(changes: dict[str, Any]) -> None:
    with pytest.raises(frames.Lost):
        observe.facts_of({**SAID, **changes}, "test", 1, 0)


@given(st.binary(max_size=300) | st.binary(max_size=100).map(lambda b: struct.pack(">I", len(b)) + b))
def test_no_bytes_of_a_child_are_more_than_an_answer_or_a_failure(blob: bytes) -> None:
    seen = observe.answer_of(blob, 1000)
    if isinstance(seen, dict):
        for read in (observe.answers_of, observe.digests_of):
            assert isinstance(read(seen, 1), Failure | tuple)
        harvests.read(seen, Job(kind="script", path="x"))
    else:
        assert seen.category != "infrastructure"


@pytest.mark.parametrize(
    "answer",
    [
        {}, {"outcomes": [], "recorded": [], "seen": []}, {"outcomes": [], "recorded": [[]], "seen": [-1]},
        {"outcomes": [["t", "won", ""]], "recorded": [[]], "seen": [0]}, {"outcomes": 1, "recorded": [[]], "seen": [0]},
        {"outcomes": [], "recorded": [[[[["list"]], []]]], "seen": [1]}, {"outcomes": [], "recorded": [[[[], [[1, 2]]]]], "seen": [1]},
        {"outcomes": [], "recorded": [[[[], []], [[], []]]], "seen": [2]}, {"outcomes": [], "recorded": [[]], "seen": [0], "x": 1},
    ],
    ids=range(9),
)  # fmt: skip
def test_a_harvest_of_another_shape_is_malformed(answer: dict[str, Any]) -> None:
    job = Job(kind="script", path="x", watched=(Unit(module="m", qualname="f"),), most=1)
    seen = harvests.read(answer, job)
    assert isinstance(seen, Failure)
    assert seen.reason == "malformed"


class Spoken:
    """A line that says what it was given."""

    def __init__(self, *parts: bytes) -> None:
        self.data = b"".join(parts)

    def send(self, data: bytes, deadline: float) -> None:
        self.data += data

    def receive(self, size: int, deadline: float) -> bytes:
        if len(self.data) < size:
            raise frames.Lost("it has gone")
        got, self.data = self.data[:size], self.data[size:]
        return got

    def oom_kills(self) -> int | None:
        return None

    def last_words(self) -> str:
        return ""

    def close(self) -> None:
        self.data = b""


class Mute(Spoken):
    """A line that takes what it is told and says what it had to say."""

    def send(self, data: bytes, deadline: float) -> None:
        """Nothing comes of it."""


def reply(**facts: Any) -> bytes:
    return wire.packed({**SAID, **facts})


@pytest.mark.parametrize(
    "parts",
    [
        (), (b"\0",), (reply()[:-1],), (reply(seq=2, size=0),), (reply(size=2**31),), (reply(size=5), b"ab"),
        (reply()[:4] + b"\7" + reply()[5:],),
    ],
    ids=range(7),
)  # fmt: skip
def test_a_reply_of_another_shape_is_trouble_of_the_sandbox(parts: tuple[bytes, ...]) -> None:
    with pytest.raises(frames.Lost):
        frames.receive(Spoken(*parts), 0, 1, 100)


def test_a_reply_is_its_facts_and_its_bytes() -> None:
    said, blob = frames.receive(Spoken(reply(size=2, call_cpu_ns=7, timed_out="calling"), b"ab"), 0, 1, 100)
    assert blob == b"ab"
    assert said == {**SAID, "size": 2, "call_cpu_ns": 7, "timed_out": "calling"}


@pytest.mark.parametrize(
    "said", [b"", b"\0\0\0\2[]", b"\0\0\0\1{", b"\0\0\0\2ab", struct.pack(">I", 2**31)], ids=range(5)
)
def test_a_greeting_of_another_shape_is_trouble_of_the_sandbox(said: bytes) -> None:
    with pytest.raises(frames.Lost):
        frames.greet(Mute(said), 0, {})


def test_a_control_group_counts_and_goes() -> None:
    group = cgroup.make(2**28)
    if group is None:
        pytest.skip(
            "this process may not make control groups; start the tests as root, or with a delegated group"
        )
    try:
        assert group.kills() == 0
        cgroup.sweep()
        assert all(folder.is_dir() for folder in group.folders)
    finally:
        group.remove()
    assert not any(folder.exists() for folder in group.folders)


def test_an_interpreter_s_files_are_found_without_running_it(tmp_path: Path) -> None:
    found = rootfs.source_of(Path(sys.executable))
    assert found.version == "{}.{}".format(*sys.version_info)
    assert (found.library / "os.py").is_file()
    with pytest.raises(SandboxRefused, match=r"interpreter\.path"):
        rootfs.source_of(tmp_path / "python3.11")


def test_the_tree_names_nobody_and_is_built_once(tmp_path: Path) -> None:
    ground = rootfs.build(Path(sys.executable), tmp_path, Stop())
    assert ground == rootfs.build(Path(sys.executable), tmp_path, Stop())
    assert (ground.root / ground.python.lstrip("/")).is_file()
    assert str(Path.home()) not in "".join(
        str(p.relative_to(ground.root)) for p in ground.root.rglob("*.so*")
    )
    assert all(p.stat().st_mode & 0o004 for p in (ground.root / "python/bin").iterdir())
    assert not [
        p for p in ground.root.rglob("*") if not p.is_symlink() and p.is_file() and p.stat().st_mode & 0o6000
    ]


def test_trees_that_nobody_uses_are_forgotten_when_another_is_built(tmp_path: Path) -> None:
    for name, age in (("old", 40 * 86400), ("young", 86400)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "tag").write_text(name)
        moment = time.time() - age
        os.utime(tmp_path / name / "tag", (moment, moment))
    rootfs._forget(tmp_path)
    assert [each.name for each in tmp_path.iterdir()] == ["young"]


def test_an_export_into_a_full_or_forbidden_place_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("1")
    (tmp_path / "file").write_text("")
    with pytest.raises(SandboxRefused, match="cannot be exported"):
        rootfs.export(tmp_path, ["a.py"], tmp_path / "file")
    with contextlib.suppress(PermissionError):
        made = rootfs.export(tmp_path, ["a.py", "../outside", "gone.py"], tmp_path / "out")
        assert sorted(p.name for p in made.rglob("*")) == ["a.py"]


def test_facts_are_none_where_nobody_looked() -> None:
    assert (Facts(backend="x").cpu_s, Facts(backend="x").oom_kills) == (None, None)
    assert platform.machine() in syscalls.MACHINES


def test_an_export_gets_the_bytecode_of_what_compiles(tmp_path: Path) -> None:
    ground = rootfs.build(Path(sys.executable), tmp_path / "cache", Stop())
    source = tmp_path / "source"
    source.mkdir()
    for name, text in {
        "a.py": "x = 1\n",
        "b.py": "x = = 1\n",
        "py_compile.py": "raise SystemExit(3)\n",
    }.items():
        (source / name).write_text(text)
    names = ["a.py", "b.py", "gone.py", "py_compile.py"]
    target = tmp_path / "out"
    rootfs.export(source, names, target, lambda: precompile(ground, target, names, Stop()))
    compiled = sorted(each.name.partition(".")[0] for each in (target / "__pycache__").iterdir())
    assert compiled == ["a", "py_compile"], "and nothing of the repository was run"
