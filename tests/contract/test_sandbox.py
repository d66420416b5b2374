"""What every sandbox does for honest and for clumsy procedures; the hostile ones are in test_hostile.py."""

import contextlib
import os
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from daydream.contracts.sandbox import (
    NOT_ISOLATED,
    Backend,
    Failure,
    Ground,
    Inputs,
    Job,
    Limits,
    Sandbox,
    SandboxRefused,
    Unit,
    raised_category,
)
from daydream.dream.trials.comparison import Different, compare
from daydream.processes import Stop
from daydream.sandbox import SANDBOXES, cgroup, owner, rootfs
from daydream.sandbox.bubblewrap import Bubblewrap
from daydream.sandbox.docker import Docker, connect
from daydream.sandbox.guest.encoding import encode
from daydream.sandbox.unisolated import Unisolated
from tests.contract.hostile.guests import alive, guests

PATIENCE_S = 10.0
LIMITS = Limits(wall_s=5.0, cpu_s=3.0, load_s=10.0, memory_bytes=256 * 2**20)
SHAPES = '''"""A module of the repository."""
import asyncio
import functools
import sys
from dataclasses import dataclass

from pack import other


def area(width: float, height: float = 2.0, *more: float, scale: float = 1.0, **named: float) -> float:
    """Multiply.

    >>> area(2, 3)
    6.0
    """
    return float(width * height * scale + sum(more) + sum(named.values()))


def twice(items):
    items.append(len(items))
    print("twice", len(items))
    print("oh", file=sys.stderr)
    return items, items


@dataclass
class Box:
    side: int

    def grow(self, by: int) -> int:
        self.side += by
        return self.side

    @classmethod
    def unit(cls, side):
        return cls(side)

    @staticmethod
    def free(a):
        return -a

    @property
    def volume(self):
        return self.side ** 3


@functools.lru_cache(maxsize=None)
def cached(n):
    return n + 1


def count(n):
    yield from range(n)


async def later(n):
    await asyncio.sleep(0)
    return n * 2


async def stream(n):
    for each in range(n):
        yield each


def again(n):
    return 1


def again(n):
    return other.base() + n


def outer():
    def inner():
        return 1
    return inner()
'''
FEEDS = """MARK = "\x0b\x1c\u2028\x85"
\x0c
# a page\x0c of its own

\x0c
def marks(n):
    return n + 1, MARK


def after():
    return None
"""
TESTS = """import unittest

from pack.shapes import Box, area, count


def test_area():
    assert area(2, 3) == 6
    assert area(width=4, height=1, scale=2) == 8
    assert area(1, 1, 1, more=5) == 7


def test_wrong():
    assert area(1, 1) == 7


class TestBox(unittest.TestCase):
    def test_grow(self):
        self.assertEqual(Box(2).grow(3), 5)
        self.assertEqual(list(count(3)), [0, 1, 2])

    @unittest.skip("not today")
    def test_skipped(self):
        pass
"""


STARTING = """
import os, pwd, socket, subprocess

def refused(what, *given):
    try:
        what(*given)
    except PermissionError:
        return True
    return False

assert refused(subprocess.run, ["/python/bin/python3"])
assert refused(os.fork)
assert refused(os.kill, 1, 9)
assert refused(socket.create_connection, ("127.0.0.1", 9), 1)
try:
    pwd.getpwuid(os.getuid())
except KeyError:
    pass
"""


