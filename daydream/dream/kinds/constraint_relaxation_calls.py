"""Calls that only read: made once instead of twice, or next to one another in threads."""

import ast
from collections.abc import Iterator, Sequence

from daydream.analysis.dependence import ANYTHING
from daydream.analysis.dependence.calls import dotted
from daydream.analysis.dependence.known import READING_DOTTED
from daydream.analysis.dependence.shapes import is_plain
from daydream.dream.kinds.constraint_relaxation_text import Body, Edit, Relaxation, cost

_READ_AGAIN = 2
_NOT_KEPT = frozenset({"isinstance", "issubclass", "callable", "hasattr", "range", "bool", "type", "id"})


def once(body: Body) -> Iterator[Relaxation]:
    """Keep the result of a call made twice with nothing in between that could change it, where it costs something."""
    if body.graph.scope.opaque:
        return
    groups: dict[str, list[ast.Call]] = {}
    for node in body.nodes:
        if (
            isinstance(node, ast.Call)
            and body.outside_comprehensions(node)
            and body.placed(node)
            and body.graph.scope.called_builtin(node) not in _NOT_KEPT
            and not any(isinstance(each, ast.Call) for each in ast.walk(node) if each is not node)
        ):
            groups.setdefault(ast.dump(node), []).append(node)
    for same in groups.values():
        for start in range(len(same) - 1):
            found = _kept(body, same[start:])
            if found is not None:
                yield found
                break


def _kept(body: Body, same: Sequence[ast.Call]) -> Relaxation | None:
    """The first statement of a block that holds some of the calls, and those after it that nothing comes between."""
    first = body.statement(same[0])
    block = body.graph.blocks[body.graph.statements[body.graph.number(first)].block]
    position = body.graph.statements[body.graph.number(first)].position
    at = body.graph.number(first)
    uses, shape = body.graph.reading(same[0], at)
    sure = uses.total or (uses.fails and _asked_first(body, first, same[0]))
    text = body.text(same[0])
    if (
        not sure
        or uses.changes
        or not is_plain(shape)
        or not body.alone(first)
        or "\n" in text
        or isinstance(first, ast.While)
    ):
        return None
    reached: list[ast.stmt] = []
    for index in block[position:]:
        reached.append(body.graph.statements[index].node)
        if body.graph.statements[index].uses.changes & uses.reads:
            # The last one may use the value before it changes what the value is made of.
            if not _simple_target(reached[-1], uses.reads, body):
                reached.pop()
            break
    inside = {id(each) for statement in reached for each in ast.walk(statement)}
    used = [each for each in same if id(each) in inside]
    if len(used) < 2:
        return None
    name = body.free_name(text.removesuffix(")").replace("(", "_").replace(".", "_"))
    return Relaxation(
        "call_once",
        f"{text} once",
        f"`{text}` has to be asked {len(used)} times",
        "it changes nothing, its result cannot be changed, and nothing that it reads changes in between",
        f"the result of `{text}` is kept as `{name}`",
        (body.line_before(first, f"{name} = {text}"), *(body.replaced(each, name) for each in used)),
        0.3 + min(0.3, len(used) / 10),
        {"calls": len(used)},
    )


def _simple_target(node: ast.stmt, reads: set[str], body: Body) -> bool:
    """Whether a plain assignment changes something only once all its calls are made."""
    if (
        not isinstance(node, ast.Assign)
        or not isinstance(node.targets[0], ast.Name)
        or len(node.targets) != 1
    ):
        return False
    uses, _ = body.graph.reading(node.value, body.graph.number(node))
    return not uses.changes & reads


def _asked_first(body: Body, statement: ast.stmt, wanted: ast.expr) -> bool:
    """Whether an expression is the first thing that a statement evaluates, names and constants aside."""
    node = _evaluated_first(statement)
    at = body.graph.number(statement)
    while node is not None and node is not wanted:
        parts = _parts_in_order(node)
        node = next((each for each in parts if not _trivial(body, each, at)), None)
    return node is wanted


