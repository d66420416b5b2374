"""Data structures and lookups that a relative chose better: get, sets, counters, deques, heaps, joined text."""

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
    over,
)

_BY_NAME = {
    "Counter": "counter",
    "defaultdict": "defaultdict",
    "deque": "deque",
    "min": "extreme",
    "max": "extreme",
    "nlargest": "heap",
    "nsmallest": "heap",
    "setdefault": "setdefault",
}
_FEWEST_MEMBERS = 3
_TAUGHT_OF_STRUCTURES = frozenset(["set", "deque", "defaultdict", "counter", "join"])


def _lessons(text: Text) -> Iterator[Lesson]:
    for each in text.nodes:
        if isinstance(each, ast.Call):
            yield from _called(text, each)
        elif isinstance(each, ast.Compare) and isinstance(each.ops[0], ast.In | ast.NotIn):
            if isinstance(each.comparators[0], ast.Set):
                yield lesson(text, "member-of-set", each)
            elif isinstance(each.comparators[0], ast.Tuple):
                yield lesson(text, "member-of-tuple", each)


def _called(text: Text, call: ast.Call) -> Iterator[Lesson]:
    name = dotted(call.func).rpartition(".")[2]
    if name in _BY_NAME:
        yield lesson(text, _BY_NAME[name], call)
    if isinstance(call.func, ast.Attribute) and name == "get" and len(call.args) == 2:
        yield lesson(text, "get", call)
    if isinstance(call.func, ast.Attribute) and name == "join" and isinstance(call.func.value, ast.Constant):
        yield lesson(text, "join", call)
    if name == "isinstance" and len(call.args) == 2 and isinstance(call.args[1], ast.Tuple | ast.BinOp):
        yield lesson(text, "isinstance-any", call)
    if name in ("set", "frozenset") and isinstance(call.func, ast.Name):
        yield lesson(text, "set", call)


def _gaps(text: Text, procedure: Procedure, taught: Collection[str]) -> Iterator[Gap]:
    del procedure
    for each in text.nodes:
        if isinstance(each, ast.If):
            yield from _get_statement(text, each)
        elif isinstance(each, ast.IfExp):
            yield from _get_expression(text, each)
        elif isinstance(each, ast.Try):
            yield from _get_tried(text, each)
        elif isinstance(each, ast.Compare):
            yield from _membership(text, each)
        elif isinstance(each, ast.BoolOp):
            yield from _isinstance(text, each)
        elif isinstance(each, ast.Subscript):
            yield from _extreme(text, each)
    if not _TAUGHT_OF_STRUCTURES.isdisjoint(taught):
        yield from _structures(text)


def _get_statement(text: Text, asked: ast.If) -> Iterator[Gap]:
    """`if k in d: x = d[k]`, `else: x = other`."""
    if len(asked.body) != 1 or len(asked.orelse) != 1:
        return
    found, missing = asked.body[0], asked.orelse[0]
    match found, missing:
        case (
            ast.Assign(targets=[ast.Name(id=one)], value=ast.Subscript() as looked),
            ast.Assign(targets=[ast.Name(id=two)], value=other),
        ) if one == two:
            head = f"{one} = "
        case ast.Return(value=ast.Subscript() as looked), ast.Return(value=ast.expr() as other):
            head = "return "
        case _:
            return
    written = _get(text, asked.test, looked, other)
    edit = over(text, asked, asked, f"{head}{written}") if written else None
    if edit is not None and not text.segment(asked).startswith("elif"):
        yield _get_gap(looked, [edit], text)


def _get_expression(text: Text, chosen: ast.IfExp) -> Iterator[Gap]:
    """`d[k] if k in d else other`."""
    written = _get(text, chosen.test, chosen.body, chosen.orelse)
    if written and isinstance(chosen.body, ast.Subscript) and chosen.lineno == chosen.end_lineno:
        yield _get_gap(chosen.body, [text.replaced(chosen, written)], text)


