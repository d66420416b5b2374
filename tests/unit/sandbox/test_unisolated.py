"""Without a sandbox: only where that is allowed, never silently, and never at the cost of anybody else's processes."""

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from daydream.contracts.sandbox import (
    NOT_ISOLATED,
    Backend,
    Ground,
    Inputs,
    Limits,
    Sandbox,
    SandboxRefused,
    Unit,
)
from daydream.processes import Stop
from daydream.sandbox import SANDBOXES, rootfs
from daydream.sandbox.bubblewrap import Bubblewrap
from daydream.sandbox.canaries import no_start
from daydream.sandbox.choosing import choose
from daydream.sandbox.unisolated import Unisolated
from tests.fakes.sandbox import FakeSandbox

LIMITS = Limits(wall_s=5.0, cpu_s=3.0, memory_bytes=256 * 2**20)
NEVER = Ground(root=Path("/nowhere"), python="/python/bin/python3", tag="never")


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Ground:
    return rootfs.build(Path(sys.executable), tmp_path_factory.mktemp("cache"), Stop())


@pytest.fixture(scope="module")
def lane(ground: Ground) -> Iterator[Sandbox]:
    with contextlib.closing(Unisolated().open(ground, LIMITS)) as found:
        yield found


def done(lane: Sandbox, source: str) -> object:
    seen = lane.call(Unit(module="m", qualname="f", variant=source), Inputs())
    assert seen.facts.backend == NOT_ISOLATED
    assert seen.answer is not None, seen.failure
    return seen.answer.returned


class Refusing:
    """A backend that cannot be had."""

    key = "bubblewrap"

    def open(self, ground: Ground, limits: Limits) -> Sandbox:
        raise SandboxRefused("not today")

    def sweep(self) -> int:
        return 0


class Standing(Refusing):
    """A backend that can be had."""

    key = "docker"

    def open(self, ground: Ground, limits: Limits) -> Sandbox:
        return FakeSandbox()


def test_it_is_no_choice_among_others() -> None:
    assert NOT_ISOLATED not in SANDBOXES


def test_where_it_is_not_allowed_nothing_is_opened() -> None:
    none: dict[str, Callable[[], Backend]] = {"bubblewrap": Refusing}
    with pytest.raises(SandboxRefused, match="bubblewrap: not today"):
        choose(["bubblewrap"], NEVER, LIMITS, backends=none)


def test_a_refusal_that_names_its_backend_is_not_named_twice() -> None:
    def named() -> Backend:
        return Bubblewrap("no-such-program")

    with pytest.raises(SandboxRefused, match=r"^bubblewrap is not installed; .*bubblewrap$"):
        choose(["bubblewrap"], NEVER, LIMITS, backends={"bubblewrap": named})


def test_what_a_program_guesses_is_left_to_the_advice() -> None:
    said = "bwrap: No permissions to create new namespace, likely because of this. On e.g. debian do that.."
    assert no_start("bubblewrap", said, lambda _: "Allow it") == (
        "bubblewrap cannot start a sandbox: bwrap: No permissions to create new namespace. Allow it"
    )


def test_where_it_is_allowed_a_sandbox_that_can_be_had_is_still_taken() -> None:
    some: dict[str, Callable[[], Backend]] = {"bubblewrap": Refusing, "docker": Standing}
    chosen = choose(["bubblewrap", "docker"], NEVER, LIMITS, allow_unisolated=True, backends=some)
    assert (chosen.backend.key, chosen.refused) == ("docker", ("bubblewrap: not today",))


def test_where_it_is_allowed_and_no_sandbox_can_be_had_it_says_what_it_is(ground: Ground) -> None:
    none: dict[str, Callable[[], Backend]] = {"bubblewrap": Refusing}
    chosen = choose(["bubblewrap"], ground, LIMITS, allow_unisolated=True, backends=none)
    with contextlib.closing(chosen.lane) as found:
        assert (chosen.backend.key, chosen.refused) == (NOT_ISOLATED, ("bubblewrap: not today",))
        assert done(found, "def f():\n    return 1\n") == 1


