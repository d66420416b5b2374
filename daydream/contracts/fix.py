"""The contract of a fix: from findings of one rule to the edit that settles them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from daydream.contracts.context import Context
from daydream.records.night import Known


@dataclass(frozen=True, slots=True)
class Draft:
    """An edit that was worked out and not tried yet.

    `files` maps repository paths to their whole new content, None to remove the file. `fixed` are the
    ids of the findings that the edit settles; `left` says in a clause, by id, why a finding is not
    settled by a machine ("the name is used in a string", "the block ends in prose").
    """

    files: Mapping[str, bytes | None] = field(default_factory=dict)
    fixed: tuple[str, ...] = ()
    left: Mapping[str, str] = field(default_factory=dict)


Fix = Callable[[Context, Sequence[Known]], Draft]
"""Work out one edit for these findings, all of one rule.

Reads `ctx.tree` only, never a finding's line alone: the defect is found again in the source as it is,
and one that is no longer there, or is not exactly what the rule describes, is left with the reason.
Everything else in a file stays byte for byte: encoding, line ends, comments, blank lines by the habit of
the file. A pure function of the tree and the findings; the same twice gives the same bytes, and applied to
its own result it finds nothing to do.
"""
