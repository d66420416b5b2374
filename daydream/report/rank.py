"""Which findings reach the page: above the bar, the gravest first, no rule and no file filling it."""

from collections import Counter
from collections.abc import Iterable, Sequence

from daydream.records.night import Known, Standing

BAR = 0.5
_SEVERITY = {"high": 0, "medium": 1, "low": 2}
_STANDING = {"new": 0, "worse": 1, "still": 2, "not_looked_at": 3, "gone": 4}


def suppressed(known: Known) -> bool:
    """Whether a person asked not to see it tonight."""
    return known.suppress_reason is not None


def printable(findings: Iterable[Known], *standings: Standing) -> list[Known]:
    """Return the findings of these standings that reach the print bar, in the order of `rank`."""
    wanted = [k for k in findings if k.standing in standings and k.worth >= BAR and not suppressed(k)]
    return sorted(wanted, key=rank)


def rank(known: Known) -> tuple[int, float, int, str, int, str]:
    """Order by severity, worth, standing, then place."""
    return (
        _SEVERITY[known.severity],
        -known.worth,
        _STANDING[known.standing],
        known.subject,
        known.line or 0,
        known.id,
    )


def choose(ranked: Sequence[Known], most: int, per_rule: int, per_place: int = 3) -> list[Known]:
    """Pick at most `most` in order: `per_rule` of one rule, `per_place` of one rule in one file."""
    rules: Counter[str] = Counter()
    places: Counter[tuple[str, str]] = Counter()
    chosen: list[Known] = []
    for known in ranked:
        place = (known.rule, known.subject)
        if len(chosen) == most:
            break
        if rules[known.rule] < per_rule and places[place] < per_place:
            rules[known.rule] += 1
            places[place] += 1
            chosen.append(known)
    return chosen
