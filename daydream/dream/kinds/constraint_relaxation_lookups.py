"""One act for several: one test with a tuple, one look-up in a dict, one join of many texts."""

import ast
from collections.abc import Iterator, Sequence

from daydream.analysis.dependence.known import is_class
from daydream.analysis.dependence.shapes import STR, is_plain
from daydream.dream.kinds.constraint_relaxation_text import Body, Edit, Relaxation, mentions


def tests_together(body: Body) -> Iterator[Relaxation]:
    """One test with a tuple in the place of several of the same value."""
    for node in body.nodes:
        if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or):
            found = _joined_tests(body, node)
            if found is not None:
                yield found


def _joined_tests(body: Body, node: ast.BoolOp) -> Relaxation | None:
    for position, (one, other) in enumerate(zip(node.values, node.values[1:], strict=False)):
        asked = [_asked(body, each) for each in node.values[position:]]
        if not asked[0] or not asked[1] or asked[0][0] != asked[1][0]:
            continue
        same = [
            each
            for number, each in enumerate(asked)
            if all(a and a[0] == asked[0][0] for a in asked[: number + 1])
        ]
        ends = node.values[position + len(same) - 1]
        text = body.between(body.start(one), body.end(ends))
        wanted = ", ".join(each[1] for each in same if each)
        called, subject = asked[0][0]
        if "#" in text or "\n" in text or mentions(other, ""):
            return None
        new = f"{subject} in ({wanted})" if called == "==" else _call_text(called, subject, wanted)
        return Relaxation(
            "tests_together",
            f"{new}"[:100],
            f"`{text}` has to be asked one after the other"[:200],
            "the same things are asked of the same value in the same order",
            f"one test in the place of {len(same)}",
            (Edit(body.start(one), body.end(ends), new),),
            0.45,
            {"tests": len(same)},
        )
    return None


def _call_text(called: str, subject: str, wanted: str) -> str:
    return (
        f"isinstance({subject}, ({wanted}))" if called == "isinstance" else f"{subject}.{called}(({wanted}))"
    )


_Asked = tuple[tuple[str, str], str]


def _asked(body: Body, node: ast.expr) -> _Asked | None:
    """What is asked of which name, and with what."""
    at = body.graph.number(body.statement(node)) if body.outside_comprehensions(node) else None
    match node:
        case ast.Call(func=ast.Name(id="isinstance"), args=[ast.Name(id=name), kind], keywords=[]) if (
            is_class(kind)
        ):
            # An attribute may be missing where the first test is enough.
            simple = isinstance(kind, ast.Name) and body.graph.scope.called_builtin(node) == "isinstance"
            return (("isinstance", name), body.text(kind)) if simple else None
        case ast.Compare(
            left=ast.Name(id=name), ops=[ast.Eq()], comparators=[ast.Constant(value=value) as constant]
        ):
            plain = at is not None and is_plain(body.graph.reading(node.left, at)[1])
            return (("==", name), body.text(constant)) if plain and isinstance(value, str | int) else None
        case ast.Call(
            func=ast.Attribute(value=ast.Name(id=name), attr="startswith" | "endswith" as attr),
            args=[ast.Constant(value=str()) as constant],
            keywords=[],
        ):
            text = at is not None and body.graph.reading(node.func.value, at)[1] == STR  # type: ignore[attr-defined]
            return ((attr, name), body.text(constant)) if text else None
        case _:
            return None


def lookups(body: Body) -> Iterator[Relaxation]:
    """`get` in the place of a test and a look-up."""
    for node in body.nodes:
        found = None
        if isinstance(node, ast.IfExp):
            found = _got(body, node, node.test, node.body, node.orelse, "")
        elif isinstance(node, ast.If) and len(node.body) == 1 and len(node.orelse) == 1 and body.bare(node):
            one, other = node.body[0], node.orelse[0]
            if isinstance(one, ast.Assign) and isinstance(other, ast.Assign) and len(one.targets) == 1:
                same = (
                    ast.dump(one.targets[0]) == ast.dump(other.targets[0])
                    if len(other.targets) == 1
                    else False
                )
                if same and isinstance(one.targets[0], ast.Name) and not _is_elif(body, node):
                    found = _got(body, node, node.test, one.value, other.value, f"{one.targets[0].id} = ")
        if found is not None:
            yield found


