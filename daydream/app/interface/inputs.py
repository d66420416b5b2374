"""`SyntheticTestGenerator`: inputs for a function, from the same generator as a night's."""

import ast
from collections.abc import Iterator, Sequence
from typing import Any

from daydream.analysis.source import Definition, parse
from daydream.app.interface.returned import returned_type
from daydream.app.interface.values import NotPlain, values_by_name
from daydream.app.interface.written import Unfit, Written, written
from daydream.contracts.dream import Procedure
from daydream.dream.trials.inputs import Plan, Planned, inputs_for
from daydream.dream.trials.inputs_index import Index
from daydream.errors import UsageError

_PATH = "dream.py"
_PLANNED = 60
_EDGES = 0.4
_OUTSIDE = ("edge", "violating")


class SyntheticTestGenerator:
    """Makes inputs of functions from their source alone: examples in the docstring, annotations, and what the code does with its
    parameters. The same code and `seed` give the same inputs."""

    def __init__(self, seed: int = 42) -> None:
        self.seed = seed

    def generate_test_inputs(self, code: str, num_variants: int = 5) -> list[dict[str, Any]]:
        """At most `num_variants` different inputs by name, normal ones first, then edge cases (two fifths of them, more where there
        are too few normal ones).

        Raises:
            UsageError: the code cannot be called, or nothing says with what; the message says why.
        """
        if num_variants < 1:
            msg = f"num_variants {num_variants}: ask for at least one"
            raise UsageError(msg)
        what = _read(code)
        planned = self._planned(what, num_variants)
        normal = list(_values(what, [each for each in planned if each.origin not in _OUTSIDE]))
        edges = list(_values(what, [each for each in planned if each.origin in _OUTSIDE]))
        few = max(int(num_variants * _EDGES), num_variants - len(normal))
        chosen = [*normal[: num_variants - min(few, len(edges))], *edges[:few]]
        if not chosen:
            msg = "no inputs can be made: its arguments are not made of Python's own types"
            raise UsageError(msg)
        return chosen

    def generate_edge_cases(self, code: str, most: int = 20) -> list[dict[str, Any]]:
        """Inputs at the edges alone: empty, large, None where it is allowed, beside the constants of the code.

        Raises:
            UsageError: as `generate_test_inputs`.
        """
        what = _read(code)
        found = _values(what, [each for each in self._planned(what, most) if each.origin in _OUTSIDE])
        return list(found)[:most]

    def get_expected_output_type(self, code: str) -> str | None:
        """The type that the code says it returns, else the one that all of its returns show; None where they do not say.

        Raises:
            UsageError: the code cannot be called.
        """
        return returned_type(_read(code).node)

    def _planned(self, what: Written, wanted: int) -> tuple[Planned, ...]:
        index = Index({_PATH: what.source})
        most = max(_PLANNED, 4 * wanted)
        plan: Plan = inputs_for(_procedure(what), what.source, (), index, self.seed, most)
        if plan.not_exercisable is not None:
            msg = f"no inputs can be made: {plan.not_exercisable}"
            raise UsageError(msg)
        return plan.inputs


def _read(code: str) -> Written:
    try:
        return written(code)
    except Unfit as unfit:
        msg = f"the code cannot be called: {unfit.why}"
        raise UsageError(msg) from unfit


def _values(what: Written, planned: Sequence[Planned]) -> Iterator[dict[str, Any]]:
    for each in planned:
        try:
            yield values_by_name(what.parameters, each.inputs)
        except NotPlain:
            continue


def _procedure(what: Written) -> Procedure:
    """The function as the catalogue would know it."""
    first = _first_line(what.node)
    found = next(each for each in parse(what.source.encode()).functions if each.first_line == first)
    return Procedure(
        path=_PATH,
        qualname=found.qualname,
        occurrence=found.occurrence,
        source_hash=found.source_hash,
        blob="",
        first_line=found.first_line,
        last_line=found.last_line,
        signature=found.signature,
        summary=found.summary,
        complexity=found.complexity,
        side_effects=found.side_effects,
        is_async=found.is_async,
        decorators=found.decorators,
    )


def _first_line(node: Definition) -> int:
    decorators: list[ast.expr] = node.decorator_list
    return min([node.lineno, *(each.lineno for each in decorators)])
