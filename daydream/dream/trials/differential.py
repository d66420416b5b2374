"""Whether a dream does what its procedure does: both run on the same inputs, in sandboxes of their own.

The dream's sandbox never learns what was expected of it. Differential testing: McKeeman, Digital Technical Journal 10(1), 1998.
"""

import contextlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from daydream.contracts.sandbox import (
    Answer,
    Category,
    Failure,
    Inputs,
    Limits,
    Observation,
    Sandbox,
    Unit,
    raised_category,
)
from daydream.dream.trials.comparison import Different, Same, Undecided, compare, ended
from daydream.dream.trials.differential_baseline import FOR_ALL_INPUTS, survey
from daydream.dream.trials.differential_calls import handed_out, observed
from daydream.dream.trials.differential_types import (
    Baseline,
    Behaviour,
    Check,
    Counts,
    Differing,
    Opener,
    Option,
    Seen,
    Settings,
    Verdict,
)
from daydream.dream.trials.minimise import shrink

__all__ = ["Baseline", "Behaviour", "Differing", "Option", "Settings", "differential", "survey"]

_BROKEN = frozenset(["NameError", "UnboundLocalError"])
"""Exceptions of category runtime that no program raises on purpose."""
_OF_MANY = frozenset(["timeout", "cpu", "memory", "too large", "lost"])
"""Failures of many calls in one process that say nothing of one."""
_SAME_LANE = 0
_PATIENCE_S = 5.0
_PATIENCE = 20


def differential(
    baseline: Baseline,
    opened_base: Opener,
    opened_dream: Opener,
    dream: Unit,
    *,
    option: Option | None = None,
    settings: Settings | None = None,
    check: Check = lambda: None,
) -> Behaviour:
    """Compare a dream with its procedure on the inputs of its baseline, in their order.

    `option` is for a dream whose signature grew: it is compared with the default, then called with the option,
    where there is nothing to compare with and only failures count.

    Raises:
        SandboxRefused: no sandbox can be had.
    """
    settings = settings or Settings()
    if baseline.addresses:
        settings = replace(settings, rules=replace(settings.rules, addresses=True))
    if baseline.unusable or not baseline.answered:
        why = baseline.unusable or "the procedure as it is has no answer to any input"
        return Behaviour(verdict="undecided", reason=why, counts=_at_start(baseline))
    with contextlib.ExitStack() as open_lanes:
        lanes = _Lanes(opened_base, opened_dream, open_lanes)
        state = _State(baseline, dream, settings, check, lanes, _at_start(baseline), notes=baseline.notes)
        return state.run(option)


def _at_start(baseline: Baseline) -> Counts:
    return Counts(base_failed=sum(each.answer is None for each in baseline.seen))


@dataclass(slots=True)
class _Lanes:
    """The sandboxes of a comparison, opened when they are needed."""

    opened_base: Opener
    opened_dream: Opener
    stack: contextlib.ExitStack
    _base: Sandbox | None = None
    _dream: Sandbox | None = None

    def base(self) -> Sandbox:
        if self._base is None:
            self._base = self.stack.enter_context(contextlib.closing(self.opened_base(_SAME_LANE)))
        return self._base

    def dream(self) -> Sandbox:
        if self._dream is None:
            self._dream = self.stack.enter_context(contextlib.closing(self.opened_dream(_SAME_LANE)))
        return self._dream


class _Ended(Exception):
    """The comparison is decided."""

    def __init__(self, behaviour: Behaviour) -> None:
        super().__init__(behaviour.reason)
        self.behaviour = behaviour


