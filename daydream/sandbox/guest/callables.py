"""Functions, classes, modules and what is made of them, as values: by name where the name leads back to the very thing."""

from __future__ import annotations

import functools
import sys
import types
from typing import TYPE_CHECKING, Any

from .caught import Caught
from .digest import sha256
from .grammar import EncodingError

if TYPE_CHECKING:
    from .encoding import Encoder

ITEMS_OF_ONE = 2_000
"""The most that may hang on one function or method; with more it is opaque."""
ITEMS_OF_ALL = 20_000
_DESCRIPTORS = (types.MethodDescriptorType, types.WrapperDescriptorType, types.ClassMethodDescriptorType)
_OF_CODE = (
    "co_argcount", "co_posonlyargcount", "co_kwonlyargcount", "co_flags", "co_name", "co_names", "co_varnames",
    "co_freevars", "co_cellvars", "co_code", "co_exceptiontable",
)  # fmt: skip


def of(encoder: Encoder, value: Any, kind: type, depth: int) -> list[Any] | None:
    """The encoding of something that can be called, or of a module; None where it has none."""
    if kind is types.ModuleType:
        name = value.__dict__.get("__name__")
        return ["module", name] if type(name) is str and sys.modules.get(name) is value else None
    if issubclass(kind, type) or kind in {types.FunctionType, *_DESCRIPTORS}:
        named = _named(value, kind)
        if named is None and kind is types.FunctionType:
            return _within(encoder, lambda: _closure(encoder, value, depth))
        return named
    if kind is types.MethodType:
        return _within(encoder, lambda: _parts(encoder, "method", (value.__self__, value.__func__), depth))
    if kind is types.BuiltinFunctionType:
        return _builtin(encoder, value, depth)
    if kind is functools.partial and not vars(value):
        return _within(encoder, lambda: _partial(encoder, value, depth))
    return None


def _named(value: Any, kind: type) -> list[Any] | None:
    """By module and qualified name, if that is how it is reached."""
    with Caught():  # a metaclass may do anything when it is asked
        holder = value.__objclass__ if kind in _DESCRIPTORS else value
        module, name = holder.__module__, value.__qualname__
        if type(module) is str and type(name) is str and _reached(module, name) is value:
            return ["global", module, name]
    return None


def _reached(module: str, qualname: str) -> Any:
    found: Any = sys.modules.get(module)
    for part in qualname.split("."):
        found = getattr(found, part)
    return found


def _builtin(encoder: Encoder, value: Any, depth: int) -> list[Any] | None:
    holder = value.__self__
    if holder is None or type(holder) is types.ModuleType:
        module = value.__module__
        return ["global", module, value.__name__] if type(module) is str else None
    return _within(encoder, lambda: _parts(encoder, "method", (holder, value.__name__), depth))


def _within(encoder: Encoder, encoded: Any) -> list[Any] | None:
    """What hangs on a function may be half the program: past a bound, it is as if nobody had looked."""
    before, items, room = len(encoder.kept), encoder.counts[0], encoder.room
    encoder.room = min(room, items + ITEMS_OF_ONE)
    try:
        if encoder.spent[0] > ITEMS_OF_ALL:
            return None
        found: list[Any] = encoded()
    except EncodingError:
        for each in encoder.kept[before:]:
            del encoder.seen[id(each)]
        del encoder.kept[before:]
        encoder.spent[0] += encoder.counts[0] - items
        encoder.counts[0] = items
        return None
    finally:
        encoder.room = room
    return found


def _parts(encoder: Encoder, tag: str, parts: tuple[Any, ...], depth: int) -> list[Any]:
    return [tag, *encoder.many(parts, depth)]


def _partial(encoder: Encoder, value: Any, depth: int) -> list[Any]:
    function, given = encoder.value(value.func, depth + 1), encoder.many(value.args, depth)
    return ["partial", function, given, [encoder.many(pair, depth) for pair in value.keywords.items()]]


def _closure(encoder: Encoder, value: Any, depth: int) -> list[Any]:
    """A function without a name that leads to it: where it comes from, its code without places, what it closes over and
    its defaults. Two with the same code and the same values do the same."""
    if vars(value):
        raise EncodingError("a function with attributes")
    named = [each if type(each) is str else "" for each in (value.__module__, value.__qualname__)]
    head = ["closure", *named, _token(value.__code__)]
    if id(value) in encoder.inside:  # it closes over itself: what it holds is being told
        return [*head, [], []]
    encoder.inside.add(id(value))
    cells = [each.cell_contents for each in value.__closure__ or () if _filled(each)]
    more = [*(value.__defaults__ or ()), *sorted((value.__kwdefaults__ or {}).items())]
    try:
        return [*head, encoder.many(cells, depth), encoder.many(more, depth)]
    finally:
        encoder.inside.discard(id(value))


def _filled(cell: Any) -> bool:
    try:
        cell.cell_contents  # noqa: B018 - an empty one raises
    except ValueError:
        return False
    return True


def _token(code: types.CodeType) -> str:
    """What a code object does, without where it stands."""
    seen = sha256()
    for name in _OF_CODE:
        seen.update(f"{name}={getattr(code, name, None)!r};".encode("utf-8", "backslashreplace"))
    for each in code.co_consts:
        text = _token(each) if type(each) is types.CodeType else _constant(each)
        seen.update(f"{type(each).__name__}:{text};".encode("utf-8", "backslashreplace"))
    return str(seen.hexdigest()[:32])


def _constant(value: Any) -> str:
    return repr(sorted(map(repr, value))) if type(value) is frozenset else repr(value)
