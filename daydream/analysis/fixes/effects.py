"""Whether an expression, a statement, or importing a module does anything but bind names."""

import ast
import builtins

from daydream.analysis.fixes.page import Left, decode, read
from daydream.analysis.fixes.tree import Tree

PLAIN_BASES = frozenset(
    (
        *(
            "object",
            "ABC",
            "Protocol",
            "Generic",
            "NamedTuple",
            "TypedDict",
            "Enum",
            "IntEnum",
            "StrEnum",
            "Flag",
        ),
        *("IntFlag", "dict", "list", "tuple", "set", "str", "int", "float", "bytes", "type"),
        *(name for name in dir(builtins) if name.endswith(("Error", "Exception", "Warning"))),
    )
)
PLAIN_DECORATORS = frozenset(
    (
        *(
            "staticmethod",
            "classmethod",
            "property",
            "cached_property",
            "cache",
            "lru_cache",
            "wraps",
            "dataclass",
        ),
        *(
            "contextmanager",
            "asynccontextmanager",
            "total_ordering",
            "runtime_checkable",
            "final",
            "override",
        ),
        *("overload", "abstractmethod", "unique"),
    )
)
_PURE_CALLS = frozenset(
    (
        *(
            "frozenset",
            "set",
            "dict",
            "list",
            "tuple",
            "object",
            "range",
            "bool",
            "namedtuple",
            "NamedTuple",
            "TypeVar",
        ),
        *(
            "NewType",
            "ParamSpec",
            "getLogger",
            "compile",
            "defaultdict",
            "OrderedDict",
            "deque",
            "Path",
            "field",
        ),
        *("timedelta", "Decimal", "Fraction", "Counter", "MappingProxyType", "ContextVar", "Lock", "RLock"),
    )
)
_QUIET_BUILTINS = frozenset({"len", "isinstance", "issubclass", "callable", "id", "type"})
EFFECT_MODULES = frozenset(
    (
        *(
            "readline",
            "rlcompleter",
            "this",
            "antigravity",
            "site",
            "sitecustomize",
            "usercustomize",
            "encodings",
        ),
        *(
            "gevent",
            "eventlet",
            "seaborn",
            "mpl_toolkits",
            "matplotlib",
            "scienceplots",
            "tensorflow",
            "torch",
        ),
        *("tensorflow_text", "pint_pandas", "nc_time_axis", "hvplot", "rioxarray", "cudf", "cv2", "win32com"),
        *(
            "pythoncom",
            "pywintypes",
            "setuptools",
            "pretty_errors",
            "django_heroku",
            "pyximport",
            "truststore",
        ),
        *("pygame", "pyglet", "OpenGL", "swigfaiss"),
    )
)


def last_name(node: ast.expr) -> str:
    """The last part of a dotted name, called or subscripted or not; empty for anything else."""
    while isinstance(node, ast.Call | ast.Subscript):
        node = node.func if isinstance(node, ast.Call) else node.value
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def is_pure(node: ast.expr, *, calls: bool = False) -> bool:
    """Whether evaluating an expression cannot do or refuse anything: constants, names, displays of them,
    and with `calls` also calls that are known to build a value and nothing else."""
    if isinstance(node, ast.Constant | ast.Name | ast.Lambda):
        return True
    if isinstance(node, ast.Tuple | ast.List):
        return all(is_pure(each, calls=calls) for each in node.elts)
    if isinstance(node, ast.Set):
        return all(isinstance(each, ast.Constant) for each in node.elts)
    if isinstance(node, ast.Dict):
        keys = all(isinstance(key, ast.Constant) for key in node.keys)
        return keys and all(is_pure(each, calls=calls) for each in node.values)
    if isinstance(node, ast.JoinedStr):
        return all(isinstance(each, ast.Constant) for each in node.values)
    if isinstance(node, ast.UnaryOp):
        return isinstance(node.operand, ast.Constant)
    if isinstance(node, ast.BoolOp):
        return all(isinstance(each, ast.Constant) for each in node.values)
    if isinstance(node, ast.Call):
        return _is_pure_call(node, calls=calls)
    return calls and isinstance(node, ast.Attribute | ast.Subscript | ast.BinOp)