def _get(text: Text, test: ast.expr, looked: ast.expr, other: ast.expr) -> str | None:
    match test, looked:
        case ast.Compare(left=key, ops=[ast.In()], comparators=[held]), ast.Subscript(value=of, slice=by):
            pass
        case _:
            return None
    if (
        text.segment(key) != text.segment(by)
        or text.segment(held) != text.segment(of)
        or not _idle(other)
        or not dotted(held)
    ):
        return None
    if isinstance(key, ast.Tuple) or other.lineno != other.end_lineno or key.lineno != key.end_lineno:
        return None
    return f"{text.segment(held)}.get({text.segment(key)}, {text.segment(other)})"


def _idle(node: ast.expr) -> bool:
    """Whether an expression may be evaluated although it is not needed."""
    empty = (isinstance(node, ast.List) and not node.elts) or (isinstance(node, ast.Dict) and not node.keys)
    return empty or isinstance(node, ast.Constant | ast.Name)


def _get_gap(looked: ast.Subscript, edits: list[Edit], text: Text) -> Gap:
    held = text.segment(looked.value)
    return Gap(
        "get",
        "get",
        f"{held}.get() answers what is missing",
        f"{held} has to be asked twice",
        always(edits),
    )


def _get_tried(text: Text, tried: ast.Try) -> Iterator[Gap]:
    """`try: x = d[k]`, `except KeyError: x = other`."""
    if len(tried.handlers) != 1 or tried.orelse or tried.finalbody or len(tried.body) != 1:
        return
    handler = tried.handlers[0]
    if handler.type is None or dotted(handler.type) != "KeyError" or len(handler.body) != 1 or handler.name:
        return
    match tried.body[0], handler.body[0]:
        case (
            ast.Assign(targets=[ast.Name(id=one)], value=ast.Subscript(value=held, slice=key) as looked),
            ast.Assign(targets=[ast.Name(id=two)], value=other),
        ) if one == two:
            head = f"{one} = "
        case ast.Return(value=ast.Subscript(value=held, slice=key) as looked), ast.Return(
            value=ast.expr() as other
        ):
            head = "return "
        case _:
            return
    simple = isinstance(key, ast.Name | ast.Constant | ast.Attribute) and bool(dotted(held)) and _idle(other)
    if not simple or text.segment(held).startswith("self._cache"):
        return
    written = f"{head}{text.segment(held)}.get({text.segment(key)}, {text.segment(other)})"
    edit = over(text, tried, tried, written)
    if edit is not None:
        yield _get_gap(looked, [edit], text)


def _membership(text: Text, asked: ast.Compare) -> Iterator[Gap]:
    """`x in [1, 2, 3]`."""
    members = asked.comparators[0]
    if (
        len(asked.ops) != 1
        or not isinstance(asked.ops[0], ast.In | ast.NotIn)
        or members.lineno != members.end_lineno
    ):
        return
    if not isinstance(members, ast.List | ast.Tuple) or len(members.elts) < _FEWEST_MEMBERS:
        return
    if not all(isinstance(each, ast.Constant) for each in members.elts):
        return
    inner = text.segment(members)[1:-1] if text.segment(members)[0] in "[(" else text.segment(members)
    edit = text.replaced(members, f"{{{inner.rstrip().removesuffix(',')}}}")
    what = "a set tells whether it is one of them"
    yield Gap(
        "member-of-set", "set_membership", what, "what is looked for may not be hashable", always([edit])
    )


def _isinstance(text: Text, either: ast.BoolOp) -> Iterator[Gap]:
    """`isinstance(x, A) or isinstance(x, B)`."""
    if not isinstance(either.op, ast.Or) or either.lineno != either.end_lineno:
        return
    parts = [
        each for each in either.values if isinstance(each, ast.Call) and dotted(each.func) == "isinstance"
    ]
    if len(parts) != len(either.values) or any(len(each.args) != 2 for each in parts):
        return
    asked = {text.segment(each.args[0]) for each in parts}
    if len(asked) != 1 or not isinstance(parts[0].args[0], ast.Name):
        return
    types = ", ".join(text.segment(each.args[1]) for each in parts)
    edit = text.replaced(either, f"isinstance({text.segment(parts[0].args[0])}, ({types}))")
    what = "one isinstance() asks for all types"
    yield Gap(
        "isinstance-any",
        "isinstance_any",
        what,
        "the types have to be asked for one by one",
        always([edit]),
    )


