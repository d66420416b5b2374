"""Values as JSON, exact types only: what host and guest tell one another.

Standard library only; the host imports it too. `encode` takes a value apart without asking its class where the
interpreter's own means will do; `check` says whether a tree is well formed without building anything from it (the
host stops there); `decode` builds the value (only the guest does that). All raise `EncodingError` and nothing else.
"""

from __future__ import annotations

import base64
import collections
import datetime as dt
import decimal
import enum
import fractions
import io
import itertools
import math
import pathlib
import re
import sys
import types
import uuid
import zoneinfo
from collections.abc import Callable
from typing import Any

from . import callables, objects
from .caught import Caught
from .decoding import decode
from .grammar import BYTES, DEPTH, INT_BITS, ITEMS, PLAIN_INT, TEXT, EncodingError, check, dumps, loads
from .objects import named
from .offered import FACTORIES, offered_name

__all__ = ["EncodingError", "check", "decode", "dumps", "encode", "loads", "raised"]

YIELDED = 200
"""How many items of an iterator are drawn."""
MESSAGE = 2_000
LAZY: tuple[type, ...] = (
    types.GeneratorType, map, filter, zip, enumerate, reversed, itertools.chain, itertools.islice,
    itertools.count, itertools.cycle, itertools.repeat, itertools.accumulate, itertools.compress,
    itertools.dropwhile, itertools.takewhile, itertools.groupby, itertools.starmap, itertools.product,
    itertools.permutations, itertools.combinations, itertools.zip_longest, itertools.filterfalse,
    type(iter([])), type(iter(())), type(iter({})), type(iter(set())), type(iter("")), type(iter(b"")),
    type(iter(range(0))), type(iter({}.values())), type(iter({}.items())), type(reversed([])), type(iter(int, 0)),
)  # fmt: skip


def encode(value: Any, encoder: Encoder | None = None) -> Any:
    """Encode a value; what has no encoding becomes "opaque", too large a value is an error. An `encoder` of one's own tells
    afterwards which containers it met."""
    with Caught() as caught:
        return (encoder or Encoder()).value(value, 0)
    if isinstance(caught.error, EncodingError):
        raise caught.error
    raise EncodingError(f"cannot be encoded: {type(caught.error).__name__}")


def raised(error: BaseException) -> list[Any]:
    """Encode what a call raised: its class, and its message as far as it has one."""
    kind = type(error)
    message = ""
    with Caught():  # the class may be the repository's, and its __str__ may do anything
        said = str(error)
        message = said[:MESSAGE] if type(said) is str else ""
    return ["raised", *named(kind), message]


class Encoder:
    """One value's numbering: mutable containers count in the order in which they begin.

    The members of a set have no order, so each is encoded alone and the encodings are sorted; nothing in
    them refers to what is outside.
    """

    def __init__(self, outer: Encoder | None = None) -> None:
        self.seen: dict[int, int] = {}
        self.kept: list[Any] = []
        self.counts: list[int] = outer.counts if outer else [0]
        self.spent: list[int] = outer.spent if outer else [0]
        self.inside: set[int] = outer.inside if outer else set()
        self.room: int = outer.room if outer else ITEMS

    def value(self, value: Any, depth: int) -> Any:
        self.counts[0] += 1
        if depth > DEPTH or self.counts[0] > self.room:
            raise EncodingError("too deep" if depth > DEPTH else "too many items")
        kind = type(value)
        if value is None or kind is bool:
            return value
        encoder = _ENCODERS.get(kind)
        return encoder(self, value, depth) if encoder else self.other(value, kind, depth)

    def many(self, values: Any, depth: int) -> list[Any]:
        return [self.value(each, depth + 1) for each in values]

    def pairs(self, value: Any, depth: int) -> list[Any]:
        return [self.many(pair, depth) for pair in list(value.items())]

    def unordered(self, value: Any, depth: int) -> list[Any]:
        return sorted((Encoder(self).value(each, depth + 1) for each in value), key=dumps)

    def known(self, value: Any) -> list[Any] | None:
        """The reference to a container met before; otherwise it is numbered now."""
        number = self.seen.get(id(value))
        if number is not None:
            return ["ref", number]
        self.seen[id(value)] = len(self.seen)
        self.kept.append(value)  # an id stays taken for as long as this numbering lives
        return None

    def other(self, value: Any, kind: type, depth: int) -> Any:
        name = offered_name(value)
        if name is not None:
            return ["function", name]
        if issubclass(kind, enum.Enum):
            member = value.__dict__.get("_name_")
            return ["enum", *named(kind), member] if type(member) is str else ["opaque", *named(kind)]
        if issubclass(kind, BaseException):
            return raised(value)
        if kind.__bases__ == (tuple,) and type(getattr(kind, "_fields", None)) is tuple:
            return ["namedtuple", *named(kind), self.many(tuple.__iter__(value), depth)]
        if issubclass(kind, LAZY):
            return self.known(value) or self.drawn(value, depth)
        return self.foreign(value, kind, depth)

    def foreign(self, value: Any, kind: type, depth: int) -> Any:
        called = callables.of(self, value, kind, depth)
        if called is not None:
            return called
        if kind.__module__ == "numpy":
            return _numpy(self, value, kind, depth)
        found = objects.standard(self, value, kind, depth)
        if found is not None:
            return found
        if kind.__module__ in _BUILT_IN or issubclass(kind, (type, *_BUILT_IN_VALUES)):
            return ["opaque", *named(kind)]
        return objects.encoded(self, value, kind, depth)

    def drawn(self, value: Any, depth: int) -> list[Any]:
        """What an iterator yields, up to a bound; what it raises stands where the next item would."""
        items: list[Any] = []
        while len(items) < YIELDED:
            with Caught() as caught:
                item = next(value)
            if isinstance(caught.error, StopIteration):
                return ["iterator", items, True]
            if caught.error is not None:
                return ["iterator", [*items, raised(caught.error)], True]
            items.append(self.value(item, depth + 1))
        return ["iterator", items, False]


