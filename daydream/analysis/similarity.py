"""Which procedures are related, and why: words, callees, signature and documentation, each with its share.

Words are weighed by how rare they are (TF-IDF, Salton and Buckley 1988) and compared by the cosine of their
vectors; callees by a weighted Jaccard index; types and parameter names by the plain one. Nothing is learnt, and
the same procedures always give the same answer.
"""

import heapq
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from daydream.contracts.dream import Procedure

Key = tuple[str, str, int]
WEIGHTS: Mapping[str, float] = {"words": 0.5, "callees": 0.25, "signature": 0.15, "documentation": 0.1}
_IDENTIFIER = re.compile(r"[A-Za-z_]\w*")
_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]{2,}")
_CALLED = re.compile(r"([A-Za-z_][\w.]*)\(")
_NOISE = re.compile(r'"""[\s\S]*?"""|\'\'\'[\s\S]*?\'\'\'|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|#.*')
_KEYWORDS = frozenset(
    [
        "and",
        "as",
        "assert",
        "async",
        "await",
        "break",
        "class",
        "continue",
        "def",
        "del",
        "elif",
        "else",
        "except",
        "finally",
        "for",
        "from",
        "global",
        "if",
        "import",
        "in",
        "is",
        "lambda",
        "nonlocal",
        "not",
        "or",
        "pass",
        "raise",
        "return",
        "try",
        "while",
        "with",
        "yield",
        "none",
        "true",
        "false",
        "self",
        "cls",
        "str",
        "int",
    ]
)
_NO_PROJECT = frozenset(["src", "lib", "python", "packages"])
_RAREST = 24
_COMMON = 0.08
_FEWEST = 40
_SPARE = 48


@dataclass(frozen=True, slots=True)
class Terms:
    """How alike two procedures are in one respect, 0..1 (None: neither has it), and the most telling things that
    they share."""

    share: float | None
    shared: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Match:
    """A related procedure: `score` 0..1 is the mean of its terms by their weights, without those that neither has."""

    procedure: Procedure
    score: float
    terms: Mapping[str, Terms]

    @property
    def project(self) -> str:
        """The project that it belongs to; see `project_of`."""
        return project_of(self.procedure.path)


@dataclass(frozen=True, slots=True)
class _Features:
    """What is compared of a procedure; callees end in `()`, words of its documentation begin with `~`."""

    procedure: Procedure
    words: Mapping[str, float]
    callees: frozenset[str]
    signature: frozenset[str]
    documentation: frozenset[str]

    @property
    def counted(self) -> list[str]:
        """Whatever is rarer or more frequent."""
        return [*self.words, *self.callees, *self.documentation]


def project_of(path: str) -> str:
    """Return the project of a path: the repository before a colon (`other:pkg/a.py`), else the top-level package
    or folder; a module at the top is its own."""
    repository, colon, _ = path.partition(":")
    if colon:
        return repository
    parts = path.split("/")
    while len(parts) > 2 and parts[0] in _NO_PROJECT:
        parts = parts[1:]
    return parts[0].removesuffix(".py")


