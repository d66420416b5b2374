"""The truth and the scores as tables. What was missed is counted and not named: rules are not to be fitted to it."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence

from bench.machine import machine
from bench.upkeep_history_score import BAR, CLASSES, Judged, Score, Scored
from bench.upkeep_history_truth import Row

FATES = ("removed", "removed with users", "file removed", "still there", "in use", "not placed")
_COLUMNS = ("class", "stratum", "why")


def truth_table(truths: Iterable[list[Row]]) -> None:
    """Print how many rows of truth each repository has, by class and stratum, as they come."""
    total: Counter[str] = Counter()
    for head, *rows in truths:
        counts = Counter(" ".join(str(row[one]) for one in _COLUMNS) for row in rows)
        total += counts
        said = ", ".join(f"{count} {what}" for what, count in sorted(counts.items()))
        print(f"- {head['repository']}: {said or 'nothing'}", flush=True)
    print("\nin all:")
    for what, count in sorted(total.items()):
        print(f"- {count} {what}")


def tables(scored: Sequence[Scored]) -> None:
    """Print a table for each class, the false positives one by one, and what was not judged."""
    print(
        f"\nIn brackets: the findings whose worth reaches the print bar of {BAR}. Intervals are 95 %, Wilson's."
    )
    for title in CLASSES.values():
        chosen = [score for one in scored for score in one.scores if score.name == title]
        _class(title, chosen)
    print("\nNot judged by history:")
    for one in scored:
        said = ", ".join(f"{count} {rule}" for rule, count in one.other.items())
        print(f"- {one.repository}: {said or 'none'}")
    for one in scored:
        for line in one.incomplete:
            print(f"- {one.repository} was not examined whole: {line}")
    print(f"\nat the end: {machine()}")


def _class(title: str, scores: list[Score]) -> None:
    whole = Score("all", title)
    for score in scores:
        whole.judged += score.judged
        whole.truth += score.truth
    print(f"\n### {title}\n\n| repository | reported | {' | '.join(FATES)} | found of what was removed |")
    print("|" + "---|" * (len(FATES) + 3))
    for score in [*scores, whole]:
        cells = [_count(score.judged, FATES), *(_count(score.judged, (fate,)) for fate in FATES)]
        print(f"| {score.repository} | {' | '.join(cells)} | {_recall(score)} |")
    _shares(whole)
    for score in scores:
        for one in score.judged:
            if one.fate in {"in use", "removed with users", "not placed"}:
                what = "false" if one.fate == "in use" else one.fate
                print(f"- {what}: {score.repository} {one.where} `{one.name}` ({one.worth:g}) {one.why}")


def _shares(whole: Score) -> None:
    placed = [one for one in whole.judged if one.fate != "not placed"]
    for what, chosen in (("all", placed), ("over the bar", [one for one in placed if one.worth >= BAR])):
        right = sum(one.fate != "in use" for one in chosen)
        print(f"\nnot contradicted, {what}: {share(right, len(chosen))}")
    for stratum in sorted({row["stratum"] for row, _ in whole.truth}):
        worths = [worth for row, worth in whole.truth if row["stratum"] == stratum]
        found = [worth for worth in worths if worth is not None]
        over = sum(worth >= BAR for worth in found)
        print(
            f"\nrecall, {stratum}: {share(len(found), len(worths))}; over the bar {share(over, len(worths))}"
        )
    print()


def share(part: int, whole: int) -> str:
    """A share with its interval; `not measured` where nothing was counted."""
    if whole == 0:
        return "not measured"
    z, p = 1.959964, part / whole
    middle = (p + z * z / (2 * whole)) / (1 + z * z / whole)
    half = z / (1 + z * z / whole) * math.sqrt(p * (1 - p) / whole + z * z / (4 * whole * whole))
    return f"{part} of {whole} = {p:.2f} ({max(0.0, middle - half):.2f} to {min(1.0, middle + half):.2f})"


def _count(judged: list[Judged], fates: Sequence[str]) -> str:
    chosen = [one for one in judged if one.fate in fates]
    return f"{len(chosen)} ({sum(one.worth >= BAR for one in chosen)})"


def _recall(score: Score) -> str:
    plain = [worth for row, worth in score.truth if row["stratum"] == "plain"]
    others = [worth for row, worth in score.truth if row["stratum"] != "plain"]
    said = [
        f"{sum(worth is not None for worth in worths)} of {len(worths)} {name}"
        for name, worths in (("plain", plain), ("others", others))
        if worths
    ]
    return ", ".join(said) or "none was removed"
