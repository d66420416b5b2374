"""The calls in a procedure's examples: `>>>` lines of its docstring, of its class's and of its module's, and calls that its
own docstring writes in its prose."""

import ast
import doctest

from daydream.analysis.source import NotParsed, tree_of
from daydream.contracts.sandbox import Inputs
from daydream.dream.trials.call_sites import calls_in
from daydream.dream.trials.doctests_prose import calls_in_prose
from daydream.dream.trials.inputs_index import Index, Scope, scope_of
from daydream.dream.trials.inputs_target import Target

_LONGEST = 50_000


def examples(target: Target, index: Index, most: int) -> list[Inputs]:
    """Distinct arguments of the calls in the examples, at most `most`."""
    holders: list[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Module] = [target.node]
    holders += [target.scope.classes[target.owner]] if target.owner in target.scope.classes else []
    found: list[Inputs] = []
    for each in [*holders, target.scope.tree]:
        text = ast.get_docstring(each) or ""
        if len(text) > _LONGEST or not (">>>" in text or each is target.node):
            continue
        scope = _scope(text, target, each is target.node)
        found += [
            inputs for inputs in (calls_in(scope, target, index) if scope else ()) if inputs not in found
        ]
    distinct: list[Inputs] = []
    for inputs in found:
        if inputs not in distinct:
            distinct.append(inputs)
    return distinct[:most]


def _scope(text: str, target: Target, own: bool) -> Scope | None:
    """The examples as a module of their own that sees the names of the module that they stand in."""
    outer = target.scope
    try:
        parts = doctest.DocTestParser().get_examples(text)
    except ValueError:
        return None
    body: list[ast.stmt] = []
    for each in parts:
        try:
            body += tree_of(each.source).body
        except NotParsed:
            continue
    if own:
        prose = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith((">>>", "...")))
        body += calls_in_prose(prose, target)
    inner = scope_of(outer.module, outer.path, ast.Module(body, []))
    inner.imports = {**outer.imports, **inner.imports}
    inner.classes = {**outer.classes, **inner.classes}
    inner.functions = {**outer.functions, **inner.functions}
    inner.assigned = {**outer.assigned, **inner.assigned}
    return inner
