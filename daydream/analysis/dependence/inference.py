"""The types of a function's locals: the join over everything that is ever assigned to them, found by repetition."""

import ast
from collections.abc import Callable, Iterator, Mapping

from daydream.analysis.dependence.expressions import Reader
from daydream.analysis.dependence.operators import operate
from daydream.analysis.dependence.scope import Scope
from daydream.analysis.dependence.shapes import (
    MUTABLE,
    NOTHING,
    STR,
    UNKNOWN,
    Shape,
    join,
    loosened,
    of_annotation,
    shallow,
)
from daydream.analysis.dependence.uses import Uses

_ROUNDS = 8
_Binding = Callable[[Reader], Mapping[str, Shape]]


def infer(scope: Scope, pure_names: frozenset[str]) -> dict[str, Shape]:
    """Return the type of each local name, `?` where nothing is known."""
    shapes = dict.fromkeys(scope.local, NOTHING)
    for name in (scope.local & scope.shared) | scope.named:
        shapes[name] = UNKNOWN
    _parameters(scope, shapes)
    reader = Reader(scope, shapes, pure_names)
    reader.bound = None
    bindings = list(_bindings(scope))
    for _ in range(_ROUNDS):
        before = dict(shapes)
        for binding in bindings:
            for name, shape in binding(reader).items():
                if name in shapes:
                    shapes[name] = join(shapes[name], shallow(shape))
        if shapes == before:
            return {name: UNKNOWN if shape == NOTHING else shape for name, shape in shapes.items()}
    return dict.fromkeys(shapes, UNKNOWN)


def _parameters(scope: Scope, shapes: dict[str, Shape]) -> None:
    spec = scope.node.args
    positional = [*spec.posonlyargs, *spec.args]
    defaults = [None] * (len(positional) - len(spec.defaults)) + list(spec.defaults)
    pairs = [*zip(positional, defaults, strict=True), *zip(spec.kwonlyargs, spec.kw_defaults, strict=True)]
    for parameter, default in pairs:
        shape = of_annotation(parameter.annotation)
        if isinstance(default, ast.Constant) and default.value is None:
            shape = join(shape, Shape("none"))
        shapes[parameter.arg] = shape if parameter.arg not in scope.shared else UNKNOWN
    if spec.vararg and spec.vararg.arg not in scope.shared:
        shapes[spec.vararg.arg] = Shape("tuple", of_annotation(spec.vararg.annotation))
    if spec.kwarg and spec.kwarg.arg not in scope.shared:
        shapes[spec.kwarg.arg] = Shape("dict", STR, of_annotation(spec.kwarg.annotation))


def _bindings(scope: Scope) -> Iterator[_Binding]:
    for each in ast.walk(scope.node):
        # What nested functions assign to is theirs; what they share is unknown from the start.
        if _is_inner(scope, each):
            continue
        yield from _filling(scope, each)
        match each:
            case ast.Assign(targets=targets, value=value):
                yield from (_assigned(scope, target, value) for target in targets)
            case ast.AnnAssign(target=ast.Name() as target, value=value, annotation=annotation):
                yield _annotated(scope, target, value, annotation)
            case ast.AugAssign(target=ast.Name(id=name)):
                yield _augmented(each, name)
            case ast.For(target=target, iter=iterated):
                yield _looped(target, iterated)
            case ast.NamedExpr(target=ast.Name(id=name)) | ast.AsyncFor(target=ast.Name(id=name)):
                yield _unknown(name)
            case ast.withitem(optional_vars=ast.expr() as target) | ast.AsyncFor(target=target):
                yield _unknown(*(name.id for name in ast.walk(target) if isinstance(name, ast.Name)))
            case _:
                pass


def _filling(scope: Scope, node: ast.AST) -> Iterator[_Binding]:
    match node:
        case ast.Subscript(value=ast.Name(id=name), ctx=ast.Store()) if name in scope.owned:
            yield _stored(scope, node, name)
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=attr), args=args) if (
            name in scope.owned
        ):
            yield _filled(name, attr, args)
        case _:
            pass


def _is_inner(scope: Scope, node: ast.AST) -> bool:
    inner = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
    return any(isinstance(above, inner) and above is not scope.node for above in scope.ancestors(node))


