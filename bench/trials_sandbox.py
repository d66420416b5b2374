"""The sandbox: what a trial costs, what it starts with, how closely it keeps time, what is left when its owner is killed. Beside it, in
the same minutes: a fork that ends at once, and a pool of one process, which isolates nothing.

`python -m bench.trials_sandbox [--address unix:///path/engine.sock] [--trials N]`: bubblewrap, and Docker with an engine of its own
(root, dockerd installed) or the one at the address. Figures of a busy machine are not figures: it prints the load.
"""

import argparse
import contextlib
import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from bench.machine import heading, median, percentile
from daydream.contracts.sandbox import Backend, Ground, Inputs, Limits, Sandbox, SandboxRefused, Unit
from daydream.processes import Stop
from daydream.sandbox import rootfs
from daydream.sandbox.bubblewrap import Bubblewrap
from daydream.sandbox.docker import Docker
from tests.contract.hostile.guests import alive, guests
from tests.fakes.engine import NoEngine, engine

SQUARES = Unit(module="m", qualname="f", variant="def f(n):\n    return sum(i * i for i in range(n))\n")
LOOP = Unit(module="m", qualname="f", variant="def f(n):\n    while True: pass\n")
DREAMS = 100
TESTS = 5
LATE = 10
KILLS = 5
PATIENCE_S = 10.0
HOLDER = """
import sys
from pathlib import Path
from bench.trials_sandbox import LOOP, backend_of
from daydream.contracts.sandbox import Ground, Inputs, Limits
key, address, root, python, tag = sys.argv[1:]
lane = backend_of(key, address).open(Ground(root=Path(root), python=python, tag=tag), Limits())
print("ready", flush=True)
lane.call(LOOP, Inputs((1,)))
"""


def backend_of(key: str, address: str) -> Backend:
    """The backend of that name."""
    return Docker(address) if key == "docker" else Bubblewrap()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--address")
    parser.add_argument("--trials", type=int, default=500)
    args = parser.parse_args()
    heading("Trials: the sandbox")
    with tempfile.TemporaryDirectory() as name:
        began = time.perf_counter()
        ground = rootfs.build(Path(sys.executable), Path(name), Stop())
        size = sum(each.stat().st_size for each in ground.root.rglob("*") if each.is_file())
        print(f"the tree: {size / 2**20:.0f} MiB, there after {time.perf_counter() - began:.2f} s\n")
        with contextlib.ExitStack() as stack:
            for key, address in _backends(args.address, stack):
                try:
                    measure(key, address, ground, args.trials)
                except SandboxRefused as why:
                    print(f"{key}: not measured, {why}\n")


def _backends(address: str | None, stack: contextlib.ExitStack) -> Iterator[tuple[str, str]]:
    yield "bubblewrap", "-"
    folder = stack.enter_context(tempfile.TemporaryDirectory())
    try:
        yield "docker", address or stack.enter_context(engine(Path(folder)))
    except NoEngine as why:
        print(f"docker: not measured, {why}\n")


def measure(key: str, address: str, ground: Ground, trials: int) -> None:
    """Everything about one backend."""
    backend = backend_of(key, address)
    began = time.perf_counter()
    backend.open(ground, Limits()).close()
    print(f"### {key}\n\nfirst sandbox, image and canaries included: {time.perf_counter() - began:.2f} s")
    starts = [timed(lambda: backend.open(ground, Limits()).close()) for _ in range(LATE)]
    print(
        f"start and end of a sandbox: p50 {median(starts) * 1e3:.0f} ms, p95 {percentile(starts, 0.95) * 1e3:.0f} ms"
    )
    with contextlib.closing(backend.open(ground, Limits())) as lane:
        warm(lane, trials)
        overs = [overshoot(lane) for _ in range(LATE)]
        print(
            f"time-out of 0.3 s overshot by: p50 {median(overs) * 1e3:.0f} ms, max {max(overs) * 1e3:.0f} ms ({LATE})"
        )
        print(f"one function against itself: {slopes(lane)}")
    lanes = os.cpu_count() or 1
    print(f"{lanes} lanes: {together(backend, ground, lanes, trials):.0f} trials a second, starts included")
    print(
        f"{DREAMS} dreams x {TESTS} trials, start included, a child for each trial: {night(backend, ground, 1):.2f} s"
    )
    print(f"the same, a child for each dream: {night(backend, ground, TESTS):.2f} s")
    print(f"left after kill -9 in the middle of a trial: {left(key, address, ground, backend)}\n")


