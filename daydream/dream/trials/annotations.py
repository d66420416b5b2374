"""Annotations read as trees: what an argument may be, without evaluating anything."""

import ast
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from daydream.analysis.source import NotParsed, tree_of
from daydream.dream.trials.inputs_index import Index, Scope

_DEPTH = 25
_TEXT = 2_000


@dataclass(frozen=True, slots=True)
class Hint:
    """What a value may be.

    `kind` is a built-in type's name or one of "any", "union", "literal", "variadic" (a tuple of any length), "var",
    "callable", "class" (of the repository), "type" (a class as a value), "standard" (of the standard library), "foreign"
    and "unknown". `parts` are the types inside, `name` the dotted name where there is one, `values` the encoded trees of a
    literal, `keys` the texts that a dictionary is asked for.
    """

    kind: str
    parts: tuple["Hint", ...] = ()
    name: str = ""
    values: tuple[Any, ...] = ()
    keys: tuple[str, ...] = ()

    @property
    def options(self) -> tuple["Hint", ...]:
        """The alternatives of a union, itself for any other."""
        return self.parts if self.kind == "union" else (self,)


ANY = Hint("any")
NONE = Hint("none")
UNKNOWN = Hint("unknown")
INT, FLOAT, STR, BYTES, BOOL = (Hint(each) for each in ("int", "float", "str", "bytes", "bool"))

_PLAIN = {
    **{f"builtins.{each}": each for each in ("int", "float", "complex", "bool", "str", "bytes", "bytearray")},
    **{f"builtins.{each}": each for each in ("range", "slice", "list", "dict", "set", "frozenset")},
    "builtins.tuple": "variadic", "builtins.object": "any", "typing.Any": "any", "typing.Hashable": "hashable",
    "collections.abc.Hashable": "hashable", "typing.Text": "str", "typing.LiteralString": "str",
    "typing.ByteString": "bytes", "collections.abc.ByteString": "bytes", "collections.abc.Buffer": "bytes",
    "builtins.memoryview": "bytes", "typing.SupportsInt": "int", "typing.SupportsIndex": "int", "typing.SupportsFloat": "float",
    "typing.SupportsAbs": "int", "typing.SupportsComplex": "complex", "typing.SupportsRound": "float", "typing.SupportsBytes": "bytes",
    "numbers.Number": "float", "numbers.Complex": "complex", "numbers.Real": "float", "numbers.Rational": "int", "numbers.Integral": "int",
    "typing.Tuple": "variadic", "collections.OrderedDict": "ordereddict", "typing.OrderedDict": "ordereddict",
    "typing.DefaultDict": "defaultdict", "collections.defaultdict": "defaultdict", "typing.Counter": "counter",
    "collections.Counter": "counter", "typing.Deque": "deque", "collections.deque": "deque",
    "typing.List": "list", "typing.Dict": "dict", "typing.Set": "set", "typing.FrozenSet": "frozenset",
    **{f"{module}.{each}": "sequence" for module in ("typing", "collections.abc") for each in ("Sequence", "Reversible")},
    **{f"{module}.{each}": "iterable" for module in ("typing", "collections.abc") for each in ("Iterable", "Collection", "Container", "Sized")},
    **{f"{module}.{each}": "iterator" for module in ("typing", "collections.abc") for each in ("Iterator", "Generator")},
    **{f"{module}.{each}": "dict" for module in ("typing", "collections.abc") for each in ("Mapping", "MutableMapping")},
    **{f"{module}.MutableSequence": "list" for module in ("typing", "collections.abc")},
    "typing.AbstractSet": "set", "collections.abc.Set": "set", "typing.MutableSet": "set", "collections.abc.MutableSet": "set",
    "typing.KeysView": "iterable", "typing.ValuesView": "iterable", "typing.ItemsView": "pairs",
    "collections.abc.KeysView": "iterable", "collections.abc.ValuesView": "iterable", "collections.abc.ItemsView": "pairs",
    "typing.Callable": "callable", "collections.abc.Callable": "callable", "builtins.callable": "callable", "types.FunctionType": "callable",
    "typing.Type": "type", "builtins.type": "type", "types.EllipsisType": "ellipsis", "types.NoneType": "none",
    "datetime.date": "date", "datetime.datetime": "datetime", "datetime.time": "time", "datetime.timedelta": "timedelta",
    "datetime.tzinfo": "timezone", "datetime.timezone": "timezone", "zoneinfo.ZoneInfo": "zone", "decimal.Decimal": "decimal",
    "fractions.Fraction": "fraction", "uuid.UUID": "uuid", "re.Pattern": "pattern", "typing.Pattern": "pattern", "os.PathLike": "pathlike",
    **{f"pathlib.{each}": "path" for each in ("Path", "PurePath", "PosixPath", "PurePosixPath")}, "pathlib.PureWindowsPath": "winpath",
    "typing.IO": "textfile", "typing.TextIO": "textfile", "io.StringIO": "textfile", "io.TextIOBase": "textfile", "io.TextIOWrapper": "textfile",
    "typing.BinaryIO": "bytefile", "io.BytesIO": "bytefile", "io.BufferedReader": "bytefile", "io.BufferedIOBase": "bytefile", "io.RawIOBase": "bytefile",
    "io.IOBase": "bytefile", "_typeshed.wsgi.WSGIEnvironment": "environ", "wsgiref.types.WSGIEnvironment": "environ", "_typeshed.wsgi.StartResponse": "callable", "wsgiref.types.StartResponse": "callable", "numpy.ndarray": "array", "numpy.typing.NDArray": "array", "numpy.typing.ArrayLike": "array",
    **{f"_typeshed.{each}": "textfile" for each in ("SupportsRead", "SupportsWrite")}, "_typeshed.StrPath": "pathlike", "_typeshed.StrOrBytesPath": "pathlike",
}  # fmt: skip
"""Dotted names to kinds. `typing_extensions` is read as `typing`."""
_WRAPPERS = frozenset(("Annotated", "Final", "ClassVar", "Required", "NotRequired", "ReadOnly", "Unpack", "TypeGuard", "TypeIs", "InitVar"))  # fmt: skip


