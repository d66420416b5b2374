"""The judge who needs nobody: it adds up signals that can be read from the source, and has run nothing."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from daydream.contracts.dream import Case, Dream, Procedure, Verdict, tier_of
from daydream.dream.judges.opinion import Opinion

_RECENT_DAYS = 90
_SIMPLE = 5
_COMPLEX = 20
_NEAR = 2.5
_START = 0.40
_SMALL_CHANGE = 8
_LARGE_CHANGE = 30
Signal = tuple[float, str]
_EFFECTS: Mapping[str, Signal] = {
    "pure": (0.10, "it is pure as far as its source shows, so a trial can compare results"),
    "reads": (0.05, "it reads state but was not seen to change any"),
    "writes": (-0.10, "it changes state outside itself, which a trial must fake"),
    "unknown": (0.0, "what its calls do is not known"),
}
# What a rewrite is worth before anything is known of its procedure: kind, transforms, signal. What answers for the same
# behaviour comes first: an analysis, a default that stays as it is, an idiom; then what means to behave otherwise.
_WORTH: tuple[tuple[str, str, float, str], ...] = (
    (
        "constraint_relaxation",
        (
            "lookup_once attribute_once call_once hoist_method hoist_statement hoist_value set_of_constants join_once "
            "break_when_found return_in_branch return_in_block return_in_round comprehension made_directly gathered_at_once"
        ),
        0.25,
        "the same result with less work, as far as its dependences show",
    ),
    (
        "constraint_relaxation",
        "guard_first cheap_test_first",
        0.20,
        "it leaves before work that nobody needs, in an order that its dependences allow",
    ),
    (
        "constraint_relaxation",
        "work_later risk_first sink display sorted tests_together",
        0.10,
        "the same result in another order or form, which gains little by itself",
    ),
    (
        "constraint_relaxation",
        "lazy_elements no_copy",
        0.05,
        "it saves memory, but callers may rely on having all of it, or a copy of their own",
    ),
    (
        "constraint_relaxation",
        "parallel parallel_map",
        -0.10,
        "threads cost more than they save unless the calls wait for somebody",
    ),
    ("constraint_relaxation", "no_sorting", -0.10, "callers may rely on the order that it gives up"),
    (
        "cross_project_synthesis",
        "any_all comprehension context_manager enumerate extend extreme isinstance_any items join raise_from seen_set set_membership",
        0.20,
        "the same result in the way that a relative already uses",
    ),
    (
        "cross_project_synthesis",
        "defaultdict deque get pathlib",
        0.10,
        "the same result in the way that a relative already uses, though of another type or for other misses",
    ),
    (
        "cross_project_synthesis",
        "form",
        0.0,
        "a relative puts the argument in form, which may be a form too many here",
    ),
    ("cross_project_synthesis", "argument", -0.05, "a relative says what this call leaves to its default"),
    (
        "cross_project_synthesis",
        "guard state_guard sure_first checked_result",
        -0.10,
        "a relative refuses what this procedure takes, so some calls end otherwise",
    ),
    ("cross_project_synthesis", "narrow_except", -0.05, "errors that nobody expected come to light"),
    (
        "cross_project_synthesis",
        "log_failure",
        -0.05,
        "a failure leaves a trace, which is one more thing that it does",
    ),
    ("cross_project_synthesis", "lock", -0.05, "a lock costs time and can wait for ever"),
    ("cross_project_synthesis", "cached_property", -0.15, "a remembered value can be out of date"),
    (
        "cross_project_synthesis",
        "suppress handled_failure default_lookup",
        -0.15,
        "what failed loudly until now would go on quietly",
    ),
    (
        "parameter_exploration",
        "unsaid",
        -0.10,
        "it says otherwise what was left to a documented default",
    ),
    ("conditional_variant", "empty_guard", 0.20, "it leaves at once where there is nothing to do"),
    (
        "conditional_variant",
        "memo",
        0.15,
        "a remembered result saves work where calls repeat, for who asks for it",
    ),
    (
        "conditional_variant",
        "retry",
        0.15,
        "another attempt helps where others fail now and then, for who asks for it",
    ),
    (
        "conditional_variant",
        "optional_step",
        0.15,
        "a step becomes a choice; today's behaviour stays the default",
    ),
    (
        "conditional_variant",
        "fallback",
        0.10,
        "today's behaviour stays the default; a fallback can hide what is missing",
    ),
    (
        "conditional_variant",
        "answer",
        0.10,
        "today's behaviour stays the default; an answer can hide what went wrong",
    ),
    (
        "conditional_variant",
        "adjustment",
        0.10,
        "today's behaviour stays the default; what follows may count on the value",
    ),
    (
        "conditional_variant",
        "lenient",
        0.05,
        "today's behaviour stays the default; it can let through what a check stops",
    ),
)
_SAME_RESULT = frozenset(
    [
        "buffering",
        "daemon",
        "flush",
        "length",
        "maxsize",
        "maxsplit",
        "max_workers",
        "stacklevel",
        "usedforsecurity",
    ]
)
"""Arguments of the standard library that change how something is done and not what comes of it."""
_TRANSFORMS: Mapping[str, Signal] = {
    f"{kind}.{name}": (weight, why) for kind, names, weight, why in _WORTH for name in names.split()
}
_BY_TYPE: Mapping[str, Signal] = {
    "constraint_relaxation": (0.05, "its kind keeps results as they are"),
    "cross_project_synthesis": (0.05, "a relative shows the way"),
    "parameter_exploration": (-0.15, "another value changes what it does"),
    "conditional_variant": (0.05, "today's behaviour stays the default"),
}


@dataclass(frozen=True, slots=True)
class RuleBased:
    """Adds up signals that can be read from the source; it has run nothing and asked nobody."""

    evaluator: str = "rule-based"

    def may_see(self, case: Case) -> bool:
        """Everything: nothing leaves the machine."""
        del case
        return True

    def judge(self, batch: Sequence[Case]) -> Sequence[Verdict]:
        """Judge every case by the same rules."""
        return [self._verdict(case) for case in batch]

    def opinion(self, batch: Sequence[Case]) -> Opinion:
        """Judge every case; it costs nothing."""
        return Opinion(verdicts=tuple(self.judge(batch)))

    def _verdict(self, case: Case) -> Verdict:
        signals = [
            *_about_change(case.dream),
            *_about_size(case.dream),
            *_about_procedure(case),
            *_about_age(case),
        ]
        viability = round(min(1.0, max(0.0, _START + sum(weight for weight, _ in signals))), 2)
        reasons = tuple(f"{weight:+.2f} {why}" for weight, why in signals)
        return Verdict(case.dream.id, viability, tier_of(viability), reasons, self.evaluator)


def _about_change(dream: Dream) -> list[Signal]:
    known = _TRANSFORMS.get(dream.transform_id.partition("@")[0])
    if ".unsaid@" in dream.transform_id and dream.details.get("parameter") in _SAME_RESULT:
        known = (
            0.10,
            "it says how something is done that was left to a documented default, and the result is the same",
        )
    signals = [known or _BY_TYPE.get(dream.dream_type, (0.0, "nothing is known of its kind"))]
    if dream.dream_type == "parameter_exploration":
        signals += _about_value(dream)
    if dream.model_used is not None:
        signals.append((-0.05, "a model wrote it, and no operator vouches for it"))
    return signals


def _about_value(dream: Dream) -> list[Signal]:
    old, new = dream.details.get("from"), dream.details.get("to")
    signals: list[Signal] = []
    if isinstance(old, bool) or isinstance(new, bool):
        signals.append((-0.10, "it turns an option round, which callers may rely on"))
    elif isinstance(old, int | float) and isinstance(new, int | float) and old > 0 and new > 0:
        signals += _about_distance(old, new)
    if dream.details.get("seen_in"):
        signals.append((0.10, f"{dream.details['seen_in']} in the same file uses this value"))
    if ".default@" in dream.transform_id:
        signals.append((-0.10, "it changes a default, which every caller without that argument notices"))
    return signals


def _about_distance(old: float, new: float) -> list[Signal]:
    close = abs(math.log(new) - math.log(old)) <= math.log(_NEAR)
    near = (0.05, f"{new!r} is near {old!r}") if close else (-0.05, f"{new!r} is far from {old!r}")
    if isinstance(old, int) and new == 1:
        return [near, (-0.10, "a count of 1 is the edge of its range")]
    return [near]


def _about_size(dream: Dream) -> list[Signal]:
    changed = len(re.findall(r"(?m)^(?:\+(?!\+\+ )|-(?!-- ))", dream.diff))
    if not changed:
        return [(0.0, "how much it changes was not measured")]
    if changed <= _SMALL_CHANGE:
        return [(0.05, f"it changes {changed} lines" if changed > 1 else "it changes 1 line")]
    if changed > _LARGE_CHANGE:
        return [(-0.15, f"it changes {changed} lines, which is a lot to look through")]
    return []


def _about_procedure(case: Case) -> list[Signal]:
    procedure = case.procedure
    if procedure is None:
        return [(-0.30, "its procedure is not in the latest catalogue")]
    return [
        _EFFECTS[procedure.side_effects],
        *_about_repeating(case.dream, procedure),
        *_about_tests(procedure),
    ]


def _about_repeating(dream: Dream, procedure: Procedure) -> list[Signal]:
    transform = dream.transform_id.partition("@")[0]
    if transform == "conditional_variant.retry" and procedure.side_effects == "writes":
        return [(-0.10, "what it writes may be written twice")]
    if transform.endswith(("memo", "cached_property")) and procedure.side_effects != "pure":
        return [(-0.15, "what it depends on may change between calls")]
    return []


def _about_tests(procedure: Procedure) -> list[Signal]:
    signals: list[Signal] = []
    if procedure.tests is None:
        signals.append((0.0, "whether tests mention it was not measured"))
    elif procedure.tests:
        files = "1 test file mentions" if procedure.tests == 1 else f"{procedure.tests} test files mention"
        signals.append((0.05, f"{files} its name"))
    else:
        signals.append((-0.05, "no test file mentions its name"))
    if procedure.complexity > _COMPLEX:
        signals.append((-0.10, f"it is complex ({procedure.complexity} ways through)"))
    elif procedure.complexity <= _SIMPLE:
        signals.append((0.05, f"it is simple ({procedure.complexity} ways through)"))
    return signals


def _about_age(case: Case) -> list[Signal]:
    days = case.changed_days_ago
    if days is None:
        return [(0.0, "when its file last changed is not known")]
    if days <= _RECENT_DAYS:
        return [(0.05, f"its file changed {days} days ago, so somebody works on it")]
    return []
