"""What earlier nights and people say about dreams, weighed: what is old counts less, what a person said counts most.

A trial that was not decided says nothing about its dream. It says that trials of that procedure decide little, which is
counted apart; a call that the sandbox lost says nothing at all.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from daydream.dream.learning.posterior import Beta, Pooled
from daydream.records.proposal import REASONS
from daydream.store import learning_rows
from daydream.store.dreams import DreamStore
from daydream.store.learning_rows import Answer, Closed, Judged, Seen

HALF_LIFE_NIGHTS = 14
PERSON = 3.0
"""How many trials a person's answer is worth."""
PASSED = "behaviour_preserving"
UNDECIDED = "undecided"
_GAINS_ARE_RARE = Beta(1, 9)
_MEASURED = ("gained", "not_shown", "slower")


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known on a date (ISO): trials, procedures that cannot be tried, answers, and verdicts, which alone teach
    nothing."""

    date: str
    seen: Sequence[Seen]
    closed: Sequence[Closed]
    answers: Sequence[Answer]
    judged: Sequence[Judged] = ()

    def __bool__(self) -> bool:
        return bool(self.seen or self.closed or self.answers)

    def weight(self, at: str) -> float:
        """What something of this instant or date still counts: half after each fourteen nights."""
        return float(0.5 ** (nights_between(at, self.date) / HALF_LIFE_NIGHTS))


@dataclass(frozen=True, slots=True)
class Beliefs:
    """Four shares: of dreams that were judged viable, of decided trials that passed and of passing dreams that gained, by
    kind, model, operator and module; of trials that were decided, by shape, module, class and procedure."""

    passing: Pooled
    gaining: Pooled
    deciding: Pooled
    viable: Pooled


def evidence(store: DreamStore, date: str, *, without: str = "") -> Evidence:
    """Read what is known; nothing that the run `without` tried."""
    return Evidence(
        date,
        learning_rows.seen(store, without=without),
        learning_rows.closed(store, without=without),
        learning_rows.answers(store),
        learning_rows.judged(store, without=without),
    )


def beliefs(known: Evidence) -> Beliefs:
    """Add up the evidence."""
    rare = Pooled(4, 4, 4, 3, prior=_GAINS_ARE_RARE)
    found = Beliefs(Pooled(4, 4, 4, 3), rare, Pooled(4, 2, 2, 1), Pooled(4, 4, 4, 3))
    for trial in known.seen:
        weight, chain = known.weight(trial.at), operator_chain(trial)
        decided, passed = trial.outcome != UNDECIDED, trial.outcome == PASSED
        found.deciding.add(place_chain(trial.path, trial.qualname), weight * decided, weight * (not decided))
        if decided:
            found.passing.add(chain, weight * passed, weight * (not passed))
        if trial.effect in _MEASURED:
            gained = trial.effect == "gained"
            found.gaining.add(chain, weight * gained, weight * (not gained))
    for place in known.closed:
        found.deciding.add(place_chain(place.path, place.qualname), 0.0, known.weight(place.at))
    for answer in known.answers:
        weight, accepted = PERSON * known.weight(answer.answered), answer.answer == "accepted"
        found.gaining.add(operator_chain(answer), weight * accepted, weight * (not accepted))
        if accepted or why(answer) == "wrong":
            found.passing.add(operator_chain(answer), weight * accepted, weight * (not accepted))
    for verdicts in known.judged:
        weight, viable = known.weight(verdicts.at), verdicts.viable
        found.viable.add(operator_chain(verdicts), weight * viable, weight * (verdicts.judged - viable))
    return found


def operator_chain(of: Seen | Answer | Judged) -> tuple[str, str, str, str]:
    """From the kind to one module: each level pools what is below it."""
    return (of.kind, of.model, of.operator, of.path)


def place_chain(path: str, qualname: str) -> tuple[str, str, str, str]:
    """From all functions, methods or nested functions over a module and a class ("" for none) to a procedure."""
    owner = qualname.rpartition(".")[0]
    shape = "nested" if "<locals>" in qualname else "method" if owner else "function"
    return (shape, path, owner, qualname)


def why(answer: Answer) -> str:
    """The first word of a rejection's reason, "" where it is none that is known."""
    return next((each for each in REASONS if answer.reason.startswith(each)), "")


def nights_between(at: str, date: str) -> int:
    """How many nights lie between an instant or date and a date; none if it is later."""
    return max(0, (dt.date.fromisoformat(date) - dt.date.fromisoformat(at[:10])).days)
