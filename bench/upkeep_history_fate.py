"""What became of a thing between two commits: kept, moved, renamed, replaced, revived, repaired, removed."""

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

from bench.upkeep_history_git import Repository, Tree, read_tree, successors
from bench.upkeep_history_links import read_links, resolves
from bench.upkeep_history_source import Source, Unit, is_foreign, lines_of, read_source

_ALIKE = 0.5


@dataclass(frozen=True)
class Side:
    """One commit, read: its Python files and Markdown links. `foreign` are vendored and generated paths,
    `unread` Python files that this Python cannot parse."""

    tree: Tree
    sources: dict[str, Source]
    links: dict[str, tuple[Unit, ...]]
    foreign: frozenset[str]
    unread: tuple[str, ...]

    @cached_property
    def definitions(self) -> dict[str, list[Unit]]:
        """Symbols by bare name."""
        found: dict[str, list[Unit]] = {}
        for source in self.sources.values():
            for unit in source.symbols:
                found.setdefault(unit.word, []).append(unit)
        return found

    @cached_property
    def taken(self) -> set[tuple[str, str]]:
        """What any file imports from a module: the module's last part and the name, `*` for everything."""
        found = set()
        for source in self.sources.values():
            parts = [unit.lines[0].rpartition(".") for unit in source.imports]
            found |= {(module.rpartition(".")[2], name) for module, dot, name in parts if dot}
            found |= {(module, "*") for module in source.stars}
        return found

    @cached_property
    def comment_files(self) -> dict[str, set[str]]:
        """In which files a bare comment line stands."""
        found: dict[str, set[str]] = {}
        for path, source in self.sources.items():
            for line in source.comments:
                found.setdefault(line, set()).add(path)
        return found

    def spans(self, path: str, name: str) -> list[tuple[int, int]]:
        """The lines of every definition of a qualified name in a file."""
        source = self.sources.get(path)
        return [(u.first, u.last) for u in source.symbols if u.name == name] if source else []

    def elsewhere(self, word: str, own: dict[str, list[tuple[int, int]]]) -> list[str]:
        """The text files in which a word occurs outside its own lines, Python files first."""
        found = [
            path
            for path in self.tree.words.get(word, ())
            if path not in own or next(self.places(word, path, own[path]), None) is not None
        ]
        return sorted(found, key=lambda path: (not path.endswith(".py"), path))

    def places(self, word: str, path: str, own: Sequence[tuple[int, int]]) -> Iterator[int]:
        """The lines of a file in which a word occurs, its own ones left out."""
        pattern = re.compile(rf"(?<!\w){re.escape(word)}(?!\w)")
        for number, line in enumerate(lines_of(self.tree.texts[path]), 1):
            if pattern.search(line) and not any(first <= number <= last for first, last in own):
                yield number


def read_side(git_dir: Path, commit: str, other: Side | None = None) -> Side:
    """Read a commit and take its files apart, but for those that the other side has already with the same bytes."""
    tree = read_tree(git_dir, commit)
    sources, unread = {}, []
    for path in sorted(tree.raw):
        same = other is not None and other.tree.raw.get(path) == tree.raw[path]
        source = other.sources.get(path) if other and same else read_source(path, tree.raw[path])
        if source is None:
            unread.append(path)
        else:
            sources[path] = source
    links = {p: read_links(p, tree.texts[p]) for p in sorted(tree.texts) if p.endswith(".md")}
    foreign = frozenset(p for p in (*sources, *links) if is_foreign(p, tree.texts[p]))
    return Side(tree, sources, links, foreign, tuple(unread))


