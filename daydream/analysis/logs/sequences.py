"""Sequences of templates, such as the lines of one session or job: how often each normally occurs."""

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass

_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Ranges:
    """How often each template was in a sequence, at least and at most, over `sequences` of them."""

    ranges: Mapping[Hashable, tuple[int, int]]
    sequences: int


def learn(sequences: Iterable[Sequence[Hashable]]) -> Ranges:
    """Learn what normal sequences hold."""
    ranges: dict[Hashable, tuple[int, int]] = {}
    number = 0
    for sequence in sequences:
        counts = Counter(sequence)
        for template in ranges.keys() - counts.keys():
            ranges[template] = (0, ranges[template][1])
        for template, count in counts.items():
            low, high = ranges.get(template, (count if number == 0 else 0, count))
            ranges[template] = (min(low, count), max(high, count))
        number += 1
    return Ranges(ranges, number)


def odd(model: Ranges, sequence: Sequence[Hashable]) -> str | None:
    """Say in which way a sequence is not like those that were learned; None: it is like them, or nothing was
    learned. Only how often counts, not the order."""
    if not model.sequences:
        return None
    counts = Counter(sequence)
    unseen = sorted(map(str, counts.keys() - model.ranges.keys()))
    if unseen:
        more = f" and {len(unseen) - _SHOWN} more" if len(unseen) > _SHOWN else ""
        return f"never seen in {model.sequences:,} sequences: {', '.join(unseen[:_SHOWN])}{more}"
    for template, (low, high) in model.ranges.items():
        count = counts[template]
        if not low <= count <= high:
            span = f"{low}" if low == high else f"{low} to {high}"
            return f"{template}: {count} times; {span} in {model.sequences:,} sequences"
    return None
