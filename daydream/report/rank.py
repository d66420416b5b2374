"""Which findings reach the page: above the bar, the gravest first, no rule and no file filling it."""

from collections import Counter
from collections.abc import Iterable, Sequence

from daydream.records.night import Known, Standing

BAR = 0.5
PER_RULE = PER_SUBJECT = 3
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


def diverse(ranked: Sequence[Known], most: int) -> list[tuple[Known, int]]:
    """Pick at most `most` for a page on which each line costs a person's minute, in the order of `rank`, each with how many
    more of its rule it stands for.

    First one of each rule and place, at most three of a rule and three of a place; where room is left, further
    ones of a rule, up to three.
    """
    first = choose(ranked, most, PER_RULE, per_place=1, per_subject=PER_SUBJECT)
    taken = {known.id for known in first}
    left = [known for known in ranked if known.id not in taken]
    rules = Counter(known.rule for known in first)
    for known in left:
        if len(first) < most and rules[known.rule] < PER_RULE:
            rules[known.rule] += 1
            first.append(known)
    shown = {known.id for known in first}
    more = Counter(known.rule for known in ranked if known.id not in shown)
    chosen = [known for known in ranked if known.id in shown]
    last = {known.rule: known.id for known in chosen}
    return [(known, more[known.rule] if last[known.rule] == known.id else 0) for known in chosen]


def choose(
    ranked: Sequence[Known], most: int, per_rule: int, per_place: int = 3, per_subject: int | None = None
) -> list[Known]:
    """Pick at most `most` in order: `per_rule` of one rule, `per_place` of one rule in one file, `per_subject` of one file."""
    rules: Counter[str] = Counter()
    places: Counter[tuple[str, str]] = Counter()
    subjects: Counter[str] = Counter()
    chosen: list[Known] = []
    for known in ranked:
        place = (known.rule, known.subject)
        if len(chosen) == most:
            break
        full = per_subject is not None and subjects[known.subject] >= per_subject
        if rules[known.rule] < per_rule and places[place] < per_place and not full:
            rules[known.rule] += 1
            subjects[known.subject] += 1
            places[place] += 1
            chosen.append(known)
    return chosen
