"""One lane: a started sandbox, its calls, and a fresh one after whatever went wrong."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from daydream.contracts.sandbox import (
    Answer,
    Batch,
    Facts,
    Failure,
    Ground,
    Harvest,
    Inputs,
    Job,
    Limits,
    Observation,
    Unit,
)
from daydream.sandbox import frames, harvests, observe
from daydream.sandbox.frames import Lost, Transport

START_S = 20.0
RECYCLE_AFTER = 1000
INPUT_MOST = 8 * 2**20
JOB_MOST = 2 * 2**20
_MARGIN_S = 2.0
_ATTEMPTS = 2
_FRESH_AFTER = frozenset(("crash", "forbidden", "survivors", "malformed"))
_OF_A_UNIT = tuple(each.name for each in fields(Unit))
_FOR_THE_CHILD = ("cpu_s", "memory_bytes", "scratch_bytes")

REPOSITORY = "/repository"


@dataclass(frozen=True, slots=True)
class View:
    """Where a guest finds things: its `repository`, and its `packages` (None: /site/0, /site/1 ...). `processes` is how many its
    user may run, 0 where they are not counted."""

    repository: str = REPOSITORY
    packages: tuple[str, ...] | None = None
    processes: int = 64


Start = Callable[[], Transport]
Reply = tuple[dict[str, Any], bytes, Facts]


class Lane:
    """A `Sandbox` over any transport. Not for two threads at once; with bubblewrap the thread that calls must outlive the
    lane, for the kernel ends a sandbox with the thread that started it."""

    def __init__(
        self, backend: str, ground: Ground, limits: Limits, start: Start, view: View | None = None
    ) -> None:
        self.backend = backend
        self.view = view or View()
        self.ground = ground
        self.limits = limits
        self.python: tuple[int, ...] = ()
        self.missing: tuple[str, ...] = ()
        self.started = 0
        self._start = start
        self._line: Transport | None = None
        self._sequence = 0
        self._calls = 0
        self._kills: int | None = None

    def warm(self) -> None:
        """Start the sandbox if it does not stand.

        Raises:
            Lost: it does not start.
        """
        if self._line is not None:
            return
        line = self._start()
        self._line = line
        self.started += 1
        config = {
            "buffer": INPUT_MOST + JOB_MOST + self.limits.output_bytes,
            "paths": self._packages(),
            "preload": list(self.ground.preload),
        }
        try:
            hello = frames.greet(line, time.monotonic() + START_S, config)
            self.python = tuple(hello["python"])
            self.missing = tuple(hello["missing"])
        except (Lost, KeyError, TypeError) as error:
            words = line.last_words()
            self._end()
            raise Lost(f"it does not start ({error}){': ' + words if words else ''}") from None
        self._calls = 0
        self._kills = line.oom_kills()

    def close(self) -> None:
        """End the sandbox and whatever runs inside."""
        self._end()

    def _end(self) -> None:
        line, self._line = self._line, None
        if line is not None:
            line.close()

    def call(self, unit: Unit, inputs: Inputs, limits: Limits | None = None) -> Observation:
        """Make one call in a child of its own."""
        head = {"op": "call", "unit": _unit(unit), "answers": True}
        done = self._asked(head, [_sent(inputs)], limits, lambda answer: observe.answers_of(answer, 1))
        said = done[0] if isinstance(done[0], Failure) else done[0][0]
        if isinstance(said, Failure):
            return Observation(answer=None, failure=said, facts=done[1])
        answer: Answer = said
        return Observation(answer=answer, failure=None, facts=done[1])

    def batch(
        self, unit: Unit, inputs: Sequence[Inputs], *, answers: bool = False, limits: Limits | None = None
    ) -> Batch:
        """Make many calls in one child, in order; the clock starts after the first of several."""
        head = {"op": "call", "unit": _unit(unit), "answers": answers}
        read = observe.answers_of if answers else observe.digests_of
        sent = [_sent(each) for each in inputs]
        done, facts = self._asked(head, sent, limits, lambda answer: read(answer, len(sent)))
        if isinstance(done, Failure):
            return Batch(failure=done, facts=facts)
        if not answers:
            return Batch(digests=done, facts=facts)
        failure = next((each for each in done if isinstance(each, Failure)), None)
        if failure is not None:
            return Batch(singly=done, failure=failure, facts=facts)
        return Batch(answers=done, facts=facts)

    def harvest(self, job: Job, limits: Limits | None = None) -> Harvest:
        """Run a test file of the repository."""
        head = {"op": "harvest", "job": asdict(job)}
        done, facts = self._asked(head, [], limits, lambda answer: harvests.read(answer, job))
        return Harvest(failure=done, facts=facts) if isinstance(done, Failure) else replace(done, facts=facts)

    def _asked(
        self,
        head: dict[str, Any],
        sent: list[Any],
        asked: Limits | None,
        read: Callable[[dict[str, Any]], Any],
    ) -> tuple[Any, Facts]:
        """What `read` makes of the answer, or a failure; trouble of the sandbox itself is tried once more."""
        limits = self._within(asked)
        parts = self._job(head, limits), _json(sent)
        for part, most, name in zip(parts, (JOB_MOST, INPUT_MOST), ("wording", "inputs"), strict=True):
            if len(part) > most:
                detail = f"the {name} would take {len(part)} bytes, more than the {most} that fit"
                return Failure("inputs", detail), Facts(backend=self.backend)
        problem = Lost("")
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                said, blob, facts = self._exchange(parts, limits, tests=head["op"] == "harvest")
            except Lost as lost:
                problem = lost
                continue
            result = _judged(said, blob, facts, limits, read)
            if self._spent(result):
                self._end()
            return result, replace(facts, attempts=attempt)
        return Failure("lost", f"the sandbox failed twice: {problem}"), Facts(
            backend=self.backend, attempts=_ATTEMPTS
        )

    def _within(self, asked: Limits | None) -> Limits:
        """The limits of one call: what the sandbox was started with bounds memory, output and scratch."""
        if asked is None:
            return self.limits
        memory, output = self.limits.memory_bytes, self.limits.output_bytes
        return replace(
            asked,
            memory_bytes=min(asked.memory_bytes, memory),
            output_bytes=min(asked.output_bytes, output),
            scratch_bytes=self.limits.scratch_bytes,
        )

    def _spent(self, result: Any) -> bool:
        """Whether the next call gets a fresh sandbox."""
        bad = isinstance(result, Failure) and result.reason in _FRESH_AFTER
        return bad or self._calls >= RECYCLE_AFTER or self.limits.scratch_bytes > 0

    def _job(self, head: dict[str, Any], limits: Limits) -> bytes:
        """What the child is to do, within which limits."""
        told = {each: getattr(limits, each) for each in _FOR_THE_CHILD}
        told["processes"] = self.view.processes
        return _json({**head, "limits": told, "paths": self._import_roots()})

    def _exchange(self, parts: tuple[bytes, bytes], limits: Limits, *, tests: bool) -> Reply:
        """One question and its reply; whatever comes between them, a stop included, ends the sandbox."""
        self.warm()
        line = self._line
        if line is None:
            raise Lost("it is not there")
        whole = False
        try:
            reply = self._replied(line, parts, limits, tests=tests)
            whole = True
        finally:
            if not whole:
                self._end()
        return reply

    def _replied(self, line: Transport, parts: tuple[bytes, bytes], limits: Limits, *, tests: bool) -> Reply:
        self._sequence += 1
        self._calls += 1
        began = time.monotonic()
        deadline = began + limits.load_s + limits.wall_s + _MARGIN_S
        frames.send(line, deadline, self._sequence, limits, parts, tests=tests)
        said, blob = frames.receive(line, deadline, self._sequence, limits.output_bytes + 2**16)
        wall_s = time.monotonic() - began
        return said, blob, observe.facts_of(said, self.backend, wall_s, self._oom_kills(said))

    def _oom_kills(self, said: dict[str, Any]) -> int | None:
        """Kills of this call; the counter is read only when there may be news."""
        if self._line is None or self._kills is None:
            return None
        if said.get("status") == 0:
            return 0
        now = self._line.oom_kills()
        if now is None:
            return None
        kills, self._kills = now - self._kills, now
        return kills

    def _packages(self) -> list[str]:
        seen = self.view.packages
        return [f"/site/{index}" for index in range(len(self.ground.packages))] if seen is None else [*seen]

    def _import_roots(self) -> list[str]:
        if self.ground.repository is None:
            return []
        return [f"{self.view.repository}/{root}".rstrip("/") for root in self.ground.import_roots]


def _json(said: Any) -> bytes:
    return json.dumps(said, separators=(",", ":")).encode()


def _unit(unit: Unit) -> dict[str, Any]:
    return {name: getattr(unit, name) for name in _OF_A_UNIT}


def _sent(inputs: Inputs) -> list[Any]:
    return [list(inputs.given), [list(pair) for pair in inputs.named]]


def _judged(
    said: dict[str, Any], blob: bytes, facts: Facts, limits: Limits, read: Callable[[dict[str, Any]], Any]
) -> Any:
    bad = observe.ended_badly(said, facts, limits)
    if bad is not None:
        return bad
    answer = observe.answer_of(blob, limits.output_bytes)
    if isinstance(answer, Failure):
        return answer
    if facts.call_cpu_s is None:
        return Failure("malformed", "it answers before it was called")
    return read(answer)
