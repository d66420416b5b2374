"""What the repository's own code calls a procedure with, as far as it stands there: literals, names bound once to
them, the rows of a parametrised test, and loops over a written list."""

import ast
import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from daydream.analysis.source import Definition, own_nodes
from daydream.contracts.sandbox import Encoded, Inputs
from daydream.dream.trials.call_sites_literals import NotLiteral, Surroundings, tree_of_literal
from daydream.dream.trials.inputs_index import Index, Scope
from daydream.dream.trials.inputs_target import Target

FILES = 30
_COMBINED = 40
_DEPTH = 4
Names = Mapping[str, ast.expr]
Block = ast.Module | Definition


def call_sites(target: Target, index: Index, most: int) -> list[Inputs]:
    """Distinct arguments of calls in the files that name the procedure, tests first, at most `most`."""
    name = target.owner.rpartition(".")[2] if target.name == "__init__" else target.name
    if target.name.startswith("__") and target.name != "__init__":
        return []
    found: list[Inputs] = []
    paths = index.matching(name, rf"\b{re.escape(name)}\s*\(", FILES)
    for path in sorted(paths, key=lambda each: ("test" not in each, each)):
        scope = index.scope_at(path)
        for inputs in calls_in(scope, target, index) if scope else ():
            if inputs not in found:
                found.append(inputs)
            if len(found) >= most:
                return found
    return found


def calls_in(scope: Scope, target: Target, index: Index) -> Iterator[Inputs]:
    """The arguments of each call of the procedure in one module, where they can be read."""
    name = target.owner.rpartition(".")[2] if target.name == "__init__" else target.name
    for block, calls in scope.kept(("calls",), lambda: _calls(scope.tree)).get(name, ()):
        nodes = _nodes(block)
        names = bound_once(nodes)
        tables = [*_parametrised(block, scope), *_loops(nodes, names)]
        around = Surroundings(scope, index, names)
        for call in calls:
            yield from _of_call(call, target, around, tables)


def _calls(tree: ast.Module) -> dict[str, list[tuple[Block, list[ast.Call]]]]:
    """The calls of a module by the last part of what they call, block by block: its top level, each function."""
    found: dict[str, list[tuple[Block, list[ast.Call]]]] = {}
    blocks: list[Block] = [tree, *(each for each in ast.walk(tree) if isinstance(each, Definition))]
    for block in blocks:
        inside: dict[str, list[ast.Call]] = {}
        for each in _nodes(block):
            if isinstance(each, ast.Call):
                inside.setdefault(getattr(each.func, "id", getattr(each.func, "attr", "")), []).append(each)
        for name, calls in inside.items():
            found.setdefault(name, []).append((block, calls))
    return found


def _nodes(block: Block) -> list[ast.AST]:
    if isinstance(block, Definition):
        return list(own_nodes(block))
    found: list[ast.AST] = []
    stack: list[ast.AST] = list(reversed(block.body))
    while stack:
        each = stack.pop()
        found.append(each)
        if not isinstance(each, Definition | ast.ClassDef):
            stack.extend(reversed(list(ast.iter_child_nodes(each))))
    return found


def bound_once(nodes: Sequence[ast.AST]) -> dict[str, ast.expr]:
    """Names that one assignment binds and nothing changes in place."""
    count: dict[str, int] = {}
    values: dict[str, ast.expr] = {}
    for each in nodes:
        if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store | ast.Del):
            count[each.id] = count.get(each.id, 0) + 1
        elif isinstance(each, ast.Attribute | ast.Subscript) and isinstance(each.ctx, ast.Store | ast.Del):
            changed = each.value
            if isinstance(changed, ast.Name):
                count[changed.id] = count.get(changed.id, 0) + 2
        elif isinstance(each, ast.Assign) and len(each.targets) == 1 and isinstance(each.targets[0], ast.Name):  # fmt: skip
            values[each.targets[0].id] = each.value
    return {name: value for name, value in values.items() if count.get(name) == 1}


def _parametrised(block: ast.AST, scope: Scope) -> Iterator[list[dict[str, ast.expr]]]:
    """The rows of `pytest.mark.parametrize` above a test."""
    for each in block.decorator_list if isinstance(block, Definition) else ():
        if not isinstance(each, ast.Call) or len(each.args) < 2:
            continue
        if (scope.dotted(each.func) or "").rpartition(".")[2] != "parametrize":
            continue
        names = _argument_names(each.args[0])
        values = each.args[1]
        if isinstance(values, ast.Name):
            values = scope.assigned.get(values.id, values)
        if names and isinstance(values, ast.List | ast.Tuple):
            yield _rows(names, values.elts)