def _extreme(text: Text, taken: ast.Subscript) -> Iterator[Gap]:
    """`sorted(xs)[0]`, `sorted(xs)[-1]`."""
    match taken:
        case ast.Subscript(value=ast.Call(func=ast.Name(id="sorted")) as call, slice=ast.Constant(value=0)):
            name = "min"
        case ast.Subscript(
            value=ast.Call(func=ast.Name(id="sorted")) as call,
            slice=ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=1)),
        ):
            name = "max"
        case _:
            return
    if any(each.arg == "reverse" for each in call.keywords) or taken.lineno != taken.end_lineno:
        return
    written = text.segment(call).replace("sorted(", f"{name}(", 1)
    yield Gap(
        "extreme",
        "extreme",
        f"{name}() finds what sorting found",
        "all have to be in order to find one",
        always([text.replaced(taken, written)]),
    )


_Parents = list[tuple[ast.AST, ast.AST | None]]


def _structures(text: Text) -> Iterator[Gap]:
    """Local containers, made here, of which every use is known."""
    made = [
        each for each in text.nodes if isinstance(each, ast.Assign) and _container(each) and text.alone(each)
    ]
    if not made:
        return
    above = {id(child): node for node in ast.walk(text.node) for child in ast.iter_child_nodes(node)}
    names: dict[str, list[ast.Name]] = {}
    for each in ast.walk(text.node):
        if isinstance(each, ast.Name):
            names.setdefault(each.id, []).append(each)
    for each in made:
        name = _container(each)
        uses = [use for use in names[name] if use is not each.targets[0]]
        if isinstance(each.value, ast.Constant):
            yield from _joined(text, each, name)
        elif uses and all(isinstance(use.ctx, ast.Load) for use in uses):
            parents = [above[id(use)] for use in uses]
            yield from _structure(text, each, name, [(parent, above.get(id(parent))) for parent in parents])


def _container(statement: ast.Assign) -> str:
    """Return the name that is bound to a new list, an empty dictionary or an empty text."""
    target, value = statement.targets[0], statement.value
    made = isinstance(value, ast.List | ast.ListComp) or (isinstance(value, ast.Dict) and not value.keys)
    made = made or (isinstance(value, ast.Call) and dotted(value.func) == "list")
    made = made or (isinstance(value, ast.Constant) and value.value == "")
    return target.id if made and len(statement.targets) == 1 and isinstance(target, ast.Name) else ""


def _structure(text: Text, made: ast.Assign, name: str, parents: _Parents) -> Iterator[Gap]:
    if isinstance(made.value, ast.Dict):
        yield from _counted(text, made, name)
        return
    if isinstance(made.value, ast.List) and not made.value.elts:
        yield from _seen(text, made, name, parents)
    yield from _queue(text, made, name, parents)


def _seen(text: Text, made: ast.Assign, name: str, parents: _Parents) -> Iterator[Gap]:
    """A list that is only added to and asked what is in it."""
    added: list[ast.Attribute] = []
    asked = 0
    for parent, above in parents:
        if (
            isinstance(parent, ast.Compare)
            and isinstance(parent.ops[0], ast.In | ast.NotIn)
            and len(parent.ops) == 1
        ):
            asked += 1
        elif isinstance(parent, ast.Attribute) and parent.attr == "append" and isinstance(above, ast.Call):
            added.append(parent)
        else:
            return
    if added and asked:
        edits = [text.replaced(made.value, "set()"), *(text.replaced(each, f"{name}.add") for each in added)]
        what = f"{name} is a set"
        yield Gap("set", "seen_set", what, f"what goes into {name} may not be hashable", always(edits))


