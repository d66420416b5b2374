"""What `task_cleanup` reads of the tree: which files hold tasks, in batches, each searched once per content."""

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from daydream.analysis import expiry, task_sources, task_todo_txt, tasks
from daydream.analysis.doc_memory import recall, remember
from daydream.analysis.task_sources import Read
from daydream.contracts.context import Context
from daydream.records.repository import SourceFile
from daydream.steps import memory

_BATCH_FILES, _BATCH_BYTES = 250, 8 * 2**20
_STATING = re.compile(r"(?:src/)?[^/]+/(?:__init__|_version|__version__|version|__about__)\.py")
_MOST_STATING = 20
_METADATA = ("pyproject.toml", "setup.cfg", "setup.py")
_DOCUMENTS = (".md", ".rst")
_BATCH, _SOURCES = "task batch", "task sources"
_OF_CONTENT = frozenset({"read", "binary", "odd"})


class _Sources(NamedTuple):
    """Paths of task lists, and of all files to search in their batches."""

    lists: list[str]
    batches: list[list[str]]


@dataclass(slots=True)
class Tree:
    """The sources of tasks of one night: `lists` are paths of task lists, `batches` all files to search.

    `held` and `said` keep what several parts of the night ask for: the files with something to date in the
    order of their turn, and how often each issue or name is mentioned.
    """

    ctx: Context
    lists: frozenset[str]
    batches: list[list[SourceFile]]
    now: expiry.Present
    found: dict[str, Read] = field(default_factory=dict)
    held: list[Read] | None = None
    said: dict[str, int] | None = None

    def batch(self, files: Sequence[SourceFile]) -> list[Read]:
        """Search these files: each content once a night, and not at all where the cache knows it."""
        wanted = [file for file in files if file.path not in self.found]
        if wanted:
            self._search(wanted)
        return [self.found[file.path] for file in files]

    def _search(self, wanted: Sequence[SourceFile]) -> None:
        """Search these files, or remember what searching all of them came to."""
        whole = memory.key(memory.of_files(wanted), memory.code(), self._listed(wanted))
        known = recall(self.ctx.cache, _BATCH, whole, dict[str, bytes]) if whole else None
        if known is not None:
            for file in wanted:
                self.found[file.path] = self._told(file.path, known.get(file.path))
            if all(self.found[file.path].state in _OF_CONTENT for file in wanted):
                return
        self._read(wanted)
        found = [self.found[file.path] for file in wanted]
        if whole and all(read.state in _OF_CONTENT for read in found):
            told = {
                read.path: task_sources.kept(read)
                for read in found
                if read.items or read.front or read.state != "read"
            }
            remember(self.ctx.cache, _BATCH, whole, told)

    def _listed(self, files: Sequence[SourceFile]) -> str:
        return "\0".join(file.path for file in files if file.path in self.lists)

    def _told(self, path: str, value: bytes | None) -> Read:
        """What was remembered of a file; nothing was found in those of which nothing was kept."""
        listed = path in self.lists
        if value is None:
            return Read(path, listed, "read")
        return task_sources.restored(path, value, listed=listed) or Read(path, listed, "gone")

    def _read(self, wanted: Sequence[SourceFile]) -> None:
        for kind, group in self._kinds(wanted).items():
            known = self.ctx.cache.read(kind, [file.blob for file in group])
            fresh: dict[str, bytes] = {}
            for file in group:
                self.ctx.check()
                self.found[file.path] = self._file(file, known, fresh)
            if fresh:
                self.ctx.cache.write(kind, fresh)

    def all(self) -> list[Read]:
        """Search everything, in order."""
        return [found for batch in self.batches for found in self.batch(batch)]

    def _kinds(self, files: Sequence[SourceFile]) -> dict[str, list[SourceFile]]:
        """Group files by what decides, beside the content, what is found in them."""
        groups: dict[str, list[SourceFile]] = {}
        for file in files:
            name = file.path.rpartition("/")[2].lower()
            if file.path in self.lists:
                rule = f"list:{name if name.endswith('.txt') else ''}"
            else:
                rule = "python" if name.endswith((".py", ".pyi")) else tasks.comment_prefix(file.path) or ""
            groups.setdefault(f"task.items/{task_sources.FORMAT}:{rule}", []).append(file)
        return groups

    def _file(self, file: SourceFile, known: dict[str, bytes], fresh: dict[str, bytes]) -> Read:
        listed = file.path in self.lists
        known_here = file.blob in known and task_sources.is_regular(self.ctx.tree, file.path)
        if known_here and (old := task_sources.restored(file.path, known[file.blob], listed=listed)):
            return old
        data = task_sources.data_of(self.ctx.tree, file.path)
        if isinstance(data, str):
            return Read(file.path, listed, data)
        found = task_sources.read(file.path, data, listed=listed)
        fresh[file.blob] = task_sources.kept(found)
        return found

    def mentions(self) -> dict[str, int]:
        """Count in how many documents each issue or name is mentioned."""
        documents = [file for file in self.ctx.files if file.path.endswith(_DOCUMENTS)]
        documents = [file for file in documents if file.path not in self.lists]
        kind = f"task.references/{task_sources.FORMAT}"
        known = self.ctx.cache.read(kind, [file.blob for file in documents])
        fresh: dict[str, bytes] = {}
        counts: dict[str, int] = {}
        for file in documents:
            self.ctx.check()
            text = known.get(file.blob)
            if text is None:
                data = task_sources.data_of(self.ctx.tree, file.path)
                if isinstance(data, str):
                    continue
                text = fresh[file.blob] = "\n".join(task_sources.references(data)).encode("utf-8", "replace")
            for value in text.decode("utf-8", "replace").split("\n"):
                counts[value] = counts.get(value, 0) + 1
        if fresh:
            self.ctx.cache.write(kind, fresh)
        return counts


