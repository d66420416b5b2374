"""Other orders: a guard before work that it makes needless, a cheap test before a dear one, work before the loop that repeats it."""

import ast
from collections.abc import Iterator, Sequence
from itertools import pairwise

from daydream.analysis.dependence.calls import dotted
from daydream.analysis.dependence.known import PURE_DOTTED, READING_DOTTED
from daydream.analysis.dependence.shapes import Shape
from daydream.dream.kinds.constraint_relaxation_text import (
    COMPREHENSIONS,
    SCOPES,
    Body,
    Edit,
    Relaxation,
    cost,
    mentions,
    within,
)

_LEAVING = (ast.Return, ast.Raise, ast.Continue, ast.Break)
_LOOPS = (ast.For, ast.While)
_SIMPLE = (ast.Compare, ast.Name, ast.Attribute, ast.Call, ast.Subscript, ast.UnaryOp, ast.Constant)


def guards_first(body: Body) -> Iterator[Relaxation]:
    """Move an early exit up, before work that only the rest needs."""
    for block in body.blocks():
        for position, node in enumerate(block):
            if (
                position
                and isinstance(node, ast.If)
                and not node.orelse
                and isinstance(node.body[-1], _LEAVING)
            ):
                found = _guard(body, list(block[:position]), node)
                if found is not None:
                    yield found


def _guard(body: Body, before: list[ast.stmt], node: ast.If) -> Relaxation | None:
    graph = body.graph
    index = graph.number(node)
    passed: list[ast.stmt] = []
    while before and body.alone(before[-1]) and not any(graph.edges(graph.number(before[-1]), index)):
        passed.insert(0, before.pop())
    # What is not worth skipping is not worth moving for.
    while passed and not cost(passed[0]):
        passed.pop(0)
    if not passed or not body.alone(node):
        return None
    if any(
        body.start(each)[0] <= body.end(one)[0]
        for one, each in zip([*passed], [*passed[1:], node], strict=True)
    ):
        return None
    first, last = body.commented(node), body.end(node)[0]
    top = body.commented(passed[0])
    moved = "\n".join(row.decode("utf-8", "surrogatepass") for row in body.rows[first : last + 1]) + "\n"
    test = body.text(node.test).split("\n")[0]
    work = sum(cost(each) for each in passed)
    return Relaxation(
        "guard_first",
        f"if {test} first",
        f"the {_many(len(passed), 'statement')} before `if {test}` must have run when it leaves",
        "no statement that it passes can fail, changes anything that is seen outside, or shares a name with it",
        f"`if {test}` is asked before {_many(len(passed), 'statement')} instead of after",
        (Edit((top, 0), (top, 0), moved), body.without_rows(first, last)),
        min(0.9, 0.5 + work / 40),
        {"passed": len(passed)},
    )


def work_later(body: Body) -> Iterator[Relaxation]:
    """Move work down, behind early exits that do without it."""
    for block in body.blocks():
        for position, node in enumerate(block):
            if _movable(body, node):
                found = _later(body, node, block[position + 1 :])
                if found is not None:
                    yield found


def _movable(body: Body, node: ast.stmt) -> bool:
    single = isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name)
    if (
        not (single or isinstance(node, ast.AnnAssign | ast.FunctionDef))
        or cost(node) < 3
        or not body.alone(node)
    ):
        return False
    uses = body.graph.statements[body.graph.number(node)].uses
    return uses.total and len(uses.changes) == 1 and all(each.isidentifier() for each in uses.changes)


def _later(body: Body, node: ast.stmt, after: Sequence[ast.stmt]) -> Relaxation | None:
    graph = body.graph
    index = graph.number(node)
    exits: list[ast.stmt] = []
    behind: ast.stmt | None = None
    risky: list[ast.stmt] = []
    for each, following in pairwise(after):
        if any(graph.edges(index, graph.number(each))) or not body.alone(each):
            break
        if graph.statements[graph.number(each)].uses.leaves & {"return", "raise", "continue", "break"}:
            exits.append(each)
            behind = each if body.start(following)[0] > body.end(each)[0] else None
        elif graph.statements[graph.number(each)].uses.fails:
            risky += [each] if body.start(following)[0] > body.end(each)[0] else []
    if not after or body.start(after[0])[0] <= body.end(node)[0]:
        return None
    if behind is None:
        return _risk_first(body, node, risky) if risky else None
    first, last = body.commented(node), body.end(node)[0]
    moved = "\n".join(row.decode("utf-8", "surrogatepass") for row in body.rows[first : last + 1]) + "\n"
    at = (body.end(behind)[0] + 1, 0)
    head = body.text(node).split("\n")[0]
    return Relaxation(
        "work_later",
        f"{head} after the early exits"[:120],
        f"`{head}` has to be done before the function may leave",
        "it cannot fail or be seen outside, and nothing that it passes uses what it makes or changes what it reads",
        f"`{head}` is done after {_many(len(exits), 'early exit')}",
        (body.without_rows(first, last), Edit(at, at, moved)),
        min(0.85, 0.45 + cost(node) / 40),
        {"exits": len(exits)},
    )


