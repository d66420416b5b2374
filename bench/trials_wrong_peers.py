"""The other ways to tell: hypothesis on its own, which draws by annotation."""

import typing
import warnings
from collections.abc import Sequence
from typing import Any

from bench.trials_wrong_tasks import Task
from daydream.contracts.sandbox import Inputs
from daydream.sandbox.guest.encoding import EncodingError, encode


def by_annotation(task: Task, most: int) -> Sequence[Inputs]:
    """At most so many calls as `from_type` draws them; none where a parameter has no annotation, or one without
    a strategy."""
    from hypothesis import HealthCheck, given, seed, settings
    from hypothesis import strategies as st
    from hypothesis.errors import InvalidArgument

    arguments = task.node().args.args
    if not arguments or any(each.annotation is None for each in arguments):
        return ()
    known = {**vars(typing), "list": list, "dict": dict, "str": str, "int": int, "float": float, "bool": bool, "tuple": tuple}  # fmt: skip
    types = [_type(each.annotation, known) for each in arguments]
    found: list[Inputs] = []

    @seed(1)
    @settings(max_examples=most, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.tuples(*(st.from_type(each) for each in types)))
    def collect(drawn: tuple[Any, ...]) -> None:
        try:
            made = Inputs(tuple(encode(each) for each in drawn))
        except EncodingError:
            return
        if made not in found:
            found.append(made)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            collect()
        except InvalidArgument:  # there is no strategy for `Any`
            return ()
    return found[:most]


def _type(node: Any, known: dict[str, Any]) -> Any:
    """The type that an annotation of the data set names: built-in names and those of `typing`, nothing else."""
    import ast

    for each in ast.walk(node):
        if not isinstance(each, ast.Name | ast.Subscript | ast.Tuple | ast.Load):
            msg = f"unexpected annotation {ast.unparse(node)}"
            raise SystemExit(msg)
    return eval(ast.unparse(node), {"__builtins__": {}}, known)