def test_a_tree_that_does_not_start_is_refused_in_one_sentence() -> None:
    with pytest.raises(SandboxRefused, match=r"not isolated cannot start a sandbox: .*Install bubblewrap"):
        Unisolated().open(NEVER, LIMITS)


def test_whatever_else_its_user_runs_is_left_alone(lane: Sandbox) -> None:
    who = {"user": rootfs.SANDBOX_ID} if os.geteuid() == 0 else {}
    with subprocess.Popen(["/bin/sleep", "60"], **who) as bystander:  # type: ignore[call-overload]
        for source in ("def f():\n    return 1\n", "def f():\n    import os\n    os.abort()\n"):
            lane.call(Unit(module="m", qualname="f", variant=source), Inputs())
        ended = bystander.poll()
        bystander.kill()
    assert ended is None


def test_the_call_that_ends_everything_is_refused_to_the_guest(ground: Ground) -> None:
    ask = (  # signal 0 asks and does nothing
        f"import sys; sys.path[:1] = [{str(ground.root / 'daydream')!r}]\n"
        "from _daydream_guest import seccomp\nseccomp.spare_others()\nimport os\nos.kill(os.getpid(), 0)\n"
        "try:\n    os.kill(-1, 0)\nexcept PermissionError:\n    print('refused')\n"
    )
    left = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=False)
    assert left.stdout == "refused\n", left.stderr


def test_it_promises_neither_files_nor_a_world_of_its_own(lane: Sandbox, ground: Ground) -> None:
    assert (
        done(lane, f"def f():\n    return open({str(ground.root / 'etc/passwd')!r}).read()[:6]\n") == "nobody"
    )
    assert done(lane, "def f():\n    import os\n    return os.getpid() > 2\n") is True


def test_it_keeps_environment_network_and_rights(lane: Sandbox) -> None:
    names = done(lane, "def f():\n    import os\n    return 'HOME' in os.environ and len(os.environ) < 16\n")
    assert names is True
    for source, reason in (
        ("def f():\n    import socket\n    socket.create_connection(('127.0.0.1', 9), 1)\n", "forbidden"),
        ("def f():\n    import os\n    os.kill(os.getppid(), 9)\n", "forbidden"),
        ("def f():\n    return bytearray(2**30)\n", "memory"),
    ):
        seen = lane.call(Unit(module="m", qualname="f", variant=source), Inputs())
        assert seen.failure is not None
        assert seen.failure.reason == reason


SCRATCH = "import os, tempfile\ndef f():\n    with tempfile.NamedTemporaryFile(delete=False) as s:\n        s.write(b'x')\n    return [tempfile.gettempdir(), len(os.listdir(tempfile.gettempdir()))]\n"


def test_scratch_is_a_folder_that_goes_with_the_call(ground: Ground) -> None:
    limits = Limits(wall_s=5.0, scratch_bytes=2**20)
    with contextlib.closing(Unisolated().open(ground, limits)) as found:
        places = [done(found, SCRATCH) for _ in range(2)]
    names = [place[1][0] for place in places]  # type: ignore[index]
    assert [place[1][1] for place in places] == [1, 1]  # type: ignore[index]
    assert len(set(names)) == 2
    assert not [name for name in names if Path(name).exists()]


HOLDER = """
import sys
from pathlib import Path
from daydream.contracts.sandbox import Ground, Limits
from daydream.sandbox.unisolated import Unisolated
root, python, tag = sys.argv[1:]
lane = Unisolated().open(Ground(root=Path(root), python=python, tag=tag), Limits(scratch_bytes=1000))
print("ready", flush=True)
sys.stdin.read()
"""


def test_what_a_killed_owner_leaves_is_swept_and_nothing_else(ground: Ground, lane: Sandbox) -> None:
    argv = [sys.executable, "-c", HOLDER, str(ground.root), ground.python, ground.tag]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"ready\n"
        mine = list(Path(tempfile.gettempdir()).glob(f"daydream-scratch-{holder.pid}-*"))
        assert len(mine) == 1
        Unisolated().sweep()
        assert mine[0].exists()
        holder.kill()
    assert Unisolated().sweep() >= 1
    assert not mine[0].exists()
    assert done(lane, "def f():\n    return 1\n") == 1
