"""Objects that a constructor without arguments leaves nearly empty, with the attributes that it sets given other values."""

import ast
from collections.abc import Iterator
from typing import Any

from daydream.dream.trials.annotations import UNKNOWN, Hint, Reader
from daydream.dream.trials.call_sites_literals import NotLiteral, Surroundings, tree_of_literal
from daydream.dream.trials.inputs_fields import lineage
from daydream.dream.trials.inputs_index import Index, Place

_BARE = frozenset(("builtins.object", "abc.ABC", "typing.Generic", "typing.Protocol", "typing_extensions.Protocol"))  # fmt: skip


def attributes(index: Index, place: Place, reader: Reader) -> list[tuple[str, Hint, list[Any]]]:
    """What the constructors of a class set: name, annotated type ("unknown" without), and the value as a list of one
    tree, empty where it is no literal. Empty for a class that is built on something whose inside is not seen."""
    return place.scope.kept(("attributes", place.qualname), lambda: _attributes(index, place, reader))


def _attributes(index: Index, place: Place, reader: Reader) -> list[tuple[str, Hint, list[Any]]]:
    line = lineage(index, place)
    if any(each is None and outer not in _BARE for each, outer in line):
        return []
    hints: dict[str, Hint] = {}
    values: dict[str, list[Any]] = {}
    for each, _ in reversed(line):
        if each is None:
            continue
        node = each.node
        if not _only_sets(each):
            return []
        for statement in node.body if isinstance(node, ast.ClassDef) else ():
            if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
                hints[statement.target.id] = reader.read(statement.annotation, each.scope, each.qualname)
        for name, annotation, value in _set_in(each):
            if annotation is not None:
                hints[name] = reader.read(annotation, each.scope, each.qualname)
            values[name] = _literal(value, Surroundings(each.scope, index))
    return [(name, hints.get(name, UNKNOWN), value) for name, value in values.items()]


def _only_sets(place: Place) -> bool:
    """Whether the constructor does nothing but set attributes and call its bases', so that what it leaves is known."""
    node = place.scope.functions.get(f"{place.qualname}.__init__")
    for statement in node.body if node is not None else ():
        if isinstance(statement, ast.Expr):
            called = statement.value.func if isinstance(statement.value, ast.Call) else None
            of_base = isinstance(called, ast.Attribute) and called.attr == "__init__"
            if not of_base and not isinstance(statement.value, ast.Constant):
                return False
        elif not isinstance(statement, ast.Assign | ast.AnnAssign):
            return False
    return True


def _set_in(place: Place) -> Iterator[tuple[str, ast.expr | None, ast.expr | None]]:
    """`self.name = value` in the constructor."""
    node = place.scope.functions.get(f"{place.qualname}.__init__")
    for statement in node.body if node is not None else ():
        target: ast.expr | None = None
        if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            target = statement.targets[0]
        elif isinstance(statement, ast.AnnAssign):
            target = statement.target
        if isinstance(target, ast.Attribute) and getattr(target.value, "id", "") == "self":
            yield target.attr, getattr(statement, "annotation", None), getattr(statement, "value", None)


def _literal(value: ast.expr | None, around: Surroundings) -> list[Any]:
    if value is None:
        return []
    try:
        return [tree_of_literal(value, around)]
    except NotLiteral:
        return []