def _evaluated_first(statement: ast.stmt) -> ast.expr | None:
    match statement:
        case ast.If(test=first) | ast.Assert(test=first) | ast.For(iter=first):
            return first
        case (
            ast.Assign(value=first)
            | ast.Expr(value=first)
            | ast.AnnAssign(value=first)
            | ast.Return(value=first)
        ):
            return first
        case ast.Raise(exc=first) | ast.With(items=[ast.withitem(context_expr=first), *_]):
            return first
        case _:
            return None


def _trivial(body: Body, node: ast.expr, at: int) -> bool:
    return isinstance(node, ast.Constant) or (
        isinstance(node, ast.Name) and body.graph.reading(node, at)[0].total
    )


def _parts_in_order(node: ast.expr) -> list[ast.expr]:
    """The parts of an expression that are evaluated in any case, in order."""
    match node:
        case ast.BoolOp(values=[first, *_]) | ast.IfExp(test=first) | ast.NamedExpr(value=first):
            return [first] if not isinstance(first, ast.Name) else []
        case ast.Compare(left=left, comparators=[right, *_]) | ast.BinOp(left=left, right=right):
            return [left, right]
        case ast.Subscript(value=left, slice=right):
            return [left, right]
        case ast.Call():
            return [node.func, *node.args, *(each.value for each in node.keywords)]
        case ast.Tuple(elts=parts) | ast.List(elts=parts) | ast.Set(elts=parts) | ast.JoinedStr(values=parts):
            return parts
        case ast.UnaryOp(operand=first) | ast.Attribute(value=first) | ast.Await(value=first):
            return [first]
        case ast.FormattedValue(value=first) | ast.Starred(value=first):
            return [first]
        case ast.ListComp(generators=[first, *_]) | ast.GeneratorExp(generators=[first, *_]):
            return [first.iter]
        case _:
            return []


def attributes_once(body: Body) -> Iterator[Relaxation]:
    """Keep an attribute that is read again and again with nothing in between that could change it."""
    if body.graph.scope.opaque:
        return
    groups: dict[str, list[ast.Attribute]] = {}
    for node in body.nodes:
        if isinstance(node, ast.Attribute) and _chain(body, node):
            groups.setdefault(body.text(node), []).append(node)
    taken: list[str] = []
    for text, same in sorted(groups.items(), key=lambda each: (-len(each[1]), each[0])):
        # A part of what is kept already, or a longer form of it, would be the same dream again.
        if len(same) < _READ_AGAIN or any(
            text.startswith(f"{each}.") or each.startswith(f"{text}.") for each in taken
        ):
            continue
        for start in range(len(same) - 1):
            found = _attribute(body, text, same[start:])
            if found is not None:
                taken.append(text)
                yield found
                break


def _chain(body: Body, node: ast.Attribute) -> bool:
    """Whether it is attributes of a local name, and not the method of a call."""
    root: ast.expr = node
    if not isinstance(node.ctx, ast.Load) or not body.placed(node):
        return False
    while isinstance(root, ast.Attribute):
        root = root.value
    call = body.parents[node]
    called = isinstance(call, ast.Call) and call.func is node
    return (
        isinstance(root, ast.Name)
        and root.id in body.graph.scope.local
        and not called
        and body.outside_comprehensions(node)
    )


def _attribute(body: Body, text: str, same: Sequence[ast.Attribute]) -> Relaxation | None:
    first = body.statement(same[0])
    if not body.alone(first) or not _asked_first(body, first, same[0]):
        return None
    root = text.partition(".")[0]
    stated = body.graph.statements[body.graph.number(first)]
    reached: list[ast.AST] = []
    for index in body.graph.blocks[stated.block][stated.position :]:
        if not _reach(body, body.graph.statements[index].node, {ANYTHING, root}, reached):
            break
    inside = {id(each) for part in reached for each in ast.walk(part)}
    used = [each for each in same if id(each) in inside]
    if len(used) < _READ_AGAIN:
        return None
    name = body.free_name(text.rpartition(".")[2])
    return Relaxation(
        "attribute_once",
        f"{text} once",
        f"`{text}` has to be looked up {len(used)} times",
        "nothing is called or changed between the first and the last look-up, and the first comes first as before",
        f"`{text}` is kept as `{name}`",
        (body.line_before(first, f"{name} = {text}"), *(body.replaced(each, name) for each in used)),
        0.2 + min(0.2, len(used) / 20),
        {"reads": len(used)},
    )


