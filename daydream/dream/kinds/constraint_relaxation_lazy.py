"""Less made in advance: generators for lists that are used up at once, no copies and no sorting that nobody sees."""

import ast
from collections.abc import Iterator

from daydream.analysis.dependence.shapes import CONTAINERS, NUMBERS, Shape, is_known, is_plain, orders
from daydream.dream.kinds.constraint_relaxation_text import SCOPES, Body, Edit, Relaxation

_WHOLE = {
    "sorted": 0.2,
    "join": 0.2,
    "sum": 0.35,
    "min": 0.35,
    "max": 0.35,
    "set": 0.5,
    "frozenset": 0.5,
    "any": 0.8,
    "all": 0.8,
}
_COLLECTS = ("list", "tuple")
_UNORDERED = ("set", "frozenset", "sum", "any", "all", "min", "max", "len")


def generators(body: Body) -> Iterator[Relaxation]:
    """A generator in the place of a list that one call uses up."""
    for node in body.nodes:
        name = _consumer(body, node)
        if not name or not isinstance(node, ast.Call):
            continue
        listed = node.args[0]
        if not isinstance(listed, ast.ListComp) or not body.outside_comprehensions(node) or suspends(listed):
            continue
        if _may_interleave(body, node, listed, name):
            yield _generated(body, node, listed, name)


def _consumer(body: Body, node: ast.AST) -> str:
    if not isinstance(node, ast.Call) or len(node.args) != 1:
        return ""
    if isinstance(node.func, ast.Attribute):
        text = isinstance(node.func.value, ast.Constant) and isinstance(node.func.value.value, str)
        return "join" if text and node.func.attr == "join" and not node.keywords else ""
    name = body.graph.scope.called_builtin(node)
    keyed = bool(node.keywords) and name != "sorted"
    return name if name in _WHOLE and not keyed else ""


def suspends(node: ast.AST) -> bool:
    """Whether a generator would be another thing: it suspends, binds names, or lets a StopIteration out."""
    for each in ast.walk(node):
        if isinstance(each, (ast.Await, ast.Yield, ast.YieldFrom, ast.NamedExpr, *SCOPES)):
            return True
        if isinstance(each, ast.comprehension) and each.is_async:
            return True
        if isinstance(each, ast.Name) and each.id in ("next", "super", "__class__", "StopIteration"):
            return True
        if isinstance(each, ast.Attribute) and each.attr in ("__next__", "send", "throw"):
            return True
    return False


def _may_interleave(body: Body, node: ast.Call, listed: ast.ListComp, name: str) -> bool:
    if body.graph.scope.opaque:
        return False
    if name in ("sorted", "join"):
        return True
    at = body.graph.number(body.statement(node))
    uses, shape = body.graph.reading(listed, at)
    quiet = uses.total and not uses.changes
    inner = shape.of or Shape("?")
    if name in ("any", "all"):
        return quiet and is_known(inner)
    # Either making the elements, or what is done with them, comes to its end without a trace.
    calm = {
        "sum": inner.name in NUMBERS,
        "min": orders(inner, inner) and inner.name != "nothing",
        "max": orders(inner, inner) and inner.name != "nothing",
        "set": is_plain(inner),
        "frozenset": is_plain(inner),
    }[name]
    return quiet or calm


def _generated(body: Body, node: ast.Call, listed: ast.ListComp, name: str) -> Relaxation:
    inner = body.text(listed)[1:-1]
    is_set = name == "set"
    brackets = ("(", ")") if node.keywords else ("", "")
    bare = inner.strip() if "\n" not in inner else inner
    text = f"{{{bare}}}" if is_set else f"{brackets[0]}{bare}{brackets[1]}"
    edit = body.replaced(node if is_set else listed, text)
    what = "a set comprehension" if is_set else "a generator"
    return Relaxation(
        "lazy_elements",
        f"{name} over {what}",
        f"the whole list has to be there before `{name}` starts",
        f"`{name}` uses each element once, in order, and neither can disturb the other",
        f"`{name}` gets {what} instead of a list",
        (edit,),
        _WHOLE[name],
        {"consumer": name},
    )


def copies(body: Body) -> Iterator[Relaxation]:
    """Leave out a copy, a sorting or a view that makes no difference to what uses it."""
    for node in body.nodes:
        found = None
        if isinstance(node, ast.Call):
            found = _copied(body, node)
        elif isinstance(node, ast.Compare):
            found = _member(body, node)
        elif isinstance(node, ast.For):
            found = _walked(body, node)
        if found is not None:
            yield found


def _copied(body: Body, node: ast.Call) -> Relaxation | None:
    """`outer(inner(x))` where `outer(x)` is the same."""
    name = _consumer(body, node) or body.graph.scope.called_builtin(node)
    inner = node.args[0] if len(node.args) == 1 else None
    if (
        not isinstance(inner, ast.Call)
        or len(inner.args) != 1
        or inner.keywords
        or isinstance(inner.args[0], ast.Starred)
    ):
        return None
    made = body.graph.scope.called_builtin(inner)
    if made in _COLLECTS and name in ("sorted", "join", *_COLLECTS):
        # All of these collect everything before they do anything else.
        return _without(body, inner, made, name, 0.5)
    if made == "sorted" and name == "list" and not node.keywords:
        return _outer_gone(body, node, inner)
    if made not in (*_COLLECTS, "sorted") or name not in _UNORDERED or node.keywords:
        return None
    return _without(body, inner, made, name, 0.7) if _order_unseen(body, node, inner, made, name) else None


