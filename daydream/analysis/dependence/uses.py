"""What a piece of code reads, writes and calls, how it may fail, and how it may leave."""

from dataclasses import dataclass, field

from daydream.contracts.dream import SideEffects

ANYTHING = "any object"
WORLD = "the world"


@dataclass(slots=True)
class Uses:
    """Places are names (`x`), containers that one name owns (`x[]`), ANYTHING (what is not owned) and WORLD (files, clocks,
    streams). `touches` are places that reading may use up or fill in (iterators, a defaultdict). `fails` holds "*" or
    classes of exceptions, "endless" for a loop that may not end; `leaves` holds return, raise, break, continue, yield.
    `unknown` says that something not known is called: a barrier."""

    reads: set[str] = field(default_factory=set)
    writes: set[str] = field(default_factory=set)
    deletes: set[str] = field(default_factory=set)
    touches: set[str] = field(default_factory=set)
    calls: list[str] = field(default_factory=list)
    fails: set[str] = field(default_factory=set)
    leaves: set[str] = field(default_factory=set)
    unknown: bool = False

    def add(self, other: "Uses") -> None:
        """Take in what another piece does."""
        self.reads |= other.reads
        self.writes |= other.writes
        self.deletes |= other.deletes
        self.touches |= other.touches
        self.calls += other.calls
        self.fails |= other.fails
        self.leaves |= other.leaves
        self.unknown = self.unknown or other.unknown

    def barrier(self) -> None:
        """Note that code runs of which nothing is known."""
        self.unknown = True
        self.reads |= {ANYTHING, WORLD}
        self.writes |= {ANYTHING, WORLD}
        self.fails.add("*")

    @property
    def changes(self) -> set[str]:
        """Every place that may be different afterwards."""
        return self.writes | self.deletes | self.touches

    @property
    def visible(self) -> set[str]:
        """The changes that somebody outside the function may see."""
        return self.changes & {ANYTHING, WORLD}

    @property
    def effect(self) -> SideEffects:
        """The class of the piece as seen from outside the function."""
        if self.unknown:
            return "unknown"
        if (self.writes | self.deletes) & {ANYTHING, WORLD}:
            return "writes"
        return "reads" if (self.reads | self.touches) & {ANYTHING, WORLD} else "pure"

    @property
    def total(self) -> bool:
        """Whether it always comes to its end: it neither fails nor leaves."""
        return not self.fails and not self.leaves
