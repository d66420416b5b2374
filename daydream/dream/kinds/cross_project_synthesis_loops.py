"""Loops that a relative writes as one expression: comprehensions, any and all, extend, enumerate, items."""

import ast
from collections.abc import Collection, Iterator

from daydream.contracts.dream import Procedure
from daydream.dream.kinds.conditional_variant_signature import dotted
from daydream.dream.kinds.conditional_variant_text import Edit, Text
from daydream.dream.kinds.cross_project_synthesis_lesson import (
    Gap,
    Lesson,
    Rule,
    always,
    lesson,
    named,
    over,
    pairs,
    plain_effects,
)

_MADE = {
    ast.ListComp: "list-comprehension",
    ast.SetComp: "set-comprehension",
    ast.DictComp: "dict-comprehension",
}
_CONSUMERS = {"any": "any-all", "all": "any-all", "enumerate": "enumerate"}


def _expressions(text: Text) -> Iterator[Lesson]:
    for each in text.nodes:
        if isinstance(each, ast.ListComp | ast.SetComp | ast.DictComp):
            yield lesson(text, _MADE[type(each)], each)
        elif isinstance(each, ast.Call):
            yield from _called(text, each)


def _called(text: Text, call: ast.Call) -> Iterator[Lesson]:
    name = dotted(call.func)
    if name in _CONSUMERS and (
        name == "enumerate" or isinstance(call.args[0] if call.args else None, ast.GeneratorExp)
    ):
        yield lesson(text, _CONSUMERS[name], call)
    method = name.rpartition(".")[2]
    if "." in name and method == "extend":
        yield lesson(text, "extend", call)
    if "." in name and method == "items" and not call.args:
        yield lesson(text, "items", call)


def _loops(text: Text, procedure: Procedure, taught: Collection[str]) -> Iterator[Gap]:
    del procedure, taught
    before: dict[int, ast.stmt] = {}
    for first, second in pairs(text):
        if second is not None:
            before[id(second)] = first
        if not isinstance(first, ast.For) or first.orelse:
            continue
        yield from _searching(text, first, second)
        yield from _collecting(text, before.get(id(first)), first)
        yield from _counting_through(text, first)
        yield from _looking_up(text, first)


def _head(text: Text, loop: ast.For) -> str:
    return f"for {text.segment(loop.target)} in {text.segment(loop.iter)}"


def _truth(statement: ast.stmt | None) -> bool | None:
    value = statement.value if isinstance(statement, ast.Return) else None
    return value.value if isinstance(value, ast.Constant) and isinstance(value.value, bool) else None


def _searching(text: Text, loop: ast.For, following: ast.stmt | None) -> Iterator[Gap]:
    """`for ...: if ...: return True`, then `return False`, or the other way round."""
    asked = loop.body[0]
    if (
        len(loop.body) != 1
        or not isinstance(asked, ast.If)
        or asked.orelse
        or len(asked.body) != 1
        or following is None
    ):
        return
    found, otherwise = _truth(asked.body[0]), _truth(following)
    if found is None or otherwise is None or found == otherwise or not plain_effects(asked.test):
        return
    test = text.segment(asked.test)
    name = "any"
    if not found:
        name, test = "all", _negated(text, asked.test)
    edit = over(text, loop, following, f"return {name}({test} {_head(text, loop)})")
    if edit is not None and _one_line(loop.target, loop.iter, asked.test):
        yield Gap(
            "any-all",
            "any_all",
            f"{name}() searches instead of a loop",
            "a search has to be spelt out",
            always([edit]),
        )


def _negated(text: Text, test: ast.expr) -> str:
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return text.segment(test.operand)
    return (
        f"not ({text.segment(test)})"
        if isinstance(test, ast.BoolOp | ast.IfExp | ast.Lambda)
        else f"not {text.segment(test)}"
    )


def _one_line(*nodes: ast.expr) -> bool:
    return all(each.lineno == each.end_lineno for each in nodes)


def _collecting(text: Text, before: ast.stmt | None, loop: ast.For) -> Iterator[Gap]:
    """A loop that only puts something into a container."""
    test, put = None, loop.body[0]
    if len(loop.body) != 1:
        return
    if isinstance(put, ast.If) and not put.orelse and len(put.body) == 1:
        test, put = put.test, put.body[0]
    kept = _kept(text, put)
    if kept is None:
        return
    name, method, element, parts = kept
    used = [*parts, loop.iter, loop.target, *([test] if test is not None else [])]
    if not _one_line(*used) or not all(plain_effects(each) for each in used):
        return
    if any(named(each, name) for each in used) or _used_after(text, loop):
        return
    tail = f"{_head(text, loop)}" + (f" if {text.segment(test)}" if test is not None else "")
    fresh = _fresh(before, name, method)
    if fresh is not None and before is not None:
        opening, closing, key = fresh
        value = before.value if isinstance(before, ast.Assign | ast.AnnAssign) else None
        if value is None or not text.alone(before):
            return
        start = text.segment(before)[: -len(text.segment(value))]
        edit = over(text, before, loop, f"{start}{opening}{element} {tail}{closing}")
        what, transform = f"a comprehension makes {name}", "comprehension"
    elif method in ("append", "add") and "." not in name and name != "self":
        other = "extend" if method == "append" else "update"
        edit, key = over(text, loop, loop, f"{name}.{other}({element} {tail})"), "extend"
        what, transform = f"{name} is given all at once", "extend"
    else:
        return
    if edit is not None and len(edit.text) <= 200:
        yield Gap(key, transform, what, f"{name} has to be filled one by one", always([edit]))