@pytest.fixture(scope="module")
def repository(open_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    source = tmp_path_factory.mktemp("source")
    files = {
        "src/pack/__init__.py": "from pack.shapes import area\n",
        "src/pack/shapes.py": SHAPES,
        "src/pack/other.py": "from pack import shapes\n\ndef base():\n    return 10\n\ndef through(w):\n    return shapes.area(w)\n",
        "src/pack/feeds.py": FEEDS,
        "src/pack/broken.py": "import no_such_package\n\ndef f():\n    return 1\n",
        "tests/test_shapes.py": TESTS,
        "tests/script.py": "from pack import area\nassert area(3, 3) == 9\n",
        "tests/starting.py": STARTING,
        "notes.txt": ">>> from pack import area\n>>> area(1, 1)\n1.0\n>>> area(1, 2)\n99\n",
        ".env": "KEY=secret\n",
    }
    for name, text in files.items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text(text)
    (source / "src/pack/link.py").symlink_to("/etc/passwd")
    listed = [name for name in files if name != ".env"]
    return rootfs.export(source, [*listed, "src/pack/link.py", "vanished.py"], open_folder / "repository")


@pytest.fixture(scope="module", params=[*sorted(SANDBOXES), NOT_ISOLATED])
def backend(request: pytest.FixtureRequest) -> Iterator[Backend]:
    if request.param == "docker":
        found = Docker(request.getfixturevalue("engine_address"))
        yield found
        found.close()
    else:
        yield Unisolated() if request.param == NOT_ISOLATED else Bubblewrap()


@pytest.fixture(scope="module")
def standing(ground: Ground, repository: Path) -> Ground:
    return replace(ground, repository=repository, import_roots=("src", "tests"))


@pytest.fixture(scope="module")
def box(backend: Backend, standing: Ground) -> Iterator[Sandbox]:
    lane = backend.open(standing, LIMITS)
    yield lane
    lane.close()


def unit(qualname: str, variant: str | None = None, occurrence: int = 1) -> Unit:
    """A procedure of the module above, found as the catalogue would."""
    name = qualname.rpartition(".")[2]
    lines = SHAPES.splitlines()
    firsts = [
        n
        for n, line in enumerate(lines, 1)
        if line.lstrip().startswith((f"def {name}(", f"async def {name}("))
    ]
    first = last = firsts[occurrence - 1]
    indent = len(lines[first - 1]) - len(lines[first - 1].lstrip())
    while last < len(lines) and (
        not lines[last].strip() or len(lines[last]) - len(lines[last].lstrip()) > indent
    ):
        last += 1
    while first > 1 and lines[first - 2].lstrip().startswith("@"):
        first -= 1
    while not lines[last - 1].strip():
        last -= 1
    return Unit(
        module="pack.shapes", path="src/pack/shapes.py", qualname=qualname,
        occurrence=occurrence, first_line=first, last_line=last, variant=variant,
    )  # fmt: skip


def isolating(backend: Backend, otherwise: str) -> None:
    """Skip what only a sandbox can promise."""
    if backend.key == NOT_ISOLATED:
        pytest.skip(f"what is not isolated promises less: {otherwise}")


def given(*values: Any, **named: Any) -> Inputs:
    return Inputs(tuple(encode(each) for each in values), tuple((n, encode(v)) for n, v in named.items()))


BOX = ["new", "pack.shapes", "Box", [3], []]


def test_a_call_tells_value_arguments_output_and_facts(box: Sandbox) -> None:
    seen = box.call(unit("twice"), given([5]))
    assert seen.failure is None
    assert seen.answer is not None
    assert seen.answer.returned == ["tuple", [["list", [5, 1]], ["ref", 0]]]
    assert seen.answer.after == ["tuple", [["list", [["list", [5, 1]]]], ["dict", []]]]
    assert (seen.answer.stdout.text, seen.answer.stderr.text) == ("twice 2\n", "oh\n")
    assert (seen.answer.stdout.size, len(seen.answer.stdout.digest)) == (8, 64)
    facts = seen.facts
    assert (facts.exit_code, facts.signal, facts.survivors, facts.attempts) == (0, None, 0, 1)
    assert facts.cpu_s and facts.wall_s and facts.peak_bytes and facts.call_cpu_s is not None  # noqa: PT018 - four of a kind
    assert facts.call_cpu_s <= facts.cpu_s


@pytest.mark.parametrize(
    ("name", "inputs", "returned"),
    [
        ("area", given(3, 4.0), 12.0),
        ("area", given(1, 1, 1, scale=2, extra=4), 7.0),
        ("Box.grow", Inputs((BOX, 4)), 7),
        ("Box.free", given(3), -3),
        ("Box.volume", Inputs((BOX,)), 27),
        ("cached", given(1), 2),
        ("later", given(4), 8),
    ],
)
def test_each_way_to_be_called(box: Sandbox, name: str, inputs: Inputs, returned: Any) -> None:
    seen = box.call(unit(name), inputs)
    assert seen.failure is None
    assert seen.answer is not None
    assert seen.answer.returned == encode(returned)


def test_a_method_leaves_its_object_behind_and_a_class_method_takes_its_class(box: Sandbox) -> None:
    grown = box.call(unit("Box.grow"), Inputs((BOX, 4)))
    assert grown.answer is not None
    assert grown.answer.after[1][0][1][0] == ["object", "pack.shapes", "Box", [["side", 7]]]
    made = box.call(unit("Box.unit"), Inputs((9,)))
    assert made.answer is not None
    assert made.answer.returned == ["object", "pack.shapes", "Box", [["side", 9]]]


def test_generators_are_drawn_up_to_a_bound(box: Sandbox) -> None:
    for name in ("count", "stream"):
        few, many = box.call(unit(name), given(3)), box.call(unit(name), given(1000))
        assert few.answer is not None
        assert many.answer is not None
        assert few.answer.returned == ["iterator", [0, 1, 2], True]
        assert (len(many.answer.returned[1]), many.answer.returned[2]) == (200, False)


def test_what_is_raised_is_an_answer(box: Sandbox) -> None:
    seen = box.call(unit("area"), given("a", "b"))
    assert seen.answer is not None
    assert not seen.answer.has_returned
    assert seen.answer.raised[:3] == ["raised", "builtins", "TypeError"]
    assert raised_category(seen.answer.raised) == "type"


def test_a_variant_stands_in_its_place_for_everybody_who_imports_it(box: Sandbox) -> None:
    variant = "def area(width, height=2.0, *more, scale=1.0, **named):\n    return 'dreamt'\n"
    dreamt = box.call(unit("area", variant), given(1))
    through = Unit(
        module="pack.other", path="src/pack/other.py", qualname="through", first_line=6, last_line=7
    )
    plain = box.call(through, given(3))
    assert dreamt.answer is not None
    assert plain.answer is not None
    assert (dreamt.answer.returned, plain.answer.returned) == ("dreamt", encode(6.0))
    short = box.call(unit("Box.grow", "    def grow(self, by):\n        return 0\n"), Inputs((BOX, 1)))
    assert short.answer is not None
    assert short.answer.returned == 0


def test_a_variant_lands_on_the_lines_that_the_compiler_counts(box: Sandbox) -> None:
    place = Unit(module="pack.feeds", path="src/pack/feeds.py", qualname="marks", first_line=6, last_line=7)
    plain = box.call(place, given(1))
    dreamt = box.call(replace(place, variant="def marks(n):\n    return n + 2, '\x0c\u2028'\n"), given(1))
    assert plain.answer is not None, plain.failure
    assert dreamt.answer is not None, dreamt.failure
    assert plain.answer.returned == encode((2, "\x0b\x1c\u2028\x85"))
    assert dreamt.answer.returned == encode((3, "\x0c\u2028"))


@pytest.mark.parametrize(
    ("what", "inputs", "reason", "category", "says"),
    [
        (unit("area", "def area(:\n    pass\n"), given(1), "syntax", "syntax", "SyntaxError"),
        (unit("area", "def other():\n    pass\n"), given(1), "import", "dependency", "area"),
        (unit("area", "@nothing\ndef area():\n    pass\n"), given(1), "load", "runtime", "NameError"),
        (unit("again", occurrence=1), given(1), "unreachable", "validation", "another definition"),
        (unit("outer.<locals>.inner"), given(), "unreachable", "validation", "inside another function"),
        (unit("area"), Inputs((["new", "pack.shapes", "Nope", [], []],)), "inputs", "validation", "AttributeError"),
        (unit("area"), Inputs((["opaque", "a", "b"],)), "inputs", "validation", "neither a name"),
        (Unit(module="pack.broken", path="src/pack/broken.py", qualname="f"), given(), "import", "dependency", "no_such"),
        (Unit(module="pack.gone", path="src/pack/gone.py", qualname="f", variant="x"), given(), "load", "runtime", "read"),
        (unit("area", "def area(width):\n    while True: pass\n"), given(1), "timeout", "timeout", "0.2 s"),
        (unit("area", "def area(width):\n    return bytearray(2**30)\n"), given(1), "memory", "resource", "memory"),
        (unit("area", "def area(width):\n    import os\n    os.abort()\n"), given(1), "crash", "runtime", "SIGABRT"),
        (unit("area", "def area(width):\n    import os\n    os.fork()\n"), given(1), "forbidden", "validation", "system call"),
        (unit("area", "def area(width):\n    import os\n    os._exit(0)\n"), given(1), "no answer", "runtime", "exit code 0"),
        (unit("area", "def area(width):\n    return 'x' * 2**22\n"), given(1), "too large", "validation", "characters"),
    ],
)  # fmt: skip
def test_why_there_is_no_answer(
    box: Sandbox, what: Unit, inputs: Inputs, reason: str, category: str, says: str
) -> None:
    seen = box.call(what, inputs, replace(LIMITS, wall_s=0.2) if reason == "timeout" else None)
    assert seen.answer is None
    assert seen.failure is not None
    assert (seen.failure.reason, seen.failure.category) == (reason, category), seen.failure.detail
    assert says in seen.failure.detail


def test_the_second_definition_of_a_name_is_reached(box: Sandbox) -> None:
    seen = box.call(unit("again", occurrence=2), given(1))
    assert seen.answer is not None
    assert seen.answer.returned == 11


def test_a_batch_makes_each_call_in_order_and_times_them_together(box: Sandbox) -> None:
    inputs = [given(float(n)) for n in range(50)]
    told = box.batch(unit("area"), inputs, answers=True)
    digested = box.batch(unit("area"), inputs)
    assert told.failure is None
    assert [each.returned for each in told.answers] == [encode(n * 2.0) for n in range(50)]
    assert digested.digests == box.batch(unit("area"), inputs).digests
    assert len(set(digested.digests)) == 50
    other = box.batch(unit("area", "def area(width):\n    return width * 3\n"), inputs)
    assert [a == b for a, b in zip(other.digests, digested.digests, strict=True)] == [True] + [False] * 49
    facts = digested.facts
    assert facts.call_cpu_s is not None
    assert facts.cpu_s is not None
    assert 0 < facts.call_cpu_s < facts.cpu_s


def test_a_value_that_has_to_be_waited_for_is_another_thing(box: Sandbox) -> None:
    for name, waited, plain in (("later", "awaited", "n * 2"), ("stream", "drawn", "iter(range(n))")):
        async_ = box.call(unit(name), given(3)).answer
        direct = box.call(unit(name, f"def {name}(n):\n    return {plain}\n"), given(3)).answer
        assert async_ is not None
        assert direct is not None
        assert (async_.waited, direct.waited) == (waited, "")
        assert async_.returned == direct.returned
        assert isinstance(compare(async_, direct), Different)


def test_what_only_a_first_call_costs_is_not_timed(box: Sandbox) -> None:
    code = """def area(width, seen=[]):
    if not seen:
        seen.append(sum(range(5_000_000)))
    return width
"""
    facts = box.batch(unit("area", code), [given(n) for n in range(5)]).facts
    assert facts.call_cpu_s is not None
    assert facts.cpu_s is not None
    assert facts.call_cpu_s < facts.cpu_s / 10


def test_what_is_returned_and_passed_as_one_thing_is_told_apart_from_a_copy(box: Sandbox) -> None:
    def shared(body: str, value: object) -> tuple[tuple[int, ...], ...]:
        seen = box.call(unit("area", f"def area(width):\n    return {body}\n"), given(value))
        assert seen.answer is not None
        return seen.answer.shared

    assert shared("width", [1, [2]]) == ((0, 1), (1, 2))
    assert shared("list(width)", [1, [2]]) == ((1, 2),)
    assert shared("__import__('copy').deepcopy(width)", [1, [2]]) == ()
    assert shared("width", (1, "a", frozenset({2}))) == ()
    assert shared("iter(width)", [[1]]) == ((1, 2),)


def test_a_thing_that_is_handed_out_twice_is_told_apart_from_two_equal_ones(box: Sandbox) -> None:
    def linked(text: str) -> list[int]:
        told = box.batch(unit("area", text), [given(1), given(1), given(2)], answers=True)
        assert told.failure is None
        assert [each.returned for each in told.answers] == [["list", [1]], ["list", [1]], ["list", [2]]]
        return [len(each.linked) for each in told.answers]

    assert linked("def area(width):\n    return [width]\n") == [0, 0, 0]
    assert linked("@functools.lru_cache\ndef area(width):\n    return [width]\n") == [0, 1, 0]


def test_an_input_that_cannot_be_built_and_an_answer_that_is_too_large_fail_alone(box: Sandbox) -> None:
    text = "def area(width):\n    return 'x' * width\n"
    wrong = Inputs((["new", "pack.shapes", "NoSuch", [], []],))
    told = box.batch(unit("area", text), [given(2), wrong, given(2**22), given(3)], answers=True)
    assert told.failure is not None
    assert told.failure.reason == "inputs"
    assert [each.reason if isinstance(each, Failure) else each.returned for each in told.singly] == [
        "xx",
        "inputs",
        "too large",
        "xxx",
    ]
    digested = box.batch(unit("area", text), [given(2), wrong])
    assert digested.failure is not None
    assert digested.failure.reason == "inputs"


def test_a_batch_that_fails_says_why(box: Sandbox) -> None:
    seen = box.batch(unit("area", "def area(w):\n    import os\n    os._exit(0)\n"), [given(1), given(2)])
    assert seen.failure is not None
    assert (seen.failure.reason, seen.digests, seen.answers) == ("no answer", (), ())


def test_too_many_inputs_are_refused_before_anything_runs(box: Sandbox) -> None:
    seen = box.call(unit("area"), given("x" * 500_000, *["x" * 500_000] * 16))
    assert seen.failure is not None
    assert seen.failure.reason == "inputs"


def test_random_numbers_and_the_order_of_sets_are_the_same_in_every_sandbox(
    backend: Backend, standing: Ground, box: Sandbox
) -> None:
    source = "import random\ndef f():\n    return [random.random(), ''.join(set('abcdefgh'))]\n"
    first = box.call(Unit(module="chance", qualname="f", variant=source), Inputs())
    with contextlib.closing(backend.open(standing, LIMITS)) as fresh:
        second = fresh.call(Unit(module="chance", qualname="f", variant=source), Inputs())
    assert first.answer == second.answer
    assert first.answer is not None
    with contextlib.closing(backend.open(replace(standing, hash_seed=5), LIMITS)) as seeded:
        third = seeded.call(Unit(module="chance", qualname="f", variant=source), Inputs())
    assert third.answer is not None
    assert third.answer.returned[1][0] == first.answer.returned[1][0]
    assert third.answer.returned[1][1] != first.answer.returned[1][1]


WATCHED = (unit("area"), unit("Box.grow"), unit("count"), unit("cached"))


@pytest.mark.parametrize(
    ("kind", "path", "outcomes", "seen"),
    [
        ("unittest", "tests/test_shapes.py", {"passed": 1, "skipped": 1}, [0, 1, 1, 0]),
        ("doctest", "src/pack/shapes.py", {"passed": 1}, [1, 0, 0, 0]),
        ("doctest", "notes.txt", {"failed": 1}, [2, 0, 0, 0]),
        ("script", "tests/script.py", {"passed": 1}, [1, 0, 0, 0]),
    ],
)
def test_tests_of_the_repository_tell_with_what_procedures_are_called(
    box: Sandbox, kind: Any, path: str, outcomes: dict[str, int], seen: list[int]
) -> None:
    harvest = box.harvest(Job(kind=kind, path=path, watched=WATCHED))
    assert harvest.failure is None
    kinds = [outcome for _, outcome, _ in harvest.outcomes]
    assert {each: kinds.count(each) for each in kinds} == outcomes
    assert list(harvest.seen) == seen
    for what, calls in zip(WATCHED, harvest.recorded, strict=True):
        for inputs in calls:
            assert box.call(what, inputs).failure is None


def test_recorded_calls_hold_what_was_given(box: Sandbox) -> None:
    harvest = box.harvest(Job(kind="unittest", path="tests/test_shapes.py", watched=WATCHED))
    assert harvest.recorded[1] == (Inputs((["object", "pack.shapes", "Box", [["side", 2]]], 3)),)
    assert harvest.recorded[2] == (Inputs((3,)),)


def test_the_repository_s_own_tests_run_with_a_variant_in_place(box: Sandbox) -> None:
    wrong = unit("Box.grow", "    def grow(self, by):\n        return 0\n")
    harvest = box.harvest(Job(kind="unittest", path="tests/test_shapes.py", unit=wrong))
    assert [outcome for name, outcome, _ in harvest.outcomes if name.endswith("test_grow")] == ["failed"]
    idle = box.harvest(Job(kind="script", path="tests/starting.py", unit=wrong))
    assert idle.failure is not None
    assert (idle.failure.reason, idle.outcomes) == ("unreachable", ())
    assert "imports pack.shapes" in idle.failure.detail


def test_a_test_that_never_ends_or_cannot_be_run_says_so(box: Sandbox) -> None:
    endless = unit("Box.grow", "    def grow(self, by):\n        while True: pass\n")
    limits = replace(LIMITS, wall_s=0.5)
    late = box.harvest(Job(kind="unittest", path="tests/test_shapes.py", unit=endless), limits)
    assert late.failure is not None
    assert late.failure.reason == "timeout"
    missing = box.harvest(Job(kind="pytest", path="tests/test_shapes.py"))
    assert missing.failure is not None
    assert (missing.failure.reason, "pytest is not there" in missing.failure.detail) == ("import", True)


def test_pytest_runs_where_the_repository_has_it(
    backend: Backend, standing: Ground, open_folder: Path
) -> None:
    packages = Path(pytest.__file__).parent.parent
    names = ("pytest", "_pytest", "pluggy", "iniconfig", "packaging", "pygments")
    files = [f.relative_to(packages) for name in names for f in (packages / name).rglob("*.py")]
    site = rootfs.export(packages, ["py.py", *map(str, files)], open_folder / f"site-{backend.key}")
    limits = replace(LIMITS, load_s=30, wall_s=30, cpu_s=30, scratch_bytes=2**24)
    with contextlib.closing(backend.open(replace(standing, packages=(site,)), limits)) as lane:
        harvest = lane.harvest(Job(kind="pytest", path="tests/test_shapes.py", watched=WATCHED))
    assert harvest.failure is None
    outcomes = {name.rpartition("::")[2]: outcome for name, outcome, _ in harvest.outcomes}
    assert outcomes == {
        "test_area": "passed",
        "test_wrong": "failed",
        "test_grow": "passed",
        "test_skipped": "skipped",
    }
    assert Inputs((4, 1), (("scale", 2),)) in harvest.recorded[0]


def test_a_test_that_starts_programs_is_refused_them_and_goes_on_and_a_trial_ends(box: Sandbox) -> None:
    ran = box.harvest(Job(kind="script", path="tests/starting.py"))
    assert ran.failure is None
    assert ran.outcomes == (("tests/starting.py", "passed", ""),)
    seen = box.call(unit("area", "def area(width):\n    import os\n    return os.fork()\n"), given(1))
    assert seen.failure is not None
    assert seen.failure.reason == "forbidden"


def test_packages_below_a_closed_folder_are_within_reach(backend: Backend, open_folder: Path) -> None:
    isolating(backend, "packages are read where they are")
    closed = open_folder / f"closed-{backend.key}"
    (closed / "site").mkdir(parents=True)
    (closed / "site/installed.py").write_text("answer = 42\n")
    closed.chmod(0o700)
    found = rootfs.build(Path(sys.executable), open_folder, Stop(), [closed / "site"])
    what = Unit(module="m", qualname="f", variant="import installed\ndef f():\n    return installed.answer\n")
    with contextlib.closing(backend.open(found, LIMITS)) as lane:
        seen = lane.call(what, Inputs())
    assert seen.answer is not None, seen.failure
    assert seen.answer.returned == 42


def test_every_process_of_a_sandbox_is_in_its_control_group_before_it_is_asked_anything(
    ground: Ground, bwrap: str
) -> None:
    held = cgroup.make(2**28)
    if held is None:
        pytest.skip(
            "this process may not make control groups; start the tests as root, or with a delegated group"
        )
    held.remove()
    mark = owner.token()
    assert mark is not None
    for asked in (0, 1, 2):
        with contextlib.closing(Bubblewrap(bwrap).open(ground, LIMITS)) as lane:
            for _ in range(asked):
                assert lane.call(Unit(module="m", qualname="f", variant="def f(): pass\n"), Inputs()).answer
            inside = guests("bubblewrap", "-", os.getpid())
            assert inside
            for pid in inside:
                assert mark in Path(f"/proc/{pid}/cgroup").read_text()


def test_only_the_listed_files_are_in_the_export(backend: Backend, box: Sandbox, repository: Path) -> None:
    isolating(backend, "it sees the files of this machine where they are")
    source = "import os\ndef f():\n    return sorted(os.path.join(t, n) for t, _, fs in os.walk('/repository') for n in fs)\n"
    seen = box.call(Unit(module="look", qualname="f", variant=source), Inputs())
    assert seen.answer is not None
    found = [name.removeprefix("/repository/") for name in seen.answer.returned[1]]
    assert found == sorted(p.relative_to(repository).as_posix() for p in repository.rglob("*") if p.is_file())
    assert not {".env", "src/pack/link.py"} & set(found)


def test_a_time_limit_is_kept_closely(box: Sandbox) -> None:
    box.call(unit("area"), given(1))
    seen = box.call(
        unit("area", "def area(w):\n    while True: pass\n"), given(1), replace(LIMITS, wall_s=0.3)
    )
    assert seen.facts.wall_s is not None
    assert 0.3 <= seen.facts.wall_s < 5


class Enough(Exception):
    """Somebody wants us to stop."""


def test_a_stop_is_heard_while_a_call_goes_on(backend: Backend, ground: Ground, address: str) -> None:
    armed: list[bool] = []

    def check() -> None:
        if armed and armed.pop():
            raise Enough

    kinds = {"bubblewrap": Bubblewrap, NOT_ISOLATED: Unisolated}
    listening = Docker(address, check=check) if backend.key == "docker" else kinds[backend.key](check=check)
    endless = Unit(module="m", qualname="f", variant="def f():\n    while True: pass\n")
    with contextlib.closing(listening.open(ground, LIMITS)) as lane:
        armed.append(True)
        with pytest.raises(Enough):
            lane.call(endless, Inputs(), replace(LIMITS, wall_s=60, cpu_s=60))
        seen = lane.call(Unit(module="m", qualname="f", variant="def f(): return 1\n"), Inputs())
        assert (seen.answer is not None, seen.facts.attempts) == (True, 1)
    if isinstance(listening, Docker):
        listening.close()


SCRATCH = "import os\ndef f():\n    here = os.listdir('/tmp')\n    open('/tmp/x', 'w').write('x' * 100)\n    return here\n"
FULL = "def f():\n    with open('/tmp/x', 'wb') as s:\n        while True: s.write(b'x' * 65536)\n"


def test_a_scratch_folder_is_bounded_and_new_for_each_call(backend: Backend, ground: Ground) -> None:
    isolating(backend, "it has no /tmp of its own")
    limits = replace(LIMITS, scratch_bytes=2**20)
    with contextlib.closing(backend.open(ground, limits)) as lane:
        for _ in range(2):
            seen = lane.call(Unit(module="scratch", qualname="f", variant=SCRATCH), Inputs())
            assert seen.answer is not None
            assert seen.answer.returned == ["list", []]
        full = lane.call(Unit(module="scratch", qualname="f", variant=FULL), Inputs())
        assert full.answer is not None
        assert full.answer.raised[2] == "OSError"


@pytest.fixture
def address(backend: Backend, request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue("engine_address")) if backend.key == "docker" else "-"


def test_a_sandbox_that_dies_is_replaced_and_the_call_made_again(
    backend: Backend, ground: Ground, address: str
) -> None:
    with contextlib.closing(backend.open(ground, LIMITS)) as lane:
        for pid in guests(backend.key, address, os.getpid()):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        seen = lane.call(Unit(module="m", qualname="f", variant="def f(): return 1\n"), Inputs())
        assert (seen.answer is not None, seen.facts.attempts) == (True, 2)
    lane.close()


HOLDER = """
import sys, json
from pathlib import Path
from daydream.contracts.sandbox import Ground, Inputs, Limits, Unit
from daydream.sandbox.bubblewrap import Bubblewrap
from daydream.sandbox.docker import Docker, connect
from daydream.sandbox.unisolated import Unisolated
key, root, python, tag, address = sys.argv[1:]
backend = Docker(address) if key == "docker" else Bubblewrap() if key == "bubblewrap" else Unisolated()
lane = backend.open(Ground(root=Path(root), python=python, tag=tag), Limits())
lane.call(Unit(module="m", qualname="f", variant="def f(): return 1"), Inputs())
print("ready", flush=True)
lane.call(Unit(module="m", qualname="f", variant="import time\\ndef f(): time.sleep(600)"), Inputs())
"""


def test_nothing_is_left_when_its_owner_is_killed(backend: Backend, ground: Ground, address: str) -> None:
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, backend.key, str(ground.root), ground.python, ground.tag, address],
        stdout=subprocess.PIPE, cwd=root, env={**os.environ, "PYTHONPATH": str(root)},
    ) as holder:  # fmt: skip
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"ready\n"
        held = guests(backend.key, address, holder.pid)
        assert alive(held)
        backend.sweep()
        assert alive(held)
        holder.kill()
    if backend.key == "docker":
        assert backend.sweep() == 1
    until = time.monotonic() + PATIENCE_S
    while alive(held) and time.monotonic() < until:
        os.sched_yield()
    assert alive(held) == []


