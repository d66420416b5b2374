"""What a procedure demands of its arguments: the asserts and raises at its beginning, asked of encoded arguments.

Only conditions that numbers, texts and plain containers decide are answered; every other one is undecided, and so
nothing is kept back or called a violation for it.
"""

import ast
from collections.abc import Callable
from dataclasses import dataclass

from daydream.contracts.sandbox import Encoded, Inputs
from daydream.dream.trials.call_sites_literals import NotLiteral, Surroundings, tree_of_literal
from daydream.dream.trials.inputs_conditions import Sight, comes_out
from daydream.dream.trials.inputs_target import Target


@dataclass(frozen=True, slots=True)
class Guard:
    """A condition at the beginning; the arguments violate the contract where it comes out as `refused`."""

    test: ast.expr
    refused: bool


def guards(target: Target) -> list[Guard]:
    """The leading asserts and raises, as far as the names in them are still the arguments."""
    found: list[Guard] = []
    changed: set[str] = set()
    for statement in target.node.body:
        names = {each.id for each in ast.walk(statement) if isinstance(each, ast.Name)}
        if isinstance(statement, ast.Assert) and not names & changed:
            found.append(Guard(statement.test, refused=False))
        elif isinstance(statement, ast.If):
            refusing = isinstance(statement.body[-1], ast.Raise)
            if refusing and not {each.id for each in ast.walk(statement.test) if isinstance(each, ast.Name)} & changed:  # fmt: skip
                found.append(Guard(statement.test, refused=True))
        elif not isinstance(statement, ast.Expr | ast.Assign | ast.AnnAssign | ast.Import | ast.ImportFrom):
            break
        changed |= {each.id for each in ast.walk(statement) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)}  # fmt: skip
    return found


def violates(target: Target, demands: list[Guard], inputs: Inputs) -> bool:
    """Whether arguments are certain to be refused at the beginning."""
    return violations(target, demands, inputs) > 0


def violations(target: Target, demands: list[Guard], inputs: Inputs) -> int:
    """How many of the demands arguments are certain not to meet."""
    if not demands:
        return 0
    arguments = bound(target, inputs)
    around = Surroundings(target.scope, target.index)
    return sum(comes_out(each.test, Sight(arguments, around)) is each.refused for each in demands)


def mended(
    target: Target, demands: list[Guard], inputs: Inputs, change: Callable[[Inputs], Inputs | None], most: int
) -> Inputs | None:
    """Arguments that are refused, changed until they are not, at most so often; None where that does not do. A change stays
    that meets no fewer demands."""
    current, count = inputs, violations(target, demands, inputs)
    for _ in range(most):
        if not count:
            return current
        other = change(current)
        if other is None:
            return None
        left = violations(target, demands, other)
        if left <= count:
            current, count = other, left
    return None if count else current


def bound(target: Target, inputs: Inputs, *, defaults: bool = True) -> dict[str, Encoded]:
    """The arguments by the parameter that takes them, `defaults` included where they can be read; no variadic ones."""
    around = Surroundings(target.scope, target.index)
    found: dict[str, Encoded] = {}
    given = inputs.given[int(target.is_handed_over) :]
    places = [each.name for each in target.parameters if each.way in ("positional only", "positional")]
    found.update(zip(places, given, strict=False))
    found.update(inputs.named)
    for each in target.parameters if defaults else ():
        if each.default is not None and each.name not in found:
            try:
                found[each.name] = tree_of_literal(each.default, around)
            except NotLiteral:
                continue
    return found
