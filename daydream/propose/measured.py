"""Which rules may propose: those whose changes people were seen to merge."""

from collections.abc import Mapping

MERGED: Mapping[str, tuple[int, int]] = {
    "legacy.unused_import": (30, 30),
    "legacy.unused_variable": (4, 4),
    "legacy.dead_code": (15, 17),
    "legacy.deprecated": (1, 1),
    "legacy.unreachable": (1, 1),
    "docs.broken_link": (0, 3),
}
"""Of the changes that were judged by people who did not write the rules (bench/judged), and that are still made as
they were judged: how many would be merged as they are, and how many there are. A rule that is not named was not judged."""

ENOUGH, SHARE = 3, 0.8
PROPOSED = frozenset(
    rule for rule, (merged, judged) in MERGED.items() if judged >= ENOUGH and merged / judged >= SHARE
)
"""The others report, and their changes are not offered."""