def _queue(text: Text, made: ast.Assign, name: str, parents: _Parents) -> Iterator[Gap]:
    """A list that is taken from at its front."""
    taken: list[ast.Call] = []
    for parent, above in parents:
        if not isinstance(parent, ast.Attribute):
            if not isinstance(parent, ast.While | ast.If | ast.UnaryOp | ast.For | ast.comprehension):
                return
        elif parent.attr == "pop" and isinstance(above, ast.Call) and len(above.args) == 1:
            if not isinstance(above.args[0], ast.Constant) or above.args[0].value != 0:
                return
            taken.append(above)
        elif parent.attr not in ("append", "extend", "pop", "clear", "remove"):
            return
    if taken and "deque" not in text.bound:
        value = "" if isinstance(made.value, ast.List) and not made.value.elts else text.segment(made.value)
        edits = [
            text.before(text.body[0], "from collections import deque"),
            text.replaced(made.value, f"deque({value})"),
        ]
        edits += [text.replaced(each, f"{name}.popleft()") for each in taken]
        yield Gap("deque", "deque", f"{name} is a deque", f"{name} stays short", always(edits))


def _counted(text: Text, made: ast.Assign, name: str) -> Iterator[Gap]:
    """`d.setdefault(k, []).append(v)` and `d[k] = d.get(k, 0) + 1` on a dictionary made here."""
    grouped: list[Edit] = []
    counted: list[Edit] = []
    for each in text.nodes:
        match each:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id=held), attr="setdefault"),
                args=[key, ast.List(elts=[])],
            ) if held == name and each.lineno == each.end_lineno:
                grouped.append(text.replaced(each, f"{name}[{text.segment(key)}]"))
            case ast.Assign(
                targets=[ast.Subscript(value=ast.Name(id=held), slice=key) as target],
                value=ast.BinOp(
                    left=ast.Call(
                        func=ast.Attribute(value=ast.Name(id=of), attr="get"),
                        args=[by, ast.Constant(value=0)],
                    ),
                    op=ast.Add(),
                    right=more,
                ),
            ) if (
                held == of == name
                and text.segment(key) == text.segment(by)
                and each.lineno == each.end_lineno
            ):
                counted.append(text.replaced(each, f"{text.segment(target)} += {text.segment(more)}"))
            case _:
                pass
    for edits, made_of, taught in ((grouped, "list", "defaultdict"), (counted, "int", "counter")):
        if edits and "defaultdict" not in text.bound:
            imported = text.before(text.body[0], "from collections import defaultdict")
            done = [imported, text.replaced(made.value, f"defaultdict({made_of})"), *edits]
            assumed = f"nobody asks {name} for a key that it does not have"
            yield Gap(taught, "defaultdict", f"{name} is a defaultdict", assumed, always(done))


def _joined(text: Text, made: ast.Assign, name: str) -> Iterator[Gap]:
    """Text that grows in one loop, right after it was begun, and is read after it."""
    for block in text.blocks():
        for place, each in enumerate(block[:-1]):
            loop = block[place + 1]
            if each is not made or not isinstance(loop, ast.For | ast.While) or loop.orelse:
                continue
            inside = [use for use in ast.walk(loop) if isinstance(use, ast.Name) and use.id == name]
            grown = [use for use in ast.walk(loop) if isinstance(use, ast.AugAssign) and _grows(use, name)]
            parts = text.free("parts", "pieces")
            if (
                not grown
                or len(inside) != len(grown)
                or parts is None
                or not all(text.alone(use) for use in grown)
            ):
                continue
            edits = [text.replaced(made, f"{parts} = []")]
            edits += [text.replaced(use, f"{parts}.append({text.segment(use.value)})") for use in grown]
            edits.append(text.after(loop, f'{name} = "".join({parts})'))
            yield Gap("join", "join", f"{name} is joined once", f"{name} stays short", always(edits))


def _grows(grown: ast.AugAssign, name: str) -> bool:
    return isinstance(grown.op, ast.Add) and isinstance(grown.target, ast.Name) and grown.target.id == name


COLLECTIONS = (Rule(_lessons, _gaps),)