class Reader:
    """Reads the annotations of a repository. `literal` turns an expression into an encoded tree, and is None where
    it is not a literal."""

    def __init__(self, index: Index, literal: Callable[[ast.expr, Scope], list[Any] | None]) -> None:
        self.index = index
        self.literal = literal

    def read(self, node: ast.expr | None, scope: Scope, owner: str = "", depth: int = 0) -> Hint:
        """What an annotation of a module says. `owner` is the class that it stands in, by its qualified name.

        A missing one is "unknown", and so is what cannot be read; neither is an error.
        """
        if node is None or depth > _DEPTH:
            return UNKNOWN
        match node:
            case ast.Constant(value=None):
                return NONE
            case ast.Constant(value=str(text)):
                return self._quoted(text, scope, owner, depth)
            case ast.BinOp(op=ast.BitOr(), left=left, right=right):
                return union(
                    self.read(left, scope, owner, depth + 1), self.read(right, scope, owner, depth + 1)
                )
            case ast.Subscript(value=value, slice=inside):
                items = inside.elts if isinstance(inside, ast.Tuple) else [inside]
                return self._subscript(scope.dotted(value), items, scope, owner, depth + 1)
            case ast.Name() | ast.Attribute():
                return self._named(_typing(scope.dotted(node)), scope, owner, depth + 1)
        return UNKNOWN

    def literals(self, text: str, scope: Scope) -> Hint:
        """The alternatives that a text lists."""
        try:
            body = tree_of(f"({text},)").body
        except NotParsed:
            return UNKNOWN
        inner = body[0].value if len(body) == 1 and isinstance(body[0], ast.Expr) else None
        return self._literal(inner.elts, scope) if isinstance(inner, ast.Tuple) else UNKNOWN

    def _quoted(self, text: str, scope: Scope, owner: str, depth: int) -> Hint:
        if len(text) > _TEXT:
            return UNKNOWN
        try:
            body = tree_of(f"({text})").body
        except NotParsed:
            return UNKNOWN
        one = body[0] if len(body) == 1 else None
        return self.read(one.value, scope, owner, depth + 1) if isinstance(one, ast.Expr) else UNKNOWN

    def _named(self, dotted: str | None, scope: Scope, owner: str, depth: int) -> Hint:
        if dotted is None:
            return UNKNOWN
        plain = _PLAIN.get(dotted)
        if plain is not None:
            return Hint(plain)
        if dotted == "typing.Self":
            return Hint("class", name=f"{scope.module}.{owner}") if owner else UNKNOWN
        if dotted in ("typing.AnyStr", "typing.LiteralString"):
            return Hint("var", (STR, BYTES), "AnyStr") if dotted.endswith("AnyStr") else STR
        if dotted in ("typing.Optional", "typing.Union", "typing.Final", "typing.ClassVar"):
            return UNKNOWN
        inner = f"{scope.module}.{owner}.{dotted.rpartition('.')[2]}" if owner else ""
        place = self.index.find(dotted) or (self.index.find(inner) if inner else None)
        if place is None:
            return _outside(dotted, scope.module, self.index)
        node = place.node
        if isinstance(node, ast.ClassDef):
            return Hint("class", name=place.dotted)
        if isinstance(node, ast.expr):
            return self._assigned(node, place.scope, place.dotted, depth + 1)
        return UNKNOWN

    def _assigned(self, node: ast.expr, scope: Scope, dotted: str, depth: int) -> Hint:
        """What a name stands for that a module assigns: an alias, a type variable, a new type, a class made by a call."""
        if isinstance(node, ast.Name) and dotted == f"{scope.module}.{node.id}":  # `str = str`
            return self._named(f"builtins.{node.id}", scope, "", depth + 1)
        if not isinstance(node, ast.Call):
            return self.read(node, scope, "", depth + 1)
        made = _typing(scope.dotted(node.func)) or ""
        if made == "typing.NewType" and len(node.args) == 2:
            return self.read(node.args[1], scope, "", depth + 1)
        if made == "typing.TypeVar":
            bound = next((each.value for each in node.keywords if each.arg == "bound"), None)
            parts = [self.read(each, scope, "", depth + 1) for each in ([bound] if bound else node.args[1:])]
            return Hint("var", tuple(parts) or (INT, STR), dotted)
        if made == "typing.TypeAliasType" and len(node.args) == 2:
            return self.read(node.args[1], scope, "", depth + 1)
        if made in ("collections.namedtuple", "typing.NamedTuple", "typing.TypedDict") or made.startswith(
            "enum."
        ):
            return Hint("class", name=dotted)
        return UNKNOWN

    def _subscript(
        self, base: str | None, items: list[ast.expr], scope: Scope, owner: str, depth: int
    ) -> Hint:
        base = _typing(base)
        if base is None:
            return UNKNOWN

        def inside(node: ast.expr) -> Hint:
            return self.read(node, scope, owner, depth + 1)

        kind = _PLAIN.get(base, "")
        if not items:
            return Hint("tuple") if kind == "variadic" else UNKNOWN
        if kind:
            return _filled(kind, items, inside)
        last = base.rpartition(".")[2] if base.startswith(("typing.", "dataclasses.")) else ""
        if last in ("Optional", "Union"):
            return union(*(inside(each) for each in items), *([NONE] if last == "Optional" else []))
        if last == "Literal":
            return self._literal(items, scope)
        if last in _WRAPPERS:
            return inside(items[0])
        return self._named(base, scope, owner, depth + 1)

    def _literal(self, items: list[ast.expr], scope: Scope) -> Hint:
        values: list[Any] = []
        parts: list[Hint] = []
        for each in items:
            tree = self.literal(each, scope)
            if tree is not None:
                values += tree
            elif isinstance(each, ast.Name | ast.Attribute | ast.Subscript):  # a literal of literals
                parts.append(self.read(each, scope))
        made = Hint("literal", values=tuple(values)) if values else None
        return union(*([made] if made else []), *parts) if made or parts else UNKNOWN


