"""How often words occur in a set of texts: one fast pass, only for the words that are asked for."""

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


def tally(texts: Iterable[tuple[bytes, bool]], wanted: Collection[str]) -> dict[str, Tally]:
    """Count the wanted words over texts given as (content, is it a test).

    Every wanted word is in the answer; one that occurs nowhere has zeros.
    """
    names = {word.encode("utf-8", "surrogateescape"): word for word in wanted}
    counts = {word: Tally() for word in wanted}
    for content, is_test in texts:
        for raw, count in Counter(filter(names.__contains__, split(content))).items():
            entry = counts[names[raw]]
            if is_test:
                entry.in_tests += count
            else:
                entry.elsewhere += count
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
