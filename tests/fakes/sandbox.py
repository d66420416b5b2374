"""A sandbox whose procedures are plain Python functions of the test, and whose clock is simulated.

Values go through the real encoding, each call gets values of its own, answers are checked on the way out as the host does.
What a call costs is a function of its inputs, times what the simulated machine makes of it.
"""

import contextlib
import hashlib
import io
import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from daydream.contracts.sandbox import (
    Answer,
    Batch,
    Facts,
    Failure,
    Harvest,
    Inputs,
    Job,
    Limits,
    Observation,
    Unit,
    Written,
)
from daydream.sandbox.guest.aliases import Aliases
from daydream.sandbox.guest.encoding import Encoder, EncodingError, check, decode, dumps, encode, raised

Function = Callable[..., Any]
CostOf = Callable[[Inputs], float]


class NoAnswer(Exception):
    """Raised by a test's function: the call ends with this failure."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.detail)
        self.failure = failure


@dataclass
class Machine:
    """What a machine adds to processor time, drawn anew for each child.

    `jitter` is the log-normal spread; with chance `spikes` a child takes a heavy-tailed while longer; `drift` is the largest
    slow change, over about `period` children; with `bimodal` the processor has two frequencies, the slow one that much slower,
    and changes over with chance `switch`. `busy` is wall time for each second of the processor's.
    """

    seed: int = 0
    jitter: float = 0.0
    spikes: float = 0.0
    drift: float = 0.0
    period: int = 97
    bimodal: float = 0.0
    switch: float = 0.02
    busy: float = 1.0
    start_s: float = 0.003
    grain_s: float = 0.0
    _children: int = 0
    _slow: bool = False

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)

    def factor(self) -> float:
        """How much slower than at its best the machine is for this child."""
        self._children += 1
        if self.rng.random() < self.switch:
            self._slow = not self._slow
        factor = math.exp(self.rng.gauss(0, self.jitter))
        factor *= 1 + self.drift * (1 + math.sin(2 * math.pi * self._children / self.period)) / 2
        factor *= 1 + self.bimodal * self._slow
        if self.rng.random() < self.spikes:
            factor *= 1 + min(0.05 * self.rng.paretovariate(1.2), 5.0)
        return factor

    def read(self, seconds: float) -> float:
        """What its clock shows."""
        return round(seconds / self.grain_s) * self.grain_s if self.grain_s else seconds


QUIET = Machine()


@dataclass
class FakeSandbox:
    """A lane. Units are known by their variant, or by their qualified name where they have none.

    `costs` are processor seconds of one call (0.0001 if not given); `peaks` bytes. `hidden` is the share of a unit's cost
    that it spends outside the marks. With `answering` False nothing is run: an answer's digest is its inputs', for timing alone.
    """

    functions: Mapping[str, Function] = field(default_factory=dict)
    costs: Mapping[str, CostOf] = field(default_factory=dict)
    peaks: Mapping[str, int] = field(default_factory=dict)
    hidden: Mapping[str, float] = field(default_factory=dict)
    waiting: Mapping[str, float] = field(default_factory=dict)
    failures: Mapping[str, Failure] = field(default_factory=dict)
    machine: Machine = field(default_factory=Machine)
    answering: bool = True
    hash_seed: int = 0
    calls: int = 0
    closed: int = 0

    def call(self, unit: Unit, inputs: Inputs, limits: Limits | None = None) -> Observation:
        """One call in a child of its own."""
        done = self.batch(unit, [inputs], answers=True, limits=limits)
        answer = done.answers[0] if done.answers else None
        return Observation(answer=answer, failure=done.failure, facts=done.facts)

    def batch(
        self, unit: Unit, inputs: Sequence[Inputs], *, answers: bool = False, limits: Limits | None = None
    ) -> Batch:
        """Many calls in one child."""
        del limits
        self.calls += len(inputs)
        facts = self.facts(unit, inputs)
        failure = self.failures.get(name_of(unit))
        if failure is not None:
            return Batch(failure=failure, facts=facts)
        if not self.answering:
            said = [str(hash(repr(each.given))) for each in inputs]
            told = [Answer(returned=each) for each in said] if answers else []
            return Batch(digests=() if answers else tuple(said), answers=tuple(told), facts=facts)
        aliases = Aliases()
        try:
            told = [answered(self.functions[name_of(unit)], each, aliases) for each in inputs]
        except NoAnswer as ended:
            return Batch(failure=ended.failure, facts=facts)
        except EncodingError as error:
            return Batch(failure=Failure("too large", str(error)), facts=facts)
        if answers:
            return Batch(answers=tuple(told), facts=facts)
        return Batch(digests=tuple(map(digest, told)), facts=facts)

    def facts(self, unit: Unit, inputs: Sequence[Inputs]) -> Facts:
        """What the simulated kernel saw."""
        name = name_of(unit)
        cost = self.costs.get(name, lambda _inputs: 0.0001)
        factor = self.machine.factor()
        work = sum(map(cost, inputs)) * factor
        timed = inputs[len(inputs) > 1 :]
        between = sum(map(cost, timed)) * factor * (1 - self.hidden.get(name, 0.0))
        start = self.machine.start_s * self.machine.factor()
        called = self.machine.read(between)
        return Facts(
            backend="fake",
            exit_code=0,
            wall_s=(work + start) * self.machine.busy,
            cpu_s=self.machine.read(work + start),
            load_cpu_s=start / 2,
            call_cpu_s=called,
            call_wall_s=called * self.machine.busy + len(timed) * self.waiting.get(name, 0.0),
            peak_bytes=self.peaks.get(name, 30 * 2**20),
            survivors=0,
            oom_kills=0,
        )

    def harvest(self, job: Job, limits: Limits | None = None) -> Harvest:
        """There are no test files here."""
        del job, limits
        return Harvest(failure=Failure("load", "no such file"), facts=Facts(backend="fake", exit_code=1))

    def close(self) -> None:
        """End it."""
        self.closed += 1


def name_of(unit: Unit) -> str:
    """The name under which a fake knows a unit."""
    return unit.variant or unit.qualname


def digest(answer: Answer) -> str:
    """The digest that stands for an answer in a batch."""
    tree = [answer.returned, answer.raised, answer.after, answer.stdout.digest, answer.stderr.digest]
    return hashlib.sha256(dumps(tree, 2**30)).hexdigest()


def answered(function: Function, inputs: Inputs, aliases: Aliases) -> Answer:
    """Call a function as the guest does."""
    given, named = decode(
        ["tuple", [["list", list(inputs.given)], ["dict", [list(each) for each in inputs.named]]]]
    )
    out, err = io.StringIO(), io.StringIO()
    answer = Answer()
    its, mine = Encoder(), Encoder()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            answer = Answer(returned=encode(function(*given, **named), its))
        except (NoAnswer, EncodingError):
            raise
        except Exception as error:  # noqa: BLE001 - whatever a procedure raises is its answer
            answer = Answer(raised=raised(error))
    after = encode((given, named), mine)
    shared, linked = aliases.told(mine, its)
    answer = replace(
        answer,
        after=after,
        stdout=_written(out),
        stderr=_written(err),
        shared=tuple(map(tuple, shared)),
        linked=tuple(map(tuple, linked)),
    )
    for tree in (answer.returned, answer.raised, answer.after):
        check(tree)
    return answer


def _written(stream: io.StringIO) -> Written:
    data = stream.getvalue().encode()
    return Written(stream.getvalue()[: 2**16], len(data), hashlib.sha256(data).hexdigest() if data else "")


def inputs(*given: Any, **named: Any) -> Inputs:
    """Inputs of plain values."""
    return Inputs(
        tuple(encode(each) for each in given), tuple((name, encode(each)) for name, each in named.items())
    )


def opener(functions: Mapping[str, Function], **more: Any) -> Callable[[int], FakeSandbox]:
    """What opens fake lanes; a function that wants to know the hash seed may be given by a callable of it."""
    return lambda hash_seed: FakeSandbox(functions, hash_seed=hash_seed, **more)


BASE = Unit(module="m", qualname="base")


def dream(name: str) -> Unit:
    """The unit of a dream."""
    return Unit(module="m", qualname="base", variant=name)