def _reach(body: Body, node: ast.stmt, places: set[str], reached: list[ast.AST]) -> bool:
    """Add the parts of a statement that are evaluated before anything in these places changes; whether all of it is."""
    graph = body.graph
    whole = graph.statements[graph.number(node)].uses.changes
    if isinstance(node, ast.If):
        if graph.reading(node.test, graph.number(node))[0].changes & places:
            return False
        reached.append(node.test)
        for branch in (node.body, node.orelse):
            _reach_block(body, branch, places, reached)
        return not whole & places
    if isinstance(node, ast.Try):
        _reach_block(body, node.body, places, reached)
        return False
    if not whole & places and not isinstance(node, ast.While | ast.FunctionDef | ast.AsyncFunctionDef):
        reached.append(node)
        return True
    value = _evaluated_first(node)
    inner = value.value if isinstance(value, ast.Await) else value
    # The outermost call acts only once everything in it is evaluated.
    parts = _parts_in_order(inner) if isinstance(inner, ast.Call) else [inner] if inner is not None else []
    if not any(graph.reading(each, graph.number(node))[0].changes & places for each in parts):
        reached += parts
    return False


def _reach_block(body: Body, block: Sequence[ast.stmt], places: set[str], reached: list[ast.AST]) -> None:
    for each in block:
        if not _reach(body, each, places, reached):
            return


def in_parallel(body: Body) -> Iterator[Relaxation]:
    """Calls that follow one another and only read, made in threads; results, and errors, are taken in the old order."""
    if body.graph.scope.opaque:
        return
    for block in body.blocks():
        # Threads that are started anew in every round cost more than they save.
        if body.in_loop(block[0]):
            continue
        group: list[ast.Assign] = []
        for node in [*block, None]:
            if isinstance(node, ast.Assign) and _reads_only(body, node) and _apart(body, [*group, node]):
                group.append(node)
                continue
            if len(group) > 1:
                yield _threads(body, group)
            group = [node] if isinstance(node, ast.Assign) and _reads_only(body, node) else []
    yield from _mapped(body)


def _reads_only(body: Body, node: ast.Assign) -> bool:
    call, target = node.value, node.targets[0]
    if (
        not isinstance(call, ast.Call)
        or len(node.targets) != 1
        or not isinstance(target, ast.Name)
        or not body.private(target.id)
    ):
        return False
    simple = all(
        isinstance(each, ast.Name | ast.Constant)
        for each in (*call.args, *(word.value for word in call.keywords))
    )
    if not simple or not _known(body, call) or not body.bare(node) or "\n" in body.text(node):
        return False
    uses = body.graph.statements[body.graph.number(node)].uses
    names_bound = all(body.graph.reading(each, body.graph.number(node))[0].total for each in call.args)
    return not uses.visible and uses.changes == {target.id} and names_bound and not body.in_try(node)


def _known(body: Body, call: ast.Call) -> bool:
    name = dotted(call.func)
    local = name.partition(".")[0] in body.graph.scope.local
    return not local and (name in body.pure_names or name in READING_DOTTED)


def _apart(body: Body, group: Sequence[ast.Assign]) -> bool:
    """Whether the last of some assignments neither uses nor replaces what those before it set."""
    last = body.graph.statements[body.graph.number(group[-1])].uses
    before = [body.graph.statements[body.graph.number(each)].uses for each in group[:-1]]
    return all(
        not each.changes & (last.reads | last.changes) and not each.reads & last.changes for each in before
    )