def _filled(kind: str, items: list[ast.expr], inside: Callable[[ast.expr], Hint]) -> Hint:
    """A built-in type with what it holds."""
    if kind == "variadic":
        if len(items) == 2 and isinstance(items[1], ast.Constant) and items[1].value is ...:
            return Hint("variadic", (inside(items[0]),))
        return Hint("tuple", tuple(inside(each) for each in items))
    if kind == "callable":
        return Hint("callable", (inside(items[-1]),))
    if kind == "textfile":
        return Hint("bytefile") if inside(items[0]) == BYTES else Hint("textfile")
    return Hint(kind, tuple(inside(each) for each in items))


def union(*given: Hint) -> Hint:
    """One of these; what is in there twice counts once."""
    flat: list[Hint] = []
    for each in given:
        flat += [option for option in each.options if option not in flat]
    known = [each for each in flat if each.kind != "unknown"] or flat
    return known[0] if len(known) == 1 else Hint("union", tuple(known))


def with_keys(hint: Hint, keys: tuple[str, ...]) -> Hint:
    """The same, with the texts that its dictionaries are asked for."""
    if hint.kind == "union":
        return replace(hint, parts=tuple(with_keys(each, keys) for each in hint.parts))
    return replace(hint, keys=keys) if hint.kind in ("dict", "defaultdict", "ordereddict") else hint


def _typing(dotted: str | None) -> str | None:
    return dotted.replace("typing_extensions.", "typing.", 1) if dotted else dotted


def _outside(dotted: str, module: str, index: Index) -> Hint:
    """A name that the repository does not define: of the standard library, of somebody else, or bound in a way that is not seen."""
    top = dotted.partition(".")[0]
    if dotted.startswith(f"{module}.") or index.find(dotted) is not None:
        return Hint("unknown", name=dotted)
    if top == "typing":
        return UNKNOWN
    return Hint("standard" if top in sys.stdlib_module_names else "foreign", name=dotted)
