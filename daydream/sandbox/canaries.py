"""Small programs that try the doors; a sandbox is used only after each was found shut, and after it answered truly."""

import secrets
import socket
import tempfile
from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from daydream.contracts.sandbox import Inputs, Limits, Observation, SandboxRefused, Unit
from daydream.sandbox.command import environment
from daydream.sandbox.supervisor import Lane

LIMITS = Limits(wall_s=5.0, cpu_s=3.0, load_s=5.0, memory_bytes=256 * 2**20)
_PATIENCE_S = 0.05
_HARMLESS = ("PWD", "LC_CTYPE", "HOSTNAME")


@dataclass(frozen=True, slots=True)
class Canary:
    """A module with a function `f`; `shut` says whether what it did there is as it must be, and `open_door` names what
    is wrong where it is not."""

    name: str
    source: str
    shut: Callable[[Observation], bool]
    open_door: str
    limits: Limits = LIMITS


def _reason(*reasons: str) -> Callable[[Observation], bool]:
    return lambda seen: seen.failure is not None and seen.failure.reason in reasons


def _returned(tree: object) -> Callable[[Observation], bool]:
    return lambda seen: seen.answer is not None and seen.answer.has_returned and seen.answer.returned == tree


_OPENED = """
def f(paths):
    import os
    opened = []
    for path in paths:
        try:
            os.close(os.open(path, {flags}, 0o600))
            opened.append(path)
        except OSError:
            pass
    return opened
"""
_FOLDERS = ("", "/dev", "/dev/shm", "/tmp", "/etc", "/python", "/daydream", "/proc", "/repository")  # noqa: S108 - tried
_PLACES = tuple(f"{folder}/x" for folder in _FOLDERS)
_SETTINGS = (
    "/proc/sys/kernel/core_pattern",
    "/proc/sys/vm/drop_caches",
    "/proc/sysrq-trigger",
    "/proc/1/mem",
)
_CANARIES = (
    Canary("answer", "def f(n): return n * 2 + 1", _returned(7), "it does not answer truly"),
    Canary(
        "network",
        "def f(port):\n import socket\n socket.create_connection(('127.0.0.1', port), 1).sendall(b'out')\n return 'out'",
        lambda seen: seen.answer is None or not seen.answer.has_returned,
        "what runs inside can reach the network",
    ),
    Canary(
        "files",
        _OPENED.format(flags="os.O_RDONLY"),
        _returned(["list", []]),
        "what runs inside can read files of this machine",
    ),
    Canary(
        "settings",
        _OPENED.format(flags="os.O_WRONLY"),
        _returned(["list", []]),
        "what runs inside can write settings of the kernel; start daydream as an ordinary user",
    ),
    Canary(
        "writing",
        _OPENED.format(flags="os.O_WRONLY | os.O_CREAT"),
        _returned(["list", []]),
        "what runs inside finds a place to leave files",
    ),
    Canary(
        "environment",
        "def f(known):\n import os\n return sorted(set(os.environ) - set(known))",
        _returned(["list", []]),
        "the environment of this machine is visible inside",
    ),
    Canary(
        "processes",
        "def f():\n import os\n return os.fork()",
        _reason("forbidden"),
        "what runs inside can start processes",
    ),
    Canary(
        "root",
        "def f():\n import os\n try:\n  os.setuid(0)\n except OSError:\n  return os.getuid() == 0\n return True",
        _returned(False),
        "what runs inside is, or becomes, root",
    ),
    Canary(
        "memory",
        "def f():\n return len(bytearray(2 ** 30))",
        _reason("memory"),
        "memory is not limited",
    ),
    Canary(
        "time",
        "def f():\n while True: pass",
        _reason("timeout"),
        "the time limit does not hold",
        replace(LIMITS, wall_s=0.1),
    ),
)


def prove(
    backend: str,
    lane_of: Callable[[Limits], Lane],
    advice: Callable[[str], str],
    known: Iterable[str] = (),
    spared: Container[str] = (),
) -> None:
    """Run every canary but those that are `spared`. `known` are variables that an image of the user's own brings.

    Raises:
        SandboxRefused: one is not as it must be, or nothing runs at all.
    """
    lane = lane_of(LIMITS)
    try:
        with tempfile.TemporaryDirectory() as folder, socket.create_server(("127.0.0.1", 0)) as listener:
            secret = Path(folder) / "secret"
            secret.write_text(secrets.token_hex())
            secret.chmod(0o644)
            Path(folder).chmod(0o755)
            given = {
                "answer": (3,),
                "network": (listener.getsockname()[1],),
                "files": (["list", [str(secret), "/etc/shadow", "/var/run/docker.sock"]],),
                "settings": (["list", list(_SETTINGS)],),
                "environment": (["list", [*environment(0), *_HARMLESS, *known]],),
                "writing": (["list", list(_PLACES)],),
            }
            for canary in _CANARIES:
                if canary.name in spared:
                    continue
                _try(backend, lane, canary, Inputs(given.get(canary.name, ())), advice)
            _nobody_called(backend, listener)
    except OSError as error:
        msg = f"{backend} is not used: it cannot be tried out here ({error.strerror or error})"
        raise SandboxRefused(msg) from None
    finally:
        lane.close()


def no_start(backend: str, detail: str, advice: Callable[[str], str]) -> str:
    """Say that a sandbox does not start, and what to do; what the program guesses of the cause is left to the advice."""
    said = detail.partition(", likely because")[0].rstrip(". ")
    return f"{backend} cannot start a sandbox: {said}. {advice(detail)}"


def _try(backend: str, lane: Lane, canary: Canary, inputs: Inputs, advice: Callable[[str], str]) -> None:
    unit = Unit(module="canary", qualname="f", variant=canary.source)
    seen = lane.call(unit, inputs, canary.limits)
    if seen.failure is not None and seen.failure.reason == "lost":
        raise SandboxRefused(no_start(backend, seen.failure.detail, advice))
    if not canary.shut(seen):
        what = seen.failure.detail if seen.failure else f"it answered {str(seen.answer)[:200]}"
        msg = f"{backend} is not used: {canary.open_door} (canary {canary.name}: {what}). {advice('')}"
        raise SandboxRefused(msg)


def _nobody_called(backend: str, listener: socket.socket) -> None:
    listener.settimeout(_PATIENCE_S)
    try:
        listener.accept()[0].close()
    except TimeoutError:
        return
    msg = f"{backend} is not used: what runs inside reached this machine's network"
    raise SandboxRefused(msg)
