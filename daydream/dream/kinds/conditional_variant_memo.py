"""A memory that a caller may pass: results by arguments, where these decide the result alone."""

import ast
import builtins
import random
from collections.abc import Iterator

from daydream.contracts.dream import Candidate, Procedure
from daydream.dream.kinds.conditional_variant_signature import dotted, may_grow
from daydream.dream.kinds.conditional_variant_text import Edit, Option, Text, with_options

_HASHABLE = frozenset(
    [
        "int",
        "str",
        "bytes",
        "bool",
        "float",
        "complex",
        "None",
        "Path",
        "PurePath",
        "PurePosixPath",
        "Decimal",
        "Fraction",
        "date",
        "datetime",
        "timedelta",
        "UUID",
        "range",
        "type",
    ]
)
_NUMBERS = frozenset(["int", "float", "complex", "bool", "Decimal", "Fraction"])
_HASHABLE_OF = frozenset(
    ["tuple", "Tuple", "frozenset", "FrozenSet", "Optional", "Union", "Literal", "Final"]
)
_MUTABLE = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp, ast.GeneratorExp)
_MAKES_MUTABLE = frozenset(
    [
        "list",
        "dict",
        "set",
        "bytearray",
        "sorted",
        "map",
        "filter",
        "zip",
        "iter",
        "reversed",
        "enumerate",
        "open",
        "deque",
        "defaultdict",
        "Counter",
    ]
)
_LOOKS_AROUND = frozenset(["getattr", "hasattr", "hash", "id", "super", "callable"])
_PURE_MODULES = frozenset(["math", "operator", "itertools", "functools", "re", "statistics", "textwrap"])
_MOST_RETURNS = 4


def memorable(text: Text, procedure: Procedure) -> bool:
    """Tell whether the arguments of a procedure, which can be hashed, decide its result alone, and nobody goes on to
    change what it returns."""
    if procedure.side_effects != "pure" or procedure.is_async or _key(text) is None:
        return False
    returned = [each.value for each in text.nodes if isinstance(each, ast.Return) and each.value is not None]
    if not returned or not _worth_it(text) or not _decided_by_arguments(text):
        return False
    return not any(_shared_mutable(text, each) for each in returned)


def memos(text: Text, procedure: Procedure, rng: random.Random) -> Iterator[Candidate]:
    """Propose a memory for a pure procedure whose annotated arguments can be hashed."""
    del rng
    if not memorable(text, procedure) or not may_grow(text, procedure):
        return
    key = _key(text)
    returns = [each for each in text.nodes if isinstance(each, ast.Return) and each.value is not None]
    if len(returns) > _MOST_RETURNS or not all(text.alone(each) for each in returns):
        return
    names = [
        text.free(*each)
        for each in (("memo", "known"), ("memo_key", "known_key"), ("result", "found", "answer"))
    ]
    if None in names:
        return
    memo, memo_key, result = (name or "" for name in names)
    option = Option(
        memo, '"dict[object, object] | None"', "None", "Results by arguments, kept between calls."
    )
    edits = with_options(text, option)
    if edits is None:
        return
    unit = text.unit
    lookup = (
        f"{memo_key} = {key}",
        f"if {memo} is not None and {memo_key} in {memo}:",
        f"{unit}return {memo}[{memo_key}]",
    )
    edits.append(text.before(text.body[0], *lookup))
    for each in returns:
        row, column = text.start(each)
        edits.append(Edit((row, column), (row, column + len("return")), f"{result} ="))
        kept = (f"if {memo} is not None:", f"{unit}{memo}[{memo_key}] = {result}", f"return {result}")
        edits.append(text.after(each, *kept))
    code = text.edited(edits)
    if code is not None:
        yield Candidate(
            name=f"{memo}=None may remember results",
            code=code,
            transform_id="conditional_variant.memo@1",
            assumption="it is asked something else each time",
            reasoning=f"it is pure as far as its source shows, and its arguments {key} can be hashed",
            description=f"where a caller passes a dictionary as the new keyword-only parameter {memo}, results are remembered there",
            details={"parameter": memo, "key": key, "returns": len(returns)},
            changes_default=True,
        )