def _argument_names(node: ast.expr) -> list[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [each.strip() for each in node.value.split(",") if each.strip()]
    if isinstance(node, ast.List | ast.Tuple):
        return [
            each.value for each in node.elts if isinstance(each, ast.Constant) and isinstance(each.value, str)
        ]
    return []


def _rows(names: Sequence[str], items: Sequence[ast.expr]) -> list[dict[str, ast.expr]]:
    rows: list[dict[str, ast.expr]] = []
    for item in items[:_COMBINED]:
        parts: Sequence[ast.expr] = [item]
        if isinstance(item, ast.Call) and getattr(item.func, "attr", getattr(item.func, "id", "")) == "param":
            parts = item.args
        elif len(names) > 1 and isinstance(item, ast.Tuple | ast.List):
            parts = item.elts
        if len(parts) == len(names):
            rows.append(dict(zip(names, parts, strict=True)))
    return rows


def _loops(nodes: Sequence[ast.AST], names: Names) -> Iterator[list[dict[str, ast.expr]]]:
    for each in nodes:
        if not isinstance(each, ast.For):
            continue
        over = names.get(each.iter.id, each.iter) if isinstance(each.iter, ast.Name) else each.iter
        wanted = each.target.elts if isinstance(each.target, ast.Tuple) else [each.target]
        targets = [one.id for one in wanted if isinstance(one, ast.Name)]
        if len(targets) != len(wanted):
            continue
        if isinstance(over, ast.List | ast.Tuple | ast.Set):
            yield _rows(targets, over.elts)
        elif (
            isinstance(over, ast.Call)
            and isinstance(over.func, ast.Attribute)
            and over.func.attr == "items"
            and len(targets) == 2
        ):
            table = names.get(over.func.value.id) if isinstance(over.func.value, ast.Name) else over.func.value  # fmt: skip
            if isinstance(table, ast.Dict):
                pairs = zip(table.keys, table.values, strict=True)
                yield [
                    dict(zip(targets, (key, value), strict=True)) for key, value in pairs if key is not None
                ]


def _of_call(
    call: ast.Call, target: Target, around: Surroundings, tables: list[list[dict[str, ast.expr]]]
) -> Iterator[Inputs]:
    used = _used(call, around.names)
    wanted = [rows for rows in tables if rows and used.intersection(rows[0])]
    for rows in itertools.islice(itertools.product(*wanted), _COMBINED):
        names = {**around.names, **{name: value for row in rows for name, value in row.items()}}
        try:
            inputs = _read(call, target, replace(around, names=names))
        except NotLiteral:
            continue
        if inputs is not None:
            yield inputs


def _used(call: ast.Call, names: Names) -> set[str]:
    """The names that a call's arguments are made of, through those that are bound once."""
    found = {each.id for each in ast.walk(call) if isinstance(each, ast.Name)}
    for _ in range(_DEPTH):
        more = {each.id for name in found if name in names for each in ast.walk(names[name]) if isinstance(each, ast.Name)}  # fmt: skip
        if more <= found:
            break
        found |= more
    return found


def _read(call: ast.Call, target: Target, around: Surroundings) -> Inputs | None:
    """The arguments of one call, None where it calls something else.

    Raises:
        NotLiteral: one of them cannot be read.
    """
    receiver = _receiver(call, target, around)
    if receiver is None:
        return None
    if any(each.arg is None for each in call.keywords):
        raise NotLiteral
    given = tree_of_literal(ast.Tuple(call.args, ast.Load()), around)[1]
    named = tuple((each.arg, tree_of_literal(each.value, around)) for each in call.keywords if each.arg)
    if not target.fits(given, named):
        return None
    return Inputs((*receiver, *given), named)


def _receiver(call: ast.Call, target: Target, around: Surroundings) -> tuple[Encoded, ...] | None:
    """What stands before the arguments: nothing for a function, the object for a method; None: another is called."""
    if target.receiver == "object":
        if not isinstance(call.func, ast.Attribute):
            return None
        made = tree_of_literal(call.func.value, around)
        return (made,) if _is_of(made, target) else None
    wanted = target.owner if target.receiver == "blank" else target.qualname
    if not _leads_to(call.func, wanted, target, around):
        return None
    fixed = target.receiving()
    return () if fixed is None else (fixed,)


def _leads_to(node: ast.expr, qualname: str, target: Target, around: Surroundings) -> bool:
    dotted = around.scope.dotted(node)
    if dotted is None:
        return False
    place = around.index.find(dotted)
    if place is not None:
        return (place.scope.path, place.qualname) == (target.scope.path, qualname)
    # Bound where this does not look, such as an import inside a function.
    return isinstance(node, ast.Name) and dotted == f"{around.scope.module}.{qualname}"


def _is_of(made: Encoded, target: Target) -> bool:
    """Whether a tree makes an object of the target's class."""
    if type(made) is not list or made[0] != "new":
        return False
    return made[1:3] == [target.scope.module, target.owner]
