"""What a judge came to, and what asking somebody means."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from daydream.contracts.dream import Case, Verdict


class Reply(Protocol):
    """An answer, whoever gave it: text, what came structured, who answered by its own word, and the price in US
    dollars, None where nobody knows it; `cost_source` is billed, estimate or unknown."""

    @property
    def text(self) -> str: ...
    @property
    def structured(self) -> Any: ...
    @property
    def model(self) -> str | None: ...
    @property
    def cost_usd(self) -> float | None: ...
    @property
    def cost_source(self) -> str: ...


Ask = Callable[[str, Mapping[str, Any]], Reply]
"""Asks one question: a prompt and the JSON schema of its reply; raises `clients.claude_reply.NoAnswer`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """What a judge says of a batch: verdicts of some or all of its cases in order, and for the others why not.

    `cost_usd` is None where nobody knows it, and 0 only where nobody was asked; `strangers` counts ids that were
    judged without being asked about.
    """

    verdicts: tuple[Verdict, ...]
    missing: Mapping[str, str] = field(default_factory=dict)
    asked: bool = False
    model: str | None = None
    cost_usd: float | None = 0.0
    cost_source: str = "billed"
    strangers: int = 0


class Seated(Protocol):
    """A judge as the step sees it: one that may have an opinion on a part only."""

    @property
    def evaluator(self) -> str:
        """Who judges, as stored and shown."""
        ...

    def may_see(self, case: Case) -> bool:
        """Whether this judge may be shown a dream."""
        ...

    def opinion(self, batch: Sequence[Case]) -> Opinion:
        """Judge what can be judged.

        Raises:
            NoAnswer: nobody answered.
        """
        ...
