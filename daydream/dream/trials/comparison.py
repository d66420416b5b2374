"""Whether two answers are the same, as somebody outside can tell: the value or what was raised, the arguments
afterwards, and what was written.

The decision falls on encoded trees, on this side of the sandbox.
"""

from dataclasses import dataclass
from typing import Any

from daydream.contracts.sandbox import Answer, Written
from daydream.dream.trials.comparison_show import shown, shown_text
from daydream.dream.trials.comparison_trees import (
    EXACT,
    REORDERED,
    Aspect,
    Gap,
    Path,
    Rules,
    Unseen,
    as_bags,
    gap,
    message_class,
)

__all__ = [
    "EXACT",
    "REORDERED",
    "Aspect",
    "Different",
    "Rules",
    "Same",
    "Undecided",
    "compare",
    "ended",
    "message_class",
]


@dataclass(frozen=True, slots=True)
class Same:
    """Nobody outside can tell the answers apart."""


@dataclass(frozen=True, slots=True)
class Different:
    """They differ at `where` (a path into the answer); both sides as a person may read them, bounded and redacted."""

    where: str
    aspect: Aspect
    base: str
    dream: str


@dataclass(frozen=True, slots=True)
class Undecided:
    """Nobody can tell: something at `where` has no encoding."""

    where: str
    why: str


SAME = Same()
Compared = Same | Different | Undecided


def compare(base: Answer, dream: Answer, rules: Rules = EXACT) -> Compared:
    """Compare the answers of the procedure as it is and of its dream to one and the same input.

    A difference anywhere decides, whatever else cannot be compared.
    """
    if base.has_returned != dream.has_returned:
        return Different("the outcome", "raised", ended(base), ended(dream))
    if base.waited != dream.waited:
        return Different("the outcome", "type", _handed(base), _handed(dream))
    found = [_outcomes(base, dream, rules), gap(base.after, dream.after, rules, ("after",))]
    for each in found:
        if isinstance(each, Gap):
            return _different(each)
    if base.shared != dream.shared and not any(found):
        return _one_of_its_own(len(base.shared), len(dream.shared))
    written = _written("stdout", base.stdout, dream.stdout) or _written("stderr", base.stderr, dream.stderr)
    if written:
        return written
    unseen = next((each for each in found if isinstance(each, Unseen)), None)
    return Undecided(_where(unseen.path), unseen.why) if unseen else SAME


def _one_of_its_own(base: int, dream: int) -> Different:
    """What is returned and what was passed are one thing on one side, so that who changes one changes the other."""
    sides = (f"shares {count} changeable things with the arguments" for count in (base, dream))
    return Different("the returned value", "arguments", *sides)


def _outcomes(base: Answer, dream: Answer, rules: Rules) -> Gap | Unseen | None:
    if not base.has_returned:
        found = gap(base.raised, dream.raised, rules, ("raised",))
        return Gap(found.path, "raised", found.base, found.dream) if isinstance(found, Gap) else found
    at = ("returned",)
    return (as_bags if rules.any_order else gap)(base.returned, dream.returned, rules, at)


def ended(answer: Answer) -> str:
    """What came of a call, in words that follow a subject."""
    return f"returned {shown(answer.returned)}" if answer.has_returned else f"raised {shown(answer.raised)}"


def _handed(answer: Answer) -> str:
    """What a call hands its caller, where that is not the value itself."""
    kinds = {"awaited": "handed out a coroutine", "drawn": "handed out an asynchronous iterator"}
    return kinds.get(answer.waited, "ended within the call")


def _different(found: Gap) -> Different:
    aspect: Aspect = "arguments" if found.path[0] == "after" else found.aspect
    return Different(_where(found.path), aspect, *_both(found.base, found.dream))


def _both(base: Any, dream: Any) -> tuple[str, str]:
    """Both sides; where they read alike, with the words that tell them apart."""
    ours, theirs = shown(base), shown(dream)
    if ours != theirs:
        return ours, theirs
    return f"{_tag(base)} {ours}", f"{_tag(dream)} {theirs}"


def _tag(tree: Any) -> str:
    if type(tree) is not list:
        return type(tree).__name__
    named = (
        f" {tree[1]}.{tree[2]}"
        if tree[0] in ("object", "held", "enum", "namedtuple", "opaque", "raised")
        else ""
    )
    size = f" of {len(tree[1])}" if len(tree) > 1 and type(tree[1]) is list else ""
    return f"{tree[0]}{named[:120]}{size}"


def _where(path: Path) -> str:
    """A path in words: "returned[0].name", "argument 2['key']"."""
    if path[0] == "after" and len(path) > 2:
        name = path[2].strip("[]")
        which = f"argument {int(name) + 1}" if path[1] == "[0]" and name.isdigit() else f"argument {name}"
        return shown_path(which, path[3:])
    return shown_path("the arguments" if path[0] == "after" else path[0], path[1:])


def shown_path(start: str, rest: Path) -> str:
    """A path as text, bounded."""
    text = start + "".join(rest)
    return text if len(text) <= 160 else text[:159] + "…"


def _written(stream: str, base: Written, dream: Written) -> Different | None:
    if (base.size, base.digest) == (dream.size, dream.digest):
        return None
    ours, theirs = shown_text(base.text), shown_text(dream.text)
    if ours == theirs:
        ours, theirs = f"{base.size} bytes", f"{dream.size} bytes with other contents"
    return Different(stream, "output", ours, theirs)
