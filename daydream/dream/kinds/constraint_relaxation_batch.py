"""One act for many: comprehensions for loops that append, displays for items stored one by one, one look-up for two."""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from daydream.analysis.dependence import Uses
from daydream.dream.kinds.constraint_relaxation_text import SCOPES, Body, Relaxation, mentions, within

_STAYS = (ast.Await, ast.Yield, ast.YieldFrom, ast.NamedExpr, *SCOPES)
_EMPTY = {"list": ast.List, "dict": ast.Dict}


@dataclass(frozen=True, slots=True)
class _Made:
    """What a loop puts in: `parts` is the element, or key and value; `test` what decides, negated or not."""

    method: str
    parts: tuple[ast.expr, ...]
    test: ast.expr | None
    negated: bool


def comprehensions(body: Body) -> Iterator[Relaxation]:
    """A comprehension in the place of a loop that fills a container that was just made."""
    for block in body.blocks():
        for position, loop in enumerate(block):
            if not isinstance(loop, ast.For) or loop.orelse or not body.bare(loop) or body.in_try(loop):
                continue
            start = _start(body, block[:position], loop)
            if start is not None:
                found = _comprehended(body, start, loop)
                if found is not None:
                    yield found


def _start(body: Body, before: Sequence[ast.stmt], loop: ast.For) -> ast.stmt | None:
    """The statement that makes the container that a loop fills, with nothing about it in between."""
    name = _filled(loop)
    if not name or not body.private(name):
        return None
    for each in reversed(before):
        if _made(each, name):
            return each if body.bare(each) else None
        if mentions(each, name):
            return None
    return None


def _filled(loop: ast.For) -> str:
    for each in ast.walk(loop):
        match each:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="append" | "add")):
                return name
            case ast.Assign(targets=[ast.Subscript(value=ast.Name(id=name))]):
                return name
            case _:
                pass
    return ""


def _made(node: ast.stmt, name: str) -> str:
    """Which empty container a statement makes under a name, "" for none."""
    target: ast.expr | None = node.target if isinstance(node, ast.AnnAssign) else None
    if isinstance(node, ast.Assign) and len(node.targets) == 1:
        target = node.targets[0]
    value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
    if not isinstance(target, ast.Name) or target.id != name or value is None:
        return ""
    match value:
        case ast.List(elts=[]):
            return "list"
        case ast.Dict(keys=[]):
            return "dict"
        case ast.Call(func=ast.Name(id="list" | "dict" | "set" as made), args=[], keywords=[]):
            return made
        case _:
            return ""


def _comprehended(body: Body, start: ast.stmt, loop: ast.For) -> Relaxation | None:
    name = _filled(loop)
    kind = _made(start, name)
    made = _in_loop(loop, name)
    if made is None or {"list": "append", "set": "add", "dict": "item"}[kind] != made.method:
        return None
    parts = [loop.iter, *made.parts, *([made.test] if made.test is not None else [])]
    if any(mentions(each, name) or _holds(each) for each in parts) or body.graph.scope.opaque:
        return None
    targets = [each.id for each in ast.walk(loop.target) if isinstance(each, ast.Name)]
    if not all(isinstance(each, ast.Name | ast.Tuple | ast.expr_context) for each in ast.walk(loop.target)):
        return None
    if name in targets or not all(
        body.private(each) and within(body.loads(each), loop.body) for each in targets
    ):
        return None
    if any(mentions(loop.iter, each) for each in targets) or (
        kind == "dict" and not _order_unseen(body, made, loop)
    ):
        return None
    return _written(body, start, loop, kind, made)


def _holds(node: ast.AST) -> bool:
    """Whether something in an expression means something else, or nothing, in a comprehension."""
    return any(
        isinstance(each, _STAYS) or (isinstance(each, ast.Name) and each.id in ("super", "__class__"))
        for each in ast.walk(node)
    )


def _in_loop(loop: ast.For, name: str) -> _Made | None:
    first = loop.body[0]
    if len(loop.body) == 1 and isinstance(first, ast.If) and not first.orelse and len(first.body) == 1:
        return _put(first.body[0], name, first.test, negated=False)
    skips = isinstance(first, ast.If) and not first.orelse and isinstance(first.body[0], ast.Continue)
    if len(loop.body) == 2 and isinstance(first, ast.If) and skips:
        return _put(loop.body[1], name, first.test, negated=True)
    return _put(first, name, None, negated=False) if len(loop.body) == 1 else None


def _put(node: ast.stmt, name: str, test: ast.expr | None, *, negated: bool) -> _Made | None:
    match node:
        case ast.Expr(
            value=ast.Call(func=ast.Attribute(value=ast.Name(id=held), attr=attr), args=[one], keywords=[])
        ):
            plain = held == name and attr in ("append", "add") and not isinstance(one, ast.Starred)
            return _Made(attr, (one,), test, negated) if plain else None
        case ast.Assign(targets=[ast.Subscript(value=ast.Name(id=held), slice=key)], value=value):
            plain = held == name and not isinstance(key, ast.Slice | ast.Tuple)
            return _Made("item", (key, value), test, negated) if plain else None
        case _:
            return None


def _order_unseen(body: Body, made: _Made, loop: ast.For) -> bool:
    """A store evaluates the value first, a display the key: one of them must not matter."""
    at = body.graph.number(loop.body[-1])
    return any(
        uses.total
        and not uses.changes
        and (isinstance(each, ast.Constant | ast.Name) or not uses.reads & other.changes)
        for each, uses, other in _both(body, made, at)
    )


