"""What a comparison of a dream with its procedure is asked, and what it finds."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from daydream.contracts.sandbox import Answer, Category, Encoded, Failure, Inputs, Limits, Sandbox, Unit
from daydream.dream.trials.comparison import EXACT, Rules
from daydream.dream.trials.differential_calls import TOGETHER

Opener = Callable[[int], Sandbox]
"""Opens a lane whose interpreter hashes with this seed; closing it may mean giving it back.

Raises:
    SandboxRefused: it cannot be had.
"""
Check = Callable[[], None]
Further = Callable[[Sequence["Seen"]], Sequence[Inputs]]
"""Makes further inputs from what was answered so far."""
Origin = Literal["kept", "given", "held out", "further", "in sequence", "option"]
Verdict = Literal["behaviour_preserving", "behaviour_changing", "failing", "undecided"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How a comparison is made.

    `normal_least`: on how many inputs the procedure must return, and the dream alike, before anything was shown.
    `stop_at`: differing cases after which nothing more is asked. `shrink_calls`: calls spent on making one such case
    small, 0 for none. `slow_most`: inputs on which the procedure may run out of time or memory before the rest is left, in `hurry_s`
    seconds each first, and in all that `limits` allow where too few are answered so. `further_rounds`: how often
    further inputs are made from the answers. So many calls `together` share a process.
    """

    rules: Rules = EXACT
    limits: Limits | None = None
    normal_least: int = 5
    stop_at: int = 3
    shrink_calls: int = 60
    slow_most: int = 3
    hurry_s: float = 0.5
    further_rounds: int = 5
    in_sequence: int = 25
    together: int = TOGETHER


@dataclass(frozen=True, slots=True)
class Seen:
    """What the procedure as it is does with one input in `wall_s` seconds: an answer, or why there is none."""

    inputs: Inputs
    origin: Origin
    answer: Answer | None = None
    failure: Failure | None = None
    wall_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """The procedure as it is on all inputs, to be compared with any number of its dreams.

    `unusable` says why nothing can be compared with it: it does not load, or does not do the same twice. `left` inputs
    were not asked about because too many before them took too long; the answers to `unsteady` depend on the order of a set
    or on a hash, and are left out. With `addresses`, its texts name the addresses of objects, which differ each time.
    """

    unit: Unit
    seen: tuple[Seen, ...] = ()
    unusable: str | None = None
    left: int = 0
    unsteady: int = 0
    addresses: bool = False

    @property
    def answered(self) -> tuple[Seen, ...]:
        """Those with an answer."""
        return tuple(each for each in self.seen if each.answer is not None)

    @property
    def notes(self) -> list[str]:
        """What was not looked at, and why."""
        why = "the procedure took too long or too much memory on others before them"
        left = [f"{self.left} inputs were not asked about: {why}"] if self.left else []
        why = "the procedure's answer depends on the order of a set or on a hash"
        return [*left, f"{self.unsteady} inputs were left out: {why}"] if self.unsteady else left


@dataclass(frozen=True, slots=True, kw_only=True)
class Differing:
    """An input on which the dream does something else; `where`, `base` and `dream` are for a person.

    `category` is logic for another value, validation for another type, else that of the exception or the failure. It is
    `broken` without an answer, or with an exception for a normal input that only a broken program raises.
    """

    inputs: Inputs
    origin: Origin
    where: str
    base: str
    dream: str
    category: Category
    base_returned: bool
    dream_returned: bool
    broken: bool = False
    shrunk: bool = False

    @property
    def mends(self) -> bool:
        """The procedure raises there, and the dream returns."""
        return self.dream_returned and not self.base_returned


@dataclass(slots=True)
class Counts:
    """Inputs, by what became of them.

    `asked` the dream was called with; `same` answers of which `normal` were returned, not raised, by the procedure;
    `undecided` cannot be compared; `base_failed` the procedure itself has no answer to; `lost` the sandbox lost;
    `held_out` of the asked were kept from whoever made the other inputs; `in_sequence` were compared again in one process.
    """

    asked: int = 0
    same: int = 0
    normal: int = 0
    differing: int = 0
    undecided: int = 0
    base_failed: int = 0
    lost: int = 0
    held_out: int = 0
    in_sequence: int = 0
    with_option: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """What a dream does, compared with its procedure, and why we say so.

    `category` is None where it preserves behaviour or nobody can tell. `notes` say what was not looked at.
    """

    verdict: Verdict
    reason: str
    category: Category | None = None
    differing: tuple[Differing, ...] = ()
    counts: Counts = field(default_factory=Counts)
    notes: tuple[str, ...] = ()

    @property
    def only_mends(self) -> bool:
        """It differs only where the procedure raises, and returns there."""
        return self.verdict == "behaviour_changing" and all(each.mends for each in self.differing)


@dataclass(frozen=True, slots=True)
class Option:
    """A keyword-only parameter that a dream adds, and the value with which it does something new."""

    name: str
    value: Encoded
