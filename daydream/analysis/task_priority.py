"""The priority of a task: a weighted sum that shows its terms."""

import datetime as dt
import re
from dataclasses import dataclass

from daydream.analysis.tasks import WORDS

AGE, FULL_AGE_DAYS = 2.0, 365
MENTION, MOST_MENTIONS = 0.5, 6
SEVERE, BLOCKED, SOMEDAY = 3.0, -5.0, -2.0
DUE, DUE_WITHIN_DAYS, FAR = 12.0, 14, 2.0
MARKERS = dict(zip(WORDS, (0.0, 3.0, 1.0, 2.0), strict=True))
_LEVELS = (
    (re.compile(r"\bP0\b|\bblocker\b|!!!", re.IGNORECASE), 8.0),
    (
        re.compile(
            r"^\(A\)\s|\bP1\b|\burgent(?:ly)?\b|\bcritical\b|\bhigh[- ]priority\b|\bpriority:\s*high\b",
            re.IGNORECASE,
        ),
        6.0,
    ),
    (re.compile(r"^\(B\)\s|\bP2\b|\bmedium[- ]priority\b|\bpriority:\s*medium\b", re.IGNORECASE), 4.0),
    (re.compile(r"^\([C-Z]\)\s|\bP[34]\b|\blow[- ]priority\b|\bpriority:\s*low\b", re.IGNORECASE), 2.0),
)
_SEVERE = re.compile(
    r"\b(?:security|vulnerab\w+|exploit\w*|data[- ]loss|corrupt\w*|crash(?:es|ing)?|deadlock\w*|race condition|"
    r"memory leak|leaks? (?:memory|file|socket|connection)\w*|infinite loop|injection|unsafe|regression)\b",
    re.IGNORECASE,
)
_BLOCKED = re.compile(r"\bblocked\b|\bon hold\b|\bwaiting (?:for|on)\b", re.IGNORECASE)
_SOMEDAY = re.compile(r"\bsomeday\b|\bmaybe\b|\bnice to have\b|\bwould be nice\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Term:
    """One summand: its name, its value, and what it was computed from; a value of None was not measured."""

    name: str
    value: float | None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Priority:
    """The sum of what was measured, and every term."""

    terms: tuple[Term, ...]

    @property
    def total(self) -> float:
        """The sum of the measured terms, to a tenth."""
        return round(sum(term.value for term in self.terms if term.value is not None), 1)

    @property
    def stated(self) -> bool:
        """Whether somebody wrote that it is urgent, severe or due, rather than it having only grown old."""
        return any(
            t.value is not None and t.value >= _STATED for t in self.terms if t.name in ("stated", "due")
        )

    def __str__(self) -> str:
        measured = [t for t in self.terms if t.value]
        shown = [f"{t.name} {t.value:+g}" + (f" ({t.why})" if t.why else "") for t in measured]
        missing = [t.name for t in self.terms if t.value is None]
        rest = f"; not measured: {', '.join(missing)}" if missing else ""
        return f"priority {self.total:g} = {' '.join(shown) or '0'}{rest}"


_STATED = 6.0


def priority(
    text: str,
    word: str,
    *,
    age_days: int | None,
    mentions: int | None,
    deadline: dt.date | None,
    today: dt.date,
    errors: int | None = None,
) -> Priority:
    """Add up what makes a task pressing.

    `age_days` since the last change of its text, `mentions` of its issue or names in other tasks and documents,
    `errors` logged or tracked that belong to it; None: not measured. Weights: stated priority 8 to 2, a deadline
    12 falling to 2 over fourteen days, severe words 3, the marker 3 to 0, age 2 over a year, mentions 0.5 each up
    to 3, "blocked" -5, "someday" -2.
    """
    level = next(((w, m[0].strip()) for pattern, w in _LEVELS if (m := pattern.search(text))), None)
    severe, blocked, someday = _SEVERE.search(text), _BLOCKED.search(text), _SOMEDAY.search(text)
    return Priority(
        (
            Term("stated", level[0] if level else 0.0, level[1] if level else ""),
            _due(deadline, today),
            Term("severe", SEVERE if severe else 0.0, severe[0].lower() if severe else ""),
            Term("marker", MARKERS.get(word, 0.0), word),
            Term("age", None if age_days is None else _aged(age_days), f"{age_days} days"),
            Term(
                "mentions",
                None if mentions is None else MENTION * min(mentions, MOST_MENTIONS),
                str(mentions),
            ),
            Term("blocked", BLOCKED if blocked else 0.0),
            Term("someday", SOMEDAY if someday else 0.0),
            Term("errors", None if errors is None else min(float(errors), SEVERE), str(errors)),
        )
    )


def _aged(days: int) -> float:
    return round(AGE * min(max(days, 0), FULL_AGE_DAYS) / FULL_AGE_DAYS, 1)


def _due(deadline: dt.date | None, today: dt.date) -> Term:
    if deadline is None:
        return Term("due", 0.0)
    left = (deadline - today).days
    near = 1 - min(max(left, 0), DUE_WITHIN_DAYS) / DUE_WITHIN_DAYS
    return Term("due", round(FAR + (DUE - FAR) * near, 1), deadline.isoformat())


_EXEMPT = re.compile(
    r"(?<![\w.@`/])@[A-Za-z][\w-]{1,38}\b(?![.(])|\bmilestone\b|\broad-?map\b|\bepic\b|\bblocked\b|\bon[- ]hold\b|\bpinned\b"
    r"|\bwaiting (?:for|on)\b|\bwait for\b|\bkeep[- ]open\b|\btracking\b|\bgood first issue\b|\bsecurity\b",
    re.IGNORECASE,
)


def exempt(text: str) -> str:
    """Return the word by which a task is meant to stay open (`@name`, milestone, epic, blocked ...), or ""."""
    match = _EXEMPT.search(text)
    return match[0] if match else ""
