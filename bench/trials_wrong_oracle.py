"""What a variant really does: all inputs of the data set, in the sandbox, looked at with other eyes than the trial's."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from daydream.contracts.sandbox import Answer, Inputs, Limits, Sandbox, Unit

TOGETHER = 100
Said = Answer | str
"""What one call did: its answer, or why there is none."""


def answers(lane: Sandbox, unit: Unit, inputs: Sequence[Inputs], limits: Limits) -> list[Said]:
    """Make all calls, many in a process; a part without an answer is halved until it is known which call it is."""
    found: list[Said] = []
    for start in range(0, len(inputs), TOGETHER):
        found += _some(lane, unit, inputs[start : start + TOGETHER], limits)
    return found


def _some(lane: Sandbox, unit: Unit, part: Sequence[Inputs], limits: Limits) -> list[Said]:
    done = lane.batch(unit, part, answers=True, limits=limits)
    if done.failure is None and len(done.answers) == len(part):
        return list(done.answers)
    if len(part) == 1:
        return [done.failure.reason if done.failure else "no answer"]
    half = len(part) // 2
    return _some(lane, unit, part[:half], limits) + _some(lane, unit, part[half:], limits)


def first_difference(
    lane: Sandbox, unit: Unit, inputs: Sequence[Inputs], expected: Sequence[Said], limits: Limits, tolerance: float, *, strict: bool
) -> int | None:  # fmt: skip
    """The first input on which a variant is known to differ, None where there is none.

    Inputs on which the reference has no answer, or raises, say nothing. `strict`: types, and what becomes of the arguments,
    count too; otherwise values are equal as Python says, floats within the data's tolerance.
    """
    for start in range(0, len(inputs), TOGETHER):
        part = list(range(start, min(start + TOGETHER, len(inputs))))
        part = [each for each in part if _returned(expected[each])]
        if not part:
            continue
        done = lane.batch(unit, [inputs[each] for each in part], answers=True, limits=limits)
        if done.failure is not None or len(done.answers) != len(part):
            if done.failure is not None and done.failure.reason in ("lost", "too large"):
                said = _some(lane, unit, [inputs[each] for each in part], replace(limits, wall_s=1.0))
            else:
                return part[0]
        else:
            said = list(done.answers)
        for number, theirs in zip(part, said, strict=True):
            if not _equal(expected[number], theirs, tolerance, strict=strict):
                return number
    return None


def _returned(said: Said) -> bool:
    return isinstance(said, Answer) and said.has_returned


def _equal(ours: Said, theirs: Said, tolerance: float, *, strict: bool) -> bool:
    if not isinstance(ours, Answer) or not isinstance(theirs, Answer) or not theirs.has_returned:
        return False
    if strict:
        return bool(
            (ours.returned, ours.after, ours.stdout) == (theirs.returned, theirs.after, theirs.stdout)
        )
    return alike(ours.returned, theirs.returned, tolerance)


def alike(ours: Any, theirs: Any, tolerance: float) -> bool:
    """`==` of two encoded values, with a tolerance for floats as the data set has it."""
    if _is_number(ours) and _is_number(theirs):
        return _close(_number(ours), _number(theirs), tolerance)
    if type(ours) is not list or type(theirs) is not list:
        return type(ours) is type(theirs) and bool(ours == theirs)
    if ours[0] != theirs[0] or len(ours) != len(theirs):
        return False
    if ours[0] in ("list", "tuple"):
        pairs = zip(ours[1], theirs[1], strict=False)
        return len(ours[1]) == len(theirs[1]) and all(alike(one, two, tolerance) for one, two in pairs)
    if ours[0] == "dict":
        key = repr
        left, right = (sorted(each[1], key=lambda pair: key(pair[0])) for each in (ours, theirs))
        pairs = zip(left, right, strict=False)
        return len(left) == len(right) and all(alike(one[0], two[0], 0) and alike(one[1], two[1], tolerance) for one, two in pairs)  # fmt: skip
    return bool(ours == theirs)


def _is_number(tree: Any) -> bool:
    return isinstance(tree, int) or (type(tree) is list and tree[0] in ("float", "int"))


def _number(tree: Any) -> float | int:
    if isinstance(tree, int):
        return tree
    if tree[0] == "int":
        return int(tree[1], 16)
    return float(tree[1]) if tree[1] in ("nan", "inf", "-inf") else float.fromhex(tree[1])


def _close(ours: float, theirs: float, tolerance: float) -> bool:
    if type(ours) is float and type(theirs) is float and math.isnan(ours) and math.isnan(theirs):
        return True
    if ours == theirs:
        return True
    if not tolerance and isinstance(ours, int) and isinstance(theirs, int):
        return False
    try:
        return math.isclose(ours, theirs, rel_tol=1e-7 if tolerance else 0.0, abs_tol=tolerance)
    except OverflowError:
        return False