NEVER = Ground(root=Path("/nowhere"), python="/python/bin/python3", tag="never")


def test_a_program_or_an_engine_that_is_not_there_is_named_with_what_to_do() -> None:
    with pytest.raises(SandboxRefused, match="apt-get install bubblewrap"):
        Bubblewrap("no-such-bwrap").open(NEVER, LIMITS)
    with pytest.raises(SandboxRefused, match=r"no Docker engine answers at unix:///nowhere.*start it"):
        Docker("unix:///nowhere").open(NEVER, LIMITS)
    assert Docker("unix:///nowhere").sweep() == 0


def test_an_image_of_the_user_s_own_gets_the_guest(
    ground: Ground, engine_address: str, tmp_path: Path
) -> None:
    with tarfile.open(tmp_path / "own.tar", "w") as tar:
        tar.add(ground.root / "python", "python")
        for folder in ("lib64", "lib"):
            if (ground.root / folder).exists():
                tar.add(ground.root / folder, folder)
    client = connect(engine_address)
    changes = ["ENV PATH=/python/bin", "ENV LD_LIBRARY_PATH=/python/lib", "ENV BROUGHT=1"]
    client.api.import_image_from_file(str(tmp_path / "own.tar"), repository="own", tag="1", changes=changes)
    client.close()
    own = Docker(engine_address, "own:1")
    with contextlib.closing(own), contextlib.closing(own.open(ground, LIMITS)) as lane:
        seen = lane.call(Unit(module="m", qualname="f", variant="def f(): return 1\n"), Inputs())
        assert seen.answer is not None
    missing = Docker(engine_address, "own:none")
    with contextlib.closing(missing), pytest.raises(SandboxRefused, match="has no image own:none"):
        missing.open(ground, LIMITS)


