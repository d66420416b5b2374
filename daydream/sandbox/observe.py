"""From what process 1 and the kernel saw, and from the child's bytes, to an observation."""

import os
import signal
from collections.abc import Sequence
from typing import Any

from daydream.contracts.sandbox import Answer, Facts, Failure, Limits, Reason, Written
from daydream.sandbox.frames import Lost, only_frame
from daydream.sandbox.guest.grammar import EncodingError, check, read_json

_CHILD_MAY_SAY: frozenset[str] = frozenset(
    ("syntax", "import", "load", "unreachable", "inputs", "too large", "memory", "no answer")
)
_OF_ONE_CALL = ("inputs", "too large")
_WAITED = ("", "awaited", "drawn")
_TEXT_MOST = 2**16
_CORES = os.cpu_count() or 1
_SLACK_NS = 50_000_000


def facts_of(said: dict[str, Any], backend: str, host_wall_s: float, oom_kills: int | None) -> Facts:
    """The facts of one child, checked against the host's own clock.

    Raises:
        Lost: they do not agree with it, so that process 1 is not to be believed.
    """
    try:
        status, wall, cpu = int(said["status"]), int(said["wall_ns"]), int(said["cpu_ns"])
        if wall > host_wall_s * 1e9 + _SLACK_NS or cpu > wall * _CORES + _SLACK_NS:
            raise Lost("clocks that do not agree with the host's")
        return Facts(
            backend=backend,
            exit_code=os.WEXITSTATUS(status) if os.WIFEXITED(status) else None,
            signal=os.WTERMSIG(status) if os.WIFSIGNALED(status) else None,
            wall_s=wall / 1e9,
            cpu_s=cpu / 1e9,
            load_cpu_s=_seconds(said.get("load_cpu_ns")),
            call_cpu_s=_seconds(said.get("call_cpu_ns")),
            call_wall_s=_seconds(said.get("call_wall_ns")),
            peak_bytes=int(said["peak_kib"]) * 1024,
            survivors=int(said["survivors"]),
            oom_kills=oom_kills,
        )
    except (KeyError, TypeError, ValueError):
        raise Lost("facts that are not complete") from None


def _seconds(nanoseconds: int | None) -> float | None:
    return None if nanoseconds is None else int(nanoseconds) / 1e9


def ended_badly(said: dict[str, Any], facts: Facts, limits: Limits) -> Failure | None:
    """The failure that follows from the facts alone, whatever the child has answered."""
    if said["timed_out"] is not None:
        limit = limits.load_s if said["timed_out"] == "loading" else limits.wall_s
        return Failure("timeout", f"it was still {said['timed_out']} after {limit:g} s")
    if facts.survivors:
        return Failure("survivors", f"it left {facts.survivors} processes behind")
    if said["breach"]:
        return Failure("malformed", "it spoke out of turn")
    if said["size"] > limits.output_bytes + 4:
        return Failure("too large", f"its answer is longer than {limits.output_bytes} bytes")
    if facts.signal is not None:
        return _signalled(facts, limits)
    if facts.exit_code or not said["size"]:
        return Failure("no answer", f"it ended with exit code {facts.exit_code} and without an answer")
    return None


def _signalled(facts: Facts, limits: Limits) -> Failure:
    number = facts.signal or 0
    if number == signal.SIGSYS:
        return Failure("forbidden", "it made a system call that no function of values makes")
    spent = facts.cpu_s is not None and facts.cpu_s >= limits.cpu_s
    if number == signal.SIGXCPU or (number == signal.SIGKILL and spent):
        return Failure("cpu", f"it used more than {limits.cpu_s:g} s of the processor")
    if number == signal.SIGKILL and facts.oom_kills:
        return Failure("memory", "the kernel ended it because its memory ran out")
    try:
        name = signal.Signals(number).name
    except ValueError:
        name = "an unnamed signal"
    return Failure("crash", f"signal {number} ({name}) ended it")


def answer_of(blob: bytes, most: int) -> dict[str, Any] | Failure:
    """The child's one frame as JSON, or why it is none."""
    text = only_frame(blob)
    if text is None:
        return Failure("malformed", "its answer is not exactly one frame")
    try:
        answer = read_json(text, most)
    except EncodingError as error:
        return Failure("malformed", f"its answer {error}")
    if type(answer) is not dict:
        return Failure("malformed", "its answer has another shape")
    said = answer.get("failure")
    if said is None:
        return answer
    return _own_failure(said)


def _own_failure(said: Any) -> Failure:
    if (
        type(said) is list
        and len(said) == 2
        and all(type(each) is str for each in said)
        and said[0] in _CHILD_MAY_SAY
    ):
        reason: Reason = said[0]
        return Failure(reason, said[1][:500])
    return Failure("malformed", "its failure has another shape")


def answers_of(answer: dict[str, Any], count: int) -> tuple[Answer | Failure, ...] | Failure:
    """What a child that was called `count` times says of each call."""
    said = answer.get("answers")
    if type(said) is not list or len(said) != count or set(answer) != {"answers"}:
        return Failure("malformed", "it does not answer each call once")
    try:
        return tuple(_answer(each) for each in said)
    except EncodingError as error:
        return Failure("malformed", f"its answer: {error}")


def _answer(said: Any) -> Answer | Failure:
    if type(said) is list and len(said) == 2 and said[0] in _OF_ONE_CALL:
        if type(said[1]) is not str:
            raise EncodingError("a failure of another shape")
        return Failure(said[0], said[1][:500])
    if type(said) is not list or len(said) != 8 or said[7] not in _WAITED:
        raise EncodingError("another shape")
    returned, raised, after, stdout, stderr, shared, linked, waited = said
    for tree in (returned, raised, after):
        check(tree)
    if raised is not None and not (type(raised) is list and raised[0] == "raised" and returned is None):
        raise EncodingError("neither a value nor an exception")
    return Answer(
        returned=returned,
        raised=raised,
        after=after,
        stdout=_written(stdout),
        stderr=_written(stderr),
        shared=_places(shared, 2),
        linked=_places(linked, 5),
        waited=waited,
    )


def _places(said: Any, length: int) -> tuple[tuple[int, ...], ...]:
    if type(said) is not list or not all(type(each) is list and len(each) == length for each in said):
        raise EncodingError("places of another shape")
    if not all(type(number) is int for each in said for number in each):
        raise EncodingError("places without numbers")
    return tuple(map(tuple, said))


def _written(said: Any) -> Written:
    shape = [type(each) for each in said] if type(said) is list else []
    if shape != [str, int, str] or len(said[0]) > _TEXT_MOST or len(said[2]) > 64:
        raise EncodingError("output of another shape")
    return Written(*said)


def digests_of(answer: dict[str, Any], count: int) -> tuple[str, ...] | Failure:
    """The digests of a child that was called `count` times."""
    said = answer.get("digests")
    if type(said) is not list or len(said) != count or set(answer) != {"digests"} or not _are_digests(said):
        return Failure("malformed", "it does not answer each call once")
    return tuple(said)


def _are_digests(said: Sequence[Any]) -> bool:
    return all(type(each) is str and len(each) == 64 for each in said)