def _is_pure_call(node: ast.Call, *, calls: bool) -> bool:
    given = [*node.args, *(keyword.value for keyword in node.keywords)]
    if isinstance(node.func, ast.Name) and node.func.id in _QUIET_BUILTINS:
        return not node.keywords and all(isinstance(each, ast.Name | ast.Constant) for each in node.args)
    known = calls and last_name(node.func) in _PURE_CALLS
    return known and all(is_pure(each, calls=True) or isinstance(each, ast.GeneratorExp) for each in given)


class Importing:
    """Says whether importing a module of the repository has effects, with what it imports of its own."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._paths = set(tree.ctx.paths(".py"))
        self._known: dict[str, bool] = {}

    def find(self, dotted: str, near: str = "", level: int = 0) -> str | None:
        """The path of a module of the repository, by its dotted name, or relative to the file `near`."""
        parts = [part for part in dotted.split(".") if part]
        if level:
            folders = near.split("/")[:-level]
            ends = ["/".join([*folders, *parts])]
            return self._of(ends[0], exact=True)
        return self._of("/".join(parts), exact=False)

    def _of(self, stem: str, *, exact: bool) -> str | None:
        wanted = (f"{stem}.py", f"{stem}/__init__.py".lstrip("/"))
        if exact:
            return next((path for path in wanted if path in self._paths), None)
        ends = tuple(f"/{path}" for path in wanted)
        return next((path for path in sorted(self._paths) if path in wanted or path.endswith(ends)), None)

    def is_quiet(self, path: str) -> bool:
        """Whether importing a module only defines things."""
        if path not in self._known:
            self._tree.ctx.check()
            self._known[path] = True  # for those that import one another
            try:
                body = decode(path, read(self._tree.ctx, path)).tree.body
            except Left:
                body = None
            self._known[path] = body is not None and all(self._defines(path, node) for node in body)
        return self._known[path]

    def _defines(self, path: str, node: ast.stmt) -> bool:
        """Whether a statement at the top of a module only binds names."""
        if isinstance(node, ast.Import):
            return all(self._is_quiet_name(alias.name) for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            found = self.find(node.module or "", path, node.level)
            if node.level == 0 and found is None:
                return self._is_quiet_name(node.module or "")
            return found is not None and self.is_quiet(found)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            return all(last_name(each) in PLAIN_DECORATORS for each in node.decorator_list)
        if isinstance(node, ast.ClassDef):
            return self._is_quiet_class(path, node)
        if isinstance(node, ast.Assign):
            return all(isinstance(t, ast.Name | ast.Tuple) for t in node.targets) and is_pure(
                node.value, calls=True
            )
        if isinstance(node, ast.AnnAssign):
            return node.value is None or is_pure(node.value, calls=True)
        if isinstance(node, ast.If | ast.Try):
            inner = [*node.body, *node.orelse, *(s for h in getattr(node, "handlers", ()) for s in h.body)]
            return all(self._defines(path, each) for each in inner)
        return isinstance(node, ast.Pass) or (
            isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        )

    def _is_quiet_name(self, dotted: str) -> bool:
        found = self.find(dotted)
        return dotted.partition(".")[0] not in EFFECT_MODULES if found is None else self.is_quiet(found)

    def _is_quiet_class(self, path: str, node: ast.ClassDef) -> bool:
        bases = {last_name(base) for base in node.bases}
        plain = not node.keywords and all(base in PLAIN_BASES or base in self._tree.classes for base in bases)
        decorated = all(last_name(each) in PLAIN_DECORATORS for each in node.decorator_list)
        return plain and decorated and all(self._defines(path, each) for each in node.body)
