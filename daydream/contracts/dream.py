"""The contracts of the dream half: what is dreamt about, who proposes and who judges."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

SideEffects = Literal["pure", "reads", "writes", "unknown"]
Status = Literal["pending_evaluation", "evaluated", "pending_test", "tested", "archived"]
Tier = Literal[1, 2, 3]
Outcome = Literal["success", "failure"]
MOVES: Mapping[Status, frozenset[Status]] = {
    "pending_evaluation": frozenset({"evaluated", "archived"}),
    "evaluated": frozenset({"pending_test", "archived"}),
    "pending_test": frozenset({"tested", "archived"}),
    "tested": frozenset({"archived"}),
    "archived": frozenset(),
}
"""Where a dream may go from where it is. What was archived because its procedure read differently goes back to
where it was once the procedure is again what it was; that takes the archiving back and is no move."""
DREAM_TYPES = (
    "constraint_relaxation",
    "cross_project_synthesis",
    "parameter_exploration",
    "conditional_variant",
)
TYPE_ALIASES = {
    "relaxation": "constraint_relaxation",
    "cross_project": "cross_project_synthesis",
    "parameter": "parameter_exploration",
    "conditional": "conditional_variant",
}
TIER_1_FROM = 0.6
TIER_2_FROM = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Procedure:
    """A Python function of the examined repository, as the catalogue knows it.

    `path`, `qualname` and `occurrence` (from 1, for a name defined twice) say which; `source_hash` says
    in which wording. Lines count from 1 and include the decorators. `tests` counts the test files
    that mention it by name, None where nobody looked; `test_paths` names at most three of them.
    `last_change` is the ISO date of the last commit to its file, None where unknown. `source` (whole
    lines, indented as in the file) and `constants` (numbers bound once at module level) are filled
    only when somebody dreams about it.
    """

    path: str
    qualname: str
    occurrence: int
    source_hash: str
    blob: str
    first_line: int
    last_line: int
    signature: str
    summary: str
    complexity: int
    side_effects: SideEffects
    is_async: bool
    decorators: tuple[str, ...] = ()
    tests: int | None = None
    test_paths: tuple[str, ...] = ()
    last_change: str | None = None
    source: str | None = None
    constants: Mapping[str, float] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, str, int]:
        """Which procedure, whatever its wording."""
        return (self.path, self.qualname, self.occurrence)


@dataclass(frozen=True, slots=True)
class Policy:
    """How much a kind may propose: at most `per_procedure` candidates are kept of one procedure."""

    per_procedure: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A proposed variant of one procedure, before anybody checked it.

    `code` replaces the procedure's `source` line by line. `transform_id` names the rewrite with its
    version. `assumption` is what the procedure takes for granted and the variant does not.
    `details` holds the change as JSON data. `changes_default`: the signature differs on purpose.
    """

    name: str
    code: str
    transform_id: str
    assumption: str
    reasoning: str
    description: str
    details: Mapping[str, Any] = field(default_factory=dict)
    changes_default: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Dream:
    """A kept variant of a procedure. `viability` and `tier` are None until judged; `generated_at` is the instant of
    its night.

    `model_used` is None for local operators, else the model that answered by its own word, and `model_requested` the
    one that was asked; `cost_usd` is this dream's part of the price, None where nobody knows it.
    `parent_dream_id` is the dream that it was made from, None where that is the procedure itself.
    """

    id: str
    base_path: str
    base_qualname: str
    base_occurrence: int
    base_source_hash: str
    dream_type: str
    name: str
    code: str
    diff: str
    transform_id: str
    reasoning: str
    generated_description: str
    assumption: str
    details: Mapping[str, Any]
    variant_hash: str
    model_used: str | None
    created_by: str
    generated_at: str
    status: Status = "pending_evaluation"
    viability: float | None = None
    tier: Tier | None = None
    model_requested: str | None = None
    cost_usd: float | None = None
    parent_dream_id: str | None = None

    @property
    def base(self) -> tuple[str, str, int]:
        """Which procedure it is a variant of."""
        return (self.base_path, self.base_qualname, self.base_occurrence)


@dataclass(frozen=True, slots=True)
class Case:
    """A dream before the judge, with its procedure as catalogued (None: not in the latest catalogue)
    and the days since its file last changed (None: unknown)."""

    dream: Dream
    procedure: Procedure | None
    changed_days_ago: int | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """A judge's opinion: `viability` 0..1 with its reasons, at least one.

    `tier` follows from the viability; `said_tier` is what the judge said where that contradicts it. `evaluator_model`
    is the model that answered by its own word, None for rules; `cost_usd` this verdict's part of the price,
    None where nobody knows it.
    """

    dream_id: str
    viability: float
    tier: Tier
    reasons: tuple[str, ...]
    evaluator: str
    evaluator_model: str | None = None
    said_tier: Tier | None = None
    cost_usd: float | None = None


def tier_of(viability: float) -> Tier:
    """Return 1 (viable, from 0.6), 2 (speculative, from 0.3) or 3 (archive)."""
    if viability >= TIER_1_FROM:
        return 1
    return 2 if viability >= TIER_2_FROM else 3


def dream_type(name: str) -> str:
    """Return the dream type of its name or of its short name.

    Raises:
        ValueError: there is no such type.
    """
    found = TYPE_ALIASES.get(name, name)
    if found not in DREAM_TYPES:
        msg = f"there is no dream type {name!r}; there are {', '.join(DREAM_TYPES)}"
        raise ValueError(msg)
    return found


class Kind(Protocol):
    """One type of dream.

    No candidate is a result. The caller rejects what does not compile, equals the procedure or one
    another, or changes a signature unasked, and counts it. A kind draws on chance only through
    `rng`, does not touch the disk, and raises nothing for a procedure that parses.
    """

    @property
    def key(self) -> str:
        """The dream type, as stored."""
        ...

    @property
    def version(self) -> int:
        """Raised when the kind learns something: procedures already visited are visited again."""
        ...

    def propose(
        self, procedure: Procedure, related: Sequence[Procedure], policy: Policy, rng: random.Random
    ) -> Sequence[Candidate]:
        """Propose variants of `procedure` (its `source` is filled), the most promising first.

        `related` are other procedures with their source, to learn from.
        """
        ...


class Judge(Protocol):
    """Somebody with an opinion on dreams that nobody has run.

    A reply holds exactly one verdict for each case, in order. Not being able to judge is an
    exception, never a made-up score.
    """

    @property
    def evaluator(self) -> str:
        """Who judges, as stored and shown."""
        ...

    def judge(self, batch: Sequence[Case]) -> Sequence[Verdict]:
        """Judge every case."""
        ...
