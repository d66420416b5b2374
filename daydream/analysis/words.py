"""How often words occur in a set of texts: counted once per share of the texts, asked for as often as one likes."""

import array
import struct
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

_KEPT = bytes(range(48, 58)) + bytes(range(65, 91)) + b"_" + bytes(range(97, 123)) + bytes(range(128, 256))
_TABLE = bytes(b if b in _KEPT else 32 for b in range(256))


@dataclass(slots=True)
class Tally:
    """Occurrences of one word: in code and everything else, and in tests."""

    elsewhere: int = 0
    in_tests: int = 0

    @property
    def total(self) -> int:
        """All occurrences."""
        return self.elsewhere + self.in_tests


def split(text: bytes) -> list[bytes]:
    """Cut a text into words: runs of letters, digits and underscores; any byte above 127 is a letter."""
    return text.translate(_TABLE).split()


@dataclass(frozen=True, slots=True)
class Census:
    """Every word of some texts with its occurrences, elsewhere and in tests; the three lists go in step."""

    words: list[bytes]
    elsewhere: "array.array[int]"
    in_tests: "array.array[int]"

    def pack(self) -> bytes:
        """Write it as bytes, for `unpack`."""
        counts = struct.pack("<Q", len(self.words)), self.elsewhere.tobytes(), self.in_tests.tobytes()
        return b"".join((*counts, b" ".join(self.words)))


def census(texts: Iterable[tuple[bytes, bool]]) -> Census:
    """Count every word of texts given as (content, is it a test)."""
    elsewhere: Counter[bytes] = Counter()
    in_tests: Counter[bytes] = Counter()
    for content, is_test in texts:
        (in_tests if is_test else elsewhere).update(split(content))
    words = sorted(elsewhere.keys() | in_tests.keys())
    return Census(
        words,
        array.array("I", map(elsewhere.__getitem__, words)),
        array.array("I", map(in_tests.__getitem__, words)),
    )


def unpack(packed: bytes) -> Census:
    """Read what `pack` wrote on the same machine.

    Raises:
        ValueError: it is something else.
    """
    head, size = struct.calcsize("<Q"), array.array("I").itemsize
    if len(packed) < head:
        msg = "no census"
        raise ValueError(msg)
    (count,) = struct.unpack_from("<Q", packed)
    elsewhere, in_tests = array.array("I"), array.array("I")
    elsewhere.frombytes(packed[head : head + count * size])
    in_tests.frombytes(packed[head + count * size : head + 2 * count * size])
    words = packed[head + 2 * count * size :].split()
    if not len(words) == len(elsewhere) == len(in_tests) == count:
        msg = "no census"
        raise ValueError(msg)
    return Census(words, elsewhere, in_tests)


def add_up(shares: Iterable[Census], wanted: Collection[str]) -> dict[str, Tally]:
    """Count the wanted words over shares of the texts; one that occurs nowhere has zeros."""
    names = {word.encode("utf-8", "surrogateescape"): word for word in wanted}
    counts = {word: Tally() for word in wanted}
    for share in shares:
        places = dict(zip(share.words, range(len(share.words)), strict=True))
        for raw in names.keys() & places.keys():
            entry, place = counts[names[raw]], places[raw]
            entry.elsewhere += share.elsewhere[place]
            entry.in_tests += share.in_tests[place]
    return counts


def pieces(name: str) -> Iterator[str]:
    """Yield the words that a program leaves behind when it composes `name` at run time.

    ``f"visit_{kind}"`` leaves ``visit_``, ``"%s_handler"`` leaves ``s_handler``.
    """
    for at, letter in enumerate(name):
        if letter == "_" and 0 < at < len(name) - 1:
            if name[: at + 1].strip("_"):
                yield name[: at + 1]
            if name[at:].strip("_"):
                yield name[at:]
                yield "s" + name[at:]