def test_a_tree_that_cannot_start_is_refused_in_one_sentence(bwrap: str) -> None:
    with pytest.raises(SandboxRefused, match=r"bubblewrap cannot start a sandbox: .*nowhere"):
        Bubblewrap(bwrap).open(NEVER, LIMITS)


@pytest.mark.parametrize(
    ("told", "instead", "door"),
    [
        ("--remount-ro /dev", "", "finds a place to leave files"),
        ("--clearenv", "", "environment of this machine"),
        ("--proc /proc", "--proc /proc --ro-bind /tmp /tmp", "can read files of this machine"),
    ],
)
def test_a_sandbox_with_an_open_door_is_refused_by_its_canary(
    bwrap: str, open_folder: Path, ground: Ground, told: str, instead: str, door: str
) -> None:
    leaky = open_folder / "leaky"
    leaky.write_text(
        "#!/bin/sh\nexport LEAKED=1\nargs=$(printf '%s\\n' \"$@\" | sed '/^--$/,$d' | tr '\\n' ' ')\n"
        f"args=$(printf '%s' \"$args\" | sed 's|{told}|{instead}|')\n"
        'while [ "$1" != -- ]; do shift; done\n'
        f'exec {bwrap} $args "$@"\n'
    )
    leaky.chmod(0o755)
    with pytest.raises(SandboxRefused, match=door):
        Bubblewrap(str(leaky)).open(ground, LIMITS)


