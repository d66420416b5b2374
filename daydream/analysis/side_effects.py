"""What a function does to the world, told from its source alone: pure, reads, writes or unknown.

`writes` was seen; `pure` and `reads` hold only where every call is known; everything else is unknown.
"""

import ast
import builtins
from collections.abc import Sequence

from daydream.contracts.dream import SideEffects

_PURE_BUILTINS = frozenset(
    [
        "abs",
        "all",
        "any",
        "ascii",
        "bin",
        "bool",
        "bytes",
        "bytearray",
        "callable",
        "chr",
        "complex",
        "dict",
        "divmod",
        "enumerate",
        "filter",
        "float",
        "format",
        "frozenset",
        "getattr",
        "hasattr",
        "hash",
        "hex",
        "int",
        "isinstance",
        "issubclass",
        "iter",
        "len",
        "list",
        "map",
        "max",
        "min",
        "oct",
        "ord",
        "pow",
        "range",
        "repr",
        "reversed",
        "round",
        "set",
        "slice",
        "sorted",
        "str",
        "sum",
        "super",
        "tuple",
        "type",
        "zip",
    ]
) | {name for name in vars(builtins) if name.endswith(("Error", "Exception", "Warning"))}
_PURE_MODULES = frozenset(["math", "operator", "itertools", "functools", "re", "statistics", "textwrap"])
_READING = frozenset(
    [
        "os.getcwd",
        "os.getenv",
        "os.listdir",
        "os.scandir",
        "os.stat",
        "os.walk",
        "time.time",
        "time.monotonic",
        "time.perf_counter",
        "random.random",
        "random.randint",
        "random.choice",
        "os.path.exists",
        "os.path.isfile",
        "os.path.isdir",
        "input",
    ]
)
_WRITING = frozenset(
    [
        "print",
        "exec",
        "eval",
        "setattr",
        "delattr",
        "time.sleep",
        "os.remove",
        "os.unlink",
        "os.rename",
        "os.replace",
        "os.mkdir",
        "os.makedirs",
        "os.rmdir",
        "os.system",
        "os.chmod",
        "os.kill",
        "sys.exit",
    ]
)
_WRITING_MODULES = frozenset(["shutil", "subprocess", "logging", "logger", "log", "warnings", "socket"])
_WRITING_METHODS = frozenset(
    ["write", "writelines", "write_text", "write_bytes", "unlink", "mkdir", "rmdir", "touch", "flush"]
)
_MUTATING_METHODS = frozenset(
    [
        "append",
        "extend",
        "insert",
        "remove",
        "pop",
        "popitem",
        "clear",
        "update",
        "setdefault",
        "add",
        "discard",
        "sort",
        "reverse",
    ]
)
_FRESH_CALLS = frozenset({"list", "dict", "set", "bytearray"})
_FRESH = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp)
_HARMLESS = frozenset(
    {ast.Name, ast.Constant, ast.Expr, ast.keyword, ast.arguments, ast.arg, ast.Return, ast.Assign}
)


def classify(node: ast.FunctionDef | ast.AsyncFunctionDef, nodes: Sequence[ast.AST]) -> SideEffects:
    """Return the class of a function, given the nodes of its own body.

    Changing a container that the function itself made is not an effect; changing anything that it was
    given is `writes`.
    """
    fresh = _fresh_names(node, nodes)
    local = fresh | _local_names(node, nodes)
    given = _local_names(node, [])
    if any(_may_change_what_it_was_given(each, fresh, given, nodes) for each in nodes):
        return "writes"
    found = {_effect(each, fresh, local) for each in nodes if type(each) not in _HARMLESS}
    for effect in ("writes", "unknown", "reads"):
        if effect in found:
            return effect
    return "pure"


def _may_change_what_it_was_given(
    node: ast.AST, fresh: set[str], given: set[str], nodes: Sequence[ast.AST]
) -> bool:
    """Whether ``name += value`` may change an object in place: a list that came from outside, say. It cannot where the
    function made the container itself, or where the name was only ever bound to what cannot change."""
    if not isinstance(node, ast.AugAssign) or not isinstance(node.target, ast.Name):
        return False
    name = node.target.id
    if name in fresh or (isinstance(node.value, ast.Constant) and isinstance(node.value.value, int | float)):
        return False
    if name in given:
        return True
    plain = [each for each in nodes if isinstance(each, ast.Assign | ast.AnnAssign) and _binds(each, name)]
    stored = sum(isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Store) for n in nodes)
    again = sum(
        isinstance(n, ast.AugAssign) and isinstance(n.target, ast.Name) and n.target.id == name for n in nodes
    )
    unchanging = ast.Constant | ast.JoinedStr | ast.Compare
    settled = all(
        isinstance(v := each.value, unchanging) or (v is not None and _is_fresh(v)) for each in plain
    )
    return not (plain and settled and stored == len(plain) + again)