_BUILT_IN = frozenset(("builtins", "_io", "io", "_thread", "threading", "types", "functools", "_functools", "weakref", "_weakref", "re", "collections", "itertools", "array", "_collections", "_random", "random", "_asyncio", "asyncio", "socket", "_socket", "contextvars", "_contextvars", "typing", "ctypes", "_ctypes", "decimal", "_struct", "operator"))  # fmt: skip
_BUILT_IN_VALUES = (types.FunctionType, types.BuiltinFunctionType, types.ModuleType, types.MethodType)


def _int(_encoder: Encoder, value: int, _depth: int) -> Any:
    if -PLAIN_INT < value < PLAIN_INT:
        return value
    if value.bit_length() > INT_BITS:
        raise EncodingError(f"an integer of {value.bit_length()} bits")
    return ["int", hex(value)]


def _str(_encoder: Encoder, value: str, _depth: int) -> Any:
    if len(value) > TEXT:
        raise EncodingError(f"a text of {len(value)} characters")
    return value


def _float(_encoder: Encoder, value: float, _depth: int) -> Any:
    if math.isnan(value):
        return ["float", "nan"]
    return ["float", str(value) if value in (float("inf"), float("-inf")) else value.hex()]


def _bytes(encoder: Encoder, value: Any, _depth: int) -> Any:
    if len(value) > BYTES:
        raise EncodingError(f"{len(value)} bytes")
    if type(value) is bytearray:
        reference = encoder.known(value)
        if reference:
            return reference
    return [type(value).__name__, base64.b64encode(value).decode("ascii")]


def _complex(encoder: Encoder, value: complex, depth: int) -> Any:
    return ["complex", _float(encoder, value.real, depth), _float(encoder, value.imag, depth)]


def _list(encoder: Encoder, value: list[Any], depth: int) -> Any:
    return encoder.known(value) or ["list", encoder.many(list(value), depth)]


def _tuple(encoder: Encoder, value: Any, depth: int) -> Any:
    return ["tuple", encoder.many(value, depth)]


def _mapping(tag: str) -> Callable[[Encoder, Any, int], Any]:
    def encoded(encoder: Encoder, value: Any, depth: int) -> Any:
        return encoder.known(value) or [tag, encoder.pairs(value, depth)]

    return encoded


def _defaultdict(encoder: Encoder, value: Any, depth: int) -> Any:
    reference = encoder.known(value)
    if reference:
        return reference
    factory = value.default_factory
    name = factory.__name__ if isinstance(factory, type) and factory in FACTORIES.values() else None
    return ["defaultdict", encoder.pairs(value, depth), *([name] if name else [])]


def _set(encoder: Encoder, value: Any, depth: int) -> Any:
    return encoder.known(value) or ["set", encoder.unordered(value, depth)]


def _frozenset(encoder: Encoder, value: Any, depth: int) -> Any:
    return ["frozenset", encoder.unordered(value, depth)]


def _deque(encoder: Encoder, value: Any, depth: int) -> Any:
    return encoder.known(value) or ["deque", encoder.many(list(value), depth), value.maxlen]


def _as_text(tag: str, write: Callable[[Any], str] = str) -> Callable[[Encoder, Any, int], Any]:
    def encoded(_encoder: Encoder, value: Any, _depth: int) -> Any:
        text = write(value)
        if len(text) > TEXT:
            raise EncodingError(f"a {tag} of {len(text)} characters")
        return [tag, text]

    return encoded


