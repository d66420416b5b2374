"""Looking at what was learnt: how each operator fares, what that does to the next night, and what a person can do."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from daydream.app.trials import lesson_lines, today
from daydream.app.views import places_of
from daydream.contracts.results import RunResult
from daydream.dream.learning.telling import report
from daydream.store import learning_rows
from daydream.store.dreams import DreamStore

_NONE_YET = (
    "nothing was learnt here yet; a night learns from dreams that were tried and from answers to proposals"
)


def learning(root: Path, config_file: Path | None) -> RunResult:
    """Report lessons, beliefs about each operator with their intervals, its share of the last two nights, how tiers fared,
    and suggestions.

    Raises:
        UsageError: no night was ever started there.
    """
    date = today(root, config_file)
    path = places_of(root, config_file).state / DreamStore.schema.file
    with DreamStore.open(path, read_only=True) as store:
        data = report(store, date)
        lessons = learning_rows.in_force(store, date)
    lines = [line for each in lessons for line in lesson_lines(each)]
    lines += _lines(data)
    return RunResult(lines=tuple(lines or [_NONE_YET]), data={"learning": data})


def _lines(data: dict[str, Any]) -> Iterator[str]:
    for each in data["operators"]:
        by = f" by {each['model']}" if each["model"] else ""
        compared = f", cheaper: {each['gained']} of {each['compared']}" if each["compared"] else ""
        known = f"{each['passed']} of {each['tried']} do the same" if each["tried"] else "none decided yet"
        yield (
            f"{each['operator']}{by}: {known}{compared}; "
            f"expected {each['belief']:.0%} ({each['low']:.0%} to {each['high']:.0%}); "
            f"of the dreams {_percent(each['before'])}, then {_percent(each['last'])}"
        )
    for name, tier in data["tiers"].items():
        if tier["decided"]:
            low, high = tier["interval"]
            yield f"{name}: {tier['passed']} of {tier['decided']} do the same ({low:.0%} to {high:.0%})"
    if data["answers"]:
        yield f"answers of people: {data['answers']}"
    for each in data["suggestions"]:
        yield f"suggestion: {each}"


def _percent(share: float | None) -> str:
    return "not measured" if share is None else f"{share:.0%}"
