"""Trying dreams now and then until there is a reason to end; and what came of it, in numbers and lines."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from daydream import clock
from daydream.app.trials import trial_lines
from daydream.app.tryout import TriedDream, Tryout
from daydream.errors import Stopped, TryAgain
from daydream.flow.signals import stopping

INTERVAL_S = 300.0
_AGAIN_S = 10.0
_PIECE_S = 0.1


@dataclass(slots=True)
class Kept:
    """What was tried in how many rounds, and whether a stop ended it."""

    tested: list[TriedDream] = field(default_factory=list)
    rounds: int = 0
    stopped: bool = False


def keep_testing(
    tryout: Tryout,
    *,
    interval_s: float = INTERVAL_S,
    times: int | None = None,
    limit: int | None = None,
    waits: bool = True,
    sleep: Callable[[float], None] = time.sleep,
) -> Kept:
    """Try all dreams that wait, at most `limit` in a round, every `interval_s` seconds, `times` times or until a signal ends it. A night
    that works here is waited for, and that is said once; such a round does not count.

    Raises:
        TryAgain: a night works here, and `waits` is False.
        SandboxRefused, UsageError: what waiting would not mend.
    """
    kept = Kept()
    said = ""
    with stopping(tryout.stop):
        try:
            while times is None or kept.rounds < times:
                busy = _round(tryout, kept, limit)
                if busy is not None and not waits:
                    raise busy
                if kept.rounds == times:
                    break
                pause_s = interval_s if busy is None else min(interval_s, _AGAIN_S)
                note = (
                    f"{busy}; waiting for it"
                    if busy
                    else f"{_tried(kept)}; the next round begins in {pause_s:g} s"
                )
                if note != said:
                    tryout.observer.note(note)
                said = note
                _wait(pause_s, tryout, sleep)
        except Stopped:
            kept.stopped = True
    return kept


def _round(tryout: Tryout, kept: Kept, limit: int | None) -> TryAgain | None:
    """Try what waits; returns what is in the way, if something is."""
    try:
        for each in tryout.run(tryout.waiting(limit)):
            kept.tested.append(each)
    except Stopped:
        raise
    except TryAgain as why:
        return why
    kept.rounds += 1
    return None


def _tried(kept: Kept) -> str:
    return f"{len(kept.tested)} dream{'' if len(kept.tested) == 1 else 's'} tried so far"


def _wait(seconds: float, tryout: Tryout, sleep: Callable[[float], None]) -> None:
    """Wait in short pieces.

    Raises:
        Stopped: as soon as a stop is requested.
    """
    until = clock.monotonic() + seconds
    while (left := until - clock.monotonic()) > 0:
        if tryout.stop.requested:
            msg = "stopped by a signal"
            raise Stopped(msg)
        sleep(min(_PIECE_S, left))


def summary(tested: Sequence[TriedDream]) -> dict[str, Any]:
    """Count what was tried: `tested_dreams` are those that were decided, `pass_rate` is None where none was."""
    decided = [each for each in tested if each.passed is not None]
    passed = sum(each.passed is True for each in decided)
    trials = [each.trial for each in tested if each.trial is not None]
    return {
        "tested_dreams": len(decided),
        "dreams_passed": passed,
        "dreams_failed": len(decided) - passed,
        "pass_rate": passed / len(decided) if decided else None,
        "undecided": sum(each.outcome == "undecided" for each in trials),
        "not_tried": sum(each.trial is None for each in tested),
        "gained": sum(each.effect == "gained" for each in trials),
        "results": [as_data(each) for each in tested],
    }


def one(tested: TriedDream) -> Iterator[str]:
    """What became of one dream, for a person."""
    if tested.trial is None:
        yield f"{tested.dream_id}: not tried, {tested.why}"
        return
    yield f"{tested.dream_id}{f': {tested.why}' if tested.why else ''}"
    yield from (f"  {line}" for line in trial_lines(tested.trial))


def as_data(tested: TriedDream) -> dict[str, Any]:
    """One dream's part of a summary, as JSON data."""
    trial = None if tested.trial is None else asdict(tested.trial)
    return {"dream_id": tested.dream_id, "passed": tested.passed, "why": tested.why, "trial": trial}


def lines(tested: Sequence[TriedDream]) -> Iterator[str]:
    """The same for a person."""
    for each in tested:
        yield from one(each)
    if not tested:
        yield "no dream of tier 1 waits for a trial"
        return
    counts = summary(tested)
    rate = "" if counts["pass_rate"] is None else f" ({counts['pass_rate']:.0%})"
    decided = f"{counts['tested_dreams']} decided, {counts['dreams_passed']} do the same{rate}"
    yield f"tried: {decided}; undecided: {counts['undecided']}, not tried: {counts['not_tried']}"