def _key(text: Text) -> str | None:
    """Write the arguments as a dictionary key; None where one may not be hashable. Equal numbers of other types differ."""
    spec = text.node.args
    given = [*spec.posonlyargs, *spec.args, *spec.kwonlyargs]
    if given and given[0].arg in ("self", "cls") and given[0].annotation is None:
        if any(isinstance(each, ast.Name) and each.id == given[0].arg for each in text.nodes):
            return None
        given = given[1:]
    if not given or not all(each.annotation is not None and _hashable(each.annotation) for each in given):
        return None
    parts = [
        f"{each.arg}, type({each.arg})"
        if each.annotation is not None and _is_number(each.annotation)
        else each.arg
        for each in given
    ]
    return parts[0] if parts == [given[0].arg] else f"({', '.join(parts)})"


def _hashable(annotation: ast.expr) -> bool:
    waiting = [annotation]
    while waiting:
        match waiting.pop():
            case ast.Constant(value=value):
                if value is not None and value is not ...:
                    return False
            case ast.BinOp(left=left, op=ast.BitOr(), right=right):
                waiting += [left, right]
            case ast.Subscript(value=of, slice=inner):
                name = dotted(of).rpartition(".")[2]
                if name not in _HASHABLE_OF:
                    return False
                parts = inner.elts if isinstance(inner, ast.Tuple) else [inner]
                waiting += parts if name != "Literal" else []
            case other:
                if dotted(other).rpartition(".")[2] not in _HASHABLE:
                    return False
    return True


def _is_number(annotation: ast.expr) -> bool:
    return any(isinstance(each, ast.Name) and each.id in _NUMBERS for each in ast.walk(annotation))


def _worth_it(text: Text) -> bool:
    """Whether it computes more than a dictionary's lookup costs."""
    loops = (ast.For, ast.While, ast.comprehension)
    calls = sum(isinstance(each, ast.Call) for each in text.nodes)
    return calls >= 3 or any(isinstance(each, loops) for each in text.nodes)


def _decided_by_arguments(text: Text) -> bool:
    """Whether it reads nothing but arguments, builtins, pure modules and constants by their names."""
    stored = {
        each.id for each in text.nodes if isinstance(each, ast.Name) and not isinstance(each.ctx, ast.Load)
    }
    given = {each.arg for each in ast.walk(text.node) if isinstance(each, ast.arg)}
    for each in text.nodes:
        if isinstance(each, ast.Yield | ast.YieldFrom | ast.Await):
            return False
        if isinstance(each, ast.Name) and each.id not in stored | given | _PURE_MODULES:
            known = hasattr(builtins, each.id) or each.id.isupper()
            if not known or each.id in _LOOKS_AROUND:
                return False
    return True


def _shared_mutable(text: Text, value: ast.expr) -> bool:
    """Whether a returned object may be one that its receiver goes on to change."""
    if isinstance(value, ast.IfExp):
        return _shared_mutable(text, value.body) or _shared_mutable(text, value.orelse)
    if isinstance(value, ast.BoolOp):
        return any(_shared_mutable(text, each) for each in value.values)
    if isinstance(value, ast.Tuple):
        return any(_shared_mutable(text, each) for each in value.elts)
    if isinstance(value, ast.Call):
        return dotted(value.func).rpartition(".")[2] in _MAKES_MUTABLE
    if isinstance(value, ast.Name) and not (text.node.returns is not None and _hashable(text.node.returns)):
        assigned = [
            each.value for each in text.nodes if isinstance(each, ast.Assign) and _binds(each, value.id)
        ]
        return not assigned or any(
            isinstance(each, ast.Name) or _shared_mutable(text, each) for each in assigned
        )
    return isinstance(value, _MUTABLE)


def _binds(statement: ast.Assign, name: str) -> bool:
    return any(isinstance(each, ast.Name) and each.id == name for each in statement.targets)
