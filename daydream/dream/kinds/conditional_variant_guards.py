"""Early returns for empty input, only where the body shows what it would come to.

That is so where nothing is done but to set names to plain values and to go through one argument.
"""

import ast
import random
from collections.abc import Iterator

from daydream.contracts.dream import Candidate, Procedure
from daydream.dream.kinds.conditional_variant_signature import dotted
from daydream.dream.kinds.conditional_variant_text import Text

_SIZED = frozenset(
    [
        "list",
        "List",
        "tuple",
        "Tuple",
        "dict",
        "Dict",
        "set",
        "Set",
        "frozenset",
        "FrozenSet",
        "str",
        "bytes",
        "Sequence",
        "MutableSequence",
        "Mapping",
        "MutableMapping",
        "Collection",
        "Sized",
        "AbstractSet",
        "MutableSet",
        "defaultdict",
        "DefaultDict",
        "OrderedDict",
        "Counter",
        "deque",
    ]
)
_THROUGH = frozenset(["enumerate", "reversed", "sorted", "list", "tuple", "set", "iter"])
_VIEWS = frozenset(["items", "keys", "values"])
_EMPTY_OF = {
    "list": "[]",
    "sorted": "[]",
    "tuple": "()",
    "set": "set()",
    "frozenset": "frozenset()",
    "dict": "{}",
    "sum": "0",
    "len": "0",
    "any": "False",
    "all": "True",
}
_FRESH_CALLS = frozenset(["list", "dict", "set"])


def guards(text: Text, procedure: Procedure, rng: random.Random) -> Iterator[Candidate]:
    """Propose a guard for the one argument that the whole body goes through."""
    del procedure, rng
    first = text.body[0]
    looped = _looped(text)
    if looped is None:
        return
    name, view, result = looped
    condition = _condition(text, name, view)
    if condition is None:
        return
    code = text.edited([text.before(first, f"if {condition}:", f"{text.unit}return {result}".rstrip())])
    if code is not None:
        comes_to = f"{result}, which is what the body comes to" if result else "nothing, as the body does"
        yield Candidate(
            name=f"returns at once where {name} is empty",
            code=code,
            transform_id="conditional_variant.empty_guard@1",
            assumption=f"{name} is rarely empty",
            reasoning=f"without an element in {name} the body only sets names to plain values",
            description=f"where {name} is empty it returns {comes_to}",
            details={"parameter": name, "returns": result or None},
        )


def _looped(text: Text) -> tuple[str, bool, str] | None:
    """Return the argument that is gone through, whether as a mapping, and what is returned where it is empty."""
    given = {
        each.arg: each
        for each in (*text.node.args.posonlyargs, *text.node.args.args, *text.node.args.kwonlyargs)
    }
    values: dict[str, str] = {}
    found: tuple[str, bool] | None = None
    for statement in text.body:
        if isinstance(statement, ast.Return):
            made = _comprehended(statement.value) if found is None else None
            result = made[2] if made else _value(statement.value, values)
            found = found or (made[:2] if made else None)
            return (
                None
                if found is None or result is None or not _fits(found[0], given, values)
                else (*found, result)
            )
        if isinstance(statement, ast.For) and not statement.orelse:
            through = _through(statement.iter)
            if through is None or (found is not None and found[0] != through[0]):
                return None
            found = found or through
        elif not _sets(text, statement, values):
            return None
    return None if found is None or not _fits(found[0], given, values) else (*found, "")


def _fits(name: str, given: dict[str, ast.arg], values: dict[str, str]) -> bool:
    return name in given and name not in values


def _through(node: ast.expr) -> tuple[str, bool] | None:
    match node:
        case ast.Name(id=name):
            return name, False
        case ast.Call(func=ast.Name(id=called), args=[ast.Name(id=name)]) if called in _THROUGH:
            return name, False
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=view), args=[], keywords=[]) if (
            view in _VIEWS
        ):
            return name, True
        case _:
            return None