def _binds(node: ast.Assign | ast.AnnAssign, name: str) -> bool:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return any(isinstance(target, ast.Name) and target.id == name for target in targets)


def _effect(node: ast.AST, fresh: set[str], local: set[str]) -> SideEffects:
    match node:
        case ast.Global() | ast.Nonlocal():
            return "writes"
        case ast.Attribute(ctx=ast.Store() | ast.Del()):
            return "writes"
        case ast.Subscript(value=held, ctx=ast.Store() | ast.Del()):
            return "pure" if isinstance(held, ast.Name) and held.id in fresh else "writes"
        case ast.Call():
            return _call_effect(node, fresh, local)
        case ast.Await() | ast.Yield() | ast.YieldFrom() | ast.With() | ast.AsyncWith() | ast.AsyncFor():
            return "unknown"
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() | ast.Import() | ast.ImportFrom():
            return "unknown"
        case ast.Attribute(value=ast.Name(id=name)) if name not in _PURE_MODULES and name not in fresh:
            return "reads"
        case _:
            return "pure"


def _call_effect(node: ast.Call, fresh: set[str], local: set[str]) -> SideEffects:
    function = node.func
    name = _dotted(function)
    if isinstance(function, ast.Name):
        return "unknown" if name in local else _named_effect(name, node)
    if not isinstance(function, ast.Attribute):
        return "unknown"
    head = name.split(".", 1)[0]
    if function.attr in _WRITING_METHODS or (head in _WRITING_MODULES and head not in local):
        return "writes"
    if function.attr in _MUTATING_METHODS and isinstance(function.value, ast.Name):
        return "pure" if head in fresh else "writes" if head in local else "unknown"
    if isinstance(function.value, ast.Constant):
        return "pure"
    if head in local:
        return "unknown"
    return "pure" if head in _PURE_MODULES and "." in name else _named_effect(name, node)


def _named_effect(name: str, node: ast.Call) -> SideEffects:
    if name == "open":
        return _open_effect(node)
    if name in _WRITING:
        return "writes"
    if name in _READING:
        return "reads"
    return "pure" if name in _PURE_BUILTINS else "unknown"


def _open_effect(node: ast.Call) -> SideEffects:
    given = [*node.args[1:2], *(each.value for each in node.keywords if each.arg == "mode")]
    if not given:
        return "reads"
    mode = given[0].value if isinstance(given[0], ast.Constant) else None
    if not isinstance(mode, str):
        return "unknown"
    return "writes" if set(mode) & set("wax+") else "reads"


def _dotted(node: ast.expr) -> str:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([*([node.id] if isinstance(node, ast.Name) else []), *reversed(parts)])


def _local_names(node: ast.FunctionDef | ast.AsyncFunctionDef, nodes: Sequence[ast.AST]) -> set[str]:
    spec = node.args
    given = [
        *spec.posonlyargs,
        *spec.args,
        *spec.kwonlyargs,
        *(each for each in (spec.vararg, spec.kwarg) if each),
    ]
    stored = {each.id for each in nodes if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)}
    return {each.arg for each in given} | stored


def _fresh_names(node: ast.FunctionDef | ast.AsyncFunctionDef, nodes: Sequence[ast.AST]) -> set[str]:
    """Return the local names that only ever hold containers made here."""
    made: dict[str, int] = {}
    bound: dict[str, int] = {}
    for each in nodes:
        if isinstance(each, ast.Assign | ast.AnnAssign) and each.value is not None and _is_fresh(each.value):
            targets = each.targets if isinstance(each, ast.Assign) else [each.target]
            for target in targets:
                if isinstance(target, ast.Name):
                    made[target.id] = made.get(target.id, 0) + 1
        if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store):
            bound[each.id] = bound.get(each.id, 0) + 1
    given = {each.arg for each in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)}
    return {name for name, times in made.items() if bound[name] == times and name not in given}


def _is_fresh(value: ast.expr) -> bool:
    called = (
        isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id in _FRESH_CALLS
    )
    return called or isinstance(value, _FRESH)
