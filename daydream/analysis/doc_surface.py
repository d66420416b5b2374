"""What one Python file offers to whoever runs the program: commands, options, variables, routes, and what it deprecates."""

import ast
import re
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

_WORTH_READING = re.compile(
    rb"argparse|optparse|click|typer|cleo|environ|getenv|BaseSettings|\.route\(|\.(?:get|post|put|patch|delete)\("
    rb"|\bpath\(|add_url_rule|[Dd]eprecat|add_argument|decouple|environs"
)
_OPTION = re.compile(r"--[A-Za-z][\w-]*\Z")
_VARIABLE = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\Z")
_COMMAND = re.compile(r"[a-z][\w:.-]*\Z")
_SUFFIX = re.compile(r"_(?:command|cmd|group|grp)\Z")
_METHODS = {"get", "post", "put", "patch", "delete", "head", "options"}
_READERS = {
    "getenv",
    "get",
    "pop",
    "setdefault",
    "env",
    "config",
    "str",
    "int",
    "bool",
    "list",
    "getenv_bool",
}


@dataclass(frozen=True, slots=True)
class Route:
    """One address that the file answers at: its methods (empty: any), its path as written."""

    methods: tuple[str, ...]
    path: str


@dataclass(slots=True)
class Surface:
    """What a file offers; `variables` maps a name to whether every read of it is one that
    fails without it."""

    commands: set[str] = field(default_factory=set)
    options: set[str] = field(default_factory=set)
    variables: dict[str, bool] = field(default_factory=dict)
    routes: list[Route] = field(default_factory=list)
    prefixes: list[str] = field(default_factory=list)
    deprecated: dict[str, str] = field(default_factory=dict)


def read_surface(source: bytes) -> Surface | None:
    """Read one file by its syntax alone; None where it is no Python that can be read here."""
    if not _WORTH_READING.search(source):
        return Surface()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    found = Surface()
    for node in ast.walk(tree):
        for kind, read in _READ:
            if isinstance(node, kind):
                read(node, found)
    _deprecations(tree, "", found)
    return found