@dataclass(slots=True)
class _State:
    baseline: Baseline
    unit: Unit
    settings: Settings
    check: Check
    lanes: _Lanes
    counts: Counts
    differing: list[Differing] = field(default_factory=list)
    undecided: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)

    def run(self, option: Option | None) -> Behaviour:
        try:
            self.each_alone()
            if not self.differing:
                self.in_sequence()
            if option is not None and not self.differing:
                self.with_option(option)
        except _Ended as ended:
            return ended.behaviour
        return self.decided()

    # --- few calls, one process -------------------------------------------------------------------------------------

    def each_alone(self) -> None:
        answered = self.baseline.answered
        inputs = [each.inputs for each in answered]
        together = self.settings.together
        done = observed(self.lanes.dream(), self.unit, inputs, self.patience, self.check, together)
        for seen, (each, _) in zip(answered, done, strict=True):
            self.counts.asked += 1
            self.counts.held_out += seen.origin == "held out"
            self.one(seen, each)
            if self.differing and self.differing[-1].category == "timeout":
                return
            if sum(not each.mends for each in self.differing) >= self.settings.stop_at:
                return

    def one(self, seen: Seen, done: Observation) -> None:
        found = differs(seen, done, self.settings)
        if isinstance(found, Differing):
            self.counts.differing += 1
            self.fails_on_all_inputs(done.failure)
            self.keep(seen, found)
        elif isinstance(found, Undecided):
            self.counts.undecided += 1
            self.undecided[f"{found.why} (at {found.where})"] += 1
        elif found is None:
            self.counts.lost += 1
        else:
            self.counts.same += 1
            self.counts.normal += seen.answer is not None and seen.answer.has_returned

    def fails_on_all_inputs(self, failure: Failure | None) -> None:
        if failure is not None and failure.reason in FOR_ALL_INPUTS:
            raise _Ended(self.behaviour("failing", failure.detail, failure.category))

    def patience(self, first: int, count: int) -> Limits | None:
        """A dream that takes twenty times as long hangs, as far as anybody is concerned."""
        return self.waiting(self.baseline.answered[first : first + count])

    def waiting(self, calls: Sequence[Seen]) -> Limits | None:
        limits = self.settings.limits
        most = _PATIENCE_S + _PATIENCE * sum(each.wall_s for each in calls)
        return limits and replace(limits, wall_s=min(limits.wall_s, most))

    def keep(self, seen: Seen, found: Differing) -> None:
        """Make sure that it is the dream that differs, and make the case small where that does not mean to wait again."""
        if len(self.differing) >= self.settings.stop_at:
            return
        again = self.lanes.base().call(self.baseline.unit, seen.inputs, self.waiting([seen]))
        if again.failure is not None and again.failure.category == found.category:
            self.counts.differing -= 1  # now the procedure does not manage either: it is the machine
            self.counts.lost += 1
            return
        if again.answer is not None and seen.answer is not None:
            compared = compare(seen.answer, again.answer, self.settings.rules)
            if isinstance(compared, Different):
                why = f"the procedure as it is does not do the same twice (at {compared.where})"
                raise _Ended(self.behaviour("undecided", why, None))
        self.differing.append(found if found.category == "timeout" else self.small(found))

    def small(self, found: Differing) -> Differing:
        last = found

        def still(inputs: Inputs) -> bool:
            nonlocal last
            self.check()
            base = self.lanes.base().call(self.baseline.unit, inputs, self.settings.limits)
            if base.answer is None or base.answer.has_returned != found.base_returned:
                return False
            dream = self.lanes.dream().call(self.unit, inputs, self.settings.limits)
            now = differs(Seen(inputs, found.origin, base.answer), dream, self.settings)
            if not isinstance(now, Differing) or now.category != found.category:
                return False
            last = now
            return True

        small = shrink(found.inputs, still, self.settings.shrink_calls)
        return replace(last, shrunk=True) if small.edits else found

    # --- many calls, one process -----------------------------------------------------------------------------------

    def in_sequence(self) -> None:
        """What one call leaves behind for the next: all of them in one process, each twice."""
        room_s = self.settings.limits.wall_s / 4 if self.settings.limits else _PATIENCE_S
        chosen: list[Seen] = []
        for seen in self.baseline.answered:
            room_s -= 2 * seen.wall_s
            if room_s < 0 or len(chosen) >= 2 * self.settings.in_sequence:
                break
            if seen.answer is not None and seen.answer.has_returned:
                chosen += [seen, seen]
        if not chosen:
            return
        self.check()
        inputs = [each.inputs for each in chosen]
        base = self.lanes.base().batch(self.baseline.unit, inputs, answers=True, limits=self.settings.limits)
        if base.failure is not None:
            self.notes.append(f"not compared in one process: {base.failure.detail}")
            return
        dream = self.lanes.dream().batch(self.unit, inputs, answers=True, limits=self.settings.limits)
        if dream.failure is not None:
            if dream.failure.reason in _OF_MANY:
                self.notes.append(f"not compared in one process: {dream.failure.detail}")
                return
            why = f"called {len(inputs)} times in one process: {dream.failure.detail}"
            raise _Ended(self.behaviour("failing", why, dream.failure.category))
        self.counts.in_sequence = len(inputs)
        self.sequence_differs(chosen, base.answers, dream.answers)

    def sequence_differs(
        self, chosen: Sequence[Seen], base: Sequence[Answer], dream: Sequence[Answer]
    ) -> None:
        for seen, ours, theirs in zip(chosen, base, dream, strict=True):
            self.check()
            called = Seen(seen.inputs, "in sequence", ours)
            found = _difference(called, theirs, self.settings)
            if not isinstance(found, Differing) and ours.linked != theirs.linked:
                sides = handed_out(ours), handed_out(theirs)
                found = replace(_differing(called, "what it hands out", sides, "logic"), dream_returned=True)
            if not isinstance(found, Differing):
                continue
            inputs = [each.inputs for each in chosen]
            again = self.lanes.base().batch(
                self.baseline.unit, inputs, answers=True, limits=self.settings.limits
            )
            steady = again.failure is None and all(
                one.linked == two.linked and not isinstance(compare(one, two, self.settings.rules), Different)
                for one, two in zip(base, again.answers, strict=True)
            )
            if not steady:
                why = "the procedure as it is does not do the same twice when it is called again and again"
                raise _Ended(self.behaviour("undecided", why, None))
            self.counts.differing += 1
            self.differing.append(found)
            return

    # --- the option ------------------------------------------------------------------------------------------------

    def with_option(self, option: Option) -> None:
        asked = [
            replace(seen, inputs=_with(seen.inputs, option), origin="option")
            for seen in self.baseline.answered
        ]
        inputs = [each.inputs for each in asked]
        done = observed(self.lanes.dream(), self.unit, inputs, self.patience, self.check)
        for seen, (each, _) in zip(asked, done, strict=True):
            if each.failure is not None and each.failure.category == "infrastructure":
                self.counts.lost += 1
                continue
            self.counts.with_option += 1
            found = _falls(seen, each)
            if found is not None:
                self.differing.append(found)
                why = f"with {option.name} it ends with {found.dream}"
                raise _Ended(self.behaviour("failing", why, found.category))

    # --- the end ---------------------------------------------------------------------------------------------------

    def decided(self) -> Behaviour:
        if self.differing:
            return self.changed()
        least = self.settings.normal_least
        if self.undecided:
            why, times = self.undecided.most_common(1)[0]
            return self.behaviour("undecided", f"{why}, on {times} of {self.counts.asked} inputs", None)
        if self.counts.normal < least:
            why = f"the procedure returned on {self.counts.normal} inputs that could be compared, {least} are wanted"
            return self.behaviour("undecided", why, None)
        why = f"the same on {self.counts.same} inputs, {self.counts.normal} of which return"
        return self.behaviour("behaviour_preserving", why, None)

    def changed(self) -> Behaviour:
        category = Counter(each.category for each in self.differing).most_common(1)[0][0]
        breaking = [each for each in self.differing if each.broken]
        returned = [each for each in self.differing if each.base_returned]
        all_lost = (
            len(returned) > 1 and not self.counts.normal and not any(e.dream_returned for e in returned)
        )
        if breaking or all_lost:
            first = (breaking or returned)[0]
            why = f"where the procedure {first.base}, it {first.dream}"
            return self.behaviour("failing", why, first.category)
        first = self.differing[0]
        why = f"other than the procedure at {first.where}: {first.dream} for {first.base}"
        return self.behaviour("behaviour_changing", why, category)

    def behaviour(self, verdict: Verdict, why: str, category: Category | None) -> Behaviour:
        return Behaviour(
            verdict=verdict,
            reason=why,
            category=category,
            differing=tuple(self.differing),
            counts=self.counts,
            notes=tuple(self.notes),
        )


