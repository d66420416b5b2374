"""The runs that are still known, and what one leaves to the next."""

import datetime as dt
import shutil
from collections.abc import Iterator
from pathlib import Path

from daydream.errors import StateDamaged
from daydream.records.head import Head, Segment
from daydream.records.journal import Cut, Ended, Planned, Started
from daydream.store import checkpoint, heads, segments


def known(folder: Path) -> Iterator[tuple[str, Head | None]]:
    """Yield every run's name and last head, oldest first; None where its head cannot be read."""
    current = heads.read_head(folder)
    for name in sorted(_names(folder), key=order):
        if current is not None and current.run == name:
            yield name, current
            continue
        try:
            path = heads.run_folder(folder, name) / "head.json"
            yield name, heads.decode(path.read_bytes(), str(path))
        except (OSError, StateDamaged):
            yield name, None


def numbers(folder: Path, night: str) -> list[int]:
    """The numbers of the runs that were begun on a date.

    A folder without a head is of a start that died before its first commit: its number is still free.
    """
    current = heads.read_head(folder)
    begun = [
        name
        for name in _names(folder)
        if (current is not None and current.run == name)
        or (heads.run_folder(folder, name) / "head.json").exists()
    ]
    return [number for date, number in map(order, begun) if date == night]


def cut_names(folder: Path, head: Head) -> dict[str, tuple[str, ...]]:
    """The sub-steps of each state that come first next night: those that did not fit into a run's budget and
    were not done since, and those that the run should have put first but never came to.

    Raises:
        StateDamaged: the run's journal or plan cannot be read.
    """
    left: dict[str, list[str]] = {}
    waiting: dict[str, tuple[str, ...]] = {}
    plan = heads.run_folder(folder, head.run) / "plan.jsonl"
    for _, entry in checkpoint.entries(folder, head):
        match entry:
            case Started():
                waiting = dict(entry.first)
            case Planned():
                waiting.pop(entry.state, None)
            case Cut():
                names = segments.names(plan, head.segments.get("plan", Segment()), entry.at)
                left[entry.state] = [name for _, (name, _) in zip(range(entry.count), names, strict=False)]
            case Ended() if entry.name in left.get(entry.state, ()):
                left[entry.state].remove(entry.name)
            case _:
                pass
    return {**waiting, **{state: tuple(names) for state, names in left.items() if names}}


def retire(folder: Path, *, before: dt.date, trash_before: dt.date) -> None:
    """Remove the folders of runs whose night is before a date, and empty the trash of those before another."""
    for name in _names(folder):
        night = order(name)[0]
        if night < before.isoformat():
            shutil.rmtree(heads.run_folder(folder, name), ignore_errors=True)
        elif night < trash_before.isoformat():
            shutil.rmtree(heads.run_folder(folder, name) / "trash", ignore_errors=True)


def _names(folder: Path) -> list[str]:
    runs = folder / "runs"
    if not runs.is_dir():
        return []
    return [entry.name for entry in runs.iterdir() if entry.is_dir() and order(entry.name)[1] > 0]


def order(name: str) -> tuple[str, int]:
    """The date and the number of a run, by which runs are sorted; any other name has the number 0."""
    date, _, number = name.rpartition(".")
    return (date, int(number)) if number.isdigit() else (name, 0)
