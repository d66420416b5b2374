"""Further inputs, made from what the procedure itself answered to those before.

What a procedure demands is seldom written where it can be read; but an input on which it returns keeps it, and so do
many that are near. And an answer that few inputs lead to is where wrong variants hide. So inputs are changed that the
procedure returned on, each kind of answer as often as any other. Mutational fuzzing with power schedules: Böhme, Pham, Roychoudhury,
CCS 2016.
"""

import copy
import hashlib
import random
from collections.abc import Sequence
from typing import Any

from daydream.contracts.sandbox import Answer, Inputs
from daydream.dream.trials.comparison_trees import message_class
from daydream.dream.trials.differential_types import Seen
from daydream.dream.trials.inputs_plan import ONE_BYTES
from daydream.dream.trials.mutation import mutated
from daydream.sandbox.guest.grammar import EncodingError, check, dumps

_TRIES = 8
_RAISING = 0.1
_CROSSED = 0.2
_STEPS = (1, 1, 1, 2, 4)
_LARGE = 20_000
_SHARE = 0.5


def shared_out(total: int, rounds: int) -> tuple[int, int]:
    """Of so many inputs: how many to plan, and how many to make in each of the rounds after."""
    each = int(total * _SHARE / rounds) if rounds else 0
    return total - each * rounds, each


def further(
    seen: Sequence[Seen], most: int, seed: int, *, receiver: bool = False, constants: Sequence[int] = ()
) -> list[Inputs]:
    """At most so many new calls near those that were answered; `receiver`: the first argument is the object of a method
    and stays; `constants` are numbers of the code. The same answers and seed give the same calls."""
    rng = random.Random(f"{seed} further {len(seen)}")  # noqa: S311 -- inputs that can be made again
    returning, raising = _groups(seen)
    known = {digest for each in seen if (digest := _digest(each.inputs)) is not None}
    found: list[Inputs] = []
    for _ in range(most * _TRIES if returning or raising else 0):
        if len(found) >= most:
            break
        groups = raising if raising and (not returning or rng.random() < _RAISING) else returning
        chosen = _crossed(rng.choice(rng.choice(groups)), returning, rng, first=int(receiver))
        made: Inputs | None = chosen
        for _ in range(rng.choice(_STEPS)):
            if made is not None:
                made = mutated(made, rng, receiver=receiver, constants=constants)
        digest = _digest(made) if made is not None else None
        if made is not None and digest is not None and digest not in known:
            known.add(digest)
            found.append(made)
    return found


def _crossed(one: Inputs, groups: list[list[Inputs]], rng: random.Random, *, first: int) -> Inputs:
    """Now and then with one argument of another call, where both give it in the same way."""
    if not groups or rng.random() > _CROSSED:
        return one
    other = rng.choice(rng.choice(groups))
    places = range(first, min(len(one.given), len(other.given)))
    if len(one.given) != len(other.given) or not places:
        return one
    place = rng.choice(places)
    given = [*one.given]
    given[place] = copy.deepcopy(other.given[place])
    return Inputs(tuple(given), one.named)


def _groups(seen: Sequence[Seen]) -> tuple[list[list[Inputs]], list[list[Inputs]]]:
    """Calls by what came of them: those that returned by their answer, those that raised by what; large ones left out."""
    returning: dict[str, list[Inputs]] = {}
    raising: dict[str, list[Inputs]] = {}
    for each in seen:
        if each.answer is None or len(_json(each.inputs)) > _LARGE:
            continue
        into = returning if each.answer.has_returned else raising
        into.setdefault(_outcome(each.answer), []).append(each.inputs)
    return list(returning.values()), list(raising.values())


def _outcome(answer: Answer) -> str:
    if answer.has_returned:
        return hashlib.sha256(dumps(answer.returned, 2**30)).hexdigest()
    return f"{answer.raised[1]}.{answer.raised[2]} {message_class(answer.raised[3])}"


def _digest(inputs: Inputs) -> str | None:
    """Of the arguments, None for what is malformed or too large."""
    trees: list[Any] = [*inputs.given, *(tree for _, tree in inputs.named)]
    try:
        for each in trees:
            check(each)
    except EncodingError:
        return None
    text = _json(inputs)
    return hashlib.sha256(text).hexdigest() if len(text) <= ONE_BYTES else None


def _json(inputs: Inputs) -> bytes:
    return dumps([list(inputs.given), [list(each) for each in inputs.named]], 2**30)
