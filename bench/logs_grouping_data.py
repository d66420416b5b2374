"""The labelled logs of Loghub-2k and the scores of a grouping; shared by the benchmarks of log templates.

The data (https://github.com/logpai/logparser, folder `data`) is for research use and is not part of the project.
"""

import csv
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

LABELS = {"original": ("loghub_2k", ""), "corrected": ("loghub_2k_corrected", "_corrected")}
_MASK = re.compile(r"<(?:num|hex|uuid|path|url|email|ip|time|duration|size|\*)>")


@dataclass(frozen=True, slots=True)
class Labelled:
    """One system's messages, the event of each and the event's template."""

    texts: list[str]
    events: list[str]
    templates: list[str]


@dataclass(frozen=True, slots=True)
class Score:
    """Grouping accuracy, F1 of groups, template accuracy of lines, F1 of templates, groups found, groups labelled.

    `pa` and `fta` are 0 where no template texts were given.
    """

    ga: float
    fga: float
    pa: float
    fta: float
    found: int
    labelled: int


Grouped = tuple[Sequence[Hashable], Sequence[str] | None]
Scores = dict[str, Score]


def load(folder: Path, labels: str = "original") -> dict[str, Labelled]:
    """Read all systems below the folder `data` of logparser, with the original or the corrected labels."""
    name, suffix = LABELS[labels]
    systems = {}
    for place in sorted((folder / name).iterdir()):
        path = place / f"{place.name}_2k.log_structured{suffix}.csv"
        if path.is_file():
            with path.open(newline="", encoding="utf-8") as file:
                rows = list(csv.DictReader(file))
            fields = ([row[key] for row in rows] for key in ("Content", "EventId", "EventTemplate"))
            systems[place.name] = Labelled(*fields)
    return systems


def score(system: Labelled, grouped: Grouped) -> Score:
    """Score a grouping: a group counts if it has exactly the lines of an event, its text if it is the event's
    (masks as ``<*>``, white space made equal)."""
    groups, texts = grouped
    truth, found = _members(system.events), _members(groups)
    events = {tuple(lines) for lines in truth.values()}
    right = [lines for lines in found.values() if tuple(lines) in events]
    said = right_lines = 0
    if texts is not None:
        same = [_plain(one) == _plain(other) for one, other in zip(texts, system.templates, strict=True)]
        right_lines = sum(same)
        said = sum(all(same[line] for line in lines) for lines in right)
    total = len(system.events)
    return Score(
        sum(map(len, right)) / total,
        _f1(len(right), len(found), len(truth)),
        right_lines / total,
        _f1(said, len(found), len(truth)),
        len(found),
        len(truth),
    )


def averages(scores: Scores) -> tuple[float, float, float, float]:
    """Return the averages of GA, FGA, PA and FTA over the systems."""
    rows = scores.values()
    return (
        mean(s.ga for s in rows),
        mean(s.fga for s in rows),
        mean(s.pa for s in rows),
        mean(s.fta for s in rows),
    )


def left_out(grid: dict[str, Scores]) -> tuple[Scores, Counter[str]]:
    """Return each system's score with the setting that is best (GA + FGA) on the others, and how often each won."""
    chosen: Scores = {}
    won: Counter[str] = Counter()
    for system in next(iter(grid.values())):
        best = max(
            grid, key=lambda name: sum(s.ga + s.fga for other, s in grid[name].items() if other != system)
        )
        won[best] += 1
        chosen[system] = grid[best][system]
    return chosen, won


def run(systems: dict[str, Labelled], group: Callable[[str, list[str]], Grouped]) -> Scores:
    """Group and score every system; `group` gets its name and messages."""
    return {name: score(system, group(name, system.texts)) for name, system in systems.items()}


def _members(groups: Sequence[Hashable]) -> dict[Hashable, list[int]]:
    members: defaultdict[Hashable, list[int]] = defaultdict(list)
    for line, group in enumerate(groups):
        members[group].append(line)
    return members


def _plain(template: str) -> str:
    return " ".join(_MASK.sub("<*>", template).split())


def _f1(right: int, found: int, wanted: int) -> float:
    return 2 * right / (found + wanted)
