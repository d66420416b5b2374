"""What `task_cleanup` reads of the tree: which files hold tasks, in batches, each searched once per content."""

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from daydream.analysis import expiry, task_sources, task_todo_txt, tasks
from daydream.analysis.task_sources import Read
from daydream.contracts.context import Context
from daydream.records.repository import SourceFile

_BATCH_FILES, _BATCH_BYTES = 250, 8 * 2**20
_STATING = re.compile(r"(?:src/)?[^/]+/(?:__init__|_version|__version__|version|__about__)\.py")
_MOST_STATING = 20
_METADATA = ("pyproject.toml", "setup.cfg", "setup.py")
_DOCUMENTS = (".md", ".rst")


@dataclass(slots=True)
class Tree:
    """The sources of tasks of one night: `lists` are paths of task lists, `batches` all files to search."""

    ctx: Context
    lists: frozenset[str]
    batches: list[list[SourceFile]]
    now: expiry.Present
    found: dict[str, Read] = field(default_factory=dict)

    def batch(self, files: Sequence[SourceFile]) -> list[Read]:
        """Search these files: each content once a night, and not at all where the cache knows it."""
        wanted = [file for file in files if file.path not in self.found]
        for kind, group in self._kinds(wanted).items():
            known = self.ctx.cache.read(kind, [file.blob for file in group])
            fresh: dict[str, bytes] = {}
            for file in group:
                self.ctx.check()
                self.found[file.path] = self._file(file, known, fresh)
            if fresh:
                self.ctx.cache.write(kind, fresh)
        return [self.found[file.path] for file in files]

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
    """Find the sources of tasks among the examined files."""
    lists = _lists(ctx, patterns)
    return Tree(ctx, lists, _batches(ctx, lists), _present(ctx))


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
