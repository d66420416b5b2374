"""What making a container or a text does: displays, comprehensions, f-strings."""

import ast
from typing import TYPE_CHECKING

from daydream.analysis.dependence.scope import is_stored_generator
from daydream.analysis.dependence.shapes import NOTHING, STR, UNKNOWN, Shape, is_plain, prints, together
from daydream.analysis.dependence.targets import unpacks
from daydream.analysis.dependence.uses import ANYTHING, Uses

if TYPE_CHECKING:
    from daydream.analysis.dependence.expressions import Reader


def display(reader: "Reader", node: ast.List | ast.Tuple | ast.Set, uses: Uses) -> Shape:
    """Read a list, tuple or set display; return its type."""
    shapes = []
    for each in node.elts:
        if isinstance(each, ast.Starred):
            shapes.append(reader.iterate(each.value, reader.read(each.value, uses), uses))
        else:
            shapes.append(reader.read(each, uses))
    name = type(node).__name__.lower()
    if name == "set" and not all(is_plain(each) for each in shapes):
        uses.fails.add("*")
    if name == "tuple" and len(shapes) == 2 and not any(isinstance(each, ast.Starred) for each in node.elts):
        return Shape("pair", shapes[0], shapes[1])
    return Shape(name, together(shapes))


def dict_display(reader: "Reader", node: ast.Dict, uses: Uses) -> Shape:
    """Read a dict display; return its type."""
    keys, values = [], []
    for key, value in zip(node.keys, node.values, strict=True):
        if key is None:
            shape = reader.read(value, uses)
            reader.look(value, shape, uses)
            if shape.name != "dict":
                uses.fails.add("*")
                uses.reads.add(ANYTHING)
            keys.append(shape.of or UNKNOWN)
            values.append(shape.to or UNKNOWN)
            continue
        keys.append(reader.read(key, uses))
        values.append(reader.read(value, uses))
        if not is_plain(keys[-1]):
            uses.fails.add("*")
    return Shape("dict", together(keys), together(values))


def comprehension(reader: "Reader", node: ast.expr, uses: Uses) -> Shape:
    """Read a comprehension, or a generator that is used up where it stands; return its type."""
    generators: list[ast.comprehension] = getattr(node, "generators")  # noqa: B009 (each of the four types has it)
    if is_stored_generator(reader.scope, node):
        first = generators[0].iter
        reader.iterate(first, reader.read(first, uses), uses)
        return UNKNOWN
    depth = len(reader.inner)
    for each in generators:
        if each.is_async:
            uses.barrier()
        inner = reader.iterate(each.iter, reader.read(each.iter, uses), uses)
        reader.inner.append(reader.target(each.target, inner))
        if not unpacks(each.target, inner) and inner != NOTHING:
            uses.fails.add("*")
        for condition in each.ifs:
            reader.truth(condition, reader.read(condition, uses), uses)
    shape = _collected(reader, node, uses)
    del reader.inner[depth:]
    return shape


def _collected(reader: "Reader", node: ast.expr, uses: Uses) -> Shape:
    if isinstance(node, ast.DictComp):
        key, value = reader.read(node.key, uses), reader.read(node.value, uses)
        if not is_plain(key):
            uses.fails.add("*")
        return Shape("dict", key, value)
    element = (
        reader.read(node.elt, uses)
        if isinstance(node, ast.ListComp | ast.SetComp | ast.GeneratorExp)
        else UNKNOWN
    )
    if isinstance(node, ast.SetComp) and not is_plain(element):
        uses.fails.add("*")
    return Shape({ast.ListComp: "list", ast.SetComp: "set"}.get(type(node), "iter"), element)


def text(reader: "Reader", node: ast.JoinedStr, uses: Uses) -> Shape:
    """Read an f-string; return its type."""
    for each in node.values:
        if isinstance(each, ast.FormattedValue):
            shape = reader.read(each.value, uses)
            reader.deeply(each.value, shape, uses)
            if each.format_spec is not None:
                reader.read(each.format_spec, uses)
                uses.fails.add("*")
            elif not prints(shape):
                uses.fails.add("*")
                uses.reads.add(ANYTHING)
    return STR