class Index:
    """Procedures by what stands in them. Changed files are put in anew, without the rest being looked at."""

    def __init__(self) -> None:
        self._features: list[_Features | None] = []
        self._files: dict[str, list[int]] = {}
        self._numbers: dict[Key, int] = {}
        self._holders: dict[str, list[int]] = {}
        self._size = 0
        self._rarities: dict[str, float] = {}
        self._lengths: dict[Key, float] = {}

    @classmethod
    def build(cls, procedures: Iterable[Procedure]) -> "Index":
        """Index procedures that have their source; the others are left out."""
        index = cls()
        index.add(procedures)
        return index

    def __len__(self) -> int:
        return self._size

    def add(self, procedures: Iterable[Procedure]) -> None:
        """Add procedures; those of a file that is in already are added to it."""
        for each in procedures:
            if each.source is None or each.key in self._numbers:
                continue
            features = _features(each)
            number = len(self._features)
            self._features.append(features)
            self._numbers[each.key] = number
            self._files.setdefault(each.path, []).append(number)
            for word in features.counted:
                self._holders.setdefault(word, []).append(number)
            self._size += 1
        self._forget()

    def remove(self, path: str) -> None:
        """Forget the procedures of a file."""
        for number in self._files.pop(path, []):
            features = self._features[number]
            if features is None:
                continue
            for word in features.counted:
                self._holders[word].remove(number)
            del self._numbers[features.procedure.key]
            self._features[number] = None
            self._size -= 1
        self._forget()

    def _forget(self) -> None:
        """Whatever depends on how many procedures there are is counted anew when it is next asked for."""
        self._rarities.clear()
        self._lengths.clear()

    def replace(self, path: str, procedures: Iterable[Procedure]) -> None:
        """Put the procedures of a file in the place of those that it had."""
        self.remove(path)
        self.add(procedures)

    def related(self, procedure: Procedure, k: int, threshold: float = 0.0) -> list[Match]:
        """Return the `k` procedures most like one (which need not be in the index), from `threshold`, best first.

        Only procedures that share one of its rarer words or callees are compared; equal scores are in the
        order of paths and names.
        """
        if procedure.source is None or k < 1:
            return []
        features = self._known(procedure) or _features(procedure)
        scored = []
        length = self._measured(features)
        for each in self._candidates(features, k):
            score, shares = self._score(features, length, each)
            if score >= threshold and not _one_in_another(procedure, each.procedure):
                scored.append((-score, each.procedure.key, each, shares))
        best = heapq.nsmallest(k, scored, key=lambda found: found[:2])
        return [
            Match(other.procedure, -score, self._terms(features, other, shares))
            for score, _, other, shares in best
        ]

    def _known(self, procedure: Procedure) -> _Features | None:
        number = self._numbers.get(procedure.key)
        found = None if number is None else self._features[number]
        return found if found is not None and found.procedure.source == procedure.source else None

    def _rarity(self, word: str) -> float:
        known = self._rarities.get(word)
        if known is None:
            known = math.log((1 + self._size) / (1 + len(self._holders.get(word, ())))) + 1.0
            self._rarities[word] = known
        return known

    def _candidates(self, features: _Features, k: int) -> list[_Features]:
        """Return the procedures that share most of the rarer words, by a quick count."""
        most = max(_FEWEST, int(_COMMON * self._size))
        named = (*features.words, *features.callees)
        known = [each for each in named if 0 < len(self._holders.get(each, ())) <= most]
        known.sort(key=lambda each: (len(self._holders[each]), each))
        points: dict[int, float] = {}
        for word in known[:_RAREST]:
            rarity = self._rarity(word)
            for number in self._holders[word]:
                points[number] = points.get(number, 0.0) + rarity
        best = heapq.nlargest(k + _SPARE, points.items(), key=lambda each: (each[1], -each[0]))
        # Whoever shares a file is looked at whatever words they share: methods of one class share its state.
        numbers = dict.fromkeys(
            [*(number for number, _ in best), *self._files.get(features.procedure.path, ())[:_SPARE]]
        )
        return [found for number in numbers if (found := self._features[number]) is not None]

    def _score(
        self, one: _Features, length: float, other: _Features
    ) -> tuple[float, dict[str, float | None]]:
        shares = {
            "words": self._cosine(one, length, other),
            "callees": self._jaccard(one.callees, other.callees),
            "signature": _overlap(one.signature, other.signature),
            "documentation": self._jaccard(one.documentation, other.documentation),
        }
        known = {name: share for name, share in shares.items() if share is not None}
        weight = sum(WEIGHTS[name] for name in known)
        score = sum(WEIGHTS[name] * share for name, share in known.items()) / weight if weight else 0.0
        return round(score, 4), shares

    def _terms(
        self, one: _Features, other: _Features, shares: Mapping[str, float | None]
    ) -> dict[str, Terms]:
        shared = {
            "words": one.words.keys() & other.words.keys(),
            "callees": one.callees & other.callees,
            "signature": one.signature & other.signature,
            "documentation": one.documentation & other.documentation,
        }
        return {
            name: Terms(None if share is None else round(share, 4), self._telling(shared[name]))
            for name, share in shares.items()
        }

    def _telling(self, shared: Iterable[str]) -> tuple[str, ...]:
        return tuple(heapq.nsmallest(5, shared, key=lambda each: (-self._rarity(each), each)))

    def _cosine(self, one: _Features, length: float, other: _Features) -> float | None:
        if not one.words or not other.words:
            return None if not one.words and not other.words else 0.0
        shared = one.words.keys() & other.words.keys()
        dot = math.fsum(one.words[word] * other.words[word] * self._rarity(word) ** 2 for word in shared)
        return min(1.0, dot / (length * self._length(other)))

    def _length(self, features: _Features) -> float:
        known = self._lengths.get(features.procedure.key)
        if known is None:
            known = self._measured(features)
            self._lengths[features.procedure.key] = known
        return known

    def _measured(self, features: _Features) -> float:
        parts = ((weight * self._rarity(word)) ** 2 for word, weight in features.words.items())
        return math.sqrt(math.fsum(parts))

    def _jaccard(self, one: frozenset[str], other: frozenset[str]) -> float | None:
        if not one and not other:
            return None
        weight = math.fsum(map(self._rarity, one & other))
        return weight / math.fsum(map(self._rarity, one | other))


def _overlap(one: frozenset[str], other: frozenset[str]) -> float | None:
    return len(one & other) / len(one | other) if one or other else None


def _one_in_another(one: Procedure, other: Procedure) -> bool:
    """Tell whether two procedures share lines: they are the same, or one is defined in the other."""
    if one.path != other.path:
        return False
    return one.first_line <= other.last_line and other.first_line <= one.last_line


def _features(procedure: Procedure) -> _Features:
    code = _NOISE.sub("", procedure.source or "")
    identifiers = _IDENTIFIER.findall(code)
    counts = Counter(part for each in identifiers for part in _parts(each))
    callees = frozenset(f"{each.rpartition('.')[2]}()" for each in _CALLED.findall(code))
    own = f"{procedure.qualname.rpartition('.')[2]}()"
    return _Features(
        procedure=procedure,
        words={word: 1.0 + math.log(count) for word, count in sorted(counts.items())},
        callees=frozenset(each for each in callees if each != own and each[:-2] not in _KEYWORDS),
        signature=frozenset(_IDENTIFIER.findall(procedure.signature)) - {"self", "cls", "None"},
        documentation=frozenset(f"~{each}" for each in _words(procedure.summary)),
    )


_PARTS: dict[str, tuple[str, ...]] = {}


def _parts(identifier: str) -> Sequence[str]:
    known = _PARTS.get(identifier)
    if known is None:
        known = tuple(_words(identifier))
        if len(_PARTS) < 100_000:
            _PARTS[identifier] = known
    return known


def _words(text: str) -> list[str]:
    return [word for each in _PART.findall(text) if (word := each.lower()) not in _KEYWORDS]
