"""Which of the things that vulture calls unused are dead: how sure a name, its place and its surroundings make us.

vulture knows names, not objects, and cannot see templates, configuration, strings or outside users. So a
definition counts only if its name occurs nowhere else in anything that was examined.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import NamedTuple

import msgspec

from daydream.analysis.roles import is_illustration, is_migration, is_public, is_settings, is_test
from daydream.analysis.words import Tally

DEFINITIONS = frozenset({"function", "class", "method", "property", "variable"})

_CALLED_BY_NAME = re.compile(
    r"^_*test|^Test|^_*(visit|depart|leave|do|handle|on|pytest|setup|teardown|setUp|tearDown|repr|ipython|p|t)(_|[A-Z])"
    r"|^_[a-z]\w*_$|^(load_tests|setup|teardown|hook|pre_\w+_module)$"
)
_PYTEST = re.compile(r"^(pytest_plugins|pytestmark|collect_ignore(_glob)?|test_\w+)$", re.IGNORECASE)
# What a program leaves behind that composes names: `f"visit_{kind}"`, `"%s_handler" % kind`, `kind + "_handler"`.
_BEGUN = re.compile(rb"([A-Za-z0-9_]+_)(?=[{\"'%*<$])")
_ENDED = re.compile(rb"(?:[}\"'>*\]]|%[a-z]|\)s)(_[A-Za-z0-9_]+)")
_BEHAVE_HOOK = re.compile(r"(before|after)_(all|feature|rule|scenario|step|tag)$")
_PLAIN_BASES = frozenset({"object", "Exception", "ValueError", "RuntimeError", "TypeError", "KeyError"})
_PLAIN_DECORATORS = frozenset({"staticmethod", "classmethod", "property"}) | frozenset(
    prefix + name
    for prefix, names in (
        (
            "functools.",
            ("cache", "cached_property", "lru_cache", "singledispatch", "total_ordering", "wraps"),
        ),
        ("contextlib.", ("contextmanager", "asynccontextmanager")),
        ("abc.", ("abstractmethod",)),
        ("typing.", ("final", "no_type_check")),
    )
    for name in names
    for prefix in ("", prefix)
)
_PLAIN_OWNERS = frozenset(
    {"dataclass", "dataclasses.dataclass", "total_ordering", "functools.total_ordering"}
)


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
    again: int = 0  # how often it stands in private definitions of its file, beside where it is defined
    within: tuple[str, ...] = ()  # the names of these, but for its own

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
    """Return the words to count: the names, with and without their underscores."""
    names = {c.name for c in candidates}
    return names | {name.strip("_") for name in names}


def fragments(text: bytes) -> set[str]:
    """Return the parts of names that a text puts together with others: ``visit_`` or ``_handler``, as they
    stand in a string or in a pattern. A variable of such a name composes nothing."""
    return {part.decode() for form in (_BEGUN, _ENDED) for part in form.findall(text) if part.strip(b"_")}


def parts_of(names: Iterable[str]) -> set[str]:
    """Return what a text may hold that composes one of these names."""
    return {part for name in names for begun, ended in _cuts(name) for part in (begun, ended)}


def _cuts(name: str) -> list[tuple[str, str]]:
    places = [at for at, letter in enumerate(name) if letter == "_" and 0 < at < len(name) - 1]
    return [(name[: at + 1], name[at:]) for at in places if name[: at + 1].strip("_")]


def is_dead(candidate: Candidate, words: Mapping[str, Tally]) -> bool:
    """Whether the name occurs nowhere but in its definition, or (`only_tests`) else only in tests."""
    count = words[candidate.name]
    others = (count.elsewhere if candidate.only_tests else count.total) - candidate.again
    if (
        candidate.scope == "class"
        and candidate.name.startswith("_")
        and words[candidate.name.strip("_")].total
    ):
        return False  # `"_" + name` leaves no trace, but the rest of the name
    return others == 1 and (count.in_tests > 0 or not candidate.only_tests)


def is_composed(candidate: Candidate, found: Iterable[str]) -> bool:
    """Whether a program may put the name together from a known beginning, or from a known end that is all
    but its first word. `found` are the fragments of all texts."""
    known = set(found)
    return any(
        begun in known or (ended in known and begun.strip("_").count("_") == 0)
        for begun, ended in _cuts(candidate.name)
    )


def may_be_composed(candidate: Candidate, found: Iterable[str]) -> bool:
    """Whether some end of the name is one that programs put behind others, which says little."""
    known = set(found)
    return any(ended in known for _, ended in _cuts(candidate.name))


class Judge:
    """Says how likely a maintainer removes a dead definition.

    `classes` are all classes of the repository with the names of their bases; `published` are the folders
    that are packaged, so that a public name may have users outside; the root is an empty text. `packages` are
    the folders with an ``__init__.py``, where they are known: what lies in another is not installed.
    """

    def __init__(
        self, classes: Mapping[str, Sequence[str]], *, published: Sequence[str], packages: Iterable[str] = ()
    ) -> None:
        self._classes = classes
        self._published = tuple(f"{folder}/" if folder else "" for folder in published)
        self._above = {
            above for folder in packages for above in (folder, *map(str, PurePosixPath(folder).parents))
        }

    def worth(self, c: Candidate) -> float | None:
        """Return the worth, 0..1; None if the definition should not be mentioned at all."""
        if c.name.startswith("__") or is_migration(c.path) or not (c.qualname or c.kind == "variable"):
            return None
        if not (_PLAIN_DECORATORS.issuperset(c.decorators) and _PLAIN_OWNERS.issuperset(c.owner_decorators)):
            return None
        if _is_a_hook(c):
            return None
        if c.kind == "variable" and not (c.name.startswith("_") or c.name.isupper()):
            return None  # whoever imports a module by its name may read it: a framework, a site's settings
        if _is_called_by_name(c) or is_settings(c.path) or is_illustration(c.path) or c.conditional:
            return 0.3
        if not _PLAIN_BASES.issuperset(c.bases):
            return 0.3  # what inherits may be registered by inheriting
        if c.scope == "function" and is_test(c.path):
            return 0.3  # what a test defines may be the test
        if c.kind == "variable":
            return self._of_a_constant(c)
        if c.scope == "class" and (c.owner_decorators or not self._is_ours(c.owner_bases)):
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
        if self._is_promised(c):
            return 0.35
        if c.scope == "class" and not own:
            return 0.4  # somebody else may expect an object with this method
        if c.only_tests:
            return 0.45  # most of these are there for the tests, and meant to be
        return 0.8 if c.private else 0.7

    def _is_promised(self, c: Candidate) -> bool:
        """Whether somebody outside the repository may use it."""
        inside = c.name.startswith("_") or (c.scope != "class" and (c.private or not is_public(c.path)))
        return c.path.startswith(self._published) and not inside and self._is_installed(c.path)

    def _is_installed(self, path: str) -> bool:
        """Whether a file lies in a package, or at the top of what is packaged."""
        folder = max((f for f in self._published if path.startswith(f)), key=len)
        first, slash, rest = path[len(folder) :].partition("/")
        if first in {"src", "lib"} and "/" in rest:
            first += "/" + rest.partition("/")[0]
        return not (slash and self._above) or folder + first in self._above

    def _of_a_constant(self, c: Candidate) -> float:
        """Judge a name at the top of a module that is bound once and never read: it may be there for people
        who look it up, for its value's effects, or because frameworks read it from the module."""
        if is_test(c.path) or self._is_promised(c):
            return 0.35
        return 0.55 if c.name.startswith("_") else 0.4


