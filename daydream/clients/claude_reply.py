"""What a question to Claude comes to, whichever way it was asked: a reply with its price, or no answer and why."""

from dataclasses import dataclass
from typing import Any, Literal

from daydream.errors import DaydreamError

CostSource = Literal["billed", "estimate", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer: its text, what came structured (None: nothing did), who answered by its own word, and the price.

    `cost_usd` is None where nobody knows it; `cost_source` says how far it can be trusted.
    """

    text: str
    structured: Any = None
    model: str | None = None
    cost_usd: float | None = None
    cost_source: CostSource = "unknown"


class NoAnswer(DaydreamError):
    """A question was not answered.

    `lasting`: asking again tonight is of no use (no program, no login, no money). `cost_usd` is what it cost
    all the same, None where that is not known; `sent` says whether anything was sent at all.
    """

    def __init__(
        self, message: str, *, lasting: bool = False, sent: bool = True, cost_usd: float | None = None
    ) -> None:
        super().__init__(message)
        self.lasting = lasting
        self.sent = sent
        self.cost_usd = cost_usd


def money(value: Any) -> float | None:
    """Return an amount that a service states, None where it states none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value < 1e6 else None