def _both(body: Body, made: _Made, at: int) -> Iterator[tuple[ast.expr, Uses, Uses]]:
    key, value = made.parts
    one, other = body.graph.reading(key, at)[0], body.graph.reading(value, at)[0]
    yield key, one, other
    yield value, other, one


def _written(body: Body, start: ast.stmt, loop: ast.For, kind: str, made: _Made) -> Relaxation | None:
    value = start.value if isinstance(start, ast.Assign | ast.AnnAssign) else None
    if value is None:
        return None
    element = ": ".join(_bracketed(body, each) for each in made.parts)
    iterated = _bracketed(body, loop.iter)
    clauses = [element, f"for {body.text(loop.target)} in {iterated}"]
    if made.test is not None:
        test = _bracketed(body, made.test)
        negated = (
            f"not ({body.text(made.test)})"
            if not isinstance(made.test, ast.Name | ast.Call)
            else f"not {test}"
        )
        clauses.append(f"if {negated if made.negated else test}")
    left = body.between(body.start(start), body.start(value))
    head, tail = (left + "[", "]") if kind == "list" else (left + "{", "}")
    text = body.laid_out(head, clauses, tail, body.indent(loop))
    name = _filled(loop)
    return Relaxation(
        "comprehension",
        f"{name} in one comprehension",
        f"`{name}` has to exist before the loop that fills it",
        "the same things are evaluated in the same order, and nobody sees the container before it is whole",
        f"a {kind} comprehension makes `{name}` in the place of the loop in line {body.start(loop)[0] + 1}",
        (body.removed(start), body.replaced(loop, text)),
        0.75,
        {"variable": name, "container": kind},
    )


def _bracketed(body: Body, node: ast.expr) -> str:
    text = body.text(node)
    loose = isinstance(node, ast.IfExp | ast.Lambda) or (
        isinstance(node, ast.Tuple) and not text.startswith("(")
    )
    # A tuple of tuples starts with a bracket too.
    first = node.elts[0] if isinstance(node, ast.Tuple) and node.elts else None
    loose = loose or (first is not None and body.start(first) == body.start(node))
    return f"({text})" if loose else text


def displays(body: Body) -> Iterator[Relaxation]:
    """Items in the display that makes a container, instead of stores directly after it."""
    for block in body.blocks():
        for position, start in enumerate(block):
            name = _displayed(start)
            if not name or not body.private(name) or body.in_try(start) or body.graph.scope.opaque:
                continue
            stores: list[ast.stmt] = []
            for each in block[position + 1 :]:
                if not body.bare(each) or not _stores(start, each, name):
                    break
                stores.append(each)
            if stores and body.bare(start):
                yield _gathered(body, start, stores, name)


def _displayed(node: ast.stmt) -> str:
    target: ast.expr | None = node.target if isinstance(node, ast.AnnAssign) else None
    if isinstance(node, ast.Assign) and len(node.targets) == 1:
        target = node.targets[0]
    value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
    display = isinstance(value, ast.List | ast.Dict)
    return target.id if display and isinstance(target, ast.Name) else ""


def _stores(start: ast.stmt, node: ast.stmt, name: str) -> bool:
    is_dict = isinstance(getattr(start, "value", None), ast.Dict)
    match node:
        case ast.Assign(
            targets=[ast.Subscript(value=ast.Name(id=held), slice=ast.Constant() | ast.Name() as key)],
            value=value,
        ):
            return (
                is_dict
                and held == name
                and not any(mentions(each, name) or _holds(each) for each in (key, value))
            )
        case ast.Expr(
            value=ast.Call(
                func=ast.Attribute(value=ast.Name(id=held), attr="append"), args=[one], keywords=[]
            )
        ):
            starred = isinstance(one, ast.Starred)
            return (
                not is_dict and held == name and not starred and not mentions(one, name) and not _holds(one)
            )
        case _:
            return False


def _gathered(body: Body, start: ast.stmt, stores: Sequence[ast.stmt], name: str) -> Relaxation:
    value: ast.expr = getattr(start, "value")  # noqa: B009 (checked by whoever calls)
    opened, closed = body.text(value)[:1], body.text(value)[-1:]
    inner = body.text(value)[1:-1].strip().rstrip(",")
    items = [inner] if inner else []
    for each in stores:
        match each:
            case ast.Assign(targets=[ast.Subscript(slice=key)], value=stored):
                items.append(f"{body.text(key)}: {_bracketed(body, stored)}")
            case ast.Expr(value=ast.Call(args=[one])):
                items.append(_bracketed(body, one))
            case _:
                pass
    parts = [f"{each}," for each in items[:-1]] + [items[-1]]
    text = body.laid_out(opened, parts, closed, body.indent(start))
    if "\n" in text:
        text = text.replace(
            f"{parts[-1]}\n{body.indent(start)}{closed}", f"{parts[-1]},\n{body.indent(start)}{closed}"
        )
    return Relaxation(
        "display",
        f"{name} in one display",
        f"the items of `{name}` have to be stored one after the other",
        "nobody sees the container before it is whole, and the values are evaluated in the same order",
        f"`{name}` is made with {len(stores)} more item{'s' if len(stores) > 1 else ''} at once",
        (body.replaced(value, text), *(body.removed(each) for each in stores)),
        0.4 + min(0.3, len(stores) / 20),
        {"variable": name, "stores": len(stores)},
    )
