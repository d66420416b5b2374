"""Whether gains are claimed where there are some, and nowhere else.

`python -m bench.trials_timing`: in a real sandbox, workloads against themselves, and against the same with 3 % and 10 % more
to do; `--load N` keeps N processes busy beside it. `--simulate N` does the same N times each on a simulated clock with heavy tails,
drift and a processor of two frequencies, where the truth is known to the last digit and the intervals' coverage can be counted.
"""

import argparse
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.machine import heading, median, percentile
from daydream.contracts.sandbox import Inputs, Limits, Sandbox, Unit
from daydream.dream.trials.effectiveness import Effect, Plan, across, effectiveness
from daydream.dream.trials.noise import noise_floor
from daydream.processes import Stop
from daydream.sandbox import rootfs
from daydream.sandbox.bubblewrap import Bubblewrap
from tests.fakes.sandbox import BASE, FakeSandbox, Machine, dream

GAINS = (1.0, 1.03, 1.1)
_WORKLOADS = {
    "arithmetic": "    for step in range({0}):\n        total += step * number % 97\n",
    "dictionary": "    seen = {{}}\n    for step in range({0}):\n        seen[step % 61] = seen.get(step % 61, 0) + number\n    total = len(seen)\n",
    "text": "    words = [str(number + step) for step in range({0})]\n    total = len(' '.join(words).split()) // {0}\n",
}
_STEPS = {"arithmetic": 2000, "dictionary": 1500, "text": 700}
_MACHINES: dict[str, dict[str, Any]] = {
    "quiet": {"jitter": 0.01, "spikes": 0.02},
    "shared": {"jitter": 0.03, "spikes": 0.08, "drift": 0.2, "bimodal": 0.15},
    "loaded": {"jitter": 0.08, "spikes": 0.15, "drift": 0.5, "bimodal": 0.3, "busy": 3.0},
}


@dataclass
class Tally:
    """What came of one row of comparisons."""

    effects: list[Effect] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def line(self, name: str, gain: float, *, known: bool) -> str:
        """One row of the table."""
        total = len(self.effects)
        verdicts = Counter(each.verdict for each in self.effects)
        cpu = [each.cpu_s for each in self.effects]
        ratios = [each.ratio for each in self.effects if each.ratio is not None]
        held = sum(
            each.low <= gain <= each.high
            for each in self.effects
            if each.low is not None and each.high is not None
        )
        kept = sum(each.verdict == "gained" for each in across(self.effects))
        cells = [
            name,
            f"{gain - 1:+.0%}",
            str(total),
            *(str(verdicts[each]) for each in ("gained", "not shown", "slower", "not measured")),
            f"{verdicts['gained'] / total:.1%}",
            str(kept),
            f"{median(ratios):.3f}" if ratios else "-",
            f"{held / len(ratios):.1%}" if known and ratios else "-",
            f"{median(cpu):.1f} / {percentile(cpu, 0.95):.1f}",
            f"{median(self.seconds):.1f}",
        ]
        return "| " + " | ".join(cells) + " |"


_HEAD = (
    "| where | truth | n | gained | not shown | slower | not measured | gained | after a night's correction | median ratio "
    "| interval holds | processor s, median / p95 | waited s |"
)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--same", type=int, default=300, help="comparisons of identical code")
    parser.add_argument(
        "--other", type=int, default=100, help="comparisons with 3 %% and with 10 %% more to do, each"
    )
    parser.add_argument("--load", type=int, default=0)
    parser.add_argument("--simulate", type=int, default=0)
    args = parser.parse_args()
    heading("Claims of gains")
    if args.simulate:
        print(_HEAD + "\n" + "|---" * 13 + "|")
        for name, noise in _MACHINES.items():
            for gain in GAINS:
                print(simulated(noise, gain, args.simulate).line(name, gain, known=True), flush=True)
        return
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder, busy(args.load):
        ground = rootfs.build(Path(sys.executable), Path(folder), Stop())
        lane = Bubblewrap().open(ground, Limits())
        try:
            real(lane, {1.0: args.same, 1.03: args.other, 1.1: args.other})
        finally:
            lane.close()


@contextmanager
def busy(count: int) -> Iterator[None]:
    """Keep so many processes busy beside it."""
    children = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for child in children:
            child.kill()
            child.wait()


def real(lane: Sandbox, wanted: dict[float, int]) -> None:
    """Comparisons in a real sandbox, the truths in turn, so that the machine's moods meet all of them."""
    floor = noise_floor(lane)
    print(f"floor {floor.ratio:.4f}: {floor.reason} ({floor.repetitions} repetitions, {floor.cpu_s:.1f} s)\n")
    tallies: dict[tuple[str, float], Tally] = {
        (name, gain): Tally() for gain in wanted for name in _WORKLOADS
    }
    jobs = [(gain, at) for gain, count in wanted.items() for at in range(count)]
    random.Random(0).shuffle(jobs)
    for number, (gain, at) in enumerate(jobs):
        name = list(_WORKLOADS)[at % len(_WORKLOADS)]
        began = time.perf_counter()
        units = workload(name, gain), workload(name, 1.0)
        found = effectiveness(lane, *units, make, floor=floor.ratio, plan=Plan(seed=number))
        tallies[name, gain].effects.append(found)
        tallies[name, gain].seconds.append(time.perf_counter() - began)
    print(_HEAD + "\n" + "|---" * 13 + "|")
    for (name, gain), tally in tallies.items():
        if tally.effects:
            print(tally.line(name, gain, known=False))
    for gain in wanted:
        joined = Tally(
            [each for (_, one), tally in tallies.items() if one == gain for each in tally.effects],
            [each for (_, one), tally in tallies.items() if one == gain for each in tally.seconds],
        )
        if joined.effects:
            print(joined.line("all", gain, known=False))


def workload(name: str, more: float) -> Unit:
    """A function with so many times the work."""
    body = _WORKLOADS[name].format(round(_STEPS[name] * more))
    text = f"def work(number):\n    total = 0\n{body}    return number + total * 0\n"
    return Unit(module="workload", qualname="work", variant=text)


def make(repetition: int, count: int) -> Sequence[Inputs]:
    """Inputs that no other repetition has."""
    rng = random.Random(repetition)
    return [Inputs((rng.randrange(10**9),)) for _ in range(count)]


def simulated(noise: dict[str, Any], gain: float, count: int) -> Tally:
    """Comparisons on a simulated clock, with the floor that identical code gives there."""
    tally = Tally()

    def of(one: float) -> Callable[[Inputs], float]:
        return lambda inputs: one * (1 + (inputs.given[0] % 7) / 20)

    for seed in range(count):
        began = time.perf_counter()
        costs = {"base": of(70e-6), "d": of(70e-6 / gain), "same": of(70e-6)}
        lane = FakeSandbox(costs=costs, machine=Machine(seed=seed, **noise), answering=False)
        floor = noise_floor(lane, dream("same"), make, plan=Plan(seed=seed, resamples=400))
        found = effectiveness(lane, BASE, dream("d"), make, floor=floor.ratio, plan=Plan(seed=seed))
        tally.effects.append(found)
        tally.seconds.append(time.perf_counter() - began)
    return tally


if __name__ == "__main__":
    main()