def _threads(body: Body, group: Sequence[ast.Assign]) -> Relaxation:
    first = group[0]
    pool = body.free_name("pool")
    indent = body.indent(first)
    lines = [
        "from concurrent.futures import ThreadPoolExecutor",
        "",
        f"with ThreadPoolExecutor({len(group)}) as {pool}:",
    ]
    results = []
    for each in group:
        call = each.value
        target = each.targets[0]
        if isinstance(call, ast.Call) and isinstance(target, ast.Name):
            given = [body.text(call.func), *(body.text(one) for one in call.args)]
            given += [
                f"{one.arg}={body.text(one.value)}" if one.arg else f"**{body.text(one.value)}"
                for one in call.keywords
            ]
            future = body.free_name(f"{target.id}_future")
            lines.append(f"    {future} = {pool}.submit({', '.join(given)})")
            results.append(f"{target.id} = {future}.result()")
    text = "".join(f"{indent}{line}\n" if line else "\n" for line in [*lines, *results])
    at = (body.start(first)[0], 0)
    calls = ", ".join(body.text(each.value) for each in group)
    return Relaxation(
        "parallel",
        f"{len(group)} calls in parallel",
        f"{calls} have to wait for one another"[:200],
        "each only reads, none uses what another returns, and results and errors are taken in the old order",
        f"{len(group)} calls run in threads; assumed: they may run outside the calling thread",
        (Edit(at, at, text), *(body.removed(each) for each in group)),
        _gain(body, first.value),
        {"calls": len(group)},
    )


def _mapped(body: Body) -> Iterator[Relaxation]:
    """`[read(each) for each in items]` with a function that only reads."""
    for node in body.nodes:
        if (
            not isinstance(node, ast.Assign)
            or not isinstance(node.value, ast.ListComp)
            or not body.bare(node)
            or body.in_loop(node)
        ):
            continue
        listed = node.value
        call, generator = listed.elt, listed.generators[0]
        plain = len(listed.generators) == 1 and not generator.ifs and not generator.is_async
        if (
            not plain
            or not isinstance(call, ast.Call)
            or not _known(body, call)
            or call.keywords
            or len(call.args) != 1
        ):
            continue
        argument, target = call.args[0], generator.target
        same = isinstance(argument, ast.Name) and isinstance(target, ast.Name) and argument.id == target.id
        at = body.graph.number(node)
        iterated = body.graph.reading(generator.iter, at)
        if (
            not same
            or cost(generator.iter)
            or iterated[1].name not in ("list", "tuple", "pair")
            or body.in_try(node)
        ):
            continue
        if dotted(call.func) not in READING_DOTTED and not is_plain(iterated[1].elements):
            continue
        yield _map_text(body, node, listed, call)


def _map_text(body: Body, node: ast.Assign, listed: ast.ListComp, call: ast.Call) -> Relaxation:
    pool = body.free_name("pool")
    indent = body.indent(node)
    items = body.text(listed.generators[0].iter)
    function = body.text(call.func)
    left = body.between(body.start(node), body.start(listed))
    text = (
        f"from concurrent.futures import ThreadPoolExecutor\n\n{indent}with ThreadPoolExecutor() as {pool}:\n"
        f"{indent}    {left}list({pool}.map({function}, {items}))"
    )
    return Relaxation(
        "parallel_map",
        f"{function} of all {items} in parallel",
        f"each call of `{function}` has to wait for the one before",
        f"`{function}` only reads, and results and errors are taken in the old order",
        f"`{function}` runs in threads; assumed: it may run outside the calling thread",
        (body.replaced(node, text),),
        _gain(body, call),
    )


def _gain(body: Body, call: ast.expr) -> float:
    """Waiting is shared by threads, computing is not."""
    name = dotted(call.func) if isinstance(call, ast.Call) else ""
    return 0.2 if name in body.pure_names else 0.6