def _is_a_hook(c: Candidate) -> bool:
    """Whether pytest or behave is sure to call it by its name."""
    file = c.path.rpartition("/")[2]
    behave = file == "environment.py" and _BEHAVE_HOOK.match(c.name)
    return bool(behave or (file == "conftest.py" and c.name.startswith("pytest_")))


def _is_called_by_name(c: Candidate) -> bool:
    """Whether somebody composes such names, or looks for them: test runners, visitors, dispatchers."""
    return bool(_CALLED_BY_NAME.match(c.name) or (c.kind == "variable" and _PYTEST.match(c.name)))


# After these, what follows was forgotten. A jump inside a loop, a raise, an endless loop or a constant condition before code that is
# kept is more often a guard or a switch that somebody meant.
_FORGOTTEN = re.compile(r"after '(return|try)'")


def unreachable_worth(candidate: Candidate, source: str, before: str = "") -> float | None:
    """Return how likely a maintainer removes unreachable code; None where it has a purpose.

    A ``yield`` after a ``return`` makes a function a generator. `before` is the statement before the code: a
    ``return`` of nothing was put there to switch the rest off, and who did so keeps it.
    """
    if re.search(r"^\s*(\w+\s*=\s*)?(await\s+)?yield\b", source, re.MULTILINE):
        return None
    if re.search(r"#.*(debug|pylint:|pragma|type:)", source.partition("\n")[0], re.IGNORECASE):
        return 0.4
    switched_off = re.fullmatch(r"return\s*(#.*)?", before.strip())
    if is_test(candidate.path) or is_illustration(candidate.path) or switched_off:
        return 0.45
    return 0.8 if _FORGOTTEN.search(candidate.message) else 0.45
