"""The report as data: what `compose` makes, `render` writes, and the JSON twin holds.

Every text in it is one cleaned line. Backticks in the report's own sentences mark code.
"""

import msgspec

from daydream.records.finding import Severity
from daydream.records.night import Standing, StepLine
from daydream.records.section import SectionData

SCHEMA = 1
LIST = "daydream findings"


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One finding for print; `where` is its path with the line, where it has one."""

    id: str
    rule: str
    severity: Severity
    standing: Standing
    where: str
    message: str
    action: str
    worth: float
    first_night: str
    magnitude: float | None


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """The findings of one standing above the print bar: `total` of them, the first `shown` of `items`
    on the page, the others (at most 200 in all) in the JSON twin only."""

    total: int = 0
    shown: int = 0
    items: tuple[Item, ...] = ()


class Need(msgspec.Struct, frozen=True, kw_only=True):
    """One thing for a person: what it is, where, what would settle it, the command that tells more, and how many more
    of the same rule it stands for."""

    what: str
    where: str
    action: str
    command: str
    severity: Severity | None = None
    more: int = 0

    @property
    def others(self) -> str:
        """Say how many more there are of these, and what lists them; "" for none."""
        return f"and {self.more} more of these: `{LIST}`" if self.more else ""


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """Findings by standing, suppressed ones aside; `quiet` are those found tonight below the print bar,
    `unplaced` those that are open and whose rule belongs to no section."""

    new: int
    worse: int
    still: int
    gone: int
    not_looked_at: int
    suppressed: int
    quiet: int
    unplaced: int

    @property
    def found(self) -> int:
        """How many were found tonight."""
        return self.new + self.worse + self.still


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """A step's place in the report. `data` is None where the step did not look; `still_open` counts its
    findings from before that are not gone, `new` those that tonight added."""

    key: str
    title: str
    status: str
    reason: str
    still_open: int
    new: int
    data: SectionData | None


class ReportDoc(msgspec.Struct, frozen=True, kw_only=True):
    """The whole report. `summary` are its bullets, `incomplete` say why steps are missing from n/6,
    `needs` at most seven of `needs_total`, `trouble` what was skipped, failed or left for tomorrow. `proposals` is None where none were made."""

    schema: int = SCHEMA
    date: str
    number: int
    run: str
    repository: str
    mode: str
    first_night: bool
    started_at: str
    closed: str | None
    commit: str | None
    completed: int
    expected: int
    steps: tuple[StepLine, ...]
    counts: Counts
    summary: tuple[str, ...]
    incomplete: tuple[str, ...]
    needs: tuple[Need, ...]
    needs_total: int
    new: Listing
    worse: Listing
    gone: Listing
    parts: tuple[Part, ...]
    dreams: tuple[SectionData, ...]
    trouble: tuple[str, ...]
    quiet: bool
    duration_s: float | None
    resumed: int
    proposals: SectionData | None = None

    @property
    def untold(self) -> int:
        """How many things of `needs_total` no line of `needs` stands for."""
        return self.needs_total - sum(1 + need.more for need in self.needs)
