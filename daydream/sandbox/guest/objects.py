"""Objects by what they are made of: attributes, slots, and what a built-in class holds for the class that extends it.

Nothing of an object's own class is asked: what is held is read with the built-in's own means, and attributes are read where
they lie.
"""

from __future__ import annotations

import _thread
import collections
import io
import struct
import sys
import threading
import types
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .encoding import Encoder

_WORD = struct.calcsize("P")
_BASE = type.__dict__["__base__"].__get__
_MRO = type.__dict__["__mro__"].__get__
_OWN = type.__dict__["__dict__"].__get__
_MODULE = type.__dict__["__module__"].__get__
_QUALNAME = type.__dict__["__qualname__"].__get__
_BASIC = type.__dict__["__basicsize__"].__get__
_ITEM = type.__dict__["__itemsize__"].__get__
_DICTIONARY = type.__dict__["__dictoffset__"].__get__
_WEAK = type.__dict__["__weakrefoffset__"].__get__
_NAMES: Any = vars(types.ModuleType)["__dict__"].__get__
"""A metaclass may do anything when the class is asked; these do not ask it."""


def named(kind: type) -> tuple[str, str]:
    """The module and the qualified name of a class, as far as it has them; one that goes by the name of another one is told
    apart from it."""
    module, name = _text(_MODULE(kind)), _text(_QUALNAME(kind))
    found: Any = sys.modules.get(module)
    for part in name.split("."):
        inside = (
            _OWN(found)
            if isinstance(found, type)
            else _NAMES(found)
            if isinstance(found, types.ModuleType)
            else {}
        )
        found = inside.get(part)
    return module, name if found is kind or not isinstance(found, type) else f"{name} (another one)"


def _text(name: Any) -> str:
    return name[:500] if type(name) is str else ""


def opaque(kind: type) -> list[Any]:
    """What stands for something that has no encoding."""
    return ["opaque", *named(kind)]


def encoded(encoder: Encoder, value: Any, kind: type, depth: int) -> list[Any]:
    """An object of a class that the encoder does not know by itself; opaque where part of it does not show."""
    ends = _ends(kind)
    found = _attributes(value, kind) if ends is not None else None
    if ends is None or found is None:
        return opaque(kind)
    if ends in _FIXED and not found and _is_bare(kind, ends):
        return ["held", *named(kind), _HELD[ends](encoder, value, depth + 1)]
    reference = encoder.known(value)
    if reference:
        return reference
    held = [[f"<{ends.__name__}>", _HELD[ends](encoder, value, depth + 1)]] if ends in _HELD else []
    more = [[name, encoder.value(found[name], depth + 1)] for name in sorted(found)]
    return ["object", *named(kind), held + more]


# --- what an object is made of ------------------------------------------------------------------------------------


def _ends(kind: type) -> type | None:
    """The built-in class in which a class ends whose state can be read, None where there is state that does not show. A
    class written in C keeps it in room that is neither a dictionary's nor a declared slot's; what adds no room to
    another (`Generic`) keeps nothing."""
    while kind is not object and kind not in _HELD:
        below = _BASE(kind)
        if _ITEM(kind) != _ITEM(below) or _BASIC(kind) - _BASIC(below) != _WORD * _shown(kind, below):
            return None
        kind = below
    return kind


def _shown(kind: type, below: type) -> int:
    """How many words of room a class adds that show: its slots, and the places of a dictionary and of weak references."""
    own = _OWN(kind)
    slots = (
        sum(type(each) is types.MemberDescriptorType for each in own.values()) if "__slots__" in own else 0
    )
    place = _DICTIONARY(kind)
    # Before the object it takes no room of it; the offset is negative, as it is where an object's size varies.
    dictionary = not _DICTIONARY(below) and (place > 0 or (place < -1 and _ITEM(kind) > 0))
    return slots + dictionary + (_WEAK(kind) > 0 and not _WEAK(below))


def _is_bare(kind: type, ends: type) -> bool:
    """Whether nobody can give an object of this class an attribute."""
    return _BASIC(kind) == _BASIC(ends) and not _DICTIONARY(kind)