def tree(ctx: Context, patterns: Sequence[str]) -> Tree:
    """Find the sources of tasks among the examined files; in a tree that is known they are remembered."""
    whole = memory.key(memory.tree(ctx), memory.code(), "\0".join(patterns))
    known = recall(ctx.cache, _SOURCES, whole, _Sources) if whole else None
    files = {file.path: file for file in ctx.files}
    if known is None or not files.keys() >= {path for batch in known.batches for path in batch}:
        lists = _lists(ctx, patterns)
        known = _Sources(sorted(lists), [[file.path for file in batch] for batch in _batches(ctx, lists)])
        if whole:
            remember(ctx.cache, _SOURCES, whole, known)
    batches = [[files[path] for path in batch] for batch in known.batches]
    return Tree(ctx, frozenset(known.lists), batches, _present(ctx))


def _lists(ctx: Context, patterns: Sequence[str]) -> frozenset[str]:
    """Whatever matches the configured patterns and is no code, and every todo.txt."""
    from pathspec import GitIgnoreSpec

    spec = GitIgnoreSpec.from_lines(patterns)
    named = {f.path for f in ctx.files if task_todo_txt.may_be(f.path)}
    found = {p for p in spec.match_files(f.path for f in ctx.files) if tasks.comment_prefix(p) is None}
    return frozenset(found | named)


def _batches(ctx: Context, lists: frozenset[str]) -> list[list[SourceFile]]:
    groups: list[list[SourceFile]] = []
    size = 0
    for file in sorted(ctx.files, key=lambda f: f.path):
        if file.path not in lists and tasks.comment_prefix(file.path) is None:
            continue
        if not groups or len(groups[-1]) >= _BATCH_FILES or size + file.size > _BATCH_BYTES:
            groups.append([])
            size = 0
        groups[-1].append(file)
        size += file.size
    return groups


def _present(ctx: Context) -> expiry.Present:
    """What the project says of itself: its metadata, and where a package states its version."""
    stating = [file.path for file in ctx.files if _STATING.fullmatch(file.path)][:_MOST_STATING]
    known = {file.path for file in ctx.files} & set(_METADATA)
    project, *setup = (_text(ctx, path) if path in known else "" for path in _METADATA)
    modules = [_text(ctx, path) for path in stating]
    return expiry.present(project, "\n".join(setup), modules, dt.date.fromisoformat(ctx.date))


def _text(ctx: Context, path: str) -> str:
    data = task_sources.data_of(ctx.tree, path)
    return data.decode("utf-8", "replace") if isinstance(data, bytes) else ""
