"""How much is dreamt: three strategies, each a cap on what the configuration allows."""

from dataclasses import dataclass
from typing import Literal

Name = Literal["light", "balanced", "deep"]
_ALL = ("constraint_relaxation", "cross_project_synthesis", "parameter_exploration", "conditional_variant")


@dataclass(frozen=True, slots=True)
class Strategy:
    """Caps: dreams of one procedure by one kind, dreams of a night, variants in one reply of a model; which kinds dream."""

    per_procedure: int
    per_night: int
    per_reply: int
    kinds: tuple[str, ...]

    def within(self, per_procedure: int, per_night: int) -> "Strategy":
        """Return the caps where the configuration allows so many."""
        return Strategy(
            min(self.per_procedure, per_procedure), min(self.per_night, per_night), self.per_reply, self.kinds
        )


STRATEGIES: dict[Name, Strategy] = {
    "light": Strategy(5, 30, 2, ("constraint_relaxation", "parameter_exploration")),
    "balanced": Strategy(15, 100, 3, _ALL),
    "deep": Strategy(30, 300, 5, _ALL),
}
