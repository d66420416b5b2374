"""Lookups: a key or an attribute that a relative does not count on."""

import ast
from collections.abc import Collection, Iterator

from daydream.contracts.dream import Procedure
from daydream.dream.kinds.conditional_variant_signature import dotted
from daydream.dream.kinds.conditional_variant_text import Text
from daydream.dream.kinds.cross_project_synthesis_lesson import Gap, Lesson, Rule, handlers, lesson

_MISSES = ("KeyError", "AttributeError", "LookupError", "Exception")


def _defaults(text: Text) -> Iterator[Lesson]:
    for each in text.nodes:
        match each:
            case ast.Call(
                func=ast.Attribute(attr="get"), args=[ast.Constant(value=str() as key), *others], keywords=[]
            ) if len(others) < 2 and all(_idle(other) for other in others):
                value = text.segment(others[0]) if others else "None"
                yield lesson(text, f"key:{key}", each, value)
            case ast.Call(
                func=ast.Name(id="getattr"), args=[_, ast.Constant(value=str() as name), other], keywords=[]
            ) if _idle(other):
                yield lesson(text, f"attribute:{name}", each, text.segment(other))
            case _:
                pass


def _idle(node: ast.expr) -> bool:
    empty = (isinstance(node, ast.List | ast.Tuple) and not node.elts) or (
        isinstance(node, ast.Dict) and not node.keys
    )
    return empty or isinstance(node, ast.Constant)


def _certain(text: Text, procedure: Procedure, taught: Collection[str]) -> Iterator[Gap]:
    del procedure
    places: dict[str, list[ast.Subscript | ast.Attribute]] = {}
    for each in text.nodes:
        key = _looked_up(each)
        if (
            key in taught
            and isinstance(each, ast.Subscript | ast.Attribute)
            and each.lineno == each.end_lineno
        ):
            places.setdefault(f"{key} of {text.segment(each.value)}", []).append(each)
    if not places or any(_answers(handler) for _, handler in handlers(text)):
        return
    called = {id(each.func) for each in text.nodes if isinstance(each, ast.Call)}
    known, asks = _known(text)
    for found in places.values() if not asks else ():
        one = found[0]
        there = text.segment(one) in known or text.segment(one.value) in known
        if not there and not any(id(each) in called for each in found):
            yield _gap(text, _looked_up(one), found)


def _looked_up(node: ast.AST) -> str:
    match node:
        case ast.Subscript(value=held, slice=ast.Constant(value=str() as key), ctx=ast.Load()) if dotted(
            held
        ):
            return f"key:{key}"
        case ast.Attribute(value=held, attr=name, ctx=ast.Load()) if dotted(held):
            return f"attribute:{name}"
        case _:
            return ""


def _answers(handler: ast.ExceptHandler) -> bool:
    return handler.type is None or any(
        isinstance(each, ast.Name) and each.id in _MISSES for each in ast.walk(handler.type)
    )


def _known(text: Text) -> tuple[set[str], bool]:
    """Return what the function puts there or asks for itself, and whether it asks for attributes by name."""
    found: set[str] = set()
    for each in text.nodes:
        if isinstance(each, ast.Subscript | ast.Attribute) and not isinstance(each.ctx, ast.Load):
            found.add(text.segment(each))
        elif isinstance(each, ast.Compare):
            found |= {text.segment(other) for other in each.comparators}
    return found, any(isinstance(each, ast.Call) and dotted(each.func) == "hasattr" for each in text.nodes)


def _gap(text: Text, key: str, places: list[ast.Subscript | ast.Attribute]) -> Gap:
    sort, _, name = key.partition(":")
    held = text.segment(places[0].value)

    def written(value: str) -> str:
        return (
            f'getattr({held}, "{name}", {value})'
            if sort == "attribute"
            else f"{held}.get({_quoted(text, places[0])}, {value})"
        )

    return Gap(
        key,
        "default_lookup",
        f"{name} of {held} has a default",
        f"{held} always has {name}",
        lambda found: [text.replaced(each, written(found.value)) for each in places],
    )


def _quoted(text: Text, node: ast.Subscript | ast.Attribute) -> str:
    return text.segment(node.slice) if isinstance(node, ast.Subscript) else ""


LOOKUPS = (Rule(_defaults, _certain),)
