"""Templates by their words, so that a message finds its own without being compared with all."""

from collections.abc import Sequence
from typing import Any

from daydream.analysis.logs.masks import WILD, cell


def path(words: Sequence[str]) -> tuple[str, ...]:
    """Return what a template's words demand: a word with a variable part becomes ``<*>`` or ``name=<*>``."""
    return tuple(_half(word) if WILD in word else word for word in words)


class Tree:
    """Finds templates by number. A fixed word is preferred to ``name=<*>`` and that to ``<*>``, from left to right."""

    def __init__(self) -> None:
        self._roots: dict[int, dict[str, Any]] = {}

    def add(self, words: Sequence[str], number: int) -> None:
        """Add a template's words; one that demands the same already is replaced."""
        steps = path(words)
        node = self._roots.setdefault(len(steps), {})
        for step in steps[:-1]:
            node = node.setdefault(step, {})
        node[steps[-1]] = number

    def forget(self, length: int) -> None:
        """Drop all templates of so many words."""
        self._roots.pop(length, None)

    def find(self, words: Sequence[str]) -> int:
        """Return the number of the template that a message's masked words fit, 0 if there is none.

        Visits no node twice: at most the templates of this length times their words.
        """
        length = len(words)
        root = self._roots.get(length)
        if root is None:
            return 0
        pending: list[tuple[int, Any]] = [(0, root)]
        while pending:
            place, node = pending.pop()
            while place < length:
                word = words[place]
                place += 1
                if len(node) == 1 and word in node:
                    node = node[word]
                    continue
                options = [node[step] for step in (WILD, _half(word), word) if step in node]
                if not options:
                    break
                node = options.pop()
                pending += [(place, option) for option in options if option is not node]
            else:
                return int(node)
        return 0


def _half(word: str) -> str:
    head = cell(word)[0]
    return WILD if not head or head == WILD else head + WILD