def _assigned(scope: Scope, target: ast.expr, value: ast.expr) -> _Binding:
    def bind(reader: Reader) -> Mapping[str, Shape]:
        return {name: _kept(scope, name, shape) for name, shape in _each(reader, target, value).items()}

    return bind


def _each(reader: Reader, target: ast.expr, value: ast.expr) -> dict[str, Shape]:
    both = isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple)
    if both and isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        starred = any(isinstance(each, ast.Starred) for each in (*target.elts, *value.elts))
        if not starred and len(target.elts) == len(value.elts):
            found: dict[str, Shape] = {}
            for one, other in zip(target.elts, value.elts, strict=True):
                found |= _each(reader, one, other)
            return found
    return reader.target(target, reader.read(value, Uses()))


def _kept(scope: Scope, name: str, shape: Shape) -> Shape:
    """Of a container that is known elsewhere too, others may change what is in it."""
    return shape if name in scope.owned else loosened(shape)


def _annotated(scope: Scope, target: ast.Name, value: ast.expr | None, annotation: ast.expr) -> _Binding:
    believed = of_annotation(annotation)

    def bind(reader: Reader) -> Mapping[str, Shape]:
        shape = reader.read(value, Uses()) if value is not None else NOTHING
        return {target.id: believed if believed != UNKNOWN else _kept(scope, target.id, shape)}

    return bind


def _augmented(node: ast.AugAssign, name: str) -> _Binding:
    def bind(reader: Reader) -> Mapping[str, Shape]:
        shapes = (reader.shapes.get(name, UNKNOWN), reader.read(node.value, Uses()))
        if shapes[0].name == "list" and shapes[1] != NOTHING:
            return {name: Shape("list", shapes[1].elements)}
        return {name: operate(reader, node, shapes, Uses())}

    return bind


def _looped(target: ast.expr, iterated: ast.expr) -> _Binding:
    def bind(reader: Reader) -> Mapping[str, Shape]:
        return reader.target(target, reader.iterate(iterated, reader.read(iterated, Uses()), Uses()))

    return bind


def _unknown(*names: str) -> _Binding:
    return lambda _: dict.fromkeys(names, UNKNOWN)


def _stored(scope: Scope, target: ast.Subscript, name: str) -> _Binding:
    """What an assignment to an item puts into a container that one name owns."""
    parent = scope.parents[target]

    def bind(reader: Reader) -> Mapping[str, Shape]:
        shape = reader.shapes.get(name, UNKNOWN)
        if shape.name not in ("list", "dict"):
            return {}
        stored = UNKNOWN
        if isinstance(parent, ast.Assign):
            stored = reader.read(parent.value, Uses())
        elif isinstance(parent, ast.AugAssign):
            before = shape.elements if shape.name == "list" else shape.to or UNKNOWN
            stored = operate(reader, parent, (before, reader.read(parent.value, Uses())), Uses())
        if isinstance(target.slice, ast.Slice):
            return {name: Shape("list", stored.elements)}
        key = reader.read(target.slice, Uses())
        return {name: Shape("list", stored) if shape.name == "list" else Shape("dict", key, stored)}

    return bind


def _filled(name: str, attr: str, args: list[ast.expr]) -> _Binding:
    """What a mutating method puts into a container that one name owns."""

    def bind(reader: Reader) -> Mapping[str, Shape]:
        shape = reader.shapes.get(name, UNKNOWN)
        given = [reader.read(each, Uses()) for each in args]
        if shape.name not in MUTABLE or not given:
            return {}
        if shape.name == "dict":
            return _filled_dict(name, attr, given)
        inner = {
            "append": given[0],
            "add": given[0],
            "insert": given[-1],
            "extend": given[0].elements if given[0] != NOTHING else NOTHING,
            "update": given[0].elements if given[0] != NOTHING else NOTHING,
        }.get(attr, NOTHING)
        return {name: Shape(shape.name, inner)}

    return bind


def _filled_dict(name: str, attr: str, given: list[Shape]) -> Mapping[str, Shape]:
    if attr == "setdefault":
        return {name: Shape("dict", given[0], given[1] if len(given) > 1 else Shape("none"))}
    if attr == "update":
        known = given[0].name == "dict"
        return {name: given[0] if known else Shape("dict", UNKNOWN, UNKNOWN)}
    return {}
