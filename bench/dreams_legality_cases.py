"""The functions of bench.dreams_legality with their variants: generated, of the standard library, of folders."""

import ast
import copy
import random
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path

from bench.dreams_legality_programs import LITERALS, PRELUDE, Writer
from daydream.analysis.dependence import Graph, analyse
from daydream.analysis.roles import is_test
from daydream.analysis.source import Definition, NotParsed, function_tree, parse
from daydream.contracts.dream import Policy, Procedure
from daydream.dream.catalogue import procedure_of
from daydream.dream.kinds.constraint_relaxation import ConstraintRelaxation, pure_names
from daydream.records.repository import SourceFile

# Importing these opens windows or pages, or is not possible everywhere.
_NOT_IMPORTED = frozenset(
    {"antigravity", "this", "turtle", "__main__", "tkinter", "pty", "tty", "msilib", "nturl2path"}
)
_PACKAGES = (
    "email/*.py",
    "html/*.py",
    "http/*.py",
    "json/*.py",
    "urllib/*.py",
    "logging/*.py",
    "xml/sax/*.py",
    "wsgiref/*.py",
)


@dataclass(slots=True)
class Case:
    """A function with its variants: `variants` are (what, legal, source), `types` of its parameters, `where` it runs."""

    name: str
    source: str
    types: list[str]
    seed: int
    module: str = ""
    extra: str = ""
    variants: list[tuple[str, bool, str]] = field(default_factory=list)
    between: list[str] = field(default_factory=list)


def generated(count: int, seed: int) -> Iterator[Case]:
    """Functions written from a seed."""
    for number in range(count):
        rng = random.Random(seed * 1_000_003 + number)
        source, types = Writer(rng).program("f")
        file = SourceFile("bench.py", "0", 0)
        module = parse(f"{PRELUDE}\n{source}".encode())
        procedures = [
            replace(procedure_of(file, each), source=module.source(each.first_line, each.last_line))
            for each in module.functions
        ]
        case = Case("f", source, types, number)
        _vary(case, procedures[-1], procedures[:-1])
        yield case


def standard_library() -> Iterator[Case]:
    """Pure functions of the standard library."""
    folder = Path(sysconfig.get_path("stdlib"))
    for path in sorted(each for pattern in ("*.py", *_PACKAGES) for each in folder.glob(pattern)):
        name = ".".join(path.relative_to(folder).with_suffix("").parts)
        if name.partition(".")[0] not in _NOT_IMPORTED and not name.endswith("__"):
            yield from _of_file(path, path.name, name)


def of_folders(folders: Sequence[Path]) -> Iterator[Case]:
    """Pure functions of the Python files in folders, tests left out."""
    for folder in folders:
        for path in sorted(folder.rglob("*.py")):
            if not is_test(str(path.relative_to(folder))):
                yield from _of_file(path, str(path.relative_to(folder)), "")


def _of_file(path: Path, shown: str, module_name: str) -> Iterator[Case]:
    """The pure functions at the top of a file; without a module to run in, with what else of the file stands alone."""
    try:
        module = parse(path.read_bytes())
    except (NotParsed, OSError):
        return
    file = SourceFile(shown, "0", 0)
    procedures = [
        replace(procedure_of(file, each), source=module.source(each.first_line, each.last_line))
        for each in module.functions
    ]
    extra = "" if module_name else _standing_alone("\n".join(module.lines))
    for number, (each, function) in enumerate(zip(procedures, module.functions, strict=True)):
        simple = (
            _is_pure(each, function.node)
            and "." not in each.qualname
            and not each.is_async
            and not each.decorators
        )
        if (
            not simple
            or each.source is None
            or any(isinstance(one, ast.Yield | ast.YieldFrom) for one in ast.walk(function.node))
        ):
            continue
        types = [_type(one) for one in (*function.node.args.posonlyargs, *function.node.args.args)]
        case = Case(each.qualname, each.source, types, number, module_name, extra)
        _vary(case, each, procedures)
        if case.variants:
            yield case


def _is_pure(procedure: Procedure, node: Definition) -> bool:
    """Whether the catalogue or the analysis says so (the latter also of one that reads what it is given)."""
    return procedure.side_effects == "pure" or analyse(node).effect in ("pure", "reads")