def _attributes(value: Any, kind: type) -> dict[str, Any] | None:
    """All attributes by name, a slot that another of the same name hides with its class; None where they cannot be had."""
    found: dict[str, Any] = {}
    lies = None
    for each in _MRO(kind):
        own = _OWN(each)
        if type(own.get("__dict__")) in {types.GetSetDescriptorType, types.MemberDescriptorType}:
            lies = own["__dict__"]
        for name, slot in list(own.items()) if "__slots__" in own else ():
            if type(slot) is types.MemberDescriptorType:
                try:
                    held = slot.__get__(value, kind)
                except AttributeError:
                    continue
                found[name if name not in found else f"{_QUALNAME(each)}.{name}"] = held
    if not _DICTIONARY(kind):
        return found
    attributes = lies.__get__(value, kind) if lies is not None else None
    if type(attributes) is not dict or any(type(name) is not str or name in found for name in attributes):
        return None
    return {**attributes, **found}


# --- what a built-in class holds ----------------------------------------------------------------------------------

_Held = Callable[["Encoder", Any, int], Any]


def _of(plain: Callable[[Any], Any]) -> _Held:
    return lambda encoder, value, depth: encoder.value(plain(value), depth)


def _mapping(items: Callable[[Any], Any]) -> _Held:
    return _of(lambda value: tuple(items(value)))


def _members(kind: Any) -> _Held:
    return lambda encoder, value, depth: ["frozenset", encoder.unordered(list(kind.__iter__(value)), depth)]


def _defaults(value: Any) -> Any:
    return _FACTORY(value), tuple(dict.items(value))


def _file(kind: Any) -> _Held:
    return _of(lambda value: (kind.getvalue(value), kind.tell(value)))


_FACTORY = collections.defaultdict.__dict__["default_factory"].__get__
_FIXED = frozenset((int, float, str, bytes, tuple, frozenset))
_HELD: dict[type, _Held] = {
    int: _of(int.__int__),
    float: _of(float.__float__),
    str: _of(str.__str__),
    bytes: _of(lambda value: bytes.__getitem__(value, slice(None))),
    tuple: _of(lambda value: tuple(tuple.__iter__(value))),
    list: _of(lambda value: tuple(list.__iter__(value))),
    dict: _mapping(dict.items),
    collections.OrderedDict: _mapping(collections.OrderedDict.items),
    collections.defaultdict: _of(_defaults),
    set: _members(set),
    frozenset: _members(frozenset),
    io.StringIO: _file(io.StringIO),
    io.BytesIO: _file(io.BytesIO),
}
"""What it holds, as a tree without a number of its own."""


# --- of the standard library --------------------------------------------------------------------------------------


def standard(encoder: Encoder, value: Any, kind: type, depth: int) -> list[Any] | None:
    """Some objects of the standard library's own classes, of which everything shows; None for all others."""
    read = _STANDARD.get(kind)
    found = read(value) if read is not None else None
    if found is None:
        return None
    if type(found) is list:
        return found
    reference = encoder.known(value)
    more = reference or [[name, encoder.value(found[name], depth + 1)] for name in sorted(found)]
    return reference or ["object", *named(kind), more]


def _lock(value: Any) -> dict[str, Any] | None:
    """One that nobody holds is like any other."""
    return {"locked": False} if repr(value).startswith("<unlocked ") else None


def _namespace(value: Any) -> dict[str, Any] | None:
    found = value.__dict__
    return found if type(found) is dict and all(type(name) is str for name in found) else None


def _stream(value: Any) -> list[Any] | None:
    """Standard output and standard error by their place: what was written is told apart."""
    for name in ("stdout", "stderr"):
        if sys.modules["sys"].__dict__.get(name) is value and _is_tapped(value):
            return ["global", "sys", name]
    return None


def _is_tapped(stream: Any) -> bool:
    if stream.closed or type(stream.buffer).__module__ != f"{__package__}.calls" or vars(stream):
        return False
    return (stream.encoding, stream.errors) == ("utf-8", "backslashreplace") and bool(stream.write_through)


_STANDARD: dict[type, Callable[[Any], Any]] = {
    type(_thread.allocate_lock()): _lock,
    type(threading.RLock()): _lock,
    threading.local: lambda value: threading.local.__getattribute__(value, "__dict__"),
    threading.Event: _namespace,
    threading.Condition: _namespace,
    threading.Semaphore: _namespace,
    threading.BoundedSemaphore: _namespace,
    types.SimpleNamespace: _namespace,
    types.ModuleType: _namespace,
    io.TextIOWrapper: _stream,
}
