"""Runs every hostile program on a backend and writes down what came of it, as JSON; a process of its own, so that it can be
started as anybody. `python -m tests.contract.hostile.matrix BACKEND GROUND ADDRESS`; imports the standard library only."""

import json
import os
import secrets
import socket
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

from daydream.contracts.sandbox import Backend, Ground, Inputs, Limits, Sandbox, Unit
from daydream.sandbox.bubblewrap import Bubblewrap
from daydream.sandbox.docker import Docker
from tests.contract.hostile import escaping, exhausting, forging
from tests.contract.hostile.guests import alive, guests
from tests.contract.hostile.program import Program

PROGRAMS: tuple[Program, ...] = (*exhausting.PROGRAMS, *escaping.PROGRAMS, *forging.PROGRAMS)
LANES = 4
PATIENCE_S = 5.0
_CONTROL = "def f(n, word):\n    return 'answer-of-' + word[::-1] + str(n * n)\n"
_CORE_PATTERN = Path("/proc/sys/kernel/core_pattern")


class Listeners:
    """What waits outside for somebody to come: nobody may."""

    def __init__(self) -> None:
        self.tcp = socket.create_server(("127.0.0.1", 0))
        self.udp = socket.socket(type=socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", 0))
        self.abstract = f"daydream-{secrets.token_hex(8)}"
        self.unix = socket.socket(socket.AF_UNIX)
        self.unix.bind("\0" + self.abstract)
        self.unix.listen()

    def visits(self) -> int:
        """How many came, by any way, since the start."""
        count = 0
        for each in (self.tcp, self.udp, self.unix):
            each.setblocking(False)
            try:
                each.recv(1) if each is self.udp else each.accept()
                count += 1
            except OSError:
                continue
        return count


def ground_of(text: str) -> Ground:
    """The ground that the test wrote down."""
    held = json.loads(text)
    return Ground(root=Path(held["root"]), python=held["python"], tag=held["tag"])


def run(backend: Backend, ground: Ground, address: str, every: int = 1) -> dict[str, Any]:
    """Everything that the test wants to know of every `every`th program."""
    secret = f"SECRET{secrets.token_hex(12)}"
    os.environ["DAYDREAM_SECRET"] = secret
    listeners = Listeners()
    pattern = _CORE_PATTERN.read_text()
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        file = Path(folder) / "secret"
        file.write_text(secret)
        told = [
            "list",
            [listeners.tcp.getsockname()[1], listeners.abstract, str(file), listeners.udp.getsockname()[1]],
        ]
        began = time.monotonic()
        rows: list[dict[str, Any]] = []
        local = threading.local()
        lanes: list[Sandbox] = []

        def one(program: Program) -> None:
            if not hasattr(local, "lane"):
                local.lane = backend.open(ground, Limits(memory_bytes=256 * 2**20))
                lanes.append(local.lane)
            rows.append(tried(local.lane, program, told, secret))

        with ThreadPoolExecutor(LANES) as pool:
            for done in [pool.submit(one, program) for program in PROGRAMS[::every]]:
                done.result()
            inside = guests(backend.key, address, os.getpid())
            for lane in lanes:
                lane.close()
        return {
            "rows": rows,
            "seconds": time.monotonic() - began,
            "visits": listeners.visits(),
            "core_pattern": _CORE_PATTERN.read_text() == pattern,
            "untouched": [each.name for each in Path(folder).iterdir()] == ["secret"]
            and file.read_text() == secret,
            "uids": sorted(set(inside.values())),
            "left": left(inside),
            "started": sum(getattr(lane, "started", 0) for lane in lanes),
        }


def tried(lane: Sandbox, program: Program, told: Any, secret: str) -> dict[str, Any]:
    """One program between two controls."""
    word = secrets.token_hex(8)
    before = honest(lane, word)
    unit = Unit(module="attack", qualname="f", variant=program.source)
    seen = lane.call(unit, Inputs((told,)), program.limits)
    text = json.dumps(asdict(seen))
    after = honest(lane, secrets.token_hex(8))
    return {
        "name": program.name,
        "came": came(seen),
        "returned": seen.answer.returned if seen.answer else None,
        "detail": seen.failure.detail if seen.failure else "",
        "leaks": secret in text or word[::-1] in text,
        "controls": before and after,
        "facts": asdict(seen.facts),
    }


def came(seen: Any) -> str:
    """A reason, "returned", or "raised:<class>"."""
    if seen.failure is not None:
        return str(seen.failure.reason)
    return "returned" if seen.answer.has_returned else f"raised:{seen.answer.raised[2]}"


def honest(lane: Sandbox, word: str) -> bool:
    """Whether an ordinary procedure is still answered truly."""
    seen = lane.call(Unit(module="control", qualname="f", variant=_CONTROL), Inputs((7, word)))
    return (
        seen.answer is not None
        and seen.answer.returned == f"answer-of-{word[::-1]}49"
        and seen.facts.attempts == 1
    )


def left(inside: dict[int, int]) -> list[int]:
    """Which of the guests are still there after a while."""
    until = time.monotonic() + PATIENCE_S
    while alive(inside) and time.monotonic() < until:
        time.sleep(0.02)
    return alive(inside)


def main() -> None:
    """Print the results of one backend."""
    name, ground, address, every = sys.argv[1:5]
    backend: Backend = Docker(address) if name == "docker" else Bubblewrap()
    print(json.dumps(run(backend, ground_of(Path(ground).read_text()), address, int(every))))


if __name__ == "__main__":
    main()
