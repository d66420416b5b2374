"""A tally as it stands between two records, in a form that can be kept; all texts in it are redacted already."""

from collections import Counter, defaultdict

import msgspec

from daydream.analysis.errors.records import ErrorRecord
from daydream.analysis.logs.tally import Counted, Tally
from daydream.analysis.logs.templates import Miner, MinerStand


class CountedStand(msgspec.Struct, frozen=True, array_like=True):
    """How often something was logged; the fields are those of `Counted`."""

    count: int
    tonight: int
    first: float | None
    last: float | None
    span: tuple[float, float] | None
    hours: dict[int, int]
    levels: dict[int, int]
    levels_tonight: dict[int, int]
    examples: list[str]
    timed: list[tuple[float, str]]


class TallyStand(msgspec.Struct, frozen=True, array_like=True):
    """A tally; routes and durations as (route, hour, counts by bucket)."""

    miner: MinerStand
    mined: dict[int, CountedStand]
    errors: dict[str, tuple[ErrorRecord, CountedStand]]
    times: list[tuple[str, int, dict[int, int]]]
    statuses: dict[int, dict[int, int]]
    hours: dict[int, int]
    bad: dict[int, int]
    levels: dict[int, int]
    counts: tuple[int, int, int, int, int]


def stand(tally: Tally) -> TallyStand:
    """Return how a tally stands."""
    return TallyStand(
        tally.miner.stand(),
        {number: _stood(one) for number, one in tally.mined.items()},
        {key: (record, _stood(one)) for key, (record, one) in tally.errors.items()},
        [(route, hour, dict(counts)) for (route, hour), counts in tally.times.items()],
        {digit: dict(counts) for digit, counts in tally.statuses.items()},
        dict(tally.hours),
        dict(tally.bad),
        dict(tally.levels),
        (tally.older, tally.undated, tally.later, tally.future, tally.overflow),
    )


def take_up(tally: Tally, stand: TallyStand) -> None:
    """Make a tally stand so, whatever it has counted."""
    tally.miner = Miner.taken_up(stand.miner)
    tally.mined = {number: _taken_up(one) for number, one in stand.mined.items()}
    tally.errors = {key: (record, _taken_up(one)) for key, (record, one) in stand.errors.items()}
    tally.times = defaultdict(Counter, {(route, hour): Counter(n) for route, hour, n in stand.times})
    tally.routes = {route for route, _, _ in stand.times}
    tally.statuses = defaultdict(Counter, {digit: Counter(n) for digit, n in stand.statuses.items()})
    tally.hours, tally.bad, tally.levels = Counter(stand.hours), Counter(stand.bad), Counter(stand.levels)
    tally.older, tally.undated, tally.later, tally.future, tally.overflow = stand.counts


def _stood(one: Counted) -> CountedStand:
    return CountedStand(
        one.count,
        one.tonight,
        one.first,
        one.last,
        one.span,
        dict(one.hours),
        dict(one.levels),
        dict(one.levels_tonight),
        list(map(whole, one.examples)),
        [(when, whole(text)) for when, text in one.timed],
    )


def _taken_up(stand: CountedStand) -> Counted:
    return Counted(
        stand.count,
        stand.tonight,
        stand.first,
        stand.last,
        stand.span,
        Counter(stand.hours),
        Counter(stand.levels),
        Counter(stand.levels_tonight),
        stand.examples,
        stand.timed,
    )


def whole(text: str) -> str:
    """Return a text without halves of characters, which nothing can write."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()
