"""Calling a procedure: arguments in, what it did out."""

from __future__ import annotations

import gc
import importlib
import io
import os
import sys
import types
from collections.abc import Callable
from typing import Any, Protocol

from . import loader
from .aliases import Aliases
from .caught import Caught
from .decoding import decode
from .digest import sha256
from .encoding import LAZY, YIELDED, Encoder, encode, raised
from .grammar import EncodingError, dumps

_KEPT = 2**16


def _chance() -> Any:
    """The module `random` without its wish to be seeded anew in each child: all are given the same seed."""
    asked, os.register_at_fork = os.register_at_fork, lambda **_: None
    try:
        return importlib.import_module("random")
    finally:
        os.register_at_fork = asked


random = _chance()


class Tap(io.RawIOBase):
    """A stream that keeps its beginning, its size and its digest."""

    def __init__(self) -> None:
        super().__init__()
        self.start()

    def start(self) -> None:
        self.size = 0
        self.kept = b""
        self.hash: Any = None

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        part = bytes(data)
        if part:
            self.size += len(part)
            self.kept += part[: _KEPT - len(self.kept)]
            self.hash = self.hash or sha256()
            self.hash.update(part)
        return len(part)

    def told(self) -> list[Any]:
        """[text, size, digest] since the last time, and begin anew."""
        if self.hash is None:
            return ["", 0, ""]
        written = [self.kept.decode("utf-8", "replace"), self.size, self.hash.hexdigest()]
        self.start()
        return written


class Line(Protocol):
    """The way to process 1, and what stands in the place of standard output and standard error."""

    taps: tuple[Tap, Tap]

    def inputs(self) -> Any: ...

    def pause(self, letter: bytes) -> None: ...


def tapped() -> tuple[Tap, Tap]:
    """Put taps in the place of standard output and standard error."""
    taps = Tap(), Tap()
    sys.stdout, sys.stderr = (_text(tap) for tap in taps)
    return taps


def _text(tap: Any) -> io.TextIOWrapper:
    return io.TextIOWrapper(tap, encoding="utf-8", errors="backslashreplace", write_through=True)


class Drawn:
    """What an iterator yielded while the clock ran."""

    def __init__(self, tree: list[Any], encoder: Encoder) -> None:
        self.tree = tree
        self.encoder = encoder


def run(line: Line, job: dict[str, Any]) -> dict[str, Any]:
    """Call the unit with each of its inputs and answer for all of them."""
    procedure = loader.load(job["unit"])
    sent = line.inputs()
    _seeded()
    prepared = [_arguments(each) for each in sent]
    refused = [each for each in prepared if isinstance(each, loader.Refused)]
    if refused and not job["answers"]:
        raise refused[0]
    for tap in line.taps:
        tap.start()  # what was written while loading is not the calls'
    if len(prepared) > 1:
        gc.collect()  # what loading left is not the calls' to clear away
    # What only a first call costs (an import, a table that is kept) is not what a call costs: the clock starts after it.
    before = prepared[: len(prepared) > 1]
    done = [_one(procedure, each, line.taps) for each in before]
    line.pause(b"R")
    done += [_one(procedure, each, line.taps) for each in prepared[len(before) :]]
    line.pause(b"D")
    aliases = Aliases()
    if job["answers"]:
        return {"answers": [_answer(*each, aliases) for each in zip(done, prepared, strict=True)]}
    told = [_told(each, given, aliases) for each, given in zip(done, prepared, strict=True)]
    return {"digests": [sha256(dumps(each, 2**30)).hexdigest() for each in told]}


def _one(procedure: Callable[..., Any], arguments: Any, taps: tuple[Tap, Tap]) -> Any:
    """What came of one call; None where its arguments could not be built."""
    if isinstance(arguments, loader.Refused):
        return None
    given, named = arguments
    return _called(procedure, given, named, taps)


def _answer(done: Any, arguments: Any, aliases: Aliases) -> list[Any]:
    """What there is to tell of one call, or [reason, detail] where there is nothing; the others are told of all the same."""
    if isinstance(arguments, loader.Refused):
        return [arguments.reason, arguments.detail]
    try:
        return _told(done, arguments, aliases)
    except EncodingError as error:
        return ["too large", f"the answer cannot be sent: {error}"]


def _seeded() -> None:
    """The same chance in every child."""
    random.seed(0)
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed(0)


def _arguments(sent: list[Any]) -> tuple[list[Any], dict[str, Any]] | loader.Refused:
    given, named = sent
    try:
        tree = decode(["tuple", [["list", given], ["dict", named]]])
    except EncodingError as error:
        return loader.Refused("inputs", f"an argument {error}")
    return tree[0], tree[1]


def _called(
    procedure: Callable[..., Any], given: list[Any], named: dict[str, Any], taps: tuple[Tap, Tap]
) -> tuple[tuple[str, Any], list[Any], str]:
    waited = ""
    with Caught() as caught:
        value = procedure(*given, **named)
        kind = type(value)
        if kind is types.CoroutineType:
            waited = "awaited"
            value = _finished(_awaited(value))
        elif kind is types.AsyncGeneratorType:
            waited = "drawn"
            value = _finished(_collected(value))
        elif issubclass(kind, LAZY):
            encoder = Encoder()
            value = Drawn(encode(value, encoder), encoder)
    if isinstance(caught.error, MemoryError):
        raise caught.error
    outcome = ("raised", caught.error) if caught.error is not None else ("returned", value)
    return outcome, [tap.told() for tap in taps], waited


def _finished(work: Any) -> Any:
    import asyncio  # its pages would cost every child half a millisecond; a ground for async code preloads it

    return asyncio.run(work)


async def _awaited(value: Any) -> Any:
    return await value


async def _collected(value: Any) -> Drawn:
    items: list[Any] = []
    encoder = Encoder()
    encoder.known(value)  # the iterator is the first that is numbered, as where it is not drawn in a loop
    with Caught() as caught:
        async for item in value:
            items.append(encode(item, encoder))
            if len(items) >= YIELDED:
                return Drawn(["iterator", items, False], encoder)
    if caught.error is not None:
        items.append(raised(caught.error))
    return Drawn(["iterator", items, True], encoder)


def _told(done: Any, arguments: Any, aliases: Aliases) -> list[Any]:
    """[returned, raised, arguments afterwards, standard output, standard error, shared, linked, waited]; see `Aliases`; `waited`
    says what a caller had to do in a loop for the value: "awaited", "drawn" or nothing."""
    (kind, value), written, waited = done
    mine = Encoder()
    after = encode((arguments[0], arguments[1]), mine)
    if kind == "raised":
        return [None, raised(value), after, *written, *aliases.told(mine, None), waited]
    drawn = type(value) is Drawn
    its = value.encoder if drawn else Encoder()
    tree = value.tree if drawn else encode(value, its)
    return [tree, None, after, *written, *aliases.told(mine, its), waited]