def _comprehended(node: ast.expr | None) -> tuple[str, bool, str] | None:
    """Of one comprehension, or a call that uses one up: the name, whether as a mapping, and what it comes to."""
    made = ""
    match node:
        case ast.ListComp(generators=loops):
            made = "[]"
        case ast.SetComp(generators=loops):
            made = "set()"
        case ast.DictComp(generators=loops):
            made = "{}"
        case ast.Call(
            func=ast.Name(id=called),
            args=[ast.GeneratorExp(generators=loops) | ast.ListComp(generators=loops)],
        ) if called in _EMPTY_OF and (called == "sorted" or not node.keywords):
            made = _EMPTY_OF[called]
        case ast.Call(
            func=ast.Attribute(value=ast.Constant(value=str()), attr="join"),
            args=[ast.GeneratorExp(generators=loops) | ast.ListComp(generators=loops)],
        ):
            made = '""'
        case _:
            return None
    through = _through(loops[0].iter)
    return None if through is None or loops[0].is_async else (*through, made)


def _sets(text: Text, statement: ast.stmt, values: dict[str, str]) -> bool:
    """Note the plain value that a statement sets a name to; False where it does anything else."""
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    if isinstance(statement, ast.AnnAssign):
        targets = [statement.target]
    value = getattr(statement, "value", None)
    if not targets or value is None or not all(isinstance(each, ast.Name) for each in targets):
        return isinstance(statement, ast.Pass)
    if not _plain(value) or value.lineno != value.end_lineno:
        return False
    for each in targets:
        if isinstance(each, ast.Name):
            values[each.id] = text.segment(value)
    return True


def _plain(node: ast.expr) -> bool:
    if isinstance(node, ast.Call):
        return (
            isinstance(node.func, ast.Name)
            and node.func.id in _FRESH_CALLS
            and not node.args
            and not node.keywords
        )
    if isinstance(node, ast.List | ast.Set | ast.Tuple):
        return all(_plain(each) for each in node.elts)
    if isinstance(node, ast.Dict):
        return not node.keys
    if isinstance(node, ast.UnaryOp):
        return isinstance(node.operand, ast.Constant)
    return isinstance(node, ast.Constant)


def _value(node: ast.expr | None, values: dict[str, str]) -> str | None:
    """Write what an expression comes to, given the names that were set; None where that is not known."""
    match node:
        case None | ast.Constant(value=None):
            return ""
        case ast.Constant():
            return ast.unparse(node)
        case ast.Name(id=name):
            return values.get(name)
        case ast.Tuple(elts=elements) if elements:
            parts = [_value(each, values) or "" for each in elements]
            return ", ".join(parts) if all(parts) and len(parts) > 1 else None
        case ast.Call(func=ast.Name(id=called), args=[ast.Name(id=name)], keywords=[]) if called in _EMPTY_OF:
            return _EMPTY_OF[called] if values.get(name) in _NOTHING else None
        case ast.Call(
            func=ast.Attribute(value=ast.Constant(value=str()), attr="join"), args=[ast.Name(id=name)]
        ):
            return '""' if values.get(name) in _NOTHING else None
        case _:
            return None


_NOTHING = frozenset(["[]", "{}", "()", "set()", "list()", "dict()", "''", '""'])


def _condition(text: Text, name: str, view: bool) -> str | None:
    spec = text.node.args
    argument = next(each for each in (*spec.posonlyargs, *spec.args, *spec.kwonlyargs) if each.arg == name)
    annotation = argument.annotation
    if isinstance(annotation, ast.Subscript):
        annotation = annotation.value
    if annotation is not None and dotted(annotation).rpartition(".")[2] in _SIZED:
        return f"not {name}"
    if text.bound & {"isinstance", "list", "tuple", "dict", "set"}:
        return None
    # Whatever else may be given (None, a generator, an array) goes the way it goes today.
    return f"isinstance({name}, {'dict' if view else '(list, tuple, dict, set)'}) and not {name}"