@dataclass(frozen=True)
class History:
    """A repository at both commits; `after` says where each path of the base went."""

    base: Side
    later: Side
    after: dict[str, str]

    def symbol(self, unit: Unit) -> str:
        """kept, moved (the bare name is newly defined elsewhere), renamed (half of its lines stand under a new
        name beside it), removed, file removed, or unread."""
        path = self.after.get(unit.path)
        if path is not None and path not in self.later.sources:
            return "unread"
        if path is not None and self.later.spans(path, unit.name):
            return "kept"
        if self._new_places(unit):
            return "moved"
        if path is None:
            return "file removed"
        return "renamed" if self._renamed(unit, path) else "removed"

    def own_later(self, unit: Unit) -> dict[str, list[tuple[int, int]]]:
        """The lines of a symbol's definition at the later commit, by path, wherever it moved to."""
        path = self.after.get(unit.path, "")
        spans = self.later.spans(path, unit.name)
        if spans:
            return {path: spans}
        found: dict[str, list[tuple[int, int]]] = {}
        for one in self._new_places(unit):
            found.setdefault(one.path, []).append((one.first, one.last))
        return found

    def imported(self, unit: Unit) -> str:
        """kept, replaced (the name is imported from elsewhere), removed, file removed, or unread."""
        path = self.after.get(unit.path)
        if path is None:
            return "file removed"
        if path not in self.later.sources:
            return "unread"
        same = [one for one in self.later.sources[path].imports if one.name == unit.name]
        if not same:
            return "removed"
        return "kept" if any(one.lines == unit.lines for one in same) else "replaced"

    def block(self, unit: Unit) -> str:
        """kept (half of its lines are comments still), revived (they are code now), moved, removed, file removed,
        or unread."""
        path = self.after.get(unit.path)
        homes = [self.later.comment_files.get(line, set()) for line in unit.lines]
        moved = any(other not in self.base.tree.files for other in set.intersection(*homes))
        if path is None:
            return "moved" if moved else "file removed"
        if path not in self.later.sources:
            return "unread"
        source = self.later.sources[path]
        if _share(unit.lines, source.comments) >= _ALIKE:
            return "kept"
        if _share(unit.lines, source.code) >= _ALIKE:
            return "revived"
        return "moved" if moved else "removed"

    def link(self, unit: Unit) -> str:
        """kept, repaired (its target is there now), removed, or file removed."""
        path = self.after.get(unit.path)
        if path is None:
            return "file removed"
        if not any(one.name == unit.name for one in self.later.links.get(path, ())):
            return "removed"
        then = resolves(self.base.tree, unit.path, unit.name)
        now = resolves(self.later.tree, path, unit.name)
        return "repaired" if now and not then else "kept"

    def _new_places(self, unit: Unit) -> list[Unit]:
        """Definitions of a bare name that the base did not have."""
        before = {(self.after.get(u.path), u.name) for u in self.base.definitions.get(unit.word, ())}
        now = self.later.definitions.get(unit.word, ())
        return [one for one in now if (one.path, one.name) not in before]

    def _renamed(self, unit: Unit, path: str) -> bool:
        parent = unit.name.rpartition(".")[0]
        known = {one.name for one in self.base.sources[unit.path].symbols}
        before = _body(self.base, unit)
        for one in self.later.sources[path].symbols:
            if one.name in known or one.name.rpartition(".")[0] != parent:
                continue
            if (
                difflib.SequenceMatcher(None, before, _body(self.later, one), autojunk=False).ratio()
                >= _ALIKE
            ):
                return True
        return False


def read_history(repository: Repository, git_dir: Path) -> History:
    """Read both commits of a repository."""
    later = read_side(git_dir, repository.later)
    base = read_side(git_dir, repository.base, later)
    return History(base, later, successors(git_dir, repository.base, repository.later, later.tree))


def import_used(side: Side, unit: Unit) -> bool:
    """Whether anything could use an imported name: its own file, or one that takes it from there."""
    source = side.sources[unit.path]
    pure = PurePosixPath(unit.path)
    package = pure.name == "__init__.py"
    module = pure.parent.name if package else pure.stem
    if unit.name in source.used:
        return True
    modules = {module, ""} if package else {module}
    if any({(one, unit.name), (one, "*")} & side.taken for one in modules):
        return True
    pattern = re.compile(rf"(?<!\w){re.escape(module)}\.{re.escape(unit.name)}(?!\w)")
    both = side.tree.words.get(module, set()) & side.tree.words.get(unit.name, set())
    return any(pattern.search(side.tree.texts[path]) for path in both)


def _share(lines: Sequence[str], known: frozenset[str]) -> float:
    return sum(line in known for line in lines) / len(lines)


def _body(side: Side, unit: Unit) -> list[str]:
    lines = lines_of(side.tree.texts[unit.path])[unit.header : unit.last]
    return [line.strip() for line in lines if line.strip()]