def _fraction(_encoder: Encoder, value: fractions.Fraction, _depth: int) -> Any:
    if max(value.numerator.bit_length(), value.denominator.bit_length()) > 2**12:
        raise EncodingError("a large fraction")
    return ["fraction", f"{value.numerator}/{value.denominator}"]


def _moment(_encoder: Encoder, value: Any, _depth: int) -> Any:
    """A time or datetime. A named zone does not show in the ISO form, so it is told apart."""
    zone = value.tzinfo
    tag = type(value).__name__
    if zone is None or type(zone) is dt.timezone:
        return [tag, value.isoformat()] + ([None, 1] if tag == "datetime" and value.fold else [])
    if type(zone) is zoneinfo.ZoneInfo and tag == "datetime":
        return [tag, value.replace(tzinfo=None).isoformat(), ["zone", str(zone.key)], value.fold]
    return ["opaque", "datetime", tag]


def _zone(_encoder: Encoder, value: Any, _depth: int) -> Any:
    return ["zone", value.key] if type(value.key) is str else ["opaque", "zoneinfo", "ZoneInfo"]


def _timezone(_encoder: Encoder, value: dt.timezone, _depth: int) -> Any:
    return ["new", "datetime", "timezone", [_timedelta(_encoder, value.utcoffset(None), _depth)], []]


def _timedelta(_encoder: Encoder, value: dt.timedelta, _depth: int) -> Any:
    return ["timedelta", value.days, value.seconds, value.microseconds]


def _path(_encoder: Encoder, value: pathlib.PurePath, _depth: int) -> Any:
    return ["path", type(value).__name__, str(value)]


def _range(encoder: Encoder, value: Any, depth: int) -> Any:
    return [type(value).__name__, *encoder.many((value.start, value.stop, value.step), depth)]


def _pattern(encoder: Encoder, value: Any, depth: int) -> Any:
    return ["pattern", encoder.value(value.pattern, depth + 1), value.flags]


def _file(encoder: Encoder, value: Any, _depth: int) -> Any:
    reference = encoder.known(value)
    if reference:
        return reference
    try:
        held = value.getvalue()
    except ValueError:
        return ["opaque", "io", type(value).__name__]
    data = held.encode("utf-8", "surrogatepass") if type(held) is str else held
    if len(data) > BYTES:
        raise EncodingError(f"a file of {len(data)} bytes")
    return ["file", type(value).__name__, base64.b64encode(data).decode("ascii")]


def _numpy(encoder: Encoder, value: Any, kind: type, depth: int) -> Any:
    numpy = sys.modules.get("numpy")
    if numpy is not None and kind is numpy.ndarray:
        if value.dtype.hasobject or value.dtype.fields is not None:
            return ["opaque", *named(kind)]
        if value.nbytes > BYTES:
            raise EncodingError(f"an array of {value.nbytes} bytes")
        reference = encoder.known(value)
        data = base64.b64encode(value.tobytes()).decode("ascii")
        return reference or ["array", value.dtype.str, [int(each) for each in value.shape], data]
    if numpy is not None and issubclass(kind, numpy.generic) and type(value.item()) in _ENCODERS:
        return ["object", *named(kind), [["item", encoder.value(value.item(), depth + 1)]]]
    return ["opaque", *named(kind)]


_ENCODERS: dict[type, Callable[[Encoder, Any, int], Any]] = {
    int: _int,
    str: _str,
    float: _float,
    bool: lambda _encoder, value, _depth: value,
    bytes: _bytes,
    bytearray: _bytes,
    complex: _complex,
    list: _list,
    tuple: _tuple,
    dict: _mapping("dict"),
    collections.OrderedDict: _mapping("ordereddict"),
    collections.Counter: _mapping("counter"),
    collections.defaultdict: _defaultdict,
    set: _set,
    frozenset: _frozenset,
    collections.deque: _deque,
    decimal.Decimal: _as_text("decimal"),
    fractions.Fraction: _fraction,
    dt.date: _as_text("date", dt.date.isoformat),
    dt.time: _moment,
    dt.datetime: _moment,
    dt.timedelta: _timedelta,
    dt.timezone: _timezone,
    zoneinfo.ZoneInfo: _zone,
    uuid.UUID: _as_text("uuid"),
    pathlib.PurePosixPath: _path,
    pathlib.PureWindowsPath: _path,
    pathlib.PosixPath: _path,
    range: _range,
    slice: _range,
    type(...): lambda _encoder, _value, _depth: ["ellipsis"],
    re.Pattern: _pattern,
    io.StringIO: _file,
    io.BytesIO: _file,
}
