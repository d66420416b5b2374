"""What a function returns, as far as its text says."""

import ast
from collections.abc import Iterator, Sequence

from daydream.analysis.source import Definition

_DISPLAYS: dict[type[ast.expr], str] = {
    ast.List: "list",
    ast.ListComp: "list",
    ast.Dict: "dict",
    ast.DictComp: "dict",
    ast.Set: "set",
    ast.SetComp: "set",
    ast.Tuple: "tuple",
    ast.JoinedStr: "str",
    ast.Compare: "bool",
}
_CALLS = {
    **{
        name: name
        for name in ("int", "float", "str", "bool", "list", "dict", "set", "tuple", "bytes", "frozenset")
    },
    **dict.fromkeys(("isinstance", "any", "all", "callable", "hasattr"), "bool"),
    **dict.fromkeys(("len", "ord", "hash", "id"), "int"),
    **dict.fromkeys(("repr", "chr", "format", "ascii"), "str"),
    "sorted": "list",
}
_METHODS = {
    **dict.fromkeys(("join", "strip", "lower", "upper", "replace", "title", "lstrip", "rstrip"), "str"),
    **dict.fromkeys(("split", "splitlines", "readlines"), "list"),
    **dict.fromkeys(("startswith", "endswith", "isdigit", "isalpha"), "bool"),
}


def returned_type(node: Definition) -> str | None:
    """The annotation of what it returns as text, else what all of its returns show; None where one of them does not say."""
    if node.returns is not None:
        said = node.returns
        quoted = isinstance(said, ast.Constant) and isinstance(said.value, str)
        return str(said.value) if quoted and isinstance(said, ast.Constant) else ast.unparse(said)
    inside = list(_own(node.body))
    if any(isinstance(each, ast.Yield | ast.YieldFrom) for each in inside):
        return None
    taken = {each.arg for each in ast.walk(node.args) if isinstance(each, ast.arg)}
    taken |= {each.id for each in inside if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)}
    found: list[str] = []
    for each in inside:
        if isinstance(each, ast.Return):
            kind = "None" if each.value is None else _shown(each.value, taken)
            if kind is None:
                return None
            found.append(kind)
    if not _ends(node.body):
        found.append("None")
    return " | ".join(sorted(set(found), key=lambda kind: (kind == "None", kind)))


def _own(body: Sequence[ast.stmt]) -> Iterator[ast.AST]:
    """What is in a function, but for the functions and classes in it."""
    waiting: list[ast.AST] = list(body)
    while waiting:
        each = waiting.pop()
        if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            continue
        yield each
        waiting += ast.iter_child_nodes(each)


def _shown(value: ast.expr, taken: set[str]) -> str | None:
    if isinstance(value, ast.Constant):
        return "None" if value.value is None else type(value.value).__name__
    if type(value) in _DISPLAYS:
        return _DISPLAYS[type(value)]
    if isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.Not):
        return "bool"
    if isinstance(value, ast.IfExp):
        both = {_shown(value.body, taken), _shown(value.orelse, taken)}
        return both.pop() if len(both) == 1 else None
    if isinstance(value, ast.Call):
        return _called(value.func, taken)
    return None


def _called(function: ast.expr, taken: set[str]) -> str | None:
    if isinstance(function, ast.Name) and function.id not in taken:
        return _CALLS.get(function.id)
    if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Constant | ast.JoinedStr):
        return _METHODS.get(function.attr)
    return None


def _ends(body: Sequence[ast.stmt]) -> bool:
    """Whether a body certainly never comes to its end."""
    last = body[-1]
    if isinstance(last, ast.Return | ast.Raise):
        return True
    if isinstance(last, ast.If):
        return bool(last.orelse) and _ends(last.body) and _ends(last.orelse)
    if isinstance(last, ast.With | ast.AsyncWith):
        return _ends(last.body)
    if isinstance(last, ast.Try):
        every = [last.body, *(each.body for each in last.handlers)]
        return all(map(_ends, every)) or bool(last.finalbody and _ends(last.finalbody))
    return False