def _order_unseen(body: Body, node: ast.Call, inner: ast.Call, made: str, name: str) -> bool:
    if not body.outside_comprehensions(node) or body.graph.scope.opaque:
        return False
    at = body.graph.number(body.statement(node))
    uses, shape = body.graph.reading(inner.args[0], at)
    element = shape.elements
    if shape.name not in CONTAINERS or uses.touches or (made == "sorted" and not _exact(element)):
        return False
    if name == "len":
        return True
    if name == "sum":
        return element.name in ("int", "bool")
    return is_plain(element) and (name not in ("min", "max") or _exact(element))


def _exact(element: Shape) -> bool:
    """Whether elements have one order, and equal ones cannot be told apart by it."""
    return element.name in ("int", "str", "bytes")


def _without(body: Body, inner: ast.Call, made: str, name: str, promise: float) -> Relaxation:
    return Relaxation(
        "no_copy" if made != "sorted" else "no_sorting",
        f"{name} without {made}",
        f"`{name}` needs what `{made}` makes",
        f"`{name}` gives the same for `{body.text(inner.args[0])}` itself"[:200],
        f"`{made}(...)` inside `{name}(...)` is left out",
        (body.replaced(inner, body.text(inner.args[0])),),
        promise,
        {"consumer": name, "left_out": made},
    )


def _outer_gone(body: Body, node: ast.Call, inner: ast.Call) -> Relaxation:
    return Relaxation(
        "no_copy",
        "sorted without list around it",
        "a sorted list has to be copied",
        "`sorted` returns a new list that nobody else knows",
        "`list(...)` around `sorted(...)` is left out",
        (body.replaced(node, body.text(inner)),),
        0.5,
        {"consumer": "list", "left_out": "list"},
    )


def _member(body: Body, node: ast.Compare) -> Relaxation | None:
    """`x in d.keys()`, `x in list(d)`, `x in ("a", "b", "c")`."""
    if (
        len(node.ops) != 1
        or not isinstance(node.ops[0], ast.In | ast.NotIn)
        or not body.outside_comprehensions(node)
    ):
        return None
    right = node.comparators[0]
    at = body.graph.number(body.statement(node))
    item = body.graph.reading(node.left, at)[1]
    if isinstance(right, ast.Call):
        return _searched(body, right, item, at)
    constants = isinstance(right, ast.List | ast.Tuple) and len(right.elts) > 2
    if (
        constants
        and isinstance(right, ast.List | ast.Tuple)
        and all(_hashed(each) for each in right.elts)
        and is_plain(item)
    ):
        text = body.text(right)
        return Relaxation(
            "set_of_constants",
            f"membership in a set of {len(right.elts)}",
            "the constants have to be compared one after the other",
            "the constants and what is looked for are hashable values of built-in types",
            f"`{body.text(node.left)}` is looked up in a set",
            (body.replaced(right, f"{{{text[1:-1].strip() if text[:1] in '([' else text}}}"),),
            0.5,
        )
    return None


def _hashed(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str | int | bytes)


def _searched(body: Body, right: ast.Call, item: Shape, at: int) -> Relaxation | None:
    keys = isinstance(right.func, ast.Attribute) and right.func.attr == "keys" and not right.args
    if keys and isinstance(right.func, ast.Attribute):
        held = right.func.value
        if body.graph.reading(held, at)[1].name == "dict":
            return _kept(body, right, held, "no_copy", "the keys of a dict have to be listed to look one up")
        return None
    made = body.graph.scope.called_builtin(right)
    if made not in (*_COLLECTS, "sorted") or len(right.args) != 1 or right.keywords or not is_plain(item):
        return None
    shape = body.graph.reading(right.args[0], at)[1]
    sortable = made != "sorted" or orders(shape.elements, shape.elements)
    if shape.name not in CONTAINERS - {"str", "bytes"} or not is_plain(shape.elements) or not sortable:
        return None
    return _kept(body, right, right.args[0], "no_copy", "a copy has to be made to look something up")


def _walked(body: Body, node: ast.For) -> Relaxation | None:
    """`for k in d.keys()` of a dict."""
    call = node.iter
    if (
        not isinstance(call, ast.Call)
        or not isinstance(call.func, ast.Attribute)
        or call.args
        or call.func.attr != "keys"
    ):
        return None
    held = call.func.value
    shape = body.graph.reading(held, body.graph.number(node))[1]
    if shape.name != "dict":
        return None
    return _kept(
        body, call, held, "no_copy", "the keys of a dict have to be asked for to go through them", 0.25
    )


def _kept(
    body: Body, node: ast.expr, held: ast.expr, transform: str, assumption: str, promise: float = 0.6
) -> Relaxation:
    return Relaxation(
        transform,
        f"{body.text(held)} itself",
        assumption,
        f"`{body.text(held)}` is a built-in container and gives the same answer",
        f"`{body.text(held)}` stands in the place of `{body.text(node)}`",
        (Edit(body.start(node), body.end(node), body.text(held)),),
        promise,
    )
