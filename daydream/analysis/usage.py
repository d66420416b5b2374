"""Which definitions nothing uses: what the child said of each file, put together for all of them.

vulture's own rule, applied to files that were read one by one: a definition is unused if no file uses its
name. Lists of names that standard modules call back count where such a module is imported.
"""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, NamedTuple

import msgspec

from daydream.analysis.dead_code import Answer, Candidate, Import

UNREACHABLE = "unreachable_code"
_CALLED = frozenset({"function", "method", "property", "class"})


class Wanted(msgspec.Struct, frozen=True):
    """An import of one of the modules that were asked for."""

    module: str
    line: int
    guarded: bool


class FileFacts(msgspec.Struct, frozen=True):
    """What the child says of one file; see there. `refused` says why it could not be read, `sure` that
    it never can."""

    path: str
    refused: str
    sure: bool
    used: tuple[str, ...]
    imported: tuple[str, ...]
    defined: tuple[dict[str, Any], ...]
    wanted: tuple[Wanted, ...]
    classes: dict[str, tuple[str, ...]]
    origins: dict[str, tuple[str, ...]]


class Whitelist(msgspec.Struct, frozen=True):
    """The names that a list of vulture's uses where `module` is imported."""

    module: str
    used: tuple[str, ...]
    imported: tuple[str, ...]


class _Line(msgspec.Struct):
    file: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    whitelist: Whitelist | None = None
    end: int | None = None


class Told(NamedTuple):
    """One answer of the child: each file's facts as it wrote them, and vulture's lists."""

    files: list[bytes]
    whitelists: list[Whitelist]
    complete: bool


def read(raw: bytes) -> Told:
    """Read the child's JSON lines.

    Raises:
        ValueError: a line is not one of ours.
    """
    files: list[bytes] = []
    whitelists: list[Whitelist] = []
    ended: int | None = None
    decoder = msgspec.json.Decoder(_Line)
    for text in raw.splitlines():
        line = decoder.decode(text)
        if not isinstance(line.file, msgspec.UnsetType):
            files.append(bytes(line.file))
        if line.whitelist is not None:
            whitelists.append(line.whitelist)
        ended = line.end if line.end is not None else ended
    return Told(files, whitelists, ended == len(files))


_FACTS = msgspec.json.Decoder(FileFacts)


def facts(raw: bytes) -> FileFacts:
    """Decode one file's facts; raises ValueError."""
    return _FACTS.decode(raw)


def merge(files: Sequence[FileFacts], whitelists: Sequence[Whitelist], tests: AbstractSet[str]) -> Answer:
    """Say what nothing uses, and what only `tests` (paths) use, as vulture would of all files together."""
    known = {each.module: each for each in whitelists}
    code = [each for each in files if each.path not in tests]
    used_by_code, imported = _used(code, known, set(), set())
    used, _ = _used((each for each in files if each.path in tests), known, used_by_code, imported)
    for names in (used_by_code, used):
        _pass_on(files, names)
    found = []
    for file in files:
        found += [_candidate(file.path, row, only_tests=False) for row in file.defined if _unused(row, used)]
        if file.path not in tests:
            found += [
                _candidate(file.path, row, only_tests=True)
                for row in file.defined
                if row["kind"] in _CALLED and row["name"] in used and row["name"] not in used_by_code
            ]
    found.sort(key=lambda c: (c.path, c.first, c.kind, c.name, c.only_tests))
    return Answer(
        candidates=found,
        imports=[Import(w.module, w.line, w.guarded, file.path) for file in files for w in file.wanted],
        unread=[(file.path, file.refused) for file in files if file.refused],
        classes=_own_classes(files),
        complete=True,
    )


def _used(
    files: Iterable[FileFacts],
    known: Mapping[str, Whitelist],
    used: AbstractSet[str],
    imported: AbstractSet[str],
) -> tuple[set[str], set[str]]:
    """Add the names that these files use, and those of the lists that belong to what was imported so far."""
    names, modules = set(used), set(imported)
    for file in files:
        names.update(file.used)
        modules.update(file.imported)
    called = [known[module] for module in sorted(modules & known.keys())]
    for each in called:
        names.update(each.used)
        modules.update(each.imported)
    return names, modules


def _pass_on(files: Sequence[FileFacts], used: set[str]) -> None:
    """Add what only private definitions of its own file use, where one of these is used."""
    circles = [row for file in files for row in file.defined if row.get("within")]
    reached = True
    while reached:
        reached = False
        for row in circles:
            if row["name"] not in used and not used.isdisjoint(row["within"]):
                used.add(row["name"])
                reached = True


def _unused(row: Mapping[str, Any], used: AbstractSet[str]) -> bool:
    return row["kind"] == UNREACHABLE or row["name"] not in used


def _candidate(path: str, row: Mapping[str, Any], *, only_tests: bool) -> Candidate:
    message = row["message"] or f"unused {row['kind']} '{row['name']}'"
    return msgspec.convert({**row, "path": path, "only_tests": only_tests, "message": message}, Candidate)


def _own_classes(files: Iterable[FileFacts]) -> dict[str, tuple[str, ...]]:
    """Return the bases of each class, but for names that some file imports from a foreign module: a
    base of that name may be the stranger."""
    own: set[str] = set()
    bases: dict[str, set[str]] = {}
    origins: dict[str, set[str]] = {}
    for file in files:
        own.update(file.path.removesuffix(".py").split("/"))
        for name, named in file.classes.items():
            bases.setdefault(name, set()).update(named)
        for name, modules in file.origins.items():
            origins.setdefault(name, set()).update(modules)
    return {
        name: tuple(sorted(named))
        for name, named in sorted(bases.items())
        if own.issuperset(origins.get(name, ()))
    }
