"""Conditional variants: what a procedure always does becomes optional, what it repeats is remembered or skipped.

Every default keeps today's behaviour, so the repository's own tests can judge the variant.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from daydream.contracts.dream import Candidate, Policy, Procedure
from daydream.dream.kinds.conditional_variant_calls import fallbacks, retries
from daydream.dream.kinds.conditional_variant_checks import lenient
from daydream.dream.kinds.conditional_variant_choices import adjustments, answers
from daydream.dream.kinds.conditional_variant_guards import guards
from daydream.dream.kinds.conditional_variant_memo import memos
from daydream.dream.kinds.conditional_variant_steps import optional_steps
from daydream.dream.kinds.conditional_variant_text import Text, comparable, parsed

_MAKERS: tuple[Callable[[Text, Procedure, random.Random], Iterator[Candidate]], ...] = (
    guards,
    optional_steps,
    retries,
    memos,
    fallbacks,
    lenient,
    answers,
    adjustments,
)


@dataclass(frozen=True, slots=True)
class ConditionalVariant:
    """See the module."""

    key: str = "conditional_variant"
    version: int = 2

    def propose(
        self, procedure: Procedure, related: Sequence[Procedure], policy: Policy, rng: random.Random
    ) -> Sequence[Candidate]:
        """Propose one condition at a time, first one of each sort, then the next."""
        del related
        text = parsed(procedure.source)
        if text is None or not text.body or not text.alone(text.body[0]):
            return []
        # As many again as can be kept: the caller may know some of them already.
        found = list(
            islice(_in_turn([make(text, procedure, rng) for make in _MAKERS]), 2 * policy.per_procedure)
        )
        return found if found and comparable(text) else []


def _in_turn(makers: list[Iterator[Candidate]]) -> Iterator[Candidate]:
    """Yield one candidate of each maker, then the next; what nobody asks for is never made."""
    while makers:
        for maker in list(makers):
            candidate = next(maker, None)
            if candidate is None:
                makers.remove(maker)
            else:
                yield candidate