def _with(inputs: Inputs, option: Option) -> Inputs:
    named = tuple(pair for pair in inputs.named if pair[0] != option.name)
    return Inputs(inputs.given, (*named, (option.name, option.value)))


def differs(seen: Seen, done: Observation, settings: Settings) -> Differing | Same | Undecided | None:
    """Compare one observation with the procedure's answer; None where the sandbox lost the call."""
    if done.answer is not None:
        return _difference(seen, done.answer, settings)
    failure = done.failure
    if failure is None or failure.category == "infrastructure" or seen.answer is None:
        return None
    return _missing(seen, failure)


def _difference(seen: Seen, answer: Answer, settings: Settings) -> Differing | Same | Undecided | None:
    if seen.answer is None:
        return None
    compared = compare(seen.answer, answer, settings.rules)
    if not isinstance(compared, Different):
        return compared
    if seen.answer.has_returned and not answer.has_returned:
        return _raises(seen, seen.answer, answer)
    category: Category = "validation" if compared.aspect == "type" else "logic"
    found = _differing(seen, compared.where, (compared.base, compared.dream), category)
    return replace(found, dream_returned=answer.has_returned)


def _missing(seen: Seen, failure: Failure) -> Differing:
    """No answer where the procedure has one."""
    ours = ended(seen.answer) if seen.answer else "has no answer"
    found = _differing(seen, "the outcome", (ours, f"has no answer: {failure.detail}"), failure.category)
    return replace(found, broken=True)


def _raises(seen: Seen, ours: Answer, theirs: Answer) -> Differing:
    """An exception where the procedure returned."""
    category = raised_category(theirs.raised)
    found = _differing(seen, "the outcome", (ended(ours), ended(theirs)), category)
    return replace(found, broken=category != "runtime" or theirs.raised[2] in _BROKEN)


def _differing(seen: Seen, where: str, sides: tuple[str, str], category: Category) -> Differing:
    return Differing(
        inputs=seen.inputs,
        origin=seen.origin,
        where=where,
        base=sides[0],
        dream=sides[1],
        category=category,
        base_returned=seen.answer is not None and seen.answer.has_returned,
        dream_returned=False,
    )


def _falls(seen: Seen, observed: Observation) -> Differing | None:
    """What only a broken program does, where the procedure returned without the option."""
    if observed.failure is not None:
        return _missing(seen, observed.failure)
    ours, theirs = seen.answer, observed.answer
    if theirs is None or theirs.has_returned or ours is None or not ours.has_returned:
        return None
    found = _raises(seen, ours, theirs)
    return found if found.broken else None
