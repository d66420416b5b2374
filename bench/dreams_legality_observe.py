"""What a call did, for bench.dreams_legality: values of written types, and all that somebody outside can tell.

`observe` runs one function on one set of arguments and returns the value or the exception with its wording, the arguments
afterwards, what was noted on the way, and which argument came back.
"""

import contextlib
import copy
import io
import random
import re
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

_MASKED = re.compile(r"'[^']*'|\"[^\"]*\"|-?\d+(?:\.\d+)?|0x[0-9a-f]+")


SOON_S = 0.25
LATE_S = 20.0


class TookTooLong(BaseException):
    """A call did not end."""


def value(kind: str, rng: random.Random) -> Any:
    """A value of a written type; of `?` anything."""
    if kind == "?":
        return _anything(rng)
    makers: Mapping[str, Callable[[], Any]] = {
        "int": lambda: rng.choice([0, 1, -1, 2, 3, 10, rng.randint(-50, 50)]),
        "str": lambda: rng.choice(["", "a", "key", "b c", "12", " A-b "]),
        "bool": lambda: rng.random() < 0.5,
        "float": lambda: rng.choice([0.0, 0.5, -2.0, 1e9, rng.random()]),
        "bytes": lambda: rng.choice([b"", b"a", b"\xff\x00"]),
        "None": lambda: None,
    }
    if kind in makers:
        return makers[kind]()
    outer, _, inner = kind.removesuffix("]").partition("[")
    size = rng.choice([0, 1, 2, 3, 6])
    if outer == "dict":
        key, _, held = inner.partition(", ")
        return {value(key, rng): value(held, rng) for _ in range(size)}
    items = [value(inner or "?", rng) for _ in range(size)]
    return {"list": list, "set": set, "frozenset": frozenset, "tuple": tuple}[outer](items)


def _anything(rng: random.Random) -> Any:
    kind = rng.choice(
        [
            "int",
            "str",
            "str",
            "bool",
            "float",
            "None",
            "list[int]",
            "list[str]",
            "dict[str, int]",
            "object",
            "iterator",
        ]
    )
    if kind == "object":
        return SimpleNamespace(size=rng.randint(0, 3))
    return iter([1, 2, 3]) if kind == "iterator" else value(kind, rng)


def _late(_signal: int, _frame: object) -> None:
    raise TookTooLong


@contextlib.contextmanager
def limited(seconds: float) -> Iterator[None]:
    """End a call that takes too long."""
    signal.signal(signal.SIGALRM, _late)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def observe(
    function: Callable[..., Any], arguments: Sequence[Any], log: list[Any], seconds: float = SOON_S
) -> tuple[Any, ...]:
    """Call a function on copies of the arguments; return what it did."""
    given = [_copied(each) for each in arguments]
    log.clear()
    printed = io.StringIO()
    try:
        with limited(seconds), contextlib.redirect_stdout(printed):
            result = function(*given)
            shown: tuple[str, object, list[object]] = (
                "value",
                frozen(result),
                [number for number, each in enumerate(given) if each is result],
            )
    except TookTooLong:
        shown = ("endless", None, [])
    except Exception as error:  # noqa: BLE001 (whatever a function raises is what it did)
        shown = ("raise", type(error).__name__, [_wording(error)])
    return (*shown, frozen(given), frozen(log), printed.getvalue())


def _copied(one: Any) -> Any:
    # An iterator is used up by the first call.
    return copy.copy(one) if hasattr(one, "__next__") else copy.deepcopy(one)


def _wording(error: Exception) -> str:
    return "" if isinstance(error, KeyError) else _MASKED.sub("_", str(error))


def frozen(one: Any) -> Any:
    """A value with its types, comparable; NaN equals itself."""
    if isinstance(one, dict):
        return (type(one).__name__, [(frozen(key), frozen(held)) for key, held in one.items()])
    if isinstance(one, set | frozenset):
        return (type(one).__name__, sorted(repr(frozen(each)) for each in one))
    if isinstance(one, list | tuple):
        return (type(one).__name__, [frozen(each) for each in one])
    if hasattr(one, "__next__"):
        return (type(one).__name__, [frozen(each) for _, each in zip(range(100), one, strict=False)])
    return (type(one).__name__, re.sub(r" at 0x[0-9a-f]+", "", repr(one)))
