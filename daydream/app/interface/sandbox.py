"""`DreamSandbox`: run a function on values in the sandbox that a night uses."""

import os
import sys
import weakref
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from daydream.app.interface.expected import Expected, expectation, unlike
from daydream.app.interface.result import DreamResult
from daydream.app.interface.values import NotPlain, inputs_by_name, value_of
from daydream.app.interface.written import Unfit, written
from daydream.config.load import load, raw_paths
from daydream.contracts.sandbox import (
    Limits,
    Observation,
    Sandbox,
    Unit,
    raised_category,
)
from daydream.dream.trials.comparison_show import shown
from daydream.errors import UsageError
from daydream.processes import Stop
from daydream.repository.places import cache_folder
from daydream.sandbox import rootfs
from daydream.sandbox.choosing import choose

_MODULE = "daydream_dream"
_MIB = 2**20
_LEAST_MB, _MOST_MB = 64, 2**20
_MOST_S = 86_400


class DreamSandbox:
    """A sandbox for functions of values; the first call starts it, `close` or the end of a `with` ends it.

    `timeout` is in seconds, on the wall and of the processor, of loading and of calling. Which sandbox is used, and whether one
    may be done without, says the configuration of the user for `root` (default: here). `packages` are folders of
    installed packages that may be imported; the standard library always may.

    Raises:
        UsageError: a number that makes no sense, or a folder that is not there.
    """

    def __init__(
        self,
        timeout: float = 30,
        *,
        memory_mb: int = 512,
        root: Path | str | None = None,
        config_file: Path | None = None,
        packages: Sequence[Path] = (),
    ) -> None:
        _check(timeout, memory_mb, packages)
        self._limits = Limits(wall_s=timeout, cpu_s=timeout, load_s=timeout, memory_bytes=memory_mb * _MIB)
        self._root = Path(root) if root is not None else Path.cwd()
        self._config_file = config_file
        self._packages = tuple(Path(each) for each in packages)
        self._opened: list[Sandbox] = []
        self._results: list[DreamResult] = []
        weakref.finalize(self, _end, self._opened)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the sandbox and whatever runs in it; a later call starts another one."""
        _end(self._opened)

    def execute_dream(
        self,
        dream_id: str,
        code: str,
        input_params: Mapping[str, Any] | None = None,
        expected_output_type: Any = None,
    ) -> DreamResult:
        """Call the last function of `code` with arguments by name, and say what came of it.

        Whatever the code does is a result. `expected_output_type` is annotation text such as ``list[int]`` or ``json``, a type, or
        a mapping of the fields that a dictionary must have to their types; None takes any.

        Raises:
            SandboxRefused: no sandbox can be had; the message says why and what to do.
            UsageError: `expected_output_type` is no type, `code` no text, or `input_params` no mapping.
        """
        given: tuple[object, object] = (code, input_params)  # callers need not be checked for types
        if not isinstance(given[0], str) or not isinstance(given[1], Mapping | None):
            msg = "give the code as a text, and its arguments by name in a dictionary"
            raise UsageError(msg)
        expected = expectation(expected_output_type)
        values = dict(input_params or {})
        try:
            what = written(code, tuple(values))
            inputs = inputs_by_name(what.parameters, values)
        except Unfit as unfit:
            why = DreamResult(
                dream_id=dream_id, success=False, error=unfit.why, error_category=unfit.category
            )
            return self._kept(why)
        unit = Unit(module=_MODULE, qualname=what.name, variant=what.source)
        seen = self._lane().call(unit, inputs, self._limits)
        return self._kept(_result(dream_id, seen, expected))

    def get_failure_patterns(self) -> dict[str, dict[str, Any]]:
        """What dreams failed of here, the most frequent first: by category how often (`count`), its share of all that ran
        (`frequency`), and the last `example`, a dream with its error."""
        failed = [each for each in self._results if not each.success and each.error_category]
        found: dict[str, dict[str, Any]] = {}
        for each in failed:
            one = found.setdefault(each.error_category or "", {"count": 0})
            one["count"] += 1
            one["frequency"] = one["count"] / len(self._results)
            one["example"] = {"dream_id": each.dream_id, "error": each.error}
        return dict(sorted(found.items(), key=lambda pair: (-pair[1]["count"], pair[0])))

    def get_test_statistics(self) -> dict[str, Any]:
        """How many ran here and what came of them. Rates and times are None where nothing was decided or measured; a lost
        sandbox decides nothing."""
        lost = sum(each.error_category == "infrastructure" for each in self._results)
        passed = sum(each.success for each in self._results)
        decided = len(self._results) - lost
        times = [each.execution_time_ms for each in self._results if each.execution_time_ms is not None]
        return {
            "total_tests": len(self._results),
            "passed": passed,
            "failed": decided - passed,
            "infrastructure": lost,
            "pass_rate": passed / decided if decided else None,
            "average_execution_time_ms": sum(times) / len(times) if times else None,
            "dreams": len({each.dream_id for each in self._results}),
            "failures_by_category": {
                name: each["count"] for name, each in self.get_failure_patterns().items()
            },
        }

    def _kept(self, result: DreamResult) -> DreamResult:
        self._results.append(result)
        return result

    def _lane(self) -> Sandbox:
        if not self._opened:
            config = load(self._root, self._config_file, {}, os.environ).config.sandbox
            _, _, cache = raw_paths(self._root, self._config_file, os.environ)
            place = cache_folder(self._root.absolute(), cache).parent / "interface"
            ground = rootfs.build(Path(sys.executable), place, Stop(), self._packages)
            chosen = choose(config.order, ground, self._limits, allow_unisolated=config.allow_unisolated)
            chosen.backend.sweep()
            self._opened.append(chosen.lane)
        return self._opened[0]


def _end(lanes: list[Sandbox]) -> None:
    while lanes:
        lanes.pop().close()


def _result(dream_id: str, seen: Observation, expected: Expected | None) -> DreamResult:
    facts = seen.facts
    wall_s = facts.call_wall_s if facts.call_wall_s is not None else facts.wall_s
    cpu_s = facts.call_cpu_s if facts.call_cpu_s is not None else facts.cpu_s
    told: dict[str, Any] = {
        "dream_id": dream_id,
        "execution_time_ms": None if wall_s is None else wall_s * 1000,
        "cpu_time_ms": None if cpu_s is None else cpu_s * 1000,
        "backend": facts.backend,
    }
    answer = seen.answer
    if answer is None:
        failure = seen.failure
        why = ("no answer", "infrastructure") if failure is None else (failure.detail, failure.category)
        return DreamResult(success=False, error=why[0], error_category=why[1], **told)  # type: ignore[arg-type]
    told |= {"stdout": answer.stdout.text, "stderr": answer.stderr.text}
    if answer.raised is not None:
        _, _, kind, message = answer.raised
        words = f"{kind}: {message}" if message else kind
        return DreamResult(success=False, error=words, error_category=raised_category(answer.raised), **told)
    told["output_text"] = shown(answer.returned)
    try:
        told["output"] = value_of(answer.returned)
    except NotPlain:
        told["output"] = None
    wrong = unlike(answer.returned, expected)
    if wrong is not None:
        return DreamResult(success=False, error=wrong, error_category="validation", **told)
    return DreamResult(success=True, **told)


def _check(timeout: Any, memory_mb: Any, packages: Sequence[Path]) -> None:
    numbers = (timeout, memory_mb)
    if not all(isinstance(each, int | float) and not isinstance(each, bool) for each in numbers):
        msg = f"timeout {timeout!r} and memory_mb {memory_mb!r}: give numbers, of seconds and of MiB"
        raise UsageError(msg)
    if not 0 < timeout <= _MOST_S or not _LEAST_MB <= memory_mb <= _MOST_MB:
        msg = (
            f"timeout {timeout} and memory_mb {memory_mb}: give seconds above 0 and at most {_MOST_S}, "
            f"and from {_LEAST_MB} to {_MOST_MB} MiB"
        )
        raise UsageError(msg)
    for each in packages:
        if not Path(each).is_dir():
            msg = f"packages: {each} is no folder"
            raise UsageError(msg)