def warm(lane: Sandbox, trials: int) -> None:
    """One trial after another on a lane, a fork and a call of a pool after each."""
    children: list[float] = []
    forks: list[float] = []
    pooled: list[float] = []
    asked(lane)
    began = time.process_time()
    walls = [timed(lambda: children.append(asked(lane))) for _ in range(trials)]
    ours = (time.process_time() - began) / trials
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        pool.submit(square, 1).result()
        for _ in range(trials):
            forks.append(timed(forked))
            pooled.append(timed(lambda: pool.submit(square, 100).result()))
    print(f"a warm trial: {spread(walls)}; {trials / sum(walls):.0f} a second on one lane ({trials} trials)")
    print(f"  of the processor: the child {median(children) * 1e3:.2f} ms, the host {ours * 1e3:.2f} ms")
    print(f"a fork of this process that ends at once: {spread(forks)}; a call of a pool: {spread(pooled)}")


def spread(seconds: list[float]) -> str:
    """Median, tail and least of a list of times."""
    tail = percentile(seconds, 0.95)
    return f"p50 {median(seconds) * 1e3:.2f} ms, p95 {tail * 1e3:.2f} ms, min {min(seconds) * 1e3:.2f} ms"


def square(n: int) -> int:
    """What the pool is asked."""
    return sum(i * i for i in range(n))


def forked() -> None:
    """A child that ends at once."""
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)


def timed(what: Callable[[], object]) -> float:
    """Seconds of the wall clock."""
    began = time.perf_counter()
    what()
    return time.perf_counter() - began


def asked(lane: Sandbox, unit: Unit = SQUARES) -> float:
    """One trial that must be answered; the processor time of its child."""
    seen = lane.call(unit, Inputs((100,)))
    if seen.failure is not None:
        raise SystemExit(seen.failure.detail)
    return seen.facts.cpu_s or 0.0


def overshoot(lane: Sandbox) -> float:
    """How much longer than its limit an endless call takes, everything included."""
    return timed(lambda: lane.call(LOOP, Inputs((1,)), Limits(wall_s=0.3))) - 0.3


def slopes(lane: Sandbox) -> str:
    """The same procedure twice, interleaved: processor time between two batch sizes, as a ratio."""
    costs: dict[str, list[float]] = {"a": [], "b": []}
    for _ in range(12):
        for each in costs.values():
            small, large = (cpu(lane, size) for size in (100, 300))
            each.append((large - small) / 200)
    first, second = median(costs["a"]), median(costs["b"])
    return f"{first * 1e6:.1f} us and {second * 1e6:.1f} us a call, ratio {first / second:.3f}"


def cpu(lane: Sandbox, size: int) -> float:
    """Processor seconds of the whole child for a batch."""
    seen = lane.batch(SQUARES, [Inputs((1000 + n,)) for n in range(size)])
    if seen.facts.cpu_s is None or seen.failure is not None:
        raise SystemExit("a batch failed")
    return seen.facts.cpu_s


def together(backend: Backend, ground: Ground, lanes: int, trials: int) -> float:
    """Trials a second on several lanes at once."""

    def work() -> None:
        with contextlib.closing(backend.open(ground, Limits())) as lane:
            for _ in range(trials):
                asked(lane)

    threads = [threading.Thread(target=work) for _ in range(lanes)]
    began = time.perf_counter()
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    return lanes * trials / (time.perf_counter() - began)


def night(backend: Backend, ground: Ground, together: int) -> float:
    """Each dream a wording of its own, five inputs each, on one lane that is started for it; `together` inputs a child."""
    began = time.perf_counter()
    with contextlib.closing(backend.open(ground, Limits())) as lane:
        for number in range(DREAMS):
            source = f"def f(n):\n    return sum(i * i for i in range(n)) + {number}\n"
            unit = Unit(module="m", qualname="f", variant=source)
            for _ in range(TESTS // together):
                seen = lane.batch(unit, [Inputs((100 + n,)) for n in range(together)], answers=True)
                if len(seen.answers) != together:
                    raise SystemExit(str(seen.failure))
    return time.perf_counter() - began


def left(key: str, address: str, ground: Ground, backend: Backend) -> str:
    """Kill owners in the middle of a trial and wait for what they held to go."""
    waits = []
    for _ in range(KILLS):
        holder = subprocess.Popen(
            [sys.executable, "-c", HOLDER, key, address, str(ground.root), ground.python, ground.tag],
            stdout=subprocess.PIPE,
        )
        if holder.stdout is None or holder.stdout.readline() != b"ready\n":
            raise SystemExit("a holder did not start")
        held = guests(key, address, holder.pid)
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        holder.stdout.close()
        began = time.perf_counter()
        if key == "docker":
            backend.sweep()
        while alive(held) and time.perf_counter() - began < PATIENCE_S:
            time.sleep(0.01)
        waits.append(PATIENCE_S if alive(held) else time.perf_counter() - began)
    over = sum(each >= PATIENCE_S for each in waits)
    how = ", after the sweep of the next start" if key == "docker" else ""
    return f"{over} of {KILLS} sandboxes{how}; the slowest was gone after {max(waits):.2f} s"


if __name__ == "__main__":
    main()
