"""Count rules for sequences of templates, such as the lines of one session or job: how often each normally occurs.

No step uses them, see docs/design/log-judgement.md; `bench.logs_hdfs` measures them on sessions that are labelled.
`python -m bench.logs_sequences FOLDER`: every folder below FOLDER holds one machine's real quiet logs, as for `bench.logs_quiet`;
what the rules would say of the sessions of each night, learned from all nights before. A session is a night's lines with the
same process in brackets, or of the same client; logs of which less than a third has such a key are left out.
"""

import argparse
import re
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.logs_quiet_replay import Replay
from bench.logs_world import LEARNING
from bench.machine import heading
from daydream.analysis.logs.templates import Miner

_SHOWN = 3
_KEYS = {"process": re.compile(r"\b(\w+\[\d+\])"), "client": re.compile(r"^(\d+\.\d+\.\d+\.\d+) ")}
_STAMP = re.compile(r"^\w{3} +\d+ [\d:]+ ")
_KEYED = 0.3
_LEAST = 100
_DAY_S = 86_400

Session = tuple[str, ...]


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


def main() -> None:
    """Print a line for each log with sessions."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--year", type=int, default=2005, help="the year of stamps that have none")
    args = parser.parse_args()
    heading("Sessions of quiet logs")
    print(
        "| logs | key | sessions | of several lines | nights | odd kinds | a week |\n|---|---|---|---|---|---|---|"
    )
    for folder in sorted(path for path in args.folder.iterdir() if path.is_dir()):
        replay = Replay(folder, args.year)
        for name, log in replay.told.items():
            for kind, key in _KEYS.items():
                nights = sessions(log, replay.night(-1).timestamp(), key)
                if nights is not None:
                    said = [odd_kinds(nights, day) for day in range(LEARNING, replay.days)]
                    counted = [one for one in said if one is not None]
                    every = [one for there in nights.values() for one in there]
                    cells = (len(every), sum(len(one) > 1 for one in every), len(counted), sum(counted))
                    week = 7 * sum(counted) / len(counted) if counted else 0.0
                    print(
                        f"| {folder.name} {name} | {kind} | {' | '.join(map(str, cells))} | {week:.1f} |",
                        flush=True,
                    )


def sessions(
    log: Sequence[tuple[float, bytes]], start: float, key: re.Pattern[str]
) -> Mapping[int, Sequence[Session]] | None:
    """Group a log's lines by night and key, as sequences of template identities; None: too few lines have such a key."""
    miner = Miner()
    found: defaultdict[tuple[int, str], list[int]] = defaultdict(list)
    for when, raw in log:
        text = raw.decode("utf-8", "replace")[:400].split("\n")[0]
        match = key.search(text)
        if match is not None:
            found[int((when - start) // _DAY_S), match[1]].append(miner.add(_STAMP.sub("", text)))
    if sum(map(len, found.values())) < _KEYED * max(1, len(log)):
        return None
    nights: defaultdict[int, list[Session]] = defaultdict(list)
    for (day, _), numbers in sorted(found.items()):
        nights[day].append(tuple(miner.identity(number) for number in numbers if number))
    return nights


def odd_kinds(nights: Mapping[int, Sequence[Session]], day: int) -> int | None:
    """Count in how many ways a night's sessions are odd, each template once; None: there is too little before it."""
    past = [one for before, there in nights.items() if before < day for one in there]
    if len(past) < _LEAST:
        return None
    model = learn(past)
    said = (odd(model, one) for one in nights.get(day, ()))
    return len({why.partition(":")[0] for why in said if why is not None})


if __name__ == "__main__":
    main()