def _standing_alone(text: str) -> str:
    """The literal constants, pure functions and standard imports of a file."""
    kept = []
    module = parse(text.encode("utf-8", "surrogatepass"))
    pure = {
        each.first_line: each
        for each in module.functions
        if each.side_effects == "pure" and "." not in each.qualname
    }
    for node in ast.parse(text).body:
        literal = isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        standard = isinstance(node, ast.Import) and all(
            each.name in sys.stdlib_module_names for each in node.names
        )
        if literal or standard or (node.lineno in pure and not pure[node.lineno].decorators):
            kept.append(ast.unparse(node))
    return "\n".join(kept)


def _type(argument: ast.arg) -> str:
    """The annotation of a parameter where inputs can be made for it."""
    written = ast.unparse(argument.annotation).strip("'\"") if argument.annotation is not None else "?"
    simple = written in ("int", "str", "bool", "float", "bytes", *LITERALS)
    return written if simple else "?"


def _vary(case: Case, procedure: Procedure, related: Sequence[Procedure]) -> None:
    """Add every variant that is worth a run, and the base with a mark between each two neighbours."""
    source = procedure.source or ""
    try:
        node, _ = function_tree(source)
    except NotParsed:
        return
    graph = analyse(node, pure_names=pure_names(source, procedure, related))
    for block in graph.blocks:
        _swap(case, graph, block)
        for position, index in enumerate(block):
            for before in block[: max(0, position - 1)]:
                if graph.may_move(index, before):
                    case.variants.append(("move", True, _moved(graph, index, before)))
    for each in graph.statements:
        loop = graph.statements[each.parent].node if each.parent is not None else None
        inside = isinstance(loop, ast.For | ast.While) and each.node in loop.body and len(loop.body) > 1
        if inside and each.parent is not None and graph.hoistable(each.index, each.parent):
            case.variants.append(("hoist", True, _moved(graph, each.index, each.parent)))
    for dream in ConstraintRelaxation().propose(
        procedure, related, Policy(per_procedure=5), random.Random(1)
    ):
        case.variants.append((dream.transform_id.partition(".")[2], True, dream.code))


def _swap(case: Case, graph: Graph, block: Sequence[int]) -> None:
    """Add every pair of neighbours of a block, legal or not."""
    for one, other in pairwise(block):
        same = ast.dump(graph.statements[one].node) == ast.dump(graph.statements[other].node)
        # A docstring is a docstring only in its place, and nothing is done there.
        if same or (one == 0 and ast.get_docstring(graph.scope.node) is not None):
            continue
        legal = bool(graph.may_swap(one, other))
        case.variants.append(("swap", legal, _moved(graph, other, one)))
        case.between.append(_marked(graph, other))


def _moved(graph: Graph, index: int, before: int) -> str:
    """The function with one statement moved before another."""
    tree = copy.deepcopy(graph.scope.node)
    old = _at(graph, tree, index)
    new = _at(graph, tree, before)
    anchor, moved = new[0][new[1]], old[0].pop(old[1])
    new[0].insert(new[0].index(anchor), moved)
    return ast.unparse(tree) + "\n"


def _at(graph: Graph, tree: ast.AST, index: int) -> tuple[list[ast.stmt], int]:
    """The list that holds a statement in a copy of the function, and its place there."""
    statement = graph.statements[index]
    wanted = statement.node
    for one, other in zip(ast.walk(graph.scope.node), ast.walk(tree), strict=True):
        for name in ("body", "orelse", "finalbody"):
            held = getattr(one, name, None)
            if isinstance(held, list) and any(each is wanted for each in held):
                place = next(number for number, each in enumerate(held) if each is wanted)
                found: list[ast.stmt] = getattr(other, name)
                return found, place
    msg = f"statement {index} is nowhere"
    raise LookupError(msg)


def _marked(graph: Graph, index: int) -> str:
    """The function with a mark before a statement."""
    tree = copy.deepcopy(graph.scope.node)
    held, place = _at(graph, tree, index)
    held.insert(place, ast.parse("MARK()").body[0])
    return ast.unparse(ast.fix_missing_locations(tree)) + "\n"