def test_root_s_rights_are_dropped_before_bubblewrap_is_started(bwrap: str, ground: Ground) -> None:
    if os.geteuid() != 0:
        pytest.skip("these tests were started by an ordinary user; start them as root to have this too")
    with contextlib.closing(Bubblewrap(bwrap).open(ground, LIMITS)):
        held = guests("bubblewrap", "-", os.getpid())
        assert held
        for pid in held:
            lines = Path(f"/proc/{pid}/status").read_text().splitlines()
            uids = next(line for line in lines if line.startswith("Uid:")).split()[1:]
            assert set(uids) == {str(rootfs.SANDBOX_ID)}


def test_what_is_loaded_beforehand_is_the_standard_library_s_whatever_an_installed_package_is_called(
    backend: Backend, ground: Ground, tmp_path: Path, open_folder: Path
) -> None:
    (tmp_path / "colorsys.py").write_text("raise SystemExit('this must not run where the facts are kept')\n")
    (tmp_path / "installed.py").write_text("raise SystemExit('nor this')\n")
    site = rootfs.export(tmp_path, ["colorsys.py", "installed.py"], open_folder / f"loaded-{backend.key}")
    before = replace(ground, packages=(site,), preload=("colorsys", "installed"))
    text = "import sys\nhad = 'colorsys' in sys.modules, 'installed' in sys.modules\ndef f(): return had\n"
    with contextlib.closing(backend.open(before, LIMITS)) as lane:
        seen = lane.call(Unit(module="m", qualname="f", variant=text), Inputs())
        assert seen.answer is not None
        assert seen.answer.returned == encode((True, False))
