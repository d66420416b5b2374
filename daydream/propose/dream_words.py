"""What a proposed dream says of itself: its title, why it is believed and how far, the message of its commit."""

import math
import textwrap
from collections.abc import Iterator

from daydream.contracts.dream import Dream
from daydream.contracts.sandbox import NOT_ISOLATED
from daydream.records.proposal import DREAM, Sandboxed
from daydream.report.escape import clean

_WIDTH = 76
_LONGEST = 400
_TESTS = 3
_WIDE = 0.3
"""An interval from which on a second digit says nothing."""


def title(trial: Sandboxed) -> str:
    """The first line of the change's message."""
    if trial.ratio is None:
        tests = len(trial.mended)
        return f"Mend {trial.name}: {tests} failing test{'s pass' if tests > 1 else ' passes'}"
    assert trial.low is not None and trial.high is not None  # noqa: S101, PT018 -- a gain has its interval
    digits = 1 if trial.high - trial.low >= _WIDE else 2
    low = math.floor(trial.low * 10**digits) / 10**digits
    high = math.ceil(trial.high * 10**digits) / 10**digits
    return f"Speed up {trial.name}: {trial.ratio:.{digits}f} times ({low:.{digits}f} to {high:.{digits}f})"


def sentences(trial: Sandboxed) -> Iterator[str]:
    """Why the dream is believed, and what nobody looked at, a sentence each."""
    held = f", {trial.held_out} of them held back from whoever wrote it" if trial.held_out else ""
    yield f"It was called with {trial.inputs} inputs{held}, and did what the procedure does on {_all(trial)}."
    if trial.own_tests:
        passes = "passes with it as it does" if trial.own_tests == 1 else "pass with it as they do"
        yield f"{_tests(trial.own_tests)}, in files that mention the procedure, {passes} without it."
    elif not trial.mended:
        yield "No test of the repository that mentions the procedure could be run with it in the sandbox."
    if trial.mended:
        more = f" and {len(trial.mended) - _TESTS} more" if len(trial.mended) > _TESTS else ""
        names = ", ".join(clean(name, 100) for name in trial.mended[:_TESTS])
        fails = "fails without it and passes" if len(trial.mended) == 1 else "fail without it and pass"
        yield f"By their own word {_tests(len(trial.mended))} {fails} with it: {names}{more}."
    if trial.ratio is not None:
        yield from _cost(trial)
    where = f" on commit {trial.commit[:12]}" if trial.commit else ""
    seen = f"seen in the sandbox alone ({trial.backend}{where}, {trial.at[:10]})"
    if trial.backend == NOT_ISOLATED:
        seen = f"seen {NOT_ISOLATED}, in a plain process of this machine ({where.strip() or 'no commit'}, {trial.at[:10]})"
    yield f"All of this was {seen}: the repository's own test command was not run with it."


def message(identifier: str, dream: Dream, trial: Sandboxed) -> str:
    """The commit's message: what, why it is believed, and trailers by which it can be judged and seen again."""
    paragraphs = [
        _sentence(dream.generated_description),
        _sentence(dream.reasoning),
        " ".join(sentences(trial)),
    ]
    body = [line for text in paragraphs if text for line in ("", *textwrap.wrap(text, _WIDTH))]
    lines = [
        title(trial),
        *body,
        "",
        f"Daydream-Id: {identifier}",
        f"Daydream-Rule: {DREAM}",
        f"Daydream-Verified: {_place(trial)}: {trial.inputs} inputs, own tests: {trial.own_tests}",
        f"Daydream-Replay: {replay(dream.id)}",
        "Daydream-Undo: git revert <this commit>",
    ]
    return "\n".join(lines)


def _place(trial: Sandboxed) -> str:
    return NOT_ISOLATED if trial.backend == NOT_ISOLATED else "in the sandbox only"


def replay(dream_id: str) -> str:
    """The command that tries a dream again."""
    return f"daydream dream replay {dream_id}"


def _sentence(text: str) -> str:
    said = clean(text, _LONGEST)
    return said and said[0].upper() + said[1:] + ("" if said[-1] in ".!?…" else ".")


def _all(trial: Sandboxed) -> str:
    if trial.same == trial.inputs:
        return "all of them"
    rest = "the procedure raises on the others" if trial.mended else "on the others neither can be said"
    return f"{trial.same}; {rest}"


def _cost(trial: Sandboxed) -> Iterator[str]:
    call = ""
    if trial.call_s is not None:
        call = f", {_seconds(trial.call_s[1])} for a call instead of {_seconds(trial.call_s[0])}"
    floor = f"; that machine cannot tell {trial.floor:.3f} from nothing" if trial.floor else ""
    yield (
        f"It takes {trial.ratio:.2f} times less processor time ({trial.low:.2f} to {trial.high:.2f} "
        f"from {trial.repetitions} repetitions{call}){floor}."
    )


def _tests(number: int) -> str:
    return f"{number} of the repository's own tests"


def _seconds(value: float) -> str:
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if value >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value / 1e-9:.3g} ns"
