"""From an encoding back to the value; done inside the sandbox only, for it builds objects of the repository's classes."""

from __future__ import annotations

import base64
import collections
import datetime as dt
import decimal
import fractions
import functools
import importlib
import io
import pathlib
import re
import threading
import types
import uuid
import zoneinfo
from collections.abc import Callable
from typing import Any

from .caught import Caught
from .grammar import EncodingError, check
from .offered import FACTORIES, offered

Resolve = Callable[[str, str], Any]
"""(module, qualified name) -> the class or callable; may raise anything."""
_PATHS = {
    each.__name__: each
    for each in (pathlib.PurePosixPath, pathlib.PureWindowsPath, pathlib.PosixPath, pathlib.WindowsPath, pathlib.Path)
}  # fmt: skip
_FILES = ("StringIO", "BytesIO")
_LOCKS: dict[tuple[str, str], Callable[[], Any]] = {
    ("_thread", "lock"): threading.Lock,
    ("_thread", "RLock"): threading.RLock,
}
_MADE: dict[tuple[str, str], Callable[[], Any]] = {
    ("_thread", "_local"): threading.local,
    ("types", "SimpleNamespace"): types.SimpleNamespace,
}
_FIXED: dict[str, Any] = {f"<{each.__name__}>": each for each in (int, float, str, bytes, tuple, frozenset)}
_FILLED: dict[str, tuple[Any, Callable[[Any, Any], Any]]] = {
    "<list>": (list, list.append),
    "<dict>": (dict, lambda made, pair: dict.__setitem__(made, *pair)),
    "<OrderedDict>": (
        collections.OrderedDict,
        lambda made, pair: collections.OrderedDict.__setitem__(made, *pair),
    ),
    "<set>": (set, set.add),
}
"""What a class that extends a built-in one holds, by the name under which it is told."""


def resolve(module: str, qualname: str) -> Any:
    """Import a module and walk to a name in it."""
    found: Any = importlib.import_module(module)
    for part in qualname.split("."):
        found = getattr(found, part)
    return found


def decode(tree: Any, resolve: Resolve = resolve) -> Any:
    """Build the value of a tree. `resolve` finds classes; whatever goes wrong is an `EncodingError`."""
    check(tree)
    with Caught() as caught:
        return _Decoder(resolve).value(tree)
    if isinstance(caught.error, EncodingError):
        raise caught.error
    msg = f"cannot be built: {type(caught.error).__name__}"
    raise EncodingError(msg) from caught.error


class _Decoder:
    """Numbers mutable containers as the encoder does, before what they hold is built."""

    def __init__(self, resolve: Resolve) -> None:
        self.resolve = resolve
        self.met: list[Any] = []

    def value(self, tree: Any) -> Any:
        if type(tree) is not list:
            return tree
        return _DECODERS[tree[0]](self, *tree[1:])

    def many(self, trees: list[Any]) -> list[Any]:
        return [self.value(each) for each in trees]

    def numbered(self, container: Any) -> Any:
        self.met.append(container)
        return container

    def filled(self, mapping: Any, pairs: list[Any]) -> Any:
        self.numbered(mapping)
        for key, value in pairs:
            mapping[self.value(key)] = self.value(value)
        return mapping


def _list(decoder: _Decoder, items: list[Any]) -> Any:
    made: list[Any] = decoder.numbered([])
    for each in items:
        made.append(decoder.value(each))  # noqa: PERF401 - what is inside may refer to the list itself
    return made


def _set(decoder: _Decoder, items: list[Any]) -> Any:
    made: set[Any] = decoder.numbered(set())
    made.update(_Decoder(decoder.resolve).value(each) for each in items)
    return made


def _frozenset(decoder: _Decoder, items: list[Any]) -> Any:
    return frozenset(_Decoder(decoder.resolve).value(each) for each in items)


def _deque(decoder: _Decoder, items: list[Any], most: Any) -> Any:
    made: collections.deque[Any] = decoder.numbered(collections.deque(maxlen=most))
    for each in items:
        made.append(decoder.value(each))
    return made


def _defaultdict(decoder: _Decoder, pairs: list[Any], factory: str | None = None) -> Any:
    made: collections.defaultdict[Any, Any] = (
        collections.defaultdict(FACTORIES[factory]) if factory else collections.defaultdict()
    )
    return decoder.filled(made, pairs)


def _bytearray(decoder: _Decoder, text: str) -> Any:
    return decoder.numbered(bytearray(base64.b64decode(text, validate=True)))


def _float(_decoder: _Decoder, text: str) -> float:
    return float(text) if text in {"nan", "inf", "-inf"} else float.fromhex(text)


def _datetime(decoder: _Decoder, text: str, zone: Any = None, fold: int = 0) -> Any:
    moment = dt.datetime.fromisoformat(text).replace(fold=1 if fold else 0)
    return moment if zone is None else moment.replace(tzinfo=decoder.value(zone))


def _fraction(_decoder: _Decoder, text: str) -> Any:
    above, _, below = text.partition("/")
    return fractions.Fraction(int(above), int(below or "1"))


def _enum(decoder: _Decoder, module: str, qualname: str, member: str) -> Any:
    kind = decoder.resolve(module, qualname)
    if "|" not in member:
        return kind[member]
    made = kind(0)
    for name in member.split("|"):
        made |= kind[name]
    return made


def _namedtuple(decoder: _Decoder, module: str, qualname: str, items: list[Any]) -> Any:
    return tuple.__new__(decoder.resolve(module, qualname), decoder.many(items))


