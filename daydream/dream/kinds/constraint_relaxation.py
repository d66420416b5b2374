"""Constraint relaxation: the same result without an order, a repetition or a copy that the source insists on.

Every rewrite is legal by what `daydream.analysis.dependence` knows: no path between statements forbids it. Text is cut and
put in by place, so that layout and comments stay.
"""

import ast
import io
import random
import re
import tokenize
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from daydream.analysis.source import Definition, NotParsed, function_tree
from daydream.contracts.dream import Candidate, Policy, Procedure
from daydream.dream.kinds import constraint_relaxation_batch as batch
from daydream.dream.kinds import constraint_relaxation_calls as calls
from daydream.dream.kinds import constraint_relaxation_displays as displays
from daydream.dream.kinds import constraint_relaxation_exits as exits
from daydream.dream.kinds import constraint_relaxation_lazy as lazy
from daydream.dream.kinds import constraint_relaxation_lookups as lookups
from daydream.dream.kinds import constraint_relaxation_order as order
from daydream.dream.kinds.constraint_relaxation_text import Body, Relaxation

TRANSFORMS: tuple[Callable[[Body], Iterator[Relaxation]], ...] = (
    order.guards_first,
    order.work_later,
    order.cheap_tests_first,
    order.hoists,
    order.sinks,
    exits.returns_at_once,
    exits.stops_when_found,
    lazy.generators,
    lazy.copies,
    batch.comprehensions,
    batch.displays,
    displays.made_directly,
    lookups.tests_together,
    lookups.lookups,
    lookups.texts_joined,
    calls.once,
    calls.attributes_once,
    calls.in_parallel,
)
_LARGEST = 60_000
_CALLED = re.compile(r"\b([A-Za-z_]\w*)\(")


@dataclass(frozen=True, slots=True)
class ConstraintRelaxation:
    """See the module."""

    key: str = "constraint_relaxation"
    version: int = 3

    def propose(
        self, procedure: Procedure, related: Sequence[Procedure], policy: Policy, rng: random.Random
    ) -> Sequence[Candidate]:
        """Propose rewrites one at a time, the most promising first; chance is not needed."""
        del policy, rng
        source = procedure.source
        if source is None or len(source) > _LARGEST:
            return []
        try:
            node, added = function_tree(source)
        except NotParsed:
            return []
        body = Body(source, node, added, pure_names(source, procedure, related))
        try:
            found = [each for transform in TRANSFORMS for each in transform(body)]
        except RecursionError:
            # Nested too deeply to be read; there is nothing to propose.
            return []
        found.sort(key=lambda each: -each.promise)
        comments = _comments(source, added)
        candidates: dict[str, Candidate] = {}
        for each in found:
            code = body.edited(each.edits)
            # Moving one thing down may be moving another one up, with the blank lines elsewhere.
            rows = "\n".join(row for row in code.split("\n") if row.strip())
            if code != source and _comments(code, added) == comments:
                candidates.setdefault(rows, _candidate(each, code))
        return list(candidates.values())


def pure_names(source: str, procedure: Procedure, related: Sequence[Procedure]) -> list[str]:
    """Return the functions of the procedure's module that it calls and that change nothing, by two opinions."""
    called = set(_CALLED.findall(source))
    names = []
    for other in related:
        simple = other.path == procedure.path and other.qualname in called and other.side_effects == "pure"
        if (
            simple
            and not other.is_async
            and not other.decorators
            and other.key != procedure.key
            and _acts_not(other)
        ):
            names.append(other.qualname)
    bound_twice = {other.qualname for other in related if other.occurrence > 1}
    return [name for name in names if name not in bound_twice]


def _acts_not(procedure: Procedure) -> bool:
    from daydream.analysis.dependence import analyse

    try:
        node, _ = function_tree(procedure.source or "")
        return not _suspends(node) and analyse(node).effect in ("pure", "reads")
    except (NotParsed, RecursionError):
        return False


def _suspends(node: Definition) -> bool:
    return any(isinstance(each, ast.Yield | ast.YieldFrom | ast.Await) for each in ast.walk(node))


def _comments(code: str, added: int) -> Counter[str] | None:
    """Count the comments of a text; None where it cannot be told."""
    if "#" not in code:
        return Counter()
    text = f"if 1:\n{code}" if added else code
    try:
        tokens = tokenize.generate_tokens(io.StringIO(text).readline)
        return Counter(each.string for each in tokens if each.type == tokenize.COMMENT)
    except (tokenize.TokenError, SyntaxError):
        return None


def _candidate(found: Relaxation, code: str) -> Candidate:
    return Candidate(
        name=found.name[:120],
        code=code,
        transform_id=f"constraint_relaxation.{found.transform}@{found.version}",
        assumption=found.assumption,
        reasoning=found.reasoning,
        description=found.description,
        details={"transform": found.transform, **found.details},
    )
