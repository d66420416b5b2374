"""Deterministic callables that an input may name, and the factories of a defaultdict."""

from __future__ import annotations

import builtins
import operator
from collections.abc import Callable
from typing import Any

from .grammar import EncodingError

FACTORIES: dict[str, Callable[[], Any]] = {
    each.__name__: each for each in (int, float, str, list, dict, set, tuple, bool, bytes)
}
_CONSTANTS: dict[str, Any] = {
    "constant:none": None,
    "constant:true": True,
    "constant:false": False,
    "constant:0": 0,
    "constant:1": 1,
    "constant:text": "",
    "constant:list": [],
}
_ERRORS = ("ValueError", "TypeError", "KeyError", "IndexError", "RuntimeError", "OSError", "StopIteration")


def _identity(*given: Any, **_named: Any) -> Any:
    return given[0] if given else None


def _negate(*given: Any, **_named: Any) -> Any:
    return operator.neg(given[0])


def _first(*given: Any, **_named: Any) -> Any:
    return given[0][0]


def _size(*given: Any, **_named: Any) -> Any:
    return len(given[0])


def _text(*given: Any, **_named: Any) -> Any:
    return str(given[0])


def _truth(*given: Any, **_named: Any) -> Any:
    return bool(given[0])


def _total(*given: Any, **_named: Any) -> Any:
    return sum(each for each in given if isinstance(each, (int, float)))


def _compare(left: Any, right: Any) -> int:
    return int(left > right) - int(left < right)


def _constant(value: Any) -> Callable[..., Any]:
    def constant(*_given: Any, **_named: Any) -> Any:
        return list(value) if type(value) is list else value

    return constant


def _raising(kind: type[BaseException]) -> Callable[..., Any]:
    def raising(*_given: Any, **_named: Any) -> Any:
        raise kind("raised on purpose")

    return raising


OFFERED: dict[str, Callable[..., Any]] = {
    "identity": _identity,
    "negate": _negate,
    "first": _first,
    "len": _size,
    "str": _text,
    "bool": _truth,
    "sum": _total,
    "compare": _compare,
    **{name: _constant(value) for name, value in _CONSTANTS.items()},
    **{f"raise:{name}": _raising(getattr(builtins, name)) for name in _ERRORS},
}
_NAMES = {id(each): name for name, each in OFFERED.items()}


def offered(name: str) -> Callable[..., Any]:
    """The callable of that name; each asks for nothing and changes nothing."""
    found = OFFERED.get(name)
    if found is None:
        msg = f"no function {name[:60]!r} is offered"
        raise EncodingError(msg)
    return found


def offered_name(value: Any) -> str | None:
    """Which of the offered callables a value is."""
    return _NAMES.get(id(value))