def _array(decoder: _Decoder, dtype: str, shape: list[int], text: str) -> Any:
    numpy = importlib.import_module("numpy")
    made = numpy.frombuffer(base64.b64decode(text, validate=True), dtype=numpy.dtype(dtype))
    return decoder.numbered(made.reshape([int(each) for each in shape]).copy())


def _ref(decoder: _Decoder, number: int) -> Any:
    if not 0 <= number < len(decoder.met):
        msg = "a reference to nothing"
        raise EncodingError(msg)
    return decoder.met[number]


def _new(decoder: _Decoder, module: str, qualname: str, given: list[Any], named: list[Any]) -> Any:
    kind = decoder.resolve(module, qualname)
    return kind(*decoder.many(given), **{name: decoder.value(each) for name, each in named})


def _object(decoder: _Decoder, module: str, qualname: str, attributes: list[Any]) -> Any:
    if (module, qualname) in _LOCKS:
        return decoder.numbered(_LOCKS[module, qualname]())
    kind = decoder.resolve(module, qualname)
    if module == "numpy":
        return kind(decoder.value(attributes[0][1]))
    first = attributes[0][0] if attributes else ""
    made: Any
    if first in _FIXED:
        decoder.met.append(None)
        place = len(decoder.met) - 1
        made = decoder.met[place] = _FIXED[first].__new__(kind, decoder.value(attributes[0][1]))
    elif first in _FILLED:
        base, fill = _FILLED[first]
        made = decoder.numbered(base.__new__(kind))
        for each in decoder.value(attributes[0][1]):
            fill(made, each)
    else:
        make = _MADE.get((module, qualname))
        made = decoder.numbered(make() if make else object.__new__(kind))
    for name, tree in attributes[first in _FIXED or first in _FILLED :]:
        object.__setattr__(made, name, decoder.value(tree))
    return made


def _held(decoder: _Decoder, module: str, qualname: str, tree: Any) -> Any:
    value = decoder.value(tree)
    base: Any = _FIXED[f"<{type(value).__name__}>"]
    return base.__new__(decoder.resolve(module, qualname), value)


def _file(decoder: _Decoder, name: str, text: str) -> Any:
    data = base64.b64decode(text, validate=True)
    if name not in _FILES:
        msg = f"no file of class {name[:60]!r} can be made"
        raise EncodingError(msg)
    made = (
        io.BytesIO(data)
        if name == "BytesIO"
        else io.StringIO(data.decode("utf-8", "surrogatepass"), newline="")
    )
    return decoder.numbered(made)


def _iterator(decoder: _Decoder, items: list[Any], _ended: bool) -> Any:
    held: list[Any] = []
    made = decoder.numbered(iter(held))
    held.extend(decoder.many(items))
    return made


def _inert(_decoder: _Decoder, *_parts: Any) -> Any:
    msg = "cannot be built: it has neither a name nor an encoding"
    raise EncodingError(msg)


def _method(decoder: _Decoder, holder: Any, function: Any) -> Any:
    bound = decoder.value(holder)
    called = decoder.value(function)
    return getattr(bound, called) if type(called) is str else types.MethodType(called, bound)


def _partial(decoder: _Decoder, function: Any, given: list[Any], named: list[Any]) -> Any:
    called = decoder.value(function)
    parts = decoder.many(given)
    return functools.partial(
        called, *parts, **{decoder.value(key): decoder.value(each) for key, each in named}
    )


def _raised(decoder: _Decoder, module: str, qualname: str, message: str) -> Any:
    return decoder.resolve(module, qualname)(message)


_DECODERS: dict[str, Callable[..., Any]] = {
    "float": _float,
    "int": lambda _decoder, text: int(text, 16),
    "bytes": lambda _decoder, text: base64.b64decode(text, validate=True),
    "bytearray": _bytearray,
    "list": _list,
    "tuple": lambda decoder, items: tuple(decoder.many(items)),
    "dict": lambda decoder, pairs: decoder.filled({}, pairs),
    "ordereddict": lambda decoder, pairs: decoder.filled(collections.OrderedDict(), pairs),
    "counter": lambda decoder, pairs: decoder.filled(collections.Counter(), pairs),
    "defaultdict": _defaultdict,
    "set": _set,
    "frozenset": _frozenset,
    "complex": lambda decoder, real, imag: complex(decoder.value(real), decoder.value(imag)),
    "decimal": lambda _decoder, text: decimal.Decimal(text),
    "fraction": _fraction,
    "date": lambda _decoder, text: dt.date.fromisoformat(text),
    "time": lambda _decoder, text: dt.time.fromisoformat(text),
    "datetime": _datetime,
    "timedelta": lambda _decoder, days, seconds, us: dt.timedelta(days, seconds, us),
    "uuid": lambda _decoder, text: uuid.UUID(text),
    "path": lambda _decoder, name, text: _PATHS[name](text),
    "range": lambda decoder, *parts: range(*decoder.many(list(parts))),
    "slice": lambda decoder, *parts: slice(*decoder.many(list(parts))),
    "ellipsis": lambda _decoder: ...,
    "deque": _deque,
    "enum": _enum,
    "namedtuple": _namedtuple,
    "array": _array,
    "pattern": lambda decoder, pattern, flags: re.compile(decoder.value(pattern), flags),
    "zone": lambda _decoder, key: zoneinfo.ZoneInfo(key),
    "ref": _ref,
    "new": _new,
    "function": lambda _decoder, name: offered(name),
    "file": _file,
    "object": _object,
    "held": _held,
    "iterator": _iterator,
    "raised": _raised,
    "global": lambda decoder, module, qualname: decoder.resolve(module, qualname),
    "module": lambda _decoder, name: importlib.import_module(name),
    "method": _method,
    "partial": _partial,
    "closure": _inert,
    "opaque": _inert,
}