def _risk_first(body: Body, node: ast.stmt, risky: Sequence[ast.stmt]) -> Relaxation:
    first, last = body.commented(node), body.end(node)[0]
    moved = "\n".join(row.decode("utf-8", "surrogatepass") for row in body.rows[first : last + 1]) + "\n"
    at = (body.end(risky[-1])[0] + 1, 0)
    head, passed = body.text(node).split("\n")[0], body.text(risky[-1]).split("\n")[0]
    return Relaxation(
        "risk_first",
        f"{head} after what may fail"[:120],
        f"`{head}` has to be done before `{passed}`, which may fail",
        "it cannot fail or be seen outside, and nothing that it passes uses what it makes or changes what it reads",
        f"`{head}` is done after {_many(len(risky), 'statement')} that may fail, not in vain before",
        (body.without_rows(first, last), Edit(at, at, moved)),
        0.3,
        {"passed": len(risky)},
    )


def _many(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def cheap_tests_first(body: Body) -> Iterator[Relaxation]:
    """Ask the cheaper of two neighbouring conditions first."""
    from daydream.analysis.dependence.scope import is_tested

    for node in body.nodes:
        if not isinstance(node, ast.BoolOp) or not is_tested(body.graph.scope, node):
            continue
        for dear, cheap in zip(node.values, node.values[1:], strict=False):
            word = "and" if isinstance(node.op, ast.And) else "or"
            if cost(dear) >= cost(cheap) + 4 and _may_trade(body, dear, cheap, word):
                yield Relaxation(
                    "cheap_test_first",
                    f"{body.text(cheap)} before {body.text(dear)}"[:100],
                    f"`{body.text(dear)}` must be asked before `{body.text(cheap)}`",
                    "neither condition can fail or change anything, and only the truth of the whole is used",
                    f"`{body.text(cheap)}` is asked first",
                    (body.replaced(dear, body.text(cheap)), body.replaced(cheap, body.text(dear))),
                    0.6,
                )


def _may_trade(body: Body, dear: ast.expr, cheap: ast.expr, word: str) -> bool:
    if (
        not isinstance(dear, _SIMPLE)
        or not isinstance(cheap, _SIMPLE)
        or not body.outside_comprehensions(dear)
    ):
        return False
    if body.between(body.end(dear), body.start(cheap)).split() != [word]:
        return False
    if _asks_what_it_is(dear) & {each.id for each in ast.walk(cheap) if isinstance(each, ast.Name)}:
        return False
    at = body.graph.number(body.statement(dear))
    uses = [body.graph.reading(each, at)[0] for each in (dear, cheap)]
    return all(each.total and not each.changes for each in uses)


def _asks_what_it_is(node: ast.expr) -> set[str]:
    """The names whose type a condition asks for: whoever asks does not rely on the annotation, and what follows does."""
    found: set[str] = set()
    for each in ast.walk(node):
        match each:
            case ast.Call(
                func=ast.Name(id="isinstance" | "issubclass" | "hasattr" | "callable" | "type"),
                args=[given, *_],
            ):
                found |= {one.id for one in ast.walk(given) if isinstance(one, ast.Name)}
            case _:
                pass
    return found


def hoists(body: Body) -> Iterator[Relaxation]:
    """Evaluate once, before a loop, what is the same in every round."""
    for loop in body.nodes:
        if not isinstance(loop, _LOOPS) or not body.alone(loop):
            continue
        yield from _statements(body, loop)
        seen: set[str] = set()
        for node in _in_rounds(loop):
            if isinstance(node, ast.Call | ast.Attribute) and ast.dump(node) not in seen:
                seen.add(ast.dump(node))
                found = _hoisted(body, loop, node)
                if found is not None:
                    yield found


def _in_rounds(loop: ast.For | ast.While) -> Iterator[ast.AST]:
    """What is evaluated in every round, outer before inner; not what nested functions hold."""
    stack: list[ast.AST] = list(reversed(loop.body))
    if isinstance(loop, ast.While):
        stack.append(loop.test)
    while stack:
        each = stack.pop()
        yield each
        if not isinstance(each, SCOPES):
            stack.extend(reversed(list(ast.iter_child_nodes(each))))


def _hoisted(body: Body, loop: ast.For | ast.While, node: ast.Call | ast.Attribute) -> Relaxation | None:
    called = isinstance(node, ast.Call)
    known = not called and _known_function(body, node)
    if not called and not known and not _bound_method(body, node):
        return None
    graph = body.graph
    number = graph.number(loop)
    if graph.scope.opaque or not (known or graph.invariant(node, number)):
        return None
    shape = Shape("method") if known else graph.reading(node, number)[1]
    shared = shape.name in ("method", "int", "str", "bool", "float") or body.text(node).startswith(
        "re.compile("
    )
    same = [
        each
        for each in _in_rounds(loop)
        if isinstance(each, ast.expr) and ast.dump(each) == ast.dump(node) and body.placed(each)
    ]
    if (
        not shared
        or not same
        or "\n" in body.text(node)
        or not all(_names_are_locals(body, loop, each) for each in same)
    ):
        return None
    text = body.text(node)
    name = body.free_name(text.removesuffix(")").replace("(", "_").replace(".", "_"))
    what = "the method" if not called else "the value"
    return Relaxation(
        "hoist_method" if not called else "hoist_value",
        f"{text} before the loop",
        f"`{text}` has to be looked up in every round of the loop in line {body.start(loop)[0] + 1}",
        "evaluating it cannot fail and changes nothing, and nothing in the loop changes what it reads",
        f"{what} `{text}` is taken once, before the loop, as `{name}`",
        (body.line_before(loop, f"{name} = {text}"), *(body.replaced(each, name) for each in same)),
        0.45 if not called else 0.7,
    )


def _bound_method(body: Body, node: ast.AST) -> bool:
    call = body.parents.get(node)
    return (
        isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and isinstance(call, ast.Call)
        and call.func is node
        and node.value.id in body.graph.scope.owned
    )


def _known_function(body: Body, node: ast.expr) -> bool:
    """Whether it names a function of the standard library that is called where it stands."""
    name, call = dotted(node), body.parents.get(node)
    standard = name in PURE_DOTTED or name in READING_DOTTED or name.startswith("math.")
    head = name.partition(".")[0]
    local = head in body.graph.scope.local or head in body.graph.scope.outer
    return standard and not local and isinstance(call, ast.Call) and call.func is node


def _names_are_locals(body: Body, loop: ast.stmt, node: ast.expr) -> bool:
    """Whether no comprehension around an expression gives its names another meaning."""
    for each in body.graph.scope.ancestors(node):
        if each is loop:
            return True
        if isinstance(each, COMPREHENSIONS):
            bound = {
                name.id
                for generator in each.generators
                for name in ast.walk(generator.target)
                if isinstance(name, ast.Name)
            }
            if any(mentions(node, name) for name in bound):
                return False
    return False


def _statements(body: Body, loop: ast.For | ast.While) -> Iterator[Relaxation]:
    graph = body.graph
    for node in loop.body:
        simple = isinstance(node, ast.Assign) and cost(node.value) >= 3 and "\n" not in body.text(node)
        if not simple or not body.bare(node) or len(loop.body) < 2:
            continue
        if graph.hoistable(graph.number(node), graph.number(loop)):
            text = body.text(node)
            yield Relaxation(
                "hoist_statement",
                f"{text} before the loop",
                f"`{text}` has to be done again in every round",
                "it cannot fail, what it reads does not change in the loop, and nothing outside the loop reads what it sets",
                f"`{text}` stands before the loop",
                (body.line_before(loop, text), body.removed(node)),
                0.75,
            )


def sinks(body: Body) -> Iterator[Relaxation]:
    """Do work only in the branch that uses it."""
    for block in body.blocks():
        for node, after in pairwise(block):
            if isinstance(node, ast.Assign) and isinstance(after, ast.If) and cost(node.value) >= 3:
                found = _sunk(body, node, after)
                if found is not None:
                    yield found


def _sunk(body: Body, node: ast.Assign, after: ast.If) -> Relaxation | None:
    target = node.targets[0]
    if len(node.targets) != 1 or not isinstance(target, ast.Name) or not body.private(target.id):
        return None
    uses = body.graph.statements[body.graph.number(node)].uses
    alone = uses.total and uses.changes == {target.id} and not body.graph.scope.opaque
    if not alone or not body.bare(node) or "\n" in body.text(node):
        return None
    test, _ = body.graph.reading(after.test, body.graph.number(after))
    loads = body.loads(target.id)
    branch = after.body if within(loads, after.body) else after.orelse
    in_elif = branch is after.orelse and len(branch) == 1 and isinstance(branch[0], ast.If)
    if not loads or not within(loads, branch) or test.changes & (uses.reads | uses.changes) or in_elif:
        return None
    if not body.alone(branch[0]) or body.start(branch[0])[0] <= body.end(after.test)[0]:
        return None
    text = body.text(node)
    where = "branch" if branch is after.body else "else branch"
    return Relaxation(
        "sink",
        f"{text} only where it is used",
        f"`{text}` is needed whichever branch is taken",
        "it cannot fail or be seen outside, and only one branch reads it",
        f"`{text}` is done in the {where} of `if {body.text(after.test)}` alone"[:200],
        (body.removed(node), body.line_before(branch[0], text)),
        0.65,
    )
