"""Which of the things that vulture calls unused are dead: how sure a name, its place and its surroundings make us.

vulture knows names, not objects, and cannot see templates, configuration, strings or outside users. So a
definition counts only if its name occurs nowhere else in anything that was examined.
"""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from daydream.analysis.roles import is_illustration, is_migration, is_public, is_settings, is_test
from daydream.analysis.words import Tally, pieces

DEFINITIONS = frozenset({"function", "class", "method", "property"})

_CALLED_BY_NAME = re.compile(
    r"^_*test|^Test|^_*(visit|depart|leave|do|handle|on|pytest|setup|teardown|setUp|tearDown|repr|ipython|p|t)(_|[A-Z])"
    r"|^_[a-z]\w*_$"
)
_BEHAVE_HOOK = re.compile(r"(before|after)_(all|feature|rule|scenario|step|tag)$")
_PLAIN_BASES = frozenset({"object", "Exception", "ValueError", "RuntimeError", "TypeError", "KeyError"})
_PLAIN_DECORATORS = frozenset({"staticmethod", "classmethod", "property"})


class Candidate(msgspec.Struct, frozen=True):
    """What the child says of one definition or piece of code."""

    path: str
    first: int
    last: int
    kind: str
    name: str
    message: str
    confidence: int
    only_tests: bool
    qualname: str = ""
    scope: str = "module"
    decorators: tuple[str, ...] = ()
    bases: tuple[str, ...] = ()
    owner_bases: tuple[str, ...] = ()
    owner_decorators: tuple[str, ...] = ()
    conditional: bool = False

    @property
    def private(self) -> bool:
        """Whether the name, or what is around it, says that outsiders cannot use it."""
        return self.scope == "function" or any(part.startswith("_") for part in self.parts)

    @property
    def parts(self) -> list[str]:
        """The dotted name in parts; the bare name where nothing is known around it."""
        return (self.qualname or self.name).split(".")


class Import(msgspec.Struct, frozen=True):
    """An import of a module that newer Pythons no longer have."""

    module: str
    line: int
    guarded: bool
    path: str


class Answer(NamedTuple):
    """All that the child said; `complete` unless it ended early."""

    candidates: list[Candidate]
    imports: list[Import]
    unread: list[tuple[str, str]]
    classes: dict[str, tuple[str, ...]]
    complete: bool


class _Line(msgspec.Struct):
    unused: Candidate | None = None
    imports: Import | None = None
    unread: tuple[str, str] | None = None
    classes: dict[str, tuple[str, ...]] = {}
    end: int | None = None


def read(raw: bytes) -> Answer:
    """Read the child's JSON lines.

    Raises:
        ValueError: a line is not one of ours.
    """
    answer = Answer([], [], [], {}, complete=False)
    decoder = msgspec.json.Decoder(_Line)
    for text in raw.splitlines():
        line = decoder.decode(text)
        if line.unused is not None:
            answer.candidates.append(line.unused)
        if line.imports is not None:
            answer.imports.append(line.imports)
        if line.unread is not None:
            answer.unread.append(line.unread)
        answer.classes.update(line.classes)
        if line.end is not None:
            answer = answer._replace(complete=True)
    return answer


def watched(candidates: Sequence[Candidate]) -> set[str]:
    """Return the words to count: the names, and what a program leaves behind that composes them."""
    names = {c.name for c in candidates}
    bare = {name.strip("_") for name in names}
    return names.union(bare, *(pieces(name) for name in names))


def is_dead(candidate: Candidate, words: Mapping[str, Tally]) -> bool:
    """Whether the name occurs nowhere but in its definition, or (`only_tests`) else only in tests."""
    count = words[candidate.name]
    others = count.elsewhere if candidate.only_tests else count.total
    if (
        candidate.scope == "class"
        and candidate.name.startswith("_")
        and words[candidate.name.strip("_")].total
    ):
        return False  # `"_" + name` leaves no trace, but the rest of the name
    alone = others == 1 and (count.in_tests > 0 or not candidate.only_tests)
    return alone and not any(words[piece].total for piece in pieces(candidate.name))


class Judge:
    """Says how likely a maintainer removes a dead definition.

    `classes` are all classes of the repository with the names of their bases; `distributed`: it is
    packaged, so that a public name may have users outside.
    """

    def __init__(self, classes: Mapping[str, Sequence[str]], *, distributed: bool) -> None:
        self._classes = classes
        self._distributed = distributed

    def worth(self, c: Candidate) -> float | None:
        """Return the worth, 0..1; None if the definition should not be mentioned at all."""
        if c.name.startswith("__") or is_migration(c.path) or not c.qualname:
            return None
        if not _PLAIN_DECORATORS.issuperset(c.decorators) or c.owner_decorators:
            return None
        if _is_called_by_name(c) or is_settings(c.path) or is_illustration(c.path) or c.conditional:
            return 0.3
        if not _PLAIN_BASES.issuperset(c.bases):
            return 0.3  # what inherits may be registered by inheriting
        if c.scope == "function" and is_test(c.path):
            return 0.3  # what a test defines may be the test
        if c.scope == "class" and not self._is_ours(c.owner_bases):
            return 0.3  # a base that is not ours may call it
        return self._of_the_reachable(c)

    def _is_ours(self, ancestors: Sequence[str]) -> bool:
        """Whether all ancestors are classes of the repository, or of the plain ones that call nothing."""
        waiting, seen = list(ancestors), set(_PLAIN_BASES)
        while waiting:
            name = waiting.pop().rpartition(".")[2]
            if name in seen:
                continue
            bases = self._classes.get(name)
            if bases is None or any(base.rpartition(".")[2] == name for base in bases):
                return False  # from elsewhere, or named like the stranger it extends
            seen.add(name)
            waiting += bases
        return True

    def _of_the_reachable(self, c: Candidate) -> float:
        """Judge a definition that nothing but a direct use can reach."""
        own = c.name.startswith("_")
        if is_test(c.path):
            return 0.6 if c.scope == "module" and c.kind == "function" else 0.4
        if self._distributed and not (own or (c.scope != "class" and (c.private or not is_public(c.path)))):
            return 0.35
        if c.scope == "class" and not own:
            return 0.4  # somebody else may expect an object with this method
        if c.only_tests:
            return 0.45  # most of these are there for the tests, and meant to be
        return 0.8 if c.private else 0.7


def _is_called_by_name(c: Candidate) -> bool:
    """Whether somebody composes such names, or looks for them: test runners, visitors, dispatchers."""
    hook = c.path.endswith("environment.py") and _BEHAVE_HOOK.match(c.name)
    return bool(hook or _CALLED_BY_NAME.match(c.name))


# After these, what follows was forgotten. A jump inside a loop, a raise, an endless loop or a constant condition before code that is
# kept is more often a guard or a switch that somebody meant.
_FORGOTTEN = re.compile(r"after '(return|try)'")


def unreachable_worth(candidate: Candidate, source: str) -> float | None:
    """Return how likely a maintainer removes unreachable code; None where it has a purpose.

    A ``yield`` after a ``return`` makes a function a generator.
    """
    if re.search(r"^\s*(\w+\s*=\s*)?(await\s+)?yield\b", source, re.MULTILINE):
        return None
    if re.search(r"#.*(debug|pylint:|pragma|type:)", source.partition("\n")[0], re.IGNORECASE):
        return 0.4
    if is_test(candidate.path) or is_illustration(candidate.path):
        return 0.45
    return 0.8 if _FORGOTTEN.search(candidate.message) else 0.45
