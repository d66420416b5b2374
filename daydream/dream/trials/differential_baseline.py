"""The procedure as it is, run twice on every input: what its dreams are compared with, and whether that means anything."""

import contextlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from daydream.contracts.sandbox import Answer, Inputs, Limits, Sandbox, Unit
from daydream.dream.trials.comparison import Compared, Different, Same, compare
from daydream.dream.trials.differential_calls import observed
from daydream.dream.trials.differential_types import (
    Baseline,
    Check,
    Further,
    Opener,
    Origin,
    Seen,
    Settings,
)

FOR_ALL_INPUTS = frozenset(["syntax", "import", "load", "unreachable"])
"""Failures that no input has a part in."""
_SLOW = frozenset(["timeout", "cpu", "memory"])
_WAITED = frozenset(["timeout", "cpu"])
_ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{6,}")
_MOMENT = re.compile(r"^(datetime|date|time)\(|^1[6-9]\d{8}(\.\d+)?$|^1[6-9]\d{11,17}$")
_TWO_LANES = (0, 1)
_BY_HASH = "it depends on the order of a set or on a hash"


def survey(
    opened: Opener,
    unit: Unit,
    given: Sequence[Inputs],
    *,
    kept: Sequence[Inputs] = (),
    held_out: Sequence[Inputs] = (),
    further: Further | None = None,
    settings: Settings | None = None,
    check: Check = lambda: None,
) -> Baseline:
    """Run a procedure as it is on every input, in two sandboxes that hash differently and lie elsewhere in memory.

    `kept` are cases that told earlier dreams apart: they come first. `held_out` come last, before those that `further`
    makes from the answers, round by round.

    Raises:
        SandboxRefused: no sandbox can be had.
    """
    settings = settings or Settings()
    asked: list[tuple[Inputs, Origin]] = [
        *((each, "kept") for each in kept),
        *((each, "given") for each in given),
        *((each, "held out") for each in held_out),
    ]
    first, second = _TWO_LANES
    with contextlib.closing(opened(first)) as lane:
        found = _first_round(lane, unit, asked, further, settings, check)
        if found.unusable or not found.answered:
            return found
        with contextlib.closing(opened(second)) as other:
            return _second_round((lane, other), found, settings, check)


def _first_round(
    lane: Sandbox,
    unit: Unit,
    asked: Sequence[tuple[Inputs, Origin]],
    further: Further | None,
    settings: Settings,
    check: Check,
) -> Baseline:
    asking = _Asking(lane, unit, settings, check)
    asking.ask(asked)
    for _ in range(settings.further_rounds if further is not None and not asking.is_over else 0):
        more = further(tuple(asking.seen)) if further is not None else ()
        asking.ask([(each, "further") for each in more])
        if asking.is_over:
            break
    asking.patiently()
    return Baseline(unit=unit, seen=tuple(asking.seen), unusable=asking.unusable, left=asking.left)


@dataclass(slots=True)
class _Asking:
    """The first round: quickly at first, since an input on which a procedure takes long tells nothing that a quick one
    does not; where too few are answered so, with patience."""

    lane: Sandbox
    unit: Unit
    settings: Settings
    check: Check
    seen: list[Seen] = field(default_factory=list)
    unusable: str | None = None
    left: int = 0
    slow: int = 0

    @property
    def is_over(self) -> bool:
        return self.unusable is not None or self.slow >= self._slow_most

    @property
    def _slow_most(self) -> int:
        """Half as many seconds as patience would allow."""
        limits, hurry = self.settings.limits, self._hurried()
        if limits is None or hurry is None:
            return self.settings.slow_most
        return max(self.settings.slow_most, int(self.settings.slow_most * limits.wall_s / (2 * hurry.wall_s)))

    def _hurried(self) -> Limits | None:
        limits = self.settings.limits
        return limits and replace(limits, wall_s=min(limits.wall_s, self.settings.hurry_s))

    def ask(self, asked: Sequence[tuple[Inputs, Origin]]) -> None:
        hurried = self._hurried()
        done = observed(self.lane, self.unit, [each for each, _ in asked], lambda *_: hurried, self.check)
        for position, ((inputs, origin), (each, wall_s)) in enumerate(zip(asked, done, strict=True)):
            self.seen.append(Seen(inputs, origin, each.answer, each.failure, wall_s))
            if each.failure is None:
                continue
            if each.failure.reason in FOR_ALL_INPUTS:
                self.unusable = f"the procedure as it is does not run: {each.failure.detail}"
            self.slow += each.failure.reason in _SLOW
            if self.is_over:
                self.left += len(asked) - position - 1
                return

    def patiently(self) -> None:
        """Ask again what took too long, where too few are answered, until as many take too long as may."""
        answered = sum(each.answer is not None for each in self.seen)
        enough = answered >= self.settings.normal_least
        if enough or self.unusable is not None or self._hurried() == self.settings.limits:
            return
        slow = 0
        for number, each in enumerate(self.seen):
            if each.failure is None or each.failure.reason not in _WAITED or slow >= self.settings.slow_most:
                continue
            self.check()
            again = self.lane.call(self.unit, each.inputs, self.settings.limits)
            slow += again.failure is not None
            self.seen[number] = Seen(
                each.inputs, each.origin, again.answer, again.failure, again.facts.wall_s or 0.0
            )


def _second_round(
    lanes: tuple[Sandbox, Sandbox], found: Baseline, settings: Settings, check: Check
) -> Baseline:
    """What of the first round is the same in another sandbox; unusable with the reason where too little is."""
    lane, other = lanes
    rules, loose = settings.rules, replace(settings.rules, addresses=True)
    unsteady: dict[int, str] = {}
    asked = [(number, each) for number, each in enumerate(found.seen) if each.answer is not None]
    done = observed(other, found.unit, [each.inputs for _, each in asked], lambda *_: settings.limits, check)
    for (number, each), (again, _) in zip(asked, done, strict=True):
        if again.answer is None or each.answer is None:
            continue
        compared = compare(each.answer, again.answer, rules)
        if isinstance(compared, Different) and not isinstance(
            compare(each.answer, again.answer, loose), Different
        ):
            rules = loose
            continue
        if isinstance(compared, Different):
            third = lane.call(found.unit, each.inputs, settings.limits)
            why = unstable(each.answer, compared, third.answer)
            if _BY_HASH not in why:
                return replace(found, unusable=why)
            unsteady[number] = why
    if 2 * len(unsteady) >= len(asked):
        return replace(found, unusable=next(iter(unsteady.values()))) if unsteady else found
    seen = tuple(each for number, each in enumerate(found.seen) if number not in unsteady)
    return replace(found, seen=seen, unsteady=len(unsteady), addresses=rules.addresses)


def unstable(first: Answer, compared: Different, third: Answer | None) -> str:
    """In words, why two calls with the same input differ. `third` was answered where the first was."""
    texts = (compared.base, compared.dream)
    steady: Compared | None = compare(first, third) if third is not None else None
    if any(map(_ADDRESS.search, texts)):
        cause = "a memory address shows"
    elif isinstance(steady, Same):
        cause = _BY_HASH
    elif _all(_MOMENT.search(each) for each in texts):
        cause = "it reads the clock"
    else:
        cause = "it depends on the clock, on chance or on something outside"
    return f"the procedure as it is does not do the same twice: {cause} (at {compared.where})"


def _all(found: Iterable[object]) -> bool:
    return all(each is not None for each in found)