def _kept(text: Text, put: ast.stmt) -> tuple[str, str, str, list[ast.expr]] | None:
    """Return the container, how it is filled, the element as written, and its parts."""
    match put:
        case ast.Expr(
            value=ast.Call(
                func=ast.Attribute(value=ast.Name(id=name), attr="append" | "add" as method),
                args=[one],
                keywords=[],
            )
        ) if not isinstance(one, ast.Starred):
            return name, method, _tupled(text, one), [one]
        case ast.Assign(targets=[ast.Subscript(value=ast.Name(id=name), slice=key)], value=value):
            if isinstance(key, ast.Slice | ast.Tuple):
                return None
            return name, "[]", f"{text.segment(key)}: {_tupled(text, value)}", [key, value]
        case _:
            return None


def _tupled(text: Text, node: ast.expr) -> str:
    written = text.segment(node)
    bare = isinstance(node, ast.Tuple) and not written.startswith("(")
    return f"({written})" if bare else written


def _used_after(text: Text, loop: ast.For) -> bool:
    """Whether what the loop binds is read where the loop is over, or before it comes round again."""
    bound = {each.id for each in ast.walk(loop.target) if isinstance(each, ast.Name)}
    if not bound or any(isinstance(each, ast.Attribute | ast.Subscript) for each in ast.walk(loop.target)):
        return True
    inside = {id(each) for each in ast.walk(loop)}
    outside = (each for each in ast.walk(text.node) if isinstance(each, ast.Name) and id(each) not in inside)
    declared = {
        name for each in text.nodes if isinstance(each, ast.Global | ast.Nonlocal) for name in each.names
    }
    return bool(bound & declared) or any(each.id in bound for each in outside)


def _fresh(before: ast.stmt | None, name: str, method: str) -> tuple[str, str, str] | None:
    """Return the brackets and the lesson's key, where the statement before makes the container."""
    target = before.targets[0] if isinstance(before, ast.Assign) and len(before.targets) == 1 else None
    if isinstance(before, ast.AnnAssign):
        target = before.target
    value = before.value if isinstance(before, ast.Assign | ast.AnnAssign) else None
    if not isinstance(target, ast.Name) or target.id != name:
        return None
    match method, value:
        case "append", ast.List(elts=[]):
            return "[", "]", "list-comprehension"
        case "append", ast.Call(func=ast.Name(id="list"), args=[], keywords=[]):
            return "[", "]", "list-comprehension"
        case "add", ast.Call(func=ast.Name(id="set"), args=[], keywords=[]):
            return "{", "}", "set-comprehension"
        case "[]", ast.Dict(keys=[]) | ast.Call(func=ast.Name(id="dict"), args=[], keywords=[]):
            return "{", "}", "dict-comprehension"
        case _:
            return None


def _counting_through(text: Text, loop: ast.For) -> Iterator[Gap]:
    """`for i in range(len(xs))` whose body reads `xs[i]`."""
    match loop.target, loop.iter:
        case ast.Name(id=index), ast.Call(
            func=ast.Name(id="range"), args=[ast.Call(func=ast.Name(id="len"), args=[ast.Name(id=held)])]
        ):
            pass
        case _:
            return
    reads, others = _reads(loop, held, index)
    item = text.free("item", "element", "each")
    if not reads or others or item is None or _used_after(text, loop):
        return
    edits = [text.replaced(loop.target, f"{index}, {item}"), text.replaced(loop.iter, f"enumerate({held})")]
    edits += [text.replaced(each, item) for each in reads]
    what = f"enumerate() goes through {held}"
    yield Gap("enumerate", "enumerate", what, f"{held} has to be gone through by number", always(edits))


def _reads(loop: ast.For, held: str, key: str) -> tuple[list[ast.Subscript], bool]:
    """Return where `held[key]` is read, and whether either is used in another way that a rewrite would change."""
    found: list[ast.Subscript] = []
    inside: set[int] = set()
    for each in (inner for statement in loop.body for inner in ast.walk(statement)):
        match each:
            case ast.Subscript(
                value=ast.Name(id=name) as one, slice=ast.Name(id=by) as other, ctx=ast.Load()
            ):
                if name == held and by == key:
                    found.append(each)
                    inside |= {id(one), id(other)}
            case _:
                pass
    names = [each for statement in loop.body for each in ast.walk(statement) if isinstance(each, ast.Name)]
    misused = any(each.id == held and id(each) not in inside for each in names)
    rebound = any(each.id == key and not isinstance(each.ctx, ast.Load) for each in names)
    return found, misused or rebound


def _looking_up(text: Text, loop: ast.For) -> Iterator[Gap]:
    """`for key in held` whose body reads `held[key]`."""
    match loop.target, loop.iter:
        case ast.Name(id=key), ast.Name(id=held):
            pass
        case ast.Name(id=key), ast.Call(func=ast.Attribute(value=ast.Name(id=held), attr="keys"), args=[]):
            pass
        case _:
            return
    reads, others = _reads(loop, held, key)
    value = text.free("value", "item", "entry")
    if not reads or others or value is None:
        return
    edits: list[Edit] = [
        text.replaced(loop.target, f"{key}, {value}"),
        text.replaced(loop.iter, f"{held}.items()"),
    ]
    edits += [text.replaced(each, value) for each in reads]
    yield Gap(
        "items",
        "items",
        f"{held}.items() gives keys and values",
        f"{held} has to be looked up again",
        always(edits),
    )


LOOPS = (Rule(_expressions, _loops),)
