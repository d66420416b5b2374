"""What a call makes of a generator or a list, written as the comprehension or display that makes it itself."""

import ast
from collections.abc import Iterator

from daydream.analysis.dependence.shapes import STR, is_plain
from daydream.dream.kinds.constraint_relaxation_lazy import suspends
from daydream.dream.kinds.constraint_relaxation_text import Body, Relaxation

_ROUND, _SQUARE, _CURLY = ("(", ")"), ("[", "]"), ("{", "}")
_EMPTY = {"dict": "{}", "list": "[]", "tuple": "()"}
_BRACKETED = (ast.NamedExpr, ast.Yield, ast.YieldFrom)
_GATHERS = ("sorted", "tuple")


def made_directly(body: Body) -> Iterator[Relaxation]:
    """A comprehension or display in the place of a call that makes the same, and a list where a call gathers one anyway."""
    if body.graph.scope.opaque:
        return
    for node in body.nodes:
        if isinstance(node, ast.Call) and body.placed(node):
            name = body.graph.scope.called_builtin(node)
            text = _made(body, node, name)
            if text and "\n" not in body.text(node):
                yield _direct(body, node, text)
            elif name in _GATHERS or _joins(body, node):
                yield from _gathered(body, node)


def _made(body: Body, node: ast.Call, name: str) -> str:
    """The expression that makes what a call of a builtin makes; "" for none."""
    if name not in ("dict", "list", "set", "tuple"):
        return ""
    if not node.args:
        return _of_keywords(body, node, name)
    if len(node.args) > 1 or node.keywords:
        return ""
    given = node.args[0]
    if isinstance(given, ast.List | ast.Tuple) and name == "set":
        return _set(body, given)
    if not isinstance(given, ast.GeneratorExp | ast.ListComp) or suspends(given):
        return ""
    # A list is there as a whole before its first item is hashed; a set comprehension hashes each as it comes.
    if isinstance(given, ast.ListComp) and name in ("set", "dict") and not _hash_unseen(body, given, name):
        return ""
    inner = body.text(given)[1:-1]
    if name == "list":
        return inner.join(_SQUARE)
    if name == "set":
        return inner.join(_CURLY)
    return _pairs(body, given) if name == "dict" else ""


def _of_keywords(body: Body, node: ast.Call, name: str) -> str:
    if name == "dict" and node.keywords:
        if any(each.arg is None or isinstance(each.value, _BRACKETED) for each in node.keywords):
            return ""
        items = (f'"{each.arg}": {body.text(each.value)}' for each in node.keywords)
        return ", ".join(items).join(_CURLY)
    return "" if node.keywords else _EMPTY.get(name, "")


def _set(body: Body, given: ast.List | ast.Tuple) -> str:
    """A display of items whose hash nobody can see; none is no set."""
    plain = all(is_plain(body.graph.reading(each, _at(body, each))[1]) for each in given.elts)
    if not given.elts or not plain or any(isinstance(each, ast.Starred) for each in given.elts):
        return ""
    return ", ".join(body.text(each) for each in given.elts).join(_CURLY)


def _hash_unseen(body: Body, given: ast.ListComp, name: str) -> bool:
    elt = given.elt
    if name == "dict":
        elt = elt.elts[0] if isinstance(elt, ast.Tuple) and elt.elts else elt
    return is_plain(body.graph.reading(elt, _at(body, given))[1])


def _pairs(body: Body, given: ast.GeneratorExp | ast.ListComp) -> str:
    """The dict comprehension that makes the dict of these pairs."""
    pair = given.elt
    if not isinstance(pair, ast.Tuple) or len(pair.elts) != 2:
        return ""
    key, value = pair.elts
    if any(isinstance(each, ast.Starred | ast.Lambda) for each in (key, value)):
        return ""
    clauses = body.between(body.end(pair), body.end(given))[:-1]
    return f"{body.text(key)}: {body.text(value)}{clauses}".join(_CURLY)


def _joins(body: Body, node: ast.Call) -> bool:
    """Whether it is the `join` of a text."""
    func = node.func
    if not isinstance(func, ast.Attribute) or func.attr != "join":
        return False
    return body.graph.reading(func.value, _at(body, node))[1] == STR


def _gathered(body: Body, node: ast.Call) -> Iterator[Relaxation]:
    """A list comprehension for a generator that a call first makes a list or tuple of, whatever it does with it then."""
    given = node.args[0] if len(node.args) == 1 else None
    if not isinstance(given, ast.GeneratorExp) or suspends(given):
        return
    alone = body.start(given)[0] == body.end(given)[0]
    called = body.text(node.func)
    if not alone or "\n" in called:
        return
    inner = body.text(given)[1:-1].join(_SQUARE)
    # The brackets of a generator that is the only argument are those of the call.
    shared = body.end(given) == body.end(node)
    yield Relaxation(
        "gathered_at_once",
        f"{called} of a list"[:100],
        f"`{called}` needs a generator",
        f"`{called}` takes everything before it does anything, and a list is made faster than it is drawn from a generator",
        f"a list comprehension in the place of a generator in line {body.start(node)[0] + 1}",
        (body.replaced(given, inner.join(_ROUND) if shared else inner),),
        0.55,
    )


def _direct(body: Body, node: ast.Call, text: str) -> Relaxation:
    called = body.text(node.func)
    return Relaxation(
        "made_directly",
        f"{text}"[:100],
        f"`{called}` has to be looked up and called",
        "the same things are evaluated in the same order, and the same is made of them",
        f"`{text}` in the place of a call of `{called}`"[:300],
        (body.replaced(node, text),),
        0.2 if not node.args else 0.6,
        {"builtin": called},
    )


def _at(body: Body, node: ast.expr) -> int:
    return body.graph.number(body.statement(node))