def _is_elif(body: Body, node: ast.If) -> bool:
    return body.between(body.start(node), (body.start(node)[0], body.start(node)[1] + 4)) == "elif"


def _got(
    body: Body, node: ast.expr | ast.stmt, test: ast.expr, found: ast.expr, otherwise: ast.expr, left: str
) -> Relaxation | None:
    match test:
        case ast.Compare(
            left=ast.Name() | ast.Constant() as key, ops=[ast.In()], comparators=[ast.Name() as held]
        ):
            method = _looks_up(found, key, held.id)
        case _:
            return None
    if not method:
        return None
    constant = isinstance(otherwise, ast.Constant)
    if not constant or not body.outside_comprehensions(test) or body.graph.scope.opaque:
        return None
    at = body.graph.number(body.statement(test))
    if body.graph.reading(held, at)[1].name != "dict":
        return None
    none = method == "get" and isinstance(otherwise, ast.Constant) and otherwise.value is None
    default = "" if none else f", {body.text(otherwise)}"
    text = f"{left}{held.id}.{method}({body.text(key)}{default})"
    return Relaxation(
        "lookup_once",
        f"{held.id}.{method}({body.text(key)})",
        f"`{body.text(key)}` has to be looked up in `{held.id}` twice",
        f"`{held.id}` is a dict, and the default is a constant",
        f"`{text}` in the place of a test and a look-up",
        (body.replaced(node, text),),
        0.6,
    )


def _looks_up(node: ast.expr, key: ast.expr, held: str) -> str:
    """Which method does in one look-up what an expression does after a test, "" for none."""
    match node:
        case ast.Subscript(value=ast.Name(id=name), slice=same):
            method = "get"
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="pop"), args=[same], keywords=[]):
            method = "pop"
        case _:
            return ""
    return method if name == held and ast.dump(same) == ast.dump(key) else ""


def texts_joined(body: Body) -> Iterator[Relaxation]:
    """Parts of a text kept in a list and joined after the loop, instead of added one by one."""
    for block in body.blocks():
        for position, loop in enumerate(block):
            if isinstance(loop, ast.For) and not loop.orelse and body.alone(loop) and not body.in_try(loop):
                for node in ast.walk(loop):
                    if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Add):
                        found = _joined_text(body, block[:position], loop, node)
                        if found is not None:
                            yield found


def _joined_text(
    body: Body, before: Sequence[ast.stmt], loop: ast.For, node: ast.AugAssign
) -> Relaxation | None:
    if not isinstance(node.target, ast.Name) or not body.private(node.target.id) or body.graph.scope.opaque:
        return None
    name = node.target.id
    said = [each for each in ast.walk(loop) if isinstance(each, ast.Name) and each.id == name]
    start = next((each for each in reversed(before) if mentions(each, name)), None)
    empty = (
        isinstance(start, ast.Assign) and len(start.targets) == 1 and isinstance(start.targets[0], ast.Name)
    )
    if len(said) != 1 or not isinstance(start, ast.Assign) or not empty or not body.bare(start, node):
        return None
    text = isinstance(start.value, ast.Constant) and start.value.value == ""
    if not text or body.in_try(node) or body.graph.reading(node.value, body.graph.number(node))[1] != STR:
        return None
    if any(isinstance(each, ast.AsyncFor) for each in ast.walk(loop)):
        return None
    parts = body.free_name(f"{name}_parts")
    after = (body.end(loop)[0] + 1, 0)
    return Relaxation(
        "join_once",
        f"{name} joined after the loop",
        f"`{name}` has to be a whole text in every round",
        "only texts are added, and nothing in the loop looks at what is there so far",
        f"the parts of `{name}` are kept in a list and joined once",
        (
            body.replaced(start, f"{parts} = []"),
            body.replaced(node, f"{parts}.append({body.text(node.value)})"),
            Edit(after, after, f'{body.indent(loop)}{name} = "".join({parts})\n'),
        ),
        0.7,
        {"variable": name},
    )
