"""Earlier ends: return where the result is decided, stop a search that has found."""

import ast
from collections.abc import Iterator, Sequence
from itertools import pairwise, zip_longest

from daydream.dream.kinds.constraint_relaxation_text import Body, Edit, Relaxation, mentions, within

_SUSPENDING = (ast.Await, ast.Yield, ast.YieldFrom, ast.NamedExpr)


def returns_at_once(body: Body) -> Iterator[Relaxation]:
    """Return in the branch or round that decides the result, where it is only carried to a `return` after it."""
    for block in body.blocks():
        for node, after in pairwise(block):
            name = (
                after.value.id if isinstance(after, ast.Return) and isinstance(after.value, ast.Name) else ""
            )
            if not name or not body.private(name) or _read_at_last(body, node, name):
                continue
            found = _returned(body, node, after, name)
            if found is not None:
                yield found


def _read_at_last(body: Body, node: ast.stmt, name: str) -> bool:
    """Whether a `finally` that is still to come uses a name."""
    kinds = (ast.Try, ast.TryStar)
    around = [each for each in body.graph.scope.ancestors(node) if isinstance(each, kinds)]
    inside = [each for each in ast.walk(node) if isinstance(each, kinds)]
    return any(mentions(last, name) for each in (*around, *inside) for last in each.finalbody)


def _returned(body: Body, node: ast.stmt, after: ast.stmt, name: str) -> Relaxation | None:
    if isinstance(node, ast.If | ast.Try | ast.With):
        ends = list(_ends([node], name))
        edits = [_return_instead(body, each) for each in ends if _may_return(body, each)]
        if not edits:
            return None
        if len(edits) == len(ends) and _closed([node], name) and body.bare(after):
            edits.append(body.removed(after))
        return _at_once(body, name, node, edits, 0.5 if isinstance(node, ast.If) else 0.4)
    if isinstance(node, ast.For | ast.While):
        edits = []
        for assigned, stop in _found(node.body, name):
            if _may_return(body, assigned) and body.bare(stop):
                edits += [_return_instead(body, assigned), body.removed(stop)]
        return _at_once(body, name, node, edits, 0.6) if edits else None
    return None


def _at_once(body: Body, name: str, node: ast.stmt, edits: list[Edit], promise: float) -> Relaxation:
    kind = (
        "round"
        if isinstance(node, ast.For | ast.While)
        else "branch"
        if isinstance(node, ast.If)
        else "block"
    )
    return Relaxation(
        f"return_in_{kind}",
        f"return {name} in the {kind} that decides it",
        f"`{name}` has to be carried to the `return` at the end",
        f"nothing but `return {name}` follows, and nobody else sees `{name}`",
        f"the {kind} in line {body.start(node)[0] + 1} returns its result instead of keeping it in `{name}`",
        tuple(edits),
        promise,
        {"variable": name, "places": len(edits)},
    )


def _ends(block: Sequence[ast.stmt], name: str) -> Iterator[ast.Assign]:
    """The assignments of a name that are the last thing done on a way through a block."""
    last = block[-1] if block else None
    if isinstance(last, ast.Assign) and _assigns(last, name):
        yield last
    elif last is not None:
        for each in _ways(last):
            yield from _ends(each, name)


def _ways(node: ast.stmt) -> list[list[ast.stmt]]:
    """The blocks of which one is the last that runs; an empty one is a way that does nothing."""
    if isinstance(node, ast.If):
        return [node.body, node.orelse]
    if isinstance(node, ast.Try):
        return [node.orelse or node.body, *(each.body for each in node.handlers)]
    return [node.body, []] if isinstance(node, ast.With) else []


def _closed(block: Sequence[ast.stmt], name: str) -> bool:
    """Whether every way through a block leaves the function, or ends with such an assignment."""
    last = block[-1] if block else None
    if last is None or isinstance(last, ast.Return | ast.Raise) or _assigns(last, name):
        return last is not None
    ways = _ways(last)
    return bool(ways) and all(_closed(each, name) for each in ways)


def _assigns(node: ast.stmt, name: str) -> bool:
    target = node.targets[0] if isinstance(node, ast.Assign) and len(node.targets) == 1 else None
    return isinstance(target, ast.Name) and target.id == name


def _may_return(body: Body, node: ast.Assign) -> bool:
    return body.alone(node) and not any(isinstance(each, _SUSPENDING) for each in ast.walk(node.value))


def _return_instead(body: Body, node: ast.Assign) -> Edit:
    # Up to the value's own text, so that brackets around it stay.
    text = body.text(node)
    equals = len(text[: text.index("=") + 1].encode())
    row, column = body.start(node)
    return Edit((row, column), (row, column + equals), "return")


def _found(block: Sequence[ast.stmt], name: str) -> Iterator[tuple[ast.Assign, ast.stmt]]:
    """Assignments of a name directly before the `break` of this loop."""
    for node, after in zip_longest(block, block[1:]):
        if isinstance(node, ast.Assign) and isinstance(after, ast.Break) and _assigns(node, name):
            yield node, after
        elif isinstance(node, ast.If):
            yield from _found(node.body, name)
            yield from _found(node.orelse, name)


def stops_when_found(body: Body) -> Iterator[Relaxation]:
    """Leave a loop once its flag is set, where no later round can change anything."""
    for loop in body.nodes:
        test = loop.body[0] if isinstance(loop, ast.For) and len(loop.body) == 1 and not loop.orelse else None
        if not isinstance(loop, ast.For) or not isinstance(test, ast.If) or test.orelse:
            continue
        flags = [_flag(each) for each in test.body]
        if (
            not all(flags)
            or not body.alone(test.body[-1])
            or body.start(test.body[0])[0] == body.start(test)[0]
        ):
            continue
        if _only_flags(body, loop, test, [each for each in flags if each]):
            last = test.body[-1]
            at = (body.end(last)[0] + 1, 0)
            flag = flags[0]
            yield Relaxation(
                "break_when_found",
                f"stop when {flag} is set",
                f"the loop in line {body.start(loop)[0] + 1} has to go through everything",
                "its rounds do nothing but set the flag to a constant, the test cannot fail and does not change anything",
                f"the loop ends at the first round that sets `{flag}`",
                (Edit(at, at, f"{body.indent(last)}break\n"),),
                0.85,
                {"variable": flag},
            )


def _flag(node: ast.stmt) -> str:
    target = node.targets[0] if isinstance(node, ast.Assign) and len(node.targets) == 1 else None
    constant = isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
    return target.id if constant and isinstance(target, ast.Name) else ""


def _only_flags(body: Body, loop: ast.For, test: ast.If, flags: list[str]) -> bool:
    graph = body.graph
    if graph.scope.opaque or any(not body.private(flag) or mentions(test.test, flag) for flag in flags):
        return False
    targets = [each.id for each in ast.walk(loop.target) if isinstance(each, ast.Name)]
    uses = graph.statements[graph.number(loop)].uses
    harmless = uses.total and uses.changes == {*flags, *targets}
    return harmless and all(body.private(each) and within(body.loads(each), [loop]) for each in targets)