def _call(node: ast.Call, found: Surface) -> None:
    name = _last(node.func)
    texts = [arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
    for text in texts:
        found.options.update(part.strip() for part in re.split(r"[/,]", text) if _OPTION.match(part.strip()))
    for inner in node.args:
        if isinstance(inner, ast.List | ast.Tuple):
            found.options.update(t for t in _strings(inner) if _OPTION.match(t))
    if name == "option" and texts and re.fullmatch(r"[a-z][\w-]+", texts[0]):
        found.options.add(f"--{texts[0]}")
    if name in {"add_parser", "command", "group", "add_command", "add_typer", "register_command"}:
        found.commands.update(
            text for text in (*texts, *_keyword_texts(node, "name", "aliases")) if _COMMAND.match(text)
        )
    if name in {
        "include_router",
        "register_blueprint",
        "mount",
        "APIRouter",
        "Blueprint",
        "APIWrapper",
        "include",
    }:
        found.prefixes += _keyword_texts(node, "prefix", "url_prefix") + [
            t for t in texts if t.startswith("/")
        ]
    if name in {"add_url_rule", "add_api_route", "path", "re_path", "add_resource"} and texts:
        paths = [text for text in texts if text.startswith("/")] if name == "add_resource" else texts[:1]
        found.routes += [Route(_named_methods(node), text) for text in paths]
    if name.startswith("add_") and name[4:] in _METHODS and texts:
        found.routes.append(Route((name[4:].upper(),), texts[0]))
    _environment(node, name, texts, found)
    found.variables.update(
        {
            text: False
            for text in _keyword_texts(node, "envvar", "env", "env_var", "auto_envvar_prefix")
            if _VARIABLE.match(text)
        }
    )


def _environment(node: ast.Call, name: str, texts: list[str], found: Surface) -> None:
    owner = _last(node.func.value) if isinstance(node.func, ast.Attribute) else ""
    reads = (
        name == "getenv"
        or (name in _READERS and owner in {"environ", "env"})
        or (not owner and name in {"env", "config"})
    )
    if reads and texts and _VARIABLE.match(texts[0]):
        found.variables[texts[0]] = False


def _compare(node: ast.Compare, found: Surface) -> None:
    """``"NAME" in os.environ``: read, and not needed."""
    key = node.left.value if isinstance(node.left, ast.Constant) else None
    if (
        isinstance(key, str)
        and _VARIABLE.match(key)
        and any(_last(other) == "environ" for other in node.comparators)
    ):
        found.variables[key] = False


def _subscript(node: ast.Subscript, found: Surface) -> None:
    key = node.slice.value if isinstance(node.slice, ast.Constant) else None
    if _last(node.value) == "environ" and isinstance(key, str) and _VARIABLE.match(key):
        found.variables[key] = found.variables.get(key, True) and isinstance(node.ctx, ast.Load)


def _function(node: ast.FunctionDef | ast.AsyncFunctionDef, found: Surface) -> None:
    for decorator in node.decorator_list:
        call = decorator if isinstance(decorator, ast.Call) else None
        target = call.func if call else decorator
        name = _last(target)
        if name in {"command", "group", "callback"}:
            found.commands.update(part.replace("_", "-") for part in {node.name, _SUFFIX.sub("", node.name)})
            found.options.update(_parameters(node))
        elif (
            call
            and call.args
            and isinstance(call.args[0], ast.Constant)
            and isinstance(call.args[0].value, str)
        ):
            path = call.args[0].value
            if name == "route" or name in {"api_route", "websocket"}:
                found.routes.append(Route(_named_methods(call), path))
            elif name in _METHODS and (path.startswith("/") or not path):
                found.routes.append(Route((name.upper(),), path))


def _parameters(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[str]:
    """The options that typer makes of a function's parameters."""
    for argument in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs):
        plain = argument.arg.strip("_").replace("_", "-")
        yield from (f"--{plain}", f"--no-{plain}")


def _class(node: ast.ClassDef, found: Surface) -> None:
    bases = {_last(base) for base in node.bases}
    if "BaseSettings" in bases:
        prefix = _prefix(node)
        for field_ in node.body:
            if (
                isinstance(field_, ast.AnnAssign)
                and isinstance(field_.target, ast.Name)
                and field_.target.id != "model_config"
            ):
                name = f"{prefix}{field_.target.id}".upper()
                found.variables[name] = field_.value is None
    for statement in node.body:
        if (
            isinstance(statement, ast.Assign)
            and node.name.endswith("Command")
            and _last(statement.targets[0]) == "name"
        ):
            value = statement.value
            if isinstance(value, ast.Constant) and isinstance(value.value, str) and value.value.split():
                found.commands.update(value.value.split())


def _prefix(node: ast.ClassDef) -> str:
    for inner in ast.walk(node):
        if (
            isinstance(inner, ast.keyword)
            and inner.arg == "env_prefix"
            and isinstance(inner.value, ast.Constant)
        ):
            return str(inner.value.value)
        if (
            isinstance(inner, ast.Assign)
            and _last(inner.targets[0]) == "env_prefix"
            and isinstance(inner.value, ast.Constant)
        ):
            return str(inner.value.value)
    return ""


def _deprecations(node: ast.AST, outer: str, found: Surface) -> None:
    """The definitions that the file marks as deprecated as a whole: by decorator, by docstring, or by a warning
    that their body begins with."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        name = f"{outer}.{child.name}" if outer else child.name
        if not child.name.startswith("_") and (why := _deprecated(child)):
            found.deprecated[name] = why
        if isinstance(child, ast.ClassDef):
            _deprecations(child, name, found)


def _deprecated(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> str:
    if any(
        _last(d.func if isinstance(d, ast.Call) else d) in {"deprecated", "deprecate"}
        for d in node.decorator_list
    ):
        return "decorator"
    doc = ast.get_docstring(node) or ""
    if re.search(r"^\.\. deprecated::", doc, re.MULTILINE):
        return "docstring"
    body = node.body[1:] if doc else node.body
    first = body[0] if body else None
    call = first.value if isinstance(first, ast.Expr) and isinstance(first.value, ast.Call) else None
    if call is not None and _last(call.func) == "warn" and not isinstance(node, ast.ClassDef):
        kinds = {_last(arg) for arg in (*call.args, *(keyword.value for keyword in call.keywords))}
        if any("DeprecationWarning" in kind for kind in kinds):
            return "warning"
    return ""


def _named_methods(node: ast.Call) -> tuple[str, ...]:
    return tuple(sorted(text.upper() for text in _keyword_texts(node, "methods", "method")))


def _keyword_texts(node: ast.Call, *names: str) -> list[str]:
    return [text for keyword in node.keywords if keyword.arg in names for text in _strings(keyword.value)]


def _strings(node: ast.AST) -> Iterator[str]:
    items: Iterable[ast.AST] = node.elts if isinstance(node, ast.List | ast.Tuple | ast.Set) else (node,)
    yield from (
        item.value for item in items if isinstance(item, ast.Constant) and isinstance(item.value, str)
    )


def _last(node: ast.AST) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


_READ: tuple[tuple[type | tuple[type, ...], Callable[..., None]], ...] = (
    (ast.Call, _call),
    (ast.Subscript, _subscript),
    (ast.Compare, _compare),
    ((ast.FunctionDef, ast.AsyncFunctionDef), _function),
    (ast.ClassDef, _class),
)
