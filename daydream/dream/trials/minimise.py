"""Making a case small: the same types and number of arguments, less in them.

Delta debugging over encoded trees: Zeller and Hildebrandt, IEEE Transactions on Software Engineering 28(2), 2002; edits that keep a
tree well formed after Misherghi and Su, ICSE 2006. The order of edits is fixed, so that a case always shrinks to the same one.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from daydream.contracts.sandbox import Encoded, Inputs
from daydream.dream.trials.minimise_edits import simpler, weight
from daydream.sandbox.guest.grammar import EncodingError, check


@dataclass(frozen=True, slots=True)
class Shrunk:
    """The smallest inputs found, the calls that were made for it and how many edits held."""

    inputs: Inputs
    calls: int
    edits: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A case that told a dream of a procedure apart, to be asked first of every later dream of it.

    `path`, `qualname` and `occurrence` say which procedure, in any wording: the expected answer is not kept, the
    procedure as it is gives it anew. `given` and `named` are encoded as for the sandbox; `where` and `dream_id` say what
    it found and first. Plain JSON throughout.
    """

    path: str
    qualname: str
    occurrence: int
    given: tuple[Encoded, ...]
    named: tuple[tuple[str, Encoded], ...]
    where: str
    dream_id: str

    @property
    def inputs(self) -> Inputs:
        """As the sandbox takes them."""
        return Inputs(self.given, self.named)


def shrink(inputs: Inputs, still: Callable[[Inputs], bool], calls: int) -> Shrunk:
    """Simplify the arguments one edit after another for as long as `still` holds, with at most so many calls of it."""
    spent = edits = 0
    tried: set[str] = set()
    best = inputs
    while True:
        for candidate in _candidates(best):
            key = repr(candidate)
            if key in tried or not _well_formed(candidate):
                continue
            if spent >= calls:
                return Shrunk(best, spent, edits)
            tried.add(key)
            spent += 1
            if still(candidate):
                best, edits = candidate, edits + 1
                break
        else:
            return Shrunk(best, spent, edits)


def _candidates(inputs: Inputs) -> Iterator[Inputs]:
    """Inputs that are one edit simpler, the boldest edits of the heaviest arguments first."""
    places: list[tuple[int, bool, int, Any]] = [
        *((weight(tree), False, at, tree) for at, tree in enumerate(inputs.given)),
        *((weight(tree), True, at, tree) for at, (_, tree) in enumerate(inputs.named)),
    ]
    for _, is_named, at, tree in sorted(places, key=lambda place: (-place[0], place[1], place[2])):
        for smaller in simpler(tree):
            if is_named:
                named = (*inputs.named[:at], (inputs.named[at][0], smaller), *inputs.named[at + 1 :])
                yield Inputs(inputs.given, named)
            else:
                yield Inputs((*inputs.given[:at], smaller, *inputs.given[at + 1 :]), inputs.named)


def _well_formed(inputs: Inputs) -> bool:
    try:
        for tree in (*inputs.given, *(tree for _, tree in inputs.named)):
            check(tree)
    except EncodingError:
        return False
    return True
