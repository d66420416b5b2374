"""Messages into templates, as they come: known ones are found in a tree, new ones are collected and grouped."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable

import msgspec

from daydream.analysis.logs.masks import WILD, collapse, mask, words
from daydream.analysis.logs.templates_grouping import Settings, common, groups
from daydream.analysis.logs.tree import Tree

__all__ = ["VARIABLE", "Miner", "Settings", "mask"]

VARIABLE = WILD
_WAITING = 1_024
_NUMBERS = 65_536
_KEPT = 8_192


class MinerStand(msgspec.Struct, frozen=True, array_like=True):
    """A miner between two messages."""

    words: dict[int, list[str]]
    identities: dict[int, str]
    taken: list[str]
    merged: dict[str, int]
    stands_for: list[int]
    waiting: dict[str, int]
    full: bool
    overflow: int


class Miner:
    """Groups messages by template.

    `known`: templates of former nights as (identity, text), the most useful first; they are found before new
    ones are formed and keep their identity when they become more general. At most `most` templates are
    formed, the known ones among them; a message that fits none of them after that is counted in `overflow`
    and has number 0. The same messages in the same order give the same numbers, templates and identities.

    A new message waits, under a number of its own, until 1,024 different ones wait or a template is
    asked for; then they are grouped. So several numbers may stand for one template: compare identities.
    """

    def __init__(
        self, most: int = 2000, known: Iterable[tuple[str, str]] = (), settings: Settings | None = None
    ) -> None:
        self._most = most
        self._settings = settings or Settings()
        self._tree = Tree()
        self._words: dict[int, list[str]] = {}
        self._identities: dict[int, str] = {}
        self._taken: set[str] = set()
        self._merged: dict[str, int] = {}
        self._stands_for = [0]
        self._waiting: dict[str, int] = {}
        self._seen: dict[bytes, int] = {}
        self._full = False
        self.overflow = 0
        self._load(list(known))

    def stand(self) -> MinerStand:
        """Return how the miner stands; nothing in it changes."""
        return MinerStand(
            self._words,
            self._identities,
            sorted(self._taken),
            self._merged,
            self._stands_for,
            self._waiting,
            self._full,
            self.overflow,
        )

    @classmethod
    def taken_up(cls, stand: MinerStand) -> "Miner":
        """Return a miner that stands so, with the usual settings."""
        miner = cls()
        miner._words, miner._identities = stand.words, stand.identities
        miner._taken, miner._merged = set(stand.taken), stand.merged
        miner._stands_for, miner._waiting = stand.stands_for, stand.waiting
        miner._full, miner.overflow = stand.full, stand.overflow
        for number, found in sorted(stand.words.items()):
            miner._tree.add(found, number)
        return miner

    def __len__(self) -> int:
        self._settle()
        return len(self._words)

    def add(self, text: str) -> int:
        """Take a message, return the number of its template, 0 if there is no room for a new one."""
        key = collapse(text)
        number = self._seen.get(key)
        if number is None:
            number = self._place(words(key))
            if len(self._seen) >= _KEPT:
                self._seen.clear()
            self._seen[key] = number
        if number == 0:
            self.overflow += 1
        return number

    def template(self, number: int) -> str:
        """Return a template's text as it stands: masked words joined by spaces, variable ones as ``<*>``."""
        return " ".join(self._words[self._standing(number)])

    def identity(self, number: int) -> str:
        """Return a template's 16 hexadecimal digits, which it keeps for ever: they come from its first text."""
        return self._identities[self._standing(number)]

    def templates(self) -> dict[int, str]:
        """Return all templates by number."""
        self._settle()
        return {number: " ".join(found) for number, found in sorted(self._words.items())}

    def state(self) -> list[tuple[str, str]]:
        """Return (identity, text) of all templates: `known` for the next night."""
        return [(self._identities[number], text) for number, text in self.templates().items()]

    def merged(self) -> dict[str, str]:
        """Return the known identities that are part of a more general template now, and whose."""
        self._settle()
        return {gone: self.identity(number) for gone, number in sorted(self._merged.items())}

    def _load(self, known: list[tuple[str, str]]) -> None:
        """Take in known templates, the most general first: one that fits another is part of it, and of several
        texts of one identity the most general counts."""
        room = max(1, self._most * 3 // 4)
        rows = [(identity, text.split()) for identity, text in known[:room] if text.strip()]
        for identity, found in sorted(rows, key=lambda row: -sum(VARIABLE in word for word in row[1])):
            number = self._tree.find(found)
            if number == 0 and identity not in self._taken:
                number = self._new()
                self._words[number], self._identities[number] = found, identity
                self._tree.add(found, number)
            elif identity not in self._taken:
                self._merged[identity] = number
            self._taken.add(identity)

    def _new(self) -> int:
        self._stands_for.append(len(self._stands_for))
        return len(self._stands_for) - 1

    def _place(self, found: list[str]) -> int:
        number = self._tree.find(found)
        if number:
            return number
        line = " ".join(found)
        number = self._waiting.get(line, 0)
        if number or self._full:
            return number
        if len(self._waiting) >= min(_WAITING, self._most - len(self._words)):
            self._settle()
            room = self._most - len(self._words)
            self._full = room < max(1, min(_WAITING, self._most) // 16) or len(self._stands_for) > _NUMBERS
            return self._place(found)
        self._waiting[line] = self._new()
        return self._waiting[line]

    def _standing(self, number: int) -> int:
        """Return the number of the template that a number stands for."""
        self._settle()
        while self._stands_for[number] != number:
            self._stands_for[number] = self._stands_for[self._stands_for[number]]
            number = self._stands_for[number]
        return number

    def _settle(self) -> None:
        """Group what waits, together with the templates of the same lengths."""
        if not self._waiting:
            return
        lengths: defaultdict[int, list[tuple[int, list[str]]]] = defaultdict(list)
        for line, number in self._waiting.items():
            found = line.split(" ")
            lengths[len(found)].append((number, found))
        for number, found in self._words.items():
            if len(found) in lengths:
                lengths[len(found)].append((number, found))
        self._waiting.clear()
        self._seen.clear()
        for length, members in sorted(lengths.items()):
            self._tree.forget(length)
            members.sort()
            for places in groups([found for _, found in members], self._settings):
                self._form([members[place] for place in places])

    def _form(self, members: list[tuple[int, list[str]]]) -> None:
        """Make one template of messages and templates that belong together; the first one's identity stays."""
        first = members[0][0]
        self._words[first] = common([found for _, found in members])
        self._tree.add(self._words[first], first)
        for number, _ in members[1:]:
            self._stands_for[number] = first
            self._words.pop(number, None)
            gone = self._identities.pop(number, None)
            if gone is not None:
                self._merged[gone] = first
        if first not in self._identities:
            self._identities[first] = self._name(" ".join(self._words[first]))

    def _name(self, text: str) -> str:
        digest = hashlib.sha256(text.encode("utf-8", "replace"))
        while digest.hexdigest()[:16] in self._taken:
            digest.update(b"+")
        self._taken.add(digest.hexdigest()[:16])
        return digest.hexdigest()[:16]
