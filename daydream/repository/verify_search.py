"""Which of several groups of edits can be verified together: the union first, halves only on failure.

The search is a value that fits into a line of text, so that it can be committed after every answer and go
on from there. It asks about sets of groups; every group that ends up in `together` was part of one single
set that was verified as a whole.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar, get_args

from daydream.records.proposal import Evidence, Verdict

T = TypeVar("T")
_VERDICTS: tuple[Verdict, ...] = get_args(Verdict)


@dataclass(frozen=True, slots=True)
class Search:
    """Where the search stands; groups are numbers from 0.

    `kept` was verified as one set. `ahead` are ranges (first, behind the last) still to be added to it, in
    order; of the first one `failing` says that it is known to fail. `doubtful` failed together with others
    and are still to be tried alone. `alone` holds the verdict of those that were tried alone.
    """

    kept: tuple[int, ...] = ()
    ahead: tuple[tuple[int, int], ...] = ()
    failing: bool = False
    doubtful: tuple[int, ...] = ()
    alone: tuple[tuple[int, Verdict], ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """What the search came to. `together` was verified as one set; of the others `apart` are verified
    each alone but not with those, `broken` break the tests, and `unverified` cannot be judged."""

    together: tuple[int, ...]
    apart: tuple[int, ...]
    broken: tuple[int, ...]
    unverified: tuple[int, ...]


def start(groups: int) -> Search:
    """Begin with this many groups."""
    return Search(ahead=((0, groups),) if groups else ())


def question(search: Search) -> tuple[int, ...] | None:
    """The set to judge next, in ascending order; None when everything is known."""
    if search.ahead:
        first, behind = search.ahead[0]
        return tuple(sorted((*search.kept, *range(first, behind))))
    return search.doubtful[:1] or None


def answer(search: Search, verdict: Verdict) -> Search:
    """Take in the verdict on what `question` asks.

    Raises:
        ValueError: nothing is asked.
    """
    if not search.ahead:
        if not search.doubtful:
            msg = "the search is over"
            raise ValueError(msg)
        one = search.doubtful[0]
        return replace(search, doubtful=search.doubtful[1:], alone=(*search.alone, (one, verdict)))
    (first, behind), *rest = search.ahead
    if verdict == "verified":
        kept = (*search.kept, *range(first, behind))
        # What is left of a range that failed fails too: the set it completes was the one that failed.
        return _split(replace(search, kept=kept, ahead=tuple(rest)))
    if behind - first == 1:
        known = replace(search, ahead=tuple(rest), failing=False)
        if search.kept:
            return replace(known, doubtful=(*search.doubtful, first))
        return replace(known, alone=(*search.alone, (first, verdict)))
    return _split(replace(search, failing=True))


def found(search: Search) -> Found:
    """What is known; final once nothing is asked any more."""
    alone = {
        verdict: tuple(sorted(one for one, said in search.alone if said == verdict)) for verdict in _VERDICTS
    }
    return Found(tuple(sorted(search.kept)), alone["verified"], alone["broken"], alone["unverified"])


def to_text(search: Search) -> str:
    """Write the search as one short line."""
    numbers = [(one, _VERDICTS.index(verdict)) for one, verdict in search.alone]
    parts = (search.kept, search.ahead, int(search.failing), search.doubtful, numbers)
    return json.dumps(parts, separators=(",", ":"))


def from_text(text: str) -> Search:
    """Read what `to_text` wrote.

    Raises:
        ValueError: it is not such a line.
    """
    try:
        kept, ahead, failing, doubtful, alone = json.loads(text)
        return Search(
            tuple(int(one) for one in kept),
            tuple((int(first), int(behind)) for first, behind in ahead),
            bool(failing),
            tuple(int(one) for one in doubtful),
            tuple((int(one), _VERDICTS[verdict]) for one, verdict in alone),
        )
    except (TypeError, IndexError) as error:
        msg = f"not the text of a search: {text[:80]!r}"
        raise ValueError(msg) from error


def bisect(groups: Sequence[T], judge: Callable[[Sequence[T]], Evidence]) -> Found:
    """Search from start to end in one go."""
    search = start(len(groups))
    while (asked := question(search)) is not None:
        search = answer(search, judge([groups[one] for one in asked]).verdict)
    return found(search)


def _split(search: Search) -> Search:
    """While the first range is known to fail, halve it; a single group that must fail is set aside."""
    if not (search.failing and search.ahead):
        return replace(search, failing=False)
    (first, behind), *rest = search.ahead
    if behind - first == 1:
        return replace(search, ahead=tuple(rest), failing=False, doubtful=(*search.doubtful, first))
    middle = (first + behind + 1) // 2
    return replace(search, ahead=((first, middle), (middle, behind), *rest), failing=True)
