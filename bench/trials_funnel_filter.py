"""Which functions of which repositories the funnel of trials is counted on: written down before its first run.

Five repositories that no part of this was written with or tuned on, libraries of functions and of small classes, whose
packages import with the standard library alone or with what `pip` brings; and one public set of slow functions. Of each,
every function that passes `passes`: of 3 to 60 lines, a module's own or a method, with at least one parameter beside the
receiver, with a body, in a file that is neither test nor documentation nor generated. Side effects do not matter: what
they do to a trial is part of the funnel.
"""

import ast
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import NamedTuple

from daydream.analysis.roles import is_test
from daydream.analysis.source import (
    Definition,
    Function,
    NotParsed,
    function_tree,
    is_generated,
    parse,
)

LEAST_LINES, MOST_LINES = 3, 60
_ASIDE = frozenset(
    {"docs", "doc", "examples", "tests", "test", "testing", "benchmarks", "bench", "misc", "tools", "scripts"}
)
_DECLARED = ("overload", "abstractmethod", "singledispatch")


class Repository(NamedTuple):
    """A public repository at a commit; `slow`: a set of functions that were collected because they are slow."""

    name: str
    commit: str
    slow: bool = False


REPOSITORIES = (
    Repository("more-itertools/more-itertools", "2fe1b2e"),
    Repository("pytoolz/toolz", "568c2b8"),
    Repository("mahmoud/boltons", "967864f"),
    Repository("jaraco/inflect", "262a247"),
    Repository("life4/textdistance", "c3aca91"),
    Repository("codeflash-ai/optimize-me", "192fb87", slow=True),
)


def passing(path: str, data: bytes) -> Iterator[Function]:
    """The functions of a file that pass."""
    inside = PurePosixPath(path)
    if inside.suffix != ".py" or is_test(path) or _ASIDE & set(inside.parts[:-1]) or is_generated(data):
        return
    if inside.name in ("setup.py", "conftest.py", "noxfile.py"):
        return
    try:
        module = parse(data)
        for each in module.functions:
            node, _ = function_tree(module.source(each.first_line, each.last_line))
            if passes(each, node):
                yield each
    except NotParsed:
        return


def passes(function: Function, node: Definition) -> bool:
    """The filter itself."""
    lines = function.last_line - function.first_line + 1
    return (
        LEAST_LINES <= lines <= MOST_LINES
        and "<locals>" not in function.qualname
        and not any(each.rpartition(".")[2].startswith(_DECLARED) for each in function.decorators)
        and _parameters(node, method="." in function.qualname and "staticmethod" not in function.decorators)
        > 0
        and not _stub(node)
    )


def _parameters(node: Definition, *, method: bool) -> int:
    """How many parameters there are beside the receiver of a method."""
    spec = node.args
    named = len(spec.posonlyargs) + len(spec.args) - int(method and bool(spec.posonlyargs or spec.args))
    return named + len(spec.kwonlyargs) + (spec.vararg is not None) + (spec.kwarg is not None)


def _stub(node: Definition) -> bool:
    """Whether nothing is in the body but a docstring, `pass`, `...` or `raise NotImplementedError`."""
    return all(
        isinstance(each, ast.Pass)
        or (isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant))
        or (isinstance(each, ast.Raise) and "NotImplementedError" in ast.unparse(each))
        for each in node.body
    )
