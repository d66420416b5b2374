"""What depends on what within one function: reads, writes, calls and effects of its statements.

Read from the source alone. What is not known is taken to do everything, so a refusal may be wrong; a permission
must not be. See docs/design/dependence.md for what is taken for granted.
"""

import ast
from collections.abc import Collection

from daydream.analysis.dependence.graph import Edge, Graph, Ruling
from daydream.analysis.dependence.uses import ANYTHING, WORLD, Uses

__all__ = ["ANYTHING", "WORLD", "Edge", "Graph", "Ruling", "Uses", "analyse"]


def analyse(function: ast.FunctionDef | ast.AsyncFunctionDef, *, pure_names: Collection[str] = ()) -> Graph:
    """Analyse the body of a function; `pure_names` are functions of its module that are known to change nothing."""
    return Graph(function, pure_names)
